/*
 * link_plan.c
 *		The general path: links written and read by kept SPI plans.
 *
 * Handles whatever PostgreSQL itself handles: user triggers, row-level
 * security, partitioned associations, defaults of link properties, deferrable
 * constraints.  Statements run as the caller, with the privileges that the
 * same SQL by hand would need.
 *
 * Many pairs go in as an ephemeral relation, "m2m_pairs", over a tuplestore:
 * one statement for any number of pairs, of any key types (arrays too), which
 * spills to disk beyond work_mem.  One pair goes in as parameters.
 *
 * Statements insert in key order, so that two calls with overlapping pairs
 * wait for each other instead of deadlocking.  Rows to be deleted or updated
 * are joined in key order too, but the planner may choose a join that finds
 * them in another.
 *
 * A pair that is linked already is passed over in one of two ways.  ON
 * CONFLICT sees what is there as of now, whoever made it; in REPEATABLE READ
 * and above it raises 40001 where our snapshot does not show it.  Where ON
 * CONFLICT is not to be had, or does not see all that is there, we look
 * first, and promise the same: by the latest snapshot, under a lock of our own
 * that makes such calls go one by one, and a pair that the latest snapshot
 * shows and ours does not is 40001 too.
 *
 * That a pair is there is something that the call has read, which
 * SERIALIZABLE has to know.  What looks first has read it by a snapshot; what
 * ON CONFLICT has found is read so afterwards (minor releases differ in
 * whether ON CONFLICT does it itself).
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"

#include "m2m.h"

#define PAIRS_NAME "m2m_pairs"

/* Of these, the links that are there; it reads as the association does. */
#define FOUND_NAME "m2m_found"

/*
 * What the planner is told of m2m_pairs.  A kept plan serves calls of any
 * size: index lookups for each pair where the association is large, and no
 * plan that is quadratic in the number of pairs.
 */
#define PAIRS_ESTIMATE 1000

static int64 link_pairs(M2mRelationship *rel);
static bool link_one(M2mRelationship *rel, SPIPlanPtr plan, Datum *values,
					 List *columns);
static void lock_if_needed(M2mRelationship *rel);
static bool is_linked_now(M2mRelationship *rel, Datum *pair);
static Tuplestorestate *look_for_pairs(M2mRelationship *rel);
static List *fetch_far(M2mRelationship *rel, M2mSide side, M2mIds *id);
static int64 count_pairs(M2mRelationship *rel);
static int64 execute(M2mRelationship *rel, M2mStatement statement,
					 M2mSide side, Datum *values, bool read_only);
static int64 execute_count(M2mRelationship *rel, M2mStatement statement,
						   M2mSide side, Datum *values, bool read_only);
static SPIPlanPtr get_plan(M2mRelationship *rel, M2mStatement statement,
						   M2mSide side);
static void run(SPIPlanPtr plan, Datum *values, bool read_only);
static void run_latest(SPIPlanPtr plan, Datum *values,
					   DestReceiver *receiver);
static Tuplestorestate *register_pairs(M2mRelationship *rel,
									   M2mIds *ids[2]);
static void register_store(const char *name, TupleDesc desc,
						   Tuplestorestate *store);
static TupleDesc link_desc(M2mRelationship *rel);
static void prepare_context(void *arg);
static void build_statement(StringInfo sql, M2mRelationship *rel,
							M2mStatement statement, M2mSide side);
static void build_insert(StringInfo sql, M2mRelationship *rel, bool one,
						 List *columns);
static void build_insert_end(StringInfo sql, M2mRelationship *rel,
							 List *columns);
static void build_link_read(StringInfo sql, M2mRelationship *rel);
static bool looks_first(M2mRelationship *rel, List *columns);
static void append_on_conflict(StringInfo sql, M2mRelationship *rel);
static void build_set_unlink(StringInfo sql, M2mRelationship *rel,
							 M2mSide side);
static void build_set_link(StringInfo sql, M2mRelationship *rel,
						   M2mSide side);
static void append_columns(StringInfo sql, M2mRelationship *rel, M2mSide side,
						   const char *prefix);
static void append_link_columns(StringInfo sql, M2mRelationship *rel,
								const char *prefix);
static void append_pair(StringInfo sql, M2mRelationship *rel, M2mSide side,
						const char *prefix);
static void append_distinct_pairs(StringInfo sql, M2mRelationship *rel,
								  bool left, bool right);
static void append_match(StringInfo sql, M2mRelationship *rel, M2mSide side,
						 int first_parameter);
static void append_not_null(StringInfo sql, M2mRelationship *rel,
							M2mSide side);
static void append_order(StringInfo sql, int n);
static void append_text(StringInfo sql, M2mRelationship *rel, M2mSide side);
static SPIPlanPtr get_property_plan(M2mRelationship *rel,
									M2mColumnStatement statement,
									List *columns);
static List *property_columns(M2mRelationship *rel, Jsonb *properties);
pg_noreturn static void unknown_property(M2mRelationship *rel,
										 const char *name);
static void build_property_statement(StringInfo sql, M2mRelationship *rel,
									 M2mColumnStatement statement,
									 List *columns);
static void check_snapshot(M2mRelationship *rel, M2mSide side, M2mIds *id);
pg_noreturn static void newer_links(const char *detail);
static List *fetch_texts(void);
static List *not_among(List *texts, List *others);
static int	compare_texts(const ListCell *a, const ListCell *b);
static ArrayType *make_text_array(List *texts, MemoryContext context);

/*
 * m2m_plan_link: links pairs (one if both sides are scalar); returns the
 * number of links created.  Errors: what the statement raises, 23503 first;
 * 40001 in REPEATABLE READ and above.
 */
int64
m2m_plan_link(M2mRelationship *rel, M2mIds *ids[2])
{
	int64		result;

	lock_if_needed(rel);
	SPI_connect();
	if (ids[M2M_LEFT]->is_array || ids[M2M_RIGHT]->is_array)
	{
		Tuplestorestate *pairs = register_pairs(rel, ids);

		result = link_pairs(rel);
		tuplestore_end(pairs);
	}
	else
		result = link_one(rel, get_plan(rel, M2M_STMT_LINK_ONE, M2M_LEFT),
						  m2m_pair_values(rel, ids), NIL) ? 1 : 0;
	SPI_finish();
	return result;
}

