/*
 * view_save.c
 *		Puts link views aside that stand in the way of somebody's DDL.
 *
 * PostgreSQL refuses to drop a column or change its type while a view reads
 * it.  What is saved is everything that makes the view what it is to others:
 * name, owner, options, columns with their names and defaults, triggers,
 * rules, comments, security labels, and the privileges.  Putting it back is
 * view_restore.c's.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_trigger.h"
#include "commands/comment.h"
#include "commands/extension.h"
#include "executor/tuptable.h"
#include "rewrite/rewriteSupport.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "view.h"
#include "view_internal.h"

static void save_columns(M2mSavedView *saved, Oid viewid);
static HeapTuple lock_row(Relation catalog, HeapTuple tuple);
static char *save_default(Oid viewid, AttrNumber attnum);
static List *save_triggers(Oid viewid);
static List *save_rules(Oid viewid);
static List *save_labels(Oid viewid);
static List *extension_names(Oid trigger);
static char *call_deparser(PGFunction function, Oid oid);

/*
 * m2m_view_save: everything about a link view, in CurrentMemoryContext; NULL
 * if it is none, or shows more than a link view does and so could not be put
 * back.  The caller is about to drop the view and holds an exclusive lock on
 * it, against which nothing changes but privileges: GRANT and REVOKE lock no
 * relation, so we lock the catalog's rows that they would write.
 */
M2mSavedView *
m2m_view_save(Oid viewid)
{
	M2mSavedView *saved = palloc0(sizeof(M2mSavedView));
	Relation	class;
	HeapTuple	tuple;
	bool		isnull;
	Datum		acl;
	int			nestlevel;

	saved->view = m2m_catalog_read_view(viewid, true);
	if (saved->view == NULL || saved->view->custom)
		return NULL;

	/*
	 * The lock that writers of the catalog take, as heap_lock_tuple() writes,
	 * too; kept till the end of the transaction only for the row.
	 */
	class = table_open(RelationRelationId, RowExclusiveLock);
	tuple = SearchSysCacheCopy1(RELOID, ObjectIdGetDatum(viewid));
	if (HeapTupleIsValid(tuple))
		tuple = lock_row(class, tuple);
	if (!HeapTupleIsValid(tuple))
	{
		table_close(class, RowExclusiveLock);
		return NULL;
	}
	saved->name = pstrdup(NameStr(((Form_pg_class) GETSTRUCT(tuple))->relname));
	saved->schema = ((Form_pg_class) GETSTRUCT(tuple))->relnamespace;
	saved->owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	saved->temporary = ((Form_pg_class) GETSTRUCT(tuple))->relpersistence ==
		RELPERSISTENCE_TEMP;
	acl = heap_getattr(tuple, Anum_pg_class_relacl, RelationGetDescr(class),
					   &isnull);
	saved->acl = m2m_acl_copy(acl, isnull);
	table_close(class, RowExclusiveLock);
	saved->extension = getExtensionOfObject(RelationRelationId, viewid);
	saved->invoker = m2m_catalog_view_reads_as_invoker(viewid);
	saved->options = m2m_view_options(viewid);
	saved->comment = GetComment(viewid, RelationRelationId, 0);

	/*
	 * Names in what is deparsed are to be qualified, and constants to read as
	 * they are, whatever the session's settings: those that postgres_fdw
	 * sets, too (set_transmission_modes()).
	 */
	nestlevel = NewGUCNestLevel();
	m2m_setting_for_now("search_path", "pg_catalog, pg_temp");
	m2m_setting_for_now("datestyle", "ISO");
	m2m_setting_for_now("intervalstyle", "postgres");
	m2m_setting_for_now("extra_float_digits", "3");
	save_columns(saved, viewid);
	saved->triggers = save_triggers(viewid);

	/*
	 * pg_get_ruledef() is a query by SPI, and that takes the active snapshot.
	 * The portal's is older than our locks: it would show a rule that was
	 * dropped while we waited, or lack one that was made.
	 */
	PushActiveSnapshot(GetLatestSnapshot());
	saved->rules = save_rules(viewid);
	PopActiveSnapshot();
	AtEOXact_GUC(true, nestlevel);
	saved->labels = save_labels(viewid);
	return saved;
}

/*
 * lock_row: locks the newest version of a catalog's row against changes, and
 * returns it in CurrentMemoryContext; NULL if it was deleted.  Waits for who
 * has changed it and not ended yet, as deleting it would, which fails then.
 */
