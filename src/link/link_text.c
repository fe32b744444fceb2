/*
 * link_text.c
 *		The general path: the text of its statements.
 *
 * Statements insert in key order, so that two calls with overlapping pairs
 * wait for each other instead of deadlocking.  Rows to be deleted or updated
 * are joined in key order too, but the planner may choose a join that finds
 * them in another.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "link_internal.h"
#include "m2m.h"
#include "text.h"

static void build_insert_end(StringInfo sql, M2mRelationship *rel,
							 List *columns);
static void build_link_read(StringInfo sql, M2mRelationship *rel);
static void append_target(StringInfo sql, M2mRelationship *rel, List *columns);
static void build_set_unlink(StringInfo sql, M2mRelationship *rel,
							 M2mSide side);
static void build_set_link(StringInfo sql, M2mRelationship *rel, M2mSide side);
static void append_match_identity(StringInfo sql, M2mRelationship *rel,
								  int first_parameter);
static void build_insert_items(StringInfo sql, M2mRelationship *rel,
							   M2mItems *items, List *insert);
static void build_change_items(StringInfo sql, M2mRelationship *rel,
							   M2mItems *items);
static void append_is_twice(StringInfo sql, M2mRelationship *rel);
static void append_items(StringInfo sql, M2mRelationship *rel,
						 M2mItems *items);
static char *item_record(M2mItems *items, const char *alias);
static void append_item_columns(StringInfo sql, M2mRelationship *rel,
								M2mItems *items);
static char *item_gives(M2mRelationship *rel, M2mItems *items,
						AttrNumber attnum);
static void append_match_item(StringInfo sql, M2mRelationship *rel,
							  M2mItems *items, bool all);
static void append_match_values(StringInfo sql, M2mRelationship *rel,
								M2mItems *items, bool all);
static void append_pair_text(StringInfo sql, M2mRelationship *rel,
							 M2mSide side);
static void append_conflict_action(StringInfo sql, M2mRelationship *rel);
static void build_revive(StringInfo sql, M2mRelationship *rel);
static void append_revival(StringInfo sql, M2mRelationship *rel,
						   List *columns);
static void append_match_as(StringInfo sql, M2mRelationship *rel, M2mSide side,
							M2mSide given, int first_parameter);
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
			m2m_append_key_text(sql, rel, other);
			appendStringInfo(sql, " FROM %s a WHERE ", association);
			m2m_append_match(sql, rel, side, 1);
			m2m_append_not_null(sql, rel, other);
			appendStringInfoString(sql, " GROUP BY ");
			m2m_append_columns(sql, rel, other, "a.");
			appendStringInfoString(sql, " ORDER BY ");
			m2m_append_columns(sql, rel, other, "a.");
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
	 * not change a row twice.
	 */
	appendStringInfo(sql, ") SELECT %s",
					 rel->on_conflict && !rel->revives ? "" : "DISTINCT ");
	m2m_append_pair(sql, rel, true, true, "p.");
	m2m_append_stamps(sql, rel, columns, false);
	m2m_append_deleted(sql, rel, true);
	appendStringInfoString(sql, " FROM " M2M_PAIRS_NAME " p");
	build_insert_end(sql, rel, columns);
}

/*
 * build_insert_end: what keeps an INSERT of pairs from inserting a pair that
 * is there, and its order.  Of a pair that may have several links, defaults may
 * make one that was there and can be again.
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
 * m2m_append_on_conflict_pair: a pair that is there, or comes from another session at
 * the same time, is no error.  The target is named, so that violations of
 * other unique indexes are.
 */
void
m2m_append_on_conflict_pair(StringInfo sql, M2mRelationship *rel)
{
	List	   *target = NIL;

	for (int i = 0; i < rel->nlink; i++)
		target = lappend_int(target, rel->link[i]);
	append_target(sql, rel, target);
}

/*
 * append_conflict_action: which index is meant, where it is one of links only;
 * and what becomes of a row that is there.  One that is no link any more and
 * is in the way of a new one becomes that one, as it would be made: this is
 * one step, whoever unlinks or links it meanwhile.
 */
static void
append_conflict_action(StringInfo sql, M2mRelationship *rel)
{
	char	   *column;
	ListCell   *lc;

	if (rel->deleted == 0 || !rel->revives)
	{
		if (rel->deleted != 0 && rel->deleted_partial)
			appendStringInfo(sql, " WHERE %s", m2m_live_condition(rel, NULL));

		/* the same, as the index may word it otherwise */
		if (rel->deleted != 0 && rel->deleted_partial &&
			rel->deleted_kind == M2M_DELETED_FLAG)
		{
			column = m2m_quoted_column(rel->association, rel->deleted);
			appendStringInfo(sql, " AND %s IS FALSE AND %s IS NOT TRUE",
							 column, column);
		}
		appendStringInfoString(sql, " DO NOTHING");
		return;
	}
	column = m2m_quoted_column(rel->association, rel->deleted);
	appendStringInfo(sql, " DO UPDATE SET %s = EXCLUDED.%s", column, column);
	foreach(lc, rel->renewed)
	{
		column = m2m_quoted_column(rel->association, lfirst_int(lc));
		appendStringInfo(sql, ", %s = EXCLUDED.%s", column, column);
	}
	appendStringInfo(sql, " WHERE %s", m2m_dead_condition(rel, "a"));
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
	if (rel->has_rules)
		return;
	appendStringInfoString(sql, " RETURNING ");
	if (OidIsValid(rel->mirror))
		m2m_append_link_columns(sql, rel, "a.");
	else
		m2m_append_columns(sql, rel, other, "a.");
	appendStringInfoString(sql, ") SELECT ");
	m2m_append_key_text(sql, rel, other);
	appendStringInfoString(sql, " FROM a");
	if (OidIsValid(rel->mirror))
	{
		appendStringInfoString(sql, " WHERE ");
		m2m_append_match(sql, rel, side, 1);
	}
	appendStringInfoString(sql, " GROUP BY ");
	m2m_append_columns(sql, rel, other, "a.");
	appendStringInfoString(sql, " ORDER BY ");
	m2m_append_columns(sql, rel, other, "a.");
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
	appendStringInfoString(sql, " FROM a ORDER BY ");
	m2m_append_columns(sql, rel, other, "a.");
}

