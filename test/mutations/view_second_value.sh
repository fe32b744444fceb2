# A row that shows twice in a view is given two values
#: SUITES=pgtap PGTAP=views
sed -i '/^look_at(/,/^}/s/if (with_xmin \&\& was_made_here(0))/if (false \&\& was_made_here(0))/' src/view/view_row_change.c
