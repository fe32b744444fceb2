# Rows are merged while links are written into a partition
#: SUITES=isolation ISOLATION="merge_partition"
sed -i '/^lock_associations(/,/^}/s/find_all_inheritors(lfirst_oid(lc), NoLock, NULL)/list_make1_oid(lfirst_oid(lc))/' src/link/link_parts.c
