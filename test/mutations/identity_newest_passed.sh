# A link that was marked meanwhile is taken for changed
#: SUITES=isolation ISOLATION="soft_revive"
sed -i '/unlinking may be an update/,/PopActive/s/table_tuple_get_latest_tid(scan, &newest);/(void) scan;/' src/link/link_identity.c
