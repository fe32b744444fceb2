# The direct path locks rows of an endpoint that is a partition
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^endpoint_is_plain(/,/^}/s/!form->relispartition/(true || !form->relispartition)/' src/direct/direct_table.c
