/*
 * link_text.c
 *		The general path: the text of its statements about pairs.
 *
 * Statements insert in key order, so that two calls with overlapping pairs
 * wait for each other instead of deadlocking.  Rows to be deleted or updated
 * are joined in key order too, but the planner may choose a join that finds
 * them in another.
 */
#include "postgres.h"

#include "link_internal.h"
#include "m2m.h"
#include "text.h"

static void build_insert_end(StringInfo sql, M2mRelationship *rel,
							 List *columns);
static void build_link_read(StringInfo sql, M2mRelationship *rel);
static void build_set_unlink(StringInfo sql, M2mRelationship *rel,
							 M2mSide side);
static void build_set_link(StringInfo sql, M2mRelationship *rel, M2mSide side);
static void build_revive(StringInfo sql, M2mRelationship *rel);
static void append_revival(StringInfo sql, M2mRelationship *rel,
						   List *columns);
static void build_link_both(StringInfo sql, M2mRelationship *rel);

/*
 * m2m_stmt_build: the text of a statement.  a is the association, p the
 * pairs; side is that of the row given, if the statement is about one.
 */
void
m2m_stmt_build(StringInfo sql, M2mRelationship *rel, M2mStatement statement,
			   M2mSide side)
{
	char	   *association = m2m_qualified_name(rel->association);
	M2mSide		other = M2M_OTHER(side);

	switch (statement)
	{
		case M2M_STMT_LINK:
			m2m_stmt_build_insert(sql, rel, false, NIL);
			break;
		case M2M_STMT_LINK_ONE:
			m2m_stmt_build_insert(sql, rel, true, NIL);
			break;
		case M2M_STMT_LINK_READ:
			build_link_read(sql, rel);
			break;
		case M2M_STMT_LINK_BOTH:
			build_link_both(sql, rel);
			break;
		case M2M_STMT_FOUND:
			appendStringInfoString(sql, "SELECT ");
			m2m_append_link_columns(sql, rel, "a.");
			appendStringInfoString(sql, " FROM (");
			m2m_append_distinct_pairs(sql, rel, true, true);
			appendStringInfo(sql, ") p, %s a WHERE ", association);
			m2m_append_match_pair(sql, rel, false);
			m2m_append_live(sql, rel);
			break;
		case M2M_STMT_REVIVE:
			build_revive(sql, rel);
			break;
		case M2M_STMT_NEWER:
			/* no LIMIT: it would have the planner think that it ends soon */
			appendStringInfoString(sql, "SELECT pg_catalog.count(*) FROM "
								   M2M_PAIRS_NAME " p WHERE EXISTS (SELECT FROM "
								   M2M_FOUND_NAME " a WHERE ");
			m2m_append_match_pair(sql, rel, false);
			appendStringInfo(sql, ") AND NOT EXISTS (SELECT FROM %s a WHERE ",
							 association);
			m2m_append_match_pair(sql, rel, false);
			m2m_append_live(sql, rel);
			appendStringInfoChar(sql, ')');
			break;
		case M2M_STMT_UNLINK:
			m2m_begin_counted(sql, rel);
			m2m_begin_removal(sql, rel, true);
			m2m_append_distinct_pairs(sql, rel, true, true);
			appendStringInfoString(sql, ") p WHERE ");
			m2m_append_match_pair(sql, rel, false);
			m2m_append_live(sql, rel);
			m2m_end_counted(sql, rel);
			break;
		case M2M_STMT_UNLINK_ONE:
			m2m_begin_removal(sql, rel, false);
			m2m_append_match_pair(sql, rel, true);
			m2m_append_live(sql, rel);
			break;
		case M2M_STMT_LINKED:
			appendStringInfo(sql, "SELECT FROM %s a WHERE ", association);
			m2m_append_match_pair(sql, rel, true);
			m2m_append_live(sql, rel);
			appendStringInfoString(sql, " LIMIT 1");
			break;
		case M2M_STMT_COUNT:
			appendStringInfo(sql,
							 "SELECT pg_catalog.count(*) FROM %s a WHERE ",
							 association);
			m2m_append_match(sql, rel, side, 1);
			m2m_append_not_null(sql, rel, other);
			break;
		case M2M_STMT_CLEAR:
			m2m_begin_counted(sql, rel);
			m2m_begin_removal(sql, rel, true);
			m2m_append_distinct_pairs(sql, rel, side == M2M_LEFT,
									  side == M2M_RIGHT);
			appendStringInfoString(sql, ") p WHERE ");
			m2m_append_row(sql, rel, side, false);
			m2m_append_not_null(sql, rel, other);
			m2m_end_counted(sql, rel);
			break;
		case M2M_STMT_CLEAR_ONE:
			m2m_begin_counted(sql, rel);
			m2m_begin_removal(sql, rel, false);
			m2m_append_row(sql, rel, side, true);
			m2m_append_not_null(sql, rel, other);
			m2m_end_counted(sql, rel);
			break;
		case M2M_STMT_SET_UNLINK:
			build_set_unlink(sql, rel, side);
			break;
		case M2M_STMT_SET_LINK:
			build_set_link(sql, rel, side);
			break;
		case M2M_STMT_SET_FAR:
			appendStringInfoString(sql, "SELECT ");
			m2m_append_row_text(sql, rel, other);
			appendStringInfo(sql, " FROM %s a WHERE ", association);
			m2m_append_match(sql, rel, side, 1);
			m2m_append_not_null(sql, rel, other);
			m2m_append_row_order(sql, rel, other);
			break;
		case M2M_STMT_SET_EACH:
			m2m_append_row_links(sql, rel, side);
			break;
		case M2M_NUM_STMTS:
			break;
	}
}

