/*
 * view_columns.c
 *		Which columns a link view has, and which it should have: it is compared
 *		with its relationship, and brought up to it.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "execute.h"
#include "m2m.h"
#include "text.h"
#include "view_internal.h"

static bool is_shown_near(M2mRelationship *rel, List *columns,
						  M2mEndpoint *far, AttrNumber attnum);
static List *add_column(List *columns, M2mViewColumnKind kind,
						AttrNumber attnum, const char *name,
						const char *prefix);
static bool has_name(List *columns, const char *name);
static List *refreshed_columns(M2mRelationship *rel, M2mLinkView *view);

/*
 * m2m_view_columns: the columns of a link view: those that it has (as far as
 * their source is still there, or a null stands for it), and what it does not
 * show yet of the near key, the far endpoint and the link properties, in that
 * order.  The near key comes first, by which it is known, and keeps its names;
 * an endpoint's column whose name is taken gets its role as a prefix, a
 * property "link".
 *
 * A column of the far key that is one with a column of the near key in the
 * association is shown there, and not again; unless the far endpoint has no
 * others, since by these read_columns() finds the end of the near key.
 */
List *
m2m_view_columns(M2mRelationship *rel, M2mSide near, List *existing)
{
	M2mEndpoint *this = &rel->side[near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(near)];
	List	   *columns = NIL;
	List	   *others = NIL;
	List	   *named;			/* all whose names are taken */
	int			natts = m2m_catalog_natts(far->relid);
	bool		only_shared = true;
	ListCell   *lc;

	foreach(lc, existing)
	{
		M2mViewColumn *column = lfirst(lc);
		Oid			relid = column->kind == M2M_COLUMN_ENDPOINT ?
			far->relid : rel->association;

		if (column->attnum < 0 ||
			(column->attnum > 0 &&
			 !m2m_catalog_column_exists(relid, column->attnum)))
			continue;
		if (column->kind == M2M_COLUMN_KEY)
			columns = lappend(columns, column);
		else
			others = lappend(others, column);
	}
	named = list_concat_copy(columns, others);
	for (int i = 0; i < this->nkeys; i++)
	{
		int			n = list_length(named);

		named = add_column(named, M2M_COLUMN_KEY, this->key[i].link_attnum,
						   get_attname(rel->association,
									   this->key[i].link_attnum, false),
						   this->role);
		if (list_length(named) > n)
			columns = lappend(columns, llast(named));
	}

	/*
	 * The near key stands first even where a key has come since, as
	 * read_columns() tells keys from link properties by that.
	 */
	columns = list_concat(columns, others);
	for (int a = 1; a <= natts; a++)
	{
		if (m2m_catalog_column_exists(far->relid, a) &&
			!is_shown_near(rel, columns, far, a))
			only_shared = false;
	}
	for (int a = 1; a <= natts; a++)
	{
		HeapTuple	tuple = SearchSysCacheAttNum(far->relid, a);

		if (!HeapTupleIsValid(tuple))
			continue;
		if (!only_shared && is_shown_near(rel, columns, far, a))
		{
			ReleaseSysCache(tuple);
			continue;
		}
		columns = add_column(columns, M2M_COLUMN_ENDPOINT, a,
							 NameStr(((Form_pg_attribute) GETSTRUCT(tuple))->attname),
							 far->role);
		ReleaseSysCache(tuple);
	}
	for (int i = 0; i < rel->nproperties; i++)
		columns = add_column(columns, M2M_COLUMN_PROPERTY, rel->property[i],
							 get_attname(rel->association, rel->property[i],
										 false),
							 "link");
	return columns;
}

/*
 * is_shown_near: is a column of the far endpoint its key's, and behind it a
 * column of the association that the near key shows?  Or did show, as one of
 * that name was dropped and has come back for the far key first.
 */
static bool
is_shown_near(M2mRelationship *rel, List *columns, M2mEndpoint *far,
			  AttrNumber attnum)
{
	ListCell   *lc;

	for (int i = 0; i < far->nkeys; i++)
	{
		if (far->key[i].attnum != attnum)
			continue;
		foreach(lc, columns)
		{
			M2mViewColumn *column = lfirst(lc);

			if (column->kind != M2M_COLUMN_KEY)
				continue;
			if (column->attnum == far->key[i].link_attnum ||
				(column->attnum == 0 &&
				 strcmp(column->source,
						get_attname(rel->association,
									far->key[i].link_attnum, false)) == 0))
				return true;
		}
	}
	return false;
}

