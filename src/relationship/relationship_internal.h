/*
 * relationship_internal.h
 *		What the caches of relationships share.
 */
#ifndef M2M_RELATIONSHIP_INTERNAL_H
#define M2M_RELATIONSHIP_INTERNAL_H

#include "m2m.h"

/*
 * What an entry was read from.  It holds while none of that has changed after
 * the reading began.
 */
typedef struct M2mSources
{
	uint64		read_at;
	uint64		checked_at;		/* it still held */
	bool		any_view;		/* also of any new view */
	int			nrelids;
	Oid			relid[FLEXIBLE_ARRAY_MEMBER];
} M2mSources;

/* relationship.c: descriptions of relationships, kept for this backend */
extern M2mRelationship *m2m_description_get(Oid association, Oid trusted_view,
											List **sources);

/*
 * relationship_sources.c: what a cache entry was read from, and whether it
 * still holds
 */
extern void m2m_sources_init(void);
extern uint64 m2m_sources_now(void);
extern M2mSources *m2m_sources_make(MemoryContext context, uint64 read_at,
									bool any_view, List *relids);
extern void m2m_sources_name_types(uint64 read_at, List *types);
extern bool m2m_sources_current(M2mSources *sources);

#endif							/* M2M_RELATIONSHIP_INTERNAL_H */
