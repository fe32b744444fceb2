# Movers in one list go one by one
#: SUITES=isolation ISOLATION="rule_order"
sed -i '/^m2m_order_move(/,/^}/s/m2m_lock_links_of_row(rel, side, id);//' src/rule/order_move.c
