/*
 * link_properties.c
 *		The general path: links with properties, each pair with its own or all
 *		with the same.
 *
 * A pair and what is said of its link is an item.  Items are sorted here, by
 * pair, each once, and go to the statements as an ephemeral relation,
 * "m2m_items", which numbers them; the JSON becomes the columns' types in the
 * statements, by jsonb_to_record().  So it is a statement for all items of a
 * call, whatever each of them gives.  Only the INSERT is another one where a
 * column that has a default is given for some and left out for others: a
 * default cannot be asked for row by row.  It then goes run by run, still in
 * key order: calls that overlap wait for each other and do not deadlock.
 *
 * Where a pair may have several links, an item that gives the whole identity
 * speaks of that link.  One that gives part of it, or other properties only,
 * speaks of the one link of the pair that it fits; 21000 if there are several.
 * One that gives nothing speaks of the pair.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "catalog.h"
#include "execute.h"
#include "link_internal.h"
#include "m2m.h"
#include "rule.h"

/* What comparing items needs. */
typedef struct Comparison
{
	M2mPairOrder *order;
	int			nkeys[2];
} Comparison;

static bool rewrites_rows(M2mRelationship *rel);
static int	compare_items(const void *a, const void *b, void *arg);
static int	compare_pairs(const M2mLinkItem *a, const M2mLinkItem *b, Comparison *comparison);
static List *property_columns(M2mRelationship *rel, Jsonb *properties);
pg_noreturn static void unknown_property(M2mRelationship *rel,
										 const char *name);
static bool gives_identity(M2mRelationship *rel, List *columns);
static void check_pair(M2mItemsCall *call, M2mLinkItem *a, M2mLinkItem *b);
static void find_runs(M2mItemsCall *call, M2mLinkItem *item);
static TupleDesc item_desc(M2mRelationship *rel);
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
 * m2m_properties_read: what is given for the pairs of a call; NULL if that is
 * nothing.  One object goes for all pairs; an array has one for each, or null,
 * in the order of the ids.  Error 22023.
 */
M2mProperties *
m2m_properties_read(M2mIds *ids[2], Jsonb *given)
{
	M2mProperties *result;
	int			npairs = ids[M2M_LEFT]->is_array ? ids[M2M_LEFT]->count :
		ids[M2M_RIGHT]->count;
	bool		empty = true;

	if (given == NULL)
		return NULL;
	result = palloc0(sizeof(M2mProperties));
	if (JB_ROOT_IS_OBJECT(given))
	{
		result->all = given;
		return JB_ROOT_COUNT(given) > 0 ? result : NULL;
	}
	if (!JB_ROOT_IS_ARRAY(given) || JB_ROOT_IS_SCALAR(given))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("link properties must be a JSON object, or an array of them"),
				 errhint("Write {\"column\": value, ...}, or [{...}, {...}, null] with one for each pair.")));
	if ((int) JB_ROOT_COUNT(given) != npairs)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("an array of link properties must have one object, or null, for each pair"),
				 errdetail("Pairs: %d; elements: %d.", npairs,
						   (int) JB_ROOT_COUNT(given)),
				 errhint("One object that is no array goes for all pairs.")));
	result->each = palloc0_array(Jsonb *, Max(npairs, 1));
	for (int i = 0; i < npairs; i++)
	{
		JsonbValue *value = getIthJsonbValueFromContainer(&given->root, i);

		if (value->type == jbvNull)
			continue;
		if (value->type != jbvBinary ||
			!JsonContainerIsObject(value->val.binary.data))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("element %d of the link properties must be a JSON object or null",
							i + 1),
					 errhint("Write [{\"column\": value, ...}, {...}, null] with one for each pair.")));
		if (JsonContainerSize(value->val.binary.data) == 0)
			continue;
		result->each[i] = JsonbValueToJsonb(value);
		empty = false;
	}
	if (empty)
		return NULL;

	/* of one pair, the object can be that for all */
	if (npairs == 1)
	{
		result->all = result->each[0];
		result->each = NULL;
	}
	return result;
}

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
 * of links: it names the other side's key once for each.
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
	bool		compare = rel->has_rules || m2m_revives_first(rel);

	m2m_items_begin(&call, rel, ids, properties);

	/* in the order of m2m_plan_set() */
	m2m_limits_await(rel, side, id);
	m2m_lock_links_of_row(rel, side, id);
	take_lock(&call);
	SPI_connect();
	m2m_items_store(&call, m2m_items_sort(&call, ids, properties));
	check_doubled(&call);
	if (IsolationUsesXactSnapshot() || compare)
		before = fetch_links(&call, side, id, false, &before_links);
	if (IsolationUsesXactSnapshot())
	{
		fetch_links(&call, side, id, true, &after_links);
		if (m2m_texts_not_among(after_links, before_links) != NIL ||
			list_length(after_links) > list_length(before_links))
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
	if (compare)
	{
		unlinked = links_not_among(before, before_links, after_links);
		linked = links_not_among(after, after_links, before_links);
	}
	difference->unlinked = m2m_text_array(unlinked, context);
	difference->linked = m2m_text_array(linked, context);
	difference->kept = Max(list_length(after) - list_length(linked), 0);
	m2m_items_end(&call);
	SPI_finish();
}

