/*
 * link_plan.c
 *		The general path: links written and read by SQL statements.
 *
 * Handles whatever PostgreSQL itself handles: user triggers, row-level
 * security, partitioned associations, defaults of link properties, deferrable
 * constraints.  Statements run as the caller, with the privileges that the
 * same SQL by hand would need.
 *
 * Many pairs go in as an ephemeral relation, "m2m_pairs", over a tuplestore:
 * one statement for any number of pairs, of any key types (arrays too), which
 * spills to disk beyond work_mem.  One pair goes in as parameters.
 *
 * A pair that is linked already is passed over in one of two ways.  ON
 * CONFLICT sees what is there as of now, whoever made it; in REPEATABLE READ
 * and above it raises 40001 where our snapshot does not show it.  Where ON
 * CONFLICT is not to be had, or does not see all that is there, we look
 * first, and promise the same: by the latest snapshot, under a lock of our own
 * that makes such calls go one by one, and a pair that the latest snapshot
 * shows and ours does not is 40001 too.
 *
 * That a pair is there is something that the call has read, which
 * SERIALIZABLE has to know.  What looks first has read it by a snapshot; what
 * ON CONFLICT has found is read so afterwards (minor releases differ in
 * whether ON CONFLICT does it itself).
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "executor/tstoreReceiver.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"

#include "execute.h"
#include "link_internal.h"
#include "m2m.h"
#include "rule.h"

/*
 * What the planner is told of m2m_pairs.  A kept plan serves calls of any
 * size: index lookups for each pair where the association is large, and no
 * plan that is quadratic in the number of pairs.
 */
#define PAIRS_ESTIMATE 1000

static int64 link_pairs(M2mRelationship *rel);
static int64 link_both(M2mRelationship *rel);
static int64 links_removed(M2mRelationship *rel, int64 rows);
static int64 revive_pairs(M2mRelationship *rel);
static bool link_one(M2mRelationship *rel, SPIPlanPtr plan, Datum *values,
					 List *columns);
static int64 link_row(M2mRelationship *rel, M2mIds *ids[2], List *columns,
					  Datum *values);
static void lock_if_needed(M2mRelationship *rel);
static bool is_linked_now(M2mRelationship *rel, Datum *pair);
static Tuplestorestate *look_for_pairs(M2mRelationship *rel);
static List *fetch_far(M2mRelationship *rel, M2mSide side, M2mIds *id);
static void check_snapshot(M2mRelationship *rel, M2mSide side, M2mIds *id);
static Tuplestorestate *register_pairs(M2mRelationship *rel, M2mIds *ids[2]);
static TupleDesc link_desc(M2mRelationship *rel);
static List *fetch_texts(void);
static List *fetch_linked(M2mRelationship *rel, bool *alone);
static int	compare_texts(const ListCell *a, const ListCell *b);

/*
 * m2m_plan_link: links pairs (one if both sides are scalar); returns the
 * number of links created.  Errors: what the statement raises, 23503 first;
 * 40001 in REPEATABLE READ and above.
 */
int64
m2m_plan_link(M2mRelationship *rel, M2mIds *ids[2])
{
	int64		result;

	/* before any statement here takes its snapshot, and so it is throughout */
	lock_if_needed(rel);
	SPI_connect();
	if (ids[M2M_LEFT]->is_array || ids[M2M_RIGHT]->is_array ||
		OidIsValid(rel->mirror) || (rel->revives && !rel->on_conflict))
	{
		Tuplestorestate *pairs = register_pairs(rel, ids);

		result = link_pairs(rel);
		tuplestore_end(pairs);
	}
	else
		result = link_one(rel, m2m_stmt_plan(rel, M2M_STMT_LINK_ONE, M2M_LEFT),
						  m2m_pair_values(rel, ids), NIL) ? 1 : 0;
	SPI_finish();
	return result;
}

/*
 * m2m_plan_link_pairs: the same for pairs that were collected.
 */
