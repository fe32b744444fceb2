# Rows are found by a key that the caller may not read
#: SUITES=pgtap PGTAP=find
sed -i '/^check_endpoint(/,/^}/s/if (!m2m_check_permissions(/if (false \&\& !m2m_check_permissions(/' src/question/find.c
