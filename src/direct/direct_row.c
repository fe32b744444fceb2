/*
 * direct_row.c
 *		What the direct path does with one link: looks for it, inserts it,
 *		enters it into an index, checks its foreign keys.
 *
 * The promises kept here are those of nodeModifyTable.c, execIndexing.c
 * (check_exclusion_or_unique_constraint), nodeLockRows.c and ri_triggers.c
 * (RI_FKey_check), which are the places to compare with.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "direct_internal.h"
#include "execute.h"
#include "ids.h"
#include "m2m.h"

static Datum number_value(M2mDirectTable *table, int i);
static void found_linked(M2mDirectTable *table, Datum *pair);
static void end_dirty_scan(M2mDirectTable *table);
static bool look_up(M2mDirectTable *table, IndexScanDesc *scan,
					Snapshot snapshot, Datum *pair);
static bool fetch_at(M2mDirectTable *table, Datum *pair, ItemPointer root,
					 Snapshot snapshot);
static bool find_endpoint(M2mDirectTable *table, M2mSide side, Datum *pair,
						  M2mIndexEntry *entry);
static bool may_have_changed(TupleTableSlot *slot);
static bool has_key(M2mDirectTable *table, M2mSide side, TupleTableSlot *slot,
					Datum *pair);

/* number_value: a number of the row, as the association's column has it. */
static Datum
number_value(M2mDirectTable *table, int i)
{
	Oid			type = TupleDescAttr(RelationGetDescr(table->association),
									 table->direct->number[i] - 1)->atttypid;

	return type == INT2OID ? Int16GetDatum((int16) table->number[i]) :
		type == INT4OID ? Int32GetDatum((int32) table->number[i]) :
		Int64GetDatum(table->number[i]);
}

/*
 * m2m_direct_fill: makes a row of the association from a pair, and the numbers
 * of the table.  The slot is virtual: it points to the pair's values.
 */
void
m2m_direct_fill(M2mDirectTable *table, TupleTableSlot *slot, Datum *pair)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < table->order->natts; i++)
	{
		if (m2m_direct_is_copy(table, i))
			continue;
		slot->tts_values[table->attnum[i] - 1] =
			m2m_direct_value(table, i, pair[i]);
		slot->tts_isnull[table->attnum[i] - 1] = false;
	}
	for (int i = 0; i < table->direct->nnumbers; i++)
	{
		AttrNumber	attnum = table->direct->number[i];

		slot->tts_values[attnum - 1] = number_value(table, i);
		slot->tts_isnull[attnum - 1] = false;
	}
	ExecStoreVirtualTuple(slot);
}

/*
 * m2m_direct_read: the pair in a row of the association; its values are as
 * good as the slot.  An integer is read as it is, also if it is no value of
 * the key's type: no key is equal to it then.
 */
void
m2m_direct_read(M2mDirectTable *table, TupleTableSlot *slot, Datum *pair)
{
	slot_getallattrs(slot);
	for (int i = 0; i < table->order->natts; i++)
		pair[i] = slot->tts_values[table->attnum[i] - 1];
}

/*
 * m2m_direct_value: a column of a pair as a value of the association's column,
 * to be stored there or sought in its indexes.  It fits (m2m_ids_fit()).
 */
Datum
m2m_direct_value(M2mDirectTable *table, int column, Datum value)
{
	Oid			type;

	if (!table->direct->converts || !table->order->column[column].integer)
		return value;
	type = TupleDescAttr(RelationGetDescr(table->association),
						 table->attnum[column] - 1)->atttypid;

	/* clean, so it holds the number, whichever integer the key is */
	return type == INT2OID ? Int16GetDatum((int16) DatumGetInt64(value)) :
		type == INT4OID ? Int32GetDatum((int32) DatumGetInt64(value)) : value;
}

/*
 * m2m_direct_exists: is the pair there, for whoever inserts it now?  Waits for
 * transactions that are inserting or deleting it.  In REPEATABLE READ and
 * above, one that our snapshot does not show is 40001.
 *
 * As ON CONFLICT DO NOTHING looks: check_exclusion_or_unique_constraint() and
 * ExecCheckTIDVisible() in PostgreSQL.
 */
