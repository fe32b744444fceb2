/*
 * rule_define.c
 *		Switching rules on and off: their triggers, by ordinary DDL as the caller.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "commands/comment.h"
#include "commands/defrem.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

static char *trigger_name(Oid trigger);
static const char *enabled_as(Oid trigger);
static bool has_columns(Oid relid, List *names);
static void fit_keys(M2mRelationship *rel, Oid table, int n,
					 const AttrNumber *attnum);
static bool holds(Oid table, AttrNumber column, Oid association,
				  AttrNumber attnum);
static void rename_in_triggers(M2mRule *rule, Oid relid, const char *role);

/*
 * m2m_rule_begin: the relationship that a rule is about to be switched on for;
 * its association is locked as for CREATE TRIGGER, so that nobody writes links
 * until it is.  Errors: 42501 for who does not own it; 42704 where it is no
 * relationship, 42809 where writes could pass by the association's triggers.
 */
M2mRelationship *
m2m_rule_begin(Oid association, const char *kind)
{
	M2mRelationship *rel;

	m2m_association_check_owner(association);
	rel = m2m_relationship_get(association, InvalidOid, ShareRowExclusiveLock);
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("\"%s\" is not the association table of a relationship",
						get_rel_name(association)),
				 errhint("The function m2m_relationships() lists those that are.")));
	if (get_rel_relkind(association) != RELKIND_RELATION ||
		m2m_catalog_is_distributed(association))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relationship \"%s\" cannot have a rule",
						get_rel_name(association)),
				 errdetail("Its association is partitioned, foreign or distributed, and what writes a part of it passes by the triggers of the whole.")));
	if (has_subclass(association) || has_superclass(association) ||
		get_rel_relispartition(association))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("relationship \"%s\" cannot have a rule",
						get_rel_name(association)),
				 errdetail("Its association has inheritance children or parents, and what writes one passes by the triggers of the other.")));

	/* what was written before the lock, and by this very command */
	CommandCounterIncrement();
	return rel;
}

/* m2m_rule_side: the side that a role means; error 42704. */
M2mSide
m2m_rule_side(M2mRelationship *rel, const char *role)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (strcmp(rel->side[s].role, role) == 0)
			return s;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("relationship \"%s\" has no role \"%s\"",
					get_rel_name(rel->association), role),
			 errdetail("Its roles are \"%s\" and \"%s\".",
					   rel->side[M2M_LEFT].role, rel->side[M2M_RIGHT].role)));
	return M2M_LEFT;
}

/*
 * m2m_rule_create: the triggers of a rule on the association, one for each
 * event.  args: strings "name=value"; table: one that the rule keeps, or
 * InvalidOid.
 */
void
m2m_rule_create(M2mRelationship *rel, const M2mRuleKind *kind,
				const char *name, int events, List *args, Oid table,
				const char *comment)
{
	static const struct
	{
		const char *label;
		const char *when;
	}			event[M2M_RULE_EVENTS] = {
		{"insert", "AFTER INSERT ON %s REFERENCING NEW TABLE AS linked FOR EACH STATEMENT"},
		{"update", "AFTER UPDATE ON %s REFERENCING OLD TABLE AS unlinked NEW TABLE AS linked FOR"
		" EACH STATEMENT"},
		{"delete", "AFTER DELETE ON %s REFERENCING OLD TABLE AS unlinked FOR EACH STATEMENT"},
		{"truncate", "AFTER TRUNCATE ON %s FOR EACH STATEMENT"},
		{"truncate", "BEFORE TRUNCATE ON %s FOR EACH STATEMENT"}
	};

	for (int i = 0; i < M2M_RULE_EVENTS; i++)
	{
		if (events & (1 << i))
			m2m_rule_trigger(rel->association,
							 makeObjectName(name, NULL, event[i].label),
							 event[i].when, table, kind, args, comment);
	}
	m2m_relationship_changed(rel->association);
}

/*
 * m2m_rule_trigger: one statement trigger of a rule, with its comment, marked
 * as going with the extension.  when: "AFTER INSERT ON %s ..." for the
 * qualified table.
 */
