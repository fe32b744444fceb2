/*
 * view_function.c
 *		Link functions: their text, making them, telling them from others, and
 *		letting them follow the tables that they name.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/reloptions.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/objectaccess.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"
#include "view_internal.h"

/* What run_remake() is to do. */
typedef struct FunctionRemake
{
	M2mRelationship *rel;
	M2mSide		near;
	Oid			astray;
} FunctionRemake;

static bool match_function(M2mRelationship *rel, M2mSide near, Oid function,
						   const char *body, bool *same_body, bool *same_name);
static bool reads_as_link(const char *body);
static const char *past_qualified(const char *s);
static const char *past_live(const char *s);
static const char *past_conditions(const char *s, const char *other);
static const char *past_order(const char *s);
static void run_remake(void *arg);
static void remake_function(M2mRelationship *rel, M2mSide near, Oid astray);

/*
 * m2m_function_create: author_books(author) RETURNS SETOF book.
 */
void
m2m_function_create(M2mRelationship *rel, M2mSide near, const char *qualified)
{
	M2mEndpoint *this = &rel->side[near];
	Oid			far = rel->side[M2M_OTHER(near)].relid;
	char	   *argument = m2m_rowtype_name(this->relid);
	char	   *comment;

	m2m_ddl(m2m_function_sql(rel, near, qualified));
	comment = psprintf("m2m link function: the rows of \"%s\" linked to a row of \"%s\".",
					   get_rel_name(far), get_rel_name(this->relid));
	m2m_ddl(psprintf("COMMENT ON FUNCTION %s(%s) IS %s", qualified, argument,
					 quote_literal_cstr(comment)));
}

/*
 * m2m_function_sql: the statement that creates or replaces the link function
 * of a side under a name.
 */
char *
m2m_function_sql(M2mRelationship *rel, M2mSide near, const char *qualified)
{
	return psprintf("CREATE OR REPLACE FUNCTION %s(%s) RETURNS SETOF %s"
					" LANGUAGE sql STABLE PARALLEL %s AS %s",
					qualified, m2m_rowtype_name(rel->side[near].relid),
					m2m_rowtype_name(rel->side[M2M_OTHER(near)].relid),
					rel->temporary ? "RESTRICTED" : "SAFE",
					quote_literal_cstr(m2m_function_body(rel, near)));
}

/*
 * m2m_function_body: the body of the link function of a side.  A string body
 * is parsed anew for each plan, so it follows changes of the columns and
 * blocks no DDL; the planner puts it in place of the call.
 */
char *
m2m_function_body(M2mRelationship *rel, M2mSide near)
{
	M2mEndpoint *this = &rel->side[near];
	AttrNumber	order = m2m_order_column(rel, near);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT r.*");
	m2m_view_append_join(&sql, rel, near);
	appendStringInfoString(&sql, " WHERE");
	if (rel->deleted != 0)
		appendStringInfo(&sql, " %s AND", m2m_live_condition(rel, "l"));
	for (int i = 0; i < this->nkeys; i++)
	{
		M2mKeyColumn *key = &this->key[i];

		appendStringInfo(&sql, "%s ($1).%s %s %s",
						 i == 0 ? "" : " AND",
						 m2m_quoted_column(this->relid, key->attnum),
						 m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, "l"));
	}

	/* the keys, as two may have the same number */
	if (order != 0)
	{
		M2mEndpoint *other = &rel->side[M2M_OTHER(near)];

		appendStringInfo(&sql, " ORDER BY l.%s",
						 m2m_quoted_column(rel->association, order));
		for (int i = 0; i < other->nkeys; i++)
			appendStringInfo(&sql, ", l.%s",
							 m2m_quoted_column(rel->association,
											   other->key[i].link_attnum));
	}
	return sql.data;
}

/*
 * m2m_functions_see, m2m_functions_follow: the link functions of a relationship
 * as they read now; and what follows a change of what they should read.
 */
void
m2m_functions_see(Oid association, List *functions[2])
{
	M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
												NoLock);

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		functions[s] = rel == NULL ? NIL : m2m_functions_find(rel, s, false);
}

