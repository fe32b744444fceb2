/*
 * order_move.c
 *		Changing the order of the links of a row: moving one, and giving those of
 *		a call the order that they have there.
 *
 * Who moves links of a row holds the lock by which calls of m2m_set on it go
 * one by one, and reads as it is committed by now.  Of a sparse order that is
 * where the link is, where it is to come, and what comes next there; one link
 * is written, whatever the length of the list.  Where there is no number left
 * between two links, some that follow are moved on, twice as many as long as
 * that gives too little room.  Of a dense one all between the old and the new
 * place are.
 *
 * Numbers that the sequence gives are multiples of its step, so a number that a
 * link is moved to is none: it would be that of a link which another transaction
 * has just made, and we do not see yet.  Those in between are counted by their
 * rank: 1, 2 ... step - 1 are the ranks of themselves, step + 1 has rank step.
 *
 * Links are locked in the order of their keys, as whoever unlinks several
 * would, and written by their place; if one has been changed by then, all is
 * read again.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "catalog.h"
#include "execute.h"
#include "ids.h"
#include "m2m.h"
#include "order_internal.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

/*
 * Room that links which are moved on leave between them, at least; in steps of
 * less than 64 a quarter of one.
 */
#define ROOM 16

/* How many links are looked at first, where one comes before another. */
#define WINDOW 8

/* How often a call tries before it gives up to concurrent ones. */
#define TRIES 100

/* A link of the list, as it is now. */
typedef struct Link
{
	ItemPointerData place;
	int64		number;
} Link;

/* A list, and what is done to it. */
typedef struct OrderedList
{
	M2mRule    *rule;
	M2mSide		side;
	M2mIds	   *id;				/* the row whose links they are */
	int			nkeys;			/* parameters that it takes */
	Tuplestorestate *places;	/* links that get numbers */
} OrderedList;

static bool try_move(OrderedList *list, M2mIds *moved, M2mMove where,
					 M2mIds *other, int64 at, bool *changed);
static bool try_move_dense(OrderedList *list, M2mIds *moved, M2mMove where,
						   M2mIds *other, int64 at, bool *changed);
static void find_link(OrderedList *list, M2mIds *far, Link *link);
static bool find_before(OrderedList *list, Link *moved, M2mMove where,
						M2mIds *other, int64 at, Link *before);
static int	links_after(OrderedList *list, Link *before, Link *moved, int most,
						Link *links, bool *is_next);
static bool is_at(ItemPointer place, Link *link);
static void put(OrderedList *list, Link *link, int64 number);
static void put_in(Tuplestorestate *places, Link *link, int64 number);
static int64 number_past(OrderedList *list, int64 number, int64 n);
static uint64 numbers_within(OrderedList *list, int64 low, int64 high);
static int64 rank_of(int64 number, int step);
static int64 number_of(int64 rank, int step);
static bool write_places(OrderedList *list, Oid as);
static bool lock_places(OrderedList *list, Tuplestorestate *places);
static void lock_list(OrderedList *list);
static uint64 run(M2mRule *rule, const char *sql, int nargs, Oid *types,
				  Datum *values, bool latest);
static Link read_link(uint64 row);
static char *of_list(OrderedList *list, const char *alias);
static char *of_far(OrderedList *list, const char *alias, int first);
static int	parameters(OrderedList *list, M2mIds *far, Oid *types,
					   Datum *values);
static char *key_name(M2mRelationship *rel, M2mSide side, M2mIds *id);
static void error_concurrent(void);
static Oid	writer(M2mRule *rule);
static Tuplestorestate *put_wanted(M2mRule *rule, M2mIds *ids[2]);
static bool may_see_less(M2mRelationship *rel);
static Tuplestorestate *keep_seen(M2mRule *rule, Tuplestorestate *wanted);
static char *match_wanted(M2mRelationship *rel, const char *alias);
static void exchange_numbers(OrderedList *list, Link *links, int64 n);
static int	compare_numbers(const void *a, const void *b);
static void number_links(OrderedList *list, Link *links, int64 n);
static void number_between(OrderedList *list, Link *links, int64 from,
						   int64 to, Link *low, Link *high);
static bool *longest_in_order(Link *links, int64 n, int step);
static bool is_in_order(M2mRelationship *rel, M2mSide far, M2mIds *ids);

/*
 * m2m_order_move: moves the link of a row of a side to one of the other side,
 * among the links of the former; returns whether that has changed its place.
 * As the caller, but for what the rule itself has to shift.  Errors: 42704 no
 * order, 22023, 21000, 40001.
 */
bool
m2m_order_move(M2mRelationship *rel, M2mSide side, M2mIds *id, M2mIds *moved,
			   M2mMove where, M2mIds *other, int64 at)
{
	OrderedList list;
	bool		changed = false;

	memset(&list, 0, sizeof(list));
	list.rule = m2m_order_of(rel, side);
	list.side = side;
	list.id = id;
	list.nkeys = id->nkeys;
	if (list.rule == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the links of a row of \"%s\" have no order in \"%s\"",
						get_rel_name(rel->side[side].relid),
						get_rel_name(rel->association)),
				 m2m_order_of(rel, M2M_OTHER(side)) != NULL ?
				 errhint("Those of a row of \"%s\" have: m2m_move names the row first whose list it is.",
						 get_rel_name(rel->side[M2M_OTHER(side)].relid)) :
				 errhint("Give them one: SELECT m2m_order(%s, %s).",
						 quote_literal_cstr(m2m_qualified_name(rel->association)),
						 quote_literal_cstr(rel->side[side].role))));

	/* before any snapshot: what we waited for is seen */
	m2m_lock_links_of_row(rel, side, id);
	for (int i = 0; i < TRIES; i++)
	{
		bool		done;

		SPI_connect();
		list.places = tuplestore_begin_heap(false, false, work_mem / 4);
		done = m2m_order_is_dense(list.rule) ?
			try_move_dense(&list, moved, where, other, at, &changed) :
			try_move(&list, moved, where, other, at, &changed);
		tuplestore_end(list.places);
		SPI_finish();
		if (done)
			return changed;
		if (IsolationUsesXactSnapshot())
			break;
		CHECK_FOR_INTERRUPTS();
	}
	error_concurrent();
	return false;
}

