/*
 * extension.c
 *		Marking triggers of ours as going with the extension.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "utils/rel.h"

#include "execute.h"

static void depends(Oid classid, Oid objectid, const char *extension);
static void record_extension(Oid classid, Oid objectid, Oid extension);

/*
 * m2m_trigger_depends: marks a trigger as going with an extension.  What ALTER
 * TRIGGER ... DEPENDS ON EXTENSION does, but for its exclusive lock on the
 * extension, by which all relationships of a database would wait for each
 * other, and for whoever marks a function of his own: it is enough that nobody
 * drops the extension meanwhile (m2m_keep_extension).  Error 42704.
 */
void
m2m_trigger_depends(Oid trigger, const char *extension)
{
	depends(TriggerRelationId, trigger, extension);
}

/* m2m_function_depends: the same of a function. */
void
m2m_function_depends(Oid function, const char *extension)
{
	depends(ProcedureRelationId, function, extension);
}

/* depends: what both do. */
static void
depends(Oid classid, Oid objectid, const char *extension)
{
	Oid			extensionid = m2m_keep_extension(extension, false);

	if (list_member_oid(getAutoExtensionsOfObject(classid, objectid),
						extensionid))
		return;
	record_extension(classid, objectid, extensionid);
	CommandCounterIncrement();
}

/*
 * record_extension: writes the dependency of a trigger on an extension.  Not
 * by recordDependencyOn(), which in newer minor releases locks the extension.
 */
static void
record_extension(Oid classid, Oid objectid, Oid extension)
{
	Relation	depend = table_open(DependRelationId, RowExclusiveLock);
	Datum		values[Natts_pg_depend];
	bool		nulls[Natts_pg_depend] = {0};

	values[Anum_pg_depend_classid - 1] = ObjectIdGetDatum(classid);
	values[Anum_pg_depend_objid - 1] = ObjectIdGetDatum(objectid);
	values[Anum_pg_depend_objsubid - 1] = Int32GetDatum(0);
	values[Anum_pg_depend_refclassid - 1] =
		ObjectIdGetDatum(ExtensionRelationId);
	values[Anum_pg_depend_refobjid - 1] = ObjectIdGetDatum(extension);
	values[Anum_pg_depend_refobjsubid - 1] = Int32GetDatum(0);
	values[Anum_pg_depend_deptype - 1] =
		CharGetDatum(DEPENDENCY_AUTO_EXTENSION);
	CatalogTupleInsert(depend, heap_form_tuple(RelationGetDescr(depend),
											   values, nulls));
	table_close(depend, RowExclusiveLock);
}