int64
m2m_plan_link_pairs(M2mRelationship *rel, M2mPairs *pairs)
{
	Tuplestorestate *store;
	bool	   *isnull = palloc0_array(bool, rel->pair_desc->natts);
	Datum	   *pair;
	int64		result;

	lock_if_needed(rel);
	SPI_connect();
	store = tuplestore_begin_heap(false, false, work_mem / 2);
	while ((pair = m2m_pairs_next(pairs)) != NULL)
	{
		tuplestore_putvalues(store, rel->pair_desc, pair, isnull);
		CHECK_FOR_INTERRUPTS();
	}
	m2m_register_store(M2M_PAIRS_NAME, rel->pair_desc, store);
	result = link_pairs(rel);
	tuplestore_end(store);
	SPI_finish();
	return result;
}

/*
 * link_pairs: links the pairs in m2m_pairs; returns the number of links
 * created.
 */
static int64
link_pairs(M2mRelationship *rel)
{
	int64		result;
	int64		revived = m2m_revives_first(rel) ? revive_pairs(rel) : 0;

	if (OidIsValid(rel->mirror))
		return link_both(rel);

	/*
	 * What looks first has read the pairs; what is left to ON CONFLICT has to
	 * read those that it passed over, where somebody counts reads: in the
	 * statement itself, as RETURNING tells which they are.
	 */
	if (m2m_stmt_looks_first(rel, NIL))
	{
		Tuplestorestate *found = look_for_pairs(rel);

		result = m2m_stmt_execute(rel, M2M_STMT_LINK, M2M_LEFT, NULL, false);
		tuplestore_end(found);
	}
	else if (IsolationIsSerializable())
		result = m2m_stmt_count(rel, M2M_STMT_LINK_READ, M2M_LEFT, NULL, false);
	else
		result = m2m_stmt_execute(rel, M2M_STMT_LINK, M2M_LEFT, NULL, false);
	return result + revived;
}

/*
 * link_both: link_pairs() where links are there in both directions, as are the
 * pairs.
 *
 * Who unlinks removes both rows, the first in key order first.  If that comes
 * between our two steps, the first was passed over, being there still, and the
 * second is made: then the first has to be made again.  Nobody removes it from
 * then on, as nobody sees the second.
 */
static int64
link_both(M2mRelationship *rel)
{
	int64		result = 0;
	int64		alone = 0;
	bool		isnull;

	do
	{
		Tuplestorestate *found = m2m_stmt_looks_first(rel, NIL) ?
			look_for_pairs(rel) : NULL;

		if (rel->has_rules)
		{
			/* it cannot tell which rows it has made */
			result += (m2m_stmt_execute(rel, M2M_STMT_LINK, M2M_LEFT, NULL,
										false) + 1) / 2;
		}
		else
		{
			result += m2m_stmt_count(rel, M2M_STMT_LINK_BOTH, M2M_LEFT, NULL,
									 false);
			alone = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
												SPI_tuptable->tupdesc, 2,
												&isnull));
		}
		if (found != NULL)
		{
			if (SPI_unregister_relation(M2M_FOUND_NAME) != SPI_OK_REL_UNREGISTER)
				elog(ERROR, "SPI_unregister_relation failed");
			tuplestore_end(found);
		}
		CHECK_FOR_INTERRUPTS();
	} while (alone > 0);

	/* those that were there are what the answer depends on: read them */
	if (IsolationIsSerializable() && !m2m_stmt_looks_first(rel, NIL))
		m2m_stmt_execute(rel, M2M_STMT_FOUND, M2M_LEFT, NULL, false);
	return result;
}

/*
 * links_removed: how many links a statement has removed, by the rows processed,
 * where links are there in both directions and rules keep it from telling.
 */
static int64
links_removed(M2mRelationship *rel, int64 rows)
{
	return OidIsValid(rel->mirror) && rel->has_rules ? (rows + 1) / 2 : rows;
}

/*
 * revive_pairs: makes such rows of the pairs in m2m_pairs links again; returns
 * how many.  The caller holds m2m_lock_links(), so nobody links them meanwhile.
 */
static int64
revive_pairs(M2mRelationship *rel)
{
	Tuplestorestate *found = look_for_pairs(rel);
	int64		result = m2m_stmt_execute(rel, M2M_STMT_REVIVE, M2M_LEFT, NULL,
										  false);

	/* what is found from now on includes them */
	if (SPI_unregister_relation(M2M_FOUND_NAME) != SPI_OK_REL_UNREGISTER)
		elog(ERROR, "SPI_unregister_relation failed");
	tuplestore_end(found);
	return result;
}

