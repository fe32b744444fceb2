/*
 * view_restore.c
 *		Puts link views back just as they were, and lets those that stand follow
 *		what their tables have become.
 *
 * One that cannot be what it should is at rest, or a WARNING says what is
 * amiss.  Privileges are restored as they stood in the catalog: replaying
 * GRANTs would change who granted them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "commands/comment.h"
#include "commands/seclabel.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "rewrite/rewriteSupport.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "view.h"
#include "view_internal.h"

/* What is restored in one go; an argument of restore_view(). */
typedef struct Restoration
{
	M2mSavedView *saved;
	M2mRelationship *rel;
	bool		shows_all;		/* no row is told to be no link any more */
	M2mViewColumn *before;		/* the saved columns, as they were saved */
	List	   *columns;
	Oid			view;			/* once it is back */
} Restoration;

/* Saved views of one association. */
typedef struct SavedViews
{
	Oid			association;	/* hash key */
	List	   *views;			/* M2mLinkView, in their order */
} SavedViews;

static bool may_join(M2mRelationship *rel, M2mLinkView *view, bool invoker);
static HTAB *by_association(List *saved_views);
static Restoration *prepare(M2mSavedView *saved, HTAB *views, List **ended);
static List *restore_together(List *saved_views, HTAB *views, List **ended);
static void restore_views(void *arg);
static void say_shows_all(Restoration *restoration);
static void complete(Restoration *restoration);
static void add_counterpart(M2mLinkView *pair[2], M2mLinkView *view,
							M2mLinkView *other);
static bool is_over(M2mRelationship *rel, M2mLinkView *pair[2]);
static void refresh_view(void *arg);
static void restore_view(void *arg);
static void restore_trigger(M2mSavedPart *part, M2mSavedView *saved);
static void run_trigger(void *arg);
static void restore_additions(Restoration *restoration);
static void run_ddl(void *arg);
static char *qualified_name(M2mSavedView *saved);
static void restore_the_rest(Restoration *restoration);
static void set_acl(Oid viewid, AttrNumber attnum, Oid owner, Acl *acl);

/* What refresh_view() is to do. */
typedef struct ViewRefresh
{
	M2mRelationship *rel;
	M2mLinkView *view;
} ViewRefresh;

/*
 * m2m_view_follow: a link view shows what the tables of its relationship have
 * become, or rests where they are not known: in place, so that it is the same
 * view to all others; else it is dropped and put back.  Where that cannot be,
 * since something of the user's depends on it, it rests at least, and so is
 * not in the way of a table that it has nothing to do with any more; and where
 * it would show the table with another role's rights (may_join).  The caller
 * holds an exclusive lock on the view.  Errors: as m2m_as_server().
 */
void
m2m_view_follow(M2mRelationship *rel, M2mLinkView *view)
{
	M2mRelationship resting = *rel;
	ViewRefresh task = {rel, view};

	/* the same description without its far table is that of the view at rest */
	resting.side[M2M_OTHER(view->near)].relid = InvalidOid;
	if (!may_join(rel, view, m2m_catalog_view_reads_as_invoker(view->view)))
	{
		if (view->at_rest)
			return;
		task.rel = &resting;
	}
	else if (!m2m_view_replaceable(rel, view))
	{
		M2mSavedView *saved = m2m_view_save(view->view);

		/* within one call, so that no command ends with the view aside */
		if (saved != NULL && m2m_view_drop(list_make1(saved)))
		{
			m2m_view_restore(list_make1(saved));
			return;
		}

		/*
		 * At rest it would be in nobody's way; but one that still shows the
		 * right table, only not all of it, is worth more as it is.
		 */
		if (view->at_rest ||
			view->far_relid == rel->side[M2M_OTHER(view->near)].relid)
			return;
		task.rel = &resting;
	}

	/* the view is there already: no need of CREATE on the schema */
	m2m_as_server(!rel->temporary,
				  psprintf("could not bring link view \"%s\" up to date",
						   get_rel_name(view->view)),
				  refresh_view, &task);
	m2m_relationship_changed(rel->association);
}

