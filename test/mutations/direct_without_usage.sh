# The direct path asks nobody whether the caller may use the schema
#: SUITES=pgtap PGTAP=privileges
sed -i '/^is_permitted(/,/^}/s/ACL_USAGE) != ACLCHECK_OK/ACL_USAGE) == -1/' src/direct/direct_table.c
