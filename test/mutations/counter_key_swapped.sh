# ... also where another row gets its old key by the same statement
#: SUITES=regress REGRESS="install rule_counter_keys"
sed -i '/^leaves_links(/,/^}/s/form->confupdtype != FKCONSTR_ACTION_CASCADE/(form->confupdtype != FKCONSTR_ACTION_NOACTION || form->condeferrable) \&\& &/' src/rule/counter_define.c
