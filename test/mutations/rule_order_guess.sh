# A number that the direct path has guessed wrong is taken back
#: SUITES=isolation ISOLATION="rule_order_dense"
sed -i 's/again = take_back(rule, many);/again = take_back(rule, many) \&\& false;/' src/rule/order.c
