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

#include "catalog.h"
#include "direct_internal.h"
#include "execute.h"
#include "ids.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"

/* Of a foreign key of a table to itself: two checks, two actions. */
#define MIRROR_TRIGGERS 4

static void end_scan(IndexScanDesc *scan);
static void end_fetch(IndexFetchTableData **fetch);
static void close_relations(M2mDirectTable *table);
static void describe(M2mRelationship *rel);
static void describe_numbers(M2mRelationship *rel, M2mDirect *direct);
static bool association_is_plain(M2mRelationship *rel, Relation association,
								 M2mDirect *direct);
static bool columns_are_plain(M2mRelationship *rel, Relation association);
static bool triggers_are_plain(M2mRelationship *rel, Relation association);
static bool has_parent(Oid relid);
static bool describe_key(M2mRelationship *rel, M2mSide side,
						 M2mDirectKey *key);
static bool endpoint_is_plain(Oid relid);
static bool describe_key_index(M2mRelationship *rel, M2mSide side,
							   M2mDirectKey *key);
static bool open_endpoints(M2mDirectTable *table);
static bool owner_may_check(M2mDirectTable *table, M2mSide side);
static bool owner_may_mirror(M2mDirectTable *table);
static bool mirror_is_valid(M2mRelationship *rel);
static bool is_deterministic(Oid collation);
static bool is_permitted(M2mDirectTable *table, int actions);
static bool open_indexes(M2mDirectTable *table);
static int	pair_column(M2mRelationship *rel, AttrNumber link_attnum);
static bool is_unique_pair(M2mDirectTable *table, M2mDirectIndex *index);
static bool shows_all(Relation index);
static void make_unique_key(M2mDirectTable *table);
static void begin_endpoint(M2mDirectTable *table, M2mSide side);

/*
 * m2m_direct_open: opens the tables for actions of the direct path; NULL if
 * it may not be taken, or the caller may not do that: then the general path
 * will work, or say so.
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

	/* a replica checks no foreign keys; what fires is the executor's to say */
	if (!m2m_direct_path ||
		SessionReplicationRole != SESSION_REPLICATION_ROLE_ORIGIN)
		return NULL;
	if (rel->direct == NULL)
		describe(rel);
	if (!rel->direct->possible)
		return NULL;

	/* large enough at once for what one link takes: a context that is reused */
	context = AllocSetContextCreate(CurrentMemoryContext, "m2m direct path",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	table = palloc0(sizeof(M2mDirectTable));
	table->rel = rel;
	table->direct = rel->direct;
	table->order = m2m_pair_order(rel);
	table->context = context;
	table->association = table_open(rel->association, NoLock);

	/*
	 * Locks come first: with each of them we hear of what others have
	 * committed (LockRelationOid()), so that m2m_relationship_current() is
	 * asked after the last lock on indexes, and in open_endpoints() after the
	 * last of all.  Nobody can change the tables after that.
	 *
	 * Who has no right to write links gets no lock on the endpoints.  Nor is
	 * the executor's question asked before it is likely to be the only time:
	 * who logs it is not to hear of one call twice.  A user who has turned
	 * row_security off is to get an error, which is the general path's; so is
	 * one in a read-only transaction, which may write through a temporary
	 * view.
	 */
	if ((XactReadOnly && !table->association->rd_islocaltemp) ||
		!open_indexes(table) || !m2m_relationship_current(rel) ||
		(table->association->rd_rel->relrowsecurity &&
		 check_enable_rls(rel->association, InvalidOid, true) == RLS_ENABLED) ||
		!is_permitted(table, actions) || !owner_may_mirror(table) ||
		((actions & M2M_DIRECT_LINK) && !open_endpoints(table)))
	{
		close_relations(table);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(context);
		return NULL;
	}

	/* an error of the executor's, for tables that are published */
	if (actions & M2M_DIRECT_UNLINK)
		CheckCmdReplicaIdentity(table->association, CMD_DELETE);
	if (actions & M2M_DIRECT_MOVE)
		CheckCmdReplicaIdentity(table->association, CMD_UPDATE);

	/* what a rule waits for, it waits for before we have locked a row */
	if (actions & M2M_DIRECT_UNLINK)
		m2m_rules_before_unlink(rel);

	/* they outlive the table, and are told when all is in */
	MemoryContextSwitchTo(old);
	table->rules = m2m_rules_begin(rel);
	MemoryContextSwitchTo(context);

	/*
	 * The snapshot comes after all locks, m2m_lock_links_of_row() included:
	 * in READ COMMITTED it then shows what they made us wait for.  An older
	 * one would miss links that the call before us on that row has made.
	 */
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	table->snapshot = GetActiveSnapshot();
	InitDirtySnapshot(table->dirty);
	table->found = table_slot_create(table->association, NULL);
	table->row = table_slot_create(table->association, NULL);
	if (table->rules != NULL)
		table->gone =
			MakeSingleTupleTableSlot(RelationGetDescr(table->association),
									 &TTSOpsMinimalTuple);
	make_unique_key(table);
	if (actions & M2M_DIRECT_LINK)
	{
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			begin_endpoint(table, s);
	}
	table->row_context = AllocSetContextCreate(context, "m2m direct path row",
											   ALLOCSET_SMALL_SIZES);
	MemoryContextSwitchTo(old);
	return table;
}

