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
 *	  and come back after it (view_save.c)
 *	- names in the bodies of link functions, which are strings
 *	- link views and functions go with the association to a new owner
 *	- what remains of a relationship when one of its tables was dropped, goes
 *
 * These triggers run as whoever runs the command, for every such command.
 * They read catalogs without permission checks, leave at once where no
 * relationship is concerned, and lock nothing that the caller's command would
 * not be allowed to lock.  A command that fails takes back what they did.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "commands/extension.h"
#include "commands/tablecmds.h"
#include "commands/user.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "m2m.h"

/* A link function, as it read before the command. */
typedef struct SeenFunction
{
	Oid			function;
	Oid			association;
	M2mSide		near;
	char	   *body;
} SeenFunction;

/* A relationship, as it was before a command that may drop parts of it. */
typedef struct SeenRelationship
{
	Oid			association;
	Oid			owner;
	Oid			endpoint[2];
	bool		adopted;
	List	   *functions;		/* SeenFunction */
	List	   *views;			/* M2mSavedView */
} SeenRelationship;

/* A column being renamed. */
typedef struct SeenRename
{
	Oid			relid;
	AttrNumber	attnum;
	char	   *old_name;
	char	   *new_name;
} SeenRename;

/* Between the start and the end of a command. */
typedef struct Pending
{
	struct Pending *previous;
	MemoryContext context;
	Node	   *parsetree;
	int			nest_level;		/* of the (sub)transaction */
	List	   *associations;	/* to be looked over */
	List	   *views;			/* OIDs of link views that we may change */
	List	   *aside;			/* M2mSavedView */
	List	   *functions;		/* SeenFunction */
	List	   *renames;		/* SeenRename */
	List	   *relationships;	/* SeenRelationship */
	Oid			owned_by;		/* association whose owner changes */
	Oid			old_owner;
	List	   *owned;			/* link functions that follow it */
} Pending;

static Pending *pending = NULL;

static void as_nobodys_member(void (*action) (Node *parsetree),
							  Node *parsetree);
static void on_start(Node *parsetree);
static void on_end(Node *parsetree);
static Pending *push(Node *parsetree);
static void pop(Pending *to);
static void forget_at_end(XactEvent event, void *arg);
static void forget_at_subend(SubXactEvent event, SubTransactionId subid,
							 SubTransactionId parent, void *arg);
static void start_alter_table(AlterTableStmt *stmt);
static List *alter_targets(AlterTableStmt *stmt, Oid relid);
static List *typed_tables(Oid type);
static void start_rename(RenameStmt *stmt);
static void start_rename_column(RenameStmt *stmt);
static void start_move(Node *parsetree, List *associations);
static void start_drop_table(DropStmt *stmt);
static void start_drop(Node *parsetree, List *associations, List *owners);
static List *dropped_associations(DropStmt *stmt);
static List *associations_of(List *relids);
static List *views_of(List *relids);
static bool reaches_association(List *relids, List *associations);
static List *foreign_key_tables(AlterTableStmt *stmt, List *relids);
static void add_foreign_key_tables(Oid relid, AttrNumber attnum,
								   bool own_only, List **tables);
static bool may_hold_up(Oid role, Oid relid);
static bool lock_views(Pending *p, List *relids, List *tables,
					   LOCKMODE lockmode);
static bool lock_view_if_free(Oid viewid);
static bool put_aside(Pending *p, List *relids, List *tables);
static void see_functions(Pending *p, Oid association);
static void see_relationship(Pending *p, Oid association, bool with_views);
static SeenFunction *see_function(M2mRelationship *rel, M2mSide near);
static void follow_owner(Pending *p, Oid association);
static void end_drop(Pending *p);
static void end_relationships(Pending *p, List *associations);
static List *restore_lost(List *saved_views);
static void drop_rest(SeenRelationship *seen);
static void drop_triggers(Oid viewid);
static bool drop_objects(List *addresses);
static void end_renames(Pending *p);
static void rename_in_views(Pending *p, SeenRename *rename);
static bool is_our_alias(const char *alias, const char *name,
						 const char *prefix);
static void rename_view_column(void *arg);
static void refresh_views(Pending *p);
static void refresh_view(void *arg);
static void refresh_functions(Pending *p);
static void end_owner(Pending *p);
static void give_away(const char *kind, const char *name, const char *role);
static void run_ddl(void *arg);

PG_FUNCTION_INFO_V1(m2m_ddl_command_start);
PG_FUNCTION_INFO_V1(m2m_ddl_command_end);

/*
 * m2m_ddl_trigger_init: registers what forgets commands that never ended.
 * Called once, at load.
 */
void
m2m_ddl_trigger_init(void)
{
	RegisterXactCallback(forget_at_end, NULL);
	RegisterSubXactCallback(forget_at_subend, NULL);
}

/*
 * m2m_ddl_command_start, m2m_ddl_command_end: the event triggers.
 */
