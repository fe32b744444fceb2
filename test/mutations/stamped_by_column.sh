# Who may write a time by a right to its column does without it
#: SUITES=regress REGRESS="install properties"
sed -i '/^permitted(/,/^}/s/result = lappend_int(result, lfirst_int(lc))/(void) 0/' src/link/link_stamps.c
