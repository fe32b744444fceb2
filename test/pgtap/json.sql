-- json.sql: m2m_json against what plain SQL says of the same links, for keys of
-- every type. If a test here fails, a row is missing, is there twice, or is
-- shown where it is not linked.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();
SELECT setseed(0.9);

CREATE TYPE level AS ENUM ('l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7', 'l8', 'l9');
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TABLE kind (name text, type text, value text);
INSERT INTO kind VALUES
	('integer', 'integer', 'n'), ('bigint', 'bigint', 'n * 10000000000'), ('text', 'text', $$'v ' || n$$), ('varchar', 'varchar(10)', $$'v' || n$$),
	('domain', 'code', $$('v' || n)::code$$), ('enum', 'level', $$('l' || n)::level$$), ('uuid', 'uuid', $$lpad(n::text, 32, '0')::uuid$$),
	('date', 'date', $$'2026-01-01'::date + n$$), ('numeric', 'numeric', 'n::numeric / 10'), ('bytea', 'bytea', $$('\x0' || n)::bytea$$),
	('array', 'text[]', $$ARRAY['a', 'v' || n]$$), ('interval', 'interval', $$n * '1 day'::interval$$);

-- Two relationships in a row, a -> b -> c, at random: each row and all at once, by
-- paths, as SQL by hand has it.
CREATE FUNCTION by_type(kind text, type text, value text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	got jsonb;
	wanted jsonb;
BEGIN
	EXECUTE format('CREATE TABLE a (k %1$s PRIMARY KEY, n int); CREATE TABLE b (k %1$s PRIMARY KEY, n int, e1 text); CREATE TABLE c (k int PRIMARY KEY)', type);
	PERFORM m2m_create('a', 'b'), m2m_create('b', 'c');
	ALTER TABLE b_c ADD note text DEFAULT 'n';
	EXECUTE format('INSERT INTO a SELECT %1$s, n FROM generate_series(1, 6) n; INSERT INTO b SELECT %1$s, n FROM generate_series(2, 9) n; INSERT INTO c SELECT generate_series(1, 4)', value);
	INSERT INTO a_b SELECT a.k, b.k FROM a, b WHERE random() < 0.4;
	INSERT INTO b_c SELECT b.k, c.k FROM b, c WHERE random() < 0.4;
	EXECUTE format('SELECT %s FROM a', CASE kind WHEN 'array' THEN $q$jsonb_agg(m2m_json('a', k, '{bs.cs}') ORDER BY n)$q$ ELSE $q$m2m_json('a', array_agg(k ORDER BY n), '{bs.cs}')$q$ END) INTO got;
	SELECT jsonb_agg(to_jsonb(a) || jsonb_build_object('bs', (SELECT coalesce(jsonb_agg(to_jsonb(b) || jsonb_build_object('cs',
		(SELECT coalesce(jsonb_agg(to_jsonb(c) || jsonb_build_object('note', note) ORDER BY c.k), '[]') FROM b_c JOIN c ON c.k = c_k WHERE b_k = b.k)) ORDER BY b.k), '[]')
		FROM a_b JOIN b ON b.k = b_k WHERE a_k = a.k)) ORDER BY n) INTO wanted FROM a;
	RETURN NEXT is(got, wanted, kind || ': two relationships deep, all rows');
	SELECT jsonb_agg(m2m_json('a', k) ORDER BY n) INTO got FROM a;
	SELECT jsonb_agg(to_jsonb(a) || jsonb_build_object('bs', (SELECT coalesce(jsonb_agg(to_jsonb(b) ORDER BY b.k), '[]') FROM a_b JOIN b ON b.k = b_k WHERE a_k = a.k)) ORDER BY n) INTO wanted FROM a;
	RETURN NEXT is(got, wanted, kind || ': row by row');
	SELECT jsonb_agg(m2m_json('c', k::text, '{bs}', max_rows => 2) ORDER BY k) INTO got FROM c;
	SELECT jsonb_agg(to_jsonb(c) || jsonb_build_object('bs', (SELECT coalesce(jsonb_agg(o), '[]') FROM (SELECT to_jsonb(b) || jsonb_build_object('note', note) o FROM b_c JOIN b ON b.k = b_k WHERE c_k = c.k ORDER BY b.k LIMIT 2) s)) ORDER BY c.k) INTO wanted FROM c;
	RETURN NEXT is(got, wanted, kind || ': two at most, from the other end');
	DROP TABLE a, b, c, a_b, b_c CASCADE;
END
$$;
SELECT t.* FROM kind, by_type(name, type, value) t;

-- Many at once
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 200);
INSERT INTO book SELECT generate_series(1, 50);
SELECT m2m_create('author', 'book') \g /dev/null
INSERT INTO author_book SELECT a, 1 + (a * 7 + b) % 50 FROM generate_series(1, 200) a, generate_series(1, 5) b;
SELECT is((SELECT sum(jsonb_array_length(x -> 'books'))::int FROM jsonb_array_elements(m2m_json('author', (SELECT array_agg(id) FROM author))) x), 1000, 'many rows, all their links');

