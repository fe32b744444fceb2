/*
 * view_row.c
 *		Writing through a link view: the statements that make one row of an
 *		endpoint or one link, and read it.
 *
 * All SQL runs as the caller; what changes a row is in view_row_change.c.
 *
 * Values are parameters of base types, never of domains: assigning them then
 * checks the domain, which a parameter of that type would be taken to have
 * passed.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
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
#include "utils/rel.h"

#include "m2m.h"
#include "text.h"
#include "view_internal.h"

static bool lacks_identity(M2mRowWrite *write, List *columns);
static bool link_identity(M2mRowWrite *write, M2mIds *ids[2], List *columns,
						  Datum *args, Datum *value, bool *isnull);
static Datum as_stored(Oid relid, AttrNumber attnum, Datum value);
static bool find_default(Oid relid, AttrNumber attnum, Datum *value,
						 bool *isnull);
static List *readable_columns(M2mRowWrite *write);
static bool readable(Oid relid, AttrNumber attnum);
static void build_fetch(StringInfo sql, M2mRowWrite *write, List *columns);

/*
 * m2m_row_insert: inserts a row of the far endpoint from the columns that are
 * not null, and the key's columns that are the near row's, too; returns its
 * key, as given or as the table made it.  Errors: 23502 where it has no key,
 * 09000 where a trigger kept the row from being made, and those of the INSERT.
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
 * nothing but the pair is given, and that is not enough for a link, any link
 * of the pair will do.
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
 * given nor has it a default?  That m2m would fill it in with the time does
 * not make it another link.
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
 * the statements that follow.  Error 55000 if the view does not show all of
 * it.
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
