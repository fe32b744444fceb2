/*
 * keys.c
 *		SQL arguments to keys of the endpoint's type.
 *
 * Callers give ids of whatever type they have at hand: typed values, text (as
 * untyped literals and untyped protocol parameters arrive), rows for composite
 * keys, arrays of any of these.  What comes out is of the key columns' own
 * types and never NULL.  A typed value is coerced as in an assignment to the
 * key column; text goes through the type's input function.
 */
#include "postgres.h"

#include <ctype.h>

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/scansup.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "ids.h"
#include "m2m.h"

/* How a value of one type becomes a key column's value. */
typedef enum CoercionKind
{
	M2M_COERCE_NONE,			/* it can be used as it is */
	M2M_COERCE_TEXT,			/* text, through the input function */
	M2M_COERCE_OUTPUT,			/* other strings: output, then input function */
	M2M_COERCE_EXPR				/* an assignment cast */
} CoercionKind;

typedef struct M2mCoercion
{
	Oid			source;			/* type of the value */
	MemoryContext context;		/* that all of it lies in */
	CoercionKind kind;
	List	   *functions;		/* that expr calls */
	ExprState  *expr;
	ExprContext *econtext;
} M2mCoercion;

static M2mIds *read_array(M2mRelationship *rel, M2mSide side,
						  ArrayType *array, int sole, bool may_be_short);
static void read_one(M2mRelationship *rel, M2mSide side, Datum value,
					 Oid type, int sole, Datum *key, bool *is_short);
static void read_row(M2mRelationship *rel, M2mSide side, Datum value,
					 Datum *key, bool *is_short);
static int	short_columns(M2mEndpoint *endpoint);
static int	sole_column(M2mEndpoint *endpoint, bool may_be_short);
static int	key_position(M2mEndpoint *endpoint, int n, bool is_short);
static bool is_array_literal(M2mEndpoint *endpoint, int sole,
							 const char *string, M2mIdForm form);
static bool is_braced_uuid(const char *string);
static bool is_text(Oid type);
static char *get_string(Datum value, Oid type);
static bool opens_row(const char *string);
static int	count_fields(const char *string);
static Datum parse_row(M2mRelationship *rel, M2mSide side, const char *string,
					   bool may_be_short);
static TupleDesc get_row_desc(M2mRelationship *rel, M2mSide side,
							  bool is_short);
static bool is_row_type(Oid type);
static M2mCoercion *get_coercion(M2mRelationship *rel, M2mSide side,
								 int column, Oid type);
static M2mCoercion *make_coercion(M2mKeyColumn *key, Oid type);
static M2mCoercion *begin_coercion(Oid type);
static bool make_expression(M2mCoercion *coercion, Oid type, int32 typmod,
							CoercionContext cast);
static bool collect_function(Node *node, void *context);
static void check_functions(M2mCoercion *coercion);
static bool may_be_kept(M2mCoercion *coercion);
static Datum to_key(M2mRelationship *rel, M2mKeyColumn *key,
					M2mCoercion *coercion, Datum value);
static Datum apply_coercion(M2mRelationship *rel, M2mKeyColumn *key,
							M2mCoercion *coercion, Datum value);
static Datum call_input(M2mRelationship *rel, M2mKeyColumn *key,
						char *string);
static void conversion_context(void *arg);
static M2mIds *make_ids(int nkeys, int count, bool is_array);

/*
 * m2m_ids_check_null: an id argument that is NULL is an error (22004), never
 * "all" and never "none".
 */
void
m2m_ids_check_null(bool isnull, Oid table)
{
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("id of table \"%s\" must not be null",
						get_rel_name(table))));
}

