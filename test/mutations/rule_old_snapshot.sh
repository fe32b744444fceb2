# What rules keep may be newer than a transaction's snapshot
#: SUITES=isolation ISOLATION="rule_snapshot"
sed -i 's/snapshot == M2M_RULE_WRITE_LATEST \&\&/false \&\&/' src/rule/rule_run.c
