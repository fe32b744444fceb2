/*
 * json.c
 *		Rows with the rows that they are linked to, as one JSON value: m2m_json.
 *
 * One SELECT, however many rows and however deep, with the caller's rights and
 * by his snapshot.  Each relationship of a table is a key of its rows' objects:
 * an array of the linked rows, with the properties of their links.
 *
 * e1, e2 ... are tables of rows, a1, a2 ... associations.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_index.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "question_internal.h"
#include "relationship.h"
#include "rule.h"
#include "text.h"

/* An array of what a SELECT behind it returns as s.o. */
#define ARRAY_OF "SELECT COALESCE(pg_catalog.jsonb_agg(s.o), " \
	"'[]'::pg_catalog.jsonb) FROM (SELECT "

/* How many relationships a path may lead through. */
#define DEEPEST 64

/* Adds a member to an object. */
#define MEMBER " OPERATOR(pg_catalog.||) " \
	"pg_catalog.jsonb_build_object(%s::pg_catalog.text, "

/* A relationship, as rows of a table show it. */
typedef struct Branch
{
	char	   *key;			/* of the array in their objects */
	M2mRelationship *rel;
	M2mSide		near;
	M2mLinkView *view;			/* that starts here */
} Branch;

/* The statement as it is written. */
typedef struct JsonText
{
	StringInfoData sql;
	int			ntables;		/* aliases that it has used */
	int64		max_rows;		/* of each array; -1: all */
} JsonText;

static void append_object(JsonText *text, Oid relid, const char *alias,
						  List *include, bool all);
static void append_branch(JsonText *text, Branch *branch, const char *near,
						  List *include);
static void append_properties(JsonText *text, Branch *branch,
							  const char *alias);
static void append_match(JsonText *text, M2mRelationship *rel, M2mSide side,
						 const char *row, const char *link);
static List *branches_of(Oid relid);
static void choose_keys(Oid relid, List *branches);
static bool is_own(Branch *branch, Oid relid);
static bool key_is_taken(Oid relid, List *branches, Branch *except,
						 const char *key);
static Branch *find_branch(Oid relid, List *branches, const char *name);
static void error_no_branch(Oid relid, List *branches, const char *name);
static bool may_read(Branch *branch);
static bool may_read_table(Oid relid);
static void check_paths(List *include);
static Datum run(const char *sql, M2mParameters *parameters, bool *isnull);

/*
 * m2m_json_key: the primary key's index of a table, by which its rows are
 * known.  Takes ACCESS SHARE on the table.  Error 42704 without one.
 */
Oid
m2m_json_key(Oid relid)
{
	Relation	table = table_open(relid, AccessShareLock);
	Oid			result = InvalidOid;
	ListCell   *lc;

	foreach(lc, RelationGetIndexList(table))
	{
		HeapTuple	tuple = SearchSysCache1(INDEXRELID,
											ObjectIdGetDatum(lfirst_oid(lc)));

		if (!HeapTupleIsValid(tuple))
			continue;
		if (((Form_pg_index) GETSTRUCT(tuple))->indisprimary)
			result = lfirst_oid(lc);
		ReleaseSysCache(tuple);
	}
	if (!OidIsValid(result))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table \"%s\" has no primary key to know its rows by",
						RelationGetRelationName(table))));
	table_close(table, NoLock);
	return result;
}

/*
 * check_paths: error 54000 for a path that leads too far: each relationship has
 * rows for each row of the one before, also where they are the same again.
 */
static void
check_paths(List *include)
{
	ListCell   *lc;

	foreach(lc, include)
	{
		if (list_length(lfirst(lc)) > DEEPEST)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a path of \"include\" leads through %d relationships, and may through %d",
							list_length(lfirst(lc)), DEEPEST),
					 errdetail("Each has rows for each row of the one before it, also for those that a path comes by again."),
					 errhint("The function m2m_reach() follows links as far as they lead, to each row once.")));
	}
}

/*
 * m2m_json_value: rows of a table by ids, which are of the left side of key, as
 * jsonb: of one id its object, *isnull if there is no such row; of an array an
 * array of those that there are, in its order.
 *
 * include is a list of paths, each a list of names of relationships, of the
 * table, then of those that it leads to; all: all relationships of the
 * table that the caller may read, and no further.  max_rows of each
 * relationship, or all if that is negative.  Errors: 42704, 42501, 54000.
 */
