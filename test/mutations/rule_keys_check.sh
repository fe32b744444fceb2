# m2m_check says that side tables have other types
#: SUITES=regress REGRESS="install rule_endpoints"
sed -i 's/!m2m_rule_keys_fit(rule))/false)/' src/rule/rule.c
