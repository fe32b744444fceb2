/*
 * order_define.c
 *		Switching an order on and off: the column, its numbers, sequence and
 *		index.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "order_internal.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

static char *dense_text(M2mRelationship *rel, M2mSide side, AttrNumber attnum,
						int first);
static void write_numbers(const char *sql);
static char *sparse_text(M2mRelationship *rel, M2mSide side,
						 AttrNumber attnum);
static char *place_text(M2mRelationship *rel, const char *column,
						const char *number);
static void check_column(M2mRelationship *rel, M2mSide side,
						 const char *column, bool dense);
static bool is_of_identity(M2mRelationship *rel, AttrNumber attnum);
static bool is_nullable(Oid relid, AttrNumber attnum);
static int	first_number(Oid association, AttrNumber attnum);
static int64 ask_number(const char *sql);
static void make_identity(M2mRelationship *rel, AttrNumber attnum,
						  bool dense);
static void drop_identity(M2mRelationship *rel, AttrNumber attnum);
static char *index_name(M2mRelationship *rel, M2mSide side);
static Oid	find_index(M2mRelationship *rel, M2mSide side, AttrNumber column,
					   const char *name);

/*
 * m2m_order_define: gives the links of each row of a role an order, in a
 * column of the association, which is added if it is not there.  Replaces the
 * order that the role has.  Errors: those of m2m_rule_begin() and
 * m2m_rule_side(); 42804 for a column that cannot hold it.
 */
void
m2m_order_define(Oid association, const char *role, const char *column,
				 bool dense)
{
	M2mRelationship *rel;
	M2mSide		side;
	M2mRule    *rule;
	List	   *args = list_make1(psprintf("role=%s", role));
	char	   *name = m2m_rule_name(&m2m_order_kind, role);
	char	   *table;
	char	   *quoted;
	char	   *comment;
	bool		added = false;
	bool		nullable = true;
	AttrNumber	attnum;
	char	   *keys;

	/* at once: two that had a weaker lock and wanted this would be stuck */
	if (get_rel_name(association) != NULL &&
		object_ownercheck(RelationRelationId, association, GetUserId()))
		LockRelationOid(association, AccessExclusiveLock);
	rel = m2m_rule_begin(association, "order");
	side = m2m_rule_side(rel, role);
	rule = m2m_rule_find(rel, name);
	if (column == NULL)
		column = rule != NULL && rule->column != 0 ?
			get_attname(association, rule->column, false) :
			makeObjectName(rel->side[M2M_OTHER(side)].role, NULL, "position");
	check_column(rel, side, column, dense);
	attnum = get_attnum(association, column);
	if (rule != NULL)
	{
		bool		same = rule->column != 0 && rule->column == attnum;

		added = same && m2m_rule_argument(rule, "origin") != NULL;
		nullable = !same || m2m_rule_argument(rule, "null") != NULL;
		m2m_rule_remove(rule);
		m2m_order_end(rule, same);
		m2m_relationship_changed(association);
	}
	table = m2m_qualified_name(association);
	quoted = pstrdup(quote_identifier(column));
	if (attnum == InvalidAttrNumber)
	{
		/* not as DDL of our own: link views are to follow it */
		m2m_sql(psprintf("ALTER TABLE %s ADD COLUMN %s pg_catalog.int8",
						 table, quoted));
		added = true;
		CommandCounterIncrement();
		attnum = get_attnum(association, column);
	}
	else if (!added)
		nullable = nullable && is_nullable(association, attnum);
	m2m_relationship_changed(association);
	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	if (rel == NULL)
		elog(ERROR, "relationship of \"%s\" was not found again", table);

	/* places of links that are there, before there are triggers */
	args = lappend(args, psprintf("order=%s", dense ? "dense" : "sparse"));
	if (dense)
	{
		int			first = rule != NULL && IS_DENSE(rule) ? FIRST(rule) :
			first_number(association, attnum);

		args = lappend(args, psprintf("first=%d", first));
		write_numbers(dense_text(rel, side, attnum, first));
	}
	else
		write_numbers(sparse_text(rel, side, attnum));
	if (added)
		args = lappend(args, pstrdup("origin=added"));
	else if (nullable)
		args = lappend(args, pstrdup("null=allowed"));
	keys = m2m_rule_names(rel, side);
	make_identity(rel, attnum, dense);
	if (!OidIsValid(find_index(rel, side, attnum, NULL)))
		m2m_ddl(psprintf("CREATE INDEX %s ON %s (%s, %s)",
						 quote_identifier(ChooseRelationName(get_rel_name(association),
															 role, "order",
															 get_rel_namespace(association),
															 false)),
						 table, keys, quoted));

	comment = psprintf("m2m: the links of each \"%s\" have an order; m2m_move() changes it,"
					   " m2m_drop_rule() ends it.",
					   role);
	m2m_rule_trigger(association, makeObjectName(name, NULL, "row"),
					 psprintf("BEFORE INSERT OR UPDATE OF %s ON %%s FOR EACH ROW"
							  " WHEN (NEW.%s IS NULL)",
							  quoted, quoted),
					 InvalidOid, &m2m_order_kind, args, comment);
	if (dense)
	{
		m2m_rule_trigger(association, makeObjectName(name, NULL, "lock"),
						 psprintf("BEFORE DELETE OR UPDATE OF %s, %s%s%s ON %%s FOR EACH STATEMENT",
								  quoted, keys,
								  rel->deleted != 0 ? ", " : "",
								  rel->deleted != 0 ?
								  m2m_quoted_column(association,
													rel->deleted) : ""),
						 InvalidOid, &m2m_order_kind, args, comment);
		m2m_rule_create(rel, &m2m_order_kind, name,
						M2M_RULE_INSERT | M2M_RULE_UPDATE | M2M_RULE_DELETE,
						args, InvalidOid, comment);
	}
	m2m_relationship_changed(association);
	CommandCounterIncrement();
}