/*
 * m2m_plan_link_pairs: the same for pairs that were collected.
 */
int64
m2m_plan_link_pairs(M2mRelationship *rel, M2mPairs *pairs)
{
	Tuplestorestate *store;
	bool	   *isnull = palloc0_array(bool, rel->pair_desc->natts);
	Datum	   *pair;
	int64		result;

	lock_if_needed(rel);
	SPI_connect();
	store = tuplestore_begin_heap(false, false, work_mem / 2);
	while ((pair = m2m_pairs_next(pairs)) != NULL)
	{
		tuplestore_putvalues(store, rel->pair_desc, pair, isnull);
		CHECK_FOR_INTERRUPTS();
	}
	register_store(PAIRS_NAME, rel->pair_desc, store);
	result = link_pairs(rel);
	tuplestore_end(store);
	SPI_finish();
	return result;
}

/*
 * link_pairs: links the pairs in m2m_pairs; returns the number of links
 * created.
 */
static int64
link_pairs(M2mRelationship *rel)
{
	int64		result;

	if (looks_first(rel, NIL))
	{
		Tuplestorestate *found = look_for_pairs(rel);

		result = execute(rel, M2M_STMT_LINK, M2M_LEFT, NULL, false);
		tuplestore_end(found);
	}
	else if (IsolationIsSerializable())
		result = execute_count(rel, M2M_STMT_LINK_READ, M2M_LEFT, NULL, false);
	else
		result = execute(rel, M2M_STMT_LINK, M2M_LEFT, NULL, false);
	return result;
}

/*
 * link_one: links one pair by its INSERT, whose parameters begin with the
 * pair; columns are the further ones that it fills.  Returns whether it was
 * linked by this.
 */
static bool
link_one(M2mRelationship *rel, SPIPlanPtr plan, Datum *values, List *columns)
{
	bool		linked;

	if (looks_first(rel, columns) && is_linked_now(rel, values))
		return false;
	run(plan, values, false);
	linked = SPI_processed > 0;
	if (!linked && IsolationIsSerializable())
		execute(rel, M2M_STMT_LINKED, M2M_LEFT, values, false);
	return linked;
}

/*
 * lock_if_needed: calls that link go one by one where no index sees to it that
 * a pair is linked once.
 */
static void
lock_if_needed(M2mRelationship *rel)
{
	if (!rel->unique)
		m2m_plan_lock_links(rel);
}

/*
 * is_linked_now: is there a link of the pair, as of now?  Error 40001 if there
 * is one that the transaction's snapshot does not show.
 */
static bool
is_linked_now(M2mRelationship *rel, Datum *pair)
{
	SPIPlanPtr	plan = get_plan(rel, M2M_STMT_LINKED, M2M_LEFT);

	run_latest(plan, pair, NULL);
	if (SPI_processed == 0)
		return false;
	if (IsolationUsesXactSnapshot())
	{
		run(plan, pair, false);
		if (SPI_processed == 0)
			newer_links("The rows were linked after the transaction's snapshot was taken.");
	}
	return true;
}

/*
 * look_for_pairs: which of the pairs in m2m_pairs are linked, as of now?  They
 * become m2m_found; the caller ends the tuplestore that is returned.  Error
 * 40001 if the transaction's snapshot does not show one of them.
 */
static Tuplestorestate *
look_for_pairs(M2mRelationship *rel)
{
	Tuplestorestate *found = tuplestore_begin_heap(false, false, work_mem / 2);
	DestReceiver *receiver = CreateDestReceiver(DestTuplestore);

	SetTuplestoreDestReceiverParams(receiver, found, CurrentMemoryContext,
									true, NULL, NULL);
	run_latest(get_plan(rel, M2M_STMT_FOUND, M2M_LEFT), NULL, receiver);
	receiver->rDestroy(receiver);
	register_store(FOUND_NAME, link_desc(rel), found);
	if (IsolationUsesXactSnapshot() &&
		execute_count(rel, M2M_STMT_NEWER, M2M_LEFT, NULL, false) > 0)
		newer_links("Rows were linked after the transaction's snapshot was taken.");
	return found;
}

/*
 * m2m_plan_link_properties: links pairs with link properties; an existing
 * link takes the properties given and keeps the others.  Returns the number
 * of links created.
 *
 * The insert comes first: who creates links only needs no right to update.
 */
int64
m2m_plan_link_properties(M2mRelationship *rel, M2mIds *ids[2],
						 Jsonb *properties)
{
	List	   *columns = property_columns(rel, properties);
	Datum		value = JsonbPGetDatum(properties);
	Tuplestorestate *pairs;
	Tuplestorestate *found = NULL;
	int64		created;

	lock_if_needed(rel);
	SPI_connect();
	pairs = register_pairs(rel, ids);
	if (looks_first(rel, columns))
		found = look_for_pairs(rel);
	run(get_property_plan(rel, M2M_COLUMNS_LINK_PROPERTIES, columns), &value,
		false);
	created = SPI_processed;
	if (created < count_pairs(rel))
		run(get_property_plan(rel, M2M_COLUMNS_SET_PROPERTIES, columns),
			&value, false);
	if (found != NULL)
		tuplestore_end(found);
	tuplestore_end(pairs);
	SPI_finish();
	return created;
}

/*
 * m2m_plan_link_row: links one pair, with values of the given columns of the
 * association; returns the number of links created, 0 if the pair is linked
 * already.
 */
int64
m2m_plan_link_row(M2mRelationship *rel, M2mIds *ids[2], List *columns,
				  Datum *values)
{
	SPIPlanPtr *slot;
	int64		result;
	int			npair = rel->pair_desc->natts;
	int			nargs = npair + list_length(columns);
	Datum	   *all = palloc_array(Datum, nargs);

	lock_if_needed(rel);
	memcpy(all, m2m_pair_values(rel, ids), sizeof(Datum) * npair);
	memcpy(all + npair, values, sizeof(Datum) * list_length(columns));
	SPI_connect();
	slot = m2m_plan_slot(rel, M2M_COLUMNS_LINK_ROW, M2M_LEFT, columns);
	if (*slot == NULL)
	{
		StringInfoData sql;
		Oid		   *types = palloc_array(Oid, nargs);
		ListCell   *lc;

		for (int i = 0; i < npair; i++)
			types[i] = TupleDescAttr(rel->pair_desc, i)->atttypid;
		foreach(lc, columns)
			types[npair + foreach_current_index(lc)] =
				getBaseType(get_atttype(rel->association, lfirst_int(lc)));
		initStringInfo(&sql);
		build_insert(&sql, rel, true, columns);
		*slot = m2m_plan_prepare(sql.data, nargs, types);
	}
	result = link_one(rel, *slot, all, columns) ? 1 : 0;
	SPI_finish();
	return result;
}

