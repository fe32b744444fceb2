/*
 * link_move.c
 *		The direct path for m2m_merge: the links of rows of a side become another
 *		row's, in an association that nobody else writes meanwhile.
 *
 * Links are moved by updating rows, as the general path does: who is deleting a
 * row of the other side finds its links in their new versions, so that no lock on
 * it is needed; and what refers to a link goes on to do so.
 *
 * They come in the order of the other side's keys, group by group.  For each it
 * is looked whether the row has that link already; then rows are updated or
 * deleted; then each index gets the entries of the group, one index after the
 * other, so that what is read of it is still at hand.  Nobody can miss an entry
 * before.  Nobody else writes the table, makes an index of it or vacuums it: all
 * that takes a lock that ours is in the way of.  To others' snapshots the old
 * versions are the rows, and who waits for one of them (a cascade from the other
 * side, say) comes to the new one from there, by no index.  This session runs
 * nobody's code before the last entry is in, and an error undoes the rows.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "direct.h"
#include "direct_internal.h"
#include "ids.h"
#include "m2m.h"
#include "rule.h"

/* Links that are moved together. */
#define MOVE_GROUP 1000

typedef struct MoveGroup
{
	M2mDirectTable *table;
	M2mSide		side;
	M2mIds	   *into;			/* the row that gets them */
	int			count;
	Datum	   *link;			/* as m2m_direct_find_links() has them */
	ItemPointerData *place;		/* of its row, if it has been moved */
	bool	   *own;			/* was that this transaction's? */
	Datum	   *pair;			/* see moved_pair() */
	Datum	   *last;			/* the last that was moved, if any was */
	M2mDirectIndex *index;		/* in which to look for new pairs */
	M2mIndexLook *look;
	M2mIndexEntry *entry;		/* of the new pair, by link */
	MemoryContext context;		/* for copies of links */
	MemoryContext last_context;
	int64		moved;
	int64		dropped;
} MoveGroup;

static void begin_moving(MoveGroup *group, M2mDirectTable *table,
						 M2mSide side, M2mIds *into);
static Datum *moved_pair(MoveGroup *group, Datum *link);
static void move_group(MoveGroup *group);
static void look_for_pairs(MoveGroup *group);
static bool is_double(MoveGroup *group, int n, Datum *pair);
static bool is_linked_shut(M2mDirectTable *table, Datum *pair,
						   M2mIndexEntry *entry);
static bool move_link(M2mDirectTable *table, Datum *link, Datum *pair,
					  ItemPointer place);
static void check_own(MoveGroup *group);
static void copy_pair(M2mDirectTable *table, Datum *to, Datum *pair);

/*
 * m2m_direct_move: gives the links of rows of a side to another row of it, into;
 * *moved becomes how many it has got, *dropped how many were there already, or
 * twice; *quiet whether nobody's code was run by that, as a rule may.  Not for a
 * relationship of a table with itself, nor where links have
 * numbers, which a link keeps.  The caller has shut the association
 * (m2m_direct_open()): nobody else makes or removes links.
 * Errors: 40001 in REPEATABLE READ and above.
 */
bool
m2m_direct_move(M2mRelationship *rel, M2mSide side, M2mIds *from, M2mIds *into,
				int64 *moved, int64 *dropped, bool *quiet)
{
	M2mDirectTable *table;
	M2mPairSort *links;
	Datum	   *link;
	MoveGroup	group;

	if (!m2m_ids_fit(rel, side, from) || !m2m_ids_fit(rel, side, into))
		return false;
	table = m2m_direct_open(rel, M2M_DIRECT_LINK | M2M_DIRECT_UNLINK |
							M2M_DIRECT_MOVE);
	if (table == NULL)
		return false;
	Assert(m2m_direct_is_shut(table));
	links = table->direct->nnumbers == 0 &&
		m2m_direct_has_side_indexes(table, side) ?
		m2m_direct_find_links(table, side, from, true) : NULL;
	if (links == NULL)
	{
		m2m_direct_close(table);
		return false;
	}
	begin_moving(&group, table, side, into);

	/* the only key that changes; where it takes a look at each row, decline */
	link = m2m_pair_sort_get(links);
	if (link != NULL &&
		!m2m_direct_lock_endpoint(table, side, moved_pair(&group, link), NULL))
	{
		m2m_pair_sort_end(links);
		m2m_direct_close(table);
		return false;
	}

	/* links to one row of the other side follow each other */
	for (; link != NULL; link = m2m_pair_sort_get(links))
	{
		MemoryContext old = MemoryContextSwitchTo(group.context);
		int			natts = table->order->natts;
		Datum	   *copy = group.link + group.count * (natts + 1);

		copy_pair(table, copy, link);
		copy[natts] = Int64GetDatum(DatumGetInt64(link[natts]));
		MemoryContextSwitchTo(old);
		if (++group.count == MOVE_GROUP)
			move_group(&group);
		CHECK_FOR_INTERRUPTS();
	}
	move_group(&group);
	m2m_pair_sort_end(links);
	*moved = group.moved;
	*dropped = group.dropped;
	*quiet = table->rules == NULL;
	m2m_direct_close(table);
	return true;
}

