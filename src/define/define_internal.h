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
 * define_check.c: what must be so before a relationship is made or unmade, and
 * the error where it is not: endpoints, ownership, roles, names that are free
 */
extern void m2m_local_check(Oid relid);
extern void m2m_association_check_owner(Oid association);
extern void m2m_roles_check(char *role[2], const char *function);
extern void m2m_view_names_check(char *view[2], const char *function);
extern bool m2m_name_is_free(Oid schema, const char *name);
extern void m2m_name_check_free(Oid schema, const char *name,
								const char *argument, const char *function);
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

/*
 * define_keys.c: chooses the key of an endpoint and the foreign keys of an
 * association that are to make a relationship
 */
extern List *m2m_key_choose(Oid relid, List *wanted, M2mSide side);
extern void m2m_foreign_keys_choose(Oid association, List *column[2],
									ForeignKeyCacheInfo *fk[2]);

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

/*
 * define_schema.c: the schema that link views and functions are made in
 */
extern Oid	m2m_schema_of_views(Oid association_schema);
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
