/*
 * link_copy.c
 *		Copying the links of a row to another row of its table.
 *
 * Where a link is nothing but its pair, pairs are read and linked as any are
 * (link.c), by whichever path.  Else a statement copies rows of the association:
 * what they say of their links, but not what is each link's own: columns that
 * make themselves, a key that is none of the pair, times that m2m fills in, the
 * mark of rows that are no links.  Where links have an order, they are copied
 * in it, and come last.
 *
 * A link that is there stays as it is.  The links are read as any query reads
 * them, so those that the caller does not see are not copied.
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "execute.h"
#include "ids.h"
#include "link_internal.h"
#include "m2m.h"
#include "rule.h"
#include "text.h"

/* The links of one role of the row that they are copied from. */
typedef struct Copy
{
	M2mPart    *part;
	M2mRows    *rows;
	bool		self;			/* of the table with itself: */
	bool		loops;			/* its links with itself, or all others */
	List	   *columns;		/* that are copied beside the pair */
	bool		identified;		/* is all of the identity among these? */
} Copy;

static void copy_part(M2mParts *parts, M2mPart *part, M2mRows *rows);
static bool is_first_role(M2mParts *parts, M2mPart *part);
static void choose_columns(Copy *copy);
static int64 copy_pairs(Copy *copy);
static int64 copy_rows(Copy *copy);
static int64 revive_rows(Copy *copy);
static void append_insert(StringInfo sql, Copy *copy);
static void append_mirror(StringInfo sql, Copy *copy, StringInfo insert);
static void append_new_column(StringInfo sql, Copy *copy, AttrNumber attnum);
static void append_source(StringInfo sql, Copy *copy);
static void append_of_into(StringInfo sql, Copy *copy);

/*
 * m2m_parts_copy: links a row, into, to whatever the row from is linked to; how
 * many links each part has got is there.  In a relationship of the table with
 * itself, a link of the row with itself becomes one of the other with itself,
 * and one between the two rows is not copied.
 *
 * Errors: 23503 for a row that is not there; 22023 for rows that differ in a
 * column that a link has once for both sides; 22004 for a row without a key;
 * 40001; 42501; and whatever a constraint or rule says to the new links.
 */
void
m2m_parts_copy(M2mParts *parts, M2mIds *from, M2mIds *into)
{
	M2mRows    *rows;
	ListCell   *lc;

	/* before any statement, as m2m_plan_link(), in the order of their OIDs */
	foreach(lc, parts->list)
	{
		M2mPart    *part = lfirst(lc);

		if (!part->rel->unique)
			m2m_lock_links(part->rel);
	}
	SPI_connect();
	rows = m2m_rows_read(parts, m2m_parts_columns(parts), from, into, false);
	foreach(lc, parts->list)
		m2m_rows_check_shared(rows, lfirst(lc));
	foreach(lc, parts->list)
	{
		/* a row has its own links */
		if (rows->count > 1)
			copy_part(parts, lfirst(lc), rows);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_finish();
}

/*
 * copy_part: copies the links of one role.  Where links have no direction, the
 * first copies both rows of each, which count once.
 */
static void
copy_part(M2mParts *parts, M2mPart *part, M2mRows *rows)
{
	M2mRelationship *rel = part->rel;
	M2mPart		other = {.rel = rel,.side = M2M_OTHER(part->side)};
	Datum		key[INDEX_MAX_KEYS];
	bool		ordered = m2m_order_column(rel, part->side) != InvalidAttrNumber;
	Copy		copy;

	if (!m2m_row_key(rows, 1 - rows->into, part, key) ||
		(OidIsValid(rel->mirror) && !is_first_role(parts, part)))
		return;
	if (!m2m_row_key(rows, rows->into, part, key))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("row of table \"%s\" has no key for links of relationship \"%s\"",
						get_rel_name(parts->relid),
						get_rel_name(rel->association))));
	memset(&copy, 0, sizeof(copy));
	copy.part = part;
	if (OidIsValid(rel->mirror) && !ordered &&
		m2m_order_column(rel, other.side) != InvalidAttrNumber)
	{
		/* either role will do */
		copy.part = &other;
		ordered = true;
	}
	copy.rows = rows;
	copy.self = rel->side[M2M_LEFT].relid == rel->side[M2M_RIGHT].relid;
	choose_columns(&copy);
	for (int i = 0; i < (copy.self && is_first_role(parts, part) ? 2 : 1); i++)
	{
		copy.loops = i == 1;
		part->count += copy.columns == NIL && !ordered ?
			copy_pairs(&copy) : copy_rows(&copy);
	}
}

