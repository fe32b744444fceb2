/*
 * catalog.c
 *		Reads the system catalogs: which link views there are, what a link view
 *		says, what relationship an association table and its views make up.
 *
 * There is no catalog of our own: link views that carry m2m's trigger and the
 * association table that they read *are* the relationship.  Everything here
 * looks, without permission checks and without changing or caching anything;
 * relationship.c decides which relationship is meant and caches the answer.
 *
 * No relation but system catalogs is opened, and so none is locked: whoever
 * looks for a relationship must not wait for the owner of some other one.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_index.h"
#include "catalog/pg_language.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "nodes/readfuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteSupport.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "m2m.h"

static bool is_trigger_function(Oid funcid);
static Oid	trigger_relation(Oid triggerid);
static List *queue_object(HTAB *seen, List *queue, Oid classid, Oid objectid,
						  int32 subid);
static List *queue_related(HTAB *seen, List *queue, ObjectAddress *object,
						   bool owners);
static bool read_trigger(Oid relid, M2mLinkView *view);
static void read_trigger_arguments(HeapTuple tuple, TupleDesc desc,
								   M2mLinkView *view);
static void read_role(char *role, const char *value);
static Query *read_view_query(Oid viewid);
static bool is_table(Oid relid);
static bool is_temporary(Oid relid);
static Node *strip_casts(Node *node);
static bool is_column(Node *node, Index varno);
static bool is_plain(Query *query, Index link_no, Index far_no,
					 M2mLinkView *view);
static bool all_differ(int n, const AttrNumber *columns);
static bool read_join(Query *query, M2mLinkView *view);
static bool read_equality(OpExpr *op, Index link_no, Index far_no,
						  M2mLinkView *view);
static void read_columns(Query *query, Index link_no, Index far_no,
						 M2mLinkView *view);
static bool choose_views(Oid association, Oid trusted_view,
						 M2mLinkView *view[2]);
static bool same_columns(int n1, const AttrNumber *a1,
						 int n2, const AttrNumber *a2);
static bool has_column(int n, const AttrNumber *columns, AttrNumber attnum);
static bool describe_side(M2mRelationship *rel, M2mSide side,
						  M2mLinkView *near_view, M2mLinkView *far_view);
static void use_operators(M2mEndpoint *endpoint, ForeignKeyCacheInfo *fk);
static ForeignKeyCacheInfo *find_foreign_key(Oid association, Oid target,
											 int n, const AttrNumber *columns);
static List *read_foreign_keys(Oid association);
static int	compare_foreign_keys(const ListCell *a, const ListCell *b);
static void describe_foreign_key(M2mEndpoint *endpoint,
								 ForeignKeyCacheInfo *fk);
static bool is_partition_clone(Oid constraint, Oid association);
static bool describe_key_columns(M2mEndpoint *endpoint, Oid association);
static bool has_unique_pair(M2mRelationship *rel);
static void describe_properties(M2mRelationship *rel);
static void describe_pair(M2mRelationship *rel);

/*
 * m2m_catalog_trigger_function: OID of the trigger function of link views, or
 * InvalidOid when the extension is not there (any more).
 */
Oid
m2m_catalog_trigger_function(void)
{
	CatCList   *list;
	Oid			result = InvalidOid;

	list = SearchSysCacheList1(PROCNAMEARGSNSP,
							   CStringGetDatum(M2M_VIEW_TRIGGER_FUNCTION));
	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc form = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		if (is_trigger_function(form->oid))
		{
			result = form->oid;
			break;
		}
	}
	ReleaseSysCacheList(list);
	return result;
}

/*
 * m2m_own_function: the quoted name of a function of ours, with the schema
 * that the extension is in.
 */
char *
m2m_own_function(const char *name)
{
	Oid			function = m2m_catalog_trigger_function();

	if (!OidIsValid(function))
		elog(ERROR, "function %s not found", M2M_VIEW_TRIGGER_FUNCTION);
	return quote_qualified_identifier(get_namespace_name(get_func_namespace(function)),
									  name);
}

/*
 * is_trigger_function: is this function the C function behind link views?
 * Only a superuser can create a function in C, so its symbol is proof enough,
 * whatever the schema that the extension was put into.
 */
