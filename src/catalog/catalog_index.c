/*
 * catalog_index.c
 *		Which indexes an association has: to find links by, and to keep them from
 *		being doubled.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_index.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"

/*
 * m2m_catalog_has_wider_key: does a unique index or exclusion constraint hold
 * all columns of a pair, whatever more, and on whatever condition?  One that
 * holds a column that is null in all links keeps none of them apart.
 */
bool
m2m_catalog_has_wider_key(M2mRelationship *rel)
{
	Relation	indexes = table_open(IndexRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rel->association));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL,
							  1, &key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
		bool		all = true;

		if ((!index->indisunique && !index->indisexclusion) ||
			!index->indisvalid || !index->indislive ||
			(rel->deleted != 0 && !index->indnullsnotdistinct &&
			 m2m_columns_include(index->indnkeyatts, index->indkey.values,
								 rel->deleted)))
			continue;
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			for (int i = 0; i < rel->side[s].nkeys; i++)
				all &= m2m_columns_include(index->indnkeyatts,
										   index->indkey.values,
										   rel->side[s].key[i].link_attnum);
		}
		result = all;
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
	return result;
}

/*
 * m2m_catalog_has_leading_index: is there an index that begins with the link
 * columns of a side?
 */
bool
m2m_catalog_has_leading_index(M2mRelationship *rel, M2mEndpoint *endpoint)
{
	Relation	indexes = table_open(IndexRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		result = false;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(rel->association));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL,
							  1, &key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
		int			found = 0;

		/*
		 * A partial one does not find all links of a row, unless it has just
		 * these.  An expression has 0 for its column, and matches nothing
		 * below.
		 */
		if (!index->indisvalid || !index->indislive ||
			index->indnkeyatts < endpoint->nkeys ||
			(!heap_attisnull(tuple, Anum_pg_index_indpred,
							 RelationGetDescr(indexes)) &&
			 !m2m_catalog_is_of_links(rel, tuple)))
			continue;
		for (int i = 0; i < endpoint->nkeys; i++)
		{
			for (int j = 0; j < endpoint->nkeys; j++)
				found += index->indkey.values[i] ==
					endpoint->key[j].link_attnum;
		}
		result = found == endpoint->nkeys;
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
	return result;
}
