-- find.sql: m2m_find against set algebra over the links themselves. If a test
-- here fails, a question is answered with a row too many or too few, or by the
-- two ways there are, indexes and SQL, differently.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();
SELECT setseed(0.42);

-- Rows as text, in order; or the error.
CREATE FUNCTION result(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record; all_rows text := '';
BEGIN
	FOR r IN EXECUTE sql LOOP all_rows := concat_ws(' ', nullif(all_rows, ''), r::text); END LOOP;
	RETURN all_rows;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

-- Tables whose n-th key is made by an expression; "linked" says by numbers what
-- is linked, and is all that the expected answers are made from.
CREATE TABLE linked (kind text, l int, r int);
CREATE TABLE kinds (kind text, l text, r text, l_type text, r_type text);
INSERT INTO kinds VALUES
	('ints', 'n', 'n', 'int', 'int'),
	('wide', 'n * 5000000000', '-n', 'bigint', 'smallint'),
	('texts', $$'key ' || lpad(n::text, 3, '0')$$, 'n', 'text', 'int'),
	('uuids', $$md5(n::text)::uuid$$, $$md5(n::text)::uuid$$, 'uuid', 'uuid'),
	('dates', $$date '2000-01-01' + n$$, 'n::numeric / 10', 'date', 'numeric'),
	('rows', $$'b' || n$$, 'n', 'varchar(9)', 'int');
DO $$
DECLARE k record;
BEGIN
	FOR k IN SELECT * FROM kinds LOOP
		EXECUTE format('CREATE TABLE %I (id %s PRIMARY KEY, n int)', k.kind || '_l', k.l_type);
		EXECUTE format('CREATE TABLE %I (id %s PRIMARY KEY, n int)', k.kind || '_r', k.r_type);
		EXECUTE format('INSERT INTO %I SELECT %s, n FROM generate_series(1, 60) n', k.kind || '_l', k.l);
		EXECUTE format('INSERT INTO %I SELECT %s, n FROM generate_series(1, 12) n', k.kind || '_r', k.r);
		PERFORM m2m_create((k.kind || '_l')::regclass, (k.kind || '_r')::regclass, k.kind);
		-- some popular, some rare; some rows without any
		INSERT INTO linked SELECT k.kind, l, r FROM generate_series(1, 55) l, generate_series(1, 12) r
			-- of both, or the planner asks once for each r
			WHERE random() + 0 * l < CASE WHEN r <= 4 THEN 0.7 WHEN r <= 8 THEN 0.3 ELSE 0.05 END;
		EXECUTE format('INSERT INTO %I SELECT a.id, b.id FROM linked k JOIN %I a ON a.n = k.l JOIN %I b ON b.n = k.r WHERE k.kind = %L',
			k.kind, k.kind || '_l', k.kind || '_r', k.kind);
	END LOOP;
END
$$;
-- dead entries of indexes, and rows that no index-only look can tell of
UPDATE ints SET ints_l_id = ints_l_id WHERE ints_r_id = 2;
DELETE FROM linked WHERE kind = 'wide' AND r = 3 AND l % 2 = 0;
DELETE FROM wide USING wide_l a, wide_r b WHERE a.id = wide_l_id AND b.id = wide_r_id AND b.n = 3 AND a.n % 2 = 0;
VACUUM uuids;

-- The rows, by number, that have all these links and so on; a null says nothing.
CREATE FUNCTION expected(k text, all_of int[], any_of int[], none_of int[], exactly int[], at_least int, unlinked bool)
	RETURNS SETOF int LANGUAGE sql AS $$
	SELECT n FROM (SELECT n, ARRAY(SELECT r FROM linked WHERE kind = k AND l = n) AS has FROM generate_series(1, 60) n) x
	WHERE (all_of IS NULL OR (all_of <@ has AND (has <> '{}' OR unlinked)))
		AND (any_of IS NULL OR (SELECT count(*) FROM unnest(has) h WHERE h = ANY (any_of)) >= greatest(at_least, 1))
		AND (any_of IS NOT NULL OR at_least IS NULL OR cardinality(has) >= at_least)
		AND (none_of IS NULL OR NOT none_of && has)
		AND (exactly IS NULL OR (exactly <@ has AND has <@ exactly))
$$;

CREATE FUNCTION some_ids() RETURNS int[] LANGUAGE sql AS $$
	SELECT CASE WHEN random() < 0.4 THEN NULL
		ELSE ARRAY(SELECT 1 + floor(random() * CASE WHEN random() < 0.7 THEN 4 ELSE 12 END)::int
			FROM generate_series(1, floor(random() * 4)::int)) END
$$;

-- One random question, asked in both ways, whole and page by page.
CREATE FUNCTION ask(k text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	all_of int[] := some_ids();
	any_of int[] := some_ids();
	none_of int[] := some_ids();
	exactly int[];
	at_least int := CASE WHEN random() < 0.3 THEN 1 + floor(random() * 3) END;
	unlinked bool := random() < 0.3;
	question text;
	call text;
	right_rows text;
	found text;
	page text;
	pages text;
BEGIN
	IF random() < 0.25 THEN
		-- of a row, so that something is found
		SELECT array_agg(r) INTO exactly FROM linked WHERE kind = k AND l = 1 + floor(random() * 55);
		none_of := NULL; any_of := NULL; at_least := NULL;
	END IF;
	IF num_nonnulls(all_of, any_of, none_of, exactly, at_least) = 0 THEN all_of := '{1}'; END IF;
	SELECT string_agg(format('%s => ARRAY(SELECT id FROM %I WHERE n = ANY (%L::int[]))', name, k || '_r', ids), ', ')
		INTO question FROM (VALUES ('all_of', all_of), ('any_of', any_of), ('none_of', none_of), ('exactly', exactly)) v (name, ids)
		WHERE ids IS NOT NULL;
	question := concat_ws(', ', question, 'at_least => ' || at_least);
	IF num_nonnulls(all_of, any_of, none_of, exactly) > 0 THEN question := question || ', unlinked => ' || unlinked; END IF;
	EXECUTE format('SELECT string_agg(n::text, '' '' ORDER BY id) FROM %I JOIN expected(%L, %L, %L, %L, %L, %L, %L) n USING (n)',
		k || '_l', k, all_of, any_of, none_of, exactly, at_least, unlinked) INTO right_rows;
	INSERT INTO answers VALUES (k, num_nonnulls(all_of, any_of, none_of, exactly, at_least), coalesce(right_rows, ''));
	FOR i IN 0 .. 1 LOOP
		PERFORM set_config('m2m.direct_path', CASE i WHEN 0 THEN 'on' ELSE 'off' END, true);
		call := format('SELECT string_agg(n::text, '' '' ORDER BY o) FROM m2m_find(NULL::%I, %L, %s) WITH ORDINALITY f (id, n, o)',
			k || '_l', k || '_r', question);
		EXECUTE call INTO found;
		RETURN NEXT is(found, right_rows, format('%s, direct path %s: %s', k, CASE i WHEN 0 THEN 'on' ELSE 'off' END, question));
		CONTINUE WHEN num_nonnulls(all_of, any_of, none_of, exactly) = 0;
		EXECUTE format($f$
			WITH RECURSIVE page AS (
				SELECT NULL::%3$s AS id, NULL::int AS n, 0::bigint AS o
				UNION ALL
				SELECT f.* FROM (SELECT id FROM page ORDER BY o DESC LIMIT 1) last,
					m2m_find(NULL::%1$I, %2$L, %4$s, after => last.id, max_rows => 3) WITH ORDINALITY f (id, n, o))
			SELECT string_agg(n::text, ' ' ORDER BY id) FROM page WHERE n IS NOT NULL$f$,
			k || '_l', k || '_r', (SELECT l_type FROM kinds WHERE kind = k), question) INTO pages;
		RETURN NEXT is(pages, right_rows, 'page by page');
	END LOOP;
	RESET m2m.direct_path;
END
$$;
CREATE TABLE answers (kind text, conditions int, answer text);
SELECT ask(kind) FROM kinds, generate_series(1, 40);
SELECT cmp_ok(count(*) FILTER (WHERE answer <> ''), '>', 15::bigint, kind || ': questions with an answer') FROM answers GROUP BY kind ORDER BY kind;
SELECT cmp_ok(count(*) FILTER (WHERE answer = ''), '>', 3::bigint, kind || ': questions without') FROM answers GROUP BY kind ORDER BY kind;

-- How it is said
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => '{1,2,9}')$$),
	result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => ARRAY[9,2,1,1])$$), 'ids as text, an id twice');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 9)$$),
	result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', any_of => '9')$$), 'one id, typed and not');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => ARRAY[1], max_rows => 0)$$), '', 'no row wanted');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', any_of => ARRAY[1,2], at_least => 3)$$), '', 'more of them than there are');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r')$$), '42725: function m2m_find(ints_l, unknown) is not unique', 'nothing to look for, and no saying by which type');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => NULL::int)$$), '22023: m2m_find has nothing to look for', 'nothing to look for');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => ARRAY[1,NULL])$$), '22004: id of table "ints_r" must not be null', 'a null among ids');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 1, max_rows => -1)$$), '22023: max_rows must be at least 0', 'a negative number of rows');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', at_least => 0)$$), '22023: at_least must be at least 1', 'at least none');