void
m2m_rule_trigger(Oid relid, const char *trigger, const char *when,
				 Oid condition, const M2mRuleKind *kind, List *args,
				 const char *comment)
{
	char	   *table = m2m_qualified_name(relid);
	const char *place = when;
	bool		quoted = false;
	StringInfoData sql;
	ListCell   *lc;

	/* names have any characters, but are quoted then */
	while (quoted || strncmp(place, "%s", 2) != 0)
		quoted ^= *place++ == '"';
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %sTRIGGER %s %.*s%s%s",
					 strncmp(place + 2, " FROM ", 6) == 0 ? "CONSTRAINT " : "",
					 quote_identifier(trigger), (int) (place - when), when,
					 table, place + 2);
	if (OidIsValid(condition))
		appendStringInfo(&sql, " WHEN (%s::pg_catalog.regclass IS NOT NULL)",
						 quote_literal_cstr(m2m_qualified_name(condition)));
	appendStringInfo(&sql, " EXECUTE FUNCTION %s(",
					 m2m_own_function(kind->function));
	foreach(lc, args)
		appendStringInfo(&sql, "%s%s", foreach_current_index(lc) > 0 ? ", " : "",
						 quote_literal_cstr(lfirst(lc)));
	appendStringInfoChar(&sql, ')');
	m2m_ddl(sql.data);
	m2m_trigger_depends(get_trigger_oid(relid, trigger, false), "m2m");

	/* who has looked at it meanwhile, has taken it for somebody's */
	CacheInvalidateRelcacheByRelid(relid);
	m2m_ddl(psprintf("COMMENT ON TRIGGER %s ON %s IS %s",
					 quote_identifier(trigger), table,
					 quote_literal_cstr(comment)));
}

/*
 * m2m_rule_row_trigger: a name for a rule's trigger on an endpoint.  Another
 * relationship may have a rule about the same role of the same table, which
 * has a trigger there by the name that comes first.
 */
char *
m2m_rule_row_trigger(Oid endpoint, const char *rule)
{
	char	   *name = makeObjectName(rule, NULL, "row");

	for (int i = 2; OidIsValid(get_trigger_oid(endpoint, name, true)); i++)
		name = makeObjectName(rule, NULL, psprintf("row%d", i));
	return name;
}

/*
 * m2m_rule_drop: switches a rule off; with keep, what it has written stays:
 * columns and side tables.  Errors: 42501; 42704 where there is none of that
 * name; 2BP01 where something of the user's depends on what is to go.
 */
void
m2m_rule_drop(Oid association, const char *name, bool keep)
{
	M2mRelationship *rel;
	M2mRule    *rule;

	m2m_association_check_owner(association);
	rel = m2m_relationship_get(association, InvalidOid, AccessExclusiveLock);
	rule = rel == NULL ? NULL : m2m_rule_find(rel, name);
	if (rule == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("relationship \"%s\" has no rule \"%s\"",
						get_rel_name(association), name),
				 errhint("The function m2m_rules() lists those that it has.")));
	m2m_rule_remove(rule);
	if (rule->kind->end != NULL)
		rule->kind->end(rule, keep);
	if (rule->kind->off != NULL)
		rule->kind->off(rule);
	m2m_relationship_changed(association);
}

/*
 * m2m_rules_drop: switches off all rules of a relationship that is going to be
 * dropped, with their side tables.  The caller owns the association.
 */
void
m2m_rules_drop(M2mRelationship *rel)
{
	ListCell   *lc;

	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		m2m_rule_remove(rule);
		if (rule->kind->end != NULL)
			rule->kind->end(rule, false);
	}
}

/*
 * m2m_rules_rename_role: the rules of a side are about another name of a role
 * from now on, in all of their triggers' arguments.  By description as it was
 * before.
 */
void
m2m_rules_rename_role(M2mRelationship *rel, M2mSide side, const char *role)
{
	ListCell   *lc;

	if (strcmp(rel->side[side].role, role) == 0)
		return;
	foreach(lc, m2m_rules_of(rel))
	{
		M2mRule    *rule = lfirst(lc);

		if (!rule->kind->on_side || rule->side != side)
			continue;
		rename_in_triggers(rule, rel->association, role);
		rename_in_triggers(rule, rel->side[side].relid, role);
		if (OidIsValid(rule->table))
			rename_in_triggers(rule, rule->table, role);
	}
}

/*
 * rename_in_triggers: makes the triggers of a rule on a table anew, with
 * another role.
 */
