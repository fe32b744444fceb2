# m2m_set with properties goes between the steps of another
#: SUITES=isolation ISOLATION="properties"
sed -i '/in the order of m2m_plan_set/,/take_lock/s/m2m_lock_links_of_row(rel, side, id);/(void) 0;/' src/link/link_properties.c
