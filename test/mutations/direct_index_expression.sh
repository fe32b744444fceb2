# An index of an expression is served by the direct path
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^open_indexes(/,/^}/s/index->info->ii_Expressions != NIL ||/(false \&\& index->info->ii_Expressions != NIL) ||/' src/direct/direct_table.c
