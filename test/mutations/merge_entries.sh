# A link that is moved gets no entry in the second index
#: SUITES=regress REGRESS="install direct merge"
sed -i '/^move_group/,/^}/s/k < table->nindexes; k++/k < 1; k++/' src/direct/link_move.c
