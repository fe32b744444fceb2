--
-- m2m_counts answers from a counter where that is the caller's answer, and counts
-- where it is not: the same either way
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA counts_kept;
SET search_path = counts_kept, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 50) i;
INSERT INTO book SELECT i, 'b' || i FROM generate_series(1, 50) i;
SELECT m2m_create('author', 'book');
SELECT m2m_load('author', 'book', 'SELECT 1 + i % 40, 1 + i * i % 41 FROM generate_series(1, 400) i');

-- Do counts differ from links, and where from are they?  A counter that is made
-- wrong, and right again, tells
CREATE FUNCTION differ() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(d::text, ' '), 'same') FROM (
		(SELECT 'author', (r.row).id, links FROM m2m_counts(NULL::author, 'book') r
		EXCEPT ALL SELECT 'author', a.id, (SELECT count(*) FROM author_book l WHERE l.author_id = a.id) FROM author a)
		UNION ALL
		(SELECT 'book', (r.row).id, links FROM m2m_counts(NULL::book, 'author') r
		EXCEPT ALL SELECT 'book', b.id, (SELECT count(*) FROM author_book l WHERE l.book_id = b.id) FROM book b)) d $$;
SELECT differ();
SELECT m2m_counter('author_book', 'author', counter => 'books'), m2m_counter('author_book', 'book');
SELECT differ();
SELECT m2m_link('author', 41, 'book', ARRAY[1, 2, 44]), m2m_unlink('author', 1, 'book', 2), m2m_clear('book', 3, 'author');
DELETE FROM author WHERE id = 2;
UPDATE book SET id = 60 WHERE id = 4;
INSERT INTO author VALUES (61);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT m2m_link('author', 61, 'book', ARRAY[1, 2, 44]);
SELECT differ();
COMMIT;
SELECT differ();
SELECT (r.row).*, links FROM m2m_counts(NULL::author, 'book') r WHERE (r.row).id > 40 ORDER BY 1;
SET session_replication_role = replica;
UPDATE author SET books = books + 1000 WHERE id = 41;
INSERT INTO author_book_book_counter VALUES (1, 77, 1000);
-- not where this session's writes are not counted
SELECT differ();
RESET session_replication_role;
SELECT differ();
-- nor where others' have not been
ALTER TABLE author_book DISABLE TRIGGER m2m_counter_author_insert;
ALTER TABLE author_book DISABLE TRIGGER m2m_counter_book_delete;
SELECT differ();
ALTER TABLE author_book ENABLE TRIGGER m2m_counter_author_insert;
ALTER TABLE author_book ENABLE TRIGGER m2m_counter_book_delete;
SELECT differ();
-- nor where they arrive from a publisher
SET allow_system_table_mods = on;
INSERT INTO pg_subscription_rel VALUES (1, 'author_book'::regclass, 'r', NULL);
SELECT differ();
UPDATE pg_subscription_rel SET srrelid = 'author'::regclass;
SELECT differ();
DELETE FROM pg_subscription_rel;
RESET allow_system_table_mods;
-- nor before the counter has heard of them
CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING '%', differ(); RETURN NULL; END $$;
CREATE TRIGGER a_look AFTER INSERT ON author_book FOR EACH STATEMENT EXECUTE FUNCTION look();
INSERT INTO author_book VALUES (3, 50);
DROP TRIGGER a_look ON author_book;

-- The caller's rights: those on the rows, the links and the counter
CREATE ROLE counts_kept_user;
GRANT USAGE ON SCHEMA counts_kept TO counts_kept_user;
GRANT SELECT ON author, book TO counts_kept_user;
SET ROLE counts_kept_user;
SELECT count(*) FROM m2m_counts(NULL::author, 'book');
SELECT count(*) FROM m2m_counts(NULL::book, 'author');
RESET ROLE;
GRANT SELECT ON author_book TO counts_kept_user;
SET ROLE counts_kept_user;
-- the column is a part of the row; the table of slots is not his to read
SELECT differ();
RESET ROLE;
GRANT SELECT ON author_book_book_counter TO counts_kept_user;
SET ROLE counts_kept_user;
SELECT differ();
RESET ROLE;
-- policies on the links, on what they are to, on the slots: counted; on the rows: his rows
ALTER TABLE author_book ENABLE ROW LEVEL SECURITY;
CREATE POLICY several ON author_book FOR SELECT USING (author_id <> 5 AND book_id <> 5);
SET ROLE counts_kept_user;
SELECT differ();
RESET ROLE;
ALTER TABLE author_book DISABLE ROW LEVEL SECURITY;
ALTER TABLE author_book_book_counter ENABLE ROW LEVEL SECURITY;
SET ROLE counts_kept_user;
SELECT differ();
RESET ROLE;
ALTER TABLE author_book_book_counter DISABLE ROW LEVEL SECURITY;
ALTER TABLE author ENABLE ROW LEVEL SECURITY;
CREATE POLICY several ON author USING (id > 40);
SET ROLE counts_kept_user;
SELECT (r.row).id, links FROM m2m_counts(NULL::author, 'book') r ORDER BY 1;
SELECT sum(links) FROM m2m_counts(NULL::book, 'author');
RESET ROLE;
ALTER TABLE author DISABLE ROW LEVEL SECURITY;
SELECT sum(links) - (SELECT count(*) FROM author_book) FROM m2m_counts(NULL::book, 'author');
SELECT count(*) FROM m2m_repair('author_book');
SELECT differ();

-- Renamed, composite, by another type
ALTER TABLE author RENAME COLUMN books TO "number of books";
ALTER TABLE author_book_book_counter RENAME COLUMN book_id TO of_book;
ALTER TABLE author_book RENAME COLUMN book_id TO "Book";
ALTER TABLE book ALTER COLUMN id TYPE bigint;
SELECT sum(links), count(*) FROM m2m_counts(NULL::book, 'author');
SELECT sum(links), count(*) FROM m2m_counts(NULL::author, 'book');
CREATE TABLE room (building text, number int, seats numeric, PRIMARY KEY (building, number));
INSERT INTO room VALUES ('A', 1), ('A', 2), ('B', 1);
SELECT m2m_create('author', 'room');
SELECT m2m_counter('author_room', 'room');
SELECT m2m_link('author', ARRAY[1, 1, 3], 'room', ARRAY[ROW('A', 1), ROW('A', 2), ROW('A', 1)]);
SELECT r.row, links FROM m2m_counts(NULL::room, 'author') r ORDER BY 1;
SELECT m2m_counter('author_room', 'room', counter => 'seats');
SELECT r.row, links FROM m2m_counts(NULL::room, 'author') r ORDER BY 1;
DROP SCHEMA counts_kept CASCADE;
DROP ROLE counts_kept_user;
