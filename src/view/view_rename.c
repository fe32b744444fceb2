/*
 * view_rename.c
 *		A link view whose relationship gets other names.
 *
 * The view itself is renamed by whoever asks for it; here follows what speaks
 * of names in it: the roles in its trigger's arguments, the prefixes of columns
 * that have one, and comments, as far as they still read as m2m made them.  By
 * ordinary DDL, run as the caller.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_trigger.h"
#include "commands/comment.h"
#include "commands/extension.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "text.h"
#include "view_internal.h"

static void rename_roles(M2mRelationship *rel, Oid viewid, char *role[2]);
static void rename_columns(M2mRelationship *rel, M2mSide near, char *role[2]);
static bool has_prefix(M2mViewColumn *column, const char *prefix);
static void comment_view(M2mRelationship *rel, M2mSide near,
						 const char *role, const char *old_name);

/*
 * m2m_view_renamed: makes the link view of a side, which was called old_name,
 * speak of new roles.  The relationship is described as it was before; its
 * views are locked.  Errors are those of the DDL.
 */
void
m2m_view_renamed(M2mRelationship *rel, M2mSide near, char *role[2],
				 const char *old_name)
{
	bool		changed = false;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		changed |= strcmp(rel->side[s].role, role[s]) != 0;
	if (changed)
	{
		rename_columns(rel, near, role);
		rename_roles(rel, rel->side[near].view, role);
	}
	comment_view(rel, near, role[near], old_name);
}

/*
 * rename_roles: in the arguments of the view's trigger, whose others stay, as
 * do its name and the extensions that it depends on.
 */
static void
rename_roles(M2mRelationship *rel, Oid viewid, char *role[2])
{
	static const char *const start[2] = {"left=", "right="};
	char	   *name;
	List	   *arguments;
	Oid			trigger = m2m_catalog_view_trigger(viewid, &name, &arguments);
	List	   *extensions = getAutoExtensionsOfObject(TriggerRelationId,
													   trigger);
	char	   *comment;
	StringInfoData sql;
	ListCell   *lc;

	if (!OidIsValid(trigger))
		elog(ERROR, "view %u is no link view", viewid);
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE OR REPLACE TRIGGER %s INSTEAD OF INSERT OR UPDATE OR DELETE ON %s"
					 " FOR EACH ROW EXECUTE FUNCTION %s(",
					 quote_identifier(name), m2m_qualified_name(viewid),
					 m2m_own_function(M2M_VIEW_TRIGGER_FUNCTION));
	foreach(lc, arguments)
	{
		char	   *argument = lfirst(lc);

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			if (strncmp(argument, start[s], strlen(start[s])) == 0)
			{
				argument = psprintf("%s%s", start[s], role[s]);
				break;
			}
		}
		appendStringInfo(&sql, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 quote_literal_cstr(argument));
	}
	appendStringInfoChar(&sql, ')');
	m2m_ddl(sql.data);

	/* it keeps its OID, and its comment, but not these */
	foreach(lc, extensions)
		m2m_trigger_depends(trigger, get_extension_name(lfirst_oid(lc)));
	comment = GetComment(trigger, TriggerRelationId, 0);
	if (comment != NULL &&
		strcmp(comment,
			   m2m_view_trigger_comment(rel->side[M2M_LEFT].role,
										rel->side[M2M_RIGHT].role)) == 0)
		m2m_ddl(psprintf("COMMENT ON TRIGGER %s ON %s IS %s",
						 quote_identifier(name), m2m_qualified_name(viewid),
						 quote_literal_cstr(m2m_view_trigger_comment(role[M2M_LEFT],
																	 role[M2M_RIGHT]))));
}

/*
 * rename_columns: those that have a role in front, because something else has
 * their name, get the new one.
 */
static void
rename_columns(M2mRelationship *rel, M2mSide near, char *role[2])
{
	Oid			viewid = rel->side[near].view;
	M2mLinkView *view = m2m_catalog_read_view(viewid, true);

	for (int i = 0; view != NULL && i < view->ncolumns; i++)
	{
		M2mViewColumn *column = &view->column[i];
		M2mSide		side = column->kind == M2M_COLUMN_KEY ? near :
			M2M_OTHER(near);
		List	   *others = NIL;
		char	   *name;

		if ((column->kind != M2M_COLUMN_KEY &&
			 column->kind != M2M_COLUMN_ENDPOINT) ||
			column->source == NULL ||
			strcmp(rel->side[side].role, role[side]) == 0 ||
			!has_prefix(column, rel->side[side].role))
			continue;
		for (int j = 0; j < view->ncolumns; j++)
		{
			if (j != i)
				others = lappend(others, &view->column[j]);
		}
		name = m2m_view_alias(others, column->source, role[side]);
		if (strcmp(name, column->name) == 0)
			continue;
		m2m_ddl(psprintf("ALTER VIEW %s RENAME COLUMN %s TO %s",
						 m2m_qualified_name(viewid),
						 quote_identifier(column->name),
						 quote_identifier(name)));
		column->name = name;
	}
}

/* has_prefix: is a column called prefix_source, as m2m_view_alias() does? */
static bool
has_prefix(M2mViewColumn *column, const char *prefix)
{
	char	   *name = m2m_name_join(prefix, column->source);
	size_t		length = strlen(name);

	return strcmp(column->name, column->source) != 0 &&
		strncmp(column->name, name, length) == 0 &&
		(column->name[length] == '\0' ||
		 (column->name[length] == '_' &&
		  strspn(column->name + length + 1, "0123456789") ==
		  strlen(column->name + length + 1)));
}

/*
 * comment_view: the comments of view and near key, if they are ours.  The name
 * for tools is made of the view's.
 */
static void
comment_view(M2mRelationship *rel, M2mSide near, const char *role,
			 const char *old_name)
{
	M2mEndpoint *this = &rel->side[near];
	Oid			far = rel->side[M2M_OTHER(near)].relid;
	char	   *qualified = m2m_qualified_name(this->view);
	char	   *name = get_rel_name(this->view);
	char	   *comment = GetComment(this->view, RelationRelationId, 0);
	char	   *rest = comment != NULL &&
		strncmp(comment, "@name ", 6) == 0 ? strchr(comment, '\n') : NULL;
	M2mLinkView *view;

	if (rest != NULL &&
		strcmp(rest + 1, m2m_view_comment(far, this->role)) == 0)
	{
		char	   *tools = pnstrdup(comment + 6, rest - comment - 6);

		if (strcmp(name, old_name) != 0)
			tools = m2m_view_tools_name(get_rel_namespace(this->view),
										get_rel_namespace(rel->association),
										name);
		m2m_ddl(psprintf("COMMENT ON VIEW %s IS %s", qualified,
						 quote_literal_cstr(psprintf("@name %s\n%s", tools,
													 m2m_view_comment(far,
																	  role)))));
	}
	view = m2m_catalog_read_view(this->view, true);
	for (int i = 0; view != NULL && strcmp(this->role, role) != 0 &&
		 i < view->ncolumns; i++)
	{
		M2mViewColumn *column = &view->column[i];

		if (column->kind != M2M_COLUMN_KEY)
			continue;
		comment = GetComment(this->view, RelationRelationId,
							 get_attnum(this->view, column->name));
		if (comment != NULL &&
			strcmp(comment, m2m_view_key_comment(this->role)) == 0)
			m2m_ddl(psprintf("COMMENT ON COLUMN %s.%s IS %s", qualified,
							 quote_identifier(column->name),
							 quote_literal_cstr(m2m_view_key_comment(role))));
	}
}
