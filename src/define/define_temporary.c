/*
 * define_temporary.c
 *		Temporary relationships at the end of a transaction: the association
 *		goes with the rows or tables that its links are between.
 *
 * PostgreSQL truncates a table that is ON COMMIT DELETE ROWS only if all
 * tables that refer to it are so as well; and with a table that is ON COMMIT
 * DROP it drops what depends on that, but of a table that refers to it the
 * foreign key alone.  So an association
 *
 *	- is ON COMMIT DELETE ROWS if one of its endpoints is: no link has both of
 *	  its rows after that
 *	- depends on an endpoint that is ON COMMIT DROP, and is dropped with it.
 *	  A dependency and not an action of its own, as a table has one action, and
 *	  its endpoints may have both.
 *
 * The server keeps these actions in a list that nobody can read.  An event
 * trigger notes them down as tables are created.  Where it did not fire (m2m
 * was not there yet, event triggers are off) a table created in this
 * transaction is taken for one that may be dropped at its end, and an older
 * one for one that keeps its rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "commands/event_trigger.h"
#include "nodes/parsenodes.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "define_internal.h"
#include "m2m.h"

/* What becomes of a temporary table of this session at commit. */
typedef struct TemporaryTable
{
	Oid			relid;			/* hash key, must be first */
	bool		deletes_rows;
	bool		is_dropped;
} TemporaryTable;

/* How many are kept before those are looked for that are gone. */
#define TEMPORARIES_KEPT 64

static HTAB *temporaries = NULL;
static long forget_at = TEMPORARIES_KEPT;

static void note_created(RangeVar *name, OnCommitAction action,
						 bool if_not_exists);
static TemporaryTable *find(Oid relid);
static TemporaryTable *enter(Oid relid);
static void forget_dropped(void);
static bool may_be_dropped(Oid relid);

PG_FUNCTION_INFO_V1(m2m_ddl_table_created);

/*
 * m2m_ddl_table_created: event trigger, after CREATE TABLE and the like.
 * Looks at temporary tables only.  Raises nothing of its own.
 */
Datum
m2m_ddl_table_created(PG_FUNCTION_ARGS)
{
	Node	   *parsetree;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not fired by event trigger manager")));
	parsetree = ((EventTriggerData *) fcinfo->context)->parsetree;
	if (IsA(parsetree, CreateStmt))
	{
		CreateStmt *stmt = (CreateStmt *) parsetree;

		note_created(stmt->relation, stmt->oncommit, stmt->if_not_exists);
	}
	else if (IsA(parsetree, CreateTableAsStmt))
	{
		CreateTableAsStmt *stmt = (CreateTableAsStmt *) parsetree;

		note_created(stmt->into->rel, stmt->into->onCommit,
					 stmt->if_not_exists);
	}
	PG_RETURN_NULL();
}

/*
 * m2m_temporary_deletes_rows: is the association of these temporary endpoints,
 * which the caller has locked, to lose its rows at commit?  Error 0A000 for a
 * partitioned table that loses some of its rows: all links would have to go;
 * or one of its partitions, with which PostgreSQL drops the whole foreign key.
 */
bool
m2m_temporary_deletes_rows(Oid relid[2])
{
	bool		result = false;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		bool		partitioned = get_rel_relkind(relid[s]) ==
			RELKIND_PARTITIONED_TABLE;

		/*
		 * The parent holds no rows; ON COMMIT is a partition's own.  The root
		 * is locked by the caller, which keeps partitions from coming and
		 * going.
		 */
		List	   *tables = partitioned ?
			find_all_inheritors(relid[s], AccessShareLock, NULL) :
			list_make1_oid(relid[s]);
		TemporaryTable *root = find(relid[s]);
		bool		some = false;
		bool		others = false;
		bool		dropped = false;
		ListCell   *lc;

		foreach(lc, tables)
		{
			TemporaryTable *table = find(lfirst_oid(lc));

			if (table != NULL && table->deletes_rows)
				some = true;
			else if (get_rel_relkind(lfirst_oid(lc)) !=
					 RELKIND_PARTITIONED_TABLE)
				others = true;
			dropped = dropped || (table != NULL && table->is_dropped);
		}
		if ((some && others) ||
			(dropped && !(root != NULL && root->is_dropped)))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot relate temporary table \"%s\", which keeps the rows of some partitions only",
							get_rel_name(relid[s])),
					 errdetail("No table that references it can keep just the links to these."),
					 errhint("Create it and all its partitions with the same ON COMMIT action.")));
		result = result || some;
	}
	return result;
}

/*
 * m2m_temporary_depend: has a new association, which m2m has made, dropped
 * with an endpoint that is or may be dropped at commit.  The caller has locked
 * both.
 */
