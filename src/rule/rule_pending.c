/*
 * rule_pending.c
 *		What rules have to look at before a transaction commits, or is prepared.
 *
 * It is keys that are kept until then: of rows that have lost links, or are
 * new.  What a subtransaction has kept is its parent's when it ends, and
 * forgotten when it is undone.
 *
 * Then each kind of rule looks at what it has kept, one kind after the other in
 * the order of `kinds`.  Rows that go because they have lost their last link
 * take links with them, which leaves gaps in orders; and limits are asked when
 * all that is done.  What a kind writes has triggers of users' fire, which may
 * write links in turn.  So deferred ones are fired after each look, which nobody
 * would do any more after XACT_EVENT_PRE_COMMIT, and it begins with the first
 * kind again, until there is nothing left.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"

/* How often rules look at most when a transaction commits. */
#define ROUNDS 10000

/* Kinds that have something to look at, in the order in which they do. */
static const M2mRuleKind *const kinds[] = {
	&m2m_orphan_kind,
	&m2m_order_kind,
	&m2m_counter_kind,
	&m2m_limit_kind,
};

/* M2mRulePending of the current transaction; in TopTransactionContext. */
static List *pending = NIL;

/* Has a subtransaction left what its parent may have as well? */
static bool untidy = false;

static bool is_beside(const M2mRuleKind *kind, bool rows);
static M2mRule *find_rule(M2mRulePending *p, M2mRelationship *rel);
static bool is_for(M2mRulePending *p, M2mRule *rule, bool rows);
static void tidy(void);
static bool take_over(M2mRulePending *p, M2mRulePending *other);
static void at_end(XactEvent event, void *arg);
static void at_subtransaction(SubXactEvent event, SubTransactionId subid,
							  SubTransactionId parent, void *arg);
static void look(bool prepare);
static void look_at(const M2mRuleKind *kind, List *now);
static void look_at_those(const M2mRuleKind *kind, List *now, bool restricted);
static List *take(const M2mRuleKind *kind);
static int	compare(const ListCell *a, const ListCell *b);
static void end(M2mRulePending *p);

/* m2m_rules_init: at load. */
void
m2m_rules_init(void)
{
	RegisterXactCallback(at_end, NULL);
	RegisterSubXactCallback(at_subtransaction, NULL);
}

/*
 * m2m_rule_pending: where a rule keeps keys in this subtransaction: of rows of
 * its endpoint, as these have them, or of links.  Beside the keys there are the
 * columns that the kind adds (kept).
 */
M2mRulePending *
m2m_rule_pending(M2mRule *rule, bool rows)
{
	SubTransactionId subid = GetCurrentSubTransactionId();
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];
	MemoryContext old;
	ResourceOwner owner;
	bool		restricted = InSecurityRestrictedOperation() &&
		!is_beside(rule->kind, rows);
	ListCell   *lc;
	M2mRulePending *p;

	tidy();
	foreach(lc, pending)
	{
		p = lfirst(lc);
		if (p->subid == subid && is_for(p, rule, rows) &&
			p->restricted == restricted && m2m_rule_pending_fits(p, rule))
			return p;
	}

	/* it outlives this statement, and files that it may have, too */
	old = MemoryContextSwitchTo(TopTransactionContext);
	owner = CurrentResourceOwner;
	CurrentResourceOwner = TopTransactionResourceOwner;
	p = palloc0(sizeof(M2mRulePending));
	p->kind = rule->kind;
	p->subid = subid;
	p->endpoint = endpoint->relid;
	p->association = rule->rel->association;
	p->nkeys = endpoint->nkeys;
	p->column = m2m_rule_side_columns(rule->rel, rule->side);
	p->rows = rows;
	p->restricted = restricted;
	p->desc = rule->kind->kept != NULL ? rule->kind->kept(rule, rows) :
		m2m_rule_kept_desc(rule, rows, 0);
	TupleDescFinalize(p->desc);
	p->keys = tuplestore_begin_heap(true, false, work_mem / 4);
	pending = lappend(pending, p);
	CurrentResourceOwner = owner;
	MemoryContextSwitchTo(old);
	return p;
}

/* m2m_rule_keep: keeps the keys of links in SPI_tuptable. */
void
m2m_rule_keep(M2mRule *rule)
{
	M2mRulePending *p;

	if (SPI_processed == 0)
		return;
	p = m2m_rule_pending(rule, false);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(p->keys, SPI_tuptable->vals[i]);
}

/*
 * m2m_rule_kept_desc: of keys of rows or links, m2m_k1 ..., with room for more
 * columns; to be finalized.
 */
TupleDesc
m2m_rule_kept_desc(M2mRule *rule, bool rows, int more)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];
	TupleDesc	desc = CreateTemplateTupleDesc(endpoint->nkeys + more);

	for (int i = 0; i < endpoint->nkeys; i++)
		m2m_rule_kept_column(desc, i + 1, psprintf("m2m_k%d", i + 1),
							 &endpoint->key[i], rows);
	return desc;
}

