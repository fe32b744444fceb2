/*
 * catalog_identity.c
 *		What one link is, as the association's keys have it.
 *
 * Join tables of applications hold more than pairs: who did what in a film, a
 * membership with its periods.  What tells two links of one pair from each
 * other is read from the constraints, never guessed: the pair, and the further
 * columns of a key of the table.  A key that holds columns of the pair says
 * what a link is; one that holds none, such as a number of the row, does so
 * only where there is no other.  Without any key it is the whole row; but a
 * table that m2m has made was to hold pairs, each once, whatever became of its
 * key.
 *
 * A key counts if it is valid and checked at once, on no condition but that a
 * row is a link (M2mRelationship.deleted), and over plain columns.  Its columns
 * beyond the pair must not be null, or nulls must count as equal.  (Those of
 * the pair may: such rows are no links.)  Of several the one with the fewest
 * further columns is taken; then one that holds for all rows; then the primary
 * key, a constraint before an index, and the order of columns in the table:
 * nothing that a dump would change.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_operator.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"

/* Which rows a key tells apart; the first holds for most. */
typedef enum IdentityScope
{
	SCOPE_ALL,
	SCOPE_LINKS,				/* not those that are no links any more */
	SCOPE_EACH					/* these and those, as it holds the column
								 * that says so */
} IdentityScope;

/* A key of the association, as what identifies links. */
typedef struct IdentityKey
{
	IdentityScope scope;
	bool		primary;
	Oid			index;
	bool		exclusion;
	int			npair;			/* columns of the pair among its own */
	int			nfurther;		/* the others, in the order of the table */
	M2mIdentityColumn further[INDEX_MAX_KEYS];
	int			ncolumns;
	AttrNumber	column[INDEX_MAX_KEYS];
	Oid			collation[INDEX_MAX_KEYS];
} IdentityKey;

static bool read_key(M2mRelationship *rel, Relation indexes,
					 HeapTuple tuple, IdentityKey *key, bool *others);
static bool excludes_equals(M2mRelationship *rel, HeapTuple tuple,
							IdentityKey *key);
static bool compares_alike(Oid association, AttrNumber attnum, Oid collation);
static bool is_deterministic(Oid collation);
static void name_collations(M2mRelationship *rel, IdentityKey *key);
static Oid *read_operators(Oid index, int n);
static bool is_overlap(Oid operator);
static void sort_columns(IdentityKey *key);
static bool is_better(IdentityKey *key, IdentityKey *best);
static bool are_tied(IdentityKey *key, IdentityKey *best);
static void use_key(M2mRelationship *rel, IdentityKey *key);

/*
 * m2m_catalog_describe_identity: fills in what a description says of its
 * association's keys: its identity, and what is said of unique pairs.  Whether
 * rules or children stand in the way is for the caller to add.  In
 * CurrentMemoryContext; endpoints and properties are described already.
 */
