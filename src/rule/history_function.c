/*
 * history_function.c
 *		Functions of a history: author_books_at(author, timestamptz), beside the
 *		link function author_books(author), for whom m2m_at() is too general: API
 *		servers, and who reads what a query does.
 *
 * They are made when the history is switched on, and go with it.  The body is a
 * string that calls m2m_at(); as those of link functions it follows names by
 * being given anew (ddl_functions.c), and tells that the function is ours.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

static char *body_start(void);
static bool reads_as(Oid function, M2mRelationship *rel, M2mSide near,
					 const char *body, bool whole);
static char *function_name(M2mRelationship *rel, M2mSide near);
static Oid	function_by_name(M2mRelationship *rel, M2mSide near);

/*
 * m2m_history_function_body: what the function of a side reads as; NULL where
 * something has just been dropped that it would name.
 */
char *
m2m_history_function_body(M2mRelationship *rel, M2mSide near)
{
	M2mEndpoint *this = &rel->side[near];
	Oid			far = rel->side[M2M_OTHER(near)].relid;
	StringInfoData sql;

	if (get_rel_name(rel->association) == NULL ||
		get_rel_name(this->relid) == NULL || get_rel_name(far) == NULL)
		return NULL;
	initStringInfo(&sql);
	appendStringInfo(&sql, "%sNULL::%s, %s::pg_catalog.regclass, ",
					 body_start(), m2m_row_type(far),
					 quote_literal_cstr(m2m_qualified_name(this->relid)));
	if (this->nkeys > 1)
		appendStringInfoString(&sql, "ROW(");
	for (int i = 0; i < this->nkeys; i++)
	{
		if (get_attname(this->relid, this->key[i].attnum, true) == NULL)
			return NULL;
		appendStringInfo(&sql, "%s($1).%s", i > 0 ? ", " : "",
						 m2m_quoted_column(this->relid, this->key[i].attnum));
	}
	appendStringInfo(&sql, "%s, $2, via => %s", this->nkeys > 1 ? ")" : "",
					 quote_literal_cstr(m2m_qualified_name(rel->association)));

	/* which of two roles only where one table has both */
	if (this->relid == far)
		appendStringInfo(&sql, ", role => %s", quote_literal_cstr(this->role));
	appendStringInfoString(&sql, ") r");
	return sql.data;
}

/* body_start: what all of them begin with. */
static char *
body_start(void)
{
	return psprintf("SELECT r.* FROM %s(", m2m_own_function("m2m_at"));
}

/*
 * m2m_history_function: the function of a side, whatever its name: users may
 * have renamed it.  Only one of the association's owner or a superuser:
 * anybody can make a copy.  InvalidOid if there is none.  Locks nothing.
 */
Oid
m2m_history_function(M2mRelationship *rel, M2mSide near)
{
	char	   *body = m2m_history_function_body(rel, near);
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	ListCell   *lc;

	if (body == NULL)
		return InvalidOid;
	foreach(lc, m2m_catalog_functions_between(get_rel_type_id(rel->side[near].relid),
											  get_rel_type_id(rel->side[M2M_OTHER(near)].relid)))
	{
		Oid			function = lfirst_oid(lc);

		if (m2m_catalog_owner_trusted(m2m_catalog_function_owner(function), owner) &&
			reads_as(function, rel, near, body, true))
			return function;
	}
	return InvalidOid;
}

/*
 * reads_as: has a function the signature of one of ours, and this body, or at
 * least (not whole) one that begins so?
 */
static bool
reads_as(Oid function, M2mRelationship *rel, M2mSide near, const char *body,
		 bool whole)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		result = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (form->prolang == SQLlanguageId && form->proretset &&
		form->prorettype == get_rel_type_id(rel->side[M2M_OTHER(near)].relid) &&
		form->pronargs == 2 &&
		form->proargtypes.values[0] == get_rel_type_id(rel->side[near].relid) &&
		form->proargtypes.values[1] == TIMESTAMPTZOID)
	{
		bool		isnull;
		Datum		source = SysCacheGetAttr(PROCOID, tuple,
											 Anum_pg_proc_prosrc, &isnull);
		char	   *found = isnull ? NULL : TextDatumGetCString(source);

		result = found != NULL && (whole ? strcmp(found, body) == 0 :
								   strncmp(found, body, strlen(body)) == 0);
	}
	ReleaseSysCache(tuple);
	return result;
}