/*
 * m2m_stmt_build_properties: the statements about items: pairs (p) with what is
 * said of their links (x), which jsonb_to_record() turns into the columns'
 * base types; assigning them checks domains.  insert: columns of the INSERT.
 *
 * A link is meant by its pair and the columns of the identity among those
 * given; these are not changed.  Parameters: the key of the row that it is
 * about, the object of all items, the items that it is about, as far as there
 * are any.
 */
void
m2m_stmt_build_properties(StringInfo sql, M2mRelationship *rel,
						  M2mColumnStatement statement, M2mItems *items,
						  M2mSide side, List *insert, bool returning)
{
	char	   *association = m2m_qualified_name(rel->association);
	M2mSide		other = M2M_OTHER(side);
	bool		grouped = rel->nidentity == 0;

	switch (statement)
	{
		case M2M_COLUMNS_LINK_PROPERTIES:
			if (OidIsValid(rel->mirror) && !rel->has_rules)
			{
				appendStringInfoString(sql, "WITH a AS (");
				build_insert_items(sql, rel, items, insert);
				appendStringInfoString(sql, " RETURNING ");
				m2m_append_link_columns(sql, rel, "");
				appendStringInfoString(sql, ") SELECT ");
				m2m_append_key_text(sql, rel, other);
				appendStringInfoString(sql, ", ");
				m2m_append_first(sql, rel);
				appendStringInfoString(sql, ", ");
				m2m_append_alone(sql, rel);
				appendStringInfoString(sql, ", ");
				m2m_append_key_text(sql, rel, side);
				appendStringInfoString(sql, " FROM a ORDER BY ");
				m2m_append_columns(sql, rel, other, "a.");
				break;
			}
			if (returning || items->checked)
				appendStringInfoString(sql, "WITH a AS (");
			build_insert_items(sql, rel, items, insert);
			if (!returning && !items->checked)
				break;
			appendStringInfoString(sql, " RETURNING ");
			if (items->checked)
				appendStringInfoChar(sql, '*');
			else
				m2m_append_columns(sql, rel, other, "");
			appendStringInfoString(sql, ") SELECT ");
			m2m_append_key_text(sql, rel, other);
			if (items->checked)
				append_is_twice(sql, rel);
			appendStringInfoString(sql, " FROM a ORDER BY ");
			m2m_append_columns(sql, rel, other, "a.");
			break;
		case M2M_COLUMNS_SET_PROPERTIES:
			build_change_items(sql, rel, items);
			break;
		case M2M_COLUMNS_FOUND_PROPERTIES:
			appendStringInfoString(sql, "SELECT p.item FROM ");
			append_items(sql, rel, items);
			appendStringInfo(sql, ", %s a WHERE ", association);
			append_match_item(sql, rel, items, items->conditions);
			break;
		case M2M_COLUMNS_NEWER_PROPERTIES:
			appendStringInfoString(sql, "SELECT FROM ");
			append_items(sql, rel, items);
			appendStringInfo(sql, " WHERE EXISTS (SELECT FROM "
							 M2M_FOUND_ITEMS_NAME " f WHERE f.item"
							 " OPERATOR(pg_catalog.=) p.item)"
							 " AND NOT EXISTS (SELECT FROM %s a WHERE ",
							 association);
			append_match_item(sql, rel, items, items->conditions);
			appendStringInfoChar(sql, ')');
			break;
		case M2M_COLUMNS_SEVERAL_PROPERTIES:
			appendStringInfoString(sql, "SELECT ");
			append_pair_text(sql, rel, M2M_LEFT);
			appendStringInfoString(sql, ", ");
			append_pair_text(sql, rel, M2M_RIGHT);
			appendStringInfoString(sql, " FROM " M2M_ITEMS_NAME " p,"
								   " (SELECT item FROM " M2M_FOUND_ITEMS_NAME
								   " GROUP BY item HAVING pg_catalog.count(*)"
								   " OPERATOR(pg_catalog.>) 1) f"
								   " WHERE p.item OPERATOR(pg_catalog.=) f.item"
								   " AND p.part ORDER BY p.item LIMIT 1");
			break;
		case M2M_COLUMNS_MISSING_PROPERTIES:
			appendStringInfo(sql, "SELECT FROM " M2M_ITEMS_NAME " p"
							 " WHERE p.item OPERATOR(pg_catalog.>=) $%d"
							 " AND p.item OPERATOR(pg_catalog.<) $%d"
							 " AND NOT EXISTS (SELECT FROM "
							 M2M_FOUND_ITEMS_NAME " f WHERE f.item"
							 " OPERATOR(pg_catalog.=) p.item) LIMIT 1",
							 items->part_parameter, items->part_parameter + 1);
			break;
		case M2M_COLUMNS_DOUBLE_PROPERTIES:
			appendStringInfoString(sql, "SELECT ");
			append_pair_text(sql, rel, M2M_LEFT);
			appendStringInfoString(sql, ", ");
			append_pair_text(sql, rel, M2M_RIGHT);
			appendStringInfoString(sql, " FROM ");
			append_items(sql, rel, items);

			/* the other one reads as a row of the association */
			appendStringInfo(sql, " JOIN LATERAL (SELECT a.* FROM "
							 M2M_ITEMS_NAME " q, %s a ", item_record(items, "q"));
			append_item_columns(sql, rel, items);
			appendStringInfoString(sql, " WHERE q.pair OPERATOR(pg_catalog.=)"
								   " p.pair AND q.item OPERATOR(pg_catalog.>)"
								   " p.item) a ON true WHERE true");
			append_match_values(sql, rel, items, false);
			appendStringInfoString(sql, " ORDER BY p.item LIMIT 1");
			break;
		case M2M_COLUMNS_UNLINK_PROPERTIES:
			if (returning)
				appendStringInfoString(sql, "WITH a AS (");
			else
				m2m_begin_counted(sql, rel);
			m2m_append_removal(sql, rel);
			appendStringInfoString(sql, rel->deleted != 0 ? " FROM " :
								   " USING ");
			append_items(sql, rel, items);
			appendStringInfoString(sql, " WHERE ");
			append_match_item(sql, rel, items, true);
			if (!returning)
			{
				m2m_end_counted(sql, rel);
				break;
			}
			appendStringInfoString(sql, " RETURNING p.*), s AS (SELECT item FROM a"
								   " WHERE part GROUP BY item HAVING"
								   " pg_catalog.count(*) OPERATOR(pg_catalog.>) 1"
								   " ORDER BY item LIMIT 1) SELECT"
								   " (SELECT pg_catalog.count(*) FROM a), s.item, ");
			append_pair_text(sql, rel, M2M_LEFT);
			appendStringInfoString(sql, ", ");
			append_pair_text(sql, rel, M2M_RIGHT);
			appendStringInfoString(sql, " FROM (VALUES (1)) v LEFT JOIN ("
								   M2M_ITEMS_NAME " p JOIN s ON p.item"
								   " OPERATOR(pg_catalog.=) s.item) ON true");
			break;
		case M2M_COLUMNS_SET_UNLINK_PROPERTIES:
			appendStringInfoString(sql, returning ? "WITH a AS (" : "");
			m2m_begin_removal(sql, rel, false);
			m2m_append_row(sql, rel, side, true);
			m2m_append_not_null(sql, rel, other);
			appendStringInfoString(sql, " AND NOT EXISTS (SELECT FROM ");
			append_items(sql, rel, items);
			appendStringInfoString(sql, " WHERE true");
			if (OidIsValid(rel->mirror))
				m2m_append_match_rest(sql, rel, side);
			m2m_append_match_rest(sql, rel, other);
			append_match_values(sql, rel, items, false);
			appendStringInfoChar(sql, ')');
			if (!returning)
				break;
			appendStringInfoString(sql, " RETURNING ");
			if (OidIsValid(rel->mirror))
				m2m_append_link_columns(sql, rel, "a.");
			else
				m2m_append_columns(sql, rel, other, "a.");
			appendStringInfoString(sql, ") SELECT ");
			m2m_append_key_text(sql, rel, other);
			appendStringInfoString(sql, " FROM a");
			if (OidIsValid(rel->mirror))
			{
				appendStringInfoString(sql, " WHERE ");
				m2m_append_match(sql, rel, side, 1);
			}
			if (grouped)
			{
				appendStringInfoString(sql, " GROUP BY ");
				m2m_append_columns(sql, rel, other, "a.");
			}
			appendStringInfoString(sql, " ORDER BY ");
			m2m_append_columns(sql, rel, other, "a.");
			break;
		case M2M_COLUMNS_SET_LINKS:
			m2m_append_row_links(sql, rel, side);
			break;
		default:
			elog(ERROR, "no statement of items: %d", (int) statement);
	}
}

