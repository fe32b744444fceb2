# A link whose first row goes while the second is made is made again
#: SUITES=isolation ISOLATION="symmetric_passed"
sed -i '/^see_mirror(/,/^}/s/!m2m_direct_exists(table, first)/false/' src/direct/link_batch.c
