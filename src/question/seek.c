/*
 * seek.c
 *		Finds rows by what they are linked to, in the order of their keys, from
 *		the association's indexes alone.
 *
 * The links of one id are a run of the reverse index (tag_id, book_id), in the
 * order of book_id: a sorted list that can be read from any place on.  A row
 * that is linked to all ids is in all lists.  They are intersected as in a
 * leapfrog join (T. Veldhuizen, Leapfrog Triejoin: a simple, worst-case optimal
 * join algorithm, ICDT 2014): each list in turn seeks the greatest key that
 * another has come to, until all agree.  So a rare id decides how much is read
 * of a popular one, and who wants twenty rows reads no more than it takes.  The
 * rare one shows by passing over most keys of the others, and is then asked
 * first: a key that it does not have is not looked for in the rest.
 *
 * Links are read by the active snapshot, as an index-only scan reads them
 * (index_list.c); it is only asked whether a row version is visible where a key
 * is in question.  Nothing here waits for another transaction.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "question_internal.h"

/* So many lists have a scan of their own each; more are for the executor. */
#define MOST_LISTS 64

struct M2mSeek
{
	MemoryContext context;
	M2mPairOrder *order;
	int			column;			/* of the pair: the rows' key */
	int			first;			/* of the pair: the first of an id's columns */
	int			nfar;
	bool		typbyval;
	int16		typlen;
	Relation	association;
	Relation	index;			/* begins with an id's columns, then the key */
	M2mLists   *lists;			/* of that index */
	Relation	row_index;		/* begins with the key; NULL: not needed */
	IndexScanDesc row_scan;
	int64		row_links;		/* a row may have so many links; -1: any */
	Snapshot	snapshot;
	TupleTableSlot *slot;		/* of row_scan */
	int			nall;			/* lists that a row has to be in */
	int			nany;			/* lists of which it has to be in some */
	int64		at_least;		/* in so many of these */
	int			nnone;			/* lists that it must not be in */
	M2mList    *list;			/* in this order */
	int		   *turn;			/* of the first nall: which is asked first ... */
	int64	   *passes;			/* ... as each has passed by so many keys */
	bool		has_last;
	Datum		last;			/* the key that was returned last */
};

static bool can_seek(M2mFind *find);
static bool is_permitted(M2mFind *find, Relation association);
static bool open_indexes(M2mSeek *seek, M2mFind *find);
static void close_indexes(M2mSeek *seek);
static bool begins_with_ids(M2mSeek *seek, M2mRelationship *rel,
							Relation index);
static bool sorts_as_key(M2mSeek *seek, Relation index, int position,
						 int column);
static int	pair_column(M2mRelationship *rel, AttrNumber attnum);
static void begin_lists(M2mSeek *seek, M2mFind *find);
static int	add_lists(M2mSeek *seek, M2mFind *find, int n, M2mIds *ids);
static void set_prefix(M2mSeek *seek, M2mFind *find, Datum *id,
					   Datum *prefix);
static bool next_candidate(M2mSeek *seek, Datum *candidate);
static bool nth_smallest(M2mSeek *seek, int64 nth, Datum *key);
static bool is_answer(M2mSeek *seek, Datum key);
static bool has_no_more(M2mSeek *seek, Datum key);
static int	compare(M2mSeek *seek, Datum a, Datum b);

/*
 * m2m_seek_begin: gets ready to find the keys of rows that a question asks
 * for; NULL where the indexes alone cannot tell, or the caller may not read the
 * association: then SQL will answer, or say so.
 *
 * The caller holds the association in ACCESS SHARE since before it got the
 * description.  Indexes are locked in ACCESS SHARE until the end of the
 * transaction, as the executor does.  Links are those of the active snapshot.
 */