/*
 * build_insert_items: makes links of items that have none, as far as they are
 * among those in the parameters.  Columns that all of these leave out get their
 * defaults, or the time.
 */
static void
build_insert_items(StringInfo sql, M2mRelationship *rel, M2mItems *items,
				   List *insert)
{
	List	   *stamped = m2m_stamped(rel);
	ListCell   *lc;

	appendStringInfo(sql, "INSERT INTO %s%s (",
					 m2m_qualified_name(rel->association),
					 rel->revives ? " AS a" : "");
	m2m_append_link_columns(sql, rel, "");
	foreach(lc, insert)
		appendStringInfo(sql, ", %s", m2m_quoted_column(rel->association,
														lfirst_int(lc)));
	m2m_append_stamps(sql, rel, insert, true);
	m2m_append_deleted(sql, rel, false);
	appendStringInfoString(sql, ") SELECT ");
	m2m_append_pair(sql, rel, true, true, "p.");
	foreach(lc, insert)
	{
		AttrNumber	attnum = lfirst_int(lc);
		char	   *given = item_gives(rel, items, attnum);

		if (given != NULL && list_member_int(stamped, attnum))
			appendStringInfo(sql, ", CASE WHEN %s THEN x.%s ELSE %s END", given,
							 m2m_quoted_column(rel->association, attnum),
							 m2m_stamp_text(rel, attnum));
		else
			appendStringInfo(sql, ", x.%s",
							 m2m_quoted_column(rel->association, attnum));
	}
	m2m_append_stamps(sql, rel, insert, false);
	m2m_append_deleted(sql, rel, true);
	appendStringInfoString(sql, " FROM ");
	append_items(sql, rel, items);
	appendStringInfo(sql, " WHERE p.item OPERATOR(pg_catalog.>=) $%d"
					 " AND p.item OPERATOR(pg_catalog.<) $%d",
					 items->part_parameter, items->part_parameter + 1);
	if (items->found)
		appendStringInfoString(sql, " AND NOT EXISTS (SELECT FROM "
							   M2M_FOUND_ITEMS_NAME " f WHERE f.item"
							   " OPERATOR(pg_catalog.=) p.item)");
	appendStringInfoString(sql, " ORDER BY p.item");
	if (rel->on_conflict && rel->nidentity == 0)
		m2m_append_on_conflict_pair(sql, rel);
	else if (rel->nidentity > 0 &&
			 ((!items->plain && m2m_names_identity(rel, insert)) ||
			  (rel->revives && rel->identity_target != NIL)))
		m2m_append_on_conflict_identity(sql, rel);
}

