# A length of a column is passed over
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^columns_are_plain(/,/^}/s/link->atttypmod != key->typmod/(false \&\& link->atttypmod != key->typmod)/' src/direct/direct_table.c
