/*
 * ddl_follow.c
 *		ALTER and RENAME, after the command: link views and functions follow what
 *		has changed.
 *
 * Columns and their names, the tables that foreign keys mean, names in the
 * bodies of link functions, and the association's owner.  What has changed is
 * known by what ddl_alter.c remembered before the command.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

#include "catalog.h"
#include "ddl_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"
#include "view.h"

static void end_renames(M2mPending *p);
static void rename_in_views(M2mPending *p, M2mSeenRename *rename);
static void make_room(M2mLinkView *view, M2mViewColumn *key, char *name);
static bool is_our_alias(const char *alias, const char *name,
						 const char *prefix);
static void rename_view_column(void *arg);
static void refresh_views(M2mPending *p);
static void refresh_functions(M2mPending *p);
static void make_functions(M2mPending *p);
static void make_function(void *arg);
static void end_owner(M2mPending *p);
static void give_away(const char *kind, const char *name, const char *role);
static void run_ddl(void *arg);

/*
 * m2m_ddl_alter_end: after a command that succeeded, whose link views are back
 * (m2m_ddl_drop_end): they and the link functions follow what has changed.
 * What an owner may not do becomes a warning.
 */
void
m2m_ddl_alter_end(M2mPending *p)
{
	end_renames(p);
	refresh_views(p);
	refresh_functions(p);
	make_functions(p);
	end_owner(p);
}

/* end_renames: columns that were renamed are renamed in the link views. */
static void
end_renames(M2mPending *p)
{
	ListCell   *lc;

	foreach(lc, p->renames)
	{
		M2mSeenRename *rename = lfirst(lc);
		char	   *name = get_attname(rename->relid, rename->attnum, true);

		/*
		 * The command may have renamed a column of another table, which has
		 * taken this one's name while the locks were waited for.
		 */
		if (name != NULL && strcmp(name, rename->new_name) == 0)
			rename_in_views(p, rename);
	}
}

/* What rename_view_column() is to do. */
typedef struct ViewRename
{
	Oid			view;
	char	   *old_name;
	char	   *new_name;
} ViewRename;

/*
 * rename_in_views: the columns of link views that show a renamed column under
 * its old name; a name of the user's own stays.  A view that was not to be had
 * (see m2m_views_lock) keeps the old name.
 */
static void
rename_in_views(M2mPending *p, M2mSeenRename *rename)
{
	ListCell   *lc;

	foreach(lc, m2m_catalog_link_views(rename->relid))
	{
		M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lc), true);
		List	   *others = NIL;
		M2mViewColumn *found = NULL;
		ViewRename	task;

		if (view == NULL || !list_member_oid(p->views, view->view))
			continue;
		for (int i = 0; i < view->ncolumns; i++)
		{
			M2mViewColumn *column = &view->column[i];
			Oid			relid = column->kind == M2M_COLUMN_ENDPOINT ?
				view->far_relid : view->association;

			if (found == NULL && column->kind != M2M_COLUMN_OTHER &&
				relid == rename->relid && column->attnum == rename->attnum &&
				is_our_alias(column->name, rename->old_name,
							 m2m_view_prefix(view, column)))
				found = column;
			else
				others = lappend(others, column);
		}
		if (found == NULL)
			continue;
		if (found->kind == M2M_COLUMN_KEY)
			make_room(view, found, rename->new_name);
		task.view = view->view;
		task.old_name = found->name;
		task.new_name = m2m_view_alias(others, rename->new_name,
									   m2m_view_prefix(view, found));
		if (strcmp(task.old_name, task.new_name) == 0)
			continue;
		m2m_as_owner(view->owner, true,
					 psprintf("could not rename a column of link view \"%s\"",
							  get_rel_name(view->view)),
					 rename_view_column, &task);
	}
}

/*
 * make_room: the near key keeps its name; a column that shows its own, which
 * is to be the key's from now on, gets its prefix.
 */