/*
 * build_change_items: gives links the properties of their items, but for the
 * identity's columns, by which they are found.  It touches only those that it
 * changes.
 */
static void
build_change_items(StringInfo sql, M2mRelationship *rel, M2mItems *items)
{
	List	   *touched = m2m_touched(rel);
	StringInfoData present;		/* a.c1, a.c2 */
	StringInfoData asked;		/* x.c1, x.c2 */
	ListCell   *lc;

	initStringInfo(&present);
	initStringInfo(&asked);
	appendStringInfo(sql, "UPDATE %s a SET ",
					 m2m_qualified_name(rel->association));
	foreach(lc, items->columns)
	{
		AttrNumber	attnum = lfirst_int(lc);
		char	   *name = m2m_quoted_column(rel->association, attnum);
		const char *comma = present.len > 0 ? ", " : "";
		char	   *given = item_gives(rel, items, attnum);
		char	   *there = m2m_base_operand(psprintf("a.%s", name),
											 get_atttype(rel->association,
														 attnum));
		char	   *value;

		if (m2m_is_identity(rel, attnum))
			continue;
		value = given == NULL ? psprintf("x.%s", name) :
			psprintf("CASE WHEN %s THEN x.%s ELSE %s END", given, name, there);
		appendStringInfo(&present, "%s%s", comma, there);
		appendStringInfo(&asked, "%s%s", comma, value);
		if (given != NULL && list_member_int(touched, attnum))
			value = psprintf("CASE WHEN %s THEN x.%s ELSE %s END", given, name,
							 m2m_stamp_text(rel, attnum));
		appendStringInfo(sql, "%s%s = %s", comma, name, value);
	}
	foreach(lc, touched)
	{
		if (!list_member_int(items->columns, lfirst_int(lc)))
			appendStringInfo(sql, ", %s = %s",
							 m2m_quoted_column(rel->association,
											   lfirst_int(lc)),
							 m2m_stamp_text(rel, lfirst_int(lc)));
	}
	appendStringInfoString(sql, " FROM ");
	append_items(sql, rel, items);
	appendStringInfoString(sql, " WHERE ");
	append_match_item(sql, rel, items, false);
	appendStringInfo(sql, " AND NOT pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
					 present.data, asked.data);
}

/*
 * append_is_twice: is a row of a, which was just inserted, the same in all that
 * tells links apart as one that was there before, or as another of them?
 */
static void
append_is_twice(StringInfo sql, M2mRelationship *rel)
{
	StringInfoData there;
	StringInfoData new;

	initStringInfo(&there);
	initStringInfo(&new);
	for (int i = 0; i < rel->nidentity; i++)
	{
		char	   *name = m2m_quoted_column(rel->association,
											 rel->identity_column[i].attnum);

		appendStringInfo(&there, "%sb.%s", i > 0 ? ", " : "", name);
		appendStringInfo(&new, "%sa.%s", i > 0 ? ", " : "", name);
	}
	appendStringInfo(sql, ", EXISTS (SELECT FROM %s b WHERE"
					 " pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
					 m2m_qualified_name(rel->association), there.data, new.data);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];
			char	   *name = m2m_quoted_column(rel->association,
												 key->link_attnum);
			Oid			type = getBaseType(key->link_type);
			Oid			equal = lookup_type_cache(type,
												  TYPECACHE_EQ_OPR)->eq_opr;

			appendStringInfo(sql, " AND %s %s %s",
							 m2m_base_operand(psprintf("b.%s", name),
											  key->link_type),
							 m2m_qualified_operator(equal),
							 m2m_base_operand(psprintf("a.%s", name),
											  key->link_type));
		}
	}
	if (rel->deleted != 0)
		appendStringInfo(sql, " AND %s", m2m_live_condition(rel, "b"));
	appendStringInfoString(sql, ") OR pg_catalog.count(*) OVER (PARTITION BY ");
	m2m_append_link_columns(sql, rel, "a.");
	appendStringInfo(sql, ", ROW(%s)::pg_catalog.text) OPERATOR(pg_catalog.>) 1",
					 new.data);
}

/*
 * m2m_append_row_links: a query of the links of a row: the other side's key, and that
 * with whatever else tells links apart, as text.
 */
void
m2m_append_row_links(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	M2mSide		other = M2M_OTHER(side);

	appendStringInfoString(sql, "SELECT ");
	m2m_append_key_text(sql, rel, other);
	appendStringInfoString(sql, ", ROW(");
	m2m_append_columns(sql, rel, other, "a.");
	for (int i = 0; i < rel->nidentity; i++)
		appendStringInfo(sql, ", a.%s",
						 m2m_quoted_column(rel->association,
										   rel->identity_column[i].attnum));
	appendStringInfo(sql, ")::pg_catalog.text FROM %s a WHERE ",
					 m2m_qualified_name(rel->association));
	m2m_append_match(sql, rel, side, 1);
	m2m_append_not_null(sql, rel, other);
	if (rel->nidentity == 0)
	{
		appendStringInfoString(sql, " GROUP BY ");
		m2m_append_columns(sql, rel, other, "a.");
	}
	appendStringInfoString(sql, " ORDER BY ");
	m2m_append_columns(sql, rel, other, "a.");
}

