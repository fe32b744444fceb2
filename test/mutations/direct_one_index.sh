# One link gets no entry in the second index
#: SUITES=regress REGRESS="install direct set"
sed -i '/^link_one(/,/^}/s/if (&table->index\[i\] != table->unique && !table->index\[i\]\.at_once)/if (false \&\& !table->index[i].at_once)/' src/direct/link_direct.c
