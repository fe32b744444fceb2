/*
 * counter.c
 *		Counters: how many links each row of a role has, kept exact.
 *
 * In a column of the endpoint, as counter caches of ORMs have it: the rows
 * that have been given links, or lost some, are locked in key order and
 * updated, as the endpoint's owner would.  So who links a row waits for others
 * who are linking it.
 *
 * Or in a side table of slots (key, slot, n), where the sum over a key counts:
 * a writer adds to a slot of the key that nobody has locked, or makes one of
 * his own, so that nobody waits for anybody.
 *
 * What a statement has linked and unlinked is added and taken away.  Only where
 * that could be told twice are links counted anew: a key that changes takes
 * its row's column along, and then the links follow; and where somebody else
 * writes the column, or inserts a row to which there are links already.  From
 * then on until the end of the transaction, as a statement around that one may
 * have links that are counted so, and has yet to tell of them.  Counting anew
 * is right because the row is locked first: whoever has links that we do not
 * see yet has not added them, and waits for us to.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "counter_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

/* Statements of a counter; each of the first groups is by Kind of change. */
typedef enum CounterStatement
{
	COUNTER_LOCK,				/* rows of the endpoint that have changed */
	COUNTER_ADD = COUNTER_LOCK + 3, /* the difference to one row's column */
	COUNTER_ADD_LOCKED = COUNTER_ADD + 3,	/* ... to those of rows locked */
	COUNTER_SLOT,				/* ... to a free slot of their keys */
	COUNTER_NEW_SLOT = COUNTER_SLOT + 3,	/* ... to one of our own */
	COUNTER_COUNT = COUNTER_NEW_SLOT + 3,	/* the links of some keys */
	COUNTER_SET,				/* the column, to that */
	COUNTER_ZERO,				/* the column, everywhere */
	COUNTER_ABSENT,				/* keys linked that have no row */
	COUNTER_LOCK_ABSENT,		/* rows that these have in the end */
	COUNTER_NO_SLOT,			/* no slots at all */
	COUNTER_LOCK_DELTA,			/* rows of the endpoint that are in "delta" */
	COUNTER_KEY_SLOTS,			/* free slots of one key */
	COUNTER_KEY_ADD,			/* the difference to one of them */
	COUNTER_KEY_NEW_SLOT,		/* ... to one of our own */
	COUNTER_LOCK_BOTH			/* rows of both roles that have changed */
} CounterStatement;

/*
 * How deep in triggers our own statement on a column runs, if it does: the
 * triggers that it fires itself need not look after the column.  What a BEFORE
 * trigger of the user's makes of our number is believed; m2m_check() compares.
 */
static int	counting = -1;

/* The transaction in which links have been counted anew. */
static LocalTransactionId recounted = InvalidLocalTransactionId;

static bool counter_read(M2mRule *rule);
static void counter_after(M2mRule *rule, M2mRuleChange *change);
static char *counter_text(M2mRule *rule, int statement);
static void counter_look(List *kept);
static void add_to_column(M2mRule *rule, M2mRuleChange *change,
						  M2mRuleChangeKind kind);
static Tuplestorestate *lock_rows(M2mRule *rule, M2mRuleChange *change,
								  M2mRuleChangeKind kind);
static void lock_both(M2mRule *rule, M2mRuleChange *change,
					  M2mRuleChangeKind kind);
static void count_anew(M2mRule *rule, M2mRuleChange *change,
					   M2mRuleChangeKind kind);
static void keep_absent(M2mRule *rule, M2mRuleChange *change);
static void count_absent(M2mRulePending *p);
static bool is_deferrable(M2mRule *rule);
static void set_column(M2mRule *rule, TupleDesc desc, Tuplestorestate *keys);
static void update_column(M2mRule *rule, int statement, bool many);
static void add_to_slots(M2mRule *rule, M2mRuleChange *change,
						 M2mRuleChangeKind kind);
static bool add_to_slot(M2mRule *rule, M2mRuleChange *change, Datum slot);
static bool read_key(M2mRule *rule, M2mRuleChange *change, Datum *values);
static void counter_row(TriggerData *trigger);
static bool has_key(TriggerData *trigger, M2mRule *rule, Datum *values);
static bool is_counted(TriggerData *trigger, M2mRule *rule);
static bool is_zero(Oid type, Datum value);
static TupleDesc key_desc(M2mRelationship *rel, M2mSide side, bool count);
static bool may_write(M2mRule *rule);
static char *each_once(M2mRelationship *rel, M2mSide side);
static char *lock_both_text(M2mRelationship *rel, M2mRuleChangeKind kind);
static char *slot_same(M2mRule *rule, const char *slot, const char *link);
static char *slot_is(M2mRule *rule, const char *slot);

PG_FUNCTION_INFO_V1(m2m_counter_links);

const M2mRuleKind m2m_counter_kind = {
	.name = "counter",
	.function = "m2m_counter_links",
	.on_side = true,
	.read = counter_read,
	.after = counter_after,
	.row = counter_row,
	.text = counter_text,
	.definition = m2m_counter_definition,
	.check = m2m_counter_check,
	.elsewhere = m2m_counter_elsewhere,
	.end = m2m_counter_end,
	.look = counter_look,
};

/*
 * m2m_counter_links: SQL function; trigger of a counter: on the association
 * after each statement, on the endpoint for each row whose column is written.
 */