/*
 * add_column: adds a column unless it is there, under its own name,
 * prefix_name where that is taken, or prefix_name_2 and so on where that is
 * taken too.
 */
static List *
add_column(List *columns, M2mViewColumnKind kind, AttrNumber attnum,
		   const char *name, const char *prefix)
{
	M2mViewColumn *column;
	ListCell   *lc;

	foreach(lc, columns)
	{
		column = lfirst(lc);
		if (column->kind == kind && column->attnum == attnum)
			return columns;
	}
	column = palloc0(sizeof(M2mViewColumn));
	column->kind = kind;
	column->attnum = attnum;
	column->as_domain = false;
	column->name = m2m_view_alias(columns, name, prefix);
	return lappend(columns, column);
}

/*
 * m2m_view_alias: the name of a further column, see add_column().
 */
char *
m2m_view_alias(List *columns, const char *name, const char *prefix)
{
	char	   *alias = pstrdup(name);

	for (int i = 1; has_name(columns, alias); i++)
		alias = i == 1 ? m2m_name_join(prefix, name) :
			makeObjectName(prefix, name, psprintf("%d", i));
	return alias;
}

/*
 * m2m_view_prefix: what a column of a link view gets as a prefix where its
 * name is taken: the role of the endpoint that it is of, or "link".
 */
const char *
m2m_view_prefix(M2mLinkView *view, M2mViewColumn *column)
{
	return column->kind == M2M_COLUMN_KEY ? view->role[view->near] :
		column->kind == M2M_COLUMN_ENDPOINT ?
		view->role[M2M_OTHER(view->near)] : "link";
}

/* has_name: is a column of the name among them? */
static bool
has_name(List *columns, const char *name)
{
	ListCell   *lc;

	foreach(lc, columns)
	{
		if (strcmp(((M2mViewColumn *) lfirst(lc))->name, name) == 0)
			return true;
	}
	return false;
}

/*
 * m2m_view_sources: the columns of a view, as copies in the same order, with
 * their sources in the tables of a relationship, which need not be those that
 * the view reads now.  They are found by name; the near key by position.
 * Where the far endpoint is not known, or a column of the near key is lost,
 * nulls stand for them.  What is nowhere any more has an attnum of -1.
 */
List *
m2m_view_sources(M2mRelationship *rel, M2mLinkView *view)
{
	M2mEndpoint *this = &rel->side[view->near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(view->near)];
	List	   *columns = NIL;
	int			nkeys = 0;

	for (int i = 0; i < view->ncolumns; i++)
		nkeys += view->column[i].kind == M2M_COLUMN_KEY;
	for (int i = 0; i < view->ncolumns; i++)
	{
		M2mViewColumn *column = palloc(sizeof(M2mViewColumn));

		*column = view->column[i];
		columns = lappend(columns, column);
		if (column->kind == M2M_COLUMN_ENDPOINT)
		{
			if (!OidIsValid(far->relid))
				column->attnum = 0;
			else if (far->relid != view->far_relid)
			{
				column->attnum = get_attnum(far->relid, column->source);
				if (column->attnum <= 0)
					column->attnum = -1;
			}
		}
		else if (column->kind == M2M_COLUMN_KEY)
		{
			bool		is_key = false;

			for (int j = 0; j < this->nkeys; j++)
				is_key |= this->key[j].link_attnum == column->attnum;
			if (is_key)
				continue;
			if (this->nkeys == nkeys)
				column->attnum = this->key[i].link_attnum;
			else if (this->nkeys > 0)
				column->attnum = -1;
			else if (!m2m_catalog_column_exists(rel->association,
												column->attnum))
				column->attnum = 0;
		}
		else if (column->kind == M2M_COLUMN_PROPERTY)
		{
			bool		is_property = false;

			for (int j = 0; j < rel->nproperties; j++)
				is_property |= rel->property[j] == column->attnum;
			if (!is_property)
				column->attnum = -1;
		}

		/* a null of a type that is gone cannot be written; nor is it missed */
		if (column->attnum == 0 &&
			!SearchSysCacheExists1(TYPEOID, ObjectIdGetDatum(column->type)))
			column->attnum = -1;
	}
	return columns;
}

