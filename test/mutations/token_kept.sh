# The token of insertions is held through a wait
#: SUITES=isolation ISOLATION=link_pins
sed -i '/^m2m_direct_unpin/,/^}/s/m2m_direct_end_speculation(table);//' src/direct/direct_table.c
