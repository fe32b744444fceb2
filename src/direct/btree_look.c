/*
 * btree_look.c
 *		Looks many keys up in a B-tree index, a leaf page at a time.
 *
 * An index scan descends the tree for each key, pins and unpins, and copies
 * what it finds.  Here keys come in groups, nearly always in the order of the
 * index, and all that belong on one leaf are looked for while that is locked
 * for reading.  Nothing is ever written: what comes of it is a hint.  Who is
 * told that there is no entry inserts, and the unique index has the last word;
 * who is told that there is one looks at the row.  So an error here could cost
 * time, and no more.
 *
 * Keys are compared while a page is locked, as nbtree itself does.  That is
 * why the comparison has to be PostgreSQL's own (m2m_opfamily_built_in()):
 * other code might take locks, or read the very index.
 *
 * It reads pages as nbtree does (compare _bt_search() and _bt_binsrch()), in
 * the majors in which this was tested: compat.h says which.  In others, and
 * with m2m.index_runs off, it knows nothing of any key, and the caller takes
 * an index scan for each.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "direct_internal.h"
#include "m2m.h"

struct M2mIndexLook
{
	M2mDirectIndex *direct;
	Relation	heap;
	bool		by_leaf;		/* false: nothing will be known */
	BTScanInsert key;			/* NULL: to be made; arguments are filled in */
	int			natts;
	int			room;
	int			count;
	Datum	   *value;			/* natts for each key, in the index's columns */
};

#if M2M_READS_BTREES
static Buffer find_leaf(M2mIndexLook *look, int n);
static int	look_on_leaf(M2mIndexLook *look, int first, Page page,
						 M2mIndexEntry *entry);
static bool find_entry(M2mIndexLook *look, Page page, bool is_near,
					   OffsetNumber *low);
static bool is_below_high_key(M2mIndexLook *look, Page page);
static void set_key(M2mIndexLook *look, int n);
#endif

/*
 * m2m_index_look_begin: gets ready to look up to room keys up in a B-tree of a
 * table, nearly each of which has one row.  The index stays open for as long as
 * the result is used.
 */
M2mIndexLook *
m2m_index_look_begin(Relation heap, M2mDirectIndex *index, int room)
{
	M2mIndexLook *look = palloc0(sizeof(M2mIndexLook));

	look->direct = index;
	look->heap = heap;
	look->by_leaf = M2M_READS_BTREES && m2m_index_runs &&
		index->index->rd_amhandler == F_BTHANDLER;
	look->natts = IndexRelationGetNumberOfKeyAttributes(index->index);
	look->room = room;
	look->value = palloc_array(Datum, (Size) room * look->natts);
	return look;
}

/*
 * m2m_index_look_put: adds a key, whose columns are given in the index's
 * order; there must be room.  What they point to must last until the look.
 * Any order of keys is right; that of the index is fast.
 */
void
m2m_index_look_put(M2mIndexLook *look, const Datum *key)
{
	Assert(look->count < look->room);
	memcpy(look->value + (Size) look->count * look->natts, key,
		   sizeof(Datum) * look->natts);
	look->count++;
}

/*
 * m2m_index_look_perform: finds out for each key whether the index has entries
 * of it, dead ones included, and forgets the keys.  Fills in an M2mIndexEntry
 * for each.  What it says was true of some moment during the call.
 *
 * Waits for nothing but the locks of pages, and returns without any lock or
 * pin.  As with a dirty snapshot, there are no predicate locks.
 */
void
m2m_index_look_perform(M2mIndexLook *look, M2mIndexEntry *entry)
{
	int			n = 0;

	while (n < look->count)
	{
		int			next = n;

#if M2M_READS_BTREES
		if (look->by_leaf)
		{
			Buffer		leaf = find_leaf(look, n);

			if (!BufferIsValid(leaf))
			{
				/* the index is empty */
				for (; n < look->count; n++)
					entry[n].kind = M2M_ENTRY_NONE;
				break;
			}
			next = look_on_leaf(look, n, BufferGetPage(leaf), entry);
			_bt_relbuf(look->direct->index, leaf);
		}
#endif

		/* a page that tells nothing of its first key must not hold us up */
		if (next == n)
			entry[next++].kind = M2M_ENTRY_UNSURE;
		n = next;
		CHECK_FOR_INTERRUPTS();
	}
	look->count = 0;
}

