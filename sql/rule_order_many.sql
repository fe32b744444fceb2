--
-- Order of many links at once: every index leads to all of them, by whatever
-- call they came
--
SET client_min_messages = warning;
CREATE SCHEMA rule_order_many;
SET search_path = rule_order_many, public;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 60);
INSERT INTO book SELECT generate_series(1, 60);
SELECT m2m_create('author', 'book');
SELECT m2m_order('author_book', 'author');
SELECT m2m_order('author_book', 'book');
SELECT indexdef FROM pg_indexes WHERE tablename = 'author_book' ORDER BY 1;

-- Rows that an index does not lead to, and pairs or positions that are there twice
CREATE FUNCTION wrong() RETURNS TABLE (what text, n bigint) LANGUAGE sql SET enable_seqscan = off SET enable_bitmapscan = off AS $$
	SELECT 'by author', (SELECT count(*) FROM author_book) - count(*) FROM author a,
		LATERAL (SELECT FROM author_book WHERE author_id = a.id ORDER BY book_position) l
	UNION ALL SELECT 'by book', (SELECT count(*) FROM author_book) - count(*) FROM book b,
		LATERAL (SELECT FROM author_book WHERE book_id = b.id ORDER BY author_position) l
	UNION ALL SELECT 'pairs', count(*) - count(DISTINCT (author_id, book_id)) FROM author_book
	UNION ALL SELECT 'positions', count(*) - count(DISTINCT (author_id, book_position)) FROM author_book
	UNION ALL SELECT 'positions', count(*) - count(DISTINCT (book_id, author_position)) FROM author_book
$$;

SELECT m2m_load('author', 'book', 'SELECT a, b FROM generate_series(1, 50) a, generate_series(1, 50) b WHERE (a + b) % 3 = 0 ORDER BY random()');
SELECT * FROM wrong();
SELECT m2m_load('author', 'book', 'SELECT a, b FROM generate_series(1, 50) a, generate_series(1, 50) b WHERE (a + b) % 3 < 2 ORDER BY random()');
SELECT * FROM wrong();
SELECT m2m_load('author', 'book', 'SELECT a, b FROM generate_series(1, 50) a, generate_series(1, 50) b ORDER BY random()', exclusive => true);
SELECT * FROM wrong();
SELECT count(m2m_set('author', a, 'book', ARRAY[60, 55, 50, 1, a])) FROM generate_series(1, 20) a;
SELECT count(m2m_set('book', b, 'author', (SELECT array_agg(i) FROM generate_series(11, 60) i))) FROM generate_series(51, 55) b;
SELECT * FROM wrong();
SET work_mem = 64;
TRUNCATE author_book;
SELECT m2m_load('author', 'book', 'SELECT a, b FROM generate_series(1, 60) a, generate_series(1, 60) b ORDER BY random()');
SELECT * FROM wrong();
RESET work_mem;

-- what a call has made is in order for both
SELECT array_agg(book_id ORDER BY book_position) = ARRAY(SELECT generate_series(1, 60)) AS by_author FROM author_book WHERE author_id = 1;
SELECT array_agg(author_id ORDER BY author_position) = ARRAY(SELECT generate_series(1, 60)) AS by_book FROM author_book WHERE book_id = 60;
SELECT * FROM m2m_check('author_book');

SET client_min_messages = error;
DROP SCHEMA rule_order_many CASCADE;
