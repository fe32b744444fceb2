/*
 * define.h
 *		What define.c, define_create.c, define_adopt.c, define_keys.c,
 *		define_temporary.c and define_check.c share.
 */
#ifndef M2M_DEFINE_H
#define M2M_DEFINE_H

#include "utils/rel.h"

#include "m2m.h"

/* define_check.c: what must be so, and the words for what is not */
extern const char *const m2m_view_argument[2];
extern const char *const m2m_role_argument[2];
extern const char *const m2m_key_argument[2];
extern const char *const m2m_column_argument[2];

extern void m2m_association_check_owner(Oid association);
extern void m2m_local_check(Oid relid);
extern void m2m_roles_check(char *role[2], const char *function);
extern void m2m_view_names_check(char *view[2], const char *function);
extern void m2m_name_check_free(Oid schema, const char *name,
								const char *argument, const char *function);
extern void m2m_function_check_free(M2mRelationship *rel, M2mSide near,
									Oid schema, const char *name,
									const char *function);

/* define_keys.c: which keys are meant */
extern List *m2m_key_choose(Oid relid, List *wanted, M2mSide side);
extern void m2m_foreign_keys_choose(Oid association, List *column[2],
									ForeignKeyCacheInfo *fk[2]);

/* define_temporary.c: what becomes of an association at commit */
extern bool m2m_temporary_deletes_rows(Oid relid[2]);
extern void m2m_temporary_depend(Oid association, Oid relid[2]);
extern void m2m_temporary_keep(Oid association, Oid endpoint);

/* define_create.c */
extern void m2m_views_create(M2mRelationship *rel, Oid schema, char *view[2]);

#endif							/* M2M_DEFINE_H */
