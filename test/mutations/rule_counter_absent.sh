# Links that come before their row are counted
#: SUITES=isolation ISOLATION="rule_deferred"
sed -i 's/RegisterXactCallback(at_commit, NULL);/(void) at_commit;/' src/rule/counter.c
