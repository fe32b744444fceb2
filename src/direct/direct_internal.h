/*
 * direct_internal.h
 *		What the files of the direct path share.
 */
#ifndef M2M_DIRECT_INTERNAL_H
#define M2M_DIRECT_INTERNAL_H

#include "access/genam.h"
#include "access/relscan.h"
#include "access/skey.h"
#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/snapshot.h"

#include "execute.h"
#include "ids.h"
#include "m2m.h"
#include "rule.h"

/* Keys to be looked up in an index together; owned by btree_look.c. */
typedef struct M2mIndexLook M2mIndexLook;

/* Guessing numbers of links; owned by direct_number.c. */
typedef struct M2mDirectGuess M2mDirectGuess;

/* What looking for a key in an index has shown. */
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
typedef struct M2mDirect
{
	bool		possible;		/* are the tables as plain as it takes? */
	bool		converts;		/* are link columns of other types than keys? */
	M2mDirectKey key[2];		/* by side */
	Oid			unique_index;	/* that unique_key is for, if any */
	ScanKeyData *unique_key;	/* finds a pair there; without its values */

	/* columns that get a number from a sequence: those of orders */
	int			nnumbers;
	AttrNumber	number[2];
	Oid			sequence[2];
} M2mDirect;

/* What a call is going to do. */
typedef enum M2mDirectAction
{
	M2M_DIRECT_LINK = 1,
	M2M_DIRECT_UNLINK = 2,
	M2M_DIRECT_MOVE = 4			/* with both: linking is by UPDATE */
} M2mDirectAction;

/* An index of the association. */
typedef struct M2mDirectIndex
{
	Relation	index;
	IndexInfo  *info;
	int			natts;			/* with included columns */
	int			column[INDEX_MAX_KEYS]; /* of the pair, by index column; the
										 * left side's where both have it;
										 * from order->natts on,
										 * M2mDirect.number */
	bool		at_once;		/* is there such a number in it? */
	M2mIndexSort *sort;			/* entries are put here; NULL: made */
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
	bool		shut;			/* can nobody else write it?  for batches */
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
	int64		number[2];		/* of the row that is filled */
	M2mDirectGuess *guess[2];	/* of these; NULL: to be begun */
	uint32		token;			/* of speculative insertion; 0: not held */
	M2mRuleChange *rules;		/* NULL: there are none */
	TupleTableSlot *gone;		/* for these: a copy of a row being deleted */
	M2mDirectEndpoint endpoint[2];
} M2mDirectTable;

/* Links of one call being made; owned by link_batch.c. */
typedef struct M2mLinkBatch M2mLinkBatch;

/*
 * btree_look.c: looks many keys up in a B-tree index, a leaf page at a time
 */
extern M2mIndexLook *m2m_index_look_begin(Relation heap, M2mDirectIndex *index,
										  int room);
extern void m2m_index_look_put(M2mIndexLook *look, const Datum *key);
extern void m2m_index_look_perform(M2mIndexLook *look, M2mIndexEntry *entry);

/* direct_number.c: the numbers of links that have an order */
extern void m2m_direct_number(M2mDirectTable *table, Datum *pair);

/*
 * direct_row.c: what the direct path does with one link: looks for it, inserts
 * it, enters it into an index, checks its foreign keys
 */
extern void m2m_direct_fill(M2mDirectTable *table, TupleTableSlot *slot,
							Datum *pair);
extern void m2m_direct_read(M2mDirectTable *table, TupleTableSlot *slot,
							Datum *pair);
extern Datum m2m_direct_value(M2mDirectTable *table, int column, Datum value);
extern bool m2m_direct_exists(M2mDirectTable *table, Datum *pair);
extern bool m2m_direct_exists_at(M2mDirectTable *table, Datum *pair,
								 ItemPointer root);
extern bool m2m_direct_find(M2mDirectTable *table, Datum *pair);
extern void m2m_direct_check_mirror(M2mDirectTable *table, Datum *pair);
extern bool m2m_direct_fetch(M2mDirectTable *table, Datum *pair,
							 ItemPointer root);
extern bool m2m_direct_insert(M2mDirectTable *table, Datum *pair, bool look,
							  ItemPointer place);
extern void m2m_direct_end_speculation(M2mDirectTable *table);
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
									ItemPointer place, IndexUniqueCheck check);

/*
 * direct_table.c: the tables of a relationship as the direct path sees them:
 * whether they are plain enough, and opening them for a call
 */
extern M2mDirectTable *m2m_direct_open(M2mRelationship *rel, int actions);
extern void m2m_direct_unpin(M2mDirectTable *table);
extern bool m2m_direct_is_shut(M2mDirectTable *table);
extern void m2m_direct_linked(M2mDirectTable *table, Datum *pair);
extern void m2m_direct_close(M2mDirectTable *table);
extern int	m2m_direct_side_column(M2mDirectTable *table, M2mSide side,
								   int column);
extern bool m2m_direct_is_copy(M2mDirectTable *table, int column);
extern bool m2m_direct_counts(M2mDirectTable *table, Datum *pair);
extern bool m2m_direct_index_is_of_pairs(M2mDirectTable *table,
										 M2mDirectIndex *index);
extern M2mDirectIndex *m2m_direct_side_index(M2mDirectTable *table,
											 M2mSide side);

/*
 * link_direct.c: the links of rows of a side, found before any is changed
 */
extern M2mPairSort *m2m_direct_find_links(M2mDirectTable *table, M2mSide side,
										  M2mIds *ids, bool far_first);
extern bool m2m_direct_has_side_indexes(M2mDirectTable *table, M2mSide side);
extern void m2m_direct_fetch_link(M2mDirectTable *table, Datum *link);
extern bool m2m_direct_delete_link(M2mDirectTable *table, Datum *link,
								   M2mSide side);

/*
 * link_batch.c: the direct path for many pairs: the pairs of one call, linked
 * together
 */
extern M2mLinkBatch *m2m_batch_begin(M2mDirectTable *table, int64 count,
									 bool progress);
extern void m2m_batch_link_pairs(M2mLinkBatch *batch, M2mPairs *pairs);
extern bool m2m_batch_link_pair(M2mLinkBatch *batch, Datum *pair, bool look);
extern int64 m2m_batch_end(M2mLinkBatch *batch);

#endif							/* M2M_DIRECT_INTERNAL_H */
