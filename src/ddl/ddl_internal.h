/*
 * ddl_internal.h
 *		What the files of this folder share.
 */
#ifndef M2M_DDL_INTERNAL_H
#define M2M_DDL_INTERNAL_H

#include "nodes/parsenodes.h"
#include "storage/lockdefs.h"

#include "ddl.h"
#include "m2m.h"
#include "view.h"

/* A link function, as it read before the command. */
typedef struct M2mSeenFunction
{
	Oid			function;
	Oid			association;
	M2mSide		near;
	char	   *body;
	char	   *start;			/* of the body, naming the association */
	bool		at;				/* a history's, not the link function */
} M2mSeenFunction;

/* A column being renamed. */
typedef struct M2mSeenRename
{
	Oid			relid;
	AttrNumber	attnum;
	char	   *old_name;
	char	   *new_name;
} M2mSeenRename;

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
	bool		exposed_read;	/* are these known? */
	List	   *exposed_all;	/* M2mExposed: all of the database */
	List	   *exposed;		/* those that may have to follow */
	List	   *resting;		/* associations whose relationship is at rest */
	List	   *referenced;		/* tables that new foreign keys refer to */
	List	   *renames;		/* M2mSeenRename */
	List	   *relationships;	/* of ddl_drop.c */
	DropStmt   *drop_view;		/* a copy of it, if it is DROP VIEW */
	List	   *dropped_views;	/* OIDs of views that it has begun to drop */
	List	   *dropped_owners; /* roles whose things DROP OWNED drops */
	Oid			owned_by;		/* association whose owner changes */
	Oid			old_owner;
	List	   *owned;			/* link functions that follow it */
	List	   *owned_tables;	/* and side tables of its rules */
	List	   *becoming;		/* tables that may be join tables after it */
	Oid			creates_in;		/* schema where it creates such tables */
	char	   *creates_schema; /* or its name, if it creates that, too */
	List	   *creates;		/* their names (String) */
} M2mPending;

/* ddl_pending.c: the command begun last */
extern M2mPending *m2m_pending;

/* ddl_adopt.c: adopts a table when a command makes a join table of it */
extern void m2m_ddl_adopt_start(Node *parsetree, M2mPending *before);
extern void m2m_ddl_adopt_end(M2mPending *p);

/*
 * ddl_give_way.c: a link view that nobody asked for gives way to what is to
 * have its name
 */
extern void m2m_ddl_give_way(Node *parsetree);
extern Oid	m2m_creation_schema(const char *schema);

/*
 * ddl_alter.c: ALTER and RENAME, before the command: link views step aside or
 * are locked, and what the end has to compare with is remembered
 */
extern void m2m_ddl_alter_start(Node *parsetree);

/*
 * ddl_follow.c: ALTER and RENAME, after the command: link views and functions
 * follow what has changed
 */
extern void m2m_ddl_alter_end(M2mPending *p);

/*
 * ddl_drop.c: DROP: what goes with a table or key of a relationship; what
 * stands
 */
extern void m2m_ddl_drop_start(Node *parsetree);
extern void m2m_ddl_drop_end(M2mPending *p);
extern void m2m_relationship_see(M2mPending *p, Oid association);
extern List *m2m_views_lost(M2mPending *p);

/*
 * ddl_dropped.c: what a command drops of relationships, as it was when it was
 * dropped
 */
extern void m2m_dropped_lock_extensions(Node *parsetree);

/* ddl_functions.c: link functions as they read before a command */
extern M2mSeenFunction *m2m_function_see(M2mRelationship *rel, M2mSide near);
extern M2mSeenFunction *m2m_function_see_as_is(Oid association,
											   M2mSide near, Oid function);
extern M2mSeenFunction *m2m_function_see_at(M2mRelationship *rel,
											M2mSide near);
extern List *m2m_exposed_see(M2mPending *p, Oid association);
extern bool m2m_function_reads_as_seen(M2mSeenFunction *seen);
extern void m2m_function_follow_name(M2mSeenFunction *seen);

/*
 * ddl_pending.c: what is remembered of a command between its start and its end
 */
extern M2mPending *m2m_pending_push(Node *parsetree);
extern void m2m_pending_pop(M2mPending *to);

/*
 * ddl_views.c: locks the link views that a command concerns, and takes those
 * aside that are in its way
 */
extern bool m2m_views_lock(M2mPending *p, List *relids, List *tables,
						   LOCKMODE lockmode, bool remade);
extern bool m2m_view_lock_if_free(Oid viewid);
extern void m2m_views_put_aside(M2mPending *p);

#endif							/* M2M_DDL_INTERNAL_H */
