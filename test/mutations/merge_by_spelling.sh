# Links of one row in several spellings become one, and collide
#: SUITES=regress REGRESS="install question_alike"
sed -i 's/if (dead || rel->nidentity > 0 ||/if (true ||/' src/link/link_merge.c
