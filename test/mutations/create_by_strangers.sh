# Who may not refer to a table keeps others from writing it
#: SUITES=isolation ISOLATION="ddl_no_rights"
sed -i '/^check_privileges(/,/^}/s/m2m_references_check(definition->relid\[s\]);/(void) 0;/' src/define/define_create.c
