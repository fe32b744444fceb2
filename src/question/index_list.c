/*
 * index_list.c
 *		Entries of a B-tree index that begin with the same values, as a sorted
 *		list of what follows: it can be read from any place on, and moves on to
 *		a value whether that is near or far.
 *
 * An index scan can only start anew to get to a far value, and prepares all
 * entries of the page where it arrives; to a near one it steps entry by entry.
 * So a list reads leaf pages by itself: it keeps a copy of one, in which it
 * gallops and bisects, and descends from the root when that page does not
 * reach.
 *
 * It does what nbtree does in a forward scan (compare _bt_first(),
 * _bt_readpage(), _bt_steppage()), in the majors in which this was tested
 * (M2M_READS_BTREES; in others there are no lists, and the executor answers
 * questions).  Why a copy tells the truth:
 *
 * - Entries of rows that the snapshot shows are on no page to the left of where
 *   a search for them arrives, and stay on the page or move to the right, by a
 *   split.  No VACUUM removes them while the snapshot is registered.  So a copy
 *   has all that it shows of the page's range, and what a split moves off the
 *   page later is in it; the right sibling to go on with is that of the copy,
 *   as _bt_steppage() has it.  That page may have been split or deleted since.
 *   If split, the others follow to its right; if deleted, it still leads to the
 *   right, and is not used anew while somebody has a snapshot from before.
 * - The page that was copied stays pinned until the list leaves it.  VACUUM
 *   waits for that, as for an index-only scan's, so the bit of a heap page that
 *   is all visible can be believed of an entry; IndexOnlyNext() says more.
 * - Under SERIALIZABLE each leaf that is read is locked against anomalies
 *   before its entries are looked at, or the index where it is empty; so are
 *   rows, by the table's access method, and pages of a table whose rows are
 *   not looked at.
 * - Entries that are marked as dead are passed over, except by snapshots of a
 *   standby, which may still see their rows.
 *
 * Nothing is written, and nothing here waits for another transaction.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/relscan.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/visibilitymap.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_opfamily.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "m2m.h"
#include "question_internal.h"

/* Steps of a gallop before it is asked whether there is anything to find. */
#define NEAR 8

struct M2mLists
{
	MemoryContext search;		/* of one descent */
	Relation	table;
	Relation	index;
	Snapshot	snapshot;
	int			nprefix;		/* columns that a list has in common */
	M2mPairOrder *order;		/* of what follows ... */
	int			column;			/* ... as this column of a pair */
	bool		integer;
	int			width;			/* bytes of it, if it stands in the same place
								 * of each entry without nulls; 0: it does not */
	int			place;			/* that is so many bytes from where that
								 * begins */
	bool		by_numbers;		/* is it so of all columns up to it, and are
								 * they integers, ascending? */
	int			part_width[INDEX_MAX_KEYS]; /* then of each */
	int			part_place[INDEX_MAX_KEYS];
	bool		pass_dead;		/* are dead entries passed over? */
	Buffer		visibility;
	IndexFetchTableData *fetch;
	TupleTableSlot *slot;
};

static void find_place(M2mLists *lists);
static pg_attribute_always_inline Datum entry_value(M2mList *list, OffsetNumber offset,
													bool *isnull);
static pg_attribute_always_inline int compare(M2mLists *lists, Datum a, Datum b);
static bool is_near(M2mList *list, Datum key);
static void list_descend(M2mList *list, bool has_key, Datum key, bool beyond);
static void list_go_right(M2mList *list);
static bool list_enter(M2mList *list, Buffer leaf, bool searched);
static void copy_parent(M2mList *list);
static Buffer leaf_from_parent(M2mList *list);
static OffsetNumber first_beyond(M2mList *list, Page page, OffsetNumber low,
								 OffsetNumber high);
static inline int compare_search(M2mList *list, Page page,
								 OffsetNumber offset);
static pg_attribute_always_inline int64 number_at(const char *place,
												  int width);
