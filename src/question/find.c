/*
 * find.c
 *		Rows by what they are linked to: m2m_find.
 *
 * Their keys come from the association's indexes, as many as are wanted
 * (seek.c), and the rows themselves from an index on their key (fetch.c);
 * or, where row security applies and the like, by a SELECT with the caller's
 * rights, whose business that is.  Where seek.c declines, one SELECT does all
 * of it (find_text.c).  All return rows in the order of their keys, by the
 * snapshot of the calling statement.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "execute.h"
#include "m2m.h"
#include "question_internal.h"

/* Rows that are fetched at once. */
#define FIRST_ROWS 100
#define MOST_ROWS 10000

static void check_endpoint(M2mFind *find, M2mSide side);
static M2mIds *distinct_ids(M2mRelationship *rel, M2mSide side, M2mIds *ids);
static int	compare_ids(const void *a, const void *b, void *arg);
static void find_by_seek(M2mFind *find, M2mSeek *seek,
						 Tuplestorestate *store);
static void select_by_keys(M2mFind *find, M2mSeek *seek,
						   Tuplestorestate *store);
static void find_by_query(M2mFind *find, Tuplestorestate *store);

/*
 * m2m_find_check: may the caller ask this?  He needs SELECT on the key columns
 * of the ids' table, as SQL that names it would; what the association and the
 * rows' table need is asked where they are read.  Ids that were given twice
 * are left out.  Error 42501.
 */
void
m2m_find_check(M2mFind *find)
{
	M2mSide		far = M2M_OTHER(find->side);

	check_endpoint(find, far);
	find->all_of = distinct_ids(find->rel, far, find->all_of);
	find->any_of = distinct_ids(find->rel, far, find->any_of);
	find->none_of = distinct_ids(find->rel, far, find->none_of);
	find->exactly = distinct_ids(find->rel, far, find->exactly);
	if (find->any_of != NULL)
		find->at_least = Max(1, find->at_least);
}

/*
 * m2m_find_rows: puts the rows that are asked for into a tuplestore, whose
 * rows are those of their table.  The question was checked.
 */
void
m2m_find_rows(M2mFind *find, Tuplestorestate *store)
{
	M2mSeek    *seek;

	/* nothing is linked to more ids than there are */
	if (find->max_rows == 0 ||
		(find->any_of != NULL && find->at_least > find->any_of->count))
		return;

	/* keys that are found are fetched by an array of them, if there are such */
	seek = OidIsValid(get_array_type(getBaseType(find->rel->side[find->side].key[0].type))) ?
		m2m_seek_begin(find) : NULL;
	if (seek == NULL)
		find_by_query(find, store);
	else
	{
		find_by_seek(find, seek, store);
		m2m_seek_end(seek);
	}
}

/* check_endpoint: SELECT on the key columns of a side's table; error 42501. */
static void
check_endpoint(M2mFind *find, M2mSide side)
{
	M2mEndpoint *endpoint = &find->rel->side[side];
	Relation	relation = table_open(endpoint->relid, AccessShareLock);
	Bitmapset  *columns = NULL;

	for (int i = 0; i < endpoint->nkeys; i++)
		columns = bms_add_member(columns, endpoint->key[i].attnum -
								 FirstLowInvalidHeapAttributeNumber);
	if (!m2m_check_permissions(relation, AccessShareLock, ACL_SELECT, columns,
							   NULL))
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE,
					   get_rel_name(endpoint->relid));
	table_close(relation, NoLock);
}

/* What compare_ids() needs. */
typedef struct IdOrder
{
	M2mPairOrder *order;
	int			first;			/* column of the pair */
	int			nkeys;
} IdOrder;

