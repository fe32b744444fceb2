/*
 * rule_insert.c
 *		Many rows into a side table: by its access methods, as COPY does it, and
 *		index entries in each index's own order.
 *
 * The executor makes the entries of each row at once, wherever in an index they
 * go; that is most of what a million rows cost.  Here the rows come from a query
 * of the rule's, and go into a table on which nothing is to be done beyond that:
 * no trigger for them, no constraint but NOT NULL of columns that get values, no
 * row-level security, no index of an expression.  Any other is the executor's.
 *
 * Entries of indexes that are not unique are made at the end.  Nobody can miss
 * them before: rows that are not committed nobody else sees, and this session
 * reads nothing of the table until then, as nobody's code runs but PostgreSQL's.
 * An index that is being made CONCURRENTLY waits for our lock on the table
 * before it trusts in what it has, or is among those that are served here.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/params.h"
#include "storage/bufmgr.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "compat.h"
#include "execute.h"
#include "ids.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"

/* Rows, and bytes, that go in together: as COPY has them. */
#define GROUP_ROWS 1000
#define GROUP_BYTES 65535

/* An index of the table. */
typedef struct InsertIndex
{
	Relation	index;
	IndexInfo  *info;
	M2mIndexSort *sort;			/* NULL: entries are made at once */
} InsertIndex;

/* Where the rows of the query go. */
typedef struct Inserter
{
	DestReceiver pub;
	Relation	table;
	int			ncolumns;		/* of the query */
	int			nfull;			/* of these, the first: never null */
	const AttrNumber *attnum;	/* of the table, by those */
	AttrNumber	identity;
	Oid			identity_type;
	Oid			sequence;
	int			nindexes;
	InsertIndex *index;
	MemoryContext context;
	MemoryContext group_context;	/* of table_multi_insert(), which leaks */
	TupleTableSlot **slot;		/* NULL: not made */
	int			count;
	Size		nbytes;
} Inserter;

static bool is_plain(M2mRule *rule, Inserter *inserter, const Oid *type);
static bool is_permitted(Inserter *inserter);
static bool has_plain_columns(M2mRule *rule, Inserter *inserter,
							  const Oid *type);
static bool open_indexes(Inserter *inserter);
static void close_table(Inserter *inserter);
static void run_query(M2mRule *rule, int statement, DestReceiver *receiver,
					  int nargs, Oid *types, Datum *values);
static void receive_begin(DestReceiver *self, int operation, TupleDesc desc);
static bool receive(TupleTableSlot *row, DestReceiver *self);
static void receive_nothing(DestReceiver *self);
static void insert_rows(Inserter *inserter);

/*
 * m2m_rule_insert: inserts the rows of a query of the rule's, which is one of
 * its statements, into the rule's side table, with the rights of `as`.  The
 * query's columns are the keys of links, and then those of the given types; all
 * but the last nulls of them are never null.  attnum has the table's columns for
 * them, and identity the one that numbers itself.  The query sees what is
 * committed by now, and what this transaction has done.  Connected to SPI.
 * False, and nothing is done, where the table is the executor's to write.
 * Errors: 23505; those of the query.
 */
