/*
 * view_trigger.c
 *		Writing through a link view: the INSTEAD OF trigger.
 *
 * INSERT	links a row, and inserts it first if more than its key is given
 * UPDATE	of key columns relinks; of the endpoint's columns updates its row,
 *			of link properties the link: only what changed
 * DELETE	unlinks; never deletes a row of an endpoint
 *
 * A row of the view is one link.  Where a pair may have several, a row's
 * further columns say which it is (M2mRelationship.identity); what is written
 * here of pairs is about the others.
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
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "common/hashfn.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "view_internal.h"

/*
 * Kept from row to row of one statement, in the trigger's fn_extra.
 *
 * Where nothing keeps pairs unique, unlinking or moving the first row of a
 * pair takes all of them.  The others are noted, to count when the statement
 * comes to them.
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

static void begin_write(M2mRowWrite *write, FunctionCallInfo fcinfo,
						TriggerData *trigdata);
static M2mLinkView *copy_view(M2mRelationship *rel, Oid viewid);
static HeapTuple insert_row(M2mRowWrite *write, FunctionCallInfo fcinfo,
							HeapTuple new_tuple);
static HeapTuple update_row(M2mRowWrite *write, HeapTuple old_tuple,
							HeapTuple new_tuple);
static void check_unlinked(M2mRowWrite *write, M2mIds *old_ids[2], Datum *value,
						   bool *isnull, Datum *old_value, bool *old_null);
static char *move_text(M2mRowWrite *write, M2mIds *old_ids[2], M2mIds *ids[2],
					   Datum *old_value, bool *old_null, Datum *value,
					   bool *isnull);
static void touch(M2mRowWrite *write, List *columns, Datum *value,
				  bool *isnull);
static bool is_linked(M2mRowWrite *write, M2mIds *ids[2], Datum *value,
					  bool *isnull);
static bool is_of_itself(M2mRowWrite *write, M2mIds *ids[2]);
static HeapTuple delete_row(M2mRowWrite *write, HeapTuple old_tuple);
static TakenPair *find_noted(M2mRowWrite *write, char *text, bool make);
static char *pair_text(M2mRowWrite *write, M2mIds *ids[2]);
static uint32 hash_pair(const void *key, Size keysize);
static int	match_pair(const void *a, const void *b, Size keysize);
static void read_keys(M2mRowWrite *write, Datum *value, bool *isnull,
					  bool missing_ok, M2mIds *ids[2]);
static M2mIds *read_key(M2mRowWrite *write, M2mSide side, Datum *value,
						bool *isnull, M2mIds *near_id, bool missing_ok);
static bool is_shared(M2mEndpoint *endpoint, M2mViewColumn *column);
pg_noreturn static void report_shared(M2mRowWrite *write, const char *column);

PG_FUNCTION_INFO_V1(m2m_link_view_write);

/*
 * m2m_link_view_write: the trigger function, of the row trigger and of the
 * statement trigger AFTER INSERT.  Returns the row as it is then, or NULL
 * where nothing was done and the row is not to be counted.  Errors: 39P01 for
 * who calls it otherwise; those of the write.
 */
Datum
m2m_link_view_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigdata = (TriggerData *) fcinfo->context;
	M2mRowWrite write = {0};
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
 * those who write through it.  Error 55000 if there is no relationship, or the
 * view rests, or reads otherwise than it says.
 */
