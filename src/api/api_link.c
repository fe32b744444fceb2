/*
 * api_link.c
 *		The SQL-callable link functions: arguments in, result out.
 *
 * Each C function stands behind all overloads of its SQL function, which
 * differ only in whether an id is declared "any" or text, so that whatever a
 * client sends finds one of them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "define.h"
#include "ids.h"
#include "link.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"

#define ARG_LEFT_TABLE 0
#define ARG_LEFT_ID 1
#define ARG_RIGHT_TABLE 2
#define ARG_RIGHT_ID 3

/* A call: the tables given, and the relationship that they mean. */
typedef struct Call
{
	FunctionCallInfo fcinfo;
	Oid			first;			/* the table named first */
	Oid			second;
	char	   *via;
	char	   *role;
	M2mRelationship *rel;
	M2mSide		side;			/* of the first table */
	char	   *by;				/* what the second ids are, if not its key */
	M2mMissing	missing;		/* what becomes of those that no row has */
	bool	   *found;			/* which some row has; NULL: all do */
} Call;

/* What becomes of a pair whose ids differ in a column that both have. */
typedef enum SharedRule
{
	SHARED_MUST_AGREE,
	SHARED_LEFT_OUT,
	SHARED_AS_IT_IS
} SharedRule;

static void begin_call(Call *call, FunctionCallInfo fcinfo, const char *write,
					   int via, int role);
static void begin_call_of(Call *call, FunctionCallInfo fcinfo, int first,
						  int second, const char *write, int via, int role);
static void check_tables(Call *call, int second);
static void find_relationship(Call *call, LOCKMODE lockmode);
static void find_or_create(Call *call, LOCKMODE lockmode);
static bool read_over_limit(FunctionCallInfo fcinfo, int argument);
static void read_by(Call *call, int by, int create_missing);
static void read_pair(Call *call, M2mIdForm form, M2mIds *ids[2]);
static M2mIds *read_first(Call *call, M2mIdForm form);
static M2mIds *read_second(Call *call, M2mIdForm form);
static M2mIds *read_by_value(Call *call, M2mIdForm form);
static M2mIds *read_ids(Call *call, M2mSide side, int argument, Oid table,
						M2mIdForm form, bool may_be_short);
static void match_shared(Call *call, M2mIds *ids[2], SharedRule rule);

PG_FUNCTION_INFO_V1(m2m_link);
PG_FUNCTION_INFO_V1(m2m_load);
PG_FUNCTION_INFO_V1(m2m_unlink);
PG_FUNCTION_INFO_V1(m2m_set);
PG_FUNCTION_INFO_V1(m2m_clear);
PG_FUNCTION_INFO_V1(m2m_toggle);
PG_FUNCTION_INFO_V1(m2m_linked);
PG_FUNCTION_INFO_V1(m2m_count);
PG_FUNCTION_INFO_V1(m2m_at);
PG_FUNCTION_INFO_V1(m2m_move);

/*
 * m2m_link(left_table, left_id, right_table, right_id, via, properties, role,
 * over_limit, by, create_missing) returns the number of links created.
 */
Datum
m2m_link(PG_FUNCTION_ARGS)
{
	Call		call;
	M2mIds	   *ids[2];
	bool		skip;

	begin_call(&call, fcinfo, "m2m_link()", 4, 6);
	skip = read_over_limit(fcinfo, 7);
	read_by(&call, 8, 9);
	m2m_ids_check_null(PG_ARGISNULL(ARG_LEFT_ID), call.first);
	m2m_ids_check_null(PG_ARGISNULL(ARG_RIGHT_ID), call.second);
	find_or_create(&call, RowExclusiveLock);
	read_pair(&call, M2M_ID_EITHER, ids);
	match_shared(&call, ids, SHARED_MUST_AGREE);
	PG_RETURN_INT64(m2m_links_add(call.rel, ids, PG_ARGISNULL(5) ? NULL :
								  PG_GETARG_JSONB_P(5), skip));
}

/*
 * read_over_limit: is a pair that a limit has no room for to be passed over?
 * Error 22023.
 */
static bool
read_over_limit(FunctionCallInfo fcinfo, int argument)
{
	text	   *given = PG_NARGS() <= argument || PG_ARGISNULL(argument) ?
		NULL : PG_GETARG_TEXT_PP(argument);
	char	   *value;

	/* nearly always the default */
	if (given == NULL ||
		(VARSIZE_ANY_EXHDR(given) == 5 &&
		 memcmp(VARDATA_ANY(given), "error", 5) == 0))
		return false;
	value = text_to_cstring(given);
	if (pg_strcasecmp(value, "error") == 0)
		return false;
	if (pg_strcasecmp(value, "skip") == 0)
		return true;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for argument \"over_limit\": \"%s\"", value),
			 errhint("Available values: error, skip.")));
	return false;
}

