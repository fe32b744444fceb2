/*
 * ddl_trigger.h
 *		What ddl_trigger.c, ddl_alter.c, ddl_drop.c, ddl_dropped.c,
 *		ddl_views.c and ddl_pending.c share.
 */
#ifndef M2M_DDL_TRIGGER_H
#define M2M_DDL_TRIGGER_H

#include "nodes/parsenodes.h"
#include "storage/lockdefs.h"

#include "m2m.h"

/* A link function, as it read before the command. */
typedef struct M2mSeenFunction
{
	Oid			function;
	Oid			association;
	M2mSide		near;
	char	   *body;
	char	   *start;			/* of the body, naming the association */
} M2mSeenFunction;

/* Between the start and the end of a command. */
typedef struct M2mPending
{
	struct M2mPending *previous;
	MemoryContext context;
	Node	   *parsetree;		/* only to tell it by: it may be gone */
	int			nest_level;		/* of the (sub)transaction */
	int			depth;			/* in DDL of our own; see m2m_ddl_depth() */
	List	   *associations;	/* to be looked over */
	List	   *views;			/* OIDs of link views that we may change */
	List	   *aside;			/* M2mSavedView: put aside, or dropped */
	List	   *functions;		/* M2mSeenFunction */
	List	   *resting;		/* associations whose relationship is at rest */
	List	   *renames;		/* of ddl_alter.c */
	List	   *relationships;	/* of ddl_drop.c */
	DropStmt   *drop_view;		/* a copy of it, if it is DROP VIEW */
	List	   *dropped_views;	/* OIDs of views that it has begun to drop */
	List	   *dropped_owners; /* roles whose things DROP OWNED drops */
	Oid			owned_by;		/* association whose owner changes */
	Oid			old_owner;
	List	   *owned;			/* link functions that follow it */
} M2mPending;

/* ddl_pending.c: between the start and the end of a command */
extern M2mPending *m2m_pending; /* the command begun last */

extern M2mPending *m2m_pending_push(Node *parsetree);
extern void m2m_pending_pop(M2mPending *to);
extern M2mSeenFunction *m2m_function_see_as_is(M2mRelationship *rel,
											   M2mSide near, Oid function);
extern M2mSeenFunction *m2m_function_see(M2mRelationship *rel, M2mSide near);
extern bool m2m_function_reads_as_seen(M2mSeenFunction *seen);
extern void m2m_function_follow_name(M2mSeenFunction *seen);

/* ddl_views.c: link views locked, and put aside */
extern bool m2m_views_lock(M2mPending *p, List *relids, List *tables,
						   LOCKMODE lockmode, bool remade);
extern bool m2m_view_lock_if_free(Oid viewid);
extern void m2m_views_put_aside(M2mPending *p);

/* ddl_alter.c: ALTER and RENAME */
extern void m2m_ddl_alter_start(Node *parsetree);
extern void m2m_ddl_alter_end(M2mPending *p);

/* ddl_dropped.c: what a command drops, as it was */
extern void m2m_dropped_lock_extensions(Node *parsetree);

/* ddl_drop.c: DROP */
extern void m2m_relationship_see(M2mPending *p, Oid association);
extern List *m2m_views_lost(M2mPending *p);
extern void m2m_ddl_drop_start(Node *parsetree);
extern void m2m_ddl_drop_end(M2mPending *p);

#endif							/* M2M_DDL_TRIGGER_H */
