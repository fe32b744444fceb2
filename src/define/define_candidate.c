/*
 * define_candidate.c
 *		Whether a table that is no association yet could be one: between which
 *		tables, what one link would be, and what it lacks.
 *
 * Two kinds of tables have two foreign keys: join tables, and entities that
 * happen to refer to two others (an order has a customer and a clerk).  What
 * tells them apart is a key that holds both, and what else the table keeps:
 *
 *	- a key over the pair, or a primary key that holds it: a join table, and
 *	  ready to be taken in
 *	- another key that holds it and more, such as (tag, post, context): the
 *	  same, unless other tables refer to its rows
 *	- a number of its own and no more than times beside the pair: a join table
 *	  whose pairs nobody keeps apart
 *	- a number and columns of its own: an entity more likely than not
 *
 * A table where one side alone is unique relates one to many, and one whose
 * rows refer to rows of several tables (taggable_type, taggable_id) to no
 * table in particular: neither is a candidate.  Nor are temporary tables,
 * partitions, children, and an extension's own.
 *
 * Only looks, locks nothing, checks no right; anything may be gone at the next
 * look.  Names of tables, where foreign keys are missing, are guessed from
 * columns.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/formatting.h"
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

/* How a candidate's score is made up; docs/reference.md says the same. */
#define POINTS_KEYS_BOTH		40
#define POINTS_KEYS_ONE			20
#define POINTS_NAMED			20	/* instead: as a tool names join tables */
#define POINTS_KEY_PAIR			40
#define POINTS_KEY_PRIMARY		35
#define POINTS_KEY_WIDER		30
#define POINTS_KEY_NONE			20	/* and nothing but the pair */
#define POINTS_KEY_OTHER		10
#define POINTS_OWN_NONE			20
#define POINTS_OWN_OPTIONAL		15
#define POINTS_OWN_REQUIRED		10
#define POINTS_REFERENCED		(-10)
#define POINTS_NOT_EVIDENT		(-10)
#define POINTS_NULLS			(-10)

/* Less is not worth showing. */
#define POINTS_SHOWN			35

static int	compare_candidates(const ListCell *a, const ListCell *b);
static bool is_eligible(M2mCandidate *c);
static void read_columns(M2mCandidate *c);
static void read_indexes(M2mCandidate *c);
static bool is_in_keys(List *fks, AttrNumber attnum);
static M2mCandidateColumn *find_column(M2mCandidate *c, const char *name);
static bool relates(ForeignKeyCacheInfo *a, ForeignKeyCacheInfo *b,
					const Oid endpoint[2]);
static int	pairs_within(List *fks, const Oid endpoint[2], Bitmapset *columns,
						 ForeignKeyCacheInfo *pair[2]);
static int	pairs_by_name(M2mCandidate *c, List *fks,
						  ForeignKeyCacheInfo *pair[2]);
static void use_foreign_key(M2mCandidate *c, M2mSide side,
							ForeignKeyCacheInfo *fk);
static Oid	guess_table(M2mCandidate *c, M2mCandidateColumn *column,
						AttrNumber *key);
static Oid	table_named(Oid schema, const char *name, Oid type,
						AttrNumber *key);
static Bitmapset *columns_of(ForeignKeyCacheInfo *fk);
static bool one_side_unique(M2mCandidate *c);
static void describe_key(M2mCandidate *c);
static void describe_identity(M2mCandidate *c);
static void describe_own(M2mCandidate *c);
static void find_missing(M2mCandidate *c);
static void rate(M2mCandidate *c);
static bool may_be_third(M2mCandidate *c);
static bool is_told(M2mCandidate *c, M2mSide side);
static char *column_list(M2mCandidate *c, M2mSide side);
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

/* m2m_table_label: m2m_qualified_name(), also of a table that may just have gone. */
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

/*
 * m2m_candidate_foreign_keys: those that could be a side: not to the table itself (a row's
 * parent), and each once.
 */
