/*
 * view_row_change.c
 *		Writing through a link view: the statements that change one row of an
 *		endpoint or one link, or remove it, as far as it is as it was read.
 *
 * What was read in order to be changed must still be there when it is changed:
 * else 40001, not a lost update.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "m2m.h"
#include "text.h"
#include "view_internal.h"

/* What became of a change that found nothing to change. */
typedef enum RowState
{
	ROW_GONE,
	ROW_AS_ASKED,
	ROW_AS_READ,				/* a trigger or policy kept it from changing */
	ROW_TAKEN,					/* by this very statement: moved or removed */
	ROW_CHANGED
} RowState;

static M2mSide near_of_slot(M2mRowWrite *write);
static List *slot_columns(List *columns, List *times);
static uint64 change(M2mRowWrite *write, SPIPlanPtr plan,
					 M2mLinkParameters *link, Datum *args, char *nulls,
					 int nargs);
static RowState look_at(M2mRowWrite *write, M2mViewStatement statement,
						List *columns, Datum *args, char *nulls, int nkeys,
						Oid *types, int nargs);
static bool was_made_here(uint64 row);
static bool was_taken_here(uint64 row);
static void build_change(StringInfo sql, M2mRowWrite *write,
						 M2mViewStatement statement, List *columns,
						 List *touched, const char *look, int nkeys);
static void append_same(StringInfo sql, StringInfo present, StringInfo values,
						bool possible);

/*
 * m2m_row_change: updates the columns at the given positions of the view in
 * the far endpoint's row or in the link, from what was read (unless that is
 * not given).  Returns false if a trigger or policy kept it from changing, or
 * the statement has taken it away itself, which does nothing, as in a table.
 * Errors: 40001 if it is no longer as it was read, 21000 if this statement has
 * changed it before.
 */
bool
m2m_row_change(M2mRowWrite *write, M2mViewStatement statement, M2mIds *ids[2],
			   List *columns, Datum *new_value, bool *new_null,
			   Datum *old_value, bool *old_null)
{
	M2mRelationship *rel = write->rel;
	M2mEndpoint *far = &rel->side[write->far];
	bool		is_row = statement == M2M_COLUMNS_UPDATE_ROW;
	int			nkeys = is_row ? far->nkeys :
		rel->pair_desc->natts + rel->nidentity;
	bool		by_place = !is_row && rel->nidentity > 0 && !rel->one_each;
	int			nargs = nkeys + 2 * list_length(columns) + 2;
	Datum	   *args = palloc_array(Datum, nargs);
	char	   *nulls = palloc_array(char, nargs + 1);
	Oid		   *types = palloc_array(Oid, nargs);
	M2mLinkParameters link;
	List	   *plan_columns = columns;
	List	   *touched = is_row ? NIL : m2m_row_touched(write, columns);
	SPIPlanPtr *slot;
	uint64		processed;
	RowState	state = ROW_AS_ASKED;
	M2mIds	   *at[2] = {ids[M2M_LEFT], ids[M2M_RIGHT]};
	ListCell   *lc;
	int			n = nkeys;

	/*
	 * Of a link's two rows always the one that comes first in key order: the
	 * other follows, and whoever writes both takes them in this order.  But a
	 * policy may hide that one.
	 */
	write->mirrored = false;
	if (!is_row && OidIsValid(rel->mirror) &&
		check_enable_rls(rel->association, InvalidOid, true) != RLS_ENABLED)
	{
		m2m_ids_direction(rel, ids, at);
		write->mirrored = at[M2M_LEFT] != ids[M2M_LEFT];
	}
	memset(nulls, ' ', nargs);
	if (is_row)
	{
		memcpy(args, ids[write->far]->value, sizeof(Datum) * nkeys);
		for (int i = 0; i < nkeys; i++)
			types[i] = far->key[i].type;
	}
	else
	{
		m2m_identity_parameters(&link, rel, at, &write->identity, 0);
		memcpy(args, link.value, sizeof(Datum) * nkeys);
		memcpy(nulls, link.nulls, nkeys);
		memcpy(types, link.type, sizeof(Oid) * nkeys);
	}

	/*
	 * The old values are conditions of the UPDATE itself.  Nothing has locked
	 * the row since the statement's snapshot showed it, and a look beforehand
	 * would leave a gap; under READ COMMITTED EvalPlanQual() evaluates them
	 * again on the version for which it had to wait.
	 */
	for (int old = 0; old <= 1; old++)
	{
		Datum	   *values = old ? old_value : new_value;
		bool	   *isnull = old ? old_null : new_null;

		if (values == NULL)
			continue;
		foreach(lc, columns)
		{
			int			i = lfirst_int(lc);

			args[n] = values[i];
			nulls[n] = isnull[i] ? 'n' : ' ';
			types[n++] = getBaseType(TupleDescAttr(write->desc, i)->atttypid);
		}
	}
	nargs = n;
	if (by_place)
	{
		types[n] = OIDOID;
		types[n + 1] = TIDOID;
	}

	/* -1 tells the two statements apart in the slot's key, too */
	if (old_value == NULL)
		plan_columns = lappend_int(list_copy(columns), -1);

	SPI_connect();
	slot = m2m_plan_slot(rel, statement, near_of_slot(write),
						 slot_columns(plan_columns, touched));
	if (*slot == NULL)
	{
		StringInfoData sql;

		initStringInfo(&sql);
		build_change(&sql, write, statement, plan_columns, touched, NULL,
					 nkeys);
		if (by_place)
			m2m_append_match_place(&sql, nargs + 1);
		*slot = m2m_plan_prepare(sql.data, nargs + (by_place ? 2 : 0), types);
	}
	processed = change(write, *slot, by_place ? &link : NULL, args, nulls,
					   nargs);
	if (processed == 0 && old_value == NULL)
		state = ROW_AS_READ;
	else if (processed == 0)
		state = look_at(write, is_row ? M2M_COLUMNS_STATE_ROW :
						M2M_COLUMNS_STATE_LINK, columns, args, nulls, nkeys,
						types, nargs);
	SPI_finish();

	/* one that was to go is not as asked while it is there */
	if (statement == M2M_COLUMNS_UNLINK_ROW && processed == 0 &&
		state == ROW_AS_ASKED)
		state = ROW_AS_READ;

	/* doubled links, all of which the statement read, and will come to */
	if (!is_row && rel->nidentity == 0 && processed > 1)
		m2m_row_note_taken(write, ids, processed - 1);
	if (state == ROW_TAKEN)
		return !is_row && rel->nidentity == 0 &&
			m2m_row_take_noted(write, ids);
	if (state == ROW_GONE || state == ROW_CHANGED)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent %s",
						state == ROW_GONE ? "delete" : "update"),
				 errdetail("%s of \"%s\" is no longer as it was read.",
						   is_row ? "The linked row" : "The link",
						   get_rel_name(is_row ? far->relid :
										rel->association)),
				 errhint("The transaction might succeed if retried.")));
	return state == ROW_AS_ASKED;
}

