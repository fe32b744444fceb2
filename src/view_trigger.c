/*
 * view_trigger.c
 *		Writing through a link view: the INSTEAD OF trigger.
 *
 * INSERT	links a row, and inserts it first if more than its key is given
 * UPDATE	of key columns relinks; of the endpoint's columns updates its row,
 *			of link properties the link: only what changed
 * DELETE	unlinks; never deletes a row of an endpoint
 *
 * Links of a bulk INSERT or COPY are made together at its end (view_batch.c).
 *
 * All SQL runs as the caller.  What was read in order to be changed must
 * still be there when it is changed: else 40001, not a lost update.
 *
 * Values are parameters of base types, never of domains: assigning them then
 * checks the domain, which a parameter of that type would be taken to have
 * passed.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "m2m.h"

/*
 * Kept from row to row of one statement, in the trigger's fn_extra.
 *
 * Where nothing keeps pairs unique, unlinking or moving the first row of a pair
 * takes all of them.  The others are noted, to count when the statement comes
 * to them.
 */
typedef struct ViewIdentity
{
	Oid			association;
	Oid			trusted_view;
	M2mSide		near;
	HTAB	   *taken;			/* TakenPair; NULL: none */
} ViewIdentity;

typedef struct TakenPair
{
	char	   *pair;			/* hash key: its text */
	int64		rows;			/* that have not come yet */
} TakenPair;

/* One row to write. */
typedef struct RowWrite
{
	Relation	relation;		/* the link view */
	TupleDesc	desc;
	M2mRelationship *rel;
	M2mLinkView *view;
	M2mSide		near;
	M2mSide		far;
	FmgrInfo   *flinfo;			/* of the trigger; see ViewIdentity */
} RowWrite;

/* What became of a change that found nothing to change. */
typedef enum RowState
{
	ROW_GONE,
	ROW_AS_ASKED,
	ROW_AS_READ,				/* a trigger or policy kept it from changing */
	ROW_TAKEN,					/* by this very statement: moved or removed */
	ROW_CHANGED
} RowState;

static void begin_write(RowWrite *write, FunctionCallInfo fcinfo,
						TriggerData *trigdata);
static M2mLinkView *copy_view(M2mRelationship *rel, Oid viewid);
static HeapTuple insert_row(RowWrite *write, FunctionCallInfo fcinfo,
							HeapTuple new_tuple);
static HeapTuple update_row(RowWrite *write, HeapTuple old_tuple,
							HeapTuple new_tuple);
static void check_unlinked(RowWrite *write, M2mIds *old_ids[2],
						   Datum *value, bool *isnull);
static HeapTuple delete_row(RowWrite *write, HeapTuple old_tuple);
static void note_taken(RowWrite *write, M2mIds *ids[2], int64 rows);
static bool take_noted(RowWrite *write, M2mIds *ids[2]);
static char *pair_text(RowWrite *write, M2mIds *ids[2]);
static uint32 hash_pair(const void *key, Size keysize);
static int	match_pair(const void *a, const void *b, Size keysize);
static M2mIds *read_key(RowWrite *write, M2mSide side, Datum *value,
						bool *isnull, bool missing_ok);
static int	key_position(M2mEndpoint *endpoint, M2mViewColumn *column);
static M2mIds *insert_endpoint(RowWrite *write, Datum *value, bool *isnull,
							   M2mIds *given);
static bool link_row(RowWrite *write, M2mIds *ids[2], Datum *value,
					 bool *isnull);
static bool change_columns(RowWrite *write, M2mColumnStatement statement,
						   M2mIds *ids[2], List *columns,
						   Datum *new_value, bool *new_null,
						   Datum *old_value, bool *old_null);
static RowState look_at(RowWrite *write, M2mColumnStatement statement,
						List *columns, Datum *args, char *nulls, int nkeys,
						Oid *types, int nargs);
static bool is_of_this_transaction(int column);
static void build_change(StringInfo sql, RowWrite *write,
						 M2mColumnStatement statement, List *columns,
						 const char *look, int nkeys);
static void append_same(StringInfo sql, StringInfo present, StringInfo values,
						bool possible);
static HeapTuple fetch_row(RowWrite *write, M2mIds *ids[2], HeapTuple tuple);
static List *readable_columns(RowWrite *write);
static bool readable(Oid relid, AttrNumber attnum);
static void build_fetch(StringInfo sql, RowWrite *write, List *columns);
static Oid	column_relid(RowWrite *write, M2mViewColumn *column);

