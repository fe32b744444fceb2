/*
 * link_identity.c
 *		The general path: one link of a pair that may have several, by its
 *		identity.
 *
 * Where an index keeps identities apart, a statement finds a link by the pair
 * and the identity's further columns.  Where several rows may be the same in
 * all of that (no key, ranges that are empty, inheritance children), a write
 * is to one of them: it is chosen first, and then named by its place beside
 * all that it was chosen by.  If another session was there first, the row is
 * not as it was any more and another is looked for, by a new snapshot.
 *
 * A link whose identity is given is "linked already" if that identity is there.
 * ON CONFLICT sees to it where it can name it.  Elsewhere we look first, as for
 * pairs that no index keeps unique (link_plan.c): under the lock of ours, by
 * the latest snapshot, and what our own does not show is 40001.  Calls that ask
 * whether a pair has any link at all hold that lock too, so the others take it
 * shared.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/itemptr.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "execute.h"
#include "link_internal.h"
#include "m2m.h"
#include "text.h"

/* Marks among the columns that an INSERT is kept by. */
#define ON_CONFLICT_MARK (-1)
#define RETURNING_MARK (-2)

static SPIPlanPtr get_plan(M2mRelationship *rel, M2mColumnStatement statement,
						   M2mLinkParameters *parameters);
static bool is_linked_now(M2mRelationship *rel,
						  M2mLinkParameters *parameters);
static uint64 run(SPIPlanPtr plan, M2mLinkParameters *parameters, bool latest);
static bool was_updated(M2mRelationship *rel, Oid relid, ItemPointer place);
static bool is_deleted(M2mRelationship *rel, Oid relid, TupleTableSlot *slot);
static bool insert_link(M2mRelationship *rel, M2mIds *ids[2], List *columns,
						Datum *values, M2mIdentity *identity, bool *known,
						bool on_conflict);
static bool insert_plainly(M2mRelationship *rel, M2mIds *ids[2], List *columns,
						   Datum *values, M2mIdentity *identity, bool *known);
static bool same_identity(M2mRelationship *rel, M2mIdentity *a,
						  M2mIdentity *b);
static void check_stored(M2mRelationship *rel, M2mIds *ids[2],
						 M2mIdentity *stored);
static bool may_return(M2mRelationship *rel);
static void append_returning(StringInfo sql, M2mRelationship *rel);
static void take_returned(M2mRelationship *rel, M2mIdentity *identity,
						  MemoryContext context);

/*
 * m2m_identity_parameters: a pair and, unless that is NULL, an identity as
 * parameters of a statement, with room for so many more.
 */
void
m2m_identity_parameters(M2mLinkParameters *parameters, M2mRelationship *rel,
						M2mIds *ids[2], M2mIdentity *identity, int more)
{
	int			npair = rel->pair_desc->natts;
	int			nidentity = identity != NULL ? rel->nidentity : 0;
	int			n = npair + nidentity;

	parameters->n = n;
	parameters->value = palloc0_array(Datum, n + more);
	parameters->nulls = palloc_array(char, n + more + 1);
	parameters->type = palloc0_array(Oid, n + more);
	memset(parameters->nulls, ' ', n + more);
	memcpy(parameters->value, m2m_pair_values(rel, ids),
		   sizeof(Datum) * npair);
	for (int i = 0; i < npair; i++)
		parameters->type[i] = TupleDescAttr(rel->pair_desc, i)->atttypid;
	for (int i = 0; i < nidentity; i++)
	{
		Oid			type = get_atttype(rel->association,
									   rel->identity_column[i].attnum);

		parameters->value[npair + i] = identity->value[i];
		parameters->nulls[npair + i] = identity->isnull[i] ? 'n' : ' ';
		parameters->type[npair + i] = getBaseType(type);
	}
}

/*
 * m2m_identity_place: chooses one of the rows that are a link, by a new
 * snapshot.  Returns whether there is one, and it is not the last that was
 * chosen: then a trigger or policy keeps that from being written.  Its place
 * becomes place[0] (tableoid) and place[1] (ctid), and the last.  The caller is
 * connected to SPI.
 */
