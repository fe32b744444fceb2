/*
 * view_expose.c
 *		Exposed functions: functions of a relationship, each of one signature, with
 *		the keys' types, for whoever cannot call a function that takes any.
 *
 * An exposed function is an ordinary SQL function that calls m2m's:
 *
 *		SELECT m2m_link(via => 'public.author_book', role => 'author', ...)
 *
 * Which relationship and side it is of stands in its body, which begins so;
 * that it is ours, in its mark: it depends on the extension, as ALTER FUNCTION ...
 * DEPENDS ON EXTENSION has it, so it goes with that, and a dump keeps it.
 * CREATE OR REPLACE takes the mark away: then the function is the user's own.
 *
 * Bodies are strings, as those of link functions, and follow what they name as
 * these do (ddl/).  Nothing depends on a table but for rows that are returned.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "commands/extension.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "text.h"
#include "view_internal.h"

/* What an exposed function is to be. */
typedef struct Signature
{
	int			nargs;
	Oid			type[FUNC_MAX_ARGS];
	char	   *name[FUNC_MAX_ARGS];
	bool		optional[FUNC_MAX_ARGS];
	Oid			result;
	bool		returns_set;
	char	   *body;
	char	   *comment;
} Signature;

/* What run_remake() is to do. */
typedef struct ExposedRemake
{
	M2mRelationship *rel;
	M2mExposed *exposed;
	Signature  *signature;
} ExposedRemake;

static const char *const own_function[] = {
	"m2m_link", "m2m_unlink", "m2m_set", "m2m_seek"
};
static const char *const verb[] = {"link", "unlink", "set", "find"};

/* What comments of ours end with. */
static const char *const made_by = "Made by m2m_expose; follows its tables.";

static M2mExposed *read_exposed(Oid function);
static const char *read_head(const char *body, M2mExposed *exposed);
static const char *past_literal(const char *s, char **value);
static bool is_marked(Oid function);
static bool describe(M2mRelationship *rel, M2mSide near, M2mExposedKind kind,
					 bool properties, Signature *signature);
static int	add_argument(Signature *signature, const char *name, Oid type,
						 bool optional);
static void add_arrays(Signature *signature, M2mRelationship *rel,
					   M2mSide side, const char *prefix, bool optional,
					   int *argument);
static char *key_argument(M2mRelationship *rel, M2mSide side, int column,
						  bool plural);
static char *one_id(M2mEndpoint *endpoint, int *argument, bool optional);
static char *many_ids(M2mEndpoint *endpoint, int *argument);
static void describe_find(Signature *signature, M2mRelationship *rel,
						  M2mSide near);
static void describe_write(Signature *signature, M2mRelationship *rel,
						   M2mSide near, M2mExposedKind kind, bool properties);
static void append_head(StringInfo sql, M2mRelationship *rel, M2mSide near,
						M2mExposedKind kind);
static char *comment_on(M2mRelationship *rel, M2mSide near,
						M2mExposedKind kind);
static bool same_signature(Oid function, Signature *signature, bool names);
static bool same_body(Oid function, Signature *signature);
static void run_remake(void *arg);
static Oid	make(M2mRelationship *rel, Signature *signature,
				 M2mExposedKind kind, Oid schema, const char *name,
				 Oid owner);
static void take_names(Signature *signature, HeapTuple function);
static void follow_name(M2mExposed *exposed);

/*
 * m2m_exposed_all: all exposed functions of the database, whosever they are, in
 * CurrentMemoryContext.  Costs a look at what depends on the extension; locks
 * nothing.
 */
List *
m2m_exposed_all(void)
{
	Oid			extension = get_extension_oid("m2m", true);
	Relation	depend;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	if (!OidIsValid(extension))
		return NIL;
	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(extension));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL,
							  2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		M2mExposed *exposed;

		if (form->classid != ProcedureRelationId ||
			form->deptype != DEPENDENCY_AUTO_EXTENSION)
			continue;
		CHECK_FOR_INTERRUPTS();
		exposed = read_exposed(form->objid);
		if (exposed != NULL)
			result = lappend(result, exposed);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}

