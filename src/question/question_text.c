/*
 * question_text.c
 *		What the statements of questions have in common, and running them.
 *
 * e is the table of the rows, a the association, t the table of the other side.
 *
 * Where a link's column compares otherwise than the key that it refers to,
 * links of one row may have different values, or those of several rows the same
 * one: then r0, r1 are the rows of the left and right side, by whose keys links
 * are of one row.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "m2m.h"
#include "question_internal.h"
#include "text.h"

static void append_values(StringInfo sql, M2mEndpoint *endpoint, M2mIds *ids,
						  M2mParameters *parameters);
static ArrayType *ids_column(M2mRelationship *rel, M2mSide side, M2mIds *ids,
							 int column);

/*
 * m2m_whole_row: a row of a table e as one column: "(e.*)::public.book", which
 * stands for the row also where the table has a column e.
 */
char *
m2m_whole_row(Oid relid)
{
	return psprintf("(e.*)::%s", m2m_qualified_name(relid));
}

/*
 * m2m_append_links: "author_book a": the links that count.  Where row security
 * keeps rows of the table of the other side, far, from the caller, links to
 * them do not: "author_book a JOIN tag t ON ...".
 */
void
m2m_append_links(StringInfo sql, M2mRelationship *rel, M2mSide far)
{
	M2mEndpoint *endpoint = &rel->side[far];

	m2m_append_association(sql, rel);
	if (check_enable_rls(endpoint->relid, InvalidOid, true) == RLS_NONE)
		return;
	appendStringInfo(sql, " JOIN %s t ON ",
					 m2m_qualified_name(endpoint->relid));
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(sql, "%st.%s %s %s", i > 0 ? " AND " : "",
						 m2m_quoted_column(endpoint->relid,
										   endpoint->key[i].attnum),
						 m2m_qualified_operator(endpoint->key[i].equal_op),
						 m2m_link_operand(rel, &endpoint->key[i], "a"));
}

/*
 * m2m_append_association: "author_book a"; where rows can be marked as deleted,
 * without these.
 */
void
m2m_append_association(StringInfo sql, M2mRelationship *rel)
{
	char	   *association = m2m_qualified_name(rel->association);

	if (rel->deleted == 0)
		appendStringInfo(sql, "%s a", association);
	else
		appendStringInfo(sql, "(SELECT * FROM %s a WHERE %s) a", association,
						 m2m_live_condition(rel, "a"));
}

/*
 * m2m_append_row_match: "e.id = a.book_id": links of a row e or t, or by an id
 * of another alias, whose columns are c1, c2 ...
 */
void
m2m_append_row_match(StringInfo sql, M2mRelationship *rel, M2mSide side,
					 const char *alias)
{
	M2mEndpoint *endpoint = &rel->side[side];

	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		const char *column = alias[0] == 'e' || alias[0] == 't' ?
			m2m_quoted_column(endpoint->relid, key->attnum) :
			psprintf("c%d", i + 1);

		appendStringInfo(sql, "%s%s.%s %s %s", i > 0 ? " AND " : "", alias,
						 column, m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, "a"));
	}
}

/*
 * m2m_append_rows: " JOIN ONLY tag r1 ON r1.id = a.tag_id": the rows that links
 * are of, which m2m_row_key_list() needs where keys do not compare alike; else
 * nothing.
 */
void
m2m_append_rows(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	M2mEndpoint *endpoint = &rel->side[side];

	if (endpoint->alike)
		return;
	appendStringInfo(sql, " JOIN %s r%d ON ", m2m_only(endpoint->relid), side);
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(sql, "%sr%d.%s %s %s", i > 0 ? " AND " : "", side,
						 m2m_quoted_column(endpoint->relid,
										   endpoint->key[i].attnum),
						 m2m_qualified_operator(endpoint->key[i].equal_op),
						 m2m_link_operand(rel, &endpoint->key[i], "a"));
}

