/*
 * reach.c
 *		Rows that links of a table with itself lead to, one after another:
 *		m2m_reach.
 *
 * Breadth first: a statement for each step asks for the rows that links of the
 * last step's lead to, and those that were come to before are left out.  So each
 * row is come to once, by a shortest path, and a cycle ends.  (A recursive query
 * would go all paths.)  What was come to is kept in memory, a key and some
 * numbers for each row, and looked up there: a path of many steps would else
 * give all of it to a statement for each.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "ids.h"
#include "m2m.h"
#include "question_internal.h"
#include "text.h"

/* Rows that are fetched at once. */
#define FETCH_ROWS 1000

/* Rows that were come to, the first one first. */
typedef struct Reached
{
	M2mRelationship *rel;
	M2mSide		from;			/* of the side whose links lead on */
	bool		both;			/* do those of the other, too? */
	MemoryContext context;
	MemoryContext row;			/* of a row that is put into the result */
	M2mIds		ids;			/* their keys */
	int64		room;
	int		   *parent;			/* what led to each; -1 of the first */
	int		   *depth;
	text	  **text;			/* of the key; NULL: not asked yet */
	HTAB	   *last;			/* LastReached, by the hash of a key */
	int		   *before;			/* of each, the one before with the same hash;
								 * -1: none */
} Reached;

/* The last of the rows whose keys have a hash. */
typedef struct LastReached
{
	uint32		hash;
	int			row;
} LastReached;

static void add_reached(Reached *reached, Datum *key, int parent, int depth);
static uint32 hash_key(Reached *reached, Datum *key);
static bool same_key(Reached *reached, Datum *a, Datum *b);
static bool is_reached(Reached *reached, Datum *key, uint32 hash);
static bool reach_by_seek(Reached *reached, int64 max_depth,
						  ReturnSetInfo *rsinfo);
static void reach_row(Reached *reached, M2mFetch *fetch, Datum key, int parent,
					  ReturnSetInfo *rsinfo);
static int	take_step(Reached *reached, int first, int depth);
static char *step_text(Reached *reached, int first,
					   M2mParameters *parameters);
static void append_step(StringInfo sql, Reached *reached, M2mSide from);
static void put_reached(Reached *reached, int first, int n,
						ReturnSetInfo *rsinfo);
static ArrayType *path_to(Reached *reached, int row);

/*
 * m2m_reach_rows: puts rows that links lead to from one row into the result
 * (row, depth integer, path text[]): by links of the side from, or in either
 * direction; at most max_depth of them, or any number if that is negative.  The
 * row itself is not among them.  By depth, then as the rows are that lead there,
 * then by key.  The path holds keys, from the first row's to the row's own.
 */
void
m2m_reach_rows(M2mRelationship *rel, M2mSide from, M2mIds *id,
			   int64 max_depth, bool both, ReturnSetInfo *rsinfo)
{
	Reached		reached;
	HASHCTL		control;
	int			first = 0;
	int			depth = 0;

	memset(&reached, 0, sizeof(reached));
	reached.rel = rel;
	reached.from = from;
	reached.both = both;
	reached.context = AllocSetContextCreate(CurrentMemoryContext,
											"m2m reached rows",
											ALLOCSET_DEFAULT_SIZES);
	reached.row = AllocSetContextCreate(reached.context, "m2m reached row",
										ALLOCSET_DEFAULT_SIZES);
	reached.ids.is_array = true;
	reached.ids.nkeys = id->nkeys;
	control.keysize = sizeof(uint32);
	control.entrysize = sizeof(LastReached);
	control.hcxt = reached.context;
	reached.last = hash_create("m2m reached rows", 256, &control,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	add_reached(&reached, id->value, -1, 0);
	if (reach_by_seek(&reached, max_depth, rsinfo))
	{
		MemoryContextDelete(reached.context);
		return;
	}
	SPI_connect();
	while (first < reached.ids.count && (max_depth < 0 || depth < max_depth))
		first = take_step(&reached, first, ++depth);
	for (int i = 1; i < reached.ids.count; i += FETCH_ROWS)
		put_reached(&reached, i, Min(FETCH_ROWS, reached.ids.count - i),
					rsinfo);
	SPI_finish();
	MemoryContextDelete(reached.context);
}

/* add_reached: a row that is come to, unless it was before. */
static void
add_reached(Reached *reached, Datum *key, int parent, int depth)
{
	int			nkeys = reached->ids.nkeys;
	int			n = reached->ids.count;
	uint32		hash = hash_key(reached, key);
	bool		found;
	LastReached *last = hash_search(reached->last, &hash, HASH_ENTER, &found);
	MemoryContext old;

	if (!found)
		last->row = -1;
	else if (is_reached(reached, key, hash))
		return;
	old = MemoryContextSwitchTo(reached->context);
	if (n == reached->room)
	{
		int64		room = Max(64, reached->room * 2);

		if (room > INT_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many rows are reached"),
					 errhint("Give max_depth.")));
		if (n == 0)
		{
			reached->ids.value = palloc_array(Datum, room * nkeys);
			reached->parent = palloc_array(int, room);
			reached->depth = palloc_array(int, room);
			reached->text = palloc_array(text *, room);
			reached->before = palloc_array(int, room);
		}
		else
		{
			reached->ids.value = repalloc_huge(reached->ids.value,
											   sizeof(Datum) * room * nkeys);
			reached->parent = repalloc_huge(reached->parent,
											sizeof(int) * room);
			reached->depth = repalloc_huge(reached->depth, sizeof(int) * room);
			reached->text = repalloc_huge(reached->text,
										  sizeof(text *) * room);
			reached->before = repalloc_huge(reached->before,
											sizeof(int) * room);
		}
		reached->room = room;
	}
	for (int i = 0; i < nkeys; i++)
	{
		M2mKeyColumn *column = &reached->rel->side[M2M_LEFT].key[i];

		reached->ids.value[(Size) n * nkeys + i] =
			datumCopy(key[i], column->typbyval, column->typlen);
	}
	reached->parent[n] = parent;
	reached->depth[n] = depth;
	reached->text[n] = NULL;
	reached->before[n] = last->row;
	last->row = n;
	reached->ids.count++;
	MemoryContextSwitchTo(old);
}

