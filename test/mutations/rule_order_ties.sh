# Behind a link come those with the same number, too
#: SUITES=regress REGRESS="install rule_order"
sed -i '/^links_after(/,/^}/s/OPERATOR(pg_catalog.>=)/OPERATOR(pg_catalog.>)/' src/rule/order_move.c
