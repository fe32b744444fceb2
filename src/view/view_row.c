/*
 * view_row.c
 *		Writing through a link view: the statements for one row of an endpoint, or
 *		one link.
 *
 * All SQL runs as the caller.  What was read in order to be changed must still
 * be there when it is changed: else 40001, not a lost update.
 *
 * Values are parameters of base types, never of domains: assigning them then
 * checks the domain, which a parameter of that type would be taken to have
 * passed.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
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

static bool lacks_identity(M2mRowWrite *write, List *columns);
static M2mSide near_of_slot(M2mRowWrite *write);
static List *slot_columns(List *columns, List *times);
static bool link_identity(M2mRowWrite *write, M2mIds *ids[2], List *columns,
						  Datum *args, Datum *value, bool *isnull);
static Datum as_stored(Oid relid, AttrNumber attnum, Datum value);
static bool find_default(Oid relid, AttrNumber attnum, Datum *value,
						 bool *isnull);
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
static List *readable_columns(M2mRowWrite *write);
static bool readable(Oid relid, AttrNumber attnum);
static void build_fetch(StringInfo sql, M2mRowWrite *write, List *columns);

/*
 * m2m_row_insert: inserts a row of the far endpoint from the columns that
 * are not null, and the key's columns that are the near row's, too; returns its
 * key, as given or as the table made it.
 */
M2mIds *
m2m_row_insert(M2mRowWrite *write, Datum *value, bool *isnull,
			   M2mIds *near_id, M2mIds *given)
{
	M2mEndpoint *far = &write->rel->side[write->far];
	MemoryContext context = CurrentMemoryContext;
	int			n = write->view->ncolumns;
	Datum	   *args = palloc_array(Datum, n + far->nkeys);
	Oid		   *types = palloc_array(Oid, n + far->nkeys);
	int			nargs = 0;
	List	   *columns = NIL;
	SPIPlanPtr *slot;
	M2mIds	   *ids = given;
	bool		returning = given == NULL;
	ListCell   *lc;

	/* a trigger may make another key of the one given: look, if allowed */
	if (!returning)
	{
		returning = true;
		for (int i = 0; i < far->nkeys; i++)
			returning = returning && readable(far->relid, far->key[i].attnum);
	}
	for (int i = 0; i < n; i++)
	{
		if (write->view->column[i].kind != M2M_COLUMN_ENDPOINT || isnull[i])
			continue;
		args[nargs] = value[i];
		types[nargs++] = getBaseType(TupleDescAttr(write->desc, i)->atttypid);
		columns = lappend_int(columns, write->view->column[i].attnum);
	}
	for (int i = 0; i < far->nkeys; i++)
	{
		int			shared = far->key[i].shared;

		if (shared == 0 || list_member_int(columns, far->key[i].attnum))
			continue;
		args[nargs] = m2m_key_coerce(write->rel, write->far, i,
									 near_id->value[shared - 1],
									 write->rel->side[write->near].key[shared - 1].type);
		types[nargs++] = getBaseType(far->key[i].type);
		columns = lappend_int(columns, far->key[i].attnum);
	}

	/*
	 * A kept plan for each set of columns: one that is left out is to have
	 * its default, and NULL given in its place would be kept.  The plan hangs
	 * on the description and goes with it.  SPI takes a new snapshot for the
	 * statement, so that a trigger of the table sees the rows before.
	 */
	SPI_connect();
	slot = m2m_plan_slot(write->rel, returning ?
						 M2M_COLUMNS_INSERT_ROW_RETURNING :
						 M2M_COLUMNS_INSERT_ROW,
						 write->near, columns);
	if (*slot == NULL)
	{
		StringInfoData sql;

		initStringInfo(&sql);
		appendStringInfo(&sql, "INSERT INTO %s",
						 m2m_qualified_name(far->relid));
		foreach(lc, columns)
			appendStringInfo(&sql, "%s%s",
							 foreach_current_index(lc) > 0 ? ", " : " (",
							 m2m_quoted_column(far->relid, lfirst_int(lc)));
		for (int i = 1; i <= nargs; i++)
			appendStringInfo(&sql, "%s$%d", i > 1 ? ", " : ") VALUES (", i);
		appendStringInfoChar(&sql, ')');
		for (int i = 0; returning && i < far->nkeys; i++)
			appendStringInfo(&sql, "%s%s", i > 0 ? ", " : " RETURNING ",
							 m2m_quoted_column(far->relid,
											   far->key[i].attnum));
		*slot = m2m_plan_prepare(sql.data, nargs, types);
	}
	if (SPI_execute_plan(*slot, args, NULL, false, 0) < 0)
		elog(ERROR, "SPI_execute_plan failed");
	if (returning)
	{
		MemoryContext old;

		if (SPI_processed != 1)
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
					 errmsg("no row was inserted into \"%s\", so there is none to link",
							get_rel_name(far->relid)),
					 errdetail("A trigger or rule of the table suppressed it.")));

		/* SPI_finish() frees what lies in its own memory */
		old = MemoryContextSwitchTo(context);
		ids = palloc(sizeof(M2mIds));
		ids->is_array = false;
		ids->count = 1;
		ids->nkeys = far->nkeys;
		ids->is_short = NULL;
		ids->value = palloc_array(Datum, far->nkeys);
		for (int i = 0; i < far->nkeys; i++)
		{
			Form_pg_attribute attribute =
				TupleDescAttr(SPI_tuptable->tupdesc, i);
			bool		key_null;
			Datum		key = SPI_getbinval(SPI_tuptable->vals[0],
											SPI_tuptable->tupdesc, i + 1,
											&key_null);

			if (key_null)
				ereport(ERROR,
						(errcode(ERRCODE_NOT_NULL_VIOLATION),
						 errmsg("the row inserted into \"%s\" has no key to link it by",
								get_rel_name(far->relid))));
			ids->value[i] = datumCopy(key, attribute->attbyval,
									  attribute->attlen);
		}
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return ids;
}