void
m2m_catalog_describe_identity(M2mRelationship *rel)
{
	Relation	indexes = table_open(IndexRelationId, AccessShareLock);
	int			npair = rel->nlink;
	IdentityKey *key = palloc(sizeof(IdentityKey));
	IdentityKey *best = NULL;
	IdentityKey *pair = NULL;	/* one that keeps pairs unique */
	bool		others = false; /* has an index other ideas of equality? */
	List	   *deferrable = NIL;	/* IdentityKey: ON CONFLICT stumbles over
									 * them */
	bool		unique[3] = {false, false, false};	/* pairs, by scope */
	ScanKeyData scan_key;
	SysScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;

	ScanKeyInit(&scan_key, Anum_pg_index_indrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rel->association));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL,
							  1, &scan_key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		immediate =
			((Form_pg_index) GETSTRUCT(tuple))->indimmediate;

		if (!read_key(rel, indexes, tuple, key, &others))
			continue;
		if (!key->exclusion && key->npair == npair && key->nfurther == 0 &&
			immediate)
		{
			unique[key->scope] = true;

			/* the one that ON CONFLICT will name */
			if (key->scope == SCOPE_ALL ||
				(key->scope == SCOPE_LINKS && pair == NULL))
			{
				pair = palloc(sizeof(IdentityKey));
				*pair = *key;
			}
		}
		if (!immediate)
		{
			deferrable = lappend(deferrable, key);
			key = palloc(sizeof(IdentityKey));
		}
		else if (best == NULL || is_better(key, best))
		{
			rel->tied = best != NULL && are_tied(key, best);
			best = key;
			key = palloc(sizeof(IdentityKey));
		}
		else
			rel->tied |= are_tied(key, best);
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);

	/* ON CONFLICT cannot name the third kind: it has another column */
	rel->unique_index = unique[SCOPE_ALL] || unique[SCOPE_LINKS];
	rel->deleted_partial = !unique[SCOPE_ALL];
	rel->revives = rel->deleted != 0 && (unique[SCOPE_ALL] ||
										 (unique[SCOPE_EACH] &&
										  !unique[SCOPE_LINKS] &&
										  rel->deleted_kind != M2M_DELETED_TIME));
	rel->nidentity = 0;
	rel->identity_target = NIL;
	rel->has_key = best != NULL;
	if (rel->has_key)
		use_key(rel, best);
	else if (rel->adopted)
		m2m_catalog_identify_by_row(rel);
	else
		rel->identity = M2M_IDENTITY_PAIR;

	/* ON CONFLICT takes all that fit its columns, whatever equal means there */
	if (others && rel->nidentity == 0 && pair != NULL)
		name_collations(rel, pair);
	else if (others && rel->identity_target != NIL)
		name_collations(rel, best);

	/* ... and none if one may wait */
	rel->on_conflict = rel->unique_index;
	foreach(lc, deferrable)
	{
		key = lfirst(lc);
		if (key->exclusion)
			continue;
		if (key->npair == npair && key->nfurther == 0 &&
			key->scope == SCOPE_ALL)
		{
			rel->on_conflict = false;
			rel->revives = rel->deleted != 0;
		}
		if (best != NULL && key->ncolumns == list_length(rel->identity_target))
		{
			bool		same = true;

			for (int i = 0; i < key->ncolumns; i++)
				same &= list_member_int(rel->identity_target, key->column[i]);
			if (same)
				rel->identity_target = NIL;
		}
	}
}

/*
 * read_key: a row of pg_index as a key; false if it is none that counts.  One
 * that is not checked at once does not either, but may be in the way of ON
 * CONFLICT.  Nor does one by which other pairs are equal than by the columns
 * themselves; *others becomes true if it has other ideas of equality.
 */
static bool
read_key(M2mRelationship *rel, Relation indexes, HeapTuple tuple,
		 IdentityKey *key, bool *others)
{
	Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
	TupleDesc	desc = RelationGetDescr(indexes);
	bool		partial;
	bool		is_btree;
	bool		isnull;
	oidvector  *opclass;
	oidvector  *collation;
	HeapTuple	class_tuple;

	if ((!index->indisunique && !index->indisexclusion) ||
		!index->indisvalid || !index->indislive ||
		!heap_attisnull(tuple, Anum_pg_index_indexprs, desc))
		return false;
	partial = !heap_attisnull(tuple, Anum_pg_index_indpred, desc);
	if (partial && !m2m_catalog_is_of_links(rel, tuple))
		return false;
	class_tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index->indexrelid));
	if (!HeapTupleIsValid(class_tuple))
		return false;
	is_btree = ((Form_pg_class) GETSTRUCT(class_tuple))->relam == BTREE_AM_OID;
	ReleaseSysCache(class_tuple);
	opclass = (oidvector *)
		DatumGetPointer(heap_getattr(tuple, Anum_pg_index_indclass, desc,
									 &isnull));
	collation = (oidvector *)
		DatumGetPointer(heap_getattr(tuple, Anum_pg_index_indcollation, desc,
									 &isnull));

	memset(key, 0, sizeof(IdentityKey));
	key->scope = partial ? SCOPE_LINKS : SCOPE_ALL;
	key->primary = index->indisprimary;
	key->exclusion = index->indisexclusion;
	key->index = index->indexrelid;
	for (int i = 0; i < index->indnkeyatts; i++)
	{
		AttrNumber	attnum = index->indkey.values[i];
		M2mIdentityColumn *further;
		HeapTuple	column;
		bool		alike;

		if (attnum <= 0)
			return false;

		/* in all links it is the same, if that is not a null unlike others */
		if (attnum == rel->deleted)
		{
			if (index->indisexclusion ||
				(rel->deleted_kind != M2M_DELETED_FLAG &&
				 (rel->deleted_kind != M2M_DELETED_TIME ||
				  !index->indnullsnotdistinct)))
				return false;
			if (!partial)
				key->scope = SCOPE_EACH;
			continue;
		}
		alike = compares_alike(rel->association, attnum,
							   collation->values[i]);
		*others |= !alike;
		key->collation[key->ncolumns] = collation->values[i];
		key->column[key->ncolumns++] = attnum;
		if (m2m_columns_include(rel->nlink, rel->link, attnum))
		{
			if (!alike)
				return false;
			key->npair++;
			continue;
		}
		column = SearchSysCacheAttNum(rel->association, attnum);
		if (!HeapTupleIsValid(column))
			return false;
		further = &key->further[key->nfurther++];
		further->attnum = attnum;
		further->collation = alike ? InvalidOid : collation->values[i];
		further->not_null =
			m2m_catalog_has_no_null((Form_pg_attribute) GETSTRUCT(column));
		if (is_btree)
			further->equal_op =
				get_opfamily_member(get_opclass_family(opclass->values[i]),
									get_opclass_input_type(opclass->values[i]),
									get_opclass_input_type(opclass->values[i]),
									BTEqualStrategyNumber);
		else
			further->equal_op =
				lookup_type_cache(getBaseType(((Form_pg_attribute)
											   GETSTRUCT(column))->atttypid),
								  TYPECACHE_EQ_OPR)->eq_opr;
		ReleaseSysCache(column);
		if (!further->not_null && !index->indnullsnotdistinct &&
			index->indimmediate)
			return false;
	}
	sort_columns(key);
	return !key->exclusion ||
		excludes_equals(rel, tuple, key);
}