/* append_items: the items as p, with what they give as x. */
static void
append_items(StringInfo sql, M2mRelationship *rel, M2mItems *items)
{
	appendStringInfo(sql, M2M_ITEMS_NAME " p CROSS JOIN %s x ",
					 item_record(items, "p"));
	append_item_columns(sql, rel, items);
}

/* item_record: the record that an item gives. */
static char *
item_record(M2mItems *items, const char *alias)
{
	return items->each ?
		psprintf("LATERAL pg_catalog.jsonb_to_record(%s.properties)", alias) :
		psprintf("pg_catalog.jsonb_to_record($%d)", items->object_parameter);
}

/* append_item_columns: "(job pg_catalog.text, ...)", its columns. */
static void
append_item_columns(StringInfo sql, M2mRelationship *rel, M2mItems *items)
{
	ListCell   *lc;

	foreach(lc, items->columns)
	{
		Oid			type;
		int32		typmod;
		Oid			collation;

		get_atttypetypmodcoll(rel->association, lfirst_int(lc), &type, &typmod,
							  &collation);
		type = getBaseTypeAndTypmod(type, &typmod);
		appendStringInfo(sql, "%s%s %s",
						 foreach_current_index(lc) > 0 ? ", " : "(",
						 m2m_quoted_column(rel->association, lfirst_int(lc)),
						 format_type_extended(type, typmod,
											  FORMAT_TYPE_TYPEMOD_GIVEN |
											  FORMAT_TYPE_FORCE_QUALIFY));
	}
	appendStringInfoChar(sql, ')');
}

/*
 * item_gives: does an item give a column?  NULL if each does.
 */
static char *
item_gives(M2mRelationship *rel, M2mItems *items, AttrNumber attnum)
{
	if (!list_member_int(items->optional, attnum))
		return NULL;
	return psprintf("pg_catalog.jsonb_exists(p.properties, %s)",
					quote_literal_cstr(get_attname(rel->association, attnum,
												   false)));
}

/*
 * append_match_item: is a link of the association one that an item speaks of,
 * by its pair and the identity, as far as that is given?  With all, by
 * whatever else is given, too.
 */
static void
append_match_item(StringInfo sql, M2mRelationship *rel, M2mItems *items,
				  bool all)
{
	m2m_append_match_pair(sql, rel, false);
	m2m_append_live(sql, rel);

	/*
	 * where they need not agree, both ids' shared columns are to be the
	 * link's
	 */
	for (int i = 0; all && i < rel->side[M2M_RIGHT].nkeys; i++)
	{
		if (rel->side[M2M_RIGHT].key[i].shared == 0)
			continue;
		appendStringInfoString(sql, " AND ");
		m2m_append_match_column(sql, rel, M2M_RIGHT, i, 0);
	}
	append_match_values(sql, rel, items, all);
}

/* append_match_values: the same without the pair; each begins with " AND ". */
static void
append_match_values(StringInfo sql, M2mRelationship *rel, M2mItems *items,
					bool all)
{
	ListCell   *lc;

	foreach(lc, items->columns)
	{
		M2mIdentityColumn column = {.attnum = lfirst_int(lc)};
		bool		identity = false;
		Oid			type = get_atttype(rel->association, column.attnum);
		char	   *given = item_gives(rel, items, column.attnum);

		for (int i = 0; i < rel->nidentity; i++)
		{
			if (rel->identity_column[i].attnum != column.attnum)
				continue;
			column = rel->identity_column[i];
			identity = true;
		}
		if (!identity && !all)
			continue;
		if (!identity)
			column.equal_op = lookup_type_cache(getBaseType(type),
												TYPECACHE_EQ_OPR)->eq_opr;
		if (given != NULL)
			appendStringInfo(sql, " AND (NOT %s OR ", given);
		else
			appendStringInfoString(sql, " AND ");
		m2m_append_same_value(sql, rel, &column,
							  psprintf("x.%s", m2m_quoted_column(rel->association,
																 column.attnum)));
		if (given != NULL)
			appendStringInfoChar(sql, ')');
	}
}

/*
 * m2m_append_same_value: has a column of the association, as a, a value of its base
 * type?  By an equality; without one, by the image.
 */
void
m2m_append_same_value(StringInfo sql, M2mRelationship *rel,
					  M2mIdentityColumn *column, const char *value)
{
	char	   *operand =
		m2m_base_operand(psprintf("a.%s", m2m_quoted_column(rel->association,
															column->attnum)),
						 get_atttype(rel->association, column->attnum));

	if (OidIsValid(column->collation))
		operand = psprintf("%s COLLATE %s", operand,
						   m2m_qualified_collation(column->collation));
	if (!OidIsValid(column->equal_op))
		appendStringInfo(sql, "pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
						 operand, value);
	else if (column->not_null)
		appendStringInfo(sql, "%s %s %s", operand,
						 m2m_qualified_operator(column->equal_op), value);
	else
		appendStringInfo(sql, "(%s %s %s OR %s IS NULL AND %s IS NULL)",
						 operand, m2m_qualified_operator(column->equal_op),
						 value, operand, value);
}

/*
 * m2m_append_same_identity: " AND a.job = b.job ...": has another row of the
 * association the identity of a, as far as that is none of the pair?
 */
