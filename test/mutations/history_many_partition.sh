# Many rows of a history go into a partition that they are not of
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^is_plain(/,/^}/s/!form->relispartition &&/(true || !form->relispartition) \&\&/' src/rule/rule_insert.c
