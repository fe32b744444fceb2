# Link views come back without their grants
#: SUITES=regress REGRESS="install put_back"
sed -i '/^restore_the_rest(/,/^}/s/set_acl(viewid, 0, saved->owner, saved->acl);/(void) saved->acl;/' src/view/view_restore.c
