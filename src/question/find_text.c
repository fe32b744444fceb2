/*
 * find_text.c
 *		The SQL of m2m_find: what it means, and how it is answered where the
 *		association's indexes alone will not do.
 *
 * e is the table of the rows, a the association, t the table of the ids, p ids
 * that were given.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/typcache.h"

#include "m2m.h"
#include "question_internal.h"
#include "text.h"

static void append_having(StringInfo sql, M2mFind *find,
						  M2mParameters *parameters, M2mIds *ids, int64 least);
static void append_links(StringInfo sql, M2mFind *find);
static void append_ids(StringInfo sql, M2mFind *find,
					   M2mParameters *parameters, M2mIds *ids);
static void append_match(StringInfo sql, M2mRelationship *rel, M2mSide side,
						 const char *alias);
static void append_after(StringInfo sql, M2mFind *find,
						 M2mParameters *parameters);
static void append_not_null(StringInfo sql, M2mRelationship *rel,
							M2mSide side);
static int	add_parameter(M2mParameters *parameters, Oid type, Datum value);
static ArrayType *ids_column(M2mRelationship *rel, M2mSide side, M2mIds *ids,
							 int column);

/*
 * m2m_find_text: a SELECT of the rows that are asked for, each as one column,
 * in the order of their keys.  Adds what was given to parameters.
 *
 * Rows with all of some ids, or some of them, come of the links of these ids,
 * grouped by row: the planner sees how many ids there are, and can take the
 * reverse index.  The rest are conditions.
 */
char *
m2m_find_text(M2mFind *find, M2mParameters *parameters)
{
	M2mRelationship *rel = find->rel;
	M2mSide		side = find->side;
	StringInfoData sql;
	int			sources = 0;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT e FROM %s e",
					 m2m_qualified_name(rel->side[side].relid));
	for (int i = 0; i < 4; i++)
	{
		M2mIds	   *ids = i == 0 ? find->all_of : i == 1 ? find->exactly :
			i == 2 ? find->any_of : NULL;
		int64		least = ids == NULL || i == 2 ? find->at_least :
			ids->count;

		/* what says nothing of links is no source; i == 3: of whatever ids */
		if (i == 3 ? (find->at_least == 0 || find->any_of != NULL) :
			ids == NULL || (i < 2 && ids->count == 0))
			continue;
		sources++;
		appendStringInfoString(&sql, " JOIN (");
		append_having(&sql, find, parameters, ids, least);
		appendStringInfo(&sql, ") s%d ON ", sources);
		for (int j = 0; j < rel->side[side].nkeys; j++)
		{
			M2mKeyColumn *key = &rel->side[side].key[j];

			appendStringInfo(&sql, "%se.%s %s s%d.c%d", j > 0 ? " AND " : "",
							 m2m_quoted_column(rel->side[side].relid, key->attnum),
							 m2m_qualified_operator(key->equal_op), sources, j + 1);
		}
	}
	appendStringInfoString(&sql, " WHERE true");
	if (find->all_of != NULL && find->all_of->count == 0 && !find->unlinked)
	{
		appendStringInfoString(&sql, " AND EXISTS (SELECT FROM ");
		append_links(&sql, find);
		appendStringInfoString(&sql, " WHERE ");
		append_match(&sql, rel, side, "e");
		append_not_null(&sql, rel, M2M_OTHER(side));
		appendStringInfoChar(&sql, ')');
	}
	if (find->none_of != NULL)
	{
		appendStringInfoString(&sql, " AND NOT EXISTS (SELECT FROM ");
		append_links(&sql, find);
		appendStringInfoString(&sql, ", ");
		append_ids(&sql, find, parameters, find->none_of);
		appendStringInfoString(&sql, " WHERE ");
		append_match(&sql, rel, side, "e");
		appendStringInfoString(&sql, " AND ");
		append_match(&sql, rel, M2M_OTHER(side), "p");
		appendStringInfoChar(&sql, ')');
	}
	if (find->exactly != NULL)
	{
		appendStringInfoString(&sql, " AND NOT EXISTS (SELECT FROM ");
		append_links(&sql, find);
		appendStringInfoString(&sql, " WHERE ");
		append_match(&sql, rel, side, "e");
		append_not_null(&sql, rel, M2M_OTHER(side));
		appendStringInfoString(&sql, " AND NOT EXISTS (SELECT FROM ");
		append_ids(&sql, find, parameters, find->exactly);
		appendStringInfoString(&sql, " WHERE ");
		append_match(&sql, rel, M2M_OTHER(side), "p");
		appendStringInfoString(&sql, "))");
	}
	if (find->after != NULL)
		append_after(&sql, find, parameters);
	appendStringInfoString(&sql, " ORDER BY ");
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(&sql, "%se.%s", i > 0 ? ", " : "",
						 m2m_quoted_column(rel->side[side].relid,
										   rel->side[side].key[i].attnum));
	if (find->max_rows >= 0)
		appendStringInfo(&sql, " LIMIT " INT64_FORMAT, find->max_rows);
	return sql.data;
}

