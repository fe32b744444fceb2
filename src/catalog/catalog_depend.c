/*
 * catalog_depend.c
 *		Which views and associations hang on an object: walks of pg_depend.
 *
 * Index scans only, so that a look costs what depends on the object, whatever
 * else there is in the database.  Locks nothing and checks no privilege, as
 * catalog.c says.  What makes a view a link view is catalog_view.c's to know.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"

static List *parts_of(Oid catalog, Oid index, AttrNumber column, Oid relid);
static void add_used(Oid classid, List *objects, Oid viewid, List **result);
static List *add_address(List *list, ObjectAddress *object);
static Oid	relation_of_trigger(Oid triggerid);
static Oid	relation_of_default(Oid defaultid);
static Oid	relation_of_part(Oid catalog, Oid index, AttrNumber oid_column,
							 AttrNumber relation_column, Oid oid);
static List *queue_object(HTAB *seen, List *queue, Oid classid, Oid objectid,
						  int32 subid);
static List *queue_related(HTAB *seen, List *queue, ObjectAddress *object,
						   bool owners);

/*
 * m2m_catalog_link_views: OIDs of the link views that read a table (an
 * endpoint or an association).  Index scans only: pg_depend for what depends
 * on the table, pg_rewrite for the view of a rule, pg_trigger for our trigger.
 */
List *
m2m_catalog_link_views(Oid relid)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, m2m_catalog_views(relid))
	{
		if (m2m_catalog_is_link_view(lfirst_oid(lc)))
			result = lappend_oid(result, lfirst_oid(lc));
	}
	return result;
}

/*
 * m2m_catalog_views: the same of all views, link views or not.  In the order
 * of their OIDs, each once.
 */
List *
m2m_catalog_views(Oid relid)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *rules = NIL;
	List	   *result = NIL;
	ListCell   *lc;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));

	/*
	 * Without a key for the column: a rule depends on each column that it
	 * reads, and on the whole table where it names none, so it comes many
	 * times.
	 */
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == RewriteRelationId)
			rules = lappend_oid(rules, form->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);

	/*
	 * After the scan, so that no second one runs within it.  A rule of the
	 * table itself depends on it, too; and one may be gone by now.
	 */
	rules = m2m_catalog_sort_unique(rules);
	foreach(lc, rules)
	{
		Oid			viewid = m2m_catalog_relation_of_rule(lfirst_oid(lc));

		if (OidIsValid(viewid) && viewid != relid)
			result = lappend_oid(result, viewid);
	}
	list_free(rules);
	return m2m_catalog_sort_unique(result);
}

/* m2m_catalog_sort_unique: in order, each once; in place. */
List *
m2m_catalog_sort_unique(List *oids)
{
	list_sort(oids, list_oid_cmp);
	list_deduplicate_oid(oids);
	return oids;
}

/*
 * m2m_catalog_view_uses: the objects (ObjectAddress) that a view, its rules,
 * triggers and defaults speak of, each once: its schema, tables, types,
 * functions and so on.  They are what making the view again locks.
 */
List *
m2m_catalog_view_uses(Oid viewid)
{
	List	   *result = NIL;

	add_used(RelationRelationId, list_make1_oid(viewid), viewid, &result);
	add_used(RewriteRelationId,
			 parts_of(RewriteRelationId, RewriteRelRulenameIndexId,
					  Anum_pg_rewrite_ev_class, viewid), viewid, &result);
	add_used(TriggerRelationId,
			 parts_of(TriggerRelationId, TriggerRelidNameIndexId,
					  Anum_pg_trigger_tgrelid, viewid), viewid, &result);
	add_used(AttrDefaultRelationId,
			 parts_of(AttrDefaultRelationId, AttrDefaultIndexId,
					  Anum_pg_attrdef_adrelid, viewid), viewid, &result);
	return result;
}

/* parts_of: OIDs of the rows of a catalog that are parts of a relation. */
static List *
parts_of(Oid catalog, Oid index, AttrNumber column, Oid relid)
{
	Relation	parts = table_open(catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(parts, index, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		oid = heap_getattr(tuple, 1, RelationGetDescr(parts),
									   &isnull);

		/* each of these catalogs begins with its OID */
		result = lappend_oid(result, DatumGetObjectId(oid));
	}
	systable_endscan(scan);
	table_close(parts, AccessShareLock);
	return result;
}

/* add_used: adds what objects of one catalog depend on, beside the view. */
static void
add_used(Oid classid, List *objects, Oid viewid, List **result)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;

	foreach(lc, objects)
	{
		ScanKeyInit(&key[0], Anum_pg_depend_classid, BTEqualStrategyNumber,
					F_OIDEQ, ObjectIdGetDatum(classid));
		ScanKeyInit(&key[1], Anum_pg_depend_objid, BTEqualStrategyNumber,
					F_OIDEQ, ObjectIdGetDatum(lfirst_oid(lc)));
		scan = systable_beginscan(depend, DependDependerIndexId, true, NULL,
								  2, key);
		while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		{
			Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
			ObjectAddress used;

			/*
			 * Only what it was made with: AUTO and INTERNAL are a part's ties
			 * to the view, AUTO_EXTENSION is m2m's own
			 * (m2m_keep_extension()).
			 */
			ObjectAddressSet(used, form->refclassid, form->refobjid);
			if (form->deptype == DEPENDENCY_NORMAL &&
				!(used.classId == RelationRelationId &&
				  used.objectId == viewid))
				*result = add_address(*result, &used);
		}
		systable_endscan(scan);
	}
	table_close(depend, AccessShareLock);
}