List *
m2m_candidate_foreign_keys(M2mCandidate *c)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *lr;

	foreach(lc, m2m_catalog_foreign_keys(c->relid))
	{
		ForeignKeyCacheInfo *fk = lfirst_node(ForeignKeyCacheInfo, lc);
		bool		again = false;

		c->nforeign_keys++;
		if (fk->confrelid == c->relid || !m2m_catalog_is_table(fk->confrelid))
			continue;
		foreach(lr, result)
		{
			ForeignKeyCacheInfo *other = lfirst(lr);

			again |= other->confrelid == fk->confrelid &&
				bms_equal(columns_of(other), columns_of(fk));
		}
		if (!again)
			result = lappend(result, fk);
	}
	return result;
}

/* columns_of: the columns of a foreign key. */
static Bitmapset *
columns_of(ForeignKeyCacheInfo *fk)
{
	Bitmapset  *result = NULL;

	for (int i = 0; i < fk->nkeys; i++)
		result = bms_add_member(result, fk->conkey[i]);
	return result;
}

/*
 * m2m_candidate_is_polymorphic: do rows refer to a table that another column names: as Rails
 * and Laravel (taggable_id, taggable_type), or Django (object_id,
 * content_type_id)?
 */
bool
m2m_candidate_is_polymorphic(M2mCandidate *c, List *fks)
{
	static const char *const ending[][2] = {
		{"_id", "_type"}, {"_uuid", "_type"}, {"Id", "Type"}, {"ID", "Type"},
		{"object_id", "content_type_id"}, {"object_pk", "content_type_id"}
	};

	for (int i = 0; i < c->natts; i++)
	{
		const char *id = c->columns[i].name;

		if (id == NULL || is_in_keys(fks, i + 1))
			continue;
		for (size_t j = 0; j < lengthof(ending); j++)
		{
			int			len = (int) strlen(id) - (int) strlen(ending[j][0]);

			if (len >= 0 && strcmp(id + len, ending[j][0]) == 0 &&
				find_column(c, psprintf("%.*s%s", len, id,
										ending[j][1])) != NULL)
				return true;
		}
	}
	return false;
}

/* is_in_keys: does one of the foreign keys hold the column? */
static bool
is_in_keys(List *fks, AttrNumber attnum)
{
	ListCell   *lc;

	foreach(lc, fks)
	{
		if (bms_is_member(attnum, columns_of(lfirst(lc))))
			return true;
	}
	return false;
}

/* find_column: the column of a name, NULL if there is none. */
static M2mCandidateColumn *
find_column(M2mCandidate *c, const char *name)
{
	for (int i = 0; i < c->natts; i++)
	{
		if (c->columns[i].name != NULL &&
			strcmp(c->columns[i].name, name) == 0)
			return &c->columns[i];
	}
	return NULL;
}

/*
 * m2m_candidate_choose_pair: the two foreign keys, between two endpoints if given, that
 * would make the association: the only two; or those that a key holds, or that
 * the table is named after.  False if nothing tells which.
 */
bool
m2m_candidate_choose_pair(M2mCandidate *c, List *fks, const Oid endpoint[2])
{
	ForeignKeyCacheInfo *pair[2] = {NULL, NULL};
	int			found = pairs_within(fks, endpoint, NULL, pair);
	ListCell   *lc;

	if (found == 0)
		return false;
	c->evident = list_length(fks) == 2;
	if (!c->evident)
	{
		foreach(lc, c->indexes)
		{
			M2mCandidateIndex *index = lfirst(lc);

			if ((index->unique || index->exclusion) &&
				pairs_within(fks, endpoint, index->columns, pair) == 1)
			{
				c->evident = true;
				break;
			}
		}
	}
	if (!c->evident && found > 1 && endpoint == NULL)
	{
		c->named = pairs_by_name(c, fks, pair) == 1;
		if (!c->named)
			return false;
	}
	use_foreign_key(c, M2M_LEFT, pair[M2M_LEFT]);
	use_foreign_key(c, M2M_RIGHT, pair[M2M_RIGHT]);
	return true;
}

