/*
 * link_parts.c
 *		All relationships of one table, for who works on the links of its rows
 *		in each of them (link_merge.c, link_copy.c): which they are, locked; which
 *		rows a call is about; and pieces of SQL text over both.
 *
 * A part is a role that the table plays in one of its relationships: one with
 * itself has two.  In the text, m is a row that the call is about, in
 * M2M_ROWS_NAME, where column c3 is the table's third; a and b are rows of an
 * association.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "execute.h"
#include "ids.h"
#include "link_internal.h"
#include "m2m.h"
#include "relationship.h"
#include "text.h"

/* The ids of a call: ord, then the key's columns k1, k2 ... */
#define IDS_NAME "m2m_ids"

static List *find_associations(Oid relid, const char *via, const char *role);
static void lock_associations(Oid relid, List *associations, bool shut);
static void check_local(Oid relid);
static List *make_parts(Oid relid, List *associations, const char *role);
static M2mPart *choose_key(M2mParts *parts);
static Bitmapset *key_columns(M2mEndpoint *endpoint);
pg_noreturn static void report_none(Oid relid, const char *via,
									const char *role);
static void register_ids(M2mParts *parts, M2mIds *from, M2mIds *into);
static int64 check_ids(M2mParts *parts, M2mIds *from, M2mIds *into);
static void append_same_key(StringInfo sql, M2mParts *parts);
static void append_key(StringInfo sql, M2mEndpoint *endpoint,
					   const char *prefix, bool names);
static void execute_as(Oid role, const char *sql);

/*
 * m2m_parts_find: the parts of a table in all relationships that count for the
 * caller, or in the one that via names; of these, that of a role, if one is
 * given.  Their associations are locked against changes: in ROW EXCLUSIVE, or
 * shut, so that nobody else writes them (SHARE ROW EXCLUSIVE, partitions
 * included), for who may delete from them; then the table is locked as for a
 * DELETE, so that no foreign key to it is added meanwhile.
 *
 * All locks at once (m2m_lock_relations()), so nobody waits for us while we
 * wait; and before any row's, so that who has a link in the making has
 * finished: nothing else waits for another then.
 *
 * Errors: 42704 none, 42P08 several that via means, or rows that have no one
 * key; 42501; 0A000 for distributed tables.
 */
M2mParts *
m2m_parts_find(Oid relid, const char *via, const char *role, bool shut)
{
	M2mParts   *result = palloc0(sizeof(M2mParts));
	List	   *found = find_associations(relid, via, role);
	ListCell   *lc;

	/* which to lock is known but by a look that no lock protects: look again */
	for (;;)
	{
		List	   *now;

		if (found == NIL)
			report_none(relid, via, role);
		lock_associations(relid, found, shut);
		now = find_associations(relid, via, role);
		if (equal(found, now))
			break;
		found = now;
		CHECK_FOR_INTERRUPTS();
	}
	if (via != NULL && list_length(found) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
				 errmsg("several relationships \"%s\" of table \"%s\"",
						via, get_rel_name(relid)),
				 errhint("Name the association with its schema.")));
	check_local(relid);
	foreach(lc, found)
		check_local(lfirst_oid(lc));
	result->relid = relid;
	result->list = make_parts(relid, found, role);
	result->key = choose_key(result);
	return result;
}

/*
 * m2m_parts_refresh: the same parts after SQL of the caller's has run that may
 * have changed the very tables: error 55000 where it did.
 */
void
m2m_parts_refresh(M2mParts *parts)
{
	ListCell   *lc;

	foreach(lc, parts->list)
	{
		M2mPart    *part = lfirst(lc);

		if (!m2m_relationship_current(part->rel))
			part->rel = m2m_relationship_refresh(part->rel);
	}
}

/*
 * find_associations: those of the table's relationships, in the order of their
 * OIDs.  Each has a foreign key to it, or a link view that reads it.
 */
