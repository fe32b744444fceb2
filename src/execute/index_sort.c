/*
 * index_sort.c
 *		Entries of a B-tree index for many rows, made in the index's own order.
 *
 * Rows that come in another order would each go to another page.  Whoever makes
 * entries later than their rows sees to it that nobody misses them until then.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/itup.h"
#include "miscadmin.h"
#include "utils/rel.h"
#include "utils/tuplesort.h"

#include "execute.h"

struct M2mIndexSort
{
	Relation	heap;
	Relation	index;
	Tuplesortstate *sort;
};

/*
 * m2m_index_sort_begin: for entries of an index, which is open and not unique,
 * in CurrentMemoryContext and so much memory; beyond that in temporary files.
 */
M2mIndexSort *
m2m_index_sort_begin(Relation heap, Relation index, int work_kb)
{
	M2mIndexSort *result = palloc(sizeof(M2mIndexSort));

	result->heap = heap;
	result->index = index;
	result->sort = tuplesort_begin_index_btree(heap, index, false, false,
											   Max(work_kb, 64), NULL,
											   TUPLESORT_NONE);
	return result;
}

/* m2m_index_sort_put: the entry of a row at a place; values are copied. */
void
m2m_index_sort_put(M2mIndexSort *sort, Datum *values, bool *isnull,
				   ItemPointer place)
{
	tuplesort_putindextuplevalues(sort->sort, sort->index, place, values,
								  isnull);
}

/* m2m_index_sort_end: makes the entries, and releases all but the index. */
void
m2m_index_sort_end(M2mIndexSort *sort, IndexInfo *info)
{
	TupleDesc	desc = RelationGetDescr(sort->index);
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];
	IndexTuple	entry;

	tuplesort_performsort(sort->sort);
	while ((entry = tuplesort_getindextuple(sort->sort, true)) != NULL)
	{
		index_deform_tuple(entry, desc, values, isnull);
		index_insert(sort->index, values, isnull, &entry->t_tid, sort->heap,
					 UNIQUE_CHECK_NO, false, info);
		CHECK_FOR_INTERRUPTS();
	}
	tuplesort_end(sort->sort);
	pfree(sort);
}
