# Missing rows are inserted in one order, whatever order they are named in
#: SUITES=isolation ISOLATION="by_create"
sed -i '/^insert_text/,/^}/s/ p ORDER BY "/ p ORDER BY p.o, "/' src/link/link_by.c
