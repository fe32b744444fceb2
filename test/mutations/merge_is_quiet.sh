# What a rule has somebody's trigger link goes unseen with a row that is merged
#: SUITES=regress REGRESS="install merge"
sed -i '/^m2m_direct_move/,/^}/s/\*quiet = table->rules == NULL;/*quiet = true;/' src/direct/link_move.c
