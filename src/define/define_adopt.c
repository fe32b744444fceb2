/*
 * define_adopt.c
 *		Makes an existing join table, or what is left of a relationship, the
 *		association of a relationship.
 *
 * What is left over may be link views that lost their trigger, or link
 * functions: those are recognised here, and taken back under their names.
 * Which foreign keys make the association is define_keys.c's choice; names
 * that were not given are define_names.c's.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "text.h"
#include "view.h"

static bool bring_back(M2mRelationship *rel);
static List *link_columns(M2mRelationship *rel, M2mSide side);
static void choose_schemas(Oid association, M2mRelationship *rel,
						   Oid schema[2]);
static char *leftover_name(M2mRelationship *rel, M2mSide near,
						   const char *wanted, Oid *schema, Oid owner);
static bool is_leftover(M2mRelationship *rel, M2mSide near, Oid relid,
						Oid owner);
static void check_leftover(M2mRelationship *rel, M2mSide near, Oid schema,
						   const char *name);

/*
 * m2m_relationship_adopt: makes a table the association of a relationship, as
 * m2m_adopt is asked to; names are NULL, and columns NIL, where they were not
 * given.  Locks the association in ShareRowExclusiveLock.
 *
 * Errors: 42501; 0A000; 42710 if it is an association already; and those of
 * m2m_endpoint_check(), define_keys.c and define_check.c.
 */
void
m2m_relationship_adopt(Oid association, char *role[2], List *column[2],
					   char *view[2])
{
	ForeignKeyCacheInfo *fk[2];
	M2mRelationship *rel;
	M2mRelationship *leftover;	/* what there is of one already */
	Oid			schema[2];
	bool		given[2] = {role[M2M_LEFT] != NULL, role[M2M_RIGHT] != NULL};

	m2m_association_check_owner(association);
	m2m_endpoint_check(association);
	choose_schemas(association,
				   m2m_relationship_get(association, InvalidOid, NoLock),
				   schema);

	leftover = m2m_relationship_get(association, InvalidOid,
									ShareRowExclusiveLock);
	choose_schemas(association, leftover, schema);
	if (leftover != NULL && OidIsValid(leftover->side[M2M_LEFT].view) &&
		OidIsValid(leftover->side[M2M_RIGHT].view))
	{
		if (bring_back(leftover))
			return;
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("table \"%s\" is the association table of a relationship already",
						get_rel_name(association)),
				 errdetail("Its link views are %s and %s.",
						   m2m_qualified_name(leftover->side[M2M_LEFT].view),
						   m2m_qualified_name(leftover->side[M2M_RIGHT].view)),
				 errhint("To adopt it in another way, give the relationship up first: m2m_drop(%s, keep_links => true).",
						 quote_literal_cstr(m2m_qualified_name(association)))));
	}

	for (int s = M2M_LEFT; leftover != NULL && s <= M2M_RIGHT; s++)
	{
		/* the user may have added other foreign keys since */
		if (column[s] == NIL)
			column[s] = link_columns(leftover, s);
	}
	m2m_foreign_keys_choose(association, column, fk);
	m2m_local_check(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		m2m_local_check(fk[s]->confrelid);
	for (int s = M2M_LEFT; leftover != NULL && s <= M2M_RIGHT; s++)
	{
		if (role[s] == NULL)
			role[s] = pstrdup(leftover->side[s].role);
	}
	m2m_adopted_roles(association, fk, role);
	m2m_roles_check(role, "m2m_adopt");
	rel = m2m_catalog_read_foreign_keys(association, fk,
										(const char **) role);
	rel->adopted = leftover == NULL || leftover->adopted;
	for (int s = M2M_LEFT; leftover != NULL && s <= M2M_RIGHT; s++)
		rel->side[s].view = leftover->side[s].view;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		/* a view that is whole stays as it is, whatever its name */
		if (OidIsValid(rel->side[s].view))
			continue;
		if (view[s] == NULL)
			view[s] = leftover_name(rel, s, NULL, &schema[s], GetUserId());
		else
			leftover_name(rel, s, view[s], &schema[s], GetUserId());
		if (view[s] == NULL && leftover != NULL)
			view[s] = m2m_adopted_view_again(rel, s);
		if (view[s] != NULL)
			check_leftover(rel, s, schema[s], view[s]);
	}
	if (leftover == NULL)
	{
		m2m_adopted_views(rel, fk, schema, given, role, view);
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			strlcpy(rel->side[s].role, role[s], NAMEDATALEN);
	}
	m2m_view_names_check(view, "m2m_adopt");
	m2m_views_create(rel, schema, view);
	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	if (rel != NULL && OidIsValid(rel->side[M2M_LEFT].view) &&
		OidIsValid(rel->side[M2M_RIGHT].view))
		bring_back(rel);
}