void
m2m_append_same_identity(StringInfo sql, M2mRelationship *rel,
						 const char *other)
{
	for (int i = 0; i < rel->nidentity; i++)
	{
		M2mIdentityColumn *column = &rel->identity_column[i];
		char	   *value = psprintf("%s.%s", other,
									 m2m_quoted_column(rel->association,
													   column->attnum));

		appendStringInfoString(sql, " AND ");
		m2m_append_same_value(sql, rel, column,
							  m2m_base_operand(value,
											   get_atttype(rel->association,
														   column->attnum)));
	}
}

/*
 * m2m_append_stamps: what m2m fills in where it is not among the columns given: the
 * columns' names, or the time.
 */
void
m2m_append_stamps(StringInfo sql, M2mRelationship *rel, List *columns, bool names)
{
	ListCell   *lc;

	foreach(lc, m2m_stamped(rel))
	{
		if (!list_member_int(columns, lfirst_int(lc)))
			appendStringInfo(sql, ", %s", names ?
							 m2m_quoted_column(rel->association,
											   lfirst_int(lc)) :
							 m2m_stamp_text(rel, lfirst_int(lc)));
	}
}

/* append_pair_text: the key of one side of an item as text. */
static void
append_pair_text(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	appendStringInfoString(sql, rel->side[side].nkeys > 1 ? "ROW(" : "(");
	m2m_append_pair(sql, rel, side == M2M_LEFT, side == M2M_RIGHT, "p.");
	appendStringInfoString(sql, ")::pg_catalog.text");
}

/*
 * m2m_is_identity: is a link property a column of the identity?
 */
bool
m2m_is_identity(M2mRelationship *rel, AttrNumber attnum)
{
	for (int i = 0; i < rel->nidentity; i++)
	{
		if (rel->identity_column[i].attnum == attnum)
			return true;
	}
	return false;
}

/*
 * m2m_names_identity: can ON CONFLICT name the identity of links with the
 * given columns, where a pair may have several?  They have to be all of it.
 */
bool
m2m_names_identity(M2mRelationship *rel, List *columns)
{
	for (int i = 0; i < rel->nidentity; i++)
	{
		if (!list_member_int(columns, rel->identity_column[i].attnum))
			return false;
	}
	return rel->identity_target != NIL;
}

/* m2m_append_on_conflict_identity: as m2m_append_on_conflict_pair(). */
void
m2m_append_on_conflict_identity(StringInfo sql, M2mRelationship *rel)
{
	append_target(sql, rel, rel->identity_target);
}

/* append_target: ON CONFLICT over columns. */
static void
append_target(StringInfo sql, M2mRelationship *rel, List *columns)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		ListCell   *column;
		ListCell   *collation;

		appendStringInfo(sql, "%s%s", foreach_current_index(lc) == 0 ?
						 " ON CONFLICT (" : ", ",
						 m2m_quoted_column(rel->association, lfirst_int(lc)));
		forboth(column, rel->collated, collation, rel->collations)
		{
			if (lfirst_int(column) == lfirst_int(lc))
				appendStringInfo(sql, " COLLATE %s",
								 m2m_qualified_collation(lfirst_oid(collation)));
		}
	}
	appendStringInfoChar(sql, ')');
	append_conflict_action(sql, rel);
}

/* m2m_append_columns: "a.book_id, ..." of one side, in the association. */
void
m2m_append_columns(StringInfo sql, M2mRelationship *rel, M2mSide side,
				   const char *prefix)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(sql, "%s%s%s", i > 0 ? ", " : "", prefix,
						 m2m_quoted_column(rel->association,
										   rel->side[side].key[i].link_attnum));
}

/*
 * m2m_append_link_columns: the same of both sides, left first; one that both have
 * once.
 */
void
m2m_append_link_columns(StringInfo sql, M2mRelationship *rel, const char *prefix)
{
	for (int i = 0; i < rel->nlink; i++)
		appendStringInfo(sql, "%s%s%s", i > 0 ? ", " : "", prefix,
						 m2m_quoted_column(rel->association, rel->link[i]));
}

/*
 * m2m_append_pair: "p.left_1, ..., p.right_1, ..." of one side or both; of both,
 * as m2m_append_link_columns() has them.  Returns how many.
 */
int
m2m_append_pair(StringInfo sql, M2mRelationship *rel, bool left, bool right,
				const char *prefix)
{
	int			n = 0;

	for (int s = left ? M2M_LEFT : M2M_RIGHT;
		 s <= (right ? M2M_RIGHT : M2M_LEFT); s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			if (left && s == M2M_RIGHT && rel->side[s].key[i].shared > 0)
				continue;
			appendStringInfo(sql, "%s%s%s_%d", n++ > 0 ? ", " : "", prefix,
							 s == M2M_LEFT ? "left" : "right", i + 1);
		}
	}
	return n;
}

/* m2m_append_pair_parameters: "$1, ..." of the pair, in the same way. */
void
m2m_append_pair_parameters(StringInfo sql, M2mRelationship *rel)
{
	int			nleft = rel->side[M2M_LEFT].nkeys;

	for (int i = 0; i < rel->pair_desc->natts; i++)
	{
		if (i < nleft || rel->side[M2M_RIGHT].key[i - nleft].shared == 0)
			appendStringInfo(sql, "%s$%d", i > 0 ? ", " : "", i + 1);
	}
}

/* m2m_append_distinct_pairs: a query of the pairs, or one side of them, once. */
void
m2m_append_distinct_pairs(StringInfo sql, M2mRelationship *rel,
						  bool left, bool right)
{
	int			n;

	appendStringInfoString(sql, "SELECT DISTINCT ");
	n = m2m_append_pair(sql, rel, left, right, "");
	appendStringInfoString(sql, " FROM " M2M_PAIRS_NAME);
	m2m_append_order(sql, n);
}