M2mSeek *
m2m_seek_begin(M2mFind *find)
{
	MemoryContext context;
	MemoryContext old;
	M2mSeek    *seek;
	M2mKeyColumn *key = &find->rel->side[find->side].key[0];

	if (!can_seek(find))
		return NULL;
	context = AllocSetContextCreate(CurrentMemoryContext, "m2m seek",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	seek = palloc0(sizeof(M2mSeek));
	seek->context = context;
	seek->order = m2m_pair_order(find->rel);
	seek->column = find->side == M2M_LEFT ? 0 : seek->order->nleft;
	seek->first = find->side == M2M_LEFT ? seek->order->nleft : 0;
	seek->nfar = find->rel->side[M2M_OTHER(find->side)].nkeys;
	seek->typbyval = key->typbyval;
	seek->typlen = key->typlen;
	seek->row_links = find->exactly == NULL ? -1 : find->exactly->count;
	seek->association = table_open(find->rel->association, NoLock);

	/* rights last: who logs them is not to hear of one question twice */
	if (!m2m_is_plain_table(seek->association) ||
		seek->association->rd_rel->relam != HEAP_TABLE_AM_OID ||
		check_enable_rls(find->rel->side[M2M_OTHER(find->side)].relid,
						 InvalidOid, true) != RLS_NONE ||
		!open_indexes(seek, find) ||
		!is_permitted(find, seek->association))
	{
		close_indexes(seek);
		table_close(seek->association, NoLock);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		return NULL;
	}
	seek->snapshot = RegisterSnapshot(GetActiveSnapshot());
	begin_lists(seek, find);
	MemoryContextSwitchTo(old);
	return seek;
}

/*
 * m2m_seek_next: the next key, in ascending order; false if there is none.
 * It is good until the next call.
 */
bool
m2m_seek_next(M2mSeek *seek, Datum *key)
{
	Datum		candidate;

	while (next_candidate(seek, &candidate))
	{
		MemoryContext old = MemoryContextSwitchTo(seek->context);
		Datum		copy = datumCopy(candidate, seek->typbyval, seek->typlen);

		if (seek->has_last && !seek->typbyval)
			pfree(DatumGetPointer(seek->last));
		seek->last = copy;
		seek->has_last = true;
		MemoryContextSwitchTo(old);
		if (is_answer(seek, copy))
		{
			*key = copy;
			return true;
		}
		CHECK_FOR_INTERRUPTS();
	}
	return false;
}

/*
 * m2m_seek_restart: asks the same of another id, where it was asked for the rows
 * linked to one, all_of, and nothing else.
 */
void
m2m_seek_restart(M2mSeek *seek, M2mFind *find)
{
	Datum		prefix[INDEX_MAX_KEYS];

	Assert(seek->nall == 1 && seek->nany + seek->nnone == 0 &&
		   seek->row_index == NULL && find->after == NULL);
	set_prefix(seek, find, find->all_of->value, prefix);
	m2m_list_restart(&seek->list[0], prefix);
	if (seek->has_last && !seek->typbyval)
		pfree(DatumGetPointer(seek->last));
	seek->has_last = false;
}

/* m2m_seek_end: lets go of everything but locks. */
void
m2m_seek_end(M2mSeek *seek)
{
	for (int i = 0; i < seek->nall + seek->nany + seek->nnone; i++)
		m2m_list_end(&seek->list[i]);
	m2m_lists_end(seek->lists);
	if (seek->row_scan != NULL)
	{
		index_endscan(seek->row_scan);
		ExecDropSingleTupleTableSlot(seek->slot);
	}
	UnregisterSnapshot(seek->snapshot);
	close_indexes(seek);
	table_close(seek->association, NoLock);
	MemoryContextDelete(seek->context);
}

/*
 * can_seek: is it a question that lists of rows answer, as far as its ids and
 * the types of the columns go?
 */
static bool
can_seek(M2mFind *find)
{
	int			nall = 0;
	int			nany = 0;
	int			nnone = 0;

	if (find->all_of != NULL)
		nall += find->all_of->count;
	if (find->exactly != NULL)
		nall += find->exactly->count;
	if (find->any_of != NULL)
		nany = find->any_of->count;
	if (find->none_of != NULL)
		nnone = find->none_of->count;

	/*
	 * There has to be a list that rows come from.  That no further link is
	 * there is told by counting, which takes a link to be a row, and a row to
	 * be a link.
	 */
	if (!m2m_direct_path || nall + nany == 0 || nall + nany + nnone > MOST_LISTS ||
		(find->at_least > 0 && find->any_of == NULL) ||
		(find->exactly != NULL &&
		 (find->exactly->count == 0 || !find->rel->unique)) ||
		find->rel->side[find->side].nkeys > 1 ||
		find->rel->nshared > 0 || find->rel->deleted != 0)
		return false;

	/*
	 * Keys and link columns are compared with each other as they are.  A row
	 * with a null in them is in no list, but it would be counted.
	 */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mEndpoint *endpoint = &find->rel->side[s];

		for (int i = 0; i < endpoint->nkeys; i++)
		{
			if (endpoint->key[i].type != endpoint->key[i].link_type ||
				endpoint->key[i].collation != endpoint->key[i].link_collation ||
				(find->exactly != NULL && !endpoint->key[i].link_not_null))
				return false;
		}
	}
	return true;
}