bool
m2m_direct_exists(M2mDirectTable *table, Datum *pair)
{
	for (;;)
	{
		ItemPointerData place;
		TransactionId xwait;
		uint32		token;

		if (!look_up(table, &table->dirty_scan, &table->dirty, pair))
		{
			end_dirty_scan(table);
			return false;
		}

		/*
		 * HeapTupleSatisfiesDirty() tells whose insert or delete is under
		 * way.  The one may be undone, and so may the other: neither answer
		 * is true before that transaction has ended.  Then the look is made
		 * anew, as in check_exclusion_or_unique_constraint(): meanwhile the
		 * row may have gone, and another of the pair have come.
		 */
		xwait = TransactionIdIsValid(table->dirty.xmin) ?
			table->dirty.xmin : table->dirty.xmax;
		if (!TransactionIdIsValid(xwait))
			break;

		/* the slot is cleared with the pins; the place is for the message */
		place = table->found->tts_tid;
		token = table->dirty.speculativeToken;
		m2m_direct_unpin(table);

		/*
		 * Whoever speculates may have to take his row back and wait for a
		 * pair of ours.  Who waited for the end of his transaction, and not
		 * just of the speculation, would then be in a deadlock with him that
		 * no order of pairs prevents (heap_abort_speculative() has more).
		 */
		if (token != 0)
			SpeculativeInsertionWait(xwait, token);
		else
			XactLockTableWait(xwait, table->association, &place,
							  XLTW_InsertIndex);
		CHECK_FOR_INTERRUPTS();
	}
	found_linked(table, pair);
	end_dirty_scan(table);
	return true;
}

/*
 * m2m_direct_exists_at: the same where an index entry of the pair has been
 * seen to point, without a search.  False means that it takes one: the row is
 * not just there, or somebody is inserting or deleting it.
 *
 * Nothing keeps VACUUM from giving the place to another row, so the row is
 * asked for its pair.
 */
bool
m2m_direct_exists_at(M2mDirectTable *table, Datum *pair, ItemPointer root)
{
	bool		result = fetch_at(table, pair, root, &table->dirty) &&
		!TransactionIdIsValid(table->dirty.xmin) &&
		!TransactionIdIsValid(table->dirty.xmax);

	if (result)
		found_linked(table, pair);
	ExecClearTuple(table->found);
	return result;
}

/*
 * found_linked: what it takes to say that a pair is linked whose row, in
 * table->found, is in the way of another.
 *
 * In REPEATABLE READ and above it is 40001 if our snapshot does not show that
 * row: as ExecCheckTIDVisible().  In SERIALIZABLE it is a read, too, on which
 * the outcome of the call depends; but no scan by a dirty snapshot counts as
 * one (nor does every minor release let ON CONFLICT's count), so the pair is
 * read once more by ours.
 */
static void
found_linked(M2mDirectTable *table, Datum *pair)
{
	/* in READ COMMITTED a statement may build on what is newer than it */
	if (!IsolationUsesXactSnapshot())
		return;
	if (!table_tuple_satisfies_snapshot(table->association, table->found,
										table->snapshot))
	{
		bool		isnull;
		Datum		xmin = slot_getsysattr(table->found,
										   MinTransactionIdAttributeNumber,
										   &isnull);

		/* one of ours is newer than the snapshot's command, and no conflict */
		if (!TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin)))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update")));
	}
	if (IsolationIsSerializable())
		(void) m2m_direct_find(table, pair);
}

/*
 * end_dirty_scan: ends the scan by a dirty snapshot, which keeps pages pinned,
 * and one of which is of no use for the next pair.
 */
static void
end_dirty_scan(M2mDirectTable *table)
{
	ExecClearTuple(table->found);
	if (table->dirty_scan != NULL)
		index_endscan(table->dirty_scan);
	table->dirty_scan = NULL;
}

/*
 * m2m_direct_find: finds the link of a pair that the call's snapshot shows;
 * its row is in table->found then.
 */
bool
m2m_direct_find(M2mDirectTable *table, Datum *pair)
{
	return look_up(table, &table->pair_scan, table->snapshot, pair);
}

/*
 * m2m_direct_check_mirror: the row of a pair has been deleted where a link is
 * two rows.  The other goes, too, and is found by the snapshot; in REPEATABLE
 * READ and above it is 40001 if it is there, but younger than that: it would be
 * left alone.  As the cascade of the foreign key between the two says it.
 */