/* is_reached: was a row come to before? */
static bool
is_reached(Reached *reached, Datum *key, uint32 hash)
{
	LastReached *last = hash_search(reached->last, &hash, HASH_FIND, NULL);

	for (int row = last == NULL ? -1 : last->row; row >= 0;
		 row = reached->before[row])
	{
		if (same_key(reached, key, reached->ids.value +
					 (Size) row * reached->ids.nkeys))
			return true;
	}
	return false;
}

/*
 * reach_by_seek: does all of it from indexes, by the active snapshot; false
 * where these will not do, or the caller may not read all that there is to be
 * read: then SQL will answer, or say so.
 */
static bool
reach_by_seek(Reached *reached, int64 max_depth, ReturnSetInfo *rsinfo)
{
	M2mFind		find[2];
	M2mIds		id = {.nkeys = 1,.count = 1};
	M2mSeek    *seek[2] = {NULL, NULL};
	M2mFetch   *fetch = NULL;
	int			nseek = reached->both ? 2 : 1;
	int			begun = 0;
	bool		able = reached->ids.nkeys == 1;

	id.value = reached->ids.value;
	for (int i = 0; i < nseek; i++)
	{
		memset(&find[i], 0, sizeof(M2mFind));
		find[i].rel = reached->rel;
		find[i].side = i == 0 ? M2M_OTHER(reached->from) : reached->from;
		find[i].all_of = &id;
		find[i].max_rows = -1;
	}
	while (able && begun < nseek)
	{
		seek[begun] = m2m_seek_begin(&find[begun]);
		able = seek[begun] != NULL;
		begun += able ? 1 : 0;
	}
	if (able)
		fetch = m2m_fetch_begin(&find[0]);
	if (fetch != NULL)
	{
		for (int at = 0; at < reached->ids.count &&
			 (max_depth < 0 || reached->depth[at] < max_depth); at++)
		{
			Datum		key[2];
			bool		more[2] = {false, false};

			id.value = &reached->ids.value[at];
			for (int i = 0; i < nseek; i++)
			{
				m2m_seek_restart(seek[i], &find[i]);
				more[i] = m2m_seek_next(seek[i], &key[i]);
			}

			/* of both directions in the order of their keys */
			while (more[0] || more[1])
			{
				int			i = !more[0] ||
					(more[1] &&
					 m2m_pair_compare(m2m_pair_order(reached->rel), 0, 1,
									  &key[1], &key[0]) < 0) ? 1 : 0;

				reach_row(reached, fetch, key[i], at, rsinfo);
				more[i] = m2m_seek_next(seek[i], &key[i]);
				CHECK_FOR_INTERRUPTS();
			}
		}
		m2m_fetch_end(fetch);
	}
	for (int i = 0; i < begun; i++)
		m2m_seek_end(seek[i]);
	return fetch != NULL;
}