bool
m2m_identity_place(M2mRelationship *rel, M2mLinkParameters *parameters,
				   M2mPlace *last, Datum *place)
{
	ItemPointer ctid;
	bool		isnull;

	if (run(get_plan(rel, M2M_COLUMNS_IDENTITY_FIND, parameters), parameters,
			false) == 0)
		return false;
	for (int i = 0; i < 2; i++)
		place[i] = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
								 i + 1, &isnull);
	ctid = (ItemPointer) DatumGetPointer(place[1]);
	if (last->relid == DatumGetObjectId(place[0]) &&
		ItemPointerEquals(&last->ctid, ctid))
		return false;
	last->relid = DatumGetObjectId(place[0]);
	last->ctid = *ctid;
	return true;
}

/*
 * m2m_identity_linked: is there a link of this identity, as of now, whatever
 * the transaction's snapshot shows?  Error 40001 if that does not show it.
 */
bool
m2m_identity_linked(M2mRelationship *rel, M2mIds *ids[2],
					M2mIdentity *identity)
{
	M2mLinkParameters parameters;
	bool		result;

	m2m_identity_parameters(&parameters, rel, ids, identity, 0);
	SPI_connect();
	result = is_linked_now(rel, &parameters);
	SPI_finish();
	return result;
}

/*
 * m2m_identity_remove: removes one link; returns how many that were, 0 or 1.
 */
int64
m2m_identity_remove(M2mRelationship *rel, M2mIds *ids[2],
					M2mIdentity *identity)
{
	M2mLinkParameters parameters;
	M2mPlace	last = {InvalidOid};
	SPIPlanPtr	plan;
	int64		removed;

	m2m_identity_parameters(&parameters, rel, ids, identity, 2);
	SPI_connect();
	for (;;)
	{
		removed = 0;
		if (!rel->one_each &&
			!m2m_identity_place(rel, &parameters, &last,
								&parameters.value[parameters.n]))
			break;
		plan = get_plan(rel, M2M_COLUMNS_IDENTITY_REMOVE, &parameters);
		removed = run(plan, &parameters, false);
		if (removed > 0 || rel->one_each)
			break;
		CHECK_FOR_INTERRUPTS();
	}
	SPI_finish();
	return removed;
}

/*
 * m2m_identity_has_changed: has another transaction changed a link that the
 * statement's snapshot shows, and not removed it?  An identity cannot find it
 * any more.  Its old version, which that snapshot keeps from being removed,
 * tells by where it points: to itself where it was deleted.  False where the
 * caller may not read the table's system columns, and so nobody can tell.
 */
bool
m2m_identity_has_changed(M2mRelationship *rel, M2mIds *ids[2],
						 M2mIdentity *identity)
{
	M2mLinkParameters parameters;
	bool		result = false;

	if (pg_class_aclcheck(rel->association, GetUserId(),
						  ACL_SELECT) != ACLCHECK_OK)
		return false;
	m2m_identity_parameters(&parameters, rel, ids, identity, 0);
	SPI_connect();

	/* read_only: by the snapshot of the statement that is running */
	if (SPI_execute_plan(get_plan(rel, M2M_COLUMNS_IDENTITY_FIND, &parameters),
						 parameters.value, parameters.nulls, true, 0) < 0)
		elog(ERROR, "SPI_execute_plan failed");
	for (uint64 i = 0; !result && i < SPI_processed; i++)
	{
		bool		isnull;
		HeapTuple	row = SPI_tuptable->vals[i];
		Oid			relid =
			DatumGetObjectId(SPI_getbinval(row, SPI_tuptable->tupdesc, 1,
										   &isnull));
		ItemPointer ctid = (ItemPointer)
			DatumGetPointer(SPI_getbinval(row, SPI_tuptable->tupdesc, 2,
										  &isnull));

		result = was_updated(rel, relid, ctid);
	}
	SPI_finish();
	return result;
}

/*
 * m2m_place_updater: the transaction that has updated or deleted the version of
 * a row that is at a place, or is about to; InvalidTransactionId if none has, or
 * the table is no heap.
 */