/*
 * m2m_exposed_of: those of one association, among all, that belong to somebody
 * who is trusted with it; each with its side.  Locks nothing.
 */
List *
m2m_exposed_of(List *all, Oid association)
{
	M2mRelationship *rel = NULL;
	char	   *name;
	List	   *result = NIL;
	ListCell   *lc;

	if (all == NIL || get_rel_name(association) == NULL)
		return NIL;
	name = m2m_qualified_name(association);
	foreach(lc, all)
	{
		M2mExposed *exposed = lfirst(lc);

		if (strcmp(exposed->of, name) != 0 ||
			!m2m_catalog_owner_trusted(m2m_catalog_function_owner(exposed->function),
									   m2m_catalog_relation_owner(association)))
			continue;
		if (rel == NULL)
			rel = m2m_relationship_get(association, InvalidOid, NoLock);
		if (rel == NULL)
			rel = m2m_catalog_read_rest(association, NIL);
		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			if (strcmp(rel->side[s].role, exposed->role) != 0)
				continue;
			exposed->association = association;
			exposed->near = s;
			result = lappend(result, exposed);
		}
	}
	return result;
}

/*
 * m2m_exposed_is: is a function an exposed one of an association, whatever the
 * tables?  Of any, if that is not given, and then whosever it is.
 */
bool
m2m_exposed_is(Oid association, Oid function)
{
	M2mExposed *exposed = is_marked(function) ? read_exposed(function) : NULL;

	return exposed != NULL &&
		(!OidIsValid(association) ||
		 (strcmp(exposed->of, m2m_qualified_name(association)) == 0 &&
		  m2m_catalog_owner_trusted(m2m_catalog_function_owner(function),
									m2m_catalog_relation_owner(association))));
}

/*
 * m2m_exposed_name: what the exposed function of a side is called, which has a
 * link view.
 */
char *
m2m_exposed_name(M2mRelationship *rel, M2mSide near, M2mExposedKind kind,
				 const char *prefix)
{
	char	   *name = m2m_name_join(verb[kind],
									 get_rel_name(rel->side[near].view));

	return prefix == NULL || prefix[0] == '\0' ? name :
		m2m_name_join(prefix, name);
}

/*
 * m2m_exposed_fit: can a relationship have exposed functions?  If not, the
 * column of a key that has no arrays.
 */
bool
m2m_exposed_fit(M2mRelationship *rel, M2mSide *side, int *column)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		bool		own = false;

		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];

			*side = s;
			*column = i;
			if (key->shared == 0 && !OidIsValid(get_array_type(key->type)))
				return false;
			own |= key->shared == 0;
		}
		if (!own)
			return false;
	}
	return true;
}

/*
 * m2m_exposed_create: makes the exposed function of a side under a name that is
 * free, as the caller; in place of another, which went or is about to go, if
 * that is given: then privileges and settings are its, and its comment, if it
 * is not ours.  Returns it.  Error 54023.
 */
Oid
m2m_exposed_create(M2mRelationship *rel, M2mSide near, M2mExposedKind kind,
				   Oid schema, const char *name, HeapTuple old,
				   const char *comment)
{
	Signature	signature;
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	Oid			function;

	if (!describe(rel, near, kind, rel->nproperties > 0, &signature))
		ereport(ERROR,
				(errcode(ERRCODE_TOO_MANY_ARGUMENTS),
				 errmsg("function \"%s\" would have more than %d arguments",
						name, FUNC_MAX_ARGS)));

	/* or they would not be known as its own */
	if (m2m_catalog_owner_trusted(GetUserId(), owner))
		owner = GetUserId();
	function = make(rel, &signature, kind, schema, name, owner);
	if (old != NULL && ((Form_pg_proc) GETSTRUCT(old))->proowner == owner)
		m2m_function_copy(function, old);
	if (comment != NULL && strstr(comment, made_by) == NULL)
		CreateComments(function, ProcedureRelationId, 0, comment);
	return function;
}

