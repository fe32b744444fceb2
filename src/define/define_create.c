/*
 * define_create.c
 *		Makes a relationship between two tables: works out what a definition
 *		leaves open, makes the association table and what belongs to it.
 *
 * The key of an endpoint is chosen by define_keys.c, what must be so
 * beforehand is checked by define_check.c, link views and functions are
 * made by view_create.c and view_function.c.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"
#include "view.h"

/* A definition with all defaults worked out. */
typedef struct Names
{
	M2mDefinition *definition;
	Oid			schema;
	Oid			view_schema;
	M2mNaming	naming;
	M2mSide		first;			/* whose columns come first in the table */
	char		persistence;
	bool		deletes_rows;	/* ON COMMIT */
	char	   *name;
	char	   *role[2];
	char	   *view[2];
	List	   *key[2];			/* names of the endpoint's key columns */
	List	   *column[2];		/* names of the association's columns */
} Names;

static Oid	find_existing(Names *names);
static Oid	find_named(Names *names);
static void check_privileges(M2mDefinition *definition, Oid schema);
static char choose_persistence(M2mDefinition *definition);
static void choose_names(Names *names);
static void choose_symmetric_roles(Names *names);
static void check_names(Names *names);
static void check_shared(Names *names);
static List *own_columns(Names *names, M2mSide side);
static bool leads_with(List *columns, List *first);
static void create_association(Names *names);
static void create_index(Names *names, const char *kind, List *columns,
						 const char *index);
static char *free_name(Names *names, char *name);
static void append_column_definition(StringInfo sql, Oid relid,
									 const char *column, const char *key);
static void append_foreign_key(StringInfo sql, Names *names, M2mSide side);
static void append_names(StringInfo sql, List *names);
static void describe_association(Oid association, Names *names);
static const char *on_delete_sql(char action);

/*
 * m2m_definition_lock: checks that the caller may define the relationship,
 * then keeps the extension and locks both endpoints as adding a foreign key
 * will, so that of two first uses at once one waits for the other.
 *
 * Errors: 42809 and 42P16 for endpoints that cannot be; 42501; 42704 where the
 * extension was dropped meanwhile.
 */
void
m2m_definition_lock(M2mDefinition *definition)
{
	/*
	 * All that makes the caller fail is found before he makes anybody wait:
	 * who may not refer to a table must not queue a lock on it.
	 */
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

	/* before there is anything that others would wait for */
	m2m_keep_extension("m2m", false);

	/*
	 * The mode of ATAddForeignKeyConstraint(), which the foreign keys to come
	 * will take, and which conflicts with itself: of two first uses the
	 * second finds what the first has made.  Both tables at once, since
	 * others may name them the other way round.
	 */
	m2m_lock_relations(list_append_unique_oid(list_make1_oid(definition->relid[M2M_LEFT]),
											  definition->relid[M2M_RIGHT]),
					   ShareRowExclusiveLock);

	/* what was true before we waited need not be true now */
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
	Oid			view_schema[2];

	memset(&names, 0, sizeof(names));
	names.definition = definition;
	names.persistence = choose_persistence(definition);
	names.schema = OidIsValid(definition->schema) ? definition->schema :
		get_rel_namespace(definition->relid[M2M_LEFT]);
	names.view_schema = m2m_schema_of_views(names.schema, false);
	choose_names(&names);

	if (definition->if_not_exists)
	{
		association = find_existing(&names);
		if (OidIsValid(association))
		{
			ereport(NOTICE,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("relationship \"%s\" already exists, skipping",
							get_rel_name(association))));
			return association;
		}
	}
	/* under the locks: an engine locks a table, too, when it takes it over */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		m2m_local_check(definition->relid[s]);
	check_names(&names);
	if (definition->notice)
		m2m_first_use_notice(definition->relid[M2M_LEFT],
							 definition->relid[M2M_RIGHT]);
	names.deletes_rows = names.persistence == RELPERSISTENCE_TEMP &&
		m2m_temporary_deletes_rows(definition->relid);

	/*
	 * As in an extension's script a relationship would become its member, and
	 * go with it.  PG_FINALLY, as a block in the script may catch our error.
	 */
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
	if (definition->symmetric)
		m2m_mirror_create(association, names.column);
	if (names.persistence == RELPERSISTENCE_TEMP)
		m2m_temporary_depend(association, definition->relid);

	/*
	 * Described from what was made, not from what was asked for, as it will
	 * be from now on: event triggers of the user's may have had a hand in it.
	 */
	m2m_foreign_keys_choose(association, NULL, names.column, fk);
	rel = m2m_catalog_read_foreign_keys(association, fk,
										(const char **) names.role);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (m2m_view_is_due(rel, s))
			m2m_function_check_free(rel, s, names.view_schema, names.view[s],
									"m2m_create");
	}
	describe_association(association, &names);
	view_schema[M2M_LEFT] = view_schema[M2M_RIGHT] = names.view_schema;
	m2m_views_create(rel, view_schema, names.view);
	if (definition->symmetric)
		m2m_relationship_symmetric(association, false);
	return association;
}

