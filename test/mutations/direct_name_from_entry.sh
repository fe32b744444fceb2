# A name is read from an index entry, where it is a C string
#: SUITES=regress REGRESS="install direct"
sed -i '/^holds_pair(/,/^}/s/if (c < table->order->natts && !found\[c\] &&/if (c < table->order->natts \&\& !found[c]) { found[c] = true; n++; continue; } if (c < table->order->natts \&\& !found[c] \&\&/' src/direct/link_direct.c
