/*
 * catalog_between.c
 *		What refers to two objects at once: tables, associations and functions
 *		between them.
 *
 * Read from the one on which less depends, so that a table at which thousands
 * of relationships meet costs nothing to those that meet it.  Locks nothing and
 * checks no privilege, as catalog.c says.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"

static int	read_fewer(Oid refclassid, Oid object[2], Oid classid,
					   List **dependents, List **constraints);
static void add_key_tables(List *keys, Oid relid, List **tables);
static bool has_oid(List *sorted, Oid oid);
static bool may_join_itself(Oid table, Oid endpoint);
static int	count_references(Oid relid, Oid target);
static bool seen_together(Oid a, Oid b);
static List *rule_tables(Oid rule, Oid except);

/*
 * m2m_catalog_functions_between: functions that may take one of two types and
 * return the other, in the order of their OIDs; perhaps some more, but none is
 * missing.  They depend on both, so it is enough to look at one.
 */
List *
m2m_catalog_functions_between(Oid first, Oid second)
{
	Oid			type[2] = {first, second};
	List	   *result;

	read_fewer(TypeRelationId, type, ProcedureRelationId, &result, NULL);
	return result;
}

/*
 * m2m_catalog_associations_between: tables that may be the association of a
 * relationship between two tables, in the order of their OIDs; perhaps some
 * more, but none is missing.  To *sources are added views that were looked at
 * in vain: a trigger would make a difference.  What else would, beside the
 * tables that are returned, are a foreign key to one of the two, or a new
 * view.
 *
 * An association has, for each of its endpoints, a foreign key to it or a link
 * view that joins both, and one such view at least.  Each of that stands in
 * pg_depend under the endpoint, so it is enough to look at the one of which
 * less depends; a table at which thousands of relationships meet is not read
 * beyond that.  (A table that is its own association shows by views that read
 * nothing else, or by two foreign keys.)
 */
List *
m2m_catalog_associations_between(Oid first, Oid second, List **sources)
{
	Oid			relid[2] = {first, second};
	List	   *keys;
	List	   *rules;
	List	   *tables = NIL;	/* that reference the endpoint */
	List	   *joined = NIL;	/* that are read together with it */
	List	   *found = NIL;	/* associations of views found by that alone */
	List	   *result = NIL;
	int			near = read_fewer(RelationRelationId, relid,
								  RewriteRelationId, &rules, &keys);
	ListCell   *lc;

	add_key_tables(keys, relid[near], &tables);
	tables = m2m_catalog_sort_unique(tables);
	foreach(lc, rules)
	{
		/* cheaper than the view's query, which is parsed only where needed */
		List	   *read = rule_tables(lfirst_oid(lc), relid[near]);
		bool		known = read != NIL;
		Oid			viewid;
		M2mLinkView *view;
		ListCell   *lr;

		/* most join the endpoint with a table that references it */
		foreach(lr, read)
			known = known && has_oid(tables, lfirst_oid(lr));
		joined = list_concat(joined, read);
		list_free(read);
		if (known)
			continue;
		viewid = m2m_catalog_relation_of_rule(lfirst_oid(lc));
		if (!OidIsValid(viewid) || viewid == relid[near])
			continue;

		/*
		 * Whoever keeps the answer must hear of a trigger that makes this one
		 * a link view; views of known tables are sources by these.
		 */
		*sources = lappend_oid(*sources, viewid);
		view = m2m_catalog_read_view(viewid, true);
		if (view != NULL)
			found = lappend_oid(found, view->association);
	}
	joined = m2m_catalog_sort_unique(list_concat(joined, found));
	tables = m2m_catalog_sort_unique(list_concat(tables, found));
	foreach(lc, tables)
	{
		Oid			table = lfirst_oid(lc);
		bool		may_be;

		/*
		 * Seen from the smaller one, a table qualifies by what ties it to the
		 * other: read together with it, or read with this and referring to
		 * that.
		 */
		if (first == second && table != first)
			may_be = has_oid(joined, table) && may_join_itself(table, first);
		else if (first == second)
			may_be = has_oid(joined, table) ||
				count_references(table, table) > 1;
		else
			may_be = seen_together(table, relid[1 - near]) ||
				(has_oid(joined, table) &&
				 count_references(table, relid[1 - near]) > 0);
		if (may_be)
			result = lappend_oid(result, table);
		CHECK_FOR_INTERRUPTS();
	}
	list_free(keys);
	list_free(rules);
	list_free(tables);
	list_free(joined);
	return result;
}

