--
-- The column of an order: of integers as of bigints, as other tools make it;
-- smallint without gaps; and links of a dense order are written once
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_order_columns;
SET search_path = rule_order_columns, public;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id bigint PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 100);
INSERT INTO book SELECT generate_series(1, 5000);
-- django-sortedm2m's table: integers, without a word of dense
CREATE TABLE author_books (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author ON DELETE CASCADE,
	book_id bigint NOT NULL REFERENCES book ON DELETE CASCADE, sort_value int NOT NULL, UNIQUE (author_id, book_id));
INSERT INTO author_books (author_id, book_id, sort_value) VALUES (1, 5, 1), (1, 4, 2), (1, 3, 3), (1, 2, 4), (2, 1, 1);
SELECT m2m_adopt('author_books', left_view => 'books_of', right_view => 'authors_of');
SELECT m2m_order('author_books', 'author', 'sort_value');
\d author_books
SELECT book_id, sort_value FROM author_books WHERE author_id = 1 ORDER BY sort_value;
CREATE FUNCTION list(int) RETURNS text VOLATILE LANGUAGE sql AS
	'SELECT string_agg(b.id::text, '' '') FROM author a, books_of(a) b WHERE a.id = $1';
SELECT m2m_link('author', 1, 'book', ARRAY[9, 8]), list(1);
SELECT m2m_move('author', 1, 'book', 9, after => 5), list(1);
SELECT m2m_move('author', 1, 'book', 8, before => 9), list(1);
SELECT m2m_move('author', 1, 'book', 2, at => 1), list(1);
-- as sortedm2m appends, and sets anew
INSERT INTO author_books (author_id, book_id, sort_value) SELECT 1, 10, max(sort_value) + 1 FROM author_books WHERE author_id = 1;
SELECT m2m_link('author', 1, 'book', 11), list(1);
SELECT (m2m_set('author', 1, 'book', ARRAY[11, 3, 2, 5])).kept, list(1);
UPDATE author_books SET sort_value = sort_value + 1 WHERE author_id = 1;
SELECT list(1);
SELECT * FROM m2m_check();
-- random moves, where numbers are few
CREATE FUNCTION random_moves(seed float8, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want bigint[] := '{1,2,3,4,5,6,7,8,9,10,11,12}';
	have bigint[];
	x bigint;
	y bigint;
	k int;
BEGIN
	PERFORM setseed(seed);
	PERFORM m2m_set('author', 6, 'book', want);
	FOR i IN 1..n LOOP
		x := want[1 + floor(random() * cardinality(want))];
		y := want[1 + floor(random() * cardinality(want))];
		k := floor(random() * 4);
		IF k = 3 AND random() < 0.2 THEN
			SELECT array_agg(u ORDER BY random()) INTO want FROM unnest(want) u;
			PERFORM m2m_set('author', 6, 'book', want);
		ELSIF x = y THEN
			CONTINUE;
		ELSIF k = 0 THEN
			PERFORM m2m_move('author', 6, 'book', x, before => y);
			want := array_remove(want, x);
			k := array_position(want, y);
			want := want[:k - 1] || x || want[k:];
		ELSIF k = 1 THEN
			PERFORM m2m_move('author', 6, 'book', x, after => y);
			want := array_remove(want, x);
			k := array_position(want, y);
			want := want[:k] || x || want[k + 1:];
		ELSE
			k := 1 + floor(random() * 12);
			PERFORM m2m_move('author', 6, 'book', x, at => k);
			want := array_remove(want, x);
			want := want[:k - 1] || x || want[k:];
		END IF;
		SELECT array_agg(b.id) INTO have FROM author a, books_of(a) b WHERE a.id = 6;
		IF have IS DISTINCT FROM want THEN
			RETURN format('%s: %s instead of %s', i, have, want);
		END IF;
		IF EXISTS (SELECT FROM author_books WHERE author_id = 6 GROUP BY sort_value HAVING count(*) > 1) THEN
			RETURN format('%s: a number twice', i);
		END IF;
	END LOOP;
	RETURN 'as it should be';
END $$;
SELECT random_moves(0.1, 300), random_moves(0.2, 300), random_moves(-0.7, 300);
-- a long list without any room: between the last, more than the sequence's next
INSERT INTO author_books (author_id, book_id, sort_value) SELECT 7, i, i FROM generate_series(1, 4000) i;
SELECT m2m_move('author', 7, 'book', 4000, after => 10), m2m_move('author', 7, 'book', 3999, after => 3980);
SELECT string_agg(id::text, ' ') FROM (SELECT b.id FROM author a, books_of(a) b WHERE a.id = 7 LIMIT 14) l;
SELECT string_agg(id::text, ' ') FROM (SELECT b.id FROM author a, books_of(a) b WHERE a.id = 7 OFFSET 3978) l;
SELECT count(*) - count(DISTINCT sort_value) AS doubles FROM author_books WHERE author_id = 7;
-- at the end of what the type holds
SELECT last_value AS last FROM author_books_sort_value_seq \gset
SELECT setval(pg_get_serial_sequence('author_books', 'sort_value'), 1700000000);
SELECT severity, finding, remedy FROM m2m_check('author_books') WHERE finding LIKE '%order%';
SELECT setval(pg_get_serial_sequence('author_books', 'sort_value'), :last) > 0 AS back;
UPDATE author_books SET sort_value = -2147483648 WHERE author_id = 2;
SELECT m2m_link('author', 2, 'book', 2), m2m_move('author', 2, 'book', 2, at => 1);
SELECT m2m_drop_rule('author_books', 'm2m_order_author', keep => true);
INSERT INTO author_books (author_id, book_id, sort_value) VALUES (3, 1, 2000000000);
SELECT m2m_order('author_books', 'author', 'sort_value');
-- as it says
ALTER TABLE author_books ALTER COLUMN sort_value TYPE bigint;
SELECT m2m_order('author_books', 'author', 'sort_value');
SELECT m2m_link('author', 3, 'book', 2), list(3);
SELECT m2m_drop_rule('author_books', 'm2m_order_author', keep => true);
-- smallint: either is done as the hint says
CREATE TABLE small (author_id int REFERENCES author, book_id bigint REFERENCES book, place smallint, PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('small', left_view => 'small_of', right_view => 'small_to');
SELECT m2m_order('small', 'author', 'place');
SELECT m2m_order('rule_order_columns.small', 'author', 'place', dense => true);
SELECT m2m_link('author', 1, 'book', ARRAY[3, 2, 1], via => 'small');
SELECT * FROM small ORDER BY place;
SELECT m2m_drop_rule('small', 'm2m_order_author', keep => true);
ALTER TABLE rule_order_columns.small ALTER COLUMN place TYPE bigint;
SELECT m2m_order('small', 'author', 'place');
SELECT m2m_link('author', 1, 'book', 4, via => 'small');
SELECT book_id FROM small ORDER BY place;
-- what the direct path links in a dense order has its number at once, in both
CREATE TABLE dense (author_id int REFERENCES author, book_id bigint REFERENCES book, place int, rank bigint, PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('dense', left_view => 'dense_of', right_view => 'dense_to');
SELECT m2m_order('dense', 'author', 'place', dense => true), m2m_order('dense', 'book', 'rank', dense => true);
BEGIN;
SELECT m2m_load('author', 'book', 'SELECT i % 50 + 1, i / 50 + 1 FROM generate_series(0, 999) i', via => 'dense');
SELECT m2m_link('author', 2, 'book', ARRAY[100, 101], via => 'dense'), m2m_link('author', 51, 'book', 7, via => 'dense');
SELECT pg_stat_get_xact_tuples_updated('dense'::regclass) AS written_again;
COMMIT;
SELECT min(place), max(place), min(rank), max(rank) FROM dense;
SELECT count(*) FROM dense WHERE place <> book_id AND book_id < 100 AND author_id <= 50 OR rank <> author_id AND book_id < 100;
SELECT * FROM dense WHERE author_id IN (2, 51) AND place > 20 OR author_id = 51 ORDER BY 1, 2;
SELECT * FROM m2m_check();
-- behind numbers that the same transaction has written, or left free
BEGIN;
UPDATE dense SET place = place + 5 WHERE author_id = 3;
DELETE FROM dense WHERE author_id = 4 AND book_id < 5;
SELECT m2m_link('author', ARRAY[3, 4], 'book', ARRAY[200, 200], via => 'dense');
SELECT author_id, book_id, place FROM dense WHERE author_id IN (3, 4) AND book_id >= 19 ORDER BY 1, 2;
COMMIT;
SELECT author_id, book_id, place FROM dense WHERE author_id IN (3, 4) AND book_id >= 19 ORDER BY 1, 2;
-- what a transaction has left is not amiss before it commits, and to others never
BEGIN;
DELETE FROM dense WHERE author_id = 5 AND book_id = 3;
SELECT place FROM dense WHERE author_id = 5 AND book_id = 4;
SELECT * FROM m2m_check('dense');
COMMIT;
SELECT place FROM dense WHERE author_id = 5 AND book_id = 4;
BEGIN;
ALTER TABLE dense DISABLE TRIGGER ALL;
DELETE FROM dense WHERE author_id = 5 AND book_id = 4;
ALTER TABLE dense ENABLE TRIGGER ALL;
SELECT severity, finding FROM m2m_check('dense') ORDER BY 2;
COMMIT;
SELECT finding FROM m2m_repair('dense') ORDER BY 1;
SELECT place FROM dense WHERE author_id = 5 AND book_id = 5;
-- text keys
CREATE TABLE tag (name text PRIMARY KEY);
INSERT INTO tag SELECT 't' || i FROM generate_series(1, 20) i;
SELECT m2m_create('tag', 'book');
SELECT m2m_order('tag_book', 'tag', dense => true);
SELECT m2m_link('tag', 't' || i % 3 + 1, 'book', i) FROM generate_series(1, 9) i;
SELECT m2m_link('tag', array_agg('t' || i % 3 + 1), 'book', array_agg(i)) FROM generate_series(5, 15) i;
SELECT tag_name, string_agg(book_id || '@' || book_position, ' ' ORDER BY book_position) FROM tag_book GROUP BY 1 ORDER BY 1;
-- an index of these columns that cannot be read by its order
DROP INDEX tag_book_tag_order;
CREATE INDEX ON tag_book USING brin (tag_name, book_position);
SELECT m2m_link('tag', 't4', 'book', 1), m2m_link('tag', 't4', 'book', ARRAY[2, 3]);
SELECT book_id, book_position FROM tag_book WHERE tag_name = 't4' ORDER BY 2;
DROP SCHEMA rule_order_columns CASCADE;
