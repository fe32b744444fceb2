/*
 * catalog_relationship.c
 *		Describes the relationship that an association table and its link views,
 *		or two of its foreign keys, make up.
 *
 * There is no catalog of our own: link views that carry m2m's trigger and the
 * association table that they read *are* the relationship.  A description is
 * made from nothing but system catalogs, and nothing is locked (see
 * catalog.c); relationship.c decides which relationship is meant and caches
 * the answer.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_rewrite.h"
#include "commands/defrem.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"
#include "text.h"

static M2mRelationship *describe_whole(Oid association, M2mLinkView *view[2]);
static bool choose_views(Oid association, Oid trusted_view,
						 M2mLinkView *view[2], List **sources);
static bool agree(M2mLinkView *near_view, M2mLinkView *far_view);
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
static void describe_mirror(M2mRelationship *rel);
static bool may_be_mirrored(M2mRelationship *rel);
static bool has_insert_rule(Oid relid);

/*
 * m2m_catalog_read_relationship: describes the relationship of an association
 * table.  NULL if it has none.  Only link views whose owner is trusted count,
 * and trusted_view, whoever owns it.
 *
 * The caller holds some lock on the association, or is prepared for it to
 * change.  The result lies in a memory context of its own, a child of
 * CurrentMemoryContext; its `sources` are for the caller to set: where sources
 * is not NULL, the relations that the answer was read from, be it NULL, are
 * added to that list.
 */
M2mRelationship *
m2m_catalog_read_relationship(Oid association, Oid trusted_view,
							  List **sources)
{
	M2mLinkView *view[2];
	M2mRelationship *rel;
	List	   *views = NIL;

	/*
	 * All views that were looked at are sources, also those that are no link
	 * views, and also of the answer that there is none: a trigger on one of
	 * them changes it, and sends a message of that view alone.
	 */
	rel = choose_views(association, trusted_view, view, &views) ?
		describe_whole(association, view) : NULL;
	if (rel != NULL)
		rel->trusted_view = trusted_view;
	if (sources != NULL)
	{
		*sources = lappend_oid(list_concat(*sources, views), association);
		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
			*sources = lappend_oid(*sources, rel->side[s].relid);
	}
	return rel;
}

/*
 * describe_whole: the relationship that link views, one of which may be
 * NULL, describe together; NULL if its tables are not there as they say.
 * Locks and memory: as above.
 */
static M2mRelationship *
describe_whole(Oid association, M2mLinkView *view[2])
{
	M2mRelationship *rel = m2m_catalog_describe_rest(association, view, NIL);

	if (rel == NULL || (OidIsValid(rel->side[M2M_LEFT].relid) &&
						OidIsValid(rel->side[M2M_RIGHT].relid)))
		return rel;
	MemoryContextDelete(rel->context);
	return NULL;
}

/*
 * m2m_catalog_read_rest: what there is of an association's relationship, whole
 * or at rest, as m2m_catalog_describe_rest() describes it; NULL if no link
 * view takes the table for an association.
 */
M2mRelationship *
m2m_catalog_read_rest(Oid association, List *going)
{
	M2mLinkView *view[2];
	List	   *views;

	if (!choose_views(association, InvalidOid, view, &views))
		return NULL;
	return m2m_catalog_describe_rest(association, view, going);
}

/*
 * m2m_catalog_describe_rest: the same of a relationship that may be at rest:
 * an endpoint that is not known, or that is about to go and that no foreign
 * key refers to, has InvalidOid for its table.  NULL if the association is
 * gone.
 */