/*
 * link_one: links one pair by its INSERT, whose parameters begin with the
 * pair; columns are the further ones that it fills.  Returns whether it was
 * linked by this.
 */
static bool
link_one(M2mRelationship *rel, SPIPlanPtr plan, Datum *values, List *columns)
{
	bool		linked;

	if (m2m_stmt_looks_first(rel, columns) && is_linked_now(rel, values))
		return false;
	m2m_plan_run(plan, values, false);
	linked = SPI_processed > 0;

	/* that it is there is what our answer depends on: read it */
	if (!linked && IsolationIsSerializable())
		m2m_stmt_execute(rel, M2M_STMT_LINKED, M2M_LEFT, values, false);
	return linked;
}

/*
 * m2m_revive_pairs: the same of the pairs of a call.
 */
int64
m2m_revive_pairs(M2mRelationship *rel, M2mIds *ids[2])
{
	Tuplestorestate *pairs = register_pairs(rel, ids);
	int64		result = revive_pairs(rel);

	if (SPI_unregister_relation(M2M_PAIRS_NAME) != SPI_OK_REL_UNREGISTER)
		elog(ERROR, "SPI_unregister_relation failed");
	tuplestore_end(pairs);
	return result;
}

/*
 * lock_if_needed: calls that link go one by one where no index sees to it that
 * a pair is linked once.
 *
 * Held until the end of the transaction: until then what we insert is shown to
 * nobody, and a look of another call would find nothing.  It keeps out our own
 * calls, not an INSERT by hand; against that only an index helps.
 */
static void
lock_if_needed(M2mRelationship *rel)
{
	if (!rel->unique)
		m2m_lock_links(rel);
}

/*
 * is_linked_now: is there a link of the pair, as of now?  Error 40001 if there
 * is one that the transaction's snapshot does not show.
 */
static bool
is_linked_now(M2mRelationship *rel, Datum *pair)
{
	SPIPlanPtr	plan = m2m_stmt_plan(rel, M2M_STMT_LINKED, M2M_LEFT);

	/*
	 * The latest: in REPEATABLE READ and above ours is older than the lock
	 * and would miss, and double, what the call before us has linked.
	 */
	m2m_plan_run_latest(plan, pair, NULL);
	if (SPI_processed == 0)
		return false;
	if (IsolationUsesXactSnapshot())
	{
		m2m_plan_run(plan, pair, false);
		if (SPI_processed == 0)
			m2m_error_newer("The rows were linked after the transaction's snapshot was taken.");
	}
	return true;
}

/*
 * look_for_pairs: which of the pairs in m2m_pairs are linked, as of now?  They
 * become m2m_found; the caller ends the tuplestore that is returned.  Error
 * 40001 if the transaction's snapshot does not show one of them.
 */
static Tuplestorestate *
look_for_pairs(M2mRelationship *rel)
{
	Tuplestorestate *found = tuplestore_begin_heap(false, false, work_mem / 2);
	DestReceiver *receiver = CreateDestReceiver(DestTuplestore);

	SetTuplestoreDestReceiverParams(receiver, found, CurrentMemoryContext,
									true, NULL, NULL);
	m2m_plan_run_latest(m2m_stmt_plan(rel, M2M_STMT_FOUND, M2M_LEFT), NULL,
						receiver);
	receiver->rDestroy(receiver);
	m2m_register_store(M2M_FOUND_NAME, link_desc(rel), found);
	if (IsolationUsesXactSnapshot() &&
		m2m_stmt_count(rel, M2M_STMT_NEWER, M2M_LEFT, NULL, false) > 0)
		m2m_error_newer("Rows were linked after the transaction's snapshot was taken.");
	return found;
}

/*
 * m2m_plan_link_row: links one pair, with values of the given columns of the
 * association; returns the number of links created, 0 if the pair is linked
 * already.
 */
