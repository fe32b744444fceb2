/*
 * rule.h
 *		Rules: what a relationship keeps beyond its pairs.
 *
 * A rule is triggers of ours on the association, with its numbers and names in
 * their arguments.  Whoever writes links around the executor hands what he has
 * linked and unlinked to m2m_rules_linked() and m2m_rules_unlinked(), and the
 * same functions see it that the triggers call.  Nobody outside of rule/ knows
 * a rule by its name, but for the SQL function that switches it on.
 */
#ifndef M2M_RULE_H
#define M2M_RULE_H

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/tuplestore.h"

#include "ids.h"
#include "m2m.h"

/* A rule that is in force; owned by rule.c. */
typedef struct M2mRule M2mRule;

/* What a call has linked and unlinked, for the rules; see rule_change.c. */
typedef struct M2mRuleChange M2mRuleChange;

/* What m2m_rules() tells of a rule. */
typedef struct M2mRuleText
{
	const char *name;
	const char *kind;
	const char *role;			/* NULL: it is about both sides */
	const char *definition;		/* the call that makes it */
	bool		whole;			/* are all its triggers there and enabled? */
	List	   *tables;			/* OIDs of its side tables */
} M2mRuleText;

/* Something amiss with a rule; for check/. */
typedef struct M2mRuleFinding
{
	const char *severity;
	const char *what;
	const char *question;		/* SQL of one boolean: is it so?  NULL: it is */
	const char *remedy;			/* SQL, or NULL */
} M2mRuleFinding;

/* rule.c: which rules there are, read from the association's triggers */
extern List *m2m_rules_of(M2mRelationship *rel);
extern bool m2m_rules_include(M2mRelationship *rel, Oid trigger);
extern bool m2m_rules_are_plain(M2mRelationship *rel);
extern bool m2m_rules_are_of(HeapTuple trigger, TupleDesc desc);
extern bool m2m_rules_keep(Oid relid);
extern M2mRuleText *m2m_rule_text(M2mRule *rule);
extern List *m2m_rules_check(M2mRelationship *rel);
extern List *m2m_rules_tables(M2mRelationship *rel);
extern bool m2m_rules_fit(M2mRelationship *rel, M2mIds *ids[2]);
extern void m2m_rules_before_unlink(M2mRelationship *rel);

/* rule_change.c: links that were made and removed, handed to the rules */
extern M2mRuleChange *m2m_rules_begin(M2mRelationship *rel);
extern void m2m_rules_linked(M2mRuleChange *change, TupleTableSlot *link);
extern void m2m_rules_unlinked(M2mRuleChange *change, TupleTableSlot *link);
extern void m2m_rules_end(M2mRuleChange *change);

/* rule_pending.c: what rules look at before a transaction commits */
extern void m2m_rules_init(void);

/* rule_define.c: switching rules off */
extern void m2m_rule_drop(Oid association, const char *name, bool keep);
extern void m2m_rules_drop(M2mRelationship *rel);
extern void m2m_rules_rename_role(M2mRelationship *rel, M2mSide side,
								  const char *role);

/* limit.c: how many links a row may have, or must */
extern void m2m_limit_define(Oid association, const char *role, int32 min,
							 int32 max);
extern void m2m_limits_await(M2mRelationship *rel, M2mSide side, M2mIds *id);

/* counter.c: how many links each row has */
extern void m2m_counter_define(Oid association, const char *role,
							   const char *column);
extern bool m2m_counter_kept(M2mRelationship *rel, M2mSide side,
							 char **column, char **slots);

/* history.c: when links were made and removed */
extern void m2m_history_define(Oid association);
extern char *m2m_history_function_body(M2mRelationship *rel, M2mSide near);
extern Oid	m2m_history_function(M2mRelationship *rel, M2mSide near);
extern void m2m_history_at(M2mRelationship *rel, M2mSide side, M2mIds *id,
						   TimestampTz at, Tuplestorestate *result);
extern void m2m_history_restore(M2mRelationship *rel, TimestampTz at,
								int64 *linked, int64 *unlinked,
								int64 *changed);

/* symmetric.c: links that are there in both directions */
extern void m2m_symmetric_define(Oid association);
extern List *m2m_symmetric_deferrable(M2mRelationship *rel);
extern bool m2m_symmetric_is_own(M2mRelationship *rel, AttrNumber attnum);
extern char *m2m_symmetric_mirrored(M2mRelationship *rel, const char *one,
									const char *other);

/* notice.c: NOTIFY of links that are made and removed */
extern void m2m_notice_define(Oid association, const char *channel,
							  bool keys);

/* order.c: the order of the links of each row */
extern void m2m_order_define(Oid association, const char *role,
							 const char *column, bool dense);
extern AttrNumber m2m_order_column(M2mRelationship *rel, M2mSide side);
extern int64 m2m_order_provisional(M2mRelationship *rel, M2mSide side);
extern bool m2m_order_dense(M2mRelationship *rel, AttrNumber attnum,
							M2mSide *side, int64 *first, int64 *half);
extern Oid	m2m_order_sequence(M2mRelationship *rel, AttrNumber attnum);
extern void m2m_order_before_link(M2mRelationship *rel, M2mIds *ids[2]);
extern void m2m_order_before_few(void);

/* order_move.c: changing it */
typedef enum M2mMove
{
	M2M_MOVE_BEFORE,
	M2M_MOVE_AFTER,
	M2M_MOVE_AT
} M2mMove;

/* of m2m_order_mark() */
#define M2M_NO_MARK PG_INT64_MIN

extern bool m2m_order_move(M2mRelationship *rel, M2mSide side, M2mIds *id,
						   M2mIds *moved, M2mMove where, M2mIds *other,
						   int64 at);
extern int64 m2m_order_mark(M2mRelationship *rel, M2mSide side,
							M2mIds *ids[2]);
extern void m2m_order_linked(M2mRelationship *rel, M2mSide side,
							 M2mIds *ids[2], int64 mark);
extern void m2m_order_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
						  M2mIds *others);

/* orphan.c: what becomes of rows that lose their last link */
extern void m2m_orphans_define(Oid association, const char *role,
							   const char *action);
extern void m2m_orphans_rows(Oid endpoint, Tuplestorestate *result);

#endif							/* M2M_RULE_H */
