/*
 * ddl_views.c
 *		Locks the link views that a command concerns, and takes those aside
 *		that are in its way.
 *
 * The tables are locked first, as the command will, and then the views: the
 * other way round would deadlock with readers.  What a view is is saved and
 * put back by view_save.c.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "utils/acl.h"

#include "ddl_trigger.h"
#include "m2m.h"

static List *views_of(List *relids);
static bool may_hold_up(Oid role, Oid relid);

/*
 * m2m_views_lock: locks tables in lockmode, as the command will, and with them
 * the link views that read relids exclusively.  Nobody waits for the view of a
 * role that has no right on the table: that is locked if it is free.
 * p->views becomes those that were locked; returns whether these are all.  The
 * caller has checked that the command may have these locks.
 */
bool
m2m_views_lock(M2mPending *p, List *relids, List *tables, LOCKMODE lockmode)
{
	List	   *ours = NIL;
	List	   *others = NIL;
	ListCell   *lc;
	ListCell   *lv;

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
	if (lockmode == AccessExclusiveLock)
		m2m_lock_relations(list_concat_copy(tables, ours), lockmode);
	else
	{
		m2m_lock_relations(tables, lockmode);
		m2m_lock_relations(ours, AccessExclusiveLock);
	}
	p->views = ours;
	foreach(lc, others)
	{
		if (m2m_view_lock_if_free(lfirst_oid(lc)))
			p->views = lappend_oid(p->views, lfirst_oid(lc));
	}
	return list_length(p->views) == list_length(ours) + list_length(others);
}

/*
 * m2m_view_lock_if_free: locks a link view exclusively, and against exclusive
 * locks the tables that it reads and that making it again will lock; false if
 * that is not to be had at once, or if it is no link view.
 */
bool
m2m_view_lock_if_free(Oid viewid)
{
	M2mLinkView *view = m2m_catalog_read_view(viewid, true);
	List	   *tables;

	if (view == NULL)
		return false;
	tables = list_make1_oid(view->association);
	if (OidIsValid(view->far_relid))
		tables = lappend_oid(tables, view->far_relid);
	return m2m_lock_if_free(tables, AccessShareLock) &&
		m2m_lock_if_free(list_make1_oid(viewid), AccessExclusiveLock);
}

/*
 * m2m_views_put_aside: drops link views that read relids and so would be in
 * the command's way, once they and the tables that it will lock are locked; in
 * p->aside is what puts them back.  Where something of the user's depends on
 * one, or it is another role's and not free, that stays, and false is
 * returned: the command fails, or takes it by CASCADE, or can do without.
 */
bool
m2m_views_put_aside(M2mPending *p, List *relids, List *tables)
{
	bool		all;
	ListCell   *lc;

	if (views_of(relids) == NIL)
		return true;
	all = m2m_views_lock(p, relids, tables, AccessExclusiveLock);
	foreach(lc, p->views)
	{
		M2mSavedView *saved = m2m_view_save(lfirst_oid(lc));

		if (saved != NULL)
			p->aside = lappend(p->aside, saved);
	}
	if (p->aside == NIL || m2m_view_drop(p->aside))
		return all;

	/* as many as can */
	foreach(lc, p->aside)
		m2m_view_drop(list_make1(lfirst(lc)));
	return false;
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

/* views_of: the link views that read any of these tables. */
static List *
views_of(List *relids)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, relids)
		result = list_concat_unique_oid(result,
										m2m_catalog_link_views(lfirst_oid(lc)));
	return result;
}
