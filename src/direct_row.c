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
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "direct.h"

static void check_visible(M2mDirectTable *table, TupleTableSlot *slot);
static void end_dirty_scan(M2mDirectTable *table);
static bool find_other(M2mDirectTable *table, Datum *pair, ItemPointer place);
static bool is_taken_back(M2mDirectTable *table);
static bool look_up(M2mDirectTable *table, IndexScanDesc *scan,
					Snapshot snapshot, Datum *pair);
static bool find_at(M2mDirectTable *table, M2mSide side, Datum *pair,
					ItemPointer place);
static bool may_have_changed(TupleTableSlot *slot);
static bool find_latest(M2mDirectEndpoint *endpoint, M2mDirectKey *key);
static bool still_has_key(M2mDirectTable *table, M2mDirectKey *key,
						  TupleTableSlot *slot, Datum *pair);
pg_noreturn static void report_missing(M2mDirectTable *table, M2mSide side,
									   TupleTableSlot *link);

/*
 * m2m_direct_fill: makes a row of the association from a pair.  The slot is
 * virtual: it points to the pair's values.
 */
void
m2m_direct_fill(M2mDirectTable *table, TupleTableSlot *slot, Datum *pair)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < table->order->natts; i++)
	{
		slot->tts_values[table->attnum[i] - 1] = pair[i];
		slot->tts_isnull[table->attnum[i] - 1] = false;
	}
	ExecStoreVirtualTuple(slot);
}

/*
 * m2m_direct_read: the pair in a row of the association; its values are as
 * good as the slot.
 */
void
m2m_direct_read(M2mDirectTable *table, TupleTableSlot *slot, Datum *pair)
{
	slot_getallattrs(slot);
	for (int i = 0; i < table->order->natts; i++)
		pair[i] = slot->tts_values[table->attnum[i] - 1];
}

/*
 * m2m_direct_exists: is the pair there, for whoever inserts it now?  Waits for
 * transactions that are inserting or deleting it, and calls before_wait, if
 * there is one, before.  In REPEATABLE READ and above, one that our snapshot
 * does not show is 40001.
 *
 * As ON CONFLICT DO NOTHING looks: check_exclusion_or_unique_constraint() and
 * ExecCheckTIDVisible() in PostgreSQL.
 */
bool
m2m_direct_exists(M2mDirectTable *table, Datum *pair,
				  void (*before_wait) (void *arg), void *arg)
{
	TupleTableSlot *slot = table->found;

	for (;;)
	{
		ItemPointerData place;
		TransactionId xwait;
		uint32		token;

		if (!find_other(table, pair, NULL))
		{
			end_dirty_scan(table);
			return false;
		}
		xwait = TransactionIdIsValid(table->dirty.xmin) ?
			table->dirty.xmin : table->dirty.xmax;
		if (!TransactionIdIsValid(xwait))
			break;

		/* hold no pins while waiting */
		place = slot->tts_tid;
		token = table->dirty.speculativeToken;
		ExecClearTuple(slot);
		end_dirty_scan(table);
		if (before_wait != NULL)
			before_wait(arg);
		if (table->fetch != NULL)
			table_index_fetch_reset(table->fetch);
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			if (table->endpoint[s].fetch != NULL)
				table_index_fetch_reset(table->endpoint[s].fetch);
		}
		table->waits++;
		if (token != 0)
			SpeculativeInsertionWait(xwait, token);
		else
			XactLockTableWait(xwait, table->association, &place,
							  XLTW_InsertIndex);
	}

	check_visible(table, slot);
	ExecClearTuple(slot);
	end_dirty_scan(table);
	return true;
}

/*
 * end_dirty_scan: a scan by a dirty snapshot has pages pinned, and VACUUM may
 * wait for these.
 */
static void
end_dirty_scan(M2mDirectTable *table)
{
	index_endscan(table->dirty_scan);
	table->dirty_scan = NULL;
}

