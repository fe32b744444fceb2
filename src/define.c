/*
 * define.c
 *		Creating, adopting and dropping a relationship.
 *
 * A relationship is made of ordinary objects, by ordinary DDL run as the
 * caller, who owns them.  Privileges are checked before anything is locked,
 * so that nobody can make others wait by a call that is bound to fail.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_index.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "m2m.h"

/* m2m_create's and m2m_adopt's arguments by name */
static const char *const view_argument[2] = {"left_view", "right_view"};
static const char *const role_argument[2] = {"left_role", "right_role"};
static const char *const key_argument[2] = {"left_key", "right_key"};
static const char *const column_argument[2] = {"left_columns", "right_columns"};

/* A definition with all defaults worked out. */
typedef struct Names
{
	M2mDefinition *definition;
	Oid			schema;
	char		persistence;
	char	   *name;
	char	   *role[2];
	char	   *view[2];
	List	   *key[2];			/* names of the endpoint's key columns */
	List	   *column[2];		/* names of the association's columns */
} Names;

static M2mRelationship *lock_relationship(Oid association);
static void check_privileges(M2mDefinition *definition, Oid schema);
static char choose_persistence(M2mDefinition *definition);
static List *choose_key(Oid relid, List *wanted, M2mSide side);
static List *index_columns(Relation relation, Oid index, bool need_not_null);
static bool same_names(List *a, List *b);
static void choose_names(Names *names);
static void check_names(Names *names);
static void check_roles(char *role[2]);
static void check_views_differ(char *view[2]);
static void check_name_free(Oid schema, const char *name,
							const char *argument);
static void check_function_free(M2mRelationship *rel, M2mSide near,
								Oid schema, const char *name);
static void create_association(Names *names);
static void append_column_definition(StringInfo sql, Oid relid,
									 const char *column, const char *key);
static void append_foreign_key(StringInfo sql, Names *names, M2mSide side);
static void append_names(StringInfo sql, List *names);
static void describe_association(Oid association, Names *names);
static void make_views(M2mRelationship *rel, Oid schema, char *view[2]);
static char parse_on_delete(const char *string);
static const char *on_delete_sql(char action);
static List *text_array_to_names(ArrayType *array, const char *argument);
static char *text_argument(FunctionCallInfo fcinfo, int n,
						   const char *argument);
static void choose_foreign_keys(Oid association, List *column[2],
								ForeignKeyCacheInfo *fk[2]);
static bool fk_has_columns(Oid association, ForeignKeyCacheInfo *fk,
						   List *columns);
static char *adopted_role(Oid association, ForeignKeyCacheInfo *fk,
						  bool self, M2mSide side);
static char *leftover_name(M2mRelationship *rel, M2mSide near, Oid schema,
						   Oid owner);
static bool is_leftover(M2mRelationship *rel, M2mSide near, Oid relid,
						Oid owner);
static void check_leftover(M2mRelationship *rel, M2mSide near, Oid schema,
						   const char *name);
static void check_association_owner(Oid association);

PG_FUNCTION_INFO_V1(m2m_create);
PG_FUNCTION_INFO_V1(m2m_adopt);
PG_FUNCTION_INFO_V1(m2m_drop);

/*
 * m2m_create: SQL function; makes a relationship and returns its association
 * table.  Locks both endpoints in ShareRowExclusiveLock, as adding their
 * foreign keys does.
 */
Datum
m2m_create(PG_FUNCTION_ARGS)
{
	M2mDefinition definition;

	PreventCommandIfReadOnly("m2m_create()");
	PreventCommandIfParallelMode("m2m_create()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("endpoint of a relationship must not be null")));
	memset(&definition, 0, sizeof(definition));
	definition.relid[M2M_LEFT] = PG_GETARG_OID(0);
	definition.relid[M2M_RIGHT] = PG_GETARG_OID(1);
	definition.name = text_argument(fcinfo, 2, "name");
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		definition.role[s] = text_argument(fcinfo, 3 + s, role_argument[s]);
		if (!PG_ARGISNULL(7 + s))
			definition.key[s] =
				text_array_to_names(PG_GETARG_ARRAYTYPE_P(7 + s),
									key_argument[s]);
		if (!PG_ARGISNULL(9 + s))
			definition.column[s] =
				text_array_to_names(PG_GETARG_ARRAYTYPE_P(9 + s),
									column_argument[s]);
		definition.view[s] = text_argument(fcinfo, 11 + s, view_argument[s]);
	}
	definition.on_delete = PG_ARGISNULL(5) ? FKCONSTR_ACTION_CASCADE :
		parse_on_delete(text_to_cstring(PG_GETARG_TEXT_PP(5)));
	definition.schema = PG_ARGISNULL(6) ? InvalidOid : PG_GETARG_OID(6);
	definition.if_not_exists = !PG_ARGISNULL(13) && PG_GETARG_BOOL(13);

	m2m_definition_lock(&definition);
	PG_RETURN_OID(m2m_relationship_define(&definition));
}

