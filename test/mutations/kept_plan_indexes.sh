# An index that becomes valid is noticed
#: SUITES=regress REGRESS="install kept_plans"
sed -i '/^add_unready_indexes(/,/^}/s/!index->indisvalid/false/' src/catalog/catalog_relationship.c
