/*
 * ddl_pending.c
 *		What is remembered of a command between its start and its end.
 *
 * A stack, since a command may run others.  ddl_command_end does not fire
 * after an error, so what a failed (sub)transaction began is forgotten by
 * callbacks.  What an entry says is for ddl_alter.c, ddl_drop.c and
 * ddl_views.c to fill in.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "ddl_trigger.h"
#include "m2m.h"

/* The command begun last; NULL: none. */
M2mPending *m2m_pending = NULL;

static void refuse_to_lose(void);
static void forget_at_end(XactEvent event, void *arg);
static void forget_at_subend(SubXactEvent event, SubTransactionId subid,
							 SubTransactionId parent, void *arg);

/*
 * m2m_pending_init: registers what forgets commands that never ended.
 * Called once, at load.
 */
void
m2m_pending_init(void)
{
	RegisterXactCallback(forget_at_end, NULL);
	RegisterSubXactCallback(forget_at_subend, NULL);
}

/*
 * m2m_pending_push: begins to remember a command, which is returned; all that
 * belongs to it lies in its context.  Pushed only where the command concerns a
 * relationship.
 */
M2mPending *
m2m_pending_push(Node *parsetree)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext,
												  "m2m command",
												  ALLOCSET_SMALL_SIZES);
	M2mPending *p = MemoryContextAllocZero(context, sizeof(M2mPending));

	p->context = context;
	p->parsetree = parsetree;
	p->nest_level = GetCurrentTransactionNestLevel();
	p->depth = m2m_ddl_depth();
	p->previous = m2m_pending;
	m2m_pending = p;
	return p;
}

/*
 * m2m_pending_pop: forgets a command, and those begun since that never ended.
 */
void
m2m_pending_pop(M2mPending *to)
{
	M2mPending *below = to->previous;

	while (m2m_pending != below)
	{
		M2mPending *p = m2m_pending;

		m2m_pending = p->previous;
		MemoryContextDelete(p->context);
	}
}

/*
 * m2m_function_see: the link function of one side as it reads now, in
 * CurrentMemoryContext; NULL if there is none.  Locks nothing.
 */
M2mSeenFunction *
m2m_function_see(M2mRelationship *rel, M2mSide near)
{
	Oid			function = m2m_function_find(rel, near, false);
	M2mSeenFunction *seen;

	if (!OidIsValid(function))
		return NULL;
	seen = palloc(sizeof(M2mSeenFunction));
	seen->function = function;
	seen->association = rel->association;
	seen->near = near;
	seen->body = m2m_function_body(rel, near);
	seen->start = m2m_function_start(rel->association);
	return seen;
}

/*
 * m2m_function_see_as_is: the same of a function that does not read as the
 * link function of the relationship would (any more).
 */
M2mSeenFunction *
m2m_function_see_as_is(M2mRelationship *rel, M2mSide near, Oid function)
{
	M2mSeenFunction *seen = palloc(sizeof(M2mSeenFunction));
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		isnull = true;
	Datum		source = 0;

	seen->function = function;
	seen->association = rel->association;
	seen->near = near;
	if (HeapTupleIsValid(tuple))
		source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	seen->body = isnull ? pstrdup("") : TextDatumGetCString(source);
	seen->start = m2m_function_start(rel->association);
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return seen;
}

/*
 * m2m_function_reads_as_seen: has nobody changed a link function since the
 * command began?  Nothing keeps its owner from doing so meanwhile.
 */
bool
m2m_function_reads_as_seen(M2mSeenFunction *seen)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID,
										ObjectIdGetDatum(seen->function));
	Datum		source;
	bool		isnull;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	result = !isnull && strcmp(TextDatumGetCString(source), seen->body) == 0;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_function_follow_name: at rest a link function has no body to be given
 * anew, but what it begins with names the association, and tells whose it is:
 * that follows a name that the command has changed.
 */
void
m2m_function_follow_name(M2mSeenFunction *seen)
{
	size_t		length = strlen(seen->start);
	char	   *start;

	if (get_rel_name(seen->association) == NULL)
		return;
	start = m2m_function_start(seen->association);
	if (strcmp(start, seen->start) != 0 &&
		strncmp(seen->body, seen->start, length) == 0 &&
		m2m_function_reads_as_seen(seen))
		m2m_function_replace(seen->function,
							 psprintf("%s%s", start, seen->body + length));
}

/*
 * refuse_to_lose: at the end of a transaction nothing may be left aside, as it
 * is where the event trigger at the end of commands was disabled, but not the
 * one at their start.  Error 55000.
 */
static void
refuse_to_lose(void)
{
	for (M2mPending *p = m2m_pending; p != NULL; p = p->previous)
	{
		List	   *lost = m2m_views_lost(p);

		if (lost != NIL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("link view \"%s\" has not come back",
							m2m_saved_view_name(linitial(lost))),
					 errdetail("A command for which it stepped aside, or that has dropped it, had no end that m2m could see."),
					 errhint("Enable both event triggers, m2m_ddl_command_start and m2m_ddl_command_end, or neither.")));
	}
}

/*
 * forget_at_end, forget_at_subend: a command that failed has no end; nor had
 * what it did one.  TopTransactionContext takes the memory.
 */
static void
forget_at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		refuse_to_lose();
	else if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
			 event == XACT_EVENT_PREPARE)
		m2m_pending = NULL;
}

static void
forget_at_subend(SubXactEvent event, SubTransactionId subid,
				 SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		while (m2m_pending != NULL &&
			   m2m_pending->nest_level >= GetCurrentTransactionNestLevel())
			m2m_pending_pop(m2m_pending);
	}
}