Datum
m2m_ddl_command_start(PG_FUNCTION_ARGS)
{
	EventTriggerData *data = (EventTriggerData *) fcinfo->context;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not fired by event trigger manager")));
	if (!m2m_ddl_running())
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
	if (!m2m_ddl_running() && pending != NULL)
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
	switch (nodeTag(parsetree))
	{
		case T_AlterTableStmt:
			start_alter_table((AlterTableStmt *) parsetree);
			break;
		case T_RenameStmt:
			start_rename((RenameStmt *) parsetree);
			break;
		case T_AlterObjectSchemaStmt:
			{
				AlterObjectSchemaStmt *stmt =
					(AlterObjectSchemaStmt *) parsetree;

				if (stmt->objectType == OBJECT_TABLE)
				{
					Oid			relid = RangeVarGetRelid(stmt->relation,
														 NoLock, true);

					if (OidIsValid(relid))
						start_move(parsetree,
								   associations_of(list_make1_oid(relid)));
				}
				else if (stmt->objectType == OBJECT_EXTENSION ||
						 stmt->objectType == OBJECT_OPERATOR ||
						 stmt->objectType == OBJECT_COLLATION)
					start_move(parsetree, m2m_catalog_associations());
				break;
			}
		case T_DropStmt:
			{
				DropStmt   *stmt = (DropStmt *) parsetree;

				if (stmt->removeType == OBJECT_TABLE)
					start_drop_table(stmt);
				else if (stmt->behavior == DROP_CASCADE &&
						 stmt->removeType != OBJECT_VIEW &&
						 !stmt->concurrent)
					start_drop(parsetree, dropped_associations(stmt), NIL);
				break;
			}
		case T_DropOwnedStmt:
			start_drop(parsetree, m2m_catalog_associations(),
					   roleSpecsToIds(((DropOwnedStmt *) parsetree)->roles));
			break;
		default:
			break;
	}
}

/*
 * on_end: after a command that succeeded.
 */
static void
on_end(Node *parsetree)
{
	Pending    *p = pending;
	MemoryContext old;

	while (p != NULL && p->parsetree != parsetree)
		p = p->previous;
	if (p == NULL)
		return;
	old = MemoryContextSwitchTo(p->context);
	CommandCounterIncrement();
	end_relationships(p, restore_lost(p->aside));
	end_drop(p);
	end_renames(p);
	refresh_views(p);
	refresh_functions(p);
	end_owner(p);
	MemoryContextSwitchTo(old);
	pop(p);
}

/* push: begins to remember a command; everything lies in p->context. */
static Pending *
push(Node *parsetree)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext,
												  "m2m command",
												  ALLOCSET_SMALL_SIZES);
	Pending    *p = MemoryContextAllocZero(context, sizeof(Pending));

	p->context = context;
	p->parsetree = parsetree;
	p->nest_level = GetCurrentTransactionNestLevel();
	p->previous = pending;
	pending = p;
	return p;
}

/* pop: forgets a command, and those begun since that never ended. */
static void
pop(Pending *to)
{
	Pending    *below = to->previous;

	while (pending != below)
	{
		Pending    *p = pending;

		pending = p->previous;
		MemoryContextDelete(p->context);
	}
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
		pending = NULL;
}

static void
forget_at_subend(SubXactEvent event, SubTransactionId subid,
				 SubTransactionId parent, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		while (pending != NULL &&
			   pending->nest_level >= GetCurrentTransactionNestLevel())
			pop(pending);
	}
}

/*
 * start_alter_table: before ALTER TABLE or, for typed tables, ALTER TYPE.
 */
static void
start_alter_table(AlterTableStmt *stmt)
{
	bool		blocked = false;
	bool		shows = false;	/* may a link view read otherwise? */
	bool		adds = false;	/* a column to any of them */
	bool		owner = false;
	LOCKMODE	lockmode;
	Oid			relid;
	List	   *targets;
	List	   *tables;
	List	   *associations;
	Pending    *p;
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		switch (lfirst_node(AlterTableCmd, lc)->subtype)
		{
			case AT_DropColumn:
			case AT_AlterColumnType:
				blocked = true;
				break;
			case AT_AddColumn:
			case AT_AddOf:
				shows = adds = true;
				break;
			case AT_SetNotNull:
			case AT_DropNotNull:
			case AT_AddConstraint:
			case AT_AddIndex:
			case AT_DropConstraint:
				shows = true;
				break;
			case AT_ChangeOwner:
				owner = true;
				break;
			case AT_DetachPartition:
				/* may span transactions, and changes nothing of ours */
				return;
			default:
				break;
		}
	}
	if (!blocked && !shows && !owner)
		return;
	relid = RangeVarGetRelid(stmt->relation, NoLock, true);
	if (!OidIsValid(relid))
		return;
	targets = alter_targets(stmt, relid);
	associations = associations_of(targets);
	if (associations == NIL)
		return;

	/* the command's own check, which comes later; it fails by itself */
	if (!object_ownercheck(RelationRelationId, relid, GetUserId()))
		return;

	p = push((Node *) stmt);
	old = MemoryContextSwitchTo(p->context);
	p->associations = list_copy(associations);
	if (owner && list_member_oid(associations, relid))
		follow_owner(p, relid);
	lockmode = AlterTableGetLockLevel(stmt->cmds);
	tables = list_append_unique_oid(list_copy(targets), relid);
	if (blocked)
	{
		/* a key's collation stands in the functions' bodies */
		foreach(lc, associations)
			see_functions(p, lfirst_oid(lc));
		put_aside(p, targets,
				  list_concat_unique_oid(tables,
										 foreign_key_tables(stmt, targets)));
	}
	else if (adds || (owner && list_member_oid(associations, relid)) ||
			 (shows && lockmode == AccessExclusiveLock &&
			  reaches_association(targets, associations)))
		lock_views(p, targets, tables, lockmode);
	MemoryContextSwitchTo(old);
}

