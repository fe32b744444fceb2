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
#include "catalog/pg_authid.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "commands/defrem.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "m2m.h"

/* What run_remake() is to do. */
typedef struct FunctionRemake
{
	M2mRelationship *rel;
	M2mSide		near;
	Oid			astray;
} FunctionRemake;

static bool owns_function(Oid function);
static void create_view(M2mRelationship *rel, M2mSide near, Oid schema,
						const char *name);
static char *tools_name(Oid schema, const char *view);
static bool is_tools_name(Oid schema, const char *name);
static void complete_view(Oid viewid);
static void create_trigger(M2mRelationship *rel, M2mSide near, Oid viewid);
static void create_function(M2mRelationship *rel, M2mSide near,
							const char *qualified);
static void run_remake(void *arg);
static void remake_function(M2mRelationship *rel, M2mSide near, Oid astray);
static void copy_function(Oid function, HeapTuple old);
static bool match_function(M2mRelationship *rel, M2mSide near, Oid function,
						   const char *body, bool *same_body,
						   bool *same_name);
static void append_null(StringInfo sql, M2mViewColumn *column);
static List *refreshed_columns(M2mRelationship *rel, M2mLinkView *view);
static List *add_column(List *columns, M2mViewColumnKind kind,
						AttrNumber attnum, const char *name,
						const char *prefix);