/*
 * m2m_views_create: makes link views and functions of the sides that have no
 * view, each in its schema, and sends word to everybody.  The caller has just
 * made the association or holds it locked in ShareRowExclusiveLock, and has
 * checked the names.  Errors are those of the DDL.
 *
 * A relationship that is described for the first time has no rules yet; where
 * there were some, and links an order, the functions return rows in it.
 */
void
m2m_views_create(M2mRelationship *rel, Oid schema[2], char *view[2])
{
	Oid			association = rel->association;
	bool		made[2] = {false, false};
	M2mExtensionState extension;

	m2m_leave_extension(&extension);
	PG_TRY();
	{
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			made[s] = m2m_view_is_due(rel, s);
			if (made[s])
				m2m_view_create(rel, s, schema[s], view[s]);
		}
		m2m_relationship_changed(association);
		rel = m2m_relationship_get(association, InvalidOid, NoLock);
		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			if (made[s] && m2m_order_column(rel, s) != InvalidAttrNumber)
				m2m_function_repair(rel, s);
		}
	}
	PG_FINALLY();
	{
		m2m_enter_extension(&extension);
	}
	PG_END_TRY();
	m2m_relationship_changed(association);
}

/*
 * find_existing: the association of the relationship that is to be made, if it
 * was made already, from whichever of its tables; InvalidOid if not.  Who asks
 * for no name and no style means it in whatever style it was made, and wherever
 * its link views were to go: beside it they can have had a say in its name.
 */
static Oid
find_existing(Names *names)
{
	Oid			view_schema[2] = {names->schema, InvalidOid};
	Oid			association = find_named(names);

	if (names->definition->name != NULL)
		return association;
	for (const struct config_enum_entry *option = m2m_naming_options;
		 option->name != NULL; option++)
	{
		M2mDefinition definition = *names->definition;

		if (definition.naming_given &&
			definition.naming != (M2mNaming) option->val)
			continue;
		definition.naming_given = true;
		definition.naming = option->val;
		for (int i = 0; i < 2 && !OidIsValid(association); i++)
		{
			Names		other;

			memset(&other, 0, sizeof(other));
			other.definition = &definition;
			other.schema = names->schema;
			other.view_schema = view_schema[i];
			choose_names(&other);
			association = find_named(&other);
		}
	}
	return association;
}

/* find_named: the same by the name that it would have in one style. */
static Oid
find_named(Names *names)
{
	M2mDefinition *definition = names->definition;
	M2mDefinition swapped = *definition;
	Names		other = *names;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		swapped.relid[s] = definition->relid[M2M_OTHER(s)];
		swapped.role[s] = definition->role[M2M_OTHER(s)];
		swapped.view[s] = definition->view[M2M_OTHER(s)];
		swapped.key[s] = definition->key[M2M_OTHER(s)];
		swapped.column[s] = definition->column[M2M_OTHER(s)];
	}
	/* one table on both sides has no other way round */
	if (definition->relid[M2M_LEFT] != definition->relid[M2M_RIGHT])
	{
		memset(&other, 0, sizeof(other));
		other.definition = &swapped;
		other.schema = OidIsValid(swapped.schema) ? swapped.schema :
			get_rel_namespace(swapped.relid[M2M_LEFT]);
		other.view_schema = names->view_schema == names->schema ?
			other.schema : InvalidOid;
		choose_names(&other);
	}

	for (int i = 0; i < 2; i++)
	{
		Names	   *as = i == 0 ? names : &other;
		Oid			association = get_relname_relid(as->name, as->schema);
		M2mRelationship *rel = !OidIsValid(association) ? NULL :
			m2m_relationship_get(association, InvalidOid, AccessShareLock);

		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			if (rel->side[s].relid == definition->relid[M2M_LEFT] &&
				rel->side[M2M_OTHER(s)].relid == definition->relid[M2M_RIGHT])
				return association;
		}
	}
	return InvalidOid;
}