SELECT is(result($$SELECT * FROM m2m_find(1, 'ints_r', all_of => 1)$$), '42809: the first argument must be of a table''s row type', 'no row');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'wide_r', all_of => 1)$$),
	'42704: no relationship between "ints_l" and "wide_r"', 'no relationship');

-- What stands third is ids, whatever comes behind it is named
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', 9)$$), result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 9)$$), 'third, a number: an id');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', '{9}')$$), result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 9)$$), 'third, a literal: ids');
SELECT isnt(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 9)$$), '', 'of which there are some');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', at_least => 5, via => 'ints', unlinked => false, max_rows => 3)$$),
	result($$SELECT l FROM linked WHERE kind = 'ints' GROUP BY l HAVING count(*) >= 5 ORDER BY l LIMIT 3$$), 'no ids, and all else');

-- Of whatever integer type, with ids and without
SELECT is(result(format($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', at_least => %s%s)$$, value, more)),
	result($$SELECT l FROM linked WHERE kind = 'ints' GROUP BY l HAVING count(*) >= 5 ORDER BY l$$), format('at_least => %s%s', value, more))
	FROM unnest(ARRAY['5', '5::smallint', '5::bigint', '5::numeric', '5.0']) value,
		unnest(ARRAY['', $$, via => 'ints'$$, $$, via => 'ints'::text, max_rows => 99::bigint$$, $$, all_of => '{}'::int[]$$, $$, all_of => '{}'$$]) more
	WHERE value NOT IN ('5::numeric', '5.0') OR more LIKE '%all_of%';
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', any_of => 1, at_least => 1.5)$$), '22023: at_least must be a whole number', 'no number of links');

-- Several columns to a key, on either side
CREATE TABLE site (host text, port int, n int, PRIMARY KEY (host, port));
CREATE TABLE label (ns text, name text, PRIMARY KEY (ns, name));
INSERT INTO site SELECT 'h' || n / 3, n, n FROM generate_series(1, 12) n;
INSERT INTO label SELECT 'ns', chr(96 + n) FROM generate_series(1, 5) n;
SELECT m2m_create('site', 'label') \g /dev/null
INSERT INTO site_label SELECT host, port, 'ns', name FROM site, label WHERE n % (ascii(name) - 95) = 0;
SELECT is(result(format($$SELECT n FROM m2m_find(NULL::site, 'label', %s)$$, question)), answer, question) FROM (VALUES
	($$all_of => ARRAY[ROW('ns','a'),ROW('ns','b')]$$, '(6) (12)'),
	($$all_of => '(ns,a)', none_of => '(ns,b)'$$, '(2) (4) (8) (10)'),
	($$any_of => ARRAY[ROW('ns','c'),ROW('ns','d')], at_least => 1, after => ROW('h1', 5)$$, '(8) (10) (12)'),
	($$exactly => ARRAY[ROW('ns','a'),ROW('ns','c')]$$, '(4) (8)')) v (question, answer);
SELECT is(result($$SELECT name FROM m2m_find(NULL::label, 'site', all_of => ARRAY[ROW('h4',12)])$$), '(a) (b) (c) (e)', 'ids of several columns by index');
SELECT is(result($$SELECT name FROM m2m_find(NULL::label, 'site', all_of => ARRAY[ROW('h4',12),ROW('h2',6)], none_of => ROW('h2',8))$$), '(b) (e)', 'and not of another');

-- A self-relationship by role, and a row's own type by another relationship
CREATE TABLE person (id int PRIMARY KEY);
INSERT INTO person SELECT generate_series(1, 6);
SELECT m2m_create('person', 'person', 'follow') \g /dev/null
INSERT INTO follow VALUES (1, 2), (1, 3), (2, 3), (3, 1);
SELECT is(result($$SELECT id FROM m2m_find(NULL::person, 'person', all_of => 3)$$), '(1) (2)', 'who follows 3');
SELECT is(result($$SELECT id FROM m2m_find(NULL::person, 'person', all_of => 3, role => 'to_person')$$), '(1)', 'whom 3 follows');
SELECT is(result($$SELECT id FROM m2m_find(NULL::person, 'person', none_of => 3, at_least => 1)$$), '(3)', 'who follows, but not 3');

-- What the caller may not see is not there
CREATE ROLE m2m_test_finder;
GRANT SELECT ON ints_l, ints TO m2m_test_finder;
SET ROLE m2m_test_finder;
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 1)$$), '42501: permission denied for table ints_r', 'the ids'' table');
RESET ROLE;
GRANT SELECT ON ints_r TO m2m_test_finder;
REVOKE SELECT ON ints_l FROM m2m_test_finder;
SET ROLE m2m_test_finder;
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 1)$$), '42501: permission denied for table ints_l', 'the rows'' table');
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 1000)$$), '42501: permission denied for table ints_l', 'also if there are none');
RESET ROLE;
GRANT SELECT ON ints_l TO m2m_test_finder;
REVOKE SELECT ON ints FROM m2m_test_finder;
SET ROLE m2m_test_finder;
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 1)$$), '42501: permission denied for table ints', 'the association');
RESET ROLE;
GRANT SELECT (ints_l_id, ints_r_id) ON ints TO m2m_test_finder;
SET ROLE m2m_test_finder;
SELECT is((SELECT count(*) FROM m2m_find(NULL::ints_l, 'ints_r', all_of => 1)), (SELECT count(*) FROM ints WHERE ints_r_id = 1), 'rights on the columns do');
RESET ROLE;
ALTER TABLE ints_l ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON ints_l USING (n % 2 = 0);
GRANT SELECT ON linked TO m2m_test_finder;
SET ROLE m2m_test_finder;
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => '{1,2}', max_rows => 5)$$),
	result($$SELECT l FROM linked a JOIN linked b USING (l, kind) WHERE kind = 'ints' AND a.r = 1 AND b.r = 2 AND l % 2 = 0 ORDER BY l LIMIT 5$$), 'rows by policy, and as many as asked for');