/*
 * m2m_stmt_build_insert: INSERT of all pairs, or of the one in the parameters,
 * which are followed by values of further columns.
 */
void
m2m_stmt_build_insert(StringInfo sql, M2mRelationship *rel, bool one,
					  List *columns)
{
	ListCell   *lc;

	appendStringInfo(sql, "INSERT INTO %s%s (",
					 m2m_qualified_name(rel->association),
					 rel->revives ? " AS a" : "");
	m2m_append_link_columns(sql, rel, "");
	foreach(lc, columns)
		appendStringInfo(sql, ", %s", m2m_quoted_column(rel->association,
														lfirst_int(lc)));
	m2m_append_stamps(sql, rel, columns, true);
	m2m_append_deleted(sql, rel, false);
	if (one)
	{
		appendStringInfoString(sql, ") SELECT ");
		m2m_append_pair_parameters(sql, rel);
		for (int i = 1; i <= list_length(columns); i++)
			appendStringInfo(sql, ", $%d", rel->pair_desc->natts + i);
		m2m_append_stamps(sql, rel, columns, false);
		m2m_append_deleted(sql, rel, true);
		if (rel->on_conflict)
			m2m_append_on_conflict_pair(sql, rel);
		return;
	}

	/*
	 * ON CONFLICT passes over a pair that is given twice by itself, but does
	 * not change a row twice; and it goes by the index's idea of a pair.
	 */
	appendStringInfo(sql, ") SELECT %s",
					 rel->on_conflict && !rel->revives &&
					 rel->side[M2M_LEFT].alike && rel->side[M2M_RIGHT].alike ?
					 "" : "DISTINCT ");
	m2m_append_pair(sql, rel, true, true, "p.");
	m2m_append_stamps(sql, rel, columns, false);
	m2m_append_deleted(sql, rel, true);
	appendStringInfoString(sql, " FROM " M2M_PAIRS_NAME " p");
	build_insert_end(sql, rel, columns);
}

/*
 * build_insert_end: what keeps an INSERT of pairs from inserting a pair that
 * is there, and its order.  Of a pair that may have several links, defaults
 * may make one that was there and can be again.
 */
