/*
 * ddl_dropped.c
 *		What a command drops of relationships, as it was when it was dropped.
 *
 * CASCADE can take a link view along with a type, function or sequence that a
 * column hangs on, while the view's tables stay; then it is put back when the
 * command ends (ddl_drop.c).  What is put back is what the command itself
 * dropped.  To look beforehand would be too early: until the command has its
 * locks, others can drop a relationship or revoke a privilege, and that would
 * be undone.  At sql_drop it is too late: all is gone.
 *
 * So an object access hook sees each object just before it goes.  By then the
 * deletion's locks are held on everything that goes.  A view's parts
 * (triggers, rules, defaults, row type) go one by one and before the view: at
 * the first of them the view is still whole, and all of it is saved.  A
 * foreign key may be an association's only tie to one of its tables: the
 * relationship is remembered then, too.
 *
 * A command that drops nothing of a relationship pays for a look at the kind
 * of each thing that it drops.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "commands/extension.h"
#include "commands/user.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "ddl.h"
#include "ddl_internal.h"
#include "execute.h"
#include "m2m.h"
#include "view.h"

static object_access_hook_type previous_hook = NULL;

static void on_object_access(ObjectAccessType access, Oid classid,
							 Oid objectid, int subid, void *arg);
static void see_view(M2mPending *p, Oid viewid);
static void forget_with_extension(Oid extension);
static bool is_named(M2mPending *p, Oid viewid);
static void see_foreign_key(M2mPending *p, Oid constraint);
static bool is_dropped(Node *parsetree, Form_pg_extension extension);
static Oid	schema_owner(Oid schema);

/*
 * m2m_dropped_init: hooks in.  Called once, at load.
 */
void
m2m_dropped_init(void)
{
	previous_hook = object_access_hook;
	object_access_hook = on_object_access;
}

/*
 * on_object_access: before something is dropped.  What we drop ourselves, and
 * what is dropped outside the commands that are remembered, is none of our
 * business.  An error fails the command, as any in dropping does.
 */
static void
on_object_access(ObjectAccessType access, Oid classid, Oid objectid,
				 int subid, void *arg)
{
	M2mPending *p = m2m_pending;
	MemoryContext old;

	/* first: others may refuse, by an error */
	if (previous_hook != NULL)
		previous_hook(access, classid, objectid, subid, arg);

	/*
	 * A column (subid) is dropped after the views that read it.  Deeper than
	 * the innermost command is what we drop ourselves, to put it back.
	 */
	if (access != OAT_DROP || subid != 0 || p == NULL ||
		m2m_ddl_depth() > p->depth)
		return;
	if (classid == ExtensionRelationId)
	{
		forget_with_extension(objectid);
		return;
	}
	old = MemoryContextSwitchTo(p->context);
	if (classid == ConstraintRelationId)
		see_foreign_key(p, objectid);
	else
	{
		Oid			relid = m2m_catalog_relation_of(classid, objectid);

		/*
		 * findDependentObjects() puts what depends on an object before it, so
		 * triggers, rules, defaults and row type go before their view.  At
		 * the first of them all the others can still be read; at any later
		 * one the view is only half of itself, and must not be saved again.
		 */
		if (OidIsValid(relid) && get_rel_relkind(relid) == RELKIND_VIEW &&
			!list_member_oid(p->dropped_views, relid))
		{
			p->dropped_views = lappend_oid(p->dropped_views, relid);
			if (m2m_catalog_is_link_view(relid) && !is_named(p, relid))
				see_view(p, relid);
		}
	}
	MemoryContextSwitchTo(old);
}

/*
 * see_view: saves a link view that is about to be dropped, and remembers its
 * relationship.
 */
static void
see_view(M2mPending *p, Oid viewid)
{
	M2mSavedView *saved;

	/*
	 * What the same command has changed is to be seen as it is now: of DROP
	 * OWNED the privileges that it has revoked, which would come back.
	 */
	CommandCounterIncrement();
	saved = m2m_view_save(viewid);
	if (saved == NULL)
		return;

	/* before it goes itself: with its last view it would not be read as one */
	m2m_relationship_see(p, m2m_saved_view_association(saved));
	p->aside = lappend(p->aside, saved);
}

/*
 * forget_with_extension: when m2m itself is dropped, forgets the commands that
 * are running.  Its event trigger, which is gone already, would have done that
 * at their end.  What the transaction does then, perhaps with m2m created once
 * more, has nothing to do with them.  Those that began outside a
 * subtransaction that may yet be rolled back are kept.
 */
