# What others write into a counter does not stay
#: SUITES=regress REGRESS="install rule_counter"
sed -i 's/counting >= 0 \&\& m2m_rule_trigger_depth() == counting + 1/m2m_rule_trigger_depth() > 0/' src/rule/counter.c