static bool
is_trigger_function(Oid funcid)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(funcid));
	bool		result = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	if (((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId)
	{
		bool		isnull;
		Datum		source = SysCacheGetAttr(PROCOID, tuple,
											 Anum_pg_proc_prosrc, &isnull);

		result = !isnull &&
			strcmp(TextDatumGetCString(source), M2M_VIEW_TRIGGER_FUNCTION) == 0;
	}
	ReleaseSysCache(tuple);
	return result;
}

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

/* m2m_catalog_views: the same of all views, link views or not. */
List *
m2m_catalog_views(Oid relid)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	Relation	rewrite = table_open(RewriteRelationId, AccessShareLock);
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
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == RewriteRelationId)
			rules = list_append_unique_oid(rules, form->objid);
	}
	systable_endscan(scan);

	foreach(lc, rules)
	{
		Oid			viewid = InvalidOid;

		ScanKeyInit(&key[0], Anum_pg_rewrite_oid, BTEqualStrategyNumber,
					F_OIDEQ, ObjectIdGetDatum(lfirst_oid(lc)));
		scan = systable_beginscan(rewrite, RewriteOidIndexId, true, NULL,
								  1, key);
		if (HeapTupleIsValid(tuple = systable_getnext(scan)))
			viewid = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class;
		systable_endscan(scan);

		if (OidIsValid(viewid) && viewid != relid)
			result = list_append_unique_oid(result, viewid);
	}

	table_close(rewrite, AccessShareLock);
	table_close(depend, AccessShareLock);
	return result;
}

/*
 * m2m_catalog_is_link_view: does the relation carry the link view trigger?
 */
bool
m2m_catalog_is_link_view(Oid relid)
{
	return read_trigger(relid, NULL);
}

/*
 * m2m_catalog_associations: the association tables of all link views in the
 * database, each once, in the order of their OIDs.  Goes by what depends on
 * the trigger function, so it costs nothing where there are none.
 */
List *
m2m_catalog_associations(void)
{
	Oid			function = m2m_catalog_trigger_function();
	Relation	depend;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *triggers = NIL;
	List	   *result = NIL;
	ListCell   *lc;

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
		Oid			viewid = trigger_relation(lfirst_oid(lc));
		M2mLinkView *view = OidIsValid(viewid) ?
			m2m_catalog_read_view(viewid, true) : NULL;

		if (view != NULL)
			result = list_append_unique_oid(result, view->association);
	}
	list_sort(result, list_oid_cmp);
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

	if (!OidIsValid(m2m_catalog_trigger_function()))
		return NIL;
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

/* trigger_relation: the relation that a trigger is on, or InvalidOid. */
static Oid
trigger_relation(Oid triggerid)
{
	Relation	trigger = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			result = InvalidOid;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(triggerid));
	scan = systable_beginscan(trigger, TriggerOidIndexId, true, NULL, 1, &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = ((Form_pg_trigger) GETSTRUCT(tuple))->tgrelid;
	systable_endscan(scan);
	table_close(trigger, AccessShareLock);
	return result;
}

/*
 * m2m_catalog_trigger_depends: is a trigger of ours on a link view marked as
 * depending on an extension?
 */
bool
m2m_catalog_trigger_depends(Oid viewid, const char *name)
{
	Oid			trigger = get_trigger_oid(viewid, name, true);

	/* one of another name is the user's own doing */
	return !OidIsValid(trigger) ||
		getAutoExtensionsOfObject(TriggerRelationId, trigger) != NIL;
}

/*
 * read_trigger: looks for the link view trigger on a relation and, where view
 * is not NULL, fills in what its arguments say.  Returns whether it is there.
 */
static bool
read_trigger(Oid relid, M2mLinkView *view)
{
	Relation	trigger = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(trigger, TriggerRelidNameIndexId, true, NULL,
							  1, &key);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		if (TRIGGER_FOR_INSTEAD(form->tgtype) &&
			is_trigger_function(form->tgfoid))
		{
			found = true;
			if (view != NULL)
				read_trigger_arguments(tuple, RelationGetDescr(trigger), view);
		}
	}
	systable_endscan(scan);
	table_close(trigger, AccessShareLock);
	return found;
}

/*
 * read_trigger_arguments: the arguments are settings "name=value"; the form
 * leaves room for further ones, and unknown ones are passed over, so that an
 * older library can read what a newer one wrote.
 */
static void
read_trigger_arguments(HeapTuple tuple, TupleDesc desc, M2mLinkView *view)
{
	Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
	bool		isnull;
	Datum		datum = fastgetattr(tuple, Anum_pg_trigger_tgargs, desc,
									&isnull);
	bytea	   *args;
	const char *arg;

	if (isnull)
		return;
	args = DatumGetByteaPP(datum);
	arg = VARDATA_ANY(args);
	for (int i = 0; i < form->tgnargs; i++, arg += strlen(arg) + 1)
	{
		if (strcmp(arg, "near=right") == 0)
			view->near = M2M_RIGHT;
		else if (strncmp(arg, "left=", 5) == 0)
			read_role(view->role[M2M_LEFT], arg + 5);
		else if (strncmp(arg, "right=", 6) == 0)
			read_role(view->role[M2M_RIGHT], arg + 6);
		else if (strcmp(arg, "origin=adopted") == 0)
			view->adopted = true;
	}
}

