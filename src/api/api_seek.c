/*
 * api_seek.c
 *		The SQL function that finds keys of rows one at a time.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "api_internal.h"
#include "m2m.h"
#include "relationship.h"

static M2mKeys *begin_seek(FunctionCallInfo fcinfo);
static M2mSide side_of(M2mRelationship *rel, const char *role);
static void check_sample(FunctionCallInfo fcinfo, M2mFind *find);
static void end_seek(Datum keys);

PG_FUNCTION_INFO_V1(m2m_seek);

/*
 * m2m_seek(sample, association, role, all_of, any_of, none_of, exactly, at_least,
 * after) returns the keys of the rows of a role that are linked as is asked, in
 * their order: one for each call, so that whoever has enough stops the work.
 */
Datum
m2m_seek(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FuncCallContext *context;
	Datum		key;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		context = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		context->user_fctx = begin_seek(fcinfo);

		/* behind SRF_FIRSTCALL_INIT's, which frees the memory, so before it */
		RegisterExprContextCallback(rsinfo->econtext, end_seek,
									PointerGetDatum(context->user_fctx));
		MemoryContextSwitchTo(old);
	}
	context = SRF_PERCALL_SETUP();
	if (m2m_keys_next(context->user_fctx, &key))
		SRF_RETURN_NEXT(context, key);
	UnregisterExprContextCallback(rsinfo->econtext, end_seek,
								  PointerGetDatum(context->user_fctx));
	m2m_keys_end(context->user_fctx);
	SRF_RETURN_DONE(context);
}

/*
 * begin_seek: reads the arguments.  Locks the association and the rows' table
 * in ACCESS SHARE.  Errors: 22004, 22023, 42704, 42804; those of ids; 42501.
 */
static M2mKeys *
begin_seek(FunctionCallInfo fcinfo)
{
	M2mFind		find = {0};
	M2mSide		far;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table and role must not be null")));
	find.rel = m2m_relationship_get(PG_GETARG_OID(1), InvalidOid,
									AccessShareLock);
	if (find.rel == NULL)
		m2m_error_no_relationship(PG_GETARG_OID(1));
	find.side = side_of(find.rel, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	LockRelationOid(find.rel->side[find.side].relid, AccessShareLock);
	check_sample(fcinfo, &find);
	far = M2M_OTHER(find.side);
	find.all_of = m2m_argument_ids(fcinfo, &find, 3, far, M2M_ID_EITHER);
	find.any_of = m2m_argument_ids(fcinfo, &find, 4, far, M2M_ID_EITHER);
	find.none_of = m2m_argument_ids(fcinfo, &find, 5, far, M2M_ID_EITHER);
	find.exactly = m2m_argument_ids(fcinfo, &find, 6, far, M2M_ID_EITHER);
	find.at_least = PG_ARGISNULL(7) ? 0 : PG_GETARG_INT64(7);
	find.after = m2m_argument_ids(fcinfo, &find, 8, find.side, M2M_ID_SCALAR);
	find.max_rows = -1;
	if (!PG_ARGISNULL(7) && find.at_least < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be at least " INT64_FORMAT, "at_least",
						INT64CONST(1))));
	if (find.all_of == NULL && find.any_of == NULL && find.none_of == NULL &&
		find.exactly == NULL && find.at_least == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is nothing to look for"),
				 errhint("Give at least one of all_of, any_of, none_of, exactly and at_least.")));

	/* reading ids may have run a user's code */
	check_sample(fcinfo, &find);
	m2m_find_check(&find);
	return m2m_keys_begin(&find);
}

/* side_of: the side that plays a role; error 42704. */
static M2mSide
side_of(M2mRelationship *rel, const char *role)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (strcmp(rel->side[s].role, role) == 0)
			return s;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("relationship \"%s\" has no role \"%s\"",
					get_rel_name(rel->association), role),
			 errhint("Its roles are \"%s\" and \"%s\".",
					 rel->side[M2M_LEFT].role, rel->side[M2M_RIGHT].role)));
}

/*
 * check_sample: what is returned has the sample's type: of the key, or of the
 * table's rows, if the key has several columns.  Error 42804.
 */
static void
check_sample(FunctionCallInfo fcinfo, M2mFind *find)
{
	M2mEndpoint *endpoint = &find->rel->side[find->side];
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	Oid			wanted = endpoint->nkeys == 1 ? endpoint->key[0].type :
		get_rel_type_id(endpoint->relid);

	if (type != wanted && type != getBaseType(wanted))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the first argument must be of type %s",
						format_type_be(wanted)),
				 errdetail("That is the type of the keys of \"%s\" that are found.",
						   get_rel_name(endpoint->relid))));
}

/* end_seek: the caller has enough, or its query ends. */
static void
end_seek(Datum keys)
{
	m2m_keys_end((M2mKeys *) DatumGetPointer(keys));
}
