/*
 * define_check.c
 *		What must be so before a relationship is made or unmade, and the error
 *		where it is not: endpoints, ownership, roles, names that are free.
 *
 * Reads catalogs and locks nothing: whoever needs an answer that holds locks
 * the tables, and asks again.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "m2m.h"
#include "relationship.h"
#include "text.h"
#include "view.h"

static const char *hint_via(M2mRelationship *rel, const Oid *endpoint);

/* m2m_create's and m2m_adopt's arguments by name */
const char *const m2m_view_argument[2] = {"left_view", "right_view"};
const char *const m2m_role_argument[2] = {"left_role", "right_role"};
const char *const m2m_key_argument[2] = {"left_key", "right_key"};
const char *const m2m_column_argument[2] = {"left_columns", "right_columns"};
const char *const m2m_table_argument[2] = {"left_table", "right_table"};

/*
 * m2m_endpoint_fits: would m2m_endpoint_check() let a table pass?  In one look,
 * as calls that link ask each time.
 */
bool
m2m_endpoint_fits(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	result = (form->relkind == RELKIND_RELATION ||
			  form->relkind == RELKIND_PARTITIONED_TABLE) &&
		(form->relpersistence != RELPERSISTENCE_TEMP ||
		 !isOtherTempNamespace(form->relnamespace));
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_endpoint_check: only tables, and not other sessions' temporary ones.
 * Errors: 42P01, 42809, 0A000.
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
 * m2m_local_check: error 0A000 for a table whose rows a distributed engine
 * keeps elsewhere: no foreign key of ours would see them.  The caller has
 * locked it, so that it stays as it is.
 */
void
m2m_local_check(Oid relid)
{
	if (m2m_catalog_is_distributed(relid))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("relationships of distributed tables are not supported"),
				 errdetail("Table %s is managed by the extension \"citus\".",
						   m2m_qualified_name(relid)),
				 errhint("undistribute_table() makes it a local table again.")));
}

/*
 * m2m_roles_check: the roles of one relationship must differ; error 22023.
 *
 * function, here and below, is the SQL function that has the arguments which
 * avoid the error: on first use of m2m_link it is not the one that was called.
 */
void
m2m_roles_check(char *role[2], const char *function)
{
	if (strcmp(role[M2M_LEFT], role[M2M_RIGHT]) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("both sides of the relationship have the role \"%s\"",
						role[M2M_LEFT]),
				 errhint("Name the roles by the arguments \"%s\" and \"%s\" of %s.",
						 m2m_role_argument[M2M_LEFT],
						 m2m_role_argument[M2M_RIGHT], function)));
}

/*
 * m2m_view_names_check: and so must its link views' names, where both are
 * given; error 42P07.
 */
void
m2m_view_names_check(char *view[2], const char *function)
{
	if (view[M2M_LEFT] != NULL && view[M2M_RIGHT] != NULL &&
		strcmp(view[M2M_LEFT], view[M2M_RIGHT]) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("both link views of the relationship would be called \"%s\"",
						view[M2M_LEFT]),
				 errhint("Give another name by the argument \"%s\" of %s.",
						 m2m_view_argument[M2M_RIGHT], function)));
}

/*
 * m2m_references_check: error 42501 for who may not refer to any column of a
 * table by a foreign key.
 */
void
m2m_references_check(Oid relid)
{
	AclResult	aclresult = pg_class_aclcheck(relid, GetUserId(),
											  ACL_REFERENCES);

	if (aclresult != ACLCHECK_OK)
		aclresult = pg_attribute_aclcheck_all(relid, GetUserId(),
											  ACL_REFERENCES, ACLMASK_ANY);
	if (aclresult != ACLCHECK_OK)
		aclcheck_error(aclresult, OBJECT_TABLE, get_rel_name(relid));
}

/*
 * m2m_name_is_free: has no relation the name, and no type that a relation
 * would not move out of the way?  CREATE TABLE moves an array type.
 */
bool
m2m_name_is_free(Oid schema, const char *name)
{
	Oid			type;

	if (OidIsValid(get_relname_relid(name, schema)))
		return false;
	type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
						   CStringGetDatum(name), ObjectIdGetDatum(schema));
	return !OidIsValid(type) || OidIsValid(get_element_type(type));
}

/*
 * m2m_name_is_being_taken: has another transaction given the name to a relation
 * or function, and not committed yet?  Who takes it all the same has to wait.
 */
bool
m2m_name_is_being_taken(Oid schema, const char *name)
{
	Relation	catalog;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	SnapshotData dirty;
	bool		result = false;

	InitDirtySnapshot(dirty);
	catalog = table_open(RelationRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_class_relname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum(name));
	ScanKeyInit(&key[1], Anum_pg_class_relnamespace, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(schema));
	scan = systable_beginscan(catalog, ClassNameNspIndexId, true, &dirty, 2,
							  key);
	while (!result && HeapTupleIsValid(systable_getnext(scan)))
		result = TransactionIdIsValid(dirty.xmin);
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);

	catalog = table_open(ProcedureRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_proc_proname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum(name));
	scan = systable_beginscan(catalog, ProcedureNameArgsNspIndexId, true,
							  &dirty, 1, key);
	while (!result && HeapTupleIsValid(tuple = systable_getnext(scan)))
		result = TransactionIdIsValid(dirty.xmin) &&
			((Form_pg_proc) GETSTRUCT(tuple))->pronamespace == schema;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return result;
}

