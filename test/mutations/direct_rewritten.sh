# Rewrite rules of an association are passed over
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^association_is_plain(/,/^}/s/form->relhasrules/(false \&\& form->relhasrules)/' src/direct/direct_table.c