/*
 * find_other: is there a row of the pair, for whoever inserts it now, besides
 * ours at a place (NULL: none)?  It is in table->found then, and table->dirty
 * says who is about it.
 *
 * A row that was taken back does not count, see is_taken_back().  The index
 * still takes it for a conflict, so who has entered a row asks here.  Of two
 * that enter rows at once, the one whose entry is second sees the other's.
 */
static bool
find_other(M2mDirectTable *table, Datum *pair, ItemPointer place)
{
	bool		found = look_up(table, &table->dirty_scan, &table->dirty, pair);

	while (found &&
		   ((place != NULL &&
			 ItemPointerEquals(&table->found->tts_tid, place)) ||
			is_taken_back(table)))
	{
		MemoryContext old = MemoryContextSwitchTo(table->context);

		found = index_getnext_slot(table->dirty_scan, ForwardScanDirection,
								   table->found);
		MemoryContextSwitchTo(old);
	}
	if (!found)
		ExecClearTuple(table->found);
	return found;
}

/*
 * is_taken_back: was the row that was found inserted and deleted by the same
 * transaction, which is under way?  However that ends, the row is gone; but a
 * dirty snapshot shows it.  Batches leave such rows behind, and if two waited
 * for each other because of them, that would be a deadlock.
 */
static bool
is_taken_back(M2mDirectTable *table)
{
	HeapTupleHeader row;
	Buffer		buffer;
	bool		result;

	if (!TransactionIdIsValid(table->dirty.xmin))
		return false;
	row = ExecFetchSlotHeapTuple(table->found, false, NULL)->t_data;
	buffer = ((BufferHeapTupleTableSlot *) table->found)->buffer;
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	result = !(row->t_infomask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI)) &&
		!HEAP_XMAX_IS_LOCKED_ONLY(row->t_infomask) &&
		HeapTupleHeaderGetRawXmax(row) == HeapTupleHeaderGetRawXmin(row);
	LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	return result;
}

/*
 * m2m_direct_exists_at: the same for a row that an index entry of the pair has
 * been seen to point to, without a search.  False means that it takes one: it
 * is not just there, or somebody is inserting or deleting it.
 *
 * Nothing keeps VACUUM from giving the place to another row, so the row is
 * asked for its pair.
 */
bool
m2m_direct_exists_at(M2mDirectTable *table, Datum *pair, ItemPointer place)
{
	TupleTableSlot *slot = table->found;
	ItemPointerData at = *place;
	Datum		now[2 * INDEX_MAX_KEYS];
	bool		again = false;
	bool		result = false;

	if (table->fetch == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->context);

		table->fetch = m2m_table_index_fetch_begin(table->association);
		MemoryContextSwitchTo(old);
	}
	if (table_index_fetch_tuple(table->fetch, &at, &table->dirty, slot,
								&again, NULL) &&
		!TransactionIdIsValid(table->dirty.xmin) &&
		!TransactionIdIsValid(table->dirty.xmax))
	{
		m2m_direct_read(table, slot, now);
		result = m2m_pair_compare(table->order, 0, table->order->natts, now,
								  pair) == 0;
		if (result)
			check_visible(table, slot);
	}
	ExecClearTuple(slot);
	return result;
}

/*
 * check_visible: in REPEATABLE READ and above, a row that is in the way but
 * not shown by our snapshot is 40001.  As ExecCheckTIDVisible().
 */
static void
check_visible(M2mDirectTable *table, TupleTableSlot *slot)
{
	if (IsolationUsesXactSnapshot() &&
		!table_tuple_satisfies_snapshot(table->association, slot,
										table->snapshot))
	{
		bool		isnull;
		Datum		xmin = slot_getsysattr(slot, MinTransactionIdAttributeNumber,
										   &isnull);

		if (!TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin)))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update")));
	}
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
 * m2m_direct_insert: inserts one pair into heap and unique index unless it is
 * there; returns whether it did, and where.  Speculative insertion, as in
 * ExecInsert: of two sessions that insert the pair at once, the one whose entry
 * comes second takes its row back and looks again.
 */