RESET ROLE;
ALTER TABLE ints_r ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_2 ON ints_r USING (n <> 2);
SET ROLE m2m_test_finder;
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => '{1,2}')$$), '', 'links to rows that he may not see are none');
SELECT is(result($$SELECT count(*) FROM m2m_find(NULL::ints_l, 'ints_r', none_of => '{2}')$$), '(30)', 'nor do they keep a row away');
RESET ROLE;
ALTER TABLE ints ENABLE ROW LEVEL SECURITY;
CREATE POLICY not_4 ON ints USING (ints_r_id <> 4);
SET ROLE m2m_test_finder;
SELECT is(result($$SELECT n FROM m2m_find(NULL::ints_l, 'ints_r', all_of => '{1,4}')$$), '', 'nor are links that he may not see');
RESET ROLE;
DROP OWNED BY m2m_test_finder;
DROP ROLE m2m_test_finder;

-- An adopted table: doubles, nulls, no index
CREATE TABLE thing (id int PRIMARY KEY);
INSERT INTO thing SELECT generate_series(1, 5);
CREATE TABLE loose (person_id int REFERENCES person, thing_id int REFERENCES thing);
INSERT INTO loose VALUES (1, 1), (1, 1), (1, 2), (2, 1), (3, NULL), (NULL, 1), (4, 3), (4, 3);
SELECT m2m_adopt('loose') \g /dev/null
SELECT is(result(format($$SELECT id FROM m2m_find(NULL::person, 'thing', %s)$$, question)), answer, 'doubles and nulls: ' || question) FROM (VALUES
	('all_of => ARRAY[1]', '(1) (2)'), ('all_of => ARRAY[1,2]', '(1)'), ('exactly => 1', '(2)'), ('exactly => 3', '(4)'),
	('at_least => 2', '(1)'), ($$exactly => '{}'::int[]$$, '(3) (5) (6)'), ($$all_of => '{}'::int[]$$, '(1) (2) (4)'),
	('any_of => ARRAY[1,3]', '(1) (2) (4)'), ('none_of => ARRAY[1,3]', '(3) (5) (6)')) v (question, answer);
