# REPEATABLE READ: a link that another session has unlinked counts as unlinked by us
#: SUITES=isolation ISOLATION="link_delete"
sed -i '/^delete_found(/,/^}/s/errmsg("could not serialize access due to concurrent delete")));/errmsg("could not serialize access due to concurrent delete"))); else if (false)/' src/direct/link_direct.c
