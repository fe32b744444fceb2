# Links that come before their row are counted
#: SUITES=isolation ISOLATION="rule_deferred"
sed -i '/^counter_look(/,/^}/s/foreach(lc, kept)/foreach(lc, kept == NIL ? kept : NIL)/' src/rule/counter.c