static List *
find_associations(Oid relid, const char *via, const char *role)
{
	List	   *candidates = m2m_catalog_associations_of(list_make1_oid(relid));
	List	   *found = NIL;
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, m2m_catalog_foreign_keys_to(relid))
	{
		M2mReference *reference = lfirst(lc);

		candidates = list_append_unique_oid(candidates, reference->table);
	}
	foreach(lc, candidates)
	{
		M2mRelationship *rel = m2m_relationship_get(lfirst_oid(lc), InvalidOid,
													NoLock);

		if (rel != NULL && make_parts(relid, list_make1_oid(lfirst_oid(lc)),
									  role) != NIL &&
			m2m_relationship_is_meant(rel, via))
			found = lappend_oid(found, lfirst_oid(lc));
		CHECK_FOR_INTERRUPTS();
	}
	foreach(lc, found)
	{
		if (!m2m_catalog_is_part(lfirst_oid(lc), found))
			result = lappend_oid(result, lfirst_oid(lc));
	}
	list_sort(result, list_oid_cmp);
	return result;
}

/*
 * lock_associations: as m2m_parts_find() says.  Who may not delete from one is
 * not to keep others from writing it: error 42501, as LOCK TABLE has it.
 */
static void
lock_associations(Oid relid, List *associations, bool shut)
{
	List	   *relids = list_make1_oid(relid);
	List	   *lockmodes = list_make1_int(shut ? RowExclusiveLock :
										   AccessShareLock);
	ListCell   *lc;

	foreach(lc, associations)
	{
		List	   *tables = list_make1_oid(lfirst_oid(lc));
		ListCell   *lt;

		if (shut)
		{
			AclResult	allowed = pg_class_aclcheck(lfirst_oid(lc),
													GetUserId(), ACL_DELETE);

			if (allowed != ACLCHECK_OK)
				aclcheck_error(allowed, OBJECT_TABLE,
							   get_rel_name(lfirst_oid(lc)));
			tables = find_all_inheritors(lfirst_oid(lc), NoLock, NULL);
		}
		foreach(lt, tables)
		{
			relids = lappend_oid(relids, lfirst_oid(lt));
			lockmodes = lappend_int(lockmodes, shut ? ShareRowExclusiveLock :
									RowExclusiveLock);
		}
	}
	m2m_lock_relations_each(relids, lockmodes);
}

/*
 * check_local: error for a table whose rows are kept elsewhere: no statement
 * joins these with the rows of a call.
 */
static void
check_local(Oid relid)
{
	if (m2m_catalog_is_distributed(relid))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("rows of distributed tables cannot be merged, nor their links copied"),
				 errdetail("Table %s is managed by the extension \"citus\".",
						   m2m_qualified_name(relid))));
}

/* make_parts: what the table is in these relationships, left before right. */
static List *
make_parts(Oid relid, List *associations, const char *role)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, associations)
	{
		M2mRelationship *rel = m2m_relationship_get(lfirst_oid(lc), InvalidOid,
													NoLock);

		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			M2mPart    *part;

			if (rel->side[s].relid != relid ||
				(role != NULL && strcmp(rel->side[s].role, role) != 0))
				continue;
			part = palloc0(sizeof(M2mPart));
			part->rel = rel;
			part->side = s;
			result = lappend(result, part);
		}
	}
	return result;
}

/*
 * choose_key: by which part's key rows are given: its primary key; if no
 * relationship refers to that, the key that all refer to.  Error 42P08 where
 * they refer to several.
 */
static M2mPart *
choose_key(M2mParts *parts)
{
	Oid			constraint;
	Bitmapset  *primary = get_primary_key_attnos(parts->relid, true,
												 &constraint);
	M2mPart    *first = linitial(parts->list);
	ListCell   *lc;

	foreach(lc, parts->list)
	{
		M2mPart    *part = lfirst(lc);

		if (bms_equal(key_columns(&part->rel->side[part->side]), primary))
			return part;
	}
	foreach(lc, parts->list)
	{
		M2mPart    *part = lfirst(lc);

		if (!bms_equal(key_columns(&part->rel->side[part->side]),
					   key_columns(&first->rel->side[first->side])))
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
					 errmsg("rows of table \"%s\" have no one key",
							get_rel_name(parts->relid)),
					 errdetail("Relationships \"%s\" and \"%s\" refer to different keys of it, and none to its primary key.",
							   get_rel_name(first->rel->association),
							   get_rel_name(part->rel->association))));
	}
	return first;
}

