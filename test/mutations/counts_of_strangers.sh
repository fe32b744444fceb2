# m2m_counts: links to rows that a policy hides do not count
#: SUITES=regress REGRESS="install counts_reach"
perl -0pi -e 's/check_enable_rls\(rel->side\[M2M_OTHER\(side\)\].relid, InvalidOid,\s*true\) == RLS_NONE &&//' src/question/counts.c
