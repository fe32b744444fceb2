# Limits count by the latest snapshot
#: SUITES=isolation ISOLATION="rule_limit"
sed -i 's/LIMIT_OVER_LINKED, many, owner, true, 1/LIMIT_OVER_LINKED, many, owner, false, 1/' src/rule/limit.c
