/*
 * catalog_distributed.c
 *		Which tables an engine has taken over that keeps their rows elsewhere.
 *
 * Citus writes them down in pg_dist_partition.  What is a local heap by
 * pg_class is then an empty shell, or one with rows that nobody sees any more.
 * Citus sends a relcache invalidation of a table that it takes or gives back,
 * so an answer may be kept as long as a description of the table.
 *
 * Locks and checks as in catalog.c: event triggers ask, on behalf of whoever
 * runs a command.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "m2m.h"

static Oid	index_over(Relation relation, AttrNumber attnum);

/*
 * m2m_catalog_is_distributed: is the table in pg_dist_partition, where the
 * extension citus is installed?  That is so of distributed and of reference
 * tables, and of local ones that Citus watches.  Locks no more than that
 * catalog, as a reader; raises nothing.
 */
bool
m2m_catalog_is_distributed(Oid relid)
{
	Relation	partition;
	Oid			catalog;
	AttrNumber	attnum;
	Oid			type;
	Oid			index;
	ScanKeyData key;
	SysScanDesc scan;
	bool		result;

	/*
	 * what is nowhere is known by a cache, whether there are extensions is
	 * not
	 */
	catalog = get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE);
	if (!OidIsValid(catalog) || get_rel_relkind(catalog) != RELKIND_RELATION ||
		!OidIsValid(get_extension_oid("citus", true)))
		return false;
	attnum = get_attnum(catalog, "logicalrelid");
	type = get_atttype(catalog, attnum);
	if (type != REGCLASSOID && type != OIDOID)
		return false;

	/* dropped meanwhile? */
	partition = try_table_open(catalog, AccessShareLock);
	if (partition == NULL)
		return false;
	index = index_over(partition, attnum);
	ScanKeyInit(&key, attnum, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relid));
	scan = systable_beginscan(partition, index, OidIsValid(index), NULL,
							  1, &key);
	result = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(partition, AccessShareLock);
	return result;
}

/*
 * index_over: a B-tree index over just this column, to look a table up by;
 * InvalidOid if there is none.
 */
static Oid
index_over(Relation relation, AttrNumber attnum)
{
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(relation))
	{
		Relation	index = try_index_open(lfirst_oid(lc), AccessShareLock);
		bool		fits;

		if (index == NULL)
			continue;
		fits = index->rd_rel->relam == BTREE_AM_OID &&
			index->rd_index->indisvalid &&
			index->rd_index->indnkeyatts == 1 &&
			index->rd_index->indkey.values[0] == attnum &&
			RelationGetIndexPredicate(index) == NIL;
		index_close(index, AccessShareLock);
		if (fits)
			return lfirst_oid(lc);
	}
	return InvalidOid;
}