/*
 * m2m_is_plain_table: is it one table of this session or everybody's, whose
 * rows are here, and the caller sees all of?  A standby has none of an unlogged
 * one.
 */
bool
m2m_is_plain_table(Relation relation)
{
	Form_pg_class form = relation->rd_rel;

	return form->relkind == RELKIND_RELATION && !form->relhassubclass &&
		!RELATION_IS_OTHER_TEMP(relation) &&
		(RelationIsPermanent(relation) || !RecoveryInProgress()) &&
		!m2m_catalog_is_distributed(RelationGetRelid(relation)) &&
		check_enable_rls(RelationGetRelid(relation), InvalidOid,
						 true) == RLS_NONE;
}

/*
 * m2m_may_select: may the caller read columns of a table, as SQL that names
 * them would be asked?  By the executor's own function, so that what has hooked
 * it is asked and can log.
 */
bool
m2m_may_select(Relation relation, Bitmapset *columns)
{
	/* the schema is asked for where names are looked up, not by executors */
	return object_aclcheck(NamespaceRelationId, RelationGetNamespace(relation),
						   GetUserId(), ACL_USAGE) == ACLCHECK_OK &&
		m2m_check_permissions(relation, AccessShareLock, ACL_SELECT, columns,
							  NULL);
}

/* is_permitted: may the caller read the pairs? */
static bool
is_permitted(M2mFind *find, Relation association)
{
	M2mRelationship *rel = find->rel;
	Bitmapset  *columns = NULL;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
			columns = bms_add_member(columns, rel->side[s].key[i].link_attnum -
									 FirstLowInvalidHeapAttributeNumber);
	}
	return m2m_may_select(association, columns);
}

/*
 * open_indexes: opens the index whose runs are the lists, and one to count a
 * row's links by, if that is needed; false if there are none.
 */
static bool
open_indexes(M2mSeek *seek, M2mFind *find)
{
	M2mRelationship *rel = find->rel;
	AttrNumber	near = rel->side[find->side].key[0].link_attnum;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(seek->association))
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		bool		kept = false;

		if (m2m_index_is_readable(index))
		{
			if (seek->index == NULL && begins_with_ids(seek, rel, index))
			{
				seek->index = index;
				kept = true;
			}
			else if (seek->row_index == NULL && seek->row_links >= 0 &&
					 index->rd_index->indkey.values[0] == near &&
					 sorts_as_key(seek, index, 0, seek->column))
			{
				seek->row_index = index;
				kept = true;
			}
		}
		if (!kept)
			index_close(index, AccessShareLock);
	}
	return seek->index != NULL &&
		(seek->row_links < 0 || seek->row_index != NULL);
}

/* close_indexes: closes those that are open; locks stay. */
static void
close_indexes(M2mSeek *seek)
{
	if (seek->index != NULL)
		index_close(seek->index, NoLock);
	if (seek->row_index != NULL)
		index_close(seek->row_index, NoLock);
}

/*
 * begins_with_ids: are the first columns of an index those of an id, in
 * whatever order, and is the next the rows' key, ascending?
 */
