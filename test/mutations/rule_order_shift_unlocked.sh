# A mover of a dense order locks what it shifts before it writes
#: SUITES=isolation ISOLATION="rule_order_dense"
sed -i '/^try_move_dense(/,/^}/s/done = lock_places(list, all);/done = true;/' src/rule/order_move.c
