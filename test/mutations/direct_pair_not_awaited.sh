# The direct path takes a link for there that another session has not committed
#: SUITES=isolation ISOLATION="direct_same link_same"
sed -i '/^m2m_direct_exists(/,/^}/s/if (!TransactionIdIsValid(xwait))/if (true || !TransactionIdIsValid(xwait))/' src/direct/direct_row.c
