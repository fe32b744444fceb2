# Rows of a statement that a rule has added to wait
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^is_clients_statement(/,/^}/s/list_length(ActivePortal->stmts) != 1)/(false \&\& list_length(ActivePortal->stmts) != 1))/' src/view/view_batch.c