/* is_first_role: is it the first or only part of its relationship? */
static bool
is_first_role(M2mParts *parts, M2mPart *part)
{
	ListCell   *lc;

	foreach(lc, parts->list)
	{
		M2mPart    *first = lfirst(lc);

		if (first->rel == part->rel)
			return first == part;
	}
	return false;
}

/*
 * choose_columns: what a new link gets from the other: all that can be given,
 * but for what another key keeps unique.
 */
static void
choose_columns(Copy *copy)
{
	M2mRelationship *rel = copy->part->rel;
	List	   *columns = m2m_catalog_renewed(rel);

	copy->identified = true;
	for (int i = 0; i < rel->nidentity; i++)
	{
		AttrNumber	attnum = rel->identity_column[i].attnum;

		if (rel->identity == M2M_IDENTITY_KEY &&
			!m2m_catalog_column_generated(rel->association, attnum))
			columns = list_append_unique_int(columns, attnum);
	}
	columns = list_difference_int(columns, rel->stamped);
	copy->columns = list_difference_int(columns, rel->touched);
	for (int i = 0; i < rel->nidentity; i++)
		copy->identified &= list_member_int(copy->columns,
											rel->identity_column[i].attnum);
}

/* copy_pairs: links the row to the other ends; returns how many links are new. */
static int64
copy_pairs(Copy *copy)
{
	M2mRelationship *rel = copy->part->rel;
	M2mPart		far = {.rel = rel,.side = M2M_OTHER(copy->part->side)};
	M2mPairs   *pairs = m2m_pairs_begin(rel, work_mem / 2);
	Datum		key[2][INDEX_MAX_KEYS];
	StringInfoData sql;
	SPITupleTable *found;
	int64		result;

	(void) m2m_row_key(copy->rows, copy->rows->into, copy->part,
					   key[copy->part->side]);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	for (int i = 0; i < rel->side[far.side].nkeys; i++)
		appendStringInfo(&sql, "%sa.%s", i > 0 ? ", " : "",
						 m2m_quoted_column(rel->association,
										   rel->side[far.side].key[i].link_attnum));
	append_source(&sql, copy);
	m2m_parts_execute(sql.data);
	found = SPI_tuptable;
	for (uint64 n = 0; n < found->numvals; n++)
	{
		for (int i = 0; !copy->loops && i < rel->side[far.side].nkeys; i++)
		{
			bool		isnull;
			Datum		value = SPI_getbinval(found->vals[n], found->tupdesc,
											  i + 1, &isnull);

			key[far.side][i] = m2m_key_coerce(rel, far.side, i, value,
											  SPI_gettypeid(found->tupdesc,
															i + 1));
		}
		if (copy->loops &&
			!m2m_row_key(copy->rows, copy->rows->into, &far, key[far.side]))
			continue;
		m2m_pairs_put(pairs, key[M2M_LEFT], key[M2M_RIGHT]);
		CHECK_FOR_INTERRUPTS();
	}
	SPI_freetuptable(found);
	result = m2m_links_add_pairs(rel, pairs, false);
	m2m_pairs_end(pairs);
	return result;
}

/*
 * copy_rows: copies rows of the association; returns how many links are new.
 * Where no index keeps links from being doubled, the caller holds
 * m2m_lock_links(), and a link that the transaction's snapshot does not show is
 * error 40001.
 */
