# A link that somebody has locked cannot be moved
#: SUITES=isolation ISOLATION="merge_link"
sed -i '/^move_link(/,/^}/s/true, \&failure, \&lockmode/false, \&failure, \&lockmode/' src/direct/link_move.c
