/*
 * catalog_deleted.c
 *		The column that says that a row is no link any more: how conditions
 *		name it.
 *
 * Applications that keep what was deleted mark a row instead of deleting it:
 * with a time (deleted_at) or a flag (deleted).  The others are links.  That
 * condition stands in the link views, where it is read from
 * (catalog_view.c), and in partial unique indexes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_index.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"

static AttrNumber read_predicate(Oid association, HeapTuple index, bool *all);
static Node *read_not(Node *condition);
static bool keeps_pairs(M2mRelationship *rel, Form_pg_index index);

/*
 * m2m_catalog_describe_deleted: takes a column of the association for that
 * which says that a row is no link any more; 0, or one that is not there: none
 * does.  Endpoints are described already.
 */
void
m2m_catalog_describe_deleted(M2mRelationship *rel, AttrNumber deleted)
{
	HeapTuple	tuple = SearchSysCacheAttNum(rel->association, deleted);
	Form_pg_attribute column;

	rel->deleted = 0;
	if (deleted <= 0 || !HeapTupleIsValid(tuple))
	{
		if (HeapTupleIsValid(tuple))
			ReleaseSysCache(tuple);
		return;
	}
	column = (Form_pg_attribute) GETSTRUCT(tuple);
	rel->deleted = deleted;
	rel->deleted_kind =
		m2m_catalog_base_type(column->atttypid) != BOOLOID ? M2M_DELETED_TIME :
		m2m_catalog_has_no_null(column) ? M2M_DELETED_FLAG :
		M2M_DELETED_NULLABLE_FLAG;

	/* a default may be whatever, and a null flag is in no index of false ones */
	rel->deleted_given = column->atthasdef ||
		rel->deleted_kind != M2M_DELETED_TIME;
	ReleaseSysCache(tuple);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			if (rel->side[s].key[i].link_attnum == deleted)
				rel->deleted = 0;
		}
	}
}

/*
 * m2m_catalog_may_delete_by: can a column of this type say when a row was
 * deleted, or that it was?
 */
bool
m2m_catalog_may_delete_by(Oid type)
{
	Oid			base = m2m_catalog_base_type(type);

	return base == TIMESTAMPTZOID || base == TIMESTAMPOID ||
		base == DATEOID || base == BOOLOID;
}

/*
 * m2m_catalog_read_live: the column of a relation by which a condition takes
 * the rows that are not deleted, and how; 0 if it is another condition.  The
 * forms are those of m2m_live_condition().
 */
AttrNumber
m2m_catalog_read_live(Node *condition, Index varno, M2mDeletedKind *kind)
{
	Node	   *column = NULL;

	if (IsA(condition, NullTest))
	{
		NullTest   *test = (NullTest *) condition;

		if (test->nulltesttype == IS_NULL && !test->argisrow)
			column = (Node *) test->arg;
		*kind = M2M_DELETED_TIME;
	}
	else if (is_notclause(condition))
	{
		column = (Node *) get_notclausearg(condition);
		*kind = M2M_DELETED_FLAG;
	}
	else if (IsA(condition, BooleanTest))
	{
		BooleanTest *test = (BooleanTest *) condition;

		if (test->booltesttype == IS_NOT_TRUE)
			column = (Node *) test->arg;
		*kind = M2M_DELETED_NULLABLE_FLAG;
	}
	while (column != NULL && IsA(column, RelabelType))
		column = (Node *) ((RelabelType *) column)->arg;
	if (column == NULL || !IsA(column, Var) ||
		((Var *) column)->varno != (int) varno ||
		((Var *) column)->varlevelsup != 0 || ((Var *) column)->varattno <= 0)
		return 0;
	return ((Var *) column)->varattno;
}

/*
 * m2m_catalog_is_of_links: are the rows of a partial index, a row of pg_index,
 * just the links?
 */
bool
m2m_catalog_is_of_links(M2mRelationship *rel, HeapTuple index)
{
	bool		all;

	return rel->deleted != 0 &&
		read_predicate(rel->association, index, &all) == rel->deleted && all;
}

/*
 * read_predicate: the column by which a partial index takes those rows of the
 * association that are not deleted; 0 if it takes others.  all: does it take
 * those too in which a flag is null, if there may be some?
 */