/* read_role: a role, cut to the length of a name between characters. */
static void
read_role(char *role, const char *value)
{
	int			length = pg_mbcliplen(value, strlen(value), NAMEDATALEN - 1);

	memcpy(role, value, length);
	role[length] = '\0';
}

/*
 * m2m_catalog_read_view: what a link view says of its relationship, in
 * CurrentMemoryContext.  NULL if the relation is gone, is not a view, has not
 * our trigger (where that is asked for) or not the query of a link view.
 *
 * Reads the stored rule instead of opening the view: a call that holds the
 * association must not wait for a view that somebody is about to drop, who in
 * turn waits for the association.
 */
M2mLinkView *
m2m_catalog_read_view(Oid viewid, bool need_trigger)
{
	M2mLinkView *view = palloc0(sizeof(M2mLinkView));
	Query	   *query;

	if (!read_trigger(viewid, view) && need_trigger)
		return NULL;
	view->view = viewid;
	view->owner = m2m_catalog_relation_owner(viewid);
	query = read_view_query(viewid);
	if (!OidIsValid(view->owner) || query == NULL || !read_join(query, view) ||
		!is_table(view->association) || !is_table(view->far_relid))
		return NULL;
	return view;
}

/* is_table: is the relation a user's table, not a view with its own query? */
static bool
is_table(Oid relid)
{
	char		relkind = get_rel_relkind(relid);

	if (relid < FirstNormalObjectId)
		return false;
	return relkind == RELKIND_RELATION || relkind == RELKIND_PARTITIONED_TABLE;
}

/*
 * is_temporary: is it a temporary table?  A table that is gone is none; what
 * get_rel_persistence() says of it is an error.
 */
static bool
is_temporary(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_class) GETSTRUCT(tuple))->relpersistence ==
		RELPERSISTENCE_TEMP;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * read_view_query: the query of a view, NULL if the relation has none.
 */
static Query *
read_view_query(Oid viewid)
{
	Relation	rewrite = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	Query	   *result = NULL;

	ScanKeyInit(&key[0], Anum_pg_rewrite_ev_class, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(viewid));
	ScanKeyInit(&key[1], Anum_pg_rewrite_rulename, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum(ViewSelectRuleName));
	scan = systable_beginscan(rewrite, RewriteRelRulenameIndexId, true, NULL,
							  2, key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		action = heap_getattr(tuple, Anum_pg_rewrite_ev_action,
										  RelationGetDescr(rewrite), &isnull);

		if (!isnull)
			result = linitial_node(Query,
								   (List *) stringToNode(TextDatumGetCString(action)));
	}
	systable_endscan(scan);
	table_close(rewrite, AccessShareLock);
	return result;
}

/*
 * read_join: reads a query of the form
 *
 *		SELECT l.<near key>, r.<columns>, l.<properties>
 *		FROM <association> l JOIN <far endpoint> r ON r.<key> = l.<far key> ...
 *		[WHERE l.<near key> IS NOT NULL ...]
 *
 * into view; false if it is anything else.
 */
static bool
read_join(Query *query, M2mLinkView *view)
{
	JoinExpr   *join;
	Index		link_no;
	Index		far_no;
	List	   *quals;
	int			nquals;
	ListCell   *lc;

	if (list_length(query->jointree->fromlist) != 1 ||
		!IsA(linitial(query->jointree->fromlist), JoinExpr) ||
		query->hasAggs || query->groupClause || query->setOperations ||
		query->distinctClause || query->limitCount || query->limitOffset)
		return false;
	join = linitial_node(JoinExpr, query->jointree->fromlist);
	if (join->jointype != JOIN_INNER ||
		!IsA(join->larg, RangeTblRef) || !IsA(join->rarg, RangeTblRef))
		return false;
	link_no = ((RangeTblRef *) join->larg)->rtindex;
	far_no = ((RangeTblRef *) join->rarg)->rtindex;
	if (rt_fetch(link_no, query->rtable)->rtekind != RTE_RELATION ||
		rt_fetch(far_no, query->rtable)->rtekind != RTE_RELATION)
		return false;
	view->association = rt_fetch(link_no, query->rtable)->relid;
	view->far_relid = rt_fetch(far_no, query->rtable)->relid;

	quals = make_ands_implicit((Expr *) join->quals);
	nquals = list_length(quals);
	if (nquals == 0 || nquals > INDEX_MAX_KEYS)
		return false;
	view->far_link = palloc_array(AttrNumber, nquals);
	view->far_key = palloc_array(AttrNumber, nquals);
	view->far_op = palloc_array(Oid, nquals);
	foreach(lc, quals)
	{
		if (!IsA(lfirst(lc), OpExpr) ||
			!read_equality(lfirst_node(OpExpr, lc), link_no, far_no, view))
			return false;
	}
	read_columns(query, link_no, far_no, view);
	view->custom = !is_plain(query, link_no, far_no, view);
	return view->nnear > 0 && view->nnear <= INDEX_MAX_KEYS &&
		all_differ(view->nnear, view->near_link) &&
		all_differ(view->nfar, view->far_link) &&
		all_differ(view->nfar, view->far_key);
}

