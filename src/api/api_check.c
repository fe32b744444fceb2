/*
 * api_check.c
 *		The SQL functions m2m_check and m2m_repair.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "catalog.h"
#include "check.h"
#include "m2m.h"
#include "relationship.h"

static void check_association(Oid relid);
static void put_finding(ReturnSetInfo *rsinfo, M2mFinding *finding);

PG_FUNCTION_INFO_V1(m2m_check);
PG_FUNCTION_INFO_V1(m2m_repair);

/*
 * m2m_check: SQL function; a row for each finding of one relationship, or of
 * all, and for each view that was one's and is none's any more.  What the
 * caller may not read is not looked into.
 */
Datum
m2m_check(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *others = NIL;
	List	   *associations = PG_ARGISNULL(0) ?
		m2m_catalog_associations_and_others(&others) :
		list_make1_oid(PG_GETARG_OID(0));
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	if (!PG_ARGISNULL(0))
		check_association(PG_GETARG_OID(0));
	foreach(lc, associations)
	{
		ListCell   *lf;

		foreach(lf, m2m_check_relationship(lfirst_oid(lc)))
			put_finding(rsinfo, lfirst(lf));

		/* of these it has told already */
		if (others != NIL)
			others = list_difference_oid(others,
										 m2m_catalog_link_views(lfirst_oid(lc)));
		CHECK_FOR_INTERRUPTS();
	}
	foreach(lc, others)
		put_finding(rsinfo, m2m_check_stray_view(lfirst_oid(lc)));
	return (Datum) 0;
}

/*
 * m2m_repair: SQL function; mends what m2m_check finds of one relationship,
 * or of all whose association the caller owns.  Returns the findings that were
 * mended; a remedy that fails is a WARNING, and the others go on.  Error 42501
 * for a relationship of another owner.
 */
Datum
m2m_repair(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	bool		one = !PG_ARGISNULL(0);
	List	   *associations;
	ListCell   *lc;

	PreventCommandIfReadOnly("m2m_repair()");
	PreventCommandIfParallelMode("m2m_repair()");
	associations = one ? list_make1_oid(PG_GETARG_OID(0)) :
		m2m_catalog_associations();
	InitMaterializedSRF(fcinfo, 0);
	if (one)
		check_association(PG_GETARG_OID(0));
	foreach(lc, associations)
	{
		Oid			association = lfirst_oid(lc);
		ListCell   *lf;

		if (!object_ownercheck(RelationRelationId, association, GetUserId()))
		{
			if (one)
				aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE,
							   get_rel_name(association));
			continue;
		}

		foreach(lf, m2m_repair_relationship(association))
			put_finding(rsinfo, lfirst(lf));
		CHECK_FOR_INTERRUPTS();
	}
	return (Datum) 0;
}

/*
 * check_association: error 42704 unless a link view takes the table for an
 * association, 42P01 if there is no such relation.
 */
static void
check_association(Oid relid)
{
	ListCell   *lc;

	if (get_rel_name(relid) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	foreach(lc, m2m_catalog_link_views(relid))
	{
		M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lc), true);

		if (view == NULL || view->association == relid)
			return;
	}
	m2m_error_no_relationship(relid);
}

/* put_finding: one row of the result. */
static void
put_finding(ReturnSetInfo *rsinfo, M2mFinding *finding)
{
	Datum		values[4];
	bool		isnull[4] = {false, false, false, false};

	values[0] = ObjectIdGetDatum(finding->association);
	values[1] = CStringGetTextDatum(finding->severity);
	values[2] = CStringGetTextDatum(finding->what);
	isnull[3] = finding->remedy == NULL;
	values[3] = isnull[3] ? (Datum) 0 : CStringGetTextDatum(finding->remedy);
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
}
