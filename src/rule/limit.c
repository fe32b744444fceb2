/*
 * limit.c
 *		Limits: how many links a row of one role may have at most, and how many
 *		it must have at least.
 *
 * At most is asked at the end of each statement, or call, that has linked.  Who
 * counts the links of a row locks its key first (m2m_lock_keys()) and then
 * counts by the latest snapshot, at every isolation level: of two that link
 * the last place at once, the second waits for the end of the first and sees
 * what it has done.
 *
 * At least is asked when the transaction commits, so that a row may be inserted
 * before its links are, and links be exchanged.  What was unlinked, and which
 * rows of the endpoint are new, is kept until then, by subtransaction; all keys
 * are locked in order, and looked at together.  A row that is gone needs no
 * links.  Without the lock two transactions could remove the last two links of
 * a row, each seeing the other's.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

/* Statements of a limit. */
typedef enum LimitStatement
{
	LIMIT_LINKED,				/* keys that were linked by INSERT */
	LIMIT_MOVED,				/* ... that have more links by a change of
								 * both */
	LIMIT_GIVEN,				/* ... that have, by "delta" */
	LIMIT_OVER_LINKED,			/* one of these that has too many */
	LIMIT_OVER_MOVED,
	LIMIT_OVER_GIVEN,
	LIMIT_OVER,					/* any */
	LIMIT_UNLINKED,				/* keys that were unlinked by DELETE */
	LIMIT_LEFT,					/* ... that have less by a change of both */
	LIMIT_CHANGED,				/* keys that either was done to */
	LIMIT_LOST,					/* distinct keys of those kept till commit */
	LIMIT_UNDER_LOST,			/* one of these that has too few */
	LIMIT_UNDER_NEW,			/* the same of new rows */
	LIMIT_UNDER,				/* any */
	LIMIT_WANTED,				/* keys of pairs that are wanted */
	LIMIT_FIT					/* pairs wanted that there is room for */
} LimitStatement;

static bool limit_read(M2mRule *rule);
static void limit_after(M2mRule *rule, M2mRuleChange *change);
static char *limit_text(M2mRule *rule, int statement);
static char *limit_definition(M2mRule *rule);
static List *limit_check(M2mRule *rule);
static bool limit_elsewhere(M2mRule *rule);
static void limit_fit(M2mRule *rule, TupleDesc desc,
					  Tuplestorestate **wanted);
static void limit_look(List *kept);
static void check_sees_rows(M2mRelationship *rel, M2mSide side);
static void lock_changed(M2mRule *rule, M2mRuleChange *change);
static void check_most(M2mRule *rule, M2mRuleChange *change);
static void keep_unlinked(M2mRule *rule, M2mRuleChange *change);
static void limit_row(TriggerData *trigger);
static bool same_key(M2mRule *rule, TriggerData *trigger, Datum *values);
static void check_least(M2mRulePending *p);
static void check_all(M2mRule *rule);
static void report(M2mRule *rule, bool most);
static char *key_text(M2mRule *rule, bool of_link);
static char *wanted_text(M2mRelationship *rel);
static char *wanted_columns(M2mRelationship *rel);
static char *key_columns(M2mRelationship *rel, M2mSide side,
						 const char *alias);

PG_FUNCTION_INFO_V1(m2m_limit_links);

const M2mRuleKind m2m_limit_kind = {
	.name = "limit",
	.function = "m2m_limit_links",
	.on_side = true,
	.read = limit_read,
	.after = limit_after,
	.row = limit_row,
	.text = limit_text,
	.definition = limit_definition,
	.check = limit_check,
	.elsewhere = limit_elsewhere,
	.end = m2m_rule_end_row_trigger,
	.fit = limit_fit,
	.look = limit_look,
};

/* What number[] of a limit is. */
#define MIN(rule) ((rule)->number[0])
#define MAX(rule) ((rule)->number[1])

