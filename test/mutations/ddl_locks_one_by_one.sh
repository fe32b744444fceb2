# DDL waits for one lock with another in hand
#: SUITES=isolation ISOLATION="ddl_link ddl_readers ddl_own_locks ddl_key_readers"
sed -i '/^m2m_lock_relations_each(/,/^}/s/if (!ConditionalLockRelationOid(list_nth_oid(relids, next),/LockRelationOid(list_nth_oid(relids, next), list_nth_int(lockmodes, next)); if (false \&\& !ConditionalLockRelationOid(list_nth_oid(relids, next),/' src/execute/lock.c
