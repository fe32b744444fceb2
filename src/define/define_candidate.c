/*
 * define_candidate.c
 *		Whether a table that is no association yet could be one: between which
 *		tables, what one link would be, and what it lacks.
 *
 * A table where one side alone is unique relates one to many, and one whose
 * rows refer to rows of several tables (taggable_type, taggable_id) to no
 * table in particular: neither is a candidate.  Nor are temporary tables,
 * partitions, children, and an extension's own.
 *
 * Only looks, locks nothing, checks no right; anything may be gone at the next
 * look.  Which foreign keys are the pair is define_pair.c's, what else the table
 * has, and its score, define_judge.c's.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"

/* Less is not worth showing. */
#define POINTS_SHOWN			35

static int	compare_candidates(const ListCell *a, const ListCell *b);
static bool is_eligible(M2mCandidate *c);
static void read_columns(M2mCandidate *c);
static void read_indexes(M2mCandidate *c);
static bool one_side_unique(M2mCandidate *c);
static bool is_told(M2mCandidate *c, M2mSide side);
static void append_array(StringInfo sql, M2mCandidate *c, M2mSide side);

/*
 * m2m_candidate_read: a table as a candidate, between two endpoints if they
 * are given; NULL if it is none, or an association already.
 */
M2mCandidate *
m2m_candidate_read(Oid relid, const Oid endpoint[2])
{
	M2mCandidate *c = palloc0(sizeof(M2mCandidate));
	List	   *fks;

	c->relid = relid;
	if (!is_eligible(c))
		return NULL;
	fks = m2m_candidate_foreign_keys(c);

	/* most tables are out by now, and only looked at as far as this */
	if (endpoint != NULL && list_length(fks) < 2)
		return NULL;
	read_columns(c);
	if (m2m_candidate_is_polymorphic(c, fks))
		return NULL;
	read_indexes(c);
	if (!m2m_candidate_choose_pair(c, fks, endpoint) &&
		(endpoint != NULL || !m2m_candidate_guess_pair(c, fks)))
		return NULL;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		c->pair = bms_union(c->pair, c->column[s]);

	/* a key's columns may have gone, or come, between one look and another */
	if (!bms_is_subset(c->pair, c->all) || one_side_unique(c))
		return NULL;
	c->referenced = m2m_catalog_is_referenced(relid);
	m2m_candidate_judge(c);

	/* last, as it reads the queries of all views on the table */
	return m2m_catalog_read_rest(relid, NIL) == NULL &&
		!m2m_rules_keep(relid) ? c : NULL;
}

/*
 * m2m_candidates_between: the tables that could hold the links of two
 * endpoints without a word from anybody (M2mCandidate): with foreign keys to
 * both and no required column of their own.  Whose they are counts as for
 * relationships: a stranger's table is nobody's choice.
 */
List *
m2m_candidates_between(Oid first, Oid second)
{
	const Oid	endpoint[2] = {first, second};
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, m2m_catalog_tables_between(first, second))
	{
		M2mCandidate *c = m2m_candidate_read(lfirst_oid(lc), endpoint);

		/* one with a number of its own that others refer to is an entity */
		if (c != NULL && !c->own_required && !c->key_required &&
			(c->key > M2M_CANDIDATE_KEY_OTHER || !c->referenced) &&
			m2m_relationship_trusts(c->relid, first, second))
			result = lappend(result, c);
		CHECK_FOR_INTERRUPTS();
	}
	return result;
}

/*
 * m2m_candidates_list: all that are worth showing, of one schema if it is
 * given; the best first.
 */
List *
m2m_candidates_list(Oid schema)
{
	Relation	class = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(class, InvalidOid, false, NULL, 0,
										  NULL);
	HeapTuple	tuple;
	List	   *tables = NIL;
	List	   *result = NIL;
	ListCell   *lc;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if ((form->relkind == RELKIND_RELATION ||
			 form->relkind == RELKIND_PARTITIONED_TABLE) &&
			(!OidIsValid(schema) || form->relnamespace == schema))
			tables = lappend_oid(tables, form->oid);
	}
	systable_endscan(scan);
	table_close(class, AccessShareLock);

	/* after the scan, so that no other one runs within it */
	foreach(lc, tables)
	{
		MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
													  "m2m candidate",
													  ALLOCSET_SMALL_SIZES);
		MemoryContext old = MemoryContextSwitchTo(context);
		M2mCandidate *c = m2m_candidate_read(lfirst_oid(lc), NULL);

		/* a database has many tables, and most are none */
		MemoryContextSwitchTo(old);
		if (c != NULL && c->score >= POINTS_SHOWN)
			result = lappend(result, c);
		else
			MemoryContextDelete(context);
		CHECK_FOR_INTERRUPTS();
	}
	list_sort(result, compare_candidates);
	return result;
}

