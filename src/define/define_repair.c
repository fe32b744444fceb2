/*
 * define_repair.c
 *		Makes a join table ready to be an association table, or says what it
 *		lacks: a plan (define_plan.c) is run, or refused.
 *
 * All in one transaction, with the caller's rights, under locks that are taken
 * before anything is looked at.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "execute.h"
#include "m2m.h"

static void check_rights(Oid association, Oid table[2]);
static void refuse(Oid association, List *steps, bool repair);

/*
 * m2m_repair_lock: checks that the caller may add what could be missing, then
 * locks the association and the tables given, as adding foreign keys will, and
 * those that it refers to already, as validating one does.  Nobody writes the
 * rows that are looked at, or those that they refer to, until the foreign keys
 * see to it.  Errors: 42501, 42809.
 */
void
m2m_repair_lock(Oid association, Oid table[2])
{
	List	   *relids = list_make1_oid(association);
	List	   *lockmodes = list_make1_int(AccessExclusiveLock);
	ListCell   *lc;

	check_rights(association, table);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (!OidIsValid(table[s]) || list_member_oid(relids, table[s]))
			continue;
		relids = lappend_oid(relids, table[s]);
		lockmodes = lappend_int(lockmodes, ShareRowExclusiveLock);
	}
	foreach(lc, m2m_catalog_foreign_keys(association))
	{
		Oid			relid = lfirst_node(ForeignKeyCacheInfo, lc)->confrelid;

		if (list_member_oid(relids, relid))
			continue;
		relids = lappend_oid(relids, relid);
		lockmodes = lappend_int(lockmodes, RowShareLock);
	}
	m2m_lock_relations_each(relids, lockmodes);

	/* what was true before we waited need not be true now */
	m2m_association_check_owner(association);
	m2m_endpoint_check(association);
	check_rights(association, table);
}

/* check_rights: what the DDL to come will need on the tables given. */
static void
check_rights(Oid association, Oid table[2])
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (!OidIsValid(table[s]))
			continue;
		m2m_endpoint_check(table[s]);
		m2m_references_check(table[s]);
	}
}

/*
 * m2m_repair_run: makes a table ready to be an association by the foreign keys
 * given, of which some may be drafts; with repair, by adding what it lacks, and
 * then it is locked by m2m_repair_lock(), else only if it is ready, but for
 * what is not required.  The foreign keys are to be chosen anew afterwards.
 *
 * Errors: 42P16 with what is missing, and the SQL that adds it; 42501 where the
 * caller may not read the tables, or a policy stands between him and their
 * rows; those of the statements.
 */
void
m2m_repair_run(Oid association, ForeignKeyCacheInfo *fk[2], bool repair)
{
	Oid			tables[] = {association, fk[M2M_LEFT]->confrelid,
	fk[M2M_RIGHT]->confrelid};
	List	   *steps;
	bool		ready = true;
	bool		related;
	ListCell   *lc;

	if (!repair && OidIsValid(fk[M2M_LEFT]->conoid) &&
		OidIsValid(fk[M2M_RIGHT]->conoid))
		return;
	for (size_t i = 0; i < lengthof(tables); i++)
	{
		/* a link whose row is hidden would look like a link to nothing */
		if (check_enable_rls(tables[i], InvalidOid, true) == RLS_ENABLED)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("row-level security policies hide rows of table \"%s\" from the current user",
							get_rel_name(tables[i])),
					 errdetail("What refers to a hidden row cannot be told from what refers to none."),
					 errhint("Let the table's owner, or a role with BYPASSRLS, call m2m_adopt.")));
	}
	steps = m2m_repair_plan(association, fk, M2M_LOOK_CALLER);
	foreach(lc, steps)
	{
		M2mRepairStep *step = lfirst(lc);

		ready &= !step->required || (repair && step->sql != NULL);
		if (repair)
			ready &= step->sql != NULL || step->remark;
	}
	if (!ready)
		refuse(association, steps, repair);

	/*
	 * What there is of a relationship follows, as it does whoever types the
	 * statements; else they are passed by, so that nothing is taken for ready
	 * half-way.
	 */
	related = m2m_catalog_read_rest(association, NIL) != NULL;
	foreach(lc, steps)
	{
		M2mRepairStep *step = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (step->remark)
			ereport(NOTICE,
					(errmsg("no unique index was added to table \"%s\"",
							get_rel_name(association)),
					 errdetail("%s.", step->what)));
		if (step->sql == NULL)
			continue;
		if (step->rows > 0)
		{
			ereport(NOTICE,
					(errmsg("%s", step->notice),
					 errdetail("In table \"%s\": %s.",
							   get_rel_name(association), step->sample)));
			m2m_sql_seen(step->sql);
		}
		else if (related)
			m2m_sql(step->sql);
		else
			m2m_ddl(step->sql);
		CommandCounterIncrement();
	}
}

/*
 * refuse: the error that lists what a table lacks, and what adds it, or whose
 * decision that is.
 */
static void
refuse(Oid association, List *steps, bool repair)
{
	StringInfoData detail;
	StringInfoData hint;
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&detail);
	initStringInfo(&hint);
	initStringInfo(&sql);
	foreach(lc, steps)
	{
		M2mRepairStep *step = lfirst(lc);

		appendStringInfo(&detail, "%s%s", detail.len > 0 ? ";\n" : "",
						 step->what);
		if (step->hint != NULL && strstr(hint.data, step->hint) == NULL)
			appendStringInfo(&hint, "%s%s", hint.len > 0 ? "\n" : "",
							 step->hint);
		if (step->sql != NULL)
			appendStringInfo(&sql, "\n%s;", step->sql);
	}
	if (hint.len > 0 && sql.len > 0)
		appendStringInfo(&hint, "\nThe rest is done by m2m_adopt(..., repair => true), as by:%s",
						 sql.data);
	else if (sql.len > 0)
		appendStringInfo(&hint, "m2m_adopt(..., repair => true) adds what is missing, as by:%s",
						 sql.data);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
			 repair ?
			 errmsg("table \"%s\" cannot be made an association table without your decision",
					get_rel_name(association)) :
			 errmsg("table \"%s\" is not ready to be an association table",
					get_rel_name(association)),
			 errdetail("%s.", detail.data),
			 errhint("%s", hint.data)));
}
