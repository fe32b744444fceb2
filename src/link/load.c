/*
 * load.c
 *		The pairs that a query returns, for m2m_load: read by a cursor, a
 *		thousand rows at a time, into pairs that spill to disk.
 *
 * While m2m_load runs, pg_stat_progress_copy shows it, as a COPY FROM into the
 * association: bytes while pairs are read, then links created (tuples
 * processed) and pairs passed over (tuples excluded).
 */
#include "postgres.h"

#include "commands/progress.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"

#include "execute.h"
#include "ids.h"
#include "link.h"
#include "m2m.h"
#include "text.h"

/* Rows that are fetched at a time. */
#define FETCH_ROWS 1000

/* Which columns of the query are which side's id. */
typedef struct QueryColumns
{
	M2mSide		side[2];		/* of the tables in the order of the call */
	int			first[2];		/* column, from 1, by that order */
	int			count[2];		/* as many as key columns, or one, or as many
								 * as are not shared */
	TupleDesc	desc;
} QueryColumns;

static void find_columns(M2mRelationship *rel, M2mSide first_side,
						 TupleDesc desc, QueryColumns *columns);
static void read_id(M2mRelationship *rel, QueryColumns *columns, int n,
					HeapTuple tuple, Datum *key, Datum *first);

/*
 * m2m_load_read: runs a query and returns the pairs that it gives: the key
 * columns of the call's first table, then those of the second, which may do
 * without those that both have.  A composite key may also be one column, a row.
 * Pairs may use half of work_mem.
 *
 * The query runs as the caller, with a snapshot of its own.  Errors: what the
 * query raises; 42P11 if it returns no rows; 42804 for other columns than
 * keys; 22004 for a null; 22023 for keys that differ in a shared column.
 */
M2mPairs *
m2m_load_read(M2mRelationship *rel, M2mSide first_side, const char *query,
			  bool progress)
{
	M2mPairs   *pairs = m2m_pairs_begin(rel, work_mem / 2);
	MemoryContext row_context;
	MemoryContext old;
	SPIParseOpenOptions options;
	QueryColumns columns;
	Portal		portal;
	Datum		key[2][INDEX_MAX_KEYS];
	int64		bytes = 0;

	/*
	 * All of it is read before the first link is written.  So the query may
	 * read the association, and never sees what comes of it; and no code of
	 * the query's runs while links are in that not all indexes lead to.
	 */
	SPI_connect();
	row_context = AllocSetContextCreate(CurrentMemoryContext, "m2m load row",
										ALLOCSET_SMALL_SIZES);
	memset(&options, 0, sizeof(options));
	portal = SPI_cursor_parse_open(NULL, query, &options);
	find_columns(rel, first_side, portal->tupDesc, &columns);
	for (;;)
	{
		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			HeapTuple	tuple = SPI_tuptable->vals[i];

			old = MemoryContextSwitchTo(row_context);
			for (int n = 0; n < 2; n++)
				read_id(rel, &columns, n, tuple, key[columns.side[n]],
						key[columns.side[0]]);
			m2m_keys_check_shared(rel, key[M2M_LEFT], key[M2M_RIGHT]);
			m2m_pairs_put(pairs, key[M2M_LEFT], key[M2M_RIGHT]);
			MemoryContextSwitchTo(old);
			MemoryContextReset(row_context);
			bytes += tuple->t_len;
		}
		SPI_freetuptable(SPI_tuptable);
		if (progress)
			pgstat_progress_update_param(PROGRESS_COPY_BYTES_PROCESSED,
										 bytes);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_cursor_close(portal);
	SPI_finish();
	return pairs;
}

/*
 * find_columns: which columns of the query are the ids.  Error 42804 if they
 * are not as many as the keys have.
 */