static bool has_name(List *columns, const char *name);
static void append_join(StringInfo sql, M2mRelationship *rel, M2mSide near);
static const char *past(const char *s, const char *text);
static const char *past_name(const char *s);
static const char *past_qualified(const char *s);
static const char *past_conditions(const char *s, const char *other);
static bool reads_as_link(const char *body);
static char *rowtype_name(Oid relid);
static void record_extension(Oid trigger, Oid extension);
static void create_trigger(M2mRelationship *rel, M2mSide near, Oid viewid);
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
		create_view(rel, near, schema, name);
	else
		complete_view(get_relname_relid(name, schema));
	create_trigger(rel, near, get_relname_relid(name, schema));
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
create_view(M2mRelationship *rel, M2mSide near, Oid schema, const char *name)
{
	char	   *qualified =
		quote_qualified_identifier(get_namespace_name(schema), name);
	M2mEndpoint *this = &rel->side[near];
	const char *far_name = get_rel_name(rel->side[M2M_OTHER(near)].relid);
	char	   *comment;

	m2m_ddl(psprintf("CREATE %sVIEW %s WITH (security_invoker = true) AS %s",
					 rel->temporary ? "TEMPORARY " : "", qualified,
					 m2m_view_query(rel, near,
									m2m_view_columns(rel, near, NIL))));
	comment = psprintf("@name %s\n"
					   "m2m link view: the rows of \"%s\" linked to each \"%s\". "
					   "INSERT links a row (and inserts it first if more than its key is given), "
					   "UPDATE changes the row, the link or its properties, "
					   "DELETE unlinks and never deletes a row of \"%s\".",
					   tools_name(schema, name), far_name, this->role,
					   far_name);
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
 * tools_name: what tools that read names out of comments are to call a link
 * view: author_book_view for author_books.  By its own name such a tool would
 * take it for the association table author_book, or for the link function,
 * and refuse to start.  No relation of the schema goes by the name that we
 * return, nor by its plural, which is the same to those tools.
 */
static char *
tools_name(Oid schema, const char *view)
{
	char	   *base = m2m_name_singular(view);
	char	   *name;

	for (char *c = base; *c != '\0'; c++)
	{
		/* what follows a line feed would not be the name's any more */
		if ((unsigned char) *c < ' ')
			*c = ' ';
	}
	name = psprintf("%s_view", base);
	for (int i = 2; is_tools_name(schema, name); i++)
		name = psprintf("%s_view%d", base, i);
	return name;
}

/*
 * is_tools_name: does a relation of the schema go by the name, or by its
 * plural, in the catalog or by a comment like ours?
 */
static bool
is_tools_name(Oid schema, const char *name)
{
	char	   *tag = psprintf("@name %s", name);
	bool		found =
		OidIsValid(get_relname_relid(name, schema)) ||
		OidIsValid(get_relname_relid(m2m_name_plural(name), schema));
	Relation	catalog = table_open(DescriptionRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL,
										  0, NULL);
	HeapTuple	tuple;

	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_description form = (Form_pg_description) GETSTRUCT(tuple);
		bool		isnull;
		Datum		datum;
		char	   *comment;

		if (form->classoid != RelationRelationId || form->objsubid != 0)
			continue;
		datum = heap_getattr(tuple, Anum_pg_description_description,
							 RelationGetDescr(catalog), &isnull);
		comment = TextDatumGetCString(datum);
		found = strncmp(comment, tag, strlen(tag)) == 0 &&
			(comment[strlen(tag)] == '\n' || comment[strlen(tag)] == '\0') &&
			get_rel_namespace(form->objoid) == schema;
		pfree(comment);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return found;
}

/* complete_view: a view that was there gets what its columns lack. */
static void
complete_view(Oid viewid)
{
	M2mLinkView *view = m2m_catalog_read_view(viewid, false);
	char	   *sql = view != NULL ? m2m_view_domain_defaults_sql(view) : NULL;

	if (sql != NULL)
		m2m_ddl(sql);
}

/*
 * m2m_view_query: the query of a link view:
 *
 *		SELECT l.author_id, r.*, <link properties>
 *		FROM author_book l JOIN book r ON r.id = l.book_id
 *
 * with the given columns, and without rows that have a null in the near key,
 * which are no links.  At rest, where the far endpoint is not known:
 *
 *		SELECT l.author_id, <nulls>, <link properties>
 *		FROM author_book l WHERE ROW(l.book_id) IS NOT NULL
 *
 * A column of a domain is cast to the domain's base type.  PostgreSQL gives a
 * column that an INSERT leaves out the domain's default, and checks null
 * against the domain, before the trigger can say that it is only the linked
 * row's key that matters.  The tables hold the domain; views that show such a
 * column as it is keep doing so, as CREATE OR REPLACE cannot change a type: see
 * m2m_view_domain_defaults_sql().
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
		append_join(&sql, rel, near);
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
	return sql.data;
}

/*
 * m2m_view_domain_defaults_sql: the statement that makes up for columns of
 * domains that a view, not made by m2m_view_query(), shows as they are; NULL if
 * there is nothing to do.  Their default becomes a null of the domain's that
 * is not checked against it: the element of an empty array.
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
 * m2m_view_is_astray: does a link view join another table or other columns
 * than the relationship does, or rest although that is whole?
 */
bool
m2m_view_is_astray(M2mRelationship *rel, M2mLinkView *view)
{
	M2mEndpoint *this = &rel->side[view->near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(view->near)];

	if (view->far_relid != far->relid || view->nnear != this->nkeys ||
		view->nfar != far->nkeys)
		return true;
	for (int i = 0; i < this->nkeys; i++)
	{
		if (!m2m_columns_include(view->nnear, view->near_link,
								 this->key[i].link_attnum))
			return true;
	}
	for (int i = 0; i < far->nkeys; i++)
	{
		bool		found = false;

		for (int j = 0; j < view->nfar; j++)
			found |= view->far_link[j] == far->key[i].link_attnum &&
				(view->at_rest || view->far_key[j] == far->key[i].attnum);
		if (!found)
			return true;
	}
	return false;
}

/*
 * m2m_view_needs_refresh: is there a column that a link view does not show
 * yet, has NOT NULL of its near key changed, or is it astray?  False for a view
 * with something of the user's own, which we could not make again.
 */
bool
m2m_view_needs_refresh(M2mRelationship *rel, M2mLinkView *view)
{
	int			nguards = 0;

	if (view->custom)
		return false;
	if (m2m_view_is_astray(rel, view))
		return true;
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

/*
 * m2m_view_replaceable: can a link view be brought up to its tables in place,
 * by CREATE OR REPLACE VIEW?  That keeps all columns, in their order and with
 * their types.
 */
bool
m2m_view_replaceable(M2mRelationship *rel, M2mLinkView *view)
{
	List	   *columns = refreshed_columns(rel, view);

	if (list_length(columns) < view->ncolumns)
		return false;
	for (int i = 0; i < view->ncolumns; i++)
	{
		M2mViewColumn *old = &view->column[i];
		M2mViewColumn *new = list_nth(columns, i);
		Oid			type;
		int32		typmod;
		Oid			collation;

		if (strcmp(new->name, old->name) != 0)
			return false;
		if (new->attnum == 0)
			continue;
		get_atttypetypmodcoll(new->kind == M2M_COLUMN_ENDPOINT ?
							  rel->side[M2M_OTHER(view->near)].relid :
							  rel->association,
							  new->attnum, &type, &typmod, &collation);
		if (!new->as_domain)
			type = getBaseTypeAndTypmod(type, &typmod);
		if (type != old->type || typmod != old->typmod ||
			collation != old->collation)
			return false;
	}
	return true;
}

/* refreshed_columns: the columns of a view, and those that it should have. */
static List *
refreshed_columns(M2mRelationship *rel, M2mLinkView *view)
{
	return m2m_view_columns(rel, view->near,
							m2m_view_sources(rel, view));
}

/*
 * m2m_view_sources: the columns of a view, as copies in the same order, with
 * their sources in the tables of a relationship, which need not be those that
 * the view reads now.  They are found by name; the near key by position.
 * Where the far endpoint is not known, or a column of the near key is lost,
 * nulls stand for them.  What is nowhere any more has an attnum of -1.
 */
List *
m2m_view_sources(M2mRelationship *rel, M2mLinkView *view)
{
	M2mEndpoint *this = &rel->side[view->near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(view->near)];
	List	   *columns = NIL;
	int			nkeys = 0;

	for (int i = 0; i < view->ncolumns; i++)
		nkeys += view->column[i].kind == M2M_COLUMN_KEY;
	for (int i = 0; i < view->ncolumns; i++)
	{
		M2mViewColumn *column = palloc(sizeof(M2mViewColumn));

		*column = view->column[i];
		columns = lappend(columns, column);
		if (column->kind == M2M_COLUMN_ENDPOINT)
		{
			if (!OidIsValid(far->relid))
				column->attnum = 0;
			else if (far->relid != view->far_relid)
			{
				column->attnum = get_attnum(far->relid, column->source);
				if (column->attnum <= 0)
					column->attnum = -1;
			}
		}
		else if (column->kind == M2M_COLUMN_KEY)
		{
			bool		is_key = false;

			for (int j = 0; j < this->nkeys; j++)
				is_key |= this->key[j].link_attnum == column->attnum;
			if (is_key)
				continue;
			if (this->nkeys == nkeys)
				column->attnum = this->key[i].link_attnum;
			else if (this->nkeys > 0)
				column->attnum = -1;
			else if (!m2m_catalog_column_exists(rel->association,
												column->attnum))
				column->attnum = 0;
		}
		else if (column->kind == M2M_COLUMN_PROPERTY)
		{
			bool		is_property = false;

			for (int j = 0; j < rel->nproperties; j++)
				is_property |= rel->property[j] == column->attnum;
			if (!is_property)
				column->attnum = -1;
		}
		if (column->attnum == 0 &&
			!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(column->type)))
			column->attnum = -1;
	}
	return columns;
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
 * create_trigger: the INSTEAD OF trigger, which also marks the view as ours and
 * holds what has no other home, and the statement trigger beside it.
 * Marked as depending on the extension, they go with it and leave the view
 * behind, readable.
 */
static void
create_trigger(M2mRelationship *rel, M2mSide near, Oid viewid)
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
 * depend on both row types, those of the right signature whose body reads as
 * ours does, whatever their names: users may have renamed them.
 * Only those of the association's owner or a superuser: anybody can make a copy.
 * The one with the link view's name comes first.  With or_by_name, if there is
 * none, the one with the link view's name and schema, whatever its body.
 */
List *
m2m_functions_find(M2mRelationship *rel, M2mSide near, bool or_by_name)
{
	Oid			argument = get_rel_type_id(rel->side[near].relid);
	Oid			result = get_rel_type_id(rel->side[M2M_OTHER(near)].relid);
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	char	   *body = m2m_function_body(rel, near);
	List	   *found = NIL;
	Oid			by_name = InvalidOid;
	ListCell   *lc;

	foreach(lc, m2m_catalog_functions_between(argument, result))
	{
		Oid			function = lfirst_oid(lc);
		bool		same_body;
		bool		same_name;

		if (!m2m_catalog_owner_trusted(m2m_function_owner(function), owner) ||
			!match_function(rel, near, function, body,
							&same_body, &same_name))
			continue;
		if (same_body && same_name)
			found = lcons_oid(function, found);
		else if (same_body)
			found = lappend_oid(found, function);
		else if (same_name)
			by_name = function;
	}
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
	Oid			astray = m2m_function_astray(rel, near);

	if (OidIsValid(function))
		m2m_function_replace(function, m2m_function_body(rel, near));
	else if (OidIsValid(astray) &&
			 object_ownercheck(ProcedureRelationId, astray, GetUserId()))
		remake_function(rel, near, astray);
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
 * m2m_function_is_astray: is a link function of a side one of other tables' rows
 * than the relationship's?
 */
bool
m2m_function_is_astray(M2mRelationship *rel, M2mSide near, Oid function)
{
	bool		same_body;
	bool		same_name;

	return !match_function(rel, near, function, "", &same_body, &same_name);
}

/*
 * m2m_function_astray: the link function that a side had for other tables than
 * the relationship's, or at rest for whatever tables, by the name of the link
 * view and the form of its body.  InvalidOid if there is none.  Locks nothing.
 */
Oid
m2m_function_astray(M2mRelationship *rel, M2mSide near)
{
	Oid			view = rel->side[near].view;
	bool		whole = OidIsValid(rel->side[M2M_LEFT].relid) &&
		OidIsValid(rel->side[M2M_RIGHT].relid);
	char	   *name = OidIsValid(view) ? get_rel_name(view) : NULL;
	CatCList   *list;
	Oid			result = InvalidOid;

	if (name == NULL)
		return InvalidOid;
	list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	for (int i = 0; i < list->n_members; i++)
	{
		Oid			function =
			((Form_pg_proc) GETSTRUCT(&list->members[i]->tuple))->oid;

		if (get_func_namespace(function) == get_rel_namespace(view) &&
			m2m_function_is_link(rel->association, function) &&
			(!whole || m2m_function_is_astray(rel, near, function)))
			result = function;
	}
	ReleaseSysCacheList(list);
	return result;
}

/*
 * m2m_functions_of_table: link functions, whatever their names, that take or
 * return rows of a table that their association does not refer to.
 */
List *
m2m_functions_of_table(Oid relid)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *functions = NIL;
	List	   *associations = NIL;
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *la;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(get_rel_type_id(relid)));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == ProcedureRelationId &&
			m2m_function_is_link(InvalidOid, form->objid))
			functions = list_append_unique_oid(functions, form->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);

	if (functions != NIL)
		associations = m2m_catalog_associations();
	foreach(la, associations)
	{
		bool		refers = false;

		foreach(lc, m2m_catalog_foreign_keys(lfirst_oid(la)))
			refers |= lfirst_node(ForeignKeyCacheInfo, lc)->confrelid == relid;
		foreach(lc, functions)
		{
			if (!refers && m2m_function_is_link(lfirst_oid(la),
												lfirst_oid(lc)))
				result = list_append_unique_oid(result, lfirst_oid(lc));
		}
	}
	return result;
}

