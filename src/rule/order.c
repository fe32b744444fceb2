/*
 * order.c
 *		Order: the links of each row of a role have a place among each other, in a
 *		link property.
 *
 * The property is an identity column of whole numbers.  So whoever says nothing
 * of it links at the end, on every path, without a lock, and needs no right on
 * the sequence; who writes null is given a number by a row trigger.  The numbers
 * of one row's links are compared with each other only, and their keys where
 * two are equal.
 *
 * Sparse, the sequence goes in steps of 65536, or 16 in an integer column, and
 * a link that is moved gets a number in between (order_move.c), which is never
 * one that the sequence gives: so it cannot be that of a link which is not
 * committed yet.  Dense, they are 1, 2, 3 ... for tools that
 * expect it.  A new link has a provisional number until the end of the
 * statement, from the upper half of what the column can hold, and then the
 * next.  Gaps and doubles wait for the commit: tools shift what follows by
 * statements of their own, and what they leave is in order then, or is put in
 * order.
 *
 * Locks of a dense order, held to the end of the transaction: who links, that
 * of each row that is given links, when it is done, or before, where it is a
 * call (m2m_lock_keys(), m2m_order_before_link()).  Who unlinks or shifts, that
 * of all rows, before it begins: were it taken when links are locked already,
 * one that has it could wait for these.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_sequence.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "order_internal.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

/* How often it is tried to put links in order that others write meanwhile. */
#define TRIES 100

/* Statements of an order. */
typedef enum OrderStatement
{
	ORDER_LINKED,				/* keys that have links with provisional
								 * numbers */
	ORDER_CHANGED,				/* ... that an UPDATE has changed something of */
	ORDER_UNLINKED,				/* ... that were unlinked by DELETE */
	ORDER_LOOSE,				/* ... that were given numbers by INSERT */
	ORDER_OWN,					/* ... that the direct path has linked */
	ORDER_GUESSED,				/* places of links with wrong guesses */
	ORDER_NEW,					/* places of links with provisional numbers */
	ORDER_WRONG,				/* places of links that are not in their place */
	ORDER_PUT,					/* gives links the places found */
	ORDER_KEPT,					/* distinct keys of those kept till commit */
	ORDER_ALL					/* all */
} OrderStatement;

/*
 * How deep in triggers a statement of our own on the column runs, if one does:
 * the triggers that it fires itself need not be told.  What a user's trigger
 * writes in turn is told of as ever.
 */
static int	arranging = -1;

/* Has the call that links locked the keys? m2m_order_before_link() */
static bool locked_before = false;

static bool order_read(M2mRule *rule);
static void order_after(M2mRule *rule, M2mRuleChange *change);
static char *order_text(M2mRule *rule, int statement);
static char *order_definition(M2mRule *rule);
static List *order_check(M2mRule *rule);
static bool order_elsewhere(M2mRule *rule);
static void order_before(M2mRule *rule);
static bool locks_keys(M2mRule *rule);
static bool has_dense(M2mRelationship *rel);
static void order_look(List *kept);
static HeapTuple fill_null(TriggerData *trigger);
static Datum column_value(Oid type, int64 value);
static Oid	marked_sequence(M2mRule *rule);
static Oid	check_sequence(M2mRule *rule);
static void place_new(M2mRule *rule, uint32 *hash, uint64 count);
static bool take_back(M2mRule *rule, bool many);
static bool place_all(M2mRule *rule);
static void read_places(M2mRule *rule, int statement, bool many,
						Tuplestorestate *places);
static void put_in_order(M2mRulePending *p);
static char *match_keys(M2mRule *rule, const char *alias);

PG_FUNCTION_INFO_V1(m2m_order_links);

const M2mRuleKind m2m_order_kind = {
	.name = "order",
	.function = "m2m_order_links",
	.on_side = true,
	.read = order_read,
	.after = order_after,
	.text = order_text,
	.definition = order_definition,
	.check = order_check,
	.elsewhere = order_elsewhere,
	.end = m2m_order_end,
	.before = order_before,
	.look = order_look,

	/* each time that links are written it takes longer to find them */
	.rounds = 100,
};

/*
 * m2m_order_links: SQL function; trigger of an order: on the association for
 * each row whose column is null, and of a dense one before and after
 * statements.
 */
