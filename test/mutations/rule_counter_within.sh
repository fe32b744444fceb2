# Triggers of users' write counters within our own statement
#: SUITES=regress REGRESS="install rule_nested"
sed -i 's/m2m_rule_trigger_depth() == counting + 1)/true)/' src/rule/counter.c
