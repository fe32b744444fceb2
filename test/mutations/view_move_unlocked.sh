# A link is moved to where another makes one, and no index keeps them apart
#: SUITES=isolation ISOLATION="general_locks"
sed -i '/^check_unlinked(/,/^}/s/m2m_lock_links(write->rel);/(void) 0;/' src/view/view_trigger.c
