/*
 * define_keys.c
 *		Chooses the key of an endpoint and the foreign keys of an association
 *		that are to make a relationship.
 *
 * Which there are is read from the table or its catalog entries, which the
 * caller has locked; where several would do, the caller's words decide, or an
 * error asks for them.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "catalog/pg_index.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"

static List *index_columns(Relation relation, Oid index, bool need_not_null);
static bool same_names(List *a, List *b);
static char *polymorphic_hint(Oid association, List *fks);
static List *leave_out_shared(List *fks);
static void check_not_same(Oid association, ForeignKeyCacheInfo *fk[2]);
static bool fk_has_columns(Oid association, ForeignKeyCacheInfo *fk,
						   List *columns);

/*
 * m2m_key_choose: names of the endpoint's key columns: the columns wanted, if
 * a unique index that a foreign key can reference is over them; else the
 * primary key, else the only such index over NOT NULL columns.  The caller has
 * locked the endpoint.  Error 42P16.
 */
List *
m2m_key_choose(Oid relid, List *wanted, M2mSide side)
{
	Relation	relation = relation_open(relid, NoLock);
	List	   *indexes = RelationGetIndexList(relation);
	Oid			primary = relation->rd_pkindex;
	List	   *result = NIL;
	int			found = 0;
	ListCell   *lc;

	if (wanted == NIL && OidIsValid(primary))
	{
		result = index_columns(relation, primary, true);
		found = result != NIL ? 1 : 0;
	}
	if (found == 0)
	{
		foreach(lc, indexes)
		{
			List	   *columns = index_columns(relation, lfirst_oid(lc),
												wanted == NIL);

			if (columns == NIL ||
				(wanted != NIL && !same_names(columns, wanted)))
				continue;
			result = wanted != NIL ? wanted : columns;
			found++;
		}
	}
	relation_close(relation, NoLock);

	if (found == 0 && wanted != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("the columns given by \"%s\" are no key of table \"%s\"",
						m2m_key_argument[side], get_rel_name(relid)),
				 errhint("Name exactly the columns of a primary key or unique constraint that is not deferrable.")));
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("table \"%s\" has no usable key",
						get_rel_name(relid)),
				 errhint("Add a primary key to it.")));
	if (found > 1 && wanted == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("table \"%s\" has no primary key and several unique ones",
						get_rel_name(relid)),
				 errhint("Name the columns of one by the argument \"%s\" of m2m_create.",
						 m2m_key_argument[side])));
	return result;
}

/*
 * m2m_foreign_keys_choose: the two foreign keys that make a table an
 * association, into fk: those over the columns given, or its only two.  The
 * caller has locked the table.  Errors: 42P16 if there are not two; 42P08 if
 * there are more.
 */
void
m2m_foreign_keys_choose(Oid association, List *column[2],
						ForeignKeyCacheInfo *fk[2])
{
	List	   *all = m2m_catalog_foreign_keys(association);
	List	   *pair = leave_out_shared(all);
	char	   *hint = polymorphic_hint(association, all);
	ListCell   *lc;

	fk[M2M_LEFT] = fk[M2M_RIGHT] = NULL;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (column[s] == NIL)
			continue;
		foreach(lc, all)
		{
			if (fk_has_columns(association, lfirst(lc), column[s]))
			{
				fk[s] = lfirst(lc);
				all = foreach_delete_current(all, lc);
				break;
			}
		}
		if (fk[s] == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("table \"%s\" has no foreign key over the columns given by \"%s\"",
							get_rel_name(association),
							m2m_column_argument[s]),
					 hint != NULL ? errhint("%s", hint) : 0));
	}
	foreach(lc, all)
	{
		if (!list_member_ptr(pair, lfirst(lc)))
			all = foreach_delete_current(all, lc);
	}
	if (list_length(all) >
		(fk[M2M_LEFT] == NULL ? 1 : 0) + (fk[M2M_RIGHT] == NULL ? 1 : 0) &&
		(fk[M2M_LEFT] == NULL || fk[M2M_RIGHT] == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
				 errmsg("table \"%s\" has more than two foreign keys",
						get_rel_name(association)),
				 errhint("Name the columns of two of them by the arguments \"%s\" and \"%s\" of m2m_adopt.",
						 m2m_column_argument[M2M_LEFT],
						 m2m_column_argument[M2M_RIGHT])));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (fk[s] != NULL)
			continue;
		if (all == NIL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("table \"%s\" has not the two foreign keys of an association table",
							get_rel_name(association)),
					 hint != NULL ? errhint("%s", hint) :
					 errhint("Add a foreign key to each of the two tables that it relates.")));
		fk[s] = linitial(all);
		all = list_delete_first(all);
	}
	check_not_same(association, fk);
}

/*
 * leave_out_shared: of several foreign keys, the two that have all columns of
 * all others in common, and so make the pair: of tenant, (tenant, user) and
 * (tenant, group) the latter.  A copy of the list if there are no such two.
 */
