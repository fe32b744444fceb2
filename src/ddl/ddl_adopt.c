/*
 * ddl_adopt.c
 *		Adopts a table when a command makes a join table of it
 *		(m2m.auto_adopt).
 *
 * Migrations make a join table in pieces and in any order: the table, a key, a
 * foreign key each.  What counts is that a table needs nothing any more
 * (M2mCandidate.plain) after a command that it needed before it: so one that
 * its owner has given up (m2m_drop) is left alone from then on.
 *
 * The command is somebody else's, and is to end as it would without us.  Views
 * and functions become those of the table's owner, made with his rights.  No
 * lock is waited for.  What fails for a reason that lasts is undone, and said
 * in the server's log alone.  Errors of the moment (a cancel, memory, a
 * deadlock) are thrown, as they would strike the command in any other place.
 *
 * A session that restores a dump adopts nothing: with a table that was adopted
 * the dump brings its link views.  Nor is an extension's own table adopted.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "ddl_internal.h"
#include "define.h"
#include "execute.h"
#include "m2m.h"
#include "text.h"

/* What adopt() is to do, and why it did not. */
typedef struct AdoptTask
{
	Oid			relid;
	const char *reason;
} AdoptTask;

static bool restores_dump(void);
static bool may_complete(AlterTableStmt *stmt);
static bool is_plain(Oid relid);
static void adopt_if_plain(Oid relid);
static void adopt(void *arg);
static bool lock_for_adoption(M2mCandidate *c);

/*
 * m2m_ddl_adopt_start: before a command: remembers the tables that may be join
 * tables after it and are none now, in the entry of m2m_pending that others
 * have begun for it, if it is not before's, or in one of its own.  Locks
 * nothing.
 */
void
m2m_ddl_adopt_start(Node *parsetree, M2mPending *before)
{
	M2mPending *p = m2m_pending != before ? m2m_pending : NULL;
	Oid			relid = InvalidOid;
	Oid			schema = InvalidOid;
	char	   *schema_name = NULL;
	List	   *names = NIL;
	MemoryContext old;
	ListCell   *lc;

	switch (nodeTag(parsetree))
	{
		case T_CreateStmt:
			{
				RangeVar   *name = ((CreateStmt *) parsetree)->relation;

				/* one that is there already is not made (IF NOT EXISTS) */
				if (name->relpersistence != RELPERSISTENCE_TEMP)
					schema = m2m_creation_schema(name->schemaname);
				if (OidIsValid(schema) &&
					!OidIsValid(get_relname_relid(name->relname, schema)))
					names = list_make1(makeString(name->relname));
				break;
			}
		case T_CreateSchemaStmt:
			{
				CreateSchemaStmt *stmt = (CreateSchemaStmt *) parsetree;

				foreach(lc, stmt->schemaElts)
				{
					if (IsA(lfirst(lc), CreateStmt))
						names = lappend(names,
										makeString(lfirst_node(CreateStmt, lc)->relation->relname));
				}
				if (names != NIL)
					schema_name = stmt->schemaname != NULL ?
						stmt->schemaname : get_rolespec_name(stmt->authrole);
				break;
			}
		case T_AlterTableStmt:
			if (((AlterTableStmt *) parsetree)->objtype == OBJECT_TABLE &&
				may_complete((AlterTableStmt *) parsetree))
				relid = RangeVarGetRelid(((AlterTableStmt *) parsetree)->relation,
										 NoLock, true);
			break;
		case T_IndexStmt:
			/* CONCURRENTLY commits on its way, and what is remembered is lost */
			if (((IndexStmt *) parsetree)->unique &&
				!((IndexStmt *) parsetree)->concurrent)
				relid = RangeVarGetRelid(((IndexStmt *) parsetree)->relation,
										 NoLock, true);
			break;
		default:
			break;
	}
	if (names == NIL && (!OidIsValid(relid) || is_plain(relid)))
		return;
	if (restores_dump())
		return;
	if (p == NULL)
		p = m2m_pending_push(parsetree);
	old = MemoryContextSwitchTo(p->context);
	if (OidIsValid(relid))
		p->becoming = list_make1_oid(relid);
	p->creates_in = schema;
	if (schema_name != NULL)
		p->creates_schema = pstrdup(schema_name);
	p->creates = copyObject(names);
	MemoryContextSwitchTo(old);
}

/*
 * m2m_ddl_adopt_end: after a command that succeeded: adopts those of the tables
 * that have become join tables.
 */
void
m2m_ddl_adopt_end(M2mPending *p)
{
	Oid			schema = p->creates_schema != NULL ?
		get_namespace_oid(p->creates_schema, true) : p->creates_in;
	ListCell   *lc;

	foreach(lc, p->creates)
	{
		Oid			relid = OidIsValid(schema) ?
			get_relname_relid(strVal(lfirst(lc)), schema) : InvalidOid;

		if (OidIsValid(relid))
			adopt_if_plain(relid);
	}
	foreach(lc, p->becoming)
		adopt_if_plain(lfirst_oid(lc));
}

