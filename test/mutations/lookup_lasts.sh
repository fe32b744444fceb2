# What was looked up once holds for ever
#: SUITES=isolation ISOLATION=invalidation
sed -i '/^m2m_sources_current/,/^}/s/^{/{ if (sources != NULL) return true;/' src/relationship/relationship_sources.c