/*
 * m2m_adopt: SQL function; makes an existing join table, or what is left of a
 * relationship, the association of a relationship.  Returns the association.
 */
Datum
m2m_adopt(PG_FUNCTION_ARGS)
{
	List	   *column[2] = {NIL, NIL};
	char	   *role[2];
	char	   *view[2];

	PreventCommandIfReadOnly("m2m_adopt()");
	PreventCommandIfParallelMode("m2m_adopt()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table must not be null")));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		role[s] = text_argument(fcinfo, 1 + s, role_argument[s]);
		if (!PG_ARGISNULL(3 + s))
			column[s] = text_array_to_names(PG_GETARG_ARRAYTYPE_P(3 + s),
											column_argument[s]);
		view[s] = text_argument(fcinfo, 5 + s, view_argument[s]);
	}
	m2m_relationship_adopt(PG_GETARG_OID(0), role, column, view);
	PG_RETURN_OID(PG_GETARG_OID(0));
}

/*
 * m2m_relationship_adopt: the same, with names that are NULL where they were
 * not given.  Locks the association in ShareRowExclusiveLock.
 */
void
m2m_relationship_adopt(Oid association, char *role[2], List *column[2],
					   char *view[2])
{
	ForeignKeyCacheInfo *fk[2];
	M2mRelationship *rel;
	M2mRelationship *leftover;	/* what there is of one already */
	Oid			schema;
	AclResult	aclresult;

	check_association_owner(association);
	m2m_endpoint_check(association);
	schema = get_rel_namespace(association);
	aclresult = object_aclcheck(NamespaceRelationId, schema, GetUserId(),
								ACL_CREATE);
	if (aclresult != ACLCHECK_OK)
		aclcheck_error(aclresult, OBJECT_SCHEMA, get_namespace_name(schema));

	leftover = m2m_relationship_get(association, InvalidOid,
									ShareRowExclusiveLock);
	if (leftover != NULL && OidIsValid(leftover->side[M2M_LEFT].view) &&
		OidIsValid(leftover->side[M2M_RIGHT].view))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("table \"%s\" is the association table of a relationship already",
						get_rel_name(association)),
				 errdetail("Its link views are %s and %s.",
						   m2m_qualified_name(leftover->side[M2M_LEFT].view),
						   m2m_qualified_name(leftover->side[M2M_RIGHT].view))));

	choose_foreign_keys(association, column, fk);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (role[s] == NULL)
			role[s] = leftover != NULL ? pstrdup(leftover->side[s].role) :
				adopted_role(association, fk[s],
							 fk[M2M_LEFT]->confrelid ==
							 fk[M2M_RIGHT]->confrelid, s);
	}
	check_roles(role);
	rel = m2m_catalog_read_foreign_keys(association, fk,
										(const char **) role);
	rel->adopted = leftover == NULL || leftover->adopted;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		/* a view that is whole stays as it is, whatever its name */
		if (leftover != NULL && OidIsValid(leftover->side[s].view))
		{
			rel->side[s].view = leftover->side[s].view;
			continue;
		}
		if (view[s] == NULL)
			view[s] = leftover_name(rel, s, schema, GetUserId());
		if (view[s] == NULL)
			view[s] = m2m_name_join(role[s],
									m2m_name_plural(role[M2M_OTHER(s)]));
		check_leftover(rel, s, schema, view[s]);
	}
	check_views_differ(view);
	make_views(rel, schema, view);
}

/*
 * m2m_drop: SQL function; removes the link views and functions of a
 * relationship and, unless it is to be kept or was adopted, its association
 * table.  What other objects depend on is not removed: PostgreSQL's own error
 * 2BP01.
 */
Datum
m2m_drop(PG_FUNCTION_ARGS)
{
	Oid			association;
	bool		keep_links = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	M2mRelationship *rel;
	StringInfoData views;

	PreventCommandIfReadOnly("m2m_drop()");
	PreventCommandIfParallelMode("m2m_drop()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("association table must not be null")));
	association = PG_GETARG_OID(0);
	check_association_owner(association);
	rel = lock_relationship(association);
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("\"%s\" is not the association table of a relationship",
						get_rel_name(association)),
				 errhint("The view m2m_relationships lists those that are.")));

	initStringInfo(&views);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ListCell   *lc;

		foreach(lc, m2m_functions_find(rel, s, true))
			m2m_ddl(psprintf("DROP FUNCTION %s",
							 format_procedure_extended(lfirst_oid(lc),
													   FORMAT_PROC_FORCE_QUALIFY)));
		if (OidIsValid(rel->side[s].view))
			appendStringInfo(&views, "%s%s", views.len > 0 ? ", " : "",
							 m2m_qualified_name(rel->side[s].view));
	}
	if (views.len > 0)
		m2m_ddl(psprintf("DROP VIEW %s", views.data));
	if (!keep_links && !rel->adopted)
		m2m_ddl(psprintf("DROP TABLE %s", m2m_qualified_name(association)));
	else
		m2m_relationship_changed(association);
	PG_RETURN_VOID();
}

