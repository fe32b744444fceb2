/*
 * catalog_view.c
 *		What makes a view a link view, and what it says of its relationship.
 *
 * A link view carries m2m's trigger, whose arguments name the roles, and is a
 * query of one form, which names the tables and their keys.  Both are read
 * from the catalogs as they stand; nothing is locked (see catalog.c).  What
 * the two views of a relationship say together is left to
 * catalog_relationship.c; the text of link views that we make, to view_text.c.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteSupport.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"
#include "text.h"

static bool is_trigger_function(Oid funcid);
static bool read_trigger(Oid relid, M2mLinkView *view);
static void read_trigger_arguments(HeapTuple tuple, TupleDesc desc,
								   M2mLinkView *view);
static void read_role(char *role, const char *value);
static Query *read_view_query(Oid viewid);
static Node *strip_casts(Node *node);
static Node *strip_base_cast(Node *node);
static bool is_column(Node *node, Index varno);
static bool is_plain(Query *query, Index link_no, Index far_no,
					 M2mLinkView *view);
static bool all_differ(int n, const AttrNumber *columns);
static bool read_query(Query *query, M2mLinkView *view);
static void read_deleted(Query *query, Index link_no, M2mLinkView *view);
static bool is_live(Node *condition, Index link_no, M2mLinkView *view);
static bool read_rest(Query *query, Index link_no, M2mLinkView *view);
static bool read_null(Node *expr, M2mViewColumn *column);
static bool read_join(Query *query, M2mLinkView *view);
static bool read_equality(OpExpr *op, Index link_no, Index far_no,
						  M2mLinkView *view);
static void read_columns(Query *query, Index link_no, Index far_no,
						 M2mLinkView *view);

/*
 * m2m_catalog_trigger_function: OID of the trigger function of link views, or
 * InvalidOid when the extension is not there (any more).
 */
