# A question returns rows, also where a column is called as an alias of ours
#: SUITES=pgtap PGTAP=json
sed -i '/^m2m_whole_row/,/^}/s/return psprintf(.*/(void) relid; return pstrdup("e");/' src/question/question_text.c
