/*
 * define_internal.h
 *		What the files of this folder share.
 */
#ifndef M2M_DEFINE_INTERNAL_H
#define M2M_DEFINE_INTERNAL_H

#include "utils/rel.h"

#include "define.h"
#include "m2m.h"

/*
 * define_adopt.c: makes an existing join table, or what is left of a
 * relationship, the association of a relationship
 */
extern List *m2m_link_names(M2mRelationship *rel, M2mSide side);

/*
 * define_check.c: what must be so before a relationship is made or unmade, and
 * the error where it is not: endpoints, ownership, roles, names that are free
 */
extern const char *const m2m_table_argument[2];
extern void m2m_local_check(Oid relid);
extern void m2m_roles_check(char *role[2], const char *function);
extern void m2m_view_names_check(char *view[2], const char *function);
extern void m2m_references_check(Oid relid);
extern bool m2m_name_is_free(Oid schema, const char *name);
extern bool m2m_name_is_being_taken(Oid schema, const char *name);
extern void m2m_name_check_free(Oid schema, const char *name,
								const char *argument, const char *function,
								const Oid *endpoint);
extern bool m2m_function_disturbs(M2mRelationship *rel, M2mSide near,
								  Oid schema, const char *name);
extern bool m2m_function_is_free(M2mRelationship *rel, M2mSide near,
								 Oid schema, const char *name);
extern void m2m_function_check_free(M2mRelationship *rel, M2mSide near,
									Oid schema, const char *name,
									const char *function);

/*
 * define_create.c: makes a relationship between two tables: works out what a
 * definition leaves open, makes the association table and what belongs to it
 */
extern void m2m_views_create(M2mRelationship *rel, Oid schema[2],
							 char *view[2]);
extern char *m2m_association_comment(Oid left, Oid right, char *view[2]);

/*
 * define_symmetric.c: links without a direction: the foreign key of the
 * association to itself
 */
extern void m2m_symmetric_check(M2mDefinition *definition, List *key[2]);
extern void m2m_mirror_create(Oid association, List *column[2]);

/* define_drop.c: unmaking a relationship */
extern M2mRelationship *m2m_relationship_lock(Oid association, bool endpoints);

/*
 * define_draft.c: foreign keys that a join table should have and has not: which
 * of its columns refer to which table
 */
extern ForeignKeyCacheInfo *m2m_foreign_key_draft(Oid association, Oid table,
												  List *columns, List *taken,
												  int open, M2mSide side);

/*
 * define_deleted.c: which column of an adopted table says that a row is no
 * link any more
 */
extern AttrNumber m2m_deleted_by_name(M2mRelationship *rel);
extern void m2m_deleted_choose(M2mRelationship *rel,
							   M2mRelationship *leftover, bool has_view,
							   AttrNumber of_view, const char *name);

/*
 * define_keys.c: chooses the key of an endpoint and the foreign keys of an
 * association that are to make a relationship
 */
extern List *m2m_key_choose(Oid relid, List *wanted, M2mSide side,
							Oid association);
extern void m2m_foreign_keys_choose(Oid association, Oid table[2],
									List *column[2],
									ForeignKeyCacheInfo *fk[2]);
extern char *m2m_polymorphic_hint(Oid association, AttrNumber column);

/*
 * define_names.c: what m2m_adopt calls roles and link views that it was given
 * no name for
 */
extern void m2m_adopted_roles(Oid association, ForeignKeyCacheInfo *fk[2],
							  char *role[2]);
extern void m2m_adopted_views(M2mRelationship *rel, ForeignKeyCacheInfo *fk[2],
							  Oid schema[2], bool given[2], char *role[2],
							  char *view[2]);
extern char *m2m_adopted_view_again(M2mRelationship *rel, M2mSide near);
extern char *m2m_view_name_renamed(M2mRelationship *rel, M2mSide near,
								   const char *name, char *role[2]);