/*
 * reach_row: comes to a row from another, unless it was come to before, or there
 * is none; puts it into the result.
 */
static void
reach_row(Reached *reached, M2mFetch *fetch, Datum key, int parent,
		  ReturnSetInfo *rsinfo)
{
	TupleTableSlot *row;
	Datum		own;
	bool		null;

	if (is_reached(reached, &key, hash_key(reached, &key)))
		return;
	m2m_fetch_key(fetch, key);
	row = m2m_fetch_next(fetch);
	if (row == NULL)
		return;

	/* the path has keys as rows have them, which links may spell otherwise */
	own = slot_getattr(row, reached->rel->side[M2M_LEFT].key[0].attnum,
					   &null);
	add_reached(reached, &own, parent, reached->depth[parent] + 1);
	for (; row != NULL; row = m2m_fetch_next(fetch))
	{
		int			at = reached->ids.count - 1;
		MemoryContext old = MemoryContextSwitchTo(reached->row);
		Datum		values[3];
		bool		isnull[3] = {false, false, false};

		/* with what columns that it was made without have by default */
		slot_getallattrs(row);
		values[0] = HeapTupleGetDatum(heap_form_tuple(row->tts_tupleDescriptor,
													  row->tts_values,
													  row->tts_isnull));
		values[1] = Int32GetDatum(reached->depth[at]);
		values[2] = PointerGetDatum(path_to(reached, at));
		MemoryContextSwitchTo(old);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 isnull);
		MemoryContextReset(reached->row);
	}
}

/*
 * hash_key: of a key, by its types' hash functions; what has none adds nothing,
 * and is only compared.
 */
static uint32
hash_key(Reached *reached, Datum *key)
{
	uint32		hash = 0;

	for (int i = 0; i < reached->ids.nkeys; i++)
	{
		M2mKeyColumn *column = &reached->rel->side[M2M_LEFT].key[i];
		TypeCacheEntry *type = lookup_type_cache(column->type,
												 TYPECACHE_HASH_PROC_FINFO);

		if (OidIsValid(type->hash_proc_finfo.fn_oid))
			hash = hash_combine(hash,
								DatumGetUInt32(FunctionCall1Coll(&type->hash_proc_finfo,
																 column->collation,
																 key[i])));
	}
	return hash;
}

/* same_key: are two keys equal? */
static bool
same_key(Reached *reached, Datum *a, Datum *b)
{
	for (int i = 0; i < reached->ids.nkeys; i++)
	{
		M2mKeyColumn *column = &reached->rel->side[M2M_LEFT].key[i];
		TypeCacheEntry *type = lookup_type_cache(column->type,
												 TYPECACHE_EQ_OPR_FINFO);

		if (!DatumGetBool(FunctionCall2Coll(&type->eq_opr_finfo,
											column->collation, a[i], b[i])))
			return false;
	}
	return true;
}

/*
 * take_step: comes to the rows that links lead to from those from number first
 * on; returns the number of the first of these.
 */
static int
take_step(Reached *reached, int first, int depth)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "m2m reach",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	M2mParameters parameters = {0};
	int			next = reached->ids.count;
	int			nkeys = reached->ids.nkeys;
	char	   *sql = step_text(reached, first, &parameters);
	Datum		key[INDEX_MAX_KEYS];

	if (SPI_execute_with_args(sql, parameters.n, parameters.type,
							  parameters.value, NULL, true, 0) < 0)
		elog(ERROR, "SPI_execute_with_args failed for \"%s\"", sql);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		int64		parent = DatumGetInt64(SPI_getbinval(tuple, desc, 1,
														 &isnull));

		for (int j = 0; j < nkeys; j++)
			key[j] = SPI_getbinval(tuple, desc, j + 2, &isnull);
		add_reached(reached, key, first + parent - 1, depth);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_freetuptable(SPI_tuptable);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return next;
}

/*
 * step_text: a SELECT of the keys that links lead to from the rows from number
 * first on, each with the position among these of the first that leads there,
 * in that order.  Keys are read from the table, so that rows which the caller
 * may not see lead nowhere.
 */
