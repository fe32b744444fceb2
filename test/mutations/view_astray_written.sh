# Rows are linked by keys of another table, which the view shows
#: SUITES=regress REGRESS="install rebuild"
sed -i '/^begin_write(/,/^}/s/if (m2m_view_is_astray(rel, write->view))/if (false)/' src/view/view_trigger.c