Datum
m2m_counter_links(PG_FUNCTION_ARGS)
{
	return m2m_rule_fired(fcinfo, &m2m_counter_kind);
}

/*
 * m2m_counter_kept: is the number of links of each row of a side to be had
 * from a counter, as counting them would find it for the caller, by the active
 * snapshot?  Then sets column, as a column of the side's table, or slots, as a
 * query of the key, called as in the association, and "n".  Not where it is not
 * kept, or may not be: somebody has switched triggers off, or writes arrive
 * from a publisher; where it cannot be the caller's answer: he may not read it,
 * or a policy hides links; where a row may have several slots' keys, as its own
 * compares otherwise; nor within triggers, one of which may be before the
 * counter's.  The rights to read the rows are not asked here.
 */
bool
m2m_counter_kept(M2mRelationship *rel, M2mSide side, char **column,
				 char **slots)
{
	M2mRule    *rule = m2m_rule_find(rel, m2m_rule_name(&m2m_counter_kind,
														rel->side[side].role));
	Oid			relid;

	*column = *slots = NULL;
	if (rule == NULL || rule->side != side || !m2m_rule_text(rule)->whole ||
		SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA ||
		m2m_rule_trigger_depth() > 0 ||
		m2m_catalog_is_subscribed(rel->association) ||
		pg_class_aclcheck(rel->association, GetUserId(),
						  ACL_SELECT) != ACLCHECK_OK ||
		check_enable_rls(rel->association, InvalidOid, true) == RLS_ENABLED ||
		check_enable_rls(rel->side[M2M_OTHER(side)].relid, InvalidOid,
						 true) == RLS_ENABLED)
		return false;
	relid = IN_COLUMN(rule) ? rel->side[side].relid : rule->table;
	if (m2m_catalog_is_subscribed(relid) ||
		(IN_COLUMN(rule) && COLUMN(rule) == 0))
		return false;

	/* to the snapshot it may have counted nothing yet, or be empty */
	if (m2m_catalog_is_newer(rel->association, GetActiveSnapshot()) ||
		m2m_catalog_is_newer(relid, GetActiveSnapshot()))
		return false;
	if (IN_COLUMN(rule))
		*column = m2m_quoted_column(relid, COLUMN(rule));
	else if (!rel->side[side].alike ||
			 pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
			 check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		return false;
	else
		*slots = psprintf("SELECT %s, CAST(pg_catalog.sum(s.n) AS pg_catalog.int8) AS n FROM %s s"
						  " GROUP BY %s",
						  m2m_counter_slot_keys(rule, "s", true),
						  m2m_qualified_name(relid),
						  m2m_counter_slot_keys(rule, "s", false));
	return true;
}

/* counter_read: where it counts. */
static bool
counter_read(M2mRule *rule)
{
	const char *where = m2m_rule_argument(rule, "counter");
	AttrNumber	column = InvalidAttrNumber;
	bool		plain;

	rule->needs = M2M_RULE_INSERT | M2M_RULE_UPDATE | M2M_RULE_DELETE |
		M2M_RULE_TRUNCATE;
	if (where == NULL)
		return false;
	if (strcmp(where, "slots") == 0)
		return OidIsValid(rule->table);

	/* the column is named by the trigger on it; without it nothing is counted */
	rule->mark = m2m_rule_endpoint_trigger(rule, &column, &plain);
	rule->number[0] = column;
	return strcmp(where, "column") == 0 && !OidIsValid(rule->table);
}

/* may_write: is there a column, which the owner of its table has given us? */
static bool
may_write(M2mRule *rule)
{
	return COLUMN(rule) != 0 && m2m_rule_is_lent(rule, rule->mark);
}

/* counter_after: after a statement or call. */
static void
counter_after(M2mRule *rule, M2mRuleChange *change)
{
	M2mRuleChangeKind kind = m2m_rule_change_kind(change);

	/* a column that was dropped with CASCADE takes the counter along */
	if (IN_COLUMN(rule) && !may_write(rule))
		return;
	if (!IN_COLUMN(rule))
		m2m_rule_check_table(rule);
	if (change->truncated)
	{
		m2m_rule_connect(NULL);
		if (IN_COLUMN(rule))
			update_column(rule, COUNTER_ZERO, true);
		else
			m2m_rule_execute(rule, COUNTER_NO_SLOT, true,
							 m2m_catalog_relation_owner(rule->table),
							 M2M_RULE_WRITE_LATEST, 0, NULL, NULL);
		m2m_rule_finish();
		return;
	}
	if (m2m_rule_rows(change) == 0)
		return;
	if (!IN_COLUMN(rule))
	{
		add_to_slots(rule, change, kind);
		return;
	}
	m2m_order_before_count(rule->rel, change);
	lock_both(rule, change, kind);

	/* first, as a row that is committed in between is in one of the two */
	if (change->linked != NULL && is_deferrable(rule))
		keep_absent(rule, change);
	if (change->update || recounted == m2m_my_lxid())
		count_anew(rule, change, kind);
	else
		add_to_column(rule, change, kind);
}

/*
 * lock_both: where the rows of both roles are of one table, and either has a
 * counter in a column, whichever of the two comes first locks all rows, in one
 * order: the link from one row to another, and that back, each of a call of its
 * own, would wait for each other.
 */
static void
lock_both(M2mRule *rule, M2mRuleChange *change, M2mRuleChangeKind kind)
{
	M2mRelationship *rel = rule->rel;
	Oid			relid = rel->side[M2M_LEFT].relid;
	M2mRule    *first = NULL;
	int			count = 0;
	ListCell   *lc;

	if (relid != rel->side[M2M_RIGHT].relid)
		return;
	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *other = lfirst(lc);

		if (other->kind != &m2m_counter_kind || !IN_COLUMN(other) ||
			!may_write(other))
			continue;
		if (first == NULL)
			first = other;
		count++;
	}
	if (first != rule || count < 2)
		return;
	m2m_rule_connect(change);
	m2m_rule_execute(rule, COUNTER_LOCK_BOTH + kind,
					 m2m_rule_rows(change) > M2M_RULE_FEW,
					 m2m_catalog_relation_owner(relid), M2M_RULE_WRITE_SEEN, 0,
					 NULL, NULL);
	m2m_rule_finish();
}

