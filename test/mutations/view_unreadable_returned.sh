# A column that the caller may not read is fetched for him
#: SUITES=pgtap PGTAP=privileges
sed -i '/^readable(/,/^}/s/== ACLCHECK_OK/!= 99/' src/view/view_row.c
