/*
 * link_batch.c
 *		The direct path for many pairs: the pairs of one call, linked together.
 *
 * Bulk linking costs so much in plain SQL because each row fires two foreign
 * key triggers, each a query, and because each row goes into each index
 * wherever that may be.  Here the pairs of a call come sorted, each once; each
 * distinct row of an endpoint is looked up and locked once; and each index
 * gets its entries in its own order, in one pass over the whole call.
 *
 * How a row goes in depends on whether another session can enter the same pair
 * meanwhile.  Where one can, each row is inserted speculatively, as ON
 * CONFLICT DO NOTHING does it, in key order, with its entry in the unique
 * index.  Where none can, as in a table that this transaction has made,
 * emptied or locked, rows go in by multi-insert, as COPY does it, and then
 * their entries.  Nothing is inserted for real and taken back: subscribers
 * would see both.
 *
 * The entries of the other indexes, which are in no order here, are kept in
 * sorts and made at the end.  Nobody can miss them before.  The rows are not
 * committed, so no other session's snapshot shows them; whoever waits for them
 * has found them by the unique index.  The rows that they refer to are locked,
 * so no cascade goes looking for them by the others.  An index that is being
 * made or made anew CONCURRENTLY waits for the lock that we hold on the table
 * before it trusts in what it has, and is among those that we serve if it was
 * there when we took that (m2m_direct_open()).  VACUUM removes no row that is
 * not committed, so their places are nobody else's.  A serializable
 * transaction that has read in such an index finds us, or we it, when the
 * entry is made.  And this session reads nothing of the association from the
 * first row to the last entry: indexes, comparisons and foreign key checks run
 * no code but PostgreSQL's (m2m_opfamily_built_in()), and an error undoes the
 * rows.
 *
 * Every step goes in key order over the whole call, so two calls wait for
 * each other, never in a circle.  That is promised for one call: a transaction
 * of several can deadlock with another, as with any SQL.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "commands/progress.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/backend_progress.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "direct_internal.h"
#include "ids.h"
#include "m2m.h"

/* Pairs of a group, and bytes of a multi-insert: as COPY has them. */
#define GROUP_PAIRS 1000
#define GROUP_BYTES 65535

/* An index, or the right foreign key, that is served in its own order. */
typedef struct SortedIndex
{
	M2mDirectIndex *index;		/* NULL: only the foreign key */
	bool		right_key;		/* check the right foreign key on the way? */
	M2mPairSort *sort;			/* of pairs and places */
} SortedIndex;

/* Some pairs, one behind the other, in key order or an index's. */
typedef struct PairGroup
{
	int			count;
	Size		nbytes;			/* of the copies */
	Datum	   *values;
	ItemPointerData *place;		/* of their rows, if they have any */
	int64		(*number)[2];	/* and their numbers */
	MemoryContext context;		/* for copies of the values */
} PairGroup;

/* The foreign key of one side, checked for group after group. */
typedef struct KeyCheck
{
	M2mSide		side;
	int			first;			/* columns of the pair that are the key */
	int			nkeys;
	M2mIndexLook *look;			/* in the endpoint's index, or NULL */
	M2mIndexEntry *entry;		/* of the distinct keys of the group */
	int		   *number;			/* which of them, by pair of the group */
	bool		any;			/* has one been checked? */
	Datum	   *last;			/* the last of them */
	MemoryContext last_context;
	bool		locked;			/* what came of that */
} KeyCheck;

struct M2mLinkBatch
{
	M2mDirectTable *table;
	MemoryContext context;
	int			room;			/* pairs of a group */
	bool		look_first;		/* can there be links yet? */
	PairGroup	group;
	M2mIndexLook *look;			/* for pairs of the group */
	M2mIndexEntry *entry;
	TupleTableSlot **slot;		/* rows for multi-insert; NULL: not made */

	/* what is left to do for rows that are in */
	KeyCheck	check[2];		/* by side */
	int			nsorted;
	SortedIndex *sorted;
	Datum	   *place_row;		/* row of the sorts */
	M2mPairSort *doubtful;		/* rows that PostgreSQL is to check, or NULL */

