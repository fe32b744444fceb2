/*
 * sql_text.c
 *		Names and operands as SQL text of ours has them: qualified and quoted, so
 *		that no search_path has a say in it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "m2m.h"
#include "text.h"

static const char *plainly(const char *name, Oid type);

/*
 * m2m_qualified_name: a relation's quoted name with its schema.  Error 42P01
 * if it is gone, as where m2m_check() reads what another session is dropping.
 */
char *
m2m_qualified_name(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid),
				 errdetail("It has just been dropped.")));
	return m2m_qualify(get_namespace_name(get_rel_namespace(relid)), name);
}

/*
 * m2m_qualify: a quoted name with its schema.
 */
char *
m2m_qualify(const char *schema, const char *name)
{
	char	   *quoted = pstrdup(plainly(schema, InvalidOid));

	return psprintf("%s.%s", quoted, plainly(name, InvalidOid));
}

/*
 * m2m_row_type: the row type of a table, qualified.
 */
char *
m2m_row_type(Oid relid)
{
	return pstrdup(plainly(NULL, get_rel_type_id(relid)));
}

/*
 * plainly: a name in quotes where it needs them, or a type, whatever
 * quote_all_identifiers says.  Functions of ours are known by their text, and
 * what one session writes has to be what another looks for.
 */
static const char *
plainly(const char *name, Oid type)
{
	bool		all = quote_all_identifiers;
	const char *result = NULL;

	quote_all_identifiers = false;
	PG_TRY();
	{
		result = name != NULL ? quote_identifier(name) :
			format_type_extended(type, -1, FORMAT_TYPE_FORCE_QUALIFY);
	}
	PG_FINALLY();
	{
		quote_all_identifiers = all;
	}
	PG_END_TRY();
	return result;
}

/* m2m_only: the table's name as the foreign keys' own queries have it. */
char *
m2m_only(Oid relid)
{
	return psprintf("%s%s", get_rel_relkind(relid) == RELKIND_RELATION ?
					"ONLY " : "", m2m_qualified_name(relid));
}

/*
 * m2m_quoted_column: a column's quoted name.
 */
char *
m2m_quoted_column(Oid relid, AttrNumber attnum)
{
	return pstrdup(plainly(get_attname(relid, attnum, false), InvalidOid));
}

/*
 * m2m_quoted_key: the key columns of a side's endpoint: "id, ...".
 */
char *
m2m_quoted_key(M2mRelationship *rel, M2mSide side)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "",
						 m2m_quoted_column(rel->side[side].relid,
										   rel->side[side].key[i].attnum));
	return list.data;
}

/*
 * m2m_qualified_operator: an operator as SQL that no search_path can change.
 */
char *
m2m_qualified_operator(Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	result = psprintf("OPERATOR(%s.%s)",
					  plainly(get_namespace_name(form->oprnamespace), InvalidOid),
					  NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return result;
}

/* m2m_own_equality: of a type with itself. */
char *
m2m_own_equality(Oid type)
{
	return m2m_qualified_operator(lookup_type_cache(getBaseType(type),
													TYPECACHE_EQ_OPR)->eq_opr);
}

/*
 * m2m_qualified_collation: a collation's quoted name with its schema.
 */
char *
m2m_qualified_collation(Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	form = (Form_pg_collation) GETSTRUCT(tuple);
	result = m2m_qualify(get_namespace_name(form->collnamespace),
						 NameStr(form->collname));
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_base_operand: an expression of a type, cast to its base type where that
 * is a domain.
 */
char *
m2m_base_operand(const char *operand, Oid type)
{
	if (get_typtype(type) != TYPTYPE_DOMAIN)
		return pstrdup(operand);
	return psprintf("%s::%s", operand,
					format_type_extended(getBaseType(type), -1,
										 FORMAT_TYPE_TYPEMOD_GIVEN |
										 FORMAT_TYPE_FORCE_QUALIFY));
}

/*
 * m2m_link_operand: the association's column behind a key column, as operand
 * of a comparison with the key: "l.book_id", with the key's collation where
 * an adopted table has another.
 */
char *
m2m_link_operand(M2mRelationship *rel, M2mKeyColumn *key, const char *alias)
{
	char	   *column = m2m_quoted_column(rel->association,
										   key->link_attnum);

	if (!OidIsValid(key->collation) || key->collation == key->link_collation)
		return psprintf("%s.%s", alias, column);
	return psprintf("%s.%s COLLATE %s", alias, column,
					m2m_qualified_collation(key->collation));
}

/*
 * m2m_live_condition: what is true of a row of the association that is a link,
 * where some are no more: "l.deleted_at IS NULL".  Without an alias, the column
 * alone.
 */
char *
m2m_live_condition(M2mRelationship *rel, const char *alias)
{
	char	   *column = psprintf("%s%s%s", alias != NULL ? alias : "",
								  alias != NULL ? "." : "",
								  m2m_quoted_column(rel->association,
													rel->deleted));

	switch (rel->deleted_kind)
	{
		case M2M_DELETED_TIME:
			return psprintf("%s IS NULL", column);
		case M2M_DELETED_FLAG:
			return psprintf("NOT %s", column);
		case M2M_DELETED_NULLABLE_FLAG:
			break;
	}
	return psprintf("%s IS NOT TRUE", column);
}

/* m2m_dead_condition: the contrary. */
char *
m2m_dead_condition(M2mRelationship *rel, const char *alias)
{
	return psprintf("%s.%s%s", alias,
					m2m_quoted_column(rel->association, rel->deleted),
					rel->deleted_kind == M2M_DELETED_TIME ?
					" IS NOT NULL" : "");
}

/*
 * m2m_deleted_value: what the column says of a row that is a link, or is none
 * as of now.  An assignment makes the column's type of it.
 */
const char *
m2m_deleted_value(M2mRelationship *rel, bool deleted)
{
	if (rel->deleted_kind != M2M_DELETED_TIME)
		return deleted ? "true" : "false";
	return deleted ? "pg_catalog.clock_timestamp()" :
		"NULL::pg_catalog.timestamptz";
}