Datum
m2m_json_value(M2mRelationship *key, M2mIds *ids, List *include, bool all,
			   int64 max_rows, bool *isnull)
{
	Oid			relid = key->side[M2M_LEFT].relid;
	M2mParameters parameters = {0};
	JsonText text = {.ntables = 1,.max_rows = max_rows};

	check_paths(include);
	initStringInfo(&text.sql);
	appendStringInfoString(&text.sql, ids->is_array ? ARRAY_OF : "SELECT ");
	append_object(&text, relid, "e1", include, all);
	appendStringInfoString(&text.sql, ids->is_array ? " AS o FROM " : " FROM ");
	m2m_append_ids(&text.sql, key, M2M_LEFT, ids, "p", true, &parameters);
	appendStringInfo(&text.sql, " JOIN %s e1 ON ", m2m_qualified_name(relid));
	for (int i = 0; i < key->side[M2M_LEFT].nkeys; i++)
	{
		M2mKeyColumn *column = &key->side[M2M_LEFT].key[i];

		appendStringInfo(&text.sql, "%se1.%s %s p.c%d", i > 0 ? " AND " : "",
						 m2m_quoted_column(relid, column->attnum),
						 m2m_qualified_operator(column->equal_op), i + 1);
	}
	if (ids->is_array)
		appendStringInfoString(&text.sql, " ORDER BY p.o) s");
	return run(text.sql.data, &parameters, isnull);
}

/*
 * append_object: "to_jsonb(e1.*) || jsonb_build_object('books', (SELECT ...))":
 * a row with what include or all ask for.
 */
static void
append_object(JsonText *text, Oid relid, const char *alias, List *include,
			  bool all)
{
	List	   *branches = all || include != NIL ? branches_of(relid) : NIL;
	List	   *shown = NIL;
	ListCell   *lc;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	appendStringInfo(&text->sql, "pg_catalog.to_jsonb(%s.*)", alias);
	foreach(lc, include)
	{
		char	   *name = linitial(lfirst_node(List, lc));
		Branch	   *branch = find_branch(relid, branches, name);

		if (branch == NULL)
			error_no_branch(relid, branches, name);
		shown = list_append_unique_ptr(shown, branch);
	}
	foreach(lc, branches)
	{
		Branch	   *branch = lfirst(lc);
		List	   *further = NIL;
		ListCell   *lp;

		if (!(all && may_read(branch)) && !list_member_ptr(shown, branch))
			continue;

		/* what is asked for of the rows that it leads to */
		foreach(lp, include)
		{
			List	   *path = lfirst(lp);

			if (list_length(path) > 1 &&
				find_branch(relid, branches, linitial(path)) == branch)
				further = lappend(further, list_copy_tail(path, 1));
		}
		append_branch(text, branch, alias, further);
	}
}

/*
 * append_branch: " || jsonb_build_object('books', (SELECT jsonb_agg(...)))": the
 * rows that a row, near, is linked to, in their order if they have one, and that of
 * their keys.
 */
static void
append_branch(JsonText *text, Branch *branch, const char *near, List *include)
{
	M2mRelationship *rel = branch->rel;
	M2mSide		far = M2M_OTHER(branch->near);
	M2mEndpoint *endpoint = &rel->side[far];
	AttrNumber	order = m2m_order_column(rel, branch->near);
	int			n = ++text->ntables;
	char	   *row = psprintf("e%d", n);
	char	   *link = psprintf("a%d", n);

	appendStringInfo(&text->sql, MEMBER "(" ARRAY_OF,
					 quote_literal_cstr(branch->key));
	append_object(text, endpoint->relid, row, include, false);
	append_properties(text, branch, link);
	appendStringInfo(&text->sql, " AS o FROM %s %s JOIN %s %s ON ",
					 m2m_qualified_name(rel->association), link,
					 m2m_qualified_name(endpoint->relid), row);
	append_match(text, rel, far, row, link);
	appendStringInfoString(&text->sql, " WHERE ");
	append_match(text, rel, branch->near, near, link);
	if (rel->deleted != 0)
		appendStringInfo(&text->sql, " AND %s", m2m_live_condition(rel, link));
	appendStringInfoString(&text->sql, " ORDER BY ");
	if (order != 0)
		appendStringInfo(&text->sql, "%s.%s, ", link,
						 m2m_quoted_column(rel->association, order));
	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&text->sql, "%s%s.%s", i > 0 ? ", " : "", row,
						 m2m_quoted_column(endpoint->relid,
										   endpoint->key[i].attnum));

	/* several links of a pair: by what tells them apart */
	if (rel->nidentity > 0)
		appendStringInfo(&text->sql, ", pg_catalog.to_jsonb(%s.*)", link);
	if (text->max_rows >= 0)
		appendStringInfo(&text->sql, " LIMIT " INT64_FORMAT, text->max_rows);
	appendStringInfoString(&text->sql, ") s))");
}

