# A doubtful foreign key is not checked at all
#: SUITES=isolation ISOLATION="link_delete direct_endpoint"
sed -i '/^m2m_direct_check_row/,/^}/s/if (trigger->tgfoid != F_RI_FKEY_CHECK_INS)/if (trigger->tgfoid != InvalidOid)/' src/direct/direct_row.c
