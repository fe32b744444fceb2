/*
 * link_properties.c
 *		The general path: links with properties, each pair with its own or all
 *		with the same.
 *
 * Where a pair may have several links, an item that gives the whole identity
 * speaks of that link.  One that gives part of it, or other properties only,
 * speaks of the one link of the pair that it fits; 21000 if there are several.
 * One that gives nothing speaks of the pair.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "execute.h"
#include "link_internal.h"
#include "m2m.h"
#include "rule.h"

static TupleDesc found_desc(void);
static void check_doubled(M2mItemsCall *call);
static void take_lock(M2mItemsCall *call);
static bool looks_first(M2mItemsCall *call);
static void look(M2mItemsCall *call);
static void check_several(M2mItemsCall *call);
pg_noreturn static void error_several(M2mItemsCall *call, char *left, char *right);
static int64 insert_items(M2mItemsCall *call, M2mSide side, M2mIds *id,
						  bool returning, List **linked);
static bool fetch_both(M2mItemsCall *call, M2mSide side, M2mIds *id, List **linked);
static bool is_generated(M2mRelationship *rel, List *columns);
static void change_items(M2mItemsCall *call, int64 created);
static uint64 run(M2mItemsCall *call, M2mColumnStatement statement, M2mSide side,
				  M2mIds *id, M2mItemsRun *part, bool returning, bool latest,
				  DestReceiver *receiver);
static SPIPlanPtr get_plan(M2mItemsCall *call, M2mColumnStatement statement,
						   M2mSide side, int nkeys, M2mItemsRun *part, bool returning);
static List *fetch_links(M2mItemsCall *call, M2mSide side, M2mIds *id, bool latest,
						 List **links);
static List *fetch_column(int column);
static List *links_not_among(List *texts, List *links, List *others);

/*
 * m2m_plan_link_properties: links pairs with link properties; an existing
 * link takes the properties given and keeps the others.  Returns the number
 * of links created.
 *
 * The insert comes first: who creates links only needs no right to update.
 * The update is a statement of its own, whose snapshot is newer than any wait
 * of the insert's: in READ COMMITTED it finds the links that another session
 * had made, for which ON CONFLICT passed a pair over.
 */
int64
m2m_plan_link_properties(M2mRelationship *rel, M2mIds *ids[2],
						 M2mProperties *properties)
{
	M2mItemsCall call;
	int64		created;
	int64		revived = 0;

	m2m_items_begin(&call, rel, ids, properties);
	take_lock(&call);
	SPI_connect();
	m2m_items_store(&call, m2m_items_sort(&call, ids, properties));
	check_doubled(&call);
	if (m2m_revives_first(rel))
		revived = m2m_revive_pairs(rel, ids);
	if (looks_first(&call))
		look(&call);
	check_several(&call);
	created = insert_items(&call, M2M_LEFT, NULL, false, NULL);
	change_items(&call, created);
	m2m_items_end(&call);
	SPI_finish();
	return call.links + revived;
}

/*
 * m2m_plan_unlink_properties: removes the links of pairs that have the
 * properties given; returns how many.  Where a pair may have several links, an
 * item that does not give the whole identity means the one that it fits: error
 * 21000 if there are several.
 */
int64
m2m_plan_unlink_properties(M2mRelationship *rel, M2mIds *ids[2],
						   M2mProperties *properties)
{
	M2mItemsCall call;
	int64		removed;

	m2m_items_begin(&call, rel, ids, properties);
	SPI_connect();
	m2m_items_store(&call, m2m_items_sort(&call, ids, properties));
	check_doubled(&call);

	/*
	 * How many links an item fits is for the DELETE itself to say: whoever
	 * counts beforehand does not know what comes in between.  But a table
	 * with rules takes no statement that returns something.
	 */
	if (call.part && !rel->has_rules)
	{
		bool		isnull;

		run(&call, M2M_COLUMNS_UNLINK_PROPERTIES, M2M_LEFT, NULL, NULL, true,
			false, NULL);
		removed = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
											  SPI_tuptable->tupdesc, 1,
											  &isnull));
		if (SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
						 2) != NULL)
			error_several(&call,
						  SPI_getvalue(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 3),
						  SPI_getvalue(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 4));
	}
	else
	{
		if (call.part)
		{
			call.items.conditions = true;
			look(&call);
			check_several(&call);
		}
		removed = run(&call, M2M_COLUMNS_UNLINK_PROPERTIES, M2M_LEFT, NULL,
					  NULL, false, false, NULL);
		if (OidIsValid(rel->mirror) && rel->has_rules)
			removed = (removed + 1) / 2;
	}
	m2m_items_end(&call);
	SPI_finish();
	return removed;
}

