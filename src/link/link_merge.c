/*
 * link_merge.c
 *		Merging rows of a table: the links of some become another's, in all
 *		relationships, and the rows go.
 *
 * A link is moved by UPDATE, so that it stays the link that it is: with its
 * properties, its own key, and what refers to that.
 *
 * Of links that would then be the same one (M2mRelationship.identity), that of
 * the row that stays is kept, else that of the row given first.  The others are
 * dropped before any is moved, so that no index sees a pair twice, and no limit
 * one too many.
 *
 * Nobody else writes the associations meanwhile (m2m_parts_find()).  Locks of
 * rows alone would not do: who has made a link to the row that stays and not
 * yet come to its foreign key would wait for our lock on a row, and we for his
 * link, or fail by it.  And they come before the locks of rows: who links may
 * have to change a row, as a counter does.
 *
 * The rows' removal would take along, by the foreign keys' actions, whatever
 * still refers to them: links that the caller does not see or that a trigger
 * has kept, rows of other tables.  So the foreign keys are asked first, as of
 * now and past all policies, as they would ask themselves.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "catalog.h"
#include "direct.h"
#include "execute.h"
#include "ids.h"
#include "link_internal.h"
#include "m2m.h"
#include "rule.h"
#include "text.h"

static List *find_references(Oid relid);
static bool is_self(M2mPart *part);
static void merge_part(M2mPart *part, M2mRows *rows);
static bool move_directly(M2mPart *part, M2mRows *rows);
static void drop_inner(M2mPart *part);
static void move_loops(M2mPart *part);
static void move_links(M2mPart *part);
static int64 drop_doubles(M2mPart *part, bool loops);
static void append_drop(StringInfo sql, M2mRelationship *rel, bool mark);
static void append_better(StringInfo sql, M2mPart *part, bool loops,
						  bool dead);
static void append_update(StringInfo sql, M2mPart *part, bool both,
						  int64 provisional);
static void append_behind(StringInfo sql, M2mPart *part, int64 provisional);
static void check_left(M2mParts *parts, List *references);
static bool is_moved(M2mParts *parts, M2mReference *reference);
static void append_refers(StringInfo sql, M2mParts *parts,
						  M2mReference *reference);
pg_noreturn static void report_left(M2mParts *parts, M2mReference *reference);
static void delete_rows(M2mParts *parts, M2mRows *rows);

/*
 * m2m_parts_merge: gives the links of rows to another, into, and deletes these
 * rows; what was done is in the parts, which m2m_parts_find() has shut.  into
 * among the others is passed over.
 *
 * Errors: 23503 for a row that is not there, or where something else refers to
 * one that would go; 22023 for rows that differ in a column that a link has
 * once for both sides; 40001; 42501; and whatever a constraint or rule of the
 * associations says to the links as they would be.
 */
void
m2m_parts_merge(M2mParts *parts, M2mIds *from, M2mIds *into)
{
	List	   *references = find_references(parts->relid);
	Bitmapset  *columns = m2m_parts_columns(parts);
	M2mRows    *rows;
	ListCell   *lc;

	foreach(lc, references)
	{
		M2mReference *reference = lfirst(lc);

		for (int i = 0; i < reference->nkeys; i++)
			columns = bms_add_member(columns, reference->key[i]);
	}
	SPI_connect();
	rows = m2m_rows_read(parts, columns, from, into, true);
	foreach(lc, parts->list)
		m2m_rows_check_shared(rows, lfirst(lc));
	foreach(lc, parts->list)
	{
		merge_part(lfirst(lc), rows);
		CHECK_FOR_INTERRUPTS();
	}
	check_left(parts, references);
	delete_rows(parts, rows);
	SPI_finish();
}

/*
 * find_references: the foreign keys whose action would do something to other
 * rows when one of the table's is deleted, as M2mReference; also those to a
 * partition of it alone.
 */
