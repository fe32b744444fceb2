/*
 * check.c
 *		What is inconsistent in a relationship.
 *
 * Each finding comes with the SQL that mends it: what m2m_check() shows is
 * what m2m_repair() runs (repair.c).  Looking takes a reader's lock only where
 * it reads rows, which it may, and gives it back at once.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "check.h"
#include "define.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"
#include "view.h"

/* One look at a relationship. */
typedef struct Check
{
	Oid			association;
	bool		hostile_types;	/* others' types: mending could run their code */
	Oid			unseen;			/* of which it is said that it could not be
								 * looked at */
	List	   *findings;		/* Finding */
} Check;

/* What run_query() is to do. */
typedef struct Question
{
	const char *sql;
	bool		answer;
} Question;

static void check_endpoint(Check *check, M2mRelationship *rel, M2mSide side);
static bool foreign_key_is_valid(Oid constraint);
static void check_foreign_key(Check *check, M2mRelationship *rel, M2mSide side,
							  bool astray);
static void check_cascade(Check *check, M2mRelationship *rel, M2mSide side);
static bool check_rows(Check *check, M2mRelationship *rel, M2mSide side);
static void check_types(Check *check, M2mRelationship *rel, M2mSide side);
static void check_pairs(Check *check, M2mRelationship *rel);
static void check_deleted(Check *check, M2mRelationship *rel);
static void check_whole_rows(Check *check, M2mRelationship *rel);
static bool has_wider_foreign_key(M2mRelationship *rel, M2mSide side);
static void check_rules(Check *check, M2mRelationship *rel);
static void check_mirror(Check *check, M2mRelationship *rel);
static void check_view(Check *check, M2mRelationship *rel, M2mSide side);
static char *adopt_sql(M2mRelationship *rel);
static void check_function(Check *check, M2mRelationship *rel, M2mSide side);
static void check_exposed(Check *check, M2mRelationship *rel);
static void check_other_views(Check *check, Oid association,
							  M2mRelationship *rel);
static void add_stray_view(Check *check, Oid viewid);
static void check_rest(Check *check, Oid association);
static void add_finding(Check *check, const char *severity, const char *what,
						const char *remedy);
static bool is_readable(M2mRelationship *rel);
static bool types_are_trusted(M2mRelationship *rel);
static bool type_is_trusted(Oid type, Oid owner);
static bool query_is_true(Check *check, const char *sql);
static void add_unseen(Check *check, Oid owner, ErrorData *error);
static void run_query(void *arg);
static bool foreign_key_disabled(Oid constraint);
static char *column_list(M2mRelationship *rel, M2mSide side,
						 const char *prefix);
static char *pair_list(M2mRelationship *rel, M2mSide first,
					   const char *prefix);

/*
 * m2m_check_relationship: a list of M2mFinding, in the order in which they
 * should be mended.
 */
List *
m2m_check_relationship(Oid association)
{
	Check		check = {association, false, InvalidOid, NIL};
	M2mRelationship *rel;

	/*
	 * No lock: a look into every relationship of a database must hold up, and
	 * be held up by, nobody.  So a table may be dropped meanwhile; what is
	 * looked up below then gives nothing, or an error of its own.
	 */
	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	check_other_views(&check, association, rel);
	if (rel == NULL)
		return check.findings;
	check.hostile_types = !types_are_trusted(rel);

	/*
	 * In the order of mending: rows without a row before the foreign key,
	 * doubled links before the unique index, tables before the views of them.
	 */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		check_endpoint(&check, rel, s);
	check_pairs(&check, rel);
	check_deleted(&check, rel);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mEndpoint *endpoint = &rel->side[s];

		if (!m2m_catalog_has_leading_index(rel, endpoint))
			add_finding(&check, "warning",
						psprintf("no index to find the links of a row of \"%s\" by",
								 get_rel_name(endpoint->relid)),
						psprintf("CREATE INDEX ON %s (%s)",
								 m2m_qualified_name(association),
								 pair_list(rel, s, "")));
	}
	check_rules(&check, rel);
	check_mirror(&check, rel);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		check_view(&check, rel, s);
		check_function(&check, rel, s);
	}
	check_exposed(&check, rel);
	return check.findings;
}

