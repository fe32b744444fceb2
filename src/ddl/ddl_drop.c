/*
 * ddl_drop.c
 *		DROP: what goes with a table or key of a relationship; what stands.
 *		And the end of every command, ALTER too: which link views come back.
 *
 * An association goes with its link views and functions as if they were part
 * of it.  What a command took is seen at its end: link views that it took by
 * CASCADE, or that stepped aside for it, are put back where their tables
 * stand, and what is left of a relationship that has lost a table, or the
 * columns that it was made of, goes too.
 *
 * An engine that distributes tables (catalog_distributed.c) replaces a table
 * by creating another, DROP ...  CASCADE of the first, and a rename.  That is
 * not the end of a relationship: no association goes with a table that was
 * distributed when the command began.  The engine's own event triggers may
 * have forgotten the table at its end.
 */
#include "postgres.h"

#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "commands/user.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "ddl_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "view.h"

/* A relationship, as it was before a command dropped parts of it. */
typedef struct SeenRelationship
{
	Oid			association;
	Oid			endpoint[2];	/* InvalidOid: at rest */
	bool		refers[2];		/* by a foreign key */
	bool		adopted;
	bool		distributed[2]; /* the endpoint was, when the command began */
	List	   *functions;		/* M2mSeenFunction */
} SeenRelationship;

static bool replaces_distributed(DropStmt *stmt);
static List *roles_of(DropOwnedStmt *stmt, MemoryContext context);
static bool start_drop_table(DropStmt *stmt);
static void let_go(M2mPending *p, DropStmt *stmt, List *named,
				   List *associations, List *dropped, List *going,
				   bool functions);
static void drop_functions(List *associations, List *dropped);
static void drop_parts(M2mPending *p, DropStmt *stmt, List *named,
					   List *going, List *dropped);
static bool still_means(DropStmt *stmt, List *named);
static ObjectAddress *address_of(Oid classid, Oid objectid);
static List *functions_of(SeenRelationship *seen);
static SeenRelationship *seen_relationship(M2mPending *p, Oid association);
static bool is_whole(SeenRelationship *seen);
static List *end_drop(M2mPending *p, List *ended);
static void end_relationships(M2mPending *p, List *associations);
static void drop_rest(SeenRelationship *seen);
static void drop_triggers(Oid viewid);

/*
 * m2m_ddl_drop_start: before a command; those that drop nothing are not for
 * here.  One that may drop link views by CASCADE, with whatever they hang on,
 * is remembered (m2m_pending), and nothing looked at before something of a
 * relationship is dropped (ddl_dropped.c).  Before DROP TABLE of an
 * association that the caller may drop, locks what that will lock, and drops
 * the link views and functions, which are taken for parts of it.  Errors:
 * 2BP01 where something else depends on those.
 */
void
m2m_ddl_drop_start(Node *parsetree)
{
	M2mPending *p;

	if (IsA(parsetree, DropStmt))
	{
		DropStmt   *stmt = (DropStmt *) parsetree;

		/*
		 * CONCURRENTLY commits on its way (index_drop()), which would take
		 * our memory, a child of the transaction's; the other is how an
		 * engine replaces a table.
		 */
		if (stmt->concurrent || replaces_distributed(stmt))
			return;

		/* before any lock on a table, as m2m_views_lock() does */
		m2m_dropped_lock_extensions(parsetree);
		if (stmt->removeType == OBJECT_TABLE && start_drop_table(stmt))
			return;

		/*
		 * Without CASCADE only what is named goes, and that is the user's
		 * will. Inside another command it is remembered all the same: the
		 * hook books what goes on the innermost one, and the outer would put
		 * it back.
		 */
		if (stmt->behavior == DROP_CASCADE || m2m_pending != NULL)
		{
			MemoryContext old;

			p = m2m_pending_push(parsetree);
			old = MemoryContextSwitchTo(p->context);

			/* the hook looks its names up: of an entry that never ended, too */
			if (stmt->removeType == OBJECT_VIEW)
				p->drop_view = copyObject(stmt);
			MemoryContextSwitchTo(old);
		}
	}
	else if (IsA(parsetree, DropOwnedStmt))
	{
		m2m_dropped_lock_extensions(parsetree);
		p = m2m_pending_push(parsetree);
		p->dropped_owners = roles_of((DropOwnedStmt *) parsetree, p->context);
	}
}