/*
 * m2m_name_check_free: error 42P07 if a relation or type has the name, with
 * what it is and which argument avoids it.  endpoint has the two tables of a
 * relationship to be made, or is NULL.  Locks nothing: if somebody takes the
 * name meanwhile, the DDL to come fails.
 */
void
m2m_name_check_free(Oid schema, const char *name, const char *argument,
					const char *function, const Oid *endpoint)
{
	Oid			relid = get_relname_relid(name, schema);
	M2mRelationship *rel;
	M2mLinkView *view = NULL;
	const char *kind = "a type";

	if (m2m_name_is_free(schema, name))
		return;
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
					 errhint("%sFor a second relationship give another name by the argument \"%s\" of %s.",
							 endpoint != NULL ? hint_via(rel, endpoint) : "",
							 argument, function)));
		switch (get_rel_relkind(relid))
		{
			case RELKIND_VIEW:
				kind = m2m_catalog_is_link_view(relid) ?
					"a link view" : "a view";
				view = m2m_catalog_read_view(relid, true);
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
				if (m2m_catalog_read_rest(relid, NIL) != NULL)
					ereport(ERROR,
							(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
							 errmsg("the relationship of association table \"%s\" is at rest",
									name),
							 errdetail("One of its tables is not known, since no foreign key refers to it."),
							 errhint("Restore the foreign keys of the table, or give another name by the argument \"%s\".",
									 argument)));
				kind = "a table";
				break;
		}
	}
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("relation \"%s\" already exists", name),
			 view != NULL ?
			 errdetail("It is a link view of the relationship %s.",
					   m2m_qualified_name(view->association)) :
			 errdetail("It is %s in schema \"%s\".", kind,
					   get_namespace_name(schema)),
			 errhint("Give another name by the argument \"%s\" of %s.%s",
					 argument, function,
					 strcmp(kind, "a table") == 0 &&
					 strcmp(argument, "name") == 0 &&
					 strcmp(function, "m2m_rename") != 0 ?
					 " If it is a join table, m2m_adopt makes it the association table of a relationship." : "")));
}

/*
 * hint_via: how to call a relationship that is between the two tables already,
 * where calls that do not name it pass it over; else nothing.
 */
static const char *
hint_via(M2mRelationship *rel, const Oid *endpoint)
{
	Oid			left = rel->side[M2M_LEFT].relid;
	Oid			right = rel->side[M2M_RIGHT].relid;

	if (!(left == endpoint[0] && right == endpoint[1]) &&
		!(left == endpoint[1] && right == endpoint[0]))
		return "";
	if (m2m_relationship_trusts(rel->association, left, right))
		return "";
	return psprintf("It belongs neither to a superuser, nor to the owner of both tables, nor to a role of yours, so name it to link there: via => %s. ",
					quote_literal_cstr(m2m_qualified_name(rel->association)));
}

/*
 * m2m_function_is_free: is there no function in the way of the link function
 * of a view's name?  One that reads just as ours will is what a relationship
 * left behind, and kept.
 */
bool
m2m_function_is_free(M2mRelationship *rel, M2mSide near, Oid schema,
					 const char *name)
{
	Oid			type = get_rel_type_id(rel->side[near].relid);

	return !SearchSysCacheExists3(PROCNAMEARGSNSP, CStringGetDatum(name),
								  PointerGetDatum(buildoidvector(&type, 1)),
								  ObjectIdGetDatum(schema)) ||
		m2m_function_reusable(rel, near, schema, name);
}

/*
 * m2m_function_disturbs: would a link function of that name make calls of
 * another function ambiguous?  A call of f('5'), whose argument has no type
 * yet, finds f(integer) as long as no f(author) is in the search_path, too.
 * In other schemas functions of strangers do not count, who could keep all
 * names from others; nor do those of rows, as the same tables have in each of
 * several schemas.
 */
bool
m2m_function_disturbs(M2mRelationship *rel, M2mSide near, Oid schema,
					  const char *name)
{
	Oid			type = get_rel_type_id(rel->side[near].relid);
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP,
										   CStringGetDatum(name));
	bool		result = false;

	for (int i = 0; !result && i < list->n_members; i++)
	{
		Form_pg_proc form =
			(Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

		if (form->pronargs == 0 ||
			(form->pronargs - form->pronargdefaults > 1 &&
			 !OidIsValid(form->provariadic)))
			continue;
		if (form->pronamespace == schema)
			result = form->pronargs > 1 ||
				form->proargtypes.values[0] != type;
		else
			result = m2m_catalog_owner_trusted(form->proowner, owner) &&
				get_typtype(form->proargtypes.values[0]) != TYPTYPE_COMPOSITE;
	}
	ReleaseSysCacheList(list);
	return result;
}

/* m2m_function_check_free: error 42P07 if there is one. */
void
m2m_function_check_free(M2mRelationship *rel, M2mSide near, Oid schema,
						const char *name, const char *function)
{
	if (!m2m_function_is_free(rel, near, schema, name))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("function \"%s\" already exists with same argument types",
						name),
				 errdetail("It is a function of %s in schema \"%s\".",
						   format_type_be(get_rel_type_id(rel->side[near].relid)),
						   get_namespace_name(schema)),
				 errhint("Give another name to view and function by the argument \"%s\" of %s.",
						 m2m_view_argument[near], function)));
}