/*
 * m2m_append_match: "p.right_1 = a.book_id AND ..." of one side; with parameters
 * from $first_parameter on instead of the pair, unless that is 0.
 */
void
m2m_append_match(StringInfo sql, M2mRelationship *rel, M2mSide side,
				 int first_parameter)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		if (i > 0)
			appendStringInfoString(sql, " AND ");
		m2m_append_match_column(sql, rel, side, i,
								first_parameter > 0 ? first_parameter + i : 0);
	}
}

/* m2m_append_match_column: "p.right_1 = a.book_id" of one column. */
void
m2m_append_match_column(StringInfo sql, M2mRelationship *rel, M2mSide side,
						int column, int parameter)
{
	M2mKeyColumn *key = &rel->side[side].key[column];

	if (parameter > 0)
		appendStringInfo(sql, "$%d", parameter);
	else
		appendStringInfo(sql, "p.%s_%d", side == M2M_LEFT ? "left" : "right",
						 column + 1);
	appendStringInfo(sql, " %s %s", m2m_qualified_operator(key->equal_op),
					 m2m_link_operand(rel, key, "a"));
}

/*
 * m2m_append_match_rest: " AND p.right_1 = a.book_id ..." of the columns of a side
 * that are not the other side's, too, and matched with those: a second
 * condition on them would have the planner think that hardly any pair fits.
 */
void
m2m_append_match_rest(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		if (rel->side[side].key[i].shared > 0)
			continue;
		appendStringInfoString(sql, " AND ");
		m2m_append_match_column(sql, rel, side, i, 0);
	}
}

/*
 * m2m_append_match_pair: m2m_append_match() of both sides; parameters are left, then
 * right.
 */
void
m2m_append_match_pair(StringInfo sql, M2mRelationship *rel, bool parameters)
{
	m2m_append_match(sql, rel, M2M_LEFT, parameters ? 1 : 0);
	if (parameters)
	{
		appendStringInfoString(sql, " AND ");
		m2m_append_match(sql, rel, M2M_RIGHT, rel->side[M2M_LEFT].nkeys + 1);
	}
	else
		m2m_append_match_rest(sql, rel, M2M_RIGHT);
}

/*
 * m2m_append_match_link: the same, and its identity; parameters are the pair,
 * then the columns of the identity.
 */
void
m2m_append_match_link(StringInfo sql, M2mRelationship *rel)
{
	m2m_append_match_pair(sql, rel, true);
	m2m_append_live(sql, rel);
	append_match_identity(sql, rel, rel->pair_desc->natts + 1);
}

/* m2m_append_match_place: " AND a.tableoid = $5 AND a.ctid = $6". */
void
m2m_append_match_place(StringInfo sql, int first_parameter)
{
	appendStringInfo(sql, " AND a.tableoid OPERATOR(pg_catalog.=) $%d"
					 " AND a.ctid OPERATOR(pg_catalog.=) $%d",
					 first_parameter, first_parameter + 1);
}

/*
 * append_match_identity: " AND a.job = $3 ...": are the identity's further
 * columns those in the parameters from $first_parameter on?  By the equality of
 * the key; without one, by the image.
 */
static void
append_match_identity(StringInfo sql, M2mRelationship *rel,
					  int first_parameter)
{
	for (int i = 0; i < rel->nidentity; i++)
	{
		appendStringInfoString(sql, " AND ");
		m2m_append_same_value(sql, rel, &rel->identity_column[i],
							  psprintf("$%d", first_parameter + i));
	}
}

/*
 * m2m_append_not_null: " AND a.book_id IS NOT NULL ..." where the association
 * allows nulls: such a row is no link, and the link views do not show it.  Nor
 * one that is marked as deleted.
 */
void
m2m_append_not_null(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];

		if (!key->link_not_null)
			appendStringInfo(sql, " AND a.%s IS NOT NULL",
							 m2m_quoted_column(rel->association,
											   key->link_attnum));
	}
	m2m_append_live(sql, rel);
}

/*
 * m2m_stmt_build_revive_one: the same of the pair in the parameters, which are
 * followed by values of further columns.
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

/* m2m_append_live: " AND a.deleted_at IS NULL", where rows say so. */
void
m2m_append_live(StringInfo sql, M2mRelationship *rel)
{
	if (rel->deleted != 0)
		appendStringInfo(sql, " AND %s", m2m_live_condition(rel, "a"));
}

/*
 * m2m_append_deleted: the column that says so, or what it says, as one more column
 * of an INSERT, where it is not enough to leave it out.
 */
void
m2m_append_deleted(StringInfo sql, M2mRelationship *rel, bool value)
{
	if (rel->deleted != 0 && rel->deleted_given)
		appendStringInfo(sql, ", %s", value ? m2m_deleted_value(rel, false) :
						 m2m_quoted_column(rel->association, rel->deleted));
}

/*
 * m2m_begin_removal: "DELETE FROM author_book a WHERE ", or USING ( where it joins
 * what is to be removed; or the UPDATE that marks rows as deleted.
 */
void
m2m_begin_removal(StringInfo sql, M2mRelationship *rel, bool joins)
{
	m2m_append_removal(sql, rel);
	appendStringInfoString(sql, !joins ? " WHERE " :
						   rel->deleted != 0 ? " FROM (" : " USING (");
}

/* m2m_append_removal: the beginning of it. */
void
m2m_append_removal(StringInfo sql, M2mRelationship *rel)
{
	char	   *association = m2m_qualified_name(rel->association);

	if (rel->deleted != 0)
		appendStringInfo(sql, "UPDATE %s a SET %s = %s", association,
						 m2m_quoted_column(rel->association, rel->deleted),
						 m2m_deleted_value(rel, true));
	else
		appendStringInfo(sql, "DELETE FROM %s a", association);
}