/*
 * reaches_association: is one of the tables an association?  NOT NULL of its
 * columns shows in the conditions of link views; that of an endpoint's does
 * not.
 */
static bool
reaches_association(List *relids, List *associations)
{
	ListCell   *lc;

	foreach(lc, relids)
	{
		if (list_member_oid(associations, lfirst_oid(lc)))
			return true;
	}
	return false;
}

/*
 * foreign_key_tables: the tables that an ALTER TABLE will lock beside those
 * that it alters, because it drops, or makes anew, foreign keys over the
 * columns that it names.
 */
static List *
foreign_key_tables(AlterTableStmt *stmt, List *relids)
{
	List	   *tables = NIL;
	ListCell   *lc;
	ListCell   *lr;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype != AT_DropColumn &&
			cmd->subtype != AT_AlterColumnType)
			continue;
		foreach(lr, relids)
		{
			AttrNumber	attnum = get_attnum(lfirst_oid(lr), cmd->name);

			/* without CASCADE others' foreign keys make DROP COLUMN fail */
			if (attnum > 0)
				add_foreign_key_tables(lfirst_oid(lr), attnum,
									   cmd->subtype == AT_DropColumn &&
									   cmd->behavior != DROP_CASCADE,
									   &tables);
		}
	}
	list_sort(tables, list_oid_cmp);
	return tables;
}

/*
 * add_foreign_key_tables: adds both tables of each foreign key that a column
 * is part of, on either side or (own_only) as a referencing column.
 */
static void
add_foreign_key_tables(Oid relid, AttrNumber attnum, bool own_only,
					   List **tables)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[3];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	ScanKeyInit(&key[2], Anum_pg_depend_refobjsubid, BTEqualStrategyNumber,
				F_INT4EQ, Int32GetDatum(attnum));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  3, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		HeapTuple	constraint;
		Form_pg_constraint fk;

		if (form->classid != ConstraintRelationId)
			continue;
		constraint = SearchSysCache1(CONSTROID,
									 ObjectIdGetDatum(form->objid));
		if (!HeapTupleIsValid(constraint))
			continue;
		fk = (Form_pg_constraint) GETSTRUCT(constraint);
		if (fk->contype == CONSTRAINT_FOREIGN &&
			(!own_only || fk->conrelid == relid))
		{
			*tables = list_append_unique_oid(*tables, fk->conrelid);
			*tables = list_append_unique_oid(*tables, fk->confrelid);
		}
		ReleaseSysCache(constraint);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

/*
 * alter_targets: the tables that an ALTER TABLE or ALTER TYPE reaches:
 * inheritance children and typed tables included.
 */
static List *
alter_targets(AlterTableStmt *stmt, Oid relid)
{
	char		relkind = get_rel_relkind(relid);

	if (relkind == RELKIND_COMPOSITE_TYPE)
		return typed_tables(get_rel_type_id(relid));
	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE &&
		relkind != RELKIND_FOREIGN_TABLE)
		return NIL;
	if (stmt->relation->inh && has_subclass(relid))
		return find_all_inheritors(relid, NoLock, NULL);
	return list_make1_oid(relid);
}

/* typed_tables: tables OF a composite type. */
static List *
typed_tables(Oid type)
{
	Relation	class = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key, Anum_pg_class_reloftype, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(type));
	scan = systable_beginscan(class, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = lappend_oid(result, ((Form_pg_class) GETSTRUCT(tuple))->oid);
	systable_endscan(scan);
	table_close(class, AccessShareLock);
	return result;
}

/*
 * start_rename: before a RENAME of a column, or of something whose name stands
 * in the bodies of link functions.
 */
static void
start_rename(RenameStmt *stmt)
{
	Oid			relid;

	switch (stmt->renameType)
	{
		case OBJECT_COLUMN:
		case OBJECT_ATTRIBUTE:
			start_rename_column(stmt);
			break;
		case OBJECT_TABLE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
			/* PostgreSQL takes any of these words for any relation */
			relid = RangeVarGetRelid(stmt->relation, NoLock, true);
			if (OidIsValid(relid))
				start_move((Node *) stmt,
						   associations_of(list_make1_oid(relid)));
			break;
		case OBJECT_SCHEMA:
			relid = get_namespace_oid(stmt->subname, true);
			if (OidIsValid(relid))
				start_move((Node *) stmt,
						   m2m_catalog_dependent_associations(NamespaceRelationId,
															  relid));
			break;
		case OBJECT_COLLATION:
			start_move((Node *) stmt, m2m_catalog_associations());
			break;
		default:
			break;
	}
}

