# Both rows of a link have the same properties
#: SUITES=regress REGRESS="install symmetric"
sed -i '/^symmetric_after(/,/^}/s/rows == 0 ||/true ||/' src/rule/symmetric.c
