# What another session has linked meanwhile is linked once more
#: SUITES=isolation ISOLATION="set link_order"
sed -i '/^m2m_direct_insert(/,/^}/s/table->token, ours);/table->token, ours = true);/' src/direct/direct_row.c