/*
 * m2m_plan_set_properties: m2m_plan_set() with properties: new links have
 * them, those that stay take them.  Where a pair may have several links, these
 * are the links that the items speak of, the others go, and the difference is
 * of links: it names the other side's key once for each.  Locks as there.
 * Errors: 42703, 21000, 40001.
 */
void
m2m_plan_set_properties(M2mRelationship *rel, M2mSide side, M2mIds *id,
						M2mIds *ids[2], M2mProperties *properties,
						M2mDifference *difference)
{
	MemoryContext context = CurrentMemoryContext;
	M2mItemsCall call;
	List	   *before = NIL;
	List	   *before_links = NIL;
	List	   *after;
	List	   *after_links;
	List	   *linked = NIL;
	List	   *unlinked = NIL;
	int64		created;
	int			there;
	bool		compare = rel->has_rules || m2m_revives_first(rel);

	m2m_items_begin(&call, rel, ids, properties);

	/* in the order of m2m_plan_set() */
	m2m_limits_await(rel, side, id);
	m2m_lock_links_of_row(rel, side, id);
	take_lock(&call);
	m2m_rules_before_unlink(rel);
	SPI_connect();
	m2m_items_store(&call, m2m_items_sort(&call, ids, properties));
	check_doubled(&call);

	/* of now: what others have unlinked since the snapshot is linked anew */
	if (IsolationUsesXactSnapshot() || compare)
		before = fetch_links(&call, side, id, true, &before_links);
	if (IsolationUsesXactSnapshot())
	{
		fetch_links(&call, side, id, false, &after_links);
		if (m2m_texts_not_among(before_links, after_links) != NIL ||
			list_length(before_links) > list_length(after_links))
			m2m_error_newer_links();
	}
	if (m2m_revives_first(rel))
		m2m_revive_pairs(rel, ids);
	if (looks_first(&call))
		look(&call);
	check_several(&call);

	/* removed first, as there */
	run(&call, M2M_COLUMNS_SET_UNLINK_PROPERTIES, side, id, NULL,
		!compare, false, NULL);
	if (!compare)
		unlinked = fetch_column(1);
	created = insert_items(&call, side, id, !compare, &linked);
	change_items(&call, created);
	after = fetch_links(&call, side, id, false, &after_links);
	there = list_length(after);
	if (IsolationUsesXactSnapshot())
	{
		List	   *now_links;

		/* to the snapshot such a one is there twice */
		fetch_links(&call, side, id, true, &now_links);
		there = list_length(now_links) -
			list_length(m2m_texts_not_among(now_links, after_links));
	}
	if (compare)
	{
		unlinked = links_not_among(before, before_links, after_links);
		linked = links_not_among(after, after_links, before_links);
	}
	difference->unlinked = m2m_text_array(unlinked, context);
	difference->linked = m2m_text_array(linked, context);

	/* pairs count, also where a row has several links with another's keys */
	if (rel->nidentity == 0 && !rel->side[M2M_OTHER(side)].alike)
		there = m2m_stmt_execute(rel, M2M_STMT_SET_FAR, side, id->value, false);
	difference->kept = Max(there - list_length(linked), 0);
	m2m_items_end(&call);
	SPI_finish();
}

/* found_desc: the row type of m2m_found_items: the numbers of items. */
static TupleDesc
found_desc(void)
{
	TupleDesc	desc = CreateTemplateTupleDesc(1);

	TupleDescInitEntry(desc, 1, "item", INT8OID, -1, 0);
	TupleDescFinalize(desc);
	return desc;
}

/*
 * check_doubled: error 21000 if two items of one pair mean the same link.
 */
static void
check_doubled(M2mItemsCall *call)
{
	if (!call->doubled)
		return;
	run(call, M2M_COLUMNS_DOUBLE_PROPERTIES, M2M_LEFT, NULL, NULL, false,
		false, NULL);
	if (SPI_processed > 0)
		m2m_error_doubled(call->rel,
						  SPI_getvalue(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1),
						  SPI_getvalue(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 2));
}