Datum
m2m_order_links(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (CALLED_AS_TRIGGER(fcinfo) &&
		TRIGGER_FIRED_BEFORE(trigger->tg_event) &&
		TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		return PointerGetDatum(fill_null(trigger));

	/* whoever puts links in order does not have to be told */
	if (CALLED_AS_TRIGGER(fcinfo) && arranging >= 0 &&
		m2m_rule_trigger_depth() == arranging + 1)
		return PointerGetDatum(NULL);
	if (CALLED_AS_TRIGGER(fcinfo) &&
		TRIGGER_FIRED_BEFORE(trigger->tg_event))
	{
		M2mRelationship *rel;
		M2mRule    *rule;

		rel = m2m_relationship_get(RelationGetRelid(trigger->tg_relation),
								   InvalidOid, NoLock);
		rule = rel == NULL ? NULL :
			m2m_rule_of_trigger(rel, trigger->tg_trigger->tgoid);
		if (rule != NULL)
			order_before(rule);
		return PointerGetDatum(NULL);
	}
	return m2m_rule_fired(fcinfo, &m2m_order_kind);
}

/*
 * fill_null: a row whose column is null, with the next number there.  The
 * column is the one that the trigger names; what is not as we make it is left
 * as it is.
 */
static HeapTuple
fill_null(TriggerData *trigger)
{
	bool		update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple	row = update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	int			column;
	Oid			sequence;
	Datum		value;
	bool		isnull = false;

	if (trigger->tg_trigger->tgnattr != 1 ||
		(!update && !TRIGGER_FIRED_BY_INSERT(trigger->tg_event)))
		return row;
	column = trigger->tg_trigger->tgattr[0];
	sequence = m2m_order_column_sequence(RelationGetRelid(trigger->tg_relation),
										 column);
	if (!OidIsValid(sequence) || !heap_attisnull(row, column, desc))
		return row;
	value = column_value(TupleDescAttr(desc, column - 1)->atttypid,
						 nextval_internal(sequence, false));
	return heap_modify_tuple_by_cols(row, desc, 1, &column, &value, &isnull);
}

/* column_value: a number as a value of the column's type. */
static Datum
column_value(Oid type, int64 value)
{
	return type == INT2OID ? Int16GetDatum((int16) value) :
		type == INT4OID ? Int32GetDatum((int32) value) :
		Int64GetDatum(value);
}

/*
 * m2m_order_column_sequence: of an identity column, or InvalidOid; also of a table that
 * nobody has locked, and which may be gone.
 */
Oid
m2m_order_column_sequence(Oid relid, AttrNumber attnum)
{
	Relation	relation;
	Oid			result = InvalidOid;

	if (!m2m_catalog_column_exists(relid, attnum))
		return InvalidOid;

	/* who checks all relationships holds no lock on it */
	relation = RelationIdGetRelation(relid);
	if (relation == NULL)
		return InvalidOid;
	if (TupleDescAttr(RelationGetDescr(relation), attnum - 1)->attidentity ==
		ATTRIBUTE_IDENTITY_BY_DEFAULT)
		result = m2m_identity_sequence(relation, attnum);
	RelationClose(relation);
	return result;
}

/*
 * marked_sequence: the sequence of a rule's column, or InvalidOid if it is not
 * as we make it.  By that the association's owner has said that the column is
 * the rule's to write: a trigger is there also for who has but TRIGGER on the
 * table, and could else have any column written with the owner's rights.
 */
static Oid
marked_sequence(M2mRule *rule)
{
	Oid			relid = rule->rel->association;
	Oid			sequence = rule->column == 0 ? InvalidOid :
		m2m_order_column_sequence(relid, rule->column);
	HeapTuple	tuple = OidIsValid(sequence) ?
		SearchSysCache1(SEQRELID, ObjectIdGetDatum(sequence)) : NULL;
	Form_pg_sequence form;
	bool		marked;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	form = (Form_pg_sequence) GETSTRUCT(tuple);
	marked = IS_DENSE(rule) ?
		form->seqmin == m2m_order_half_of(get_atttype(relid, rule->column)) &&
		form->seqincrement == 1 && form->seqcycle :
		form->seqincrement == m2m_order_step_of(get_atttype(relid, rule->column)) &&
		!form->seqcycle;
	ReleaseSysCache(tuple);
	return marked ? sequence : InvalidOid;
}

/* m2m_order_half_of: the first provisional number of a column's type. */
int64
m2m_order_half_of(Oid type)
{
	return type == INT2OID ? INT64CONST(1) << 14 :
		type == INT4OID ? INT64CONST(1) << 30 : INT64CONST(1) << 62;
}

/* m2m_order_most_of: the greatest value of a column's type. */
int64
m2m_order_most_of(Oid type)
{
	return type == INT2OID ? PG_INT16_MAX :
		type == INT4OID ? PG_INT32_MAX : PG_INT64_MAX;
}

/* m2m_order_step_of: from one number of a sparse order to the next, by the column's type. */
int
m2m_order_step_of(Oid type)
{
	return type == INT8OID ? STEP : STEP_OF_INTEGER;
}

/* m2m_order_of: the order of the links of the rows of a side, or NULL. */
M2mRule *
m2m_order_of(M2mRelationship *rel, M2mSide side)
{
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (rule->kind == &m2m_order_kind && rule->side == side &&
			rule->column != InvalidAttrNumber)
			return rule;
	}
	return NULL;
}