/*
 * define_candidate.c: whether a table that is no association yet could be one
 */
extern List *m2m_candidates_between(Oid first, Oid second);
extern char *m2m_table_label(Oid relid);

/* define_pair.c: which two foreign keys of a candidate are its pair */
extern List *m2m_candidate_foreign_keys(M2mCandidate *c);
extern bool m2m_candidate_is_polymorphic(M2mCandidate *c, List *fks);
extern bool m2m_candidate_choose_pair(M2mCandidate *c, List *fks,
									  const Oid endpoint[2]);
extern bool m2m_candidate_guess_pair(M2mCandidate *c, List *fks);

/*
 * define_judge.c: what a candidate has and lacks, and how likely it is a join
 * table
 */
extern void m2m_candidate_judge(M2mCandidate *c);

/*
 * define_first_use.c: a relationship that is to be made, and a join table that
 * could have been meant
 */
extern void m2m_first_use_notice(Oid first, Oid second);

/* define_tools.c: which other tools would see a join table in a table */
extern List *m2m_candidate_tools(M2mCandidate *c);

/*
 * define_plan.c: what a join table lacks to be an association table, and what
 * adds it
 */

/* Who looks at rows, if anybody. */
typedef enum M2mRepairLook
{
	M2M_LOOK_CATALOGS,			/* nobody: no step is about rows */
	M2M_LOOK_CALLER,			/* the current user */
	M2M_LOOK_OWNER				/* the association's owner, for a caller who
								 * may read it all; else nobody */
} M2mRepairLook;

/* One thing that a table lacks, or has too much. */
typedef struct M2mRepairStep
{
	char	   *what;			/* for a list of findings */
	char	   *sql;			/* the statement that mends it; NULL: it is
								 * for the user to decide */
	bool		required;		/* the table cannot be adopted without it */
	bool		remark;			/* nothing to mend: it stays so */
	int64		rows;			/* that the statement deletes */
	char	   *notice;			/* what is said before it does */
	char	   *sample;			/* some of the rows, as text */
	char	   *hint;			/* where there is no statement: what to do */
} M2mRepairStep;

extern List *m2m_repair_plan(Oid association, ForeignKeyCacheInfo *fk[2],
							 M2mRepairLook look);

/*
 * define_repair.c: makes a join table ready to be an association table, or says
 * what it lacks
 */
extern void m2m_repair_lock(Oid association, Oid table[2]);
extern void m2m_repair_run(Oid association, ForeignKeyCacheInfo *fk[2],
						   bool repair);

/*
 * define_schema.c: the schema that link views and functions are made in
 */
extern void m2m_schema_check(Oid schema);

/*
 * define_styles.c: names and shape of an association as this or that tool
 * makes them
 */
extern M2mSide m2m_style_first(M2mNaming naming, Oid relid[2]);
extern void m2m_style_roles(M2mNaming naming, Oid relid[2],
							const char *given[2], char *role[2]);
extern List *m2m_style_columns(M2mNaming naming, Oid relid[2], char *role[2],
							   List *key, M2mSide side);
extern char *m2m_style_association(M2mNaming naming, Oid relid[2],
								   const char *given[2]);
extern char *m2m_style_key(M2mNaming naming, const char *association,
						   List *columns);
extern char *m2m_style_index(M2mNaming naming, const char *association,
							 List *columns);
extern char *m2m_style_foreign_key(M2mNaming naming, const char *association,
								   List *columns, Oid relid, List *key);

/*
 * define_temporary.c: temporary relationships at the end of a transaction: the
 * association goes with the rows or tables that its links are between
 */
extern bool m2m_temporary_deletes_rows(Oid relid[2]);
extern void m2m_temporary_depend(Oid association, Oid relid[2]);
extern void m2m_temporary_keep(Oid association, Oid endpoint);

#endif							/* M2M_DEFINE_INTERNAL_H */
