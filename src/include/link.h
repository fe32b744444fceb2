/*
 * link.h
 *		What operations on links mean, and the general path, which leaves them
 *		to SQL statements.
 */
#ifndef M2M_LINK_H
#define M2M_LINK_H

#include "executor/spi.h"
#include "utils/jsonb.h"

#include "ids.h"
#include "m2m.h"

/*
 * Kinds of kept statements that there is one of for each set of columns.
 * Whoever keeps some beside ours numbers his own from the last one on.
 */
typedef enum M2mColumnStatement
{
	M2M_COLUMNS_LINK_PROPERTIES,
	M2M_COLUMNS_SET_PROPERTIES,
	M2M_COLUMNS_LINK_ROW,
	M2M_COLUMNS_FOUND_PROPERTIES,
	M2M_COLUMNS_NEWER_PROPERTIES,
	M2M_COLUMNS_SEVERAL_PROPERTIES,
	M2M_COLUMNS_DOUBLE_PROPERTIES,
	M2M_COLUMNS_MISSING_PROPERTIES,
	M2M_COLUMNS_UNLINK_PROPERTIES,
	M2M_COLUMNS_SET_UNLINK_PROPERTIES,
	M2M_COLUMNS_SET_LINKS,
	M2M_COLUMNS_IDENTITY_LINK,
	M2M_COLUMNS_IDENTITY_LINKED,
	M2M_COLUMNS_IDENTITY_FIND,
	M2M_COLUMNS_IDENTITY_REMOVE,
	M2M_COLUMNS_IDENTITY_TWICE,
	M2M_COLUMNS_IDENTITY_REVIVE,
	M2M_COLUMNS_BY_FIND,
	M2M_COLUMNS_BY_KEEP,
	M2M_COLUMNS_BY_INSERT,
	M2M_COLUMNS_OTHERS
} M2mColumnStatement;

/*
 * What tells a link from others of its pair: values of the columns of
 * M2mRelationship.identity_column.
 */
typedef struct M2mIdentity
{
	Datum	   *value;
	bool	   *isnull;
} M2mIdentity;

/* A link, as parameters of a statement: the pair, then its identity. */
typedef struct M2mLinkParameters
{
	int			n;				/* so many of them */
	Datum	   *value;			/* with room for others behind */
	char	   *nulls;
	Oid		   *type;
} M2mLinkParameters;

/* Where a row is that was chosen; relid InvalidOid: none was. */
typedef struct M2mPlace
{
	Oid			relid;
	ItemPointerData ctid;
} M2mPlace;

/* What becomes of a value that no row of its table has. */
typedef enum M2mMissing
{
	M2M_MISSING_REFUSED,		/* error 23503 */
	M2M_MISSING_REFUSED_ANYWAY, /* the same of who cannot have it inserted */
	M2M_MISSING_INSERTED,
	M2M_MISSING_LEFT_OUT
} M2mMissing;

/* A role that a table plays in a relationship, and what a call did there. */
typedef struct M2mPart
{
	M2mRelationship *rel;
	M2mSide		side;
	int64		count;			/* links that were moved, or copied */
	int64		dropped;		/* links that would have been there twice */
	bool		quiet;			/* were they moved without anybody's code? */
} M2mPart;

/* The relationships of one table, for a call on the links of its rows in all. */
typedef struct M2mParts
{
	Oid			relid;
	List	   *list;			/* M2mPart, by the associations' OIDs */
	M2mPart    *key;			/* by whose key rows are given */
} M2mParts;

/*
 * link.c: linking, unlinking, setting: what each operation means on ids of the
 * two sides, whichever path then writes the links
 */
extern int64 m2m_links_add(M2mRelationship *rel, M2mIds *ids[2],
						   Jsonb *properties, bool skip);
extern int64 m2m_links_remove(M2mRelationship *rel, M2mIds *ids[2],
							  Jsonb *properties);
extern int64 m2m_links_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern bool m2m_link_toggle(M2mRelationship *rel, M2mIds *ids[2]);
extern bool m2m_link_exists(M2mRelationship *rel, M2mIds *ids[2]);
extern int64 m2m_links_count(M2mRelationship *rel, M2mSide side, M2mIds *ids);
extern void m2m_links_set(M2mRelationship *rel, M2mSide side, M2mIds *id,
						  M2mIds *others, Jsonb *properties,
						  M2mDifference *difference);
