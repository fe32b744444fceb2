/*
 * link_internal.h
 *		What the files of the general path share.
 */
#ifndef M2M_LINK_INTERNAL_H
#define M2M_LINK_INTERNAL_H

#include "executor/spi.h"
#include "lib/stringinfo.h"

#include "link.h"
#include "m2m.h"

/* The pairs of a call, as a relation that statements read. */
#define M2M_PAIRS_NAME "m2m_pairs"

/* Of these, the links that are there; it reads as the association does. */
#define M2M_FOUND_NAME "m2m_found"

/* Statements of the general path. */
typedef enum M2mStatement
{
	/* of pairs: in m2m_pairs, or one in parameters */
	M2M_STMT_LINK,
	M2M_STMT_LINK_ONE,
	M2M_STMT_LINK_READ,
	M2M_STMT_FOUND,
	M2M_STMT_REVIVE,
	M2M_STMT_NEWER,
	M2M_STMT_UNLINK,
	M2M_STMT_UNLINK_ONE,
	M2M_STMT_LINKED,
	M2M_STMT_PAIRS_COUNT,
	/* of all links of a row of one side; a statement for each side */
	M2M_STMT_COUNT,
	M2M_STMT_CLEAR,
	M2M_STMT_CLEAR_ONE,
	M2M_STMT_SET_UNLINK,
	M2M_STMT_SET_LINK,
	M2M_STMT_SET_FAR,
	M2M_NUM_STMTS
} M2mStatement;

/*
 * link_kept.c: the general path: its statements as kept plans, which hang on
 * the description of their relationship, and executing them
 */
extern int64 m2m_stmt_execute(M2mRelationship *rel,
							  M2mStatement statement, M2mSide side,
							  Datum *values, bool read_only);
extern int64 m2m_stmt_count(M2mRelationship *rel,
							M2mStatement statement, M2mSide side,
							Datum *values, bool read_only);
extern SPIPlanPtr m2m_stmt_plan(M2mRelationship *rel,
								M2mStatement statement, M2mSide side);
extern void m2m_plan_retire(SPIPlanPtr plan);
extern void m2m_plan_run(SPIPlanPtr plan, Datum *values, bool read_only);
extern void m2m_plan_run_latest(SPIPlanPtr plan, Datum *values,
								DestReceiver *receiver);

/* link_plan.c: the general path: links written and read by SQL statements */
extern int64 m2m_plan_link(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_plan_link_pairs(M2mRelationship *rel, M2mPairs *pairs);
extern int64 m2m_plan_link_properties(M2mRelationship *rel, M2mIds *ids[2],
									  Jsonb *properties);
extern int64 m2m_plan_unlink(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_plan_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern bool m2m_plan_may_suppress(M2mRelationship *rel);
extern int64 m2m_plan_count(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern void m2m_plan_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
						 M2mIds *ids[2], M2mDifference *difference);

/* link_text.c: the general path: the text of its statements */
extern void m2m_stmt_build(StringInfo sql, M2mRelationship *rel,
						   M2mStatement statement, M2mSide side);
extern void m2m_stmt_build_insert(StringInfo sql, M2mRelationship *rel,
								  bool one, List *columns);
extern bool m2m_stmt_names_identity(M2mRelationship *rel, List *columns);
extern bool m2m_revives_first(M2mRelationship *rel);
extern void m2m_stmt_build_revive_one(StringInfo sql, M2mRelationship *rel,
									  List *columns);
extern void m2m_append_on_conflict_identity(StringInfo sql,
											M2mRelationship *rel);
extern bool m2m_stmt_looks_first(M2mRelationship *rel, List *columns);
extern void m2m_stmt_build_properties(StringInfo sql,
									  M2mRelationship *rel,
									  M2mColumnStatement statement,
									  List *columns);

#endif							/* M2M_LINK_INTERNAL_H */
