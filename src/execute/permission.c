/*
 * permission.c
 *		May the caller do what we do in the executor's place?
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/execdesc.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "execute.h"

static bool has_rights(Oid relid, AclMode required, Bitmapset *selected,
					   Bitmapset *written);
static bool has_right_on(Oid relid, AclMode right, Bitmapset *columns);
static void start_executor(Relation relation, LOCKMODE lockmode,
						   CmdType operation, AclMode required,
						   Bitmapset *selected, Bitmapset *written);

/*
 * m2m_check_permissions: may the caller do what required says on a table and,
 * where it is only for columns, on these: selected to read, written to insert
 * or update?  As the executor asks on every statement, so that who has hooked
 * it is asked, too, and can log.  False if not; a hook may raise an error.
 *
 * Who logs may do so only for the first question that a statement asks, and
 * not if somebody merely wants to know (pgAudit of PostgreSQL 19).  The one
 * that called us has asked its own.  So where the question is hooked, the
 * executor is started for a statement that inserts, and for another that
 * deletes, as the general path would.  As a caller without the rights is to be
 * that path's, we look for ourselves first.
 */
bool
m2m_check_permissions(Relation relation, LOCKMODE lockmode, AclMode required,
					  Bitmapset *selected, Bitmapset *written)
{
	AclMode		reading = required & ACL_SELECT;

	if (ExecutorCheckPerms_hook == NULL)
	{
		List	   *infos;
		List	   *rtable = m2m_permissions_list(relation, lockmode, required,
												  selected, written, &infos);

		return m2m_executor_permits(rtable, infos);
	}

	if (!has_rights(RelationGetRelid(relation), required, selected, written))
		return false;
	if (required & ACL_DELETE)
		start_executor(relation, lockmode, CMD_DELETE, ACL_DELETE | reading,
					   selected, NULL);
	if (required & ACL_INSERT)
		start_executor(relation, lockmode, CMD_INSERT, ACL_INSERT | reading,
					   selected, written);
	if (required & ACL_UPDATE)
		start_executor(relation, lockmode, CMD_UPDATE, ACL_UPDATE | reading,
					   selected, written);
	if (required == ACL_SELECT)
		start_executor(relation, lockmode, CMD_SELECT, reading, selected,
					   NULL);
	return true;
}

/* has_rights: the executor's own question, without the hook. */
static bool
has_rights(Oid relid, AclMode required, Bitmapset *selected,
		   Bitmapset *written)
{
	AclMode		missing = required & ~pg_class_aclmask(relid, GetUserId(),
													   required, ACLMASK_ALL);

	/* the others are for whole tables */
	return (missing & ~(ACL_SELECT | ACL_INSERT | ACL_UPDATE)) == 0 &&
		(!(missing & ACL_SELECT) ||
		 has_right_on(relid, ACL_SELECT, selected)) &&
		(!(missing & ACL_INSERT) ||
		 has_right_on(relid, ACL_INSERT, written)) &&
		(!(missing & ACL_UPDATE) ||
		 has_right_on(relid, ACL_UPDATE, written));
}

/*
 * has_right_on: is there a right on each of the columns; on any column, if none
 * is named; on all of them, if the row as a whole is?
 */
static bool
has_right_on(Oid relid, AclMode right, Bitmapset *columns)
{
	int			column = -1;

	if (bms_is_empty(columns))
		return pg_attribute_aclcheck_all(relid, GetUserId(), right,
										 ACLMASK_ANY) == ACLCHECK_OK;
	while ((column = bms_next_member(columns, column)) >= 0)
	{
		AttrNumber	attnum = column + FirstLowInvalidHeapAttributeNumber;

		if ((attnum == InvalidAttrNumber ?
			 pg_attribute_aclcheck_all(relid, GetUserId(), right, ACLMASK_ALL) :
			 pg_attribute_aclcheck(relid, attnum, GetUserId(),
								   right)) != ACLCHECK_OK)
			return false;
	}
	return true;
}

/*
 * start_executor: begins and ends a statement that needs these rights and does
 * nothing, under the text that the client sent.  As EXPLAIN does it, so that
 * no trigger of a statement fires.  The table is locked already.
 */
static void
start_executor(Relation relation, LOCKMODE lockmode, CmdType operation,
			   AclMode required, Bitmapset *selected, Bitmapset *written)
{
	PlannedStmt *statement = makeNode(PlannedStmt);
	bool		pushed = !ActiveSnapshotSet();
	List	   *infos;
	QueryDesc  *query;

	statement->commandType = operation;
	statement->planTree = (Plan *) makeNode(Result);
	statement->rtable = m2m_permissions_list(relation, lockmode, required,
											 selected, written, &infos);
	m2m_set_permissions(statement, infos);
	statement->stmt_len = 0;	/* all of the text */

	if (pushed)
		PushActiveSnapshot(GetTransactionSnapshot());
	query = CreateQueryDesc(statement,
							debug_query_string ? debug_query_string : "",
							GetActiveSnapshot(), InvalidSnapshot,
							None_Receiver, NULL, NULL, 0);
	ExecutorStart(query, EXEC_FLAG_EXPLAIN_ONLY);
	ExecutorEnd(query);
	FreeQueryDesc(query);
	if (pushed)
		PopActiveSnapshot();
}