/*
 * m2m_exposed_is_same: has an exposed function the name and signature that it
 * would get if it were made anew?  Then its body is brought up to that.
 */
bool
m2m_exposed_is_same(M2mRelationship *rel, M2mExposed *exposed,
					const char *name)
{
	Signature	signature;

	if ((exposed->kind != M2M_EXPOSED_FIND &&
		 exposed->properties != (rel->nproperties > 0)) ||
		strcmp(get_func_name(exposed->function), name) != 0 ||
		get_func_namespace(exposed->function) !=
		get_rel_namespace(rel->side[exposed->near].view) ||
		!describe(rel, exposed->near, exposed->kind, exposed->properties,
				  &signature) ||
		!same_signature(exposed->function, &signature, true))
		return false;
	m2m_exposed_follow(exposed);
	return true;
}

/*
 * m2m_exposed_follow: after a change of what an exposed function of an
 * association names: it gets the body that it would be made with, or is made
 * anew, if its types are others.  Its name and those of its arguments stay,
 * as callers know them, and its owner, privileges and settings.  What keeps it
 * from being made is a WARNING.
 */
void
m2m_exposed_follow(M2mExposed *exposed)
{
	M2mRelationship *rel = m2m_relationship_get(exposed->association,
												InvalidOid, NoLock);
	Signature	signature;
	ExposedRemake remake = {rel, exposed, &signature};

	/* somebody may have dropped or replaced it meanwhile */
	if (!is_marked(exposed->function))
		return;
	if (rel == NULL)
	{
		follow_name(exposed);
		return;
	}
	if (!m2m_names_are_there(rel) ||
		!describe(rel, exposed->near, exposed->kind, exposed->properties,
				  &signature))
		return;
	if (!same_signature(exposed->function, &signature, false))
	{
		/* which table that is, the association's owner says */
		if (m2m_catalog_function_runs_as_invoker(exposed->function) ||
			m2m_catalog_function_owner(exposed->function) ==
			m2m_catalog_relation_owner(rel->association))
			m2m_as_server(!rel->temporary,
						  psprintf("could not make function \"%s\" follow its tables",
								   get_func_name(exposed->function)),
						  run_remake, &remake);
	}
	else if (!same_body(exposed->function, &signature))
		m2m_function_replace(exposed->function, signature.body);
}

/*
 * m2m_exposed_is_behind: does a function not read as m2m_exposed_follow() would
 * have it?
 */
bool
m2m_exposed_is_behind(M2mExposed *exposed)
{
	M2mRelationship *rel = m2m_relationship_get(exposed->association,
												InvalidOid, NoLock);
	Signature	signature;

	return rel != NULL && is_marked(exposed->function) &&
		m2m_names_are_there(rel) &&
		describe(rel, exposed->near, exposed->kind, exposed->properties,
				 &signature) &&
		(!same_signature(exposed->function, &signature, false) ||
		 !same_body(exposed->function, &signature));
}

/* run_remake: as the bootstrap superuser.  Errors: 2BP01, 42723. */
static void
run_remake(void *arg)
{
	ExposedRemake *remake = arg;
	Oid			function = remake->exposed->function;
	HeapTuple	old = SearchSysCacheCopy1(PROCOID, ObjectIdGetDatum(function));
	char	   *comment = GetComment(function, ProcedureRelationId, 0);
	Form_pg_proc form;
	ObjectAddress address;

	if (!HeapTupleIsValid(old))
		elog(ERROR, "cache lookup failed for function %u", function);
	form = (Form_pg_proc) GETSTRUCT(old);
	take_names(remake->signature, old);

	/* the caller's subtransaction takes that back if what follows fails */
	ObjectAddressSet(address, ProcedureRelationId, function);
	if (!m2m_drop_objects(list_make1(&address)))
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("other objects depend on it")));
	function = make(remake->rel, remake->signature, remake->exposed->kind,
					form->pronamespace, NameStr(form->proname),
					form->proowner);
	m2m_function_copy(function, old);
	if (comment != NULL)
		CreateComments(function, ProcedureRelationId, 0, comment);
	CommandCounterIncrement();
}

