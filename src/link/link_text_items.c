/*
 * link_text_items.c
 *		The general path: the text of its statements about items, pairs with what
 *		is said of their links.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "link_internal.h"
#include "m2m.h"
#include "text.h"

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

/*
 * m2m_stmt_build_properties: the statements about items: pairs (p) with what
 * is said of their links (x), which jsonb_to_record() turns into the columns'
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
				appendStringInfoString(sql, " FROM a");
				m2m_append_key_order(sql, rel, other, false);
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
			appendStringInfoString(sql, " FROM a");
			m2m_append_key_order(sql, rel, other, false);
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
			if (returning)
				m2m_append_removed(sql, rel, side, rel->nidentity == 0);
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
 * among those in the parameters.  Columns that all of these leave out get
 * their defaults, or the time.
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
 * append_is_twice: is a row of a, which was just inserted, the same in all
 * that tells links apart as one that was there before, or as another of them?
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

/* append_pair_text: the key of one side of an item as text. */
static void
append_pair_text(StringInfo sql, M2mRelationship *rel, M2mSide side)
{
	appendStringInfoString(sql, rel->side[side].nkeys > 1 ? "ROW(" : "(");
	m2m_append_pair(sql, rel, side == M2M_LEFT, side == M2M_RIGHT, "p.");
	appendStringInfoString(sql, ")::pg_catalog.text");
}