/* roles_of: the roles that DROP OWNED names, in a context. */
static List *
roles_of(DropOwnedStmt *stmt, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	List	   *result = roleSpecsToIds(stmt->roles);

	MemoryContextSwitchTo(old);
	return result;
}

/*
 * m2m_ddl_drop_end: after a command that succeeded: puts back the link views
 * that were put aside, or went by CASCADE, and drops what is left of
 * relationships that have lost a table or the columns that they were made of.
 * CurrentMemoryContext is p->context, here and in m2m_ddl_alter_end().
 */
void
m2m_ddl_drop_end(M2mPending *p)
{
	List	   *lost = m2m_views_lost(p);
	List	   *ended = lost != NIL ? m2m_view_restore(lost) : NIL;

	/* only now: a relationship that a view has come back to is whole */
	end_relationships(p, end_drop(p, ended));
}

/*
 * replaces_distributed: is it DROP TABLE ... CASCADE of a distributed table?
 * What its engine does with the relationships of the table that it makes
 * instead, or the user with a table that he drops, is left to them.
 */
static bool
replaces_distributed(DropStmt *stmt)
{
	ListCell   *lc;

	if (stmt->removeType != OBJECT_TABLE || stmt->behavior != DROP_CASCADE)
		return false;
	foreach(lc, stmt->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList((List *) lfirst(lc));

		if (m2m_catalog_is_distributed(RangeVarGetRelid(name, NoLock, true)))
			return true;
	}
	return false;
}

/*
 * start_drop_table: before DROP TABLE.  An association goes with its link
 * views and functions as if they were part of it; so does an endpoint that is
 * dropped together with all associations to it.  A table that no foreign key
 * of an association refers to is none of its business (any more): what still
 * reads it lets go.  Returns whether the command is remembered.
 */
static bool
start_drop_table(DropStmt *stmt)
{
	List	   *named = NIL;
	List	   *dropped = NIL;	/* and what inherits from it */
	List	   *associations;
	List	   *going = NIL;
	List	   *functions = NIL;	/* of tables that no association refers to */
	M2mPending *p;
	MemoryContext old;
	ListCell   *lc;

	/*
	 * Nothing may be locked before the caller's right is known.  What the
	 * names mean is looked at again under the locks, before anything is
	 * dropped for good (drop_parts()).
	 */
	foreach(lc, stmt->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList((List *) lfirst(lc));
		Oid			relid = RangeVarGetRelid(name, NoLock, true);

		if (OidIsValid(relid))
			named = list_append_unique_oid(named, relid);
		else if (!stmt->missing_ok)
			return false;
	}
	foreach(lc, named)
	{
		if (has_subclass(lfirst_oid(lc)))
			dropped = list_concat_unique_oid(dropped,
											 find_all_inheritors(lfirst_oid(lc),
																 NoLock, NULL));
		else
			dropped = list_append_unique_oid(dropped, lfirst_oid(lc));
	}
	associations = m2m_catalog_associations_of(dropped);
	foreach(lc, dropped)
	{
		if (functions == NIL)
			functions = m2m_functions_of_table(lfirst_oid(lc));
	}
	if (associations == NIL && functions == NIL)
		return false;

	/*
	 * The command's own check (RangeVarCallbackForDropRelation()), which
	 * comes later; it fails by itself.  Whoever may not drop the table must
	 * not make others wait for it by naming it.
	 */
	foreach(lc, named)
	{
		Oid			relid = lfirst_oid(lc);

		if (!object_ownercheck(RelationRelationId, relid, GetUserId()) &&
			!object_ownercheck(NamespaceRelationId, get_rel_namespace(relid),
							   GetUserId()))
			return false;
	}

	p = m2m_pending_push((Node *) stmt);
	old = MemoryContextSwitchTo(p->context);
	foreach(lc, associations)
	{
		if (list_member_oid(dropped, lfirst_oid(lc)))
			going = lappend_oid(going, lfirst_oid(lc));
	}

	/*
	 * What rests does so before the table goes, in place: once PostgreSQL has
	 * found a dependent view, it can only refuse, or take it by CASCADE.
	 */
	let_go(p, stmt, named, associations, dropped, going, functions != NIL);
	if (going != NIL)
		drop_parts(p, stmt, named, going, dropped);
	MemoryContextSwitchTo(old);
	return true;
}

