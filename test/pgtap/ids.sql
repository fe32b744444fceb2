-- ids.sql: forms of arguments. If a test here fails, a client that sends its
-- ids in some ordinary way (literals, untyped parameters, other numeric types,
-- arrays as text) gets an error or, worse, links other rows; or a name that is
-- unusual but legal finds no relationship, or the wrong one.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();

-- The rows that a statement returns, as text, or its error.
CREATE FUNCTION result(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record; all_rows text := '';
BEGIN
	FOR r IN EXECUTE sql LOOP all_rows := concat_ws(' ', nullif(all_rows, ''), r::text); END LOOP;
	RETURN all_rows;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

CREATE TABLE author (id bigint PRIMARY KEY, name text);
CREATE TABLE book (id bigint PRIMARY KEY, title text);
INSERT INTO author SELECT n, 'author ' || n FROM generate_series(1, 9) n;
INSERT INTO book SELECT n, 'book ' || n FROM generate_series(1, 9) n;
SELECT m2m_create('author', 'book') \g /dev/null

-- A statement's result, a colon, and the links that it makes of 1-1 1-2 2-2.
CREATE FUNCTION leaves(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
	DELETE FROM author_book;
	INSERT INTO author_book VALUES (1, 1), (1, 2), (2, 2);
	answer := result(sql);
	RETURN answer || ': ' ||
		coalesce((SELECT string_agg(author_id || '-' || book_id, ' ' ORDER BY author_id, book_id) FROM author_book), '');
END
$$;

-- One id, and two, of every type and in every form that they may come in
CREATE TABLE one (form text);
INSERT INTO one VALUES ($$3$$), ($$'3'$$), ($$'3'::text$$), ($$'3'::varchar$$), ($$'3'::varchar(5)$$), ($$'3'::char(1)$$), ($$'3'::name$$),
	($$3::smallint$$), ($$3::bigint$$), ($$3::numeric$$), ($$3.0$$), ($$3::real$$), ($$3::float8$$), ($$' 3 '$$);
CREATE TABLE many (form text);
INSERT INTO many VALUES ($$ARRAY[3,4]$$), ($$'{3,4}'$$), ($$'{3,4}'::text$$), ($$'{3,4}'::varchar$$), ($$'{3,4}'::bigint[]$$), ($$'{3,4}'::smallint[]$$),
	($$ARRAY[3,4.0]$$), ($$ARRAY['3','4']$$), ($$'{3,4}'::text[]$$), ($$'{3,4}'::varchar[]$$), ($$'{3,4}'::name[]$$), ($$'{"3","4"}'$$), ($$' { 3 , 4 } '$$),
	($$ARRAY(SELECT n FROM generate_series(3, 4) n)$$), ($$(SELECT array_agg(n) FROM generate_series(3, 4) n)$$), ($$'[0:1]={3,4}'::int[]$$), ($$(ARRAY[5,3,4])[2:3]$$);
SELECT is(leaves(format($$SELECT m2m_link('author', %s, 'book', %s)$$, a.form, b.form)), '(1): 1-1 1-2 2-2 3-3', format('link, %s and %s', a.form, b.form)) FROM one a, one b;
SELECT is(leaves(format($$SELECT m2m_link('book', %s, 'author', 5)$$, form)), '(1): 1-1 1-2 2-2 5-3', 'link, the other way round, ' || form) FROM one;
SELECT is(leaves(format($$SELECT m2m_link('author', %s, 'book', %s)$$, a.form, b.form)), '(2): 1-1 1-2 2-2 3-3 3-4', format('link, one to many, %s and %s', a.form, b.form)) FROM one a, many b;
SELECT is(leaves(format($$SELECT m2m_link('author', %s, 'book', '5')$$, form)), '(2): 1-1 1-2 2-2 3-5 4-5', 'link, many to one, ' || form) FROM many;
SELECT is(leaves(format($$SELECT m2m_link('book', %s, 'author', 5)$$, form)), '(2): 1-1 1-2 2-2 5-3 5-4', 'link, many to one, the other way round, ' || form) FROM many;
SELECT is(leaves(format($$SELECT m2m_link('author', %s, 'book', %s)$$, a.form, b.form)), '(2): 1-1 1-2 2-2 3-3 4-4', format('link, pairwise, %s and %s', a.form, b.form)) FROM many a, many b;
SELECT is(leaves($$SELECT m2m_link('author', ARRAY[3,4,3,3], 'book', '{6,7,6,8}')$$), '(3): 1-1 1-2 2-2 3-6 3-8 4-7', 'link, pairwise, a pair twice');
SELECT is(leaves($$SELECT m2m_link('author', 3, 'book', ARRAY[6,6,7,6])$$), '(2): 1-1 1-2 2-2 3-6 3-7', 'link, one to many, an id twice');

-- The other functions
CREATE TABLE first (form text);
INSERT INTO first VALUES ($$1$$), ($$'1'$$), ($$'1'::text$$), ($$1::bigint$$), ($$1::smallint$$), ($$'1'::varchar$$), ($$1.0$$);
CREATE TABLE linked (form text);
INSERT INTO linked SELECT replace(replace(form, '3', '1'), '4', '2') FROM many WHERE form !~ '5|0';
SELECT is(leaves(format($$SELECT m2m_unlink('author', %s, 'book', %s)$$, a.form, b.form)), '(1): 1-2 2-2', format('unlink %s and %s', a.form, b.form)) FROM first a, first b;
SELECT is(leaves(format($$SELECT m2m_toggle('book', %s, 'author', %s)$$, a.form, b.form)), '(f): 1-2 2-2', format('toggle %s and %s', a.form, b.form)) FROM first a, first b;
SELECT is(leaves(format($$SELECT m2m_linked('book', %s, 'author', %s)$$, a.form, b.form)), '(t): 1-1 1-2 2-2', format('linked %s and %s', a.form, b.form)) FROM first a, first b;
SELECT is(leaves(format($$SELECT m2m_count('author', %s, 'book')$$, form)), '(2): 1-1 1-2 2-2', 'count ' || form) FROM first;
SELECT is(leaves(format($$SELECT m2m_clear('author', %s, 'book')$$, form)), '(2): 2-2', 'clear ' || form) FROM first;
SELECT is(leaves(format($$SELECT * FROM m2m_set('author', %s, 'book', %s)$$, a.form, b.form)), '("{3,4}","{1,2}",0): 1-3 1-4 2-2', format('set %s to %s', a.form, b.form)) FROM first a, many b;
SELECT is(leaves(format($$SELECT * FROM m2m_set('book', 1, 'author', %s)$$, form)), '("{3,4}",{1},0): 1-2 2-2 3-1 4-1', 'set, the other way round, to ' || form) FROM many;
SELECT is(leaves(format($$SELECT m2m_unlink('author', %s, 'book', 2)$$, form)), '(2): 1-1', 'unlink many, ' || form) FROM linked;
SELECT is(leaves(format($$SELECT m2m_clear('book', %s, 'author')$$, form)), '(3): ', 'clear many, ' || form) FROM linked;
SELECT is(leaves(sql), expected, sql) FROM (VALUES
	($$SELECT m2m_unlink('author', ARRAY[1,2,2], 'book', '{1,2,2}')$$, '(2): 1-2'),
	($$SELECT m2m_unlink('book', ARRAY[1,2], 'author', ARRAY[2,1])$$, '(1): 1-1 2-2'),
	($$SELECT m2m_toggle('author', 2, 'book', 1)$$, '(t): 1-1 1-2 2-1 2-2'),
	($$SELECT m2m_toggle('author', 2, 'book', 1), m2m_toggle('book', 1, 'author', 2)$$, '(t,f): 1-1 1-2 2-2'),
	($$SELECT * FROM m2m_set('author', 1, 'book', ARRAY[9,3,7,3])$$, '("{3,7,9}","{1,2}",0): 1-3 1-7 1-9 2-2'),
	-- nothing to do
	($$SELECT m2m_link('author', 1, 'book', '{}')$$, '(0): 1-1 1-2 2-2'),
	($$SELECT m2m_link('author', '{}'::int[], 'book', 1)$$, '(0): 1-1 1-2 2-2'),
	($$SELECT m2m_link('author', ARRAY[]::bigint[], 'book', '{}')$$, '(0): 1-1 1-2 2-2'),
	($$SELECT m2m_link('author', 99, 'book', '{}')$$, '(0): 1-1 1-2 2-2'),
	($$SELECT m2m_unlink('author', 1, 'book', '{}')$$, '(0): 1-1 1-2 2-2'),
	($$SELECT m2m_unlink('author', '{}', 'book', '{}'::text[])$$, '(0): 1-1 1-2 2-2'),
	($$SELECT m2m_clear('author', '{}', 'book')$$, '(0): 1-1 1-2 2-2'),
	($$SELECT m2m_clear('author', '{}'::int[], 'book')$$, '(0): 1-1 1-2 2-2'),
	($$SELECT * FROM m2m_set('author', 1, 'book', '{}')$$, '({},"{1,2}",0): 2-2'),
	($$SELECT * FROM m2m_set('author', 1, 'book', '{}'::int[])$$, '({},"{1,2}",0): 2-2'),
	($$SELECT * FROM m2m_set('author', 1, 'book', ARRAY[]::text[])$$, '({},"{1,2}",0): 2-2'),
	($$SELECT * FROM m2m_set('book', 2, 'author', ARRAY[2,1,2])$$, '({},{},2): 1-1 1-2 2-2'),
	($$SELECT * FROM m2m_set('author', 3, 'book', '{}')$$, '({},{},0): 1-1 1-2 2-2')) x (sql, expected);

-- Parameters whose type the client leaves open, as many drivers send them
PREPARE p_link AS SELECT m2m_link($1, $2, $3, $4);
PREPARE p_unlink AS SELECT m2m_unlink($1, $2, $3, $4);
PREPARE p_set AS SELECT * FROM m2m_set($1, $2, $3, $4);
PREPARE p_clear AS SELECT m2m_clear($1, $2, $3);
PREPARE p_toggle AS SELECT m2m_toggle($1, $2, $3, $4);
PREPARE p_linked AS SELECT m2m_linked($1, $2, $3, $4);
PREPARE p_count AS SELECT m2m_count($1, $2, $3);
PREPARE p_all AS SELECT m2m_link($1, $2, $3, $4, $5, $6, $7);
SELECT is_empty($$SELECT name FROM pg_prepared_statements WHERE parameter_types[2] <> 'text'::regtype$$, 'open parameters become text');
PREPARE q_link (regclass, int, text, bigint) AS SELECT m2m_link($1, $2, $3::regclass, $4);
PREPARE q_arrays (text, text, text, int[]) AS SELECT m2m_link($1::regclass, $2, $3::regclass, $4);
SELECT is(leaves(sql), expected, sql) FROM (VALUES
	($$EXECUTE p_link('author', 3, 'book', 4)$$, '(1): 1-1 1-2 2-2 3-4'),
	($$EXECUTE p_link('book', '4', 'author', '{3,5}')$$, '(2): 1-1 1-2 2-2 3-4 5-4'),
	($$EXECUTE p_link('author', '{3,5}', 'book', '{4,6}')$$, '(2): 1-1 1-2 2-2 3-4 5-6'),
	($$EXECUTE q_link('author', 3, 'book', 4)$$, '(1): 1-1 1-2 2-2 3-4'),
	($$EXECUTE q_arrays('author', '3', 'book', '{4,5}')$$, '(2): 1-1 1-2 2-2 3-4 3-5'),
	($$EXECUTE p_unlink('author', 1, 'book', '{1,2}')$$, '(2): 2-2'),
	($$EXECUTE p_set('author', 1, 'book', '{2,3}')$$, '({3},{1},1): 1-2 1-3 2-2'),
	($$EXECUTE p_clear('book', 2, 'author')$$, '(2): 1-1'),
	($$EXECUTE p_toggle('author', 1, 'book', 2)$$, '(f): 1-1 2-2'),
	($$EXECUTE p_linked('author', 1, 'book', 2)$$, '(t): 1-1 1-2 2-2'),
	($$EXECUTE p_count('author', 1, 'book')$$, '(2): 1-1 1-2 2-2'),
	($$EXECUTE p_all('author', 3, 'book', 4, NULL, NULL, NULL)$$, '(1): 1-1 1-2 2-2 3-4'),
	($$EXECUTE p_all('author', 3, 'book', 4, 'author_book', '{}', 'author')$$, '(1): 1-1 1-2 2-2 3-4')) x (sql, expected);
SELECT matches(leaves($$EXECUTE p_link('author', NULL, 'book', 4)$$), '^22004', 'a null parameter is 22004');
SELECT is((SELECT string_agg(DISTINCT leaves($$EXECUTE p_link('author', 3, 'book', 4)$$), ', ') FROM generate_series(1, 12)), '(1): 1-1 1-2 2-2 3-4',
	'a prepared call gives the same however often it is executed');
SELECT is(leaves($$EXECUTE p_link('book', 3, 'author', 4)$$), '(1): 1-1 1-2 2-2 4-3', 'and then with other tables');

-- Columns, expressions, variables, named arguments
CREATE FUNCTION link_them(a author, b text, VARIADIC c int[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	n := m2m_link('author', a.id, 'book', b);
	RETURN n + m2m_link('author', a.id, 'book', c);
END
$$;
SELECT is(leaves(sql), expected, sql) FROM (VALUES
	($$SELECT sum(m2m_link('author', a.id, 'book', b.id)) FROM author a JOIN book b ON b.id = a.id + 1 WHERE a.id < 4$$, '(2): 1-1 1-2 2-2 2-3 3-4'),
	($$SELECT m2m_link(a.tableoid::regclass, a.id, b.tableoid::regclass, b.id) FROM author a, book b WHERE a.id = 3 AND b.id = 3$$, '(1): 1-1 1-2 2-2 3-3'),
	($$SELECT m2m_link('author', (SELECT max(id) FROM author), 'book', coalesce(NULL, 3))$$, '(1): 1-1 1-2 2-2 9-3'),
	($$SELECT link_them(a, '7', 8, 9) FROM author a WHERE id = 5$$, '(3): 1-1 1-2 2-2 5-7 5-8 5-9'),
	($$SELECT m2m_link(left_table => 'author', left_id => 3, right_table => 'book', right_id => '4')$$, '(1): 1-1 1-2 2-2 3-4'),
	($$SELECT m2m_link(right_table => 'author', right_id => 3, left_table => 'book', left_id => ARRAY[4])$$, '(1): 1-1 1-2 2-2 3-4'),
-- and what a statement sees of itself
	($$SELECT m2m_link('author', 1, 'book', 3), m2m_count('author', 1, 'book'), m2m_linked('author', 1, 'book', 3)$$, '(1,2,f): 1-1 1-2 1-3 2-2'),
	($$WITH x AS (INSERT INTO author_book VALUES (1, 9) RETURNING 1) SELECT m2m_count('author', 1, 'book'), (SELECT count(*) FROM author_book WHERE author_id = 1) FROM x$$,
		'(2,2): 1-1 1-2 1-9 2-2'),
	($$SELECT m2m_link('author', 1, 'book', n), m2m_link('book', n, 'author', 1) FROM generate_series(3, 4) n$$, '(1,0) (1,0): 1-1 1-2 1-3 1-4 2-2')) x (sql, expected);
CREATE TABLE made (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);
SELECT m2m_create('author', 'made') \g /dev/null
WITH b AS (INSERT INTO made (title) VALUES ('one'), ('two') RETURNING id)
SELECT is(m2m_link('author', 1, 'made', id), 1::bigint, 'a row made in the same statement can be linked') FROM b;
SELECT bag_eq('SELECT made_id, author_id FROM author_made', 'SELECT id, 1::bigint FROM made', 'and is');
WITH b AS (INSERT INTO made (title) VALUES ('three'), ('four') RETURNING id), a AS (SELECT array_agg(id) AS ids FROM b)
SELECT is(m2m_link('made', ids, 'author', 2), 2::bigint, 'so can several at once') FROM a;
WITH b AS (INSERT INTO made (title) VALUES ('five') RETURNING id)
SELECT is((SELECT linked FROM m2m_set('author', 3, 'made', ARRAY[b.id])), ARRAY[b.id::text], 'and m2m_set') FROM b;
WITH b AS (INSERT INTO made (title) VALUES ('six') RETURNING id)
SELECT ok(m2m_toggle('author', 3, 'made', b.id), 'and m2m_toggle') FROM b;
BEGIN;
SELECT m2m_link('author', 9, 'book', 9) \g /dev/null
SELECT is(m2m_count('author', 9, 'book'), 1::bigint, 'the next statement of a transaction sees it');
SAVEPOINT s;
SELECT m2m_link('author', 9, 'book', 8) \g /dev/null
ROLLBACK TO s;
SELECT is(m2m_count('author', 9, 'book'), 1::bigint, 'and does not after a rollback to a savepoint');
ROLLBACK;

-- Roles in a self-relationship, in every function
CREATE TABLE person (id int PRIMARY KEY, name text);
INSERT INTO person SELECT n, 'person ' || n FROM generate_series(1, 6) n;
SELECT m2m_create('person', 'person', 'following', 'follower', 'followed') \g /dev/null
CREATE FUNCTION follows(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
	DELETE FROM following;
	INSERT INTO following VALUES (1, 2), (1, 3), (2, 1), (4, 1);
	answer := result(sql);
	RETURN answer || ': ' || coalesce((SELECT string_agg(follower_id || '>' || followed_id, ' ' ORDER BY following) FROM following), '');
END
$$;
SELECT is(follows(sql), expected, sql) FROM (VALUES
	($$SELECT m2m_link('person', 5, 'person', 6)$$, '(1): 1>2 1>3 2>1 4>1 5>6'),
	($$SELECT m2m_link('person', 5, 'person', 6, role => 'follower')$$, '(1): 1>2 1>3 2>1 4>1 5>6'),
	($$SELECT m2m_link('person', 5, 'person', 6, role => 'followed')$$, '(1): 1>2 1>3 2>1 4>1 6>5'),
	($$SELECT m2m_link('person', 5, 'person', ARRAY[6,1], role => 'followed')$$, '(2): 1>2 1>3 1>5 2>1 4>1 6>5'),
	($$SELECT m2m_link('person', '{5,6}', 'person', '{6,5}', 'following', NULL, 'followed')$$, '(2): 1>2 1>3 2>1 4>1 5>6 6>5'),
	($$SELECT m2m_unlink('person', 1, 'person', ARRAY[2,3,4])$$, '(2): 2>1 4>1'),
	($$SELECT m2m_unlink('person', 1, 'person', ARRAY[2,3,4], role => 'followed')$$, '(2): 1>2 1>3'),
	($$SELECT * FROM m2m_set('person', 1, 'person', '{2,5}')$$, '({5},{3},1): 1>2 1>5 2>1 4>1'),
	($$SELECT * FROM m2m_set('person', 1, 'person', '{2,5}', role => 'followed')$$, '({5},{4},1): 1>2 1>3 2>1 5>1'),
	($$SELECT m2m_clear('person', 1, 'person')$$, '(2): 2>1 4>1'),
	($$SELECT m2m_clear('person', 1, 'person', role => 'followed')$$, '(2): 1>2 1>3'),
	($$SELECT m2m_clear('person', '{2,3}', 'person', role => 'followed')$$, '(2): 2>1 4>1'),
	($$SELECT m2m_toggle('person', 1, 'person', 4)$$, '(t): 1>2 1>3 1>4 2>1 4>1'),
	($$SELECT m2m_toggle('person', 1, 'person', 4, role => 'followed')$$, '(f): 1>2 1>3 2>1'),
	($$SELECT m2m_linked('person', 1, 'person', 4), m2m_linked('person', 1, 'person', 4, role => 'followed')$$, '(f,t): 1>2 1>3 2>1 4>1'),
	($$SELECT m2m_count('person', 2, 'person'), m2m_count('person', 3, 'person'), m2m_count('person', 3, 'person', role => 'followed')$$, '(1,0,1): 1>2 1>3 2>1 4>1'),
	($$SELECT m2m_count('person', 3, 'person', 'following', 'followed')$$, '(1): 1>2 1>3 2>1 4>1')) x (sql, expected);
SELECT matches(follows($$SELECT m2m_link('person', 5, 'person', 6, role => 'friend')$$), '^42704.*: 1>2 1>3 2>1 4>1$', 'a role that nobody plays is an error');
SELECT is(leaves($$SELECT m2m_link('author', 3, 'book', 4, role => 'author')$$), '(1): 1-1 1-2 2-2 3-4', 'the role of the first table may be said where it goes without saying');
SELECT matches(leaves($$SELECT m2m_link('author', 3, 'book', 4, role => 'book')$$), '^42704.*: 1-1 1-2 2-2$', 'but it must be the first one''s');
-- Two relationships between one pair: the role alone may say which.
SELECT m2m_create('person', 'author', 'fandom', 'fan', 'idol') \g /dev/null
SELECT m2m_create('author', 'person', 'muses', 'inspired', 'muse') \g /dev/null
SELECT is(m2m_link('person', 1, 'author', 2, role => 'fan'), 1::bigint, 'the role alone says which relationship');
SELECT is(m2m_link('person', 1, 'author', 3, role => 'muse'), 1::bigint, 'also from the right side');
SELECT is((SELECT array_agg(f::text) FROM fandom f) || (SELECT array_agg(m::text) FROM muses m), '{"(1,2)","(3,1)"}', 'each has its link');

-- Several relationships, and via in every spelling
SELECT m2m_create('author', 'book', 'reviews', 'reviewer', 'reviewed') \g /dev/null
CREATE SCHEMA "Archive";
SELECT m2m_create('author', 'book', 'Old.Links', 'was author', 'was "book"', schema => '"Archive"') \g /dev/null
SELECT is(result(format($$SELECT m2m_link('author', 1, 'book', %s, %L)$$, n, via)), '(1)', 'via ' || via)
FROM unnest(ARRAY['reviews', 'public.reviews', '"reviews"', '"public"."reviews"', 'REVIEWS', 'Public.Reviews', ' reviews', 'public . reviews']) WITH ORDINALITY x (via, n);
SELECT is((SELECT count(*) FROM reviews), 8::bigint, 'all of these are reviews');
SELECT is(result(format($$SELECT m2m_link('author', 1, 'book', %s, %L)$$, n, via)), '(1)', 'via ' || via)
FROM unnest(ARRAY['Old.Links', '"Old.Links"', '"Archive"."Old.Links"', '"Archive"."Old.Links"'::regclass::text]) WITH ORDINALITY x (via, n);
SELECT is((SELECT count(*) FROM "Archive"."Old.Links"), 4::bigint, 'all of these are Old.Links');
SELECT matches(result(format($$SELECT m2m_link('author', 2, 'book', 2, %L)$$, via)), '^(42704|42602)', format('via "%s" is none of them', via))
FROM unnest(ARRAY['review', 'archive."Old.Links"', '"Archive".reviews', 'public."Old.Links"', '"REVIEWS"', 'nosuch.reviews', 'a.b.reviews', 'a.b.c.reviews', 'author_books',
	'"reviews', 'reviews"', 'author', '.', ' ', '', '"', '""', 'reviews.', '.reviews', repeat('x', 1000), repeat('"é".', 100)]) via;
SELECT is((SELECT count(*) FROM reviews) + (SELECT count(*) FROM "Archive"."Old.Links"), 12::bigint, 'and nothing was linked');
SELECT is(m2m_count('book', 1, 'author', via => 'Old.Links') + m2m_count('book', 1, 'author', via => 'reviews'), 2::bigint, 'via goes with either order');
-- The same name in two schemas
CREATE SCHEMA other;
SELECT m2m_create('author', 'book', 'reviews', 'reviewer', 'reviewed', schema => 'other') \g /dev/null
SELECT is(m2m_link('author', 5, 'book', 5, 'other.reviews'), 1::bigint, 'one name in two schemas: qualified');
SELECT is((SELECT array_agg(r::text) FROM other.reviews r), '{"(5,5)"}', 'goes where it says');
SELECT is(m2m_link('author', 5, 'book', 6, 'public.reviews'), 1::bigint, 'the other one too');
SELECT matches(result($$SELECT m2m_link('author', 6, 'book', 6, 'reviews')$$), '^42P08', 'unqualified it is ambiguous');
ALTER TABLE other.reviews RENAME TO "reviews 2";
SELECT is(m2m_link('author', 6, 'book', 6, 'reviews'), 1::bigint, 'unless it is renamed');
SELECT is(m2m_link('author', 6, 'book', 6, 'reviews 2'), 1::bigint, 'to another name');

-- Names that need quoting, in every position: one relationship of the two
-- tables on first use, all ways of reading and writing it, and its end.
CREATE FUNCTION hostile(l text, r text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	rel record;
	ids text[];
	function_name text;
BEGIN
	EXECUTE format('SELECT array_agg(i::text ORDER BY i) FROM (SELECT %I AS i FROM %s) x',
		(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = r::regclass AND a.attnum = 1), r::regclass) INTO ids;
	RETURN NEXT is(m2m_link(l::regclass, '1', r::regclass, ids), cardinality(ids)::bigint, l || ' and ' || r || ': linked on first use');
	SELECT * INTO rel FROM m2m_relationships() WHERE left_table = l::regclass AND right_table = r::regclass;
	RETURN NEXT ok(rel.left_view IS NOT NULL AND rel.right_view IS NOT NULL AND rel.left_function IS NOT NULL AND rel.right_function IS NOT NULL, '... views and functions are there');
	RETURN NEXT bag_eq('TABLE ' || rel.left_view, format('SELECT l.%I AS near_key, r.* FROM %s l JOIN %s r ON r.%I = l.%I', rel.left_columns[1], rel.association,
		rel.right_table, rel.right_key[1], rel.right_columns[1]), '... the left view is the join');
	RETURN NEXT bag_eq('TABLE ' || rel.right_view, format('SELECT l.%I AS near_key, r.* FROM %s l JOIN %s r ON r.%I = l.%I', rel.right_columns[1], rel.association,
		rel.left_table, rel.left_key[1], rel.left_columns[1]), '... the right view too');
	SELECT format('%I.%I', nspname, proname) INTO function_name FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE p.oid = rel.left_function;
	RETURN NEXT bag_eq(format('SELECT t.%I AS near_key, f.* FROM %s t, %s(t) f', rel.left_key[1], rel.left_table, function_name), 'TABLE ' || rel.left_view, '... the function too');
	RETURN NEXT is(m2m_clear(l::regclass, 1, r::regclass, rel.association::text), cardinality(ids)::bigint, '... cleared via ' || rel.association::text);
	EXECUTE format('INSERT INTO %s (%I, %I) VALUES (1, %L)', rel.left_view, rel.left_columns[1],
		(SELECT attname FROM pg_attribute WHERE attrelid = rel.left_view AND attnum = 2), ids[1]);
	RETURN NEXT is(m2m_count(r::regclass, ids[1], l::regclass), 1::bigint, '... linked through the view');
	EXECUTE format('DELETE FROM %s', rel.right_view);
	RETURN NEXT is((SELECT kept FROM m2m_set(l::regclass, 1, r::regclass, ids)), 0::bigint, '... unlinked through the other');
	PERFORM m2m_drop(rel.association);
	RETURN NEXT is((SELECT count(*) FROM pg_class WHERE oid IN (rel.association, rel.left_view, rel.right_view))
		+ (SELECT count(*) FROM pg_proc WHERE oid IN (rel.left_function, rel.right_function)), 0::bigint, '... dropped without a trace');
END
$$;
CREATE SCHEMA "sch""e.ma";
CREATE TABLE "sch""e.ma"."Us'er\" ("I""d'" int PRIMARY KEY, "select" text);
CREATE TABLE "sch""e.ma"."ta.ble" ("Order By" text PRIMARY KEY, "a b" int DEFAULT 7);
INSERT INTO "sch""e.ma"."Us'er\" VALUES (1, 'one'), (2, 'two');
INSERT INTO "sch""e.ma"."ta.ble" VALUES ('x'), ('y''y'), ('z"\');
SELECT hostile('"sch""e.ma"."Us''er\"', '"sch""e.ma"."ta.ble"');
CREATE TABLE "Ünïcödé 🦉" ("ключ" int PRIMARY KEY, "值" text);
CREATE TABLE "日本語の表" ("鍵" varchar(9) PRIMARY KEY, note text);
INSERT INTO "Ünïcödé 🦉" VALUES (1, 'a'), (2, 'b');
INSERT INTO "日本語の表" VALUES ('い'), ('ろ');
SELECT hostile('"Ünïcödé 🦉"', '"日本語の表"');
\set a t63a_3456789_123456789_123456789_123456789_123456789_123456789_12
\set b t63b_3456789_123456789_123456789_123456789_123456789_123456789_12
\set k k23456789_123456789_123456789_123456789_123456789_123456789_123
CREATE TABLE :a (:k int PRIMARY KEY, x int);
CREATE TABLE :b (:k int PRIMARY KEY, x int);
INSERT INTO :a VALUES (1), (2);
INSERT INTO :b VALUES (1), (2);
SELECT hostile(:'a', :'b');
CREATE TABLE "ééééééééééééééééééééééééééééééé" ("ééééééééééééééééééééééééééééééé" int PRIMARY KEY, x int);
CREATE TABLE "ôôôôôôôôôôôôôôôôôôôôôôôôôôôôôôô" ("ôôôôôôôôôôôôôôôôôôôôôôôôôôôôôôô" int PRIMARY KEY, x int);
INSERT INTO "ééééééééééééééééééééééééééééééé" VALUES (1), (2);
INSERT INTO "ôôôôôôôôôôôôôôôôôôôôôôôôôôôôôôô" VALUES (1), (2);
SELECT hostile('"ééééééééééééééééééééééééééééééé"', '"ôôôôôôôôôôôôôôôôôôôôôôôôôôôôôôô"');
CREATE TABLE "order" (id int PRIMARY KEY, "user" text);
CREATE TABLE "table" (id int PRIMARY KEY, "order" text);
INSERT INTO "order" VALUES (1);
INSERT INTO "table" VALUES (1), (2);
SELECT hostile('"order"', '"table"');
CREATE TABLE "Person" (id int PRIMARY KEY, x int);
CREATE TABLE "PERSON" (id int PRIMARY KEY, x int);
INSERT INTO "Person" VALUES (1);
INSERT INTO "PERSON" VALUES (1), (2);
SELECT hostile('"Person"', '"PERSON"');
CREATE TABLE "%s %I $1 \n" (id int PRIMARY KEY, x int);
CREATE TABLE "; DROP TABLE author; --" (id int PRIMARY KEY, x int);
INSERT INTO "%s %I $1 \n" VALUES (1);
INSERT INTO "; DROP TABLE author; --" VALUES (1), (2);
SELECT hostile('"%s %I $1 \n"', '"; DROP TABLE author; --"');
-- one-letter names, as are the aliases inside the views
CREATE TABLE l (l int PRIMARY KEY, r text);
CREATE TABLE r (r int PRIMARY KEY, l text);
CREATE TABLE a (a int PRIMARY KEY, p text);
CREATE TABLE p (left_1 int PRIMARY KEY, right_1 text);
CREATE TABLE m2m_pairs (id int PRIMARY KEY, x int);
INSERT INTO l VALUES (1);
INSERT INTO r VALUES (1), (2);
INSERT INTO a VALUES (1);
INSERT INTO p VALUES (1), (2);
INSERT INTO m2m_pairs VALUES (1), (2);
SELECT hostile('l', 'r');
SELECT hostile('a', 'p');
SELECT hostile('a', 'm2m_pairs');
SELECT hostile('m2m_pairs', 'l');
SELECT current_setting('server_version_num')::int < 190000 AS can_be_off \gset
\if :can_be_off
SET standard_conforming_strings = off;
SELECT hostile(E'"sch""e.ma"."Us\'er\\"', '"sch""e.ma"."ta.ble"');
RESET standard_conforming_strings;
\endif
SET quote_all_identifiers = on;
SELECT hostile('"order"', '"table"');
RESET quote_all_identifiers;

-- A uuid in braces, as its type reads it, is one id; an array has quotes, a
-- comma or blanks, or stands where nothing but an array will do
CREATE TABLE thing (id uuid PRIMARY KEY);
INSERT INTO thing SELECT ('00000000-0000-0000-0000-00000000000' || n)::uuid FROM generate_series(1, 3) n;
CREATE TABLE part (id bigint PRIMARY KEY);
INSERT INTO part VALUES (1), (2);
SELECT m2m_create('thing', 'part') \g /dev/null
-- A statement's result, #1 being a uuid, and the links that it makes of 1-1.
CREATE FUNCTION things(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
	DELETE FROM thing_part;
	INSERT INTO thing_part SELECT id, 1 FROM thing WHERE id::text ~ '1$';
	answer := result(replace(sql, '#', '00000000-0000-0000-0000-00000000000'));
	RETURN answer || ': ' ||
		coalesce((SELECT string_agg(right(thing_id::text, 1) || '-' || part_id, ' ' ORDER BY thing_id, part_id) FROM thing_part), '');
END
$$;
SELECT is(things(sql), expected, sql) FROM (VALUES
	($$SELECT m2m_linked('thing', '{#1}', 'part', 1), m2m_linked('part', 1, 'thing', '{#2}')$$, '(t,f): 1-1'),
	($$SELECT m2m_linked('thing', '{00000000000000000000000000000001}', 'part', 1), m2m_linked('thing', '{0000-00000000-0000-0000000000000001}', 'part', 1)$$, '(t,t): 1-1'),
	($$SELECT m2m_linked('thing', '{#1}'::text, 'part', 1), m2m_linked('thing', '{#1}'::varchar, 'part', 1), m2m_linked('thing', '{#1}'::uuid, 'part', 1)$$, '(t,t,t): 1-1'),
	($$SELECT m2m_count('thing', '{#1}', 'part'), m2m_clear('thing', '{#1}', 'part')$$, '(1,1): '),
	($$SELECT m2m_toggle('thing', '{#2}', 'part', 2)$$, '(t): 1-1 2-2'),
	($$SELECT * FROM m2m_set('thing', '{#1}', 'part', '{2}')$$, '({2},{1},0): 1-2'),
	($$SELECT m2m_link('thing', '{#2}', 'part', 1), m2m_unlink('thing', '{#1}', 'part', 1)$$, '(1,1): 2-1'),
	($$SELECT m2m_link('thing', '{#2}', 'part', '{1,2}')$$, '(2): 1-1 2-1 2-2'),
	($$SELECT m2m_link('thing', '{#2,#3}', 'part', 1)$$, '(2): 1-1 2-1 3-1'),
	($$SELECT m2m_link('thing', '{"#2"}', 'part', '{2}')$$, '(1): 1-1 2-2'),
	($$SELECT m2m_link('thing', '{ #2 }', 'part', '{2}')$$, '(1): 1-1 2-2'),
	($$SELECT m2m_link('thing', '{#2,#3}', 'part', '{1,2}')$$, '(2): 1-1 2-1 3-2'),
	($$SELECT m2m_link('thing', '{{#2},{#3}}', 'part', 1)$$, '22023: array of ids of table "thing" must have one dimension: 1-1'),
	($$SELECT m2m_link('thing', ARRAY['{#2}', '#3'], 'part', 1)$$, '(2): 1-1 2-1 3-1'),
	($$SELECT m2m_link('thing', '{}', 'part', 1)$$, '(0): 1-1'),
	($$SELECT m2m_linked('thing', '{"#1"}', 'part', 1)$$, '22023: one id of table "thing" is needed here, not an array: 1-1'),
	($$SELECT * FROM m2m_set('part', 1, 'thing', '{#2}')$$, format('({%1$s2},{%1$s1},0): 2-1', '00000000-0000-0000-0000-00000000000')),
	($$SELECT * FROM m2m_set('part', 1, 'thing', '{"{#2}",#1}')$$, format('({%s2},{},1): 1-1 2-1', '00000000-0000-0000-0000-00000000000'))) x (sql, expected);
-- what only looks like one in braces is an array, and no uuid
SELECT matches(things(format($$SELECT m2m_link('thing', '%s', 'part', 1)$$, id)), '^22P02', id || ' is no uuid')
FROM (VALUES ('{#1'), ('{#1}}'), ('{#1-}'), ('{-#1}'), ('{#10}'), ('{0000-0000--0000-0000-0000-0000-0000-0001}'), ('{000-00000000000000000000000000000}'), ('{g}')) x (id);

-- Ids that cannot be assigned leave nothing behind in the session's memory
CREATE FUNCTION remembered() RETURNS bigint LANGUAGE sql AS
	$$SELECT sum(used_bytes)::bigint FROM pg_backend_memory_contexts WHERE name IN ('m2m relationship', 'm2m coercion')$$;
CREATE FUNCTION refused(form text, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE states text[] := '{}';
BEGIN
	FOR i IN 1 .. n LOOP
		BEGIN
			EXECUTE format('SELECT m2m_link(''author'', %s, ''part'', 1)', form);
		EXCEPTION WHEN OTHERS THEN
			states := array_append(states, SQLSTATE::text);
		END;
	END LOOP;
	RETURN (SELECT string_agg(DISTINCT s, ' ') FROM unnest(states) s);
END
$$;
SELECT m2m_create('author', 'part') \g /dev/null
SELECT m2m_link('author', 1, 'part', 1) \g /dev/null
SELECT is(refused(form, 1), state, form || ' is ' || state) FROM (VALUES ('true', '42804'), ('now()', '42804'), ('ARRAY[true]', '42804'), ('point(1, 1)', '42804'), ('1e30::numeric', '22003')) x (form, state);
SELECT remembered() AS before \gset
SELECT refused(form, 100) FROM (VALUES ('true'), ('now()'), ('ARRAY[true]'), ('point(1, 1)'), ('1e30::numeric')) x (form) \g /dev/null
SELECT is(remembered(), :before::bigint, 'what was refused is not remembered');

-- Whatever the search_path
SET search_path = pg_catalog;
CREATE TEMPORARY TABLE bare AS SELECT public.m2m_link('public.author', 8, 'public.book', 8, 'public.author_book') AS linked;
INSERT INTO public.book_authors (book_id, id) VALUES (9, 8);
CREATE TEMPORARY TABLE bare_set AS SELECT * FROM public.m2m_set('public.author', 8, 'public.book', '{9,7}', 'public.author_book');
RESET search_path;
SELECT is((SELECT b::text FROM bare b) || (SELECT b::text FROM bare_set b), '(1)({7},{8},1)', 'with a search_path of pg_catalog alone');
-- An operator of one's own in front of it, by which everything is equal
CREATE TABLE third (id bigint PRIMARY KEY);
INSERT INTO third VALUES (1), (2);
CREATE SCHEMA evil;
CREATE FUNCTION evil.wrong(bigint, bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.wrong);
CREATE FUNCTION evil.count() RETURNS bigint LANGUAGE sql AS 'SELECT 42::bigint';
CREATE TYPE evil.text AS ENUM ('x');
SET search_path = evil, pg_catalog, public;
CREATE TEMPORARY TABLE answer AS SELECT m2m_link('author', 1, 'third', 2) AS linked, m2m_count('author', 8, 'book', 'author_book'::pg_catalog.text) AS counted,
	m2m_clear('author', 8, 'book', 'author_book'::pg_catalog.text) AS cleared, (SELECT cardinality(linked) FROM m2m_set('author', 2, 'third', '{1,2}')) AS set;
RESET search_path;
SELECT is((SELECT a::text FROM answer a), '(1,2,2,2)', 'operators, functions and types of others are not taken for PostgreSQL''s');
SELECT bag_eq('SELECT author_id, id FROM author_thirds', 'VALUES (1::bigint, 2::bigint), (2, 1), (2, 2)', 'nor in views made under such a search_path');
SELECT bag_eq('SELECT a.id AS author_id, t.id FROM author a, author_thirds(a) t', 'VALUES (1::bigint, 2::bigint), (2, 1), (2, 2)', 'nor in functions');

SELECT * FROM finish();
