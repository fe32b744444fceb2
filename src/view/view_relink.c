/*
 * view_relink.c
 *		Moving a link to another pair where unlinking marks rows as deleted.
 *
 * Elsewhere the row of the association is updated and becomes another link.
 * Here the link that was stays behind, marked, as if it had been unlinked, and
 * a new one is made with the same link properties.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ids.h"
#include "m2m.h"
#include "view_internal.h"

static bool is_number(M2mRelationship *rel, AttrNumber attnum);
static bool has_default(Oid relid, AttrNumber attnum);

/*
 * m2m_row_moves: is a link to be moved to another pair?
 */
bool
m2m_row_moves(M2mRowWrite *write, M2mIds *old_ids[2], M2mIds *ids[2])
{
	return !m2m_ids_equal(write->rel, M2M_LEFT, old_ids[M2M_LEFT],
						  ids[M2M_LEFT]) ||
		!m2m_ids_equal(write->rel, M2M_RIGHT, old_ids[M2M_RIGHT],
					   ids[M2M_RIGHT]);
}

/*
 * m2m_row_relink: unlinks a pair and links another, with the properties that
 * the row of the view is to have; changes are the positions of columns that
 * are to differ.  Write.identity is that of the link that is there, and becomes
 * that of the new one.  Returns false if a trigger or policy kept the old link,
 * or this statement has taken it away.
 *
 * Errors: 40001 if it is not as it was read; 23505 if the new pair, or
 * identity, is linked; 09000 if a trigger keeps it from being linked, when the
 * old link is gone already.
 */
bool
m2m_row_relink(M2mRowWrite *write, M2mIds *old_ids[2], M2mIds *ids[2],
			   List *changes, Datum *value, bool *isnull,
			   Datum *old_value, bool *old_null)
{
	M2mRelationship *rel = write->rel;
	int			n = write->view->ncolumns;
	List	   *properties = NIL;	/* positions in the view */
	List	   *nulls = NIL;
	bool	   *left_out = palloc_array(bool, n);
	bool		linked;

	/*
	 * All properties go along, so all must still be what was read: another's
	 * change to one would be lost.
	 */
	for (int i = 0; i < n; i++)
	{
		AttrNumber	attnum = write->view->column[i].attnum;

		left_out[i] = isnull[i];
		if (write->view->column[i].kind != M2M_COLUMN_PROPERTY)
			continue;
		properties = lappend_int(properties, i);
		if (get_attgenerated(rel->association, attnum) != '\0' ||
			(is_number(rel, attnum) && !list_member_int(changes, i)))
			left_out[i] = true;
		else if (isnull[i] && has_default(rel->association, attnum))
			nulls = lappend_int(nulls, i);
	}
	if (!m2m_row_change(write, M2M_COLUMNS_UNLINK_ROW, old_ids, properties,
						old_value, old_null, old_value, old_null))
		return false;
	linked = m2m_row_link(write, ids, value, left_out);
	if (linked && !write->made)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("the rows are linked already through view \"%s\"",
						RelationGetRelationName(write->relation)),
				 errtable(write->relation)));
	if (!linked)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
				 errmsg("the link could not be moved through view \"%s\"",
						RelationGetRelationName(write->relation)),
				 errdetail("A trigger or policy of table \"%s\" kept the new one from being made.",
						   get_rel_name(rel->association))));

	/* what is left out of an INSERT has its default, and was to be null */
	return nulls == NIL ||
		(rel->nidentity > 0 && !write->identity_known) ||
		m2m_row_change(write, M2M_COLUMNS_UPDATE_LINK, ids, nulls, value,
					   isnull, NULL, NULL);
}

/*
 * is_number: does a property tell rows apart, whatever their pairs, and does
 * the table make its values?  So a new row has a new one.
 */
static bool
is_number(M2mRelationship *rel, AttrNumber attnum)
{
	HeapTuple	tuple;
	bool		result;

	if (list_member_int(m2m_catalog_renewed(rel), attnum) ||
		(rel->identity == M2M_IDENTITY_KEY && m2m_is_identity(rel, attnum)))
		return false;
	tuple = SearchSysCacheAttNum(rel->association, attnum);
	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_attribute) GETSTRUCT(tuple))->attidentity != '\0' ||
		((Form_pg_attribute) GETSTRUCT(tuple))->atthasdef;
	ReleaseSysCache(tuple);
	return result;
}

/* has_default: has a column a value where an INSERT leaves it out? */
static bool
has_default(Oid relid, AttrNumber attnum)
{
	HeapTuple	tuple = SearchSysCacheAttNum(relid, attnum);
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	result = ((Form_pg_attribute) GETSTRUCT(tuple))->atthasdef;
	ReleaseSysCache(tuple);
	return result;
}
