# The other row of a link is there, says a foreign key that is NOT VALID
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^describe(/,/^}/s/mirror_is_valid(rel) &&/(true || mirror_is_valid(rel)) \&\&/' src/direct/direct_table.c
