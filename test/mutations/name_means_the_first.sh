# What a DROP TABLE names is not looked at again under the locks
#: SUITES=isolation ISOLATION=ddl_meanwhile
sed -i 's/if (!still_means(stmt, named))/if (false \&\& !still_means(stmt, named))/' src/ddl/ddl_drop.c