/*
 * may_join: may a link view join the table that its relationship has now, if
 * that is another one than it joins?  One that does not read with the
 * invoker's rights would show it with its owner's, and which table it is, the
 * association's owner says.
 */
static bool
may_join(M2mRelationship *rel, M2mLinkView *view, bool invoker)
{
	Oid			far = rel->side[M2M_OTHER(view->near)].relid;

	return invoker || !OidIsValid(far) || far == view->far_relid ||
		view->owner == m2m_catalog_relation_owner(rel->association);
}

/* refresh_view: the statement has no part of anybody else's. */
static void
refresh_view(void *arg)
{
	ViewRefresh *task = arg;

	m2m_view_refresh(task->rel, task->view);
}

/*
 * m2m_view_restore: puts back views that were dropped, as far as their
 * association and their schema are still there, with columns that have come
 * since at their ends, and at rest where it is not known what they joined.
 * What is amiss for good is a WARNING, see m2m_as_server() and m2m_as_owner();
 * all other errors are thrown.  Returns the associations that make up no
 * relationship any more, because columns that did are gone, and there is none
 * to take their place.
 */
List *
m2m_view_restore(List *saved_views)
{
	HTAB	   *views = by_association(saved_views);
	List	   *ended = NIL;
	List	   *rest = saved_views;
	List	   *made = NIL;
	ListCell   *lc;

	if (list_length(saved_views) > 1)
		rest = restore_together(saved_views, views, &ended);
	foreach(lc, rest)
	{
		M2mSavedView *saved = lfirst(lc);
		Restoration *restoration = prepare(saved, views, &ended);

		if (restoration == NULL)
			continue;
		say_shows_all(restoration);

		/*
		 * Nobody gets a new right by what stood there a moment ago: its owner
		 * need not be able to create it now.  What is run has no part of the
		 * user's that could be evaluated.
		 */
		if (m2m_as_server(!saved->temporary,
						  psprintf("could not put back link view \"%s\"",
								   saved->name),
						  restore_view, restoration))
			made = lappend(made, restoration);
		m2m_relationship_changed(saved->view->association);
	}

	/* once all are there: a rule of one may speak of another */
	foreach(lc, made)
		complete(lfirst(lc));
	hash_destroy(views);
	return ended;
}

