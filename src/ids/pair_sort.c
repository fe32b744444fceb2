/*
 * pair_sort.c
 *		Sorts pairs of keys, with or without a number behind them.
 *
 * A tuplesort does it, within the memory that it is given and beyond that in
 * temporary files.  But where each side's key is one column passed by value,
 * as most keys are, pairs wait in a plain array for as long as they fit: 16
 * bytes each instead of some 80, and no allocation for each.  When the array
 * has outgrown its memory, all move to a tuplesort.
 *
 * Rows of integers go there as a string of bytes that compares as they do: 20
 * bytes of a temporary file instead of some 40, and one comparison of memory
 * instead of one of each column, most of them by abbreviated key.
 *
 * Many integers are first dealt out by their highest bits, which puts every row
 * into one of some thousand parts at its place in the array; each of these is
 * then sorted, in the processor's cache and with half as many comparisons.
 *
 * Neither sort keeps the order of rows that compare equal, and nobody needs it:
 * pairs that are equal are the same, byte by byte, or have their number as the
 * last sort key.
 */
#include "postgres.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"
#include "utils/uuid.h"

#include "ids.h"
#include "m2m.h"

/* Parts that an array is dealt out to, and rows from which on it pays. */
#define PART_BITS 11
#define NPARTS (1 << PART_BITS)
#define PARTED_ROWS (8 * NPARTS)

/* Rows of the array: a pair, and a pair with a number. */
typedef struct PairRow
{
	Datum		value[2];
} PairRow;

typedef struct PairNumberRow
{
	Datum		value[3];
} PairNumberRow;

struct M2mPairSort
{
	TupleDesc	desc;
	int			natts;
	int			nkeys;
	int			key[INDEX_MAX_KEYS * 2 + 1];	/* columns to sort by, from 0 */
	M2mPairOrder *order;
	MemoryContext context;
	int			work_kb;

	/* array, until there is a tuplesort */
	bool		integers;		/* do keys compare as int64? */
	SortSupportData ssup[2];	/* by sort key */
	Datum	   *row;
	Size		nrows;
	Size		room;			/* rows allocated */
	Size		next;			/* row to be returned */

	Tuplesortstate *sort;
	TupleTableSlot *slot;		/* NULL: rows are strings of bytes */

	/* strings of bytes */
	int			column[3];		/* columns in their order: sort keys first */
	int			width;			/* bytes */
	bool		as_uuid;		/* or else bytea */
	Datum		value[3];		/* the row got last */
};

static bool fits_array(M2mPairSort *sort);
static void prepare_key(M2mPairSort *sort, int i);
static bool make_room(M2mPairSort *sort);
static void sort_rows(M2mPairSort *sort, Size first, Size count);
static void sort_in_parts(M2mPairSort *sort);
static void find_range(M2mPairSort *sort, int column, int64 *min, int64 *max);
static void deal_out(M2mPairSort *sort, int column, int64 min, int shift,
					 Size *end);
static void begin_tuplesort(M2mPairSort *sort);
static void begin_bytes_sort(M2mPairSort *sort);
static void begin_tuples_sort(M2mPairSort *sort);
static void put_tuple(M2mPairSort *sort, const Datum *row);
static void put_bytes(M2mPairSort *sort, const Datum *row);
static Datum *get_bytes(M2mPairSort *sort);

/*
 * compare_rows: by the two sort keys.  None is null.
 */
static inline int
compare_rows(const Datum *a, const Datum *b, M2mPairSort *sort)
{
	for (int i = 0; i < sort->nkeys; i++)
	{
		int			c = sort->key[i];
		int			result;

		if (a[c] == b[c])
			continue;
		result = sort->ssup[i].comparator(a[c], b[c], &sort->ssup[i]);
		if (result != 0)
			return result;
	}
	return 0;
}

/*
 * compare_integer_rows: the same where both columns compare as int64, in what
 * is nearly always the case.
 */
static inline int
compare_integer_rows(const Datum *a, const Datum *b, M2mPairSort *sort)
{
	for (int i = 0; i < 2; i++)
	{
		int64		left = DatumGetInt64(a[sort->key[i]]);
		int64		right = DatumGetInt64(b[sort->key[i]]);

		if (left != right)
			return left < right ? -1 : 1;
	}
	return 0;
}

