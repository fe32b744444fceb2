/*
 * define_plan.c
 *		What a join table lacks to be an association table, and what adds it.
 *
 * The join tables of some ORMs have neither foreign keys nor any key.  A plan
 * is a list of steps, each a finding and the statement that mends it: what
 * m2m_adopt lists where it refuses is what it runs where it is asked to repair.
 *
 * Rows are deleted only if nothing is lost by it: those that refer to no row;
 * those with a null in place of one, where the table gets a primary key; and
 * of rows that are the same byte by byte all but one, where no key tells them
 * apart.  All else is for the user to decide.  A table that has a key of its
 * own says by that what a link is, and keeps it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_partitioned_table.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "catalog.h"
#include "define.h"
#include "define_internal.h"
#include "execute.h"
#include "m2m.h"
#include "text.h"

/* How many rows a sample shows, and how much of each. */
#define SAMPLE_ROWS 5
#define SAMPLE_WIDTH 80

/* A plan in the making. */
typedef struct Planning
{
	M2mRelationship *rel;
	ForeignKeyCacheInfo **fk;
	M2mRepairLook look;
	const char *association;	/* its name, qualified */
	char	   *pair;			/* its key columns, as a list */
	bool		adds_key;		/* over them, in this order */
	List	   *steps;			/* M2mRepairStep */
} Planning;

/* A question about rows. */
typedef struct Question
{
	const char *sql;
	char	   *answer;			/* text, in the asker's memory; NULL: null */
} Question;

static bool plan_polymorphic(Planning *planning, M2mSide side);
static void plan_foreign_key(Planning *planning, M2mSide side);
static void plan_orphans(Planning *planning, M2mSide side);
static void plan_key(Planning *planning);
static void plan_index(Planning *planning, M2mSide side);
static M2mRepairStep *add_step(Planning *planning, char *what, char *sql);
static void add_delete(Planning *planning, const char *which,
					   const char *where, const char *one, const char *many);
static bool pair_is_nullable(M2mRelationship *rel);
static bool sets_null(Planning *planning);
static bool can_be_unique(M2mRelationship *rel);
static bool has_primary_key(Oid relid);
static bool has_children(Oid relid);
static bool is_valid(Oid constraint);
static char *cascading_key(Oid association);
static char *list_columns(M2mRelationship *rel, M2mSide first, bool both);
static char *no_nulls(M2mRelationship *rel, M2mSide side);
static char *refers(Planning *planning, M2mSide side);
static char *links(Planning *planning);
static char *same_pair(M2mRelationship *rel);
static bool may_look(Planning *planning);
static int64 count(Planning *planning, const char *from);
static char *ask(Planning *planning, const char *sql);
static void run_question(void *arg);

/*
 * m2m_repair_plan: what an association lacks whose foreign keys, or drafts of
 * them, are given: a list of M2mRepairStep, in the order in which they mend.
 * Nothing is changed.  The caller holds at least AccessShareLock on the three
 * tables; rows are looked at as look says, and who looks takes that lock on
 * them, too.  Errors: 42501 where the current user is to look, and may not.
 */
List *
m2m_repair_plan(Oid association, ForeignKeyCacheInfo *fk[2],
				M2mRepairLook look)
{
	static const char *role[2] = {"left", "right"};
	Planning	planning = {0};

	planning.rel = m2m_catalog_read_foreign_keys(association, fk, role);
	planning.fk = fk;
	planning.association = m2m_qualified_name(association);
	planning.pair = list_columns(planning.rel, M2M_LEFT, true);
	planning.look = look;
	if (look == M2M_LOOK_OWNER && !may_look(&planning))
		planning.look = M2M_LOOK_CATALOGS;

	/* what refers to several tables can be mended by no statement here */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		if (plan_polymorphic(&planning, s))
			return planning.steps;
	}

	/* rows before the constraints that they would keep from being made */
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		plan_orphans(&planning, s);
	plan_key(&planning);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		plan_foreign_key(&planning, s);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		plan_index(&planning, s);
	return planning.steps;
}

/*
 * plan_polymorphic: a column without a foreign key that refers to rows of
 * several tables, and of which is told by another; returns whether it is so.
 * Rows of another table's are no orphans.
 */
