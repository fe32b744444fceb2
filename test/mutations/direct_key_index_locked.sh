# An endpoint's index is locked before the endpoint
#: SUITES=isolation ISOLATION="endpoint_locked"
sed -i '/^describe_key_index(/,/^}/s/index_close(index, AccessShareLock);/index_close(index, NoLock);/' src/direct/direct_table.c
