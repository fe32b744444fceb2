/*
 * compat.h
 *		The only place that knows PostgreSQL version numbers.
 *
 * The code is written against the newest API that it can name; each shim
 * below says what changed and in which major.
 */
#ifndef M2M_COMPAT_H
#define M2M_COMPAT_H

#include "access/htup_details.h"
#include "access/tableam.h"
#include "catalog/pg_constraint.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/plannodes.h"
#include "parser/parse_relation.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/rel.h"

#if PG_VERSION_NUM < 150000
#error "m2m needs PostgreSQL 15 or later"
#endif

/*
 * 19: whoever makes a tuple descriptor calls TupleDescFinalize() after the
 * last TupleDescInitEntry(); reading tuples by one without it crashes.
 */
#if PG_VERSION_NUM < 190000
#define TupleDescFinalize(desc) ((void) (desc))
#endif

/*
 * 18: pg_noreturn, in front of a declaration, replaced
 * pg_attribute_noreturn() behind it.
 */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/*
 * 17: LockHeldByMe() looks for stronger locks, too, and there always is
 * CheckRelationOidLockedByMe(), which early minors of 15 and 16 lack.
 */
#if PG_VERSION_NUM < 170000
static inline bool
m2m_relation_locked_by_me(Oid relid, LOCKMODE lockmode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	for (; lockmode <= MaxLockMode; lockmode++)
		if (LockHeldByMe(&tag, lockmode))
			return true;
	return false;
}
#else
#define m2m_relation_locked_by_me(relid, lockmode) \
	CheckRelationOidLockedByMe(relid, lockmode, true)
#endif

/*
 * 16: tuplesort_getdatum() may return a Datum that is the sort's own, good
 * until the next; before, it is always a copy, which the caller has to free.
 */
#if PG_VERSION_NUM < 160000
#define tuplesort_getdatum(state, forward, copy, val, isnull, abbrev) \
	tuplesort_getdatum(state, forward, val, isnull, abbrev)
#define m2m_sorted_datum_free(datum) pfree(DatumGetPointer(datum))
#else
#define m2m_sorted_datum_free(datum) ((void) (datum))
#endif

/*
 * 16: object_aclcheck() and object_ownercheck() replaced the functions for
 * each kind of object.
 */
#if PG_VERSION_NUM < 160000
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"

static inline AclResult
object_aclcheck(Oid classid, Oid objectid, Oid roleid, AclMode mode)
{
	if (classid == ProcedureRelationId)
		return pg_proc_aclcheck(objectid, roleid, mode);
	Assert(classid == NamespaceRelationId);
	return pg_namespace_aclcheck(objectid, roleid, mode);
}

static inline bool
object_ownercheck(Oid classid, Oid objectid, Oid roleid)
{
	if (classid == ProcedureRelationId)
		return pg_proc_ownercheck(objectid, roleid);
	if (classid == NamespaceRelationId)
		return pg_namespace_ownercheck(objectid, roleid);
	Assert(classid == RelationRelationId);
	return pg_class_ownercheck(objectid, roleid);
}
#endif

/*
 * 18: index_beginscan() takes an argument for instrumentation; 19: and flags.
 */
#if PG_VERSION_NUM >= 190000
#define m2m_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0, SO_NONE)
#elif PG_VERSION_NUM >= 180000
#define m2m_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define m2m_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/* 19: table_beginscan() takes flags. */
#if PG_VERSION_NUM >= 190000
#define m2m_table_beginscan(table, snapshot) \
	table_beginscan(table, snapshot, 0, NULL, SO_NONE)
#else
#define m2m_table_beginscan(table, snapshot) \
	table_beginscan(table, snapshot, 0, NULL)
#endif

/*
 * 19: table_index_fetch_begin() takes flags.
 */
#if PG_VERSION_NUM >= 190000
#define m2m_table_index_fetch_begin(rel) table_index_fetch_begin(rel, SO_NONE)
#else
#define m2m_table_index_fetch_begin(rel) table_index_fetch_begin(rel)
#endif

