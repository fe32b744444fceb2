# Pages stay pinned through a wait
#: SUITES=isolation ISOLATION=link_pins
sed -i '/^m2m_direct_unpin/,/^}/{/end_scan(/d;/end_fetch(/d}' src/direct/direct_table.c
sed -i '/^static void end_scan/d;/^static void end_fetch/d;/^\/\* end_scan:/,/^}/d;/^\/\* end_fetch:/,/^}/d' src/direct/direct_table.c
