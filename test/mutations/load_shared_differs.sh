# Pairs of a query that differ in a column of both keys are linked
#: SUITES=regress REGRESS="install shared"
sed -i 's/m2m_keys_check_shared(rel, key\[M2M_LEFT\], key\[M2M_RIGHT\]);/(void) 0;/' src/link/load.c