#define ST_SORT sort_pair_rows
#define ST_ELEMENT_TYPE PairRow
#define ST_COMPARE(a, b, arg) compare_rows((a)->value, (b)->value, (arg))
#define ST_COMPARE_ARG_TYPE M2mPairSort
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_pair_number_rows
#define ST_ELEMENT_TYPE PairNumberRow
#define ST_COMPARE(a, b, arg) compare_rows((a)->value, (b)->value, (arg))
#define ST_COMPARE_ARG_TYPE M2mPairSort
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_integer_pair_rows
#define ST_ELEMENT_TYPE PairRow
#define ST_COMPARE(a, b, arg) compare_integer_rows((a)->value, (b)->value, (arg))
#define ST_COMPARE_ARG_TYPE M2mPairSort
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_integer_pair_number_rows
#define ST_ELEMENT_TYPE PairNumberRow
#define ST_COMPARE(a, b, arg) compare_integer_rows((a)->value, (b)->value, (arg))
#define ST_COMPARE_ARG_TYPE M2mPairSort
#define ST_CHECK_FOR_INTERRUPTS
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * m2m_pair_sort_begin: a sort of pairs in CurrentMemoryContext, which may use
 * work_kb of memory.  desc is one of the row types of the order.  By its first
 * nkeys columns, or by those that key names, from 0.
 */
M2mPairSort *
m2m_pair_sort_begin(M2mPairOrder *order, TupleDesc desc, int nkeys,
					const int *key, int work_kb)
{
	M2mPairSort *sort = palloc0(sizeof(M2mPairSort));

	sort->order = order;
	sort->desc = desc;
	sort->natts = desc->natts;
	sort->context = CurrentMemoryContext;
	sort->work_kb = Max(work_kb, 64);
	sort->nkeys = nkeys;
	for (int i = 0; i < sort->nkeys; i++)
		sort->key[i] = key ? key[i] : i;
	if (fits_array(sort))
	{
		sort->integers = sort->nkeys == 2;
		for (int i = 0; i < sort->nkeys; i++)
			prepare_key(sort, i);
	}
	else
		begin_tuplesort(sort);
	return sort;
}

/*
 * fits_array: are rows a pair, or a pair with a number, passed by value, and
 * sorted by no more than two columns?
 */
static bool
fits_array(M2mPairSort *sort)
{
	/* a number as third sort key is for pairs of which equal ones can differ */
	if (sort->order->natts != 2 || sort->nkeys > 2)
		return false;
	for (int i = 0; i < sort->natts; i++)
	{
		if (!TupleDescAttr(sort->desc, i)->attbyval)
			return false;
	}
	return true;
}

/* prepare_key: how to compare the columns of one sort key. */
static void
prepare_key(M2mPairSort *sort, int i)
{
	SortSupport ssup = &sort->ssup[i];
	int			c = sort->key[i];

	ssup->ssup_cxt = sort->context;
	ssup->ssup_collation = c < sort->order->natts ?
		sort->order->column[c].collation : InvalidOid;
	ssup->ssup_nulls_first = false;
	ssup->abbreviate = false;
	PrepareSortSupportFromOrderingOp(c < sort->order->natts ?
									 sort->order->column[c].less :
									 Int8LessOperator, ssup);

	/* clean Datums compare as int64; see m2m_datum_clean() */
#if SIZEOF_DATUM >= 8
	if (!(c < sort->order->natts && sort->order->column[c].integer) &&
		ssup->comparator != ssup_datum_int32_cmp &&
		ssup->comparator != ssup_datum_signed_cmp)
#endif
		sort->integers = false;
}

/*
 * m2m_pair_sort_put: adds a row; values are copied.
 */
void
m2m_pair_sort_put(M2mPairSort *sort, const Datum *row)
{
	if (sort->sort == NULL &&
		(sort->nrows < sort->room || make_room(sort)))
	{
		memcpy(sort->row + sort->nrows * sort->natts, row,
			   sizeof(Datum) * sort->natts);
		sort->nrows++;
	}
	else
		put_tuple(sort, row);
}

/*
 * make_room: enlarges the array; or, if it has no right to more memory, moves
 * all rows to a tuplesort and returns false.
 */
static bool
make_room(M2mPairSort *sort)
{
	Size		row_size = sizeof(Datum) * sort->natts;
	Size		most = (Size) sort->work_kb * 1024 / row_size;
	Size		room = sort->room == 0 ? Min(64, most) : sort->room * 2;

	/*
	 * For the time of the move both are there: twice the memory, as hash
	 * tables and repalloc() take it when they grow.
	 */
	if (sort->nrows >= most)
	{
		begin_tuplesort(sort);
		for (Size i = 0; i < sort->nrows; i++)
		{
			put_tuple(sort, sort->row + i * sort->natts);
			if ((i & 1023) == 0)
				CHECK_FOR_INTERRUPTS();
		}
		pfree(sort->row);
		sort->row = NULL;
		return false;
	}

	/* in the sort's context, whatever the caller's is, which he may reset */
	room = Min(room, most);
	if (sort->row == NULL)
		sort->row = MemoryContextAllocHuge(sort->context, room * row_size);
	else
		sort->row = repalloc_huge(sort->row, room * row_size);
	sort->room = room;
	return true;
}