PG_FUNCTION_INFO_V1(m2m_link_view_write);

/*
 * m2m_link_view_write: the trigger function, of the row trigger and of the
 * statement trigger AFTER INSERT.  Returns the row as it is then,
 * or NULL where nothing was done and the row is not to be counted.
 */
Datum
m2m_link_view_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	RowWrite	write;
	HeapTuple	result;

	/* the statement trigger, after all rows */
	if (CALLED_AS_TRIGGER(fcinfo) &&
		TRIGGER_FIRED_AFTER(trigdata->tg_event) &&
		TRIGGER_FIRED_FOR_STATEMENT(trigdata->tg_event) &&
		TRIGGER_FIRED_BY_INSERT(trigdata->tg_event) &&
		trigdata->tg_relation->rd_rel->relkind == RELKIND_VIEW)
	{
		m2m_view_batch_end(fcinfo);
		return PointerGetDatum(NULL);
	}
	if (!CALLED_AS_TRIGGER(fcinfo) ||
		!TRIGGER_FIRED_INSTEAD(trigdata->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigdata->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be called as an INSTEAD OF trigger of a link view",
						M2M_VIEW_TRIGGER_FUNCTION),
				 errhint("m2m_create and m2m_adopt make link views with their triggers.")));

	begin_write(&write, fcinfo, trigdata);
	if (TRIGGER_FIRED_BY_INSERT(trigdata->tg_event))
		result = insert_row(&write, fcinfo, trigdata->tg_trigtuple);
	else if (TRIGGER_FIRED_BY_UPDATE(trigdata->tg_event))
		result = update_row(&write, trigdata->tg_trigtuple,
							trigdata->tg_newtuple);
	else
		result = delete_row(&write, trigdata->tg_trigtuple);
	return PointerGetDatum(result);
}

/*
 * begin_write: the relationship of the view that the trigger fired on, its
 * association locked for writing.  A view of another owner than the
 * association's does not describe the relationship to others, but does to
 * those who write through it.
 */
static void
begin_write(RowWrite *write, FunctionCallInfo fcinfo, TriggerData *trigdata)
{
	ViewIdentity *identity = fcinfo->flinfo->fn_extra;
	Oid			viewid = RelationGetRelid(trigdata->tg_relation);
	M2mRelationship *rel;

	if (identity == NULL)
	{
		M2mLinkView *view = m2m_catalog_read_view(viewid, true);

		if (view == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("view \"%s\" does not read as a link view",
							RelationGetRelationName(trigdata->tg_relation)),
					 errhint("If it is a view of yours now, drop its triggers \"%s\" and \"%s\"; otherwise drop it, and let m2m_adopt make it again.",
							 M2M_VIEW_TRIGGER_NAME, M2M_BATCH_TRIGGER_NAME)));
		rel = m2m_relationship_get(view->association, InvalidOid,
								   RowExclusiveLock);
		identity = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
										  sizeof(ViewIdentity));
		identity->association = view->association;
		identity->near = view->near;
		identity->trusted_view =
			rel != NULL && rel->side[view->near].view == viewid ?
			InvalidOid : viewid;
		fcinfo->flinfo->fn_extra = identity;
	}
	rel = m2m_relationship_get(identity->association, identity->trusted_view,
							   RowExclusiveLock);
	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("view \"%s\" belongs to no relationship that is whole",
						RelationGetRelationName(trigdata->tg_relation)),
				 errhint("Restore the foreign keys of table \"%s\".",
						 get_rel_name(identity->association))));
	write->flinfo = fcinfo->flinfo;
	write->relation = trigdata->tg_relation;
	write->desc = RelationGetDescr(trigdata->tg_relation);
	write->rel = rel;
	write->near = identity->near;
	write->far = M2M_OTHER(identity->near);
	if (rel->view[write->near] == NULL)
		rel->view[write->near] = copy_view(rel, viewid);
	write->view = rel->view[write->near];
	if (m2m_view_is_astray(rel, write->view))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("view \"%s\" does not show the tables that its relationship is between",
						RelationGetRelationName(trigdata->tg_relation)),
				 errhint("m2m_check() tells what is amiss, and m2m_repair() mends it.")));
}

