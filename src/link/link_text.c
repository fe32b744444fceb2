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

#include "link_internal.h"
#include "m2m.h"
#include "text.h"

static void build_insert_end(StringInfo sql, M2mRelationship *rel,
							 List *columns);
static void build_link_read(StringInfo sql, M2mRelationship *rel);
static void append_on_conflict(StringInfo sql, M2mRelationship *rel);
static void build_set_unlink(StringInfo sql, M2mRelationship *rel,
							 M2mSide side);
static void build_set_link(StringInfo sql, M2mRelationship *rel, M2mSide side);
static void append_columns(StringInfo sql, M2mRelationship *rel, M2mSide side,
						   const char *prefix);
static void append_link_columns(StringInfo sql, M2mRelationship *rel,
								const char *prefix);
static int	append_pair(StringInfo sql, M2mRelationship *rel, bool left,
						bool right, const char *prefix);
static void append_pair_parameters(StringInfo sql, M2mRelationship *rel);
static void append_distinct_pairs(StringInfo sql, M2mRelationship *rel,
								  bool left, bool right);
static void append_match(StringInfo sql, M2mRelationship *rel, M2mSide side,
						 int first_parameter);
static void append_match_column(StringInfo sql, M2mRelationship *rel,
								M2mSide side, int column, int parameter);
static void append_match_rest(StringInfo sql, M2mRelationship *rel,
							  M2mSide side);
static void append_match_pair(StringInfo sql, M2mRelationship *rel,
							  bool parameters);
static void append_match_identity(StringInfo sql, M2mRelationship *rel,
								  List *columns, int first_parameter);
static void append_not_null(StringInfo sql, M2mRelationship *rel,
							M2mSide side);
static void append_live(StringInfo sql, M2mRelationship *rel);
static void append_deleted(StringInfo sql, M2mRelationship *rel, bool value);
static void append_removal(StringInfo sql, M2mRelationship *rel, bool joins);
static void append_conflict_action(StringInfo sql, M2mRelationship *rel);
static void build_revive(StringInfo sql, M2mRelationship *rel);
static void append_revival(StringInfo sql, M2mRelationship *rel,
						   List *columns);
