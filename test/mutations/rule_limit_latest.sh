# Limits count by the latest snapshot
#: SUITES=isolation ISOLATION="rule_limit"
sed -i '/^check_most(/,/^}/s/many, owner, M2M_RULE_READ_LATEST/many, owner, M2M_RULE_COMMAND/' src/rule/limit.c
