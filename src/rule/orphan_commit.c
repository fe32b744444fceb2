/*
 * orphan_commit.c
 *		Rows that have lost their last link, when the transaction commits: which
 *		they are, and that they go.
 *
 * The keys that have lost links are looked at together, table by table: first
 * who has such a key by now, then whether there is a link left in any of the
 * relationships that say so.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "orphan_internal.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

/* Rows that have lost links, by one rule. */
typedef struct Lost
{
	M2mRule    *rule;
	bool		many;
	TupleDesc	desc;
	Tuplestorestate *rows;
	bool		alike;			/* are these their hashes, each once? */
	uint64		count;
	uint32	   *hash;
} Lost;

static void end_orphans_of(Oid endpoint, List *kept);
static bool collect(List *kept, M2mRule *rule, M2mRulePending **lost,
					M2mRulePending **arrived);
static Lost *find_lost(M2mRule *rule, List *rules, M2mRulePending *lost,
					   M2mRulePending *arrived);
static void lock_lost(Oid endpoint, List *found);
static void end_orphans(Lost *found, List *rules);
static Tuplestorestate *run(M2mRule *rule, int statement, bool many, Oid as,
							M2mRuleSnapshot snapshot, TupleDesc desc,
							Tuplestorestate *rows);
static Tuplestorestate *linkless(List *rules, bool many, TupleDesc desc,
								 Tuplestorestate *rows);
static void report(M2mRule *rule, TupleDesc desc, Tuplestorestate *rows);
static void orphan_context(void *arg);
static bool refuses(M2mRule *rule);
static TupleDesc row_desc(Oid endpoint, const AttrNumber *column, int n);
static char *row_list(Oid endpoint, const AttrNumber *column, int n);
static char *key_list(int nkeys, const char *alias);
static char *moved_text(M2mRule *rule, const char *columns);

/* refuses: is losing the last link an error? */
static bool
refuses(M2mRule *rule)
{
	return strcmp(m2m_rule_argument(rule, "action"), "refuse") == 0;
}

/* m2m_orphan_look: before the transaction commits, its orphans go. */
void
m2m_orphan_look(List *kept)
{
	Oid			last = InvalidOid;
	ListCell   *lc;

	/* foreign keys would not be asked now */
	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		return;
	foreach(lc, kept)
	{
		Oid			endpoint = ((M2mRulePending *) lfirst(lc))->endpoint;

		if (endpoint != last)
			end_orphans_of(endpoint, kept);
		last = endpoint;
	}
}

/*
 * end_orphans_of: deletes the rows of a table that have lost their last links,
 * or raises error 23514.  kept: what is kept, of all tables.
 */
static void
end_orphans_of(Oid endpoint, List *kept)
{
	List	   *rules;
	List	   *found = NIL;
	ListCell   *lc;
	ErrorContextCallback context;

	/* it may be gone; and nobody says anything of rows of another kind now */
	LockRelationOid(endpoint, RowExclusiveLock);
	if (get_rel_name(endpoint) == NULL || !m2m_orphan_rules(endpoint, &rules))
		return;
	context.callback = orphan_context;
	context.previous = error_context_stack;
	error_context_stack = &context;
	foreach(lc, rules)
	{
		M2mRulePending *lost;
		M2mRulePending *arrived;

		context.arg = lfirst(lc);
		if (collect(kept, lfirst(lc), &lost, &arrived))
			found = lappend(found, find_lost(lfirst(lc), rules, lost, arrived));
	}
	lock_lost(endpoint, found);
	foreach(lc, found)
	{
		Lost	   *lost = lfirst(lc);

		context.arg = lost->rule;
		end_orphans(lost, rules);
	}
	error_context_stack = context.previous;
}

/* orphan_context: what an error in a deletion of ours is about. */
static void
orphan_context(void *arg)
{
	M2mRule    *rule = arg;

	errcontext("rule \"%s\" of relationship \"%s\", about rows that have lost their last link",
			   rule->name, get_rel_name(rule->rel->association));
}

