# Rows without links are looked at again when they are locked
#: SUITES=isolation ISOLATION="rule_orphans"
sed -i '/^end_orphans(/,/^}/{/run(rule, ORPHAN_LOCK/{n;d}}' src/rule/orphan_commit.c