/*
 * m2m_row_touched: columns of the association that get the time when those at
 * the given positions of the view are changed in a link.
 */
List *
m2m_row_touched(M2mRowWrite *write, List *columns)
{
	List	   *result = list_copy(m2m_touched(write->rel));
	ListCell   *lc;

	foreach(lc, columns)
	{
		M2mViewColumn *column = &write->view->column[lfirst_int(lc)];

		if (column->kind == M2M_COLUMN_PROPERTY)
			result = list_delete_int(result, column->attnum);
	}
	return result;
}

/*
 * near_of_slot: the side that a statement about the association is kept by:
 * that which the view's near side has there.
 */
static M2mSide
near_of_slot(M2mRowWrite *write)
{
	return write->mirrored ? write->far : write->near;
}

/* slot_columns: what a statement is kept by that also writes times. */
static List *
slot_columns(List *columns, List *times)
{
	if (times == NIL)
		return columns;
	return list_concat(lappend_int(list_copy(columns), -2), times);
}

/*
 * change: executes a change; returns the number of rows.  Where link is given,
 * of one of the rows that are that link, whose place goes behind the nargs
 * other arguments.  Connected to SPI.
 */
static uint64
change(M2mRowWrite *write, SPIPlanPtr plan, M2mLinkParameters *link,
	   Datum *args, char *nulls, int nargs)
{
	M2mPlace	last = {InvalidOid};

	for (;;)
	{
		if (link != NULL &&
			!m2m_identity_place(write->rel, link, &last, &args[nargs]))
			return 0;
		if (SPI_execute_plan(plan, args, nulls, false, 0) < 0)
			elog(ERROR, "SPI_execute_plan failed");
		if (SPI_processed > 0 || link == NULL)
			return SPI_processed;
		CHECK_FOR_INTERRUPTS();
	}
}

/*
 * look_at: why did a change find nothing to change?  Error 21000 if the row
 * was changed by this transaction, since the statement read it: it shows in
 * several rows of the view and was to become different things.
 *
 * Where it is gone, the statement's own snapshot still shows it as it was
 * read, and who took it.  A statement that comes to a row of a view several
 * times (UPDATE ...  FROM) finds what it has moved itself gone.
 */
