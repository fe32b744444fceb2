# Any table is written as if nobody else could
#: SUITES=tap PROVE_TESTS=test/t/logical_replication.pl
sed -i 's/return table->association->rd_islocaltemp ||/return true ||/' src/direct/direct_table.c