/*
 * is_plain: is there nothing in the query that a link view as m2m makes it has
 * not?  What a user has put there (a condition that hides rows, say) still
 * describes the relationship, but is not for us to make again.  Counts the
 * conditions near key IS NOT NULL.
 */
static bool
is_plain(Query *query, Index link_no, Index far_no, M2mLinkView *view)
{
	ListCell   *lc;

	if (query->hasWindowFuncs || query->hasTargetSRFs || query->hasSubLinks ||
		query->cteList != NIL || query->havingQual != NULL ||
		query->sortClause != NIL || query->rowMarks != NIL ||
		!rt_fetch(link_no, query->rtable)->inh ||
		!rt_fetch(far_no, query->rtable)->inh ||
		rt_fetch(link_no, query->rtable)->tablesample != NULL ||
		rt_fetch(far_no, query->rtable)->tablesample != NULL)
		return false;
	foreach(lc, make_ands_implicit((Expr *) query->jointree->quals))
	{
		NullTest   *test = lfirst(lc);

		if (!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL ||
			!is_column((Node *) test->arg, link_no) ||
			!has_column(view->nnear, view->near_link,
						((Var *) test->arg)->varattno))
			return false;
		view->nguards++;
	}
	for (int i = 0; i < view->ncolumns; i++)
	{
		if (view->column[i].kind == M2M_COLUMN_OTHER)
			return false;
	}
	return true;
}

/* all_differ: is no column named twice? */
static bool
all_differ(int n, const AttrNumber *columns)
{
	for (int i = 1; i < n; i++)
	{
		if (has_column(i, columns, columns[i]))
			return false;
	}
	return true;
}

/*
 * read_equality: adds one "r.<key> <op> l.<far key>" to view; false if the
 * expression is of another form.  The operator must be an equality that an
 * index knows: only a superuser can make one, and it will be called by others.
 */
static bool
read_equality(OpExpr *op, Index link_no, Index far_no, M2mLinkView *view)
{
	Node	   *key;
	Node	   *link;

	if (list_length(op->args) != 2)
		return false;
	key = strip_casts(linitial(op->args));
	link = strip_casts(lsecond(op->args));
	if (!is_column(key, far_no) || !is_column(link, link_no) ||
		get_mergejoin_opfamilies(op->opno) == NIL)
		return false;
	view->far_key[view->nfar] = ((Var *) key)->varattno;
	view->far_link[view->nfar] = ((Var *) link)->varattno;
	view->far_op[view->nfar] = op->opno;
	view->nfar++;
	return true;
}

/*
 * strip_casts: what is cast or collated.  Casts that are implicit when we make
 * a view are explicit after a dump, which prints them.
 */
static Node *
strip_casts(Node *node)
{
	for (;;)
	{
		if (IsA(node, RelabelType))
			node = (Node *) ((RelabelType *) node)->arg;
		else if (IsA(node, CoerceToDomain))
			node = (Node *) ((CoerceToDomain *) node)->arg;
		else if (IsA(node, CollateExpr))
			node = (Node *) ((CollateExpr *) node)->arg;
		else if (IsA(node, FuncExpr) &&
				 ((FuncExpr *) node)->funcformat != COERCE_EXPLICIT_CALL &&
				 ((FuncExpr *) node)->args != NIL)
			node = linitial(((FuncExpr *) node)->args);
		else
			return node;
	}
}

/* is_column: is it a user column of the relation with that range table index? */
static bool
is_column(Node *node, Index varno)
{
	Var		   *var = (Var *) node;

	return IsA(node, Var) && var->varno == (int) varno &&
		var->varlevelsup == 0 && var->varattno > 0;
}

/*
 * read_columns: what each column of the view shows.  The columns of the
 * association before the first one of the endpoint are the near key; those
 * after it are link properties.
 */
