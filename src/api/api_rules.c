/*
 * api_rules.c
 *		The SQL functions that switch rules on and off, and list them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "catalog.h"
#include "define.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"
#include "view.h"

static void begin(FunctionCallInfo fcinfo, const char *function);
static char *text_argument(FunctionCallInfo fcinfo, int n,
						   const char *argument);
static int32 number_argument(FunctionCallInfo fcinfo, int n,
							 const char *argument);
static void put_rule(ReturnSetInfo *rsinfo, M2mRelationship *rel,
					 M2mRuleText *rule);

PG_FUNCTION_INFO_V1(m2m_limit);
PG_FUNCTION_INFO_V1(m2m_counter);
PG_FUNCTION_INFO_V1(m2m_order);
PG_FUNCTION_INFO_V1(m2m_history);
PG_FUNCTION_INFO_V1(m2m_restore);
PG_FUNCTION_INFO_V1(m2m_notify);
PG_FUNCTION_INFO_V1(m2m_symmetric);
PG_FUNCTION_INFO_V1(m2m_orphans);
PG_FUNCTION_INFO_V1(m2m_orphans_of);
PG_FUNCTION_INFO_V1(m2m_drop_rule);
PG_FUNCTION_INFO_V1(m2m_rules);

/*
 * m2m_limit: SQL function; how many links a row of a role has.
 */
Datum
m2m_limit(PG_FUNCTION_ARGS)
{
	begin(fcinfo, "m2m_limit()");
	m2m_limit_define(PG_GETARG_OID(0), text_argument(fcinfo, 1, "role"),
					 number_argument(fcinfo, 2, "min"),
					 number_argument(fcinfo, 3, "max"));
	PG_RETURN_VOID();
}

/*
 * m2m_counter: SQL function; counts the links of each row of a role.
 */
Datum
m2m_counter(PG_FUNCTION_ARGS)
{
	begin(fcinfo, "m2m_counter()");
	m2m_counter_define(PG_GETARG_OID(0), text_argument(fcinfo, 1, "role"),
					   PG_ARGISNULL(2) ? NULL :
					   m2m_name_fit(text_argument(fcinfo, 2, "counter"),
									"counter"));
	PG_RETURN_VOID();
}

/*
 * m2m_order: SQL function; gives the links of each row of a role an order.
 */
Datum
m2m_order(PG_FUNCTION_ARGS)
{
	List	   *functions[2];

	begin(fcinfo, "m2m_order()");
	m2m_functions_see(PG_GETARG_OID(0), functions);
	m2m_order_define(PG_GETARG_OID(0), text_argument(fcinfo, 1, "role"),
					 PG_ARGISNULL(2) ? NULL :
					 m2m_name_fit(text_argument(fcinfo, 2, "position"),
								  "position"),
					 !PG_ARGISNULL(3) && PG_GETARG_BOOL(3));
	m2m_functions_follow(PG_GETARG_OID(0), functions);
	PG_RETURN_VOID();
}

/*
 * m2m_history: SQL function; keeps the history of a relationship's links.
 */
Datum
m2m_history(PG_FUNCTION_ARGS)
{
	begin(fcinfo, "m2m_history()");
	m2m_history_define(PG_GETARG_OID(0));
	PG_RETURN_VOID();
}

/*
 * m2m_restore: SQL function; makes the links those of a moment.  Returns how
 * many were linked, unlinked, and given other properties.
 */
Datum
m2m_restore(PG_FUNCTION_ARGS)
{
	M2mRelationship *rel;
	TupleDesc	desc;
	int64		count[3];
	Datum		values[3];
	bool		isnull[3] = {false, false, false};

	begin(fcinfo, "m2m_restore()");
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", "at")));
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	rel = m2m_relationship_get(PG_GETARG_OID(0), InvalidOid, AccessShareLock);
	if (rel == NULL)
		m2m_error_no_relationship(PG_GETARG_OID(0));
	m2m_history_restore(rel, PG_GETARG_TIMESTAMPTZ(1), &count[0], &count[1],
						&count[2]);
	for (int i = 0; i < 3; i++)
		values[i] = Int64GetDatum(count[i]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc),
													  values, isnull)));
}

/*
 * m2m_notify: SQL function; notifies a channel of links that are made and
 * removed.
 */
Datum
m2m_notify(PG_FUNCTION_ARGS)
{
	begin(fcinfo, "m2m_notify()");
	m2m_notice_define(PG_GETARG_OID(0), text_argument(fcinfo, 1, "channel"),
					  !PG_ARGISNULL(2) && PG_GETARG_BOOL(2));
	PG_RETURN_VOID();
}

