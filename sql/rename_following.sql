--
-- Relationships follow the schema: names and owners.  Views follow renames by
-- themselves; link functions, whose bodies are strings, are made to.
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned

CREATE ROLE regress_m2m_owner;
CREATE ROLE regress_m2m_heir;
CREATE ROLE regress_m2m_reader;
GRANT regress_m2m_heir TO regress_m2m_owner;
CREATE SCHEMA names AUTHORIZATION regress_m2m_owner;
CREATE SCHEMA other AUTHORIZATION regress_m2m_owner;
SET search_path = names, oracle, public;
SET ROLE regress_m2m_owner;
GRANT ALL ON SCHEMA names, other TO regress_m2m_heir;
GRANT USAGE ON SCHEMA names, other TO PUBLIC;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
CREATE TABLE room (building text, number int, PRIMARY KEY (building, number));
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob'), (3, 'Carol');
INSERT INTO book VALUES (1, 'Flask'), (2, 'SQL');
INSERT INTO room VALUES ('A', 1), ('A', 2), ('B', 1);
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]), m2m_link('author', 2, 'book', 2);
SELECT m2m_link('room', ARRAY[ROW('A', 1), ROW('B', 1)], 'author', 1);
SELECT m2m_create('author', 'author', 'mentoring', left_role => 'mentor', right_role => 'trainee');
SELECT m2m_link('author', 1, 'author', ARRAY[2, 3]);

-- What users set of a link function stays, whatever its body
ALTER FUNCTION author_books(author) COST 5 ROWS 55 PARALLEL RESTRICTED SET work_mem = '1MB' SET search_path = '';
ALTER FUNCTION author_books(author) DEPENDS ON EXTENSION m2m;
COMMENT ON FUNCTION author_books(author) IS '$1, $$ and $function$';
GRANT EXECUTE ON FUNCTION author_books(author) TO regress_m2m_reader WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION author_books(author) FROM PUBLIC;
ALTER FUNCTION book_authors(book) STRICT;
GRANT SELECT ON author_books TO regress_m2m_reader;
SELECT * FROM wrong();
CALL remember();

--
-- Tables: both endpoints, the association, by either statement that can
--
ALTER TABLE author RENAME TO writer;
SELECT * FROM wrong();
ALTER TABLE book RENAME TO "Büch \ 'n'";
SELECT * FROM wrong();
ALTER TABLE author_book RENAME TO wrote;
SELECT * FROM wrong();
ALTER TABLE IF EXISTS mentoring RENAME TO author;
SELECT * FROM wrong();
ALTER TABLE room RENAME TO book;
SELECT * FROM wrong();
ALTER INDEX writer RENAME TO scribe;
SELECT * FROM wrong();
SELECT association, left_table, left_role, right_table, right_role, left_view, left_function, right_view, right_function
FROM m2m_relationships() ORDER BY 1::text;
-- calls follow as well, and the roles stay
SELECT m2m_link('"Büch \ ''n''"', 1, 'scribe', 3), m2m_count('scribe', 3, '"Büch \ ''n''"');
SELECT m2m_linked('scribe', 1, 'book', '(B,1)'), m2m_linked('scribe', 1, 'scribe', 2, via => 'author');
SELECT m2m_unlink('scribe', 3, '"Büch \ ''n''"', 1, via => 'wrote');
SELECT title FROM scribe s, author_books(s) WHERE s.id = 1 ORDER BY 1;
-- nothing but names has changed
SELECT object, fact, before, after FROM changes() WHERE object NOT LIKE '%(%' AND object !~ 'author_book$|mentoring|wrote|author$|room_author$' ;
ALTER TABLE scribe RENAME TO writer;
ALTER TABLE book RENAME TO room;
ALTER TABLE author RENAME TO mentoring;
ALTER TABLE wrote RENAME TO author_book;
ALTER TABLE "Büch \ 'n'" RENAME TO book;
ALTER TABLE writer RENAME TO author;
SELECT * FROM changes();
SELECT * FROM wrong();