/*
 * pairs_within: how many pairs of foreign keys, between two endpoints if
 * given, lie within some columns, if given; *pair becomes the first.
 */
static int
pairs_within(List *fks, const Oid endpoint[2], Bitmapset *columns,
			 ForeignKeyCacheInfo *pair[2])
{
	int			found = 0;

	for (int i = 0; i < list_length(fks); i++)
	{
		ForeignKeyCacheInfo *a = list_nth(fks, i);

		for (int j = i + 1; j < list_length(fks); j++)
		{
			ForeignKeyCacheInfo *b = list_nth(fks, j);
			Bitmapset  *both = bms_union(columns_of(a), columns_of(b));

			if (!relates(a, b, endpoint) ||
				bms_is_subset(columns_of(a), columns_of(b)) ||
				bms_is_subset(columns_of(b), columns_of(a)) ||
				(columns != NULL && !bms_is_subset(both, columns)))
				continue;
			if (found++ == 0)
			{
				pair[M2M_LEFT] = a;
				pair[M2M_RIGHT] = b;
			}
		}
	}
	return found;
}

/* relates: do two foreign keys refer to these endpoints, one to each? */
static bool
relates(ForeignKeyCacheInfo *a, ForeignKeyCacheInfo *b, const Oid endpoint[2])
{
	return endpoint == NULL ||
		(a->confrelid == endpoint[0] && b->confrelid == endpoint[1]) ||
		(a->confrelid == endpoint[1] && b->confrelid == endpoint[0]);
}

/*
 * pairs_by_name: how many pairs of foreign keys are to two tables whose names
 * both stand in the table's own (l_artist_release); *pair becomes the first.
 */
static int
pairs_by_name(M2mCandidate *c, List *fks, ForeignKeyCacheInfo *pair[2])
{
	char	   *name = asc_tolower(c->name, strlen(c->name));
	List	   *named = NIL;
	ListCell   *lc;

	foreach(lc, fks)
	{
		ForeignKeyCacheInfo *fk = lfirst(lc);
		char	   *table = get_rel_name(fk->confrelid);
		char	   *word = table == NULL ? NULL : m2m_name_singular(table);

		if (word != NULL &&
			strstr(name, asc_tolower(word, strlen(word))) != NULL)
			named = lappend(named, fk);
	}
	if (list_length(named) != 2 ||
		((ForeignKeyCacheInfo *) linitial(named))->confrelid ==
		((ForeignKeyCacheInfo *) lsecond(named))->confrelid)
		return 0;
	return pairs_within(named, NULL, NULL, pair);
}

/* use_foreign_key: a side is what a foreign key says. */
static void
use_foreign_key(M2mCandidate *c, M2mSide side, ForeignKeyCacheInfo *fk)
{
	c->table[side] = fk->confrelid;
	c->nkeys[side] = fk->nkeys;
	c->key_attnum[side] = fk->confkey[0];
	c->link_attnum[side] = palloc_array(AttrNumber, fk->nkeys);
	memcpy(c->link_attnum[side], fk->conkey, fk->nkeys * sizeof(AttrNumber));
	c->column[side] = columns_of(fk);
}

/*
 * m2m_candidate_guess_pair: where foreign keys are missing, two sides of which at least one
 * is told by a column's name.  False unless there are just two.
 */
