# What is counted anew is what an old snapshot shows
#: SUITES=isolation ISOLATION="rule_rewritten"
sed -i '/^set_column(/,/^}/s/M2M_RULE_READ_LATEST/M2M_RULE_COMMAND/' src/rule/counter.c