/*
 * check_privileges: what the DDL to come will need, checked before any lock:
 * CREATE on the schemas, REFERENCES on both endpoints.
 */
static void
check_privileges(M2mDefinition *definition, Oid schema)
{
	AclResult	aclresult;
	Oid			view_schema = m2m_schema_of_views(schema, false);

	aclresult = object_aclcheck(NamespaceRelationId, schema, GetUserId(),
								ACL_CREATE);
	if (aclresult != ACLCHECK_OK)
		aclcheck_error(aclresult, OBJECT_SCHEMA, get_namespace_name(schema));
	if (view_schema != schema)
		m2m_schema_check(view_schema);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		m2m_references_check(definition->relid[s]);
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
 * choose_names: works out every name that was not given.  Error 22023 where
 * other columns are given than the key has.
 */
static void
choose_names(Names *names)
{
	M2mDefinition *definition = names->definition;
	char	   *table[2];

	names->naming = definition->naming_given ? definition->naming :
		(M2mNaming) m2m_naming;
	names->first = m2m_style_first(names->naming, definition->relid);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		table[s] = get_rel_name(definition->relid[s]);
	m2m_style_roles(names->naming, definition->relid, definition->role,
					names->role);
	if (definition->symmetric)
		choose_symmetric_roles(names);
	m2m_roles_check(names->role, "m2m_create");

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		names->key[s] = m2m_key_choose(definition->relid[s],
									   definition->key[s], s, InvalidOid);
		names->view[s] = definition->view[s] != NULL ?
			pstrdup(definition->view[s]) :
			m2m_name_join(names->role[s],
						  m2m_name_plural(names->role[M2M_OTHER(s)],
										  table[M2M_OTHER(s)]));
		if (definition->column[s] != NIL)
		{
			if (list_length(definition->column[s]) !=
				list_length(names->key[s]))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg_plural("\"%s\" must name %d column",
									   "\"%s\" must name %d columns",
									   list_length(names->key[s]),
									   m2m_column_argument[s],
									   list_length(names->key[s])),
						 errdetail("That is how many columns the key of table \"%s\" has.",
								   table[s])));
			names->column[s] = definition->column[s];
			continue;
		}
		names->column[s] = m2m_style_columns(names->naming, definition->relid,
											 names->role, names->key[s], s);
	}

	/* there is one link view, whose name is left_view */
	if (definition->symmetric)
	{
		m2m_symmetric_check(definition, names->key);
		names->view[M2M_RIGHT] = NULL;
	}

	names->name = definition->name != NULL ? pstrdup(definition->name) :
		m2m_style_association(names->naming, definition->relid,
							  definition->role);
	if (definition->name != NULL || names->view_schema != names->schema ||
		(strcmp(names->name, names->view[M2M_LEFT]) != 0 &&
		 (names->view[M2M_RIGHT] == NULL ||
		  strcmp(names->name, names->view[M2M_RIGHT]) != 0)))
		return;

	/* one of them has to give way: a tool knows its table by its name */
	if (names->naming == M2M_NAMING_M2M)
		names->name = makeObjectName(table[M2M_LEFT], table[M2M_RIGHT],
									 "link");
	for (int s = M2M_LEFT;
		 names->naming != M2M_NAMING_M2M && s <= M2M_RIGHT; s++)
	{
		M2mSide		far = M2M_OTHER(s);

		if (definition->view[s] == NULL && names->view[s] != NULL)
			names->view[s] = m2m_name_of(m2m_name_plural(names->role[far],
														 table[far]),
										 names->role[s], false);
	}
}

/*
 * choose_symmetric_roles: where links have no direction the left role is the
 * table's own, and the right one another of these.
 */