/* check_endpoint: foreign key, rows without a row, types of one side. */
static void
check_endpoint(Check *check, M2mRelationship *rel, M2mSide side)
{
	M2mEndpoint *endpoint = &rel->side[side];

	bool		astray = false;

	if (!foreign_key_is_valid(endpoint->constraint))
		astray = check_rows(check, rel, side);
	check_foreign_key(check, rel, side, astray);
	if (OidIsValid(endpoint->constraint) &&
		foreign_key_disabled(endpoint->constraint))
		add_finding(check, "error",
					psprintf("the triggers of foreign key \"%s\" are disabled; a superuser can enable them",
							 get_constraint_name(endpoint->constraint)),
					NULL);
	check_types(check, rel, side);
}

/* foreign_key_is_valid: is there one, and do all rows keep it? */
static bool
foreign_key_is_valid(Oid constraint)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID,
										ObjectIdGetDatum(constraint));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_constraint) GETSTRUCT(tuple))->convalidated;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * check_foreign_key: is there one, and is it validated?  Where links are known
 * that it would not allow, it cannot be made, and which of them are wrong, or
 * whether another table is meant, is for the user to say.
 */
static void
check_foreign_key(Check *check, M2mRelationship *rel, M2mSide side,
				  bool astray)
{
	M2mEndpoint *endpoint = &rel->side[side];
	char	   *association = m2m_qualified_name(rel->association);

	if (!OidIsValid(endpoint->constraint))
	{
		/* its owner has one over further columns, which says more */
		if (has_wider_foreign_key(rel, side))
			return;
		add_finding(check, "error",
					psprintf("the foreign key to \"%s\" is missing",
							 get_rel_name(endpoint->relid)),
					astray ? NULL :
					psprintf("ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s)"
							 " ON UPDATE %s ON DELETE CASCADE",
							 association, column_list(rel, side, ""),
							 m2m_qualified_name(endpoint->relid),
							 m2m_quoted_key(rel, side),
							 rel->nshared > 0 ? "NO ACTION" : "CASCADE"));
		return;
	}
	if (!foreign_key_is_valid(endpoint->constraint))
	{
		char	   *name = get_constraint_name(endpoint->constraint);

		add_finding(check, "warning",
					psprintf("foreign key \"%s\" has not been validated",
							 name),
					psprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s",
							 association, quote_identifier(name)));
	}
	if (rel->nshared > 0)
		check_cascade(check, rel, side);
}

/*
 * check_cascade: does the foreign key carry a change of a shared column into
 * links?  Then they come to be those to other rows of the other table, as the
 * number of a tenant's group is another tenant's, too.  Or they are to be: where
 * a tenant as a whole gets another number.  So it is no more than a remark, and
 * for the owner to decide.
 */
static void
check_cascade(Check *check, M2mRelationship *rel, M2mSide side)
{
	M2mEndpoint *endpoint = &rel->side[side];
	HeapTuple	tuple = SearchSysCache1(CONSTROID,
										ObjectIdGetDatum(endpoint->constraint));
	bool		cascades;
	int			i = 0;

	if (!HeapTupleIsValid(tuple))
		return;
	cascades = ((Form_pg_constraint) GETSTRUCT(tuple))->confupdtype ==
		FKCONSTR_ACTION_CASCADE;
	ReleaseSysCache(tuple);
	if (!cascades)
		return;
	while (endpoint->key[i].shared == 0)
		i++;
	add_finding(check, "info",
				psprintf("foreign key \"%s\" carries changes of \"%s\" into column \"%s\", which also says which row of \"%s\" is linked; ON UPDATE NO ACTION would refuse them",
						 get_constraint_name(endpoint->constraint),
						 get_attname(endpoint->relid, endpoint->key[i].attnum,
									 false),
						 get_attname(rel->association,
									 endpoint->key[i].link_attnum, false),
						 get_rel_name(rel->side[M2M_OTHER(side)].relid)),
				NULL);
}

/*
 * check_rows: where no valid foreign key keeps them away, links to rows that
 * are not there; returns whether there are any.  They are deleted only by a
 * foreign key that is there, and so says which table is meant.
 */
