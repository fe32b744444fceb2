/*
 * repair.c
 *		Mending what check.c finds, with the rights of the association's owner,
 *		whose triggers and functions it may call.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "check.h"
#include "define.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "view.h"

static bool mend(M2mFinding *finding);
static void run_remedy(void *arg);
static bool same_remedy(List *done, M2mFinding *finding);

/*
 * m2m_repair_relationship: mends what is found of a relationship whose
 * association the current user owns; returns a list of M2mFinding, those that
 * were mended.  One at a time: what it changes may be what the next is about.
 * A remedy that fails is a WARNING, and the others go on.
 */
List *
m2m_repair_relationship(Oid association)
{
	List	   *mended = NIL;
	List	   *tried = NIL;
	bool		more = true;

	/*
	 * Looked at anew after each: a remedy's text was made for what there was,
	 * and after another one may mean something else.  It ends, as no text is
	 * tried twice.
	 */
	while (more)
	{
		ListCell   *lc;

		more = false;
		foreach(lc, m2m_check_relationship(association))
		{
			M2mFinding *finding = lfirst(lc);

			if (finding->remedy == NULL || same_remedy(tried, finding))
				continue;
			if (mend(finding))
				mended = lappend(mended, finding);
			tried = lappend(tried, finding);
			more = true;
			break;
		}
		CHECK_FOR_INTERRUPTS();
	}
	return mended;
}

/*
 * mend: runs a remedy as the association's owner.  A superuser who repairs
 * other people's tables must not run their triggers and functions as himself.
 */
static bool
mend(M2mFinding *finding)
{
	Oid			owner = m2m_catalog_relation_owner(finding->association);
	bool		temporary = get_rel_persistence(finding->association) ==
		RELPERSISTENCE_TEMP;

	/*
	 * In a subtransaction of its own, so that a remedy that fails half-way
	 * has done nothing.  Temporary objects cannot be made in a
	 * security-restricted operation (DefineRelation()), and are nobody
	 * else's.
	 */
	return m2m_try_as_owner(owner, !temporary,
							psprintf("could not mend relationship \"%s\"",
									 get_rel_name(finding->association)),
							psprintf("Once nothing is in its way, call m2m_repair() again, or run the SQL yourself: %s",
									 finding->remedy),
							run_remedy, finding);
}

/*
 * run_remedy: event triggers fire for it, as for the owner's own DDL.  What we
 * can do ourselves is not looked up by name.
 */
static void
run_remedy(void *arg)
{
	M2mFinding *finding = arg;
	M2mAdoption adoption = {0};
	ListCell   *lc;

	switch (finding->kind)
	{
		case M2M_FINDING_SQL:
			m2m_sql_seen(finding->remedy);
			break;
		case M2M_FINDING_VIEW:
			m2m_relationship_adopt(finding->association, &adoption);
			break;
		case M2M_FINDING_FUNCTION:
			m2m_function_repair(m2m_relationship_get(finding->association,
													 InvalidOid, NoLock),
								finding->side);
			break;
		case M2M_FINDING_EXPOSED:
			foreach(lc, m2m_exposed_of(m2m_exposed_all(), finding->association))
				m2m_exposed_follow(lfirst(lc));
			break;
	}
}

/* same_remedy: was this tried already, and did not help? */
static bool
same_remedy(List *done, M2mFinding *finding)
{
	ListCell   *lc;

	foreach(lc, done)
	{
		if (strcmp(((M2mFinding *) lfirst(lc))->remedy, finding->remedy) == 0)
			return true;
	}
	return false;
}
