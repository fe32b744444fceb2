# REPEATABLE READ: a link that another session has unlinked counts as unlinked by us
#: SUITES=isolation ISOLATION="link_changed"
perl -0pi -e 's/case TM_Deleted:\s+if \(IsolationUsesXactSnapshot\(\)\)/case TM_Deleted:\n\t\t\t\tif (false)/' src/direct/link_direct.c
