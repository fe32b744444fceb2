/*
 * counter_define.c
 *		Switching counters on and off: the column or the table of slots, and what
 *		it counts at first; and whether a counter is right.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "counter_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

static char *all_text(M2mRule *rule);
static void check_column(M2mRelationship *rel, M2mSide side,
						 const char *column, M2mRule *rule);
static bool leaves_links(M2mRelationship *rel, M2mSide side);
static bool is_identity(Oid relid, AttrNumber attnum);
static Oid	make_slots(M2mRelationship *rel, M2mSide side);

/*
 * m2m_counter_define: counts the links of each row of a role: in a column of
 * its table, which is added if it is not there, or in slots where column is
 * NULL.  Replaces the counter that the role has.  Errors: those of
 * m2m_rule_begin() and m2m_rule_side(); 42501 where the column's table is not
 * the caller's; 42804 for a column that is no number, 42P07 where the table of
 * slots has a name that is taken.
 */
void
m2m_counter_define(Oid association, const char *role, const char *column)
{
	M2mRelationship *rel = m2m_rule_begin(association, "counter");
	M2mSide		side = m2m_rule_side(rel, role);
	char	   *name = m2m_rule_name(&m2m_counter_kind, role);
	M2mRule    *rule = m2m_rule_find(rel, name);
	List	   *args = list_make1(psprintf("role=%s", role));
	Oid			table = InvalidOid;
	char	   *comment;
	bool		added = false;
	int			outer;
	ErrorContextCallback context;

	if (column != NULL)
		check_column(rel, side, column, rule);
	if (rule != NULL)
	{
		bool		same = column == NULL ? !IN_COLUMN(rule) :
			IN_COLUMN(rule) && COLUMN(rule) != 0 &&
			COLUMN(rule) == get_attnum(rel->side[side].relid, column);

		added = same && m2m_rule_argument(rule, "origin") != NULL;
		m2m_rule_remove(rule);
		if (!IN_COLUMN(rule) && same)
			m2m_rule_end_table(rule, true);
		else
			m2m_counter_end(rule, same);
	}
	if (column != NULL)
	{
		/* not as DDL of our own: link views are to follow it */
		if (get_attnum(rel->side[side].relid, column) == InvalidAttrNumber)
		{
			m2m_sql(psprintf("ALTER TABLE %s ADD COLUMN %s bigint NOT NULL DEFAULT 0",
							 m2m_qualified_name(rel->side[side].relid),
							 quote_identifier(column)));
			added = true;
		}
		args = lappend(args, pstrdup("counter=column"));
		if (added)
			args = lappend(args, pstrdup("origin=added"));
		comment = psprintf("m2m: the number of links of each \"%s\" is kept in its column;"
						   " m2m_drop_rule() ends it.",
						   role);
	}
	else
	{
		m2m_relationship_changed(association);
		rel = m2m_relationship_get(association, InvalidOid, NoLock);
		table = make_slots(rel, side);
		args = lappend(args, pstrdup("counter=slots"));
		comment = psprintf("m2m: the number of links of each \"%s\" is kept in a table;"
						   " m2m_drop_rule() ends it.",
						   role);
	}
	m2m_relationship_changed(association);
	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	m2m_rule_create(rel, &m2m_counter_kind, name,
					M2M_RULE_INSERT | M2M_RULE_UPDATE | M2M_RULE_DELETE |
					M2M_RULE_TRUNCATE, args, table, comment);
	if (column != NULL)
	{
		m2m_rule_trigger(rel->side[side].relid,
						 m2m_rule_row_trigger(rel->side[side].relid, name),
						 psprintf("AFTER INSERT OR UPDATE OF %s ON %%s FROM %s NOT DEFERRABLE"
								  " FOR EACH ROW",
								  quote_identifier(column),
								  m2m_qualified_name(association)),
						 InvalidOid, &m2m_counter_kind, args, comment);

		/* not OF the key, which would be in the way of ALTER TYPE */
		if (leaves_links(rel, side))
			m2m_rule_trigger(rel->side[side].relid,
							 m2m_rule_row_trigger(rel->side[side].relid, name),
							 psprintf("AFTER UPDATE ON %%s FROM %s NOT DEFERRABLE"
									  " FOR EACH ROW",
									  m2m_qualified_name(association)),
							 InvalidOid, &m2m_counter_kind, args, comment);
	}
	else
		m2m_rule_mark(rel, table, &m2m_counter_kind, args, comment);

	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	rule = rel == NULL ? NULL : m2m_rule_find(rel, name);
	if (rule == NULL)
		elog(ERROR, "rule \"%s\" was not found again", name);
	if (OidIsValid(table))
		m2m_rule_sql(psprintf("DELETE FROM %s", m2m_qualified_name(table)));
	else
	{
		context.callback = m2m_counter_column_context;
		context.arg = rule;
		context.previous = error_context_stack;
		error_context_stack = &context;
	}
	outer = m2m_counter_counts(m2m_rule_trigger_depth());
	PG_TRY();
	{
		m2m_rule_fill(rel, name, all_text(rule), rel->side[side].relid);
	}
	PG_FINALLY();
	{
		(void) m2m_counter_counts(outer);
	}
	PG_END_TRY();
	if (!OidIsValid(table))
		error_context_stack = context.previous;
}