/*
 * lock_relationship: locks an association and its link views, which are about
 * to be dropped.  Returns the description, which holds from then on; NULL if
 * there is none.
 */
static M2mRelationship *
lock_relationship(Oid association)
{
	List	   *locked = NIL;

	for (;;)
	{
		M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
													NoLock);
		List	   *needed = list_make1_oid(association);

		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			/* dropping its foreign keys locks the endpoints as well */
			needed = list_append_unique_oid(needed, rel->side[s].relid);
			if (OidIsValid(rel->side[s].view))
				needed = lappend_oid(needed, rel->side[s].view);
		}
		if (list_difference_oid(needed, locked) == NIL)
			return rel;
		m2m_lock_relations(needed, AccessExclusiveLock);
		locked = needed;
	}
}

/*
 * m2m_definition_lock: checks that the caller may define the relationship,
 * then locks both endpoints as adding a foreign key will, so that of two first
 * uses at once one waits for the other.
 *
 * Errors: 42809 and 42P16 for endpoints that cannot be; 42501.
 */
void
m2m_definition_lock(M2mDefinition *definition)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		m2m_endpoint_check(definition->relid[s]);
	if (OidIsValid(definition->schema) &&
		get_namespace_name(definition->schema) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema with OID %u does not exist",
						definition->schema)));
	check_privileges(definition, OidIsValid(definition->schema) ?
					 definition->schema :
					 get_rel_namespace(definition->relid[M2M_LEFT]));

	m2m_lock_relations(list_append_unique_oid(list_make1_oid(definition->relid[M2M_LEFT]),
											  definition->relid[M2M_RIGHT]),
					   ShareRowExclusiveLock);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		m2m_endpoint_check(definition->relid[s]);
}

/*
 * m2m_relationship_define: makes association table, link views, triggers and
 * functions; returns the association's OID.  The endpoints are locked by
 * m2m_definition_lock().
 */
Oid
m2m_relationship_define(M2mDefinition *definition)
{
	Names		names;
	M2mExtensionState extension;
	M2mRelationship *rel;
	ForeignKeyCacheInfo *fk[2];
	Oid			association;

	memset(&names, 0, sizeof(names));
	names.definition = definition;
	names.persistence = choose_persistence(definition);
	names.schema = OidIsValid(definition->schema) ? definition->schema :
		get_rel_namespace(definition->relid[M2M_LEFT]);
	choose_names(&names);

	association = get_relname_relid(names.name, names.schema);
	if (definition->if_not_exists && OidIsValid(association))
	{
		rel = m2m_relationship_get(association, InvalidOid, AccessShareLock);
		if (rel != NULL &&
			rel->side[M2M_LEFT].relid == definition->relid[M2M_LEFT] &&
			rel->side[M2M_RIGHT].relid == definition->relid[M2M_RIGHT])
		{
			ereport(NOTICE,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("relationship \"%s\" already exists, skipping",
							names.name)));
			return association;
		}
	}
	check_names(&names);

	m2m_leave_extension(&extension);
	PG_TRY();
	{
		create_association(&names);
	}
	PG_FINALLY();
	{
		m2m_enter_extension(&extension);
	}
	PG_END_TRY();

	association = get_relname_relid(names.name, names.schema);
	choose_foreign_keys(association, names.column, fk);
	rel = m2m_catalog_read_foreign_keys(association, fk,
										(const char **) names.role);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		check_function_free(rel, s, names.schema, names.view[s]);
	describe_association(association, &names);
	make_views(rel, names.schema, names.view);
	return association;
}

/*
 * make_views: link views and functions of the sides that have no view, and
 * word to everybody.
 */
static void
make_views(M2mRelationship *rel, Oid schema, char *view[2])
{
	M2mExtensionState extension;

	m2m_leave_extension(&extension);
	PG_TRY();
	{
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			if (!OidIsValid(rel->side[s].view))
				m2m_view_create(rel, s, schema, view[s]);
		}
	}
	PG_FINALLY();
	{
		m2m_enter_extension(&extension);
	}
	PG_END_TRY();
	m2m_relationship_changed(rel->association);
}

/*
 * m2m_endpoint_check: only tables, and not other sessions' temporary ones.
 */
void
m2m_endpoint_check(Oid relid)
{
	char		relkind = get_rel_relkind(relid);
	const char *name = get_rel_name(relid);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", name),
				 errdetail_relkind_not_supported(relkind),
				 relkind == RELKIND_VIEW || relkind == RELKIND_MATVIEW ?
				 errhint("Relate the tables that it reads.") :
				 relkind == RELKIND_FOREIGN_TABLE ?
				 errhint("Foreign keys, which keep links right, need local tables.") :
				 errhint("Name a table.")));
	if (get_rel_persistence(relid) == RELPERSISTENCE_TEMP &&
		isOtherTempNamespace(get_rel_namespace(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("\"%s\" is a temporary table of another session",
						name)));
}