/* by_association: finds those of one association among thousands. */
static HTAB *
by_association(List *saved_views)
{
	HASHCTL		control;
	HTAB	   *result;
	ListCell   *lc;

	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(SavedViews);
	control.hcxt = CurrentMemoryContext;
	result = hash_create("m2m saved views", 64, &control,
						 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foreach(lc, saved_views)
	{
		M2mLinkView *view = ((M2mSavedView *) lfirst(lc))->view;
		bool		found;
		SavedViews *entry = hash_search(result, &view->association,
										HASH_ENTER, &found);

		entry->views = lappend(found ? entry->views : NIL, view);
	}
	return result;
}

/*
 * prepare: how a view is to be put back, or NULL if it is not to be.  Reads
 * the catalogs, and changes nothing.
 */
static Restoration *
prepare(M2mSavedView *saved, HTAB *views, List **ended)
{
	M2mLinkView *pair[2] = {NULL, NULL};
	Restoration *restoration;
	SavedViews *others;
	ListCell   *lc;

	/*
	 * Asked again, after m2m_views_lost(): to put back those before it may
	 * have run event triggers of others.
	 */
	if (!m2m_view_is_lost(saved))
		return NULL;

	/*
	 * What the relationship is has to be read from what there is, and that
	 * lacks this view: so it is described by the saved ones.  Its counterpart
	 * stands, or was dropped with it.
	 */
	pair[saved->view->near] = saved->view;
	foreach(lc, m2m_catalog_link_views(saved->view->association))
		add_counterpart(pair, saved->view,
						m2m_catalog_read_view(lfirst_oid(lc), true));
	others = hash_search(views, &saved->view->association, HASH_FIND, NULL);
	foreach(lc, others->views)
		add_counterpart(pair, saved->view, lfirst(lc));
	restoration = palloc0(sizeof(Restoration));
	restoration->saved = saved;
	restoration->rel =
		m2m_catalog_describe_rest(saved->view->association, pair, NIL);
	if (restoration->rel == NULL)
		return NULL;

	/* before anything is made: what is over is dropped by the caller */
	if (is_over(restoration->rel, pair))
	{
		*ended = list_append_unique_oid(*ended, saved->view->association);
		return NULL;
	}

	/* once, though there may be two of them */
	restoration->shows_all = saved->view->deleted != 0 &&
		restoration->rel->deleted == 0 &&
		(saved->view->near == M2M_LEFT || pair[M2M_LEFT] == NULL);
	if (!may_join(restoration->rel, saved->view, saved->invoker))
		restoration->rel->side[M2M_OTHER(saved->view->near)].relid =
			InvalidOid;
	return restoration;
}

/*
 * restore_together: the same in one subtransaction for all, as each costs what
 * the transaction holds: with thousands of views, thousands of locks.  Returns
 * those that are to be put back one by one: all, with nothing done, if one of
 * them failed for a reason that may last, so that it takes no other along; and
 * temporary ones.
 */
static List *
restore_together(List *saved_views, HTAB *views, List **ended)
{
	List	   *restorations = NIL;
	List	   *over = NIL;
	List	   *rest = NIL;
	ErrorData  *error;
	ListCell   *lc;

	foreach(lc, saved_views)
	{
		M2mSavedView *saved = lfirst(lc);
		Size		size = saved->view->ncolumns * sizeof(M2mViewColumn);
		Restoration *restoration;

		if (saved->temporary)
		{
			rest = lappend(rest, saved);
			continue;
		}
		restoration = prepare(saved, views, &over);
		if (restoration == NULL)
			continue;
		restoration->before = palloc(size);
		memcpy(restoration->before, saved->view->column, size);
		restorations = lappend(restorations, restoration);
	}
	error = m2m_attempt_as(BOOTSTRAP_SUPERUSERID, true, true, false,
						   restore_views, restorations);
	if (error != NULL)
	{
		FreeErrorData(error);
		foreach(lc, restorations)
		{
			Restoration *restoration = lfirst(lc);
			M2mLinkView *view = restoration->saved->view;

			memcpy(view->column, restoration->before,
				   view->ncolumns * sizeof(M2mViewColumn));
		}
		return saved_views;
	}
	foreach(lc, restorations)
	{
		Restoration *restoration = lfirst(lc);

		if (!OidIsValid(restoration->view))
			continue;
		say_shows_all(restoration);
		complete(restoration);
		m2m_relationship_changed(restoration->saved->view->association);
	}
	*ended = over;
	return rest;
}

/* restore_views: a list of Restoration, as far as they are still to be. */
static void
restore_views(void *arg)
{
	ListCell   *lc;

	foreach(lc, (List *) arg)
	{
		Restoration *restoration = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (m2m_view_is_lost(restoration->saved))
			restore_view(restoration);
	}
}

/* say_shows_all: of which rows a relationship will have from now on. */
static void
say_shows_all(Restoration *restoration)
{
	if (restoration->shows_all)
		ereport(WARNING,
				(errmsg("all rows of table \"%s\" are links now",
						get_rel_name(restoration->saved->view->association)),
				 errdetail("The column is gone that said which were no links any more.")));
}

/*
 * complete: all that belongs to a view that is back.  Each by itself, since
 * one that does not fit must not take the view along; privileges last, as an
 * owner may have none on his view, and could not put his own default back.
 */
static void
complete(Restoration *restoration)
{
	/* event triggers of others have run since */
	if (get_rel_name(restoration->view) == NULL)
		return;
	restore_additions(restoration);
	restore_the_rest(restoration);
}

/*
 * is_over: have the association's columns of a side been dropped that its
 * views were made of, and could none that was added later take their place?
 * That one is named after the role or the column that it is to replace:
 * book_uuid, new_book_id.
 */
static bool
is_over(M2mRelationship *rel, M2mLinkView *pair[2])
{
	int			natts = m2m_catalog_natts(rel->association);

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mLinkView *near_view = pair[s];
		M2mLinkView *far_view = pair[M2M_OTHER(s)];
		char	   *prefix = psprintf("%s_", rel->side[s].role);
		AttrNumber	last = 0;
		bool		replaced = false;

		/*
		 * One at rest goes on resting: what it waits for may come, and to end
		 * it would lose the grants on its views.
		 */
		if (rel->side[s].nkeys > 0 || (near_view && near_view->at_rest) ||
			(far_view && far_view->at_rest))
			continue;
		for (int i = 0; near_view != NULL && i < near_view->nnear; i++)
			last = Max(last, near_view->near_link[i]);
		for (int i = 0; far_view != NULL && i < far_view->nfar; i++)
			last = Max(last, far_view->far_link[i]);
		for (AttrNumber a = last + 1; a <= natts; a++)
		{
			char	   *name = m2m_catalog_column_exists(rel->association, a) ?
				get_attname(rel->association, a, true) : NULL;

			if (name == NULL)
				continue;
			replaced |= strncmp(name, prefix, strlen(prefix)) == 0;
			for (int i = 0; near_view != NULL && i < near_view->nnear; i++)
				replaced |= strstr(name, near_view->column[i].source) != NULL;
		}
		if (!replaced)
			return true;
	}
	return false;
}