/* copy_view: what the view says, kept with the relationship. */
static M2mLinkView *
copy_view(M2mRelationship *rel, Oid viewid)
{
	MemoryContext old = MemoryContextSwitchTo(rel->context);
	M2mLinkView *view = m2m_catalog_read_view(viewid, true);

	MemoryContextSwitchTo(old);
	if (view == NULL)
		elog(ERROR, "link view %u is gone", viewid);
	return view;
}

/*
 * insert_row: INSERT.  Errors: 23502 without a key; 23503 for a missing row;
 * what inserting the endpoint's row raises.
 */
static HeapTuple
insert_row(RowWrite *write, FunctionCallInfo fcinfo, HeapTuple new_tuple)
{
	Datum	   *value = palloc_array(Datum, write->desc->natts);
	bool	   *isnull = palloc_array(bool, write->desc->natts);
	M2mEndpoint *far = &write->rel->side[write->far];
	bool		with_row = false;
	bool		with_properties = false;
	M2mIds	   *ids[2];

	heap_deform_tuple(new_tuple, write->desc, value, isnull);
	for (int i = 0; i < write->view->ncolumns; i++)
	{
		M2mViewColumn *column = &write->view->column[i];

		if (isnull[i])
			continue;
		if (column->kind == M2M_COLUMN_OTHER)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("cannot insert into column \"%s\" of view \"%s\"",
							NameStr(TupleDescAttr(write->desc, i)->attname),
							RelationGetRelationName(write->relation))));
		if (column->kind == M2M_COLUMN_PROPERTY)
			with_properties = true;
		if (column->kind == M2M_COLUMN_ENDPOINT &&
			key_position(far, column) < 0)
			with_row = true;
	}

	ids[write->near] = read_key(write, write->near, value, isnull, false);
	ids[write->far] = read_key(write, write->far, value, isnull, with_row);
	if (with_row)
		ids[write->far] = insert_endpoint(write, value, isnull,
										  ids[write->far]);
	if (!with_properties &&
		m2m_view_batch_put(fcinfo, write->rel, write->far, ids))
		return heap_copytuple(new_tuple);	/* else the executor keeps both */
	if (!link_row(write, ids, value, isnull))
		return NULL;
	return fetch_row(write, ids, new_tuple);
}

/*
 * update_row: UPDATE.  Errors: 40001 if what was read is no longer there;
 * 21000 if this statement has changed it already; 0A000 for a change of the
 * link and of the linked row at once; 23505 if the new pair is linked already.
 */
static HeapTuple
update_row(RowWrite *write, HeapTuple old_tuple, HeapTuple new_tuple)
{
	int			natts = write->desc->natts;
	Datum	   *old_value = palloc_array(Datum, natts);
	bool	   *old_null = palloc_array(bool, natts);
	Datum	   *new_value = palloc_array(Datum, natts);
	bool	   *new_null = palloc_array(bool, natts);
	M2mEndpoint *far = &write->rel->side[write->far];
	List	   *row_columns = NIL;	/* positions in the view */
	List	   *link_columns = NIL;
	bool		relink = false;
	M2mIds	   *ids[2];

	heap_deform_tuple(old_tuple, write->desc, old_value, old_null);
	heap_deform_tuple(new_tuple, write->desc, new_value, new_null);
	for (int i = 0; i < write->view->ncolumns; i++)
	{
		M2mViewColumn *column = &write->view->column[i];
		Form_pg_attribute attribute = TupleDescAttr(write->desc, i);

		if (old_null[i] == new_null[i] &&
			(old_null[i] ||
			 datum_image_eq(old_value[i], new_value[i],
							attribute->attbyval, attribute->attlen)))
			continue;

		/* SET n = DEFAULT comes as null, and leaves it as it is generated */
		if (new_null[i] && column->kind != M2M_COLUMN_OTHER &&
			get_attgenerated(column_relid(write, column),
							 column->attnum) != '\0')
			continue;
		switch (column->kind)
		{
			case M2M_COLUMN_OTHER:
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot update column \"%s\" of view \"%s\"",
								NameStr(attribute->attname),
								RelationGetRelationName(write->relation))));
				break;
			case M2M_COLUMN_KEY:
			case M2M_COLUMN_PROPERTY:
				link_columns = lappend_int(link_columns, i);
				break;
			case M2M_COLUMN_ENDPOINT:
				if (key_position(far, column) >= 0)
				{
					link_columns = lappend_int(link_columns, i);
					relink = true;
				}
				else
					row_columns = lappend_int(row_columns, i);
				break;
		}
	}
	if (relink && row_columns != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot link another row of \"%s\" and update a row of it at once",
						get_rel_name(far->relid)),
				 errhint("Do it in two statements.")));

	ids[write->near] = read_key(write, write->near, old_value, old_null,
								false);
	ids[write->far] = read_key(write, write->far, old_value, old_null, false);
	if (row_columns != NIL &&
		!change_columns(write, M2M_COLUMNS_UPDATE_ROW, ids, row_columns,
						new_value, new_null, old_value, old_null))
		return NULL;
	if (link_columns != NIL)
	{
		if (!write->rel->unique)
			check_unlinked(write, ids, new_value, new_null);
		if (!change_columns(write, M2M_COLUMNS_UPDATE_LINK, ids, link_columns,
							new_value, new_null, old_value, old_null))
			return NULL;
		ids[write->near] = read_key(write, write->near, new_value, new_null,
									false);
		ids[write->far] = read_key(write, write->far, new_value, new_null,
								   false);
	}
	return fetch_row(write, ids, new_tuple);
}

