/*
 * catalog_side.c
 *		One side of a relationship: the table that its columns of the association
 *		refer to, by which key, and how values of both are compared.
 *
 * A foreign key says so, or where there is none the link view that joins the
 * table.  It only reads, and locks nothing (see catalog.c).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"
#include "text.h"

static bool compares_alike(M2mKeyColumn *key);
static bool is_integer(Oid type);
static void describe_rest(M2mEndpoint *endpoint, Oid association, int n,
						  const AttrNumber *columns);
static int	link_columns(Oid association, M2mLinkView *near_view,
						 M2mLinkView *far_view, AttrNumber **columns);
static bool joins_like(M2mLinkView *view, ForeignKeyCacheInfo *fk);
static ForeignKeyCacheInfo *find_successor(M2mRelationship *rel, M2mSide side,
										   M2mLinkView *near_view);
static bool find_operators(M2mEndpoint *endpoint);
static void use_operators(M2mEndpoint *endpoint, ForeignKeyCacheInfo *fk);
static ForeignKeyCacheInfo *find_foreign_key(Oid association, Oid target,
											 int n, const AttrNumber *columns);
static List *read_foreign_keys(Oid association);
static int	compare_foreign_keys(const ListCell *a, const ListCell *b);
static bool is_partition_clone(Oid constraint, Oid association);
static bool is_mirror(ForeignKeyCacheInfo *fk);

/*
 * m2m_catalog_foreign_keys: an association's foreign keys as a list of
 * ForeignKeyCacheInfo, ordered by their columns.
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
 * m2m_catalog_same_columns: do two lists name the same columns, in whatever
 * order?
 */
bool
m2m_catalog_same_columns(int n1, const AttrNumber *a1, int n2, const AttrNumber *a2)
{
	if (n1 != n2)
		return false;
	for (int i = 0; i < n1; i++)
	{
		if (!m2m_columns_include(n2, a2, a1[i]))
			return false;
	}
	return true;
}

/*
 * m2m_catalog_describe_side: fills in one endpoint.  The foreign key over its
 * columns of the association says which table is meant, and which key; where
 * there is none, the view of the other side does, which joins it.  If neither
 * does, the side is at rest: its relid is InvalidOid, and only its columns are
 * filled in, as far as they are there.
 */
void
m2m_catalog_describe_side(M2mRelationship *rel, M2mSide side,
						  M2mLinkView *near_view, M2mLinkView *far_view)
{
	Oid			association = rel->association;
	M2mEndpoint *endpoint = &rel->side[side];
	ForeignKeyCacheInfo *fk;
	Oid			target = far_view ? far_view->far_relid : InvalidOid;
	AttrNumber *columns;
	int			ncolumns = link_columns(association, near_view, far_view,
										&columns);

	endpoint->view = near_view ? near_view->view : InvalidOid;

	/*
	 * First the key to the table that is joined: with two over the same
	 * columns the new one is being prepared, and meant when the old one goes.
	 */
	fk = find_foreign_key(association, target, ncolumns, columns);
	if (fk == NULL && OidIsValid(target))
		fk = find_foreign_key(association, InvalidOid, ncolumns, columns);
	if (fk == NULL && ncolumns == 0)
		fk = find_successor(rel, side, near_view);

	/*
	 * By the view's order of columns where it agrees with the key, since ids
	 * of composite keys are given in that order.
	 */
	if (OidIsValid(target) && (fk == NULL || joins_like(far_view, fk)))
	{
		endpoint->relid = target;
		endpoint->nkeys = far_view->nfar;
		endpoint->key = palloc0_array(M2mKeyColumn, endpoint->nkeys);
		for (int i = 0; i < endpoint->nkeys; i++)
		{
			endpoint->key[i].attnum = far_view->far_key[i];
			endpoint->key[i].link_attnum = far_view->far_link[i];
			endpoint->key[i].equal_op = far_view->far_op[i];
		}
	}
	else if (fk != NULL)
		m2m_catalog_describe_foreign_key(endpoint, fk);
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
	if (OidIsValid(endpoint->relid))
		m2m_catalog_order_key(endpoint, endpoint->constraint);

	/* no operator without a key: types that changed, and do not fit yet */
	if (!OidIsValid(endpoint->relid) ||
		!m2m_catalog_describe_key_columns(endpoint, association) ||
		(fk == NULL && !find_operators(endpoint)))
		describe_rest(endpoint, association, ncolumns, columns);
}

