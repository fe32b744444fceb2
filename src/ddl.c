/*
 * ddl.c
 *		Running DDL of our own: as the caller who asked for it, or as the
 *		owner of what somebody else's DDL made necessary to change.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/objectaddress.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "m2m.h"

/* Our own statements fire event triggers too; ddl_trigger.c passes them by. */
static int	depth = 0;

static bool as_owner(Oid owner, bool restricted, bool keep, const char *what,
					 const char *hint, void (*action) (void *arg), void *arg);

/*
 * m2m_ddl: runs one utility statement of our own as the current user.
 */
void
m2m_ddl(const char *sql)
{
	depth++;
	PG_TRY();
	{
		m2m_sql(sql);
	}
	PG_FINALLY();
	{
		depth--;
	}
	PG_END_TRY();
}

/*
 * m2m_sql: runs one statement of any kind as the current user, who could have
 * typed it.  One: names in it are other people's, and should quoting ever fail
 * it shall not become another statement.
 */
void
m2m_sql(const char *sql)
{
	int			result;

	if (list_length(pg_parse_query(sql)) != 1)
		elog(ERROR, "not one statement: \"%s\"", sql);
	SPI_connect();
	result = SPI_execute(sql, false, 0);
	if (result < 0)
		elog(ERROR, "SPI_execute failed for \"%s\": %s", sql,
			 SPI_result_code_string(result));
	SPI_finish();
}

/*
 * m2m_ddl_running: is the current statement one of ours?
 */
bool
m2m_ddl_running(void)
{
	return depth > 0;
}

/*
 * m2m_as_owner: does something with the rights of an owner, in a
 * security-restricted operation and with a search_path that nobody can plant
 * anything in.  What fails is undone and reported as a WARNING that begins
 * with what; the command that made it necessary is somebody else's, and goes
 * on.  Returns whether it succeeded.
 *
 * restricted is false for temporary objects, which cannot be made in a
 * security-restricted operation; they are their owner's session's anyway.
 */
bool
m2m_as_owner(Oid owner, bool restricted, const char *what,
			 void (*action) (void *arg), void *arg)
{
	return as_owner(owner, restricted, true, what,
					"m2m_check() tells what is amiss, and m2m_repair() mends it.",
					action, arg);
}

/*
 * m2m_mend_as_owner: the same for m2m_repair itself, with a hint of its own.
 */
bool
m2m_mend_as_owner(Oid owner, bool restricted, const char *what,
				  const char *hint, void (*action) (void *arg), void *arg)
{
	return as_owner(owner, restricted, true, what, hint, action, arg);
}

/*
 * m2m_look_as_owner: the same for an action that only looks, and tells what it
 * saw through arg.  The subtransaction is rolled back, so that its locks go at
 * once, and whatever the owner's code may have done.
 */
bool
m2m_look_as_owner(Oid owner, const char *what,
				  void (*action) (void *arg), void *arg)
{
	return as_owner(owner, true, false, what, NULL, action, arg);
}

/* as_owner: both of them; keep what the action did? */
static bool
as_owner(Oid owner, bool restricted, bool keep, const char *what,
		 const char *hint, void (*action) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resowner = CurrentResourceOwner;
	Oid			userid;
	int			security;
	int			nestlevel;
	int			saved_depth = depth;
	volatile bool done = false;

	GetUserIdAndSecContext(&userid, &security);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	nestlevel = NewGUCNestLevel();
	PG_TRY();
	{
		SetUserIdAndSecContext(owner, security |
							   SECURITY_LOCAL_USERID_CHANGE |
							   (restricted ? SECURITY_RESTRICTED_OPERATION : 0));
		(void) set_config_option("search_path", "pg_catalog, pg_temp",
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
		(void) set_config_option("check_function_bodies", "on",
								 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
								 true, 0, false);
		action(arg);

		/* also what the owner's own code may have set */
		AtEOXact_GUC(false, nestlevel);
		SetUserIdAndSecContext(userid, security);
		if (keep)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
		done = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();

		/* the subtransaction takes user, settings and locks back */
		RollbackAndReleaseCurrentSubTransaction();
		depth = saved_depth;
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = resowner;
		if (error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
			error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
			ReThrowError(error);
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("%s: %s", what, error->message),
				 error->detail != NULL ?
				 errdetail_internal("%s", error->detail) : 0,
				 hint != NULL ? errhint("%s", hint) : 0));
		FreeErrorData(error);
	}
	PG_END_TRY();
	depth = saved_depth;
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resowner;
	return done;
}

/*
 * m2m_leave_extension, m2m_enter_extension: inside an extension's script
 * whatever is created becomes its member.  A relationship is nobody's member.
 */
void
m2m_leave_extension(M2mExtensionState *state)
{
	state->creating = creating_extension;
	state->current = CurrentExtensionObject;
	creating_extension = false;
	CurrentExtensionObject = InvalidOid;
}

void
m2m_enter_extension(M2mExtensionState *state)
{
	creating_extension = state->creating;
	CurrentExtensionObject = state->current;
}

/*
 * m2m_drop_objects: drops objects (a list of ObjectAddress) whoever owns them.
 * False, and nothing is dropped, if something of the user's depends on one of
 * them: then PostgreSQL's own protection, and its own message, is what the
 * user gets.
 */
bool
m2m_drop_objects(List *addresses)
{
	ObjectAddresses *objects = new_object_addresses();
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resowner = CurrentResourceOwner;
	volatile bool dropped = false;
	ListCell   *lc;

	foreach(lc, addresses)
		add_exact_object_address(lfirst(lc), objects);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		performMultipleDeletions(objects, DROP_RESTRICT,
								 PERFORM_DELETION_INTERNAL |
								 PERFORM_DELETION_QUIETLY);
		ReleaseCurrentSubTransaction();
		dropped = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = resowner;
		if (error->sqlerrcode != ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST)
			ReThrowError(error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resowner;
	free_object_addresses(objects);
	if (dropped)
		CommandCounterIncrement();
	return dropped;
}
