# A second unique index is no more than an index
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^open_indexes(/,/^}/s/if (form->indisunique)/if (form->indisunique \&\& table->unique == NULL)/' src/direct/direct_table.c