/*
 * compare_candidates: for list_sort: by score, by how many tools see a join
 * table there, by name.  The first gets the names that others would like, too.
 */
static int
compare_candidates(const ListCell *a, const ListCell *b)
{
	M2mCandidate *ca = lfirst(a);
	M2mCandidate *cb = lfirst(b);

	if (ca->score != cb->score)
		return cb->score - ca->score;
	if (list_length(ca->tools) != list_length(cb->tools))
		return list_length(cb->tools) - list_length(ca->tools);
	return strcmp(ca->label, cb->label);
}

/*
 * m2m_candidate_adopt: makes the association of a relationship of it, as the
 * current user, and as m2m_relationship_adopt() does.  The caller has checked
 * that it is ready, and holds a lock on it.
 */
void
m2m_candidate_adopt(M2mCandidate *c, bool unasked)
{
	M2mAdoption adoption = {0};

	for (int s = M2M_LEFT; c->nforeign_keys > 2 && s <= M2M_RIGHT; s++)
		adoption.column[s] = m2m_candidate_columns(c, s);
	adoption.unasked = unasked;
	m2m_relationship_adopt(c->relid, &adoption);
}

/* m2m_candidate_columns: names (String) of the columns of one side. */
List *
m2m_candidate_columns(M2mCandidate *c, M2mSide side)
{
	List	   *result = NIL;

	for (int i = 0; i < c->nkeys[side]; i++)
		result = lappend(result,
						 makeString(pstrdup(c->columns[c->link_attnum[side][i] - 1].name)));
	return result;
}

/*
 * m2m_candidate_identity: names (String) of the columns that would tell one
 * link from another; NIL: there is no key, it would be the whole row.
 */
List *
m2m_candidate_identity(M2mCandidate *c)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (c->key == M2M_CANDIDATE_KEY_NONE)
		return NIL;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		foreach(lc, m2m_candidate_columns(c, s))
		{
			if (!list_member(result, lfirst(lc)))
				result = lappend(result, lfirst(lc));
		}
	}
	foreach(lc, c->identity)
		result = lappend(result,
						 makeString(pstrdup(c->columns[lfirst_int(lc) - 1].name)));
	return result;
}

/*
 * m2m_candidate_call: the call of m2m_adopt that takes the table in, with no
 * more arguments than it needs.
 */
char *
m2m_candidate_call(M2mCandidate *c)
{
	StringInfoData sql;
	bool		guessed = c->guessed[M2M_LEFT] || c->guessed[M2M_RIGHT];

	initStringInfo(&sql);
	appendStringInfo(&sql, "m2m_adopt(%s",
					 quote_literal_cstr(c->label));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		/* a side that m2m_adopt would find by itself needs no columns */
		if (c->nforeign_keys > 2 || (c->guessed[s] && !is_told(c, s)))
			append_array(&sql, c, s);
		if (c->guessed[s])
			appendStringInfo(&sql, ", %s => %s",
							 s == M2M_LEFT ? "left_table" : "right_table",
							 quote_literal_cstr(m2m_table_label(c->table[s])));
	}

	/* a key over the pair would be wrong where the table says otherwise */
	if (guessed || (c->key == M2M_CANDIDATE_KEY_NONE && !c->own))
		appendStringInfoString(&sql, ", repair => true");
	if (c->deleted != 0)
		appendStringInfo(&sql, ", deleted => %s",
						 quote_literal_cstr(c->columns[c->deleted - 1].name));
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/*
 * is_told: does the name of a side's column tell its table, as m2m_adopt reads
 * it: author_id for the id of author or authors?
 */
static bool
is_told(M2mCandidate *c, M2mSide side)
{
	const char *column = c->columns[c->link_attnum[side][0] - 1].name;
	char	   *table = get_rel_name(c->table[side]);
	char	   *key = get_attname(c->table[side], c->key_attnum[side], true);
	char	   *role;

	if (table == NULL || key == NULL ||
		c->table[M2M_LEFT] == c->table[M2M_RIGHT])
		return false;
	role = m2m_name_without(column, key, table);
	return role != NULL && pg_strcasecmp(role, m2m_name_singular(table)) == 0;
}

