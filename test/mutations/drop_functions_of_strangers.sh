# A function that somebody has made his own goes with the relationship
#: SUITES=regress REGRESS="install drop rename_following view"
sed -i '/^functions_of(/,/^}/s/if (m2m_function_reads_as_seen(function))/if (true || m2m_function_reads_as_seen(function))/' src/ddl/ddl_drop.c
