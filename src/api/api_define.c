/*
 * api_define.c
 *		The SQL functions that make and unmake a relationship: m2m_create,
 *		m2m_adopt, m2m_drop, m2m_rename.  They read their arguments.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "define.h"
#include "m2m.h"
#include "text.h"

static char parse_on_delete(const char *string);
static char *text_argument(FunctionCallInfo fcinfo, int n,
						   const char *argument);
static List *text_array_to_names(ArrayType *array, const char *argument);

PG_FUNCTION_INFO_V1(m2m_create);
PG_FUNCTION_INFO_V1(m2m_adopt);
PG_FUNCTION_INFO_V1(m2m_drop);
PG_FUNCTION_INFO_V1(m2m_rename);

/*
 * m2m_create: SQL function; makes a relationship and returns its association
 * table.  Locks both endpoints in ShareRowExclusiveLock, as adding their
 * foreign keys does.
 */
Datum
m2m_create(PG_FUNCTION_ARGS)
{
	M2mDefinition definition;

	PreventCommandIfReadOnly("m2m_create()");
	PreventCommandIfParallelMode("m2m_create()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("endpoint of a relationship must not be null")));
	memset(&definition, 0, sizeof(definition));
	definition.relid[M2M_LEFT] = PG_GETARG_OID(0);
	definition.relid[M2M_RIGHT] = PG_GETARG_OID(1);
	definition.name = text_argument(fcinfo, 2, "name");
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		definition.role[s] = text_argument(fcinfo, 3 + s, m2m_role_argument[s]);
		if (!PG_ARGISNULL(7 + s))
			definition.key[s] =
				text_array_to_names(PG_GETARG_ARRAYTYPE_P(7 + s),
									m2m_key_argument[s]);
		if (!PG_ARGISNULL(9 + s))
			definition.column[s] =
				text_array_to_names(PG_GETARG_ARRAYTYPE_P(9 + s),
									m2m_column_argument[s]);
		definition.view[s] = text_argument(fcinfo, 11 + s,
										   m2m_view_argument[s]);
	}
	definition.on_delete = PG_ARGISNULL(5) ? FKCONSTR_ACTION_CASCADE :
		parse_on_delete(text_to_cstring(PG_GETARG_TEXT_PP(5)));
	definition.schema = PG_ARGISNULL(6) ? InvalidOid : PG_GETARG_OID(6);
	definition.if_not_exists = !PG_ARGISNULL(13) && PG_GETARG_BOOL(13);
	definition.naming_given = !PG_ARGISNULL(14);
	if (definition.naming_given)
		definition.naming =
			m2m_naming_parse(text_to_cstring(PG_GETARG_TEXT_PP(14)));

	definition.symmetric = PG_NARGS() > 15 && !PG_ARGISNULL(15) &&
		PG_GETARG_BOOL(15);
	definition.notice = true;
	m2m_definition_lock(&definition);
	PG_RETURN_OID(m2m_relationship_define(&definition));
}

/*
 * m2m_adopt: SQL function; makes an existing join table, or what is left of a
 * relationship, the association of a relationship.  Returns the association.
 */
Datum
m2m_adopt(PG_FUNCTION_ARGS)
{
	M2mAdoption adoption = {0};

	PreventCommandIfReadOnly("m2m_adopt()");
	PreventCommandIfParallelMode("m2m_adopt()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table must not be null")));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		adoption.role[s] = text_argument(fcinfo, 1 + s, m2m_role_argument[s]);
		if (!PG_ARGISNULL(3 + s))
			adoption.column[s] =
				text_array_to_names(PG_GETARG_ARRAYTYPE_P(3 + s),
									m2m_column_argument[s]);
		adoption.view[s] = text_argument(fcinfo, 5 + s, m2m_view_argument[s]);
		adoption.table[s] = PG_ARGISNULL(7 + s) ? InvalidOid :
			PG_GETARG_OID(7 + s);
	}
	adoption.repair = !PG_ARGISNULL(9) && PG_GETARG_BOOL(9);

	/* an empty one is an answer, too: none */
	if (!PG_ARGISNULL(10))
		adoption.deleted = text_to_cstring(PG_GETARG_TEXT_PP(10));
	if (adoption.deleted != NULL && adoption.deleted[0] != '\0')
		adoption.deleted = text_argument(fcinfo, 10, "deleted");
	m2m_relationship_adopt(PG_GETARG_OID(0), &adoption);
	PG_RETURN_OID(PG_GETARG_OID(0));
}

/*
 * m2m_drop: SQL function; removes the link views and functions of a
 * relationship and, unless it is to be kept or was adopted, its association
 * table.  What other objects depend on is not removed: PostgreSQL's own error
 * 2BP01.
 */
Datum
m2m_drop(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("m2m_drop()");
	PreventCommandIfParallelMode("m2m_drop()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table must not be null")));
	m2m_relationship_drop(PG_GETARG_OID(0),
						  !PG_ARGISNULL(1) && PG_GETARG_BOOL(1));
	PG_RETURN_VOID();
}

/*
 * m2m_rename: SQL function; gives a relationship other names.  Returns the
 * association.
 */
Datum
m2m_rename(PG_FUNCTION_ARGS)
{
	char	   *role[2];
	char	   *view[2];

	PreventCommandIfReadOnly("m2m_rename()");
	PreventCommandIfParallelMode("m2m_rename()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table must not be null")));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		role[s] = text_argument(fcinfo, 2 + s, m2m_role_argument[s]);
		view[s] = text_argument(fcinfo, 4 + s, m2m_view_argument[s]);
	}
	m2m_relationship_rename(PG_GETARG_OID(0),
							text_argument(fcinfo, 1, "name"), role, view);
	PG_RETURN_OID(PG_GETARG_OID(0));
}

/* parse_on_delete: an FKCONSTR_ACTION of a caller's words; error 22023. */
static char
parse_on_delete(const char *string)
{
	if (pg_strcasecmp(string, "cascade") == 0)
		return FKCONSTR_ACTION_CASCADE;
	if (pg_strcasecmp(string, "restrict") == 0)
		return FKCONSTR_ACTION_RESTRICT;
	if (pg_strcasecmp(string, "no action") == 0)
		return FKCONSTR_ACTION_NOACTION;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for argument \"on_delete\": \"%s\"", string),
			 errhint("Available values: cascade, restrict, no action.")));
	return 0;
}

/*
 * text_argument: an identifier argument, NULL if it is not given.
 */
static char *
text_argument(FunctionCallInfo fcinfo, int n, const char *argument)
{
	if (PG_ARGISNULL(n))
		return NULL;
	return m2m_name_fit(text_to_cstring(PG_GETARG_TEXT_PP(n)), argument);
}

/*
 * text_array_to_names: identifiers in an array, as a list of String nodes.
 * Errors: 22023 for several dimensions, 22004 for a null.
 */
static List *
text_array_to_names(ArrayType *array, const char *argument)
{
	Datum	   *element;
	bool	   *isnull;
	int			count;
	List	   *result = NIL;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT,
					  &element, &isnull, &count);
	if (ARR_NDIM(array) != 1 || count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be an array of column names", argument)));
	for (int i = 0; i < count; i++)
	{
		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not contain nulls", argument)));
		result = lappend(result,
						 makeString(m2m_name_fit(TextDatumGetCString(element[i]),
												 argument)));
	}
	return result;
}