/*
 * let_go: link views of other associations than those that go rest, as far as
 * they join a table that is about to be dropped and that no foreign key refers
 * to; link functions with its rows go with it.  Where something of the user's
 * depends on those, PostgreSQL's own protection holds.  functions: there are
 * some, whether or not there are views.
 */
static void
let_go(M2mPending *p, DropStmt *stmt, List *named, List *associations,
	   List *dropped, List *going, bool functions)
{
	List	   *tables = NIL;
	ListCell   *lc;

	foreach(lc, associations)
	{
		M2mRelationship *rel = list_member_oid(going, lfirst_oid(lc)) ? NULL :
			m2m_catalog_read_rest(lfirst_oid(lc), NIL);

		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			if (!OidIsValid(rel->side[s].constraint) &&
				list_member_oid(dropped, rel->side[s].relid))
				tables = list_append_unique_oid(tables, rel->side[s].relid);
		}
	}
	foreach(lc, dropped)
	{
		ListCell   *lv;

		/* one that has not followed its foreign key to another table */
		foreach(lv, m2m_catalog_link_views(lfirst_oid(lc)))
		{
			M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lv), true);
			M2mRelationship *rel = view == NULL ||
				view->far_relid != lfirst_oid(lc) ||
				list_member_oid(going, view->association) ? NULL :
				m2m_catalog_read_rest(view->association, NIL);

			if (rel != NULL && rel->side[M2M_OTHER(view->near)].relid !=
				lfirst_oid(lc))
				tables = list_append_unique_oid(tables, lfirst_oid(lc));
		}
	}
	if (tables != NIL || functions)
		m2m_views_lock(p, tables, dropped, AccessExclusiveLock, true);

	/* as in drop_parts(): functions do not come back, nor do their grants */
	if (!still_means(stmt, named))
		return;

	/* read again: while we waited a key may have come, or a view gone */
	foreach(lc, tables)
	{
		ListCell   *lv;

		foreach(lv, m2m_catalog_link_views(lfirst_oid(lc)))
		{
			M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lv), true);
			M2mRelationship *rel = view == NULL ||
				view->far_relid != lfirst_oid(lc) ||
				!list_member_oid(p->views, view->view) ||
				list_member_oid(going, view->association) ? NULL :
				m2m_catalog_read_rest(view->association, dropped);

			if (rel != NULL && m2m_view_needs_refresh(rel, view))
				m2m_view_follow(rel, view);
		}
	}
	drop_functions(associations, dropped);
}

/*
 * drop_functions: drops the link functions with rows of tables that are about
 * to be dropped and that their associations do not refer to, or makes them of
 * those that these refer to instead.
 */
static void
drop_functions(List *associations, List *dropped)
{
	ListCell   *lc;
	ListCell   *lf;

	foreach(lc, associations)
	{
		M2mRelationship *rel = list_member_oid(dropped, lfirst_oid(lc)) ? NULL :
			m2m_relationship_get(lfirst_oid(lc), InvalidOid, NoLock);

		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			Oid			astray = m2m_function_astray(rel, s);

			if (OidIsValid(astray) &&
				!list_member_oid(dropped, rel->side[M2M_LEFT].relid) &&
				!list_member_oid(dropped, rel->side[M2M_RIGHT].relid))
				m2m_function_remake(rel, s, astray);
		}
	}
	foreach(lc, dropped)
	{
		foreach(lf, m2m_functions_of_table(lfirst_oid(lc)))
			m2m_drop_for_good_if_free(list_make1(address_of(ProcedureRelationId,
															lfirst_oid(lf))));
	}
}