/*
 * leaves_links: can a row get another key while its links keep the one that it
 * had, or lose theirs?  It takes its number along, and has to be counted.  With
 * NO ACTION it can, also where that is not deferrable: when another row gets the
 * key that it had by the same statement.
 */
static bool
leaves_links(M2mRelationship *rel, M2mSide side)
{
	HeapTuple	tuple =
		SearchSysCache1(CONSTROID,
						ObjectIdGetDatum(rel->side[side].constraint));
	Form_pg_constraint form;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	result = form->confupdtype != FKCONSTR_ACTION_CASCADE &&
		form->confupdtype != FKCONSTR_ACTION_RESTRICT;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * check_column: may a column be a counter, or be added as one, in place of rule,
 * if there is one?  Errors: 42501, 42804; 42710 where it is another's.
 */
static void
check_column(M2mRelationship *rel, M2mSide side, const char *column,
			 M2mRule *rule)
{
	Oid			relid = rel->side[side].relid;
	AttrNumber	attnum = get_attnum(relid, column);
	Oid			type;
	Relation	table;
	TriggerDesc *triggers;

	if (!object_ownercheck(RelationRelationId, relid, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER,
					   get_relkind_objtype(get_rel_relkind(relid)),
					   get_rel_name(relid));
	if (attnum == InvalidAttrNumber)
		return;
	type = getBaseType(get_atttype(relid, attnum));
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		if (rel->side[side].key[i].attnum == attnum)
			type = InvalidOid;
	}
	if (attnum < 0 ||
		(type != INT8OID && type != INT4OID && type != INT2OID &&
		 type != NUMERICOID) || get_attgenerated(relid, attnum) != '\0' ||
		is_identity(relid, attnum))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of \"%s\" cannot be a counter", column,
						get_rel_name(relid)),
				 errhint("A counter is a column of type bigint, integer, smallint or numeric that is neither generated nor part of the key.")));

	/* two would count against each other */
	table = table_open(relid, ShareRowExclusiveLock);
	triggers = CopyTriggerDesc(table->trigdesc);
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (OidIsValid(trigger->tgconstrrelid) && trigger->tgnattr == 1 &&
			trigger->tgattr[0] == attnum &&
			m2m_rule_kind_of(trigger->tgfoid) == &m2m_counter_kind &&
			!(rule != NULL &&
			  trigger->tgconstrrelid == rel->association &&
			  m2m_rule_has_arguments(rule, trigger->tgnargs,
									 trigger->tgargs)))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("column \"%s\" of \"%s\" is a counter already",
							column, get_rel_name(relid)),
					 errdetail("It counts links of relationship \"%s\".",
							   get_rel_name(trigger->tgconstrrelid))));
	}
	table_close(table, NoLock);
}

/* is_identity: does a column number itself? */
static bool
is_identity(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid),
										Int16GetDatum(attnum));
	bool		result = false;

	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_attribute) GETSTRUCT(tuple))->attidentity != '\0';
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * make_slots: the table of slots, for the association's owner: its key is that
 * of one side as the association has it, and a slot.
 */