	/* where links are there in both directions */
	bool		passed;			/* was a first one passed over? */
	List	   *lost;			/* Datum *: first ones that were, and went */

	int64		created;		/* links */
	int64		skipped;
	bool		progress;		/* show them in pg_stat_progress_copy? */
};

static void begin_sorted(M2mLinkBatch *batch);
static bool sorts_numbers(M2mDirectTable *table, M2mDirectIndex *index);
static bool leads_with_right(M2mDirectTable *table, M2mDirectIndex *index);
static void begin_check(M2mLinkBatch *batch, M2mSide side);
static void link_group(M2mLinkBatch *batch);
static bool is_linked(M2mLinkBatch *batch, Datum *pair, M2mIndexEntry *entry,
					  bool *look);
static void look_for_pairs(M2mLinkBatch *batch);
static void insert_group(M2mLinkBatch *batch);
static void finish_group(M2mLinkBatch *batch);
static void finish_sorted(M2mLinkBatch *batch, SortedIndex *sorted);
static void look_for_keys(M2mLinkBatch *batch, KeyCheck *check);
static void check_key(M2mLinkBatch *batch, KeyCheck *check, int n);
static void put_place(M2mLinkBatch *batch, M2mPairSort *sort, Datum *pair,
					  ItemPointer place);
static void doubt(M2mLinkBatch *batch, int n);
static void check_doubtful(M2mLinkBatch *batch);
static void show_progress(M2mLinkBatch *batch, int more);
static void see_mirror(M2mLinkBatch *batch, Datum *pair, bool created);
static void link_lost(M2mLinkBatch *batch);
static Datum *group_pair(M2mLinkBatch *batch, int n);
static void group_put(M2mLinkBatch *batch, Datum *pair);
static bool group_is_full(M2mLinkBatch *batch);
static void group_clear(M2mLinkBatch *batch);

/*
 * m2m_batch_begin: gets ready to link about count pairs, in key order.  With
 * progress, pg_stat_progress_copy shows how far it is.  Memory: the caller's
 * pairs have half of work_mem, the sorts for indexes the other half.
 */
