/*
 * define_pair.c
 *		Which two foreign keys of a candidate are its pair.
 *
 * Where there are more, a key that holds two of them or the table's name says
 * which.  Names of tables, where foreign keys are missing, are guessed from
 * columns.
 */
#include "postgres.h"

#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"
#include "text.h"

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

/*
 * m2m_candidate_foreign_keys: those that could be a side: not to the table
 * itself (a row's parent), and each once.
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
 * m2m_candidate_is_polymorphic: do rows refer to a table that another column
 * names: as Rails and Laravel (taggable_id, taggable_type), or Django
 * (object_id, content_type_id)?
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
 * m2m_candidate_choose_pair: the two foreign keys, between two endpoints if
 * given, that would make the association: the only two; or those that a key
 * holds, or that the table is named after.  False if nothing tells which.
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
 * m2m_candidate_guess_pair: where foreign keys are missing, two sides of which
 * at least one is told by a column's name.  False unless there are just two.
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