/*
 * collect: what a rule has kept, of links and, if there is any, of rows.  False if
 * nothing has lost links, or keys have other types by now, and it cannot be told
 * what has.
 */
static bool
collect(List *kept, M2mRule *rule, M2mRulePending **lost,
		M2mRulePending **arrived)
{
	ListCell   *lc;

	*lost = *arrived = NULL;
	foreach(lc, kept)
	{
		M2mRulePending *p = lfirst(lc);

		if (!m2m_rule_is_of_pending(p, rule))
			continue;
		if (!m2m_rule_pending_fits(p, rule))
			return false;
		if (p->rows)
			*arrived = p;
		else
			*lost = p;
	}
	return *lost != NULL;
}

/*
 * find_lost: of one of the rules of a table, rules, the rows that have lost links
 * in its relationship.
 */
static Lost *
find_lost(M2mRule *rule, List *rules, M2mRulePending *lost,
		  M2mRulePending *arrived)
{
	Oid			endpoint = ENDPOINT(rule);
	Lost	   *result = palloc0(sizeof(Lost));
	int			n;
	AttrNumber *column = m2m_orphan_columns(rules, &n, &result->alike);

	result->rule = rule;
	result->desc = row_desc(endpoint, column, n);
	result->many = !result->alike ||
		tuplestore_tuple_count(lost->keys) > M2M_RULE_FEW;
	result->rows = tuplestore_begin_heap(true, false, work_mem / 4);
	m2m_rule_connect(NULL);
	m2m_rule_add_relation("lost", InvalidOid, lost->desc, lost->keys);
	if (arrived != NULL)
		m2m_rule_add_relation("arrived", InvalidOid, arrived->desc,
							  arrived->keys);
	m2m_rule_execute(rule, arrived == NULL ? ORPHAN_LOST : ORPHAN_LOST_MOVED,
					 result->many || arrived != NULL,
					 m2m_catalog_relation_owner(endpoint), M2M_RULE_READ_LATEST,
					 0, NULL, NULL);
	if (result->alike)
	{
		uint32	   *hash = m2m_rule_row_hashes(rule->rel, rule->side,
											   &result->count);

		/* out of SPI's memory */
		result->hash = SPI_palloc(sizeof(uint32) * (result->count + 1));
		memcpy(result->hash, hash, sizeof(uint32) * result->count);
	}
	m2m_rule_store(result->rows);
	m2m_rule_finish();
	return result;
}

/*
 * lock_lost: locks these rows against others who look, but not yet in fact.  Those
 * of all rules of the table together, in one order: who removes the link from
 * one row to another, and who removes that back, would wait for each other.
 */
static void
lock_lost(Oid endpoint, List *found)
{
	uint64		count = 0;
	uint32	   *hash;
	bool		alike = true;
	bool		any = false;
	ListCell   *lc;

	foreach(lc, found)
	{
		Lost	   *lost = lfirst(lc);

		count += lost->count;
		alike &= lost->alike;
		any |= tuplestore_tuple_count(lost->rows) > 0;
	}
	if (!any)
		return;
	hash = MemoryContextAllocHuge(CurrentMemoryContext,
								  sizeof(uint32) * (count + 1));
	count = 0;
	foreach(lc, found)
	{
		Lost	   *lost = lfirst(lc);

		if (lost->count > 0)
			memcpy(hash + count, lost->hash, sizeof(uint32) * lost->count);
		count += lost->count;
	}
	m2m_lock_rows(endpoint, alike ? hash : NULL,
				  m2m_rule_each_once(hash, count));
	pfree(hash);
}

/*
 * end_orphans: those of the rows that have lost links by one of the rules of a
 * table, rules, and have none in any of the others.
 */