void
m2m_direct_check_mirror(M2mDirectTable *table, Datum *pair)
{
	Snapshot	latest;
	IndexScanDesc scan = NULL;

	if (!OidIsValid(table->rel->mirror) || !IsolationUsesXactSnapshot() ||
		m2m_pair_direction(table->order, pair) == 0)
		return;
	latest = RegisterSnapshot(GetLatestSnapshot());
	if (look_up(table, &scan, latest, m2m_pair_mirrored(table->order, pair)) &&
		!table_tuple_satisfies_snapshot(table->association, table->found,
										table->snapshot))
		m2m_error_newer("The link was made one without a direction after the transaction's snapshot was taken.");
	ExecClearTuple(table->found);
	index_endscan(scan);
	UnregisterSnapshot(latest);
}

/*
 * m2m_direct_fetch: finds the link of a pair that the call's snapshot shows
 * where an index entry of it has been seen to point; its row is in
 * table->found then, and its place is the slot's.
 *
 * An index entry points to the root of a HOT chain.  That need not be the row
 * that the snapshot shows, nor any row: after pruning it can be a mere
 * redirection, and a row to be deleted must never be looked for there.
 */
bool
m2m_direct_fetch(M2mDirectTable *table, Datum *pair, ItemPointer root)
{
	return fetch_at(table, pair, root, table->snapshot);
}

/*
 * m2m_direct_insert: inserts one pair into heap, unique index and those of a
 * number unless it is there; returns whether it did, and where.  With look false it is not looked
 * for before; the caller has.
 *
 * Speculative insertion, as in ExecInsert: of two sessions that insert the
 * pair at once, the one whose entry comes second sees the other's, takes its
 * row back, and looks again.  What is taken back was never there: logical
 * decoding passes it over.  It is completed before anything else is written,
 * since decoding keeps one such row in mind.
 */