static void
begin_write(M2mRowWrite *write, FunctionCallInfo fcinfo, TriggerData *trigdata)
{
	ViewIdentity *identity = fcinfo->flinfo->fn_extra;
	Oid			viewid = RelationGetRelid(trigdata->tg_relation);
	M2mRelationship *rel;

	/*
	 * What the view says is read once for a run, in whose memory it is kept.
	 * The executor holds the view RowExclusiveLock, so it stays as it is.
	 */
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

	/*
	 * Again for each row: the lock first, as an INSERT into the association
	 * takes it, then a description that holds while it is had.  What the rows
	 * before have run may have replaced the one that they used.  The view's
	 * own lock was taken before, in the order in which a reader takes them.
	 */
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

	/* a description is of one trusted view, so the copy is of this one */
	if (rel->view[write->near] == NULL)
		rel->view[write->near] = copy_view(rel, viewid);
	write->view = rel->view[write->near];

	/*
	 * One that shows another table than the foreign key refers to would link
	 * rows by keys of the wrong table.  Event triggers may not have fired.
	 */
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
 * 22023 for one that differs in a shared column; what inserting the endpoint's
 * row raises.
 */
static HeapTuple
insert_row(M2mRowWrite *write, FunctionCallInfo fcinfo, HeapTuple new_tuple)
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
			m2m_row_key_position(far, column) < 0)
			with_row = true;
	}

	/* the keys before anything is written: a null among them is an error */
	read_keys(write, value, isnull, with_row, ids);
	if (with_row)
	{
		ids[write->far] = m2m_row_insert(write, value, isnull,
										 ids[write->near], ids[write->far]);

		/* a trigger of the table may have made another key */
		m2m_ids_check_shared(write->rel, ids);
	}

	/*
	 * A copy, in the row's own memory: given its own tuple back
	 * ExecIRInsertTriggers() frees nothing, and one for each row would stay
	 * until the run ends.
	 */
	if (!with_properties && write->rel->nidentity == 0 &&
		!write->rel->revives &&
		m2m_view_batch_put(fcinfo, write->rel, write->far, ids))
		return heap_copytuple(new_tuple);
	if (!m2m_row_link(write, ids, value, isnull))
		return NULL;
	return m2m_row_fetch(write, ids, new_tuple);
}

/*
 * update_row: UPDATE.  Errors: 40001 if what was read is no longer there;
 * 21000 if this statement has changed it already; 0A000 for a change of the
 * link and of the linked row at once, or of a shared column; 23505 if the new
 * pair is linked already.
 */
static HeapTuple
update_row(M2mRowWrite *write, HeapTuple old_tuple, HeapTuple new_tuple)
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
	M2mIds	   *new_ids[2];

	heap_deform_tuple(old_tuple, write->desc, old_value, old_null);
	heap_deform_tuple(new_tuple, write->desc, new_value, new_null);

	/*
	 * The trigger is not told which columns SET names, so what has another
	 * image is what changes.  Not the type's equality: 1.0 to 1.00 is a
	 * change.
	 */
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
			get_attgenerated(m2m_row_column_relid(write, column),
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
				if (is_shared(&write->rel->side[write->near], column))
					report_shared(write, NameStr(attribute->attname));
				link_columns = lappend_int(link_columns, i);
				break;
			case M2M_COLUMN_PROPERTY:
				link_columns = lappend_int(link_columns, i);
				break;
			case M2M_COLUMN_ENDPOINT:
				if (is_shared(far, column))
					report_shared(write, NameStr(attribute->attname));
				if (m2m_row_key_position(far, column) >= 0)
				{
					link_columns = lappend_int(link_columns, i);
					relink = true;
				}
				else
					row_columns = lappend_int(row_columns, i);
				break;
		}
	}

	/* which row was to be updated, the old one or the new?  Both make sense */
	if (relink && row_columns != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot link another row of \"%s\" and update a row of it at once",
						get_rel_name(far->relid)),
				 errhint("Do it in two statements.")));

	read_keys(write, old_value, old_null, false, ids);
	m2m_row_identify(write, old_value, old_null);
	if (row_columns != NIL &&
		!m2m_row_change(write, M2M_COLUMNS_UPDATE_ROW, ids, row_columns,
						new_value, new_null, old_value, old_null))
		return NULL;
	if (link_columns != NIL)
	{
		if (!write->rel->unique)
		{
			check_unlinked(write, ids, new_value, new_null, old_value,
						   old_null);
			m2m_row_identify(write, old_value, old_null);
		}
		if (write->rel->deleted != 0 || OidIsValid(write->rel->mirror))
			read_keys(write, new_value, new_null, false, new_ids);

		/* one row cannot become two by an UPDATE, nor two one */
		if ((write->rel->deleted != 0 ||
			 (OidIsValid(write->rel->mirror) &&
			  (is_of_itself(write, ids) || is_of_itself(write, new_ids)))) &&
			m2m_row_moves(write, ids, new_ids))
			return m2m_row_relink(write, ids, new_ids, link_columns,
								  new_value, new_null, old_value, old_null) ?
				m2m_row_fetch(write, new_ids, new_tuple) : NULL;
		if (!m2m_row_change(write, M2M_COLUMNS_UPDATE_LINK, ids, link_columns,
							new_value, new_null, old_value, old_null))
			return NULL;
		read_keys(write, new_value, new_null, false, ids);
		touch(write, link_columns, new_value, new_null);
		m2m_row_identify(write, new_value, new_null);
	}
	return m2m_row_fetch(write, ids, new_tuple);
}

