# A view of somebody who is not trusted becomes a link view
#: SUITES=pgtap PGTAP=privileges
sed -i '/^is_leftover(/,/^}/s/m2m_catalog_owner_trusted(view->owner,/(true || m2m_catalog_owner_trusted(view->owner,/;/^is_leftover(/,/^}/s/m2m_catalog_relation_owner(rel->association)) &&/m2m_catalog_relation_owner(rel->association))) \&\&/' src/define/define_adopt.c
