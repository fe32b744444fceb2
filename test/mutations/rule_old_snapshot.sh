# What rules keep may be newer than a transaction's snapshot
#: SUITES=isolation ISOLATION="rule_snapshot"
sed -i 's/else if (snapshot == M2M_RULE_COMMAND)/else if (snapshot == M2M_RULE_COMMAND || snapshot == M2M_RULE_WRITE_LATEST)/' src/rule/rule_run.c
