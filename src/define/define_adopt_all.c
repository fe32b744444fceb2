/*
 * define_adopt_all.c
 *		Adopting all candidates that need no repair.
 *
 * One after the other, each in a subtransaction: one that is refused does not
 * undo the others.  To see what would come of it, all is done, and taken back:
 * names that one takes are not free for the next.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "execute.h"
#include "m2m.h"
#include "text.h"

/* What adopt_all() is to do, and has done. */
typedef struct AdoptAllTask
{
	Oid			schema;
	List	   *result;			/* M2mAdopted */
} AdoptAllTask;

static void adopt_all(void *arg);
static void adopt_one(void *arg);
static char *why_not(M2mCandidate *c);

/*
 * m2m_candidates_adopt: adopts the candidates, of one schema if it is given,
 * that lack nothing, as the current user.  Returns what became of each
 * (M2mAdopted), the best first; with dry_run nothing is kept.  Locks each in
 * ShareRowExclusiveLock.  Errors: only those of the moment, such as a cancel.
 */
List *
m2m_candidates_adopt(Oid schema, bool dry_run)
{
	AdoptAllTask task = {schema, NIL};
	ErrorData  *error;

	if (!dry_run)
	{
		adopt_all(&task);
		return task.result;
	}
	error = m2m_attempt_as(GetUserId(), false, false, false, adopt_all, &task);
	if (error != NULL)
		ReThrowError(error);
	return task.result;
}

/* adopt_all: each of them. */
static void
adopt_all(void *arg)
{
	AdoptAllTask *task = arg;
	ListCell   *lc;

	foreach(lc, m2m_candidates_list(task->schema))
	{
		M2mCandidate *c = lfirst(lc);
		M2mAdopted *adopted = palloc0(sizeof(M2mAdopted));
		ErrorData  *error;
		M2mRelationship *rel;

		adopted->relid = c->relid;
		adopted->outcome = "not ready";
		task->result = lappend(task->result, adopted);
		if (!c->ready)
		{
			adopted->reason = why_not(c);
			continue;
		}
		error = m2m_attempt_as(GetUserId(), false, true, false, adopt_one, c);
		if (error != NULL)
		{
			adopted->outcome = "refused";
			adopted->reason = error->message;
			continue;
		}
		rel = m2m_catalog_read_rest(c->relid, NIL);
		adopted->outcome = "adopted";
		for (int s = M2M_LEFT; rel != NULL && s <= M2M_RIGHT; s++)
		{
			if (OidIsValid(rel->side[s].view))
				adopted->view[s] = m2m_qualified_name(rel->side[s].view);
		}
	}
}

/* adopt_one: as the current user; which names were taken, the result shows. */
static void
adopt_one(void *arg)
{
	m2m_setting_for_now("client_min_messages", "warning");
	m2m_candidate_adopt(arg, false);
}

/* why_not: why a candidate is not ready, in words. */
static char *
why_not(M2mCandidate *c)
{
	StringInfoData buf;
	ListCell   *lc;

	if (c->missing == NIL)
		return pstrdup("other tables refer to its rows, and its key is wider than the pair");
	initStringInfo(&buf);
	appendStringInfoString(&buf, "missing: ");
	foreach(lc, c->missing)
		appendStringInfo(&buf, "%s%s",
						 foreach_current_index(lc) > 0 ? "; " : "",
						 (char *) lfirst(lc));
	return buf.data;
}
