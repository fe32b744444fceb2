--
-- Owners and privileges, and what DDL leaves of them: everything
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned

-- Three owners: of the schema and one table, of the other table, of the
-- relationship between them
CREATE ROLE regress_m2m_left;
CREATE ROLE regress_m2m_right;
CREATE ROLE regress_m2m_links;
CREATE ROLE regress_m2m_a;
CREATE ROLE regress_m2m_b;
CREATE ROLE regress_m2m_c;
CREATE SCHEMA acl AUTHORIZATION regress_m2m_left;
SET search_path = acl, oracle, public;
SET ROLE regress_m2m_left;
GRANT USAGE, CREATE ON SCHEMA acl TO regress_m2m_right, regress_m2m_links;
GRANT USAGE ON SCHEMA acl TO PUBLIC;
CREATE TABLE author (id int PRIMARY KEY, name text, born int);
INSERT INTO author VALUES (1, 'Alice', 1970), (2, 'Bob', 1980);
GRANT REFERENCES, SELECT ON author TO regress_m2m_links;
SET ROLE regress_m2m_right;
CREATE TABLE book (id int PRIMARY KEY, title text, pages int);
INSERT INTO book VALUES (1, 'Flask', 100), (2, 'SQL', 200);
GRANT REFERENCES, SELECT ON book TO regress_m2m_links;
SET ROLE regress_m2m_links;
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2], via => 'author_book');

--
-- Grants of all kinds, by several grantors
--
GRANT SELECT, INSERT ON author_books TO regress_m2m_a WITH GRANT OPTION;
GRANT SELECT ON author_books TO regress_m2m_b WITH GRANT OPTION;
GRANT UPDATE (title, pages), REFERENCES (id) ON author_books TO regress_m2m_a WITH GRANT OPTION;
GRANT SELECT (author_id) ON author_books TO PUBLIC;
GRANT SELECT ON author_book TO PUBLIC;
REVOKE INSERT, TRUNCATE, TRIGGER ON author_books FROM regress_m2m_links;
SET ROLE regress_m2m_a;
GRANT SELECT ON author_books TO regress_m2m_c WITH GRANT OPTION;
GRANT UPDATE (title) ON author_books TO regress_m2m_c, regress_m2m_b;
GRANT INSERT ON author_books TO PUBLIC;
SET ROLE regress_m2m_b;
GRANT SELECT ON author_books TO regress_m2m_c;
SET ROLE regress_m2m_links;
-- in function and view, nobody may do anything, not even the owner
REVOKE ALL ON book_authors FROM regress_m2m_links;
REVOKE ALL ON FUNCTION book_authors(book) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION author_books(author) TO regress_m2m_a WITH GRANT OPTION;
RESET ROLE;
CALL remember();
SELECT object, fact, value FROM oracle.remembered WHERE fact ~ 'grants|owner|roles' AND value IS NOT NULL ORDER BY 1, 2;

-- Default privileges must not leak into what comes back
ALTER DEFAULT PRIVILEGES FOR ROLE regress_m2m_links GRANT ALL ON TABLES TO regress_m2m_c;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_m2m_links REVOKE ALL ON TABLES FROM regress_m2m_links;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_m2m_links GRANT EXECUTE ON FUNCTIONS TO regress_m2m_c;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_m2m_links IN SCHEMA acl GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_m2m_right, regress_m2m_left GRANT ALL ON TABLES TO PUBLIC;

SET ROLE regress_m2m_right;
ALTER TABLE book ADD COLUMN price int, ADD COLUMN isbn text;
ALTER TABLE book DROP COLUMN price;
ALTER TABLE book ALTER title TYPE varchar(50);
ALTER TABLE book RENAME isbn TO ean;
ALTER TABLE book RENAME TO volume;
ALTER TABLE volume RENAME TO book;
SET ROLE regress_m2m_left;
ALTER TABLE author ADD COLUMN died int;
ALTER TABLE author DROP COLUMN born;
RESET ROLE;
ALTER TABLE author_book ADD COLUMN share int;
ALTER TABLE author_book DROP COLUMN share;
SELECT * FROM changes();
SELECT * FROM wrong();
-- not only written down, but so
SELECT role, privilege, has_table_privilege(role, 'author_books', privilege) AS granted,
       has_table_privilege(role, 'author_books', privilege || ' WITH GRANT OPTION') AS grantable,
       has_column_privilege(role, 'author_books', 'title', privilege) AS of_title,
       has_column_privilege(role, 'author_books', 'ean', privilege) AS of_ean