/* append_array: ", left_columns => ARRAY['a', 'b']" of one side. */
static void
append_array(StringInfo sql, M2mCandidate *c, M2mSide side)
{
	ListCell   *lc;

	appendStringInfo(sql, ", %s => ARRAY[", m2m_column_argument[side]);
	foreach(lc, m2m_candidate_columns(c, side))
		appendStringInfo(sql, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 quote_literal_cstr(strVal(lfirst(lc))));
	appendStringInfoChar(sql, ']');
}

/*
 * is_eligible: is it a table that anybody could mean?  Fills in what its row
 * of pg_class says.
 */
static bool
is_eligible(M2mCandidate *c)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(c->relid));
	Form_pg_class form;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	c->name = pstrdup(NameStr(form->relname));
	c->schema = form->relnamespace;
	c->label = m2m_table_label(c->relid);
	c->owner = form->relowner;
	c->natts = form->relnatts;
	c->rows = form->reltuples;
	result = m2m_catalog_is_table(c->relid) && !form->relispartition &&
		form->relpersistence != RELPERSISTENCE_TEMP &&
		!IsCatalogNamespace(c->schema);
	ReleaseSysCache(tuple);
	return result && !has_superclass(c->relid) &&
		!m2m_catalog_is_distributed(c->relid) &&
		!OidIsValid(getExtensionOfObject(RelationRelationId, c->relid));
}

/*
 * m2m_table_label: m2m_qualified_name(), also of a table that may just have
 * gone.
 */
char *
m2m_table_label(Oid relid)
{
	char	   *name = get_rel_name(relid);
	char	   *schema = get_namespace_name(get_rel_namespace(relid));

	return name == NULL || schema == NULL ? psprintf("%u", relid) :
		quote_qualified_identifier(schema, name);
}

/* read_columns: all columns; dropped ones have no name. */
static void
read_columns(M2mCandidate *c)
{
	c->columns = palloc0_array(M2mCandidateColumn, Max(c->natts, 1));
	for (int a = 1; a <= c->natts; a++)
	{
		M2mCandidateColumn *column = &c->columns[a - 1];
		HeapTuple	tuple = SearchSysCacheAttNum(c->relid, a);
		Form_pg_attribute form;

		column->attnum = a;
		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_attribute) GETSTRUCT(tuple);
		column->name = pstrdup(NameStr(form->attname));
		column->type = form->atttypid;
		column->not_null = form->attnotnull;
		column->no_null = m2m_catalog_has_no_null(form);
		column->filled = form->atthasdef || form->attidentity != '\0';
		c->all = bms_add_member(c->all, a);
		ReleaseSysCache(tuple);
	}
}

/*
 * read_indexes: the indexes that say something of all rows: valid, on no
 * condition, over plain columns.
 */
static void
read_indexes(M2mCandidate *c)
{
	Relation	indexes = table_open(IndexRelationId, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(indexes);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(c->relid));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL, 1,
							  &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
		M2mCandidateIndex *index;

		if (!form->indisvalid || !form->indislive ||
			!heap_attisnull(tuple, Anum_pg_index_indpred, desc) ||
			!heap_attisnull(tuple, Anum_pg_index_indexprs, desc))
			continue;
		index = palloc0(sizeof(M2mCandidateIndex));
		index->unique = form->indisunique;
		index->exclusion = form->indisexclusion;
		index->primary = form->indisprimary;
		index->immediate = form->indimmediate;
		index->first = form->indkey.values[0];
		for (int i = 0; i < form->indnkeyatts; i++)
		{
			if (form->indkey.values[i] > 0)
				index->columns = bms_add_member(index->columns,
												form->indkey.values[i]);
		}

		/* the primary key has the first say */
		if (index->primary)
			c->indexes = lcons(index, c->indexes);
		else
			c->indexes = lappend(c->indexes, index);
		if (index->primary)
			c->primary = index->columns;
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
}

/* one_side_unique: can a row of one side have one link at most? */
static bool
one_side_unique(M2mCandidate *c)
{
	ListCell   *lc;

	foreach(lc, c->indexes)
	{
		M2mCandidateIndex *index = lfirst(lc);

		if (index->unique &&
			(bms_is_subset(index->columns, c->column[M2M_LEFT]) ||
			 bms_is_subset(index->columns, c->column[M2M_RIGHT])))
			return true;
	}
	return false;
}