static void
read_columns(Query *query, Index link_no, Index far_no, M2mLinkView *view)
{
	int			n = list_length(query->targetList);
	bool		leading = true;
	ListCell   *lc;

	view->column = palloc0_array(M2mViewColumn, n);
	view->near_link = palloc_array(AttrNumber, n);
	foreach(lc, query->targetList)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);
		M2mViewColumn *column = &view->column[view->ncolumns];
		Var		   *var = (Var *) entry->expr;

		if (entry->resjunk)
			continue;
		view->ncolumns++;
		column->name = get_attname(view->view, view->ncolumns, true);
		if (column->name == NULL)
			column->name = entry->resname;
		column->kind = M2M_COLUMN_OTHER;
		if (!is_column((Node *) var, far_no) &&
			!is_column((Node *) var, link_no))
		{
			leading = false;
			continue;
		}
		column->attnum = var->varattno;
		if (var->varno == (int) far_no)
		{
			column->kind = M2M_COLUMN_ENDPOINT;
			leading = false;
		}
		else if (var->varno == (int) link_no && leading)
		{
			column->kind = M2M_COLUMN_KEY;
			view->near_link[view->nnear++] = var->varattno;
		}
		else if (var->varno == (int) link_no)
			column->kind = M2M_COLUMN_PROPERTY;
	}
}

/*
 * m2m_catalog_owner_trusted: may a link view of this owner speak for an
 * association of that owner?  Otherwise anybody who can create a view could
 * describe other people's tables to other people's calls.
 */