/*
 * make: CREATE FUNCTION, as the current user, for an owner.  Error 42723,
 * not OR REPLACE, which would replace somebody else's.
 */
static Oid
make(M2mRelationship *rel, Signature *signature, M2mExposedKind kind,
	 Oid schema, const char *name, Oid owner)
{
	StringInfoData sql;
	Oid			function;
	char	   *label;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE FUNCTION %s(",
					 quote_qualified_identifier(get_namespace_name(schema),
												name));
	for (int i = 0; i < signature->nargs; i++)
		appendStringInfo(&sql, "%s%s %s%s", i > 0 ? ", " : "",
						 quote_identifier(signature->name[i]),
						 format_type_extended(signature->type[i], -1,
											  FORMAT_TYPE_FORCE_QUALIFY),
						 signature->optional[i] ? " DEFAULT NULL" : "");
	appendStringInfo(&sql, ") RETURNS %s%s LANGUAGE sql %s PARALLEL %s AS %s",
					 signature->returns_set ? "SETOF " : "",
					 format_type_extended(signature->result, -1,
										  FORMAT_TYPE_FORCE_QUALIFY),
					 kind == M2M_EXPOSED_FIND ? "STABLE" : "VOLATILE",
					 kind == M2M_EXPOSED_FIND ? "RESTRICTED" : "UNSAFE",
					 quote_literal_cstr(signature->body));
	m2m_ddl(sql.data);
	function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							   CStringGetDatum(name),
							   PointerGetDatum(buildoidvector(signature->type,
															  signature->nargs)),
							   ObjectIdGetDatum(schema));
	if (!OidIsValid(function))
		elog(ERROR, "function \"%s\" not found", name);
	m2m_function_depends(function, "m2m");
	label = format_procedure_extended(function, FORMAT_PROC_FORCE_QUALIFY);
	m2m_ddl(psprintf("COMMENT ON FUNCTION %s IS %s", label,
					 quote_literal_cstr(signature->comment)));
	if (owner != GetUserId())
		m2m_ddl(psprintf("ALTER FUNCTION %s OWNER TO %s", label,
						 quote_identifier(GetUserNameFromId(owner, false))));
	return function;
}

/* take_names: names of arguments as a function has them, if it has as many. */
static void
take_names(Signature *signature, HeapTuple function)
{
	Oid		   *types;
	char	  **names;
	char	   *modes;
	int			n = get_func_arg_info(function, &types, &names, &modes);

	for (int i = 0; names != NULL && n == signature->nargs && i < n; i++)
	{
		if (names[i][0] != '\0')
			signature->name[i] = names[i];
	}
}

/*
 * same_signature: has a function these types, and names of arguments if that
 * is asked?
 */
static bool
same_signature(Oid function, Signature *signature, bool names)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	bool		same;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	same = form->prorettype == signature->result &&
		form->proretset == signature->returns_set &&
		form->pronargs == signature->nargs;
	for (int i = 0; same && i < signature->nargs; i++)
		same = form->proargtypes.values[i] == signature->type[i];
	if (same && names)
	{
		Signature	other = *signature;

		take_names(&other, tuple);
		for (int i = 0; i < signature->nargs; i++)
			same &= strcmp(other.name[i], signature->name[i]) == 0;
	}
	ReleaseSysCache(tuple);
	return same;
}

/* same_body: has a function this body? */
static bool
same_body(Oid function, Signature *signature)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Datum		source;
	bool		isnull;
	bool		same;

	if (!HeapTupleIsValid(tuple))
		return false;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	same = !isnull && strcmp(TextDatumGetCString(source), signature->body) == 0;
	ReleaseSysCache(tuple);
	return same;
}

/*
 * follow_name: while a relationship is at rest its functions have no body to be
 * given anew, but the association's name in them tells whose they are.
 */
