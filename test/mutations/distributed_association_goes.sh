# An association that is distributed goes with its endpoint
#: SUITES=tap PROVE_TESTS=test/t/distributed.pl
sed -i '/^m2m_relationship_see(/,/^}/s/rel->adopted || m2m_catalog_is_distributed(association);/rel->adopted;/' src/ddl/ddl_drop.c
