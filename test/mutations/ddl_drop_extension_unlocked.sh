# DROP EXTENSION locks link views in no order with others
#: SUITES=isolation ISOLATION="ddl_extension_lock"
sed -i '/^m2m_dropped_lock_extensions(/,/^}/s/m2m_lock_extension(lfirst_oid(lc), AccessExclusiveLock);/(void) lc;/' src/ddl/ddl_dropped.c