bool
m2m_rule_insert(M2mRule *rule, int statement, Oid as, int ncolumns,
				const AttrNumber *attnum, const Oid *type, int nulls,
				AttrNumber identity, int nargs, Oid *types, Datum *values)
{
	Oid			userid;
	int			security;
	Inserter	inserter;
	bool		result;

	memset(&inserter, 0, sizeof(inserter));
	inserter.pub.rStartup = receive_begin;
	inserter.pub.receiveSlot = receive;
	inserter.pub.rShutdown = receive_nothing;
	inserter.pub.rDestroy = receive_nothing;
	inserter.pub.mydest = DestTuplestore;
	inserter.ncolumns = ncolumns;
	inserter.nfull = ncolumns - nulls;
	inserter.attnum = attnum;
	inserter.identity = identity;
	inserter.context = CurrentMemoryContext;

	/* as m2m_rule_execute() */
	GetUserIdAndSecContext(&userid, &security);
	SetUserIdAndSecContext(as, security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	inserter.table = table_open(rule->table, RowExclusiveLock);
	result = is_plain(rule, &inserter, type);
	if (result)
	{
		run_query(rule, statement, &inserter.pub, nargs, types, values);
		insert_rows(&inserter);
		for (int i = 0; i < inserter.nindexes; i++)
		{
			if (inserter.index[i].sort != NULL)
				m2m_index_sort_end(inserter.index[i].sort,
								   inserter.index[i].info);
		}
	}
	close_table(&inserter);
	SetUserIdAndSecContext(userid, security);
	return result;
}

/*
 * is_plain: is there nothing to be done about a row that is inserted but to
 * store it, and to enter it into indexes?  These are open then, and locked.
 */
static bool
is_plain(M2mRule *rule, Inserter *inserter, const Oid *type)
{
	Relation	table = inserter->table;
	Form_pg_class form = table->rd_rel;
	TriggerDesc *triggers = table->trigdesc;

	return form->relkind == RELKIND_RELATION &&
		form->relam == HEAP_TABLE_AM_OID &&
		!form->relispartition && !form->relhasrules &&
		!RELATION_IS_OTHER_TEMP(table) &&
		(triggers == NULL ||
		 !(triggers->trig_insert_before_row ||
		   triggers->trig_insert_after_row ||
		   triggers->trig_insert_before_statement ||
		   triggers->trig_insert_after_statement ||
		   triggers->trig_insert_new_table)) &&
		!m2m_catalog_is_distributed(rule->table) &&
		has_plain_columns(rule, inserter, type) &&
		check_enable_rls(rule->table, InvalidOid, true) != RLS_ENABLED &&
		is_permitted(inserter) && open_indexes(inserter);
}

/*
 * is_permitted: may the owner insert?  Asked as the executor does; who may not
 * is told so by it.
 */
static bool
is_permitted(Inserter *inserter)
{
	Bitmapset  *columns = NULL;

	if (object_aclcheck(NamespaceRelationId,
						RelationGetNamespace(inserter->table), GetUserId(),
						ACL_USAGE) != ACLCHECK_OK)
		return false;
	for (int i = 0; i < inserter->ncolumns; i++)
		columns = bms_add_member(columns, inserter->attnum[i] -
								 FirstLowInvalidHeapAttributeNumber);
	return m2m_check_permissions(inserter->table, RowExclusiveLock,
								 ACL_INSERT, NULL, columns);
}

/*
 * has_plain_columns: are the columns that the query has all there, each for one
 * of its own and of its type, and do the others stay null, but the one that
 * numbers itself?  The owner may have dropped some, or given their names to
 * others.
 */
static bool
has_plain_columns(M2mRule *rule, Inserter *inserter, const Oid *type)
{
	M2mRelationship *rel = rule->rel;
	TupleDesc	desc = RelationGetDescr(inserter->table);
	int			nfound = 0;

	if (desc->constr != NULL &&
		(desc->constr->num_check > 0 || desc->constr->has_generated_stored ||
		 m2m_has_virtual_columns(desc)))
		return false;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);
		int			n = 0;

		if (column->attisdropped)
			continue;
		if (column->attnum == inserter->identity)
		{
			if (column->attidentity == '\0')
				return false;
			inserter->identity_type = column->atttypid;
			inserter->sequence = m2m_identity_sequence(inserter->table,
													   column->attnum);
			continue;
		}
		while (n < inserter->ncolumns &&
			   inserter->attnum[n] != column->attnum)
			n++;
		if (column->attidentity != '\0')
			return false;
		if (n == inserter->ncolumns)
		{
			/* a domain may have a default, or refuse null */
			if (column->attnotnull || column->atthasdef ||
				get_typtype(column->atttypid) == TYPTYPE_DOMAIN)
				return false;
		}
		else
		{
			Oid			typid = n < rel->nlink ? InvalidOid : type[n - rel->nlink];
			int32		typmod = -1;
			Oid			collation;

			/* as the association has it; a cast is the parser's to make */
			if (n < rel->nlink)
				get_atttypetypmodcoll(rel->association, rel->link[n], &typid,
									  &typmod, &collation);
			if (column->atttypid != typid || column->atttypmod != typmod ||
				(column->attnotnull && n >= inserter->nfull))
				return false;
			nfound++;
		}
	}
	return nfound == inserter->ncolumns && OidIsValid(inserter->sequence);
}