bool
m2m_catalog_owner_trusted(Oid owner, Oid association_owner)
{
	return owner == association_owner || superuser_arg(owner);
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
 * m2m_catalog_read_relationship: describes the relationship of an association
 * table.  NULL if it has none.  Only link views whose owner is trusted count,
 * and trusted_view, whoever owns it.
 *
 * The caller holds some lock on the association, or is prepared for it to
 * change.  The result lies in a memory context of its own, a child of
 * CurrentMemoryContext; its `valid` is for the caller to set.
 */
M2mRelationship *
m2m_catalog_read_relationship(Oid association, Oid trusted_view)
{
	M2mLinkView *view[2];
	M2mRelationship *rel;

	if (!choose_views(association, trusted_view, view))
		return NULL;
	rel = m2m_catalog_describe(association, view);
	if (rel != NULL)
		rel->trusted_view = trusted_view;
	return rel;
}

/*
 * m2m_catalog_describe: the relationship that link views, one of which may be
 * NULL, describe together; NULL if its tables are not there as they say.
 * Locks and memory: as above.
 */
M2mRelationship *
m2m_catalog_describe(Oid association, M2mLinkView *view[2])
{
	M2mLinkView *any = view[M2M_LEFT] ? view[M2M_LEFT] : view[M2M_RIGHT];
	MemoryContext context;
	MemoryContext old;
	M2mRelationship *rel;
	bool		complete;

	if (!is_table(association))
		return NULL;
	context = AllocSetContextCreate(CurrentMemoryContext, "m2m relationship",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	rel = palloc0(sizeof(M2mRelationship));
	rel->context = context;
	rel->association = association;
	rel->adopted = any->adopted;
	rel->temporary = is_temporary(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		strlcpy(rel->side[s].role, any->role[s], NAMEDATALEN);

	complete = describe_side(rel, M2M_LEFT,
							 view[M2M_LEFT], view[M2M_RIGHT]) &&
		describe_side(rel, M2M_RIGHT,
					  view[M2M_RIGHT], view[M2M_LEFT]);
	if (complete)
	{
		rel->unique = has_unique_pair(rel);
		describe_properties(rel);
		describe_pair(rel);
	}
	MemoryContextSwitchTo(old);

	if (!complete)
	{
		MemoryContextDelete(context);
		return NULL;
	}
	return rel;
}

/*
 * choose_views: the link views that describe an association, by their near
 * side; false if there are none, or if the two contradict each other.  Of
 * several views with one near side (copies of the user's) the oldest speaks.
 */
static bool
choose_views(Oid association, Oid trusted_view, M2mLinkView *view[2])
{
	Oid			owner = m2m_catalog_relation_owner(association);
	List	   *views;
	ListCell   *lc;

	view[M2M_LEFT] = view[M2M_RIGHT] = NULL;
	if (!OidIsValid(owner))
		return false;
	views = m2m_catalog_link_views(association);
	list_sort(views, list_oid_cmp);
	foreach(lc, views)
	{
		M2mLinkView *v = m2m_catalog_read_view(lfirst_oid(lc), true);

		if (v == NULL || v->association != association)
			continue;
		if (v->view == trusted_view ||
			(m2m_catalog_owner_trusted(v->owner, owner) &&
			 view[v->near] == NULL))
			view[v->near] = v;
	}
	if (view[M2M_LEFT] && view[M2M_RIGHT])
		return same_columns(view[M2M_LEFT]->nnear, view[M2M_LEFT]->near_link,
							view[M2M_RIGHT]->nfar, view[M2M_RIGHT]->far_link) &&
			same_columns(view[M2M_RIGHT]->nnear, view[M2M_RIGHT]->near_link,
						 view[M2M_LEFT]->nfar, view[M2M_LEFT]->far_link);
	return view[M2M_LEFT] || view[M2M_RIGHT];
}

/* same_columns: do two lists name the same columns, in whatever order? */
static bool
same_columns(int n1, const AttrNumber *a1, int n2, const AttrNumber *a2)
{
	if (n1 != n2)
		return false;
	for (int i = 0; i < n1; i++)
	{
		if (!has_column(n2, a2, a1[i]))
			return false;
	}
	return true;
}

static bool
has_column(int n, const AttrNumber *columns, AttrNumber attnum)
{
	for (int i = 0; i < n; i++)
	{
		if (columns[i] == attnum)
			return true;
	}
	return false;
}

/*
 * describe_side: fills in one endpoint.  The view of the other side joins it,
 * and so names its table and key; where that view is lost, the foreign key
 * under this side's own view does.  False if neither is there.
 */
static bool
describe_side(M2mRelationship *rel, M2mSide side,
			  M2mLinkView *near_view, M2mLinkView *far_view)
{
	Oid			association = rel->association;
	M2mEndpoint *endpoint = &rel->side[side];
	ForeignKeyCacheInfo *fk;

	if (far_view != NULL)
	{
		endpoint->relid = far_view->far_relid;
		endpoint->nkeys = far_view->nfar;
		endpoint->key = palloc0_array(M2mKeyColumn, endpoint->nkeys);
		for (int i = 0; i < endpoint->nkeys; i++)
		{
			endpoint->key[i].attnum = far_view->far_key[i];
			endpoint->key[i].link_attnum = far_view->far_link[i];
			endpoint->key[i].equal_op = far_view->far_op[i];
		}
		fk = find_foreign_key(association, endpoint->relid,
							  far_view->nfar, far_view->far_link);
	}
	else
	{
		fk = find_foreign_key(association, InvalidOid,
							  near_view->nnear, near_view->near_link);
		if (fk == NULL)
			return false;
		describe_foreign_key(endpoint, fk);
	}
	if (fk != NULL)
	{
		HeapTuple	tuple = SearchSysCache1(CONSTROID,
											ObjectIdGetDatum(fk->conoid));

		endpoint->constraint = fk->conoid;
		use_operators(endpoint, fk);
		if (HeapTupleIsValid(tuple))
		{
			endpoint->on_delete =
				((Form_pg_constraint) GETSTRUCT(tuple))->confdeltype;
			ReleaseSysCache(tuple);
		}
	}
	endpoint->view = near_view ? near_view->view : InvalidOid;
	return describe_key_columns(endpoint, association);
}

/*
 * use_operators: equality as the foreign key has it, which follows changes of
 * the columns' types.
 */
static void
use_operators(M2mEndpoint *endpoint, ForeignKeyCacheInfo *fk)
{
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		for (int j = 0; j < fk->nkeys; j++)
		{
			if (fk->conkey[j] == endpoint->key[i].link_attnum &&
				fk->confkey[j] == endpoint->key[i].attnum)
				endpoint->key[i].equal_op = fk->conpfeqop[j];
		}
	}
}

/*
 * find_foreign_key: the association's foreign key over exactly these columns,
 * to target if that is given.  NULL if there is none.
 */
static ForeignKeyCacheInfo *
find_foreign_key(Oid association, Oid target,
				 int n, const AttrNumber *columns)
{
	ListCell   *lc;

	foreach(lc, read_foreign_keys(association))
	{
		ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);

		if ((!OidIsValid(target) || fk->confrelid == target) &&
			same_columns(fk->nkeys, fk->conkey, n, columns) &&
			!is_partition_clone(fk->conoid, association))
			return fk;
	}
	return NULL;
}

/*
 * m2m_catalog_foreign_keys: an association's foreign keys as a list of
 * ForeignKeyCacheInfo, ordered by their first column.
 */
List *
m2m_catalog_foreign_keys(Oid association)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, read_foreign_keys(association))
	{
		ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);

		if (!is_partition_clone(fk->conoid, association))
			result = lappend(result, fk);
	}
	list_sort(result, compare_foreign_keys);
	return result;
}

/*
 * read_foreign_keys: all foreign keys of a table, as RelationGetFKeyList()
 * would give them, but by the catalog alone: that one needs the table open.
 */
