/*
 * direct.h
 *		The direct path: links written by the table and index access methods.
 *		Each of its functions returns false where it is not allowed, and has done
 *		nothing then.
 */
#ifndef M2M_DIRECT_H
#define M2M_DIRECT_H

#include "ids.h"
#include "m2m.h"

/*
 * link_direct.c: the direct path: links written by the table and index access
 * methods, where the tables are plain (direct_table.c says what that is)
 */
extern bool m2m_direct_link(M2mRelationship *rel, M2mIds *ids[2],
							int64 *created);
extern bool m2m_direct_link_pairs(M2mRelationship *rel, M2mPairs *pairs,
								  bool progress, int64 *created);
extern bool m2m_direct_unlink(M2mRelationship *rel, M2mIds *ids[2],
							  int64 *removed);
extern bool m2m_direct_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids,
							 int64 *removed);
extern bool m2m_direct_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
						   M2mIds *ids[2], M2mDifference *difference);

/* link_move.c: the direct path for m2m_merge: links become another row's */
extern bool m2m_direct_move(M2mRelationship *rel, M2mSide side, M2mIds *from,
							M2mIds *into, int64 *moved, int64 *dropped,
							bool *quiet);

#endif							/* M2M_DIRECT_H */