static List *
find_references(Oid relid)
{
	List	   *tables = get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE ?
		find_all_inheritors(relid, NoLock, NULL) : list_make1_oid(relid);
	List	   *seen = NIL;
	List	   *result = NIL;
	ListCell   *lt;

	foreach(lt, tables)
	{
		ListCell   *lc;

		foreach(lc, m2m_catalog_foreign_keys_to(lfirst_oid(lt)))
		{
			M2mReference *reference = lfirst(lc);

			/* a partition's share in one that we have */
			seen = lappend_oid(seen, reference->constraint);
			if (list_member_oid(seen, reference->parent))
				continue;
			for (int i = 0; i < reference->nkeys; i++)
				reference->key[i] = get_attnum(relid,
											   get_attname(lfirst_oid(lt),
														   reference->key[i],
														   false));
			if (reference->on_delete == FKCONSTR_ACTION_CASCADE ||
				reference->on_delete == FKCONSTR_ACTION_SETNULL ||
				reference->on_delete == FKCONSTR_ACTION_SETDEFAULT)
				result = lappend(result, reference);
		}
	}
	return result;
}

/* is_self: is it a part in a relationship of the table with itself? */
static bool
is_self(M2mPart *part)
{
	return part->rel->side[M2M_LEFT].relid == part->rel->side[M2M_RIGHT].relid;
}

/*
 * merge_part: moves the links of one role.  If the row that stays has no key
 * there, nothing can be moved; what there is, is left, and check_left() says so.
 */
static void
merge_part(M2mPart *part, M2mRows *rows)
{
	Datum		key[INDEX_MAX_KEYS];

	if (rows->count < 2 || !m2m_row_key(rows, rows->into, part, key) ||
		move_directly(part, rows))
		return;
	if (is_self(part) && part->side == M2M_LEFT)
	{
		drop_inner(part);
		move_loops(part);
	}
	move_links(part);
}

/* move_directly: by the direct path, where it may be taken. */
static bool
move_directly(M2mPart *part, M2mRows *rows)
{
	int			n = part->rel->side[part->side].nkeys;
	M2mIds		from;
	M2mIds		into;

	if (is_self(part))
		return false;
	memset(&from, 0, sizeof(from));
	memset(&into, 0, sizeof(into));
	from.is_array = true;
	from.nkeys = into.nkeys = n;
	from.value = MemoryContextAllocHuge(CurrentMemoryContext,
										sizeof(Datum) * n * rows->count);
	into.value = palloc_array(Datum, n);
	into.count = 1;
	for (uint64 i = 0; i < rows->count; i++)
	{
		if (i == rows->into)
			(void) m2m_row_key(rows, i, part, into.value);
		else if (m2m_row_key(rows, i, part, from.value + from.count * n))
			from.count++;
	}
	return m2m_direct_move(part->rel, part->side, &from, &into, &part->count,
						   &part->dropped, &part->quiet);
}

/*
 * drop_inner: in a relationship of the table with itself, drops links between
 * two of the rows, which are one row then: nobody has said that this is linked
 * with itself.  Those that were links of a row with itself stay.  Where links
 * have no direction, the two rows of one count once.
 */
static void
drop_inner(M2mPart *part)
{
	M2mRelationship *rel = part->rel;
	StringInfoData sql;

	initStringInfo(&sql);
	append_drop(&sql, rel, !rel->revives);
	appendStringInfoString(&sql, M2M_ROWS_NAME " m, " M2M_ROWS_NAME
						   " n WHERE m.ord OPERATOR(pg_catalog.<>) n.ord AND ");
	m2m_append_is_of(&sql, rel, M2M_LEFT, "m", "a");
	appendStringInfoString(&sql, " AND ");
	m2m_append_is_of(&sql, rel, M2M_RIGHT, "n", "a");
	appendStringInfoString(&sql, " AND ");
	m2m_append_is_link(&sql, rel, M2M_LEFT, "a");
	part->dropped += m2m_parts_execute(sql.data) /
		(OidIsValid(rel->mirror) ? 2 : 1);
}