/*
 * m2m_limit_links: SQL function; trigger of a limit: on the association after
 * each statement, on the endpoint for each row that is inserted, or gets
 * another key.
 */
Datum
m2m_limit_links(PG_FUNCTION_ARGS)
{
	return m2m_rule_fired(fcinfo, &m2m_limit_kind);
}

/*
 * m2m_limit_define: gives a role a limit, in place of one that it has; both
 * numbers M2M_RULE_NONE take it away.  Errors: those of m2m_rule_begin() and
 * m2m_rule_side(); 22023 for numbers that contradict each other; 23514 where a
 * row does not keep the limit now.
 */
void
m2m_limit_define(Oid association, const char *role, int32 min, int32 max)
{
	M2mRelationship *rel = m2m_rule_begin(association, "limit");
	M2mSide		side = m2m_rule_side(rel, role);
	char	   *name = m2m_rule_name(&m2m_limit_kind, role);
	M2mRule    *rule = m2m_rule_find(rel, name);
	List	   *args = list_make1(psprintf("role=%s", role));
	char	   *comment;
	int			events = 0;

	if (min != M2M_RULE_NONE && max != M2M_RULE_NONE && min > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("limit of at least %d and at most %d links", min,
						max)));
	if (min == 0)
		min = M2M_RULE_NONE;
	if (min != M2M_RULE_NONE)
		check_sees_rows(rel, side);
	if (rule != NULL)
	{
		m2m_rule_remove(rule);
		m2m_rule_end_row_trigger(rule, false);
		m2m_relationship_changed(association);
	}
	if (min == M2M_RULE_NONE && max == M2M_RULE_NONE)
		return;
	if (min != M2M_RULE_NONE)
	{
		args = lappend(args, psprintf("min=%d", min));
		events |= M2M_RULE_UPDATE | M2M_RULE_DELETE | M2M_RULE_TRUNCATE;
	}
	if (max != M2M_RULE_NONE)
	{
		args = lappend(args, psprintf("max=%d", max));
		events |= M2M_RULE_INSERT | M2M_RULE_UPDATE;
	}
	comment = psprintf("m2m: how many links each \"%s\" has%s%s; m2m_limit() changes it,"
					   " m2m_drop_rule() ends it.",
					   role, min != M2M_RULE_NONE ?
					   psprintf(", at least %d", min) : "",
					   max != M2M_RULE_NONE ?
					   psprintf(", at most %d", max) : "");
	m2m_rule_create(rel, &m2m_limit_kind, name, events, args, InvalidOid,
					comment);

	/* not OF the key, which would be in the way of ALTER TYPE */
	if (min != M2M_RULE_NONE)
		m2m_rule_trigger(rel->side[side].relid,
						 m2m_rule_row_trigger(rel->side[side].relid, name),
						 psprintf("AFTER INSERT OR UPDATE ON %%s FROM %s NOT DEFERRABLE"
								  " FOR EACH ROW",
								  m2m_qualified_name(association)),
						 InvalidOid, &m2m_limit_kind, args, comment);

	/* by the rule as it now reads; both tables are locked against writers */
	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	rule = rel == NULL ? NULL : m2m_rule_find(rel, name);
	if (rule == NULL)
		elog(ERROR, "rule \"%s\" was not found again", name);
	(void) m2m_rule_announce(rel, name);
	check_all(rule);
}

/* m2m_limit_has_most: is a rule a limit of how many links a row may have? */
bool
m2m_limit_has_most(M2mRule *rule)
{
	return rule->kind == &m2m_limit_kind && MAX(rule) != M2M_RULE_NONE;
}

/*
 * m2m_limits_await: who sets the links of a row waits, with nothing in hand, for
 * whoever has linked it and holds the lock by which its links are counted.  He
 * takes the lock of m2m_set first, and that one when he has linked; who has
 * linked, and then sets, takes them the other way round, and they would wait for
 * each other.  He does not keep it: who has unlinked links of the row, which he
 * is going to wait for, may be about to link it.
 */
