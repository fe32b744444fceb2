# Orphans of both roles of one table are locked rule by rule
#: SUITES=isolation ISOLATION="rule_both_roles"
sed -i '/^lock_lost(/,/^}/s/m2m_rule_each_once(hash, count)/count/' src/rule/orphan_commit.c
