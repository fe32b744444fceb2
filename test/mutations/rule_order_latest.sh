# A mover reads what is committed by now
#: SUITES=isolation ISOLATION="rule_order"
sed -i '/^run(M2mRule/,/^}/s/latest && m2m_latest_begin(plan)/false/' src/rule/order_move.c
