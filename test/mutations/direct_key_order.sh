# Links are removed in the order of an index
#: SUITES=isolation ISOLATION="link_order"
sed -i '/^m2m_direct_find_links(/,/^}/s/far_first ? by : NULL, work_mem \/ 2);/by, work_mem \/ 2);/' src/direct/link_direct.c