static void
rename_in_triggers(M2mRule *rule, Oid relid, const char *role)
{
	Relation	table = table_open(relid, ShareRowExclusiveLock);
	TriggerDesc *desc = CopyTriggerDesc(table->trigdesc);
	List	   *triggers = NIL;
	char	   *old = quote_literal_cstr(psprintf("role=%s",
												  rule->rel->side[rule->side].role));
	char	   *new = quote_literal_cstr(psprintf("role=%s", role));
	ListCell   *lc;

	for (int i = 0; desc != NULL && i < desc->numtriggers; i++)
	{
		Trigger    *trigger = &desc->triggers[i];

		if (m2m_rule_kind_of(trigger->tgfoid) == rule->kind &&
			m2m_rule_has_arguments(rule, trigger->tgnargs, trigger->tgargs) &&
			(relid == rule->rel->association ||
			 trigger->tgconstrrelid == rule->rel->association))
			triggers = lappend_oid(triggers, trigger->tgoid);
	}
	table_close(table, NoLock);
	foreach(lc, triggers)
	{
		Oid			trigger = lfirst_oid(lc);
		char	   *name = trigger_name(trigger);
		char	   *sql = TextDatumGetCString(DirectFunctionCall1(pg_get_triggerdef,
																  ObjectIdGetDatum(trigger)));
		char	   *comment = GetComment(trigger, TriggerRelationId, 0);
		char	   *found = strstr(sql, old);
		bool		lent = relid == rule->rel->association ||
			m2m_rule_is_lent(NULL, trigger);
		const char *enabled = enabled_as(trigger);

		if (found == NULL)
			continue;
		m2m_rule_drop_trigger(relid, trigger);
		m2m_ddl(psprintf("%.*s%s%s", (int) (found - sql), sql, new,
						 found + strlen(old)));
		if (lent)
			m2m_trigger_depends(get_trigger_oid(relid, name, false), "m2m");
		CacheInvalidateRelcacheByRelid(relid);
		if (enabled != NULL)
			m2m_ddl(psprintf("ALTER TABLE %s %s TRIGGER %s",
							 m2m_qualified_name(relid), enabled,
							 quote_identifier(name)));
		if (comment != NULL)
			m2m_ddl(psprintf("COMMENT ON TRIGGER %s ON %s IS %s",
							 quote_identifier(name), m2m_qualified_name(relid),
							 quote_literal_cstr(comment)));
	}
}

/*
 * enabled_as: how ALTER TABLE makes a trigger what a trigger is; NULL if a new
 * one is that.
 */
static const char *
enabled_as(Oid trigger)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	const char *result = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger));
	scan = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		switch (((Form_pg_trigger) GETSTRUCT(tuple))->tgenabled)
		{
			case TRIGGER_DISABLED:
				result = "DISABLE";
				break;
			case TRIGGER_FIRES_ALWAYS:
				result = "ENABLE ALWAYS";
				break;
			case TRIGGER_FIRES_ON_REPLICA:
				result = "ENABLE REPLICA";
				break;
		}
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* m2m_rule_remove: drops the triggers of a rule on the association. */
void
m2m_rule_remove(M2mRule *rule)
{
	ListCell   *lc;

	foreach(lc, rule->triggers)
		m2m_rule_drop_trigger(rule->rel->association, lfirst_oid(lc));
}

/* m2m_rule_drop_trigger: unless it is gone. */
void
m2m_rule_drop_trigger(Oid relid, Oid trigger)
{
	char	   *name = trigger_name(trigger);

	if (name != NULL)
		m2m_ddl(psprintf("DROP TRIGGER %s ON %s", quote_identifier(name),
						 m2m_qualified_name(relid)));
}

/*
 * m2m_rule_append_column: "author_id integer COLLATE ... NOT NULL, " as the
 * association has it.
 */
void
m2m_rule_append_column(StringInfo columns, M2mRelationship *rel,
					   AttrNumber attnum, const char *more)
{
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(rel->association, attnum, &type, &typmod,
						  &collation);
	appendStringInfo(columns, "%s %s%s%s%s, ",
					 m2m_quoted_column(rel->association, attnum),
					 format_type_extended(type, typmod,
										  FORMAT_TYPE_TYPEMOD_GIVEN |
										  FORMAT_TYPE_FORCE_QUALIFY),
					 OidIsValid(collation) ? " COLLATE " : "",
					 OidIsValid(collation) ?
					 m2m_qualified_collation(collation) : "", more);
}