/* start_rename_column: before ALTER TABLE or TYPE ... RENAME COLUMN. */
static void
start_rename_column(RenameStmt *stmt)
{
	Oid			relid = RangeVarGetRelid(stmt->relation, NoLock, true);
	List	   *targets;
	List	   *associations;
	char		relkind;
	Pending    *p;
	MemoryContext old;
	ListCell   *lc;

	if (!OidIsValid(relid))
		return;
	relkind = get_rel_relkind(relid);
	if (relkind == RELKIND_COMPOSITE_TYPE)
		targets = typed_tables(get_rel_type_id(relid));
	else if (relkind != RELKIND_RELATION &&
			 relkind != RELKIND_PARTITIONED_TABLE)
		return;
	else if (stmt->relation->inh && has_subclass(relid))
		targets = find_all_inheritors(relid, NoLock, NULL);
	else
		targets = list_make1_oid(relid);
	associations = associations_of(targets);
	if (associations == NIL ||
		!object_ownercheck(RelationRelationId, relid, GetUserId()))
		return;

	p = push((Node *) stmt);
	old = MemoryContextSwitchTo(p->context);
	lock_views(p, targets, list_append_unique_oid(list_copy(targets), relid),
			   AccessExclusiveLock);
	foreach(lc, targets)
	{
		AttrNumber	attnum = get_attnum(lfirst_oid(lc), stmt->subname);
		SeenRename *rename;

		if (attnum == InvalidAttrNumber)
			continue;
		rename = palloc(sizeof(SeenRename));
		rename->relid = lfirst_oid(lc);
		rename->attnum = attnum;
		rename->old_name = pstrdup(stmt->subname);
		rename->new_name = pstrdup(stmt->newname);
		p->renames = lappend(p->renames, rename);
	}
	foreach(lc, associations)
		see_functions(p, lfirst_oid(lc));
	MemoryContextSwitchTo(old);
}

/*
 * start_move: before a command after which names in the link functions of
 * these associations may read otherwise.
 */
static void
start_move(Node *parsetree, List *associations)
{
	Pending    *p;
	MemoryContext old;
	ListCell   *lc;

	if (associations == NIL)
		return;
	p = push(parsetree);
	old = MemoryContextSwitchTo(p->context);
	foreach(lc, associations)
		see_functions(p, lfirst_oid(lc));
	MemoryContextSwitchTo(old);
}

/*
 * start_drop_table: before DROP TABLE.  An association goes with its link
 * views and functions as if they were part of it; so does an endpoint that is
 * dropped together with all associations to it.
 */
static void
start_drop_table(DropStmt *stmt)
{
	List	   *named = NIL;
	List	   *dropped = NIL;	/* and what inherits from it */
	List	   *associations;
	List	   *going = NIL;
	Pending    *p;
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList((List *) lfirst(lc));
		Oid			relid = RangeVarGetRelid(name, NoLock, true);

		if (OidIsValid(relid))
			named = list_append_unique_oid(named, relid);
		else if (!stmt->missing_ok)
			return;
	}
	foreach(lc, named)
	{
		if (has_subclass(lfirst_oid(lc)))
			dropped = list_concat_unique_oid(dropped,
											 find_all_inheritors(lfirst_oid(lc),
																 NoLock, NULL));
		else
			dropped = list_append_unique_oid(dropped, lfirst_oid(lc));
	}
	associations = associations_of(dropped);
	if (associations == NIL)
		return;

	/* the command's own check, which comes later; it fails by itself */
	foreach(lc, named)
	{
		Oid			relid = lfirst_oid(lc);

		if (!object_ownercheck(RelationRelationId, relid, GetUserId()) &&
			!object_ownercheck(NamespaceRelationId, get_rel_namespace(relid),
							   GetUserId()))
			return;
	}

	p = push((Node *) stmt);
	old = MemoryContextSwitchTo(p->context);
	foreach(lc, associations)
	{
		Oid			association = lfirst_oid(lc);

		if (list_member_oid(dropped, association))
			going = lappend_oid(going, association);
		see_relationship(p, association, false);
	}
	if (going != NIL)
	{
		ObjectAddresses *functions = new_object_addresses();

		/* dropping their foreign keys' triggers locks the endpoints as well */
		foreach(lc, p->relationships)
		{
			SeenRelationship *seen = lfirst(lc);

			if (!list_member_oid(going, seen->association))
				continue;
			dropped = list_append_unique_oid(dropped, seen->endpoint[M2M_LEFT]);
			dropped = list_append_unique_oid(dropped, seen->endpoint[M2M_RIGHT]);
		}
		if (!put_aside(p, going, dropped))
			going = NIL;
		foreach(lc, p->relationships)
		{
			SeenRelationship *seen = lfirst(lc);
			ListCell   *lf;

			if (!list_member_oid(going, seen->association))
				continue;
			foreach(lf, seen->functions)
			{
				ObjectAddress address;

				ObjectAddressSet(address, ProcedureRelationId,
								 ((SeenFunction *) lfirst(lf))->function);
				add_exact_object_address(&address, functions);
			}
		}

		/* what uses a link function is protected as by PostgreSQL */
		performMultipleDeletions(functions, stmt->behavior,
								 PERFORM_DELETION_INTERNAL);
	}
	MemoryContextSwitchTo(old);
}

