/*
 * rule_run.c
 *		A rule's own SQL: run as whoever it has to run as, over the rows that were
 *		linked and unlinked, as the relations "linked" and "unlinked"; and the
 *		pieces that its text is made of.
 *
 * As the queries of foreign keys (ri_PerformCheck()) it runs with the rights of
 * a table's owner, whoever it was that wrote a link, past policies of that
 * owner's own.  Each name and operator in it is qualified, so no search_path
 * has a say; nor is there IS DISTINCT FROM, NULLIF, IN and the like, whose
 * operators are looked up by it, too.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "execute.h"
#include "m2m.h"
#include "rule_internal.h"
#include "text.h"

static SPIPlanPtr get_plan(M2mRule *rule, int statement, bool many, int nargs,
						   Oid *types);
static char *row_column(M2mEndpoint *endpoint, int i, char name);
static uint32 *hashes(M2mRelationship *rel, M2mSide side, bool links,
					  uint64 *count);
static int	compare_hashes(const void *a, const void *b);

/*
 * m2m_rule_connect: connects to SPI, for statements over a change, which may
 * be NULL; m2m_rule_finish() ends it.
 */
void
m2m_rule_connect(M2mRuleChange *change)
{
	SPI_connect();
	if (change == NULL)
		return;
	if (change->linked != NULL)
		m2m_rule_add_relation("linked", change->rel->association, NULL,
							  change->linked);
	if (change->unlinked != NULL)
		m2m_rule_add_relation("unlinked", change->rel->association, NULL,
							  change->unlinked);
}

/*
 * m2m_rule_add_relation: rows, of a table or of a description of their own, by
 * a name that statements know.
 */
void
m2m_rule_add_relation(const char *name, Oid relid, TupleDesc desc,
					  Tuplestorestate *rows)
{
	EphemeralNamedRelation relation =
		palloc0(sizeof(EphemeralNamedRelationData));
	int			result;

	relation->md.name = pstrdup(name);
	relation->md.reliddesc = relid;
	relation->md.tupdesc = desc;
	relation->md.enrtype = ENR_NAMED_TUPLESTORE;
	relation->md.enrtuples = tuplestore_tuple_count(rows);
	relation->reldata = rows;
	result = SPI_register_relation(relation);
	if (result != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed: %s",
			 SPI_result_code_string(result));
}

/* m2m_rule_finish: ends what m2m_rule_connect() began. */
void
m2m_rule_finish(void)
{
	SPI_finish();
}

/*
 * m2m_rule_trigger_depth: how many triggers within each other are running.  What
 * a statement of ours fires itself runs one deeper than the statement.
 */
int
m2m_rule_trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

/* m2m_rule_rows: how many rows were linked and unlinked. */
int64
m2m_rule_rows(M2mRuleChange *change)
{
	return (change->linked ? tuplestore_tuple_count(change->linked) : 0) +
		(change->unlinked ? tuplestore_tuple_count(change->unlinked) : 0);
}

/*
 * m2m_rule_execute: runs a statement of a rule's with the rights of `as`, and
 * returns the number of rows; they are in SPI_tuptable.  It sees what this
 * transaction has done, and what its snapshot shows, or what is committed by
 * now.  many: a plan is made for the rows at hand; else one is kept.
 */
uint64
m2m_rule_execute(M2mRule *rule, int statement, bool many, Oid as,
				 M2mRuleSnapshot snapshot, int nargs, Oid *types,
				 Datum *values)
{
	Oid			userid;
	int			security;
	SPIPlanPtr	plan;
	int			result;

	/* after an error the end of the (sub)transaction gives the user back */
	GetUserIdAndSecContext(&userid, &security);
	SetUserIdAndSecContext(as, security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	plan = get_plan(rule, statement, many, nargs, types);
	if (snapshot == M2M_RULE_READ_LATEST)
	{
		bool		read_only = m2m_latest_begin(plan);

		result = SPI_execute_plan(plan, values, NULL, read_only, 0);
		m2m_latest_end(read_only);
	}
	else if (snapshot == M2M_RULE_COMMAND)
		result = SPI_execute_plan(plan, values, NULL, false, 0);
	else
		result = m2m_latest_write(plan, values, snapshot == M2M_RULE_WRITE_SEEN);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s",
			 SPI_result_code_string(result));
	SetUserIdAndSecContext(userid, security);
	return SPI_processed;
}

