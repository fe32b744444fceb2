# A link that somebody has locked cannot be moved
#: SUITES=isolation ISOLATION="merge_link"
sed -i '/^move_link(/,/^}/s/if (result == TM_BeingModified)/if (false)/' src/direct/link_move.c
