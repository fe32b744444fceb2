/*
 * question.h
 *		Questions over many links at once: which rows are linked to what.
 */
#ifndef M2M_QUESTION_H
#define M2M_QUESTION_H

#include "nodes/execnodes.h"
#include "utils/tuplestore.h"

#include "ids.h"
#include "m2m.h"

/* What rows of one side are asked for: all that is given has to hold. */
typedef struct M2mFind
{
	M2mRelationship *rel;
	M2mSide		side;			/* of the rows */
	M2mIds	   *all_of;			/* linked to each of these; NULL: not asked */
	M2mIds	   *any_of;			/* linked to at_least of these */
	M2mIds	   *none_of;		/* linked to none of these */
	M2mIds	   *exactly;		/* linked to these and nothing else */
	int64		at_least;		/* 0: not asked; without any_of, of any ids */
	bool		unlinked;		/* does an all_of of nothing hold for a row
								 * without links? */
	M2mIds	   *after;			/* rows whose key is greater; NULL: all */
	int64		max_rows;		/* -1: all */
} M2mFind;

/* Keys being found one at a time; owned by seek_keys.c. */
typedef struct M2mKeys M2mKeys;

/* find.c: rows by what they are linked to */
extern void m2m_find_check(M2mFind *find);
extern void m2m_find_rows(M2mFind *find, Tuplestorestate *store);

/* seek_keys.c: keys of rows by what they are linked to, one at a time */
extern M2mKeys *m2m_keys_begin(M2mFind *find);
extern bool m2m_keys_next(M2mKeys *keys, Datum *key);
extern void m2m_keys_end(M2mKeys *keys);

/* related.c: rows by how many links they have, or share with one row */
extern void m2m_counts_rows(M2mRelationship *rel, M2mSide side,
							ReturnSetInfo *rsinfo);
extern void m2m_related_rows(M2mRelationship *rel, M2mSide side, M2mIds *id,
							 int64 most, ReturnSetInfo *rsinfo);

/* reach.c: rows that links lead to, one after another */
extern void m2m_reach_rows(M2mRelationship *rel, M2mSide from, M2mIds *id,
						   int64 max_depth, bool both, ReturnSetInfo *rsinfo);

/* json.c: rows with the rows that they are linked to, as one value */
extern Oid	m2m_json_key(Oid relid);
extern Datum m2m_json_value(M2mRelationship *key, M2mIds *ids, List *include,
							bool all, int64 max_rows, bool *isnull);

#endif							/* M2M_QUESTION_H */
