# Tables are locked before the right to refer to them is asked
#: SUITES=isolation ISOLATION="ddl_no_rights"
perl -0pi -e 's/\tcheck_rights\(association, table\);\n\tfor/\tfor/' src/define/define_repair.c