TransactionId
m2m_place_updater(Oid relid, ItemPointer place)
{
	Relation	relation = table_open(relid, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	TransactionId result = InvalidTransactionId;

	if (table_tuple_fetch_row_version(relation, place, SnapshotAny, slot) &&
		TTS_IS_BUFFERTUPLE(slot))
	{
		HeapTuple	tuple = ((BufferHeapTupleTableSlot *) slot)->base.tuple;
		Buffer		buffer = ((BufferHeapTupleTableSlot *) slot)->buffer;

		/*
		 * xmax may be a MultiXactId, of those who have locked it, too; the
		 * page is locked, as what says which of both it is stands elsewhere.
		 */
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		if (!(tuple->t_data->t_infomask & HEAP_XMAX_INVALID) &&
			!HEAP_XMAX_IS_LOCKED_ONLY(tuple->t_data->t_infomask))
			result = HeapTupleHeaderGetUpdateXid(tuple->t_data);
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, AccessShareLock);
	return result;
}

/*
 * was_updated: has another transaction updated the version of a row that is at
 * a place?  One of a table that is no heap counts as changed: it cannot tell.
 */
static bool
was_updated(M2mRelationship *rel, Oid relid, ItemPointer place)
{
	Relation	relation = table_open(relid, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	bool		result = false;

	if (table_tuple_fetch_row_version(relation, place, SnapshotAny, slot))
	{
		HeapTuple	tuple = TTS_IS_BUFFERTUPLE(slot) ?
			((BufferHeapTupleTableSlot *) slot)->base.tuple : NULL;

		result = tuple == NULL ||
			(!(tuple->t_data->t_infomask & HEAP_XMAX_INVALID) &&
			 (HeapTupleHeaderIndicatesMovedPartitions(tuple->t_data) ||
			  !ItemPointerEquals(&tuple->t_data->t_ctid, place)) &&
			 TransactionIdDidCommit(HeapTupleHeaderGetUpdateXid(tuple->t_data)));
	}

	/* unlinking may be an update, too */
	if (result && rel->deleted != 0)
	{
		TableScanDesc scan;
		ItemPointerData newest = *place;

		PushActiveSnapshot(GetLatestSnapshot());
		scan = table_beginscan_tid(relation, GetActiveSnapshot());
		table_tuple_get_latest_tid(scan, &newest);
		table_endscan(scan);
		result = !table_tuple_fetch_row_version(relation, &newest,
												GetActiveSnapshot(), slot) ||
			!is_deleted(rel, relid, slot);
		PopActiveSnapshot();
	}
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, AccessShareLock);
	return result;
}

/*
 * is_deleted: does a row of the association, or of a table below it, say that
 * it is no link any more?
 */
static bool
is_deleted(M2mRelationship *rel, Oid relid, TupleTableSlot *slot)
{
	bool		isnull;
	AttrNumber	attnum = get_attnum(relid, get_attname(rel->association,
													   rel->deleted, false));
	Datum		value = slot_getattr(slot, attnum, &isnull);

	return !isnull && (rel->deleted_kind == M2M_DELETED_TIME ||
					   DatumGetBool(value));
}

/*
 * m2m_identity_link: makes a link with values of the given columns; returns
 * the number of links created, 0 if it is there already, or something kept it
 * from being made.
 *
 * Where known, identity is what it will be; otherwise the INSERT's defaults
 * make it, and only ON CONFLICT can tell whether it is there.  Afterwards
 * identity is that of the link that was made, as far as it is known.
 *
 * What is stored can be another one than that, by a trigger or a generated
 * column.  Then the INSERT is the only one to know, and where ON CONFLICT has
 * passed the row over, it may have been for a link that nobody spoke of, with
 * what else was given for it: it is tried again without, and 23505.  Takes
 * m2m_lock_links(), or shares it with others who leave it to an index.
 */
int64
m2m_identity_link(M2mRelationship *rel, M2mIds *ids[2], List *columns,
				  Datum *values, M2mIdentity *identity, bool *known)
{
	M2mLinkParameters parameters;
	bool		on_conflict = rel->identity_target != NIL;
	bool		was_known = *known;
	M2mIdentity asked = *identity;
	bool		made = false;

	asked.value = memcpy(palloc_array(Datum, rel->nidentity), identity->value,
						 sizeof(Datum) * rel->nidentity);
	asked.isnull = memcpy(palloc_array(bool, rel->nidentity), identity->isnull,
						  sizeof(bool) * rel->nidentity);
	if (*known && rel->identity_target == NIL)
		m2m_lock_links(rel);
	else
		m2m_lock_links_shared(rel);
	SPI_connect();
	if (*known)
		m2m_identity_parameters(&parameters, rel, ids, identity, 0);

	/* NOT NULL is checked before ON CONFLICT has its say */
	if (!*known ||
		(rel->identity_target != NIL &&
		 list_difference_int(rel->required, columns) == NIL) ||
		!is_linked_now(rel, &parameters))
	{
		made = insert_link(rel, ids, columns, values, identity, known,
						   on_conflict);
		if (!made && on_conflict &&
			(was_known ? !is_linked_now(rel, &parameters) : columns != NIL))
			made = insert_plainly(rel, ids, columns, values, identity, known);
	}
	SPI_finish();
	if (made && was_known && *known && !rel->one_each &&
		!same_identity(rel, &asked, identity))
		check_stored(rel, ids, identity);
	return made ? 1 : 0;
}

/*
 * insert_plainly: the INSERT of it without ON CONFLICT, so that it says what is
 * in its way.  That something keeps the row from being made without an error
 * has been seen before, and is not to happen twice: what was done meanwhile, by
 * a trigger, is undone.
 */
static bool
insert_plainly(M2mRelationship *rel, M2mIds *ids[2], List *columns,
			   Datum *values, M2mIdentity *identity, bool *known)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool made = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		made = insert_link(rel, ids, columns, values, identity, known, false);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		ReThrowError(error);
	}
	PG_END_TRY();
	if (made)
		ReleaseCurrentSubTransaction();
	else
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return made;
}

