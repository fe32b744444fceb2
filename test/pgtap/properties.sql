-- properties.sql: link properties. If a test here fails, what a program says
-- about a link (its role, date, position ...) gets lost, goes to another link
-- or column, or is taken for a value of another type than the column's.
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

-- Properties of every kind of type, each with what JSON may hold for it
CREATE TYPE task AS ENUM ('text', 'cover', 'a "quoted" one');
CREATE DOMAIN percent AS numeric(5,2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE money_amount AS (amount numeric, currency char(3));
CREATE TABLE author_book (
	author_id bigint REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE,
	book_id bigint REFERENCES book ON UPDATE CASCADE ON DELETE CASCADE,
	p_int int DEFAULT 42,
	p_bigint bigint,
	p_numeric numeric(6,2) DEFAULT 1.5,
	p_float float8,
	p_bool boolean DEFAULT true,
	p_text text DEFAULT 'none',
	p_varchar varchar(5),
	p_char char(4),
	p_date date,
	p_timestamptz timestamptz,
	p_interval interval,
	p_uuid uuid,
	p_enum task DEFAULT 'text',
	p_domain percent,
	p_texts text[] DEFAULT '{a}',
	p_ints int[],
	p_json json,
	p_jsonb jsonb,
	p_row money_amount,
	p_rows money_amount[],
	p_range int4range,
	p_bytea bytea,
	"P ""odd"" näme" text,
	"left_1" text,
	p_required text NOT NULL DEFAULT 'required',
	PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('author_book') \g /dev/null
CREATE TABLE given (property text, value_json text, expected text);
INSERT INTO given VALUES
	('p_int', '7', '7'), ('p_int', '"7"', '7'), ('p_int', 'null', NULL),
	('p_bigint', '9223372036854775807', '9223372036854775807'),
	('p_numeric', '1.005', '1.01'), ('p_numeric', '"1.2"', '1.20'), ('p_numeric', '1e3', '1000.00'),
	('p_float', '0.1', '0.1'), ('p_float', '"Infinity"', 'Infinity'),
	('p_bool', 'false', 'false'), ('p_bool', '"no"', 'false'), ('p_bool', 'null', NULL),
	('p_text', '"x"', 'x'), ('p_text', '""', ''), ('p_text', '"it''s \"q\" \\ é\n\u00fc"', E'it''s "q" \\ é\nü'), ('p_text', '7', '7'), ('p_text', 'true', 'true'),
	('p_text', '{"a": 1}', '{"a": 1}'), ('p_text', 'null', NULL), ('p_text', '"null"', 'null'), ('p_text', '"$1 %s"', '$1 %s'),
	('p_varchar', '"abcde"', 'abcde'), ('p_char', '"ab"', 'ab'),
	('p_date', '"2020-02-29"', '2020-02-29'), ('p_date', '"infinity"', 'infinity'),
	('p_timestamptz', '"2020-02-29T12:00:00Z"', '2020-02-29 12:00:00+00'), ('p_timestamptz', '"2020-02-29 12:00:00.123456+02"', '2020-02-29 10:00:00.123456+00'),
	('p_interval', '"P1D"', '1 day'), ('p_uuid', '"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
	('p_enum', '"cover"', 'cover'), ('p_enum', '"a \"quoted\" one"', 'a "quoted" one'),
	('p_domain', '12.345', '12.35'), ('p_domain', 'null', NULL),
	('p_texts', '["a", "b,c", "{}", null]', '{a,"b,c","{}",NULL}'), ('p_texts', '[]', '{}'), ('p_texts', '"{x,y}"', '{x,y}'), ('p_texts', '[["a"], ["b"]]', '{{a},{b}}'), ('p_texts', 'null', NULL),
	('p_ints', '[1, 2]', '{1,2}'),
	('p_json', '{"b": 1, "a": [2]}', '{"a": [2], "b": 1}'), ('p_json', '"x"', '"x"'), ('p_json', '7', '7'),
	('p_jsonb', '{"b": 1, "a": [null]}', '{"a": [null], "b": 1}'), ('p_jsonb', '"x"', '"x"'), ('p_jsonb', '[]', '[]'),
	('p_row', '{"amount": 1.5, "currency": "EUR"}', '(1.5,EUR)'), ('p_rows', '[{"amount": 1}]', '{"(1,)"}'),
	('p_range', '"[1,5)"', '[1,5)'), ('p_bytea', '"\\x00ff"', '\x00ff'),
	('P "odd" näme', '"odd"', 'odd'), ('left_1', '"left"', 'left');
SET timezone = 'UTC';
CREATE FUNCTION given(property text, value_json text) RETURNS jsonb LANGUAGE sql AS $$SELECT jsonb_build_object(property, value_json::jsonb)$$;
-- The property's value as text, and whether all others are as before.
CREATE FUNCTION stored(property text, author bigint, book bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
	EXECUTE format('SELECT %I::text FROM author_book WHERE (author_id, book_id) = ($1, $2)', property) INTO r USING author, book;
	RETURN r;
END
$$;
CREATE FUNCTION check_given(property text, value_json text, expected text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	before jsonb;
BEGIN
	DELETE FROM author_book;
	INSERT INTO author_book (author_id, book_id) VALUES (1, 2), (2, 1);
	SELECT to_jsonb(a) - 'book_id' INTO before FROM author_book a WHERE author_id = 1;
	RETURN NEXT is(result(format('SELECT m2m_link(''author'', 1, ''book'', 1, properties => %L)', given(property, value_json))), '(1)', format('%s: %s for a new link', property, value_json));
	RETURN NEXT is(stored(property, 1, 1), expected, '... is stored');
	RETURN NEXT is((SELECT to_jsonb(a) - 'book_id' - property FROM author_book a WHERE author_id = 1 AND book_id = 1), before - property, '... and other properties have their defaults');
	RETURN NEXT is(result(format('SELECT m2m_link(''book'', ARRAY[2,3], ''author'', 1, properties => %L)', given(property, value_json))), '(1)', '... for a link that is there, and a new one');
	RETURN NEXT is(stored(property, 1, 2), expected, '... is stored in the first');
	RETURN NEXT is(stored(property, 1, 3), expected, '... and in the second');
	RETURN NEXT is((SELECT to_jsonb(a) - 'book_id' - property FROM author_book a WHERE author_id = 1 AND book_id = 2), before - property, '... and its other properties are kept');
	RETURN NEXT is((SELECT to_jsonb(a) - 'book_id' - 'author_id' FROM author_book a WHERE author_id = 2), before - 'author_id', '... and another link is');
END
$$;
SELECT check_given(property, value_json, expected) FROM given;

-- Several at once, and none
TRUNCATE author_book;
SELECT is(m2m_link('author', 1, 'book', 1, NULL, '{"p_text": "x", "p_int": 1, "p_texts": ["y"]}'), 1::bigint, 'several properties');
SELECT results_eq('SELECT p_text, p_int, p_texts FROM author_book', $$VALUES ('x', 1, '{y}'::text[])$$, 'each in its column');
SELECT is(m2m_link('author', 1, 'book', 1, NULL, '{"p_int": 2, "p_text": null}'), 0::bigint, 'a link that is there takes them, and is no new one');
SELECT results_eq('SELECT p_text, p_int, p_texts FROM author_book', $$VALUES (NULL::text, 2, '{y}'::text[])$$, 'only those given');
SELECT is(m2m_link('author', 1, 'book', 1, NULL, '{}'), 0::bigint, 'no property');
SELECT is(m2m_link('author', 1, 'book', 1), 0::bigint, 'no properties');
SELECT is(m2m_link('author', 1, 'book', 1, NULL, NULL), 0::bigint, 'null for properties');
SELECT results_eq('SELECT p_text, p_int, p_texts FROM author_book', $$VALUES (NULL::text, 2, '{y}'::text[])$$, 'none of which changes any');
SELECT is(m2m_link('author', ARRAY[1,2,2], 'book', ARRAY[1,2,2], NULL, '{"p_int": 5}'), 1::bigint, 'pairwise, a pair twice, one there');
SELECT bag_eq('SELECT author_id, book_id, p_int FROM author_book', 'VALUES (1::bigint, 1::bigint, 5), (2, 2, 5)', 'all have it');
SELECT is(m2m_link('author', 1, 'book', '{}', NULL, '{"p_int": 6}'), 0::bigint, 'properties for no link at all');
SELECT is((SELECT max(p_int) FROM author_book), 5, 'go nowhere');
SELECT is(m2m_link('author', 3, 'book', 3, NULL, '{"p_int": 1, "p_int": 2}'), 1::bigint, 'a key twice: the last one, as jsonb has it');
SELECT is(stored('p_int', 3, 3), '2', 'is stored');
SELECT is(m2m_unlink('author', 3, 'book', 3), 1::bigint, 'a link with properties is unlinked');
SELECT is(m2m_link('author', 3, 'book', 3), 1::bigint, 'and linked anew');
SELECT is(stored('p_int', 3, 3), '42', 'has forgotten them');

-- A link that has the values already is not written again
CREATE TABLE version AS SELECT ctid AS at, author_id, book_id FROM author_book WHERE author_id = 1;
SELECT m2m_link('author', 1, 'book', 1, NULL, '{"p_int": 5}') \g /dev/null
SELECT is((SELECT ctid FROM author_book WHERE author_id = 1), (SELECT at FROM version), 'a link that is as asked is not written');
-- JSON has no order and no spaces, but json columns do
SELECT m2m_link('author', 1, 'book', 1, NULL, '{"p_json": {"a": 1}}') \g /dev/null
SELECT m2m_link('author', 1, 'book', 1, NULL, '{"p_json": {"a": 2}}') \g /dev/null
SELECT is(stored('p_json', 1, 1)::jsonb, '{"a": 2}', 'a type without equality is changed');

-- What is no value of the property
SELECT matches(result(format('SELECT m2m_link(''author'', 4, ''book'', %s, properties => %L)', book, given(property, json))), '^' || code, format('%s: %s is %s', property, json, code))
FROM (VALUES ('p_int', '"x"', '22P02'), ('p_int', '[1]', '22P02'), ('p_int', '{}', '22P02'), ('p_int', 'true', '22P02'), ('p_int', '1.5', '22P02'), ('p_int', '1e30', '22'), ('p_numeric', '"x"', '22P02'),
	('p_numeric', '100000', '22003'), ('p_bool', '"x"', '22P02'), ('p_varchar', '"abcdef"', '22001'), ('p_date', '"x"', '22007'), ('p_date', '"2020-02-30"', '22008'),
	('p_uuid', '"x"', '22P02'), ('p_enum', '"x"', '22P02'), ('p_domain', '101', '23514'), ('p_texts', '{"a": 1}', '22P02'), ('p_texts', '"x"', '22P02'), ('p_ints', '["x"]', '22P02'), ('p_ints', '[1, [2]]', '22P02'),
	('p_required', 'null', '23502'), ('nosuch', '1', '42703'), ('author_id', '1', '42703'), ('', '1', '42703'), ('xmin', '1', '42703'), ('........pg.dropped.1........', '1', '42703')) x (property, json, code),
	unnest(ARRAY['4', '''{4,5}''']) book;
SELECT is((SELECT count(*) FROM author_book WHERE author_id = 4), 0::bigint, 'none of which links');
SELECT m2m_link('author', 4, 'book', 4) \g /dev/null
CREATE TABLE before AS SELECT * FROM author_book;
SELECT matches(result($$SELECT m2m_link('author', 4, 'book', '{4,5}', properties => '{"p_int": 1, "p_domain": 101}')$$), '^23514', 'one of two is wrong');
SELECT is_empty('(SELECT to_jsonb(a) FROM author_book a EXCEPT SELECT to_jsonb(b) FROM before b) UNION ALL (SELECT to_jsonb(b) FROM before b EXCEPT SELECT to_jsonb(a) FROM author_book a)', 'neither a new link nor the one there is touched');

-- Through link views, against the association
SELECT is((SELECT properties FROM m2m_relationships()), ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = 'author_book'::regclass AND attnum > 2 AND NOT attisdropped ORDER BY attnum),
	'm2m_relationships lists the properties');
TRUNCATE author_book;
INSERT INTO author_books (author_id, id, p_int, p_texts, "P ""odd"" näme") VALUES (1, 1, 7, '{x}', 'odd');
INSERT INTO book_authors (book_id, id, p_json, p_row) VALUES (1, 2, '{"a":  1}', '(1,EUR)');
INSERT INTO author_books (author_id, id, title, p_enum) VALUES (3, 33, 'new', 'cover');
SELECT bag_eq('SELECT author_id, book_id, p_int, p_texts, "P ""odd"" näme", p_json::text, p_row, p_enum, p_required FROM author_book',
	$$VALUES (1::bigint, 1::bigint, 7, '{x}'::text[], 'odd', NULL, NULL::money_amount, 'text'::task, 'required'), (2, 1, 42, '{a}', NULL, '{"a":  1}', '(1,EUR)', 'text', 'required'), (3, 33, 42, '{a}', NULL, NULL, NULL, 'cover', 'required')$$,
	'INSERT through views stores properties, and defaults for those left out');
SELECT is(result('INSERT INTO author_books (author_id, id, p_int) VALUES (1, 1, 8) RETURNING p_int, p_texts, p_required'), '(8,{x},required)', 'INSERT of a link that is there gives it the property');
SELECT is(result('UPDATE author_books SET p_int = p_int + 1, p_texts = NULL, p_json = ''[1]'' WHERE author_id = 1 RETURNING author_id, p_int, p_texts, p_json'), '(1,9,,[1])', 'UPDATE of properties');
SELECT is(result('UPDATE book_authors SET p_json = p_json::text::json, p_row = (2,''USD'')::money_amount WHERE book_id = 1 AND id = 2 RETURNING p_json, p_row'), '("{""a"":  1}","(2,USD)")', 'UPDATE to the same value');
SELECT is(result('UPDATE author_books SET id = 5, p_bool = false WHERE author_id = 3 RETURNING id, title, p_enum, p_bool'), '(5,"book 5",cover,f)', 'a link that is relinked keeps its properties');
SELECT bag_eq('SELECT author_id, id, p_int, p_json::text, p_enum, p_bool, p_row FROM author_books', 'SELECT author_id, book_id, p_int, p_json::text, p_enum, p_bool, p_row FROM author_book', 'author_books shows what is there');
SELECT bag_eq('SELECT id, book_id, p_int, p_json::text, p_enum, p_bool, p_row FROM book_authors', 'SELECT author_id, book_id, p_int, p_json::text, p_enum, p_bool, p_row FROM author_book', 'so does book_authors');

-- Generated columns and identity are the association's own business
CREATE TABLE reading (
	author_id bigint REFERENCES author, book_id bigint REFERENCES book,
	pages int, seconds int, pace numeric GENERATED ALWAYS AS (seconds::numeric / nullif(pages, 0)) STORED, number int GENERATED ALWAYS AS IDENTITY,
	PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('reading', left_role => 'reader', right_role => 'read') \g /dev/null
SELECT is(m2m_link('author', 1, 'book', ARRAY[1,2], 'reading', '{"pages": 10, "seconds": 600}'), 2::bigint, 'next to generated columns');
SELECT is(m2m_link('author', 1, 'book', 2, 'reading', '{"pages": 20}'), 0::bigint, 'and changed');
SELECT bag_eq('SELECT book_id, round(pace), number FROM reading', 'VALUES (1::bigint, 60::numeric, 1), (2, 30, 2)', 'they follow');
SELECT is(left(result($$SELECT m2m_link('author', 2, 'book', 2, 'reading', '{"pace": 1}')$$), 5), left(result('INSERT INTO reading (author_id, book_id, pace) VALUES (2, 2, 1)'), 5), 'a generated column is the table''s own error');
SELECT is(left(result($$SELECT m2m_link('author', 2, 'book', 2, 'reading', '{"number": 1}')$$), 5), left(result('INSERT INTO reading (author_id, book_id, number) VALUES (2, 2, 1)'), 5), 'so is an identity');
SELECT is(result('INSERT INTO reader_reads (author_id, id, pages, seconds) VALUES (2, 1, 1, 5) RETURNING pace, number > 2'), '(5.0000000000000000,t)', 'through the view RETURNING shows them');
SELECT is(result('UPDATE reader_reads SET seconds = 7 WHERE author_id = 2 RETURNING pace'), '(7.0000000000000000)', 'also after UPDATE');

-- Properties that come later count at once for functions; dropped ones are none
ALTER TABLE reading ADD stars int DEFAULT 3;
SELECT is(m2m_link('author', 3, 'book', ARRAY[3,4], 'reading', '{"stars": 5}'), 2::bigint, 'a property added later');
SELECT is(m2m_link('author', 3, 'book', 5, 'reading'), 1::bigint, 'has its default');
SELECT bag_eq('SELECT book_id, stars FROM reading WHERE author_id = 3', 'VALUES (3::bigint, 5), (4, 5), (5, 3)', 'or what was given');
ALTER TABLE reading RENAME stars TO rating;
SELECT is(m2m_link('author', 3, 'book', 5, 'reading', '{"rating": 1}'), 0::bigint, 'a property renamed');
SELECT matches(result($$SELECT m2m_link('author', 3, 'book', 5, 'reading', '{"stars": 1}')$$), '^42703', 'is not found by its old name');
ALTER TABLE reading ALTER rating TYPE text;
SELECT is(m2m_link('author', 3, 'book', 5, 'reading', '{"rating": "five"}'), 0::bigint, 'of another type');
SELECT is((SELECT rating FROM reading WHERE author_id = 3 AND book_id = 5), 'five', 'is stored so');
ALTER TABLE reading DROP rating;
SELECT matches(result($$SELECT m2m_link('author', 3, 'book', 5, 'reading', '{"rating": "five"}')$$), '^42703', 'and dropped is unknown');
CREATE TYPE stars AS ENUM ('one');
ALTER TABLE reading ADD rating stars;
SELECT is(m2m_link('author', 3, 'book', 5, 'reading', '{"rating": "one"}'), 0::bigint, 'of a type');
ALTER TYPE stars RENAME TO grade;
SELECT is(m2m_link('author', 4, 'book', 5, 'reading', '{"rating": "one"}'), 1::bigint, 'that is renamed');
ALTER TYPE grade ADD VALUE 'two';
SELECT is(m2m_link('author', 4, 'book', 5, 'reading', '{"rating": "two"}'), 0::bigint, 'or gets a new value');

-- m2m_set and m2m_toggle: kept links keep them, new ones have the defaults
SELECT results_eq($$SELECT linked, unlinked, kept FROM m2m_set('author', 1, 'book', '{2,9}', 'reading')$$, $$VALUES ('{9}'::text[], '{1}'::text[], 1::bigint)$$, 'm2m_set');
SELECT bag_eq('SELECT book_id, pages FROM reading WHERE author_id = 1', 'VALUES (2::bigint, 20), (9, NULL)', 'keeps properties of kept links');

-- A composite key, a self-relationship, and triggers that have a say
CREATE TABLE page (site text, path text, PRIMARY KEY (site, path));
INSERT INTO page SELECT 's', p FROM unnest('{a,b,c}'::text[]) p;
CREATE TABLE hyperlink (from_site text, from_path text, to_site text, to_path text, label text NOT NULL, made timestamptz DEFAULT '2020-01-01Z',
	FOREIGN KEY (from_site, from_path) REFERENCES page, FOREIGN KEY (to_site, to_path) REFERENCES page, PRIMARY KEY (from_site, from_path, to_site, to_path));
SELECT m2m_adopt('hyperlink', 'source', 'target', '{from_site,from_path}', '{to_site,to_path}') \g /dev/null
SELECT is(m2m_link('page', '(s,a)', 'page', '{"(s,b)","(s,c)"}', properties => '{"label": "go"}'), 2::bigint, 'composite keys, a self-relationship');
SELECT is(m2m_link('page', '(s,a)', 'page', '(s,b)', properties => '{"label": "back"}', role => 'target'), 1::bigint, 'the other way');
SELECT bag_eq('SELECT from_path, to_path, label FROM hyperlink', $$VALUES ('a', 'b', 'go'), ('a', 'c', 'go'), ('b', 'a', 'back')$$, 'each link has its own');
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.label := upper(NEW.label); RETURN NEW; END';
CREATE TRIGGER shout BEFORE INSERT OR UPDATE ON hyperlink FOR EACH ROW EXECUTE FUNCTION shout();
SELECT is(m2m_link('page', '(s,a)', 'page', '{"(s,b)","(s,a)"}', properties => '{"label": "new"}'), 1::bigint, 'with a trigger');
SELECT is(result('UPDATE source_targets SET label = ''view'' WHERE path = ''c'' RETURNING label'), '(VIEW)', 'also through the view, where RETURNING shows what it made');
SELECT bag_eq('SELECT from_path, to_path, label FROM hyperlink', $$VALUES ('a', 'a', 'NEW'), ('a', 'b', 'NEW'), ('a', 'c', 'VIEW'), ('b', 'a', 'back')$$, 'that changes them');

-- One object for each pair: each link has the values that were given for it, of whatever type, and what was left out has its default or stays
SELECT m2m_drop('reading') \g /dev/null
DELETE FROM author_book;
SELECT is(m2m_link('author', 1, 'book', (SELECT array_agg(n ORDER BY n DESC) FROM generate_series(1, 9) n), properties =>
	(SELECT jsonb_agg(jsonb_build_object('p_text', n, 'p_int', n) || CASE n % 3 WHEN 0 THEN '{"p_bool": false}' WHEN 1 THEN jsonb_build_object('p_numeric', n) ELSE '{}' END ORDER BY n DESC)
		FROM generate_series(1, 9) n)), 9::bigint, 'an object for each');
SELECT is_empty('SELECT * FROM author_book WHERE (p_int, p_text, p_bool, p_numeric) IS DISTINCT FROM
	(book_id::int, book_id::text, book_id % 3 <> 0, CASE book_id % 3 WHEN 1 THEN book_id ELSE 1.5 END)', 'goes to its own link');
SELECT is(m2m_link('author', ARRAY[1, 1, 2], 'book', ARRAY[2, 3, 4], properties => '[{"p_enum": "cover"}, null, {"p_uuid": "00000000-0000-0000-0000-000000000001"}]'), 1::bigint, 'pairwise');
SELECT bag_eq('SELECT author_id, book_id, p_int, p_enum::text, p_uuid::text FROM author_book WHERE p_enum <> ''text'' OR p_uuid IS NOT NULL',
	$$VALUES (1::bigint, 2::bigint, 2, 'cover', NULL), (2, 4, 42, 'text', '00000000-0000-0000-0000-000000000001')$$, 'each its own, and nothing else changes');
SELECT matches(result(format('SELECT m2m_%s(''author'', 1, ''book'', ''{1,2}'', properties => %L)', f, p)), e, format('m2m_%s with %s', f, p)) FROM unnest('{link,set,unlink}'::text[]) f,
	(VALUES ('[{"p_int": 1}]', '^22023'), ('[{"p_int": 1}, {}, {}]', '^22023'), ('[{"p_int": 1}, 2]', '^22023'), ('"p_int"', '^22023'), ('[{"p_int": 1}, {"q": 1}]', '^42703'), ('[{}, {"p_int": "x"}]', '^22P02')) x (p, e);
SELECT matches(result($$SELECT m2m_link('author', 1, 'book', '{1,1}', properties => '[{"p_int": 1}, {"p_int": 2}]')$$), '^21000', 'two different things of one link');
SELECT is(result($$SELECT m2m_link('author', 1, 'book', '{1,1}', properties => '[{"p_int": 1, "p_text": "1"}, {"p_text": "1", "p_int": 1}]')$$), '(0)', 'the same twice');
SELECT is((SELECT row(linked, unlinked, kept)::text FROM m2m_set('author', 1, 'book', '{9,1}', properties => '[{"p_int": 90}, {"p_text": "first"}]')), '({},"{2,3,4,5,6,7,8}",2)', 'm2m_set');
SELECT bag_eq('SELECT book_id, p_int, p_text FROM author_book WHERE author_id = 1', $$VALUES (1::bigint, 1, 'first'), (9, 90, '9')$$, 'gives those that stay their own');
SELECT is(m2m_unlink('author', 1, 'book', '{1,9}', properties => '{"p_int": 90}'), 1::bigint, 'm2m_unlink removes those that have them');
SELECT is(m2m_unlink('author', '{1,2}', 'book', '{1,4}', properties => '[{"p_text": "second"}, {"p_uuid": "00000000-0000-0000-0000-000000000001", "p_date": null}]'), 1::bigint, 'each by its own');

-- What the caller may do is what the same SQL would need
CREATE ROLE writer;
GRANT SELECT ON author, book TO writer;
GRANT SELECT (author_id, book_id, p_int), INSERT (author_id, book_id, p_int), UPDATE (p_int) ON author_book TO writer;
SET ROLE writer;
SELECT is(m2m_link('author', 3, 'book', '{1,2}', 'author_book', '[{"p_int": 1}, null]'), 2::bigint, 'with rights on these columns');
SELECT is(m2m_link('author', 3, 'book', '{1,2}', 'author_book', '[null, {"p_int": 2}]'), 0::bigint, 'also to change them');
SELECT matches(result($$SELECT m2m_link('author', 3, 'book', '{1,2}', 'author_book', '[{"p_int": 3}, {"p_text": "x"}]')$$), '^42501', 'not others');
SELECT matches(result($$SELECT m2m_unlink('author', 3, 'book', 1, 'author_book', properties => '{"p_int": 1}')$$), '^42501', 'nor to unlink');
RESET ROLE;
SELECT bag_eq('SELECT book_id, p_int FROM author_book WHERE author_id = 3', 'VALUES (1::bigint, 1), (2, 2)', 'and nothing is half done');

-- A second unique index that takes more values for equal: it refuses, and nothing is passed over in silence
SELECT EXISTS (SELECT FROM pg_collation WHERE collname = 'en-x-icu') AS icu \gset
\if :icu
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE credit (author_id bigint REFERENCES author, book_id bigint REFERENCES book, job text, note text, PRIMARY KEY (author_id, book_id, job));
CREATE UNIQUE INDEX ON credit (author_id, book_id, job COLLATE ignore_case);
SELECT m2m_adopt('credit', left_view => 'credit_books', right_view => 'credit_authors') \g /dev/null
SELECT is(result($$INSERT INTO credit_books (author_id, id, job, note) VALUES (1, 1, 'writer', 'a'), (1, 1, 'writer', 'b') RETURNING note$$), '(a) (b)', 'the same job');
SELECT matches(result($$INSERT INTO credit_books (author_id, id, job, note) VALUES (1, 1, 'Writer', 'c') RETURNING note$$), '^23505', 'another spelling is another link, which the index refuses');
SELECT matches(result($$SELECT m2m_link('author', 1, 'book', 1, 'credit', '{"job": "Writer", "note": "c"}')$$), '^23505', 'in a call, too');
SELECT is(m2m_link('author', 1, 'book', 1, 'credit', '{"job": "writer", "note": "d"}'), 0::bigint, 'the first is still found');
ALTER TABLE credit DROP CONSTRAINT credit_pkey, ALTER job SET NOT NULL;
SELECT is(m2m_link('author', 1, 'book', 1, 'credit', '{"job": "Writer", "note": "e"}'), 0::bigint, 'by that index alone both spellings are one link');
SELECT is(result($$INSERT INTO credit_books (author_id, id, job, note) VALUES (1, 1, 'WRITER', 'f') RETURNING job, note$$), '(writer,f)', 'through the view, too');
SELECT is(result($$DELETE FROM credit_books WHERE job = 'writer' RETURNING note$$), '(f)', 'and one row');
CREATE TABLE tag (name text PRIMARY KEY);
INSERT INTO tag VALUES ('sql'), ('SQL');
SELECT m2m_create('author', 'tag') \g /dev/null
CREATE UNIQUE INDEX ON author_tag (author_id, tag_name COLLATE ignore_case);
SELECT is(m2m_link('author', 1, 'tag', 'sql'), 1::bigint, 'over the pair');
SELECT matches(result($$SELECT m2m_link('author', 1, 'tag', 'SQL')$$), '^23505', 'it refuses another pair');
SET m2m.direct_path = off;
SELECT matches(result(format($$SELECT m2m_link('author', 1, 'tag', %s)$$, id)), '^23505', 'by SQL, too') FROM unnest('{''SQL'',"ARRAY[''sql'',''SQL'']"}'::text[]) id;
SELECT is(m2m_link('author', 1, 'tag', 'sql'), 0::bigint, 'and the first is linked already');
RESET m2m.direct_path;
\endif

SELECT * FROM finish();
