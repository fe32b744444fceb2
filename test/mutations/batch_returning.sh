# Rows of a statement that returns them wait
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^is_clients_statement(/,/^}/s/!statement->hasReturning &&/(true || !statement->hasReturning) \&\&/' src/view/view_batch.c
sed -i '/^is_clients_statement(/,/^}/s/ActivePortal->strategy != PORTAL_MULTI_QUERY ||/(false \&\& ActivePortal->strategy != PORTAL_MULTI_QUERY) ||/' src/view/view_batch.c
