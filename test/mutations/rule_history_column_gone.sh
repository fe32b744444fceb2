# Many rows of a history are written without a look whether its columns are there
#: SUITES=regress REGRESS="install rule_history_many"
sed -i 's/return nfound == inserter->ncolumns && /return /' src/rule/rule_insert.c