/* begin_tuplesort: has a tuplesort do the rest. */
static void
begin_tuplesort(M2mPairSort *sort)
{
	MemoryContext old = MemoryContextSwitchTo(sort->context);

	if (sort->integers)
		begin_bytes_sort(sort);
	else
		begin_tuples_sort(sort);
	MemoryContextSwitchTo(old);
}

/*
 * begin_bytes_sort: of rows as strings of bytes, which are uuids where these
 * are long enough, since a tuplesort of a type of fixed length takes least.
 * Both types compare by memcmp(), and have abbreviated keys.
 */
static void
begin_bytes_sort(M2mPairSort *sort)
{
	TypeCacheEntry *type;
	int			n = 0;

	for (int i = 0; i < sort->nkeys; i++)
		sort->column[n++] = sort->key[i];
	for (int i = sort->nkeys; i < sort->natts; i++)
		sort->column[n++] = i;
	Assert(n == sort->natts && n <= (int) lengthof(sort->column));
	sort->width = n * sizeof(int64);
	sort->as_uuid = sort->width <= UUID_LEN;
	type = lookup_type_cache(sort->as_uuid ? UUIDOID : BYTEAOID,
							 TYPECACHE_LT_OPR);
	sort->sort = tuplesort_begin_datum(type->type_id, type->lt_opr, InvalidOid,
									   false, sort->work_kb, NULL,
									   TUPLESORT_NONE);
}

/* begin_tuples_sort: of rows as tuples, whatever their columns. */
static void
begin_tuples_sort(M2mPairSort *sort)
{
	AttrNumber *attnum = palloc_array(AttrNumber, sort->nkeys);
	Oid		   *operator = palloc_array(Oid, sort->nkeys);
	Oid		   *collation = palloc_array(Oid, sort->nkeys);
	bool	   *nulls_first = palloc0_array(bool, sort->nkeys);

	for (int i = 0; i < sort->nkeys; i++)
	{
		int			c = sort->key[i];

		attnum[i] = c + 1;
		operator[i] = c < sort->order->natts ? sort->order->column[c].less :
			Int8LessOperator;
		collation[i] = c < sort->order->natts ?
			sort->order->column[c].collation : InvalidOid;
	}
	sort->sort = tuplesort_begin_heap(sort->desc, sort->nkeys, attnum,
									  operator, collation, nulls_first,
									  sort->work_kb, NULL, TUPLESORT_NONE);
	sort->slot = MakeSingleTupleTableSlot(sort->desc, &TTSOpsMinimalTuple);
}

/* put_tuple: adds a row to the tuplesort. */
static void
put_tuple(M2mPairSort *sort, const Datum *row)
{
	if (sort->slot == NULL)
	{
		put_bytes(sort, row);
		return;
	}
	ExecClearTuple(sort->slot);
	memcpy(sort->slot->tts_values, row, sizeof(Datum) * sort->natts);
	memset(sort->slot->tts_isnull, false, sort->natts);
	ExecStoreVirtualTuple(sort->slot);
	tuplesort_puttupleslot(sort->sort, sort->slot);
}

/*
 * put_bytes: adds a row as a string of bytes: its integers one after the other,
 * each with the highest byte first, and counted from the least that there is,
 * so that memcmp() orders them.
 */
static void
put_bytes(M2mPairSort *sort, const Datum *row)
{
	union
	{
		struct varlena header;
		pg_uuid_t	uuid;
		char		data[VARHDRSZ + sizeof(uint64) * lengthof(sort->column)];
	}			bytes;
	char	   *to = bytes.data + (sort->as_uuid ? 0 : VARHDRSZ);

	for (int i = 0; i < sort->natts; i++)
	{
		uint64		number = (uint64) DatumGetInt64(row[sort->column[i]]) ^
			UINT64CONST(1) << 63;

		number = pg_hton64(number);
		memcpy(to + i * sizeof(number), &number, sizeof(number));
	}
	if (!sort->as_uuid)
		SET_VARSIZE(&bytes.header, VARHDRSZ + sort->width);
	tuplesort_putdatum(sort->sort, PointerGetDatum(&bytes), false);
}

/* get_bytes: the next row of those; NULL after the last. */
static Datum *
get_bytes(M2mPairSort *sort)
{
	Datum		bytes;
	bool		isnull;
	char	   *from;

	if (!tuplesort_getdatum(sort->sort, true, false, &bytes, &isnull, NULL))
		return NULL;
	from = (char *) DatumGetPointer(bytes) + (sort->as_uuid ? 0 : VARHDRSZ);
	for (int i = 0; i < sort->natts; i++)
	{
		uint64		number;

		memcpy(&number, from + i * sizeof(number), sizeof(number));
		number = pg_ntoh64(number) ^ UINT64CONST(1) << 63;
		sort->value[sort->column[i]] = Int64GetDatum((int64) number);
	}
	m2m_sorted_datum_free(bytes);
	return sort->value;
}