/* error_concurrent: error 40001. */
static void
error_concurrent(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update"),
			 errdetail("Links of the row were written meanwhile.")));
}

/*
 * try_move: moves a link of a sparse order; false if a link that it takes has
 * been changed since it was read.
 */
static bool
try_move(OrderedList *list, M2mIds *moved, M2mMove where, M2mIds *other,
		 int64 at, bool *changed)
{
	Link		this;
	Link		before;
	Link	   *links = NULL;
	bool		first;
	bool		is_next;
	int64		low;
	int			n = 0;
	int			step = m2m_order_step(list->rule);

	find_link(list, moved, &this);
	first = !find_before(list, &this, where, other, at, &before);

	/* it is already where it is to come */
	*changed = first || !is_at(&this.place, &before);
	if (!*changed)
		return true;
	for (int most = WINDOW;; most *= 2)
	{
		uint64		room;
		uint64		enough = Min(ROOM, step / 4);
		int64		high;

		links = links == NULL ? palloc_array(Link, most) :
			repalloc_array(links, Link, most);
		n = links_after(list, first ? NULL : &before, &this, most, links,
						&is_next);
		if (is_next)
		{
			*changed = false;
			return true;
		}
		if (first && n > 0)
		{
			/* there is room in front */
			put(list, &this, number_past(list, links[0].number, 1 - step));
			break;
		}
		low = first ? 0 : before.number;
		if (n == 0)
		{
			put(list, &this, Max(m2m_order_next(list->rule),
								 number_past(list, low, step - 1)));
			break;
		}
		room = numbers_within(list, low, links[0].number);
		if (room > 0)
		{
			put(list, &this, number_past(list, low, (room + 1) / 2));
			break;
		}

		/*
		 * No number is left.  Links that follow are moved on, up to one that
		 * is far enough; at the end of the list the last gets a new number.
		 */
		high = links[n - 1].number;
		room = numbers_within(list, low, high) / (n + 1);
		if (n == most && room < enough)
			continue;
		if (n < most)
		{
			do
			{
				CHECK_FOR_INTERRUPTS();
				high = Max(m2m_order_next(list->rule),
						   number_past(list, high, step - 1));
				room = numbers_within(list, low, high) / (n + 1);
			} while (room < enough);
			put(list, &links[n - 1], high);
		}
		put(list, &this, number_past(list, low, room));
		for (int i = 0; i < n - 1; i++)
			put(list, &links[i], number_past(list, low, room * (i + 2)));
		break;
	}
	return write_places(list, InvalidOid);
}

/*
 * find_link: the link of the list to a row of the other side, as it is
 * committed by now.  Errors: 22023 there is none; 21000 several.
 */
static void
find_link(OrderedList *list, M2mIds *far, Link *link)
{
	M2mRelationship *rel = list->rule->rel;
	Oid			types[2 * INDEX_MAX_KEYS];
	Datum		values[2 * INDEX_MAX_KEYS];
	int			nargs = parameters(list, far, types, values);
	uint64		found;

	found = run(list->rule,
				psprintf("SELECT a.ctid, CAST(a.%s AS pg_catalog.int8) FROM %s a WHERE %s AND %s",
						 m2m_quoted_column(rel->association,
										   list->rule->column),
						 m2m_qualified_name(rel->association),
						 of_list(list, "a"),
						 of_far(list, "a", list->nkeys + 1)),
				nargs, types, values, true);
	if (found == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s is not linked to %s",
						key_name(rel, list->side, list->id),
						key_name(rel, M2M_OTHER(list->side), far)),
				 errdetail("Relationship \"%s\" has no such link.",
						   get_rel_name(rel->association))));
	if (found > 1)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("%s has several links to %s",
						key_name(rel, list->side, list->id),
						key_name(rel, M2M_OTHER(list->side), far)),
				 errhint("Update the column \"%s\" of the one that is meant.",
						 get_attname(rel->association, list->rule->column,
									 false))));
	*link = read_link(0);
}

/* key_name: '"author" 1', for messages. */
static char *
key_name(M2mRelationship *rel, M2mSide side, M2mIds *id)
{
	return psprintf("\"%s\" %s", get_rel_name(rel->side[side].relid),
					text_to_cstring(m2m_key_text(rel, side, id->value)));
}

/*
 * find_before: the link behind which the moved one is to come; false if it is
 * to be the first.
 */
