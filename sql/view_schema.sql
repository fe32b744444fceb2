--
-- Link views and link functions in a schema of their own. If this fails, they
-- are made or looked for beside the association although they are not there.
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
CREATE ROLE regress_m2m_maker;
CREATE ROLE regress_m2m_other;
CREATE SCHEMA app AUTHORIZATION regress_m2m_maker;
CREATE SCHEMA links AUTHORIZATION regress_m2m_maker;
CREATE SCHEMA "Links 2" AUTHORIZATION regress_m2m_maker;
CREATE SCHEMA closed;
GRANT USAGE ON SCHEMA oracle TO PUBLIC;
SET ROLE regress_m2m_maker;
SET search_path = app, oracle, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
CREATE TABLE tag (id int PRIMARY KEY);
CREATE TABLE author_books (note text);
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO book VALUES (1, 'Flask'), (2, 'SQL');
INSERT INTO tag VALUES (1);

-- Where everything is
CREATE FUNCTION places() RETURNS TABLE (association regclass, views text, functions text) LANGUAGE sql AS $$
    SELECT r.association, concat_ws(' ', left_view::regclass, right_view::regclass),
           concat_ws(' ', left_function::regprocedure, right_function::regprocedure)
    FROM public.m2m_relationships() r ORDER BY r.association::text COLLATE "C"
$$;

--
-- m2m_create: a view may have the name of an application's table, or of the
-- association
--
SELECT m2m_create('author', 'book');
SET m2m.view_schema = 'links';
SELECT m2m_create('author', 'book');
SELECT m2m_create('author', 'tag', 'author_tags');
SELECT * FROM places();
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]), m2m_link('author', 2, 'tag', 1);
SELECT * FROM links.author_books;
INSERT INTO links.book_authors VALUES (2, 2);
SELECT title FROM author a, links.author_books(a) b WHERE a.id = 2;
TABLE author_books;
SELECT * FROM wrong();
SELECT * FROM m2m_check();
-- What the association is called need not give way
CREATE TABLE series (id int PRIMARY KEY);
SELECT m2m_create('author', 'series');
-- and is found under either name, whatever the setting then
SELECT m2m_create('author', 'series', if_not_exists => true);
SET m2m.view_schema = '';
SELECT m2m_create('series', 'author', if_not_exists => true), m2m_create('book', 'series');
SET m2m.view_schema = 'links';
SELECT m2m_create('book', 'series', if_not_exists => true), m2m_create('series', 'book', naming => 'm2m', if_not_exists => true);
SELECT m2m_drop('book_series_link');
-- What tools are to call it no relation of either schema is called
CREATE TABLE book_author_view ();
SELECT m2m_create('book', 'author', 'tools', left_view => 'book_author', right_view => 'x');
SELECT split_part(obj_description('links.book_author'::regclass), E'\n', 1);
SELECT m2m_drop('tools');
DROP TABLE book_author_view;
-- First use; the schema that is asked for is the association's
SELECT m2m_link('book', 1, 'tag', 1);
RESET ROLE;
CREATE SCHEMA elsewhere AUTHORIZATION regress_m2m_maker;
SET ROLE regress_m2m_maker;
SELECT m2m_create('tag', 'tag', schema => 'elsewhere');
SELECT * FROM places();
-- A name that is taken there
SELECT m2m_create('author', 'book', 'edition');
\echo :SQLSTATE
CREATE FUNCTION links.reader_books(author) RETURNS SETOF book LANGUAGE sql AS 'SELECT NULL::app.book';
SELECT m2m_create('author', 'book', 'reading', left_role => 'reader');
\echo :SQLSTATE
DROP FUNCTION links.reader_books(author);

--
-- Those that are there stay where they are, whatever the setting
--
SET m2m.view_schema = 'Links 2';
SELECT * FROM places();
SELECT m2m_link('author', 2, 'book', 1), m2m_unlink('author', 2, 'book', 1);
SELECT m2m_create('author', 'book', if_not_exists => true);
-- One that is lost comes back beside the other, as m2m_check says
DROP VIEW links.author_books;
DROP FUNCTION links.book_authors(book);
SELECT finding, remedy FROM m2m_check();
SELECT finding FROM m2m_repair();
SELECT * FROM places() WHERE association = 'author_book'::regclass;
DROP VIEW links.author_books;
SELECT m2m_adopt('author_book');
SELECT * FROM places() WHERE association = 'author_book'::regclass;
-- The name taken meanwhile
DROP VIEW links.author_books;
CREATE VIEW links.author_books AS SELECT 1 AS one;
SELECT finding, remedy FROM m2m_check();
DROP VIEW links.author_books;
SELECT finding FROM m2m_repair();
SELECT * FROM m2m_check();

