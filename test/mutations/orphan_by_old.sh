# An orphan that an old snapshot does not show stays
#: SUITES=isolation ISOLATION="rule_rewritten"
sed -i 's/M2M_RULE_WRITE_SEEN/M2M_RULE_COMMAND/' src/rule/orphan_commit.c
