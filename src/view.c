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
#include "access/reloptions.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/dependency.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "m2m.h"

static bool owns_function(Oid function);
static void create_view(M2mRelationship *rel, M2mSide near,
						const char *qualified);
static void create_function(M2mRelationship *rel, M2mSide near,
							const char *qualified);
static bool match_function(M2mRelationship *rel, M2mSide near, Oid function,
						   const char *body, bool *same_body,
						   bool *same_name);
static List *refreshed_columns(M2mRelationship *rel, M2mLinkView *view);
static List *add_column(List *columns, M2mViewColumnKind kind,
						AttrNumber attnum, const char *name,
						const char *prefix);
static bool has_name(List *columns, const char *name);
static void append_join(StringInfo sql, M2mRelationship *rel, M2mSide near);
static char *rowtype_name(Oid relid);
static void record_extension(Oid trigger, Oid extension);
static void create_batch_trigger(Oid viewid);
static char *trigger_argument(const char *name, const char *value);

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
	m2m_view_create_trigger(rel, near, get_relname_relid(name, schema));
	if (!m2m_function_reusable(rel, near, schema, name) &&
		!owns_function(m2m_function_find(rel, near, false)))
		create_function(rel, near, qualified);
}

/* owns_function: is there a function, and is it the current user's? */
static bool
owns_function(Oid function)
{
	return OidIsValid(function) &&
		object_ownercheck(ProcedureRelationId, function, GetUserId());
}

/*
 * create_view: the view with its comments.  security_invoker: privileges and
 * row-level security of whoever reads it.
 */
static void
create_view(M2mRelationship *rel, M2mSide near, const char *qualified)
{
	M2mEndpoint *this = &rel->side[near];
	const char *far_name = get_rel_name(rel->side[M2M_OTHER(near)].relid);
	char	   *comment;

	m2m_ddl(psprintf("CREATE %sVIEW %s WITH (security_invoker = true) AS %s",
					 rel->temporary ? "TEMPORARY " : "", qualified,
					 m2m_view_query(rel, near,
									m2m_view_columns(rel, near, NIL))));
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
 * m2m_view_query: the query of a link view:
 *
 *		SELECT l.author_id, r.*, <link properties>
 *		FROM author_book l JOIN book r ON r.id = l.book_id
 *
 * with the given columns, and without rows that have a null in the near key,
 * which are no links.
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

		appendStringInfo(&sql, "%s%s.%s AS %s",
						 foreach_current_index(lc) > 0 ? ", " : "SELECT ",
						 is_far ? "r" : "l",
						 m2m_quoted_column(is_far ? far : rel->association,
										   column->attnum),
						 quote_identifier(column->name));
	}
	append_join(&sql, rel, near);
	for (int i = 0; i < this->nkeys; i++)
	{
		if (!this->key[i].link_not_null)
			appendStringInfo(&sql, "%s l.%s IS NOT NULL",
							 nguards++ == 0 ? " WHERE" : " AND",
							 m2m_quoted_column(rel->association,
											   this->key[i].link_attnum));
	}
	return sql.data;
}

/*
 * m2m_view_needs_refresh: is there a column that a link view does not show
 * yet, or has NOT NULL of its near key changed?  False for a view with something
 * of the user's own, which we could not make again.
 */
bool
m2m_view_needs_refresh(M2mRelationship *rel, M2mLinkView *view)
{
	int			nguards = 0;

	if (view->custom)
		return false;
	for (int i = 0; i < rel->side[view->near].nkeys; i++)
		nguards += !rel->side[view->near].key[i].link_not_null;
	return nguards != view->nguards ||
		list_length(refreshed_columns(rel, view)) != view->ncolumns;
}

/*
 * m2m_view_refresh: brings a link view up to what its tables have become:
 * further columns come at its end, and its WHERE follows NOT NULL.  Runs as
 * the current user, who owns the view.
 */
