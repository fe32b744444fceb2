/*
 * history.c
 *		History: when each link was made and removed, and by whom, in a side
 *		table; links as of a moment, and putting them back.
 *
 * A link that is there has an open row, whose period has no end and whose
 * to_xid is null; unlinking closes it.  A change of a link's properties closes
 * its row and opens another.  What a transaction makes and removes again is
 * not kept.
 *
 * Periods are of the transactions' beginnings, so as of a moment that lies back
 * further than any transaction under way the answer stays what it is; exact
 * order is by from_xid and to_xid.  An older transaction that removes a newer
 * link closes it a microsecond after its beginning, as no period ends before.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/timestamp.h"

#include "catalog.h"
#include "execute.h"
#include "m2m.h"
#include "relationship.h"
#include "rule.h"
#include "rule_internal.h"
#include "text.h"

/* Statements of a history. */
typedef enum HistoryStatement
{
	HISTORY_OPEN,				/* of links made by INSERT */
	HISTORY_OPEN_MOVED,			/* ... changed by UPDATE */
	HISTORY_CLOSE,				/* of links removed by DELETE */
	HISTORY_CLOSE_MOVED,
	HISTORY_CLOSE_ALL,
	HISTORY_CLOSE_LINKED,		/* by what is linked now: of pairs that were
								 * linked, */
	HISTORY_CLOSE_UNLINKED,		/* or unlinked */
	HISTORY_OPEN_LINKED,
	HISTORY_OPEN_UNLINKED,
	HISTORY_ROWS				/* of each of these that open rows: just the
								 * rows */
} HistoryStatement;

/* Columns of the side table beside the association's keys. */
static const char *const own_columns[] = {
	"history_id", "properties", "during", "from_xid", "to_xid", "linked_by",
	"unlinked_by", "linked_actor", "unlinked_actor"
};

static bool history_read(M2mRule *rule);
static void history_after(M2mRule *rule, M2mRuleChange *change);
static char *history_text(M2mRule *rule, int statement);
static char *history_definition(M2mRule *rule);
static const char *lacking_column(M2mRule *rule);
static char *column_remedy(M2mRule *rule, const char *column);
static List *history_check(M2mRule *rule);
static bool history_elsewhere(M2mRule *rule);
static void history_end(M2mRule *rule, bool keep);
static Oid	make_table(M2mRelationship *rel);
static char *begin_of_history(void);
static bool close_rows(M2mRule *rule, int statement, bool many);
static void run(M2mRule *rule, int statement, bool many);
static bool opens(int statement);
static bool insert_rows(M2mRule *rule, int statement, Oid *types,
						Datum *values);
static void set_local(const char *name, const char *value);
static bool writes_alike(Oid type);
static char *comparable(M2mRelationship *rel, const char *alias,
						bool apart);
static char *alike(const char *one, const char *other);
static char *past_names(M2mRule *rule);
static char *past_rows(M2mRule *rule);
static char *past_same(M2mRule *rule, const char *past, const char *link);
static char *pair_same(M2mRelationship *rel, const char *one,
					   const char *other);
static char *properties_text(M2mRelationship *rel, const char *alias);
static char *rows_text(M2mRelationship *rel, const char *rows);
static char *moved_text(M2mRelationship *rel, bool made);
static char *targets_text(M2mRule *rule, const char *gone);
static char *close_text(M2mRule *rule, const char *gone, const char *surplus);
static char *surplus_text(M2mRule *rule, const char *pairs);
static char *missing_text(M2mRule *rule, const char *pairs);
static char *rows_to_open(M2mRule *rule, int statement, bool many);
static M2mRule *find_history(M2mRelationship *rel, TimestampTz at);
static uint64 execute_sql(const char *sql, TimestampTz at);

/* number[0]: may settings of the session tell in its properties? */
#define VARIES(rule) ((rule)->number[0] != 0)

/* The transaction in which links went that no row was open for. */
static LocalTransactionId behind = InvalidLocalTransactionId;

PG_FUNCTION_INFO_V1(m2m_history_links);

const M2mRuleKind m2m_history_kind = {
	.name = "history",
	.function = "m2m_history_links",
	.on_side = false,
	.read = history_read,
	.after = history_after,
	.text = history_text,
	.definition = history_definition,
	.check = history_check,
	.elsewhere = history_elsewhere,
	.end = history_end,
};

#define END_OF_PERIOD \
	"pg_catalog.tstzrange(pg_catalog.lower(h.during), GREATEST(pg_catalog.now()," \
	" pg_catalog.lower(h.during) OPERATOR(pg_catalog.+)" \
	" pg_catalog.make_interval(secs => 0.000001)))"

/*
 * m2m_history_links: SQL function; trigger of a history.
 */
Datum
m2m_history_links(PG_FUNCTION_ARGS)
{
	return m2m_rule_fired(fcinfo, &m2m_history_kind);
}

/*
 * m2m_history_define: keeps the history of a relationship from now on; where
 * there is one, brings it up to the links that there are.  A table that a
 * history of before has left is gone on with.  Errors: those of
 * m2m_rule_begin(); 42P07.
 */
