# Both ids of a pair must agree on a column that both have
#: SUITES=regress REGRESS="install shared"
sed -i '/^find_difference/,/^}/s/if (!same)/if (false \&\& !same)/' src/ids/shared.c