static void
choose_symmetric_roles(Names *names)
{
	M2mDefinition *definition = names->definition;
	char	   *role =
		m2m_name_singular(get_rel_name(definition->relid[M2M_LEFT]));

	/* a tool that names columns by its roles knows them by these names */
	if (names->naming != M2M_NAMING_M2M)
		return;
	if (definition->role[M2M_LEFT] == NULL)
		names->role[M2M_LEFT] = role;
	if (definition->role[M2M_RIGHT] == NULL)
		names->role[M2M_RIGHT] = m2m_name_join("other", role);
}

/*
 * check_names: no name may be taken, by another object or by another of ours.
 * Errors: 42701, 42P07.
 */
static void
check_names(Names *names)
{
	ListCell   *lc;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		bool		whole = own_columns(names, M2M_OTHER(s)) == NIL &&
			own_columns(names, s) == NIL;
		bool		named = names->definition->column[M2M_LEFT] != NIL ||
			names->definition->column[M2M_RIGHT] != NIL;

		foreach(lc, names->column[s])
		{
			List	   *rest = list_copy_tail(names->column[s],
											  foreach_current_index(lc) + 1);

			/*
			 * One side's columns are not all there is of a pair.  Nor do two
			 * become one unless somebody has named them.
			 */
			if (whole || list_member(rest, lfirst(lc)) ||
				(!named && list_member(names->column[M2M_OTHER(s)],
									   lfirst(lc))) ||
				(names->naming == M2M_NAMING_DJANGO &&
				 strcmp(strVal(lfirst(lc)), "id") == 0))
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("column \"%s\" of the association table would stand there twice",
								strVal(lfirst(lc))),
						 errhint("Name the columns by the arguments \"%s\" and \"%s\" of m2m_create.",
								 m2m_column_argument[M2M_LEFT],
								 m2m_column_argument[M2M_RIGHT])));
		}
	}
	check_shared(names);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (names->view_schema == names->schema && names->view[s] != NULL &&
			strcmp(names->view[s], names->name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("association table and link view would both be called \"%s\"",
							names->name),
					 errhint("Give another name by the argument \"%s\" or \"name\" of m2m_create.",
							 m2m_view_argument[s])));
	}
	m2m_view_names_check(names->view, "m2m_create");
	m2m_name_check_free(names->schema, names->name, "name", "m2m_create",
						names->definition->relid);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (names->view[s] != NULL)
			m2m_name_check_free(names->view_schema, names->view[s],
								m2m_view_argument[s], "m2m_create",
								names->definition->relid);
	}
}

/*
 * check_shared: a column that both sides name is one column, and must be able
 * to hold both keys' values.  Error 42804.
 */
static void
check_shared(Names *names)
{
	ListCell   *column;
	ListCell   *key;

	forboth(column, names->column[M2M_RIGHT], key, names->key[M2M_RIGHT])
	{
		Oid			relid[2] = {names->definition->relid[M2M_LEFT],
		names->definition->relid[M2M_RIGHT]};
		const char *name[2];
		Oid			type[2];
		int32		typmod[2];
		Oid			collation[2];
		ListCell   *left_column;
		ListCell   *left_key;

		forboth(left_column, names->column[M2M_LEFT],
				left_key, names->key[M2M_LEFT])
		{
			if (!equal(lfirst(left_column), lfirst(column)))
				continue;
			name[M2M_LEFT] = strVal(lfirst(left_key));
			name[M2M_RIGHT] = strVal(lfirst(key));
			for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
				get_atttypetypmodcoll(relid[s], get_attnum(relid[s], name[s]),
									  &type[s], &typmod[s], &collation[s]);
			if (type[M2M_LEFT] != type[M2M_RIGHT] ||
				typmod[M2M_LEFT] != typmod[M2M_RIGHT] ||
				collation[M2M_LEFT] != collation[M2M_RIGHT])
				ereport(ERROR,
						(errcode(ERRCODE_DATATYPE_MISMATCH),
						 errmsg("column \"%s\" of the association table would have two types",
								strVal(lfirst(column))),
						 errdetail("Column \"%s\" of table \"%s\" is of type %s, column \"%s\" of table \"%s\" of type %s%s.",
								   name[M2M_LEFT], get_rel_name(relid[M2M_LEFT]),
								   format_type_with_typemod(type[M2M_LEFT],
															typmod[M2M_LEFT]),
								   name[M2M_RIGHT], get_rel_name(relid[M2M_RIGHT]),
								   format_type_with_typemod(type[M2M_RIGHT],
															typmod[M2M_RIGHT]),
								   collation[M2M_LEFT] != collation[M2M_RIGHT] &&
								   type[M2M_LEFT] == type[M2M_RIGHT] ?
								   ", with another collation" : ""),
						 errhint("Give one the type of the other, or name two columns by the arguments \"%s\" and \"%s\" of m2m_create.",
								 m2m_column_argument[M2M_LEFT],
								 m2m_column_argument[M2M_RIGHT])));
		}
	}
}

