/*
 * execute.c
 *		Running SQL of our own: as the caller who asked for it, or as the owner of
 *		what somebody else's command made necessary to change.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "text.h"

/*
 * Our own statements fire event triggers too; ddl_trigger.c passes them by,
 * but not what event triggers of others run meanwhile.
 */
static int	depth = 0;
static Node *own_statement = NULL;	/* the innermost */

static const char *const see_check =
"m2m_check() tells what is amiss, and m2m_repair() mends it.";

static void say_statement(void *arg);
static bool as_owner(Oid owner, bool restricted, bool keep, const char *what,
					 const char *hint, bool (*expected) (int sqlerrcode),
					 void (*action) (void *arg), void *arg);
static ErrorData *attempt(Oid owner, bool restricted, bool keep, bool quietly,
						  void (*action) (void *arg), void *arg);
static bool is_in_the_way(int sqlerrcode);
static bool is_owners_doing(int sqlerrcode);
static bool is_lasting(int sqlerrcode);
static void drop_unseen(void *arg);
static void drop_list(void *arg);
static bool unless_depended_on(void (*action) (void *arg), void *arg);
static void drop_by_statement(ObjectAddress *object, DropBehavior behavior);

/*
 * m2m_association_check_owner: error 42501 unless the caller owns the table,
 * 42P01 if it is gone.  Comes before any lock.
 */