/* m2m_rule_store: keeps the rows of the last statement. */
void
m2m_rule_store(Tuplestorestate *store)
{
	for (uint64 i = 0; i < SPI_processed; i++)
		tuplestore_puttuple(store, SPI_tuptable->vals[i]);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * get_plan: the plan of a statement.  A kept one whose tables have changed is
 * made anew from its text, in which they may have other names.
 */
static SPIPlanPtr
get_plan(M2mRule *rule, int statement, bool many, int nargs, Oid *types)
{
	SPIPlanPtr *kept = &rule->plan[statement];
	SPIPlanPtr	plan;
	char	   *sql;

	Assert(statement < M2M_RULE_PLANS);
	if (!many && *kept != NULL && SPI_plan_is_valid(*kept))
		return *kept;
	sql = statement >= M2M_RULE_DELTA ?
		m2m_rule_delta_text(rule->rel, rule->side,
							(M2mRuleChangeKind) (statement - M2M_RULE_DELTA)) :
		rule->kind->text(rule, statement);
	plan = SPI_prepare_cursor(sql, nargs, types,
							  many ? CURSOR_OPT_CUSTOM_PLAN :
							  CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	if (many)
		return plan;
	SPI_keepplan(plan);

	/* the one before may be running further up the stack */
	if (*kept != NULL)
		m2m_plan_retire(*kept);
	*kept = plan;
	return plan;
}

/* m2m_rule_keys: "a.author_id, ..." of one side, in the association. */
char *
m2m_rule_keys(M2mRelationship *rel, M2mSide side, const char *alias)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(&list, "%s%s.%s", i > 0 ? ", " : "", alias,
						 m2m_quoted_column(rel->association,
										   rel->side[side].key[i].link_attnum));
	return list.data;
}

/* m2m_rule_names: the same without an alias. */
char *
m2m_rule_names(M2mRelationship *rel, M2mSide side)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->side[side].nkeys; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "",
						 m2m_quoted_column(rel->association,
										   rel->side[side].key[i].link_attnum));
	return list.data;
}

/*
 * m2m_rule_pair: the link columns, each once: what both sides share is one
 * column.
 */
char *
m2m_rule_pair(M2mRelationship *rel, const char *alias)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->nlink; i++)
		appendStringInfo(&list, "%s%s%s%s", i > 0 ? ", " : "",
						 alias != NULL ? alias : "", alias != NULL ? "." : "",
						 m2m_quoted_column(rel->association, rel->link[i]));
	return list.data;
}

/* m2m_rule_same: have two rows of links the same key of one side? */
char *
m2m_rule_same(M2mRelationship *rel, M2mSide side, const char *one,
			  const char *other)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];
		char	   *column = m2m_quoted_column(rel->association,
											   key->link_attnum);

		appendStringInfo(&list, "%s%s.%s %s %s.%s", i > 0 ? " AND " : "",
						 one, column, m2m_own_equality(key->link_type), other, column);
	}
	return list.data;
}

/*
 * m2m_rule_table_keys: "s.author_id, ..." of a side table whose first columns
 * are the association's columns `attnum`.  By position, as either table's may
 * have been renamed; with as_links they are called as those of the association.
 * alias may be NULL.
 */
