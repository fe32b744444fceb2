/*
 * ddl.h
 *		Following the schema: event triggers.  They are called by PostgreSQL; of the
 *		rest nobody has to know.
 */
#ifndef M2M_DDL_H
#define M2M_DDL_H

#include "m2m.h"

/*
 * ddl_dropped.c: what a command drops of relationships, as it was when it was
 * dropped
 */
extern void m2m_dropped_init(void);

/*
 * ddl_pending.c: what is remembered of a command between its start and its end
 */
extern void m2m_pending_init(void);

#endif							/* M2M_DDL_H */
