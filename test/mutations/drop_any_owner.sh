# Calls that are the owner's may be made by anybody
#: SUITES=regress REGRESS="install create adopt_drop check_repair acl"
sed -i '/^m2m_association_check_owner/,/^}/s/if (!object_ownercheck(.*/if (false)/' src/execute/execute.c
