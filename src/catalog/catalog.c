/*
 * catalog.c
 *		What the system catalogs say of a single object.
 *
 * The first of four files that look, without permission checks and without
 * changing or caching anything.  What needs more than an entry or two is
 * left to the others: which views hang on a table (catalog_depend.c), what a
 * link view says (catalog_view.c), what relationship an association and its
 * views make up (catalog_relationship.c).
 *
 * No relation but system catalogs is opened there, and so none is locked:
 * whoever looks for a relationship must not wait for the owner of some other
 * one.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/reloptions.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_subscription_rel.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"

static bool is_newer(HeapTuple tuple, Snapshot snapshot);
static Oid	domain_of(Oid domain);

/*
 * m2m_catalog_is_table: is the relation a user's table, not a view with its
 * own query?  False too if it is gone.  Locks nothing, raises nothing.
 */
bool
m2m_catalog_is_table(Oid relid)
{
	char		relkind = get_rel_relkind(relid);

	if (relid < FirstNormalObjectId)
		return false;
	return relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE;
}

/*
 * m2m_catalog_column_exists: is the column there, and not dropped?
 */
bool
m2m_catalog_column_exists(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCacheAttNum(relid, attnum);

	if (!HeapTupleIsValid(tuple))
		return false;
	ReleaseSysCache(tuple);
	return true;
}

/*
 * m2m_catalog_natts: how many columns a relation has, dropped ones included; 0
 * if it is gone.
 */
int
m2m_catalog_natts(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	int			result;

	if (!HeapTupleIsValid(tuple))
		return 0;
	result = ((Form_pg_class) GETSTRUCT(tuple))->relnatts;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_catalog_column_has_default: does an INSERT that leaves a column out put
 * anything into it but null: by the column's default, or its domain's?
 */
bool
m2m_catalog_column_has_default(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCacheAttNum(relid, attnum);
	bool		result;
	Oid			type;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_attribute) GETSTRUCT(tuple))->atthasdef ||
		((Form_pg_attribute) GETSTRUCT(tuple))->attidentity != '\0';
	type = ((Form_pg_attribute) GETSTRUCT(tuple))->atttypid;
	ReleaseSysCache(tuple);
	if (result)
		return true;
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		return false;
	result = !heap_attisnull(tuple, Anum_pg_type_typdefaultbin, NULL) ||
		!heap_attisnull(tuple, Anum_pg_type_typdefault, NULL);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_catalog_column_generated: is a column made from others?
 */
bool
m2m_catalog_column_generated(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCacheAttNum(relid, attnum);
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_attribute) GETSTRUCT(tuple))->attgenerated != '\0';
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_catalog_base_type: what a type is, domains aside; InvalidOid if it is gone.
 */
Oid
m2m_catalog_base_type(Oid type)
{
	for (;;)
	{
		HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
		Form_pg_type form;

		if (!HeapTupleIsValid(tuple))
			return InvalidOid;
		form = (Form_pg_type) GETSTRUCT(tuple);
		if (form->typtype != TYPTYPE_DOMAIN)
		{
			ReleaseSysCache(tuple);
			return type;
		}
		type = form->typbasetype;
		ReleaseSysCache(tuple);
	}
}

/*
 * m2m_catalog_add_types: adds to a list of OIDs the types that somebody has made
 * of a relation's columns, and what these are made of: a domain's base type, an
 * array's elements.  Of a relation that is gone none.
 */
List *
m2m_catalog_add_types(List *types, Oid relid)
{
	int			natts = m2m_catalog_natts(relid);

	for (int a = 1; a <= natts; a++)
	{
		Oid			type = get_atttype(relid, a);

		while (type >= FirstNormalObjectId && !list_member_oid(types, type))
		{
			types = lappend_oid(types, type);
			type = get_typtype(type) == TYPTYPE_DOMAIN ?
				domain_of(type) : get_element_type(type);
		}
	}
	return types;
}

/* domain_of: what a domain is one of, perhaps another domain. */
static Oid
domain_of(Oid domain)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(domain));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	result = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_catalog_column_not_null: must a column not be null, by itself or by its
 * domain?
 */
bool
m2m_catalog_column_not_null(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCacheAttNum(relid, attnum);
	bool		result;
	Oid			type;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_attribute) GETSTRUCT(tuple))->attnotnull;
	type = ((Form_pg_attribute) GETSTRUCT(tuple))->atttypid;
	ReleaseSysCache(tuple);
	while (!result && get_typtype(type) == TYPTYPE_DOMAIN)
	{
		tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
		if (!HeapTupleIsValid(tuple))
			break;
		result = ((Form_pg_type) GETSTRUCT(tuple))->typnotnull;
		type = ((Form_pg_type) GETSTRUCT(tuple))->typbasetype;
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * m2m_catalog_has_no_null: has a column, by a constraint, no null in any row?
 * (m2m_catalog_column_not_null() is about rows to come.)
 */
bool
m2m_catalog_has_no_null(Form_pg_attribute column)
{
	return column->attnotnull &&
		m2m_not_null_is_valid(column->attrelid, column->attnum);
}

/*
 * m2m_catalog_relation_owner: a relation's owner, InvalidOid if it is gone.
 */
Oid
m2m_catalog_relation_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	result = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_catalog_function_owner: a function's owner, InvalidOid if it is gone.
 */
Oid
m2m_catalog_function_owner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			result;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	result = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
	ReleaseSysCache(tuple);
	return result;
}

/* m2m_catalog_function_runs_as_invoker: the same of a function. */
bool
m2m_catalog_function_runs_as_invoker(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = !((Form_pg_proc) GETSTRUCT(tuple))->prosecdef &&
		heap_attisnull(tuple, Anum_pg_proc_proconfig, NULL);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_catalog_view_reads_as_invoker: is a view security_invoker?  Read from
 * the catalog: the view is not opened.
 */
bool
m2m_catalog_view_reads_as_invoker(Oid viewid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(viewid));
	bool		result = false;
	Datum		options;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return false;
	options = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions,
							  &isnull);
	if (!isnull)
		result = ((ViewOptions *) view_reloptions(options, false))->security_invoker;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_catalog_is_subscribed: do rows of a table arrive from a publisher?  What
 * applies them fires no triggers but those that are made for it.
 */
bool
m2m_catalog_is_subscribed(Oid relid)
{
	Relation	catalog = table_open(SubscriptionRelRelationId,
									 AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool		result;

	ScanKeyInit(&key, Anum_pg_subscription_rel_srrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, SubscriptionRelSrrelidSrsubidIndexId,
							  true, NULL, 1, &key);
	result = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/*
 * m2m_catalog_is_newer: is a relation as it is now, or one of its triggers, the
 * work of another transaction that the snapshot does not show?  Then what it
 * shows of the rows need not be what they were: a table that was written anew is
 * empty to it, and a trigger that is younger has not seen to them.  Often true
 * without need, as after a GRANT.
 */
bool
m2m_catalog_is_newer(Oid relid, Snapshot snapshot)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return true;
	result = is_newer(tuple, snapshot);
	ReleaseSysCache(tuple);
	if (result)
		return true;
	catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, TriggerRelidNameIndexId, true, NULL, 1,
							  &key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = is_newer(tuple, snapshot);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/* is_newer: has another transaction that a snapshot does not show made a row? */
static bool
is_newer(HeapTuple tuple, Snapshot snapshot)
{
	TransactionId xmin = HeapTupleHeaderGetXmin(tuple->t_data);

	return !TransactionIdIsCurrentTransactionId(xmin) &&
		XidInMVCCSnapshot(xmin, snapshot);
}