/*
 * check_unlinked: where no index keeps pairs unique, a link that is moved must
 * not become the second of a pair, or, where a pair may have several links and
 * no index keeps those apart, of an identity.  Error 23505, as of an index.
 * One that is gone will not be moved.
 */
static void
check_unlinked(M2mRowWrite *write, M2mIds *old_ids[2], Datum *value,
			   bool *isnull, Datum *old_value, bool *old_null)
{
	M2mIds	   *ids[2];
	bool		same = true;
	char	   *move = NULL;

	read_keys(write, value, isnull, false, ids);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		same = same && m2m_ids_equal(write->rel, s, ids[s], old_ids[s]);
	if (same)
		return;
	if (write->rel->identity == M2M_IDENTITY_SURROGATE ||
		(write->rel->nidentity > 0 && write->rel->one_each))
	{
		m2m_lock_links_shared(write->rel);
		return;
	}

	/*
	 * Without an index nothing but this lock is between two who look for the
	 * pair and then make it; m2m_link() takes it, too.  The look comes after
	 * it, with a snapshot that shows what was committed by who had it.
	 */
	m2m_lock_links(write->rel);

	/*
	 * Of rows that are the same in all columns this is not the first that the
	 * statement brings there: they stay as many as they were.
	 */
	if (write->rel->nidentity > 0)
	{
		move = move_text(write, old_ids, ids, old_value, old_null, value,
						 isnull);
		if (find_noted(write, move, false) != NULL)
			return;
	}
	if (is_linked(write, ids, value, isnull) &&
		is_linked(write, old_ids, old_value, old_null))
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("the rows are linked already through view \"%s\"",
						RelationGetRelationName(write->relation)),
				 errtable(write->relation)));
	if (move != NULL)
		(void) find_noted(write, move, true);
}

/*
 * move_text: what a row of the view was and what it becomes, in the link's own
 * columns, as text.
 */
static char *
move_text(M2mRowWrite *write, M2mIds *old_ids[2], M2mIds *ids[2],
		  Datum *old_value, bool *old_null, Datum *value, bool *isnull)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s to %s", pair_text(write, old_ids),
					 pair_text(write, ids));
	for (int i = 0; i < write->view->ncolumns; i++)
	{
		Oid			output;
		bool		is_varlena;

		if (write->view->column[i].kind != M2M_COLUMN_PROPERTY)
			continue;
		getTypeOutputInfo(TupleDescAttr(write->desc, i)->atttypid, &output,
						  &is_varlena);
		for (int old = 0; old <= 1; old++)
		{
			if (old ? old_null[i] : isnull[i])
				appendStringInfoString(&text, " null");
			else
			{
				char	   *one = OidOutputFunctionCall(output, old ?
														old_value[i] :
														value[i]);

				appendStringInfo(&text, " %zu %s", strlen(one), one);
			}
		}
	}
	return text.data;
}

