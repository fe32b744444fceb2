# Rows are those of the statement's snapshot, as the links
#: SUITES=tap PROVE_TESTS=test/t/questions_random.pl
sed -i 's/RegisterSnapshot(GetActiveSnapshot())/RegisterSnapshot(GetLatestSnapshot())/' src/question/fetch.c
