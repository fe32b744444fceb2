/*
 * compat.h
 *		The only place that knows PostgreSQL version numbers.
 *
 * The code is written against the newest API that it can name; each shim
 * below says what changed and in which major.
 */
#ifndef M2M_COMPAT_H
#define M2M_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "m2m needs PostgreSQL 15 or later"
#endif

/*
 * 16: object_aclcheck() and object_ownercheck() replaced the functions for
 * each kind of object.
 */
#if PG_VERSION_NUM < 160000
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "utils/acl.h"

static inline AclResult
object_aclcheck(Oid classid, Oid objectid, Oid roleid, AclMode mode)
{
	Assert(classid == NamespaceRelationId);
	return pg_namespace_aclcheck(objectid, roleid, mode);
}

static inline bool
object_ownercheck(Oid classid, Oid objectid, Oid roleid)
{
	if (classid == ProcedureRelationId)
		return pg_proc_ownercheck(objectid, roleid);
	Assert(classid == RelationRelationId);
	return pg_class_ownercheck(objectid, roleid);
}
#endif

#endif							/* M2M_COMPAT_H */