int64
m2m_plan_link_row(M2mRelationship *rel, M2mIds *ids[2], List *columns,
				  Datum *values)
{
	int64		result;

	lock_if_needed(rel);
	if (OidIsValid(rel->mirror))
	{
		M2mIds	   *first[2];
		M2mIds	   *second[2];
		bool		both = m2m_ids_direction(rel, ids, first);

		/* in key order, as link_both() */
		second[M2M_LEFT] = first[M2M_RIGHT];
		second[M2M_RIGHT] = first[M2M_LEFT];
		result = link_row(rel, first, columns, values);
		if (both && link_row(rel, second, columns, values) > 0 && result == 0)
			result = link_row(rel, first, columns, values);
		return result;
	}
	if (m2m_identity_revive(rel, ids, columns, values, NULL, NULL))
		return 1;
	return link_row(rel, ids, columns, values);
}

/* link_row: the same of one row of the association. */
static int64
link_row(M2mRelationship *rel, M2mIds *ids[2], List *columns, Datum *values)
{
	SPIPlanPtr *slot;
	int64		result;
	int			npair = rel->pair_desc->natts;
	int			nargs = npair + list_length(columns);
	Datum	   *all = palloc_array(Datum, nargs);

	memcpy(all, m2m_pair_values(rel, ids), sizeof(Datum) * npair);
	memcpy(all + npair, values, sizeof(Datum) * list_length(columns));
	SPI_connect();
	slot = m2m_plan_slot(rel, M2M_COLUMNS_LINK_ROW, M2M_LEFT,
						 m2m_stamped_slot(rel, columns));
	if (*slot == NULL)
	{
		StringInfoData sql;
		Oid		   *types = palloc_array(Oid, nargs);
		ListCell   *lc;

		for (int i = 0; i < npair; i++)
			types[i] = TupleDescAttr(rel->pair_desc, i)->atttypid;
		foreach(lc, columns)
			types[npair + foreach_current_index(lc)] =
			getBaseType(get_atttype(rel->association, lfirst_int(lc)));
		initStringInfo(&sql);
		m2m_stmt_build_insert(&sql, rel, true, columns);
		*slot = m2m_plan_prepare(sql.data, nargs, types);
	}
	result = link_one(rel, *slot, all, columns) ? 1 : 0;
	SPI_finish();
	return result;
}

/*
 * m2m_plan_unlink: removes the links of pairs; returns how many.
 */
int64
m2m_plan_unlink(M2mRelationship *rel, M2mIds *ids[2])
{
	int64		result;

	SPI_connect();
	if (ids[M2M_LEFT]->is_array || ids[M2M_RIGHT]->is_array ||
		OidIsValid(rel->mirror))
	{
		Tuplestorestate *pairs = register_pairs(rel, ids);

		result = m2m_stmt_execute(rel, M2M_STMT_UNLINK, M2M_LEFT, NULL, false);
		tuplestore_end(pairs);
	}
	else
		result = m2m_stmt_execute(rel, M2M_STMT_UNLINK_ONE, M2M_LEFT,
								  m2m_pair_values(rel, ids), false);
	SPI_finish();
	return links_removed(rel, result);
}

/*
 * m2m_plan_clear: removes all links of one row, or of each of several rows, of
 * one side; returns how many.  Of one row: before or after an m2m_set of it,
 * not in between.  For that it waits for limits and takes
 * m2m_lock_links_of_row().
 */
int64
m2m_plan_clear(M2mRelationship *rel, M2mSide side, M2mIds *ids)
{
	int64		result;

	/* before the statement's snapshot, to see what an m2m_set has linked */
	if (!ids->is_array)
	{
		m2m_limits_await(rel, side, ids);
		m2m_lock_links_of_row(rel, side, ids);
	}
	m2m_rules_before_unlink(rel);
	SPI_connect();
	if (ids->is_array)
	{
		M2mIds	   *one_side[2] = {NULL, NULL};
		Tuplestorestate *pairs;

		one_side[side] = ids;
		pairs = register_pairs(rel, one_side);
		result = m2m_stmt_execute(rel, M2M_STMT_CLEAR, side, NULL, false);
		tuplestore_end(pairs);
	}
	else
		result = m2m_stmt_execute(rel, M2M_STMT_CLEAR_ONE, side, ids->value,
								  false);
	SPI_finish();
	return links_removed(rel, result);
}

/*
 * m2m_plan_linked: is there a link between two rows?  With read_only, as the
 * calling statement sees it.  Else as of now, whatever the transaction's
 * snapshot shows: error 40001 for a link that it does not show.
 */
