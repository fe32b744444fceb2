# Links are read from the index alone, whether or not they are still there
#: SUITES=isolation ISOLATION="direct_serializable link_delete set"
sed -i '/^find_links_of_side(/,/^}/s/if (scan->xs_want_itup &&/if (scan->xs_want_itup \&\& (true ||/' src/direct/link_direct.c
sed -i '/^find_links_of_side(/,/^}/s/ItemPointerGetBlockNumber(root), &visibility))/ItemPointerGetBlockNumber(root), \&visibility)))/' src/direct/link_direct.c