static AttrNumber
read_predicate(Oid association, HeapTuple index, bool *all)
{
	bool		isnull;
	Datum		datum = SysCacheGetAttr(INDEXRELID, index,
										Anum_pg_index_indpred, &isnull);
	Node	   *condition;
	AttrNumber	attnum;
	M2mDeletedKind kind;
	HeapTuple	tuple;
	Oid			type;

	if (isnull)
		return 0;

	condition = read_not(stringToNode(TextDatumGetCString(datum)));
	attnum = m2m_catalog_read_live(condition, 1, &kind);
	tuple = SearchSysCacheAttNum(association, attnum);
	if (attnum == 0 || !HeapTupleIsValid(tuple))
	{
		if (HeapTupleIsValid(tuple))
			ReleaseSysCache(tuple);
		return 0;
	}
	type = m2m_catalog_base_type(((Form_pg_attribute) GETSTRUCT(tuple))->atttypid);
	*all = kind != M2M_DELETED_FLAG ||
		m2m_catalog_has_no_null((Form_pg_attribute) GETSTRUCT(tuple));
	ReleaseSysCache(tuple);
	return m2m_catalog_may_delete_by(type) &&
		(type == BOOLOID) == (kind != M2M_DELETED_TIME) ? attnum : 0;
}

/*
 * read_not: a condition in its form NOT flag, where it says so by comparing:
 * flag = false, flag <> true, flag IS FALSE.  By hand: eval_const_expressions()
 * could run functions of whoever made the index.
 */
static Node *
read_not(Node *condition)
{
	OpExpr	   *op = (OpExpr *) condition;
	Node	   *flag = NULL;
	Const	   *value = NULL;

	if (IsA(condition, BooleanTest) &&
		((BooleanTest *) condition)->booltesttype == IS_FALSE)
		return (Node *) make_notclause(((BooleanTest *) condition)->arg);
	if (!IsA(condition, OpExpr) || list_length(op->args) != 2 ||
		(op->opno != BooleanEqualOperator &&
		 op->opno != BooleanNotEqualOperator))
		return condition;
	for (int i = 0; i < 2; i++)
	{
		if (IsA(list_nth(op->args, i), Const))
		{
			value = list_nth(op->args, i);
			flag = list_nth(op->args, 1 - i);
		}
	}
	if (value == NULL || value->constisnull ||
		DatumGetBool(value->constvalue) == (op->opno == BooleanEqualOperator))
		return condition;
	return (Node *) make_notclause((Expr *) flag);
}

/*
 * m2m_catalog_find_deleted: the column by which the association's owner says
 * that rows are no links any more: where no key keeps pairs, or wider
 * identities, unique but on the condition that a row is not deleted.  0 if
 * there is none.  The relationship is described without.
 */
AttrNumber
m2m_catalog_find_deleted(M2mRelationship *rel)
{
	Relation	indexes = table_open(IndexRelationId, AccessShareLock);
	AttrNumber	result = 0;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rel->association));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
		AttrNumber	attnum;
		bool		all;

		if (!keeps_pairs(rel, index))
			continue;
		attnum = read_predicate(rel->association, tuple, &all);
		if (attnum > 0 && (result == 0 || attnum < result))
			result = attnum;
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
	return result;
}

/*
 * keeps_pairs: is an index unique over the pair, and whatever more, and would
 * it say more of what a link is than the keys that hold for all rows?
 */
static bool
keeps_pairs(M2mRelationship *rel, Form_pg_index index)
{
	bool		said = rel->has_key &&
		rel->identity != M2M_IDENTITY_SURROGATE;

	if (!index->indisunique || !index->indisvalid || !index->indislive)
		return false;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			if (!m2m_columns_include(index->indnkeyatts, index->indkey.values,
									 rel->side[s].key[i].link_attnum))
				return false;
		}
	}
	for (int i = 0; said && i < rel->nidentity; i++)
		said = m2m_columns_include(index->indnkeyatts, index->indkey.values,
								   rel->identity_column[i].attnum);
	return !said;
}

/*
 * m2m_catalog_renewed: the link properties that a row that becomes a link
 * again gets as a new row would.  Not those that tell rows apart, such as its
 * number, by which others may know it; nor those that nobody can set.
 */
List *
m2m_catalog_renewed(M2mRelationship *rel)
{
	Relation	indexes = table_open(IndexRelationId, AccessShareLock);
	List	   *result = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	for (int i = 0; i < rel->nproperties; i++)
	{
		tuple = SearchSysCacheAttNum(rel->association, rel->property[i]);
		if (!HeapTupleIsValid(tuple))
			continue;
		if (((Form_pg_attribute) GETSTRUCT(tuple))->attgenerated == '\0' &&
			((Form_pg_attribute) GETSTRUCT(tuple))->attidentity == '\0')
			result = lappend_int(result, rel->property[i]);
		ReleaseSysCache(tuple);
	}
	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rel->association));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);

		for (int i = 0; index->indisunique && i < index->indnkeyatts; i++)
			result = list_delete_int(result, index->indkey.values[i]);
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
	return result;
}
