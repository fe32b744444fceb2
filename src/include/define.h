/*
 * define.h
 *		Making relationships, and unmaking them.
 */
#ifndef M2M_DEFINE_H
#define M2M_DEFINE_H

#include "nodes/bitmapset.h"
#include "nodes/pg_list.h"
#include "utils/guc.h"

#include "m2m.h"

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
	bool		notice;			/* say if there is a join table already */
	bool		naming_given;
	M2mNaming	naming;			/* if it was given, else the setting's */
	bool		symmetric;		/* links have no direction */
} M2mDefinition;

/* What m2m_adopt was asked for; NULL, NIL or InvalidOid means the default. */
typedef struct M2mAdoption
{
	char	   *role[2];
	List	   *column[2];		/* names of the association's columns */
	char	   *view[2];
	Oid			table[2];		/* the endpoints */
	bool		repair;			/* add what is missing */
	char	   *deleted;		/* the column that says that a row is no link
								 * any more; empty: there is none */
	bool		unasked;		/* nobody asked: its link views give way */
} M2mAdoption;

/* Which key a candidate has, as far as it concerns the pair; the best. */
typedef enum M2mCandidateKey
{
	M2M_CANDIDATE_KEY_NONE,
	M2M_CANDIDATE_KEY_OTHER,	/* such as a number of the row */
	M2M_CANDIDATE_KEY_WIDER,	/* holds the pair and more */
	M2M_CANDIDATE_KEY_PRIMARY,	/* the same, and is the primary key */
	M2M_CANDIDATE_KEY_PAIR
} M2mCandidateKey;

typedef struct M2mCandidateColumn
{
	AttrNumber	attnum;
	char	   *name;			/* NULL: dropped */
	Oid			type;
	bool		not_null;		/* in rows to come */
	bool		no_null;		/* in any row */
	bool		filled;			/* has a default, or is generated */
} M2mCandidateColumn;

typedef struct M2mCandidateIndex
{
	Bitmapset  *columns;
	AttrNumber	first;
	bool		unique;
	bool		exclusion;
	bool		primary;
	bool		immediate;
} M2mCandidateIndex;

/*
 * A table that is no association yet and could be one.  Columns in bitmap
 * sets are attribute numbers.
 */
typedef struct M2mCandidate
{
	Oid			relid;
	char	   *name;
	char	   *label;			/* quoted, with its schema */
	Oid			schema;
	Oid			owner;
	float4		rows;			/* as estimated; -1: not known */
	int			natts;
	M2mCandidateColumn *columns;
	Bitmapset  *all;
	List	   *indexes;		/* M2mCandidateIndex, the primary key first */
	Bitmapset  *primary;		/* columns of the primary key */
	int			nforeign_keys;	/* all that it has */
	bool		referenced;		/* other tables refer to its rows */

	/* the pair, by side */
	Oid			table[2];
	int			nkeys[2];
	AttrNumber *link_attnum[2];
	AttrNumber	key_attnum[2];	/* the first in the endpoint */
	Bitmapset  *column[2];
	bool		guessed[2];		/* there is no foreign key */
	bool		evident;		/* nothing else could be meant */
	bool		named;			/* not evident, but the table's name says it */
	Bitmapset  *pair;

	M2mCandidateKey key;
	List	   *identity;		/* columns beyond the pair (integers) */
	AttrNumber	deleted;		/* may say that a row is no link any more; 0:
								 * there is no such column */
	bool		not_null;		/* the pair's columns are */
	bool		own;			/* has columns of its own, times apart */
	bool		own_required;	/* one of them has to be given */
	bool		key_required;	/* one of the primary key has */
	List	   *tools;			/* String: which tools see a join table */
	List	   *missing;		/* char *, in words */
	int			score;			/* 0 to 100 */
	bool		ready;			/* needs no repair and no word */
	bool		plain;			/* and m2m_link() needs no properties */
} M2mCandidate;

/* define_check.c: arguments as messages call them, by side */
extern const char *const m2m_view_argument[2];
extern const char *const m2m_role_argument[2];
extern const char *const m2m_key_argument[2];
extern const char *const m2m_column_argument[2];

/*
 * define_adopt.c: makes an existing join table, or what is left of a
 * relationship, the association of a relationship
 */
extern void m2m_relationship_adopt(Oid association, M2mAdoption *adoption);
extern char *m2m_view_name_taken(M2mRelationship *rel, M2mSide near);

/* What m2m_adopt_all() made of a candidate. */
typedef struct M2mAdopted
{
	Oid			relid;
	const char *outcome;		/* adopted, refused, not ready */
	char	   *view[2];		/* qualified; NULL: none */
	char	   *reason;			/* NULL if it was adopted */
} M2mAdopted;

/* define_adopt_all.c: adopting all candidates that need no repair */
extern List *m2m_candidates_adopt(Oid schema, bool dry_run);

/*
 * define_candidate.c: whether a table that is no association yet could be one:
 * between which tables, what one link would be, and what it lacks
 */
extern M2mCandidate *m2m_candidate_read(Oid relid, const Oid endpoint[2]);
extern List *m2m_candidates_list(Oid schema);
extern void m2m_candidate_adopt(M2mCandidate *c, bool unasked);
extern List *m2m_candidate_columns(M2mCandidate *c, M2mSide side);
extern List *m2m_candidate_identity(M2mCandidate *c);
extern char *m2m_candidate_call(M2mCandidate *c);

/*
 * define_check.c: what must be so before a relationship is made or unmade, and
 * the error where it is not: endpoints, ownership, roles, names that are free
 */
extern bool m2m_endpoint_fits(Oid relid);
extern void m2m_endpoint_check(Oid relid);

/*
 * define_create.c: makes a relationship between two tables: works out what a
 * definition leaves open, makes the association table and what belongs to it
 */
extern void m2m_definition_lock(M2mDefinition *definition);
extern Oid	m2m_relationship_define(M2mDefinition *definition);

/*
 * define_first_use.c: a relationship that is to be made where it is used first,
 * or by m2m_create, and a join table that could have been meant
 */
extern void m2m_first_use_beside(Oid first, Oid second);
extern bool m2m_first_use_check(Oid first, Oid second, bool adopt);

/*
 * define_names.c: what m2m_adopt calls roles and link views that it was given
 * no name for
 */
extern char *m2m_adopted_view_elsewhere(M2mRelationship *rel, M2mSide near);

/* define_symmetric.c: links without a direction */
extern void m2m_relationship_symmetric(Oid association, bool repair);

/* define_drop.c: unmaking a relationship */
extern void m2m_relationship_drop(Oid association, bool keep_links);

/* define_expose.c: giving a relationship exposed functions, and taking them away */
extern List *m2m_relationship_expose(Oid association, const char *prefix);
extern int64 m2m_relationship_unexpose(Oid association);

/* define_rename.c: giving a relationship other names */
extern void m2m_relationship_rename(Oid association, char *name,
									char *role[2], char *view[2]);

/*
 * define_schema.c: the schema that link views and functions are made in
 */
extern Oid	m2m_schema_of_views(Oid association_schema, bool missing_ok);

/*
 * define_styles.c: names and shape of an association as this or that tool
 * makes them
 */
extern const struct config_enum_entry m2m_naming_options[];
extern M2mNaming m2m_naming_parse(const char *string);

#endif							/* M2M_DEFINE_H */
