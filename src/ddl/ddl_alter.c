/*
 * ddl_alter.c
 *		ALTER and RENAME, before the command: link views step aside or are locked,
 *		and what the end has to compare with is remembered.
 *
 * What the end then does is ddl_follow.c's.  Where the columns go that a
 * relationship was made of, it ends: that is ddl_drop.c's.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_trigger.h"
#include "commands/extension.h"
#include "commands/tablecmds.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parse_oper.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "ddl_internal.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "view.h"

static void start_alter_table(AlterTableStmt *stmt);
static List *alter_targets(AlterTableStmt *stmt, Oid relid);
static List *typed_tables(Oid type);
static void start_rename(RenameStmt *stmt);
static void start_rename_column(RenameStmt *stmt);
static void start_move(Node *parsetree, List *associations);
static bool makes_not_null(Constraint *constraint);
static List *those_among(List *oids, List *others);
static void start_view(ViewStmt *stmt);
static bool moves_key(AlterTableStmt *stmt, List *associations);
static void start_move_object(Node *parsetree, ObjectType kind, Node *name);
static bool reaches_association(List *relids, List *associations);
static List *foreign_key_tables(AlterTableStmt *stmt, List *relids);
static List *referenced_tables(AlterTableStmt *stmt);
static void add_foreign_key_tables(Oid relid, AttrNumber attnum,
								   bool own_only, List **tables);
static void see_functions(M2mPending *p, Oid association);
static M2mSeenFunction *see_function(M2mRelationship *rel, M2mSide near,
									 bool whole);
static void follow_owner(M2mPending *p, Oid association);
static void see_consent(AlterObjectDependsStmt *stmt);

/*
 * m2m_ddl_alter_start: before a command; those that are no ALTER or RENAME are
 * not for here, and most others are none of our business.  Remembers what the
 * command concerns (m2m_pending), and locks it or puts it aside as
 * ddl_views.c does, where the caller owns the table and so may have the locks.
 */
void
m2m_ddl_alter_start(Node *parsetree)
{
	switch (nodeTag(parsetree))
	{
		case T_AlterTableStmt:
			start_alter_table((AlterTableStmt *) parsetree);
			break;
		case T_RenameStmt:
			start_rename((RenameStmt *) parsetree);
			break;
		case T_ViewStmt:
			start_view((ViewStmt *) parsetree);
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
								   m2m_catalog_associations_of(list_make1_oid(relid)));
				}
				else if (stmt->objectType == OBJECT_EXTENSION ||
						 stmt->objectType == OBJECT_OPERATOR ||
						 stmt->objectType == OBJECT_COLLATION)
					start_move_object(parsetree, stmt->objectType,
									  stmt->object);
				break;
			}
		case T_AlterObjectDependsStmt:
			see_consent((AlterObjectDependsStmt *) parsetree);
			break;
		default:
			break;
	}
}

/*
 * see_consent: before ALTER TRIGGER ... [NO] DEPENDS ON EXTENSION, by which the
 * owner of a table says that a rule has his rights there, or no longer.  Whoever
 * remembers that he has said so is told, when the command is committed.
 */
static void
see_consent(AlterObjectDependsStmt *stmt)
{
	Oid			relid;
	Oid			trigger;
	Oid			association = InvalidOid;
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (stmt->objectType != OBJECT_TRIGGER)
		return;
	relid = RangeVarGetRelid(stmt->relation, NoLock, true);
	trigger = !OidIsValid(relid) ? InvalidOid :
		get_trigger_oid(relid, strVal(linitial(castNode(List, stmt->object))),
						true);
	if (!OidIsValid(trigger))
		return;
	catalog = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger));
	scan = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)) &&
		m2m_rules_are_of(tuple, RelationGetDescr(catalog)))
		association = ((Form_pg_trigger) GETSTRUCT(tuple))->tgconstrrelid;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	if (OidIsValid(association) && get_rel_name(association) != NULL)
		m2m_relationship_changed(association);
}

/*
 * start_alter_table: before ALTER TABLE or, for typed tables, ALTER TYPE.
 * Errors: those of waiting for locks, and of looking names up.
 */
