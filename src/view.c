/*
 * view.c
 *		Link views and link functions: their text, and making them.
 *
 * All of it is ordinary SQL that a user could have written, run as the caller
 * and owned by the caller.  Names are qualified and operators named by schema,
 * so no search_path has a say in it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "m2m.h"

typedef enum FunctionMatch
{
	FUNCTION_OTHER,
	FUNCTION_BY_NAME,
	FUNCTION_BY_BODY
} FunctionMatch;

static void create_view(M2mRelationship *rel, M2mSide near,
						const char *qualified);
static void create_trigger(M2mRelationship *rel, M2mSide near,
						   const char *qualified);
static void create_function(M2mRelationship *rel, M2mSide near,
							const char *qualified);
static FunctionMatch match_function(M2mRelationship *rel, M2mSide near,
									Oid function, const char *body);
static void append_view_columns(StringInfo sql, M2mRelationship *rel,
								M2mSide near);
static char *column_alias(List *taken, const char *name, const char *prefix);
static void append_join(StringInfo sql, M2mRelationship *rel, M2mSide near);
static char *rowtype_name(Oid relid);
static char *trigger_argument(const char *name, const char *value);

/*
 * m2m_ddl: runs one utility statement as the caller.
 */
void
m2m_ddl(const char *sql)
{
	int			result;

	SPI_connect();
	result = SPI_execute(sql, false, 0);
	if (result != SPI_OK_UTILITY)
		elog(ERROR, "SPI_execute failed for \"%s\": %s", sql,
			 SPI_result_code_string(result));
	SPI_finish();
}

/*
 * m2m_view_create: makes the link view that starts at the near side, with its
 * trigger, and the link function of the same name.  A view or function of the
 * name that reads just like ours is kept (the caller has checked that what is
 * there is of that kind); the rest is added to it.
 */
void
m2m_view_create(M2mRelationship *rel, M2mSide near, Oid schema,
				const char *name)
{
	char	   *qualified =
		quote_qualified_identifier(get_namespace_name(schema), name);

	if (!OidIsValid(get_relname_relid(name, schema)))
		create_view(rel, near, qualified);
	create_trigger(rel, near, qualified);
	if (!m2m_function_reusable(rel, near, schema, name))
		create_function(rel, near, qualified);
}

/*
 * create_view:
 *
 *		SELECT l.author_id, r.*, <link properties>
 *		FROM author_book l JOIN book r ON r.id = l.book_id
 *
 * security_invoker: privileges and row-level security of whoever reads it.
 */
static void
create_view(M2mRelationship *rel, M2mSide near, const char *qualified)
{
	M2mEndpoint *this = &rel->side[near];
	const char *far_name = get_rel_name(rel->side[M2M_OTHER(near)].relid);
	StringInfoData sql;
	char	   *comment;

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "CREATE %sVIEW %s WITH (security_invoker = true) AS SELECT ",
					 rel->temporary ? "TEMPORARY " : "", qualified);
	append_view_columns(&sql, rel, near);
	append_join(&sql, rel, near);

	/* rows with a null in the near key are no links */
	for (int i = 0, n = 0; i < this->nkeys; i++)
	{
		if (!this->key[i].link_not_null)
			appendStringInfo(&sql, "%s l.%s IS NOT NULL",
							 n++ == 0 ? " WHERE" : " AND",
							 m2m_quoted_column(rel->association,
											   this->key[i].link_attnum));
	}
	m2m_ddl(sql.data);

	comment = psprintf("m2m link view: the rows of \"%s\" linked to each \"%s\". "
					   "INSERT links a row (and inserts it first if more than its key is given), "
					   "UPDATE changes the row, the link or its properties, "
					   "DELETE unlinks and never deletes a row of \"%s\".",
					   far_name, this->role, far_name);
	m2m_ddl(psprintf("COMMENT ON VIEW %s IS %s", qualified,
					 quote_literal_cstr(comment)));
	for (int i = 0; i < this->nkeys; i++)
	{
		comment = psprintf("key of the \"%s\" that the row is linked to",
						   this->role);
		m2m_ddl(psprintf("COMMENT ON COLUMN %s.%s IS %s", qualified,
						 m2m_quoted_column(rel->association,
										   this->key[i].link_attnum),
						 quote_literal_cstr(comment)));
	}
}

/*
 * create_trigger: the INSTEAD OF trigger, which also marks the view as ours
 * and holds what has no other home.  Marked as depending on the extension, it
 * goes with it and leaves the view behind, readable.
 */
