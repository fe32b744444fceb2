--
-- m2m_rename: a relationship gets other names, all of its parts together
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\pset format unaligned
CREATE ROLE regress_m2m_namer;
CREATE ROLE regress_m2m_reader;
CREATE SCHEMA renamed AUTHORIZATION regress_m2m_namer;
SET search_path = renamed, oracle, public;
SET ROLE regress_m2m_namer;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text, author_id int);
INSERT INTO author VALUES (1, 'Ann'), (2, 'Ben');
INSERT INTO book VALUES (1, 'SQL'), (2, 'C');
-- All names there are, of what is called after them.
CREATE VIEW names AS
    SELECT association, left_role || ', ' || right_role AS roles, left_view, left_function, right_view, right_function
    FROM m2m_relationships();
CREATE FUNCTION parts(tab regclass) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT conname::text FROM pg_constraint WHERE conrelid = tab AND contype <> 'n'
    UNION SELECT relname::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = tab ORDER BY 1
$$;

SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]);
GRANT USAGE ON SCHEMA renamed TO regress_m2m_reader;
GRANT SELECT ON author_books TO regress_m2m_reader;
GRANT EXECUTE ON FUNCTION author_books(author) TO regress_m2m_reader;
COMMENT ON FUNCTION author_books(author) IS 'mine';
CREATE VIEW mine AS SELECT author_id, title FROM author_books;
CREATE FUNCTION own_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER own AFTER INSERT ON author_book EXECUTE FUNCTION own_trigger();
ALTER VIEW book_authors ALTER name SET DEFAULT 'none';
ALTER TRIGGER m2m_link_view ON book_authors RENAME TO other_name;
TABLE names;
SELECT * FROM parts('author_book');

-- The association alone; its key, foreign keys and index go with it
SELECT m2m_rename('author_book', 'authorship');
TABLE names;
SELECT * FROM parts('authorship');
SELECT * FROM wrong();
-- The roles: the views and functions follow, columns keep their names
SELECT m2m_rename('authorship', left_role => 'writer', right_role => 'volume');
TABLE names;
SELECT column_name FROM information_schema.columns WHERE table_schema = 'renamed' AND table_name IN ('authorship', 'writer_volumes')
ORDER BY table_name, ordinal_position;
SELECT tgrelid::regclass, tgname, encode(tgargs, 'escape') AS arguments,
       array(SELECT e.extname FROM pg_depend JOIN pg_extension e ON e.oid = refobjid WHERE classid = 'pg_trigger'::regclass AND objid = t.oid AND deptype = 'x') AS extension
FROM pg_trigger t WHERE tgname IN ('m2m_link_view', 'other_name') ORDER BY 1;
SELECT obj_description('authorship'::regclass);
SELECT obj_description('writer_volumes'::regclass), col_description('writer_volumes'::regclass, 1);
SELECT obj_description(oid) FROM pg_trigger WHERE tgrelid = 'writer_volumes'::regclass AND tgname = 'm2m_link_view';
SELECT obj_description('writer_volumes(author)'::regprocedure), obj_description('volume_writers(book)'::regprocedure);
-- all that others did stays
SELECT has_table_privilege('regress_m2m_reader', 'writer_volumes', 'SELECT'), has_function_privilege('regress_m2m_reader', 'writer_volumes(author)', 'EXECUTE');
SELECT column_default FROM information_schema.columns WHERE table_name = 'volume_writers' AND column_name = 'name';
SELECT * FROM mine ORDER BY title;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'authorship'::regclass AND NOT tgisinternal;
-- and the relationship works
SELECT m2m_link('author', 2, 'book', 2), m2m_linked('book', 2, 'author', 1, role => 'volume'), m2m_unlink('author', 1, 'book', 1, via => 'authorship', role => 'writer');
SELECT m2m_link('author', 2, 'book', 1, role => 'author');
\echo :SQLSTATE
INSERT INTO writer_volumes (author_id, id) VALUES (2, 1) RETURNING *;
SELECT w.name, v.title FROM author w, writer_volumes(w) v ORDER BY 1, 2;
SELECT m2m_count('book', 2, 'author', via => 'author_book');
\echo :SQLSTATE
SELECT * FROM wrong();
ALTER TABLE book RENAME author_id TO first_author;
SELECT column_name FROM information_schema.columns WHERE table_schema = 'renamed' AND table_name = 'writer_volumes' ORDER BY ordinal_position;
SELECT * FROM wrong();
ALTER TABLE book RENAME first_author TO author_id;

