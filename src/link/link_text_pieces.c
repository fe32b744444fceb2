/*
 * link_text_pieces.c
 *		The general path: pieces of SQL that its statements are put together
 *		from.
 *
 * a is the association, p the pairs or items; columns, conditions and what
 * unlinking does are worded here once, for pairs (link_text.c), items
 * (link_text_items.c), one link (link_identity.c) and link views.
 */
#include "postgres.h"

#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "link_internal.h"
#include "m2m.h"
#include "text.h"

static void append_target(StringInfo sql, M2mRelationship *rel, List *columns);
static void append_match_identity(StringInfo sql, M2mRelationship *rel,
								  int first_parameter);
static void append_conflict_action(StringInfo sql, M2mRelationship *rel);
static void append_match_as(StringInfo sql, M2mRelationship *rel, M2mSide side,
							M2mSide given, int first_parameter);

/*
 * m2m_append_on_conflict_pair: a pair that is there, or comes from another
 * session at the same time, is no error.  The target is named, so that
 * violations of other unique indexes are.
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
 * m2m_append_removed: the end of a statement that removes links of the row in
 * the parameters: what it returns of them, the other side's keys as text, in
 * key order; each once, or (not grouped) once for each link.
 */
void
m2m_append_removed(StringInfo sql, M2mRelationship *rel, M2mSide side,
				   bool grouped)
{
	M2mSide		other = M2M_OTHER(side);

	appendStringInfoString(sql, " RETURNING ");
	if (OidIsValid(rel->mirror))
		m2m_append_link_columns(sql, rel, "a.");
	else
		m2m_append_columns(sql, rel, other, "a.");
	appendStringInfoString(sql, ") SELECT ");
	if (grouped)
		m2m_append_row_text(sql, rel, other);
	else
		m2m_append_key_text(sql, rel, other);
	appendStringInfoString(sql, " FROM a");
	if (OidIsValid(rel->mirror))
	{
		appendStringInfoString(sql, " WHERE ");
		m2m_append_match(sql, rel, side, 1);
	}
	if (grouped)
		m2m_append_row_order(sql, rel, other);
	else
		m2m_append_key_order(sql, rel, other, false);
}

/*
 * m2m_append_row_order: m2m_append_key_order() of rows, each once: keys that are
 * two of links may be of one row, as its own compares.
 */
void
m2m_append_row_order(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	StringInfoData list;

	if (rel->side[side].alike)
	{
		m2m_append_key_order(sql, rel, side, true);
		return;
	}
	initStringInfo(&list);
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "",
						 m2m_as_row_has_it(rel, &rel->side[side].key[i], "a"));
	appendStringInfo(sql, " GROUP BY %s ORDER BY %s", list.data, list.data);
}

/* m2m_append_row_text: m2m_append_key_text() with that; of several, the least. */
void
m2m_append_row_text(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	if (!rel->side[side].alike)
		appendStringInfoString(sql, "pg_catalog.min(");
	m2m_append_key_text(sql, rel, side);
	if (!rel->side[side].alike)
		appendStringInfoString(sql, " COLLATE pg_catalog.\"C\")");
}

/*
 * m2m_as_row_has_it: a column of the association as the type, and with the
 * collation, of the key that it refers to: "CAST(a.tag_id AS pg_catalog.bpchar)".
 * A type that has no such cast compares with the key's by an operator of both,
 * which takes for equal what its own does.
 */
char *
m2m_as_row_has_it(M2mRelationship *rel, M2mKeyColumn *key, const char *alias)
{
	char	   *result = psprintf("%s.%s", alias,
								  m2m_quoted_column(rel->association,
													key->link_attnum));

	if (m2m_converts(key))
		result = psprintf("CAST(%s AS %s)", result,
						  format_type_extended(getBaseType(key->type), -1,
											   FORMAT_TYPE_TYPEMOD_GIVEN |
											   FORMAT_TYPE_FORCE_QUALIFY));
	if (OidIsValid(key->collation))
		result = psprintf("%s COLLATE %s", result,
						  m2m_qualified_collation(key->collation));
	return result;
}

/* m2m_converts: does it cast? */
bool
m2m_converts(M2mKeyColumn *key)
{
	Oid			type = getBaseType(key->type);
	Oid			link_type = getBaseType(key->link_type);

	return type != link_type &&
		can_coerce_type(1, &link_type, &type, COERCION_IMPLICIT);
}

/*
 * m2m_append_key_order: " GROUP BY a.book_id ORDER BY a.book_id": the keys of a
 * side, in their order, and (grouped) each once.
 */
