# A leaf that was split since the page above it was copied is all there is
#: SUITES=isolation ISOLATION="find_splits"
sed -i '/^leaf_from_parent(/,/^}/s/if (P_RIGHTMOST(opaque) ||/if (true || P_RIGHTMOST(opaque) ||/' src/question/index_list.c
sed -i '/^list_descend(/,/^}/s/else if (!list_enter(list, leaf, true))/else if (!list_enter(list, leaf, true) \&\& list->ended)/' src/question/index_list.c