/*
 * describe_rest: what is left to say of a side whose table is not known:
 * columns of the association.
 */
static void
describe_rest(M2mEndpoint *endpoint, Oid association, int n,
			  const AttrNumber *columns)
{
	endpoint->relid = InvalidOid;
	endpoint->constraint = InvalidOid;
	endpoint->nkeys = n;
	endpoint->key = palloc0_array(M2mKeyColumn, n);
	for (int i = 0; i < n; i++)
	{
		HeapTuple	tuple = SearchSysCacheAttNum(association, columns[i]);

		endpoint->key[i].link_attnum = columns[i];
		if (!HeapTupleIsValid(tuple))
			continue;
		endpoint->key[i].link_not_null =
			m2m_catalog_has_no_null((Form_pg_attribute) GETSTRUCT(tuple));
		ReleaseSysCache(tuple);
	}
}

/*
 * link_columns: the association's columns of a side, by either view; none if
 * they are not all there.
 */
static int
link_columns(Oid association, M2mLinkView *near_view, M2mLinkView *far_view,
			 AttrNumber **columns)
{
	int			n = 0;

	/*
	 * The view that joins the side names them in its condition; the side's
	 * own view only shows them, and may show a null for one that is lost.
	 */
	*columns = NULL;
	if (far_view != NULL && far_view->nfar > 0)
	{
		n = far_view->nfar;
		*columns = far_view->far_link;
	}
	else if (near_view != NULL)
	{
		n = near_view->nnear;
		*columns = near_view->near_link;
		for (int i = 0; i < near_view->ncolumns; i++)
		{
			if (near_view->column[i].kind == M2M_COLUMN_KEY &&
				near_view->column[i].attnum == 0)
				return 0;
		}
	}
	for (int i = 0; i < n; i++)
	{
		if (!m2m_catalog_column_exists(association, (*columns)[i]))
			return 0;
	}
	return n;
}

/* joins_like: does a view join its endpoint as a foreign key refers to it? */
static bool
joins_like(M2mLinkView *view, ForeignKeyCacheInfo *fk)
{
	if (view->far_relid != fk->confrelid || view->nfar != fk->nkeys)
		return false;
	for (int i = 0; i < view->nfar; i++)
	{
		bool		found = false;

		for (int j = 0; j < fk->nkeys; j++)
			found |= fk->conkey[j] == view->far_link[i] &&
				fk->confkey[j] == view->far_key[i];
		if (!found)
			return false;
	}
	return true;
}

/*
 * find_successor: where the columns of a side were dropped from the
 * association, the foreign key over columns that have their names: those by
 * which the side's own view showed them, or the role's.  Not the other side's.
 */
static ForeignKeyCacheInfo *
find_successor(M2mRelationship *rel, M2mSide side, M2mLinkView *near_view)
{
	M2mEndpoint *other = &rel->side[M2M_OTHER(side)];
	ListCell   *lc;

	foreach(lc, m2m_catalog_foreign_keys(rel->association))
	{
		ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);
		int			matching = 0;
		int			theirs = 0;

		for (int i = 0; i < fk->nkeys; i++)
		{
			char	   *name = get_attname(rel->association, fk->conkey[i],
										   true);
			char	   *key = get_attname(fk->confrelid, fk->confkey[i], true);
			bool		same = false;

			if (name == NULL || key == NULL)
				break;
			for (int j = 0; near_view != NULL && j < near_view->ncolumns; j++)
				same |= near_view->column[j].kind == M2M_COLUMN_KEY &&
					near_view->column[j].source != NULL &&
					strcmp(near_view->column[j].source, name) == 0;
			matching += same ||
				strcmp(name, m2m_name_join(rel->side[side].role, key)) == 0;
			for (int j = 0; j < other->nkeys; j++)
				theirs += other->key[j].link_attnum == fk->conkey[i];
		}

		/*
		 * All or none: of a composite key a part may have kept its name, and
		 * the other side may share one.
		 */
		if (matching == fk->nkeys && theirs < fk->nkeys &&
			fk->conoid != other->constraint)
			return fk;
	}
	return NULL;
}

