# Links of rows that are kept elsewhere are merged here
#: SUITES=tap PROVE_TESTS=test/t/distributed.pl
sed -i '/^check_local(/,/^}/s/if (m2m_catalog_is_distributed/if (false \&\& m2m_catalog_is_distributed/' src/link/link_parts.c
