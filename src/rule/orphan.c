/*
 * orphan.c
 *		Orphans: a row that loses its last link is deleted when the transaction
 *		commits, or may not lose it.
 *
 * The keys that have lost links are kept, by subtransaction, until the
 * transaction commits or is prepared.  Then all of a table are looked at
 * together: a row is an orphan if it has no link in any of the relationships
 * that say so, each by a rule of its own, in the role that it is about there.
 * What is deleted can take links along, and make orphans of other rows; so that
 * is done until there are none.
 *
 * Who unlinks does not know of others who do.  So who looks locks the keys, of
 * the table and not of a relationship, and reads by the latest snapshot: of two
 * that have removed the last two links the second waits, and sees that there
 * are none.  Rows without links are then locked as for DELETE, which waits for
 * whoever is linking them, and looked at again.
 *
 * A key is not a row: a row may go, and another come by its key, in the same
 * transaction, and that has lost nothing.  The trigger on the table notes which
 * keys rows get, and which they had; a loss is that of a row that came to its
 * key before it, and follows that row.  In doubt a row stays.
 *
 * It deletes as the table's owner would, who has said so by that trigger.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "orphan_internal.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

static bool orphan_read(M2mRule *rule);
static void orphan_after(M2mRule *rule, M2mRuleChange *change);
static char *orphan_definition(M2mRule *rule);
static List *orphan_check(M2mRule *rule);
static bool orphan_elsewhere(M2mRule *rule);
static TupleDesc orphan_kept(M2mRule *rule, bool rows);
static void orphan_row(TriggerData *trigger);
static M2mRule *rule_of_mark(Oid endpoint, Oid association, int nargs,
							 char **args);

PG_FUNCTION_INFO_V1(m2m_orphan_links);

const M2mRuleKind m2m_orphan_kind = {
	.name = "orphans",
	.function = "m2m_orphan_links",
	.on_side = true,
	.read = orphan_read,
	.after = orphan_after,
	.row = orphan_row,
	.text = m2m_orphan_text,
	.definition = orphan_definition,
	.check = orphan_check,
	.elsewhere = orphan_elsewhere,
	.end = m2m_rule_end_row_trigger,
	.kept = orphan_kept,
	.look = m2m_orphan_look,
};

#define EVENTS \
	(M2M_RULE_UPDATE | M2M_RULE_DELETE | M2M_RULE_BEFORE_TRUNCATE)

/*
 * m2m_orphan_links: SQL function; trigger of a rule about orphans: on the
 * association after each statement, before TRUNCATE; on the endpoint for each
 * row that gets a key.
 */
Datum
m2m_orphan_links(PG_FUNCTION_ARGS)
{
	return m2m_rule_fired(fcinfo, &m2m_orphan_kind);
}

/*
 * m2m_orphans_define: what becomes of rows of a role that lose their last link:
 * action is "delete" or "refuse".  Replaces what the role has.  Rows that have
 * no links now are left alone.  Errors: those of m2m_rule_begin() and
 * m2m_rule_side(); 42501 for who does not own the rows' table; 22023 for
 * another action.
 */
void
m2m_orphans_define(Oid association, const char *role, const char *action)
{
	M2mRelationship *rel = m2m_rule_begin(association, "orphans");
	M2mSide		side = m2m_rule_side(rel, role);
	Oid			endpoint = rel->side[side].relid;
	char	   *name = m2m_rule_name(&m2m_orphan_kind, role);
	M2mRule    *rule = m2m_rule_find(rel, name);
	List	   *args;
	char	   *comment;

	if (strcmp(action, "delete") != 0 && strcmp(action, "refuse") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for argument \"action\": \"%s\"", action),
				 errhint("Give 'delete' or 'refuse'; m2m_drop_rule() ends the rule.")));
	if (!object_ownercheck(RelationRelationId, endpoint, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER,
					   get_relkind_objtype(get_rel_relkind(endpoint)),
					   get_rel_name(endpoint));
	if (rule != NULL)
	{
		m2m_rule_remove(rule);
		m2m_rule_end_row_trigger(rule, false);
		m2m_relationship_changed(association);
	}
	args = list_make2(psprintf("role=%s", role),
					  psprintf("action=%s", action));
	comment = psprintf("m2m: a \"%s\" that loses its last link is %s; m2m_drop_rule() ends it.",
					   role, action[0] == 'd' ? "deleted at commit" :
					   "an error at commit");
	m2m_rule_create(rel, &m2m_orphan_kind, name, EVENTS, args, InvalidOid,
					comment);

	/* not UPDATE OF the key, whose type could not be changed then */
	m2m_rule_trigger(endpoint, m2m_rule_row_trigger(endpoint, name),
					 psprintf("AFTER INSERT OR UPDATE ON %%s FROM %s NOT DEFERRABLE FOR EACH ROW",
							  m2m_qualified_name(association)),
					 InvalidOid, &m2m_orphan_kind, args, comment);
	m2m_relationship_changed(association);
}

