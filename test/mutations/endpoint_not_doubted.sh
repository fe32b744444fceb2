# A row of an endpoint that somebody changes is not left to PostgreSQL's check
#: SUITES=isolation ISOLATION=direct_endpoint
sed -i '/^m2m_direct_lock_endpoint/,/^}/{s/if (find_endpoint(table, side, pair, entry) \&\&/if (find_endpoint(table, side, pair, entry))/;/!may_have_changed(endpoint->slot))/d}' src/direct/direct_row.c
sed -i '/^static bool may_have_changed/d;/^ \* may_have_changed:/,/^}/d' src/direct/direct_row.c
sed -i ':a;N;$!ba;s#/\*\n\n/\* has_key#/* has_key#' src/direct/direct_row.c