/*
 * read_fewer: of two objects of a catalog, the one on which less depends,
 * found by reading both by turns until one has no more: 0 or 1.  *dependents
 * becomes what depends on it of the catalog classid, each once, *constraints
 * the constraints, if they are asked for.
 */
static int
read_fewer(Oid refclassid, Oid object[2], Oid classid,
		   List **dependents, List **constraints)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	SysScanDesc scan[2];
	List	   *found[2] = {NIL, NIL};
	List	   *found_constraints[2] = {NIL, NIL};
	int			fewer = -1;

	for (int i = 0; i < 2; i++)
	{
		ScanKeyData key[2];

		ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
					F_OIDEQ, ObjectIdGetDatum(refclassid));
		ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
					F_OIDEQ, ObjectIdGetDatum(object[i]));
		scan[i] = systable_beginscan(depend, DependReferenceIndexId, true,
									 NULL, 2, key);
	}

	/*
	 * By turns, since nobody knows beforehand which is the hub: the work is
	 * twice that of the smaller one at most.  Both scans are open together
	 * and see catalogs as of now, each its own moment, as everywhere here.
	 */
	while (fewer < 0)
	{
		for (int i = 0; fewer < 0 && i < 2; i++)
		{
			HeapTuple	tuple = systable_getnext(scan[i]);
			Form_pg_depend form;

			if (!HeapTupleIsValid(tuple))
			{
				fewer = i;
				break;
			}
			form = (Form_pg_depend) GETSTRUCT(tuple);
			if (form->classid == classid)
				found[i] = lappend_oid(found[i], form->objid);
			else if (constraints != NULL &&
					 form->classid == ConstraintRelationId)
				found_constraints[i] = lappend_oid(found_constraints[i],
												   form->objid);
		}
	}
	for (int i = 0; i < 2; i++)
		systable_endscan(scan[i]);
	table_close(depend, AccessShareLock);

	*dependents = m2m_catalog_sort_unique(found[fewer]);
	if (constraints != NULL)
		*constraints = m2m_catalog_sort_unique(found_constraints[fewer]);
	list_free(found[1 - fewer]);
	list_free(found_constraints[1 - fewer]);
	return fewer;
}

/*
 * add_key_tables: the tables that reference relid by one of the constraints.
 */
static void
add_key_tables(List *keys, Oid relid, List **tables)
{
	ListCell   *lc;

	foreach(lc, keys)
	{
		HeapTuple	tuple = SearchSysCache1(CONSTROID,
											ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_constraint form;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_constraint) GETSTRUCT(tuple);
		if (form->contype == CONSTRAINT_FOREIGN && form->confrelid == relid)
			*tables = lappend_oid(*tables, form->conrelid);
		ReleaseSysCache(tuple);
	}
}

/*
 * m2m_catalog_tables_between: the tables that have a foreign key to each of
 * two tables, or two to one; in the order of their OIDs.  Index scans only,
 * from the side on which less hangs.
 */
List *
m2m_catalog_tables_between(Oid first, Oid second)
{
	Oid			relid[2] = {first, second};
	List	   *rules;
	List	   *keys;
	List	   *tables = NIL;
	List	   *result = NIL;
	int			near = read_fewer(RelationRelationId, relid,
								  RewriteRelationId, &rules, &keys);
	ListCell   *lc;

	add_key_tables(keys, relid[near], &tables);
	foreach(lc, m2m_catalog_sort_unique(tables))
	{
		if (count_references(lfirst_oid(lc), relid[1 - near]) >
			(first == second ? 1 : 0))
			result = lappend_oid(result, lfirst_oid(lc));
	}
	return result;
}

/*
 * m2m_catalog_is_referenced: does another table refer to this one by a foreign
 * key?
 */
bool
m2m_catalog_is_referenced(Oid relid)
{
	Oid			both[2] = {relid, relid};
	List	   *rules;
	List	   *keys;
	List	   *tables = NIL;

	(void) read_fewer(RelationRelationId, both, RewriteRelationId, &rules,
					  &keys);
	add_key_tables(keys, relid, &tables);
	tables = list_delete_oid(m2m_catalog_sort_unique(tables), relid);
	return tables != NIL;
}

/*
 * m2m_catalog_foreign_keys_to: the foreign keys that reference a table, as
 * M2mReference, in the order of their OIDs.
 */
