# Who counts the links of a row waits for others who do
#: SUITES=isolation ISOLATION="rule_limit"
sed -i '/^check_most(/,/^}/s/m2m_lock_keys(rel, rule->side, hash, count);/(void) hash;/' src/rule/limit.c