static List *
read_foreign_keys(Oid association)
{
	Relation	constraint = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(association));
	scan = systable_beginscan(constraint, ConstraintRelidTypidNameIndexId,
							  true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		ForeignKeyCacheInfo *fk;

		if (form->contype != CONSTRAINT_FOREIGN)
			continue;
		fk = makeNode(ForeignKeyCacheInfo);
		fk->conoid = form->oid;
		fk->conrelid = form->conrelid;
		fk->confrelid = form->confrelid;
		DeconstructFkConstraintRow(tuple, &fk->nkeys, fk->conkey, fk->confkey,
								   fk->conpfeqop, NULL, NULL, NULL, NULL);
		result = lappend(result, fk);
	}
	systable_endscan(scan);
	table_close(constraint, AccessShareLock);
	return result;
}

/* compare_foreign_keys: for list_sort, by first column. */
static int
compare_foreign_keys(const ListCell *a, const ListCell *b)
{
	return lfirst_node(ForeignKeyCacheInfo, a)->conkey[0] -
		lfirst_node(ForeignKeyCacheInfo, b)->conkey[0];
}

/*
 * m2m_catalog_read_foreign_keys: describes the relationship that an
 * association makes by two of its foreign keys, before it has link views.  In
 * CurrentMemoryContext; the caller holds a lock on the association.
 */
M2mRelationship *
m2m_catalog_read_foreign_keys(Oid association, ForeignKeyCacheInfo *fk[2],
							  const char *role[2])
{
	M2mRelationship *rel = palloc0(sizeof(M2mRelationship));

	rel->association = association;
	rel->temporary = is_temporary(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		describe_foreign_key(&rel->side[s], fk[s]);
		strlcpy(rel->side[s].role, role[s], NAMEDATALEN);
		if (!describe_key_columns(&rel->side[s], association))
			elog(ERROR, "cache lookup failed for a key column of relation %u",
				 rel->side[s].relid);
	}
	rel->unique = has_unique_pair(rel);
	describe_properties(rel);
	return rel;
}

/*
 * describe_foreign_key: endpoint, key and link columns as a foreign key names
 * them.
 */
static void
describe_foreign_key(M2mEndpoint *endpoint, ForeignKeyCacheInfo *fk)
{
	endpoint->relid = fk->confrelid;
	endpoint->nkeys = fk->nkeys;
	endpoint->key = palloc0_array(M2mKeyColumn, fk->nkeys);
	for (int i = 0; i < fk->nkeys; i++)
	{
		endpoint->key[i].attnum = fk->confkey[i];
		endpoint->key[i].link_attnum = fk->conkey[i];
		endpoint->key[i].equal_op = fk->conpfeqop[i];
	}
}

/*
 * is_partition_clone: a foreign key to a partitioned table has further
 * pg_constraint rows of the same association, one for each partition.
 */
static bool
is_partition_clone(Oid constraint, Oid association)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID,
										ObjectIdGetDatum(constraint));
	Oid			parent;
	bool		result = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	parent = ((Form_pg_constraint) GETSTRUCT(tuple))->conparentid;
	ReleaseSysCache(tuple);
	if (!OidIsValid(parent))
		return false;
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(parent));
	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid ==
			association;
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * describe_key_columns: types and collations of an endpoint's key columns and
 * of the association's columns behind them.  False if a column is gone.
 */
static bool
describe_key_columns(M2mEndpoint *endpoint, Oid association)
{
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		HeapTuple	tuple = SearchSysCacheAttNum(association,
												 key->link_attnum);
		Form_pg_attribute column;

		if (!HeapTupleIsValid(tuple))
			return false;
		column = (Form_pg_attribute) GETSTRUCT(tuple);
		key->link_type = column->atttypid;
		key->link_collation = column->attcollation;
		key->link_not_null = column->attnotnull;
		ReleaseSysCache(tuple);

		tuple = SearchSysCacheAttNum(endpoint->relid, key->attnum);
		if (!HeapTupleIsValid(tuple))
			return false;
		column = (Form_pg_attribute) GETSTRUCT(tuple);
		key->type = column->atttypid;
		key->typmod = column->atttypmod;
		key->collation = column->attcollation;
		key->label = psprintf("key column \"%s\" (%s) of table \"%s\"",
							  NameStr(column->attname),
							  format_type_with_typemod(key->type, key->typmod),
							  get_rel_name(endpoint->relid));
		ReleaseSysCache(tuple);
	}
	return true;
}

/*
 * has_unique_pair: is there a unique index over exactly the link columns that
 * ON CONFLICT (columns) can infer?
 */
