--
-- A session with quote_all_identifiers. If this fails, functions of m2m's are
-- not known again by a session that quotes otherwise: they do not follow their
-- tables, and stay when the relationship goes.
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA quoting_all;
SET search_path = quoting_all, public;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int, no int, PRIMARY KEY (id, no));
INSERT INTO author VALUES (1), (2);
INSERT INTO book VALUES (1, 1), (2, 1);
SELECT m2m_create('author', 'book');
SELECT m2m_history('author_book');
SELECT count(*) FROM m2m_expose('author_book');
CREATE VIEW functions AS
	SELECT proname, prosrc ~ 'writer' AS follows, prosrc ~ '"writer"|"quoting_all"' AS quoted FROM pg_proc
	WHERE pronamespace = 'quoting_all'::regnamespace;
SET quote_all_identifiers = on;
SELECT finding FROM m2m_check();
SELECT count(*) FROM m2m_expose('author_book');
ALTER TABLE author RENAME TO writer;
SELECT * FROM functions ORDER BY 1;
SELECT finding FROM m2m_check();
SELECT m2m_link('writer', 1, 'book', ROW(1, 1)), (SELECT count(*) FROM writer w, author_books(w));
RESET quote_all_identifiers;
SELECT finding FROM m2m_check();
ALTER TABLE writer RENAME TO author;
SELECT * FROM functions ORDER BY 1;
SET quote_all_identifiers = on;
SELECT m2m_drop('author_book');
SELECT * FROM functions ORDER BY 1;
-- made by one, seen by the other
SELECT m2m_create('author', 'book');
RESET quote_all_identifiers;
SELECT finding FROM m2m_check();
SELECT left_function, right_function FROM m2m_relationships();
SET client_min_messages = error;
DROP SCHEMA quoting_all CASCADE;