bool
m2m_direct_insert(M2mDirectTable *table, Datum *pair, bool look,
				  ItemPointer place)
{
	for (;; look = true)
	{
		TransactionId xid;
		bool		ours;

		if (look && m2m_direct_exists(table, pair))
			return false;

		/*
		 * The token is held before the row is there: whoever finds the row
		 * finds what to wait for.  It is a lock of the lock manager's, which
		 * an error releases; the row is then one of an aborted transaction,
		 * whether it was completed or not.
		 *
		 * One does for many rows, of which none but the last is ever not
		 * completed.  Who waits for it on account of one that is by now would
		 * find that a plain one of our transaction, and wait for this; so he
		 * loses nothing.  Who waits for a row that we take back must not wait
		 * for more, nor may we while somebody waits for the token.
		 */
		xid = GetCurrentTransactionId();
		if (table->token == 0)
			table->token = SpeculativeInsertionLockAcquire(xid);
		m2m_direct_number(table, pair);
		m2m_direct_fill(table, table->row, pair);
		table_tuple_insert_speculative(table->association, table->row,
									   GetCurrentCommandId(true), 0, NULL,
									   table->token);
		*place = table->row->tts_tid;

		/*
		 * _bt_doinsert() looks for others and makes the entry under one lock
		 * of the page where entries of the pair begin.  So of two sessions
		 * the second, and only that, sees the other's row, whether that is
		 * completed or not; it never takes both to give way.
		 */
		ours = m2m_direct_index_insert(table, table->unique, pair, place,
									   UNIQUE_CHECK_PARTIAL);

		/*
		 * Completed before the token goes: who waited for that looks again,
		 * and has to find the row a plain one of our transaction, or dead
		 * (heap_finish_speculative(), heap_abort_speculative()).  The other
		 * indexes have no entry yet: none is left of a row taken back.
		 */
		table_tuple_complete_speculative(table->association, table->row,
										 table->token, ours);
		if (!ours)
			m2m_direct_end_speculation(table);
		ExecClearTuple(table->row);
		if (ours)
		{
			/* those of a number have it now, and a sort of pairs would not */
			for (int i = 0; i < table->nindexes; i++)
			{
				if (table->index[i].at_once)
					m2m_direct_index_insert(table, &table->index[i], pair,
											place, UNIQUE_CHECK_NO);
			}
			return true;
		}

		/* the pair that is in the way may still come to nothing: look, wait */
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * m2m_direct_end_speculation: lets go of the token of m2m_direct_insert(), if it
 * is held.  Before anything that may wait (m2m_direct_unpin()), and now and then.
 */
void
m2m_direct_end_speculation(M2mDirectTable *table)
{
	if (table->token == 0)
		return;
	SpeculativeInsertionLockRelease(GetCurrentTransactionId());
	table->token = 0;
}

/*
 * look_up: finds a row of the pair in the unique index; it is in table->found
 * then.  A scan is begun if there is none.  Runs in the context that the scan
 * lives in, since index scans allocate memory as they go and keep it.
 */
static bool
look_up(M2mDirectTable *table, IndexScanDesc *scan, Snapshot snapshot,
		Datum *pair)
{
	MemoryContext old = MemoryContextSwitchTo(table->context);
	int			n = table->rel->nlink;
	bool		result;

	if (*scan == NULL)
		*scan = m2m_index_beginscan(table->association, table->unique->index,
									snapshot, n);
	for (int i = 0; i < n; i++)
	{
		int			c = table->unique->column[i];

		table->unique_key[i].sk_argument = m2m_direct_value(table, c, pair[c]);
	}

	/*
	 * One row is all that is asked for, also by the dirty snapshot: what it
	 * shows is there, or is waited for, and a new scan begun.  So the pair's
	 * values, to which the scan points, need not last beyond this.
	 */
	index_rescan(*scan, table->unique_key, n, NULL, 0);
	result = index_getnext_slot(*scan, ForwardScanDirection, table->found);
	MemoryContextSwitchTo(old);
	return result;
}

/*
 * fetch_at: fetches a row of the association by an index entry, as a snapshot
 * shows it, into table->found; false if it shows none or that is another pair.
 */
static bool
fetch_at(M2mDirectTable *table, Datum *pair, ItemPointer root,
		 Snapshot snapshot)
{
	MemoryContext old = MemoryContextSwitchTo(table->context);
	ItemPointerData at = *root;
	Datum		now[2 * INDEX_MAX_KEYS];
	bool		again = false;
	bool		result;

	if (table->fetch == NULL)
		table->fetch = m2m_table_index_fetch_begin(table->association);

	/*
	 * Moves along the HOT chain, and "at" with it, to the first row that the
	 * snapshot shows.  A dirty snapshot may show a later one, too, but only
	 * behind one that somebody is changing, which is no answer here anyway.
	 */
	result = table_index_fetch_tuple(table->fetch, &at, snapshot,
									 table->found, &again, NULL);
	MemoryContextSwitchTo(old);
	if (result)
	{
		m2m_direct_read(table, table->found, now);
		result = m2m_pair_compare(table->order, 0, table->order->natts, now,
								  pair) == 0;
	}
	if (!result)
		ExecClearTuple(table->found);
	return result;
}

/*
 * m2m_direct_side_scan: a scan of an index that begins with the columns of a
 * side (m2m_direct_side_index()), to be started by m2m_direct_side_rescan();
 * the caller ends it by index_endscan(), before anything that may wait:
 * m2m_direct_unpin() knows nothing of it.
 */
IndexScanDesc
m2m_direct_side_scan(M2mDirectTable *table, M2mDirectIndex *index,
					 M2mSide side, Snapshot snapshot)
{
	return m2m_index_beginscan(table->association, index->index, snapshot,
							   table->rel->side[side].nkeys);
}

/*
 * m2m_direct_side_rescan: starts a scan of all links of one row of a side, in
 * no particular order.
 */
void
m2m_direct_side_rescan(M2mDirectTable *table, M2mDirectIndex *index,
					   IndexScanDesc scan, M2mSide side, Datum *key)
{
	int			first = side == M2M_LEFT ? 0 : table->order->nleft;
	int			nkeys = table->rel->side[side].nkeys;
	ScanKeyData scankey[INDEX_MAX_KEYS];

	for (int i = 0; i < nkeys; i++)
	{
		int			c = m2m_direct_side_column(table, side, index->column[i]);
		Oid			equal = get_opfamily_member(index->index->rd_opfamily[i],
												index->index->rd_opcintype[i],
												index->index->rd_opcintype[i],
												BTEqualStrategyNumber);

		ScanKeyEntryInitialize(&scankey[i], 0, i + 1, BTEqualStrategyNumber,
							   InvalidOid, index->index->rd_indcollation[i],
							   get_opcode(equal),
							   m2m_direct_value(table, c, key[c - first]));
	}
	index_rescan(scan, scankey, nkeys, NULL, 0);
}

/*
 * m2m_direct_lock_endpoint: is the row that a side of the pair refers to
 * there?  If so it is locked KEY SHARE until the end of the transaction, as
 * RI_FKey_check's query does.  entry, or NULL, is what a look at the index has
 * shown, which may save searching it.
 *
 * False means that it was not found and locked so simply, and says no more:
 * m2m_direct_check_row() has the last word.  So it is where anybody has
 * updated or deleted the version that our snapshot shows, or is about to: it
 * is RI_FKey_check's query then that waits, with a snapshot of before the
 * wait.
 *
 * In READ COMMITTED that query would take its snapshot now; ours is as old as
 * the call.  A row that only the newer one shows is not found here.  One that
 * only ours shows has been changed meanwhile, and if that came to pass just
 * between our look and the lock, locking finds it out: it follows updates to
 * the latest version, and that must have the key still.
 */
bool
m2m_direct_lock_endpoint(M2mDirectTable *table, M2mSide side, Datum *pair,
						 M2mIndexEntry *entry)
{
	M2mDirectEndpoint *endpoint = &table->endpoint[side];
	uint8		flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;
	MemoryContext old = MemoryContextSwitchTo(table->context);
	bool		result = false;

	/*
	 * The flags are ExecLockRows()'s.  An update in progress that leaves the
	 * key alone does not stand in the way of KEY SHARE; its new version has
	 * to be locked with the old one, or the lock would be gone when it
	 * commits.  A version that has committed since our snapshot is followed
	 * in READ COMMITTED; above, it is the trigger's 40001.
	 */
	if (!IsolationUsesXactSnapshot())
		flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
	if (find_endpoint(table, side, pair, entry) &&
		!may_have_changed(endpoint->slot))
	{
		ItemPointerData place = endpoint->slot->tts_tid;
		LockWaitPolicy policy = LockWaitSkip;
		TM_FailureData failure;
		TM_Result	locked;

		/* nearly always nobody holds it; else let go of pages, and wait */
		for (;;)
		{
			ItemPointerData at = place;

			locked = table_tuple_lock(endpoint->relation, &at, table->snapshot,
									  endpoint->locked,
									  GetCurrentCommandId(true),
									  LockTupleKeyShare, policy, flags,
									  &failure);
			if (locked != TM_WouldBlock)
				break;
			m2m_direct_unpin(table);
			policy = LockWaitBlock;
		}

		/*
		 * All but TM_Ok is left to the trigger, which meets the same row and
		 * knows which error it is.  A version that was followed may have got
		 * another key since the look: as EvalPlanQual() has it, the condition
		 * is put to the version that was locked.
		 */
		result = locked == TM_Ok &&
			(!failure.traversed ||
			 has_key(table, side, endpoint->locked, pair));
		ExecClearTuple(endpoint->locked);
	}
	MemoryContextSwitchTo(old);
	return result;
}

/*
 * find_endpoint: finds the row that a side of a pair refers to, as the call's
 * snapshot shows it; it is in the endpoint's slot then.  Where an index entry
 * of the key has been seen, that is followed; as for links, the place may have
 * got another row meanwhile.
 */
static bool
find_endpoint(M2mDirectTable *table, M2mSide side, Datum *pair,
			  M2mIndexEntry *entry)
{
	M2mDirectEndpoint *endpoint = &table->endpoint[side];
	M2mDirectKey *key = &table->direct->key[side];

	if (entry != NULL && entry->kind == M2M_ENTRY_ONE)
	{
		ItemPointerData at = entry->place;
		bool		again = false;

		if (endpoint->fetch == NULL)
			endpoint->fetch = m2m_table_index_fetch_begin(endpoint->relation);
		if (table_index_fetch_tuple(endpoint->fetch, &at, table->snapshot,
									endpoint->slot, &again, NULL) &&
			has_key(table, side, endpoint->slot, pair))
			return true;
		ExecClearTuple(endpoint->slot);
	}

	/*
	 * Also where no entry was seen: that was true of a moment that has
	 * passed, and a key that is not there is nearly always an error, which
	 * need not be fast.  In SERIALIZABLE, where no entry is ever given
	 * (begin_check()), it is this scan that makes the key one we have read.
	 */
	if (endpoint->scan == NULL)
		endpoint->scan = m2m_index_beginscan(endpoint->relation,
											 endpoint->index.index,
											 table->snapshot, key->nkeys);
	for (int i = 0; i < key->nkeys; i++)
		key->scankey[i].sk_argument = pair[key->column[i]];
	index_rescan(endpoint->scan, key->scankey, key->nkeys, NULL, 0);
	return index_getnext_slot(endpoint->scan, ForwardScanDirection,
							  endpoint->slot);
}

/*
 * may_have_changed: has the version of a row that was found been updated or
 * deleted, or is somebody about it?  Who only locks it does not count.
 *
 * Read with the page pinned but not locked, so it may be out of date when it
 * is returned: true costs a call of the trigger, and false is put right by
 * table_tuple_lock(), which looks again with the page locked.
 */
static bool
may_have_changed(TupleTableSlot *slot)
{
	uint16		infomask =
		ExecFetchSlotHeapTuple(slot, false, NULL)->t_data->t_infomask;

	return !(infomask & HEAP_XMAX_INVALID) &&
		!HEAP_XMAX_IS_LOCKED_ONLY(infomask);
}

/* has_key: is a row of an endpoint what a side of the pair refers to? */
static bool
has_key(M2mDirectTable *table, M2mSide side, TupleTableSlot *slot,
		Datum *pair)
{
	M2mDirectKey *key = &table->direct->key[side];

	for (int i = 0; i < key->nkeys; i++)
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, key->attnum[i], &isnull);

		if (isnull ||
			!DatumGetBool(FunctionCall2Coll(&key->scankey[i].sk_func,
											key->scankey[i].sk_collation,
											value, pair[key->column[i]])))
			return false;
	}
	return true;
}