/*
 * move_loops: moves links of a row with itself, with both of their ends at
 * once: one end alone would be a link that nobody has made.
 */
static void
move_loops(M2mPart *part)
{
	StringInfoData sql;

	part->dropped += drop_doubles(part, true);
	initStringInfo(&sql);
	append_update(&sql, part, true, 0);
	appendStringInfoString(&sql, " AND ");
	m2m_append_is_link(&sql, part->rel, M2M_LEFT, "a");
	part->count += m2m_parts_execute(sql.data);
}

/*
 * move_links: moves all links of one role, and rows that are none: with no
 * other end, or marked as deleted.  Only links count.
 */
static void
move_links(M2mPart *part)
{
	M2mRelationship *rel = part->rel;
	M2mEndpoint *other = &rel->side[M2M_OTHER(part->side)];
	bool		others = rel->deleted != 0;
	StringInfoData sql;

	part->dropped += drop_doubles(part, false);
	initStringInfo(&sql);
	append_update(&sql, part, false,
				  m2m_order_provisional(rel, part->side));
	appendStringInfoString(&sql, " AND ");
	m2m_append_is_link(&sql, rel, part->side, "a");
	part->count += m2m_parts_execute(sql.data);
	for (int i = 0; i < other->nkeys; i++)
		others |= !other->key[i].link_not_null;
	if (!others)
		return;
	resetStringInfo(&sql);
	append_update(&sql, part, false, 0);
	(void) m2m_parts_execute(sql.data);
}

/*
 * drop_doubles: drops links that would be the same as another of into, or of a
 * row given before; returns how many.  With loops, those of a row with itself.
 *
 * Rows that are marked as deleted stay, unless a key allows but one row: then
 * a link goes before such a row, which is deleted.
 *
 * Where a link's column compares otherwise than the key, a row may have several
 * links with another, which would then be spelled alike: one of them is moved.
 *
 * In REPEATABLE READ and above a link that the transaction's snapshot does not
 * show, and which would be another's double, is error 40001.
 */
static int64
drop_doubles(M2mPart *part, bool loops)
{
	M2mRelationship *rel = part->rel;
	StringInfoData sql;
	int64		result;

	initStringInfo(&sql);
	append_drop(&sql, rel, !rel->revives);
	append_better(&sql, part, loops, false);
	result = m2m_parts_execute(sql.data);
	if (rel->deleted != 0 && rel->revives)
	{
		resetStringInfo(&sql);
		append_drop(&sql, rel, false);
		append_better(&sql, part, loops, true);
		(void) m2m_parts_execute(sql.data);
	}
	if (IsolationUsesXactSnapshot())
	{
		resetStringInfo(&sql);
		appendStringInfo(&sql, "SELECT FROM %s a, ",
						 m2m_qualified_name(rel->association));
		append_better(&sql, part, loops, false);
		appendStringInfoString(&sql, " LIMIT 1");
		if (m2m_parts_any(InvalidOid, sql.data, true))
			m2m_error_newer("Rows were linked after the transaction's snapshot was taken.");
	}
	return result;
}

/* append_drop: "DELETE FROM post_tag a USING ", or what marks a as deleted. */
static void
append_drop(StringInfo sql, M2mRelationship *rel, bool mark)
{
	if (mark && rel->deleted != 0)
	{
		m2m_append_removal(sql, rel);
		appendStringInfoString(sql, " FROM ");
	}
	else
		appendStringInfo(sql, "DELETE FROM %s a USING ",
						 m2m_qualified_name(rel->association));
}

/*
 * append_better: "m2m_rows m WHERE ...": row a, a link or (dead) none any more,
 * is in the way of one that is to be kept: a link goes before none, and of two
 * alike that of the row that comes first.
 */
