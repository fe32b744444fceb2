/*
 * define_symmetric.c
 *		Links without a direction: both rows of a link are stored, and a foreign
 *		key of the association to itself keeps them together.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/resowner.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"
#include "view.h"

static void check_can_be(M2mRelationship *rel);
static void mend_rows(M2mRelationship *rel, bool repair);
static void make_missing(M2mRelationship *rel, const char *insert);
static void run_insert(const char *insert);
static bool is_deferred(M2mRelationship *rel, List *all, char *name,
						const char *insert);
static void set_constraints(List *names, char *but, const char *mode);
static char *list_columns(M2mRelationship *rel, M2mSide side,
						  const char *alias, bool properties);
static void drop_second_view(M2mRelationship *rel);

/*
 * m2m_symmetric_check: can a relationship of these keys be symmetric?  Errors:
 * 42P16; 22023 for a name of what it has not.
 */
void
m2m_symmetric_check(M2mDefinition *definition, List *key[2])
{
	if (definition->relid[M2M_LEFT] != definition->relid[M2M_RIGHT])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("a symmetric relationship is between a table and itself"),
				 errdetail("\"%s\" and \"%s\" are two.",
						   get_rel_name(definition->relid[M2M_LEFT]),
						   get_rel_name(definition->relid[M2M_RIGHT]))));
	if (!equal(key[M2M_LEFT], key[M2M_RIGHT]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("both sides of a symmetric relationship have the same key"),
				 errhint("Name the same columns by the arguments \"%s\" and \"%s\", in one order, or neither.",
						 m2m_key_argument[M2M_LEFT],
						 m2m_key_argument[M2M_RIGHT])));
	if (definition->view[M2M_RIGHT] != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a symmetric relationship has one link view"),
				 errhint("Name it by the argument \"%s\".",
						 m2m_view_argument[M2M_LEFT])));
}

/*
 * m2m_mirror_create: the foreign key of an association to itself, from the
 * columns of either side to those of the other.  Raises what ALTER TABLE
 * raises; 23503 where there are rows without the other.
 */
void
m2m_mirror_create(Oid association, List *column[2])
{
	StringInfoData from;
	StringInfoData to;

	initStringInfo(&from);
	initStringInfo(&to);
	for (int s = M2M_RIGHT; s >= M2M_LEFT; s--)
	{
		ListCell   *a;
		ListCell   *b;

		forboth(a, column[s], b, column[M2M_OTHER(s)])
		{
			/* a column of both sides is one */
			if (s == M2M_LEFT && equal(lfirst(a), lfirst(b)))
				continue;
			appendStringInfo(&from, "%s%s", from.len > 0 ? ", " : "",
							 quote_identifier(strVal(lfirst(a))));
			appendStringInfo(&to, "%s%s", to.len > 0 ? ", " : "",
							 quote_identifier(strVal(lfirst(b))));
		}
	}
	m2m_ddl(psprintf("ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s)"
					 " ON UPDATE CASCADE ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED",
					 m2m_qualified_name(association), from.data,
					 m2m_qualified_name(association), to.data));
}

/*
 * m2m_relationship_symmetric: makes a relationship symmetric, or whole again
 * what makes it so.  With repair, rows that are missing are made.
 *
 * Errors: 42501; 42704; 42P16 where it cannot be; 23503 rows without the other;
 * those of m2m_symmetric_define().
 */
void
m2m_relationship_symmetric(Oid association, bool repair)
{
	M2mRelationship *rel;
	M2mExtensionState extension;

	m2m_association_check_owner(association);
	rel = m2m_relationship_lock(association, true);
	if (rel == NULL || m2m_relationship_get(association, InvalidOid,
											NoLock) == NULL)
		m2m_error_no_relationship(association);
	check_can_be(rel);
	m2m_leave_extension(&extension);
	PG_TRY();
	{
		if (!OidIsValid(rel->mirror) || repair)
			mend_rows(rel, repair);
		if (!OidIsValid(rel->mirror))
		{
			List	   *column[2] = {m2m_link_names(rel, M2M_LEFT),
			m2m_link_names(rel, M2M_RIGHT)};

			m2m_mirror_create(association, column);
			m2m_relationship_changed(association);
			rel = m2m_relationship_get(association, InvalidOid, NoLock);
		}
		if (rel != NULL && OidIsValid(rel->side[M2M_LEFT].view) &&
			OidIsValid(rel->side[M2M_RIGHT].view))
			drop_second_view(rel);
		m2m_symmetric_define(association);
	}
	PG_FINALLY();
	{
		m2m_enter_extension(&extension);
	}
	PG_END_TRY();
}