FROM unnest(ARRAY['regress_m2m_a', 'regress_m2m_b', 'regress_m2m_c', 'regress_m2m_left', 'regress_m2m_links']) role,
     unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) privilege ORDER BY 1, 2;

-- The grantors can take back what they granted, with all that hangs on it, and
-- a role that holds something cannot be dropped
SET ROLE regress_m2m_links;
BEGIN;
REVOKE SELECT ON author_books FROM regress_m2m_a;
\echo :SQLSTATE
ROLLBACK;
BEGIN;
REVOKE SELECT, UPDATE (title) ON author_books FROM regress_m2m_a CASCADE;
SELECT has_table_privilege('regress_m2m_c', 'author_books', 'SELECT') AS by_b,
       has_column_privilege('regress_m2m_c', 'author_books', 'title', 'UPDATE') AS by_a;
REVOKE SELECT ON author_books FROM regress_m2m_b CASCADE;
SELECT has_table_privilege('regress_m2m_c', 'author_books', 'SELECT') AS by_b;
ROLLBACK;
RESET ROLE;
DROP ROLE regress_m2m_c;
\echo :SQLSTATE

-- Owner of the views other than that of the tables, and than whoever does the DDL
SELECT relname, relowner::regrole FROM pg_class WHERE oid IN ('author_books'::regclass, 'book_authors'::regclass) ORDER BY 1;
SELECT proname, proowner::regrole FROM pg_proc WHERE pronamespace = 'acl'::regnamespace ORDER BY 1;

--
-- What a role may not do, it may not do by way of m2m
--
SET ROLE regress_m2m_c;
ALTER TABLE book ADD COLUMN x int;
\echo :SQLSTATE
ALTER TABLE author_book DROP COLUMN author_id;
\echo :SQLSTATE
ALTER TABLE book DROP COLUMN title;
\echo :SQLSTATE
DROP TABLE author_book;
\echo :SQLSTATE
DROP TABLE book CASCADE;
\echo :SQLSTATE
SET ROLE regress_m2m_right;
-- owner of an endpoint, not of the association
ALTER TABLE author_book ADD COLUMN x int;
\echo :SQLSTATE
ALTER VIEW author_books RENAME title TO t;
\echo :SQLSTATE
DROP TABLE book, author_book;
\echo :SQLSTATE
SELECT m2m_drop('author_book');
\echo :SQLSTATE
SELECT m2m_repair('author_book');
\echo :SQLSTATE
-- nor does his DDL change who may write
ALTER TABLE book ADD COLUMN x int;
ALTER TABLE book DROP COLUMN x;
SELECT m2m_link('author', 2, 'book', 2, via => 'author_book');
\echo :SQLSTATE
INSERT INTO author_books (author_id, id) VALUES (2, 2);
\echo :SQLSTATE
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();

-- A reader needs SELECT on the view and on every column behind it, also on
-- one that comes later
GRANT SELECT ON author_book TO regress_m2m_a;
SET ROLE regress_m2m_a;
SELECT author_id, id FROM author_books;
\echo :SQLSTATE
RESET ROLE;
GRANT SELECT (id, title, pages, ean) ON book TO regress_m2m_a;
SET ROLE regress_m2m_a;
SELECT author_id, id, title FROM author_books ORDER BY 2;
RESET ROLE;
ALTER TABLE book ALTER title TYPE text;
SET ROLE regress_m2m_a;
SELECT author_id, id, title FROM author_books ORDER BY 2;
RESET ROLE;
BEGIN;
ALTER TABLE book ADD COLUMN secret text;
SET ROLE regress_m2m_a;
SELECT author_id, id, title FROM author_books ORDER BY 2;
\echo :SQLSTATE
ROLLBACK;
REVOKE ALL ON author_book FROM regress_m2m_a;

