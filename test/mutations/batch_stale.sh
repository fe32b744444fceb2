# Rows that wait are linked by a description of before DDL
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^m2m_view_batch_put(/,/^}/s/if (batch->pairs != NULL && batch->rel != rel)/if (false \&\& batch->pairs != NULL \&\& batch->rel != rel)/' src/view/view_batch.c
sed -i '/^flush(/,/^}/s/m2m_relationship_refresh(batch->rel)/batch->rel/' src/view/view_batch.c