static bool
plan_polymorphic(Planning *planning, M2mSide side)
{
	M2mRelationship *rel = planning->rel;
	M2mEndpoint *endpoint = &rel->side[side];

	for (int i = 0; !OidIsValid(planning->fk[side]->conoid) &&
		 i < endpoint->nkeys; i++)
	{
		AttrNumber	attnum = endpoint->key[i].link_attnum;
		char	   *hint = m2m_polymorphic_hint(rel->association, attnum);
		M2mRepairStep *step;

		if (hint == NULL)
			continue;
		step = add_step(planning,
						psprintf("column \"%s\" does not refer to \"%s\" alone",
								 get_attname(rel->association, attnum, false),
								 get_rel_name(endpoint->relid)), NULL);
		step->hint = psprintf("%s If all of its rows refer to \"%s\", add the foreign key to that table yourself.",
							  hint, get_rel_name(endpoint->relid));
		step->required = true;
		return true;
	}
	return false;
}

/*
 * plan_foreign_key: one that is missing, or was not validated.  With a column
 * of both sides in it, it does nothing on update: an endpoint's row with
 * another tenant would carry its links into that.
 */
static void
plan_foreign_key(Planning *planning, M2mSide side)
{
	M2mRelationship *rel = planning->rel;
	M2mEndpoint *endpoint = &rel->side[side];
	Oid			constraint = planning->fk[side]->conoid;
	M2mRepairStep *step;
	char	   *columns = list_columns(rel, side, false);
	char	   *table = get_rel_name(endpoint->relid);
	bool		shared = false;

	if (OidIsValid(constraint))
	{
		char	   *name = get_constraint_name(constraint);

		if (!is_valid(constraint))
			add_step(planning,
					 psprintf("foreign key \"%s\" has not been validated",
							  name),
					 psprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s",
							  planning->association, quote_identifier(name)));
		return;
	}
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];
		char	   *type;

		shared |= m2m_columns_include(planning->fk[M2M_OTHER(side)]->nkeys,
									  planning->fk[M2M_OTHER(side)]->conkey,
									  key->link_attnum);
		if (OidIsValid(key->equal_op))
			continue;
		step = add_step(planning,
						psprintf("column \"%s\" is of type %s, the key \"%s\" of \"%s\" of type %s: no foreign key can be between them",
								 get_attname(rel->association,
											 key->link_attnum, false),
								 format_type_be(key->link_type),
								 get_attname(endpoint->relid, key->attnum,
											 false),
								 table,
								 format_type_with_typemod(key->type,
														  key->typmod)),
						NULL);
		type = format_type_extended(key->type, key->typmod,
									FORMAT_TYPE_TYPEMOD_GIVEN |
									FORMAT_TYPE_FORCE_QUALIFY);
		step->hint = psprintf("Give the column the type of the key: "
							  "ALTER TABLE %s ALTER COLUMN %s TYPE %s USING %s::%s.",
							  planning->association,
							  m2m_quoted_column(rel->association,
												key->link_attnum), type,
							  m2m_quoted_column(rel->association,
												key->link_attnum), type);
		step->required = true;
		return;
	}
	if (has_children(rel->association))
	{
		step = add_step(planning,
						psprintf("no foreign key to \"%s\" reaches the rows of its inheritance children",
								 table), NULL);
		step->hint = "Let the table have no children (ALTER TABLE ... NO INHERIT), or make it a partitioned one.";
		step->required = true;
		return;
	}
	step = add_step(planning,
					psprintf("no foreign key over (%s) refers to \"%s\"",
							 columns, table),
					psprintf("ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (%s)"
							 " ON UPDATE %s ON DELETE CASCADE",
							 planning->association, columns,
							 m2m_qualified_name(endpoint->relid),
							 m2m_quoted_key(rel, side),
							 shared ? "NO ACTION" : "CASCADE"));
	step->required = true;
}

/*
 * plan_orphans: rows that no valid foreign key has kept from referring to
 * nothing.  (That a row has been there once, nobody knows any more.)
 */
