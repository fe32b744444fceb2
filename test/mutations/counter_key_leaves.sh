# A row that gets another key takes the number of its links along
#: SUITES=regress REGRESS="install rule_counter_keys"
sed -i '/^leaves_links(/,/^}/s/return result;/return result \&\& false;/' src/rule/counter_define.c