/*
 * m2m_ids_read: reads an id argument of the given type into keys of one side
 * of a relationship, in CurrentMemoryContext.  One that may be short can do
 * without the columns that the other side's has, too: the number of columns
 * says it.  m2m_ids_complete() then gives it these.
 *
 * Errors: 22023 an array where one id is due or the reverse, more than one
 * dimension; 22004 a NULL element; 42804 a type that cannot be assigned to the
 * key column; 22P02 and whatever else the type's own input or cast raises.
 */
M2mIds *
m2m_ids_read(M2mRelationship *rel, M2mSide side, Datum value, Oid type,
			 M2mIdForm form, bool may_be_short)
{
	M2mEndpoint *endpoint = &rel->side[side];
	int			sole;
	M2mIds	   *ids = NULL;

	may_be_short = may_be_short && rel->nshared > 0;
	sole = sole_column(endpoint, may_be_short);

	if (!OidIsValid(type))
		elog(ERROR, "could not determine the type of an id");
	if (sole >= 0 &&
		(type == endpoint->key[sole].type ||
		 getBaseType(type) == getBaseType(endpoint->key[sole].type)) &&
		!(type == TEXTOID && (form == M2M_ID_ARRAY || endpoint->nkeys > 1)))
	{
		/* of the key's own type: one id, also where keys are arrays */
	}
	else if (is_text(type))
	{
		char	   *string = get_string(value, type);

		if (is_array_literal(endpoint, sole, string, form))
		{
			Datum		array;

			array = OidInputFunctionCall(F_ARRAY_IN, string, TEXTOID, -1);
			ids = read_array(rel, side, DatumGetArrayTypeP(array), sole,
							 may_be_short);
		}
	}
	else if (OidIsValid(get_base_element_type(type)))
		ids = read_array(rel, side, DatumGetArrayTypeP(value), sole,
						 may_be_short);

	if (ids == NULL)
	{
		ids = make_ids(endpoint->nkeys, 1, false);
		if (may_be_short)
			ids->is_short = palloc0_array(bool, 1);
		read_one(rel, side, value, type, sole, ids->value, ids->is_short);
	}

	if (ids->is_array && form == M2M_ID_SCALAR)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("one id of table \"%s\" is needed here, not an array",
						get_rel_name(endpoint->relid))));
	if (!ids->is_array && form == M2M_ID_ARRAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an array of ids of table \"%s\" is needed here",
						get_rel_name(endpoint->relid)),
				 errhint("Write ARRAY[...], or '{}' for none.")));
	return ids;
}

/*
 * read_array: each element of a one-dimensional array is an id.  The result
 * may point into the array.  Errors: 22023 for several dimensions, 22004 for a
 * null; those of read_one().
 */