static void
create_trigger(M2mRelationship *rel, M2mSide near, const char *qualified)
{
	Oid			function = m2m_catalog_trigger_function();
	char	   *comment;

	if (!OidIsValid(function))
		elog(ERROR, "function %s not found", M2M_VIEW_TRIGGER_FUNCTION);
	m2m_ddl(psprintf("CREATE TRIGGER " M2M_VIEW_TRIGGER_NAME
					 " INSTEAD OF INSERT OR UPDATE OR DELETE ON %s"
					 " FOR EACH ROW EXECUTE FUNCTION %s(%s, %s, %s, %s)",
					 qualified,
					 quote_qualified_identifier(get_namespace_name(get_func_namespace(function)),
												get_func_name(function)),
					 trigger_argument("near", near == M2M_LEFT ?
									  "left" : "right"),
					 trigger_argument("left", rel->side[M2M_LEFT].role),
					 trigger_argument("right", rel->side[M2M_RIGHT].role),
					 trigger_argument("origin", rel->adopted ?
									  "adopted" : "created")));
	m2m_ddl(psprintf("ALTER TRIGGER " M2M_VIEW_TRIGGER_NAME
					 " ON %s DEPENDS ON EXTENSION m2m", qualified));
	comment = psprintf("m2m: writes through this view; marks it as a link view of the relationship between roles \"%s\" and \"%s\".",
					   rel->side[M2M_LEFT].role, rel->side[M2M_RIGHT].role);
	m2m_ddl(psprintf("COMMENT ON TRIGGER " M2M_VIEW_TRIGGER_NAME
					 " ON %s IS %s", qualified, quote_literal_cstr(comment)));
}

/*
 * create_function: author_books(author) RETURNS SETOF book.
 */
static void
create_function(M2mRelationship *rel, M2mSide near, const char *qualified)
{
	M2mEndpoint *this = &rel->side[near];
	Oid			far = rel->side[M2M_OTHER(near)].relid;
	char	   *argument = rowtype_name(this->relid);
	char	   *comment;

	m2m_ddl(psprintf("CREATE FUNCTION %s(%s) RETURNS SETOF %s"
					 " LANGUAGE sql STABLE PARALLEL %s AS %s",
					 qualified, argument, rowtype_name(far),
					 rel->temporary ? "RESTRICTED" : "SAFE",
					 quote_literal_cstr(m2m_function_body(rel, near))));
	comment = psprintf("m2m link function: the rows of \"%s\" linked to a row of \"%s\".",
					   get_rel_name(far), get_rel_name(this->relid));
	m2m_ddl(psprintf("COMMENT ON FUNCTION %s(%s) IS %s", qualified, argument,
					 quote_literal_cstr(comment)));
}

/*
 * m2m_function_body: the body of the link function of a side.  A string body
 * is parsed anew for each plan, so it follows changes of the columns and
 * blocks no DDL; the planner puts it in place of the call.
 */
char *
m2m_function_body(M2mRelationship *rel, M2mSide near)
{
	M2mEndpoint *this = &rel->side[near];
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT r.*");
	append_join(&sql, rel, near);
	for (int i = 0; i < this->nkeys; i++)
	{
		M2mKeyColumn *key = &this->key[i];

		appendStringInfo(&sql, " %s ($1).%s %s %s",
						 i == 0 ? "WHERE" : "AND",
						 m2m_quoted_column(this->relid, key->attnum),
						 m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, "l"));
	}
	return sql.data;
}

/*
 * m2m_function_find: the link function of a side, or InvalidOid: among the
 * functions that depend on the near endpoint's row type, the one of the right
 * signature whose body reads as ours does, whatever its name: users may have
 * renamed it.  With or_by_name, if there is none, the one with the link view's
 * name and schema, whatever its body.
 */
Oid
m2m_function_find(M2mRelationship *rel, M2mSide near, bool or_by_name)
{
	Oid			argument = get_rel_type_id(rel->side[near].relid);
	char	   *body = m2m_function_body(rel, near);
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			by_body = InvalidOid;
	Oid			by_name = InvalidOid;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(argument));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid != ProcedureRelationId)
			continue;
		switch (match_function(rel, near, form->objid, body))
		{
			case FUNCTION_BY_BODY:
				by_body = form->objid;
				break;
			case FUNCTION_BY_NAME:
				by_name = form->objid;
				break;
			case FUNCTION_OTHER:
				break;
		}
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return OidIsValid(by_body) || !or_by_name ? by_body : by_name;
}

/*
 * m2m_function_reusable: is there a function of this name that reads just as
 * the link function of a side would, and belongs to the caller?
 */