static bool
find_before(OrderedList *list, Link *moved, M2mMove where, M2mIds *other,
			int64 at, Link *before)
{
	M2mRelationship *rel = list->rule->rel;
	char	   *column = m2m_quoted_column(rel->association,
										   list->rule->column);
	char	   *table = m2m_qualified_name(rel->association);
	Oid			types[2 * INDEX_MAX_KEYS + 2];
	Datum		values[2 * INDEX_MAX_KEYS + 2];
	int			nargs = parameters(list, NULL, types, values);
	uint64		found;

	types[nargs] = TIDOID;
	values[nargs] = PointerGetDatum(&moved->place);
	types[nargs + 1] = INT8OID;
	if (where == M2M_MOVE_AFTER)
	{
		find_link(list, other, before);
		return true;
	}
	if (where == M2M_MOVE_AT)
	{
		if (at == 1)
			return false;

		/* without the moved one itself */
		values[nargs + 1] = Int64GetDatum(at - 2);
		found = run(list->rule,
					psprintf("SELECT a.ctid, CAST(a.%s AS pg_catalog.int8) FROM %s a WHERE %s AND"
							 " a.ctid OPERATOR(pg_catalog.<>) $%d ORDER BY %s OFFSET $%d LIMIT 1",
							 column, table, of_list(list, "a"), nargs + 1,
							 m2m_order_by(list->rule, "a", false), nargs + 2),
					nargs + 2, types, values, true);
		if (found == 0)
			found = run(list->rule,
						psprintf("SELECT a.ctid, CAST(a.%s AS pg_catalog.int8) FROM %s a WHERE %s"
								 " AND a.ctid OPERATOR(pg_catalog.<>) $%d ORDER BY %s LIMIT 1",
								 column, table, of_list(list, "a"), nargs + 1,
								 m2m_order_by(list->rule, "a", true)),
						nargs + 1, types, values, true);
		if (found > 0)
			*before = read_link(0);
		return found > 0;
	}
	else
	{
		Link		next;

		find_link(list, other, &next);
		if (is_at(&next.place, moved))
		{
			*before = next;
			return true;
		}

		/* the one in front of it; equal numbers may stand in between */
		values[nargs + 1] = Int64GetDatum(next.number);
		for (int most = WINDOW;; most *= 2)
		{
			bool		passed = false;

			found = run(list->rule,
						psprintf("SELECT a.ctid, CAST(a.%s AS pg_catalog.int8) FROM %s a WHERE %s"
								 " AND a.ctid OPERATOR(pg_catalog.<>) $%d"
								 " AND a.%s OPERATOR(pg_catalog.<=) $%d ORDER BY %s LIMIT %d",
								 column, table, of_list(list, "a"), nargs + 1,
								 column, nargs + 2,
								 m2m_order_by(list->rule, "a", true), most),
						nargs + 2, types, values, true);
			for (uint64 i = 0; i < found; i++)
			{
				*before = read_link(i);
				if (passed)
					return true;
				passed = is_at(&next.place, before);
			}
			if (found < (uint64) most)
				return false;
		}
	}
}

/*
 * links_after: the links behind one, or the first ones, without the moved one,
 * up to most; returns how many.  *is_next: does the moved one come right there?
 */
static int
links_after(OrderedList *list, Link *before, Link *moved, int most,
			Link *links, bool *is_next)
{
	M2mRelationship *rel = list->rule->rel;
	char	   *column = m2m_quoted_column(rel->association,
										   list->rule->column);
	Oid			types[INDEX_MAX_KEYS + 1];
	Datum		values[INDEX_MAX_KEYS + 1];
	int			nargs = parameters(list, NULL, types, values);

	types[nargs] = INT8OID;
	values[nargs] = Int64GetDatum(before != NULL ? before->number : 0);
	for (int limit = most + 2;; limit *= 2)
	{
		bool		passed = before == NULL;
		bool		any = false;
		int			n = 0;
		uint64		found;

		*is_next = false;
		found = run(list->rule,
					psprintf("SELECT a.ctid, CAST(a.%s AS pg_catalog.int8) FROM %s a WHERE %s%s"
							 " ORDER BY %s LIMIT %d",
							 column, m2m_qualified_name(rel->association),
							 of_list(list, "a"), before == NULL ? "" :
							 psprintf(" AND a.%s OPERATOR(pg_catalog.>=) $%d",
									  column, nargs + 1),
							 m2m_order_by(list->rule, "a", false), limit),
					nargs + (before != NULL ? 1 : 0), types, values, true);
		for (uint64 i = 0; i < found && n < most; i++)
		{
			Link		link = read_link(i);

			if (!passed)
				passed = is_at(&link.place, before);
			else if (is_at(&link.place, moved))
				*is_next |= !any;
			else
			{
				links[n++] = link;
				any = true;
			}
		}
		if (n == most || found < (uint64) limit)
			return n;
	}
}

/* is_at: is a link the one at that place? */
static bool
is_at(ItemPointer place, Link *link)
{
	return ItemPointerEquals(place, &link->place);
}

/* read_link: of a row in SPI_tuptable: its place and its number. */
static Link
read_link(uint64 row)
{
	Link		result;
	bool		isnull;
	Datum		place = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, 1, &isnull);
	Datum		number = SPI_getbinval(SPI_tuptable->vals[row],
									   SPI_tuptable->tupdesc, 2, &isnull);

	result.place = *((ItemPointer) DatumGetPointer(place));
	result.number = isnull ? 0 : DatumGetInt64(number);
	return result;
}

/* put: a link is to get a number. */
static void
put(OrderedList *list, Link *link, int64 number)
{
	put_in(list->places, link, number);
}

/* put_in: a link and its number, in a tuplestore of places. */
static void
put_in(Tuplestorestate *places, Link *link, int64 number)
{
	TupleDesc	desc = m2m_order_places_desc();
	ItemPointer place = palloc(sizeof(ItemPointerData));
	Datum		values[2];
	bool		isnull[2] = {false, false};

	*place = link->place;
	values[0] = PointerGetDatum(place);
	values[1] = Int64GetDatum(number);
	tuplestore_putvalues(places, desc, values, isnull);
}

