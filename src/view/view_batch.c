/*
 * view_batch.c
 *		Collects the links of one INSERT or COPY into a link view, to be made
 *		together at its end.
 *
 * The row trigger of a link view hands over pairs that need nothing but a
 * link; the statement trigger (AFTER INSERT, which PostgreSQL fires on views
 * too, also for COPY) has them linked.  Only where nobody can see the
 * difference, else each row is linked at once:
 *
 * - The statement is one that the client has sent, returns no rows and writes
 *	 nowhere else.
 * - Nothing in it runs code of a user's while its rows come: no function in
 *	 its plan, or in the defaults of the view's columns, but PostgreSQL's own.
 * - Nothing that the links or new rows of the far endpoint set off does: no
 *	 triggers, rules or row-level security of these tables and the view, no
 *	 functions in defaults and CHECK constraints; and nothing tells the order of
 *	 links, as a sequence in a column of the association does.
 *
 * A batch belongs to one run of the executor (or COPY), one user and one
 * subtransaction.  It hangs on the memory context in which that run calls its
 * triggers, as an argument of a reset callback, and is found there and nowhere
 * else: a statement inside, whoever runs it and however it ends, calls its
 * triggers in other memory, and so neither sees nor flushes it.  An error
 * takes run and batch away together.  A run that ends well without the
 * statement trigger, because session_replication_role was changed on the way,
 * is an error: its rows have been counted.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "catalog.h"
#include "ids.h"
#include "link.h"
#include "m2m.h"
#include "rule.h"
#include "relationship.h"
#include "view_internal.h"

typedef struct ViewBatch
{
	MemoryContextCallback callback; /* ties it to the memory of its run */
	Oid			viewid;
	char	   *view_name;
	SubTransactionId subid;
	Oid			userid;
	int			sec_context;
	bool		possible;		/* may rows of this run wait? */
	M2mRelationship *rel;
	M2mPairs   *pairs;			/* NULL: none are waiting */
} ViewBatch;

static ViewBatch *find_batch(MemoryContext run);
static ViewBatch *begin_batch(MemoryContext run, TriggerData *trigdata);
static void end_batch(void *arg);
static bool is_clients_statement(MemoryContext run, Relation view);
static bool only_our_triggers(Relation view, Oid function);
static bool runs_code(Oid relid, bool in_order);
static bool has_insert_trigger(Oid relid);
static bool has_code_in_check(Oid relid);
static bool domain_runs_code(Relation relation);
static bool default_runs_code(Relation relation, bool in_order);
static bool calls_code(Node *node, void *context);
static bool is_code(Oid function, void *context);
static void flush(ViewBatch *batch);

/*
 * m2m_view_batch_put: lets a pair wait for the end of the statement that fired
 * the row trigger; false if it has to be linked at once.  The association is
 * locked for writing.
 */
bool
m2m_view_batch_put(FunctionCallInfo fcinfo, M2mRelationship *rel,
				   M2mSide far, M2mIds *ids[2])
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	MemoryContext run = fcinfo->flinfo->fn_mcxt;
	ViewBatch  *batch = find_batch(run);
	Oid			userid;
	int			sec_context;

	if (batch == NULL)
		batch = begin_batch(run, trigdata);

	/*
	 * A pair is linked with the rights, and undone with the subtransaction,
	 * in which it came: what does not fit the batch does not wait.
	 * set_config() is PostgreSQL's own, and can take on a role from one row
	 * to the next. View and subtransaction should be the same for all rows;
	 * if ever they were not, nobody would notice.
	 */
	GetUserIdAndSecContext(&userid, &sec_context);
	if (!batch->possible ||
		batch->viewid != RelationGetRelid(trigdata->tg_relation) ||
		batch->subid != GetCurrentSubTransactionId() ||
		batch->userid != userid || batch->sec_context != sec_context)
		return false;

	/*
	 * Another description: DDL has run meanwhile.  Those that wait were read
	 * by the old one, and flush() sees whether they still mean what they did.
	 */
	if (batch->pairs != NULL && batch->rel != rel)
		flush(batch);
	if (batch->pairs == NULL)
	{
		MemoryContext old;

		/*
		 * The association is locked for writing, which keeps triggers, rules
		 * and constraints from being added (they take ShareRowExclusiveLock
		 * or more), so the answer holds to the end of the run.  The near
		 * endpoint gets no row here.
		 */
		if (runs_code(rel->association, true) ||
			runs_code(rel->side[far].relid, false))
		{
			batch->possible = false;
			return false;
		}

		/* the row's own memory is reset before the next row comes */
		old = MemoryContextSwitchTo(run);
		batch->rel = rel;
		batch->pairs = m2m_pairs_begin(rel, work_mem / 2);
		MemoryContextSwitchTo(old);
	}
	m2m_pairs_put(batch->pairs, ids[M2M_LEFT]->value,
				  ids[M2M_RIGHT]->value);
	return true;
}

