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
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"
#include "text.h"

static List *index_columns(Relation relation, Oid index, bool need_not_null);
static bool same_names(List *a, List *b);
static List *choose_by_table(Oid association, Oid table[2], List *column[2],
							 List *all, ForeignKeyCacheInfo *fk[2]);
pg_noreturn static void report_several(Oid association, Oid table[2],
									   ForeignKeyCacheInfo *fk[2], List *rest);
static List *leave_out_shared(List *fks);
static void check_not_same(Oid association, ForeignKeyCacheInfo *fk[2]);
static bool fk_has_columns(Oid association, ForeignKeyCacheInfo *fk,
						   List *columns);
static List *fk_columns(Oid association, ForeignKeyCacheInfo *fk);

/*
 * m2m_key_choose: names of the endpoint's key columns: the columns wanted, if
 * a unique index that a foreign key can reference is over them; else the
 * primary key, else the only such index over NOT NULL columns.  association is
 * the table that is to refer to it, InvalidOid where m2m_create makes one.  The
 * caller has locked the endpoint.  Error 42P16.
 */
List *
m2m_key_choose(Oid relid, List *wanted, M2mSide side, Oid association)
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
				 OidIsValid(association) ?
				 errhint("Add to table %s a foreign key to the key that is meant.",
						 m2m_qualified_name(association)) :
				 errhint("Name the columns of one by the argument \"%s\" of m2m_create.",
						 m2m_key_argument[side])));
	return result;
}

/*
 * m2m_foreign_keys_choose: the two foreign keys that make a table an
 * association, into fk: those over the columns given, to the tables given, or
 * its only two.  Where a table is given, and there is no foreign key to it, it
 * is a draft (define_draft.c).  table may be NULL.  The caller has locked the
 * association, and the tables given, at least for reading.
 *
 * Errors: 42P16 if there are not two, or one refers to another table than was
 * given; 42P08 if there are more; those of m2m_foreign_key_draft().
 */
void
m2m_foreign_keys_choose(Oid association, Oid table[2], List *column[2],
						ForeignKeyCacheInfo *fk[2])
{
	List	   *all = m2m_catalog_foreign_keys(association);
	List	   *pair = leave_out_shared(all);
	char	   *hint = m2m_polymorphic_hint(association, InvalidAttrNumber);
	ListCell   *lc;

	fk[M2M_LEFT] = fk[M2M_RIGHT] = NULL;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ForeignKeyCacheInfo *other = NULL;

		if (column[s] == NIL)
			continue;
		foreach(lc, all)
		{
			ForeignKeyCacheInfo *found = lfirst(lc);

			if (!fk_has_columns(association, found, column[s]))
				continue;
			if (table != NULL && OidIsValid(table[s]) &&
				found->confrelid != table[s])
			{
				other = found;
				continue;
			}
			fk[s] = found;
			all = foreach_delete_current(all, lc);
			break;
		}
		if (fk[s] == NULL && other != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("foreign key \"%s\" over the columns given by \"%s\" refers to table \"%s\", not to \"%s\"",
							get_constraint_name(other->conoid),
							m2m_column_argument[s],
							get_rel_name(other->confrelid),
							get_rel_name(table[s]))));
		if (fk[s] == NULL && (table == NULL || !OidIsValid(table[s])))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("table \"%s\" has no foreign key over the columns given by \"%s\"",
							get_rel_name(association),
							m2m_column_argument[s]),
					 hint != NULL ? errhint("%s", hint) :
					 errhint("If they refer to a table, name it by the argument \"%s\" of m2m_adopt.",
							 m2m_table_argument[s])));
	}
	if (table != NULL)
		all = choose_by_table(association, table, column, all, fk);
	foreach(lc, all)
	{
		if (!list_member_ptr(pair, lfirst(lc)))
			all = foreach_delete_current(all, lc);
	}
	if (list_length(all) >
		(fk[M2M_LEFT] == NULL ? 1 : 0) + (fk[M2M_RIGHT] == NULL ? 1 : 0) &&
		(fk[M2M_LEFT] == NULL || fk[M2M_RIGHT] == NULL))
		report_several(association, table, fk, all);
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
					 errhint("Add a foreign key to each of the two tables that it relates. If it is a join table without them, name these tables by the arguments \"%s\" and \"%s\" of m2m_adopt, which then says what is missing.",
							 m2m_table_argument[M2M_LEFT],
							 m2m_table_argument[M2M_RIGHT])));
		fk[s] = linitial(all);
		all = list_delete_first(all);
	}
	check_not_same(association, fk);
}