/*
 * open_indexes: all that are ready for inserts; false if one of them is not for
 * us.  Those that are open are in the inserter, also if the result is false.
 */
static bool
open_indexes(Inserter *inserter)
{
	List	   *indexes = RelationGetIndexList(inserter->table);
	int			nsorts = 0;
	ListCell   *lc;

	inserter->index = palloc0_array(InsertIndex, list_length(indexes) + 1);
	foreach(lc, indexes)
	{
		InsertIndex *index = &inserter->index[inserter->nindexes];

		index->index = index_open(lfirst_oid(lc), RowExclusiveLock);
		index->info = BuildIndexInfo(index->index);
		inserter->nindexes++;
		if (!index->info->ii_ReadyForInserts)
		{
			index_close(index->index, NoLock);
			inserter->nindexes--;
			continue;
		}
		if (index->info->ii_Expressions != NIL ||
			index->info->ii_Predicate != NIL ||
			index->info->ii_ExclusionOps != NULL ||
			!index->index->rd_index->indimmediate)
			return false;
		for (int i = 0; i < index->info->ii_NumIndexKeyAttrs; i++)
		{
			/* comparing runs nobody's code */
			if (!m2m_opfamily_built_in(index->index->rd_opfamily[i],
									   index->index->rd_opcintype[i]))
				return false;
		}
	}
	list_free(indexes);

	/* a unique index tells of a conflict when the row is in */
	for (int i = 0; i < inserter->nindexes; i++)
		nsorts += !inserter->index[i].info->ii_Unique;
	for (int i = 0; i < inserter->nindexes; i++)
	{
		InsertIndex *index = &inserter->index[i];

		if (!index->info->ii_Unique &&
			index->index->rd_rel->relam == BTREE_AM_OID)
			index->sort = m2m_index_sort_begin(inserter->table, index->index,
											   work_mem / nsorts);
	}
	return true;
}

/* close_table: all locks stay. */
static void
close_table(Inserter *inserter)
{
	for (int i = 0; i < GROUP_ROWS && inserter->slot != NULL; i++)
	{
		if (inserter->slot[i] != NULL)
			ExecDropSingleTupleTableSlot(inserter->slot[i]);
	}
	for (int i = 0; i < inserter->nindexes; i++)
	{
		m2m_index_insert_cleanup(inserter->index[i].index,
								 inserter->index[i].info);
		index_close(inserter->index[i].index, NoLock);
	}
	table_close(inserter->table, NoLock);
}

/* run_query: one of the rule's, planned for the rows at hand. */
static void
run_query(M2mRule *rule, int statement, DestReceiver *receiver, int nargs,
		  Oid *types, Datum *values)
{
	char	   *sql = rule->kind->text(rule, statement);
	SPIPlanPtr	plan = SPI_prepare_cursor(sql, nargs, types,
										  CURSOR_OPT_CUSTOM_PLAN);
	SPIExecuteOptions options;
	int			result;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	memset(&options, 0, sizeof(options));
	options.params = makeParamList(nargs);
	for (int i = 0; i < nargs; i++)
	{
		options.params->params[i].value = values[i];
		options.params->params[i].isnull = false;
		options.params->params[i].pflags = PARAM_FLAG_CONST;
		options.params->params[i].ptype = types[i];
	}
	options.dest = receiver;
	options.read_only = m2m_latest_begin(plan);
	result = SPI_execute_plan_extended(plan, &options);
	m2m_latest_end(options.read_only);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s",
			 SPI_result_code_string(result));
	SPI_freeplan(plan);
}