/* add_address: adds an object to a list, unless it is there. */
static List *
add_address(List *list, ObjectAddress *object)
{
	ObjectAddress *copy;
	ListCell   *lc;

	foreach(lc, list)
	{
		ObjectAddress *other = lfirst(lc);

		if (other->classId == object->classId &&
			other->objectId == object->objectId)
			return list;
	}
	copy = palloc(sizeof(ObjectAddress));
	*copy = *object;
	return lappend(list, copy);
}

/*
 * m2m_catalog_associations: the association tables of all link views in the
 * database, each once, in the order of their OIDs.  Goes by what depends on
 * the trigger function, so it costs nothing where there are none.
 */
List *
m2m_catalog_associations(void)
{
	List	   *others;

	return m2m_catalog_associations_and_others(&others);
}

/*
 * m2m_catalog_associations_and_others: the same, and the views that have the
 * trigger and do not read as link views.
 */
List *
m2m_catalog_associations_and_others(List **others)
{
	Oid			function = m2m_catalog_trigger_function();
	Relation	depend;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *triggers = NIL;
	List	   *result = NIL;
	ListCell   *lc;

	*others = NIL;
	if (!OidIsValid(function))
		return NIL;
	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(ProcedureRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(function));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == TriggerRelationId)
			triggers = lappend_oid(triggers, form->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);

	foreach(lc, triggers)
	{
		Oid			viewid = relation_of_trigger(lfirst_oid(lc));
		M2mLinkView *view = OidIsValid(viewid) ?
			m2m_catalog_read_view(viewid, true) : NULL;

		/* the function alone is no sign: the statement trigger has it, too */
		if (view != NULL)
			result = list_append_unique_oid(result, view->association);
		else if (OidIsValid(viewid) && m2m_catalog_is_link_view(viewid))
			*others = list_append_unique_oid(*others, viewid);
	}
	list_sort(result, list_oid_cmp);
	return result;
}

/*
 * m2m_catalog_associations_of: the associations of all link views that read
 * any of these tables; index scans only.
 */
List *
m2m_catalog_associations_of(List *relids)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *lv;

	foreach(lc, relids)
	{
		foreach(lv, m2m_catalog_link_views(lfirst_oid(lc)))
		{
			M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lv), true);

			if (view != NULL)
				result = list_append_unique_oid(result, view->association);
		}
	}
	return result;
}

/*
 * m2m_catalog_dependent_associations: the associations of which a table, an
 * endpoint or a link view would go with an object, if that were dropped with
 * CASCADE; perhaps some more.  Follows pg_depend as the drop itself will, so
 * that it costs what lies in the schema or uses the type, whatever else there
 * is in the database.  In the order of their OIDs; locks nothing.
 */