void
m2m_temporary_depend(Oid association, Oid relid[2])
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ObjectAddress this;
		ObjectAddress endpoint;

		if (!may_be_dropped(relid[s]) ||
			(s == M2M_RIGHT && relid[s] == relid[M2M_LEFT]))
			continue;
		ObjectAddressSet(this, RelationRelationId, association);
		ObjectAddressSet(endpoint, RelationRelationId, relid[s]);
		recordDependencyOn(&this, &endpoint, DEPENDENCY_NORMAL);

		/*
		 * PreCommit_on_commit_actions() drops with CASCADE, and that follows
		 * any dependency.  The association itself may be an endpoint of
		 * another one, which then has to know.
		 */
		enter(association)->is_dropped = true;
	}
	CommandCounterIncrement();
}

/*
 * m2m_temporary_keep: a former association is a table like any other, which
 * stands when a former endpoint is dropped.
 */
void
m2m_temporary_keep(Oid association, Oid endpoint)
{
	deleteDependencyRecordsForSpecific(RelationRelationId, association,
									   DEPENDENCY_NORMAL,
									   RelationRelationId, endpoint);
}

/*
 * note_created: writes down what a statement that created a table says of it,
 * if it is a temporary one.  Not where IF NOT EXISTS found a table, which has
 * an action already.
 */
static void
note_created(RangeVar *name, OnCommitAction action, bool if_not_exists)
{
	Oid			schema;
	Oid			toast_schema;
	Oid			relid;
	HeapTuple	tuple;
	bool		ours;
	TemporaryTable *table;

	/*
	 * pg_temp may be the schema where no word says so; an action does, as
	 * DefineRelation() refuses one on any other table.
	 */
	if (name->relpersistence != RELPERSISTENCE_TEMP && action == ONCOMMIT_NOOP)
		return;
	GetTempNamespaceState(&schema, &toast_schema);
	if (!OidIsValid(schema))
		return;
	relid = get_relname_relid(name->relname, schema);
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		return;

	/*
	 * The statement does not say whether IF NOT EXISTS made the table.  If it
	 * did, the row of pg_class is of this transaction, and nothing was noted.
	 */
	ours = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmin(tuple->t_data));
	ReleaseSysCache(tuple);
	if (if_not_exists && (!ours || find(relid) != NULL))
		return;
	table = enter(relid);
	table->deletes_rows = action == ONCOMMIT_DELETE_ROWS;
	table->is_dropped = action == ONCOMMIT_DROP;
}

/* find: the entry of a table; NULL if nothing was noted of it. */
static TemporaryTable *
find(Oid relid)
{
	return temporaries == NULL ? NULL :
		hash_search(temporaries, &relid, HASH_FIND, NULL);
}

/* enter: the entry of a table, made if there is none. */
static TemporaryTable *
enter(Oid relid)
{
	TemporaryTable *table;
	bool		found;

	if (temporaries == NULL)
	{
		HASHCTL		control;

		memset(&control, 0, sizeof(control));
		control.keysize = sizeof(Oid);
		control.entrysize = sizeof(TemporaryTable);
		temporaries = hash_create("m2m temporary tables", TEMPORARIES_KEPT,
								  &control, HASH_ELEM | HASH_BLOBS);
	}

	/*
	 * Nobody tells us when a table goes, by DROP, rollback or at commit. What
	 * an OID that comes again would inherit is overwritten when its table is
	 * created; so it is enough to look now and then, and the more there are
	 * the more rarely.
	 */
	if (hash_get_num_entries(temporaries) >= forget_at)
		forget_dropped();
	table = hash_search(temporaries, &relid, HASH_ENTER, &found);
	if (!found)
		table->deletes_rows = table->is_dropped = false;
	return table;
}

/*
 * forget_dropped: forgets tables that are not there any more, dropped or
 * rolled back.
 */
static void
forget_dropped(void)
{
	HASH_SEQ_STATUS status;
	TemporaryTable *table;

	hash_seq_init(&status, temporaries);
	while ((table = hash_seq_search(&status)) != NULL)
	{
		if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table->relid)))
			hash_search(temporaries, &table->relid, HASH_REMOVE, NULL);
	}
	forget_at = Max(TEMPORARIES_KEPT, 2 * hash_get_num_entries(temporaries));
}

/*
 * may_be_dropped: is a table known to be ON COMMIT DROP, or perhaps so?  None
 * is that is older than the transaction.
 */
static bool
may_be_dropped(Oid relid)
{
	TemporaryTable *table = find(relid);
	Relation	relation;
	bool		result;

	if (table != NULL)
		return table->is_dropped;

	/*
	 * The server's list of actions is private to tablecmds.c.  ON COMMIT DROP
	 * takes a table at the end of the transaction that made it, so that an
	 * older one has survived.  Of a younger one we assume the worst: a
	 * dependency too many drops nothing at commit, one too few leaves links
	 * to nothing.
	 */
	relation = relation_open(relid, AccessShareLock);
	result = relation->rd_createSubid != InvalidSubTransactionId;
	relation_close(relation, AccessShareLock);
	return result;
}