/*
 * m2m_pair_sort_perform: sorts; then no row can be put, and all be got.
 */
void
m2m_pair_sort_perform(M2mPairSort *sort)
{
	if (sort->sort != NULL)
		tuplesort_performsort(sort->sort);
	else if (sort->integers && sort->nrows >= PARTED_ROWS)
		sort_in_parts(sort);
	else
		sort_rows(sort, 0, sort->nrows);
}

/* sort_rows: sorts rows of the array, from one on. */
static void
sort_rows(M2mPairSort *sort, Size first, Size count)
{
	Datum	   *row = sort->row + first * sort->natts;

	if (sort->integers && sort->natts == 2)
		sort_integer_pair_rows((PairRow *) row, count, sort);
	else if (sort->integers)
		sort_integer_pair_number_rows((PairNumberRow *) row, count, sort);
	else if (sort->natts == 2)
		sort_pair_rows((PairRow *) row, count, sort);
	else
		sort_pair_number_rows((PairNumberRow *) row, count, sort);
}

/*
 * sort_in_parts: sorts integers by parts.  By the first sort key's highest bits
 * that differ; where most rows have the same, the parts are no equal ones, and
 * that is all.
 */
static void
sort_in_parts(M2mPairSort *sort)
{
	int			column = sort->key[0];
	Size	   *end = palloc_array(Size, NPARTS);
	Size		first = 0;
	int64		min;
	int64		max;
	uint64		range;
	int			shift = 0;

	find_range(sort, column, &min, &max);
	range = (uint64) max - (uint64) min;
	while (range >> shift >= NPARTS)
		shift++;
	deal_out(sort, column, min, shift, end);
	for (int i = 0; i < NPARTS; i++)
	{
		if (end[i] > first + 1)
			sort_rows(sort, first, end[i] - first);
		first = end[i];
	}
	pfree(end);
}

/* find_range: the least and the greatest value of a column. */
static void
find_range(M2mPairSort *sort, int column, int64 *min, int64 *max)
{
	*min = PG_INT64_MAX;
	*max = PG_INT64_MIN;
	for (Size i = 0; i < sort->nrows; i++)
	{
		int64		value = DatumGetInt64(sort->row[i * sort->natts + column]);

		*min = Min(*min, value);
		*max = Max(*max, value);
	}
}

/*
 * deal_out: moves each row to the part that the bits of a column above shift
 * say, which ends before row end[part] then.
 */
static void
deal_out(M2mPairSort *sort, int column, int64 min, int shift, Size *end)
{
	Size	   *next = palloc0_array(Size, NPARTS);
	int			natts = sort->natts;
	Size		first = 0;

#define PART_OF(row) \
	(((uint64) DatumGetInt64((row)[column]) - (uint64) min) >> shift)

	for (Size i = 0; i < sort->nrows; i++)
		next[PART_OF(sort->row + i * natts)]++;
	for (int i = 0; i < NPARTS; i++)
	{
		end[i] = first + next[i];
		next[i] = first;
		first = end[i];
	}

	/* each swap brings one row to its part for good */
	for (int i = 0; i < NPARTS; i++)
	{
		CHECK_FOR_INTERRUPTS();
		while (next[i] < end[i])
		{
			Datum	   *row = sort->row + next[i] * natts;
			Size		part = PART_OF(row);
			Datum	   *to = sort->row + next[part]++ * natts;

			for (int k = 0; to != row && k < natts; k++)
			{
				Datum		value = row[k];

				row[k] = to[k];
				to[k] = value;
			}
		}
	}
#undef PART_OF
	pfree(next);
}

/*
 * m2m_pair_sort_get: the next row, NULL after the last.  It is good until the
 * next call.
 */
Datum *
m2m_pair_sort_get(M2mPairSort *sort)
{
	if (sort->sort == NULL)
		return sort->next < sort->nrows ?
			sort->row + sort->natts * sort->next++ : NULL;
	if (sort->slot == NULL)
		return get_bytes(sort);
	if (!tuplesort_gettupleslot(sort->sort, true, false, sort->slot, NULL))
		return NULL;
	slot_getallattrs(sort->slot);
	return sort->slot->tts_values;
}

/*
 * m2m_pair_sort_end: releases memory and temporary files.
 */
void
m2m_pair_sort_end(M2mPairSort *sort)
{
	if (sort->sort != NULL)
	{
		tuplesort_end(sort->sort);
		if (sort->slot != NULL)
			ExecDropSingleTupleTableSlot(sort->slot);
	}
	if (sort->row != NULL)
		pfree(sort->row);
	pfree(sort);
}
