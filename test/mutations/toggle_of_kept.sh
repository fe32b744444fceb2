# A link that a trigger kept is toggled away
#: SUITES=regress REGRESS="install general_path"
sed -i '/^m2m_link_toggle(/,/^}/s/m2m_plan_linked(rel, ids, false);/false;/' src/link/link.c
