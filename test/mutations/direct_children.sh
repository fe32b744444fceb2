# The direct path writes a table that has children
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^association_is_plain(/,/^}/s/form->relhassubclass/(false \&\& form->relhassubclass)/' src/direct/direct_table.c
sed -i '/^association_is_plain(/,/^}/s/!rel->unique/(false \&\& !rel->unique)/' src/direct/direct_table.c
