# Rows wait where policies hold
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^runs_code(/,/^}/s/if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)/if (check_enable_rls(relid, InvalidOid, true) == -1)/' src/view/view_batch.c