/* check_can_be: error 42P16 where it cannot be symmetric. */
static void
check_can_be(M2mRelationship *rel)
{
	M2mEndpoint *left = &rel->side[M2M_LEFT];
	M2mEndpoint *right = &rel->side[M2M_RIGHT];
	bool		same = left->relid == right->relid &&
		left->nkeys == right->nkeys;
	bool		not_null = true;

	for (int i = 0; same && i < left->nkeys; i++)
	{
		same = left->key[i].attnum == right->key[i].attnum &&
			left->key[i].link_type == right->key[i].link_type &&
			left->key[i].link_collation == right->key[i].link_collation &&
			(left->key[i].shared == 0 || left->key[i].shared == i + 1);
		not_null = not_null && left->key[i].link_not_null &&
			right->key[i].link_not_null;
	}
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("relationship \"%s\" cannot be symmetric",
						get_rel_name(rel->association)),
				 errdetail("Its two sides are not the same key of one table, in columns of the same types.")));
	if (!not_null || rel->identity != M2M_IDENTITY_PAIR || !rel->unique_index ||
		rel->deleted != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TABLE_DEFINITION),
				 errmsg("relationship \"%s\" cannot be symmetric",
						get_rel_name(rel->association)),
				 rel->deleted != 0 ?
				 errdetail("Its rows are marked instead of deleted.") :
				 errdetail("A pair may have several links, or a key may be null."),
				 rel->deleted != 0 ?
				 errhint("Both rows of a link are there or gone. Give up that rows are marked: m2m_drop(%s, keep_links => true), DELETE the rows that are, m2m_adopt(%s, deleted => '').",
						 quote_literal_cstr(m2m_qualified_name(rel->association)),
						 quote_literal_cstr(m2m_qualified_name(rel->association))) :
				 errhint("Add a unique constraint over the pair, and NOT NULL to its columns.")));
}

/*
 * mend_rows: with repair, makes rows that are missing; else error 23503 where
 * there are some.  The association is locked exclusively, and it is by what is
 * there now, as the foreign key will be checked: rows that others have made or
 * deleted after the transaction's snapshot are rows, or none.
 */
static void
mend_rows(M2mRelationship *rel, bool repair)
{
	char	   *association = m2m_qualified_name(rel->association);
	char	   *alone = psprintf("FROM %s l WHERE NOT EXISTS (SELECT FROM %s a WHERE %s)",
								 association, association,
								 m2m_symmetric_mirrored(rel, "l", "a"));
	SPIPlanPtr	plan;
	bool		read_only;
	int64		count;
	bool		isnull;

	SPI_connect();
	plan = SPI_prepare(psprintf("SELECT pg_catalog.count(*) %s", alone), 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed");
	read_only = m2m_latest_begin(plan);
	if (SPI_execute_plan(plan, NULL, NULL, read_only, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed");
	m2m_latest_end(read_only);
	count = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, 1, &isnull));
	if (count > 0 && !repair)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg_plural("%lld link of \"%s\" is there in one direction only",
							   "%lld links of \"%s\" are there in one direction only",
							   (unsigned long) count, (long long) count,
							   get_rel_name(rel->association)),
				 errhint("With repair => true they are made in the other, too. See them by: SELECT l.* %s",
						 alone)));
	if (count > 0)
	{
		ereport(NOTICE,
				(errmsg_plural("%lld link of \"%s\" is made in the other direction, too",
							   "%lld links of \"%s\" are made in the other direction, too",
							   (unsigned long) count, (long long) count,
							   get_rel_name(rel->association))));
		make_missing(rel,
					 psprintf("INSERT INTO %s (%s) SELECT %s%s %s",
							  association,
							  psprintf("%s, %s", list_columns(rel, M2M_LEFT, "", false),
									   list_columns(rel, M2M_RIGHT, "", true)),
							  psprintf("%s, ", list_columns(rel, M2M_RIGHT, "l.", false)),
							  list_columns(rel, M2M_LEFT, "l.", true),
							  alone));
	}
	SPI_finish();
}

/*
 * make_missing: runs an INSERT of the rows that are missing, and has the foreign
 * keys checked of which checks wait for the end of the transaction, as ALTER TABLE
 * takes no table with such.  Afterwards they are deferred as they were, whoever
 * has said so.  Connected to SPI.
 *
 * Who repairs other people's tables is in a security-restricted operation, in
 * which no check may wait; there it is done before, and costs trying.
 */
