# A command fails, or link views are not made, where m2m.view_schema names another schema
#: SUITES=regress REGRESS="install view_schema_adopt"
sed -i 's/schema = m2m_schema_of_views(c->schema, true);/schema = m2m_schema_of_views(c->schema, false);/' src/ddl/ddl_adopt.c