/*
 * start_drop: before a command that may drop anything by CASCADE.  Link views
 * are remembered, in case that they go and their tables stay, as when the
 * type of a column is dropped; but not those of owners whose things are what
 * is to be dropped.
 */
static void
start_drop(Node *parsetree, List *associations, List *owners)
{
	Pending    *p;
	MemoryContext old;
	ListCell   *lc;

	if (associations == NIL)
		return;
	p = push(parsetree);
	old = MemoryContextSwitchTo(p->context);
	foreach(lc, associations)
		see_relationship(p, lfirst_oid(lc), true);
	foreach(lc, p->relationships)
	{
		SeenRelationship *seen = lfirst(lc);
		ListCell   *lv;

		foreach(lv, seen->views)
		{
			if (list_member_oid(owners, m2m_saved_view_owner(lfirst(lv))))
				seen->views = foreach_delete_current(seen->views, lv);
		}
	}
	MemoryContextSwitchTo(old);
}

/*
 * dropped_associations: the associations that DROP ... CASCADE may concern:
 * of schemas and types those that depend on them, else all of the database.
 */
static List *
dropped_associations(DropStmt *stmt)
{
	List	   *result = NIL;
	ListCell   *lc;

	if (stmt->removeType != OBJECT_SCHEMA &&
		stmt->removeType != OBJECT_TYPE && stmt->removeType != OBJECT_DOMAIN)
		return m2m_catalog_associations();
	foreach(lc, stmt->objects)
	{
		bool		schema = stmt->removeType == OBJECT_SCHEMA;
		Oid			object = schema ?
			get_namespace_oid(strVal(lfirst(lc)), true) :
			LookupTypeNameOid(NULL, lfirst_node(TypeName, lc), true);

		if (OidIsValid(object))
			result = list_concat_unique_oid(result,
											m2m_catalog_dependent_associations(schema ?
																			   NamespaceRelationId :
																			   TypeRelationId,
																			   object));
	}
	return result;
}

/*
 * associations_of: the associations of all link views that read any of these
 * tables; index scans only.
 */
static List *
associations_of(List *relids)
{
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *lv;

	foreach(lc, relids)
	{
		foreach(lv, m2m_catalog_link_views(lfirst_oid(lc)))
		{
			M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lv), true);

			if (view != NULL)
				result = list_append_unique_oid(result, view->association);
		}
	}
	return result;
}

/* views_of: the link views that read any of these tables. */
static List *
views_of(List *relids)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, relids)
		result = list_concat_unique_oid(result,
										m2m_catalog_link_views(lfirst_oid(lc)));
	return result;
}

/*
 * may_hold_up: has a role some right on a table?  Then it can hold a lock on
 * it, and to wait for the role's link view as well gives it no new power.
 */
static bool
may_hold_up(Oid role, Oid relid)
{
	return object_ownercheck(RelationRelationId, relid, role) ||
		pg_class_aclcheck(relid, role, ACL_ALL_RIGHTS_RELATION) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(relid, role, ACL_ALL_RIGHTS_COLUMN,
								  ACLMASK_ANY) == ACLCHECK_OK;
}

/*
 * lock_views: locks tables in lockmode, as the command will, and with them the
 * link views that read relids exclusively.  Nobody waits for the view of a
 * role that has no right on the table: that is locked if it is free.
 * p->views becomes those that were locked; returns whether these are all.
 */
static bool
lock_views(Pending *p, List *relids, List *tables, LOCKMODE lockmode)
{
	List	   *ours = NIL;
	List	   *others = NIL;
	ListCell   *lc;
	ListCell   *lv;

	foreach(lc, relids)
	{
		foreach(lv, m2m_catalog_link_views(lfirst_oid(lc)))
		{
			Oid			owner = m2m_catalog_relation_owner(lfirst_oid(lv));

			if (OidIsValid(owner) && may_hold_up(owner, lfirst_oid(lc)))
				ours = list_append_unique_oid(ours, lfirst_oid(lv));
			else
				others = list_append_unique_oid(others, lfirst_oid(lv));
		}
	}
	others = list_difference_oid(others, ours);
	if (lockmode == AccessExclusiveLock)
		m2m_lock_relations(list_concat_copy(tables, ours), lockmode);
	else
	{
		m2m_lock_relations(tables, lockmode);
		m2m_lock_relations(ours, AccessExclusiveLock);
	}
	p->views = ours;
	foreach(lc, others)
	{
		if (lock_view_if_free(lfirst_oid(lc)))
			p->views = lappend_oid(p->views, lfirst_oid(lc));
	}
	return list_length(p->views) == list_length(ours) + list_length(others);
}