static pg_attribute_always_inline int64 number_of(Datum value, int width);
static void list_arrive(M2mList *list);
static void list_leave(M2mList *list);
static pg_attribute_always_inline bool entry_reaches(M2mList *list, OffsetNumber offset,
													 Datum key, bool beyond);
static inline bool is_passed_over(M2mList *list, OffsetNumber offset);
static bool is_visible(M2mLists *lists, ItemPointer place);

/*
 * m2m_index_is_readable: is it a B-tree of all rows, which has all that our
 * snapshots show?  As get_relation_info() in PostgreSQL asks.
 */
bool
m2m_index_is_readable(Relation index)
{
	return M2M_READS_BTREES && m2m_index_runs &&
		index->rd_rel->relam == BTREE_AM_OID &&
		index->rd_amhandler == F_BTHANDLER &&
		index->rd_index->indisvalid &&
		(!index->rd_index->indcheckxmin ||
		 TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   TransactionXmin)) &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);
}

/*
 * m2m_index_sorts_as: does an index order a column as ORDER BY does with a
 * collation, and hold it as it is?  The column is one of the table.
 */
bool
m2m_index_sorts_as(Relation table, Relation index, int position,
				   Oid collation)
{
	Form_pg_attribute attribute =
		TupleDescAttr(RelationGetDescr(table),
					  index->rd_index->indkey.values[position] - 1);
	TypeCacheEntry *type = lookup_type_cache(attribute->atttypid,
											 TYPECACHE_BTREE_OPFAMILY);

	return index->rd_opfamily[position] == type->btree_opf &&
		index->rd_indcollation[position] == collation &&
		TupleDescAttr(RelationGetDescr(index), position)->atttypid == attribute->atttypid;
}

/*
 * m2m_lists_begin: gets ready to read lists of an index: of the values of its
 * column number nprefix, from 0, in ascending order as that column of a pair
 * compares.  Table and index are open and stay so, and the snapshot stays
 * registered, until m2m_lists_end().
 */
M2mLists *
m2m_lists_begin(Relation table, Relation index, Snapshot snapshot, int nprefix,
				M2mPairOrder *order, int column)
{
	M2mLists   *lists = palloc0(sizeof(M2mLists));

	lists->search = AllocSetContextCreate(CurrentMemoryContext,
										  "m2m index descent",
										  ALLOCSET_SMALL_SIZES);
	lists->table = table;
	lists->index = index;
	lists->snapshot = snapshot;
	lists->nprefix = nprefix;
	lists->order = order;
	lists->column = column;
	lists->integer = order->column[column].integer;
	find_place(lists);
	lists->pass_dead = !TransactionStartedDuringRecovery();
	lists->fetch = m2m_table_index_fetch_begin(table);
	lists->slot = table_slot_create(table, NULL);
	return lists;
}

/*
 * find_place: where in an entry the value is, if that is the same in all that
 * have no nulls: what comes before has fixed lengths.  It is then read without
 * a call.
 */
static void
find_place(M2mLists *lists)
{
	TupleDesc	desc = RelationGetDescr(lists->index);
	int			place = 0;
	bool		by_numbers = true;

	for (int i = 0; i <= lists->nprefix; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attlen <= 0)
			return;
		place = att_align_nominal(place, attribute->attalign);
		by_numbers &= attribute->attbyval &&
			m2m_is_integer(attribute->atttypid) &&
			lists->index->rd_opfamily[i] == INTEGER_BTREE_FAM_OID &&
			lists->index->rd_indoption[i] == 0;
		lists->part_width[i] = attribute->attlen;
		lists->part_place[i] = MAXALIGN(sizeof(IndexTupleData)) + place;
		if (i < lists->nprefix)
			place += attribute->attlen;
		else if (lists->integer && attribute->attbyval)
		{
			lists->width = attribute->attlen;
			lists->place = MAXALIGN(sizeof(IndexTupleData)) + place;
		}
	}
	lists->by_numbers = by_numbers;
}

