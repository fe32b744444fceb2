# REPEATABLE READ: a link that the snapshot does not show counts as there
#: SUITES=isolation ISOLATION="direct_same link_same"
sed -i '/^found_linked/,/^}/s/if (!IsolationUsesXactSnapshot())/if (!IsolationIsSerializable())/' src/direct/direct_row.c