static void
follow_name(M2mExposed *exposed)
{
	HeapTuple	tuple;
	M2mExposed	head;
	char	   *name;
	char	   *body;
	const char *from;
	bool		isnull;

	if (get_rel_name(exposed->association) == NULL)
		return;
	name = m2m_qualified_name(exposed->association);
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(exposed->function));
	if (!HeapTupleIsValid(tuple))
		return;
	body = TextDatumGetCString(SysCacheGetAttr(PROCOID, tuple,
											   Anum_pg_proc_prosrc, &isnull));
	ReleaseSysCache(tuple);
	if (read_head(body, &head) == NULL || strcmp(head.of, name) == 0)
		return;

	/* somebody may have written it, in another way than we quote it */
	from = strstr(body, quote_literal_cstr(head.of));
	if (from == NULL)
		return;
	m2m_function_replace(exposed->function,
						 psprintf("%.*s%s%s", (int) (from - body), body,
								  quote_literal_cstr(name),
								  from + strlen(quote_literal_cstr(head.of))));
}

/* is_marked: is there a function, marked as going with the extension? */
static bool
is_marked(Oid function)
{
	return SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(function)) &&
		list_member_oid(getAutoExtensionsOfObject(ProcedureRelationId,
												  function),
						get_extension_oid("m2m", true));
}

/* read_exposed: what the body of a function says of it; NULL: nothing. */
static M2mExposed *
read_exposed(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	M2mExposed *exposed = palloc0(sizeof(M2mExposed));
	bool		found = false;
	bool		isnull;
	Datum		source;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	if (((Form_pg_proc) GETSTRUCT(tuple))->prolang == SQLlanguageId && !isnull)
		found = read_head(TextDatumGetCString(source), exposed) != NULL;
	ReleaseSysCache(tuple);
	exposed->function = function;
	return found ? exposed : NULL;
}

/*
 * read_head: reads what append_head() has written; returns what follows it, or
 * NULL if it is none.
 */
static const char *
read_head(const char *body, M2mExposed *exposed)
{
	const char *call = m2m_past(body, "SELECT r.* FROM (SELECT ");

	if (call == NULL)
		call = m2m_past(body, "SELECT ");
	call = m2m_past(m2m_past_name(call), ".");
	for (int k = M2M_EXPOSED_LINK; k <= M2M_EXPOSED_FIND; k++)
	{
		const char *s = m2m_past(m2m_past(call, own_function[k]),
								 k == M2M_EXPOSED_FIND ? "(association => " :
								 "(via => ");

		s = m2m_past(past_literal(s, &exposed->of), ", role => ");
		s = m2m_past(past_literal(s, &exposed->role), ", ");
		if (s == NULL)
			continue;
		exposed->kind = k;
		exposed->properties = strstr(s, ", properties => $") != NULL;
		return s;
	}
	return NULL;
}

/*
 * past_literal: what follows a literal as quote_literal_cstr() writes it, and
 * its value; NULL if s is that or does not begin with one.
 */
static const char *
past_literal(const char *s, char **value)
{
	bool		escapes = s != NULL && *s == 'E';
	StringInfoData string;

	if (s == NULL || s[escapes] != '\'')
		return NULL;
	initStringInfo(&string);
	for (s += escapes + 1; *s != '\0'; s++)
	{
		if (*s == '\'' && s[1] != '\'')
		{
			*value = string.data;
			return s + 1;
		}
		if (*s == '\'' || (escapes && *s == '\\'))
			s++;
		if (*s == '\0')
			return NULL;
		appendStringInfoChar(&string, *s);
	}
	return NULL;
}

/*
 * describe: what the exposed function of a side is to be; false if a key has
 * no arrays, or there would be too many arguments.
 */
static bool
describe(M2mRelationship *rel, M2mSide near, M2mExposedKind kind,
		 bool properties, Signature *signature)
{
	M2mSide		side;
	int			column;

	if (!m2m_exposed_fit(rel, &side, &column) ||
		rel->side[near].nkeys * 2 + rel->side[M2M_OTHER(near)].nkeys * 4 + 2 > FUNC_MAX_ARGS)
		return false;
	memset(signature, 0, sizeof(*signature));
	if (kind == M2M_EXPOSED_FIND)
		describe_find(signature, rel, near);
	else
		describe_write(signature, rel, near, kind, properties);
	signature->comment = comment_on(rel, near, kind);
	return true;
}

