# Rows of any statement wait for its end
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^begin_batch(MemoryContext run/,/^}/s/batch->possible = is_clients_statement(run, view) \&\&/batch->possible = (is_clients_statement(run, view) || true) \&\&/' src/view/view_batch.c