static void
plan_orphans(Planning *planning, M2mSide side)
{
	M2mRelationship *rel = planning->rel;
	char	   *refer = refers(planning, side);
	char	   *table = get_rel_name(rel->side[side].relid);
	char	   *where;

	if (refer == NULL)
		return;
	where = psprintf("%s AND NOT %s", no_nulls(rel, side), refer);
	add_delete(planning, where, where,
			   psprintf("row that refers to no row of \"%s\"", table),
			   psprintf("rows that refer to no row of \"%s\"", table));
}

/*
 * plan_key: what keeps a pair from standing there twice.  A key that holds the
 * pair, or some of it, whatever more, is the table's own word on what a link
 * is.  A number of the row says nothing of it: then a pair may be unique if no
 * pair stands there twice.  Without any key it becomes the primary key.
 */
static void
plan_key(Planning *planning)
{
	M2mRelationship *rel = planning->rel;
	Oid			association = rel->association;
	bool		numbered = rel->has_key &&
		rel->identity == M2M_IDENTITY_SURROGATE;
	bool		primary = !has_primary_key(association) &&
		!sets_null(planning);
	const char *differing = psprintf("FROM (SELECT DISTINCT %s FROM %s a WHERE %s"
									 " AND EXISTS (SELECT FROM %s b WHERE %s"
									 " AND NOT b.* OPERATOR(pg_catalog.*=) a.*)) d",
									 list_columns(rel, M2M_LEFT, true),
									 planning->association, links(planning),
									 planning->association, same_pair(rel));
	const char *nulls = psprintf("pg_catalog.num_nulls(%s) OPERATOR(pg_catalog.>) 0",
								 planning->pair);
	const char *doubled = psprintf("EXISTS (SELECT FROM %s b WHERE %s"
								   " AND b.* OPERATOR(pg_catalog.*=) a.*"
								   " AND ROW(b.tableoid, b.ctid) OPERATOR(pg_catalog.<)"
								   " ROW(a.tableoid, a.ctid))",
								   planning->association, same_pair(rel));
	M2mRepairStep *step;
	int64		n;

	if ((rel->has_key && !numbered) || m2m_catalog_has_wider_key(rel) ||
		has_children(association) || !can_be_unique(rel))
		return;

	/* a deferrable primary key, which tells rows apart, but says no identity */
	numbered |= has_primary_key(association);
	n = planning->look == M2M_LOOK_CATALOGS ? 0 : count(planning, differing);
	if (n > 0)
	{
		char	   *sample = ask(planning,
								 psprintf("SELECT pg_catalog.string_agg("
										  "pg_catalog.left((d.*)::pg_catalog.text, %d), ', ')"
										  " FROM (SELECT DISTINCT %s %s ORDER BY %s LIMIT %d) d",
										  SAMPLE_WIDTH, planning->pair,
										  differing, planning->pair,
										  SAMPLE_ROWS));

		step = add_step(planning,
						psprintf(ngettext(INT64_FORMAT " pair (%s) stands there several times, in rows that are not the same: %s%s",
										  INT64_FORMAT " pairs (%s) stand there several times, in rows that are not the same: %s%s",
										  (unsigned long) n),
								 n, planning->pair, sample,
								 n > SAMPLE_ROWS ? " and others" : ""), NULL);
		if (numbered)
			step->remark = true;
		else
			step->hint = psprintf("Which of these rows are right is for you to say: "
								  "delete the others. If all of them are links, "
								  "say by a key what tells them apart: "
								  "ALTER TABLE %s ADD UNIQUE (%s, ...), or ADD PRIMARY KEY.",
								  planning->association, planning->pair);
		if (numbered)
			return;
	}
	if (!numbered)
	{
		if (primary && pair_is_nullable(rel))
			add_delete(planning, nulls, nulls,
					   "row with a null in a key column, which links nothing",
					   "rows with a null in a key column, which link nothing");
		/* those that are gone by then need not be told from them again */
		add_delete(planning, psprintf("%s AND %s", links(planning), doubled),
				   doubled, "row that repeats a link",
				   "rows that repeat a link");
	}
	planning->adds_key = true;
	add_step(planning, pstrdup("no key keeps a pair from being linked twice"),
			 primary && !numbered ?
			 psprintf("ALTER TABLE %s ADD PRIMARY KEY (%s)",
					  planning->association, planning->pair) :
			 psprintf("CREATE UNIQUE INDEX ON %s (%s)",
					  planning->association, planning->pair));
}

