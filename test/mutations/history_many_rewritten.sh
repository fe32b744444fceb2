# Rewrite rules of a history hold for a few rows only
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^is_plain(/,/^}/s/!form->relhasrules &&/(true || !form->relhasrules) \&\&/' src/rule/rule_insert.c
