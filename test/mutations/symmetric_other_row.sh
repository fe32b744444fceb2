# The direct path leaves a link's row that is younger than the snapshot alone
#: SUITES=isolation ISOLATION=symmetric_newer
sed -i '/^m2m_direct_check_mirror(/,/^}/s/!IsolationUsesXactSnapshot()/true/' src/direct/direct_row.c
