/*
 * m2m.h
 *		What all of m2m shares: a relationship as it is described, ids as a
 *		caller gives them, the settings.
 *
 * Each folder has a header of its own beside this one, by which the others see
 * it; src/README.md says which folders may use which.  The vocabulary
 * (relationship, endpoint, role, association, link, link view, key) is defined
 * in README.md.
 */
#ifndef M2M_H
#define M2M_H

#include "access/attnum.h"
#include "access/tupdesc.h"
#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/array.h"

#include "compat.h"

/* m2m.c: settings */
extern bool m2m_auto_create;
extern bool m2m_auto_adopt;
extern bool m2m_direct_path;
extern bool m2m_index_runs;
extern char *m2m_actor;
extern char *m2m_view_schema;
extern int	m2m_naming;

/* Whose way to name and shape an association m2m_create follows. */
typedef enum M2mNaming
{
	M2M_NAMING_M2M,
	M2M_NAMING_RAILS,
	M2M_NAMING_LARAVEL,
	M2M_NAMING_DJANGO,
	M2M_NAMING_PRISMA
} M2mNaming;

/* The two sides of a relationship; also indexes M2mRelationship.side. */
typedef enum M2mSide
{
	M2M_LEFT = 0,
	M2M_RIGHT = 1
} M2mSide;

#define M2M_OTHER(side) ((side) == M2M_LEFT ? M2M_RIGHT : M2M_LEFT)

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
	bool		alike;			/* are values of the association's column the
								 * same, and only these, where those of the
								 * endpoint's are? */
	int			shared;			/* the other side's key column, from 1, behind
								 * which it stands as well; 0: none */

	char	   *label;			/* for messages: names column, type and table */

	/* caches of keys.c */
	FmgrInfo	input;			/* input function; fn_oid 0: not looked up */
	Oid			ioparam;
	List	   *coercions;		/* M2mCoercion, one for each type seen */
	struct M2mCoercion *to_text;	/* NULL: not looked up */
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
	bool		alike;			/* are all of its columns alike? */
	TupleDesc	row_desc;		/* of a composite id; keys.c makes it */
	TupleDesc	short_desc;		/* the same without shared columns */
} M2mEndpoint;

/* What tells one link from another. */
typedef enum M2mIdentityKind
{
	M2M_IDENTITY_PAIR,			/* the pair: no two links of one */
	M2M_IDENTITY_KEY,			/* the pair and a key that holds some of it */
	M2M_IDENTITY_SURROGATE,		/* the pair and a key that holds none of it */
	M2M_IDENTITY_ROW			/* no key in a table of its owner's: the whole
								 * row */
} M2mIdentityKind;

/* One column of the identity that is none of the pair: a link property. */
typedef struct M2mIdentityColumn
{
	AttrNumber	attnum;			/* in the association */
	Oid			equal_op;		/* the key's equality; InvalidOid: images are
								 * compared */
	bool		not_null;
	Oid			collation;		/* the key's, where by the column's own other
								 * values are equal; or InvalidOid */
} M2mIdentityColumn;

/*
 * How a column of the association says that a row is no link any more: of
 * whoever does not delete his rows.
 */
typedef enum M2mDeletedKind
{
	M2M_DELETED_TIME,			/* when that was; null in a link */
	M2M_DELETED_FLAG,			/* boolean */
	M2M_DELETED_NULLABLE_FLAG	/* boolean, and null counts as false */
} M2mDeletedKind;

/*
 * A relationship, as described by the system catalogs.  Lives in a memory
 * context of its own.  A description is never changed but for its caches, and
 * never freed before the transaction that uses it ends; once something that it
 * was read from has changed, the next call gets another.
 */
typedef struct M2mRelationship
{
	Oid			association;
	Oid			trusted_view;	/* InvalidOid, or the link view of another
								 * owner that it was asked for */
	struct M2mSources *sources; /* what it was read from */
	MemoryContext context;
	bool		adopted;		/* the association existed before m2m */
	bool		unasked;		/* its new link views give way to others'
								 * names */
	bool		unique;			/* an index keeps pairs unique, ON CONFLICT
								 * can name it, and no child of the
								 * association holds links */
	bool		unique_index;	/* there is such an index, whatever stands in
								 * the way of the rest */
	bool		on_conflict;	/* ON CONFLICT can name it */
	M2mIdentityKind identity;	/* what one link is */
	int			nidentity;		/* columns of it beyond the pair */
	M2mIdentityColumn *identity_column; /* in the order of the table */
	bool		has_key;		/* a key says so */
	bool		tied;			/* another could as well */
	bool		one_each;		/* no two links have the same identity */
	List	   *identity_target;	/* columns that ON CONFLICT knows it by;
									 * NIL: it cannot, or not all of it */
	List	   *collated;		/* columns whose collation it has to name, as
								 * an index has other ideas of equality */
	List	   *collations;		/* these */
	bool		has_rules;		/* the association has rules */
	Oid			mirror;			/* the association's foreign key to itself by
								 * which each link is there in both
								 * directions; InvalidOid: links have one */
	bool		temporary;
	M2mEndpoint side[2];
	int			nproperties;	/* link properties: further columns */
	AttrNumber *property;
	List	   *required;		/* those that are NOT NULL without a default */
	List	   *stamped;		/* a time that must be there: m2m fills in
								 * now() */
	List	   *touched;		/* the time of the last change, by its name */
	int			nlink;			/* link columns: a pair in the association */
	AttrNumber *link;			/* the left side's, then those of the right
								 * side that are not the left's, too */
	int			nshared;		/* columns that both sides have */
	AttrNumber	deleted;		/* the column that says that a row is no link
								 * any more, or 0; it is no property */
	M2mDeletedKind deleted_kind;
	bool		deleted_given;	/* an INSERT has to say that a row is a link */
	bool		deleted_partial;	/* ON CONFLICT names an index of links
									 * only */
	bool		revives;		/* a row that is no link any more can be in
								 * the way of a new one, and becomes it */
	List	   *renewed;		/* properties that it then gets as a new row
								 * would */
	TupleDesc	pair_desc;		/* left key columns, right key columns */

	/*
	 * What others have hung on it, each of a type that is not known here;
	 * NULL until its owner needs it.  It lies in the description's context;
	 * what is not memory goes by a reset callback of that.
	 */
	struct M2mPairOrder *pair_order;	/* ids/pairs.c */
	struct M2mDirect *direct;	/* direct/direct_table.c */
	struct M2mPlans *plans;		/* link/link_kept.c */
	struct M2mRules *rules;		/* rule/rule.c */
	struct M2mLinkView *view[2];	/* view/view_trigger.c; by near side */
} M2mRelationship;

/*
 * Ids of one side as given by a caller: count rows of nkeys values each.  One
 * that was given without its shared columns gets them from the other side's
 * (ids/shared.c).
 */
typedef struct M2mIds
{
	bool		is_array;
	int			nkeys;
	int			count;
	Datum	   *value;			/* never NULL; see m2m_datum_clean() */
	bool	   *is_short;		/* without its shared columns, by id; NULL:
								 * none is */
} M2mIds;

/* What m2m_set changed. */
typedef struct M2mDifference
{
	ArrayType  *linked;			/* text[], in key order */
	ArrayType  *unlinked;
	int64		kept;
} M2mDifference;

#endif							/* M2M_H */
