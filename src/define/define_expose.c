/*
 * define_expose.c
 *		Giving a relationship exposed functions, and taking them away.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "commands/comment.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "define_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "text.h"
#include "view.h"

/* An exposed function that is to be. */
typedef struct Exposure
{
	M2mSide		near;
	M2mExposedKind kind;
	char	   *name;
	M2mExposed *kept;			/* it is that already */
	HeapTuple	old;			/* the one that it takes the place of */
	char	   *comment;		/* of that */
} Exposure;

static M2mRelationship *lock_relationship(Oid association);
static void check_fit(M2mRelationship *rel);
static void check_name(Exposure *exposure, Oid schema, List *old);
static void drop_function(Oid function);

/*
 * m2m_relationship_expose: makes the exposed functions of a relationship, one of
 * each kind for each side that has a link view, in that view's schema; those
 * that it has already are made anew where they would be other ones.  Returns
 * their OIDs.  Locks the association against other calls and DDL.  Errors:
 * 42501; 42704, 55000 no relationship; 0A000; 42723 a name is taken; 2BP01
 * something depends on one that would be another.
 */
List *
m2m_relationship_expose(Oid association, const char *prefix)
{
	M2mRelationship *rel = lock_relationship(association);
	List	   *old = m2m_exposed_of(m2m_exposed_all(), association);
	List	   *exposures = NIL;
	List	   *result = NIL;
	ListCell   *lc;
	ListCell   *lo;

	check_fit(rel);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (!OidIsValid(rel->side[s].view))
			continue;
		m2m_schema_check(get_rel_namespace(rel->side[s].view));
		for (int k = M2M_EXPOSED_LINK; k <= M2M_EXPOSED_FIND; k++)
		{
			Exposure   *exposure = palloc0(sizeof(Exposure));

			exposure->near = s;
			exposure->kind = k;
			exposure->name = m2m_exposed_name(rel, s, k, prefix);
			check_name(exposure, get_rel_namespace(rel->side[s].view), old);
			exposures = lappend(exposures, exposure);
		}
	}

	/* one that is as it should be stays, with what depends on it */
	foreach(lo, old)
	{
		M2mExposed *exposed = lfirst(lo);
		Exposure   *place = NULL;

		foreach(lc, exposures)
		{
			Exposure   *exposure = lfirst(lc);

			if (exposure->near == exposed->near &&
				exposure->kind == exposed->kind && exposure->kept == NULL)
				place = exposure;
		}
		if (place != NULL && m2m_exposed_is_same(rel, exposed, place->name))
		{
			place->kept = exposed;
			continue;
		}
		if (place != NULL && place->old == NULL)
		{
			place->old = SearchSysCacheCopy1(PROCOID,
											 ObjectIdGetDatum(exposed->function));
			place->comment = GetComment(exposed->function,
										ProcedureRelationId, 0);
		}
		drop_function(exposed->function);
	}
	foreach(lc, exposures)
	{
		Exposure   *exposure = lfirst(lc);
		Oid			schema = get_rel_namespace(rel->side[exposure->near].view);

		if (exposure->kept != NULL)
			result = lappend_oid(result, exposure->kept->function);
		else
			result = lappend_oid(result,
								 m2m_exposed_create(rel, exposure->near,
													exposure->kind, schema,
													exposure->name,
													exposure->old,
													exposure->comment));
	}
	return result;
}

/*
 * m2m_relationship_unexpose: drops the exposed functions of a relationship,
 * and returns how many there were.  Errors: 42501; 2BP01.  Locks the
 * association against others who expose it.
 */
int64
m2m_relationship_unexpose(Oid association)
{
	List	   *old;
	ListCell   *lc;

	m2m_association_check_owner(association);
	LockRelationOid(association, ShareUpdateExclusiveLock);
	old = m2m_exposed_of(m2m_exposed_all(), association);
	foreach(lc, old)
		drop_function(((M2mExposed *) lfirst(lc))->function);
	return list_length(old);
}

/*
 * lock_relationship: the description of a relationship that the caller owns,
 * locked against whoever exposes it, too, and against DDL of its tables.
 * Errors: 42501; 42704 if there is none; 55000 if it is at rest.
 */
static M2mRelationship *
lock_relationship(Oid association)
{
	M2mRelationship *rel;

	m2m_association_check_owner(association);
	LockRelationOid(association, ShareUpdateExclusiveLock);
	rel = m2m_relationship_get(association, InvalidOid,
							   ShareUpdateExclusiveLock);
	if (rel == NULL && m2m_catalog_read_rest(association, NIL) != NULL)
		m2m_error_at_rest(association);
	if (rel == NULL)
		m2m_error_no_relationship(association);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		LockRelationOid(rel->side[s].relid, AccessShareLock);
	return m2m_relationship_current(rel) ? rel :
		m2m_relationship_refresh(rel);
}

/* check_fit: error 0A000 where a key cannot be an argument. */
static void
check_fit(M2mRelationship *rel)
{
	M2mSide		side;
	int			column;
	M2mKeyColumn *key;

	if (m2m_exposed_fit(rel, &side, &column))
		return;
	key = &rel->side[side].key[column];
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("relationship \"%s\" cannot be exposed",
					get_rel_name(rel->association)),
			 key->shared > 0 ?
			 errdetail("Both keys have all columns of the key of \"%s\".",
					   get_rel_name(rel->side[side].relid)) :
			 errdetail("There is no array of type %s, which %s has.",
					   format_type_be(key->type), key->label),
			 errhint("Write functions of your own that call m2m_link() and the others.")));
}

/*
 * check_name: error 42723 if there is a function of a name, whatever its
 * arguments: clients that are to call it tell functions by their names.
 */
static void
check_name(Exposure *exposure, Oid schema, List *old)
{
	CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP,
										   CStringGetDatum(exposure->name));
	Oid			taken = InvalidOid;

	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_proc form =
			(Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);
		bool		goes = false;
		ListCell   *lc;

		foreach(lc, old)
			goes |= ((M2mExposed *) lfirst(lc))->function == form->oid;
		if (form->pronamespace == schema && !goes)
			taken = form->oid;
	}
	ReleaseSysCacheList(list);
	if (OidIsValid(taken))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_FUNCTION),
				 errmsg("function \"%s\" already exists", exposure->name),
				 errdetail("It is %s in schema \"%s\".",
						   format_procedure(taken),
						   get_namespace_name(schema)),
				 errhint("Have all names begin otherwise by the argument \"%s\" of m2m_expose.",
						 "prefix")));
}

/* drop_function: by a statement, by the caller's own right. */
static void
drop_function(Oid function)
{
	m2m_ddl(psprintf("DROP FUNCTION %s",
					 format_procedure_extended(function,
											   FORMAT_PROC_FORCE_QUALIFY)));
}
