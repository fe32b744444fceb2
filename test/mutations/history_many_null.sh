# A column of a history that is NOT NULL gets nulls in many rows
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^has_plain_columns(/,/^}/s/(column->attnotnull && n >= inserter->nfull)/(false \&\& column->attnotnull \&\& n >= inserter->nfull)/' src/rule/rule_insert.c
