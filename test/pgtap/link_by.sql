-- link_by.sql: linking by values of another unique column, of every type of
-- column and key, against plain SQL. If a test here fails, a row was made twice,
-- was not found, or another one was linked.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();
SELECT setseed(0.3);

CREATE TYPE level AS ENUM ('l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7', 'l8', 'l9');
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TYPE spot AS (x int, y int);
CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- what a value of each type is, of a number
CREATE TABLE kind (name text, type text, value text);
INSERT INTO kind VALUES
	('smallint', 'smallint', '$1::smallint'), ('integer', 'integer', '$1'), ('bigint', 'bigint', '$1 * 10000000000'),
	('text', 'text', $$'v ' || $1$$), ('collated', 'text COLLATE anycase', $$'v' || $1$$), ('C', 'text COLLATE "C"', $$'V' || $1$$),
	('varchar', 'varchar(10)', $$'v' || $1$$), ('bpchar', 'char(10)', $$'v' || $1$$), ('name', 'name', $$('v' || $1)::name$$),
	('domain', 'code', $$('v' || $1)::code$$), ('enum', 'level', $$('l' || $1)::level$$), ('uuid', 'uuid', $$lpad($1::text, 32, '0')::uuid$$),
	('date', 'date', $$'2026-01-01'::date + $1$$), ('timestamptz', 'timestamptz', $$'2026-01-01'::timestamptz + $1 * '1 h'::interval$$),
	('numeric', 'numeric', '$1::numeric / 10'), ('float', 'double precision', '$1 / 4.0::float8'), ('boolean', 'boolean', '($1 % 2 = 0)'),
	('bytea', 'bytea', $$('\x0' || $1)::bytea$$), ('inet', 'inet', $$('10.0.0.' || $1)::inet$$), ('jsonb', 'jsonb', $$jsonb_build_object('n', $1)$$),
	('array', 'text[]', $$ARRAY['a', 'v' || $1]$$), ('range', 'int4range', 'int4range($1, $1 + 2)'), ('row', 'spot', 'ROW($1, 2)::spot'), ('interval', 'interval', $$$1 * '1 day'::interval$$);

CREATE TABLE post (id int PRIMARY KEY);
INSERT INTO post SELECT generate_series(1, 3);