/*
 * m2m_plan_unlink: removes the links of pairs; returns how many.
 */
int64
m2m_plan_unlink(M2mRelationship *rel, M2mIds *ids[2])
{
	int64		result;

	SPI_connect();
	if (ids[M2M_LEFT]->is_array || ids[M2M_RIGHT]->is_array)
	{
		Tuplestorestate *pairs = register_pairs(rel, ids);

		result = execute(rel, M2M_STMT_UNLINK, M2M_LEFT, NULL, false);
		tuplestore_end(pairs);
	}
	else
		result = execute(rel, M2M_STMT_UNLINK_ONE, M2M_LEFT, m2m_pair_values(rel, ids),
						 false);
	SPI_finish();
	return result;
}

/*
 * m2m_plan_clear: removes all links of one row, or of each of several rows,
 * of one side; returns how many.  Of one row: before or after an m2m_set of
 * it, not in between.
 */
int64
m2m_plan_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids)
{
	int64		result;

	if (!ids->is_array)
		m2m_plan_lock_row(rel, side, ids);
	SPI_connect();
	if (ids->is_array)
	{
		M2mIds	   *one_side[2] = {NULL, NULL};
		Tuplestorestate *pairs;

		one_side[side] = ids;
		pairs = register_pairs(rel, one_side);
		result = execute(rel, M2M_STMT_CLEAR, side, NULL, false);
		tuplestore_end(pairs);
	}
	else
		result = execute(rel, M2M_STMT_CLEAR_ONE, side, ids->value, false);
	SPI_finish();
	return result;
}

/*
 * m2m_plan_linked: is there a link between two rows?  With read_only, as the
 * calling statement sees it.  Else as of now, whatever the transaction's
 * snapshot shows: error 40001 for a link that it does not show.
 */
bool
m2m_plan_linked(M2mRelationship *rel, M2mIds *ids[2], bool read_only)
{
	bool		result;

	SPI_connect();
	if (read_only)
		result = execute(rel, M2M_STMT_LINKED, M2M_LEFT,
						 m2m_pair_values(rel, ids), true) > 0;
	else
		result = is_linked_now(rel, m2m_pair_values(rel, ids));
	SPI_finish();
	return result;
}

/*
 * m2m_plan_may_suppress: may a link be kept from being made or removed without
 * an error: by a trigger or rule of the association or of a table below it, or
 * by a policy?  The caller holds a lock on the association.
 */
bool
m2m_plan_may_suppress(M2mRelationship *rel)
{
	Relation	association = table_open(rel->association, NoLock);
	TriggerDesc *triggers = association->trigdesc;
	bool		result = rel->has_rules ||
		association->rd_rel->relhassubclass ||
		association->rd_rel->relrowsecurity ||
		(triggers != NULL &&
		 (triggers->trig_insert_before_row ||
		  triggers->trig_delete_before_row));

	table_close(association, NoLock);
	return result;
}

/*
 * m2m_plan_count: number of links of one row, as the calling statement sees
 * it.
 */
int64
m2m_plan_count(M2mRelationship *rel, M2mSide side, M2mIds *ids)
{
	int64		result;

	SPI_connect();
	result = execute_count(rel, M2M_STMT_COUNT, side, ids->value, true);
	SPI_finish();
	return result;
}

/*
 * m2m_plan_set: makes the links of one row of a side exactly those in ids
 * (which holds that row and the other side's array), leaving those that are
 * already there alone.  The difference is allocated in the caller's context.
 *
 * It is what has happened, also where a trigger or policy would have it
 * otherwise: kept and linked together are the pairs of the row that there are
 * in the end.  Under rules, whose statements return nothing to us, it is the
 * difference between before and after.
 *
 * Calls on one row run one after the other.  In REPEATABLE READ and above, a
 * link that our snapshot does not show is 40001.
 */
void
m2m_plan_set(M2mRelationship *rel, M2mSide side, M2mIds *id, M2mIds *ids[2],
			 M2mDifference *difference)
{
	MemoryContext context = CurrentMemoryContext;
	Tuplestorestate *pairs;
	Tuplestorestate *found = NULL;
	List	   *before = NIL;
	List	   *after;
	List	   *linked = NIL;
	List	   *unlinked = NIL;

	m2m_plan_lock_row(rel, side, id);
	lock_if_needed(rel);
	SPI_connect();
	pairs = register_pairs(rel, ids);
	if (IsolationUsesXactSnapshot())
		check_snapshot(rel, side, id);

	if (rel->has_rules)
		before = fetch_far(rel, side, id);
	execute(rel, M2M_STMT_SET_UNLINK, side, id->value, false);
	if (!rel->has_rules)
		unlinked = fetch_texts();
	if (looks_first(rel, NIL))
		found = look_for_pairs(rel);
	execute(rel, M2M_STMT_SET_LINK, side, NULL, false);
	if (!rel->has_rules)
		linked = fetch_texts();
	after = fetch_far(rel, side, id);
	if (rel->has_rules)
	{
		unlinked = not_among(before, after);
		linked = not_among(after, before);
	}
	difference->unlinked = make_text_array(unlinked, context);
	difference->linked = make_text_array(linked, context);
	difference->kept = Max(list_length(after) - list_length(linked), 0);
	if (found != NULL)
		tuplestore_end(found);
	tuplestore_end(pairs);
	SPI_finish();
}

/* fetch_far: the other side's keys of all links of a row, each once. */
static List *
fetch_far(M2mRelationship *rel, M2mSide side, M2mIds *id)
{
	execute(rel, M2M_STMT_SET_FAR, side, id->value, false);
	return fetch_texts();
}

/* count_pairs: how many different pairs there are in m2m_pairs. */
static int64
count_pairs(M2mRelationship *rel)
{
	return execute_count(rel, M2M_STMT_PAIRS_COUNT, M2M_LEFT, NULL, true);
}

