/*
 * ddl_give_way.c
 *		A link view that nobody asked for gives way to what is to have its
 *		name.
 *
 * Where tables are adopted as they come (m2m.auto_adopt), the application does
 * not know the names that their link views have taken, and may come to want
 * one for a table or view of its own.  Then the link view, with its function,
 * gets the next of the names that it could have had, if need be with a number.
 * It is the same view: privileges, and what depends on it, stay.
 *
 * Only for who could rename it himself, so that nobody can take a name away
 * by this that others read; and only a view that m2m.auto_adopt made.  One that
 * somebody has created or adopted has its name by his choice, or could have,
 * and keeps it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "ddl_internal.h"
#include "define.h"
#include "execute.h"
#include "m2m.h"
#include "text.h"
#include "view.h"

/* What rename_view() is to do. */
typedef struct RenameTask
{
	Oid			viewid;
	M2mSide		near;
	Oid			association;
	char	   *name;			/* the new one; NULL: there was none */
} RenameTask;

static void add_name(List **schemas, List **names, RangeVar *name);
static void add_type_name(List **schemas, List **names, List *name);
static void add_constraints(List **schemas, List **names, Oid schema,
							List *elements);
static Oid	type_schema(List *name);
static Oid	function_schema(ObjectType type, ObjectWithArgs *function);
static bool is_called_with_one(CreateFunctionStmt *stmt);
static bool changes_function(CreateFunctionStmt *stmt);
static void add_missing(List **schemas, List **names, DropStmt *stmt);
static bool is_about(Node *query, M2mLinkView *view);
static bool names_association(Node *node, void *arg);
static void give_way(Oid viewid, Node *replacement);
static void rename_view(void *arg);

/*
 * m2m_ddl_give_way: before a command that makes, renames or moves something, or
 * drops what is not there (DROP TABLE IF EXISTS, of a view, is an error):
 * renames a link view that nobody asked for and that has the name.  A command
 * without such a view pays for looking its name up.
 */