/*
 * check_privileges: what the DDL to come will need, checked before any lock:
 * CREATE on the schema, REFERENCES on both endpoints.
 */
static void
check_privileges(M2mDefinition *definition, Oid schema)
{
	AclResult	aclresult;

	aclresult = object_aclcheck(NamespaceRelationId, schema, GetUserId(),
								ACL_CREATE);
	if (aclresult != ACLCHECK_OK)
		aclcheck_error(aclresult, OBJECT_SCHEMA, get_namespace_name(schema));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		Oid			relid = definition->relid[s];

		aclresult = pg_class_aclcheck(relid, GetUserId(), ACL_REFERENCES);
		if (aclresult != ACLCHECK_OK)
			aclresult = pg_attribute_aclcheck_all(relid, GetUserId(),
												  ACL_REFERENCES,
												  ACLMASK_ANY);
		if (aclresult != ACLCHECK_OK)
			aclcheck_error(aclresult, OBJECT_TABLE, get_rel_name(relid));
	}
}

/*
 * choose_persistence: temporary for two temporary endpoints, unlogged if one
 * is unlogged, as foreign keys allow.  Error 42P16 for other mixtures.
 */
static char
choose_persistence(M2mDefinition *definition)
{
	Oid			left = definition->relid[M2M_LEFT];
	Oid			right = definition->relid[M2M_RIGHT];
	char		l = get_rel_persistence(left);
	char		r = get_rel_persistence(right);

	if ((l == RELPERSISTENCE_TEMP) != (r == RELPERSISTENCE_TEMP))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("cannot relate temporary table \"%s\" to \"%s\", which is not temporary",
						get_rel_name(l == RELPERSISTENCE_TEMP ? left : right),
						get_rel_name(l == RELPERSISTENCE_TEMP ? right : left)),
				 errdetail("No foreign key can reference both.")));
	if (l == RELPERSISTENCE_UNLOGGED || r == RELPERSISTENCE_UNLOGGED)
		return RELPERSISTENCE_UNLOGGED;
	return l;
}

/*
 * choose_key: names of the endpoint's key columns: the columns wanted, if a
 * unique index that a foreign key can reference is over them; else the primary
 * key, else the only such index over NOT NULL columns.  Error 42P16.
 */
static List *
choose_key(Oid relid, List *wanted, M2mSide side)
{
	Relation	relation = relation_open(relid, NoLock);
	List	   *indexes = RelationGetIndexList(relation);
	Oid			primary = relation->rd_pkindex;
	List	   *result = NIL;
	int			found = 0;
	ListCell   *lc;

	if (wanted == NIL && OidIsValid(primary))
	{
		result = index_columns(relation, primary, true);
		found = result != NIL ? 1 : 0;
	}
	if (found == 0)
	{
		foreach(lc, indexes)
		{
			List	   *columns = index_columns(relation, lfirst_oid(lc),
												wanted == NIL);

			if (columns == NIL ||
				(wanted != NIL && !same_names(columns, wanted)))
				continue;
			result = wanted != NIL ? wanted : columns;
			found++;
		}
	}
	relation_close(relation, NoLock);

	if (found == 0 && wanted != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("the columns given by \"%s\" are no key of table \"%s\"",
						key_argument[side], get_rel_name(relid)),
				 errhint("Name exactly the columns of a primary key or unique constraint that is not deferrable.")));
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("table \"%s\" has no usable key",
						get_rel_name(relid)),
				 errhint("Add a primary key to it.")));
	if (found > 1 && wanted == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("table \"%s\" has no primary key and several unique ones",
						get_rel_name(relid)),
				 errhint("Name the columns of one by the argument \"%s\".",
						 key_argument[side])));
	return result;
}

/*
 * index_columns: names of the columns of an index that a foreign key can
 * reference; NIL if it cannot, or if columns are nullable and must not be.
 */
static List *
index_columns(Relation relation, Oid index, bool need_not_null)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	Form_pg_index form;
	List	   *result = NIL;

	if (!HeapTupleIsValid(tuple))
		return NIL;
	form = (Form_pg_index) GETSTRUCT(tuple);
	if (form->indisunique && form->indimmediate && form->indisvalid &&
		heap_attisnull(tuple, Anum_pg_index_indpred, NULL) &&
		heap_attisnull(tuple, Anum_pg_index_indexprs, NULL))
	{
		for (int i = 0; i < form->indnkeyatts; i++)
		{
			Form_pg_attribute column =
				TupleDescAttr(RelationGetDescr(relation),
							  form->indkey.values[i] - 1);

			if (need_not_null && !column->attnotnull)
			{
				result = NIL;
				break;
			}
			result = lappend(result,
							 makeString(pstrdup(NameStr(column->attname))));
		}
	}
	ReleaseSysCache(tuple);
	return result;
}

