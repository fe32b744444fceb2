# A session keeps no plan for ever another set of link properties
#: SUITES=regress REGRESS="install kept_plans"
sed -i 's/MAX_COLUMN_PLANS 256/MAX_COLUMN_PLANS 100000/' src/link/link_kept.c