static bool
check_rows(Check *check, M2mRelationship *rel, M2mSide side)
{
	M2mEndpoint *endpoint = &rel->side[side];
	StringInfoData where;

	initStringInfo(&where);
	appendStringInfo(&where, "(%s) IS NOT NULL AND NOT EXISTS (SELECT FROM %s r WHERE ",
					 endpoint->nkeys > 1 ?
					 psprintf("ROW(%s)", column_list(rel, side, "a.")) :
					 column_list(rel, side, "a."),
					 m2m_qualified_name(endpoint->relid));
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&where, "%sr.%s %s %s", i > 0 ? " AND " : "",
						 m2m_quoted_column(endpoint->relid,
										   endpoint->key[i].attnum),
						 m2m_qualified_operator(endpoint->key[i].equal_op),
						 m2m_link_operand(rel, &endpoint->key[i], "a"));
	appendStringInfoChar(&where, ')');
	if (!is_readable(rel) ||
		!query_is_true(check, psprintf("SELECT EXISTS (SELECT FROM %s a WHERE %s)",
									   m2m_qualified_name(rel->association),
									   where.data)))
		return false;
	add_finding(check, "error",
				psprintf("there are links to rows that are not in \"%s\"",
						 get_rel_name(endpoint->relid)),
				!OidIsValid(endpoint->constraint) ? NULL :
				psprintf("DELETE FROM %s a WHERE %s",
						 m2m_qualified_name(rel->association),
						 where.data));
	return true;
}

/* check_types: does the association still have the key's types? */
static void
check_types(Check *check, M2mRelationship *rel, M2mSide side)
{
	M2mEndpoint *endpoint = &rel->side[side];

	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		char	   *column = get_attname(rel->association, key->link_attnum,
										 false);
		Oid			type;
		int32		typmod;
		Oid			collation;

		get_atttypetypmodcoll(rel->association, key->link_attnum,
							  &type, &typmod, &collation);
		if (type == key->type && typmod == key->typmod &&
			collation == key->collation)
			continue;

		/* one column for two keys is said of once, when these are of one type */
		if (key->shared > 0)
		{
			M2mKeyColumn *other =
				&rel->side[M2M_OTHER(side)].key[key->shared - 1];

			if (side == M2M_RIGHT || other->type != key->type ||
				other->typmod != key->typmod ||
				other->collation != key->collation)
				continue;
		}

		/*
		 * No more than a remark: something compares the two types, or the
		 * relationship would be at rest.  The remedy rewrites the table, and
		 * so is run only when it is asked for.
		 */
		add_finding(check, "info",
					psprintf("column \"%s\" is of type %s, the key that it refers to is of type %s",
							 column, format_type_with_typemod(type, typmod),
							 format_type_with_typemod(key->type,
													  key->typmod)),
					psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s%s",
							 m2m_qualified_name(rel->association),
							 quote_identifier(column),
							 format_type_extended(key->type, key->typmod,
												  FORMAT_TYPE_TYPEMOD_GIVEN |
												  FORMAT_TYPE_FORCE_QUALIFY),
							 OidIsValid(key->collation) ?
							 psprintf(" COLLATE %s",
									  m2m_qualified_collation(key->collation)) :
							 ""));
	}
}

/*
 * check_pairs: are links told apart, and does an index keep them so?  A table
 * that has a key does so (see catalog_identity.c), or keeps the pair unique
 * under a condition or at commit.  One with properties and without any key, if
 * it is its owner's, has links that are whole rows.  In all others pairs should
 * be unique.  Of rows that are the same in all columns m2m_repair keeps one;
 * where link properties differ, it is for the user to choose.
 */