/*
 * take_lock: before any statement takes its snapshot.  Who leaves it to an
 * index which links there are shares the lock with others who do.
 */
static void
take_lock(M2mItemsCall *call)
{
	M2mRelationship *rel = call->rel;

	if (rel->nidentity == 0)
	{
		if (!rel->unique)
			m2m_lock_links(rel);
	}
	else if (call->whole && rel->identity_target != NIL && !call->items.plain)
		m2m_lock_links_shared(rel);
	else
		m2m_lock_links(rel);
}

/*
 * looks_first: has the call to look which links are there?  As
 * m2m_stmt_looks_first(), by the columns that each item gives; always where a
 * pair may have several.
 */
static bool
looks_first(M2mItemsCall *call)
{
	return call->rel->nidentity > 0 ||
		m2m_stmt_looks_first(call->rel,
							 list_difference_int(call->items.columns,
												 call->items.optional));
}

/*
 * look: which items have a link, as of now?  Their numbers become
 * m2m_found_items, once for each link.  Error 40001 if the transaction's
 * snapshot does not show one of them.  What is looked for is read, which
 * SERIALIZABLE has to know.
 */
static void
look(M2mItemsCall *call)
{
	DestReceiver *receiver = CreateDestReceiver(DestTuplestore);

	call->found = tuplestore_begin_heap(false, false, work_mem / 2);
	call->items.found = true;
	SetTuplestoreDestReceiverParams(receiver, call->found,
									CurrentMemoryContext, true, NULL, NULL);
	run(call, M2M_COLUMNS_FOUND_PROPERTIES, M2M_LEFT, NULL, NULL, false, true,
		receiver);
	receiver->rDestroy(receiver);
	m2m_register_store(M2M_FOUND_ITEMS_NAME, found_desc(), call->found);
	if (IsolationUsesXactSnapshot() &&
		run(call, M2M_COLUMNS_NEWER_PROPERTIES, M2M_LEFT, NULL, NULL, false,
			false, NULL) > 0)
		m2m_error_newer("Rows were linked after the transaction's snapshot was taken.");
}

/*
 * check_several: error 21000 if an item that does not give the whole identity
 * fits several of the links that were found, naming the columns that would
 * tell them apart.
 */
static void
check_several(M2mItemsCall *call)
{
	if (!call->part || call->found == NULL)
		return;
	run(call, M2M_COLUMNS_SEVERAL_PROPERTIES, M2M_LEFT, NULL, NULL, false,
		false, NULL);
	if (SPI_processed > 0)
		error_several(call,
					  SPI_getvalue(SPI_tuptable->vals[0],
								   SPI_tuptable->tupdesc, 1),
					  SPI_getvalue(SPI_tuptable->vals[0],
								   SPI_tuptable->tupdesc, 2));
}

/* error_several: the error of it, for a pair. */
static void
error_several(M2mItemsCall *call, char *left, char *right)
{
	M2mRelationship *rel = call->rel;
	List	   *always = list_difference_int(call->items.columns,
											 call->items.optional);
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < rel->nidentity; i++)
	{
		AttrNumber	attnum = rel->identity_column[i].attnum;

		if (!list_member_int(always, attnum))
			appendStringInfo(&names, "%s\"%s\"", names.len > 0 ? ", " : "",
							 get_attname(rel->association, attnum, false));
	}
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("the properties fit several links of one pair of relationship \"%s\"",
					get_rel_name(rel->association)),
			 errdetail("It is the pair of \"%s\" %s and \"%s\" %s.",
					   rel->side[M2M_LEFT].role, left,
					   rel->side[M2M_RIGHT].role, right),
			 errhint("Say which link is meant: add %s to the properties.",
					 names.data)));
}

/*
 * insert_items: makes links of the items that have none; returns how many rows
 * that were, and call->links how many links.  With returning, *linked becomes
 * the keys of the side other than side, as text, in key order, of the row id
 * of that side.  Error 21000 if a trigger has made a link a second time.
 */