/*
 * drop_parts: drops the link views and functions of associations that are
 * about to be dropped, once all is locked that the command will lock.
 */
static void
drop_parts(M2mPending *p, DropStmt *stmt, List *named, List *going,
		   List *dropped)
{
	List	   *locked = list_copy(dropped);
	List	   *views = NIL;
	bool		all;
	ListCell   *lc;

	/* RemoveTriggerById() will lock the endpoints as well, to drop theirs */
	foreach(lc, going)
	{
		M2mRelationship *rel = m2m_catalog_read_rest(lfirst_oid(lc), NIL);

		if (rel == NULL)
			continue;
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			if (OidIsValid(rel->side[s].relid))
				locked = list_append_unique_oid(locked, rel->side[s].relid);
		}
	}
	all = m2m_views_lock(p, going, locked, AccessExclusiveLock, false);

	/*
	 * Names were looked up without a lock.  Whoever was waited for may have
	 * renamed the table and made another: the command, which looks them up
	 * again as RangeVarGetRelidExtended() does, drops that one.  What we drop
	 * here is dropped for good, and would not come back at its end.
	 */
	if (!still_means(stmt, named))
		return;

	/* while the views, which describe them, are there */
	foreach(lc, going)
		m2m_relationship_see(p, lfirst_oid(lc));

	foreach(lc, p->views)
	{
		M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lc), true);

		/* one with something of the user's in it is protected */
		if (view != NULL && !view->custom)
			views = lappend(views,
							address_of(RelationRelationId, view->view));
	}
	if (!m2m_drop_for_good_if_free(views))
	{
		/* as many as can; the command fails, or takes the others by CASCADE */
		foreach(lc, views)
			m2m_drop_for_good_if_free(list_make1(lfirst(lc)));
		return;
	}

	/*
	 * A view that was not to be had will make the command fail: no function
	 * should have gone for that.  What uses one is protected as by
	 * PostgreSQL.
	 */
	if (!all)
		return;
	foreach(lc, p->relationships)
	{
		SeenRelationship *seen = lfirst(lc);

		if (list_member_oid(going, seen->association))
			m2m_drop_for_good(functions_of(seen), stmt->behavior);
	}
}

/*
 * still_means: does a DROP TABLE name just the tables that it was taken to
 * name?  One that is no longer named stands, also where the command says IF
 * EXISTS and drops nothing, or drops what was only its child.  The caller has
 * just taken locks, and with them notice of what others have committed
 * (LockRelationOid()).
 */
static bool
still_means(DropStmt *stmt, List *named)
{
	List	   *now = NIL;
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList((List *) lfirst(lc));
		Oid			relid = RangeVarGetRelid(name, NoLock, true);

		if (OidIsValid(relid))
			now = list_append_unique_oid(now, relid);
	}
	return list_difference_oid(named, now) == NIL &&
		list_difference_oid(now, named) == NIL;
}

/* address_of: an object's address, to be put into a list. */
static ObjectAddress *
address_of(Oid classid, Oid objectid)
{
	ObjectAddress *address = palloc(sizeof(ObjectAddress));

	ObjectAddressSet(*address, classid, objectid);
	return address;
}

/*
 * functions_of: addresses of the link functions of a relationship, but for
 * those that somebody has made into something else since.
 */
static List *
functions_of(SeenRelationship *seen)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, seen->functions)
	{
		M2mSeenFunction *function = lfirst(lc);

		if (m2m_function_reads_as_seen(function))
			result = lappend(result, address_of(ProcedureRelationId,
												function->function));
	}
	return result;
}

/*
 * m2m_relationship_see: remembers a whole relationship, of which a command is
 * going to drop, or just dropping, some part; once.
 */
