/*
 * ddl_drop.c
 *		DROP: what goes with a table or key of a relationship; what stands.
 *
 * An association goes with its link views and functions as if they were part
 * of it.  What a command took is seen at its end: link views that it took by
 * CASCADE, or that stepped aside for it, are put back where their tables
 * stand, and what is left of a relationship that has lost a table, or the
 * columns that it was made of, goes too.
 *
 * An engine that distributes tables (catalog_distributed.c) replaces a table by
 * creating another, DROP ... CASCADE of the first, and a rename.  That is not
 * the end of a relationship: no association goes with a table that was
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

#include "ddl_trigger.h"
#include "m2m.h"

/* A relationship, as it was before a command that may drop parts of it. */
typedef struct SeenRelationship
{
	Oid			association;
	Oid			owner;
	Oid			endpoint[2];	/* InvalidOid: at rest */
	bool		refers[2];		/* by a foreign key */
	bool		adopted;
	bool		distributed[2]; /* the endpoint was, when the command began */
	List	   *functions;		/* M2mSeenFunction */
	List	   *views;			/* M2mSavedView */
} SeenRelationship;

static bool replaces_distributed(DropStmt *stmt);
static void start_drop_table(DropStmt *stmt);
static void let_go(M2mPending *p, List *dropped, List *going);
static void drop_functions(M2mPending *p, List *dropped);
static void start_drop(Node *parsetree, List *associations, List *owners);
static List *dropped_associations(DropStmt *stmt);
static void see_relationship(M2mPending *p, Oid association, bool with_views);
static void end_drop(M2mPending *p);
static void end_relationships(M2mPending *p, List *associations);
static List *restore_lost(List *saved_views);
static void drop_rest(SeenRelationship *seen);
static void drop_triggers(Oid viewid);
static bool drop_objects(List *addresses);

/*
 * m2m_ddl_drop_start: before a command; those that drop nothing are not for
 * here.  Remembers the relationships that it may concern (m2m_pending); before
 * DROP TABLE of an association that the caller may drop, locks what that will
 * lock, and drops the link views and functions, which are taken for parts of
 * it.  Errors: 2BP01 where something else depends on those.
 */
void
m2m_ddl_drop_start(Node *parsetree)
{
	switch (nodeTag(parsetree))
	{
		case T_DropStmt:
			{
				DropStmt   *stmt = (DropStmt *) parsetree;

				if (replaces_distributed(stmt))
					break;
				if (stmt->removeType == OBJECT_TABLE)
					start_drop_table(stmt);
				else if (stmt->behavior == DROP_CASCADE &&
						 stmt->removeType != OBJECT_VIEW &&
						 !stmt->concurrent)
					start_drop(parsetree, dropped_associations(stmt), NIL);
				break;
			}
		case T_DropOwnedStmt:
			start_drop(parsetree, m2m_catalog_associations(),
					   roleSpecsToIds(((DropOwnedStmt *) parsetree)->roles));
			break;
		default:
			break;
	}
}

/*
 * m2m_ddl_drop_end: after a command that succeeded: puts back the link views
 * that were put aside, and drops what is left of relationships that have lost
 * a table or the columns that they were made of.  CurrentMemoryContext is
 * p->context, here and in m2m_ddl_alter_end().
 */
