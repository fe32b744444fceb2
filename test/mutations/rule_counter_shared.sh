# No column is the counter of two relationships
#: SUITES=regress REGRESS="install rule_counter_adopted"
sed -i 's/trigger->tgattr\[0\] == attnum/trigger->tgattr[0] == -attnum/' src/rule/counter_define.c
