/*
 * link.c
 *		Linking, unlinking, setting: what each operation means on ids of the
 *		two sides, whichever path then writes the links.  The direct path is
 *		asked first; it declines where it is not allowed.
 *
 * ids[] is indexed by side.  A scalar goes with each id of an array on the
 * other side (one to many); two arrays go pairwise.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "direct.h"
#include "execute.h"
#include "ids.h"
#include "link.h"
#include "link_internal.h"
#include "m2m.h"
#include "rule.h"

/* How often a toggle tries before it gives up to concurrent ones. */
#define TOGGLE_TRIES 10

/* So many are linked without locking all rows that have an order before. */
#define FEW_PAIRS 64

static int64 link_ids(M2mRelationship *rel, M2mIds *ids[2]);
static int64 unlink_ids(M2mRelationship *rel, M2mIds *ids[2]);
static bool gives_order(M2mRelationship *rel, M2mSide side,
						Jsonb *properties);
static void check_lengths(M2mRelationship *rel, M2mIds *ids[2]);

/*
 * m2m_links_add: links, with link properties unless those are NULL or say
 * nothing; returns the number of links created.  A pair that is linked already
 * is no error, and takes the properties given.  With skip, pairs that a rule would
 * refuse are passed over.
 */
int64
m2m_links_add(M2mRelationship *rel, M2mIds *ids[2], Jsonb *properties,
			  bool skip)
{
	M2mProperties *given;
	M2mIds	   *asked[2] = {ids[M2M_LEFT], ids[M2M_RIGHT]};
	bool		several = ids[M2M_LEFT]->is_array || ids[M2M_RIGHT]->is_array;
	int64		mark[2];
	int64		result;

	check_lengths(rel, ids);
	if (skip && properties != NULL && JB_ROOT_IS_ARRAY(properties))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("over_limit => 'skip' takes one object of link properties for all pairs")));

	m2m_order_before_link(rel, ids);

	/*
	 * Those that are left are linked under the locks by which they were
	 * chosen.  In REPEATABLE READ and above a pair that the snapshot does not
	 * show is left out as linked, where linking it would be 40001.
	 */
	if (skip && m2m_rules_fit(rel, ids) && ids[M2M_LEFT]->count == 0)
		return 0;
	given = m2m_properties_read(ids, properties);

	/*
	 * In order of the keys; where links have an order, several are in that of
	 * the call, unless the properties say another.
	 */
	for (int s = M2M_LEFT; several && s <= M2M_RIGHT; s++)
		mark[s] = gives_order(rel, s, properties) ? M2M_NO_MARK :
			m2m_order_mark(rel, s, asked);
	result = given != NULL ? m2m_plan_link_properties(rel, ids, given) :
		link_ids(rel, ids);
	for (int s = M2M_LEFT; several && s <= M2M_RIGHT; s++)
	{
		if (result > 0)
			m2m_order_linked(rel, s, asked, mark[s]);
	}
	return result;
}

/*
 * m2m_links_remove: unlinks; returns the number of links removed.  With
 * properties, only links that have these.
 */
int64
m2m_links_remove(M2mRelationship *rel, M2mIds *ids[2], Jsonb *properties)
{
	M2mProperties *given;

	check_lengths(rel, ids);
	given = m2m_properties_read(ids, properties);
	if (given != NULL)
		return m2m_plan_unlink_properties(rel, ids, given);
	return unlink_ids(rel, ids);
}

/*
 * m2m_links_clear: unlinks all of each row given; returns the number of links
 * removed.
 */
int64
m2m_links_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids)
{
	int64		removed;

	if (m2m_direct_clear(rel, side, ids, &removed))
		return removed;
	return m2m_plan_clear(rel, side, ids);
}

/*
 * m2m_link_toggle: unlinks two rows if they are linked, links them otherwise;
 * returns whether they are linked now.
 *
 * Where another session links the pair between our two steps, our insert
 * waits for it and inserts nothing: the pair is then linked, and we look
 * again.  Error 40001 if that never ends.  But where the association has
 * triggers or policies that keep a row from being written, trying again would
 * not help: it is then as it is.
 *
 * Where no index keeps pairs unique, the lock of who links comes first: who has
 * it could wait for what the first step locks.
 */
bool
m2m_link_toggle(M2mRelationship *rel, M2mIds *ids[2])
{
	if (!rel->unique)
		m2m_lock_links(rel);
	for (int i = 0; i < TOGGLE_TRIES; i++)
	{
		/* a trigger or policy may have kept one of several links of the pair */
		if (unlink_ids(rel, ids) > 0)
			return m2m_plan_may_suppress(rel) &&
				m2m_plan_linked(rel, ids, false);
		if (link_ids(rel, ids) > 0)
			return true;
		if (i > 0 && m2m_plan_may_suppress(rel))
			return m2m_plan_linked(rel, ids, false);
		CHECK_FOR_INTERRUPTS();
	}
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not toggle a link of relationship \"%s\"",
					get_rel_name(rel->association)),
			 errdetail("It could be neither removed nor created.")));
	return false;
}

