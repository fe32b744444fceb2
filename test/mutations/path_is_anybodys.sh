# Anybody chooses the write path
#: SUITES=regress REGRESS="install direct"
sed -i 's/PGC_SUSET/PGC_USERSET/' src/m2m.c