void
m2m_limits_await(M2mRelationship *rel, M2mSide side, M2mIds *id)
{
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);
		uint32	   *hash;
		uint64		count;

		if (rule->kind != &m2m_limit_kind || rule->side != side ||
			MAX(rule) == M2M_RULE_NONE)
			continue;
		hash = m2m_rule_id_hashes(rel, side, id, &count);
		if (hash != NULL)
			m2m_await_key(rel, side, hash[0]);
	}
}

/*
 * check_sees_rows: error 0A000 where a policy could hide rows of the endpoint
 * from the association's owner, as who it is asked whether they have links.
 */
static void
check_sees_rows(M2mRelationship *rel, M2mSide side)
{
	Oid			relid = rel->side[side].relid;
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		policies;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	policies = ((Form_pg_class) GETSTRUCT(tuple))->relrowsecurity;
	ReleaseSysCache(tuple);
	if (policies && !object_ownercheck(RelationRelationId, relid, owner) &&
		!has_bypassrls_privilege(owner))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("rows of \"%s\" cannot have a least number of links",
						get_rel_name(relid)),
				 errdetail("Row-level security may hide them from the owner of \"%s\".",
						   get_rel_name(rel->association))));
}

/* limit_read: its numbers. */
static bool
limit_read(M2mRule *rule)
{
	MIN(rule) = m2m_rule_number(rule, "min");
	MAX(rule) = m2m_rule_number(rule, "max");
	if (MIN(rule) != M2M_RULE_NONE)
		rule->needs |= M2M_RULE_UPDATE | M2M_RULE_DELETE | M2M_RULE_TRUNCATE;
	if (MAX(rule) != M2M_RULE_NONE)
		rule->needs |= M2M_RULE_INSERT | M2M_RULE_UPDATE;
	return rule->needs != 0;
}

/* limit_after: after a statement or call. */
static void
limit_after(M2mRule *rule, M2mRuleChange *change)
{
	if (change->truncated)
	{
		/* at once: nobody else is there, and nothing will come */
		check_all(rule);
		return;
	}
	if (MAX(rule) != M2M_RULE_NONE && MIN(rule) != M2M_RULE_NONE &&
		change->unlinked != NULL)
		lock_changed(rule, change);
	if (MAX(rule) != M2M_RULE_NONE && change->linked != NULL)
		check_most(rule, change);
	if (MIN(rule) != M2M_RULE_NONE && change->unlinked != NULL)
		keep_unlinked(rule, change);
}

/*
 * lock_changed: where a limit is of both kinds, the lock of who unlinks, too, is
 * taken now, and in one order with that of who links: at commit, somebody who has
 * linked the row could have it, and wait for what we have unlinked, or for us to
 * be done with m2m_set.
 */
static void
lock_changed(M2mRule *rule, M2mRuleChange *change)
{
	uint64		count;
	uint32	   *hash;

	m2m_rule_connect(change);
	m2m_rule_execute(rule, change->linked != NULL ? LIMIT_CHANGED :
					 LIMIT_UNLINKED, m2m_rule_rows(change) > M2M_RULE_FEW,
					 m2m_catalog_relation_owner(rule->rel->association),
					 M2M_RULE_COMMAND, 0, NULL, NULL);
	hash = m2m_rule_hashes(rule->rel, rule->side, &count);
	m2m_lock_keys(rule->rel, rule->side, hash, count);
	m2m_rule_finish();
}

/*
 * m2m_limit_lock_linked: locks the keys of rows that have been given links, as they
 * are counted later.
 */
void
m2m_limit_lock_linked(M2mRule *rule, M2mRuleChange *change)
{
	uint64		count;
	uint32	   *hash;

	m2m_rule_connect(change);
	m2m_rule_execute(rule, LIMIT_LINKED, m2m_rule_rows(change) > M2M_RULE_FEW,
					 m2m_catalog_relation_owner(rule->rel->association),
					 M2M_RULE_COMMAND, 0, NULL, NULL);
	hash = m2m_rule_hashes(rule->rel, rule->side, &count);
	m2m_lock_keys(rule->rel, rule->side, hash, count);
	m2m_rule_finish();
}

