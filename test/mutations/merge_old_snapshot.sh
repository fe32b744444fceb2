# REPEATABLE READ: a link that the snapshot does not show is no double
#: SUITES=isolation ISOLATION="merge_link"
sed -i '/^drop_doubles/,/^}/s/if (IsolationUsesXactSnapshot())/if (false)/; /^is_linked_shut/,/^}/s/IsolationUsesXactSnapshot()/false/' src/link/link_merge.c src/direct/link_move.c
