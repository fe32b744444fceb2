# m2m_set looks at the second row of a link whose first is being removed
#: SUITES=isolation ISOLATION=symmetric_between
sed -i 's/disputed = is_disputed(table, link) || (both \&\& disputed);/disputed = is_disputed(table, link);/' src/direct/link_direct.c