/*
 * read_by: which columns the second ids are of, and whether rows that are
 * missing are to be inserted; -1: no such argument.  Error 22023.
 */
static void
read_by(Call *call, int by, int create_missing)
{
	FunctionCallInfo fcinfo = call->fcinfo;
	bool		create = create_missing >= 0 && PG_NARGS() > create_missing &&
		!PG_ARGISNULL(create_missing) && PG_GETARG_BOOL(create_missing);

	if (PG_NARGS() > by && !PG_ARGISNULL(by))
		call->by = text_to_cstring(PG_GETARG_TEXT_PP(by));
	else if (create)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("create_missing needs the argument by"),
				 errhint("It names the unique column that new rows get their values in.")));
	call->missing = create ? M2M_MISSING_INSERTED : create_missing >= 0 ?
		M2M_MISSING_REFUSED : M2M_MISSING_REFUSED_ANYWAY;
}

/*
 * m2m_load(left_table, right_table, query, via, role, exclusive) links the
 * pairs that a query returns; returns the number of links created.
 */
Datum
m2m_load(PG_FUNCTION_ARGS)
{
	Call		call;
	M2mPairs   *pairs;
	bool		progress;
	int64		created;

	begin_call_of(&call, fcinfo, 0, 1, "m2m_load()", 3, 4);
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("query of m2m_load must not be null")));
	if (!PG_ARGISNULL(5) && PG_GETARG_BOOL(5))
	{
		/*
		 * The weakest lock until then: of two that had ROW EXCLUSIVE and
		 * wanted more, one would have to fail.
		 */
		find_or_create(&call, AccessShareLock);
		m2m_load_lock(call.rel);

		/* while we waited for the lock it may have become another */
		call.rel = m2m_relationship_refresh(call.rel);
	}
	else
		find_or_create(&call, RowExclusiveLock);

	/*
	 * The query may be anything, also DDL on the very tables, which our own
	 * locks do not keep out.  So its pairs are read by the description of
	 * before, and linked by that of after, if they are still keys by that.
	 */
	progress = m2m_load_begin(call.rel);
	pairs = m2m_load_read(call.rel, call.side,
						  text_to_cstring(PG_GETARG_TEXT_PP(2)), progress);
	created = m2m_links_add_pairs(m2m_relationship_refresh(call.rel), pairs,
								  progress);
	m2m_pairs_end(pairs);
	m2m_load_end(progress);
	PG_RETURN_INT64(created);
}

/*
 * m2m_unlink(left_table, left_id, right_table, right_id, via, role,
 * properties, by) returns the number of links removed.
 */
Datum
m2m_unlink(PG_FUNCTION_ARGS)
{
	Call		call;
	M2mIds	   *ids[2];

	begin_call(&call, fcinfo, "m2m_unlink()", 4, 5);
	read_by(&call, 7, -1);

	/*
	 * What no row has is not linked.  But with an object of properties for
	 * each pair, they could not be told apart any more.
	 */
	if (PG_ARGISNULL(6) || !JB_ROOT_IS_ARRAY(PG_GETARG_JSONB_P(6)))
		call.missing = M2M_MISSING_LEFT_OUT;
	find_relationship(&call, RowExclusiveLock);
	read_pair(&call, M2M_ID_EITHER, ids);
	if (call.found != NULL)
		m2m_ids_keep_found(ids, M2M_OTHER(call.side), call.found);

	/*
	 * Pairs whose ids differ have no link.  With properties they stay, as
	 * these go with the pairs one by one, and the statement finds none.
	 */
	match_shared(&call, ids, PG_ARGISNULL(6) ? SHARED_LEFT_OUT :
				 SHARED_AS_IT_IS);
	PG_RETURN_INT64(m2m_links_remove(call.rel, ids, PG_ARGISNULL(6) ? NULL :
									 PG_GETARG_JSONB_P(6)));
}

/*
 * m2m_set(left_table, left_id, right_table, right_ids, via, role, properties, by,
 * create_missing) returns (linked text[], unlinked text[], kept bigint).
 */