/*
 * m2m_orphans_rows: puts the rows of a table that have no link in any of the
 * relationships that say what becomes of orphans into a tuplestore, in the
 * order of their keys, with the caller's rights and by the active snapshot.
 * Errors: 42704 where no relationship says so; 55000 where one is not whole.
 */
void
m2m_orphans_rows(Oid endpoint, Tuplestorestate *result)
{
	Portal		portal;
	List	   *rules;
	StringInfoData sql;
	AttrNumber *column;
	int			n;
	bool		alike;
	ListCell   *lc;

	if (!m2m_orphan_rules(endpoint, &rules))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("it is not known which rows of \"%s\" are orphans",
						get_rel_name(endpoint)),
				 errdetail("A trigger there is of a relationship that is not whole.")));
	if (rules == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no relationship says what becomes of orphans of \"%s\"",
						get_rel_name(endpoint)),
				 errhint("m2m_orphans(association, role, action) does.")));
	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT r FROM %s r WHERE true",
					 m2m_only(endpoint));
	foreach(lc, rules)
	{
		M2mRule    *rule = lfirst(lc);

		appendStringInfo(&sql, " AND NOT EXISTS (SELECT FROM %s a WHERE %s AND %s)",
						 m2m_qualified_name(rule->rel->association),
						 m2m_rule_joins(rule->rel, rule->side, "a", "r"),
						 m2m_rule_is_link(rule->rel, "a"));
	}
	appendStringInfoString(&sql, " ORDER BY ");
	column = m2m_orphan_columns(rules, &n, &alike);
	for (int i = 0; i < n; i++)
		appendStringInfo(&sql, "%sr.%s", i > 0 ? ", " : "",
						 m2m_quoted_column(endpoint, column[i]));
	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, sql.data, 0, NULL, NULL, NULL,
									   true, 0);
	do
	{
		SPI_cursor_fetch(portal, true, 1000);
	} while (m2m_spi_put_rows(result, -1) > 0);
	SPI_cursor_close(portal);
	SPI_finish();
}

/* orphan_read: what it says. */
static bool
orphan_read(M2mRule *rule)
{
	const char *action = m2m_rule_argument(rule, "action");

	rule->needs = EVENTS;
	return action != NULL && !OidIsValid(rule->table) &&
		(strcmp(action, "delete") == 0 || strcmp(action, "refuse") == 0);
}

/*
 * orphan_after: keeps the keys that have lost links, after a statement or call,
 * or are about to, before TRUNCATE.
 */
