# Of links that are the same, that of the row that comes first is kept
#: SUITES=regress REGRESS="install merge"
sed -i '/^append_better/,/^}/s/g.ord OPERATOR(pg_catalog.<) m.ord/g.ord OPERATOR(pg_catalog.>) m.ord/' src/link/link_merge.c
