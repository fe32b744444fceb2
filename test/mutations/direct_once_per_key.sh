# A key whose row was not found at first is not asked for again
#: SUITES=regress REGRESS="install link direct"
sed -i '/^check_key(/,/^}/s/if (!check->locked)/if (!check->locked \&\& check->any \&\& n == 0)/' src/direct/link_batch.c