/* same_names: the same names, in whatever order? */
static bool
same_names(List *a, List *b)
{
	return list_length(a) == list_length(b) && list_difference(a, b) == NIL &&
		list_difference(b, a) == NIL;
}

/*
 * choose_names: works out every name that was not given.
 */
static void
choose_names(Names *names)
{
	M2mDefinition *definition = names->definition;
	bool		self = definition->relid[M2M_LEFT] ==
		definition->relid[M2M_RIGHT];
	char	   *table[2];

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		table[s] = get_rel_name(definition->relid[s]);
		if (definition->role[s] != NULL)
			names->role[s] = pstrdup(definition->role[s]);
		else if (self)
			names->role[s] = m2m_name_join(s == M2M_LEFT ? "from" : "to",
										  m2m_name_singular(table[s]));
		else
			names->role[s] = m2m_name_singular(table[s]);
	}
	check_roles(names->role);

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ListCell   *lc;

		names->key[s] = choose_key(definition->relid[s], definition->key[s], s);
		names->view[s] = definition->view[s] != NULL ?
			pstrdup(definition->view[s]) :
			m2m_name_join(names->role[s],
						  m2m_name_plural(names->role[M2M_OTHER(s)]));
		if (definition->column[s] != NIL)
		{
			if (list_length(definition->column[s]) !=
				list_length(names->key[s]))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg_plural("\"%s\" must name %d column",
									   "\"%s\" must name %d columns",
									   list_length(names->key[s]),
									   column_argument[s],
									   list_length(names->key[s])),
						 errdetail("That is how many columns the key of table \"%s\" has.",
								   table[s])));
			names->column[s] = definition->column[s];
			continue;
		}
		foreach(lc, names->key[s])
			names->column[s] =
				lappend(names->column[s],
						makeString(m2m_name_join(names->role[s],
												 strVal(lfirst(lc)))));
	}

	if (definition->name != NULL)
		names->name = pstrdup(definition->name);
	else
	{
		names->name = m2m_name_join(table[M2M_LEFT], table[M2M_RIGHT]);
		if (strcmp(names->name, names->view[M2M_LEFT]) == 0 ||
			strcmp(names->name, names->view[M2M_RIGHT]) == 0)
			names->name = makeObjectName(table[M2M_LEFT], table[M2M_RIGHT],
										"link");
	}
}

/*
 * check_names: no name may be taken, by another object or by another of ours.
 */
static void
check_names(Names *names)
{
	List	   *columns = list_concat_copy(names->column[M2M_LEFT],
										   names->column[M2M_RIGHT]);
	ListCell   *lc;

	foreach(lc, columns)
	{
		List	   *rest = list_copy_tail(columns,
										  foreach_current_index(lc) + 1);

		if (list_member(rest, lfirst(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("column \"%s\" of the association table would stand there twice",
							strVal(lfirst(lc))),
					 errhint("Name the columns by the arguments \"%s\" and \"%s\".",
							 column_argument[M2M_LEFT],
							 column_argument[M2M_RIGHT])));
	}
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (strcmp(names->view[s], names->name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("association table and link view would both be called \"%s\"",
							names->name),
					 errhint("Give another name by the argument \"%s\" or \"name\".",
							 view_argument[s])));
	}
	check_views_differ(names->view);
	check_name_free(names->schema, names->name, "name");
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		check_name_free(names->schema, names->view[s], view_argument[s]);
}

/* check_views_differ: and so must its link views' names; error 42P07. */
static void
check_views_differ(char *view[2])
{
	if (view[M2M_LEFT] != NULL && view[M2M_RIGHT] != NULL &&
		strcmp(view[M2M_LEFT], view[M2M_RIGHT]) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("both link views of the relationship would be called \"%s\"",
						view[M2M_LEFT]),
				 errhint("Give another name by the argument \"%s\".",
						 view_argument[M2M_RIGHT])));
}

/* check_roles: the roles of one relationship must differ. */
static void
check_roles(char *role[2])
{
	if (strcmp(role[M2M_LEFT], role[M2M_RIGHT]) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("both sides of the relationship have the role \"%s\"",
						role[M2M_LEFT]),
				 errhint("Name the roles by the arguments \"%s\" and \"%s\".",
						 role_argument[M2M_LEFT], role_argument[M2M_RIGHT])));
}

/*
 * check_name_free: error 42P07 if a relation or type has the name, with what
 * it is and which argument avoids it.
 */