static void
start_alter_table(AlterTableStmt *stmt)
{
	bool		blocked = false;
	bool		shows = false;	/* may a link view read otherwise? */
	bool		adds = false;	/* a column to any of them */
	bool		refers = false; /* may a foreign key come or go? */
	bool		owner = false;
	LOCKMODE	lockmode;
	Oid			relid;
	List	   *targets;
	List	   *tables;
	List	   *associations;
	M2mPending *p;
	MemoryContext old;
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		switch (cmd->subtype)
		{

				/*
				 * What PostgreSQL refuses while a view reads the column:
				 * performMultipleDeletions() with RESTRICT, and the search
				 * for dependents in ATExecAlterColumnType().  All views that
				 * read the table step aside: they show every column of it, or
				 * every link property and the keys.
				 */
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
			case AT_AddIndex:
			case AT_ValidateConstraint: /* one of NOT NULL may be */
				shows = true;
				break;
			case AT_AddConstraint:
				/* CHECK, UNIQUE and EXCLUDE change nothing of ours */
				if (castNode(Constraint, cmd->def)->contype == CONSTR_FOREIGN)
					shows = refers = true;
				else if (makes_not_null(castNode(Constraint, cmd->def)))
					shows = true;
				break;
			case AT_DropConstraint:
				shows = refers = true;
				break;
			case AT_ChangeOwner:
				owner = true;
				break;
			case AT_DetachPartition:

				/*
				 * CONCURRENTLY commits on its way, which would forget what is
				 * remembered; and it changes nothing of ours.
				 */
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
	associations = m2m_catalog_associations_of(targets);

	/*
	 * An endpoint's owner, or NOT NULL of its columns, shows nowhere. Without
	 * this, everyday DDL on a hub would look over all that meet there.
	 */
	if (!blocked && !adds && !refers)
		associations = those_among(associations, targets);
	if (associations == NIL)
		return;

	/*
	 * The command's own check (RangeVarCallbackForAlterRelation()), which
	 * comes later; it fails by itself.  It holds for the children, too: ALTER
	 * TABLE asks only for the parent's owner before it locks them.
	 */
	if (!object_ownercheck(RelationRelationId, relid, GetUserId()))
		return;

	p = m2m_pending_push((Node *) stmt);
	old = MemoryContextSwitchTo(p->context);
	p->associations = list_copy(associations);

	/* whose they are now: at the end the association has its new owner */
	if (owner && list_member_oid(associations, relid))
		follow_owner(p, relid);

	/*
	 * The mode that AlterTable() will take itself.  A stronger one would stop
	 * readers whom the command lets read, a weaker one be no protection: it
	 * would have to be raised with the views in hand, which can deadlock.
	 */
	lockmode = AlterTableGetLockLevel(stmt->cmds);
	tables = list_append_unique_oid(list_copy(targets), relid);
	p->referenced = referenced_tables(stmt);
	if (blocked)
		m2m_views_lock(p, targets,
					   list_concat_unique_oid(tables,
											  foreign_key_tables(stmt, targets)),
					   AccessExclusiveLock, true);
	else if (refers && moves_key(stmt, associations))
	{
		/*
		 * The foreign key alone stops nobody who reads; the views, which it
		 * moves to another table, have to be replaced or dropped, and so are
		 * locked exclusively.  All at once, the tables that it refers to
		 * among them: who has read a view may be about to write one of them,
		 * who has written one to read a view.
		 */
		m2m_views_lock(p, targets, tables, AccessExclusiveLock, true);
	}
	else if (adds || (owner && list_member_oid(associations, relid)) ||
			 (shows && lockmode == AccessExclusiveLock &&
			  reaches_association(targets, associations)))
		m2m_views_lock(p, targets, tables, lockmode, adds || shows);

	/*
	 * Under the locks, or somebody's change of meanwhile would be undone.  A
	 * key's collation stands in the functions' bodies, and its table, and
	 * whether a flag may be null.
	 */
	foreach(lc, associations)
	{
		if (blocked || (shows && list_member_oid(targets, lfirst_oid(lc))))
			see_functions(p, lfirst_oid(lc));
	}

	/* last: what has been read above is read from the views */
	if (blocked)
		m2m_views_put_aside(p);
	MemoryContextSwitchTo(old);
}

/* makes_not_null: may adding the constraint make a column NOT NULL? */
static bool
makes_not_null(Constraint *constraint)
{
	return constraint->contype == CONSTR_PRIMARY ||
		constraint->contype == CONSTR_NOTNULL;
}

/* those_among: OIDs of one list that are in another. */
static List *
those_among(List *oids, List *others)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, oids)
	{
		if (list_member_oid(others, lfirst_oid(lc)))
			result = lappend_oid(result, lfirst_oid(lc));
	}
	return result;
}

/*
 * moves_key: does an ALTER TABLE add a foreign key to an association by which
 * a link view will join another table, or be whole again?
 */
