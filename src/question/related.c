/*
 * related.c
 *		Rows by how many links they have: of all rows, and those that share
 *		links with one row.
 *
 * Both are one SELECT, with the caller's rights and by his snapshot; but plain
 * links are counted from an index (counts.c).
 */
#include "postgres.h"

#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "m2m.h"
#include "question_internal.h"
#include "rule.h"
#include "text.h"

/* So many links of a row are counted in the time that its slots take. */
#define LINKS_OF_SLOTS 40

static void append_slot_key(StringInfo sql, M2mRelationship *rel,
							M2mSide side);
static void append_count(StringInfo sql, M2mRelationship *rel, M2mSide side);

/*
 * m2m_counts_rows: puts every row of a side with the number of its links into
 * the result (row, bigint), also rows without any.  A counter that tells the
 * same is read instead of the links.
 */
void
m2m_counts_rows(M2mRelationship *rel, M2mSide side, ReturnSetInfo *rsinfo)
{
	M2mParameters parameters = {0};
	StringInfoData sql;
	char	   *column;
	char	   *slots;

	initStringInfo(&sql);
	if (m2m_counter_kept(rel, side, &column, &slots))
	{
		/* a row's slots take as long to find as some links to be counted */
		if (column == NULL &&
			m2m_counts_by_index(rel, side, LINKS_OF_SLOTS, rsinfo))
			return;
		if (column != NULL)
			appendStringInfo(&sql, "SELECT %s, CAST(coalesce(e.%s, 0) AS pg_catalog.int8)"
							 " FROM %s e",
							 m2m_whole_row(rel->side[side].relid), column,
							 m2m_qualified_name(rel->side[side].relid));
		else
		{
			appendStringInfo(&sql, "SELECT %s, coalesce(s.n, 0) FROM %s e LEFT JOIN (SELECT ",
							 m2m_whole_row(rel->side[side].relid),
							 m2m_qualified_name(rel->side[side].relid));
			append_slot_key(&sql, rel, side);
			appendStringInfo(&sql, ", k.n FROM (%s) k) s ON ", slots);
			m2m_append_source_match(&sql, rel, side, "s");
		}
		m2m_run_question(sql.data, &parameters, rsinfo);
		return;
	}
	if (m2m_counts_by_index(rel, side, -1, rsinfo))
		return;
	appendStringInfo(&sql, "SELECT %s, coalesce(s.n, 0) FROM %s e LEFT JOIN (SELECT ",
					 m2m_whole_row(rel->side[side].relid),
					 m2m_qualified_name(rel->side[side].relid));
	appendStringInfo(&sql, "%s, pg_catalog.count(*) AS n FROM ",
					 m2m_row_key_list(rel, side, true));
	m2m_append_links(&sql, rel, M2M_OTHER(side));
	m2m_append_rows(&sql, rel, side);
	appendStringInfoString(&sql, " WHERE true");
	m2m_append_linked(&sql, rel, M2M_OTHER(side));
	appendStringInfo(&sql, " GROUP BY %s) s ON ",
					 m2m_row_key_list(rel, side, false));
	m2m_append_source_match(&sql, rel, side, "s");
	m2m_run_question(sql.data, &parameters, rsinfo);
}

/*
 * m2m_related_rows: puts rows of a side that share links with one of them into
 * the result (row, shared bigint, jaccard double precision): the number of rows
 * that both are linked to, and that in proportion to those that either is
 * (P. Jaccard, 1901).  Most shared first, then by proportion, then by key;
 * most at most, or all if that is negative.
 *
 * Only those that can still be among the first are asked for the number of
 * their own links: who is similar to a popular row shares one with nearly all.
 */