static void
check_name_free(Oid schema, const char *name, const char *argument)
{
	Oid			relid = get_relname_relid(name, schema);
	M2mRelationship *rel;
	const char *kind = "a type";

	if (OidIsValid(relid))
	{
		rel = m2m_relationship_get(relid, InvalidOid, NoLock);
		if (rel != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("relation \"%s\" already exists", name),
					 errdetail("It is the association table of the relationship between %s (role \"%s\") and %s (role \"%s\").",
							   m2m_qualified_name(rel->side[M2M_LEFT].relid),
							   rel->side[M2M_LEFT].role,
							   m2m_qualified_name(rel->side[M2M_RIGHT].relid),
							   rel->side[M2M_RIGHT].role),
					 errhint("For a second relationship give another name by the argument \"%s\".",
							 argument)));
		switch (get_rel_relkind(relid))
		{
			case RELKIND_VIEW:
				kind = m2m_catalog_is_link_view(relid) ? 
					"a link view" : "a view";
				break;
			case RELKIND_MATVIEW:
				kind = "a materialized view";
				break;
			case RELKIND_INDEX:
			case RELKIND_PARTITIONED_INDEX:
				kind = "an index";
				break;
			case RELKIND_SEQUENCE:
				kind = "a sequence";
				break;
			case RELKIND_FOREIGN_TABLE:
				kind = "a foreign table";
				break;
			case RELKIND_COMPOSITE_TYPE:
				kind = "a composite type";
				break;
			default:
				kind = "a table";
				break;
		}
	}
	else
	{
		Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
										   CStringGetDatum(name),
										   ObjectIdGetDatum(schema));

		/* CREATE TABLE moves an array type of the name out of the way */
		if (!OidIsValid(type) || OidIsValid(get_element_type(type)))
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("relation \"%s\" already exists", name),
			 errdetail("It is %s in schema \"%s\".", kind,
					   get_namespace_name(schema)),
			 errhint("Give another name by the argument \"%s\".%s", argument,
					 strcmp(kind, "a table") == 0 &&
					 strcmp(argument, "name") == 0 ?
					 " If it is a join table, m2m_adopt makes it the association table of a relationship." : "")));
}

/*
 * check_function_free: the same for the link function of a view's name.  One
 * that reads just as ours will is what a relationship left behind, and kept.
 */
static void
check_function_free(M2mRelationship *rel, M2mSide near, Oid schema,
					const char *name)
{
	Oid			type = get_rel_type_id(rel->side[near].relid);
	oidvector  *arguments = buildoidvector(&type, 1);

	if (SearchSysCacheExists3(PROCNAMEARGSNSP, CStringGetDatum(name),
							  PointerGetDatum(arguments),
							  ObjectIdGetDatum(schema)) &&
		!m2m_function_reusable(rel, near, schema, name))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("function \"%s\" already exists with same argument types",
						name),
				 errdetail("It is a function of %s in schema \"%s\".",
						   format_type_be(type), get_namespace_name(schema)),
				 errhint("Give another name to view and function by the argument \"%s\".",
						 view_argument[near])));
}

/*
 * create_association: the association table, with the key columns of both
 * sides and nothing else, and the index for the other direction.
 */
static void
create_association(Names *names)
{
	StringInfoData sql;
	char	   *name =
		quote_qualified_identifier(get_namespace_name(names->schema),
								   names->name);

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %sTABLE %s (",
					 names->persistence == RELPERSISTENCE_TEMP ? "TEMPORARY " :
					 names->persistence == RELPERSISTENCE_UNLOGGED ?
					 "UNLOGGED " : "", name);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ListCell   *column;
		ListCell   *key;

		forboth(column, names->column[s], key, names->key[s])
			append_column_definition(&sql, names->definition->relid[s],
									 strVal(lfirst(column)),
									 strVal(lfirst(key)));
	}
	appendStringInfoString(&sql, "PRIMARY KEY (");
	append_names(&sql, names->column[M2M_LEFT]);
	appendStringInfoString(&sql, ", ");
	append_names(&sql, names->column[M2M_RIGHT]);
	appendStringInfoChar(&sql, ')');
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		append_foreign_key(&sql, names, s);
	appendStringInfoChar(&sql, ')');
	m2m_ddl(sql.data);

	resetStringInfo(&sql);
	appendStringInfo(&sql, "CREATE INDEX ON %s (", name);
	append_names(&sql, names->column[M2M_RIGHT]);
	appendStringInfoString(&sql, ", ");
	append_names(&sql, names->column[M2M_LEFT]);
	appendStringInfoChar(&sql, ')');
	m2m_ddl(sql.data);
}

/*
 * append_column_definition: "author_id bigint NOT NULL, ", of exactly the
 * type and collation of the key column.
 */
static void
append_column_definition(StringInfo sql, Oid relid, const char *column,
						 const char *key)
{
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(relid, get_attnum(relid, key), &type, &typmod,
						  &collation);
	appendStringInfo(sql, "%s %s", quote_identifier(column),
					 format_type_extended(type, typmod,
										  FORMAT_TYPE_TYPEMOD_GIVEN |
										  FORMAT_TYPE_FORCE_QUALIFY));
	if (OidIsValid(collation) && collation != get_typcollation(type))
		appendStringInfo(sql, " COLLATE %s",
						 m2m_qualified_collation(collation));
	appendStringInfoString(sql, " NOT NULL, ");
}

