/*
 * text.h
 *		Names of roles, views and columns, and names as SQL text has them.
 */
#ifndef M2M_TEXT_H
#define M2M_TEXT_H

#include "m2m.h"

/*
 * naming.c: names made from names: singular, plural, joined and fitted
 * identifiers
 */
extern char *m2m_name_singular(const char *name);
extern char *m2m_name_plural(const char *role, const char *table);
extern char *m2m_name_join(const char *first, const char *second);
extern char *m2m_name_join_as(const char *first, const char *second,
							  bool humps);
extern char *m2m_name_of(const char *first, const char *second, bool humps);
extern bool m2m_name_has_humps(const char *name, char *part[2]);
extern char *m2m_name_without(const char *column, const char *key,
							  const char *table);
extern char *m2m_name_snake(const char *name);
extern char *m2m_name_pascal(const char *name);
extern char *m2m_name_fit(const char *given, const char *argument);

/*
 * sql_text.c: names and operands as SQL text of ours has them: qualified and
 * quoted, so that no search_path has a say in it
 */
extern char *m2m_qualified_name(Oid relid);
extern char *m2m_qualify(const char *schema, const char *name);
extern char *m2m_row_type(Oid relid);
extern char *m2m_only(Oid relid);
extern char *m2m_quoted_column(Oid relid, AttrNumber attnum);
extern char *m2m_quoted_key(M2mRelationship *rel, M2mSide side);
extern char *m2m_qualified_operator(Oid operator);
extern char *m2m_own_equality(Oid type);
extern char *m2m_qualified_collation(Oid collation);
extern char *m2m_base_operand(const char *operand, Oid type);
extern char *m2m_link_operand(M2mRelationship *rel, M2mKeyColumn *key,
							  const char *alias);
extern char *m2m_live_condition(M2mRelationship *rel, const char *alias);
extern char *m2m_dead_condition(M2mRelationship *rel, const char *alias);
extern const char *m2m_deleted_value(M2mRelationship *rel, bool deleted);

#endif							/* M2M_TEXT_H */