void
m2m_association_check_owner(Oid association)
{
	if (get_rel_name(association) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", association)));
	if (!object_ownercheck(RelationRelationId, association, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER,
					   get_relkind_objtype(get_rel_relkind(association)),
					   get_rel_name(association));
}

/*
 * m2m_ddl: runs one utility statement of our own as the current user.
 *
 * As SPI would, with a snapshot of its own, but without a plan: a command on a
 * table where thousands of relationships meet runs many thousands of them.
 */
void
m2m_ddl(const char *sql)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "m2m statement",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Node	   *outer = own_statement;
	ErrorContextCallback callback = {error_context_stack, say_statement,
	unconstify(char *, sql)};

	depth++;
	error_context_stack = &callback;
	PG_TRY();
	{
		List	   *statements = pg_parse_query(sql);

		if (list_length(statements) != 1)
			elog(ERROR, "not one statement: \"%s\"", sql);

		/* by this tree the event triggers know it: see m2m_ddl_is_own() */
		own_statement = linitial_node(RawStmt, statements)->stmt;
		CommandCounterIncrement();
		statements = pg_analyze_and_rewrite_fixedparams(linitial(statements),
														sql, NULL, 0, NULL);
		statements = pg_plan_queries(statements, sql, 0, NULL);
		if (list_length(statements) != 1 ||
			linitial_node(PlannedStmt, statements)->utilityStmt == NULL)
			elog(ERROR, "not a utility statement: \"%s\"", sql);
		PushActiveSnapshot(GetTransactionSnapshot());
		ProcessUtility(linitial(statements), sql, false,
					   PROCESS_UTILITY_QUERY, NULL, NULL, None_Receiver,
					   NULL);
		PopActiveSnapshot();
		CommandCounterIncrement();
	}
	PG_FINALLY();
	{
		/* also after an error: the next command of the session is no own one */
		depth--;
		own_statement = outer;
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* say_statement: what SPI says of a statement in which an error is raised. */
static void
say_statement(void *arg)
{
	int			position = geterrposition();

	/* positions are in our text, not in that which the client has sent */
	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(arg);
	}
	else
		errcontext("SQL statement \"%s\"", (char *) arg);
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
 * m2m_sql_seen: the same, of a statement that mends what was found to be amiss:
 * as of now, it reads and changes the rows of now.  Error 40001 where the
 * transaction's snapshot does not show one that it changes.
 */
void
m2m_sql_seen(const char *sql)
{
	List	   *statements = pg_parse_query(sql);
	SPIPlanPtr	plan;
	Node	   *statement;

	if (list_length(statements) != 1)
		elog(ERROR, "not one statement: \"%s\"", sql);
	statement = linitial_node(RawStmt, statements)->stmt;
	if (!IsA(statement, DeleteStmt) && !IsA(statement, UpdateStmt) &&
		!IsA(statement, SelectStmt))
	{
		m2m_sql(sql);
		return;
	}
	SPI_connect();
	plan = SPI_prepare(sql, 0, NULL);
	if (plan == NULL || m2m_latest_write(plan, NULL, true) < 0)
		elog(ERROR, "SPI failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	SPI_finish();
}

/*
 * m2m_policies_past: from now on the current user is past policies that he has
 * put on tables of his own (FORCE ROW LEVEL SECURITY), as foreign keys' statements
 * are: what counts all links must not count those that he sees.  Returns what
 * m2m_policies_back() is to be given; after an error the end of the
 * (sub)transaction does that.
 */
int
m2m_policies_past(void)
{
	Oid			userid;
	int			security;

	GetUserIdAndSecContext(&userid, &security);
	SetUserIdAndSecContext(userid, security | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	return security;
}

/* m2m_policies_back: they are as before. */
void
m2m_policies_back(int security)
{
	SetUserIdAndSecContext(GetUserId(), security);
}

/*
 * m2m_ddl_is_own: is a statement, for which event triggers fire, one of ours?
 */
bool
m2m_ddl_is_own(Node *parsetree)
{
	return own_statement != NULL && equal(parsetree, own_statement);
}

/*
 * m2m_ddl_depth: how deep we are in DDL of our own.
 */
int
m2m_ddl_depth(void)
{
	return depth;
}

/*
 * m2m_as_owner: does something with the rights of an owner, in a
 * security-restricted operation and with a search_path that nobody can plant
 * anything in.  What fails for a reason that is the owner's doing, and lasts
 * (is_owners_doing), is undone and reported as a WARNING that begins with
 * what; the command that made it necessary is somebody else's, and goes on.
 * All other errors are thrown: no command shall commit with less than it
 * found because of a lock, a cancel or a full disk.  Returns whether it
 * succeeded.
 *
 * restricted is false for temporary objects, which cannot be made in a
 * security-restricted operation; they are their owner's session's anyway.
 */
bool
m2m_as_owner(Oid owner, bool restricted, const char *what,
			 void (*action) (void *arg), void *arg)
{
	return as_owner(owner, restricted, true, what, see_check, is_owners_doing,
					action, arg);
}

/*
 * m2m_as_server: the same with the rights of the bootstrap superuser, for a
 * statement in which nothing of an owner's is evaluated.  Its only lasting
 * errors are that something is in the way (is_in_the_way): it needs no right.
 */
bool
m2m_as_server(bool restricted, const char *what, void (*action) (void *arg),
			  void *arg)
{
	return as_owner(BOOTSTRAP_SUPERUSERID, restricted, true, what, see_check,
					is_in_the_way, action, arg);
}

/*
 * m2m_try_as_owner: the same for what was asked for by itself, and where
 * nothing is lost if it fails, with a hint of the caller's: a WARNING also
 * where the owner's own code says so in words of its own.
 */
bool
m2m_try_as_owner(Oid owner, bool restricted, const char *what,
				 const char *hint, void (*action) (void *arg), void *arg)
{
	return as_owner(owner, restricted, true, what, hint, is_lasting, action,
					arg);
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
	return as_owner(owner, true, false, what, NULL, is_lasting, action, arg);
}

/*
 * m2m_attempt_as: the same for what nobody would miss, as a role and without a
 * word: returns NULL, or the error for which it was undone; and undoes it in
 * any case unless keep.  passing: a lock that is not to be had is such an
 * error, too.  Others of the moment are thrown.
 */
ErrorData *
m2m_attempt_as(Oid role, bool restricted, bool keep, bool passing,
			   void (*action) (void *arg), void *arg)
{
	ErrorData  *error = attempt(role, restricted, keep, false, action, arg);

	if (error != NULL && !is_lasting(error->sqlerrcode) &&
		!(passing && error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE))
		ReThrowError(error);
	return error;
}

/*
 * as_owner: all of them; keep what the action did?  Which errors are expected?
 *
 * An event trigger of the user's can fail with any error; that is no reason to
 * lose what could be put back.  So an error that is expected has to come again
 * without them.
 */
static bool
as_owner(Oid owner, bool restricted, bool keep, const char *what,
		 const char *hint, bool (*expected) (int sqlerrcode),
		 void (*action) (void *arg), void *arg)
{
	ErrorData  *error = attempt(owner, restricted, keep, false, action, arg);
	ErrorData  *again;

	if (error == NULL)
		return true;
	if (!expected(error->sqlerrcode))
		ReThrowError(error);

	/*
	 * The action is done once more, and undone either way, only to hear
	 * whether it is the statement that fails or what fired on it.  If it
	 * succeeds now, the first error was a trigger's and is thrown, as it
	 * would be without us.  With is_lasting any code of the owner's may fail,
	 * and nothing is lost by it.
	 */
	if (expected != is_lasting)
	{
		again = attempt(owner, restricted, false, true, action, arg);
		if (again == NULL || !expected(again->sqlerrcode))
			ReThrowError(error);
		FreeErrorData(again);
	}
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("%s: %s", what, error->message),
			 error->detail != NULL ?
			 errdetail_internal("%s", error->detail) : 0,
			 hint != NULL ? errhint("%s", hint) : 0));
	FreeErrorData(error);
	return false;
}

/*
 * attempt: runs an action in a subtransaction, which is taken back if it
 * fails, or unless keep; returns NULL, or the error.  With quietly no event
 * trigger fires (but one that is ENABLE ALWAYS).
 */
static ErrorData *
attempt(Oid owner, bool restricted, bool keep, bool quietly,
		void (*action) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resowner = CurrentResourceOwner;
	Oid			userid;
	int			security;
	int			nestlevel;
	int			saved_depth = depth;
	ErrorData  *volatile error = NULL;

	/*
	 * The subtransaction begins as the caller: AbortSubTransaction() gives
	 * back the user that there was at its start, and undoes settings of all
	 * nest levels that were opened in it.  Memory is the caller's, so that
	 * what the action leaves in arg lasts.
	 */
	GetUserIdAndSecContext(&userid, &security);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	nestlevel = NewGUCNestLevel();
	PG_TRY();
	{
		/*
		 * A security-restricted operation, so that code of the owner's, such
		 * as an event trigger's, does not set the role, or leave behind a
		 * cursor or temporary object, by which the rights of whoever runs the
		 * command come to it.  A search_path in which nobody's name comes
		 * before PostgreSQL's.  Bodies of functions are checked, also in a
		 * session that restores a dump: one that cannot run is to be an error
		 * here, not at its first call.  What only looks is past his own
		 * policies: m2m_policies_past().
		 */
		SetUserIdAndSecContext(owner, security |
							   SECURITY_LOCAL_USERID_CHANGE |
							   (restricted ? SECURITY_RESTRICTED_OPERATION : 0) |
							   (keep ? 0 : SECURITY_NOFORCE_RLS));
		m2m_setting_for_now("search_path", "pg_catalog, pg_temp");
		m2m_setting_for_now("check_function_bodies", "on");

		/* filter_event_trigger() passes by what fires on origin */
		if (quietly)
			(void) set_config_option("session_replication_role", "replica",
									 PGC_SUSET, PGC_S_SESSION,
									 GUC_ACTION_SAVE, true, 0, false);
		action(arg);

		/*
		 * Not as a commit: also what the owner's own code may have set is
		 * taken back, or it would hold in the caller's session.  Settings and
		 * user go first, since the subtransaction ends as who it began as.
		 */
		AtEOXact_GUC(false, nestlevel);
		SetUserIdAndSecContext(userid, security);
		if (keep)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		/* ErrorContext is cleared, the subtransaction's memory goes with it */
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();

		/* the subtransaction takes user, settings and locks back */
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	depth = saved_depth;
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resowner;
	return error;
}

/*
 * m2m_setting_for_now: a setting until the caller's GUC nest level ends.
 */
void
m2m_setting_for_now(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * is_in_the_way: has something else the name of what is to be put back, or do
 * the columns that it speaks of not fit together any more?
 *
 * A list of what is known to come of our statements in a state that lasts:
 * whatever is not here fails the command, so that a lock, a cancel, a full disk
 * or an error nobody has thought of never makes it commit with less than it
 * found.  What lasts has to be here, or the user's command cannot be run at
 * all until he has mended what may not be his.
 */
static bool
is_in_the_way(int sqlerrcode)
{
	switch (sqlerrcode)
	{
			/* a name is taken; something of the user's holds what has to go */
		case ERRCODE_DUPLICATE_TABLE:
		case ERRCODE_DUPLICATE_FUNCTION:
		case ERRCODE_DUPLICATE_OBJECT:
		case ERRCODE_DUPLICATE_COLUMN:
		case ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST:

			/*
			 * columns are of other types now, which nothing compares: no
			 * operator (or several) for the join in a view's query or a
			 * function's body; or CREATE OR REPLACE VIEW finds a column that
			 * has become another
			 */
		case ERRCODE_AMBIGUOUS_FUNCTION:
		case ERRCODE_CANNOT_COERCE:
		case ERRCODE_COLLATION_MISMATCH:
		case ERRCODE_DATATYPE_MISMATCH:
		case ERRCODE_INDETERMINATE_COLLATION:
		case ERRCODE_INVALID_TABLE_DEFINITION:
		case ERRCODE_UNDEFINED_FUNCTION:
			return true;
		default:
			return false;
	}
}

/*
 * is_owners_doing: the errors of putting back, or bringing up to date, what is
 * an owner's, that he could mend and nobody else can: something is in the way;
 * he has lost a right; a default, rule or condition speaks of what is no
 * longer there.
 *
 * Not all lasting errors, as is_lasting(): what the owner's code raises in
 * words of its own fails the command that it was run for.  He has put it there
 * to have a say, as in any trigger.
 */
static bool
is_owners_doing(int sqlerrcode)
{
	switch (sqlerrcode)
	{
			/* a right is lost */
		case ERRCODE_INSUFFICIENT_PRIVILEGE:
			/* what it speaks of is gone */
		case ERRCODE_UNDEFINED_COLUMN:
		case ERRCODE_UNDEFINED_OBJECT:
		case ERRCODE_UNDEFINED_SCHEMA:
		case ERRCODE_UNDEFINED_TABLE:
			/* a rule does not fit the view any more */
		case ERRCODE_INVALID_OBJECT_DEFINITION:
			/* a field or element of what is no row or array any more */
		case ERRCODE_WRONG_OBJECT_TYPE:
			return true;
		default:

			/* or a constant its type */
			return is_in_the_way(sqlerrcode) ||
				ERRCODE_TO_CATEGORY(sqlerrcode) == ERRCODE_DATA_EXCEPTION;
	}
}

/*
 * is_lasting: all errors but those of the moment: of resources, locks,
 * transactions, operators and the server itself.  Those must be thrown: after a
 * serialization failure or a deadlock the transaction cannot be right any
 * more, a cancel is to end the command, and damage (class XX) is to be seen.
 */
static bool
is_lasting(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_INTERNAL_ERROR:
			return false;
		default:
			return sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE;
	}
}

/*
 * m2m_leave_extension, m2m_enter_extension: inside an extension's script
 * whatever is created becomes its member.  A relationship is nobody's member:
 * it would go with the extension whose script has run the command, and
 * pg_dump would leave it out.  The caller enters again after an error, too:
 * the script may catch it, and go on making members.
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
 * m2m_drop_objects: drops objects (a list of ObjectAddress) whoever owns them,
 * and unseen by event triggers: what is put aside is not gone.  False, and
 * nothing is dropped, if something of the user's depends on one of them: then
 * PostgreSQL's own protection, and its own message, is what the user gets.
 */
bool
m2m_drop_objects(List *addresses)
{
	ObjectAddresses *objects = new_object_addresses();
	ListCell   *lc;
	bool		dropped;

	foreach(lc, addresses)
		add_exact_object_address(lfirst(lc), objects);
	dropped = unless_depended_on(drop_unseen, objects);
	free_object_addresses(objects);
	return dropped;
}

/* drop_unseen: all at once, so that they may depend on each other. */
static void
drop_unseen(void *arg)
{
	performMultipleDeletions(arg, DROP_RESTRICT,
							 PERFORM_DELETION_INTERNAL |
							 PERFORM_DELETION_QUIETLY);
}

/*
 * m2m_drop_for_good: drops objects (a list of ObjectAddress: views, tables,
 * functions) whoever owns them, by statements that event triggers
 * see as they see the user's own, one after the other.  Errors: those of the
 * statements; 2BP01 where something depends on one and behavior is
 * DROP_RESTRICT.
 */
void
m2m_drop_for_good(List *addresses, DropBehavior behavior)
{
	ListCell   *lc;

	foreach(lc, addresses)
		drop_by_statement(lfirst(lc), behavior);
}

/*
 * m2m_drop_for_good_if_free: the same; false, and nothing is dropped, if
 * something depends on one of them.
 */
bool
m2m_drop_for_good_if_free(List *addresses)
{
	return addresses == NIL || unless_depended_on(drop_list, addresses);
}

/* drop_list: m2m_drop_for_good() as an action. */
static void
drop_list(void *arg)
{
	m2m_drop_for_good(arg, DROP_RESTRICT);
}

/*
 * unless_depended_on: does something in a subtransaction, and undoes it where
 * 2BP01 tells that something depends on what it drops; returns whether it was
 * done.  Other errors are thrown.
 */
static bool
unless_depended_on(void (*action) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resowner = CurrentResourceOwner;
	int			saved_depth = depth;
	volatile bool done = false;

	/*
	 * Tried, not asked of pg_depend before: findDependentObjects() locks what
	 * it goes through and knows every kind of dependency, and between our
	 * question and the deletion somebody could add one.
	 */
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		/* the hook for what a command drops passes by, too */
		depth++;
		action(arg);
		ReleaseCurrentSubTransaction();
		done = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		depth = saved_depth;
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = resowner;

		/* the one answer that this is for; nothing else is swallowed */
		if (error->sqlerrcode != ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST)
			ReThrowError(error);
		FreeErrorData(error);
	}
	PG_END_TRY();
	depth = saved_depth;
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resowner;

	/* the caller's next look at the catalogs has to find it gone */
	if (done)
		CommandCounterIncrement();
	return done;
}

/*
 * drop_by_statement: drops a view, table or function by a DROP statement; by
 * the current user's right or, where that does not suffice, by the bootstrap
 * superuser's in a security-restricted operation, as CASCADE asks for no right
 * either.  Then event triggers run as he, and so not with a search_path of the
 * current user's.  Nothing happens if the object is gone.  Locks it
 * exclusively, as DROP does.
 */
static void
drop_by_statement(ObjectAddress *object, DropBehavior behavior)
{
	bool		function = object->classId == ProcedureRelationId;
	const char *kind;
	char	   *name;
	Oid			userid;
	int			security;
	Oid			owner;
	Oid			schema;
	int			nestlevel;

	/*
	 * The statement names it: its name is to stay, and to mean it, from here
	 * to where DROP looks it up.  (Its schema's no lock would keep; but what
	 * may wait is over before the name is read.)  DROP locks just so, so no
	 * lock is added, and who has dropped it while we waited leaves no owner.
	 */
	if (function)
	{
		LockDatabaseObject(object->classId, object->objectId, 0,
						   AccessExclusiveLock);
		owner = m2m_catalog_function_owner(object->objectId);
	}
	else
	{
		LockRelationOid(object->objectId, AccessExclusiveLock);
		owner = m2m_catalog_relation_owner(object->objectId);
	}
	if (!OidIsValid(owner))
		return;
	if (function)
	{
		kind = "FUNCTION";
		name = format_procedure_extended(object->objectId,
										 FORMAT_PROC_FORCE_QUALIFY);
		schema = get_func_namespace(object->objectId);
	}
	else
	{
		kind = get_rel_relkind(object->objectId) == RELKIND_VIEW ?
			"VIEW" : "TABLE";
		name = m2m_qualified_name(object->objectId);
		schema = get_rel_namespace(object->objectId);
	}
	GetUserIdAndSecContext(&userid, &security);
	nestlevel = NewGUCNestLevel();

	/*
	 * The current user's right first: then event triggers see him, as in a
	 * DROP of his own.
	 */
	if (!has_privs_of_role(userid, owner) ||
		object_aclcheck(NamespaceRelationId, schema, userid,
						ACL_USAGE) != ACLCHECK_OK)
	{
		SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, security |
							   SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_RESTRICTED_OPERATION);
		m2m_setting_for_now("search_path", "pg_catalog, pg_temp");
	}
	m2m_ddl(psprintf("DROP %s %s%s", kind, name,
					 behavior == DROP_CASCADE ? " CASCADE" : ""));

	/* after an error the end of the (sub)transaction does it */
	AtEOXact_GUC(false, nestlevel);
	SetUserIdAndSecContext(userid, security);
	CommandCounterIncrement();
}
