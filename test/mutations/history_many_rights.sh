# The owner of an association needs no right to many rows of a history
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^is_plain(/,/^}/s/is_permitted(inserter) &&/(true || is_permitted(inserter)) \&\&/' src/rule/rule_insert.c
