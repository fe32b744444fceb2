# The direct path asks nobody whether the caller may use the schema
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^is_permitted(/,/^}/s/ACL_USAGE) != ACLCHECK_OK/ACL_USAGE) == ACLCHECK_NOT_OWNER/' src/direct/direct_table.c
