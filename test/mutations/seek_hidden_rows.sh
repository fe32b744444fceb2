# Rows are found in spite of a policy, or fewer than asked for
#: SUITES=pgtap PGTAP=find
perl -0pi -e 's/check_enable_rls\(RelationGetRelid\(relation\), InvalidOid,\s+true\) == RLS_NONE/true/' src/question/seek.c
