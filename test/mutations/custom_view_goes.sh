# A relationship that ends takes along views with something of the user's in them
#: SUITES=regress REGRESS="install drop"
sed -i '/^drop_rest/,/^}/s/if (view->custom)/if (false)/' src/ddl/ddl_drop.c
