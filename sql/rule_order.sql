--
-- Order: the links of each row have a place, new ones come last, on both paths,
-- by views, plain SQL and COPY; m2m_move, m2m_set and m2m_link keep to it;
-- dense ones are 1, 2, 3 ... after every transaction
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_order;
SET search_path = rule_order, public;
CREATE ROLE rule_order_clerk;
GRANT USAGE ON SCHEMA rule_order TO rule_order_clerk;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id bigint PRIMARY KEY, title text);
INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 100) i;
INSERT INTO book SELECT i, 'b' || i FROM generate_series(1, 300) i;
GRANT SELECT ON author, book TO rule_order_clerk;
SELECT m2m_create('author', 'book');
-- over links that are there: in the order of their keys
SELECT m2m_link('author', 1, 'book', ARRAY[7, 3, 5]);
SELECT m2m_order('author_book', 'author');
\d author_book
\d author_books
SELECT rule, kind, role, definition, tables, whole FROM m2m_rules('author_book');
SELECT rules, properties, identity FROM m2m_relationships() WHERE association = 'author_book'::regclass;
SELECT prosrc FROM pg_proc WHERE oid = 'author_books(author)'::regprocedure;
SELECT * FROM author_book;
CREATE FUNCTION list(int) RETURNS text VOLATILE LANGUAGE sql AS
	'SELECT string_agg(b.id::text, '' '') FROM author a, author_books(a) b WHERE a.id = $1';
SELECT list(1);
-- who links needs no right on the sequence
GRANT SELECT, INSERT, DELETE ON author_book TO rule_order_clerk;
GRANT SELECT, INSERT ON author_books TO rule_order_clerk;
SET ROLE rule_order_clerk;
SELECT m2m_link('author', 2, 'book', ARRAY[9, 2, 8]), m2m_link('author', 2, 'book', 1);
INSERT INTO author_book (author_id, book_id) VALUES (2, 30), (2, 29);
INSERT INTO author_book VALUES (2, 28, NULL);
INSERT INTO author_books (author_id, id) VALUES (2, 27);
COPY author_book (author_id, book_id) FROM stdin;
2	26
2	25
\.
COPY author_books (author_id, id) FROM stdin;
2	24
2	23
\.
SELECT list(2);
SELECT m2m_set('author', 2, 'book', ARRAY[23, 1, 40, 2, 9]);
SELECT list(2);
SELECT m2m_move('author', 2, 'book', 9, at => 1);
RESET ROLE;
GRANT UPDATE (book_position) ON author_book TO rule_order_clerk;
SET ROLE rule_order_clerk;
SELECT m2m_move('author', 2, 'book', 9, at => 1);
SELECT list(2);
RESET ROLE;
-- a link that becomes null goes to the end; one that is given a number, there
UPDATE author_book SET book_position = NULL WHERE author_id = 2 AND book_id = 9;
INSERT INTO author_books (author_id, id, book_position) VALUES (2, 50, 1);
SELECT list(2);
-- moving: before, after, at; what is there already is not written
SELECT m2m_set('author', 3, 'book', ARRAY[5, 4, 3, 2, 1]);
SELECT list(3);
SELECT m2m_move('author', 3, 'book', 1, before => 4), list(3);
SELECT m2m_move('author', 3, 'book', 1, before => 4), list(3);
SELECT m2m_move('author', 3, 'book', 5, after => 2), list(3);
SELECT m2m_move('author', 3, 'book', 5, after => 2), list(3);
SELECT m2m_move('author', 3, 'book', 3, before => 1), list(3);
SELECT m2m_move('author', 3, 'book', 4, at => 2), list(3);
SELECT m2m_move('author', 3, 'book', 4, at => 2), list(3);
SELECT m2m_move('author', 3, 'book', 4, at => 100), list(3);
SELECT m2m_move('author', 3, 'book', 4, at => 5), list(3);
SELECT m2m_move('author', 3, 'book', 2, after => 2), list(3);
SELECT m2m_move('author', 3, 'book', 2, before => 2), list(3);
SELECT m2m_move('author', '3', 'book', '2', after => '4', via => 'author_book'), list(3);
-- of any type; in a list of one
SELECT m2m_move('author', 3::smallint, 'book', 2::numeric, before => 4::smallint), list(3);
SELECT m2m_link('author', 4, 'book', 1), m2m_move('author', 4, 'book', 1, at => 3);
-- the only number that is left, again and again
DO $$
DECLARE
	l text;
	wanted text;