M2mRelationship *
m2m_catalog_describe_rest(Oid association, M2mLinkView *view[2], List *going)
{
	M2mLinkView *any = view[M2M_LEFT] ? view[M2M_LEFT] : view[M2M_RIGHT];
	MemoryContext context;
	MemoryContext old;
	M2mRelationship *rel;

	if (!m2m_catalog_is_table(association))
		return NULL;

	/*
	 * A context of its own: the cache moves it under CacheMemoryContext once
	 * nothing can fail any more, and drops it whole; others leave it to
	 * theirs.
	 */
	context = AllocSetContextCreate(CurrentMemoryContext, "m2m relationship",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	rel = palloc0(sizeof(M2mRelationship));
	rel->context = context;
	rel->association = association;
	rel->adopted = any->adopted;
	rel->temporary = m2m_catalog_is_temporary(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		strlcpy(rel->side[s].role, any->role[s], NAMEDATALEN);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		m2m_catalog_describe_side(rel, s, view[s], view[M2M_OTHER(s)]);

	/* a successor must not be the other's, which is known only now */
	if (!OidIsValid(rel->side[M2M_LEFT].relid))
		m2m_catalog_describe_side(rel, M2M_LEFT, view[M2M_LEFT], view[M2M_RIGHT]);

	/*
	 * going: the command is about to drop it, and the views are to be what
	 * they will be after.  One that a foreign key refers to takes the
	 * relationship along, or fails to go: nothing of it rests.
	 */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mEndpoint *endpoint = &rel->side[s];

		if (list_member_oid(going, endpoint->relid) &&
			!OidIsValid(endpoint->constraint))
			endpoint->relid = InvalidOid;
	}
	m2m_catalog_describe_link_columns(rel);

	/* either says so: one that has lost the condition deletes nothing */
	for (int s = M2M_LEFT; s <= M2M_RIGHT && rel->deleted == 0; s++)
	{
		if (view[s] != NULL)
			m2m_catalog_describe_deleted(rel, view[s]->deleted);
	}
	m2m_catalog_describe_properties(rel);
	if (OidIsValid(rel->side[M2M_LEFT].relid) &&
		OidIsValid(rel->side[M2M_RIGHT].relid))
	{
		m2m_catalog_describe_association(rel);
		m2m_catalog_describe_pair(rel);
	}
	MemoryContextSwitchTo(old);
	return rel;
}

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
	rel->temporary = m2m_catalog_is_temporary(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		m2m_catalog_describe_foreign_key(&rel->side[s], fk[s]);
		m2m_catalog_order_key(&rel->side[s], fk[s]->conoid);
		strlcpy(rel->side[s].role, role[s], NAMEDATALEN);
		if (!m2m_catalog_describe_key_columns(&rel->side[s], association))
			elog(ERROR, "cache lookup failed for a key column of relation %u",
				 rel->side[s].relid);
	}
	m2m_catalog_describe_link_columns(rel);
	m2m_catalog_describe_properties(rel);
	m2m_catalog_describe_association(rel);
	return rel;
}

/*
 * m2m_catalog_set_deleted: describes such a relationship anew, by which rows
 * with that column set (0: none) are no links.
 */
void
m2m_catalog_set_deleted(M2mRelationship *rel, AttrNumber deleted)
{
	m2m_catalog_describe_deleted(rel, deleted);
	rel->nproperties = 0;
	rel->required = rel->stamped = rel->touched = NIL;
	rel->tied = false;
	rel->collated = rel->collations = NIL;
	m2m_catalog_describe_properties(rel);
	m2m_catalog_describe_association(rel);
}

/*
 * choose_views: the link views that describe an association, by their near
 * side; false if there are none, or if the two contradict each other.  Of
 * several views with one near side (copies of the user's) the oldest speaks.
 * *sources becomes the views that were looked at.
 */
static bool
choose_views(Oid association, Oid trusted_view, M2mLinkView *view[2],
			 List **sources)
{
	Oid			owner = m2m_catalog_relation_owner(association);
	ListCell   *lc;

	view[M2M_LEFT] = view[M2M_RIGHT] = NULL;
	if (!OidIsValid(owner))
		return false;
	*sources = m2m_catalog_views(association);

	/* by OID: a copy, which is newer, must not take over */
	foreach(lc, *sources)
	{
		M2mLinkView *v = m2m_catalog_read_view(lfirst_oid(lc), true);

		if (v == NULL || v->association != association)
			continue;
		if (v->view == trusted_view ||
			(m2m_catalog_owner_trusted(v->owner, owner) &&
			 view[v->near] == NULL))
			view[v->near] = v;
	}

	/* which of two that contradict each other is right, nobody can say */
	if (view[M2M_LEFT] && view[M2M_RIGHT])
		return agree(view[M2M_LEFT], view[M2M_RIGHT]) &&
			agree(view[M2M_RIGHT], view[M2M_LEFT]);
	return view[M2M_LEFT] || view[M2M_RIGHT];
}

/*
 * agree: do two views name the same columns of the association for the near
 * side of the first?  At rest, either may have lost them.
 */
static bool
agree(M2mLinkView *near_view, M2mLinkView *far_view)
{
	if ((near_view->at_rest && near_view->nnear == 0) ||
		(far_view->at_rest && far_view->nfar == 0))
		return true;
	return m2m_catalog_same_columns(near_view->nnear, near_view->near_link,
									far_view->nfar, far_view->far_link);
}