/*
 * report_several: error 42P08, which names the foreign keys of a table that has
 * more than two, and shows how to choose: those that are chosen already, and
 * the first of the rest.  table, which may be NULL, has the tables given.
 */
static void
report_several(Oid association, Oid table[2], ForeignKeyCacheInfo *fk[2],
			   List *rest)
{
	StringInfoData names;
	StringInfoData call;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, m2m_catalog_foreign_keys(association))
	{
		ForeignKeyCacheInfo *each = lfirst_node(ForeignKeyCacheInfo, lc);

		appendStringInfoString(&names, names.len > 0 ? ", (" : "(");
		for (int i = 0; i < each->nkeys; i++)
			appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
							 quote_identifier(get_attname(association,
														  each->conkey[i],
														  false)));
		appendStringInfo(&names, ") to %s",
						 m2m_qualified_name(each->confrelid));
	}

	initStringInfo(&call);
	appendStringInfo(&call, "m2m_adopt(%s",
					 quote_literal_cstr(m2m_qualified_name(association)));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ForeignKeyCacheInfo *each = fk[s];

		if (each == NULL)
		{
			each = linitial(rest);
			rest = list_delete_first(rest);
		}
		appendStringInfo(&call, ", %s => ARRAY[", m2m_column_argument[s]);
		for (int i = 0; i < each->nkeys; i++)
			appendStringInfo(&call, "%s%s", i > 0 ? ", " : "",
							 quote_literal_cstr(get_attname(association,
															each->conkey[i],
															false)));
		appendStringInfoChar(&call, ']');
		if (table != NULL && OidIsValid(table[s]))
			appendStringInfo(&call, ", %s => %s", m2m_table_argument[s],
							 quote_literal_cstr(m2m_qualified_name(table[s])));
	}
	appendStringInfoChar(&call, ')');

	ereport(ERROR,
			(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
			 errmsg("table \"%s\" has more than two foreign keys",
					get_rel_name(association)),
			 errdetail("They are over %s.", names.data),
			 errhint("Name the columns of those two that are meant, as in %s.",
					 call.data)));
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
 * choose_by_table: the foreign keys of sides whose table was given, or drafts
 * of them; returns the foreign keys that are left.  Errors: 42P08 where
 * several refer to it, 42P16 where both sides would have the same columns.
 */
static List *
choose_by_table(Oid association, Oid table[2], List *column[2], List *all,
				ForeignKeyCacheInfo *fk[2])
{
	List	   *taken = NIL;
	ListCell   *lc;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		bool		both = table[M2M_LEFT] == table[M2M_RIGHT] &&
			fk[M2M_OTHER(s)] == NULL && column[M2M_OTHER(s)] == NIL;
		List	   *fitting = NIL;

		if (fk[s] != NULL || !OidIsValid(table[s]) || column[s] != NIL)
			continue;
		foreach(lc, all)
		{
			if (lfirst_node(ForeignKeyCacheInfo, lc)->confrelid == table[s])
				fitting = lappend(fitting, lfirst(lc));
		}
		if (list_length(fitting) > (both ? 2 : 1))
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
					 errmsg("table \"%s\" has several foreign keys to \"%s\"",
							get_rel_name(association),
							get_rel_name(table[s])),
					 errhint("Name the columns of one by the argument \"%s\" of m2m_adopt.",
							 m2m_column_argument[s])));
		if (fitting == NIL)
			continue;
		fk[s] = linitial(fitting);
		all = list_delete_ptr(all, fk[s]);
	}

	/* what has a foreign key already, or was given, is not for guessing */
	foreach(lc, m2m_catalog_foreign_keys(association))
		taken = list_concat(taken,
							fk_columns(association,
									   lfirst_node(ForeignKeyCacheInfo, lc)));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		taken = list_concat(taken, list_copy(column[s]));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		bool		self = table[M2M_LEFT] == table[M2M_RIGHT];
		bool		both = self && fk[M2M_OTHER(s)] == NULL &&
			column[M2M_LEFT] == NIL && column[M2M_RIGHT] == NIL;

		if (fk[s] != NULL || !OidIsValid(table[s]))
			continue;
		fk[s] = m2m_foreign_key_draft(association, table[s], column[s],
									  taken, both ? 2 : self ? 1 : 0, s);
		taken = list_concat(taken, fk_columns(association, fk[s]));
	}
	if (fk[M2M_LEFT] != NULL && fk[M2M_RIGHT] != NULL &&
		fk_has_columns(association, fk[M2M_LEFT],
					   fk_columns(association, fk[M2M_RIGHT])))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("both sides of the relationship would have the same columns of table \"%s\"",
						get_rel_name(association)),
				 errhint("Name those of each by the arguments \"%s\" and \"%s\" of m2m_adopt.",
						 m2m_column_argument[M2M_LEFT],
						 m2m_column_argument[M2M_RIGHT])));
	return all;
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

			if (need_not_null && !m2m_catalog_has_no_null(column))
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
 * m2m_polymorphic_hint: what to do with a table that refers to rows of several
 * tables by one column, and names the table in another (taggable_id,
 * taggable_type); NULL if it has no such column without a foreign key, or if
 * column, where that is given, is none.  Locks as above.
 */
