# A rule's SQL has no operator that the search_path of whoever links chooses
#: SUITES=pgtap PGTAP=security
sed -i "s/CASE WHEN \$2 OPERATOR(pg_catalog.<>) '' THEN \$2 END/NULLIF(\$2, '')/" src/rule/history.c
