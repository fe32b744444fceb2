# A unique index of a history is checked when all rows are in
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^open_indexes(/,/^}/s/if (!index->info->ii_Unique &&/if (/' src/rule/rule_insert.c