M2mLinkBatch *
m2m_batch_begin(M2mDirectTable *table, int64 count, bool progress)
{
	MemoryContext context = AllocSetContextCreate(table->context, "m2m batch",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	M2mLinkBatch *batch = palloc0(sizeof(M2mLinkBatch));

	batch->table = table;
	batch->context = context;
	batch->room = Max(1, Min(count, GROUP_PAIRS));
	batch->progress = progress;
	table->shut = m2m_direct_is_shut(table);

	/*
	 * What enters a table that is empty now, the unique index will show: its
	 * own check comes with the entry, and this look is to save insertions.
	 */
	batch->look_first = RelationGetNumberOfBlocks(table->association) > 0;
	batch->look = m2m_index_look_begin(table->association, table->unique,
									   batch->room);
	batch->entry = palloc_array(M2mIndexEntry, batch->room);
	batch->group.values = palloc_array(Datum, (Size) batch->room *
									   table->order->natts);
	batch->group.place = palloc_array(ItemPointerData, batch->room);
	batch->group.number = palloc(sizeof(*batch->group.number) * batch->room);
	batch->group.context = AllocSetContextCreate(context, "m2m batch pairs",
												 ALLOCSET_DEFAULT_SIZES);
	if (table->shut)
		batch->slot = palloc0_array(TupleTableSlot *, batch->room);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		begin_check(batch, s);
	begin_sorted(batch);
	MemoryContextSwitchTo(old);
	return batch;
}

/*
 * begin_sorted: gets ready for the indexes that are served in their own order,
 * and for the right foreign key, along with one of them if its order is right.
 * An index of another kind has no order; that of the columns serves it, too.
 */
static void
begin_sorted(M2mLinkBatch *batch)
{
	M2mDirectTable *table = batch->table;
	M2mPairOrder *order = table->order;
	bool		right_key = false;
	int			nsorts;

	/*
	 * The pairs come in the order of the left key.  Rows of the right
	 * endpoint, too, are to be locked in one order over the whole call, and
	 * each once: that takes a pass in the order of the right key, in which
	 * most relationships have an index that wants one anyway.
	 */
	batch->place_row = palloc_array(Datum, order->natts + 1);
	batch->sorted = palloc0_array(SortedIndex, table->nindexes + 1);
	for (int i = 0; i < table->nindexes; i++)
	{
		M2mDirectIndex *index = &table->index[i];

		if (index == table->unique || index->at_once)
			continue;
		if (!right_key && leads_with_right(table, index))
			batch->sorted[batch->nsorted].right_key = right_key = true;
		batch->sorted[batch->nsorted++].index = index;
	}
	if (!right_key)
		batch->sorted[batch->nsorted++].right_key = true;
	nsorts = batch->nsorted;

	/*
	 * An index of the right key and a number gets entries with the rows, but
	 * in its own order; one of the left key and a number has that order now.
	 */
	for (int i = 0; i < table->nindexes; i++)
		nsorts += sorts_numbers(table, &table->index[i]);
	for (int i = 0; i < table->nindexes; i++)
	{
		M2mDirectIndex *index = &table->index[i];

		if (sorts_numbers(table, index))
			index->sort = m2m_index_sort_begin(table->association,
											   index->index,
											   work_mem / 2 / nsorts);
	}
	for (int i = 0; i < batch->nsorted; i++)
	{
		SortedIndex *sorted = &batch->sorted[i];
		int			columns[INDEX_MAX_KEYS];
		int			n = 0;

		if (sorted->index != NULL)
		{
			for (; n < sorted->index->index->rd_index->indnkeyatts; n++)
				columns[n] = sorted->index->column[n];
		}
		else
		{
			for (int c = order->nleft; c < order->natts; c++)
				columns[n++] = c;
		}
		sorted->sort = m2m_pair_sort_begin(order, order->place_desc, n,
										   columns, work_mem / 2 / nsorts);
	}
}

/* sorts_numbers: does an index have numbers, and another order than the pairs? */
static bool
sorts_numbers(M2mDirectTable *table, M2mDirectIndex *index)
{
	return index->at_once && index->index->rd_rel->relam == BTREE_AM_OID &&
		m2m_direct_side_column(table, M2M_LEFT, index->column[0]) != 0;
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
		if (m2m_direct_side_column(table, M2M_RIGHT, index->column[i]) !=
			table->order->nleft + i)
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
begin_check(M2mLinkBatch *batch, M2mSide side)
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

	/* m2m_index_look_perform() leaves no predicate locks; a scan does */
	if (IsolationIsSerializable())
		return;
	check->look = m2m_index_look_begin(endpoint->relation, &endpoint->index,
									   batch->room);
	check->entry = palloc_array(M2mIndexEntry, batch->room);
	check->number = palloc_array(int, batch->room);
}

/* m2m_batch_link_pairs: links all pairs of a set, but those that are. */
void
m2m_batch_link_pairs(M2mLinkBatch *batch, M2mPairs *pairs)
{
	Datum	   *pair;

	while ((pair = m2m_pairs_next(pairs)) != NULL)
	{
		group_put(batch, pair);
		if (group_is_full(batch))
			link_group(batch);
	}
	link_group(batch);
}

/*
 * m2m_batch_link_pair: links one pair at once; for who has something to do
 * between one pair and the next.  With look false it is not looked for before,
 * as the caller's snapshot has not shown it.  Returns whether it was not
 * there.
 */
bool
m2m_batch_link_pair(M2mLinkBatch *batch, Datum *pair, bool look)
{
	ItemPointerData place;
	bool		result;

	result = m2m_direct_insert(batch->table, pair, look, &place);
	if (result)
	{
		batch->group.place[batch->group.count] = place;
		memcpy(batch->group.number[batch->group.count],
			   batch->table->number, sizeof(batch->table->number));
		group_put(batch, pair);
		if (group_is_full(batch))
			finish_group(batch);
	}
	else
		batch->skipped++;

	/* the caller may have passed over others */
	batch->passed = OidIsValid(batch->table->rel->mirror);
	see_mirror(batch, pair, result);
	return result;
}

/*
 * m2m_batch_end: does what is left to do, that is entries of the other indexes
 * and the foreign keys, and releases all.  Returns the number of links
 * created.  Errors: 23503; 40001 in REPEATABLE READ and above.
 */
int64
m2m_batch_end(M2mLinkBatch *batch)
{
	int64		created;

	/*
	 * One index after the other: each pass has the index's own order, and
	 * frees its sort before the next begins.  The queries of the foreign keys
	 * in doubt come last; see there.
	 */
	link_lost(batch);
	finish_group(batch);
	for (int i = 0; i < batch->nsorted; i++)
		finish_sorted(batch, &batch->sorted[i]);
	for (int i = 0; i < batch->table->nindexes; i++)
	{
		M2mDirectIndex *index = &batch->table->index[i];

		if (index->sort != NULL)
			m2m_index_sort_end(index->sort, index->info);
		index->sort = NULL;
	}
	check_doubtful(batch);
	created = batch->created;
	for (int i = 0; batch->slot != NULL && i < batch->room; i++)
	{
		if (batch->slot[i] != NULL)
			ExecDropSingleTupleTableSlot(batch->slot[i]);
	}
	MemoryContextDelete(batch->context);
	return created;
}

/*
 * link_group: links the pairs of the group, but those that are linked; the
 * group is empty then.
 */
static void
link_group(M2mLinkBatch *batch)
{
	M2mDirectTable *table = batch->table;
	MemoryContext old = MemoryContextSwitchTo(table->row_context);
	int			natts = table->order->natts;
	int			n = 0;

	if (batch->look_first)
		look_for_pairs(batch);
	for (int i = 0; i < batch->group.count; i++)
	{
		Datum	   *pair = group_pair(batch, i);
		bool		look = false;

		/*
		 * The pairs that are left move up, and with them the values that they
		 * point to; an entry was looked up for the pair's old number.
		 *
		 * Without look a pair that nobody else is about costs one descent of
		 * the index, to make the entry, and no scan.
		 */
		if ((batch->look_first &&
			 is_linked(batch, pair, &batch->entry[i], &look)) ||
			(!table->shut &&
			 !m2m_direct_insert(table, pair, look, &batch->group.place[n])))
		{
			batch->skipped++;
			see_mirror(batch, pair, false);
		}
		else
		{
			see_mirror(batch, pair, true);
			if (n < i)
				memcpy(group_pair(batch, n), pair, sizeof(Datum) * natts);
			memcpy(batch->group.number[n], table->number, sizeof(table->number));
			n++;
		}
		show_progress(batch, table->shut ? 0 : n);
		MemoryContextReset(table->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	batch->group.count = n;
	if (table->shut)
		insert_group(batch);
	MemoryContextSwitchTo(old);
	finish_group(batch);
}

/*
 * is_linked: is a pair linked, now that its entry has been looked for?  *look
 * becomes true if it takes looking for it once more before it is inserted.
 */
static bool
is_linked(M2mLinkBatch *batch, Datum *pair, M2mIndexEntry *entry, bool *look)
{
	/* has it come since, the unique index tells; if shut, it cannot have */
	if (entry->kind == M2M_ENTRY_NONE)
		return false;
	if (entry->kind == M2M_ENTRY_ONE &&
		m2m_direct_exists_at(batch->table, pair, &entry->place))
		return true;

	/*
	 * Rows of a multi-insert go in later, so that the answer is due now; it
	 * will not change until then, and nobody is to be waited for.
	 */
	if (batch->table->shut)
		return m2m_direct_exists(batch->table, pair);
	*look = true;
	return false;
}

/* look_for_pairs: looks for the group's pairs in the unique index. */
static void
look_for_pairs(M2mLinkBatch *batch)
{
	M2mDirectTable *table = batch->table;

	for (int i = 0; i < batch->group.count; i++)
	{
		Datum	   *pair = group_pair(batch, i);
		Datum		key[INDEX_MAX_KEYS];

		for (int k = 0; k < table->rel->nlink; k++)
		{
			int			c = table->unique->column[k];

			key[k] = m2m_direct_value(table, c, pair[c]);
		}
		m2m_index_look_put(batch->look, key);
	}
	m2m_index_look_perform(batch->look, batch->entry);
}

/*
 * insert_group: inserts the group's pairs, none of which is there, into a
 * table that nobody else can write, then their entries into the unique index.
 * Would one be there all the same, it would be the index's error.
 *
 * Where others can write, this would not do.  A row of a multi-insert cannot
 * be taken back: heap_abort_speculative() refuses one that was not inserted
 * speculatively, and heap_delete() leaves an insert and a delete for logical
 * decoding to tell of.  And a row without its entry in the unique index, as
 * all are between the two loops, is one that another session cannot see to
 * wait for.
 */
static void
insert_group(M2mLinkBatch *batch)
{
	M2mDirectTable *table = batch->table;
	PairGroup  *group = &batch->group;

	if (group->count == 0)
		return;
	for (int i = 0; i < group->count; i++)
	{
		if (batch->slot[i] == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(batch->context);

			batch->slot[i] = table_slot_create(table->association, NULL);
			MemoryContextSwitchTo(old);
		}
		m2m_direct_number(table, group_pair(batch, i));
		memcpy(group->number[i], table->number, sizeof(table->number));
		m2m_direct_fill(table, batch->slot[i], group_pair(batch, i));
	}

	/*
	 * Without options: rows are placed and logged as any others are.  Each
	 * slot has its row's place then (heap_multi_insert()).
	 */
	table_multi_insert(table->association, batch->slot, group->count,
					   GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < group->count; i++)
	{
		group->place[i] = batch->slot[i]->tts_tid;
		m2m_direct_index_insert(table, table->unique, group_pair(batch, i),
								&group->place[i], UNIQUE_CHECK_YES);
		memcpy(table->number, group->number[i], sizeof(table->number));
		for (int k = 0; k < table->nindexes; k++)
		{
			if (table->index[k].at_once)
				m2m_direct_index_insert(table, &table->index[k],
										group_pair(batch, i), &group->place[i],
										UNIQUE_CHECK_NO);
		}
		ExecClearTuple(batch->slot[i]);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextReset(table->row_context);
}

/*
 * finish_group: what is to be done at once for the rows of the group, which
 * are in heap and unique index: the left foreign key; and keeps them for the
 * rest.  The group is empty then.
 */
static void
finish_group(M2mLinkBatch *batch)
{
	M2mDirectTable *table = batch->table;
	MemoryContext old = MemoryContextSwitchTo(table->row_context);

	m2m_direct_end_speculation(table);

	/*
	 * Left keys are in order here, so their rows are locked in order, each
	 * once.  After the insertion, as by the trigger: a lock that came before
	 * would be held for pairs that turn out to be linked.
	 */
	look_for_keys(batch, &batch->check[M2M_LEFT]);
	for (int i = 0; i < batch->group.count; i++)
	{
		check_key(batch, &batch->check[M2M_LEFT], i);
		for (int k = 0; k < batch->nsorted; k++)
			put_place(batch, batch->sorted[k].sort, group_pair(batch, i),
					  &batch->group.place[i]);
		memcpy(table->number, batch->group.number[i], sizeof(table->number));
		m2m_direct_linked(table, group_pair(batch, i));
		if (m2m_direct_counts(table, group_pair(batch, i)))
			batch->created++;
		CHECK_FOR_INTERRUPTS();
	}
	group_clear(batch);
	MemoryContextSwitchTo(old);
	MemoryContextReset(table->row_context);
	show_progress(batch, 0);
}

/*
 * finish_sorted: enters all rows into an index in its own order, and checks
 * the right foreign key if this is the order to do it in.
 */
static void
finish_sorted(M2mLinkBatch *batch, SortedIndex *sorted)
{
	M2mDirectTable *table = batch->table;
	PairGroup  *group = &batch->group;
	MemoryContext old = MemoryContextSwitchTo(table->row_context);
	Datum	   *row;

	m2m_pair_sort_perform(sorted->sort);
	do
	{
		/* group_put() counts the pair up, so its place is noted before */
		while (!group_is_full(batch) &&
			   (row = m2m_pair_sort_get(sorted->sort)) != NULL)
		{
			m2m_place_from_number(DatumGetInt64(row[table->order->natts]),
								  &group->place[group->count]);
			group_put(batch, row);
		}
		row = group->count > 0 ? group_pair(batch, 0) : NULL;

		/* no check: of the indexes only table->unique is unique */
		for (int i = 0; sorted->index != NULL && i < group->count; i++)
		{
			m2m_direct_index_insert(table, sorted->index, group_pair(batch, i),
									&group->place[i], UNIQUE_CHECK_NO);
			CHECK_FOR_INTERRUPTS();
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
		group_clear(batch);
		MemoryContextReset(table->row_context);
	} while (row != NULL);
	MemoryContextSwitchTo(old);
	m2m_pair_sort_end(sorted->sort);
	sorted->sort = NULL;
}

/*
 * look_for_keys: looks for the keys of one side of the group in the endpoint's
 * index, for check_key().  Equal keys follow each other.
 */
static void
look_for_keys(M2mLinkBatch *batch, KeyCheck *check)
{
	M2mDirectIndex *index = &batch->table->endpoint[check->side].index;
	int			distinct = 0;

	if (check->look == NULL)
		return;
	for (int i = 0; i < batch->group.count; i++)
	{
		Datum	   *pair = group_pair(batch, i);

		if (i == 0 ||
			m2m_pair_compare(batch->table->order, check->first, check->nkeys,
							 group_pair(batch, i - 1) + check->first,
							 pair + check->first) != 0)
		{
			Datum		key[INDEX_MAX_KEYS];

			for (int k = 0; k < index->natts; k++)
				key[k] = pair[index->column[k]];
			m2m_index_look_put(check->look, key);
			distinct++;
		}
		check->number[i] = distinct - 1;
	}
	m2m_index_look_perform(check->look, check->entry);
}

/*
 * check_key: the foreign key of one side of a row of the group, once for rows
 * of one key, which follow each other, also over the groups.
 */
static void
check_key(M2mLinkBatch *batch, KeyCheck *check, int n)
{
	M2mPairOrder *order = batch->table->order;
	Datum	   *pair = group_pair(batch, n);
	Datum	   *key = pair + check->first;

	if (!check->any ||
		m2m_pair_compare(order, check->first, check->nkeys, check->last,
						 key) != 0)
	{
		MemoryContext old;

		/*
		 * A lock is held until the end of the transaction, so one for the
		 * first pair does for all of the key.  If there is none, each row of
		 * the key is in doubt by itself, as it would be for the trigger.
		 */
		check->locked =
			m2m_direct_lock_endpoint(batch->table, check->side, pair,
									 check->look == NULL ? NULL :
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
	if (!check->locked)
		doubt(batch, n);
}

/* put_place: adds a pair and the place of its row to a sort. */
static void
put_place(M2mLinkBatch *batch, M2mPairSort *sort, Datum *pair,
		  ItemPointer place)
{
	int			n = batch->table->order->natts;

	memcpy(batch->place_row, pair, sizeof(Datum) * n);
	batch->place_row[n] = Int64GetDatum(m2m_place_number(place));
	m2m_pair_sort_put(sort, batch->place_row);
}

/*
 * doubt: keeps a row of the group whose endpoint row was not found so simply,
 * for check_doubtful().
 */
static void
doubt(M2mLinkBatch *batch, int n)
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
	put_place(batch, batch->doubtful, group_pair(batch, n),
			  &batch->group.place[n]);
}

/*
 * check_doubtful: has PostgreSQL check the foreign keys of those rows whose
 * endpoint rows were not found so simply, in key order, as it does at the end
 * of an INSERT.  The first that fails is the error.  A row is here twice if
 * both its keys are in doubt; the second check finds nothing new.
 *
 * The last thing of a call: the triggers run queries, by snapshots of their
 * own, and by now every index leads to every row.
 */
static void
check_doubtful(M2mLinkBatch *batch)
{
	M2mDirectTable *table = batch->table;
	int			n = table->order->natts;
	MemoryContext old;
	Datum	   *row;

	if (batch->doubtful == NULL)
		return;
	m2m_pair_sort_perform(batch->doubtful);
	old = MemoryContextSwitchTo(table->row_context);
	while ((row = m2m_pair_sort_get(batch->doubtful)) != NULL)
	{
		ItemPointerData place;

		m2m_place_from_number(DatumGetInt64(row[n]), &place);
		m2m_direct_check_row(table, &place);
		MemoryContextReset(table->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextSwitchTo(old);
	m2m_pair_sort_end(batch->doubtful);
}

/*
 * show_progress: where a command shows its progress (m2m_load does), how many
 * links were made, with more of the group, and how many were there.
 */
static void
show_progress(M2mLinkBatch *batch, int more)
{
	const int	params[] = {
		PROGRESS_COPY_TUPLES_PROCESSED, PROGRESS_COPY_TUPLES_EXCLUDED
	};
	int64		values[2];

	if (!batch->progress)
		return;
	values[0] = batch->created + more;
	values[1] = batch->skipped;
	pgstat_progress_update_multi_param(2, params, values);
}

/*
 * see_mirror: a pair was found there, or made.  Where links are there in both
 * directions, the first may have been found, then both removed by another
 * session, which goes in the same order, and then the second made: so it has to
 * be seen whether the first is still there, and nobody removes it after that,
 * as nobody sees the second.
 */
static void
see_mirror(M2mLinkBatch *batch, Datum *pair, bool created)
{
	M2mDirectTable *table = batch->table;
	M2mPairOrder *order = table->order;
	int			direction;
	Datum	   *first;

	if (!OidIsValid(table->rel->mirror) || table->shut ||
		(created && !batch->passed))
		return;
	direction = m2m_pair_direction(order, pair);
	if (!created)
	{
		batch->passed |= direction < 0;
		return;
	}
	if (direction <= 0)
		return;
	first = m2m_pair_mirrored(order, pair);
	if (!m2m_direct_exists(table, first))
	{
		MemoryContext old = MemoryContextSwitchTo(batch->context);

		/* its pass through the group is over: it comes after all others */
		first = m2m_pair_mirrored(order, pair);
		for (int i = 0; i < order->natts; i++)
			first[i] = datumCopy(first[i], order->column[i].typbyval,
								 order->column[i].typlen);
		batch->lost = lappend(batch->lost, first);
		MemoryContextSwitchTo(old);
	}
}

/* link_lost: makes what was found there and was removed since. */
static void
link_lost(M2mLinkBatch *batch)
{
	List	   *lost = batch->lost;
	ListCell   *lc;

	batch->lost = NIL;
	foreach(lc, lost)
	{
		(void) m2m_batch_link_pair(batch, lfirst(lc), true);
		CHECK_FOR_INTERRUPTS();
	}
}

/* group_pair: the nth pair of the group, from 0. */
static Datum *
group_pair(M2mLinkBatch *batch, int n)
{
	return batch->group.values + (Size) n * batch->table->order->natts;
}

/* group_put: adds a copy of a pair to the group. */
static void
group_put(M2mLinkBatch *batch, Datum *pair)
{
	M2mPairOrder *order = batch->table->order;
	PairGroup  *group = &batch->group;
	Datum	   *copy = group_pair(batch, group->count++);
	MemoryContext old = MemoryContextSwitchTo(group->context);

	/* pairs and sorts give rows that are good only until the next */
	for (int i = 0; i < order->natts; i++)
	{
		M2mPairColumn *column = &order->column[i];

		copy[i] = datumCopy(pair[i], column->typbyval, column->typlen);
		if (!column->typbyval)
			group->nbytes += datumGetSize(copy[i], false, column->typlen);
	}
	MemoryContextSwitchTo(old);
}

/* group_is_full: has it as many pairs as there is room for, or wide ones? */
static bool
group_is_full(M2mLinkBatch *batch)
{
	return batch->group.count == batch->room ||
		batch->group.nbytes >= GROUP_BYTES;
}

/* group_clear: the group is without pairs. */
static void
group_clear(M2mLinkBatch *batch)
{
	batch->group.count = 0;
	batch->group.nbytes = 0;
	MemoryContextReset(batch->group.context);
}
