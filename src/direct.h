/*
 * direct.h
 *		What the files of the direct path share, and pairs.c with them.
 */
#ifndef M2M_DIRECT_H
#define M2M_DIRECT_H

#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/snapshot.h"

#include "m2m.h"

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

struct M2mPairOrder
{
	int			natts;			/* columns of a pair: left key, right key */
	int			nleft;
	M2mPairColumn *column;
	bool		same_image;		/* are equal pairs the same byte by byte? */
	bool		narrow;			/* has the association smaller integers? */
	bool		built_in;		/* are all comparisons PostgreSQL's own? */
	TupleDesc	row_desc;		/* pair; and its position, if not same_image */
	TupleDesc	place_desc;		/* pair, and place of its row as int8 */
};

/* Pairs being sorted; owned by pair_sort.c. */
typedef struct M2mPairSort M2mPairSort;

/* Keys to be looked up in an index together; owned by btree_look.c. */
typedef struct M2mIndexLook M2mIndexLook;

/* What looking for a key in a unique index has shown. */
typedef struct M2mIndexEntry
{
	enum
	{
		M2M_ENTRY_NONE,			/* there is no entry */
		M2M_ENTRY_ONE,			/* there is one, perhaps not the only one */
		M2M_ENTRY_UNSURE
	}			kind;
	ItemPointerData place;		/* M2M_ENTRY_ONE: where it points: the root of
								 * a HOT chain, not a row's place */
} M2mIndexEntry;

/* A foreign key of the association, as its check needs it. */
typedef struct M2mDirectKey
{
	Oid			constraint;
	Oid			endpoint;
	Oid			index;			/* of the endpoint, that the key refers to */
	int			nkeys;
	int			column[INDEX_MAX_KEYS]; /* of the pair, by index column */
	AttrNumber	attnum[INDEX_MAX_KEYS]; /* of the endpoint, by index column */
	ScanKeyData scankey[INDEX_MAX_KEYS];
} M2mDirectKey;

/* What the direct path knows of a relationship; kept with it. */
struct M2mDirect
{
	bool		possible;		/* are the tables as plain as it takes? */
	bool		converts;		/* are link columns of other types than keys? */
	M2mDirectKey key[2];		/* by side */
};

/* What a call is going to do. */
typedef enum M2mDirectAction
{
	M2M_DIRECT_LINK = 1,
	M2M_DIRECT_UNLINK = 2
} M2mDirectAction;

/* An index of the association. */
typedef struct M2mDirectIndex
{
	Relation	index;
	IndexInfo  *info;
	int			natts;			/* with included columns */
	int			column[INDEX_MAX_KEYS]; /* of the pair, by index column */
} M2mDirectIndex;

/* An endpoint, opened for foreign key checks. */
typedef struct M2mDirectEndpoint
{
	Relation	relation;
	M2mDirectIndex index;		/* that the key refers to; without info */
	IndexScanDesc scan;			/* NULL: to be begun */
	IndexFetchTableData *fetch; /* likewise */
	TupleTableSlot *slot;
	TupleTableSlot *locked;
} M2mDirectEndpoint;

/*
 * The tables of a relationship, opened for one call.  Scans and fetches keep
 * pages pinned from row to row; m2m_direct_unpin() comes before every wait.
 */
typedef struct M2mDirectTable
{
	M2mRelationship *rel;
	M2mDirect  *direct;
	M2mPairOrder *order;
	MemoryContext context;
	MemoryContext row_context;	/* the caller resets it */
	Relation	association;
	bool		shut;			/* can nobody else write it? */
	AttrNumber *attnum;			/* in the association, by column of the pair */
	Snapshot	snapshot;		/* as of the beginning of the call */
	int			nindexes;
	M2mDirectIndex *index;
	M2mDirectIndex *unique;		/* the one that keeps pairs unique */
	ScanKeyData *unique_key;
	SnapshotData dirty;
	IndexScanDesc dirty_scan;	/* NULL: to be begun */
	IndexScanDesc pair_scan;
	IndexFetchTableData *fetch; /* NULL: to be begun */
	TupleTableSlot *found;
	TupleTableSlot *row;
	M2mDirectEndpoint endpoint[2];
} M2mDirectTable;

/* Links of one call being made; owned by link_batch.c. */
typedef struct M2mLinkBatch M2mLinkBatch;

/* pair_sort.c */
extern M2mPairSort *m2m_pair_sort_begin(M2mPairOrder *order, TupleDesc desc,
										int nkeys, const int *key,
										int work_kb);
extern void m2m_pair_sort_put(M2mPairSort *sort, const Datum *row);
extern void m2m_pair_sort_perform(M2mPairSort *sort);
extern Datum *m2m_pair_sort_get(M2mPairSort *sort);
extern void m2m_pair_sort_end(M2mPairSort *sort);

/* direct_table.c */
extern M2mDirectTable *m2m_direct_open(M2mRelationship *rel, int actions);
extern void m2m_direct_unpin(M2mDirectTable *table);
extern void m2m_direct_close(M2mDirectTable *table);
extern M2mDirectIndex *m2m_direct_side_index(M2mDirectTable *table,
											 M2mSide side);

/* direct_row.c */
extern void m2m_direct_fill(M2mDirectTable *table, TupleTableSlot *slot,
							Datum *pair);
extern void m2m_direct_read(M2mDirectTable *table, TupleTableSlot *slot,
							Datum *pair);
extern Datum m2m_direct_value(M2mDirectTable *table, int column, Datum value);
extern bool m2m_direct_exists(M2mDirectTable *table, Datum *pair);
extern bool m2m_direct_exists_at(M2mDirectTable *table, Datum *pair,
								 ItemPointer root);
extern bool m2m_direct_find(M2mDirectTable *table, Datum *pair);
extern bool m2m_direct_fetch(M2mDirectTable *table, Datum *pair,
							 ItemPointer root);
extern bool m2m_direct_insert(M2mDirectTable *table, Datum *pair, bool look,
							  ItemPointer place);
extern IndexScanDesc m2m_direct_side_scan(M2mDirectTable *table,
										  M2mDirectIndex *index, M2mSide side,
										  Snapshot snapshot);
extern void m2m_direct_side_rescan(M2mDirectTable *table,
								   M2mDirectIndex *index, IndexScanDesc scan,
								   M2mSide side, Datum *key);
extern bool m2m_direct_lock_endpoint(M2mDirectTable *table, M2mSide side,
									 Datum *pair, M2mIndexEntry *entry);
extern void m2m_direct_check_row(M2mDirectTable *table, ItemPointer place);
extern bool m2m_direct_index_insert(M2mDirectTable *table,
									M2mDirectIndex *index, Datum *pair,
									ItemPointer place,
									IndexUniqueCheck check);

/* link_batch.c */
extern M2mLinkBatch *m2m_batch_begin(M2mDirectTable *table, int64 count,
									 bool progress);
extern void m2m_batch_link_pairs(M2mLinkBatch *batch, M2mPairs *pairs);
extern bool m2m_batch_link_pair(M2mLinkBatch *batch, Datum *pair, bool look);
extern int64 m2m_batch_end(M2mLinkBatch *batch);

/* btree_look.c */
extern M2mIndexLook *m2m_index_look_begin(Relation heap,
										  M2mDirectIndex *index, int room);
extern void m2m_index_look_put(M2mIndexLook *look, const Datum *key);
extern void m2m_index_look_perform(M2mIndexLook *look, M2mIndexEntry *entry);

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

#endif							/* M2M_DIRECT_H */