static bool
begins_with_ids(M2mSeek *seek, M2mRelationship *rel, Relation index)
{
	Bitmapset  *seen = NULL;

	if (index->rd_index->indnkeyatts <= seek->nfar)
		return false;
	for (int i = 0; i <= seek->nfar; i++)
	{
		int			column = pair_column(rel, index->rd_index->indkey.values[i]);

		if (column < 0 || bms_is_member(column, seen) ||
			!sorts_as_key(seek, index, i, column))
			return false;
		seen = bms_add_member(seen, column);
	}

	/* of nfar + 1 different ones the last is the key, so the others are not */
	return bms_is_member(seek->column, seen) &&
		pair_column(rel, index->rd_index->indkey.values[seek->nfar]) == seek->column &&
		index->rd_indoption[seek->nfar] == 0;
}

/* sorts_as_key: does an index order a column as ORDER BY and we do? */
static bool
sorts_as_key(M2mSeek *seek, Relation index, int position, int column)
{
	return m2m_index_sorts_as(seek->association, index, position,
							  seek->order->column[column].collation);
}

/* pair_column: which column of the pair one of the association is; or -1. */
static int
pair_column(M2mRelationship *rel, AttrNumber attnum)
{
	int			column = 0;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++, column++)
		{
			if (rel->side[s].key[i].link_attnum == attnum)
				return column;
		}
	}
	return -1;
}

/* begin_lists: a list for each id. */
static void
begin_lists(M2mSeek *seek, M2mFind *find)
{
	int			n = 0;

	seek->lists = m2m_lists_begin(seek->association, seek->index,
								  seek->snapshot, seek->nfar, seek->order,
								  seek->column);
	seek->list = palloc0_array(M2mList, MOST_LISTS);
	n = add_lists(seek, find, n, find->all_of);
	n = add_lists(seek, find, n, find->exactly);
	seek->nall = n;
	seek->turn = palloc_array(int, MOST_LISTS);
	seek->passes = palloc0_array(int64, MOST_LISTS);
	for (int i = 0; i < n; i++)
		seek->turn[i] = i;
	n = add_lists(seek, find, n, find->any_of);
	seek->nany = n - seek->nall;
	seek->at_least = find->at_least;
	n = add_lists(seek, find, n, find->none_of);
	seek->nnone = n - seek->nany - seek->nall;
	if (seek->row_index != NULL)
	{
		seek->slot = table_slot_create(seek->association, NULL);
		seek->row_scan = m2m_index_beginscan(seek->association,
											 seek->row_index, seek->snapshot,
											 1);
	}
	if (find->after != NULL)
	{
		seek->last = datumCopy(find->after->value[0], seek->typbyval,
							   seek->typlen);
		seek->has_last = true;
	}
}

/* add_lists: behind n lists those of further ids; returns how many there are. */
static int
add_lists(M2mSeek *seek, M2mFind *find, int n, M2mIds *ids)
{
	for (int i = 0; ids != NULL && i < ids->count; i++, n++)
	{
		Datum	   *prefix = palloc_array(Datum, seek->nfar);

		set_prefix(seek, find, ids->value + (Size) i * ids->nkeys, prefix);
		m2m_list_begin(seek->lists, &seek->list[n], prefix);
	}
	return n;
}

/*
 * set_prefix: an id as the index begins with it, which may have its columns in
 * another order.
 */
static void
set_prefix(M2mSeek *seek, M2mFind *find, Datum *id, Datum *prefix)
{
	for (int k = 0; k < seek->nfar; k++)
		prefix[k] = id[pair_column(find->rel,
								   seek->index->rd_index->indkey.values[k]) -
					   seek->first];
}

/*
 * next_candidate: the least key beyond the last that all lists have which must,
 * and of the others as many as must; false if there is none.  Its links may
 * not be visible.
 *
 * A key and a list's head are good until that list moves, and none moves that
 * stands at the key.
 */
