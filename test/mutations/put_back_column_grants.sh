# Link views come back without the grants on their columns
#: SUITES=regress REGRESS="install put_back acl column_ddl"
sed -i '/^restore_the_rest(/,/^}/s/set_acl(viewid, attnum, saved->owner, column->acl);/(void) saved->acl;/' src/view/view_restore.c
