# REPEATABLE READ: a newer link goes unseen with a row that is merged
#: SUITES=isolation ISOLATION="merge_link"
sed -i '/^check_left/,/^}/s/= !IsolationUsesXactSnapshot();/= true;/' src/link/link_merge.c