static void
end_orphans(Lost *found, List *rules)
{
	M2mRule    *rule = found->rule;
	TupleDesc	desc = found->desc;
	bool		many = found->many;
	Oid			owner = m2m_catalog_relation_owner(ENDPOINT(rule));
	Tuplestorestate *rows;
	ListCell   *lc;

	/*
	 * who is linking one of them is waited for, and then they are looked at
	 * again
	 */
	rows = linkless(rules, many, desc, found->rows);
	rows = run(rule, ORPHAN_LOCK, many, owner, M2M_RULE_WRITE_SEEN, desc, rows);
	rows = linkless(rules, many, desc, rows);
	foreach(lc, rules)
	{
		if (refuses(lfirst(lc)) && tuplestore_tuple_count(rows) > 0)
			report(lfirst(lc), desc, rows);
	}
	tuplestore_end(run(rule, ORPHAN_DELETE, many, owner, M2M_RULE_WRITE_SEEN,
					   desc, rows));
}

/*
 * run: a statement over the relation "rows", whose result takes their place;
 * none if there are no rows.
 */
static Tuplestorestate *
run(M2mRule *rule, int statement, bool many, Oid as,
	M2mRuleSnapshot snapshot, TupleDesc desc, Tuplestorestate *rows)
{
	Tuplestorestate *result;

	if (tuplestore_tuple_count(rows) == 0)
		return rows;
	result = tuplestore_begin_heap(true, false, work_mem / 4);
	m2m_rule_connect(NULL);
	m2m_rule_add_relation("rows", InvalidOid, desc, rows);
	m2m_rule_execute(rule, statement, many, as, snapshot, 0, NULL, NULL);
	if (SPI_tuptable != NULL)
		m2m_rule_store(result);
	m2m_rule_finish();
	tuplestore_end(rows);
	return result;
}

/*
 * linkless: those of rows that have no link in any of the relationships that
 * say so, each asked as its association's owner.
 */
static Tuplestorestate *
linkless(List *rules, bool many, TupleDesc desc, Tuplestorestate *rows)
{
	ListCell   *lc;

	foreach(lc, rules)
	{
		M2mRule    *rule = lfirst(lc);

		rows = run(rule, ORPHAN_LINKLESS, many,
				   m2m_catalog_relation_owner(rule->rel->association),
				   M2M_RULE_READ_LATEST, desc, rows);
	}
	return rows;
}

/*
 * report: error 23514 for the first of rows.  Its key is told only to who may
 * read it.
 */
static void
report(M2mRule *rule, TupleDesc desc, Tuplestorestate *rows)
{
	M2mEndpoint *endpoint = &rule->rel->side[rule->side];
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	Relation	association = table_open(rule->rel->association,
										 AccessShareLock);
	bool		may_show = m2m_rule_may_show(endpoint->relid);
	StringInfoData key;

	tuplestore_rescan(rows);
	if (!tuplestore_gettupleslot(rows, true, true, slot))
		elog(ERROR, "a row was not found again");
	initStringInfo(&key);
	for (int pass = 0; pass < 2; pass++)
	{
		appendStringInfoString(&key, pass == 0 ? "Key (" : ")=(");
		for (int i = 0; i < endpoint->nkeys; i++)
		{
			bool		isnull = true;
			Datum		value = 0;
			Oid			output;
			bool		varlena;

			for (int c = 0; c < desc->natts; c++)
			{
				if (strcmp(NameStr(TupleDescAttr(desc, c)->attname),
						   psprintf("m2m_c%d", endpoint->key[i].attnum)) == 0)
					value = slot_getattr(slot, c + 1, &isnull);
			}
			getTypeOutputInfo(endpoint->key[i].type, &output, &varlena);
			appendStringInfo(&key, "%s%s", i > 0 ? ", " : "", pass == 0 ?
							 get_attname(endpoint->relid,
										 endpoint->key[i].attnum, false) :
							 isnull ? "null" :
							 OidOutputFunctionCall(output, value));
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("a row of \"%s\" has lost its last link, which rule \"%s\" does not allow",
					get_rel_name(endpoint->relid), rule->name),
			 may_show ? errdetail("%s) has no links in \"%s\".", key.data,
								  RelationGetRelationName(association)) : 0,
			 errtableconstraint(association, rule->name)));
}

