/*
 * ddl_views.c
 *		Locks the link views that a command concerns, and takes those aside
 *		that are in its way.
 *
 * Tables and views are locked together, and none is waited for while another
 * is held (lock.c): who reads a view locks that and then its tables, who has
 * written a table may go on to read a view, so that either order of waiting
 * would deadlock with one of them.  What a view is is saved and put back by
 * view_save.c.
 */
#include "postgres.h"

#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "ddl_internal.h"
#include "execute.h"
#include "m2m.h"
#include "view.h"

static void add_lock(List **relations, List **lockmodes, Oid relid,
					 LOCKMODE lockmode);
static LOCKMODE use_lockmode(M2mLinkView *view, Oid relid);
static bool may_hold_up(Oid role, Oid relid);

/*
 * m2m_views_lock: locks tables in lockmode, as the command will, and with them
 * the link views that read relids exclusively and, where these may be remade
 * at the end of the command, whatever that will lock: what they speak of, and
 * m2m itself.  So the command does not wait once it is at work.  Nobody waits
 * for the view of a role that has no right on the table: that is locked if it
 * is free.  p->views becomes those that were locked; returns whether these are
 * all.  The caller has checked that the command may have these locks.
 */
bool
m2m_views_lock(M2mPending *p, List *relids, List *tables, LOCKMODE lockmode,
			   bool remade)
{
	List	   *ours = NIL;
	List	   *others = NIL;
	List	   *relations = NIL;
	List	   *lockmodes = NIL;
	ListCell   *lc;
	ListCell   *lv;

	/*
	 * First of all, with nothing in hand: who drops the extension has this
	 * lock exclusively and will lock every link view, to drop its triggers.
	 * Without the extension there are none, and nothing of ours is in the
	 * way.
	 */
	if (!OidIsValid(m2m_keep_extension("m2m", true)))
		return true;
	foreach(lc, relids)
	{
		foreach(lv, m2m_catalog_link_views(lfirst_oid(lc)))
		{
			Oid			owner = m2m_catalog_relation_owner(lfirst_oid(lv));

			if (OidIsValid(owner) && may_hold_up(owner, lfirst_oid(lc)))
				ours = list_append_unique_oid(ours, lfirst_oid(lv));
			else
				others = list_append_unique_oid(others, lfirst_oid(lv));
		}
	}
	others = list_difference_oid(others, ours);

	/*
	 * The first is waited for first: a table, for which the command waits
	 * anyway.  What a new foreign key refers to in the mode of
	 * ATAddForeignKeyConstraint(), since the command, which would take that
	 * lock later, holds the views by then.
	 */
	foreach(lc, tables)
		add_lock(&relations, &lockmodes, lfirst_oid(lc), lockmode);
	foreach(lc, p->referenced)
		add_lock(&relations, &lockmodes, lfirst_oid(lc), ShareRowExclusiveLock);
	foreach(lc, ours)
		add_lock(&relations, &lockmodes, lfirst_oid(lc), AccessExclusiveLock);

	/*
	 * What making the views again will lock or look up.  Schemas, types and
	 * functions are not taken in one go with the relations, and so come
	 * before any of these is held: in the way of a shared lock on them is
	 * only who drops or alters them, without whom the views could not be made
	 * again.
	 */
	foreach(lc, remade ? ours : NIL)
	{
		M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lc), true);

		if (view == NULL)
			continue;
		foreach(lv, m2m_catalog_view_uses(view->view))
		{
			ObjectAddress *used = lfirst(lv);

			if (used->classId == RelationRelationId)
				add_lock(&relations, &lockmodes, used->objectId,
						 use_lockmode(view, used->objectId));
			else
				LockDatabaseObject(used->classId, used->objectId, 0,
								   AccessShareLock);
		}
	}
	m2m_lock_relations_each(relations, lockmodes);
	p->views = ours;

	/* now that something is held, nobody may be waited for any more */
	foreach(lc, others)
	{
		if (m2m_view_lock_if_free(lfirst_oid(lc)))
			p->views = lappend_oid(p->views, lfirst_oid(lc));
	}
	return list_length(p->views) == list_length(ours) + list_length(others);
}

/* add_lock: adds a relation that is not there yet to those to be locked. */
static void
add_lock(List **relations, List **lockmodes, Oid relid, LOCKMODE lockmode)
{
	if (list_member_oid(*relations, relid))
		return;
	*relations = lappend_oid(*relations, relid);
	*lockmodes = lappend_int(*lockmodes, lockmode);
}

/*
 * use_lockmode: the lock that making a link view again takes on a relation
 * that it speaks of.  To one that it does not read a rule may write.
 */
static LOCKMODE
use_lockmode(M2mLinkView *view, Oid relid)
{
	return relid == view->association || relid == view->far_relid ?
		AccessShareLock : RowExclusiveLock;
}

/*
 * m2m_view_lock_if_free: locks a link view exclusively, and against being
 * dropped or locked exclusively what making it again will lock; false if that
 * is not to be had at once, or if it is no link view.
 */
bool
m2m_view_lock_if_free(Oid viewid)
{
	M2mLinkView *view = m2m_catalog_read_view(viewid, true);
	ListCell   *lc;

	if (view == NULL)
		return false;

	/*
	 * The view last, exclusively: of a view that is left alone only shared
	 * locks stay, to the end of the transaction, and hold up no reader.
	 */
	foreach(lc, m2m_catalog_view_uses(viewid))
	{
		ObjectAddress *used = lfirst(lc);

		if (used->classId == RelationRelationId ?
			!m2m_lock_if_free(list_make1_oid(used->objectId),
							  use_lockmode(view, used->objectId)) :
			!m2m_lock_object_if_free(used->classId, used->objectId, AccessShareLock))
			return false;
	}
	return m2m_lock_if_free(list_make1_oid(viewid), AccessExclusiveLock);
}

/*
 * m2m_views_put_aside: drops the link views that m2m_views_lock() has locked
 * and that so would be in the command's way; in p->aside is what puts them
 * back.  Where something of the user's depends on one, that stays: the command
 * fails, or takes it by CASCADE, or can do without.
 */
void
m2m_views_put_aside(M2mPending *p)
{
	ListCell   *lc;

	/* all, before the first goes: a rule of one may speak of another */
	foreach(lc, p->views)
	{
		M2mSavedView *saved = m2m_view_save(lfirst_oid(lc));

		if (saved != NULL)
			p->aside = lappend(p->aside, saved);
	}
	if (p->aside == NIL || m2m_view_drop(p->aside))
		return;

	/*
	 * As many as can, one by one.  Of one that stays nothing may be
	 * remembered: if the command takes it by CASCADE, the hook saves it as it
	 * is then.
	 */
	foreach(lc, p->aside)
	{
		if (!m2m_view_drop(list_make1(lfirst(lc))))
			p->aside = foreach_delete_current(p->aside, lc);
	}
}

/*
 * may_hold_up: has a role some right on a table?  Then it can hold a lock on
 * it, and to wait for the role's link view as well gives it no new power.
 */
static bool
may_hold_up(Oid role, Oid relid)
{
	return object_ownercheck(RelationRelationId, relid, role) ||
		pg_class_aclcheck(relid, role, ACL_ALL_RIGHTS_RELATION) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(relid, role, ACL_ALL_RIGHTS_COLUMN,
								  ACLMASK_ANY) == ACLCHECK_OK;
}
