# A row that has got another key meanwhile is linked
#: SUITES=isolation ISOLATION="direct_endpoint link_delete"
sed -i '/^m2m_direct_lock_endpoint(/,/^}/s/(!failure\.traversed ||/(true || !failure.traversed ||/' src/direct/direct_row.c
sed -i '/^m2m_direct_lock_endpoint(/,/^}/s/!may_have_changed(endpoint->slot))/(true || !may_have_changed(endpoint->slot)))/' src/direct/direct_row.c
