--
-- Statements that write links within statements that do: by functions, by
-- triggers of users, by hand-written counters; a rule is told of the inner one
-- first, and still holds
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_nested;
SET search_path = rule_nested, public;
CREATE TABLE author (id int PRIMARY KEY, books int NOT NULL DEFAULT 0);
CREATE TABLE book (id int PRIMARY KEY, authors int NOT NULL DEFAULT 0);
INSERT INTO author SELECT generate_series(1, 20);
INSERT INTO book SELECT generate_series(1, 20);
SELECT m2m_create('author', 'book');
ALTER TABLE author_book ADD COLUMN n int;
-- the same where a pair may have several links
CREATE TABLE part (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, n int,
	id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
SELECT m2m_adopt('part', left_view => 'parts_of_author', right_view => 'parts_of_book');
SELECT m2m_counter('author_book', 'author', counter => 'books'), m2m_counter('author_book', 'book', counter => 'authors'),
	m2m_limit('author_book', 'author', max => 6), m2m_history('author_book'),
	m2m_counter('part', 'author'), m2m_counter('part', 'book'), m2m_history('part');
CREATE VIEW wrong AS
	SELECT 'author' AS what, id AS a, NULL::int AS b, books::text AS kept, (SELECT count(*) FROM author_book WHERE author_id = a.id)::text AS is
	FROM author a WHERE books <> (SELECT count(*) FROM author_book WHERE author_id = a.id)
	UNION ALL SELECT 'book', id, NULL, authors::text, (SELECT count(*) FROM author_book WHERE book_id = b.id)::text
	FROM book b WHERE authors <> (SELECT count(*) FROM author_book WHERE book_id = b.id)
	UNION ALL SELECT 'slots', author_id, NULL, c.n::text, l.n::text
	FROM (SELECT author_id, sum(n) AS n FROM part_author_counter GROUP BY 1) c
	FULL JOIN (SELECT author_id, count(*) AS n FROM part GROUP BY 1) l USING (author_id) WHERE coalesce(c.n, 0) <> coalesce(l.n, 0)
	UNION ALL SELECT 'history', author_id, book_id, h.p, l.p
	FROM (SELECT author_id, book_id, string_agg(coalesce(properties->>'n', '-'), ' ' ORDER BY properties->>'n') AS p
		FROM author_book_history WHERE to_xid IS NULL GROUP BY 1, 2) h
	FULL JOIN (SELECT author_id, book_id, string_agg(coalesce(n::text, '-'), ' ' ORDER BY n::text) AS p
		FROM author_book GROUP BY 1, 2) l USING (author_id, book_id) WHERE h.p IS DISTINCT FROM l.p
	UNION ALL SELECT 'history of parts', author_id, book_id, h.p, l.p
	FROM (SELECT author_id, book_id, string_agg(concat(properties->>'id', '=', properties->>'n'), ' ' ORDER BY properties->>'id') AS p
		FROM part_history WHERE to_xid IS NULL GROUP BY 1, 2) h
	FULL JOIN (SELECT author_id, book_id, string_agg(concat(id, '=', n), ' ' ORDER BY id::text) AS p
		FROM part GROUP BY 1, 2) l USING (author_id, book_id) WHERE h.p IS DISTINCT FROM l.p;
CREATE FUNCTION run(command text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	EXECUTE command;
	GET DIAGNOSTICS n = ROW_COUNT;
	RETURN n;
END $$;

-- a function within the statement
INSERT INTO author_book VALUES (1, 1, 3), (1, 2, NULL), (2, 1, NULL);
INSERT INTO part VALUES (1, 1, 3), (1, 1, 4), (1, 1, 3);
WITH d AS (DELETE FROM author_book WHERE author_id = 1 RETURNING *)
	SELECT count(*), run('INSERT INTO author_book VALUES (1, 1)') FROM d;
SELECT author_id, book_id, properties, to_xid IS NULL AS open FROM author_book_history ORDER BY history_id;
WITH d AS (DELETE FROM author_book WHERE author_id = 1 RETURNING *)
	SELECT count(*), run('INSERT INTO author_book VALUES (1, 1)'), run('UPDATE author_book SET n = 8 WHERE author_id = 1') FROM d;
WITH d AS (DELETE FROM part WHERE author_id = 1 AND id < 3 RETURNING *)
	SELECT count(*), run('INSERT INTO part VALUES (1, 1, 9), (1, 1, 3)'), run('UPDATE part SET n = 8 WHERE n = 9') FROM d;
WITH i AS (INSERT INTO author_book VALUES (3, 1, 1), (3, 2, 1), (3, 3, 1) RETURNING *)
	SELECT count(*), run('DELETE FROM author_book WHERE author_id = 3 AND book_id = 1'),
		run('UPDATE author_book SET n = 2 WHERE author_id = 3 AND book_id = 2'),
		run('UPDATE author_book SET book_id = 4 WHERE author_id = 3 AND book_id = 3') FROM i;
WITH i AS (INSERT INTO part VALUES (3, 1, 1), (3, 1, 1), (3, 3, 1) RETURNING *)
	SELECT count(*), run('DELETE FROM part WHERE id = (SELECT min(id) FROM part WHERE author_id = 3)'),
		run('UPDATE part SET n = 2 WHERE author_id = 3 AND book_id = 1'),
		run('UPDATE part SET book_id = 4 WHERE author_id = 3 AND book_id = 3') FROM i;
WITH u AS (UPDATE author_book SET book_id = book_id + 5 WHERE author_id = 3 RETURNING *)
	SELECT count(*), run('UPDATE author_book SET book_id = 20 WHERE author_id = 3 AND book_id = 7'),
		run('DELETE FROM author_book WHERE author_id = 3 AND book_id = 9') FROM u;
SELECT * FROM wrong;

-- triggers of users
CREATE FUNCTION only_two() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM author_book WHERE author_id = NEW.author_id AND book_id < NEW.book_id - 1;
	RETURN NULL;
END $$;
CREATE TRIGGER a_only_two AFTER INSERT ON author_book FOR EACH ROW EXECUTE FUNCTION only_two();
INSERT INTO author_book SELECT 4, i FROM generate_series(1, 6) i;
SELECT m2m_link('author', 4, 'book', ARRAY[7, 8, 9], via => 'author_book');
INSERT INTO author_books (author_id, id) SELECT 5, i FROM generate_series(6, 1, -1) i;
SELECT author_id, book_id FROM author_book WHERE author_id IN (4, 5) ORDER BY 1, 2;
SELECT * FROM wrong;
DROP TRIGGER a_only_two ON author_book;
CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE author_book SET n = NEW.book_id WHERE (author_id, book_id) = (NEW.author_id, NEW.book_id);
	RETURN NULL;
END $$;
CREATE TRIGGER z_number AFTER INSERT ON author_book FOR EACH ROW EXECUTE FUNCTION number();
INSERT INTO author_book SELECT 6, i FROM generate_series(1, 4) i;
DELETE FROM author_book WHERE author_id = 6 AND book_id = 4;
SELECT book_id, properties, to_xid IS NULL AS open FROM author_book_history WHERE author_id = 6 ORDER BY 1, history_id;
DROP TRIGGER z_number ON author_book;
SELECT * FROM wrong;

-- a counter by hand, on the same column
CREATE FUNCTION count_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'INSERT' THEN
		UPDATE book SET authors = authors + 1 WHERE id = NEW.book_id;
	ELSE
		UPDATE book SET authors = authors - 1 WHERE id = OLD.book_id;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER count_book AFTER INSERT OR DELETE ON author_book FOR EACH ROW EXECUTE FUNCTION count_book();
INSERT INTO author_book VALUES (7, 10), (8, 10);
SELECT id, authors FROM book WHERE id = 10;
SELECT m2m_link('book', 10, 'author', ARRAY[9, 11, 12], via => 'author_book'), m2m_unlink('book', 10, 'author', ARRAY[7, 8], via => 'author_book');
SELECT m2m_set('book', 10, 'author', ARRAY[9, 14, 15, 16], via => 'author_book');
BEGIN;
DELETE FROM author_book WHERE book_id = 10 AND author_id < 12;
INSERT INTO author_book VALUES (7, 10), (8, 10);
COMMIT;
SELECT * FROM wrong;
DROP TRIGGER count_book ON author_book;

-- a trigger on the counter's own table, within the counter's statement: it makes
-- a link, it writes another row's counter, and that of another relationship
CREATE TABLE shelf (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
INSERT INTO shelf SELECT generate_series(1, 5);
SELECT m2m_create('shelf', 'author', name => 'shelf_author');
SELECT m2m_counter('shelf_author', 'shelf', counter => 'n');
SELECT m2m_link('shelf', 1, 'author', ARRAY[1, 2]);
CREATE FUNCTION book_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() < 3 THEN
		UPDATE shelf SET n = 77 WHERE id = 1;
		UPDATE book SET authors = 55 WHERE id = 20;
		INSERT INTO author_book VALUES (13, NEW.id) ON CONFLICT DO NOTHING;
		INSERT INTO shelf_author (shelf_id, author_id) VALUES (2, NEW.id) ON CONFLICT DO NOTHING;
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER counted AFTER UPDATE ON book FOR EACH ROW EXECUTE FUNCTION book_counted();
INSERT INTO author_book VALUES (1, 12), (1, 13);
SELECT m2m_link('author', 2, 'book', ARRAY[12, 14, 15], via => 'author_book');
SELECT id, n FROM shelf WHERE n > 0 ORDER BY 1;
SELECT * FROM wrong;
DROP TRIGGER counted ON book;

-- an inner statement that is undone
CREATE FUNCTION undone(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RAISE EXCEPTION 'undone';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;
WITH d AS (DELETE FROM author_book WHERE author_id = 2 RETURNING *)
	SELECT count(*), undone('INSERT INTO author_book VALUES (2, 12, 5)'), undone('DELETE FROM author_book'),
		undone('INSERT INTO author_book SELECT 2, i FROM generate_series(1, 9) i'),
		undone('UPDATE book SET authors = 4') FROM d;
SELECT * FROM wrong;
SELECT * FROM m2m_check();
SET client_min_messages = error;
DROP SCHEMA rule_nested CASCADE;