/* refreshed_columns: the columns of a view, and those that it should have. */
static List *
refreshed_columns(M2mRelationship *rel, M2mLinkView *view)
{
	return m2m_view_columns(rel, view->near,
							m2m_view_sources(rel, view));
}

/*
 * m2m_view_is_astray: does a link view join another table or other columns
 * than the relationship does, or rest although that is whole?
 */
bool
m2m_view_is_astray(M2mRelationship *rel, M2mLinkView *view)
{
	M2mEndpoint *this = &rel->side[view->near];
	M2mEndpoint *far = &rel->side[M2M_OTHER(view->near)];

	if (view->far_relid != far->relid || view->nnear != this->nkeys ||
		view->nfar != far->nkeys)
		return true;
	for (int i = 0; i < this->nkeys; i++)
	{
		if (!m2m_columns_include(view->nnear, view->near_link,
								 this->key[i].link_attnum))
			return true;
	}
	for (int i = 0; i < far->nkeys; i++)
	{
		bool		found = false;

		for (int j = 0; j < view->nfar; j++)
			found |= view->far_link[j] == far->key[i].link_attnum &&
				(view->at_rest || view->far_key[j] == far->key[i].attnum);
		if (!found)
			return true;
	}
	return false;
}

/*
 * m2m_view_needs_refresh: is there a column that a link view does not show
 * yet, has NOT NULL of its near key changed, does it show rows that are no
 * links, or is it astray?  False for a
 * view with something of the user's own, which we could not make again.
 */
bool
m2m_view_needs_refresh(M2mRelationship *rel, M2mLinkView *view)
{
	int			nguards = 0;

	if (view->custom)
		return false;
	if (m2m_view_is_astray(rel, view) || view->deleted != rel->deleted ||
		(rel->deleted != 0 && view->deleted_kind != rel->deleted_kind))
		return true;
	for (int i = 0; i < rel->side[view->near].nkeys; i++)
		nguards += !rel->side[view->near].key[i].link_not_null;
	return nguards != view->nguards ||
		list_length(refreshed_columns(rel, view)) != view->ncolumns;
}

/*
 * m2m_view_replaceable: can a link view be brought up to its tables in place,
 * by CREATE OR REPLACE VIEW?  That keeps all columns, in their order and with
 * their types.
 */
bool
m2m_view_replaceable(M2mRelationship *rel, M2mLinkView *view)
{
	List	   *columns = refreshed_columns(rel, view);

	/* checkViewTupleDesc() says the same, but by an error */
	if (list_length(columns) < view->ncolumns)
		return false;
	for (int i = 0; i < view->ncolumns; i++)
	{
		M2mViewColumn *old = &view->column[i];
		M2mViewColumn *new = list_nth(columns, i);
		Oid			type;
		int32		typmod;
		Oid			collation;

		if (strcmp(new->name, old->name) != 0)
			return false;
		if (new->attnum == 0)
			continue;
		get_atttypetypmodcoll(new->kind == M2M_COLUMN_ENDPOINT ?
							  rel->side[M2M_OTHER(view->near)].relid :
							  rel->association,
							  new->attnum, &type, &typmod, &collation);
		if (!new->as_domain)
			type = getBaseTypeAndTypmod(type, &typmod);
		if (type != old->type || typmod != old->typmod ||
			collation != old->collation)
			return false;
	}
	return true;
}

/* m2m_view_refresh_sql: the statement that does so. */
char *
m2m_view_refresh_sql(M2mRelationship *rel, M2mLinkView *view)
{
	return psprintf("CREATE OR REPLACE %sVIEW %s%s AS %s",
					rel->temporary ? "TEMPORARY " : "",
					m2m_qualified_name(view->view),
					m2m_view_options(view->view),
					m2m_view_query(rel, view->near,
								   refreshed_columns(rel, view)));
}

/*
 * m2m_view_refresh: brings a link view up to what its tables have become:
 * further columns come at its end, and its WHERE follows NOT NULL.  Runs as
 * the current user, who owns the view.
 */
void
m2m_view_refresh(M2mRelationship *rel, M2mLinkView *view)
{
	m2m_ddl(m2m_view_refresh_sql(rel, view));
}
