# Exposed functions keep the types that a key had
#: SUITES=regress REGRESS="install expose"
sed -i '/^m2m_exposed_follow(/,/^}/s/if (!same_signature(exposed->function, &signature, false))/if (false)/' src/view/view_expose.c
