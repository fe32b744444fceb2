# m2m_counts takes a table that was never analyzed for one without rows
#: SUITES=regress REGRESS="install counts_reach"
sed -i '/^has_memory(/,/^}/s/if (table->rd_rel->reltuples >= 0)/if (true)/' src/question/counts.c