static RowState
look_at(M2mRowWrite *write, M2mViewStatement statement, List *columns,
		Datum *args, char *nulls, int nkeys, Oid *types, int nargs)
{
	bool		is_row = statement == M2M_COLUMNS_STATE_ROW;
	Oid			relid = is_row ? write->rel->side[write->far].relid :
		write->rel->association;

	/* a system column needs SELECT on the whole table */
	bool		with_xmin = pg_class_aclcheck(relid, GetUserId(),
											  ACL_SELECT) == ACLCHECK_OK;
	SPIPlanPtr *slot = m2m_plan_slot(write->rel, statement, near_of_slot(write),
									 with_xmin ? columns :
									 lappend_int(list_copy(columns), -1));
	TupleDesc	desc;
	HeapTuple	tuple;
	bool		as_asked;
	bool		as_read;
	bool		isnull;

	if (*slot == NULL)
	{
		StringInfoData sql;

		initStringInfo(&sql);
		build_change(&sql, write, is_row ? M2M_COLUMNS_UPDATE_ROW :
					 M2M_COLUMNS_UPDATE_LINK, columns, NIL,
					 with_xmin ? ", a.xmin, a.tableoid, a.ctid" : "", nkeys);
		*slot = m2m_plan_prepare(sql.data, nargs, types);
	}

	/* read_only is false: with a snapshot of its own, which shows what is now */
	if (SPI_execute_plan(*slot, args, nulls, false, 1) < 0)
		elog(ERROR, "SPI_execute_plan failed");
	if (SPI_processed == 0)
	{
		/* not known who took it: 40001 can be tried again, a lost row not */
		if (!with_xmin)
			return ROW_GONE;

		/*
		 * read_only is true: with the statement's snapshot, as it was read.
		 * Several may be the same row of the view: each must be ours.
		 */
		if (SPI_execute_plan(*slot, args, nulls, true, 0) < 0)
			elog(ERROR, "SPI_execute_plan failed");
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			if (!was_taken_here(i))
				return ROW_GONE;
		}
		return SPI_processed > 0 ? ROW_TAKEN : ROW_GONE;
	}
	desc = SPI_tuptable->tupdesc;
	tuple = SPI_tuptable->vals[0];
	as_asked = DatumGetBool(SPI_getbinval(tuple, desc, 1, &isnull));
	as_read = DatumGetBool(SPI_getbinval(tuple, desc, 2, &isnull));

	/*
	 * As asked, but not by us: two sessions that both add one to what they
	 * have read ask for the same value, and one of them would be lost.
	 */
	if (as_asked &&
		(as_read || !with_xmin || was_made_here(0)))
		return ROW_AS_ASKED;
	if (as_read)
		return ROW_AS_READ;
	if (with_xmin && was_made_here(0))
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("UPDATE of view \"%s\" cannot affect a linked row a second time",
						RelationGetRelationName(write->relation)),
				 errhint("The row shows several times in the view and was to be given different values.")));
	return ROW_CHANGED;
}

/*
 * was_made_here: has our transaction, or a subtransaction of it, made the
 * version of a row that was fetched?
 */
static bool
was_made_here(uint64 row)
{
	bool		isnull;
	Datum		xid = SPI_getbinval(SPI_tuptable->vals[row],
									SPI_tuptable->tupdesc, 3, &isnull);

	return TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xid));
}

/* was_taken_here: has it updated or deleted it? */
static bool
was_taken_here(uint64 row)
{
	HeapTuple	tuple = SPI_tuptable->vals[row];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		isnull;
	Oid			relid = DatumGetObjectId(SPI_getbinval(tuple, desc, 4, &isnull));
	ItemPointer place = (ItemPointer)
		DatumGetPointer(SPI_getbinval(tuple, desc, 5, &isnull));

	return TransactionIdIsCurrentTransactionId(m2m_place_updater(relid,
																 place));
}

/*
 * build_change: the UPDATE of columns, and of touched to the time, or that
 * which unlinks, or, with look, the SELECT that looks whether they read as
 * asked, or as they were read, and at what look adds.  Parameters: key, new
 * values, old values; a last column -1 means without old values.
 */
