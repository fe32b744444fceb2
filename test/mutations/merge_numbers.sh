# A link that is moved keeps its place in an order
#: SUITES=regress REGRESS="install merge"
sed -i '/^move_link(/,/^}/s/m2m_direct_keep_number(table, table->found);//' src/direct/link_direct.c