-- Keys of array types, and a column called as our alias of a table
CREATE TABLE trail (id text[] PRIMARY KEY, e int, a int, p int, t int);
CREATE TABLE mark (id int PRIMARY KEY, e int);
INSERT INTO trail VALUES ('{a,b}'), ('{c}'), ('{d}');
INSERT INTO mark VALUES (1), (2);
SELECT m2m_create('trail', 'mark'), m2m_create('trail', 'trail', name => 'leads') \g /dev/null
SELECT m2m_link('trail', ARRAY['a', 'b'], 'mark', 1), m2m_link('trail', ARRAY['c'], 'mark', ARRAY[1, 2]), m2m_link('trail', ARRAY['c'], 'trail', ARRAY['d'], via => 'leads') \g /dev/null
SELECT results_eq($$SELECT id FROM m2m_find(NULL::mark, 'trail', any_of => ARRAY['a', 'b'])$$, 'VALUES (1)', 'any_of a key that is an array');
SELECT results_eq($$SELECT id FROM m2m_find(NULL::mark, 'trail', none_of => ARRAY['a', 'b'])$$, 'VALUES (2)', 'none_of');
SELECT results_eq($$SELECT id FROM m2m_find(NULL::trail, 'mark', all_of => ARRAY[1, 2])$$, $$VALUES ('{c}'::text[])$$, 'rows of such a table');
SELECT results_eq($$SELECT id FROM m2m_find(NULL::trail, 'mark', all_of => 1, after => ARRAY['a', 'b'])$$, $$VALUES ('{c}'::text[])$$, 'after one');
SELECT results_eq($$SELECT id FROM m2m_find(NULL::trail, 'mark', exactly => ARRAY[]::int[])$$, $$VALUES ('{d}'::text[])$$, 'without links');
SELECT results_eq($$SELECT (r.row).id, shared FROM m2m_related(NULL::trail, ARRAY['a', 'b'], 'mark') r$$, $$VALUES ('{c}'::text[], 1::bigint)$$, 'm2m_related');
SELECT results_eq($$SELECT (r.row).id, links FROM m2m_counts(NULL::trail, 'mark') r ORDER BY 1$$, $$VALUES ('{a,b}'::text[], 1::bigint), ('{c}', 2), ('{d}', 0)$$, 'm2m_counts');
SELECT results_eq($$SELECT (r.row).id, depth FROM m2m_reach(NULL::trail, ARRAY['c'], via => 'leads') r$$, $$VALUES ('{d}'::text[], 1)$$, 'm2m_reach');

-- Tables of the session, partitioned ones, and children
CREATE TEMP TABLE draft (id int PRIMARY KEY);
CREATE TEMP TABLE hint (id int PRIMARY KEY);
INSERT INTO draft VALUES (1);
INSERT INTO hint VALUES (1);
SELECT m2m_create('draft', 'hint') \g /dev/null
SELECT m2m_link('draft', 1, 'hint', 1) \g /dev/null
SELECT is(m2m_json('draft', 1), '{"id": 1, "hints": [{"id": 1}]}', 'temporary tables');
CREATE TABLE part (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO part VALUES (1);
SELECT m2m_create('part', 'book') \g /dev/null
SELECT m2m_link('part', 1, 'book', ARRAY[2, 3]) \g /dev/null
SELECT is(m2m_json('part', 1), '{"id": 1, "books": [{"id": 2}, {"id": 3}]}', 'a partitioned table');
SELECT is(m2m_json('book', 2, '{parts}'), '{"id": 2, "parts": [{"id": 1}]}', 'from the other end');
-- dropped columns, and new ones
ALTER TABLE part ADD gone int, ADD stays int DEFAULT 5;
ALTER TABLE part DROP gone;
SELECT is(m2m_json('part', 1, '{}'), '{"id": 1, "stays": 5}', 'columns come and go');
SELECT is((SELECT provolatile::text || proparallel::text FROM pg_proc WHERE oid = 'm2m_json(regclass, text, text[], bigint)'::regprocedure), 'sr', 'stable');
BEGIN READ ONLY;
SELECT is(m2m_json('part', '1', '{}'), '{"id": 1, "stays": 5}', 'also where nothing may be written');
COMMIT;
SELECT * FROM finish();
