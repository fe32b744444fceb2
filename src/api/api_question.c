/*
 * api_question.c
 *		The SQL-callable questions over links: arguments in, result out.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "api_internal.h"
#include "define.h"
#include "ids.h"
#include "m2m.h"
#include "question.h"
#include "relationship.h"

/* Positions of arguments; -1: the overload has none. */
typedef struct FindArguments
{
	int			all_of;
	int			any_of;
	int			none_of;
	int			exactly;
	int			at_least;
	int			after;
	int			max_rows;
	int			via;
	int			role;
	int			unlinked;
} FindArguments;

static void find_rows(FunctionCallInfo fcinfo, const FindArguments *argument);
static void begin_question(FunctionCallInfo fcinfo, M2mFind *find, int other,
						   int via, int role);
static void check_columns(Oid table, ReturnSetInfo *rsinfo);
static Oid	table_of_row(FunctionCallInfo fcinfo, int argument);
static List *read_paths(FunctionCallInfo fcinfo, int argument);
static List *split_path(char *path);
static char *read_text(FunctionCallInfo fcinfo, int argument);
static int64 read_number(FunctionCallInfo fcinfo, int argument,
						 const char *name, int64 least, int64 absent);

PG_FUNCTION_INFO_V1(m2m_find);
PG_FUNCTION_INFO_V1(m2m_find_at_least);
PG_FUNCTION_INFO_V1(m2m_counts);
PG_FUNCTION_INFO_V1(m2m_related);
PG_FUNCTION_INFO_V1(m2m_reach);
PG_FUNCTION_INFO_V1(m2m_json);

/*
 * m2m_find(sample, other_table, all_of, any_of, none_of, exactly, at_least, after,
 * max_rows, via, role, unlinked) returns the rows of the sample's table
 * that are linked as is asked, in the order of their keys.  role is the one
 * that the rows play.
 */
Datum
m2m_find(PG_FUNCTION_ARGS)
{
	static const FindArguments argument = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11};

	find_rows(fcinfo, &argument);
	return (Datum) 0;
}

/*
 * m2m_find_at_least(sample, other_table, unlinked, via, role, at_least, max_rows):
 * the same for who gives no ids, which would fit both overloads that take some.
 */
Datum
m2m_find_at_least(PG_FUNCTION_ARGS)
{
	static const FindArguments argument = {-1, -1, -1, -1, 5, -1, 6, 3, 4, 2};

	find_rows(fcinfo, &argument);
	return (Datum) 0;
}

/*
 * m2m_counts(sample, other_table, via, role) returns each row of the sample's
 * table and the number of its links, as (row, bigint).
 */