/*
 * m2m_direct_unpin: lets go of all pages that are pinned for speed, and of the
 * token of speculative insertions.  Whoever may wait for another transaction
 * calls it first: VACUUM waits for pins, and nobody would see that it is for
 * that transaction.
 *
 * A scan by a dirty snapshot, or of an unlogged index, keeps the index page;
 * any keeps the page of the row that it found, in 19 even when it is started
 * over.  So they are ended; whoever needs one begins it.
 */
void
m2m_direct_unpin(M2mDirectTable *table)
{
	m2m_direct_end_speculation(table);
	ExecClearTuple(table->found);
	end_scan(&table->dirty_scan);
	end_scan(&table->pair_scan);
	end_fetch(&table->fetch);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mDirectEndpoint *endpoint = &table->endpoint[s];

		if (endpoint->slot != NULL)
			ExecClearTuple(endpoint->slot);
		end_scan(&endpoint->scan);
		end_fetch(&endpoint->fetch);
	}
}

/*
 * m2m_direct_is_shut: can nobody else write the association?
 *
 * Whoever has created or truncated the table in this transaction, locked it,
 * or asked m2m_load to, has shut it: all that others did there has ended, and
 * they do nothing until our end.  A temporary one is shut.  (SHARE ROW
 * EXCLUSIVE is the weakest that conflicts with ROW EXCLUSIVE, which every
 * writer has, prepared transactions and cascades included, and with itself.)
 * It cannot be less shut later in the call: a lock goes by the rollback of its
 * subtransaction, which takes us along.
 */
bool
m2m_direct_is_shut(M2mDirectTable *table)
{
	return table->association->rd_islocaltemp ||
		CheckRelationLockedByMe(table->association, ShareRowExclusiveLock,
								true);
}

/* end_scan: ends a scan, if it was begun. */
static void
end_scan(IndexScanDesc *scan)
{
	if (*scan != NULL)
		index_endscan(*scan);
	*scan = NULL;
}

/* end_fetch: ends fetching rows by index entries, if it was begun. */
static void
end_fetch(IndexFetchTableData **fetch)
{
	if (*fetch != NULL)
		table_index_fetch_end(*fetch);
	*fetch = NULL;
}

/*
 * m2m_direct_linked: a link was made, for the rules.
 */