/*
 * check_most: has none of the rows that have been given links more than it
 * may?  Error 23514.
 */
static void
check_most(M2mRule *rule, M2mRuleChange *change)
{
	M2mRelationship *rel = rule->rel;
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	bool		many = m2m_rule_rows(change) > M2M_RULE_FEW;
	bool		both = m2m_rule_change_kind(change) == M2M_RULE_BOTH;
	Tuplestorestate *delta = NULL;
	Oid			type = INT8OID;
	Datum		max = Int64GetDatum(MAX(rule));

	m2m_rule_connect(change);
	if (many)
		delta = m2m_rule_add_delta(rule, change, owner);
	if (m2m_rule_execute(rule, many ? LIMIT_GIVEN :
						 both ? LIMIT_MOVED : LIMIT_LINKED, many, owner,
						 M2M_RULE_COMMAND, 0, NULL, NULL) > 0)
	{
		uint64		count;
		uint32	   *hash = m2m_rule_hashes(rel, rule->side, &count);

		m2m_lock_keys(rel, rule->side, hash, count);
		if (m2m_rule_execute(rule, many ? LIMIT_OVER_GIVEN :
							 both ? LIMIT_OVER_MOVED : LIMIT_OVER_LINKED,
							 many, owner, M2M_RULE_READ_LATEST, 1, &type, &max) > 0)
			report(rule, true);
	}
	if (delta != NULL)
		tuplestore_end(delta);
	m2m_rule_finish();
}

/*
 * keep_unlinked: keeps the keys that have lost links for the end of the
 * transaction.
 */
static void
keep_unlinked(M2mRule *rule, M2mRuleChange *change)
{
	bool		many = m2m_rule_rows(change) > M2M_RULE_FEW;

	m2m_rule_connect(change);
	m2m_rule_execute(rule, m2m_rule_change_kind(change) == M2M_RULE_BOTH ?
					 LIMIT_LEFT : LIMIT_UNLINKED, many,
					 m2m_catalog_relation_owner(rule->rel->association),
					 M2M_RULE_COMMAND, 0, NULL, NULL);
	m2m_rule_keep(rule);
	m2m_rule_finish();
}

/*
 * limit_row: keeps the key of a new row of the endpoint, or another key of
 * an old one, for the end of the transaction.  The trigger is on that table or a
 * partition of it, and names the association.  What does not fit the
 * relationship any more is left alone.
 */
static void
limit_row(TriggerData *trigger)
{
	M2mRelationship *rel = OidIsValid(trigger->tg_trigger->tgconstrrelid) ?
		m2m_relationship_get(trigger->tg_trigger->tgconstrrelid, InvalidOid,
							 AccessShareLock) : NULL;
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];
	ListCell   *lc;

	foreach(lc, rel == NULL ? NIL : m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);
		M2mRulePending *p;

		if (rule->kind != &m2m_limit_kind || MIN(rule) == M2M_RULE_NONE ||
			!m2m_rule_has_arguments(rule, trigger->tg_trigger->tgnargs,
									trigger->tg_trigger->tgargs) ||
			!m2m_rule_row_key(rule, trigger, values, isnull) ||
			same_key(rule, trigger, values))
			continue;
		p = m2m_rule_pending(rule, true);
		tuplestore_putvalues(p->keys, p->desc, values, isnull);
	}
}

/* same_key: is it an UPDATE that has left a row the key that it has now? */
static bool
same_key(M2mRule *rule, TriggerData *trigger, Datum *values)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];
	TriggerData old = *trigger;
	Datum		was[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];

	if (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		return false;
	old.tg_newtuple = trigger->tg_trigtuple;
	if (!m2m_rule_row_key(rule, &old, was, isnull))
		return false;
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		if (!datumIsEqual(was[i], values[i], endpoint->key[i].typbyval,
						  endpoint->key[i].typlen))
			return false;
	}
	return true;
}

