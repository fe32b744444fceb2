/*
 * pairs.c
 *		The pairs of one call: put in any order, taken out in key order, each
 *		once.
 *
 * Every lock and insert of a call goes in this order, over the whole call, so
 * that calls with overlapping pairs wait for each other instead of
 * deadlocking.  They spill to temporary files beyond the memory that they are
 * given; so any number of pairs will do.
 *
 * Of keys that are equal but spelled differently (numeric 1.0 and 1.00) the
 * first given counts, as in an INSERT ... ON CONFLICT DO NOTHING.
 */
#include "postgres.h"

#include "access/nbtree.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "ids.h"
#include "m2m.h"

struct M2mPairs
{
	M2mPairOrder *order;
	M2mPairSort *sort;
	MemoryContext last_context; /* of the pair taken last */
	Datum	   *last;			/* NULL: none yet */
	Datum	   *row;
	bool		both;			/* is a link there in both directions? */
	bool		sorted;
	bool		fit;			/* do all fit the association's columns? */
	int64		count;			/* pairs put */
};

static void set_bounds(M2mPairOrder *order, M2mRelationship *rel);
static bool fits(M2mPairOrder *order, int first, int n, Datum *key);

/*
 * m2m_pair_order: how pairs of a relationship are ordered: left key, then
 * right key, each by its type's default ordering, as ORDER BY has it.  Kept
 * with the relationship.
 */
M2mPairOrder *
m2m_pair_order(M2mRelationship *rel)
{
	int			n = rel->pair_desc->natts;
	MemoryContext old;
	M2mPairOrder *order;

	/* set when it is complete, so that an error leaves none */
	if (rel->pair_order != NULL)
		return rel->pair_order;
	old = MemoryContextSwitchTo(rel->context);
	order = palloc0(sizeof(M2mPairOrder));
	order->natts = n;
	order->nleft = rel->side[M2M_LEFT].nkeys;
	order->column = palloc0_array(M2mPairColumn, n);
	order->same_image = true;
	order->built_in = true;
	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(rel->pair_desc, i);
		M2mPairColumn *column = &order->column[i];
		TypeCacheEntry *type = lookup_type_cache(attribute->atttypid,
												 TYPECACHE_LT_OPR |
												 TYPECACHE_CMP_PROC |
												 TYPECACHE_BTREE_OPFAMILY);

		/*
		 * The default ordering, since that is what ORDER BY takes: calls on
		 * the two paths lock the same pairs in the same order.
		 */
		if (!OidIsValid(type->lt_opr) || !OidIsValid(type->cmp_proc))
			elog(ERROR, "type %u has no ordering", attribute->atttypid);
		column->collation = attribute->attcollation;
		column->less = type->lt_opr;
		column->typlen = attribute->attlen;
		column->typbyval = attribute->attbyval;
		column->integer = m2m_is_integer(attribute->atttypid);
		fmgr_info_cxt(type->cmp_proc, &column->compare, rel->context);
		if (!m2m_equal_means_same(type, column->collation))
			order->same_image = false;
		if (!m2m_opfamily_built_in(type->btree_opf, type->btree_opintype))
			order->built_in = false;
	}

	/* a number of the row breaks ties where equal pairs can differ */
	order->row_desc = CreateTemplateTupleDesc(order->same_image ? n : n + 1);
	for (int i = 0; i < n; i++)
		TupleDescCopyEntry(order->row_desc, i + 1, rel->pair_desc, i + 1);
	if (!order->same_image)
		TupleDescInitEntry(order->row_desc, n + 1, "position", INT8OID, -1, 0);
	TupleDescFinalize(order->row_desc);

	/* pairs with the place of their row in the association */
	order->place_desc = CreateTemplateTupleDesc(n + 1);
	for (int i = 0; i < n; i++)
		TupleDescCopyEntry(order->place_desc, i + 1, rel->pair_desc, i + 1);
	TupleDescInitEntry(order->place_desc, n + 1, "place", INT8OID, -1, 0);
	TupleDescFinalize(order->place_desc);

	set_bounds(order, rel);
	rel->pair_order = order;
	MemoryContextSwitchTo(old);
	return order;
}

/*
 * set_bounds: where the association's column is a smaller integer than the
 * key's, as in a join table that was made when keys were, not all keys fit.
 */
static void
set_bounds(M2mPairOrder *order, M2mRelationship *rel)
{
	int			n = 0;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];
			M2mPairColumn *column = &order->column[n++];

			column->least = PG_INT64_MIN;
			column->most = PG_INT64_MAX;
			if (key->link_type == key->type)
				continue;
			if (key->link_type == INT2OID)
			{
				column->least = PG_INT16_MIN;
				column->most = PG_INT16_MAX;
				order->narrow = true;
			}
			else if (key->link_type == INT4OID)
			{
				column->least = PG_INT32_MIN;
				column->most = PG_INT32_MAX;
				order->narrow = true;
			}
		}
	}
}

