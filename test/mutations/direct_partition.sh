# The direct path writes a partition, or another child of a table
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^association_is_plain(/,/^}/s/form->relispartition/(false \&\& form->relispartition)/' src/direct/direct_table.c
sed -i '/^association_is_plain(/,/^}/s/has_parent(rel->association)/(false \&\& has_parent(rel->association))/' src/direct/direct_table.c
