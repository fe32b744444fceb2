/*
 * link_by.c
 *		Rows by other columns than their key: m2m_link(..., by => 'name').
 *
 * A unique index says what the columns are and when two values are the same:
 * by its operators and collation, not as text.  Rows that are missing are
 * inserted by INSERT ... ON CONFLICT DO NOTHING, in the order of the index, so
 * that calls with the same values wait for each other and do not deadlock; then
 * all are looked up again, by a snapshot of after that, which shows also those
 * that another session has inserted first.  In REPEATABLE READ and above
 * such a row, if our snapshot does not show it, is 40001, as ON CONFLICT has it.
 *
 * A row that is found can be deleted, or renamed, before it is linked.  Who
 * would have it made anew, and may lock it, locks it as its foreign key will.
 *
 * All runs as the caller, with the privileges that the same SQL needs.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_index.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "link_internal.h"
#include "m2m.h"
#include "text.h"

/* The values to look for, or to insert, as a relation that statements read. */
#define VALUES_NAME "m2m_values"

/*
 * Up to so many values have a plan of their own, made for fewer: an index scan
 * for each, where for many the planner may well read the whole table.
 */
#define FEW_VALUES 100
#define FEW_ESTIMATE 10
#define MANY_ESTIMATE 1000

/* How often rows are inserted that somebody deletes meanwhile. */
#define CREATE_TRIES 10

/* How many values an error names. */
#define VALUES_NAMED 5

/* Columns that rows are known by. */
typedef struct By
{
	M2mRelationship *rel;
	M2mSide		side;
	M2mRelationship *values;	/* the same side of it has the columns as its
								 * key, as keys.c reads them */
	M2mEndpoint *column;		/* that side */
	Oid			index;			/* a unique one of these columns */
	Oid		   *less;			/* how it orders them, by column */
	Oid		   *collation;
	TupleDesc	desc;			/* of m2m_values: the columns, a number */
	bool		few;			/* are there but few values? */
} By;

static By  *describe(M2mRelationship *rel, M2mSide side, const char *name);
static void refuse_array_literal(By *by, Datum value, Oid type);
static Oid	find_index(Relation table, const char *name, AttrNumber attnum);
static int	rate_index(Relation table, Form_pg_index index, HeapTuple tuple,
					   AttrNumber attnum);
static void error_no_index(Relation table, const char *name,
						   AttrNumber attnum);
static char *column_list(HeapTuple tuple, Oid relid);
static void describe_columns(By *by);
static bool may_lock(Oid relid);
static void find_rows(By *by, bool keep, M2mIds *values, M2mIds *ids,
					  bool *found);
static int64 insert_rows(By *by, M2mIds *values, bool *found);
static Tuplestorestate *register_values(By *by, M2mIds *values, bool *found);
static SPIPlanPtr get_plan(By *by, M2mColumnStatement statement);
static char *find_text(By *by, bool keep);
static char *insert_text(By *by);
static void append_columns(StringInfo sql, By *by);
static void error_missing(By *by, M2mIds *values, bool *found,
						  M2mMissing missing);
static char *missing_text(By *by, M2mIds *values, bool *found, int *count);

/*
 * m2m_ids_by: the ids of rows of a side by other columns than their key, whose
 * values an id argument has in any of the forms of ids.  by names a column, or
 * a unique constraint or index of several.  Values without a row are an error,
 * rows to be inserted, or left out: then *found says which have one, and the id
 * of others is not set.
 *
 * Statements run as the caller, who may run any code in them: whether the
 * description is still current is his to ask.  Errors: 42703 no such column;
 * 42P10 no unique index that fits; those of m2m_ids_read(); 23503 no such row;
 * what INSERT raises, 40001 in REPEATABLE READ and above.
 */
