# Deferred foreign keys are asked about rows that are deleted at commit
#: SUITES=regress REGRESS="install rule_orphans"
sed -i 's/AfterTriggerFireDeferred();/(void) 0;/' src/rule/rule_pending.c
