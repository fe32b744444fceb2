# Side tables get the types of keys that have changed
#: SUITES=regress REGRESS="install rule_endpoints"
sed -i '/^fit_keys(/,/^}/s/if (sql.len > 0)$/if (false)/' src/rule/rule_define.c