static M2mIds *
read_array(M2mRelationship *rel, M2mSide side, ArrayType *array, int sole,
		   bool may_be_short)
{
	M2mEndpoint *endpoint = &rel->side[side];
	Oid			type = ARR_ELEMTYPE(array);
	M2mIds	   *ids;
	M2mCoercion *coercion = NULL;
	Datum	   *element;
	bool	   *isnull;
	int			count;
	int16		typlen;
	bool		typbyval;
	char		typalign;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("array of ids of table \"%s\" must have one dimension",
						get_rel_name(endpoint->relid)),
				 errdetail("It has %d dimensions.", ARR_NDIM(array))));
	get_typlenbyvalalign(type, &typlen, &typbyval, &typalign);
	if (endpoint->nkeys == 1)
		coercion = get_coercion(rel, side, 0, type);
	else if (sole >= 0 && !is_text(type) && !is_row_type(type))
		coercion = get_coercion(rel, side, sole, type);
	if (coercion != NULL && endpoint->nkeys == 1 &&
		coercion->kind == M2M_COERCE_NONE && typbyval &&
		typlen == sizeof(Datum) && !ARR_HASNULL(array))
	{
		/*
		 * In memory it is an array of Datums already: elements of that length
		 * follow each other without gaps, and none is null.  To be read only,
		 * as the array may be the caller's own.
		 */
		ids = palloc(sizeof(M2mIds));
		ids->is_array = true;
		ids->nkeys = 1;
		ids->is_short = NULL;
		ids->count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
		ids->value = (Datum *) ((char *) array +
								ARR_OVERHEAD_NONULLS(ARR_NDIM(array)));
		return ids;
	}
	deconstruct_array(array, type, typlen, typbyval, typalign,
					  &element, &isnull, &count);
	ids = make_ids(endpoint->nkeys, count, true);
	if (may_be_short && endpoint->nkeys > 1)
		ids->is_short = MemoryContextAllocExtended(CurrentMemoryContext,
												   Max(1, count),
												   MCXT_ALLOC_HUGE |
												   MCXT_ALLOC_ZERO);
	for (int i = 0; i < count; i++)
	{
		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("id of table \"%s\" must not be null",
							get_rel_name(endpoint->relid)),
					 errdetail("Element %d of the array is null.", i + 1)));
		if (coercion != NULL)
		{
			ids->value[(Size) i * endpoint->nkeys + sole] =
				to_key(rel, &endpoint->key[sole], coercion, element[i]);
			if (ids->is_short != NULL)
				ids->is_short[i] = true;
		}
		else
			read_one(rel, side, element[i], type, sole,
					 &ids->value[(Size) i * endpoint->nkeys],
					 ids->is_short != NULL ? &ids->is_short[i] : NULL);
		if ((i & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	return ids;
}

/*
 * read_one: one id of any type that is not an array of ids; sole is the key
 * column that it is for if it is one value, -1 if it must be a row.  Where it
 * may be short (is_short is not NULL), says whether it is.  Errors: 42804 for
 * a type that is no key, and those of read_row() and apply_coercion().
 */
static void
read_one(M2mRelationship *rel, M2mSide side, Datum value, Oid type, int sole,
		 Datum *key, bool *is_short)
{
	M2mEndpoint *endpoint = &rel->side[side];
	bool		is_row = endpoint->nkeys > 1 &&
		(is_text(type) ? opens_row(get_string(value, type)) :
		 is_row_type(type));

	if (sole >= 0 && (endpoint->nkeys == 1 || !is_row))
	{
		key[sole] = m2m_key_coerce(rel, side, sole, value, type);
		if (endpoint->nkeys > 1)
			*is_short = true;
	}
	else if (is_text(type))
		read_row(rel, side, parse_row(rel, side, get_string(value, type),
									  is_short != NULL), key, is_short);
	else if (is_row)
		read_row(rel, side, value, key, is_short);
	else
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("id of type %s cannot be a key of table \"%s\"",
						format_type_be(type), get_rel_name(endpoint->relid)),
				 errdetail("The key has %d columns, the first of which is %s.",
						   endpoint->nkeys, endpoint->key[0].label),
				 errhint("Write ROW(...), or its text form '(...)'.")));
}

/*
 * read_row: a row is a composite key, column by column; one of the endpoint's
 * own row type has the key in its columns of these names.  One that may be
 * short is so if it has as many fields as there are columns that are not
 * shared.  Errors: 22004 for a null in it, 42804 for another number of fields
 * or types.
 */