/* m2m_lists_end: lets go of what its lists have in common; they have ended. */
void
m2m_lists_end(M2mLists *lists)
{
	if (BufferIsValid(lists->visibility))
		ReleaseBuffer(lists->visibility);
	table_index_fetch_end(lists->fetch);
	ExecDropSingleTupleTableSlot(lists->slot);
}

/*
 * m2m_list_begin: a list, of the entries that have these values in the columns
 * of the prefix; none is null.  They have to last as long as it does.
 */
void
m2m_list_begin(M2mLists *lists, M2mList *list, const Datum *prefix)
{
	BTScanInsert search;

	/* btree_look.c says what is special about a search without a row */
	search = _bt_mkscankey(lists->index, NULL);
	_bt_metaversion(lists->index, &search->heapkeyspace,
					&search->allequalimage);
	search->anynullkeys = false;
	for (int i = 0; i <= lists->nprefix; i++)
	{
		search->scankeys[i].sk_flags &= ~SK_ISNULL;
		if (i < lists->nprefix)
			search->scankeys[i].sk_argument = prefix[i];
	}
	memset(list, 0, sizeof(M2mList));
	list->lists = lists;
	list->search = search;
	list->page = palloc(BLCKSZ);
	list->parent = palloc(BLCKSZ);
	list->parent_block = InvalidBlockNumber;
}

/*
 * m2m_list_restart: makes a list that of other values of the prefix, NULL if
 * there is none, to be read from its beginning.
 */
void
m2m_list_restart(M2mList *list, const Datum *prefix)
{
	list_leave(list);
	for (int i = 0; i < list->lists->nprefix; i++)
		list->search->scankeys[i].sk_argument = prefix[i];
	list->parent_block = InvalidBlockNumber;
	list->has_parent = false;
	list->begun = false;
	list->ended = false;
}

/* m2m_list_end: lets go of its page. */
void
m2m_list_end(M2mList *list)
{
	list_leave(list);
	list->ended = true;
}

/*
 * m2m_list_seek: moves a list on to the first entry whose value is at least the
 * key, or greater than it if beyond; it stays where that is so already.
 * Without a key, to the first of all.  False if there is none.
 */
bool
m2m_list_seek(M2mList *list, bool has_key, Datum key, bool beyond)
{
	if (list->ended)
		return false;
	if (list->begun)
	{
		OffsetNumber low = list->at;
		OffsetNumber high;

		if (!has_key || entry_reaches(list, low, key, beyond))
			return true;

		/*
		 * Low does not reach it; high does, or is the first that does not
		 * count.  If it is not near, is it on the page at all?
		 */
		high = low + 1;
		for (int step = 1; high < list->beyond &&
			 !entry_reaches(list, high, key, beyond); step *= 2)
		{
			low = high;
			high = Min(low + step, list->beyond);
			if (step == NEAR && high < list->beyond)
			{
				if (!entry_reaches(list, list->beyond - 1, key, beyond))
					low = list->beyond - 1;
				high = list->beyond;
			}
		}
		while (high - low > 1)
		{
			OffsetNumber middle = low + (high - low) / 2;

			if (entry_reaches(list, middle, key, beyond))
				high = middle;
			else
				low = middle;
		}
		list->at = high;
		while (list->at < list->beyond && is_passed_over(list, list->at))
			list->at++;
		if (list->at < list->beyond || list->last)
		{
			list_arrive(list);
			return !list->ended;
		}
		if (is_near(list, key))
		{
			list_go_right(list);
			return m2m_list_seek(list, has_key, key, beyond);
		}
	}
	list_descend(list, has_key, key, beyond);
	return !list->ended;
}

/*
 * is_near: is a number that is beyond those on a page likely to be on the next?
 * If they go on as they do here, no search from the root is needed.
 */
static bool
is_near(M2mList *list, Datum key)
{
	OffsetNumber first = P_FIRSTDATAKEY(BTPageGetOpaque(list->page));
	bool		isnull[2];
	int64		low;
	int64		high;

	if (list->lists->width == 0 || list->beyond - first < NEAR)
		return false;
	low = DatumGetInt64(entry_value(list, first, &isnull[0]));
	high = DatumGetInt64(entry_value(list, list->beyond - 1, &isnull[1]));

	/* the page may begin with the end of another list */
	return !isnull[0] && !isnull[1] && low < high &&
		(uint64) DatumGetInt64(key) - (uint64) high <
		(uint64) high - (uint64) low;
}