/*
 * check_unlinked: where no index keeps pairs unique, a link that is moved must
 * not become the second of a pair.  Error 23505, as of an index.  One that is
 * gone will not be moved.
 */
static void
check_unlinked(RowWrite *write, M2mIds *old_ids[2], Datum *value,
			   bool *isnull)
{
	M2mIds	   *ids[2];
	bool		same = true;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		ids[s] = read_key(write, s, value, isnull, false);
		same = same && m2m_ids_equal(write->rel, s, ids[s], old_ids[s]);
	}
	if (same)
		return;
	m2m_plan_lock_links(write->rel);
	if (m2m_plan_linked(write->rel, ids, false) &&
		m2m_plan_linked(write->rel, old_ids, false))
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("the rows are linked already through view \"%s\"",
						RelationGetRelationName(write->relation)),
				 errtable(write->relation)));
}

/*
 * delete_row: DELETE.  As from a table, a link that is gone already, by this
 * statement (which can come to a row of the view several times) or another,
 * does not count; nor does one that a trigger or policy kept.
 */
static HeapTuple
delete_row(RowWrite *write, HeapTuple old_tuple)
{
	Datum	   *value = palloc_array(Datum, write->desc->natts);
	bool	   *isnull = palloc_array(bool, write->desc->natts);
	M2mIds	   *ids[2];
	int64		removed;

	heap_deform_tuple(old_tuple, write->desc, value, isnull);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		ids[s] = read_key(write, s, value, isnull, false);
	removed = m2m_links_remove(write->rel, ids);
	if (removed == 0)
		return take_noted(write, ids) ? old_tuple : NULL;
	note_taken(write, ids, removed - 1);
	return old_tuple;
}

/*
 * note_taken: so many further rows of a pair are unlinked or moved, that the
 * statement may still come to.
 */
static void
note_taken(RowWrite *write, M2mIds *ids[2], int64 rows)
{
	ViewIdentity *identity = write->flinfo->fn_extra;
	char	   *pair;
	TakenPair  *entry;
	bool		found;

	if (rows == 0)
		return;
	if (identity->taken == NULL)
	{
		HASHCTL		control = {0};

		control.keysize = sizeof(char *);
		control.entrysize = sizeof(TakenPair);
		control.hash = hash_pair;
		control.match = match_pair;
		control.hcxt = write->flinfo->fn_mcxt;
		identity->taken = hash_create("m2m taken pairs", 16, &control,
									  HASH_ELEM | HASH_FUNCTION |
									  HASH_COMPARE | HASH_CONTEXT);
	}
	pair = MemoryContextStrdup(write->flinfo->fn_mcxt, pair_text(write, ids));
	entry = hash_search(identity->taken, &pair, HASH_ENTER, &found);
	entry->rows = found ? entry->rows + rows : rows;
}

/* take_noted: is there one of those left? */
static bool
take_noted(RowWrite *write, M2mIds *ids[2])
{
	ViewIdentity *identity = write->flinfo->fn_extra;
	char	   *pair;
	TakenPair  *entry;

	if (identity->taken == NULL)
		return false;
	pair = pair_text(write, ids);
	entry = hash_search(identity->taken, &pair, HASH_FIND, NULL);
	return entry != NULL && entry->rows-- > 0;
}

