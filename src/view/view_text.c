/*
 * view_text.c
 *		Link views as SQL text.
 *
 * It is ordinary SQL that a user could have written.  Names are qualified and
 * operators named by schema, so no search_path has a say in it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/reloptions.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "m2m.h"
#include "text.h"
#include "view_internal.h"

static void append_null(StringInfo sql, M2mViewColumn *column);

/*
 * m2m_view_query: the query of a link view:
 *
 *		SELECT l.author_id, r.*, <link properties>
 *		FROM author_book l JOIN book r ON r.id = l.book_id
 *
 * with the given columns, and without rows that are no links: those that have a
 * null in the near key, or are marked as deleted.  At rest, where the far endpoint is not known:
 *
 *		SELECT l.author_id, <nulls>, <link properties>
 *		FROM author_book l WHERE ROW(l.book_id) IS NOT NULL
 *
 * A column of a domain is cast to the domain's base type.  PostgreSQL gives a
 * column that an INSERT leaves out the domain's default, and checks null
 * against the domain, before the trigger can say that it is only the linked
 * row's key that matters.  The tables hold the domain; views that show such a
 * column as it is keep doing so, as CREATE OR REPLACE cannot change a type:
 * see m2m_view_domain_defaults_sql().
 */
char *
m2m_view_query(M2mRelationship *rel, M2mSide near, List *columns)
{
	M2mEndpoint *this = &rel->side[near];
	Oid			far = rel->side[M2M_OTHER(near)].relid;
	StringInfoData sql;
	int			nguards = 0;
	ListCell   *lc;

	initStringInfo(&sql);
	foreach(lc, columns)
	{
		M2mViewColumn *column = lfirst(lc);
		bool		is_far = column->kind == M2M_COLUMN_ENDPOINT;

		appendStringInfoString(&sql, foreach_current_index(lc) > 0 ?
							   ", " : "SELECT ");
		if (column->attnum == 0)
			append_null(&sql, column);
		else
		{
			Oid			relid = is_far ? far : rel->association;
			char	   *source = psprintf("%s.%s", is_far ? "r" : "l",
										  m2m_quoted_column(relid,
															column->attnum));

			appendStringInfoString(&sql, column->as_domain ? source :
								   m2m_base_operand(source,
													get_atttype(relid,
																column->attnum)));
		}
		appendStringInfo(&sql, " AS %s", quote_identifier(column->name));
	}
	if (OidIsValid(far))
		m2m_view_append_join(&sql, rel, near);
	else
	{
		M2mEndpoint *lost = &rel->side[M2M_OTHER(near)];

		appendStringInfo(&sql, " FROM %s l",
						 m2m_qualified_name(rel->association));
		for (int i = 0; i < lost->nkeys; i++)
			appendStringInfo(&sql, "%sl.%s",
							 i == 0 ? " WHERE ROW(" : ", ",
							 m2m_quoted_column(rel->association,
											   lost->key[i].link_attnum));
		if (lost->nkeys > 0)
		{
			appendStringInfoString(&sql, ") IS NOT NULL");
			nguards++;
		}
	}
	for (int i = 0; i < this->nkeys; i++)
	{
		if (!this->key[i].link_not_null)
			appendStringInfo(&sql, "%s l.%s IS NOT NULL",
							 nguards++ == 0 ? " WHERE" : " AND",
							 m2m_quoted_column(rel->association,
											   this->key[i].link_attnum));
	}
	if (rel->deleted != 0)
		appendStringInfo(&sql, "%s %s", nguards == 0 ? " WHERE" : " AND",
						 m2m_live_condition(rel, "l"));
	return sql.data;
}

/*
 * m2m_view_domain_defaults_sql: the statement that makes up for columns of
 * domains that a view, not made by m2m_view_query(), shows as they are; NULL
 * if there is nothing to do.  Their default becomes a null of the domain's
 * that is not checked against it: the element of an empty array.
 */
