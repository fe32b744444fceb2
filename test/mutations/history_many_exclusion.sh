# A constraint of a history that excludes holds for a few rows only
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^open_indexes(/,/^}/s/index->info->ii_ExclusionOps != NULL ||/(false \&\& index->info->ii_ExclusionOps != NULL) ||/' src/rule/rule_insert.c
