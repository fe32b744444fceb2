/*
 * link_batch.c
 *		The direct path for many pairs: the pairs of one call, linked together.
 *
 * Bulk linking costs so much in plain SQL because each row fires two foreign
 * key triggers, each a query, and because each row goes into each index on its
 * own.  Here the pairs of a call come sorted, each once; those that are there
 * already are passed over; the others go into the heap by multi-insert and
 * into each index in its own order, a page at a time (btree_run.c); and each
 * distinct row of an endpoint is looked up and locked once.
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
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "commands/progress.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/backend_progress.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "direct.h"

/* Rows of one multi-insert: as COPY has it. */
#define BATCH_ROWS 1000
#define BATCH_BYTES 65535

/* Marks, beside block and offset, a row whose key of a side was refused. */
#define PLACE_REFUSED(side) (UINT64CONST(0x2000000000000) << (side))

/* An index, or the right foreign key, that is served in its own order. */
typedef struct SortedIndex
{
	M2mDirectIndex *index;		/* NULL: only the foreign key */
	bool		right_key;		/* check the right foreign key on the way? */
	M2mPairSort *sort;			/* of pairs and places */
	M2mIndexRun *run;			/* with an index */
} SortedIndex;

/* Some pairs, one behind the other; their values are the owner's. */
typedef struct PairGroup
{
	int			count;
	Size		nbytes;			/* of the copies */
	Datum	   *values;
	ItemPointerData *place;		/* of their rows, if they have any */
	MemoryContext context;		/* for copies of the values */
} PairGroup;

/* The foreign key of one side, checked for group after group. */
typedef struct KeyCheck
{
	M2mSide		side;
	int			first;			/* columns of the pair that are the key */
	int			nkeys;
	M2mIndexRun *run;			/* to look in the endpoint's index, or NULL */
	M2mIndexEntry *entry;		/* of the distinct keys of the group */
	int		   *number;			/* which of them, by pair of the group */
	bool		any;			/* has one been checked? */
	Datum	   *last;			/* the last of them */
	MemoryContext last_context;
	M2mKeyState state;			/* what came of that */
} KeyCheck;

/* One call that links pairs. */
typedef struct LinkBatch
{
	M2mDirectTable *table;
	MemoryContext context;
	int			room;			/* pairs of a group */

	/* pairs that we look for */
	bool		look_first;		/* can there be links yet? */
	PairGroup	sought;
	M2mIndexEntry *entry;
	M2mIndexRun *look;

	/* rows that wait for multi-insert, and their entries */
	int			nslots;
	int			nbytes;
	TupleTableSlot **slot;
	M2mIndexRun *run;

	/* rows that are in, and what is left to do for them */
	PairGroup	group;
	KeyCheck	check[2];		/* by side */
	int			nsorted;
	SortedIndex *sorted;
	Datum	   *place_row;		/* row of the sorts */
	M2mPairSort *doubtful;		/* rows that a foreign key may forbid */
	int64		nrefused;		/* rows refused by the left key */
	int64		nforgotten;		/* the first of these, refused no more */
	int64		waits;			/* the table's, when that was settled */

	int64		created;
	int64		skipped;
	bool		progress;		/* show them in pg_stat_progress_copy? */
	ArrayBuildState *texts;		/* of the keys linked, or NULL */
	M2mSide		text_side;
} LinkBatch;

static void begin_batch(LinkBatch *batch, M2mDirectTable *table,
						int64 count);
static void begin_sorted(LinkBatch *batch);
static bool leads_with_right(M2mDirectTable *table, M2mDirectIndex *index);
static void begin_check(LinkBatch *batch, M2mSide side);
static void begin_group(LinkBatch *batch, PairGroup *group);
static bool look_for_pairs(LinkBatch *batch, M2mPairs *pairs);
static void add_to_batch(LinkBatch *batch, Datum *pair);
static void flush_batch(void *arg);
static bool insert_again(LinkBatch *batch, Datum *pair, ItemPointer place);
static void finish_row(LinkBatch *batch, int n);
static void finish_sorted(LinkBatch *batch, SortedIndex *sorted);
static void look_for_keys(LinkBatch *batch, KeyCheck *check);
static void check_key(LinkBatch *batch, KeyCheck *check, int n);
static void forget_refusals(LinkBatch *batch);
static void put_place(LinkBatch *batch, M2mPairSort *sort, Datum *pair,
					  Datum place);