bool
m2m_direct_insert(M2mDirectTable *table, Datum *pair, ItemPointer place)
{
	for (;;)
	{
		TransactionId xid;
		uint32		token;
		bool		ours;

		if (m2m_direct_exists(table, pair, NULL, NULL))
			return false;
		xid = GetCurrentTransactionId();
		token = SpeculativeInsertionLockAcquire(xid);
		m2m_direct_fill(table, table->row, pair);
		table_tuple_insert_speculative(table->association, table->row,
									   GetCurrentCommandId(true), 0, NULL,
									   token);
		*place = table->row->tts_tid;
		ours = m2m_direct_index_insert(table, table->unique, pair, place,
									   true) ||
			!find_other(table, pair, place);
		if (table->dirty_scan != NULL)
			end_dirty_scan(table);
		table_tuple_complete_speculative(table->association, table->row,
										 token, ours);
		SpeculativeInsertionLockRelease(xid);
		ExecClearTuple(table->row);
		if (ours)
			return true;
		CHECK_FOR_INTERRUPTS();
	}
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
	int			n = table->order->natts;
	bool		result;

	if (*scan == NULL)
		*scan = m2m_index_beginscan(table->association, table->unique->index,
									snapshot, n);
	for (int i = 0; i < n; i++)
		table->unique_key[i].sk_argument = pair[table->unique->column[i]];
	index_rescan(*scan, table->unique_key, n, NULL, 0);
	result = index_getnext_slot(*scan, ForwardScanDirection, table->found);
	MemoryContextSwitchTo(old);
	return result;
}

/*
 * m2m_direct_side_scan: a scan of such an index, to be started by
 * m2m_direct_side_rescan(); the caller ends it by index_endscan().
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
		Oid			equal = get_opfamily_member(index->index->rd_opfamily[i],
												index->index->rd_opcintype[i],
												index->index->rd_opcintype[i],
												BTEqualStrategyNumber);

		ScanKeyEntryInitialize(&scankey[i], 0, i + 1, BTEqualStrategyNumber,
							   InvalidOid, index->index->rd_indcollation[i],
							   get_opcode(equal),
							   key[index->column[i] - first]);
	}
	index_rescan(scan, scankey, nkeys, NULL, 0);
}

/*
 * m2m_direct_lock_endpoint: is the row that a side of the pair refers to
 * there?  If so it is locked KEY SHARE until the end of the transaction, as
 * RI_FKey_check's query does.  entry, or NULL, is what a look at the index has
 * shown, which may save searching it.  Doubtful means that it was not found so
 * simply, and m2m_direct_check_row() has the last word; in REPEATABLE READ also
 * that it was changed, which that will find to be 40001 if no other error comes
 * first.  Refused means that it was there until the transaction that we have
 * waited for took it away, or its key: whatever has that key now, the query's
 * snapshot, older than the wait, would not show it.  Error 40001 in
 * SERIALIZABLE, as of that query, if the row was changed.
 */