static void
check_pairs(Check *check, M2mRelationship *rel)
{
	char	   *association = m2m_qualified_name(rel->association);
	char	   *columns = pair_list(rel, M2M_LEFT, "");
	char	   *present;
	char	   *same;
	bool		differ;

	if (rel->tied)
		add_finding(check, "info",
					psprintf("several keys could tell the links of one pair apart; the one with column \"%s\" is taken",
							 get_attname(rel->association,
										 rel->identity_column[0].attnum,
										 false)),
					NULL);
	if (rel->has_key || m2m_catalog_has_wider_key(rel))
		return;
	if (rel->nidentity > 0)
	{
		check_whole_rows(check, rel);
		return;
	}

	/*
	 * Rows are told apart by tableoid and ctid, as the association may have
	 * partitions or children, and compared as text, since columns may be of
	 * types without equality.  A row with a null is no link.
	 */
	present = psprintf("num_nulls(%s) = 0", columns);
	if (rel->deleted != 0)
		present = psprintf("%s AND %s", present, m2m_live_condition(rel, "a"));
	same = psprintf("SELECT a.tableoid, a.ctid, pg_catalog.row_number() OVER"
					" (PARTITION BY %s, (a.*)::pg_catalog.text ORDER BY a.tableoid, a.ctid) n"
					" FROM %s a WHERE pg_catalog.%s",
					columns, association, present);
	if (is_readable(rel))
	{
		if (query_is_true(check, psprintf("SELECT EXISTS (SELECT FROM (%s) d WHERE n > 1)",
										  same)))
			add_finding(check, "error",
						"links stand there more than once",
						psprintf("%s (%s) d WHERE d.n > 1"
								 " AND a.tableoid = d.tableoid AND a.ctid = d.ctid",
								 rel->deleted == 0 ?
								 psprintf("DELETE FROM %s a USING",
										  association) :
								 psprintf("UPDATE %s a SET %s = %s FROM",
										  association,
										  m2m_quoted_column(rel->association,
															rel->deleted),
										  m2m_deleted_value(rel, true)),
								 same));
		differ = query_is_true(check,
							   psprintf("SELECT EXISTS (SELECT FROM %s a WHERE pg_catalog.%s"
										" GROUP BY %s HAVING pg_catalog.count("
										"DISTINCT (a.*)::pg_catalog.text) > 1)",
										association, present, columns));
		if (differ)
			add_finding(check, "error",
						"links stand there more than once, with different link properties",
						NULL);
	}
	else
		differ = true;
	add_finding(check, "warning",
				"no index keeps links unique",
				differ ? NULL :
				psprintf("CREATE UNIQUE INDEX ON %s (%s)%s%s", association,
						 columns, rel->deleted != 0 ? " WHERE " : "",
						 rel->deleted != 0 ?
						 m2m_live_condition(rel, NULL) : ""));
}

/*
 * check_deleted: can the column that says that a row is no link still say so?
 */
static void
check_deleted(Check *check, M2mRelationship *rel)
{
	char	   *name;
	Oid			type;

	if (rel->deleted == 0)
		return;
	name = get_attname(rel->association, rel->deleted, false);
	type = get_atttype(rel->association, rel->deleted);
	if (!m2m_catalog_may_delete_by(type))
		add_finding(check, "error",
					psprintf("column \"%s\", which is of type %s now, cannot say when a link was deleted",
							 name, format_type_be(type)),
					NULL);
}

/*
 * check_whole_rows: no key tells the links of an adopted table apart.  Which of
 * those that are the same are too many, if any, is for its owner to say.
 */
static void
check_whole_rows(Check *check, M2mRelationship *rel)
{
	char	   *association = m2m_qualified_name(rel->association);

	if (is_readable(rel) &&
		query_is_true(check,
					  psprintf("SELECT EXISTS (SELECT FROM"
							   " (SELECT a.*::pg_catalog.text whole FROM %s a"
							   " WHERE pg_catalog.num_nulls(%s) = 0%s%s) a"
							   " GROUP BY whole HAVING pg_catalog.count(*) > 1)",
							   association, pair_list(rel, M2M_LEFT, "a."),
							   rel->deleted != 0 ? " AND " : "",
							   rel->deleted != 0 ?
							   m2m_live_condition(rel, "a") : "")))
		add_finding(check, "warning",
					"there are links that are the same in all columns", NULL);
	else
		add_finding(check, "info",
					"no key tells the links of one pair apart: each whole row is a link of its own",
					NULL);
}

/*
 * has_wider_foreign_key: has the association a foreign key over the columns of
 * a side and others, as one that names the tenant, too?
 */
