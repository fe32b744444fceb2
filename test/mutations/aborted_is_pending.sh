# A savepoint that is taken back leaves its command pending
#: SUITES=regress REGRESS="install put_back"
sed -i '/^forget_at_subend(/,/^}/s/if (event == SUBXACT_EVENT_ABORT_SUB)/if (false)/' src/ddl/ddl_pending.c
