# An UPDATE through the link view is made to the row that comes first
#: SUITES=isolation ISOLATION=symmetric_view
sed -i 's/if (!is_row \&\& OidIsValid(rel->mirror) \&\&/if (false \&\&/' src/view/view_row_change.c