/*
 * add_to_column: adds the difference.  Errors: 40001 in REPEATABLE READ and
 * above, where somebody else has changed a row since; and whatever the
 * endpoint's own triggers and constraints raise.
 */
static void
add_to_column(M2mRule *rule, M2mRuleChange *change, M2mRuleChangeKind kind)
{
	/* a single link has no order to be locked in */
	if (m2m_rule_rows(change) == 1)
	{
		m2m_rule_connect(change);
		update_column(rule, COUNTER_ADD + kind, false);
		m2m_rule_finish();
	}
	else
	{
		Tuplestorestate *counts = lock_rows(rule, change, kind);

		if (tuplestore_tuple_count(counts) > 0)
		{
			m2m_rule_connect(NULL);
			m2m_rule_add_relation("counts", InvalidOid,
								  key_desc(rule->rel, rule->side, true),
								  counts);
			update_column(rule, COUNTER_ADD_LOCKED,
						  tuplestore_tuple_count(counts) > M2M_RULE_FEW);
			m2m_rule_finish();
		}
		tuplestore_end(counts);
	}
}

/*
 * lock_rows: locks the rows of the endpoint that a change has given links, or
 * taken some from, in the order of their keys.  Returns these and the
 * difference, as key_desc() has them.
 */
static Tuplestorestate *
lock_rows(M2mRule *rule, M2mRuleChange *change, M2mRuleChangeKind kind)
{
	Oid			owner = m2m_catalog_relation_owner(rule->rel->side[rule->side].relid);
	Tuplestorestate *result = tuplestore_begin_heap(false, false, work_mem / 4);

	m2m_rule_connect(change);
	if (m2m_rule_rows(change) > M2M_RULE_FEW)
	{
		/*
		 * First the keys, so that the planner knows how many there are when
		 * it joins them: how many groups rows without statistics make, it can
		 * only guess.
		 */
		Tuplestorestate *delta = m2m_rule_add_delta(rule, change, owner);

		m2m_rule_execute(rule, COUNTER_LOCK_DELTA, true, owner, M2M_RULE_WRITE_SEEN,
						 0, NULL, NULL);
		m2m_rule_store(result);
		tuplestore_end(delta);
	}
	else
	{
		m2m_rule_execute(rule, COUNTER_LOCK + kind, false, owner, M2M_RULE_WRITE_SEEN,
						 0, NULL, NULL);
		m2m_rule_store(result);
	}
	m2m_rule_finish();
	return result;
}

/*
 * count_anew: the links of all rows that a change has given links, or taken
 * some from.
 */
static void
count_anew(M2mRule *rule, M2mRuleChange *change, M2mRuleChangeKind kind)
{
	Tuplestorestate *keys = lock_rows(rule, change, kind);

	set_column(rule, key_desc(rule->rel, rule->side, true), keys);
	tuplestore_end(keys);
}

/*
 * keep_absent: keeps keys that were given links before they have a row, as a
 * deferrable foreign key lets them, for the end of the transaction.  Who inserts
 * that row does not see our links.
 */
static void
keep_absent(M2mRule *rule, M2mRuleChange *change)
{
	m2m_rule_connect(change);
	m2m_rule_execute(rule, COUNTER_ABSENT,
					 m2m_rule_rows(change) > M2M_RULE_FEW,
					 m2m_catalog_relation_owner(rule->rel->side[rule->side].relid),
					 M2M_RULE_COMMAND, 0, NULL, NULL);
	m2m_rule_keep(rule);
	m2m_rule_finish();
}

/* counter_look: before the transaction commits. */
static void
counter_look(List *kept)
{
	ListCell   *lc;

	foreach(lc, kept)
		count_absent(lfirst(lc));
}

/* count_absent: counts the links of rows that others have made meanwhile. */
static void
count_absent(M2mRulePending *p)
{
	M2mRule    *rule = m2m_rule_of_pending(p, AccessShareLock);
	Tuplestorestate *keys;

	/* the counter may be gone, or its keys others, by now; it is counted then */
	if (rule == NULL || !IN_COLUMN(rule) || !may_write(rule) ||
		!m2m_rule_pending_fits(p, rule))
		return;
	keys = tuplestore_begin_heap(false, false, work_mem / 4);
	m2m_rule_connect(NULL);
	m2m_rule_add_relation("absent", InvalidOid, p->desc, p->keys);
	m2m_rule_execute(rule, COUNTER_LOCK_ABSENT, true,
					 m2m_catalog_relation_owner(rule->rel->side[rule->side].relid),
					 M2M_RULE_WRITE_SEEN, 0, NULL, NULL);
	m2m_rule_store(keys);
	m2m_rule_finish();
	set_column(rule, key_desc(rule->rel, rule->side, false), keys);
	tuplestore_end(keys);
}

