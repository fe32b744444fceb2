# A link is found by a column that its view does not show
#: SUITES=pgtap PGTAP=errors
sed -i 's/if (position == write->view->ncolumns)$/position -= position == write->view->ncolumns; if (position < 0)/' src/view/view_row.c
