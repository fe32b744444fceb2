# Links to rows that a policy hides count
#: SUITES=pgtap PGTAP=questions
sed -i '/^m2m_append_links(/,/^}/s/if (check_enable_rls(endpoint->relid, InvalidOid, true) == RLS_NONE)/if (true)/' src/question/question_text.c
