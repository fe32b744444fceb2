# Rows that a policy hides take the places of those that are related
#: SUITES=pgtap PGTAP=questions
sed -i 's/if (check_enable_rls(endpoint->relid, InvalidOid, true) != RLS_NONE)/if (false)/' src/question/related.c
