# Each link of the direct path has a number of its own
#: SUITES=regress REGRESS="install rule_order"
sed -i '/^m2m_direct_insert(/,/^}/s/m2m_direct_number(table, pair);//' src/direct/direct_row.c