/*
 * touch: puts into a row of the view what a change of these columns has written
 * beside them: where a link is the whole row, it is found by that, too.
 */
static void
touch(M2mRowWrite *write, List *columns, Datum *value, bool *isnull)
{
	ListCell   *lc;

	foreach(lc, m2m_row_touched(write, columns))
	{
		for (int i = 0; i < write->view->ncolumns; i++)
		{
			if (write->view->column[i].kind != M2M_COLUMN_PROPERTY ||
				write->view->column[i].attnum != lfirst_int(lc))
				continue;
			value[i] = m2m_stamp_value(write->rel, lfirst_int(lc));
			isnull[i] = false;
		}
	}
}

/* is_linked: is there the link that a row of the view shows, as of now? */
static bool
is_linked(M2mRowWrite *write, M2mIds *ids[2], Datum *value, bool *isnull)
{
	if (write->rel->nidentity == 0)
		return m2m_plan_linked(write->rel, ids, false);
	m2m_row_identify(write, value, isnull);
	return m2m_identity_linked(write->rel, ids, &write->identity);
}

/*
 * is_of_itself: where links are there in both directions, is it a row's link to
 * itself, which is there once?
 */
static bool
is_of_itself(M2mRowWrite *write, M2mIds *ids[2])
{
	M2mIds	   *ordered[2];

	return !m2m_ids_direction(write->rel, ids, ordered);
}

/*
 * delete_row: DELETE.  As from a table, a link that is gone already, by this
 * statement (which can come to a row of the view several times) or another,
 * does not count; nor does one that a trigger or policy kept.  Error 40001
 * where another session has changed the link and it still stands.
 */
static HeapTuple
delete_row(M2mRowWrite *write, HeapTuple old_tuple)
{
	Datum	   *value = palloc_array(Datum, write->desc->natts);
	bool	   *isnull = palloc_array(bool, write->desc->natts);
	M2mIds	   *ids[2];
	int64		removed;

	heap_deform_tuple(old_tuple, write->desc, value, isnull);
	read_keys(write, value, isnull, false, ids);
	if (write->rel->nidentity > 0)
	{
		m2m_row_identify(write, value, isnull);
		if (m2m_identity_remove(write->rel, ids, &write->identity) > 0)
			return old_tuple;

		/* gone is as asked; changed by another session it still stands */
		if (m2m_identity_has_changed(write->rel, ids, &write->identity))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update"),
					 errdetail("The link of \"%s\" is no longer as it was read.",
							   get_rel_name(write->rel->association)),
					 errhint("The transaction might succeed if retried.")));
		return NULL;
	}
	removed = m2m_links_remove(write->rel, ids, NULL);
	if (removed == 0)
		return m2m_row_take_noted(write, ids) ? old_tuple : NULL;
	m2m_row_note_taken(write, ids, removed - 1);

	/* the view shows the link in the other direction as well */
	if (OidIsValid(write->rel->mirror) && !is_of_itself(write, ids))
	{
		M2mIds	   *other[2] = {ids[M2M_RIGHT], ids[M2M_LEFT]};

		m2m_row_note_taken(write, other, 1);
	}
	return old_tuple;
}

/*
 * m2m_row_note_taken: so many further rows of a pair are unlinked or moved,
 * that the statement may still come to.
 */
void
m2m_row_note_taken(M2mRowWrite *write, M2mIds *ids[2], int64 rows)
{
	if (rows > 0)
		find_noted(write, pair_text(write, ids), true)->rows += rows;
}

/*
 * find_noted: what is noted by a text, of pairs or of moves; NULL if nothing
 * is, but with make that is then noted, with no rows.
 */
