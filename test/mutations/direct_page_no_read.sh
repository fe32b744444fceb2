# SERIALIZABLE: links read from the index alone are not read
#: SUITES=isolation ISOLATION="direct_serializable"
sed -i '/^find_links_of_side(/,/^}/s/PredicateLockPage(table->association,/if (false) PredicateLockPage(table->association,/' src/direct/link_direct.c