/*
 * m2m_find_fetch_text: a SELECT of rows by the array of their keys, $1, in its
 * order; of those, that is, which the caller may see.
 */
char *
m2m_find_fetch_text(M2mFind *find)
{
	M2mEndpoint *endpoint = &find->rel->side[find->side];

	Assert(endpoint->nkeys == 1);
	return psprintf("SELECT e FROM ROWS FROM (pg_catalog.unnest($1)) WITH ORDINALITY k(c, n)"
					" JOIN %s e ON e.%s %s k.c ORDER BY k.n",
					m2m_qualified_name(endpoint->relid),
					m2m_quoted_column(endpoint->relid, endpoint->key[0].attnum),
					m2m_qualified_operator(endpoint->key[0].equal_op));
}

/*
 * append_having: "SELECT a.book_id AS c1 FROM links of these ids GROUP BY 1
 * HAVING count(DISTINCT a.tag_id) >= n"; ids is NULL where any will do.
 */
static void
append_having(StringInfo sql, M2mFind *find, M2mParameters *parameters,
			  M2mIds *ids, int64 least)
{
	M2mRelationship *rel = find->rel;
	M2mEndpoint *near = &rel->side[find->side];
	M2mEndpoint *far = &rel->side[M2M_OTHER(find->side)];

	appendStringInfoString(sql, "SELECT ");
	for (int i = 0; i < near->nkeys; i++)
		appendStringInfo(sql, "%sa.%s AS c%d", i > 0 ? ", " : "",
						 m2m_quoted_column(rel->association,
										   near->key[i].link_attnum), i + 1);
	appendStringInfoString(sql, " FROM ");
	append_links(sql, find);
	if (ids != NULL)
	{
		appendStringInfoString(sql, ", ");
		append_ids(sql, find, parameters, ids);
	}
	appendStringInfoString(sql, " WHERE true");
	if (ids != NULL)
	{
		appendStringInfoString(sql, " AND ");
		append_match(sql, rel, M2M_OTHER(find->side), "p");
	}
	append_not_null(sql, rel, M2M_LEFT);
	append_not_null(sql, rel, M2M_RIGHT);
	appendStringInfoString(sql, " GROUP BY ");
	for (int i = 0; i < near->nkeys; i++)
		appendStringInfo(sql, "%s%d", i > 0 ? ", " : "", i + 1);

	/* one of them is what a group is */
	if (least > 1)
	{
		appendStringInfoString(sql, " HAVING pg_catalog.count(DISTINCT ");
		if (far->nkeys > 1)
			appendStringInfoString(sql, "ROW(");
		for (int i = 0; i < far->nkeys; i++)
			appendStringInfo(sql, "%sa.%s", i > 0 ? ", " : "",
							 m2m_quoted_column(rel->association,
											   far->key[i].link_attnum));
		if (far->nkeys > 1)
			appendStringInfoChar(sql, ')');
		appendStringInfo(sql, ") OPERATOR(pg_catalog.>=) " INT64_FORMAT
						 "::pg_catalog.int8", least);
	}
}

/*
 * append_links: "author_book a": the links that count.  Where row security
 * keeps rows of the ids' table from the caller, links to them do not: "author_book
 * a JOIN tag t ON ...".
 */