/* plan_index: one to find the links of a row by, where no key does. */
static void
plan_index(Planning *planning, M2mSide side)
{
	M2mRelationship *rel = planning->rel;

	if ((planning->adds_key && side == M2M_LEFT) ||
		m2m_catalog_has_leading_index(rel, &rel->side[side]))
		return;
	add_step(planning,
			 psprintf("no index to find the links of a row of \"%s\" by",
					  get_rel_name(rel->side[side].relid)),
			 psprintf("CREATE INDEX ON %s (%s)", planning->association,
					  list_columns(rel, side, true)));
}

/* add_step: appends one to the plan. */
static M2mRepairStep *
add_step(Planning *planning, char *what, char *sql)
{
	M2mRepairStep *step = palloc0(sizeof(M2mRepairStep));

	step->what = what;
	step->sql = sql;
	planning->steps = lappend(planning->steps, step);
	return step;
}

/*
 * add_delete: a step that deletes the rows that are found by which, at its
 * turn by where, if there are any.  It is the user's to run if rows of another
 * table would go with them.
 */
static void
add_delete(Planning *planning, const char *which, const char *where,
		   const char *one, const char *many)
{
	const char *rows;
	char	   *sample;
	char	   *cascading;
	int64		n;
	M2mRepairStep *step;

	if (planning->look == M2M_LOOK_CATALOGS)
		return;
	n = count(planning, psprintf("FROM %s a WHERE %s", planning->association,
								 which));
	if (n == 0)
		return;
	rows = n == 1 ? one : many;
	sample = ask(planning,
				 psprintf("SELECT pg_catalog.string_agg(pg_catalog.left(d.t, %d), ', ')"
						  " FROM (SELECT (a.*)::pg_catalog.text AS t FROM %s a"
						  " WHERE %s ORDER BY a.tableoid, a.ctid LIMIT %d) d",
						  SAMPLE_WIDTH, planning->association, which,
						  SAMPLE_ROWS));
	if (sample == NULL)
		sample = pstrdup("");
	if (n > SAMPLE_ROWS)
		sample = psprintf("%s and others", sample);
	step = add_step(planning,
					psprintf(INT64_FORMAT " %s: %s", n, rows, sample),
					psprintf("DELETE FROM %s a WHERE %s",
							 planning->association, where));
	step->rows = n;
	step->sample = sample;
	step->notice = psprintf("deleting " INT64_FORMAT " %s", n, rows);
	cascading = cascading_key(planning->rel->association);
	if (cascading != NULL)
	{
		step->sql = NULL;
		step->required = true;
		step->hint = psprintf("Deleting rows of \"%s\" would change rows of another table, too: %s. Delete them yourself, if that is meant.",
							  get_rel_name(planning->rel->association),
							  cascading);
	}
}

/* pair_is_nullable: can a key column be null? */
static bool
pair_is_nullable(M2mRelationship *rel)
{
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			if (!rel->side[s].key[i].link_not_null)
				return true;
		}
	}
	return false;
}

/*
 * sets_null: does a foreign key that is there set key columns to null, so that
 * a primary key over them would be in its way?
 */
static bool
sets_null(Planning *planning)
{
	bool		result = false;

	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		HeapTuple	tuple = SearchSysCache1(CONSTROID,
											ObjectIdGetDatum(planning->fk[s]->conoid));
		Form_pg_constraint form;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_constraint) GETSTRUCT(tuple);
		result |= form->confdeltype == FKCONSTR_ACTION_SETNULL ||
			form->confupdtype == FKCONSTR_ACTION_SETNULL;
		ReleaseSysCache(tuple);
	}
	return result;
}

/*
 * can_be_unique: can an index keep the pair unique?  In a partitioned table
 * only one that holds what it is partitioned by.
 */