--
-- m2m_adopt: of somebody else's table, and of what is left
--
CREATE TABLE author_tag (author_id int REFERENCES author, tag_id int REFERENCES tag, PRIMARY KEY (author_id, tag_id));
SELECT m2m_adopt('author_tag');
SELECT * FROM places() WHERE association = 'author_tag'::regclass;
-- Names that are taken in that schema only
CREATE TABLE author_book2 (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id));
SET m2m.view_schema = 'links';
SELECT m2m_adopt('author_book2');
SELECT m2m_drop('author_book2');
SET m2m.view_schema = '';
SELECT m2m_adopt('author_book2', left_view => 'author_books2');
SELECT * FROM places() WHERE association = 'author_book2'::regclass;
-- Without the extension views and functions stay; with it again they are taken
-- back from where they are, whatever the setting
DROP TABLE author_book2;
SELECT m2m_drop('author_tag', keep_links => true);
DROP TABLE author_tag;
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA oracle CASCADE;
RESET client_min_messages;
DROP EXTENSION m2m;
CREATE EXTENSION m2m SCHEMA public;
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
SET ROLE regress_m2m_maker;
SELECT * FROM places();
SELECT m2m_adopt('author_book'), m2m_adopt('author_tags', left_view => 'author_tags');
SELECT * FROM places();
SELECT * FROM wrong();
SELECT * FROM m2m_check();
-- A view that reads just so elsewhere, without m2m's function beside it, is its
-- owner's
DROP VIEW links.author_series, links.series_authors;
DROP FUNCTION links.author_series(author), links.series_authors(series);
CREATE VIEW "Links 2".mine AS SELECT l.author_id, r.id FROM author_series l JOIN series r ON r.id = l.series_id;
SELECT m2m_adopt('author_series', left_view => 'all_series');
SELECT m2m_adopt('elsewhere.tag_tag'), m2m_adopt('book_tag');
SELECT * FROM places();
DROP VIEW "Links 2".mine;

--
-- DDL is followed: schemas and views that are renamed or moved, columns, tables
--
CALL remember();
RESET ROLE;
ALTER SCHEMA app RENAME TO app2;
SET search_path = app2, oracle, public;
ALTER SCHEMA links RENAME TO "Li""nks";
SET ROLE regress_m2m_maker;
SELECT * FROM places();
SELECT * FROM wrong();
SELECT * FROM m2m_check();
SELECT title FROM author a, "Li""nks".author_books(a) b WHERE a.id = 2;
RESET ROLE;
ALTER SCHEMA app2 RENAME TO app;
ALTER SCHEMA "Li""nks" RENAME TO links;
SET ROLE regress_m2m_maker;
SET search_path = app, oracle, public;
SELECT * FROM changes();
ALTER TABLE author_book SET SCHEMA elsewhere;
SELECT * FROM places() WHERE association = 'elsewhere.author_book'::regclass;
SELECT * FROM wrong();
ALTER TABLE elsewhere.author_book SET SCHEMA app;
ALTER VIEW links.author_books SET SCHEMA "Links 2";
SELECT * FROM places() WHERE association = 'author_book'::regclass;
SELECT * FROM m2m_check();
ALTER TABLE author RENAME TO writer;
ALTER TABLE writer RENAME name TO full_name;
ALTER TABLE book ALTER title TYPE varchar(50);
ALTER TABLE book ADD COLUMN isbn text;
ALTER TABLE author_book ADD COLUMN share numeric;
ALTER TABLE book ALTER id TYPE bigint;
ALTER TABLE writer DROP COLUMN full_name;
SELECT * FROM places() WHERE association = 'author_book'::regclass;
SELECT * FROM "Links 2".author_books ORDER BY 1, 2;
SELECT * FROM wrong();
SELECT severity, finding FROM m2m_check();
ALTER TABLE writer RENAME TO author;
-- The endpoint is rebuilt
ALTER TABLE book RENAME TO book_old;
CREATE TABLE book (LIKE book_old INCLUDING ALL);
INSERT INTO book SELECT * FROM book_old;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book;
ALTER TABLE book_tag DROP CONSTRAINT book_tag_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book;
DROP TABLE book_old;
SELECT * FROM places();
SELECT * FROM wrong();
SELECT finding FROM m2m_check();
-- A key changes its type in steps: at rest meanwhile, and found again where the
-- function is, although the view was moved
REVOKE EXECUTE ON FUNCTION links.author_books(author) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION links.author_books(author) TO regress_m2m_other;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE book_tag DROP CONSTRAINT book_tag_book_id_fkey;
ALTER TABLE book ALTER id TYPE text;
SELECT severity, finding FROM m2m_check();
ALTER TABLE author_book RENAME TO author_works;
ALTER TABLE author_works ALTER book_id TYPE text;
ALTER TABLE book_tag ALTER book_id TYPE text;
ALTER TABLE author_works ADD FOREIGN KEY (book_id) REFERENCES book;
ALTER TABLE book_tag ADD FOREIGN KEY (book_id) REFERENCES book;
ALTER TABLE author_works RENAME TO author_book;
SELECT * FROM places();
SELECT oid::regprocedure, proacl FROM pg_proc WHERE proname = 'author_books';
SELECT * FROM wrong();
ALTER FUNCTION links.author_books(author) SET SCHEMA "Links 2";
SELECT * FROM places() WHERE association = 'author_book'::regclass;
SELECT * FROM m2m_check();
-- Owners follow; the new one needs no right on the schema for DDL to work
RESET ROLE;
GRANT USAGE ON SCHEMA app TO regress_m2m_other;
GRANT ALL ON author, book TO regress_m2m_other;
ALTER TABLE app.author_book OWNER TO regress_m2m_other;
SELECT relname, relowner::regrole FROM pg_class WHERE oid IN ('"Links 2".author_books'::regclass, 'links.book_authors'::regclass)
UNION ALL SELECT proname, proowner::regrole FROM pg_proc WHERE proname IN ('author_books', 'book_authors') ORDER BY 1;
ALTER TABLE app.book ALTER title TYPE text;
SELECT * FROM wrong();
SELECT finding FROM m2m_check();
ALTER TABLE app.author_book OWNER TO regress_m2m_maker;
SET ROLE regress_m2m_maker;

