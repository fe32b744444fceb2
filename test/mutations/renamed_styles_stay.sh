# Keys and indexes that are called as another tool calls them keep their names when the table is renamed
#: SUITES=regress REGRESS="install naming_styles"
sed -i '/^style_name(/,/^}/s/before\[i\] != NULL \&\&/false \&\& before[i] != NULL \&\&/' src/define/define_rename.c
