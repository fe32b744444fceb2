# A trigger AFTER of a history fires for a few rows only
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^is_plain(/,/^}/s/triggers->trig_insert_after_statement/(false \&\& triggers->trig_insert_after_statement)/' src/rule/rule_insert.c