extern int64 m2m_links_add_pairs(M2mRelationship *rel, M2mPairs *pairs,
								 bool progress);

/*
 * link_kept.c: the general path: its statements as kept plans, which hang on
 * the description of their relationship, and executing them
 */
extern SPIPlanPtr m2m_plan_prepare(const char *sql, int nargs, Oid *types);
extern SPIPlanPtr *m2m_plan_slot(M2mRelationship *rel, int statement,
								 M2mSide near, List *columns);

/* link_plan.c: the general path: links written and read by SQL statements */
extern int64 m2m_plan_link_row(M2mRelationship *rel, M2mIds *ids[2],
							   List *columns, Datum *values);
extern bool m2m_plan_linked(M2mRelationship *rel, M2mIds *ids[2],
							bool read_only);

/*
 * link_identity.c: the general path: one link of a pair that may have several,
 * by its identity
 */
extern void m2m_identity_parameters(M2mLinkParameters *parameters,
									M2mRelationship *rel, M2mIds *ids[2],
									M2mIdentity *identity, int more);
extern bool m2m_identity_place(M2mRelationship *rel,
							   M2mLinkParameters *parameters, M2mPlace *last,
							   Datum *place);
extern bool m2m_identity_linked(M2mRelationship *rel, M2mIds *ids[2],
								M2mIdentity *identity);
extern TransactionId m2m_place_updater(Oid relid, ItemPointer place);
extern bool m2m_identity_has_changed(M2mRelationship *rel, M2mIds *ids[2],
									 M2mIdentity *identity);
extern int64 m2m_identity_remove(M2mRelationship *rel, M2mIds *ids[2],
								 M2mIdentity *identity);
extern int64 m2m_identity_link(M2mRelationship *rel, M2mIds *ids[2],
							   List *columns, Datum *values,
							   M2mIdentity *identity, bool *known);
extern bool m2m_identity_revive(M2mRelationship *rel, M2mIds *ids[2],
								List *columns, Datum *values,
								M2mIdentity *identity, bool *known);

/*
 * link_text_pieces.c: the general path: pieces of SQL that its statements are
 * put together from
 */
extern void m2m_append_match_link(StringInfo sql, M2mRelationship *rel);
extern void m2m_append_removal(StringInfo sql, M2mRelationship *rel);
extern bool m2m_is_identity(M2mRelationship *rel, AttrNumber attnum);
extern void m2m_append_match_place(StringInfo sql, int first_parameter);

/* link_by.c: ids of rows by other columns than their key */
extern M2mIds *m2m_ids_by(M2mRelationship *rel, M2mSide side,
						  const char *by_name, Datum value, Oid type,
						  M2mIdForm form, M2mMissing missing, bool **found);
extern void m2m_ids_keep_found(M2mIds *ids[2], M2mSide side, bool *found);

/* link_stamps.c: times that m2m fills in: when a link was made, or changed */
extern List *m2m_stamped(M2mRelationship *rel);
extern List *m2m_touched(M2mRelationship *rel);
extern char *m2m_stamp_text(M2mRelationship *rel, AttrNumber attnum);
extern Datum m2m_stamp_value(M2mRelationship *rel, AttrNumber attnum);

/*
 * link_parts.c, link_merge.c, link_copy.c: the links of rows of one table in all
 * its relationships: made another row's, or copied to it
 */
extern M2mParts *m2m_parts_find(Oid relid, const char *via, const char *role,
								bool shut);
extern void m2m_parts_refresh(M2mParts *parts);
extern void m2m_parts_merge(M2mParts *parts, M2mIds *from, M2mIds *into);
extern void m2m_parts_copy(M2mParts *parts, M2mIds *from, M2mIds *into);

/*
 * load.c: the pairs that a query returns, for m2m_load: read by a cursor, a
 * thousand rows at a time, into pairs that spill to disk
 */
extern M2mPairs *m2m_load_read(M2mRelationship *rel, M2mSide first_side,
							   const char *query, bool progress);
extern void m2m_load_lock(M2mRelationship *rel);
extern bool m2m_load_begin(M2mRelationship *rel);
extern void m2m_load_end(bool progress);

#endif							/* M2M_LINK_H */