static void
read_row(M2mRelationship *rel, M2mSide side, Datum value, Datum *key,
		 bool *is_short)
{
	M2mEndpoint *endpoint = &rel->side[side];
	HeapTupleHeader header = (HeapTupleHeader) PG_DETOAST_DATUM(value);
	TupleDesc	desc;
	HeapTupleData tuple;
	Datum	   *field;
	bool	   *isnull;
	int			n = 0;
	int			nfields = 0;
	int			nshort;

	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
								  HeapTupleHeaderGetTypMod(header));
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	field = palloc_array(Datum, desc->natts);
	isnull = palloc_array(bool, desc->natts);
	heap_deform_tuple(&tuple, desc, field, isnull);
	if (desc->tdtypeid != RECORDOID &&
		desc->tdtypeid == get_rel_type_id(endpoint->relid))
	{
		for (int i = 0; i < endpoint->nkeys; i++)
		{
			int			column = endpoint->key[i].attnum - 1;

			if (isnull[column])
				ereport(ERROR,
						(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						 errmsg("id of table \"%s\" must not be null",
								get_rel_name(endpoint->relid)),
						 errdetail("Column \"%s\" of the row is null.",
								   NameStr(TupleDescAttr(desc, column)->attname))));
			key[i] = m2m_key_coerce(rel, side, i, field[column],
									TupleDescAttr(desc, column)->atttypid);
		}
		ReleaseTupleDesc(desc);
		return;
	}
	for (int i = 0; i < desc->natts; i++)
		nfields += !TupleDescAttr(desc, i)->attisdropped;
	nshort = is_short != NULL ? short_columns(endpoint) : 0;
	if (nshort > 0 && nfields == nshort)
		*is_short = true;
	for (int i = 0; i < desc->natts; i++)
	{
		if (TupleDescAttr(desc, i)->attisdropped)
			continue;
		if (n < endpoint->nkeys)
		{
			int			position = key_position(endpoint, n, is_short != NULL &&
												*is_short);

			if (isnull[i])
				ereport(ERROR,
						(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						 errmsg("id of table \"%s\" must not be null",
								get_rel_name(endpoint->relid)),
						 errdetail("Field %d of the row is null.", n + 1)));
			key[position] = m2m_key_coerce(rel, side, position, field[i],
										   TupleDescAttr(desc, i)->atttypid);
		}
		n++;
	}
	ReleaseTupleDesc(desc);
	if (n != endpoint->nkeys && !(is_short != NULL && *is_short))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("row of %d fields cannot be a key of table \"%s\"",
						n, get_rel_name(endpoint->relid)),
				 nshort == 0 ?
				 errdetail("The key has %d columns.", endpoint->nkeys) :
				 errdetail("The key has %d columns, %d of them not in the other table's key.",
						   endpoint->nkeys, nshort)));
}

/*
 * short_columns: how many columns of a key are not shared; 0 if there is no
 * short form of it, as all or none are.
 */
static int
short_columns(M2mEndpoint *endpoint)
{
	int			n = 0;

	for (int i = 0; i < endpoint->nkeys; i++)
		n += endpoint->key[i].shared == 0;
	return n < endpoint->nkeys ? n : 0;
}

/*
 * sole_column: the key column that an id of one value is for; -1 if it takes
 * several.
 */
static int
sole_column(M2mEndpoint *endpoint, bool may_be_short)
{
	if (endpoint->nkeys == 1)
		return 0;
	return may_be_short && short_columns(endpoint) == 1 ?
		key_position(endpoint, 0, true) : -1;
}

/* key_position: which column of the key the nth field of a row is for. */
static int
key_position(M2mEndpoint *endpoint, int n, bool is_short)
{
	if (!is_short)
		return n;
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		if (endpoint->key[i].shared == 0 && n-- == 0)
			return i;
	}
	elog(ERROR, "key has no such column");
	return -1;
}

/*
 * is_array_literal: is a text argument an array of ids?  Only where that
 * cannot be one id as well: '{' opens no number, date or row.  A uuid may
 * stand in braces, and is then one uuid, as its type reads it; the literal of
 * an array that holds one only is the same but for its quotes.  For other
 * types '{...}' may well be one id, unless nothing but an array will do.
 */
static bool
is_array_literal(M2mEndpoint *endpoint, int sole, const char *string,
				 M2mIdForm form)
{
	const char *start = string;
	Oid			type;
	char		category;
	bool		preferred;

	if (form == M2M_ID_ARRAY)
		return true;
	while (scanner_isspace(*start))
		start++;
	if (*start != '{')
		return false;
	type = sole >= 0 ? getBaseType(endpoint->key[sole].type) : InvalidOid;
	if (type == UUIDOID)
		return !is_braced_uuid(string);
	if (endpoint->nkeys > 1)
		return true;
	get_type_category_preferred(type, &category, &preferred);
	return category == TYPCATEGORY_NUMERIC || category == TYPCATEGORY_DATETIME;
}

