# System columns are asked for in an UPDATE of a view without a right to read them
#: SUITES=pgtap PGTAP=privileges
sed -i '/a system column needs SELECT/,/SPIPlanPtr/s/ACL_SELECT) == ACLCHECK_OK/ACL_SELECT) != 99/' src/view/view_row_change.c
