# A transaction ends without views that stepped aside
#: SUITES=regress REGRESS="install put_back"
sed -i '/^refuse_to_lose(/,/^}/s/if (lost != NIL)/if (false \&\& lost != NIL)/' src/ddl/ddl_pending.c
