/*
 * link_items.c
 *		The general path: what a call says of links, as items: pairs with their
 *		link properties, sorted by pair, each once.
 *
 * Items go to the statements as an ephemeral relation, "m2m_items", which
 * numbers them; the JSON becomes the columns' types in the statements, by
 * jsonb_to_record().  So it is a statement for all items of a call, whatever
 * each of them gives.  Only the INSERT is another one where a column that has
 * a default is given for some and left out for others: a default cannot be
 * asked for row by row.  It then goes run by run, still in key order: calls
 * that overlap wait for each other and do not deadlock.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/tuplestore.h"

#include "catalog.h"
#include "link_internal.h"
#include "m2m.h"

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
static void check_pair(M2mItemsCall *call, M2mLinkItem *a, M2mLinkItem *b);
static void find_runs(M2mItemsCall *call, M2mLinkItem *item);
static TupleDesc item_desc(M2mRelationship *rel);

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
 * m2m_items_begin: reads what the items give, as far as that is known before
 * any lock and statement.  Errors: 42703 no such property.
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
		bool		whole = m2m_gives_identity(rel, columns);

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
 * whether it has become a second one; not if policies might hide it, as one
 * for SELECT would then refuse what may be made.
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

/*
 * check_pair: two items of one pair must both say which link they mean.  What
 * they would make of each other's otherwise depends on the order in which they
 * are taken: error 21000.
 */
static void
check_pair(M2mItemsCall *call, M2mLinkItem *a, M2mLinkItem *b)
{
	M2mRelationship *rel = call->rel;

	if (rel->nidentity > 0 && m2m_gives_identity(rel, a->columns) &&
		m2m_gives_identity(rel, b->columns))
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
 * m2m_items_store: makes the items known to the statements of this SPI
 * connection, in their order.  The caller ends the call.
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
										!m2m_gives_identity(rel, this->columns));
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