#if M2M_READS_BTREES
/*
 * find_leaf: the first leaf page that may have an entry of a key, pinned and
 * locked for reading.  InvalidBuffer if the index has no page yet.
 */
static Buffer
find_leaf(M2mIndexLook *look, int n)
{
	Relation	index = look->direct->index;
	Buffer		leaf;

	if (look->key == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(look));

		/*
		 * Without a row it is one of no columns, which we add, in no place:
		 * without a scantid all entries of a key are equal to it, and
		 * _bt_search() finds the first page that may have one (nextkey is
		 * false).  _bt_doinsert() searches so for its check.
		 */
		look->key = _bt_mkscankey(index, NULL);
		_bt_metaversion(index, &look->key->heapkeyspace,
						&look->key->allequalimage);
		look->key->anynullkeys = false;
		look->key->keysz = look->natts;
		for (int i = 0; i < look->natts; i++)
			look->key->scankeys[i].sk_flags &= ~SK_ISNULL;
		MemoryContextSwitchTo(old);
	}
	set_key(look, n);
	(void) m2m_bt_search(index, look->heap, look->key, &leaf);
	return leaf;
}

/*
 * look_on_leaf: looks for rows, from number first on, for which the page was
 * searched.  Returns the number of the first that it cannot tell of.
 */
static int
look_on_leaf(M2mIndexLook *look, int first, Page page, M2mIndexEntry *entry)
{
	BTPageOpaque opaque = BTPageGetOpaque(page);
	OffsetNumber start = P_FIRSTDATAKEY(opaque);
	OffsetNumber low = start;
	int			n;

	for (n = first; n < look->count; n++)
	{
		set_key(look, n);

		/*
		 * Out of order it might be on a page to the left.  It is not if it is
		 * greater than the entry before low, or the page is the first; then
		 * nothing was found to be less, and low is still at the start.
		 */
		if (n > first &&
			(low == start ? !P_LEFTMOST(opaque) :
			 _bt_compare(look->direct->index, look->key, page,
						 OffsetNumberPrev(low)) <= 0))
			break;

		/*
		 * A key beyond all entries of the page is not there only if it is
		 * below the high key.  Above that it belongs on a page to the right,
		 * and equal to it, it may: the entries of one key, most of them dead,
		 * can go on there.  The next search of the tree finds the page.
		 */
		if (find_entry(look, page, n > first, &low))
		{
			ItemId		item = PageGetItemId(page, low);
			IndexTuple	tuple = (IndexTuple) PageGetItem(page, item);

			/*
			 * A dead entry, or one of several, says nothing about the key's
			 * other rows; an index scan goes through them all.
			 */
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
				 !is_below_high_key(look, page))
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
find_entry(M2mIndexLook *look, Page page, bool is_near, OffsetNumber *low)
{
	OffsetNumber beyond = OffsetNumberNext(PageGetMaxOffsetNumber(page));
	int			step = 1;

	while (*low < beyond)
	{
		OffsetNumber probe = *low + (beyond - *low) / 2;
		int32		order;

		if (is_near)
			probe = Min(probe, *low + step - 1);
		order = _bt_compare(look->direct->index, look->key, page, probe);
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
 * is_below_high_key: are all entries of the key on this page or to its left?
 */
static bool
is_below_high_key(M2mIndexLook *look, Page page)
{
	return P_RIGHTMOST(BTPageGetOpaque(page)) ||
		_bt_compare(look->direct->index, look->key, page, P_HIKEY) < 0;
}

/* set_key: makes the search key that of number n. */
static void
set_key(M2mIndexLook *look, int n)
{
	for (int i = 0; i < look->natts; i++)
		look->key->scankeys[i].sk_argument =
			look->value[(Size) n * look->natts + i];
}
#endif							/* M2M_READS_BTREES */
