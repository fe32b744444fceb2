/*
 * define_rename.c
 *		Giving a relationship other names.
 *
 * By statements that the caller could have typed, all of them or none: what
 * follows a rename (views, privileges, whatever depends on them) follows these,
 * too.  Link functions' bodies, which are strings, are given anew here: event
 * triggers do that as well, but may be disabled.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_proc.h"
#include "commands/comment.h"
#include "commands/defrem.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"
#include "view.h"

/* A relation or function that gets another name. */
typedef struct Renaming
{
	const char *kind;			/* TABLE, VIEW, FUNCTION */
	Oid			object;
	Oid			schema;
	char	   *name;			/* the new one */
	const char *argument;		/* of m2m_rename, for errors */
	M2mSide		side;			/* of a function */
	bool		done;
} Renaming;

static void choose_names(M2mRelationship *rel, char **name, char *role[2],
						 char *view[2]);
static Renaming *add(List **renamings, const char *kind, Oid object,
					 char *name, const char *argument);
static char *name_of(Renaming *renaming);
static bool is_free(M2mRelationship *rel, Renaming *renaming);
static bool gives_up(List *renamings, Renaming *wanted);
static void check_free(M2mRelationship *rel, List *renamings);
static void rename_all(M2mRelationship *rel, List *renamings);
static void rename_one(Renaming *renaming, char *name);
static void rename_parts(Oid association, const char *old, const char *new);
static void rename_constraints(Oid association, const char *old,
							   const char *new);
static void rename_indexes(Oid association, const char *old, const char *new);
static char *columns_name(Oid association, int n, const AttrNumber *columns);
static List *columns_list(Oid relid, int n, const AttrNumber *columns);
static char *part_name(Oid association, bool relation, const char *part,
					   const char *old, const char *new, const char *columns,
					   const char *label);
static char *style_name(Oid association, const char *part, const char *old,
						const char *new, List *columns, Oid relid, List *key);
static bool is_free_part(Oid association, bool relation, const char *name);

/*
 * m2m_relationship_rename: gives a relationship the names that are not NULL,
 * and those that follow from them.  Locks the association and its link views
 * exclusively.
 *
 * Errors: 42501; 42704 if it is no association, or has not the view that is to
 * be called so; 55000 at rest; 22023 for two roles of one name; 42P07 for names
 * that are taken; those of the DDL.
 */