static int64
copy_rows(Copy *copy)
{
	M2mRelationship *rel = copy->part->rel;
	StringInfoData sql;
	int64		revived = 0;

	if (IsolationUsesXactSnapshot() && !rel->unique)
	{
		M2mIds		into;

		memset(&into, 0, sizeof(into));
		into.nkeys = rel->side[copy->part->side].nkeys;
		into.count = 1;
		into.value = palloc_array(Datum, into.nkeys);
		(void) m2m_row_key(copy->rows, copy->rows->into, copy->part,
						   into.value);
		m2m_plan_check_newer(rel, copy->part->side, &into);
	}
	if (m2m_revives_first(rel))
		revived = revive_rows(copy);
	initStringInfo(&sql);
	append_insert(&sql, copy);
	if (OidIsValid(rel->mirror) && !copy->loops)
	{
		StringInfoData both;

		initStringInfo(&both);
		append_mirror(&both, copy, &sql);
		sql = both;
	}
	return m2m_parts_execute(sql.data) + revived;
}

/*
 * revive_rows: makes rows that are no links any more, and are in the way of new
 * ones, these, where ON CONFLICT is not to be had; returns how many.
 */
static int64
revive_rows(Copy *copy)
{
	M2mRelationship *rel = copy->part->rel;
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s b SET %s = %s",
					 m2m_qualified_name(rel->association),
					 m2m_quoted_column(rel->association, rel->deleted),
					 m2m_deleted_value(rel, false));
	foreach(lc, copy->columns)
	{
		char	   *column = m2m_quoted_column(rel->association,
											   lfirst_int(lc));

		appendStringInfo(&sql, ", %s = a.%s", column, column);
	}
	append_source(&sql, copy);
	appendStringInfo(&sql, " AND %s AND ", m2m_dead_condition(rel, "b"));
	append_of_into(&sql, copy);
	return m2m_parts_execute(sql.data);
}

/*
 * append_insert: the statement that copies, in the order of the links, or of the
 * other ends.
 */
static void
append_insert(StringInfo sql, Copy *copy)
{
	M2mRelationship *rel = copy->part->rel;
	List	   *stamps = list_difference_int(m2m_stamped(rel), copy->columns);
	AttrNumber	position = m2m_order_column(rel, copy->part->side);
	ListCell   *lc;

	appendStringInfo(sql, "INSERT INTO %s AS a (",
					 m2m_qualified_name(rel->association));
	for (int i = 0; i < rel->nlink; i++)
		appendStringInfo(sql, "%s%s", i > 0 ? ", " : "",
						 m2m_quoted_column(rel->association, rel->link[i]));
	foreach(lc, list_concat_copy(copy->columns, stamps))
		appendStringInfo(sql, ", %s", m2m_quoted_column(rel->association,
														lfirst_int(lc)));
	if (rel->deleted != 0 && rel->deleted_given)
		appendStringInfo(sql, ", %s", m2m_quoted_column(rel->association,
														rel->deleted));
	appendStringInfoString(sql, ") SELECT ");
	for (int i = 0; i < rel->nlink; i++)
	{
		appendStringInfoString(sql, i > 0 ? ", " : "");
		append_new_column(sql, copy, rel->link[i]);
	}
	foreach(lc, copy->columns)
		appendStringInfo(sql, ", a.%s", m2m_quoted_column(rel->association,
														  lfirst_int(lc)));
	foreach(lc, stamps)
		appendStringInfo(sql, ", %s", m2m_stamp_text(rel, lfirst_int(lc)));
	if (rel->deleted != 0 && rel->deleted_given)
		appendStringInfo(sql, ", %s", m2m_deleted_value(rel, false));
	append_source(sql, copy);
	appendStringInfo(sql, " AND NOT EXISTS (SELECT FROM %s b WHERE ",
					 m2m_qualified_name(rel->association));
	append_of_into(sql, copy);
	if (copy->identified)
		m2m_append_same_identity(sql, rel, "b");
	if (rel->deleted != 0)
		appendStringInfo(sql, " AND %s", m2m_live_condition(rel, "b"));
	appendStringInfoString(sql, ") ORDER BY ");
	if (position != InvalidAttrNumber)
		appendStringInfo(sql, "a.%s, ",
						 m2m_quoted_column(rel->association, position));
	for (int i = 1; i <= rel->nlink; i++)
		appendStringInfo(sql, "%s%d", i > 1 ? ", " : "", i);
	if (rel->on_conflict && rel->nidentity == 0)
		m2m_append_on_conflict_pair(sql, rel);
	else if (rel->nidentity > 0 && rel->identity_target != NIL &&
			 (copy->identified || rel->revives))
		m2m_append_on_conflict_identity(sql, rel);
}