--
-- Columns, of keys too; two tables at once by swapping
--
ALTER TABLE author RENAME id TO author_no;
ALTER TABLE author_book RENAME author_id TO author_no;
ALTER TABLE room RENAME building TO "the "" house";
ALTER TABLE room_author RENAME room_building TO "the ' house";
SELECT * FROM wrong();
SELECT * FROM changes() WHERE object LIKE '%(%';
ALTER TABLE author RENAME author_no TO id;
ALTER TABLE author_book RENAME author_no TO author_id;
ALTER TABLE room RENAME "the "" house" TO building;
ALTER TABLE room_author RENAME "the ' house" TO room_building;
SELECT * FROM changes();
BEGIN;
ALTER TABLE author RENAME TO tmp;
ALTER TABLE book RENAME TO author;
ALTER TABLE tmp RENAME TO book;
SELECT * FROM wrong();
SELECT m2m_count('author', 2, 'book'), m2m_count('book', 1, 'author');
ROLLBACK;
BEGIN;
ALTER TABLE room_author RENAME room_number TO tmp;
ALTER TABLE room_author RENAME author_id TO room_number;
ALTER TABLE room_author RENAME tmp TO author_id;
SELECT * FROM wrong();
ROLLBACK;

--
-- Schemas: a table moves, or the schema is renamed
--
ALTER TABLE book SET SCHEMA other;
SELECT * FROM wrong();
ALTER TABLE author_book SET SCHEMA other;
SELECT * FROM wrong();
ALTER TABLE IF EXISTS author SET SCHEMA other;
SELECT * FROM wrong();
SELECT association, left_table, right_table, left_view FROM m2m_relationships() ORDER BY 1::text;
SELECT m2m_count('other.author', 1, 'other.book'), m2m_count('other.author', 1, 'room');
RESET ROLE;
ALTER SCHEMA other RENAME TO "an other";
SELECT * FROM wrong();
ALTER SCHEMA names RENAME TO "names.author";
SELECT * FROM wrong();
ALTER SCHEMA "names.author" RENAME TO names;
ALTER SCHEMA "an other" RENAME TO other;
SET ROLE regress_m2m_owner;
ALTER TABLE other.author SET SCHEMA names;
ALTER TABLE other.book SET SCHEMA names;
ALTER TABLE other.author_book SET SCHEMA names;
SELECT * FROM changes();
SELECT * FROM wrong();
-- what is already there is PostgreSQL's error, and nothing has moved
CREATE TABLE other.book ();
ALTER TABLE book SET SCHEMA other;
\echo :SQLSTATE
ALTER TABLE author RENAME TO book;
\echo :SQLSTATE
DROP TABLE other.book;
SELECT * FROM changes();
SELECT * FROM wrong();

--
-- Link views and functions may have any name, and be anywhere
--
BEGIN;
ALTER VIEW author_books RENAME TO works;
ALTER VIEW book_authors SET SCHEMA other;
ALTER TABLE mentor_trainees RENAME TO trainees;
ALTER FUNCTION author_books(author) RENAME TO works_of;
ALTER FUNCTION book_authors(book) SET SCHEMA other;
SELECT left_view, left_function, right_view, right_function FROM m2m_relationships()
WHERE association IN ('author_book'::regclass, 'mentoring'::regclass) ORDER BY association::text;
SELECT * FROM wrong();
ALTER TABLE author RENAME TO writer;
ALTER TABLE book RENAME title TO headline;
ALTER TABLE book RENAME id TO no;
ALTER TABLE book ADD COLUMN pages int;
SELECT * FROM wrong();
ALTER TABLE book DROP COLUMN headline;
ALTER TABLE author_book SET SCHEMA other;
SELECT * FROM wrong();
SELECT left_view, left_function, right_view, right_function FROM m2m_relationships() WHERE association = 'other.author_book'::regclass;
ROLLBACK;
-- a column renamed in the view by the statement meant for tables
BEGIN;
ALTER TABLE author_books RENAME title TO headline;
INSERT INTO alias VALUES ('names.author_books', 'headline', 'r.title');
SELECT * FROM wrong();
ALTER TABLE book ALTER title TYPE varchar(20);
SELECT * FROM wrong();
ROLLBACK;

--
-- Constraints and indexes
--
ALTER TABLE author_book RENAME CONSTRAINT author_book_author_id_fkey TO by;
ALTER TABLE author RENAME CONSTRAINT author_pkey TO pk;
ALTER INDEX author_book_book_id_author_id_idx RENAME TO reverse;
SELECT * FROM wrong();
SELECT m2m_link('author', 9, 'book', 1);
\echo :SQLSTATE
ALTER TABLE author_book RENAME CONSTRAINT by TO author_book_author_id_fkey;