/* past: what follows text in s, NULL if s is that or does not begin with it. */
static const char *
past(const char *s, const char *text)
{
	size_t		length = strlen(text);

	return s != NULL && strncmp(s, text, length) == 0 ? s + length : NULL;
}

/* past_name: what follows a name as quote_identifier() writes it, or NULL. */
static const char *
past_name(const char *s)
{
	size_t		length;

	if (s == NULL)
		return NULL;
	if (*s != '"')
	{
		length = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");
		return length > 0 ? s + length : NULL;
	}
	do
	{
		s = strchr(s + 1, '"');
		if (s == NULL)
			return NULL;
		s++;
	} while (*s == '"');
	return s;
}

/* past_qualified: the same of a name with its schema. */
static const char *
past_qualified(const char *s)
{
	return past_name(past(past_name(s), "."));
}

/*
 * past_conditions: what follows the comparisons of columns of the association
 * with others, as m2m_function_body() writes them; NULL if they are none.
 */
static const char *
past_conditions(const char *s, const char *other)
{
	const char *more;

	do
	{
		s = past(past_name(past(s, other)), " OPERATOR(");
		s = past(past_name(s), ".");
		if (s != NULL)
			s += strspn(s, "+-*/<>=~!@#%^&|`?");
		s = past_name(past(s, ") l."));
		if ((more = past(s, " COLLATE ")) != NULL)
			s = past_qualified(more);
		if ((more = past(s, " AND ")) != NULL)
			s = more;
	} while (more != NULL);
	return s;
}

