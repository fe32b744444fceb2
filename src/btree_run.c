/*
 * btree_run.c
 *		Looks for a run of rows, in the order of a B-tree index, in that index,
 *		and enters them into it: all that belong on one leaf page under one
 *		lock of that page.
 *
 * The index access method is given one row at a time, and for each it makes a
 * search key, descends the tree, locks the leaf and writes WAL.  A run finds
 * the leaf of its first row as _bt_doinsert() does, and then goes on with the
 * rows behind it for as long as they belong there.  What it does to the page,
 * and what it writes to the WAL, is what _bt_insertonpg() would have done for
 * each row on its own; or, where that is less, one image of the page, of the
 * kind that every access method may log.  So recovery, standbys and tools that
 * read the WAL see what they know.
 *
 * Whatever is not the plain case is left to the access method, a row at a
 * time: a page that is full (it may be split, or rid of dead entries and
 * duplicates), an entry with the same key (which a unique index has to look
 * into), a row within a posting list, a large key, an index of before
 * PostgreSQL 12.  A run never changes the structure of the tree.
 *
 * Compare with nbtinsert.c and the README in access/nbtree.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "access/nbtxlog.h"
#include "access/xloginsert.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "direct.h"

/* Larger tuples, of which a page holds but a few, are not for a run. */
#define MAX_TUPLE_SIZE (BLCKSZ / 8)

/*
 * What an XLOG_BTREE_INSERT_LEAF record takes besides the tuple: headers of
 * the record and of its block, and the offset.
 */
#define RECORD_SIZE 48

struct M2mIndexRun
{
	M2mDirectIndex *direct;
	Relation	index;
	Relation	heap;
	bool		unique;			/* is it about who is the first of a key? */
	bool		by_leaf;		/* false: one by one */
	MemoryContext context;		/* of the tuples; reset with them */
	BTScanInsert key;			/* NULL: to be made; arguments are filled in */
	int			room;
	int			count;
	IndexTuple *tuple;
	PGAlignedBlock *image;		/* where one of a page is prepared, or NULL */
};

/* What has been found out about a row that is to go on a page. */
typedef enum Position
{
	ON_PAGE,					/* at the offset given */
	ELSEWHERE,					/* not on this page, or not for certain */
	NOT_PLAIN					/* on it, but for the access method */
} Position;

static int	enter_by_leaf(M2mIndexRun *run, int first);
static bool enter_by_access_method(M2mIndexRun *run, int n);
static Buffer find_leaf(M2mIndexRun *run, int n, int access);
static bool is_for_image(M2mIndexRun *run, int first, Buffer leaf);
static int	enter_by_records(M2mIndexRun *run, int first, Buffer leaf,
							 Position *end);
static int	enter_by_image(M2mIndexRun *run, int first, Buffer leaf,
						   Position *end);
static int	look_on_leaf(M2mIndexRun *run, int first, Page page,
						 M2mIndexEntry *entry);
static bool find_entry(M2mIndexRun *run, Page page, bool is_near,
					   OffsetNumber *low);
static Position find_position(M2mIndexRun *run, int n, Page page,
							  OffsetNumber last, OffsetNumber *offset);
static bool is_below_high_key(M2mIndexRun *run, Page page);
static void set_key(M2mIndexRun *run, int n);

/*
 * m2m_index_run_begin: a run of up to room rows for a B-tree of a table; with
 * unique, the one that keeps them unique.
 */
M2mIndexRun *
m2m_index_run_begin(Relation heap, M2mDirectIndex *index, bool unique,
					int room)
{
	M2mIndexRun *run = palloc0(sizeof(M2mIndexRun));

	run->direct = index;
	run->index = index->index;
	run->heap = heap;
	run->unique = unique;
	run->by_leaf = m2m_index_runs &&
		index->index->rd_amhandler == F_BTHANDLER;
	run->context = AllocSetContextCreate(CurrentMemoryContext,
										 "m2m index run",
										 ALLOCSET_DEFAULT_SIZES);
	run->room = room;
	run->tuple = palloc_array(IndexTuple, room);
	return run;
}

/*
 * m2m_index_run_put: adds a row of a pair behind the others; there must be
 * room.  Any order is right; that of the index is fast.  A row to look for has
 * no place yet: NULL.
 */
void
m2m_index_run_put(M2mIndexRun *run, Datum *pair, ItemPointer place)
{
	MemoryContext old = MemoryContextSwitchTo(run->context);
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];
	IndexTuple	tuple;

	Assert(run->count < run->room);
	for (int i = 0; i < run->direct->natts; i++)
	{
		values[i] = pair[run->direct->column[i]];
		isnull[i] = false;
	}
	tuple = index_form_tuple(RelationGetDescr(run->index), values, isnull);
	if (place != NULL)
		tuple->t_tid = *place;
	run->tuple[run->count++] = tuple;
	MemoryContextSwitchTo(old);
}