void
m2m_history_define(Oid association)
{
	M2mRelationship *rel = m2m_rule_begin(association, "history");
	char	   *name = m2m_rule_name(&m2m_history_kind, NULL);
	M2mRule    *rule = m2m_rule_find(rel, name);
	const char *since = NULL;
	char	   *comment = "m2m: when links were made and removed is kept in a table;"
		" m2m_drop_rule() ends it.";
	List	   *args;
	Oid			table;
	char	   *history;

	if (rule != NULL)
	{
		since = m2m_rule_argument(rule, "since");
		since = since == NULL ? NULL : pstrdup(since);
		m2m_rule_remove(rule);
	}
	if (rule != NULL && m2m_rule_table_is_marked(rule))
	{
		m2m_rule_end_table(rule, true);
		table = rule->table;
	}
	else
	{
		table = make_table(rel);
		if (rule != NULL && table != rule->table)
			since = NULL;
	}
	m2m_relationship_changed(association);
	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	args = list_make1(psprintf("since=%s", since != NULL ? since :
							   begin_of_history()));
	m2m_rule_create(rel, &m2m_history_kind, name,
					M2M_RULE_INSERT | M2M_RULE_UPDATE | M2M_RULE_DELETE |
					M2M_RULE_TRUNCATE, args, table, comment);
	m2m_rule_mark(rel, table, &m2m_history_kind, args, comment);

	/* as it is now: by whom, and since when, is not known */
	rel = m2m_relationship_get(association, InvalidOid, NoLock);
	rule = m2m_rule_find(rel, name);
	if (rule == NULL)
		elog(ERROR, "rule \"%s\" was not found again", name);
	history = m2m_qualified_name(table);
	m2m_rule_sql(psprintf("UPDATE %s h SET during = %s, to_xid = pg_catalog.pg_current_xact_id()"
						  " WHERE h.to_xid IS NULL AND NOT EXISTS (SELECT FROM %s a WHERE %s)",
						  history, END_OF_PERIOD, m2m_qualified_name(association),
						  past_same(rule, "h", "a")));
	m2m_rule_fill(rel, name,
				  psprintf("INSERT INTO %s (%s, properties, during, from_xid)"
						   " SELECT %s, a.properties, pg_catalog.tstzrange(pg_catalog.now(), NULL),"
						   " pg_catalog.pg_current_xact_id() FROM (%s) a"
						   " WHERE NOT EXISTS (SELECT FROM %s h WHERE h.to_xid IS NULL AND %s)",
						   history, past_names(rule), m2m_rule_pair(rel, "a"),
						   rows_text(rel, m2m_qualified_name(association)),
						   history, past_same(rule, "h", "a")), association);
	m2m_history_functions_make(rel);
}

/* make_table: the side table; its primary key leads to the rows of a pair. */
static Oid
make_table(M2mRelationship *rel)
{
	StringInfoData columns;
	List	   *names = NIL;
	Oid			table;
	bool		there;
	char	   *name = makeObjectName(get_rel_name(rel->association), NULL,
									  "history");

	initStringInfo(&columns);
	for (int i = 0; i < rel->nlink; i++)
	{
		m2m_rule_append_column(&columns, rel, rel->link[i], " NOT NULL");
		names = lappend(names, get_attname(rel->association, rel->link[i],
										   false));
	}
	for (size_t i = 0; i < lengthof(own_columns); i++)
		names = lappend(names, pstrdup(own_columns[i]));
	there = OidIsValid(get_relname_relid(name,
										 get_rel_namespace(rel->association)));
	table = m2m_rule_make_table(rel, name, names,
								psprintf("%shistory_id pg_catalog.int8 GENERATED ALWAYS AS"
										 " IDENTITY,"
										 " properties pg_catalog.jsonb, during"
										 " pg_catalog.tstzrange NOT NULL,"
										 " from_xid pg_catalog.xid8 NOT NULL, to_xid"
										 " pg_catalog.xid8,"
										 " linked_by pg_catalog.text, unlinked_by pg_catalog.text,"
										 " linked_actor pg_catalog.text, unlinked_actor"
										 " pg_catalog.text,"
										 " PRIMARY KEY (%s, history_id)",
										 columns.data, m2m_rule_pair(rel, NULL)),
								psprintf("m2m: when each link of \"%s\" was made and removed;"
										 " links that are there have no end",
										 get_rel_name(rel->association)));
	if (!there)
		m2m_ddl(psprintf("CREATE INDEX ON %s (%s)", m2m_qualified_name(table),
						 m2m_rule_names(rel, M2M_RIGHT)));
	return table;
}

/* begin_of_history: now, as a timestamp that reads the same everywhere. */
static char *
begin_of_history(void)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(GetCurrentTransactionStartTimestamp(), NULL, &tm, &fsec,
					 NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	return psprintf("%04d-%02d-%02d %02d:%02d:%02d.%06d+00", tm.tm_year,
					tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
					(int) fsec);
}

/* history_read: where it is kept. */
static bool
history_read(M2mRule *rule)
{
	rule->needs = M2M_RULE_INSERT | M2M_RULE_UPDATE | M2M_RULE_DELETE |
		M2M_RULE_TRUNCATE;
	rule->number[0] = 0;
	for (int i = 0; i < rule->rel->nproperties; i++)
	{
		if (!writes_alike(get_atttype(rule->rel->association,
									  rule->rel->property[i])))
			rule->number[0] = 1;
	}
	return OidIsValid(rule->table);
}

