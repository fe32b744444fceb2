/*
 * link_internal.h
 *		What the files of the general path share.
 */
#ifndef M2M_LINK_INTERNAL_H
#define M2M_LINK_INTERNAL_H

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/tuplestore.h"

#include "link.h"
#include "m2m.h"

/* The pairs of a call, as a relation that statements read. */
#define M2M_PAIRS_NAME "m2m_pairs"

/* Of these, the links that are there; it reads as the association does. */
#define M2M_FOUND_NAME "m2m_found"

/* Pairs with what is said of their links, and which of them have some. */
#define M2M_ITEMS_NAME "m2m_items"
#define M2M_FOUND_ITEMS_NAME "m2m_found_items"

/* Rows of one table that a call is about: see m2m_rows_read(). */
#define M2M_ROWS_NAME "m2m_rows"

typedef struct M2mRows
{
	uint64		count;
	uint64		into;			/* which of them gets links */
	HeapTuple  *row;			/* ord, then the columns */
	TupleDesc	desc;
	int			ncolumns;
	AttrNumber *attnum;			/* in the table */
} M2mRows;

/* What is given for the pairs of a call; see m2m_properties_read(). */
typedef struct M2mProperties
{
	Jsonb	   *all;			/* one object for all pairs, or NULL: */
	Jsonb	  **each;			/* one for each, in the order of the ids, or
								 * NULL */
	List	  **columns;		/* the association's columns in each, or in
								 * all */
} M2mProperties;

/* What the items of a call give, for the text of their statements. */
typedef struct M2mItems
{
	bool		each;			/* each by an object of its own */
	List	   *columns;		/* columns that any gives, in their order */
	List	   *optional;		/* of these, those that not all give */
	bool		found;			/* is there m2m_found_items? */
	bool		conditions;		/* do they say what links are to have? */
	bool		plain;			/* no ON CONFLICT over the identity */
	bool		checked;		/* is a new link the same as one that is
								 * there? */
	int			object_parameter;	/* which parameter is the object of all */
	int			part_parameter; /* which are the first item and the end */
} M2mItems;

/* A pair and what is said of its link. */
typedef struct M2mLinkItem
{
	Datum	   *key[2];
	Jsonb	   *properties;		/* NULL: nothing */
	List	   *columns;		/* that they give, in the order of the table */
	int			position;		/* in the call */
} M2mLinkItem;

/* Items that follow each other and give the same of what has a default. */
typedef struct M2mItemsRun
{
	int64		first;
	int64		end;
	List	   *columns;		/* of the INSERT */
} M2mItemsRun;

/* The items of a call, while its statements run. */
typedef struct M2mItemsCall
{
	M2mRelationship *rel;
	M2mItems	items;
	Datum		object;			/* unless each has its own */
	int64		count;
	List	   *runs;			/* M2mItemsRun */
	Tuplestorestate *store;
	Tuplestorestate *found;		/* NULL: not looked for */
	bool		whole;			/* does each give the whole identity? */
	bool		part;			/* does one give part of it? */
	bool		doubled;		/* does a pair come twice? */
	bool		changes;		/* is anything but the identity given? */
	int64		links;			/* of the rows that were made, how many are
								 * counted as links */
} M2mItemsCall;

/* Statements of the general path. */
typedef enum M2mStatement
{
	/* of pairs: in m2m_pairs, or one in parameters */
	M2M_STMT_LINK,
	M2M_STMT_LINK_ONE,
	M2M_STMT_LINK_READ,
	M2M_STMT_LINK_BOTH,
	M2M_STMT_FOUND,
	M2M_STMT_REVIVE,
	M2M_STMT_NEWER,
	M2M_STMT_UNLINK,
	M2M_STMT_UNLINK_ONE,
	M2M_STMT_LINKED,
	/* of all links of a row of one side; a statement for each side */
	M2M_STMT_COUNT,
	M2M_STMT_CLEAR,
	M2M_STMT_CLEAR_ONE,
	M2M_STMT_SET_UNLINK,
	M2M_STMT_SET_LINK,
	M2M_STMT_SET_FAR,
	M2M_STMT_SET_EACH,
	M2M_NUM_STMTS
} M2mStatement;

/*
 * link_kept.c: the general path: its statements as kept plans, which hang on
 * the description of their relationship, and executing them
 */
extern int64 m2m_stmt_execute(M2mRelationship *rel,
							  M2mStatement statement, M2mSide side,
							  Datum *values, bool read_only);