/* is_deferrable: may links come before the row that they are of? */
static bool
is_deferrable(M2mRule *rule)
{
	HeapTuple	tuple =
		SearchSysCache1(CONSTROID,
						ObjectIdGetDatum(rule->rel->side[rule->side].constraint));
	bool		result = true;

	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_constraint) GETSTRUCT(tuple))->condeferrable;
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * set_column: the column of rows with these keys, which are locked, to the
 * number of their links: counted as the association's owner, written as the
 * endpoint's.
 */
static void
set_column(M2mRule *rule, TupleDesc desc, Tuplestorestate *keys)
{
	M2mRelationship *rel = rule->rel;
	Tuplestorestate *counts;
	bool		many = tuplestore_tuple_count(keys) > M2M_RULE_FEW;

	if (tuplestore_tuple_count(keys) == 0)
		return;
	recounted = m2m_my_lxid();
	counts = tuplestore_begin_heap(false, false, work_mem / 4);
	m2m_rule_connect(NULL);
	m2m_rule_add_relation("keys", InvalidOid, desc, keys);
	m2m_rule_execute(rule, COUNTER_COUNT, many,
					 m2m_catalog_relation_owner(rel->association),
					 M2M_RULE_READ_LATEST, 0, NULL, NULL);
	m2m_rule_store(counts);
	m2m_rule_add_relation("counts", InvalidOid,
						  key_desc(rel, rule->side, true), counts);
	update_column(rule, COUNTER_SET, many);
	m2m_rule_finish();
	tuplestore_end(counts);
}

/*
 * m2m_counter_counts: who writes columns says how deep he is in triggers, and
 * takes it back by what this returns.
 */
int
m2m_counter_counts(int depth)
{
	int			outer = counting;

	counting = depth;
	return outer;
}

/*
 * update_column: a statement of ours on it, as the endpoint's owner.  TRUNCATE
 * also takes links that our snapshot does not show.
 */
static void
update_column(M2mRule *rule, int statement, bool many)
{
	int			outer;
	ErrorContextCallback context;

	context.callback = m2m_counter_column_context;
	context.arg = rule;
	context.previous = error_context_stack;
	error_context_stack = &context;
	outer = m2m_counter_counts(m2m_rule_trigger_depth());
	PG_TRY();
	{
		m2m_rule_execute(rule, statement, many,
						 m2m_catalog_relation_owner(rule->rel->side[rule->side].relid),
						 statement == COUNTER_ZERO ? M2M_RULE_WRITE_LATEST :
						 M2M_RULE_WRITE_SEEN, 0, NULL, NULL);
	}
	PG_FINALLY();
	{
		(void) m2m_counter_counts(outer);
	}
	PG_END_TRY();
	error_context_stack = context.previous;
}

/*
 * m2m_counter_column_context: which counter an error is about; what to do where it does not
 * hold the number.
 */
void
m2m_counter_column_context(void *arg)
{
	M2mRule    *rule = arg;
	char	   *column = get_attname(rule->rel->side[rule->side].relid,
									 COLUMN(rule), true);
	char	   *table = get_rel_name(rule->rel->side[rule->side].relid);

	if (column == NULL || table == NULL)
		return;
	if (geterrcode() == ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE)
	{
		errdetail("Column \"%s\" of \"%s\" counts the links of relationship \"%s\", and its type is too narrow.",
				  column, table, get_rel_name(rule->rel->association));
		errhint("Switch the counter off by m2m_drop_rule(..., keep => true), give the column a wider type, and switch it on again.");
	}
	errcontext("counter \"%s\" in column \"%s\" of \"%s\"", rule->name, column,
			   table);
}

/*
 * add_to_slots: adds the difference to slots that nobody has locked, and
 * merges those of a key on the way; or, of many keys, and where a snapshot is
 * older than a slot may be, to slots of this transaction.
 */
static void
add_to_slots(M2mRule *rule, M2mRuleChange *change, M2mRuleChangeKind kind)
{
	bool		many = m2m_rule_rows(change) > M2M_RULE_FEW;
	Oid			type = INT8OID;
	Datum		slot =
		Int64GetDatum((int64) U64FromFullTransactionId(GetTopFullTransactionId()));

	if (m2m_rule_rows(change) == 1 && !IsolationUsesXactSnapshot() &&
		add_to_slot(rule, change, slot))
		return;
	m2m_rule_connect(change);
	m2m_rule_execute(rule,
					 (many || IsolationUsesXactSnapshot() ? COUNTER_NEW_SLOT :
					  COUNTER_SLOT) + kind, many,
					 m2m_catalog_relation_owner(rule->rel->association),
					 M2M_RULE_COMMAND, 1, &type, &slot);
	m2m_rule_finish();
}

/*
 * add_to_slot: the same of one link, where its key has but one slot that is
 * free, or none; else false.  That is nearly always so, and the statement that
 * merges slots takes much longer to begin than to run.
 */