/*
 * history_after: after a statement or call; what went, went first.
 *
 * A statement within a statement is told of first, though what it removes may
 * be what the outer one has made.  Then there is no row to close, and from then
 * on the transaction goes by the links that there are.
 */
static void
history_after(M2mRule *rule, M2mRuleChange *change)
{
	bool		many = m2m_rule_rows(change) > M2M_RULE_FEW;

	if (!change->truncated && m2m_rule_rows(change) == 0)
		return;
	m2m_rule_check_table(rule);
	m2m_rule_connect(change);
	if (change->truncated)
		run(rule, HISTORY_CLOSE_ALL, true);
	if (change->unlinked != NULL && behind != m2m_my_lxid() &&
		!close_rows(rule, change->update ? HISTORY_CLOSE_MOVED :
					HISTORY_CLOSE, many))
		behind = m2m_my_lxid();
	if (behind == m2m_my_lxid())
	{
		if (change->unlinked != NULL)
			run(rule, HISTORY_CLOSE_UNLINKED, many);
		if (change->linked != NULL)
			run(rule, HISTORY_CLOSE_LINKED, many);
		if (change->unlinked != NULL)
			run(rule, HISTORY_OPEN_UNLINKED, many);
		if (change->linked != NULL)
			run(rule, HISTORY_OPEN_LINKED, many);
	}
	else if (change->linked != NULL)
		run(rule, change->update ? HISTORY_OPEN_MOVED : HISTORY_OPEN, many);
	m2m_rule_finish();
}

/* close_rows: of links that went; has each of them had a row? */
static bool
close_rows(M2mRule *rule, int statement, bool many)
{
	bool		isnull;

	run(rule, statement, many);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull)) >=
		DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, 2, &isnull));
}

/*
 * run: a statement with who does it: $1 role, $2 the application's user.  By
 * the latest snapshot: rows of the links that went may be newer than ours, if
 * the history is, or by TRUNCATE.
 */
static void
run(M2mRule *rule, int statement, bool many)
{
	Oid			types[] = {TEXTOID, TEXTOID};
	Datum		values[2];
	char	   *role;
	int			nest = 0;

	/*
	 * The role of the session, not of a function or a foreign key's cascade,
	 * which runs as the table's owner.
	 */
	role = GetUserNameFromId(GetOuterUserId(), true);

	/* whoever is connected may have been dropped; as pg_get_userbyid() */
	if (role == NULL)
		role = psprintf("unknown (OID=%u)", GetOuterUserId());
	values[0] = CStringGetTextDatum(role);
	values[1] = CStringGetTextDatum(m2m_actor == NULL ? "" : m2m_actor);

	/* the same value is the same text in each session */
	if (VARIES(rule))
	{
		nest = NewGUCNestLevel();
		set_local("TimeZone", "UTC");
		set_local("IntervalStyle", "iso_8601");
		set_local("extra_float_digits", "1");
		set_local("bytea_output", "hex");
	}
	if (!many || !opens(statement) ||
		!insert_rows(rule, statement, types, values))
		m2m_rule_execute(rule, statement, many,
						 m2m_catalog_relation_owner(rule->rel->association),
						 M2M_RULE_WRITE_LATEST, lengthof(types), types,
						 values);
	if (VARIES(rule))
		AtEOXact_GUC(true, nest);
}

/* opens: does a statement open rows? */
static bool
opens(int statement)
{
	return statement == HISTORY_OPEN || statement == HISTORY_OPEN_MOVED ||
		statement == HISTORY_OPEN_LINKED ||
		statement == HISTORY_OPEN_UNLINKED;
}

/*
 * insert_rows: many rows, without the executor; false where it takes that.  The
 * columns are those of rows_to_open().
 */
static bool
insert_rows(M2mRule *rule, int statement, Oid *types, Datum *values)
{
	static const char *const names[] = {
		"during", "from_xid", "properties", "linked_by", "linked_actor"
	};
	static const Oid expected[] = {
		TSTZRANGEOID, XID8OID, JSONBOID, TEXTOID, TEXTOID
	};
	M2mRelationship *rel = rule->rel;
	AttrNumber *attnum = palloc_array(AttrNumber,
									  rel->nlink + lengthof(names));

	StaticAssertStmt(lengthof(names) == lengthof(expected),
					 "a type for each name");
	for (int i = 0; i < rel->nlink; i++)
		attnum[i] = i + 1;
	for (size_t i = 0; i < lengthof(names); i++)
		attnum[rel->nlink + i] = get_attnum(rule->table, names[i]);
	return m2m_rule_insert(rule, HISTORY_ROWS + statement,
						   m2m_catalog_relation_owner(rel->association),
						   rel->nlink + lengthof(names), attnum, expected, 3,
						   get_attnum(rule->table, own_columns[0]), 2, types,
						   values);
}