/* key_columns: as get_primary_key_attnos() has them. */
static Bitmapset *
key_columns(M2mEndpoint *endpoint)
{
	Bitmapset  *result = NULL;

	for (int i = 0; i < endpoint->nkeys; i++)
		result = bms_add_member(result, endpoint->key[i].attnum -
								FirstLowInvalidHeapAttributeNumber);
	return result;
}

/* report_none: there is nothing that the call can mean. */
static void
report_none(Oid relid, const char *via, const char *role)
{
	const char *name = get_rel_name(relid);

	if (via != NULL || role != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 via == NULL ?
				 errmsg("table \"%s\" has no role \"%s\" in a relationship",
						name, role) :
				 role == NULL ?
				 errmsg("table \"%s\" has no relationship \"%s\"", name, via) :
				 errmsg("table \"%s\" has no role \"%s\" in a relationship \"%s\"",
						name, role, via),
				 errhint("The function m2m_relationships() lists those that there are.")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("table \"%s\" has no relationships", name),
			 errhint("The function m2m_relationships() lists those that there are; m2m_adopt() makes one of a join table.")));
}

/*
 * m2m_rows_read: the rows that a call is about, into first (row 0), then those
 * from which it takes links, each once, as M2M_ROWS_NAME in this SPI
 * connection: ord, and the columns given (attribute numbers).
 *
 * The caller has to see them: what he may not read is not there for him.  With
 * lock they are locked as for DELETE, in key order, by whoever owns the table,
 * as a foreign key's check locks them: to delete a row takes no right to lock
 * one.
 *
 * Errors: 23503 for a row that is not there; 42501.
 */
M2mRows *
m2m_rows_read(M2mParts *parts, Bitmapset *columns, M2mIds *from, M2mIds *into,
			  bool lock)
{
	M2mRows    *rows = palloc0(sizeof(M2mRows));
	Tuplestorestate *store;
	StringInfoData sql;
	int64		expected;
	int			attnum = -1;

	register_ids(parts, from, into);
	expected = check_ids(parts, from, into);
	rows->attnum = palloc_array(AttrNumber, bms_num_members(columns) + 1);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT p.ord AS ord");
	while ((attnum = bms_next_member(columns, attnum)) >= 0)
	{
		rows->attnum[rows->ncolumns++] = attnum;
		appendStringInfo(&sql, ", t.%s AS c%d",
						 m2m_quoted_column(parts->relid, attnum), attnum);
	}
	appendStringInfoString(&sql, " FROM (SELECT ");
	append_key(&sql, &parts->key->rel->side[parts->key->side], "", false);
	appendStringInfo(&sql, ", pg_catalog.min(ord) AS ord FROM " IDS_NAME
					 " GROUP BY ");
	append_key(&sql, &parts->key->rel->side[parts->key->side], "", false);
	appendStringInfo(&sql, ") p JOIN %s t ON ", m2m_only(parts->relid));
	append_same_key(&sql, parts);
	appendStringInfoString(&sql, " ORDER BY ");
	append_key(&sql, &parts->key->rel->side[parts->key->side], "t.", true);
	if (lock)
	{
		appendStringInfoString(&sql, " FOR UPDATE OF t");
		execute_as(m2m_catalog_relation_owner(parts->relid), sql.data);
	}
	else
		execute_as(InvalidOid, sql.data);

	/* deleted while we waited for it: say which */
	if ((int64) SPI_processed != expected)
	{
		check_ids(parts, from, into);
		m2m_error_newer("A row was deleted after the transaction's snapshot was taken.");
	}
	rows->desc = SPI_tuptable->tupdesc;
	rows->row = SPI_tuptable->vals;
	rows->count = SPI_processed;
	store = tuplestore_begin_heap(false, false, work_mem);
	for (uint64 i = 0; i < rows->count; i++)
	{
		bool		isnull;

		tuplestore_puttuple(store, rows->row[i]);
		if (DatumGetInt64(SPI_getbinval(rows->row[i], rows->desc, 1,
										&isnull)) == 0)
			rows->into = i;
	}
	m2m_register_rows(M2M_ROWS_NAME, rows->desc, store, rows->count);
	return rows;
}

