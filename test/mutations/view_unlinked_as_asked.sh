# A link that a trigger kept counts as unlinked
#: SUITES=regress REGRESS="install soft_delete"
sed -i 's/if (statement == M2M_COLUMNS_UNLINK_ROW \&\& processed == 0 \&\&/if (false \&\& processed == 0 \&\&/' src/view/view_row_change.c