/* same_identity: are two identities the same, value by value? */
static bool
same_identity(M2mRelationship *rel, M2mIdentity *a, M2mIdentity *b)
{
	for (int i = 0; i < rel->nidentity; i++)
	{
		int16		typlen;
		bool		typbyval;

		get_typlenbyval(get_atttype(rel->association,
									rel->identity_column[i].attnum),
						&typlen, &typbyval);
		if (a->isnull[i] != b->isnull[i] ||
			(!a->isnull[i] &&
			 !datum_image_eq(a->value[i], b->value[i], typbyval, typlen)))
			return false;
	}
	return true;
}

/*
 * check_stored: where no key keeps links apart, one that was stored as another
 * than was asked for must not be the second of these: error 23505.
 */
static void
check_stored(M2mRelationship *rel, M2mIds *ids[2], M2mIdentity *stored)
{
	M2mLinkParameters parameters;
	SPIPlanPtr *slot = m2m_plan_slot(rel, M2M_COLUMNS_IDENTITY_TWICE, M2M_LEFT,
									 NIL);
	uint64		rows;

	m2m_identity_parameters(&parameters, rel, ids, stored, 0);
	SPI_connect();
	if (*slot == NULL)
	{
		StringInfoData sql;

		initStringInfo(&sql);
		appendStringInfo(&sql, "SELECT FROM %s a WHERE ",
						 m2m_qualified_name(rel->association));
		m2m_append_match_link(&sql, rel);
		appendStringInfoString(&sql, " LIMIT 2");
		*slot = m2m_plan_prepare(sql.data, parameters.n, parameters.type);
	}
	rows = run(*slot, &parameters, true);
	SPI_finish();
	if (rows > 1)
		m2m_error_stored(rel);
}

/* m2m_error_stored: the error of it. */
void
m2m_error_stored(M2mRelationship *rel)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("the rows are linked already in relationship \"%s\"",
					get_rel_name(rel->association)),
			 errdetail("A trigger of the table has made of the new link one that is there already.")));
}

/*
 * m2m_identity_revive: a row of the pair that is no link any more, and is in
 * the way of a new one where no ON CONFLICT would make it that, becomes the
 * link, with values of the given columns; returns whether there was one.
 * identity, unless it is NULL, becomes that of the link, as far as it is
 * known.  Takes m2m_lock_links().
 */
