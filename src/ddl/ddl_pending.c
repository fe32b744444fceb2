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

#include "access/xact.h"
#include "nodes/parsenodes.h"
#include "utils/memutils.h"

#include "ddl_internal.h"
#include "execute.h"
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
	/*
	 * Not in the event trigger's memory, which EventTriggerInvoke() resets
	 * before the command begins.  In the transaction's, with which all that
	 * is remembered is over at the latest.
	 */
	MemoryContext context = AllocSetContextCreate(TopTransactionContext,
												  "m2m command",
												  ALLOCSET_SMALL_SIZES);
	M2mPending *p = MemoryContextAllocZero(context, sizeof(M2mPending));

	/*
	 * The level says which rollback undoes the command, and the depth which
	 * drops are ours and which are an event trigger's that runs within our
	 * own statements.
	 */
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
 *
 * PRE_COMMIT comes when the last of a user's code has run, deferred triggers
 * among it, and an error still undoes everything (CommitTransaction()); at
 * COMMIT it is too late for one.
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
	int			level = GetCurrentTransactionNestLevel();

	/* both events come while the subtransaction is still the current one */
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		while (m2m_pending != NULL && m2m_pending->nest_level >= level)
			m2m_pending_pop(m2m_pending);
	}
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		/*
		 * What a command without an end did is its parent's now.  With the
		 * level of the subtransaction that is over, the next one that fails
		 * would take it for its own, and refuse_to_lose() miss it.
		 */
		for (M2mPending *p = m2m_pending; p != NULL; p = p->previous)
			p->nest_level = Min(p->nest_level, level - 1);
	}
}