/*
 * m2m_equal_means_same: are equal values of a type the same byte by byte?  B-tree
 * deduplication has to know this too.
 */
bool
m2m_equal_means_same(TypeCacheEntry *type, Oid collation)
{
	Oid			procedure = get_opfamily_proc(type->btree_opf,
											  type->btree_opintype,
											  type->btree_opintype,
											  BTEQUALIMAGE_PROC);

	return OidIsValid(procedure) &&
		DatumGetBool(OidFunctionCall1Coll(procedure, collation,
										  ObjectIdGetDatum(type->btree_opintype)));
}

/*
 * m2m_pairs_begin: an empty set of pairs, which may use work_kb of memory.
 */
M2mPairs *
m2m_pairs_begin(M2mRelationship *rel, int work_kb)
{
	M2mPairOrder *order = m2m_pair_order(rel);
	M2mPairs   *pairs = palloc0(sizeof(M2mPairs));

	pairs->order = order;
	pairs->both = OidIsValid(rel->mirror);
	pairs->fit = true;
	pairs->sort = m2m_pair_sort_begin(order, order->row_desc,
									  order->row_desc->natts, NULL, work_kb);
	pairs->row = palloc_array(Datum, order->row_desc->natts);
	pairs->last_context = AllocSetContextCreate(CurrentMemoryContext,
												"m2m last pair",
												ALLOCSET_SMALL_SIZES);
	return pairs;
}

/*
 * m2m_pairs_put: adds a pair, by the key columns of its two sides; where links
 * are there in both directions, both.
 */
void
m2m_pairs_put(M2mPairs *pairs, Datum *left, Datum *right)
{
	M2mPairOrder *order = pairs->order;
	int			nleft = order->nleft;

	Assert(!pairs->sorted);
	memcpy(pairs->row, left, sizeof(Datum) * nleft);
	memcpy(pairs->row + nleft, right, sizeof(Datum) * (order->natts - nleft));
	if (!order->same_image)
		pairs->row[order->natts] = Int64GetDatum(pairs->count);
	if (order->narrow && !fits(order, 0, order->natts, pairs->row))
		pairs->fit = false;
	m2m_pair_sort_put(pairs->sort, pairs->row);
	pairs->count++;

	/* a link of both directions is two rows, each in its place in the order */
	if (pairs->both && m2m_pair_direction(order, pairs->row) != 0)
	{
		memcpy(pairs->row, right, sizeof(Datum) * nleft);
		memcpy(pairs->row + nleft, left, sizeof(Datum) * nleft);
		if (!order->same_image)
			pairs->row[order->natts] = Int64GetDatum(pairs->count);
		m2m_pair_sort_put(pairs->sort, pairs->row);
		pairs->count++;
	}
}

/*
 * m2m_pairs_put_ids: adds the pairs of a call: a scalar goes with each id of
 * the other side, two arrays go pairwise.
 */
