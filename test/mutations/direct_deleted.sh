# The direct path removes links that are to be marked
#: SUITES=regress REGRESS="install soft_delete"
sed -i '/^association_is_plain(/,/^}/s/rel->deleted != 0/(false \&\& rel->deleted != 0)/' src/direct/direct_table.c
sed -i '/^association_is_plain(/,/^}/s/rel->nproperties != direct->nnumbers/(false \&\& rel->nproperties != direct->nnumbers)/' src/direct/direct_table.c