static void append_order(StringInfo sql, int n);
static void append_text(StringInfo sql, M2mRelationship *rel, M2mSide side);

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
		case M2M_STMT_FOUND:
			appendStringInfoString(sql, "SELECT ");
			append_link_columns(sql, rel, "a.");
			appendStringInfoString(sql, " FROM (");
			append_distinct_pairs(sql, rel, true, true);
			appendStringInfo(sql, ") p, %s a WHERE ", association);
			append_match_pair(sql, rel, false);
			append_live(sql, rel);
			break;
		case M2M_STMT_REVIVE:
			build_revive(sql, rel);
			break;
		case M2M_STMT_NEWER:
			/* no LIMIT: it would have the planner think that it ends soon */
			appendStringInfoString(sql, "SELECT pg_catalog.count(*) FROM "
								   M2M_PAIRS_NAME " p WHERE EXISTS (SELECT FROM "
								   M2M_FOUND_NAME " a WHERE ");
			append_match_pair(sql, rel, false);
			appendStringInfo(sql, ") AND NOT EXISTS (SELECT FROM %s a WHERE ",
							 association);
			append_match_pair(sql, rel, false);
			append_live(sql, rel);
			appendStringInfoChar(sql, ')');
			break;
		case M2M_STMT_UNLINK:
			append_removal(sql, rel, true);
			append_distinct_pairs(sql, rel, true, true);
			appendStringInfoString(sql, ") p WHERE ");
			append_match_pair(sql, rel, false);
			append_live(sql, rel);
			break;
		case M2M_STMT_UNLINK_ONE:
			append_removal(sql, rel, false);
			append_match_pair(sql, rel, true);
			append_live(sql, rel);
			break;
		case M2M_STMT_LINKED:
			appendStringInfo(sql, "SELECT FROM %s a WHERE ", association);
			append_match_pair(sql, rel, true);
			append_live(sql, rel);
			appendStringInfoString(sql, " LIMIT 1");
			break;
		case M2M_STMT_PAIRS_COUNT:
			appendStringInfoString(sql, "SELECT pg_catalog.count(*) FROM (");
			append_distinct_pairs(sql, rel, true, true);
			appendStringInfoString(sql, ") p");
			break;
		case M2M_STMT_COUNT:
			appendStringInfo(sql,
							 "SELECT pg_catalog.count(*) FROM %s a WHERE ",
							 association);
			append_match(sql, rel, side, 1);
			append_not_null(sql, rel, other);
			break;
		case M2M_STMT_CLEAR:
			append_removal(sql, rel, true);
			append_distinct_pairs(sql, rel, side == M2M_LEFT,
								  side == M2M_RIGHT);
			appendStringInfoString(sql, ") p WHERE ");
			append_match(sql, rel, side, 0);
			append_not_null(sql, rel, other);
			break;
		case M2M_STMT_CLEAR_ONE:
			append_removal(sql, rel, false);
			append_match(sql, rel, side, 1);
			append_not_null(sql, rel, other);
			break;
		case M2M_STMT_SET_UNLINK:
			build_set_unlink(sql, rel, side);
			break;
		case M2M_STMT_SET_LINK:
			build_set_link(sql, rel, side);
			break;
		case M2M_STMT_SET_FAR:
			appendStringInfoString(sql, "SELECT ");
			append_text(sql, rel, other);
			appendStringInfo(sql, " FROM %s a WHERE ", association);
			append_match(sql, rel, side, 1);
			append_not_null(sql, rel, other);
			appendStringInfoString(sql, " GROUP BY ");
			append_columns(sql, rel, other, "a.");
			appendStringInfoString(sql, " ORDER BY ");
			append_columns(sql, rel, other, "a.");
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
	append_link_columns(sql, rel, "");
	foreach(lc, columns)
		appendStringInfo(sql, ", %s", m2m_quoted_column(rel->association,
														lfirst_int(lc)));
	append_deleted(sql, rel, false);
	if (one)
	{
		appendStringInfoString(sql, ") SELECT ");
		append_pair_parameters(sql, rel);
		for (int i = 1; i <= list_length(columns); i++)
			appendStringInfo(sql, ", $%d", rel->pair_desc->natts + i);
		append_deleted(sql, rel, true);
		if (rel->on_conflict)
			append_on_conflict(sql, rel);
		return;
	}

	/*
	 * ON CONFLICT passes over a pair that is given twice by itself, but does
	 * not change a row twice.
	 */
	appendStringInfo(sql, ") SELECT %s",
					 rel->on_conflict && !rel->revives ? "" : "DISTINCT ");
	append_pair(sql, rel, true, true, "p.");
	append_deleted(sql, rel, true);
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
		append_match_pair(sql, rel, false);
		appendStringInfoChar(sql, ')');
	}
	append_order(sql, rel->nlink);
	if (rel->on_conflict)
		append_on_conflict(sql, rel);
	else if (m2m_stmt_names_identity(rel, columns) ||
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
	append_link_columns(sql, rel, "");
	appendStringInfoString(sql,
						   ") SELECT (SELECT pg_catalog.count(*) FROM n), pg_catalog.count(*)"
						   " FROM (SELECT p.* FROM (");
	append_distinct_pairs(sql, rel, true, true);
	appendStringInfoString(sql, ") p WHERE NOT EXISTS (SELECT FROM n a WHERE ");
	append_match_pair(sql, rel, false);

	/*
	 * OFFSET 0 and LIMIT 1 keep the planner from pulling the two up into one
	 * join, which might go over the whole association, and lock all of it
	 * against serialization anomalies.
	 */
	appendStringInfo(sql, ") OFFSET 0) p CROSS JOIN LATERAL (SELECT FROM %s a WHERE ",
					 m2m_qualified_name(rel->association));
	append_match_pair(sql, rel, false);
	append_live(sql, rel);
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
 * append_on_conflict: a pair that is there, or comes from another session at
 * the same time, is no error.  The target is named, so that violations of
 * other unique indexes are.
 */
static void
append_on_conflict(StringInfo sql, M2mRelationship *rel)
{
	appendStringInfoString(sql, " ON CONFLICT (");
	append_link_columns(sql, rel, "");
	appendStringInfoChar(sql, ')');
	append_conflict_action(sql, rel);
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
	append_distinct_pairs(sql, rel, true, true);
	appendStringInfoString(sql, ") p WHERE ");
	append_match_pair(sql, rel, false);
	appendStringInfo(sql, " AND %s AND NOT EXISTS (SELECT FROM "
					 M2M_FOUND_NAME " a WHERE ", m2m_dead_condition(rel, "a"));
	append_match_pair(sql, rel, false);
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
	append_removal(sql, rel, false);
	append_match(sql, rel, side, 1);
	append_not_null(sql, rel, other);
	appendStringInfoString(sql, " AND NOT EXISTS (SELECT FROM " M2M_PAIRS_NAME
						   " p WHERE true");
	append_match_rest(sql, rel, other);
	appendStringInfoChar(sql, ')');
	if (rel->has_rules)
		return;
	appendStringInfoString(sql, " RETURNING ");
	append_columns(sql, rel, other, "a.");
	appendStringInfoString(sql, ") SELECT ");
	append_text(sql, rel, other);
	appendStringInfoString(sql, " FROM a GROUP BY ");
	append_columns(sql, rel, other, "a.");
	appendStringInfoString(sql, " ORDER BY ");
	append_columns(sql, rel, other, "a.");
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
	append_columns(sql, rel, other, "");
	appendStringInfoString(sql, ") SELECT ");
	append_text(sql, rel, other);
	appendStringInfoString(sql, " FROM a ORDER BY ");
	append_columns(sql, rel, other, "a.");
}

/*
 * m2m_stmt_build_properties: the statements that link pairs with properties:
 * the INSERT; the UPDATE that gives them to links that are there (and touches
 * only those that it changes); and, of pairs that may have several links, those
 * that look which are meant.  $1 is the jsonb object, which jsonb_to_record()
 * turns into the columns' types.
 *
 * A link is meant by its pair and the columns of the identity among those
 * given; these are not changed.
 */
void
m2m_stmt_build_properties(StringInfo sql, M2mRelationship *rel,
						  M2mColumnStatement statement, List *columns)
{
	char	   *association = m2m_qualified_name(rel->association);
	StringInfoData names;		/* p1, p2 */
	StringInfoData record;		/* p1 type, p2 type */
	StringInfoData given;		/* x.p1, x.p2 */
	StringInfoData present;		/* a.p1, a.p2, without the identity */
	StringInfoData asked;		/* x.p1, x.p2, without the identity */
	StringInfoData assign;		/* p1 = x.p1, p2 = x.p2, without it */
	ListCell   *lc;

	initStringInfo(&names);
	initStringInfo(&record);
	initStringInfo(&given);
	initStringInfo(&present);
	initStringInfo(&asked);
	initStringInfo(&assign);
	foreach(lc, columns)
	{
		AttrNumber	attnum = lfirst_int(lc);
		char	   *name = m2m_quoted_column(rel->association, attnum);
		const char *comma = names.len > 0 ? ", " : "";
		Oid			typid;
		int32		typmod;
		Oid			collation;

		get_atttypetypmodcoll(rel->association, attnum, &typid, &typmod,
							  &collation);
		appendStringInfo(&names, "%s%s", comma, name);
		appendStringInfo(&record, "%s%s %s", comma, name,
						 format_type_extended(typid, typmod,
											  FORMAT_TYPE_TYPEMOD_GIVEN |
											  FORMAT_TYPE_FORCE_QUALIFY));
		appendStringInfo(&given, "%sx.%s", comma, name);
		if (m2m_is_identity(rel, attnum))
			continue;
		comma = present.len > 0 ? ", " : "";
		appendStringInfo(&present, "%sa.%s", comma, name);
		appendStringInfo(&asked, "%sx.%s", comma, name);
		appendStringInfo(&assign, "%s%s = x.%s", comma, name, name);
	}

	switch (statement)
	{
		case M2M_COLUMNS_LINK_PROPERTIES:
			appendStringInfo(sql, "INSERT INTO %s%s (", association,
							 rel->revives ? " AS a" : "");
			append_link_columns(sql, rel, "");
			append_deleted(sql, rel, false);
			appendStringInfo(sql, ", %s) SELECT p.*", names.data);
			append_deleted(sql, rel, true);
			appendStringInfo(sql, ", %s FROM (", given.data);
			append_distinct_pairs(sql, rel, true, true);
			appendStringInfo(sql, ") p, pg_catalog.jsonb_to_record($1) x (%s)",
							 record.data);
			build_insert_end(sql, rel, columns);
			break;
		case M2M_COLUMNS_FOUND_PROPERTIES:
			appendStringInfoString(sql, "SELECT ");
			append_link_columns(sql, rel, "a.");
			appendStringInfoString(sql, " FROM (");
			append_distinct_pairs(sql, rel, true, true);
			appendStringInfo(sql, ") p, pg_catalog.jsonb_to_record($1) x (%s), %s a WHERE ",
							 record.data, association);
			append_match_pair(sql, rel, false);
			append_live(sql, rel);
			append_match_identity(sql, rel, columns, 0);
			break;
		case M2M_COLUMNS_NEWER_PROPERTIES:
			appendStringInfo(sql, "SELECT FROM " M2M_PAIRS_NAME " p,"
							 " pg_catalog.jsonb_to_record($1) x (%s)"
							 " WHERE EXISTS (SELECT FROM "
							 M2M_FOUND_NAME " a WHERE ", record.data);
			append_match_pair(sql, rel, false);
			appendStringInfo(sql, ") AND NOT EXISTS (SELECT FROM %s a WHERE ",
							 association);
			append_match_pair(sql, rel, false);
			append_live(sql, rel);
			append_match_identity(sql, rel, columns, 0);
			appendStringInfoChar(sql, ')');
			break;
		case M2M_COLUMNS_SEVERAL_PROPERTIES:
			appendStringInfoString(sql, "SELECT ");
			append_text(sql, rel, M2M_LEFT);
			appendStringInfoString(sql, ", ");
			append_text(sql, rel, M2M_RIGHT);
			appendStringInfoString(sql, " FROM " M2M_FOUND_NAME " a GROUP BY ");
			append_link_columns(sql, rel, "a.");
			appendStringInfoString(sql, " HAVING pg_catalog.count(*)"
								   " OPERATOR(pg_catalog.>) 1 ORDER BY ");
			append_link_columns(sql, rel, "a.");
			appendStringInfoString(sql, " LIMIT 1");
			break;
		default:
			appendStringInfo(sql, "UPDATE %s a SET %s FROM (", association,
							 assign.data);
			append_distinct_pairs(sql, rel, true, true);
			appendStringInfo(sql,
							 ") p, pg_catalog.jsonb_to_record($1) x (%s) WHERE ",
							 record.data);
			append_match_pair(sql, rel, false);
			append_live(sql, rel);
			append_match_identity(sql, rel, columns, 0);
			appendStringInfo(sql, " AND NOT pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
							 present.data, asked.data);
			break;
	}
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
 * m2m_stmt_names_identity: can ON CONFLICT name the identity of links with the
 * given columns, where a pair may have several?  They have to be all of it.
 */
bool
m2m_stmt_names_identity(M2mRelationship *rel, List *columns)
{
	for (int i = 0; i < rel->nidentity; i++)
	{
		if (!list_member_int(columns, rel->identity_column[i].attnum))
			return false;
	}
	return rel->identity_target != NIL;
}

/* m2m_append_on_conflict_identity: as append_on_conflict(). */
void
m2m_append_on_conflict_identity(StringInfo sql, M2mRelationship *rel)
{
	ListCell   *lc;

	foreach(lc, rel->identity_target)
		appendStringInfo(sql, "%s%s", foreach_current_index(lc) == 0 ?
						 " ON CONFLICT (" : ", ",
						 m2m_quoted_column(rel->association, lfirst_int(lc)));
	appendStringInfoChar(sql, ')');
	append_conflict_action(sql, rel);
}

/* append_columns: "a.book_id, ..." of one side, in the association. */
static void
append_columns(StringInfo sql, M2mRelationship *rel, M2mSide side,
			   const char *prefix)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(sql, "%s%s%s", i > 0 ? ", " : "", prefix,
						 m2m_quoted_column(rel->association,
										   rel->side[side].key[i].link_attnum));
}

/*
 * append_link_columns: the same of both sides, left first; one that both have
 * once.
 */
static void
append_link_columns(StringInfo sql, M2mRelationship *rel, const char *prefix)
{
	for (int i = 0; i < rel->nlink; i++)
		appendStringInfo(sql, "%s%s%s", i > 0 ? ", " : "", prefix,
						 m2m_quoted_column(rel->association, rel->link[i]));
}

/*
 * append_pair: "p.left_1, ..., p.right_1, ..." of one side or both; of both,
 * as append_link_columns() has them.  Returns how many.
 */
static int
append_pair(StringInfo sql, M2mRelationship *rel, bool left, bool right,
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

/* append_pair_parameters: "$1, ..." of the pair, in the same way. */
static void
append_pair_parameters(StringInfo sql, M2mRelationship *rel)
{
	int			nleft = rel->side[M2M_LEFT].nkeys;

	for (int i = 0; i < rel->pair_desc->natts; i++)
	{
		if (i < nleft || rel->side[M2M_RIGHT].key[i - nleft].shared == 0)
			appendStringInfo(sql, "%s$%d", i > 0 ? ", " : "", i + 1);
	}
}

/* append_distinct_pairs: a query of the pairs, or one side of them, once. */
static void
append_distinct_pairs(StringInfo sql, M2mRelationship *rel,
					  bool left, bool right)
{
	int			n;

	appendStringInfoString(sql, "SELECT DISTINCT ");
	n = append_pair(sql, rel, left, right, "");
	appendStringInfoString(sql, " FROM " M2M_PAIRS_NAME);
	append_order(sql, n);
}

/*
 * append_match: "p.right_1 = a.book_id AND ..." of one side; with parameters
 * from $first_parameter on instead of the pair, unless that is 0.
 */
static void
append_match(StringInfo sql, M2mRelationship *rel, M2mSide side,
			 int first_parameter)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		if (i > 0)
			appendStringInfoString(sql, " AND ");
		append_match_column(sql, rel, side, i,
							first_parameter > 0 ? first_parameter + i : 0);
	}
}