/*
 * m2m_plans_free: releases all kept plans of a description that is going.
 */
void
m2m_plans_free(M2mRelationship *rel)
{
	ListCell   *lc;

	for (int i = 0; i < M2M_NUM_STMTS; i++)
	{
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			if (rel->plan[i][s] != NULL)
				SPI_freeplan(rel->plan[i][s]);
			rel->plan[i][s] = NULL;
		}
	}
	foreach(lc, rel->column_plans)
	{
		M2mColumnPlan *slot = lfirst(lc);

		if (slot->plan != NULL)
			SPI_freeplan(slot->plan);
		slot->plan = NULL;
	}
}

/*
 * execute: runs one of the kept statements; returns the rows processed.  side
 * is that of the row whose links it is about, and anything where a statement
 * is about pairs.
 */
static int64
execute(M2mRelationship *rel, M2mStatement statement, M2mSide side,
		Datum *values, bool read_only)
{
	run(get_plan(rel, statement, side), values, read_only);
	return SPI_processed;
}

/* execute_count: the same of a statement that returns a count; returns that. */
static int64
execute_count(M2mRelationship *rel, M2mStatement statement, M2mSide side,
			  Datum *values, bool read_only)
{
	bool		isnull;

	execute(rel, statement, side, values, read_only);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull));
}

/*
 * get_plan: the kept plan of a statement, prepared on first use.
 *
 * Names in its text cannot be stale: whatever renames them makes the
 * description invalid, and the association is locked before a valid one is
 * taken.  Other changes are the plan cache's business.
 */
static SPIPlanPtr
get_plan(M2mRelationship *rel, M2mStatement statement, M2mSide side)
{
	SPIPlanPtr *plan = &rel->plan[statement][side];
	Oid			types[2 * INDEX_MAX_KEYS];
	bool		parameters[2] = {false, false};
	StringInfoData sql;
	int			nargs = 0;

	if (*plan != NULL)
		return *plan;

	switch (statement)
	{
		case M2M_STMT_LINK_ONE:
		case M2M_STMT_UNLINK_ONE:
		case M2M_STMT_LINKED:
			parameters[M2M_LEFT] = parameters[M2M_RIGHT] = true;
			break;
		case M2M_STMT_COUNT:
		case M2M_STMT_CLEAR_ONE:
		case M2M_STMT_SET_UNLINK:
		case M2M_STMT_SET_FAR:
			parameters[side] = true;
			break;
		default:
			break;
	}
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; parameters[s] && i < rel->side[s].nkeys; i++)
			types[nargs++] = rel->side[s].key[i].type;
	}
	initStringInfo(&sql);
	build_statement(&sql, rel, statement, side);
	*plan = m2m_plan_prepare(sql.data, nargs, types);
	return *plan;
}

/*
 * m2m_plan_prepare: a kept plan of one statement, generic from the first use:
 * what we look up by is a key.
 */
SPIPlanPtr
m2m_plan_prepare(const char *sql, int nargs, Oid *types)
{
	ErrorContextCallback context;
	SPIPlanPtr	plan;

	context.callback = prepare_context;
	context.arg = NULL;
	context.previous = error_context_stack;
	error_context_stack = &context;
	plan = SPI_prepare_cursor(sql, nargs, types, CURSOR_OPT_GENERIC_PLAN);
	error_context_stack = context.previous;
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	SPI_keepplan(plan);
	return plan;
}

/*
 * prepare_context: the rewriter's hint at OVERRIDING SYSTEM VALUE is for whoever
 * writes the statement, which is us.
 */
static void
prepare_context(void *arg)
{
	if (geterrcode() == ERRCODE_GENERATED_ALWAYS)
		errhint("Leave the column out here. An identity column takes a value by INSERT ... OVERRIDING SYSTEM VALUE into the table itself.");
}

/*
 * m2m_plan_slot: where the kept plan of a statement for a set of columns
 * belongs; NULL there means that the caller has to prepare it.
 */
SPIPlanPtr *
m2m_plan_slot(M2mRelationship *rel, M2mColumnStatement statement,
			  M2mSide near, List *columns)
{
	M2mColumnPlan *slot;
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, rel->column_plans)
	{
		slot = lfirst(lc);
		if (slot->statement == statement && slot->near == near &&
			equal(slot->columns, columns))
			return &slot->plan;
	}
	old = MemoryContextSwitchTo(rel->context);
	slot = palloc0(sizeof(M2mColumnPlan));
	slot->statement = statement;
	slot->near = near;
	slot->columns = list_copy(columns);
	rel->column_plans = lappend(rel->column_plans, slot);
	MemoryContextSwitchTo(old);
	return &slot->plan;
}

/* run: executes a plan; the result is in SPI_processed and SPI_tuptable. */
static void
run(SPIPlanPtr plan, Datum *values, bool read_only)
{
	int			result = SPI_execute_plan(plan, values, NULL, read_only, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s",
			 SPI_result_code_string(result));
}

/*
 * run_latest: executes a plan that only reads with the latest snapshot, also
 * in REPEATABLE READ and above, own changes included.  With a receiver, the
 * plan has no parameters, and the result goes there.
 */
static void
run_latest(SPIPlanPtr plan, Datum *values, DestReceiver *receiver)
{
	int			result;

	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	if (receiver != NULL)
	{
		SPIExecuteOptions options = {.read_only = true,.dest = receiver};

		result = SPI_execute_plan_extended(plan, &options);
	}
	else
		result = SPI_execute_plan(plan, values, NULL, true, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s",
			 SPI_result_code_string(result));
	PopActiveSnapshot();
}

/* m2m_pair_values: the one pair of two scalar ids, as parameters. */
Datum *
m2m_pair_values(M2mRelationship *rel, M2mIds *ids[2])
{
	Datum	   *values;
	int			nleft = rel->side[M2M_LEFT].nkeys;
	int			nright = rel->side[M2M_RIGHT].nkeys;

	values = palloc_array(Datum, nleft + nright);
	memcpy(values, ids[M2M_LEFT]->value, sizeof(Datum) * nleft);
	memcpy(values + nleft, ids[M2M_RIGHT]->value, sizeof(Datum) * nright);
	return values;
}