/* m2m_catalog_same_columns: do two lists name the same columns, in whatever order? */
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
 * m2m_catalog_describe_side: fills in one endpoint.  The foreign key over its columns of
 * the association says which table is meant, and which key; where there is
 * none, the view of the other side does, which joins it.  If neither does, the
 * side is at rest: its relid is InvalidOid, and only its columns are filled
 * in, as far as they are there.
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
			((Form_pg_attribute) GETSTRUCT(tuple))->attnotnull;
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
 * the same columns, in another order?  That is how an association has each link
 * in both directions.
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
 * m2m_catalog_describe_foreign_key: endpoint, key and link columns as a foreign key names
 * them.
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
 * m2m_catalog_order_key: puts the columns of a composite key, by which ids are written, in
 * the order of the primary key, or else of the key that the foreign key, if
 * there is one, refers to, however that one lists them.
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
 * m2m_catalog_is_temporary: is it a temporary table?  A table that is gone is none; what
 * get_rel_persistence() says of it is an error.
 */
bool
m2m_catalog_is_temporary(Oid relid)
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
 * m2m_catalog_describe_key_columns: types and collations of an endpoint's key columns and
 * of the association's columns behind them.  False if a column is gone.
 */
bool
m2m_catalog_describe_key_columns(M2mEndpoint *endpoint, Oid association)
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
		key->typlen = column->attlen;
		key->typbyval = column->attbyval;
		key->label = psprintf("key column \"%s\" (%s) of table \"%s\"",
							  NameStr(column->attname),
							  format_type_with_typemod(key->type, key->typmod),
							  get_rel_name(endpoint->relid));
		ReleaseSysCache(tuple);
	}
	return true;
}

/*
 * m2m_catalog_describe_association: what is one link, and how is an INSERT of links kept
 * from making the second of a pair, or of an identity?  By ON CONFLICT where an
 * index keeps it unique and PostgreSQL accepts the clause, which it does not on
 * a table with rules for INSERT or UPDATE.  No index sees what an inheritance
 * child holds; that is reached by looking.  Properties are described already.
 */
void
m2m_catalog_describe_association(M2mRelationship *rel)
{
	HeapTuple	tuple = SearchSysCache1(RELOID,
										ObjectIdGetDatum(rel->association));
	bool		has_children = false;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		rel->has_rules = form->relhasrules;
		has_children = form->relhassubclass &&
			form->relkind == RELKIND_RELATION;
		ReleaseSysCache(tuple);
	}
	m2m_catalog_describe_identity(rel);
	m2m_catalog_describe_stamps(rel);
	if (rel->has_rules && (rel->on_conflict || rel->identity_target != NIL) &&
		has_insert_rule(rel->association))
	{
		rel->on_conflict = false;
		rel->identity_target = NIL;
	}
	rel->unique = rel->on_conflict && !has_children;
	if (has_children && rel->nidentity > 0)
		m2m_catalog_identify_by_row(rel);
	rel->renewed = rel->revives ? m2m_catalog_renewed(rel) : NIL;
	describe_mirror(rel);
}

/*
 * describe_mirror: is each link there in both directions, by a foreign key of
 * the association to itself?  From each row to that of the other direction,
 * which goes and changes with it, asked at the end of the transaction, until
 * when there may be one without the other.  Validated or not: that is for
 * m2m_check().
 */
static void
describe_mirror(M2mRelationship *rel)
{
	Relation	constraint;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	rel->mirror = InvalidOid;
	if (!may_be_mirrored(rel))
		return;
	constraint = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rel->association));
	scan = systable_beginscan(constraint, ConstraintRelidTypidNameIndexId,
							  true, NULL, 1, &key);
	while (!OidIsValid(rel->mirror) &&
		   HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		AttrNumber	from[INDEX_MAX_KEYS];
		AttrNumber	to[INDEX_MAX_KEYS];
		int			n;
		int			matching = 0;

		if (form->contype != CONSTRAINT_FOREIGN ||
			form->confrelid != rel->association ||
			OidIsValid(form->conparentid) ||
			form->confdeltype != FKCONSTR_ACTION_CASCADE ||
			form->confupdtype != FKCONSTR_ACTION_CASCADE ||
			!form->condeferrable || !form->condeferred ||
			!m2m_constraint_is_enforced(form))
			continue;
		DeconstructFkConstraintRow(tuple, &n, from, to, NULL, NULL, NULL,
								   NULL, NULL);
		for (int i = 0; i < n; i++)
		{
			for (int k = 0; k < rel->side[M2M_LEFT].nkeys; k++)
			{
				AttrNumber	left = rel->side[M2M_LEFT].key[k].link_attnum;
				AttrNumber	right = rel->side[M2M_RIGHT].key[k].link_attnum;

				if ((from[i] == left && to[i] == right) ||
					(from[i] == right && to[i] == left))
				{
					matching++;
					break;
				}
			}
		}
		if (n == rel->nlink && matching == n)
			rel->mirror = form->oid;
	}
	systable_endscan(scan);
	table_close(constraint, AccessShareLock);
}