bool
m2m_candidate_guess_pair(M2mCandidate *c, List *fks)
{
	int			n = 0;
	List	   *all = list_copy(fks);

	if (list_length(fks) > 1)
		return false;
	for (int i = 0; i < c->natts; i++)
	{
		M2mCandidateColumn *column = &c->columns[i];
		ForeignKeyCacheInfo *fk;
		Oid			table;
		AttrNumber	key;

		/* not the table's own number, which may be named in any way */
		if (column->name == NULL || is_in_keys(fks, column->attnum) ||
			(bms_membership(c->primary) == BMS_SINGLETON &&
			 bms_is_member(column->attnum, c->primary)))
			continue;
		table = guess_table(c, column, &key);
		if (!OidIsValid(table) || table == c->relid)
			continue;
		fk = makeNode(ForeignKeyCacheInfo);
		fk->confrelid = table;
		fk->nkeys = 1;
		fk->conkey[0] = column->attnum;
		fk->confkey[0] = key;
		all = lappend(all, fk);
		if (++n > 2)
			return false;
	}
	if (n == 0 || list_length(all) != 2)
		return false;

	/* in the order of columns, as foreign keys would come */
	if (((ForeignKeyCacheInfo *) linitial(all))->conkey[0] >
		((ForeignKeyCacheInfo *) lsecond(all))->conkey[0])
		all = list_make2(lsecond(all), linitial(all));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ForeignKeyCacheInfo *fk = list_nth(all, s);

		use_foreign_key(c, s, fk);
		c->guessed[s] = !list_member_ptr(fks, fk);
	}
	c->evident = true;
	return true;
}

/*
 * guess_table: the table of the same schema whose rows a column seems to name:
 * author_id or authorId of authors or author, if it has such a key.
 */
static Oid
guess_table(M2mCandidate *c, M2mCandidateColumn *column, AttrNumber *key)
{
	static const char *const ending[] = {"_id", "Id", "ID", "_uuid"};

	for (size_t i = 0; i < lengthof(ending); i++)
	{
		int			len = (int) strlen(column->name) -
			(int) strlen(ending[i]);
		char	   *name[4];

		if (len < 1 || strcmp(column->name + len, ending[i]) != 0)
			continue;
		name[1] = pnstrdup(column->name, len);
		name[0] = m2m_name_plural(name[1], name[1]);

		/* authorId of "Authors" */
		for (int j = 2; j < 4; j++)
		{
			name[j] = pstrdup(name[j - 2]);
			name[j][0] = pg_toupper((unsigned char) name[j][0]);
		}
		for (int j = 0; j < 4; j++)
		{
			Oid			table = table_named(c->schema, name[j], column->type,
											key);

			if (OidIsValid(table))
				return table;
		}
	}
	return InvalidOid;
}

/*
 * table_named: a table with a primary key of one column of a type; integers
 * pass for each other.
 */
