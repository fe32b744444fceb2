# A constraint that excludes is no more than an index
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^open_indexes(/,/^}/s/index->info->ii_ExclusionOps != NULL/(false \&\& index->info->ii_ExclusionOps != NULL)/' src/direct/direct_table.c
