/*
 * ddl_trigger.c
 *		Event triggers: relationships follow the schema, and stand in nobody's
 *		way.
 *
 * Views follow renames by themselves.  What does not happen by itself:
 *
 *	- a column added to a table shows in the link views, a renamed one is
 *	  renamed there, NOT NULL is followed (at the end of the command)
 *	- DROP COLUMN, ALTER COLUMN TYPE and DROP TABLE are refused by PostgreSQL
 *	  while a view reads the table: link views step aside before the command
 *	  and come back after it (ddl_views.c, view_save.c, view_restore.c)
 *	- a foreign key that comes or goes says which table is meant: link views
 *	  and functions follow it, or rest while it is not known
 *	- names in the bodies of link functions, which are strings
 *	- link views and functions go with the association to a new owner
 *	- what remains of a relationship when one of its tables was dropped, goes
 *	- a table that has become a join table is adopted, where that is wanted
 *
 * These triggers run as whoever runs the command, for every such command.
 * They read catalogs without permission checks, leave at once where no
 * relationship is concerned, and lock nothing that the caller's command would
 * not be allowed to lock.  A command that fails takes back what they did.
 *
 * Here stands only which command is whose: ddl_alter.c knows what an ALTER
 * or RENAME means, ddl_drop.c what a DROP does, and ddl_dropped.c sees what it
 * takes along.  What they remember of a command until its end is
 * ddl_pending.c's.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"

#include "ddl_internal.h"
#include "execute.h"
#include "m2m.h"

static void as_nobodys_member(void (*action) (Node *parsetree),
							  Node *parsetree);
static void on_start(Node *parsetree);
static void on_end(Node *parsetree);

PG_FUNCTION_INFO_V1(m2m_ddl_command_start);
PG_FUNCTION_INFO_V1(m2m_ddl_command_end);

/*
 * m2m_ddl_command_start, m2m_ddl_command_end: the event triggers.
 * ProcessUtilitySlow() calls the first before the command has locked or
 * checked anything, the second only after it succeeded.  The command sees what
 * we did (EventTriggerDDLCommandStart() ends with CommandCounterIncrement()).
 * Errors: 39P03; those of locking and of dropping; at the end see
 * m2m_as_server().
 */
Datum
m2m_ddl_command_start(PG_FUNCTION_ARGS)
{
	EventTriggerData *data = (EventTriggerData *) fcinfo->context;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not fired by event trigger manager")));
	if (!m2m_ddl_is_own(data->parsetree))
		as_nobodys_member(on_start, data->parsetree);
	PG_RETURN_NULL();
}

Datum
m2m_ddl_command_end(PG_FUNCTION_ARGS)
{
	EventTriggerData *data = (EventTriggerData *) fcinfo->context;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not fired by event trigger manager")));

	/* our own statements are never remembered, so there is no need to ask */
	if (m2m_pending != NULL)
		as_nobodys_member(on_end, data->parsetree);
	PG_RETURN_NULL();
}

/*
 * as_nobodys_member: what we drop and make again in another extension's script
 * does not become its member.
 */
static void
as_nobodys_member(void (*action) (Node *parsetree), Node *parsetree)
{
	M2mExtensionState extension;

	if (!creating_extension)
	{
		action(parsetree);
		return;
	}

	/*
	 * These are plain variables of the backend, which no end of a
	 * subtransaction sets back: a script whose block catches our error goes
	 * on, and what it makes then is to be a member.
	 */
	m2m_leave_extension(&extension);
	PG_TRY();
	{
		action(parsetree);
	}
	PG_FINALLY();
	{
		m2m_enter_extension(&extension);
	}
	PG_END_TRY();
}

/*
 * on_start: before a command.  Most are none of our business.
 */
static void
on_start(Node *parsetree)
{
	M2mPending *before = m2m_pending;

	m2m_ddl_give_way(parsetree);
	m2m_ddl_alter_start(parsetree);
	m2m_ddl_drop_start(parsetree);
	if (m2m_auto_adopt)
		m2m_ddl_adopt_start(parsetree, before);
}

/*
 * on_end: after a command that succeeded.
 */
static void
on_end(Node *parsetree)
{
	M2mPending *p = m2m_pending;
	MemoryContext old;

	/*
	 * ProcessUtilitySlow() passes the same tree to both triggers.  Its
	 * address will do, and nothing else would: the same text may run inside
	 * itself. What lies above on the stack began later and has had no end.
	 */
	while (p != NULL && p->parsetree != parsetree)
		p = p->previous;
	if (p == NULL)
		return;
	old = MemoryContextSwitchTo(p->context);
	CommandCounterIncrement();

	/* views first: what is put back is then renamed and refreshed as others */
	m2m_ddl_drop_end(p);
	m2m_ddl_alter_end(p);
	m2m_ddl_adopt_end(p);
	MemoryContextSwitchTo(old);
	m2m_pending_pop(p);
}