/* row_desc: of the relation "rows"; a column is called by its number. */
static TupleDesc
row_desc(Oid endpoint, const AttrNumber *column, int n)
{
	TupleDesc	desc = CreateTemplateTupleDesc(n);

	for (int i = 0; i < n; i++)
	{
		Oid			type;
		int32		typmod;
		Oid			collation;

		get_atttypetypmodcoll(endpoint, column[i], &type, &typmod, &collation);
		TupleDescInitEntry(desc, i + 1, psprintf("m2m_c%d", column[i]), type,
						   typmod, 0);
		TupleDescInitEntryCollation(desc, i + 1, collation);
	}
	TupleDescFinalize(desc);
	return desc;
}

/* row_list: these columns of a row r, called as in row_desc(). */
static char *
row_list(Oid endpoint, const AttrNumber *column, int n)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%sr.%s AS m2m_c%d", i > 0 ? ", " : "",
						 m2m_quoted_column(endpoint, column[i]), column[i]);
	return list.data;
}

/* m2m_orphan_text: the SQL of its statements. */
char *
m2m_orphan_text(M2mRule *rule, int statement)
{
	M2mRelationship *rel = rule->rel;
	M2mSide		side = rule->side;
	M2mEndpoint *endpoint = &rel->side[side];
	char	   *rows = m2m_only(endpoint->relid);
	char	   *a = m2m_rule_keys(rel, side, "a");
	char	   *columns;
	StringInfoData keys;
	StringInfoData same;
	List	   *rules;
	AttrNumber *column;
	int			n;
	bool		alike;

	switch ((OrphanStatement) statement)
	{
		case ORPHAN_UNLINKED:
			return psprintf("SELECT DISTINCT %s FROM unlinked a WHERE %s", a,
							m2m_rule_is_link(rel, "a"));
		case ORPHAN_LEFT:
			return psprintf("SELECT %s FROM (%s) m WHERE m.m2m_d OPERATOR(pg_catalog.<) 0",
							m2m_rule_keys(rel, side, "m"),
							m2m_rule_delta_text(rel, side, M2M_RULE_BOTH));
		case ORPHAN_LINKED:
			return psprintf("SELECT DISTINCT %s FROM %s a WHERE %s", a,
							m2m_qualified_name(rel->association),
							m2m_rule_is_link(rel, "a"));
		default:
			break;
	}

	/* by which columns rows are known is for all that say so */
	if (!m2m_orphan_rules(endpoint->relid, &rules))
		elog(ERROR, "rules about orphans of \"%s\" have changed",
			 get_rel_name(endpoint->relid));
	column = m2m_orphan_columns(rules, &n, &alike);
	columns = row_list(endpoint->relid, column, n);
	initStringInfo(&keys);
	initStringInfo(&same);
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		char	   *name = m2m_quoted_column(endpoint->relid,
											 endpoint->key[i].attnum);

		appendStringInfo(&keys, "%sr.%s", i > 0 ? ", " : "", name);
		appendStringInfo(&same, "%sr.%s %s p.m2m_c%d", i > 0 ? " AND " : "",
						 name, m2m_own_equality(endpoint->key[i].type),
						 endpoint->key[i].attnum);
	}
	switch ((OrphanStatement) statement)
	{
		case ORPHAN_LOST:
			return psprintf("SELECT %s FROM %s r JOIN (SELECT DISTINCT %s FROM lost l) l ON %s",
							columns, rows, key_list(endpoint->nkeys, "l"),
							m2m_rule_joins_kept(rel, side, "l", "r", '\0'));
		case ORPHAN_LOST_MOVED:
			return moved_text(rule, columns);
		case ORPHAN_LINKLESS:
			resetStringInfo(&same);
			for (int i = 0; i < endpoint->nkeys; i++)
			{
				M2mKeyColumn *key = &endpoint->key[i];

				appendStringInfo(&same, "p.m2m_c%d %s %s AND ", key->attnum,
								 m2m_qualified_operator(key->equal_op),
								 m2m_link_operand(rel, key, "a"));
			}
			return psprintf("SELECT p.* FROM rows p WHERE NOT EXISTS (SELECT FROM %s a"
							" WHERE %s%s)",
							m2m_qualified_name(rel->association), same.data,
							m2m_rule_is_link(rel, "a"));
		case ORPHAN_LOCK:
			return psprintf("SELECT %s FROM %s r JOIN rows p ON %s ORDER BY %s FOR UPDATE OF r",
							columns, rows, same.data, keys.data);
		case ORPHAN_DELETE:
			return psprintf("DELETE FROM %s r USING rows p WHERE %s", rows,
							same.data);
		default:
			return NULL;
	}
}