/*
 * m2m_order_column: the column that has the order of the links of a side's
 * rows, or 0.
 */
AttrNumber
m2m_order_column(M2mRelationship *rel, M2mSide side)
{
	M2mRule    *rule;

	/* what is still being designed has no rules */
	if (rel->context == NULL || !OidIsValid(rel->association))
		return InvalidAttrNumber;
	rule = m2m_order_of(rel, side);
	return rule == NULL ? InvalidAttrNumber : rule->column;
}

/*
 * m2m_order_sequence: the sequence by which a column of the association gets
 * its values, for whoever writes links around the executor; InvalidOid if it
 * has no order.
 */
Oid
m2m_order_sequence(M2mRelationship *rel, AttrNumber attnum)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mRule    *rule = m2m_order_of(rel, s);

		if (rule != NULL && rule->column == attnum)
			return marked_sequence(rule);
	}
	return InvalidOid;
}

/*
 * m2m_order_provisional: the first of the numbers by which links of a side's
 * rows come last in a dense order, in the order of these, when the statement
 * has ended; 0 if there is no such order.
 */
int64
m2m_order_provisional(M2mRelationship *rel, M2mSide side)
{
	M2mRule    *rule = m2m_order_of(rel, side);

	if (rule == NULL || !IS_DENSE(rule) || !OidIsValid(marked_sequence(rule)))
		return 0;
	return m2m_order_half_of(get_atttype(rel->association, rule->column));
}

/*
 * m2m_order_dense: is a column that of a dense order?  *side becomes that whose
 * rows' links it orders, *first the number of the first of them, *half what
 * none is greater than but for a while.
 */
bool
m2m_order_dense(M2mRelationship *rel, AttrNumber attnum, M2mSide *side,
				int64 *first, int64 *half)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mRule    *rule = m2m_order_of(rel, s);

		if (rule == NULL || rule->column != attnum || !IS_DENSE(rule))
			continue;
		*side = s;
		*first = FIRST(rule);
		*half = m2m_order_half_of(get_atttype(rel->association, attnum));
		return true;
	}
	return false;
}

/* m2m_order_is_dense: has an order no gaps? */
bool
m2m_order_is_dense(M2mRule *rule)
{
	return IS_DENSE(rule);
}

/* m2m_order_first: the number of the first link of a dense one. */
int64
m2m_order_first(M2mRule *rule)
{
	return FIRST(rule);
}

/* m2m_order_step: from one number of a sparse one to the next. */
int
m2m_order_step(M2mRule *rule)
{
	return m2m_order_step_of(get_atttype(rule->rel->association, rule->column));
}

/* m2m_order_most: the greatest number that there can be. */
int64
m2m_order_most(M2mRule *rule)
{
	return m2m_order_most_of(get_atttype(rule->rel->association, rule->column));
}

/* m2m_order_next: the number of a new link. */
int64
m2m_order_next(M2mRule *rule)
{
	return nextval_internal(check_sequence(rule), false);
}

/*
 * check_sequence: the sequence of a rule's column; error 55000 where that is not
 * as we make it.
 */
static Oid
check_sequence(M2mRule *rule)
{
	Oid			sequence = marked_sequence(rule);

	if (!OidIsValid(sequence))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of \"%s\" is not the identity column that order \"%s\" takes",
						get_attname(rule->rel->association, rule->column,
									false),
						get_rel_name(rule->rel->association), rule->name),
				 errhint("Switch the order on again: SELECT %s.",
						 order_definition(rule))));
	return sequence;
}

/* m2m_order_by: "a.book_position, a.book_id". */
char *
m2m_order_by(M2mRule *rule, const char *alias, bool descending)
{
	M2mRelationship *rel = rule->rel;
	M2mEndpoint *far = &rel->side[M2M_OTHER(rule->side)];
	StringInfoData list;

	initStringInfo(&list);
	appendStringInfo(&list, "%s.%s%s", alias, m2m_order_column_of(rule),
					 descending ? " DESC" : "");
	for (int i = 0; i < far->nkeys; i++)
		appendStringInfo(&list, ", %s.%s%s", alias,
						 m2m_quoted_column(rel->association,
										   far->key[i].link_attnum),
						 descending ? " DESC" : "");
	return list.data;
}

/* m2m_order_column_of: the name of the column. */
char *
m2m_order_column_of(M2mRule *rule)
{
	return m2m_quoted_column(rule->rel->association, rule->column);
}

/*
 * m2m_order_arrange: who moves links says how deep he is in triggers, and takes
 * it back by what this returns.
 */
int
m2m_order_arrange(int depth)
{
	int			outer = arranging;

	arranging = depth;
	return outer;
}

