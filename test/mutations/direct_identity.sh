# A column of a link that is GENERATED ALWAYS takes a value
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^columns_are_plain(/,/^}/s/link->attidentity != '\''\\0'\''/(false \&\& link->attidentity != '\''\\0'\'')/' src/direct/direct_table.c
