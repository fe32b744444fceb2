# A row that somebody changes is locked as it was, and not as it will be
#: SUITES=isolation ISOLATION="direct_endpoint link_delete"
sed -i '/^m2m_direct_lock_endpoint(/,/^}/s/uint8		flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;/uint8		flags = 0;/' src/direct/direct_row.c
sed -i '/^m2m_direct_lock_endpoint(/,/^}/s/!may_have_changed(endpoint->slot))/(true || !may_have_changed(endpoint->slot)))/' src/direct/direct_row.c
