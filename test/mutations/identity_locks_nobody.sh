# Whoever asks whether a pair has a link waits for who makes one of several
#: SUITES=isolation ISOLATION=identity
sed -i '/^m2m_lock_links_shared/,/^}/s/RowShareLock/AccessShareLock/' src/execute/lock.c