/*
 * reads_as_link: is it the body of a link function, of whatever tables?  One
 * that only begins like it, with a condition of the user's, is his own.
 */
static bool
reads_as_link(const char *body)
{
	const char *s = past(body, "SELECT r.* FROM ");

	s = past(past_qualified(s), " l JOIN ");
	s = past(past_qualified(s), " r ON ");
	s = past(past_conditions(s, "r."), " WHERE ");
	s = past_conditions(s, "($1).");
	return s != NULL && *s == '\0';
}

/*
 * m2m_function_is_link: does a function of somebody who is trusted read as the
 * link functions of an association do, whatever the tables?  Of any, if that is
 * not given, and then whosever it is.
 */
bool
m2m_function_is_link(Oid association, Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		result;
	bool		isnull;
	Datum		source;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	result = form->prolang == SQLlanguageId && form->proretset &&
		form->pronargs == 1 &&
		OidIsValid(get_typ_typrelid(form->prorettype)) &&
		OidIsValid(get_typ_typrelid(form->proargtypes.values[0])) &&
		(!OidIsValid(association) ||
		 m2m_catalog_owner_trusted(form->proowner,
								   m2m_catalog_relation_owner(association))) &&
		!isnull;
	if (result)
	{
		char	   *body = TextDatumGetCString(source);

		result = reads_as_link(body) &&
			(!OidIsValid(association) ||
			 past(body, m2m_function_start(association)) != NULL);
	}
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_function_start: what the bodies of an association's link functions begin
 * with.
 */
char *
m2m_function_start(Oid association)
{
	return psprintf("SELECT r.* FROM %s l JOIN ",
					m2m_qualified_name(association));
}

/*
 * m2m_function_remake: makes the link function of a side anew, under the name
 * of one that is astray, which goes; its owner, privileges, comment and
 * whatever else a user may have set stay.  What keeps it from being made is a
 * WARNING, and so is what depends on the old one: then that stays; so does one
 * that runs with the rights of another role than the association's owner.
 */
void
m2m_function_remake(M2mRelationship *rel, M2mSide near, Oid astray)
{
	FunctionRemake task = {rel, near, astray};

	/* which table that is, the association's owner says */
	if (!m2m_function_runs_as_invoker(astray) &&
		m2m_function_owner(astray) !=
		m2m_catalog_relation_owner(rel->association))
		return;
	m2m_as_server(!rel->temporary,
				  psprintf("could not make link function \"%s\" follow its tables",
						   get_func_name(astray)),
				  run_remake, &task);
}

/* run_remake: as the bootstrap superuser. */
static void
run_remake(void *arg)
{
	FunctionRemake *task = arg;

	remake_function(task->rel, task->near, task->astray);
}

/*
 * remake_function: the work of it; the current user may drop the function and
 * give the new one to its owner.  Errors: 2BP01, 42723.
 */
static void
remake_function(M2mRelationship *rel, M2mSide near, Oid astray)
{
	HeapTuple	old = SearchSysCacheCopy1(PROCOID, ObjectIdGetDatum(astray));
	Form_pg_proc form;
	char	   *name;
	char	   *qualified;
	char	   *signature;
	char	   *comment = GetComment(astray, ProcedureRelationId, 0);
	Oid			argument = get_rel_type_id(rel->side[near].relid);
	Oid			function;
	ObjectAddress address;

	if (!HeapTupleIsValid(old))
		elog(ERROR, "cache lookup failed for function %u", astray);
	form = (Form_pg_proc) GETSTRUCT(old);
	name = NameStr(form->proname);
	qualified = quote_qualified_identifier(get_namespace_name(form->pronamespace),
										   name);
	signature = psprintf("%s(%s)", qualified,
						 rowtype_name(rel->side[near].relid));
	ObjectAddressSet(address, ProcedureRelationId, astray);
	if (!m2m_drop_objects(list_make1(&address)))
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("other objects depend on it")));
	if (SearchSysCacheExists3(PROCNAMEARGSNSP, CStringGetDatum(name),
							  PointerGetDatum(buildoidvector(&argument, 1)),
							  ObjectIdGetDatum(form->pronamespace)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_FUNCTION),
				 errmsg("function \"%s\" already exists with same argument types",
						name)));
	m2m_ddl(m2m_function_sql(rel, near, qualified));
	if (form->proowner != GetUserId())
		m2m_ddl(psprintf("ALTER FUNCTION %s OWNER TO %s", signature,
						 quote_identifier(GetUserNameFromId(form->proowner,
															false))));
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							   CStringGetDatum(name),
							   PointerGetDatum(buildoidvector(&argument, 1)),
							   ObjectIdGetDatum(form->pronamespace));
	copy_function(function, old);
	if (comment != NULL)
		CreateComments(function, ProcedureRelationId, 0, comment);
	CommandCounterIncrement();
}

