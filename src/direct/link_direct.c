/*
 * link_direct.c
 *		The direct path: links written by the table and index access methods,
 *		where the tables are plain (direct_table.c says what that is).
 *
 * What is here works a link at a time: one link, unlink, clear, and the
 * comparison that m2m_set makes.  link_batch.c links many, link_move.c gives
 * links to another row.
 *
 * Each function returns false, having done nothing, if the relationship, or an
 * id, is not for the direct path.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/sysattr.h"
#include "access/tableam.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "direct.h"
#include "direct_internal.h"
#include "execute.h"
#include "ids.h"
#include "m2m.h"

/* Marks, beside block and offset, a row that has been locked or deleted. */
#define PLACE_DISPUTED (INT64CONST(1) << M2M_PLACE_BITS)

/* What a row must still be if it has changed before we delete it. */
typedef bool (*StillMatches) (M2mDirectTable *table, Datum *pair, void *arg);

/*
 * The row that m2m_clear and m2m_set are about; where links are there in both
 * directions, whichever side it is on, and there may be several of them.
 */
typedef struct RowOfSide
{
	M2mSide		side;
	Datum	   *key;
	int			count;			/* of keys */
	M2mIds	   *keep;			/* of the other side; NULL: none */
} RowOfSide;

/* Keys of one side, in key order, to be made text at the end. */
typedef struct KeyList
{
	int			nkeys;
	int64		count;
	int64		room;
	Datum	   *value;
} KeyList;

static int64 link_pairs(M2mDirectTable *table, M2mPairs *pairs,
						bool progress);
static bool link_one(M2mDirectTable *table, Datum *pair);
static bool link_both(M2mDirectTable *table, Datum *pair);
static bool delete_found(M2mDirectTable *table, StillMatches matches,
						 void *arg);
static bool delete_link(M2mDirectTable *table, Datum *link,
						StillMatches matches, void *arg);
static bool same_pair(M2mDirectTable *table, Datum *pair, void *arg);
static bool is_of_row(M2mDirectTable *table, Datum *pair, void *arg);
static bool is_of_side(M2mDirectTable *table, Datum *pair, RowOfSide *row,
					   M2mSide side);
static bool find_links_of_side(M2mDirectTable *table, M2mSide side,
							   M2mIds *ids, M2mPairSort *links);
static bool are_keys(M2mDirectTable *table, Datum *pair);
static bool holds_pair(M2mDirectTable *table, M2mDirectIndex *index);
static void read_entry(M2mDirectTable *table, M2mDirectIndex *index,
					   IndexScanDesc scan, Datum *pair);
static void check_newer_links(M2mDirectTable *table, M2mDirectIndex *index,
							  M2mSide side, Datum *key);
static int	compare_keys(M2mDirectTable *table, M2mSide side, Datum *a,
						 Datum *b);
static bool is_disputed(M2mDirectTable *table, Datum *link);
static void list_key(M2mDirectTable *table, KeyList *list, M2mSide side,
					 Datum *key);
static ArrayType *list_texts(M2mDirectTable *table, KeyList *list,
							 M2mSide side, MemoryContext context);

/*
 * m2m_direct_link: links pairs (one if both sides are scalar); *created
 * becomes the number of links created.  Errors: 23503; 40001 in REPEATABLE
 * READ and above.
 */
