/*
 * link_stamps.c
 *		Times that m2m fills in: when a link was made, or changed.
 *
 * Join tables that an ORM has made often have columns such as created_at and
 * updated_at that must not be null, and leave it to the program to fill them.
 * Which columns these are the description says (catalog_stamps.c); what the
 * caller may not write is left to whoever may, a trigger for example.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "link_internal.h"
#include "m2m.h"
#include "text.h"

static List *permitted(M2mRelationship *rel, List *columns, AclMode right);

/*
 * m2m_stamped: columns that get the time where a link is made and they are not
 * given; none if the current user may not insert them all.
 */
List *
m2m_stamped(M2mRelationship *rel)
{
	List	   *columns = permitted(rel, rel->stamped, ACL_INSERT);

	return list_length(columns) < list_length(rel->stamped) ? NIL : columns;
}

/*
 * m2m_stamped_slot: what an INSERT of columns is kept by: another one for who
 * may not fill in the times.
 */
List *
m2m_stamped_slot(M2mRelationship *rel, List *columns)
{
	if (rel->stamped == NIL || m2m_stamped(rel) != NIL)
		return columns;
	return lappend_int(list_copy(columns), -9);
}

/* m2m_touched: those that get it where link properties are changed. */
List *
m2m_touched(M2mRelationship *rel)
{
	return permitted(rel, rel->touched, ACL_UPDATE);
}

/* permitted: those of the columns on which the current user has a right. */
static List *
permitted(M2mRelationship *rel, List *columns, AclMode right)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (columns == NIL ||
		pg_class_aclcheck(rel->association, GetUserId(), right) == ACLCHECK_OK)
		return columns;
	foreach(lc, columns)
	{
		if (pg_attribute_aclcheck(rel->association, lfirst_int(lc),
								  GetUserId(), right) == ACLCHECK_OK)
			result = lappend_int(result, lfirst_int(lc));
	}
	return result;
}

/*
 * m2m_stamp_text: the time for a column, as SQL: that of the transaction, as a
 * default would have it, of the column's base type.
 */
char *
m2m_stamp_text(M2mRelationship *rel, AttrNumber attnum)
{
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(rel->association, attnum, &type, &typmod,
						  &collation);
	type = getBaseTypeAndTypmod(type, &typmod);
	return psprintf("pg_catalog.now()::%s",
					format_type_extended(type, typmod,
										 FORMAT_TYPE_TYPEMOD_GIVEN |
										 FORMAT_TYPE_FORCE_QUALIFY));
}

/* m2m_stamp_value: the same as a value. */
Datum
m2m_stamp_value(M2mRelationship *rel, AttrNumber attnum)
{
	Datum		now = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(rel->association, attnum, &type, &typmod,
						  &collation);
	switch (getBaseTypeAndTypmod(type, &typmod))
	{
		case DATEOID:
			return DirectFunctionCall1(timestamptz_date, now);
		case TIMESTAMPOID:
			return DirectFunctionCall2(timestamp_scale,
									   DirectFunctionCall1(timestamptz_timestamp,
														   now),
									   Int32GetDatum(typmod));
		default:
			return DirectFunctionCall2(timestamptz_scale, now,
									   Int32GetDatum(typmod));
	}
}
