# A rule writes no table that is not marked by its owner
#: SUITES=regress REGRESS="install rule_counter"
sed -i '/^m2m_rule_check_table(/,/^}/s/if (!m2m_rule_table_is_marked(rule))/if (false)/' src/rule/rule.c
