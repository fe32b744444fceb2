/*
 * define_tools.c
 *		Which other tools would see a join table in a table.
 *
 * Each has a rule of its own, by which it recognises join tables that it finds
 * or names those that it makes.  They are told in few words beside each: what
 * the tool's users rely on, not all that its code does.
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"
#include "text.h"

static bool is_postgrest(M2mCandidate *c);
static bool is_sqlalchemy(M2mCandidate *c);
static bool is_efcore(M2mCandidate *c);
static bool is_prisma(M2mCandidate *c);
static bool is_postgraphile(M2mCandidate *c);
static bool is_rails(M2mCandidate *c);
static bool is_laravel(M2mCandidate *c);
static bool is_django(M2mCandidate *c);
static bool has_foreign_keys(M2mCandidate *c);
static const char *column_name(M2mCandidate *c, M2mSide side);
static bool has_default_columns(M2mCandidate *c);
static bool is_named(M2mCandidate *c, char *first, char *second);

static const struct
{
	const char *name;
	bool		(*sees) (M2mCandidate *c);
}			tools[] =

{
	{"postgrest", is_postgrest},
	{"sqlalchemy", is_sqlalchemy},
	{"efcore", is_efcore},
	{"prisma", is_prisma},
	{"postgraphile", is_postgraphile},
	{"rails", is_rails},
	{"laravel", is_laravel},
	{"django", is_django}
};

/*
 * m2m_candidate_tools: their names (String).  Pair and keys are described
 * already.
 */
List *
m2m_candidate_tools(M2mCandidate *c)
{
	List	   *result = NIL;

	for (size_t i = 0; i < lengthof(tools); i++)
	{
		if (tools[i].sees(c))
			result = lappend(result, makeString(pstrdup(tools[i].name)));
	}
	return result;
}

/* Two foreign keys to different tables, all their columns in the primary key. */
static bool
is_postgrest(M2mCandidate *c)
{
	return has_foreign_keys(c) && c->table[M2M_LEFT] != c->table[M2M_RIGHT] &&
		bms_is_subset(c->pair, c->primary);
}

/* automap: just two foreign keys, and no column beside theirs. */
static bool
is_sqlalchemy(M2mCandidate *c)
{
	return has_foreign_keys(c) && c->nforeign_keys == 2 &&
		bms_equal(c->pair, c->all);
}

/*
 * Scaffolding: two foreign keys, disjoint, over all columns, which are the
 * primary key; nothing refers to the table.
 */
static bool
is_efcore(M2mCandidate *c)
{
	return is_sqlalchemy(c) && bms_equal(c->primary, c->all) &&
		!bms_overlap(c->column[M2M_LEFT], c->column[M2M_RIGHT]) &&
		!c->referenced;
}

/*
 * An implicit relation: _AuthorToBook or _name, columns A and B, unique, an
 * index on B alone, A to the table that comes first.
 */
static bool
is_prisma(M2mCandidate *c)
{
	bool		index = false;
	char	   *left = get_rel_name(c->table[M2M_LEFT]);
	char	   *right = get_rel_name(c->table[M2M_RIGHT]);
	const char *a = column_name(c, M2M_LEFT);
	const char *b = column_name(c, M2M_RIGHT);
	ListCell   *lc;

	if (!is_sqlalchemy(c) || c->name[0] != '_' || left == NULL ||
		right == NULL || c->key != M2M_CANDIDATE_KEY_PAIR ||
		a == NULL || strcmp(a, "A") != 0 || b == NULL || strcmp(b, "B") != 0 ||
		strcmp(left, right) > 0)
		return false;
	foreach(lc, c->indexes)
	{
		M2mCandidateIndex *i = lfirst(lc);

		index |= bms_equal(i->columns, c->column[M2M_RIGHT]);
	}
	return index;
}

/* The plugin: two foreign keys of one column, neither of them unique alone. */
static bool
is_postgraphile(M2mCandidate *c)
{
	return has_foreign_keys(c) && c->nkeys[M2M_LEFT] == 1 &&
		c->nkeys[M2M_RIGHT] == 1;
}

/*
 * has_and_belongs_to_many: both tables' names in order, author_id and book_id,
 * no number of its own.
 */
static bool
is_rails(M2mCandidate *c)
{
	char	   *left = get_rel_name(c->table[M2M_LEFT]);
	char	   *right = get_rel_name(c->table[M2M_RIGHT]);

	return left != NULL && right != NULL && has_default_columns(c) &&
		(c->primary == NULL || bms_overlap(c->primary, c->pair)) &&
		is_named(c, left, right);
}

/* A pivot table: both singulars in order, author_id and book_id. */
static bool
is_laravel(M2mCandidate *c)
{
	char	   *left = get_rel_name(c->table[M2M_LEFT]);
	char	   *right = get_rel_name(c->table[M2M_RIGHT]);

	return left != NULL && right != NULL && has_default_columns(c) &&
		is_named(c, m2m_name_singular(left), m2m_name_singular(right));
}

/*
 * ManyToManyField: <table>_<field>, a number of its own, and the pair unique;
 * columns ..._id.
 */
static bool
is_django(M2mCandidate *c)
{
	bool		named = false;

	if (!has_foreign_keys(c) || c->key != M2M_CANDIDATE_KEY_PAIR ||
		bms_membership(c->primary) != BMS_SINGLETON ||
		bms_overlap(c->primary, c->pair) ||
		!bms_equal(c->all, bms_union(c->pair, c->primary)))
		return false;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		const char *column = column_name(c, s);
		char	   *table = get_rel_name(c->table[s]);
		size_t		length = table == NULL ? 0 : strlen(table);

		if (column == NULL || strlen(column) < 4 ||
			strcmp(column + strlen(column) - 3, "_id") != 0)
			return false;
		named |= table != NULL && strncmp(c->name, table, length) == 0 &&
			c->name[length] == '_';
	}
	return named;
}

/* has_foreign_keys: are there two, none of them guessed? */
static bool
has_foreign_keys(M2mCandidate *c)
{
	return !c->guessed[M2M_LEFT] && !c->guessed[M2M_RIGHT];
}

/* column_name: of a side that has one column; NULL if it has more. */
static const char *
column_name(M2mCandidate *c, M2mSide side)
{
	return c->nkeys[side] != 1 ? NULL :
		c->columns[c->link_attnum[side][0] - 1].name;
}

/* has_default_columns: is each side's column <singular of its table>_id? */
static bool
has_default_columns(M2mCandidate *c)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		const char *column = column_name(c, s);
		char	   *table = get_rel_name(c->table[s]);

		if (column == NULL || table == NULL ||
			strcmp(column, m2m_name_join(m2m_name_singular(table),
										 "id")) != 0)
			return false;
	}
	return true;
}

/* is_named: is the table called by two names, in order, with "_" between? */
static bool
is_named(M2mCandidate *c, char *first, char *second)
{
	return strcmp(c->name, strcmp(first, second) < 0 ?
				  m2m_name_join(first, second) :
				  m2m_name_join(second, first)) == 0;
}
