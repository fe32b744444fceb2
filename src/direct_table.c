/*
 * direct_table.c
 *		The tables of a relationship as the direct path sees them: whether they
 *		are plain enough, and opening them for a call.
 *
 * The direct path writes links by the table and index access methods, without
 * planner, executor and triggers, and so takes over their duties.  It does so
 * only where these are known and few: m2m_direct_open() returns NULL for
 * anything else, and the general path (link_plan.c) does the work or raises
 * the error.  In doubt it is the general path.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "direct.h"

static void describe(M2mRelationship *rel);
static bool association_is_plain(M2mRelationship *rel, Relation association);
static bool columns_are_plain(M2mRelationship *rel, Relation association);
static bool is_integer(Oid type);
static bool triggers_are_plain(M2mRelationship *rel, Relation association);
static bool has_parent(Oid relid);
static bool describe_key(M2mRelationship *rel, M2mSide side,
						 M2mDirectKey *key);
static bool endpoint_is_plain(Oid relid);
static bool describe_key_index(M2mRelationship *rel, M2mSide side,
							   M2mDirectKey *key);
static bool owner_may_check(Oid endpoint);
static bool is_deterministic(Oid collation);
static void look_up_privileges(M2mRelationship *rel);
static bool has_column_privilege(M2mRelationship *rel, AclMode mode);
static bool open_indexes(M2mDirectTable *table);
static int	pair_column(M2mRelationship *rel, AttrNumber link_attnum);
static bool is_unique_pair(M2mDirectTable *table, M2mDirectIndex *index);
static void make_unique_key(M2mDirectTable *table);
static void open_endpoint(M2mDirectTable *table, M2mSide side);

/*
 * m2m_direct_open: opens the tables for actions of the direct path; NULL if
 * it may not be taken.
 *
 * The caller holds ROW EXCLUSIVE on the association since before it got the
 * description.  To link, both endpoints are locked ROW SHARE, as RI_FKey_check
 * does, until the end of the transaction.  Begins a new command with a fresh
 * snapshot, as SPI does, so that what the calling statement has done counts;
 * m2m_direct_close() ends it.
 */
M2mDirectTable *
m2m_direct_open(M2mRelationship *rel, int actions)
{
	MemoryContext context;
	MemoryContext old;
	M2mDirectTable *table;

	if (!m2m_direct_path ||
		SessionReplicationRole != SESSION_REPLICATION_ROLE_ORIGIN)
		return NULL;
	if (rel->direct == NULL)
		describe(rel);
	if (!rel->direct->possible)
		return NULL;
	look_up_privileges(rel);
	if (((actions & M2M_DIRECT_LINK) && !rel->direct->may_link) ||
		((actions & M2M_DIRECT_UNLINK) && !rel->direct->may_unlink) ||
		check_enable_rls(rel->association, InvalidOid, true) == RLS_ENABLED)
		return NULL;

	context = AllocSetContextCreate(CurrentMemoryContext, "m2m direct path",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	table = palloc0(sizeof(M2mDirectTable));
	table->rel = rel;
	table->direct = rel->direct;
	table->order = m2m_pair_order(rel);
	table->context = context;
	table->association = table_open(rel->association, NoLock);
	if (actions & M2M_DIRECT_LINK)
	{
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			table->endpoint[s].relation =
				table_open(rel->direct->key[s].endpoint, RowShareLock);
	}

	/* now that all are locked: is the description still theirs? */
	if (!m2m_relationship_current(rel) || !open_indexes(table))
	{
		for (int i = 0; i < table->nindexes; i++)
			index_close(table->index[i].index, NoLock);
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			if (table->endpoint[s].relation != NULL)
				table_close(table->endpoint[s].relation, NoLock);
		}
		table_close(table->association, NoLock);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		return NULL;
	}

	/* an error of the executor's, for tables that are published */
	if (actions & M2M_DIRECT_UNLINK)
		CheckCmdReplicaIdentity(table->association, CMD_DELETE);

	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	table->snapshot = GetActiveSnapshot();
	InitDirtySnapshot(table->dirty);
	table->found = table_slot_create(table->association, NULL);
	table->row = table_slot_create(table->association, NULL);
	make_unique_key(table);
	if (actions & M2M_DIRECT_LINK)
	{
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			open_endpoint(table, s);
	}
	table->row_context = AllocSetContextCreate(context, "m2m direct path row",
											   ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(old);
	return table;
}

/*
 * m2m_direct_close: ends what m2m_direct_open() began.  Locks stay until the
 * end of the transaction.
 */
void
m2m_direct_close(M2mDirectTable *table)
{
	ExecDropSingleTupleTableSlot(table->found);
	ExecDropSingleTupleTableSlot(table->row);
	if (table->dirty_scan != NULL)
		index_endscan(table->dirty_scan);
	if (table->pair_scan != NULL)
		index_endscan(table->pair_scan);
	if (table->fetch != NULL)
		table_index_fetch_end(table->fetch);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mDirectEndpoint *endpoint = &table->endpoint[s];

		if (endpoint->relation == NULL)
			continue;
		ExecDropSingleTupleTableSlot(endpoint->slot);
		ExecDropSingleTupleTableSlot(endpoint->locked);
		if (endpoint->fetch != NULL)
			table_index_fetch_end(endpoint->fetch);
		index_endscan(endpoint->scan);
		index_close(endpoint->index.index, NoLock);
		table_close(endpoint->relation, NoLock);
	}
	for (int i = 0; i < table->nindexes; i++)
	{
		m2m_index_insert_cleanup(table->index[i].index, table->index[i].info);
		index_close(table->index[i].index, NoLock);
	}
	table_close(table->association, NoLock);
	PopActiveSnapshot();
	CommandCounterIncrement();
	MemoryContextDelete(table->context);
}