/*
 * register_pairs: makes pairs known to the statements of this SPI connection.
 * A scalar goes with every id of the other side; two arrays go pairwise, and
 * are of equal length (link.c checks).  A side that is NULL stays null.
 * The caller ends the tuplestore that is returned.
 */
static Tuplestorestate *
register_pairs(M2mRelationship *rel, M2mIds *ids[2])
{
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	int			natts = rel->pair_desc->natts;
	Datum	   *values = palloc0_array(Datum, natts);
	bool	   *isnull = palloc0_array(bool, natts);
	int			count = 1;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (ids[s] != NULL && ids[s]->is_array)
			count = ids[s]->count;
	}
	for (int i = 0; i < count; i++)
	{
		int			a = 0;

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			for (int k = 0; k < rel->side[s].nkeys; k++, a++)
			{
				isnull[a] = ids[s] == NULL;
				if (!isnull[a])
					values[a] = ids[s]->value[(ids[s]->is_array ?
											   (Size) i * ids[s]->nkeys : 0) + k];
			}
		}
		tuplestore_putvalues(store, rel->pair_desc, values, isnull);
		if ((i & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}

	register_store(PAIRS_NAME, rel->pair_desc, store);
	return store;
}

/*
 * register_store: makes a tuplestore known by a name to the statements of this
 * SPI connection.
 */
static void
register_store(const char *name, TupleDesc desc, Tuplestorestate *store)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	int			result;

	enr->md.name = pstrdup(name);
	enr->md.reliddesc = InvalidOid;
	enr->md.tupdesc = desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = PAIRS_ESTIMATE;
	enr->reldata = store;
	result = SPI_register_relation(enr);
	if (result != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed: %s",
			 SPI_result_code_string(result));
}

/* link_desc: the row type of m2m_found: the association's link columns. */
static TupleDesc
link_desc(M2mRelationship *rel)
{
	TupleDesc	desc = CreateTemplateTupleDesc(rel->pair_desc->natts);
	AttrNumber	attnum = 0;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			AttrNumber	column = rel->side[s].key[i].link_attnum;
			Oid			type;
			int32		typmod;
			Oid			collation;

			get_atttypetypmodcoll(rel->association, column, &type, &typmod,
								  &collation);
			attnum++;
			TupleDescInitEntry(desc, attnum,
							   get_attname(rel->association, column, false),
							   type, typmod, 0);
			TupleDescInitEntryCollation(desc, attnum, collation);
		}
	}
	TupleDescFinalize(desc);
	return desc;
}

/*
 * build_statement: the text of a statement.  a is the association, p the
 * pairs; side is that of the row given, if the statement is about one.
 */
static void
build_statement(StringInfo sql, M2mRelationship *rel, M2mStatement statement,
				M2mSide side)
{
	char	   *association = m2m_qualified_name(rel->association);
	M2mSide		other = M2M_OTHER(side);

	switch (statement)
	{
		case M2M_STMT_LINK:
			build_insert(sql, rel, false, NIL);
			break;
		case M2M_STMT_LINK_ONE:
			build_insert(sql, rel, true, NIL);
			break;
		case M2M_STMT_LINK_READ:
			build_link_read(sql, rel);
			break;
		case M2M_STMT_FOUND:
			appendStringInfoString(sql, "SELECT ");
			append_link_columns(sql, rel, "a.");
			appendStringInfoString(sql, " FROM (");
			append_distinct_pairs(sql, rel, true, true);
			appendStringInfo(sql, ") p, %s a WHERE ", association);
			m2m_append_match_pair(sql, rel, false);
			break;
		case M2M_STMT_NEWER:
			/* no LIMIT: it would have the planner think that it ends soon */
			appendStringInfoString(sql, "SELECT pg_catalog.count(*) FROM "
								   PAIRS_NAME " p WHERE EXISTS (SELECT FROM "
								   FOUND_NAME " a WHERE ");
			m2m_append_match_pair(sql, rel, false);
			appendStringInfo(sql, ") AND NOT EXISTS (SELECT FROM %s a WHERE ",
							 association);
			m2m_append_match_pair(sql, rel, false);
			appendStringInfoChar(sql, ')');
			break;
		case M2M_STMT_UNLINK:
			appendStringInfo(sql, "DELETE FROM %s a USING (", association);
			append_distinct_pairs(sql, rel, true, true);
			appendStringInfoString(sql, ") p WHERE ");
			m2m_append_match_pair(sql, rel, false);
			break;
		case M2M_STMT_UNLINK_ONE:
			appendStringInfo(sql, "DELETE FROM %s a WHERE ", association);
			m2m_append_match_pair(sql, rel, true);
			break;
		case M2M_STMT_LINKED:
			appendStringInfo(sql, "SELECT FROM %s a WHERE ", association);
			m2m_append_match_pair(sql, rel, true);
			appendStringInfoString(sql, " LIMIT 1");
			break;
		case M2M_STMT_PAIRS_COUNT:
			appendStringInfoString(sql, "SELECT pg_catalog.count(*) FROM (");
			append_distinct_pairs(sql, rel, true, true);
			appendStringInfoString(sql, ") p");
			break;
		case M2M_STMT_COUNT:
			appendStringInfo(sql,
							 "SELECT pg_catalog.count(*) FROM %s a WHERE ",
							 association);
			append_match(sql, rel, side, 1);
			append_not_null(sql, rel, other);
			break;
		case M2M_STMT_CLEAR:
			appendStringInfo(sql, "DELETE FROM %s a USING (", association);
			append_distinct_pairs(sql, rel, side == M2M_LEFT,
								  side == M2M_RIGHT);
			appendStringInfoString(sql, ") p WHERE ");
			append_match(sql, rel, side, 0);
			append_not_null(sql, rel, other);
			break;
		case M2M_STMT_CLEAR_ONE:
			appendStringInfo(sql, "DELETE FROM %s a WHERE ", association);
			append_match(sql, rel, side, 1);
			append_not_null(sql, rel, other);
			break;
		case M2M_STMT_SET_UNLINK:
			build_set_unlink(sql, rel, side);
			break;
		case M2M_STMT_SET_LINK:
			build_set_link(sql, rel, side);
			break;
		case M2M_STMT_SET_FAR:
			appendStringInfoString(sql, "SELECT ");
			append_text(sql, rel, other);
			appendStringInfo(sql, " FROM %s a WHERE ", association);
			append_match(sql, rel, side, 1);
			append_not_null(sql, rel, other);
			appendStringInfoString(sql, " GROUP BY ");
			append_columns(sql, rel, other, "a.");
			appendStringInfoString(sql, " ORDER BY ");
			append_columns(sql, rel, other, "a.");
			break;
		case M2M_NUM_STMTS:
			break;
	}
}

