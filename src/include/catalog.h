/*
 * catalog.h
 *		What the system catalogs say: of one object, of what hangs on it, of link
 *		views, of relationships.  It only reads.
 */
#ifndef M2M_CATALOG_H
#define M2M_CATALOG_H

#include "nodes/parsenodes.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

#include "m2m.h"

/* The trigger function of link views, by which they are recognised. */
#define M2M_VIEW_TRIGGER_FUNCTION "m2m_link_view_write"
#define M2M_VIEW_TRIGGER_NAME "m2m_link_view"
#define M2M_BATCH_TRIGGER_NAME "m2m_link_view_batch"

/* What a column of a link view shows. */
typedef enum M2mViewColumnKind
{
	M2M_COLUMN_KEY,				/* key of the near side, in the association */
	M2M_COLUMN_ENDPOINT,		/* column of the far endpoint */
	M2M_COLUMN_PROPERTY,		/* link property */
	M2M_COLUMN_OTHER			/* something of the user's own */
} M2mViewColumnKind;

typedef struct M2mViewColumn
{
	M2mViewColumnKind kind;
	AttrNumber	attnum;			/* in the association or the far endpoint; 0:
								 * its table or it is lost, and null stands
								 * for it */
	bool		as_domain;		/* of a domain, and not cast to its base type */
	char	   *name;			/* in the view */
	char	   *source;			/* in its table */
	Oid			type;			/* as the view shows it */
	int32		typmod;
	Oid			collation;
} M2mViewColumn;

/*
 * A link view as its own query and its trigger describe it.  author_books is
 * near author (its first columns are the author's key in the association) and
 * its far endpoint is book.
 *
 * One at rest has lost its far endpoint (far_relid is InvalidOid, nfar 0 if the
 * association's columns are lost too) or columns of its near key.
 */
typedef struct M2mLinkView
{
	Oid			view;
	Oid			owner;
	Oid			association;
	Oid			far_relid;
	M2mSide		near;
	bool		adopted;
	bool		unasked;		/* nobody has chosen its name */
	char		role[2][NAMEDATALEN];
	int			nnear;			/* key columns of the near side */
	AttrNumber *near_link;		/* in the association */
	int			nfar;			/* key columns of the far side */
	AttrNumber *far_link;		/* in the association */
	AttrNumber *far_key;		/* in the far endpoint */
	Oid		   *far_op;			/* far key column = association column */
	int			nguards;		/* conditions: near key columns IS NOT NULL */
	bool		marks;			/* unlinking marks rows, its trigger says */
	AttrNumber	deleted;		/* by this column of the association: a
								 * condition shows no such rows; or 0 */
	M2mDeletedKind deleted_kind;
	bool		at_rest;		/* nulls stand for what is lost */
	bool		custom;			/* has more than m2m made, or other columns */
	int			ncolumns;
	M2mViewColumn *column;
} M2mLinkView;

/* A foreign key, from the table that it references. */
typedef struct M2mReference
{
	Oid			constraint;
	Oid			parent;			/* of which partition by partition it is a
								 * part, or InvalidOid */
	Oid			table;			/* that has it */
	char		on_delete;		/* FKCONSTR_ACTION_xxx */
	int			nkeys;
	AttrNumber	column[INDEX_MAX_KEYS];
	AttrNumber	key[INDEX_MAX_KEYS];	/* of the table referenced */
	Oid			equal_op[INDEX_MAX_KEYS];	/* key = column */
} M2mReference;

/* catalog.c: what the system catalogs say of a single object */
extern bool m2m_catalog_column_exists(Oid relid, AttrNumber attnum);
extern int	m2m_catalog_natts(Oid relid);
extern bool m2m_catalog_column_has_default(Oid relid, AttrNumber attnum);
extern bool m2m_catalog_has_no_null(Form_pg_attribute column);
extern bool m2m_catalog_column_generated(Oid relid, AttrNumber attnum);
extern Oid	m2m_catalog_base_type(Oid type);
extern List *m2m_catalog_add_types(List *types, Oid relid);
extern Oid	m2m_catalog_relation_owner(Oid relid);
extern bool m2m_catalog_is_subscribed(Oid relid);
extern bool m2m_catalog_is_newer(Oid relid, Snapshot snapshot);
extern Oid	m2m_catalog_function_owner(Oid function);
extern bool m2m_catalog_function_runs_as_invoker(Oid function);
extern bool m2m_catalog_view_reads_as_invoker(Oid viewid);
extern bool m2m_catalog_is_table(Oid relid);