bool
m2m_plan_linked(M2mRelationship *rel, M2mIds *ids[2], bool read_only)
{
	bool		result;

	SPI_connect();
	if (read_only)
		result = m2m_stmt_execute(rel, M2M_STMT_LINKED, M2M_LEFT,
								  m2m_pair_values(rel, ids), true) > 0;
	else
		result = is_linked_now(rel, m2m_pair_values(rel, ids));
	SPI_finish();
	return result;
}

/*
 * m2m_plan_may_suppress: may a link be kept from being made or removed without
 * an error: by a trigger or rule of the association or of a table below it, or
 * by a policy?  The caller holds a lock on the association.
 */
bool
m2m_plan_may_suppress(M2mRelationship *rel)
{
	Relation	association = table_open(rel->association, NoLock);
	TriggerDesc *triggers = association->trigdesc;
	bool		result = rel->has_rules ||
		association->rd_rel->relhassubclass ||
		association->rd_rel->relrowsecurity ||
		(triggers != NULL &&
		 (triggers->trig_insert_before_row ||
		  triggers->trig_delete_before_row ||
		  (rel->deleted != 0 && triggers->trig_update_before_row)));

	table_close(association, NoLock);
	return result;
}

/*
 * m2m_plan_count: number of links of one row, as the calling statement sees
 * it.
 */
int64
m2m_plan_count(M2mRelationship *rel, M2mSide side, M2mIds *ids)
{
	int64		result;

	SPI_connect();
	result = m2m_stmt_count(rel, M2M_STMT_COUNT, side, ids->value, true);
	SPI_finish();
	return result;
}

/*
 * m2m_plan_set: makes the links of one row of a side exactly those in ids
 * (which holds that row and the other side's array), leaving those that are
 * already there alone.  The difference is allocated in the caller's context.
 *
 * It is what has happened, also where a trigger or policy would have it
 * otherwise: kept and linked together are the pairs of the row that there are
 * in the end.  Under rules, whose statements return nothing to us, and where
 * rows become links again, it is the difference between before and after.
 *
 * Calls on one row run one after the other.  In REPEATABLE READ and above, a
 * link that our snapshot does not show is 40001.  Locks:
 * m2m_lock_links_of_row() and, where no index keeps pairs unique,
 * m2m_lock_links().
 */
void
m2m_plan_set(M2mRelationship *rel, M2mSide side, M2mIds *id, M2mIds *ids[2],
			 M2mDifference *difference)
{
	MemoryContext context = CurrentMemoryContext;
	Tuplestorestate *pairs;
	Tuplestorestate *found = NULL;
	List	   *before = NIL;
	List	   *after;
	List	   *linked = NIL;
	List	   *unlinked = NIL;
	bool		compare = rel->has_rules || m2m_revives_first(rel);
	bool		alone = false;

	/*
	 * The row's lock before the association's, in this order in every call:
	 * who has the latter holds up all that link, and must not wait with it.
	 */
	m2m_limits_await(rel, side, id);
	m2m_lock_links_of_row(rel, side, id);
	lock_if_needed(rel);

	/* what its trigger waits for, a statement would not see */
	m2m_rules_before_unlink(rel);
	SPI_connect();
	pairs = register_pairs(rel, ids);
	if (IsolationUsesXactSnapshot())
		check_snapshot(rel, side, id);

	/*
	 * Removed first: an index or trigger that allows only so many links of a
	 * row then sees no more than there are to be.  Not in one order with what
	 * is added, as on the direct path: two statements cannot be.
	 */
	if (compare)
	{
		/* of now: what others have unlinked since the snapshot is linked anew */
		m2m_plan_run_latest(m2m_stmt_plan(rel, M2M_STMT_SET_FAR, side),
							id->value, NULL);
		before = fetch_texts();
	}
	m2m_stmt_execute(rel, M2M_STMT_SET_UNLINK, side, id->value, false);
	if (!compare)
		unlinked = fetch_texts();
	if (m2m_revives_first(rel))
		revive_pairs(rel);
	if (m2m_stmt_looks_first(rel, NIL))
		found = look_for_pairs(rel);
	m2m_stmt_execute(rel, M2M_STMT_SET_LINK, side,
					 OidIsValid(rel->mirror) ? id->value : NULL, false);
	if (!compare && OidIsValid(rel->mirror))
		linked = fetch_linked(rel, &alone);
	else if (!compare)
		linked = fetch_texts();
	if (alone)
	{
		if (found != NULL &&
			SPI_unregister_relation(M2M_FOUND_NAME) != SPI_OK_REL_UNREGISTER)
			elog(ERROR, "SPI_unregister_relation failed");
		(void) link_both(rel);
	}
	after = fetch_far(rel, side, id);
	if (compare)
	{
		unlinked = m2m_texts_not_among(before, after);
		linked = m2m_texts_not_among(after, before);
	}

	/* of several links of a pair some may have been kept: it is linked */
	else if (unlinked != NIL && m2m_plan_may_suppress(rel))
		unlinked = m2m_texts_not_among(unlinked, after);
	difference->unlinked = m2m_text_array(unlinked, context);
	difference->linked = m2m_text_array(linked, context);
	difference->kept = Max(list_length(after) - list_length(linked), 0);
	if (found != NULL)
		tuplestore_end(found);
	tuplestore_end(pairs);
	SPI_finish();
}

