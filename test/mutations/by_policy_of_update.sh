# Rows that a policy lets be linked, but not changed, are made again
#: SUITES=regress REGRESS="install link_by"
sed -i '/^may_lock(/,/^}/s/check_enable_rls(relid, InvalidOid, true) == RLS_NONE/true/' src/link/link_by.c
