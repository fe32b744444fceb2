/*
 * view_create.c
 *		Making a link view, with its triggers, its comments and its link function.
 *
 * By ordinary DDL, run as the caller and owned by the caller.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "execute.h"
#include "m2m.h"
#include "text.h"
#include "view_internal.h"

static bool owns_function(Oid function);
static void create_view(M2mRelationship *rel, M2mSide near, Oid schema,
						const char *name);
static bool is_tools_name(Oid schema, const char *name);
static void complete_view(Oid viewid);
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
		m2m_function_create(rel, near, qualified);
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
	char	   *comment;

	m2m_ddl(psprintf("CREATE %sVIEW %s WITH (security_invoker = true) AS %s",
					 rel->temporary ? "TEMPORARY " : "", qualified,
					 m2m_view_query(rel, near,
									m2m_view_columns(rel, near, NIL))));
	comment = psprintf("@name %s\n%s",
					   m2m_view_tools_name(schema,
										   get_rel_namespace(rel->association),
										   name),
					   m2m_view_comment(rel->side[M2M_OTHER(near)].relid,
										this->role));
	m2m_ddl(psprintf("COMMENT ON VIEW %s IS %s", qualified,
					 quote_literal_cstr(comment)));
	for (int i = 0; i < this->nkeys; i++)
	{
		comment = m2m_view_key_comment(this->role);
		m2m_ddl(psprintf("COMMENT ON COLUMN %s.%s IS %s", qualified,
						 m2m_quoted_column(rel->association,
										   this->key[i].link_attnum),
						 quote_literal_cstr(comment)));
	}
}

/*
 * m2m_view_comment: what the comment of a link view says, behind the line that
 * is for tools.
 */
char *
m2m_view_comment(Oid far, const char *role)
{
	const char *far_name = get_rel_name(far);

	return psprintf("m2m link view: the rows of \"%s\" linked to each \"%s\". "
					"INSERT links a row (and inserts it first if more than its key is given), "
					"UPDATE changes the row, the link or its properties, "
					"DELETE unlinks and never deletes a row of \"%s\".",
					far_name, role, far_name);
}

/* m2m_view_key_comment: the comment of a column of a link view's near key. */
char *
m2m_view_key_comment(const char *role)
{
	return psprintf("key of the \"%s\" that the row is linked to", role);
}

/* m2m_view_trigger_comment: the comment of a link view's trigger. */
char *
m2m_view_trigger_comment(const char *left_role, const char *right_role)
{
	return psprintf("m2m: writes through this view; marks it as a link view of the relationship between roles \"%s\" and \"%s\".",
					left_role, right_role);
}

/*
 * m2m_view_tools_name: what tools that read names out of comments are to call
 * a link view: author_book_view for author_books.  By its own name such a tool would
 * take it for the association table author_book, or for the link function,
 * and refuse to start.  No relation of the schema, or of the association's,
 * goes by the name that we return, nor by its plural, which is the same to
 * those tools.
 */
char *
m2m_view_tools_name(Oid schema, Oid association_schema, const char *view)
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
	for (int i = 2; is_tools_name(schema, name) ||
		 (association_schema != schema &&
		  is_tools_name(association_schema, name)); i++)
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
		OidIsValid(get_relname_relid(m2m_name_plural(name, name), schema));
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

		if (form->classoid != RelationRelationId || form->objsubid != 0 ||
			get_rel_namespace(form->objoid) != schema)
			continue;
		datum = heap_getattr(tuple, Anum_pg_description_description,
							 RelationGetDescr(catalog), &isnull);
		comment = TextDatumGetCString(datum);
		found = strncmp(comment, tag, strlen(tag)) == 0 &&
			(comment[strlen(tag)] == '\n' || comment[strlen(tag)] == '\0');
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
 * create_trigger: the INSTEAD OF trigger, which also marks the view as ours
 * and holds what has no other home, and the statement trigger beside it.
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
					 " FOR EACH ROW EXECUTE FUNCTION %s(%s, %s, %s, %s%s%s)",
					 qualified,
					 m2m_own_function(M2M_VIEW_TRIGGER_FUNCTION),
					 trigger_argument("near", near == M2M_LEFT ?
									  "left" : "right"),
					 trigger_argument("left", rel->side[M2M_LEFT].role),
					 trigger_argument("right", rel->side[M2M_RIGHT].role),
					 trigger_argument("origin", rel->adopted ?
									  "adopted" : "created"),
					 rel->deleted == 0 ? "" :
					 psprintf(", %s", trigger_argument("unlink", "marks")),
					 rel->unasked ?
					 psprintf(", %s", trigger_argument("asked", "no")) : ""));
	m2m_trigger_depends(get_trigger_oid(viewid, M2M_VIEW_TRIGGER_NAME, false),
						"m2m");
	comment = m2m_view_trigger_comment(rel->side[M2M_LEFT].role,
									   rel->side[M2M_RIGHT].role);
	m2m_ddl(psprintf("COMMENT ON TRIGGER " M2M_VIEW_TRIGGER_NAME
					 " ON %s IS %s", qualified, quote_literal_cstr(comment)));
	create_batch_trigger(viewid);
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

/* trigger_argument: 'name=value', quoted. */
static char *
trigger_argument(const char *name, const char *value)
{
	return quote_literal_cstr(psprintf("%s=%s", name, value));
}