/* set_local: a setting, until its nesting level ends. */
static void
set_local(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/* writes_alike: is a type's JSON the same whatever the settings? */
static bool
writes_alike(Oid type)
{
	switch (getBaseType(type))
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case UUIDOID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case JSONOID:
		case JSONBOID:
			return true;
		default:
			return type_is_enum(getBaseType(type));
	}
}

/* past_names: the key columns of the side table. */
static char *
past_names(M2mRule *rule)
{
	return m2m_rule_table_keys(rule, rule->rel->nlink, rule->rel->link, NULL,
							   false);
}

/* past_rows: the side table, its keys called as the association's, as "h". */
static char *
past_rows(M2mRule *rule)
{
	return psprintf("(SELECT %s, h.history_id, h.properties, h.during, h.from_xid, h.to_xid FROM"
					" %s h) h",
					m2m_rule_table_keys(rule, rule->rel->nlink,
										rule->rel->link, "h", true),
					m2m_qualified_name(rule->table));
}

/* past_same: is a row of the side table itself of the pair of another row? */
static char *
past_same(M2mRule *rule, const char *past, const char *link)
{
	return m2m_rule_table_same(rule, rule->rel->nlink, rule->rel->link, past,
							   link);
}

/* pair_same: are two rows, of links or of the history, of the same pair? */
static char *
pair_same(M2mRelationship *rel, const char *one, const char *other)
{
	return psprintf("%s AND %s", m2m_rule_same(rel, M2M_LEFT, one, other),
					m2m_rule_same(rel, M2M_RIGHT, one, other));
}

/*
 * properties_text: the link properties of a row as jsonb.  By 40 columns, as a
 * function takes no more than 100 arguments.
 */