/*
 * append_properties: " || jsonb_build_object('note', a1.note ...)": the
 * properties of the link, by the names that the link view gives them.
 */
static void
append_properties(JsonText *text, Branch *branch, const char *alias)
{
	M2mRelationship *rel = branch->rel;
	Oid			far = rel->side[M2M_OTHER(branch->near)].relid;

	for (int i = 0; i < rel->nproperties; i++)
	{
		char	   *column = get_attname(rel->association, rel->property[i],
										 false);
		char	   *name = NULL;

		for (int k = 0; k < branch->view->ncolumns; k++)
		{
			M2mViewColumn *shown = &branch->view->column[k];

			if (shown->kind == M2M_COLUMN_PROPERTY &&
				shown->attnum == rel->property[i])
				name = shown->name;
		}
		if (name == NULL)
			name = get_attnum(far, column) == InvalidAttrNumber ? column :
				m2m_name_join("link", column);
		appendStringInfo(&text->sql, MEMBER "%s.%s)",
						 quote_literal_cstr(name), alias,
						 quote_identifier(column));
	}
}

/* append_match: "e2.id = a2.book_id": the row of a side that a link is of. */
static void
append_match(JsonText *text, M2mRelationship *rel, M2mSide side,
			 const char *row, const char *link)
{
	M2mEndpoint *endpoint = &rel->side[side];

	for (int i = 0; i < endpoint->nkeys; i++)
		appendStringInfo(&text->sql, "%s%s.%s %s %s", i > 0 ? " AND " : "", row,
						 m2m_quoted_column(endpoint->relid,
										   endpoint->key[i].attnum),
						 m2m_qualified_operator(endpoint->key[i].equal_op),
						 m2m_link_operand(rel, &endpoint->key[i], link));
}

/*
 * branches_of: the relationships of a table, once for each of its sides
 * that a link view starts from; those that count without being named.  Locks
 * their associations in ACCESS SHARE.
 */
static List *
branches_of(Oid relid)
{
	List	   *associations = m2m_catalog_associations_of(list_make1_oid(relid));
	List	   *result = NIL;
	ListCell   *lc;

	/* in one order, whoever asks */
	list_sort(associations, list_oid_cmp);
	foreach(lc, associations)
	{
		M2mRelationship *rel = m2m_relationship_get(lfirst_oid(lc), InvalidOid,
													AccessShareLock);

		if (rel == NULL ||
			!m2m_relationship_trusts(rel->association,
									 rel->side[M2M_LEFT].relid,
									 rel->side[M2M_RIGHT].relid))
			continue;
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			Branch	   *branch;

			if (rel->side[s].relid != relid || !OidIsValid(rel->side[s].view))
				continue;
			branch = palloc(sizeof(Branch));
			branch->rel = rel;
			branch->near = s;
			branch->view = m2m_catalog_read_view(rel->side[s].view, true);
			if (branch->view != NULL)
				result = lappend(result, branch);
		}
	}
	choose_keys(relid, result);
	return result;
}

/*
 * choose_keys: what the arrays are called: "books", as the end of the link
 * view's name.  Of several with the same that in which the table plays the role
 * of its own name; the others, and what a column is called already, have the
 * view's whole name.
 */