/* pair_text: a pair as text that no other pair has. */
static char *
pair_text(RowWrite *write, M2mIds *ids[2])
{
	char	   *left = text_to_cstring(m2m_key_text(write->rel, M2M_LEFT,
													ids[M2M_LEFT]->value));

	return psprintf("%zu %s %s", strlen(left), left,
					text_to_cstring(m2m_key_text(write->rel, M2M_RIGHT,
												 ids[M2M_RIGHT]->value)));
}

/* hash_pair, match_pair: of the text of TakenPair.pair. */
static uint32
hash_pair(const void *key, Size keysize)
{
	const char *pair = *(char *const *) key;

	return hash_bytes((const unsigned char *) pair, strlen(pair));
}

static int
match_pair(const void *a, const void *b, Size keysize)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * read_key: the key of one side from a row of the view.  If a column of it is
 * null, error 23502, or NULL with missing_ok.
 */
static M2mIds *
read_key(RowWrite *write, M2mSide side, Datum *value, bool *isnull,
		 bool missing_ok)
{
	M2mEndpoint *endpoint = &write->rel->side[side];
	M2mIds	   *ids = palloc(sizeof(M2mIds));
	M2mViewColumnKind kind = side == write->near ? M2M_COLUMN_KEY :
		M2M_COLUMN_ENDPOINT;

	ids->is_array = false;
	ids->count = 1;
	ids->nkeys = endpoint->nkeys;
	ids->value = palloc0_array(Datum, endpoint->nkeys);
	for (int i = 0; i < write->view->ncolumns; i++)
	{
		M2mViewColumn *column = &write->view->column[i];
		Form_pg_attribute attribute = TupleDescAttr(write->desc, i);
		int			position;

		if (column->kind != kind)
			continue;
		position = key_position(endpoint, column);
		if (position < 0)
			continue;
		if (isnull[i])
		{
			if (missing_ok)
				return NULL;
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("null value in column \"%s\" of relation \"%s\" violates not-null constraint",
							NameStr(attribute->attname),
							RelationGetRelationName(write->relation)),
					 errtablecol(write->relation, i + 1)));
		}
		ids->value[position] = m2m_key_coerce(write->rel, side, position,
											  value[i], attribute->atttypid);
	}
	return ids;
}

/*
 * key_position: which column of the endpoint's key a view column shows, -1 if
 * none.
 */
static int
key_position(M2mEndpoint *endpoint, M2mViewColumn *column)
{
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		if (column->attnum == (column->kind == M2M_COLUMN_KEY ?
							   endpoint->key[i].link_attnum :
							   endpoint->key[i].attnum))
			return i;
	}
	return -1;
}

/*
 * insert_endpoint: inserts a row of the far endpoint from the columns that
 * are not null; returns its key, as given or as the table made it.
 */
static M2mIds *
insert_endpoint(RowWrite *write, Datum *value, bool *isnull, M2mIds *given)
{
	M2mEndpoint *far = &write->rel->side[write->far];
	MemoryContext context = CurrentMemoryContext;
	int			n = write->view->ncolumns;
	Datum	   *args = palloc_array(Datum, n);
	Oid		   *types = palloc_array(Oid, n);
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
		old = MemoryContextSwitchTo(context);
		ids = palloc(sizeof(M2mIds));
		ids->is_array = false;
		ids->count = 1;
		ids->nkeys = far->nkeys;
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
 * link_row: links a pair, with the link properties that are not null; an
 * existing link takes them.  Returns false if a trigger or policy kept it from
 * becoming so.
 */
static bool
link_row(RowWrite *write, M2mIds *ids[2], Datum *value, bool *isnull)
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
	if (nargs == 0)
		return m2m_links_add(write->rel, ids, NULL) > 0 ||
			m2m_plan_linked(write->rel, ids, false);
	return m2m_plan_link_row(write->rel, ids, columns, args) > 0 ||
		change_columns(write, M2M_COLUMNS_UPDATE_LINK, ids, positions,
					   value, isnull, NULL, NULL);
}

/*
 * change_columns: updates the columns at the given positions of the view in
 * the far endpoint's row or in the link, from what was read (unless that is
 * not given).  Returns false if a trigger or policy kept it from changing, or
 * the statement has taken it away itself, which does nothing, as in a table.
 */
