/*
 * ddl_alter.c
 *		ALTER and RENAME: before the command link views step aside or are
 *		locked, after it they and the link functions follow what has changed.
 *
 * Columns, their types and names, NOT NULL, names in the bodies of link
 * functions, and the association's owner.  Where the columns go that a
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
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "commands/tablecmds.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/parse_oper.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "ddl_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"
#include "view.h"

/* A column being renamed. */
typedef struct SeenRename
{
	Oid			relid;
	AttrNumber	attnum;
	char	   *old_name;
	char	   *new_name;
} SeenRename;

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
static void end_renames(M2mPending *p);
static void rename_in_views(M2mPending *p, SeenRename *rename);
static void make_room(M2mLinkView *view, M2mViewColumn *key, char *name);
static bool is_our_alias(const char *alias, const char *name,
						 const char *prefix);
static void rename_view_column(void *arg);
static void refresh_views(M2mPending *p);
static void refresh_functions(M2mPending *p);
static void make_functions(M2mPending *p);
static void make_function(void *arg);
static void end_owner(M2mPending *p);
static void give_away(const char *kind, const char *name, const char *role);
static void run_ddl(void *arg);

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
		default:
			break;
	}
}

/*
 * m2m_ddl_alter_end: after a command that succeeded, whose link views are back
 * (m2m_ddl_drop_end): they and the link functions follow what has changed.
 * What an owner may not do becomes a warning.
 */
void
m2m_ddl_alter_end(M2mPending *p)
{
	end_renames(p);
	refresh_views(p);
	refresh_functions(p);
	make_functions(p);
	end_owner(p);
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
		m2m_function_see_as_is(rel, near, resting) : NULL;
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
}

