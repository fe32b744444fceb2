# A name with a percent sign is no format
#: SUITES=regress REGRESS="install rule_hostile"
sed -i "s/while (quoted || strncmp/while (strncmp/" src/rule/rule_define.c
