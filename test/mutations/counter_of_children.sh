# Counters write rows of inheritance children, too
#: SUITES=regress REGRESS="install rule_counter_keys"
sed -i '/^counter_text(/,/^}/s/m2m_only(endpoint->relid)/m2m_qualified_name(endpoint->relid)/' src/rule/counter.c