void
m2m_functions_follow(Oid association, List *functions[2])
{
	M2mRelationship *rel = m2m_relationship_get(association, InvalidOid,
												NoLock);
	ListCell   *lc;

	for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
	{
		char	   *body = m2m_function_body(rel, s);

		foreach(lc, functions[s])
		{
			bool		same_body = false;
			bool		same_name;

			if (match_function(rel, s, lfirst_oid(lc), body, &same_body,
							   &same_name) && !same_body)
				m2m_function_replace(lfirst_oid(lc), body);
		}
	}
}

/*
 * m2m_function_start: what the bodies of an association's link functions begin
 * with.
 */
char *
m2m_function_start(Oid association)
{
	return psprintf("SELECT r.* FROM %s l JOIN ",
					m2m_qualified_name(association));
}

/*
 * m2m_functions_find: the link functions of a side: among the functions that
 * depend on both row types, those of the right signature whose body reads as
 * ours does, whatever their names: users may have renamed them.  Only those of
 * the association's owner or a superuser: anybody can make a copy.  The one
 * with the link view's name comes first.  With or_by_name, if there is none,
 * the one with the link view's name and schema, whatever its body.
 */
List *
m2m_functions_find(M2mRelationship *rel, M2mSide near, bool or_by_name)
{
	Oid			argument = get_rel_type_id(rel->side[near].relid);
	Oid			result = get_rel_type_id(rel->side[M2M_OTHER(near)].relid);
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	char	   *body;
	List	   *found = NIL;
	Oid			by_name = InvalidOid;
	ListCell   *lc;

	if (!m2m_names_are_there(rel))
		return NIL;
	body = m2m_function_body(rel, near);

	/*
	 * Not by name: a user may have renamed it.  A function depends on its
	 * argument's type and on its result's, so pg_depend has few to look at.
	 */
	foreach(lc, m2m_catalog_functions_between(argument, result))
	{
		Oid			function = lfirst_oid(lc);
		bool		same_body;
		bool		same_name;

		if (!m2m_catalog_owner_trusted(m2m_catalog_function_owner(function), owner) ||
			!match_function(rel, near, function, body,
							&same_body, &same_name))
			continue;
		if (same_body && same_name)
			found = lcons_oid(function, found);
		else if (same_body)
			found = lappend_oid(found, function);
		else if (same_name)
			by_name = function;
	}
	if (found == NIL && or_by_name && OidIsValid(by_name))
		found = list_make1_oid(by_name);
	return found;
}

/*
 * m2m_names_are_there: has all a name that a function's body would speak of?  Who
 * looks without a lock may come when it has just been dropped.
 */
bool
m2m_names_are_there(M2mRelationship *rel)
{
	bool		result = get_rel_name(rel->association) != NULL;

	if (rel->deleted != 0)
		result &= get_attname(rel->association, rel->deleted, true) != NULL;
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		M2mEndpoint *endpoint = &rel->side[s];

		result &= get_rel_name(endpoint->relid) != NULL;
		for (int i = 0; i < endpoint->nkeys; i++)
			result &= get_attname(endpoint->relid, endpoint->key[i].attnum,
								  true) != NULL &&
				get_attname(rel->association, endpoint->key[i].link_attnum,
							true) != NULL;
	}
	return result;
}

/* m2m_function_find: the first of them, or InvalidOid. */
Oid
m2m_function_find(M2mRelationship *rel, M2mSide near, bool or_by_name)
{
	List	   *found = m2m_functions_find(rel, near, or_by_name);

	return found != NIL ? linitial_oid(found) : InvalidOid;
}

/*
 * m2m_function_reusable: is there a function of this name that reads just as
 * the link function of a side would, belongs to the caller, and would count?
 * A superuser may change a stranger's, too, but nobody is to call that.
 */
bool
m2m_function_reusable(M2mRelationship *rel, M2mSide near, Oid schema,
					  const char *name)
{
	Oid			argument = get_rel_type_id(rel->side[near].relid);
	Oid			function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
										   CStringGetDatum(name),
										   PointerGetDatum(buildoidvector(&argument, 1)),
										   ObjectIdGetDatum(schema));

	bool		same_body;
	bool		same_name;

	return OidIsValid(function) &&
		object_ownercheck(ProcedureRelationId, function, GetUserId()) &&
		m2m_catalog_owner_trusted(m2m_catalog_function_owner(function),
								  m2m_catalog_relation_owner(rel->association)) &&
		match_function(rel, near, function, m2m_function_body(rel, near),
					   &same_body, &same_name) &&
		(same_body ||
		 m2m_function_reads_in_order(function, m2m_function_body(rel, near)));
}