Datum
m2m_counts(PG_FUNCTION_ARGS)
{
	M2mFind		find;

	begin_question(fcinfo, &find, 1, 2, 3);
	m2m_find_check(&find);
	m2m_counts_rows(find.rel, find.side,
					(ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/*
 * m2m_related(sample, id, other_table, max_rows, via, role) returns the rows of
 * the sample's table that share links with one of them, and how many, as (row,
 * bigint, double precision).
 */
Datum
m2m_related(PG_FUNCTION_ARGS)
{
	M2mFind		find;
	M2mIds	   *id;
	int64		most;

	begin_question(fcinfo, &find, 2, 4, 5);
	m2m_ids_check_null(PG_ARGISNULL(1), find.rel->side[find.side].relid);
	id = m2m_argument_ids(fcinfo, &find, 1, find.side, M2M_ID_SCALAR);
	most = read_number(fcinfo, 3, "max_rows", 0, -1);
	m2m_find_check(&find);
	m2m_related_rows(find.rel, find.side, id, most,
					 (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/*
 * m2m_reach(sample, id, via, max_depth, direction) returns the rows that links
 * of a table with itself lead to from one of them, as (row, depth, path).
 */
Datum
m2m_reach(PG_FUNCTION_ARGS)
{
	M2mFind		find;
	M2mIds	   *id;
	int64		depth;
	char	   *direction;

	begin_question(fcinfo, &find, -1, 2, -1);
	m2m_ids_check_null(PG_ARGISNULL(1), find.rel->side[find.side].relid);
	id = m2m_argument_ids(fcinfo, &find, 1, find.side, M2M_ID_SCALAR);
	depth = read_number(fcinfo, 3, "max_depth", 0, -1);
	direction = read_text(fcinfo, 4);
	if (direction == NULL || (strcmp(direction, "out") != 0 &&
							  strcmp(direction, "in") != 0 &&
							  strcmp(direction, "both") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("direction must be \"out\", \"in\" or \"both\"")));
	for (int i = 0; i < id->nkeys; i++)
	{
		if (find.rel->side[M2M_LEFT].nkeys != find.rel->side[M2M_RIGHT].nkeys ||
			find.rel->side[M2M_LEFT].key[i].attnum !=
			find.rel->side[M2M_RIGHT].key[i].attnum)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("links of \"%s\" do not lead on from row to row",
							get_rel_name(find.rel->association)),
					 errdetail("Its foreign keys reference different keys of table \"%s\".",
							   get_rel_name(find.rel->side[M2M_LEFT].relid))));
	}
	m2m_reach_rows(find.rel, direction[0] == 'i' ? M2M_RIGHT : M2M_LEFT, id,
				   depth, direction[0] == 'b',
				   (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}

/*
 * m2m_json(of_table, id, include, max_rows) returns a row with the rows that it
 * is linked to, or an array of such rows, as jsonb.
 */
Datum
m2m_json(PG_FUNCTION_ARGS)
{
	M2mRelationship *key;
	M2mIds	   *ids;
	List	   *include;
	int64		most;
	bool		isnull;
	Datum		result;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("table must not be null")));
	m2m_endpoint_check(PG_GETARG_OID(0));
	m2m_ids_check_null(PG_ARGISNULL(1), PG_GETARG_OID(0));
	include = read_paths(fcinfo, 2);
	most = read_number(fcinfo, 3, "max_rows", 0, -1);
	key = m2m_ids_of_index(m2m_json_key(PG_GETARG_OID(0)), M2M_LEFT);
	ids = m2m_ids_read(key, M2M_LEFT, PG_GETARG_DATUM(1),
					   get_fn_expr_argtype(fcinfo->flinfo, 1), M2M_ID_EITHER,
					   false);
	result = m2m_json_value(key, ids, include, PG_ARGISNULL(2), most, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(result);
}

/*
 * read_paths: an array of paths, "books" or "books.tags", each as a list of
 * names.  Errors: 22004 a null, 22023 an empty name.
 */
static List *
read_paths(FunctionCallInfo fcinfo, int argument)
{
	List	   *result = NIL;
	Datum	   *element;
	bool	   *isnull;
	int			count;

	if (PG_ARGISNULL(argument))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false,
					  TYPALIGN_INT, &element, &isnull, &count);
	for (int i = 0; i < count; i++)
	{
		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a path to include must not be null")));
		result = lappend(result, split_path(TextDatumGetCString(element[i])));
	}
	return result;
}

/*
 * split_path: "books.tags" as a list of names; a name with a period stands in
 * double quotes.  Error 22023 if it is none.
 */
static List *
split_path(char *path)
{
	List	   *result = NIL;
	char	   *next = path;

	do
	{
		StringInfoData name;
		bool		quoted = *next == '"';
		bool		open = quoted;

		initStringInfo(&name);
		for (next += quoted; *next != '\0' && (quoted || *next != '.'); next++)
		{
			if (quoted && *next == '"' && *++next != '"')
			{
				open = false;
				break;
			}
			appendStringInfoChar(&name, *next);
		}
		if (name.len == 0 || open || (*next != '\0' && *next != '.'))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid path to include: \"%s\"", path),
					 errhint("Write names of relationships, joined by periods: books.tags.")));
		result = lappend(result, name.data);
	} while (*next++ == '.');
	return result;
}

/*
 * begin_question: finds the relationship between the sample's table and another,
 * or itself, locked in ACCESS SHARE as the sample's table is, and gets the
 * result ready; the others are positions of arguments, -1 where there is none.
 * Errors: 42809; 42704 no relationship; 42P08 several; 42804.
 */
static void
begin_question(FunctionCallInfo fcinfo, M2mFind *find, int other, int via,
			   int role)
{
	Oid			table = table_of_row(fcinfo, 0);

	memset(find, 0, sizeof(*find));
	if (other >= 0 && PG_ARGISNULL(other))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("endpoint of a relationship must not be null")));
	m2m_endpoint_check(table);
	if (other >= 0)
		m2m_endpoint_check(PG_GETARG_OID(other));

	/* rows that are put as they are must be of the type that is said here */
	LockRelationOid(table, AccessShareLock);
	InitMaterializedSRF(fcinfo, 0);
	check_columns(table, (ReturnSetInfo *) fcinfo->resultinfo);
	find->rel = m2m_relationship_find(table, other < 0 ? table :
									  PG_GETARG_OID(other),
									  read_text(fcinfo, via),
									  read_text(fcinfo, role),
									  AccessShareLock, false, &find->side);
}

/*
 * check_columns: error 42804 where somebody has altered columns of the sample's
 * table after the executor had looked them up and before we had the lock.  The
 * executor compares them, too, but of a column that is gone it cannot speak, as
 * tupledesc_match() asks for the name of its type, which is 0.  And where another
 * type would do, the table has been written anew, by a transaction that the
 * statement's snapshot does not see: it would be found empty.
 */
