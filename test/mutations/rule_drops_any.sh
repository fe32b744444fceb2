# Switching off a rule drops no table that is not marked
#: SUITES=regress REGRESS="install rule_hostile"
sed -i '/^m2m_rule_end_table(/,/^}/s/if (!m2m_rule_table_is_marked(rule))/if (get_rel_name(rule->table) == NULL)/' src/rule/rule_define.c