/*
 * find_operators: equality of key and association where no foreign key has
 * one: the view's, if it still takes the columns' types, else that of their
 * types' B-tree operator family.  False if there is none: the two do not fit.
 */
static bool
find_operators(M2mEndpoint *endpoint)
{
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		Oid			input[2] = {InvalidOid, InvalidOid};
		Oid			actual[2] = {key->type, key->link_type};
		Oid			opclass;
		Oid			family;
		Oid			basic;

		/*
		 * The view's operator was resolved when the view was made, and names
		 * types that the columns may have no longer.  A polymorphic one
		 * (arrays, records) takes any pair, but compares only two of one
		 * type.
		 */
		if (OidIsValid(key->equal_op))
			op_input_types(key->equal_op, &input[0], &input[1]);
		if (OidIsValid(input[0]) && can_coerce_type(2, actual, input,
													COERCION_IMPLICIT) &&
			(!IsPolymorphicType(input[0]) ||
			 getBaseType(key->type) == getBaseType(key->link_type)))
			continue;
		opclass = GetDefaultOpClass(getBaseType(key->type), BTREE_AM_OID);
		if (!OidIsValid(opclass))
			return false;
		family = get_opclass_family(opclass);
		basic = get_opclass_input_type(opclass);
		key->equal_op = get_opfamily_member(family, basic,
											getBaseType(key->link_type),
											BTEqualStrategyNumber);
		if (!OidIsValid(key->equal_op) && !IsPolymorphicType(basic) &&
			can_coerce_type(1, &key->link_type, &basic, COERCION_IMPLICIT))
			key->equal_op = get_opfamily_member(family, basic, basic,
												BTEqualStrategyNumber);
		if (!OidIsValid(key->equal_op))
			return false;
	}
	return true;
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
			m2m_catalog_same_columns(fk->nkeys, fk->conkey, n, columns) &&
			!is_partition_clone(fk->conoid, association))
			return fk;
	}
	return NULL;
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

		/* that is about links, and leads to no endpoint */
		if (!is_mirror(fk))
			result = lappend(result, fk);
	}
	systable_endscan(scan);
	table_close(constraint, AccessShareLock);
	return result;
}

/*
 * is_mirror: does a foreign key of a table refer from some of its columns to
 * the same columns, in another order?  That is how an association has each
 * link in both directions.
 */
static bool
is_mirror(ForeignKeyCacheInfo *fk)
{
	return fk->conrelid == fk->confrelid && fk->nkeys > 1 &&
		m2m_catalog_same_columns(fk->nkeys, fk->conkey, fk->nkeys, fk->confkey);
}

/*
 * compare_foreign_keys: for list_sort, by first column; by the next where
 * several have that.
 */
static int
compare_foreign_keys(const ListCell *a, const ListCell *b)
{
	ForeignKeyCacheInfo *left = lfirst_node(ForeignKeyCacheInfo, a);
	ForeignKeyCacheInfo *right = lfirst_node(ForeignKeyCacheInfo, b);

	for (int i = 0; i < Min(left->nkeys, right->nkeys); i++)
	{
		if (left->conkey[i] != right->conkey[i])
			return left->conkey[i] - right->conkey[i];
	}
	return left->nkeys - right->nkeys;
}