/* order_read: of which kind it is; the column is that of the row trigger. */
static bool
order_read(M2mRule *rule)
{
	const char *order = m2m_rule_argument(rule, "order");

	FIRST(rule) = M2M_RULE_NONE;
	rule->needs = M2M_RULE_ROW;
	if (order == NULL || OidIsValid(rule->table))
		return false;
	if (strcmp(order, "dense") == 0)
	{
		FIRST(rule) = m2m_rule_number(rule, "first");
		rule->needs |= M2M_RULE_BEFORE | M2M_RULE_INSERT | M2M_RULE_UPDATE |
			M2M_RULE_DELETE;
		return IS_DENSE(rule);
	}
	return strcmp(order, "sparse") == 0 && rule->column != 0;
}

/* order_elsewhere: does the column get its numbers by itself? */
static bool
order_elsewhere(M2mRule *rule)
{
	return OidIsValid(marked_sequence(rule));
}

/*
 * order_before: before links are removed or shifted, and any row is locked.
 * Whichever order comes first takes the locks of all of them, and of limits, as
 * who links takes them, in the order of the rules' names: taken one by one, as
 * each rule comes to its own, those of the other role would be held by who waits
 * for this one.  Nobody waits longer for it, as all who link take this one, too.
 */
static void
order_before(M2mRule *rule)
{
	ListCell   *lc;

	if (!locks_keys(rule) || rule->kind != &m2m_order_kind)
		return;
	foreach(lc, m2m_rules_of(rule->rel))
	{
		M2mRule    *other = lfirst(lc);

		if (locks_keys(other))
			m2m_lock_all_keys(other->rel, other->side);
	}
}

/*
 * locks_keys: does a rule lock the keys of links that are made?  A dense order, or
 * a limit of how many they may be.
 */
static bool
locks_keys(M2mRule *rule)
{
	return m2m_limit_has_most(rule) ||
		(rule->kind == &m2m_order_kind && IS_DENSE(rule) && rule->column != 0);
}

/* has_dense: has a relationship a dense order? */
static bool
has_dense(M2mRelationship *rel)
{
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (rule->kind == &m2m_order_kind && locks_keys(rule))
			return true;
	}
	return false;
}

/*
 * m2m_order_before_few: of few links, whose rows are not known yet, the keys are
 * locked when they are made: m2m_order_before_count().
 */
void
m2m_order_before_few(void)
{
	locked_before = false;
}

/*
 * m2m_order_before_count: before rows are counted in a column that were given links
 * by an INSERT, or by a call that could not do so beforehand, their keys are locked,
 * as m2m_order_before_link() does: who removes links has these locks, and waits for
 * the rows then.
 */
void
m2m_order_before_count(M2mRelationship *rel, M2mRuleChange *change)
{
	ListCell   *lc;

	if (change->linked == NULL || change->update ||
		(change->own && locked_before) || !has_dense(rel))
		return;
	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);
		uint32	   *hash;
		uint64		count;

		if (!locks_keys(rule))
			continue;
		if (rule->kind != &m2m_order_kind)
		{
			m2m_limit_lock_linked(rule, change);
			continue;
		}
		m2m_rule_connect(change);
		m2m_rule_execute(rule, ORDER_OWN, m2m_rule_rows(change) > M2M_RULE_FEW,
						 m2m_catalog_relation_owner(rel->association),
						 M2M_RULE_COMMAND, 0, NULL, NULL);
		hash = m2m_rule_hashes(rel, rule->side, &count);
		m2m_lock_keys(rel, rule->side, hash, count);
		m2m_rule_finish();
	}
}

/*
 * m2m_order_before_link: before links of ids are made by a call, NULL for many:
 * locks their keys in dense orders.  Who waits for that when links are made holds
 * these, and has perhaps locked rows that are counted; who has it, as he removes
 * links, may wait for one or the other.  With them, and in the order in which
 * they would be taken later, go the locks of limits.  Plain INSERT and COPY
 * cannot do so, nor is it done where what will be locked cannot be told from ids.
 *
 * Where no index keeps pairs unique, m2m_lock_links() comes before all of them,
 * as it does in m2m_set, which comes to them by its statements.
 */
void
m2m_order_before_link(M2mRelationship *rel, M2mIds *ids[2])
{
	ListCell   *lc;

	locked_before = !OidIsValid(rel->mirror);
	if (!has_dense(rel) || OidIsValid(rel->mirror))
		return;
	if (!rel->unique)
		m2m_lock_links(rel);
	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);
		uint32	   *hash;
		uint64		count;

		if (!locks_keys(rule))
			continue;
		hash = ids == NULL ? NULL :
			m2m_rule_id_hashes(rel, rule->side, ids[rule->side], &count);
		if (hash != NULL)
			m2m_lock_keys(rel, rule->side, hash, count);
		else if (ids == NULL)
			m2m_lock_all_keys(rel, rule->side);
		else
			locked_before = false;
	}
}

