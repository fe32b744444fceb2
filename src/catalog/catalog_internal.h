/*
 * catalog_internal.h
 *		What the files of this folder share.
 */
#ifndef M2M_CATALOG_INTERNAL_H
#define M2M_CATALOG_INTERNAL_H

#include "catalog.h"
#include "m2m.h"

/* catalog_association.c: what an association says of its links by itself */
extern bool m2m_catalog_is_temporary(Oid relid);
extern void m2m_catalog_describe_association(M2mRelationship *rel);
extern void m2m_catalog_describe_properties(M2mRelationship *rel);
extern void m2m_catalog_describe_pair(M2mRelationship *rel);

/* catalog_side.c: one side of a relationship: its table, key and operators */
extern bool m2m_catalog_same_columns(int n1, const AttrNumber *a1, int n2,
									 const AttrNumber *a2);
extern void m2m_catalog_describe_side(M2mRelationship *rel, M2mSide side,
									  M2mLinkView *near_view, M2mLinkView *far_view);
extern void m2m_catalog_describe_foreign_key(M2mEndpoint *endpoint,
											 ForeignKeyCacheInfo *fk);
extern void m2m_catalog_order_key(M2mEndpoint *endpoint, Oid constraint);
extern bool m2m_catalog_describe_key_columns(M2mEndpoint *endpoint,
											 Oid association);

/* catalog_depend.c: what hangs on an object: walks of pg_depend */
extern List *m2m_catalog_sort_unique(List *oids);
extern Oid	m2m_catalog_relation_of_rule(Oid ruleid);

/* catalog.c: what the system catalogs say of a single object */
extern bool m2m_catalog_column_not_null(Oid relid, AttrNumber attnum);

/*
 * catalog_deleted.c: the column that says that a row is no link any more: how
 * conditions name it
 */
extern void m2m_catalog_describe_deleted(M2mRelationship *rel,
										 AttrNumber deleted);
extern AttrNumber m2m_catalog_read_live(Node *condition, Index varno,
										M2mDeletedKind *kind);
extern bool m2m_catalog_is_of_links(M2mRelationship *rel, HeapTuple index);

/* catalog_identity.c: what one link is, as the association's keys have it */
extern void m2m_catalog_identify_by_row(M2mRelationship *rel);

/* catalog_stamps.c: which columns of an association hold a time that m2m fills in */
extern void m2m_catalog_describe_stamps(M2mRelationship *rel);

#endif							/* M2M_CATALOG_INTERNAL_H */
