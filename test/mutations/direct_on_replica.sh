# The direct path is taken as a replica, where no trigger fires
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^m2m_direct_open(/,/^}/s/SessionReplicationRole != SESSION_REPLICATION_ROLE_ORIGIN/false/' src/direct/direct_table.c
