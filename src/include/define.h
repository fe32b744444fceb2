/*
 * define.h
 *		Making relationships, and unmaking them.
 */
#ifndef M2M_DEFINE_H
#define M2M_DEFINE_H

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
	bool		naming_given;
	M2mNaming	naming;			/* if it was given, else the setting's */
} M2mDefinition;

/* define_check.c: arguments as messages call them, by side */
extern const char *const m2m_view_argument[2];
extern const char *const m2m_role_argument[2];
extern const char *const m2m_key_argument[2];
extern const char *const m2m_column_argument[2];

/*
 * define_adopt.c: makes an existing join table, or what is left of a
 * relationship, the association of a relationship
 */
extern void m2m_relationship_adopt(Oid association, char *role[2],
								   List *column[2], char *view[2]);
extern char *m2m_view_name_taken(M2mRelationship *rel, M2mSide near);

/*
 * define_check.c: what must be so before a relationship is made or unmade, and
 * the error where it is not: endpoints, ownership, roles, names that are free
 */
extern void m2m_endpoint_check(Oid relid);

/*
 * define_create.c: makes a relationship between two tables: works out what a
 * definition leaves open, makes the association table and what belongs to it
 */
extern void m2m_definition_lock(M2mDefinition *definition);
extern Oid	m2m_relationship_define(M2mDefinition *definition);

/* define_drop.c: unmaking a relationship */
extern void m2m_relationship_drop(Oid association, bool keep_links);

/*
 * define_styles.c: names and shape of an association as this or that tool
 * makes them
 */
extern const struct config_enum_entry m2m_naming_options[];
extern M2mNaming m2m_naming_parse(const char *string);

#endif							/* M2M_DEFINE_H */