M2mKeyState
m2m_direct_lock_endpoint(M2mDirectTable *table, M2mSide side, Datum *pair,
						 M2mIndexEntry *entry)
{
	M2mDirectEndpoint *endpoint = &table->endpoint[side];
	M2mDirectKey *key = &table->direct->key[side];
	uint8		flags = TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS;
	MemoryContext old = MemoryContextSwitchTo(table->context);
	M2mKeyState result = M2M_KEY_DOUBTFUL;
	bool		found;

	if (!IsolationUsesXactSnapshot())
		flags |= TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
	for (int i = 0; i < key->nkeys; i++)
		key->scankey[i].sk_argument = pair[key->column[i]];
	found = entry != NULL && entry->kind == M2M_ENTRY_ONE &&
		find_at(table, side, pair, &entry->place);
	if (!found)
	{
		index_rescan(endpoint->scan, key->scankey, key->nkeys, NULL, 0);
		found = index_getnext_slot(endpoint->scan, ForwardScanDirection,
								   endpoint->slot);
	}

	/*
	 * The query would take a snapshot now.  Ours, as old as the call, shows
	 * the same version of the row, unless that has been changed.
	 */
	if (found &&
		(IsolationUsesXactSnapshot() || !may_have_changed(endpoint->slot) ||
		 find_latest(endpoint, key)))
	{
		ItemPointerData place = endpoint->slot->tts_tid;
		TM_FailureData failure;
		TM_Result	locked;

		/* hold no pin while waiting */
		ExecClearTuple(endpoint->slot);
		locked = table_tuple_lock(endpoint->relation, &place, table->snapshot,
								  endpoint->locked, GetCurrentCommandId(true),
								  LockTupleKeyShare, LockWaitBlock, flags,
								  &failure);

		/* the trigger would fail too, but for what it has read */
		if ((locked == TM_Updated || locked == TM_Deleted) &&
			IsolationIsSerializable())
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 locked == TM_Updated ?
					 errmsg("could not serialize access due to concurrent update") :
					 errmsg("%s", M2M_LOCKED_ROW_DELETED)));
		if (locked == TM_Ok)
			result = !failure.traversed ||
				still_has_key(table, key, endpoint->locked, pair) ?
				M2M_KEY_LOCKED : M2M_KEY_REFUSED;
		else if (locked == TM_Deleted && !IsolationUsesXactSnapshot())
			result = M2M_KEY_REFUSED;
		ExecClearTuple(endpoint->locked);
	}
	MemoryContextSwitchTo(old);
	return result;
}

/*
 * find_at: finds the row that a pair refers to at a place where an index entry
 * has been seen to point, as the call's snapshot shows it; it is in the
 * endpoint's slot then.  As for links, the place may have got another row.
 */
static bool
find_at(M2mDirectTable *table, M2mSide side, Datum *pair, ItemPointer place)
{
	M2mDirectEndpoint *endpoint = &table->endpoint[side];
	ItemPointerData at = *place;
	bool		again = false;

	if (endpoint->fetch == NULL)
		endpoint->fetch = m2m_table_index_fetch_begin(endpoint->relation);
	if (table_index_fetch_tuple(endpoint->fetch, &at, table->snapshot,
								endpoint->slot, &again, NULL) &&
		still_has_key(table, &table->direct->key[side], endpoint->slot, pair))
		return true;
	ExecClearTuple(endpoint->slot);
	return false;
}

/*
 * may_have_changed: has the row that was found been updated or deleted, or is
 * somebody about it?  Who only locks it does not count.
 */
static bool
may_have_changed(TupleTableSlot *slot)
{
	uint16		infomask =
		ExecFetchSlotHeapTuple(slot, false, NULL)->t_data->t_infomask;

	return !(infomask & HEAP_XMAX_INVALID) &&
		!HEAP_XMAX_IS_LOCKED_ONLY(infomask);
}

/*
 * find_latest: finds the row once more, by a snapshot as of now; it is in
 * endpoint->slot then.
 */
static bool
find_latest(M2mDirectEndpoint *endpoint, M2mDirectKey *key)
{
	Snapshot	latest = RegisterSnapshot(GetLatestSnapshot());
	IndexScanDesc scan = m2m_index_beginscan(endpoint->relation,
											 endpoint->index.index, latest,
											 key->nkeys);
	bool		result;

	ExecClearTuple(endpoint->slot);
	index_rescan(scan, key->scankey, key->nkeys, NULL, 0);
	result = index_getnext_slot(scan, ForwardScanDirection, endpoint->slot);
	index_endscan(scan);
	UnregisterSnapshot(latest);
	return result;
}

