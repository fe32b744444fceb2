# Policies of a history hold for a few rows only
#: SUITES=regress REGRESS="install rule_history_many"
sed -i '/^is_plain(/,/^}/s/check_enable_rls(rule->table, InvalidOid, true) != RLS_ENABLED &&/(true || check_enable_rls(rule->table, InvalidOid, true) != RLS_ENABLED) \&\&/' src/rule/rule_insert.c
