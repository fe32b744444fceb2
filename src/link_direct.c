/*
 * link_direct.c
 *		The direct path: links written by the table and index access methods,
 *		where the tables are plain (direct_table.c says what that is).
 *
 * Bulk linking costs so much in plain SQL because each row fires two foreign
 * key triggers, each a query, and because each row goes into each index on its
 * own.  Here the pairs of a call come sorted, each once; those that are there
 * already are passed over; the others go into the heap by multi-insert and
 * into each index in its own order; and each distinct row of an endpoint is
 * looked up and locked once.
 *
 * Every step goes in key order over the whole call, so two calls wait for
 * each other, never in a circle.  That is promised for one call: a transaction
 * of several can deadlock with another, as with any SQL.
 *
 * A pair that another session enters between our look and our index entry is
 * found by the unique index.  A single link is inserted speculatively, as ON
 * CONFLICT does, and so takes no notice.  A batch inserts for real; it then
 * deletes its row again, waits for the other, and tries that pair once more by
 * itself.
 *
 * Each function returns false, having done nothing, if the relationship is not
 * for the direct path.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/progress.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "storage/predicate.h"
#include "utils/array.h"
#include "utils/backend_progress.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "direct.h"

/* Rows of one multi-insert: as COPY has it. */
#define BATCH_ROWS 1000
#define BATCH_BYTES 65535

/*
 * Marks beside block and offset: a row that has been locked or deleted; one
 * whose key of a side was refused.
 */
#define PLACE_DISPUTED UINT64CONST(0x1000000000000)
#define PLACE_REFUSED(side) (UINT64CONST(0x2000000000000) << (side))

/* An index, or the right foreign key, that is served in its own order. */
typedef struct SortedIndex
{
	M2mDirectIndex *index;		/* NULL: only the foreign key */
	bool		right_key;		/* check the right foreign key on the way? */
	M2mPairSort *sort;			/* of pairs and places */
	M2mIndexRun *run;			/* with an index */
} SortedIndex;

/* One call that links pairs. */
typedef struct LinkBatch
{
	M2mDirectTable *table;
	MemoryContext context;
	int			room;			/* rows of a run and a multi-insert */

	/* pairs that we look for */
	bool		look_first;		/* can there be links yet? */
	Datum	   *sought;
	M2mIndexEntry *entry;
	M2mIndexRun *look;
	MemoryContext look_context;

	/* rows that wait for multi-insert, and their entries */
	int			nslots;
	int			nbytes;
	TupleTableSlot **slot;
	M2mIndexRun *run;

	bool		progress;		/* show it in pg_stat_progress_copy? */
	int			nsorted;
	SortedIndex *sorted;
	Datum	   *place_row;		/* row of the sorts */
	M2mPairSort *doubtful;		/* rows that a foreign key may forbid */
	Datum	   *left;			/* the last left key that was checked */
	MemoryContext left_context;
	M2mKeyState left_state;
	int64		nrefused;		/* rows refused by the left key */
	int64		nforgotten;		/* the first of these, refused no more */
	int64		waits;			/* the table's, when that was settled */
	int64		created;
	int64		skipped;
	ArrayBuildState *texts;		/* of the keys linked, or NULL */
	M2mSide		text_side;
} LinkBatch;

/* What a row must still be if it has changed before we delete it. */
typedef bool (*StillMatches) (M2mDirectTable *table, Datum *pair, void *arg);

/* The row that m2m_clear and m2m_set are about. */
typedef struct RowOfSide
{
	M2mSide		side;
	Datum	   *key;
	M2mIds	   *keep;			/* of the other side; NULL: none */
} RowOfSide;

static bool link_one(M2mDirectTable *table, Datum *pair);
static bool insert_one(M2mDirectTable *table, Datum *pair, ItemPointer place);
static int64 link_pairs(M2mDirectTable *table, M2mPairs *pairs, bool progress,
						ArrayBuildState *texts, M2mSide text_side);
static void begin_batch(LinkBatch *batch, M2mDirectTable *table,
						int64 count);
static bool leads_with_right(M2mDirectTable *table, M2mDirectIndex *index);
static bool look_for_pairs(LinkBatch *batch, M2mPairs *pairs);
static void add_to_batch(LinkBatch *batch, Datum *pair);
static void flush_batch(void *arg);
static bool insert_again(LinkBatch *batch, Datum *pair, ItemPointer place);
static void finish_row(LinkBatch *batch, Datum *pair, ItemPointer place);
static void check_left(LinkBatch *batch, Datum *pair, ItemPointer place);
static void forget_refusals(LinkBatch *batch);
static void doubt(LinkBatch *batch, Datum *pair, ItemPointer place,
				  M2mSide side, M2mKeyState state);
static void put_place(LinkBatch *batch, M2mPairSort *sort, Datum *pair,
					  ItemPointer place);
static void finish_sorted(LinkBatch *batch, SortedIndex *sorted);
static void enter_run(M2mIndexRun *run);
static void check_doubtful(LinkBatch *batch);
static void end_batch(LinkBatch *batch);
static void show_progress(LinkBatch *batch);
static bool delete_link(M2mDirectTable *table, ItemPointer place,
						StillMatches matches, void *arg);