void
m2m_direct_linked(M2mDirectTable *table, Datum *pair)
{
	if (table->rules == NULL)
		return;
	m2m_direct_fill(table, table->row, pair);
	m2m_rules_linked(table->rules, table->row);
	ExecClearTuple(table->row);
}

/*
 * m2m_direct_close: ends what m2m_direct_open() began, and has the rules see
 * to the links that were made and removed: by now all index entries are in,
 * foreign keys are checked, and whatever a rule runs may read the association.
 * Raises what a rule raises.  Locks stay until the end of the transaction.
 */
void
m2m_direct_close(M2mDirectTable *table)
{
	M2mRuleChange *rules = table->rules;

	m2m_direct_unpin(table);
	if (table->gone != NULL)
		ExecDropSingleTupleTableSlot(table->gone);
	ExecDropSingleTupleTableSlot(table->found);
	ExecDropSingleTupleTableSlot(table->row);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mDirectEndpoint *endpoint = &table->endpoint[s];

		if (endpoint->relation == NULL)
			continue;
		ExecDropSingleTupleTableSlot(endpoint->slot);
		ExecDropSingleTupleTableSlot(endpoint->locked);
		index_close(endpoint->index.index, NoLock);
	}
	for (int i = 0; i < table->nindexes; i++)
		m2m_index_insert_cleanup(table->index[i].index, table->index[i].info);
	close_relations(table);
	PopActiveSnapshot();

	/* what runs next in this transaction has to see the links */
	CommandCounterIncrement();
	MemoryContextDelete(table->context);
	if (rules != NULL)
		m2m_rules_end(rules);
}

/*
 * close_relations: closes association, its indexes and endpoints.  No lock is
 * given back: the rows are not committed, and who waits for us to have them in
 * an index (CREATE INDEX CONCURRENTLY) waits for the lock on the table.
 */
static void
close_relations(M2mDirectTable *table)
{
	for (int i = 0; i < table->nindexes; i++)
		index_close(table->index[i].index, NoLock);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (table->endpoint[s].relation != NULL)
			table_close(table->endpoint[s].relation, NoLock);
	}
	table_close(table->association, NoLock);
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

	/*
	 * The association is locked, so what is read of it holds.  Endpoints are
	 * not; what changes there is noticed by m2m_relationship_current() once
	 * they are.  rel->direct is set last: an error leaves nothing half done.
	 */
	describe_numbers(rel, direct);
	direct->possible = association_is_plain(rel, association, direct) &&
		columns_are_plain(rel, association) &&
		m2m_rules_are_plain(rel) && triggers_are_plain(rel, association) &&
		mirror_is_valid(rel) &&
		m2m_pair_order(rel)->built_in &&
		describe_key(rel, M2M_LEFT, &direct->key[M2M_LEFT]) &&
		describe_key(rel, M2M_RIGHT, &direct->key[M2M_RIGHT]);
	table_close(association, NoLock);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
			direct->converts |=
				rel->side[s].key[i].type != rel->side[s].key[i].link_type;
	}
	rel->direct = direct;
}

/*
 * describe_numbers: columns that are no links' keys, and of which it is known
 * how they get their values: from a sequence each.
 */
static void
describe_numbers(M2mRelationship *rel, M2mDirect *direct)
{
	for (int i = 0; i < rel->nproperties &&
		 direct->nnumbers < (int) lengthof(direct->number); i++)
	{
		Oid			sequence = m2m_order_sequence(rel, rel->property[i]);

		if (!OidIsValid(sequence))
			continue;
		direct->number[direct->nnumbers] = rel->property[i];
		direct->sequence[direct->nnumbers++] = sequence;
	}
}

/*
 * association_is_plain: is it a local heap of this session or everybody's,
 * without partitions, inheritance and rules, with links and nothing else in
 * it but numbers of theirs, each once?
 */
