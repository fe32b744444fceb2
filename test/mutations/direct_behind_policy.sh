# Policies of row-level security do not hold for the direct path
#: SUITES=regress REGRESS="install rls"
sed -i '/^m2m_direct_open(/,/^}/s/true) == RLS_ENABLED/true) == -1/' src/direct/direct_table.c