/*
 * limit_look: before the transaction commits its rows must have as many links as
 * they need.
 */
static void
limit_look(List *kept)
{
	ListCell   *lc;

	foreach(lc, kept)
		check_least(lfirst(lc));
}

/*
 * check_least: have the rows that were kept as many links as they must?  Error
 * 23514.
 */
static void
check_least(M2mRulePending *p)
{
	M2mRule    *rule = m2m_rule_of_pending(p, AccessShareLock);
	Oid			owner;
	bool		many = tuplestore_tuple_count(p->keys) > M2M_RULE_FEW;
	Oid			type = INT8OID;
	Datum		min;

	/* the rule may be gone, or another, by now */
	if (rule == NULL || MIN(rule) == M2M_RULE_NONE)
		return;
	owner = m2m_catalog_relation_owner(p->association);
	min = Int64GetDatum(MIN(rule));
	m2m_rule_connect(NULL);
	if (!m2m_rule_pending_fits(p, rule))
	{
		if (m2m_rule_execute(rule, LIMIT_UNDER, true, owner, M2M_RULE_READ_LATEST, 1, &type,
							 &min) > 0)
			report(rule, false);
		m2m_rule_finish();
		return;
	}
	m2m_rule_add_relation("lost", InvalidOid, p->desc, p->keys);
	if (!p->rows)
	{
		uint64		count;
		uint32	   *hash;

		/* nobody else can unlink a row that he does not see yet */
		m2m_rule_execute(rule, LIMIT_LOST, many, owner, M2M_RULE_READ_LATEST, 0, NULL, NULL);
		hash = m2m_rule_hashes(rule->rel, rule->side, &count);
		m2m_lock_keys(rule->rel, rule->side, hash, count);
	}
	if (m2m_rule_execute(rule, p->rows ? LIMIT_UNDER_NEW : LIMIT_UNDER_LOST,
						 many, owner, M2M_RULE_READ_LATEST, 1, &type,
						 &min) > 0)
		report(rule, false);
	m2m_rule_finish();
}

/* check_all: do all rows keep the limit?  Error 23514. */
static void
check_all(M2mRule *rule)
{
	Oid			owner = m2m_catalog_relation_owner(rule->rel->association);
	Oid			type = INT8OID;
	Datum		number;

	m2m_rule_connect(NULL);
	number = Int64GetDatum(MAX(rule));
	if (MAX(rule) != M2M_RULE_NONE &&
		m2m_rule_execute(rule, LIMIT_OVER, true, owner, M2M_RULE_READ_LATEST, 1, &type,
						 &number) > 0)
		report(rule, true);
	number = Int64GetDatum(MIN(rule));
	if (MIN(rule) != M2M_RULE_NONE &&
		m2m_rule_execute(rule, LIMIT_UNDER, true, owner, M2M_RULE_READ_LATEST, 1, &type,
						 &number) > 0)
		report(rule, false);
	m2m_rule_finish();
}

/*
 * report: error 23514 for the row in SPI_tuptable: its key, and how many links
 * it has.  The key is told only to who may read it.
 */
static void
report(M2mRule *rule, bool most)
{
	M2mRelationship *rel = rule->rel;
	int			nkeys = rel->side[rule->side].nkeys;
	char	   *count = SPI_getvalue(SPI_tuptable->vals[0],
									 SPI_tuptable->tupdesc, nkeys + 1);
	char	   *key = key_text(rule, most);
	Relation	association = table_open(rel->association, AccessShareLock);

	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 most ?
			 errmsg("too many links of a row of \"%s\": limit \"%s\" allows %d",
					get_rel_name(rel->side[rule->side].relid), rule->name,
					MAX(rule)) :
			 errmsg("too few links of a row of \"%s\": limit \"%s\" demands %d",
					get_rel_name(rel->side[rule->side].relid), rule->name,
					MIN(rule)),
			 m2m_rule_may_show(rel->association) ?
			 errdetail("%s has %s links in \"%s\".", key, count,
					   RelationGetRelationName(association)) :
			 errdetail("It has %s links in \"%s\".", count,
					   RelationGetRelationName(association)),
			 errtableconstraint(association, rule->name)));
}