--
-- OWNER: link views and functions go with the association, and keep grants
--
ALTER FUNCTION author_books(author) RESET ALL;
CALL remember();
ALTER TABLE author_book OWNER TO regress_m2m_heir;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_heir;
SELECT m2m_link('author', 3, 'book', 2, via => 'author_book');
RESET ROLE;
SET ROLE regress_m2m_owner;
-- the new owner's views follow what the old one does with his tables, as far
-- as the new one may do so himself
ALTER TABLE book ADD COLUMN year int;
SELECT * FROM wrong();
ALTER TABLE book DROP COLUMN year;
SELECT * FROM wrong();
ALTER TABLE author_book OWNER TO regress_m2m_owner;
SELECT * FROM changes();
-- endpoints, one view, one function alone
ALTER TABLE book OWNER TO regress_m2m_heir;
ALTER TABLE author_book OWNER TO regress_m2m_owner;
SELECT * FROM changes();
SELECT * FROM wrong();
SELECT m2m_count('author', 1, 'book');
ALTER TABLE book ADD COLUMN year int;
ALTER TABLE book RENAME id TO no;
SELECT * FROM wrong();
ALTER TABLE book RENAME no TO id;
ALTER TABLE book DROP COLUMN year;
ALTER TABLE book OWNER TO regress_m2m_owner;
SELECT * FROM changes();
BEGIN;
ALTER FUNCTION author_books(author) OWNER TO regress_m2m_heir;
SELECT * FROM wrong();
ROLLBACK;
-- a function that runs with its owner's rights, or with settings of its own, is
-- not handed over: the old owner could put into it what the new one may do
BEGIN;
ALTER FUNCTION author_books(author) SECURITY DEFINER;
ALTER FUNCTION book_authors(book) SET search_path = trap;
ALTER TABLE author_book OWNER TO regress_m2m_heir;
SELECT proname, proowner::regrole FROM pg_proc WHERE pronamespace = 'names'::regnamespace AND proname LIKE '%author%book%' OR proname = 'book_authors' ORDER BY 1;
SELECT * FROM wrong();
ROLLBACK;
-- not allowed is not allowed, and nothing has happened
SET ROLE regress_m2m_heir;
ALTER TABLE author_book OWNER TO regress_m2m_heir;
\echo :SQLSTATE
ALTER TABLE author RENAME TO writer;
\echo :SQLSTATE
ALTER TABLE author SET SCHEMA other;
\echo :SQLSTATE
SET ROLE regress_m2m_owner;
SELECT * FROM changes();
-- REASSIGN OWNED fires no event trigger
RESET ROLE;
REASSIGN OWNED BY regress_m2m_owner TO regress_m2m_heir;
SELECT DISTINCT after FROM changes() WHERE fact = 'owner';
SELECT * FROM wrong();
ALTER TABLE author RENAME TO writer;
SELECT * FROM wrong();
ALTER TABLE writer RENAME TO author;
REASSIGN OWNED BY regress_m2m_heir TO regress_m2m_owner;
GRANT ALL ON SCHEMA names, other TO regress_m2m_heir;
-- as for the functions' settings, before and after all of this
SELECT * FROM changes();
SELECT * FROM wrong();

--
-- In functions and blocks; rolled back; failing
--
SET ROLE regress_m2m_owner;
BEGIN;
SAVEPOINT s;
ALTER TABLE author RENAME TO writer;
ALTER TABLE writer SET SCHEMA other;
ROLLBACK TO s;
SELECT * FROM wrong();
ALTER TABLE author RENAME TO scribe;
SAVEPOINT t;
ALTER TABLE scribe RENAME TO book;
ROLLBACK TO t;
SELECT * FROM wrong();
ROLLBACK;
DO $$
BEGIN
    ALTER TABLE author RENAME TO writer;
    PERFORM title FROM writer w, author_books(w);
    IF NOT FOUND THEN RAISE 'nothing there'; END IF;
    BEGIN
        ALTER TABLE writer RENAME id TO no;
        ALTER TABLE writer RENAME no TO name;
    EXCEPTION WHEN duplicate_column THEN
        NULL;
    END;
    PERFORM title FROM writer w, author_books(w);
    IF NOT FOUND THEN RAISE 'nothing there'; END IF;
    ALTER TABLE writer RENAME TO author;