/* append_foreign_key: ", FOREIGN KEY ..." of one side. */
static void
append_foreign_key(StringInfo sql, Names *names, M2mSide side)
{
	appendStringInfoString(sql, ", FOREIGN KEY (");
	append_names(sql, names->column[side]);
	appendStringInfo(sql, ") REFERENCES %s (",
					 m2m_qualified_name(names->definition->relid[side]));
	append_names(sql, names->key[side]);
	appendStringInfo(sql, ") ON UPDATE CASCADE ON DELETE %s",
					 on_delete_sql(names->definition->on_delete));
}

/* append_names: quoted identifiers, with commas. */
static void
append_names(StringInfo sql, List *names)
{
	ListCell   *lc;

	foreach(lc, names)
		appendStringInfo(sql, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 quote_identifier(strVal(lfirst(lc))));
}

/* describe_association: COMMENT ON the new association and its columns. */
static void
describe_association(Oid association, Names *names)
{
	char	   *qualified = m2m_qualified_name(association);
	char	   *comment = psprintf("m2m association table: links between \"%s\" and \"%s\", a row each. "
								   "Read and write it as any table, or by the link views \"%s\" and \"%s\".",
								   get_rel_name(names->definition->relid[M2M_LEFT]),
								   get_rel_name(names->definition->relid[M2M_RIGHT]),
								   names->view[M2M_LEFT],
								   names->view[M2M_RIGHT]);

	m2m_ddl(psprintf("COMMENT ON TABLE %s IS %s", qualified,
					 quote_literal_cstr(comment)));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ListCell   *column;
		ListCell   *key;

		forboth(column, names->column[s], key, names->key[s])
		{
			comment = psprintf("\"%s\" of the linked \"%s\"",
							   strVal(lfirst(key)), names->role[s]);
			m2m_ddl(psprintf("COMMENT ON COLUMN %s.%s IS %s", qualified,
							 quote_identifier(strVal(lfirst(column))),
							 quote_literal_cstr(comment)));
		}
	}
}

/* parse_on_delete: an FKCONSTR_ACTION of a caller's words; error 22023. */
static char
parse_on_delete(const char *string)
{
	if (pg_strcasecmp(string, "cascade") == 0)
		return FKCONSTR_ACTION_CASCADE;
	if (pg_strcasecmp(string, "restrict") == 0)
		return FKCONSTR_ACTION_RESTRICT;
	if (pg_strcasecmp(string, "no action") == 0)
		return FKCONSTR_ACTION_NOACTION;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for argument \"on_delete\": \"%s\"", string),
			 errhint("Available values: cascade, restrict, no action.")));
	return 0;
}

static const char *
on_delete_sql(char action)
{
	return action == FKCONSTR_ACTION_CASCADE ? "CASCADE" :
		action == FKCONSTR_ACTION_RESTRICT ? "RESTRICT" : "NO ACTION";
}

/*
 * text_argument: an identifier argument, NULL if it is not given.
 */
static char *
text_argument(FunctionCallInfo fcinfo, int n, const char *argument)
{
	if (PG_ARGISNULL(n))
		return NULL;
	return m2m_name_fit(text_to_cstring(PG_GETARG_TEXT_PP(n)), argument);
}

/*
 * text_array_to_names: identifiers in an array, as a list of String nodes.
 */
static List *
text_array_to_names(ArrayType *array, const char *argument)
{
	Datum	   *element;
	bool	   *isnull;
	int			count;
	List	   *result = NIL;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT,
					  &element, &isnull, &count);
	if (ARR_NDIM(array) != 1 || count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" must be an array of column names", argument)));
	for (int i = 0; i < count; i++)
	{
		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("\"%s\" must not contain nulls", argument)));
		result = lappend(result,
						 makeString(m2m_name_fit(TextDatumGetCString(element[i]),
												 argument)));
	}
	return result;
}

/*
 * choose_foreign_keys: the two foreign keys that make a table an association:
 * those over the columns given, or its only two.  Errors: 42P16 if there are
 * not two; 42P08 if there are more.
 */
static void
choose_foreign_keys(Oid association, List *column[2],
					ForeignKeyCacheInfo *fk[2])
{
	List	   *all = m2m_catalog_foreign_keys(association);
	ListCell   *lc;

	fk[M2M_LEFT] = fk[M2M_RIGHT] = NULL;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (column[s] == NIL)
			continue;
		foreach(lc, all)
		{
			if (fk_has_columns(association, lfirst(lc), column[s]))
			{
				fk[s] = lfirst(lc);
				all = foreach_delete_current(all, lc);
				break;
			}
		}
		if (fk[s] == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("table \"%s\" has no foreign key over the columns given by \"%s\"",
							get_rel_name(association), column_argument[s])));
	}
	if (list_length(all) >
		(fk[M2M_LEFT] == NULL ? 1 : 0) + (fk[M2M_RIGHT] == NULL ? 1 : 0) &&
		(fk[M2M_LEFT] == NULL || fk[M2M_RIGHT] == NULL))
		ereport(ERROR,
				(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
				 errmsg("table \"%s\" has more than two foreign keys",
						get_rel_name(association)),
				 errhint("Name the columns of two of them by the arguments \"%s\" and \"%s\".",
						 column_argument[M2M_LEFT],
						 column_argument[M2M_RIGHT])));
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (fk[s] != NULL)
			continue;
		if (all == NIL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
					 errmsg("table \"%s\" has not the two foreign keys of an association table",
							get_rel_name(association)),
					 errhint("Add a foreign key to each of the two tables that it relates.")));
		fk[s] = linitial(all);
		all = list_delete_first(all);
	}
}