/* own_columns: the association's columns of one side that the other has not. */
static List *
own_columns(Names *names, M2mSide side)
{
	return list_difference(names->column[side],
						   names->column[M2M_OTHER(side)]);
}

/* leads_with: are the first columns of a list these, in whatever order? */
static bool
leads_with(List *columns, List *first)
{
	for (int i = 0; i < list_length(first); i++)
	{
		if (!list_member(first, list_nth(columns, i)))
			return false;
	}
	return true;
}

/*
 * create_association: the association table, with the key columns of both
 * sides and nothing else that its style does not have, and the index for the
 * other direction.  A column of both sides is one column.
 */
static void
create_association(Names *names)
{
	StringInfoData sql;
	M2mSide		second = M2M_OTHER(names->first);
	List	   *pair = list_concat_copy(names->column[names->first],
										own_columns(names, second));
	List	   *reverse = list_concat_copy(names->column[second],
										   own_columns(names, names->first));
	char	   *name =
		quote_qualified_identifier(get_namespace_name(names->schema),
								   names->name);
	char	   *key = free_name(names, m2m_style_key(names->naming,
													 names->name, pair));

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %sTABLE %s (",
					 names->persistence == RELPERSISTENCE_TEMP ? "TEMPORARY " :
					 names->persistence == RELPERSISTENCE_UNLOGGED ?
					 "UNLOGGED " : "", name);
	if (names->naming == M2M_NAMING_DJANGO)
		appendStringInfoString(&sql, "id pg_catalog.int8 PRIMARY KEY"
							   " GENERATED BY DEFAULT AS IDENTITY, ");
	for (int i = 0; i < 2; i++)
	{
		M2mSide		s = i == 0 ? names->first : second;
		ListCell   *column;
		ListCell   *referenced;

		forboth(column, names->column[s], referenced, names->key[s])
		{
			if (s == names->first ||
				!list_member(names->column[names->first], lfirst(column)))
				append_column_definition(&sql, names->definition->relid[s],
										 strVal(lfirst(column)),
										 strVal(lfirst(referenced)));
		}
	}
	if (names->naming == M2M_NAMING_RAILS)
		sql.len -= strlen(", ");	/* its key is an index, made below */
	else
	{
		if (key != NULL)
			appendStringInfo(&sql, "CONSTRAINT %s ", quote_identifier(key));
		appendStringInfoString(&sql, names->naming == M2M_NAMING_DJANGO ?
							   "UNIQUE (" : "PRIMARY KEY (");
		append_names(&sql, pair);
		appendStringInfoChar(&sql, ')');
	}

	/*
	 * In the same statement: the table is empty and nobody's yet, so the keys
	 * need no look at its rows, and the endpoints are held already.
	 */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		append_foreign_key(&sql, names, s);
	appendStringInfoChar(&sql, ')');
	if (names->deletes_rows)
		appendStringInfoString(&sql, " ON COMMIT DELETE ROWS");
	m2m_ddl(sql.data);

	switch (names->naming)
	{
		case M2M_NAMING_RAILS:
			key = key != NULL ? key :
				ChooseRelationName(names->name, "pair", "idx", names->schema,
								   false);
			create_index(names, "UNIQUE INDEX", pair, key);

			/* deletes are published by a key, or not at all */
			m2m_ddl(psprintf("ALTER TABLE %s REPLICA IDENTITY USING INDEX %s",
							 name, quote_identifier(key)));
			break;
		case M2M_NAMING_DJANGO:
			create_index(names, "INDEX", names->column[names->first], NULL);
			reverse = names->column[second];
			break;
		case M2M_NAMING_PRISMA:
			/* with any more in it Prisma does not know its table */
			reverse = names->column[second];
			break;
		default:
			break;
	}

	/* where all of the second key is the first's, too, it may lead already */
	if (names->naming == M2M_NAMING_DJANGO ||
		!leads_with(pair, names->column[second]))
		create_index(names, "INDEX", reverse, NULL);
}