/* key_text: "Key (author_id)=(1)", of the row in SPI_tuptable. */
static char *
key_text(M2mRule *rule, bool of_link)
{
	M2mRelationship *rel = rule->rel;
	M2mEndpoint *endpoint = &rel->side[rule->side];
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "Key (");
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "",
						 of_link ?
						 get_attname(rel->association,
									 endpoint->key[i].link_attnum, false) :
						 get_attname(endpoint->relid, endpoint->key[i].attnum,
									 false));
	appendStringInfoString(&text, ")=(");
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? ", " : "",
						 SPI_getvalue(SPI_tuptable->vals[0],
									  SPI_tuptable->tupdesc, i + 1));
	appendStringInfoChar(&text, ')');
	return text.data;
}

/*
 * limit_fit: leaves of the pairs wanted those that there is room for, in key
 * order, and locks the rows whose links it has counted.  Pairs that are linked
 * take no room.
 */
static void
limit_fit(M2mRule *rule, TupleDesc desc, Tuplestorestate **wanted)
{
	M2mRelationship *rel = rule->rel;
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	Tuplestorestate *fitting;
	MemoryContext context = CurrentMemoryContext;
	MemoryContext old;
	Oid			type = INT8OID;
	Datum		max = Int64GetDatum(MAX(rule));
	uint64		count;
	uint32	   *hash;

	if (MAX(rule) == M2M_RULE_NONE)
		return;
	fitting = tuplestore_begin_heap(false, false, work_mem / 2);
	m2m_rule_connect(NULL);
	m2m_rule_add_relation("wanted", InvalidOid, desc, *wanted);
	m2m_rule_execute(rule, LIMIT_WANTED, true, owner, M2M_RULE_COMMAND, 0, NULL, NULL);
	hash = m2m_rule_hashes(rel, rule->side, &count);
	m2m_lock_keys(rel, rule->side, hash, count);
	m2m_rule_execute(rule, LIMIT_FIT, true, owner, M2M_RULE_READ_LATEST, 1, &type, &max);
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(fitting, SPI_tuptable->vals[i]);
	MemoryContextSwitchTo(old);
	m2m_rule_finish();
	tuplestore_end(*wanted);
	*wanted = fitting;
}

