# Limits count by the latest snapshot
#: SUITES=isolation ISOLATION="rule_limit"
sed -i '/^check_most(/,/^}/s/many, owner, true, 1, &type, &max/many, owner, false, 1, \&type, \&max/' src/rule/limit.c