static bool
has_wider_foreign_key(M2mRelationship *rel, M2mSide side)
{
	ListCell   *lc;

	foreach(lc, m2m_catalog_foreign_keys(rel->association))
	{
		ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);
		bool		all = fk->confrelid == rel->side[side].relid;

		for (int i = 0; i < rel->side[side].nkeys; i++)
			all &= m2m_columns_include(fk->nkeys, fk->conkey,
									   rel->side[side].key[i].link_attnum);
		if (all)
			return true;
	}
	return false;
}

/* check_rules: what the rules of a relationship say of themselves. */
static void
check_rules(Check *check, M2mRelationship *rel)
{
	bool		readable = is_readable(rel);
	ListCell   *lc;

	foreach(lc, m2m_rules_check(rel))
	{
		M2mRuleFinding *finding = lfirst(lc);

		if (finding->question == NULL ||
			(readable && query_is_true(check, finding->question)))
			add_finding(check, finding->severity, finding->what,
						finding->remedy);
	}
}

/*
 * check_mirror: the foreign key of the association to itself, by which links
 * are there in both directions.
 */
static void
check_mirror(Check *check, M2mRelationship *rel)
{
	char	   *name;

	if (!OidIsValid(rel->mirror))
		return;
	name = get_constraint_name(rel->mirror);
	if (name != NULL && !foreign_key_is_valid(rel->mirror))
		add_finding(check, "warning",
					psprintf("foreign key \"%s\" is not validated", name),
					psprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s",
							 m2m_qualified_name(rel->association),
							 quote_identifier(name)));
	if (name != NULL && foreign_key_disabled(rel->mirror))
		add_finding(check, "error",
					psprintf("the triggers of foreign key \"%s\" are disabled; a superuser can enable them",
							 name),
					NULL);
}

/* check_view: the link view of a side. */
static void
check_view(Check *check, M2mRelationship *rel, M2mSide side)
{
	static const char *const triggers[] = {
		M2M_VIEW_TRIGGER_NAME, M2M_BATCH_TRIGGER_NAME
	};
	M2mEndpoint *endpoint = &rel->side[side];
	M2mLinkView *view;
	char	   *name;

	if (!OidIsValid(endpoint->view) && !m2m_view_is_due(rel, side))
		return;
	if (!OidIsValid(endpoint->view))
	{
		char	   *taken = m2m_view_name_taken(rel, side);

		add_finding(check, "warning",
					taken != NULL ?
					psprintf("the link view of role \"%s\" is missing, and its name \"%s\" is taken",
							 endpoint->role, taken) :
					psprintf("the link view of role \"%s\" is missing",
							 endpoint->role),
					taken != NULL ? NULL : adopt_sql(rel));
		((M2mFinding *) llast(check->findings))->kind = M2M_FINDING_VIEW;
		return;
	}
	view = m2m_catalog_read_view(endpoint->view, true);
	if (view == NULL)
		return;
	name = m2m_qualified_name(endpoint->view);
	if (m2m_view_needs_refresh(rel, view) ||
		m2m_view_is_astray(rel, view))
		add_finding(check, "warning",
					psprintf(view->at_rest ?
							 "link view \"%s\" is at rest" :
							 m2m_view_is_astray(rel, view) ?
							 "link view \"%s\" does not show the tables that the foreign keys refer to" :
							 "link view \"%s\" does not show what it should",
							 get_rel_name(endpoint->view)),
					view->custom ? NULL : m2m_view_replaceable(rel, view) ?
					m2m_view_refresh_sql(rel, view) : adopt_sql(rel));
	if (m2m_view_domain_defaults_sql(view) != NULL)
		add_finding(check, "warning",
					psprintf("link view \"%s\" takes the defaults and conditions of domains for what an INSERT leaves out",
							 get_rel_name(endpoint->view)),
					m2m_view_domain_defaults_sql(view));
	if (!m2m_catalog_view_reads_as_invoker(endpoint->view))
		add_finding(check, "error",
					psprintf("link view \"%s\" reads with the rights of its owner",
							 get_rel_name(endpoint->view)),
					psprintf("ALTER VIEW %s SET (security_invoker = true)",
							 name));
	for (int i = 0; i < (int) lengthof(triggers); i++)
	{
		if (!m2m_catalog_trigger_depends(endpoint->view, triggers[i]))
			add_finding(check, "warning",
						psprintf("the trigger \"%s\" of link view \"%s\" is not marked as depending on the extension",
								 triggers[i], get_rel_name(endpoint->view)),
						psprintf("ALTER TRIGGER %s ON %s DEPENDS ON EXTENSION m2m",
								 triggers[i], name));
	}
	if (!OidIsValid(get_trigger_oid(endpoint->view, M2M_BATCH_TRIGGER_NAME,
									true)))
		add_finding(check, "info",
					psprintf("bulk inserts into link view \"%s\" are made row by row, as it has no trigger \"%s\"",
							 get_rel_name(endpoint->view),
							 M2M_BATCH_TRIGGER_NAME),
					m2m_view_batch_trigger_sql(endpoint->view));
}