static HeapTuple
lock_row(Relation catalog, HeapTuple tuple)
{
	TupleTableSlot *slot = table_slot_create(catalog, NULL);
	HeapTuple	newest = NULL;
	TM_FailureData failure;

	/*
	 * The mode of an UPDATE that changes no key, such as ExecGrant_Relation()
	 * writes.  simple_heap_delete(), which will delete the row, does not wait
	 * for the newest version but fails: "tuple concurrently updated".
	 */
	if (table_tuple_lock(catalog, &tuple->t_self, GetLatestSnapshot(), slot,
						 GetCurrentCommandId(false),
						 LockTupleNoKeyExclusive, LockWaitBlock,
						 TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
						 &failure) == TM_Ok)
		newest = ExecCopySlotHeapTuple(slot);
	ExecDropSingleTupleTableSlot(slot);

	/* who deletes it finds it through the cache, and there the newest version */
	AcceptInvalidationMessages();
	return newest;
}

/* save_columns: privileges, comments and defaults of the columns. */
static void
save_columns(M2mSavedView *saved, Oid viewid)
{
	Relation	attribute = table_open(AttributeRelationId, RowExclusiveLock);

	saved->column = palloc0_array(M2mSavedColumn, saved->view->ncolumns);

	/*
	 * In the order of columns, after the view's own row: GRANT locks in that
	 * order, too (ExecGrant_Relation()).  ncolumns counts all attributes of a
	 * view, which has no dropped ones.
	 */
	for (int i = 0; i < saved->view->ncolumns; i++)
	{
		M2mSavedColumn *column = &saved->column[i];
		HeapTuple	tuple = SearchSysCacheCopy2(ATTNUM,
												ObjectIdGetDatum(viewid),
												Int16GetDatum(i + 1));
		bool		isnull;
		Datum		acl;

		if (HeapTupleIsValid(tuple))
			tuple = lock_row(attribute, tuple);
		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for attribute %d of relation %u",
				 i + 1, viewid);
		column->column = &saved->view->column[i];
		acl = heap_getattr(tuple, Anum_pg_attribute_attacl,
						   RelationGetDescr(attribute), &isnull);
		column->acl = m2m_acl_copy(acl, isnull);
		column->comment = GetComment(viewid, RelationRelationId, i + 1);
		if (((Form_pg_attribute) GETSTRUCT(tuple))->atthasdef)
			column->default_value = save_default(viewid, i + 1);
	}
	table_close(attribute, RowExclusiveLock);
}

/* save_default: a column's default as SQL. */
static char *
save_default(Oid viewid, AttrNumber attnum)
{
	Relation	attrdef = table_open(AttrDefaultRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *result = NULL;

	ScanKeyInit(&key[0], Anum_pg_attrdef_adrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(viewid));
	ScanKeyInit(&key[1], Anum_pg_attrdef_adnum, BTEqualStrategyNumber,
				F_INT2EQ, Int16GetDatum(attnum));
	scan = systable_beginscan(attrdef, AttrDefaultIndexId, true, NULL, 2, key);
	if (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		bool		isnull;
		Datum		expression = heap_getattr(tuple, Anum_pg_attrdef_adbin,
											  RelationGetDescr(attrdef),
											  &isnull);

		if (!isnull)
			result = TextDatumGetCString(DirectFunctionCall2(pg_get_expr,
															 expression,
															 ObjectIdGetDatum(viewid)));
	}
	systable_endscan(scan);
	table_close(attrdef, AccessShareLock);
	return result;
}

/* save_triggers: ours and the user's own. */
static List *
save_triggers(Oid viewid)
{
	Relation	trigger = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(viewid));
	scan = systable_beginscan(trigger, TriggerRelidNameIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);
		M2mSavedPart *part;

		if (form->tgisinternal)
			continue;

		/*
		 * A condition is parsed as it is put back, and constants in it are
		 * read by their types' functions: only a trigger without one may be
		 * put back as the server, whoever's its function is.
		 */
		part = palloc0(sizeof(M2mSavedPart));
		part->name = pstrdup(NameStr(form->tgname));
		part->definition = call_deparser(pg_get_triggerdef, form->oid);
		part->comment = GetComment(form->oid, TriggerRelationId, 0);
		part->extensions = extension_names(form->oid);
		part->plain = heap_attisnull(tuple, Anum_pg_trigger_tgqual, NULL);
		part->ours = part->plain &&
			form->tgfoid == m2m_catalog_trigger_function();
		result = lappend(result, part);
	}
	systable_endscan(scan);
	table_close(trigger, AccessShareLock);
	return result;
}

