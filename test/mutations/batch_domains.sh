# Rows wait where functions of a domain check them as they come
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^domain_runs_code(/,/^}/s/if (calls_code((Node \*) constraint->check_expr, NULL))/if (false \&\& calls_code((Node *) constraint->check_expr, NULL))/' src/view/view_batch.c