/*
 * m2m_row_key_list: "a.tag_id, ..." (named: "a.tag_id AS c1, ..."): what is the
 * same in all links of one row of a side, and only in these; with
 * m2m_append_rows() before it "r1.id, ..." where that is not the link's column.
 */
char *
m2m_row_key_list(M2mRelationship *rel, M2mSide side, bool named)
{
	M2mEndpoint *endpoint = &rel->side[side];
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];

		appendStringInfoString(&list, i > 0 ? ", " : "");
		if (endpoint->alike)
			appendStringInfo(&list, "a.%s",
							 m2m_quoted_column(rel->association,
											   key->link_attnum));
		else
			appendStringInfo(&list, "r%d.%s", side,
							 m2m_quoted_column(endpoint->relid, key->attnum));
		if (named)
			appendStringInfo(&list, " AS c%d", i + 1);
	}
	return list.data;
}

/*
 * m2m_append_source_match: "e.id = s.c1": a row is that which another source has
 * as its columns c1, c2 ..., as m2m_row_key_list() names them; the association's
 * as m2m_link_operand() compares them.
 */
void
m2m_append_source_match(StringInfo sql, M2mRelationship *rel, M2mSide side,
						const char *source)
{
	M2mEndpoint *endpoint = &rel->side[side];

	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];

		appendStringInfo(sql, "%se.%s %s %s.c%d", i > 0 ? " AND " : "",
						 m2m_quoted_column(endpoint->relid, key->attnum),
						 endpoint->alike ?
						 m2m_qualified_operator(key->equal_op) :
						 m2m_own_equality(key->type), source, i + 1);
		if (endpoint->alike && OidIsValid(key->collation) &&
			key->collation != key->link_collation)
			appendStringInfo(sql, " COLLATE %s",
							 m2m_qualified_collation(key->collation));
	}
}

/*
 * m2m_append_linked: " AND a.tag_id IS NOT NULL", where an adopted table may
 * have such: a row without one of its ends is no link.
 */
void
m2m_append_linked(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];

		if (!key->link_not_null)
			appendStringInfo(sql, " AND a.%s IS NOT NULL",
							 m2m_quoted_column(rel->association,
											   key->link_attnum));
	}
}

/*
 * m2m_append_ids: "ROWS FROM (unnest($1), unnest($2)) p(c1, c2)": ids of a side, with
 * their number as a last column o if they are numbered; "(VALUES ($1, $2)) p(c1,
 * c2)" where a key is an array itself, of which there are no arrays.
 */
void
m2m_append_ids(StringInfo sql, M2mRelationship *rel, M2mSide side,
			   M2mIds *ids, const char *alias, bool numbered,
			   M2mParameters *parameters)
{
	M2mEndpoint *endpoint = &rel->side[side];
	bool		values = false;

	for (int i = 0; i < endpoint->nkeys; i++)
		values |= !OidIsValid(get_array_type(getBaseType(endpoint->key[i].type)));
	if (values)
	{
		append_values(sql, endpoint, ids, parameters);
		appendStringInfo(sql, " %s(", alias);
		for (int i = 0; i < endpoint->nkeys; i++)
			appendStringInfo(sql, "%sc%d", i > 0 ? ", " : "", i + 1);
		appendStringInfoString(sql, ", o)");
		return;
	}
	appendStringInfoString(sql, "ROWS FROM (");
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		ArrayType  *column = ids_column(rel, side, ids, i);

		appendStringInfo(sql, "%spg_catalog.unnest($%d)", i > 0 ? ", " : "",
						 m2m_add_parameter(parameters,
										   get_array_type(getBaseType(endpoint->key[i].type)),
										   PointerGetDatum(column)));
	}
	appendStringInfo(sql, ")%s %s(", numbered ? " WITH ORDINALITY" : "",
					 alias);
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(sql, "%sc%d", i > 0 ? ", " : "", i + 1);
	appendStringInfoString(sql, numbered ? ", o)" : ")");
}

