# A foreign key that is NOT VALID is taken for one that is kept
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^describe_key(/,/^}/s/form->convalidated/(true || form->convalidated)/' src/direct/direct_table.c
