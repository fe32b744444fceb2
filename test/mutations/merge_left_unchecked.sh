# What still refers to a row that is merged goes with it
#: SUITES=regress REGRESS="install merge"
sed -i 's/	check_left(parts, references);/	(void) check_left;/' src/link/link_merge.c