void
m2m_append_key_order(StringInfo sql, M2mRelationship *rel, M2mSide side,
					 bool grouped)
{
	if (grouped)
	{
		appendStringInfoString(sql, " GROUP BY ");
		m2m_append_columns(sql, rel, side, "a.");
	}
	appendStringInfoString(sql, " ORDER BY ");
	m2m_append_columns(sql, rel, side, "a.");
}

/*
 * m2m_append_row_links: a query of the links of a row: the other side's key, and
 * that with whatever else tells links apart, as text.
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
	m2m_append_key_order(sql, rel, other, rel->nidentity == 0);
}

/*
 * m2m_append_same_value: has a column of the association, as a, a value of its
 * base type?  By an equality; without one, by the image.
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
 * m2m_append_stamps: what m2m fills in where it is not among the columns
 * given: the columns' names, or the time.
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

/* m2m_gives_identity: is the whole identity among the columns given? */
bool
m2m_gives_identity(M2mRelationship *rel, List *columns)
{
	for (int i = 0; i < rel->nidentity; i++)
	{
		if (!list_member_int(columns, rel->identity_column[i].attnum))
			return false;
	}
	return true;
}

/*
 * m2m_names_identity: can ON CONFLICT name the identity of links with the
 * given columns, where a pair may have several?  They have to be all of it.
 */
bool
m2m_names_identity(M2mRelationship *rel, List *columns)
{
	return rel->identity_target != NIL && m2m_gives_identity(rel, columns);
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
 * m2m_append_link_columns: the same of both sides, left first; one that both
 * have once.
 */
void
m2m_append_link_columns(StringInfo sql, M2mRelationship *rel, const char *prefix)
{
	for (int i = 0; i < rel->nlink; i++)
		appendStringInfo(sql, "%s%s%s", i > 0 ? ", " : "", prefix,
						 m2m_quoted_column(rel->association, rel->link[i]));
}

/*
 * m2m_append_pair: "p.left_1, ..., p.right_1, ..." of one side or both; of
 * both, as m2m_append_link_columns() has them.  Returns how many.
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

/*
 * m2m_append_distinct_pairs: a query of the pairs, or one side of them, once.
 */
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
 * m2m_append_match: "p.right_1 = a.book_id AND ..." of one side; with
 * parameters from $first_parameter on instead of the pair, unless that is 0.
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
 * m2m_append_match_rest: " AND p.right_1 = a.book_id ..." of the columns of a
 * side that are not the other side's, too, and matched with those: a second
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
 * m2m_append_match_pair: m2m_append_match() of both sides; parameters are
 * left, then right.
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
 * columns those in the parameters from $first_parameter on?  By the equality
 * of the key; without one, by the image.
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

/* m2m_append_live: " AND a.deleted_at IS NULL", where rows say so. */
void
m2m_append_live(StringInfo sql, M2mRelationship *rel)
{
	if (rel->deleted != 0)
		appendStringInfo(sql, " AND %s", m2m_live_condition(rel, "a"));
}

/*
 * m2m_append_deleted: the column that says so, or what it says, as one more
 * column of an INSERT, where it is not enough to leave it out.
 */
void
m2m_append_deleted(StringInfo sql, M2mRelationship *rel, bool value)
{
	if (rel->deleted != 0 && rel->deleted_given)
		appendStringInfo(sql, ", %s", value ? m2m_deleted_value(rel, false) :
						 m2m_quoted_column(rel->association, rel->deleted));
}

/*
 * m2m_begin_removal: "DELETE FROM author_book a WHERE ", or USING ( where it
 * joins what is to be removed; or the UPDATE that marks rows as deleted.
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
 * m2m_append_row: is a link one of the row in the parameters, or of a row of
 * p, on its side?  Where links are there in both directions, on either.
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
 * append_match_as: m2m_append_match() of a side, by the key of the other,
 * which is given.
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
 * m2m_begin_counted, m2m_end_counted: around a statement that removes links:
 * where they are there in both directions, it returns a row for each link.  A
 * table with rules takes none that returns something; who counts then sees to
 * it.
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
 * m2m_append_first: is a row of a the one by which a link of both directions
 * is counted (m2m_pair_direction())?
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

/*
 * m2m_append_key_text: the key of one side as text; a row's text if composite.
 */
void
m2m_append_key_text(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	bool		composite = rel->side[side].nkeys > 1;

	appendStringInfoString(sql, composite ? "ROW(" : "(");
	m2m_append_columns(sql, rel, side, "a.");
	appendStringInfoString(sql, ")::pg_catalog.text");
}
