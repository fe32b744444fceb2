/*
 * view.h
 *		Link views and link functions: their text, making them, writing through
 *		them, putting them aside and back.
 */
#ifndef M2M_VIEW_H
#define M2M_VIEW_H

#include "access/htup.h"

#include "catalog.h"
#include "ids.h"
#include "m2m.h"

/* A link view put aside: see view_internal.h. */
typedef struct M2mSavedView M2mSavedView;

/* What an exposed function does. */
typedef enum M2mExposedKind
{
	M2M_EXPOSED_LINK,
	M2M_EXPOSED_UNLINK,
	M2M_EXPOSED_SET,
	M2M_EXPOSED_FIND
} M2mExposedKind;

/* An exposed function. */
typedef struct M2mExposed
{
	Oid			function;
	char	   *of;				/* the association, as the body names it */
	char	   *role;			/* of the near side, as the body names it */
	M2mExposedKind kind;
	bool		properties;		/* does it take some? */
	Oid			association;	/* set by m2m_exposed_of() */
	M2mSide		near;			/* set by m2m_exposed_of() */
} M2mExposed;

/*
 * view_columns.c: which columns a link view has, and which it should have: it
 * is compared with its relationship, and brought up to it
 */
extern char *m2m_view_alias(List *columns, const char *name,
							const char *prefix);
extern const char *m2m_view_prefix(M2mLinkView *view, M2mViewColumn *column);
extern bool m2m_view_is_astray(M2mRelationship *rel, M2mLinkView *view);
extern bool m2m_view_needs_refresh(M2mRelationship *rel, M2mLinkView *view);
extern bool m2m_view_replaceable(M2mRelationship *rel, M2mLinkView *view);
extern char *m2m_view_refresh_sql(M2mRelationship *rel, M2mLinkView *view);

/*
 * view_create.c: making a link view, with its triggers, its comments and its
 * link function
 */
extern void m2m_view_create(M2mRelationship *rel, M2mSide near, Oid schema,
							const char *name);

/* view_rename.c: a link view whose relationship gets other names */
extern void m2m_view_renamed(M2mRelationship *rel, M2mSide near, char *role[2],
							 const char *old_name);

/*
 * view_function.c: link functions: their text, making them, telling them from
 * others, and letting them follow the tables that they name
 */
extern char *m2m_function_sql(M2mRelationship *rel, M2mSide near,
							  const char *qualified);
extern void m2m_functions_see(Oid association, List *functions[2]);
extern void m2m_functions_follow(Oid association, List *functions[2]);
extern char *m2m_function_body(M2mRelationship *rel, M2mSide near);
extern char *m2m_function_start(Oid association);
extern List *m2m_functions_find(M2mRelationship *rel, M2mSide near,
								bool or_by_name);
extern Oid	m2m_function_find(M2mRelationship *rel, M2mSide near,
							  bool or_by_name);
extern bool m2m_function_reusable(M2mRelationship *rel, M2mSide near,
								  Oid schema, const char *name);
extern bool m2m_function_is_astray(M2mRelationship *rel, M2mSide near,
								   Oid function);
extern Oid	m2m_function_astray(M2mRelationship *rel, M2mSide near);
extern List *m2m_functions_of_table(Oid relid);
extern bool m2m_function_is_link(Oid association, Oid function);
extern bool m2m_function_reads_in_order(Oid function, const char *body);
extern void m2m_function_repair(M2mRelationship *rel, M2mSide near);
extern void m2m_function_replace(Oid function, const char *body);
extern void m2m_function_remake(M2mRelationship *rel, M2mSide near,
								Oid astray);

/*
 * view_expose.c: exposed functions: their text, making them, telling them from
 * others, and letting them follow what they name
 */
extern List *m2m_exposed_all(void);
extern List *m2m_exposed_of(List *all, Oid association);
extern char *m2m_exposed_name(M2mRelationship *rel, M2mSide near,
							  M2mExposedKind kind, const char *prefix);
extern bool m2m_exposed_fit(M2mRelationship *rel, M2mSide *side, int *column);
extern Oid	m2m_exposed_create(M2mRelationship *rel, M2mSide near,
							   M2mExposedKind kind, Oid schema,
							   const char *name, HeapTuple old,
							   const char *comment);
extern bool m2m_exposed_is_same(M2mRelationship *rel, M2mExposed *exposed,
								const char *name);
extern void m2m_exposed_follow(M2mExposed *exposed);
extern bool m2m_exposed_is_behind(M2mExposed *exposed);

/* view_save.c: puts link views aside that stand in the way of somebody's DDL */
extern M2mSavedView *m2m_view_save(Oid viewid);
extern bool m2m_view_is_lost(M2mSavedView *saved);
extern bool m2m_view_drop(List *saved_views);
extern Oid	m2m_saved_view_owner(M2mSavedView *saved);
extern Oid	m2m_saved_view_association(M2mSavedView *saved);
extern const char *m2m_saved_view_name(M2mSavedView *saved);

/*
 * view_restore.c: puts link views back just as they were, and lets those that
 * stand follow what their tables have become
 */
extern void m2m_view_follow(M2mRelationship *rel, M2mLinkView *view);
extern List *m2m_view_restore(List *saved_views);

/* view_text.c: link views as SQL text */
extern char *m2m_view_domain_defaults_sql(M2mLinkView *view);
extern char *m2m_view_batch_trigger_sql(Oid viewid);
extern bool m2m_view_runs_as_invoker(Oid viewid);

#endif							/* M2M_VIEW_H */