-- Numbers in any order, some twice, of which some rows are there: linked, as many
-- as there are, each made once, and by nothing but the value.
CREATE FUNCTION by_type(kind text, type text, value text, path text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	made int[] := ARRAY(SELECT 1 + (random() * 8)::int FROM generate_series(1, 7));
	there int[] := ARRAY(SELECT n FROM generate_series(1, 9) n WHERE random() < 0.3);
	of_n text := replace(value, '$1', 'n');
	got bigint;
	again bigint;
	wanted bigint;
	wrong text;
BEGIN
	PERFORM set_config('m2m.direct_path', path, true);
	EXECUTE format('CREATE TABLE tag (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), v %s UNIQUE)', type);
	PERFORM m2m_create('post', 'tag');
	EXECUTE format('INSERT INTO tag (v) SELECT DISTINCT %s FROM unnest($1) n ON CONFLICT DO NOTHING', of_n) USING there;
	-- of arrays there are no arrays: one by one
	IF kind = 'array' THEN
		EXECUTE format($q$SELECT sum(m2m_link('post', 1, 'tag', %s, by => 'v', create_missing => true)) FROM unnest($1) n$q$, of_n) INTO got USING made;
		EXECUTE format($q$SELECT sum(m2m_link('post', 2, 'tag', %s, by => 'v')) FROM unnest($1) n$q$, of_n) INTO again USING made;
	ELSE
		EXECUTE format($q$SELECT m2m_link('post', 1, 'tag', array_agg(%s), by => 'v', create_missing => true) FROM unnest($1) n$q$, of_n) INTO got USING made;
		EXECUTE format($q$SELECT m2m_link('post', ARRAY[2, 2, 2, 2, 2, 2, 2], 'tag', array_agg(%s), by => 'v') FROM unnest($1) n$q$, of_n) INTO again USING made;
	END IF;
	EXECUTE format('SELECT count(DISTINCT %s) FROM unnest($1) n', of_n) INTO wanted USING made;
	RETURN NEXT is(got, wanted, format('%s, %s: links', kind, path));
	RETURN NEXT is(again, wanted, format('%s, %s: links by what is there', kind, path));
	EXECUTE format('SELECT count(DISTINCT %s) FROM unnest($1) n', of_n) INTO wanted USING made || there;
	EXECUTE 'SELECT count(*) FROM tag' INTO got;
	RETURN NEXT is(got, wanted, format('%s, %s: rows', kind, path));
	EXECUTE format('SELECT string_agg(v::text, %L) FROM tag t WHERE (EXISTS (SELECT FROM post_tag WHERE post_id = 1 AND tag_id = t.id)) <> (EXISTS (SELECT FROM unnest($1) n WHERE %s = t.v))', ',', of_n) INTO wrong USING made;
	RETURN NEXT is(wrong, NULL, format('%s, %s: the right ones', kind, path));
	IF kind NOT IN ('bytea', 'array', 'boolean') THEN
		-- as a client sends what it knows no type of
		EXECUTE format('SELECT (%s)::text', replace(value, '$1', '7')) INTO wrong;
		EXECUTE format($q$SELECT m2m_link('post', 3, 'tag', $1, by => 'v', create_missing => true)$q$) INTO got USING wrong;
		EXECUTE format('SELECT count(*) FROM post_tag JOIN tag t ON t.id = tag_id WHERE post_id = 3 AND t.v = %s', replace(value, '$1', '7')) INTO wanted;
		RETURN NEXT is(ROW(got, wanted), ROW(1::bigint, 1::bigint), format('%s, %s: as text', kind, path));
	END IF;
	EXECUTE format($q$SELECT kept || ' ' || cardinality(linked) || ' ' || cardinality(unlinked) FROM m2m_set('post', 1, 'tag', '{}', by => 'v')$q$) INTO wrong;
	RETURN NEXT is(wrong LIKE '0 0 %', true, format('%s, %s: set to none', kind, path));
	DROP TABLE tag CASCADE;
END
$$;
SELECT t.* FROM kind, (VALUES ('on'), ('off')) p (path), by_type(name, type, value, path) t;

-- Ids of the first table in every form, the key of the second of several columns
CREATE TABLE tag (ns text, n int GENERATED ALWAYS AS IDENTITY, label text NOT NULL UNIQUE, PRIMARY KEY (n));
ALTER TABLE tag ALTER ns SET DEFAULT 'x', ADD UNIQUE (ns, n);
CREATE TABLE article (a text, b int, PRIMARY KEY (a, b));
INSERT INTO article VALUES ('p', 1), ('p', 2);
SELECT m2m_create('article', 'tag', right_key => '{ns,n}') \g /dev/null
SELECT is(m2m_link('article', ROW('p', 1), 'tag', ARRAY['one', 'two'], by => 'label', create_missing => true), 2::bigint, 'composite keys on both sides');
SELECT is(m2m_link('article', ARRAY[ROW('p', 1), ROW('p', 2)], 'tag', ARRAY['three', 'three'], by => 'label', create_missing => true), 2::bigint, 'pairwise, the same new row');
SELECT is(m2m_link('article', '(p,2)', 'tag', 'one', by => 'label'), 1::bigint, 'a row as text');
SELECT is((SELECT string_agg(article_a || article_b || label, ' ' ORDER BY 1, article_b, label) FROM article_tag, tag WHERE tag_ns = ns AND tag_n = n), 'p1one p1three p1two p2one p2three', 'the links');
SELECT throws_ok($$SELECT m2m_link('article', ROW('p', 1), 'tag', ROW('one', 1), by => 'label')$$, '23503', NULL, 'a row for one column is its text');
SELECT throws_ok($$SELECT m2m_link('article', ROW('p', 1), 'tag', 1, by => 'label')$$, '23503', NULL, 'a number is a label as an assignment makes it one');

-- In a transaction that has made the row, in a savepoint that was taken back
BEGIN;
INSERT INTO tag (label) VALUES ('mine');
SELECT is(m2m_link('article', ROW('p', 1), 'tag', 'mine', by => 'label', create_missing => true), 1::bigint, 'made before in the transaction');
SAVEPOINT s;
SELECT m2m_link('article', ROW('p', 1), 'tag', 'gone', by => 'label', create_missing => true) \g /dev/null
ROLLBACK TO s;
SELECT is((SELECT count(*) FROM tag WHERE label = 'gone'), 0::bigint, 'taken back with its link');
SELECT is(m2m_link('article', ROW('p', 1), 'tag', 'gone', by => 'label', create_missing => true), 1::bigint, 'and made again');
COMMIT;
-- in one statement that makes rows itself, and calls for many rows
WITH x AS (INSERT INTO tag (label) VALUES ('with') RETURNING label) SELECT is(m2m_link('article', ROW('p', 1), 'tag', label, by => 'label', create_missing => true), 1::bigint, 'made by the same statement') FROM x;
SELECT is((SELECT sum(m2m_link('article', ROW('p', 1), 'tag', 's' || n % 3, by => 'label', create_missing => true)) FROM generate_series(1, 9) n), 3::numeric, 'a call for each row');
PREPARE p AS SELECT m2m_link('article', ROW('p', 1), 'tag', $1::text[], by => 'label', create_missing => true);
EXECUTE p ('{q1,q2}') \g /dev/null
SELECT is((SELECT count(*) FROM tag WHERE label LIKE 'q_'), 2::bigint, 'prepared');
-- the index by which rows were known is made anew, in another collation
ALTER TABLE tag DROP CONSTRAINT tag_label_key;
SELECT throws_ok($$EXECUTE p ('{q1,q2}')$$, '42P10', NULL, 'no constraint any more');
CREATE UNIQUE INDEX ON tag (label COLLATE anycase);
EXECUTE p ('{Q1,Q3}') \g /dev/null
SELECT is((SELECT string_agg(label, ' ' ORDER BY label) FROM tag WHERE label ILIKE 'q_'), 'Q3 q1 q2', 'another index, another equality');
-- read only
BEGIN READ ONLY;
SELECT throws_ok($$SELECT m2m_link('article', ROW('p', 1), 'tag', 'one', by => 'label')$$, '25006', NULL, 'not in a read-only transaction');
ROLLBACK;
SELECT is((SELECT count(*) FROM m2m_check()), 0::bigint, 'nothing is amiss');
SELECT * FROM finish();