static bool
add_to_slot(M2mRule *rule, M2mRuleChange *change, Datum slot)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];
	Oid			owner = m2m_catalog_relation_owner(rule->rel->association);
	int			n = endpoint->nkeys;
	Oid			types[INDEX_MAX_KEYS + 2];
	Datum		values[INDEX_MAX_KEYS + 2];
	int64		d = change->linked != NULL ? 1 : -1;
	uint64		free;
	bool		result;

	/* others may be no links */
	if (rule->rel->deleted != 0 || n >= INDEX_MAX_KEYS)
		return false;
	m2m_rule_connect(NULL);
	result = read_key(rule, change, values);
	for (int i = 0; i < n; i++)
		types[i] = endpoint->key[i].link_type;
	types[n] = types[n + 1] = INT8OID;
	if (result)
	{
		free = m2m_rule_execute(rule, COUNTER_KEY_SLOTS, false, owner,
								M2M_RULE_COMMAND, n, types, values);
		values[n] = slot;
		values[n + 1] = Int64GetDatum(d);
		if (free == 0)
			m2m_rule_execute(rule, COUNTER_KEY_NEW_SLOT, false, owner,
							 M2M_RULE_COMMAND, n + 2, types, values);
		else
		{
			TupleDesc	desc = SPI_tuptable->tupdesc;
			HeapTuple	row = SPI_tuptable->vals[0];
			bool		isnull;

			values[n] = SPI_getbinval(row, desc, 1, &isnull);

			/* a slot of zero goes */
			result = free == 1 &&
				DatumGetInt64(SPI_getbinval(row, desc, 2, &isnull)) + d != 0;
			if (result)
				m2m_rule_execute(rule, COUNTER_KEY_ADD, false, owner,
								 M2M_RULE_COMMAND, n + 2, types, values);
		}
	}
	m2m_rule_finish();
	return result;
}

/*
 * read_key: the key of the only row of a change, in memory of SPI's; false if
 * it is no link.
 */
static bool
read_key(M2mRule *rule, M2mRuleChange *change, Datum *values)
{
	M2mRelationship *rel = rule->rel;
	Tuplestorestate *rows = change->linked != NULL ? change->linked :
		change->unlinked;
	Relation	association = table_open(rel->association, NoLock);
	TupleDesc	desc = RelationGetDescr(association);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	bool		result;

	/* a reader of our own, as each scan of a transition table has */
	tuplestore_select_read_pointer(rows,
								   tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND));
	tuplestore_rescan(rows);
	result = tuplestore_gettupleslot(rows, true, false, slot);
	for (int i = 0; i < rel->nlink && result; i++)
		result = !slot_attisnull(slot, rel->link[i]);
	for (int i = 0; i < rel->side[rule->side].nkeys && result; i++)
	{
		Form_pg_attribute column =
			TupleDescAttr(desc, rel->side[rule->side].key[i].link_attnum - 1);
		bool		isnull;

		values[i] = datumCopy(slot_getattr(slot, column->attnum, &isnull),
							  column->attbyval, column->attlen);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_close(association, NoLock);
	return result;
}

/*
 * counter_row: somebody has inserted a row of the endpoint, or written the
 * column, or, where links do not follow, its key.  The trigger names the
 * association; what does not fit it any more is left alone.
 */
static void
counter_row(TriggerData *trigger)
{
	M2mRelationship *rel;
	ListCell   *lc;

	if ((counting >= 0 && m2m_rule_trigger_depth() == counting + 1) ||
		!OidIsValid(trigger->tg_trigger->tgconstrrelid))
		return;
	rel = m2m_relationship_get(trigger->tg_trigger->tgconstrrelid, InvalidOid,
							   AccessShareLock);
	foreach(lc, rel == NULL ? NIL : m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);
		TupleDesc	desc;
		Tuplestorestate *keys;
		Datum		values[INDEX_MAX_KEYS];
		bool		isnull[INDEX_MAX_KEYS];

		if (rule->kind != &m2m_counter_kind || !IN_COLUMN(rule) ||
			!m2m_rule_has_arguments(rule, trigger->tg_trigger->tgnargs,
									trigger->tg_trigger->tgargs) ||
			!m2m_rule_row_key(rule, trigger, values, isnull) ||
			!may_write(rule) ||
			(trigger->tg_trigger->tgnattr == 0 ?
			 has_key(trigger, rule, values) : is_counted(trigger, rule)))
			continue;
		desc = key_desc(rel, rule->side, false);
		keys = tuplestore_begin_heap(false, false, work_mem);
		tuplestore_putvalues(keys, desc, values, isnull);
		set_column(rule, desc, keys);
		tuplestore_end(keys);
	}
}

/* has_key: had a row that was updated this key before? */
static bool
has_key(TriggerData *trigger, M2mRule *rule, Datum *values)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];
	Datum		was[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];
	bool		result = m2m_rule_key_of(rule, trigger->tg_relation,
										 trigger->tg_trigtuple, was, isnull);

	for (int i = 0; i < endpoint->nkeys && result; i++)
		result = datumIsEqual(was[i], values[i], endpoint->key[i].typbyval,
							  endpoint->key[i].typlen);
	return result;
}

/*
 * is_counted: is there nothing to do about a row that somebody has written,
 * since its count is what it was?  A new one has no links yet, unless the
 * foreign key lets links come first.
 */