/*
 * build_insert: INSERT of all pairs, or of the one in the parameters, which
 * are followed by values of further columns.
 */
static void
build_insert(StringInfo sql, M2mRelationship *rel, bool one, List *columns)
{
	int			n = rel->pair_desc->natts + list_length(columns);
	ListCell   *lc;

	appendStringInfo(sql, "INSERT INTO %s (",
					 m2m_qualified_name(rel->association));
	append_link_columns(sql, rel, "");
	foreach(lc, columns)
		appendStringInfo(sql, ", %s", m2m_quoted_column(rel->association,
														lfirst_int(lc)));
	if (one)
	{
		appendStringInfoString(sql, ") SELECT ");
		for (int i = 1; i <= n; i++)
			appendStringInfo(sql, "%s$%d", i > 1 ? ", " : "", i);
		if (rel->on_conflict)
			append_on_conflict(sql, rel);
		return;
	}
	appendStringInfo(sql, ") SELECT %s", rel->on_conflict ? "" : "DISTINCT ");
	append_pair(sql, rel, M2M_LEFT, "p.");
	appendStringInfoString(sql, ", ");
	append_pair(sql, rel, M2M_RIGHT, "p.");
	appendStringInfoString(sql, " FROM " PAIRS_NAME " p");
	build_insert_end(sql, rel, columns);
}

/*
 * build_insert_end: what keeps an INSERT of pairs from inserting a pair that
 * is there, and its order.
 */
static void
build_insert_end(StringInfo sql, M2mRelationship *rel, List *columns)
{
	if (looks_first(rel, columns))
	{
		appendStringInfoString(sql, " WHERE NOT EXISTS (SELECT FROM "
							   FOUND_NAME " a WHERE ");
		m2m_append_match_pair(sql, rel, false);
		appendStringInfoChar(sql, ')');
	}
	append_order(sql, rel->pair_desc->natts);
	if (rel->on_conflict)
		append_on_conflict(sql, rel);
}

/*
 * build_link_read: the INSERT of all pairs, which then reads those that it
 * found there; returns the number of links created.
 *
 * It reads these and no others, each by itself: a pair that is new, or a page
 * next to it, is not read, and links of other sessions there are no conflict.
 */
static void
build_link_read(StringInfo sql, M2mRelationship *rel)
{
	appendStringInfoString(sql, "WITH n AS (");
	build_insert(sql, rel, false, NIL);
	appendStringInfoString(sql, " RETURNING ");
	append_link_columns(sql, rel, "");
	appendStringInfoString(sql, ") SELECT (SELECT pg_catalog.count(*) FROM n), pg_catalog.count(*) FROM (SELECT p.* FROM (");
	append_distinct_pairs(sql, rel, true, true);
	appendStringInfoString(sql, ") p WHERE NOT EXISTS (SELECT FROM n a WHERE ");
	m2m_append_match_pair(sql, rel, false);
	appendStringInfo(sql, ") OFFSET 0) p CROSS JOIN LATERAL (SELECT FROM %s a WHERE ",
					 m2m_qualified_name(rel->association));
	m2m_append_match_pair(sql, rel, false);
	appendStringInfoString(sql, " LIMIT 1) a");
}

/*
 * looks_first: must a call look whether a pair is there?  Where ON CONFLICT
 * is not to be had, or does not see all links (the caller then holds
 * m2m_plan_lock_links()); and where the row would violate NOT NULL, which is
 * checked before ON CONFLICT has its say: an existing link needs no
 * properties.
 */
static bool
looks_first(M2mRelationship *rel, List *columns)
{
	return !rel->unique ||
		list_difference_int(rel->required, columns) != NIL;
}

/*
 * append_on_conflict: a pair that is there, or comes from another session at
 * the same time, is no error.  The target is named, so that violations of
 * other unique indexes are.
 */
static void
append_on_conflict(StringInfo sql, M2mRelationship *rel)
{
	appendStringInfoString(sql, " ON CONFLICT (");
	append_link_columns(sql, rel, "");
	appendStringInfoString(sql, ") DO NOTHING");
}

/*
 * build_set_unlink: removes the links of the row in the parameters that are
 * not among the pairs; returns the other side's keys as text, each once, in
 * key order.  A table with rules takes no statement that returns something.
 */
static void
build_set_unlink(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	M2mSide		other = M2M_OTHER(side);

	appendStringInfo(sql, "%sDELETE FROM %s a WHERE ",
					 rel->has_rules ? "" : "WITH a AS (",
					 m2m_qualified_name(rel->association));
	append_match(sql, rel, side, 1);
	append_not_null(sql, rel, other);
	appendStringInfoString(sql, " AND NOT EXISTS (SELECT FROM " PAIRS_NAME
						   " p WHERE ");
	append_match(sql, rel, other, 0);
	appendStringInfoChar(sql, ')');
	if (rel->has_rules)
		return;
	appendStringInfoString(sql, " RETURNING ");
	append_columns(sql, rel, other, "a.");
	appendStringInfoString(sql, ") SELECT ");
	append_text(sql, rel, other);
	appendStringInfoString(sql, " FROM a GROUP BY ");
	append_columns(sql, rel, other, "a.");
	appendStringInfoString(sql, " ORDER BY ");
	append_columns(sql, rel, other, "a.");
}

/*
 * build_set_link: inserts the pairs that are not there; returns the other
 * side's keys as text, in key order.  Rules: as above.
 */
static void
build_set_link(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	M2mSide		other = M2M_OTHER(side);

	if (rel->has_rules)
	{
		build_insert(sql, rel, false, NIL);
		return;
	}
	appendStringInfoString(sql, "WITH a AS (");
	build_insert(sql, rel, false, NIL);
	appendStringInfoString(sql, " RETURNING ");
	append_columns(sql, rel, other, "");
	appendStringInfoString(sql, ") SELECT ");
	append_text(sql, rel, other);
	appendStringInfoString(sql, " FROM a ORDER BY ");
	append_columns(sql, rel, other, "a.");
}

