/*
 * find_text.c
 *		The SQL of m2m_find: what it means, and how it is answered where the
 *		association's indexes alone will not do.
 *
 * e is the table of the rows, a the association, t the table of the ids, p ids
 * that were given.
 */
#include "postgres.h"

#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "m2m.h"
#include "question_internal.h"
#include "text.h"

static void append_having(StringInfo sql, M2mFind *find,
						  M2mParameters *parameters, M2mIds *ids, int64 least);
static void append_after(StringInfo sql, M2mFind *find,
						 M2mParameters *parameters);

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
	appendStringInfo(&sql, "SELECT %s FROM %s e",
					 m2m_whole_row(rel->side[side].relid),
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
		m2m_append_source_match(&sql, rel, side, psprintf("s%d", sources));
	}
	appendStringInfoString(&sql, " WHERE true");
	if (find->all_of != NULL && find->all_of->count == 0 && !find->unlinked)
	{
		appendStringInfoString(&sql, " AND EXISTS (SELECT FROM ");
		m2m_append_links(&sql, rel, M2M_OTHER(side));
		appendStringInfoString(&sql, " WHERE ");
		m2m_append_row_match(&sql, rel, side, "e");
		m2m_append_linked(&sql, rel, M2M_OTHER(side));
		appendStringInfoChar(&sql, ')');
	}
	if (find->none_of != NULL)
	{
		appendStringInfoString(&sql, " AND NOT EXISTS (SELECT FROM ");
		m2m_append_links(&sql, rel, M2M_OTHER(side));
		appendStringInfoString(&sql, ", ");
		m2m_append_ids(&sql, rel, M2M_OTHER(side), find->none_of, "p", false, parameters);
		appendStringInfoString(&sql, " WHERE ");
		m2m_append_row_match(&sql, rel, side, "e");
		appendStringInfoString(&sql, " AND ");
		m2m_append_row_match(&sql, rel, M2M_OTHER(side), "p");
		appendStringInfoChar(&sql, ')');
	}
	if (find->exactly != NULL)
	{
		appendStringInfoString(&sql, " AND NOT EXISTS (SELECT FROM ");
		m2m_append_links(&sql, rel, M2M_OTHER(side));
		appendStringInfoString(&sql, " WHERE ");
		m2m_append_row_match(&sql, rel, side, "e");
		m2m_append_linked(&sql, rel, M2M_OTHER(side));
		appendStringInfoString(&sql, " AND NOT EXISTS (SELECT FROM ");
		m2m_append_ids(&sql, rel, M2M_OTHER(side), find->exactly, "p", false, parameters);
		appendStringInfoString(&sql, " WHERE ");
		m2m_append_row_match(&sql, rel, M2M_OTHER(side), "p");
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
	return psprintf("SELECT %s FROM ROWS FROM (pg_catalog.unnest($1)) WITH ORDINALITY k(c, n)"
					" JOIN %s e ON e.%s %s k.c ORDER BY k.n",
					m2m_whole_row(endpoint->relid),
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
	M2mSide		far = M2M_OTHER(find->side);
	int			n = rel->side[far].nkeys;

	appendStringInfo(sql, "SELECT %s FROM ",
					 m2m_row_key_list(rel, find->side, true));
	m2m_append_links(sql, rel, far);
	m2m_append_rows(sql, rel, find->side);
	if (least > 1)
		m2m_append_rows(sql, rel, far);
	if (ids != NULL)
	{
		appendStringInfoString(sql, ", ");
		m2m_append_ids(sql, rel, far, ids, "p", false, parameters);
	}
	appendStringInfoString(sql, " WHERE true");
	if (ids != NULL)
	{
		appendStringInfoString(sql, " AND ");
		m2m_append_row_match(sql, rel, far, "p");
	}
	m2m_append_linked(sql, rel, M2M_LEFT);
	m2m_append_linked(sql, rel, M2M_RIGHT);
	appendStringInfoString(sql, " GROUP BY ");
	for (int i = 0; i < rel->side[find->side].nkeys; i++)
		appendStringInfo(sql, "%s%d", i > 0 ? ", " : "", i + 1);

	/* one of them is what a group is */
	if (least > 1)
		appendStringInfo(sql, " HAVING pg_catalog.count(DISTINCT %s%s%s)"
						 " OPERATOR(pg_catalog.>=) " INT64_FORMAT
						 "::pg_catalog.int8",
						 n > 1 ? "ROW(" : "", m2m_row_key_list(rel, far, false),
						 n > 1 ? ")" : "", least);
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
		parameter[i] = m2m_add_parameter(parameters, key->type,
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