static bool
is_counted(TriggerData *trigger, M2mRule *rule)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	AttrNumber	column = COLUMN(rule);
	bool		isnull;
	bool		was_null;
	Datum		is;
	Datum		was;

	if (RelationGetRelid(trigger->tg_relation) !=
		rule->rel->side[rule->side].relid)
		column = get_attnum(RelationGetRelid(trigger->tg_relation),
							get_attname(rule->rel->side[rule->side].relid,
										column, false));
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		is = heap_getattr(trigger->tg_trigtuple, column, desc, &isnull);
		return !is_deferrable(rule) && !isnull &&
			is_zero(TupleDescAttr(desc, column - 1)->atttypid, is);
	}
	is = heap_getattr(trigger->tg_newtuple, column, desc, &isnull);
	was = heap_getattr(trigger->tg_trigtuple, column, desc, &was_null);
	return isnull == was_null &&
		(isnull || datumIsEqual(is, was,
								TupleDescAttr(desc, column - 1)->attbyval,
								TupleDescAttr(desc, column - 1)->attlen));
}

/* is_zero: a number in text form. */
static bool
is_zero(Oid type, Datum value)
{
	Oid			output;
	bool		varlena;

	getTypeOutputInfo(type, &output, &varlena);
	return strcmp(OidOutputFunctionCall(output, value), "0") == 0;
}

/* key_desc: of keys of the endpoint, with or without a number of links. */
static TupleDesc
key_desc(M2mRelationship *rel, M2mSide side, bool count)
{
	int			n = rel->side[side].nkeys;
	TupleDesc	desc = CreateTemplateTupleDesc(n + (count ? 1 : 0));

	for (int i = 0; i < n; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];

		TupleDescInitEntry(desc, i + 1, psprintf("m2m_k%d", i + 1), key->type,
						   key->typmod, 0);
		TupleDescInitEntryCollation(desc, i + 1, key->collation);
	}
	if (count)
		TupleDescInitEntry(desc, n + 1, "n", INT8OID, -1, 0);
	TupleDescFinalize(desc);
	return desc;
}