void
m2m_view_refresh(M2mRelationship *rel, M2mLinkView *view)
{
	m2m_ddl(m2m_view_refresh_sql(rel, view));
}

/* m2m_view_refresh_sql: the statement that does so. */
char *
m2m_view_refresh_sql(M2mRelationship *rel, M2mLinkView *view)
{
	return psprintf("CREATE OR REPLACE %sVIEW %s%s AS %s",
					rel->temporary ? "TEMPORARY " : "",
					m2m_qualified_name(view->view),
					m2m_view_options(view->view),
					m2m_view_query(rel, view->near,
								   refreshed_columns(rel, view)));
}

/* refreshed_columns: the columns of a view, and those that it should have. */
static List *
refreshed_columns(M2mRelationship *rel, M2mLinkView *view)
{
	List	   *existing = NIL;

	for (int i = 0; i < view->ncolumns; i++)
		existing = lappend(existing, &view->column[i]);
	return m2m_view_columns(rel, view->near, existing);
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
 * m2m_view_create_trigger: the INSTEAD OF trigger, which also marks the view as
 * ours and holds what has no other home, and the statement trigger beside it.
 * Marked as depending on the extension, they go with it and leave the view
 * behind, readable.
 */
void
m2m_view_create_trigger(M2mRelationship *rel, M2mSide near, Oid viewid)
{
	char	   *qualified = m2m_qualified_name(viewid);
	char	   *comment;

	m2m_ddl(psprintf("CREATE TRIGGER " M2M_VIEW_TRIGGER_NAME
					 " INSTEAD OF INSERT OR UPDATE OR DELETE ON %s"
					 " FOR EACH ROW EXECUTE FUNCTION %s(%s, %s, %s, %s)",
					 qualified,
					 m2m_own_function(M2M_VIEW_TRIGGER_FUNCTION),
					 trigger_argument("near", near == M2M_LEFT ?
									  "left" : "right"),
					 trigger_argument("left", rel->side[M2M_LEFT].role),
					 trigger_argument("right", rel->side[M2M_RIGHT].role),
					 trigger_argument("origin", rel->adopted ?
									  "adopted" : "created")));
	m2m_trigger_depends(get_trigger_oid(viewid, M2M_VIEW_TRIGGER_NAME, false),
						"m2m");
	comment = psprintf("m2m: writes through this view; marks it as a link view of the relationship between roles \"%s\" and \"%s\".",
					   rel->side[M2M_LEFT].role, rel->side[M2M_RIGHT].role);
	m2m_ddl(psprintf("COMMENT ON TRIGGER " M2M_VIEW_TRIGGER_NAME
					 " ON %s IS %s", qualified, quote_literal_cstr(comment)));
	create_batch_trigger(viewid);
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

/* create_batch_trigger: that trigger, with its comment, unless it is there. */
static void
create_batch_trigger(Oid viewid)
{
	if (OidIsValid(get_trigger_oid(viewid, M2M_BATCH_TRIGGER_NAME, true)))
		return;
	m2m_ddl(m2m_view_batch_trigger_sql(viewid));
	m2m_trigger_depends(get_trigger_oid(viewid, M2M_BATCH_TRIGGER_NAME, false),
						"m2m");
	m2m_ddl(psprintf("COMMENT ON TRIGGER " M2M_BATCH_TRIGGER_NAME
					 " ON %s IS %s", m2m_qualified_name(viewid),
					 quote_literal_cstr("m2m: makes the links of a bulk INSERT or COPY together, at its end")));
}

/*
 * m2m_trigger_depends: marks a trigger as going with an extension.  What ALTER
 * TRIGGER ... DEPENDS ON EXTENSION does, but for its exclusive lock on the
 * extension, by which all relationships of a database would wait for each
 * other, and for whoever marks a function of his own: it is enough that nobody
 * drops the extension meanwhile (m2m_keep_extension).  Error 42704.
 */
void
m2m_trigger_depends(Oid trigger, const char *extension)
{
	Oid			extensionid = m2m_keep_extension(extension, false);

	if (list_member_oid(getAutoExtensionsOfObject(TriggerRelationId, trigger),
						extensionid))
		return;
	record_extension(trigger, extensionid);
	CommandCounterIncrement();
}

/*
 * record_extension: writes the dependency of a trigger on an extension.  Not
 * by recordDependencyOn(), which in newer minor releases locks the extension.
 */
static void
record_extension(Oid trigger, Oid extension)
{
	Relation	depend = table_open(DependRelationId, RowExclusiveLock);
	Datum		values[Natts_pg_depend];
	bool		nulls[Natts_pg_depend] = {0};

	values[Anum_pg_depend_classid - 1] = ObjectIdGetDatum(TriggerRelationId);
	values[Anum_pg_depend_objid - 1] = ObjectIdGetDatum(trigger);
	values[Anum_pg_depend_objsubid - 1] = Int32GetDatum(0);
	values[Anum_pg_depend_refclassid - 1] =
		ObjectIdGetDatum(ExtensionRelationId);
	values[Anum_pg_depend_refobjid - 1] = ObjectIdGetDatum(extension);
	values[Anum_pg_depend_refobjsubid - 1] = Int32GetDatum(0);
	values[Anum_pg_depend_deptype - 1] =
		CharGetDatum(DEPENDENCY_AUTO_EXTENSION);
	CatalogTupleInsert(depend, heap_form_tuple(RelationGetDescr(depend),
											   values, nulls));
	table_close(depend, RowExclusiveLock);
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

	m2m_ddl(m2m_function_sql(rel, near, qualified));
	comment = psprintf("m2m link function: the rows of \"%s\" linked to a row of \"%s\".",
					   get_rel_name(far), get_rel_name(this->relid));
	m2m_ddl(psprintf("COMMENT ON FUNCTION %s(%s) IS %s", qualified, argument,
					 quote_literal_cstr(comment)));
}

/*
 * m2m_function_sql: the statement that creates or replaces the link function
 * of a side under a name.
 */
char *
m2m_function_sql(M2mRelationship *rel, M2mSide near, const char *qualified)
{
	return psprintf("CREATE OR REPLACE FUNCTION %s(%s) RETURNS SETOF %s"
					" LANGUAGE sql STABLE PARALLEL %s AS %s",
					qualified, rowtype_name(rel->side[near].relid),
					rowtype_name(rel->side[M2M_OTHER(near)].relid),
					rel->temporary ? "RESTRICTED" : "SAFE",
					quote_literal_cstr(m2m_function_body(rel, near)));
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
 * m2m_functions_find: the link functions of a side: among the functions that
 * depend on the near endpoint's row type, those of the right signature whose
 * body reads as ours does, whatever their names: users may have renamed them.
 * Only those of the association's owner or a superuser: anybody can make a copy.
 * The one with the link view's name comes first.  With or_by_name, if there is
 * none, the one with the link view's name and schema, whatever its body.
 */
List *
m2m_functions_find(M2mRelationship *rel, M2mSide near, bool or_by_name)
{
	Oid			argument = get_rel_type_id(rel->side[near].relid);
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	char	   *body = m2m_function_body(rel, near);
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *found = NIL;
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
		bool		same_body;
		bool		same_name;

		if (form->classid != ProcedureRelationId ||
			list_member_oid(found, form->objid) ||
			!m2m_catalog_owner_trusted(m2m_function_owner(form->objid),
									   owner) ||
			!match_function(rel, near, form->objid, body,
							&same_body, &same_name))
			continue;
		if (same_body && same_name)
			found = lcons_oid(form->objid, found);
		else if (same_body)
			found = lappend_oid(found, form->objid);
		else if (same_name)
			by_name = form->objid;
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	if (found == NIL && or_by_name && OidIsValid(by_name))
		found = list_make1_oid(by_name);
	return found;
}

/* m2m_function_find: the first of them, or InvalidOid. */
Oid
m2m_function_find(M2mRelationship *rel, M2mSide near, bool or_by_name)
{
	List	   *found = m2m_functions_find(rel, near, or_by_name);

	return found != NIL ? linitial_oid(found) : InvalidOid;
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

	bool		same_body;
	bool		same_name;

	return OidIsValid(function) &&
		object_ownercheck(ProcedureRelationId, function, GetUserId()) &&
		match_function(rel, near, function, m2m_function_body(rel, near),
					   &same_body, &same_name) && same_body;
}

/*
 * m2m_function_owner: a function's owner, InvalidOid if it is gone.
 */
Oid
m2m_function_owner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	result = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_view_reads_as_invoker: is a view security_invoker?  Read from the
 * catalog: the view is not opened.
 */
bool
m2m_view_reads_as_invoker(Oid viewid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(viewid));
	bool		result = false;
	Datum		options;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return false;
	options = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions,
							  &isnull);
	if (!isnull)
		result = ((ViewOptions *) view_reloptions(options, false))->security_invoker;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_function_repair: makes the link function of a side read as it should,
 * or makes it, under the link view's name.
 */
void
m2m_function_repair(M2mRelationship *rel, M2mSide near)
{
	Oid			function = m2m_function_find(rel, near, true);

	if (OidIsValid(function))
		m2m_function_replace(function, m2m_function_body(rel, near));
	else
		create_function(rel, near, m2m_qualified_name(rel->side[near].view));
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

/* m2m_function_runs_as_invoker: the same of a function. */
bool
m2m_function_runs_as_invoker(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = !((Form_pg_proc) GETSTRUCT(tuple))->prosecdef &&
		heap_attisnull(tuple, Anum_pg_proc_proconfig, NULL);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_function_replace: gives a link function another body; whatever else a
 * user may have set of it stays.
 *
 * Changes the catalog row itself.  To go through CREATE OR REPLACE would need
 * the function's definition as text around a body that others may have a hand
 * in by the names of their tables and columns, and rights that the owner may
 * no longer have on the schema.
 */
void
m2m_function_replace(Oid function, const char *body)
{
	Relation	relation = table_open(ProcedureRelationId, RowExclusiveLock);
	HeapTuple	tuple = SearchSysCacheCopy1(PROCOID,
											ObjectIdGetDatum(function));
	Datum		values[Natts_pg_proc] = {0};
	bool		nulls[Natts_pg_proc] = {0};
	bool		replaces[Natts_pg_proc] = {0};

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	values[Anum_pg_proc_prosrc - 1] = CStringGetTextDatum(body);
	replaces[Anum_pg_proc_prosrc - 1] = true;
	tuple = heap_modify_tuple(tuple, RelationGetDescr(relation), values,
							  nulls, replaces);
	CatalogTupleUpdate(relation, &tuple->t_self, tuple);
	InvokeObjectPostAlterHook(ProcedureRelationId, function, 0);
	table_close(relation, RowExclusiveLock);
	CommandCounterIncrement();
}

/*
 * match_function: has a function the signature of the link function of a
 * side?  And then, the body; the name of the link view, and its schema?
 */
static bool
match_function(M2mRelationship *rel, M2mSide near, Oid function,
			   const char *body, bool *same_body, bool *same_name)
{
	M2mEndpoint *this = &rel->side[near];
	Oid			result_type =
		get_rel_type_id(rel->side[M2M_OTHER(near)].relid);
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		matches;
	bool		isnull;
	Datum		source;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	matches = form->prolang == SQLlanguageId && form->proretset &&
		form->prorettype == result_type && form->pronargs == 1 &&
		form->proargtypes.values[0] == get_rel_type_id(this->relid);
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	*same_body = matches && !isnull &&
		strcmp(TextDatumGetCString(source), body) == 0;
	*same_name = matches && OidIsValid(this->view) &&
		form->pronamespace == get_rel_namespace(this->view) &&
		strcmp(NameStr(form->proname), get_rel_name(this->view)) == 0;
	ReleaseSysCache(tuple);
	return matches;
}

/*
 * m2m_view_columns: the columns of a link view: those that it has (as far as
 * their source is still there), then what it does not show yet of the near
 * key, the far endpoint and the link properties, in that order.  The near key
 * keeps its names; an endpoint's column whose name is taken gets its role as a
 * prefix, a property "link".
 */
List *
m2m_view_columns(M2mRelationship *rel, M2mSide near, List *existing)
{
	M2mEndpoint *this = &rel->side[near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(near)];
	List	   *columns = NIL;
	int			natts = m2m_catalog_natts(far->relid);
	ListCell   *lc;

	foreach(lc, existing)
	{
		M2mViewColumn *column = lfirst(lc);
		Oid			relid = column->kind == M2M_COLUMN_ENDPOINT ?
			far->relid : rel->association;

		if (m2m_catalog_column_exists(relid, column->attnum))
			columns = lappend(columns, column);
	}
	for (int i = 0; i < this->nkeys; i++)
		columns = add_column(columns, M2M_COLUMN_KEY,
							 this->key[i].link_attnum,
							 get_attname(rel->association,
										 this->key[i].link_attnum, false),
							 this->role);
	for (int a = 1; a <= natts; a++)
	{
		HeapTuple	tuple = SearchSysCacheAttNum(far->relid, a);

		if (!HeapTupleIsValid(tuple))
			continue;
		columns = add_column(columns, M2M_COLUMN_ENDPOINT, a,
							 NameStr(((Form_pg_attribute) GETSTRUCT(tuple))->attname),
							 far->role);
		ReleaseSysCache(tuple);
	}
	for (int i = 0; i < rel->nproperties; i++)
		columns = add_column(columns, M2M_COLUMN_PROPERTY, rel->property[i],
							 get_attname(rel->association, rel->property[i],
										 false),
							 "link");
	return columns;
}

/*
 * add_column: adds a column unless it is there, under its own name,
 * prefix_name where that is taken, or prefix_name_2 and so on where that is
 * taken too.
 */
static List *
add_column(List *columns, M2mViewColumnKind kind, AttrNumber attnum,
		   const char *name, const char *prefix)
{
	M2mViewColumn *column;
	ListCell   *lc;

	foreach(lc, columns)
	{
		column = lfirst(lc);
		if (column->kind == kind && column->attnum == attnum)
			return columns;
	}
	column = palloc(sizeof(M2mViewColumn));
	column->kind = kind;
	column->attnum = attnum;
	column->name = m2m_view_alias(columns, name, prefix);
	return lappend(columns, column);
}

/*
 * m2m_view_alias: the name of a further column, see add_column().
 */
char *
m2m_view_alias(List *columns, const char *name, const char *prefix)
{
	char	   *alias = pstrdup(name);

	for (int i = 1; has_name(columns, alias); i++)
		alias = i == 1 ? m2m_name_join(prefix, name) :
			makeObjectName(prefix, name, psprintf("%d", i));
	return alias;
}

/*
 * m2m_view_prefix: what a column of a link view gets as a prefix where its
 * name is taken: the role of the endpoint that it is of, or "link".
 */
const char *
m2m_view_prefix(M2mLinkView *view, M2mViewColumn *column)
{
	return column->kind == M2M_COLUMN_KEY ? view->role[view->near] :
		column->kind == M2M_COLUMN_ENDPOINT ?
		view->role[M2M_OTHER(view->near)] : "link";
}

/* has_name: is a column of the name among them? */
static bool
has_name(List *columns, const char *name)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		if (strcmp(((M2mViewColumn *) lfirst(lc))->name, name) == 0)
			return true;
	}
	return false;
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
