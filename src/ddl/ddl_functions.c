/*
 * ddl_functions.c
 *		Link functions, and those of histories, as they read before a command.
 *
 * Their bodies are strings, which follow nothing by themselves: what the
 * command has renamed, they are given anew at its end, unless somebody has
 * changed them meanwhile.
 */
#include "postgres.h"

#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "ddl_internal.h"
#include "m2m.h"
#include "rule.h"

/*
 * m2m_function_see: the link function of one side as it reads now, in
 * CurrentMemoryContext; NULL if there is none.  Locks nothing.
 */
M2mSeenFunction *
m2m_function_see(M2mRelationship *rel, M2mSide near)
{
	Oid			function = m2m_function_find(rel, near, false);
	M2mSeenFunction *seen;

	if (!OidIsValid(function))
		return NULL;
	seen = palloc0(sizeof(M2mSeenFunction));
	seen->function = function;
	seen->association = rel->association;
	seen->near = near;
	seen->body = m2m_function_body(rel, near);
	seen->start = m2m_function_start(rel->association);
	return seen;
}

/*
 * m2m_function_see_as_is: the same of a function that does not read as the
 * link function of the relationship would (any more).
 */
M2mSeenFunction *
m2m_function_see_as_is(M2mRelationship *rel, M2mSide near, Oid function)
{
	M2mSeenFunction *seen = palloc0(sizeof(M2mSeenFunction));
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		isnull = true;
	Datum		source = 0;

	seen->function = function;
	seen->association = rel->association;
	seen->near = near;
	if (HeapTupleIsValid(tuple))
		source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	seen->body = isnull ? pstrdup("") : TextDatumGetCString(source);
	seen->start = m2m_function_start(rel->association);
	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return seen;
}

/*
 * m2m_function_see_at: the function of a side's history as it reads now, in
 * CurrentMemoryContext; NULL if there is none.  Locks nothing.
 */
M2mSeenFunction *
m2m_function_see_at(M2mRelationship *rel, M2mSide near)
{
	Oid			function = m2m_history_function(rel, near);
	M2mSeenFunction *seen;

	if (!OidIsValid(function))
		return NULL;
	seen = palloc0(sizeof(M2mSeenFunction));
	seen->function = function;
	seen->association = rel->association;
	seen->near = near;
	seen->body = m2m_history_function_body(rel, near);
	seen->at = true;
	return seen;
}

/*
 * m2m_function_reads_as_seen: has nobody changed a link function since the
 * command began?  Nothing keeps its owner from doing so meanwhile.
 */
bool
m2m_function_reads_as_seen(M2mSeenFunction *seen)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID,
										ObjectIdGetDatum(seen->function));
	Datum		source;
	bool		isnull;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	result = !isnull && strcmp(TextDatumGetCString(source), seen->body) == 0;
	ReleaseSysCache(tuple);
	return result;
}

/*
 * m2m_function_follow_name: at rest a link function has no body to be given
 * anew, but what it begins with names the association, and tells whose it is:
 * that follows a name that the command has changed.
 */
void
m2m_function_follow_name(M2mSeenFunction *seen)
{
	size_t		length = strlen(seen->start);
	char	   *start;

	if (get_rel_name(seen->association) == NULL)
		return;
	start = m2m_function_start(seen->association);
	if (strcmp(start, seen->start) != 0 &&
		strncmp(seen->body, seen->start, length) == 0 &&
		m2m_function_reads_as_seen(seen))
		m2m_function_replace(seen->function,
							 psprintf("%s%s", start, seen->body + length));
}