/*
 * choose_schemas: where link views that are missing will be made: beside the
 * other one of a relationship that has one, else where those of new
 * relationships go.  Errors: 42501; those of m2m_schema_of_views().
 */
static void
choose_schemas(Oid association, M2mRelationship *rel, Oid schema[2])
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (rel != NULL && OidIsValid(rel->side[M2M_OTHER(s)].view))
			schema[s] = get_rel_namespace(rel->side[M2M_OTHER(s)].view);
		else
			schema[s] = m2m_schema_of_views(get_rel_namespace(association));
		if (rel == NULL || !OidIsValid(rel->side[s].view))
			m2m_schema_check(schema[s]);
	}
}

/*
 * bring_back: makes link views show the tables of their relationship that
 * rest, or show others; returns whether there were any.  Errors: 42501; 2BP01
 * if something of the user's depends on one that cannot be so in place.
 */
static bool
bring_back(M2mRelationship *rel)
{
	bool		found = false;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		Oid			viewid = rel->side[s].view;
		M2mLinkView *view = m2m_catalog_read_view(viewid, true);

		if (view == NULL || view->custom || !m2m_view_is_astray(rel, view))
			continue;
		if (!object_ownercheck(RelationRelationId, viewid, GetUserId()))
			aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_VIEW,
						   get_rel_name(viewid));
		m2m_lock_relations(list_make1_oid(viewid), AccessExclusiveLock);
		m2m_view_follow(rel, view);
		viewid = m2m_relationship_get(rel->association, InvalidOid,
									  NoLock)->side[s].view;
		view = m2m_catalog_read_view(viewid, true);
		if (view == NULL || m2m_view_is_astray(rel, view))
			ereport(ERROR,
					(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
					 errmsg("link view \"%s\" cannot follow its tables because other objects depend on it",
							get_rel_name(rel->side[s].view)),
					 errhint("Drop what depends on it, and call m2m_adopt again.")));
		found = true;
	}
	return found;
}

/*
 * m2m_view_name_taken: the name that m2m_adopt, called by the association's
 * owner, would choose for the link view of a side, if something else has it;
 * NULL if it could make the view, or take back one that is left over.  The
 * other link view is there.
 */
char *
m2m_view_name_taken(M2mRelationship *rel, M2mSide near)
{
	Oid			schema = get_rel_namespace(rel->side[M2M_OTHER(near)].view);
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	char	   *name = leftover_name(rel, near, NULL, &schema, owner);
	Oid			relid;

	if (name == NULL)
		name = m2m_adopted_view_again(rel, near);
	relid = get_relname_relid(name, schema);
	return OidIsValid(relid) && !is_leftover(rel, near, relid, owner) ?
		name : NULL;
}

/* link_columns: the names of the association's columns of one side. */
static List *
link_columns(M2mRelationship *rel, M2mSide side)
{
	List	   *names = NIL;

	for (int i = 0; i < rel->side[side].nkeys; i++)
		names = lappend(names,
						makeString(get_attname(rel->association,
											   rel->side[side].key[i].link_attnum,
											   false)));
	return names;
}

