# Rows wait where defaults call functions of a user's
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^default_runs_code(/,/^}/s/(calls_code(expr, NULL) ||/((false \&\& calls_code(expr, NULL)) ||/' src/view/view_batch.c