static Oid
table_named(Oid schema, const char *name, Oid type, AttrNumber *key)
{
	Oid			relid = get_relname_relid(name, schema);
	Oid			constraint = InvalidOid;
	Bitmapset  *columns;
	Oid			key_type;

	if (!m2m_catalog_is_table(relid))
		return InvalidOid;
	columns = get_primary_key_attnos(relid, false, &constraint);
	if (bms_membership(columns) != BMS_SINGLETON)
		return InvalidOid;
	*key = bms_singleton_member(columns) + FirstLowInvalidHeapAttributeNumber;
	key_type = get_atttype(relid, *key);
	type = m2m_catalog_base_type(type);
	key_type = m2m_catalog_base_type(key_type);
	if ((type == key_type && OidIsValid(type)) ||
		((type == INT2OID || type == INT4OID || type == INT8OID) &&
		 (key_type == INT2OID || key_type == INT4OID || key_type == INT8OID)))
		return relid;
	return InvalidOid;
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

/*
 * describe_key: which key there is, as far as it concerns the pair; and what
 * one link would be.
 */
static void
describe_key(M2mCandidate *c)
{
	ListCell   *lc;

	foreach(lc, c->indexes)
	{
		M2mCandidateIndex *index = lfirst(lc);
		M2mCandidateKey key = M2M_CANDIDATE_KEY_OTHER;

		if (!index->immediate || (!index->unique && !index->exclusion))
			continue;
		if (bms_is_subset(c->pair, index->columns))
			key = index->primary ? M2M_CANDIDATE_KEY_PRIMARY :
				M2M_CANDIDATE_KEY_WIDER;
		if (index->unique && bms_is_subset(index->columns, c->pair))
			key = M2M_CANDIDATE_KEY_PAIR;
		c->key = Max(c->key, key);
	}
	describe_identity(c);
}

/*
 * describe_identity: what one link is, by the rule for associations; and the
 * column that may say that a row is no link any more.
 */
static void
describe_identity(M2mCandidate *c)
{
	M2mRelationship rel;

	memset(&rel, 0, sizeof(rel));
	rel.association = c->relid;
	rel.adopted = true;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		rel.side[s].nkeys = c->nkeys[s];
		rel.side[s].key = palloc0_array(M2mKeyColumn, c->nkeys[s]);
		for (int i = 0; i < c->nkeys[s]; i++)
			rel.side[s].key[i].link_attnum = c->link_attnum[s][i];
	}
	m2m_catalog_describe_link_columns(&rel);
	rel.property = palloc_array(AttrNumber, Max(c->natts, 1));
	for (int i = 0; i < c->natts; i++)
	{
		if (c->columns[i].name != NULL && !bms_is_member(i + 1, c->pair))
			rel.property[rel.nproperties++] = i + 1;
	}
	m2m_catalog_describe_identity(&rel);

	/* a key that counts as one: its columns may not be null */
	if (!rel.has_key)
		c->key = M2M_CANDIDATE_KEY_NONE;
	else if (rel.identity == M2M_IDENTITY_SURROGATE)
		c->key = M2M_CANDIDATE_KEY_OTHER;
	c->deleted = m2m_catalog_find_deleted(&rel);

	/* after the one word that is missing, it is one */
	if (c->deleted != 0)
		c->key = Max(c->key, M2M_CANDIDATE_KEY_WIDER);
	else
		c->deleted = m2m_deleted_by_name(&rel);
	if (!bms_is_member(c->deleted, c->all))
		c->deleted = 0;
	for (int i = 0; rel.has_key && i < rel.nidentity; i++)
	{
		if (bms_is_member(rel.identity_column[i].attnum, c->all))
			c->identity = lappend_int(c->identity,
									  rel.identity_column[i].attnum);
	}
}

/*
 * describe_own: what the table keeps of its own: neither pair nor number, nor
 * times, which it may have of any row; and what of that has to be given.
 */
static void
describe_own(M2mCandidate *c)
{
	c->not_null = true;
	for (int i = 0; i < c->natts; i++)
	{
		M2mCandidateColumn *column = &c->columns[i];
		bool		required = column->not_null && !column->filled;
		Oid			type;

		if (column->name == NULL)
			continue;
		if (bms_is_member(column->attnum, c->pair))
		{
			c->not_null &= column->not_null;
			continue;
		}
		if (bms_is_member(column->attnum, c->primary))
		{
			/*
			 * A number; or what tells two links of a pair from each other; or
			 * two rows of one side, such as the lines of an order.
			 */
			if (!bms_overlap(c->primary, c->pair))
				c->own_required |= required;
			else
			{
				c->key_required |= required;
				c->own |= !bms_is_subset(c->pair, c->primary);
			}
			continue;
		}

		/* times that must not be null are filled in by m2m */
		type = m2m_catalog_base_type(column->type);
		if (type == TIMESTAMPOID || type == TIMESTAMPTZOID)
			continue;
		c->own = true;
		c->own_required |= required && type != DATEOID;
	}
}