static bool
next_candidate(M2mSeek *seek, Datum *candidate)
{
	Datum		key = seek->last;
	bool		has_key = seek->has_last;
	bool		beyond = seek->has_last;

	for (;;)
	{
		Datum		nth;
		int			agreed = 0;

		/* each in turn comes to where another is, or says where to go */
		while (agreed < seek->nall)
		{
			int			i = seek->turn[agreed];
			M2mList    *list = &seek->list[i];
			bool		told = has_key && !beyond;

			if (!m2m_list_seek(list, has_key, key, beyond))
				return false;
			if (told && compare(seek, list->head, key) == 0)
			{
				agreed++;
				continue;
			}
			key = list->head;
			has_key = true;
			beyond = false;

			/* who passes by the others most often is asked first */
			if (told)
				seek->passes[i]++;
			if (agreed > 0 &&
				seek->passes[i] > seek->passes[seek->turn[agreed - 1]])
			{
				seek->turn[agreed] = seek->turn[agreed - 1];
				seek->turn[agreed - 1] = i;
			}
			agreed = seek->turn[0] == i ? 1 : 0;
		}
		if (seek->nany == 0)
			break;

		/*
		 * No list that is beyond a key has it.  So the first key that n lists
		 * may have is the nth smallest of their heads.
		 */
		for (int i = seek->nall; i < seek->nall + seek->nany; i++)
			(void) m2m_list_seek(&seek->list[i], has_key, key, beyond);
		if (!nth_smallest(seek, seek->at_least, &nth))
			return false;
		if (has_key && !beyond && compare(seek, nth, key) == 0)
			break;
		key = nth;
		has_key = true;
		beyond = false;
	}
	*candidate = key;
	return true;
}

/*
 * nth_smallest: of the heads of lists of which some must have a key; false if
 * fewer lists than that have not ended.
 */
static bool
nth_smallest(M2mSeek *seek, int64 nth, Datum *key)
{
	Datum		smallest[MOST_LISTS];
	int			n = 0;

	/* the smallest so far, in order */
	for (int i = seek->nall; i < seek->nall + seek->nany; i++)
	{
		M2mList    *list = &seek->list[i];
		int			place;

		if (list->ended)
			continue;
		for (place = n; place > 0 &&
			 compare(seek, list->head, smallest[place - 1]) < 0; place--)
			smallest[place] = smallest[place - 1];
		smallest[place] = list->head;
		n++;
	}
	if (n < nth)
		return false;
	*key = smallest[nth - 1];
	return true;
}

/*
 * is_answer: does the snapshot show the links that a candidate has by the
 * index, and none that it must not have?
 */
static bool
is_answer(M2mSeek *seek, Datum key)
{
	M2mList    *list = seek->list;
	int64		some = 0;

	for (int i = 0; i < seek->nall; i++, list++)
	{
		if (!m2m_list_shows(list, key))
			return false;
	}
	for (int i = 0; i < seek->nany; i++, list++)
	{
		if (m2m_list_shows(list, key))
			some++;
	}
	if (seek->nany > 0 && some < seek->at_least)
		return false;
	for (int i = 0; i < seek->nnone; i++, list++)
	{
		if (m2m_list_seek(list, true, key, false) &&
			m2m_list_shows(list, key))
			return false;
	}
	return seek->row_links < 0 || has_no_more(seek, key);
}

/* has_no_more: has a row no more links than it may? */
static bool
has_no_more(M2mSeek *seek, Datum key)
{
	MemoryContext old = MemoryContextSwitchTo(seek->context);
	Relation	index = seek->row_index;
	ScanKeyData scankey;
	int64		n = 0;

	ScanKeyEntryInitialize(&scankey, 0, 1, BTEqualStrategyNumber, InvalidOid,
						   index->rd_indcollation[0],
						   get_opcode(get_opfamily_member(index->rd_opfamily[0],
														  index->rd_opcintype[0],
														  index->rd_opcintype[0],
														  BTEqualStrategyNumber)),
						   key);
	index_rescan(seek->row_scan, &scankey, 1, NULL, 0);
	while (n <= seek->row_links &&
		   index_getnext_slot(seek->row_scan, ForwardScanDirection, seek->slot))
	{
		n++;
		CHECK_FOR_INTERRUPTS();
	}
	ExecClearTuple(seek->slot);
	MemoryContextSwitchTo(old);
	return n <= seek->row_links;
}

/* compare: of two keys of rows. */
static int
compare(M2mSeek *seek, Datum a, Datum b)
{
	return m2m_list_compare(seek->list, a, b);
}