/*
 * may_be_mirrored: could it be, as far as its two sides go?  They are of one
 * key of one table, and a pair is one link.
 */
static bool
may_be_mirrored(M2mRelationship *rel)
{
	M2mEndpoint *left = &rel->side[M2M_LEFT];
	M2mEndpoint *right = &rel->side[M2M_RIGHT];

	if (left->relid != right->relid || left->nkeys != right->nkeys ||
		rel->identity != M2M_IDENTITY_PAIR || !rel->unique_index ||
		rel->deleted != 0)
		return false;
	for (int i = 0; i < left->nkeys; i++)
	{
		M2mKeyColumn *l = &left->key[i];
		M2mKeyColumn *r = &right->key[i];

		if (l->attnum != r->attnum || l->link_type != r->link_type ||
			l->link_collation != r->link_collation ||
			!l->link_not_null || !r->link_not_null ||
			(l->shared > 0 && l->shared != i + 1))
			return false;
	}
	return true;
}

/*
 * m2m_view_is_due: does a relationship lack the link view of a side?  Where
 * links are there in both directions one view shows all, and it is the left
 * side's unless there is the other already.
 */
bool
m2m_view_is_due(M2mRelationship *rel, M2mSide side)
{
	if (OidIsValid(rel->side[side].view))
		return false;
	return !OidIsValid(rel->mirror) ||
		(side == M2M_LEFT && !OidIsValid(rel->side[M2M_RIGHT].view));
}

/*
 * has_insert_rule: has a table a rule for INSERT or UPDATE, switched on or
 * not?
 */
static bool
has_insert_rule(Oid relid)
{
	Relation	rewrite = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	ScanKeyInit(&key, Anum_pg_rewrite_ev_class, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(rewrite, RewriteRelRulenameIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		char		event = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_type;

		if (event == CMD_INSERT + '0' || event == CMD_UPDATE + '0')
			result = true;
	}
	systable_endscan(scan);
	table_close(rewrite, AccessShareLock);
	return result;
}

/*
 * m2m_catalog_describe_link_columns: the association's columns behind the keys,
 * each once: one that both keys have, such as a tenant's, is one column.
 */
void
m2m_catalog_describe_link_columns(M2mRelationship *rel)
{
	M2mEndpoint *left = &rel->side[M2M_LEFT];
	M2mEndpoint *right = &rel->side[M2M_RIGHT];

	rel->link = palloc_array(AttrNumber, left->nkeys + right->nkeys);
	for (int i = 0; i < left->nkeys; i++)
		rel->link[rel->nlink++] = left->key[i].link_attnum;
	for (int i = 0; i < right->nkeys; i++)
	{
		for (int j = 0; j < left->nkeys; j++)
		{
			if (left->key[j].link_attnum != right->key[i].link_attnum)
				continue;
			right->key[i].shared = j + 1;
			left->key[j].shared = i + 1;
			rel->nshared++;
		}
		if (right->key[i].shared == 0)
			rel->link[rel->nlink++] = right->key[i].link_attnum;
	}
}

/*
 * m2m_catalog_describe_properties: the association's columns that are no link columns, and
 * not the one that says that a row is no link.
 */
void
m2m_catalog_describe_properties(M2mRelationship *rel)
{
	int			natts = m2m_catalog_natts(rel->association);

	rel->property = palloc_array(AttrNumber, natts);
	for (int a = 1; a <= natts; a++)
	{
		HeapTuple	tuple = SearchSysCacheAttNum(rel->association, a);

		if (!HeapTupleIsValid(tuple))
			continue;
		if (!m2m_columns_include(rel->nlink, rel->link, a) &&
			a != rel->deleted)
		{
			rel->property[rel->nproperties++] = a;

			/* a plain m2m_link() cannot make a row without these */
			if (m2m_catalog_column_not_null(rel->association, a) &&
				!m2m_catalog_column_has_default(rel->association, a))
				rel->required = lappend_int(rel->required, a);
		}
		ReleaseSysCache(tuple);
	}
}

/*
 * m2m_catalog_describe_pair: the row type of a pair of ids, left_1.., right_1.., of the
 * endpoints' key types.
 */
void
m2m_catalog_describe_pair(M2mRelationship *rel)
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
