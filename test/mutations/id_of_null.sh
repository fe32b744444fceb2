# An id whose cast gives null is the number 0
#: SUITES=pgtap PGTAP=errors
perl -0pi -e 's/if \(isnull\)(\s+ereport\(ERROR,\s+\(errcode\(ERRCODE_NULL_VALUE_NOT_ALLOWED\),\s+errmsg\("cast of an id)/if (isnull \&\& result != 0)$1/' src/ids/keys.c