void
m2m_related_rows(M2mRelationship *rel, M2mSide side, M2mIds *id, int64 most,
				 ReturnSetInfo *rsinfo)
{
	M2mSide		far = M2M_OTHER(side);
	M2mEndpoint *endpoint = &rel->side[side];
	M2mParameters parameters = {0};
	StringInfoData sql;

	/* what the row is linked to, and how much */
	initStringInfo(&sql);
	appendStringInfo(&sql, "WITH mine AS MATERIALIZED (SELECT DISTINCT %s FROM ",
					 m2m_row_key_list(rel, far, true));
	m2m_append_links(&sql, rel, far);
	m2m_append_rows(&sql, rel, far);
	appendStringInfoString(&sql, ", ");
	m2m_append_ids(&sql, rel, side, id, "p", false, &parameters);
	appendStringInfoString(&sql, " WHERE ");
	m2m_append_row_match(&sql, rel, side, "p");
	m2m_append_linked(&sql, rel, far);

	/* who else is; by policy there can be rows that the caller does not see */
	appendStringInfo(&sql, "), s AS (SELECT %s, ",
					 m2m_row_key_list(rel, side, true));
	append_count(&sql, rel, far);
	appendStringInfoString(&sql, " AS n FROM mine m, ");
	m2m_append_links(&sql, rel, far);
	m2m_append_rows(&sql, rel, side);
	m2m_append_rows(&sql, rel, far);
	if (check_enable_rls(endpoint->relid, InvalidOid, true) != RLS_NONE)
	{
		appendStringInfo(&sql, " JOIN %s e ON ",
						 m2m_qualified_name(endpoint->relid));
		m2m_append_row_match(&sql, rel, side, "e");
	}
	appendStringInfoString(&sql, ", ");
	m2m_append_ids(&sql, rel, side, id, "p", false, &parameters);
	appendStringInfoString(&sql, " WHERE ");
	for (int i = 0; i < rel->side[far].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[far].key[i];

		appendStringInfo(&sql, "%sm.c%d %s ", i > 0 ? " AND " : "", i + 1,
						 m2m_own_equality(rel->side[far].alike ?
										  key->link_type : key->type));
		if (rel->side[far].alike)
			appendStringInfo(&sql, "a.%s", m2m_quoted_column(rel->association,
															 key->link_attnum));
		else
			appendStringInfo(&sql, "r%d.%s", far,
							 m2m_quoted_column(rel->side[far].relid,
											   key->attnum));
	}
	appendStringInfoString(&sql, " AND NOT (");
	m2m_append_row_match(&sql, rel, side, "p");
	appendStringInfoChar(&sql, ')');
	m2m_append_linked(&sql, rel, side);
	appendStringInfo(&sql, " GROUP BY %s",
					 m2m_row_key_list(rel, side, false));
	if (most >= 0)
		appendStringInfo(&sql, " ORDER BY n DESC FETCH FIRST " INT64_FORMAT
						 " ROWS WITH TIES", most);

	/* and how much else they are linked to */
	appendStringInfo(&sql, ") SELECT %s, s.n, s.n::pg_catalog.float8"
					 " OPERATOR(pg_catalog./) ((SELECT pg_catalog.count(*) FROM mine)"
					 " OPERATOR(pg_catalog.+) o.n OPERATOR(pg_catalog.-) s.n)",
					 m2m_whole_row(endpoint->relid));
	appendStringInfo(&sql, " FROM s JOIN %s e ON ",
					 m2m_qualified_name(endpoint->relid));
	m2m_append_source_match(&sql, rel, side, "s");
	appendStringInfoString(&sql, " CROSS JOIN LATERAL (SELECT ");
	append_count(&sql, rel, far);
	appendStringInfoString(&sql, " AS n FROM ");
	m2m_append_links(&sql, rel, far);
	m2m_append_rows(&sql, rel, far);
	appendStringInfoString(&sql, " WHERE ");
	m2m_append_row_match(&sql, rel, side, "e");
	m2m_append_linked(&sql, rel, far);
	appendStringInfoString(&sql, ") o ORDER BY 2 DESC, 3 DESC");
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&sql, ", e.%s", m2m_quoted_column(endpoint->relid,
														   endpoint->key[i].attnum));
	if (most >= 0)
		appendStringInfo(&sql, " LIMIT " INT64_FORMAT, most);
	m2m_run_question(sql.data, &parameters, rsinfo);
}

/* append_slot_key: "k.book_id AS c1, ...": as slots have the rows' keys. */
static void
append_slot_key(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(sql, "%sk.%s AS c%d", i > 0 ? ", " : "",
						 m2m_quoted_column(rel->association,
										   rel->side[side].key[i].link_attnum),
						 i + 1);
}

/*
 * append_count: the number of different rows of a side that links are to:
 * "count(*)" where each pair is there but once, "count(DISTINCT a.tag_id)"
 * else.
 */
static void
append_count(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	bool		composite = rel->side[side].nkeys > 1;

	if (rel->unique)
		appendStringInfoString(sql, "pg_catalog.count(*)");
	else
		appendStringInfo(sql, "pg_catalog.count(DISTINCT %s%s%s)",
						 composite ? "ROW(" : "",
						 m2m_row_key_list(rel, side, false),
						 composite ? ")" : "");
}