/*
 * m2m_view_batch_end: links what waits for the end of the run that fired the
 * statement trigger.  Raises what linking raises.
 */
void
m2m_view_batch_end(FunctionCallInfo fcinfo)
{
	ViewBatch  *batch = find_batch(fcinfo->flinfo->fn_mcxt);

	if (batch != NULL && batch->pairs != NULL)
		flush(batch);
}

/*
 * find_batch: the batch of the run that calls triggers in this memory, or
 * NULL.
 */
static ViewBatch *
find_batch(MemoryContext run)
{
	/*
	 * The list is the server's, but its struct is public, and there is no
	 * other place that is as old as the run and known to both triggers:
	 * fn_extra belongs to one trigger's FmgrInfo, and the statement trigger
	 * has another.
	 */
	for (MemoryContextCallback *callback = run->reset_cbs; callback != NULL;
		 callback = callback->next)
	{
		if (callback->func == end_batch)
			return callback->arg;
	}
	return NULL;
}

/*
 * begin_batch: finds out, once for each run, whether its rows may wait.
 */
static ViewBatch *
begin_batch(MemoryContext run, TriggerData *trigdata)
{
	Relation	view = trigdata->tg_relation;
	ViewBatch  *batch = MemoryContextAllocZero(run, sizeof(ViewBatch));

	batch->viewid = RelationGetRelid(view);
	batch->view_name = MemoryContextStrdup(run, RelationGetRelationName(view));
	batch->subid = GetCurrentSubTransactionId();
	GetUserIdAndSecContext(&batch->userid, &batch->sec_context);
	batch->possible = is_clients_statement(run, view) &&
		only_our_triggers(view, trigdata->tg_trigger->tgfoid);

	/* also where no row may wait: so it is not asked again for the next one */
	batch->callback.func = end_batch;
	batch->callback.arg = batch;
	MemoryContextRegisterResetCallback(run, &batch->callback);
	return batch;
}

/*
 * end_batch: the memory of the run goes, after its end or an error.  Links
 * that still wait after an error go with the rest of its work.  After an end,
 * the statement trigger did not fire: error 55000.
 */
static void
end_batch(void *arg)
{
	ViewBatch  *batch = arg;

	/*
	 * An abort deletes the run's memory in state TRANS_ABORT, which is none
	 * of IsTransactionState()'s.  An error raised here is expected by
	 * MemoryContextDelete(), which calls before it delinks; this callback has
	 * been popped, and is not called again.
	 */
	if (batch->pairs != NULL && IsTransactionState())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the links of rows inserted into view \"%s\" were not made",
						batch->view_name),
				 errdetail("Trigger \"%s\", which makes them at the end of the statement, did not fire.",
						   M2M_BATCH_TRIGGER_NAME),
				 errhint("Do not change session_replication_role in a statement that inserts into a link view.")));
}

/*
 * is_clients_statement: does this run belong to an INSERT into the view or a
 * COPY into it that the client has sent, and is there no code of a user's in
 * it?
 *
 * Such an INSERT without RETURNING runs in a multi-query portal.  A function's
 * statements leave that portal active, but their triggers are called in other
 * memory: an INSERT's executor state lies right under the portal's memory, and
 * COPY calls triggers in that itself.
 *
 * A plan lists, for its own invalidation, the functions that are not
 * PostgreSQL's own, and the domains.
 */
static bool
is_clients_statement(MemoryContext run, Relation view)
{
	PlannedStmt *statement;
	int			target;

	/*
	 * One statement: a rule that adds others would see, in these, what the
	 * first has linked so far.
	 */
	if (ActivePortal == NULL ||
		ActivePortal->strategy != PORTAL_MULTI_QUERY ||
		list_length(ActivePortal->stmts) != 1)
		return false;
	statement = linitial_node(PlannedStmt, ActivePortal->stmts);
	if (statement->commandType == CMD_UTILITY)
	{
		CopyStmt   *copy = (CopyStmt *) statement->utilityStmt;

		/*
		 * COPY has no plan to look into: what it evaluates is defaults and
		 * WHERE.  Input functions are a superuser's; domains are looked for
		 * in the tables whose columns these are (runs_code()).
		 */
		return run == ActivePortal->portalContext &&
			IsA(copy, CopyStmt) && copy->is_from &&
			copy->relation != NULL && copy->whereClause == NULL &&
			RangeVarGetRelid(copy->relation, NoLock, true) ==
			RelationGetRelid(view) &&
			!default_runs_code(view, false);
	}
	target = m2m_only_target(statement);
	return MemoryContextGetParent(run) == ActivePortal->portalContext &&
		statement->commandType == CMD_INSERT &&
		!statement->hasReturning && !statement->hasModifyingCTE &&
		statement->invalItems == NIL && target > 0 &&
		rt_fetch(target, statement->rtable)->relid == RelationGetRelid(view);
}