/*
 * lock_view_if_free: locks a link view exclusively, and against exclusive
 * locks the tables that it reads and that making it again will lock; false if
 * that is not to be had at once.
 */
static bool
lock_view_if_free(Oid viewid)
{
	M2mLinkView *view = m2m_catalog_read_view(viewid, true);

	return view != NULL &&
		m2m_lock_if_free(list_make2_oid(view->association, view->far_relid),
						 AccessShareLock) &&
		m2m_lock_if_free(list_make1_oid(viewid), AccessExclusiveLock);
}

/*
 * put_aside: drops link views that read relids and so would be in the
 * command's way, once they and the tables that it will lock are locked.  Where
 * something of the user's depends on one, or it is another role's and not
 * free, that stays, and false is returned: the command fails, or takes it by
 * CASCADE, or can do without.
 */
static bool
put_aside(Pending *p, List *relids, List *tables)
{
	bool		all;
	ListCell   *lc;

	if (views_of(relids) == NIL)
		return true;
	all = lock_views(p, relids, tables, AccessExclusiveLock);
	foreach(lc, p->views)
	{
		M2mSavedView *saved = m2m_view_save(lfirst_oid(lc));

		if (saved != NULL)
			p->aside = lappend(p->aside, saved);
	}
	if (p->aside == NIL || m2m_view_drop(p->aside))
		return all;

	/* as many as can */
	foreach(lc, p->aside)
		m2m_view_drop(list_make1(lfirst(lc)));
	return false;
}

/* see_functions: remembers the link functions of an association. */
static void
see_functions(Pending *p, Oid association)
{
	M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
												NoLock);

	for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
	{
		SeenFunction *seen = see_function(rel, s);

		if (seen != NULL)
			p->functions = lappend(p->functions, seen);
	}
}

/* see_function: the link function of one side, NULL if there is none. */
static SeenFunction *
see_function(M2mRelationship *rel, M2mSide near)
{
	Oid			function = m2m_function_find(rel, near, false);
	SeenFunction *seen;

	if (!OidIsValid(function))
		return NULL;
	seen = palloc(sizeof(SeenFunction));
	seen->function = function;
	seen->association = rel->association;
	seen->near = near;
	seen->body = m2m_function_body(rel, near);
	return seen;
}

/* see_relationship: remembers a whole relationship. */
static void
see_relationship(Pending *p, Oid association, bool with_views)
{
	M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
												NoLock);
	SeenRelationship *seen;

	if (rel == NULL)
		return;
	seen = palloc0(sizeof(SeenRelationship));
	seen->association = association;
	seen->owner = m2m_catalog_relation_owner(association);
	seen->adopted = rel->adopted;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		SeenFunction *function = see_function(rel, s);

		seen->endpoint[s] = rel->side[s].relid;
		if (function != NULL)
			seen->functions = lappend(seen->functions, function);
		if (with_views && OidIsValid(rel->side[s].view))
		{
			M2mSavedView *saved = m2m_view_save(rel->side[s].view);

			if (saved != NULL)
				seen->views = lappend(seen->views, saved);
		}
	}
	p->relationships = lappend(p->relationships, seen);
}

/*
 * follow_owner: link views and functions of the association's owner will go
 * to its new one; but not a function that would then do other things with his
 * rights.
 */
static void
follow_owner(Pending *p, Oid association)
{
	M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
												NoLock);

	if (rel == NULL)
		return;
	p->owned_by = association;
	p->old_owner = m2m_catalog_relation_owner(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		SeenFunction *function = see_function(rel, s);

		if (function != NULL &&
			m2m_function_owner(function->function) == p->old_owner &&
			m2m_function_runs_as_invoker(function->function))
			p->owned = lappend_oid(p->owned, function->function);
	}
}

/*
 * end_drop: after a command that may have dropped parts of a relationship.
 */
static void
end_drop(Pending *p)
{
	ListCell   *lc;

	foreach(lc, p->relationships)
	{
		SeenRelationship *seen = lfirst(lc);

		if (get_rel_name(seen->association) == NULL ||
			get_rel_name(seen->endpoint[M2M_LEFT]) == NULL ||
			get_rel_name(seen->endpoint[M2M_RIGHT]) == NULL)
		{
			drop_rest(seen);
			continue;
		}
		if (restore_lost(seen->views) != NIL)
		{
			seen->adopted = true;	/* it stands as a plain table */
			drop_rest(seen);
		}
	}
}

/*
 * end_relationships: what the columns were of that made up a relationship is
 * gone: so are its link views and functions.  The association stands as a
 * plain table.
 */
static void
end_relationships(Pending *p, List *associations)
{
	ListCell   *lc;

	foreach(lc, associations)
	{
		SeenRelationship seen;
		ListCell   *lf;

		memset(&seen, 0, sizeof(seen));
		seen.association = lfirst_oid(lc);
		seen.adopted = true;	/* it is not dropped */
		foreach(lf, p->functions)
		{
			if (((SeenFunction *) lfirst(lf))->association == seen.association)
				seen.functions = lappend(seen.functions, lfirst(lf));
		}
		ereport(NOTICE,
				(errmsg("relationship \"%s\" ends with the columns that it was made of",
						get_rel_name(seen.association))));
		drop_rest(&seen);
	}
}

