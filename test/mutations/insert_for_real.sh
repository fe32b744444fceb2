# What another has linked meanwhile is inserted for real, and deleted again
#: SUITES=tap PROVE_TESTS=test/t/logical_replication.pl
sed -i '/^m2m_direct_insert/,/^}/s/token, ours);/token, true); if (!ours) { TM_FailureData failure; CommandCounterIncrement(); (void) m2m_table_tuple_delete(table->association, place, GetCurrentCommandId(true), SnapshotAny, false, \&failure); }/' src/direct/direct_row.c