/*
 * number_past: the n-th behind a number, or before it, of those that the sequence
 * does not give.  Error 22003 where there is none, as somebody has written one
 * at the end of what there is.
 */
static int64
number_past(OrderedList *list, int64 number, int64 n)
{
	Oid			association = list->rule->rel->association;
	int			step = m2m_order_step(list->rule);
	int64		most = m2m_order_most(list->rule);
	int64		rank;

	if (pg_add_s64_overflow(rank_of(number, step), n, &rank) ||
		rank > rank_of(most, step) || rank <= rank_of(-most - 1, step))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("numbers in column \"%s\" of \"%s\" leave no room",
						get_attname(association, list->rule->column, false),
						get_rel_name(association)),
				 errdetail("A link of the row has the number " INT64_FORMAT ".",
						   number),
				 errhint("Update it to one that is nearer to 0.")));
	return number_of(rank, step);
}

/*
 * numbers_within: how many there are between two numbers that the sequence does
 * not give.
 */
static uint64
numbers_within(OrderedList *list, int64 low, int64 high)
{
	int			step = m2m_order_step(list->rule);

	return high <= low ? 0 :
		(uint64) rank_of(high - 1, step) - (uint64) rank_of(low, step);
}

/* rank_of: how many of those numbers there are up to one, from 0 on. */
static int64
rank_of(int64 number, int step)
{
	int64		steps = number / step;

	/* rounded down, also below 0 */
	if (number < 0 && steps * step != number)
		steps--;
	return number - steps;
}

/* number_of: that of a rank. */
static int64
number_of(int64 rank, int step)
{
	int64		steps = (rank - 1) / (step - 1);

	if (rank - 1 < 0 && steps * (step - 1) != rank - 1)
		steps--;
	return rank + steps;
}

/*
 * write_places: gives links their numbers, as the caller, or as another role;
 * false if one of them has been changed since it was read.
 */
static bool
write_places(OrderedList *list, Oid as)
{
	M2mRule    *rule = list->rule;
	M2mRelationship *rel = rule->rel;
	uint64		wanted = tuplestore_tuple_count(list->places);
	int			outer;

	if (wanted == 0)
		return true;

	if (OidIsValid(as))
		return m2m_order_put_places(rule, list->places) == wanted;

	/* in the order of keys, and then in whatever order they are found */
	m2m_rule_add_relation("places", InvalidOid, m2m_order_places_desc(),
						  list->places);
	if (!lock_places(list, list->places))
		return false;
	outer = m2m_order_arrange(m2m_rule_trigger_depth());
	PG_TRY();
	{
		run(rule,
			psprintf("UPDATE %s a SET %s = CAST(p.n AS %s) FROM places p"
					 " WHERE " M2M_ORDER_AT_PLACE,
					 m2m_qualified_name(rel->association),
					 m2m_quoted_column(rel->association, rule->column),
					 format_type_extended(get_atttype(rel->association,
													  rule->column), -1,
										  FORMAT_TYPE_FORCE_QUALIFY)),
			0, NULL, NULL, false);
	}
	PG_FINALLY();
	{
		(void) m2m_order_arrange(outer);
	}
	PG_END_TRY();
	return true;
}

/*
 * lock_places: locks links that get numbers, in the order of their keys; false
 * if one of them has been changed since it was read.  places is the relation
 * "places".
 */
static bool
lock_places(OrderedList *list, Tuplestorestate *places)
{
	M2mRelationship *rel = list->rule->rel;

	return run(list->rule,
			   psprintf("SELECT a.ctid FROM places p JOIN %s a ON " M2M_ORDER_AT_PLACE
						" ORDER BY %s FOR NO KEY UPDATE OF a",
						m2m_qualified_name(rel->association),
						m2m_rule_pair(rel, "a")),
			   0, NULL, NULL, false) == (uint64) tuplestore_tuple_count(places);
}

/*
 * run: a statement of the caller's; returns the number of rows.  With latest
 * it only reads, as it is committed by now.  The plan is made for this once: the
 * list may be another by the next call.
 */
static uint64
run(M2mRule *rule, const char *sql, int nargs, Oid *types, Datum *values,
	bool latest)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(sql, nargs, types,
										  CURSOR_OPT_CUSTOM_PLAN);
	bool		read_only;
	int			result;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare_cursor failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	read_only = latest && m2m_latest_begin(plan);
	result = SPI_execute_plan(plan, values, NULL, read_only, 0);
	m2m_latest_end(read_only);
	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed for \"%s\": %s", sql,
			 SPI_result_code_string(result));
	return SPI_processed;
}

/* parameters: the key of the list's row, and that of another; returns how many. */
static int
parameters(OrderedList *list, M2mIds *far, Oid *types, Datum *values)
{
	M2mRelationship *rel = list->rule->rel;
	int			n = 0;

	for (int i = 0; i < list->nkeys; i++, n++)
	{
		types[n] = rel->side[list->side].key[i].type;
		values[n] = list->id->value[i];
	}
	for (int i = 0; far != NULL && i < far->nkeys; i++, n++)
	{
		types[n] = rel->side[M2M_OTHER(list->side)].key[i].type;
		values[n] = far->value[i];
	}
	return n;
}

