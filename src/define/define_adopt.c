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

static void check_tables(Oid association, Oid table[2]);
static void make_ready(Oid association, M2mAdoption *adoption);
static bool has_views(M2mRelationship *rel);
static bool bring_back(M2mRelationship *rel);
static void choose_schemas(Oid association, M2mRelationship *rel,
						   Oid schema[2]);
static char *leftover_name(M2mRelationship *rel, M2mSide near,
						   const char *wanted, Oid *schema, Oid owner);
static bool leftover_condition(M2mRelationship *rel, Oid schema[2],
							   Oid owner, AttrNumber *deleted);
static bool is_leftover(M2mRelationship *rel, M2mSide near, Oid relid,
						Oid owner);
static void check_leftover(M2mRelationship *rel, M2mSide near, Oid schema,
						   const char *name);

/*
 * m2m_relationship_adopt: makes a table the association of a relationship, as
 * m2m_adopt is asked to.  Locks the association in ShareRowExclusiveLock, or
 * as m2m_repair_lock() does.
 *
 * Errors: 42501; 0A000; 42710 if it is an association already; and those of
 * m2m_endpoint_check(), define_keys.c, define_repair.c and define_check.c.
 */
void
m2m_relationship_adopt(Oid association, M2mAdoption *adoption)
{
	char	  **role = adoption->role;
	List	  **column = adoption->column;
	char	  **view = adoption->view;
	ForeignKeyCacheInfo *fk[2];
	M2mRelationship *rel;
	M2mRelationship *leftover;	/* what there is of one already */
	Oid			schema[2];
	bool		has_view;
	AttrNumber	of_view = 0;
	bool		given[2] = {role[M2M_LEFT] != NULL, role[M2M_RIGHT] != NULL};

	m2m_association_check_owner(association);
	m2m_endpoint_check(association);
	choose_schemas(association,
				   m2m_relationship_get(association, InvalidOid, NoLock),
				   schema);

	/* what a refusal lists is looked up without holding up anybody */
	check_tables(association, adoption->table);
	if (adoption->repair)
	{
		leftover = m2m_relationship_get(association, InvalidOid, NoLock);
		for (int s = M2M_LEFT; leftover != NULL && s <= M2M_RIGHT; s++)
		{
			if (!OidIsValid(adoption->table[s]) &&
				!OidIsValid(leftover->side[s].constraint))
				adoption->table[s] = leftover->side[s].relid;
		}
		m2m_repair_lock(association, adoption->table);
	}
	else if (OidIsValid(adoption->table[M2M_LEFT]) ||
			 OidIsValid(adoption->table[M2M_RIGHT]))
		make_ready(association, adoption);

	leftover = m2m_relationship_get(association, InvalidOid,
									ShareRowExclusiveLock);
	choose_schemas(association, leftover, schema);
	if (has_views(leftover))
	{
		if (bring_back(leftover))
			return;
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("table \"%s\" is the association table of a relationship already",
						get_rel_name(association)),
				 OidIsValid(leftover->side[M2M_LEFT].view) &&
				 OidIsValid(leftover->side[M2M_RIGHT].view) ?
				 errdetail("Its link views are %s and %s.",
						   m2m_qualified_name(leftover->side[M2M_LEFT].view),
						   m2m_qualified_name(leftover->side[M2M_RIGHT].view)) :
				 errdetail("It is symmetric, and its link view is %s.",
						   m2m_qualified_name(OidIsValid(leftover->side[M2M_LEFT].view) ?
											  leftover->side[M2M_LEFT].view :
											  leftover->side[M2M_RIGHT].view)),
				 adoption->repair ?
				 errhint("The function m2m_check() tells what is amiss in it, and m2m_repair() mends it.") :
				 errhint("To adopt it in another way, give the relationship up first: m2m_drop(%s, keep_links => true).",
						 quote_literal_cstr(m2m_qualified_name(association)))));
	}

	for (int s = M2M_LEFT; leftover != NULL && s <= M2M_RIGHT; s++)
	{
		/* the user may have added other foreign keys since */
		if (column[s] == NIL)
			column[s] = m2m_link_names(leftover, s);
	}
	m2m_local_check(association);
	if (adoption->repair)
	{
		make_ready(association, adoption);

		/* what was at rest may be whole now, as after ADD FOREIGN KEY */
		leftover = m2m_relationship_get(association, InvalidOid, NoLock);
		if (has_views(leftover))
		{
			bring_back(leftover);
			return;
		}
	}
	m2m_foreign_keys_choose(association, NULL, column, fk);
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
	rel->unasked = adoption->unasked;
	has_view = leftover == NULL &&
		leftover_condition(rel, schema, GetUserId(), &of_view);
	m2m_deleted_choose(rel, leftover, has_view, of_view, adoption->deleted);
	for (int s = M2M_LEFT; leftover != NULL && s <= M2M_RIGHT; s++)
		rel->side[s].view = leftover->side[s].view;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		/* a view that is whole stays as it is, whatever its name */
		if (!m2m_view_is_due(rel, s))
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
	if (has_views(rel))
		bring_back(rel);
	if (rel != NULL && OidIsValid(rel->mirror))
		m2m_relationship_symmetric(association, false);
}