/* add_counterpart: takes a view as the other one of a pair, if it is that. */
static void
add_counterpart(M2mLinkView *pair[2], M2mLinkView *view, M2mLinkView *other)
{
	if (other != NULL && other->association == view->association &&
		other->near != view->near && other->owner == view->owner)
		pair[other->near] = other;
}

/*
 * restore_view: the view, its owner and m2m's trigger, by SQL.
 */
static void
restore_view(void *arg)
{
	Restoration *restoration = arg;
	M2mSavedView *saved = restoration->saved;
	List	   *existing = NIL;
	ListCell   *lc;

	/*
	 * The saved columns themselves are changed, not copies: by their
	 * addresses restore_additions() and restore_the_rest() know which of them
	 * came back.
	 */
	foreach(lc, m2m_view_sources(restoration->rel, saved->view))
	{
		M2mViewColumn *column =
			&saved->view->column[foreach_current_index(lc)];

		AttrNumber	attnum = ((M2mViewColumn *) lfirst(lc))->attnum;

		/* a key in another column of the association goes by its name */
		if (column->kind == M2M_COLUMN_KEY && attnum > 0 &&
			attnum != column->attnum &&
			strcmp(column->name, column->source) == 0)
			column->name = m2m_view_alias(existing,
										  get_attname(restoration->rel->association,
													  attnum, false),
										  m2m_view_prefix(saved->view, column));
		column->attnum = attnum;

		/* made anew, it can be cast */
		column->as_domain = false;
		existing = lappend(existing, column);
	}
	restoration->columns = m2m_view_columns(restoration->rel,
											saved->view->near, existing);
	m2m_ddl(psprintf("CREATE %sVIEW %s%s AS %s",
					 saved->temporary ? "TEMPORARY " : "", qualified_name(saved),
					 saved->options,
					 m2m_view_query(restoration->rel, saved->view->near,
									restoration->columns)));

	/* in the same attempt: without its trigger it would be no link view */
	foreach(lc, saved->triggers)
	{
		if (((M2mSavedPart *) lfirst(lc))->ours)
			restore_trigger(lfirst(lc), saved);
	}

	/* made by the current user, it is his */
	if (saved->owner != GetUserId())
		m2m_ddl(psprintf("ALTER VIEW %s OWNER TO %s", qualified_name(saved),
						 quote_identifier(GetUserNameFromId(saved->owner,
															false))));
	restoration->view = get_relname_relid(saved->name, saved->schema);
}