/*
 * catalog_depend.c: which views and associations hang on an object: walks of
 * pg_depend
 */
extern List *m2m_catalog_link_views(Oid relid);
extern List *m2m_catalog_views(Oid relid);
extern List *m2m_catalog_view_uses(Oid viewid);
extern List *m2m_catalog_associations(void);
extern List *m2m_catalog_associations_and_others(List **others);
extern List *m2m_catalog_associations_of(List *relids);
extern List *m2m_catalog_dependent_associations(Oid classid, Oid objectid);
extern Oid	m2m_catalog_relation_of(Oid classid, Oid objectid);

/*
 * catalog_between.c: what refers to two objects at once: tables, associations
 * and functions between them
 */
extern List *m2m_catalog_functions_between(Oid first, Oid second);
extern List *m2m_catalog_associations_between(Oid first, Oid second,
											  List **sources);
extern List *m2m_catalog_tables_between(Oid first, Oid second);
extern bool m2m_catalog_is_referenced(Oid relid);
extern List *m2m_catalog_foreign_keys_to(Oid relid);

/*
 * catalog_distributed.c: which tables an engine has taken over that keeps
 * their rows elsewhere
 */
extern bool m2m_catalog_is_distributed(Oid relid);

/*
 * catalog_relationship.c: describes the relationship that an association table
 * and its link views, or two of its foreign keys, make up
 */
extern M2mRelationship *m2m_catalog_read_relationship(Oid association,
													  Oid trusted_view,
													  List **sources);
extern M2mRelationship *m2m_catalog_read_rest(Oid association, List *going);
extern M2mRelationship *m2m_catalog_describe_rest(Oid association,
												  M2mLinkView *view[2],
												  List *going);
extern M2mRelationship *m2m_catalog_read_foreign_keys(Oid association,
													  ForeignKeyCacheInfo *fk[2],
													  const char *role[2]);
extern void m2m_catalog_set_deleted(M2mRelationship *rel, AttrNumber deleted);

/*
 * catalog_side.c: one side of a relationship: the table that its columns of the
 * association refer to, by which key, and how values of both are compared
 */
extern List *m2m_catalog_foreign_keys(Oid association);

/*
 * catalog_association.c: what an association says of its links by itself: the
 * columns of a pair, link properties, what keeps links unique, links in both
 * directions
 */
extern bool m2m_view_is_due(M2mRelationship *rel, M2mSide side);
extern void m2m_catalog_describe_link_columns(M2mRelationship *rel);
extern bool m2m_catalog_is_part(Oid association, List *others);

/*
 * catalog_deleted.c: the column that says that a row is no link any more: how
 * conditions name it
 */
extern AttrNumber m2m_catalog_find_deleted(M2mRelationship *rel);
extern List *m2m_catalog_renewed(M2mRelationship *rel);
extern bool m2m_catalog_may_delete_by(Oid type);

/* catalog_identity.c: what one link is, as the association's keys have it */
extern void m2m_catalog_describe_identity(M2mRelationship *rel);

/*
 * catalog_index.c: which indexes an association has, to find links by and to
 * keep them from being doubled
 */
extern bool m2m_catalog_has_wider_key(M2mRelationship *rel);
extern bool m2m_catalog_has_leading_index(M2mRelationship *rel,
										  M2mEndpoint *endpoint);

/*
 * catalog_view.c: what makes a view a link view, and what it says of its
 * relationship
 */
extern Oid	m2m_catalog_trigger_function(void);
extern char *m2m_own_function(const char *name);
extern bool m2m_catalog_is_link_view(Oid relid);
extern Oid	m2m_catalog_view_trigger(Oid viewid, char **name,
									 List **arguments);
extern bool m2m_catalog_trigger_depends(Oid viewid, const char *name);
extern bool m2m_catalog_owner_trusted(Oid owner, Oid association_owner);
extern M2mLinkView *m2m_catalog_read_view(Oid viewid, bool need_trigger);
extern bool m2m_columns_include(int n, const AttrNumber *columns,
								AttrNumber attnum);

#endif							/* M2M_CATALOG_H */
