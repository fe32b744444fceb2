--
-- DROP EXTENSION m2m: relationships are not its members, so it needs no
-- CASCADE, and leaves tables, links and readable views behind
--
\set SHOW_CONTEXT never
SELECT association FROM m2m_relationships();      -- none is left by the other tests
CREATE SCHEMA uninstall;
SET search_path = uninstall, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO book VALUES (1, 'Flask Basics'), (2, 'Advanced Flask');
SELECT m2m_link('author', 1, 'book', 1), m2m_link('author', 2, 'book', ARRAY[1, 2]);
SELECT m2m_create('author', 'author', 'mentoring', left_role => 'mentor', right_role => 'trainee');
SELECT m2m_link('author', 1, 'author', 2);
CREATE TABLE review (author_id int REFERENCES author, book_id int REFERENCES book, stars int);
SELECT m2m_adopt('review', left_role => 'critic', left_view => 'criticised', right_view => 'critics');
SELECT m2m_link('author', 1, 'book', 2, via => 'review', properties => '{"stars": 5}');
-- a view of the user's is no obstacle either
CREATE VIEW titles AS SELECT author_id, title FROM author_books;

SELECT association, origin FROM m2m_relationships() ORDER BY association::text COLLATE "C";
DROP EXTENSION m2m;

-- What is left can be read
TABLE author_book ORDER BY 1, 2;
TABLE author_books ORDER BY 1, 2;
TABLE book_authors ORDER BY 1, 2;
TABLE titles ORDER BY 1, 2;
SELECT a.name, b.title FROM author a, author_books(a) b ORDER BY 1, 2;
SELECT name FROM mentor_trainees;
TABLE criticised;
-- and, but for the views, written
INSERT INTO author_book VALUES (1, 2);
\set VERBOSITY terse
INSERT INTO author_books (author_id, id) VALUES (1, 2);
\echo :SQLSTATE
SELECT m2m_link('author', 1, 'book', 1);
\echo :SQLSTATE
\set VERBOSITY default
-- Nothing of the extension
SELECT count(*) FROM pg_trigger WHERE tgname = 'm2m_link_view';
SELECT count(*) FROM pg_proc WHERE proname ~ '^m2m_';
SELECT evtname FROM pg_event_trigger;

-- Again, in a schema of its own this time, which is not in the search_path
CREATE SCHEMA m2m;
CREATE EXTENSION m2m SCHEMA m2m;
-- The leftovers are plain tables and views now
SELECT association FROM m2m.m2m_relationships();
SELECT m2m.m2m_count('author', 1, 'book');
\echo :SQLSTATE
-- which it takes over again, views and functions as they are
CREATE TEMPORARY TABLE before AS
    SELECT oid, relname AS name FROM pg_class WHERE relnamespace = 'uninstall'::regnamespace
    UNION ALL SELECT oid, proname FROM pg_proc WHERE pronamespace = 'uninstall'::regnamespace;
SELECT m2m.m2m_adopt('author_book');
SELECT m2m.m2m_adopt('mentoring', left_role => 'mentor', right_role => 'trainee');
SELECT m2m.m2m_adopt('review', left_role => 'critic', left_view => 'criticised', right_view => 'critics');
SELECT * FROM (
    SELECT oid, relname AS name FROM pg_class WHERE relnamespace = 'uninstall'::regnamespace
    UNION ALL SELECT oid, proname FROM pg_proc WHERE pronamespace = 'uninstall'::regnamespace) after
FULL JOIN before USING (oid, name) WHERE before.oid IS NULL OR after.oid IS NULL;
SELECT association, left_role, right_role, left_view, right_view, left_function, right_function, origin
FROM m2m.m2m_relationships() ORDER BY association::text COLLATE "C";
SELECT m2m.m2m_link('author', 2, 'book', ARRAY[1, 2], via => 'author_book') AS known,
       m2m.m2m_unlink('author', 1, 'book', 2, via => 'author_book') AS unlinked,
       m2m.m2m_count('author', 2, 'author', role => 'trainee') AS mentors;
INSERT INTO author_books (author_id, id, title) VALUES (1, 3, 'Flask for Real') RETURNING *;
UPDATE criticised SET stars = 4 WHERE author_id = 1 RETURNING *;
DELETE FROM trainee_mentors WHERE trainee_id = 2;
TABLE titles ORDER BY 1, 2;
-- a first use, where nothing of ours is in the search_path
CREATE TABLE shop (id int PRIMARY KEY);
INSERT INTO shop VALUES (1);
SET search_path = pg_catalog;
SELECT m2m.m2m_link('uninstall.shop', 1, 'uninstall.book', 3);
SELECT * FROM uninstall.shop_books;
RESET search_path;

-- It can be rolled back
BEGIN;
DROP EXTENSION m2m;
SELECT count(*) FROM pg_trigger WHERE tgname = 'm2m_link_view';
ROLLBACK;
SELECT m2m.m2m_count('uninstall.shop', 1, 'uninstall.book');
-- DROP SCHEMA takes the extension that is there along
SET client_min_messages = warning;
DROP SCHEMA m2m CASCADE;
RESET client_min_messages;
SELECT extname FROM pg_extension WHERE extname = 'm2m';
SELECT * FROM uninstall.shop_books;
-- What a transaction does after it is not taken for a part of it
CREATE SCHEMA m2m;
CREATE EXTENSION m2m SCHEMA m2m;
SELECT m2m.m2m_adopt('uninstall.shop_book');
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION m2m CASCADE;
CREATE EXTENSION m2m SCHEMA m2m;
DROP VIEW uninstall.shop_books;
COMMIT;
SELECT to_regclass('uninstall.shop_books');
DROP EXTENSION m2m;
DROP SCHEMA m2m;
-- and what it had made is dropped as any tables are
SET client_min_messages = warning;
DROP SCHEMA uninstall CASCADE;
RESET client_min_messages;