/*
 * is_braced_uuid: is a string one uuid in braces, as the type's input function
 * takes it?  A hyphen may follow each group of four digits.
 */
static bool
is_braced_uuid(const char *string)
{
	int			ndigits = 0;

	if (*string != '{')
		return false;
	for (string++; *string != '}'; string++)
	{
		if (isxdigit((unsigned char) *string))
			ndigits++;
		else if (*string != '-' || string[-1] == '-' || ndigits == 0 ||
				 ndigits == 32 || ndigits % 4 != 0)
			return false;
	}
	return ndigits == 32 && string[1] == '\0';
}

/*
 * is_text: text, or a literal that nobody has given a type, as it may stand
 * in a row.
 */
static bool
is_text(Oid type)
{
	return type == TEXTOID || type == UNKNOWNOID;
}

/* get_string: the string in a value of such a type. */
static char *
get_string(Datum value, Oid type)
{
	return type == UNKNOWNOID ? DatumGetCString(value) :
		TextDatumGetCString(value);
}

/* opens_row: does a string begin as the text form of a row does? */
static bool
opens_row(const char *string)
{
	while (scanner_isspace(*string))
		string++;
	return *string == '(';
}

/*
 * count_fields: how many fields the text form of a row has; it need not be
 * right, which record_in() says.
 */
static int
count_fields(const char *string)
{
	bool		quoted = false;
	int			n = 1;

	for (; *string != '\0'; string++)
	{
		if (*string == '\\' && string[1] != '\0')
			string++;
		else if (*string == '"')
			quoted = !quoted;
		else if (*string == ',' && !quoted)
			n++;
	}
	return n;
}

/*
 * parse_row: the text form of a row, as of ROW(...)::text, into a row of the
 * key columns' types; of those that are not shared if it may be short and has
 * as many fields.
 */
static Datum
parse_row(M2mRelationship *rel, M2mSide side, const char *string,
		  bool may_be_short)
{
	M2mEndpoint *endpoint = &rel->side[side];
	int			nshort = may_be_short ? short_columns(endpoint) : 0;
	TupleDesc	desc = get_row_desc(rel, side, nshort > 0 &&
									count_fields(string) == nshort);
	ErrorContextCallback context;
	Datum		result;

	context.callback = conversion_context;
	context.arg = endpoint->key[0].label;
	context.previous = error_context_stack;
	error_context_stack = &context;
	result = OidInputFunctionCall(F_RECORD_IN, unconstify(char *, string),
								  RECORDOID, desc->tdtypmod);
	error_context_stack = context.previous;
	return result;
}

/*
 * get_row_desc: the row type of a composite key, or of the columns of it that
 * are not shared, kept with the relationship.
 */
static TupleDesc
get_row_desc(M2mRelationship *rel, M2mSide side, bool is_short)
{
	M2mEndpoint *endpoint = &rel->side[side];
	TupleDesc  *kept = is_short ? &endpoint->short_desc : &endpoint->row_desc;
	int			n = is_short ? short_columns(endpoint) : endpoint->nkeys;

	if (*kept == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(rel->context);
		TupleDesc	desc = CreateTemplateTupleDesc(n);

		for (int i = 0; i < n; i++)
		{
			M2mKeyColumn *key =
				&endpoint->key[key_position(endpoint, i, is_short)];

			TupleDescInitEntry(desc, i + 1, psprintf("key_%d", i + 1),
							   key->type, key->typmod, 0);
		}
		TupleDescFinalize(desc);
		*kept = BlessTupleDesc(desc);
		MemoryContextSwitchTo(old);
	}
	return *kept;
}