/*
 * leftover_name: the name of a link view that lost its trigger, or of the link
 * function where the view is lost; NULL if there is neither.  Of any name, or
 * the wanted one.  It is looked for in the schema given, in the association's,
 * and, a view, beside its function; schema becomes that where it is.
 */
static char *
leftover_name(M2mRelationship *rel, M2mSide near, const char *wanted,
			  Oid *schema, Oid owner)
{
	Oid			function = m2m_function_find(rel, near, false);
	char	   *name = OidIsValid(function) ? get_func_name(function) : NULL;
	Oid			where[3] = {*schema, get_rel_namespace(rel->association),
	OidIsValid(function) ? get_func_namespace(function) : InvalidOid};
	ListCell   *lc;

	for (int i = 0; i < 3; i++)
	{
		foreach(lc, m2m_catalog_views(rel->association))
		{
			char	   *view = get_rel_name(lfirst_oid(lc));

			if (view != NULL && get_rel_namespace(lfirst_oid(lc)) == where[i] &&
				(wanted == NULL || strcmp(view, wanted) == 0) &&
				is_leftover(rel, near, lfirst_oid(lc), owner))
			{
				*schema = where[i];
				return view;
			}
		}
	}
	for (int i = 0; name != NULL && i < 2; i++)
	{
		if (where[2] == where[i] &&
			(wanted == NULL || strcmp(name, wanted) == 0) &&
			!OidIsValid(get_relname_relid(name, where[i])))
		{
			*schema = where[i];
			return name;
		}
	}
	return NULL;
}

/*
 * is_leftover: does a view without our trigger read just as the link view of a
 * side would, or would at rest, may owner alter it, and would it count?
 */
static bool
is_leftover(M2mRelationship *rel, M2mSide near, Oid relid, Oid owner)
{
	M2mEndpoint *this = &rel->side[near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(near)];
	M2mLinkView *view = NULL;
	bool		at_rest;
	bool		same;

	if (get_rel_relkind(relid) == RELKIND_VIEW &&
		!m2m_catalog_is_link_view(relid))
		view = m2m_catalog_read_view(relid, false);
	at_rest = view != NULL && view->at_rest && !OidIsValid(view->far_relid);
	same = view != NULL && view->association == rel->association &&
		view->nnear == this->nkeys &&
		(at_rest || (view->far_relid == far->relid &&
					 view->nfar == far->nkeys)) &&
		m2m_catalog_owner_trusted(view->owner,
								  m2m_catalog_relation_owner(rel->association)) &&
		object_ownercheck(RelationRelationId, relid, owner);
	for (int i = 0; same && i < this->nkeys; i++)
		same = m2m_columns_include(view->nnear, view->near_link,
								   this->key[i].link_attnum);
	for (int i = 0; same && !at_rest && i < far->nkeys; i++)
	{
		same = false;
		for (int j = 0; j < far->nkeys; j++)
			same |= view->far_link[j] == far->key[i].link_attnum &&
				view->far_key[j] == far->key[i].attnum;
	}
	for (int i = 0; same && at_rest && i < view->nfar; i++)
	{
		same = false;
		for (int j = 0; j < far->nkeys; j++)
			same |= view->far_link[i] == far->key[j].link_attnum;
	}
	return same;
}

/*
 * check_leftover: where the link view's or function's name is taken, it must
 * be by a leftover.  Error 42P07 otherwise.
 */
static void
check_leftover(M2mRelationship *rel, M2mSide near, Oid schema,
			   const char *name)
{
	Oid			relid = get_relname_relid(name, schema);

	if (!OidIsValid(relid) || !is_leftover(rel, near, relid, GetUserId()))
		m2m_name_check_free(schema, name, m2m_view_argument[near],
							"m2m_adopt");
	m2m_function_check_free(rel, near, schema, name, "m2m_adopt");
}