/* fetch_far: the other side's keys of all links of a row, each once. */
static List *
fetch_far(M2mRelationship *rel, M2mSide side, M2mIds *id)
{
	m2m_stmt_execute(rel, M2M_STMT_SET_FAR, side, id->value, false);
	return fetch_texts();
}

/* m2m_plan_check_newer: check_snapshot(), for others who add to a row's links. */
void
m2m_plan_check_newer(M2mRelationship *rel, M2mSide side, M2mIds *id)
{
	check_snapshot(rel, side, id);
}

/*
 * check_snapshot: m2m_set promises to leave exactly the links given.  Links
 * of the row that were committed after our snapshot was taken cannot be seen,
 * and so not be removed, by it: error 40001.
 */
static void
check_snapshot(M2mRelationship *rel, M2mSide side, M2mIds *id)
{
	M2mStatement statement = rel->nidentity > 0 || !rel->side[M2M_OTHER(side)].alike ?
		M2M_STMT_SET_EACH : M2M_STMT_SET_FAR;
	List	   *now;
	List	   *ours;

	/*
	 * By key, not by row: a link that was removed and made anew since is no
	 * newer one here.  To delete the row that our snapshot shows is 40001 by
	 * itself, and so is ON CONFLICT where it meets the other.  Of a pair that
	 * may have several links, each.
	 */
	m2m_plan_run_latest(m2m_stmt_plan(rel, statement, side), id->value, NULL);
	now = fetch_texts();
	m2m_stmt_execute(rel, statement, side, id->value, false);
	ours = fetch_texts();
	if (m2m_texts_not_among(now, ours) != NIL ||
		list_length(now) > list_length(ours))
		m2m_error_newer_links();
}

/*
 * register_pairs: makes pairs known to the statements of this SPI connection.
 * A scalar goes with every id of the other side; two arrays go pairwise, and
 * are of equal length (link.c checks).  A side that is NULL stays null.
 * The caller ends the tuplestore that is returned.
 */
static Tuplestorestate *
register_pairs(M2mRelationship *rel, M2mIds *ids[2])
{
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	int			natts = rel->pair_desc->natts;
	Datum	   *values = palloc0_array(Datum, natts);
	bool	   *isnull = palloc0_array(bool, natts);
	int			count = 1;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (ids[s] != NULL && ids[s]->is_array)
			count = ids[s]->count;
	}
	for (int i = 0; i < count; i++)
	{
		int			a = 0;

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			for (int k = 0; k < rel->side[s].nkeys; k++, a++)
			{
				isnull[a] = ids[s] == NULL;
				if (!isnull[a])
					values[a] = ids[s]->value[(ids[s]->is_array ?
											   (Size) i * ids[s]->nkeys : 0) + k];
			}
		}
		tuplestore_putvalues(store, rel->pair_desc, values, isnull);

		/* a link of both directions is two rows */
		if (OidIsValid(rel->mirror) && ids[M2M_LEFT] != NULL &&
			ids[M2M_RIGHT] != NULL &&
			m2m_pair_direction(m2m_pair_order(rel), values) != 0)
		{
			Datum	   *other = m2m_pair_mirrored(m2m_pair_order(rel), values);

			tuplestore_putvalues(store, rel->pair_desc, other, isnull);
			pfree(other);
		}
		if ((i & 1023) == 0)
			CHECK_FOR_INTERRUPTS();
	}

	m2m_register_store(M2M_PAIRS_NAME, rel->pair_desc, store);
	return store;
}