/* append_columns: "a.book_id, ..." of one side, in the association. */
static void
append_columns(StringInfo sql, M2mRelationship *rel, M2mSide side,
			   const char *prefix)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(sql, "%s%s%s", i > 0 ? ", " : "", prefix,
						 m2m_quoted_column(rel->association,
										   rel->side[side].key[i].link_attnum));
}

/* append_link_columns: the same of both sides, left first. */
static void
append_link_columns(StringInfo sql, M2mRelationship *rel, const char *prefix)
{
	append_columns(sql, rel, M2M_LEFT, prefix);
	appendStringInfoString(sql, ", ");
	append_columns(sql, rel, M2M_RIGHT, prefix);
}

/* append_pair: "p.left_1, ..." of one side. */
static void
append_pair(StringInfo sql, M2mRelationship *rel, M2mSide side,
			const char *prefix)
{
	for (int i = 1; i <= rel->side[side].nkeys; i++)
		appendStringInfo(sql, "%s%s%s_%d", i > 1 ? ", " : "", prefix,
						 side == M2M_LEFT ? "left" : "right", i);
}

/* append_distinct_pairs: a query of the pairs, or one side of them, once. */
static void
append_distinct_pairs(StringInfo sql, M2mRelationship *rel,
					  bool left, bool right)
{
	int			n = 0;

	appendStringInfoString(sql, "SELECT DISTINCT ");
	if (left)
	{
		append_pair(sql, rel, M2M_LEFT, "");
		n += rel->side[M2M_LEFT].nkeys;
	}
	if (left && right)
		appendStringInfoString(sql, ", ");
	if (right)
	{
		append_pair(sql, rel, M2M_RIGHT, "");
		n += rel->side[M2M_RIGHT].nkeys;
	}
	appendStringInfoString(sql, " FROM " PAIRS_NAME);
	append_order(sql, n);
}

/*
 * append_match: "p.right_1 = a.book_id AND ..." of one side; with parameters
 * from $first_parameter on instead of the pair, unless that is 0.
 */
static void
append_match(StringInfo sql, M2mRelationship *rel, M2mSide side,
			 int first_parameter)
{
	M2mEndpoint *endpoint = &rel->side[side];

	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];

		if (i > 0)
			appendStringInfoString(sql, " AND ");
		if (first_parameter > 0)
			appendStringInfo(sql, "$%d", first_parameter + i);
		else
			appendStringInfo(sql, "p.%s_%d",
							 side == M2M_LEFT ? "left" : "right", i + 1);
		appendStringInfo(sql, " %s %s",
						 m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, "a"));
	}
}

/*
 * m2m_append_match_pair: the same of both sides; parameters are left, then right.
 */
void
m2m_append_match_pair(StringInfo sql, M2mRelationship *rel, bool parameters)
{
	append_match(sql, rel, M2M_LEFT, parameters ? 1 : 0);
	appendStringInfoString(sql, " AND ");
	append_match(sql, rel, M2M_RIGHT,
				 parameters ? rel->side[M2M_LEFT].nkeys + 1 : 0);
}

/*
 * append_not_null: " AND a.book_id IS NOT NULL ..." where the association
 * allows nulls: such a row is no link, and the link views do not show it.
 */
static void
append_not_null(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];

		if (!key->link_not_null)
			appendStringInfo(sql, " AND a.%s IS NOT NULL",
							 m2m_quoted_column(rel->association,
											   key->link_attnum));
	}
}

/* append_order: " ORDER BY 1, ..., n". */
static void
append_order(StringInfo sql, int n)
{
	appendStringInfoString(sql, " ORDER BY 1");
	for (int i = 2; i <= n; i++)
		appendStringInfo(sql, ", %d", i);
}

/* append_text: the key of one side as text; a row's text if composite. */
static void
append_text(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	bool		composite = rel->side[side].nkeys > 1;

	appendStringInfoString(sql, composite ? "ROW(" : "(");
	append_columns(sql, rel, side, "a.");
	appendStringInfoString(sql, ")::pg_catalog.text");
}

/*
 * property_columns: attribute numbers of the properties in a jsonb object, in
 * the order of their keys.
 */
static List *
property_columns(M2mRelationship *rel, Jsonb *properties)
{
	JsonbIterator *iterator = JsonbIteratorInit(&properties->root);
	JsonbValue	value;
	JsonbIteratorToken token;
	List	   *result = NIL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *name;
		AttrNumber	attnum;
		bool		found = false;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(value.val.string.val, value.val.string.len);
		attnum = get_attnum(rel->association, name);
		for (int i = 0; i < rel->nproperties; i++)
			found |= rel->property[i] == attnum;
		if (!found)
			unknown_property(rel, name);
		result = lappend_int(result, attnum);
	}
	return result;
}

/*
 * unknown_property: error 42703, with what there is.
 */
static void
unknown_property(M2mRelationship *rel, const char *name)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < rel->nproperties; i++)
		appendStringInfo(&names, "%s\"%s\"", i > 0 ? ", " : "",
						 get_attname(rel->association, rel->property[i],
									 false));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("relationship \"%s\" has no link property \"%s\"",
					get_rel_name(rel->association), name),
			 rel->nproperties > 0 ?
			 errhint("Link properties are: %s.", names.data) :
			 errhint("Add a column of that name to the association table.")));
}

/*
 * get_property_plan: the kept plan of a statement for a set of properties.
 */
static SPIPlanPtr
get_property_plan(M2mRelationship *rel, M2mColumnStatement statement,
				  List *columns)
{
	SPIPlanPtr *slot = m2m_plan_slot(rel, statement, M2M_LEFT, columns);
	StringInfoData sql;
	Oid			type = JSONBOID;

	if (*slot != NULL)
	{
		/* its text names types, whose renaming invalidates only the plan */
		if (SPI_plan_is_valid(*slot))
			return *slot;
		m2m_plan_retire(*slot);
		*slot = NULL;
	}
	initStringInfo(&sql);
	build_property_statement(&sql, rel, statement, columns);
	*slot = m2m_plan_prepare(sql.data, 1, &type);
	return *slot;
}

/*
 * build_property_statement: the INSERT that links pairs with properties, or
 * the UPDATE that gives them to links that are there (and touches only those
 * that it changes).  $1 is the jsonb object, which jsonb_to_record() turns
 * into the columns' types.
 */
