# Functions of a history follow names
#: SUITES=regress REGRESS="install rule_history_functions"
sed -i 's/^		seen = whole ? m2m_function_see_at(rel, s) : NULL;/		seen = NULL;/' src/ddl/ddl_alter.c