/* begin_moving: gets ready to move links to a row. */
static void
begin_moving(MoveGroup *group, M2mDirectTable *table, M2mSide side,
			 M2mIds *into)
{
	int			natts = table->order->natts;
	MemoryContext old = MemoryContextSwitchTo(table->context);

	memset(group, 0, sizeof(*group));
	group->table = table;
	group->side = side;
	group->into = into;
	group->link = palloc_array(Datum, MOVE_GROUP * (natts + 1));
	group->place = palloc_array(ItemPointerData, MOVE_GROUP);
	group->own = palloc_array(bool, MOVE_GROUP);
	group->pair = palloc_array(Datum, natts);
	group->last = palloc0_array(Datum, natts + 1);

	/* where pairs of the row are next to each other, if it is of pairs */
	group->index = m2m_direct_side_index(table, side);
	if (!m2m_direct_index_is_of_pairs(table, group->index))
		group->index = table->unique;
	group->look = m2m_index_look_begin(table->association, group->index,
									   MOVE_GROUP);
	group->entry = palloc_array(M2mIndexEntry, MOVE_GROUP);
	group->context = AllocSetContextCreate(table->context, "m2m moved links",
										   ALLOCSET_DEFAULT_SIZES);
	group->last_context = AllocSetContextCreate(table->context,
												"m2m moved link",
												ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(old);
}

/* moved_pair: the pair of a link once it is moved; good until the next. */
static Datum *
moved_pair(MoveGroup *group, Datum *link)
{
	M2mPairOrder *order = group->table->order;

	memcpy(group->pair, link, sizeof(Datum) * order->natts);
	memcpy(group->pair + (group->side == M2M_LEFT ? 0 : order->nleft),
		   group->into->value, sizeof(Datum) * group->into->nkeys);
	return group->pair;
}

/*
 * move_group: moves the links of a group, or deletes those that the row has
 * already: in the table, or by another of the links.
 */
static void
move_group(MoveGroup *group)
{
	M2mDirectTable *table = group->table;
	int			natts = table->order->natts;
	MemoryContext old = MemoryContextSwitchTo(table->row_context);

	look_for_pairs(group);
	for (int i = 0; i < group->count; i++)
	{
		Datum	   *link = group->link + i * (natts + 1);
		Datum	   *pair = moved_pair(group, link);

		ItemPointerSetInvalid(&group->place[i]);
		if (is_double(group, i, pair))
		{
			if (m2m_direct_delete_link(table, link, group->side))
				group->dropped++;
		}
		else
		{
			group->own[i] = move_link(table, link, pair, &group->place[i]);
			MemoryContextReset(group->last_context);
			MemoryContextSwitchTo(group->last_context);
			copy_pair(table, group->last, pair);
			MemoryContextSwitchTo(table->row_context);
			group->moved++;
		}
		MemoryContextReset(table->row_context);
		CHECK_FOR_INTERRUPTS();
	}
	for (int k = 0; k < table->nindexes; k++)
	{
		M2mDirectIndex *index = &table->index[k];
		IndexUniqueCheck check = index == table->unique ? UNIQUE_CHECK_YES :
			UNIQUE_CHECK_NO;

		for (int i = 0; i < group->count; i++)
		{
			if (!ItemPointerIsValid(&group->place[i]))
				continue;
			m2m_direct_index_insert(table, index,
									moved_pair(group, group->link +
											   i * (natts + 1)),
									&group->place[i], check);
			CHECK_FOR_INTERRUPTS();
		}
		MemoryContextReset(table->row_context);
	}
	check_own(group);
	MemoryContextSwitchTo(old);
	group->count = 0;
	MemoryContextReset(group->context);
}

/*
 * check_own: the foreign key of the other side, which has not changed, of links
 * that this transaction has made.  The statement that has may still be running,
 * and have to check them; its triggers pass over the old version of a row.  As
 * RI_FKey_fk_upd_check_required() says.
 */
static void
check_own(MoveGroup *group)
{
	M2mDirectTable *table = group->table;

	for (int i = 0; i < group->count; i++)
	{
		Datum	   *pair = moved_pair(group, group->link +
									  i * (table->order->natts + 1));

		if (ItemPointerIsValid(&group->place[i]) && group->own[i] &&
			!m2m_direct_lock_endpoint(table, M2M_OTHER(group->side), pair,
									  NULL))
			m2m_direct_check_row(table, &group->place[i]);
		MemoryContextReset(table->row_context);
		CHECK_FOR_INTERRUPTS();
	}
}

/* look_for_pairs: looks for the pairs that the group's links are to be. */
static void
look_for_pairs(MoveGroup *group)
{
	M2mDirectTable *table = group->table;

	for (int i = 0; i < group->count; i++)
	{
		Datum	   *pair = moved_pair(group, group->link +
									  i * (table->order->natts + 1));
		Datum		key[INDEX_MAX_KEYS];

		for (int k = 0; k < table->rel->nlink; k++)
		{
			int			c = group->index->column[k];

			key[k] = m2m_direct_value(table, c, pair[c]);
		}
		m2m_index_look_put(group->look, key);
	}
	m2m_index_look_perform(group->look, group->entry);
}

/* is_double: has the row the nth link of the group, or got it just now? */
static bool
is_double(MoveGroup *group, int n, Datum *pair)
{
	M2mPairOrder *order = group->table->order;

	if (group->moved > 0 &&
		m2m_pair_compare(order, 0, order->natts, pair, group->last) == 0)
		return true;
	return group->entry[n].kind != M2M_ENTRY_NONE &&
		is_linked_shut(group->table, pair, &group->entry[n]);
}

/*
 * is_linked_shut: is a pair linked, of which an index has an entry, in a table
 * that nobody else writes?  What the snapshot of a READ COMMITTED call shows is
 * then all; above, it may be too old to show a link that is in the way: 40001.
 */
static bool
is_linked_shut(M2mDirectTable *table, Datum *pair, M2mIndexEntry *entry)
{
	if (IsolationUsesXactSnapshot())
		return m2m_direct_exists(table, pair);
	return (entry->kind == M2M_ENTRY_ONE &&
			m2m_direct_fetch(table, pair, &entry->place)) ||
		m2m_direct_find(table, pair);
}

/*
 * move_link: makes a link that m2m_direct_find_links() found one of another
 * pair, which is not linked: a new version of its row, whose place is returned.
 * Entries are still to be made.  The rest as ExecUpdate() does.  Nobody else
 * changes the row, but somebody may have it locked, and is waited for.  Returns
 * whether this transaction has made it.
 */
static bool
move_link(M2mDirectTable *table, Datum *link, Datum *pair, ItemPointer place)
{
	ItemPointerData at;
	TM_FailureData failure;
	TM_Result	result;
	LockTupleMode lockmode;
	M2mUpdateIndexes indexes;
	bool		isnull;
	bool		own;
	Datum		xmin;
	Datum		xmax;

	/* as m2m_direct_delete_link() */
	m2m_direct_fetch_link(table, link);
	at = table->found->tts_tid;
	xmin = slot_getsysattr(table->found, MinTransactionIdAttributeNumber, &isnull);
	own = TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin));
	xmax = slot_getsysattr(table->found, MaxTransactionIdAttributeNumber, &isnull);
	if (table->rules != NULL)
		ExecCopySlot(table->gone, table->found);
	m2m_direct_fill(table, table->row, pair);

	/*
	 * heap_update() cannot be asked not to wait, other than heap_delete().  A
	 * row that nobody has ever locked is not waited for.
	 */
	if (TransactionIdIsValid(DatumGetTransactionId(xmax)))
		m2m_direct_unpin(table);
	result = m2m_table_tuple_update(table->association, &at, table->row,
									GetCurrentCommandId(true), table->snapshot,
									true, &failure, &lockmode, &indexes);
	if (result != TM_Ok && IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update")));
	if (result != TM_Ok)
		elog(ERROR, "unexpected table_tuple_update status: %d", result);
	*place = table->row->tts_tid;
	if (table->rules != NULL)
	{
		m2m_rules_unlinked(table->rules, table->gone);
		m2m_rules_linked(table->rules, table->row);
	}
	ExecClearTuple(table->row);
	return own;
}

/* copy_pair: a copy of a pair, in CurrentMemoryContext. */
static void
copy_pair(M2mDirectTable *table, Datum *to, Datum *pair)
{
	for (int i = 0; i < table->order->natts; i++)
		to[i] = datumCopy(pair[i], table->order->column[i].typbyval,
						  table->order->column[i].typlen);
}