/* m2m_list_step: moves a list on by one entry; false if there is none. */
bool
m2m_list_step(M2mList *list)
{
	Assert(list->begun && !list->ended);
	do
		list->at++;
	while (list->at < list->beyond && is_passed_over(list, list->at));
	if (list->at < list->beyond || list->last)
		list_arrive(list);
	else
		list_go_right(list);
	return !list->ended;
}

/*
 * m2m_list_places: where the rows are of the entry that a list stands at;
 * returns how many, of one key, the entry is for.
 */
int
m2m_list_places(M2mList *list, ItemPointer *place)
{
	IndexTuple	tuple = (IndexTuple)
		PageGetItem(list->page, PageGetItemId(list->page, list->at));

	if (!BTreeTupleIsPosting(tuple))
	{
		*place = &tuple->t_tid;
		return 1;
	}
	*place = BTreeTupleGetPosting(tuple);
	return BTreeTupleGetNPosting(tuple);
}

/*
 * m2m_list_fetch: puts the row in a place of an entry into a slot as the
 * snapshot shows it; NULL if it shows none.  The slot is good until the next
 * row.
 */
TupleTableSlot *
m2m_list_fetch(M2mList *list, ItemPointer place)
{
	M2mLists   *lists = list->lists;
	ItemPointerData tid = *place;
	bool		again = false;

	if (!table_index_fetch_tuple(lists->fetch, &tid, lists->snapshot,
								 lists->slot, &again, NULL))
		return NULL;
	pgstat_count_heap_fetch(lists->index);
	return lists->slot;
}

/*
 * m2m_list_shows: does the snapshot show a row of one of the entries that have
 * a key, at whose first the list may stand?  It moves on from those of which
 * it does not.
 */
bool
m2m_list_shows(M2mList *list, Datum key)
{
	while (!list->ended && compare(list->lists, list->head, key) == 0)
	{
		ItemPointer place;
		int			n = m2m_list_places(list, &place);

		for (int i = 0; i < n; i++)
		{
			if (is_visible(list->lists, &place[i]))
				return true;
		}
		(void) m2m_list_step(list);
	}
	return false;
}

/*
 * m2m_list_visible: how many rows of the entry that a list stands at the
 * snapshot shows.
 */
int
m2m_list_visible(M2mList *list)
{
	ItemPointer place;
	int			n = m2m_list_places(list, &place);
	int			visible = 0;

	for (int i = 0; i < n; i++)
		visible += is_visible(list->lists, &place[i]) ? 1 : 0;
	return visible;
}

/* m2m_list_compare: of two values. */
int
m2m_list_compare(M2mList *list, Datum a, Datum b)
{
	return compare(list->lists, a, b);
}

/*
 * list_descend: finds the place of m2m_list_seek() from the root of the index,
 * or from a page near the leaves.
 */
static void
list_descend(M2mList *list, bool has_key, Datum key, bool beyond)
{
	M2mLists   *lists = list->lists;
	BTScanInsert search = list->search;
	MemoryContext old;
	BTStack		stack;
	BlockNumber parent = InvalidBlockNumber;
	Buffer		leaf;

	/* lists may pass each other all the way and have no key in common */
	CHECK_FOR_INTERRUPTS();
	list_leave(list);
	list->begun = true;
	search->keysz = lists->nprefix + (has_key ? 1 : 0);
	search->nextkey = beyond;
	search->scankeys[lists->nprefix].sk_argument = key;
	leaf = list->has_parent && has_key ? leaf_from_parent(list) : InvalidBuffer;
	if (!BufferIsValid(leaf))
	{
		old = MemoryContextSwitchTo(lists->search);
		stack = m2m_bt_search(lists->index, lists->table, search, &leaf);
		if (!BufferIsValid(leaf) && IsolationIsSerializable())
		{
			/* as _bt_first(): who inserts meanwhile must not go unseen */
			PredicateLockRelation(lists->index, lists->snapshot);
			stack = m2m_bt_search(lists->index, lists->table, search, &leaf);
		}
		MemoryContextSwitchTo(old);
		if (stack != NULL)
			parent = stack->bts_blkno;
		MemoryContextReset(lists->search);
	}
	pgstat_count_index_scan(lists->index);
	if (!BufferIsValid(leaf))
		list->ended = true;
	else if (!list_enter(list, leaf, true))
		list_go_right(list);

	/* two searches that led to one page: so will more */
	if (parent != InvalidBlockNumber && !list->ended)
	{
		if (parent == list->parent_block)
			copy_parent(list);
		list->parent_block = parent;
	}
}

