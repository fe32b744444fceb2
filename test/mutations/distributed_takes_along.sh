# What an engine replaces takes its association along
#: SUITES=tap PROVE_TESTS=test/t/distributed.pl
sed -i '/^replaces_distributed(/,/^}/s/if (m2m_catalog_is_distributed(RangeVarGetRelid(name, NoLock, true)))/if (name == NULL)/' src/ddl/ddl_drop.c
sed -i '/^end_drop(/,/^}/s/if (seen->distributed\[s\] &&/if (false \&\& seen->distributed[s] \&\&/' src/ddl/ddl_drop.c