/*
 * excludes_equals: does an exclusion constraint keep away a second row that is
 * equal in its columns?  By equality; or by overlapping, where the column is
 * not of the pair.  (A range that is empty overlaps nothing; see use_key().)
 */
static bool
excludes_equals(M2mRelationship *rel, HeapTuple tuple, IdentityKey *key)
{
	Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
	Oid		   *operator = read_operators(index->indexrelid,
										  index->indnkeyatts);

	if (operator == NULL)
		return false;
	for (int i = 0; i < index->indnkeyatts; i++)
	{
		if (get_mergejoin_opfamilies(operator[i]) != NIL)
			continue;
		if (m2m_columns_include(rel->nlink, rel->link, index->indkey.values[i]) ||
			!is_overlap(operator[i]))
			return false;
	}
	return true;
}

/*
 * compares_alike: are the same values of a column equal by an index's collation
 * and by its own?
 */
static bool
compares_alike(Oid association, AttrNumber attnum, Oid collation)
{
	HeapTuple	tuple = SearchSysCacheAttNum(association, attnum);
	Oid			own;

	if (!HeapTupleIsValid(tuple))
		return true;
	own = ((Form_pg_attribute) GETSTRUCT(tuple))->attcollation;
	ReleaseSysCache(tuple);
	return own == collation || !OidIsValid(collation) || !OidIsValid(own) ||
		(is_deterministic(own) && is_deterministic(collation));
}

/* is_deterministic: are values equal by a collation only if they are the same? */
static bool
is_deterministic(Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return true;
	result = ((Form_pg_collation) GETSTRUCT(tuple))->collisdeterministic;
	ReleaseSysCache(tuple);
	return result;
}

/* name_collations: ON CONFLICT is to name a key's collations. */
static void
name_collations(M2mRelationship *rel, IdentityKey *key)
{
	for (int i = 0; i < key->ncolumns; i++)
	{
		if (!OidIsValid(key->collation[i]))
			continue;
		rel->collated = lappend_int(rel->collated, key->column[i]);
		rel->collations = lappend_oid(rel->collations, key->collation[i]);
	}
}

/* read_operators: those of an exclusion constraint; NULL if there is none. */
static Oid *
read_operators(Oid index, int n)
{
	Oid			constraint = get_index_constraint(index);
	HeapTuple	tuple = SearchSysCache1(CONSTROID,
										ObjectIdGetDatum(constraint));
	Oid		   *result = NULL;
	Datum		value;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	value = SysCacheGetAttr(CONSTROID, tuple, Anum_pg_constraint_conexclop,
							&isnull);
	if (!isnull)
	{
		ArrayType  *array = DatumGetArrayTypePCopy(value);

		if (ARR_NDIM(array) == 1 && ARR_DIMS(array)[0] == n &&
			!ARR_HASNULL(array) && ARR_ELEMTYPE(array) == OIDOID)
			result = (Oid *) ((char *) array + ARR_OVERHEAD_NONULLS(1));
	}
	ReleaseSysCache(tuple);
	return result;
}

/* is_overlap: is it the operator && of ranges or multiranges? */
static bool
is_overlap(Oid operator)
{
	return operator == OID_RANGE_OVERLAP_OP ||
		operator == OID_MULTIRANGE_OVERLAPS_MULTIRANGE_OP;
}

