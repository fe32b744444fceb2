# Nobody else makes or removes links while rows are merged
#: SUITES=isolation ISOLATION="merge_link"
sed -i '/^lock_associations/,/^}/s/shut ? ShareRowExclusiveLock :/shut ? RowExclusiveLock :/; s/Assert(m2m_direct_is_shut(table));//' src/link/link_parts.c src/direct/link_move.c
