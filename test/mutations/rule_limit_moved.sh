# A limit looks at who has more links by an UPDATE
#: SUITES=regress REGRESS="install rule_limit"
sed -i '/^check_most(/,/^}/s/change->update ? LIMIT_MOVED : LIMIT_LINKED/LIMIT_LINKED/;/^check_most(/,/^}/s/m2m_rule_execute(rule, LIMIT_LINKED,/!change->update \&\& m2m_rule_execute(rule, LIMIT_LINKED,/' src/rule/limit.c
