# A deferrable unique constraint of a history is checked at once with many rows
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^open_indexes(/,/^}/s/!index->index->rd_index->indimmediate/(false \&\& !index->index->rd_index->indimmediate)/' src/rule/rule_insert.c