/* is_row_type: record, a composite type, or a domain over one? */
static bool
is_row_type(Oid type)
{
	return type == RECORDOID ||
		get_typtype(getBaseType(type)) == TYPTYPE_COMPOSITE;
}

/*
 * m2m_key_coerce: a value of any type as one key column's value, clean.
 */
Datum
m2m_key_coerce(M2mRelationship *rel, M2mSide side, int column, Datum value,
			   Oid type)
{
	return to_key(rel, &rel->side[side].key[column],
				  get_coercion(rel, side, column, type), value);
}

/*
 * m2m_ids_equal: are two ids of a side the same key, however spelled?
 */
bool
m2m_ids_equal(M2mRelationship *rel, M2mSide side, M2mIds *a, M2mIds *b)
{
	for (int i = 0; i < a->nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];
		TypeCacheEntry *type = lookup_type_cache(key->type,
												 TYPECACHE_EQ_OPR_FINFO);

		if (!OidIsValid(type->eq_opr_finfo.fn_oid) ||
			!DatumGetBool(FunctionCall2Coll(&type->eq_opr_finfo,
											key->collation,
											a->value[i], b->value[i])))
			return false;
	}
	return true;
}

/*
 * m2m_key_text: the key of a side as text, as an explicit cast makes it; of a
 * composite key the row's text form.
 */
text *
m2m_key_text(M2mRelationship *rel, M2mSide side, Datum *value)
{
	M2mEndpoint *endpoint = &rel->side[side];
	M2mKeyColumn *key = &endpoint->key[0];
	M2mCoercion *coercion;

	if (endpoint->nkeys > 1)
	{
		bool		isnull[INDEX_MAX_KEYS];
		HeapTuple	row;

		memset(isnull, false, sizeof(isnull));
		row = heap_form_tuple(get_row_desc(rel, side, false), value, isnull);
		return cstring_to_text(OidOutputFunctionCall(F_RECORD_OUT,
													 HeapTupleGetDatum(row)));
	}
	coercion = key->to_text;
	if (coercion != NULL)
		check_functions(coercion);
	else
	{
		coercion = begin_coercion(key->type);
		coercion->kind = M2M_COERCE_EXPR;
		if (!make_expression(coercion, TEXTOID, -1, COERCION_EXPLICIT))
			elog(ERROR, "type %u has no cast to text", key->type);
		if (may_be_kept(coercion))
		{
			MemoryContextSetParent(coercion->context, rel->context);
			key->to_text = coercion;
		}
	}
	return DatumGetTextPP(apply_coercion(rel, key, coercion, value[0]));
}

/*
 * get_coercion: how values of a type become values of a key column, for the
 * current user.  Kept with the relationship where it cannot become another
 * without notice to us.  Errors: 42804 if there is no way; 42501 if the user
 * may not execute a function on it.
 */
static M2mCoercion *
get_coercion(M2mRelationship *rel, M2mSide side, int column, Oid type)
{
	M2mKeyColumn *key = &rel->side[side].key[column];
	M2mCoercion *coercion;
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, key->coercions)
	{
		coercion = lfirst(lc);
		if (coercion->source == type)
		{
			check_functions(coercion);
			return coercion;
		}
	}

	/*
	 * A domain's constraints are compiled into the expression, and ALTER
	 * DOMAIN changes no relation that the description was read from.
	 */
	coercion = make_coercion(key, type);
	if (get_typtype(key->type) != TYPTYPE_DOMAIN && may_be_kept(coercion))
	{
		old = MemoryContextSwitchTo(rel->context);
		key->coercions = lappend(key->coercions, coercion);
		MemoryContextSwitchTo(old);
		MemoryContextSetParent(coercion->context, rel->context);
	}
	return coercion;
}

/*
 * make_coercion: the same, made anew, in a memory context below the current
 * one: nothing is left of it after an error.
 */
