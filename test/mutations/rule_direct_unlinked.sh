# ... and what it has unlinked
#: SUITES=regress REGRESS="install rule_history"
sed -i 's/m2m_rules_unlinked(table->rules, table->gone);/(void) 0;/' src/direct/link_direct.c
