/*
 * m2m.h
 *		Shared types and the prototypes of every function that crosses files,
 *		grouped by the file that owns it.
 *
 * Calls go one way: functions -> keys -> relationship -> link -> (link_direct
 * or link_plan).  Nothing calls up.  The vocabulary (relationship, endpoint,
 * role, association, link, link view, key) is defined in README.md.
 */
#ifndef M2M_H
#define M2M_H

#include "access/attnum.h"
#include "access/tupdesc.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "compat.h"

/* The trigger function of link views, by which they are recognised. */
#define M2M_VIEW_TRIGGER_FUNCTION "m2m_link_view_write"
#define M2M_VIEW_TRIGGER_NAME "m2m_link_view"
#define M2M_BATCH_TRIGGER_NAME "m2m_link_view_batch"

/* The two sides of a relationship; also indexes M2mRelationship.side. */
typedef enum M2mSide
{
	M2M_LEFT = 0,
	M2M_RIGHT = 1
} M2mSide;

#define M2M_OTHER(side) ((side) == M2M_LEFT ? M2M_RIGHT : M2M_LEFT)

/* How a value of one type becomes a key column's value; owned by keys.c. */
typedef enum M2mCoercionKind
{
	M2M_COERCE_NONE,			/* it can be used as it is */
	M2M_COERCE_TEXT,			/* text, through the input function */
	M2M_COERCE_OUTPUT,			/* other strings: output, then input function */
	M2M_COERCE_EXPR				/* an assignment cast */
} M2mCoercionKind;

typedef struct M2mCoercion
{
	Oid			source;			/* type of the value */
	MemoryContext context;		/* that all of it lies in */
	M2mCoercionKind kind;
	List	   *functions;		/* that expr calls */
	ExprState  *expr;
	ExprContext *econtext;
} M2mCoercion;

/* One column of an endpoint's key, and the association column behind it. */
typedef struct M2mKeyColumn
{
	AttrNumber	attnum;			/* in the endpoint */
	AttrNumber	link_attnum;	/* in the association table */
	Oid			type;			/* of the endpoint's column */
	int32		typmod;
	Oid			collation;
	int16		typlen;			/* of the endpoint's column */
	bool		typbyval;
	Oid			link_type;		/* of the association's column */
	Oid			link_collation;
	Oid			equal_op;		/* endpoint's column = association's column */
	bool		link_not_null;	/* is the association's column NOT NULL? */

	char	   *label;			/* for messages: names column, type and table */

	/* caches of keys.c */
	FmgrInfo	input;			/* input function; fn_oid 0: not looked up */
	Oid			ioparam;
	List	   *coercions;		/* M2mCoercion, one for each type seen */
	M2mCoercion *to_text;		/* NULL: not looked up */
} M2mKeyColumn;

typedef struct M2mEndpoint
{
	Oid			relid;
	char		role[NAMEDATALEN];
	Oid			constraint;		/* association's foreign key, or InvalidOid */
	char		on_delete;		/* FKCONSTR_ACTION_xxx, or 0 without one */
	Oid			view;			/* link view that starts here, or InvalidOid:
								 * author's is author_books */
	int			nkeys;
	M2mKeyColumn *key;
	TupleDesc	row_desc;		/* of a composite id; keys.c makes it */
} M2mEndpoint;

