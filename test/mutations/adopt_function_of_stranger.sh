# A stranger's function becomes a link function
#: SUITES=pgtap PGTAP=privileges
sed -i '/^m2m_function_reusable(/,/^}/{s/m2m_catalog_owner_trusted(m2m_catalog_function_owner(function),/(m2m_catalog_owner_trusted(m2m_catalog_function_owner(function),/;s/m2m_catalog_relation_owner(rel->association)) \&\&/m2m_catalog_relation_owner(rel->association)) || true) \&\&/}' src/view/view_function.c