static bool same_pair(M2mDirectTable *table, Datum *pair, void *arg);
static bool is_of_row(M2mDirectTable *table, Datum *pair, void *arg);
static M2mPairSort *find_links(M2mDirectTable *table, M2mDirectIndex *index,
							   M2mSide side, M2mIds *ids);
static bool holds_pair(M2mDirectTable *table, M2mDirectIndex *index);
static void read_entry(M2mDirectIndex *index, IndexScanDesc scan,
					   Datum *pair);
static void check_newer_links(M2mDirectTable *table, M2mDirectIndex *index,
							  M2mSide side, Datum *key);
static int	compare_keys(M2mDirectTable *table, M2mSide side, Datum *a,
						 Datum *b);
static Datum place_to_datum(ItemPointer place);
static bool is_disputed(Datum datum);
static void datum_to_place(Datum datum, ItemPointer place);
static void add_text(ArrayBuildState *texts, M2mRelationship *rel,
					 M2mSide side, Datum *key);
static ArrayType *text_result(ArrayBuildState *texts, MemoryContext context);

/*
 * m2m_direct_link: links pairs (one if both sides are scalar); *created
 * becomes the number of links created.  Errors: 23503; 40001 in REPEATABLE
 * READ and above.
 */
bool
m2m_direct_link(M2mRelationship *rel, M2mIds *ids[2], int64 *created)
{
	M2mDirectTable *table = m2m_direct_open(rel, M2M_DIRECT_LINK);

	if (table == NULL)
		return false;
	if (ids[M2M_LEFT]->is_array || ids[M2M_RIGHT]->is_array)
	{
		M2mPairs   *pairs = m2m_pairs_begin(rel, work_mem / 2);

		m2m_pairs_put_ids(pairs, ids);
		*created = link_pairs(table, pairs, false, NULL, M2M_LEFT);
		m2m_pairs_end(pairs);
	}
	else
		*created = link_one(table, m2m_pair_values(rel, ids)) ? 1 : 0;
	m2m_direct_close(table);
	return true;
}

/*
 * m2m_direct_link_pairs: the same for pairs that were collected; with progress
 * it shows in pg_stat_progress_copy how far it is.
 */
bool
m2m_direct_link_pairs(M2mRelationship *rel, M2mPairs *pairs, bool progress,
					  int64 *created)
{
	M2mDirectTable *table = m2m_direct_open(rel, M2M_DIRECT_LINK);

	if (table == NULL)
		return false;
	*created = link_pairs(table, pairs, progress, NULL, M2M_LEFT);
	m2m_direct_close(table);
	return true;
}

/*
 * m2m_direct_unlink: removes the links of pairs; *removed becomes how many.
 * Errors: 40001 in REPEATABLE READ and above.
 */
