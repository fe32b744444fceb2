/*
 * catalog_relationship.c
 *		Describes the relationship that an association table and its link views,
 *		or two of its foreign keys, make up.
 *
 * There is no catalog of our own: link views that carry m2m's trigger and the
 * association table that they read *are* the relationship.  A description is
 * made from nothing but system catalogs, and nothing is locked (see
 * catalog.c); relationship.c decides which relationship is meant and caches
 * the answer.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_index.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"

static M2mRelationship *describe_whole(Oid association, M2mLinkView *view[2]);
static bool choose_views(Oid association, Oid trusted_view,
						 M2mLinkView *view[2], List **sources);
static bool agree(M2mLinkView *near_view, M2mLinkView *far_view);
static List *add_unready_indexes(List *sources, Oid association);

/*
 * m2m_catalog_read_relationship: describes the relationship of an association
 * table.  NULL if it has none.  Only link views whose owner is trusted count,
 * and trusted_view, whoever owns it.
 *
 * The caller holds some lock on the association, or is prepared for it to
 * change.  The result lies in a memory context of its own, a child of
 * CurrentMemoryContext; its `sources` are for the caller to set: where sources
 * is not NULL, the relations that the answer was read from, be it NULL, are
 * added to that list.
 */
M2mRelationship *
m2m_catalog_read_relationship(Oid association, Oid trusted_view,
							  List **sources)
{
	M2mLinkView *view[2];
	M2mRelationship *rel;
	List	   *views = NIL;

	/*
	 * All views that were looked at are sources, also those that are no link
	 * views, and also of the answer that there is none: a trigger on one of
	 * them changes it, and sends a message of that view alone.
	 */
	rel = choose_views(association, trusted_view, view, &views) ?
		describe_whole(association, view) : NULL;
	if (rel != NULL)
		rel->trusted_view = trusted_view;
	if (sources != NULL)
	{
		*sources = lappend_oid(list_concat(*sources, views), association);
		*sources = add_unready_indexes(*sources, association);
		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
			*sources = lappend_oid(*sources, rel->side[s].relid);
	}
	return rel;
}

/*
 * add_unready_indexes: adds a table's indexes that are not valid yet.  One of a
 * partitioned table becomes so by the last ALTER INDEX ... ATTACH PARTITION
 * (validatePartitionedIndex()), and sends a message of itself alone; all others,
 * and all that is dropped, of the table.
 */
static List *
add_unready_indexes(List *sources, Oid association)
{
	Relation	indexes = table_open(IndexRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(association));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);

		if (!index->indisvalid)
			sources = lappend_oid(sources, index->indexrelid);
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
	return sources;
}

/*
 * describe_whole: the relationship that link views, one of which may be
 * NULL, describe together; NULL if its tables are not there as they say.
 * Locks and memory: as above.
 */
static M2mRelationship *
describe_whole(Oid association, M2mLinkView *view[2])
{
	M2mRelationship *rel = m2m_catalog_describe_rest(association, view, NIL);

	if (rel == NULL || (OidIsValid(rel->side[M2M_LEFT].relid) &&
						OidIsValid(rel->side[M2M_RIGHT].relid)))
		return rel;
	MemoryContextDelete(rel->context);
	return NULL;
}

/*
 * m2m_catalog_read_rest: what there is of an association's relationship, whole
 * or at rest, as m2m_catalog_describe_rest() describes it; NULL if no link
 * view takes the table for an association.
 */
M2mRelationship *
m2m_catalog_read_rest(Oid association, List *going)
{
	M2mLinkView *view[2];
	List	   *views;

	if (!choose_views(association, InvalidOid, view, &views))
		return NULL;
	return m2m_catalog_describe_rest(association, view, going);
}

/*
 * m2m_catalog_describe_rest: the same of a relationship that may be at rest:
 * an endpoint that is not known, or that is about to go and that no foreign
 * key refers to, has InvalidOid for its table.  NULL if the association is
 * gone.
 */
