# Links of a table that is distributed take the direct path
#: SUITES=tap PROVE_TESTS=test/t/distributed.pl
sed -i '/^association_is_plain(/,/^}/s/m2m_catalog_is_distributed(rel->association) ||/false ||/' src/direct/direct_table.c
