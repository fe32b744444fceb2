# PostgreSQL's check of a foreign key fails for want of a right, and the direct path's does not
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^open_endpoints(/,/^}/s/owner_may_check(table, M2M_LEFT)/(true || owner_may_check(table, M2M_LEFT))/' src/direct/direct_table.c
sed -i '/^open_endpoints(/,/^}/s/owner_may_check(table, M2M_RIGHT)/(true || owner_may_check(table, M2M_RIGHT))/' src/direct/direct_table.c
