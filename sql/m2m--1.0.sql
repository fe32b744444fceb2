/* m2m--1.0.sql: the SQL surface of m2m; the functions are in src/ */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION m2m" to load this file. \quit

/* definition */

CREATE FUNCTION m2m_create(left_table regclass, right_table regclass,
	name text DEFAULT NULL, left_role text DEFAULT NULL,
	right_role text DEFAULT NULL, on_delete text DEFAULT 'cascade',
	schema regnamespace DEFAULT NULL,
	left_key text[] DEFAULT NULL, right_key text[] DEFAULT NULL,
	left_columns text[] DEFAULT NULL, right_columns text[] DEFAULT NULL,
	left_view text DEFAULT NULL, right_view text DEFAULT NULL,
	if_not_exists boolean DEFAULT false, naming text DEFAULT NULL,
	symmetrical boolean DEFAULT false)
	RETURNS regclass
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_create';

COMMENT ON FUNCTION m2m_create(regclass, regclass, text, text, text, text,
	regnamespace, text[], text[], text[], text[], text, text, boolean, text,
	boolean) IS
'Creates a many-to-many relationship between two tables: association table, link views and link functions, owned by the caller. Everything can be named; defaults come from the tables'' names. on_delete: cascade, restrict or no action. left_key, right_key: columns of a unique constraint to be referenced instead of the primary key. A name in left_columns and right_columns is one column of both keys. naming: whose names and shape the table gets, m2m, rails, laravel, django or prisma. symmetrical: between a table and itself, links that have no direction: both rows are stored, a foreign key of the association to itself keeps them together, and one link view shows them. Returns the association table. Errors: 42809, 42P16 tables that cannot be related; 42P07 a name is taken; 42501.';

CREATE FUNCTION m2m_adopt(association regclass,
	left_role text DEFAULT NULL, right_role text DEFAULT NULL,
	left_columns text[] DEFAULT NULL, right_columns text[] DEFAULT NULL,
	left_view text DEFAULT NULL, right_view text DEFAULT NULL,
	left_table regclass DEFAULT NULL, right_table regclass DEFAULT NULL,
	repair boolean DEFAULT false, deleted text DEFAULT NULL)
	RETURNS regclass
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_adopt';

COMMENT ON FUNCTION m2m_adopt(regclass, text, text, text[], text[], text,
	text, regclass, regclass, boolean, text) IS
'Makes an existing join table, or what is left of a relationship, the association table of a relationship, by two of its foreign keys (left_columns and right_columns choose among more). Changes nothing in the table, unless repair is true: then it adds the foreign keys to left_table and right_table, the key and the indexes that are missing, and deletes rows that link nothing or stand there twice, telling which. What is not named gets a name that is free. deleted: the column, a time or a boolean, that says that a row is no link any more; unlinking then sets it (empty: there is none, all rows are links). Returns the table. Errors: 42P16 it has not two foreign keys, with the SQL that would add them to left_table and right_table; 42P08 it has more, or pairs are unique only among rows not deleted, and deleted is not given; 42703, 42804 deleted is no such column; 42710 it is one already; 42P07 a name is taken; 2BP01 something depends on a link view that cannot follow its tables in place; 42501.';

CREATE FUNCTION m2m_candidates(schema regnamespace DEFAULT NULL,
	OUT association regclass, OUT left_table regclass,
	OUT left_columns text[], OUT right_table regclass,
	OUT right_columns text[], OUT identity text[],
	OUT estimated_rows bigint, OUT missing text[], OUT tools text[],
	OUT score integer, OUT call text)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE ROWS 20
	AS 'MODULE_PATHNAME', 'm2m_candidates';

COMMENT ON FUNCTION m2m_candidates(regnamespace) IS
'Join tables that are no association yet, the best first: between which tables, by which columns (guessed by their names where a foreign key is missing), what tells one link from another (null: the whole row), how many rows there are about, what is missing, which other tools would see a join table, a score from 0 to 100, and the call that adopts it. Changes nothing.';

CREATE FUNCTION m2m_adopt_all(schema regnamespace DEFAULT NULL,
	dry_run boolean DEFAULT false,
	OUT association regclass, OUT outcome text, OUT left_view text,
	OUT right_view text, OUT reason text)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 20
	AS 'MODULE_PATHNAME', 'm2m_adopt_all';

COMMENT ON FUNCTION m2m_adopt_all(regnamespace, boolean) IS
'Adopts, as m2m_adopt does, all join tables that m2m_candidates lists and that lack nothing. Returns what became of each: adopted, refused or not ready, with the names of its link views, or the reason. One that is refused does not undo the others. With dry_run nothing is kept.';

CREATE FUNCTION m2m_drop(association regclass,
	keep_links boolean DEFAULT false)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_drop';

COMMENT ON FUNCTION m2m_drop(regclass, boolean) IS
'Drops a relationship: its link views and functions and, unless keep_links or the table was adopted, its association table. Errors: 42704 it is none; 2BP01 other objects depend on it; 42501.';

CREATE FUNCTION m2m_rename(association regclass, name text DEFAULT NULL,
	left_role text DEFAULT NULL, right_role text DEFAULT NULL,
	left_view text DEFAULT NULL, right_view text DEFAULT NULL)
	RETURNS regclass
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_rename';

COMMENT ON FUNCTION m2m_rename(regclass, text, text, text, text, text) IS
'Gives a relationship other names: the association table and, where m2m has made it, its key, foreign keys and index; the roles; link views and link functions, which follow the roles unless a name is given or was given before. Columns of the table keep their names. Privileges, comments and what depends on them stay. Returns the table. Errors: 42704 it is none; 42P07 a name is taken; 22023 both roles are the same; 55000 it is at rest; 42501.';

CREATE FUNCTION m2m_expose(association regclass, prefix text DEFAULT NULL)
	RETURNS SETOF regprocedure
	LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 8
	AS 'MODULE_PATHNAME', 'm2m_expose';

COMMENT ON FUNCTION m2m_expose(regclass, text) IS
'Makes functions of a relationship that take the keys'' own types, for API servers and drivers that cannot call a function that takes any: for each link view link_, unlink_, set_ and find_ with the view''s name behind it, and prefix_ in front if that is given. Ordinary SQL functions of one signature each, which follow their tables and go with the relationship. Called again, it makes them anew as they would be called now; privileges stay. Returns them. Errors: 42704 no relationship; 55000 it is at rest; 42723 a name is taken; 0A000 a key''s type has no arrays; 2BP01 something depends on one that changes; 42501.';

CREATE FUNCTION m2m_unexpose(association regclass)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_unexpose';

COMMENT ON FUNCTION m2m_unexpose(regclass) IS
'Drops the functions that m2m_expose has made of a relationship, and returns how many there were. DROP FUNCTION does as well: nothing brings them back. Errors: 2BP01 something depends on one; 42501.';

/*
 * Link functions.  An id may be of any type: "any" takes typed values, text
 * takes untyped literals and parameters; hence four overloads, or two where
 * there is one id, of each.
 */

CREATE FUNCTION m2m_link(left_table regclass, left_id "any", right_table regclass,
	right_id "any", via text DEFAULT NULL,
	properties jsonb DEFAULT NULL, role text DEFAULT NULL,
	over_limit text DEFAULT 'error', by text DEFAULT NULL,
	create_missing boolean DEFAULT false)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_link';

