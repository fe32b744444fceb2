# A dense order is so when the transaction commits
#: SUITES=regress REGRESS="install rule_order"
sed -i 's/while (!place_all(rule))/while (false \&\& !place_all(rule))/' src/rule/order.c
