# A row that is found is still there when it is linked, for who may lock it
#: SUITES=isolation ISOLATION="by_create"
sed -i '/^may_lock/,/^}/s/check_enable_rls(relid, InvalidOid, true) == RLS_NONE/false/' src/link/link_by.c