/* restore_trigger: a trigger with its comment and extensions. */
static void
restore_trigger(M2mSavedPart *part, M2mSavedView *saved)
{
	Oid			trigger;
	ListCell   *lc;

	m2m_ddl(part->definition);
	trigger = get_trigger_oid(get_relname_relid(saved->name, saved->schema),
							  part->name, false);
	foreach(lc, part->extensions)
		m2m_trigger_depends(trigger, lfirst(lc));
	if (part->comment != NULL)
		CreateComments(trigger, TriggerRelationId, 0, part->comment);
}

/* What run_trigger() and run_rule() are to do. */
typedef struct PartTask
{
	M2mSavedPart *part;
	M2mSavedView *saved;
} PartTask;

/* run_trigger: restores a trigger of the user's. */
static void
run_trigger(void *arg)
{
	PartTask   *task = arg;

	restore_trigger(task->part, task->saved);
}

/* run_rule: restores a rule with its comment. */
static void
run_rule(void *arg)
{
	PartTask   *task = arg;

	m2m_ddl(task->part->definition);
	if (task->part->comment != NULL)
		CreateComments(get_rewrite_oid(get_relname_relid(task->saved->name,
														 task->saved->schema),
									   task->part->name, false),
					   RewriteRelationId, 0, task->part->comment);
}

/*
 * restore_additions: the user's triggers, column defaults and rules, as the
 * view's owner where they contain what may be evaluated as they are read.  One
 * that does not fit any more is a WARNING, and does not take the others with
 * it.
 */
static void
restore_additions(Restoration *restoration)
{
	M2mSavedView *saved = restoration->saved;
	ListCell   *lc;

	for (int i = 0; i < saved->view->ncolumns; i++)
	{
		M2mSavedColumn *column = &saved->column[i];

		if (column->default_value != NULL &&
			list_member_ptr(restoration->columns, column->column))
			m2m_as_owner(saved->owner, !saved->temporary,
						 psprintf("could not put back the default of column \"%s\" of link view \"%s\"",
								  column->column->name, saved->name),
						 run_ddl,
						 psprintf("ALTER VIEW %s ALTER COLUMN %s SET DEFAULT %s",
								  qualified_name(saved),
								  quote_identifier(column->column->name),
								  column->default_value));
	}
	foreach(lc, saved->triggers)
	{
		PartTask	task = {lfirst(lc), saved};

		/*
		 * Nothing in a plain one is evaluated.  CreateTrigger() asks who
		 * makes it for the right to call its function, which the owner may
		 * have lost since; the trigger that he had would have gone on firing.
		 */
		if (!task.part->ours)
			m2m_as_owner(task.part->plain ? BOOTSTRAP_SUPERUSERID :
						 saved->owner, !saved->temporary,
						 psprintf("could not put back trigger \"%s\" of link view \"%s\"",
								  task.part->name, saved->name),
						 run_trigger, &task);
	}
	foreach(lc, saved->rules)
	{
		PartTask	task = {lfirst(lc), saved};

		m2m_as_owner(saved->owner, !saved->temporary,
					 psprintf("could not put back rule \"%s\" of link view \"%s\"",
							  task.part->name, saved->name),
					 run_rule, &task);
	}
}

/* run_ddl: one statement. */
static void
run_ddl(void *arg)
{
	m2m_ddl(arg);
}

/* qualified_name: the quoted name of a saved view, with its schema. */
static char *
qualified_name(M2mSavedView *saved)
{
	return quote_qualified_identifier(get_namespace_name(saved->schema),
									  saved->name);
}

/*
 * restore_the_rest: what needs no rights because nobody is given anything new:
 * comments, security labels and privileges as they stood in the catalog.
 */
