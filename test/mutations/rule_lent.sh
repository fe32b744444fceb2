# Who has but TRIGGER on a table cannot lend its owner's rights
#: SUITES=regress REGRESS="install rule_hostile"
sed -i '/^m2m_rule_is_lent(/,/^}/s/if (!list_member_oid/if (false \&\& !list_member_oid/' src/rule/rule.c