/*
 * append_mirror: the statement that also makes the other row of each link that
 * insert makes, and of no others: ON CONFLICT locks nothing that it passes over,
 * so the first row of a link that is there may be gone by then.
 */
static void
append_mirror(StringInfo sql, Copy *copy, StringInfo insert)
{
	M2mRelationship *rel = copy->part->rel;
	List	   *columns = list_union_int(copy->columns, m2m_stamped(rel));
	StringInfoData names;
	StringInfoData values;
	ListCell   *lc;

	initStringInfo(&names);
	initStringInfo(&values);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *far = &rel->side[M2M_OTHER(s)].key[i];
			M2mKeyColumn *key = &rel->side[s].key[i];

			/* a column of both sides is there once */
			if (s == M2M_RIGHT && key->link_attnum == far->link_attnum)
				continue;
			appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
							 m2m_quoted_column(rel->association,
											   key->link_attnum));
			appendStringInfo(&values, "%sn.%s", values.len > 0 ? ", " : "",
							 m2m_quoted_column(rel->association,
											   far->link_attnum));
		}
	}
	foreach(lc, columns)
	{
		char	   *column = m2m_quoted_column(rel->association,
											   lfirst_int(lc));

		appendStringInfo(&names, ", %s", column);
		appendStringInfo(&values, ", n.%s", column);
	}
	appendStringInfo(sql, "WITH n AS (%s RETURNING %s) INSERT INTO %s AS a (%s)"
					 " SELECT %s FROM n",
					 insert->data, names.data,
					 m2m_qualified_name(rel->association), names.data,
					 values.data);
	if (rel->on_conflict && rel->nidentity == 0)
		m2m_append_on_conflict_pair(sql, rel);
}

/* append_new_column: what a column of the pair is in the new link. */
static void
append_new_column(StringInfo sql, Copy *copy, AttrNumber attnum)
{
	M2mRelationship *rel = copy->part->rel;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];

			if (key->link_attnum != attnum || !m2m_is_near(rel, s, i) ||
				(s != (int) copy->part->side && !copy->loops))
				continue;
			appendStringInfo(sql, "i.c%d", key->attnum);
			return;
		}
	}
	appendStringInfo(sql, "a.%s", m2m_quoted_column(rel->association, attnum));
}

/*
 * append_source: " FROM ... WHERE ...": the links that are copied, as a, of the
 * row m, for the row i.
 */
static void
append_source(StringInfo sql, Copy *copy)
{
	M2mRelationship *rel = copy->part->rel;
	M2mSide		side = copy->part->side;
	M2mSide		far = M2M_OTHER(side);

	appendStringInfo(sql, " FROM %s a, " M2M_ROWS_NAME " m, " M2M_ROWS_NAME
					 " i WHERE m.ord OPERATOR(pg_catalog.>) 0 AND i.ord"
					 " OPERATOR(pg_catalog.=) 0 AND ",
					 m2m_qualified_name(rel->association));
	m2m_append_is_of(sql, rel, side, "m", "a");
	appendStringInfoString(sql, " AND ");
	m2m_append_is_link(sql, rel, side, "a");
	if (copy->loops)
	{
		appendStringInfoString(sql, " AND ");
		m2m_append_is_of(sql, rel, far, "m", "a");
	}
	else if (copy->self)
	{
		appendStringInfoString(sql, " AND (");
		m2m_append_is_of(sql, rel, far, "m", "a");
		appendStringInfoString(sql, ") IS NOT TRUE AND (");
		m2m_append_is_of(sql, rel, far, "i", "a");
		appendStringInfoString(sql, ") IS NOT TRUE");
	}
}

/* append_of_into: is b, of the association, of the same pair as the new link? */
static void
append_of_into(StringInfo sql, Copy *copy)
{
	M2mRelationship *rel = copy->part->rel;

	m2m_append_is_of(sql, rel, copy->part->side, "i", "b");
	if (copy->loops)
	{
		appendStringInfoString(sql, " AND ");
		m2m_append_is_of(sql, rel, M2M_OTHER(copy->part->side), "i", "b");
	}
	else
		m2m_append_same_far(sql, rel, copy->part->side, false);
}