char *
m2m_view_domain_defaults_sql(M2mLinkView *view)
{
	StringInfoData sql;
	bool		found = false;

	initStringInfo(&sql);
	appendStringInfo(&sql, "ALTER VIEW %s", m2m_qualified_name(view->view));
	for (int i = 0; i < view->ncolumns; i++)
	{
		HeapTuple	tuple;
		Form_pg_attribute form;
		Oid			array;

		if (!view->column[i].as_domain)
			continue;
		tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(view->view),
								Int16GetDatum(i + 1));
		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for attribute %d of relation %u",
				 i + 1, view->view);
		form = (Form_pg_attribute) GETSTRUCT(tuple);
		array = get_array_type(form->atttypid);
		if (!form->atthasdef && OidIsValid(array))
		{
			appendStringInfo(&sql, "%s ALTER COLUMN %s SET DEFAULT ('{}'::%s)[1]",
							 found ? "," : "",
							 quote_identifier(NameStr(form->attname)),
							 format_type_extended(array, -1,
												  FORMAT_TYPE_FORCE_QUALIFY));
			found = true;
		}
		ReleaseSysCache(tuple);
	}
	return found ? sql.data : NULL;
}

/*
 * append_null: what stands at rest for a column that is lost: a null of its
 * type, which says in its aliases which column of which table it was, since
 * that need not be its name in the view.  (Aliases that nothing else in the
 * query has: a dump would number them.)  Never evaluated, as the type may be a
 * domain that is NOT NULL.  catalog_view.c reads it.
 */
static void
append_null(StringInfo sql, M2mViewColumn *column)
{
	const char *alias = column->kind == M2M_COLUMN_ENDPOINT ? "far" : "near";
	const char *source = quote_identifier(column->source);

	appendStringInfo(sql, "(SELECT %s.%s FROM (SELECT NULL::%s%s AS %s) %s WHERE false)",
					 alias, source,
					 format_type_extended(column->type, column->typmod,
										  FORMAT_TYPE_TYPEMOD_GIVEN |
										  FORMAT_TYPE_FORCE_QUALIFY),
					 OidIsValid(column->collation) &&
					 column->collation != get_typcollation(column->type) ?
					 psprintf(" COLLATE %s",
							  m2m_qualified_collation(column->collation)) : "",
					 source, alias);
}

/*
 * m2m_view_append_join: " FROM author_book l JOIN book r ON r.id = l.book_id".
 */
void
m2m_view_append_join(StringInfo sql, M2mRelationship *rel, M2mSide near)
{
	M2mEndpoint *far = &rel->side[M2M_OTHER(near)];

	appendStringInfo(sql, " FROM %s l JOIN %s r ON ",
					 m2m_qualified_name(rel->association),
					 m2m_qualified_name(far->relid));
	for (int i = 0; i < far->nkeys; i++)
	{
		M2mKeyColumn *key = &far->key[i];

		appendStringInfo(sql, "%sr.%s %s %s", i > 0 ? " AND " : "",
						 m2m_quoted_column(far->relid, key->attnum),
						 m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, "l"));
	}
}

/*
 * m2m_view_batch_trigger_sql: the command that makes the statement trigger, by
 * which the links of a bulk INSERT are made together.
 */
char *
m2m_view_batch_trigger_sql(Oid viewid)
{
	return psprintf("CREATE TRIGGER " M2M_BATCH_TRIGGER_NAME
					" AFTER INSERT ON %s"
					" FOR EACH STATEMENT EXECUTE FUNCTION %s()",
					m2m_qualified_name(viewid),
					m2m_own_function(M2M_VIEW_TRIGGER_FUNCTION));
}

/*
 * m2m_view_options: " WITH (...)" as a view has it, or an empty string.
 */
char *
m2m_view_options(Oid viewid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(viewid));
	StringInfoData sql;
	Datum		options;
	bool		isnull;
	ListCell   *lc;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", viewid);
	initStringInfo(&sql);
	options = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions,
							  &isnull);
	if (!isnull)
	{
		List	   *list = untransformRelOptions(options);

		foreach(lc, list)
		{
			DefElem    *option = lfirst_node(DefElem, lc);

			appendStringInfo(&sql, "%s%s = %s",
							 foreach_current_index(lc) > 0 ? ", " : " WITH (",
							 quote_identifier(option->defname),
							 quote_literal_cstr(defGetString(option)));
		}
		if (list != NIL)
			appendStringInfoChar(&sql, ')');
	}
	ReleaseSysCache(tuple);
	return sql.data;
}

/*
 * m2m_view_runs_as_invoker: does a view give nobody more rights than he has?
 * It reads with the invoker's, and has no rules that write with its owner's.
 */
bool
m2m_view_runs_as_invoker(Oid viewid)
{
	Relation	relation = relation_open(viewid, AccessShareLock);
	bool		result = RelationHasSecurityInvoker(relation) &&
		relation->rd_rules != NULL && relation->rd_rules->numLocks == 1;

	relation_close(relation, NoLock);
	return result;
}