/*
 * m2m_function_reads_in_order: is the body of a function the one given, with an
 * order behind it?  The rule that gave it that may have gone with the extension,
 * or is yet to be restored.
 */
bool
m2m_function_reads_in_order(Oid function, const char *body)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		isnull = true;
	Datum		source = 0;
	const char *rest;

	if (!HeapTupleIsValid(tuple))
		return false;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	rest = isnull ? NULL :
		past_order(m2m_past(TextDatumGetCString(source), body));
	ReleaseSysCache(tuple);
	return rest != NULL && *rest == '\0';
}

/*
 * match_function: has a function the signature of the link function of a
 * side?  And then, the body; the name of the link view, and its schema?
 */
static bool
match_function(M2mRelationship *rel, M2mSide near, Oid function,
			   const char *body, bool *same_body, bool *same_name)
{
	M2mEndpoint *this = &rel->side[near];
	Oid			result_type =
		get_rel_type_id(rel->side[M2M_OTHER(near)].relid);
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		matches;
	bool		isnull;
	Datum		source;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	matches = form->prolang == SQLlanguageId && form->proretset &&
		form->prorettype == result_type && form->pronargs == 1 &&
		form->proargtypes.values[0] == get_rel_type_id(this->relid);
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	*same_body = matches && !isnull &&
		strcmp(TextDatumGetCString(source), body) == 0;
	*same_name = matches && OidIsValid(this->view) &&
		form->pronamespace == get_rel_namespace(this->view) &&
		strcmp(NameStr(form->proname), get_rel_name(this->view)) == 0;
	ReleaseSysCache(tuple);
	return matches;
}

/*
 * m2m_function_is_astray: is a link function of a side one of other tables'
 * rows than the relationship's?
 */
bool
m2m_function_is_astray(M2mRelationship *rel, M2mSide near, Oid function)
{
	bool		same_body;
	bool		same_name;

	return !match_function(rel, near, function, "", &same_body, &same_name);
}

/*
 * m2m_function_astray: the link function that a side had for other tables than
 * the relationship's, or at rest for whatever tables, by the name of the link
 * view and the form of its body: that beside the view, or in another schema,
 * if one of them was moved.  InvalidOid if there is none.  Locks nothing.
 */
Oid
m2m_function_astray(M2mRelationship *rel, M2mSide near)
{
	Oid			view = rel->side[near].view;
	bool		whole = OidIsValid(rel->side[M2M_LEFT].relid) &&
		OidIsValid(rel->side[M2M_RIGHT].relid);
	char	   *name = OidIsValid(view) ? get_rel_name(view) : NULL;
	CatCList   *list;
	Oid			result = InvalidOid;

	if (name == NULL)
		return InvalidOid;

	/*
	 * Its argument and result are of tables that nobody knows any more, so
	 * only the name is left to look for it by.
	 */
	list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(name));
	for (int i = 0; i < list->n_members; i++)
	{
		Oid			function =
			((Form_pg_proc) GETSTRUCT(&list->members[i]->tuple))->oid;

		if ((!OidIsValid(result) ||
			 get_func_namespace(function) == get_rel_namespace(view)) &&
			m2m_function_is_link(rel->association, function) &&
			(!whole || m2m_function_is_astray(rel, near, function)))
			result = function;
	}
	ReleaseSysCacheList(list);
	return result;
}

/*
 * m2m_functions_of_table: link functions and exposed ones, whatever their
 * names, that take or return rows of a table that their association does not
 * refer to.
 */
List *
m2m_functions_of_table(Oid relid)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *functions = NIL;
	List	   *associations = NIL;
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *la;

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(get_rel_type_id(relid)));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->classid == ProcedureRelationId &&
			(m2m_function_is_link(InvalidOid, form->objid) ||
			 m2m_exposed_is(InvalidOid, form->objid)))
			functions = list_append_unique_oid(functions, form->objid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);

	/*
	 * Whose it is stands only in its body, by a name; so each association is
	 * asked, but not where there is no function of the form.
	 */
	if (functions != NIL)
		associations = m2m_catalog_associations();
	foreach(la, associations)
	{
		bool		refers = false;

		foreach(lc, m2m_catalog_foreign_keys(lfirst_oid(la)))
			refers |= lfirst_node(ForeignKeyCacheInfo, lc)->confrelid == relid;
		foreach(lc, functions)
		{
			if (!refers && (m2m_function_is_link(lfirst_oid(la),
												 lfirst_oid(lc)) ||
							m2m_exposed_is(lfirst_oid(la), lfirst_oid(lc))))
				result = list_append_unique_oid(result, lfirst_oid(lc));
		}
	}
	return result;
}