/* m2m_parts_columns: the columns of the table that its parts refer to. */
Bitmapset *
m2m_parts_columns(M2mParts *parts)
{
	Bitmapset  *result = NULL;
	ListCell   *lc;

	foreach(lc, parts->list)
	{
		M2mPart    *part = lfirst(lc);

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			M2mEndpoint *endpoint = &part->rel->side[s];

			for (int i = 0; endpoint->relid == parts->relid &&
				 i < endpoint->nkeys; i++)
				result = bms_add_member(result, endpoint->key[i].attnum);
		}
	}
	return result;
}

/*
 * m2m_row_key: the key of the nth row for a part; false if it has a null, and
 * so cannot be linked.
 */
bool
m2m_row_key(M2mRows *rows, uint64 n, M2mPart *part, Datum *key)
{
	M2mEndpoint *endpoint = &part->rel->side[part->side];

	for (int i = 0; i < endpoint->nkeys; i++)
	{
		int			c = 0;
		bool		isnull;

		while (rows->attnum[c] != endpoint->key[i].attnum)
			c++;
		key[i] = SPI_getbinval(rows->row[n], rows->desc, c + 2, &isnull);
		if (isnull)
			return false;
	}
	return true;
}

/*
 * m2m_rows_check_shared: error 22023 if a column that the other side's key has,
 * too, is not the same in all rows: a link of the one cannot be another's.
 */
void
m2m_rows_check_shared(M2mRows *rows, M2mPart *part)
{
	M2mRelationship *rel = part->rel;
	M2mEndpoint *endpoint = &rel->side[part->side];
	M2mPairOrder *order = m2m_pair_order(rel);
	int			first = part->side == M2M_LEFT ? 0 : order->nleft;
	Datum		into[INDEX_MAX_KEYS];
	Datum		key[INDEX_MAX_KEYS];

	if (rel->nshared == 0 || !m2m_row_key(rows, rows->into, part, into))
		return;
	for (uint64 n = 0; n < rows->count; n++)
	{
		if (!m2m_row_key(rows, n, part, key))
			continue;
		for (int i = 0; i < endpoint->nkeys; i++)
		{
			if (m2m_is_near(rel, part->side, i) ||
				m2m_pair_compare(order, first + i, 1, &key[i], &into[i]) == 0)
				continue;
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("rows of table \"%s\" that differ in column \"%s\" cannot have each other's links",
							get_rel_name(endpoint->relid),
							get_attname(endpoint->relid,
										endpoint->key[i].attnum, false)),
					 errdetail("Keys are %s and %s.",
							   text_to_cstring(m2m_key_text(rel, part->side,
															key)),
							   text_to_cstring(m2m_key_text(rel, part->side,
															into))),
					 errhint("In table \"%s\" that column stands in the key of \"%s\", too.",
							 get_rel_name(rel->association),
							 get_rel_name(rel->side[M2M_OTHER(part->side)].relid))));
		}
	}
}

/*
 * m2m_is_near: is a key column of a side none of the other side's, too?  One
 * that is stays as it is when a link gets another row.
 */
bool
m2m_is_near(M2mRelationship *rel, M2mSide side, int column)
{
	M2mEndpoint *other = &rel->side[M2M_OTHER(side)];

	for (int i = 0; i < other->nkeys; i++)
	{
		if (other->key[i].link_attnum == rel->side[side].key[column].link_attnum)
			return false;
	}
	return true;
}

/* m2m_append_is_of: "m.c1 = a.tag_id AND ...": is link a one of row m? */
void
m2m_append_is_of(StringInfo sql, M2mRelationship *rel, M2mSide side,
				 const char *row, const char *link)
{
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];

		appendStringInfo(sql, "%s%s.c%d %s %s", i > 0 ? " AND " : "", row,
						 key->attnum, m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, link));
	}
}

/*
 * m2m_append_same_far: " AND a.post_id = b.post_id AND ...": is b a link to
 * the same row of the other side, with the same identity?
 */