/*
 * m2m_row_link: links a pair, with the link properties that are not null; an
 * existing link takes them.  Returns false if a trigger or policy kept it from
 * becoming so.
 *
 * Where a pair may have several links, it is the one of that identity.  If
 * nothing but the pair is given, and that is not enough for a link, any link of
 * the pair will do.
 */
bool
m2m_row_link(M2mRowWrite *write, M2mIds *ids[2], Datum *value, bool *isnull)
{
	int			n = write->view->ncolumns;
	Datum	   *args = palloc_array(Datum, n);
	List	   *columns = NIL;
	List	   *positions = NIL;
	int			nargs = 0;

	for (int i = 0; i < n; i++)
	{
		if (write->view->column[i].kind != M2M_COLUMN_PROPERTY || isnull[i])
			continue;
		args[nargs++] = value[i];
		columns = lappend_int(columns, write->view->column[i].attnum);
		positions = lappend_int(positions, i);
	}
	if (write->rel->nidentity > 0 &&
		(nargs > 0 || !lacks_identity(write, columns)))
		return link_identity(write, ids, columns, args, value, isnull);

	/*
	 * 0 is "was there already", or a trigger's or policy's doing: only a link
	 * that is there counts as a row of the view.  Insertion first, and the
	 * look after it: the other way round somebody could unlink in between.
	 */
	if (nargs == 0)
	{
		write->made = m2m_links_add(write->rel, ids, NULL, false) > 0;
		return write->made || m2m_plan_linked(write->rel, ids, false);
	}
	write->made = m2m_plan_link_row(write->rel, ids, columns, args) > 0;
	return write->made ||
		m2m_row_change(write, M2M_COLUMNS_UPDATE_LINK, ids, positions,
					   value, isnull, NULL, NULL);
}

