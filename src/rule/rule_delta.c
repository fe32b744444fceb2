/*
 * rule_delta.c
 *		By how much the rows of one role have more links by a change, or fewer: what
 *		counters and limits ask of a change of many links.
 *
 * A key that is one value of a type by value, of which equal ones are the same
 * bits, is counted here in a hash table, which takes a quarter of the time that
 * GROUP BY does; any other key by SQL.
 */
#include "postgres.h"

#include "access/table.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "catalog.h"
#include "ids.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"

/* A key, and by how many links it has more. */
typedef struct DeltaEntry
{
	Datum		key;
	int64		d;
	char		status;
} DeltaEntry;

static inline uint32
hash_key(Datum key)
{
	uint64		bits = (uint64) key;

	return hash_combine(murmurhash32((uint32) bits),
						murmurhash32((uint32) (bits >> 32)));
}

#define SH_PREFIX delta
#define SH_ELEMENT_TYPE DeltaEntry
#define SH_KEY_TYPE Datum
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_key(key)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

static bool is_countable(M2mRelationship *rel, M2mSide side);
static bool count_rows(M2mRelationship *rel, M2mSide side, delta_hash *counts,
					   Tuplestorestate *rows, TupleDesc desc, int64 d);
static TupleDesc delta_desc(M2mRelationship *rel, M2mSide side);

/*
 * m2m_rule_add_delta: to the statements of m2m_rule_connect(), the relation
 * "delta": each key of the rule's side that has more links or fewer by the
 * change, named as the association's columns, and the difference "m2m_d".
 * Read with the rights of `as`, if by SQL.  The caller ends it with
 * tuplestore_end() before m2m_rule_finish().
 */
Tuplestorestate *
m2m_rule_add_delta(M2mRule *rule, M2mRuleChange *change, Oid as)
{
	M2mRelationship *rel = rule->rel;
	TupleDesc	desc = delta_desc(rel, rule->side);
	Tuplestorestate *result = tuplestore_begin_heap(false, false, work_mem / 4);
	delta_hash *counts = NULL;

	if (is_countable(rel, rule->side))
	{
		Relation	association = table_open(rel->association, NoLock);
		TupleDesc	rows = RelationGetDescr(association);

		counts = delta_create(CurrentMemoryContext, M2M_RULE_FEW, NULL);
		if (!count_rows(rel, rule->side, counts, change->linked, rows, 1) ||
			!count_rows(rel, rule->side, counts, change->unlinked, rows, -1))
		{
			delta_destroy(counts);
			counts = NULL;
		}
		table_close(association, NoLock);
	}
	if (counts != NULL)
	{
		delta_iterator iterator;
		DeltaEntry *entry;

		delta_start_iterate(counts, &iterator);
		while ((entry = delta_iterate(counts, &iterator)) != NULL)
		{
			Datum		values[] = {entry->key, Int64GetDatum(entry->d)};
			bool		isnull[] = {false, false};

			if (entry->d != 0)
				tuplestore_putvalues(result, desc, values, isnull);
		}
		delta_destroy(counts);
	}
	else
	{
		m2m_rule_execute(rule, M2M_RULE_DELTA + m2m_rule_change_kind(change),
						 true, as, false, 0, NULL, NULL);
		m2m_rule_store(result);
	}
	m2m_rule_add_relation("delta", InvalidOid, desc, result);
	return result;
}

/* m2m_rule_change_kind: what of a change there is. */
M2mRuleChangeKind
m2m_rule_change_kind(M2mRuleChange *change)
{
	return change->linked == NULL ? M2M_RULE_UNLINKED :
		change->unlinked == NULL ? M2M_RULE_LINKED : M2M_RULE_BOTH;
}

/*
 * m2m_rule_delta_text: a query of the keys of one side of a change, and the
 * difference "m2m_d" of the number of their links.
 */
