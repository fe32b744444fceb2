-- errors.sql: bad input. If a test here fails, somebody who makes a mistake
-- gets another SQLSTATE than the one that programs are told to look for, or a
-- message that does not say what is wrong and what to do; or a call that
-- failed has left something behind.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();

-- What a statement reports.
CREATE TYPE report AS (code text, message text, detail text, hint text, context text,
	schema_name text, table_name text, column_name text, constraint_name text);
CREATE FUNCTION report(sql text) RETURNS report
LANGUAGE plpgsql AS $$
DECLARE
	r report;
BEGIN
	EXECUTE sql;
	r.code := '00000';
	RETURN r;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS r.code = RETURNED_SQLSTATE, r.message = MESSAGE_TEXT, r.detail = PG_EXCEPTION_DETAIL,
		r.hint = PG_EXCEPTION_HINT, r.context = PG_EXCEPTION_CONTEXT, r.schema_name = SCHEMA_NAME,
		r.table_name = TABLE_NAME, r.column_name = COLUMN_NAME, r.constraint_name = CONSTRAINT_NAME;
	RETURN r;
END
$$;

-- All that a call could leave behind: objects, and rows of all tables.
CREATE FUNCTION state() RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text;
	relation regclass;
	rows text;
BEGIN
	SELECT string_agg(o, E'\n' ORDER BY o) INTO result FROM (
		SELECT format('relation %s %s %s', oid, relname, relkind) FROM pg_class
			WHERE relnamespace <> ALL (ARRAY(SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_'))
		UNION ALL SELECT format('function %s', oid::regprocedure) FROM pg_proc
			WHERE pronamespace <> 'pg_catalog'::regnamespace
		UNION ALL SELECT format('trigger %s %s', tgname, tgrelid::regclass) FROM pg_trigger WHERE NOT tgisinternal
		UNION ALL SELECT format('type %s', typname) FROM pg_type
			WHERE typnamespace <> ALL (ARRAY(SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_'))) x (o);
	FOR relation IN SELECT oid FROM pg_class
		WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
	LOOP
		EXECUTE format('SELECT string_agg(t::text, '','' ORDER BY t::text) FROM %s t', relation) INTO rows;
		result := result || E'\n' || relation::text || ': ' || coalesce(rows, 'empty');
	END LOOP;
	RETURN result;
END
$$;

-- One test: the statement fails with this SQLSTATE, what it says matches the
-- patterns given, and it leaves all as it was.
CREATE FUNCTION refused(sql text, code text, description text, message text DEFAULT '', detail text DEFAULT '',
						hint text DEFAULT '', context text DEFAULT '')
RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	before text := state();
	r report := report(sql);
	wrong text := '';
BEGIN
	IF r.code <> code THEN wrong := wrong || format(E'SQLSTATE %s instead of %s\n', r.code, code); END IF;
	IF coalesce(r.message, '') !~ message THEN wrong := wrong || format(E'MESSAGE does not match %s\n', message); END IF;
	IF coalesce(r.detail, '') !~ detail THEN wrong := wrong || format(E'DETAIL does not match %s\n', detail); END IF;
	IF coalesce(r.hint, '') !~ hint THEN wrong := wrong || format(E'HINT does not match %s\n', hint); END IF;
	IF concat_ws(E'\n', r.message, r.detail, r.hint, r.context) !~ context THEN
		wrong := wrong || format(E'nothing of it matches %s\n', context);
	END IF;
	IF state() <> before THEN wrong := wrong || E'something has changed\n'; END IF;
	RETURN ok(wrong = '', description) || CASE WHEN wrong = '' THEN '' ELSE E'\n' || diag(wrong || sql || E'\n' || r::text) END;
END
$$;

-- Tables that have nothing in common yet.
CREATE TABLE author (id bigint PRIMARY KEY, name text);
CREATE TABLE book (id bigint PRIMARY KEY, title text);
INSERT INTO author SELECT n, 'author ' || n FROM generate_series(1, 5) n;
INSERT INTO book SELECT n, 'book ' || n FROM generate_series(1, 5) n;

-- Every function that takes ids, as a call with two ids of one's choice.
CREATE TABLE call (function text, writes boolean, scalar boolean, sql text);
INSERT INTO call VALUES
	('m2m_link', true, false, 'SELECT m2m_link(%s, %s, %s, %s)'),
	('m2m_unlink', true, false, 'SELECT m2m_unlink(%s, %s, %s, %s)'),
	('m2m_set', true, false, 'SELECT m2m_set(%s, %s, %s, ARRAY[%s])'),
	('m2m_clear', true, false, 'SELECT m2m_clear(%s, %s, %s)'),
	('m2m_toggle', true, true, 'SELECT m2m_toggle(%s, %s, %s, %s)'),
	('m2m_linked', false, true, 'SELECT m2m_linked(%s, %s, %s, %s)'),
	('m2m_count', false, true, 'SELECT m2m_count(%s, %s, %s)');

-- Unknown table: 42P01
SELECT refused(format(sql, '''nosuch''', 1, '''book''', 1), '42P01', function || ': unknown left table', '"nosuch" does not exist') FROM call;
SELECT refused(format(sql, '''author''', 1, '''public.nosuch''', 1), '42P01', function || ': unknown right table', '"public.nosuch" does not exist') FROM call;
SELECT refused(format(sql, '4000000000::regclass', 1, '''book''', 1), '42P01', function || ': a number that is no table''s', '4000000000') FROM call;
SELECT refused('SELECT m2m_create(''author'', ''nosuch'')', '42P01', 'm2m_create: unknown table', 'nosuch');
SELECT refused('SELECT m2m_create(4000000000::regclass, ''book'')', '42P01', 'm2m_create: a number that is no table''s', '4000000000');
SELECT refused('SELECT m2m_adopt(''nosuch'')', '42P01', 'm2m_adopt: unknown table', 'nosuch');
SELECT refused('SELECT m2m_adopt(4000000000::regclass)', '42P01', 'm2m_adopt: a number that is no table''s', '4000000000');
SELECT refused('SELECT m2m_rename(4000000000::regclass)', '42P01', 'm2m_rename: a number that is no table''s', '4000000000');
SELECT refused('SELECT m2m_adopt(''author'', left_table => 4000000000::regclass)', '42P01', 'm2m_adopt: a number that is no table''s', '4000000000');
SELECT refused('SELECT m2m_drop(''nosuch'')', '42P01', 'm2m_drop: unknown table', 'nosuch');
SELECT refused('SELECT m2m_drop(4000000000::regclass)', '42P01', 'm2m_drop: a number that is no table''s', '4000000000');
-- Tables first and then ids: the hint is at the order
SELECT refused(format('SELECT %s(''author'', ''book'', 1%s)', f, rest), '42P01', f || ': an id in the place of a table', '1 does not exist', '', f || '\(''author'', 1, ''book''')
FROM (VALUES ('m2m_link', ', 1'), ('m2m_link', ', ARRAY[1,2]'), ('m2m_unlink', ', 1'), ('m2m_set', ', ARRAY[1]'), ('m2m_toggle', ', 1'), ('m2m_linked', ', 1'),
	('m2m_clear', ''), ('m2m_count', '')) x (f, rest);
SELECT refused('SELECT m2m_link(1, ''author'', 1, ''book'')', '42P01', 'm2m_link: each id before its table', '1 does not exist', '', 'm2m_link\(''author'', 1, ''book''');
SELECT refused('SELECT m2m_load(''author'', 1, ''SELECT 1, 1'')', '42P01', 'm2m_load takes no ids, and has no such hint', '1 does not exist', '', '^$');
SELECT refused(format(sql, 'NULL', 1, '''book''', 1), '22004', function || ': null for a table', 'null') FROM call;
SELECT refused(format(sql, '''author''', 1, 'NULL', 1), '22004', function || ': null for the other table', 'null') FROM call;
SELECT refused('SELECT m2m_create(''author'', NULL)', '22004', 'm2m_create: null for a table', 'null');

-- A view, a foreign table, … as endpoint: 42809, hint
CREATE VIEW author_view AS TABLE author;
CREATE MATERIALIZED VIEW author_copy AS TABLE author;
CREATE SEQUENCE author_numbers;
CREATE TYPE author_type AS (id bigint);
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE author_far (id bigint NOT NULL) SERVER nowhere;
CREATE TABLE author_parted (id bigint PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE no_table (name text);
INSERT INTO no_table VALUES ('author_view'), ('author_copy'), ('author_numbers'), ('author_type'), ('author_far'),
	('author_pkey'), ('author_parted_pkey');
SELECT refused(format('SELECT m2m_create(%L, ''book'')', name), '42809', 'm2m_create: left is ' || name, format('"%s"', name), '', '.')
FROM no_table;
SELECT refused(format('SELECT m2m_create(''book'', %L)', name), '42809', 'm2m_create: right is ' || name, format('"%s"', name), '', '.')
FROM no_table;
SELECT refused(format('SELECT m2m_link(%L, 1, ''book'', 1)', name), '42809', 'm2m_link: left is ' || name, format('"%s"', name), '', '.')
FROM no_table;
SELECT refused(format('SELECT m2m_link(''book'', ''{1}'', %L, ''1'')', name), '42809', 'm2m_link: right is ' || name, format('"%s"', name), '', '.')
FROM no_table;
SELECT refused('SELECT m2m_adopt(''author_view'')', '42809', 'm2m_adopt of a view', '"author_view"', '', '.');

-- An endpoint without a usable key: 42P16, names the table, hint
CREATE TABLE keyless (id bigint NOT NULL);
CREATE TABLE key_deferrable (id bigint PRIMARY KEY DEFERRABLE);
CREATE TABLE key_partial (id bigint NOT NULL);
CREATE UNIQUE INDEX ON key_partial (id) WHERE id > 0;
CREATE TABLE key_expression (id bigint NOT NULL);
CREATE UNIQUE INDEX ON key_expression ((id + 1));
CREATE TABLE key_nullable (id bigint UNIQUE);
CREATE TABLE key_two (a bigint NOT NULL UNIQUE, b bigint NOT NULL UNIQUE);
SELECT refused(format('SELECT m2m_create(%L, ''book'')', name), '42P16', 'm2m_create: ' || name || ' on the left', name, '', '.')
FROM unnest('{keyless,key_deferrable,key_partial,key_expression,key_nullable,key_two}'::text[]) name;
-- On first use too it is m2m_create that takes the columns.
SELECT refused(sql, '42P16', sql || ', which has several keys', 'key_two', '', '"left_key" of m2m_create')
FROM unnest(ARRAY['SELECT m2m_create(''key_two'', ''book'')', 'SELECT m2m_link(''key_two'', 1, ''book'', 1)', 'SELECT m2m_load(''key_two'', ''book'', ''SELECT 1, 1'')']) sql;
SELECT refused(format('SELECT m2m_link(''book'', 1, %L, 1)', name), '42P16', 'm2m_link: ' || name || ' on the right', name, '', '.')
FROM unnest('{keyless,key_deferrable,key_partial,key_expression,key_nullable,key_two}'::text[]) name;
SELECT refused('SELECT m2m_create(''author'', ''book'', left_key => ''{name}'')', '42P16', 'm2m_create: left_key that is no key', 'author', '', '.');
SELECT refused('SELECT m2m_create(''author'', ''book'', right_key => ''{id,title}'')', '42P16', 'm2m_create: right_key with a column too much', 'book', '', '.');
SELECT refused('SELECT m2m_create(''author'', ''book'', right_key => ''{nosuch}'')', '42P16', 'm2m_create: right_key of no column', 'book', '', '.');
CREATE TABLE join_one (author_id bigint REFERENCES author, book_id bigint);
SELECT refused('SELECT m2m_adopt(''join_one'')', '42P16', 'm2m_adopt: one foreign key is not two', 'join_one', '', 'foreign key');
CREATE TABLE join_three (author_id bigint REFERENCES author, book_id bigint REFERENCES book, editor_id bigint REFERENCES author, what text NOT NULL);
SELECT refused('SELECT m2m_adopt(''join_three'')', '42P08', 'm2m_adopt: which two of three foreign keys?', 'join_three', '', 'left_columns.*right_columns');
SELECT refused('SELECT m2m_adopt(''join_three'', left_columns => ''{author_id}'', right_columns => ''{title}'')', '42P16',
	'm2m_adopt: columns without foreign key', 'join_three.*right_columns');

-- No relationship between the two: 42704, hint m2m_create
SELECT refused(format(sql, '''author''', 1, '''book''', 1), '42704', function || ': no relationship', '"author" and "book"', '', 'm2m_create')
FROM call WHERE function <> 'm2m_link';
SET m2m.auto_create = off;
SELECT refused('SELECT m2m_link(''author'', 1, ''book'', 1)', '42704', 'm2m_link with auto_create off: no relationship', '"author" and "book"', '', 'm2m_create');
SELECT refused('SELECT m2m_link(''author'', 1, ''author'', 2)', '42704', 'm2m_link with auto_create off: no self-relationship', '"author" and "author"', '', 'm2m_create');
RESET m2m.auto_create;
SELECT refused('SELECT m2m_link(''author'', 1, ''book'', 1, ''author_book'')', '42704', 'm2m_link: a via that names nothing creates nothing', 'author_book', '', 'm2m_create');
SELECT refused('SELECT m2m_link(''author'', 1, ''book'', 1, role => ''author'')', '42704', 'm2m_link: nor does a role that nobody plays');
SELECT refused('SELECT m2m_drop(''author'')', '42704', 'm2m_drop of a table that is no association', '"author"', '', 'm2m_relationships');
-- The hint holds as it stands, also for names that need quotes.
CREATE SCHEMA "o'brien";
CREATE TABLE "o'brien"."My ""Books""" (id int PRIMARY KEY);
INSERT INTO "o'brien"."My ""Books""" VALUES (1);
SELECT is(substring((report($$SELECT m2m_count('author', 1, '"o''brien"."My ""Books"""')$$)).hint FROM 'm2m_create\(.*\)'),
	$$m2m_create('public.author', '"o''brien"."My ""Books"""')$$, 'the hint''s m2m_create(...) can be run as it stands');

-- Ids that are null: 22004, and nothing is created
SELECT refused(format(sql, '''author''', id, '''book''', 1), '22004', function || ': first id is ' || id || ', no relationship yet', '"author".*null')
FROM call, unnest(ARRAY['NULL', 'NULL::bigint']) id WHERE function = 'm2m_link';
SELECT refused(format(sql, '''author''', '1', '''book''', id), '22004', function || ': second id is ' || id || ', no relationship yet', '"book".*null')
FROM call, unnest(ARRAY['NULL', 'NULL::bigint']) id WHERE function = 'm2m_link';
SELECT refused('SELECT m2m_link(''author'', 1, ''book'', ''{1,NULL}'')', '22004', 'm2m_link: an element is null, no relationship yet');

SELECT m2m_create('author', 'book') \g /dev/null
SELECT m2m_link('author', ARRAY[1, 1, 2], 'book', ARRAY[1, 2, 2]) \g /dev/null
SELECT refused(format(sql, '''author''', id, '''book''', 1), '22004', function || ': first id is ' || id, '"author".*null')
FROM call, unnest(ARRAY['NULL', 'NULL::bigint', 'NULL::text', 'NULL::bigint[]']) id;
SELECT refused(format(sql, '''author''', 1, '''book''', id), '22004', function || ': second id is ' || id, '"book".*null')
FROM call, unnest(ARRAY['NULL', 'NULL::bigint']) id WHERE function NOT IN ('m2m_clear', 'm2m_count');
SELECT refused(format('SELECT %s(''author'', 1, ''book'', %s)', function, id), '22004', function || ': second id is ' || id, '"book".*null')
FROM unnest('{m2m_link,m2m_unlink,m2m_set}'::text[]) function,
	unnest(ARRAY['NULL', 'NULL::bigint[]', 'ARRAY[1,NULL,2]', '''{1,NULL}''', 'ARRAY[NULL]::text[]', 'ARRAY[''1'',NULL]']) id;
SELECT refused(format('SELECT %s(''book'', %s, ''author'', ''1'')', function, id), '22004', function || ': first id is ' || id, '"book".*null')
FROM unnest('{m2m_link,m2m_unlink}'::text[]) function, unnest(ARRAY['ARRAY[1,NULL,2]', '''{1,NULL}''', 'ARRAY[NULL]::text[]']) id;
SELECT refused('SELECT m2m_clear(''author'', ''{2,NULL}'', ''book'')', '22004', 'm2m_clear: an element is null', '"author".*null');
SELECT refused('INSERT INTO author_books (author_id) VALUES (1)', '23502', 'a link view without the key of the row to link', 'id');
SELECT refused('INSERT INTO author_books (title) VALUES (''x'')', '23502', 'a link view without the near key', 'author_id');

-- Several relationships, no via: 42P08, detail lists them, hint via
SELECT m2m_create('book', 'author', 'editing', 'edited', 'editor') \g /dev/null
SELECT refused(format(sql, '''author''', 1, '''book''', 1), '42P08', function || ': several relationships', '"author" and "book"',
	'^(?=.*public\.author_book)(?=.*public\.editing)', 'via') FROM call;
SELECT refused(format(sql, '''book''', 1, '''author''', 1), '42P08', function || ': several relationships, the other way round', '"book" and "author"',
	'^(?=.*public\.author_book)(?=.*public\.editing)', 'via') FROM call;
SELECT refused('SELECT m2m_link(''author'', 1, ''book'', 3, ''edit'')', '42704', 'm2m_link: a via that names none of several', '"edit"', '',
	'^(?=.*public\.author_book)(?=.*public\.editing)');
SELECT refused('SELECT m2m_link(''author'', 1, ''book'', 3, ''author_book'', role => ''editor'')', '42704', 'm2m_link: a role of the other relationship',
	'editor');
SELECT is(m2m_link('author', 1, 'book', 3, role => 'editor'), 1::bigint, 'a role that only one of them has decides');
SELECT m2m_drop('editing') \g /dev/null

-- Id not of the key's type: 22P02 or 42804, names the key column and its type
SELECT refused(format(sql, '''author''', id, '''book''', 1), '22P02', function || ': first id is ' || id, '', '', '', '(?s)^(?=.*"id")(?=.*bigint)(?=.*"author")')
FROM call, unnest(ARRAY['''x''', '''1.5''', '''''', '''x''::text', '''x''::varchar', '''(1)''']) id;
SELECT refused(format(sql, '''book''', id, '''author''', 1), '42804', function || ': first id is ' || id, '', '', '', '(?s)^(?=.*"id")(?=.*bigint)(?=.*"book")')
FROM call, unnest(ARRAY['true', 'date ''2020-01-01''', 'ROW(1)', 'ROW(1,2)', 'point ''1,1''', 'bytea ''x''']) id;
SELECT refused(format('SELECT %s(''author'', 1, ''book'', %s)', function, id), code, function || ': array of ids is ' || id, '', '', '', '(?s)^(?=.*"id")(?=.*bigint)(?=.*"book")')
FROM unnest('{m2m_link,m2m_unlink,m2m_set}'::text[]) function,
	(VALUES ('''{1,x}''', '22P02'), ('ARRAY[''1'',''x'']', '22P02'), ('''{x}''::text[]', '22P02'), ('ARRAY[true]', '42804'), ('ARRAY[now()]', '42804'), ('ARRAY[ROW(1)]', '42804')) x (id, code);
SELECT refused('SELECT m2m_link(''author'', 1, ''book'', ''99999999999999999999'')', '22003', 'm2m_link: out of range, as PostgreSQL has it');
SELECT refused('SELECT m2m_set(''author'', 1, ''book'', ''1,2'')', '22P02', 'm2m_set: a text that is no array');
SELECT refused(format(sql, '''author''', 1, '''book''', id), '42804', function || ': a row of ids, ' || id, '', '', 'ARRAY.* list, not a tuple')
FROM call, unnest(ARRAY['(1,2)', 'ROW(1)', '(1,2,3)']) id WHERE function NOT IN ('m2m_set', 'm2m_clear', 'm2m_count');
SELECT refused('SELECT m2m_set(''author'', 1, ''book'', (1,2))', '42804', 'm2m_set: a row of ids', '', '', 'ARRAY.* list, not a tuple');
SELECT refused('SELECT m2m_clear(''author'', (1,2), ''book'')', '42804', 'm2m_clear: a row of ids', '', '', 'ARRAY.* list, not a tuple');
SELECT refused('SELECT m2m_link(''author'', a, ''book'', 1) FROM author a', '42804', 'm2m_link: a whole row for a key of one column', '', '', 'key of the row');
SELECT refused('SELECT m2m_link(''author'', true, ''book'', 1)', '42804', 'm2m_link: for other types a cast', '', '', 'Give a value of type bigint');
CREATE TABLE stock (depot uuid, item int, PRIMARY KEY (depot, item));
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE TABLE feeling (kind mood PRIMARY KEY);
INSERT INTO stock VALUES ('00000000-0000-0000-0000-000000000001', 1);
INSERT INTO feeling VALUES ('good');
SELECT m2m_create('stock', 'feeling') \g /dev/null
SELECT refused(format('SELECT m2m_link(''stock'', %s, ''feeling'', ''good'')', id), code, 'm2m_link: composite id is ' || id, '', '', '', '(?s)^(?=.*"stock")' || names)
FROM (VALUES ('''(x,1)''', '22P02', '(?=.*"depot")(?=.*uuid)'), ('''00000000-0000-0000-0000-000000000001''', '22P02', ''), ('1', '42804', '(?=.*"depot")(?=.*uuid)'),
	('ROW(1, 2)', '42804', '(?=.*"depot")(?=.*uuid)'), ('ROW(''00000000-0000-0000-0000-000000000001''::uuid, true)', '42804', '(?=.*"item")(?=.*integer)'),
	('ROW(''00000000-0000-0000-0000-000000000001''::uuid, ''x''::text)', '22P02', '(?=.*"item")(?=.*integer)'),
	('ROW(''00000000-0000-0000-0000-000000000001''::uuid)', '42804', ''), ('ROW(''00000000-0000-0000-0000-000000000001''::uuid, 1, 1)', '42804', ''),
	('ROW(NULL, 1)', '22004', ''), ('ROW(''00000000-0000-0000-0000-000000000001''::uuid, NULL)', '22004', ''), ('''(00000000-0000-0000-0000-000000000001,)''', '22004', '')) x (id, code, names);
SELECT refused('SELECT m2m_link(''feeling'', ''ugly'', ''stock'', ''(00000000-0000-0000-0000-000000000001,1)'')', '22P02', 'm2m_link: enum', '"ugly"', '', '', '(?s)^(?=.*"kind")(?=.*mood)');
SELECT refused('SELECT m2m_link(''feeling'', 1, ''stock'', ''(00000000-0000-0000-0000-000000000001,1)'')', '42804', 'm2m_link: a number for an enum', '', '', '', '(?s)^(?=.*"kind")(?=.*mood)');

-- Array where a scalar id is due, lengths differ, multi-dimensional: 22023
SELECT refused(format('SELECT %s(''author'', %s, ''book''%s)', f.name, id, f.rest), '22023', f.name || ': first id is ' || id, '"author"')
FROM (VALUES ('m2m_set', ', ARRAY[1]'), ('m2m_toggle', ', 1'), ('m2m_linked', ', 1'), ('m2m_count', '')) f (name, rest),
	unnest(ARRAY['ARRAY[1]', 'ARRAY[1,2]', '''{1}''', '''{}''::int[]', '''{1,2}''::text[]']) id;
SELECT refused(format('SELECT %s(''author'', 1, ''book'', %s)', f, id), '22023', f || ': second id is ' || id, '"book"')
FROM unnest('{m2m_toggle,m2m_linked}'::text[]) f, unnest(ARRAY['ARRAY[1]', '''{1,2}''', '''{}''::bigint[]']) id;
SELECT refused('SELECT m2m_set(''author'', 1, ''book'', 2)', '22023', 'm2m_set: one id where an array is due', '"book"', '', 'ARRAY');
SELECT refused(format('SELECT %s(''author'', %s, ''book'', %s)', f, l, r), '22023', format('%s: lengths differ, %s and %s', f, l, r), 'length', '2.*3')
FROM unnest('{m2m_link,m2m_unlink}'::text[]) f, (VALUES ('ARRAY[1,2]', 'ARRAY[1,2,3]'), ('''{1,2}''', 'ARRAY[1,2,3]'), ('''{1,2}''', '''{1,2,3}'''), ('ARRAY[''1'',''2'']', '''{1,2,3}''')) x (l, r);
SELECT refused(format('SELECT %s(''author'', ARRAY[1], ''book'', ''{}''::int[])', f), '22023', f || ': lengths differ, 1 and 0', 'length')
FROM unnest('{m2m_link,m2m_unlink}'::text[]) f;
SELECT refused(format('SELECT %s(''author'', 1, ''book'', %s)', f, id), '22023', f || ': second id is ' || id, '"book".*dimension')
FROM unnest('{m2m_link,m2m_unlink,m2m_set}'::text[]) f, unnest(ARRAY['ARRAY[[1,2],[3,4]]', '''{{1,2},{3,4}}''', '''{{1}}''::text[]']) id;
SELECT refused('SELECT m2m_clear(''author'', ARRAY[[1,2]], ''book'')', '22023', 'm2m_clear: two dimensions', '"author".*dimension');
SELECT refused(format('SELECT m2m_link(''author'', 1, ''book'', 1, properties => %L)', p), '22023', 'm2m_link: properties ' || p, 'object')
FROM unnest(ARRAY['[1]', '1', '"x"', 'null']) p;

-- Missing endpoint row: 23503 with table, constraint and detail as PostgreSQL's own
CREATE TABLE tag (name varchar(20) PRIMARY KEY);
INSERT INTO tag VALUES ('red');
SELECT m2m_create('stock', 'tag') \g /dev/null
CREATE FUNCTION same_report(mine text, plain text, description text, code text DEFAULT '23503') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	m report := report(mine);
	p report := report(plain);
BEGIN
	m.context := '';
	p.context := '';
	IF p.code <> code THEN
		RETURN fail(description) || E'\n' || diag('plain SQL itself reports ' || p::text);
	END IF;
	RETURN is(m, p, description);
END
$$;
SELECT is((report('INSERT INTO author_book VALUES (1, 99)')).code, '23503', 'a missing book is 23503 in PostgreSQL');
SELECT same_report(sql, 'INSERT INTO author_book VALUES (1, 99)', 'missing book, as PostgreSQL reports it: ' || sql)
FROM unnest(ARRAY['SELECT m2m_link(''author'', 1, ''book'', 99)', 'SELECT m2m_link(''book'', 99, ''author'', ''1'')', 'SELECT m2m_link(''author'', 1, ''book'', ARRAY[2,99,3])',
	'SELECT m2m_link(''author'', ''{1,2}'', ''book'', ''{99,2}'')', 'SELECT m2m_set(''author'', 1, ''book'', ''{99}'')', 'SELECT m2m_toggle(''author'', 1, ''book'', 99)',
	'INSERT INTO author_books (author_id, id) VALUES (1, 99)']) sql;
SELECT same_report('UPDATE author_books SET id = 99 WHERE author_id = 1 AND id = 1', 'UPDATE author_book SET book_id = 99 WHERE author_id = 1 AND book_id = 1', 'missing book by UPDATE of author_books, as by UPDATE of author_book');
SELECT same_report(sql, 'INSERT INTO author_book VALUES (99, 1)', 'missing author, as PostgreSQL reports it: ' || sql)
FROM unnest(ARRAY['SELECT m2m_link(''author'', 99, ''book'', 1)', 'SELECT m2m_link(''author'', ARRAY[1,99], ''book'', 1)', 'SELECT m2m_set(''book'', 1, ''author'', ARRAY[99])',
	'SELECT m2m_set(''author'', 99, ''book'', ARRAY[1])', 'SELECT m2m_toggle(''book'', 1, ''author'', 99)',
	'INSERT INTO book_authors (book_id, id) VALUES (1, 99)', 'INSERT INTO author_books (author_id, id) VALUES (99, 1)']) sql;
SELECT same_report('SELECT m2m_link(''stock'', ''(00000000-0000-0000-0000-000000000001,2)'', ''tag'', ''red'')',
	'INSERT INTO stock_tag VALUES (''00000000-0000-0000-0000-000000000001'', 2, ''red'')', 'missing row of a composite key, as PostgreSQL reports it');
SELECT same_report('SELECT m2m_link(''tag'', ''blue'', ''stock'', ROW(''00000000-0000-0000-0000-000000000001''::uuid, 1))',
	'INSERT INTO stock_tag VALUES (''00000000-0000-0000-0000-000000000001'', 1, ''blue'')', 'missing row of a text key, as PostgreSQL reports it');
SELECT refused('SELECT m2m_link(''author'', 1, ''book'', ARRAY[4,5,99])', '23503', 'a missing row leaves nothing linked');
-- Unlinking and asking need no row.
SELECT results_eq($$SELECT m2m_unlink('author', 99, 'book', 1), m2m_clear('author', 99, 'book'), m2m_linked('author', 99, 'book', 99), m2m_count('book', 99, 'author')$$,
	'VALUES (0::bigint, 0::bigint, false, 0::bigint)', 'a missing row has no links, which is no error');

-- Unknown or ill-typed property: 42703, 22P02
ALTER TABLE author_book ADD part int DEFAULT 1, ADD note text;
SELECT refused('SELECT m2m_link(''author'', 4, ''book'', 4, properties => ''{"nosuch": 1}'')', '42703', 'unknown property', '"nosuch"', '', '"part", "note"');
SELECT refused('SELECT m2m_link(''author'', 4, ''book'', 4, properties => ''{"part": 1, "nosuch": 1}'')', '42703', 'one of two properties unknown', '"nosuch"');
SELECT refused('SELECT m2m_link(''author'', 4, ''book'', 4, properties => ''{"book_id": 1}'')', '42703', 'a key column is no property', '"book_id"');
SELECT refused('SELECT m2m_link(''author'', 4, ''book'', 4, properties => ''{"Part": 1}'')', '42703', 'case matters in a property', '"Part"');
SELECT refused('SELECT m2m_link(''author'', 4, ''book'', 4, properties => ''{"ctid": "(0,1)"}'')', '42703', 'a system column is no property', '"ctid"');
SELECT refused('SELECT m2m_link(''stock'', ''(00000000-0000-0000-0000-000000000001,1)'', ''tag'', ''red'', properties => ''{"part": 1}'')', '42703', 'where there are no properties at all', '"part"', '', '.');
SELECT refused('SELECT m2m_link(''author'', 4, ''book'', 4, properties => ''{"part": "x"}'')', '22P02', 'ill-typed property', '"x"');
SELECT refused('SELECT m2m_link(''author'', 1, ''book'', 1, properties => ''{"part": "x"}'')', '22P02', 'ill-typed property of a link that is there', '"x"');
SELECT refused('SELECT m2m_link(''author'', 4, ''book'', 4, properties => ''{"part": 99999999999}'')', '22003', 'property out of range');

-- Name taken: 42P07, says by what, hint names the argument
CREATE FUNCTION takes(ddl text, undo text, what text, argument text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE ddl;
	RETURN NEXT refused('SELECT m2m_create(''singer'', ''song'')', '42P07', 'm2m_create: name taken by ' || what, substring(ddl FROM 'singer_songs?|song_singers'), what, argument || ' of m2m_create');
	RETURN NEXT refused('SELECT m2m_link(''singer'', 1, ''song'', 1)', '42P07', 'm2m_link: name taken by ' || what, '', what, argument || ' of m2m_create');
	EXECUTE undo;
END
$$;
CREATE TABLE singer (id int PRIMARY KEY);
CREATE TABLE song (id int PRIMARY KEY);
INSERT INTO singer VALUES (1);
INSERT INTO song VALUES (1);
SELECT takes('CREATE TABLE singer_song (a int)', 'DROP TABLE singer_song', 'table', '"name"');
SELECT takes('CREATE VIEW singer_song AS SELECT 1', 'DROP VIEW singer_song', 'view', '"name"');
SELECT takes('CREATE MATERIALIZED VIEW singer_song AS SELECT 1', 'DROP MATERIALIZED VIEW singer_song', 'materialized view', '"name"');
SELECT takes('CREATE SEQUENCE singer_song', 'DROP SEQUENCE singer_song', 'sequence', '"name"');
SELECT takes('CREATE INDEX singer_song ON singer (id)', 'DROP INDEX singer_song', 'index', '"name"');
SELECT takes('CREATE TYPE singer_song AS (a int)', 'DROP TYPE singer_song', 'composite type', '"name"');
SELECT takes('CREATE DOMAIN singer_song AS int', 'DROP DOMAIN singer_song', 'type', '"name"');
SELECT takes('CREATE TYPE singer_song AS ENUM ()', 'DROP TYPE singer_song', 'type', '"name"');
SELECT takes('CREATE FOREIGN TABLE singer_song (a int) SERVER nowhere', 'DROP FOREIGN TABLE singer_song', 'foreign table', '"name"');
SELECT takes('CREATE TABLE singer_songs (a int)', 'DROP TABLE singer_songs', 'table', '"left_view"');
SELECT takes('CREATE VIEW song_singers AS SELECT 1', 'DROP VIEW song_singers', 'view', '"right_view"');
SELECT takes('CREATE FUNCTION singer_songs(singer) RETURNS int LANGUAGE sql AS ''SELECT 1''', 'DROP FUNCTION singer_songs', 'function', '"left_view"');
SELECT takes('CREATE FUNCTION song_singers(song) RETURNS int LANGUAGE sql AS ''SELECT 1''', 'DROP FUNCTION song_singers', 'function', '"right_view"');
SELECT refused('SELECT m2m_create(''author'', ''book'')', '42P07', 'm2m_create a second time', '"author_book"', 'association.*author.*book', '"name"');
SELECT refused('SELECT m2m_create(''author'', ''book'', ''writing'')', '42P07', 'a second relationship with the first one''s views', '"author_books"', 'link view', '"left_view"');
SELECT refused('SELECT m2m_create(''author'', ''book'', ''writing'', left_view => ''writings'')', '42P07', 'with one of them', '"book_authors"', 'link view', '"right_view"');
SELECT refused('SELECT m2m_create(''singer'', ''song'', left_view => ''x'', right_view => ''x'')', '42P07', 'two views of one name', '"x"', '', 'right_view');
SELECT refused('SELECT m2m_create(''singer'', ''song'', ''x'', left_view => ''x'')', '42P07', 'a view named as the association', '"x"', '', 'left_view');
SELECT refused('SELECT m2m_create(''singer'', ''song'', left_columns => ''{x}'', right_columns => ''{x}'')', '42701', 'two columns of one name', '"x"', '', '.');
SELECT refused('SELECT m2m_create(''singer'', ''song'', left_role => ''x'', right_role => ''x'')', '22023', 'two roles of one name', '"x"', '', 'left_role');
CREATE SCHEMA other;
CREATE TABLE other.singer (id int PRIMARY KEY);
SELECT refused('SELECT m2m_link(''other.singer'', 1, ''singer'', 1)', '22023', 'first use between tables of one name', '"singer"', '', 'left_role.* of m2m_create');
CREATE TABLE song_ticket (singer_id int REFERENCES singer, song_id int REFERENCES song);
CREATE VIEW singer_songs AS SELECT 1;
SELECT refused('SELECT m2m_adopt(''song_ticket'', left_role => ''x'', right_role => ''x'')', '22023', 'm2m_adopt has roles itself', '"x"', '', 'left_role.* of m2m_adopt');
SELECT refused('SELECT m2m_adopt(''song_ticket'', left_view => ''singer_songs'')', '42P07', 'and names', '"singer_songs"', '', '"left_view" of m2m_adopt');
CREATE VIEW singers_of_song AS SELECT 1;
CREATE VIEW song_ticket_songs AS SELECT 1;
SELECT refused('SELECT m2m_adopt(''song_ticket'')', '42P07', 'm2m_adopt: every name of its own is taken', '"song_ticket"', 'singer_songs.*singers_of_song.*song_ticket_songs', 'left_view.*right_view.*left_role.*right_role');
DROP VIEW singer_songs, singers_of_song, song_ticket_songs;
DROP TABLE song_ticket;
SELECT refused('SELECT m2m_create(''singer'', ''song'', name => '''')', '42602', 'an empty name', '"name"');
SELECT refused('SELECT m2m_create(''singer'', ''song'', on_delete => ''explode'')', '22023', 'an unknown on_delete', 'explode', '', 'cascade, restrict, no action');
SELECT refused(format('SELECT m2m_create(''singer'', ''song'', naming => %L)', style), '22023', 'an unknown style: ' || style, 'naming', '', 'm2m, rails, laravel, django, prisma')
FROM unnest('{hibernate,"",m2m2}'::text[]) style;
SELECT refused('SELECT m2m_diagram(format => ''svg'')', '22023', 'an unknown format of a diagram', 'svg', '', 'mermaid, dot');
SELECT refused('SELECT m2m_diagram(4000000000::regnamespace)', '3F000', 'a diagram of no schema', '4000000000');
-- No schema for link views: nothing is made, on first use neither
SET m2m.view_schema = 'no such';
SELECT refused(sql, '3F000', 'm2m.view_schema that is no schema: ' || sql, '"no such"', 'm2m\.view_schema', 'm2m\.view_schema')
FROM unnest(ARRAY['SELECT m2m_create(''singer'', ''song'')', 'SELECT m2m_link(''singer'', 1, ''song'', 1)',
	'SELECT m2m_create(''singer'', ''song'', if_not_exists => true)']) sql;
RESET m2m.view_schema;
SELECT refused('SELECT m2m_create(''singer'', ''song'', left_columns => ''{a,b}'')', '22023', 'too many columns', 'left_columns');
SELECT refused('SELECT m2m_adopt(''author_book'')', '42710', 'm2m_adopt of what is one already', '"author_book"', 'author_books.*book_authors', 'm2m_drop\(''public.author_book'', keep_links => true\)');
SELECT is((report('SELECT m2m_create(''author'', ''book'', if_not_exists => true)')).code, '00000', 'with if_not_exists a relationship that is there is no error');
SELECT refused('SELECT m2m_create(''singer'', ''song'', ''author_book'', if_not_exists => true)', '42P07', 'but another of that name is', '"author_book"');

-- Not allowed: 42501, as plain SQL would say (more in privileges.sql)
DROP ROLE IF EXISTS m2m_errors_nobody;
CREATE ROLE m2m_errors_nobody;
SET SESSION AUTHORIZATION m2m_errors_nobody;
SELECT same_report('SELECT m2m_link(''author'', 3, ''book'', 3)', 'INSERT INTO author_book VALUES (3, 3)', 'm2m_link: as INSERT', '42501');
SELECT same_report('SELECT m2m_link(''author'', 3, ''book'', ARRAY[3])', 'INSERT INTO author_book VALUES (3, 3)', 'm2m_link of an array: as INSERT', '42501');
SELECT same_report('SELECT m2m_unlink(''author'', 1, ''book'', 1)', 'DELETE FROM author_book WHERE author_id = 1', 'm2m_unlink: as DELETE', '42501');
SELECT same_report('SELECT m2m_clear(''author'', 1, ''book'')', 'DELETE FROM author_book WHERE author_id = 1', 'm2m_clear: as DELETE', '42501');
SELECT same_report('SELECT m2m_set(''author'', 1, ''book'', ''{1}'')', 'DELETE FROM author_book WHERE author_id = 1', 'm2m_set: as DELETE', '42501');
SELECT same_report('SELECT m2m_linked(''author'', 1, ''book'', 1)', 'SELECT FROM author_book WHERE author_id = 1', 'm2m_linked: as SELECT', '42501');
SELECT same_report('SELECT m2m_count(''author'', 1, ''book'')', 'SELECT FROM author_book WHERE author_id = 1', 'm2m_count: as SELECT', '42501');
SELECT same_report('SELECT m2m_drop(''author_book'')', 'DROP TABLE author_book', 'm2m_drop: as DROP TABLE', '42501');
SELECT same_report('SELECT m2m_adopt(''join_three'')', 'ALTER TABLE join_three ADD x int', 'm2m_adopt: as ALTER TABLE', '42501');
SELECT same_report('SELECT m2m_create(''singer'', ''song'')', 'CREATE TABLE public.singer_song ()', 'm2m_create: as CREATE TABLE', '42501');
SELECT same_report('SELECT m2m_link(''singer'', 1, ''song'', 1)', 'CREATE TABLE public.singer_song ()', 'm2m_link on first use: as CREATE TABLE', '42501');
RESET SESSION AUTHORIZATION;
GRANT CREATE ON SCHEMA public TO m2m_errors_nobody;
SET SESSION AUTHORIZATION m2m_errors_nobody;
SELECT same_report('SELECT m2m_create(''singer'', ''song'')', 'CREATE TABLE public.x (a int REFERENCES singer)', 'm2m_create: as REFERENCES', '42501');
RESET SESSION AUTHORIZATION;
SELECT is_empty('SELECT * FROM pg_class WHERE relname ~ ''singer_song|song_singer''', 'and nothing was made');
DROP OWNED BY m2m_errors_nobody;
DROP ROLE m2m_errors_nobody;

-- Read-only transaction: 25006
CREATE TABLE joins (singer_id int REFERENCES singer, song_id int REFERENCES song);
BEGIN READ ONLY;
SELECT refused(format(sql, '''author''', 1, '''book''', 1), '25006', function || ' in a read-only transaction', function || '.*read-only') FROM call WHERE writes;
SELECT refused(format(sql, '''singer''', 1, '''song''', 1), '25006', function || ' in a read-only transaction, no relationship yet', function || '.*read-only') FROM call WHERE writes;
SELECT refused('SELECT m2m_create(''singer'', ''song'')', '25006', 'm2m_create in a read-only transaction', 'm2m_create.*read-only');
SELECT refused('SELECT m2m_adopt(''joins'')', '25006', 'm2m_adopt in a read-only transaction', 'm2m_adopt.*read-only');
SELECT refused('SELECT m2m_rename(''author_book'', ''other'')', '25006', 'm2m_rename in a read-only transaction', 'm2m_rename.*read-only');
SELECT refused('SELECT m2m_drop(''author_book'')', '25006', 'm2m_drop in a read-only transaction', 'm2m_drop.*read-only');
SELECT refused(sql, '25006', 'read-only: ' || sql) FROM unnest(ARRAY['INSERT INTO author_books (author_id, id) VALUES (3, 3)', 'UPDATE author_books SET title = ''x''', 'DELETE FROM author_books']) sql;
SELECT results_eq($$SELECT m2m_linked('author', 1, 'book', 1), m2m_count('author', 1, 'book'), (SELECT count(*) FROM author_books WHERE author_id = 1),
	(SELECT count(*) FROM m2m_relationships() WHERE association = 'author_book'::regclass)$$, 'SELECT true, count(*), count(*), 1::bigint FROM author_book WHERE author_id = 1',
	'reading works there');
COMMIT;

-- And after all of these errors calls go on working. (Beside a join table m2m_link would ask.)
DROP TABLE joins;
SELECT is(m2m_link('author', 4, 'book', '{4,5}'), 2::bigint, 'links are made after errors');
SELECT is(m2m_link('singer', 1, 'song', 1), 1::bigint, 'relationships are created after errors');
SELECT bag_eq('SELECT author_id, id FROM author_books', 'SELECT author_id, book_id FROM author_book', 'views are the join after errors');

-- A value for a column that makes its own: OVERRIDING, at which PostgreSQL
-- hints, is not for whoever writes to a link view or calls m2m_link.
CREATE TABLE band (id int PRIMARY KEY);
CREATE TABLE gig (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, place text);
INSERT INTO band VALUES (1);
INSERT INTO gig (place) VALUES ('here');
SELECT m2m_create('band', 'gig') \g /dev/null
ALTER TABLE band_gig ADD COLUMN n int GENERATED ALWAYS AS IDENTITY;
SELECT refused(sql, '428C9', sql, '', 'GENERATED ALWAYS', 'Leave the column out.*into the table itself')
FROM unnest(ARRAY['INSERT INTO band_gigs (band_id, id, place) VALUES (1, 7, ''there'')',
	'INSERT INTO band_gigs (band_id, id, place) OVERRIDING SYSTEM VALUE VALUES (1, 7, ''there'')',
	'INSERT INTO band_gigs (band_id, id, n) VALUES (1, 1, 7)',
	'SELECT m2m_link(''band'', 1, ''gig'', 1, properties => ''{"n": 7}'')']) sql;
SELECT lives_ok('INSERT INTO band_gigs (band_id, place) VALUES (1, ''there'')', 'left out, it is made');

-- What is seldom met: each of these would otherwise do something else than was
-- asked for, without a word.
CREATE TABLE pen (id int PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE ink (id int PRIMARY KEY, code text NOT NULL UNIQUE);
INSERT INTO pen VALUES (1, 'a'), (2, 'b');
INSERT INTO ink VALUES (1, 'x'), (2, 'y');
SELECT m2m_create('pen', 'ink') \g /dev/null

-- Pairs are left out by what rules say of their rows: an array of properties has one for each that was given
SELECT refused($$SELECT m2m_link('pen', 1, 'ink', '{1,2}', properties => '[{}, {}]', over_limit => 'skip')$$, '22023', 'properties pair by pair of pairs that are left out', 'one object');

-- A moment of which the history knows nothing is not a moment without links
SELECT refused('SELECT * FROM m2m_at(NULL::ink, ''pen'', 1, now())', '42704', 'no history', 'has no history', '', 'm2m_history');
SELECT m2m_link('pen', 1, 'ink', 1) \g /dev/null
SELECT m2m_history('pen_ink') \g /dev/null
SELECT refused('SELECT * FROM m2m_at(NULL::ink, ''pen'', 1, ''2001-01-01'')', '22023', 'before the history began', 'history.*begins at');
SELECT refused(sql, '22004', sql, 'must not be null') FROM unnest(ARRAY['SELECT * FROM m2m_at(NULL::ink, NULL, 1, now())', 'SELECT * FROM m2m_at(NULL::ink, ''pen'', 1, NULL)']) sql;
SELECT m2m_drop_rule('pen_ink', 'm2m_history') \g /dev/null

-- Which rows a call is about: by association and by key
CREATE SCHEMA desk;
CREATE TABLE desk.pen_ink (pen_id int REFERENCES pen, ink_id int REFERENCES ink, PRIMARY KEY (pen_id, ink_id));
SELECT m2m_adopt('desk.pen_ink', left_view => 'desk_inks', right_view => 'desk_pens') \g /dev/null
SELECT refused('SELECT * FROM m2m_copy(''pen'', 1, ''pen'', 2, via => ''pen_ink'')', '42P08', 'm2m_copy: of which of two schemas', 'several relationships "pen_ink"', '', 'schema');
SELECT refused('SELECT * FROM m2m_copy(''pen'', 1, ''pen'', 2, via => ''desk.pen_ink'', role => ''nobody'')', '42704', 'm2m_copy: no such role in it', 'no role "nobody" in a relationship "desk.pen_ink"', '', 'm2m_relationships');
DROP SCHEMA desk CASCADE;
CREATE TABLE sign (code text NOT NULL UNIQUE, label text NOT NULL UNIQUE);
CREATE TABLE sign_code (code text REFERENCES sign (code), ink_id int REFERENCES ink, PRIMARY KEY (code, ink_id));
CREATE TABLE sign_label (label text REFERENCES sign (label), ink_id int REFERENCES ink, PRIMARY KEY (label, ink_id));
INSERT INTO sign VALUES ('a', 'b'), ('b', 'a');
SELECT m2m_adopt('sign_code'), m2m_adopt('sign_label') \g /dev/null
SELECT refused(sql, '42P08', sql, 'no one key', '"sign_code" and "sign_label"')
FROM unnest(ARRAY['SELECT * FROM m2m_merge(''sign'', ''a'', ''b'')', 'SELECT * FROM m2m_copy(''sign'', ''a'', ''sign'', ''b'')']) sql;

-- Links of a table with itself, by two keys
CREATE TABLE node (id int PRIMARY KEY, code text NOT NULL UNIQUE);
CREATE TABLE edge (from_id int REFERENCES node (id), to_code text REFERENCES node (code), PRIMARY KEY (from_id, to_code));
INSERT INTO node VALUES (1, '1'), (2, '2');
SELECT m2m_adopt('edge') \g /dev/null
SELECT refused('SELECT * FROM m2m_reach(NULL::node, 1, ''edge'')', '0A000', 'm2m_reach: a link does not end where another begins', '"edge" do not lead on', 'different keys');

-- Symmetric needs each pair once, and no part of it unknown
CREATE TABLE pal (one int NOT NULL REFERENCES node, two int NOT NULL REFERENCES node);
CREATE TABLE fan (one int REFERENCES node, two int REFERENCES node, UNIQUE (one, two));
SELECT m2m_adopt('pal', left_view => 'pal_ones', right_view => 'pal_twos'), m2m_adopt('fan', left_view => 'fan_ones', right_view => 'fan_twos') \g /dev/null
SELECT refused(format('SELECT m2m_symmetric(%L)', a), '42P16', 'm2m_symmetric: ' || a, 'cannot be symmetric', 'several links, or a key may be null', 'unique constraint.*NOT NULL')
FROM unnest('{pal,fan}'::text[]) a;

-- Rules of a table do not see what is written into its children
CREATE TABLE pen_ink_more () INHERITS (pen_ink);
SELECT refused(sql, '42809', 'a rule of a table with children: ' || sql, 'cannot have a rule', 'inheritance children')
FROM unnest(ARRAY['SELECT m2m_notify(''pen_ink'', ''c'')', 'SELECT m2m_limit(''pen_ink'', ''pen'', max => 3)', 'SELECT m2m_history(''pen_ink'')']) sql;
DROP TABLE pen_ink_more;

-- Typed functions: no argument is left for a key that the other has as well; no
-- function has more than 100
CREATE TABLE shop (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE tenant (tenant int PRIMARY KEY);
CREATE TABLE tenant_shop (tenant int REFERENCES tenant, id int, PRIMARY KEY (tenant, id), FOREIGN KEY (tenant, id) REFERENCES shop);
SELECT m2m_adopt('tenant_shop') \g /dev/null
SELECT refused('SELECT m2m_expose(''tenant_shop'')', '0A000', 'm2m_expose: a key that is part of the other', 'cannot be exposed', 'all columns of the key of "tenant"', 'functions of your own');
SELECT format('CREATE TABLE wide (%s, PRIMARY KEY (%s)); CREATE TABLE pen_wide (pen_id int REFERENCES pen, %1$s, PRIMARY KEY (pen_id, %2$s), FOREIGN KEY (%2$s) REFERENCES wide)',
	string_agg(format('c%s int', n), ', '), string_agg(format('c%s', n), ', ')) FROM generate_series(1, 26) n \gexec
SELECT m2m_adopt('pen_wide') \g /dev/null
SELECT refused('SELECT m2m_expose(''pen_wide'')', '54023', 'm2m_expose: more arguments than a function has', 'more than 100 arguments');
SELECT refused('SELECT m2m_adopt(''two'', left_table => ''shop'', left_columns => ''{a,a}'', right_table => ''ink'', right_columns => ''{c}'')', '42701', 'm2m_adopt: one column for two of a key',
	'"left_columns" names column "a" twice') FROM (SELECT report('CREATE TABLE two (a int, b int, c int)')) x;

-- Link views: a row that a trigger keeps from being inserted, or that gets no
-- key, is not linked; a link that cannot be where it is moved to is not gone
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TABLE dye (id int GENERATED BY DEFAULT AS IDENTITY UNIQUE, name text);
ALTER TABLE dye ALTER id DROP IDENTITY, ALTER id DROP NOT NULL;
CREATE TABLE pen_dye (pen_id int REFERENCES pen, dye_id int REFERENCES dye (id), gone_at timestamptz, PRIMARY KEY (pen_id, dye_id));
INSERT INTO dye VALUES (1, 'one'), (2, 'two');
SELECT m2m_adopt('pen_dye', deleted => 'gone_at') \g /dev/null
SELECT m2m_link('pen', 1, 'dye', 1) \g /dev/null
SELECT refused('INSERT INTO pen_dyes (pen_id, name) VALUES (1, ''x'')', '23502', 'a row that gets no key', 'has no key to link it by');
CREATE TRIGGER nothing BEFORE INSERT ON dye FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT refused('INSERT INTO pen_dyes (pen_id, name) VALUES (1, ''x'')', '09000', 'a row that a trigger keeps out', 'no row was inserted', 'trigger or rule');
CREATE TRIGGER nothing BEFORE INSERT ON pen_dye FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT refused('UPDATE pen_dyes SET id = 2 WHERE pen_id = 1 AND id = 1', '09000', 'a link whose new place a trigger keeps empty', 'could not be moved', '"pen_dye" kept the new one');
DROP TRIGGER nothing ON pen_dye;

-- A link view that was not told which column tells the links of a pair apart
CREATE TABLE loan (pen_id int REFERENCES pen, ink_id int REFERENCES ink, since date, n int, PRIMARY KEY (pen_id, ink_id, since));
SELECT m2m_adopt('loan', left_view => 'loan_inks', right_view => 'loan_pens') \g /dev/null
INSERT INTO loan_inks (pen_id, id, since, n) VALUES (1, 1, '2020-01-01', 1);
ALTER EVENT TRIGGER m2m_ddl_command_start DISABLE;
ALTER EVENT TRIGGER m2m_ddl_command_end DISABLE;
ALTER TABLE loan ADD turn int GENERATED ALWAYS AS IDENTITY, DROP CONSTRAINT loan_pkey, ADD PRIMARY KEY (pen_id, ink_id, turn);
ALTER EVENT TRIGGER m2m_ddl_command_start ENABLE;
ALTER EVENT TRIGGER m2m_ddl_command_end ENABLE;
SELECT refused(sql, '55000', sql, 'does not show column "turn"', '', 'm2m_check')
FROM unnest(ARRAY['INSERT INTO loan_inks (pen_id, id, n) VALUES (1, 1, 2)', 'UPDATE loan_inks SET n = 3', 'DELETE FROM loan_inks']) sql;
SELECT is((SELECT count(*) FROM loan), 1::bigint, 'the link is as it was');

-- A cast of one's own that gives null is no id
CREATE TYPE mark AS ENUM ('a');
CREATE FUNCTION mark_number(mark) RETURNS int LANGUAGE sql AS 'SELECT NULL::int';
CREATE CAST (mark AS int) WITH FUNCTION mark_number(mark) AS IMPLICIT;
SELECT refused('SELECT m2m_link(''pen'', ''a''::mark, ''ink'', 1, via => ''pen_ink'')', '22004', 'an id whose cast gives null', 'cast of an id to .*"pen" gave null');

-- A least number of links that the association's owner could not count
CREATE ROLE errors_pens;
CREATE ROLE errors_links;
GRANT CREATE ON SCHEMA public TO errors_pens, errors_links;
SET ROLE errors_pens;
CREATE TABLE secret (id int PRIMARY KEY);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_first ON secret USING (id > 1);
GRANT SELECT, REFERENCES ON secret TO errors_links;
SET ROLE errors_links;
CREATE TABLE open (id int PRIMARY KEY);
CREATE TABLE secret_open (secret_id int REFERENCES secret, open_id int REFERENCES open, PRIMARY KEY (secret_id, open_id));
SELECT m2m_adopt('secret_open') \g /dev/null
RESET ROLE;
SELECT refused('SELECT m2m_limit(''secret_open'', ''secret'', min => 1)', '0A000', 'm2m_limit: rows that are hidden from who is to count', 'cannot have a least number', 'Row-level security');
SELECT lives_ok('SELECT m2m_limit(''secret_open'', ''open'', min => 0, max => 3)', 'but of rows that are not');
DROP OWNED BY errors_links, errors_pens;
DROP ROLE errors_links, errors_pens;

SELECT * FROM finish();