/*
 * order_after: after a statement or call: what is new gets its number; what
 * may be out of place is kept for the commit.
 */
static void
order_after(M2mRule *rule, M2mRuleChange *change)
{
	Oid			owner = m2m_catalog_relation_owner(rule->rel->association);
	bool		many = m2m_rule_rows(change) > M2M_RULE_FEW;
	Oid			type = INT8OID;
	Datum		half;
	uint64		count = 0;
	uint32	   *hash = NULL;
	bool		again = false;

	/* a column that is gone, or no identity any more, takes the order along */
	if (!IS_DENSE(rule) || change->truncated ||
		m2m_rule_rows(change) == 0 || !OidIsValid(marked_sequence(rule)))
		return;
	half = Int64GetDatum(m2m_order_half_of(get_atttype(rule->rel->association,
													   rule->column)));
	m2m_rule_connect(change);
	if (change->unlinked != NULL)
	{
		m2m_rule_execute(rule, change->update ? ORDER_CHANGED : ORDER_UNLINKED,
						 many, owner, M2M_RULE_COMMAND, 0, NULL, NULL);
		m2m_rule_keep(rule);
	}
	if (change->linked != NULL)
	{
		/* the direct path guesses, and nobody can have said a number there */
		if (change->own)
		{
			m2m_rule_execute(rule, ORDER_OWN, many, owner, M2M_RULE_COMMAND, 0, NULL,
							 NULL);
			hash = m2m_rule_hashes(rule->rel, rule->side, &count);
			m2m_lock_keys(rule->rel, rule->side, hash, count);
			again = take_back(rule, many);
		}
		else if (!change->update)
		{
			m2m_rule_execute(rule, ORDER_LOOSE, many, owner, M2M_RULE_COMMAND, 1, &type,
							 &half);
			m2m_rule_keep(rule);
		}
		if (!again &&
			m2m_rule_execute(rule, ORDER_LINKED, many, owner, M2M_RULE_COMMAND, 1, &type,
							 &half) > 0)
		{
			hash = m2m_rule_hashes(rule->rel, rule->side, &count);
			again = true;
		}
		if (again)
			place_new(rule, hash, count);
	}
	m2m_rule_finish();
}

/*
 * take_back: links of the direct path whose numbers were guessed wrong, as others
 * have linked the row or unlinked it meanwhile, get provisional ones; were there
 * any?  The keys are locked.
 */
static bool
take_back(M2mRule *rule, bool many)
{
	Tuplestorestate *places = tuplestore_begin_heap(false, false,
													work_mem / 4);
	uint64		count;

	read_places(rule, ORDER_GUESSED, many, places);
	count = m2m_order_put_places(rule, places);
	tuplestore_end(places);
	return count > 0;
}

/*
 * place_new: links of the keys that were linked which have provisional numbers
 * get the next ones of their row, under its lock.
 */
static void
place_new(M2mRule *rule, uint32 *hash, uint64 count)
{
	Tuplestorestate *places = tuplestore_begin_heap(false, false,
													work_mem / 4);

	m2m_lock_keys(rule->rel, rule->side, hash, count);
	read_places(rule, ORDER_NEW, count > M2M_RULE_FEW, places);
	m2m_order_put_places(rule, places);
	tuplestore_end(places);
}

/*
 * read_places: where links are, and what number each should have, as it is
 * committed by now.
 */
static void
read_places(M2mRule *rule, int statement, bool many, Tuplestorestate *places)
{
	Oid			type = INT8OID;
	Datum		half = Int64GetDatum(m2m_order_half_of(get_atttype(rule->rel->association,
																   rule->column)));

	m2m_rule_execute(rule, statement, many,
					 m2m_catalog_relation_owner(rule->rel->association), M2M_RULE_READ_LATEST,
					 1, &type, &half);
	m2m_rule_store(places);
}

/* m2m_order_places_desc: of places of links, and the numbers to be put there. */
TupleDesc
m2m_order_places_desc(void)
{
	TupleDesc	desc = CreateTemplateTupleDesc(2);

	TupleDescInitEntry(desc, 1, "place", TIDOID, -1, 0);
	TupleDescInitEntry(desc, 2, "n", INT8OID, -1, 0);
	TupleDescFinalize(desc);
	return desc;
}

/*
 * m2m_order_put_places: gives links their numbers, as the association's owner;
 * returns how many got one.  In REPEATABLE READ and above, links that the
 * snapshot does not show are 40001.  Connected to SPI.
 */
