# Rows wait beside functions of a user's in the plan
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^is_clients_statement(/,/^}/s/statement->invalItems == NIL &&/(true || statement->invalItems == NIL) \&\&/' src/view/view_batch.c
