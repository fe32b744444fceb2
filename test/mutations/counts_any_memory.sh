# m2m_counts keeps any number of counts in memory
#: SUITES=regress REGRESS="install counts_reach"
sed -i '/^has_memory(/,/^}/s/return rows \* sizeof(KeyCount) < get_hash_memory_limit();/return rows >= -1;/' src/question/counts.c