uint64
m2m_order_put_places(M2mRule *rule, Tuplestorestate *places)
{
	uint64		wanted = tuplestore_tuple_count(places);
	volatile uint64 result = 0;
	int			outer;

	if (wanted == 0)
		return 0;
	(void) check_sequence(rule);
	m2m_rule_add_relation("places", InvalidOid, m2m_order_places_desc(),
						  places);
	outer = m2m_order_arrange(m2m_rule_trigger_depth());
	PG_TRY();
	{
		result = m2m_rule_execute(rule, ORDER_PUT, wanted > M2M_RULE_FEW,
								  m2m_catalog_relation_owner(rule->rel->association),
								  M2M_RULE_COMMAND, 0, NULL, NULL);
	}
	PG_FINALLY();
	{
		(void) m2m_order_arrange(outer);
	}
	PG_END_TRY();
	if (SPI_unregister_relation("places") != SPI_OK_REL_UNREGISTER)
		elog(ERROR, "SPI_unregister_relation failed");
	if (result < wanted && IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update"),
				 errdetail("Links of the row were written after the transaction's snapshot was taken.")));
	return result;
}

/* order_look: before the transaction commits dense orders are made so. */
static void
order_look(List *kept)
{
	ListCell   *lc;

	foreach(lc, kept)
		put_in_order(lfirst(lc));
}

/*
 * put_in_order: the links of the rows that were kept; of all where their keys
 * have another type by now.
 */
static void
put_in_order(M2mRulePending *p)
{
	M2mRule    *rule = m2m_rule_of_pending(p, RowExclusiveLock);
	TupleDesc	desc = p->desc;
	Tuplestorestate *keys = p->keys;
	Oid			owner;
	uint64		count;
	uint32	   *hash;

	/* the rule may be gone, or another, by now */
	if (rule == NULL || !IS_DENSE(rule) || !OidIsValid(marked_sequence(rule)))
		return;
	owner = m2m_catalog_relation_owner(rule->rel->association);
	m2m_rule_connect(NULL);
	if (!m2m_rule_pending_fits(p, rule))
	{
		desc = m2m_rule_kept_desc(rule, false, 0);
		TupleDescFinalize(desc);
		keys = tuplestore_begin_heap(true, false, work_mem / 4);
		m2m_rule_execute(rule, ORDER_ALL, true, owner, M2M_RULE_READ_LATEST, 0, NULL,
						 NULL);
		m2m_rule_store(keys);
	}
	m2m_rule_add_relation("kept", InvalidOid, desc, keys);
	m2m_rule_execute(rule, ORDER_KEPT, true, owner, M2M_RULE_READ_LATEST, 0, NULL,
					 NULL);
	hash = m2m_rule_hashes(rule->rel, rule->side, &count);
	m2m_lock_keys(rule->rel, rule->side, hash, count);

	/* whoever else writes a link at this moment may make it another */
	for (int i = 0; !place_all(rule); i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i == TRIES)
			ereport(ERROR,
					(errcode(ERRCODE_STATEMENT_TOO_COMPLEX),
					 errmsg("links of \"%s\" cannot be put in order \"%s\"",
							get_rel_name(rule->rel->association), rule->name),
					 errdetail("Some kept their number in column \"%s\" when the rule updated it.",
							   get_attname(rule->rel->association,
										   rule->column, false)),
					 errhint("A trigger there may suppress the update.")));
	}
	if (keys != p->keys)
		tuplestore_end(keys);
	m2m_rule_finish();
}

/*
 * place_all: gives the links of the rows in "kept" the numbers of their places;
 * false if some have changed meanwhile.
 */
static bool
place_all(M2mRule *rule)
{
	Tuplestorestate *places = tuplestore_begin_heap(false, false,
													work_mem / 4);
	uint64		wanted;
	bool		result;

	read_places(rule, ORDER_WRONG, true, places);
	wanted = tuplestore_tuple_count(places);
	result = m2m_order_put_places(rule, places) == wanted;
	tuplestore_end(places);
	return result;
}

/* match_keys: is a link one of a row in "kept"? */
static char *
match_keys(M2mRule *rule, const char *alias)
{
	M2mRelationship *rel = rule->rel;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->side[rule->side].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[rule->side].key[i];

		appendStringInfo(&list, "%s%s.%s %s p.m2m_k%d", i > 0 ? " AND " : "",
						 alias,
						 m2m_quoted_column(rel->association, key->link_attnum),
						 m2m_own_equality(key->link_type), i + 1);
	}
	return list.data;
}

