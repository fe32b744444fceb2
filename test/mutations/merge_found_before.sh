# Links of a relationship that was made meanwhile go with the row that is merged
#: SUITES=isolation ISOLATION="merge_link"
sed -i '/^m2m_parts_find(/,/^}/s/if (equal(found, now))/if (true)/' src/link/link_parts.c