/* of_list: is a row of the association a link of the list? */
static char *
of_list(OrderedList *list, const char *alias)
{
	M2mRelationship *rel = list->rule->rel;
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < list->nkeys; i++)
	{
		M2mKeyColumn *key = &rel->side[list->side].key[i];

		appendStringInfo(&sql, "$%d %s %s AND ", i + 1,
						 m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, alias));
	}
	appendStringInfoString(&sql, m2m_rule_is_link(rel, alias));
	return sql.data;
}

/* of_far: is it one to the row in the parameters from first on? */
static char *
of_far(OrderedList *list, const char *alias, int first)
{
	M2mRelationship *rel = list->rule->rel;
	M2mEndpoint *far = &rel->side[M2M_OTHER(list->side)];
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = 0; i < far->nkeys; i++)
		appendStringInfo(&sql, "%s$%d %s %s", i > 0 ? " AND " : "", first + i,
						 m2m_qualified_operator(far->key[i].equal_op),
						 m2m_link_operand(rel, &far->key[i], alias));
	return sql.data;
}

/*
 * try_move_dense: the same of a dense order.  What it shifts is the rule's to
 * shift; the link that is moved, the caller's to move.
 */
static bool
try_move_dense(OrderedList *list, M2mIds *moved, M2mMove where, M2mIds *other,
			   int64 at, bool *changed)
{
	M2mRule    *rule = list->rule;
	M2mRelationship *rel = rule->rel;
	char	   *column = m2m_quoted_column(rel->association, rule->column);
	Oid			types[2 * INDEX_MAX_KEYS + 3];
	Datum		values[2 * INDEX_MAX_KEYS + 3];
	int			nargs = parameters(list, NULL, types, values);
	Link		this;
	int64		to;
	Tuplestorestate *shifted;
	Tuplestorestate *all;
	bool		done;

	lock_list(list);
	find_link(list, moved, &this);
	if (where == M2M_MOVE_AT)
	{
		bool		isnull;

		run(rule, psprintf("SELECT CAST(pg_catalog.max(a.%s) AS pg_catalog.int8) FROM %s a"
						   " WHERE %s",
						   column, m2m_qualified_name(rel->association),
						   of_list(list, "a")),
			nargs, types, values, true);
		to = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
										 SPI_tuptable->tupdesc, 1, &isnull));
		to = Min(to, m2m_order_first(rule) + (at - 1));
	}
	else
	{
		Link		mark;

		find_link(list, other, &mark);
		if (where == M2M_MOVE_AFTER)
			to = mark.number < this.number ? mark.number + 1 : mark.number;
		else
			to = mark.number > this.number ? mark.number - 1 : mark.number;
		if (is_at(&mark.place, &this))
			to = this.number;
	}
	*changed = to != this.number;
	if (!*changed)
		return true;

	/* as who owns it, whatever the caller may see */
	all = tuplestore_begin_heap(false, false, work_mem / 4);
	shifted = tuplestore_begin_heap(false, false, work_mem / 4);
	types[nargs] = types[nargs + 1] = types[nargs + 2] = INT8OID;
	values[nargs] = Int64GetDatum(Min(to, this.number + 1));
	values[nargs + 1] = Int64GetDatum(Max(to, this.number - 1));
	values[nargs + 2] = Int64GetDatum(to < this.number ? 1 : -1);
	{
		Oid			userid;
		int			security;

		GetUserIdAndSecContext(&userid, &security);
		SetUserIdAndSecContext(writer(rule), security |
							   SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_NOFORCE_RLS);
		run(rule, psprintf("SELECT a.ctid, CAST(a.%s AS pg_catalog.int8) OPERATOR(pg_catalog.+) $%d"
						   " FROM %s a WHERE %s AND a.%s OPERATOR(pg_catalog.>=) $%d"
						   " AND a.%s OPERATOR(pg_catalog.<=) $%d",
						   column, nargs + 3,
						   m2m_qualified_name(rel->association),
						   of_list(list, "a"), column, nargs + 1, column,
						   nargs + 2),
			nargs + 3, types, values, true);

		/*
		 * All of them are locked before any is written: whoever writes
		 * another column has no other lock, and what he has changed is read
		 * again.
		 */
		for (uint64 i = 0; i < SPI_processed; i++)
			tuplestore_puttuple(all, SPI_tuptable->vals[i]);
		m2m_rule_store(shifted);
		put_in(all, &this, to);
		m2m_rule_add_relation("places", InvalidOid, m2m_order_places_desc(),
							  all);
		done = lock_places(list, all);
		if (SPI_unregister_relation("places") != SPI_OK_REL_UNREGISTER)
			elog(ERROR, "SPI_unregister_relation failed");
		SetUserIdAndSecContext(userid, security);
	}
	tuplestore_end(all);
	put(list, &this, to);
	done = done && write_places(list, InvalidOid);
	if (done)
	{
		uint64		wanted = tuplestore_tuple_count(shifted);

		if (SPI_unregister_relation("places") != SPI_OK_REL_UNREGISTER)
			elog(ERROR, "SPI_unregister_relation failed");

		/* they are locked, but a trigger may have kept one */
		if (m2m_order_put_places(rule, shifted) != wanted)
			error_concurrent();
	}
	tuplestore_end(shifted);
	return done;
}

/*
 * lock_list: the lock by which a dense order's links are numbered one after the
 * other (m2m_lock_keys()).  Connected to SPI.
 */