static void
append_better(StringInfo sql, M2mPart *part, bool loops, bool dead)
{
	M2mRelationship *rel = part->rel;

	appendStringInfoString(sql, M2M_ROWS_NAME " m WHERE ");
	m2m_append_is_of(sql, rel, part->side, "m", "a");
	if (loops)
	{
		appendStringInfoString(sql, " AND ");
		m2m_append_is_of(sql, rel, M2M_OTHER(part->side), "m", "a");
	}
	if (rel->deleted != 0)
		appendStringInfo(sql, " AND %s", dead ? m2m_dead_condition(rel, "a") :
						 m2m_live_condition(rel, "a"));
	appendStringInfo(sql, " AND EXISTS (SELECT FROM %s b JOIN " M2M_ROWS_NAME
					 " g ON ", m2m_qualified_name(rel->association));
	m2m_append_is_of(sql, rel, part->side, "g", "b");
	if (loops)
	{
		appendStringInfoString(sql, " AND ");
		m2m_append_is_of(sql, rel, M2M_OTHER(part->side), "g", "b");
	}
	appendStringInfoString(sql, " WHERE ");
	if (dead)
		appendStringInfo(sql, "(%s OR ", m2m_live_condition(rel, "b"));
	if (dead || rel->nidentity > 0 ||
		(rel->side[M2M_LEFT].alike && rel->side[M2M_RIGHT].alike))
		appendStringInfo(sql, "g.ord OPERATOR(pg_catalog.<) m.ord%s",
						 dead ? ")" : "");
	else
		appendStringInfoString(sql, "(g.ord OPERATOR(pg_catalog.<) m.ord OR"
							   " g.ord OPERATOR(pg_catalog.=) m.ord AND"
							   " m.ord OPERATOR(pg_catalog.>) 0 AND"
							   " ROW(b.tableoid, b.ctid) OPERATOR(pg_catalog.<)"
							   " ROW(a.tableoid, a.ctid))");
	if (rel->deleted != 0 && !dead)
		appendStringInfo(sql, " AND %s", m2m_live_condition(rel, "b"));
	if (loops)
		m2m_append_same_identity(sql, rel, "b");
	else
		m2m_append_same_far(sql, rel, part->side, true);
	appendStringInfoChar(sql, ')');
}

/*
 * append_update: gives rows of the association to into: one end, or both ends
 * of those whose ends are one row.  With provisional, in a dense order, they
 * come last: numbers of two lists would be there twice until the commit, which a
 * unique constraint over them does not wait for.
 */
static void
append_update(StringInfo sql, M2mPart *part, bool both, int64 provisional)
{
	M2mRelationship *rel = part->rel;
	int			n = 0;

	appendStringInfo(sql, "UPDATE %s a SET ",
					 m2m_qualified_name(rel->association));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (!both && s != (int) part->side)
			continue;
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];

			if (!m2m_is_near(rel, s, i))
				continue;
			appendStringInfo(sql, "%s%s = (SELECT i.c%d FROM " M2M_ROWS_NAME
							 " i WHERE i.ord OPERATOR(pg_catalog.=) 0)",
							 n++ > 0 ? ", " : "",
							 m2m_quoted_column(rel->association,
											   key->link_attnum), key->attnum);
		}
	}
	if (provisional != 0)
		append_behind(sql, part, provisional);
	else
		appendStringInfoString(sql, " FROM " M2M_ROWS_NAME
							   " m WHERE m.ord OPERATOR(pg_catalog.>) 0 AND ");
	m2m_append_is_of(sql, rel, part->side, "m", "a");
	if (both)
	{
		appendStringInfoString(sql, " AND ");
		m2m_append_is_of(sql, rel, M2M_OTHER(part->side), "m", "a");
	}
}

/*
 * append_behind: ", position = ... FROM ... WHERE ": numbers for links that are
 * moved, row by row, in the order that they have there.
 */