void
m2m_relationship_rename(Oid association, char *name, char *role[2],
						char *view[2])
{
	M2mRelationship *rel;
	List	   *renamings = NIL;
	List	   *functions[2] = {NIL, NIL};
	Oid			at[2];
	char	   *old_name;
	char	   *old_view[2] = {NULL, NULL};
	char	   *comment;
	bool		ours;
	List	   *exposed;
	ListCell   *lc;

	/* before any lock: who may not rename it makes nobody wait for him */
	m2m_association_check_owner(association);
	rel = m2m_relationship_lock(association, false);
	if (rel == NULL)
		m2m_error_no_relationship(association);
	if (!OidIsValid(rel->side[M2M_LEFT].relid) ||
		!OidIsValid(rel->side[M2M_RIGHT].relid))
		m2m_error_at_rest(association);

	old_name = get_rel_name(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (OidIsValid(rel->side[s].view))
			old_view[s] = get_rel_name(rel->side[s].view);
	}
	choose_names(rel, &name, role, view);
	comment = GetComment(association, RelationRelationId, 0);
	ours = comment != NULL &&
		(OidIsValid(rel->mirror) || (old_view[M2M_LEFT] != NULL &&
									 old_view[M2M_RIGHT] != NULL)) &&
		strcmp(comment, m2m_association_comment(rel->side[M2M_LEFT].relid,
												rel->side[M2M_RIGHT].relid,
												old_view)) == 0;

	exposed = m2m_exposed_of(m2m_exposed_all(), association);
	add(&renamings, "TABLE", association, name, "name");
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		functions[s] = m2m_functions_find(rel, s, false);
		at[s] = m2m_history_function(rel, s);
		if (old_view[s] == NULL)
			continue;
		add(&renamings, "VIEW", rel->side[s].view, view[s],
			m2m_view_argument[s]);
		foreach(lc, functions[s])
		{
			Oid			function = lfirst_oid(lc);
			Renaming   *renaming;

			/* one that has a name of its own keeps it */
			if (strcmp(get_func_name(function), old_view[s]) != 0 ||
				get_func_namespace(function) !=
				get_rel_namespace(rel->side[s].view))
				continue;
			renaming = add(&renamings, "FUNCTION", function, view[s],
						   m2m_view_argument[s]);
			if (renaming != NULL)
				renaming->side = s;
		}
	}
	check_free(rel, renamings);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		m2m_rules_rename_role(rel, s, role[s]);
	rename_all(rel, renamings);
	if (!rel->adopted && strcmp(old_name, name) != 0)
		rename_parts(association, old_name, name);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (old_view[s] != NULL)
			m2m_view_renamed(rel, s, role, old_view[s]);
	}
	if (ours)
	{
		char	   *new = m2m_association_comment(rel->side[M2M_LEFT].relid,
												  rel->side[M2M_RIGHT].relid,
												  view);

		if (strcmp(new, comment) != 0)
			m2m_ddl(psprintf("COMMENT ON TABLE %s IS %s",
							 m2m_qualified_name(association),
							 quote_literal_cstr(new)));
	}
	m2m_relationship_changed(association);

	/* as it is called now; the functions were found by what it was */
	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
	{
		List	   *found = m2m_functions_find(rel, s, false);

		foreach(lc, list_difference_oid(functions[s], found))
			m2m_function_replace(lfirst_oid(lc), m2m_function_body(rel, s));
		if (OidIsValid(at[s]) && m2m_history_function(rel, s) != at[s])
			m2m_function_replace(at[s], m2m_history_function_body(rel, s));

		/* one that has a name of its own keeps it */
		if (OidIsValid(at[s]) && old_view[s] != NULL &&
			strcmp(old_view[s], view[s]) != 0 &&
			strcmp(get_func_name(at[s]),
				   makeObjectName(old_view[s], NULL, "at")) == 0)
			m2m_sql(psprintf("ALTER FUNCTION %s RENAME TO %s",
							 format_procedure_extended(at[s],
													   FORMAT_PROC_FORCE_QUALIFY),
							 quote_identifier(makeObjectName(view[s], NULL, "at"))));
	}
	foreach(lc, exposed)
		m2m_exposed_follow(lfirst(lc));
}

/*
 * choose_names: works out those that were not given: as it is, or, of a link
 * view, as it follows from the others.  Error 42704 for the name of a link
 * view that is missing.
 */
static void
choose_names(M2mRelationship *rel, char **name, char *role[2], char *view[2])
{
	if (*name == NULL)
		*name = get_rel_name(rel->association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (role[s] == NULL)
			role[s] = pstrdup(rel->side[s].role);
	}
	m2m_roles_check(role, "m2m_rename");
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (OidIsValid(rel->side[s].view))
		{
			if (view[s] == NULL)
				view[s] = m2m_view_name_renamed(rel, s, *name, role);
		}
		else if (view[s] != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("the link view of role \"%s\" is missing",
							rel->side[s].role),
					 errhint("m2m_adopt(%s, %s => %s) makes it.",
							 quote_literal_cstr(m2m_qualified_name(rel->association)),
							 m2m_view_argument[s],
							 quote_literal_cstr(view[s]))));
	}
	m2m_view_names_check(view, "m2m_rename");
}