/*
 * m2m_items_begin: reads what the items give, as far as that is known before any
 * lock and statement.  Errors: 42703 no such property.
 */
void
m2m_items_begin(M2mItemsCall *call, M2mRelationship *rel, M2mIds *ids[2],
				M2mProperties *properties)
{
	int			npairs = ids[M2M_LEFT]->is_array ? ids[M2M_LEFT]->count :
		ids[M2M_RIGHT]->count;
	ListCell   *lc;

	memset(call, 0, sizeof(*call));
	call->rel = rel;
	call->items.each = properties->all == NULL;
	call->whole = true;
	properties->columns = palloc0_array(List *, Max(npairs, 1));
	for (int i = 0; i < (call->items.each ? npairs : 1); i++)
	{
		Jsonb	   *given = call->items.each ? properties->each[i] :
			properties->all;
		List	   *columns = given != NULL ?
			property_columns(rel, given) : NIL;
		bool		whole = gives_identity(rel, columns);

		properties->columns[i] = columns;
		call->items.columns = list_union_int(call->items.columns, columns);
		call->whole &= whole;
		call->part |= !whole && columns != NIL && rel->nidentity > 0;
		CHECK_FOR_INTERRUPTS();
	}
	list_sort(call->items.columns, list_int_cmp);
	for (int i = 0; call->items.each && i < npairs; i++)
	{
		List	   *missing = list_difference_int(call->items.columns,
												  properties->columns[i]);

		if (missing != NIL)
			call->items.optional = list_union_int(call->items.optional,
												  missing);
	}
	list_sort(call->items.optional, list_int_cmp);
	if (!call->items.each)
		call->object = JsonbPGetDatum(properties->all);
	foreach(lc, call->items.columns)
		call->changes |= !m2m_is_identity(rel, lfirst_int(lc));
	call->items.plain = rel->nidentity > 0 && rewrites_rows(rel);
	call->items.checked = call->items.plain && !rel->one_each &&
		!rel->has_rules &&
		check_enable_rls(rel->association, InvalidOid, true) != RLS_ENABLED;
}

/*
 * rewrites_rows: may a trigger make another link of the one that is inserted?
 * ON CONFLICT would pass it over for one that nobody spoke of, with what else
 * is given; without, it is 23505.  Where no key keeps links apart, we look
 * whether it has become a second one; not if policies might hide it, as one for
 * SELECT would then refuse what may be made.
 */