/* end_renames: columns that were renamed are renamed in the link views. */
static void
end_renames(M2mPending *p)
{
	ListCell   *lc;

	foreach(lc, p->renames)
	{
		SeenRename *rename = lfirst(lc);
		char	   *name = get_attname(rename->relid, rename->attnum, true);

		/*
		 * The command may have renamed a column of another table, which has
		 * taken this one's name while the locks were waited for.
		 */
		if (name != NULL && strcmp(name, rename->new_name) == 0)
			rename_in_views(p, rename);
	}
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
 * (see m2m_views_lock) keeps the old name.
 */
static void
rename_in_views(M2mPending *p, SeenRename *rename)
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
		if (found->kind == M2M_COLUMN_KEY)
			make_room(view, found, rename->new_name);
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
 * make_room: the near key keeps its name; a column that shows its own, which
 * is to be the key's from now on, gets its prefix.
 */
static void
make_room(M2mLinkView *view, M2mViewColumn *key, char *name)
{
	M2mViewColumn renamed = *key;
	M2mViewColumn *other = NULL;
	List	   *others = list_make1(&renamed);
	ViewRename	task;

	renamed.name = name;
	for (int i = 0; i < view->ncolumns; i++)
	{
		M2mViewColumn *column = &view->column[i];

		if ((column->kind == M2M_COLUMN_ENDPOINT ||
			 column->kind == M2M_COLUMN_PROPERTY) &&
			column->source != NULL && strcmp(column->name, name) == 0 &&
			strcmp(column->source, name) == 0)
			other = column;
		else
			others = lappend(others, column);
	}
	if (other == NULL)
		return;
	task.view = view->view;
	task.old_name = other->name;
	task.new_name = m2m_view_alias(others, other->source,
								   m2m_view_prefix(view, other));
	if (m2m_as_owner(view->owner, true,
					 psprintf("could not rename a column of link view \"%s\"",
							  get_rel_name(view->view)),
					 rename_view_column, &task))
		other->name = task.new_name;
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

/*
 * refresh_views: link views show what their tables have become, the table that
 * the foreign key means, or rest.
 */
static void
refresh_views(M2mPending *p)
{
	ListCell   *lc;

	foreach(lc, p->associations)
	{
		M2mRelationship *rel = m2m_relationship_get(lfirst_oid(lc),
													InvalidOid, NoLock);

		if (rel == NULL)
			rel = m2m_catalog_read_rest(lfirst_oid(lc), NIL);
		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			M2mLinkView *view;

			if (!OidIsValid(rel->side[s].view))
				continue;
			view = m2m_catalog_read_view(rel->side[s].view, true);
			if (view == NULL || !m2m_view_needs_refresh(rel, view))
				continue;

			/*
			 * Locked at the start, or else only if it is free: the command's
			 * tables are held, so nobody may be waited for.  One that was
			 * just put back is ours, as nobody else sees it yet.
			 */
			if (list_member_oid(p->views, view->view) ||
				m2m_view_lock_if_free(view->view))
				m2m_view_follow(rel, view);
		}
	}
}

/*
 * refresh_functions: bodies of link functions whose names have changed; those
 * whose tables are others now are made anew.
 */
static void
refresh_functions(M2mPending *p)
{
	ListCell   *lc;

	foreach(lc, p->functions)
	{
		M2mSeenFunction *seen = lfirst(lc);
		M2mRelationship *rel = m2m_relationship_get(seen->association,
													InvalidOid, NoLock);
		char	   *body;

		if (seen->at)
		{
			/* at rest it waits for m2m_history() */
			body = rel == NULL ? NULL :
				m2m_history_function_body(rel, seen->near);
			if (body != NULL && strcmp(body, seen->body) != 0 &&
				m2m_function_reads_as_seen(seen))
				m2m_function_replace(seen->function, body);
			continue;
		}
		if (rel == NULL)
		{
			m2m_function_follow_name(seen);
			continue;
		}
		/* of other tables it has another argument, and so is another one */
		if (m2m_function_is_astray(rel, seen->near, seen->function))
		{
			m2m_function_remake(rel, seen->near, seen->function);
			continue;
		}

		/* did the command change a name?  Did somebody change the body? */
		body = m2m_function_body(rel, seen->near);
		if (strcmp(body, seen->body) != 0 && m2m_function_reads_as_seen(seen))
			m2m_function_replace(seen->function, body);
	}
}

/* What make_function() is to do. */
typedef struct FunctionTask
{
	M2mRelationship *rel;
	M2mSide		near;
} FunctionTask;

/*
 * make_functions: a relationship that was at rest and is whole again has link
 * functions: those that rested too and are of other tables, or new ones in
 * place of those that went with a table.
 */
static void
make_functions(M2mPending *p)
{
	ListCell   *lc;

	foreach(lc, p->resting)
	{
		M2mRelationship *rel = m2m_relationship_get(lfirst_oid(lc),
													InvalidOid, NoLock);

		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			FunctionTask task = {rel, s};
			Oid			astray = m2m_function_astray(rel, s);
			Oid			named = m2m_function_find(rel, s, true);

			if (!OidIsValid(rel->side[s].view) ||
				OidIsValid(m2m_function_find(rel, s, false)))
				continue;
			/* a grant on one that rested is worth keeping: that one first */
			if (OidIsValid(astray))
				m2m_function_remake(rel, s, astray);
			else if (OidIsValid(named))
			{
				/* one that is the user's own stays */
				if (m2m_function_is_link(rel->association, named))
					m2m_function_replace(named, m2m_function_body(rel, s));
			}
			else
				m2m_as_owner(m2m_catalog_relation_owner(rel->association),
							 !rel->temporary,
							 psprintf("could not make the link function of view \"%s\"",
									  get_rel_name(rel->side[s].view)),
							 make_function, &task);
		}
	}
}

/* make_function: as the association's owner. */
static void
make_function(void *arg)
{
	FunctionTask *task = arg;

	m2m_function_repair(task->rel, task->near);
}

/*
 * end_owner: link views and functions follow their association to its new
 * owner, as far as the caller may give them and the owner may have them.
 */
static void
end_owner(M2mPending *p)
{
	Oid			owner = m2m_catalog_relation_owner(p->owned_by);
	char	   *role;
	ListCell   *lc;

	if (!OidIsValid(p->owned_by) || !OidIsValid(owner) ||
		owner == p->old_owner)
		return;
	role = pstrdup(quote_identifier(GetUserNameFromId(owner, false)));

	/*
	 * A view without security_invoker, or with rules, does things with its
	 * owner's rights: given away, with the new owner's, by the old one's
	 * text.
	 */
	foreach(lc, m2m_catalog_link_views(p->owned_by))
	{
		Oid			viewid = lfirst_oid(lc);

		if (m2m_catalog_relation_owner(viewid) == p->old_owner &&
			m2m_view_runs_as_invoker(viewid))
			give_away("VIEW", m2m_qualified_name(viewid), role);
	}
	/* without its owner's tables a rule would fail for want of rights */
	foreach(lc, p->owned_tables)
	{
		if (m2m_catalog_relation_owner(lfirst_oid(lc)) == p->old_owner)
			give_away("TABLE", m2m_qualified_name(lfirst_oid(lc)), role);
	}
	foreach(lc, p->owned)
	{
		if (m2m_catalog_function_owner(lfirst_oid(lc)) == p->old_owner)
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
