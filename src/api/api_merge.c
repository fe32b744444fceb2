/*
 * api_merge.c
 *		The SQL functions that work on the links of rows in all relationships of
 *		their table: arguments in, result out.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "define.h"
#include "ids.h"
#include "link.h"
#include "m2m.h"

static void begin(FunctionCallInfo fcinfo, const char *function);
static char *read_text(FunctionCallInfo fcinfo, int argument);
static M2mIds *read_ids(FunctionCallInfo fcinfo, M2mParts *parts, int argument,
						M2mIdForm form);
static void put_parts(FunctionCallInfo fcinfo, M2mParts *parts);

PG_FUNCTION_INFO_V1(m2m_merge);
PG_FUNCTION_INFO_V1(m2m_copy);

/*
 * m2m_merge(table, from_ids, into_id) gives the links of rows to another row,
 * in all relationships of the table, and deletes these rows.  A row for each
 * role that the table plays: (association, role, moved, dropped).
 */
Datum
m2m_merge(PG_FUNCTION_ARGS)
{
	M2mParts   *parts;
	M2mIds	   *from;
	M2mIds	   *into;
	Oid			relid;

	begin(fcinfo, "m2m_merge()");
	relid = PG_GETARG_OID(0);
	m2m_ids_check_null(PG_ARGISNULL(1), relid);
	m2m_ids_check_null(PG_ARGISNULL(2), relid);
	parts = m2m_parts_find(relid, NULL, NULL, true);
	from = read_ids(fcinfo, parts, 1, M2M_ID_EITHER);
	into = read_ids(fcinfo, parts, 2, M2M_ID_SCALAR);
	m2m_parts_merge(parts, from, into);
	put_parts(fcinfo, parts);
	return (Datum) 0;
}

/*
 * m2m_copy(from_table, from_id, into_table, into_id, via, role) links one row
 * to whatever another of the same table is linked to.  A row for each role that
 * the table plays: (association, role, copied).
 */
Datum
m2m_copy(PG_FUNCTION_ARGS)
{
	M2mParts   *parts;
	M2mIds	   *from;
	M2mIds	   *into;
	Oid			relid;

	begin(fcinfo, "m2m_copy()");
	relid = PG_GETARG_OID(0);
	if (PG_ARGISNULL(2) || PG_GETARG_OID(2) != relid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("links can be copied only between rows of one table")));
	m2m_ids_check_null(PG_ARGISNULL(1), relid);
	m2m_ids_check_null(PG_ARGISNULL(3), relid);
	parts = m2m_parts_find(relid, read_text(fcinfo, 4), read_text(fcinfo, 5),
						   false);
	from = read_ids(fcinfo, parts, 1, M2M_ID_SCALAR);
	into = read_ids(fcinfo, parts, 3, M2M_ID_SCALAR);
	m2m_parts_copy(parts, from, into);
	put_parts(fcinfo, parts);
	return (Datum) 0;
}

/*
 * begin: what both have to ask.  Error 22004 for a null argument.
 */
static void
begin(FunctionCallInfo fcinfo, const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("endpoint of a relationship must not be null")));
	m2m_endpoint_check(PG_GETARG_OID(0));
	InitMaterializedSRF(fcinfo, 0);
}

/* read_text: the text in an argument; NULL if it was not given. */
static char *
read_text(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/*
 * read_ids: ids of rows of the table.  Reading them can run a user's code, which
 * may change the very tables: error 55000 then.
 */
static M2mIds *
read_ids(FunctionCallInfo fcinfo, M2mParts *parts, int argument,
		 M2mIdForm form)
{
	M2mIds	   *result = m2m_ids_read(parts->key->rel, parts->key->side,
									  PG_GETARG_DATUM(argument),
									  get_fn_expr_argtype(fcinfo->flinfo,
														  argument),
									  form, false);

	m2m_parts_refresh(parts);
	return result;
}

/*
 * put_parts: what was done in each part, as rows of the result, which may have
 * less columns.
 */
static void
put_parts(FunctionCallInfo fcinfo, M2mParts *parts)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *lc;

	foreach(lc, parts->list)
	{
		M2mPart    *part = lfirst(lc);
		Datum		values[4];
		bool		isnull[4] = {false, false, false, false};

		values[0] = ObjectIdGetDatum(part->rel->association);
		values[1] = CStringGetTextDatum(part->rel->side[part->side].role);
		values[2] = Int64GetDatum(part->count);
		values[3] = Int64GetDatum(part->dropped);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 isnull);
	}
}
