# The trigger that counts where a row gets another key may be disabled
#: SUITES=regress REGRESS="install rule_counter_keys"
sed -i '/^m2m_counter_elsewhere(/,/^}/s/(OidIsValid(key_trigger(rule, &plain)) && plain)/OidIsValid(key_trigger(rule, \&plain))/' src/rule/counter_define.c