static void
forget_with_extension(Oid extension)
{
	char	   *name = get_extension_name(extension);

	if (name == NULL || strcmp(name, "m2m") != 0)
		return;

	/*
	 * An entry from outside this subtransaction must be there if the drop is
	 * rolled back; if it is not, m2m_views_lost() finds no trigger function
	 * and returns nothing.
	 */
	while (m2m_pending != NULL &&
		   m2m_pending->nest_level >= GetCurrentTransactionNestLevel())
		m2m_pending_pop(m2m_pending);
}

/* is_named: is a view what DROP VIEW is about? */
static bool
is_named(M2mPending *p, Oid viewid)
{
	ListCell   *lc;

	if (p->drop_view == NULL)
		return false;

	/*
	 * By name, as the command itself has just done under its locks: the view
	 * is locked and still there, so the name means what it meant then.
	 */
	foreach(lc, p->drop_view->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList((List *) lfirst(lc));

		if (RangeVarGetRelid(name, NoLock, true) == viewid)
			return true;
	}
	return false;
}

/*
 * see_foreign_key: remembers the relationships of an association that is about
 * to lose a foreign key.
 */
static void
see_foreign_key(M2mPending *p, Oid constraint)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID,
										ObjectIdGetDatum(constraint));
	Oid			relid = InvalidOid;

	if (!HeapTupleIsValid(tuple))
		return;
	if (((Form_pg_constraint) GETSTRUCT(tuple))->contype == CONSTRAINT_FOREIGN)
		relid = ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid;
	ReleaseSysCache(tuple);
	if (OidIsValid(relid) && m2m_catalog_link_views(relid) != NIL)
		m2m_relationship_see(p, relid);
}

/*
 * m2m_dropped_lock_extensions: before DROP EXTENSION, or DROP SCHEMA or OWNED
 * that may take an extension along, waits until nobody is about to mark
 * something as depending on it, and keeps others from doing so
 * (m2m_lock_extension).  Does nothing where the caller may not drop it: the
 * command fails by itself.
 */
void
m2m_dropped_lock_extensions(Node *parsetree)
{
	Relation	relation;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *extensions = NIL;
	ListCell   *lc;

	if (IsA(parsetree, DropStmt) &&
		((DropStmt *) parsetree)->removeType != OBJECT_EXTENSION &&
		(((DropStmt *) parsetree)->removeType != OBJECT_SCHEMA ||
		 ((DropStmt *) parsetree)->behavior != DROP_CASCADE))
		return;

	/*
	 * Which extensions DROP SCHEMA or DROP OWNED will come to in the end is
	 * not known before findDependentObjects().  Those that lie in the schema,
	 * or are the role's, may be among them; one lock too many only makes
	 * those wait who mark triggers as depending on that very extension.
	 */
	relation = table_open(ExtensionRelationId, AccessShareLock);
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);

		if (is_dropped(parsetree, form))
			extensions = lappend_oid(extensions, form->oid);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);

	/* two who drop several take them in one order */
	list_sort(extensions, list_oid_cmp);
	foreach(lc, extensions)
		m2m_lock_extension(lfirst_oid(lc), AccessExclusiveLock);
}

/* is_dropped: may a command drop an extension, by the caller's right? */
static bool
is_dropped(Node *parsetree, Form_pg_extension extension)
{
	Oid			owner = schema_owner(extension->extnamespace);
	ListCell   *lc;

	if (IsA(parsetree, DropOwnedStmt))
	{
		DropOwnedStmt *stmt = (DropOwnedStmt *) parsetree;

		foreach(lc, roleSpecsToIds(stmt->roles))
		{
			Oid			role = lfirst_oid(lc);

			if (has_privs_of_role(GetUserId(), role) &&
				(role == extension->extowner ||
				 (role == owner && stmt->behavior == DROP_CASCADE)))
				return true;
		}
		return false;
	}
	foreach(lc, ((DropStmt *) parsetree)->objects)
	{
		const char *name = strVal(lfirst(lc));

		if (((DropStmt *) parsetree)->removeType == OBJECT_EXTENSION ?
			strcmp(name, NameStr(extension->extname)) == 0 &&
			has_privs_of_role(GetUserId(), extension->extowner) :
			get_namespace_oid(name, true) == extension->extnamespace &&
			has_privs_of_role(GetUserId(), owner))
			return true;
	}
	return false;
}

/* schema_owner: whose a schema is, InvalidOid if it is gone. */
static Oid
schema_owner(Oid schema)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID,
										ObjectIdGetDatum(schema));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	result = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return result;
}
