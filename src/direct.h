/*
 * direct.h
 *		What the files of the direct path share, and pairs.c with them.
 */
#ifndef M2M_DIRECT_H
#define M2M_DIRECT_H

#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/snapshot.h"

#include "m2m.h"

/* One column of a pair. */
typedef struct M2mPairColumn
{
	int16		typlen;
	bool		typbyval;
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
	TupleDesc	row_desc;		/* pair; and its position, if not same_image */
	TupleDesc	place_desc;		/* pair, and place of its row as int8 */
};

/* Pairs being sorted; owned by pair_sort.c. */
typedef struct M2mPairSort M2mPairSort;

/* Rows to be entered into an index together; owned by btree_run.c. */
typedef struct M2mIndexRun M2mIndexRun;

/* What looking for a pair in the unique index has shown. */
typedef struct M2mIndexEntry
{
	enum
	{
		M2M_ENTRY_NONE,			/* there is no entry */
		M2M_ENTRY_ONE,			/* there is one, perhaps not the only one */
		M2M_ENTRY_UNSURE
	}			kind;
	ItemPointerData place;		/* M2M_ENTRY_ONE: of its row */
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
	Oid			userid;			/* for whom the following was looked up */
	bool		may_link;
	bool		may_unlink;
	M2mDirectKey key[2];		/* by side */
};

/* What became of looking for the row that a key refers to. */
typedef enum M2mKeyState
{
	M2M_KEY_LOCKED,				/* there, and locked */
	M2M_KEY_DOUBTFUL,			/* for PostgreSQL itself to check */
	M2M_KEY_REFUSED				/* taken away while we waited for it */
} M2mKeyState;

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
	IndexScanDesc scan;
	IndexFetchTableData *fetch; /* NULL: to be begun */
	TupleTableSlot *slot;
	TupleTableSlot *locked;
} M2mDirectEndpoint;

/* The tables of a relationship, opened for one call. */
typedef struct M2mDirectTable
{
	M2mRelationship *rel;
	M2mDirect  *direct;
	M2mPairOrder *order;
	MemoryContext context;
	MemoryContext row_context;	/* the caller resets it */
	Relation	association;
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
	int64		waits;			/* how often another's pair was waited for */
	TupleTableSlot *found;
	TupleTableSlot *row;
	M2mDirectEndpoint endpoint[2];
} M2mDirectTable;

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
extern void m2m_direct_close(M2mDirectTable *table);
extern M2mDirectIndex *m2m_direct_side_index(M2mDirectTable *table,
											 M2mSide side);

/* direct_row.c */
extern void m2m_direct_fill(M2mDirectTable *table, TupleTableSlot *slot,
							Datum *pair);
extern void m2m_direct_read(M2mDirectTable *table, TupleTableSlot *slot,
							Datum *pair);
extern bool m2m_direct_exists(M2mDirectTable *table, Datum *pair,
							  void (*before_wait) (void *arg), void *arg);
extern bool m2m_direct_exists_at(M2mDirectTable *table, Datum *pair,
								 ItemPointer place);
extern bool m2m_direct_find(M2mDirectTable *table, Datum *pair);
extern bool m2m_direct_insert(M2mDirectTable *table, Datum *pair,
							  ItemPointer place);
extern IndexScanDesc m2m_direct_side_scan(M2mDirectTable *table,
										  M2mDirectIndex *index, M2mSide side,
										  Snapshot snapshot);
extern void m2m_direct_side_rescan(M2mDirectTable *table,
								   M2mDirectIndex *index, IndexScanDesc scan,
								   M2mSide side, Datum *key);
extern M2mKeyState m2m_direct_lock_endpoint(M2mDirectTable *table,
											M2mSide side, Datum *pair,
											M2mIndexEntry *entry);
extern void m2m_direct_check_row(M2mDirectTable *table, ItemPointer place,
								 const bool *refused);
extern bool m2m_direct_index_insert(M2mDirectTable *table,
									M2mDirectIndex *index, Datum *pair,
									ItemPointer place, bool unique);

/* link_batch.c */
extern int64 m2m_batch_link(M2mDirectTable *table, M2mPairs *pairs,
							bool progress, ArrayBuildState *texts,
							M2mSide text_side);
extern void m2m_batch_add_text(ArrayBuildState *texts, M2mRelationship *rel,
							   M2mSide side, Datum *key);

/* btree_run.c */
extern M2mIndexRun *m2m_index_run_begin(Relation heap, M2mDirectIndex *index,
										bool unique, int room);
extern void m2m_index_run_put(M2mIndexRun *run, Datum *pair,
							  ItemPointer place);
extern void m2m_index_run_look(M2mIndexRun *run, M2mIndexEntry *entry);
extern int	m2m_index_run_enter(M2mIndexRun *run, int first);
extern void m2m_index_run_clear(M2mIndexRun *run);

/* Block and offset of a row as an int8, for sorts; above are bits for marks. */
static inline Datum
m2m_place_to_datum(ItemPointer place)
{
	return Int64GetDatum(((int64) ItemPointerGetBlockNumber(place) << 16) |
						 ItemPointerGetOffsetNumber(place));
}

static inline void
m2m_datum_to_place(Datum datum, ItemPointer place)
{
	int64		value = DatumGetInt64(datum);

	ItemPointerSet(place, (BlockNumber) ((value >> 16) & 0xFFFFFFFF),
				   (OffsetNumber) (value & 0xFFFF));
}

#endif							/* M2M_DIRECT_H */