/*
 * describe_write: those that link, unlink and set: the key of a row, keys of
 * others, properties.
 */
static void
describe_write(Signature *signature, M2mRelationship *rel, M2mSide near,
			   M2mExposedKind kind, bool properties)
{
	M2mEndpoint *this = &rel->side[near];
	M2mEndpoint *other = &rel->side[M2M_OTHER(near)];
	int		   *argument = palloc_array(int, this->nkeys);
	int		   *far_argument = palloc_array(int, other->nkeys);
	StringInfoData sql;

	for (int i = 0; i < this->nkeys; i++)
		argument[i] = add_argument(signature,
								   key_argument(rel, near, i, false),
								   this->key[i].type, false);
	for (int i = 0; i < other->nkeys; i++)
	{
		if (other->key[i].shared > 0)
			far_argument[i] = argument[other->key[i].shared - 1];
	}
	add_arrays(signature, rel, M2M_OTHER(near), NULL, false, far_argument);

	initStringInfo(&sql);
	append_head(&sql, rel, near, kind);
	appendStringInfo(&sql, "left_table => %s, left_id => %s, right_table => %s, %s => %s",
					 quote_literal_cstr(m2m_qualified_name(this->relid)),
					 one_id(this, argument, false),
					 quote_literal_cstr(m2m_qualified_name(other->relid)),
					 kind == M2M_EXPOSED_SET ? "right_ids" : "right_id",
					 many_ids(other, far_argument));
	if (properties)
		appendStringInfo(&sql, ", properties => $%d",
						 add_argument(signature, "properties", JSONBOID, true));
	appendStringInfoChar(&sql, ')');
	signature->result = INT8OID;
	if (kind == M2M_EXPOSED_SET)
	{
		signature->result = get_rel_type_id(other->relid);
		signature->returns_set = true;
		appendStringInfoString(&sql, "; SELECT r.*");
		m2m_view_append_join(&sql, rel, near);
		appendStringInfoString(&sql, " WHERE");
		if (rel->deleted != 0)
			appendStringInfo(&sql, " %s AND", m2m_live_condition(rel, "l"));
		for (int i = 0; i < this->nkeys; i++)
			appendStringInfo(&sql, "%s $%d %s %s", i == 0 ? "" : " AND",
							 argument[i],
							 m2m_qualified_operator(this->key[i].equal_op),
							 m2m_link_operand(rel, &this->key[i], "l"));
	}
	signature->body = sql.data;
}

/*
 * describe_find: that which finds rows: keys of others in several lists, all
 * optional, and the key after which they are to begin.
 *
 * The planner puts the body in place of the call, so it must be one SELECT, not
 * strict; what it calls in a select list gives keys one by one.
 */