M2mIds *
m2m_ids_by(M2mRelationship *rel, M2mSide side, const char *by_name,
		   Datum value, Oid type, M2mIdForm form, M2mMissing missing,
		   bool **found)
{
	By		   *by = describe(rel, side, by_name);
	M2mIds	   *values = m2m_ids_read(by->values, side, value, type, form,
									  false);
	M2mIds	   *ids = palloc(sizeof(M2mIds));
	bool		keep = missing == M2M_MISSING_INSERTED &&
		may_lock(by->column->relid);
	int64		nmissing;

	by->few = values->count <= FEW_VALUES;
	if (missing == M2M_MISSING_INSERTED && !values->is_array)
		refuse_array_literal(by, value, type);
	*ids = *values;
	ids->nkeys = rel->side[side].nkeys;
	ids->value = MemoryContextAllocHuge(CurrentMemoryContext,
										sizeof(Datum) *
										Max(1, (Size) ids->count * ids->nkeys));
	*found = palloc_extended(Max(1, ids->count), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < CREATE_TRIES; i++)
	{
		find_rows(by, keep, values, ids, *found);
		nmissing = 0;
		for (int n = 0; n < ids->count; n++)
			nmissing += !(*found)[n];
		if (nmissing == 0 || missing == M2M_MISSING_LEFT_OUT)
			return ids;
		if (missing != M2M_MISSING_INSERTED)
			break;
		(void) insert_rows(by, values, *found);
		CHECK_FOR_INTERRUPTS();
	}
	error_missing(by, values, *found, missing);
	return NULL;
}

/*
 * m2m_ids_keep_found: leaves out the ids of a side that were not found, with
 * the ids of the other side that they go with.
 */
void
m2m_ids_keep_found(M2mIds *ids[2], M2mSide side, bool *found)
{
	M2mIds	   *these = ids[side];
	M2mIds	   *others = ids[M2M_OTHER(side)];
	bool		pairwise = these->is_array && others->is_array &&
		these->count == others->count;
	M2mIds	   *kept[2];
	int			count = 0;

	/* that is an error, and whose it is says so */
	if (these->is_array && others->is_array && !pairwise)
		return;

	/* what is kept may be the caller's own array */
	for (int s = 0; s < (pairwise ? 2 : 1); s++)
	{
		M2mIds	   *from = s == 0 ? these : others;

		kept[s] = palloc(sizeof(M2mIds));
		*kept[s] = *from;
		kept[s]->is_array = true;
		kept[s]->value = MemoryContextAllocHuge(CurrentMemoryContext,
												sizeof(Datum) *
												Max(1, (Size) from->count * from->nkeys));
		count = 0;
		for (int i = 0; i < from->count; i++)
		{
			if (found[i])
				memcpy(kept[s]->value + (Size) count++ * from->nkeys,
					   from->value + (Size) i * from->nkeys,
					   sizeof(Datum) * from->nkeys);
		}
		kept[s]->count = count;
	}
	if (!these->is_array && count > 0)
		return;
	ids[side] = kept[0];
	if (pairwise)
		ids[M2M_OTHER(side)] = kept[1];
	else if (others->is_array && !these->is_array)
	{
		/* one that is not there goes with none */
		others = palloc(sizeof(M2mIds));
		*others = *ids[M2M_OTHER(side)];
		others->count = 0;
		ids[M2M_OTHER(side)] = others;
	}
}

/*
 * describe: the columns that by names, of a side's table; memory of the current
 * context.  Takes ACCESS SHARE on the table, until the transaction ends.
 */
static By  *
describe(M2mRelationship *rel, M2mSide side, const char *name)
{
	By		   *by = palloc0(sizeof(By));
	Oid			relid = rel->side[side].relid;
	Relation	table = table_open(relid, AccessShareLock);
	AttrNumber	attnum = get_attnum(relid, name);

	by->rel = rel;
	by->side = side;
	by->index = find_index(table, name, attnum);
	by->values = m2m_ids_of_index(by->index, side);
	by->column = &by->values->side[side];
	describe_columns(by);
	table_close(table, NoLock);
	return by;
}

/*
 * refuse_array_literal: a text '{sql,new}' is one value of a column of strings,
 * and most likely an array that a client had no type for.  No row is
 * inserted for it: error 22023.
 */