static void
build_insert_end(StringInfo sql, M2mRelationship *rel, List *columns)
{
	if (m2m_stmt_looks_first(rel, columns))
	{
		appendStringInfoString(sql, " WHERE NOT EXISTS (SELECT FROM "
							   M2M_FOUND_NAME " a WHERE ");
		m2m_append_match_pair(sql, rel, false);
		appendStringInfoChar(sql, ')');
	}
	m2m_append_order(sql, rel->nlink);
	if (rel->on_conflict)
		m2m_append_on_conflict_pair(sql, rel);
	else if (m2m_names_identity(rel, columns) ||
			 (rel->revives && rel->identity_target != NIL))
		m2m_append_on_conflict_identity(sql, rel);
}

/*
 * build_link_read: the INSERT of all pairs, which then reads those that it
 * found there; returns the number of links created.
 *
 * It reads these and no others, each by itself: a pair that is new, or a page
 * next to it, is not read, and links of other sessions there are no conflict.
 */
static void
build_link_read(StringInfo sql, M2mRelationship *rel)
{
	appendStringInfoString(sql, "WITH n AS (");
	m2m_stmt_build_insert(sql, rel, false, NIL);
	appendStringInfoString(sql, " RETURNING ");
	m2m_append_link_columns(sql, rel, "");
	appendStringInfoString(sql,
						   ") SELECT (SELECT pg_catalog.count(*) FROM n), pg_catalog.count(*)"
						   " FROM (SELECT p.* FROM (");
	m2m_append_distinct_pairs(sql, rel, true, true);
	appendStringInfoString(sql, ") p WHERE NOT EXISTS (SELECT FROM n a WHERE ");
	m2m_append_match_pair(sql, rel, false);

	/*
	 * OFFSET 0 and LIMIT 1 keep the planner from pulling the two up into one
	 * join, which might go over the whole association, and lock all of it
	 * against serialization anomalies.
	 */
	appendStringInfo(sql, ") OFFSET 0) p CROSS JOIN LATERAL (SELECT FROM %s a WHERE ",
					 m2m_qualified_name(rel->association));
	m2m_append_match_pair(sql, rel, false);
	m2m_append_live(sql, rel);
	appendStringInfoString(sql, " LIMIT 1) a");
}

/*
 * m2m_stmt_looks_first: must a call look whether a pair is there?  Where ON
 * CONFLICT is not to be had, or does not see all links (the caller then holds
 * m2m_lock_links()); and where the row would violate NOT NULL, which is
 * checked before ON CONFLICT has its say: an existing link needs no
 * properties.
 */
bool
m2m_stmt_looks_first(M2mRelationship *rel, List *columns)
{
	return !rel->unique ||
		list_difference_int(rel->required, columns) != NIL;
}

/*
 * m2m_revives_first: are rows that are no links any more in the way of new
 * links of their pairs, and ON CONFLICT, which would make them links again, is
 * not to be had?
 */
bool
m2m_revives_first(M2mRelationship *rel)
{
	return rel->revives && !rel->on_conflict &&
		rel->identity != M2M_IDENTITY_KEY;
}

/*
 * build_revive: rows of the pairs that are no links, and are in the way of new
 * ones, become these, where ON CONFLICT is not to be had.  m2m_found has the
 * pairs that are linked.  What a new row would have to be given stays.
 */
static void
build_revive(StringInfo sql, M2mRelationship *rel)
{
	append_revival(sql, rel, NIL);
	appendStringInfoString(sql, " FROM (");
	m2m_append_distinct_pairs(sql, rel, true, true);
	appendStringInfoString(sql, ") p WHERE ");
	m2m_append_match_pair(sql, rel, false);
	appendStringInfo(sql, " AND %s AND NOT EXISTS (SELECT FROM "
					 M2M_FOUND_NAME " a WHERE ", m2m_dead_condition(rel, "a"));
	m2m_append_match_pair(sql, rel, false);
	appendStringInfoChar(sql, ')');
}

/*
 * build_set_unlink: removes the links of the row in the parameters that are
 * not among the pairs; returns the other side's keys as text, each once, in
 * key order.  A table with rules takes no statement that returns something
 * (RewriteQuery() in PostgreSQL).
 */