static void
make_room(M2mLinkView *view, M2mViewColumn *key, char *name)
{
	M2mViewColumn renamed = *key;
	M2mViewColumn *other = NULL;
	List	   *others = list_make1(&renamed);
	ViewRename	task;

	renamed.name = name;
	for (int i = 0; i < view->ncolumns; i++)
	{
		M2mViewColumn *column = &view->column[i];

		if ((column->kind == M2M_COLUMN_ENDPOINT ||
			 column->kind == M2M_COLUMN_PROPERTY) &&
			column->source != NULL && strcmp(column->name, name) == 0 &&
			strcmp(column->source, name) == 0)
			other = column;
		else
			others = lappend(others, column);
	}
	if (other == NULL)
		return;
	task.view = view->view;
	task.old_name = other->name;
	task.new_name = m2m_view_alias(others, other->source,
								   m2m_view_prefix(view, other));
	if (m2m_as_owner(view->owner, true,
					 psprintf("could not rename a column of link view \"%s\"",
							  get_rel_name(view->view)),
					 rename_view_column, &task))
		other->name = task.new_name;
}

/*
 * is_our_alias: is a view column called as its source, or as m2m would call it
 * where that name is taken?
 */
static bool
is_our_alias(const char *alias, const char *name, const char *prefix)
{
	char	   *prefixed = m2m_name_join(prefix, name);
	int			length = strlen(prefixed);

	return strcmp(alias, name) == 0 || strcmp(alias, prefixed) == 0 ||
		(strncmp(alias, prefixed, length) == 0 && alias[length] == '_' &&
		 strspn(alias + length + 1, "0123456789") ==
		 strlen(alias + length + 1));
}

/* rename_view_column: as the view's owner. */
static void
rename_view_column(void *arg)
{
	ViewRename *task = arg;

	m2m_ddl(psprintf("ALTER VIEW %s RENAME COLUMN %s TO %s",
					 m2m_qualified_name(task->view),
					 quote_identifier(task->old_name),
					 quote_identifier(task->new_name)));
}

/*
 * refresh_views: link views show what their tables have become, the table that
 * the foreign key means, or rest.
 */
static void
refresh_views(M2mPending *p)
{
	ListCell   *lc;

	foreach(lc, p->associations)
	{
		M2mRelationship *rel = m2m_relationship_get(lfirst_oid(lc),
													InvalidOid, NoLock);

		if (rel == NULL)
			rel = m2m_catalog_read_rest(lfirst_oid(lc), NIL);
		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			M2mLinkView *view;

			if (!OidIsValid(rel->side[s].view))
				continue;
			view = m2m_catalog_read_view(rel->side[s].view, true);
			if (view == NULL || !m2m_view_needs_refresh(rel, view))
				continue;

			/*
			 * Locked at the start, or else only if it is free: the command's
			 * tables are held, so nobody may be waited for.  One that was
			 * just put back is ours, as nobody else sees it yet.
			 */
			if (list_member_oid(p->views, view->view) ||
				m2m_view_lock_if_free(view->view))
				m2m_view_follow(rel, view);
		}
	}
}

/*
 * refresh_functions: bodies of link functions whose names have changed; those
 * whose tables are others now are made anew.
 *
 * Of a relationship that was at rest a function keeps an order, although no rule
 * says so (yet): pg_restore makes the rule's triggers last, or beside this.
 */
static void
refresh_functions(M2mPending *p)
{
	ListCell   *lc;

	foreach(lc, p->functions)
	{
		M2mSeenFunction *seen = lfirst(lc);
		M2mRelationship *rel = m2m_relationship_get(seen->association,
													InvalidOid, NoLock);
		char	   *body;

		if (seen->at)
		{
			/* at rest it waits for m2m_history() */
			body = rel == NULL ? NULL :
				m2m_history_function_body(rel, seen->near);
			if (body != NULL && strcmp(body, seen->body) != 0 &&
				m2m_function_reads_as_seen(seen))
				m2m_function_replace(seen->function, body);
			continue;
		}
		if (rel == NULL)
		{
			m2m_function_follow_name(seen);
			continue;
		}
		/* of other tables it has another argument, and so is another one */
		if (m2m_function_is_astray(rel, seen->near, seen->function))
		{
			m2m_function_remake(rel, seen->near, seen->function);
			continue;
		}

		/* did the command change a name?  Did somebody change the body? */
		body = m2m_function_body(rel, seen->near);
		if (strcmp(body, seen->body) != 0 &&
			!(list_member_oid(p->resting, seen->association) &&
			  m2m_function_reads_in_order(seen->function, body)) &&
			m2m_function_reads_as_seen(seen))
			m2m_function_replace(seen->function, body);
	}
	foreach(lc, p->exposed)
		m2m_exposed_follow(lfirst(lc));
}