/*
 * create_index: an index of the association, under a name, or that of its
 * style.
 */
static void
create_index(Names *names, const char *kind, List *columns, const char *index)
{
	StringInfoData sql;

	if (index == NULL)
		index = free_name(names, m2m_style_index(names->naming, names->name,
												 columns));
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %s %s ON %s (", kind,
					 index != NULL ? quote_identifier(index) : "",
					 quote_qualified_identifier(get_namespace_name(names->schema),
												names->name));
	append_names(&sql, columns);
	appendStringInfoChar(&sql, ')');
	m2m_ddl(sql.data);
}

/*
 * free_name: a name for an index, or NULL, with which PostgreSQL will find
 * one, if it is taken.
 */
static char *
free_name(Names *names, char *name)
{
	return name == NULL ||
		OidIsValid(get_relname_relid(name, names->schema)) ? NULL : name;
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

/*
 * append_foreign_key: ", FOREIGN KEY ..." of one side.
 *
 * A change of the key is carried into links, but not where another foreign key
 * has one of its columns: of a user who changes tenant, the links would become
 * those to the other tenant's groups of the same number.
 */
static void
append_foreign_key(StringInfo sql, Names *names, M2mSide side)
{
	char	   *foreign_key[2];
	char	   *name;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		foreign_key[s] = m2m_style_foreign_key(names->naming, names->name,
											   names->column[s],
											   names->definition->relid[s],
											   names->key[s]);

	/* shortened, both can be one: PostgreSQL finds another for the second */
	name = side == M2M_RIGHT && foreign_key[M2M_LEFT] != NULL &&
		strcmp(foreign_key[M2M_LEFT], foreign_key[M2M_RIGHT]) == 0 ?
		NULL : foreign_key[side];
	appendStringInfo(sql, ", %s%s FOREIGN KEY (",
					 name != NULL ? "CONSTRAINT " : "",
					 name != NULL ? quote_identifier(name) : "");
	append_names(sql, names->column[side]);
	appendStringInfo(sql, ") REFERENCES %s (",
					 m2m_qualified_name(names->definition->relid[side]));
	append_names(sql, names->key[side]);
	appendStringInfo(sql, ") ON UPDATE %s ON DELETE %s",
					 list_length(own_columns(names, side)) <
					 list_length(names->column[side]) ? "NO ACTION" : "CASCADE",
					 on_delete_sql(names->definition->on_delete));
	if (names->naming == M2M_NAMING_DJANGO)
		appendStringInfoString(sql, " DEFERRABLE INITIALLY DEFERRED");
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

/* on_delete_sql: the word for an action; those of pg_constraint. */
static const char *
on_delete_sql(char action)
{
	return action == FKCONSTR_ACTION_CASCADE ? "CASCADE" :
		action == FKCONSTR_ACTION_RESTRICT ? "RESTRICT" : "NO ACTION";
}

/*
 * describe_association: COMMENT ON the new association.  Not on its columns:
 * tools that compare a schema with their own idea of it would want to undo
 * that for ever.
 */
static void
describe_association(Oid association, Names *names)
{
	char	   *comment =
		m2m_association_comment(names->definition->relid[M2M_LEFT],
								names->definition->relid[M2M_RIGHT],
								names->view);

	m2m_ddl(psprintf("COMMENT ON TABLE %s IS %s",
					 m2m_qualified_name(association),
					 quote_literal_cstr(comment)));
}

/*
 * m2m_association_comment: what it says.  view: NULL where a relationship has
 * one link view.
 */
char *
m2m_association_comment(Oid left, Oid right, char *view[2])
{
	if (view[M2M_LEFT] == NULL || view[M2M_RIGHT] == NULL)
		return psprintf("m2m association table: links between rows of \"%s\", two rows each, one in either"
						" direction. Read and write it as any table, or by the link view \"%s\".",
						get_rel_name(left),
						view[view[M2M_LEFT] != NULL ? M2M_LEFT : M2M_RIGHT]);
	return psprintf("m2m association table: links between \"%s\" and \"%s\", a row each. "
					"Read and write it as any table, or by the link views \"%s\" and \"%s\".",
					get_rel_name(left), get_rel_name(right),
					view[M2M_LEFT], view[M2M_RIGHT]);
}