/*
 * still_has_key: a row of the endpoint, found by its place: is it what the pair
 * refers to?
 */
static bool
still_has_key(M2mDirectTable *table, M2mDirectKey *key, TupleTableSlot *slot,
			  Datum *pair)
{
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
 *
 * Where a side is refused, the trigger would come too late: its snapshot is
 * younger than the wait, and may show another row of that key.  (A batch looks
 * for all left rows before the first right one.  Where several rows have to be
 * waited for, it may so find one that a check row by row would have refused.)
 */
void
m2m_direct_check_row(M2mDirectTable *table, ItemPointer place,
					 const bool *refused)
{
	TriggerDesc *triggers = CopyTriggerDesc(table->association->trigdesc);

	if (!table_tuple_fetch_row_version(table->association, place, SnapshotAny,
									   table->found))
		elog(ERROR, "could not fetch the link just inserted");
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];
		M2mSide		side = trigger->tgconstraint ==
			table->direct->key[M2M_LEFT].constraint ? M2M_LEFT : M2M_RIGHT;
		TriggerData data;
		FmgrInfo	function;

		LOCAL_FCINFO(fcinfo, 0);

		if (trigger->tgfoid != F_RI_FKEY_CHECK_INS)
			continue;
		if (refused[side])
			report_missing(table, side, table->found);
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
 * report_missing: the error of the foreign key of a side, in the words of
 * ri_ReportViolation() in PostgreSQL.  That shows the key to who may read it in
 * the association, as whoever gets here may: m2m_direct_open() has asked.
 */
static void
report_missing(M2mDirectTable *table, M2mSide side, TupleTableSlot *link)
{
	Relation	association = table->association;
	char	   *endpoint = RelationGetRelationName(table->endpoint[side].relation);
	char	   *constraint =
		get_constraint_name(table->direct->key[side].constraint);
	StringInfoData names;
	StringInfoData values;
	ListCell   *lc;

	if (constraint == NULL)
		elog(ERROR, "cache lookup failed for constraint %u",
			 table->direct->key[side].constraint);
	initStringInfo(&names);
	initStringInfo(&values);
	foreach(lc, m2m_catalog_foreign_keys(table->rel->association))
	{
		ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);

		if (fk->conoid != table->direct->key[side].constraint)
			continue;
		for (int i = 0; i < fk->nkeys; i++)
		{
			Form_pg_attribute column =
				TupleDescAttr(RelationGetDescr(association),
							  fk->conkey[i] - 1);
			const char *comma = i > 0 ? ", " : "";
			bool		isnull;
			Datum		value = slot_getattr(link, fk->conkey[i], &isnull);
			Oid			output;
			bool		is_varlena;

			getTypeOutputInfo(column->atttypid, &output, &is_varlena);
			appendStringInfo(&names, "%s%s", comma, NameStr(column->attname));
			appendStringInfo(&values, "%s%s", comma,
							 OidOutputFunctionCall(output, value));
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("insert or update on table \"%s\" violates foreign key constraint \"%s\"",
					RelationGetRelationName(association), constraint),
			 errdetail("Key (%s)=(%s) is not present in table \"%s\".",
					   names.data, values.data, endpoint),
			 errtableconstraint(association, constraint)));
}

/*
 * m2m_direct_index_insert: enters a row into an index.  With unique, returns
 * false if there may be another row of that pair: the entry is made all the
 * same, and the caller sees to it (as ON CONFLICT does).
 */
bool
m2m_direct_index_insert(M2mDirectTable *table, M2mDirectIndex *index,
						Datum *pair, ItemPointer place, bool unique)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];

	for (int i = 0; i < index->natts; i++)
	{
		values[i] = pair[index->column[i]];
		isnull[i] = false;
	}
	return index_insert(index->index, values, isnull, place,
						table->association, unique ? UNIQUE_CHECK_PARTIAL :
						UNIQUE_CHECK_NO, false, index->info);
}