/* append_match_column: "p.right_1 = a.book_id" of one column. */
static void
append_match_column(StringInfo sql, M2mRelationship *rel, M2mSide side,
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
 * append_match_rest: " AND p.right_1 = a.book_id ..." of the columns of a side
 * that are not the other side's, too, and matched with those: a second
 * condition on them would have the planner think that hardly any pair fits.
 */
static void
append_match_rest(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		if (rel->side[side].key[i].shared > 0)
			continue;
		appendStringInfoString(sql, " AND ");
		append_match_column(sql, rel, side, i, 0);
	}
}

/*
 * append_match_pair: append_match() of both sides; parameters are left, then
 * right.
 */
static void
append_match_pair(StringInfo sql, M2mRelationship *rel, bool parameters)
{
	append_match(sql, rel, M2M_LEFT, parameters ? 1 : 0);
	if (parameters)
	{
		appendStringInfoString(sql, " AND ");
		append_match(sql, rel, M2M_RIGHT, rel->side[M2M_LEFT].nkeys + 1);
	}
	else
		append_match_rest(sql, rel, M2M_RIGHT);
}

/*
 * m2m_append_match_link: the same, and its identity; parameters are the pair,
 * then the columns of the identity.
 */
void
m2m_append_match_link(StringInfo sql, M2mRelationship *rel)
{
	append_match_pair(sql, rel, true);
	append_live(sql, rel);
	append_match_identity(sql, rel, NIL, rel->pair_desc->natts + 1);
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
 * columns those in the parameters from $first_parameter on, or, where that is
 * 0, x.job of those among columns?  By the equality of the key; without one, by
 * the image.
 */
static void
append_match_identity(StringInfo sql, M2mRelationship *rel, List *columns,
					  int first_parameter)
{
	StringInfoData present;
	StringInfoData given;

	initStringInfo(&present);
	initStringInfo(&given);
	for (int i = 0; i < rel->nidentity; i++)
	{
		M2mIdentityColumn *column = &rel->identity_column[i];
		char	   *name = m2m_quoted_column(rel->association, column->attnum);
		char	   *operand = m2m_base_operand(psprintf("a.%s", name),
											   get_atttype(rel->association,
														   column->attnum));
		char	   *value;

		if (first_parameter > 0)
			value = psprintf("$%d", first_parameter + i);
		else if (list_member_int(columns, column->attnum))
			value = m2m_base_operand(psprintf("x.%s", name),
									 get_atttype(rel->association,
												 column->attnum));
		else
			continue;
		if (!OidIsValid(column->equal_op))
		{
			appendStringInfo(&present, "%s%s", present.len > 0 ? ", " : "",
							 operand);
			appendStringInfo(&given, "%s%s", given.len > 0 ? ", " : "", value);
		}
		else if (column->not_null)
			appendStringInfo(sql, " AND %s %s %s", operand,
							 m2m_qualified_operator(column->equal_op), value);
		else
			appendStringInfo(sql, " AND (%s %s %s OR %s IS NULL AND %s IS NULL)",
							 operand, m2m_qualified_operator(column->equal_op),
							 value, operand, value);
	}
	if (present.len > 0)
		appendStringInfo(sql, " AND pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
						 present.data, given.data);
}

/*
 * append_not_null: " AND a.book_id IS NOT NULL ..." where the association
 * allows nulls: such a row is no link, and the link views do not show it.  Nor
 * one that is marked as deleted.
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
	append_live(sql, rel);
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
	append_match_pair(sql, rel, true);
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
			appendStringInfo(sql, ", %s = DEFAULT",
							 m2m_quoted_column(rel->association,
											   lfirst_int(lc)));
	}
}

/* append_live: " AND a.deleted_at IS NULL", where rows say so. */
static void
append_live(StringInfo sql, M2mRelationship *rel)
{
	if (rel->deleted != 0)
		appendStringInfo(sql, " AND %s", m2m_live_condition(rel, "a"));
}

/*
 * append_deleted: the column that says so, or what it says, as one more column
 * of an INSERT, where it is not enough to leave it out.
 */
static void
append_deleted(StringInfo sql, M2mRelationship *rel, bool value)
{
	if (rel->deleted != 0 && rel->deleted_given)
		appendStringInfo(sql, ", %s", value ? m2m_deleted_value(rel, false) :
						 m2m_quoted_column(rel->association, rel->deleted));
}

/*
 * append_removal: "DELETE FROM author_book a WHERE ", or USING ( where it joins
 * what is to be removed; or the UPDATE that marks rows as deleted.
 */
static void
append_removal(StringInfo sql, M2mRelationship *rel, bool joins)
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

/* append_order: " ORDER BY 1, ..., n". */
static void
append_order(StringInfo sql, int n)
{
	appendStringInfoString(sql, " ORDER BY 1");
	for (int i = 2; i <= n; i++)
		appendStringInfo(sql, ", %d", i);
}

/* append_text: the key of one side as text; a row's text if composite. */
static void
append_text(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	bool		composite = rel->side[side].nkeys > 1;

	appendStringInfoString(sql, composite ? "ROW(" : "(");
	append_columns(sql, rel, side, "a.");
	appendStringInfoString(sql, ")::pg_catalog.text");
}