bool
m2m_direct_link(M2mRelationship *rel, M2mIds *ids[2], int64 *created)
{
	M2mDirectTable *table;

	if (!m2m_ids_fit(rel, M2M_LEFT, ids[M2M_LEFT]) ||
		!m2m_ids_fit(rel, M2M_RIGHT, ids[M2M_RIGHT]))
		return false;
	table = m2m_direct_open(rel, M2M_DIRECT_LINK);
	if (table == NULL)
		return false;
	if (ids[M2M_LEFT]->is_array || ids[M2M_RIGHT]->is_array)
	{
		/* the other half is for the indexes' sorts, see m2m_batch_begin() */
		M2mPairs   *pairs = m2m_pairs_begin(rel, work_mem / 2);

		m2m_pairs_put_ids(pairs, ids);
		*created = link_pairs(table, pairs, false);
		m2m_pairs_end(pairs);
	}
	else if (OidIsValid(rel->mirror))
		*created = link_both(table, m2m_pair_values(rel, ids)) ? 1 : 0;
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
	M2mDirectTable *table;

	if (!m2m_pairs_fit(pairs))
		return false;
	table = m2m_direct_open(rel, M2M_DIRECT_LINK);
	if (table == NULL)
		return false;
	*created = link_pairs(table, pairs, progress);
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
	M2mDirectTable *table;
	M2mPairs   *pairs;
	Datum	   *pair;

	if (!m2m_ids_fit(rel, M2M_LEFT, ids[M2M_LEFT]) ||
		!m2m_ids_fit(rel, M2M_RIGHT, ids[M2M_RIGHT]))
		return false;
	table = m2m_direct_open(rel, M2M_DIRECT_UNLINK);
	if (table == NULL)
		return false;
	*removed = 0;
	if (!OidIsValid(rel->mirror) &&
		!ids[M2M_LEFT]->is_array && !ids[M2M_RIGHT]->is_array)
	{
		pair = m2m_pair_values(rel, ids);
		if (m2m_direct_find(table, pair) &&
			delete_found(table, same_pair, pair))
			*removed = 1;
		m2m_direct_close(table);
		return true;
	}

	/*
	 * Sorted, though nothing is inserted: a delete, too, is waited for, and
	 * who links the same pairs comes to them in this order.  Each is deleted
	 * where it was just found, by the scan's slot.
	 */
	pairs = m2m_pairs_begin(rel, work_mem);
	m2m_pairs_put_ids(pairs, ids);
	while ((pair = m2m_pairs_next(pairs)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->row_context);

		if (m2m_direct_find(table, pair) &&
			delete_found(table, same_pair, pair))
		{
			m2m_direct_check_mirror(table, pair);
			if (m2m_direct_counts(table, pair))
				(*removed)++;
		}
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
	M2mPairSort *links;
	Datum	   *link;

	if (!m2m_ids_fit(rel, side, ids))
		return false;

	/*
	 * Before the snapshot that m2m_direct_open() takes: it then shows what an
	 * m2m_set has linked that we waited for.  Several rows are not locked:
	 * their locks would have to be taken in one order, and be many.
	 */
	if (!ids->is_array)
	{
		m2m_limits_await(rel, side, ids);
		m2m_lock_links_of_row(rel, side, ids);
	}
	table = m2m_direct_open(rel, M2M_DIRECT_UNLINK);
	if (table == NULL)
		return false;

	/* without one the whole table is to be read: the planner's business */
	if (!m2m_direct_has_side_indexes(table, side))
	{
		m2m_direct_close(table);
		return false;
	}

	/*
	 * All are found before the first is deleted, as the scan is in the order
	 * of its index, and deleting goes in key order.
	 */
	*removed = 0;
	links = m2m_direct_find_links(table, side, ids, false);
	if (links == NULL)
	{
		m2m_direct_close(table);
		return false;
	}
	while ((link = m2m_pair_sort_get(links)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->row_context);
		RowOfSide	row;

		row.side = side;
		row.key = link + (side == M2M_LEFT ? 0 : table->order->nleft);
		row.count = 1;
		row.keep = NULL;
		if (OidIsValid(rel->mirror))
		{
			row.key = ids->value;
			row.count = ids->count;
		}
		if (delete_link(table, link, is_of_row, &row) &&
			m2m_direct_counts(table, link))
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
 *
 * Links are removed and added in one key order, so that calls of all kinds
 * wait for each other in no circle.  What is a user's to define, as a type's
 * cast to text may be, runs when all is done.
 */
bool
m2m_direct_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
			   M2mIds *ids[2], M2mDifference *difference)
{
	MemoryContext context = CurrentMemoryContext;
	M2mSide		other = M2M_OTHER(side);
	bool		both = OidIsValid(rel->mirror);
	M2mDirectTable *table;
	M2mPairs   *wanted;
	M2mPairSort *links;
	M2mLinkBatch *batch;
	Datum	   *link;
	KeyList		unlinked;
	KeyList		linked;
	RowOfSide	row;
	Datum	   *pair;
	int			first;
	int			near;
	int64		count = 0;
	bool		disputed = false;

	if (!m2m_ids_fit(rel, M2M_LEFT, ids[M2M_LEFT]) ||
		!m2m_ids_fit(rel, M2M_RIGHT, ids[M2M_RIGHT]))
		return false;

	/*
	 * Of two calls that ran at once, each would remove what it sees and add
	 * its own, and both leave the union.  The second is to see what the first
	 * has done, so it waits before its snapshot is taken.
	 */
	m2m_limits_await(rel, side, id);
	m2m_lock_links_of_row(rel, side, id);
	table = m2m_direct_open(rel, M2M_DIRECT_LINK | M2M_DIRECT_UNLINK);
	if (table == NULL)
		return false;
	if (!m2m_direct_has_side_indexes(table, side))
	{
		m2m_direct_close(table);
		return false;
	}

	/* here the snapshot is as old as the transaction, lock or no lock */
	if (IsolationUsesXactSnapshot())
		check_newer_links(table, m2m_direct_side_index(table, side), side,
						  id->value);

	first = other == M2M_LEFT ? 0 : table->order->nleft;
	near = side == M2M_LEFT ? 0 : table->order->nleft;
	row.side = side;
	row.key = id->value;
	row.count = 1;
	row.keep = ids[other];
	memset(&unlinked, 0, sizeof(unlinked));
	memset(&linked, 0, sizeof(linked));
	links = m2m_direct_find_links(table, side, id, false);
	if (links == NULL)
	{
		m2m_direct_close(table);
		return false;
	}
	wanted = m2m_pairs_begin(rel, work_mem / 4);
	m2m_pairs_put_ids(wanted, ids);
	batch = m2m_batch_begin(table, m2m_pairs_count(wanted), false);

	/*
	 * Both are in key order: a merge shows what to remove and what to add.
	 * Were all removed first and then all added, a call that links pairs of
	 * this row could hold one that we come to, and wait for the end of one
	 * that we have removed.
	 *
	 * What is there, but perhaps not for long, is added too: that looks,
	 * waits, and inserts if the delete was committed.  A pair that the
	 * snapshot does not show goes in without a look: if another session has
	 * linked it since, the unique index tells.
	 *
	 * Where links are there in both directions, the pairs are both, and the
	 * difference is told by those that begin with the row.  A link's two rows
	 * are unlinked by others one after the other: where the first was
	 * disputed, the second has to be looked at, too.
	 */
	link = m2m_pair_sort_get(links);
	pair = m2m_pairs_next(wanted);
	while (link != NULL || pair != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->row_context);
		int			order = link == NULL ? 1 : pair == NULL ? -1 : both ?
			m2m_pair_compare(table->order, 0, table->order->natts, link, pair) :
			compare_keys(table, other, link + first, pair + first);
		Datum	   *at = order < 0 ? link : pair;
		bool		tell = !both ||
			compare_keys(table, side, at + near, id->value) == 0;

		if (order >= 0 && tell)
			count++;
		if (order == 0)
			disputed = is_disputed(table, link) || (both && disputed);
		if (order < 0)
		{
			if (delete_link(table, link, is_of_row, &row) && tell)
				list_key(table, &unlinked, other, link + first);
		}
		else if (order > 0 || disputed)
		{
			if (m2m_batch_link_pair(batch, pair, order == 0) && tell)
				list_key(table, &linked, other, pair + first);
		}
		MemoryContextSwitchTo(old);
		MemoryContextReset(table->row_context);
		if (order <= 0)
			link = m2m_pair_sort_get(links);
		if (order >= 0)
			pair = m2m_pairs_next(wanted);
		CHECK_FOR_INTERRUPTS();
	}
	m2m_pair_sort_end(links);

	/* entries and foreign keys first: casts to text may be a user's code */
	(void) m2m_batch_end(batch);
	difference->kept = count - linked.count;
	m2m_pairs_end(wanted);
	difference->unlinked = list_texts(table, &unlinked, other, context);
	difference->linked = list_texts(table, &linked, other, context);
	m2m_direct_close(table);
	return true;
}

/* link_pairs: links all pairs; returns the number of links created. */
static int64
link_pairs(M2mDirectTable *table, M2mPairs *pairs, bool progress)
{
	M2mLinkBatch *batch = m2m_batch_begin(table, m2m_pairs_count(pairs),
										  progress);

	m2m_batch_link_pairs(batch, pairs);
	return m2m_batch_end(batch);
}

/*
 * link_one: links one pair; returns whether it was not linked before.
 */
static bool
link_one(M2mDirectTable *table, Datum *pair)
{
	ItemPointerData place;

	if (!m2m_direct_insert(table, pair, true, &place))
		return false;

	/*
	 * All entries before the foreign keys: what checks those may run a query,
	 * and none may run while an index lacks a row of ours.
	 */
	for (int i = 0; i < table->nindexes; i++)
	{
		if (&table->index[i] != table->unique && !table->index[i].at_once)
			m2m_direct_index_insert(table, &table->index[i], pair, &place,
									UNIQUE_CHECK_NO);
	}
	if (!m2m_direct_lock_endpoint(table, M2M_LEFT, pair, NULL) ||
		!m2m_direct_lock_endpoint(table, M2M_RIGHT, pair, NULL))
		m2m_direct_check_row(table, &place);
	m2m_direct_linked(table, pair);
	return true;
}

/*
 * link_both: the same where links are there in both directions: the one that
 * comes first in key order, by which the link is counted, and the other.
 *
 * Who unlinks removes them in this order.  If that comes between our two steps,
 * the first was there still, and the second is made: then the first has to be
 * made again.  Nobody removes it from then on, as nobody sees the second.
 */
static bool
link_both(M2mDirectTable *table, Datum *pair)
{
	int			direction = m2m_pair_direction(table->order, pair);
	Datum	   *other = m2m_pair_mirrored(table->order, pair);
	Datum	   *first = direction <= 0 ? pair : other;
	bool		linked = link_one(table, first);

	if (direction != 0 && link_one(table, direction <= 0 ? other : pair) &&
		!linked)
		linked = link_one(table, first);
	return linked;
}

/*
 * m2m_direct_fetch_link: fetches the row of a link that m2m_direct_find_links()
 * found, into table->found: link tells but the index entry.
 */
void
m2m_direct_fetch_link(M2mDirectTable *table, Datum *link)
{
	ItemPointerData root;

	/*
	 * It must be there still: the call's snapshot shows it, and neither
	 * pruning nor VACUUM removes what an active snapshot shows.  The mark of
	 * a disputed link is beyond the bits of the place.
	 */
	m2m_place_from_number(DatumGetInt64(link[table->order->natts]), &root);
	if (!m2m_direct_fetch(table, link, &root))
		elog(ERROR, "could not fetch a link of table \"%s\" that was just found",
			 RelationGetRelationName(table->association));
}

/*
 * delete_link: deletes a link that m2m_direct_find_links() found; the rest as
 * delete_found().
 */
static bool
delete_link(M2mDirectTable *table, Datum *link, StillMatches matches,
			void *arg)
{
	m2m_direct_fetch_link(table, link);
	if (!delete_found(table, matches, arg))
		return false;
	m2m_direct_check_mirror(table, link);
	return true;
}

/*
 * m2m_direct_delete_link: the same of a link of a row of a side, if it is still
 * one of that row when somebody who has it in hand is done.
 */
bool
m2m_direct_delete_link(M2mDirectTable *table, Datum *link, M2mSide side)
{
	RowOfSide	row;

	row.side = side;
	row.key = link + (side == M2M_LEFT ? 0 : table->order->nleft);
	row.count = 1;
	row.keep = NULL;
	return delete_link(table, link, is_of_row, &row);
}

/*
 * delete_found: deletes the row in table->found, which the call's snapshot
 * shows; returns false if another transaction has deleted it, or changed it so
 * that it is none of those to be deleted.  Errors: 40001 in REPEATABLE READ
 * and above.
 *
 * As ExecDelete does; matches is what EvalPlanQual would look at.
 */
static bool
delete_found(M2mDirectTable *table, StillMatches matches, void *arg)
{
	/* good without the slot's pin: our snapshot keeps VACUUM from the row */
	ItemPointerData at = table->found->tts_tid;

	/* what is deleted, as it stands there; the slot may have to let go of it */
	if (table->rules != NULL)
		ExecCopySlot(table->gone, table->found);
	for (;;)
	{
		TM_FailureData failure;
		TM_Result	result;
		Datum		now[2 * INDEX_MAX_KEYS];

		/* nearly always nobody is about it; else let go of pages, and wait */
		result = m2m_table_tuple_delete(table->association, &at,
										GetCurrentCommandId(true),
										table->snapshot, false, &failure);
		if (result == TM_BeingModified)
		{
			m2m_direct_unpin(table);
			result = m2m_table_tuple_delete(table->association, &at,
											GetCurrentCommandId(true),
											table->snapshot, true, &failure);
		}
		switch (result)
		{
			case TM_Ok:
				if (table->rules != NULL)
					m2m_rules_unlinked(table->rules, table->gone);
				return true;
			case TM_SelfModified:

				/* by this command: m2m_clear was given the row twice */
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

				/*
				 * As EvalPlanQual() does: the latest version is locked, so
				 * that it stays what it is, and deleted if it still matches.
				 * Its place is known from the lock's slot.
				 */
				m2m_direct_unpin(table);
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
				if (table->rules != NULL)
					ExecCopySlot(table->gone, table->found);
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

	return is_of_side(table, pair, row, row->side) ||
		(OidIsValid(table->rel->mirror) &&
		 is_of_side(table, pair, row, M2M_OTHER(row->side)));
}

/* is_of_side: the same of a pair that has the row on a side. */
static bool
is_of_side(M2mDirectTable *table, Datum *pair, RowOfSide *row, M2mSide side)
{
	M2mSide		other = M2M_OTHER(side);
	int			nleft = table->order->nleft;
	int			first = side == M2M_LEFT ? 0 : nleft;
	int			nkeys = table->rel->side[side].nkeys;
	bool		found = false;

	/* one by one, since it is seldom asked: of links that others changed */
	for (int i = 0; !found && i < row->count; i++)
		found = compare_keys(table, side, pair + first,
							 row->key + (Size) i * nkeys) == 0;
	first = other == M2M_LEFT ? 0 : nleft;
	for (int i = 0; found && row->keep != NULL && i < row->keep->count; i++)
	{
		if (compare_keys(table, other, pair + first,
						 row->keep->value + (Size) i * row->keep->nkeys) == 0)
			return false;
	}
	return found;
}

/*
 * m2m_direct_find_links: the links of one or several rows of a side that the call's
 * snapshot shows, in key order, or in that of the other side's keys (far_first),
 * each with the place that its index entry gives
 * (delete_link() knows what to do with that).  Those that another transaction
 * may be deleting are marked as disputed.  NULL if one of them cannot be a
 * pair of keys, which only a link without its rows can: the general path sees
 * to it.
 *
 * Where the heap's page is all-visible the index alone will do, as in an
 * index-only scan: nobody has begun to delete a row there.
 */
M2mPairSort *
m2m_direct_find_links(M2mDirectTable *table, M2mSide side, M2mIds *ids, bool far_first)
{
	M2mPairOrder *order = table->order;
	int			by[2 * INDEX_MAX_KEYS];
	M2mPairSort *result;

	/* the left side's columns, or the right side's, before the others */
	for (int i = 0; i < order->natts; i++)
		by[i] = side == M2M_RIGHT ? i : (order->nleft + i) % order->natts;
	result = m2m_pair_sort_begin(order, order->place_desc, order->natts,
								 far_first ? by : NULL, work_mem / 2);
	if (!find_links_of_side(table, side, ids, result) ||
		(OidIsValid(table->rel->mirror) &&
		 !find_links_of_side(table, M2M_OTHER(side), ids, result)))
	{
		m2m_pair_sort_end(result);
		return NULL;
	}
	m2m_pair_sort_perform(result);
	return result;
}

/* m2m_direct_has_side_indexes: is there an index for each of its scans? */
bool
m2m_direct_has_side_indexes(M2mDirectTable *table, M2mSide side)
{
	return m2m_direct_side_index(table, side) != NULL &&
		(!OidIsValid(table->rel->mirror) ||
		 m2m_direct_side_index(table, M2M_OTHER(side)) != NULL);
}

/*
 * find_links_of_side: puts those that have the rows on a side into links; false
 * if one of them cannot be a pair of keys.  Where links are there in both
 * directions, one of a row to itself is the left side's.
 */
static bool
find_links_of_side(M2mDirectTable *table, M2mSide side, M2mIds *ids,
				   M2mPairSort *links)
{
	M2mPairOrder *order = table->order;
	M2mDirectIndex *index = m2m_direct_side_index(table, side);
	IndexScanDesc scan = m2m_direct_side_scan(table, index, side,
											  table->snapshot);
	Datum	   *row = palloc_array(Datum, order->natts + 1);
	Buffer		visibility = InvalidBuffer;
	bool		fit = true;

	scan->xs_want_itup = holds_pair(table, index);
	for (int i = 0; fit && i < ids->count; i++)
	{
		ItemPointer root;

		m2m_direct_side_rescan(table, index, scan, side,
							   ids->value + (Size) i * ids->nkeys);
		while ((root = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
		{
			/* before the fetch, which moves on along the HOT chain */
			int64		place = m2m_place_number(root);

			/*
			 * IndexOnlyNext() says why the bit may be read without a lock on
			 * the page.  As there, the heap's page is then locked against
			 * serialization anomalies in place of the row not fetched.
			 */
			if (scan->xs_want_itup &&
				VM_ALL_VISIBLE(table->association,
							   ItemPointerGetBlockNumber(root), &visibility))
			{
				read_entry(table, index, scan, row);
				PredicateLockPage(table->association,
								  ItemPointerGetBlockNumber(root),
								  table->snapshot);
			}
			else if (index_fetch_heap(scan, table->found))
			{
				bool		isnull;
				Datum		xmax = slot_getsysattr(table->found,
												   MaxTransactionIdAttributeNumber,
												   &isnull);

				m2m_direct_read(table, table->found, row);

				/*
				 * Whatever it is: a delete under way, one that was undone, or
				 * a mere lock.  The worst is a look at a link that stays.
				 */
				if (TransactionIdIsValid(DatumGetTransactionId(xmax)))
					place |= PLACE_DISPUTED;
			}
			else
				continue;
			fit = are_keys(table, row);
			if (!fit)
				break;
			row[order->natts] = Int64GetDatum(place);
			if (!OidIsValid(table->rel->mirror) || side == M2M_LEFT ||
				m2m_pair_direction(order, row) != 0)
				m2m_pair_sort_put(links, row);
			CHECK_FOR_INTERRUPTS();
		}
	}
	if (BufferIsValid(visibility))
		ReleaseBuffer(visibility);

	/* deleting may wait; nothing of this scan is pinned then */
	index_endscan(scan);
	ExecClearTuple(table->found);
	pfree(row);
	return fit;
}

/*
 * are_keys: are the integers of a pair read from the association values of the
 * keys' types, where these are smaller?  A sort compares by the key's type,
 * which looks at no more bytes than that has, and would take such a one for
 * another.
 */
static bool
are_keys(M2mDirectTable *table, Datum *pair)
{
	for (int i = 0; table->direct->converts && i < table->order->natts; i++)
	{
		M2mPairColumn *column = &table->order->column[i];
		int64		value = DatumGetInt64(pair[i]);

		if (column->integer &&
			((column->typlen == 2 && value != (int16) value) ||
			 (column->typlen == 4 && value != (int32) value)))
			return false;
	}
	return true;
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

		if (c < table->order->natts && !found[c] &&
			TupleDescAttr(RelationGetDescr(index->index), i)->atttypid ==
			TupleDescAttr(RelationGetDescr(table->association),
						  table->attnum[c] - 1)->atttypid)
		{
			found[c] = true;
			n++;
		}
	}
	return n == table->rel->nlink;
}

/* read_entry: the pair in the index entry that a scan is at. */
static void
read_entry(M2mDirectTable *table, M2mDirectIndex *index, IndexScanDesc scan,
		   Datum *pair)
{
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];

	index_deform_tuple(scan->xs_itup, scan->xs_itupdesc, values, isnull);
	for (int i = 0; i < index->natts; i++)
	{
		if (index->column[i] < table->order->natts &&
			TupleDescAttr(scan->xs_itupdesc, i)->atttypid != CSTRINGOID)
			pair[index->column[i]] = values[i];
	}
	for (int i = table->order->nleft; i < table->order->natts; i++)
	{
		if (m2m_direct_is_copy(table, i))
			pair[i] = pair[table->rel->side[M2M_RIGHT].key[i - table->order->nleft].shared - 1];
	}
}

/*
 * check_newer_links: links of the row that were committed after our snapshot
 * was taken cannot be removed by it: error 40001.  The caller holds the lock of
 * the row, so no other m2m_set adds to them meanwhile; a plain m2m_link may,
 * and is then as if it came after us.
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
			m2m_error_newer_links();
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

/* is_disputed: may another transaction be deleting a link that was found? */
static bool
is_disputed(M2mDirectTable *table, Datum *link)
{
	return (DatumGetInt64(link[table->order->natts]) & PLACE_DISPUTED) != 0;
}

/* list_key: adds a copy of a key of a side to a list. */
static void
list_key(M2mDirectTable *table, KeyList *list, M2mSide side, Datum *key)
{
	MemoryContext old = MemoryContextSwitchTo(table->context);
	M2mPairColumn *column = table->order->column +
		(side == M2M_LEFT ? 0 : table->order->nleft);
	Datum	   *copy;

	/*
	 * Copied, since a pair is good only until the next; and not yet as text,
	 * since a cast may run a user's code, which may read the association.
	 */
	list->nkeys = table->rel->side[side].nkeys;
	if (list->count == list->room)
	{
		Size		size;

		list->room = Max(64, list->room * 2);
		size = sizeof(Datum) * list->room * list->nkeys;
		list->value = list->value == NULL ?
			MemoryContextAllocHuge(table->context, size) :
			repalloc_huge(list->value, size);
	}
	copy = list->value + list->count++ * list->nkeys;
	for (int i = 0; i < list->nkeys; i++)
		copy[i] = datumCopy(key[i], column[i].typbyval, column[i].typlen);
	MemoryContextSwitchTo(old);
}

/* list_texts: text[] of the keys in a list, in a context; '{}' for none. */
static ArrayType *
list_texts(M2mDirectTable *table, KeyList *list, M2mSide side,
		   MemoryContext context)
{
	ArrayBuildState *texts = initArrayResult(TEXTOID, table->context, true);

	for (int64 i = 0; i < list->count; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(table->row_context);
		text	   *key = m2m_key_text(table->rel, side,
									   list->value + i * list->nkeys);

		accumArrayResult(texts, PointerGetDatum(key), false, TEXTOID,
						 table->context);
		MemoryContextSwitchTo(old);
		MemoryContextReset(table->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	return DatumGetArrayTypeP(makeArrayResult(texts, context));
}
