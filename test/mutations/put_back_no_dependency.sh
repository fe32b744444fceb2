# A role that grants came back to can be dropped
#: SUITES=regress REGRESS="install put_back acl"
sed -i '/^set_acl(/,/^}/s/nold, old_members, nnew, new_members);/nold, old_members, Min(nnew, 0), new_members);/' src/view/view_restore.c