/*
 * restores_dump: is it a session that pg_dump's script has set up?  Either of
 * these settings may be a user's; together they are what every script of
 * pg_dump begins with, and nobody works so.  (row_security is off there, too,
 * but not with --enable-row-security.)
 */
static bool
restores_dump(void)
{
	return !check_function_bodies &&
		(namespace_search_path[0] == '\0' ||
		 strcmp(namespace_search_path, "\"\"") == 0);
}

/* may_complete: does an ALTER TABLE something that may make a join table? */
static bool
may_complete(AlterTableStmt *stmt)
{
	bool		result = false;
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		switch (lfirst_node(AlterTableCmd, lc)->subtype)
		{
			case AT_AddColumn:
			case AT_ColumnDefault:
			case AT_AddIdentity:
			case AT_SetNotNull:
			case AT_DropNotNull:
			case AT_DropColumn:
			case AT_AddIndex:
			case AT_AddConstraint:
			case AT_AddIndexConstraint:
			case AT_DropConstraint:
			case AT_DropInherit:
				result = true;
				break;
			case AT_DetachPartition:
				/* CONCURRENTLY commits on its way */
				return false;
			default:
				break;
		}
	}
	return result;
}

/* is_plain: is a table a join table that needs nothing any more? */
static bool
is_plain(Oid relid)
{
	M2mCandidate *c = m2m_candidate_read(relid, NULL);

	return c != NULL && c->plain;
}

/*
 * adopt_if_plain: adopts a table if it is.  Says in the server's log why not,
 * if it should have been.
 */
static void
adopt_if_plain(Oid relid)
{
	M2mCandidate *c = m2m_candidate_read(relid, NULL);
	AdoptTask	task = {relid, NULL};
	ErrorData  *error;
	Oid			schema;

	if (c == NULL || !c->plain)
		return;

	/* beforehand, what is sure to fail: a subtransaction costs something */
	schema = m2m_schema_of_views(c->schema, true);
	if (!OidIsValid(schema))
		task.reason = psprintf("link views cannot be made in schema \"%s\", as m2m.view_schema says",
							   m2m_view_schema);
	else if (object_aclcheck(NamespaceRelationId, schema, c->owner,
							 ACL_CREATE) != ACLCHECK_OK)
		task.reason = schema == c->schema ?
			"its owner may not create views in its schema" :
			psprintf("its owner may not create views in schema \"%s\"",
					 m2m_view_schema);
	else
	{
		error = m2m_attempt_as(c->owner, true, true, true, adopt, &task);
		if (error != NULL)
			task.reason = error->message;
	}
	if (task.reason != NULL)
		ereport(LOG,
				(errmsg("m2m did not adopt table %s: %s",
						m2m_qualified_name(relid), task.reason),
				 errhint("m2m_adopt(%s) adopts it.",
						 quote_literal_cstr(m2m_qualified_name(relid)))));
	else
		ereport(DEBUG1,
				(errmsg_internal("m2m adopted table %s",
								 m2m_qualified_name(relid))));
}

/* adopt: as the table's owner. */
static void
adopt(void *arg)
{
	AdoptTask  *task = arg;
	M2mCandidate *c = m2m_candidate_read(task->relid, NULL);

	/*
	 * Nobody asked for names, so nobody is told which were taken.  What may
	 * be locked is, below, if it is free.  Names that others are about to
	 * have are not chosen (m2m_name_is_being_taken()); one that is taken just
	 * after that look, and not committed yet, can only be waited for.
	 */
	m2m_setting_for_now("client_min_messages", "warning");
	m2m_setting_for_now("lock_timeout", "20");
	if (c == NULL)
		return;
	if (!lock_for_adoption(c))
	{
		task->reason = "others have locked what it takes";
		return;
	}

	/* as it is under the locks */
	c = m2m_candidate_read(task->relid, NULL);
	if (c != NULL && c->plain)
		m2m_candidate_adopt(c, true);
}

/*
 * lock_for_adoption: takes all locks that adoption will, if they are free;
 * returns whether it has them.
 */
static bool
lock_for_adoption(M2mCandidate *c)
{
	List	   *endpoints = list_append_unique_oid(list_make1_oid(c->table[M2M_LEFT]),
												   c->table[M2M_RIGHT]);
	Oid			schema = m2m_schema_of_views(c->schema, false);

	return m2m_keep_extension_if_free("m2m") &&
		m2m_lock_object_if_free(NamespaceRelationId, c->schema, AccessShareLock) &&
		(schema == c->schema ||
		 m2m_lock_object_if_free(NamespaceRelationId, schema, AccessShareLock)) &&
		m2m_lock_if_free(list_make1_oid(c->relid), ShareRowExclusiveLock) &&
		m2m_lock_if_free(endpoints, AccessShareLock);
}