--
-- An owner who may not create in the schema any more: what was his stays his
-- and follows all the same; making it anew is another thing
--
REVOKE CREATE ON SCHEMA acl FROM regress_m2m_links;
SET ROLE regress_m2m_right;
ALTER TABLE book RENAME ean TO isbn;
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'author_books'::regclass AND NOT attisdropped;
ALTER TABLE book ADD COLUMN extra int;
ALTER TABLE book RENAME TO volume;
RESET ROLE;
SELECT severity, finding FROM m2m_check() ORDER BY 2;
SELECT m2m_link('author', 2, 'volume', 2, via => 'author_book'), m2m_count('author', 2, 'volume', via => 'author_book');
SELECT * FROM wrong();
BEGIN;
DROP VIEW author_books;
SET ROLE regress_m2m_links;
SELECT finding FROM m2m_repair();
RESET ROLE;
GRANT CREATE ON SCHEMA acl TO regress_m2m_links;
ALTER DEFAULT PRIVILEGES FOR ROLE regress_m2m_links GRANT ALL ON TABLES TO regress_m2m_links;
SET ROLE regress_m2m_links;
SELECT finding FROM m2m_repair();
SELECT * FROM m2m_check();
ROLLBACK;
GRANT CREATE ON SCHEMA acl TO regress_m2m_links;
SELECT object, fact FROM changes() WHERE fact <> 'columns' AND object NOT LIKE '%(%';
-- a view that has to step aside
ALTER TABLE volume RENAME TO book;
ALTER TABLE book RENAME isbn TO ean;
ALTER TABLE book DROP COLUMN extra;
SELECT * FROM changes();
REVOKE CREATE ON SCHEMA acl FROM regress_m2m_links;
BEGIN;
SET ROLE regress_m2m_right;
ALTER TABLE book DROP COLUMN ean;
RESET ROLE;
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'book'::regclass AND attnum > 0 AND NOT attisdropped;
SELECT * FROM wrong();
SELECT object, fact FROM changes() WHERE fact <> 'columns';
ROLLBACK;
-- a whole DROP needs nothing of the owner
BEGIN;
SET LOCAL client_min_messages = warning;
SET ROLE regress_m2m_right;
DROP TABLE book CASCADE;
RESET ROLE;
SELECT * FROM objects('acl');
SELECT * FROM wrong();
ROLLBACK;
GRANT CREATE ON SCHEMA acl TO regress_m2m_links;
-- without USAGE it is the same
REVOKE ALL ON SCHEMA acl FROM regress_m2m_links, PUBLIC;
BEGIN;
ALTER TABLE book DROP COLUMN ean;
SELECT * FROM wrong();
ROLLBACK;
GRANT USAGE, CREATE ON SCHEMA acl TO regress_m2m_links;
GRANT USAGE ON SCHEMA acl TO PUBLIC;
-- nor may he lose a trigger of his on the view, that he could not make today
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
GRANT TRIGGER ON author_books TO regress_m2m_links;
SET ROLE regress_m2m_links;
CREATE TRIGGER mine AFTER INSERT ON author_books FOR EACH STATEMENT EXECUTE FUNCTION nothing();
RESET ROLE;
REVOKE TRIGGER ON author_books FROM regress_m2m_links;
REVOKE EXECUTE ON FUNCTION nothing() FROM PUBLIC;
CALL remember();
BEGIN;
ALTER TABLE book DROP COLUMN ean;
SELECT object, fact FROM changes();
SELECT * FROM wrong();
ROLLBACK;

--
-- Inside a SECURITY DEFINER function, as a role that is a member, as superuser:
-- who runs the command makes no difference to who owns the views
--
SET ROLE regress_m2m_right;
CREATE FUNCTION change() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = acl AS $$
BEGIN
    ALTER TABLE book ADD COLUMN temporary int;
    ALTER TABLE book DROP COLUMN temporary;
END
$$;
SET ROLE regress_m2m_b;
SELECT change();
SELECT current_user, current_setting('search_path');
RESET ROLE;
GRANT regress_m2m_right TO regress_m2m_b;
SET ROLE regress_m2m_b;
ALTER TABLE book ADD COLUMN temporary int;
ALTER TABLE book DROP COLUMN temporary;
SELECT current_user, current_setting('search_path');
RESET ROLE;
ALTER TABLE book ADD COLUMN temporary int;
ALTER TABLE book DROP COLUMN temporary;
SELECT * FROM changes();
SELECT * FROM wrong();

SET client_min_messages = warning;
DROP SCHEMA acl, oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
-- (one by one: PostgreSQL stumbles over default privileges that two of them share)
DROP OWNED BY regress_m2m_links;
DROP OWNED BY regress_m2m_left;
DROP OWNED BY regress_m2m_right;
DROP OWNED BY regress_m2m_c;
DROP ROLE regress_m2m_left, regress_m2m_right, regress_m2m_links, regress_m2m_a, regress_m2m_b, regress_m2m_c;