static void
build_property_statement(StringInfo sql, M2mRelationship *rel,
						 M2mColumnStatement statement, List *columns)
{
	char	   *association = m2m_qualified_name(rel->association);
	StringInfoData names;		/* p1, p2 */
	StringInfoData record;		/* p1 type, p2 type */
	StringInfoData given;		/* x.p1, x.p2 */
	StringInfoData present;		/* a.p1, a.p2 */
	StringInfoData assign;		/* p1 = x.p1, p2 = x.p2 */
	ListCell   *lc;

	initStringInfo(&names);
	initStringInfo(&record);
	initStringInfo(&given);
	initStringInfo(&present);
	initStringInfo(&assign);
	foreach(lc, columns)
	{
		AttrNumber	attnum = lfirst_int(lc);
		char	   *name = m2m_quoted_column(rel->association, attnum);
		const char *comma = names.len > 0 ? ", " : "";
		Oid			typid;
		int32		typmod;
		Oid			collation;

		get_atttypetypmodcoll(rel->association, attnum, &typid, &typmod,
							  &collation);
		appendStringInfo(&names, "%s%s", comma, name);
		appendStringInfo(&record, "%s%s %s", comma, name,
						 format_type_extended(typid, typmod,
											  FORMAT_TYPE_TYPEMOD_GIVEN |
											  FORMAT_TYPE_FORCE_QUALIFY));
		appendStringInfo(&given, "%sx.%s", comma, name);
		appendStringInfo(&present, "%sa.%s", comma, name);
		appendStringInfo(&assign, "%s%s = x.%s", comma, name, name);
	}

	if (statement == M2M_COLUMNS_LINK_PROPERTIES)
	{
		appendStringInfo(sql, "INSERT INTO %s (", association);
		append_link_columns(sql, rel, "");
		appendStringInfo(sql, ", %s) SELECT p.*, %s FROM (", names.data,
						 given.data);
		append_distinct_pairs(sql, rel, true, true);
		appendStringInfo(sql, ") p, pg_catalog.jsonb_to_record($1) x (%s)",
						 record.data);
		build_insert_end(sql, rel, columns);
	}
	else
	{
		appendStringInfo(sql, "UPDATE %s a SET %s FROM (", association,
						 assign.data);
		append_distinct_pairs(sql, rel, true, true);
		appendStringInfo(sql,
						 ") p, pg_catalog.jsonb_to_record($1) x (%s) WHERE ",
						 record.data);
		m2m_append_match_pair(sql, rel, false);
		appendStringInfo(sql, " AND NOT pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
						 present.data, given.data);
	}
}

/*
 * m2m_plan_lock_links: where nothing keeps the pairs of an association
 * unique, calls that look for a pair and then insert it go one by one.  A
 * lock of our own: it needs no privilege and stops nobody else.  Held until
 * the end of the transaction.
 */
void
m2m_plan_lock_links(M2mRelationship *rel)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel->association, 0, 0);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * m2m_plan_lock_row: calls of m2m_set on one row go one by one.  The lock is on
 * the association and a hash of the row's key; equal keys must have equal
 * hashes, so types without a hash function share one lock.
 */
void
m2m_plan_lock_row(M2mRelationship *rel, M2mSide side, M2mIds *id)
{
	uint32		hash = 0;
	LOCKTAG		tag;

	for (int i = 0; i < id->nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];
		TypeCacheEntry *type = lookup_type_cache(key->type,
												 TYPECACHE_HASH_PROC_FINFO);

		if (OidIsValid(type->hash_proc_finfo.fn_oid))
			hash = hash_combine(hash, DatumGetUInt32(
									FunctionCall1Coll(&type->hash_proc_finfo,
													  key->collation,
													  id->value[i])));
	}
	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel->association, hash, side + 1);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * check_snapshot: m2m_set promises to leave exactly the links given.  Links
 * of the row that were committed after our snapshot was taken cannot be seen,
 * and so not be removed, by it: error 40001.
 */
static void
check_snapshot(M2mRelationship *rel, M2mSide side, M2mIds *id)
{
	List	   *now;

	run_latest(get_plan(rel, M2M_STMT_SET_FAR, side), id->value, NULL);
	now = fetch_texts();
	if (not_among(now, fetch_far(rel, side, id)) != NIL)
		m2m_plan_newer_links();
}

/*
 * m2m_plan_newer_links: the error for links of the row of an m2m_set that its
 * snapshot does not show, 40001.
 */
void
m2m_plan_newer_links(void)
{
	newer_links("Links of this row were made after the transaction's snapshot was taken.");
}

/* newer_links: error 40001, for links that our snapshot does not show. */
static void
newer_links(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update"),
			 errdetail_internal("%s", detail),
			 errhint("The transaction might succeed if retried.")));
}

/*
 * fetch_texts: the first column of the last result as a list of strings.
 */
static List *
fetch_texts(void)
{
	List	   *result = NIL;

	for (uint64 i = 0; i < SPI_processed; i++)
		result = lappend(result, SPI_getvalue(SPI_tuptable->vals[i],
											  SPI_tuptable->tupdesc, 1));
	SPI_freetuptable(SPI_tuptable);
	return result;
}

/* not_among: those of the texts that are not among others, in their order. */
static List *
not_among(List *texts, List *others)
{
	List	   *result = NIL;
	List	   *sorted = list_copy(others);
	ListCell   *lc;

	list_sort(sorted, compare_texts);
	foreach(lc, texts)
	{
		if (sorted == NIL ||
			bsearch(lc, sorted->elements, list_length(sorted),
					sizeof(ListCell),
					(int (*) (const void *, const void *)) compare_texts) == NULL)
			result = lappend(result, lfirst(lc));
	}
	return result;
}

/* compare_texts: for list_sort, by bytes. */
static int
compare_texts(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* make_text_array: text[] of strings, in the given context. */
static ArrayType *
make_text_array(List *texts, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Datum	   *values = palloc_array(Datum, list_length(texts) + 1);
	ArrayType  *result;
	ListCell   *lc;
	int			n = 0;

	foreach(lc, texts)
		values[n++] = CStringGetTextDatum(lfirst(lc));
	result = construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT);
	MemoryContextSwitchTo(old);
	return result;
}
