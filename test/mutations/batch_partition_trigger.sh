# Rows wait beside a trigger of a partition
#: SUITES=regress REGRESS="install view_batch"
sed -i '/^runs_code(/,/^}/s/foreach(lc, find_all_inheritors(relid, NoLock, NULL))/foreach(lc, list_make1_oid(relid))/' src/view/view_batch.c