void
m2m_ddl_drop_end(M2mPending *p)
{
	end_relationships(p, restore_lost(p->aside));
	end_drop(p);
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
 * dropped together with all associations to it.  A table that no foreign key of
 * an association refers to is none of its business (any more): what still reads
 * it lets go.
 */
static void
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

	foreach(lc, stmt->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList((List *) lfirst(lc));
		Oid			relid = RangeVarGetRelid(name, NoLock, true);

		if (OidIsValid(relid))
			named = list_append_unique_oid(named, relid);
		else if (!stmt->missing_ok)
			return;
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
		return;

	/* the command's own check, which comes later; it fails by itself */
	foreach(lc, named)
	{
		Oid			relid = lfirst_oid(lc);

		if (!object_ownercheck(RelationRelationId, relid, GetUserId()) &&
			!object_ownercheck(NamespaceRelationId, get_rel_namespace(relid),
							   GetUserId()))
			return;
	}

	p = m2m_pending_push((Node *) stmt);
	old = MemoryContextSwitchTo(p->context);
	foreach(lc, associations)
	{
		Oid			association = lfirst_oid(lc);

		if (list_member_oid(dropped, association))
			going = lappend_oid(going, association);
		see_relationship(p, association, false);
	}
	let_go(p, dropped, going);
	if (going != NIL)
	{
		ObjectAddresses *functions = new_object_addresses();

		/* dropping their foreign keys' triggers locks the endpoints as well */
		foreach(lc, p->relationships)
		{
			SeenRelationship *seen = lfirst(lc);

			if (!list_member_oid(going, seen->association))
				continue;
			for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			{
				if (OidIsValid(seen->endpoint[s]))
					dropped = list_append_unique_oid(dropped,
													 seen->endpoint[s]);
			}
		}
		if (!m2m_views_put_aside(p, going, dropped))
			going = NIL;
		foreach(lc, p->relationships)
		{
			SeenRelationship *seen = lfirst(lc);
			ListCell   *lf;

			if (!list_member_oid(going, seen->association))
				continue;
			foreach(lf, seen->functions)
			{
				ObjectAddress address;

				ObjectAddressSet(address, ProcedureRelationId,
								 ((M2mSeenFunction *) lfirst(lf))->function);
				add_exact_object_address(&address, functions);
			}
		}

		/* what uses a link function is protected as by PostgreSQL */
		performMultipleDeletions(functions, stmt->behavior,
								 PERFORM_DELETION_INTERNAL);
	}
	MemoryContextSwitchTo(old);
}

/*
 * let_go: link views of other associations than those that go rest, as far as
 * they join a table that is about to be dropped and that no foreign key refers
 * to; link functions with its rows go with it.  Where something of the user's
 * depends on those, PostgreSQL's own protection holds.
 */
static void
let_go(M2mPending *p, List *dropped, List *going)
{
	List	   *tables = NIL;
	ListCell   *lc;

	foreach(lc, p->relationships)
	{
		SeenRelationship *seen = lfirst(lc);

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			if (!list_member_oid(going, seen->association) &&
				!seen->refers[s] && list_member_oid(dropped, seen->endpoint[s]))
				tables = list_append_unique_oid(tables, seen->endpoint[s]);
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
	if (tables != NIL)
		m2m_views_lock(p, tables, dropped, AccessExclusiveLock);
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
	drop_functions(p, dropped);
}

/*
 * drop_functions: drops the link functions with rows of tables that are about
 * to be dropped and that their associations do not refer to, or makes them of
 * those that these refer to instead.
 */
static void
drop_functions(M2mPending *p, List *dropped)
{
	ListCell   *lc;
	ListCell   *lf;

	foreach(lc, p->relationships)
	{
		SeenRelationship *seen = lfirst(lc);
		M2mRelationship *rel = m2m_relationship_get(seen->association,
													InvalidOid, NoLock);

		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			Oid			astray = m2m_function_astray(rel, s);

			if (OidIsValid(astray) &&
				!list_member_oid(dropped, seen->association) &&
				!list_member_oid(dropped, rel->side[M2M_LEFT].relid) &&
				!list_member_oid(dropped, rel->side[M2M_RIGHT].relid))
				m2m_function_remake(rel, s, astray);
		}
	}
	foreach(lc, dropped)
	{
		foreach(lf, m2m_functions_of_table(lfirst_oid(lc)))
		{
			ObjectAddress address;

			ObjectAddressSet(address, ProcedureRelationId, lfirst_oid(lf));
			m2m_drop_objects(list_make1(&address));
		}
	}
}

/*
 * start_drop: before a command that may drop anything by CASCADE.  Link views
 * are remembered, in case that they go and their tables stay, as when the
 * type of a column is dropped; but not those of owners whose things are what
 * is to be dropped.
 */
static void
start_drop(Node *parsetree, List *associations, List *owners)
{
	M2mPending *p;
	MemoryContext old;
	ListCell   *lc;

	if (associations == NIL)
		return;
	p = m2m_pending_push(parsetree);
	old = MemoryContextSwitchTo(p->context);
	foreach(lc, associations)
		see_relationship(p, lfirst_oid(lc), true);
	foreach(lc, p->relationships)
	{
		SeenRelationship *seen = lfirst(lc);
		ListCell   *lv;

		foreach(lv, seen->views)
		{
			if (list_member_oid(owners, m2m_saved_view_owner(lfirst(lv))))
				seen->views = foreach_delete_current(seen->views, lv);
		}
	}
	MemoryContextSwitchTo(old);
}

/*
 * dropped_associations: the associations that DROP ... CASCADE may concern:
 * of schemas and types those that depend on them, else all of the database.
 */
static List *
dropped_associations(DropStmt *stmt)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (stmt->removeType != OBJECT_SCHEMA &&
		stmt->removeType != OBJECT_TYPE && stmt->removeType != OBJECT_DOMAIN)
		return m2m_catalog_associations();
	foreach(lc, stmt->objects)
	{
		bool		schema = stmt->removeType == OBJECT_SCHEMA;
		Oid			object = schema ?
			get_namespace_oid(strVal(lfirst(lc)), true) :
			LookupTypeNameOid(NULL, lfirst_node(TypeName, lc), true);

		if (OidIsValid(object))
			result = list_concat_unique_oid(result,
											m2m_catalog_dependent_associations(schema ?
																			   NamespaceRelationId :
																			   TypeRelationId,
																			   object));
	}
	return result;
}

