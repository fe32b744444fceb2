# REPEATABLE READ: m2m_set leaves links that it cannot see
#: SUITES=isolation ISOLATION="set direct_same"
sed -i '/^m2m_direct_set(/,/^}/s/check_newer_links(table, m2m_direct_side_index(table, side), side,/if (false) check_newer_links(table, m2m_direct_side_index(table, side), side,/' src/direct/link_direct.c