/*
 * 17: an index may keep something from insert to insert (BRIN does), which
 * index_insert_cleanup() releases.
 */
#if PG_VERSION_NUM >= 170000
#define m2m_index_insert_cleanup(index, info) \
	index_insert_cleanup(index, info)
#else
#define m2m_index_insert_cleanup(index, info) ((void) (info))
#endif

/*
 * direct/btree_look.c and question/index_list.c read leaf pages of B-trees by
 * themselves, in the majors in which they were tested; whoever adds one
 * compares nbtree's searching first.
 */
#define M2M_READS_BTREES (PG_VERSION_NUM < 200000)

/*
 * 16: _bt_search() is given the table; 17: and no snapshot; 19: and whether
 * the caller wants the stack.  Finds the leaf page that a key belongs on, for
 * reading.  The stack that it returns is left to the memory context.
 */
#if PG_VERSION_NUM >= 190000
#define m2m_bt_search(index, heap, key, leaf) \
	_bt_search(index, heap, key, leaf, BT_READ, true)
#elif PG_VERSION_NUM >= 170000
#define m2m_bt_search(index, heap, key, leaf) \
	_bt_search(index, heap, key, leaf, BT_READ)
#elif PG_VERSION_NUM >= 160000
#define m2m_bt_search(index, heap, key, leaf) \
	_bt_search(index, heap, key, leaf, BT_READ, NULL)
#else
#define m2m_bt_search(index, heap, key, leaf) \
	_bt_search(index, key, leaf, BT_READ, NULL)
#endif

/*
 * 17: the setting old_snapshot_threshold is gone; before, who reads a page by a
 * snapshot asks whether that is too old for it.  With storage/bufmgr.h.
 */
#if PG_VERSION_NUM >= 170000
#define m2m_test_old_snapshot(snapshot, relation, page) ((void) 0)
#else
#define m2m_test_old_snapshot(snapshot, relation, page) \
	TestForOldSnapshot(snapshot, relation, page)
#endif

/*
 * 18: a generated column may be virtual, that is, not be in the row.
 */
#if PG_VERSION_NUM >= 180000
#define m2m_has_virtual_columns(desc) \
	((desc)->constr != NULL && (desc)->constr->has_generated_virtual)
#else
#define m2m_has_virtual_columns(desc) false
#endif

/*
 * 18: a foreign key may be NOT ENFORCED.
 */
#if PG_VERSION_NUM >= 180000
#define m2m_constraint_is_enforced(form) ((form)->conenforced)
#else
#define m2m_constraint_is_enforced(form) true
#endif

/*
 * 18: NOT NULL is a constraint and may be NOT VALID, where attnotnull says only
 * that no new row has a null.
 *
 * m2m_not_null_is_valid: has a column that is NOT NULL no null in any row?  (Of
 * a catalog's column there is no constraint.)  Locks nothing.
 */
#if PG_VERSION_NUM >= 180000
static inline bool
m2m_not_null_is_valid(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = findNotNullConstraintAttnum(relid, attnum);
	bool		result = !HeapTupleIsValid(tuple) ||
		((Form_pg_constraint) GETSTRUCT(tuple))->convalidated;

	if (HeapTupleIsValid(tuple))
		heap_freetuple(tuple);
	return result;
}
#else
#define m2m_not_null_is_valid(relid, attnum) true
#endif

/*
 * 19: table_tuple_delete() takes options, and these instead of a last argument
 * that tells that a row moves to another partition.
 */
#if PG_VERSION_NUM >= 190000
#define m2m_table_tuple_delete(rel, tid, cid, snapshot, wait, failure) \
	table_tuple_delete(rel, tid, cid, 0, snapshot, InvalidSnapshot, wait, \
					   failure)
#else
#define m2m_table_tuple_delete(rel, tid, cid, snapshot, wait, failure) \
	table_tuple_delete(rel, tid, cid, snapshot, InvalidSnapshot, wait, \
					   failure, false)
#endif

/*
 * 16: table_tuple_update() tells which indexes it takes, not just whether any;
 * 19: it takes options, too.
 */