char *
m2m_rule_table_keys(M2mRule *rule, int n, const AttrNumber *attnum,
					const char *alias, bool as_links)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		appendStringInfo(&list, "%s%s%s%s", i > 0 ? ", " : "",
						 alias != NULL ? alias : "", alias != NULL ? "." : "",
						 m2m_quoted_column(rule->table, i + 1));
		if (as_links)
			appendStringInfo(&list, " AS %s",
							 m2m_quoted_column(rule->rel->association,
											   attnum[i]));
	}
	return list.data;
}

/* m2m_rule_table_same: has a row of a side table the key of a link? */
char *
m2m_rule_table_same(M2mRule *rule, int n, const AttrNumber *attnum,
					const char *alias, const char *link)
{
	Oid			association = rule->rel->association;
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%s%s.%s %s %s.%s", i > 0 ? " AND " : "",
						 alias, m2m_quoted_column(rule->table, i + 1),
						 m2m_own_equality(get_atttype(association, attnum[i])),
						 link, m2m_quoted_column(association, attnum[i]));
	return list.data;
}

/* m2m_rule_side_columns: the columns of a side in the association. */
AttrNumber *
m2m_rule_side_columns(M2mRelationship *rel, M2mSide side)
{
	AttrNumber *result = palloc_array(AttrNumber, rel->side[side].nkeys);

	for (int i = 0; i < rel->side[side].nkeys; i++)
		result[i] = rel->side[side].key[i].link_attnum;
	return result;
}

/* m2m_rule_joins: is a row of an endpoint that of a link? */
char *
m2m_rule_joins(M2mRelationship *rel, M2mSide side, const char *link,
			   const char *row)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];

		appendStringInfo(&list, "%s%s.%s %s %s", i > 0 ? " AND " : "", row,
						 m2m_quoted_column(rel->side[side].relid, key->attnum),
						 m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, link));
	}
	return list.data;
}

/*
 * m2m_rule_joins_kept: the same of a key that was kept of a link, m2m_k1 ...;
 * the row may be a key that was kept of one, m2m_<name>1 ...
 */
char *
m2m_rule_joins_kept(M2mRelationship *rel, M2mSide side, const char *link,
					const char *row, char name)
{
	M2mEndpoint *endpoint = &rel->side[side];
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];

		appendStringInfo(&list, "%s%s.%s %s %s.m2m_k%d%s", i > 0 ? " AND " : "",
						 row, row_column(endpoint, i, name),
						 m2m_qualified_operator(key->equal_op), link, i + 1,
						 OidIsValid(key->collation) &&
						 key->collation != key->link_collation ?
						 psprintf(" COLLATE %s",
								  m2m_qualified_collation(key->collation)) : "");
	}
	return list.data;
}

/* m2m_rule_same_row: is it the row of a key that was kept of a row? */
char *
m2m_rule_same_row(M2mRelationship *rel, M2mSide side, const char *kept,
				  const char *row, char name)
{
	M2mEndpoint *endpoint = &rel->side[side];
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&list, "%s%s.%s %s %s.m2m_k%d", i > 0 ? " AND " : "",
						 row, row_column(endpoint, i, name),
						 m2m_own_equality(endpoint->key[i].type), kept, i + 1);
	return list.data;
}

/* row_column: a column of a row's key; with a name, of one that was kept. */
static char *
row_column(M2mEndpoint *endpoint, int i, char name)
{
	return name == '\0' ?
		m2m_quoted_column(endpoint->relid, endpoint->key[i].attnum) :
		psprintf("m2m_%c%d", name, i + 1);
}

/*
 * m2m_rule_is_link: is a row of the association a link: has it no null in its
 * pair, and does not say that it is none any more?
 */
char *
m2m_rule_is_link(M2mRelationship *rel, const char *alias)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];

			if (!key->link_not_null)
				appendStringInfo(&list, "%s%s.%s IS NOT NULL",
								 list.len > 0 ? " AND " : "", alias,
								 m2m_quoted_column(rel->association,
												   key->link_attnum));
		}
	}
	if (rel->deleted != 0)
		appendStringInfo(&list, "%s%s", list.len > 0 ? " AND " : "",
						 m2m_live_condition(rel, alias));
	if (list.len == 0)
		appendStringInfoString(&list, "true");
	return list.data;
}

