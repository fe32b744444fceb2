/*
 * lock.c
 *		Locks: on several relations at once, on an extension, and by which
 *		calls on the same links go one by one, with the error where such a
 *		lock came too late for the transaction's snapshot.
 *
 * Who waits for one relation while holding another can deadlock with
 * whoever takes them the other way round: a reader of a link view locks the
 * view and then its tables, DDL on a table locks that and then what depends
 * on it, a transaction that has inserted a row holds that table.  Whoever
 * locks several relations here does not wait while holding: all are taken, or
 * none.
 */
#include "postgres.h"

#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/inval.h"
#include "utils/typcache.h"

#include "execute.h"
#include "m2m.h"

/* Keys that a transaction locks one by one; see m2m_lock_keys(). */
#define KEY_LOCKS 64

/* How many there are, and of which transaction. */
static uint64 key_locks = 0;
static LocalTransactionId key_locks_of = InvalidLocalTransactionId;

static void lock_hashes(Oid relid, uint16 of_all, uint16 of_each,
						uint32 *hash, uint64 count);
static void count_key_locks(void);

/*
 * m2m_lock_relations: takes the lock on all of the relations.  Where one is
 * not to be had at once, gives back those that it has, waits for that one and
 * starts from there.  What the transaction had locked before, it keeps.
 */
void
m2m_lock_relations(List *relids, LOCKMODE lockmode)
{
	List	   *lockmodes = NIL;

	for (int i = 0; i < list_length(relids); i++)
		lockmodes = lappend_int(lockmodes, lockmode);
	m2m_lock_relations_each(relids, lockmodes);
}

/*
 * m2m_lock_relations_each: the same with a lock mode for each relation, a list
 * of integers.
 */