/* fk_has_columns: is a foreign key over exactly these columns? */
static bool
fk_has_columns(Oid association, ForeignKeyCacheInfo *fk, List *columns)
{
	List	   *names = NIL;

	for (int i = 0; i < fk->nkeys; i++)
		names = lappend(names, makeString(get_attname(association,
													  fk->conkey[i], false)));
	return same_names(names, columns);
}

/*
 * adopted_role: the role that a join table's column suggests: author_id for
 * the key id is role author.  Where columns suggest none, the endpoint's
 * singular.
 */
static char *
adopted_role(Oid association, ForeignKeyCacheInfo *fk, bool self, M2mSide side)
{
	char	   *column = get_attname(association, fk->conkey[0], false);
	char	   *key = get_attname(fk->confrelid, fk->confkey[0], false);
	int			length = strlen(column) - strlen(key) - 1;
	char	   *role;

	if (length > 0 && column[length] == '_' &&
		strcmp(column + length + 1, key) == 0)
		return pnstrdup(column, length);
	role = m2m_name_singular(get_rel_name(fk->confrelid));
	return self ? m2m_name_join(side == M2M_LEFT ? "from" : "to", role) : role;
}

/*
 * leftover_name: the name of a link view that lost its trigger, or of the link
 * function where the view is lost; NULL if there is neither.
 */
static char *
leftover_name(M2mRelationship *rel, M2mSide near, Oid schema, Oid owner)
{
	Oid			function;
	ListCell   *lc;

	foreach(lc, m2m_catalog_views(rel->association))
	{
		if (get_rel_namespace(lfirst_oid(lc)) == schema &&
			is_leftover(rel, near, lfirst_oid(lc), owner))
			return get_rel_name(lfirst_oid(lc));
	}
	function = m2m_function_find(rel, near, false);
	if (OidIsValid(function) && get_func_namespace(function) == schema &&
		!OidIsValid(get_relname_relid(get_func_name(function), schema)))
		return get_func_name(function);
	return NULL;
}

/*
 * m2m_view_name_free: could m2m_adopt, called by the association's owner, make
 * the link view of a side, or take back one that is left over, under the name
 * that it would choose?
 */
bool
m2m_view_name_free(M2mRelationship *rel, M2mSide near)
{
	Oid			schema = get_rel_namespace(rel->association);
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	char	   *name = leftover_name(rel, near, schema, owner);
	Oid			relid;

	if (name == NULL)
		name = m2m_name_join(rel->side[near].role,
							 m2m_name_plural(rel->side[M2M_OTHER(near)].role));
	relid = get_relname_relid(name, schema);
	return !OidIsValid(relid) || is_leftover(rel, near, relid, owner);
}

/*
 * is_leftover: does a view without our trigger read just as the link view of a
 * side would, may owner alter it, and would it count?
 */
static bool
is_leftover(M2mRelationship *rel, M2mSide near, Oid relid, Oid owner)
{
	M2mEndpoint *this = &rel->side[near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(near)];
	M2mLinkView *view = NULL;
	bool		same;

	if (get_rel_relkind(relid) == RELKIND_VIEW &&
		!m2m_catalog_is_link_view(relid))
		view = m2m_catalog_read_view(relid, false);
	same = view != NULL && view->association == rel->association &&
		view->far_relid == far->relid && view->nnear == this->nkeys &&
		view->nfar == far->nkeys &&
		m2m_catalog_owner_trusted(view->owner,
								  m2m_catalog_relation_owner(rel->association)) &&
		object_ownercheck(RelationRelationId, relid, owner);
	for (int i = 0; same && i < this->nkeys; i++)
		same = view->near_link[i] == this->key[i].link_attnum;
	for (int i = 0; same && i < far->nkeys; i++)
		same = view->far_link[i] == far->key[i].link_attnum &&
			view->far_key[i] == far->key[i].attnum;
	return same;
}

/*
 * check_leftover: where the link view's or function's name is taken, it must
 * be by a leftover.  Error 42P07 otherwise.
 */
static void
check_leftover(M2mRelationship *rel, M2mSide near, Oid schema,
			   const char *name)
{
	Oid			relid = get_relname_relid(name, schema);

	if (!OidIsValid(relid) || !is_leftover(rel, near, relid, GetUserId()))
		check_name_free(schema, name, view_argument[near]);
	check_function_free(rel, near, schema, name);
}

/* check_association_owner: 42501 unless the caller owns the table. */
static void
check_association_owner(Oid association)
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