Datum
m2m_set(PG_FUNCTION_ARGS)
{
	Call		call;
	M2mIds	   *ids[2];
	M2mDifference difference;
	TupleDesc	desc;
	Datum		values[3];
	bool		isnull[3] = {false, false, false};

	begin_call(&call, fcinfo, "m2m_set()", 4, 5);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	desc = BlessTupleDesc(desc);
	read_by(&call, 7, 8);
	find_relationship(&call, RowExclusiveLock);
	ids[call.side] = read_first(&call, M2M_ID_SCALAR);
	ids[M2M_OTHER(call.side)] = read_second(&call, M2M_ID_ARRAY);
	match_shared(&call, ids, SHARED_MUST_AGREE);
	m2m_links_set(call.rel, call.side, ids[call.side],
				  ids[M2M_OTHER(call.side)], PG_ARGISNULL(6) ? NULL :
				  PG_GETARG_JSONB_P(6), &difference);
	values[0] = PointerGetDatum(difference.linked);
	values[1] = PointerGetDatum(difference.unlinked);
	values[2] = Int64GetDatum(difference.kept);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, isnull)));
}

/*
 * m2m_clear(left_table, left_id, right_table, via, role) returns the number
 * of links removed.
 */
Datum
m2m_clear(PG_FUNCTION_ARGS)
{
	Call		call;

	begin_call(&call, fcinfo, "m2m_clear()", 3, 4);
	find_relationship(&call, RowExclusiveLock);
	PG_RETURN_INT64(m2m_links_clear(call.rel, call.side,
									read_first(&call, M2M_ID_EITHER)));
}

/*
 * m2m_toggle(left_table, left_id, right_table, right_id, via, role) returns
 * whether the two rows are linked now.
 */
Datum
m2m_toggle(PG_FUNCTION_ARGS)
{
	Call		call;
	M2mIds	   *ids[2];

	begin_call(&call, fcinfo, "m2m_toggle()", 4, 5);
	find_relationship(&call, RowExclusiveLock);
	read_pair(&call, M2M_ID_SCALAR, ids);
	match_shared(&call, ids, SHARED_MUST_AGREE);
	PG_RETURN_BOOL(m2m_link_toggle(call.rel, ids));
}

/*
 * m2m_linked(left_table, left_id, right_table, right_id, via, role): are the
 * two rows linked?
 */
Datum
m2m_linked(PG_FUNCTION_ARGS)
{
	Call		call;
	M2mIds	   *ids[2];

	begin_call(&call, fcinfo, NULL, 4, 5);
	find_relationship(&call, AccessShareLock);
	read_pair(&call, M2M_ID_SCALAR, ids);

	/* the statement compares both ids' shared columns with the link's */
	match_shared(&call, ids, SHARED_AS_IT_IS);
	PG_RETURN_BOOL(m2m_link_exists(call.rel, ids));
}

/*
 * m2m_count(left_table, left_id, right_table, via, role): number of links of
 * one row.
 */
Datum
m2m_count(PG_FUNCTION_ARGS)
{
	Call		call;

	begin_call(&call, fcinfo, NULL, 3, 4);
	find_relationship(&call, AccessShareLock);
	PG_RETURN_INT64(m2m_links_count(call.rel, call.side,
									read_first(&call, M2M_ID_SCALAR)));
}

/*
 * m2m_at(sample, left_table, left_id, at, via, role) returns the rows of the
 * sample's table that a row was linked to at a moment.
 */
Datum
m2m_at(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Call		call;

	memset(&call, 0, sizeof(call));
	call.fcinfo = fcinfo;
	call.second = get_typ_typrelid(get_fn_expr_argtype(fcinfo->flinfo, 0));
	if (!OidIsValid(call.second))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the first argument must be a row of a table"),
				 errhint("Write NULL::book for rows of \"book\".")));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("table and time must not be null")));
	call.first = PG_GETARG_OID(1);
	m2m_endpoint_check(call.first);
	m2m_endpoint_check(call.second);
	if (!PG_ARGISNULL(4))
		call.via = text_to_cstring(PG_GETARG_TEXT_PP(4));
	if (!PG_ARGISNULL(5))
		call.role = text_to_cstring(PG_GETARG_TEXT_PP(5));
	InitMaterializedSRF(fcinfo, 0);
	find_relationship(&call, AccessShareLock);
	m2m_history_at(call.rel, call.side,
				   read_ids(&call, call.side, 2, call.first, M2M_ID_SCALAR,
							false),
				   PG_GETARG_TIMESTAMPTZ(3), rsinfo->setResult);
	return (Datum) 0;
}

/*
 * m2m_move(left_table, left_id, right_table, right_id, before, after, at, via,
 * role) gives a link another place among those of the first row; returns
 * whether it was another.
 */