static void
build_change(StringInfo sql, M2mRowWrite *write, M2mViewStatement statement,
			 List *columns, List *touched, const char *look, int nkeys)
{
	M2mRelationship *rel = write->rel;
	M2mEndpoint *far = &rel->side[write->far];
	M2mEndpoint *near = &rel->side[write->near];
	bool		is_row = statement == M2M_COLUMNS_UPDATE_ROW;
	Oid			relid = is_row ? far->relid : rel->association;
	int			ncolumns = list_length(columns);
	bool		unconditional = columns != NIL && llast_int(columns) == -1;
	StringInfoData present;		/* a.c1, a.c2, without key columns */
	StringInfoData asked;		/* $4, $5: their new values */
	StringInfoData read;		/* $7, $8: their old values */
	StringInfoData assign;		/* c1 = $4, c2 = $5, ... */
	bool		relink = false;
	ListCell   *lc;
	int			n = nkeys;

	if (unconditional)
		ncolumns--;
	initStringInfo(&present);
	initStringInfo(&asked);
	initStringInfo(&read);
	initStringInfo(&assign);
	foreach(lc, columns)
	{
		M2mViewColumn *column;
		AttrNumber	attnum;
		char	   *name;

		if (lfirst_int(lc) == -1)
			break;
		n++;
		column = &write->view->column[lfirst_int(lc)];
		attnum = column->attnum;
		if (!is_row && column->kind == M2M_COLUMN_ENDPOINT)
		{
			int			k = m2m_row_key_position(far, column);

			attnum = (write->mirrored ? near : far)->key[k].link_attnum;
		}
		else if (write->mirrored && column->kind == M2M_COLUMN_KEY)
			attnum = far->key[m2m_row_key_position(near, column)].link_attnum;
		name = m2m_quoted_column(relid, attnum);
		appendStringInfo(&assign, "%s%s = $%d", n > nkeys + 1 ? ", " : "",
						 name, n);

		/* the row is found by its keys */
		if (!is_row && column->kind != M2M_COLUMN_PROPERTY)
			relink = true;
		else
		{
			const char *comma = present.len > 0 ? ", " : "";

			/*
			 * Of its base type, as the parameters are: record_image_eq()
			 * refuses rows whose columns are of different types.
			 */
			appendStringInfo(&present, "%s%s", comma,
							 m2m_base_operand(psprintf("a.%s", name),
											  get_atttype(relid, attnum)));
			appendStringInfo(&asked, "%s$%d", comma, n);
			appendStringInfo(&read, "%s$%d", comma, n + ncolumns);
		}
	}

	/* not where all is as asked; that a link has been read, too, tells it */
	foreach(lc, touched)
	{
		char	   *name = m2m_quoted_column(relid, lfirst_int(lc));
		char	   *now = m2m_stamp_text(rel, lfirst_int(lc));

		if (unconditional)
			appendStringInfo(&assign,
							 ", %s = CASE WHEN pg_catalog.record_image_eq(ROW(%s), ROW(%s))"
							 " THEN a.%s ELSE %s END", name, present.data,
							 asked.data, name, now);
		else
			appendStringInfo(&assign, ", %s = %s", name, now);
	}

	if (look != NULL)
	{
		appendStringInfoString(sql, "SELECT ");
		append_same(sql, &present, &asked, !relink);
		appendStringInfoString(sql, ", ");
		append_same(sql, &present, &read, true);
		appendStringInfo(sql, "%s FROM %s a WHERE ", look,
						 m2m_qualified_name(relid));
	}
	else if (statement == M2M_COLUMNS_UNLINK_ROW)
	{
		m2m_append_removal(sql, rel);
		appendStringInfoString(sql, " WHERE ");
	}
	else
		appendStringInfo(sql, "UPDATE %s a SET %s WHERE ",
						 m2m_qualified_name(relid), assign.data);
	if (is_row)
	{
		for (int i = 0; i < far->nkeys; i++)
			appendStringInfo(sql, "%sa.%s %s $%d", i > 0 ? " AND " : "",
							 m2m_quoted_column(relid, far->key[i].attnum),
							 m2m_qualified_operator(far->key[i].equal_op),
							 i + 1);
	}
	else
		m2m_append_match_link(sql, rel);
	if (look == NULL && !unconditional && present.len > 0)
	{
		appendStringInfoString(sql, " AND ");
		append_same(sql, &present, &read, true);
	}
}

/*
 * append_same: are the columns present of the very values given?  Compares
 * images, which works for types without equality too, and takes 1.0 for
 * another value than 1.00.  Without possible, it is known that they are not.
 */
static void
append_same(StringInfo sql, StringInfo present, StringInfo values,
			bool possible)
{
	if (!possible || present->len == 0)
		appendStringInfoString(sql, possible ? "true" : "false");
	else
		appendStringInfo(sql, "pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
						 present->data, values->data);
}
