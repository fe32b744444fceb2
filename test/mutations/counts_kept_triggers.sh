# Links are counted where the counter has not heard of them yet
#: SUITES=regress REGRESS="install counts_kept"
sed -i '/^m2m_counter_kept(/,/^}/s/(Datum) 0)) > 0/(Datum) 0)) < 0/' src/rule/counter.c
