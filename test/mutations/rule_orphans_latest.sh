# Links are looked for by the latest snapshot
#: SUITES=isolation ISOLATION="rule_orphans"
sed -i '/^linkless(/,/^}/s/association), true,/association), false,/' src/rule/orphan.c
