/*
 * define_draft.c
 *		Foreign keys that a join table should have and has not: which of its
 *		columns refer to which table, as the caller says, or as their names do.
 *
 * Such a draft is a ForeignKeyCacheInfo without a constraint (conoid is
 * InvalidOid), so that all who describe a relationship by its foreign keys can
 * do so before there are any.  It changes nothing, and names are believed only
 * where they say one thing: a wrong guess would make links of other rows, and
 * orphans of links.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_constraint.h"
#include "commands/defrem.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"
#include "text.h"

static void check_columns(Oid association, Oid table, List *key,
						  List *columns, M2mSide side);
static List *guess_columns(Oid association, Oid table, List *key,
						   List *taken);
static char *guess_column(Oid association, Oid table, const char *key,
						  bool only, List *taken);
static int	name_fits(const char *column, const char *table, const char *key,
					  bool only);
static List *guess_own_columns(Oid association, Oid table, List *key,
							   List *taken);
static Oid	equality(Oid key_type, Oid link_type);

/*
 * m2m_foreign_key_draft: the foreign key that an association should have to a
 * table, over the columns given, or, for NIL, over those whose names say so;
 * never over those that are taken.  open is how many sides have no columns yet
 * where both refer to this table, else 0.  An operator is InvalidOid where no
 * foreign key can be between the two types.
 *
 * The caller holds at least AccessShareLock on both tables.  Errors: those of
 * m2m_key_choose(); 22023, 42703 and 42701 for columns given that are none;
 * 42P16 where names tell nothing.
 */
ForeignKeyCacheInfo *
m2m_foreign_key_draft(Oid association, Oid table, List *columns, List *taken,
					  int open, M2mSide side)
{
	List	   *key = m2m_key_choose(table, NIL, side, association);
	ForeignKeyCacheInfo *fk = makeNode(ForeignKeyCacheInfo);
	ListCell   *column_cell;
	ListCell   *key_cell;

	if (columns != NIL)
		check_columns(association, table, key, columns, side);
	else
	{
		if (open < 2)
			columns = guess_columns(association, table, key, taken);
		if (columns == NIL && open > 0)
		{
			/* follower_id and followed_id: no name of the table's in them */
			List	   *own = guess_own_columns(association, table, key,
												taken);

			if (list_length(own) == open)
				columns = list_make1(linitial(own));
		}
		if (columns == NIL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("no column names of table \"%s\" tell which of them refer to table \"%s\"",
							get_rel_name(association), get_rel_name(table)),
					 errhint("Name them by the argument \"%s\" of m2m_adopt.",
							 m2m_column_argument[side])));
	}
	fk->conrelid = association;
	fk->confrelid = table;
	forboth(column_cell, columns, key_cell, key)
	{
		int			i = fk->nkeys++;

		fk->conkey[i] = get_attnum(association, strVal(lfirst(column_cell)));
		fk->confkey[i] = get_attnum(table, strVal(lfirst(key_cell)));
		fk->conpfeqop[i] = equality(get_atttype(table, fk->confkey[i]),
									get_atttype(association, fk->conkey[i]));
	}
	return fk;
}

/*
 * check_columns: columns that were given must be there, each once, as many as
 * the key has.  Errors: 22023, 42703, 42701.
 */
static void
check_columns(Oid association, Oid table, List *key, List *columns,
			  M2mSide side)
{
	ListCell   *lc;

	if (list_length(columns) != list_length(key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg_plural("\"%s\" must name %d column",
							   "\"%s\" must name %d columns",
							   list_length(key), m2m_column_argument[side],
							   list_length(key)),
				 errdetail("That is how many columns the key of table \"%s\" has.",
						   get_rel_name(table))));
	foreach(lc, columns)
	{
		char	   *name = strVal(lfirst(lc));

		if (get_attnum(association, name) <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of relation \"%s\" does not exist",
							name, get_rel_name(association))));
		if (list_member(list_copy_tail(columns,
									   foreach_current_index(lc) + 1),
						lfirst(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("\"%s\" names column \"%s\" twice",
							m2m_column_argument[side], name)));
	}
}

