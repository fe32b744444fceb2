# A table that was a join table before a command is adopted by it, too
#: SUITES=regress REGRESS="install auto_adopt"
sed -i 's/(!OidIsValid(relid) || is_plain(relid))/(!OidIsValid(relid) || (is_plain(relid) \&\& false))/' src/ddl/ddl_adopt.c