static bool
can_be_unique(M2mRelationship *rel)
{
	HeapTuple	tuple = SearchSysCache1(PARTRELID,
										ObjectIdGetDatum(rel->association));
	Form_pg_partitioned_table form;
	bool		result = true;

	if (!HeapTupleIsValid(tuple))
		return true;
	form = (Form_pg_partitioned_table) GETSTRUCT(tuple);
	for (int i = 0; i < form->partnatts; i++)
	{
		bool		found = false;

		/* 0 is an expression, which is in no key */
		for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
		{
			for (int j = 0; j < rel->side[s].nkeys; j++)
				found |= rel->side[s].key[j].link_attnum ==
					form->partattrs.values[i];
		}
		result &= found;
	}
	ReleaseSysCache(tuple);
	return result;
}

/* has_primary_key: whatever columns it is over. */
static bool
has_primary_key(Oid relid)
{
	Relation	relation = relation_open(relid, NoLock);
	bool		result;

	/* fills in rd_pkindex */
	list_free(RelationGetIndexList(relation));
	result = OidIsValid(relation->rd_pkindex);
	relation_close(relation, NoLock);
	return result;
}

/* has_children: has a table inheritance children, or had some? */
static bool
has_children(Oid relid)
{
	return get_rel_relkind(relid) == RELKIND_RELATION && has_subclass(relid);
}

/* is_valid: has a foreign key kept wrong rows away from the first? */
static bool
is_valid(Oid constraint)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID,
										ObjectIdGetDatum(constraint));
	Form_pg_constraint form;
	bool		result;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_constraint) GETSTRUCT(tuple);
	result = form->convalidated && m2m_constraint_is_enforced(form);
	ReleaseSysCache(tuple);
	return result;
}

/*
 * cascading_key: a foreign key that would change rows of another table when
 * rows of the association are deleted, as a message names it; NULL if there is
 * none.
 */
static char *
cascading_key(Oid association)
{
	Relation	constraints = table_open(ConstraintRelationId,
										 AccessShareLock);
	SysScanDesc scan = systable_beginscan(constraints, InvalidOid, false,
										  NULL, 0, NULL);
	HeapTuple	tuple;
	char	   *result = NULL;

	while (result == NULL && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (form->contype == CONSTRAINT_FOREIGN &&
			form->confrelid == association &&
			form->confdeltype != FKCONSTR_ACTION_NOACTION &&
			form->confdeltype != FKCONSTR_ACTION_RESTRICT)
			result = psprintf("foreign key \"%s\" of \"%s\"",
							  NameStr(form->conname),
							  get_rel_name(form->conrelid));
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return result;
}

/*
 * list_columns: the association's columns of a side, then, with both, those of
 * the other that are not among them.
 */
static char *
list_columns(M2mRelationship *rel, M2mSide first, bool both)
{
	M2mEndpoint *other = &rel->side[M2M_OTHER(first)];
	AttrNumber	columns[2 * INDEX_MAX_KEYS];
	int			n = 0;
	StringInfoData list;

	for (int i = 0; i < rel->side[first].nkeys; i++)
		columns[n++] = rel->side[first].key[i].link_attnum;
	for (int i = 0; both && i < other->nkeys; i++)
	{
		if (!m2m_columns_include(n, columns, other->key[i].link_attnum))
			columns[n++] = other->key[i].link_attnum;
	}
	initStringInfo(&list);
	for (int i = 0; i < n; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "",
						 m2m_quoted_column(rel->association, columns[i]));
	return list.data;
}

/* no_nulls: "no column of a side is null", of a row. */
static char *
no_nulls(M2mRelationship *rel, M2mSide side)
{
	return psprintf("pg_catalog.num_nulls(%s) OPERATOR(pg_catalog.=) 0",
					list_columns(rel, side, false));
}

/*
 * refers: "there is a row of the endpoint that the row a refers to"; NULL where
 * a foreign key says so, or nothing can compare the two.  Not ONLY: a row in an
 * inheritance child is no reason to delete links to it.
 */
static char *
refers(Planning *planning, M2mSide side)
{
	M2mRelationship *rel = planning->rel;
	M2mEndpoint *endpoint = &rel->side[side];
	StringInfoData sql;

	if (OidIsValid(planning->fk[side]->conoid) &&
		is_valid(planning->fk[side]->conoid))
		return NULL;
	initStringInfo(&sql);
	appendStringInfo(&sql, "EXISTS (SELECT FROM %s r WHERE",
					 m2m_qualified_name(endpoint->relid));
	for (int i = 0; i < endpoint->nkeys; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];

		if (!OidIsValid(key->equal_op))
			return NULL;
		appendStringInfo(&sql, "%s r.%s %s %s", i > 0 ? " AND" : "",
						 m2m_quoted_column(endpoint->relid, key->attnum),
						 m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, "a"));
	}
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/* links: "the row a is a link between rows that are there". */
static char *
links(Planning *planning)
{
	char	   *left = refers(planning, M2M_LEFT);
	char	   *right = refers(planning, M2M_RIGHT);

	return psprintf("pg_catalog.num_nulls(%s) OPERATOR(pg_catalog.=) 0%s%s%s%s",
					planning->pair, left != NULL ? " AND " : "",
					left != NULL ? left : "", right != NULL ? " AND " : "",
					right != NULL ? right : "");
}

