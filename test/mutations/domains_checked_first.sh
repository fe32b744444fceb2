# Link views show columns of domains as they are
#: SUITES=regress REGRESS="install view_batch"
sed -i 's/appendStringInfoString(&sql, column->as_domain ? source :/appendStringInfoString(\&sql, true ? source :/' src/view/view_text.c