/*
 * lacks_identity: is a column of the identity, which must not be null, neither
 * given nor has it a default?  That m2m would fill it in with the time does not
 * make it another link.
 */
static bool
lacks_identity(M2mRowWrite *write, List *columns)
{
	M2mRelationship *rel = write->rel;

	for (int i = 0; i < rel->nidentity; i++)
	{
		AttrNumber	attnum = rel->identity_column[i].attnum;

		if ((list_member_int(rel->required, attnum) ||
			 list_member_int(rel->stamped, attnum)) &&
			!list_member_int(columns, attnum))
			return true;
	}
	return false;
}

/*
 * link_identity: m2m_row_link() where a pair may have several links.
 */
static bool
link_identity(M2mRowWrite *write, M2mIds *ids[2], List *columns, Datum *args,
			  Datum *value, bool *isnull)
{
	M2mRelationship *rel = write->rel;
	List	   *changes = NIL;	/* positions in the view */
	bool		known = true;

	m2m_row_identify(write, value, isnull);
	for (int i = 0; i < rel->nidentity; i++)
	{
		AttrNumber	attnum = rel->identity_column[i].attnum;

		if (!write->identity.isnull[i])
			continue;
		if (list_member_int(m2m_stamped(rel), attnum))
		{
			write->identity.value[i] = m2m_stamp_value(rel, attnum);
			write->identity.isnull[i] = false;
		}
		else
			known &= find_default(rel->association, attnum,
								  &write->identity.value[i],
								  &write->identity.isnull[i]);
	}
	write->identity_known = known;
	write->made = m2m_identity_revive(rel, ids, columns, args,
									  &write->identity,
									  &write->identity_known) ||
		m2m_identity_link(rel, ids, columns, args, &write->identity,
						  &write->identity_known) > 0;
	if (write->made)
		return true;
	if (!known)
		return false;
	for (int i = 0; i < write->view->ncolumns; i++)
	{
		if (write->view->column[i].kind == M2M_COLUMN_PROPERTY && !isnull[i] &&
			!m2m_is_identity(rel, write->view->column[i].attnum))
			changes = lappend_int(changes, i);
	}
	if (changes != NIL)
		return m2m_row_change(write, M2M_COLUMNS_UPDATE_LINK, ids, changes,
							  value, isnull, NULL, NULL);
	return m2m_identity_linked(rel, ids, &write->identity);
}

/*
 * find_default: what a column of the association becomes that an INSERT leaves
 * out; false if that is not the same each time, or made from other columns.  A
 * function that may look at tables is run here and again by the INSERT, which
 * is why it must not be volatile.
 */
static bool
find_default(Oid relid, AttrNumber attnum, Datum *value, bool *isnull)
{
	Relation	relation = table_open(relid, NoLock);
	Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation),
												attnum - 1);
	bool		generated = attribute->attgenerated != '\0';
	int16		typlen = attribute->attlen;
	bool		typbyval = attribute->attbyval;
	Node	   *expr = build_column_default(relation, attnum);
	EState	   *estate;
	ExprState  *state;

	table_close(relation, NoLock);
	*isnull = true;
	if (expr == NULL)
		return true;
	if (generated || contain_volatile_functions(expr))
		return false;
	estate = CreateExecutorState();
	state = ExecPrepareExpr((Expr *) expr, estate);
	*value = ExecEvalExprSwitchContext(state, GetPerTupleExprContext(estate),
									   isnull);
	if (!*isnull)
		*value = datumCopy(*value, typbyval, typlen);
	FreeExecutorState(estate);
	return true;
}

/*
 * m2m_row_identify: the identity of the link that a row of the view shows, for
 * the statements that follow.  Error 55000 if the view does not show all of it.
 */
