# A row that gets no key is linked by whatever stands there
#: SUITES=pgtap PGTAP=errors
sed -i 's/if (key_null)$/if (false \&\& key_null)/' src/view/view_row.c
