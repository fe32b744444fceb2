# Links to an endpoint that is distributed take the direct path
#: SUITES=tap PROVE_TESTS=test/t/distributed.pl
sed -i '/^endpoint_is_plain(/,/^}/s/!m2m_catalog_is_distributed(relid) &&/true \&\&/' src/direct/direct_table.c