static char *
step_text(Reached *reached, int first, M2mParameters *parameters)
{
	M2mRelationship *rel = reached->rel;
	M2mIds		last = reached->ids;
	StringInfoData sql;

	last.value += (Size) first * last.nkeys;
	last.count -= first;
	initStringInfo(&sql);
	appendStringInfoString(&sql, "WITH p AS MATERIALIZED (SELECT * FROM ");
	m2m_append_ids(&sql, rel, M2M_LEFT, &last, "p", true, parameters);
	appendStringInfoString(&sql, ") SELECT pg_catalog.min(s.o)");
	for (int i = 0; i < last.nkeys; i++)
		appendStringInfo(&sql, ", s.c%d", i + 1);
	appendStringInfoString(&sql, " FROM (");
	append_step(&sql, reached, reached->from);
	if (reached->both)
	{
		appendStringInfoString(&sql, " UNION ALL ");
		append_step(&sql, reached, M2M_OTHER(reached->from));
	}
	appendStringInfoString(&sql, ") s GROUP BY 2");
	for (int i = 1; i < last.nkeys; i++)
		appendStringInfo(&sql, ", %d", i + 2);
	appendStringInfoString(&sql, " ORDER BY 1, 2");
	for (int i = 1; i < last.nkeys; i++)
		appendStringInfo(&sql, ", %d", i + 2);
	return sql.data;
}

/* append_step: the keys that links of one side lead to, and from where. */
static void
append_step(StringInfo sql, Reached *reached, M2mSide from)
{
	M2mRelationship *rel = reached->rel;
	M2mEndpoint *endpoint = &rel->side[M2M_OTHER(from)];

	appendStringInfoString(sql, "SELECT p.o");
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(sql, ", e.%s AS c%d",
						 m2m_quoted_column(endpoint->relid,
										   endpoint->key[i].attnum), i + 1);
	appendStringInfoString(sql, " FROM p JOIN ");
	m2m_append_association(sql, rel);
	appendStringInfoString(sql, " ON ");
	m2m_append_row_match(sql, rel, from, "p");
	appendStringInfo(sql, " JOIN %s e ON ",
					 m2m_qualified_name(endpoint->relid));
	m2m_append_row_match(sql, rel, M2M_OTHER(from), "e");
}

/* put_reached: n rows from number first on into the result. */
static void
put_reached(Reached *reached, int first, int n, ReturnSetInfo *rsinfo)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "m2m reach",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	M2mRelationship *rel = reached->rel;
	M2mEndpoint *endpoint = &rel->side[M2M_LEFT];
	M2mIds		some = reached->ids;
	M2mParameters parameters = {0};
	StringInfoData sql;

	some.value += (Size) first * some.nkeys;
	some.count = n;
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s, p.o FROM ",
					 m2m_whole_row(endpoint->relid));
	m2m_append_ids(&sql, rel, M2M_LEFT, &some, "p", true, &parameters);
	appendStringInfo(&sql, " JOIN %s e ON ",
					 m2m_qualified_name(endpoint->relid));
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		TypeCacheEntry *type = lookup_type_cache(endpoint->key[i].type,
												 TYPECACHE_EQ_OPR);

		appendStringInfo(&sql, "%se.%s %s p.c%d", i > 0 ? " AND " : "",
						 m2m_quoted_column(endpoint->relid,
										   endpoint->key[i].attnum),
						 m2m_qualified_operator(type->eq_opr), i + 1);
	}
	appendStringInfoString(&sql, " ORDER BY p.o");
	if (SPI_execute_with_args(sql.data, parameters.n, parameters.type,
							  parameters.value, NULL, true, 0) < 0)
		elog(ERROR, "SPI_execute_with_args failed for \"%s\"", sql.data);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Datum		values[3];
		bool		isnull[3] = {false, false, false};
		int			row;

		values[0] = SPI_getbinval(tuple, desc, 1, &isnull[0]);
		row = first - 1 + DatumGetInt64(SPI_getbinval(tuple, desc, 2,
													  &isnull[1]));
		values[1] = Int32GetDatum(reached->depth[row]);
		values[2] = PointerGetDatum(path_to(reached, row));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 isnull);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_freetuptable(SPI_tuptable);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* path_to: the keys by which a row was come to, as text[]. */
static ArrayType *
path_to(Reached *reached, int row)
{
	int			n = reached->depth[row] + 1;
	Datum	   *key = palloc_array(Datum, n);

	for (int i = n - 1, at = row; i >= 0; i--, at = reached->parent[at])
	{
		if (reached->text[at] == NULL)
		{
			MemoryContext old = MemoryContextSwitchTo(reached->context);

			reached->text[at] = m2m_key_text(reached->rel, M2M_LEFT,
											 reached->ids.value +
											 (Size) at * reached->ids.nkeys);
			MemoryContextSwitchTo(old);
		}
		key[i] = PointerGetDatum(reached->text[at]);
	}
	return construct_array(key, n, TEXTOID, -1, false, TYPALIGN_INT);
}