/* m2m_rule_kept_column: a column of it that is like one of the key. */
void
m2m_rule_kept_column(TupleDesc desc, AttrNumber attnum, const char *name,
					 M2mKeyColumn *key, bool rows)
{
	TupleDescInitEntry(desc, attnum, name, rows ? key->type : key->link_type,
					   -1, 0);
	TupleDescInitEntryCollation(desc, attnum,
								rows ? key->collation : key->link_collation);
}

/* m2m_rule_has_pending: has a kind kept anything of a relationship's links? */
bool
m2m_rule_has_pending(const M2mRuleKind *kind, Oid association)
{
	ListCell   *lc;

	foreach(lc, pending)
	{
		M2mRulePending *p = lfirst(lc);

		if (p->kind == kind && p->association == association && !p->rows)
			return true;
	}
	return false;
}

/* m2m_rule_is_pending: has a rule kept anything of its links? */
bool
m2m_rule_is_pending(M2mRule *rule)
{
	ListCell   *lc;

	foreach(lc, pending)
	{
		if (is_for(lfirst(lc), rule, false))
			return true;
	}
	return false;
}

/*
 * m2m_rule_of_pending: the rule that has kept it, also if it is called
 * otherwise, or another has replaced it; NULL if there is none any more.  Takes
 * the lock on the association, and one on the table of the rows if its SQL is
 * going to name that (m2m_rule_endpoint_lock()).
 */
M2mRule *
m2m_rule_of_pending(M2mRulePending *p, LOCKMODE lockmode)
{
	M2mRelationship *rel = m2m_relationship_get(p->association, InvalidOid,
												lockmode);
	M2mRule    *rule = find_rule(p, rel);
	LOCKMODE	of_rows = rule == NULL ? NoLock :
		m2m_rule_endpoint_lock(rule, NULL);

	if (of_rows == NoLock)
		return rule;
	LockRelationOid(rel->side[rule->side].relid, of_rows);
	if (m2m_relationship_current(rel))
		return rule;
	return find_rule(p, m2m_relationship_get(p->association, InvalidOid,
											 NoLock));
}

/* find_rule: the same in a description, which may be NULL. */
static M2mRule *
find_rule(M2mRulePending *p, M2mRelationship *rel)
{
	ListCell   *lc;

	foreach(lc, rel == NULL ? NIL : m2m_rules_of(rel))
	{
		if (m2m_rule_is_of_pending(p, lfirst(lc)))
			return lfirst(lc);
	}
	return NULL;
}

/* m2m_rule_is_of_pending: is it this rule? */
bool
m2m_rule_is_of_pending(M2mRulePending *p, M2mRule *rule)
{
	return is_for(p, rule, p->rows);
}

/*
 * is_beside: do keys of rows only say something of the keys of links that a kind
 * keeps, however these were written?
 */
static bool
is_beside(const M2mRuleKind *kind, bool rows)
{
	return rows && kind == &m2m_orphan_kind;
}

/* is_for: is it where a rule keeps keys of rows, or of links? */
static bool
is_for(M2mRulePending *p, M2mRule *rule, bool rows)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];

	if (p->kind != rule->kind || p->rows != rows ||
		p->association != rule->rel->association ||
		p->nkeys != endpoint->nkeys)
		return false;
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		if (p->column[i] != endpoint->key[i].link_attnum)
			return false;
	}
	return true;
}

/*
 * m2m_rule_pending_fits: have its keys still the types that a rule's have?  If
 * not, it was this transaction that has altered them: nobody else has written a
 * link since.
 */
bool
m2m_rule_pending_fits(M2mRulePending *p, M2mRule *rule)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];

	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		Form_pg_attribute attribute = TupleDescAttr(p->desc, i);

		if (attribute->atttypid != (p->rows ? key->type : key->link_type) ||
			attribute->attcollation != (p->rows ? key->collation :
										key->link_collation))
			return false;
	}
	return true;
}

/*
 * tidy: one of each, where subtransactions have left several; there can be
 * thousands.  Not when they end: it may be an error.
 */
static void
tidy(void)
{
	ListCell   *lc;

	if (!untidy)
		return;
	foreach(lc, pending)
	{
		M2mRulePending *other = lfirst(lc);
		bool		taken = false;

		for (int i = 0; i < foreach_current_index(lc) && !taken; i++)
			taken = take_over(list_nth(pending, i), other);
		if (taken)
		{
			pending = foreach_delete_current(pending, lc);
			end(other);
		}
	}
	untidy = false;
}

/*
 * take_over: adds what is kept in another to what is; false if it is not for
 * the same rule and subtransaction, and of the same types.
 */
static bool
take_over(M2mRulePending *p, M2mRulePending *other)
{
	TupleTableSlot *slot;

	if (p->kind != other->kind || p->subid != other->subid ||
		p->restricted != other->restricted ||
		p->association != other->association || p->rows != other->rows ||
		p->nkeys != other->nkeys ||
		memcmp(p->column, other->column, sizeof(AttrNumber) * p->nkeys) != 0 ||
		!equalTupleDescs(p->desc, other->desc))
		return false;
	slot = MakeSingleTupleTableSlot(p->desc, &TTSOpsMinimalTuple);
	tuplestore_rescan(other->keys);
	while (tuplestore_gettupleslot(other->keys, true, false, slot))
		tuplestore_puttupleslot(p->keys, slot);
	ExecDropSingleTupleTableSlot(slot);
	return true;
}