/* add: notes that an object gets a name; NULL if it has that already. */
static Renaming *
add(List **renamings, const char *kind, Oid object, char *name,
	const char *argument)
{
	Renaming   *renaming = palloc0(sizeof(Renaming));

	renaming->kind = kind;
	renaming->object = object;
	renaming->name = name;
	renaming->argument = argument;
	renaming->schema = strcmp(kind, "FUNCTION") == 0 ?
		get_func_namespace(object) : get_rel_namespace(object);
	if (strcmp(name_of(renaming), name) == 0)
		return NULL;
	*renamings = lappend(*renamings, renaming);
	return renaming;
}

/* name_of: the name that an object has now. */
static char *
name_of(Renaming *renaming)
{
	return strcmp(renaming->kind, "FUNCTION") == 0 ?
		get_func_name(renaming->object) : get_rel_name(renaming->object);
}

/* is_free: has nothing else the name that an object is to get? */
static bool
is_free(M2mRelationship *rel, Renaming *renaming)
{
	Oid			type;

	if (strcmp(renaming->kind, "FUNCTION") != 0)
		return m2m_name_is_free(renaming->schema, renaming->name);
	type = get_rel_type_id(rel->side[renaming->side].relid);
	return !SearchSysCacheExists3(PROCNAMEARGSNSP,
								  CStringGetDatum(renaming->name),
								  PointerGetDatum(buildoidvector(&type, 1)),
								  ObjectIdGetDatum(renaming->schema));
}

/*
 * gives_up: is the name that an object is to get one that another of them has,
 * and gives up?
 */
static bool
gives_up(List *renamings, Renaming *wanted)
{
	ListCell   *lc;

	foreach(lc, renamings)
	{
		Renaming   *other = lfirst(lc);

		if (other != wanted && other->schema == wanted->schema &&
			(strcmp(other->kind, "FUNCTION") == 0) ==
			(strcmp(wanted->kind, "FUNCTION") == 0) &&
			strcmp(name_of(other), wanted->name) == 0)
			return true;
	}
	return false;
}

/*
 * check_free: error 42P07 for a name that something else has, or that two of
 * the relationship's would have.
 */
static void
check_free(M2mRelationship *rel, List *renamings)
{
	ListCell   *lc;

	foreach(lc, renamings)
	{
		Renaming   *renaming = lfirst(lc);
		bool		function = strcmp(renaming->kind, "FUNCTION") == 0;
		ListCell   *other;

		foreach(other, renamings)
		{
			Renaming   *that = lfirst(other);

			if (that == renaming)
				break;
			if (!function && strcmp(that->kind, "FUNCTION") != 0 &&
				that->schema == renaming->schema &&
				strcmp(that->name, renaming->name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_TABLE),
						 errmsg("association table and link view would both be called \"%s\"",
								renaming->name),
						 errhint("Give another name by the argument \"%s\" or \"%s\" of m2m_rename.",
								 that->argument, renaming->argument)));
		}
		if (is_free(rel, renaming) || gives_up(renamings, renaming))
			continue;
		if (function)
			m2m_function_check_free(rel, renaming->side, renaming->schema,
									renaming->name, "m2m_rename");
		else
			m2m_name_check_free(renaming->schema, renaming->name,
								renaming->argument, "m2m_rename", NULL);
	}
}

/*
 * rename_all: one after the other, as the names become free.  Where they change
 * places, one gets a name in between.
 */
static void
rename_all(M2mRelationship *rel, List *renamings)
{
	for (;;)
	{
		Renaming   *left = NULL;
		bool		progress = false;
		ListCell   *lc;

		foreach(lc, renamings)
		{
			Renaming   *renaming = lfirst(lc);

			if (renaming->done)
				continue;
			if (is_free(rel, renaming) || !gives_up(renamings, renaming))
			{
				rename_one(renaming, renaming->name);
				renaming->done = progress = true;
			}
			else
				left = renaming;
		}
		if (left == NULL)
			return;
		if (!progress)
			rename_one(left, makeObjectName(name_of(left), "m2m",
											psprintf("%u", left->object)));
	}
}

/*
 * rename_one: by the caller's own right.  Event triggers see it as any command,
 * for what else in the schema is called after it.
 */
