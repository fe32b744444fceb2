# ... nor one to its schema
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^is_permitted(/,/^}/s/ACL_USAGE) != ACLCHECK_OK)/ACL_USAGE) == -1)/' src/rule/rule_insert.c