static bool
association_is_plain(M2mRelationship *rel, Relation association,
					 M2mDirect *direct)
{
	Form_pg_class form = association->rd_rel;
	TupleDesc	desc = RelationGetDescr(association);

	if (form->relkind != RELKIND_RELATION ||
		form->relam != HEAP_TABLE_AM_OID ||
		form->relispartition || form->relhassubclass || form->relhasrules ||
		has_parent(rel->association) ||
		RELATION_IS_OTHER_TEMP(association) ||
		m2m_catalog_is_distributed(rel->association) ||
		!rel->unique || rel->nproperties != direct->nnumbers ||
		rel->deleted != 0)
		return false;

	/* NOT NULL is kept by ids, which are never null; defaults are not needed */
	return desc->constr == NULL ||
		(desc->constr->num_check == 0 && !desc->constr->has_generated_stored);
}

/*
 * columns_are_plain: are the link columns of the very types of the keys, or
 * integers where these are, never null, without values or ideas of equality of
 * their own?
 *
 * What is stored is made by conversion (m2m_direct_value()).  Whoever takes
 * ids sees to it that they fit (m2m_ids_fit()).
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

			/*
			 * A length of its own is the parser's to apply, by a cast; and it
			 * is the rewriter that says of a column GENERATED ALWAYS that it
			 * takes no value.
			 */
			if ((key->type != key->link_type &&
				 !(m2m_is_integer(key->type) &&
				   m2m_is_integer(key->link_type))) ||
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

/*
 * triggers_are_plain: are there no triggers but those of the two foreign keys,
 * and these as they are by default, and those of rules, which are told of the
 * links without them?
 */
static bool
triggers_are_plain(M2mRelationship *rel, Relation association)
{
	TriggerDesc *triggers = association->trigdesc;
	int			checks[2] = {0, 0};
	int			mirrors = 0;

	if (triggers == NULL)
		return false;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];
		int			side = trigger->tgconstraint ==
			rel->side[M2M_LEFT].constraint ? M2M_LEFT : M2M_RIGHT;

		if (m2m_rules_include(rel, trigger->tgoid))
			continue;

		/*
		 * Both directions of a link are written, and removed, by one call:
		 * there is nothing left for these to check, or to take along.
		 */
		if (OidIsValid(rel->mirror) && trigger->tgconstraint == rel->mirror &&
			trigger->tgenabled == TRIGGER_FIRES_ON_ORIGIN)
		{
			mirrors++;
			continue;
		}
		if (!OidIsValid(trigger->tgconstraint) ||
			trigger->tgconstraint != rel->side[side].constraint ||
			trigger->tgenabled != TRIGGER_FIRES_ON_ORIGIN ||
			trigger->tgdeferrable)
			return false;

		/*
		 * What the one for updates checks, whoever moves links sees to.  Any
		 * other is of a foreign key that refers to the association: deletes
		 * would owe it a check.
		 */
		if (trigger->tgfoid == F_RI_FKEY_CHECK_INS)
			checks[side]++;
		else if (trigger->tgfoid != F_RI_FKEY_CHECK_UPD)
			return false;
	}
	return checks[M2M_LEFT] == 1 && checks[M2M_RIGHT] == 1 &&
		mirrors == (OidIsValid(rel->mirror) ? MIRROR_TRIGGERS : 0);
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
		describe_key_index(rel, side, key);
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
		!m2m_catalog_is_distributed(relid) &&
		!(form->relpersistence == RELPERSISTENCE_TEMP &&
		  !isTempOrTempToastNamespace(form->relnamespace));
	ReleaseSysCache(tuple);
	return result;
}

/*
 * describe_key_index: how to find a row of the endpoint by its key.  False if
 * the index is no plain B-tree over just the key.
 *
 * The index's lock is not kept: the endpoint is not locked yet, and who has it
 * locked and goes on to its indexes would wait for us, who wait for him.  What
 * changes until m2m_direct_open() has the endpoint's, it hears of.
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
			!m2m_opfamily_built_in(index->rd_opfamily[i],
								   index->rd_opcintype[i]) ||
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
	index_close(index, AccessShareLock);
	return plain;
}

/*
 * open_endpoints: locks and opens both endpoints, for their rows to be looked
 * up.  False if, now that all is locked, the description is no longer that of
 * the tables, or if PostgreSQL's check of the foreign keys would fail for want
 * of privileges.
 */