/* function_name: "author_books_at", as the link view is called. */
static char *
function_name(M2mRelationship *rel, M2mSide near)
{
	return makeObjectName(get_rel_name(rel->side[near].view), NULL, "at");
}

/* function_by_name: what has that name and its arguments, or InvalidOid. */
static Oid
function_by_name(M2mRelationship *rel, M2mSide near)
{
	Oid			argument[2] = {get_rel_type_id(rel->side[near].relid),
	TIMESTAMPTZOID};

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
						   CStringGetDatum(function_name(rel, near)),
						   PointerGetDatum(buildoidvector(argument, 2)),
						   ObjectIdGetDatum(get_rel_namespace(rel->side[near].view)));
}

/*
 * m2m_history_functions_make: makes the functions that are not there, for the
 * association's owner, beside the link views; one of ours that has not followed
 * is given its body again.  A function of somebody's is left alone, with a
 * WARNING.
 */
void
m2m_history_functions_make(M2mRelationship *rel)
{
	char	   *owner = GetUserNameFromId(m2m_catalog_relation_owner(rel->association),
										  false);

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		Oid			far = rel->side[M2M_OTHER(s)].relid;
		Oid			function;
		char	   *name;
		char	   *signature;

		if (!OidIsValid(rel->side[s].view) ||
			OidIsValid(m2m_history_function(rel, s)))
			continue;
		function = function_by_name(rel, s);
		name = quote_qualified_identifier(get_namespace_name(get_rel_namespace(rel->side[s].view)),
										  function_name(rel, s));
		if (OidIsValid(function) &&
			!(reads_as(function, rel, s, body_start(), false) &&
			  object_ownercheck(ProcedureRelationId, function, GetUserId())))
		{
			ereport(WARNING,
					(errcode(ERRCODE_DUPLICATE_FUNCTION),
					 errmsg("function %s already exists, and stays as it is", name),
					 errhint("m2m_at() has the links of a moment, too.")));
			continue;
		}
		m2m_ddl(psprintf("CREATE OR REPLACE FUNCTION %s(%s, at pg_catalog.timestamptz)"
						 " RETURNS SETOF %s LANGUAGE sql STABLE PARALLEL RESTRICTED AS %s",
						 name, m2m_row_type(rel->side[s].relid),
						 m2m_row_type(far),
						 quote_literal_cstr(m2m_history_function_body(rel, s))));
		signature = psprintf("%s(%s, pg_catalog.timestamptz)", name,
							 m2m_row_type(rel->side[s].relid));
		function = function_by_name(rel, s);
		m2m_function_depends(function, "m2m");
		if (m2m_catalog_function_owner(function) !=
			m2m_catalog_relation_owner(rel->association))
			m2m_ddl(psprintf("ALTER FUNCTION %s OWNER TO %s", signature,
							 quote_identifier(owner)));
		m2m_ddl(psprintf("COMMENT ON FUNCTION %s IS %s", signature,
						 quote_literal_cstr(psprintf("m2m: the rows of \"%s\" that a row of \"%s\" was linked to at a moment.",
													 get_rel_name(far),
													 get_rel_name(rel->side[s].relid)))));
	}
}

/*
 * m2m_history_functions_drop: takes them away.  Error 2BP01 where something of
 * the user's depends on one.
 */
void
m2m_history_functions_drop(M2mRelationship *rel)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		Oid			function = m2m_history_function(rel, s);

		if (OidIsValid(function))
			m2m_ddl(psprintf("DROP FUNCTION %s",
							 format_procedure_extended(function,
													   FORMAT_PROC_FORCE_QUALIFY)));
	}
}

/*
 * m2m_history_functions_stale: the name of one of ours that does not read as it
 * should, or NULL.
 */
char *
m2m_history_functions_stale(M2mRelationship *rel)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		Oid			function;

		if (!OidIsValid(rel->side[s].view) ||
			OidIsValid(m2m_history_function(rel, s)))
			continue;
		function = function_by_name(rel, s);
		if (OidIsValid(function) &&
			reads_as(function, rel, s, body_start(), false))
			return function_name(rel, s);
	}
	return NULL;
}
