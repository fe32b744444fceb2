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
#include "utils/memutils.h"

#include "ddl_trigger.h"
#include "m2m.h"

/* The command begun last; NULL: none. */
M2mPending *m2m_pending = NULL;

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
	return seen;
}

/*
 * forget_at_end, forget_at_subend: a command that failed has no end; nor had
 * what it did one.  TopTransactionContext takes the memory.
 */
static void
forget_at_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
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
