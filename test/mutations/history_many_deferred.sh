# A deferrable unique constraint of a history is checked at once with many rows
#: SUITES=regress REGRESS="install rule_history_many"
# (it has a trigger, too, by which the table is not plain)
sed -i '/^is_plain(/,/^}/s/triggers->trig_insert_after_row/(false \&\& triggers->trig_insert_after_row)/
	/^open_indexes(/,/^}/s/!index->index->rd_index->indimmediate/(false \&\& !index->index->rd_index->indimmediate)/' src/rule/rule_insert.c