static void
restore_the_rest(Restoration *restoration)
{
	M2mSavedView *saved = restoration->saved;
	Oid			viewid = get_relname_relid(saved->name, saved->schema);
	ListCell   *lc;

	/*
	 * Not by COMMENT, SECURITY LABEL and GRANT: these run event triggers, and
	 * ask a label's provider, who may refuse now what he has allowed before.
	 */
	if (saved->comment != NULL)
		CreateComments(viewid, RelationRelationId, 0, saved->comment);
	set_acl(viewid, 0, saved->owner, saved->acl);
	foreach(lc, saved->labels)
	{
		M2mSavedLabel *label = lfirst(lc);
		ObjectAddress object;

		if (label->column != 0)
			continue;
		ObjectAddressSet(object, RelationRelationId, viewid);
		SetSecurityLabel(&object, label->provider, label->label);
	}
	for (int i = 0; i < saved->view->ncolumns; i++)
	{
		M2mSavedColumn *column = &saved->column[i];
		AttrNumber	attnum = 0;

		foreach(lc, restoration->columns)
		{
			if (lfirst(lc) == column->column)
				attnum = foreach_current_index(lc) + 1;
		}
		/* its source is gone, and with it what was said of the column */
		if (attnum == 0)
			continue;
		if (column->comment != NULL)
			CreateComments(viewid, RelationRelationId, attnum,
						   column->comment);
		if (column->acl != NULL)
			set_acl(viewid, attnum, saved->owner, column->acl);
		foreach(lc, saved->labels)
		{
			M2mSavedLabel *label = lfirst(lc);
			ObjectAddress object;

			if (label->column != i + 1)
				continue;
			ObjectAddressSubSet(object, RelationRelationId, viewid, attnum);
			SetSecurityLabel(&object, label->provider, label->label);
		}
	}
	CommandCounterIncrement();
}

/*
 * set_acl: gives a view, or one of its columns, an ACL and the dependencies
 * on roles that go with it, instead of those that default privileges gave it.
 */
static void
set_acl(Oid viewid, AttrNumber attnum, Oid owner, Acl *acl)
{
	Oid			catalog = attnum == 0 ? RelationRelationId :
		AttributeRelationId;
	int			cache = attnum == 0 ? RELOID : ATTNUM;
	AttrNumber	position = attnum == 0 ? Anum_pg_class_relacl :
		Anum_pg_attribute_attacl;
	Relation	relation = table_open(catalog, RowExclusiveLock);
	TupleDesc	desc = RelationGetDescr(relation);
	Datum	   *values = palloc0_array(Datum, desc->natts);
	bool	   *nulls = palloc0_array(bool, desc->natts);
	bool	   *replaces = palloc0_array(bool, desc->natts);
	HeapTuple	tuple;
	HeapTuple	changed;
	Acl		   *old_acl;
	Oid		   *old_members = NULL;
	Oid		   *new_members = NULL;
	int			nold = 0;
	int			nnew = 0;
	Datum		datum;
	bool		isnull;

	/* a copy: the row may have been written by this very command */
	CommandCounterIncrement();
	tuple = attnum == 0 ?
		SearchSysCacheCopy1(cache, ObjectIdGetDatum(viewid)) :
		SearchSysCacheCopy2(cache, ObjectIdGetDatum(viewid),
							Int16GetDatum(attnum));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", viewid);
	datum = heap_getattr(tuple, position, desc, &isnull);

	/* as most have none, and each change of the row reads the view anew */
	if (isnull && acl == NULL)
	{
		table_close(relation, RowExclusiveLock);
		return;
	}
	old_acl = m2m_acl_copy(datum, isnull);
	if (old_acl != NULL)
		nold = aclmembers(old_acl, &old_members);
	if (acl != NULL)
		nnew = aclmembers(acl, &new_members);

	/*
	 * NULL is no absence: it stands for the owner's rights alone, and takes
	 * back what get_user_default_acl() gave the view when it was made.
	 */
	replaces[position - 1] = true;
	nulls[position - 1] = acl == NULL;
	values[position - 1] = PointerGetDatum(acl);
	changed = heap_modify_tuple(tuple, desc, values, nulls, replaces);
	CatalogTupleUpdate(relation, &changed->t_self, changed);

	/* pg_shdepend, or DROP ROLE would leave grants to nobody behind */
	updateAclDependencies(RelationRelationId, viewid, attnum, owner,
						  nold, old_members, nnew, new_members);
	table_close(relation, RowExclusiveLock);
}