/* same_pair: "the rows a and b have the same pair", as an index has it. */
static char *
same_pair(M2mRelationship *rel)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (int s = M2M_LEFT; s <= M2M_RIGHT; s++)
	{
		for (int i = 0; i < rel->side[s].nkeys; i++)
		{
			M2mKeyColumn *key = &rel->side[s].key[i];
			char	   *column = m2m_quoted_column(rel->association,
												   key->link_attnum);
			Oid			equal = lookup_type_cache(key->link_type,
												  TYPECACHE_EQ_OPR)->eq_opr;

			if (OidIsValid(equal))
				appendStringInfo(&sql, "%sb.%s %s a.%s",
								 sql.len > 0 ? " AND " : "", column,
								 m2m_qualified_operator(equal), column);
		}
	}
	return sql.len > 0 ? sql.data : pstrdup("true");
}

/*
 * may_look: may both the caller and the association's owner, who will, read all
 * three tables, whose owners are trusted, and is nobody's policy in between?
 */
static bool
may_look(Planning *planning)
{
	M2mRelationship *rel = planning->rel;
	Oid			owner = m2m_catalog_relation_owner(rel->association);
	Oid			tables[] = {rel->association, rel->side[M2M_LEFT].relid,
	rel->side[M2M_RIGHT].relid};

	for (size_t i = 0; i < lengthof(tables); i++)
	{
		if (pg_class_aclcheck(tables[i], GetUserId(),
							  ACL_SELECT) != ACLCHECK_OK ||
			pg_class_aclcheck(tables[i], owner, ACL_SELECT) != ACLCHECK_OK ||
			check_enable_rls(tables[i], InvalidOid, true) == RLS_ENABLED ||
			check_enable_rls(tables[i], owner, true) == RLS_ENABLED ||
			!m2m_catalog_owner_trusted(m2m_catalog_relation_owner(tables[i]),
									   owner))
			return false;
	}
	return true;
}

/* count: how many rows a query has, from its FROM on. */
static int64
count(Planning *planning, const char *from)
{
	char	   *answer = ask(planning,
							 psprintf("SELECT pg_catalog.count(*)::pg_catalog.text %s",
									  from));

	return answer != NULL ? strtoll(answer, NULL, 10) : 0;
}

/* ask: the answer to a query of one text; NULL if it is null. */
static char *
ask(Planning *planning, const char *sql)
{
	Question	question = {sql, NULL};

	/* rolled back, so that the reader's locks go at once */
	if (planning->look == M2M_LOOK_OWNER)
		m2m_look_as_owner(m2m_catalog_relation_owner(planning->rel->association),
						  psprintf("could not look into table \"%s\"",
								   get_rel_name(planning->rel->association)),
						  run_question, &question);
	else
		run_question(&question);
	return question.answer;
}

/*
 * run_question: as whoever is to look.  Of now, as rows may be deleted by the
 * answer: a row that a snapshot of before does not see is no reason to.
 */
static void
run_question(void *arg)
{
	Question   *question = arg;
	MemoryContext context = CurrentMemoryContext;
	char	   *value;

	SPI_connect();
	m2m_latest_row(question->sql);
	value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	question->answer = value == NULL ? NULL :
		MemoryContextStrdup(context, value);
	SPI_finish();
}