Datum
m2m_move(PG_FUNCTION_ARGS)
{
	Call		call;
	M2mIds	   *ids[2];
	M2mIds	   *other = NULL;
	M2mSide		far;
	M2mMove		where = !PG_ARGISNULL(4) ? M2M_MOVE_BEFORE :
		!PG_ARGISNULL(5) ? M2M_MOVE_AFTER : M2M_MOVE_AT;

	begin_call(&call, fcinfo, "m2m_move()", 7, 8);
	if (!PG_ARGISNULL(4) + !PG_ARGISNULL(5) + !PG_ARGISNULL(6) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("m2m_move takes one of before, after and at")));
	if (where == M2M_MOVE_AT && PG_GETARG_INT64(6) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be at least 1", "at"),
				 errhint("Places are counted from 1.")));
	find_relationship(&call, RowExclusiveLock);
	read_pair(&call, M2M_ID_SCALAR, ids);
	far = M2M_OTHER(call.side);
	if (where != M2M_MOVE_AT)
	{
		M2mIds	   *pair[2];

		other = read_ids(&call, far, where == M2M_MOVE_BEFORE ? 4 : 5,
						 call.second, M2M_ID_SCALAR, true);
		pair[call.side] = ids[call.side];
		pair[far] = other;
		match_shared(&call, pair, SHARED_MUST_AGREE);
		other = pair[far];
	}
	match_shared(&call, ids, SHARED_MUST_AGREE);
	PG_RETURN_BOOL(m2m_order_move(call.rel, call.side, ids[call.side],
								  ids[far], where, other,
								  where == M2M_MOVE_AT ?
								  PG_GETARG_INT64(6) : 0));
}

/*
 * begin_call: reads the arguments that all functions have, of those that name
 * a table and an id by turns.
 */
static void
begin_call(Call *call, FunctionCallInfo fcinfo, const char *write,
		   int via, int role)
{
	begin_call_of(call, fcinfo, ARG_LEFT_TABLE, ARG_RIGHT_TABLE, write, via,
				  role);
}

/*
 * begin_call_of: the same of any function.  write is the function's name if it
 * writes (error 25006 in a read-only transaction), the others are positions of
 * arguments.
 */
static void
begin_call_of(Call *call, FunctionCallInfo fcinfo, int first, int second,
			  const char *write, int via, int role)
{
	if (write != NULL)
	{
		PreventCommandIfReadOnly(write);
		PreventCommandIfParallelMode(write);
	}
	if (PG_ARGISNULL(first) || PG_ARGISNULL(second))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("endpoint of a relationship must not be null")));
	memset(call, 0, sizeof(*call));
	call->fcinfo = fcinfo;
	call->first = PG_GETARG_OID(first);
	call->second = PG_GETARG_OID(second);
	check_tables(call, second);
	if (!PG_ARGISNULL(via))
		call->via = text_to_cstring(PG_GETARG_TEXT_PP(via));
	if (!PG_ARGISNULL(role))
		call->role = text_to_cstring(PG_GETARG_TEXT_PP(role));
}

/*
 * check_tables: both tables have to be such.  An id in the place of a table
 * is taken for its OID: error 42P01, with the order of the arguments where
 * tables and ids alternate.  second: the position of the second table.
 */
static void
check_tables(Call *call, int second)
{
	Oid			relid[] = {call->first, call->second};

	for (int i = 0; i < (int) lengthof(relid); i++)
	{
		if (m2m_endpoint_fits(relid[i]))
			continue;
		if (second == ARG_RIGHT_TABLE && get_rel_name(relid[i]) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("relation with OID %u does not exist", relid[i]),
					 errhint("The id follows its table: %s('author', 1, 'book' ...).",
							 get_func_name(call->fcinfo->flinfo->fn_oid))));
		m2m_endpoint_check(relid[i]);
	}
}

/*
 * find_relationship: the relationship that the call means, its association
 * locked in lockmode.  Errors: 42704 none, 42P08 several.
 */
static void
find_relationship(Call *call, LOCKMODE lockmode)
{
	call->rel = m2m_relationship_find(call->first, call->second, call->via,
									  call->role, lockmode, false,
									  &call->side);
}

/*
 * find_or_create: the same for who links, which creates the relationship on
 * first use, with the table named first on the left.
 *
 * The endpoints are locked and looked at again before anything is made, so
 * that of two first uses at once the second finds what the first has made.
 * The lock is SHARE ROW EXCLUSIVE, as for adding a foreign key, and taken only
 * here: links of a relationship that is there need no such lock.  Beside a join
 * table that could have been meant nothing is made (m2m_first_use_check()).
 */
