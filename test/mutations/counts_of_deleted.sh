# m2m_counts: a row that is marked as deleted is no link
#: SUITES=regress REGRESS="install counts_reach"
sed -i 's/ || rel->deleted != 0 ||/ ||/' src/question/counts.c
