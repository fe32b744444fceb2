/*
 * direct_number.c
 *		The numbers that links get which have an order.
 *
 * Of a sparse order they are the sequence's.  Those of a dense one are guessed:
 * behind the last that the row has now, whether that is committed or not.  Only
 * the rule can tell whether the guess was right, under a lock that it takes when
 * all links are in (../rule/order.c); so nothing here has to be exact.  Two keys
 * of the same hash are taken for one: their numbers are wrong, and put right.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/pg_am.h"
#include "commands/sequence.h"
#include "common/hashfn.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "direct_internal.h"
#include "ids.h"
#include "m2m.h"
#include "rule.h"

/* The number that the last link of a key has. */
typedef struct LastNumber
{
	uint32		hash;			/* of the key */
	int64		number;
	char		status;
} LastNumber;

#define SH_PREFIX last
#define SH_ELEMENT_TYPE LastNumber
#define SH_KEY_TYPE uint32
#define SH_KEY hash
#define SH_HASH_KEY(tb, key) murmurhash32(key)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Guessing the numbers of one column. */
struct M2mDirectGuess
{
	M2mSide		side;			/* whose rows' links have the order */
	int64		first;
	int64		half;			/* numbers are smaller than that */
	M2mDirectIndex *index;		/* over key and number; NULL: no guess */
	FmgrInfo   *hash[INDEX_MAX_KEYS];
	last_hash  *last;
};

static M2mDirectGuess *begin_guess(M2mDirectTable *table, int i);
static bool guess(M2mDirectTable *table, int i, Datum *pair, int64 *number);
static int64 last_number(M2mDirectTable *table, M2mDirectGuess *g, int i,
						 Datum *key);

/*
 * m2m_direct_number: the numbers for a row that is going to be inserted, in
 * table->number.  As for an identity column, whoever inserts needs no right on
 * the sequence.
 */
void
m2m_direct_number(M2mDirectTable *table, Datum *pair)
{
	for (int i = 0; i < table->direct->nnumbers; i++)
	{
		if (!guess(table, i, pair, &table->number[i]))
			table->number[i] = nextval_internal(table->direct->sequence[i],
												false);
	}
}

/*
 * guess: the number behind those that the pair's row has; false where it is
 * the sequence that says, for good or until the rule does.
 */
static bool
guess(M2mDirectTable *table, int i, Datum *pair, int64 *number)
{
	M2mDirectGuess *g = table->guess[i];
	Datum	   *key;
	uint32		hash = 0;
	LastNumber *last;
	bool		found;
	int			first;

	if (g == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(table->context);

		g = table->guess[i] = begin_guess(table, i);
		MemoryContextSwitchTo(old);
	}
	if (g->index == NULL)
		return false;
	first = g->side == M2M_LEFT ? 0 : table->order->nleft;
	key = pair + first;
	for (int k = 0; k < table->rel->side[g->side].nkeys; k++)
	{
		M2mPairColumn *column = &table->order->column[first + k];

		hash = hash_combine(hash, column->integer ?
							murmurhash32((uint32) DatumGetInt64(key[k])) ^
							(uint32) (DatumGetInt64(key[k]) >> 32) :
							DatumGetUInt32(FunctionCall1Coll(g->hash[k],
															 column->collation,
															 key[k])));
	}
	last = last_insert(g->last, hash, &found);
	if (!found)
		last->number = last_number(table, g, i, key);
	if (last->number >= g->half - 1)
		return false;
	*number = ++last->number;
	return true;
}

/*
 * begin_guess: what guessing the numbers of a column takes; without an index
 * where it cannot be, or has not to be.
 */
static M2mDirectGuess *
begin_guess(M2mDirectTable *table, int i)
{
	M2mDirectGuess *g = palloc0(sizeof(M2mDirectGuess));
	int			nkeys;
	int			first;

	if (!m2m_order_dense(table->rel, table->direct->number[i], &g->side,
						 &g->first, &g->half))
		return g;
	nkeys = table->rel->side[g->side].nkeys;
	first = g->side == M2M_LEFT ? 0 : table->order->nleft;
	for (int k = 0; k < nkeys; k++)
	{
		TypeCacheEntry *type;

		if (table->order->column[first + k].integer)
			continue;
		type = lookup_type_cache(TupleDescAttr(table->rel->pair_desc,
											   first + k)->atttypid,
								 TYPECACHE_HASH_PROC_FINFO);
		if (!OidIsValid(type->hash_proc_finfo.fn_oid))
			return g;
		g->hash[k] = &type->hash_proc_finfo;
	}
	for (int n = 0; n < table->nindexes && g->index == NULL; n++)
	{
		M2mDirectIndex *index = &table->index[n];
		bool		fits = index->index->rd_rel->relam == BTREE_AM_OID &&
			index->index->rd_index->indnkeyatts > nkeys &&
			index->column[nkeys] == table->order->natts + i;

		for (int k = 0; fits && k < nkeys; k++)
			fits = m2m_direct_side_column(table, g->side,
										  index->column[k]) >= 0;
		if (fits)
			g->index = index;
	}
	g->last = last_create(CurrentMemoryContext, 16, NULL);
	return g;
}

/*
 * last_number: the greatest number of a row's links, or the one before the first.
 * Also of links that others are just making, as they are likely to be there by
 * the time that the rule looks.
 */
static int64
last_number(M2mDirectTable *table, M2mDirectGuess *g, int i, Datum *key)
{
	MemoryContext old = MemoryContextSwitchTo(table->context);
	SnapshotData dirty;
	IndexScanDesc scan;
	int64		result = g->first - 1;

	InitDirtySnapshot(dirty);
	scan = m2m_direct_side_scan(table, g->index, g->side, &dirty);
	m2m_direct_side_rescan(table, g->index, scan, g->side, key);
	while (index_getnext_slot(scan, BackwardScanDirection, table->found))
	{
		AttrNumber	attnum = table->direct->number[i];
		Oid			type = TupleDescAttr(RelationGetDescr(table->association),
										 attnum - 1)->atttypid;
		bool		isnull;
		Datum		value = slot_getattr(table->found, attnum, &isnull);
		int64		number = type == INT2OID ? DatumGetInt16(value) :
			type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);

		/* a provisional one is of a statement that has not ended */
		if (isnull || number >= g->half)
			continue;
		result = Max(result, number);
		break;
	}
	ExecClearTuple(table->found);
	index_endscan(scan);
	MemoryContextSwitchTo(old);
	return result;
}