void
m2m_relationship_see(M2mPending *p, Oid association)
{
	MemoryContext old;
	M2mRelationship *rel;
	SeenRelationship *seen;
	bool		whole;

	if (seen_relationship(p, association) != NULL)
		return;

	/*
	 * No lock: the caller has those of the deletion, or is about to drop with
	 * those of m2m_views_lock().  Copied, as the description may be retired.
	 */
	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	whole = rel != NULL;
	if (!whole)
		rel = m2m_catalog_read_rest(association, NIL);
	if (rel == NULL)
		return;
	old = MemoryContextSwitchTo(p->context);
	seen = palloc0(sizeof(SeenRelationship));
	seen->association = association;
	seen->adopted = rel->adopted || m2m_catalog_is_distributed(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mSeenFunction *function = whole ? m2m_function_see(rel, s) : NULL;
		Oid			astray = m2m_function_astray(rel, s);

		seen->endpoint[s] = rel->side[s].relid;
		seen->refers[s] = OidIsValid(rel->side[s].constraint);
		seen->distributed[s] = OidIsValid(rel->side[s].relid) &&
			m2m_catalog_is_distributed(rel->side[s].relid);
		if (OidIsValid(astray))
			seen->functions = lappend(seen->functions,
									  m2m_function_see_as_is(rel, s, astray));
		if (function != NULL)
			seen->functions = lappend(seen->functions, function);
		function = whole ? m2m_function_see_at(rel, s) : NULL;
		if (function != NULL)
			seen->functions = lappend(seen->functions, function);
	}
	p->relationships = lappend(p->relationships, seen);
	MemoryContextSwitchTo(old);
}

/* seen_relationship: one that a command has remembered, or NULL. */
static SeenRelationship *
seen_relationship(M2mPending *p, Oid association)
{
	ListCell   *lc;

	foreach(lc, p->relationships)
	{
		SeenRelationship *seen = lfirst(lc);

		if (seen->association == association)
			return seen;
	}
	return NULL;
}

/*
 * is_whole: is an association there, with the tables that it refers to?  (A
 * table that it did not refer to may go: the relationship rests.)
 */
static bool
is_whole(SeenRelationship *seen)
{
	if (get_rel_name(seen->association) == NULL)
		return false;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (seen->refers[s] && get_rel_name(seen->endpoint[s]) == NULL)
			return false;
	}
	return true;
}

/*
 * m2m_views_lost: those link views (M2mSavedView) that were put aside for a
 * command, or dropped by it, and that are to be put back: what they are made
 * of is there, and the command was not meant for them.
 */
List *
m2m_views_lost(M2mPending *p)
{
	List	   *result = NIL;
	ListCell   *lc;

	/*
	 * Unless it is m2m itself that goes: there is no trigger function for
	 * their triggers, and link views are left as plain views by DROP
	 * EXTENSION.
	 */
	if (p->aside == NIL || !OidIsValid(m2m_catalog_trigger_function()))
		return NIL;
	foreach(lc, p->aside)
	{
		M2mSavedView *saved = lfirst(lc);
		SeenRelationship *seen =
			seen_relationship(p, m2m_saved_view_association(saved));

		/*
		 * This decides whether a view comes back.  seen is NULL where it only
		 * stepped aside, and nothing else of the relationship was dropped.  A
		 * view of one that has lost a table goes with that (end_drop()), and
		 * what DROP OWNED is about is not ours to give back.
		 */
		if (m2m_view_is_lost(saved) && (seen == NULL || is_whole(seen)) &&
			!list_member_oid(p->dropped_owners, m2m_saved_view_owner(saved)))
			result = lappend(result, saved);
	}
	return result;
}

/*
 * end_drop: after a command that may have dropped parts of a relationship.
 * Returns the associations of ended that it had not seen to be concerned.
 */