END
$$;
SELECT * FROM changes();
SELECT * FROM wrong();

--
-- Under any search_path, with tables, operators and functions of the same
-- names around
--
RESET ROLE;
CREATE SCHEMA trap;
CREATE TABLE trap.author (id int PRIMARY KEY);
CREATE TABLE trap.author_book (author_id int, book_id int);
CREATE FUNCTION trap.trapped(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.trapped);
CREATE FUNCTION trap.quote_ident(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
GRANT ALL ON SCHEMA trap TO PUBLIC;
SET ROLE regress_m2m_owner;
SET search_path = trap, pg_catalog;
ALTER TABLE names.author RENAME TO writer;
ALTER TABLE names.writer RENAME id TO no;
ALTER TABLE names.author_book SET SCHEMA other;
SELECT * FROM oracle.wrong();
SET search_path = '';
ALTER TABLE other.author_book SET SCHEMA names;
ALTER TABLE names.writer RENAME no TO id;
ALTER TABLE names.writer RENAME TO author;
SELECT * FROM oracle.changes();
SELECT * FROM oracle.wrong();
-- another table of that name is meant
SET search_path = trap, names, oracle, public;
RESET ROLE;
ALTER TABLE author RENAME TO writer;
SELECT * FROM changes();
SELECT * FROM wrong();
SET search_path = names, oracle, public;
SET client_min_messages = warning;
DROP SCHEMA trap CASCADE;
RESET client_min_messages;

--
-- The extension, and types, operators and collations that link functions name
--
CREATE SCHEMA elsewhere;
CREATE EXTENSION citext SCHEMA elsewhere;
CREATE COLLATION names.german FROM "C";
GRANT USAGE ON SCHEMA elsewhere TO PUBLIC;
SET ROLE regress_m2m_owner;
CREATE TABLE tag (name elsewhere.citext PRIMARY KEY);
CREATE TABLE word (word text COLLATE german PRIMARY KEY);
CREATE TABLE spelt (tag_name elsewhere.citext NOT NULL REFERENCES tag, word text NOT NULL REFERENCES word, PRIMARY KEY (tag_name, word));
CREATE INDEX ON spelt (word, tag_name);
INSERT INTO tag VALUES ('Web'), ('SQL');
INSERT INTO word VALUES ('x'), ('Y');
SELECT m2m_adopt('spelt');
SELECT m2m_link('tag', 'WEB', 'word', 'x'), m2m_link('tag', 'sql', 'word', 'Y'), m2m_link('book', 1, 'tag', 'web');
RESET ROLE;
SELECT * FROM wrong(but => 'info');
ALTER EXTENSION citext SET SCHEMA other;
SELECT * FROM wrong(but => 'info');
ALTER COLLATION german RENAME TO deutsch;
SELECT * FROM wrong(but => 'info');
ALTER COLLATION deutsch SET SCHEMA other;
SELECT * FROM wrong(but => 'info');
SELECT t.name, word FROM tag t, tag_words(t) ORDER BY 1, 2;
ALTER SCHEMA other RENAME TO another;
SELECT * FROM wrong(but => 'info');
ALTER SCHEMA another RENAME TO other;
-- with m2m itself elsewhere, all goes on
ALTER EXTENSION m2m SET SCHEMA elsewhere;
SET ROLE regress_m2m_owner;
ALTER TABLE author RENAME TO writer;
ALTER TABLE writer ADD COLUMN extra int;
ALTER TABLE writer DROP COLUMN name;
SELECT title FROM writer w, author_books(w) WHERE w.id = 1 ORDER BY 1;
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'book_authors'::regclass;
SELECT elsewhere.m2m_link('writer', 3, 'book', 1);
INSERT INTO book_authors (book_id, id) VALUES (1, 2) RETURNING *;
RESET ROLE;
ALTER EXTENSION m2m SET SCHEMA public;
SELECT * FROM wrong(but => 'info');

SET client_min_messages = warning;
DROP SCHEMA names, other, elsewhere, oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
DROP ROLE regress_m2m_owner, regress_m2m_heir, regress_m2m_reader;
