# Links are written in a read-only transaction
#: SUITES=regress REGRESS="install link set load"
sed -i 's/PreventCommandIfReadOnly(.*);/(void) 0;/' src/api/api_link.c