bool
m2m_identity_revive(M2mRelationship *rel, M2mIds *ids[2], List *columns,
					Datum *values, M2mIdentity *identity, bool *known)
{
	M2mLinkParameters parameters;
	bool		returning;
	bool		revived;
	List	   *slot_columns = list_copy(columns);
	SPIPlanPtr *slot;
	ListCell   *lc;

	if (!m2m_revives_first(rel))
		return false;

	/* nobody links the pair meanwhile; of one that is linked nothing is done */
	m2m_lock_links(rel);
	if (m2m_plan_linked(rel, ids, false))
		return false;
	returning = identity != NULL && may_return(rel);
	SPI_connect();
	m2m_identity_parameters(&parameters, rel, ids, NULL, list_length(columns));
	foreach(lc, columns)
	{
		int			i = parameters.n + foreach_current_index(lc);

		parameters.value[i] = values[foreach_current_index(lc)];
		parameters.type[i] = getBaseType(get_atttype(rel->association,
													 lfirst_int(lc)));
	}
	if (returning)
		slot_columns = lappend_int(slot_columns, RETURNING_MARK);
	slot = m2m_plan_slot(rel, M2M_COLUMNS_IDENTITY_REVIVE, M2M_LEFT,
						 slot_columns);
	if (*slot == NULL)
	{
		StringInfoData sql;

		initStringInfo(&sql);
		m2m_stmt_build_revive_one(&sql, rel, columns);
		if (returning)
			append_returning(&sql, rel);
		*slot = m2m_plan_prepare(sql.data,
								 parameters.n + list_length(columns),
								 parameters.type);
	}
	revived = run(*slot, &parameters, false) > 0;
	if (revived && returning && rel->nidentity > 0)
		take_returned(rel, identity, GetMemoryChunkContext(identity->value));
	if (revived && known != NULL)
		*known = returning;
	SPI_finish();
	return revived;
}

/*
 * insert_link: the INSERT of it; returns whether it made one.  Connected to
 * SPI; what it returns is put into the caller's memory.
 */
static bool
insert_link(M2mRelationship *rel, M2mIds *ids[2], List *columns,
			Datum *values, M2mIdentity *identity, bool *known,
			bool on_conflict)
{
	bool		returning = may_return(rel);
	int			ncolumns = list_length(columns);
	List	   *slot_columns = list_copy(columns);
	M2mLinkParameters parameters;
	SPIPlanPtr *slot;
	ListCell   *lc;

	m2m_identity_parameters(&parameters, rel, ids, NULL, ncolumns);
	foreach(lc, columns)
	{
		int			i = parameters.n + foreach_current_index(lc);

		parameters.value[i] = values[foreach_current_index(lc)];
		parameters.type[i] = getBaseType(get_atttype(rel->association,
													 lfirst_int(lc)));
	}
	if (on_conflict)
		slot_columns = lappend_int(slot_columns, ON_CONFLICT_MARK);
	if (returning)
		slot_columns = lappend_int(slot_columns, RETURNING_MARK);
	slot = m2m_plan_slot(rel, M2M_COLUMNS_IDENTITY_LINK, M2M_LEFT,
						 m2m_stamped_slot(rel, slot_columns));
	if (*slot == NULL)
	{
		StringInfoData sql;

		initStringInfo(&sql);
		m2m_stmt_build_insert(&sql, rel, true, columns);
		if (on_conflict)
			m2m_append_on_conflict_identity(&sql, rel);
		if (returning)
			append_returning(&sql, rel);
		*slot = m2m_plan_prepare(sql.data, parameters.n + ncolumns,
								 parameters.type);
	}
	if (run(*slot, &parameters, false) == 0)
		return false;
	if (returning)
	{
		take_returned(rel, identity, GetMemoryChunkContext(identity->value));
		*known = true;
	}
	return true;
}

/*
 * may_return: may the identity of a new link be returned?  The caller must be
 * allowed to read it, and rules take no statement that returns something.  Nor
 * where policies apply: one for SELECT would then be an error for a new link
 * that it hides, and that may be made.
 */
