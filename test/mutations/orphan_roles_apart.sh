# Orphans of both roles of one table are locked rule by rule
#: SUITES=isolation ISOLATION="rule_both_roles"
sed -i '/^end_orphans_of(/,/^}/{s/^\tlock_lost(endpoint, found);//;s/^\t\tcontext.arg = lost->rule;/&\n\t\tlock_lost(endpoint, list_make1(lost));/}' src/rule/orphan_commit.c
