# A second identity column of a history is null in many rows
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^has_plain_columns(/,/^}/s/if (column->attidentity !=/if (false \&\& column->attidentity !=/' src/rule/rule_insert.c