void
m2m_lock_relations_each(List *relids, List *lockmodes)
{
	int			n = list_length(relids);
	int			first = 0;

	for (;;)
	{
		int			taken;

		if (n == 0)
			return;

		/*
		 * The only wait, and nothing that was taken here is held meanwhile.
		 * (What the transaction holds from before it may deadlock on, as any
		 * LOCK TABLE can.)
		 */
		LockRelationOid(list_nth_oid(relids, first),
						list_nth_int(lockmodes, first));
		for (taken = 1; taken < n; taken++)
		{
			int			next = (first + taken) % n;

			if (!ConditionalLockRelationOid(list_nth_oid(relids, next),
											list_nth_int(lockmodes, next)))
				break;
		}
		if (taken == n)
			return;

		/*
		 * Nothing has been read or changed under them, so they may go before
		 * the transaction ends.  Locks are counted: one that we had before
		 * stays.
		 */
		for (int i = 0; i < taken; i++)
		{
			int			held = (first + i) % n;

			UnlockRelationOid(list_nth_oid(relids, held),
							  list_nth_int(lockmodes, held));
		}

		/* by the time it is ours, the others are likely to be free */
		first = (first + taken) % n;
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * m2m_lock_if_free: takes the lock on all of the relations, or on none where
 * one is not to be had at once; returns whether it did.
 */
bool
m2m_lock_if_free(List *relids, LOCKMODE lockmode)
{
	int			taken = 0;
	ListCell   *lc;

	foreach(lc, relids)
	{
		if (!ConditionalLockRelationOid(lfirst_oid(lc), lockmode))
			break;
		taken++;
	}
	if (taken == list_length(relids))
		return true;
	for (int i = 0; i < taken; i++)
		UnlockRelationOid(list_nth_oid(relids, i), lockmode);
	return false;
}

/*
 * m2m_lock_object_if_free: takes the lock on something of the database that is
 * no relation, if it is to be had at once; returns whether it did.
 * ConditionalLockDatabaseObject() does so, but early minors lack it.
 */
bool
m2m_lock_object_if_free(Oid classid, Oid objid, LOCKMODE lockmode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, classid, objid, 0);
	if (LockAcquire(&tag, lockmode, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	AcceptInvalidationMessages();
	return true;
}

/*
 * m2m_lock_extension: takes a lock against which an extension is not dropped,
 * until the end of the transaction (AccessShareLock), or by which it is about
 * to be (AccessExclusiveLock).
 *
 * Not the lock on the extension itself: ALTER FUNCTION ... DEPENDS ON
 * EXTENSION, which is anybody's to run on a function of his, takes that
 * exclusively and keeps it as long as he likes.  No command of PostgreSQL's
 * locks a part of an extension: this lock is taken by us alone, exclusively
 * only for who is going to drop the extension and may.
 */
void
m2m_lock_extension(Oid extension, LOCKMODE lockmode)
{
	LOCKTAG		tag;

	/* LockDatabaseObject() has 0 for the last: this is another lock */
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ExtensionRelationId, extension, 1);
	(void) LockAcquire(&tag, lockmode, false, false);

	/* see what was done by who had it */
	AcceptInvalidationMessages();
}

/*
 * m2m_keep_extension: keeps an extension from being dropped until the end of
 * the transaction.  Returns its OID; where there is none, InvalidOid if
 * missing_ok, or else error 42704.
 */
Oid
m2m_keep_extension(const char *name, bool missing_ok)
{
	for (;;)
	{
		Oid			extension = get_extension_oid(name, missing_ok);

		if (!OidIsValid(extension))
			return InvalidOid;

		/* while we waited it may have been dropped, and made anew */
		m2m_lock_extension(extension, AccessShareLock);
		if (get_extension_oid(name, true) == extension)
			return extension;
	}
}

/*
 * m2m_keep_extension_if_free: the same of one that is there, unless somebody
 * is about to drop it; returns whether it is kept.  Waits for nobody.
 */
bool
m2m_keep_extension_if_free(const char *name)
{
	Oid			extension = get_extension_oid(name, true);
	LOCKTAG		tag;

	if (!OidIsValid(extension))
		return false;
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, ExtensionRelationId, extension, 1);
	if (LockAcquire(&tag, AccessShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	AcceptInvalidationMessages();
	return get_extension_oid(name, true) == extension;
}

/*
 * m2m_lock_links: where nothing keeps the pairs of an association
 * unique, calls that look for a pair and then insert it go one by one.  A
 * lock of our own: it needs no privilege and stops nobody else.  Held until
 * the end of the transaction.
 */
void
m2m_lock_links(M2mRelationship *rel)
{
	LOCKTAG		tag;

	/*
	 * Where others have the OID of a system catalog, this has a user table's:
	 * no other lock has that.  0 is no side: m2m_lock_links_of_row()'s are
	 * others.
	 */
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel->association, 0, 0);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * m2m_lock_links_shared: whoever makes a link of a pair that may have several,
 * and leaves it to an index which of them there are, keeps those off that look
 * whether the pair has any, and these him; he stops nobody else who does so.
 */
void
m2m_lock_links_shared(M2mRelationship *rel)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel->association, 0, 0);
	(void) LockAcquire(&tag, RowShareLock, false, false);
}

/*
 * m2m_lock_links_of_row: calls of m2m_set on one row go one by one.  The lock
 * is on the association and a hash of the row's key; equal keys must have
 * equal hashes, so types without a hash function share one lock.
 *
 * Not a lock on the endpoint's row: that would take a right to update it, and
 * stop those who only change it.  Rows with one hash wait for each other
 * without need, and that is all.  Held until the end of the transaction: what
 * it was taken for is seen by nobody else before.  The caller holds a lock on
 * the association, and takes this before his snapshot.  Waits for m2m_set and
 * m2m_clear only; who takes several in a transaction can deadlock with whoever
 * takes them the other way round.
 */
void
m2m_lock_links_of_row(M2mRelationship *rel, M2mSide side, M2mIds *id)
{
	uint32		hash = 0;
	LOCKTAG		tag;

	for (int i = 0; i < id->nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];
		TypeCacheEntry *type = lookup_type_cache(key->type,
												 TYPECACHE_HASH_PROC_FINFO);

		if (OidIsValid(type->hash_proc_finfo.fn_oid))
			hash = hash_combine(hash, DatumGetUInt32(
													 FunctionCall1Coll(&type->hash_proc_finfo,
																	   key->collation,
																	   id->value[i])));
	}

	/* a hash, not the key: a lock's tag has four bytes to spare for it */
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel->association, hash, side + 1);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * m2m_lock_keys: rules that count the links of rows go one by one on each of
 * these: a lock on the association and the hash of a key of a side, held until
 * the end of the transaction, with a weak one on all keys of that side.  hash
 * is sorted, each once, so that two calls do not wait for each other.
 *
 * The lock table is shared, and has room for some thousands: a call, or a
 * transaction, that comes to more than KEY_LOCKS keys locks all keys of the
 * side instead.  A call knows that beforehand, and waits with nothing in hand;
 * two transactions that come to so many call by call can deadlock.
 */
