# A row of an inheritance child is none that can be linked
#: SUITES=regress REGRESS="install link_by"
sed -i '/^find_text/,/^}/s/"" : "ONLY "/"" : ""/' src/link/link_by.c