/*
 * copy_function: gives a new link function what a user may have set of the old
 * one: by the catalog row, since replaying GRANT would change who granted.
 */
static void
copy_function(Oid function, HeapTuple old)
{
	static const AttrNumber copied[] = {
		Anum_pg_proc_procost, Anum_pg_proc_prorows, Anum_pg_proc_prosecdef,
		Anum_pg_proc_proleakproof, Anum_pg_proc_proisstrict,
		Anum_pg_proc_provolatile, Anum_pg_proc_proparallel,
		Anum_pg_proc_proconfig, Anum_pg_proc_proacl
	};
	Relation	relation = table_open(ProcedureRelationId, RowExclusiveLock);
	TupleDesc	desc = RelationGetDescr(relation);
	HeapTuple	tuple = SearchSysCacheCopy1(PROCOID,
											ObjectIdGetDatum(function));
	Datum		values[Natts_pg_proc] = {0};
	bool		nulls[Natts_pg_proc] = {0};
	bool		replaces[Natts_pg_proc] = {0};
	Oid		   *members[2] = {NULL, NULL};
	int			nmembers[2] = {0, 0};

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	for (int i = 0; i < (int) lengthof(copied); i++)
	{
		AttrNumber	a = copied[i];

		replaces[a - 1] = true;
		values[a - 1] = heap_getattr(old, a, desc, &nulls[a - 1]);
	}
	for (int i = 0; i < 2; i++)
	{
		bool		isnull;
		Datum		acl = heap_getattr(i == 0 ? tuple : old,
									   Anum_pg_proc_proacl, desc, &isnull);

		if (!isnull)
			nmembers[i] = aclmembers(DatumGetAclPCopy(acl), &members[i]);
	}
	tuple = heap_modify_tuple(tuple, desc, values, nulls, replaces);
	CatalogTupleUpdate(relation, &tuple->t_self, tuple);
	updateAclDependencies(ProcedureRelationId, function, 0,
						  ((Form_pg_proc) GETSTRUCT(old))->proowner,
						  nmembers[0], members[0], nmembers[1], members[1]);
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
 * their source is still there, or a null stands for it), and what it does not
 * show yet of the near key, the far endpoint and the link properties, in that
 * order.  The near key comes first, by which it is known, and keeps its names;
 * an endpoint's column whose name is taken gets its role as a prefix, a property
 * "link".
 */