static void
find_or_create(Call *call, LOCKMODE lockmode)
{
	M2mDefinition definition;

	call->rel = m2m_relationship_find(call->first, call->second, call->via,
									  call->role, lockmode,
									  m2m_auto_create, &call->side);
	if (call->rel != NULL)
		return;

	/* before anything is locked: adopting one locks that, and may wait */
	if (m2m_first_use_check(call->first, call->second, true))
	{
		find_relationship(call, lockmode);
		return;
	}
	memset(&definition, 0, sizeof(definition));
	definition.relid[M2M_LEFT] = call->first;
	definition.relid[M2M_RIGHT] = call->second;
	definition.on_delete = FKCONSTR_ACTION_CASCADE;
	m2m_definition_lock(&definition);
	call->rel = m2m_relationship_find(call->first, call->second, call->via,
									  call->role, lockmode, true,
									  &call->side);
	if (call->rel != NULL)
		return;

	/* what somebody has made while we waited */
	(void) m2m_first_use_check(call->first, call->second, false);
	m2m_relationship_define(&definition);
	m2m_first_use_beside(call->first, call->second);
	find_relationship(call, lockmode);
}

/*
 * read_pair: the ids of both sides, by side; the first before the second, since
 * reading that may insert rows.
 */
static void
read_pair(Call *call, M2mIdForm form, M2mIds *ids[2])
{
	ids[call->side] = read_first(call, form);
	ids[M2M_OTHER(call->side)] = read_second(call, form);
}

/* read_first: the id argument that goes with the table named first. */
static M2mIds *
read_first(Call *call, M2mIdForm form)
{
	return read_ids(call, call->side, ARG_LEFT_ID, call->first, form, false);
}

/*
 * read_second: the id argument that goes with the table named second.  It may
 * be short of the columns that the first one's has, too: see match_shared().
 */
static M2mIds *
read_second(Call *call, M2mIdForm form)
{
	if (call->by != NULL)
		return read_by_value(call, form);
	return read_ids(call, M2M_OTHER(call->side), ARG_RIGHT_ID, call->second,
					form, true);
}

/*
 * read_by_value: the same where the argument has values of other columns than
 * the key.  A text that reads as an array is refused where it would be inserted
 * as one value: so clients send arrays whose type they do not know.
 */
static M2mIds *
read_by_value(Call *call, M2mIdForm form)
{
	FunctionCallInfo fcinfo = call->fcinfo;
	M2mSide		side = M2M_OTHER(call->side);
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, ARG_RIGHT_ID);
	M2mIds	   *ids;
	bool	   *found;

	m2m_ids_check_null(PG_ARGISNULL(ARG_RIGHT_ID), call->second);
	ids = m2m_ids_by(call->rel, side, call->by,
					 PG_GETARG_DATUM(ARG_RIGHT_ID), type, form, call->missing,
					 &found);
	if (call->missing == M2M_MISSING_LEFT_OUT)
		call->found = found;
	if (!m2m_relationship_current(call->rel))
		call->rel = m2m_relationship_refresh(call->rel);
	return ids;
}

/*
 * read_ids: the ids in an argument.  Reading them can run a user's code, a cast
 * or an input function, which may change the very tables: the description is
 * then read again, or it is error 55000 (m2m_relationship_refresh()).
 */
static M2mIds *
read_ids(Call *call, M2mSide side, int argument, Oid table, M2mIdForm form,
		 bool may_be_short)
{
	FunctionCallInfo fcinfo = call->fcinfo;
	M2mIds	   *ids;

	m2m_ids_check_null(PG_ARGISNULL(argument), table);
	ids = m2m_ids_read(call->rel, side, PG_GETARG_DATUM(argument),
					   get_fn_expr_argtype(fcinfo->flinfo, argument), form,
					   may_be_short);
	if (!m2m_relationship_current(call->rel))
		call->rel = m2m_relationship_refresh(call->rel);
	return ids;
}

/*
 * match_shared: columns of the association that both ids have: the second id
 * gets those that it lacks, and both are to agree.  Error 22023 if they must
 * and do not.  Casts may run a user's code here, too: see read_ids().
 */
static void
match_shared(Call *call, M2mIds *ids[2], SharedRule rule)
{
	if (call->rel->nshared == 0)
		return;
	m2m_ids_complete(call->rel, call->side, ids);
	if (rule == SHARED_MUST_AGREE)
		m2m_ids_check_shared(call->rel, ids);
	else if (rule == SHARED_LEFT_OUT)
		m2m_ids_keep_agreeing(call->rel, ids);
	if (!m2m_relationship_current(call->rel))
		call->rel = m2m_relationship_refresh(call->rel);
}
