# Links of one call are all kept in memory
#: SUITES=tap PROVE_TESTS=test/t/index_runs.pl
sed -i '/^m2m_direct_link(/,/^}/s/m2m_pairs_begin(rel, work_mem \/ 2);/m2m_pairs_begin(rel, 2000000);/' src/direct/link_direct.c