static void
rename_one(Renaming *renaming, char *name)
{
	m2m_sql(psprintf("ALTER %s %s RENAME TO %s", renaming->kind,
					 strcmp(renaming->kind, "FUNCTION") == 0 ?
					 format_procedure_extended(renaming->object,
											   FORMAT_PROC_FORCE_QUALIFY) :
					 m2m_qualified_name(renaming->object),
					 quote_identifier(name)));
	CommandCounterIncrement();
}

/*
 * rename_parts: what PostgreSQL, or m2m in the style of a tool, has called after
 * the association that m2m made, and that nobody has called otherwise since:
 * author_book_pkey.
 */
static void
rename_parts(Oid association, const char *old, const char *new)
{
	rename_constraints(association, old, new);
	CommandCounterIncrement();
	rename_indexes(association, old, new);
}

/* rename_constraints: keys, foreign keys, NOT NULL where it has names. */
static void
rename_constraints(Oid association, const char *old, const char *new)
{
	Relation	constraints = table_open(ConstraintRelationId,
										 AccessShareLock);
	List	   *statements = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;

	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(association));
	scan = systable_beginscan(constraints, ConstraintRelidTypidNameIndexId,
							  true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		bool		isnull;
		Datum		datum = heap_getattr(tuple, Anum_pg_constraint_conkey,
										 RelationGetDescr(constraints),
										 &isnull);
		ArrayType  *columns = isnull ? NULL : DatumGetArrayTypePCopy(datum);
		int			n = columns == NULL ? 0 : ARR_DIMS(columns)[0];
		AttrNumber *attnum = columns == NULL ? NULL :
			(AttrNumber *) ((char *) columns + ARR_OVERHEAD_NONULLS(1));
		char	   *names = columns_name(association, n, attnum);
		List	   *key_columns = NIL;
		char	   *name = NULL;

		if (form->contype == CONSTRAINT_PRIMARY)
			name = part_name(association, true, NameStr(form->conname), old,
							 new, NULL, "pkey");
		else if (form->contype == CONSTRAINT_FOREIGN)
			name = part_name(association, false, NameStr(form->conname), old,
							 new, names, "fkey");
		else if (form->contype == 'n')	/* 18: NOT NULL */
			name = part_name(association, false, NameStr(form->conname), old,
							 new, names, "not_null");
		if (form->contype == CONSTRAINT_FOREIGN)
		{
			datum = heap_getattr(tuple, Anum_pg_constraint_confkey,
								 RelationGetDescr(constraints), &isnull);
			key_columns =
				columns_list(form->confrelid, n,
							 (AttrNumber *) ((char *) DatumGetArrayTypePCopy(datum) +
											 ARR_OVERHEAD_NONULLS(1)));
		}
		if (name == NULL && (form->contype == CONSTRAINT_PRIMARY ||
							 form->contype == CONSTRAINT_UNIQUE ||
							 form->contype == CONSTRAINT_FOREIGN))
			name = style_name(association, NameStr(form->conname), old, new,
							  columns_list(association, n, attnum),
							  form->confrelid, key_columns);
		if (name != NULL)
			statements = lappend(statements,
								 psprintf("ALTER TABLE %s RENAME CONSTRAINT %s TO %s",
										  m2m_qualified_name(association),
										  quote_identifier(pstrdup(NameStr(form->conname))),
										  quote_identifier(name)));
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	foreach(lc, statements)
		m2m_sql(lfirst(lc));
}