/*
 * adopt_sql: the call of m2m_adopt that completes a relationship.  All
 * arguments with their types: no overload can be meant.
 */
static char *
adopt_sql(M2mRelationship *rel)
{
	return psprintf("SELECT %s(%s::pg_catalog.regclass,"
					" NULL::pg_catalog.text, NULL::pg_catalog.text,"
					" NULL::pg_catalog.text[], NULL::pg_catalog.text[],"
					" NULL::pg_catalog.text, NULL::pg_catalog.text,"
					" NULL::pg_catalog.regclass, NULL::pg_catalog.regclass,"
					" false)",
					m2m_own_function("m2m_adopt"),
					quote_literal_cstr(m2m_qualified_name(rel->association)));
}

/* check_function: the link function of a side. */
static void
check_function(Check *check, M2mRelationship *rel, M2mSide side)
{
	Oid			function = m2m_function_find(rel, side, true);
	Oid			astray = m2m_function_astray(rel, side);
	Oid			view = rel->side[side].view;
	char	   *remedy;

	if (!OidIsValid(view) ||
		OidIsValid(m2m_function_find(rel, side, false)))
		return;

	/*
	 * The text is for the reader.  m2m_repair() does not run it but calls
	 * m2m_function_repair(), which keeps what a user has set of the old one.
	 */
	remedy = m2m_function_sql(rel, side, m2m_qualified_name(view));
	if (!OidIsValid(function) && OidIsValid(astray))
		remedy = psprintf("DROP FUNCTION %s; %s",
						  format_procedure_extended(astray,
													FORMAT_PROC_FORCE_QUALIFY),
						  remedy);
	add_finding(check, "warning",
				OidIsValid(function) || OidIsValid(astray) ?
				psprintf("link function \"%s\" does not read as it should",
						 get_func_name(OidIsValid(function) ?
									   function : astray)) :
				psprintf("the link function of view \"%s\" is missing",
						 get_rel_name(view)),
				remedy);
	((M2mFinding *) llast(check->findings))->kind = M2M_FINDING_FUNCTION;
	((M2mFinding *) llast(check->findings))->side = side;
}

/*
 * check_exposed: exposed functions.  Only m2m_repair() makes them as they were;
 * whoever would replace one by hand would make it his own.
 */
static void
check_exposed(Check *check, M2mRelationship *rel)
{
	ListCell   *lc;

	foreach(lc, m2m_exposed_of(m2m_exposed_all(), rel->association))
	{
		M2mExposed *exposed = lfirst(lc);

		if (!m2m_exposed_is_behind(exposed))
			continue;
		add_finding(check, "warning",
					psprintf("function \"%s\" does not read as m2m_expose would make it",
							 get_func_name(exposed->function)),
					psprintf("SELECT %s(%s::pg_catalog.regclass)",
							 m2m_own_function("m2m_repair"),
							 quote_literal_cstr(m2m_qualified_name(rel->association))));
		((M2mFinding *) llast(check->findings))->kind = M2M_FINDING_EXPOSED;
	}
}

/*
 * check_other_views: link views on the association that do not count, or that
 * are no link views any more.
 */
