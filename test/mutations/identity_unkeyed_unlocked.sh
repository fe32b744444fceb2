# Two make the same of several links, and no index keeps them apart
#: SUITES=isolation ISOLATION="identity"
sed -i '/^m2m_identity_link(/,/^}/s/^\t\tm2m_lock_links(rel);/\t\t(void) 0;/' src/link/link_identity.c