static void
orphan_after(M2mRule *rule, M2mRuleChange *change)
{
	bool		many = m2m_rule_rows(change) > M2M_RULE_FEW;
	int			nkeys = rule->rel->side[rule->side].nkeys;
	M2mRulePending *p;
	CommandId	command;

	if (!change->truncated && change->unlinked == NULL)
		return;

	/* used, so that the next statement's is greater */
	command = GetCurrentCommandId(true);
	m2m_rule_connect(change->truncated ? NULL : change);
	m2m_rule_execute(rule, change->truncated ? ORPHAN_LINKED :
					 change->update ? ORPHAN_LEFT : ORPHAN_UNLINKED,
					 many || change->truncated,
					 m2m_catalog_relation_owner(rule->rel->association),
					 M2M_RULE_COMMAND, 0, NULL, NULL);
	p = m2m_rule_pending(rule, false);
	for (uint64 r = 0; r < SPI_processed; r++)
	{
		Datum		values[INDEX_MAX_KEYS + 2];
		bool		isnull[INDEX_MAX_KEYS + 2];

		for (int i = 0; i < nkeys; i++)
			values[i] = SPI_getbinval(SPI_tuptable->vals[r],
									  SPI_tuptable->tupdesc, i + 1,
									  &isnull[i]);
		values[nkeys] = Int64GetDatum((int64) command);
		values[nkeys + 1] = BoolGetDatum(change->update);
		isnull[nkeys] = isnull[nkeys + 1] = false;
		tuplestore_putvalues(p->keys, p->desc, values, isnull);
	}
	m2m_rule_finish();
}

/*
 * orphan_row: a row of the endpoint has got a key: it is new, or had another.
 * A new one is of interest only where its key may have lost links before.
 * The trigger names the association; what does not fit it any more is left
 * alone.
 */
static void
orphan_row(TriggerData *trigger)
{
	bool		moved = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	Oid			association = trigger->tg_trigger->tgconstrrelid;
	HeapTuple	row = moved ? trigger->tg_newtuple : trigger->tg_trigtuple;
	M2mRelationship *rel;
	ListCell   *lc;

	if (!OidIsValid(association) ||
		(!moved && !m2m_rule_has_pending(&m2m_orphan_kind, association)))
		return;
	rel = m2m_relationship_get(association, InvalidOid, AccessShareLock);
	foreach(lc, rel == NULL ? NIL : m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);
		M2mEndpoint *endpoint = &rel->side[rule->side];
		Datum		values[2 * INDEX_MAX_KEYS + 1];
		bool		isnull[2 * INDEX_MAX_KEYS + 1];
		bool		same = moved;
		int			n = endpoint->nkeys;
		M2mRulePending *p;

		if (rule->kind != &m2m_orphan_kind ||
			!m2m_rule_has_arguments(rule, trigger->tg_trigger->tgnargs,
									trigger->tg_trigger->tgargs) ||
			!m2m_rule_row_key(rule, trigger, values, isnull))
			continue;
		for (int i = 0; i < n; i++)
			isnull[n + i] = true;
		if (moved && m2m_rule_key_of(rule, trigger->tg_relation,
									 trigger->tg_trigtuple, values + n,
									 isnull + n))
		{
			for (int i = 0; i < n; i++)
				same &= datumIsEqual(values[i], values[n + i],
									 endpoint->key[i].typbyval,
									 endpoint->key[i].typlen);
			if (same)
				continue;
		}

		/* all rows of one statement have one number */
		values[2 * n] = Int64GetDatum((int64) HeapTupleHeaderGetCmin(row->t_data));
		isnull[2 * n] = false;
		p = m2m_rule_pending(rule, true);
		tuplestore_putvalues(p->keys, p->desc, values, isnull);
	}
}

/*
 * orphan_kept: beside keys, the number of the command; of rows of the endpoint
 * also the keys that they had before, m2m_o1 ..., and of links whether it was an
 * UPDATE.
 */
static TupleDesc
orphan_kept(M2mRule *rule, bool rows)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];
	int			n = endpoint->nkeys;
	TupleDesc	desc = m2m_rule_kept_desc(rule, rows, rows ? n + 1 : 2);

	for (int i = 0; rows && i < n; i++)
		m2m_rule_kept_column(desc, n + i + 1, psprintf("m2m_o%d", i + 1),
							 &endpoint->key[i], true);
	TupleDescInitEntry(desc, rows ? 2 * n + 1 : n + 1, "m2m_n", INT8OID, -1,
					   0);
	if (!rows)
		TupleDescInitEntry(desc, n + 2, "m2m_moved", BOOLOID, -1, 0);
	return desc;
}

/*
 * m2m_orphan_rules: the rules about orphans of a table's rows, a list of M2mRule: of
 * those relationships that a trigger of ours on it names.  False if it is not
 * known what one of these says: its links may be any, and so no row is an
 * orphan.  Only those of the table's owner say anything.
 */