static void
check_columns(Oid table, ReturnSetInfo *rsinfo)
{
	TupleDesc	expected = rsinfo->expectedDesc;
	TupleDesc	found = rsinfo->setDesc;
	bool		same = expected == NULL || expected->natts == found->natts;

	for (int i = 0; same && expected != NULL && i < found->natts; i++)
		same = TupleDescAttr(expected, i)->attisdropped ||
			TupleDescAttr(expected, i)->atttypid ==
			TupleDescAttr(found, i)->atttypid;
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("columns of table \"%s\" have changed meanwhile",
						get_rel_name(table)),
				 errhint("Run the statement again.")));
}

/*
 * find_rows: what both do.  Errors: 22023, and those of finding the
 * relationship and reading ids.
 */
static void
find_rows(FunctionCallInfo fcinfo, const FindArguments *argument)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	M2mFind		find;
	M2mSide		far;

	begin_question(fcinfo, &find, 1, argument->via, argument->role);
	far = M2M_OTHER(find.side);
	find.all_of = m2m_argument_ids(fcinfo, &find, argument->all_of, far,
								   M2M_ID_EITHER);
	find.any_of = m2m_argument_ids(fcinfo, &find, argument->any_of, far,
								   M2M_ID_EITHER);
	find.none_of = m2m_argument_ids(fcinfo, &find, argument->none_of, far,
									M2M_ID_EITHER);
	find.exactly = m2m_argument_ids(fcinfo, &find, argument->exactly, far,
									M2M_ID_EITHER);
	find.at_least = read_number(fcinfo, argument->at_least, "at_least", 1, 0);
	find.after = m2m_argument_ids(fcinfo, &find, argument->after, find.side,
								  M2M_ID_SCALAR);
	find.max_rows = read_number(fcinfo, argument->max_rows, "max_rows", 0, -1);
	find.unlinked = argument->unlinked >= 0 &&
		!PG_ARGISNULL(argument->unlinked) &&
		PG_GETARG_BOOL(argument->unlinked);
	if (find.all_of == NULL && find.any_of == NULL && find.none_of == NULL &&
		find.exactly == NULL && find.at_least == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("m2m_find has nothing to look for"),
				 errhint("Give at least one of all_of, any_of, none_of, exactly and at_least.")));
	m2m_find_check(&find);
	m2m_find_rows(&find, rsinfo->setResult);
}

/*
 * table_of_row: the table whose row type an argument has, null as its value
 * may be.  Error 42809.
 */
static Oid
table_of_row(FunctionCallInfo fcinfo, int argument)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, argument);
	Oid			relid = OidIsValid(type) ? get_typ_typrelid(type) : InvalidOid;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the first argument must be of a table's row type"),
				 errhint("Write NULL::book for rows of a table \"book\".")));
	return relid;
}

/*
 * m2m_argument_ids: the ids in an argument; NULL if it was not given.  Reading them
 * can run a user's code, which may change the very tables: the description is
 * then read again, or it is error 55000.
 */
M2mIds *
m2m_argument_ids(FunctionCallInfo fcinfo, M2mFind *find, int argument,
				 M2mSide side, M2mIdForm form)
{
	M2mIds	   *ids;

	if (argument < 0 || PG_ARGISNULL(argument))
		return NULL;
	ids = m2m_ids_read(find->rel, side, PG_GETARG_DATUM(argument),
					   get_fn_expr_argtype(fcinfo->flinfo, argument), form,
					   false);
	if (!m2m_relationship_current(find->rel))
		find->rel = m2m_relationship_refresh(find->rel);
	return ids;
}

/* read_text: the text in an argument; NULL if it was not given. */
static char *
read_text(FunctionCallInfo fcinfo, int argument)
{
	return argument < 0 || PG_ARGISNULL(argument) ? NULL :
		text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/*
 * read_number: a number, of whichever integer type or numeric, that must not be
 * too small; error 22023.
 */
static int64
read_number(FunctionCallInfo fcinfo, int argument, const char *name,
			int64 least, int64 absent)
{
	Datum		value = PG_GETARG_DATUM(argument);
	int64		result;

	if (PG_ARGISNULL(argument))
		return absent;
	switch (get_fn_expr_argtype(fcinfo->flinfo, argument))
	{
		case INT2OID:
			result = DatumGetInt16(value);
			break;
		case INT4OID:
			result = DatumGetInt32(value);
			break;
		case NUMERICOID:
			result = DatumGetInt64(DirectFunctionCall1(numeric_int8, value));
			if (!DatumGetBool(DirectFunctionCall2(numeric_eq, value,
												  NumericGetDatum(int64_to_numeric(result)))))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("%s must be a whole number", name)));
			break;
		default:
			result = DatumGetInt64(value);
			break;
	}
	if (result < least)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be at least " INT64_FORMAT, name, least)));
	return result;
}