CREATE FUNCTION m2m_link(left_table regclass, left_id "any", right_table regclass,
	right_id text, via text DEFAULT NULL,
	properties jsonb DEFAULT NULL, role text DEFAULT NULL,
	over_limit text DEFAULT 'error', by text DEFAULT NULL,
	create_missing boolean DEFAULT false)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_link';

CREATE FUNCTION m2m_link(left_table regclass, left_id text, right_table regclass,
	right_id "any", via text DEFAULT NULL,
	properties jsonb DEFAULT NULL, role text DEFAULT NULL,
	over_limit text DEFAULT 'error', by text DEFAULT NULL,
	create_missing boolean DEFAULT false)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_link';

CREATE FUNCTION m2m_link(left_table regclass, left_id text, right_table regclass,
	right_id text, via text DEFAULT NULL,
	properties jsonb DEFAULT NULL, role text DEFAULT NULL,
	over_limit text DEFAULT 'error', by text DEFAULT NULL,
	create_missing boolean DEFAULT false)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_link';

CREATE FUNCTION m2m_load(left_table regclass, right_table regclass, query text,
	via text DEFAULT NULL, role text DEFAULT NULL,
	exclusive boolean DEFAULT false)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_load';

CREATE FUNCTION m2m_unlink(left_table regclass, left_id "any", right_table regclass,
	right_id "any", via text DEFAULT NULL, role text DEFAULT NULL,
	properties jsonb DEFAULT NULL, by text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_unlink';

CREATE FUNCTION m2m_unlink(left_table regclass, left_id "any", right_table regclass,
	right_id text, via text DEFAULT NULL, role text DEFAULT NULL,
	properties jsonb DEFAULT NULL, by text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_unlink';

CREATE FUNCTION m2m_unlink(left_table regclass, left_id text, right_table regclass,
	right_id "any", via text DEFAULT NULL, role text DEFAULT NULL,
	properties jsonb DEFAULT NULL, by text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_unlink';

CREATE FUNCTION m2m_unlink(left_table regclass, left_id text, right_table regclass,
	right_id text, via text DEFAULT NULL, role text DEFAULT NULL,
	properties jsonb DEFAULT NULL, by text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_unlink';

CREATE FUNCTION m2m_set(left_table regclass, left_id "any", right_table regclass,
	right_ids "any", via text DEFAULT NULL, role text DEFAULT NULL,
	properties jsonb DEFAULT NULL, by text DEFAULT NULL,
	create_missing boolean DEFAULT false,
	OUT linked text[], OUT unlinked text[], OUT kept bigint)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_set';

CREATE FUNCTION m2m_set(left_table regclass, left_id "any", right_table regclass,
	right_ids text, via text DEFAULT NULL, role text DEFAULT NULL,
	properties jsonb DEFAULT NULL, by text DEFAULT NULL,
	create_missing boolean DEFAULT false,
	OUT linked text[], OUT unlinked text[], OUT kept bigint)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_set';

CREATE FUNCTION m2m_set(left_table regclass, left_id text, right_table regclass,
	right_ids "any", via text DEFAULT NULL, role text DEFAULT NULL,
	properties jsonb DEFAULT NULL, by text DEFAULT NULL,
	create_missing boolean DEFAULT false,
	OUT linked text[], OUT unlinked text[], OUT kept bigint)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_set';

CREATE FUNCTION m2m_set(left_table regclass, left_id text, right_table regclass,
	right_ids text, via text DEFAULT NULL, role text DEFAULT NULL,
	properties jsonb DEFAULT NULL, by text DEFAULT NULL,
	create_missing boolean DEFAULT false,
	OUT linked text[], OUT unlinked text[], OUT kept bigint)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_set';

CREATE FUNCTION m2m_clear(left_table regclass, left_id "any", right_table regclass,
	via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_clear';

CREATE FUNCTION m2m_clear(left_table regclass, left_id text, right_table regclass,
	via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_clear';

CREATE FUNCTION m2m_toggle(left_table regclass, left_id "any", right_table regclass,
	right_id "any", via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_toggle';

CREATE FUNCTION m2m_toggle(left_table regclass, left_id "any", right_table regclass,
	right_id text, via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_toggle';

CREATE FUNCTION m2m_toggle(left_table regclass, left_id text, right_table regclass,
	right_id "any", via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_toggle';

CREATE FUNCTION m2m_toggle(left_table regclass, left_id text, right_table regclass,
	right_id text, via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_toggle';

CREATE FUNCTION m2m_linked(left_table regclass, left_id "any", right_table regclass,
	right_id "any", via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_linked';

CREATE FUNCTION m2m_linked(left_table regclass, left_id "any", right_table regclass,
	right_id text, via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_linked';

CREATE FUNCTION m2m_linked(left_table regclass, left_id text, right_table regclass,
	right_id "any", via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_linked';

CREATE FUNCTION m2m_linked(left_table regclass, left_id text, right_table regclass,
	right_id text, via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_linked';

CREATE FUNCTION m2m_count(left_table regclass, left_id "any", right_table regclass,
	via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_count';

CREATE FUNCTION m2m_count(left_table regclass, left_id text, right_table regclass,
	via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS bigint
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_count';

COMMENT ON FUNCTION m2m_link(regclass, "any", regclass, "any", text, jsonb, text, text, text, boolean) IS
'Links rows of two tables: one to one, one to many (an id and an array) or pairwise (two arrays). Creates the relationship on first use (m2m.auto_create). properties: values of link properties, by column, as one object for all pairs or an array with one object or null for each; an existing link takes them. Where a pair may have several links, they say which: 21000 if they fit several. via names the association where there are several, role the role that the first id plays. by: a unique column of the second table, or a unique constraint of several, that the second ids are values of; create_missing: rows that are missing are inserted, each once whoever else does so. Returns the number of links created. Errors: 23503 a row is missing; 42703 by names no column, 42P10 one without a unique constraint; 21000 one link with different properties; 42P08 several relationships; 42704 none of that name; 22004 a null id; 22P02, 42804 an id of another type; 22023 not as many objects as pairs.';
COMMENT ON FUNCTION m2m_link(regclass, "any", regclass, text, text, jsonb, text, text, text, boolean) IS
'Links rows of two tables: one to one, one to many (an id and an array) or pairwise (two arrays). Creates the relationship on first use (m2m.auto_create). properties: values of link properties, by column, as one object for all pairs or an array with one object or null for each; an existing link takes them. Where a pair may have several links, they say which: 21000 if they fit several. via names the association where there are several, role the role that the first id plays. by: a unique column of the second table, or a unique constraint of several, that the second ids are values of; create_missing: rows that are missing are inserted, each once whoever else does so. Returns the number of links created. Errors: 23503 a row is missing; 42703 by names no column, 42P10 one without a unique constraint; 21000 one link with different properties; 42P08 several relationships; 42704 none of that name; 22004 a null id; 22P02, 42804 an id of another type; 22023 not as many objects as pairs.';
COMMENT ON FUNCTION m2m_link(regclass, text, regclass, "any", text, jsonb, text, text, text, boolean) IS
'Links rows of two tables: one to one, one to many (an id and an array) or pairwise (two arrays). Creates the relationship on first use (m2m.auto_create). properties: values of link properties, by column, as one object for all pairs or an array with one object or null for each; an existing link takes them. Where a pair may have several links, they say which: 21000 if they fit several. via names the association where there are several, role the role that the first id plays. by: a unique column of the second table, or a unique constraint of several, that the second ids are values of; create_missing: rows that are missing are inserted, each once whoever else does so. Returns the number of links created. Errors: 23503 a row is missing; 42703 by names no column, 42P10 one without a unique constraint; 21000 one link with different properties; 42P08 several relationships; 42704 none of that name; 22004 a null id; 22P02, 42804 an id of another type; 22023 not as many objects as pairs.';
COMMENT ON FUNCTION m2m_link(regclass, text, regclass, text, text, jsonb, text, text, text, boolean) IS
'Links rows of two tables: one to one, one to many (an id and an array) or pairwise (two arrays). Creates the relationship on first use (m2m.auto_create). properties: values of link properties, by column, as one object for all pairs or an array with one object or null for each; an existing link takes them. Where a pair may have several links, they say which: 21000 if they fit several. via names the association where there are several, role the role that the first id plays. by: a unique column of the second table, or a unique constraint of several, that the second ids are values of; create_missing: rows that are missing are inserted, each once whoever else does so. Returns the number of links created. Errors: 23503 a row is missing; 42703 by names no column, 42P10 one without a unique constraint; 21000 one link with different properties; 42P08 several relationships; 42704 none of that name; 22004 a null id; 22P02, 42804 an id of another type; 22023 not as many objects as pairs.';

COMMENT ON FUNCTION m2m_load(regclass, regclass, text, text, text, boolean) IS
'Links the pairs that a query returns: the key columns of the first table, then those of the second. Any number of pairs, in memory bounded by work_mem; all or nothing. Creates the relationship on first use (m2m.auto_create). pg_stat_progress_copy shows it while it runs: bytes read, then links created (tuples_processed) and pairs that were linked already (tuples_excluded). exclusive lets nobody else write the association until the transaction ends, as LOCK TABLE ... IN SHARE ROW EXCLUSIVE MODE, which is faster. Returns the number of links created. Errors: as m2m_link; 42P11 the query returns no rows; 42804 it returns other columns than keys; whatever the query raises.';

COMMENT ON FUNCTION m2m_unlink(regclass, "any", regclass, "any", text, text, jsonb, text) IS
'Unlinks rows of two tables, with the same forms of ids and properties as m2m_link. With properties, only links that have these values. by: as for m2m_link; values of no row are not linked. Returns the number of links removed. Errors: 42704 no relationship; 42P08 several; 21000 the properties fit several links of one pair.';
COMMENT ON FUNCTION m2m_unlink(regclass, "any", regclass, text, text, text, jsonb, text) IS
'Unlinks rows of two tables, with the same forms of ids and properties as m2m_link. With properties, only links that have these values. by: as for m2m_link; values of no row are not linked. Returns the number of links removed. Errors: 42704 no relationship; 42P08 several; 21000 the properties fit several links of one pair.';
COMMENT ON FUNCTION m2m_unlink(regclass, text, regclass, "any", text, text, jsonb, text) IS
'Unlinks rows of two tables, with the same forms of ids and properties as m2m_link. With properties, only links that have these values. by: as for m2m_link; values of no row are not linked. Returns the number of links removed. Errors: 42704 no relationship; 42P08 several; 21000 the properties fit several links of one pair.';
COMMENT ON FUNCTION m2m_unlink(regclass, text, regclass, text, text, text, jsonb, text) IS
'Unlinks rows of two tables, with the same forms of ids and properties as m2m_link. With properties, only links that have these values. by: as for m2m_link; values of no row are not linked. Returns the number of links removed. Errors: 42704 no relationship; 42P08 several; 21000 the properties fit several links of one pair.';

COMMENT ON FUNCTION m2m_set(regclass, "any", regclass, "any", text, text, jsonb, text, boolean) IS
'Makes the links of one row exactly these, leaving unchanged ones untouched. properties, as for m2m_link: new links get them, kept ones take them; where a pair may have several links, they say which these are. by, create_missing: as for m2m_link. Returns the exact difference that it made: ids linked, ids unlinked, number of pairs kept (linked before and after). Write SELECT * FROM m2m_set(...): the notation (m2m_set(...)).* calls it once for each column. Errors: as m2m_link; 40001 links of the row changed since the transaction''s snapshot.';
COMMENT ON FUNCTION m2m_set(regclass, "any", regclass, text, text, text, jsonb, text, boolean) IS
'Makes the links of one row exactly these, leaving unchanged ones untouched. properties, as for m2m_link: new links get them, kept ones take them; where a pair may have several links, they say which these are. by, create_missing: as for m2m_link. Returns the exact difference that it made: ids linked, ids unlinked, number of pairs kept (linked before and after). Write SELECT * FROM m2m_set(...): the notation (m2m_set(...)).* calls it once for each column. Errors: as m2m_link; 40001 links of the row changed since the transaction''s snapshot.';
COMMENT ON FUNCTION m2m_set(regclass, text, regclass, "any", text, text, jsonb, text, boolean) IS
'Makes the links of one row exactly these, leaving unchanged ones untouched. properties, as for m2m_link: new links get them, kept ones take them; where a pair may have several links, they say which these are. by, create_missing: as for m2m_link. Returns the exact difference that it made: ids linked, ids unlinked, number of pairs kept (linked before and after). Write SELECT * FROM m2m_set(...): the notation (m2m_set(...)).* calls it once for each column. Errors: as m2m_link; 40001 links of the row changed since the transaction''s snapshot.';
COMMENT ON FUNCTION m2m_set(regclass, text, regclass, text, text, text, jsonb, text, boolean) IS
'Makes the links of one row exactly these, leaving unchanged ones untouched. properties, as for m2m_link: new links get them, kept ones take them; where a pair may have several links, they say which these are. by, create_missing: as for m2m_link. Returns the exact difference that it made: ids linked, ids unlinked, number of pairs kept (linked before and after). Write SELECT * FROM m2m_set(...): the notation (m2m_set(...)).* calls it once for each column. Errors: as m2m_link; 40001 links of the row changed since the transaction''s snapshot.';

COMMENT ON FUNCTION m2m_clear(regclass, "any", regclass, text, text) IS
'Unlinks all of one row, or of each row of an array. Returns the number of links removed. Errors: as m2m_unlink.';
COMMENT ON FUNCTION m2m_clear(regclass, text, regclass, text, text) IS
'Unlinks all of one row, or of each row of an array. Returns the number of links removed. Errors: as m2m_unlink.';

COMMENT ON FUNCTION m2m_toggle(regclass, "any", regclass, "any", text, text) IS
'Unlinks two rows if they are linked, links them otherwise. Returns whether they are linked now (as before, where a trigger or policy lets neither happen). Errors: as m2m_link; 40001 concurrent toggles never let it through.';
COMMENT ON FUNCTION m2m_toggle(regclass, "any", regclass, text, text, text) IS
'Unlinks two rows if they are linked, links them otherwise. Returns whether they are linked now (as before, where a trigger or policy lets neither happen). Errors: as m2m_link; 40001 concurrent toggles never let it through.';
COMMENT ON FUNCTION m2m_toggle(regclass, text, regclass, "any", text, text) IS
'Unlinks two rows if they are linked, links them otherwise. Returns whether they are linked now (as before, where a trigger or policy lets neither happen). Errors: as m2m_link; 40001 concurrent toggles never let it through.';
COMMENT ON FUNCTION m2m_toggle(regclass, text, regclass, text, text, text) IS
'Unlinks two rows if they are linked, links them otherwise. Returns whether they are linked now (as before, where a trigger or policy lets neither happen). Errors: as m2m_link; 40001 concurrent toggles never let it through.';

COMMENT ON FUNCTION m2m_linked(regclass, "any", regclass, "any", text, text) IS
'Are two rows linked? Sees what the calling statement sees. Errors: 42704 no relationship; 42P08 several.';
COMMENT ON FUNCTION m2m_linked(regclass, "any", regclass, text, text, text) IS
'Are two rows linked? Sees what the calling statement sees. Errors: 42704 no relationship; 42P08 several.';
COMMENT ON FUNCTION m2m_linked(regclass, text, regclass, "any", text, text) IS
'Are two rows linked? Sees what the calling statement sees. Errors: 42704 no relationship; 42P08 several.';
COMMENT ON FUNCTION m2m_linked(regclass, text, regclass, text, text, text) IS
'Are two rows linked? Sees what the calling statement sees. Errors: 42704 no relationship; 42P08 several.';

COMMENT ON FUNCTION m2m_count(regclass, "any", regclass, text, text) IS
'Number of links of one row, each row of the association table counting. Sees what the calling statement sees. Errors: 42704 no relationship; 42P08 several.';
COMMENT ON FUNCTION m2m_count(regclass, text, regclass, text, text) IS
'Number of links of one row, each row of the association table counting. Sees what the calling statement sees. Errors: 42704 no relationship; 42P08 several.';

/*
 * Questions over many links.
 */

CREATE FUNCTION m2m_find(sample anyelement, other_table regclass, all_of "any" DEFAULT NULL,
	any_of "any" DEFAULT NULL, none_of "any" DEFAULT NULL,
	exactly "any" DEFAULT NULL, at_least numeric DEFAULT NULL,
	after "any" DEFAULT NULL, max_rows bigint DEFAULT NULL,
	via text DEFAULT NULL, role text DEFAULT NULL,
	unlinked boolean DEFAULT false)
	RETURNS SETOF anyelement
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_find';

CREATE FUNCTION m2m_find(sample anyelement, other_table regclass, all_of text DEFAULT NULL,
	any_of text DEFAULT NULL, none_of text DEFAULT NULL,
	exactly text DEFAULT NULL, at_least numeric DEFAULT NULL,
	after text DEFAULT NULL, max_rows bigint DEFAULT NULL,
	via text DEFAULT NULL, role text DEFAULT NULL,
	unlinked boolean DEFAULT false)
	RETURNS SETOF anyelement
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_find';

/*
 * For who gives no ids, which would fit both of the above: at_least is numeric
 * there, so that these match any integer better.  Not at_least or text as third
 * argument: that is for ids.
 */
CREATE FUNCTION m2m_find(sample anyelement, other_table regclass,
	unlinked boolean DEFAULT false, via text DEFAULT NULL,
	role text DEFAULT NULL, at_least integer DEFAULT NULL,
	max_rows bigint DEFAULT NULL)
	RETURNS SETOF anyelement
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_find_at_least';

CREATE FUNCTION m2m_find(sample anyelement, other_table regclass,
	unlinked boolean DEFAULT false, via text DEFAULT NULL,
	role text DEFAULT NULL, at_least bigint DEFAULT NULL,
	max_rows bigint DEFAULT NULL)
	RETURNS SETOF anyelement
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_find_at_least';

CREATE FUNCTION m2m_find(sample anyelement, other_table regclass,
	unlinked boolean DEFAULT false, via text DEFAULT NULL,
	role text DEFAULT NULL, at_least smallint DEFAULT NULL,
	max_rows bigint DEFAULT NULL)
	RETURNS SETOF anyelement
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_find_at_least';

CREATE FUNCTION m2m_seek(sample anyelement, association regclass, role text,
	all_of "any" DEFAULT NULL, any_of "any" DEFAULT NULL,
	none_of "any" DEFAULT NULL, exactly "any" DEFAULT NULL,
	at_least bigint DEFAULT NULL, after "any" DEFAULT NULL)
	RETURNS SETOF anyelement
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_seek';

CREATE FUNCTION m2m_counts(sample anyelement, other_table regclass,
	via text DEFAULT NULL, role text DEFAULT NULL,
	OUT "row" anyelement, OUT links bigint)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_counts';

CREATE FUNCTION m2m_related(sample anyelement, id "any", other_table regclass,
	max_rows bigint DEFAULT NULL, via text DEFAULT NULL,
	role text DEFAULT NULL,
	OUT "row" anyelement, OUT shared bigint, OUT jaccard double precision)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_related';

CREATE FUNCTION m2m_reach(sample anyelement, id "any", via text DEFAULT NULL,
	max_depth bigint DEFAULT NULL, direction text DEFAULT 'out',
	OUT "row" anyelement, OUT depth integer, OUT path text[])
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_reach';

CREATE FUNCTION m2m_related(sample anyelement, id text, other_table regclass,
	max_rows bigint DEFAULT NULL, via text DEFAULT NULL,
	role text DEFAULT NULL,
	OUT "row" anyelement, OUT shared bigint, OUT jaccard double precision)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_related';

CREATE FUNCTION m2m_reach(sample anyelement, id text, via text DEFAULT NULL,
	max_depth bigint DEFAULT NULL, direction text DEFAULT 'out',
	OUT "row" anyelement, OUT depth integer, OUT path text[])
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_reach';

CREATE FUNCTION m2m_json(of_table regclass, id "any",
	include text[] DEFAULT NULL, max_rows bigint DEFAULT NULL)
	RETURNS jsonb
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_json';

CREATE FUNCTION m2m_json(of_table regclass, id text,
	include text[] DEFAULT NULL, max_rows bigint DEFAULT NULL)
	RETURNS jsonb
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_json';

COMMENT ON FUNCTION m2m_json(regclass, "any", text[], bigint) IS
'A row, by its primary key, with the rows that it is linked to, each relationship an array named as its link view ends, with the properties of the links. Null if there is no such row; of an array of ids an array of those that there are. include: which relationships, as names or paths (books.tags); empty: none; default: all of the table that the caller may read. max_rows of each. Errors: 42704 no such relationship, or no primary key; 22004 a null id; 42501.';

COMMENT ON FUNCTION m2m_json(regclass, text, text[], bigint) IS
'A row, by its primary key, with the rows that it is linked to, each relationship an array named as its link view ends, with the properties of the links. Null if there is no such row; of an array of ids an array of those that there are. include: which relationships, as names or paths (books.tags); empty: none; default: all of the table that the caller may read. max_rows of each. Errors: 42704 no such relationship, or no primary key; 22004 a null id; 42501.';

COMMENT ON FUNCTION m2m_find(anyelement, regclass, "any", "any", "any", "any", numeric,
	"any", bigint, text, text, boolean) IS
'Rows of one table by what they are linked to in another: all_of, any_of (at_least so many of them), none_of, exactly: an id or an array. NULL::book as first argument says which rows. Rows without links satisfy no all_of, the empty one neither unless unlinked. In the order of the key; after (a key) and max_rows read no more than they return. role is the one that the rows play. Errors: 22023 nothing to look for; 42809 not a table''s row; 42704, 42P08; 22004 a null id; 42501.';

COMMENT ON FUNCTION m2m_find(anyelement, regclass, text, text, text, text, numeric,
	text, bigint, text, text, boolean) IS
'Rows of one table by what they are linked to in another: all_of, any_of (at_least so many of them), none_of, exactly: an id or an array. NULL::book as first argument says which rows. Rows without links satisfy no all_of, the empty one neither unless unlinked. In the order of the key; after (a key) and max_rows read no more than they return. role is the one that the rows play. Errors: 22023 nothing to look for; 42809 not a table''s row; 42704, 42P08; 22004 a null id; 42501.';

COMMENT ON FUNCTION m2m_find(anyelement, regclass, boolean, text, text, integer, bigint) IS
'Rows of one table that have at least so many links to another. Otherwise as m2m_find by ids.';

COMMENT ON FUNCTION m2m_find(anyelement, regclass, boolean, text, text, bigint, bigint) IS
'Rows of one table that have at least so many links to another. Otherwise as m2m_find by ids.';

COMMENT ON FUNCTION m2m_find(anyelement, regclass, boolean, text, text, smallint, bigint) IS
'Rows of one table that have at least so many links to another. Otherwise as m2m_find by ids.';

COMMENT ON FUNCTION m2m_seek(anyelement, regclass, text, "any", "any", "any", "any", bigint, "any") IS
'Keys of the rows that play a role, by what they are linked to, as m2m_find: one at a time and in their order, so that in a select list a LIMIT ends the work early. The first argument says by its type what is returned: the key, or if it has several columns a row of the table, in which they are set. What m2m_expose makes calls it. Errors: 22023 nothing to look for; 42804 another type; 42704; 22004 a null id; 42501.';

COMMENT ON FUNCTION m2m_counts(anyelement, regclass, text, text) IS
'All rows of one table, each with the number of its links to another. NULL::author as first argument says which rows. Errors: 42809 not a table''s row; 42704, 42P08; 42501.';

COMMENT ON FUNCTION m2m_related(anyelement, "any", regclass, bigint, text, text) IS
'Rows of one table that are linked to the same rows of another as the row with that id: how many they share, and that in proportion to all that either is linked to (Jaccard). Most shared first; max_rows of them. Errors: 42809 not a table''s row; 42704, 42P08; 22004 a null id; 42501.';

COMMENT ON FUNCTION m2m_reach(anyelement, "any", text, bigint, text) IS
'Rows that links of a table with itself lead to from the row with that id, each once, with the least number of links and the keys on the way; max_depth links at most. direction: out (from the left role to the right), in or both. Errors: 42809 not a table''s row; 42704, 42P08; 22004 a null id; 22023; 42501.';

COMMENT ON FUNCTION m2m_related(anyelement, text, regclass, bigint, text, text) IS
'Rows of one table that are linked to the same rows of another as the row with that id: how many they share, and that in proportion to all that either is linked to (Jaccard). Most shared first; max_rows of them. Errors: 42809 not a table''s row; 42704, 42P08; 22004 a null id; 42501.';

COMMENT ON FUNCTION m2m_reach(anyelement, text, text, bigint, text) IS
'Rows that links of a table with itself lead to from the row with that id, each once, with the least number of links and the keys on the way; max_depth links at most. direction: out (from the left role to the right), in or both. Errors: 42809 not a table''s row; 42704, 42P08; 22004 a null id; 22023; 42501.';

/* the links of rows, in all relationships of their table */

CREATE FUNCTION m2m_merge("table" regclass, from_ids "any", into_id "any",
	OUT association regclass, OUT role text, OUT moved bigint, OUT dropped bigint)
	RETURNS SETOF record
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_merge';

CREATE FUNCTION m2m_merge("table" regclass, from_ids "any", into_id text,
	OUT association regclass, OUT role text, OUT moved bigint, OUT dropped bigint)
	RETURNS SETOF record
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_merge';

CREATE FUNCTION m2m_merge("table" regclass, from_ids text, into_id "any",
	OUT association regclass, OUT role text, OUT moved bigint, OUT dropped bigint)
	RETURNS SETOF record
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_merge';

CREATE FUNCTION m2m_merge("table" regclass, from_ids text, into_id text,
	OUT association regclass, OUT role text, OUT moved bigint, OUT dropped bigint)
	RETURNS SETOF record
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_merge';

CREATE FUNCTION m2m_copy(from_table regclass, from_id "any", into_table regclass,
	into_id "any", via text DEFAULT NULL, role text DEFAULT NULL,
	OUT association regclass, OUT role_name text, OUT copied bigint)
	RETURNS SETOF record
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_copy';

CREATE FUNCTION m2m_copy(from_table regclass, from_id "any", into_table regclass,
	into_id text, via text DEFAULT NULL, role text DEFAULT NULL,
	OUT association regclass, OUT role_name text, OUT copied bigint)
	RETURNS SETOF record
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_copy';

CREATE FUNCTION m2m_copy(from_table regclass, from_id text, into_table regclass,
	into_id "any", via text DEFAULT NULL, role text DEFAULT NULL,
	OUT association regclass, OUT role_name text, OUT copied bigint)
	RETURNS SETOF record
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_copy';

CREATE FUNCTION m2m_copy(from_table regclass, from_id text, into_table regclass,
	into_id text, via text DEFAULT NULL, role text DEFAULT NULL,
	OUT association regclass, OUT role_name text, OUT copied bigint)
	RETURNS SETOF record
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_copy';

COMMENT ON FUNCTION m2m_merge(regclass, "any", "any") IS
'Merges rows of a table into one of them: their links become its links, in all relationships of the table, and they are deleted. Of links that would be the same, its own is kept, else that of the id given first, with its properties. A row for each role that the table plays, with the number of links moved and dropped. Errors: 23503 no such row, or another table refers to one that would go; 22023; 22004 a null id; 42704; 42501.';

COMMENT ON FUNCTION m2m_merge(regclass, "any", text) IS
'Merges rows of a table into one of them: their links become its links, in all relationships of the table, and they are deleted. Of links that would be the same, its own is kept, else that of the id given first, with its properties. A row for each role that the table plays, with the number of links moved and dropped. Errors: 23503 no such row, or another table refers to one that would go; 22023; 22004 a null id; 42704; 42501.';

COMMENT ON FUNCTION m2m_merge(regclass, text, "any") IS
'Merges rows of a table into one of them: their links become its links, in all relationships of the table, and they are deleted. Of links that would be the same, its own is kept, else that of the id given first, with its properties. A row for each role that the table plays, with the number of links moved and dropped. Errors: 23503 no such row, or another table refers to one that would go; 22023; 22004 a null id; 42704; 42501.';

COMMENT ON FUNCTION m2m_merge(regclass, text, text) IS
'Merges rows of a table into one of them: their links become its links, in all relationships of the table, and they are deleted. Of links that would be the same, its own is kept, else that of the id given first, with its properties. A row for each role that the table plays, with the number of links moved and dropped. Errors: 23503 no such row, or another table refers to one that would go; 22023; 22004 a null id; 42704; 42501.';

COMMENT ON FUNCTION m2m_copy(regclass, "any", regclass, "any", text, text) IS
'Links one row to whatever another row of the same table is linked to, with the properties of these links: in all relationships of the table, or the one that via names, in all roles or one. Links that are there stay as they are. A row for each role, with the number of new links. Errors: 23503 no such row; 22023; 22004 a null id; 42704, 42P08; 42501.';

COMMENT ON FUNCTION m2m_copy(regclass, "any", regclass, text, text, text) IS
'Links one row to whatever another row of the same table is linked to, with the properties of these links: in all relationships of the table, or the one that via names, in all roles or one. Links that are there stay as they are. A row for each role, with the number of new links. Errors: 23503 no such row; 22023; 22004 a null id; 42704, 42P08; 42501.';

COMMENT ON FUNCTION m2m_copy(regclass, text, regclass, "any", text, text) IS
'Links one row to whatever another row of the same table is linked to, with the properties of these links: in all relationships of the table, or the one that via names, in all roles or one. Links that are there stay as they are. A row for each role, with the number of new links. Errors: 23503 no such row; 22023; 22004 a null id; 42704, 42P08; 42501.';

COMMENT ON FUNCTION m2m_copy(regclass, text, regclass, text, text, text) IS
'Links one row to whatever another row of the same table is linked to, with the properties of these links: in all relationships of the table, or the one that via names, in all roles or one. Links that are there stay as they are. A row for each role, with the number of new links. Errors: 23503 no such row; 22023; 22004 a null id; 42704, 42P08; 42501.';

/* link views */

CREATE FUNCTION m2m_link_view_write()
	RETURNS trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_link_view_write';

COMMENT ON FUNCTION m2m_link_view_write() IS
'INSTEAD OF trigger of link views; m2m_create and m2m_adopt put it there. Its arguments, name=value, hold what has no other home: near (the side the view starts at), left and right (the roles), origin (created or adopted), unlink (marks, where unlinking sets a column instead of deleting the row; the condition of the view says which).';

/*
 * Relationships follow the schema.  The tags are those of commands that can
 * rename, retype or drop what link views and functions read, or add to it.
 */

CREATE FUNCTION m2m_ddl_command_start()
	RETURNS event_trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_ddl_command_start';

COMMENT ON FUNCTION m2m_ddl_command_start() IS
'Event trigger: link views step aside for commands that PostgreSQL would refuse while a view reads the table.';

CREATE FUNCTION m2m_ddl_command_end()
	RETURNS event_trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_ddl_command_end';

COMMENT ON FUNCTION m2m_ddl_command_end() IS
'Event trigger: link views and functions follow what a command has changed.';

CREATE FUNCTION m2m_ddl_table_created()
	RETURNS event_trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_ddl_table_created';

COMMENT ON FUNCTION m2m_ddl_table_created() IS
'Event trigger: notes what becomes of a temporary table at commit, so that links between its rows can go with them.';

CREATE EVENT TRIGGER m2m_ddl_command_start ON ddl_command_start WHEN TAG IN (
	'ALTER AGGREGATE', 'ALTER COLLATION', 'ALTER DOMAIN', 'ALTER EXTENSION',
	'ALTER FOREIGN TABLE', 'ALTER FUNCTION', 'ALTER INDEX',
	'ALTER MATERIALIZED VIEW', 'ALTER OPERATOR', 'ALTER PROCEDURE',
	'ALTER ROUTINE', 'ALTER SCHEMA', 'ALTER SEQUENCE', 'ALTER TABLE',
	'ALTER TRIGGER', 'ALTER TYPE', 'ALTER VIEW', 'CREATE AGGREGATE',
	'CREATE DOMAIN',
	'CREATE FOREIGN TABLE', 'CREATE FUNCTION', 'CREATE INDEX',
	'CREATE MATERIALIZED VIEW', 'CREATE PROCEDURE', 'CREATE SCHEMA',
	'CREATE SEQUENCE', 'CREATE TABLE', 'CREATE TABLE AS', 'CREATE TYPE',
	'CREATE VIEW',
	'SELECT INTO', 'DROP ACCESS METHOD', 'DROP AGGREGATE', 'DROP CAST',
	'DROP COLLATION', 'DROP DOMAIN', 'DROP EXTENSION',
	'DROP FOREIGN DATA WRAPPER', 'DROP FOREIGN TABLE', 'DROP FUNCTION',
	'DROP LANGUAGE', 'DROP MATERIALIZED VIEW', 'DROP OPERATOR',
	'DROP OPERATOR CLASS', 'DROP OPERATOR FAMILY', 'DROP OWNED',
	'DROP PROCEDURE', 'DROP ROUTINE', 'DROP SCHEMA', 'DROP SEQUENCE',
	'DROP SERVER', 'DROP TABLE', 'DROP TEXT SEARCH CONFIGURATION',
	'DROP TEXT SEARCH DICTIONARY', 'DROP TEXT SEARCH PARSER',
	'DROP TEXT SEARCH TEMPLATE', 'DROP TYPE', 'DROP VIEW')
	EXECUTE FUNCTION m2m_ddl_command_start();

COMMENT ON EVENT TRIGGER m2m_ddl_command_start IS
'm2m: relationships follow the schema, and stand in nobody''s way';

CREATE EVENT TRIGGER m2m_ddl_command_end ON ddl_command_end WHEN TAG IN (
	'ALTER COLLATION', 'ALTER EXTENSION', 'ALTER FOREIGN TABLE',
	'ALTER INDEX', 'ALTER MATERIALIZED VIEW', 'ALTER OPERATOR',
	'ALTER SCHEMA', 'ALTER SEQUENCE', 'ALTER TABLE', 'ALTER TYPE',
	'ALTER VIEW', 'CREATE INDEX', 'CREATE SCHEMA', 'CREATE TABLE',
	'CREATE VIEW', 'DROP ACCESS METHOD', 'DROP AGGREGATE', 'DROP CAST',
	'DROP COLLATION', 'DROP DOMAIN', 'DROP EXTENSION',
	'DROP FOREIGN DATA WRAPPER', 'DROP FOREIGN TABLE', 'DROP FUNCTION',
	'DROP LANGUAGE', 'DROP MATERIALIZED VIEW', 'DROP OPERATOR',
	'DROP OPERATOR CLASS', 'DROP OPERATOR FAMILY', 'DROP OWNED',
	'DROP PROCEDURE', 'DROP ROUTINE', 'DROP SCHEMA', 'DROP SEQUENCE',
	'DROP SERVER', 'DROP TABLE', 'DROP TEXT SEARCH CONFIGURATION',
	'DROP TEXT SEARCH DICTIONARY', 'DROP TEXT SEARCH PARSER',
	'DROP TEXT SEARCH TEMPLATE', 'DROP TYPE', 'DROP VIEW')
	EXECUTE FUNCTION m2m_ddl_command_end();

COMMENT ON EVENT TRIGGER m2m_ddl_command_end IS
'm2m: relationships follow the schema, and stand in nobody''s way';

CREATE EVENT TRIGGER m2m_ddl_table_created ON ddl_command_end WHEN TAG IN (
	'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO')
	EXECUTE FUNCTION m2m_ddl_table_created();

COMMENT ON EVENT TRIGGER m2m_ddl_table_created IS
'm2m: links between temporary rows go with them';

/* what there is */

CREATE FUNCTION m2m_relationships()
	RETURNS TABLE (association regclass, left_table regclass, left_role text,
		left_key text[], left_columns text[], left_view regclass,
		left_function regprocedure, left_on_delete text,
		right_table regclass, right_role text, right_key text[],
		right_columns text[], right_view regclass,
		right_function regprocedure, right_on_delete text,
		properties text[], identity text[], shared text[], condition text,
		rules text[], origin text, owner regrole, symmetrical boolean)
	LANGUAGE C STABLE PARALLEL SAFE ROWS 20
	AS 'MODULE_PATHNAME', 'm2m_relationships';

COMMENT ON FUNCTION m2m_relationships() IS
'One row for each many-to-many relationship of the database, read from the system catalogs: its association table; of both endpoints the table, role, key columns, the association''s columns that hold the key, link view, link function (null if dropped or changed) and what deleting a row does to its links; the link properties; the columns that tell one link from another; the association''s columns that are in both keys; the condition by which rows are links, null where all are; the names of its rules (m2m_rules() tells more); whether it was created or adopted; the owner; whether its links have no direction.';

/* rules */

CREATE FUNCTION m2m_limit(association regclass, role text,
	min integer DEFAULT NULL, max integer DEFAULT NULL)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_limit';

COMMENT ON FUNCTION m2m_limit(regclass, text, integer, integer) IS
'Rule: each row of the role has at least min links (asked at commit) and at most max (asked at once), whoever writes them and by whatever path. Replaces the limit that the role has; without numbers there is none. Links are counted, each row of the association table. Errors: 42704 no relationship, or no such role; 42809 the association is partitioned or inherits; 22023 min is greater than max; 23514 a row does not keep it now; 42501.';

CREATE FUNCTION m2m_limit_links()
	RETURNS trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_limit_links';

COMMENT ON FUNCTION m2m_limit_links() IS
'Trigger of a rule; m2m_limit() puts it there. Its arguments, name=value: role, min, max. Error 23514.';

CREATE FUNCTION m2m_counter(association regclass, role text,
	counter text DEFAULT NULL)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_counter';

COMMENT ON FUNCTION m2m_counter(regclass, text, text) IS
'Rule: the number of links of each row of the role is kept, whoever writes them and by whatever path: in the column counter of its table, which is added if it is not there, or, where none is named, in the table <association>_<role>_counter, as the sum of n over its rows. Replaces the counter that the role has, and counts anew. Errors: 42704 no relationship, or no such role; 42809 the association is partitioned or inherits; 42804 the column is no number; 42710 it is a counter already; 22003 it does not hold a number of links; 42P07 the table''s name is taken; 42501.';

CREATE FUNCTION m2m_counter_links()
	RETURNS trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_counter_links';

COMMENT ON FUNCTION m2m_counter_links() IS
'Trigger of a rule; m2m_counter() puts it there. Its arguments, name=value: role; counter: column or slots; origin=added for a column that the rule has added.';

CREATE FUNCTION m2m_order(association regclass, role text,
	"position" text DEFAULT NULL, dense boolean DEFAULT false)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_order';

COMMENT ON FUNCTION m2m_order(regclass, text, text, boolean) IS
'Rule: the links of each row of the role have an order, in the link property position (bigint, <other role>_position unless it is named), which is added if it is not there. New links come last, whoever makes them and by whatever path, without a lock; m2m_set takes the order of its array, m2m_move changes one, and the link function returns rows in order. Numbers have gaps; with dense they are 1, 2, 3 ... (from 0, where those that are there begin so) when a transaction commits, also in an integer column. Replaces the order that the role has. Errors: 42704 no relationship, or no such role; 42809 the association is partitioned or inherits; 42804 the column cannot hold it; 22003 it is too narrow; 42501.';

CREATE FUNCTION m2m_order_links()
	RETURNS trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_order_links';

COMMENT ON FUNCTION m2m_order_links() IS
'Trigger of a rule; m2m_order() puts it there. Its arguments, name=value: role; order: sparse or dense; first, the number of the first link of a dense one; origin=added for a column that the rule has added; null=allowed for one that could be null before.';

CREATE FUNCTION m2m_move(left_table regclass, left_id "any", right_table regclass,
	right_id "any", before "any" DEFAULT NULL, after "any" DEFAULT NULL,
	at bigint DEFAULT NULL, via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_move';

CREATE FUNCTION m2m_move(left_table regclass, left_id text, right_table regclass,
	right_id text, before text DEFAULT NULL, after text DEFAULT NULL,
	at bigint DEFAULT NULL, via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS boolean
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_move';

COMMENT ON FUNCTION m2m_move(regclass, "any", regclass, "any", "any", "any", bigint, text, text) IS
'Among the links of the first row, which m2m_order has given an order, moves the link to the second row: before or after that to another row, or to be the at-th (from 1; last, if there are not so many). Returns whether it has another place now. Of a sparse order it writes one link, or a few next to it. Needs SELECT on the association and UPDATE on the position. Errors: 42704 no relationship, or no order of these links; 42P08 several relationships; 22023 not one of before, after and at, or such rows are not linked; 21000 the pair has several links; 22004 a null id; 40001; 42501.';
COMMENT ON FUNCTION m2m_move(regclass, text, regclass, text, text, text, bigint, text, text) IS
'Among the links of the first row, which m2m_order has given an order, moves the link to the second row: before or after that to another row, or to be the at-th (from 1; last, if there are not so many). Returns whether it has another place now. Of a sparse order it writes one link, or a few next to it. Needs SELECT on the association and UPDATE on the position. Errors: 42704 no relationship, or no order of these links; 42P08 several relationships; 22023 not one of before, after and at, or such rows are not linked; 21000 the pair has several links; 22004 a null id; 40001; 42501.';

CREATE FUNCTION m2m_history(association regclass)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_history';

COMMENT ON FUNCTION m2m_history(regclass) IS
'Rule: when each link was made and removed, and by whom, is kept in the table <association>_history, whoever writes links and by whatever path. Links that are there get a row without an end, from now on. Beside each link function a function of its name with _at behind it, of a row and a moment. The setting m2m.actor names the application''s user. Errors: 42704 no relationship; 42809 the association is partitioned or inherits; 42P07 the table''s name is taken; 42501.';

CREATE FUNCTION m2m_history_links()
	RETURNS trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_history_links';

COMMENT ON FUNCTION m2m_history_links() IS
'Trigger of a rule; m2m_history() puts it there. Its argument, name=value: since, when the history begins.';

CREATE FUNCTION m2m_at(sample anyelement, left_table regclass, left_id "any",
	at timestamptz, via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS SETOF anyelement
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_at';

CREATE FUNCTION m2m_at(sample anyelement, left_table regclass, left_id text,
	at timestamptz, via text DEFAULT NULL, role text DEFAULT NULL)
	RETURNS SETOF anyelement
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_at';

COMMENT ON FUNCTION m2m_at(anyelement, regclass, "any", timestamptz, text, text) IS
'The rows that a row was linked to at a moment, as they are now: of the table whose row sample is (NULL::book). Beside link function author_books, author_books_at(author, timestamptz) does the same. role is the one that the row plays. Needs SELECT on the history. Errors: 42704 no relationship, or it has no history; 42P08 several; 22023 the history begins later; 42804 sample is no row of a table.';
COMMENT ON FUNCTION m2m_at(anyelement, regclass, text, timestamptz, text, text) IS
'The rows that a row was linked to at a moment, as they are now: of the table whose row sample is (NULL::book). Beside link function author_books, author_books_at(author, timestamptz) does the same. role is the one that the row plays. Needs SELECT on the history. Errors: 42704 no relationship, or it has no history; 42P08 several; 22023 the history begins later; 42804 sample is no row of a table.';

CREATE FUNCTION m2m_restore(association regclass, at timestamptz,
	OUT linked bigint, OUT unlinked bigint, OUT changed bigint)
	RETURNS record
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_restore';

COMMENT ON FUNCTION m2m_restore(regclass, timestamptz) IS
'Makes the links of a relationship those of a moment, with the properties that they had, from its history; nobody else writes links meanwhile. Links to rows that are no longer there stay away. Returns how many were linked, unlinked, and given other properties. That is history, too, and can be taken back. Needs the rights of SELECT, INSERT, UPDATE and DELETE on the association and SELECT on the history and both tables. Errors: 42704 no relationship, or no history; 22023 it begins later; 0A000 a pair may have several links.';

CREATE FUNCTION m2m_notify(association regclass, channel text,
	keys boolean DEFAULT false)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_notify';

COMMENT ON FUNCTION m2m_notify(regclass, text, boolean) IS
'Rule: a NOTIFY on the channel for each statement or call that links or unlinks, whoever writes and by whatever path: a JSON object of relationship, xid, n (a number that runs within the transaction), linked and unlinked (how many). With keys the pairs, too, where they fit in a message; anybody who can connect can listen. Transactions that write links cannot be prepared then. Errors: 42704 no relationship; 42809 the association is partitioned or inherits; 22023 the channel; 42501.';

CREATE FUNCTION m2m_notice_links()
	RETURNS trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_notice_links';

COMMENT ON FUNCTION m2m_notice_links() IS
'Trigger of a rule; m2m_notify() puts it there. Its arguments, name=value: channel, keys.';

CREATE FUNCTION m2m_symmetric(association regclass,
	repair boolean DEFAULT false)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_symmetric';

COMMENT ON FUNCTION m2m_symmetric(regclass, boolean) IS
'Makes the links of a relationship between a table and itself links without a direction, as m2m_create(..., symmetrical => true) does: by a foreign key of the association to itself, and triggers that give both rows of a link the same link properties. Its second link view and link function go. With repair, links that are there in one direction only are made in the other. Errors: 42704 no relationship; 42P16 it is not between one key of a table and itself, or a pair may have several links; 23503 links that are there in one direction only; 2BP01 something depends on the second link view; 42501.';

CREATE FUNCTION m2m_symmetric_links()
	RETURNS trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_symmetric_links';

COMMENT ON FUNCTION m2m_symmetric_links() IS
'Trigger of a symmetric relationship; m2m_create(..., symmetrical => true), m2m_symmetric() and m2m_adopt() put it there.';

CREATE FUNCTION m2m_orphans(association regclass, role text, action text)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_orphans';

COMMENT ON FUNCTION m2m_orphans(regclass, text, text) IS
'Rule: a row of the role that loses its last link, whoever removes it and by whatever path, is deleted when the transaction commits (action delete), or that is an error (refuse). Last is one after which no relationship that has such a rule about rows of that table has a link of the row. Replaces what the role has. Errors: 42704 no relationship, or no such role; 42809 the association is partitioned or inherits; 22023 another action; 42501 not the owner of both tables.';

CREATE FUNCTION m2m_orphans(sample anyelement)
	RETURNS SETOF anyelement
	LANGUAGE C STABLE PARALLEL RESTRICTED
	AS 'MODULE_PATHNAME', 'm2m_orphans_of';

COMMENT ON FUNCTION m2m_orphans(anyelement) IS
'Rows of the table whose row sample is (NULL::book) that have no link in any of the relationships that say what becomes of orphans, in the order of their keys; also those that never had one. Errors: 42809 not a table''s row; 42704 no relationship says so; 55000 one that does is not whole; 42501.';

CREATE FUNCTION m2m_orphan_links()
	RETURNS trigger
	LANGUAGE C VOLATILE
	AS 'MODULE_PATHNAME', 'm2m_orphan_links';

COMMENT ON FUNCTION m2m_orphan_links() IS
'Trigger of a rule; m2m_orphans() puts it there. Its arguments, name=value: role; action: delete or refuse. Error 23514.';

CREATE FUNCTION m2m_drop_rule(association regclass, rule text,
	keep boolean DEFAULT false)
	RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE
	AS 'MODULE_PATHNAME', 'm2m_drop_rule';

COMMENT ON FUNCTION m2m_drop_rule(regclass, text, boolean) IS
'Switches a rule off, by its name as m2m_rules() shows it, and drops the columns and tables that it has made; with keep they stay. Errors: 42704 no such rule; 2BP01 something depends on such a table; 42501.';

CREATE FUNCTION m2m_rules(association regclass DEFAULT NULL,
	OUT relationship regclass, OUT rule text, OUT kind text, OUT role text,
	OUT definition text, OUT tables regclass[], OUT whole boolean)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL SAFE ROWS 20
	AS 'MODULE_PATHNAME', 'm2m_rules';

COMMENT ON FUNCTION m2m_rules(regclass) IS
'One row for each rule of one relationship, or of all: its name, kind, the role whose rows it is about (null: both), the call that makes it, the tables that it keeps, and whether all its triggers are there and enabled.';

CREATE FUNCTION m2m_diagram(schema regnamespace DEFAULT NULL,
	format text DEFAULT 'mermaid')
	RETURNS text
	LANGUAGE C STABLE PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'm2m_diagram';

COMMENT ON FUNCTION m2m_diagram(regnamespace, text) IS
'The relationships that have a table in a schema, or all, as a text to be drawn: mermaid (an erDiagram) or dot. Tables with the columns that make the relationship, and a line from each endpoint to the association with the link view that goes this way. Errors: 3F000 no such schema; 22023 no such format.';

/* what is amiss */

CREATE FUNCTION m2m_check(association regclass DEFAULT NULL,
	OUT relationship regclass, OUT severity text, OUT finding text,
	OUT remedy text)
	RETURNS SETOF record
	LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10
	AS 'MODULE_PATHNAME', 'm2m_check';

COMMENT ON FUNCTION m2m_check(regclass) IS
'Reports whatever is inconsistent in one relationship, or in all: a row for each finding, with its severity (error, warning, info) and the SQL that mends it, null where that is for you to decide. Takes no strong locks.';

CREATE FUNCTION m2m_repair(association regclass DEFAULT NULL,
	OUT relationship regclass, OUT severity text, OUT finding text,
	OUT remedy text)
	RETURNS SETOF record
	LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 10
	AS 'MODULE_PATHNAME', 'm2m_repair';

COMMENT ON FUNCTION m2m_repair(regclass) IS
'Mends what m2m_check reports of one relationship, or of all that the caller owns, by running the remedies with the rights of the association''s owner; one that fails is a WARNING. Returns what was mended. Errors: 42501 not the owner.';