/* order_text: the SQL of an order's statements. */
static char *
order_text(M2mRule *rule, int statement)
{
	M2mRelationship *rel = rule->rel;
	char	   *association = m2m_qualified_name(rel->association);
	char	   *keys = m2m_rule_keys(rel, rule->side, "a");
	char	   *column = m2m_order_column_of(rule);
	char	   *is_link = m2m_rule_is_link(rel, "a");
	char	   *type = format_type_extended(get_atttype(rel->association,
														rule->column), -1,
											FORMAT_TYPE_FORCE_QUALIFY);

	switch (statement)
	{
		case ORDER_LINKED:
			return psprintf("SELECT DISTINCT %s FROM linked a WHERE %s AND a.%s"
							" OPERATOR(pg_catalog.>=) $1",
							keys, is_link, column);
		case ORDER_LOOSE:
			return psprintf("SELECT DISTINCT %s FROM linked a WHERE %s AND a.%s"
							" OPERATOR(pg_catalog.<) $1",
							keys, is_link, column);
		case ORDER_UNLINKED:
			return psprintf("SELECT DISTINCT %s FROM unlinked a WHERE %s",
							keys, is_link);
		case ORDER_CHANGED:
			return psprintf("SELECT DISTINCT %s FROM ((SELECT %s, a.%s FROM unlinked a WHERE %s"
							" EXCEPT ALL SELECT %s, a.%s FROM linked a WHERE %s)"
							" UNION ALL (SELECT %s, a.%s FROM linked a WHERE %s"
							" EXCEPT ALL SELECT %s, a.%s FROM unlinked a WHERE %s)) a",
							keys, keys, column, is_link, keys, column, is_link,
							keys, column, is_link, keys, column, is_link);
		case ORDER_OWN:
			return psprintf("SELECT DISTINCT %s FROM linked a WHERE %s", keys,
							is_link);
		case ORDER_GUESSED:

			/* of a row's links they are all that is behind the others */
			return psprintf("SELECT a.ctid, CAST(a.%s AS pg_catalog.int8) OPERATOR(pg_catalog.+) $1"
							" FROM (SELECT %s,"
							" CAST(pg_catalog.min(a.%s) AS pg_catalog.int8) AS m2m_low,"
							" CAST(pg_catalog.max(a.%s) AS pg_catalog.int8) AS m2m_high,"
							" pg_catalog.count(*) AS m2m_n FROM linked a"
							" WHERE %s AND a.%s OPERATOR(pg_catalog.<) $1 GROUP BY %s) g"
							" JOIN linked l ON %s JOIN %s a ON %s AND %s"
							" WHERE (g.m2m_high OPERATOR(pg_catalog.<>)"
							" (g.m2m_low OPERATOR(pg_catalog.+) g.m2m_n OPERATOR(pg_catalog.-) 1)"
							" OR COALESCE((SELECT pg_catalog.max(b.%s) FROM %s b WHERE %s AND %s"
							" AND b.%s OPERATOR(pg_catalog.<) g.m2m_low), %d)"
							" OPERATOR(pg_catalog.<>) (g.m2m_low OPERATOR(pg_catalog.-) 1)"
							" OR (SELECT pg_catalog.count(*) FROM %s b WHERE %s AND %s"
							" AND b.%s OPERATOR(pg_catalog.>=) g.m2m_low"
							" AND b.%s OPERATOR(pg_catalog.<) $1)"
							" OPERATOR(pg_catalog.<>) g.m2m_n)"
							" AND a.%s OPERATOR(pg_catalog.<) $1 AND %s",
							column, keys, column, column, is_link, column, keys,
							m2m_rule_same(rel, rule->side, "l", "g"), association,
							m2m_rule_same(rel, M2M_LEFT, "a", "l"),
							m2m_rule_same(rel, M2M_RIGHT, "a", "l"),
							column, association,
							m2m_rule_same(rel, rule->side, "b", "g"),
							m2m_rule_is_link(rel, "b"), column, FIRST(rule) - 1,
							association, m2m_rule_same(rel, rule->side, "b", "g"),
							m2m_rule_is_link(rel, "b"), column, column, column,
							is_link);
		case ORDER_NEW:
			return psprintf("SELECT a.ctid, COALESCE((SELECT pg_catalog.max(b.%s) FROM %s b WHERE"
							" %s AND %s AND b.%s OPERATOR(pg_catalog.<) $1), %d)"
							" OPERATOR(pg_catalog.+) pg_catalog.row_number() OVER (PARTITION BY %s"
							" ORDER BY %s)"
							" FROM (SELECT DISTINCT %s FROM linked a WHERE %s) g JOIN %s a ON %s"
							" WHERE a.%s OPERATOR(pg_catalog.>=) $1 AND %s",
							column, association,
							m2m_rule_same(rel, rule->side, "b", "a"),
							m2m_rule_is_link(rel, "b"), column,
							FIRST(rule) - 1, keys,
							m2m_order_by(rule, "a", false), keys, is_link,
							association,
							m2m_rule_same(rel, rule->side, "a", "g"), column,
							is_link);
		case ORDER_WRONG:

			/* a parameter of all that read places */
			return psprintf("SELECT p.place, p.n FROM (SELECT a.ctid AS place, a.%s AS old,"
							" pg_catalog.row_number() OVER (PARTITION BY %s ORDER BY %s)"
							" OPERATOR(pg_catalog.+) (%d) AS n"
							" FROM (SELECT DISTINCT p.* FROM kept p) p JOIN %s a ON %s WHERE %s) p"
							" WHERE (p.old OPERATOR(pg_catalog.=) p.n) IS NOT TRUE"
							" AND $1 IS NOT NULL",
							column, keys, m2m_order_by(rule, "a", false),
							FIRST(rule) - 1, association,
							match_keys(rule, "a"), is_link);
		case ORDER_PUT:
			return psprintf("UPDATE %s a SET %s = CAST(p.n AS %s) FROM places p"
							" WHERE " M2M_ORDER_AT_PLACE,
							association, column, type);
		case ORDER_KEPT:
			return pstrdup("SELECT DISTINCT p.* FROM kept p");
		case ORDER_ALL:
			return psprintf("SELECT DISTINCT %s FROM %s a WHERE %s", keys,
							association, is_link);
	}
	return NULL;
}

