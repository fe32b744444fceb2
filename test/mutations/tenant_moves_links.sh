# A row that changes its tenant does not carry its links to the other's rows
#: SUITES=regress REGRESS="install shared"
sed -i '/^append_foreign_key/,/^}/s/"NO ACTION"/"CASCADE"/' src/define/define_create.c