/*
 * describe: may the direct path be taken for this relationship, as far as its
 * tables go?  Kept until one of them changes.
 */
static void
describe(M2mRelationship *rel)
{
	M2mDirect  *direct = MemoryContextAllocZero(rel->context,
												sizeof(M2mDirect));
	Relation	association = table_open(rel->association, NoLock);

	direct->possible = association_is_plain(rel, association) &&
		columns_are_plain(rel, association) &&
		triggers_are_plain(rel, association) &&
		describe_key(rel, M2M_LEFT, &direct->key[M2M_LEFT]) &&
		describe_key(rel, M2M_RIGHT, &direct->key[M2M_RIGHT]);
	table_close(association, NoLock);
	rel->direct = direct;
}

/*
 * association_is_plain: is it a local heap of this session or everybody's,
 * without partitions, inheritance and rules, with links and nothing else in
 * it, each once?
 */
static bool
association_is_plain(M2mRelationship *rel, Relation association)
{
	Form_pg_class form = association->rd_rel;
	TupleDesc	desc = RelationGetDescr(association);

	if (form->relkind != RELKIND_RELATION ||
		form->relam != HEAP_TABLE_AM_OID ||
		form->relispartition || form->relhassubclass || form->relhasrules ||
		has_parent(rel->association) ||
		RELATION_IS_OTHER_TEMP(association) ||
		!rel->unique || rel->nproperties > 0)
		return false;
	if (desc->constr != NULL &&
		(desc->constr->num_check > 0 || desc->constr->has_generated_stored))
		return false;

	/*
	 * A pair that another session enters between our look and our insert is
	 * inserted and deleted again; subscribers must be able to follow.
	 */
	return !RelationIsLogicallyLogged(association) ||
		form->relreplident == REPLICA_IDENTITY_FULL ||
		OidIsValid(RelationGetReplicaIndex(association));
}

/*
 * columns_are_plain: are the link columns of the very types of the keys, or
 * integers where these are, never null, without values or ideas of equality of
 * their own?
 *
 * A Datum is the same for the same number, whichever of the integer types it
 * is of.  Whoever takes ids sees to it that they fit (m2m_ids_fit()).
 */
static bool
columns_are_plain(M2mRelationship *rel, Relation association)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];
			Form_pg_attribute link =
				TupleDescAttr(RelationGetDescr(association),
							  key->link_attnum - 1);

			if ((key->type != key->link_type &&
				 !(is_integer(key->type) && is_integer(key->link_type))) ||
				(link->atttypmod >= 0 && link->atttypmod != key->typmod) ||
				key->collation != key->link_collation ||
				!is_deterministic(key->collation) ||
				!key->link_not_null || link->attidentity != '\0' ||
				link->attgenerated != '\0')
				return false;
		}
	}
	return true;
}

