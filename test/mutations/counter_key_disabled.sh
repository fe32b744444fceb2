# The trigger that counts where a row gets another key may be disabled
#: SUITES=regress REGRESS="install rule_counter_keys"
sed -i '/^m2m_counter_elsewhere(/,/^}/s/(OidIsValid(m2m_rule_key_trigger(rule, &plain)) && plain)/OidIsValid(m2m_rule_key_trigger(rule, \&plain))/' src/rule/counter_define.c
