# The description is not looked at again after the locks
#: SUITES=isolation ISOLATION="ddl_link ddl_own_locks"
sed -i 's/|| !m2m_relationship_current(rel) ||/||/; s/return m2m_relationship_current(table->rel) \&\&/return/' src/direct/direct_table.c