/* Statements of the general path; owned by link_plan.c. */
typedef enum M2mStatement
{
	/* of pairs: in m2m_pairs, or one in parameters */
	M2M_STMT_LINK,
	M2M_STMT_LINK_ONE,
	M2M_STMT_LINK_READ,
	M2M_STMT_FOUND,
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

typedef struct M2mLinkView M2mLinkView;

/* How pairs are ordered and compared; owned by pairs.c. */
typedef struct M2mPairOrder M2mPairOrder;

/* Pairs of one call, in key order, each once; owned by pairs.c. */
typedef struct M2mPairs M2mPairs;

/* What the direct path knows of a relationship; owned by direct_table.c. */
typedef struct M2mDirect M2mDirect;

/* What a description was read from; owned by relationship.c. */
typedef struct M2mSources M2mSources;

/*
 * A relationship, as described by the system catalogs.  Lives in a memory
 * context of its own.  A description is never changed but for its caches, and
 * never freed before the transaction that uses it ends; once something that it
 * was read from has changed, the next call gets another.
 */
typedef struct M2mRelationship
{
	Oid			association;	/* hash key, must be first */
	Oid			trusted_view;	/* hash key: InvalidOid, or the link view of
								 * another owner that it was asked for */
	M2mSources *sources;		/* what it was read from */
	MemoryContext context;
	bool		adopted;		/* the association existed before m2m */
	bool		unique;			/* an index keeps pairs unique, ON CONFLICT can
								 * name it, and no child of the association
								 * holds links */
	bool		unique_index;	/* there is such an index, whatever stands in
								 * the way of the rest */
	bool		on_conflict;	/* ON CONFLICT can name it */
	bool		has_rules;		/* the association has rules */
	bool		temporary;
	M2mEndpoint side[2];
	int			nproperties;	/* link properties: further columns */
	AttrNumber *property;
	List	   *required;		/* those that are NOT NULL without a default */
	TupleDesc	pair_desc;		/* left key columns, right key columns */
	SPIPlanPtr	plan[M2M_NUM_STMTS][2]; /* [..][side], if it has one */
	List	   *column_plans;	/* M2mColumnPlan */
	M2mLinkView *view[2];		/* by near side; view_trigger.c reads them */
	M2mPairOrder *pair_order;	/* NULL: not looked up */
	M2mDirect  *direct;			/* NULL: not looked up */
} M2mRelationship;

/* Kinds of statements that there are one of for each set of columns. */
typedef enum M2mColumnStatement
{
	M2M_COLUMNS_LINK_PROPERTIES,	/* link_plan.c */
	M2M_COLUMNS_SET_PROPERTIES,
	M2M_COLUMNS_LINK_ROW,
	M2M_COLUMNS_INSERT_ROW,		/* view_trigger.c */
	M2M_COLUMNS_INSERT_ROW_RETURNING,
	M2M_COLUMNS_UPDATE_ROW,
	M2M_COLUMNS_UPDATE_LINK,
	M2M_COLUMNS_STATE_ROW,
	M2M_COLUMNS_STATE_LINK,
	M2M_COLUMNS_FETCH
} M2mColumnStatement;

typedef struct M2mColumnPlan
{
	M2mColumnStatement statement;
	M2mSide		near;			/* of the link view, where it matters */
	List	   *columns;		/* attribute numbers */
	SPIPlanPtr	plan;			/* NULL: to be prepared */
} M2mColumnPlan;

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
struct M2mLinkView
{
	Oid			view;
	Oid			owner;
	Oid			association;
	Oid			far_relid;
	M2mSide		near;
	bool		adopted;
	char		role[2][NAMEDATALEN];
	int			nnear;			/* key columns of the near side */
	AttrNumber *near_link;		/* in the association */
	int			nfar;			/* key columns of the far side */
	AttrNumber *far_link;		/* in the association */
	AttrNumber *far_key;		/* in the far endpoint */
	Oid		   *far_op;			/* far key column = association column */
	int			nguards;		/* conditions: near key columns IS NOT NULL */
	bool		at_rest;		/* nulls stand for what is lost */
	bool		custom;			/* has more than m2m made, or other columns */
	int			ncolumns;
	M2mViewColumn *column;
};

/* Whether an extension's script is running; see ddl.c. */
typedef struct M2mExtensionState
{
	bool		creating;
	Oid			current;
} M2mExtensionState;

/* A link view put aside; owned by view_save.c. */
typedef struct M2mSavedView M2mSavedView;

/* Ids of one side as given by a caller: count rows of nkeys values each. */
typedef struct M2mIds
{
	bool		is_array;
	int			nkeys;
	int			count;
	Datum	   *value;			/* never NULL; see m2m_datum_clean() */
} M2mIds;

/*
 * m2m_datum_clean: a value as reading it from a row would give it.  Where a
 * type passed by value is narrower than a Datum, the bits above it mean
 * nothing, and functions leave there what they like (hashtext() zeros, also
 * for a negative number); whoever compares or stores Datums as such has to
 * clean them before.
 */
static inline Datum
m2m_datum_clean(Datum value, int16 typlen, bool typbyval)
{
	if (!typbyval)
		return value;
	switch (typlen)
	{
		case sizeof(char):
			return CharGetDatum(DatumGetChar(value));
		case sizeof(int16):
			return Int16GetDatum(DatumGetInt16(value));
		case sizeof(int32):
			return Int32GetDatum(DatumGetInt32(value));
		default:
			return value;
	}
}

/* Which forms of ids an argument may take. */
typedef enum M2mIdForm
{
	M2M_ID_SCALAR,
	M2M_ID_ARRAY,
	M2M_ID_EITHER
} M2mIdForm;

/* What m2m_set changed. */
typedef struct M2mDifference
{
	ArrayType  *linked;			/* text[], in key order */
	ArrayType  *unlinked;
	int64		kept;
} M2mDifference;

/* What m2m_create was asked for; NULL or NIL means the default. */
typedef struct M2mDefinition
{
	Oid			relid[2];
	Oid			schema;			/* InvalidOid: the left endpoint's */
	const char *name;
	const char *role[2];
	const char *view[2];
	List	   *key[2];			/* names of the endpoint's key columns */
	List	   *column[2];		/* names of the association's columns */
	char		on_delete;
	bool		if_not_exists;
} M2mDefinition;

/* m2m.c: module load, settings */
extern bool m2m_auto_create;
extern bool m2m_direct_path;
extern bool m2m_index_runs;

/* naming.c: roles, singular and plural, identifiers */
extern char *m2m_name_singular(const char *name);
extern char *m2m_name_plural(const char *name);
extern char *m2m_name_join(const char *first, const char *second);
extern char *m2m_name_fit(const char *given, const char *argument);

/* keys.c: SQL arguments to keys of the endpoint's type */
extern M2mIds *m2m_ids_read(M2mRelationship *rel, M2mSide side, Datum value,
							Oid type, M2mIdForm form);
extern Datum m2m_key_coerce(M2mRelationship *rel, M2mSide side, int column,
							Datum value, Oid type);
extern bool m2m_ids_equal(M2mRelationship *rel, M2mSide side, M2mIds *a,
						  M2mIds *b);
extern text *m2m_key_text(M2mRelationship *rel, M2mSide side, Datum *value);
extern void m2m_ids_check_null(bool isnull, Oid table);

/* lock.c: locks on several relations at once, and what keeps an extension */
extern void m2m_lock_relations(List *relids, LOCKMODE lockmode);
extern void m2m_lock_relations_each(List *relids, List *lockmodes);
extern bool m2m_lock_if_free(List *relids, LOCKMODE lockmode);
extern void m2m_lock_extension(Oid extension, LOCKMODE lockmode);
extern Oid	m2m_keep_extension(const char *name, bool missing_ok);

/* catalog.c: what the system catalogs say of one object; names for SQL */
extern bool m2m_catalog_is_table(Oid relid);
extern bool m2m_catalog_column_exists(Oid relid, AttrNumber attnum);
extern int	m2m_catalog_natts(Oid relid);
extern Oid	m2m_catalog_relation_owner(Oid relid);
extern char *m2m_qualified_name(Oid relid);
extern char *m2m_quoted_column(Oid relid, AttrNumber attnum);
extern char *m2m_qualified_operator(Oid operator);
extern char *m2m_qualified_collation(Oid collation);
extern char *m2m_base_operand(const char *operand, Oid type);
extern char *m2m_link_operand(M2mRelationship *rel, M2mKeyColumn *key,
							  const char *alias);

/* catalog_depend.c: views and associations that hang on an object */
extern List *m2m_catalog_link_views(Oid relid);
extern List *m2m_catalog_views(Oid relid);
extern List *m2m_catalog_view_uses(Oid viewid);
extern Oid	m2m_catalog_relation_of(Oid classid, Oid objectid);
extern List *m2m_catalog_associations(void);
extern List *m2m_catalog_associations_and_others(List **others);
extern List *m2m_catalog_associations_of(List *relids);
extern List *m2m_catalog_associations_between(Oid first, Oid second,
											  List **sources);
extern List *m2m_catalog_functions_between(Oid first, Oid second);
extern List *m2m_catalog_dependent_associations(Oid classid, Oid objectid);

/* catalog_distributed.c: tables whose rows are elsewhere */
extern bool m2m_catalog_is_distributed(Oid relid);

/* catalog_view.c: what makes a link view, and what it says */
extern Oid	m2m_catalog_trigger_function(void);
extern char *m2m_own_function(const char *name);
extern bool m2m_catalog_is_link_view(Oid relid);
extern bool m2m_catalog_trigger_depends(Oid viewid, const char *name);
extern bool m2m_catalog_owner_trusted(Oid owner, Oid association_owner);
extern M2mLinkView *m2m_catalog_read_view(Oid view, bool need_trigger);
extern bool m2m_columns_include(int n, const AttrNumber *columns,
								AttrNumber attnum);

/* catalog_relationship.c: describing a relationship */
extern M2mRelationship *m2m_catalog_read_relationship(Oid association,
													  Oid trusted_view,
													  List **sources);
extern M2mRelationship *m2m_catalog_read_rest(Oid association, List *going);
extern M2mRelationship *m2m_catalog_describe_rest(Oid association,
												  M2mLinkView *view[2],
												  List *going);
extern List *m2m_catalog_foreign_keys(Oid association);
extern M2mRelationship *m2m_catalog_read_foreign_keys(Oid association,
													  ForeignKeyCacheInfo *fk[2],
													  const char *role[2]);

/* relationship.c: finding, cache, invalidation */
extern void m2m_relationship_init(void);
extern M2mRelationship *m2m_relationship_find(Oid first, Oid second,
											  const char *via,
											  const char *role,
											  LOCKMODE lockmode,
											  bool missing_ok,
											  M2mSide *first_side);
extern M2mRelationship *m2m_relationship_get(Oid association,
											 Oid trusted_view,
											 LOCKMODE lockmode);
extern bool m2m_relationship_current(M2mRelationship *rel);
extern M2mRelationship *m2m_relationship_refresh(M2mRelationship *rel);
extern void m2m_relationship_changed(Oid association);
extern void m2m_plan_retire(SPIPlanPtr plan);

/* define_check.c: what must be so before a relationship is made */
extern void m2m_endpoint_check(Oid relid);

/* define_create.c: making a relationship between two tables */
extern void m2m_definition_lock(M2mDefinition *definition);
extern Oid	m2m_relationship_define(M2mDefinition *definition);

/* define_adopt.c: making an existing table the association of one */
extern void m2m_relationship_adopt(Oid association, char *role[2],
								   List *column[2], char *view[2]);
extern char *m2m_view_name_taken(M2mRelationship *rel, M2mSide near);

/* ddl.c: running DDL of our own */
extern void m2m_ddl(const char *sql);
extern void m2m_sql(const char *sql);
extern bool m2m_ddl_is_own(Node *parsetree);
extern int	m2m_ddl_depth(void);
extern bool m2m_as_owner(Oid owner, bool restricted, const char *what,
						 void (*action) (void *arg), void *arg);
extern void m2m_setting_for_now(const char *name, const char *value);
extern bool m2m_as_server(bool restricted, const char *what,
						  void (*action) (void *arg), void *arg);
extern bool m2m_try_as_owner(Oid owner, bool restricted, const char *what,
							 const char *hint, void (*action) (void *arg),
							 void *arg);
extern bool m2m_look_as_owner(Oid owner, const char *what,
							  void (*action) (void *arg), void *arg);
extern bool m2m_drop_objects(List *addresses);
extern void m2m_drop_for_good(List *addresses, DropBehavior behavior);
extern bool m2m_drop_for_good_if_free(List *addresses);
extern void m2m_leave_extension(M2mExtensionState *state);
extern void m2m_enter_extension(M2mExtensionState *state);

/* view.c: text of link views and functions */
extern List *m2m_view_columns(M2mRelationship *rel, M2mSide near,
							  List *existing);
extern char *m2m_view_alias(List *columns, const char *name,
							const char *prefix);
extern const char *m2m_view_prefix(M2mLinkView *view, M2mViewColumn *column);
extern char *m2m_view_query(M2mRelationship *rel, M2mSide near,
							List *columns);
extern char *m2m_view_options(Oid viewid);
extern bool m2m_view_reads_as_invoker(Oid viewid);
extern bool m2m_view_runs_as_invoker(Oid viewid);
extern bool m2m_function_runs_as_invoker(Oid function);
extern char *m2m_view_domain_defaults_sql(M2mLinkView *view);
extern bool m2m_view_is_astray(M2mRelationship *rel, M2mLinkView *view);
extern bool m2m_view_replaceable(M2mRelationship *rel, M2mLinkView *view);
extern List *m2m_view_sources(M2mRelationship *rel, M2mLinkView *view);
extern bool m2m_view_needs_refresh(M2mRelationship *rel, M2mLinkView *view);
extern char *m2m_view_refresh_sql(M2mRelationship *rel, M2mLinkView *view);
extern void m2m_view_refresh(M2mRelationship *rel, M2mLinkView *view);
extern char *m2m_view_batch_trigger_sql(Oid viewid);
extern void m2m_trigger_depends(Oid trigger, const char *extension);
extern void m2m_view_create(M2mRelationship *rel, M2mSide near, Oid schema,
							const char *name);
extern bool m2m_function_is_astray(M2mRelationship *rel, M2mSide near,
								   Oid function);
extern bool m2m_function_is_link(Oid association, Oid function);
extern Oid	m2m_function_astray(M2mRelationship *rel, M2mSide near);
extern List *m2m_functions_of_table(Oid relid);
extern char *m2m_function_start(Oid association);
extern void m2m_function_remake(M2mRelationship *rel, M2mSide near,
								Oid astray);
extern void m2m_function_repair(M2mRelationship *rel, M2mSide near);
extern char *m2m_function_sql(M2mRelationship *rel, M2mSide near,
							  const char *qualified);
extern char *m2m_function_body(M2mRelationship *rel, M2mSide near);
extern Oid	m2m_function_owner(Oid function);
extern void m2m_function_replace(Oid function, const char *body);
extern bool m2m_function_reusable(M2mRelationship *rel, M2mSide near,
								  Oid schema, const char *name);
extern List *m2m_functions_find(M2mRelationship *rel, M2mSide near,
								bool or_by_name);
extern Oid	m2m_function_find(M2mRelationship *rel, M2mSide near,
							  bool or_by_name);

/* view_save.c: putting link views aside and back */
extern M2mSavedView *m2m_view_save(Oid viewid);
extern bool m2m_view_is_lost(M2mSavedView *saved);
extern bool m2m_view_drop(List *saved_views);
extern List *m2m_view_restore(List *saved_views);
extern void m2m_view_follow(M2mRelationship *rel, M2mLinkView *view);
extern Oid	m2m_saved_view_owner(M2mSavedView *saved);
extern Oid	m2m_saved_view_association(M2mSavedView *saved);
extern const char *m2m_saved_view_name(M2mSavedView *saved);

/* view_batch.c: links of one INSERT or COPY, made together */
extern bool m2m_view_batch_put(FunctionCallInfo fcinfo, M2mRelationship *rel,
							   M2mSide far, M2mIds *ids[2]);
extern void m2m_view_batch_end(FunctionCallInfo fcinfo);

/* ddl_pending.c: commands between their start and their end */
extern void m2m_pending_init(void);

/* ddl_dropped.c: what a command drops, as it was */
extern void m2m_dropped_init(void);

/* link.c: link, unlink, set on a list of pairs */
extern int64 m2m_links_add(M2mRelationship *rel, M2mIds *ids[2],
						   Jsonb *properties);
extern int64 m2m_links_add_pairs(M2mRelationship *rel, M2mPairs *pairs,
								 bool progress);
extern int64 m2m_links_remove(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_links_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern bool m2m_link_toggle(M2mRelationship *rel, M2mIds *ids[2]);
extern bool m2m_link_exists(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_links_count(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern void m2m_links_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
						  M2mIds *others, M2mDifference *difference);

/* load.c: the pairs that a query returns */
extern M2mPairs *m2m_load_read(M2mRelationship *rel, M2mSide first_side,
							   const char *query, bool progress);
extern void m2m_load_lock(M2mRelationship *rel);
extern bool m2m_load_begin(M2mRelationship *rel);
extern void m2m_load_end(bool progress);

/* pairs.c: the pairs of one call, in key order, each once */
extern M2mPairOrder *m2m_pair_order(M2mRelationship *rel);
extern M2mPairs *m2m_pairs_begin(M2mRelationship *rel, int work_kb);
extern void m2m_pairs_put(M2mPairs *pairs, Datum *left, Datum *right);
extern void m2m_pairs_put_ids(M2mPairs *pairs, M2mIds *ids[2]);
extern Datum *m2m_pairs_next(M2mPairs *pairs);
extern bool m2m_pairs_fit(M2mPairs *pairs);
extern bool m2m_ids_fit(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern int64 m2m_pairs_count(M2mPairs *pairs);
extern int64 m2m_pairs_distinct(M2mPairs *pairs);
extern int	m2m_pair_compare(M2mPairOrder *order, int first, int n,
							 Datum *a, Datum *b);
extern void m2m_pairs_end(M2mPairs *pairs);

/* link_direct.c: direct path (table and index access methods) */
extern bool m2m_direct_link(M2mRelationship *rel, M2mIds *ids[2],
							int64 *created);
extern bool m2m_direct_link_pairs(M2mRelationship *rel, M2mPairs *pairs,
								  bool progress, int64 *created);
extern bool m2m_direct_unlink(M2mRelationship *rel, M2mIds *ids[2],
							  int64 *removed);
extern bool m2m_direct_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids,
							 int64 *removed);
extern bool m2m_direct_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
						   M2mIds *ids[2], M2mDifference *difference);

/* link_plan.c: general path (SPI) */
extern SPIPlanPtr m2m_plan_prepare(const char *sql, int nargs, Oid *types);
extern SPIPlanPtr *m2m_plan_slot(M2mRelationship *rel,
								 M2mColumnStatement statement, M2mSide near,
								 List *columns);
extern void m2m_append_match_pair(StringInfo sql, M2mRelationship *rel,
								  bool parameters);
extern void m2m_plan_lock_links(M2mRelationship *rel);
extern void m2m_plan_lock_row(M2mRelationship *rel, M2mSide side, M2mIds *id);
pg_noreturn extern void m2m_plan_newer_links(void);
extern int64 m2m_plan_link_pairs(M2mRelationship *rel, M2mPairs *pairs);
extern Datum *m2m_pair_values(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_plan_link_row(M2mRelationship *rel, M2mIds *ids[2],
							   List *columns, Datum *values);
extern void m2m_plans_free(M2mRelationship *rel);
extern int64 m2m_plan_link(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_plan_link_properties(M2mRelationship *rel, M2mIds *ids[2],
									  Jsonb *properties);
extern int64 m2m_plan_unlink(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_plan_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern bool m2m_plan_linked(M2mRelationship *rel, M2mIds *ids[2],
							bool read_only);
extern bool m2m_plan_may_suppress(M2mRelationship *rel);
extern int64 m2m_plan_count(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern void m2m_plan_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
						 M2mIds *ids[2], M2mDifference *difference);

#endif							/* M2M_H */