/*
 * copy_parent: copies the page above the leaves that the last search went
 * through, to search only there next.
 *
 * It may be out of date by then, as it may be when _bt_search() has let go of
 * it and locks the leaf: that leaf was split, or deleted, and is not used anew
 * while the snapshot is registered.  Then the right one is to its right.
 */
static void
copy_parent(M2mList *list)
{
	M2mLists   *lists = list->lists;
	Buffer		buffer = _bt_getbuf(lists->index, list->parent_block, BT_READ);
	Page		page = BufferGetPage(buffer);
	BTPageOpaque opaque = BTPageGetOpaque(page);

	m2m_test_old_snapshot(lists->snapshot, lists->index, page);
	if (!P_IGNORE(opaque) && opaque->btpo_level == 1)
	{
		memcpy(list->parent, page, BLCKSZ);
		list->has_parent = true;
		list->parent_at = P_FIRSTDATAKEY(opaque);
	}
	_bt_relbuf(lists->index, buffer);
}

/*
 * leaf_from_parent: the leaf page that what is searched for belongs on, pinned
 * and locked for reading, by the copy of a page above; InvalidBuffer if that
 * does not reach so far.  As _bt_search() from there; what is searched for is
 * beyond all that was before.
 */
static Buffer
leaf_from_parent(M2mList *list)
{
	Relation	index = list->lists->index;
	BTPageOpaque opaque = BTPageGetOpaque(list->parent);
	int			least = list->search->nextkey ? 0 : 1;
	IndexTuple	tuple;
	Buffer		leaf;

	if (!P_RIGHTMOST(opaque) &&
		compare_search(list, list->parent, P_HIKEY) >= least)
	{
		list->has_parent = false;
		return InvalidBuffer;
	}

	/* the last that is less; the first on the page is less than all */
	list->parent_at =
		OffsetNumberPrev(first_beyond(list, list->parent,
									  OffsetNumberNext(list->parent_at),
									  OffsetNumberNext(PageGetMaxOffsetNumber(list->parent))));
	tuple = (IndexTuple) PageGetItem(list->parent,
									 PageGetItemId(list->parent,
												   list->parent_at));
	leaf = _bt_getbuf(index, BTreeTupleGetDownLink(tuple), BT_READ);
	for (;;)
	{
		Page		page = BufferGetPage(leaf);

		opaque = BTPageGetOpaque(page);
		if (P_RIGHTMOST(opaque) ||
			(!P_IGNORE(opaque) && compare_search(list, page, P_HIKEY) < least))
			break;
		leaf = _bt_relandgetbuf(index, leaf, opaque->btpo_next, BT_READ);
	}
	if (P_IGNORE(opaque))
		elog(ERROR, "fell off the end of index \"%s\"",
			 RelationGetRelationName(index));
	return leaf;
}

/*
 * list_go_right: moves a list to the first of its entries on the pages to the
 * right of its own.
 */
