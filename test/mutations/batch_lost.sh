# Links that wait are forgotten where no trigger fires at the end
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^end_batch(/,/^}/s/if (batch->pairs != NULL && IsTransactionState())/if (false \&\& batch->pairs != NULL \&\& IsTransactionState())/' src/view/view_batch.c