static Oid
make_slots(M2mRelationship *rel, M2mSide side)
{
	StringInfoData columns;
	StringInfoData keys;
	List	   *names = NIL;

	initStringInfo(&columns);
	initStringInfo(&keys);
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		m2m_rule_append_column(&columns, rel, rel->side[side].key[i].link_attnum,
							   " NOT NULL");
		names = lappend(names, get_attname(rel->association,
										   rel->side[side].key[i].link_attnum,
										   false));
		appendStringInfo(&keys, "%s, ",
						 m2m_quoted_column(rel->association,
										   rel->side[side].key[i].link_attnum));
	}
	return m2m_rule_make_table(rel,
							   makeObjectName(get_rel_name(rel->association),
											  rel->side[side].role, "counter"),
							   lappend(lappend(names, "m2m_slot"), "n"),
							   psprintf("%s%s pg_catalog.int8, %s pg_catalog.int8 NOT NULL,"
										" PRIMARY KEY (%s%s)",
										columns.data, "m2m_slot", "n", keys.data,
										"m2m_slot"),
							   psprintf("m2m: the number of links of each \"%s\" in \"%s\" is"
										" the sum of n over its rows here",
										rel->side[side].role,
										get_rel_name(rel->association)));
}

/* all_text: counts all links, for who owns both tables. */
static char *
all_text(M2mRule *rule)
{
	M2mRelationship *rel = rule->rel;
	M2mSide		side = rule->side;
	M2mEndpoint *endpoint = &rel->side[side];
	char	   *association = m2m_qualified_name(rel->association);
	char	   *rows = m2m_only(endpoint->relid);
	char	   *column;
	char	   *type;
	StringInfoData same;

	if (!IN_COLUMN(rule))
		return psprintf("INSERT INTO %s SELECT %s, 0, pg_catalog.count(*) FROM %s a WHERE %s"
						" GROUP BY %s",
						m2m_qualified_name(rule->table),
						m2m_rule_keys(rel, side, "a"), association,
						m2m_rule_is_link(rel, "a"),
						m2m_rule_keys(rel, side, "a"));
	column = m2m_quoted_column(endpoint->relid, COLUMN(rule));
	type = format_type_extended(get_atttype(endpoint->relid, COLUMN(rule)),
								-1, FORMAT_TYPE_FORCE_QUALIFY);
	initStringInfo(&same);
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		char	   *key = m2m_quoted_column(endpoint->relid,
											endpoint->key[i].attnum);

		appendStringInfo(&same, "r.%s %s c.%s AND ", key,
						 m2m_own_equality(endpoint->key[i].type), key);
	}
	return psprintf("UPDATE %s r SET %s = CAST(c.m2m_n AS %s) FROM"
					" (SELECT %s, pg_catalog.count(a.%s) AS m2m_n FROM %s r LEFT JOIN %s a ON %s"
					" AND %s GROUP BY %s) c"
					" WHERE %s (r.%s OPERATOR(pg_catalog.=) CAST(c.m2m_n AS %s)) IS NOT TRUE",
					rows, column, type, m2m_counter_row_keys(rel, side, "r"),
					m2m_quoted_column(rel->association,
									  endpoint->key[0].link_attnum),
					rows, association, m2m_rule_joins(rel, side, "a", "r"),
					m2m_rule_is_link(rel, "a"), m2m_counter_row_keys(rel, side, "r"),
					same.data, column, type);
}

/* m2m_counter_definition: the call; NULL where the column is gone. */
char *
m2m_counter_definition(M2mRule *rule)
{
	char	   *role =
		quote_literal_cstr(rule->rel->side[rule->side].role);

	if (IN_COLUMN(rule) && COLUMN(rule) == 0)
		return NULL;
	if (IN_COLUMN(rule))
		role = psprintf("%s, counter => %s", role,
						quote_literal_cstr(get_attname(rule->rel->side[rule->side].relid,
													   COLUMN(rule), false)));
	return m2m_rule_call(rule, "m2m_counter", role);
}

