# A type that gets another name makes kept statements anew
#: SUITES=regress REGRESS="install kept_plans"
sed -i '/^type_changed(/,/^}/s/if (hashvalue == 0 || /if (false \&\& /' src/relationship/relationship_sources.c
