/*
 * spi.c
 *		What is common to whoever runs SQL by SPI: the rows that it returns, plans
 *		that are kept, and those that are run by what is committed by now.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "execute.h"

static void lock_tables(SPIPlanPtr plan);
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
 * m2m_latest_begin: a plan that only reads is going to be executed by what is
 * committed by now, own changes included, at every isolation level.  Returns
 * what SPI is to be told as read_only, and m2m_latest_end() after it.
 *
 * The snapshot is taken when the plan's tables are locked: one of before would
 * find a table empty that ALTER TABLE has written anew while it was waited for.
 * Where SPI takes one of the transaction's, it sees to that itself.
 */
bool
m2m_latest_begin(SPIPlanPtr plan)
{
	/* the snapshot shows what was done by commands before the current one */
	CommandCounterIncrement();
	if (!IsolationUsesXactSnapshot())
		return false;
	lock_tables(plan);
	PushActiveSnapshot(GetLatestSnapshot());
	return true;
}

/* m2m_latest_end: ends what m2m_latest_begin() began and has returned. */
void
m2m_latest_end(bool read_only)
{
	if (read_only)
		PopActiveSnapshot();
}

/*
 * m2m_latest_row: runs a query of one row, by what is committed by now; the row
 * is in SPI_tuptable.  Connected to SPI.
 */
void
m2m_latest_row(const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	bool		read_only;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	read_only = m2m_latest_begin(plan);
	if (SPI_execute_plan(plan, NULL, NULL, read_only, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "SPI_execute_plan failed for \"%s\"", sql);
	m2m_latest_end(read_only);
}

/*
 * m2m_latest_write: executes a plan of one statement that writes, by what is
 * committed by now, as m2m_latest_begin() has it.  With seen, a row that it would
 * write and that the transaction's own snapshot does not show is 40001, as of a
 * foreign key's actions (ri_PerformCheck()).  Returns what SPI_execute_plan()
 * does.
 */
int
m2m_latest_write(SPIPlanPtr plan, Datum *values, bool seen)
{
	/* as m2m_sql() */
	if (list_length(SPI_plan_get_plan_sources(plan)) != 1)
		elog(ERROR, "not one statement");
	if (!IsolationUsesXactSnapshot())
		return SPI_execute_plan(plan, values, NULL, false, 0);
	CommandCounterIncrement();
	lock_tables(plan);
	return SPI_execute_snapshot(plan, values, NULL, GetLatestSnapshot(),
								seen ? GetTransactionSnapshot() : InvalidSnapshot,
								false, true, 0);
}

/* lock_tables: locks what a plan of one statement reads and writes. */
static void
lock_tables(SPIPlanPtr plan)
{
	CachedPlanSource *source = linitial(SPI_plan_get_plan_sources(plan));
	CachedPlan *cached = SPI_plan_get_cached_plan(plan);

	/* the locks stay until the transaction ends */
	if (cached == NULL)
		elog(ERROR, "plan is not one of a single statement");
	ReleaseCachedPlan(cached, source->is_saved ? CurrentResourceOwner : NULL);
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