static void
lock_list(OrderedList *list)
{
	M2mRelationship *rel = list->rule->rel;
	Oid			types[INDEX_MAX_KEYS];
	Datum		values[INDEX_MAX_KEYS];
	int			nargs = parameters(list, NULL, types, values);
	StringInfoData sql;
	uint64		count;
	uint32	   *hash;

	/* the key as links have it, whether there are any or not */
	initStringInfo(&sql);
	for (int i = 0; i < nargs; i++)
	{
		M2mKeyColumn *key = &rel->side[list->side].key[i];

		appendStringInfo(&sql, "%sCAST($%d AS %s)", i > 0 ? ", " : "SELECT ",
						 i + 1,
						 format_type_extended(key->link_type, -1,
											  FORMAT_TYPE_FORCE_QUALIFY));
	}
	run(list->rule, sql.data, nargs, types, values, true);
	hash = m2m_rule_hashes(rel, list->side, &count);
	m2m_lock_keys(rel, list->side, hash, count);
}

/*
 * writer: as whom links of a call get the order that they have there, and those
 * of a dense one are shifted: as the rule, whatever the caller may see.
 */
static Oid
writer(M2mRule *rule)
{
	return m2m_catalog_relation_owner(rule->rel->association);
}

/*
 * m2m_order_mark: what numbers of links that a call is about to make will be
 * above; M2M_NO_MARK if they need no order, as they are linked in that of the
 * call.
 */
int64
m2m_order_mark(M2mRelationship *rel, M2mSide side, M2mIds *ids[2])
{
	M2mRule    *rule = m2m_order_of(rel, side);
	M2mSide		far = M2M_OTHER(side);
	OrderedList list;
	Oid			types[INDEX_MAX_KEYS + 1];
	Datum		values[INDEX_MAX_KEYS + 1];
	int			nargs;
	Oid			userid;
	int			security;
	bool		isnull;
	int64		result;

	if (rule == NULL || !ids[far]->is_array || ids[far]->count < 2 ||
		!OidIsValid(m2m_order_sequence(rel, rule->column)) ||
		is_in_order(rel, far, ids[far]))
		return M2M_NO_MARK;
	if (!m2m_order_is_dense(rule))
		return m2m_order_next(rule);
	if (ids[side]->is_array)
		return M2M_NO_MARK;
	memset(&list, 0, sizeof(list));
	list.rule = rule;
	list.side = side;
	list.id = ids[side];
	list.nkeys = list.id->nkeys;
	nargs = parameters(&list, NULL, types, values);
	SPI_connect();
	lock_list(&list);

	/* as the rule: the caller may not see the last one */
	GetUserIdAndSecContext(&userid, &security);
	SetUserIdAndSecContext(writer(rule), security |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	run(rule, psprintf("SELECT CAST(COALESCE(pg_catalog.max(a.%s), %d) AS pg_catalog.int8)"
					   " FROM %s a WHERE %s",
					   m2m_quoted_column(rel->association, rule->column),
					   (int) m2m_order_first(rule) - 1,
					   m2m_qualified_name(rel->association),
					   of_list(&list, "a")),
		nargs, types, values, true);
	SetUserIdAndSecContext(userid, security);
	result = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
										 SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return result;
}

/* is_in_order: are ids in the order in which they are linked anyway? */
static bool
is_in_order(M2mRelationship *rel, M2mSide far, M2mIds *ids)
{
	M2mPairOrder *order = m2m_pair_order(rel);
	int			first = far == M2M_LEFT ? 0 : order->nleft;

	for (int i = 1; i < ids->count; i++)
	{
		if (m2m_pair_compare(order, first, ids->nkeys,
							 ids->value + (Size) (i - 1) * ids->nkeys,
							 ids->value + (Size) i * ids->nkeys) > 0)
			return false;
	}
	return true;
}

/*
 * m2m_order_linked: of the links of a call, those that are new, as they are
 * numbered above the mark, get the order of the call among themselves.
 */
void
m2m_order_linked(M2mRelationship *rel, M2mSide side, M2mIds *ids[2],
				 int64 mark)
{
	M2mRule    *rule = m2m_order_of(rel, side);
	Tuplestorestate *wanted;
	Tuplestorestate *places;
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(mark);
	char	   *keys;
	char	   *column;
	Oid			userid;
	int			security;

	if (rule == NULL || mark == M2M_NO_MARK ||
		(rel->nidentity > 0 && may_see_less(rel)))
		return;
	keys = m2m_rule_keys(rel, side, "a");
	column = m2m_quoted_column(rel->association, rule->column);
	SPI_connect();
	wanted = keep_seen(rule, put_wanted(rule, ids));
	places = tuplestore_begin_heap(false, false, work_mem / 4);
	GetUserIdAndSecContext(&userid, &security);
	SetUserIdAndSecContext(writer(rule), security |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);

	/* each takes the number that the one in its place has */
	run(rule, psprintf("WITH c AS MATERIALIZED (SELECT a.m2m_place, %s, a.%s,"
					   " pg_catalog.row_number() OVER (PARTITION BY %s ORDER BY %s) AS m2m_is,"
					   " pg_catalog.row_number() OVER (PARTITION BY %s ORDER BY a.m2m_n, %s)"
					   " AS m2m_be FROM (SELECT a.ctid AS m2m_place, %s, a.%s,"
					   " pg_catalog.min(p.m2m_n) AS m2m_n"
					   " FROM wanted p JOIN %s a ON %s"
					   " WHERE a.%s OPERATOR(pg_catalog.>) $1 AND %s"
					   " GROUP BY a.ctid, %s, a.%s) a)"
					   " SELECT a.m2m_place, CAST(b.%s AS pg_catalog.int8) FROM c a JOIN c b ON %s"
					   " AND b.m2m_is OPERATOR(pg_catalog.=) a.m2m_be"
					   " WHERE b.%s OPERATOR(pg_catalog.<>) a.%s",
					   keys, column, keys, m2m_order_by(rule, "a", false),
					   keys, m2m_order_by(rule, "a", false),
					   m2m_rule_pair(rel, "a"), column,
					   m2m_qualified_name(rel->association),
					   match_wanted(rel, "a"), column,
					   m2m_rule_is_link(rel, "a"),
					   m2m_rule_pair(rel, "a"), column, column,
					   m2m_rule_same(rel, side, "a", "b"), column, column),
		1, &type, &value, true);
	SetUserIdAndSecContext(userid, security);
	m2m_rule_store(places);
	m2m_order_put_places(rule, places);
	tuplestore_end(places);
	tuplestore_end(wanted);
	SPI_finish();
}

/*
 * put_wanted: the pairs of a call as the relation "wanted": their keys, and
 * which comes when.  The caller ends the tuplestore.
 */
static Tuplestorestate *
put_wanted(M2mRule *rule, M2mIds *ids[2])
{
	M2mRelationship *rel = rule->rel;
	int			natts = rel->pair_desc->natts;
	TupleDesc	desc = CreateTemplateTupleDesc(natts + 1);
	Tuplestorestate *wanted = tuplestore_begin_heap(false, false,
													work_mem / 4);
	Datum	   *values = palloc_array(Datum, natts + 1);
	bool	   *isnull = palloc0_array(bool, natts + 1);
	int			count = 1;

	for (int i = 0; i < natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(rel->pair_desc, i);

		TupleDescInitEntry(desc, i + 1, psprintf("m2m_k%d", i + 1),
						   attribute->atttypid, attribute->atttypmod, 0);
		TupleDescInitEntryCollation(desc, i + 1, attribute->attcollation);
	}
	TupleDescInitEntry(desc, natts + 1, "m2m_n", INT8OID, -1, 0);
	TupleDescFinalize(desc);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (ids[s]->is_array)
			count = ids[s]->count;
	}
	for (int i = 0; i < count; i++)
	{
		int			a = 0;

		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			for (int k = 0; k < rel->side[s].nkeys; k++, a++)
				values[a] = ids[s]->value[(ids[s]->is_array ?
										   (Size) i * ids[s]->nkeys : 0) + k];
		}
		values[natts] = Int64GetDatum(i);
		tuplestore_putvalues(wanted, desc, values, isnull);
	}
	m2m_rule_add_relation("wanted", InvalidOid, desc, wanted);
	return wanted;
}

