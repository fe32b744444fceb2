# A link view is saved while its row in the catalog is being changed
#: SUITES=isolation ISOLATION="ddl_meanwhile"
sed -i 's/LockTupleNoKeyExclusive, LockWaitBlock,/LockTupleKeyShare, LockWaitBlock,/' src/view/view_save.c