List *
m2m_catalog_foreign_keys_to(Oid relid)
{
	Oid			both[2] = {relid, relid};
	List	   *rules;
	List	   *keys;
	List	   *result = NIL;
	ListCell   *lc;

	(void) read_fewer(RelationRelationId, both, RewriteRelationId, &rules,
					  &keys);
	foreach(lc, keys)
	{
		HeapTuple	tuple = SearchSysCache1(CONSTROID,
											ObjectIdGetDatum(lfirst_oid(lc)));
		Form_pg_constraint form;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_constraint) GETSTRUCT(tuple);
		if (form->contype == CONSTRAINT_FOREIGN && form->confrelid == relid)
		{
			M2mReference *reference = palloc0(sizeof(M2mReference));

			reference->constraint = form->oid;
			reference->parent = form->conparentid;
			reference->table = form->conrelid;
			reference->on_delete = form->confdeltype;
			DeconstructFkConstraintRow(tuple, &reference->nkeys,
									   reference->column, reference->key,
									   reference->equal_op, NULL, NULL, NULL,
									   NULL);
			result = lappend(result, reference);
		}
		ReleaseSysCache(tuple);
	}
	return result;
}

/* has_oid: is it in a list that is in order? */
static bool
has_oid(List *sorted, Oid oid)
{
	int			low = 0;
	int			high = list_length(sorted);

	while (low < high)
	{
		int			middle = (low + high) / 2;
		Oid			found = list_nth_oid(sorted, middle);

		if (found == oid)
			return true;
		if (found < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/*
 * may_join_itself: can a table be the association between an endpoint and
 * itself?  Then two link views join both, or there is only one, and a foreign
 * key over its other columns.  An ordinary association has one foreign key to
 * the endpoint and one view that joins it by this.
 */
static bool
may_join_itself(Oid table, Oid endpoint)
{
	Oid			relid[2] = {table, endpoint};
	List	   *rules;
	int			fewer = read_fewer(RelationRelationId, relid,
								   RewriteRelationId, &rules, NULL);
	int			n = 0;
	Oid			viewid = InvalidOid;
	M2mLinkView *view;
	bool		result = false;
	ListCell   *lc;

	foreach(lc, rules)
	{
		List	   *read = rule_tables(lfirst_oid(lc), relid[fewer]);

		if (list_member_oid(read, relid[1 - fewer]))
		{
			n++;
			viewid = m2m_catalog_relation_of_rule(lfirst_oid(lc));
		}
		list_free(read);
		if (n > 1)
			break;
	}
	list_free(rules);
	if (n != 1)
		return n > 1;

	/* a candidate only: whoever reads the relationship asks for the trigger */
	view = m2m_catalog_read_view(viewid, false);
	if (view == NULL)
		return false;
	foreach(lc, m2m_catalog_foreign_keys(table))
	{
		ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);

		if (fk->confrelid == endpoint && fk->nkeys == view->nnear)
		{
			bool		same = true;

			for (int i = 0; i < fk->nkeys; i++)
				same = same && m2m_columns_include(view->nnear,
												   view->near_link,
												   fk->conkey[i]);
			result = result || same;
		}
	}
	return result;
}

/* count_references: how many foreign keys has a table to another? */
static int
count_references(Oid relid, Oid target)
{
	Relation	constraint = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	int			result = 0;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(constraint, ConstraintRelidTypidNameIndexId,
							  true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		/* those to a partition of the target name that, and do not count */
		if (form->contype == CONSTRAINT_FOREIGN && form->confrelid == target)
			result++;
	}
	systable_endscan(scan);
	table_close(constraint, AccessShareLock);
	return result;
}

/*
 * seen_together: is there a rule, such as a view's query, that reads both?  Of
 * a table and itself: that reads nothing else?
 */
static bool
seen_together(Oid a, Oid b)
{
	Oid			relid[2] = {a, b};
	List	   *rules;
	int			fewer = read_fewer(RelationRelationId, relid,
								   RewriteRelationId, &rules, NULL);
	bool		result = false;
	ListCell   *lc;

	foreach(lc, rules)
	{
		List	   *read = rule_tables(lfirst_oid(lc), relid[fewer]);

		result = a == b ? read == NIL :
			list_member_oid(read, relid[1 - fewer]);
		list_free(read);
		if (result)
			break;
	}
	list_free(rules);
	return result;
}

/* rule_tables: the relations that a rule reads, but for one, each once. */
static List *
rule_tables(Oid rule, Oid except)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key[0], Anum_pg_depend_classid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(RewriteRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_objid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rule));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL,
							  2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->refclassid == RelationRelationId &&
			form->deptype == DEPENDENCY_NORMAL && form->refobjid != except)
			result = list_append_unique_oid(result, form->refobjid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}