/*
 * m2m_function_is_link: does a function of somebody who is trusted read as the
 * link functions of an association do, whatever the tables?  Of any, if that
 * is not given, and then whosever it is.
 */
bool
m2m_function_is_link(Oid association, Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		result;
	bool		isnull;
	Datum		source;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	result = form->prolang == SQLlanguageId && form->proretset &&
		form->pronargs == 1 &&
		OidIsValid(get_typ_typrelid(form->prorettype)) &&
		OidIsValid(get_typ_typrelid(form->proargtypes.values[0])) &&
		(!OidIsValid(association) ||
		 m2m_catalog_owner_trusted(form->proowner,
								   m2m_catalog_relation_owner(association))) &&
		!isnull;
	if (result)
	{
		char	   *body = TextDatumGetCString(source);

		result = reads_as_link(body) &&
			(!OidIsValid(association) ||
			 m2m_past(body, m2m_function_start(association)) != NULL);
	}
	ReleaseSysCache(tuple);
	return result;
}

/*
 * reads_as_link: is it the body of a link function, of whatever tables?  One
 * that only begins like it, with a condition of the user's, is his own.
 */
static bool
reads_as_link(const char *body)
{
	const char *s = m2m_past(body, "SELECT r.* FROM ");

	/*
	 * What is dropped or made anew by this answer must be ours to the last
	 * character.  Names are read as quote_identifier() writes them, so no
	 * name can pretend to be more of the body.
	 */
	s = m2m_past(past_qualified(s), " l JOIN ");
	s = m2m_past(past_qualified(s), " r ON ");
	s = m2m_past(past_conditions(s, "r."), " WHERE ");
	s = past_order(past_conditions(past_live(s), "($1)."));
	return s != NULL && *s == '\0';
}

/*
 * m2m_past: what follows text in s, NULL if s is that or does not begin with it.
 */
const char *
m2m_past(const char *s, const char *text)
{
	size_t		length = strlen(text);

	return s != NULL && strncmp(s, text, length) == 0 ? s + length : NULL;
}

/* m2m_past_name: what follows a name as quote_identifier() writes it, or NULL. */
const char *
m2m_past_name(const char *s)
{
	size_t		length;

	if (s == NULL)
		return NULL;
	if (*s != '"')
	{
		length = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");
		return length > 0 ? s + length : NULL;
	}
	do
	{
		s = strchr(s + 1, '"');
		if (s == NULL)
			return NULL;
		s++;
	} while (*s == '"');
	return s;
}

/* past_qualified: the same of a name with its schema. */
static const char *
past_qualified(const char *s)
{
	return m2m_past_name(m2m_past(m2m_past_name(s), "."));
}

/*
 * past_live: what follows the condition that a row is a link, as
 * m2m_live_condition() writes it; s itself if it does not begin with that.
 */
static const char *
past_live(const char *s)
{
	const char *flag = m2m_past(m2m_past_name(m2m_past(s, "NOT l.")), " AND ");
	const char *column = m2m_past_name(m2m_past(s, "l."));
	const char *time = m2m_past(column, " IS NULL AND ");
	const char *nullable = m2m_past(column, " IS NOT TRUE AND ");

	return flag != NULL ? flag : time != NULL ? time :
		nullable != NULL ? nullable : s;
}

/*
 * past_conditions: what follows the comparisons of columns of the association
 * with others, as m2m_function_body() writes them; NULL if they are none.
 */
static const char *
past_conditions(const char *s, const char *other)
{
	const char *more;

	do
	{
		s = m2m_past(m2m_past_name(m2m_past(s, other)), " OPERATOR(");
		s = m2m_past(m2m_past_name(s), ".");
		if (s != NULL)
			s += strspn(s, "+-*/<>=~!@#%^&|`?");
		s = m2m_past_name(m2m_past(s, ") l."));
		if ((more = m2m_past(s, " COLLATE ")) != NULL)
			s = past_qualified(more);
		if ((more = m2m_past(s, " AND ")) != NULL)
			s = more;
	} while (more != NULL);
	return s;
}