/* limit_text: the SQL of a limit's statements. */
static char *
limit_text(M2mRule *rule, int statement)
{
	M2mRelationship *rel = rule->rel;
	M2mSide		side = rule->side;
	char	   *association = m2m_qualified_name(rel->association);
	char	   *endpoint = m2m_only(rel->side[side].relid);
	char	   *a = m2m_rule_keys(rel, side, "a");
	char	   *r = key_columns(rel, side, "r");
	char	   *is_link = m2m_rule_is_link(rel, "a");
	char	   *query = NULL;

	switch ((LimitStatement) statement)
	{
		case LIMIT_LINKED:
			return psprintf("SELECT DISTINCT %s FROM linked a WHERE %s", a,
							is_link);
		case LIMIT_MOVED:
			return psprintf("SELECT %s FROM (%s) m WHERE m.m2m_d OPERATOR(pg_catalog.>) 0",
							m2m_rule_keys(rel, side, "m"),
							m2m_rule_delta_text(rel, side, M2M_RULE_BOTH));
		case LIMIT_GIVEN:
			return psprintf("SELECT %s FROM delta m WHERE m.m2m_d OPERATOR(pg_catalog.>) 0",
							m2m_rule_keys(rel, side, "m"));
		case LIMIT_UNLINKED:
			return psprintf("SELECT DISTINCT %s FROM unlinked a WHERE %s", a,
							is_link);
		case LIMIT_CHANGED:
			return psprintf("SELECT %s FROM linked a WHERE %s UNION SELECT %s FROM unlinked a"
							" WHERE %s", a, is_link, a, is_link);
		case LIMIT_LEFT:
			return psprintf("SELECT %s FROM (%s) m WHERE m.m2m_d OPERATOR(pg_catalog.<) 0",
							m2m_rule_keys(rel, side, "m"),
							m2m_rule_delta_text(rel, side, M2M_RULE_BOTH));
		case LIMIT_OVER_LINKED:
		case LIMIT_OVER_MOVED:
		case LIMIT_OVER_GIVEN:
			query = limit_text(rule, statement - LIMIT_OVER_LINKED +
							   LIMIT_LINKED);
			return psprintf("SELECT %s, pg_catalog.count(*) FROM %s a JOIN (%s) g ON %s"
							" WHERE %s GROUP BY %s"
							" HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) $1"
							" ORDER BY %s LIMIT 1",
							a, association, query,
							m2m_rule_same(rel, side, "a", "g"), is_link, a, a);
		case LIMIT_OVER:
			return psprintf("SELECT %s, pg_catalog.count(*) FROM %s a WHERE %s GROUP BY %s"
							" HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) $1"
							" ORDER BY %s LIMIT 1",
							a, association, is_link, a, a);
		case LIMIT_LOST:
			return pstrdup("SELECT DISTINCT p.* FROM lost p");
		case LIMIT_UNDER_LOST:
		case LIMIT_UNDER_NEW:
		case LIMIT_UNDER:
			{
				char	   *column = m2m_quoted_column(rel->association,
													   rel->side[side].key[0].link_attnum);
				char	   *of = statement == LIMIT_UNDER_LOST ?
					m2m_rule_joins_kept(rel, side, "p", "r", '\0') :
					m2m_rule_same_row(rel, side, "p", "r", '\0');

				/* keys that differ as links have them may mean one row */
				return psprintf("SELECT %s, pg_catalog.count(a.%s) FROM %s r"
								" LEFT JOIN %s a ON %s AND %s%s GROUP BY %s"
								" HAVING pg_catalog.count(a.%s) OPERATOR(pg_catalog.<) $1"
								" ORDER BY %s LIMIT 1",
								r, column, endpoint, association,
								m2m_rule_joins(rel, side, "a", "r"), is_link,
								statement == LIMIT_UNDER ? "" :
								psprintf(" WHERE EXISTS (SELECT FROM lost p WHERE %s)",
										 of),
								r, column, r);
			}
		case LIMIT_WANTED:
			return psprintf("SELECT DISTINCT %s FROM (%s) a", a,
							wanted_text(rel));
		case LIMIT_FIT:
			query = psprintf("SELECT a.*, pg_catalog.row_number() OVER (PARTITION BY %s ORDER BY"
							 " %s, %s) AS m2m_n"
							 " FROM (%s) a WHERE NOT EXISTS (SELECT FROM %s b WHERE %s AND %s"
							 " AND %s)",
							 a, m2m_rule_keys(rel, M2M_LEFT, "a"),
							 m2m_rule_keys(rel, M2M_RIGHT, "a"),
							 wanted_text(rel), association,
							 m2m_rule_same(rel, M2M_LEFT, "a", "b"),
							 m2m_rule_same(rel, M2M_RIGHT, "a", "b"),
							 m2m_rule_is_link(rel, "b"));
			return psprintf("SELECT %s FROM (%s) w WHERE w.m2m_n OPERATOR(pg_catalog.<=)"
							" ($1 OPERATOR(pg_catalog.-) (SELECT pg_catalog.count(*) FROM %s a"
							" WHERE %s AND %s))",
							wanted_columns(rel), query, association,
							m2m_rule_same(rel, side, "a", "w"), is_link);
	}
	return NULL;
}

