# Rows of the right endpoint are locked in the order of the left key
#: SUITES=isolation ISOLATION="link_order"
sed -i '/^leads_with_right(/,/^}/s/return true;/return false;/' src/direct/link_batch.c
sed -i '/^begin_sorted(/,/^}/s/for (int c = order->nleft; c < order->natts; c++)/for (int c = 0; c < order->natts; c++)/' src/direct/link_batch.c