/* may_see_less: may there be links that policies hide from the caller? */
static bool
may_see_less(M2mRelationship *rel)
{
	return check_enable_rls(rel->association, InvalidOid, true) == RLS_ENABLED;
}

/*
 * keep_seen: where policies hide links from the caller, of the pairs in
 * "wanted" only those are left whose links he sees: the numbers of others are
 * not his to give.  Returns what "wanted" is then.
 */
static Tuplestorestate *
keep_seen(M2mRule *rule, Tuplestorestate *wanted)
{
	M2mRelationship *rel = rule->rel;
	Tuplestorestate *seen;
	TupleDesc	desc;

	if (!may_see_less(rel))
		return wanted;
	run(rule, psprintf("SELECT p.* FROM wanted p WHERE EXISTS (SELECT FROM %s a WHERE %s"
					   " AND %s)",
					   m2m_qualified_name(rel->association),
					   match_wanted(rel, "a"), m2m_rule_is_link(rel, "a")),
		0, NULL, NULL, true);
	desc = CreateTupleDescCopy(SPI_tuptable->tupdesc);
	seen = tuplestore_begin_heap(false, false, work_mem / 4);
	m2m_rule_store(seen);
	if (SPI_unregister_relation("wanted") != SPI_OK_REL_UNREGISTER)
		elog(ERROR, "SPI_unregister_relation failed");
	tuplestore_end(wanted);
	m2m_rule_add_relation("wanted", InvalidOid, desc, seen);
	return seen;
}

/* match_wanted: is a row of the association a link of the pair p? */
static char *
match_wanted(M2mRelationship *rel, const char *alias)
{
	StringInfoData sql;
	int			n = 0;

	initStringInfo(&sql);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++, n++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];

			appendStringInfo(&sql, "%sp.m2m_k%d %s %s", n > 0 ? " AND " : "",
							 n + 1, m2m_qualified_operator(key->equal_op),
							 m2m_link_operand(rel, key, alias));
		}
	}
	return sql.data;
}

/*
 * m2m_order_set: the links of a row get the order of others, which are all that
 * it is linked to now.  As few as possible get another number.  The caller
 * holds m2m_lock_links_of_row().
 */