/*
 * m2m_catalog_describe_foreign_key: endpoint, key and link columns as a
 * foreign key names them.
 */
void
m2m_catalog_describe_foreign_key(M2mEndpoint *endpoint, ForeignKeyCacheInfo *fk)
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
 * m2m_catalog_order_key: puts the columns of a composite key, by which ids are
 * written, in the order of the primary key, or else of the key that the
 * foreign key, if there is one, refers to, however that one lists them.
 */
void
m2m_catalog_order_key(M2mEndpoint *endpoint, Oid constraint)
{
	int			n = endpoint->nkeys;
	AttrNumber *columns;
	AttrNumber *order = NULL;
	Oid			referred = InvalidOid;
	Relation	indexes;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (n < 2)
		return;
	columns = palloc_array(AttrNumber, n);
	for (int i = 0; i < n; i++)
		columns[i] = endpoint->key[i].attnum;
	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	if (HeapTupleIsValid(tuple))
	{
		referred = ((Form_pg_constraint) GETSTRUCT(tuple))->conindid;
		ReleaseSysCache(tuple);
	}
	indexes = table_open(IndexRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(endpoint->relid));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);

		if ((!index->indisprimary &&
			 (order != NULL || index->indexrelid != referred)) ||
			!m2m_catalog_same_columns(index->indnkeyatts, index->indkey.values, n,
									  columns))
			continue;
		order = palloc_array(AttrNumber, n);
		memcpy(order, index->indkey.values, sizeof(AttrNumber) * n);
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
	for (int i = 0; order != NULL && i < n; i++)
	{
		for (int j = i; j < n; j++)
		{
			M2mKeyColumn column = endpoint->key[j];

			if (column.attnum != order[i])
				continue;
			endpoint->key[j] = endpoint->key[i];
			endpoint->key[i] = column;
		}
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
 * m2m_catalog_describe_key_columns: types and collations of an endpoint's key
 * columns and of the association's columns behind them, and whether both
 * compare alike.  False if a column is gone.
 */
bool
m2m_catalog_describe_key_columns(M2mEndpoint *endpoint, Oid association)
{
	endpoint->alike = true;
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
		key->link_not_null = m2m_catalog_has_no_null(column);
		ReleaseSysCache(tuple);

		tuple = SearchSysCacheAttNum(endpoint->relid, key->attnum);
		if (!HeapTupleIsValid(tuple))
			return false;
		column = (Form_pg_attribute) GETSTRUCT(tuple);
		key->type = column->atttypid;
		key->typmod = column->atttypmod;
		key->collation = column->attcollation;
		key->typlen = column->attlen;
		key->typbyval = column->attbyval;
		key->label = psprintf("key column \"%s\" (%s) of table \"%s\"",
							  NameStr(column->attname),
							  format_type_with_typemod(key->type, key->typmod),
							  get_rel_name(endpoint->relid));
		ReleaseSysCache(tuple);
		key->alike = compares_alike(key);
		endpoint->alike &= key->alike;
	}
	return true;
}

/*
 * compares_alike: are values of a key column equal if and only if those of the
 * association's column are, to which they are converted?  By a collation that
 * is not deterministic more are; and char(n) has no blanks at its end.
 */
static bool
compares_alike(M2mKeyColumn *key)
{
	Oid			type = m2m_catalog_base_type(key->type);
	Oid			link_type = m2m_catalog_base_type(key->link_type);
	bool		is_text = type == TEXTOID || type == VARCHAROID;

	if (type != link_type &&
		!(is_integer(type) && is_integer(link_type)) &&
		!(is_text && (link_type == TEXTOID || link_type == VARCHAROID)))
		return false;
	return key->collation == key->link_collation ||
		((is_text || type == BPCHAROID) &&
		 get_collation_isdeterministic(key->collation) &&
		 get_collation_isdeterministic(key->link_collation));
}

/* is_integer: of the types that compare with each other, and hash alike. */
static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}