/*
 * m2m_rule_hashes: hashes of the keys of one side that are the first columns
 * of SPI_tuptable, each once, in order; equal keys have equal ones.  Types
 * without a hash function all have 0.
 */
uint32 *
m2m_rule_hashes(M2mRelationship *rel, M2mSide side, uint64 *count)
{
	return hashes(rel, side, true, count);
}

/* m2m_rule_row_hashes: the same of keys as the endpoint has them. */
uint32 *
m2m_rule_row_hashes(M2mRelationship *rel, M2mSide side, uint64 *count)
{
	return hashes(rel, side, false, count);
}

/*
 * m2m_rule_id_hashes: the hashes that m2m_rule_hashes() would have for links of
 * ids, which are of the endpoint's types; NULL where that cannot be told.
 */
uint32 *
m2m_rule_id_hashes(M2mRelationship *rel, M2mSide side, M2mIds *ids,
				   uint64 *count)
{
	uint32	   *hash = MemoryContextAllocHuge(CurrentMemoryContext,
											  sizeof(uint32) * (ids->count + 1));

	memset(hash, 0, sizeof(uint32) * ids->count);
	for (int i = 0; i < ids->nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[side].key[i];
		TypeCacheEntry *type = lookup_type_cache(key->type,
												 TYPECACHE_HASH_PROC_FINFO);

		if (!key->alike)
			return NULL;
		for (int n = 0; n < ids->count &&
			 OidIsValid(type->hash_proc_finfo.fn_oid); n++)
		{
			Datum		value = ids->value[(Size) n * ids->nkeys + i];

			hash[n] = hash_combine(hash[n],
								   DatumGetUInt32(FunctionCall1Coll(&type->hash_proc_finfo,
																	key->collation,
																	value)));
		}
	}
	*count = m2m_rule_each_once(hash, ids->count);
	return hash;
}

/* hashes: of keys of links, or of rows. */
static uint32 *
hashes(M2mRelationship *rel, M2mSide side, bool links, uint64 *count)
{
	uint64		rows = SPI_processed;
	uint32	   *hash = MemoryContextAllocHuge(CurrentMemoryContext,
											  sizeof(uint32) * (rows + 1));

	for (uint64 r = 0; r < rows; r++)
	{
		uint32		h = 0;

		for (int i = 0; i < rel->side[side].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[side].key[i];
			TypeCacheEntry *type = lookup_type_cache(links ? key->link_type :
													 key->type,
													 TYPECACHE_HASH_PROC_FINFO);
			bool		isnull;
			Datum		value = SPI_getbinval(SPI_tuptable->vals[r],
											  SPI_tuptable->tupdesc, i + 1,
											  &isnull);

			if (OidIsValid(type->hash_proc_finfo.fn_oid) && !isnull)
				h = hash_combine(h,
								 DatumGetUInt32(FunctionCall1Coll(&type->hash_proc_finfo,
																  links ? key->link_collation :
																  key->collation,
																  value)));
		}
		hash[r] = h;
	}
	*count = m2m_rule_each_once(hash, rows);
	return hash;
}

/* m2m_rule_each_once: sorts hashes and leaves one of those that are equal; how many. */
uint64
m2m_rule_each_once(uint32 *hash, uint64 count)
{
	uint64		n = 0;

	qsort(hash, count, sizeof(uint32), compare_hashes);
	for (uint64 i = 0; i < count; i++)
	{
		if (n == 0 || hash[n - 1] != hash[i])
			hash[n++] = hash[i];
	}
	return n;
}

/* compare_hashes: for qsort. */
static int
compare_hashes(const void *a, const void *b)
{
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}
