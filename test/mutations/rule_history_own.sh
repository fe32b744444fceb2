# What a transaction makes and removes again is not kept
#: SUITES=regress REGRESS="install rule_history"
sed -i 's/AND h.from_xid OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()/AND false/;s/AND h.from_xid OPERATOR(pg_catalog.<>) pg_catalog.pg_current_xact_id()//' src/rule/history.c
