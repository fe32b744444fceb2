# What others write into a counter does not stay
#: SUITES=regress REGRESS="install rule_counter"
sed -i 's/if ((counting >= 0 /if ((true || counting >= 0 /' src/rule/counter.c