/*
 * m2m_register_store: makes a tuplestore known by a name to the statements of this
 * SPI connection.
 */
void
m2m_register_store(const char *name, TupleDesc desc, Tuplestorestate *store)
{
	m2m_register_rows(name, desc, store, PAIRS_ESTIMATE);
}

/*
 * m2m_register_rows: the same, with the number of rows that the planner is
 * told.
 */
void
m2m_register_rows(const char *name, TupleDesc desc, Tuplestorestate *store,
				  double estimate)
{
	EphemeralNamedRelation enr = palloc0(sizeof(EphemeralNamedRelationData));
	int			result;

	enr->md.name = pstrdup(name);
	enr->md.reliddesc = InvalidOid;
	enr->md.tupdesc = desc;
	enr->md.enrtype = ENR_NAMED_TUPLESTORE;
	enr->md.enrtuples = estimate;
	enr->reldata = store;
	result = SPI_register_relation(enr);
	if (result != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed: %s",
			 SPI_result_code_string(result));
}

/* link_desc: the row type of m2m_found: the association's link columns. */
static TupleDesc
link_desc(M2mRelationship *rel)
{
	TupleDesc	desc = CreateTemplateTupleDesc(rel->nlink);

	for (int i = 0; i < rel->nlink; i++)
	{
		Oid			type;
		int32		typmod;
		Oid			collation;

		get_atttypetypmodcoll(rel->association, rel->link[i], &type, &typmod,
							  &collation);
		TupleDescInitEntry(desc, i + 1,
						   get_attname(rel->association, rel->link[i], false),
						   type, typmod, 0);
		TupleDescInitEntryCollation(desc, i + 1, collation);
	}
	TupleDescFinalize(desc);
	return desc;
}

/*
 * fetch_texts: the last column of the last result as a list of strings.
 */
static List *
fetch_texts(void)
{
	List	   *result = NIL;

	for (uint64 i = 0; i < SPI_processed; i++)
		result = lappend(result, SPI_getvalue(SPI_tuptable->vals[i],
											  SPI_tuptable->tupdesc,
											  SPI_tuptable->tupdesc->natts));
	SPI_freetuptable(SPI_tuptable);
	return result;
}

/*
 * fetch_linked: the same of links that were made in both directions: those that
 * begin with the row.  *alone: was there one in the other direction?
 */
static List *
fetch_linked(M2mRelationship *rel, bool *alone)
{
	List	   *result = NIL;

	*alone = false;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		*alone |= DatumGetBool(SPI_getbinval(tuple, desc, 1, &isnull));
		if (DatumGetBool(SPI_getbinval(tuple, desc, 2, &isnull)))
			result = lappend(result, SPI_getvalue(tuple, desc, 3));
	}
	SPI_freetuptable(SPI_tuptable);
	return result;
}

/* m2m_texts_not_among: those of the texts that are not among others, in their order. */
List *
m2m_texts_not_among(List *texts, List *others)
{
	List	   *result = NIL;
	List	   *sorted = list_copy(others);
	ListCell   *lc;

	list_sort(sorted, compare_texts);
	foreach(lc, texts)
	{
		if (sorted == NIL ||
			bsearch(lc, sorted->elements, list_length(sorted),
					sizeof(ListCell),
					(int (*) (const void *, const void *)) compare_texts) == NULL)
			result = lappend(result, lfirst(lc));
	}
	return result;
}

/* compare_texts: for list_sort, by bytes. */
static int
compare_texts(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* m2m_text_array: text[] of strings, in the given context. */
ArrayType *
m2m_text_array(List *texts, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	Datum	   *values = palloc_array(Datum, list_length(texts) + 1);
	ArrayType  *result;
	ListCell   *lc;
	int			n = 0;

	foreach(lc, texts)
		values[n++] = CStringGetTextDatum(lfirst(lc));
	result = construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT);
	MemoryContextSwitchTo(old);
	return result;
}