static void
list_go_right(M2mList *list)
{
	Relation	index = list->lists->index;
	Buffer		leaf;

	do
	{
		BTPageOpaque opaque = BTPageGetOpaque(list->page);

		CHECK_FOR_INTERRUPTS();
		list_leave(list);
		leaf = _bt_getbuf(index, opaque->btpo_next, BT_READ);
		for (;;)
		{
			opaque = BTPageGetOpaque(BufferGetPage(leaf));
			if (!P_IGNORE(opaque))
				break;
			if (P_RIGHTMOST(opaque))
				elog(ERROR, "fell off the end of index \"%s\"",
					 RelationGetRelationName(index));
			leaf = _bt_relandgetbuf(index, leaf, opaque->btpo_next, BT_READ);
		}
	} while (!list_enter(list, leaf, false));
}

/*
 * list_enter: copies a leaf page, pinned and locked for reading, and moves the
 * list to its first entry there: the first that was searched, or the first of
 * all, if the page is one to the right of that.  False if it has none there but
 * may have on the next.
 */
static bool
list_enter(M2mList *list, Buffer leaf, bool searched)
{
	M2mLists   *lists = list->lists;
	BTPageOpaque opaque;
	OffsetNumber end;

	PredicateLockPage(lists->index, BufferGetBlockNumber(leaf),
					  lists->snapshot);
	m2m_test_old_snapshot(lists->snapshot, lists->index, BufferGetPage(leaf));
	memcpy(list->page, BufferGetPage(leaf), BLCKSZ);
	_bt_unlockbuf(lists->index, leaf);
	list->leaf = leaf;

	opaque = BTPageGetOpaque(list->page);
	end = OffsetNumberNext(PageGetMaxOffsetNumber(list->page));
	list->at = P_FIRSTDATAKEY(opaque);
	if (searched)
		list->at = first_beyond(list, list->page, list->at, end);

	/* where does it end on this page? */
	list->beyond = end;
	if (lists->nprefix > 0 && list->at < end)
	{
		list->search->keysz = lists->nprefix;
		list->search->nextkey = true;
		if (compare_search(list, list->page, OffsetNumberPrev(end)) != 0)
			list->beyond = first_beyond(list, list->page, list->at,
										OffsetNumberPrev(end));
	}
	list->last = list->beyond < end || P_RIGHTMOST(opaque);
	while (list->at < list->beyond && is_passed_over(list, list->at))
		list->at++;
	if (list->at == list->beyond && !list->last)
		return false;
	list_arrive(list);
	return true;
}

/*
 * first_beyond: the first offset of a page, from low on, of an entry that is
 * not less than what was last searched for; or greater, with nextkey.  As
 * _bt_binsrch(); high if there is none before it.
 */
