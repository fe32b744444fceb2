/*
 * define_deleted.c
 *		Which column of an adopted table says that a row is no link any more.
 *
 * That is the caller's to say: a table may have such a column, and rows that
 * are links nevertheless.  But where no index keeps pairs unique except among
 * rows that are not deleted, to take all rows for links would be wrong at every
 * turn, and so one of two words is asked for.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"
#include "text.h"

static void mention_column(M2mRelationship *rel);
static AttrNumber find_column(M2mRelationship *rel, const char *name);
static void check_type(Oid association, Form_pg_attribute column);

/*
 * m2m_deleted_choose: describes a relationship that is about to be adopted by
 * the column that m2m_adopt was given (NULL: none; empty: all rows are links),
 * or that what is left of it has: leftover, a relationship, or the condition
 * of a view, of which there may be one.  The association is locked.
 *
 * Errors: 42703, 42804, 42P16 for a column that cannot be it; 42P08 where one
 * has to be named; 42710 where leftover has another.
 */
void
m2m_deleted_choose(M2mRelationship *rel, M2mRelationship *leftover,
				   bool has_view, AttrNumber of_view, const char *name)
{
	char	   *association = get_rel_name(rel->association);
	AttrNumber	deleted = leftover != NULL ? leftover->deleted : of_view;

	if (name != NULL)
	{
		deleted = name[0] != '\0' ? find_column(rel, name) : 0;
		if (leftover != NULL && deleted != leftover->deleted)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 leftover->deleted != 0 ?
					 errmsg("the relationship of table \"%s\" knows rows that are no links by column \"%s\"",
							association, get_attname(rel->association,
													 leftover->deleted, false)) :
					 errmsg("the relationship of table \"%s\" takes all its rows for links",
							association),
					 errhint("To adopt it in another way, give the relationship up first: m2m_drop(%s, keep_links => true).",
							 quote_literal_cstr(m2m_qualified_name(rel->association)))));
	}
	else if (leftover == NULL && !has_view)
	{
		AttrNumber	found = m2m_catalog_find_deleted(rel);

		if (found != 0)
		{
			char	   *column = get_attname(rel->association, found, false);
			char	   *quoted =
				quote_literal_cstr(m2m_qualified_name(rel->association));

			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
					 errmsg("pairs are unique in table \"%s\" only among rows that column \"%s\" does not mark as deleted",
							association, column),
					 errhint("If rows that it marks are no links, call m2m_adopt(%s, deleted => %s): unlinking then marks rows, too. If all rows are links, call m2m_adopt(%s, deleted => '').",
							 quoted, quote_literal_cstr(column), quoted)));
		}
	}
	if (deleted != 0 && OidIsValid(rel->mirror))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("links of table \"%s\" have no direction, and cannot be marked as deleted",
						association),
				 errdetail("The foreign key \"%s\" keeps both rows of a link together, but would let one be marked without the other.",
						   get_constraint_name(rel->mirror)),
				 errhint("To mark rows of either direction, drop that foreign key. To have links without a direction, delete the rows that are marked, and call m2m_adopt(%s, deleted => '').",
						 quote_literal_cstr(m2m_qualified_name(rel->association)))));
	if (deleted != 0)
		m2m_catalog_set_deleted(rel, deleted);
	else if (name == NULL && leftover == NULL && !has_view &&
			 !OidIsValid(rel->mirror))
		mention_column(rel);
}

/*
 * mention_column: a NOTICE where a column has the name of one that marks rows
 * as deleted, and all rows are taken for links.
 */
static void
mention_column(M2mRelationship *rel)
{
	AttrNumber	attnum = m2m_deleted_by_name(rel);
	char	   *name;

	if (attnum == 0)
		return;
	name = get_attname(rel->association, attnum, false);
	ereport(NOTICE,
			(errmsg("all rows of table \"%s\" are links, whatever stands in column \"%s\"",
					get_rel_name(rel->association), name),
			 errhint("If it marks rows that are no links any more, call m2m_drop(%s), then m2m_adopt with deleted => %s.",
					 quote_literal_cstr(m2m_qualified_name(rel->association)),
					 quote_literal_cstr(name))));
}

/*
 * m2m_deleted_by_name: a link property that is called as one that marks rows as
 * deleted usually is, and is of a type for it; 0 if there is none.  The table
 * need not be locked.
 */
AttrNumber
m2m_deleted_by_name(M2mRelationship *rel)
{
	static const char *const usual[] = {
		"deleted_at", "deletedAt", "deleted", "is_deleted", "isDeleted",
		"deleted_on", "discarded_at"
	};

	for (int i = 0; i < rel->nproperties; i++)
	{
		char	   *name = get_attname(rel->association, rel->property[i],
									   true);

		for (int j = 0; name != NULL && j < (int) lengthof(usual); j++)
		{
			if (strcmp(name, usual[j]) == 0 &&
				m2m_catalog_may_delete_by(get_atttype(rel->association,
													  rel->property[i])))
				return rel->property[i];
		}
	}
	return 0;
}

/*
 * find_column: the column of a name, if it can say that a row is deleted.
 * Errors: 42703; 42P16 for a column of the key; those of check_type().
 */
static AttrNumber
find_column(M2mRelationship *rel, const char *name)
{
	HeapTuple	tuple = SearchSysCacheAttName(rel->association, name);
	Form_pg_attribute column;
	AttrNumber	attnum;
	bool		is_property = false;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						name, get_rel_name(rel->association)),
				 errhint("The argument \"deleted\" names the column that says that a row is no link any more.")));
	column = (Form_pg_attribute) GETSTRUCT(tuple);
	attnum = column->attnum;
	for (int i = 0; i < rel->nproperties; i++)
		is_property |= rel->property[i] == attnum;
	if (!is_property)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("column \"%s\" cannot say that a row of table \"%s\" is no link any more",
						name, get_rel_name(rel->association)),
				 errdetail("It is a key of what is linked.")));
	check_type(rel->association, column);
	ReleaseSysCache(tuple);
	return attnum;
}

/*
 * check_type: can it be set, and tell rows that are links from others?
 * Errors: 42804, 42P16.
 */
static void
check_type(Oid association, Form_pg_attribute column)
{
	char	   *name = NameStr(column->attname);

	if (!m2m_catalog_may_delete_by(column->atttypid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" cannot say that a row of table \"%s\" is no link any more",
						name, get_rel_name(association)),
				 errdetail("It is of type %s.",
						   format_type_be(column->atttypid)),
				 errhint("Name a column of type timestamp, timestamptz or date, which is null in links, or of type boolean.")));
	if (column->attgenerated != '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("column \"%s\" cannot say that a row of table \"%s\" is no link any more",
						name, get_rel_name(association)),
				 errdetail("It is a generated column, and cannot be set."),
				 errhint("Name the column that it is generated from.")));
	if (column->attnotnull && getBaseType(column->atttypid) != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("column \"%s\" cannot say that a row of table \"%s\" is no link any more",
						name, get_rel_name(association)),
				 errdetail("It is NOT NULL, and a link is a row in which it is null.")));
}