static void
refuse_array_literal(By *by, Datum value, Oid type)
{
	char		category;
	bool		preferred;
	char	   *string;
	int			length;

	get_type_category_preferred(getBaseType(by->column->key[0].type),
								&category, &preferred);
	if (by->column->nkeys > 1 || type != TEXTOID ||
		category != TYPCATEGORY_STRING)
		return;
	string = TextDatumGetCString(value);
	length = strlen(string);
	if (length >= 2 && string[0] == '{' && string[length - 1] == '}')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("is %s one value of %s, or an array?", string,
						by->column->key[0].label),
				 errhint("Cast an array to text[]; write ARRAY[...] also around one value that has braces.")));
}

/*
 * find_index: a unique index of just a column, or one of this name; of
 * several, that with the table's own idea of equality.  A column's name comes
 * first.  Errors: 42703, 42P10.
 */
static Oid
find_index(Relation table, const char *name, AttrNumber attnum)
{
	List	   *indexes = RelationGetIndexList(table);
	Oid			result = InvalidOid;
	int			best = 0;
	bool		named = false;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Oid			oid = lfirst_oid(lc);
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(oid));
		char	   *index_name = get_rel_name(oid);
		int			rate;

		/* one may be dropped CONCURRENTLY */
		if (!HeapTupleIsValid(tuple))
			continue;
		if (attnum == InvalidAttrNumber &&
			(index_name == NULL || strcmp(index_name, name) != 0))
			rate = 0;
		else
		{
			rate = rate_index(table, (Form_pg_index) GETSTRUCT(tuple), tuple,
							  attnum);
			named = true;
		}
		ReleaseSysCache(tuple);
		if (rate > best)
		{
			best = rate;
			result = oid;
		}
	}
	if (OidIsValid(result))
		return result;
	if (attnum == InvalidAttrNumber && !named)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						name, RelationGetRelationName(table)),
				 errhint("by names a column of that table, or a unique constraint of several columns.")));
	error_no_index(table, name, attnum);
	return InvalidOid;
}

/*
 * rate_index: 0 if rows cannot be known by an index: it is not unique, not
 * valid, holds not all rows, may be violated for a while, or is of expressions
 * or, unless attnum is 0, of other columns.  Else more than that, the most if
 * its collations are the columns' own.
 */
static int
rate_index(Relation table, Form_pg_index index, HeapTuple tuple,
		   AttrNumber attnum)
{
	Datum		collations;
	bool		isnull;

	if (!index->indisunique || !index->indisvalid || !index->indisready ||
		!index->indimmediate ||
		!heap_attisnull(tuple, Anum_pg_index_indpred, NULL) ||
		!heap_attisnull(tuple, Anum_pg_index_indexprs, NULL))
		return 0;
	for (int i = 0; i < index->indnkeyatts; i++)
	{
		if (index->indkey.values[i] <= 0)
			return 0;
	}
	if (attnum != InvalidAttrNumber &&
		(index->indnkeyatts != 1 || index->indkey.values[0] != attnum))
		return 0;
	collations = SysCacheGetAttr(INDEXRELID, tuple,
								 Anum_pg_index_indcollation, &isnull);
	for (int i = 0; i < index->indnkeyatts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(RelationGetDescr(table),
												 index->indkey.values[i] - 1);

		if (((oidvector *) DatumGetPointer(collations))->values[i] !=
			column->attcollation)
			return 1;
	}
	return 2;
}

/*
 * error_no_index: error 42P10, with what would do: a unique constraint that
 * has the column and others, or one to add.
 */
static void
error_no_index(Relation table, const char *name, AttrNumber attnum)
{
	List	   *indexes = RelationGetIndexList(table);
	char	   *wider = NULL;
	char	   *columns = NULL;
	bool		has_some = false;
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Oid			oid = lfirst_oid(lc);
		HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(oid));
		Form_pg_index index;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		for (int i = 0; i < index->indnkeyatts && index->indisunique; i++)
		{
			if (index->indkey.values[i] != attnum ||
				attnum == InvalidAttrNumber)
				continue;
			if (index->indnkeyatts == 1)
				has_some = true;
			else if (wider == NULL && rate_index(table, index, tuple, 0) > 0)
			{
				wider = get_rel_name(oid);
				columns = column_list(tuple, RelationGetRelid(table));
			}
		}
		ReleaseSysCache(tuple);
	}
	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("rows of table \"%s\" cannot be told by index \"%s\"",
						RelationGetRelationName(table), name),
				 errdetail("It must be unique, valid, of columns, of all rows, and not deferrable.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
			 errmsg("column \"%s\" of table \"%s\" has no unique constraint or index that tells rows by it",
					name, RelationGetRelationName(table)),
			 has_some ?
			 errdetail("It must be valid, of all rows, and not deferrable.") : 0,
			 attnum < 0 ? 0 :
			 wider != NULL ?
			 errhint("Give by => %s, with values ROW(%s).",
					 quote_literal_cstr(wider), columns) :
			 errhint("ALTER TABLE %s ADD UNIQUE (%s);",
					 m2m_qualified_name(RelationGetRelid(table)),
					 quote_identifier(name))));
}