-- Views by name: those that have a name of their own do not follow a role
SELECT m2m_rename('authorship', left_view => 'works');
SELECT m2m_rename('authorship', left_role => 'author', right_role => 'book');
TABLE names;
-- what changes places
SELECT m2m_rename('authorship', left_view => 'book_authors', right_view => 'works');
TABLE names;
SELECT m2m_rename('authorship', 'works', right_view => 'authorship');
TABLE names;
SELECT * FROM parts('works');
SELECT * FROM wrong();
SELECT m2m_rename('works', 'author_book', left_view => 'author_books', right_view => 'book_authors');
-- a function with a name of its own, or none, and a view that is lost
ALTER FUNCTION author_books(author) RENAME TO their_books;
DROP FUNCTION book_authors(book);
SELECT m2m_rename('author_book', 'authorship', left_role => 'writer');
TABLE names;
DROP VIEW book_writers;
SELECT m2m_rename('authorship', 'author_book', left_role => 'author');
TABLE names;
SELECT m2m_rename('author_book', right_view => 'authors_of');
\echo :SQLSTATE
SELECT m2m_adopt('author_book', right_view => 'authors_of');
DROP FUNCTION their_books(author);
SELECT relationship, finding FROM m2m_repair('author_book');
SELECT * FROM wrong();
-- nothing to do
SELECT m2m_rename('author_book');
SELECT m2m_rename('author_book', NULL, 'author', 'book');
TABLE names;

-- Names that are taken, roles that are the same: nothing has changed
CREATE TABLE taken ();
CREATE TYPE a_type AS ENUM ();
SELECT m2m_rename('author_book', 'taken');
\echo :SQLSTATE
SELECT m2m_rename('author_book', 'fine', left_view => 'taken');
\echo :SQLSTATE
SELECT m2m_rename('author_book', 'a_type');
\echo :SQLSTATE
SELECT m2m_rename('author_book', 'authors_of');
\echo :SQLSTATE
SELECT m2m_rename('author_book', left_view => 'author_book');
\echo :SQLSTATE
SELECT m2m_rename('author_book', left_view => 'same', right_view => 'same');
\echo :SQLSTATE
SELECT m2m_rename('author_book', 'same', right_view => 'same');
\echo :SQLSTATE
CREATE FUNCTION busy(author) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT m2m_rename('author_book', 'fine', left_view => 'busy');
\echo :SQLSTATE
SELECT m2m_rename('author_book', left_role => 'book');
\echo :SQLSTATE
SELECT m2m_rename('author_book', '');
\echo :SQLSTATE
SELECT m2m_rename('author');
\echo :SQLSTATE
SELECT m2m_rename(NULL);
\echo :SQLSTATE
BEGIN READ ONLY;
SELECT m2m_rename('author_book', 'fine');
\echo :SQLSTATE
ROLLBACK;
SET ROLE regress_m2m_reader;
SELECT m2m_rename('renamed.author_book', 'fine');
\echo :SQLSTATE
SET ROLE regress_m2m_namer;
TABLE names;
SELECT * FROM wrong();
DROP VIEW mine;
SELECT m2m_drop('author_book');

-- An adopted table keeps the names of its keys, whoever gave them; a table with
-- itself; names in humps and at their longest
CREATE TABLE membership (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id));
CREATE VIEW author_books AS SELECT 1 AS one;
SELECT m2m_adopt('membership');
SELECT m2m_rename('membership', 'lending', left_role => 'reader');
TABLE names;
SELECT * FROM parts('lending');
SELECT * FROM wrong();
SELECT m2m_drop('lending');
TABLE lending;
DROP VIEW author_books;
SELECT m2m_create('author', 'author', 'mentoring', left_role => 'mentor', right_role => 'trainee');
SELECT m2m_link('author', 1, 'author', 2);
SELECT m2m_rename('mentoring', 'Mentor''s "list"', left_role => 'trainee', right_role => 'mentor');
TABLE names;
SELECT m2m_linked('author', 1, 'author', 2, role => 'trainee');
SELECT * FROM parts('"Mentor''s ""list"""');
SELECT * FROM wrong();
SELECT m2m_rename('"Mentor''s ""list"""', repeat('long', 16), left_role => repeat('ä', 40));
SELECT * FROM parts(repeat('long', 15) || 'lon');
SELECT * FROM wrong();
SELECT m2m_drop(repeat('long', 15) || 'lon');

-- With the event triggers disabled; rolled back
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', 1, 'book', 1);
RESET ROLE;
ALTER EVENT TRIGGER m2m_ddl_command_start DISABLE;
ALTER EVENT TRIGGER m2m_ddl_command_end DISABLE;
SELECT m2m_rename('author_book', 'authorship', left_role => 'writer');
ALTER EVENT TRIGGER m2m_ddl_command_start ENABLE;
ALTER EVENT TRIGGER m2m_ddl_command_end ENABLE;
SELECT * FROM wrong();
SET ROLE regress_m2m_namer;
BEGIN;
SAVEPOINT s;
SELECT m2m_rename('authorship', 'other', left_role => 'a', right_role => 'b');
ROLLBACK TO s;
SELECT m2m_count('author', 1, 'book', via => 'authorship', role => 'writer');
TABLE names;
COMMIT;
-- at rest there is nothing to be named after
ALTER TABLE authorship DROP CONSTRAINT authorship_book_id_fkey;
DROP VIEW writer_books;
SELECT m2m_rename('authorship', 'other');
\echo :SQLSTATE
SELECT m2m_drop('authorship');

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA renamed, oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
DROP ROLE regress_m2m_namer, regress_m2m_reader;