/*
 * m2m_link_exists: are two rows linked, as the calling statement sees it?
 */
bool
m2m_link_exists(M2mRelationship *rel, M2mIds *ids[2])
{
	return m2m_plan_linked(rel, ids, true);
}

/*
 * m2m_links_count: number of links of one row, as the calling statement sees
 * it.
 */
int64
m2m_links_count(M2mRelationship *rel, M2mSide side, M2mIds *ids)
{
	return m2m_plan_count(rel, side, ids);
}

/*
 * m2m_links_set: makes the links of one row exactly those given, with link
 * properties unless those are NULL or say nothing.
 */
void
m2m_links_set(M2mRelationship *rel, M2mSide side, M2mIds *id, M2mIds *others,
			  Jsonb *properties, M2mDifference *difference)
{
	M2mIds	   *ids[2];
	M2mProperties *given;

	ids[side] = id;
	ids[M2M_OTHER(side)] = others;
	given = m2m_properties_read(ids, properties);
	if (given != NULL)
		m2m_plan_set_properties(rel, side, id, ids, given, difference);
	else if (!m2m_direct_set(rel, side, id, ids, difference))
		m2m_plan_set(rel, side, id, ids, difference);

	/* the order of the array, unless the properties say another */
	if (!gives_order(rel, side, properties))
		m2m_order_set(rel, side, id, others);
}

/*
 * gives_order: is the position of links in the order of a side's rows among
 * these properties?
 */
static bool
gives_order(M2mRelationship *rel, M2mSide side, Jsonb *properties)
{
	JsonbIterator *it;
	JsonbValue	v;
	JsonbIteratorToken token;
	AttrNumber	column = m2m_order_column(rel, side);
	char	   *name;
	int			depth = 0;

	if (properties == NULL || column == InvalidAttrNumber)
		return false;
	name = get_attname(rel->association, column, false);
	it = JsonbIteratorInit(&properties->root);
	while ((token = JsonbIteratorNext(&it, &v, depth > 1)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_OBJECT)
			depth = 2;
		else if (token == WJB_END_OBJECT)
			depth = 0;
		else if (token == WJB_KEY && v.val.string.len == (int) strlen(name) &&
				 memcmp(v.val.string.val, name, v.val.string.len) == 0)
			return true;
	}
	return false;
}

/*
 * m2m_links_add_pairs: links pairs that were collected; returns the number of
 * links created.  With progress, it shows in pg_stat_progress_copy.
 */
int64
m2m_links_add_pairs(M2mRelationship *rel, M2mPairs *pairs, bool progress)
{
	int64		created;

	/* of few, whose rows are not known yet, when they are made */
	if (m2m_pairs_count(pairs) > FEW_PAIRS)
		m2m_order_before_link(rel, NULL);
	else
		m2m_order_before_few();
	if (m2m_direct_link_pairs(rel, pairs, progress, &created))
		return created;
	return m2m_plan_link_pairs(rel, pairs);
}

/* link_ids: by whichever path. */
static int64
link_ids(M2mRelationship *rel, M2mIds *ids[2])
{
	int64		created;

	if (m2m_direct_link(rel, ids, &created))
		return created;
	return m2m_plan_link(rel, ids);
}

/* unlink_ids: by whichever path. */
static int64
unlink_ids(M2mRelationship *rel, M2mIds *ids[2])
{
	int64		removed;

	if (m2m_direct_unlink(rel, ids, &removed))
		return removed;
	return m2m_plan_unlink(rel, ids);
}

/*
 * check_lengths: two arrays must go pairwise.  Error 22023.
 */
static void
check_lengths(M2mRelationship *rel, M2mIds *ids[2])
{
	if (ids[M2M_LEFT]->is_array && ids[M2M_RIGHT]->is_array &&
		ids[M2M_LEFT]->count != ids[M2M_RIGHT]->count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("two arrays of ids must have the same length"),
				 errdetail("There are %d ids of \"%s\" and %d of \"%s\".",
						   ids[M2M_LEFT]->count,
						   get_rel_name(rel->side[M2M_LEFT].relid),
						   ids[M2M_RIGHT]->count,
						   get_rel_name(rel->side[M2M_RIGHT].relid)),
				 errhint("Arrays are taken pairwise; give one id and one array to link one to many.")));
}