/* column_list: the columns of an index: "tenant_id, name". */
static char *
column_list(HeapTuple tuple, Oid relid)
{
	Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < index->indnkeyatts; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "",
						 m2m_quoted_column(relid, index->indkey.values[i]));
	return list.data;
}

/*
 * describe_columns: how the index orders the columns, and the row type of
 * m2m_values.
 */
static void
describe_columns(By *by)
{
	Relation	index = index_open(by->index, AccessShareLock);
	int			n = by->column->nkeys;

	by->less = palloc_array(Oid, n);
	by->collation = palloc_array(Oid, n);
	by->desc = CreateTemplateTupleDesc(n + 1);
	for (int i = 0; i < n; i++)
	{
		M2mKeyColumn *key = &by->column->key[i];

		by->less[i] = get_opfamily_member(index->rd_opfamily[i],
										  index->rd_opcintype[i],
										  index->rd_opcintype[i],
										  BTLessStrategyNumber);
		by->collation[i] = index->rd_indcollation[i];
		if (!OidIsValid(by->less[i]))
			elog(ERROR, "index %u has no operator to order by", by->index);
		TupleDescInitEntry(by->desc, i + 1, psprintf("c%d", i + 1),
						   getBaseType(key->type), -1, 0);
		TupleDescInitEntryCollation(by->desc, i + 1, key->collation);
	}
	TupleDescInitEntry(by->desc, n + 1, "o", INT4OID, -1, 0);
	TupleDescFinalize(by->desc);
	index_close(index, AccessShareLock);
}

/*
 * may_lock: may the caller lock rows of a table, and is there no policy for
 * that, which could hide rows from who locks them?
 */
static bool
may_lock(Oid relid)
{
	return (pg_class_aclcheck(relid, GetUserId(), ACL_UPDATE) == ACLCHECK_OK ||
			pg_attribute_aclcheck_all(relid, GetUserId(), ACL_UPDATE,
									  ACLMASK_ANY) == ACLCHECK_OK) &&
		check_enable_rls(relid, InvalidOid, true) == RLS_NONE;
}

/*
 * find_rows: the keys of rows with values that have none yet, as of now; in
 * REPEATABLE READ and above, by the transaction's snapshot.  With keep, they are
 * locked FOR KEY SHARE, in the order of their keys: waits for who deletes or
 * renames them, and finds what there is then.  Error 22004 for a row whose key
 * is null.
 */
static void
find_rows(By *by, bool keep, M2mIds *values, M2mIds *ids, bool *found)
{
	MemoryContext context = CurrentMemoryContext;
	Tuplestorestate *store;

	SPI_connect();
	store = register_values(by, values, found);
	m2m_plan_run(get_plan(by, keep ? M2M_COLUMNS_BY_KEEP : M2M_COLUMNS_BY_FIND),
				 NULL, false);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		int			n = DatumGetInt32(SPI_getbinval(row, desc, 1, &isnull));

		for (int k = 0; k < ids->nkeys; k++)
		{
			M2mKeyColumn *key = &by->rel->side[by->side].key[k];
			Datum		value = SPI_getbinval(row, desc, k + 2, &isnull);
			MemoryContext old;

			if (isnull)
				ereport(ERROR,
						(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						 errmsg("id of table \"%s\" must not be null",
								get_rel_name(by->column->relid)),
						 errdetail("In the row that was found, %s is null.",
								   key->label)));
			old = MemoryContextSwitchTo(context);
			ids->value[(Size) n * ids->nkeys + k] =
				datumCopy(value, key->typbyval, key->typlen);
			MemoryContextSwitchTo(old);
		}
		found[n] = true;
	}
	tuplestore_end(store);
	SPI_finish();
}