/* distinct_ids: ids in the order of their key, each once; NULL of NULL. */
static M2mIds *
distinct_ids(M2mRelationship *rel, M2mSide side, M2mIds *ids)
{
	IdOrder		order;
	M2mIds	   *result;

	if (ids == NULL || ids->count < 2)
		return ids;
	order.order = m2m_pair_order(rel);
	order.first = side == M2M_LEFT ? 0 : order.order->nleft;
	order.nkeys = ids->nkeys;
	result = palloc(sizeof(M2mIds));
	*result = *ids;
	result->value = MemoryContextAllocHuge(CurrentMemoryContext,
										   sizeof(Datum) * ids->count * ids->nkeys);
	memcpy(result->value, ids->value,
		   sizeof(Datum) * ids->count * ids->nkeys);
	qsort_arg(result->value, ids->count, sizeof(Datum) * ids->nkeys,
			  compare_ids, &order);
	result->count = 1;
	for (int i = 1; i < ids->count; i++)
	{
		Datum	   *this = result->value + (Size) i * ids->nkeys;
		Datum	   *last = result->value +
			(Size) (result->count - 1) * ids->nkeys;

		if (compare_ids(last, this, &order) != 0)
			memmove(result->value + (Size) result->count++ * ids->nkeys, this,
					sizeof(Datum) * ids->nkeys);
	}
	return result;
}

/* compare_ids: of qsort_arg(). */
static int
compare_ids(const void *a, const void *b, void *arg)
{
	IdOrder    *order = arg;

	return m2m_pair_compare(order->order, order->first, order->nkeys,
							(Datum *) a, (Datum *) b);
}

/*
 * find_by_seek: the rows of the keys that a seek finds, as many as are wanted.
 */
static void
find_by_seek(M2mFind *find, M2mSeek *seek, Tuplestorestate *store)
{
	M2mFetch   *fetch = m2m_fetch_begin(find);
	int64		wanted = find->max_rows;
	Datum		key;

	if (fetch == NULL)
	{
		select_by_keys(find, seek, store);
		return;
	}
	while (wanted != 0 && m2m_seek_next(seek, &key))
	{
		int64		put = m2m_fetch_rows(fetch, key, wanted, store);

		if (wanted > 0)
			wanted -= put;
	}
	m2m_fetch_end(fetch);
}

/*
 * select_by_keys: the same by a SELECT, some keys at a time: more again where
 * row security takes some rows away.
 */
static void
select_by_keys(M2mFind *find, M2mSeek *seek, Tuplestorestate *store)
{
	M2mKeyColumn *key = &find->rel->side[find->side].key[0];
	Oid			type = getBaseType(key->type);
	Oid			array_type = get_array_type(type);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "m2m found keys",
												  ALLOCSET_DEFAULT_SIZES);
	Datum	   *found = palloc_array(Datum, MOST_ROWS);
	char	   *sql = m2m_find_fetch_text(find);
	SPIPlanPtr	plan;
	int64		wanted = find->max_rows;
	int			rows = FIRST_ROWS;
	bool		more = true;
	bool		asked = false;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	get_typlenbyvalalign(type, &typlen, &typbyval, &typalign);
	SPI_connect();
	plan = SPI_prepare(sql, 1, &array_type);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed for \"%s\"", sql);
	while (more && wanted != 0)
	{
		MemoryContext old = MemoryContextSwitchTo(context);
		int			most = wanted > 0 ? Min(wanted, rows) : rows;
		Datum		array;
		int			n = 0;

		while (n < most && (more = m2m_seek_next(seek, &found[n])))
		{
			found[n] = datumCopy(found[n], typbyval, typlen);
			n++;
		}
		array = PointerGetDatum(construct_array(found, n, type, typlen,
												typbyval, typalign));
		MemoryContextSwitchTo(old);

		/* also if there are none: who may not read rows is told in any case */
		if (n > 0 || !asked)
		{
			int64		put;

			asked = true;
			if (SPI_execute_plan(plan, &array, NULL, true, 0) < 0)
				elog(ERROR, "SPI_execute_plan failed for \"%s\"", sql);
			put = m2m_spi_put_rows(store, wanted);
			if (wanted > 0)
				wanted -= put;
		}
		MemoryContextReset(context);
		rows = Min(rows * 2, MOST_ROWS);
	}
	SPI_finish();
	MemoryContextDelete(context);
	pfree(found);
}

/* find_by_query: the rows that the SELECT of find_text.c returns. */
static void
find_by_query(M2mFind *find, Tuplestorestate *store)
{
	M2mParameters parameters = {0};
	char	   *sql = m2m_find_text(find, &parameters);
	Portal		portal;

	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, sql, parameters.n,
									   parameters.type, parameters.value,
									   NULL, true, 0);
	do
	{
		SPI_cursor_fetch(portal, true, 1000);
	} while (m2m_spi_put_rows(store, -1) > 0);
	SPI_cursor_close(portal);
	SPI_finish();
}
