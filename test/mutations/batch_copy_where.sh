# Rows of a COPY wait beside functions in its WHERE
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^is_clients_statement(/,/^}/s/copy->whereClause == NULL &&/(true || copy->whereClause == NULL) \&\&/' src/view/view_batch.c