/*
 * m2m_append_row: is a link one of the row in the parameters, or of a row of p, on
 * its side?  Where links are there in both directions, on either.
 */
void
m2m_append_row(StringInfo sql, M2mRelationship *rel, M2mSide side,
			   bool parameters)
{
	if (!OidIsValid(rel->mirror))
	{
		m2m_append_match(sql, rel, side, parameters ? 1 : 0);
		return;
	}
	appendStringInfoChar(sql, '(');
	append_match_as(sql, rel, side, side, parameters ? 1 : 0);
	appendStringInfoString(sql, " OR ");
	append_match_as(sql, rel, M2M_OTHER(side), side, parameters ? 1 : 0);
	appendStringInfoChar(sql, ')');
}

/*
 * append_match_as: m2m_append_match() of a side, by the key of the other, which is
 * given.
 */
static void
append_match_as(StringInfo sql, M2mRelationship *rel, M2mSide side,
				M2mSide given, int first_parameter)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];

		if (i > 0)
			appendStringInfoString(sql, " AND ");
		if (first_parameter > 0)
			appendStringInfo(sql, "$%d", first_parameter + i);
		else
			appendStringInfo(sql, "p.%s_%d",
							 given == M2M_LEFT ? "left" : "right", i + 1);
		appendStringInfo(sql, " %s %s", m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, "a"));
	}
}

/*
 * m2m_begin_counted, m2m_end_counted: around a statement that removes links: where they
 * are there in both directions, it returns a row for each link.  A table with
 * rules takes none that returns something; who counts then sees to it.
 */
void
m2m_begin_counted(StringInfo sql, M2mRelationship *rel)
{
	if (OidIsValid(rel->mirror) && !rel->has_rules)
		appendStringInfoString(sql, "WITH a AS (");
}

void
m2m_end_counted(StringInfo sql, M2mRelationship *rel)
{
	if (!OidIsValid(rel->mirror) || rel->has_rules)
		return;
	appendStringInfoString(sql, " RETURNING ");
	m2m_append_link_columns(sql, rel, "a.");
	appendStringInfoString(sql, ") SELECT FROM a WHERE ");
	m2m_append_first(sql, rel);

	/* a policy may hide the first from us, which goes with the other then */
	appendStringInfoString(sql, " OR ");
	m2m_append_alone(sql, rel);
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

/*
 * m2m_append_first: is a row of a the one by which a link of both directions is
 * counted (m2m_pair_direction())?
 */
void
m2m_append_first(StringInfo sql, M2mRelationship *rel)
{
	StringInfoData same;
	bool		any = false;

	initStringInfo(&same);
	appendStringInfoString(sql, "NOT (");
	for (int i = 0; i < rel->side[M2M_LEFT].nkeys; i++)
	{
		char	   *operand[2];
		TypeCacheEntry *type;

		if (rel->side[M2M_LEFT].key[i].shared > 0)
			continue;
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];

			operand[s] =
				m2m_base_operand(psprintf("a.%s",
										  m2m_quoted_column(rel->association,
															key->link_attnum)),
								 key->link_type);
		}
		type = lookup_type_cache(getBaseType(rel->side[M2M_LEFT].key[i].link_type),
								 TYPECACHE_LT_OPR | TYPECACHE_EQ_OPR);
		appendStringInfo(sql, "%s(%s%s %s %s)", any ? " OR " : "", same.data,
						 operand[M2M_RIGHT],
						 m2m_qualified_operator(type->lt_opr),
						 operand[M2M_LEFT]);
		appendStringInfo(&same, "%s %s %s AND ", operand[M2M_RIGHT],
						 m2m_qualified_operator(type->eq_opr),
						 operand[M2M_LEFT]);
		any = true;
	}
	appendStringInfoChar(sql, ')');
}

/* m2m_append_alone: is that of the other direction none of a? */
void
m2m_append_alone(StringInfo sql, M2mRelationship *rel)
{
	appendStringInfoString(sql, "NOT EXISTS (SELECT FROM a b WHERE ");
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];
			M2mKeyColumn *far = &rel->side[M2M_OTHER(s)].key[i];
			TypeCacheEntry *type =
				lookup_type_cache(getBaseType(key->link_type),
								  TYPECACHE_EQ_OPR);

			appendStringInfo(sql, "%s%s %s %s",
							 s == M2M_LEFT && i == 0 ? "" : " AND ",
							 m2m_base_operand(psprintf("b.%s",
													   m2m_quoted_column(rel->association,
																		 key->link_attnum)),
											  key->link_type),
							 m2m_qualified_operator(type->eq_opr),
							 m2m_base_operand(psprintf("a.%s",
													   m2m_quoted_column(rel->association,
																		 far->link_attnum)),
											  far->link_type));
		}
	}
	appendStringInfoChar(sql, ')');
}

/* m2m_append_order: " ORDER BY 1, ..., n". */
void
m2m_append_order(StringInfo sql, int n)
{
	appendStringInfoString(sql, " ORDER BY 1");
	for (int i = 2; i <= n; i++)
		appendStringInfo(sql, ", %d", i);
}

/* m2m_append_key_text: the key of one side as text; a row's text if composite. */
void
m2m_append_key_text(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	bool		composite = rel->side[side].nkeys > 1;

	appendStringInfoString(sql, composite ? "ROW(" : "(");
	m2m_append_columns(sql, rel, side, "a.");
	appendStringInfoString(sql, ")::pg_catalog.text");
}
