# A link view is saved when half of it is gone
#: SUITES=regress REGRESS="install drop put_back"
sed -i '/^on_object_access(/,/^}/s/!list_member_oid(p->dropped_views, relid))/(true || !list_member_oid(p->dropped_views, relid)))/' src/ddl/ddl_dropped.c