/* is_integer: a type of the B-tree family of integers, passed by value? */
static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID ||
		(type == INT8OID && FLOAT8PASSBYVAL);
}

/*
 * triggers_are_plain: are there no triggers but those of the two foreign keys,
 * and these as they are by default?
 */
static bool
triggers_are_plain(M2mRelationship *rel, Relation association)
{
	TriggerDesc *triggers = association->trigdesc;
	int			checks[2] = {0, 0};

	if (triggers == NULL)
		return false;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];
		int			side = trigger->tgconstraint ==
			rel->side[M2M_LEFT].constraint ? M2M_LEFT : M2M_RIGHT;

		if (!OidIsValid(trigger->tgconstraint) ||
			trigger->tgconstraint != rel->side[side].constraint ||
			trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN ||
			trigger->tgdeferrable)
			return false;
		if (trigger->tgfoid == F_RI_FKEY_CHECK_INS)
			checks[side]++;
		else if (trigger->tgfoid != F_RI_FKEY_CHECK_UPD)
			return false;
	}
	return checks[M2M_LEFT] == 1 && checks[M2M_RIGHT] == 1;
}

/* has_parent: does the table inherit from another? */
static bool
has_parent(Oid relid)
{
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool		result;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL,
							  1, &key);
	result = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(inherits, AccessShareLock);
	return result;
}

/*
 * describe_key: fills in one foreign key; false if it, or the endpoint, is not
 * plain.
 */
static bool
describe_key(M2mRelationship *rel, M2mSide side, M2mDirectKey *key)
{
	M2mEndpoint *endpoint = &rel->side[side];
	HeapTuple	tuple;
	Form_pg_constraint form;
	bool		plain;

	if (!OidIsValid(endpoint->constraint))
		return false;
	tuple = SearchSysCache1(CONSTROID,
							ObjectIdGetDatum(endpoint->constraint));
	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	key->constraint = endpoint->constraint;
	key->endpoint = form->confrelid;
	key->index = form->conindid;
	plain = form->contype == CONSTRAINT_FOREIGN && form->convalidated &&
		m2m_constraint_is_enforced(form) &&
		!form->condeferrable && !OidIsValid(form->conparentid) &&
		form->confrelid == endpoint->relid;
	ReleaseSysCache(tuple);
	return plain && endpoint_is_plain(key->endpoint) &&
		describe_key_index(rel, side, key) && owner_may_check(key->endpoint);
}

/* endpoint_is_plain: a local heap that is no partition? */
static bool
endpoint_is_plain(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	result = form->relkind == RELKIND_RELATION && !form->relispartition &&
		form->relam == HEAP_TABLE_AM_OID &&
		!(form->relpersistence == RELPERSISTENCE_TEMP &&
		  !isTempOrTempToastNamespace(form->relnamespace));
	ReleaseSysCache(tuple);
	return result;
}

/*
 * describe_key_index: how to find a row of the endpoint by its key.  False if
 * the index is no plain B-tree over just the key.
 */
static bool
describe_key_index(M2mRelationship *rel, M2mSide side, M2mDirectKey *key)
{
	M2mEndpoint *endpoint = &rel->side[side];
	Relation	index = try_index_open(key->index, AccessShareLock);
	bool		plain;

	if (index == NULL)
		return false;
	key->nkeys = IndexRelationGetNumberOfKeyAttributes(index);
	plain = index->rd_rel->relam == BTREE_AM_OID &&
		key->nkeys == endpoint->nkeys &&
		index->rd_index->indisvalid && index->rd_index->indisunique &&
		index->rd_index->indimmediate &&
		RelationGetIndexExpressions(index) == NIL &&
		RelationGetIndexPredicate(index) == NIL;
	for (int i = 0; plain && i < key->nkeys; i++)
	{
		int			k = -1;
		Oid			equal;

		for (int j = 0; j < endpoint->nkeys; j++)
		{
			if (endpoint->key[j].attnum == index->rd_index->indkey.values[i])
				k = j;
		}
		equal = get_opfamily_member(index->rd_opfamily[i],
									index->rd_opcintype[i],
									index->rd_opcintype[i],
									BTEqualStrategyNumber);
		if (k < 0 ||
			get_op_opfamily_strategy(endpoint->key[k].equal_op,
									 index->rd_opfamily[i]) !=
			BTEqualStrategyNumber ||
			!is_deterministic(index->rd_indcollation[i]))
		{
			plain = false;
			break;
		}
		key->column[i] = (side == M2M_LEFT ? 0 : rel->side[M2M_LEFT].nkeys) + k;
		key->attnum[i] = endpoint->key[k].attnum;
		ScanKeyEntryInitialize(&key->scankey[i], 0, i + 1,
							   BTEqualStrategyNumber, InvalidOid,
							   index->rd_indcollation[i], get_opcode(equal),
							   (Datum) 0);
		key->scankey[i].sk_func.fn_mcxt = rel->context;
	}
	index_close(index, NoLock);
	return plain;
}

