# m2m_counts: links are those of the snapshot
#: SUITES=regress REGRESS="install counts_reach"
sed -i 's/int			n = m2m_list_visible(&list);/int			n = 1;/' src/question/counts.c