static bool
rewrites_rows(M2mRelationship *rel)
{
	Relation	association = table_open(rel->association, NoLock);
	bool		result = association->trigdesc != NULL &&
		association->trigdesc->trig_insert_before_row;

	table_close(association, NoLock);
	return result;
}

/* m2m_items_end: lets go of the tuplestores. */
void
m2m_items_end(M2mItemsCall *call)
{
	if (call->found != NULL)
		tuplestore_end(call->found);
	tuplestore_end(call->store);
}

/*
 * m2m_items_sort: the items of a call in key order, each once, as an array of
 * call->count.  The same pair may come twice only as two links: error 21000.
 */
M2mLinkItem *
m2m_items_sort(M2mItemsCall *call, M2mIds *ids[2], M2mProperties *properties)
{
	M2mRelationship *rel = call->rel;
	int			npairs = ids[M2M_LEFT]->is_array ? ids[M2M_LEFT]->count :
		ids[M2M_RIGHT]->count;
	M2mLinkItem *item =
		MemoryContextAllocHuge(CurrentMemoryContext, sizeof(M2mLinkItem) *
							   (OidIsValid(rel->mirror) ? 2 : 1) *
							   Max((Size) npairs, 1));
	int			n = 0;
	Comparison	comparison;

	comparison.order = m2m_pair_order(rel);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		comparison.nkeys[s] = rel->side[s].nkeys;
	for (int i = 0; i < npairs; i++, n++)
	{
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
			item[n].key[s] = ids[s]->value +
				(ids[s]->is_array ? (Size) i * ids[s]->nkeys : 0);
		item[n].properties = call->items.each ? properties->each[i] :
			properties->all;
		item[n].columns = properties->columns[call->items.each ? i : 0];
		item[n].position = i;

		/* a link of both directions is two rows, with the same properties */
		if (OidIsValid(rel->mirror) &&
			m2m_pair_compare(comparison.order, 0, comparison.nkeys[M2M_LEFT],
							 item[n].key[M2M_LEFT],
							 item[n].key[M2M_RIGHT]) != 0)
		{
			item[n + 1] = item[n];
			item[n + 1].key[M2M_LEFT] = item[n].key[M2M_RIGHT];
			item[n + 1].key[M2M_RIGHT] = item[n].key[M2M_LEFT];
			n++;
		}
	}
	qsort_arg(item, n, sizeof(M2mLinkItem), compare_items, &comparison);
	for (int i = 0; i < n; i++)
	{
		M2mLinkItem *last = &item[Max(call->count - 1, 0)];

		if (i > 0 && compare_pairs(last, &item[i], &comparison) == 0)
		{
			if (last->properties == item[i].properties ||
				(last->properties != NULL && item[i].properties != NULL &&
				 compareJsonbContainers(&last->properties->root,
										&item[i].properties->root) == 0))
				continue;
			check_pair(call, last, &item[i]);
			call->doubled = true;
		}
		item[call->count++] = item[i];
	}
	find_runs(call, item);
	return item;
}

/*
 * compare_items: for qsort_arg, by pair, then by properties; of those that are
 * the same the first in the call comes first, and counts.
 */
static int
compare_items(const void *a, const void *b, void *arg)
{
	const M2mLinkItem *x = a;
	const M2mLinkItem *y = b;
	int			result = compare_pairs(x, y, arg);

	CHECK_FOR_INTERRUPTS();
	if (result != 0)
		return result;
	if (x->properties == NULL || y->properties == NULL)
		result = (x->properties != NULL) - (y->properties != NULL);
	else if (x->properties != y->properties)
		result = compareJsonbContainers(&x->properties->root,
										&y->properties->root);
	return result != 0 ? result : x->position - y->position;
}