/*
 * dense_text: gives the links that there are the numbers of their places: by
 * the column, and by their keys where that says nothing.
 */
static char *
dense_text(M2mRelationship *rel, M2mSide side, AttrNumber attnum, int first)
{
	char	   *column = m2m_quoted_column(rel->association, attnum);

	return place_text(rel, column,
					  psprintf("(pg_catalog.row_number() OVER (PARTITION BY %s ORDER BY a.%s, %s)"
							   " OPERATOR(pg_catalog.+) (%d))",
							   m2m_rule_keys(rel, side, "a"), column,
							   m2m_rule_keys(rel, M2M_OTHER(side), "a"),
							   first - 1));
}

/*
 * write_numbers: of links that were there before.  Where a link has two rows,
 * each has a number of its own.
 */
static void
write_numbers(const char *sql)
{
	m2m_symmetric_pause(1);
	PG_TRY();
	{
		m2m_rule_sql(sql);
	}
	PG_FINALLY();
	{
		m2m_symmetric_pause(-1);
	}
	PG_END_TRY();
}

/*
 * sparse_text: numbers for those that have none, in steps, behind all that
 * there are.
 */
static char *
sparse_text(M2mRelationship *rel, M2mSide side, AttrNumber attnum)
{
	char	   *column = m2m_quoted_column(rel->association, attnum);
	int			step = m2m_order_step_of(get_atttype(rel->association, attnum));

	return place_text(rel, column,
					  psprintf("COALESCE(a.%s, GREATEST(0, (pg_catalog.max(a.%s) OVER ()"
							   " OPERATOR(pg_catalog./) %d OPERATOR(pg_catalog.+) 1)"
							   " OPERATOR(pg_catalog.*) %d)"
							   " OPERATOR(pg_catalog.+) (pg_catalog.row_number() OVER"
							   " (PARTITION BY a.%s IS NULL, %s ORDER BY %s)"
							   " OPERATOR(pg_catalog.*) %d))",
							   column, column, step, step, column,
							   m2m_rule_keys(rel, side, "a"),
							   m2m_rule_keys(rel, M2M_OTHER(side), "a"), step));
}

/* place_text: writes a number where it is another. */
static char *
place_text(M2mRelationship *rel, const char *column, const char *number)
{
	char	   *table = m2m_qualified_name(rel->association);

	return psprintf("UPDATE %s a SET %s = p.n FROM (SELECT a.ctid AS place, %s AS n FROM %s a) p"
					" WHERE a.ctid OPERATOR(pg_catalog.=) p.place"
					" AND (a.%s OPERATOR(pg_catalog.=) p.n) IS NOT TRUE",
					table, column, number, table, column);
}

/*
 * check_column: may a column hold an order, or be added for it?  Error 42804.
 */
