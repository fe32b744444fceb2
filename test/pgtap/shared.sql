-- shared.sql: keys of both sides with columns in common, of all sorts of types
-- and in all places. If a test here fails, a link comes to be one to another
-- tenant's row, or an id in some form that a client sends is taken for another,
-- or the two write paths make different links.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();

-- What a statement returns, as text, or its error.
CREATE FUNCTION result(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
	EXECUTE sql INTO r;
	RETURN r;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;

-- Endpoints l and r, whose keys have the shared columns s1 .. sn and own columns
-- o1 .. om in the order given, each of a type; and their association, by m2m or
-- by hand.
CREATE FUNCTION make(left_key text[], right_key text[], types jsonb, adopted boolean) RETURNS regclass LANGUAGE plpgsql AS $$
DECLARE
	tab text; k text[];
	lc text[] := ARRAY(SELECT CASE WHEN c ~ '^s' THEN c ELSE 'l_' || c END FROM unnest(left_key) WITH ORDINALITY u (c, n) ORDER BY n);
	rc text[] := ARRAY(SELECT CASE WHEN c ~ '^s' THEN c ELSE 'r_' || c END FROM unnest(right_key) WITH ORDINALITY u (c, n) ORDER BY n);
	pair text[] := lc || ARRAY(SELECT c FROM unnest(rc) WITH ORDINALITY u (c, n) WHERE c <> ALL (lc) ORDER BY n);
	sql text;
BEGIN
	DROP TABLE IF EXISTS l_r, l, r CASCADE;
	FOREACH tab IN ARRAY ARRAY['l', 'r'] LOOP
		k := CASE tab WHEN 'l' THEN left_key ELSE right_key END;
		EXECUTE format('CREATE TABLE %I (note text, %s, PRIMARY KEY (%s))', tab,
			(SELECT string_agg(format('%I %s', c, types->>c), ', ' ORDER BY n DESC) FROM unnest(k) WITH ORDINALITY u (c, n)), array_to_string(k, ', '));
	END LOOP;
	IF NOT adopted THEN
		RETURN m2m_create('l', 'r', left_columns => lc, right_columns => rc);
	END IF;
	-- columns and constraints in other orders
	SELECT format('CREATE TABLE l_r (%s, UNIQUE (%s), FOREIGN KEY (%s) REFERENCES r (%s) ON DELETE CASCADE, FOREIGN KEY (%s) REFERENCES l (%s) ON DELETE CASCADE)',
		string_agg(format('%I %s NOT NULL', c, types->>regexp_replace(c, '^[lr]_', '')), ', ' ORDER BY n DESC), string_agg(c, ', ' ORDER BY n DESC),
		(SELECT string_agg(c, ', ' ORDER BY n DESC) FROM unnest(rc) WITH ORDINALITY u (c, n)), (SELECT string_agg(c, ', ' ORDER BY n DESC) FROM unnest(right_key) WITH ORDINALITY u (c, n)),
		(SELECT string_agg(c, ', ' ORDER BY n DESC) FROM unnest(lc) WITH ORDINALITY u (c, n)), (SELECT string_agg(c, ', ' ORDER BY n DESC) FROM unnest(left_key) WITH ORDINALITY u (c, n)))
		INTO sql FROM unnest(pair) WITH ORDINALITY u (c, n);
	EXECUTE sql;
	RETURN m2m_adopt('l_r', left_columns => lc, right_columns => rc);
END
$$;

-- The nth value of a type.
CREATE FUNCTION value(type text, n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE type
		WHEN 'text' THEN (ARRAY['a', '(1,2)', 'b "c"', '{1,2}', 'it''s', 'é\', ' '])[1 + n % 7]
		WHEN 'uuid' THEN format('00000000-0000-0000-0000-%s', lpad(n::text, 12, '0'))
		WHEN 'date' THEN (date '2024-01-01' + n)::text
		WHEN 'numeric' THEN (n / 2.0)::text
		WHEN 'word' THEN 'w' || n
		ELSE n::text END
$$;

-- "ROW(1, 'a')" of columns of a key
CREATE FUNCTION id(key text[], types jsonb, s int, o int, short boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT 'ROW(' || string_agg(format('%L::%s', value(types->>c, CASE WHEN c ~ '^s' THEN s + substr(c, 2)::int ELSE o + 3 * substr(c, 2)::int END), types->>c), ', ' ORDER BY n) || ')'
	FROM unnest(key) WITH ORDINALITY u (c, n) WHERE NOT short OR c ~ '^o'
$$;

-- Links that two paths have made, and what each call said, by operations that
-- are the same for both.
CREATE FUNCTION play(left_key text[], right_key text[], types jsonb, rounds int, path boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text := ''; sql text;
	near text[]; far text[]; n text; f text; how int; s int; t int; many text;
	short boolean;
BEGIN
	PERFORM set_config('m2m.direct_path', path::text, true);
	PERFORM setseed(0.5);
	FOR i IN 1 .. rounds LOOP
		IF random() < 0.5 THEN near := left_key; far := right_key; n := 'l'; f := 'r';
		ELSE near := right_key; far := left_key; n := 'r'; f := 'l'; END IF;
		s := floor(random() * 3);
		t := CASE WHEN random() < 0.9 THEN s ELSE floor(random() * 3) END;
		-- as good as always there is something left without what is shared
		short := s = t AND random() < 0.5 AND EXISTS (SELECT FROM unnest(far) c WHERE c ~ '^o');
		how := floor(random() * 8);
		many := format('ARRAY[%s]', (SELECT string_agg(CASE WHEN short AND random() < 0.5 THEN id(far, types, t, o, true) ELSE id(far, types, t, o, false) END, ', ')
			FROM (SELECT floor(random() * 7)::int AS o FROM generate_series(1, 1 + i % 4)) x));
		sql := format('%s(%L, %s, %L, %s)', (ARRAY['m2m_link', 'm2m_link', 'm2m_link', 'm2m_unlink', 'm2m_set', 'm2m_toggle', 'm2m_linked', 'm2m_link'])[1 + how],
			n, CASE WHEN how = 7 THEN format('ARRAY[%s, %s]', id(near, types, s, i % 7, false), id(near, types, (s + 1) % 3, i % 5, false)) ELSE id(near, types, s, i % 7, false) END,
			f, CASE WHEN how IN (1, 3, 4) THEN many WHEN how = 7 THEN id(far, types, t, i % 4, EXISTS (SELECT FROM unnest(far) c WHERE c ~ '^o'))
				ELSE id(far, types, t, floor(random() * 7)::int, short) END);
		said := said || i || ' ' || result('SELECT ' || sql || '::text') || E'\n';
	END LOOP;
	RETURN said || (SELECT coalesce(string_agg(x::text, ' ' ORDER BY x::text), '') FROM l_r x);
END
$$;

-- Rows of a relationship that no constraint would allow, and what its views do
-- not show.
CREATE FUNCTION wrong(left_key text[], right_key text[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint; lc text; rc text;
BEGIN
	lc := (SELECT string_agg(CASE WHEN c ~ '^s' THEN 'x.' || c ELSE 'x.l_' || c END, ', ' ORDER BY i) FROM unnest(left_key) WITH ORDINALITY u (c, i));
	rc := (SELECT string_agg(CASE WHEN c ~ '^s' THEN 'x.' || c ELSE 'x.r_' || c END, ', ' ORDER BY i) FROM unnest(right_key) WITH ORDINALITY u (c, i));
	EXECUTE format('SELECT (SELECT count(*) FROM l_r x WHERE (%s) NOT IN (SELECT %s FROM l)) + (SELECT count(*) FROM l_r x WHERE (%s) NOT IN (SELECT %s FROM r))
		+ (SELECT count(*) FROM l_r) - (SELECT count(*) FROM l_rs) + (SELECT count(*) FROM l_r) - (SELECT count(*) FROM r_ls)
		+ (SELECT count(*) FROM l_r) - (SELECT count(DISTINCT x) FROM l_r x)', lc, array_to_string(left_key, ', '), rc, array_to_string(right_key, ', ')) INTO n;
	RETURN n + (SELECT count(*) FROM m2m_check('l_r') WHERE severity = 'error');
END
$$;

-- One shape: both paths, and an answer that stands without either.
CREATE FUNCTION check_shape(left_key text[], right_key text[], types jsonb, adopted boolean) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	this text := format('%s and %s, %s%s: ', left_key, right_key, types, CASE WHEN adopted THEN ', adopted' ELSE '' END);
	direct text; general text;
BEGIN
	FOR path IN 0 .. 1 LOOP
		PERFORM make(left_key, right_key, types, adopted);
		EXECUTE 'INSERT INTO l (' || array_to_string(left_key, ', ') || ') ' || (SELECT string_agg('SELECT ' || trim(leading 'ROW(' FROM rtrim(id(left_key, types, s, o, false), ')')), ' UNION ')
			FROM generate_series(0, 2) s, generate_series(0, 5) o);
		EXECUTE 'INSERT INTO r (' || array_to_string(right_key, ', ') || ') ' || (SELECT string_agg('SELECT ' || trim(leading 'ROW(' FROM rtrim(id(right_key, types, s, o, false), ')')), ' UNION ')
			FROM generate_series(0, 2) s, generate_series(0, 5) o);
		IF path = 0 THEN direct := play(left_key, right_key, types, 120, true);
		ELSE general := play(left_key, right_key, types, 120, false); END IF;
		RETURN NEXT is(wrong(left_key, right_key), 0::bigint, this || CASE path WHEN 0 THEN 'links and views are right, direct path' ELSE 'general path' END);
	END LOOP;
	RETURN NEXT is(direct, general, this || 'both paths do the same');
	RETURN NEXT ok(direct ~ '\m22023\M' AND direct ~ '\m23503\M' AND direct ~ 'true' AND length(direct) > 1000, this || 'and something')
		WHERE EXISTS (SELECT FROM unnest(left_key) c WHERE c ~ '^o');
END
$$;

-- The shared column first, last, in the middle; several; all of one key
CREATE DOMAIN word AS varchar(20) CHECK (value <> '');
SELECT check_shape(l, r, t, a)
FROM (VALUES ('{s1,o1}'::text[], '{s1,o1}'::text[]), ('{o1,s1}', '{s1,o1}'), ('{o1,s1,o2}', '{o1,o2,s1}'), ('{s1,s2,o1}', '{s2,o1,s1}'), ('{s1,s2,o1}', '{s2,s1}'),
		('{s1}', '{o1,s1}')) k (l, r),
	(VALUES ('{"s1": "int", "s2": "text", "o1": "int", "o2": "bigint"}'::jsonb), ('{"s1": "text", "s2": "uuid", "o1": "text", "o2": "date"}'),
		('{"s1": "word", "s2": "numeric", "o1": "uuid", "o2": "int"}')) y (t),
	(VALUES (false), (true)) z (a);

-- Many pairs, in groups, with an index that neither leads with a side
SELECT make('{s1,o1}', '{o1,s1}', '{"s1": "int", "o1": "int"}', false);
INSERT INTO l (s1, o1) SELECT s, o FROM generate_series(1, 3) s, generate_series(1, 400) o;
INSERT INTO r (s1, o1) SELECT s, o FROM generate_series(1, 3) s, generate_series(1, 400) o;
CREATE INDEX ON l_r (s1);
CREATE INDEX ON l_r (l_o1, r_o1);
CREATE TABLE pairs AS SELECT 1 + i % 3 AS s, 1 + i * 7 % 400 AS l, 1 + i * i % 390 AS r FROM generate_series(1, 9000) i;
SET m2m.direct_path = off;
SELECT m2m_load('l', 'r', 'SELECT s, l, r FROM pairs') AS loaded \gset
CREATE TABLE by_general AS TABLE l_r;
SELECT is(:loaded::bigint, (SELECT count(*) FROM (SELECT DISTINCT * FROM pairs) x), 'thousands of pairs, general path');
TRUNCATE l_r;
SET m2m.direct_path = on;
INSERT INTO l_rs (s1, l_o1, o1) SELECT s, l, r FROM pairs WHERE l % 3 = 0;
SELECT is((SELECT count(*) FROM l_r), (SELECT count(*) FROM (SELECT DISTINCT * FROM pairs WHERE l % 3 = 0) x), 'through a view');
SELECT is(m2m_link('l', array_agg(ROW(s, l)), 'r', array_agg(r)), (SELECT count(*) FROM (SELECT DISTINCT * FROM pairs WHERE l % 3 = 1) x), 'in arrays, short on the right')
FROM pairs WHERE l % 3 = 1;
SELECT is(m2m_link('r', array_agg(ROW(r, s)), 'l', array_agg(l::text)), (SELECT count(*) FROM (SELECT DISTINCT * FROM pairs WHERE l % 3 = 2) x), 'in arrays, short on the left, as text')
FROM pairs WHERE l % 3 = 2;
SELECT is((SELECT count(*) FROM (TABLE l_r EXCEPT TABLE by_general) x), 0::bigint, 'and they are the same');
SELECT is((SELECT sum(m2m_count('l', l, 'r'))::bigint FROM l), :loaded::bigint, 'each is found from the left');
SELECT is((SELECT sum(m2m_count('r', r, 'l'))::bigint FROM r), :loaded::bigint, 'and from the right');
SELECT is((SELECT count(*) FROM l_r WHERE s1 = 2 AND r_o1 = 5), m2m_clear('r', ROW(5, 2), 'l'), 'a row of the right is cleared');
SELECT is((SELECT count(*) FROM l_r WHERE l_o1 IN (8, 15)), m2m_clear('l', ARRAY[ROW(1, 8), ROW(2, 8), ROW(3, 8), ROW(1, 15), ROW(2, 15), ROW(3, 15)], 'r'), 'and several of the left');
SELECT is(m2m_unlink('l', array_agg(ROW(s, l)), 'r', array_agg(ROW(r, 1 + s % 3))), 0::bigint, 'no link of another tenant''s rows goes') FROM pairs;
SELECT is(m2m_unlink('l', array_agg(ROW(s, l)), 'r', array_agg(ROW(r, s))), (SELECT count(*) FROM l_r), 'and then all') FROM pairs;
CREATE EXTENSION amcheck;
SELECT m2m_load('l', 'r', 'SELECT s, l, r FROM pairs') >= 0 AS loaded_again \gset
SELECT lives_ok(format('SELECT bt_index_parent_check(%L, true, true)', indexrelid::regclass), indexrelid::regclass || ' leads to all links') FROM pg_index WHERE indrelid = 'l_r'::regclass;

-- The direct path looks each row of an endpoint up once
CREATE FUNCTION looked_up() RETURNS bigint LANGUAGE sql AS $$SELECT sum(idx_scan)::bigint FROM pg_stat_xact_user_tables WHERE relid IN ('l'::regclass, 'r'::regclass)$$;
TRUNCATE l_r;
BEGIN;
SET LOCAL enable_seqscan = off;
SELECT looked_up() AS before \gset
SELECT m2m_link('l', ROW(1, 1), 'r', ARRAY(SELECT generate_series(1, 300))) AS linked \gset
SELECT cmp_ok(looked_up() - :before, '<', 300::bigint, 'the direct path is taken');
ROLLBACK;

-- Spelled otherwise, and equal by the column: what it is stored as is the left row's
SELECT make('{s1,o1}', '{s1,o1}', '{"s1": "numeric", "o1": "int"}', false);
INSERT INTO l (s1, o1) VALUES (1.0, 1);
INSERT INTO r (s1, o1) VALUES (1.00, 1);
SELECT is(result('SELECT m2m_link(''r'', ROW(1.00, 1), ''l'', ROW(1.0, 1))'), '1', 'equal values agree');
SELECT is((SELECT string_agg(x::text, '') FROM l_r x), '(1.0,1,1)', 'the left one is stored');
SELECT is(result('SELECT m2m_link(''l'', ROW(1, 1), ''r'', ROW(1.000, 1))'), '0', 'and found by any');
DELETE FROM l_r;
SET m2m.direct_path = off;
SELECT is(result('SELECT m2m_link(''r'', ARRAY[ROW(1.00, 1)], ''l'', ARRAY[ROW(1.0, 1)])'), '1', 'equal values agree, general path');
SELECT is((SELECT string_agg(x::text, '') FROM l_r x), '(1.0,1,1)', 'the left one is stored, general path');
RESET m2m.direct_path;

-- Of different types on the two sides: compared as both
DROP TABLE l_r, l, r CASCADE;
CREATE TABLE l (s numeric, o int, PRIMARY KEY (s, o));
CREATE TABLE r (s int, o int, PRIMARY KEY (s, o));
CREATE TABLE l_r (s int, l int, r int, PRIMARY KEY (s, l, r), FOREIGN KEY (s, l) REFERENCES l, FOREIGN KEY (s, r) REFERENCES r);
INSERT INTO l VALUES (1, 1), (1.5, 1), (2, 1);
INSERT INTO r VALUES (1, 1), (2, 1);
SELECT m2m_adopt('l_r');
SELECT is(result('SELECT m2m_link(''l'', ROW(1.0, 1), ''r'', ROW(1, 1))'), '1', 'numeric and integer');
SELECT is(result('SELECT m2m_link(''l'', ROW(1.5, 1), ''r'', ROW(2, 1))'), '22023', '1.5 is not 2');
SELECT is(result('SELECT m2m_link(''r'', ROW(2, 1), ''l'', ROW(1.5, 1))'), '22023', 'nor the other way round');
SELECT is(result('SELECT m2m_linked(''l'', ROW(1.5, 1), ''r'', ROW(2, 1))'), 'false', 'and not linked');
SELECT is(result('SELECT m2m_link(''r'', ROW(2, 1), ''l'', 1)'), '1', 'one completes the other');

-- A collation by which a and A are equal
CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
DROP TABLE l_r, l, r CASCADE;
CREATE TABLE l (s text COLLATE anycase, o int, PRIMARY KEY (s, o));
CREATE TABLE r (s text COLLATE anycase, o int, PRIMARY KEY (s, o));
INSERT INTO l VALUES ('Acme', 1), ('other', 1);
INSERT INTO r VALUES ('ACME', 1);
SELECT m2m_create('l', 'r', left_columns => '{s,l_o}', right_columns => '{s,r_o}');
SELECT is(result('SELECT m2m_link(''l'', ROW(''acme'', 1), ''r'', ROW(''aCME'', 1))'), '1', 'agree by their collation');
SELECT is(result('SELECT m2m_link(''l'', ROW(''Acme'', 1), ''r'', 1)'), '0', 'and are one link');
SELECT is(result('SELECT m2m_link(''l'', ROW(''other'', 1), ''r'', ROW(''acme'', 1))'), '22023', 'others do not');
SELECT is(result('SELECT m2m_unlink(''r'', ROW(''acme'', 1), ''l'', ROW(''ACME'', 1))'), '1', 'found and unlinked');

-- Braces, parentheses, and a type whose own text is either
DROP TABLE l_r, l, r CASCADE;
CREATE TABLE l (s int, u uuid, PRIMARY KEY (s, u));
CREATE TABLE r (s int, w text, PRIMARY KEY (s, w));
INSERT INTO l VALUES (1, '00000000-0000-0000-0000-000000000001');
INSERT INTO r VALUES (1, 'plain'), (1, '(1,x)'), (1, '{a,b}'), (1, 'a');
SELECT m2m_create('l', 'r', left_columns => '{s,u}', right_columns => '{s,w}');
SELECT is(result('SELECT m2m_link(''r'', ROW(1, ''plain''), ''l'', ''{00000000-0000-0000-0000-000000000001}'')'), '1', 'a uuid in braces is one uuid');
SELECT is(result('SELECT m2m_linked(''r'', ROW(1, ''plain''), ''l'', ''{00000000-0000-0000-0000-000000000001}'')'), 'true', 'also where one id is due');
SELECT is(result('SELECT m2m_link(''r'', ROW(1, ''plain''), ''l'', ''{"00000000-0000-0000-0000-000000000001"}'')'), '0', 'an array of it is an array');
SELECT is(result('SELECT m2m_link(''l'', l, ''r'', ''plain'') FROM l'), '0', 'text without parentheses is the text');
SELECT is(result('SELECT m2m_link(''l'', l, ''r'', ''(1,a)'') FROM l'), '1', 'with them it is a row');
SELECT is(result('SELECT m2m_link(''l'', l, ''r'', ''("(1,x)")'') FROM l'), '1', 'also of one field');
SELECT is(result('SELECT m2m_link(''l'', l, ''r'', ROW(''{a,b}'')) FROM l'), '1', 'and ROW() of one');
SELECT is(result('SELECT m2m_link(''l'', l, ''r'', ''{a,plain}'') FROM l'), '0', 'braces are an array');
SELECT is(result('SELECT m2m_unlink(''l'', l, ''r'', ARRAY[''a'', ''plain'', ''(,)'']::varchar[]) FROM l'), '2', 'elements that are no text are values');
SELECT is(result('SELECT m2m_count(''l'', l, ''r'') FROM l'), '2', 'two are left');
SELECT * FROM finish();
