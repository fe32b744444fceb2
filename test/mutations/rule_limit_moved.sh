# A limit looks at who has more links by an UPDATE
#: SUITES=regress REGRESS="install rule_limit"
sed -i '/^check_most(/,/^}/s/if (m2m_rule_execute(rule, many/if (!change->update \&\& m2m_rule_execute(rule, many/' src/rule/limit.c
