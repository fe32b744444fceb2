/*
 * view_internal.h
 *		What the files of link views share.
 */
#ifndef M2M_VIEW_INTERNAL_H
#define M2M_VIEW_INTERNAL_H

#include "lib/stringinfo.h"
#include "utils/acl.h"
#include "utils/rel.h"

#include "link.h"
#include "m2m.h"
#include "view.h"

/* Kinds of kept statements of ours; see m2m_plan_slot(). */
typedef enum M2mViewStatement
{
	M2M_COLUMNS_INSERT_ROW = M2M_COLUMNS_OTHERS,
	M2M_COLUMNS_INSERT_ROW_RETURNING,
	M2M_COLUMNS_UPDATE_ROW,
	M2M_COLUMNS_UPDATE_LINK,
	M2M_COLUMNS_UNLINK_ROW,
	M2M_COLUMNS_STATE_ROW,
	M2M_COLUMNS_STATE_LINK,
	M2M_COLUMNS_FETCH
} M2mViewStatement;

/* One row to write. */
typedef struct M2mRowWrite
{
	Relation	relation;		/* the link view */
	TupleDesc	desc;
	M2mRelationship *rel;
	M2mLinkView *view;
	M2mSide		near;
	M2mSide		far;
	FmgrInfo   *flinfo;			/* of the trigger; see view_trigger.c */
	M2mIdentity identity;		/* of the link, where pairs may have several */
	bool		identity_known;
	bool		made;			/* has m2m_row_link() made the link? */
	bool		mirrored;		/* a statement is about the other of a link's
								 * two rows, its left columns the right ones */
} M2mRowWrite;

/* A column of a link view put aside. */
typedef struct M2mSavedColumn
{
	M2mViewColumn *column;
	Acl		   *acl;			/* NULL: default */
	char	   *comment;
	char	   *default_value;	/* as SQL */
} M2mSavedColumn;

/* A trigger or rule of it. */
typedef struct M2mSavedPart
{
	char	   *name;
	char	   *definition;		/* as SQL */
	char	   *comment;
	List	   *extensions;		/* names of those it depends on */
	bool		ours;			/* the trigger of a link view */
	bool		plain;			/* a trigger without an expression in it */
} M2mSavedPart;

/* A security label of it, or (not 0) of one of its columns. */
typedef struct M2mSavedLabel
{
	int			column;
	char	   *provider;
	char	   *label;
} M2mSavedLabel;

/* A link view put aside: all that makes it what it is to others. */
struct M2mSavedView
{
	M2mLinkView *view;
	char	   *name;
	Oid			schema;
	Oid			owner;
	Oid			extension;		/* that it is a member of, or InvalidOid */
	bool		temporary;
	bool		invoker;		/* it reads with the invoker's rights */
	char	   *options;
	Acl		   *acl;
	char	   *comment;
	M2mSavedColumn *column;		/* view->ncolumns of them */
	List	   *triggers;		/* M2mSavedPart */
	List	   *rules;
	List	   *labels;
};

/*
 * view_batch.c: collects the links of one INSERT or COPY into a link view, to
 * be made together at its end
 */
extern bool m2m_view_batch_put(FunctionCallInfo fcinfo, M2mRelationship *rel,
							   M2mSide far, M2mIds *ids[2]);
extern void m2m_view_batch_end(FunctionCallInfo fcinfo);

/*
 * view_columns.c: which columns a link view has, and which it should have: it
 * is compared with its relationship, and brought up to it
 */
extern List *m2m_view_columns(M2mRelationship *rel, M2mSide near,
							  List *existing);
extern List *m2m_view_sources(M2mRelationship *rel, M2mLinkView *view);
extern void m2m_view_refresh(M2mRelationship *rel, M2mLinkView *view);

/*
 * view_create.c: making a link view, with its triggers, its comments and its
 * link function
 */
extern char *m2m_view_comment(Oid far, const char *role);
extern char *m2m_view_key_comment(const char *role);
extern char *m2m_view_trigger_comment(const char *left_role,
									  const char *right_role);
extern char *m2m_view_tools_name(Oid schema, Oid association_schema,
								 const char *view);

/*
 * view_function.c: link functions: their text, making them, telling them from
 * others, and letting them follow the tables that they name
 */
extern void m2m_function_create(M2mRelationship *rel, M2mSide near,
								const char *qualified);
extern bool m2m_names_are_there(M2mRelationship *rel);
extern void m2m_function_copy(Oid function, HeapTuple old);
extern char *m2m_rowtype_name(Oid relid);
extern const char *m2m_past(const char *s, const char *text);
extern const char *m2m_past_name(const char *s);

/*
 * view_expose.c: exposed functions: their text, making them, telling them from
 * others, and letting them follow what they name
 */
extern bool m2m_exposed_is(Oid association, Oid function);

/*
 * view_relink.c: moving a link to another pair where unlinking marks rows
 */
extern bool m2m_row_moves(M2mRowWrite *write, M2mIds *old_ids[2],
						  M2mIds *ids[2]);
extern bool m2m_row_relink(M2mRowWrite *write, M2mIds *old_ids[2],
						   M2mIds *ids[2], List *changes,
						   Datum *value, bool *isnull,
						   Datum *old_value, bool *old_null);

/*
 * view_row.c: writing through a link view: the statements that make one row of
 * an endpoint or one link, and read it
 */
extern M2mIds *m2m_row_insert(M2mRowWrite *write, Datum *value, bool *isnull,
							  M2mIds *near_id, M2mIds *given);
extern bool m2m_row_link(M2mRowWrite *write, M2mIds *ids[2], Datum *value,
						 bool *isnull);
extern void m2m_row_identify(M2mRowWrite *write, Datum *value, bool *isnull);
extern HeapTuple m2m_row_fetch(M2mRowWrite *write, M2mIds *ids[2],
							   HeapTuple tuple);
extern Oid	m2m_row_column_relid(M2mRowWrite *write, M2mViewColumn *column);

/*
 * view_row_change.c: writing through a link view: the statements that change
 * one row of an endpoint or one link, or remove it
 */
extern bool m2m_row_change(M2mRowWrite *write, M2mViewStatement statement,
						   M2mIds *ids[2], List *columns, Datum *new_value,
						   bool *new_null, Datum *old_value, bool *old_null);
extern List *m2m_row_touched(M2mRowWrite *write, List *columns);

/* view_save.c: puts link views aside that stand in the way of somebody's DDL */
extern Acl *m2m_acl_copy(Datum datum, bool isnull);

/* view_text.c: link views as SQL text */
extern char *m2m_view_query(M2mRelationship *rel, M2mSide near, List *columns);
extern void m2m_view_append_join(StringInfo sql, M2mRelationship *rel,
								 M2mSide near);
extern char *m2m_view_options(Oid viewid);

/* view_trigger.c: writing through a link view: the INSTEAD OF trigger */
extern void m2m_row_note_taken(M2mRowWrite *write, M2mIds *ids[2], int64 rows);
extern bool m2m_row_take_noted(M2mRowWrite *write, M2mIds *ids[2]);
extern int	m2m_row_key_position(M2mEndpoint *endpoint, M2mViewColumn *column);

#endif							/* M2M_VIEW_INTERNAL_H */