static void
check_other_views(Check *check, Oid association, M2mRelationship *rel)
{
	Oid			owner = m2m_catalog_relation_owner(association);
	List	   *views = m2m_catalog_link_views(association);
	ListCell   *lc;

	if (!OidIsValid(owner))
		return;
	foreach(lc, views)
	{
		M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lc), true);

		if (view == NULL)
			add_stray_view(check, lfirst_oid(lc));
		else if (view->association == association &&
				 !m2m_catalog_owner_trusted(view->owner, owner))
			add_finding(check, "warning",
						psprintf("link view \"%s\" does not count, since it does not belong to the owner of the association",
								 get_rel_name(view->view)),
						NULL);
	}
	if (rel == NULL && check->findings == NIL)
		check_rest(check, association);
	if (rel == NULL && check->findings == NIL)
		add_finding(check, "error",
					"a table, a foreign key or both link views of the relationship are lost",
					NULL);
}

/*
 * m2m_check_stray_view: the finding of a view that is no relationship's any
 * more.
 */
M2mFinding *
m2m_check_stray_view(Oid viewid)
{
	Check		check = {viewid, false, InvalidOid, NIL};

	add_stray_view(&check, viewid);
	return linitial(check.findings);
}

/* add_stray_view: a view with our trigger whose query is not a link view's. */
static void
add_stray_view(Check *check, Oid viewid)
{
	add_finding(check, "error",
				psprintf("view \"%s\" has the trigger of a link view, but does not read as one",
						 get_rel_name(viewid)),
				NULL);
}

/*
 * check_rest: what a relationship at rest waits for, which only the user can
 * add: a foreign key.
 */
static void
check_rest(Check *check, Oid association)
{
	M2mRelationship *rel = m2m_catalog_read_rest(association, NIL);

	/* no remedy: to guess the table would be to say what links mean */
	for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
	{
		if (OidIsValid(rel->side[s].relid))
			continue;
		add_finding(check, "warning",
					rel->side[s].nkeys > 0 ?
					psprintf("the relationship is at rest: no foreign key over (%s) says which table role \"%s\" is",
							 column_list(rel, s, ""), rel->side[s].role) :
					psprintf("the relationship is at rest: no foreign key over columns of their names takes the place of those that referred to role \"%s\"",
							 rel->side[s].role),
					NULL);
	}
}

/* add_finding: appends one to the list. */
static void
add_finding(Check *check, const char *severity,
			const char *what, const char *remedy)
{
	M2mFinding *finding = palloc(sizeof(M2mFinding));

	finding->association = check->association;
	finding->severity = severity;
	finding->what = what;

	/* casts and conditions of others' types would run with the owner's rights */
	finding->remedy = check->hostile_types ? NULL : remedy;
	finding->kind = M2M_FINDING_SQL;
	check->findings = lappend(check->findings, finding);
}

/*
 * is_readable: may both the caller and the association's owner, who will, read
 * all three tables, and is nobody's policy in between?
 */
static bool
is_readable(M2mRelationship *rel)
{
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	Oid			tables[] = {rel->association, rel->side[M2M_LEFT].relid,
	rel->side[M2M_RIGHT].relid};

	/*
	 * The query runs as the owner, but its answer goes to the caller, who
	 * must not learn more than he may read.  Under a policy a link whose row
	 * is hidden would look like a link to nothing, and be deleted.
	 */
	for (size_t i = 0; i < lengthof(tables); i++)
	{
		if (pg_class_aclcheck(tables[i], GetUserId(),
							  ACL_SELECT) != ACLCHECK_OK ||
			pg_class_aclcheck(tables[i], owner, ACL_SELECT) != ACLCHECK_OK ||
			check_enable_rls(tables[i], InvalidOid, true) == RLS_ENABLED ||
			check_enable_rls(tables[i], owner, true) == RLS_ENABLED)
			return false;
	}
	return types_are_trusted(rel);
}

/*
 * types_are_trusted: do the types of all key and link columns belong to a
 * superuser or the association's owner?  Their domains' conditions and casts
 * run when rows are looked at or rewritten.
 */
static bool
types_are_trusted(M2mRelationship *rel)
{
	Oid			owner = m2m_catalog_relation_owner(rel->association);

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];

			if (!type_is_trusted(key->type, owner) ||
				!type_is_trusted(key->link_type, owner))
				return false;
		}
	}
	return true;
}