--
-- DROP: with the tables, wherever they are; of the schema
--
SELECT m2m_drop('author_book');
DROP TABLE author_book;
SELECT * FROM objects('links');
SELECT * FROM objects('"Links 2"');
DROP TABLE author_tags;
DROP TABLE book_tag;
SELECT * FROM objects('links');
DROP SCHEMA elsewhere CASCADE;
SELECT * FROM objects('links');
SET m2m.view_schema = 'links';
SELECT m2m_link('author', 1, 'book', 1);
DROP TABLE author_book, book;
SELECT * FROM objects('links');
CREATE TABLE book (id int PRIMARY KEY, title text);
INSERT INTO book VALUES (1, 'Flask');
SELECT m2m_link('author', 1, 'book', 1);
DROP TABLE book CASCADE;
SELECT * FROM objects('links');
SELECT to_regclass('author_book');
CREATE TABLE book (id int PRIMARY KEY, title text);
INSERT INTO book VALUES (1, 'Flask');
SELECT m2m_link('author', 1, 'book', 1);
-- Without the schema the association is a plain table with its links, that
-- m2m_adopt takes back
DROP SCHEMA links;
DROP SCHEMA links CASCADE;
SELECT * FROM places();
SELECT * FROM m2m_check();
TABLE author_book;
SELECT m2m_adopt('author_book');
\echo :SQLSTATE
SET m2m.view_schema = '';
SELECT m2m_adopt('author_book', left_view => 'author_books2');
SELECT * FROM places();
SELECT m2m_drop('author_book');
DROP TABLE author_book;

--
-- What the setting may be, and whose rights it takes
--
SET m2m.view_schema = 'nowhere';
SELECT m2m_link('author', 1, 'book', 1);
\echo :SQLSTATE
\set VERBOSITY default
SELECT m2m_create('author', 'book');
\set VERBOSITY terse
SET m2m.view_schema = 'closed';
SELECT m2m_create('author', 'book');
\echo :SQLSTATE
CREATE TABLE author_book (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('author_book');
\echo :SQLSTATE
DROP TABLE author_book;
RESET ROLE;
GRANT CREATE ON SCHEMA closed TO regress_m2m_maker;
SET ROLE regress_m2m_maker;
SELECT m2m_create('author', 'book');
\echo :SQLSTATE
RESET ROLE;
GRANT USAGE ON SCHEMA closed TO regress_m2m_maker;
SET ROLE regress_m2m_maker;
SELECT m2m_create('author', 'book');
SELECT * FROM places();
-- Once made, no right on the schema is needed to use the relationship, or to
-- change its tables
RESET ROLE;
REVOKE ALL ON SCHEMA closed FROM regress_m2m_maker;
SET ROLE regress_m2m_maker;
SELECT m2m_link('author', 1, 'book', 1);
ALTER TABLE book ALTER title TYPE varchar(40);
SELECT finding FROM m2m_check();
SELECT left_view IS NOT NULL, right_function IS NOT NULL FROM m2m_relationships();
DROP TABLE author_book;
SELECT * FROM objects('closed');
-- No temporary schema; and a temporary relationship is in its own
RESET ROLE;
GRANT TEMPORARY ON DATABASE :DBNAME TO regress_m2m_maker;
SET ROLE regress_m2m_maker;
CREATE TEMPORARY TABLE t (id int PRIMARY KEY);
SELECT set_config('m2m.view_schema', pg_my_temp_schema()::regnamespace::text, false) LIKE 'pg_temp%' AS set;
DO $$
BEGIN
    PERFORM m2m_create('author', 'book');
EXCEPTION WHEN invalid_table_definition THEN
    RAISE NOTICE '%', regexp_replace(sqlerrm, 'pg_temp_\d+', 'pg_temp');
END $$;
SET m2m.view_schema = 'nowhere';
SELECT m2m_create('t', 't');
SELECT bool_and(relnamespace = pg_my_temp_schema()) FROM m2m_relationships(), pg_class WHERE pg_class.oid IN (left_view, right_view);
DROP TABLE t CASCADE;
RESET m2m.view_schema;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA app, "Links 2", closed, oracle CASCADE;
DROP OWNED BY regress_m2m_maker, regress_m2m_other;
DROP ROLE regress_m2m_maker, regress_m2m_other;
