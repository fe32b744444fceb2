# A link is moved to no number that the sequence may have given
#: SUITES=isolation ISOLATION="rule_order_apart"
sed -i '/^rank_of(/,/^}/s/return number - steps;/return number + 0 * steps;/; /^number_of(/,/^}/s/return rank + steps;/return rank + 0 * steps;/' src/rule/order_move.c
