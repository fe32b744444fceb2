# First use makes a second table beside a join table
#: SUITES=regress REGRESS="install first_use"
sed -i '/^m2m_first_use_check(/,/^}/s/if (candidates == NIL)/if (candidates == NIL || true)/' src/define/define_first_use.c