/*
 * m2m_symmetric(association, repair) makes links of a relationship between a
 * table and itself links without a direction.
 */
Datum
m2m_symmetric(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("m2m_symmetric()");
	PreventCommandIfParallelMode("m2m_symmetric()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table must not be null")));
	m2m_relationship_symmetric(PG_GETARG_OID(0),
							   !PG_ARGISNULL(1) && PG_GETARG_BOOL(1));
	PG_RETURN_VOID();
}

/*
 * m2m_orphans: SQL function; what becomes of rows of a role that lose their
 * last link.
 */
Datum
m2m_orphans(PG_FUNCTION_ARGS)
{
	begin(fcinfo, "m2m_orphans()");
	m2m_orphans_define(PG_GETARG_OID(0), text_argument(fcinfo, 1, "role"),
					   text_argument(fcinfo, 2, "action"));
	PG_RETURN_VOID();
}

/*
 * m2m_orphans_of: SQL function m2m_orphans(sample); the rows of the sample's
 * table that have no link in any relationship that says what becomes of them.
 */
Datum
m2m_orphans_of(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	Oid			relid = OidIsValid(type) ? get_typ_typrelid(type) : InvalidOid;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the first argument must be of a table's row type"),
				 errhint("Write NULL::book for rows of a table \"book\".")));

	/* rows that are put as they are must be of the type that is said here */
	LockRelationOid(relid, AccessShareLock);
	InitMaterializedSRF(fcinfo, 0);
	m2m_orphans_rows(relid, rsinfo->setResult);
	return (Datum) 0;
}

/*
 * m2m_drop_rule: SQL function; switches a rule off.
 */
Datum
m2m_drop_rule(PG_FUNCTION_ARGS)
{
	List	   *functions[2];

	begin(fcinfo, "m2m_drop_rule()");
	m2m_functions_see(PG_GETARG_OID(0), functions);
	m2m_rule_drop(PG_GETARG_OID(0), text_argument(fcinfo, 1, "rule"),
				  !PG_ARGISNULL(2) && PG_GETARG_BOOL(2));
	m2m_functions_follow(PG_GETARG_OID(0), functions);
	PG_RETURN_VOID();
}

/*
 * m2m_rules: SQL function; a row for each rule of one relationship, or of all.
 */
Datum
m2m_rules(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *associations = PG_ARGISNULL(0) ? m2m_catalog_associations() :
		list_make1_oid(PG_GETARG_OID(0));
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, associations)
	{
		M2mRelationship *rel =
			m2m_relationship_get(lfirst_oid(lc), InvalidOid, NoLock);
		ListCell   *lr;

		foreach(lr, rel == NULL ? NIL : m2m_rules_of(rel))
			put_rule(rsinfo, rel, m2m_rule_text(lfirst(lr)));
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}

/* put_rule: one row of m2m_rules. */
static void
put_rule(ReturnSetInfo *rsinfo, M2mRelationship *rel, M2mRuleText *rule)
{
	Datum		values[7];
	bool		isnull[7];
	Datum	   *tables = palloc_array(Datum, list_length(rule->tables) + 1);
	int			n = 0;
	ListCell   *lc;

	memset(isnull, 0, sizeof(isnull));
	foreach(lc, rule->tables)
		tables[n++] = ObjectIdGetDatum(lfirst_oid(lc));
	values[0] = ObjectIdGetDatum(rel->association);
	values[1] = CStringGetTextDatum(rule->name);
	values[2] = CStringGetTextDatum(rule->kind);
	isnull[3] = rule->role == NULL;
	if (!isnull[3])
		values[3] = CStringGetTextDatum(rule->role);
	isnull[4] = rule->definition == NULL;
	if (!isnull[4])
		values[4] = CStringGetTextDatum(rule->definition);
	values[5] = PointerGetDatum(construct_array(tables, n, REGCLASSOID,
												sizeof(Oid), true,
												TYPALIGN_INT));
	values[6] = BoolGetDatum(rule->whole);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
}

/*
 * begin: what all that change something have to ask.  Error 22004 for a null
 * argument.
 */
static void
begin(FunctionCallInfo fcinfo, const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table must not be null")));
}

/* text_argument: one that must be given; error 22004. */
static char *
text_argument(FunctionCallInfo fcinfo, int n, const char *argument)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", argument)));
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

/* number_argument: from 0 up, or -1 if it is not given; error 22023. */
static int32
number_argument(FunctionCallInfo fcinfo, int n, const char *argument)
{
	if (PG_ARGISNULL(n))
		return -1;
	if (PG_GETARG_INT32(n) < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be negative", argument)));
	return PG_GETARG_INT32(n);
}
