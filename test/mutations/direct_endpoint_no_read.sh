# SERIALIZABLE: the rows that links refer to are not read
#: SUITES=isolation ISOLATION="direct_serializable"
sed -i '/^find_endpoint(/,/^}/s/table->snapshot/\&table->dirty/' src/direct/direct_row.c
