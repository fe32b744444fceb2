/*
 * counts.c
 *		All rows of a side with the number of their links, from an index of the
 *		association and the table of the rows.
 *
 * An index that begins with the rows' key has the links of each row beside each
 * other: to count them is to go through it (index_list.c) and to compare one
 * number with the next.  A SELECT (related.c) puts each into a hash table, and
 * all rows into another; it is for what is not plain, as in seek.c, for keys
 * that are no integers, and where the index alone does not tell which links are
 * visible: that has to be so of nearly all pages of the association.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "executor/nodeHash.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "m2m.h"
#include "question_internal.h"

/* The number of links of a row that has some. */
typedef struct KeyCount
{
	int64		key;
	int64		n;
} KeyCount;

/* In the order of the keys. */
typedef struct Counts
{
	KeyCount   *count;
	int64		n;
	int64		room;
} Counts;

static bool can_count(M2mRelationship *rel, M2mSide side);
static bool is_mostly_visible(Relation association);
static bool has_memory(Relation association, Relation table);
static Relation open_index(Relation association, M2mKeyColumn *key);
static void count_links(M2mRelationship *rel, M2mSide side,
						Relation association, Relation index,
						Snapshot snapshot, Counts *counts);
static void put_rows(M2mKeyColumn *key, Relation table, Snapshot snapshot,
					 Counts *counts, ReturnSetInfo *rsinfo);
static int64 count_of(Counts *counts, int64 key, int64 *next);

/*
 * m2m_counts_by_index: puts every row of a side with the number of its links
 * into the result (row, bigint), by the active snapshot; false where this is
 * not plain, or the caller may not read what it takes, or a row has more than
 * most links on average, unless that is negative: then SQL will answer, or say
 * so.
 *
 * The caller holds the association and the rows' table in ACCESS SHARE.  The
 * index is locked in ACCESS SHARE until the end of the transaction.
 */
bool
m2m_counts_by_index(M2mRelationship *rel, M2mSide side, int most,
					ReturnSetInfo *rsinfo)
{
	M2mKeyColumn *key = &rel->side[side].key[0];
	Relation	association;
	Relation	table;
	Relation	index = NULL;
	bool		able;

	if (!can_count(rel, side))
		return false;
	association = table_open(rel->association, NoLock);
	table = table_open(rel->side[side].relid, AccessShareLock);
	able = m2m_is_plain_table(association) && m2m_is_plain_table(table) &&
		association->rd_rel->relam == HEAP_TABLE_AM_OID &&
		!m2m_has_virtual_columns(RelationGetDescr(table)) &&
		check_enable_rls(rel->side[M2M_OTHER(side)].relid, InvalidOid,
						 true) == RLS_NONE &&
		is_mostly_visible(association) && has_memory(association, table) &&
		(most < 0 || association->rd_rel->reltuples <=
		 most * table->rd_rel->reltuples);
	if (able)
		index = open_index(association, key);

	/* rights last, as in seek.c */
	able = index != NULL &&
		m2m_may_select(association,
					   bms_make_singleton(key->link_attnum -
										  FirstLowInvalidHeapAttributeNumber)) &&
		m2m_may_select(table,
					   bms_make_singleton(InvalidAttrNumber -
										  FirstLowInvalidHeapAttributeNumber));
	if (able)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
													  "m2m counts",
													  ALLOCSET_DEFAULT_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);
		Snapshot	snapshot = RegisterSnapshot(GetActiveSnapshot());
		Counts		counts = {0};

		count_links(rel, side, association, index, snapshot, &counts);
		put_rows(key, table, snapshot, &counts, rsinfo);
		UnregisterSnapshot(snapshot);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
	}
	if (index != NULL)
		index_close(index, NoLock);
	table_close(table, NoLock);
	table_close(association, NoLock);
	return able;
}

/*
 * can_count: is each row of the association a link, and are keys integers that
 * it has as they are?
 */
static bool
can_count(M2mRelationship *rel, M2mSide side)
{
	M2mKeyColumn *key = &rel->side[side].key[0];

	if (!m2m_direct_path || rel->side[side].nkeys > 1 || rel->deleted != 0 ||
		!m2m_is_integer(key->type) || key->type != key->link_type)
		return false;

	/* a link column that is null leads nowhere */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			if (!rel->side[s].key[i].link_not_null)
				return false;
		}
	}
	return true;
}