static char *
properties_text(M2mRelationship *rel, const char *alias)
{
	StringInfoData sql;

	if (rel->nproperties == 0)
		return pstrdup("NULL::pg_catalog.jsonb");
	initStringInfo(&sql);
	for (int i = 0; i < rel->nproperties; i++)
	{
		char	   *name = get_attname(rel->association, rel->property[i],
									   false);

		appendStringInfo(&sql, "%s%s, %s.%s",
						 i == 0 ? "pg_catalog.jsonb_build_object(" :
						 i % 40 == 0 ? ") OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(" :
						 ", ", quote_literal_cstr(name), alias,
						 quote_identifier(name));
	}
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/* rows_text: pairs and properties of rows of the association. */
static char *
rows_text(M2mRelationship *rel, const char *rows)
{
	return psprintf("SELECT %s, %s AS properties FROM %s a WHERE %s",
					m2m_rule_pair(rel, "a"), properties_text(rel, "a"), rows,
					m2m_rule_is_link(rel, "a"));
}

/* moved_text: of an UPDATE, what it has made, or removed, and not both. */
static char *
moved_text(M2mRelationship *rel, bool made)
{
	return psprintf("%s EXCEPT ALL %s",
					rows_text(rel, made ? "linked" : "unlinked"),
					rows_text(rel, made ? "unlinked" : "linked"));
}

/*
 * comparable: the properties of a row of the history, or of rows_text(), by the
 * columns that there are now: others may have been added, dropped or given
 * another type since it was written.  Or just what tells links of a pair apart,
 * if there is something.
 */
static char *
comparable(M2mRelationship *rel, const char *alias, bool apart)
{
	StringInfoData sql;
	int			n = apart && rel->nidentity > 0 ? rel->nidentity :
		rel->nproperties;

	if (n == 0)
		return pstrdup("NULL::pg_catalog.jsonb");
	initStringInfo(&sql);
	for (int i = 0; i < n; i++)
	{
		char	   *name =
			quote_literal_cstr(get_attname(rel->association,
										   apart && rel->nidentity > 0 ?
										   rel->identity_column[i].attnum :
										   rel->property[i], false));

		appendStringInfo(&sql, "%s%s, %s.properties OPERATOR(pg_catalog.->>) %s",
						 i == 0 ? "pg_catalog.jsonb_build_object(" :
						 i % 40 == 0 ? ") OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object(" :
						 ", ", name, alias, name);
	}
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/*
 * alike: are two of these the same, or both null?  Not by IS NOT DISTINCT FROM,
 * whose operator the search_path of whoever writes a link could choose.
 */
static char *
alike(const char *one, const char *other)
{
	return psprintf("COALESCE((%s) OPERATOR(pg_catalog.=) (%s), (%s) IS NULL AND (%s) IS NULL)",
					one, other, one, other);
}

/*
 * targets_text: the open rows of links that are gone, where a pair may have
 * several: of each pair as many as went, those first that are the same in what
 * tells them apart.
 */
static char *
targets_text(M2mRule *rule, const char *gone)
{
	M2mRelationship *rel = rule->rel;
	char	   *pair = m2m_rule_pair(rel, "h");

	return psprintf("SELECT h.* FROM"
					" (SELECT h.*, pg_catalog.row_number() OVER (PARTITION BY %s"
					" ORDER BY g.m2m_n IS NULL, h.history_id DESC) AS m2m_rank FROM"
					" (SELECT h.*, %s AS m2m_p, pg_catalog.row_number() OVER (PARTITION BY %s, %s"
					" ORDER BY h.history_id DESC) AS m2m_n FROM %s WHERE h.to_xid IS NULL"
					" AND EXISTS (SELECT FROM (%s) g WHERE %s)) h"
					" LEFT JOIN (SELECT g.*, %s AS m2m_p, pg_catalog.row_number() OVER"
					" (PARTITION BY %s, %s) AS m2m_n"
					" FROM (%s) g) g ON %s AND h.m2m_n OPERATOR(pg_catalog.=) g.m2m_n"
					" AND %s) h"
					" JOIN (SELECT %s, pg_catalog.count(*) AS m2m_gone FROM (%s) g GROUP BY %s) g"
					" ON %s AND h.m2m_rank OPERATOR(pg_catalog.<=) g.m2m_gone",
					pair, comparable(rel, "h", true), pair, comparable(rel, "h", true),
					past_rows(rule), gone, pair_same(rel, "h", "g"),
					comparable(rel, "g", true), m2m_rule_pair(rel, "g"),
					comparable(rel, "g", true), gone, pair_same(rel, "h", "g"),
					alike("h.m2m_p", "g.m2m_p"),
					m2m_rule_pair(rel, "g"), gone, m2m_rule_pair(rel, "g"),
					pair_same(rel, "h", "g"));
}

/*
 * close_text: closes the open rows of links that are gone, or those of surplus,
 * or all, and forgets those that this transaction has opened; tells how many
 * these were, and how many links are gone.  In one statement: what is forgotten
 * must not be looked for among others.
 *
 * A pair that has but one link may still have two rows: another of this
 * transaction's, if a statement within that which unlinks has linked it anew.
 * It is the older one that goes.
 */
static char *
close_text(M2mRule *rule, const char *gone, const char *surplus)
{
	M2mRelationship *rel = rule->rel;
	char	   *history = m2m_qualified_name(rule->table);
	const char *links = "";
	const char *targets = "SELECT";
	const char *number = "0::pg_catalog.int8";
	const char *newer = "";
	char	   *same;

	if (gone == NULL && surplus == NULL)
		same = "h.to_xid IS NULL";
	else if (gone != NULL && rel->unique_index && rel->nidentity == 0)
	{
		targets = gone;
		number = "(SELECT pg_catalog.count(*) FROM t)";
		same = psprintf("%s AND h.to_xid IS NULL", past_same(rule, "h", "t"));
		newer = psprintf(" AND NOT EXISTS (SELECT FROM %s o WHERE %s AND o.to_xid IS NULL"
						 " AND o.history_id OPERATOR(pg_catalog.<) h.history_id)",
						 history, past_same(rule, "o", "t"));
	}
	else
	{
		if (gone != NULL)
		{
			links = psprintf("g AS MATERIALIZED (%s), ", gone);
			targets = targets_text(rule, "SELECT * FROM g");
			number = "(SELECT pg_catalog.count(*) FROM g)";
		}
		else
			targets = surplus;
		same = psprintf("%s AND h.history_id OPERATOR(pg_catalog.=) t.history_id",
						past_same(rule, "h", "t"));
	}
	return psprintf("WITH %st AS MATERIALIZED (%s),"
					" f AS (DELETE FROM %s h USING t WHERE %s"
					" AND h.from_xid OPERATOR(pg_catalog.=) pg_catalog.pg_current_xact_id()%s"
					" RETURNING 1),"
					" u AS (UPDATE %s h SET during = %s, to_xid = pg_catalog.pg_current_xact_id(),"
					" unlinked_by = $1, unlinked_actor ="
					" CASE WHEN $2 OPERATOR(pg_catalog.<>) '' THEN $2 END FROM t WHERE %s"
					" AND h.from_xid OPERATOR(pg_catalog.<>) pg_catalog.pg_current_xact_id()"
					" RETURNING 1)"
					" SELECT (SELECT pg_catalog.count(*) FROM f) OPERATOR(pg_catalog.+)"
					" (SELECT pg_catalog.count(*) FROM u), %s",
					links, targets, history, same, newer, history, END_OF_PERIOD,
					same, number);
}

/* surplus_text: open rows of some pairs that no link is there for. */
static char *
surplus_text(M2mRule *rule, const char *pairs)
{
	M2mRelationship *rel = rule->rel;

	return psprintf("SELECT h.* FROM (SELECT h.*, pg_catalog.row_number() OVER (PARTITION BY %s, %s"
					" ORDER BY h.history_id DESC) AS m2m_n FROM %s WHERE h.to_xid IS NULL"
					" AND EXISTS (SELECT FROM %s g WHERE %s)) h"
					" WHERE h.m2m_n OPERATOR(pg_catalog.>) (SELECT pg_catalog.count(*) FROM (%s) a"
					" WHERE %s AND %s)",
					m2m_rule_pair(rel, "h"), comparable(rel, "h", false),
					past_rows(rule), pairs, pair_same(rel, "h", "g"),
					rows_text(rel, m2m_qualified_name(rel->association)),
					pair_same(rel, "h", "a"),
					alike(comparable(rel, "h", false),
						  comparable(rel, "a", false)));
}

/* missing_text: links of some pairs that no row is open for. */
static char *
missing_text(M2mRule *rule, const char *pairs)
{
	M2mRelationship *rel = rule->rel;

	return psprintf("SELECT a.* FROM (SELECT a.*, pg_catalog.row_number() OVER (PARTITION BY %s,"
					" %s) AS m2m_n FROM (%s) a WHERE EXISTS (SELECT FROM %s g WHERE %s)) a"
					" WHERE a.m2m_n OPERATOR(pg_catalog.>) (SELECT pg_catalog.count(*) FROM %s"
					" WHERE h.to_xid IS NULL AND %s AND %s)",
					m2m_rule_pair(rel, "a"), comparable(rel, "a", false),
					rows_text(rel, m2m_qualified_name(rel->association)),
					pairs, pair_same(rel, "a", "g"), past_rows(rule),
					pair_same(rel, "h", "a"),
					alike(comparable(rel, "h", false),
						  comparable(rel, "a", false)));
}

/* history_text: the SQL of its statements. */
static char *
history_text(M2mRule *rule, int statement)
{
	M2mRelationship *rel = rule->rel;

	if (statement >= HISTORY_ROWS)
		return rows_to_open(rule, statement - HISTORY_ROWS, true);
	switch ((HistoryStatement) statement)
	{
		case HISTORY_OPEN:
		case HISTORY_OPEN_MOVED:
		case HISTORY_OPEN_LINKED:
		case HISTORY_OPEN_UNLINKED:
			return psprintf("INSERT INTO %s (%s, during, from_xid, properties, linked_by,"
							" linked_actor) %s",
							m2m_qualified_name(rule->table),
							past_names(rule),
							rows_to_open(rule, statement, false));
		case HISTORY_CLOSE:
		case HISTORY_CLOSE_MOVED:
			return close_text(rule, statement == HISTORY_CLOSE ?
							  rows_text(rel, "unlinked") :
							  moved_text(rel, false), NULL);
		case HISTORY_CLOSE_ALL:
			return close_text(rule, NULL, NULL);
		case HISTORY_CLOSE_LINKED:
		case HISTORY_CLOSE_UNLINKED:
			return close_text(rule, NULL,
							  surplus_text(rule,
										   statement == HISTORY_CLOSE_LINKED ?
										   "linked" : "unlinked"));
		case HISTORY_ROWS:
			break;
	}
	return NULL;
}

/*
 * rows_to_open: the rows that a statement opens.  Of many, what is the same in
 * all of them is computed once.
 */
static char *
rows_to_open(M2mRule *rule, int statement, bool many)
{
	M2mRelationship *rel = rule->rel;
	const char *during = "pg_catalog.tstzrange(pg_catalog.now(), NULL)";
	const char *xid = "pg_catalog.pg_current_xact_id()";

	return psprintf("SELECT %s, %s, %s, a.properties, $1,"
					" CASE WHEN $2 OPERATOR(pg_catalog.<>) '' THEN $2 END FROM (%s) a",
					m2m_rule_pair(rel, "a"),
					many ? psprintf("(SELECT %s)", during) : during,
					many ? psprintf("(SELECT %s)", xid) : xid,
					statement == HISTORY_OPEN ? rows_text(rel, "linked") :
					statement == HISTORY_OPEN_MOVED ? moved_text(rel, true) :
					missing_text(rule, statement == HISTORY_OPEN_LINKED ?
								 "linked" : "unlinked"));
}

/* history_definition: the call. */
static char *
history_definition(M2mRule *rule)
{
	return m2m_rule_call(rule, "m2m_history", "");
}

/* lacking_column: one of its own that the side table has not; or NULL. */
static const char *
lacking_column(M2mRule *rule)
{
	for (size_t i = 0; get_rel_name(rule->table) != NULL &&
		 i < lengthof(own_columns); i++)
	{
		if (get_attnum(rule->table, own_columns[i]) == InvalidAttrNumber)
			return own_columns[i];
	}
	return NULL;
}

/*
 * column_remedy: SQL by which it is there again, where a row may do without its
 * value; NULL for one that says when a link was there: that is lost.
 */
static char *
column_remedy(M2mRule *rule, const char *column)
{
	if (strcmp(column, "properties") != 0 && strncmp(column, "linked_", 7) != 0 &&
		strncmp(column, "unlinked_", 9) != 0)
		return NULL;
	return psprintf("ALTER TABLE %s ADD COLUMN %s %s",
					m2m_qualified_name(rule->table), column,
					strcmp(column, "properties") == 0 ? "pg_catalog.jsonb" :
					"pg_catalog.text");
}

/*
 * history_check: are the open rows those of the links that there are, and has a
 * new row a number of its own?
 */
static List *
history_check(M2mRule *rule)
{
	M2mRelationship *rel = rule->rel;
	M2mRuleFinding *finding = palloc0(sizeof(M2mRuleFinding));
	char	   *links = psprintf("SELECT %s FROM %s a WHERE %s",
								 m2m_rule_pair(rel, "a"),
								 m2m_qualified_name(rel->association),
								 m2m_rule_is_link(rel, "a"));
	char	   *open = psprintf("SELECT %s FROM %s WHERE h.to_xid IS NULL",
								m2m_rule_pair(rel, "h"), past_rows(rule));
	char	   *stale = m2m_history_functions_stale(rel);
	char	   *table;
	char	   *sequence;
	const char *lacking = lacking_column(rule);
	List	   *result;

	/* the rest asks for them */
	if (lacking != NULL)
	{
		finding->severity = "error";
		finding->what = psprintf("history \"%s\" lacks column \"%s\", and cannot be kept",
								 get_rel_name(rule->table), lacking);
		finding->remedy = column_remedy(rule, lacking);
		return list_make1(finding);
	}
	finding->severity = "error";
	finding->what = psprintf("history \"%s\" does not show the links that there are",
							 get_rel_name(rule->table));
	finding->question =
		psprintf("SELECT EXISTS ((%s EXCEPT %s) UNION ALL (%s EXCEPT %s))",
				 links, open, open, links);
	finding->remedy = psprintf("SELECT %s", history_definition(rule));
	result = list_make1(finding);

	/* rows that a publisher has sent took none of its numbers */
	table = m2m_qualified_name(rule->table);
	sequence = psprintf("pg_catalog.pg_get_serial_sequence(%s, 'history_id')",
						quote_literal_cstr(table));
	finding = palloc0(sizeof(M2mRuleFinding));
	finding->severity = "error";
	finding->what = psprintf("history \"%s\" would number new rows as it has numbered others",
							 get_rel_name(rule->table));
	finding->question =
		psprintf("SELECT %s IS NOT NULL AND EXISTS (SELECT FROM %s h WHERE h.history_id"
				 " OPERATOR(pg_catalog.>) COALESCE("
				 "pg_catalog.pg_sequence_last_value(%s::pg_catalog.regclass), 0))"
				 " AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel"
				 " WHERE srrelid OPERATOR(pg_catalog.=) %u::pg_catalog.oid)",
				 sequence, table, sequence, rule->table);
	finding->remedy =
		psprintf("SELECT pg_catalog.setval(%s::pg_catalog.regclass,"
				 " pg_catalog.max(h.history_id)) FROM %s h",
				 sequence, table);
	result = lappend(result, finding);
	if (stale != NULL)
	{
		finding = palloc0(sizeof(M2mRuleFinding));
		finding->severity = "warning";
		finding->what = psprintf("function \"%s\" names what is called otherwise now",
								 stale);
		finding->remedy = psprintf("SELECT %s", history_definition(rule));
		result = lappend(result, finding);
	}
	return result;
}

/* history_elsewhere: is the table a history's? */
static bool
history_elsewhere(M2mRule *rule)
{
	return m2m_rule_table_is_marked(rule);
}

/* history_end: takes its functions away, and the table, or leaves that. */
static void
history_end(M2mRule *rule, bool keep)
{
	m2m_history_functions_drop(rule->rel);
	m2m_rule_end_table(rule, keep);
}

/*
 * find_history: the history of a relationship, for who asks about a moment.
 * Errors: 42704 where there is none; 22023 where it begins later.
 */
static M2mRule *
find_history(M2mRelationship *rel, TimestampTz at)
{
	M2mRule    *rule = m2m_rule_find(rel, m2m_rule_name(&m2m_history_kind,
														NULL));
	const char *since;

	if (rule == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("relationship \"%s\" has no history",
						get_rel_name(rel->association)),
				 errhint("m2m_history() keeps one from then on.")));
	m2m_rule_check_table(rule);
	since = m2m_rule_argument(rule, "since");
	if (since != NULL &&
		at < DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
													 CStringGetDatum(since),
													 ObjectIdGetDatum(InvalidOid),
													 Int32GetDatum(-1))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the history of relationship \"%s\" begins at %s",
						get_rel_name(rel->association), since)));
	return rule;
}