static List *
end_drop(M2mPending *p, List *ended)
{
	ListCell   *lc;

	foreach(lc, p->relationships)
	{
		SeenRelationship *seen = lfirst(lc);

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			/*
			 * Its engine may be about to create the table again, by the same
			 * name.  The links are not to be lost by that: as a plain table
			 * the association can be adopted again.
			 */
			if (seen->distributed[s] &&
				get_rel_name(seen->endpoint[s]) == NULL)
				seen->adopted = true;
		}
		if (!is_whole(seen))
			drop_rest(seen);
		else if (list_member_oid(ended, seen->association))
		{
			seen->adopted = true;	/* it stands as a plain table */
			drop_rest(seen);
		}
		else
			continue;
		ended = list_delete_oid(ended, seen->association);
	}
	return ended;
}

/*
 * end_relationships: what the columns were of that made up a relationship is
 * gone: so are its link views and functions.  The association stands as a
 * plain table.
 */
static void
end_relationships(M2mPending *p, List *associations)
{
	ListCell   *lc;

	foreach(lc, associations)
	{
		SeenRelationship seen;
		ListCell   *lf;

		memset(&seen, 0, sizeof(seen));
		seen.association = lfirst_oid(lc);
		seen.adopted = true;	/* it is not dropped */
		foreach(lf, p->functions)
		{
			if (((M2mSeenFunction *) lfirst(lf))->association ==
				seen.association)
				seen.functions = lappend(seen.functions, lfirst(lf));
		}
		ereport(NOTICE,
				(errmsg("relationship \"%s\" ends with the columns that it was made of",
						get_rel_name(seen.association))));
		drop_rest(&seen);
	}
}

/*
 * drop_rest: removes what is left of a relationship that has lost a table: its
 * link views and functions and, if m2m made it and the dropper owns it, the
 * association; otherwise that stands as a plain table.  A link view that a
 * view of the user's reads, or that has something of the user's in it, stands
 * too, without m2m's triggers; and the association that it reads.
 */
static void
drop_rest(SeenRelationship *seen)
{
	List	   *rest = functions_of(seen);
	char	   *name = get_rel_name(seen->association);
	ObjectAddress *association = NULL;
	List	   *custom = NIL;
	ListCell   *lc;

	if (name != NULL)
	{
		foreach(lc, m2m_catalog_link_views(seen->association))
		{
			M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lc), true);

			/* it may be an endpoint of others */
			if (view == NULL || view->association != seen->association)
				continue;
			if (view->custom)
				custom = lappend_oid(custom, view->view);
			else
				rest = lappend(rest,
							   address_of(RelationRelationId, view->view));
		}
		if (!seen->adopted && object_ownercheck(RelationRelationId,
												seen->association,
												GetUserId()))
		{
			association = address_of(RelationRelationId, seen->association);
			rest = lappend(rest, association);
		}
	}
	/* views before the table that they read: RESTRICT, one after the other */
	if (!m2m_drop_for_good_if_free(rest))
	{
		/*
		 * Something of the user's depends on some of it: that stands.  So
		 * does the association, which is not tried again alone: links are not
		 * to go where their views could not.
		 */
		foreach(lc, rest)
		{
			ObjectAddress *address = lfirst(lc);

			if (address != association &&
				!m2m_drop_for_good_if_free(list_make1(address)) &&
				address->classId == RelationRelationId)
				drop_triggers(address->objectId);
		}
	}
	else if (association != NULL)
		ereport(NOTICE,
				(errmsg("drop cascades to association table %s", name)));
	foreach(lc, custom)
		drop_triggers(lfirst_oid(lc));
}

/*
 * drop_triggers: makes a link view that has to stay, although its relationship
 * is lost, a view like any other.
 */
static void
drop_triggers(Oid viewid)
{
	static const char *const names[] = {
		M2M_VIEW_TRIGGER_NAME, M2M_BATCH_TRIGGER_NAME
	};
	List	   *triggers = NIL;

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		Oid			trigger = get_trigger_oid(viewid, names[i], true);

		if (OidIsValid(trigger))
			triggers = lappend(triggers,
							   address_of(TriggerRelationId, trigger));
	}
	if (triggers != NIL)
		m2m_drop_objects(triggers);
}
