# Where a limit is of both kinds, who unlinks takes its lock with the statement
#: SUITES=isolation ISOLATION="rule_limit_both"
sed -i 's/^\t\tlock_changed(rule, change);/\t\t(void) lock_changed;/' src/rule/limit.c