/*
 * past_order: what follows the order of the rows, as m2m_function_body() writes
 * it; s itself if it does not begin with that.
 */
static const char *
past_order(const char *s)
{
	const char *more = m2m_past(s, " ORDER BY l.");

	while (more != NULL)
	{
		s = m2m_past_name(more);
		more = m2m_past(s, ", l.");
	}
	return s;
}

/*
 * m2m_function_repair: makes the link function of a side read as it should,
 * or makes it, under the link view's name.
 */
void
m2m_function_repair(M2mRelationship *rel, M2mSide near)
{
	Oid			function = m2m_function_find(rel, near, true);
	Oid			astray = m2m_function_astray(rel, near);

	if (OidIsValid(function))
		m2m_function_replace(function, m2m_function_body(rel, near));
	else if (OidIsValid(astray) &&
			 object_ownercheck(ProcedureRelationId, astray, GetUserId()))
		remake_function(rel, near, astray);
	else
		m2m_function_create(rel, near, m2m_qualified_name(rel->side[near].view));
}

/*
 * m2m_function_replace: gives a link function another body; whatever else a
 * user may have set of it stays.
 *
 * Changes the catalog row itself.  To go through CREATE OR REPLACE would need
 * the function's definition as text around a body that others may have a hand
 * in by the names of their tables and columns, and rights that the owner may
 * no longer have on the schema.
 */
void
m2m_function_replace(Oid function, const char *body)
{
	Relation	relation = table_open(ProcedureRelationId, RowExclusiveLock);
	HeapTuple	tuple = SearchSysCacheCopy1(PROCOID,
											ObjectIdGetDatum(function));
	Datum		values[Natts_pg_proc] = {0};
	bool		nulls[Natts_pg_proc] = {0};
	bool		replaces[Natts_pg_proc] = {0};

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);

	/*
	 * The caller has seen that the body is one of ours; should somebody
	 * replace it at this moment, CatalogTupleUpdate() fails ("tuple
	 * concurrently updated"), as in CREATE OR REPLACE.  Dependencies stay: a
	 * string has none.
	 */
	values[Anum_pg_proc_prosrc - 1] = CStringGetTextDatum(body);
	replaces[Anum_pg_proc_prosrc - 1] = true;
	tuple = heap_modify_tuple(tuple, RelationGetDescr(relation), values,
							  nulls, replaces);
	CatalogTupleUpdate(relation, &tuple->t_self, tuple);

	/* as ProcedureCreate() does; plans hear of it by the syscache */
	InvokeObjectPostAlterHook(ProcedureRelationId, function, 0);
	table_close(relation, RowExclusiveLock);
	CommandCounterIncrement();
}

/*
 * m2m_function_remake: makes the link function of a side anew, under the name
 * of one that is astray, which goes; its owner, privileges, comment and
 * whatever else a user may have set stay.  What keeps it from being made is a
 * WARNING, and so is what depends on the old one: then that stays; so does one
 * that runs with the rights of another role than the association's owner.
 */
void
m2m_function_remake(M2mRelationship *rel, M2mSide near, Oid astray)
{
	FunctionRemake task = {rel, near, astray};

	/* which table that is, the association's owner says */
	if (!m2m_catalog_function_runs_as_invoker(astray) &&
		m2m_catalog_function_owner(astray) !=
		m2m_catalog_relation_owner(rel->association))
		return;
	m2m_as_server(!rel->temporary,
				  psprintf("could not make link function \"%s\" follow its tables",
						   get_func_name(astray)),
				  run_remake, &task);
}

/* run_remake: as the bootstrap superuser. */
static void
run_remake(void *arg)
{
	FunctionRemake *task = arg;

	remake_function(task->rel, task->near, task->astray);
}

/*
 * remake_function: the work of it; the current user may drop the function and
 * give the new one to its owner.  Errors: 2BP01, 42723.
 */