static int64
insert_items(M2mItemsCall *call, M2mSide side, M2mIds *id, bool returning,
			 List **linked)
{
	bool		both = OidIsValid(call->rel->mirror) && !call->rel->has_rules;
	bool		alone = false;
	int64		created = 0;
	ListCell   *lc;

	call->links = 0;
	foreach(lc, call->runs)
	{
		/*
		 * Nobody can give a number that is always generated, but to say which
		 * link is meant: no INSERT where each has one.
		 */
		if (call->found != NULL &&
			is_generated(call->rel, ((M2mItemsRun *) lfirst(lc))->columns) &&
			run(call, M2M_COLUMNS_MISSING_PROPERTIES, M2M_LEFT, NULL,
				lfirst(lc), false, false, NULL) == 0)
			continue;
		created += run(call, M2M_COLUMNS_LINK_PROPERTIES, side, NULL,
					   lfirst(lc), returning, false, NULL);
		for (uint64 i = 0; call->items.checked && i < SPI_processed; i++)
		{
			bool		isnull;

			if (DatumGetBool(SPI_getbinval(SPI_tuptable->vals[i],
										   SPI_tuptable->tupdesc, 2,
										   &isnull)))
				m2m_error_stored(call->rel);
		}
		if (both)
			alone |= fetch_both(call, side, returning ? id : NULL, linked);
		else if (returning)
			*linked = list_concat(*linked, fetch_column(1));
	}

	/*
	 * One of two rows that was there was removed before the other was made,
	 * as in link_both() of link_plan.c.
	 */
	if (alone)
	{
		int64		links = call->links;

		if (call->found != NULL)
		{
			if (SPI_unregister_relation(M2M_FOUND_ITEMS_NAME) != SPI_OK_REL_UNREGISTER)
				elog(ERROR, "SPI_unregister_relation failed");
			tuplestore_end(call->found);
			look(call);
		}
		created += insert_items(call, side, id, returning, linked);
		call->links += links;
	}
	else if (!both)
		call->links = OidIsValid(call->rel->mirror) ? (created + 1) / 2 :
			created;
	return created;
}

/*
 * fetch_both: of rows that were made of links in both directions, counts the
 * links; with id, adds to *linked the other keys of those that begin with it.
 * Returns whether one was there in the other direction.
 */
static bool
fetch_both(M2mItemsCall *call, M2mSide side, M2mIds *id, List **linked)
{
	char	   *key = id == NULL ? NULL :
		text_to_cstring(m2m_key_text(call->rel, side, id->value));
	bool		alone = false;

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		if (DatumGetBool(SPI_getbinval(tuple, desc, 2, &isnull)))
			call->links++;
		alone |= DatumGetBool(SPI_getbinval(tuple, desc, 3, &isnull));
		if (key != NULL && strcmp(SPI_getvalue(tuple, desc, 4), key) == 0)
			*linked = lappend(*linked, SPI_getvalue(tuple, desc, 1));
	}
	return alone;
}

/* is_generated: is one of the columns always made by the table itself? */
static bool
is_generated(M2mRelationship *rel, List *columns)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		HeapTuple	tuple = SearchSysCacheAttNum(rel->association,
												 lfirst_int(lc));
		bool		result;

		if (!HeapTupleIsValid(tuple))
			continue;
		result = ((Form_pg_attribute) GETSTRUCT(tuple))->attidentity ==
			ATTRIBUTE_IDENTITY_ALWAYS ||
			((Form_pg_attribute) GETSTRUCT(tuple))->attgenerated != '\0';
		ReleaseSysCache(tuple);
		if (result)
			return true;
	}
	return false;
}

/*
 * change_items: gives links that were there the properties of their items;
 * created is how many were not.
 */
static void
change_items(M2mItemsCall *call, int64 created)
{
	if (call->changes && created < call->count)
		run(call, M2M_COLUMNS_SET_PROPERTIES, M2M_LEFT, NULL, NULL, false,
			false, NULL);
}

/*
 * run: executes the statement of a call; returns the rows processed.  id is
 * the row of a side that it is about, part the items, as far as it is about
 * some.  latest: by the latest snapshot, with a receiver of its rows if given.
 */
