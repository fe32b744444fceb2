/*
 * rule_change.c
 *		Links that were made and removed, handed to the rules: by their triggers,
 *		at the end of a statement, or by the direct path, at the end of a call.
 *
 * Either way a rule sees rows of the association, those that are new and those
 * that are gone, when all of them and all index entries are in.  A rule does
 * its work by SQL on these rows, so there is one function for both.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "catalog.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"

static void put(M2mRuleChange *change, Tuplestorestate **store,
				TupleTableSlot *link);
static void hand_over(M2mRule *rule, M2mRuleChange *change);

/*
 * m2m_rules_begin: for a call that is going to write links itself; NULL if
 * no rule has to be told.  The caller holds a lock on the association, and the
 * rules are plain (m2m_rules_are_plain()).  Lives in CurrentMemoryContext, as
 * long as the current resource owner.
 */
M2mRuleChange *
m2m_rules_begin(M2mRelationship *rel)
{
	M2mRuleChange *change;
	bool		idle = true;
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if ((rule->needs & (M2M_RULE_INSERT | M2M_RULE_DELETE)) != 0 &&
			(rule->kind->idle == NULL || !rule->kind->idle(rule)))
			idle = false;
	}
	if (idle)
		return NULL;
	change = palloc0(sizeof(M2mRuleChange));
	change->rel = rel;
	change->own = true;
	change->context = CurrentMemoryContext;
	return change;
}

/* m2m_rules_linked: a link was made; a row of the association. */
void
m2m_rules_linked(M2mRuleChange *change, TupleTableSlot *link)
{
	put(change, &change->linked, link);
}

/* m2m_rules_unlinked: a link was removed. */
void
m2m_rules_unlinked(M2mRuleChange *change, TupleTableSlot *link)
{
	put(change, &change->unlinked, link);
}

/*
 * m2m_rules_end: has the rules do what they do about it.  All links and index
 * entries are in, and a command that begins now sees them.  Raises what a rule
 * raises.
 */
void
m2m_rules_end(M2mRuleChange *change)
{
	ListCell   *lc;

	if (change->linked != NULL || change->unlinked != NULL)
	{
		foreach(lc, m2m_rules_of(change->rel))
		{
			M2mRule    *rule = lfirst(lc);

			/* as its triggers would fire: for what there was */
			if ((change->linked != NULL &&
				 (rule->needs & M2M_RULE_INSERT)) ||
				(change->unlinked != NULL &&
				 (rule->needs & M2M_RULE_DELETE)))
				hand_over(rule, change);
		}
	}
	if (change->linked != NULL)
		tuplestore_end(change->linked);
	if (change->unlinked != NULL)
		tuplestore_end(change->unlinked);
	pfree(change);
}

/* put: adds a row to what was linked, or unlinked. */
static void
put(M2mRuleChange *change, Tuplestorestate **store, TupleTableSlot *link)
{
	MemoryContext old = MemoryContextSwitchTo(change->context);

	if (*store == NULL)
		*store = tuplestore_begin_heap(true, false, work_mem / 4);
	tuplestore_puttupleslot(*store, link);
	MemoryContextSwitchTo(old);
}

/*
 * m2m_rule_fired: what the trigger function of each kind of rule does: hands
 * the rule the rows of its statement, or the kind a row of an endpoint.
 * Errors: 39P01 where the trigger is not one of those that we make; 55000 where
 * it makes no rule, as while the relationship is at rest.  Where there is no
 * relationship any more, there is nothing to keep.
 */
Datum
m2m_rule_fired(FunctionCallInfo fcinfo, const M2mRuleKind *kind)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	M2mRelationship *rel;
	M2mRule    *rule = NULL;
	M2mRuleChange change;

	if (kind->row != NULL && CALLED_AS_TRIGGER(fcinfo) &&
		TRIGGER_FIRED_AFTER(trigger->tg_event) &&
		TRIGGER_FIRED_FOR_ROW(trigger->tg_event) &&
		(TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		 TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)))
	{
		kind->row(trigger);
		return PointerGetDatum(NULL);
	}
	if (!CALLED_AS_TRIGGER(fcinfo) ||
		(!TRIGGER_FIRED_AFTER(trigger->tg_event) &&
		 !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)) ||
		!TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event) ||
		((TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		  TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)) &&
		 trigger->tg_newtable == NULL) ||
		((TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ||
		  TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)) &&
		 trigger->tg_oldtable == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function %s() is for statement triggers that m2m makes",
						kind->function)));

	/* the statement that fired it has the association locked */
	rel = m2m_relationship_get(RelationGetRelid(trigger->tg_relation),
							   InvalidOid, NoLock);
	if (rel != NULL)
		rule = m2m_rule_of_trigger(rel, trigger->tg_trigger->tgoid);

	/* a table that is no relationship's any more is its owner's to write */
	else if (m2m_catalog_read_rest(RelationGetRelid(trigger->tg_relation),
								   NIL) == NULL)
		return PointerGetDatum(NULL);
	if (rule == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("trigger \"%s\" on \"%s\" makes no rule of a relationship",
						trigger->tg_trigger->tgname,
						RelationGetRelationName(trigger->tg_relation)),
				 errdetail("Its relationship is at rest, or has no such role."),
				 errhint("Make the relationship whole, or drop the trigger.")));

	/* who is not asked before, has no say then */
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event) &&
		!(rule->needs & M2M_RULE_BEFORE_TRUNCATE))
		return PointerGetDatum(NULL);
	memset(&change, 0, sizeof(change));
	change.rel = rel;
	change.linked = trigger->tg_newtable;
	change.unlinked = trigger->tg_oldtable;
	change.update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	change.truncated = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event);
	hand_over(rule, &change);
	return PointerGetDatum(NULL);
}

/*
 * hand_over: has a rule do what it does.  Where its SQL names the table of the
 * rows that it is about, that is locked first: a statement on the association
 * has locked no endpoint, and one that is being given another name meanwhile, or
 * has a column renamed or dropped, would not be found by the one it had.  The
 * change goes by the description as it is then.
 */
static void
hand_over(M2mRule *rule, M2mRuleChange *change)
{
	LOCKMODE	lockmode = m2m_rule_endpoint_lock(rule, change);

	if (lockmode != NoLock)
	{
		LockRelationOid(rule->rel->side[rule->side].relid, lockmode);
		if (!m2m_relationship_current(change->rel))
		{
			M2mRelationship *rel = m2m_relationship_get(change->rel->association,
														InvalidOid, NoLock);

			if (rel == NULL)
				return;
			change->rel = rel;
		}
	}

	/* as it may have been read anew for another rule, too */
	if (rule->rel != change->rel)
		rule = m2m_rule_find(change->rel, rule->name);
	if (rule != NULL)
		rule->kind->after(rule, change);
}

/*
 * m2m_rule_endpoint_lock: the lock that a rule's SQL takes on the table of the
 * rows that it is about, after a change, or with NULL when the transaction
 * commits; NoLock where it does not name it.
 */
LOCKMODE
m2m_rule_endpoint_lock(M2mRule *rule, M2mRuleChange *change)
{
	bool		any = change == NULL || change->truncated ||
		m2m_rule_rows(change) > 0;

	/* rows to be counted anew are locked before it is known whether there are */
	if (rule->kind == &m2m_counter_kind && !OidIsValid(rule->table) && any)
		return change == NULL || change->update ? RowShareLock :
			RowExclusiveLock;
	if (rule->kind == &m2m_limit_kind &&
		(change == NULL || change->truncated))
		return AccessShareLock;
	return NoLock;
}