static bool
moves_key(AlterTableStmt *stmt, List *associations)
{
	Oid			relid = RangeVarGetRelid(stmt->relation, NoLock, true);
	ListCell   *lc;
	ListCell   *lv;

	if (!list_member_oid(associations, relid))
		return false;
	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		Constraint *constraint = (Constraint *) cmd->def;
		Oid			target;
		bool		joined = false;

		if (cmd->subtype != AT_AddConstraint ||
			!IsA(constraint, Constraint) ||
			constraint->contype != CONSTR_FOREIGN)
			continue;
		target = RangeVarGetRelid(constraint->pktable, NoLock, true);
		foreach(lv, m2m_catalog_link_views(relid))
		{
			M2mLinkView *view = m2m_catalog_read_view(lfirst_oid(lv), true);

			if (view == NULL || view->association != relid)
				continue;

			/* which key it waits for is known when all are there */
			if (view->at_rest)
				return true;
			joined |= view->far_relid == target;
		}
		if (!joined)
			return true;
	}
	return false;
}

/*
 * start_view: before CREATE OR REPLACE VIEW of a link view: link functions
 * follow it where no foreign key says otherwise.
 */
static void
start_view(ViewStmt *stmt)
{
	Oid			relid = stmt->replace ?
		RangeVarGetRelid(stmt->view, NoLock, true) : InvalidOid;
	M2mLinkView *view;

	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_VIEW)
		return;
	view = m2m_catalog_read_view(relid, true);
	if (view != NULL)
		start_move((Node *) stmt, list_make1_oid(view->association));
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

		/*
		 * RemoveTriggerById() locks both tables of a foreign key exclusively
		 * when it goes, and ATPostAlterTypeCleanup() that of one that it
		 * makes anew.
		 */
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

	/* in one order, whatever the order of columns in the command */
	list_sort(tables, list_oid_cmp);
	return tables;
}

/*
 * referenced_tables: the tables, with their partitions, that an ALTER TABLE
 * will lock because it adds foreign keys to them; but none that the caller has
 * no right to refer to.  (The command locks that too before it fails, but need
 * not be joined in that.)  Locks nothing.
 */
static List *
referenced_tables(AlterTableStmt *stmt)
{
	List	   *tables = NIL;
	ListCell   *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);
		Constraint *constraint = (Constraint *) cmd->def;
		Oid			target;

		if (cmd->subtype != AT_AddConstraint ||
			!IsA(constraint, Constraint) ||
			constraint->contype != CONSTR_FOREIGN)
			continue;
		target = RangeVarGetRelid(constraint->pktable, NoLock, true);
		if (!OidIsValid(target) ||
			(pg_class_aclcheck(target, GetUserId(),
							   ACL_REFERENCES) != ACLCHECK_OK &&
			 pg_attribute_aclcheck_all(target, GetUserId(), ACL_REFERENCES,
									   ACLMASK_ANY) != ACLCHECK_OK))
			continue;
		if (get_rel_relkind(target) == RELKIND_PARTITIONED_TABLE)
			tables = list_concat_unique_oid(tables,
											find_all_inheritors(target,
																NoLock,
																NULL));
		else
			tables = list_append_unique_oid(tables, target);
	}
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
						   m2m_catalog_associations_of(list_make1_oid(relid)));
			break;
		case OBJECT_SCHEMA:
			relid = get_namespace_oid(stmt->subname, true);
			if (OidIsValid(relid))
				start_move((Node *) stmt,
						   m2m_catalog_dependent_associations(NamespaceRelationId,
															  relid));
			break;
		case OBJECT_COLLATION:
			start_move_object((Node *) stmt, OBJECT_COLLATION, stmt->object);
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
	M2mPending *p;
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
	associations = m2m_catalog_associations_of(targets);
	if (associations == NIL ||
		!object_ownercheck(RelationRelationId, relid, GetUserId()))
		return;

	p = m2m_pending_push((Node *) stmt);
	old = MemoryContextSwitchTo(p->context);

	/*
	 * The mode of renameatt(), and the views with it: they are altered at the
	 * end, by when the tables are held.  Nothing is made anew, so what the
	 * views speak of need not be locked.
	 */
	m2m_views_lock(p, targets,
				   list_append_unique_oid(list_copy(targets), relid),
				   AccessExclusiveLock, false);

	/* by number, since at the end another column may have the old name */
	foreach(lc, targets)
	{
		AttrNumber	attnum = get_attnum(lfirst_oid(lc), stmt->subname);
		M2mSeenRename *rename;

		if (attnum == InvalidAttrNumber)
			continue;
		rename = palloc(sizeof(M2mSeenRename));
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
	M2mPending *p;
	MemoryContext old;
	ListCell   *lc;

	if (associations == NIL)
		return;

	/*
	 * No lock and no check of rights: bodies are only read.  The end
	 * compares, and changes those alone that nobody else has changed
	 * meanwhile (m2m_function_reads_as_seen()).
	 */
	p = m2m_pending_push(parsetree);
	old = MemoryContextSwitchTo(p->context);
	foreach(lc, associations)
		see_functions(p, lfirst_oid(lc));
	MemoryContextSwitchTo(old);
}