static void
build_set_unlink(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	M2mSide		other = M2M_OTHER(side);

	appendStringInfoString(sql, rel->has_rules ? "" : "WITH a AS (");
	m2m_begin_removal(sql, rel, false);
	m2m_append_row(sql, rel, side, true);
	m2m_append_not_null(sql, rel, other);
	appendStringInfoString(sql, " AND NOT EXISTS (SELECT FROM " M2M_PAIRS_NAME
						   " p WHERE true");
	if (OidIsValid(rel->mirror))
		m2m_append_match_rest(sql, rel, side);
	m2m_append_match_rest(sql, rel, other);
	appendStringInfoChar(sql, ')');
	if (!rel->has_rules)
		m2m_append_removed(sql, rel, side, true);
}

/*
 * build_set_link: inserts the pairs that are not there; returns the other
 * side's keys as text, in key order.  Rules: as above.
 */
static void
build_set_link(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	M2mSide		other = M2M_OTHER(side);

	if (rel->has_rules)
	{
		m2m_stmt_build_insert(sql, rel, false, NIL);
		return;
	}
	appendStringInfoString(sql, "WITH a AS (");
	m2m_stmt_build_insert(sql, rel, false, NIL);
	appendStringInfoString(sql, " RETURNING ");
	if (OidIsValid(rel->mirror))
		m2m_append_link_columns(sql, rel, "");
	else
		m2m_append_columns(sql, rel, other, "");
	appendStringInfoString(sql, ") SELECT ");
	if (OidIsValid(rel->mirror))
	{
		m2m_append_alone(sql, rel);
		appendStringInfoString(sql, ", ");
		m2m_append_match(sql, rel, side, 1);
		appendStringInfoString(sql, ", ");
	}
	m2m_append_key_text(sql, rel, other);
	appendStringInfoString(sql, " FROM a");
	m2m_append_key_order(sql, rel, other, false);
}

/*
 * m2m_stmt_build_revive_one: build_revive() of the pair in the parameters,
 * which are followed by values of further columns.
 */
void
m2m_stmt_build_revive_one(StringInfo sql, M2mRelationship *rel, List *columns)
{
	append_revival(sql, rel, columns);
	appendStringInfoString(sql, " WHERE ");
	m2m_append_match_pair(sql, rel, true);
	appendStringInfo(sql, " AND %s", m2m_dead_condition(rel, "a"));
}

/* append_revival: the beginning of both. */
static void
append_revival(StringInfo sql, M2mRelationship *rel, List *columns)
{
	int			n = rel->pair_desc->natts;
	ListCell   *lc;

	appendStringInfo(sql, "UPDATE %s a SET %s = %s",
					 m2m_qualified_name(rel->association),
					 m2m_quoted_column(rel->association, rel->deleted),
					 m2m_deleted_value(rel, false));
	foreach(lc, columns)
		appendStringInfo(sql, ", %s = $%d",
						 m2m_quoted_column(rel->association, lfirst_int(lc)),
						 ++n);
	foreach(lc, rel->renewed)
	{
		if (!list_member_int(rel->required, lfirst_int(lc)) &&
			!list_member_int(columns, lfirst_int(lc)))
			appendStringInfo(sql, ", %s = %s",
							 m2m_quoted_column(rel->association,
											   lfirst_int(lc)),
							 list_member_int(rel->stamped, lfirst_int(lc)) ?
							 m2m_stamp_text(rel, lfirst_int(lc)) : "DEFAULT");
	}
}

/*
 * build_link_both: the INSERT of all pairs, in both directions; returns the
 * number of links created, and of rows that were there in the other direction.
 */
static void
build_link_both(StringInfo sql, M2mRelationship *rel)
{
	appendStringInfoString(sql, "WITH a AS (");
	m2m_stmt_build_insert(sql, rel, false, NIL);
	appendStringInfoString(sql, " RETURNING ");
	m2m_append_link_columns(sql, rel, "");
	appendStringInfoString(sql, ") SELECT pg_catalog.count(*) FILTER (WHERE ");
	m2m_append_first(sql, rel);
	appendStringInfoString(sql, "), pg_catalog.count(*) FILTER (WHERE ");
	m2m_append_alone(sql, rel);
	appendStringInfoString(sql, ") FROM a");
}