/* counter_text: the SQL of a counter's statements. */
static char *
counter_text(M2mRule *rule, int statement)
{
	M2mRelationship *rel = rule->rel;
	M2mSide		side = rule->side;
	M2mEndpoint *endpoint = &rel->side[side];
	char	   *rows = m2m_only(endpoint->relid);
	char	   *column = COLUMN(rule) == 0 ? NULL :
		m2m_quoted_column(endpoint->relid, COLUMN(rule));
	char	   *type = COLUMN(rule) == 0 ? NULL :
		format_type_extended(get_atttype(endpoint->relid, COLUMN(rule)), -1,
							 FORMAT_TYPE_FORCE_QUALIFY);
	char	   *slots = IN_COLUMN(rule) ? NULL :
		m2m_qualified_name(rule->table);
	char	   *same = m2m_rule_same_row(rel, side, "c", "r", '\0');

	switch (statement)
	{
		case COUNTER_LOCK + M2M_RULE_LINKED:
		case COUNTER_LOCK + M2M_RULE_UNLINKED:
		case COUNTER_LOCK + M2M_RULE_BOTH:
			return psprintf("SELECT %s, d.m2m_d FROM %s r JOIN (%s) d ON %s ORDER BY %s"
							" FOR NO KEY UPDATE OF r",
							m2m_counter_row_keys(rel, side, "r"), rows,
							m2m_rule_delta_text(rel, side, statement - COUNTER_LOCK),
							m2m_rule_joins(rel, side, "d", "r"),
							m2m_counter_row_keys(rel, side, "r"));
		case COUNTER_LOCK_DELTA:
			return psprintf("SELECT %s, d.m2m_d FROM %s r JOIN delta d ON %s ORDER BY %s"
							" FOR NO KEY UPDATE OF r",
							m2m_counter_row_keys(rel, side, "r"), rows,
							m2m_rule_joins(rel, side, "d", "r"),
							m2m_counter_row_keys(rel, side, "r"));
		case COUNTER_ADD + M2M_RULE_LINKED:
		case COUNTER_ADD + M2M_RULE_UNLINKED:
		case COUNTER_ADD + M2M_RULE_BOTH:
			return psprintf("UPDATE %s r SET %s = CAST(COALESCE(r.%s, 0) OPERATOR(pg_catalog.+)"
							" d.m2m_d AS %s)"
							" FROM (%s) d WHERE %s",
							rows, column, column, type,
							m2m_rule_delta_text(rel, side, statement - COUNTER_ADD),
							m2m_rule_joins(rel, side, "d", "r"));
		case COUNTER_ADD_LOCKED:
			return psprintf("UPDATE %s r SET %s = CAST(COALESCE(r.%s, 0) OPERATOR(pg_catalog.+)"
							" c.n AS %s) FROM %s c WHERE %s",
							rows, column, column, type, each_once(rel, side), same);
		case COUNTER_SLOT + M2M_RULE_LINKED:
		case COUNTER_SLOT + M2M_RULE_UNLINKED:
		case COUNTER_SLOT + M2M_RULE_BOTH:

			/*
			 * Of each key up to eight slots that are free: the first takes
			 * all that they have, and the difference; the others go, and the
			 * first, too, where that makes zero.  Each is written as it was
			 * locked, in its latest version.
			 */
			return psprintf("WITH d AS MATERIALIZED (%s), f AS MATERIALIZED (SELECT %s,"
							" f.m2m_slot, f.n AS m2m_n, d.m2m_d"
							" FROM d CROSS JOIN LATERAL (SELECT s.* FROM %s s WHERE %s ORDER BY"
							" s.m2m_slot"
							" LIMIT 8 FOR UPDATE SKIP LOCKED) f),"
							" t AS MATERIALIZED (SELECT %s, pg_catalog.min(f.m2m_slot) AS"
							" m2m_first,"
							" CAST(pg_catalog.sum(f.m2m_n) OPERATOR(pg_catalog.+)"
							" pg_catalog.min(f.m2m_d) AS pg_catalog.int8) AS m2m_n"
							" FROM f GROUP BY %s),"
							" u AS (UPDATE %s s SET n = t.m2m_n FROM t WHERE %s AND s.m2m_slot"
							" OPERATOR(pg_catalog.=) t.m2m_first"
							" AND t.m2m_n OPERATOR(pg_catalog.<>) 0),"
							" g AS (DELETE FROM %s s USING f, t WHERE %s AND %s AND s.m2m_slot"
							" OPERATOR(pg_catalog.=) f.m2m_slot"
							" AND (s.m2m_slot OPERATOR(pg_catalog.<>) t.m2m_first OR t.m2m_n"
							" OPERATOR(pg_catalog.=) 0))"
							" INSERT INTO %s AS s SELECT %s, $1, d.m2m_d FROM d WHERE NOT EXISTS"
							" (SELECT FROM t WHERE %s)"
							" ON CONFLICT (%s, m2m_slot) DO UPDATE SET n = s.n"
							" OPERATOR(pg_catalog.+) excluded.n",
							m2m_rule_delta_text(rel, side, statement - COUNTER_SLOT),
							m2m_rule_keys(rel, side, "d"), slots,
							slot_same(rule, "s", "d"),
							m2m_rule_keys(rel, side, "f"),
							m2m_rule_keys(rel, side, "f"), slots,
							slot_same(rule, "s", "t"), slots,
							slot_same(rule, "s", "f"),
							slot_same(rule, "s", "t"), slots,
							m2m_rule_keys(rel, side, "d"),
							m2m_rule_same(rel, side, "t", "d"),
							m2m_counter_slot_keys(rule, NULL, false));
		case COUNTER_NEW_SLOT + M2M_RULE_LINKED:
		case COUNTER_NEW_SLOT + M2M_RULE_UNLINKED:
		case COUNTER_NEW_SLOT + M2M_RULE_BOTH:
			return psprintf("INSERT INTO %s AS s SELECT %s, $1, d.m2m_d FROM (%s) d ORDER BY %s"
							" ON CONFLICT (%s, m2m_slot) DO UPDATE SET n = s.n"
							" OPERATOR(pg_catalog.+) excluded.n",
							slots, m2m_rule_keys(rel, side, "d"),
							m2m_rule_delta_text(rel, side, statement - COUNTER_NEW_SLOT),
							m2m_rule_keys(rel, side, "d"),
							m2m_counter_slot_keys(rule, NULL, false));
		case COUNTER_COUNT:
			{
				StringInfoData keys;
				StringInfoData where;

				initStringInfo(&keys);
				initStringInfo(&where);
				for (int i = 0; i < endpoint->nkeys; i++)
				{
					M2mKeyColumn *key = &endpoint->key[i];

					appendStringInfo(&keys, "p.m2m_k%d, ", i + 1);
					appendStringInfo(&where, "p.m2m_k%d %s %s AND ", i + 1,
									 m2m_qualified_operator(key->equal_op),
									 m2m_link_operand(rel, key, "a"));
				}
				return psprintf("SELECT %s(SELECT pg_catalog.count(*) FROM %s a WHERE %s%s) FROM"
								" keys p",
								keys.data, m2m_qualified_name(rel->association),
								where.data, m2m_rule_is_link(rel, "a"));
			}
		case COUNTER_SET:
			return psprintf("UPDATE %s r SET %s = CAST(c.n AS %s) FROM counts c WHERE %s"
							" AND (r.%s OPERATOR(pg_catalog.=) CAST(c.n AS %s)) IS NOT TRUE",
							rows, column, type, same, column, type);
		case COUNTER_ZERO:
			return psprintf("UPDATE %s r SET %s = 0"
							" WHERE (r.%s OPERATOR(pg_catalog.=) 0) IS NOT TRUE",
							rows, column, column);
		case COUNTER_ABSENT:
			return psprintf("SELECT DISTINCT %s FROM linked a WHERE %s AND NOT EXISTS"
							" (SELECT FROM %s r WHERE %s)",
							m2m_rule_keys(rel, side, "a"),
							m2m_rule_is_link(rel, "a"), rows,
							m2m_rule_joins(rel, side, "a", "r"));
		case COUNTER_LOCK_ABSENT:
			return psprintf("SELECT %s FROM %s r WHERE EXISTS (SELECT FROM absent a WHERE %s)"
							" ORDER BY %s FOR NO KEY UPDATE OF r",
							m2m_counter_row_keys(rel, side, "r"), rows,
							m2m_rule_joins_kept(rel, side, "a", "r", '\0'),
							m2m_counter_row_keys(rel, side, "r"));
		case COUNTER_NO_SLOT:
			return psprintf("DELETE FROM %s", slots);
		case COUNTER_KEY_SLOTS:
			return psprintf("SELECT s.m2m_slot, s.n FROM %s s WHERE %s ORDER BY s.m2m_slot"
							" LIMIT 2 FOR UPDATE SKIP LOCKED",
							slots, slot_is(rule, "s"));
		case COUNTER_KEY_ADD:
			return psprintf("UPDATE %s s SET n = s.n OPERATOR(pg_catalog.+) $%d WHERE %s"
							" AND s.m2m_slot OPERATOR(pg_catalog.=) $%d",
							slots, endpoint->nkeys + 2, slot_is(rule, "s"),
							endpoint->nkeys + 1);
		case COUNTER_KEY_NEW_SLOT:
			{
				StringInfoData values;

				initStringInfo(&values);
				for (int i = 1; i <= endpoint->nkeys + 2; i++)
					appendStringInfo(&values, "%s$%d", i > 1 ? ", " : "", i);
				return psprintf("INSERT INTO %s AS s VALUES (%s)"
								" ON CONFLICT (%s, m2m_slot) DO UPDATE SET n = s.n"
								" OPERATOR(pg_catalog.+) excluded.n",
								slots, values.data,
								m2m_counter_slot_keys(rule, NULL, false));
			}
		case COUNTER_LOCK_BOTH + M2M_RULE_LINKED:
		case COUNTER_LOCK_BOTH + M2M_RULE_UNLINKED:
		case COUNTER_LOCK_BOTH + M2M_RULE_BOTH:
			return lock_both_text(rel, statement - COUNTER_LOCK_BOTH);
	}
	return NULL;
}