char *
m2m_rule_delta_text(M2mRelationship *rel, M2mSide side,
					M2mRuleChangeKind kind)
{
	char	   *a = m2m_rule_keys(rel, side, "a");
	char	   *is_link = m2m_rule_is_link(rel, "a");
	char	   *u = m2m_rule_keys(rel, side, "u");

	if (kind == M2M_RULE_BOTH)
		return psprintf("SELECT %s, pg_catalog.sum(u.m2m_d)::pg_catalog.int8 AS m2m_d FROM"
						" (SELECT %s, 1 AS m2m_d FROM linked a WHERE %s"
						" UNION ALL SELECT %s, -1 FROM unlinked a WHERE %s) u"
						" GROUP BY %s HAVING pg_catalog.sum(u.m2m_d) OPERATOR(pg_catalog.<>) 0",
						u, a, is_link, a, is_link, u);
	return psprintf("SELECT %s, %spg_catalog.count(*) AS m2m_d FROM %s a WHERE %s GROUP BY %s",
					a, kind == M2M_RULE_UNLINKED ? "OPERATOR(pg_catalog.-) " : "",
					kind == M2M_RULE_LINKED ? "linked" : "unlinked", is_link, a);
}

/*
 * is_countable: is a key one value, whose bits tell it from others?  Rows that
 * say that they are no links any more are left to SQL.
 */
static bool
is_countable(M2mRelationship *rel, M2mSide side)
{
	M2mKeyColumn *key = &rel->side[side].key[0];
	TypeCacheEntry *type;

	if (rel->side[side].nkeys != 1 || rel->deleted != 0)
		return false;
	type = lookup_type_cache(key->link_type, TYPECACHE_BTREE_OPFAMILY);
	return type->typbyval && m2m_equal_means_same(type, key->link_collation);
}

/*
 * count_rows: adds d for each row, which may be NULL.  False when the table of
 * counts would take more than half of work_mem.
 */
static bool
count_rows(M2mRelationship *rel, M2mSide side, delta_hash *counts,
		   Tuplestorestate *rows, TupleDesc desc, int64 d)
{
	AttrNumber	column = rel->side[side].key[0].link_attnum;
	uint64		most = (uint64) work_mem * 1024 / 2 / sizeof(DeltaEntry);
	TupleTableSlot *slot;
	bool		fits = true;

	if (rows == NULL)
		return true;
	slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);

	/* a reader of our own, as each scan of a transition table has */
	tuplestore_select_read_pointer(rows,
								   tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND));
	tuplestore_rescan(rows);
	while (fits && tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool		is_link = true;
		bool		isnull;
		bool		found;
		DeltaEntry *entry;
		Datum		key;

		for (int i = 0; i < rel->nlink; i++)
			is_link &= !slot_attisnull(slot, rel->link[i]);
		if (!is_link)
			continue;
		key = slot_getattr(slot, column, &isnull);
		entry = delta_insert(counts, key, &found);
		if (!found)
			entry->d = 0;
		entry->d += d;

		/* a table doubles, and is between a half and nine tenths full */
		fits = counts->members < most / 4;
		CHECK_FOR_INTERRUPTS();
	}
	ExecDropSingleTupleTableSlot(slot);
	return fits;
}

/* delta_desc: of what m2m_rule_delta_text() has. */
static TupleDesc
delta_desc(M2mRelationship *rel, M2mSide side)
{
	int			n = rel->side[side].nkeys;
	TupleDesc	desc = CreateTemplateTupleDesc(n + 1);

	for (int i = 0; i < n; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];

		TupleDescInitEntry(desc, i + 1,
						   get_attname(rel->association, key->link_attnum,
									   false),
						   key->link_type, -1, 0);
		TupleDescInitEntryCollation(desc, i + 1, key->link_collation);
	}
	TupleDescInitEntry(desc, n + 1, "m2m_d", INT8OID, -1, 0);
	TupleDescFinalize(desc);
	return desc;
}