void
m2m_order_set(M2mRelationship *rel, M2mSide side, M2mIds *id, M2mIds *others)
{
	M2mRule    *rule = m2m_order_of(rel, side);
	M2mIds	   *ids[2];
	OrderedList list;
	Tuplestorestate *wanted;

	if (rule == NULL || others->count < 2 ||
		!OidIsValid(m2m_order_sequence(rel, rule->column)) ||
		(rel->nidentity > 0 && may_see_less(rel)))
		return;
	ids[side] = id;
	ids[M2M_OTHER(side)] = others;
	memset(&list, 0, sizeof(list));
	list.rule = rule;
	list.side = side;
	list.id = id;
	list.nkeys = id->nkeys;
	for (int i = 0; i < TRIES; i++)
	{
		Oid			types[INDEX_MAX_KEYS];
		Datum		values[INDEX_MAX_KEYS];
		int			nargs = parameters(&list, NULL, types, values);
		Oid			userid;
		int			security;
		Link	   *links;
		int64		n;
		bool		all = m2m_order_is_dense(rule) && !may_see_less(rel);
		bool		done;

		SPI_connect();
		wanted = keep_seen(rule, put_wanted(rule, ids));
		GetUserIdAndSecContext(&userid, &security);
		SetUserIdAndSecContext(writer(rule), security |
							   SECURITY_LOCAL_USERID_CHANGE |
							   SECURITY_NOFORCE_RLS);

		/*
		 * Of a dense order all that the caller may see, if that is all, since
		 * each has a number of its own: a trigger may have kept a link that
		 * should have gone.
		 */
		n = run(rule, psprintf("SELECT a.ctid, CAST(pg_catalog.min(a.%s) AS pg_catalog.int8)"
							   " FROM %s a %s JOIN wanted p ON %s WHERE %s"
							   " GROUP BY a.ctid ORDER BY pg_catalog.min(p.m2m_n), 2",
							   m2m_quoted_column(rel->association,
												 rule->column),
							   m2m_qualified_name(rel->association),
							   all ? "LEFT" : "INNER",
							   match_wanted(rel, "a"), of_list(&list, "a")),
				nargs, types, values, true);
		SetUserIdAndSecContext(userid, security);
		links = palloc_array(Link, n + 1);
		for (int64 k = 0; k < n; k++)
			links[k] = read_link(k);
		list.places = tuplestore_begin_heap(false, false, work_mem / 4);
		if (may_see_less(rel))
			exchange_numbers(&list, links, n);
		else
			number_links(&list, links, n);
		done = write_places(&list, writer(rule));
		tuplestore_end(list.places);
		tuplestore_end(wanted);
		SPI_finish();
		if (done)
			return;
	}
	error_concurrent();
}

/*
 * exchange_numbers: puts links in the order in which they stand here by giving
 * them each others' numbers: there may be more between them, or behind.
 */
static void
exchange_numbers(OrderedList *list, Link *links, int64 n)
{
	int64	   *number = palloc_array(int64, n + 1);

	for (int64 i = 0; i < n; i++)
		number[i] = links[i].number;
	qsort(number, n, sizeof(int64), compare_numbers);
	for (int64 i = 0; i < n; i++)
	{
		if (links[i].number != number[i])
			put(list, &links[i], number[i]);
	}
}

/* compare_numbers: for qsort. */
static int
compare_numbers(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/*
 * number_links: gives links the numbers that put them in the order in which
 * they stand here.
 */
static void
number_links(OrderedList *list, Link *links, int64 n)
{
	bool	   *stays;
	int64		from = 0;

	if (m2m_order_is_dense(list->rule))
	{
		for (int64 i = 0; i < n; i++)
		{
			if (links[i].number != m2m_order_first(list->rule) + i)
				put(list, &links[i], m2m_order_first(list->rule) + i);
		}
		return;
	}
	stays = longest_in_order(links, n, m2m_order_step(list->rule));
	for (int64 i = 0; i <= n; i++)
	{
		if (i < n && !stays[i])
			continue;
		if (i > from)
			number_between(list, links, from, i,
						   from > 0 ? &links[from - 1] : NULL,
						   i < n ? &links[i] : NULL);
		from = i + 1;
	}
}

/*
 * number_between: numbers for links between two that stay, or at an end.  Where
 * there are too few, the ones that follow are moved, too.
 */
static void
number_between(OrderedList *list, Link *links, int64 from, int64 to,
			   Link *low, Link *high)
{
	int64		n = to - from;
	int			step = m2m_order_step(list->rule);

	if (high == NULL)
	{
		for (int64 i = from; i < to; i++)
		{
			int64		next = m2m_order_next(list->rule);

			if (low != NULL)
				next = Max(next, number_past(list, low->number, 1));
			links[i].number = next;
			put(list, &links[i], next);
			low = &links[i];
		}
	}
	else if (low == NULL)
	{
		for (int64 i = from; i < to; i++)
			put(list, &links[i],
				number_past(list, high->number, -(to - i) * (step - 1)));
	}
	else
	{
		uint64		room = numbers_within(list, low->number, high->number) /
			n;

		/* as the two stay, there is one for each */
		for (int64 i = from; i < to; i++)
			put(list, &links[i],
				number_past(list, low->number, room * (i - from + 1)));
	}
}

/*
 * longest_in_order: as many links as there can be whose numbers grow, with room
 * for those between them; these keep their numbers.
 */
static bool *
longest_in_order(Link *links, int64 n, int step)
{
	bool	   *stays = palloc0_array(bool, n + 1);
	int64	   *last = palloc_array(int64, n + 1);	/* by length: its end */
	int64	   *before = palloc_array(int64, n + 1);
	int64		length = 0;
	int64		at;

	/* a comes before b, and between their numbers there is one for each */
#define LESS(a, b) \
	(links[a].number < links[b].number && \
	 (uint64) rank_of(links[b].number, step) - \
	 (uint64) rank_of(links[a].number, step) >= (uint64) ((b) - (a)))
	for (int64 i = 0; i < n; i++)
	{
		int64		low = 0;
		int64		high = length;

		while (low < high)
		{
			int64		middle = (low + high) / 2;

			if (LESS(last[middle], i))
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low > 0 ? last[low - 1] : -1;
		last[low] = i;
		length = Max(length, low + 1);
	}
#undef LESS
	for (at = length > 0 ? last[length - 1] : -1; at >= 0; at = before[at])
		stays[at] = true;
	return stays;
}