void
m2m_lock_keys(M2mRelationship *rel, M2mSide side, uint32 *hash, uint64 count)
{
	lock_hashes(rel->association, side + 3, side + 5, hash, count);
}

/*
 * m2m_await_key: waits until nobody else has such a lock on a key, and takes
 * none.
 */
void
m2m_await_key(M2mRelationship *rel, M2mSide side, uint32 hash)
{
	LOCKTAG		all;
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(all, MyDatabaseId, rel->association, 0, side + 3);
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel->association, hash, side + 5);
	(void) LockAcquire(&all, ShareLock, false, false);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
	(void) LockRelease(&tag, ExclusiveLock, false);
	(void) LockRelease(&all, ShareLock, false);
}

/*
 * m2m_lock_rows: the same as m2m_lock_keys() of rows of a table, for rules that look whether they
 * have links in any relationship; hash may be NULL for all rows.
 */
void
m2m_lock_rows(Oid relid, uint32 *hash, uint64 count)
{
	lock_hashes(relid, 7, 8, hash, hash == NULL ? KEY_LOCKS + 1 : count);
}

/*
 * lock_hashes: of_all and of_each tell these locks from others of the relation.
 */
static void
lock_hashes(Oid relid, uint16 of_all, uint16 of_each, uint32 *hash,
			uint64 count)
{
	LOCKTAG		all;
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(all, MyDatabaseId, relid, 0, of_all);
	if (count == 0 || m2m_lock_held_by_me(&all, ExclusiveLock))
		return;
	if (count <= KEY_LOCKS)
	{
		uint64		more = 0;

		for (uint64 i = 0; i < count; i++)
		{
			SET_LOCKTAG_OBJECT(tag, MyDatabaseId, relid, hash[i], of_each);
			if (!m2m_lock_held_by_me(&tag, ExclusiveLock))
				more++;
		}
		count_key_locks();
		if (more == 0)
			return;
		if (key_locks + more <= KEY_LOCKS)
		{
			(void) LockAcquire(&all, ShareLock, false, false);
			for (uint64 i = 0; i < count; i++)
			{
				SET_LOCKTAG_OBJECT(tag, MyDatabaseId, relid, hash[i],
								   of_each);
				(void) LockAcquire(&tag, ExclusiveLock, false, false);
			}
			key_locks += more;
			return;
		}
	}
	(void) LockAcquire(&all, ExclusiveLock, false, false);
}

/*
 * m2m_lock_all_keys: the same of all keys of a side, for who does not know them
 * yet.
 */
void
m2m_lock_all_keys(M2mRelationship *rel, M2mSide side)
{
	LOCKTAG		all;

	SET_LOCKTAG_OBJECT(all, MyDatabaseId, rel->association, 0, side + 3);
	(void) LockAcquire(&all, ExclusiveLock, false, false);
}

/*
 * count_key_locks: key_locks is for one transaction.  One that was rolled back
 * in part has fewer locks than it says, which costs no more than a lock that
 * is too wide.
 */
static void
count_key_locks(void)
{
	LocalTransactionId now = m2m_my_lxid();

	if (key_locks_of != now)
		key_locks = 0;
	key_locks_of = now;
}

/*
 * m2m_error_newer_links: the error for links of the row of an m2m_set that its
 * snapshot does not show, 40001.
 */
void
m2m_error_newer_links(void)
{
	m2m_error_newer("Links of this row were made after the transaction's snapshot was taken.");
}

/* m2m_error_newer: error 40001, for links that our snapshot does not show. */
void
m2m_error_newer(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update"),
			 errdetail_internal("%s", detail),
			 errhint("The transaction might succeed if retried.")));
}