static void
append_behind(StringInfo sql, M2mPart *part, int64 provisional)
{
	M2mRelationship *rel = part->rel;
	AttrNumber	position = m2m_order_column(rel, part->side);
	char	   *column = m2m_quoted_column(rel->association, position);

	appendStringInfo(sql, ", %s = CAST(w.n AS %s) FROM " M2M_ROWS_NAME
					 " m, (SELECT a.ctid AS place, " INT64_FORMAT
					 " OPERATOR(pg_catalog.+) pg_catalog.row_number() OVER (ORDER BY g.ord, a.%s",
					 column,
					 format_type_extended(get_atttype(rel->association,
													  position), -1,
										  FORMAT_TYPE_FORCE_QUALIFY),
					 provisional, column);
	for (int i = 0; i < rel->nlink; i++)
		appendStringInfo(sql, ", a.%s",
						 m2m_quoted_column(rel->association, rel->link[i]));
	appendStringInfo(sql, ") AS n FROM %s a, " M2M_ROWS_NAME
					 " g WHERE g.ord OPERATOR(pg_catalog.>) 0 AND ",
					 m2m_qualified_name(rel->association));
	m2m_append_is_of(sql, rel, part->side, "g", "a");
	appendStringInfoString(sql, " AND ");
	m2m_append_is_link(sql, rel, part->side, "a");
	appendStringInfoString(sql, ") w WHERE w.place OPERATOR(pg_catalog.=) a.ctid"
						   " AND m.ord OPERATOR(pg_catalog.>) 0 AND ");
}

/*
 * check_left: error if something refers to the rows that are to go, and would
 * go or change with them: 23503, or 40001 where the transaction's snapshot does
 * not show it.
 *
 * The rows are locked, so nothing comes to refer to them after the look.  Of
 * links that the direct path has moved none is left, where its snapshot showed
 * all, and nobody's code has run that may have made others: then there is nothing
 * to look at, which saves going through the entries of all of them.
 */
static void
check_left(M2mParts *parts, List *references)
{
	bool		quiet = !IsolationUsesXactSnapshot();
	ListCell   *lc;

	foreach(lc, parts->list)
		quiet &= ((M2mPart *) lfirst(lc))->quiet;
	foreach(lc, references)
	{
		M2mReference *reference = lfirst(lc);
		Oid			owner;
		StringInfoData sql;

		if (quiet && is_moved(parts, reference))
			continue;
		owner = m2m_catalog_relation_owner(reference->table);
		initStringInfo(&sql);
		append_refers(&sql, parts, reference);
		if (!m2m_parts_any(owner, sql.data, true))
			continue;
		if (IsolationUsesXactSnapshot() &&
			!m2m_parts_any(owner, sql.data, false))
			m2m_error_newer("Rows came to refer to those that were to be merged after the transaction's snapshot was taken.");
		report_left(parts, reference);
	}
}

/* is_moved: is a foreign key that of a part's links, which have been moved? */
static bool
is_moved(M2mParts *parts, M2mReference *reference)
{
	ListCell   *lc;

	foreach(lc, parts->list)
	{
		M2mPart    *part = lfirst(lc);
		M2mEndpoint *endpoint = &part->rel->side[part->side];
		bool		same = part->rel->association == reference->table &&
			endpoint->nkeys == reference->nkeys;

		for (int i = 0; same && i < endpoint->nkeys; i++)
		{
			same = false;
			for (int k = 0; k < reference->nkeys; k++)
				same |= reference->column[k] == endpoint->key[i].link_attnum &&
					reference->key[k] == endpoint->key[i].attnum;
		}
		if (same)
			return true;
	}
	return false;
}

/*
 * append_refers: a query of rows of a table that refer to one that is to go; of
 * the table itself, those that stay.
 */
