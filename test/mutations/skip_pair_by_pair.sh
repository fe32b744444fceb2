# Properties given pair by pair go to pairs of which some were left out
#: SUITES=pgtap PGTAP=errors
sed -i 's/if (skip \&\& properties != NULL \&\& JB_ROOT_IS_ARRAY/if (false \&\& skip \&\& JB_ROOT_IS_ARRAY/' src/link/link.c
