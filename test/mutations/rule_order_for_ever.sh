# Links that a trigger keeps from being put in order are an error in the end
#: SUITES=regress REGRESS="install rule_endpoints"
sed -i 's/!place_all(rule); i++)/!place_all(rule) \&\& i < TRIES; i++)/' src/rule/order.c