/*
 * start_move_object: before the name of a collation, operator, or all of an
 * extension's becomes another: what uses it hangs on it, in pg_depend.
 */
static void
start_move_object(Node *parsetree, ObjectType kind, Node *name)
{
	Oid			classid;
	Oid			objectid;

	if (kind == OBJECT_EXTENSION)
	{
		classid = ExtensionRelationId;
		objectid = get_extension_oid(strVal(name), true);
	}
	else if (kind == OBJECT_COLLATION)
	{
		classid = CollationRelationId;
		objectid = get_collation_oid(castNode(List, name), true);
	}
	else
	{
		classid = OperatorRelationId;
		objectid = LookupOperWithArgs(castNode(ObjectWithArgs, name), true);
	}
	/* functions of histories name one of our own */
	if (classid == ExtensionRelationId && OidIsValid(objectid) &&
		objectid == get_extension_oid("m2m", true))
		start_move(parsetree, m2m_catalog_associations());
	else if (OidIsValid(objectid))
		start_move(parsetree,
				   m2m_catalog_dependent_associations(classid, objectid));
}

/*
 * see_functions: remembers the link functions of an association, or that its
 * relationship is at rest.
 */
static void
see_functions(M2mPending *p, Oid association)
{
	M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
												NoLock);
	bool		whole = rel != NULL;

	if (!whole)
	{
		p->resting = lappend_oid(p->resting, association);
		rel = m2m_catalog_read_rest(association, NIL);
	}
	for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
	{
		M2mSeenFunction *seen = see_function(rel, s, whole);

		if (seen != NULL)
			p->functions = lappend(p->functions, seen);
		seen = whole ? m2m_function_see_at(rel, s) : NULL;
		if (seen != NULL)
			p->functions = lappend(p->functions, seen);
	}
	p->exposed = list_concat(p->exposed, m2m_exposed_see(p, association));
}

/*
 * see_function: the link function of one side of a relationship that is whole
 * or at rest, NULL if there is none.
 */
static M2mSeenFunction *
see_function(M2mRelationship *rel, M2mSide near, bool whole)
{
	Oid			resting;

	if (whole)
		return m2m_function_see(rel, near);
	resting = m2m_function_astray(rel, near);
	return OidIsValid(resting) ?
		m2m_function_see_as_is(rel->association, near, resting) : NULL;
}

/*
 * follow_owner: link views and functions of the association's owner will go
 * to its new one; but not a function that would then do other things with his
 * rights.
 */
static void
follow_owner(M2mPending *p, Oid association)
{
	M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
												NoLock);
	bool		whole = rel != NULL;
	ListCell   *lc;

	if (!whole)
		rel = m2m_catalog_read_rest(association, NIL);
	if (rel == NULL)
		return;
	p->owned_by = association;
	p->old_owner = m2m_catalog_relation_owner(association);

	/*
	 * Found now, while the old owner's functions are trusted; of those that
	 * are SECURITY DEFINER or have settings the old owner may have set traps
	 * for the new one.
	 */
	if (whole)
		p->owned_tables = m2m_rules_tables(rel);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mSeenFunction *function = see_function(rel, s, whole);

		if (function != NULL &&
			m2m_catalog_function_owner(function->function) == p->old_owner &&
			m2m_catalog_function_runs_as_invoker(function->function))
			p->owned = lappend_oid(p->owned, function->function);
		function = whole ? m2m_function_see_at(rel, s) : NULL;
		if (function != NULL &&
			m2m_catalog_function_owner(function->function) == p->old_owner &&
			m2m_catalog_function_runs_as_invoker(function->function))
			p->owned = lappend_oid(p->owned, function->function);
	}
	foreach(lc, m2m_exposed_see(p, association))
	{
		Oid			exposed = ((M2mExposed *) lfirst(lc))->function;

		if (m2m_catalog_function_owner(exposed) == p->old_owner &&
			m2m_catalog_function_runs_as_invoker(exposed))
			p->owned = lappend_oid(p->owned, exposed);
	}
}
