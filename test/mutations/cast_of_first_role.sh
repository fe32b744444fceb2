# Who may execute a cast was asked once
#: SUITES=pgtap
sed -i '/^check_functions/,/^}/s/if (result != ACLCHECK_OK)/if (false)/' src/ids/keys.c