/* receive_begin: there is room for some rows. */
static void
receive_begin(DestReceiver *self, int operation, TupleDesc desc)
{
	Inserter   *inserter = (Inserter *) self;

	Assert(desc->natts == inserter->ncolumns);
	inserter->slot =
		MemoryContextAllocZero(inserter->context,
							   sizeof(TupleTableSlot *) * GROUP_ROWS);
	inserter->group_context = AllocSetContextCreate(inserter->context,
													"m2m rows of a rule",
													ALLOCSET_DEFAULT_SIZES);
}

/* receive: a row of the query, which is copied. */
static bool
receive(TupleTableSlot *row, DestReceiver *self)
{
	Inserter   *inserter = (Inserter *) self;
	TupleTableSlot *slot = inserter->slot[inserter->count];
	MemoryContext old = MemoryContextSwitchTo(inserter->context);
	int64		number = nextval_internal(inserter->sequence, false);

	if (slot == NULL)
		slot = inserter->slot[inserter->count] =
			table_slot_create(inserter->table, NULL);
	slot_getallattrs(row);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < inserter->ncolumns; i++)
	{
		AttrNumber	attnum = inserter->attnum[i];

		slot->tts_values[attnum - 1] = row->tts_values[i];
		slot->tts_isnull[attnum - 1] = row->tts_isnull[i];
	}
	slot->tts_values[inserter->identity - 1] =
		inserter->identity_type == INT2OID ? Int16GetDatum((int16) number) :
		inserter->identity_type == INT4OID ? Int32GetDatum((int32) number) :
		Int64GetDatum(number);
	slot->tts_isnull[inserter->identity - 1] = false;
	ExecStoreVirtualTuple(slot);
	inserter->nbytes += ExecFetchSlotHeapTuple(slot, true, NULL)->t_len;
	inserter->count++;
	MemoryContextSwitchTo(old);
	if (inserter->count == GROUP_ROWS || inserter->nbytes >= GROUP_BYTES)
		insert_rows(inserter);
	return true;
}

/* receive_nothing: the caller ends it. */
static void
receive_nothing(DestReceiver *self)
{
}

/* insert_rows: those that are at hand. */
static void
insert_rows(Inserter *inserter)
{
	MemoryContext old;

	if (inserter->count == 0)
		return;
	old = MemoryContextSwitchTo(inserter->group_context);
	table_multi_insert(inserter->table, inserter->slot, inserter->count,
					   GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < inserter->count; i++)
	{
		TupleTableSlot *slot = inserter->slot[i];

		for (int k = 0; k < inserter->nindexes; k++)
		{
			InsertIndex *index = &inserter->index[k];
			Datum		values[INDEX_MAX_KEYS];
			bool		isnull[INDEX_MAX_KEYS];

			FormIndexDatum(index->info, slot, NULL, values, isnull);
			if (index->sort != NULL)
				m2m_index_sort_put(index->sort, values, isnull,
								   &slot->tts_tid);
			else
				index_insert(index->index, values, isnull, &slot->tts_tid,
							 inserter->table,
							 index->info->ii_Unique ? UNIQUE_CHECK_YES :
							 UNIQUE_CHECK_NO, false, index->info);
		}
		ExecClearTuple(slot);
		CHECK_FOR_INTERRUPTS();
	}
	inserter->count = 0;
	inserter->nbytes = 0;
	MemoryContextSwitchTo(old);
	MemoryContextReset(inserter->group_context);
}