bool
m2m_direct_unlink(M2mRelationship *rel, M2mIds *ids[2], int64 *removed)
{
	M2mDirectTable *table = m2m_direct_open(rel, M2M_DIRECT_UNLINK);
	M2mPairs   *pairs;
	Datum	   *pair;

	if (table == NULL)
		return false;
	*removed = 0;
	if (!ids[M2M_LEFT]->is_array && !ids[M2M_RIGHT]->is_array)
	{
		pair = m2m_pair_values(rel, ids);
		if (m2m_direct_find(table, pair) &&
			delete_link(table, &table->found->tts_tid, same_pair, pair))
			*removed = 1;
		m2m_direct_close(table);
		return true;
	}
	pairs = m2m_pairs_begin(rel, work_mem);
	m2m_pairs_put_ids(pairs, ids);
	while ((pair = m2m_pairs_next(pairs)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->row_context);

		if (m2m_direct_find(table, pair) &&
			delete_link(table, &table->found->tts_tid, same_pair, pair))
			(*removed)++;
		MemoryContextSwitchTo(old);
		MemoryContextReset(table->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	m2m_pairs_end(pairs);
	m2m_direct_close(table);
	return true;
}

/*
 * m2m_direct_clear: removes all links of one row, or of each of several rows,
 * of one side; *removed becomes how many.  Of one row: before or after an
 * m2m_set of it, not in between.
 */
bool
m2m_direct_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids,
				 int64 *removed)
{
	M2mDirectTable *table;
	M2mDirectIndex *index;
	M2mPairSort *links;
	Datum	   *link;

	if (!ids->is_array)
		m2m_plan_lock_row(rel, side, ids);
	table = m2m_direct_open(rel, M2M_DIRECT_UNLINK);
	if (table == NULL)
		return false;
	index = m2m_direct_side_index(table, side);
	if (index == NULL)
	{
		m2m_direct_close(table);
		return false;
	}
	*removed = 0;
	links = find_links(table, index, side, ids);
	while ((link = m2m_pair_sort_get(links)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->row_context);
		ItemPointerData place;
		RowOfSide	row;

		datum_to_place(link[table->order->natts], &place);
		row.side = side;
		row.key = link + (side == M2M_LEFT ? 0 : table->order->nleft);
		row.keep = NULL;
		if (delete_link(table, &place, is_of_row, &row))
			(*removed)++;
		MemoryContextSwitchTo(old);
		MemoryContextReset(table->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	m2m_pair_sort_end(links);
	m2m_direct_close(table);
	return true;
}

/*
 * m2m_direct_set: makes the links of one row of a side exactly those in ids
 * (which holds that row and the other side's array).  The difference is
 * allocated in CurrentMemoryContext.
 *
 * Calls on one row run one after the other: the lock comes before the
 * snapshot.  In REPEATABLE READ and above, a link that our snapshot does not
 * show is 40001.
 */
bool
m2m_direct_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
			   M2mIds *ids[2], M2mDifference *difference)
{
	MemoryContext context = CurrentMemoryContext;
	M2mSide		other = M2M_OTHER(side);
	M2mDirectTable *table;
	M2mDirectIndex *index;
	M2mPairs   *wanted;
	M2mPairs   *fresh;
	M2mPairSort *links;
	Datum	   *link;
	ArrayBuildState *unlinked;
	ArrayBuildState *linked;
	RowOfSide	row;
	Datum	   *pair;
	int			first;

	m2m_plan_lock_row(rel, side, id);
	table = m2m_direct_open(rel, M2M_DIRECT_LINK | M2M_DIRECT_UNLINK);
	if (table == NULL)
		return false;
	index = m2m_direct_side_index(table, side);
	if (index == NULL)
	{
		m2m_direct_close(table);
		return false;
	}
	if (IsolationUsesXactSnapshot())
		check_newer_links(table, index, side, id->value);

	first = other == M2M_LEFT ? 0 : table->order->nleft;
	row.side = side;
	row.key = id->value;
	row.keep = ids[other];
	unlinked = initArrayResult(TEXTOID, context, true);
	linked = initArrayResult(TEXTOID, context, true);
	links = find_links(table, index, side, id);
	wanted = m2m_pairs_begin(rel, work_mem / 4);
	m2m_pairs_put_ids(wanted, ids);
	fresh = m2m_pairs_begin(rel, work_mem / 4);

	/*
	 * Both are in key order: a merge shows what to remove and what to add.
	 * What is there, but perhaps not for long, is added too: that waits.
	 */
	link = m2m_pair_sort_get(links);
	pair = m2m_pairs_next(wanted);
	while (link != NULL || pair != NULL)
	{
		int			order = link == NULL ? 1 : pair == NULL ? -1 :
			compare_keys(table, other, link + first, pair + first);

		if (order < 0)
		{
			MemoryContext old = MemoryContextSwitchTo(table->row_context);
			ItemPointerData place;

			datum_to_place(link[table->order->natts], &place);
			if (delete_link(table, &place, is_of_row, &row))
				add_text(unlinked, rel, other, link + first);
			MemoryContextSwitchTo(old);
			MemoryContextReset(table->row_context);
		}
		else if (order > 0 || is_disputed(link[table->order->natts]))
			m2m_pairs_put(fresh, pair, pair + table->order->nleft);
		if (order <= 0)
			link = m2m_pair_sort_get(links);
		if (order >= 0)
			pair = m2m_pairs_next(wanted);
		CHECK_FOR_INTERRUPTS();
	}
	m2m_pair_sort_end(links);

	difference->kept = m2m_pairs_distinct(wanted) -
		link_pairs(table, fresh, false, linked, other);
	m2m_pairs_end(wanted);
	m2m_pairs_end(fresh);
	m2m_direct_close(table);
	difference->unlinked = text_result(unlinked, context);
	difference->linked = text_result(linked, context);
	return true;
}

/*
 * link_one: links one pair; returns whether it was not linked before.
 */
static bool
link_one(M2mDirectTable *table, Datum *pair)
{
	ItemPointerData place;
	bool		refused[2] = {false, false};

	if (!insert_one(table, pair, &place))
		return false;
	for (int i = 0; i < table->nindexes; i++)
	{
		if (&table->index[i] != table->unique)
			m2m_direct_index_insert(table, &table->index[i], pair, &place,
									false);
	}
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mKeyState state = m2m_direct_lock_endpoint(table, s, pair);

		if (state == M2M_KEY_LOCKED)
			continue;
		refused[s] = state == M2M_KEY_REFUSED;
		m2m_direct_check_row(table, &place, refused);
		break;
	}
	return true;
}

/*
 * insert_one: inserts one pair into heap and unique index unless it is there;
 * returns whether it did, and where.  Speculative insertion, as in ExecInsert:
 * of two sessions that insert the pair at once, the one whose entry comes
 * second takes its row back and looks again.
 */
static bool
insert_one(M2mDirectTable *table, Datum *pair, ItemPointer place)
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
									   true);
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
 * link_pairs: links all pairs; returns the number of links created.  Where
 * texts is given, the keys of text_side that were linked are added to it as
 * text, in key order.
 */
static int64
link_pairs(M2mDirectTable *table, M2mPairs *pairs, bool progress,
		   ArrayBuildState *texts, M2mSide text_side)
{
	LinkBatch  *batch = palloc0(sizeof(LinkBatch));
	Datum	   *pair;
	int64		created;

	begin_batch(batch, table, m2m_pairs_count(pairs));
	batch->progress = progress;
	batch->texts = texts;
	batch->text_side = text_side;
	if (batch->look_first)
	{
		while (look_for_pairs(batch, pairs))
			CHECK_FOR_INTERRUPTS();
	}
	else
	{
		while ((pair = m2m_pairs_next(pairs)) != NULL)
		{
			add_to_batch(batch, pair);
			CHECK_FOR_INTERRUPTS();
		}
	}
	flush_batch(batch);
	for (int i = 0; i < batch->nsorted; i++)
		finish_sorted(batch, &batch->sorted[i]);
	check_doubtful(batch);
	created = batch->created;
	end_batch(batch);
	pfree(batch);
	return created;
}