/* compare_pairs: the order of two items' pairs. */
static int
compare_pairs(const M2mLinkItem *a, const M2mLinkItem *b, Comparison *comparison)
{
	int			nleft = comparison->nkeys[M2M_LEFT];
	int			result = m2m_pair_compare(comparison->order, 0, nleft,
										  a->key[M2M_LEFT], b->key[M2M_LEFT]);

	return result != 0 ? result :
		m2m_pair_compare(comparison->order, nleft,
						 comparison->nkeys[M2M_RIGHT],
						 a->key[M2M_RIGHT], b->key[M2M_RIGHT]);
}

/*
 * property_columns: attribute numbers of the properties in a jsonb object, in
 * the order of the table.
 */
static List *
property_columns(M2mRelationship *rel, Jsonb *properties)
{
	JsonbIterator *iterator = JsonbIteratorInit(&properties->root);
	JsonbValue	value;
	JsonbIteratorToken token;
	List	   *result = NIL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *name;
		AttrNumber	attnum;
		bool		found = false;

		if (token != WJB_KEY)
			continue;
		name = pnstrdup(value.val.string.val, value.val.string.len);
		attnum = get_attnum(rel->association, name);
		for (int i = 0; i < rel->nproperties; i++)
			found |= rel->property[i] == attnum;
		if (!found)
			unknown_property(rel, name);
		result = lappend_int(result, attnum);
	}
	list_sort(result, list_int_cmp);
	return result;
}

/*
 * unknown_property: error 42703, with what there is.
 */
static void
unknown_property(M2mRelationship *rel, const char *name)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < rel->nproperties; i++)
		appendStringInfo(&names, "%s\"%s\"", i > 0 ? ", " : "",
						 get_attname(rel->association, rel->property[i],
									 false));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("relationship \"%s\" has no link property \"%s\"",
					get_rel_name(rel->association), name),
			 rel->deleted != 0 && get_attnum(rel->association, name) == rel->deleted ?
			 errhint("The column says that a row is no link any more. m2m_unlink() sets it.") :
			 rel->nproperties > 0 ?
			 errhint("Link properties are: %s.", names.data) :
			 errhint("Add a column of that name to the association table.")));
}

/* gives_identity: is the whole identity among the columns given? */
static bool
gives_identity(M2mRelationship *rel, List *columns)
{
	for (int i = 0; i < rel->nidentity; i++)
	{
		if (!list_member_int(columns, rel->identity_column[i].attnum))
			return false;
	}
	return true;
}

/*
 * check_pair: two items of one pair must both say which link they mean.  What
 * they would make of each other's otherwise depends on the order in which they
 * are taken: error 21000.
 */
static void
check_pair(M2mItemsCall *call, M2mLinkItem *a, M2mLinkItem *b)
{
	M2mRelationship *rel = call->rel;

	if (rel->nidentity > 0 && gives_identity(rel, a->columns) &&
		gives_identity(rel, b->columns))
		return;
	m2m_error_doubled(rel,
					  text_to_cstring(m2m_key_text(rel, M2M_LEFT,
												   a->key[M2M_LEFT])),
					  text_to_cstring(m2m_key_text(rel, M2M_RIGHT,
												   a->key[M2M_RIGHT])));
}

/* m2m_error_doubled: error 21000 for one link that is to be two things. */
void
m2m_error_doubled(M2mRelationship *rel, char *left, char *right)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < rel->nidentity; i++)
		appendStringInfo(&names, "%s\"%s\"", i > 0 ? ", " : "",
						 get_attname(rel->association,
									 rel->identity_column[i].attnum, false));
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 errmsg("one link of relationship \"%s\" is given different properties",
					get_rel_name(rel->association)),
			 errdetail("The pair of \"%s\" %s and \"%s\" %s comes more than once.",
					   rel->side[M2M_LEFT].role, left,
					   rel->side[M2M_RIGHT].role, right),
			 rel->nidentity > 0 ?
			 errhint("Each has to say by %s which link it means, once.",
					 names.data) :
			 errhint("Give each pair once.")));
}

/*
 * find_runs: which items one INSERT can make.  What has no default becomes
 * NULL where it is left out, as it would be anyway.
 */