static void
check_column(M2mRelationship *rel, M2mSide side, const char *column,
			 bool dense)
{
	AttrNumber	attnum = get_attnum(rel->association, column);
	M2mRule    *other = m2m_order_of(rel, M2M_OTHER(side));
	Oid			type;
	HeapTuple	tuple;
	char		identity;

	if (attnum == InvalidAttrNumber)
		return;
	if (attnum < 0 || m2m_columns_include(rel->nlink, rel->link, attnum) ||
		attnum == rel->deleted || is_of_identity(rel, attnum) ||
		(other != NULL && other->column == attnum))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of \"%s\" cannot hold an order", column,
						get_rel_name(rel->association)),
				 errdetail("It means something else already."),
				 errhint("Give another column as \"position\", which is added if it is not there.")));
	type = get_atttype(rel->association, attnum);
	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(rel->association),
							Int16GetDatum(attnum));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for attribute %d of relation %u",
			 attnum, rel->association);
	identity = ((Form_pg_attribute) GETSTRUCT(tuple))->attidentity;
	ReleaseSysCache(tuple);
	if ((type != INT8OID && type != INT4OID && type != INT2OID) ||
		get_attgenerated(rel->association, attnum) != '\0' ||
		identity == ATTRIBUTE_IDENTITY_ALWAYS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of \"%s\" cannot hold an order", column,
						get_rel_name(rel->association)),
				 errhint("An order is a column of type bigint or integer, or with dense => true smallint, that is not generated.")));
	if (!dense && type == INT2OID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of \"%s\" is too small for an order with gaps",
						column, get_rel_name(rel->association)),
				 errdetail("Its type is smallint."),
				 errhint("Make it bigint: ALTER TABLE %s ALTER COLUMN %s TYPE bigint. Or have no gaps: SELECT m2m_order(%s, %s, %s, dense => true).",
						 m2m_qualified_name(rel->association),
						 quote_identifier(column),
						 quote_literal_cstr(m2m_qualified_name(rel->association)),
						 quote_literal_cstr(rel->side[side].role),
						 quote_literal_cstr(column))));
}

/*
 * is_of_identity: is a column one of a key that tells links from each other?
 * Where all columns do, for want of a key, any of them may change.
 */
static bool
is_of_identity(M2mRelationship *rel, AttrNumber attnum)
{
	for (int i = 0; rel->identity != M2M_IDENTITY_ROW && i < rel->nidentity; i++)
	{
		if (rel->identity_column[i].attnum == attnum)
			return true;
	}
	return false;
}

/* is_nullable: may a column be null, in a row that is there or one to come? */
static bool
is_nullable(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid),
										Int16GetDatum(attnum));
	bool		result = HeapTupleIsValid(tuple) &&
		!m2m_catalog_has_no_null((Form_pg_attribute) GETSTRUCT(tuple));

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

/*
 * first_number: does a dense order begin with 0 or 1?  As the links that are
 * there have it; without any by the name, which Hibernate makes end so and
 * counts from 0.
 */
static int
first_number(Oid association, AttrNumber attnum)
{
	char	   *table = m2m_qualified_name(association);
	char	   *column = m2m_quoted_column(association, attnum);
	char	   *name = get_attname(association, attnum, false);
	size_t		length = strlen(name);

	if (ask_number(psprintf("SELECT pg_catalog.count(*) FROM (SELECT FROM %s a WHERE a.%s IS NOT"
							" NULL LIMIT 1) a", table, column)) == 0)
		return length > 6 && pg_strcasecmp(name + length - 6, "_order") == 0 ?
			0 : 1;
	return ask_number(psprintf("SELECT pg_catalog.count(*) FROM (SELECT FROM %s a WHERE a.%s"
							   " OPERATOR(pg_catalog.=) 0 LIMIT 1) a",
							   table, column)) > 0 ? 0 : 1;
}

/*
 * ask_number: what a query of the caller's says of what is committed by now, null
 * being 0.
 */
static int64
ask_number(const char *sql)
{
	int64		result;
	bool		isnull;
	Datum		value;

	SPI_connect();
	m2m_latest_row(sql);
	value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
						  &isnull);
	result = isnull ? 0 : DatumGetInt64(value);
	SPI_finish();
	return result;
}

/*
 * make_identity: the column gets its next numbers by itself.  A default that it
 * has is given up: it would say where new links come.
 */