/*
 * is_mostly_visible: of so many pages is it known that all their rows are
 * visible, that few have to be read?  By the numbers that the planner goes by.
 */
static bool
is_mostly_visible(Relation association)
{
	Form_pg_class form = association->rd_rel;

	return form->relpages != 0 && (BlockNumber) form->relallvisible >
		0.9 * (BlockNumber) form->relpages;
}

/*
 * has_memory: would a hash table of as many rows be kept in memory?  Those that
 * have links are no more than these, whose number is known here; that of a table
 * that was never analyzed is not.
 */
static bool
has_memory(Relation association, Relation table)
{
	double		rows = association->rd_rel->reltuples;

	if (table->rd_rel->reltuples >= 0)
		rows = Min(rows, table->rd_rel->reltuples);
	return rows * sizeof(KeyCount) < get_hash_memory_limit();
}

/*
 * open_index: opens an index of the association that begins with the key,
 * ascending; or NULL.
 */
static Relation
open_index(Relation association, M2mKeyColumn *key)
{
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(association))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);

		if (m2m_index_is_readable(index) &&
			index->rd_index->indkey.values[0] == key->link_attnum &&
			index->rd_indoption[0] == 0 &&
			m2m_index_sorts_as(association, index, 0, key->collation))
			return index;
		index_close(index, AccessShareLock);
	}
	return NULL;
}

/* count_links: how many links each key has. */
static void
count_links(M2mRelationship *rel, M2mSide side, Relation association,
			Relation index, Snapshot snapshot, Counts *counts)
{
	M2mPairOrder *order = m2m_pair_order(rel);
	M2mLists   *lists = m2m_lists_begin(association, index, snapshot, 0, order,
										side == M2M_LEFT ? 0 : order->nleft);
	M2mList		list;
	bool		more;

	m2m_list_begin(lists, &list, NULL);
	for (more = m2m_list_seek(&list, false, (Datum) 0, false); more;
		 more = m2m_list_step(&list))
	{
		int64		key = DatumGetInt64(list.head);
		int			n = m2m_list_visible(&list);

		if (n == 0)
			continue;
		if (counts->n == 0 || counts->count[counts->n - 1].key != key)
		{
			if (counts->n == counts->room)
			{
				counts->room = Max(1024, counts->room * 2);
				counts->count = counts->n == 0 ?
					palloc_array(KeyCount, counts->room) :
					repalloc_huge(counts->count,
								  sizeof(KeyCount) * counts->room);
			}
			counts->count[counts->n].key = key;
			counts->count[counts->n].n = 0;
			counts->n++;
		}
		counts->count[counts->n - 1].n += n;
	}
	m2m_list_end(&list);
	m2m_lists_end(lists);
}

/* put_rows: all rows of a table, with what was counted. */
static void
put_rows(M2mKeyColumn *key, Relation table, Snapshot snapshot, Counts *counts,
		 ReturnSetInfo *rsinfo)
{
	TupleDesc	desc = RelationGetDescr(table);
	TupleTableSlot *slot = table_slot_create(table, NULL);
	TableScanDesc scan = m2m_table_beginscan(table, snapshot);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "m2m row",
												  ALLOCSET_DEFAULT_SIZES);
	int64		next = 0;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		null[2];
		Datum		value[2];
		MemoryContext old = MemoryContextSwitchTo(context);

		CHECK_FOR_INTERRUPTS();
		value[1] = slot_getattr(slot, key->attnum, &null[1]);
		value[1] = Int64GetDatum(null[1] ? 0 :
								 count_of(counts, DatumGetInt64(value[1]),
										  &next));
		null[0] = null[1] = false;

		/* with what columns that it was made without have by default */
		slot_getallattrs(slot);
		value[0] = HeapTupleGetDatum(heap_form_tuple(desc, slot->tts_values,
													 slot->tts_isnull));
		MemoryContextSwitchTo(old);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, value, null);
		MemoryContextReset(context);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/*
 * count_of: what was counted of a key; rows often come in the order of their
 * keys, so that it is the next.
 */
static int64
count_of(Counts *counts, int64 key, int64 *next)
{
	int64		low = 0;
	int64		high = counts->n;

	if (*next < counts->n && counts->count[*next].key == key)
		return counts->count[(*next)++].n;
	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (counts->count[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == counts->n || counts->count[low].key != key)
		return 0;
	*next = low + 1;
	return counts->count[low].n;
}