/* has_views: has a relationship all its link views? */
static bool
has_views(M2mRelationship *rel)
{
	return rel != NULL && !m2m_view_is_due(rel, M2M_LEFT) &&
		!m2m_view_is_due(rel, M2M_RIGHT);
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
			schema[s] = m2m_schema_of_views(get_rel_namespace(association),
											false);
		if (rel == NULL || !OidIsValid(rel->side[s].view))
			m2m_schema_check(schema[s]);
	}
}

/*
 * check_tables: endpoints that were given must be tables, and others than the
 * association itself.  Errors: those of m2m_endpoint_check(); 42P16.
 */
static void
check_tables(Oid association, Oid table[2])
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (!OidIsValid(table[s]))
			continue;
		m2m_endpoint_check(table[s]);
		m2m_local_check(table[s]);
		if (table[s] == association)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("table \"%s\" cannot be its own endpoint",
							get_rel_name(association)),
					 errhint("Name the table that it refers to by the argument \"%s\".",
							 m2m_table_argument[s])));
	}
}

/*
 * make_ready: sees that the table has the foreign keys to the tables given, or
 * says what is missing (m2m_repair_run), or adds it.  The columns that were
 * chosen then stand in the adoption, for the next look at them.
 */
static void
make_ready(Oid association, M2mAdoption *adoption)
{
	ForeignKeyCacheInfo *fk[2];
	List	   *tables = list_make1_oid(association);
	ListCell   *lc;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (OidIsValid(adoption->table[s]))
			tables = list_append_unique_oid(tables, adoption->table[s]);
	}
	foreach(lc, m2m_catalog_foreign_keys(association))
		tables = list_append_unique_oid(tables,
										lfirst_node(ForeignKeyCacheInfo, lc)->confrelid);
	if (!adoption->repair)
		m2m_lock_relations(tables, AccessShareLock);
	m2m_foreign_keys_choose(association, adoption->table, adoption->column,
							fk);
	m2m_repair_run(association, fk, adoption->repair);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		adoption->column[s] = NIL;
		for (int i = 0; i < fk[s]->nkeys; i++)
			adoption->column[s] =
				lappend(adoption->column[s],
						makeString(get_attname(association, fk[s]->conkey[i],
											   false)));
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
		M2mLinkView *view = OidIsValid(viewid) ?
			m2m_catalog_read_view(viewid, true) : NULL;

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

/*
 * m2m_link_names: the names (String) of the association's columns of one side.
 */
List *
m2m_link_names(M2mRelationship *rel, M2mSide side)
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
 * leftover_condition: is a link view left over that lost its trigger, where
 * leftover_name() looks for it?  By which column it leaves out rows that are no
 * links becomes *deleted, 0 if by none.  The relationship is described without.
 */
static bool
leftover_condition(M2mRelationship *rel, Oid schema[2], Oid owner,
				   AttrNumber *deleted)
{
	M2mRelationship copy = *rel;
	ListCell   *lc;

	*deleted = 0;
	foreach(lc, m2m_catalog_views(rel->association))
	{
		Oid			relid = lfirst_oid(lc);
		M2mLinkView *view;

		if (get_rel_relkind(relid) != RELKIND_VIEW)
			continue;
		view = m2m_catalog_read_view(relid, false);
		copy.deleted = view != NULL ? view->deleted : 0;
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			Oid			where = schema[s];

			if (is_leftover(&copy, s, relid, owner) &&
				leftover_name(&copy, s, get_rel_name(relid), &where,
							  owner) != NULL &&
				where == get_rel_namespace(relid))
			{
				*deleted = copy.deleted;
				return true;
			}
		}
	}
	return false;
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
		view->deleted == rel->deleted && view->nnear == this->nkeys &&
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
							"m2m_adopt", NULL);
	m2m_function_check_free(rel, near, schema, name, "m2m_adopt");
}
