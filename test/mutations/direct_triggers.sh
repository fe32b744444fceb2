# Triggers of an association are passed over
#: SUITES=regress REGRESS="install direct_stands_aside"
sed -i '/^triggers_are_plain(/,/^}/s/if (m2m_rules_include(rel, trigger->tgoid))/if (m2m_rules_include(rel, trigger->tgoid) || !OidIsValid(trigger->tgconstraint))/' src/direct/direct_table.c