void
m2m_ddl_give_way(Node *parsetree)
{
	List	   *schemas = NIL;
	List	   *names = NIL;
	Node	   *replacement = NULL;
	ListCell   *ls;
	ListCell   *ln;

	switch (nodeTag(parsetree))
	{
		case T_CreateStmt:
			{
				CreateStmt *stmt = (CreateStmt *) parsetree;

				add_name(&schemas, &names, stmt->relation);
				if (stmt->relation->relpersistence != RELPERSISTENCE_TEMP)
					add_constraints(&schemas, &names,
									m2m_creation_schema(stmt->relation->schemaname),
									stmt->tableElts);
				break;
			}
		case T_AlterTableStmt:
			{
				AlterTableStmt *stmt = (AlterTableStmt *) parsetree;
				List	   *elements = NIL;
				ListCell   *lc;
				Oid			relid;

				foreach(lc, stmt->cmds)
				{
					AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

					if ((cmd->subtype == AT_AddConstraint ||
						 cmd->subtype == AT_AddColumn) && cmd->def != NULL)
						elements = lappend(elements, cmd->def);
				}
				relid = elements == NIL ? InvalidOid :
					RangeVarGetRelid(stmt->relation, NoLock, true);
				if (OidIsValid(relid))
					add_constraints(&schemas, &names,
									get_rel_namespace(relid), elements);
				break;
			}
		case T_CreateForeignTableStmt:
			add_name(&schemas, &names,
					 ((CreateForeignTableStmt *) parsetree)->base.relation);
			break;
		case T_CreateTableAsStmt:
			add_name(&schemas, &names,
					 ((CreateTableAsStmt *) parsetree)->into->rel);
			break;
		case T_ViewStmt:
			add_name(&schemas, &names, ((ViewStmt *) parsetree)->view);
			if (((ViewStmt *) parsetree)->replace)
				replacement = ((ViewStmt *) parsetree)->query;
			break;
		case T_CreateSeqStmt:
			add_name(&schemas, &names, ((CreateSeqStmt *) parsetree)->sequence);
			break;
		case T_CompositeTypeStmt:
			add_name(&schemas, &names,
					 ((CompositeTypeStmt *) parsetree)->typevar);
			break;
		case T_CreateEnumStmt:
			add_type_name(&schemas, &names,
						  ((CreateEnumStmt *) parsetree)->typeName);
			break;
		case T_CreateRangeStmt:
			add_type_name(&schemas, &names,
						  ((CreateRangeStmt *) parsetree)->typeName);
			break;
		case T_DefineStmt:
			if (((DefineStmt *) parsetree)->kind == OBJECT_TYPE ||
				((DefineStmt *) parsetree)->kind == OBJECT_AGGREGATE)
				add_type_name(&schemas, &names,
							  ((DefineStmt *) parsetree)->defnames);
			break;
		case T_CreateDomainStmt:
			add_type_name(&schemas, &names,
						  ((CreateDomainStmt *) parsetree)->domainname);
			break;
		case T_CreateFunctionStmt:
			/* the link function has the name, too */
			if (is_called_with_one((CreateFunctionStmt *) parsetree) &&
				!changes_function((CreateFunctionStmt *) parsetree))
			{
				List	   *name = ((CreateFunctionStmt *) parsetree)->funcname;
				List	   *path = fetch_search_path(false);

				add_type_name(&schemas, &names, name);

				/* a call looks in all of them, if in the function's own */
				if (schemas != NIL &&
					list_member_oid(path, linitial_oid(schemas)))
				{
					foreach(ls, path)
					{
						schemas = list_append_unique_oid(schemas,
														 lfirst_oid(ls));
						if (list_length(names) < list_length(schemas))
							names = lappend(names, strVal(llast(name)));
					}
				}
			}
			break;
		case T_DropStmt:
			switch (((DropStmt *) parsetree)->removeType)
			{
				case OBJECT_TABLE:
				case OBJECT_MATVIEW:
				case OBJECT_FOREIGN_TABLE:
				case OBJECT_SEQUENCE:
				case OBJECT_INDEX:
					if (((DropStmt *) parsetree)->missing_ok)
						add_missing(&schemas, &names, (DropStmt *) parsetree);
					break;
				default:
					break;
			}
			break;
		case T_IndexStmt:
			{
				IndexStmt  *stmt = (IndexStmt *) parsetree;
				Oid			relid = stmt->idxname == NULL ? InvalidOid :
					RangeVarGetRelid(stmt->relation, NoLock, true);

				if (OidIsValid(relid))
				{
					schemas = list_make1_oid(get_rel_namespace(relid));
					names = list_make1(stmt->idxname);
				}
				break;
			}
		case T_RenameStmt:
			{
				RenameStmt *stmt = (RenameStmt *) parsetree;
				Oid			relid = InvalidOid;
				Oid			schema = InvalidOid;

				switch (stmt->renameType)
				{
					case OBJECT_TABLE:
					case OBJECT_VIEW:
					case OBJECT_MATVIEW:
					case OBJECT_FOREIGN_TABLE:
					case OBJECT_INDEX:
					case OBJECT_SEQUENCE:
						relid = RangeVarGetRelid(stmt->relation, NoLock, true);
						break;
					case OBJECT_TABCONSTRAINT:
						/* a key's index is renamed with it */
						relid = RangeVarGetRelid(stmt->relation, NoLock, true);
						if (OidIsValid(relid))
							relid = get_constraint_index(get_relation_constraint_oid(relid,
																					 stmt->subname,
																					 true));
						break;
					case OBJECT_TYPE:
					case OBJECT_DOMAIN:
						schema = type_schema((List *) stmt->object);
						break;
					case OBJECT_FUNCTION:
					case OBJECT_PROCEDURE:
					case OBJECT_ROUTINE:
					case OBJECT_AGGREGATE:
						schema = function_schema(stmt->renameType,
												 (ObjectWithArgs *) stmt->object);
						break;
					default:
						break;
				}
				if (OidIsValid(relid))
					schema = get_rel_namespace(relid);
				if (OidIsValid(schema))
				{
					schemas = list_make1_oid(schema);
					names = list_make1(stmt->newname);
				}
				break;
			}
		case T_AlterObjectSchemaStmt:
			{
				AlterObjectSchemaStmt *stmt =
					(AlterObjectSchemaStmt *) parsetree;
				Oid			schema = get_namespace_oid(stmt->newschema, true);
				char	   *name = NULL;

				if (stmt->relation != NULL)
					name = stmt->relation->relname;
				else
				{
					switch (stmt->objectType)
					{
						case OBJECT_TYPE:
						case OBJECT_DOMAIN:
							name = strVal(llast((List *) stmt->object));
							break;
						case OBJECT_FUNCTION:
						case OBJECT_PROCEDURE:
						case OBJECT_ROUTINE:
						case OBJECT_AGGREGATE:
							name = strVal(llast(((ObjectWithArgs *) stmt->object)->objname));
							break;
						default:
							break;
					}
				}
				if (OidIsValid(schema) && name != NULL)
				{
					schemas = list_make1_oid(schema);
					names = list_make1(name);
				}
				break;
			}
		default:
			break;
	}
	forboth(ls, schemas, ln, names)
	{
		Oid			relid = get_relname_relid(lfirst(ln), lfirst_oid(ls));

		if (OidIsValid(relid) && get_rel_relkind(relid) == RELKIND_VIEW)
			give_way(relid, replacement);
	}
}

