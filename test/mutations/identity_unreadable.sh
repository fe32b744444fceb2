# System columns are asked for without a right to read them
#: SUITES=regress REGRESS="install identity"
sed -i '/^m2m_identity_has_changed(/,/^}/s/ACL_SELECT) != ACLCHECK_OK/ACL_SELECT) == 99/' src/link/link_identity.c