/* save_rules: rules beside the one that is the view's query. */
static List *
save_rules(Oid viewid)
{
	Relation	rewrite = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key, Anum_pg_rewrite_ev_class, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(viewid));
	scan = systable_beginscan(rewrite, RewriteRelRulenameIndexId, true, NULL,
							  1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_rewrite form = (Form_pg_rewrite) GETSTRUCT(tuple);
		M2mSavedPart *part;

		if (strcmp(NameStr(form->rulename), ViewSelectRuleName) == 0)
			continue;
		part = palloc0(sizeof(M2mSavedPart));
		part->name = pstrdup(NameStr(form->rulename));
		part->definition = call_deparser(pg_get_ruledef, form->oid);
		part->comment = GetComment(form->oid, RewriteRelationId, 0);
		result = lappend(result, part);
	}
	systable_endscan(scan);
	table_close(rewrite, AccessShareLock);
	return result;
}

/* save_labels: security labels of the view and its columns. */
static List *
save_labels(Oid viewid)
{
	Relation	seclabel = table_open(SecLabelRelationId, AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *result = NIL;

	ScanKeyInit(&key[0], Anum_pg_seclabel_objoid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(viewid));
	ScanKeyInit(&key[1], Anum_pg_seclabel_classoid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
	scan = systable_beginscan(seclabel, SecLabelObjectIndexId, true, NULL,
							  2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		M2mSavedLabel *label = palloc(sizeof(M2mSavedLabel));
		bool		isnull;

		label->column = ((FormData_pg_seclabel *) GETSTRUCT(tuple))->objsubid;
		label->provider =
			TextDatumGetCString(heap_getattr(tuple, Anum_pg_seclabel_provider,
											 RelationGetDescr(seclabel),
											 &isnull));
		label->label =
			TextDatumGetCString(heap_getattr(tuple, Anum_pg_seclabel_label,
											 RelationGetDescr(seclabel),
											 &isnull));
		result = lappend(result, label);
	}
	systable_endscan(scan);
	table_close(seclabel, AccessShareLock);
	return result;
}

/* extension_names: extensions that a trigger is marked to depend on. */
static List *
extension_names(Oid trigger)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, getAutoExtensionsOfObject(TriggerRelationId, trigger))
	{
		char	   *name = get_extension_name(lfirst_oid(lc));

		if (name != NULL)
			result = lappend(result, name);
	}
	return result;
}

/* m2m_acl_copy: a copy of an ACL, NULL if there is none. */
Acl *
m2m_acl_copy(Datum datum, bool isnull)
{
	return isnull ? NULL : DatumGetAclPCopy(datum);
}

/* call_deparser: what pg_get_xxxdef(oid) returns. */
static char *
call_deparser(PGFunction function, Oid oid)
{
	return TextDatumGetCString(DirectFunctionCall1(function,
												   ObjectIdGetDatum(oid)));
}

/*
 * m2m_view_is_lost: is the view that was saved gone, although nothing is that
 * it was made of, or a part of?
 */
bool
m2m_view_is_lost(M2mSavedView *saved)
{
	return get_rel_name(saved->view->view) == NULL &&
		get_rel_name(saved->view->association) != NULL &&
		get_namespace_name(saved->schema) != NULL &&
		(!OidIsValid(saved->extension) ||
		 get_extension_name(saved->extension) != NULL);
}

/*
 * m2m_view_drop: drops views that have been saved; see m2m_drop_objects().
 */
bool
m2m_view_drop(List *saved_views)
{
	List	   *addresses = NIL;
	ListCell   *lc;

	foreach(lc, saved_views)
	{
		ObjectAddress *address = palloc(sizeof(ObjectAddress));

		ObjectAddressSet(*address, RelationRelationId,
						 ((M2mSavedView *) lfirst(lc))->view->view);
		addresses = lappend(addresses, address);
	}
	return m2m_drop_objects(addresses);
}

/* m2m_saved_view_owner: whose the view is, or was. */
Oid
m2m_saved_view_owner(M2mSavedView *saved)
{
	return saved->owner;
}

/* m2m_saved_view_association: the association that it reads. */
Oid
m2m_saved_view_association(M2mSavedView *saved)
{
	return saved->view->association;
}

/* m2m_saved_view_name: its name. */
const char *
m2m_saved_view_name(M2mSavedView *saved)
{
	return saved->name;
}