/*
 * restore_lost: puts back those link views that are not there any more;
 * returns what m2m_view_restore() does.
 */
static List *
restore_lost(List *saved_views)
{
	List	   *lost = NIL;
	ListCell   *lc;

	foreach(lc, saved_views)
	{
		if (!m2m_view_exists(lfirst(lc)))
			lost = lappend(lost, lfirst(lc));
	}

	/* unless it is m2m itself that goes */
	if (lost == NIL || !OidIsValid(m2m_catalog_trigger_function()))
		return NIL;
	return m2m_view_restore(lost);
}

/*
 * drop_rest: removes what is left of a relationship that has lost a table: its
 * link views and functions and, if m2m made it and the dropper owns it, the
 * association; otherwise that stands as a plain table.  A link view that a view
 * of the user's reads stands too, without m2m's triggers.
 */
static void
drop_rest(SeenRelationship *seen)
{
	List	   *rest = NIL;
	char	   *name = get_rel_name(seen->association);
	ObjectAddress *association = NULL;
	ObjectAddress *address;
	ListCell   *lc;

	foreach(lc, seen->functions)
	{
		SeenFunction *function = lfirst(lc);

		if (!SearchSysCacheExists1(PROCOID,
								   ObjectIdGetDatum(function->function)))
			continue;
		address = palloc(sizeof(ObjectAddress));
		ObjectAddressSet(*address, ProcedureRelationId, function->function);
		rest = lappend(rest, address);
	}
	if (name != NULL)
	{
		foreach(lc, m2m_catalog_link_views(seen->association))
		{
			address = palloc(sizeof(ObjectAddress));
			ObjectAddressSet(*address, RelationRelationId, lfirst_oid(lc));
			rest = lappend(rest, address);
		}
		if (!seen->adopted && object_ownercheck(RelationRelationId,
												seen->association,
												GetUserId()))
		{
			association = palloc(sizeof(ObjectAddress));
			ObjectAddressSet(*association, RelationRelationId,
							 seen->association);
			rest = lappend(rest, association);
		}
	}
	if (!drop_objects(rest))
	{
		/* something of the user's depends on some of it: that stands */
		foreach(lc, rest)
		{
			address = lfirst(lc);
			if (address != association && !drop_objects(list_make1(address)) &&
				address->classId == RelationRelationId)
				drop_triggers(address->objectId);
		}
	}
	else if (association != NULL)
		ereport(NOTICE,
				(errmsg("drop cascades to association table %s", name)));
}

/*
 * drop_triggers: makes a link view that has to stay, although its relationship
 * is lost, a view like any other.
 */
static void
drop_triggers(Oid viewid)
{
	static const char *const names[] = {
		M2M_VIEW_TRIGGER_NAME, M2M_BATCH_TRIGGER_NAME
	};
	List	   *triggers = NIL;

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		ObjectAddress *address = palloc(sizeof(ObjectAddress));

		ObjectAddressSet(*address, TriggerRelationId,
						 get_trigger_oid(viewid, names[i], true));
		if (OidIsValid(address->objectId))
			triggers = lappend(triggers, address);
	}
	drop_objects(triggers);
}

/*
 * drop_objects: drops objects, or leaves them all where something else
 * depends on one of them, and returns false.
 */
static bool
drop_objects(List *addresses)
{
	return addresses == NIL || m2m_drop_objects(addresses);
}

/* end_renames: columns that were renamed are renamed in the link views. */
static void
end_renames(Pending *p)
{
	ListCell   *lc;

	foreach(lc, p->renames)
		rename_in_views(p, lfirst(lc));
}

/* What rename_view_column() is to do. */
typedef struct ViewRename
{
	Oid			view;
	char	   *old_name;
	char	   *new_name;
} ViewRename;

/*
 * rename_in_views: the columns of link views that show a renamed column under
 * its old name; a name of the user's own stays.  A view that was not to be had
 * (see lock_views) keeps the old name.
 */
static void
rename_in_views(Pending *p, SeenRename *rename)
{
	ListCell   *lc;

	foreach(lc, m2m_catalog_link_views(rename->relid))
	{
		M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lc), true);
		List	   *others = NIL;
		M2mViewColumn *found = NULL;
		ViewRename	task;

		if (view == NULL || !list_member_oid(p->views, view->view))
			continue;
		for (int i = 0; i < view->ncolumns; i++)
		{
			M2mViewColumn *column = &view->column[i];
			Oid			relid = column->kind == M2M_COLUMN_ENDPOINT ?
				view->far_relid : view->association;

			if (found == NULL && column->kind != M2M_COLUMN_OTHER &&
				relid == rename->relid && column->attnum == rename->attnum &&
				is_our_alias(column->name, rename->old_name,
							 m2m_view_prefix(view, column)))
				found = column;
			else
				others = lappend(others, column);
		}
		if (found == NULL)
			continue;
		task.view = view->view;
		task.old_name = found->name;
		task.new_name = m2m_view_alias(others, rename->new_name,
									   m2m_view_prefix(view, found));
		if (strcmp(task.old_name, task.new_name) == 0)
			continue;
		m2m_as_owner(view->owner, true,
					 psprintf("could not rename a column of link view \"%s\"",
							  get_rel_name(view->view)),
					 rename_view_column, &task);
	}
}

