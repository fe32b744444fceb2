# Nobody waits for a slot
#: SUITES=isolation ISOLATION="rule_counter"
sed -i 's/ FOR UPDATE SKIP LOCKED/ FOR UPDATE/' src/rule/counter.c