bool
m2m_orphan_rules(Oid endpoint, List **rules)
{
	Relation	table = table_open(endpoint, AccessShareLock);
	TriggerDesc *triggers = CopyTriggerDesc(table->trigdesc);

	table_close(table, NoLock);
	*rules = NIL;
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];
		M2mRule    *rule;

		if (!OidIsValid(trigger->tgconstrrelid) ||
			trigger->tgenabled == TRIGGER_DISABLED ||
			m2m_rule_kind_of(trigger->tgfoid) != &m2m_orphan_kind)
			continue;
		rule = rule_of_mark(endpoint, trigger->tgconstrrelid,
							trigger->tgnargs, trigger->tgargs);
		if (!m2m_rule_is_lent(rule, trigger->tgoid))
			continue;
		if (rule == NULL)
			return false;
		*rules = list_append_unique_ptr(*rules, rule);
	}
	return true;
}

/* rule_of_mark: the rule that a trigger on an endpoint is a part of, or NULL. */
static M2mRule *
rule_of_mark(Oid endpoint, Oid association, int nargs, char **args)
{
	M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
												AccessShareLock);
	ListCell   *lc;

	foreach(lc, rel == NULL ? NIL : m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (rule->kind == &m2m_orphan_kind && ENDPOINT(rule) == endpoint &&
			m2m_rule_has_arguments(rule, nargs, args))
			return rule;
	}
	return NULL;
}

/*
 * m2m_orphan_columns: the columns by which rules of a table know its rows, each once;
 * alike: do all know them by the same key?  Then these are its columns, in its
 * order.
 */
AttrNumber *
m2m_orphan_columns(List *rules, int *n, bool *alike)
{
	M2mRule    *first = linitial(rules);
	M2mEndpoint *endpoint = &first->rel->side[first->side];
	int			room = 0;
	AttrNumber *column;
	ListCell   *lc;

	*n = 0;
	*alike = true;
	foreach(lc, rules)
		room += ((M2mRule *) lfirst(lc))->rel->side[((M2mRule *) lfirst(lc))->side].nkeys;
	column = palloc_array(AttrNumber, room);
	foreach(lc, rules)
	{
		M2mRule    *rule = lfirst(lc);
		M2mEndpoint *other = &rule->rel->side[rule->side];

		*alike &= other->nkeys == endpoint->nkeys;
		for (int i = 0; i < other->nkeys; i++)
		{
			*alike &= i < endpoint->nkeys &&
				other->key[i].attnum == endpoint->key[i].attnum;
			if (!m2m_columns_include(*n, column, other->key[i].attnum))
				column[(*n)++] = other->key[i].attnum;
		}
	}
	return column;
}

/* orphan_definition: the call. */
static char *
orphan_definition(M2mRule *rule)
{
	return m2m_rule_call(rule, "m2m_orphans",
						 psprintf("%s, %s",
								  quote_literal_cstr(rule->rel->side[rule->side].role),
								  quote_literal_cstr(m2m_rule_argument(rule, "action"))));
}

/*
 * orphan_check: is it known which rows are orphans?  Rows without links are
 * none of its business: they may never have had one.
 */
static List *
orphan_check(M2mRule *rule)
{
	M2mRuleFinding *finding;
	List	   *rules;

	if (m2m_orphan_rules(ENDPOINT(rule), &rules))
		return NIL;
	finding = palloc0(sizeof(M2mRuleFinding));
	finding->severity = "warning";
	finding->what = psprintf("rows of \"%s\" stay when they lose their last link: a trigger there"
							 " is of a relationship that is not whole, or has no such rule",
							 get_rel_name(ENDPOINT(rule)));
	return list_make1(finding);
}

/* orphan_elsewhere: is the trigger on the endpoint there, as it should be? */
static bool
orphan_elsewhere(M2mRule *rule)
{
	bool		plain;

	Oid			trigger = m2m_rule_endpoint_trigger(rule, NULL, &plain);

	return m2m_rule_is_lent(rule, trigger) && plain;
}
