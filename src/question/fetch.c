/*
 * fetch.c
 *		Rows of a table by their keys, which come in ascending order: from an
 *		index on the key and the table, as they are.
 *
 * A SELECT has to be given an array of keys, whose order the planner does not
 * know; here each key is sought from where the last one was (index_list.c).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "m2m.h"
#include "question_internal.h"

struct M2mFetch
{
	MemoryContext context;
	Relation	table;
	Relation	index;
	Snapshot	snapshot;
	M2mLists   *lists;
	M2mList		list;			/* all of the index */
	IndexScanDesc scan;			/* for m2m_fetch_key(); NULL until then */
	FmgrInfo	equal;			/* the same */
	TupleTableSlot *slot;		/* the same */
};

static Relation open_index(Relation table, M2mKeyColumn *key);
static void put_row(Tuplestorestate *store, TupleDesc desc,
					TupleTableSlot *row);

/*
 * m2m_fetch_begin: gets ready to fetch rows that a question asks for by
 * their keys, of one column; NULL where that is not plain, or the caller may
 * not read all columns: then SQL will do it, or say so.
 *
 * Table and index are locked in ACCESS SHARE until the end of the transaction.
 * Rows are those of the active snapshot.
 */
M2mFetch *
m2m_fetch_begin(M2mFind *find)
{
	M2mEndpoint *endpoint = &find->rel->side[find->side];
	M2mPairOrder *order = m2m_pair_order(find->rel);
	MemoryContext context;
	MemoryContext old;
	M2mFetch   *fetch;
	Relation	table;
	Relation	index = NULL;

	Assert(endpoint->nkeys == 1);
	table = table_open(endpoint->relid, AccessShareLock);
	if (m2m_is_plain_table(table) &&
		!m2m_has_virtual_columns(RelationGetDescr(table)))
		index = open_index(table, &endpoint->key[0]);

	/* rights last, as in seek.c; to a row as a whole */
	if (index == NULL ||
		!m2m_may_select(table,
						bms_make_singleton(InvalidAttrNumber -
										   FirstLowInvalidHeapAttributeNumber)))
	{
		if (index != NULL)
			index_close(index, NoLock);
		table_close(table, NoLock);
		return NULL;
	}
	context = AllocSetContextCreate(CurrentMemoryContext, "m2m row fetch",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	fetch = palloc0(sizeof(M2mFetch));
	fetch->context = context;
	fetch->table = table;
	fetch->index = index;
	fetch->snapshot = RegisterSnapshot(GetActiveSnapshot());
	fetch->lists = m2m_lists_begin(table, index, fetch->snapshot, 0, order,
								   find->side == M2M_LEFT ? 0 : order->nleft);
	m2m_list_begin(fetch->lists, &fetch->list, NULL);
	MemoryContextSwitchTo(old);
	return fetch;
}

/*
 * m2m_fetch_rows: adds the rows of a key that the snapshot shows to a
 * tuplestore, most at most unless that is negative; returns how many.  The key
 * is greater than the last.
 */
int64
m2m_fetch_rows(M2mFetch *fetch, Datum key, int64 most,
			   Tuplestorestate *store)
{
	M2mList    *list = &fetch->list;
	int64		n = 0;

	CHECK_FOR_INTERRUPTS();
	(void) m2m_list_seek(list, true, key, false);

	/* a deferred key may have several for now */
	while (n != most && !list->ended &&
		   m2m_list_compare(list, list->head, key) == 0)
	{
		ItemPointer place;
		int			places = m2m_list_places(list, &place);

		for (int i = 0; i < places && n != most; i++)
		{
			TupleTableSlot *row = m2m_list_fetch(list, &place[i]);

			if (row == NULL)
				continue;
			put_row(store, RelationGetDescr(fetch->table), row);
			n++;
		}
		(void) m2m_list_step(list);
	}
	return n;
}

/*
 * m2m_fetch_key: gets ready for the rows of a key, which need not be greater
 * than the last; m2m_fetch_next() returns one of those that the snapshot shows,
 * until there are none, and then NULL.  A row is good until the next, and the
 * key has to be until then.
 *
 * By a scan: a list, which copies a page, is for who goes on from there.
 */
void
m2m_fetch_key(M2mFetch *fetch, Datum key)
{
	Relation	index = fetch->index;
	ScanKeyData scankey;

	if (fetch->scan == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(fetch->context);

		fetch->slot = table_slot_create(fetch->table, NULL);
		fetch->scan = m2m_index_beginscan(fetch->table, index,
										  fetch->snapshot, 1);
		fmgr_info_cxt(get_opcode(get_opfamily_member(index->rd_opfamily[0],
													 index->rd_opcintype[0],
													 index->rd_opcintype[0],
													 BTEqualStrategyNumber)),
					  &fetch->equal, fetch->context);
		MemoryContextSwitchTo(old);
	}
	ScanKeyEntryInitializeWithInfo(&scankey, 0, 1, BTEqualStrategyNumber,
								   InvalidOid, index->rd_indcollation[0],
								   &fetch->equal, key);
	index_rescan(fetch->scan, &scankey, 1, NULL, 0);
}

TupleTableSlot *
m2m_fetch_next(M2mFetch *fetch)
{
	return index_getnext_slot(fetch->scan, ForwardScanDirection,
							  fetch->slot) ? fetch->slot : NULL;
}

/* m2m_fetch_end: lets go of everything but locks. */
void
m2m_fetch_end(M2mFetch *fetch)
{
	if (fetch->scan != NULL)
	{
		index_endscan(fetch->scan);
		ExecDropSingleTupleTableSlot(fetch->slot);
	}
	m2m_list_end(&fetch->list);
	m2m_lists_end(fetch->lists);
	UnregisterSnapshot(fetch->snapshot);
	index_close(fetch->index, NoLock);
	table_close(fetch->table, NoLock);
	MemoryContextDelete(fetch->context);
}

/* open_index: opens an index that begins with the key, ascending; or NULL. */
static Relation
open_index(Relation table, M2mKeyColumn *key)
{
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(table))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (m2m_index_is_readable(index) &&
			index->rd_index->indkey.values[0] == key->attnum &&
			index->rd_indoption[0] == 0 &&
			m2m_index_sorts_as(table, index, 0, key->collation))
			return index;
		index_close(index, AccessShareLock);
	}
	return NULL;
}

/*
 * put_row: adds a row to a tuplestore.  A row from before a column was added
 * with a default gets that, since who reads the store does not know it.
 */
static void
put_row(Tuplestorestate *store, TupleDesc desc, TupleTableSlot *row)
{
	if ((TTS_IS_HEAPTUPLE(row) || TTS_IS_BUFFERTUPLE(row)) &&
		HeapTupleHeaderGetNatts(((HeapTupleTableSlot *) row)->tuple->t_data) >= desc->natts)
		tuplestore_puttupleslot(store, row);
	else
	{
		slot_getallattrs(row);
		tuplestore_putvalues(store, desc, row->tts_values, row->tts_isnull);
	}
}
