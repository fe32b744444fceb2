# A link view that DROP VIEW names comes back
#: SUITES=regress REGRESS="install view drop put_back"
sed -i '/^on_object_access(/,/^}/s/!is_named(p, relid))/(true || !is_named(p, relid)))/' src/ddl/ddl_dropped.c