void
m2m_row_identify(M2mRowWrite *write, Datum *value, bool *isnull)
{
	M2mRelationship *rel = write->rel;

	if (rel->nidentity == 0)
		return;
	write->identity.value = palloc0_array(Datum, rel->nidentity);
	write->identity.isnull = palloc_array(bool, rel->nidentity);
	write->identity_known = true;
	for (int i = 0; i < rel->nidentity; i++)
	{
		AttrNumber	attnum = rel->identity_column[i].attnum;
		int			position = 0;

		while (position < write->view->ncolumns &&
			   (write->view->column[position].kind != M2M_COLUMN_PROPERTY ||
				write->view->column[position].attnum != attnum))
			position++;
		if (position == write->view->ncolumns)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("view \"%s\" does not show column \"%s\" of table \"%s\", which tells the links of one pair apart",
							RelationGetRelationName(write->relation),
							get_attname(rel->association, attnum, false),
							get_rel_name(rel->association)),
					 errhint("m2m_check() tells what is amiss, and m2m_repair() mends it.")));
		write->identity.value[i] = isnull[position] ? (Datum) 0 :
			as_stored(rel->association, attnum, value[position]);
		write->identity.isnull[i] = isnull[position];
	}
}

/*
 * as_stored: a value of a column's base type as the column stores it: one of a
 * domain over numeric(5,2) rounds it, and the view shows the base type.
 */
static Datum
as_stored(Oid relid, AttrNumber attnum, Datum value)
{
	Oid			type;
	int32		typmod;
	Oid			collation;
	Oid			function;

	get_atttypetypmodcoll(relid, attnum, &type, &typmod, &collation);
	if (get_typtype(type) != TYPTYPE_DOMAIN)
		return value;
	type = getBaseTypeAndTypmod(type, &typmod);
	if (typmod < 0 ||
		find_typmod_coercion_function(type, &function) != COERCION_PATH_FUNC)
		return value;
	return get_func_nargs(function) > 2 ?
		OidFunctionCall3(function, value, Int32GetDatum(typmod),
						 BoolGetDatum(false)) :
		OidFunctionCall2(function, value, Int32GetDatum(typmod));
}

/*
 * m2m_row_change: updates the columns at the given positions of the view in
 * the far endpoint's row or in the link, from what was read (unless that is
 * not given).  Returns false if a trigger or policy kept it from changing, or
 * the statement has taken it away itself, which does nothing, as in a table.
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
	 * other follows, and whoever writes both takes them in this order.  But
	 * a policy may hide that one.
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
 * near_of_slot: the side that a statement about the association is kept by: that
 * which the view's near side has there.
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
 * build_change: the UPDATE of columns, and of touched to the time, or that which
 * unlinks, or, with look, the SELECT that looks whether they read as asked, or as
 * they were read, and at what look adds.  Parameters: key, new values, old
 * values; a last column -1 means without old values.
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

/*
 * m2m_row_fetch: the view's row of a link as it is now, for RETURNING, in the
 * columns that the caller may read; the others, or all where the link cannot
 * be read or told from others, stay as in tuple.
 */
