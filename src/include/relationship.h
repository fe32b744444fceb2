/*
 * relationship.h
 *		Which relationship a call means, and what is known of it.
 */
#ifndef M2M_RELATIONSHIP_H
#define M2M_RELATIONSHIP_H

#include "storage/lockdefs.h"

#include "m2m.h"

/* relationship.c: descriptions of relationships, kept for this backend */
extern void m2m_relationship_init(void);
extern M2mRelationship *m2m_relationship_get(Oid association, Oid trusted_view,
											 LOCKMODE lockmode);
extern bool m2m_relationship_current(M2mRelationship *rel);
extern M2mRelationship *m2m_relationship_refresh(M2mRelationship *rel);
extern void m2m_relationship_changed(Oid association);

/* relationship_find.c: which relationship a call means */
extern M2mRelationship *m2m_relationship_find(Oid first, Oid second,
											  const char *via,
											  const char *role,
											  LOCKMODE lockmode,
											  bool missing_ok,
											  M2mSide *first_side);
extern char *m2m_relationships_passed_over(Oid first, Oid second);
extern bool m2m_relationship_is_meant(M2mRelationship *rel, const char *via);
extern bool m2m_relationship_trusts(Oid association, Oid left_relid,
									Oid right_relid);
pg_noreturn extern void m2m_error_no_relationship(Oid relid);
pg_noreturn extern void m2m_error_at_rest(Oid association);

#endif							/* M2M_RELATIONSHIP_H */