/*
 * owner_may_check: the query of RI_FKey_check runs as the endpoint's owner, who
 * needs these privileges; without them it raises an error.
 */
static bool
owner_may_check(Oid endpoint)
{
	Oid			owner = m2m_catalog_relation_owner(endpoint);

	return OidIsValid(owner) &&
		pg_class_aclcheck(endpoint, owner, ACL_SELECT) == ACLCHECK_OK &&
		pg_class_aclcheck(endpoint, owner, ACL_UPDATE) == ACLCHECK_OK &&
		object_aclcheck(NamespaceRelationId, get_rel_namespace(endpoint),
						owner, ACL_USAGE) == ACLCHECK_OK;
}

/* is_deterministic: of a collation, or of none. */
static bool
is_deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/*
 * look_up_privileges: what the caller may do by the general path's statements;
 * what he may not is for that path to say.  Kept for one user at a time.
 */
static void
look_up_privileges(M2mRelationship *rel)
{
	M2mDirect  *direct = rel->direct;
	Oid			userid = GetUserId();
	bool		may_read;

	if (direct->userid == userid)
		return;
	direct->userid = InvalidOid;
	may_read = has_column_privilege(rel, ACL_SELECT) &&
		object_aclcheck(NamespaceRelationId,
						get_rel_namespace(rel->association), userid,
						ACL_USAGE) == ACLCHECK_OK;
	direct->may_link = may_read && has_column_privilege(rel, ACL_INSERT);
	direct->may_unlink = may_read &&
		pg_class_aclcheck(rel->association, userid,
						  ACL_DELETE) == ACLCHECK_OK;
	direct->userid = userid;
}

/* has_column_privilege: on the table, or on each link column of it? */
static bool
has_column_privilege(M2mRelationship *rel, AclMode mode)
{
	Oid			userid = GetUserId();

	if (pg_class_aclcheck(rel->association, userid, mode) == ACLCHECK_OK)
		return true;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			if (pg_attribute_aclcheck(rel->association,
									  rel->side[s].key[i].link_attnum,
									  userid, mode) != ACLCHECK_OK)
				return false;
		}
	}
	return true;
}

/*
 * open_indexes: all indexes that are ready for inserts; false if one of them
 * is not for us.  The list is read after the association was locked, so an
 * index that CREATE INDEX CONCURRENTLY is making is here, or its maker waits
 * for us.  What is opened is in table->index, also if the result is false.
 */
static bool
open_indexes(M2mDirectTable *table)
{
	List	   *indexes = RelationGetIndexList(table->association);
	M2mRelationship *rel = table->rel;
	ListCell   *lc;
	int			n = 0;

	table->attnum = palloc_array(AttrNumber, rel->pair_desc->natts);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
			table->attnum[n++] = rel->side[s].key[i].link_attnum;
	}
	table->index = palloc0_array(M2mDirectIndex, list_length(indexes) + 1);
	foreach(lc, indexes)
	{
		M2mDirectIndex *index = &table->index[table->nindexes];
		Form_pg_index form;

		index->index = index_open(lfirst_oid(lc), RowExclusiveLock);
		index->info = BuildIndexInfo(index->index);
		table->nindexes++;
		form = index->index->rd_index;
		if (!index->info->ii_ReadyForInserts)
		{
			index_close(index->index, NoLock);
			table->nindexes--;
			continue;
		}
		if (index->info->ii_Expressions != NIL ||
			index->info->ii_Predicate != NIL ||
			index->info->ii_ExclusionOps != NULL)
			return false;
		index->natts = form->indnatts;
		for (int i = 0; i < index->natts; i++)
		{
			index->column[i] = pair_column(rel, form->indkey.values[i]);
			if (index->column[i] < 0)
				return false;
		}
		if (form->indisunique)
		{
			if (table->unique != NULL || !is_unique_pair(table, index))
				return false;
			table->unique = index;
		}
	}
	list_free(indexes);
	return table->unique != NULL;
}

