# Of a dense order m2m_set numbers all links of the row, also one that a trigger has kept
#: SUITES=regress REGRESS="install rule_endpoints"
sed -i 's/"LEFT" : "INNER"/"INNER" : "INNER"/' src/rule/order_move.c
