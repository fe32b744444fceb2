# Rows that the snapshot does not show are written without a word
#: SUITES=isolation ISOLATION="rule_rewritten"
sed -i 's/seen ? GetTransactionSnapshot() : InvalidSnapshot/InvalidSnapshot/' src/execute/spi.c
