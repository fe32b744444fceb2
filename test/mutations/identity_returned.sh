# A link that a policy hides from who makes it is returned
#: SUITES=regress REGRESS="install identity"
perl -0pi -e 's/(may_return\(M2mRelationship \*rel\)\s*\{\s*if \(rel->has_rules) \|\|\s+check_enable_rls\(rel->association, InvalidOid, true\) == RLS_ENABLED\)/$1)/' src/link/link_identity.c