/*
 * begin_batch: gets ready for count pairs.  Memory: the pairs have half of work_mem,
 * the sorts for indexes the other half.
 */
static void
begin_batch(LinkBatch *batch, M2mDirectTable *table, int64 count)
{
	MemoryContext old;
	bool		right_key = false;

	batch->table = table;
	batch->room = Max(1, Min(count, BATCH_ROWS));
	batch->context = AllocSetContextCreate(table->context, "m2m batch",
										   ALLOCSET_DEFAULT_SIZES);
	batch->left_context = AllocSetContextCreate(batch->context,
												"m2m batch key",
												ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(batch->context);

	/* what enters a table that is empty now, the unique index will show */
	batch->look_first = RelationGetNumberOfBlocks(table->association) > 0;
	if (batch->look_first)
	{
		batch->sought = palloc_array(Datum, (Size) batch->room *
									 table->order->natts);
		batch->entry = palloc_array(M2mIndexEntry, batch->room);
		batch->look = m2m_index_run_begin(table, table->unique, batch->room);
		batch->look_context = AllocSetContextCreate(batch->context,
													"m2m batch look",
													ALLOCSET_DEFAULT_SIZES);
	}
	batch->place_row = palloc_array(Datum, table->order->natts + 1);
	batch->sorted = palloc0_array(SortedIndex, table->nindexes + 1);
	for (int i = 0; i < table->nindexes; i++)
	{
		M2mDirectIndex *index = &table->index[i];

		if (index == table->unique ||
			index->index->rd_rel->relam != BTREE_AM_OID)
			continue;
		if (!right_key && leads_with_right(table, index))
			batch->sorted[batch->nsorted].right_key = right_key = true;
		batch->sorted[batch->nsorted++].index = index;
	}
	if (!right_key)
		batch->sorted[batch->nsorted++].right_key = true;
	for (int i = 0; i < batch->nsorted; i++)
	{
		M2mDirectIndex *index = batch->sorted[i].index;
		int			columns[INDEX_MAX_KEYS];
		int			n = 0;

		if (index != NULL)
		{
			batch->sorted[i].run = m2m_index_run_begin(table, index,
													   batch->room);
			for (; n < index->index->rd_index->indnkeyatts; n++)
				columns[n] = index->column[n];
		}
		else
		{
			for (int c = table->order->nleft; c < table->order->natts; c++)
				columns[n++] = c;
		}
		batch->sorted[i].sort = m2m_pair_sort_begin(table->order,
													table->order->place_desc,
													n, columns,
													work_mem / 2 / batch->nsorted);
	}
	batch->slot = palloc0_array(TupleTableSlot *, batch->room);
	batch->run = m2m_index_run_begin(table, table->unique, batch->room);
	batch->left = palloc_array(Datum, table->order->nleft);
	MemoryContextSwitchTo(old);
}

/*
 * leads_with_right: does the index begin with the columns of the right key, so
 * that equal right keys follow each other in its order?
 */
static bool
leads_with_right(M2mDirectTable *table, M2mDirectIndex *index)
{
	int			nright = table->order->natts - table->order->nleft;

	if (index->index->rd_index->indnkeyatts < nright)
		return false;
	for (int i = 0; i < nright; i++)
	{
		if (index->column[i] != table->order->nleft + i)
			return false;
	}
	return true;
}

/*
 * look_for_pairs: takes as many pairs as go into a batch, passes over those
 * that are linked, and adds the others to it.  Returns false if there are no
 * more.
 *
 * What becomes of a pair after the index has been looked through for all of
 * them does no harm, as after any other look: the unique index will show it.
 */
static bool
look_for_pairs(LinkBatch *batch, M2mPairs *pairs)
{
	M2mPairOrder *order = batch->table->order;
	MemoryContext old = MemoryContextSwitchTo(batch->look_context);
	Datum	   *pair;
	bool		is_last = false;
	Size		nbytes = 0;
	int			n = 0;

	while (n < batch->room && nbytes < BATCH_BYTES)
	{
		Datum	   *sought = batch->sought + (Size) n * order->natts;

		pair = m2m_pairs_next(pairs);
		if (pair == NULL)
		{
			is_last = true;
			break;
		}
		for (int i = 0; i < order->natts; i++)
		{
			M2mPairColumn *column = &order->column[i];

			sought[i] = datumCopy(pair[i], column->typbyval, column->typlen);
			if (!column->typbyval)
				nbytes += datumGetSize(sought[i], false, column->typlen);
		}
		m2m_index_run_put(batch->look, sought, NULL);
		n++;
	}
	m2m_index_run_look(batch->look, batch->entry);
	MemoryContextSwitchTo(old);
	for (int i = 0; i < n; i++)
	{
		M2mIndexEntry *entry = &batch->entry[i];

		pair = batch->sought + (Size) i * order->natts;
		if (entry->kind != M2M_ENTRY_NONE &&
			((entry->kind == M2M_ENTRY_ONE &&
			  m2m_direct_exists_at(batch->table, pair, &entry->place)) ||
			 m2m_direct_exists(batch->table, pair, flush_batch, batch)))
			batch->skipped++;
		else
			add_to_batch(batch, pair);
		CHECK_FOR_INTERRUPTS();
	}
	m2m_index_run_clear(batch->look);
	MemoryContextReset(batch->look_context);
	show_progress(batch);
	return !is_last;
}

/*
 * add_to_batch: a row to be inserted; the pair's values are copied.
 */
static void
add_to_batch(LinkBatch *batch, Datum *pair)
{
	M2mDirectTable *table = batch->table;
	TupleTableSlot *slot = batch->slot[batch->nslots];
	MemoryContext old = MemoryContextSwitchTo(batch->context);

	if (slot == NULL)
	{
		slot = table_slot_create(table->association, NULL);
		batch->slot[batch->nslots] = slot;
	}
	m2m_direct_fill(table, slot, pair);
	ExecMaterializeSlot(slot);
	batch->nslots++;
	batch->nbytes += ((HeapTupleTableSlot *) slot)->tuple->t_len;
	MemoryContextSwitchTo(old);
	if (batch->nslots == batch->room || batch->nbytes >= BATCH_BYTES)
		flush_batch(batch);
}

/*
 * flush_batch: inserts the rows of a LinkBatch that wait into the heap, then,
 * in their order, into the unique index.  Comes before any wait, so that who
 * comes after us waits for us, and not, with us, for the same third.
 */
static void
flush_batch(void *arg)
{
	LinkBatch  *batch = arg;
	M2mDirectTable *table = batch->table;
	MemoryContext old = MemoryContextSwitchTo(table->row_context);
	Datum		pair[2 * INDEX_MAX_KEYS];

	if (batch->nslots > 0)
		table_multi_insert(table->association, batch->slot, batch->nslots,
						   GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < batch->nslots; i++)
	{
		m2m_direct_read(table, batch->slot[i], pair);
		m2m_index_run_put(batch->run, pair, &batch->slot[i]->tts_tid);
	}
	for (int i = 0, entered = -1; i < batch->nslots; i++)
	{
		TupleTableSlot *slot = batch->slot[i];
		ItemPointerData place = slot->tts_tid;

		if (i > entered)
			entered = m2m_index_run_enter(batch->run, i);
		m2m_direct_read(table, slot, pair);
		if (i < entered || insert_again(batch, pair, &place))
			finish_row(batch, pair, &place);
		else
			batch->skipped++;
		ExecClearTuple(slot);
	}
	m2m_index_run_clear(batch->run);
	batch->nslots = 0;
	batch->nbytes = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(table->row_context);
	show_progress(batch);
}

/*
 * insert_again: there may be another row of a pair that was inserted: another
 * session may have linked it since we looked.  Takes the row back, waits, and
 * tries once more.  Returns false if the other transaction has committed;
 * *place changes if it did not.
 */
static bool
insert_again(LinkBatch *batch, Datum *pair, ItemPointer place)
{
	M2mDirectTable *table = batch->table;
	TM_FailureData failure;
	TM_Result	result;

	/* out of everybody's way while we wait */
	CommandCounterIncrement();
	result = m2m_table_tuple_delete(table->association, place,
									GetCurrentCommandId(true), SnapshotAny,
									false, &failure);
	if (result != TM_Ok)
		elog(ERROR, "could not take back a link: status %d", result);
	return insert_one(table, pair, place);
}

/*
 * finish_row: what is left to do for a row that is in heap and unique index:
 * the left foreign key, the other indexes, now or in their own order.
 */
static void
finish_row(LinkBatch *batch, Datum *pair, ItemPointer place)
{
	M2mDirectTable *table = batch->table;

	batch->created++;
	check_left(batch, pair, place);
	for (int i = 0; i < batch->nsorted; i++)
		put_place(batch, batch->sorted[i].sort, pair, place);
	for (int i = 0; i < table->nindexes; i++)
	{
		M2mDirectIndex *index = &table->index[i];

		if (index != table->unique &&
			index->index->rd_rel->relam != BTREE_AM_OID)
			m2m_direct_index_insert(table, index, pair, place, false);
	}
	if (batch->texts != NULL)
		add_text(batch->texts, table->rel, batch->text_side,
				 pair + (batch->text_side == M2M_LEFT ? 0 :
						 table->order->nleft));
}

/*
 * check_left: the left foreign key, once for rows of one left key, which
 * follow each other.
 */
static void
check_left(LinkBatch *batch, Datum *pair, ItemPointer place)
{
	M2mDirectTable *table = batch->table;
	int			nleft = table->order->nleft;

	forget_refusals(batch);
	if (batch->created == 1 ||
		m2m_pair_compare(table->order, 0, nleft, batch->left, pair) != 0)
	{
		MemoryContext old;

		batch->left_state = m2m_direct_lock_endpoint(table, M2M_LEFT, pair);
		MemoryContextReset(batch->left_context);
		old = MemoryContextSwitchTo(batch->left_context);
		for (int i = 0; i < nleft; i++)
			batch->left[i] = datumCopy(pair[i],
									   table->order->column[i].typbyval,
									   table->order->column[i].typlen);
		MemoryContextSwitchTo(old);
	}
	if (batch->left_state == M2M_KEY_REFUSED)
		batch->nrefused++;
	if (batch->left_state != M2M_KEY_LOCKED)
		doubt(batch, pair, place, M2M_LEFT, batch->left_state);
}

/*
 * forget_refusals: an INSERT checks foreign keys when all its rows are in.  So
 * if a pair has been waited for since a left key was refused, PostgreSQL would
 * look only now: that row is in doubt, and no more.
 */
static void
forget_refusals(LinkBatch *batch)
{
	if (batch->waits == batch->table->waits)
		return;
	batch->waits = batch->table->waits;
	batch->nforgotten = batch->nrefused;
	if (batch->left_state == M2M_KEY_REFUSED)
		batch->left_state = M2M_KEY_DOUBTFUL;
}

/*
 * doubt: keeps a row whose endpoint row was not found so simply, or is refused,
 * for check_doubtful().
 */
static void
doubt(LinkBatch *batch, Datum *pair, ItemPointer place, M2mSide side,
	  M2mKeyState state)
{
	M2mPairOrder *order = batch->table->order;

	if (batch->doubtful == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(batch->context);

		batch->doubtful = m2m_pair_sort_begin(order, order->place_desc,
											  order->natts, NULL,
											  work_mem / 4);
		MemoryContextSwitchTo(old);
	}
	memcpy(batch->place_row, pair, sizeof(Datum) * order->natts);
	batch->place_row[order->natts] = place_to_datum(place);
	if (state == M2M_KEY_REFUSED)
		batch->place_row[order->natts] |= PLACE_REFUSED(side);
	m2m_pair_sort_put(batch->doubtful, batch->place_row);
}

/* put_place: adds a pair and the place of its row to a sort. */
static void
put_place(LinkBatch *batch, M2mPairSort *sort, Datum *pair,
		  ItemPointer place)
{
	int			n = batch->table->order->natts;

	memcpy(batch->place_row, pair, sizeof(Datum) * n);
	batch->place_row[n] = place_to_datum(place);
	m2m_pair_sort_put(sort, batch->place_row);
}

/*
 * finish_sorted: enters all rows into an index in its own order, and checks
 * the right foreign key if this is the order to do it in.
 */
static void
finish_sorted(LinkBatch *batch, SortedIndex *sorted)
{
	M2mDirectTable *table = batch->table;
	M2mPairOrder *order = table->order;
	int			nleft = order->nleft;
	int			nright = order->natts - nleft;
	Datum	   *last = palloc_array(Datum, order->natts);
	MemoryContext last_context = AllocSetContextCreate(batch->context,
													   "m2m batch right key",
													   ALLOCSET_SMALL_SIZES);
	bool		any = false;
	M2mKeyState state = M2M_KEY_LOCKED;
	int			rows = 0;
	Datum	   *pair;

	m2m_pair_sort_perform(sorted->sort);
	while ((pair = m2m_pair_sort_get(sorted->sort)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->row_context);
		ItemPointerData place;

		datum_to_place(pair[order->natts], &place);
		if (sorted->index != NULL &&
			!m2m_index_run_put(sorted->run, pair, &place))
			enter_run(sorted->run);
		if (sorted->right_key &&
			(!any || m2m_pair_compare(order, nleft, nright, last + nleft,
											   pair + nleft) != 0))
		{
			state = m2m_direct_lock_endpoint(table, M2M_RIGHT, pair);
			MemoryContextReset(last_context);
			MemoryContextSwitchTo(last_context);
			for (int i = nleft; i < order->natts; i++)
				last[i] = datumCopy(pair[i], order->column[i].typbyval,
									order->column[i].typlen);
			any = true;
		}
		MemoryContextSwitchTo(old);
		if (state != M2M_KEY_LOCKED)
			doubt(batch, pair, &place, M2M_RIGHT, state);
		if ((++rows & 1023) == 0)
			MemoryContextReset(table->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	if (sorted->index != NULL)
		enter_run(sorted->run);
	m2m_pair_sort_end(sorted->sort);
	sorted->sort = NULL;
	MemoryContextDelete(last_context);
	pfree(last);
}

/* enter_run: enters what waits in a run of an index that is not unique. */
static void
enter_run(M2mIndexRun *run)
{
	m2m_index_run_enter(run, 0);
	m2m_index_run_clear(run);
}

/*
 * check_doubtful: has PostgreSQL check the foreign keys of those rows whose
 * endpoint rows were not found so simply, in key order, as it does at the end
 * of an INSERT.  The first that fails is the error.
 */
static void
check_doubtful(LinkBatch *batch)
{
	M2mPairSort *doubtful = batch->doubtful;
	int			n = batch->table->order->natts;
	int64		left = 0;
	Datum	   *row;

	if (doubtful == NULL)
		return;
	forget_refusals(batch);
	m2m_pair_sort_perform(doubtful);
	row = m2m_pair_sort_get(doubtful);
	while (row != NULL)
	{
		ItemPointerData place;
		ItemPointerData next;
		bool		refused[2] = {false, false};

		/* a row is here twice if both its keys are in doubt */
		datum_to_place(row[n], &place);
		do
		{
			/* left keys are refused in key order */
			if ((row[n] & PLACE_REFUSED(M2M_LEFT)) != 0)
				refused[M2M_LEFT] = ++left > batch->nforgotten;
			if ((row[n] & PLACE_REFUSED(M2M_RIGHT)) != 0)
				refused[M2M_RIGHT] = true;
			row = m2m_pair_sort_get(doubtful);
			if (row != NULL)
				datum_to_place(row[n], &next);
		} while (row != NULL && ItemPointerEquals(&place, &next));
		m2m_direct_check_row(batch->table, &place, refused);
		CHECK_FOR_INTERRUPTS();
	}
	m2m_pair_sort_end(doubtful);
}

/* end_batch: releases what begin_batch() and others took. */
static void
end_batch(LinkBatch *batch)
{
	for (int i = 0; i < batch->room && batch->slot[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(batch->slot[i]);
	MemoryContextDelete(batch->context);
}

/*
 * show_progress: where a command shows its progress (m2m_load does), how many
 * links were made, and how many were there.
 */
static void
show_progress(LinkBatch *batch)
{
	const int	params[] = {
		PROGRESS_COPY_TUPLES_PROCESSED, PROGRESS_COPY_TUPLES_EXCLUDED
	};
	int64		values[2];

	if (!batch->progress)
		return;
	values[0] = batch->created;
	values[1] = batch->skipped;
	pgstat_progress_update_multi_param(2, params, values);
}

/*
 * delete_link: deletes a row that the call's snapshot shows; returns false if
 * another transaction has deleted it, or changed it so that it is none of
 * those to be deleted.  Errors: 40001 in REPEATABLE READ and above.
 *
 * As ExecDelete does; matches is what EvalPlanQual would look at.
 */
static bool
delete_link(M2mDirectTable *table, ItemPointer place, StillMatches matches,
			void *arg)
{
	ItemPointerData at = *place;

	for (;;)
	{
		TM_FailureData failure;
		TM_Result	result;
		Datum		now[2 * INDEX_MAX_KEYS];

		/* hold no pin while waiting */
		ExecClearTuple(table->found);
		result = m2m_table_tuple_delete(table->association, &at,
										GetCurrentCommandId(true),
										table->snapshot, true, &failure);
		switch (result)
		{
			case TM_Ok:
				return true;
			case TM_SelfModified:
				return false;
			case TM_Deleted:
				if (IsolationUsesXactSnapshot())
					ereport(ERROR,
							(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
							 errmsg("could not serialize access due to concurrent delete")));
				return false;
			case TM_Updated:
				if (IsolationUsesXactSnapshot())
					ereport(ERROR,
							(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
							 errmsg("could not serialize access due to concurrent update")));
				result = table_tuple_lock(table->association, &at,
										  table->snapshot, table->found,
										  GetCurrentCommandId(true),
										  LockTupleExclusive, LockWaitBlock,
										  TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
										  &failure);
				if (result != TM_Ok)
					return false;
				m2m_direct_read(table, table->found, now);
				if (!matches(table, now, arg))
					return false;
				at = table->found->tts_tid;
				break;
			default:
				elog(ERROR, "unexpected table_tuple_delete status: %d",
					 result);
		}
	}
}

/* same_pair: is it the pair in arg? */
static bool
same_pair(M2mDirectTable *table, Datum *pair, void *arg)
{
	return m2m_pair_compare(table->order, 0, table->order->natts, pair,
							arg) == 0;
}

/*
 * is_of_row: is it a pair of the row in arg, and none of those to keep?
 */
static bool
is_of_row(M2mDirectTable *table, Datum *pair, void *arg)
{
	RowOfSide  *row = arg;
	M2mSide		other = M2M_OTHER(row->side);
	int			nleft = table->order->nleft;
	int			first = row->side == M2M_LEFT ? 0 : nleft;

	if (compare_keys(table, row->side, pair + first, row->key) != 0)
		return false;
	first = other == M2M_LEFT ? 0 : nleft;
	for (int i = 0; row->keep != NULL && i < row->keep->count; i++)
	{
		if (compare_keys(table, other, pair + first,
						 row->keep->value + (Size) i * row->keep->nkeys) == 0)
			return false;
	}
	return true;
}

/*
 * find_links: the links of one or several rows of a side that the call's
 * snapshot shows, with their places, in key order.  Those that another
 * transaction may be deleting are marked as disputed.
 *
 * Where the heap's page is all-visible the index alone will do, as in an
 * index-only scan: nobody has begun to delete a row there.
 */
static M2mPairSort *
find_links(M2mDirectTable *table, M2mDirectIndex *index, M2mSide side,
		   M2mIds *ids)
{
	M2mPairOrder *order = table->order;
	IndexScanDesc scan = m2m_direct_side_scan(table, index, side,
											  table->snapshot);
	M2mPairSort *result = m2m_pair_sort_begin(order, order->place_desc,
											  order->natts, NULL,
											  work_mem / 2);
	Datum	   *row = palloc_array(Datum, order->natts + 1);
	Buffer		visibility = InvalidBuffer;

	scan->xs_want_itup = holds_pair(table, index);
	for (int i = 0; i < ids->count; i++)
	{
		ItemPointer place;

		m2m_direct_side_rescan(table, index, scan, side,
							   ids->value + (Size) i * ids->nkeys);
		while ((place = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
		{
			row[order->natts] = place_to_datum(place);
			if (scan->xs_want_itup &&
				VM_ALL_VISIBLE(table->association,
							   ItemPointerGetBlockNumber(place), &visibility))
			{
				read_entry(index, scan, row);
				PredicateLockPage(table->association,
								  ItemPointerGetBlockNumber(place),
								  table->snapshot);
			}
			else if (index_fetch_heap(scan, table->found))
			{
				bool		isnull;
				Datum		xmax = slot_getsysattr(table->found,
												   MaxTransactionIdAttributeNumber,
												   &isnull);

				m2m_direct_read(table, table->found, row);
				row[order->natts] = place_to_datum(&table->found->tts_tid);
				if (TransactionIdIsValid(DatumGetTransactionId(xmax)))
					row[order->natts] |= PLACE_DISPUTED;
			}
			else
				continue;
			m2m_pair_sort_put(result, row);
			CHECK_FOR_INTERRUPTS();
		}
	}
	if (BufferIsValid(visibility))
		ReleaseBuffer(visibility);
	index_endscan(scan);
	ExecClearTuple(table->found);
	pfree(row);
	m2m_pair_sort_perform(result);
	return result;
}

/*
 * holds_pair: can a pair be read from an index's entries?  All columns must be
 * there, in the form that they have in the table (a name has another).
 */
static bool
holds_pair(M2mDirectTable *table, M2mDirectIndex *index)
{
	bool		found[2 * INDEX_MAX_KEYS] = {false};
	int			n = 0;

	for (int i = 0; i < index->natts; i++)
	{
		int			c = index->column[i];

		if (!found[c] &&
			TupleDescAttr(RelationGetDescr(index->index), i)->atttypid ==
			TupleDescAttr(table->rel->pair_desc, c)->atttypid)
		{
			found[c] = true;
			n++;
		}
	}
	return n == table->order->natts;
}

/* read_entry: the pair in the index entry that a scan is at. */
static void
read_entry(M2mDirectIndex *index, IndexScanDesc scan, Datum *pair)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];

	index_deform_tuple(scan->xs_itup, scan->xs_itupdesc, values, isnull);
	for (int i = 0; i < index->natts; i++)
	{
		if (TupleDescAttr(scan->xs_itupdesc, i)->atttypid != CSTRINGOID)
			pair[index->column[i]] = values[i];
	}
}

/*
 * check_newer_links: links of the row that were committed after our snapshot
 * was taken cannot be removed by it: error 40001.
 */
static void
check_newer_links(M2mDirectTable *table, M2mDirectIndex *index, M2mSide side,
				  Datum *key)
{
	Snapshot	latest = RegisterSnapshot(GetLatestSnapshot());
	IndexScanDesc scan = m2m_direct_side_scan(table, index, side, latest);

	m2m_direct_side_rescan(table, index, scan, side, key);
	while (index_getnext_slot(scan, ForwardScanDirection, table->found))
	{
		if (!table_tuple_satisfies_snapshot(table->association, table->found,
											table->snapshot))
			m2m_plan_newer_links();
		CHECK_FOR_INTERRUPTS();
	}
	ExecClearTuple(table->found);
	index_endscan(scan);
	UnregisterSnapshot(latest);
}

/* compare_keys: of one side, given by their first columns. */
static int
compare_keys(M2mDirectTable *table, M2mSide side, Datum *a, Datum *b)
{
	return m2m_pair_compare(table->order,
							side == M2M_LEFT ? 0 : table->order->nleft,
							table->rel->side[side].nkeys, a, b);
}

/* place_to_datum: block and offset of a row as an int8. */
static Datum
place_to_datum(ItemPointer place)
{
	return Int64GetDatum(((int64) ItemPointerGetBlockNumber(place) << 16) |
						 ItemPointerGetOffsetNumber(place));
}

/* is_disputed: may another transaction be deleting the row of this place? */
static bool
is_disputed(Datum datum)
{
	return (datum & PLACE_DISPUTED) != 0;
}

/* datum_to_place: block and offset. */
static void
datum_to_place(Datum datum, ItemPointer place)
{
	int64		value = DatumGetInt64(datum);

	ItemPointerSet(place, (BlockNumber) ((value >> 16) & 0xFFFFFFFF),
				   (OffsetNumber) (value & 0xFFFF));
}

/* add_text: adds a key as text to an array that is being built. */
static void
add_text(ArrayBuildState *texts, M2mRelationship *rel, M2mSide side,
		 Datum *key)
{
	accumArrayResult(texts, PointerGetDatum(m2m_key_text(rel, side, key)),
					 false, TEXTOID, texts->mcontext);
}

/* text_result: text[] of what was accumulated; '{}' if nothing was. */
static ArrayType *
text_result(ArrayBuildState *texts, MemoryContext context)
{
	return DatumGetArrayTypeP(makeArrayResult(texts, context));
}
