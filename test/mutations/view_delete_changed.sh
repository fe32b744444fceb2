# A link that another has changed meanwhile is passed over by a DELETE from a view
#: SUITES=isolation ISOLATION="identity"
sed -i '/^delete_row(/,/^}/s/if (m2m_identity_has_changed(/if (false \&\& m2m_identity_has_changed(/' src/view/view_trigger.c
