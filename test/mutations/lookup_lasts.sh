# What was looked up once holds for ever
#: SUITES=isolation ISOLATION=invalidation
sed -i '/^is_current(M2mSources/,/^}/s/^{/{ if (sources != NULL) return true;/' src/relationship.c
