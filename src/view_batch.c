/*
 * view_batch.c
 *		Collects the links of one INSERT or COPY into a link view, to be made
 *		together at its end.
 *
 * The row trigger of a link view hands over pairs that need nothing but a
 * link; the statement trigger (AFTER INSERT, which PostgreSQL fires on views
 * too, also for COPY) has them linked.  Only where nobody can see the
 * difference:
 *
 * - The statement is the client's own, not one in a function or CTE, so that
 *	 no other command comes between the rows; and it returns no rows.
 * - The view has no triggers of the user's that fire on INSERT, nor has the
 *	 far endpoint.
 *
 * A batch lives in the memory context of the executor's run that fires the
 * triggers, and is forgotten with it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "parser/parsetree.h"
#include "tcop/pquery.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "m2m.h"

typedef struct ViewBatch
{
	MemoryContext query_context;	/* of the executor's run */
	SubTransactionId subid;
	Oid			viewid;
	bool		possible;		/* may rows of this run wait? */
	M2mRelationship *rel;
	M2mPairs   *pairs;			/* NULL: none are waiting */
} ViewBatch;

/* Of the statement that is running; there can be no more than one. */
static ViewBatch *current = NULL;

static void begin_batch(MemoryContext query_context, TriggerData *trigdata,
						M2mRelationship *rel, M2mSide far);
static void forget_batch(void *arg);
static bool is_clients_statement(MemoryContext query_context, Oid viewid);
static bool only_our_triggers(Relation view, Oid function);
static bool has_insert_trigger(Oid relid);
static void flush(ViewBatch *batch);

/*
 * m2m_view_batch_put: lets a pair wait for the end of the statement that fired
 * the row trigger; false if it has to be linked at once.
 */
bool
m2m_view_batch_put(FunctionCallInfo fcinfo, M2mRelationship *rel,
				   M2mSide far, M2mIds *ids[2])
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	MemoryContext query_context = fcinfo->flinfo->fn_mcxt;
	MemoryContext old;

	if (current == NULL || current->query_context != query_context)
	{
		/* one statement of the client's at a time; those inside do not wait */
		if (current != NULL && current->pairs != NULL)
			return false;
		begin_batch(query_context, trigdata, rel, far);
	}
	if (!current->possible ||
		current->subid != GetCurrentSubTransactionId() ||
		current->viewid != RelationGetRelid(trigdata->tg_relation))
		return false;
	if (current->pairs != NULL && current->rel != rel)
		flush(current);
	if (current->pairs == NULL)
	{
		old = MemoryContextSwitchTo(query_context);
		current->pairs = m2m_pairs_begin(rel, work_mem / 2);
		current->rel = rel;
		MemoryContextSwitchTo(old);
	}
	m2m_pairs_put(current->pairs, ids[M2M_LEFT]->value,
				  ids[M2M_RIGHT]->value);
	return true;
}

/*
 * m2m_view_batch_end: links what waits for the end of a statement on the
 * view.
 */
void
m2m_view_batch_end(Oid viewid)
{
	if (current != NULL && current->viewid == viewid &&
		current->pairs != NULL)
		flush(current);
}

/*
 * begin_batch: finds out, once for each run, whether rows may wait.
 */
static void
begin_batch(MemoryContext query_context, TriggerData *trigdata,
			M2mRelationship *rel, M2mSide far)
{
	ViewBatch  *batch = MemoryContextAllocZero(query_context,
											   sizeof(ViewBatch));
	MemoryContextCallback *callback;

	batch->query_context = query_context;
	batch->subid = GetCurrentSubTransactionId();
	batch->viewid = RelationGetRelid(trigdata->tg_relation);
	batch->possible = is_clients_statement(query_context, batch->viewid) &&
		only_our_triggers(trigdata->tg_relation,
						  trigdata->tg_trigger->tgfoid) &&
		!has_insert_trigger(rel->side[far].relid);
	callback = MemoryContextAllocZero(query_context,
									  sizeof(MemoryContextCallback));
	callback->func = forget_batch;
	callback->arg = batch;
	MemoryContextRegisterResetCallback(query_context, callback);
	current = batch;
}

/* forget_batch: the memory of the run goes, after its end or an error. */
static void
forget_batch(void *arg)
{
	if (current == arg)
		current = NULL;
}

/*
 * is_clients_statement: does this run of the executor belong to an INSERT
 * into the view or a COPY into it that the client has sent?  Such an INSERT
 * without RETURNING runs in a multi-query portal.  A function's statements
 * leave that portal active, but their triggers are called in other memory: an
 * INSERT's executor state lies right under the portal's memory, and COPY calls
 * triggers in that itself.
 */
static bool
is_clients_statement(MemoryContext query_context, Oid viewid)
{
	PlannedStmt *statement;
	int			target;

	if (ActivePortal == NULL ||
		ActivePortal->strategy != PORTAL_MULTI_QUERY ||
		list_length(ActivePortal->stmts) != 1)
		return false;
	statement = linitial_node(PlannedStmt, ActivePortal->stmts);
	if (statement->commandType == CMD_UTILITY)
	{
		CopyStmt   *copy = (CopyStmt *) statement->utilityStmt;

		return query_context == ActivePortal->portalContext &&
			IsA(copy, CopyStmt) && copy->is_from && copy->relation != NULL &&
			RangeVarGetRelid(copy->relation, NoLock, true) == viewid;
	}
	target = m2m_only_target(statement);
	return MemoryContextGetParent(query_context) ==
		ActivePortal->portalContext &&
		statement->commandType == CMD_INSERT &&
		!statement->hasReturning && !statement->hasModifyingCTE &&
		target > 0 && rt_fetch(target, statement->rtable)->relid == viewid;
}

/*
 * only_our_triggers: is our statement trigger there and enabled, and is
 * nothing else on the view that fires on INSERT but the row trigger?
 */
static bool
only_our_triggers(Relation view, Oid function)
{
	bool		found = false;

	for (int i = 0; i < view->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &view->trigdesc->triggers[i];

		if (!TRIGGER_FOR_INSERT(trigger->tgtype))
			continue;
		if (trigger->tgfoid != function)
			return false;
		if (!TRIGGER_FOR_ROW(trigger->tgtype) &&
			trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN)
			found = true;
	}
	return found;
}

/*
 * has_insert_trigger: has a table a trigger of the user's, or a rule, which
 * may look at links while its rows are inserted?  Asks the system catalogs, as
 * the table need not be locked yet.
 */
static bool
has_insert_trigger(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		result = true;
	Relation	triggers;
	ScanKeyData key;
	SysScanDesc scan;

	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_class) GETSTRUCT(tuple))->relhasrules;
		ReleaseSysCache(tuple);
	}
	if (result)
		return true;
	triggers = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, NULL,
							  1, &key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		result = !form->tgisinternal && TRIGGER_FOR_INSERT(form->tgtype);
	}
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return result;
}

/*
 * flush: links all pairs that wait.
 */
static void
flush(ViewBatch *batch)
{
	M2mPairs   *pairs = batch->pairs;
	M2mRelationship *rel = m2m_relationship_refresh(batch->rel);

	batch->pairs = NULL;
	m2m_links_add_pairs(rel, pairs, false);
	m2m_pairs_end(pairs);
}