/*
 * m2m_rule_make_table: a side table of a rule, in the association's schema and
 * for its owner.  It has a primary key, or a publication of all tables would
 * stop the links, and no foreign keys, or TRUNCATE of the three would fail.
 * One with columns of these names that the owner has left there is taken.
 * Errors: 42P07 where the name is taken by anything else; 42701 where a key has
 * the name of a column of the rule's.
 */
Oid
m2m_rule_make_table(M2mRelationship *rel, const char *name, List *names,
					const char *columns, const char *comment)
{
	Oid			schema = get_rel_namespace(rel->association);
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	char	   *table = quote_qualified_identifier(get_namespace_name(schema),
												   name);
	Oid			relid;
	ListCell   *lc;

	foreach(lc, names)
	{
		char	   *column = lfirst(lc);

		for (int i = 0; i < list_cell_number(names, lc); i++)
		{
			if (strcmp(list_nth(names, i), column) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("key column \"%s\" of \"%s\" has the name of a column that table \"%s\" needs",
								column, get_rel_name(rel->association), name),
						 errhint("Rename the column of \"%s\"; when the table is made it may have its name back.",
								 get_rel_name(rel->association))));
		}
	}
	relid = get_relname_relid(name, schema);
	if (OidIsValid(relid))
	{
		/* left by a rule of before, which the extension took along, say */
		if (m2m_catalog_relation_owner(relid) == owner &&
			get_rel_relkind(relid) == RELKIND_RELATION &&
			has_columns(relid, names))
			return relid;
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" already exists", name),
				 errdetail("The rule would keep what it knows in a table of that name."),
				 errhint("Rename that relation, or drop it.")));
	}
	m2m_ddl(psprintf("CREATE %sTABLE %s (%s)",
					 rel->temporary ? "TEMPORARY " :
					 get_rel_persistence(rel->association) ==
					 RELPERSISTENCE_UNLOGGED ? "UNLOGGED " : "",
					 table, columns));
	relid = get_relname_relid(name, schema);
	if (m2m_catalog_relation_owner(relid) != owner)
		m2m_ddl(psprintf("ALTER TABLE %s OWNER TO %s", table,
						 quote_identifier(GetUserNameFromId(owner, false))));
	m2m_ddl(psprintf("COMMENT ON TABLE %s IS %s", table,
					 quote_literal_cstr(comment)));
	return relid;
}

/* has_columns: has a table columns of these names, in this order? */
static bool
has_columns(Oid relid, List *names)
{
	AttrNumber	attnum = 0;
	ListCell   *lc;

	foreach(lc, names)
	{
		char	   *name;

		do
			name = get_attname(relid, ++attnum, true);
		while (name != NULL && !m2m_catalog_column_exists(relid, attnum));
		if (name == NULL || strcmp(name, lfirst(lc)) != 0)
			return false;
	}
	return true;
}

/*
 * fit_keys: the first columns of a side table get the types of those of the
 * association, which may have changed since it was made, where they do not hold
 * these.  It has no mark, which would be in the way.
 */
static void
fit_keys(M2mRelationship *rel, Oid table, int n, const AttrNumber *attnum)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < n; i++)
	{
		char	   *column = m2m_quoted_column(table, i + 1);
		Oid			type;
		int32		typmod;
		Oid			collation;
		char	   *name;

		if (holds(table, i + 1, rel->association, attnum[i]))
			continue;
		get_atttypetypmodcoll(rel->association, attnum[i], &type, &typmod,
							  &collation);
		name = format_type_extended(type, typmod,
									FORMAT_TYPE_TYPEMOD_GIVEN |
									FORMAT_TYPE_FORCE_QUALIFY);
		appendStringInfo(&sql, "%s ALTER COLUMN %s TYPE %s%s%s USING CAST(%s AS %s)",
						 sql.len > 0 ? "," : "", column, name,
						 OidIsValid(collation) ? " COLLATE " : "",
						 OidIsValid(collation) ?
						 m2m_qualified_collation(collation) : "", column,
						 name);
	}
	if (sql.len > 0)
		m2m_ddl(psprintf("ALTER TABLE %s%s", m2m_qualified_name(table),
						 sql.data));
}

/*
 * holds: has a column of a side table the type that one of the links has, or a
 * wider one, which its owner has given it?
 */