/* What make_function() is to do. */
typedef struct FunctionTask
{
	M2mRelationship *rel;
	M2mSide		near;
} FunctionTask;

/*
 * make_functions: a relationship that was at rest and is whole again has link
 * functions: those that rested too and are of other tables, or new ones in
 * place of those that went with a table.
 */
static void
make_functions(M2mPending *p)
{
	ListCell   *lc;

	foreach(lc, p->resting)
	{
		M2mRelationship *rel = m2m_relationship_get(lfirst_oid(lc),
													InvalidOid, NoLock);

		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			FunctionTask task = {rel, s};
			Oid			astray = m2m_function_astray(rel, s);
			Oid			named = m2m_function_find(rel, s, true);

			if (!OidIsValid(rel->side[s].view) ||
				OidIsValid(m2m_function_find(rel, s, false)))
				continue;
			/* a grant on one that rested is worth keeping: that one first */
			if (OidIsValid(astray))
				m2m_function_remake(rel, s, astray);
			else if (OidIsValid(named))
			{
				char	   *body = m2m_function_body(rel, s);

				/* one that is the user's own stays, or has an order */
				if (m2m_function_is_link(rel->association, named) &&
					!m2m_function_reads_in_order(named, body))
					m2m_function_replace(named, body);
			}
			else
				m2m_as_owner(m2m_catalog_relation_owner(rel->association),
							 !rel->temporary,
							 psprintf("could not make the link function of view \"%s\"",
									  get_rel_name(rel->side[s].view)),
							 make_function, &task);
		}
	}
}

/* make_function: as the association's owner. */
static void
make_function(void *arg)
{
	FunctionTask *task = arg;

	m2m_function_repair(task->rel, task->near);
}

/*
 * end_owner: link views and functions follow their association to its new
 * owner, as far as the caller may give them and the owner may have them.
 */
static void
end_owner(M2mPending *p)
{
	Oid			owner = m2m_catalog_relation_owner(p->owned_by);
	char	   *role;
	ListCell   *lc;

	if (!OidIsValid(p->owned_by) || !OidIsValid(owner) ||
		owner == p->old_owner)
		return;
	role = pstrdup(quote_identifier(GetUserNameFromId(owner, false)));

	/*
	 * A view without security_invoker, or with rules, does things with its
	 * owner's rights: given away, with the new owner's, by the old one's
	 * text.
	 */
	foreach(lc, m2m_catalog_link_views(p->owned_by))
	{
		Oid			viewid = lfirst_oid(lc);

		if (m2m_catalog_relation_owner(viewid) == p->old_owner &&
			m2m_view_runs_as_invoker(viewid))
			give_away("VIEW", m2m_qualified_name(viewid), role);
	}
	/* without its owner's tables a rule would fail for want of rights */
	foreach(lc, p->owned_tables)
	{
		if (m2m_catalog_relation_owner(lfirst_oid(lc)) == p->old_owner)
			give_away("TABLE", m2m_qualified_name(lfirst_oid(lc)), role);
	}
	foreach(lc, p->owned)
	{
		if (m2m_catalog_function_owner(lfirst_oid(lc)) == p->old_owner)
			give_away("FUNCTION",
					  format_procedure_extended(lfirst_oid(lc),
												FORMAT_PROC_FORCE_QUALIFY),
					  role);
	}
}

/* give_away: ALTER ... OWNER TO, by the caller's right. */
static void
give_away(const char *kind, const char *name, const char *role)
{
	m2m_as_owner(GetUserId(), false,
				 psprintf("%s does not follow the association to its new owner",
						  name),
				 run_ddl, psprintf("ALTER %s %s OWNER TO %s", kind, name,
								   role));
}

/* run_ddl: one statement. */
static void
run_ddl(void *arg)
{
	m2m_ddl(arg);
}
