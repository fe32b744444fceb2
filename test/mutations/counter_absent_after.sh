# Whose row is absent is looked up when links have been added to rows
#: SUITES=isolation ISOLATION="rule_counter_row"
sed -i '/^counter_after(/,/^}/{/is_deferrable(rule)/,+1d;s/^\t\tadd_to_column(rule, change, kind);/&\n\tif (change->linked != NULL \&\& is_deferrable(rule))\n\t\tkeep_absent(rule, change);/}' src/rule/counter.c
