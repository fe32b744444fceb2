# m2m_load(exclusive => true) locks nothing
#: SUITES=regress REGRESS="install direct"
sed -i '/^m2m_load_lock/,/^}/s/^\tm2m_sql(psprintf("LOCK TABLE/\tif (false) m2m_sql(psprintf("LOCK TABLE/' src/link/load.c