/* type_is_trusted: the same of one type, and those that it is made of. */
static bool
type_is_trusted(Oid type, Oid owner)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	bool		result;
	Oid			part;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_type) GETSTRUCT(tuple);

	/* an array's code is its elements', a domain's also its base type's */
	result = m2m_catalog_owner_trusted(form->typowner, owner);
	part = form->typtype == TYPTYPE_DOMAIN ? form->typbasetype :
		form->typelem;
	ReleaseSysCache(tuple);
	return result && (!OidIsValid(part) || type_is_trusted(part, owner));
}

/*
 * query_is_true: the answer of a query of one boolean, asked as the
 * association's owner: whoever looks into other people's relationships must
 * not run their operators, casts and domains as himself.
 */
static bool
query_is_true(Check *check, const char *sql)
{
	Question	question = {sql, false};
	Oid			owner = m2m_catalog_relation_owner(check->association);
	ErrorData  *error;

	/*
	 * Rolled back, so that the reader's locks on the three tables go at once:
	 * a look at all relationships would else end with all tables locked.
	 */
	error = m2m_attempt_as(owner, true, false, false, run_query, &question);
	if (error != NULL)
		add_unseen(check, owner, error);
	return question.answer;
}

/*
 * add_unseen: that links could not be looked at, once of each relationship; by
 * which command of whoever owns the schema they could, if that is why.
 */
static void
add_unseen(Check *check, Oid owner, ErrorData *error)
{
	char	   *name = GetUserNameFromId(owner, false);
	Oid			schema = get_rel_namespace(check->association);
	char	   *grant = "";

	if (check->unseen == check->association)
		return;
	check->unseen = check->association;

	/* no remedy: its grantor is not the relationship's owner */
	if (object_aclcheck(NamespaceRelationId, schema, owner,
						ACL_USAGE) != ACLCHECK_OK)
		grant = psprintf("; who owns the schema can GRANT USAGE ON SCHEMA %s TO %s",
						 quote_identifier(get_namespace_name(schema)),
						 quote_identifier(name));
	add_finding(check, "warning",
				psprintf("links could not be looked at as \"%s\", who owns \"%s\": %s%s",
						 name, get_rel_name(check->association),
						 error->message, grant),
				NULL);
}

/*
 * run_query: as that owner, and of now.  The catalogs are read so, and tell where
 * rows are: to a snapshot of before, a table that was written anew since is empty,
 * and a counter that is younger has counted nothing.
 */
static void
run_query(void *arg)
{
	Question   *question = arg;
	bool		isnull;
	bool		result;

	SPI_connect();
	m2m_latest_row(question->sql);
	result = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, 1, &isnull));
	question->answer = result && !isnull;
	SPI_finish();
}

/*
 * foreign_key_disabled: has ALTER TABLE ... DISABLE TRIGGER, on either of its
 * tables, switched it off?
 */
static bool
foreign_key_disabled(Oid constraint)
{
	Relation	trigger = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	ScanKeyInit(&key, Anum_pg_trigger_tgconstraint, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(constraint));
	scan = systable_beginscan(trigger, TriggerConstraintIndexId, true, NULL,
							  1, &key);

	/* one is enough: RI_FKey_check_ins() or the action is then not run */
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = ((Form_pg_trigger) GETSTRUCT(tuple))->tgenabled ==
			TRIGGER_DISABLED;
	systable_endscan(scan);
	table_close(trigger, AccessShareLock);
	return result;
}

/* column_list: "a.author_id, ..." of one side, in the association. */
static char *
column_list(M2mRelationship *rel, M2mSide side, const char *prefix)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(&list, "%s%s%s", i > 0 ? ", " : "", prefix,
						 m2m_quoted_column(rel->association,
										   rel->side[side].key[i].link_attnum));
	return list.data;
}

/*
 * pair_list: the same of both sides, first the one given; a column of both
 * once.
 */
static char *
pair_list(M2mRelationship *rel, M2mSide first, const char *prefix)
{
	M2mEndpoint *second = &rel->side[M2M_OTHER(first)];
	StringInfoData list;

	initStringInfo(&list);
	appendStringInfoString(&list, column_list(rel, first, prefix));
	for (int i = 0; i < second->nkeys; i++)
	{
		if (second->key[i].shared == 0)
			appendStringInfo(&list, ", %s%s", prefix,
							 m2m_quoted_column(rel->association,
											   second->key[i].link_attnum));
	}
	return list.data;
}
