# Links are counted anew when the row is locked
#: SUITES=isolation ISOLATION="rule_counter"
sed -i 's/ ORDER BY %s FOR NO KEY UPDATE"$/ ORDER BY %s"/; s/^\(\t*\)" OF r",$/\1"",/' src/rule/counter.c
