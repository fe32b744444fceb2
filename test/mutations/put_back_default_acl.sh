# A link view that comes back without an ACL keeps what default privileges gave it
#: SUITES=regress REGRESS="install put_back_many"
sed -i 's/if (isnull && acl == NULL)/if (acl == NULL)/' src/view/view_restore.c