List *
m2m_catalog_dependent_associations(Oid classid, Oid objectid)
{
	HASHCTL		control;
	HTAB	   *seen;
	List	   *queue;
	List	   *result = NIL;

	/* where m2m is not, a collation or schema can have any number of users */
	if (!OidIsValid(m2m_catalog_trigger_function()))
		return NIL;

	/*
	 * Dependencies go in circles (a view and its rule), and in thousands:
	 * each object is looked at once, and none by recursion.
	 */
	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(ObjectAddress);
	control.entrysize = sizeof(ObjectAddress);
	control.hcxt = CurrentMemoryContext;
	seen = hash_create("m2m dependent objects", 64, &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	queue = queue_object(seen, NIL, classid, objectid, 0);

	/* the queue grows as we go through it */
	for (int i = 0; i < list_length(queue); i++)
	{
		ObjectAddress *object = list_nth(queue, i);

		CHECK_FOR_INTERRUPTS();
		if (object->classId == RelationRelationId &&
			get_rel_relkind(object->objectId) == RELKIND_VIEW)
		{
			M2mLinkView *view = m2m_catalog_read_view(object->objectId, true);

			if (view != NULL)
				result = list_append_unique_oid(result, view->association);
		}
		queue = queue_related(seen, queue, object, false);
		queue = queue_related(seen, queue, object, true);
		if (object->classId == ConstraintRelationId)
		{
			HeapTuple	tuple = SearchSysCache1(CONSTROID,
												ObjectIdGetDatum(object->objectId));

			/* an endpoint whose only tie is its foreign key: its view is lost */
			if (HeapTupleIsValid(tuple))
			{
				Form_pg_constraint form =
					(Form_pg_constraint) GETSTRUCT(tuple);

				if (form->contype == CONSTRAINT_FOREIGN)
				{
					ListCell   *lc;

					foreach(lc, m2m_catalog_link_views(form->conrelid))
						queue = queue_object(seen, queue, RelationRelationId,
											 lfirst_oid(lc), 0);
				}
				ReleaseSysCache(tuple);
			}
		}
	}
	hash_destroy(seen);
	list_free_deep(queue);
	list_sort(result, list_oid_cmp);
	return result;
}

/* queue_object: adds an object that has not been seen yet. */
static List *
queue_object(HTAB *seen, List *queue, Oid classid, Oid objectid, int32 subid)
{
	ObjectAddress address;
	bool		found;

	ObjectAddressSubSet(address, classid, objectid, subid);
	hash_search(seen, &address, HASH_ENTER, &found);
	if (!found)
	{
		ObjectAddress *copy = palloc(sizeof(ObjectAddress));

		*copy = address;
		queue = lappend(queue, copy);
	}
	return queue;
}

/*
 * queue_related: adds what depends on an object or (owners) what it is an
 * internal part of, which goes with it: the view of a rule.
 */
static List *
queue_related(HTAB *seen, List *queue, ObjectAddress *object, bool owners)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[3];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key[0], owners ? Anum_pg_depend_classid :
				Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(object->classId));
	ScanKeyInit(&key[1], owners ? Anum_pg_depend_objid :
				Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(object->objectId));
	ScanKeyInit(&key[2], owners ? Anum_pg_depend_objsubid :
				Anum_pg_depend_refobjsubid, BTEqualStrategyNumber,
				F_INT4EQ, Int32GetDatum(object->objectSubId));
	scan = systable_beginscan(depend, owners ? DependDependerIndexId :
							  DependReferenceIndexId, true, NULL,
							  object->objectSubId != 0 ? 3 : 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		/*
		 * findDependentObjects() goes from a part to its owner for INTERNAL,
		 * PARTITION and EXTENSION; what is only NORMAL or AUTO on something
		 * goes alone.
		 */
		if (!owners)
			queue = queue_object(seen, queue, form->classid, form->objid,
								 form->objsubid);
		else if (form->deptype != DEPENDENCY_NORMAL &&
				 form->deptype != DEPENDENCY_AUTO &&
				 form->deptype != DEPENDENCY_AUTO_EXTENSION)
			queue = queue_object(seen, queue, form->refclassid,
								 form->refobjid, form->refobjsubid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return queue;
}

/*
 * m2m_catalog_relation_of: the relation that an object is, or is a part of: a
 * rule, trigger, column's default, or its row type; InvalidOid if it is none
 * of these.
 */
Oid
m2m_catalog_relation_of(Oid classid, Oid objectid)
{
	switch (classid)
	{
		case RelationRelationId:
			return objectid;
		case TypeRelationId:
			return get_typ_typrelid(objectid);
		case RewriteRelationId:
			return m2m_catalog_relation_of_rule(objectid);
		case TriggerRelationId:
			return relation_of_trigger(objectid);
		case AttrDefaultRelationId:
			return relation_of_default(objectid);
		default:
			return InvalidOid;
	}
}

/*
 * m2m_catalog_relation_of_rule: the relation that a rule is on, or InvalidOid.
 */
Oid
m2m_catalog_relation_of_rule(Oid ruleid)
{
	return relation_of_part(RewriteRelationId, RewriteOidIndexId,
							Anum_pg_rewrite_oid, Anum_pg_rewrite_ev_class,
							ruleid);
}

/* relation_of_default: the relation that a default is a column's of. */
static Oid
relation_of_default(Oid defaultid)
{
	return relation_of_part(AttrDefaultRelationId, AttrDefaultOidIndexId,
							Anum_pg_attrdef_oid, Anum_pg_attrdef_adrelid,
							defaultid);
}

/* relation_of_trigger: the relation that a trigger is on, or InvalidOid. */
static Oid
relation_of_trigger(Oid triggerid)
{
	return relation_of_part(TriggerRelationId, TriggerOidIndexId,
							Anum_pg_trigger_oid, Anum_pg_trigger_tgrelid,
							triggerid);
}

/*
 * relation_of_part: the relation that a row of a catalog names in a column, by
 * the row's OID; InvalidOid if there is no such row.
 */
static Oid
relation_of_part(Oid catalog, Oid index, AttrNumber oid_column,
				 AttrNumber relation_column, Oid oid)
{
	Relation	parts = table_open(catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;
	Oid			result = InvalidOid;

	ScanKeyInit(&key, oid_column, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(oid));
	scan = systable_beginscan(parts, index, true, NULL, 1, &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = DatumGetObjectId(heap_getattr(tuple, relation_column,
											   RelationGetDescr(parts),
											   &isnull));
	systable_endscan(scan);
	table_close(parts, AccessShareLock);
	return result;
}