static void
find_columns(M2mRelationship *rel, M2mSide first_side, TupleDesc desc,
			 QueryColumns *columns)
{
	int			nfirst = rel->side[first_side].nkeys;
	int			nsecond = rel->side[M2M_OTHER(first_side)].nkeys;
	int			nshort = nsecond - rel->nshared;

	columns->desc = desc;
	columns->side[0] = first_side;
	columns->side[1] = M2M_OTHER(first_side);
	columns->first[0] = 1;
	if (desc != NULL && desc->natts == nfirst + nsecond)
	{
		columns->count[0] = nfirst;
		columns->count[1] = nsecond;
	}
	else if (desc != NULL && desc->natts == 2)
		columns->count[0] = columns->count[1] = 1;
	else if (desc != NULL && nshort > 0 && desc->natts == nfirst + nshort)
	{
		columns->count[0] = nfirst;
		columns->count[1] = nshort;
	}
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("query must return the keys of \"%s\" and \"%s\"",
						get_rel_name(rel->side[first_side].relid),
						get_rel_name(rel->side[M2M_OTHER(first_side)].relid)),
				 errdetail_plural("It returns %d column, and the keys have %d and %d.",
								  "It returns %d columns, and the keys have %d and %d.",
								  desc ? desc->natts : 0,
								  desc ? desc->natts : 0, nfirst, nsecond),
				 errhint("Name the key columns after SELECT, in the order of the tables.")));
	columns->first[1] = columns->first[0] + columns->count[0];
}

/*
 * read_id: the key of the first (n = 0) or second table from a row.  The
 * second may be short of what it shares with the first, which was read before.
 */
static void
read_id(M2mRelationship *rel, QueryColumns *columns, int n, HeapTuple tuple,
		Datum *key, Datum *first)
{
	M2mSide		side = columns->side[n];
	M2mEndpoint *endpoint = &rel->side[side];
	int			k = 0;			/* of the key's columns */
	bool		is_short = false;

	for (int i = 0; i < columns->count[n]; i++)
	{
		int			c = columns->first[n] + i;
		Oid			type = TupleDescAttr(columns->desc, c - 1)->atttypid;
		bool		isnull;
		Datum		value = heap_getattr(tuple, c, columns->desc, &isnull);

		m2m_ids_check_null(isnull, endpoint->relid);
		if (columns->count[n] == endpoint->nkeys)
			key[i] = m2m_key_coerce(rel, side, i, value, type);
		else if (columns->count[n] > 1)
		{
			while (endpoint->key[k].shared > 0)
				k++;
			key[k] = m2m_key_coerce(rel, side, k, value, type);
			k++;
			is_short = true;
		}
		else
		{
			M2mIds	   *ids = m2m_ids_read(rel, side, value, type,
										   M2M_ID_SCALAR, n == 1);

			memcpy(key, ids->value, sizeof(Datum) * ids->nkeys);
			is_short = ids->is_short != NULL && ids->is_short[0];
		}
	}
	if (is_short)
		m2m_key_complete(rel, side, key, first);
}

/*
 * m2m_load_lock: lets nobody else write the association until the end of the
 * transaction.  By the command, which asks for the right to do that.  The
 * caller holds nothing above ACCESS SHARE on it.  Error 42501.
 *
 * What the caller does hold keeps the table's name, by which the command goes,
 * what it is.  Its schema's nothing keeps: while we wait, shop.author_book may
 * become store.author_book, and another be made in its place.  Then it is the
 * other that was locked, and links would be written with no lock against what
 * must not run beside (CREATE INDEX, for one); so we look, and try again by
 * the new name.
 */
void
m2m_load_lock(M2mRelationship *rel)
{
	do
	{
		m2m_sql(psprintf("LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE",
						 m2m_qualified_name(rel->association)));
	} while (!m2m_relation_locked_by_me(rel->association, ShareRowExclusiveLock));
}

/*
 * m2m_load_begin: begins to show progress; returns false if another command
 * of this backend does so already, which a statement around us may be: there is
 * one place for both.  After an error AbortTransaction() or
 * AbortSubTransaction() ends it.
 */
bool
m2m_load_begin(M2mRelationship *rel)
{
	const int	params[] = {PROGRESS_COPY_COMMAND, PROGRESS_COPY_TYPE};
	const int64 values[] = {
		PROGRESS_COPY_COMMAND_FROM, PROGRESS_COPY_TYPE_CALLBACK
	};

	if (MyBEEntry == NULL ||
		MyBEEntry->st_progress_command != PROGRESS_COMMAND_INVALID)
		return false;
	pgstat_progress_start_command(PROGRESS_COMMAND_COPY, rel->association);
	pgstat_progress_update_multi_param(2, params, values);
	return true;
}

/* m2m_load_end: ends what m2m_load_begin() began. */
void
m2m_load_end(bool progress)
{
	if (progress)
		pgstat_progress_end_command();
}
