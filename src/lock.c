/*
 * lock.c
 *		Locks on several relations at once.
 *
 * Who waits for one relation while holding another can deadlock with
 * whoever takes them the other way round: a reader of a link view locks the
 * view and then its tables, DDL on a table locks that and then what depends
 * on it, a transaction that has inserted a row holds that table.  Here nobody
 * waits while holding: all are taken, or none.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/lmgr.h"

#include "m2m.h"

/*
 * m2m_lock_relations: takes the lock on all of the relations.  Where one is
 * not to be had at once, gives back those that it has, waits for that one and
 * starts from there.  What the transaction had locked before, it keeps.
 */
void
m2m_lock_relations(List *relids, LOCKMODE lockmode)
{
	int			n = list_length(relids);
	int			first = 0;

	for (;;)
	{
		int			taken;

		if (n == 0)
			return;
		LockRelationOid(list_nth_oid(relids, first), lockmode);
		for (taken = 1; taken < n; taken++)
		{
			if (!ConditionalLockRelationOid(list_nth_oid(relids,
														 (first + taken) % n),
											lockmode))
				break;
		}
		if (taken == n)
			return;
		for (int i = 0; i < taken; i++)
			UnlockRelationOid(list_nth_oid(relids, (first + i) % n),
							  lockmode);
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