/*
 * only_our_triggers: will our statement trigger fire, and is nothing else on
 * the view that fires on INSERT but the row trigger?
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
			SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA &&
			(trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN ||
			 trigger->tgenabled == TRIGGER_FIRES_ALWAYS))
			found = true;
	}
	return found;
}

/*
 * runs_code: may inserting into a table run code of a user's, which could look
 * at links or write them?  With in_order, is there also anything that tells
 * the order of rows?
 */
static bool
runs_code(Oid relid, bool in_order)
{
	Relation	relation;
	bool		result;
	ListCell   *lc;

	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		return true;

	/*
	 * A row of a partitioned table sets off its partition's triggers. Without
	 * locks: what is not the association is only looked at, and a trigger
	 * that comes a moment later would see what it sees beside any other
	 * statement.
	 */
	foreach(lc, find_all_inheritors(relid, NoLock, NULL))
	{
		if (has_insert_trigger(lfirst_oid(lc)) ||
			has_code_in_check(lfirst_oid(lc)))
			return true;
	}
	relation = table_open(relid, AccessShareLock);
	result = default_runs_code(relation, in_order) ||
		domain_runs_code(relation);
	table_close(relation, AccessShareLock);
	return result;
}

/*
 * has_insert_trigger: has a table a trigger of the user's on INSERT, or a
 * rewrite rule?  (What a relationship keeps by triggers of ours it keeps of a
 * call, too.)  Asks the system catalogs, as the table need not be locked.
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

		result = !form->tgisinternal && TRIGGER_FOR_INSERT(form->tgtype) &&
			!m2m_rules_are_of(tuple, RelationGetDescr(triggers));
	}
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return result;
}

/*
 * has_code_in_check: does a CHECK constraint of a table call a function of a
 * user's?  Asks the system catalogs, as for triggers.
 */
static bool
has_code_in_check(Oid relid)
{
	Relation	constraints = table_open(ConstraintRelationId, AccessShareLock);
	bool		result = false;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId,
							  true, NULL, 1, &key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		expr = heap_getattr(tuple, Anum_pg_constraint_conbin,
										RelationGetDescr(constraints),
										&isnull);

		result = !isnull &&
			calls_code(stringToNode(TextDatumGetCString(expr)), NULL);
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return result;
}

/*
 * domain_runs_code: does a domain of a table's column call a function of a
 * user's to check its values?
 */
static bool
domain_runs_code(Relation relation)
{
	TupleDesc	desc = RelationGetDescr(relation);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		DomainConstraintRef *domain;
		ListCell   *lc;

		if (attribute->attisdropped ||
			get_typtype(attribute->atttypid) != TYPTYPE_DOMAIN)
			continue;
		domain = palloc(sizeof(DomainConstraintRef));
		InitDomainConstraintRef(attribute->atttypid, domain,
								CurrentMemoryContext, false);
		foreach(lc, domain->constraints)
		{
			DomainConstraintState *constraint = lfirst(lc);

			if (calls_code((Node *) constraint->check_expr, NULL))
				return true;
		}
	}
	return false;
}

/*
 * default_runs_code: is there code of a user's in the default of a column of a
 * table or view?  With in_order, or anything that has another value each time?
 */
static bool
default_runs_code(Relation relation, bool in_order)
{
	TupleDesc	desc = RelationGetDescr(relation);

	for (int i = 0; i < desc->natts; i++)
	{
		Node	   *expr = TupleDescAttr(desc, i)->attisdropped ? NULL :
			build_column_default(relation, i + 1);

		if (expr != NULL &&
			(calls_code(expr, NULL) ||
			 (in_order && contain_volatile_functions(expr))))
			return true;
	}
	return false;
}

/* calls_code: a walker; does an expression call a function of a user's? */
static bool
calls_code(Node *node, void *context)
{
	return node != NULL &&
		(check_functions_in_node(node, is_code, context) ||
		 expression_tree_walker(node, calls_code, context));
}

/*
 * is_code: is a function not PostgreSQL's own, and may it look at tables?
 */
static bool
is_code(Oid function, void *context)
{
	/*
	 * Of what initdb has made, ts_stat() and its like run a query that they
	 * are given: that finds no batch, and does not see links that wait.  An
	 * immutable function may be evaluated at any time, or never.
	 */
	return function >= FirstUnpinnedObjectId &&
		func_volatile(function) != PROVOLATILE_IMMUTABLE;
}

/*
 * flush: links all pairs that wait, as the user who gave them.
 */
static void
flush(ViewBatch *batch)
{
	M2mPairs   *pairs = batch->pairs;
	Oid			userid;
	int			sec_context;

	Assert(batch->subid == GetCurrentSubTransactionId());

	/*
	 * First: if linking fails, the error says so, and end_batch() has nothing
	 * to complain of.
	 */
	batch->pairs = NULL;

	/* after an error the end of the (sub)transaction sets the user back */
	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(batch->userid, batch->sec_context);
	m2m_links_add_pairs(m2m_relationship_refresh(batch->rel), pairs, false);
	SetUserIdAndSecContext(userid, sec_context);
	m2m_pairs_end(pairs);
}