void
m2m_append_same_far(StringInfo sql, M2mRelationship *rel, M2mSide side,
					bool identity)
{
	M2mSide		other = M2M_OTHER(side);

	for (int i = 0; i < rel->side[other].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[other].key[i];
		char	   *column = m2m_quoted_column(rel->association,
											   key->link_attnum);
		ListCell   *lc;

		if (!key->alike)
		{
			appendStringInfo(sql, " AND %s %s %s",
							 m2m_as_row_has_it(rel, key, "a"),
							 m2m_own_equality(m2m_converts(key) ? key->type :
											  key->link_type),
							 m2m_as_row_has_it(rel, key, "b"));
			continue;
		}
		appendStringInfo(sql, " AND a.%s %s b.%s", column,
						 m2m_own_equality(key->link_type), column);
		foreach(lc, rel->collated)
		{
			if (lfirst_int(lc) == key->link_attnum)
				appendStringInfo(sql, " COLLATE %s",
								 m2m_qualified_collation(list_nth_oid(rel->collations,
																	  foreach_current_index(lc))));
		}
	}
	if (identity)
		m2m_append_same_identity(sql, rel, "b");
}

/*
 * m2m_append_is_link: has a row of the association, whose end at this side is
 * known to be there, another one, and does not say that it is no link any more?
 */
void
m2m_append_is_link(StringInfo sql, M2mRelationship *rel, M2mSide side,
				   const char *link)
{
	M2mEndpoint *other = &rel->side[M2M_OTHER(side)];

	appendStringInfoString(sql, "true");
	for (int i = 0; i < other->nkeys; i++)
	{
		if (!other->key[i].link_not_null)
			appendStringInfo(sql, " AND %s.%s IS NOT NULL", link,
							 m2m_quoted_column(rel->association,
											   other->key[i].link_attnum));
	}
	if (rel->deleted != 0)
		appendStringInfo(sql, " AND %s", m2m_live_condition(rel, link));
}

/*
 * m2m_parts_execute: a statement by a new command; returns the rows processed.
 */
uint64
m2m_parts_execute(const char *sql)
{
	int			result = SPI_execute(sql, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute failed for \"%s\": %s", sql,
			 SPI_result_code_string(result));
	return SPI_processed;
}

/* register_ids: the ids as given, as a relation: into is number 0. */
static void
register_ids(M2mParts *parts, M2mIds *from, M2mIds *into)
{
	M2mEndpoint *endpoint = &parts->key->rel->side[parts->key->side];
	TupleDesc	desc = CreateTemplateTupleDesc(endpoint->nkeys + 1);
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	Datum	   *values = palloc_array(Datum, endpoint->nkeys + 1);
	bool	   *isnull = palloc0_array(bool, endpoint->nkeys + 1);

	TupleDescInitEntry(desc, 1, "ord", INT8OID, -1, 0);
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		TupleDescInitEntry(desc, i + 2, psprintf("k%d", i + 1),
						   getBaseType(endpoint->key[i].type), -1, 0);
		TupleDescInitEntryCollation(desc, i + 2, endpoint->key[i].collation);
	}
	TupleDescFinalize(desc);
	for (int64 n = 0; n <= from->count; n++)
	{
		values[0] = Int64GetDatum(n);
		memcpy(values + 1, n == 0 ? into->value :
			   from->value + (n - 1) * endpoint->nkeys,
			   sizeof(Datum) * endpoint->nkeys);
		tuplestore_putvalues(store, desc, values, isnull);
		if ((n & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}

	/* mostly they are few, and plans are made for them: by the index */
	m2m_register_rows(IDS_NAME, desc, store, from->count + 1);
}

/*
 * check_ids: returns how many different rows the ids name; error 23503 if the
 * caller does not see one of them, as linking it would be, and 40001 if it is the
 * transaction's snapshot that does not show it.
 */
static int64
check_ids(M2mParts *parts, M2mIds *from, M2mIds *into)
{
	M2mPart    *part = parts->key;
	M2mEndpoint *endpoint = &part->rel->side[part->side];
	StringInfoData sql;
	Datum		missing;
	Datum		count;
	bool		isnull;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT pg_catalog.count(*), pg_catalog.min(p.ord)"
						   " FILTER (WHERE NOT EXISTS (SELECT FROM ");
	appendStringInfo(&sql, "%s t WHERE ", m2m_only(parts->relid));
	append_same_key(&sql, parts);
	appendStringInfoString(&sql, ")) FROM (SELECT ");
	append_key(&sql, endpoint, "", false);
	appendStringInfoString(&sql, ", pg_catalog.min(ord) AS ord FROM " IDS_NAME
						   " GROUP BY ");
	append_key(&sql, endpoint, "", false);
	appendStringInfoString(&sql, ") p");
	m2m_parts_execute(sql.data);
	count = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
						  &isnull);
	missing = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2,
							&isnull);
	if (!isnull)
	{
		int64		n = DatumGetInt64(missing);

		appendStringInfoString(&sql, " HAVING pg_catalog.bool_and(EXISTS (SELECT FROM ");
		appendStringInfo(&sql, "%s t WHERE ", m2m_only(parts->relid));
		append_same_key(&sql, parts);
		appendStringInfoString(&sql, "))");
		if (IsolationUsesXactSnapshot() &&
			m2m_parts_any(InvalidOid, sql.data, true))
			m2m_error_newer("A row was made after the transaction's snapshot was taken.");
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("there is no such row of table \"%s\"",
						get_rel_name(parts->relid)),
				 errdetail("Key (%s)=(%s) is not present in table \"%s\".",
						   m2m_quoted_key(part->rel, part->side),
						   text_to_cstring(m2m_key_text(part->rel, part->side,
														n == 0 ? into->value :
														from->value + (n - 1) *
														endpoint->nkeys)),
						   get_rel_name(parts->relid))));
	}
	return DatumGetInt64(count);
}