/* m2m_counter_check: is it right?  It is mended by counting all links. */
List *
m2m_counter_check(M2mRule *rule)
{
	M2mRelationship *rel = rule->rel;
	M2mSide		side = rule->side;
	M2mEndpoint *endpoint = &rel->side[side];
	M2mRuleFinding *finding = palloc0(sizeof(M2mRuleFinding));
	char	   *association = m2m_qualified_name(rel->association);
	char	   *counted = psprintf("SELECT %s, pg_catalog.count(*) AS m2m_n FROM %s a WHERE %s"
								   " GROUP BY %s",
								   m2m_rule_keys(rel, side, "a"), association,
								   m2m_rule_is_link(rel, "a"),
								   m2m_rule_keys(rel, side, "a"));

	finding->severity = "error";
	finding->what = psprintf("counter \"%s\" does not show the number of links",
							 rule->name);
	finding->remedy = psprintf("SELECT %s", m2m_counter_definition(rule));
	if (IN_COLUMN(rule))
	{
		char	   *column;

		if (COLUMN(rule) == 0)
			return NIL;
		column = m2m_quoted_column(endpoint->relid, COLUMN(rule));
		if (endpoint->alike)
			finding->question =
				psprintf("SELECT EXISTS (SELECT FROM %s r LEFT JOIN (%s) c ON %s"
						 " WHERE (r.%s OPERATOR(pg_catalog.=) COALESCE(c.m2m_n, 0))"
						 " IS NOT TRUE)",
						 m2m_only(endpoint->relid), counted,
						 m2m_rule_joins(rel, side, "c", "r"), column);
		else
			finding->question =
				psprintf("SELECT EXISTS (SELECT FROM %s r WHERE (r.%s OPERATOR(pg_catalog.=)"
						 " (SELECT pg_catalog.count(*) FROM %s a WHERE %s AND %s))"
						 " IS NOT TRUE)",
						 m2m_only(endpoint->relid), column, association,
						 m2m_rule_joins(rel, side, "a", "r"),
						 m2m_rule_is_link(rel, "a"));
	}
	else
		finding->question =
			psprintf("SELECT EXISTS (SELECT FROM (SELECT %s, pg_catalog.sum(s.n) AS m2m_n FROM"
					 " %s s GROUP BY %s) s"
					 " FULL JOIN (%s) c ON %s WHERE COALESCE(s.m2m_n, 0) OPERATOR(pg_catalog.<>)"
					 " COALESCE(c.m2m_n, 0))",
					 m2m_counter_slot_keys(rule, "s", true),
					 m2m_qualified_name(rule->table),
					 m2m_counter_slot_keys(rule, "s", false), counted,
					 m2m_rule_same(rel, side, "s", "c"));
	return list_make1(finding);
}

/* m2m_counter_elsewhere: are the triggers on the rows' table there, as they should be? */
bool
m2m_counter_elsewhere(M2mRule *rule)
{
	AttrNumber	column;
	bool		plain = false;
	Oid			trigger;

	if (!IN_COLUMN(rule))
		return m2m_rule_table_is_marked(rule);
	trigger = m2m_rule_endpoint_trigger(rule, &column, &plain);
	if (!m2m_rule_is_lent(rule, trigger) || !plain)
		return false;
	return !leaves_links(rule->rel, rule->side) ||
		(OidIsValid(m2m_rule_key_trigger(rule, &plain)) && plain);
}

/*
 * m2m_counter_end: takes away these triggers, or the table of slots; unless it is to
 * be kept, a column that was added for it, too.
 */
void
m2m_counter_end(M2mRule *rule, bool keep)
{
	Oid			relid = rule->rel->side[rule->side].relid;
	AttrNumber	column = InvalidAttrNumber;
	bool		plain;
	Oid			trigger;

	if (!IN_COLUMN(rule))
	{
		m2m_rule_end_table(rule, keep);
		return;
	}
	trigger = m2m_rule_endpoint_trigger(rule, &column, &plain);
	if (OidIsValid(trigger))
		m2m_rule_drop_trigger(relid, trigger);
	trigger = m2m_rule_key_trigger(rule, &plain);
	if (OidIsValid(trigger))
		m2m_rule_drop_trigger(relid, trigger);
	if (column != InvalidAttrNumber && !keep &&
		m2m_rule_argument(rule, "origin") != NULL)
		m2m_sql(psprintf("ALTER TABLE %s DROP COLUMN %s",
						 m2m_qualified_name(relid),
						 m2m_quoted_column(relid, column)));
}
