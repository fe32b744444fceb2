/*
 * define_first_use.c
 *		A relationship that is to be made where it is used first, or by
 *		m2m_create, and a join table that could have been meant.
 *
 * To make a second table beside the one that the application fills would be
 * the worst answer to a first m2m_link(): its links would be read by nobody.
 * So the caller is asked which it is; m2m_create has been told, and only says
 * that there is another.
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/partition.h"
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
#include "text.h"

static char *list_tables(List *candidates);
static char *list_calls(List *candidates);
static bool may_insert(Oid relid);
static void adopt_unasked(void *arg);
static void check_partition(Oid relid);

/*
 * m2m_first_use_check: before a relationship between two tables is made on
 * first use.  Where there is a join table, adopts it if it is the only one and
 * m2m.auto_adopt is on, with its owner's rights: then it returns true, and the
 * caller finds the relationship.  Otherwise nothing is made, and it is an
 * error.  With adopt false it only looks: the caller holds locks that others
 * must not wait for.
 *
 * Errors: 42P08 where the caller has to choose; 42809 for a partition.
 */
bool
m2m_first_use_check(Oid first, Oid second, bool adopt)
{
	List	   *candidates;
	M2mCandidate *c;
	ErrorData  *error = NULL;

	check_partition(first);
	check_partition(second);
	candidates = m2m_candidates_between(first, second);
	if (candidates == NIL)
		return false;
	c = linitial(candidates);
	if (adopt && m2m_auto_adopt && list_length(candidates) == 1 &&
		c->evident && may_insert(c->relid))
	{
		error = m2m_attempt_as(c->owner, true, true, false, adopt_unasked, c);

		/* or somebody else has, while we waited for the lock */
		if (error == NULL || m2m_catalog_read_rest(c->relid, NIL) != NULL)
			return true;
	}
	ereport(ERROR,
			(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
			 errmsg_plural("table %s could hold links between \"%s\" and \"%s\", but is no relationship yet",
						   "tables %s could hold links between \"%s\" and \"%s\", but are no relationships yet",
						   list_length(candidates), list_tables(candidates),
						   get_rel_name(first), get_rel_name(second)),
			 error != NULL ?
			 errdetail("It could not be adopted: %s.", error->message) : 0,
			 errhint("If links belong there, call %s. If not, m2m_create(%s, %s) makes a table of their own.",
					 list_calls(candidates),
					 quote_literal_cstr(m2m_qualified_name(first)),
					 quote_literal_cstr(m2m_qualified_name(second)))));
}

/*
 * m2m_first_use_notice: says in a NOTICE, where a relationship is created, that
 * there is a join table between its endpoints.
 */
void
m2m_first_use_notice(Oid first, Oid second)
{
	List	   *candidates = m2m_candidates_between(first, second);

	if (candidates == NIL)
		return;
	ereport(NOTICE,
			(errmsg_plural("there is a table that could hold links between \"%s\" and \"%s\": %s",
						   "there are tables that could hold links between \"%s\" and \"%s\": %s",
						   list_length(candidates), get_rel_name(first),
						   get_rel_name(second), list_tables(candidates)),
			 errdetail("The new relationship has a table of its own, and shows nothing of that."),
			 errhint("To adopt it instead, drop the new relationship and call %s.",
					 list_calls(candidates))));
}

/*
 * m2m_first_use_beside: says in a NOTICE, where a relationship was made on first
 * use, that there are others which did not count.  No error: whoever may refer
 * to two tables can make one between them.
 */
void
m2m_first_use_beside(Oid first, Oid second)
{
	char	   *passed = m2m_relationships_passed_over(first, second);

	if (passed == NULL)
		return;
	ereport(NOTICE,
			(errmsg("a new relationship was made between \"%s\" and \"%s\", beside others: %s",
					get_rel_name(first), get_rel_name(second), passed),
			 errdetail("Their association tables belong neither to a superuser, nor to the owner of both tables, nor to a role of yours, so only calls that name them mean them."),
			 errhint("Name the one that is meant by the argument \"via\", or have ALTER TABLE ... OWNER TO give it the owner of both tables; and drop the new one by m2m_drop().")));
}

/* list_tables: "a, b". */
static char *
list_tables(List *candidates)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, candidates)
		appendStringInfo(&buf, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 ((M2mCandidate *) lfirst(lc))->label);
	return buf.data;
}

/* list_calls: "m2m_adopt('a') or m2m_adopt('b')". */
static char *
list_calls(List *candidates)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, candidates)
		appendStringInfo(&buf, "%s%s",
						 foreach_current_index(lc) > 0 ? " or " : "",
						 m2m_candidate_call(lfirst(lc)));
	return buf.data;
}

/*
 * may_insert: may the caller insert rows?  He does not get a lock on a table by
 * which he could hold up those who may.
 */
static bool
may_insert(Oid relid)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_INSERT) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(relid, GetUserId(), ACL_INSERT,
								  ACLMASK_ANY) == ACLCHECK_OK;
}

/* adopt_unasked: as the table's owner, and without a word about names. */
static void
adopt_unasked(void *arg)
{
	m2m_setting_for_now("client_min_messages", "warning");
	m2m_candidate_adopt(arg, true);
}

/*
 * check_partition: a partition given for its table: links of its rows alone
 * are hardly ever meant.  Error 42809.
 */
static void
check_partition(Oid relid)
{
	Oid			parent;

	if (!get_rel_relispartition(relid))
		return;
	parent = llast_oid(get_partition_ancestors(relid));
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s\" is a partition of table \"%s\"",
					get_rel_name(relid), get_rel_name(parent)),
			 errdetail("Links of its rows alone would be another relationship than that of the table."),
			 errhint("Name table %s; or, if links of the partition are meant, create them a relationship by m2m_create.",
					 m2m_qualified_name(parent))));
}