static void
make_missing(M2mRelationship *rel, const char *insert)
{
	List	   *deferrable = m2m_symmetric_deferrable(rel);
	List	   *deferred = NIL;
	bool		restricted = InSecurityRestrictedOperation();
	ListCell   *lc;

	if (!restricted)
		run_insert(insert);
	if (restricted || AfterTriggerPendingOnRel(rel->association))
	{
		foreach(lc, deferrable)
		{
			if (is_deferred(rel, deferrable, lfirst(lc),
							restricted ? insert : NULL))
				deferred = lappend(deferred, lfirst(lc));
		}
	}
	set_constraints(deferred, NULL, "IMMEDIATE");
	if (restricted)
		run_insert(insert);
	set_constraints(deferred, NULL, "DEFERRED");
}

/* run_insert: of rows that are missing now. */
static void
run_insert(const char *insert)
{
	SPIPlanPtr	plan = SPI_prepare(insert, 0, NULL);

	if (plan == NULL || m2m_latest_write(plan, NULL, false) != SPI_OK_INSERT)
		elog(ERROR, "SPI failed for \"%s\"", insert);
}

/*
 * is_deferred: is a foreign key checked at the end of the transaction, as it is
 * now?  PostgreSQL tells it in no other way than this: when the others are
 * checked at once, do checks wait of the rows that were just written?  With an
 * INSERT these are written here, and it is the error that none may wait.
 */
static bool
is_deferred(M2mRelationship *rel, List *all, char *name, const char *insert)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner resowner = CurrentResourceOwner;
	volatile bool result = false;

	/* its end gives back what SET CONSTRAINTS changes, and what was waiting */
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		set_constraints(all, name, "IMMEDIATE");
		if (insert != NULL)
			run_insert(insert);
		result = AfterTriggerPendingOnRel(rel->association);
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = resowner;
		if (insert == NULL ||
			error->sqlerrcode != ERRCODE_INSUFFICIENT_PRIVILEGE)
			ReThrowError(error);

		/* were it another one, the INSERT will raise it again */
		FreeErrorData(error);
		result = true;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = resowner;
	return result;
}

/* set_constraints: SET CONSTRAINTS, of a list but one; which may be NULL. */
static void
set_constraints(List *names, char *but, const char *mode)
{
	StringInfoData list;
	ListCell   *lc;

	initStringInfo(&list);
	foreach(lc, names)
	{
		if (lfirst(lc) != but)
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "",
							 (char *) lfirst(lc));
	}
	if (list.len > 0 &&
		SPI_execute(psprintf("SET CONSTRAINTS %s %s", list.data, mode), false,
					0) != SPI_OK_UTILITY)
		elog(ERROR, "SPI_execute failed");
}

/*
 * list_columns: the association's columns of one side, and its properties that
 * an INSERT can give; of a column of both sides, the left one.
 */
static char *
list_columns(M2mRelationship *rel, M2mSide side, const char *alias,
			 bool properties)
{
	StringInfoData result;

	initStringInfo(&result);
	for (int i = 0; i < rel->side[side].nkeys; i++)
	{
		if (properties && rel->side[side].key[i].shared > 0)
			continue;
		appendStringInfo(&result, "%s%s%s", result.len > 0 ? ", " : "", alias,
						 m2m_quoted_column(rel->association,
										   rel->side[side].key[i].link_attnum));
	}
	for (int i = 0; properties && i < rel->nproperties; i++)
	{
		if (m2m_symmetric_is_own(rel, rel->property[i]))
			continue;
		appendStringInfo(&result, "%s%s%s", result.len > 0 ? ", " : "", alias,
						 m2m_quoted_column(rel->association,
										   rel->property[i]));
	}
	return result.data;
}

/*
 * drop_second_view: the right side's link view and function, as m2m_drop()
 * would: by ordinary DDL, without CASCADE.
 */
static void
drop_second_view(M2mRelationship *rel)
{
	ListCell   *lc;

	foreach(lc, m2m_functions_find(rel, M2M_RIGHT, true))
		m2m_ddl(psprintf("DROP FUNCTION %s",
						 format_procedure_extended(lfirst_oid(lc),
												   FORMAT_PROC_FORCE_QUALIFY)));
	m2m_ddl(psprintf("DROP VIEW %s",
					 m2m_qualified_name(rel->side[M2M_RIGHT].view)));
	m2m_relationship_changed(rel->association);
}