/*
 * lock_both_text: locks the rows of the one table that links are of in either
 * role, by the key of the left one.
 */
static char *
lock_both_text(M2mRelationship *rel, M2mRuleChangeKind kind)
{
	M2mEndpoint *endpoint = &rel->side[M2M_LEFT];
	char	   *rows = m2m_only(endpoint->relid);
	const char *changed[] = {"linked", "unlinked"};
	StringInfoData some;
	StringInfoData same;

	initStringInfo(&some);
	initStringInfo(&same);
	for (int i = 0; i < (int) lengthof(changed); i++)
	{
		if (kind == (i == 0 ? M2M_RULE_UNLINKED : M2M_RULE_LINKED))
			continue;
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			appendStringInfo(&some, "%sSELECT %s FROM %s s JOIN %s a ON %s",
							 some.len > 0 ? " UNION " : "",
							 m2m_counter_row_keys(rel, M2M_LEFT, "s"), rows,
							 changed[i], m2m_rule_joins(rel, s, "a", "s"));
	}
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		char	   *key = m2m_quoted_column(endpoint->relid,
											endpoint->key[i].attnum);

		appendStringInfo(&same, "%sr.%s %s d.%s", i > 0 ? " AND " : "", key,
						 m2m_own_equality(endpoint->key[i].type), key);
	}
	return psprintf("SELECT FROM %s r JOIN (%s) d ON %s ORDER BY %s"
					" FOR NO KEY UPDATE OF r",
					rows, some.data, same.data,
					m2m_counter_row_keys(rel, M2M_LEFT, "r"));
}

/*
 * each_once: "counts", with each row of the endpoint once: keys that links tell
 * from each other can be of the same row, as its type or collation compares.
 */
static char *
each_once(M2mRelationship *rel, M2mSide side)
{
	StringInfoData keys;

	if (rel->side[side].alike)
		return pstrdup("counts");
	initStringInfo(&keys);
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(&keys, "%sp.m2m_k%d", i > 0 ? ", " : "", i + 1);
	return psprintf("(SELECT %s, CAST(pg_catalog.sum(p.n) AS pg_catalog.int8) AS n FROM"
					" counts p GROUP BY %s)", keys.data, keys.data);
}

/* m2m_counter_row_keys: "r.id, ..." of the endpoint. */
char *
m2m_counter_row_keys(M2mRelationship *rel, M2mSide side, const char *alias)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(&list, "%s%s.%s", i > 0 ? ", " : "", alias,
						 m2m_quoted_column(rel->side[side].relid,
										   rel->side[side].key[i].attnum));
	return list.data;
}

/* m2m_counter_slot_keys: the key columns of the table of slots. */
char *
m2m_counter_slot_keys(M2mRule *rule, const char *alias, bool as_links)
{
	return m2m_rule_table_keys(rule, rule->rel->side[rule->side].nkeys,
							   m2m_rule_side_columns(rule->rel, rule->side),
							   alias, as_links);
}

/* slot_same: has a slot the key of a link? */
static char *
slot_same(M2mRule *rule, const char *slot, const char *link)
{
	return m2m_rule_table_same(rule, rule->rel->side[rule->side].nkeys,
							   m2m_rule_side_columns(rule->rel, rule->side),
							   slot, link);
}

/* slot_is: has a slot the key that the first parameters are? */
static char *
slot_is(M2mRule *rule, const char *slot)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&list, "%s%s.%s %s $%d", i > 0 ? " AND " : "", slot,
						 m2m_quoted_column(rule->table, i + 1),
						 m2m_own_equality(endpoint->key[i].link_type), i + 1);
	return list.data;
}