BEGIN
	PERFORM m2m_set('author', 5, 'book', ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
	FOR i IN 1..200 LOOP
		PERFORM m2m_move('author', 5, 'book', 2 + i % 2, after => 1);
		l := list(5);
		wanted := format('1 %s %s 4 5 6 7 8 9 10 11 12', 2 + i % 2, 3 - i % 2);
		IF l <> wanted THEN
			RAISE EXCEPTION '%: % instead of %', i, l, wanted;
		END IF;
	END LOOP;
	FOR i IN 1..200 LOOP
		PERFORM m2m_move('author', 5, 'book', 11 + i % 2, after => 10);
		l := right(list(5), 8);
		wanted := format('10 %s %s', 11 + i % 2, 12 - i % 2);
		IF l <> wanted THEN
			RAISE EXCEPTION '%: % instead of %', i, l, wanted;
		END IF;
	END LOOP;
END $$;
SELECT m2m_link('author', 5, 'book', 13), list(5);
SELECT count(*) = count(DISTINCT book_position) AS apart FROM author_book WHERE author_id = 5;
-- links with the same number are in the order of their keys
UPDATE author_book SET book_position = 7 WHERE author_id = 5 AND book_id BETWEEN 3 AND 9;
SELECT list(5);
SELECT m2m_move('author', 5, 'book', 1, after => 5), list(5);
SELECT m2m_move('author', 5, 'book', 12, before => 5), list(5);
SELECT m2m_move('author', 5, 'book', 8, at => 2), list(5);
SELECT m2m_set('author', 5, 'book', ARRAY[9, 8, 7, 6, 5, 4, 3]), list(5);
-- a set writes no more than it must
CREATE TEMP TABLE before AS SELECT author_id, book_id, book_position, xmin AS x FROM author_book;
SELECT m2m_set('author', 5, 'book', ARRAY[9, 8, 3, 7, 6, 100, 5, 4]), list(5);
SELECT book_id FROM author_book l WHERE author_id = 5 AND NOT EXISTS (SELECT FROM before b
	WHERE (b.author_id, b.book_id, b.book_position, b.x::text) = (l.author_id, l.book_id, l.book_position, l.xmin::text)) ORDER BY 1;
SELECT m2m_set('author', 5, 'book', '{}'::int[]);
SELECT m2m_set('author', 5, 'book', ARRAY[9, 8], properties => '{"book_position": 5}'), list(5);
-- random lists: both paths, all ways of moving, against an array
CREATE FUNCTION random_moves(seed float8, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want bigint[];
	have bigint[];
	x bigint;
	y bigint;
	k int;
BEGIN
	PERFORM setseed(seed);
	PERFORM m2m_clear('author', 6, 'book');
	FOR i IN 1..n LOOP
		PERFORM set_config('m2m.direct_path', CASE WHEN random() < 0.5 THEN 'on' ELSE 'off' END, true);
		x := 1 + floor(random() * 20);
		k := floor(random() * 8);
		y := want[1 + floor(random() * cardinality(want))];
		IF k = 0 OR x <> ALL (coalesce(want, '{}')) OR y IS NULL THEN
			PERFORM m2m_link('author', 6, 'book', ARRAY[x, x % 20 + 1, (x + 7) % 20 + 1]);
			FOREACH y IN ARRAY ARRAY[x, x % 20 + 1, (x + 7) % 20 + 1] LOOP
				IF y <> ALL (coalesce(want, '{}')) THEN
					want := want || y;
				END IF;
			END LOOP;
		ELSIF k = 1 THEN
			PERFORM m2m_unlink('author', 6, 'book', x);
			want := array_remove(want, x);
		ELSIF k IN (2, 3) AND x <> y THEN
			PERFORM m2m_move('author', 6, 'book', x, before => y);
			want := array_remove(want, x);
			k := array_position(want, y);
			want := want[:k - 1] || x || want[k:];
		ELSIF k IN (4, 5) AND x <> y THEN
			PERFORM m2m_move('author', 6, 'book', x, after => y);
			want := array_remove(want, x);
			k := array_position(want, y);
			want := want[:k] || x || want[k + 1:];
		ELSIF k = 6 THEN
			k := 1 + floor(random() * 22);
			PERFORM m2m_move('author', 6, 'book', x, at => k);
			want := array_remove(want, x);
			want := want[:k - 1] || x || want[k:];
		ELSIF k = 7 THEN
			SELECT array_agg(u ORDER BY random()) INTO want FROM unnest(want) u;
			PERFORM m2m_set('author', 6, 'book', want);
		END IF;
		SELECT array_agg(b.id) INTO have FROM author a, author_books(a) b WHERE a.id = 6;
		IF have IS DISTINCT FROM want AND NOT (have IS NULL AND want = '{}') THEN
			RETURN format('%s: %s instead of %s', i, have, want);
		END IF;
		IF EXISTS (SELECT FROM author_book WHERE author_id = 6 GROUP BY book_position HAVING count(*) > 1) THEN
			RETURN format('%s: a number twice', i);
		END IF;
	END LOOP;
	RETURN 'as it should be';
END $$;
SELECT random_moves(0.1, 300), random_moves(0.2, 300), random_moves(-0.7, 300);
-- the index leads to places: also what the direct path has put there
SET enable_seqscan = off;
SELECT m2m_load('author', 'book', 'SELECT 7, i FROM generate_series(1, 300) i');
SELECT count(*), min(book_id), max(book_id) FROM (SELECT book_id FROM author_book WHERE author_id = 7 AND book_position > 0 ORDER BY book_position OFFSET 10 LIMIT 50) l;
RESET enable_seqscan;
SELECT * FROM m2m_check();
-- errors
SELECT m2m_move('author', 3, 'book', 99, at => 3);
SELECT m2m_move('author', 3, 'book', 1, before => 99);
SELECT m2m_move('author', 3, 'book', 1);
SELECT m2m_move('author', 3, 'book', 1, at => 0);
SELECT m2m_move('author', 3, 'book', 1, at => 1, before => 2);
SELECT m2m_move('author', 3, 'book', NULL::int, at => 1);
SELECT m2m_move('book', 1, 'author', 3, at => 1);
SELECT m2m_order('author_book', 'reader');
SELECT m2m_order('author', 'reader');
SELECT m2m_order('author_book', 'author', 'book_id');
SELECT m2m_order('author_book', 'book', 'book_position');
SET ROLE rule_order_clerk;
SELECT m2m_order('author_book', 'author');
RESET ROLE;
-- who has TRIGGER on the table cannot have a column of his choice written
CREATE TABLE salary (author_id int REFERENCES author, book_id bigint REFERENCES book, pay bigint, no int GENERATED BY DEFAULT AS IDENTITY, PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('salary', left_view => 'paid_books', right_view => 'paid_authors');
INSERT INTO salary VALUES (1, 1, 500, 7), (1, 2, 100, 6);
GRANT SELECT, INSERT, DELETE, TRIGGER ON salary TO rule_order_clerk;
SET ROLE rule_order_clerk;
CREATE TRIGGER x1 BEFORE INSERT OR UPDATE OF pay ON salary FOR EACH ROW WHEN (NEW.pay IS NULL) EXECUTE FUNCTION m2m_order_links('role=author', 'order=dense', 'first=1');
CREATE TRIGGER x2 AFTER INSERT ON salary REFERENCING NEW TABLE AS linked FOR EACH STATEMENT EXECUTE FUNCTION m2m_order_links('role=author', 'order=dense', 'first=1');
CREATE TRIGGER x3 AFTER DELETE ON salary REFERENCING OLD TABLE AS unlinked FOR EACH STATEMENT EXECUTE FUNCTION m2m_order_links('role=author', 'order=dense', 'first=1');
CREATE TRIGGER y1 BEFORE INSERT OR UPDATE OF no ON salary FOR EACH ROW WHEN (NEW.no IS NULL) EXECUTE FUNCTION m2m_order_links('role=book', 'order=dense', 'first=1');
CREATE TRIGGER y3 AFTER DELETE ON salary REFERENCING OLD TABLE AS unlinked FOR EACH STATEMENT EXECUTE FUNCTION m2m_order_links('role=book', 'order=dense', 'first=1');
INSERT INTO salary VALUES (1, 3, 2, 9), (1, 4, NULL, 3), (2, 1, 0, 2), (2, 2, 0, 1);
DELETE FROM salary WHERE (author_id, book_id) IN ((1, 3), (2, 2));
SELECT (m2m_set('author', 1, 'book', ARRAY[4, 2, 1], via => 'salary')).kept;
SELECT m2m_move('author', 1, 'book', 1, at => 1, via => 'salary');
RESET ROLE;
SELECT * FROM salary ORDER BY 1, 2;
DROP TABLE salary CASCADE;
-- the column is the owner's: without the identity that the rule has made, it is left alone
ALTER TABLE author_book ALTER COLUMN book_position DROP IDENTITY;
SELECT whole FROM m2m_rules('author_book');
SELECT m2m_move('author', 3, 'book', 2, at => 100);
SELECT severity, finding, remedy FROM m2m_check();
SELECT m2m_order('author_book', 'author');
SELECT whole FROM m2m_rules('author_book');
SELECT * FROM m2m_check();
-- DDL is followed; without the column there is no order
ALTER TABLE author_book RENAME COLUMN book_position TO seat;
ALTER TABLE author_book RENAME COLUMN book_id TO volume_id;
ALTER TABLE author_book RENAME TO writing;
SELECT m2m_move('author', 3, 'book', 2, at => 1), list(3);
SELECT definition, whole FROM m2m_rules('writing');
SELECT m2m_rename('writing', left_role => 'writer');
SELECT definition, whole FROM m2m_rules('writing');
SELECT m2m_link('author', 3, 'book', ARRAY[20, 19]);
SELECT array_agg(b.id) FROM author a, writer_books(a) b WHERE a.id = 3;
ALTER TABLE writing DROP COLUMN seat;
ALTER TABLE writing DROP COLUMN seat CASCADE;
SELECT count(*) FROM m2m_rules('writing');
SELECT m2m_link('author', 3, 'book', ARRAY[22, 21]);
SELECT prosrc FROM pg_proc WHERE proname = 'writer_books';
SELECT * FROM m2m_check();
-- switching off and on: nothing is left, unless it is to be kept
SELECT m2m_order('writing', 'writer');
SELECT m2m_drop_rule('writing', 'm2m_order_writer', keep => true);
\d writing
SELECT m2m_order('writing', 'writer');
SELECT m2m_drop_rule('writing', 'm2m_order_writer');
\d writing
DROP SCHEMA rule_order CASCADE;
-- both sides; keys of several columns, one of them of both; a self-relationship
CREATE SCHEMA rule_order;
CREATE TABLE "my user" (tenant text, id int, PRIMARY KEY (tenant, id));
CREATE TABLE "group" (tenant text, id int, PRIMARY KEY (tenant, id));
INSERT INTO "my user" SELECT t, i FROM unnest('{x,y}'::text[]) t, generate_series(1, 9) i;
INSERT INTO "group" TABLE "my user";
SELECT m2m_create('"my user"', '"group"', name => 'member', left_role => 'user', right_role => 'group',
	left_columns => '{tenant,user_id}', right_columns => '{tenant,group_id}');
SELECT m2m_order('member', 'user', 'place, "100%s"'), m2m_order('member', 'group', dense => true);
SELECT m2m_link('"my user"', ROW('x', 1), '"group"', ARRAY[ROW('x', 5), ROW('x', 3), ROW('x', 4)]);
SELECT m2m_link('"my user"', ROW('x', 2), '"group"', ARRAY[ROW('x', 5), ROW('x', 3)]);
SELECT m2m_link('"my user"', ROW('x', 3), '"group"', ROW('x', 5)), m2m_link('"my user"', ROW('y', 3), '"group"', ROW('y', 5));
SELECT m2m_move('"my user"', ROW('x', 1), '"group"', ROW('x', 4), before => ROW('x', 3));
SELECT m2m_move('"group"', ROW('x', 5), '"my user"', ROW('x', 3), at => 1);
SELECT m2m_move('"group"', ROW('x', 5), '"my user"', 3, at => 1);
SELECT tenant, user_id, group_id, "place, ""100%s""" > 0 AS placed, user_position FROM member ORDER BY 2, "place, ""100%s""", 3;
\d member
CREATE TABLE person (id int PRIMARY KEY);
INSERT INTO person SELECT generate_series(1, 9);
SELECT m2m_create('person', 'person', name => 'follow', left_role => 'follower', right_role => 'followed');
SELECT m2m_order('follow', 'followed'), m2m_order('follow', 'follower');
SELECT m2m_link('person', 1, 'person', ARRAY[4, 3, 2]), m2m_link('person', 1, 'person', ARRAY[9, 8, 7], role => 'followed');
SELECT m2m_move('person', 1, 'person', 2, at => 1), m2m_move('person', 1, 'person', 7, after => 9, role => 'followed');
SELECT follower_id, followed_id FROM follow WHERE follower_id = 1 ORDER BY followed_position;
SELECT follower_id, followed_id FROM follow WHERE followed_id = 1 ORDER BY follower_position;
-- several links of a pair, rows that are no links any more
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE film (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 9);
INSERT INTO film SELECT generate_series(1, 9);
CREATE TABLE credit (author_id int REFERENCES author, film_id int REFERENCES film, job text, gone timestamptz, PRIMARY KEY (author_id, film_id, job));
SELECT m2m_adopt('credit', deleted => 'gone');
SELECT m2m_order('credit', 'film', 'place', dense => true), m2m_order('credit', 'author');
INSERT INTO credit (author_id, film_id, job) VALUES (1, 1, 'writer'), (1, 1, 'director'), (2, 1, 'actor'), (3, 1, 'actor');
SELECT author_id, job, place FROM credit WHERE film_id = 1 ORDER BY place;
SELECT m2m_move('film', 1, 'author', 3, at => 1);
SELECT m2m_move('film', 1, 'author', 1, at => 1);
SELECT m2m_unlink('author', 2, 'film', 1);
SELECT author_id, job, place, gone IS NULL AS link FROM credit WHERE film_id = 1 ORDER BY gone IS NULL DESC, place, job;
INSERT INTO author_films (author_id, id, job) SELECT 4, 1, 'actor';
SELECT m2m_link('author', 4, 'film', 2, properties => '{"job": "cutter"}'), m2m_link('author', 4, 'film', 1);
SELECT author_id, job, place, gone IS NULL AS link FROM credit WHERE film_id = 1 ORDER BY gone IS NULL DESC, place, job;
SELECT * FROM m2m_check();
DROP SCHEMA rule_order CASCADE;
-- dense, in the column of another tool
CREATE SCHEMA rule_order;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id bigint PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 100);
INSERT INTO book SELECT generate_series(1, 300);
CREATE TABLE item (id serial PRIMARY KEY, author_id int REFERENCES author ON DELETE CASCADE, book_id bigint REFERENCES book ON DELETE CASCADE,
	"position" int DEFAULT 0, UNIQUE (author_id, book_id));
INSERT INTO item (author_id, book_id, position) VALUES (1, 1, 5), (1, 2, 5), (1, 3, NULL), (1, 4, 1), (2, 1, 9);
SELECT m2m_adopt('item');
SELECT m2m_order('item', 'author', 'position');
SELECT m2m_order('item', 'author', 'position', dense => true);
\d item
SELECT definition, whole FROM m2m_rules('item');
CREATE VIEW lists AS SELECT author_id, string_agg(book_id || '@' || position, ' ' ORDER BY position, book_id) AS list FROM item GROUP BY 1 ORDER BY 1;
TABLE lists;
SELECT m2m_link('author', 1, 'book', ARRAY[9, 6, 8]);
INSERT INTO item (author_id, book_id) VALUES (1, 20), (1, 21), (3, 5), (3, 4);
INSERT INTO item (author_id, book_id, position) VALUES (3, 6, NULL);
TABLE lists;
SELECT m2m_move('author', 1, 'book', 20, at => 1);
SELECT list FROM lists WHERE author_id = 1;
SELECT m2m_move('author', 1, 'book', 20, after => 3);
SELECT list FROM lists WHERE author_id = 1;
SELECT m2m_move('author', 1, 'book', 4, before => 20);
SELECT list FROM lists WHERE author_id = 1;
SELECT m2m_move('author', 1, 'book', 4, at => 100);
SELECT list FROM lists WHERE author_id = 1;
SELECT m2m_move('author', 1, 'book', 4, at => 9), m2m_move('author', 1, 'book', 4, after => 21), m2m_move('author', 1, 'book', 21, before => 4), m2m_move('author', 1, 'book', 21, after => 21);
DELETE FROM item WHERE author_id = 1 AND book_id IN (1, 9);
SELECT list FROM lists WHERE author_id = 1;
-- as acts_as_list writes: removing, inserting first, moving
BEGIN;
DELETE FROM item WHERE author_id = 1 AND position = 3;
UPDATE item SET position = position - 1 WHERE author_id = 1 AND position > 3;
SELECT list FROM lists WHERE author_id = 1;
COMMIT;
SELECT list FROM lists WHERE author_id = 1;
BEGIN;
UPDATE item SET position = position + 1 WHERE author_id = 1;
INSERT INTO item (author_id, book_id, position) VALUES (1, 50, 1);
SELECT list FROM lists WHERE author_id = 1;
COMMIT;
SELECT list FROM lists WHERE author_id = 1;
BEGIN;
UPDATE item SET position = position - 1 WHERE author_id = 1 AND position > 2 AND position <= 4;
UPDATE item SET position = 4 WHERE author_id = 1 AND book_id = 2;
SELECT list FROM lists WHERE author_id = 1;
COMMIT;
SELECT list FROM lists WHERE author_id = 1;
-- what is left in disorder is put in order
INSERT INTO item (author_id, book_id, position) VALUES (1, 51, 2), (1, 52, 100);
SELECT list FROM lists WHERE author_id = 1;
UPDATE item SET position = -5 WHERE author_id = 1 AND book_id = 52;
SELECT list FROM lists WHERE author_id = 1;
UPDATE item SET position = NULL WHERE author_id = 1 AND book_id = 52;
SELECT list FROM lists WHERE author_id = 1;
UPDATE item SET author_id = 3, position = 1 WHERE book_id = 2;
TABLE lists;
SELECT m2m_set('author', 1, 'book', ARRAY[50, 4, 51, 60]);
TABLE lists;
SELECT m2m_unlink('author', ARRAY[1, 3], 'book', ARRAY[50, 5]);
TABLE lists;
BEGIN;
SAVEPOINT a;
DELETE FROM item WHERE author_id = 3 AND book_id = 4;
ROLLBACK TO a;
DELETE FROM item WHERE author_id = 3 AND book_id = 6;
COMMIT;
TABLE lists;
DELETE FROM book WHERE id IN (6, 51);
DELETE FROM author WHERE id = 99;
TABLE lists;
SELECT m2m_clear('author', 1, 'book');
-- both paths, and both ways of asking
SELECT m2m_load('author', 'book', 'SELECT 1 + i % 3, i FROM generate_series(70, 99) i');
SET m2m.direct_path = off;
SELECT m2m_load('author', 'book', 'SELECT 1 + i % 3, i FROM generate_series(100, 129) i');
RESET m2m.direct_path;
SELECT author_id, min(position), max(position), count(*), count(DISTINCT position) FROM item GROUP BY 1 ORDER BY 1;
SELECT * FROM m2m_check();
-- what comes in past triggers is found, and mended
ALTER TABLE item DISABLE TRIGGER USER;
UPDATE item SET position = 7;
ALTER TABLE item ENABLE TRIGGER USER;
SELECT severity, finding, remedy FROM m2m_check();
SELECT severity, finding, remedy FROM m2m_repair('item');
SELECT author_id, min(position), max(position), count(*), count(DISTINCT position) FROM item GROUP BY 1 ORDER BY 1;
-- from 0, as those that are there begin
TRUNCATE item;
SELECT m2m_drop_rule('item', 'm2m_order_author');
\d item
ALTER TABLE item RENAME COLUMN position TO books_order;
SELECT m2m_order('item', 'author', 'books_order', dense => true);
SELECT m2m_link('author', 1, 'book', ARRAY[3, 2, 1]);
SELECT m2m_move('author', 1, 'book', 1, at => 1);
SELECT book_id, books_order FROM item ORDER BY 2;
-- the column goes, and the order with it
ALTER TABLE item DROP COLUMN books_order CASCADE;
SELECT m2m_link('author', 1, 'book', 9), m2m_unlink('author', 1, 'book', 1);
SELECT severity, finding, remedy FROM m2m_check();
SELECT m2m_drop_rule('item', 'm2m_order_author');
SELECT count(*) FROM m2m_check();
-- sparse in a column that is there: numbers are kept, null comes last
ALTER TABLE item ADD COLUMN place bigint;
UPDATE item SET place = 10 - book_id WHERE book_id < 9;
SELECT m2m_order('item', 'author', 'place');
SELECT book_id, place FROM item ORDER BY 2;
-- numbers of others' that new links would come before
INSERT INTO item (author_id, book_id, place) VALUES (1, 10, 1000000000000);
SELECT m2m_link('author', 1, 'book', 11);
SELECT severity, finding, remedy FROM m2m_check();
SELECT severity, finding, remedy FROM m2m_repair('item');
SELECT m2m_link('author', 1, 'book', 12);
SELECT book_id, place FROM item ORDER BY 2;
-- in transactions that see what was when they began
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT m2m_move('author', 1, 'book', 12, at => 1);
SELECT m2m_set('author', 1, 'book', ARRAY[9, 10, 3, 12]);
COMMIT;
SELECT book_id FROM item ORDER BY place;
-- with history and counter beside it
SELECT m2m_history('item'), m2m_counter('item', 'author'), m2m_limit('item', 'author', max => 4);
SELECT m2m_move('author', 1, 'book', 12, at => 1);
SELECT m2m_link('author', 3, 'book', ARRAY[2, 1]);
SELECT author_id, book_id, (properties->>'place')::bigint = (SELECT place FROM item i WHERE (i.author_id, i.book_id) = (h.author_id, h.book_id)) AS as_is
	FROM item_history h WHERE upper_inf(during) ORDER BY 1, 2;
SELECT m2m_link('author', 1, 'book', 15);
-- temporary
CREATE TEMP TABLE t1 (id int PRIMARY KEY);
CREATE TEMP TABLE t2 (id int PRIMARY KEY);
INSERT INTO t1 VALUES (1);
INSERT INTO t2 SELECT generate_series(1, 3);
SELECT m2m_create('t1', 't2');
SELECT m2m_order('t1_t2', 't1');
SELECT m2m_link('t1', 1, 't2', ARRAY[3, 1, 2]), m2m_move('t1', 1, 't2', 2, at => 2);
SELECT t2_id FROM t1_t2 ORDER BY t2_position;
-- what a trigger of a user's shifts in turn is put in order, too
CREATE TABLE shelf (id int PRIMARY KEY);
CREATE TABLE thing (id int PRIMARY KEY);
INSERT INTO shelf VALUES (1), (2);
INSERT INTO thing SELECT generate_series(1, 3);
SELECT m2m_create('shelf', 'thing');
SELECT m2m_order('shelf_thing', 'shelf', dense => true);
SELECT m2m_link('shelf', ARRAY[1, 1, 1, 2, 2, 2], 'thing', ARRAY[1, 2, 3, 1, 2, 3]);
CREATE FUNCTION shift() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE shelf_thing SET thing_position = thing_position + 10 WHERE shelf_id = 2 AND thing_id > 1;
	RETURN NULL;
END$$;
CREATE TRIGGER shift AFTER UPDATE ON shelf_thing FOR EACH ROW WHEN (NEW.shelf_id = 1) EXECUTE FUNCTION shift();
SELECT m2m_move('shelf', 1, 'thing', 3, at => 1);
SELECT shelf_id, array_agg(thing_id ORDER BY thing_position), array_agg(thing_position ORDER BY thing_position) FROM shelf_thing GROUP BY 1 ORDER BY 1;
DROP TRIGGER shift ON shelf_thing;
-- one that shifts whatever is written: the commit has an end, and no order that is not dense
\set VERBOSITY terse
CREATE TRIGGER shift AFTER UPDATE ON shelf_thing FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION shift();
SELECT m2m_move('shelf', 1, 'thing', 3, at => 3);
\set VERBOSITY default
SELECT shelf_id, array_agg(thing_id ORDER BY thing_position), array_agg(thing_position ORDER BY thing_position) FROM shelf_thing GROUP BY 1 ORDER BY 1;
DROP TRIGGER shift ON shelf_thing;
-- at the ends of what numbers there are
SELECT m2m_order('shelf_thing', 'shelf');
UPDATE shelf_thing SET thing_position = CASE thing_id WHEN 1 THEN -9223372036854775808 WHEN 3 THEN 9223372036854775807 ELSE 0 END WHERE shelf_id = 1;
SELECT m2m_move('shelf', 1, 'thing', 2, after => 3);
SELECT m2m_move('shelf', 1, 'thing', 2, before => 1);
SELECT m2m_set('shelf', 1, 'thing', ARRAY[2, 3, 1]);
SELECT m2m_move('shelf', 1, 'thing', 3, after => 1);
SELECT thing_id FROM shelf_thing WHERE shelf_id = 1 ORDER BY thing_position;
-- where it cannot be
CREATE TABLE p (author_id int REFERENCES author, book_id bigint REFERENCES book, PRIMARY KEY (author_id, book_id)) PARTITION BY HASH (author_id);
CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT m2m_adopt('p', left_view => 'p_of_author', right_view => 'p_of_book');
SELECT m2m_order('p', 'author');
DROP SCHEMA rule_order CASCADE;
DROP ROLE rule_order_clerk;
