# Who removes links locks the keys of both roles in the order in which who links does
#: SUITES=isolation ISOLATION="rule_lock_roles"
sed -i '/^order_before(/,/^}/s/if (locks_keys(other))/if (other == rule)/' src/rule/order.c