static bool
open_endpoints(M2mDirectTable *table)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		table->endpoint[s].relation =
			table_open(table->direct->key[s].endpoint, RowShareLock);
	return m2m_relationship_current(table->rel) &&
		owner_may_check(table, M2M_LEFT) &&
		owner_may_check(table, M2M_RIGHT);
}

/*
 * owner_may_check: the query of RI_FKey_check runs as the endpoint's owner,
 * who needs these privileges; without them it raises an error.  Asked each
 * time: an owner may lose a role, and pg_database_owner its member.
 */
static bool
owner_may_check(M2mDirectTable *table, M2mSide side)
{
	Relation	endpoint = table->endpoint[side].relation;
	Oid			owner = endpoint->rd_rel->relowner;
	AclMode		needed = ACL_SELECT | ACL_UPDATE;

	/* FOR KEY SHARE asks for UPDATE; who has it on columns only goes by SQL */
	return pg_class_aclmask(RelationGetRelid(endpoint), owner, needed,
							ACLMASK_ALL) == needed &&
		object_aclcheck(NamespaceRelationId, RelationGetNamespace(endpoint),
						owner, ACL_USAGE) == ACLCHECK_OK;
}

/*
 * owner_may_mirror: the queries of the foreign key by which links are there in
 * both directions run as the association's owner; likewise.
 */
static bool
owner_may_mirror(M2mDirectTable *table)
{
	AclMode		needed = ACL_SELECT | ACL_UPDATE | ACL_DELETE;

	return !OidIsValid(table->rel->mirror) ||
		pg_class_aclmask(table->rel->association,
						 table->association->rd_rel->relowner, needed,
						 ACLMASK_ALL) == needed;
}

/*
 * mirror_is_valid: is that foreign key kept by all rows?  Where it may not be,
 * the general path has PostgreSQL look for the other row.
 */
static bool
mirror_is_valid(M2mRelationship *rel)
{
	HeapTuple	tuple;
	bool		result;

	if (!OidIsValid(rel->mirror))
		return true;
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(rel->mirror));
	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_constraint) GETSTRUCT(tuple))->convalidated;
	ReleaseSysCache(tuple);
	return result;
}

/* is_deterministic: of a collation, or of none. */
static bool
is_deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/*
 * is_permitted: may the caller do what the general path's statements would?
 * These name the table, read the columns that tell one link from another, and
 * insert or delete.  Asked by the executor's own function on every call, as
 * COPY does, so that what has hooked it is asked and can log.
 */
static bool
is_permitted(M2mDirectTable *table, int actions)
{
	AclMode		required = ACL_SELECT;
	Bitmapset  *columns = NULL;

	/* the schema is asked for where names are looked up, not by executors */
	if (object_aclcheck(NamespaceRelationId,
						RelationGetNamespace(table->association), GetUserId(),
						ACL_USAGE) != ACLCHECK_OK)
		return false;
	for (int i = 0; i < table->order->natts; i++)
		columns = bms_add_member(columns, table->attnum[i] -
								 FirstLowInvalidHeapAttributeNumber);
	if (actions & M2M_DIRECT_MOVE)
		required |= ACL_UPDATE;
	else if (actions & M2M_DIRECT_LINK)
		required |= ACL_INSERT;
	if (actions & M2M_DIRECT_UNLINK)
		required |= ACL_DELETE;
	return m2m_check_permissions(table->association, RowExclusiveLock,
								 required, columns,
								 (actions & M2M_DIRECT_LINK) ? columns : NULL);
}