/*
 * guess_columns: for each column of a table's key the one that is called after
 * both; NIL if there is not one for each.
 */
static List *
guess_columns(Oid association, Oid table, List *key, List *taken)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, key)
	{
		char	   *column = guess_column(association, table,
										  strVal(lfirst(lc)),
										  list_length(key) == 1, taken);

		if (column == NULL)
			return NIL;
		columns = lappend(columns, makeString(column));
	}
	return columns;
}

/*
 * guess_column: the column that is called after a table and a column of its
 * key, the only one of its key if so; NULL if there is none, or more.
 */
static char *
guess_column(Oid association, Oid table, const char *key, bool only,
			 List *taken)
{
	int			natts = m2m_catalog_natts(association);
	char	   *found = NULL;
	int			best = 0;
	bool		several = false;

	for (int a = 1; a <= natts; a++)
	{
		char	   *name = get_attname(association, a, true);
		int			fits;

		if (name == NULL || !m2m_catalog_column_exists(association, a) ||
			list_member(taken, makeString(name)))
			continue;
		fits = name_fits(name, get_rel_name(table), key, only);
		if (fits > 0 && fits == best)
			several = true;
		if (fits > best)
		{
			best = fits;
			found = name;
			several = false;
		}
	}
	return several ? NULL : found;
}

/*
 * name_fits: does a column's name say that it holds this column of a table's
 * key?  author_id or authorId for the id of author or authors, best; then
 * authors_id; then author_id for a key that itself is called author_id; then
 * author.  0 if it does not.
 */
static int
name_fits(const char *column, const char *table, const char *key, bool only)
{
	char	   *singular = m2m_name_singular(table);
	char	   *role = m2m_name_without(column, key, table);

	if (role != NULL && pg_strcasecmp(role, singular) == 0)
		return 4;
	if (role != NULL && pg_strcasecmp(role, table) == 0)
		return 3;
	if (strcmp(column, key) == 0 && strlen(key) > strlen(singular) &&
		pg_strncasecmp(key, singular, strlen(singular)) == 0)
		return 2;
	return only && pg_strcasecmp(column, singular) == 0 ? 1 : 0;
}

/*
 * guess_own_columns: all columns that end in the name of a table's only key
 * column and say something before it, in the order of the association.
 */
static List *
guess_own_columns(Oid association, Oid table, List *key, List *taken)
{
	int			natts = m2m_catalog_natts(association);
	List	   *columns = NIL;

	for (int a = 1; a <= natts && list_length(key) == 1; a++)
	{
		char	   *name = get_attname(association, a, true);

		if (name != NULL && m2m_catalog_column_exists(association, a) &&
			!list_member(taken, makeString(name)) &&
			m2m_name_without(name, strVal(linitial(key)),
							 get_rel_name(table)) != NULL)
			columns = lappend(columns, makeString(name));
	}
	return columns;
}

/*
 * equality: the operator by which a foreign key would compare a key of one
 * type with a column of another, as ATAddForeignKeyConstraint() finds it;
 * InvalidOid if there can be no foreign key.
 */
static Oid
equality(Oid key_type, Oid link_type)
{
	Oid			opclass = GetDefaultOpClass(getBaseType(key_type),
											BTREE_AM_OID);
	Oid			types[2] = {key_type, link_type};
	Oid			base = getBaseType(link_type);
	Oid			inputs[2];
	Oid			family;
	Oid			result;

	if (!OidIsValid(opclass))
		return InvalidOid;
	family = get_opclass_family(opclass);
	inputs[0] = inputs[1] = get_opclass_input_type(opclass);
	result = get_opfamily_member(family, inputs[0], base,
								 BTEqualStrategyNumber);
	if (OidIsValid(result) &&
		OidIsValid(get_opfamily_member(family, base, base,
									   BTEqualStrategyNumber)))
		return result;
	if (!can_coerce_type(2, types, inputs, COERCION_IMPLICIT))
		return InvalidOid;
	return get_opfamily_member(family, inputs[0], inputs[0],
							   BTEqualStrategyNumber);
}
