# DROP TABLE of an association takes along a view with something of the user's in it
#: SUITES=regress REGRESS="install drop rebuild"
sed -i '/^drop_parts(/,/^}/s/if (view != NULL && !view->custom)/if (view != NULL)/' src/ddl/ddl_drop.c