/*
 * open_indexes: all indexes that are ready for inserts; false if one of them
 * is not for us.  The list is read after the association was locked, so an
 * index that CREATE INDEX CONCURRENTLY is making is here, or its maker waits
 * for us.  What is opened is in table->index, also if the result is false.
 *
 * Locked in the order of their OIDs, in which RelationGetIndexList() has them,
 * as by the executor.
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

		/* as ExecInsertIndexTuples(): its maker does not count on us yet */
		if (!index->info->ii_ReadyForInserts)
		{
			index_close(index->index, NoLock);
			table->nindexes--;
			continue;
		}

		/*
		 * These, and operator classes of others, run somebody's code when an
		 * entry is made.  That could read the association while rows are in
		 * it that not all indexes lead to yet.
		 */
		if (index->info->ii_Expressions != NIL ||
			index->info->ii_Predicate != NIL ||
			index->info->ii_ExclusionOps != NULL)
			return false;
		for (int i = 0; i < form->indnkeyatts; i++)
		{
			if (!m2m_opfamily_built_in(index->index->rd_opfamily[i],
									   index->index->rd_opcintype[i]))
				return false;
		}
		index->natts = form->indnatts;
		for (int i = 0; i < index->natts; i++)
		{
			index->column[i] = pair_column(rel, form->indkey.values[i]);
			for (int k = 0; k < table->direct->nnumbers; k++)
			{
				if (form->indkey.values[i] == table->direct->number[k])
				{
					index->column[i] = table->order->natts + k;
					index->at_once = true;
				}
			}
			if (index->column[i] < 0)
				return false;
		}

		/*
		 * Of several unique indexes each would need its own look, wait and
		 * retreat; speculative insertion is completed after the first.
		 */
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

/*
 * pair_column: which column of a pair is behind that of the association?  Of
 * two that are, as both sides have it, the left side's.
 */
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

/*
 * is_unique_pair: does the unique index keep pairs unique, and nothing else?
 */
static bool
is_unique_pair(M2mDirectTable *table, M2mDirectIndex *index)
{
	return m2m_direct_index_is_of_pairs(table, index) &&
		index->index->rd_index->indimmediate;
}

/*
 * m2m_direct_index_is_of_pairs: can pairs be looked up in an index?  Its key is
 * all columns of a pair, and it has the rows that our snapshot shows: as
 * get_relation_info() has it, an index made over broken HOT chains lacks what
 * older snapshots show.
 */
bool
m2m_direct_index_is_of_pairs(M2mDirectTable *table, M2mDirectIndex *index)
{
	int			n = table->rel->nlink;

	if (index->index->rd_rel->relam != BTREE_AM_OID || index->at_once ||
		!shows_all(index->index) ||
		index->index->rd_index->indnkeyatts != n)
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

/*
 * shows_all: does an index show all rows that a snapshot of ours may?  One
 * that was made after a snapshot was taken may lack what only that shows: an
 * entry stands for a HOT chain whose older rows have other values.  As
 * get_relation_info() in PostgreSQL asks.
 *
 * Asked before the call's snapshot is taken: TransactionXmin may only grow by
 * that, so what holds for it now holds for that snapshot.
 */
static bool
shows_all(Relation index)
{
	return index->rd_index->indisvalid &&
		(!index->rd_index->indcheckxmin ||
		 TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data),
							   TransactionXmin));
}

/*
 * make_unique_key: scan keys to look a pair up by; arguments are filled in.
 * They are kept with the description: an index never changes its operator
 * classes.
 */
