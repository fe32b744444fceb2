# Any table is written as if nobody else could
#: SUITES=tap PROVE_TESTS=test/t/logical_replication.pl
sed -i 's/table->shut = table->association->rd_islocaltemp ||/table->shut = true ||/' src/direct/direct_table.c