M2mRelationship *
m2m_catalog_describe_rest(Oid association, M2mLinkView *view[2], List *going)
{
	M2mLinkView *any = view[M2M_LEFT] ? view[M2M_LEFT] : view[M2M_RIGHT];
	MemoryContext context;
	MemoryContext old;
	M2mRelationship *rel;

	if (!m2m_catalog_is_table(association))
		return NULL;

	/*
	 * A context of its own: the cache moves it under CacheMemoryContext once
	 * nothing can fail any more, and drops it whole; others leave it to
	 * theirs.
	 */
	context = AllocSetContextCreate(CurrentMemoryContext, "m2m relationship",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	rel = palloc0(sizeof(M2mRelationship));
	rel->context = context;
	rel->association = association;
	rel->adopted = any->adopted;
	rel->temporary = m2m_catalog_is_temporary(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		strlcpy(rel->side[s].role, any->role[s], NAMEDATALEN);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		m2m_catalog_describe_side(rel, s, view[s], view[M2M_OTHER(s)]);

	/* a successor must not be the other's, which is known only now */
	if (!OidIsValid(rel->side[M2M_LEFT].relid))
		m2m_catalog_describe_side(rel, M2M_LEFT, view[M2M_LEFT], view[M2M_RIGHT]);

	/*
	 * going: the command is about to drop it, and the views are to be what
	 * they will be after.  One that a foreign key refers to takes the
	 * relationship along, or fails to go: nothing of it rests.
	 */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mEndpoint *endpoint = &rel->side[s];

		if (list_member_oid(going, endpoint->relid) &&
			!OidIsValid(endpoint->constraint))
			endpoint->relid = InvalidOid;
	}
	m2m_catalog_describe_link_columns(rel);

	/* either says so: one that has lost the condition deletes nothing */
	for (int s = M2M_LEFT; s <= M2M_RIGHT && rel->deleted == 0; s++)
	{
		if (view[s] != NULL)
			m2m_catalog_describe_deleted(rel, view[s]->deleted);
	}
	m2m_catalog_describe_properties(rel);
	if (OidIsValid(rel->side[M2M_LEFT].relid) &&
		OidIsValid(rel->side[M2M_RIGHT].relid))
	{
		m2m_catalog_describe_association(rel);
		m2m_catalog_describe_pair(rel);
	}
	MemoryContextSwitchTo(old);
	return rel;
}

/*
 * m2m_catalog_read_foreign_keys: describes the relationship that an
 * association makes by two of its foreign keys, before it has link views.  In
 * CurrentMemoryContext; the caller holds a lock on the association.
 */
M2mRelationship *
m2m_catalog_read_foreign_keys(Oid association, ForeignKeyCacheInfo *fk[2],
							  const char *role[2])
{
	M2mRelationship *rel = palloc0(sizeof(M2mRelationship));

	rel->association = association;
	rel->temporary = m2m_catalog_is_temporary(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		m2m_catalog_describe_foreign_key(&rel->side[s], fk[s]);
		m2m_catalog_order_key(&rel->side[s], fk[s]->conoid);
		strlcpy(rel->side[s].role, role[s], NAMEDATALEN);
		if (!m2m_catalog_describe_key_columns(&rel->side[s], association))
			elog(ERROR, "cache lookup failed for a key column of relation %u",
				 rel->side[s].relid);
	}
	m2m_catalog_describe_link_columns(rel);
	m2m_catalog_describe_properties(rel);
	m2m_catalog_describe_association(rel);
	return rel;
}

/*
 * m2m_catalog_set_deleted: describes such a relationship anew, by which rows
 * with that column set (0: none) are no links.
 */
void
m2m_catalog_set_deleted(M2mRelationship *rel, AttrNumber deleted)
{
	m2m_catalog_describe_deleted(rel, deleted);
	rel->nproperties = 0;
	rel->required = rel->stamped = rel->touched = NIL;
	rel->tied = false;
	rel->collated = rel->collations = NIL;
	m2m_catalog_describe_properties(rel);
	m2m_catalog_describe_association(rel);
}

/*
 * choose_views: the link views that describe an association, by their near
 * side; false if there are none, or if the two contradict each other.  Of
 * several views with one near side (copies of the user's) the oldest speaks.
 * *sources becomes the views that were looked at.
 */
static bool
choose_views(Oid association, Oid trusted_view, M2mLinkView *view[2],
			 List **sources)
{
	Oid			owner = m2m_catalog_relation_owner(association);
	ListCell   *lc;

	view[M2M_LEFT] = view[M2M_RIGHT] = NULL;
	if (!OidIsValid(owner))
		return false;
	*sources = m2m_catalog_views(association);

	/* by OID: a copy, which is newer, must not take over */
	foreach(lc, *sources)
	{
		M2mLinkView *v = m2m_catalog_read_view(lfirst_oid(lc), true);

		if (v == NULL || v->association != association)
			continue;
		if (v->view == trusted_view ||
			(m2m_catalog_owner_trusted(v->owner, owner) &&
			 view[v->near] == NULL))
			view[v->near] = v;
	}

	/* which of two that contradict each other is right, nobody can say */
	if (view[M2M_LEFT] && view[M2M_RIGHT])
		return agree(view[M2M_LEFT], view[M2M_RIGHT]) &&
			agree(view[M2M_RIGHT], view[M2M_LEFT]);
	return view[M2M_LEFT] || view[M2M_RIGHT];
}

/*
 * agree: do two views name the same columns of the association for the near
 * side of the first?  At rest, either may have lost them.
 */
static bool
agree(M2mLinkView *near_view, M2mLinkView *far_view)
{
	if ((near_view->at_rest && near_view->nnear == 0) ||
		(far_view->at_rest && far_view->nfar == 0))
		return true;
	return m2m_catalog_same_columns(near_view->nnear, near_view->near_link,
									far_view->nfar, far_view->far_link);
}