static void
make_unique_key(M2mDirectTable *table)
{
	M2mDirect  *direct = table->direct;
	Relation	index = table->unique->index;
	int			n = table->rel->nlink;

	if (direct->unique_index != RelationGetRelid(index))
	{
		direct->unique_index = InvalidOid;
		if (direct->unique_key == NULL)
			direct->unique_key = MemoryContextAlloc(table->rel->context,
													n * sizeof(ScanKeyData));
		for (int i = 0; i < n; i++)
		{
			Oid			equal = get_opfamily_member(index->rd_opfamily[i],
													index->rd_opcintype[i],
													index->rd_opcintype[i],
													BTEqualStrategyNumber);

			ScanKeyEntryInitialize(&direct->unique_key[i], 0, i + 1,
								   BTEqualStrategyNumber, InvalidOid,
								   index->rd_indcollation[i],
								   get_opcode(equal), (Datum) 0);
		}
		direct->unique_index = RelationGetRelid(index);
	}

	/* a copy: the arguments are this call's */
	table->unique_key = palloc_array(ScanKeyData, n);
	for (int i = 0; i < n; i++)
	{
		table->unique_key[i] = direct->unique_key[i];
		table->unique_key[i].sk_func.fn_mcxt = table->context;
	}
}

/* begin_endpoint: what checking the foreign key of a side takes. */
static void
begin_endpoint(M2mDirectTable *table, M2mSide side)
{
	M2mDirectEndpoint *endpoint = &table->endpoint[side];
	M2mDirectKey *key = &table->direct->key[side];

	/*
	 * It may be on its way out by REINDEX CONCURRENTLY, which has put another
	 * in its place; but that waits for our lock on the table before this one
	 * gets no entries any more (index_concurrently_set_dead()).
	 */
	endpoint->index.index = index_open(key->index, RowShareLock);
	endpoint->index.natts = key->nkeys;
	memcpy(endpoint->index.column, key->column, sizeof(key->column));
	endpoint->slot = table_slot_create(endpoint->relation, NULL);
	endpoint->locked = table_slot_create(endpoint->relation, NULL);
}

/*
 * m2m_direct_side_column: the column of a pair that a side has of what
 * pair_column() has named; -1 if it is none of the side's.
 */
int
m2m_direct_side_column(M2mDirectTable *table, M2mSide side, int column)
{
	int			nleft = table->order->nleft;
	int			shared;

	if (column >= table->order->natts)
		return -1;
	if (side == M2M_LEFT)
		return column < nleft ? column : -1;
	if (column >= nleft)
		return column;
	shared = table->rel->side[M2M_LEFT].key[column].shared;
	return shared > 0 ? nleft + shared - 1 : -1;
}

/*
 * m2m_direct_is_copy: does a column of a pair only repeat one of the left
 * side's, as both are one in the association?
 */
bool
m2m_direct_is_copy(M2mDirectTable *table, int column)
{
	int			nleft = table->order->nleft;

	return column >= nleft &&
		table->rel->side[M2M_RIGHT].key[column - nleft].shared > 0;
}

/*
 * m2m_direct_counts: is a row counted as a link?  Of two that are one, in both
 * directions, the one that comes first in key order.
 */
bool
m2m_direct_counts(M2mDirectTable *table, Datum *pair)
{
	return !OidIsValid(table->rel->mirror) ||
		m2m_pair_direction(table->order, pair) <= 0;
}

/*
 * m2m_direct_side_index: an index to find the links of a row of one side by;
 * NULL if there is none.
 *
 * The columns of the side come first in it, each once, in any order: then all
 * its links are next to each other.  So the unique index serves one side.
 */
M2mDirectIndex *
m2m_direct_side_index(M2mDirectTable *table, M2mSide side)
{
	int			nkeys = table->rel->side[side].nkeys;

	for (int i = 0; i < table->nindexes; i++)
	{
		M2mDirectIndex *index = &table->index[i];
		bool		fits = index->index->rd_rel->relam == BTREE_AM_OID &&
			shows_all(index->index) &&
			index->index->rd_index->indnkeyatts >= nkeys;

		for (int j = 0; fits && j < nkeys; j++)
			fits = m2m_direct_side_column(table, side,
										  index->column[j]) >= 0 &&
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
