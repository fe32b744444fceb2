/*
 * catalog_association.c
 *		What an association says of its links by itself: the columns of a pair,
 *		link properties, what keeps links unique, links in both directions.
 *
 * It only reads, and locks nothing (see catalog.c).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_rewrite.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"

static bool may_take_for_one(M2mKeyColumn *key);
static void describe_mirror(M2mRelationship *rel);
static bool may_be_mirrored(M2mRelationship *rel);
static bool has_insert_rule(Oid relid);

/*
 * m2m_catalog_is_temporary: is it a temporary table?  A table that is gone is
 * none; what get_rel_persistence() says of it is an error.
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
 * m2m_catalog_describe_association: what is one link, and how is an INSERT of
 * links kept from making the second of a pair, or of an identity?  By ON
 * CONFLICT where an index keeps it unique and PostgreSQL accepts the clause,
 * which it does not on a table with rules for INSERT or UPDATE.  No index sees
 * what an inheritance child holds; that is reached by looking.  Properties are
 * described already.
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

	/* an index that compares otherwise than keys keeps no pair unique */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mEndpoint *endpoint = &rel->side[s];

		for (int i = 0; i < endpoint->nkeys; i++)
		{
			if (endpoint->key[i].alike)
				continue;
			rel->unique = false;

			/* of two pairs that are one for it ON CONFLICT would lose one */
			if (rel->deleted == 0 && may_take_for_one(&endpoint->key[i]))
			{
				rel->on_conflict = false;
				rel->identity_target = NIL;
			}
		}
	}
	if (has_children && rel->nidentity > 0)
		m2m_catalog_identify_by_row(rel);
	rel->renewed = rel->revives ? m2m_catalog_renewed(rel) : NIL;
	describe_mirror(rel);
}

/*
 * may_take_for_one: can values be one for the association's column, and two for
 * the key?  By its collation, or as a type such as citext has it.
 */
static bool
may_take_for_one(M2mKeyColumn *key)
{
	return (OidIsValid(key->link_collation) &&
			!get_collation_isdeterministic(key->link_collation)) ||
		m2m_catalog_base_type(key->link_type) >= FirstNormalObjectId;
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
 * m2m_catalog_is_part: is an association a partition of one of the others?  It
 * may have been one of its own before it was attached.  Its links are the
 * other's now.
 */
bool
m2m_catalog_is_part(Oid association, List *others)
{
	ListCell   *lc;

	if (!get_rel_relispartition(association))
		return false;
	foreach(lc, get_partition_ancestors(association))
	{
		if (list_member_oid(others, lfirst_oid(lc)))
			return true;
	}
	return false;
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
 * m2m_catalog_describe_link_columns: the association's columns behind the
 * keys, each once: one that both keys have, such as a tenant's, is one column.
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
 * m2m_catalog_describe_properties: the association's columns that are no link
 * columns, and not the one that says that a row is no link.
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
 * m2m_catalog_describe_pair: the row type of a pair of ids, left_1..,
 * right_1.., of the endpoints' key types.
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