Oid
m2m_catalog_trigger_function(void)
{
	CatCList   *list;
	Oid			result = InvalidOid;

	/*
	 * Not by the extension's schema: while it is being dropped or created its
	 * row may be gone, or not there yet.  By the name alone, as the schema is
	 * whoever's who installed it; the symbol tells ours from others'.
	 */
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
	return m2m_qualify(get_namespace_name(get_func_namespace(function)),
					   name);
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
	MemoryContext context;
	MemoryContext old;
	Query	   *query;
	bool		reads;

	/* some callers read thousands, and nobody else asks */
	CHECK_FOR_INTERRUPTS();

	/* first, as most views are none, and a query is large */
	if (!read_trigger(viewid, view))
	{
		if (need_trigger)
		{
			pfree(view);
			return NULL;
		}

		/* what its trigger would say is to be told by how it reads */
		view->marks = true;
	}
	view->view = viewid;
	view->owner = m2m_catalog_relation_owner(viewid);

	/* a query is large, and some callers read many */
	context = AllocSetContextCreate(CurrentMemoryContext, "m2m view query",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	query = read_view_query(viewid);
	MemoryContextSwitchTo(old);
	reads = OidIsValid(view->owner) && query != NULL &&
		read_query(query, view) &&
		m2m_catalog_is_table(view->association) &&
		(!OidIsValid(view->far_relid) ||
		 m2m_catalog_is_table(view->far_relid));
	MemoryContextDelete(context);
	return reads ? view : NULL;
}

/*
 * m2m_columns_include: is a column among these n?  Looks at nothing else:
 * needs no lock, raises nothing.
 */
bool
m2m_columns_include(int n, const AttrNumber *columns, AttrNumber attnum)
{
	for (int i = 0; i < n; i++)
	{
		if (columns[i] == attnum)
			return true;
	}
	return false;
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

		/*
		 * The statement trigger has the same function, but no arguments.  An
		 * INSTEAD OF trigger can only be on a view (CreateTrigger()).
		 */
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
 * m2m_catalog_view_trigger: the trigger that makes a view a link view, with its
 * name and all of its arguments, a list of C strings; InvalidOid if it is none.
 */
Oid
m2m_catalog_view_trigger(Oid viewid, char **name, List **arguments)
{
	Relation	trigger = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			result = InvalidOid;

	*arguments = NIL;
	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(viewid));
	scan = systable_beginscan(trigger, TriggerRelidNameIndexId, true, NULL,
							  1, &key);
	while (!OidIsValid(result) &&
		   HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		bool		isnull;
		Datum		datum;
		const char *arg;

		if (!TRIGGER_FOR_INSTEAD(form->tgtype) ||
			!is_trigger_function(form->tgfoid))
			continue;
		result = form->oid;
		*name = pstrdup(NameStr(form->tgname));
		datum = fastgetattr(tuple, Anum_pg_trigger_tgargs,
							RelationGetDescr(trigger), &isnull);
		arg = isnull ? "" : VARDATA_ANY(DatumGetByteaPP(datum));
		for (int i = 0; !isnull && i < form->tgnargs; i++)
		{
			*arguments = lappend(*arguments, pstrdup(arg));
			arg += strlen(arg) + 1;
		}
	}
	systable_endscan(scan);
	table_close(trigger, AccessShareLock);
	return result;
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

	/*
	 * Anybody can write a trigger with any arguments.  CreateTrigger() ends
	 * each with a null byte and counts them, so strlen() stays within; what a
	 * role has too much of is cut, and at worst names nothing.
	 */
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
		else if (strcmp(arg, "asked=no") == 0)
			view->unasked = true;
		else if (strcmp(arg, "unlink=marks") == 0)
			view->marks = true;
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
 * read_query: reads the query of a link view, whole or at rest, into view;
 * false if it is anything else.
 */
static bool
read_query(Query *query, M2mLinkView *view)
{
	Node	   *from;

	if (list_length(query->jointree->fromlist) != 1 ||
		query->hasAggs || query->groupClause || query->setOperations ||
		query->distinctClause || query->limitCount || query->limitOffset)
		return false;
	from = linitial(query->jointree->fromlist);
	if (IsA(from, RangeTblRef))
		return read_rest(query, ((RangeTblRef *) from)->rtindex, view);
	return IsA(from, JoinExpr) && read_join(query, view);
}

/*
 * read_deleted: where unlinking marks rows instead of deleting them, a
 * condition of the view shows no such rows, and so says by which column.
 * Without the trigger's word for it a condition is the user's own.  A view that
 * shows that column is not for us to write through.
 */
static void
read_deleted(Query *query, Index link_no, M2mLinkView *view)
{
	ListCell   *lc;

	foreach(lc, make_ands_implicit((Expr *) query->jointree->quals))
	{
		M2mDeletedKind kind;
		AttrNumber	attnum = m2m_catalog_read_live(lfirst(lc), link_no, &kind);

		if (attnum == 0 || !view->marks || view->deleted != 0 ||
			m2m_columns_include(view->nnear, view->near_link, attnum) ||
			m2m_columns_include(view->nfar, view->far_link, attnum))
			continue;
		view->deleted = attnum;
		view->deleted_kind = kind;
	}
	for (int i = 0; view->deleted != 0 && i < view->ncolumns; i++)
	{
		if (view->column[i].kind == M2M_COLUMN_PROPERTY &&
			view->column[i].attnum == view->deleted)
			view->column[i].kind = M2M_COLUMN_OTHER;
	}
}

/* is_live: is it the condition that read_deleted() has read? */
static bool
is_live(Node *condition, Index link_no, M2mLinkView *view)
{
	M2mDeletedKind kind;

	return view->deleted != 0 && view->deleted ==
		m2m_catalog_read_live(condition, link_no, &kind);
}

/*
 * read_rest: reads the query of a link view at rest,
 *
 *		SELECT l.<near key>, <nulls for the far endpoint>, l.<properties>
 *		FROM <association> l
 *		[WHERE ROW(l.<far key>, ...) IS NOT NULL AND l.<near key> IS NOT NULL ...
 *		AND l.<deleted> IS NULL]
 *
 * whose row names the association's columns behind the far key, if they are
 * there.
 */
static bool
read_rest(Query *query, Index link_no, M2mLinkView *view)
{
	RangeTblEntry *rte = rt_fetch(link_no, query->rtable);
	List	   *quals = make_ands_implicit((Expr *) query->jointree->quals);
	bool		has_null = false;
	ListCell   *lc;

	if (rte->rtekind != RTE_RELATION || !rte->inh ||
		rte->tablesample != NULL || query->hasWindowFuncs ||
		query->hasTargetSRFs || query->cteList != NIL ||
		query->havingQual != NULL || query->sortClause != NIL ||
		query->rowMarks != NIL)
		return false;
	view->association = rte->relid;
	view->at_rest = true;
	read_columns(query, link_no, 0, view);
	read_deleted(query, link_no, view);
	for (int i = 0; i < view->ncolumns; i++)
	{
		if (view->column[i].kind == M2M_COLUMN_OTHER)
			return false;
		has_null |= view->column[i].kind == M2M_COLUMN_ENDPOINT;
	}
	foreach(lc, quals)
	{
		NullTest   *test = lfirst(lc);
		ListCell   *la;

		if (is_live(lfirst(lc), link_no, view))
			continue;
		if (!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL)
			return false;
		if (is_column((Node *) test->arg, link_no) &&
			m2m_columns_include(view->nnear, view->near_link,
								((Var *) test->arg)->varattno))
		{
			view->nguards++;
			continue;
		}
		if (!IsA(test->arg, RowExpr) || view->nfar > 0)
			return false;
		view->far_link = palloc_array(AttrNumber,
									  list_length(((RowExpr *) test->arg)->args));
		foreach(la, ((RowExpr *) test->arg)->args)
		{
			if (!is_column(lfirst(la), link_no))
				return false;
			view->far_link[view->nfar++] = ((Var *) lfirst(la))->varattno;
		}
	}
	return has_null && view->nnear <= INDEX_MAX_KEYS &&
		view->nfar <= INDEX_MAX_KEYS &&
		all_differ(view->nnear, view->near_link) &&
		all_differ(view->nfar, view->far_link);
}

/*
 * read_null: is it what m2m_view_query() puts for a column that is lost?  Says
 * which column of which table it was:
 *
 *		(SELECT far.<column> FROM (SELECT NULL::<type> AS <column>) far
 *		 WHERE false)
 */
static bool
read_null(Node *expr, M2mViewColumn *column)
{
	Query	   *query;
	RangeTblEntry *rte;

	if (!IsA(expr, SubLink) || ((SubLink *) expr)->subLinkType != EXPR_SUBLINK)
		return false;
	query = castNode(Query, ((SubLink *) expr)->subselect);
	if (list_length(query->jointree->fromlist) != 1 ||
		!IsA(linitial(query->jointree->fromlist), RangeTblRef) ||
		query->jointree->quals == NULL ||
		!IsA(query->jointree->quals, Const))
		return false;
	rte = rt_fetch(linitial_node(RangeTblRef,
								 query->jointree->fromlist)->rtindex,
				   query->rtable);
	if (rte->rtekind != RTE_SUBQUERY || list_length(rte->eref->colnames) != 1)
		return false;
	if (strcmp(rte->eref->aliasname, "far") == 0)
		column->kind = M2M_COLUMN_ENDPOINT;
	else if (strcmp(rte->eref->aliasname, "near") == 0)
		column->kind = M2M_COLUMN_KEY;
	else
		return false;
	column->source = pstrdup(strVal(linitial(rte->eref->colnames)));
	return true;
}

/*
 * read_join: reads a query of the form
 *
 *		SELECT l.<near key>, r.<columns>, l.<properties>
 *		FROM <association> l JOIN <far endpoint> r ON r.<key> = l.<far key> ...
 *		[WHERE l.<near key> IS NOT NULL ... AND l.<deleted> IS NULL]
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

	/* anybody's view is read here: counts are checked before they are used */
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
	read_deleted(query, link_no, view);
	view->custom = !is_plain(query, link_no, far_no, view);
	return (view->nnear > 0 || view->at_rest) &&
		view->nnear <= INDEX_MAX_KEYS &&
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

	if (query->hasWindowFuncs || query->hasTargetSRFs ||
		(query->hasSubLinks && !view->at_rest) ||
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

		if (is_live(lfirst(lc), link_no, view))
			continue;
		if (!IsA(test, NullTest) || test->nulltesttype != IS_NOT_NULL ||
			!is_column((Node *) test->arg, link_no) ||
			!m2m_columns_include(view->nnear, view->near_link,
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
		if (m2m_columns_include(i, columns, columns[i]))
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

/*
 * strip_base_cast: a column of a domain that is cast to the domain's base
 * type, as link views show it.
 */
static Node *
strip_base_cast(Node *node)
{
	RelabelType *cast = (RelabelType *) node;

	if (!IsA(node, RelabelType) || !IsA(cast->arg, Var) ||
		get_typtype(((Var *) cast->arg)->vartype) != TYPTYPE_DOMAIN ||
		getBaseType(((Var *) cast->arg)->vartype) != cast->resulttype)
		return node;
	return (Node *) cast->arg;
}

/*
 * is_column: is it a user column of the relation with that range table index?
 */
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
 * after it are link properties.  far_no is 0 where there is no endpoint.
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
		Var		   *var = (Var *) strip_base_cast((Node *) entry->expr);

		if (entry->resjunk)
			continue;
		view->ncolumns++;

		/* renameatt_internal() leaves the old name in the rule */
		column->name = get_attname(view->view, view->ncolumns, true);
		if (column->name == NULL)
			column->name = pstrdup(entry->resname);
		column->kind = M2M_COLUMN_OTHER;
		column->type = exprType((Node *) entry->expr);
		column->typmod = exprTypmod((Node *) entry->expr);
		column->collation = exprCollation((Node *) entry->expr);
		if (!is_column((Node *) var, far_no) &&
			!is_column((Node *) var, link_no))
		{
			if (!read_null((Node *) var, column) ||
				column->kind != M2M_COLUMN_KEY)
				leading = false;
			else if (leading)
				view->at_rest = true;
			else
				column->kind = M2M_COLUMN_OTHER;
			continue;
		}
		column->attnum = var->varattno;
		column->as_domain = get_typtype(column->type) == TYPTYPE_DOMAIN;
		column->source = get_attname(var->varno == (int) link_no ?
									 view->association : view->far_relid,
									 var->varattno, true);
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