static void
append_links(StringInfo sql, M2mFind *find)
{
	M2mRelationship *rel = find->rel;
	M2mSide		far = M2M_OTHER(find->side);
	M2mEndpoint *endpoint = &rel->side[far];

	appendStringInfo(sql, "%s a", m2m_qualified_name(rel->association));
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

/* append_ids: "ROWS FROM (unnest($1), unnest($2)) p(c1, c2)". */
static void
append_ids(StringInfo sql, M2mFind *find, M2mParameters *parameters,
		   M2mIds *ids)
{
	M2mSide		far = M2M_OTHER(find->side);
	M2mEndpoint *endpoint = &find->rel->side[far];

	appendStringInfoString(sql, "ROWS FROM (");
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		ArrayType  *column = ids_column(find->rel, far, ids, i);

		appendStringInfo(sql, "%spg_catalog.unnest($%d)", i > 0 ? ", " : "",
						 add_parameter(parameters,
									   get_array_type(getBaseType(endpoint->key[i].type)),
									   PointerGetDatum(column)));
	}
	appendStringInfoString(sql, ") p(");
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(sql, "%sc%d", i > 0 ? ", " : "", i + 1);
	appendStringInfoChar(sql, ')');
}

/*
 * append_match: "e.id = a.book_id": links of a row e, or by an id p.
 */
static void
append_match(StringInfo sql, M2mRelationship *rel, M2mSide side,
			 const char *alias)
{
	M2mEndpoint *endpoint = &rel->side[side];

	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		const char *column = alias[0] == 'p' ? psprintf("c%d", i + 1) :
			m2m_quoted_column(endpoint->relid, key->attnum);

		appendStringInfo(sql, "%s%s.%s %s %s", i > 0 ? " AND " : "", alias,
						 column, m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, "a"));
	}
}

/*
 * append_not_null: " AND a.tag_id IS NOT NULL", where an adopted table may
 * have such: a row without one of its ends is no link.
 */
static void
append_not_null(StringInfo sql, M2mRelationship *rel, M2mSide side)
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
 * append_after: " AND ROW(e.x, e.y) > ROW($1, $2)", which an index can take;
 * spelled out where the operators have different schemas, as one row comparison
 * has one operator's name.
 */
static void
append_after(StringInfo sql, M2mFind *find, M2mParameters *parameters)
{
	M2mEndpoint *endpoint = &find->rel->side[find->side];
	char	   *column[INDEX_MAX_KEYS];
	char	   *greater[INDEX_MAX_KEYS];
	char	   *equal[INDEX_MAX_KEYS];
	int			parameter[INDEX_MAX_KEYS];
	int			n = endpoint->nkeys;
	bool		same = true;

	for (int i = 0; i < n; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		TypeCacheEntry *type = lookup_type_cache(key->type,
												 TYPECACHE_GT_OPR |
												 TYPECACHE_EQ_OPR);

		column[i] = psprintf("e.%s", m2m_quoted_column(endpoint->relid,
													   key->attnum));
		greater[i] = m2m_qualified_operator(type->gt_opr);
		equal[i] = m2m_qualified_operator(type->eq_opr);
		parameter[i] = add_parameter(parameters, key->type,
									 find->after->value[i]);
		same &= strcmp(greater[i], greater[0]) == 0;
	}
	appendStringInfoString(sql, " AND ");
	if (same)
	{
		appendStringInfoString(sql, "ROW(");
		for (int i = 0; i < n; i++)
			appendStringInfo(sql, "%s%s%s", i > 0 ? ", " : "", column[i],
							 i < n - 1 ? "" : psprintf(") %s ROW(", greater[i]));
		for (int i = 0; i < n; i++)
			appendStringInfo(sql, "%s$%d", i > 0 ? ", " : "", parameter[i]);
		appendStringInfoChar(sql, ')');
		return;
	}
	for (int i = 0; i < n; i++)
	{
		appendStringInfo(sql, "(%s %s $%d", column[i], greater[i],
						 parameter[i]);
		if (i < n - 1)
			appendStringInfo(sql, " OR (%s %s $%d AND ", column[i], equal[i],
							 parameter[i]);
	}
	for (int i = 0; i < 2 * n - 1; i++)
		appendStringInfoChar(sql, ')');
}

/* add_parameter: adds one; returns its number, from 1. */
static int
add_parameter(M2mParameters *parameters, Oid type, Datum value)
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
