/*
 * define_schema.c
 *		The schema that link views and link functions are made in.
 *
 * Only of those that are to be made: where one is, it stays, and whoever looks
 * for it asks the catalogs.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"

#include "define_internal.h"
#include "m2m.h"

/*
 * m2m_schema_of_views: where views and functions of an association in a schema
 * go: where m2m.view_schema says, if it says so and the association is not
 * temporary, since temporary views are all in one schema; else beside it.
 * Errors: 3F000 there is none of that name; 42P16 it is for temporary objects;
 * with missing_ok none, but InvalidOid.
 */
Oid
m2m_schema_of_views(Oid association_schema, bool missing_ok)
{
	Oid			schema;

	if (m2m_view_schema == NULL || m2m_view_schema[0] == '\0' ||
		isAnyTempNamespace(association_schema))
		return association_schema;
	schema = get_namespace_oid(m2m_view_schema, true);
	if (missing_ok)
		return OidIsValid(schema) && !isAnyTempNamespace(schema) ?
			schema : InvalidOid;
	if (OidIsValid(schema) && isAnyTempNamespace(schema))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("link views of permanent tables cannot be made in temporary schema \"%s\"",
						m2m_view_schema),
				 errhint("Set \"m2m.view_schema\" to another schema, or to '', to have them beside the association table.")));
	if (!OidIsValid(schema))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema \"%s\" does not exist", m2m_view_schema),
				 errdetail("Link views and functions were to be made there: the setting \"m2m.view_schema\" says so."),
				 errhint("Create it, or set \"m2m.view_schema\" to another schema, or to '', to have them beside the association table.")));
	return schema;
}

/*
 * m2m_schema_check: error 42501 unless the caller may make objects in a schema
 * and speak of them by their names.
 */
void
m2m_schema_check(Oid schema)
{
	AclResult	aclresult = object_aclcheck(NamespaceRelationId, schema,
											GetUserId(), ACL_CREATE);

	if (aclresult == ACLCHECK_OK)
		aclresult = object_aclcheck(NamespaceRelationId, schema, GetUserId(),
									ACL_USAGE);
	if (aclresult != ACLCHECK_OK)
		aclcheck_error(aclresult, OBJECT_SCHEMA, get_namespace_name(schema));
}