CREATE INDEX ON loose (thing_id, person_id);
SELECT is(result(format($$SELECT id FROM m2m_find(NULL::person, 'thing', %s)$$, question)), answer, 'by an index: ' || question) FROM (VALUES
	('all_of => ARRAY[1]', '(1) (2)'), ('all_of => ARRAY[1,2]', '(1)'), ('any_of => ARRAY[1,3]', '(1) (2) (4)'),
	('all_of => ARRAY[1], none_of => 2', '(2)')) v (question, answer);
DELETE FROM loose a USING loose b WHERE (a.person_id, a.thing_id) = (b.person_id, b.thing_id) AND a.ctid > b.ctid;
INSERT INTO loose VALUES (2, NULL);
CREATE UNIQUE INDEX ON loose (person_id, thing_id);
SELECT is(result(format($$SELECT id FROM m2m_find(NULL::person, 'thing', %s)$$, question)), answer, 'with a key: ' || question) FROM (VALUES
	('exactly => 1', '(2)'), ('exactly => 3', '(4)'), ('exactly => ARRAY[1,2]', '(1)')) v (question, answer);

-- An adopted table whose columns have other collations than the keys
CREATE TABLE word (id text COLLATE "C" PRIMARY KEY);
CREATE TABLE sense (id text COLLATE "C" PRIMARY KEY);
CREATE TABLE word_sense (word text COLLATE "POSIX" REFERENCES word, sense text COLLATE "POSIX" REFERENCES sense, PRIMARY KEY (word, sense));
INSERT INTO word VALUES ('a'), ('b'), ('c');
INSERT INTO sense VALUES ('x'), ('y');
INSERT INTO word_sense VALUES ('a', 'x'), ('b', 'x'), ('b', 'y');
SELECT m2m_adopt('word_sense') \g /dev/null
SELECT is(result('SELECT * FROM ' || question), answer, 'collations: ' || question) FROM (VALUES
	($$m2m_find(NULL::word, 'sense', all_of => ARRAY['x','y'])$$, '(b)'),
	($$m2m_find(NULL::word, 'sense', any_of => ARRAY['x','y'], after => 'a')$$, '(b)'),
	($$m2m_find(NULL::word, 'sense', exactly => ARRAY['x'])$$, '(a)'),
	($$m2m_find(NULL::word, 'sense', none_of => ARRAY['y'])$$, '(a) (c)'),
	($$m2m_find(NULL::word, 'sense', at_least => 2)$$, '(b)'),
	($$m2m_counts(NULL::word, 'sense') f ORDER BY (f.row).id$$, '("(a)",1) ("(b)",2) ("(c)",0)'),
	($$m2m_related(NULL::word, 'a', 'sense')$$, '("(b)",1,0.5)')) v (question, answer);

