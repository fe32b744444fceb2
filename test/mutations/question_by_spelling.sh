# A row comes once for each spelling of its key in links
#: SUITES=regress REGRESS="install question_alike"
sed -i 's/if (endpoint->alike)/if (true)/' src/question/question_text.c