static bool
change_columns(RowWrite *write, M2mColumnStatement statement, M2mIds *ids[2],
			   List *columns, Datum *new_value, bool *new_null,
			   Datum *old_value, bool *old_null)
{
	M2mRelationship *rel = write->rel;
	M2mEndpoint *far = &rel->side[write->far];
	bool		is_row = statement == M2M_COLUMNS_UPDATE_ROW;
	int			nkeys = is_row ? far->nkeys : rel->pair_desc->natts;
	int			nargs = nkeys + 2 * list_length(columns);
	Datum	   *args = palloc_array(Datum, nargs);
	char	   *nulls = palloc_array(char, nargs + 1);
	Oid		   *types = palloc_array(Oid, nargs);
	List	   *plan_columns = columns;
	SPIPlanPtr *slot;
	uint64		processed;
	RowState	state = ROW_AS_ASKED;
	ListCell   *lc;
	int			n = nkeys;

	memcpy(args, is_row ? ids[write->far]->value : m2m_pair_values(rel, ids),
		   sizeof(Datum) * nkeys);
	memset(nulls, ' ', nargs);
	for (int i = 0; i < nkeys; i++)
		types[i] = is_row ? far->key[i].type :
			TupleDescAttr(rel->pair_desc, i)->atttypid;
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
	if (old_value == NULL)
		plan_columns = lappend_int(list_copy(columns), -1);

	SPI_connect();
	slot = m2m_plan_slot(rel, statement, write->near, plan_columns);
	if (*slot == NULL)
	{
		StringInfoData sql;

		initStringInfo(&sql);
		build_change(&sql, write, statement, plan_columns, NULL, nkeys);
		*slot = m2m_plan_prepare(sql.data, nargs, types);
	}
	if (SPI_execute_plan(*slot, args, nulls, false, 0) < 0)
		elog(ERROR, "SPI_execute_plan failed");
	processed = SPI_processed;
	if (processed == 0 && old_value == NULL)
		state = ROW_AS_READ;
	else if (processed == 0)
		state = look_at(write, is_row ? M2M_COLUMNS_STATE_ROW :
						M2M_COLUMNS_STATE_LINK, columns, args, nulls, nkeys,
						types, nargs);
	SPI_finish();

	if (!is_row && processed > 1)
		note_taken(write, ids, processed - 1);
	if (state == ROW_TAKEN)
		return !is_row && take_noted(write, ids);
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
 * look_at: why did a change find nothing to change?  Error 21000 if the row
 * was changed by this transaction, since the statement read it: it shows in
 * several rows of the view and was to become different things.
 *
 * Where it is gone, the statement's own snapshot still shows it as it was read,
 * and who took it.  A statement that comes to a row of a view several times
 * (UPDATE ... FROM) finds what it has moved itself gone.
 */
static RowState
look_at(RowWrite *write, M2mColumnStatement statement, List *columns,
		Datum *args, char *nulls, int nkeys, Oid *types, int nargs)
{
	bool		is_row = statement == M2M_COLUMNS_STATE_ROW;
	Oid			relid = is_row ? write->rel->side[write->far].relid :
		write->rel->association;

	/* a system column needs SELECT on the whole table */
	bool		with_xmin = pg_class_aclcheck(relid, GetUserId(),
											  ACL_SELECT) == ACLCHECK_OK;
	SPIPlanPtr *slot = m2m_plan_slot(write->rel, statement, write->near,
									 with_xmin ? columns :
									 lappend_int(list_copy(columns), -1));
	TupleDesc	desc;
	HeapTuple	tuple;
	bool		isnull;

	if (*slot == NULL)
	{
		StringInfoData sql;

		initStringInfo(&sql);
		build_change(&sql, write, is_row ? M2M_COLUMNS_UPDATE_ROW :
					 M2M_COLUMNS_UPDATE_LINK, columns,
					 with_xmin ? ", a.xmin, a.xmax" : "", nkeys);
		*slot = m2m_plan_prepare(sql.data, nargs, types);
	}
	if (SPI_execute_plan(*slot, args, nulls, false, 1) < 0)
		elog(ERROR, "SPI_execute_plan failed");
	if (SPI_processed == 0)
	{
		if (!with_xmin)
			return ROW_GONE;
		if (SPI_execute_plan(*slot, args, nulls, true, 1) < 0)
			elog(ERROR, "SPI_execute_plan failed");
		return SPI_processed > 0 && is_of_this_transaction(4) ?
			ROW_TAKEN : ROW_GONE;
	}
	desc = SPI_tuptable->tupdesc;
	tuple = SPI_tuptable->vals[0];
	if (DatumGetBool(SPI_getbinval(tuple, desc, 1, &isnull)))
		return ROW_AS_ASKED;
	if (DatumGetBool(SPI_getbinval(tuple, desc, 2, &isnull)))
		return ROW_AS_READ;
	if (with_xmin && is_of_this_transaction(3))
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("UPDATE of view \"%s\" cannot affect a linked row a second time",
						RelationGetRelationName(write->relation)),
				 errhint("The row shows several times in the view and was to be given different values.")));
	return ROW_CHANGED;
}