#if PG_VERSION_NUM >= 160000
typedef TU_UpdateIndexes M2mUpdateIndexes;
#else
typedef bool M2mUpdateIndexes;
#endif
#if PG_VERSION_NUM >= 190000
#define m2m_table_tuple_update(rel, tid, slot, cid, snapshot, wait, failure, \
							   lockmode, indexes) \
	table_tuple_update(rel, tid, slot, cid, 0, snapshot, InvalidSnapshot, \
					   wait, failure, lockmode, indexes)
#else
#define m2m_table_tuple_update(rel, tid, slot, cid, snapshot, wait, failure, \
							   lockmode, indexes) \
	table_tuple_update(rel, tid, slot, cid, snapshot, InvalidSnapshot, wait, \
					   failure, lockmode, indexes)
#endif

/*
 * 16: what is required on a table stands in an RTEPermissionInfo, and
 * ExecCheckPermissions() takes the place of ExecCheckRTPerms().
 *
 * m2m_permissions_list: a range table of one table, with the rights that
 * somebody needs on it and, where they are only for columns, on which.
 */
static inline List *
m2m_permissions_list(Relation relation, LOCKMODE lockmode, AclMode required,
					 Bitmapset *selected, Bitmapset *written, List **infos)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
#if PG_VERSION_NUM >= 160000
	RTEPermissionInfo *info;
#else
	RangeTblEntry *info = rte;
#endif

	*infos = NIL;
	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(relation);
	rte->relkind = relation->rd_rel->relkind;
	rte->rellockmode = lockmode;
#if PG_VERSION_NUM >= 160000
	info = addRTEPermissionInfo(infos, rte);
#endif
	info->requiredPerms = required;
	info->selectedCols = selected;
	info->insertedCols = written;
	info->updatedCols = written;
	return list_make1(rte);
}

#if PG_VERSION_NUM >= 160000
#define m2m_executor_permits(rtable, infos) \
	ExecCheckPermissions(rtable, infos, false)
#define m2m_set_permissions(statement, infos) ((statement)->permInfos = (infos))
#else
#define m2m_executor_permits(rtable, infos) ExecCheckRTPerms(rtable, false)
#define m2m_set_permissions(statement, infos) ((void) (infos))
#endif

/*
 * 19: a planned statement has a set of target relations instead of a list.
 * Returns the range table index of the only one, or 0.
 */
static inline int
m2m_only_target(PlannedStmt *statement)
{
#if PG_VERSION_NUM >= 190000
	int			target;

	return bms_get_singleton_member(statement->resultRelationRelids,
									&target) ? target : 0;
#else
	return list_length(statement->resultRelations) == 1 ?
		linitial_int(statement->resultRelations) : 0;
#endif
}

/*
 * 19: what SELECT ... FOR KEY SHARE says in REPEATABLE READ and above of a row
 * that was deleted.
 */
#if PG_VERSION_NUM >= 190000
#define M2M_LOCKED_ROW_DELETED "could not serialize access due to concurrent delete"
#else
#define M2M_LOCKED_ROW_DELETED "could not serialize access due to concurrent update"
#endif

/*
 * 17: LockHeldByMe() can be asked for stronger locks, too, and a backend's
 * local transaction id is in a struct.
 */
#if PG_VERSION_NUM >= 170000
#define m2m_lock_held_by_me(tag, mode) LockHeldByMe(tag, mode, false)
#define m2m_my_lxid() (MyProc->vxid.lxid)
#else
#define m2m_lock_held_by_me(tag, mode) LockHeldByMe(tag, mode)
#define m2m_my_lxid() (MyProc->lxid)
#endif

/* 17: getIdentitySequence() takes the relation. */
#if PG_VERSION_NUM >= 170000
#define m2m_identity_sequence(relation, attnum) \
	getIdentitySequence(relation, attnum, true)
#else
#define m2m_identity_sequence(relation, attnum) \
	getIdentitySequence(RelationGetRelid(relation), attnum, true)
#endif

#endif							/* M2M_COMPAT_H */