static TakenPair *
find_noted(M2mRowWrite *write, char *text, bool make)
{
	ViewIdentity *identity = write->flinfo->fn_extra;
	TakenPair  *entry;
	bool		found;

	if (identity->taken == NULL && !make)
		return NULL;
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

	entry = hash_search(identity->taken, &text, HASH_FIND, NULL);
	if (entry != NULL || !make)
		return entry;

	/* as text: the row's memory, where the values are, is reset with it */
	text = MemoryContextStrdup(write->flinfo->fn_mcxt, text);

	entry = hash_search(identity->taken, &text, HASH_ENTER, &found);
	entry->rows = 0;
	return entry;
}

/* m2m_row_take_noted: is there one of those left? */
bool
m2m_row_take_noted(M2mRowWrite *write, M2mIds *ids[2])
{
	TakenPair  *entry = find_noted(write, pair_text(write, ids), false);

	return entry != NULL && entry->rows-- > 0;
}

/* pair_text: a pair as text that no other pair has. */
static char *
pair_text(M2mRowWrite *write, M2mIds *ids[2])
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
 * read_keys: the keys of both sides from a row of the view.  With missing_ok,
 * that of the far side is NULL if a column of it is null.  Errors: 23502; 22023
 * if the two differ in a shared column.
 */
static void
read_keys(M2mRowWrite *write, Datum *value, bool *isnull, bool missing_ok,
		  M2mIds *ids[2])
{
	M2mIds	   *near_id = read_key(write, write->near, value, isnull, NULL,
								   false);

	ids[write->near] = near_id;
	ids[write->far] = read_key(write, write->far, value, isnull, near_id,
							   missing_ok);
	if (ids[write->far] != NULL)
		m2m_ids_check_shared(write->rel, ids);
}

/*
 * read_key: the key of one side from a row of the view.  If a column of it is
 * null, error 23502, or NULL with missing_ok.  The far side's has from near_id
 * what the view shows but once, or was not given.
 */
static M2mIds *
read_key(M2mRowWrite *write, M2mSide side, Datum *value, bool *isnull,
		 M2mIds *near_id, bool missing_ok)
{
	M2mEndpoint *endpoint = &write->rel->side[side];
	M2mIds	   *ids = palloc(sizeof(M2mIds));
	M2mViewColumnKind kind = side == write->near ? M2M_COLUMN_KEY :
		M2M_COLUMN_ENDPOINT;

	ids->is_array = false;
	ids->count = 1;
	ids->nkeys = endpoint->nkeys;
	ids->is_short = NULL;
	ids->value = palloc0_array(Datum, endpoint->nkeys);
	if (near_id != NULL)
		m2m_key_complete(write->rel, side, ids->value, near_id->value);
	for (int i = 0; i < write->view->ncolumns; i++)
	{
		M2mViewColumn *column = &write->view->column[i];
		Form_pg_attribute attribute = TupleDescAttr(write->desc, i);
		int			position;

		if (column->kind != kind)
			continue;
		position = m2m_row_key_position(endpoint, column);
		if (position < 0)
			continue;
		if (isnull[i] && near_id != NULL && endpoint->key[position].shared > 0)
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
 * is_shared: does a view column show a column of an endpoint's key that the
 * other's has, too?
 */
static bool
is_shared(M2mEndpoint *endpoint, M2mViewColumn *column)
{
	int			position = m2m_row_key_position(endpoint, column);

	return position >= 0 && endpoint->key[position].shared > 0;
}

/*
 * report_shared: error 0A000 for an UPDATE of such a column: it would move the
 * link to two other rows at once.
 */
static void
report_shared(M2mRowWrite *write, const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot update column \"%s\" of view \"%s\"",
					column, RelationGetRelationName(write->relation)),
			 errdetail("The keys of both linked rows have it, \"%s\" and \"%s\".",
					   write->rel->side[write->near].role,
					   write->rel->side[write->far].role),
			 errhint("Delete the link, and insert one of the two rows that are meant.")));
}

/*
 * m2m_row_key_position: which column of the endpoint's key a view column
 * shows, -1 if none.
 */
int
m2m_row_key_position(M2mEndpoint *endpoint, M2mViewColumn *column)
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