/*
 * m2m_index_run_look: finds out for each row whether the unique index has
 * entries of its key, dead ones included.  Fills in an M2mIndexEntry for each.
 * What it says is true of some moment during the call.
 *
 * As with a dirty snapshot, there are no predicate locks.
 */
void
m2m_index_run_look(M2mIndexRun *run, M2mIndexEntry *entry)
{
	MemoryContext old = MemoryContextSwitchTo(run->context);
	int			n = 0;

	Assert(run->unique);
	while (n < run->count)
	{
		int			next = n;

		if (run->by_leaf)
		{
			Buffer		leaf = find_leaf(run, n, BT_READ);

			if (!BufferIsValid(leaf))
			{
				/* the index is empty */
				for (; n < run->count; n++)
					entry[n].kind = M2M_ENTRY_NONE;
				break;
			}
			next = look_on_leaf(run, n, BufferGetPage(leaf), entry);
			_bt_relbuf(run->index, leaf);
		}
		if (next == n)
			entry[next++].kind = M2M_ENTRY_UNSURE;
		n = next;
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextSwitchTo(old);
}

/*
 * m2m_index_run_enter: enters the rows from number first on.  In the index
 * that keeps pairs unique, it stops behind one that may not be the only one of
 * its pair: that is entered all the same, and the caller sees to it (as ON
 * CONFLICT does).  Returns its number; the number of rows if there is none.
 */
int
m2m_index_run_enter(M2mIndexRun *run, int first)
{
	MemoryContext old = MemoryContextSwitchTo(run->context);
	int			n = first;

	while (n < run->count)
	{
		if (run->by_leaf)
			n = enter_by_leaf(run, n);
		if (n < run->count && !enter_by_access_method(run, n))
			break;
		n = Min(n + 1, run->count);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextSwitchTo(old);
	return n;
}

/* m2m_index_run_clear: forgets the rows. */
void
m2m_index_run_clear(M2mIndexRun *run)
{
	run->count = 0;
	MemoryContextReset(run->context);
}

/*
 * enter_by_leaf: enters rows from number first on, leaf by leaf, up to one
 * that is for the access method; returns its number.
 */
static int
enter_by_leaf(M2mIndexRun *run, int first)
{
	Position	end = ELSEWHERE;
	int			n = first;

	while (n < run->count && end != NOT_PLAIN)
	{
		int			before = n;
		Buffer		leaf;

		if (IndexTupleSize(run->tuple[n]) > MAX_TUPLE_SIZE)
			break;
		leaf = find_leaf(run, n, BT_WRITE);
		if (!run->key->heapkeyspace)
		{
			_bt_relbuf(run->index, leaf);
			run->by_leaf = false;
			break;
		}

		/* as in _bt_doinsert(), for serializable transactions */
		CheckForSerializableConflictIn(run->index, NULL,
									   BufferGetBlockNumber(leaf));
		if (is_for_image(run, n, leaf))
			n = enter_by_image(run, n, leaf, &end);
		else
			n = enter_by_records(run, n, leaf, &end);
		_bt_relbuf(run->index, leaf);

		/* not even the row that the leaf was searched for? */
		if (n == before)
			break;
		CHECK_FOR_INTERRUPTS();
	}
	return n;
}

/*
 * enter_by_access_method: enters one row; returns false if it may not be the
 * only one of its pair, in the index that keeps pairs unique.
 */
static bool
enter_by_access_method(M2mIndexRun *run, int n)
{
	IndexTuple	tuple = run->tuple[n];
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];

	index_deform_tuple(tuple, RelationGetDescr(run->index), values, isnull);
	return index_insert(run->index, values, isnull, &tuple->t_tid, run->heap,
						run->unique ? UNIQUE_CHECK_PARTIAL : UNIQUE_CHECK_NO,
						false, run->direct->info) || !run->unique;
}

/*
 * find_leaf: the leaf page that a row belongs on, pinned and locked.  With
 * unique, the first that may have an entry with its key: who holds its lock
 * for writing is the only one to decide about that key.  InvalidBuffer if the
 * index has no page yet and access is for reading.
 */
static Buffer
find_leaf(M2mIndexRun *run, int n, int access)
{
	Buffer		leaf;

	if (run->key == NULL)
	{
		MemoryContext old =
			MemoryContextSwitchTo(MemoryContextGetParent(run->context));

		run->key = _bt_mkscankey(run->index, run->tuple[n]);
		MemoryContextSwitchTo(old);
	}
	set_key(run, n);
	m2m_bt_search(run->index, run->heap, run->key, &leaf, access);
	return leaf;
}

/*
 * is_for_image: is an image of the page less WAL than a record for each of the
 * rows that will go there?  It is if the first record had to bring one along,
 * and if there are many rows.
 */
static bool
is_for_image(M2mIndexRun *run, int first, Buffer leaf)
{
	Page		page = BufferGetPage(leaf);
	Size		tuple_size = MAXALIGN(IndexTupleSize(run->tuple[first]));
	Size		free = PageGetExactFreeSpace(page);
	int			rows;

	if (!RelationNeedsWAL(run->index) || first + 1 == run->count)
		return false;
	if (XLogCheckBufferNeedsBackup(leaf))
		return true;

	/* so many records are as long as the page with so many rows more */
	rows = (BLCKSZ - free) / (RECORD_SIZE - sizeof(ItemIdData)) + 1;
	if (first + rows > run->count ||
		(Size) rows * (tuple_size + sizeof(ItemIdData)) > free)
		return false;
	set_key(run, first + rows - 1);
	return is_below_high_key(run, page);
}

/*
 * enter_by_records: enters rows on a leaf page, from number first on, each
 * with its WAL record.  Returns the number of the first that does not go
 * there, and in *end why.
 *
 * The locked page is consistent after each row; an error in a comparison
 * function between two does no harm.
 */
static int
enter_by_records(M2mIndexRun *run, int first, Buffer leaf, Position *end)
{
	Page		page = BufferGetPage(leaf);
	OffsetNumber last = InvalidOffsetNumber;
	OffsetNumber offset;
	int			n;

	for (n = first; n < run->count; n++, last = offset)
	{
		IndexTuple	tuple = run->tuple[n];
		Size		size = MAXALIGN(IndexTupleSize(tuple));

		*end = find_position(run, n, page, last, &offset);
		if (*end != ON_PAGE)
			break;

		START_CRIT_SECTION();
		if (PageAddItem(page, (char *) tuple, size, offset, false,
						false) == InvalidOffsetNumber)
			elog(PANIC, "failed to add new item to block %u in index \"%s\"",
				 BufferGetBlockNumber(leaf),
				 RelationGetRelationName(run->index));
		MarkBufferDirty(leaf);
		if (RelationNeedsWAL(run->index))
		{
			xl_btree_insert record;
			XLogRecPtr	end_of_record;

			record.offnum = offset;
			XLogBeginInsert();
			XLogRegisterData((char *) &record, SizeOfBtreeInsert);
			XLogRegisterBuffer(0, leaf, REGBUF_STANDARD);
			XLogRegisterBufData(0, (char *) tuple, IndexTupleSize(tuple));
			end_of_record = XLogInsert(RM_BTREE_ID, XLOG_BTREE_INSERT_LEAF);
			PageSetLSN(page, end_of_record);
		}
		else
			m2m_set_fake_lsn(run->index, page);
		END_CRIT_SECTION();
	}
	return n;
}

/*
 * enter_by_image: the same with one WAL record for all, the image of the page.
 * It is prepared beside the page, since nothing that can fail, as a comparison
 * function can, may run between changing a page and logging that.
 */
static int
enter_by_image(M2mIndexRun *run, int first, Buffer leaf, Position *end)
{
	Page		page = BufferGetPage(leaf);
	Page		image;
	OffsetNumber last = InvalidOffsetNumber;
	OffsetNumber offset;
	int			n;

	if (run->image == NULL)
		run->image =
			MemoryContextAlloc(MemoryContextGetParent(run->context),
							   sizeof(PGAlignedBlock));
	image = (Page) run->image->data;
	memcpy(image, page, BLCKSZ);
	for (n = first; n < run->count; n++, last = offset)
	{
		IndexTuple	tuple = run->tuple[n];

		*end = find_position(run, n, image, last, &offset);
		if (*end != ON_PAGE)
			break;
		if (PageAddItem(image, (char *) tuple, MAXALIGN(IndexTupleSize(tuple)),
						offset, false, false) == InvalidOffsetNumber)
			elog(ERROR, "failed to add new item to block %u in index \"%s\"",
				 BufferGetBlockNumber(leaf),
				 RelationGetRelationName(run->index));
	}
	if (n == first)
		return n;

	START_CRIT_SECTION();
	memcpy(page, image, BLCKSZ);
	MarkBufferDirty(leaf);
	log_newpage_buffer(leaf, true);
	END_CRIT_SECTION();
	return n;
}

/*
 * find_position: where on a leaf page a row belongs.  last is the offset of
 * the row before it in the run, if that is on the page; the page is the one
 * that was searched for the first row of the run that went there.
 */
static Position
find_position(M2mIndexRun *run, int n, Page page, OffsetNumber last,
			  OffsetNumber *offset)
{
	OffsetNumber low = P_FIRSTDATAKEY(BTPageGetOpaque(page));
	OffsetNumber high = PageGetMaxOffsetNumber(page);
	bool		is_last = true;
	int32		order;

	if (IndexTupleSize(run->tuple[n]) > MAX_TUPLE_SIZE ||
		PageGetFreeSpace(page) < MAXALIGN(IndexTupleSize(run->tuple[n])))
		return NOT_PLAIN;
	set_key(run, n);
	if (OffsetNumberIsValid(last))
	{
		/* in order it is above the low end of the page, as that was */
		order = _bt_compare(run->index, run->key, page, last);
		if (order <= 0)
			return order == 0 ? NOT_PLAIN : ELSEWHERE;
		low = OffsetNumberNext(last);
	}

	/* most rows go last on the page, or else to no place in particular */
	if (high >= low)
	{
		order = _bt_compare(run->index, run->key, page, high);
		if (order == 0)
			return NOT_PLAIN;
		if (order < 0)
			is_last = false;
		else
			low = OffsetNumberNext(high);
	}
	if (is_last && !is_below_high_key(run, page))
		return ELSEWHERE;
	while (low < high)
	{
		OffsetNumber middle = low + (high - low) / 2;

		order = _bt_compare(run->index, run->key, page, middle);
		if (order == 0)
			return NOT_PLAIN;
		if (order > 0)
			low = OffsetNumberNext(middle);
		else
			high = middle;
	}
	*offset = low;
	return ON_PAGE;
}

/*
 * look_on_leaf: looks for rows, from number first on, for which the page was
 * searched.  Returns the number of the first that it cannot tell of.
 */
static int
look_on_leaf(M2mIndexRun *run, int first, Page page, M2mIndexEntry *entry)
{
	BTPageOpaque opaque = BTPageGetOpaque(page);
	OffsetNumber start = P_FIRSTDATAKEY(opaque);
	OffsetNumber low = start;
	int			n;

	for (n = first; n < run->count; n++)
	{
		set_key(run, n);

		/* out of order it might be on a page to the left */
		if (n > first &&
			(low == start ? !P_LEFTMOST(opaque) :
			 _bt_compare(run->index, run->key, page,
						 OffsetNumberPrev(low)) <= 0))
			break;
		if (find_entry(run, page, n > first, &low))
		{
			ItemId		item = PageGetItemId(page, low);
			IndexTuple	tuple = (IndexTuple) PageGetItem(page, item);

			if (ItemIdIsDead(item) || BTreeTupleIsPosting(tuple))
				entry[n].kind = M2M_ENTRY_UNSURE;
			else
			{
				entry[n].kind = M2M_ENTRY_ONE;
				entry[n].place = tuple->t_tid;
			}
			low = OffsetNumberNext(low);
		}
		else if (low > PageGetMaxOffsetNumber(page) &&
				 !is_below_high_key(run, page))
			break;
		else
			entry[n].kind = M2M_ENTRY_NONE;
	}
	return n;
}

/*
 * find_entry: is there an entry equal to the key on a page, from offset *low
 * on?  *low becomes its offset, or that of the first greater one.  Bisects;
 * but gallops to begin with if it is near, as it is to the one before where
 * there are many rows for a page.
 */
static bool
find_entry(M2mIndexRun *run, Page page, bool is_near, OffsetNumber *low)
{
	OffsetNumber beyond = OffsetNumberNext(PageGetMaxOffsetNumber(page));
	int			step = 1;

	while (*low < beyond)
	{
		OffsetNumber probe = *low + (beyond - *low) / 2;
		int32		order;

		if (is_near)
			probe = Min(probe, *low + step - 1);
		order = _bt_compare(run->index, run->key, page, probe);
		if (order == 0)
		{
			*low = probe;
			return true;
		}
		if (order < 0)
		{
			beyond = probe;
			is_near = false;
		}
		else
			*low = OffsetNumberNext(probe);
		step *= 2;
	}
	return false;
}

/*
 * is_below_high_key: does the row of the key belong on the page, as far as its
 * upper end goes?  With unique, an entry with its key could be on the next
 * page if the two are equal.
 */
static bool
is_below_high_key(M2mIndexRun *run, Page page)
{
	int32		order;

	if (P_RIGHTMOST(BTPageGetOpaque(page)))
		return true;
	order = _bt_compare(run->index, run->key, page, P_HIKEY);
	return run->unique ? order < 0 : order <= 0;
}

/*
 * set_key: makes the search key that of a row.  With unique it is without the
 * row's place, and so equal to all entries with the same columns.
 */
static void
set_key(M2mIndexRun *run, int n)
{
	IndexTuple	tuple = run->tuple[n];
	BTScanInsert key = run->key;

	for (int i = 0; i < key->keysz; i++)
	{
		bool		isnull;

		key->scankeys[i].sk_argument =
			index_getattr(tuple, i + 1, RelationGetDescr(run->index), &isnull);
	}
	key->scantid = run->unique || !key->heapkeyspace ? NULL : &tuple->t_tid;
}