static M2mCoercion *
make_coercion(M2mKeyColumn *key, Oid type)
{
	M2mCoercion *coercion = begin_coercion(type);
	char		category;
	bool		preferred;
	Oid			cast;

	if (type == key->type && key->typmod < 0)
		coercion->kind = M2M_COERCE_NONE;
	else if (is_text(type))
		coercion->kind = M2M_COERCE_TEXT;
	else if (make_expression(coercion, key->type, key->typmod,
							 COERCION_ASSIGNMENT))
		coercion->kind = M2M_COERCE_EXPR;
	else
	{
		/* varchar and the like, where the key is no string */
		get_type_category_preferred(getBaseType(type), &category, &preferred);
		if (category != TYPCATEGORY_STRING)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("id of type %s cannot be assigned to %s",
							format_type_be(type), key->label),
					 type == RECORDOID ?
					 errhint("Write ARRAY[...] for several ids, not (...); in Python a list, not a tuple.") :
					 is_row_type(type) ?
					 errhint("Give the key of the row, not the row.") :
					 find_coercion_pathway(getBaseType(key->type),
										   getBaseType(type),
										   COERCION_EXPLICIT, &cast) != COERCION_PATH_NONE ?
					 errhint("Cast the id to %s.",
							 format_type_be(key->type)) :
					 errhint("Give a value of type %s, or its text in quotes.",
							 format_type_be(key->type))));
		coercion->kind = M2M_COERCE_OUTPUT;
	}
	return coercion;
}

/* begin_coercion: an empty one, in a memory context of its own. */
static M2mCoercion *
begin_coercion(Oid type)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "m2m coercion",
												  ALLOCSET_SMALL_SIZES);
	M2mCoercion *coercion = MemoryContextAllocZero(context,
												   sizeof(M2mCoercion));

	coercion->source = type;
	coercion->context = context;
	return coercion;
}

/*
 * make_expression: a cast from coercion->source to a type, ready to run; false
 * if there is none in that context.  Error 42501 if the current user may not
 * execute a function that it calls.
 */
static bool
make_expression(M2mCoercion *coercion, Oid type, int32 typmod,
				CoercionContext cast)
{
	MemoryContext old = MemoryContextSwitchTo(coercion->context);
	CaseTestExpr *value = makeNode(CaseTestExpr);
	Node	   *expr;

	value->typeId = coercion->source;
	value->typeMod = -1;
	value->collation = get_typcollation(coercion->source);
	expr = coerce_to_target_type(NULL, (Node *) value, coercion->source,
								 type, typmod, cast, COERCE_IMPLICIT_CAST, -1);
	if (expr != NULL)
	{
		assign_expr_collations(NULL, expr);
		/* before the planner puts the body of an SQL function in its place */
		collect_function(expr, coercion);
		check_functions(coercion);
		expr = (Node *) expression_planner((Expr *) expr);
		coercion->econtext = CreateStandaloneExprContext();
		coercion->expr = ExecInitExpr((Expr *) expr, NULL);
	}
	MemoryContextSwitchTo(old);
	return expr != NULL;
}

/*
 * collect_function: walker; notes the functions that a coercion calls, but for
 * those of types, which anybody may use.
 */
static bool
collect_function(Node *node, void *context)
{
	M2mCoercion *coercion = context;

	if (node == NULL)
		return false;
	if (IsA(node, FuncExpr))
		coercion->functions =
			list_append_unique_oid(coercion->functions,
								   ((FuncExpr *) node)->funcid);
	return expression_tree_walker(node, collect_function, context);
}

/*
 * check_functions: may the current user execute what a coercion calls?  The
 * executor asks that only when an expression is made ready.  Error 42501.
 */