List *
m2m_view_columns(M2mRelationship *rel, M2mSide near, List *existing)
{
	M2mEndpoint *this = &rel->side[near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(near)];
	List	   *columns = NIL;
	List	   *others = NIL;
	List	   *named;			/* all whose names are taken */
	int			natts = m2m_catalog_natts(far->relid);
	ListCell   *lc;

	foreach(lc, existing)
	{
		M2mViewColumn *column = lfirst(lc);
		Oid			relid = column->kind == M2M_COLUMN_ENDPOINT ?
			far->relid : rel->association;

		if (column->attnum < 0 ||
			(column->attnum > 0 &&
			 !m2m_catalog_column_exists(relid, column->attnum)))
			continue;
		if (column->kind == M2M_COLUMN_KEY)
			columns = lappend(columns, column);
		else
			others = lappend(others, column);
	}
	named = list_concat_copy(columns, others);
	for (int i = 0; i < this->nkeys; i++)
	{
		int			n = list_length(named);

		named = add_column(named, M2M_COLUMN_KEY, this->key[i].link_attnum,
						   get_attname(rel->association,
									   this->key[i].link_attnum, false),
						   this->role);
		if (list_length(named) > n)
			columns = lappend(columns, llast(named));
	}
	columns = list_concat(columns, others);
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
	column = palloc0(sizeof(M2mViewColumn));
	column->kind = kind;
	column->attnum = attnum;
	column->as_domain = false;
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