/* add_name: the name of a relation that is to be made. */
static void
add_name(List **schemas, List **names, RangeVar *name)
{
	Oid			schema;

	if (name->relpersistence == RELPERSISTENCE_TEMP)
		return;
	schema = m2m_creation_schema(name->schemaname);
	if (!OidIsValid(schema))
		return;
	*schemas = lappend_oid(*schemas, schema);
	*names = lappend(*names, name->relname);
}

/* add_type_name: the name of a type or function that is to be made. */
static void
add_type_name(List **schemas, List **names, List *name)
{
	Oid			schema;

	if (list_length(name) > 2)
		return;
	schema = m2m_creation_schema(list_length(name) == 2 ?
								 strVal(linitial(name)) : NULL);
	if (!OidIsValid(schema))
		return;
	*schemas = lappend_oid(*schemas, schema);
	*names = lappend(*names, strVal(llast(name)));
}

/*
 * add_constraints: the names of the indexes that come with a table's elements,
 * or with what is added to it: those of its named keys.
 */
static void
add_constraints(List **schemas, List **names, Oid schema, List *elements)
{
	ListCell   *lc;

	if (!OidIsValid(schema))
		return;
	foreach(lc, elements)
	{
		Node	   *element = lfirst(lc);
		Constraint *constraint;

		if (IsA(element, ColumnDef))
			add_constraints(schemas, names, schema,
							((ColumnDef *) element)->constraints);
		if (!IsA(element, Constraint))
			continue;
		constraint = (Constraint *) element;
		if (constraint->conname == NULL ||
			(constraint->contype != CONSTR_PRIMARY &&
			 constraint->contype != CONSTR_UNIQUE &&
			 constraint->contype != CONSTR_EXCLUSION))
			continue;
		*schemas = lappend_oid(*schemas, schema);
		*names = lappend(*names, constraint->conname);
	}
}

/* type_schema: the schema of a type, InvalidOid if there is no such type. */
static Oid
type_schema(List *name)
{
	Oid			type = LookupTypeNameOid(NULL, makeTypeNameFromNameList(name),
										 true);
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Oid			result = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		result = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace;
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * function_schema: the schema of a function that a command names; InvalidOid
 * if there is none, as the command will say, or it has no arguments.
 */
static Oid
function_schema(ObjectType type, ObjectWithArgs *function)
{
	Oid			oid = LookupFuncWithArgs(type, function, true);

	return OidIsValid(oid) && get_func_nargs(oid) > 0 ?
		get_func_namespace(oid) : InvalidOid;
}

/*
 * is_called_with_one: can the function to be made be called with one argument,
 * as a link function is?  Then a call may mean either.
 */
static bool
is_called_with_one(CreateFunctionStmt *stmt)
{
	int			most = 0;
	int			least = 0;
	bool		variadic = false;
	ListCell   *lc;

	foreach(lc, stmt->parameters)
	{
		FunctionParameter *parameter = lfirst_node(FunctionParameter, lc);

		if (parameter->mode == FUNC_PARAM_OUT ||
			parameter->mode == FUNC_PARAM_TABLE)
			continue;
		most++;
		variadic |= parameter->mode == FUNC_PARAM_VARIADIC;
		if (parameter->defexpr == NULL)
			least++;
	}
	return most > 0 && (least <= 1 || variadic);
}

/*
 * changes_function: is it CREATE OR REPLACE of a function that is there, and
 * will it be allowed?  Then it is about that function.  (Of a type written as
 * column%TYPE this is not known: looking it up says so in a NOTICE.)
 */
static bool
changes_function(CreateFunctionStmt *stmt)
{
	List	   *types = NIL;
	Oid			schema;
	Oid			function;
	ListCell   *lc;

	if (!stmt->replace || stmt->returnType == NULL ||
		stmt->returnType->pct_type)
		return false;
	foreach(lc, stmt->parameters)
	{
		FunctionParameter *parameter = lfirst_node(FunctionParameter, lc);
		Oid			type;

		if (parameter->mode == FUNC_PARAM_OUT ||
			parameter->mode == FUNC_PARAM_TABLE)
			continue;
		type = parameter->argType->pct_type ? InvalidOid :
			LookupTypeNameOid(NULL, parameter->argType, true);
		if (!OidIsValid(type))
			return false;
		types = lappend_oid(types, type);
	}
	schema = m2m_creation_schema(list_length(stmt->funcname) == 2 ?
								 strVal(linitial(stmt->funcname)) : NULL);
	if (list_length(stmt->funcname) > 2 || list_length(types) != 1 ||
		!OidIsValid(schema))
		return false;
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							   CStringGetDatum(strVal(llast(stmt->funcname))),
							   PointerGetDatum(buildoidvector(&linitial_oid(types), 1)),
							   ObjectIdGetDatum(schema));
	return OidIsValid(function) &&
		get_func_rettype(function) ==
		LookupTypeNameOid(NULL, stmt->returnType, true) &&
		get_func_retset(function) == stmt->returnType->setof;
}