/*
 * insert_rows: inserts rows with values that have none, in the order of the
 * index, unless there is one by now; returns how many.
 */
static int64
insert_rows(By *by, M2mIds *values, bool *found)
{
	Tuplestorestate *store;
	int64		result;

	SPI_connect();
	store = register_values(by, values, found);
	m2m_plan_run(get_plan(by, M2M_COLUMNS_BY_INSERT), NULL, false);
	result = SPI_processed;
	tuplestore_end(store);
	SPI_finish();
	return result;
}

/*
 * register_values: makes the values that have no row yet known to the
 * statements of this SPI connection, numbered from 0.  The caller ends the
 * tuplestore.
 */
static Tuplestorestate *
register_values(By *by, M2mIds *values, bool *found)
{
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	bool	   *isnull = palloc0_array(bool, values->nkeys + 1);
	Datum	   *row = palloc_array(Datum, values->nkeys + 1);

	for (int i = 0; i < values->count; i++)
	{
		if (found[i])
			continue;
		memcpy(row, values->value + (Size) i * values->nkeys,
			   sizeof(Datum) * values->nkeys);
		row[values->nkeys] = Int32GetDatum(i);
		tuplestore_putvalues(store, by->desc, row, isnull);
		if ((i & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	m2m_register_rows(VALUES_NAME, by->desc, store,
					  by->few ? FEW_ESTIMATE : MANY_ESTIMATE);
	return store;
}

/*
 * get_plan: the kept plan of a statement, which hangs on the description; one
 * for each index that rows were told by, for few values and for many.
 */
static SPIPlanPtr
get_plan(By *by, M2mColumnStatement statement)
{
	List	   *columns = list_make2_int((int) by->index, by->few);
	SPIPlanPtr *slot;

	for (int i = 0; i < by->column->nkeys; i++)
		columns = lappend_int(columns, by->column->key[i].attnum);
	slot = m2m_plan_slot(by->rel, statement, by->side, columns);
	if (*slot == NULL)
	{
		const char *sql = statement == M2M_COLUMNS_BY_INSERT ? insert_text(by) :
			find_text(by, statement == M2M_COLUMNS_BY_KEEP);
		SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);

		if (plan == NULL)
			elog(ERROR, "SPI_prepare failed for \"%s\": %s", sql,
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		*slot = plan;
	}
	return *slot;
}

/*
 * find_text: "SELECT p.o, t.id FROM m2m_values p JOIN ONLY tag t ON t.name =
 * p.c1"; with keep, " ORDER BY t.id FOR KEY SHARE OF t".  Only the table's own
 * rows can be linked, as its foreign key has it, unless it is partitioned.
 */
static char *
find_text(By *by, bool keep)
{
	M2mEndpoint *endpoint = &by->rel->side[by->side];
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT p.o");
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&sql, ", t.%s",
						 m2m_quoted_column(endpoint->relid,
										   endpoint->key[i].attnum));
	appendStringInfo(&sql, " FROM " VALUES_NAME " p JOIN %s%s t ON ",
					 get_rel_relkind(endpoint->relid) ==
					 RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
					 m2m_qualified_name(endpoint->relid));
	for (int i = 0; i < by->column->nkeys; i++)
	{
		M2mKeyColumn *key = &by->column->key[i];
		char	   *column = psprintf("t.%s",
									  m2m_quoted_column(endpoint->relid,
														key->attnum));

		appendStringInfo(&sql, "%s%s", i > 0 ? " AND " : "",
						 m2m_base_operand(column, key->type));
		if (OidIsValid(by->collation[i]))
			appendStringInfo(&sql, " COLLATE %s",
							 m2m_qualified_collation(by->collation[i]));
		appendStringInfo(&sql, " %s p.c%d",
						 m2m_qualified_operator(key->equal_op), i + 1);
	}
	for (int i = 0; i < endpoint->nkeys && keep; i++)
		appendStringInfo(&sql, "%st.%s", i > 0 ? ", " : " ORDER BY ",
						 m2m_quoted_column(endpoint->relid,
										   endpoint->key[i].attnum));
	if (keep)
		appendStringInfoString(&sql, " FOR KEY SHARE OF t");
	return sql.data;
}

/*
 * insert_text: "INSERT INTO tag (name) SELECT p.c1 FROM m2m_values p ORDER BY
 * p.c1, p.o ON CONFLICT (name) DO NOTHING".  Of values that are the same, the
 * first that was given.
 */
static char *
insert_text(By *by)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s (",
					 m2m_qualified_name(by->column->relid));
	append_columns(&sql, by);
	appendStringInfoString(&sql, ") SELECT ");
	for (int i = 0; i < by->column->nkeys; i++)
		appendStringInfo(&sql, "%sp.c%d", i > 0 ? ", " : "", i + 1);
	appendStringInfoString(&sql, " FROM " VALUES_NAME " p ORDER BY ");
	for (int i = 0; i < by->column->nkeys; i++)
	{
		appendStringInfo(&sql, "p.c%d", i + 1);
		if (OidIsValid(by->collation[i]))
			appendStringInfo(&sql, " COLLATE %s",
							 m2m_qualified_collation(by->collation[i]));
		appendStringInfo(&sql, " USING %s, ",
						 m2m_qualified_operator(by->less[i]));
	}
	appendStringInfoString(&sql, "p.o ON CONFLICT (");
	append_columns(&sql, by);
	appendStringInfoString(&sql, ") DO NOTHING");
	return sql.data;
}

/* append_columns: "tenant_id, name". */
static void
append_columns(StringInfo sql, By *by)
{
	for (int i = 0; i < by->column->nkeys; i++)
		appendStringInfo(sql, "%s%s", i > 0 ? ", " : "",
						 m2m_quoted_column(by->column->relid,
										   by->column->key[i].attnum));
}

/*
 * error_missing: error 23503, as a foreign key raises for an id of no row.
 */
static void
error_missing(By *by, M2mIds *values, bool *found, M2mMissing missing)
{
	Relation	table = table_open(by->column->relid, NoLock);
	int			count;
	char	   *text = missing_text(by, values, found, &count);
	StringInfoData columns;

	initStringInfo(&columns);
	append_columns(&columns, by);
	if (missing == M2M_MISSING_INSERTED)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("rows of table \"%s\" are missing also after they were inserted",
						RelationGetRelationName(table)),
				 errdetail("Key (%s)=%s is not present in table \"%s\".",
						   columns.data, text, RelationGetRelationName(table)),
				 errhint("A trigger can keep a row from being inserted or change it, and a policy hide the one that is there."),
				 errtable(table)));
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg_plural("%d row of table \"%s\" is missing",
						   "%d rows of table \"%s\" are missing",
						   count, count, RelationGetRelationName(table)),
			 errdetail("Key (%s)=%s is not present in table \"%s\".",
					   columns.data, text, RelationGetRelationName(table)),
			 missing == M2M_MISSING_REFUSED ?
			 errhint("With create_missing => true such rows are inserted.") : 0,
			 errtable(table)));
}

/*
 * missing_text: the values that have no row, as far as an error names them:
 * "(new), (newer) ..."; sets *count to their number.
 */
static char *
missing_text(By *by, M2mIds *values, bool *found, int *count)
{
	StringInfoData text;

	initStringInfo(&text);
	*count = 0;
	for (int i = 0; i < values->count; i++)
	{
		if (found[i] || (*count)++ >= VALUES_NAMED)
			continue;
		appendStringInfoString(&text, *count > 1 ? ", (" : "(");
		for (int k = 0; k < values->nkeys; k++)
		{
			Oid			output;
			bool		is_varlena;

			getTypeOutputInfo(by->column->key[k].type, &output, &is_varlena);
			appendStringInfo(&text, "%s%s", k > 0 ? ", " : "",
							 OidOutputFunctionCall(output,
												   values->value[(Size) i * values->nkeys + k]));
		}
		appendStringInfoChar(&text, ')');
	}
	if (*count > VALUES_NAMED)
		appendStringInfoString(&text, " ...");
	return text.data;
}