/* key_list: "l.m2m_k1, ...", of the keys that were kept. */
static char *
key_list(int nkeys, const char *alias)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < nkeys; i++)
		appendStringInfo(&list, "%s%s.m2m_k%d", i > 0 ? ", " : "", alias,
						 i + 1);
	return list.data;
}

/*
 * moved_text: the rows that have lost links, where rows have got other keys.
 * "a" and "b" are arrivals, o the key that a row had before, k what it got,
 * each with the number of its statement.  A row that lost links at l is by now
 * where the first departure from there leads, and the next from there (c), if
 * nobody else has got that key later.  Links that an UPDATE took from a key
 * which a row has left went with that row.
 */
static char *
moved_text(M2mRule *rule, const char *columns)
{
	M2mRelationship *rel = rule->rel;
	M2mSide		side = rule->side;
	M2mEndpoint *endpoint = &rel->side[side];
	char	   *rows = m2m_only(endpoint->relid);
	char	   *l = psprintf("FROM lost l WHERE NOT (l.m2m_moved AND EXISTS (SELECT FROM arrived b"
							 " WHERE %s AND b.m2m_n OPERATOR(pg_catalog.<=) l.m2m_n))",
							 m2m_rule_joins_kept(rel, side, "l", "b", 'o'));

	return psprintf("WITH RECURSIVE l AS MATERIALIZED (SELECT l.* %s),"
					" c AS (SELECT %s, a.m2m_n FROM l JOIN arrived a ON %s"
					" AND a.m2m_n OPERATOR(pg_catalog.>) l.m2m_n"
					" WHERE NOT EXISTS (SELECT FROM arrived b WHERE %s"
					" AND b.m2m_n OPERATOR(pg_catalog.>) l.m2m_n"
					" AND b.m2m_n OPERATOR(pg_catalog.<) a.m2m_n)"
					" UNION ALL SELECT %s, a.m2m_n FROM c JOIN arrived a ON %s"
					" AND a.m2m_n OPERATOR(pg_catalog.>) c.m2m_n"
					" WHERE NOT EXISTS (SELECT FROM arrived b WHERE %s"
					" AND b.m2m_n OPERATOR(pg_catalog.>) c.m2m_n"
					" AND b.m2m_n OPERATOR(pg_catalog.<) a.m2m_n))"
					" SELECT %s FROM %s r JOIN l ON %s WHERE NOT EXISTS (SELECT FROM arrived b"
					" WHERE %s AND b.m2m_n OPERATOR(pg_catalog.>) l.m2m_n)"
					" UNION SELECT %s FROM %s r JOIN c ON %s WHERE NOT EXISTS (SELECT FROM"
					" arrived b WHERE %s AND b.m2m_n OPERATOR(pg_catalog.>) c.m2m_n)",
					l,
					key_list(endpoint->nkeys, "a"), m2m_rule_joins_kept(rel, side, "l", "a", 'o'),
					m2m_rule_joins_kept(rel, side, "l", "b", 'k'),
					key_list(endpoint->nkeys, "a"), m2m_rule_same_row(rel, side, "c", "a", 'o'),
					m2m_rule_same_row(rel, side, "c", "b", 'k'),
					columns, rows, m2m_rule_joins_kept(rel, side, "l", "r", '\0'),
					m2m_rule_joins_kept(rel, side, "l", "b", 'k'),
					columns, rows, m2m_rule_same_row(rel, side, "c", "r", '\0'),
					m2m_rule_same_row(rel, side, "c", "b", 'k'));
}
