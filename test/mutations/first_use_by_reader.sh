# Who may only read a join table has it adopted
#: SUITES=pgtap PGTAP=privileges
sed -i '/^may_insert(/,/^}/s/ACL_INSERT/ACL_SELECT/' src/define/define_first_use.c
