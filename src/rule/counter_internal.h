/*
 * counter_internal.h
 *		What counter.c and counter_define.c share.
 */
#ifndef M2M_COUNTER_INTERNAL_H
#define M2M_COUNTER_INTERNAL_H

#include "m2m.h"
#include "rule_internal.h"

/* number[0]: the column of the endpoint, 0 if it is gone; none of slots */
#define COLUMN(rule) ((AttrNumber) (rule)->number[0])
#define IN_COLUMN(rule) (!OidIsValid((rule)->table))

/* counter.c */
extern int	m2m_counter_counts(int depth);
extern void m2m_counter_column_context(void *arg);
extern char *m2m_counter_row_keys(M2mRelationship *rel, M2mSide side,
								  const char *alias);
extern char *m2m_counter_slot_keys(M2mRule *rule, const char *alias,
								   bool as_links);

/* counter_define.c */
extern char *m2m_counter_definition(M2mRule *rule);
extern List *m2m_counter_check(M2mRule *rule);
extern bool m2m_counter_elsewhere(M2mRule *rule);
extern void m2m_counter_end(M2mRule *rule, bool keep);

#endif							/* M2M_COUNTER_INTERNAL_H */