static bool
holds(Oid table, AttrNumber column, Oid association, AttrNumber attnum)
{
	Oid			type[2];
	int32		typmod[2];
	Oid			collation[2];

	get_atttypetypmodcoll(table, column, &type[0], &typmod[0], &collation[0]);
	get_atttypetypmodcoll(association, attnum, &type[1], &typmod[1],
						  &collation[1]);
	return collation[0] == collation[1] &&
		(typmod[0] == -1 || (type[0] == type[1] && typmod[0] == typmod[1])) &&
		can_coerce_type(1, &type[1], &type[0], COERCION_IMPLICIT);
}

/*
 * m2m_rule_keys_fit: do the keys of a rule's side table, which there is, hold
 * those of links?
 */
bool
m2m_rule_keys_fit(M2mRule *rule)
{
	M2mRelationship *rel = rule->rel;
	int			n = rule->kind->on_side ? rel->side[rule->side].nkeys :
		rel->nlink;
	AttrNumber *attnum = rule->kind->on_side ?
		m2m_rule_side_columns(rel, rule->side) : rel->link;

	for (int i = 0; i < n; i++)
	{
		if (m2m_catalog_column_exists(rule->table, i + 1) &&
			!holds(rule->table, i + 1, rel->association, attnum[i]))
			return false;
	}
	return true;
}

/*
 * m2m_rule_mark: marks a side table as a rule's of that association, whose
 * triggers are there: by one that is for no statement of ours, and goes with the
 * association.  Its keys get the types that they have in links.
 */
void
m2m_rule_mark(M2mRelationship *rel, Oid table, const M2mRuleKind *kind,
			  List *args, const char *comment)
{
	if (kind->on_side)
	{
		const char *role = strchr(linitial(args), '=') + 1;
		M2mSide		side = m2m_rule_side(rel, role);

		fit_keys(rel, table, rel->side[side].nkeys,
				 m2m_rule_side_columns(rel, side));
	}
	else
		fit_keys(rel, table, rel->nlink, rel->link);
	m2m_rule_trigger(table,
					 makeObjectName("m2m", kind->name, "mark"),
					 psprintf("AFTER UPDATE OF %s ON %%s FROM %s NOT DEFERRABLE FOR EACH ROW",
							  m2m_quoted_column(table, 1),
							  m2m_qualified_name(rel->association)),
					 InvalidOid, kind, args, comment);
	m2m_relationship_changed(rel->association);
}

/*
 * m2m_rule_end_table: a side table goes, or stays as a plain one.  Its triggers
 * on the association are gone.  A table that is not marked is none of ours: who
 * may put a trigger on the association could name any.  Error 2BP01.
 */
void
m2m_rule_end_table(M2mRule *rule, bool keep)
{
	Relation	table;
	TriggerDesc *triggers;
	List	   *marks = NIL;
	ListCell   *lc;

	if (!m2m_rule_table_is_marked(rule))
		return;
	if (!keep)
	{
		m2m_ddl(psprintf("DROP TABLE %s", m2m_qualified_name(rule->table)));
		return;
	}
	table = table_open(rule->table, AccessShareLock);
	triggers = CopyTriggerDesc(table->trigdesc);
	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (m2m_rule_kind_of(triggers->triggers[i].tgfoid) == rule->kind)
			marks = lappend_oid(marks, triggers->triggers[i].tgoid);
	}
	table_close(table, NoLock);
	foreach(lc, marks)
		m2m_rule_drop_trigger(rule->table, lfirst_oid(lc));
}

/*
 * m2m_rule_end_row_trigger: takes away the one on the endpoint, of a rule that has
 * nothing else there.
 */
void
m2m_rule_end_row_trigger(M2mRule *rule, bool keep)
{
	bool		plain;
	Oid			trigger = m2m_rule_endpoint_trigger(rule, NULL, &plain);

	if (OidIsValid(trigger))
		m2m_rule_drop_trigger(rule->rel->side[rule->side].relid, trigger);
}

/* trigger_name: of a trigger; NULL if it is gone. */
static char *
trigger_name(Oid trigger)
{
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	char	   *result = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger));
	scan = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		result = pstrdup(NameStr(((Form_pg_trigger) GETSTRUCT(tuple))->tgname));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/*
 * m2m_rule_call: "m2m_limit('public.enrolment', 'course', max => 30)", with
 * the schema of the extension where a name alone may not find it.
 */
char *
m2m_rule_call(M2mRule *rule, const char *function, const char *arguments)
{
	return psprintf("%s(%s%s%s)", m2m_own_function(function),
					quote_literal_cstr(m2m_qualified_name(rule->rel->association)),
					*arguments != '\0' ? ", " : "", arguments);
}
