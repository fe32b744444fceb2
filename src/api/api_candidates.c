/*
 * api_candidates.c
 *		The SQL functions that list and adopt the join tables that are no
 *		association yet.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "define.h"
#include "m2m.h"

static void put_candidate(ReturnSetInfo *rsinfo, M2mCandidate *c);
static Oid	schema_argument(FunctionCallInfo fcinfo);
static Datum nullable_text(const char *string);
static Datum text_array(List *strings, bool nodes);

PG_FUNCTION_INFO_V1(m2m_candidates);
PG_FUNCTION_INFO_V1(m2m_adopt_all);

/*
 * m2m_candidates(schema): a row for each, the best first.  Error 3F000.
 */
Datum
m2m_candidates(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			schema = schema_argument(fcinfo);
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, m2m_candidates_list(schema))
		put_candidate(rsinfo, lfirst(lc));
	return (Datum) 0;
}

/* put_candidate: one row of m2m_candidates. */
static void
put_candidate(ReturnSetInfo *rsinfo, M2mCandidate *c)
{
	Datum		values[11];
	bool		isnull[11];
	List	   *identity = m2m_candidate_identity(c);
	int			n = 0;

	memset(isnull, 0, sizeof(isnull));
	values[n++] = ObjectIdGetDatum(c->relid);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		values[n++] = ObjectIdGetDatum(c->table[s]);
		values[n++] = text_array(m2m_candidate_columns(c, s), true);
	}
	isnull[n] = identity == NIL;
	values[n++] = text_array(identity, true);
	isnull[n] = c->rows < 0;
	values[n++] = Int64GetDatum(c->rows < 0 ? 0 : (int64) c->rows);
	values[n++] = text_array(c->missing, false);
	values[n++] = text_array(c->tools, true);
	values[n++] = Int32GetDatum(c->score);
	values[n++] = CStringGetTextDatum(m2m_candidate_call(c));
	Assert(n == lengthof(values));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
}

/*
 * m2m_adopt_all(schema, dry_run): a row for what became of each candidate.
 * Errors: 3F000; 25006.
 */
Datum
m2m_adopt_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			schema = schema_argument(fcinfo);
	ListCell   *lc;

	PreventCommandIfReadOnly("m2m_adopt_all()");
	PreventCommandIfParallelMode("m2m_adopt_all()");
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, m2m_candidates_adopt(schema, !PG_ARGISNULL(1) &&
									 PG_GETARG_BOOL(1)))
	{
		M2mAdopted *adopted = lfirst(lc);
		Datum		values[5];
		bool		isnull[5];
		int			n = 0;

		memset(isnull, 0, sizeof(isnull));
		values[n++] = ObjectIdGetDatum(adopted->relid);
		values[n++] = CStringGetTextDatum(adopted->outcome);
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			isnull[n] = adopted->view[s] == NULL;
			values[n++] = nullable_text(adopted->view[s]);
		}
		isnull[n] = adopted->reason == NULL;
		values[n++] = nullable_text(adopted->reason);
		Assert(n == lengthof(values));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
							 isnull);
	}
	return (Datum) 0;
}

/* schema_argument: InvalidOid if it is not given; error 3F000. */
static Oid
schema_argument(FunctionCallInfo fcinfo)
{
	Oid			schema = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);

	if (OidIsValid(schema) && get_namespace_name(schema) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema with OID %u does not exist", schema)));
	return schema;
}

/* nullable_text: a string as text; 0 for NULL. */
static Datum
nullable_text(const char *string)
{
	return string == NULL ? (Datum) 0 : CStringGetTextDatum(string);
}

/* text_array: of String nodes, or of C strings. */
static Datum
text_array(List *strings, bool nodes)
{
	Datum	   *elements = palloc_array(Datum, list_length(strings) + 1);
	ListCell   *lc;

	foreach(lc, strings)
		elements[foreach_current_index(lc)] =
		CStringGetTextDatum(nodes ? strVal(lfirst(lc)) : lfirst(lc));
	return PointerGetDatum(construct_array(elements, list_length(strings),
										   TEXTOID, -1, false,
										   TYPALIGN_INT));
}
