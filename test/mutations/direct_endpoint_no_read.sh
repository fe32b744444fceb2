# SERIALIZABLE: the rows that links refer to are not read
#: SUITES=isolation ISOLATION="direct_serializable"
sed -i '/^begin_check(/,/^}/s/if (IsolationIsSerializable())/if (false)/' src/direct/link_batch.c