static uint64
run(M2mItemsCall *call, M2mColumnStatement statement, M2mSide side, M2mIds *id,
	M2mItemsRun *part, bool returning, bool latest, DestReceiver *receiver)
{
	int			nkeys = id != NULL ? id->nkeys : 0;
	SPIPlanPtr	plan = get_plan(call, statement, side, nkeys, part, returning);
	Datum		value[INDEX_MAX_KEYS + 3];
	int			n = 0;

	for (int i = 0; i < nkeys; i++)
		value[n++] = id->value[i];
	if (!call->items.each)
		value[n++] = call->object;
	if (part != NULL)
	{
		value[n++] = Int64GetDatum(part->first);
		value[n++] = Int64GetDatum(part->end);
	}
	if (latest)
		m2m_plan_run_latest(plan, n > 0 ? value : NULL, receiver);
	else
		m2m_plan_run(plan, value, false);
	return SPI_processed;
}

/*
 * get_plan: the kept plan of a statement for what the items give.
 */
static SPIPlanPtr
get_plan(M2mItemsCall *call, M2mColumnStatement statement, M2mSide side, int nkeys,
		 M2mItemsRun *part, bool returning)
{
	M2mRelationship *rel = call->rel;
	M2mItems   *items = &call->items;
	List	   *key = list_copy(items->columns);
	Oid			types[INDEX_MAX_KEYS + 3];
	int			n = 0;
	SPIPlanPtr *slot;
	StringInfoData sql;

	/* all that the text depends on; no column has a number below 0 */
	key = lappend_int(key, -1 - (items->each ? 1 : 0) -
					  (items->found ? 2 : 0) - (items->conditions ? 4 : 0) -
					  (returning ? 8 : 0) - (items->plain ? 16 : 0) -
					  (items->checked ? 32 : 0));
	key = list_concat(key, items->optional);
	if (part != NULL)
	{
		key = lappend_int(key, 0);
		key = list_concat(key, part->columns);
	}
	if (statement == M2M_COLUMNS_LINK_PROPERTIES ||
		statement == M2M_COLUMNS_SET_PROPERTIES)
	{
		key = lappend_int(key, 0);
		key = list_concat(key, statement == M2M_COLUMNS_LINK_PROPERTIES ?
						  m2m_stamped(rel) : m2m_touched(rel));
	}
	slot = m2m_plan_slot(rel, statement, side, key);
	if (*slot != NULL)
	{
		/*
		 * Its text names types.  Where one is renamed, the plan cache would
		 * analyze the old name again, and fail; the description does not
		 * depend on types' names, and stays.
		 */
		if (SPI_plan_is_valid(*slot))
			return *slot;
		m2m_plan_retire(*slot);
		*slot = NULL;
	}
	for (int i = 0; i < nkeys; i++)
		types[n++] = rel->side[side].key[i].type;
	items->object_parameter = items->each ? 0 : n + 1;
	if (!items->each)
		types[n++] = JSONBOID;
	items->part_parameter = n + 1;
	if (part != NULL)
		types[n] = types[n + 1] = INT8OID, n += 2;
	initStringInfo(&sql);
	m2m_stmt_build_properties(&sql, rel, statement, items, side,
							  part != NULL ? part->columns : NIL, returning);
	*slot = m2m_plan_prepare(sql.data, n, types);
	return *slot;
}

/*
 * fetch_links: the other side's keys of all links of a row, as text; *links
 * becomes the whole of what tells these links apart.
 */
static List *
fetch_links(M2mItemsCall *call, M2mSide side, M2mIds *id, bool latest, List **links)
{
	List	   *result;

	run(call, M2M_COLUMNS_SET_LINKS, side, id, NULL, false, latest, NULL);
	*links = fetch_column(2);
	result = fetch_column(1);
	SPI_freetuptable(SPI_tuptable);
	return result;
}

/* fetch_column: a column of the last result as a list of strings. */
static List *
fetch_column(int column)
{
	List	   *result = NIL;

	for (uint64 i = 0; i < SPI_processed; i++)
		result = lappend(result, SPI_getvalue(SPI_tuptable->vals[i],
											  SPI_tuptable->tupdesc, column));
	return result;
}

/*
 * links_not_among: the texts of links that are not among others; texts and
 * links go together.
 */
static List *
links_not_among(List *texts, List *links, List *others)
{
	List	   *result = NIL;
	List	   *left = m2m_texts_not_among(links, others);
	ListCell   *text;
	ListCell   *link;
	ListCell   *next = list_head(left);

	forboth(text, texts, link, links)
	{
		if (next == NULL || lfirst(next) != lfirst(link))
			continue;
		result = lappend(result, lfirst(text));
		next = lnext(left, next);
	}
	return result;
}
