# The direct path asks nobody whether the caller may
#: SUITES=regress REGRESS="install direct acl"
sed -i '/^is_permitted/,/^}/s/return m2m_check_permissions(table->association, RowExclusiveLock,/(void) m2m_check_permissions(table->association, RowExclusiveLock,/' src/direct/direct_table.c
sed -i '/^is_permitted/,/^}/s/(actions \& M2M_DIRECT_LINK) ? columns : NULL);/(actions \& M2M_DIRECT_LINK) ? columns : NULL); return true;/' src/direct/direct_table.c