/* append_values: "(VALUES ($1, $2, 1), ...)": ids and their number. */
static void
append_values(StringInfo sql, M2mEndpoint *endpoint, M2mIds *ids,
			  M2mParameters *parameters)
{
	appendStringInfoString(sql, ids->count > 0 ? "(VALUES " : "(SELECT ");
	for (int n = 0; n < Max(1, ids->count); n++)
	{
		if (ids->count > 0)
			appendStringInfoString(sql, n > 0 ? ", (" : "(");
		for (int i = 0; i < endpoint->nkeys; i++)
		{
			Oid			type = getBaseType(endpoint->key[i].type);

			if (ids->count == 0)
				appendStringInfo(sql, "NULL::%s, ",
								 format_type_extended(type, -1,
													  FORMAT_TYPE_FORCE_QUALIFY));
			else
				appendStringInfo(sql, "$%d, ",
								 m2m_add_parameter(parameters, type,
												   ids->value[(Size) n * endpoint->nkeys + i]));
		}
		appendStringInfo(sql, "%d::pg_catalog.int8", n + 1);
		if (ids->count > 0)
			appendStringInfoChar(sql, ')');
	}
	appendStringInfoString(sql, ids->count > 0 ? ")" : " LIMIT 0)");
}

/* m2m_add_parameter: adds one; returns its number, from 1. */
int
m2m_add_parameter(M2mParameters *parameters, Oid type, Datum value)
{
	if (parameters->n == parameters->room)
	{
		parameters->room = Max(16, parameters->room * 2);
		parameters->type = parameters->n == 0 ?
			palloc_array(Oid, parameters->room) :
			repalloc_array(parameters->type, Oid, parameters->room);
		parameters->value = parameters->n == 0 ?
			palloc_array(Datum, parameters->room) :
			repalloc_array(parameters->value, Datum, parameters->room);
	}
	parameters->type[parameters->n] = type;
	parameters->value[parameters->n] = value;
	return ++parameters->n;
}

/* ids_column: the values of one key column of ids, as an array. */
static ArrayType *
ids_column(M2mRelationship *rel, M2mSide side, M2mIds *ids, int column)
{
	M2mKeyColumn *key = &rel->side[side].key[column];
	Datum	   *value = palloc_array(Datum, Max(1, ids->count));
	int16		typlen;
	bool		typbyval;
	char		typalign;

	get_typlenbyvalalign(key->type, &typlen, &typbyval, &typalign);
	for (int i = 0; i < ids->count; i++)
		value[i] = ids->value[(Size) i * ids->nkeys + column];
	return construct_array(value, ids->count, getBaseType(key->type), typlen,
						   typbyval, typalign);
}

/*
 * m2m_run_question: puts what a SELECT returns into the result of a function,
 * read by the active snapshot, with the caller's rights.
 */
void
m2m_run_question(const char *sql, M2mParameters *parameters,
				 ReturnSetInfo *rsinfo)
{
	DestReceiver *receiver = CreateDestReceiver(DestTuplestore);
	SPIExecuteOptions options = {.read_only = true,.dest = receiver};
	int			result;

	options.params = makeParamList(parameters->n);
	for (int i = 0; i < parameters->n; i++)
	{
		ParamExternData *parameter = &options.params->params[i];

		parameter->value = parameters->value[i];
		parameter->isnull = false;
		parameter->pflags = PARAM_FLAG_CONST;
		parameter->ptype = parameters->type[i];
	}
	SetTuplestoreDestReceiverParams(receiver, rsinfo->setResult,
									rsinfo->econtext->ecxt_per_query_memory,
									false, rsinfo->setDesc,
									"wrong columns of a question's answer");
	SPI_connect();
	result = SPI_execute_extended(sql, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed for \"%s\": %s", sql,
			 SPI_result_code_string(result));
	SPI_finish();
}
