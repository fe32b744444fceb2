# Many rows of a history go into what is no plain table as into one
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^is_plain(/,/^}/s/form->relkind == RELKIND_RELATION &&/(true || form->relkind == RELKIND_RELATION) \&\&/' src/rule/rule_insert.c
sed -i '/^is_plain(/,/^}/s/form->relam == HEAP_TABLE_AM_OID &&/(true || form->relam == HEAP_TABLE_AM_OID) \&\&/' src/rule/rule_insert.c