static bool
may_return(M2mRelationship *rel)
{
	if (rel->has_rules ||
		check_enable_rls(rel->association, InvalidOid, true) == RLS_ENABLED)
		return false;
	if (pg_class_aclcheck(rel->association, GetUserId(),
						  ACL_SELECT) == ACLCHECK_OK)
		return true;
	for (int i = 0; i < rel->nidentity; i++)
	{
		if (pg_attribute_aclcheck(rel->association,
								  rel->identity_column[i].attnum, GetUserId(),
								  ACL_SELECT) != ACLCHECK_OK)
			return false;
	}
	return true;
}

/* append_returning: " RETURNING job, ...", the identity's further columns. */
static void
append_returning(StringInfo sql, M2mRelationship *rel)
{
	for (int i = 0; i < rel->nidentity; i++)
		appendStringInfo(sql, "%s%s", i == 0 ? " RETURNING " : ", ",
						 m2m_quoted_column(rel->association,
										   rel->identity_column[i].attnum));
}

/* take_returned: the identity that was returned, into its own memory. */
static void
take_returned(M2mRelationship *rel, M2mIdentity *identity,
			  MemoryContext context)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	MemoryContext old = MemoryContextSwitchTo(context);

	for (int i = 0; i < rel->nidentity; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		Datum		value = SPI_getbinval(SPI_tuptable->vals[0], desc, i + 1,
										  &identity->isnull[i]);

		if (!identity->isnull[i])
			identity->value[i] = datumCopy(value, attribute->attbyval,
										   attribute->attlen);
	}
	MemoryContextSwitchTo(old);
}

/*
 * is_linked_now: is the link in the parameters there, as of now?  Error 40001
 * if the transaction's snapshot does not show it.
 */
static bool
is_linked_now(M2mRelationship *rel, M2mLinkParameters *parameters)
{
	SPIPlanPtr	plan = get_plan(rel, M2M_COLUMNS_IDENTITY_LINKED, parameters);

	if (run(plan, parameters, true) == 0)
		return false;
	if (IsolationUsesXactSnapshot() && run(plan, parameters, false) == 0)
		m2m_error_newer("The rows were linked after the transaction's snapshot was taken.");
	return true;
}

/*
 * get_plan: the kept plan of a statement about one link.
 */
static SPIPlanPtr
get_plan(M2mRelationship *rel, M2mColumnStatement statement,
		 M2mLinkParameters *parameters)
{
	SPIPlanPtr *slot = m2m_plan_slot(rel, statement, M2M_LEFT, NIL);
	int			n = parameters->n;
	StringInfoData sql;

	if (*slot != NULL)
		return *slot;
	initStringInfo(&sql);
	if (statement == M2M_COLUMNS_IDENTITY_REMOVE)
		m2m_append_removal(&sql, rel);
	else
		appendStringInfo(&sql, "%s FROM %s a",
						 statement == M2M_COLUMNS_IDENTITY_LINKED ? "SELECT" :
						 "SELECT a.tableoid, a.ctid",
						 m2m_qualified_name(rel->association));
	appendStringInfoString(&sql, " WHERE ");
	m2m_append_match_link(&sql, rel);
	if (statement != M2M_COLUMNS_IDENTITY_REMOVE)
		appendStringInfoString(&sql, " LIMIT 1");
	else if (!rel->one_each)
	{
		m2m_append_match_place(&sql, n + 1);
		parameters->type[n] = OIDOID;
		parameters->type[n + 1] = TIDOID;
		n += 2;
	}
	*slot = m2m_plan_prepare(sql.data, n, parameters->type);
	return *slot;
}

/*
 * run: executes a plan; returns the number of rows.  With latest, by the
 * latest snapshot, also in REPEATABLE READ and above.
 */
static uint64
run(SPIPlanPtr plan, M2mLinkParameters *parameters, bool latest)
{
	bool		read_only = latest && m2m_latest_begin(plan);
	int			result = SPI_execute_plan(plan, parameters->value,
										  parameters->nulls, read_only, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_plan failed: %s",
			 SPI_result_code_string(result));
	m2m_latest_end(read_only);
	return SPI_processed;
}
