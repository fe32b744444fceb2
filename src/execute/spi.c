/*
 * spi.c
 *		What is common to whoever runs SQL by SPI: the rows that it returns, and
 *		plans that are kept.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "execute.h"

static void free_plan(void *arg);

/*
 * m2m_spi_put_rows: puts the rows of a table that are the first column of
 * SPI_tuptable into a function's result, which is of that table's type: as they
 * are, with places for columns that were dropped.  If most is not negative, so
 * many at most.  Frees SPI_tuptable; returns how many there were.
 */
int64
m2m_spi_put_rows(Tuplestorestate *store, int64 most)
{
	int64		n = SPI_processed;

	if (most >= 0)
		n = Min(n, most);
	for (int64 i = 0; i < n; i++)
	{
		bool		isnull;
		HeapTupleHeader row =
			DatumGetHeapTupleHeader(SPI_getbinval(SPI_tuptable->vals[i],
												  SPI_tuptable->tupdesc, 1,
												  &isnull));
		HeapTupleData tuple;

		Assert(!isnull);
		tuple.t_len = HeapTupleHeaderGetDatumLength(row);
		ItemPointerSetInvalid(&tuple.t_self);
		tuple.t_tableOid = InvalidOid;
		tuple.t_data = row;
		tuplestore_puttuple(store, &tuple);
	}
	SPI_freetuptable(SPI_tuptable);
	return n;
}

/*
 * m2m_plan_retire: puts a kept plan aside that another replaces.  A call
 * further up the stack, whose trigger has called us, may be executing it, so
 * it is freed when the transaction is over, as its memory is.
 */
void
m2m_plan_retire(SPIPlanPtr plan)
{
	MemoryContextCallback *callback =
		MemoryContextAllocZero(TopTransactionContext,
							   sizeof(MemoryContextCallback));

	callback->func = free_plan;
	callback->arg = plan;
	MemoryContextRegisterResetCallback(TopTransactionContext, callback);
}

/* free_plan: a reset callback. */
static void
free_plan(void *arg)
{
	SPI_freeplan(arg);
}