static void
describe_find(Signature *signature, M2mRelationship *rel, M2mSide near)
{
	static const char *const lists[] = {
		"all_of", "any_of", "none_of", "exactly"
	};
	M2mEndpoint *this = &rel->side[near];
	M2mEndpoint *other = &rel->side[M2M_OTHER(near)];
	int		   *argument = palloc0_array(int, this->nkeys);
	int		   *far_argument = palloc0_array(int, other->nkeys);
	StringInfoData ids;
	StringInfoData sql;
	int			at_least;
	char	   *after;

	initStringInfo(&ids);
	for (int i = 0; i < this->nkeys; i++)
	{
		if (this->key[i].shared == 0)
			continue;
		argument[i] = add_argument(signature, key_argument(rel, near, i, false),
								   this->key[i].type, false);
		far_argument[this->key[i].shared - 1] = argument[i];
	}
	for (int l = 0; l < (int) lengthof(lists); l++)
	{
		add_arrays(signature, rel, M2M_OTHER(near), lists[l], true,
				   far_argument);
		appendStringInfo(&ids, ", %s => %s", lists[l],
						 many_ids(other, far_argument));
	}
	at_least = add_argument(signature, "at_least", INT4OID, true);

	/*
	 * Not "after", which GraphQL servers add themselves.  Not of a domain,
	 * which might have something against the null.
	 */
	for (int i = 0; i < this->nkeys; i++)
	{
		if (this->key[i].shared == 0)
			argument[i] = add_argument(signature,
									   m2m_name_join("after",
													 get_attname(this->relid,
																 this->key[i].attnum,
																 false)),
									   getBaseType(this->key[i].type), true);
	}
	after = one_id(this, argument, true);

	initStringInfo(&sql);
	append_head(&sql, rel, near, M2M_EXPOSED_FIND);
	appendStringInfo(&sql, "sample => %s%s, at_least => $%d, after => %s) AS k) k JOIN %s r ON",
					 this->nkeys == 1 ? after :
					 psprintf("NULL::%s", m2m_rowtype_name(this->relid)),
					 ids.data, at_least, after,
					 m2m_qualified_name(this->relid));
	for (int i = 0; i < this->nkeys; i++)
	{
		char	   *column = m2m_quoted_column(this->relid,
											   this->key[i].attnum);
		Oid			equal = lookup_type_cache(this->key[i].type,
											  TYPECACHE_EQ_OPR)->eq_opr;

		appendStringInfo(&sql, "%s r.%s %s %s", i == 0 ? "" : " AND", column,
						 m2m_qualified_operator(equal), this->nkeys == 1 ?
						 "k.k" : psprintf("(k.k).%s", column));
	}
	signature->body = sql.data;
	signature->result = get_rel_type_id(this->relid);
	signature->returns_set = true;
}

/*
 * append_head: what a body begins with; read_head() reads it.  Literals, as no
 * name can pretend to be more of the text then.
 */
static void
append_head(StringInfo sql, M2mRelationship *rel, M2mSide near,
			M2mExposedKind kind)
{
	appendStringInfo(sql, "SELECT %s%s(%s => %s, role => %s, ",
					 kind == M2M_EXPOSED_FIND ? "r.* FROM (SELECT " : "",
					 m2m_own_function(own_function[kind]),
					 kind == M2M_EXPOSED_FIND ? "association" : "via",
					 quote_literal_cstr(m2m_qualified_name(rel->association)),
					 quote_literal_cstr(rel->side[near].role));
}

/*
 * add_argument: adds one, by a name that no other has; returns its number,
 * from 1.
 */
static int
add_argument(Signature *signature, const char *name, Oid type, bool optional)
{
	char	   *unique = pstrdup(name);

	for (int n = 2, i = 0; i < signature->nargs; i++)
	{
		if (strcmp(signature->name[i], unique) == 0)
		{
			unique = m2m_name_join(name, psprintf("%d", n++));
			i = -1;
		}
	}
	signature->name[signature->nargs] = unique;
	signature->type[signature->nargs] = type;
	signature->optional[signature->nargs] = optional;
	return ++signature->nargs;
}

/*
 * add_arrays: adds an array for each column of a key that is not shared, and
 * notes their numbers; they are called as a list, or as the key's columns.
 */
static void
add_arrays(Signature *signature, M2mRelationship *rel, M2mSide side,
		   const char *prefix, bool optional, int *argument)
{
	M2mEndpoint *endpoint = &rel->side[side];
	int			n = 0;

	for (int i = 0; i < endpoint->nkeys; i++)
		n += endpoint->key[i].shared == 0 ? 1 : 0;
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		char	   *name;

		if (key->shared > 0)
			continue;
		if (prefix == NULL)
			name = key_argument(rel, side, i, true);
		else if (n == 1)
			name = pstrdup(prefix);
		else
		{
			char	   *column = get_attname(endpoint->relid, key->attnum,
											 false);

			name = m2m_name_join(prefix, m2m_name_plural(column, column));
		}
		argument[i] = add_argument(signature, name, get_array_type(key->type),
								   optional);
	}
}

/*
 * key_argument: what an argument for a column of a key is called: author_id, or
 * author_ids; as the association has it, if both keys have that.
 */
