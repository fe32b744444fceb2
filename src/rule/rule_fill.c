/*
 * rule_fill.c
 *		Computing what is due when a rule is switched on over links that there
 *		are already: one statement, and word of it where they are many.
 *
 * PostgreSQL shows the progress of its own commands in pg_stat_progress_*, to
 * which an extension can add none.  What it offers are messages, which reach
 * the client at once, while the statement runs.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "optimizer/plancat.h"
#include "tcop/dest.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "execute.h"
#include "m2m.h"
#include "rule_internal.h"

/* Links from which on there is something to tell. */
#define MANY_LINKS 1000000

/* Counts the rows that a statement returns, and tells of them now and then. */
typedef struct Counting
{
	DestReceiver receiver;
	const char *rule;
	const char *table;
	uint64		n;
	uint64		step;			/* 0: says nothing */
	double		expected;
} Counting;

static double about(Oid relid);
static void start_counting(DestReceiver *self, int operation, TupleDesc desc);
static bool count_row(TupleTableSlot *slot, DestReceiver *self);
static void end_counting(DestReceiver *self);

/*
 * m2m_rule_announce: a NOTICE that a rule is going to look at many links;
 * returns whether they are.
 */
bool
m2m_rule_announce(M2mRelationship *rel, const char *rule)
{
	double		links = about(rel->association);

	if (links < MANY_LINKS)
		return false;
	ereport(NOTICE,
			(errmsg("rule \"%s\" looks at about %.0f links of \"%s\"", rule,
					links, get_rel_name(rel->association)),
			 errdetail("Nobody else writes links until this transaction ends.")));
	return true;
}

/*
 * m2m_rule_fill: runs an INSERT or UPDATE as the caller, who owns the tables,
 * past policies of his own, with a NOTICE for each tenth of the rows of a table
 * that it is about.  By what is committed by now, also in REPEATABLE READ and
 * above, as ALTER TABLE writes a table: nobody else writes it, and what is new
 * must not be left out.
 */
void
m2m_rule_fill(M2mRelationship *rel, const char *rule, const char *sql,
			  Oid table)
{
	Counting	counting = {{count_row, start_counting, end_counting,
	end_counting, DestNone},
	rule, get_rel_name(table), 0, 0, 0
	};
	SPIExecuteOptions options = {.dest = &counting.receiver};
	int			security;

	if (m2m_rule_announce(rel, rule))
	{
		counting.expected = about(table);
		counting.step = Max(1, (uint64) (counting.expected / 10));
	}
	/* SPI has no receiver of rows for a snapshot that is given to it */
	if (IsolationUsesXactSnapshot())
	{
		m2m_rule_sql(sql);
		return;
	}
	security = m2m_policies_past();
	SPI_connect();
	if (SPI_execute_extended(psprintf("%s RETURNING NULL", sql), &options) < 0)
		elog(ERROR, "SPI_execute_extended failed for \"%s\"", sql);
	SPI_finish();
	m2m_policies_back(security);
}

/*
 * m2m_rule_sql: one INSERT, UPDATE or DELETE about all rows of a rule's table, in
 * the same way, but without a word.
 */
void
m2m_rule_sql(const char *sql)
{
	int			security = m2m_policies_past();
	SPIPlanPtr	plan;

	SPI_connect();
	plan = SPI_prepare(sql, 0, NULL);
	if (plan == NULL || m2m_latest_write(plan, NULL, false) < 0)
		elog(ERROR, "SPI failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	SPI_finish();
	m2m_policies_back(security);
}

/* about: how many rows a table has, as the planner would guess. */
static double
about(Oid relid)
{
	Relation	relation = table_open(relid, AccessShareLock);
	BlockNumber pages;
	double		tuples = 0;
	double		visible;

	if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind))
		estimate_rel_size(relation, NULL, &pages, &tuples, &visible);
	else if (relation->rd_rel->reltuples > 0)
		tuples = relation->rd_rel->reltuples;
	table_close(relation, NoLock);
	return tuples;
}

/* start_counting: a statement begins to return rows. */
static void
start_counting(DestReceiver *self, int operation, TupleDesc desc)
{
}

/* count_row: it has written one. */
static bool
count_row(TupleTableSlot *slot, DestReceiver *self)
{
	Counting   *counting = (Counting *) self;

	if (++counting->n % Max(1, counting->step) == 0 && counting->step > 0)
		ereport(NOTICE,
				(errmsg("rule \"%s\": " UINT64_FORMAT " rows of \"%s\", of about %.0f",
						counting->rule, counting->n, counting->table,
						counting->expected)));
	return true;
}

/* end_counting: it is done; there is nothing to free. */
static void
end_counting(DestReceiver *self)
{
}
