# A link of two rows counts once
#: SUITES=regress REGRESS="install symmetric"
sed -i '/^m2m_direct_counts(/,/^}/s/m2m_pair_direction(table->order, pair) <= 0/true/' src/direct/direct_table.c
