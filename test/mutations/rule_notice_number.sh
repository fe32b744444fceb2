# No two messages of a transaction are the same
#: SUITES=tap PROVE_TESTS=test/t/rules.pl
sed -i 's/sent++;/sent = 1;/' src/rule/notice.c