void
m2m_pairs_put_ids(M2mPairs *pairs, M2mIds *ids[2])
{
	M2mIds	   *left = ids[M2M_LEFT];
	M2mIds	   *right = ids[M2M_RIGHT];
	int			count = left->is_array ? left->count :
		right->is_array ? right->count : 1;

	for (int i = 0; i < count; i++)
	{
		m2m_pairs_put(pairs,
					  left->value + (left->is_array ?
									 (Size) i * left->nkeys : 0),
					  right->value + (right->is_array ?
									  (Size) i * right->nkeys : 0));
		if ((i & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/*
 * m2m_pairs_next: the next pair in order, that differs from the last; NULL if
 * there is none.  It is good until the next call.  No pair can be put after
 * the first is taken.
 */
Datum *
m2m_pairs_next(M2mPairs *pairs)
{
	M2mPairOrder *order = pairs->order;
	MemoryContext old;
	Datum	   *row;

	if (!pairs->sorted)
	{
		m2m_pair_sort_perform(pairs->sort);
		pairs->sorted = true;
	}
	do
	{
		row = m2m_pair_sort_get(pairs->sort);
		if (row == NULL)
			return NULL;
	} while (pairs->last != NULL &&
			 m2m_pair_compare(order, 0, order->natts, pairs->last, row) == 0);

	/* the sort may reuse the row's memory */
	MemoryContextReset(pairs->last_context);
	old = MemoryContextSwitchTo(pairs->last_context);

	/* no pair is put any more, so that the row is free for this */
	if (pairs->last == NULL)
		pairs->last = pairs->row;
	for (int i = 0; i < order->natts; i++)
		pairs->last[i] = order->column[i].typbyval ? row[i] :
			datumCopy(row[i], false, order->column[i].typlen);
	MemoryContextSwitchTo(old);
	return pairs->last;
}

/*
 * m2m_pairs_fit: do all pairs that were put fit the association's columns?
 * Where one does not, the general path has PostgreSQL's own error for it, or
 * finds no link, as the operator of both types says.
 */
bool
m2m_pairs_fit(M2mPairs *pairs)
{
	return pairs->fit;
}

/*
 * m2m_ids_fit: do all ids of a side fit the association's columns?
 */
bool
m2m_ids_fit(M2mRelationship *rel, M2mSide side, M2mIds *ids)
{
	M2mPairOrder *order = m2m_pair_order(rel);

	for (int i = 0; order->narrow && i < ids->count; i++)
	{
		if (!fits(order, side == M2M_LEFT ? 0 : order->nleft, ids->nkeys,
				  ids->value + (Size) i * ids->nkeys))
			return false;
	}
	return true;
}

/* fits: do n columns of a pair, from first on, fit the association's? */
static bool
fits(M2mPairOrder *order, int first, int n, Datum *key)
{
	for (int i = 0; i < n; i++)
	{
		M2mPairColumn *column = &order->column[first + i];

		if (column->integer &&
			(DatumGetInt64(key[i]) < column->least ||
			 DatumGetInt64(key[i]) > column->most))
			return false;
	}
	return true;
}

/*
 * m2m_pairs_count: how many pairs were put.
 */
int64
m2m_pairs_count(M2mPairs *pairs)
{
	return pairs->count;
}

/*
 * m2m_pair_compare: less than, equal to or greater than 0 as n columns of a
 * pair compare with those of another; first is the position in the pair of the
 * columns that a and b begin with.
 */
int
m2m_pair_compare(M2mPairOrder *order, int first, int n, Datum *a, Datum *b)
{
	for (int i = 0; i < n; i++)
	{
		M2mPairColumn *column = &order->column[first + i];
		int			result;

		/* holds for all types passed by value, as the Datums are clean */
		if (column->typbyval && a[i] == b[i])
			continue;
		if (column->integer)
			return DatumGetInt64(a[i]) < DatumGetInt64(b[i]) ? -1 : 1;
		result = DatumGetInt32(FunctionCall2Coll(&column->compare,
												 column->collation,
												 a[i], b[i]));
		if (result != 0)
			return result;
	}
	return 0;
}

/*
 * m2m_pair_direction: of a pair in a relationship whose links are there in both
 * directions, whose keys are of the same columns: 0 if it links a row to
 * itself, less if it is the one that comes first in key order, by which the
 * link is counted, greater if it is the other.
 */
int
m2m_pair_direction(M2mPairOrder *order, Datum *pair)
{
	return m2m_pair_compare(order, 0, order->nleft, pair, pair + order->nleft);
}

/* m2m_pair_mirrored: such a pair in the other direction; values are not copied. */
Datum *
m2m_pair_mirrored(M2mPairOrder *order, Datum *pair)
{
	Datum	   *result = palloc_array(Datum, order->natts);
	int			nleft = order->nleft;

	Assert(order->natts == 2 * nleft);
	memcpy(result, pair + nleft, sizeof(Datum) * nleft);
	memcpy(result + nleft, pair, sizeof(Datum) * nleft);
	return result;
}

/*
 * m2m_ids_direction: the ids of such a pair, two scalars, in the direction that
 * comes first, into ordered; returns whether it is another row than that of the
 * other direction.
 */
bool
m2m_ids_direction(M2mRelationship *rel, M2mIds *ids[2], M2mIds *ordered[2])
{
	int			direction = m2m_pair_direction(m2m_pair_order(rel),
											   m2m_pair_values(rel, ids));

	ordered[M2M_LEFT] = ids[direction > 0 ? M2M_RIGHT : M2M_LEFT];
	ordered[M2M_RIGHT] = ids[direction > 0 ? M2M_LEFT : M2M_RIGHT];
	return direction != 0;
}

/*
 * m2m_pairs_end: releases memory and temporary files.
 */
void
m2m_pairs_end(M2mPairs *pairs)
{
	m2m_pair_sort_end(pairs->sort);
	MemoryContextDelete(pairs->last_context);
	pfree(pairs->row);
	pfree(pairs);
}

/* m2m_pair_values: the one pair of two scalar ids, as parameters. */
Datum *
m2m_pair_values(M2mRelationship *rel, M2mIds *ids[2])
{
	Datum	   *values;
	int			nleft = rel->side[M2M_LEFT].nkeys;
	int			nright = rel->side[M2M_RIGHT].nkeys;

	values = palloc_array(Datum, nleft + nright);
	memcpy(values, ids[M2M_LEFT]->value, sizeof(Datum) * nleft);
	memcpy(values + nleft, ids[M2M_RIGHT]->value, sizeof(Datum) * nright);
	return values;
}