/*
 * m2m_direct_check_row: has PostgreSQL itself check the foreign keys of a row
 * just inserted, by the triggers of the association, in their order.  Raises
 * what these raise: 23503, or 40001.
 */
void
m2m_direct_check_row(M2mDirectTable *table, ItemPointer place)
{
	/* a copy, as InitResultRelInfo() makes: the query may reload relcache */
	TriggerDesc *triggers = CopyTriggerDesc(table->association->trigdesc);

	/*
	 * The trigger may wait, and this one pin stays while it does: who calls
	 * RI_FKey_check() has to hold it, since that asks whether the row is
	 * still alive.  AfterTriggerExecute() holds it just so.  SnapshotAny will
	 * do, as the row is our own and nobody can have touched it.
	 */
	m2m_direct_unpin(table);
	if (!table_tuple_fetch_row_version(table->association, place, SnapshotAny,
									   table->found))
		elog(ERROR, "could not fetch the link just inserted");
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];
		TriggerData data;
		FmgrInfo	function;

		LOCAL_FCINFO(fcinfo, 0);

		if (trigger->tgfoid != F_RI_FKEY_CHECK_INS)
			continue;
		memset(&data, 0, sizeof(data));
		data.type = T_TriggerData;
		data.tg_event = TRIGGER_EVENT_INSERT | TRIGGER_EVENT_ROW;
		data.tg_relation = table->association;
		data.tg_trigger = trigger;
		data.tg_trigslot = table->found;
		data.tg_trigtuple = ExecFetchSlotHeapTuple(table->found, false, NULL);
		fmgr_info(trigger->tgfoid, &function);
		InitFunctionCallInfoData(*fcinfo, &function, 0, InvalidOid,
								 (Node *) &data, NULL);
		FunctionCallInvoke(fcinfo);
	}
	ExecClearTuple(table->found);
}

/*
 * m2m_direct_index_insert: enters a row into an index, as
 * ExecInsertIndexTuples would, or puts the entry into the index's sort, if it
 * has one.  With UNIQUE_CHECK_PARTIAL, returns false if there may be another
 * row of that pair: the entry is made all the same, and the caller sees to it.
 * Waits for no transaction, but with UNIQUE_CHECK_YES for one that has the pair
 * in the making, which is why that is only for tables that nobody else can
 * write; error 23505 then.
 */
bool
m2m_direct_index_insert(M2mDirectTable *table, M2mDirectIndex *index,
						Datum *pair, ItemPointer place,
						IndexUniqueCheck check)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];

	for (int i = 0; i < index->natts; i++)
	{
		int			c = index->column[i];

		values[i] = c >= table->order->natts ?
			number_value(table, c - table->order->natts) :
			m2m_direct_value(table, c, pair[c]);
		isnull[i] = false;
	}
	if (index->sort != NULL)
	{
		m2m_index_sort_put(index->sort, values, isnull, place);
		return true;
	}
	return index_insert(index->index, values, isnull, place,
						table->association, check, false, index->info);
}
