# Keys kept till commit are not compared by another type's functions
#: SUITES=regress REGRESS="install rule_hostile"
sed -i 's/if (!same_types(rule, p))/if (false)/' src/rule/limit.c