extern int64 m2m_stmt_count(M2mRelationship *rel,
							M2mStatement statement, M2mSide side,
							Datum *values, bool read_only);
extern SPIPlanPtr m2m_stmt_plan(M2mRelationship *rel,
								M2mStatement statement, M2mSide side);
extern void m2m_plan_run(SPIPlanPtr plan, Datum *values, bool read_only);
extern void m2m_plan_run_latest(SPIPlanPtr plan, Datum *values,
								DestReceiver *receiver);

/* link_plan.c: the general path: links written and read by SQL statements */
extern int64 m2m_plan_link(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_plan_link_pairs(M2mRelationship *rel, M2mPairs *pairs);
extern int64 m2m_plan_unlink(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_plan_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern void m2m_plan_check_newer(M2mRelationship *rel, M2mSide side,
								 M2mIds *id);
extern bool m2m_plan_may_suppress(M2mRelationship *rel);
extern int64 m2m_plan_count(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern void m2m_plan_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
						 M2mIds *ids[2], M2mDifference *difference);
extern void m2m_register_store(const char *name, TupleDesc desc,
							   Tuplestorestate *store);
extern void m2m_register_rows(const char *name, TupleDesc desc,
							  Tuplestorestate *store, double estimate);
extern int64 m2m_revive_pairs(M2mRelationship *rel, M2mIds *ids[2]);
extern List *m2m_texts_not_among(List *texts, List *others);
extern ArrayType *m2m_text_array(List *texts, MemoryContext context);

/*
 * link_items.c: the general path: what a call says of links, as items: pairs
 * with their link properties, sorted by pair, each once
 */
extern M2mProperties *m2m_properties_read(M2mIds *ids[2], Jsonb *given);
extern void m2m_items_begin(M2mItemsCall *call, M2mRelationship *rel,
							M2mIds *ids[2], M2mProperties *properties);
extern void m2m_items_end(M2mItemsCall *call);
extern M2mLinkItem *m2m_items_sort(M2mItemsCall *call, M2mIds *ids[2],
								   M2mProperties *properties);
pg_noreturn extern void m2m_error_doubled(M2mRelationship *rel, char *left,
										  char *right);
extern void m2m_items_store(M2mItemsCall *call, M2mLinkItem *item);

/*
 * link_properties.c: the general path: links with properties, each pair with
 * its own or all with the same
 */
extern int64 m2m_plan_link_properties(M2mRelationship *rel, M2mIds *ids[2],
									  M2mProperties *properties);
extern int64 m2m_plan_unlink_properties(M2mRelationship *rel, M2mIds *ids[2],
										M2mProperties *properties);
extern void m2m_plan_set_properties(M2mRelationship *rel, M2mSide side,
									M2mIds *id, M2mIds *ids[2],
									M2mProperties *properties,
									M2mDifference *difference);

/* link_text.c: the general path: the text of its statements about pairs */
extern void m2m_stmt_build(StringInfo sql, M2mRelationship *rel,
						   M2mStatement statement, M2mSide side);
extern void m2m_stmt_build_insert(StringInfo sql, M2mRelationship *rel,
								  bool one, List *columns);
extern bool m2m_revives_first(M2mRelationship *rel);
extern void m2m_stmt_build_revive_one(StringInfo sql, M2mRelationship *rel,
									  List *columns);
extern bool m2m_stmt_looks_first(M2mRelationship *rel, List *columns);

/* link_text_items.c: the general path: the text of its statements about items */
extern void m2m_stmt_build_properties(StringInfo sql,
									  M2mRelationship *rel,
									  M2mColumnStatement statement,
									  M2mItems *items, M2mSide side,
									  List *insert, bool returning);

/*
 * link_text_pieces.c: the general path: pieces of SQL that its statements are
 * put together from
 */
extern void m2m_append_same_identity(StringInfo sql, M2mRelationship *rel,
									 const char *other);
extern void m2m_append_on_conflict_identity(StringInfo sql,
											M2mRelationship *rel);
extern bool m2m_gives_identity(M2mRelationship *rel, List *columns);
extern bool m2m_names_identity(M2mRelationship *rel, List *columns);
extern void m2m_append_on_conflict_pair(StringInfo sql, M2mRelationship *rel);
extern void m2m_append_columns(StringInfo sql, M2mRelationship *rel,
							   M2mSide side, const char *prefix);
extern void m2m_append_link_columns(StringInfo sql, M2mRelationship *rel,
									const char *prefix);
extern int	m2m_append_pair(StringInfo sql, M2mRelationship *rel, bool left,
							bool right, const char *prefix);
extern void m2m_append_pair_parameters(StringInfo sql, M2mRelationship *rel);
extern void m2m_append_distinct_pairs(StringInfo sql, M2mRelationship *rel,
									  bool left, bool right);
extern void m2m_append_match(StringInfo sql, M2mRelationship *rel,
							 M2mSide side, int first_parameter);
extern void m2m_append_match_column(StringInfo sql, M2mRelationship *rel,
									M2mSide side, int column, int parameter);
extern void m2m_append_match_rest(StringInfo sql, M2mRelationship *rel,
								  M2mSide side);
extern void m2m_append_match_pair(StringInfo sql, M2mRelationship *rel,
								  bool parameters);
extern void m2m_append_not_null(StringInfo sql, M2mRelationship *rel,
								M2mSide side);
extern void m2m_append_removed(StringInfo sql, M2mRelationship *rel,
							   M2mSide side, bool grouped);
extern void m2m_append_key_order(StringInfo sql, M2mRelationship *rel,
								 M2mSide side, bool grouped);
extern void m2m_append_row_order(StringInfo sql, M2mRelationship *rel,
								 M2mSide side);
extern char *m2m_as_row_has_it(M2mRelationship *rel, M2mKeyColumn *key,
							   const char *alias);
extern bool m2m_converts(M2mKeyColumn *key);
extern void m2m_append_row_text(StringInfo sql, M2mRelationship *rel,
								M2mSide side);
extern void m2m_append_row_links(StringInfo sql, M2mRelationship *rel,
								 M2mSide side);
extern void m2m_append_same_value(StringInfo sql, M2mRelationship *rel,
								  M2mIdentityColumn *column, const char *value);
extern void m2m_append_stamps(StringInfo sql, M2mRelationship *rel,
							  List *columns, bool names);
extern void m2m_append_live(StringInfo sql, M2mRelationship *rel);
extern void m2m_append_deleted(StringInfo sql, M2mRelationship *rel,
							   bool value);
extern void m2m_begin_removal(StringInfo sql, M2mRelationship *rel,
							  bool joins);
extern void m2m_append_row(StringInfo sql, M2mRelationship *rel, M2mSide side,
						   bool parameters);
extern void m2m_begin_counted(StringInfo sql, M2mRelationship *rel);
extern void m2m_end_counted(StringInfo sql, M2mRelationship *rel);
extern void m2m_append_first(StringInfo sql, M2mRelationship *rel);
extern void m2m_append_alone(StringInfo sql, M2mRelationship *rel);
extern void m2m_append_order(StringInfo sql, int n);
extern void m2m_append_key_text(StringInfo sql, M2mRelationship *rel,
								M2mSide side);

/*
 * link_parts.c: all relationships of one table; rows of it that a call is
 * about, and pieces of SQL over both
 */
extern M2mRows *m2m_rows_read(M2mParts *parts, Bitmapset *columns,
							  M2mIds *from, M2mIds *into, bool lock);
extern Bitmapset *m2m_parts_columns(M2mParts *parts);
extern bool m2m_row_key(M2mRows *rows, uint64 n, M2mPart *part, Datum *key);
extern void m2m_rows_check_shared(M2mRows *rows, M2mPart *part);
extern bool m2m_is_near(M2mRelationship *rel, M2mSide side, int column);
extern void m2m_append_is_of(StringInfo sql, M2mRelationship *rel,
							 M2mSide side, const char *row, const char *link);
extern void m2m_append_same_far(StringInfo sql, M2mRelationship *rel,
								M2mSide side, bool identity);
extern void m2m_append_is_link(StringInfo sql, M2mRelationship *rel,
							   M2mSide side, const char *link);
extern uint64 m2m_parts_execute(const char *sql);
extern bool m2m_parts_any(Oid role, const char *sql, bool latest);

/*
 * link_identity.c: the general path: one link of a pair that may have several,
 * by its identity
 */
pg_noreturn extern void m2m_error_stored(M2mRelationship *rel);

/* link_stamps.c: times that m2m fills in: when a link was made, or changed */
extern List *m2m_stamped_slot(M2mRelationship *rel, List *columns);

#endif							/* M2M_LINK_INTERNAL_H */