static char *
key_argument(M2mRelationship *rel, M2mSide side, int column, bool plural)
{
	M2mKeyColumn *key = &rel->side[side].key[column];
	char	   *name;

	if (key->shared > 0)
		return get_attname(rel->association, key->link_attnum, false);
	name = get_attname(rel->side[side].relid, key->attnum, false);
	return m2m_name_join(rel->side[side].role,
						 plural ? m2m_name_plural(name, name) : name);
}

/*
 * one_id: a key as one argument of ours: "$1" or "ROW($1, $2)"; of one that is
 * optional, null if its own columns are.
 */
static char *
one_id(M2mEndpoint *endpoint, int *argument, bool optional)
{
	StringInfoData row;
	StringInfoData nothing;

	if (endpoint->nkeys == 1)
		return psprintf("$%d", argument[0]);
	initStringInfo(&row);
	initStringInfo(&nothing);
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		appendStringInfo(&row, "%s$%d", i > 0 ? ", " : "", argument[i]);
		if (endpoint->key[i].shared == 0)
			appendStringInfo(&nothing, "%s$%d IS NULL",
							 nothing.len > 0 ? " AND " : "", argument[i]);
	}
	if (!optional)
		return psprintf("ROW(%s)", row.data);
	return psprintf("CASE WHEN %s THEN NULL ELSE ROW(%s) END", nothing.data,
					row.data);
}

/*
 * many_ids: keys as one argument: "$2", or rows of what is in several arrays,
 * with the columns that the other key has given.  Null of nulls, as no array
 * is an error, or asks for nothing, where an empty one means no rows; what one
 * array lacks is null, which is an error.
 */
static char *
many_ids(M2mEndpoint *endpoint, int *argument)
{
	StringInfoData row;
	StringInfoData arrays;
	StringInfoData names;
	StringInfoData nothing;

	if (endpoint->nkeys == 1)
		return psprintf("$%d", argument[0]);
	initStringInfo(&row);
	initStringInfo(&arrays);
	initStringInfo(&names);
	initStringInfo(&nothing);
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		const char *comma = names.len > 0 ? ", " : "";

		appendStringInfoString(&row, i > 0 ? ", " : "");
		if (endpoint->key[i].shared > 0)
		{
			appendStringInfo(&row, "$%d", argument[i]);
			continue;
		}
		appendStringInfo(&row, "u.c%d", i + 1);
		appendStringInfo(&arrays, "%spg_catalog.unnest($%d)", comma,
						 argument[i]);
		appendStringInfo(&nothing, "%s$%d IS NULL",
						 names.len > 0 ? " AND " : "", argument[i]);
		appendStringInfo(&names, "%sc%d", comma, i + 1);
	}
	return psprintf("CASE WHEN %s THEN NULL"
					" ELSE ARRAY(SELECT ROW(%s) FROM ROWS FROM (%s) u(%s)) END",
					nothing.data, row.data, arrays.data, names.data);
}

/* comment_on: the comment of an exposed function. */
static char *
comment_on(M2mRelationship *rel, M2mSide near, M2mExposedKind kind)
{
	const char *this = get_rel_name(rel->side[near].relid);
	const char *other = get_rel_name(rel->side[M2M_OTHER(near)].relid);

	switch (kind)
	{
		case M2M_EXPOSED_LINK:
			return psprintf("Links rows of \"%s\" to a row of \"%s\". Returns how many links are new. %s",
							other, this, made_by);
		case M2M_EXPOSED_UNLINK:
			return psprintf("Unlinks rows of \"%s\" from a row of \"%s\". Returns how many links are gone. %s",
							other, this, made_by);
		case M2M_EXPOSED_SET:
			return psprintf("Links just these rows of \"%s\" to a row of \"%s\", and no others. Returns them. %s",
							other, this, made_by);
		case M2M_EXPOSED_FIND:
			break;
	}
	return psprintf("Rows of \"%s\" by the rows of \"%s\" that they are linked to: all of some, any of some (at_least so many), none of some, exactly these. after_...: the key after which to begin. %s",
					this, other, made_by);
}
