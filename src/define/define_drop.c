/*
 * define_drop.c
 *		Unmaking a relationship.
 */
#include "postgres.h"

#include "utils/lsyscache.h"
#include "utils/regproc.h"

#include "catalog.h"
#include "define_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"
#include "view.h"

static bool needs_endpoints(M2mRelationship *rel, bool keep_links);
static bool is_whole(M2mRelationship *rel);

/*
 * m2m_relationship_drop: removes the link views and functions of a
 * relationship and, unless it is to be kept or was adopted, its association
 * table.  Locks all that it drops, exclusively, and the endpoints if anything
 * on them goes.  Errors: 42501, 42704; 2BP01 where other objects depend on
 * what is to go.
 */
void
m2m_relationship_drop(Oid association, bool keep_links)
{
	M2mRelationship *rel;
	StringInfoData views;
	List	   *exposed;
	ListCell   *lc;
	bool		endpoints;

	/* before any lock: who may not drop it makes nobody wait for him */
	m2m_association_check_owner(association);
	endpoints = needs_endpoints(m2m_relationship_get(association, InvalidOid,
													 NoLock), keep_links);
	rel = m2m_relationship_lock(association, endpoints);
	if (rel == NULL)
		m2m_error_no_relationship(association);

	/* what rules keep on other tables, and beside it, has a table to name */
	if (is_whole(rel) && m2m_rules_of(rel) != NIL)
	{
		m2m_rules_drop(rel);
		m2m_relationship_changed(association);

		/* where a column of an endpoint went, link views were made anew */
		rel = m2m_relationship_lock(association, true);
		if (rel == NULL)
			elog(ERROR, "relationship \"%s\" was not found again",
				 get_rel_name(association));
	}
	exposed = m2m_exposed_of(m2m_exposed_all(), association);
	foreach(lc, exposed)
		m2m_ddl(psprintf("DROP FUNCTION %s",
						 format_procedure_extended(((M2mExposed *) lfirst(lc))->function,
												   FORMAT_PROC_FORCE_QUALIFY)));
	initStringInfo(&views);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		Oid			astray = m2m_function_astray(rel, s);
		List	   *functions = is_whole(rel) ?
			m2m_functions_find(rel, s, true) : NIL;

		if (OidIsValid(astray))
			functions = list_append_unique_oid(functions, astray);

		/*
		 * Statements, by the caller's own right and without CASCADE: what
		 * belongs to others, or what they have built upon, is PostgreSQL's to
		 * refuse.  Functions first, while the description holds that finds
		 * them.
		 */
		foreach(lc, functions)
			m2m_ddl(psprintf("DROP FUNCTION %s",
							 format_procedure_extended(lfirst_oid(lc),
													   FORMAT_PROC_FORCE_QUALIFY)));
		if (OidIsValid(rel->side[s].view))
			appendStringInfo(&views, "%s%s", views.len > 0 ? ", " : "",
							 m2m_qualified_name(rel->side[s].view));
	}
	/* both in one, as a rule or view of one may speak of the other */
	if (views.len > 0)
		m2m_ddl(psprintf("DROP VIEW %s", views.data));
	if (!keep_links && !rel->adopted)
		m2m_ddl(psprintf("DROP TABLE %s", m2m_qualified_name(association)));
	else
	{
		for (int s = M2M_LEFT; rel->temporary && s <= M2M_RIGHT; s++)
			m2m_temporary_keep(association, rel->side[s].relid);
		m2m_relationship_changed(association);
	}
}

/*
 * m2m_relationship_lock: locks an association and its link views exclusively,
 * which are about to be dropped or renamed, with the endpoints or without.
 * Returns the description, of a relationship that may be at rest, which holds
 * from then on; NULL if there is none.
 */
M2mRelationship *
m2m_relationship_lock(Oid association, bool endpoints)
{
	List	   *locked = NIL;

	/*
	 * What has to be locked stands in a description that holds only under
	 * those locks.  So it is looked at again, until it names nothing that is
	 * not locked.  Those of an earlier round stay, and a second one may have
	 * to wait with them in hand; it comes only where the relationship has
	 * just changed.
	 */
	for (;;)
	{
		M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
													NoLock);
		List	   *needed = list_make1_oid(association);

		if (rel == NULL)
			rel = m2m_catalog_read_rest(association, NIL);
		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			/*
			 * RemoveTriggerById(), of DROP, locks the endpoints as well, for
			 * the foreign keys' triggers on them: with the views in hand, if
			 * not now.
			 */
			if (endpoints && OidIsValid(rel->side[s].relid))
				needed = list_append_unique_oid(needed, rel->side[s].relid);
			if (OidIsValid(rel->side[s].view))
				needed = lappend_oid(needed, rel->side[s].view);
		}
		if (list_difference_oid(needed, locked) == NIL)
			return rel;
		m2m_lock_relations(needed, AccessExclusiveLock);
		locked = needed;
	}
}

/*
 * needs_endpoints: does anything go with the relationship that is on its
 * endpoints: the triggers of foreign keys, or of rules?  Asked before they are
 * locked; if that changes meanwhile, DROP locks them when it comes to them.
 * rel is NULL of one at rest.
 */
static bool
needs_endpoints(M2mRelationship *rel, bool keep_links)
{
	if (rel == NULL)
		return !keep_links;
	return (!keep_links && !rel->adopted) || m2m_rules_of(rel) != NIL;
}

/* is_whole: are both endpoints known? */
static bool
is_whole(M2mRelationship *rel)
{
	return OidIsValid(rel->side[M2M_LEFT].relid) &&
		OidIsValid(rel->side[M2M_RIGHT].relid);
}
