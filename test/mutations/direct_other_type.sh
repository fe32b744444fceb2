# Values of another type than the key's are stored as they are
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^columns_are_plain(/,/^}/s/(key->type != key->link_type/(false \&\& key->type != key->link_type/' src/direct/direct_table.c
