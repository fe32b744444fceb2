# A rule does not see what is written into children of its table
#: SUITES=pgtap PGTAP=errors
sed -i 's/if (has_subclass(association) || has_superclass(association) ||/if (/' src/rule/rule_define.c