/* append_same_key: is row t of the table the one that id p names? */
static void
append_same_key(StringInfo sql, M2mParts *parts)
{
	M2mEndpoint *endpoint = &parts->key->rel->side[parts->key->side];

	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		char	   *column = psprintf("t.%s", m2m_quoted_column(parts->relid,
																key->attnum));

		appendStringInfo(sql, "%sp.k%d %s %s", i > 0 ? " AND " : "", i + 1,
						 m2m_own_equality(key->type),
						 m2m_base_operand(column, key->type));
	}
}

/* append_key: "k1, k2 ...", or the table's columns by their names. */
static void
append_key(StringInfo sql, M2mEndpoint *endpoint, const char *prefix,
		   bool names)
{
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(sql, "%s%s%s", i > 0 ? ", " : "", prefix,
						 names ? m2m_quoted_column(endpoint->relid,
												   endpoint->key[i].attnum) :
						 psprintf("k%d", i + 1));
}

/*
 * execute_as: a statement by a new command, as a foreign key's query runs as a
 * table's owner, past policies of his own; or as the caller.
 */
static void
execute_as(Oid role, const char *sql)
{
	Oid			userid;
	int			security;

	/* after an error the end of the (sub)transaction gives the user back */
	GetUserIdAndSecContext(&userid, &security);
	if (OidIsValid(role))
		SetUserIdAndSecContext(role, security | SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_NOFORCE_RLS);
	m2m_parts_execute(sql);
	SetUserIdAndSecContext(userid, security);
}

/*
 * m2m_parts_any: does a query that only reads return a row, run in the same way:
 * as of now (latest), or by the transaction's snapshot?
 */
bool
m2m_parts_any(Oid role, const char *sql, bool latest)
{
	Oid			userid;
	int			security;
	SPIPlanPtr	plan;
	bool		result;

	GetUserIdAndSecContext(&userid, &security);
	if (OidIsValid(role))
		SetUserIdAndSecContext(role, security | SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_NOFORCE_RLS);
	plan = SPI_prepare(sql, 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	if (latest)
		m2m_plan_run_latest(plan, NULL, NULL);
	else
		m2m_plan_run(plan, NULL, false);
	result = SPI_processed > 0;
	SetUserIdAndSecContext(userid, security);
	return result;
}
