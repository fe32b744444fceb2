# What waits for the commit is left waiting where nothing may
#: SUITES=regress REGRESS="install symmetric symmetric_deferred"
sed -i 's/bool\t\trestricted = InSecurityRestrictedOperation();/bool restricted = false;/' src/define/define_symmetric.c