/* rename_indexes: those that are no constraint's. */
static void
rename_indexes(Oid association, const char *old, const char *new)
{
	Relation	indexes = table_open(IndexRelationId, AccessShareLock);
	List	   *statements = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	ListCell   *lc;

	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(association));
	scan = systable_beginscan(indexes, IndexIndrelidIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);
		char	   *part = get_rel_name(index->indexrelid);
		char	   *name;

		if (part == NULL ||
			OidIsValid(get_index_constraint(index->indexrelid)) ||
			!heap_attisnull(tuple, Anum_pg_index_indexprs,
							RelationGetDescr(indexes)))
			continue;
		name = part_name(association, true, part, old, new,
						 columns_name(association, index->indnatts,
									  index->indkey.values), "idx");
		if (name == NULL)
			name = style_name(association, part, old, new,
							  columns_list(association, index->indnatts,
										   index->indkey.values),
							  InvalidOid, NIL);
		if (name != NULL)
			statements = lappend(statements,
								 psprintf("ALTER INDEX %s RENAME TO %s",
										  m2m_qualified_name(index->indexrelid),
										  quote_identifier(name)));
	}
	systable_endscan(scan);
	table_close(indexes, AccessShareLock);
	foreach(lc, statements)
		m2m_sql(lfirst(lc));
}

/*
 * columns_name: columns in the name of an index or foreign key, as
 * ChooseIndexNameAddition() writes them.
 */
static char *
columns_name(Oid association, int n, const AttrNumber *columns)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < n && names.len < NAMEDATALEN; i++)
	{
		char	   *column = get_attname(association, columns[i], true);

		appendStringInfo(&names, "%s%s", i > 0 ? "_" : "",
						 column != NULL ? column : "");
	}
	return names.data;
}

/* columns_list: the names of columns, as String nodes. */
static List *
columns_list(Oid relid, int n, const AttrNumber *columns)
{
	List	   *names = NIL;

	for (int i = 0; i < n; i++)
		names = lappend(names,
						makeString(get_attname(relid, columns[i], false)));
	return names;
}

/*
 * part_name: what a part of the association is to be called that is called
 * after its old name; NULL if it is not.  A number behind it was put there
 * because the name was taken, and so it is again.
 */
static char *
part_name(Oid association, bool relation, const char *part, const char *old,
		  const char *new, const char *columns, const char *label)
{
	bool		found = false;

	for (int i = 0; !found && i < 10; i++)
		found = strcmp(part, makeObjectName(old, columns, i == 0 ? label :
											psprintf("%s%d", label, i))) == 0;
	for (int i = 0; found; i++)
	{
		char	   *name = makeObjectName(new, columns, i == 0 ? label :
										  psprintf("%s%d", label, i));

		if (is_free_part(association, relation, name))
			return name;
	}
	return NULL;
}

/*
 * style_name: the same where the part is called as some tool calls it
 * (define_styles.c): a key or index over these columns, or a foreign key, from
 * them to others of relid.  NULL also if the new name is not free.
 */
static char *
style_name(Oid association, const char *part, const char *old,
		   const char *new, List *columns, Oid relid, List *key)
{
	for (const struct config_enum_entry *option = m2m_naming_options;
		 option->name != NULL; option++)
	{
		char	   *before[2] = {NULL, NULL};
		char	   *after[2] = {NULL, NULL};

		for (int i = 0; i < 2; i++)
		{
			const char *table = i == 0 ? old : new;
			char	  **name = i == 0 ? before : after;

			if (OidIsValid(relid))
				name[0] = m2m_style_foreign_key(option->val, table, columns,
												relid, key);
			else
			{
				name[0] = m2m_style_key(option->val, table, columns);
				name[1] = m2m_style_index(option->val, table, columns);
			}
		}
		for (int i = 0; i < 2; i++)
		{
			if (before[i] != NULL && strcmp(before[i], part) == 0)
				return is_free_part(association, !OidIsValid(relid), after[i]) ?
					after[i] : NULL;
		}
	}
	return NULL;
}

/* is_free_part: may a part of the association be called so? */
static bool
is_free_part(Oid association, bool relation, const char *name)
{
	/* a key has an index, and so takes the name of a relation */
	return (!relation ||
			!OidIsValid(get_relname_relid(name,
										  get_rel_namespace(association)))) &&
		!ConstraintNameIsUsed(CONSTRAINT_RELATION, association, name);
}