-- Tables with children, whose rows the parents' indexes do not have
CREATE TABLE page (id int PRIMARY KEY);
CREATE TABLE mark (id int PRIMARY KEY);
INSERT INTO page SELECT generate_series(1, 4);
INSERT INTO mark SELECT generate_series(1, 2);
SELECT m2m_create('page', 'mark'), m2m_link('page', '{1,2}', 'mark', 1) \g /dev/null
CREATE TABLE page_mark_old () INHERITS (page_mark);
INSERT INTO page_mark_old VALUES (3, 1), (2, 2);
SELECT is(result('SELECT * FROM ' || question), answer, 'links in children: ' || question) FROM (VALUES
	($$m2m_find(NULL::page, 'mark', all_of => 1)$$, '(1) (2) (3)'), ($$m2m_find(NULL::page, 'mark', all_of => '{1,2}')$$, '(2)'),
	($$m2m_find(NULL::page, 'mark', none_of => 1)$$, '(4)'), ($$m2m_find(NULL::page, 'mark', exactly => 1)$$, '(1) (3)'),
	($$m2m_counts(NULL::page, 'mark') f ORDER BY (f.row).id$$, '("(1)",1) ("(2)",2) ("(3)",1) ("(4)",0)')) v (question, answer);
CREATE TABLE page_old () INHERITS (page);
INSERT INTO page_old VALUES (7);
INSERT INTO page_mark_old VALUES (7, 1);
SELECT is(result('SELECT * FROM ' || question), answer, 'rows in children: ' || question) FROM (VALUES
	($$m2m_find(NULL::page, 'mark', all_of => 1)$$, '(1) (2) (3) (7)'), ($$m2m_find(NULL::page, 'mark', any_of => '{1,2}', after => 2)$$, '(3) (7)'),
	($$m2m_counts(NULL::page, 'mark') f ORDER BY (f.row).id$$, '("(1)",1) ("(2)",2) ("(3)",1) ("(4)",0) ("(7)",1)')) v (question, answer);

-- A schema that is closed to who asks, whoever has written the question down
CREATE SCHEMA closed;
CREATE TABLE closed.l (id int PRIMARY KEY);
CREATE TABLE closed.r (id int PRIMARY KEY);
INSERT INTO closed.l VALUES (1);
INSERT INTO closed.r VALUES (1);
SELECT m2m_create('closed.l', 'closed.r'), m2m_link('closed.l', 1, 'closed.r', 1) \g /dev/null
CREATE VIEW opened AS SELECT id FROM m2m_find(NULL::closed.l, 'closed.r', all_of => 1);
CREATE ROLE m2m_test_finder;
GRANT SELECT ON opened, closed.l, closed.r, closed.l_r TO m2m_test_finder;
SET ROLE m2m_test_finder;
SELECT is(result('TABLE opened'), '42501: permission denied for schema closed', 'a schema that is closed');
RESET ROLE;
GRANT USAGE ON SCHEMA closed TO m2m_test_finder;
SET ROLE m2m_test_finder;
SELECT is(result('TABLE opened'), '(1)', 'and is open');
RESET ROLE;
DROP OWNED BY m2m_test_finder;
DROP ROLE m2m_test_finder;

SELECT * FROM finish();
