/*
 * ids.h
 *		Ids: from SQL arguments to keys of the endpoints, and the pairs of a call
 *		in key order, each once.
 */
#ifndef M2M_IDS_H
#define M2M_IDS_H

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "storage/itemptr.h"
#include "utils/typcache.h"

#include "m2m.h"

/* Which forms of ids an argument may take. */
typedef enum M2mIdForm
{
	M2M_ID_SCALAR,
	M2M_ID_ARRAY,
	M2M_ID_EITHER
} M2mIdForm;

/*
 * One column of a pair.  Its values have the key's type; an integer's Datum
 * holds the number in all its bits (m2m_datum_clean()), so that integers of
 * different types compare as numbers.
 */
typedef struct M2mPairColumn
{
	int16		typlen;
	bool		typbyval;
	bool		integer;		/* does its Datum compare as int64? */
	Oid			less;			/* operator of the type's default ordering */
	Oid			collation;
	FmgrInfo	compare;		/* its comparison function */
	int64		least;			/* values that the association's column takes, */
	int64		most;			/* if that is a smaller integer */
} M2mPairColumn;

/* How pairs are ordered and compared. */
typedef struct M2mPairOrder
{
	int			natts;			/* columns of a pair: left key, right key */
	int			nleft;
	M2mPairColumn *column;
	bool		same_image;		/* are equal pairs the same byte by byte? */
	bool		narrow;			/* has the association smaller integers? */
	bool		built_in;		/* are all comparisons PostgreSQL's own? */
	TupleDesc	row_desc;		/* pair; and its position, if not same_image */
	TupleDesc	place_desc;		/* pair, and place of its row as int8 */
} M2mPairOrder;

/* Pairs of one call, in key order, each once; owned by pairs.c. */
typedef struct M2mPairs M2mPairs;

/* Pairs being sorted; owned by pair_sort.c. */
typedef struct M2mPairSort M2mPairSort;

/*
 * m2m_datum_clean: a value as reading it from a row would give it.  Where a
 * type passed by value is narrower than a Datum, the bits above it mean
 * nothing, and functions leave there what they like (hashtext() zeros, also
 * for a negative number); whoever compares or stores Datums as such has to
 * clean them before.
 */
static inline Datum
m2m_datum_clean(Datum value, int16 typlen, bool typbyval)
{
	if (!typbyval)
		return value;
	switch (typlen)
	{
		case sizeof(char):
			return CharGetDatum(DatumGetChar(value));
		case sizeof(int16):
			return Int16GetDatum(DatumGetInt16(value));
		case sizeof(int32):
			return Int32GetDatum(DatumGetInt32(value));
		default:
			return value;
	}
}

/*
 * m2m_opfamily_built_in: is it one whose functions are PostgreSQL's own, so
 * that comparing runs nobody's code?  Not for types that leave comparing to
 * the types inside them.
 */
static inline bool
m2m_opfamily_built_in(Oid opfamily, Oid type)
{
	return opfamily < FirstUnpinnedObjectId && type != ANYARRAYOID &&
		type != RECORDOID && type != ANYRANGEOID && type != ANYMULTIRANGEOID;
}

/*
 * m2m_is_integer: a type of the B-tree family of integers whose Datum, when
 * clean, holds the number in all its bits?
 */
static inline bool
m2m_is_integer(Oid type)
{
	return SIZEOF_DATUM >= 8 && FLOAT8PASSBYVAL &&
		(type == INT2OID || type == INT4OID || type == INT8OID);
}

/*
 * Block and offset of a row as a number, for the int8 of a sort; the bits from
 * M2M_PLACE_BITS on are for marks.  It becomes a Datum by Int64GetDatum(),
 * marks and all: where int8 is by reference, a Datum is a pointer.
 */
#define M2M_PLACE_BITS 48

static inline int64
m2m_place_number(ItemPointer place)
{
	return ((int64) ItemPointerGetBlockNumber(place) << 16) |
		ItemPointerGetOffsetNumber(place);
}

static inline void
m2m_place_from_number(int64 number, ItemPointer place)
{
	ItemPointerSet(place, (BlockNumber) ((number >> 16) & 0xFFFFFFFF),
				   (OffsetNumber) (number & 0xFFFF));
}

/* keys.c: SQL arguments to keys of the endpoint's type */
extern void m2m_ids_check_null(bool isnull, Oid table);
extern M2mIds *m2m_ids_read(M2mRelationship *rel, M2mSide side, Datum value,
							Oid type, M2mIdForm form, bool may_be_short);
extern Datum m2m_key_coerce(M2mRelationship *rel, M2mSide side, int column,
							Datum value, Oid type);
extern bool m2m_ids_equal(M2mRelationship *rel, M2mSide side, M2mIds *a,
						  M2mIds *b);
extern text *m2m_key_text(M2mRelationship *rel, M2mSide side, Datum *value);

/*
 * shared.c: columns of the association that stand behind both keys: one value,
 * on which the ids of both sides agree
 */
extern void m2m_ids_complete(M2mRelationship *rel, M2mSide first,
							 M2mIds *ids[2]);
extern void m2m_key_complete(M2mRelationship *rel, M2mSide side, Datum *key,
							 Datum *other);
extern void m2m_ids_check_shared(M2mRelationship *rel, M2mIds *ids[2]);
extern void m2m_keys_check_shared(M2mRelationship *rel, Datum *left,
								  Datum *right);
extern void m2m_ids_keep_agreeing(M2mRelationship *rel, M2mIds *ids[2]);

/* pair_sort.c: sorts pairs of keys, with or without a number behind them */
extern M2mPairSort *m2m_pair_sort_begin(M2mPairOrder *order, TupleDesc desc,
										int nkeys, const int *key,
										int work_kb);
extern void m2m_pair_sort_put(M2mPairSort *sort, const Datum *row);
extern void m2m_pair_sort_perform(M2mPairSort *sort);
extern Datum *m2m_pair_sort_get(M2mPairSort *sort);
extern void m2m_pair_sort_end(M2mPairSort *sort);

/*
 * pairs.c: the pairs of one call: put in any order, taken out in key order,
 * each once
 */
extern M2mPairOrder *m2m_pair_order(M2mRelationship *rel);
extern M2mPairs *m2m_pairs_begin(M2mRelationship *rel, int work_kb);
extern void m2m_pairs_put(M2mPairs *pairs, Datum *left, Datum *right);
extern void m2m_pairs_put_ids(M2mPairs *pairs, M2mIds *ids[2]);
extern Datum *m2m_pairs_next(M2mPairs *pairs);
extern bool m2m_pairs_fit(M2mPairs *pairs);
extern bool m2m_ids_fit(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern int64 m2m_pairs_count(M2mPairs *pairs);
extern bool m2m_equal_means_same(TypeCacheEntry *type, Oid collation);
extern int	m2m_pair_compare(M2mPairOrder *order, int first, int n, Datum *a,
							 Datum *b);
extern int	m2m_pair_direction(M2mPairOrder *order, Datum *pair);
extern Datum *m2m_pair_mirrored(M2mPairOrder *order, Datum *pair);
extern bool m2m_ids_direction(M2mRelationship *rel, M2mIds *ids[2],
							  M2mIds *ordered[2]);
extern void m2m_pairs_end(M2mPairs *pairs);
extern Datum *m2m_pair_values(M2mRelationship *rel, M2mIds *ids[2]);

#endif							/* M2M_IDS_H */