bool
m2m_function_reusable(M2mRelationship *rel, M2mSide near, Oid schema,
					  const char *name)
{
	Oid			argument = get_rel_type_id(rel->side[near].relid);
	Oid			function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
										   CStringGetDatum(name),
										   PointerGetDatum(buildoidvector(&argument, 1)),
										   ObjectIdGetDatum(schema));

	return OidIsValid(function) &&
		object_ownercheck(ProcedureRelationId, function, GetUserId()) &&
		match_function(rel, near, function, m2m_function_body(rel, near)) ==
		FUNCTION_BY_BODY;
}

/*
 * match_function: is a function the link function of a side, and by what?
 */
static FunctionMatch
match_function(M2mRelationship *rel, M2mSide near, Oid function,
			   const char *body)
{
	M2mEndpoint *this = &rel->side[near];
	Oid			result_type =
		get_rel_type_id(rel->side[M2M_OTHER(near)].relid);
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	FunctionMatch match = FUNCTION_OTHER;

	if (!HeapTupleIsValid(tuple))
		return FUNCTION_OTHER;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (form->prolang == SQLlanguageId && form->proretset &&
		form->prorettype == result_type && form->pronargs == 1 &&
		form->proargtypes.values[0] == get_rel_type_id(this->relid))
	{
		bool		isnull;
		Datum		source = SysCacheGetAttr(PROCOID, tuple,
											 Anum_pg_proc_prosrc, &isnull);

		if (!isnull && strcmp(TextDatumGetCString(source), body) == 0)
			match = FUNCTION_BY_BODY;
		else if (OidIsValid(this->view) &&
				 form->pronamespace == get_rel_namespace(this->view) &&
				 strcmp(NameStr(form->proname), get_rel_name(this->view)) == 0)
			match = FUNCTION_BY_NAME;
	}
	ReleaseSysCache(tuple);
	return match;
}

/*
 * append_view_columns: the near key, every column of the far endpoint, the
 * link properties.  The near key keeps its names; an endpoint's column whose
 * name is taken gets its role as a prefix, a property "link".
 */
static void
append_view_columns(StringInfo sql, M2mRelationship *rel, M2mSide near)
{
	M2mEndpoint *this = &rel->side[near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(near)];
	List	   *taken = NIL;
	Relation	relation;
	TupleDesc	desc;

	for (int i = 0; i < this->nkeys; i++)
	{
		char	   *name = get_attname(rel->association,
									   this->key[i].link_attnum, false);

		appendStringInfo(sql, "%sl.%s", i > 0 ? ", " : "",
						 quote_identifier(name));
		taken = lappend(taken, makeString(name));
	}

	relation = relation_open(far->relid, AccessShareLock);
	desc = RelationGetDescr(relation);
	for (int i = 0; i < desc->natts; i++)
	{
		char	   *name = NameStr(TupleDescAttr(desc, i)->attname);
		char	   *alias;

		if (TupleDescAttr(desc, i)->attisdropped)
			continue;
		alias = column_alias(taken, name, far->role);
		appendStringInfo(sql, ", r.%s AS %s", quote_identifier(name),
						 quote_identifier(alias));
		taken = lappend(taken, makeString(alias));
	}
	relation_close(relation, NoLock);

	for (int i = 0; i < rel->nproperties; i++)
	{
		char	   *name = get_attname(rel->association, rel->property[i],
									   false);
		char	   *alias = column_alias(taken, name, "link");

		appendStringInfo(sql, ", l.%s AS %s", quote_identifier(name),
						 quote_identifier(alias));
		taken = lappend(taken, makeString(alias));
	}
}

/*
 * column_alias: a column's name in the view: its own, prefix_name where that
 * is taken, or prefix_name_2 and so on where that is taken too.
 */
static char *
column_alias(List *taken, const char *name, const char *prefix)
{
	char	   *alias = pstrdup(name);

	for (int i = 1; list_member(taken, makeString(alias)); i++)
		alias = i == 1 ? m2m_name_join(prefix, name) :
			makeObjectName(prefix, name, psprintf("%d", i));
	return alias;
}

/*
 * append_join: " FROM author_book l JOIN book r ON r.id = l.book_id".
 */
static void
append_join(StringInfo sql, M2mRelationship *rel, M2mSide near)
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

/* rowtype_name: a table's row type, qualified. */
static char *
rowtype_name(Oid relid)
{
	return format_type_extended(get_rel_type_id(relid), -1,
								FORMAT_TYPE_FORCE_QUALIFY);
}

/* trigger_argument: 'name=value', quoted. */
static char *
trigger_argument(const char *name, const char *value)
{
	return quote_literal_cstr(psprintf("%s=%s", name, value));
}