static List *
leave_out_shared(List *fks)
{
	List	   *wider = NIL;
	ListCell   *lc;

	foreach(lc, fks)
	{
		ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);
		int			within = 0;
		ListCell   *lo;

		foreach(lo, fks)
		{
			ForeignKeyCacheInfo *other = lfirst_node(ForeignKeyCacheInfo, lo);
			bool		all = other->nkeys > fk->nkeys;

			for (int i = 0; i < fk->nkeys; i++)
				all &= m2m_columns_include(other->nkeys, other->conkey,
										   fk->conkey[i]);
			within += all;
		}
		if (within < 2)
			wider = lappend(wider, fk);
	}
	return list_length(wider) == 2 ? wider : list_copy(fks);
}

/*
 * check_not_same: error 42P16 for two foreign keys over the same columns: these
 * would be each side's, and no row of either could have two links.
 */
static void
check_not_same(Oid association, ForeignKeyCacheInfo *fk[2])
{
	StringInfoData names;

	if (fk[M2M_LEFT]->nkeys != fk[M2M_RIGHT]->nkeys)
		return;
	initStringInfo(&names);
	for (int i = 0; i < fk[M2M_LEFT]->nkeys; i++)
	{
		if (!m2m_columns_include(fk[M2M_RIGHT]->nkeys, fk[M2M_RIGHT]->conkey,
								 fk[M2M_LEFT]->conkey[i]))
			return;
		appendStringInfo(&names, "%s\"%s\"", i > 0 ? ", " : "",
						 get_attname(association, fk[M2M_LEFT]->conkey[i],
									 false));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
			 errmsg("both foreign keys of table \"%s\" are over %s",
					get_rel_name(association), names.data),
			 errdetail("An association has columns of its own for each of the two tables."),
			 errhint("Name the columns of the foreign keys by the arguments \"%s\" and \"%s\" of m2m_adopt.",
					 m2m_column_argument[M2M_LEFT],
					 m2m_column_argument[M2M_RIGHT])));
}

/*
 * index_columns: names of the columns of an index that a foreign key can
 * reference; NIL if it cannot, or if columns are nullable and must not be.
 */
static List *
index_columns(Relation relation, Oid index, bool need_not_null)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	List	   *result = NIL;

	if (!HeapTupleIsValid(tuple))
		return NIL;
	form = (Form_pg_index) GETSTRUCT(tuple);
	if (form->indisunique && form->indimmediate && form->indisvalid &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL) &&
		heap_attisnull(tuple, Anum_pg_index_indexprs, NULL))
	{
		for (int i = 0; i < form->indnkeyatts; i++)
		{
			Form_pg_attribute column =
				TupleDescAttr(RelationGetDescr(relation),
							  form->indkey.values[i] - 1);

			if (need_not_null && !column->attnotnull)
			{
				result = NIL;
				break;
			}
			result = lappend(result,
							 makeString(pstrdup(NameStr(column->attname))));
		}
	}
	ReleaseSysCache(tuple);
	return result;
}

/*
 * polymorphic_hint: what to do with a table that refers to rows of several
 * tables by one column, and names the table in another (taggable_id,
 * taggable_type); NULL if it has no such columns without a foreign key.
 */
static char *
polymorphic_hint(Oid association, List *fks)
{
	static const char *const ending[][2] = {
		{"_id", "_type"}, {"_uuid", "_type"}, {"Id", "Type"}, {"ID", "Type"}
	};
	Relation	relation = relation_open(association, NoLock);
	TupleDesc	desc = RelationGetDescr(relation);
	char	   *hint = NULL;

	for (int i = 0; i < desc->natts && hint == NULL; i++)
	{
		char	   *id = NameStr(TupleDescAttr(desc, i)->attname);
		bool		has_fk = false;
		ListCell   *lc;

		foreach(lc, fks)
		{
			ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);

			for (int j = 0; j < fk->nkeys; j++)
				has_fk |= fk->conkey[j] == i + 1;
		}
		if (has_fk || TupleDescAttr(desc, i)->attisdropped)
			continue;
		for (size_t j = 0; j < lengthof(ending) && hint == NULL; j++)
		{
			int			len = strlen(id) - strlen(ending[j][0]);
			char	   *type;

			if (len < 1 || strcmp(id + len, ending[j][0]) != 0)
				continue;
			type = psprintf("%.*s%s", len, id, ending[j][1]);
			if (get_attnum(association, type) != InvalidAttrNumber)
				hint = psprintf("Column \"%s\" refers to a table that \"%s\" tells row by row, which no foreign key can. Relate each of these tables by m2m_create, and copy the rows of its type into the new association table.",
								id, type);
		}
	}
	relation_close(relation, NoLock);
	return hint;
}

/* fk_has_columns: is a foreign key over exactly these columns? */
static bool
fk_has_columns(Oid association, ForeignKeyCacheInfo *fk, List *columns)
{
	List	   *names = NIL;

	for (int i = 0; i < fk->nkeys; i++)
		names = lappend(names, makeString(get_attname(association,
													  fk->conkey[i], false)));
	return same_names(names, columns);
}

/* same_names: the same names, in whatever order? */
static bool
same_names(List *a, List *b)
{
	return list_length(a) == list_length(b) && list_difference(a, b) == NIL &&
		list_difference(b, a) == NIL;
}
