# A trigger of a history that gets the new rows fires for a few only
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^is_plain(/,/^}/s/triggers->trig_insert_new_table/(false \&\& triggers->trig_insert_new_table)/' src/rule/rule_insert.c
sed -i '/^is_plain(/,/^}/s/triggers->trig_insert_after_statement/(false \&\& triggers->trig_insert_after_statement)/' src/rule/rule_insert.c