static void
check_functions(M2mCoercion *coercion)
{
	ListCell   *lc;

	foreach(lc, coercion->functions)
	{
		Oid			function = lfirst_oid(lc);
		AclResult	result = object_aclcheck(ProcedureRelationId, function,
											 GetUserId(), ACL_EXECUTE);

		if (result != ACLCHECK_OK)
			aclcheck_error(result, OBJECT_FUNCTION, get_func_name(function));

		/* as ExecInitFunc() does: who has hooked it is asked, too */
		InvokeFunctionExecuteHook(function);
	}
}

/*
 * may_be_kept: can a coercion not become another without notice to us?  A
 * function of a user's can be replaced, or be given other settings and
 * rights.
 */
static bool
may_be_kept(M2mCoercion *coercion)
{
	ListCell   *lc;

	foreach(lc, coercion->functions)
	{
		if (lfirst_oid(lc) >= FirstUnpinnedObjectId)
			return false;
	}
	return true;
}

/* to_key: converts one value to a key column's; the result is clean. */
static Datum
to_key(M2mRelationship *rel, M2mKeyColumn *key, M2mCoercion *coercion,
	   Datum value)
{
	return m2m_datum_clean(apply_coercion(rel, key, coercion, value),
						   key->typlen, key->typbyval);
}

/*
 * apply_coercion: converts one value; the result lies in CurrentMemoryContext,
 * or is the value itself.  Errors: 22004 for a null, those of the cast.
 */
static Datum
apply_coercion(M2mRelationship *rel, M2mKeyColumn *key,
			   M2mCoercion *coercion, Datum value)
{
	ErrorContextCallback context;
	Datum		result = value;
	bool		isnull = false;

	if (coercion->kind == M2M_COERCE_NONE)
		return value;

	context.callback = conversion_context;
	context.arg = key->label;
	context.previous = error_context_stack;
	error_context_stack = &context;
	switch (coercion->kind)
	{
		case M2M_COERCE_NONE:
			break;
		case M2M_COERCE_TEXT:
			result = call_input(rel, key,
								get_string(value, coercion->source));
			break;
		case M2M_COERCE_OUTPUT:
			{
				Oid			output;
				bool		is_varlena;

				getTypeOutputInfo(coercion->source, &output, &is_varlena);
				result = call_input(rel, key,
									OidOutputFunctionCall(output, value));
				break;
			}
		case M2M_COERCE_EXPR:

			/*
			 * In the caller's memory, which he resets; that of the
			 * expression's context lasts as long as the description.
			 */
			coercion->econtext->caseValue_datum = value;
			coercion->econtext->caseValue_isNull = false;
			result = ExecEvalExpr(coercion->expr, coercion->econtext, &isnull);
			break;
	}
	error_context_stack = context.previous;
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("cast of an id to %s gave null", key->label)));
	return result;
}

/*
 * call_input: the key column's input function, looked up once.
 */
static Datum
call_input(M2mRelationship *rel, M2mKeyColumn *key, char *string)
{
	if (!OidIsValid(key->input.fn_oid))
	{
		Oid			function;

		getTypeInputInfo(key->type, &function, &key->ioparam);
		fmgr_info_cxt(function, &key->input, rel->context);
	}
	return InputFunctionCall(&key->input, string, key->ioparam, key->typmod);
}

/* conversion_context: says in an error which key column it was about. */
static void
conversion_context(void *arg)
{
	errcontext("id for %s", (const char *) arg);
}

/*
 * make_ids: room for count ids, whose values the caller fills in, in
 * CurrentMemoryContext.  An array of a gigabyte may have more than fits into
 * an allocation of the usual size.
 */
static M2mIds *
make_ids(int nkeys, int count, bool is_array)
{
	M2mIds	   *ids = palloc(sizeof(M2mIds));

	ids->is_array = is_array;
	ids->nkeys = nkeys;
	ids->count = count;
	ids->is_short = NULL;
	ids->value = MemoryContextAllocHuge(CurrentMemoryContext,
										Max(1, sizeof(Datum) * count * nkeys));
	return ids;
}
