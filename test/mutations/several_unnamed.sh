# Properties that fit several links of a pair change none
#: SUITES=regress REGRESS="install identity"
sed -i 's/^\tif (!all)$/\tif (all)/' src/link/link_plan.c
