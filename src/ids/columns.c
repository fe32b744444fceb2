/*
 * columns.c
 *		Ids that are values of other columns than a relationship's key: of
 *		whatever unique index.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ids.h"
#include "m2m.h"

/*
 * m2m_ids_of_index: a description in which a side's key is the columns of a
 * unique index, and which says nothing else: for m2m_ids_read() and what reads
 * such ids.  Rows are told by the index's equality.  In memory of the current
 * context, as are the conversions that hang on it.  The caller holds a lock on
 * the table; the columns are no expressions.
 */
M2mRelationship *
m2m_ids_of_index(Oid indexid, M2mSide side)
{
	Relation	index = index_open(indexid, AccessShareLock);
	M2mRelationship *result = palloc0(sizeof(M2mRelationship));
	M2mEndpoint *endpoint = &result->side[side];

	result->context = AllocSetContextCreate(CurrentMemoryContext,
											"m2m columns",
											ALLOCSET_SMALL_SIZES);
	endpoint->relid = index->rd_index->indrelid;
	endpoint->nkeys = index->rd_index->indnkeyatts;
	endpoint->key = palloc0_array(M2mKeyColumn, endpoint->nkeys);
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];

		key->attnum = index->rd_index->indkey.values[i];
		get_atttypetypmodcoll(endpoint->relid, key->attnum, &key->type,
							  &key->typmod, &key->collation);
		get_typlenbyval(key->type, &key->typlen, &key->typbyval);
		key->equal_op = get_opfamily_member(index->rd_opfamily[i],
											index->rd_opcintype[i],
											index->rd_opcintype[i],
											BTEqualStrategyNumber);
		if (!OidIsValid(key->equal_op))
			elog(ERROR, "index %u has no operator for equality", indexid);
		key->label = psprintf("column \"%s\" (%s) of table \"%s\"",
							  get_attname(endpoint->relid, key->attnum, false),
							  format_type_with_typemod(key->type, key->typmod),
							  get_rel_name(endpoint->relid));
	}
	index_close(index, NoLock);
	return result;
}