static void
append_refers(StringInfo sql, M2mParts *parts, M2mReference *reference)
{
	M2mEndpoint *endpoint = &parts->key->rel->side[parts->key->side];

	appendStringInfo(sql, "SELECT FROM %s r JOIN " M2M_ROWS_NAME
					 " m ON m.ord OPERATOR(pg_catalog.>) 0",
					 m2m_only(reference->table));
	for (int i = 0; i < reference->nkeys; i++)
	{
		Oid			collation[2];
		Oid			type;
		int32		typmod;
		char	   *column = psprintf("r.%s",
									  m2m_quoted_column(reference->table,
														reference->column[i]));

		get_atttypetypmodcoll(parts->relid, reference->key[i], &type, &typmod,
							  &collation[0]);
		get_atttypetypmodcoll(reference->table, reference->column[i], &type,
							  &typmod, &collation[1]);
		appendStringInfo(sql, " AND m.c%d %s %s", reference->key[i],
						 m2m_qualified_operator(reference->equal_op[i]),
						 column);
		if (OidIsValid(collation[0]) && collation[0] != collation[1])
			appendStringInfo(sql, " COLLATE %s",
							 m2m_qualified_collation(collation[0]));
	}
	if (reference->table == parts->relid)
	{
		appendStringInfoString(sql, " WHERE NOT EXISTS (SELECT FROM "
							   M2M_ROWS_NAME " n WHERE n.ord OPERATOR(pg_catalog.>) 0");
		for (int i = 0; i < endpoint->nkeys; i++)
			appendStringInfo(sql, " AND n.c%d %s r.%s",
							 endpoint->key[i].attnum,
							 m2m_own_equality(endpoint->key[i].type),
							 m2m_quoted_column(parts->relid,
											   endpoint->key[i].attnum));
		appendStringInfoChar(sql, ')');
	}
	appendStringInfoString(sql, " LIMIT 1");
}

/* report_left: something refers to rows that were to go. */
static void
report_left(M2mParts *parts, M2mReference *reference)
{
	const char *name = get_rel_name(parts->relid);
	const char *table = get_rel_name(reference->table);
	bool		is_part = false;
	ListCell   *lc;

	foreach(lc, parts->list)
		is_part |= ((M2mPart *) lfirst(lc))->rel->association == reference->table;
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("rows of table \"%s\" cannot be merged while table \"%s\" refers to them",
					name, table),
			 reference->on_delete == FKCONSTR_ACTION_CASCADE ?
			 errdetail("By foreign key \"%s\", their removal would delete rows of \"%s\".",
					   get_constraint_name(reference->constraint), table) :
			 errdetail("By foreign key \"%s\", their removal would change rows of \"%s\".",
					   get_constraint_name(reference->constraint), table),
			 is_part ?
			 errhint("A trigger or row security has kept links from being moved, or the row that stays has no key there.") :
			 errhint("First let these rows refer to the row that stays. m2m_merge moves links of relationships that count for you; m2m_adopt makes one of a join table.")));
}

/*
 * delete_rows: deletes the rows, as the caller.  A trigger of the table's may
 * keep them; that a policy does so without a word would leave half of a merge:
 * error 42501.
 */
static void
delete_rows(M2mParts *parts, M2mRows *rows)
{
	M2mEndpoint *endpoint = &parts->key->rel->side[parts->key->side];
	StringInfoData sql;
	uint64		deleted;
	Relation	relation;
	bool		kept;

	initStringInfo(&sql);
	appendStringInfo(&sql, "DELETE FROM %s t USING " M2M_ROWS_NAME
					 " m WHERE m.ord OPERATOR(pg_catalog.>) 0",
					 m2m_only(parts->relid));
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&sql, " AND m.c%d %s t.%s", endpoint->key[i].attnum,
						 m2m_own_equality(endpoint->key[i].type),
						 m2m_quoted_column(parts->relid,
										   endpoint->key[i].attnum));
	deleted = m2m_parts_execute(sql.data);
	relation = table_open(parts->relid, NoLock);
	kept = deleted + 1 < rows->count &&
		!(relation->trigdesc != NULL &&
		  relation->trigdesc->trig_delete_before_row) &&
		check_enable_rls(parts->relid, InvalidOid, true) == RLS_ENABLED;
	table_close(relation, NoLock);
	if (kept)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security keeps rows of table \"%s\" from being deleted",
						get_rel_name(parts->relid))));
}
