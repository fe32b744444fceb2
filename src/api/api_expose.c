/*
 * api_expose.c
 *		The SQL functions that make and drop exposed functions.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "define.h"
#include "m2m.h"
#include "text.h"

PG_FUNCTION_INFO_V1(m2m_expose);
PG_FUNCTION_INFO_V1(m2m_unexpose);

/*
 * m2m_expose: SQL function; makes the exposed functions of a relationship and
 * returns them.
 */
Datum
m2m_expose(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *prefix = PG_ARGISNULL(1) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(1));
	List	   *functions;
	ListCell   *lc;

	PreventCommandIfReadOnly("m2m_expose()");
	PreventCommandIfParallelMode("m2m_expose()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table must not be null")));
	if (prefix != NULL && prefix[0] != '\0')
		prefix = m2m_name_fit(prefix, "prefix");
	functions = m2m_relationship_expose(PG_GETARG_OID(0), prefix);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	foreach(lc, functions)
	{
		Datum		value = ObjectIdGetDatum(lfirst_oid(lc));
		bool		isnull = false;

		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value,
							 &isnull);
	}
	return (Datum) 0;
}

/*
 * m2m_unexpose: SQL function; drops the exposed functions of a relationship, and
 * returns how many there were.
 */
Datum
m2m_unexpose(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("m2m_unexpose()");
	PreventCommandIfParallelMode("m2m_unexpose()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table must not be null")));
	PG_RETURN_INT64(m2m_relationship_unexpose(PG_GETARG_OID(0)));
}