static bool
has_unique_pair(M2mRelationship *rel)
{
	int			nlink = rel->side[M2M_LEFT].nkeys + rel->side[M2M_RIGHT].nkeys;
	AttrNumber *link = palloc_array(AttrNumber, nlink);
	bool		result = false;
	int			n = 0;
	Relation	indexes;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
			link[n++] = rel->side[s].key[i].link_attnum;
	}
	indexes = table_open(IndexRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rel->association));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);

		if (index->indisunique && index->indimmediate && index->indisvalid &&
			index->indislive &&
			heap_attisnull(tuple, Anum_pg_index_indpred,
						   RelationGetDescr(indexes)) &&
			heap_attisnull(tuple, Anum_pg_index_indexprs,
						   RelationGetDescr(indexes)) &&
			same_columns(index->indnkeyatts, index->indkey.values, nlink, link))
			result = true;
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
	return result;
}

/*
 * describe_properties: the association's columns that are no link columns.
 */
static void
describe_properties(M2mRelationship *rel)
{
	int			natts = m2m_catalog_natts(rel->association);

	rel->property = palloc_array(AttrNumber, natts);
	for (int a = 1; a <= natts; a++)
	{
		HeapTuple	tuple = SearchSysCacheAttNum(rel->association, a);
		Form_pg_attribute attribute;
		bool		is_link = false;

		if (!HeapTupleIsValid(tuple))
			continue;
		attribute = (Form_pg_attribute) GETSTRUCT(tuple);
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			for (int i = 0; i < rel->side[s].nkeys; i++)
				is_link |= rel->side[s].key[i].link_attnum == a;
		}
		if (!is_link)
		{
			rel->property[rel->nproperties++] = a;
			if (attribute->attnotnull && !attribute->atthasdef &&
				attribute->attidentity == '\0')
				rel->required = lappend_int(rel->required, a);
		}
		ReleaseSysCache(tuple);
	}
}

/*
 * describe_pair: the row type of a pair of ids, left_1.., right_1.., of the
 * endpoints' key types.
 */
static void
describe_pair(M2mRelationship *rel)
{
	AttrNumber	attnum = 0;

	rel->pair_desc = CreateTemplateTupleDesc(rel->side[M2M_LEFT].nkeys +
											 rel->side[M2M_RIGHT].nkeys);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];
			char	   *name = psprintf("%s_%d",
										s == M2M_LEFT ? "left" : "right",
										i + 1);

			attnum++;
			TupleDescInitEntry(rel->pair_desc, attnum, name,
							   key->type, key->typmod, 0);
			TupleDescInitEntryCollation(rel->pair_desc, attnum,
										key->collation);
		}
	}
	TupleDescFinalize(rel->pair_desc);
}

/*
 * m2m_qualified_name: a relation's quoted name with its schema.
 */
char *
m2m_qualified_name(Oid relid)
{
	char	   *name = get_rel_name(relid);

	if (name == NULL)
		elog(ERROR, "cache lookup failed for relation %u", relid);
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									  name);
}

/*
 * m2m_quoted_column: a column's quoted name.
 */
char *
m2m_quoted_column(Oid relid, AttrNumber attnum)
{
	return pstrdup(quote_identifier(get_attname(relid, attnum, false)));
}

/*
 * m2m_qualified_operator: an operator as SQL that no search_path can change.
 */
char *
m2m_qualified_operator(Oid operator)
{
	HeapTuple	tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(operator));
	Form_pg_operator form;
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator %u", operator);
	form = (Form_pg_operator) GETSTRUCT(tuple);
	result = psprintf("OPERATOR(%s.%s)",
					  quote_identifier(get_namespace_name(form->oprnamespace)),
					  NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_link_operand: the association's column behind a key column, as operand
 * of a comparison with the key: "l.book_id", with the key's collation where
 * an adopted table has another.
 */
char *
m2m_link_operand(M2mRelationship *rel, M2mKeyColumn *key, const char *alias)
{
	char	   *column = m2m_quoted_column(rel->association,
										   key->link_attnum);

	if (!OidIsValid(key->collation) || key->collation == key->link_collation)
		return psprintf("%s.%s", alias, column);
	return psprintf("%s.%s COLLATE %s", alias, column,
					m2m_qualified_collation(key->collation));
}

/*
 * m2m_qualified_collation: a collation's quoted name with its schema.
 */
char *
m2m_qualified_collation(Oid collation)
{
	HeapTuple	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
	Form_pg_collation form;
	char	   *result;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", collation);
	form = (Form_pg_collation) GETSTRUCT(tuple);
	result = quote_qualified_identifier(get_namespace_name(form->collnamespace),
										NameStr(form->collname));
	ReleaseSysCache(tuple);
	return result;
}