char *
m2m_polymorphic_hint(Oid association, AttrNumber column)
{
	static const char *const ending[][2] = {
		{"_id", "_type"}, {"_uuid", "_type"}, {"Id", "Type"}, {"ID", "Type"}
	};
	Relation	relation = relation_open(association, NoLock);
	TupleDesc	desc = RelationGetDescr(relation);
	List	   *fks = m2m_catalog_foreign_keys(association);
	char	   *hint = NULL;

	for (int i = 0; i < desc->natts && hint == NULL; i++)
	{
		char	   *id = NameStr(TupleDescAttr(desc, i)->attname);
		bool		has_fk = false;
		char	   *others = NULL;
		ListCell   *lc;

		foreach(lc, fks)
		{
			ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);

			for (int j = 0; j < fk->nkeys; j++)
				has_fk |= fk->conkey[j] == i + 1;
			if (fk->nkeys == 1)
				others = m2m_quoted_column(association, fk->conkey[0]);
		}
		if (has_fk || TupleDescAttr(desc, i)->attisdropped ||
			(column != InvalidAttrNumber && column != i + 1))
			continue;
		for (size_t j = 0; j < lengthof(ending) && hint == NULL; j++)
		{
			int			len = strlen(id) - strlen(ending[j][0]);
			char	   *type;

			if (len < 1 || strcmp(id + len, ending[j][0]) != 0)
				continue;
			type = psprintf("%.*s%s", len, id, ending[j][1]);
			if (get_attnum(association, type) == InvalidAttrNumber)
				continue;
			hint = psprintf("Column \"%s\" refers to a table that \"%s\" tells row by row, "
							"which no foreign key can. Relate each of these tables by "
							"m2m_create, and copy its rows into the new association table: "
							"INSERT INTO ... SELECT DISTINCT %s, %s FROM %s"
							" WHERE %s = '...' ON CONFLICT DO NOTHING.",
							id, type, others != NULL ? others : "...",
							quote_identifier(id),
							m2m_qualified_name(association),
							quote_identifier(type));
		}
	}
	relation_close(relation, NoLock);
	return hint;
}

/* fk_has_columns: is a foreign key over exactly these columns? */
static bool
fk_has_columns(Oid association, ForeignKeyCacheInfo *fk, List *columns)
{
	return same_names(fk_columns(association, fk), columns);
}

/* fk_columns: the names of a foreign key's columns. */
static List *
fk_columns(Oid association, ForeignKeyCacheInfo *fk)
{
	List	   *names = NIL;

	for (int i = 0; i < fk->nkeys; i++)
		names = lappend(names, makeString(get_attname(association,
													  fk->conkey[i], false)));
	return names;
}

/* same_names: the same names, in whatever order? */
static bool
same_names(List *a, List *b)
{
	return list_length(a) == list_length(b) && list_difference(a, b) == NIL &&
		list_difference(b, a) == NIL;
}
