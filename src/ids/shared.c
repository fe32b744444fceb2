/*
 * shared.c
 *		Shared columns: a column of the association that stands behind both
 *		keys, such as a tenant's.
 *
 * It is one column, and has one value in a link.  So the ids of the two sides
 * must agree on it; and one of them can do without it, as the other has it.
 * They agree if the values are equal by the column's equality.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "ids.h"
#include "m2m.h"

static int	count_pairs(M2mIds *ids[2]);
static Datum *id_key(M2mIds *ids, int n);
static void spread(M2mIds *ids, int count);
static int	find_difference(M2mRelationship *rel, Datum *left, Datum *right);
static bool are_equal(M2mKeyColumn *key, Oid collation, Datum a, Datum b);
static char *value_text(M2mKeyColumn *key, Datum value);

/*
 * m2m_ids_complete: gives ids of the other side that are short their shared
 * columns, from those of the first side that they go with.  Where one id goes
 * with several, it becomes several.  Errors: those of the cast from the one
 * key's type to the other's.
 */
void
m2m_ids_complete(M2mRelationship *rel, M2mSide first, M2mIds *ids[2])
{
	M2mIds	   *given = ids[first];
	M2mIds	   *others = ids[M2M_OTHER(first)];
	int			count;

	if (others->is_short == NULL || (count = count_pairs(ids)) < 0)
		return;
	if (!others->is_array && given->is_array)
		spread(others, count);
	for (int i = 0; i < others->count; i++)
	{
		if (others->is_short[i])
			m2m_key_complete(rel, M2M_OTHER(first), id_key(others, i),
							 id_key(given, i));
		if ((i & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	others->is_short = NULL;
}

/*
 * m2m_key_complete: gives a key of a side its shared columns, from the key of
 * the other side.  Errors as above.
 */
void
m2m_key_complete(M2mRelationship *rel, M2mSide side, Datum *key, Datum *other)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		int			shared = rel->side[side].key[i].shared;

		if (shared > 0)
			key[i] = m2m_key_coerce(rel, side, i, other[shared - 1],
									rel->side[M2M_OTHER(side)].key[shared - 1].type);
	}
}

/*
 * m2m_ids_check_shared: error 22023 if the ids of a pair differ in a shared
 * column.
 */
void
m2m_ids_check_shared(M2mRelationship *rel, M2mIds *ids[2])
{
	int			count = rel->nshared > 0 ? count_pairs(ids) : 0;

	for (int i = 0; i < count; i++)
	{
		m2m_keys_check_shared(rel, id_key(ids[M2M_LEFT], i),
							  id_key(ids[M2M_RIGHT], i));
		if ((i & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/*
 * m2m_keys_check_shared: the same of the two keys of one pair.  Error 22023 if
 * they differ.
 */
void
m2m_keys_check_shared(M2mRelationship *rel, Datum *left, Datum *right)
{
	M2mKeyColumn *l;
	M2mKeyColumn *r;
	int			n;

	if (rel->nshared == 0 || (n = find_difference(rel, left, right)) < 0)
		return;
	r = &rel->side[M2M_RIGHT].key[n];
	l = &rel->side[M2M_LEFT].key[r->shared - 1];
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("rows that differ in column \"%s\" of table \"%s\" cannot be linked",
					get_attname(rel->association, r->link_attnum, false),
					get_rel_name(rel->association)),
			 errdetail("It is %s by the id of \"%s\" and %s by that of \"%s\".",
					   value_text(l, left[r->shared - 1]),
					   rel->side[M2M_LEFT].role,
					   value_text(r, right[n]), rel->side[M2M_RIGHT].role),
			 errhint("Both rows have that column in their keys, and a link has it once.")));
}

/*
 * m2m_ids_keep_agreeing: leaves out pairs whose ids differ in a shared column,
 * since there is no link of such a pair.
 */
void
m2m_ids_keep_agreeing(M2mRelationship *rel, M2mIds *ids[2])
{
	int			count = rel->nshared > 0 ? count_pairs(ids) : 0;
	int			kept = 0;
	int			first = 0;
	Datum	   *value[2];

	while (first < count &&
		   find_difference(rel, id_key(ids[M2M_LEFT], first),
						   id_key(ids[M2M_RIGHT], first)) < 0)
		first++;
	if (first >= count)
		return;

	/* into memory of our own: ids may lie in the caller's array */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		value[s] = MemoryContextAllocHuge(CurrentMemoryContext,
										  sizeof(Datum) * count *
										  ids[s]->nkeys);
	for (int i = 0; i < count; i++)
	{
		if (find_difference(rel, id_key(ids[M2M_LEFT], i),
							id_key(ids[M2M_RIGHT], i)) >= 0)
			continue;
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			memcpy(value[s] + (Size) kept * ids[s]->nkeys,
				   id_key(ids[s], i), sizeof(Datum) * ids[s]->nkeys);
		kept++;
		if ((i & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}

	/* a scalar went with each of the others, and now goes with some */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ids[s]->value = value[s];
		ids[s]->is_array = true;
		ids[s]->count = kept;
	}
}

/*
 * count_pairs: the number of pairs of a call; -1 if two arrays do not go
 * pairwise, which is an error of whoever uses them.
 */
static int
count_pairs(M2mIds *ids[2])
{
	if (ids[M2M_LEFT]->is_array && ids[M2M_RIGHT]->is_array &&
		ids[M2M_LEFT]->count != ids[M2M_RIGHT]->count)
		return -1;
	return ids[M2M_LEFT]->is_array ? ids[M2M_LEFT]->count :
		ids[M2M_RIGHT]->is_array ? ids[M2M_RIGHT]->count : 1;
}

/* id_key: the key of the id that is in the nth pair, from 0. */
static Datum *
id_key(M2mIds *ids, int n)
{
	return ids->value + (ids->is_array ? (Size) n * ids->nkeys : 0);
}

/* spread: makes one id an array that has it count times. */
static void
spread(M2mIds *ids, int count)
{
	Datum	   *key = ids->value;

	ids->value = MemoryContextAllocHuge(CurrentMemoryContext,
										Max(1, sizeof(Datum) * count *
											ids->nkeys));
	for (int i = 0; i < count; i++)
		memcpy(ids->value + (Size) i * ids->nkeys, key,
			   sizeof(Datum) * ids->nkeys);
	if (ids->is_short != NULL)
	{
		bool		is_short = ids->is_short[0];

		ids->is_short = MemoryContextAllocHuge(CurrentMemoryContext,
											   Max(1, count));
		memset(ids->is_short, is_short, count);
	}
	ids->is_array = true;
	ids->count = count;
}

/*
 * find_difference: the first column of the right key that is shared and has
 * another value than in the left key; -1 if there is none.
 *
 * Keys of different types are compared as both: by one alone, 1.5 could become
 * the integer that the other is.
 */
static int
find_difference(M2mRelationship *rel, Datum *left, Datum *right)
{
	for (int i = 0; i < rel->side[M2M_RIGHT].nkeys; i++)
	{
		M2mKeyColumn *r = &rel->side[M2M_RIGHT].key[i];
		M2mKeyColumn *l;
		Datum		a;
		bool		same;

		if (r->shared == 0)
			continue;
		l = &rel->side[M2M_LEFT].key[r->shared - 1];
		a = left[r->shared - 1];
		if (m2m_is_integer(l->type) && m2m_is_integer(r->type))
			same = DatumGetInt64(a) == DatumGetInt64(right[i]);
		else if (l->type == r->type)
			same = are_equal(l, l->link_collation, a, right[i]);
		else
			same = are_equal(l, l->link_collation, a,
							 m2m_key_coerce(rel, M2M_LEFT, r->shared - 1,
											right[i], r->type)) &&
				are_equal(r, r->link_collation, right[i],
						  m2m_key_coerce(rel, M2M_RIGHT, i, a, l->type));
		if (!same)
			return i;
	}
	return -1;
}

/* are_equal: are two values of a key column's type equal? */
static bool
are_equal(M2mKeyColumn *key, Oid collation, Datum a, Datum b)
{
	TypeCacheEntry *type;

	/* holds for all types passed by value, as the Datums are clean */
	if (key->typbyval && a == b)
		return true;
	type = lookup_type_cache(key->type, TYPECACHE_EQ_OPR_FINFO);
	if (!OidIsValid(type->eq_opr_finfo.fn_oid))
		elog(ERROR, "type %u has no equality", key->type);
	return DatumGetBool(FunctionCall2Coll(&type->eq_opr_finfo, collation,
										  a, b));
}

/* value_text: a value of a key column, for a message. */
static char *
value_text(M2mKeyColumn *key, Datum value)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(key->type, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}