/*
 * wanted_text: the pairs wanted, with the association's columns as it would
 * have them; their own are k1, k2 ...
 */
static char *
wanted_text(M2mRelationship *rel)
{
	StringInfoData sql;
	int			n = 0;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT p.*");
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];

			/* a column that both sides have is one, and the same in both */
			n++;
			if (s == M2M_RIGHT &&
				m2m_columns_include(rel->side[M2M_LEFT].nkeys,
									m2m_rule_side_columns(rel, M2M_LEFT),
									key->link_attnum))
				continue;
			appendStringInfo(&sql, ", CAST(p.m2m_k%d AS %s)%s AS %s", n,
							 format_type_extended(key->link_type, -1,
												  FORMAT_TYPE_TYPEMOD_GIVEN |
												  FORMAT_TYPE_FORCE_QUALIFY),
							 OidIsValid(key->link_collation) ?
							 psprintf(" COLLATE %s",
									  m2m_qualified_collation(key->link_collation)) : "",
							 m2m_quoted_column(rel->association,
											   key->link_attnum));
		}
	}
	appendStringInfoString(&sql, " FROM wanted p");
	return sql.data;
}

/* wanted_columns: "w.k1, w.k2 ...". */
static char *
wanted_columns(M2mRelationship *rel)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->pair_desc->natts; i++)
		appendStringInfo(&list, "%sw.m2m_k%d", i > 0 ? ", " : "", i + 1);
	return list.data;
}

/* key_columns: "r.id, ..." of the endpoint. */
static char *
key_columns(M2mRelationship *rel, M2mSide side, const char *alias)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(&list, "%s%s.%s", i > 0 ? ", " : "", alias,
						 m2m_quoted_column(rel->side[side].relid,
										   rel->side[side].key[i].attnum));
	return list.data;
}

/* limit_definition: the call. */
static char *
limit_definition(M2mRule *rule)
{
	return m2m_rule_call(rule, "m2m_limit",
						 psprintf("%s%s%s",
								  quote_literal_cstr(rule->rel->side[rule->side].role),
								  MIN(rule) != M2M_RULE_NONE ?
								  psprintf(", min => %d", MIN(rule)) : "",
								  MAX(rule) != M2M_RULE_NONE ?
								  psprintf(", max => %d", MAX(rule)) : ""));
}

/* limit_check: rows that do not keep it; which links to remove, who knows. */
static List *
limit_check(M2mRule *rule)
{
	static const LimitStatement statement[2] = {LIMIT_UNDER, LIMIT_OVER};
	List	   *result = NIL;

	for (int i = 0; i < 2; i++)
	{
		M2mRuleFinding *finding;
		StringInfoData question;
		char	   *text;
		char	   *number;

		if (rule->number[i] == M2M_RULE_NONE)
			continue;
		finding = palloc0(sizeof(M2mRuleFinding));
		finding->severity = "error";
		finding->what = psprintf("there are rows of \"%s\" with %s %d links, against limit \"%s\"",
								 get_rel_name(rule->rel->side[rule->side].relid),
								 i == 0 ? "fewer than" : "more than",
								 rule->number[i], rule->name);

		/* the only "$1" that is no name: the last */
		text = limit_text(rule, statement[i]);

		number = NULL;
		for (char *c = text; (c = strstr(c, " $1 ")) != NULL; c++)
			number = c;
		initStringInfo(&question);
		appendStringInfo(&question, "SELECT EXISTS (%.*s %d%s)",
						 (int) (number - text), text, rule->number[i],
						 number + strlen(" $1"));
		finding->question = question.data;
		result = lappend(result, finding);
	}
	return result;
}

/* limit_elsewhere: is the trigger on the endpoint there, as it should be? */
static bool
limit_elsewhere(M2mRule *rule)
{
	bool		plain;
	Oid			trigger = m2m_rule_endpoint_trigger(rule, NULL, &plain);

	return MIN(rule) == M2M_RULE_NONE || (OidIsValid(trigger) && plain);
}