/* pair_column: which column of a pair is behind that of the association? */
static int
pair_column(M2mRelationship *rel, AttrNumber link_attnum)
{
	int			n = 0;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++, n++)
		{
			if (rel->side[s].key[i].link_attnum == link_attnum)
				return n;
		}
	}
	return -1;
}

/* is_unique_pair: does the unique index keep pairs unique, and nothing else? */
static bool
is_unique_pair(M2mDirectTable *table, M2mDirectIndex *index)
{
	Form_pg_index form = index->index->rd_index;
	int			n = table->rel->pair_desc->natts;

	if (index->index->rd_rel->relam != BTREE_AM_OID ||
		!form->indisvalid || !form->indimmediate || form->indnkeyatts != n)
		return false;
	for (int i = 0; i < n; i++)
	{
		if (!is_deterministic(index->index->rd_indcollation[i]))
			return false;
		for (int j = 0; j < i; j++)
		{
			if (index->column[i] == index->column[j])
				return false;
		}
	}
	return true;
}

/* make_unique_key: scan keys to look a pair up by; arguments are filled in. */
static void
make_unique_key(M2mDirectTable *table)
{
	Relation	index = table->unique->index;
	int			n = table->order->natts;

	table->unique_key = palloc_array(ScanKeyData, n);
	for (int i = 0; i < n; i++)
	{
		Oid			equal = get_opfamily_member(index->rd_opfamily[i],
												index->rd_opcintype[i],
												index->rd_opcintype[i],
												BTEqualStrategyNumber);

		ScanKeyEntryInitialize(&table->unique_key[i], 0, i + 1,
							   BTEqualStrategyNumber, InvalidOid,
							   index->rd_indcollation[i], get_opcode(equal),
							   (Datum) 0);
	}
}

/* open_endpoint: what checking the foreign key of a side takes. */
static void
open_endpoint(M2mDirectTable *table, M2mSide side)
{
	M2mDirectEndpoint *endpoint = &table->endpoint[side];
	M2mDirectKey *key = &table->direct->key[side];

	endpoint->index.index = index_open(key->index, RowShareLock);
	endpoint->index.natts = key->nkeys;
	memcpy(endpoint->index.column, key->column, sizeof(key->column));
	endpoint->slot = table_slot_create(endpoint->relation, NULL);
	endpoint->locked = table_slot_create(endpoint->relation, NULL);
	endpoint->scan = m2m_index_beginscan(endpoint->relation,
										 endpoint->index.index,
										 table->snapshot, key->nkeys);
}

/*
 * m2m_direct_side_index: an index to find the links of a row of one side by;
 * NULL if there is none.
 */
M2mDirectIndex *
m2m_direct_side_index(M2mDirectTable *table, M2mSide side)
{
	int			first = side == M2M_LEFT ? 0 : table->order->nleft;
	int			nkeys = table->rel->side[side].nkeys;

	for (int i = 0; i < table->nindexes; i++)
	{
		M2mDirectIndex *index = &table->index[i];
		bool		fits = index->index->rd_rel->relam == BTREE_AM_OID &&
			index->index->rd_index->indisvalid &&
			!(index->index->rd_index->indcheckxmin) &&
			index->index->rd_index->indnkeyatts >= nkeys;

		for (int j = 0; fits && j < nkeys; j++)
			fits = index->column[j] >= first &&
				index->column[j] < first + nkeys &&
				is_deterministic(index->index->rd_indcollation[j]);
		for (int j = 1; fits && j < nkeys; j++)
		{
			for (int k = 0; k < j; k++)
				fits = fits && index->column[j] != index->column[k];
		}
		if (fits)
			return index;
	}
	return NULL;
}
