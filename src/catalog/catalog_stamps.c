/*
 * catalog_stamps.c
 *		Which columns of an association hold a time that m2m fills in.
 *
 * A date or timestamp that must not be null and has no default is the time at
 * which the link was made, unless it tells links apart: that is never made up.
 * A column called updated_at, or what others call it, is the time of the last
 * change, whether it may be null or not.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "catalog_internal.h"
#include "m2m.h"

static bool is_time(Oid type);
static bool tells_changes(const char *name);

/*
 * m2m_catalog_describe_stamps: fills in what a description says of such
 * columns, and takes them from those that a caller has to give.  In
 * CurrentMemoryContext; properties and identity are described already.
 */
void
m2m_catalog_describe_stamps(M2mRelationship *rel)
{
	for (int i = 0; i < rel->nproperties; i++)
	{
		AttrNumber	attnum = rel->property[i];
		HeapTuple	tuple = SearchSysCacheAttNum(rel->association, attnum);
		Form_pg_attribute attribute;
		bool		identity = false;

		if (!HeapTupleIsValid(tuple))
			continue;
		attribute = (Form_pg_attribute) GETSTRUCT(tuple);

		/* of a whole row it is no more than a part that nobody looks up by */
		for (int j = 0; rel->identity != M2M_IDENTITY_ROW &&
			 j < rel->nidentity; j++)
			identity |= rel->identity_column[j].attnum == attnum;
		if (is_time(m2m_catalog_base_type(attribute->atttypid)) && !identity &&
			attribute->attgenerated == '\0')
		{
			if (list_member_int(rel->required, attnum))
			{
				rel->required = list_delete_int(rel->required, attnum);
				rel->stamped = lappend_int(rel->stamped, attnum);
			}
			if (tells_changes(NameStr(attribute->attname)))
				rel->touched = lappend_int(rel->touched, attnum);
		}
		ReleaseSysCache(tuple);
	}
}

/* is_time: is a base type a point in time? */
static bool
is_time(Oid type)
{
	return type == DATEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID;
}

/*
 * tells_changes: is a column called as one is that has the time of a row's last
 * change?  Whatever its case, and what stands between its words.
 */
static bool
tells_changes(const char *name)
{
	static const char *const names[] = {
		"changed", "changedat", "changedon", "dateupdated", "datemodified",
		"lastchange", "lastchanged", "lastchangedat", "lastmodified",
		"lastmodifiedat", "lastmodifieddate", "lastmodifiedon", "lastupdate",
		"lastupdated", "lastupdatedat", "lastupdatedon", "modified",
		"modifiedat", "modifieddate", "modifiedon", "modifiedtime", "mtime",
		"updated", "updatedat", "updateddate", "updatedon", "updatedtime",
		"updatetime"
	};
	char		plain[NAMEDATALEN];
	int			n = 0;

	for (const char *c = name; *c != '\0' && n < NAMEDATALEN - 1; c++)
	{
		if (*c != '_' && *c != ' ' && *c != '-')
			plain[n++] = pg_ascii_tolower((unsigned char) *c);
	}
	plain[n] = '\0';
	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (strcmp(plain, names[i]) == 0)
			return true;
	}
	return false;
}