static void doubt(LinkBatch *batch, KeyCheck *check, int n);
static void check_doubtful(LinkBatch *batch);
static void end_batch(LinkBatch *batch);
static void show_progress(LinkBatch *batch);
static Datum *group_pair(LinkBatch *batch, PairGroup *group, int n);
static Datum *group_copy(LinkBatch *batch, PairGroup *group, Datum *pair);
static bool group_is_full(LinkBatch *batch, PairGroup *group);
static void group_clear(PairGroup *group);

/*
 * m2m_batch_link: links all pairs; returns the number of links created.  Where
 * texts is given, the keys of text_side that were linked are added to it as
 * text, in key order.
 */
int64
m2m_batch_link(M2mDirectTable *table, M2mPairs *pairs, bool progress,
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
 * begin_batch: gets ready for count pairs.  Memory: the pairs have half of
 * work_mem, the sorts for indexes the other half.
 */
static void
begin_batch(LinkBatch *batch, M2mDirectTable *table, int64 count)
{
	MemoryContext old;

	batch->table = table;
	batch->room = Max(1, Min(count, BATCH_ROWS));
	batch->context = AllocSetContextCreate(table->context, "m2m batch",
										   ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(batch->context);

	/* what enters a table that is empty now, the unique index will show */
	batch->look_first = RelationGetNumberOfBlocks(table->association) > 0;
	if (batch->look_first)
	{
		begin_group(batch, &batch->sought);
		batch->entry = palloc_array(M2mIndexEntry, batch->room);
		batch->look = m2m_index_run_begin(table->association, table->unique,
										  true, batch->room);
	}
	batch->slot = palloc0_array(TupleTableSlot *, batch->room);
	batch->run = m2m_index_run_begin(table->association, table->unique, true,
									 batch->room);
	begin_group(batch, &batch->group);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		begin_check(batch, s);
	begin_sorted(batch);
	MemoryContextSwitchTo(old);
}

/*
 * begin_sorted: gets ready for the indexes that are served in their own order,
 * and for the right foreign key, along with one of them if its order is right.
 */
static void
begin_sorted(LinkBatch *batch)
{
	M2mDirectTable *table = batch->table;
	M2mPairOrder *order = table->order;
	bool		right_key = false;

	batch->place_row = palloc_array(Datum, order->natts + 1);
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
		SortedIndex *sorted = &batch->sorted[i];
		int			columns[INDEX_MAX_KEYS];
		int			n = 0;

		if (sorted->index != NULL)
		{
			sorted->run = m2m_index_run_begin(table->association,
											  sorted->index, false,
											  batch->room);
			for (; n < sorted->index->index->rd_index->indnkeyatts; n++)
				columns[n] = sorted->index->column[n];
		}
		else
		{
			for (int c = order->nleft; c < order->natts; c++)
				columns[n++] = c;
		}
		sorted->sort = m2m_pair_sort_begin(order, order->place_desc, n,
										   columns,
										   work_mem / 2 / batch->nsorted);
	}
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
 * begin_check: gets ready to check the foreign key of a side.  What a look at
 * the endpoint's index for many keys shows is of use only where nobody needs
 * to know that we have looked: not in serializable transactions.
 */
static void
begin_check(LinkBatch *batch, M2mSide side)
{
	M2mDirectTable *table = batch->table;
	M2mDirectEndpoint *endpoint = &table->endpoint[side];
	KeyCheck   *check = &batch->check[side];

	check->side = side;
	check->first = side == M2M_LEFT ? 0 : table->order->nleft;
	check->nkeys = table->rel->side[side].nkeys;
	check->last = palloc_array(Datum, check->nkeys);
	check->last_context = AllocSetContextCreate(batch->context,
												"m2m batch key",
												ALLOCSET_SMALL_SIZES);
	if (IsolationIsSerializable() ||
		RelationGetNumberOfAttributes(endpoint->index.index) !=
		endpoint->index.natts)
		return;
	check->run = m2m_index_run_begin(endpoint->relation, &endpoint->index,
									 true, batch->room);
	check->entry = palloc_array(M2mIndexEntry, batch->room);
	check->number = palloc_array(int, batch->room);
}

/* begin_group: room for as many pairs as a batch takes at once. */
static void
begin_group(LinkBatch *batch, PairGroup *group)
{
	group->values = palloc_array(Datum, (Size) batch->room *
								 batch->table->order->natts);
	group->place = palloc_array(ItemPointerData, batch->room);
	group->context = AllocSetContextCreate(batch->context, "m2m batch pairs",
										   ALLOCSET_DEFAULT_SIZES);
}

/*
 * look_for_pairs: takes a group of pairs, passes over those that are linked,
 * and adds the others to the batch.  Returns false if there are no more.
 *
 * What becomes of a pair after the index has been looked through for all of
 * them does no harm, as after any other look: the unique index will show it.
 */
static bool
look_for_pairs(LinkBatch *batch, M2mPairs *pairs)
{
	PairGroup  *group = &batch->sought;
	Datum	   *pair = NULL;

	while (!group_is_full(batch, group) &&
		   (pair = m2m_pairs_next(pairs)) != NULL)
		m2m_index_run_put(batch->look, group_copy(batch, group, pair), NULL);
	m2m_index_run_look(batch->look, batch->entry);
	for (int i = 0; i < group->count; i++)
	{
		Datum	   *sought = group_pair(batch, group, i);
		M2mIndexEntry *entry = &batch->entry[i];

		if (entry->kind != M2M_ENTRY_NONE &&
			((entry->kind == M2M_ENTRY_ONE &&
			  m2m_direct_exists_at(batch->table, sought, &entry->place)) ||
			 m2m_direct_exists(batch->table, sought, flush_batch, batch)))
			batch->skipped++;
		else
			add_to_batch(batch, sought);
		CHECK_FOR_INTERRUPTS();
	}
	m2m_index_run_clear(batch->look);
	group_clear(group);
	show_progress(batch);
	return pair != NULL;
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
	PairGroup  *group = &batch->group;
	MemoryContext old = MemoryContextSwitchTo(table->row_context);
	int			entered = -1;

	if (batch->nslots > 0)
		table_multi_insert(table->association, batch->slot, batch->nslots,
						   GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < batch->nslots; i++)
	{
		Datum	   *pair = group_pair(batch, group, i);

		m2m_direct_read(table, batch->slot[i], pair);
		group->place[i] = batch->slot[i]->tts_tid;
		m2m_index_run_put(batch->run, pair, &group->place[i]);
	}
	group->count = batch->nslots;
	look_for_keys(batch, &batch->check[M2M_LEFT]);
	for (int i = 0; i < batch->nslots; i++)
	{
		if (i > entered)
			entered = m2m_index_run_enter(batch->run, i);
		if (i < entered ||
			insert_again(batch, group_pair(batch, group, i),
						 &group->place[i]))
			finish_row(batch, i);
		else
			batch->skipped++;
	}
	for (int i = 0; i < batch->nslots; i++)
		ExecClearTuple(batch->slot[i]);
	m2m_index_run_clear(batch->run);
	group_clear(group);
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
	return m2m_direct_insert(table, pair, place);
}

/*
 * finish_row: what is left to do for the row of a group that is in heap and
 * unique index: the left foreign key, the other indexes, now or in their own
 * order.
 */
static void
finish_row(LinkBatch *batch, int n)
{
	M2mDirectTable *table = batch->table;
	Datum	   *pair = group_pair(batch, &batch->group, n);
	ItemPointer place = &batch->group.place[n];

	batch->created++;
	check_key(batch, &batch->check[M2M_LEFT], n);
	for (int i = 0; i < batch->nsorted; i++)
		put_place(batch, batch->sorted[i].sort, pair,
				  m2m_place_to_datum(place));
	for (int i = 0; i < table->nindexes; i++)
	{
		M2mDirectIndex *index = &table->index[i];

		if (index != table->unique &&
			index->index->rd_rel->relam != BTREE_AM_OID)
			m2m_direct_index_insert(table, index, pair, place, false);
	}
	if (batch->texts != NULL)
		m2m_batch_add_text(batch->texts, table->rel, batch->text_side,
						   pair + batch->check[batch->text_side].first);
}

/*
 * finish_sorted: enters all rows into an index in its own order, and checks
 * the right foreign key if this is the order to do it in.
 */
static void
finish_sorted(LinkBatch *batch, SortedIndex *sorted)
{
	int			natts = batch->table->order->natts;
	PairGroup  *group = &batch->group;
	Datum	   *row = NULL;

	m2m_pair_sort_perform(sorted->sort);
	do
	{
		group_clear(group);
		while (!group_is_full(batch, group) &&
			   (row = m2m_pair_sort_get(sorted->sort)) != NULL)
		{
			ItemPointer place = &group->place[group->count];
			Datum	   *pair;

			m2m_datum_to_place(row[natts], place);
			pair = group_copy(batch, group, row);
			if (sorted->index != NULL)
				m2m_index_run_put(sorted->run, pair, place);
		}
		if (sorted->index != NULL)
		{
			m2m_index_run_enter(sorted->run, 0);
			m2m_index_run_clear(sorted->run);
		}
		if (sorted->right_key)
		{
			look_for_keys(batch, &batch->check[M2M_RIGHT]);
			for (int i = 0; i < group->count; i++)
			{
				check_key(batch, &batch->check[M2M_RIGHT], i);
				CHECK_FOR_INTERRUPTS();
			}
		}
	} while (row != NULL);
	m2m_pair_sort_end(sorted->sort);
	sorted->sort = NULL;
}

/*
 * look_for_keys: looks for the keys of one side of the group in the endpoint's
 * index, for check_key().  Equal keys follow each other.
 */
static void
look_for_keys(LinkBatch *batch, KeyCheck *check)
{
	PairGroup  *group = &batch->group;
	int			distinct = 0;

	if (check->run == NULL)
		return;
	for (int i = 0; i < group->count; i++)
	{
		Datum	   *pair = group_pair(batch, group, i);

		if (i == 0 ||
			m2m_pair_compare(batch->table->order, check->first, check->nkeys,
							 group_pair(batch, group, i - 1) + check->first,
							 pair + check->first) != 0)
		{
			m2m_index_run_put(check->run, pair, NULL);
			distinct++;
		}
		check->number[i] = distinct - 1;
	}
	m2m_index_run_look(check->run, check->entry);
	m2m_index_run_clear(check->run);
}

/*
 * check_key: the foreign key of one side of a row of the group, once for rows
 * of one key, which follow each other, also over the groups.
 */
static void
check_key(LinkBatch *batch, KeyCheck *check, int n)
{
	M2mPairOrder *order = batch->table->order;
	Datum	   *pair = group_pair(batch, &batch->group, n);
	Datum	   *key = pair + check->first;

	if (check->side == M2M_LEFT)
		forget_refusals(batch);
	if (!check->any ||
		m2m_pair_compare(order, check->first, check->nkeys, check->last,
						 key) != 0)
	{
		MemoryContext old;

		check->state =
			m2m_direct_lock_endpoint(batch->table, check->side, pair,
									 check->run == NULL ? NULL :
									 &check->entry[check->number[n]]);
		MemoryContextReset(check->last_context);
		old = MemoryContextSwitchTo(check->last_context);
		for (int i = 0; i < check->nkeys; i++)
			check->last[i] =
				datumCopy(key[i], order->column[check->first + i].typbyval,
						  order->column[check->first + i].typlen);
		MemoryContextSwitchTo(old);
		check->any = true;
	}
	if (check->side == M2M_LEFT && check->state == M2M_KEY_REFUSED)
		batch->nrefused++;
	if (check->state != M2M_KEY_LOCKED)
		doubt(batch, check, n);
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
	if (batch->check[M2M_LEFT].state == M2M_KEY_REFUSED)
		batch->check[M2M_LEFT].state = M2M_KEY_DOUBTFUL;
}

/* put_place: adds a pair and the place of its row to a sort. */
static void
put_place(LinkBatch *batch, M2mPairSort *sort, Datum *pair, Datum place)
{
	int			n = batch->table->order->natts;

	memcpy(batch->place_row, pair, sizeof(Datum) * n);
	batch->place_row[n] = place;
	m2m_pair_sort_put(sort, batch->place_row);
}

/*
 * doubt: keeps a row of the group whose endpoint row was not found so simply,
 * or is refused, for check_doubtful().
 */
static void
doubt(LinkBatch *batch, KeyCheck *check, int n)
{
	M2mPairOrder *order = batch->table->order;
	Datum		place = m2m_place_to_datum(&batch->group.place[n]);

	if (batch->doubtful == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(batch->context);

		batch->doubtful = m2m_pair_sort_begin(order, order->place_desc,
											  order->natts, NULL,
											  work_mem / 4);
		MemoryContextSwitchTo(old);
	}
	if (check->state == M2M_KEY_REFUSED)
		place |= PLACE_REFUSED(check->side);
	put_place(batch, batch->doubtful,
			  group_pair(batch, &batch->group, n), place);
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
		m2m_datum_to_place(row[n], &place);
		do
		{
			/* left keys are refused in key order */
			if ((row[n] & PLACE_REFUSED(M2M_LEFT)) != 0)
				refused[M2M_LEFT] = ++left > batch->nforgotten;
			if ((row[n] & PLACE_REFUSED(M2M_RIGHT)) != 0)
				refused[M2M_RIGHT] = true;
			row = m2m_pair_sort_get(doubtful);
			if (row != NULL)
				m2m_datum_to_place(row[n], &next);
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

/* group_pair: the nth pair of a group, from 0. */
static Datum *
group_pair(LinkBatch *batch, PairGroup *group, int n)
{
	return group->values + (Size) n * batch->table->order->natts;
}

/* group_copy: adds a copy of a pair to a group, and returns that. */
static Datum *
group_copy(LinkBatch *batch, PairGroup *group, Datum *pair)
{
	M2mPairOrder *order = batch->table->order;
	Datum	   *copy = group_pair(batch, group, group->count++);
	MemoryContext old = MemoryContextSwitchTo(group->context);

	for (int i = 0; i < order->natts; i++)
	{
		M2mPairColumn *column = &order->column[i];

		copy[i] = datumCopy(pair[i], column->typbyval, column->typlen);
		if (!column->typbyval)
			group->nbytes += datumGetSize(copy[i], false, column->typlen);
	}
	MemoryContextSwitchTo(old);
	return copy;
}

/* group_is_full: has it as many pairs as a batch takes, or wide ones? */
static bool
group_is_full(LinkBatch *batch, PairGroup *group)
{
	return group->count == batch->room || group->nbytes >= BATCH_BYTES;
}

/* group_clear: a group without pairs. */
static void
group_clear(PairGroup *group)
{
	group->count = 0;
	group->nbytes = 0;
	MemoryContextReset(group->context);
}

/*
 * m2m_batch_add_text: adds a key as text to an array that is being built.
 */
void
m2m_batch_add_text(ArrayBuildState *texts, M2mRelationship *rel, M2mSide side,
				   Datum *key)
{
	accumArrayResult(texts, PointerGetDatum(m2m_key_text(rel, side, key)),
					 false, TEXTOID, texts->mcontext);
}