static void
make_identity(M2mRelationship *rel, AttrNumber attnum, bool dense)
{
	char	   *table = m2m_qualified_name(rel->association);
	char	   *column = m2m_quoted_column(rel->association, attnum);
	Oid			type = get_atttype(rel->association, attnum);
	int64		start = m2m_order_half_of(type);
	int			step = m2m_order_step_of(type);

	drop_identity(rel, attnum);
	m2m_ddl(psprintf("ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", table,
					 column));
	m2m_ddl(psprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", table,
					 column));
	if (!dense)
	{
		int64		most = ask_number(psprintf("SELECT pg_catalog.max(a.%s) FROM %s a",
											   column, table));

		if (most > m2m_order_most_of(type) / 2)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("numbers in column \"%s\" of \"%s\" leave too little room for new links",
							get_attname(rel->association, attnum, false),
							get_rel_name(rel->association)),
					 errdetail("The greatest is " INT64_FORMAT ".", most),
					 errhint("Update them to smaller ones%s.",
							 type == INT8OID ? "" :
							 ", or make the column bigint")));
		start = most < 0 ? step : (most / step + 1) * step;
	}
	m2m_ddl(dense ?
			psprintf("ALTER TABLE %s ALTER COLUMN %s ADD GENERATED BY DEFAULT AS IDENTITY"
					 " (MINVALUE " INT64_FORMAT " START " INT64_FORMAT " MAXVALUE "
					 INT64_FORMAT " CYCLE)",
					 table, column, start, start, m2m_order_most_of(type)) :
			psprintf("ALTER TABLE %s ALTER COLUMN %s ADD GENERATED BY DEFAULT AS IDENTITY"
					 " (START " INT64_FORMAT " INCREMENT %d)",
					 table, column, start, step));
	m2m_relationship_changed(rel->association);
}

/* drop_identity: the column gets no numbers by itself, if it did. */
static void
drop_identity(M2mRelationship *rel, AttrNumber attnum)
{
	if (OidIsValid(m2m_order_column_sequence(rel->association, attnum)))
		m2m_ddl(psprintf("ALTER TABLE %s ALTER COLUMN %s DROP IDENTITY",
						 m2m_qualified_name(rel->association),
						 m2m_quoted_column(rel->association, attnum)));
}

/* index_name: what the index of an order is called, unless that is taken. */
static char *
index_name(M2mRelationship *rel, M2mSide side)
{
	return makeObjectName(get_rel_name(rel->association),
						  rel->side[side].role, "order");
}

/*
 * find_index: a B-tree index of the association over the key of a side and the
 * column, if it has a name, that one; InvalidOid if there is none.
 */
static Oid
find_index(M2mRelationship *rel, M2mSide side, AttrNumber column,
		   const char *name)
{
	Relation	association = table_open(rel->association, AccessShareLock);
	List	   *indexes = RelationGetIndexList(association);
	int			nkeys = rel->side[side].nkeys;
	Oid			result = InvalidOid;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), AccessShareLock);
		Form_pg_index form = index->rd_index;
		bool		fits = index->rd_rel->relam == BTREE_AM_OID &&
			form->indnkeyatts == nkeys + 1 && form->indisvalid &&
			form->indkey.values[nkeys] == column &&
			heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);

		for (int i = 0; fits && i < nkeys; i++)
			fits = form->indkey.values[i] == rel->side[side].key[i].link_attnum;
		if (fits && (name == NULL ||
					 (!form->indisunique &&
					  strncmp(RelationGetRelationName(index), name,
							  strlen(name)) == 0)))
			result = lfirst_oid(lc);
		index_close(index, AccessShareLock);
	}
	table_close(association, NoLock);
	return result;
}

/*
 * m2m_order_end: the triggers on the association are gone; what is left is the
 * column as it was, or nothing, and no index.  With keep the column has its
 * numbers still, and is the application's.
 */
void
m2m_order_end(M2mRule *rule, bool keep)
{
	M2mRelationship *rel = rule->rel;
	char	   *table = m2m_qualified_name(rel->association);
	char	   *column;
	Oid			index;

	if (rule->column == 0)
		return;
	column = m2m_order_column_of(rule);
	if (!keep && m2m_rule_argument(rule, "origin") != NULL)
	{
		m2m_sql(psprintf("ALTER TABLE %s DROP COLUMN %s", table, column));
		return;
	}
	drop_identity(rel, rule->column);
	if (m2m_rule_argument(rule, "null") != NULL ||
		m2m_rule_argument(rule, "origin") != NULL)
		m2m_ddl(psprintf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", table,
						 column));
	index = find_index(rel, rule->side, rule->column,
					   index_name(rel, rule->side));
	if (OidIsValid(index))
		m2m_ddl(psprintf("DROP INDEX %s", m2m_qualified_name(index)));
}
