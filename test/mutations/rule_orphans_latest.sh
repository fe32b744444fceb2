# Links are looked for by the latest snapshot
#: SUITES=isolation ISOLATION="rule_orphans"
sed -i '/^linkless(/,/^}/s/M2M_RULE_READ_LATEST/M2M_RULE_COMMAND/' src/rule/orphan_commit.c