/* at_end: before a transaction commits or is prepared, and when it has ended. */
static void
at_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			look(event == XACT_EVENT_PRE_PREPARE);
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:

			/* the memory goes with the transaction */
			pending = NIL;
			untidy = false;
			break;
		default:
			break;
	}
}

/*
 * at_subtransaction: what a subtransaction has kept is its parent's, or is
 * forgotten.
 */
static void
at_subtransaction(SubXactEvent event, SubTransactionId subid,
				  SubTransactionId parent, void *arg)
{
	ListCell   *lc;

	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	foreach(lc, pending)
	{
		M2mRulePending *p = lfirst(lc);

		if (p->subid != subid)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
		{
			p->subid = parent;
			untidy = true;
		}
		else
		{
			pending = foreach_delete_current(pending, lc);
			end(p);
		}
	}
}

/*
 * look: all that is pending, until there is nothing.  Deferred triggers are
 * fired as CommitTransaction() does, cursors that they leave open closed.
 * Errors: those of the rules and triggers; 54001 where it does not come to an
 * end.
 */
static void
look(bool prepare)
{
	int			rounds[lengthof(kinds)] = {0};
	int			total = 0;

	while (pending != NIL)
	{
		List	   *now = NIL;
		size_t		k;

		tidy();
		for (k = 0; k < lengthof(kinds); k++)
		{
			now = take(kinds[k]);
			if (now != NIL)
				break;
		}
		Assert(now != NIL);
		if (total++ == ROUNDS ||
			(kinds[k]->rounds > 0 && rounds[k]++ == kinds[k]->rounds))
			ereport(ERROR,
					(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
					 errmsg("what rules do when the transaction commits does not come to an end"),
					 errdetail("They have changed rows %d times, and there are links of \"%s\" to look at again.",
							   total - 1,
							   get_rel_name(((M2mRulePending *) linitial(now))->association)),
					 errhint("A trigger there may write links whenever a rule has changed something.")));

		/* there is no statement any more that has one */
		PushActiveSnapshot(GetTransactionSnapshot());
		look_at(kinds[k], now);
		PopActiveSnapshot();
		while (now != NIL)
		{
			end(linitial(now));
			now = list_delete_first(now);
		}
		do
			AfterTriggerFireDeferred();
		while (PreCommit_Portals(prepare));
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * look_at: what a kind has kept.  What was kept in a security-restricted
 * operation, as the function of an index may write links in somebody else's
 * ANALYZE, is looked at by itself, and what that fires is in one, too: it could
 * else leave a deferred trigger behind, which would run as that somebody.  After
 * the rest: what both are about is done as it may be done.
 */
static void
look_at(const M2mRuleKind *kind, List *now)
{
	Oid			userid;
	int			security;

	look_at_those(kind, now, false);
	GetUserIdAndSecContext(&userid, &security);
	SetUserIdAndSecContext(userid, security | SECURITY_RESTRICTED_OPERATION);
	look_at_those(kind, now, true);
	SetUserIdAndSecContext(userid, security);
}

/* look_at_those: which were kept in such an operation, or were not. */
static void
look_at_those(const M2mRuleKind *kind, List *now, bool restricted)
{
	List	   *those = NIL;
	bool		any = false;
	int			nest;
	ListCell   *lc;

	foreach(lc, now)
	{
		M2mRulePending *p = lfirst(lc);
		bool		beside = is_beside(kind, p->rows);

		if (beside || p->restricted == restricted)
			those = lappend(those, p);
		any |= !beside && p->restricted == restricted;
	}
	if (!any)
		return;
	nest = NewGUCNestLevel();
	kind->look(those);
	AtEOXact_GUC(false, nest);
}

/*
 * take: what a kind has kept, which is no longer pending; in one order, whoever
 * comes first.
 */
static List *
take(const M2mRuleKind *kind)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, pending)
	{
		M2mRulePending *p = lfirst(lc);

		if (p->kind == kind)
		{
			result = lappend(result, p);
			pending = foreach_delete_current(pending, lc);
		}
	}
	list_sort(result, compare);
	return result;
}

/* compare: by tables, then by columns. */
static int
compare(const ListCell *a, const ListCell *b)
{
	M2mRulePending *x = lfirst(a);
	M2mRulePending *y = lfirst(b);

	if (x->endpoint != y->endpoint)
		return x->endpoint < y->endpoint ? -1 : 1;
	if (x->association != y->association)
		return x->association < y->association ? -1 : 1;
	for (int i = 0; i < Min(x->nkeys, y->nkeys); i++)
	{
		if (x->column[i] != y->column[i])
			return x->column[i] < y->column[i] ? -1 : 1;
	}
	return x->rows - y->rows;
}

/* end: frees what was kept. */
static void
end(M2mRulePending *p)
{
	tuplestore_end(p->keys);
	FreeTupleDesc(p->desc);
	pfree(p->column);
	pfree(p);
}