/* order_definition: the call; NULL where the column is gone. */
static char *
order_definition(M2mRule *rule)
{
	if (rule->column == 0)
		return NULL;
	return m2m_rule_call(rule, "m2m_order",
						 psprintf("%s, %s%s",
								  quote_literal_cstr(rule->rel->side[rule->side].role),
								  quote_literal_cstr(get_attname(rule->rel->association,
																 rule->column,
																 false)),
								  IS_DENSE(rule) ? ", dense => true" : ""));
}

/*
 * order_check: are dense orders dense, and do new links of sparse ones come
 * last?  The sequence is behind where others have written greater numbers, or
 * the links came by replication.
 */
static List *
order_check(M2mRule *rule)
{
	M2mRelationship *rel = rule->rel;
	char	   *association = m2m_qualified_name(rel->association);
	M2mRuleFinding *finding = palloc0(sizeof(M2mRuleFinding));
	List	   *findings;
	Oid			sequence;
	int			step;

	if (!OidIsValid(marked_sequence(rule)))
		return NIL;
	step = m2m_order_step(rule);
	finding->severity = "error";
	if (IS_DENSE(rule))
	{
		/* what this transaction has left is put in order when it commits */
		if (m2m_rule_is_pending(rule))
			return NIL;
		finding->what = psprintf("order \"%s\" has gaps, or links with the same number",
								 rule->name);
		finding->question =
			psprintf("SELECT EXISTS (SELECT FROM (SELECT a.%s AS old, pg_catalog.row_number() OVER"
					 " (PARTITION BY %s ORDER BY %s) OPERATOR(pg_catalog.+) (%d) AS n FROM %s a"
					 " WHERE %s) p WHERE (p.old OPERATOR(pg_catalog.=) p.n) IS NOT TRUE)",
					 m2m_order_column_of(rule), m2m_rule_keys(rel, rule->side, "a"),
					 m2m_order_by(rule, "a", false), FIRST(rule) - 1,
					 association, m2m_rule_is_link(rel, "a"));
		finding->remedy = psprintf("SELECT %s", order_definition(rule));
		return list_make1(finding);
	}
	sequence = marked_sequence(rule);
	if (!OidIsValid(sequence))
		return NIL;
	finding->what = psprintf("links that are new do not come last in order \"%s\"",
							 rule->name);
	finding->question =
		psprintf("SELECT EXISTS (SELECT FROM %s a WHERE a.%s OPERATOR(pg_catalog.>)"
				 " (SELECT s.last_value FROM %s s))",
				 association, m2m_order_column_of(rule), m2m_qualified_name(sequence));
	finding->remedy =
		psprintf("SELECT pg_catalog.setval(%s, (pg_catalog.max(a.%s) OPERATOR(pg_catalog./) %d"
				 " OPERATOR(pg_catalog.+) 1) OPERATOR(pg_catalog.*) %d) FROM %s a",
				 quote_literal_cstr(m2m_qualified_name(sequence)),
				 m2m_order_column_of(rule), step, step, association);
	findings = list_make1(finding);

	/* what a bigint holds lasts for ever */
	if (m2m_order_most(rule) < PG_INT64_MAX)
	{
		finding = palloc0(sizeof(M2mRuleFinding));
		finding->severity = "warning";
		finding->what = psprintf("new links in order \"%s\" have used up three quarters of the numbers that column \"%s\" can hold, and can go on in a bigint",
								 rule->name,
								 get_attname(rel->association, rule->column,
											 false));
		finding->question =
			psprintf("SELECT s.last_value OPERATOR(pg_catalog.>) " INT64_FORMAT
					 " FROM %s s",
					 m2m_order_most(rule) / 4 * 3,
					 m2m_qualified_name(sequence));
		findings = lappend(findings, finding);
	}
	return findings;
}
