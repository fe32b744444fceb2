/*
 * order_internal.h
 *		What the files about order share.
 */
#ifndef M2M_ORDER_INTERNAL_H
#define M2M_ORDER_INTERNAL_H

#include "m2m.h"
#include "rule_internal.h"

/* From one number to the next, where links are moved in between. */
#define STEP 65536
#define STEP_OF_INTEGER 16

/* number[0]: the number of the first link of a dense order; none of a sparse */
#define FIRST(rule) ((rule)->number[0])
#define IS_DENSE(rule) (FIRST(rule) != M2M_RULE_NONE)

/*
 * Is row a the version at place p?  Said twice: minor releases before 15.15,
 * 16.11 and 17.7 do not look again at what a TID Scan goes by when they had to
 * wait for the row, and would take the version that another transaction has
 * made of it for the one that was asked for.
 */
#define M2M_ORDER_AT_PLACE \
	"a.ctid OPERATOR(pg_catalog.=) p.place" \
	" AND (a.ctid OPERATOR(pg_catalog.=) p.place) IS TRUE"

/* order.c */
extern M2mRule *m2m_order_of(M2mRelationship *rel, M2mSide side);
extern bool m2m_order_is_dense(M2mRule *rule);
extern int64 m2m_order_first(M2mRule *rule);
extern int	m2m_order_step(M2mRule *rule);
extern int64 m2m_order_most(M2mRule *rule);
extern int64 m2m_order_next(M2mRule *rule);
extern char *m2m_order_by(M2mRule *rule, const char *alias, bool descending);
extern TupleDesc m2m_order_places_desc(void);
extern uint64 m2m_order_put_places(M2mRule *rule, Tuplestorestate *places);
extern int	m2m_order_arrange(int depth);
extern int64 m2m_order_half_of(Oid type);
extern int64 m2m_order_most_of(Oid type);
extern int	m2m_order_step_of(Oid type);
extern Oid	m2m_order_column_sequence(Oid relid, AttrNumber attnum);
extern char *m2m_order_column_of(M2mRule *rule);

/* order_define.c */
extern void m2m_order_end(M2mRule *rule, bool keep);

#endif							/* M2M_ORDER_INTERNAL_H */