/*
 * is_of_this_transaction: is the transaction in that column of the row that was
 * fetched ours?
 */
static bool
is_of_this_transaction(int column)
{
	bool		isnull;
	Datum		xid = SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, column, &isnull);

	return TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xid));
}

/*
 * build_change: the UPDATE of columns, or, with look, the SELECT that looks
 * whether they read as asked, or as they were read, and at what look adds.
 * Parameters: key, new values, old values; a last column -1 means without old
 * values.
 */
static void
build_change(StringInfo sql, RowWrite *write, M2mColumnStatement statement,
			 List *columns, const char *look, int nkeys)
{
	M2mRelationship *rel = write->rel;
	M2mEndpoint *far = &rel->side[write->far];
	bool		is_row = statement == M2M_COLUMNS_UPDATE_ROW;
	Oid			relid = is_row ? far->relid : rel->association;
	int			ncolumns = list_length(columns);
	bool		unconditional = llast_int(columns) == -1;
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
			attnum = far->key[key_position(far, column)].link_attnum;
		name = m2m_quoted_column(relid, attnum);
		appendStringInfo(&assign, "%s%s = $%d", n > nkeys + 1 ? ", " : "",
						 name, n);

		/* the row is found by its keys */
		if (!is_row && column->kind != M2M_COLUMN_PROPERTY)
			relink = true;
		else
		{
			const char *comma = present.len > 0 ? ", " : "";

			appendStringInfo(&present, "%s%s", comma,
							 m2m_base_operand(psprintf("a.%s", name),
											  get_atttype(relid, attnum)));
			appendStringInfo(&asked, "%s$%d", comma, n);
			appendStringInfo(&read, "%s$%d", comma, n + ncolumns);
		}
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
		m2m_append_match_pair(sql, rel, true);
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
 * fetch_row: the view's row of a pair as it is now, for RETURNING, in the
 * columns that the caller may read; the others, or all where the pair cannot
 * be read, stay as in tuple.
 */
static HeapTuple
fetch_row(RowWrite *write, M2mIds *ids[2], HeapTuple tuple)
{
	List	   *columns = readable_columns(write);
	MemoryContext context = CurrentMemoryContext;
	SPIPlanPtr *slot;
	ListCell   *lc;

	if (columns == NIL)
		return tuple;
	SPI_connect();
	slot = m2m_plan_slot(write->rel, M2M_COLUMNS_FETCH, write->near, columns);
	if (*slot == NULL)
	{
		StringInfoData sql;
		int			nargs = write->rel->pair_desc->natts;
		Oid		   *types = palloc_array(Oid, nargs);

		for (int i = 0; i < nargs; i++)
			types[i] = TupleDescAttr(write->rel->pair_desc, i)->atttypid;
		initStringInfo(&sql);
		build_fetch(&sql, write, columns);
		*slot = m2m_plan_prepare(sql.data, nargs, types);
	}
	if (SPI_execute_plan(*slot, m2m_pair_values(write->rel, ids), NULL,
						 false, 1) < 0)
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
readable_columns(RowWrite *write)
{
	M2mRelationship *rel = write->rel;
	M2mEndpoint *far = &rel->side[write->far];
	List	   *result = NIL;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			if (!readable(rel->association, rel->side[s].key[i].link_attnum))
				return NIL;
		}
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
			readable(column_relid(write, column), column->attnum))
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
build_fetch(StringInfo sql, RowWrite *write, List *columns)
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
						 m2m_quoted_column(column_relid(write, column),
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
	m2m_append_match_pair(sql, rel, true);
}

/* column_relid: the table whose column a view column shows. */
static Oid
column_relid(RowWrite *write, M2mViewColumn *column)
{
	return column->kind == M2M_COLUMN_ENDPOINT ?
		write->rel->side[write->far].relid : write->rel->association;
}
