# Whatever fails while link views are put back is a warning
#: SUITES=regress REGRESS="install put_back"
sed -i '/^is_in_the_way(int/,/^}/s/return false;/return true;/;s/if (expected != is_lasting)/if (false)/' src/execute/execute.c