/* see_relationship: remembers a whole relationship. */
static void
see_relationship(M2mPending *p, Oid association, bool with_views)
{
	M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
												NoLock);
	SeenRelationship *seen;
	bool		whole = rel != NULL;

	if (rel == NULL)
		rel = m2m_catalog_read_rest(association, NIL);
	if (rel == NULL)
		return;
	seen = palloc0(sizeof(SeenRelationship));
	seen->association = association;
	seen->owner = m2m_catalog_relation_owner(association);
	seen->adopted = rel->adopted || m2m_catalog_is_distributed(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mSeenFunction *function = whole ? m2m_function_see(rel, s) : NULL;
		M2mSeenFunction *other;
		Oid			astray = m2m_function_astray(rel, s);

		seen->endpoint[s] = rel->side[s].relid;
		seen->refers[s] = OidIsValid(rel->side[s].constraint);
		seen->distributed[s] = OidIsValid(rel->side[s].relid) &&
			m2m_catalog_is_distributed(rel->side[s].relid);
		if (OidIsValid(astray))
		{
			other = palloc0(sizeof(M2mSeenFunction));
			other->function = astray;
			other->association = association;
			seen->functions = lappend(seen->functions, other);
		}
		if (function != NULL)
			seen->functions = lappend(seen->functions, function);
		if (with_views && OidIsValid(rel->side[s].view))
		{
			M2mSavedView *saved = m2m_view_save(rel->side[s].view);

			if (saved != NULL)
				seen->views = lappend(seen->views, saved);
		}
	}
	p->relationships = lappend(p->relationships, seen);
}

/*
 * end_drop: after a command that may have dropped parts of a relationship.
 */
static void
end_drop(M2mPending *p)
{
	ListCell   *lc;

	foreach(lc, p->relationships)
	{
		SeenRelationship *seen = lfirst(lc);

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			if (seen->distributed[s] &&
				get_rel_name(seen->endpoint[s]) == NULL)
				seen->adopted = true;	/* it stands as a plain table */
		}
		if (get_rel_name(seen->association) == NULL ||
			(seen->refers[M2M_LEFT] &&
			 get_rel_name(seen->endpoint[M2M_LEFT]) == NULL) ||
			(seen->refers[M2M_RIGHT] &&
			 get_rel_name(seen->endpoint[M2M_RIGHT]) == NULL))
		{
			drop_rest(seen);
			continue;
		}
		if (restore_lost(seen->views) != NIL)
		{
			seen->adopted = true;	/* it stands as a plain table */
			drop_rest(seen);
		}
	}
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
 * restore_lost: puts back those link views that are not there any more;
 * returns what m2m_view_restore() does.
 */
static List *
restore_lost(List *saved_views)
{
	List	   *lost = NIL;
	ListCell   *lc;

	foreach(lc, saved_views)
	{
		if (!m2m_view_exists(lfirst(lc)))
			lost = lappend(lost, lfirst(lc));
	}

	/* unless it is m2m itself that goes */
	if (lost == NIL || !OidIsValid(m2m_catalog_trigger_function()))
		return NIL;
	return m2m_view_restore(lost);
}

/*
 * drop_rest: removes what is left of a relationship that has lost a table: its
 * link views and functions and, if m2m made it and the dropper owns it, the
 * association; otherwise that stands as a plain table.  A link view that a view
 * of the user's reads stands too, without m2m's triggers.
 */
static void
drop_rest(SeenRelationship *seen)
{
	List	   *rest = NIL;
	char	   *name = get_rel_name(seen->association);
	ObjectAddress *association = NULL;
	ObjectAddress *address;
	ListCell   *lc;

	foreach(lc, seen->functions)
	{
		M2mSeenFunction *function = lfirst(lc);

		if (!SearchSysCacheExists1(PROCOID,
								   ObjectIdGetDatum(function->function)))
			continue;
		address = palloc(sizeof(ObjectAddress));
		ObjectAddressSet(*address, ProcedureRelationId, function->function);
		rest = lappend(rest, address);
	}
	if (name != NULL)
	{
		foreach(lc, m2m_catalog_link_views(seen->association))
		{
			M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lc), true);

			/* it may be an endpoint of others */
			if (view == NULL || view->association != seen->association)
				continue;
			address = palloc(sizeof(ObjectAddress));
			ObjectAddressSet(*address, RelationRelationId, lfirst_oid(lc));
			rest = lappend(rest, address);
		}
		if (!seen->adopted && object_ownercheck(RelationRelationId,
												seen->association,
												GetUserId()))
		{
			association = palloc(sizeof(ObjectAddress));
			ObjectAddressSet(*association, RelationRelationId,
							 seen->association);
			rest = lappend(rest, association);
		}
	}
	if (!drop_objects(rest))
	{
		/* something of the user's depends on some of it: that stands */
		foreach(lc, rest)
		{
			address = lfirst(lc);
			if (address != association && !drop_objects(list_make1(address)) &&
				address->classId == RelationRelationId)
				drop_triggers(address->objectId);
		}
	}
	else if (association != NULL)
		ereport(NOTICE,
				(errmsg("drop cascades to association table %s", name)));
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
		ObjectAddress *address = palloc(sizeof(ObjectAddress));

		ObjectAddressSet(*address, TriggerRelationId,
						 get_trigger_oid(viewid, names[i], true));
		if (OidIsValid(address->objectId))
			triggers = lappend(triggers, address);
	}
	drop_objects(triggers);
}

/*
 * drop_objects: drops objects, or leaves them all where something else
 * depends on one of them, and returns false.
 */
static bool
drop_objects(List *addresses)
{
	return addresses == NIL || m2m_drop_objects(addresses);
}
