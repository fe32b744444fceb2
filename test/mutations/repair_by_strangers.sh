# Who may not refer to a table keeps others from writing it while a join table is mended
#: SUITES=isolation ISOLATION="ddl_no_rights"
sed -i '/^check_rights(/,/^}/s/m2m_references_check(table\[s\]);/(void) 0;/' src/define/define_repair.c
