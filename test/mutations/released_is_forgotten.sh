# A savepoint that is taken back forgets what another, released one has done
#: SUITES=regress REGRESS="install put_back"
sed -i 's/else if (event == SUBXACT_EVENT_COMMIT_SUB)/else if (false)/' src/ddl/ddl_pending.c