/*
 * add_missing: the names of what is to be dropped if it is there, and cannot
 * be: something else is.
 */
static void
add_missing(List **schemas, List **names, DropStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		RangeVar   *name = makeRangeVarFromNameList((List *) lfirst(lc));
		Oid			relid = RangeVarGetRelid(name, NoLock, true);

		if (!OidIsValid(relid))
			continue;
		*schemas = lappend_oid(*schemas, get_rel_namespace(relid));
		*names = lappend(*names, name->relname);
	}
}

/*
 * m2m_creation_schema: the schema of that name, or in which something without
 * one is made; InvalidOid if there is none, or for temporary things.
 */
Oid
m2m_creation_schema(const char *schema)
{
	List	   *path;
	Oid			result = InvalidOid;

	if (schema != NULL)
		result = get_namespace_oid(schema, true);
	else
	{
		path = fetch_search_path(false);
		if (path != NIL)
			result = linitial_oid(path);
	}
	return OidIsValid(result) && !isAnyTempNamespace(result) ?
		result : InvalidOid;
}

/*
 * give_way: renames the relation if it is a link view that nobody asked for,
 * unless replacement is a query about the same links: then it is to be changed,
 * by who knows it.
 */
static void
give_way(Oid viewid, Node *replacement)
{
	M2mLinkView *view = m2m_catalog_read_view(viewid, true);
	RenameTask	task = {viewid, M2M_LEFT, InvalidOid, NULL};
	char	   *name;
	ErrorData  *error;

	if (view == NULL || !view->unasked ||
		(!object_ownercheck(RelationRelationId, viewid, GetUserId()) &&
		 !object_ownercheck(NamespaceRelationId, get_rel_namespace(viewid),
							GetUserId())) ||
		(replacement != NULL && is_about(replacement, view)))
		return;
	task.near = view->near;
	task.association = view->association;
	name = get_rel_name(viewid);

	/*
	 * As who may create in the schema, which the view's owner may not any
	 * more.  If it fails, so will the command, as it would have.
	 */
	error = m2m_attempt_as(BOOTSTRAP_SUPERUSERID, true, true, true, rename_view,
						   &task);
	if (error == NULL && task.name != NULL)
		ereport(NOTICE,
				(errmsg("link view \"%s\" is called \"%s\" now", name,
						task.name)));
}

/* is_about: does a query read the link view's association? */
static bool
is_about(Node *query, M2mLinkView *view)
{
	return names_association(query, get_rel_name(view->association));
}

/* names_association: walker; finds a table of that name. */
static bool
names_association(Node *node, void *arg)
{
	if (node == NULL || arg == NULL)
		return false;
	if (IsA(node, RangeVar))
		return strcmp(((RangeVar *) node)->relname, arg) == 0;
	return raw_expression_tree_walker(node, names_association, arg);
}

/*
 * rename_view: as the bootstrap superuser, who evaluates nothing in it.  Does
 * nothing where the view cannot be locked at once.
 */
static void
rename_view(void *arg)
{
	RenameTask *task = arg;
	M2mRelationship *rel;
	char	   *name;
	Oid			function;

	m2m_setting_for_now("lock_timeout", "20");
	if (!m2m_lock_if_free(list_make1_oid(task->viewid), AccessExclusiveLock))
		return;
	rel = m2m_catalog_read_rest(task->association, NIL);
	if (rel == NULL || rel->side[task->near].view != task->viewid ||
		!OidIsValid(rel->side[M2M_LEFT].relid) ||
		!OidIsValid(rel->side[M2M_RIGHT].relid))
		return;
	name = m2m_adopted_view_elsewhere(rel, task->near);
	function = m2m_function_find(rel, task->near, false);
	if (OidIsValid(function) &&
		get_func_namespace(function) == get_rel_namespace(task->viewid) &&
		strcmp(get_func_name(function), get_rel_name(task->viewid)) == 0)
		m2m_ddl(psprintf("ALTER FUNCTION %s RENAME TO %s",
						 format_procedure_extended(function,
												   FORMAT_PROC_FORCE_QUALIFY),
						 quote_identifier(name)));
	m2m_ddl(psprintf("ALTER VIEW %s RENAME TO %s",
					 m2m_qualified_name(task->viewid),
					 quote_identifier(name)));
	task->name = name;
}