static void
find_runs(M2mItemsCall *call, M2mLinkItem *item)
{
	List	   *defaulted = NIL;
	M2mItemsRun *last = NULL;
	ListCell   *lc;

	foreach(lc, call->items.optional)
	{
		if (m2m_catalog_column_has_default(call->rel->association,
										   lfirst_int(lc)))
			defaulted = lappend_int(defaulted, lfirst_int(lc));
	}
	for (int64 i = 0; i < call->count; i++)
	{
		List	   *left_out = list_difference_int(defaulted, item[i].columns);
		List	   *columns;

		if (last != NULL && left_out == NIL &&
			list_length(last->columns) == list_length(call->items.columns))
		{
			last->end = i + 1;
			continue;
		}
		columns = list_difference_int(call->items.columns, left_out);
		if (last == NULL || !equal(last->columns, columns))
		{
			last = palloc(sizeof(M2mItemsRun));
			last->first = i;
			last->columns = columns;
			call->runs = lappend(call->runs, last);
		}
		last->end = i + 1;
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * m2m_items_store: makes the items known to the statements of this SPI connection,
 * in their order.  The caller ends the call.
 */
void
m2m_items_store(M2mItemsCall *call, M2mLinkItem *item)
{
	M2mRelationship *rel = call->rel;
	TupleDesc	desc = item_desc(rel);
	int			npair = rel->pair_desc->natts;
	int			nleft = rel->side[M2M_LEFT].nkeys;
	Datum	   *value = palloc0_array(Datum, desc->natts);
	bool	   *isnull = palloc0_array(bool, desc->natts);
	Datum		nothing = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
	int64		pair = 0;
	Comparison	comparison;

	comparison.order = m2m_pair_order(rel);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		comparison.nkeys[s] = rel->side[s].nkeys;
	call->store = tuplestore_begin_heap(false, false, work_mem);
	for (int64 i = 0; i < call->count; i++)
	{
		M2mLinkItem *this = &item[i];

		memcpy(value, this->key[M2M_LEFT], sizeof(Datum) * nleft);
		memcpy(value + nleft, this->key[M2M_RIGHT],
			   sizeof(Datum) * (npair - nleft));
		if (i > 0 && compare_pairs(this - 1, this, &comparison) != 0)
			pair = i;
		value[npair] = Int64GetDatum(i);
		value[npair + 1] = Int64GetDatum(pair);
		value[npair + 2] = BoolGetDatum(this->columns != NIL &&
										!gives_identity(rel, this->columns));
		value[npair + 3] = this->properties != NULL && call->items.each ?
			JsonbPGetDatum(this->properties) : nothing;
		tuplestore_putvalues(call->store, desc, value, isnull);
		CHECK_FOR_INTERRUPTS();
	}
	m2m_register_store(M2M_ITEMS_NAME, desc, call->store);
}

/*
 * item_desc: the row type of m2m_items: the pair; the item's number; the same
 * number for all of one pair; does it give something, but not the whole
 * identity; and its object.
 */
static TupleDesc
item_desc(M2mRelationship *rel)
{
	int			n = rel->pair_desc->natts;
	TupleDesc	desc = CreateTemplateTupleDesc(n + 4);

	for (int i = 1; i <= n; i++)
		TupleDescCopyEntry(desc, i, rel->pair_desc, i);
	TupleDescInitEntry(desc, n + 1, "item", INT8OID, -1, 0);
	TupleDescInitEntry(desc, n + 2, "pair", INT8OID, -1, 0);
	TupleDescInitEntry(desc, n + 3, "part", BOOLOID, -1, 0);
	TupleDescInitEntry(desc, n + 4, "properties", JSONBOID, -1, 0);
	TupleDescFinalize(desc);
	return desc;
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
 * the keys of the side other than side, as text, in key order, of the row id of
 * that side.
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
 * links_not_among: the texts of links that are not among others; texts and links
 * go together.
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