static OffsetNumber
first_beyond(M2mList *list, Page page, OffsetNumber low, OffsetNumber high)
{
	int			least = list->search->nextkey ? 0 : 1;

	while (low < high)
	{
		OffsetNumber middle = low + (high - low) / 2;

		if (compare_search(list, page, middle) >= least)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * compare_search: _bt_compare() of what is searched for with an entry of a
 * page; not for the first of a page above leaves.  Numbers are compared where
 * they stand; what it means that a page above, or a high key, has them equal
 * or has less columns is nbtree's.
 */
static inline int
compare_search(M2mList *list, Page page, OffsetNumber offset)
{
	M2mLists   *lists = list->lists;
	BTScanInsert search = list->search;

	if (lists->by_numbers)
	{
		IndexTuple	tuple = (IndexTuple)
			PageGetItem(page, PageGetItemId(page, offset));
		bool		pivot = BTreeTupleIsPivot(tuple);

		if (!IndexTupleHasNulls(tuple) &&
			(!pivot || BTreeTupleGetNAtts(tuple, lists->index) >= search->keysz))
		{
			for (int i = 0; i < search->keysz; i++)
			{
				int64		sought = number_of(search->scankeys[i].sk_argument,
											   lists->part_width[i]);
				int64		found = number_at((char *) tuple + lists->part_place[i],
											  lists->part_width[i]);

				if (sought != found)
					return sought < found ? -1 : 1;
			}
			if (!pivot)
				return 0;
		}
	}
	return _bt_compare(lists->index, search, page, offset);
}

/* list_arrive: reads the value where the list has come to, if it goes so far. */
static void
list_arrive(M2mList *list)
{
	bool		isnull = true;

	if (list->at < list->beyond)
		list->head = entry_value(list, list->at, &isnull);

	/* nulls are last */
	if (isnull)
	{
		list_leave(list);
		list->ended = true;
	}
}

/* list_leave: lets go of the page that was copied; the copy stays. */
static void
list_leave(M2mList *list)
{
	if (BufferIsValid(list->leaf))
		ReleaseBuffer(list->leaf);
	list->leaf = InvalidBuffer;
}

/* number_at: the integer of so many bytes in a place. */
static pg_attribute_always_inline int64
number_at(const char *place, int width)
{
	if (width == sizeof(int32))
		return *(const int32 *) place;
	if (width == sizeof(int64))
		return *(const int64 *) place;
	Assert(width == sizeof(int16));
	return *(const int16 *) place;
}

/* number_of: the same, of a Datum. */
static pg_attribute_always_inline int64
number_of(Datum value, int width)
{
	if (width == sizeof(int32))
		return DatumGetInt32(value);
	if (width == sizeof(int64))
		return DatumGetInt64(value);
	return DatumGetInt16(value);
}

/* entry_value: the value of an entry of the page. */
static pg_attribute_always_inline Datum
entry_value(M2mList *list, OffsetNumber offset, bool *isnull)
{
	M2mLists   *lists = list->lists;
	IndexTuple	tuple = (IndexTuple)
		PageGetItem(list->page, PageGetItemId(list->page, offset));

	if (lists->width > 0 && !IndexTupleHasNulls(tuple))
	{
		*isnull = false;
		return Int64GetDatum(number_at((char *) tuple + lists->place,
									   lists->width));
	}
	return index_getattr(tuple, lists->nprefix + 1,
						 RelationGetDescr(lists->index), isnull);
}

/* compare: of two values. */
static pg_attribute_always_inline int
compare(M2mLists *lists, Datum a, Datum b)
{
	if (lists->integer)
		return DatumGetInt64(a) < DatumGetInt64(b) ? -1 :
			DatumGetInt64(a) > DatumGetInt64(b);
	return m2m_pair_compare(lists->order, lists->column, 1, &a, &b);
}

/*
 * entry_reaches: is the value of an entry of the page at least the key, or
 * greater?  A null is greater than all.
 */
static pg_attribute_always_inline bool
entry_reaches(M2mList *list, OffsetNumber offset, Datum key, bool beyond)
{
	bool		isnull;
	Datum		value = entry_value(list, offset, &isnull);

	return isnull ||
		compare(list->lists, value, key) >= (beyond ? 1 : 0);
}

/* is_passed_over: has somebody found the rows of an entry to be dead to all? */
static inline bool
is_passed_over(M2mList *list, OffsetNumber offset)
{
	return list->lists->pass_dead &&
		ItemIdIsDead(PageGetItemId(list->page, offset));
}

/*
 * is_visible: does the snapshot show the row in a place of the entry that a
 * list stands at?
 *
 * IndexOnlyNext() says why the bit may be read without a lock on the page.  It
 * takes a pin on the leaf page that the entry is from, since VACUUM waits for
 * that before it sets the bit of a page that it has taken dead rows from.  As
 * there, the table's page is then locked against serialization anomalies in
 * place of the row not fetched.
 */
static bool
is_visible(M2mLists *lists, ItemPointer place)
{
	ItemPointerData tid = *place;
	bool		again = false;
	bool		found;

	if (VM_ALL_VISIBLE(lists->table, ItemPointerGetBlockNumber(&tid),
					   &lists->visibility))
	{
		PredicateLockPage(lists->table, ItemPointerGetBlockNumber(&tid),
						  lists->snapshot);
		return true;
	}
	found = table_index_fetch_tuple(lists->fetch, &tid, lists->snapshot,
									lists->slot, &again, NULL);
	if (found)
		pgstat_count_heap_fetch(lists->index);
	ExecClearTuple(lists->slot);
	return found;
}
