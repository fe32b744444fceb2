# The rows that a link refers to are not locked
#: SUITES=isolation ISOLATION="direct_endpoint link_delete"
sed -i '/^m2m_direct_lock_endpoint(/,/^}/s/!may_have_changed(endpoint->slot))/!(result = !may_have_changed(endpoint->slot)))/' src/direct/direct_row.c