/* sort_columns: puts a key's columns in the order of the table. */
static void
sort_columns(IdentityKey *key)
{
	for (int i = 1; i < key->ncolumns; i++)
	{
		for (int j = i; j > 0 && key->column[j - 1] > key->column[j]; j--)
		{
			AttrNumber	attnum = key->column[j];
			Oid			collation = key->collation[j];

			key->column[j] = key->column[j - 1];
			key->collation[j] = key->collation[j - 1];
			key->column[j - 1] = attnum;
			key->collation[j - 1] = collation;
		}
	}
	for (int i = 1; i < key->nfurther; i++)
	{
		for (int j = i;
			 j > 0 && key->further[j - 1].attnum > key->further[j].attnum; j--)
		{
			M2mIdentityColumn further = key->further[j];

			key->further[j] = key->further[j - 1];
			key->further[j - 1] = further;
		}
	}
}

/* is_better: does a key rather say what a link is than another? */
static bool
is_better(IdentityKey *key, IdentityKey *best)
{
	bool		constraint;

	if ((key->npair > 0) != (best->npair > 0))
		return key->npair > 0;
	if (key->npair == 0 && key->primary != best->primary)
		return key->primary;
	if (key->nfurther != best->nfurther)
		return key->nfurther < best->nfurther;
	if (key->scope != best->scope)
		return key->scope < best->scope;
	if (key->primary != best->primary)
		return key->primary;
	constraint = OidIsValid(get_index_constraint(key->index));
	if (constraint != OidIsValid(get_index_constraint(best->index)))
		return constraint;
	if (key->exclusion != best->exclusion)
		return best->exclusion;
	for (int i = 0; i < Min(key->ncolumns, best->ncolumns); i++)
	{
		if (key->column[i] != best->column[i])
			return key->column[i] < best->column[i];
	}
	return key->ncolumns > best->ncolumns;
}

/*
 * are_tied: does of two keys neither say more of what a link is, and something
 * else?  A primary key is what its owner has chosen.
 */
static bool
are_tied(IdentityKey *key, IdentityKey *best)
{
	bool		same = true;

	if ((key->npair > 0) != (best->npair > 0) || key->primary ||
		best->primary || key->nfurther != best->nfurther ||
		key->scope != best->scope)
		return false;
	for (int i = 0; i < key->nfurther; i++)
		same &= key->further[i].attnum == best->further[i].attnum;
	return !same;
}

/*
 * use_key: the identity is the pair and a key's further columns.  ON CONFLICT
 * can name it by the key's columns if these are all of the pair and no more
 * than the identity; by fewer it would pass over links of another pair.
 */
static void
use_key(M2mRelationship *rel, IdentityKey *key)
{
	int			npair = rel->nlink;

	rel->identity = key->npair == 0 ? M2M_IDENTITY_SURROGATE :
		key->nfurther > 0 ? M2M_IDENTITY_KEY : M2M_IDENTITY_PAIR;
	rel->nidentity = key->nfurther;
	rel->identity_column = palloc_array(M2mIdentityColumn,
										Max(key->nfurther, 1));
	memcpy(rel->identity_column, key->further,
		   sizeof(M2mIdentityColumn) * key->nfurther);
	rel->one_each = !key->exclusion || key->nfurther == 0;
	if (!key->exclusion && key->nfurther > 0 && key->npair == npair)
	{
		rel->revives = rel->deleted != 0 && key->scope == SCOPE_ALL;
		rel->deleted_partial = key->scope == SCOPE_LINKS;
	}
	if (!key->exclusion && key->nfurther > 0 && key->npair == npair &&
		key->scope != SCOPE_EACH)
	{
		for (int i = 0; i < key->ncolumns; i++)
			rel->identity_target = lappend_int(rel->identity_target,
											   key->column[i]);
	}
}

/*
 * m2m_catalog_identify_by_row: the identity is all columns, compared as they
 * are, in CurrentMemoryContext.  Where there is no key; and where one says
 * nothing of the rows of inheritance children, so that several could be meant
 * by what it holds.
 */
void
m2m_catalog_identify_by_row(M2mRelationship *rel)
{
	rel->identity = M2M_IDENTITY_ROW;
	rel->one_each = false;
	rel->tied = false;
	rel->identity_target = NIL;
	rel->identity_column = palloc0_array(M2mIdentityColumn,
										 Max(rel->nproperties, 1));

	/* what is generated from others tells nothing that they do not */
	rel->nidentity = 0;
	for (int i = 0; i < rel->nproperties; i++)
	{
		if (!m2m_catalog_column_generated(rel->association, rel->property[i]))
			rel->identity_column[rel->nidentity++].attnum = rel->property[i];
	}
}