static void
choose_keys(Oid relid, List *branches)
{
	ListCell   *lc;
	ListCell   *lo;

	foreach(lc, branches)
	{
		Branch	   *branch = lfirst(lc);
		M2mEndpoint *far = &branch->rel->side[M2M_OTHER(branch->near)];

		branch->key = m2m_name_plural(far->role, get_rel_name(far->relid));
	}
	foreach(lc, branches)
	{
		Branch	   *branch = lfirst(lc);
		M2mEndpoint *far = &branch->rel->side[M2M_OTHER(branch->near)];
		char	   *key = m2m_name_plural(far->role, get_rel_name(far->relid));
		bool		shared = get_attnum(relid, key) != InvalidAttrNumber;
		int			n = 0;

		foreach(lo, branches)
		{
			Branch	   *other = lfirst(lo);
			M2mEndpoint *end = &other->rel->side[M2M_OTHER(other->near)];

			if (other != branch &&
				strcmp(m2m_name_plural(end->role, get_rel_name(end->relid)),
					   key) == 0 &&
				(!is_own(branch, relid) || is_own(other, relid)))
				shared = true;
		}
		if (!shared)
			continue;
		key = get_rel_name(branch->rel->side[branch->near].view);
		branch->key = key;
		while (key_is_taken(relid, branches, branch, branch->key))
			branch->key = psprintf("%s_%d", key, ++n);
	}
}

/* is_own: does the table play the role of its own name? */
static bool
is_own(Branch *branch, Oid relid)
{
	char	   *name = get_rel_name(relid);
	char	   *role = branch->rel->side[branch->near].role;

	return strcmp(role, name) == 0 ||
		strcmp(role, m2m_name_singular(name)) == 0;
}

/* key_is_taken: by a column, or another relationship? */
static bool
key_is_taken(Oid relid, List *branches, Branch *except, const char *key)
{
	ListCell   *lc;

	if (get_attnum(relid, key) != InvalidAttrNumber)
		return true;
	foreach(lc, branches)
	{
		Branch	   *branch = lfirst(lc);

		if (branch != except && strcmp(branch->key, key) == 0)
			return true;
	}
	return false;
}

/*
 * find_branch: the relationship that a name means: the key of its array, its
 * link view, or its association where that is but one; NULL if there is none.
 */
static Branch *
find_branch(Oid relid, List *branches, const char *name)
{
	Branch	   *result = NULL;
	ListCell   *lc;

	for (int i = 0; i < 3; i++)
	{
		bool		several = false;

		foreach(lc, branches)
		{
			Branch	   *branch = lfirst(lc);
			const char *its = i == 0 ? branch->key :
				get_rel_name(i == 1 ? branch->rel->side[branch->near].view :
							 branch->rel->association);

			if (its == NULL || strcmp(its, name) != 0)
				continue;
			several = result != NULL;
			result = branch;
		}
		if (result != NULL && !several)
			return result;
		result = NULL;
	}
	return NULL;
}

/* error_no_branch: error 42704, with the names that there are. */
static void
error_no_branch(Oid relid, List *branches, const char *name)
{
	StringInfoData names;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, branches)
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
						 ((Branch *) lfirst(lc))->key);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("table \"%s\" has no relationship \"%s\" to include",
					get_rel_name(relid), name),
			 names.len > 0 ? errhint("It has: %s.", names.data) :
			 errhint("It has none.")));
}

/* may_read: could the caller select all of a relationship, and where it leads? */
static bool
may_read(Branch *branch)
{
	return may_read_table(branch->rel->association) &&
		may_read_table(branch->rel->side[M2M_OTHER(branch->near)].relid);
}

/* may_read_table: all columns of a table. */
static bool
may_read_table(Oid relid)
{
	return pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(relid, GetUserId(), ACL_SELECT,
								  ACLMASK_ALL) == ACLCHECK_OK;
}

/*
 * run: the one value that a SELECT returns, in the caller's memory; *isnull also
 * if there is no row.  Without JIT: what a planner expects of sub-selects within
 * each other multiplies, and to compile them takes seconds, in which nobody can
 * cancel it.
 */
static Datum
run(const char *sql, M2mParameters *parameters, bool *isnull)
{
	MemoryContext context = CurrentMemoryContext;
	Datum		result = (Datum) 0;
	int			nestlevel = NewGUCNestLevel();

	m2m_setting_for_now("jit", "off");
	SPI_connect();
	if (SPI_execute_with_args(sql, parameters->n, parameters->type,
							  parameters->value, NULL, true, 0) < 0)
		elog(ERROR, "SPI_execute_with_args failed for \"%s\"", sql);
	*isnull = true;
	if (SPI_processed > 0)
		result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1,
							   isnull);
	if (!*isnull)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		result = PointerGetDatum(PG_DETOAST_DATUM_COPY(result));
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	AtEOXact_GUC(true, nestlevel);
	return result;
}
