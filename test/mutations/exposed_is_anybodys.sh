# Anybody's function is an exposed one of whatever association it names
#: SUITES=regress REGRESS="install expose"
perl -0pi -e 's/ \|\|\s+!m2m_catalog_owner_trusted\(m2m_catalog_function_owner\(exposed->function\),\s+m2m_catalog_relation_owner\(association\)\)\)/)/' src/view/view_expose.c
