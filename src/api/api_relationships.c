/*
 * api_relationships.c
 *		The SQL function that lists relationships.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "catalog.h"
#include "m2m.h"
#include "rule.h"
#include "text.h"
#include "view.h"

static void put_relationship(ReturnSetInfo *rsinfo, M2mRelationship *rel);
static ArrayType *rule_names(M2mRelationship *rel);
static ArrayType *identity_names(M2mRelationship *rel);
static ArrayType *shared_names(M2mRelationship *rel);
static ArrayType *column_names(Oid relid, int n, const AttrNumber *attnum);
static const char *on_delete_name(char action);

PG_FUNCTION_INFO_V1(m2m_relationships);

/*
 * m2m_relationships: a row for each relationship of the database, read from
 * the system catalogs.
 */
Datum
m2m_relationships(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, m2m_catalog_associations())
	{
		M2mRelationship *rel =
			m2m_catalog_read_relationship(lfirst_oid(lc), InvalidOid, NULL);

		if (rel != NULL)
		{
			put_relationship(rsinfo, rel);
			MemoryContextDelete(rel->context);
		}
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}

/* put_relationship: one row of m2m_relationships. */
static void
put_relationship(ReturnSetInfo *rsinfo, M2mRelationship *rel)
{
	Datum		values[23];
	bool		isnull[23];
	int			n = 0;

	memset(isnull, 0, sizeof(isnull));
	values[n++] = ObjectIdGetDatum(rel->association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mEndpoint *endpoint = &rel->side[s];
		AttrNumber *key = palloc_array(AttrNumber, endpoint->nkeys);
		AttrNumber *link = palloc_array(AttrNumber, endpoint->nkeys);
		Oid			function = m2m_function_find(rel, s, false);

		for (int i = 0; i < endpoint->nkeys; i++)
		{
			key[i] = endpoint->key[i].attnum;
			link[i] = endpoint->key[i].link_attnum;
		}
		values[n++] = ObjectIdGetDatum(endpoint->relid);
		values[n++] = CStringGetTextDatum(endpoint->role);
		values[n++] = PointerGetDatum(column_names(endpoint->relid,
												   endpoint->nkeys, key));
		values[n++] = PointerGetDatum(column_names(rel->association,
												   endpoint->nkeys, link));
		isnull[n] = !OidIsValid(endpoint->view);
		values[n++] = ObjectIdGetDatum(endpoint->view);
		isnull[n] = !OidIsValid(function);
		values[n++] = ObjectIdGetDatum(function);
		isnull[n] = endpoint->on_delete == 0;
		values[n++] = CStringGetTextDatum(on_delete_name(endpoint->on_delete));
	}
	values[n++] = PointerGetDatum(column_names(rel->association,
											   rel->nproperties,
											   rel->property));
	values[n++] = PointerGetDatum(identity_names(rel));
	values[n++] = PointerGetDatum(shared_names(rel));
	isnull[n] = rel->deleted == 0 ||
		get_attname(rel->association, rel->deleted, true) == NULL;
	if (!isnull[n])
		values[n] = CStringGetTextDatum(m2m_live_condition(rel, NULL));
	n++;
	values[n++] = PointerGetDatum(rule_names(rel));
	values[n++] = CStringGetTextDatum(rel->adopted ? "adopted" : "created");
	values[n++] =
		ObjectIdGetDatum(m2m_catalog_relation_owner(rel->association));
	values[n++] = BoolGetDatum(OidIsValid(rel->mirror));
	Assert(n == lengthof(values));
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
}

/* rule_names: names of the relationship's rules, as text[]. */
static ArrayType *
rule_names(M2mRelationship *rel)
{
	List	   *rules = m2m_rules_of(rel);
	Datum	   *names = palloc_array(Datum, list_length(rules) + 1);
	int			n = 0;
	ListCell   *lc;

	foreach(lc, rules)
		names[n++] = CStringGetTextDatum(m2m_rule_text(lfirst(lc))->name);
	return construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT);
}

/* identity_names: names of the columns that tell links apart, as text[]. */
static ArrayType *
identity_names(M2mRelationship *rel)
{
	AttrNumber *column = palloc_array(AttrNumber,
									  rel->nlink + rel->nidentity);
	int			n = 0;

	for (int i = 0; i < rel->nlink; i++)
		column[n++] = rel->link[i];
	for (int i = 0; i < rel->nidentity; i++)
		column[n++] = rel->identity_column[i].attnum;
	return column_names(rel->association, n, column);
}

/* shared_names: names of the columns that both keys have, as text[]. */
static ArrayType *
shared_names(M2mRelationship *rel)
{
	M2mEndpoint *left = &rel->side[M2M_LEFT];
	AttrNumber *column = palloc_array(AttrNumber, rel->nshared + 1);
	int			n = 0;

	for (int i = 0; i < left->nkeys; i++)
	{
		if (left->key[i].shared > 0)
			column[n++] = left->key[i].link_attnum;
	}
	return column_names(rel->association, n, column);
}

/*
 * column_names: names of columns as text[]; without those that have just been
 * dropped.
 */
static ArrayType *
column_names(Oid relid, int n, const AttrNumber *attnum)
{
	Datum	   *names = palloc_array(Datum, n + 1);
	int			there = 0;

	for (int i = 0; i < n; i++)
	{
		char	   *name = get_attname(relid, attnum[i], true);

		if (name != NULL)
			names[there++] = CStringGetTextDatum(name);
	}
	return construct_array(names, there, TEXTOID, -1, false, TYPALIGN_INT);
}

/* on_delete_name: as m2m_create's argument spells it. */
static const char *
on_delete_name(char action)
{
	switch (action)
	{
		case FKCONSTR_ACTION_CASCADE:
			return "cascade";
		case FKCONSTR_ACTION_RESTRICT:
			return "restrict";
		case FKCONSTR_ACTION_SETNULL:
			return "set null";
		case FKCONSTR_ACTION_SETDEFAULT:
			return "set default";
		default:
			return "no action";
	}
}
