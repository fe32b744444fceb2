# The same of the foreign key of links that are there in both directions
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^m2m_direct_open(/,/^}/s/!owner_may_mirror(table)/(false \&\& !owner_may_mirror(table))/' src/direct/direct_table.c