/* find_missing: in words, what repair would have to add. */
static void
find_missing(M2mCandidate *c)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (c->guessed[s])
			c->missing = lappend(c->missing,
								 psprintf("foreign key (%s) to %s",
										  column_list(c, s),
										  m2m_table_label(c->table[s])));
	}
	if (c->key < M2M_CANDIDATE_KEY_WIDER)
		c->missing = lappend(c->missing,
							 psprintf("key over (%s, %s)",
									  column_list(c, M2M_LEFT),
									  column_list(c, M2M_RIGHT)));
	if (!c->not_null)
	{
		for (int i = 0; i < c->natts; i++)
		{
			M2mCandidateColumn *column = &c->columns[i];

			if (bms_is_member(i + 1, c->pair) && !column->not_null)
				c->missing = lappend(c->missing,
									 psprintf("not null of %s",
											  quote_identifier(column->name)));
		}
	}
	if (c->deleted != 0)
		c->missing = lappend(c->missing,
							 psprintf("a word whether rows that %s marks as deleted are links",
									  quote_identifier(c->columns[c->deleted - 1].name)));
	if (!c->evident && !c->named)
		c->missing = lappend(c->missing,
							 pstrdup("a word which of its foreign keys are meant"));
}

/* column_list: "a, b" of one side. */
static char *
column_list(M2mCandidate *c, M2mSide side)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, m2m_candidate_columns(c, side))
		appendStringInfo(&buf, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 quote_identifier(strVal(lfirst(lc))));
	return buf.data;
}

/*
 * m2m_candidate_judge: what the table has and lacks, once its pair is known; the score, and
 * whether it needs nobody's word.
 */
void
m2m_candidate_judge(M2mCandidate *c)
{
	describe_key(c);
	describe_own(c);
	c->tools = m2m_candidate_tools(c);
	find_missing(c);
	rate(c);
}

/* rate: the score, and whether the table needs nobody's word. */
static void
rate(M2mCandidate *c)
{
	int			guessed = c->guessed[M2M_LEFT] + c->guessed[M2M_RIGHT];
	bool		named = list_member(c->tools, makeString("rails")) ||
		list_member(c->tools, makeString("laravel"));
	bool		entity = c->key < M2M_CANDIDATE_KEY_WIDER && c->own;

	c->score = guessed == 0 ? POINTS_KEYS_BOTH :
		named ? POINTS_NAMED : guessed == 1 ? POINTS_KEYS_ONE : 0;
	if (c->key == M2M_CANDIDATE_KEY_PAIR)
		c->score += POINTS_KEY_PAIR;
	else if (c->key == M2M_CANDIDATE_KEY_PRIMARY)
		c->score += POINTS_KEY_PRIMARY;
	else if (c->key == M2M_CANDIDATE_KEY_WIDER)
		c->score += POINTS_KEY_WIDER;
	else if (c->key == M2M_CANDIDATE_KEY_NONE && !c->own)
		c->score += POINTS_KEY_NONE;
	else if (!entity)
		c->score += POINTS_KEY_OTHER;
	if (!c->own)
		c->score += POINTS_OWN_NONE;
	else if (!entity)
		c->score += c->own_required ? POINTS_OWN_REQUIRED :
			POINTS_OWN_OPTIONAL;
	if (c->referenced)
		c->score += POINTS_REFERENCED;
	if (!c->evident)
		c->score += POINTS_NOT_EVIDENT;
	if (!c->not_null)
		c->score += POINTS_NULLS;
	c->score = Max(c->score, 0);

	c->ready = c->missing == NIL &&
		(c->key >= M2M_CANDIDATE_KEY_PRIMARY || !c->referenced);
	c->plain = c->ready && c->evident && c->tools != NIL && !c->own_required &&
		!may_be_third(c);
}

/*
 * may_be_third: is there a column beside the pair, in what tells one link from
 * another, that may get a foreign key yet: a number or uuid that has to be
 * given?  Migrations add foreign keys one by one, and of three in a key the
 * first two are not the pair.
 */
static bool
may_be_third(M2mCandidate *c)
{
	ListCell   *lc;

	foreach(lc, c->identity)
	{
		M2mCandidateColumn *column = &c->columns[lfirst_int(lc) - 1];
		Oid			type = m2m_catalog_base_type(column->type);

		if (!column->filled &&
			(type == INT2OID || type == INT4OID || type == INT8OID ||
			 type == UUIDOID))
			return true;
	}
	return false;
}
