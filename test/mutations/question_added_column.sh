# A row from before a column was added has its default
#: SUITES=tap PROVE_TESTS=test/t/questions_random.pl
sed -i 's/>= desc->natts/>= 0/' src/question/fetch.c