/*
 * m2m_history_at: the rows of the other side that a row of a side was linked
 * to at a moment, into a tuplestore, as they are now.  With the caller's
 * rights, who needs SELECT on the history.  Errors: those of find_history().
 */
void
m2m_history_at(M2mRelationship *rel, M2mSide side, M2mIds *id, TimestampTz at,
			   Tuplestorestate *result)
{
	M2mRule    *rule = find_history(rel, at);
	M2mSide		other = M2M_OTHER(side);
	M2mEndpoint *endpoint = &rel->side[side];
	Oid			types[INDEX_MAX_KEYS + 1];
	Datum		values[INDEX_MAX_KEYS + 1];
	StringInfoData sql;
	int			n = endpoint->nkeys;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT r FROM %s JOIN %s r ON %s WHERE h.during"
					 " OPERATOR(pg_catalog.@>) $%d",
					 past_rows(rule),
					 m2m_qualified_name(rel->side[other].relid),
					 m2m_rule_joins(rel, other, "h", "r"), n + 1);
	for (int i = 0; i < n; i++)
	{
		M2mKeyColumn *key = &endpoint->key[i];

		appendStringInfo(&sql, " AND $%d %s %s", i + 1,
						 m2m_qualified_operator(key->equal_op),
						 m2m_link_operand(rel, key, "h"));
		types[i] = getBaseType(key->type);
		values[i] = id->value[i];
	}
	appendStringInfo(&sql, " ORDER BY %s", m2m_rule_keys(rel, other, "h"));
	types[n] = TIMESTAMPTZOID;
	values[n] = TimestampTzGetDatum(at);
	SPI_connect();
	if (SPI_execute_with_args(sql.data, n + 1, types, values, NULL, true,
							  0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args failed for \"%s\"", sql.data);
	m2m_spi_put_rows(result, -1);
	SPI_finish();
}

