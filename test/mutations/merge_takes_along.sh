# What still refers to a row that is merged does not go with it
#: SUITES=regress REGRESS="install merge"
sed -i '/^m2m_parts_merge/,/^}/s/check_left(parts, references);/(void) check_left;/' src/link/link_merge.c
