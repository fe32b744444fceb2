# Rows of a COPY wait beside functions in defaults of the view
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^is_clients_statement(/,/^}/s/!default_runs_code(view, false);/(true || !default_runs_code(view, false));/' src/view/view_batch.c