/*
 * m2m_history_restore: makes the links those of a moment, with the properties
 * that they had.  Links to rows that are no longer there stay away.  With the
 * caller's rights; nobody else writes the association meanwhile.  Errors: those
 * of find_history(); 0A000 where a pair may have several links; 42501 where a
 * policy hides rows of the history, since their links would look as if they had
 * not been there, and go.
 */
void
m2m_history_restore(M2mRelationship *rel, TimestampTz at, int64 *linked,
					int64 *unlinked, int64 *changed)
{
	M2mRule    *rule = find_history(rel, at);
	char	   *association = m2m_qualified_name(rel->association);
	char	   *history = past_rows(rule);
	StringInfoData names;
	StringInfoData current;
	StringInfoData values;

	if (!rel->unique_index || rel->nidentity > 0 || rel->deleted != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("links of relationship \"%s\" cannot be put back",
						get_rel_name(rel->association)),
				 rel->deleted != 0 ?
				 errdetail("Links that are removed stay there, marked as deleted.") :
				 errdetail("A pair may have several links there.")));
	if (check_enable_rls(rule->table, InvalidOid, true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("links of relationship \"%s\" cannot be put back",
						get_rel_name(rel->association)),
				 errdetail("Row-level security may hide rows of \"%s\" from you, whose links would be removed.",
						   get_rel_name(rule->table))));
	initStringInfo(&names);
	initStringInfo(&current);
	initStringInfo(&values);
	for (int i = 0; i < rel->nproperties; i++)
	{
		char	   *column = m2m_quoted_column(rel->association,
											   rel->property[i]);
		const char *comma = names.len > 0 ? ", " : "";

		/* these make themselves */
		if (get_attgenerated(rel->association, rel->property[i]) != '\0')
			continue;
		appendStringInfo(&current, "%sa.%s", comma, column);
		appendStringInfo(&names, "%s%s", comma, column);
		appendStringInfo(&values, "%s(pg_catalog.jsonb_populate_record(NULL::%s, h.properties)).%s",
						 comma, association, column);
	}
	m2m_sql(psprintf("LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", association));
	*unlinked = execute_sql(psprintf("DELETE FROM %s a WHERE %s AND NOT EXISTS (SELECT FROM %s"
									 " WHERE h.during OPERATOR(pg_catalog.@>) $1 AND %s)",
									 association, m2m_rule_is_link(rel, "a"),
									 history, pair_same(rel, "h", "a")), at);
	*changed = names.len == 0 ? 0 :
		execute_sql(psprintf("UPDATE %s a SET (%s) = ROW(%s) FROM %s WHERE h.during"
							 " OPERATOR(pg_catalog.@>) $1"
							 " AND %s AND NOT pg_catalog.record_image_eq(ROW(%s), ROW(%s))",
							 association, names.data, values.data, history,
							 pair_same(rel, "h", "a"), current.data,
							 values.data), at);
	*linked = execute_sql(psprintf("INSERT INTO %s (%s%s%s) SELECT %s%s%s FROM %s"
								   " WHERE h.during OPERATOR(pg_catalog.@>) $1"
								   " AND NOT EXISTS (SELECT FROM %s a WHERE %s)"
								   " AND EXISTS (SELECT FROM %s r WHERE %s) AND EXISTS (SELECT"
								   " FROM %s r WHERE %s)",
								   association,
								   m2m_rule_pair(rel, NULL),
								   names.len > 0 ? ", " : "", names.data,
								   m2m_rule_pair(rel, "h"),
								   names.len > 0 ? ", " : "", values.data,
								   history, association,
								   pair_same(rel, "a", "h"),
								   m2m_qualified_name(rel->side[M2M_LEFT].relid),
								   m2m_rule_joins(rel, M2M_LEFT, "h", "r"),
								   m2m_qualified_name(rel->side[M2M_RIGHT].relid),
								   m2m_rule_joins(rel, M2M_RIGHT, "h", "r")),
						  at);
}

/*
 * execute_sql: a statement about a moment, $1, by what is committed by now;
 * returns the rows processed.  In REPEATABLE READ and above, links that the
 * snapshot does not show, and that would be removed or changed, are 40001.
 */
static uint64
execute_sql(const char *sql, TimestampTz at)
{
	Oid			type = TIMESTAMPTZOID;
	Datum		value = TimestampTzGetDatum(at);
	SPIPlanPtr	plan;
	uint64		result;

	SPI_connect();
	plan = SPI_prepare(sql, 1, &type);
	if (plan == NULL || m2m_latest_write(plan, &value, true) < 0)
		elog(ERROR, "SPI failed for \"%s\": %s", sql,
			 SPI_result_code_string(SPI_result));
	result = SPI_processed;
	SPI_finish();
	return result;
}