/*
 * is_our_alias: is a view column called as its source, or as m2m would call it
 * where that name is taken?
 */
static bool
is_our_alias(const char *alias, const char *name, const char *prefix)
{
	char	   *prefixed = m2m_name_join(prefix, name);
	int			length = strlen(prefixed);

	return strcmp(alias, name) == 0 || strcmp(alias, prefixed) == 0 ||
		(strncmp(alias, prefixed, length) == 0 && alias[length] == '_' &&
		 strspn(alias + length + 1, "0123456789") ==
		 strlen(alias + length + 1));
}

/* rename_view_column: as the view's owner. */
static void
rename_view_column(void *arg)
{
	ViewRename *task = arg;

	m2m_ddl(psprintf("ALTER VIEW %s RENAME COLUMN %s TO %s",
					 m2m_qualified_name(task->view),
					 quote_identifier(task->old_name),
					 quote_identifier(task->new_name)));
}

/* What refresh_view() is to do. */
typedef struct ViewRefresh
{
	M2mRelationship *rel;
	M2mLinkView *view;
} ViewRefresh;

/* refresh_views: link views show what their tables have become. */
static void
refresh_views(Pending *p)
{
	ListCell   *lc;

	foreach(lc, p->associations)
	{
		M2mRelationship *rel = m2m_relationship_get(lfirst_oid(lc),
													InvalidOid, NoLock);

		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			ViewRefresh task;

			if (!OidIsValid(rel->side[s].view))
				continue;
			task.rel = rel;
			task.view = m2m_catalog_read_view(rel->side[s].view, true);
			if (task.view == NULL ||
				!m2m_view_needs_refresh(rel, task.view))
				continue;

			/* locked at the start, or just put back; else only if free */
			if (!list_member_oid(p->views, task.view->view) &&
				!lock_view_if_free(task.view->view))
				continue;

			/*
			 * The view is the owner's already, and shows him no more than he
			 * could read himself: no need of CREATE on the schema.
			 */
			m2m_as_owner(BOOTSTRAP_SUPERUSERID, !rel->temporary,
						 psprintf("could not bring link view \"%s\" up to date",
								  get_rel_name(task.view->view)),
						 refresh_view, &task);
		}
	}
}

/* refresh_view: the statement has no part of anybody else's. */
static void
refresh_view(void *arg)
{
	ViewRefresh *task = arg;

	m2m_view_refresh(task->rel, task->view);
}

/*
 * refresh_functions: bodies of link functions whose names have changed.
 */
static void
refresh_functions(Pending *p)
{
	ListCell   *lc;

	foreach(lc, p->functions)
	{
		SeenFunction *seen = lfirst(lc);
		M2mRelationship *rel = m2m_relationship_get(seen->association,
													InvalidOid, NoLock);
		char	   *body;

		if (rel == NULL ||
			!SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(seen->function)))
			continue;
		body = m2m_function_body(rel, seen->near);
		if (strcmp(body, seen->body) != 0)
			m2m_function_replace(seen->function, body);
	}
}

/*
 * end_owner: link views and functions follow their association to its new
 * owner, as far as the caller may give them and the owner may have them.
 */
static void
end_owner(Pending *p)
{
	Oid			owner = m2m_catalog_relation_owner(p->owned_by);
	char	   *role;
	ListCell   *lc;

	if (!OidIsValid(p->owned_by) || !OidIsValid(owner) ||
		owner == p->old_owner)
		return;
	role = pstrdup(quote_identifier(GetUserNameFromId(owner, false)));
	foreach(lc, m2m_catalog_link_views(p->owned_by))
	{
		Oid			viewid = lfirst_oid(lc);

		if (m2m_catalog_relation_owner(viewid) == p->old_owner &&
			m2m_view_runs_as_invoker(viewid))
			give_away("VIEW", m2m_qualified_name(viewid), role);
	}
	foreach(lc, p->owned)
	{
		if (m2m_function_owner(lfirst_oid(lc)) == p->old_owner)
			give_away("FUNCTION",
					  format_procedure_extended(lfirst_oid(lc),
												FORMAT_PROC_FORCE_QUALIFY),
					  role);
	}
}

/* give_away: ALTER ... OWNER TO, by the caller's right. */
static void
give_away(const char *kind, const char *name, const char *role)
{
	m2m_as_owner(GetUserId(), false,
				 psprintf("%s does not follow the association to its new owner",
						  name),
				 run_ddl, psprintf("ALTER %s %s OWNER TO %s", kind, name,
								   role));
}

/* run_ddl: one statement. */
static void
run_ddl(void *arg)
{
	m2m_ddl(arg);
}