HeapTuple
m2m_row_fetch(M2mRowWrite *write, M2mIds *ids[2], HeapTuple tuple)
{
	List	   *columns = readable_columns(write);
	MemoryContext context = CurrentMemoryContext;
	M2mLinkParameters link;
	SPIPlanPtr *slot;
	ListCell   *lc;

	if (columns == NIL ||
		(write->rel->nidentity > 0 && !write->identity_known))
		return tuple;
	m2m_identity_parameters(&link, write->rel, ids, &write->identity, 0);

	/*
	 * RETURNING is to show what defaults and triggers have made of the row,
	 * and the tuple that we return is all that the executor has of it.  From
	 * the tables, what the caller may read there: a query of the view would
	 * fail for one column that he may not.
	 */
	SPI_connect();
	slot = m2m_plan_slot(write->rel, M2M_COLUMNS_FETCH, write->near, columns);
	if (*slot == NULL)
	{
		StringInfoData sql;

		initStringInfo(&sql);
		build_fetch(&sql, write, columns);
		*slot = m2m_plan_prepare(sql.data, link.n, link.type);
	}
	if (SPI_execute_plan(*slot, link.value, link.nulls, false, 1) < 0)
		elog(ERROR, "SPI_execute_plan failed");
	if (SPI_processed > 0)
	{
		int			n = list_length(columns);
		int		   *position = palloc_array(int, n);
		Datum	   *value = palloc_array(Datum, n);
		bool	   *isnull = palloc_array(bool, n);
		MemoryContext old;

		foreach(lc, columns)
		{
			int			i = foreach_current_index(lc);

			position[i] = lfirst_int(lc) + 1;
			value[i] = SPI_getbinval(SPI_tuptable->vals[0],
									 SPI_tuptable->tupdesc, i + 1,
									 &isnull[i]);
		}
		old = MemoryContextSwitchTo(context);
		tuple = heap_modify_tuple_by_cols(tuple, write->desc, n, position,
										  value, isnull);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return tuple;
}

/*
 * readable_columns: positions of the view's columns whose source the caller
 * may select; NIL if not even the keys, by which a row is found.
 */
static List *
readable_columns(M2mRowWrite *write)
{
	M2mRelationship *rel = write->rel;
	M2mEndpoint *far = &rel->side[write->far];
	List	   *result = NIL;

	/* the query names them in its conditions, which needs SELECT as well */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			if (!readable(rel->association, rel->side[s].key[i].link_attnum))
				return NIL;
		}
	}
	if (rel->deleted != 0 && !readable(rel->association, rel->deleted))
		return NIL;
	for (int i = 0; i < rel->nidentity; i++)
	{
		if (!readable(rel->association, rel->identity_column[i].attnum))
			return NIL;
	}
	for (int i = 0; i < far->nkeys; i++)
	{
		if (!readable(far->relid, far->key[i].attnum))
			return NIL;
	}
	for (int i = 0; i < write->view->ncolumns; i++)
	{
		M2mViewColumn *column = &write->view->column[i];

		if (column->kind != M2M_COLUMN_OTHER &&
			readable(m2m_row_column_relid(write, column), column->attnum))
			result = lappend_int(result, i);
	}
	return result;
}

/* readable: may the caller select the column? */
static bool
readable(Oid relid, AttrNumber attnum)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(relid, attnum, GetUserId(),
							  ACL_SELECT) == ACLCHECK_OK;
}

/* build_fetch: SELECT of view columns of the pair in the parameters. */
static void
build_fetch(StringInfo sql, M2mRowWrite *write, List *columns)
{
	M2mRelationship *rel = write->rel;
	M2mEndpoint *far = &rel->side[write->far];
	ListCell   *lc;

	foreach(lc, columns)
	{
		M2mViewColumn *column = &write->view->column[lfirst_int(lc)];

		appendStringInfo(sql, "%s%s.%s",
						 foreach_current_index(lc) > 0 ? ", " : "SELECT ",
						 column->kind == M2M_COLUMN_ENDPOINT ? "r" : "a",
						 m2m_quoted_column(m2m_row_column_relid(write, column),
										   column->attnum));
	}
	appendStringInfo(sql, " FROM %s a JOIN %s r ON ",
					 m2m_qualified_name(rel->association),
					 m2m_qualified_name(far->relid));
	for (int i = 0; i < far->nkeys; i++)
		appendStringInfo(sql, "%sr.%s %s %s", i > 0 ? " AND " : "",
						 m2m_quoted_column(far->relid, far->key[i].attnum),
						 m2m_qualified_operator(far->key[i].equal_op),
						 m2m_link_operand(rel, &far->key[i], "a"));
	appendStringInfoString(sql, " WHERE ");
	m2m_append_match_link(sql, rel);
}

/* m2m_row_column_relid: the table whose column a view column shows. */
Oid
m2m_row_column_relid(M2mRowWrite *write, M2mViewColumn *column)
{
	return column->kind == M2M_COLUMN_ENDPOINT ?
		write->rel->side[write->far].relid : write->rel->association;
}