static void
remake_function(M2mRelationship *rel, M2mSide near, Oid astray)
{
	HeapTuple	old = SearchSysCacheCopy1(PROCOID, ObjectIdGetDatum(astray));
	Form_pg_proc form;
	char	   *name;
	char	   *qualified;
	char	   *signature;
	char	   *comment = GetComment(astray, ProcedureRelationId, 0);
	Oid			argument = get_rel_type_id(rel->side[near].relid);
	Oid			function;
	ObjectAddress address;

	if (!HeapTupleIsValid(old))
		elog(ERROR, "cache lookup failed for function %u", astray);
	form = (Form_pg_proc) GETSTRUCT(old);
	name = NameStr(form->proname);
	qualified = quote_qualified_identifier(get_namespace_name(form->pronamespace),
										   name);
	signature = psprintf("%s(%s)", qualified,
						 m2m_rowtype_name(rel->side[near].relid));

	/*
	 * Dropped first, as the new one has its name, and with another argument
	 * CREATE OR REPLACE would make a second.  The caller's subtransaction
	 * takes that back if what follows fails.
	 */
	ObjectAddressSet(address, ProcedureRelationId, astray);
	if (!m2m_drop_objects(list_make1(&address)))
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("other objects depend on it")));

	/* OR REPLACE would replace somebody else's function of that signature */
	if (SearchSysCacheExists3(PROCNAMEARGSNSP, CStringGetDatum(name),
							  PointerGetDatum(buildoidvector(&argument, 1)),
							  ObjectIdGetDatum(form->pronamespace)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_FUNCTION),
				 errmsg("function \"%s\" already exists with same argument types",
						name)));
	m2m_ddl(m2m_function_sql(rel, near, qualified));
	if (form->proowner != GetUserId())
		m2m_ddl(psprintf("ALTER FUNCTION %s OWNER TO %s", signature,
						 quote_identifier(GetUserNameFromId(form->proowner,
															false))));
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							   CStringGetDatum(name),
							   PointerGetDatum(buildoidvector(&argument, 1)),
							   ObjectIdGetDatum(form->pronamespace));
	m2m_function_copy(function, old);
	if (comment != NULL)
		CreateComments(function, ProcedureRelationId, 0, comment);
	CommandCounterIncrement();
}

/*
 * m2m_function_copy: gives a new link function what a user may have set of the old
 * one: by the catalog row, since replaying GRANT would change who granted.
 */
void
m2m_function_copy(Oid function, HeapTuple old)
{
	static const AttrNumber copied[] = {
		Anum_pg_proc_procost, Anum_pg_proc_prorows, Anum_pg_proc_prosecdef,
		Anum_pg_proc_proleakproof, Anum_pg_proc_proisstrict,
		Anum_pg_proc_provolatile, Anum_pg_proc_proparallel,
		Anum_pg_proc_proconfig, Anum_pg_proc_proacl
	};
	Relation	relation = table_open(ProcedureRelationId, RowExclusiveLock);
	TupleDesc	desc = RelationGetDescr(relation);
	HeapTuple	tuple = SearchSysCacheCopy1(PROCOID,
											ObjectIdGetDatum(function));
	Datum		values[Natts_pg_proc] = {0};
	bool		nulls[Natts_pg_proc] = {0};
	bool		replaces[Natts_pg_proc] = {0};
	Oid		   *members[2] = {NULL, NULL};
	int			nmembers[2] = {0, 0};

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", function);
	for (int i = 0; i < (int) lengthof(copied); i++)
	{
		AttrNumber	a = copied[i];

		replaces[a - 1] = true;
		values[a - 1] = heap_getattr(old, a, desc, &nulls[a - 1]);
	}
	for (int i = 0; i < 2; i++)
	{
		bool		isnull;
		Datum		acl = heap_getattr(i == 0 ? tuple : old,
									   Anum_pg_proc_proacl, desc, &isnull);

		if (!isnull)
			nmembers[i] = aclmembers(DatumGetAclPCopy(acl), &members[i]);
	}
	tuple = heap_modify_tuple(tuple, desc, values, nulls, replaces);
	CatalogTupleUpdate(relation, &tuple->t_self, tuple);

	/* pg_shdepend, by which DROP ROLE knows of grants; the owner has his own */
	updateAclDependencies(ProcedureRelationId, function, 0,
						  ((Form_pg_proc) GETSTRUCT(old))->proowner,
						  nmembers[0], members[0], nmembers[1], members[1]);
	InvokeObjectPostAlterHook(ProcedureRelationId, function, 0);
	table_close(relation, RowExclusiveLock);
	CommandCounterIncrement();
}

/* m2m_rowtype_name: a table's row type, qualified. */
char *
m2m_rowtype_name(Oid relid)
{
	return m2m_row_type(relid);
}
