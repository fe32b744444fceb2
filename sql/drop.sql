--
-- Relationships follow the schema: whatever is dropped, by whatever command,
-- nothing stale is left, and what need not go stays
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only

CREATE ROLE regress_m2m_owner;
CREATE ROLE regress_m2m_other;
CREATE SCHEMA drops AUTHORIZATION regress_m2m_owner;
GRANT ALL ON SCHEMA drops TO regress_m2m_other;
SET search_path = drops, oracle, public;
SET ROLE regress_m2m_owner;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
CREATE TABLE tag (name text PRIMARY KEY);
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO book VALUES (1, 'Flask'), (2, 'SQL');
INSERT INTO tag VALUES ('web'), ('sql');
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]);
SELECT m2m_link('book', 1, 'tag', 'web');
GRANT SELECT ON author_books, book_tags TO regress_m2m_other WITH GRANT OPTION;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
CALL remember();

--
-- The association: views and functions are as if they were part of it
--
BEGIN;
DROP TABLE author_book;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
-- and the next one starts afresh
SELECT m2m_link('author', 1, 'book', 2);
TABLE author_books;
SELECT * FROM wrong();
DROP TABLE author_book CASCADE;
SELECT * FROM objects('drops');
SELECT m2m_link('author', 1, 'book', 2);
DROP TABLE IF EXISTS nonsense, author_book;
DROP TABLE IF EXISTS author_book;
SELECT * FROM objects('drops');
-- the calls that have used the old one do not remember it
ALTER TABLE author ALTER id TYPE text;
SELECT m2m_link('author', '1', 'book', 2);
TABLE author_books;
SELECT * FROM wrong();
ROLLBACK;
SELECT * FROM changes();

-- With a view, a function, or anything of the user's in the way, PostgreSQL
-- says so; CASCADE takes it as well
CREATE VIEW titles AS SELECT author_id, title FROM author_books;
DROP TABLE author_book;
\echo :SQLSTATE
SELECT * FROM changes();
SELECT * FROM wrong();
BEGIN;
SET LOCAL client_min_messages = warning;
DROP TABLE author_book CASCADE;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
DROP VIEW titles;
BEGIN;
CREATE FUNCTION works(a author) RETURNS SETOF book LANGUAGE sql BEGIN ATOMIC; SELECT * FROM author_books(a); END;
SAVEPOINT s;
\set VERBOSITY sqlstate
DROP TABLE author_book;
\set VERBOSITY terse
ROLLBACK TO s;
SELECT * FROM changes();
SELECT * FROM wrong();
SET LOCAL client_min_messages = warning;
DROP TABLE author_book CASCADE;
SELECT * FROM objects('drops');
ROLLBACK;
-- a string is no dependency
BEGIN;
CREATE FUNCTION works(a author) RETURNS SETOF book LANGUAGE sql AS 'SELECT * FROM author_books(a)';
DROP TABLE author_book;
SELECT * FROM objects('drops');
ROLLBACK;

--
-- Endpoints.  Without CASCADE a foreign key protects them, as ever
--
DROP TABLE author;
\echo :SQLSTATE
DROP TABLE book, tag;
\echo :SQLSTATE
SELECT * FROM changes();
SELECT * FROM wrong();
-- with it, an association that m2m made goes along
BEGIN;
SET LOCAL client_min_messages = warning;
DROP TABLE author CASCADE;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP TABLE book CASCADE;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP TABLE author, book, tag CASCADE;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
-- and says so
BEGIN;
DROP TABLE tag CASCADE;
ROLLBACK;
-- all three in one command, in any order: nothing stands in the way
BEGIN;
DROP TABLE author, author_book;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
DROP TABLE author_book, book_tag, book, author;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
DROP TABLE IF EXISTS book, author, nonsense, tag, book_tag, author_book RESTRICT;
SELECT * FROM objects('drops');
ROLLBACK;
-- but what PostgreSQL refuses, it refuses, and all is as it was
DROP TABLE author_book, book;
\echo :SQLSTATE
DROP TABLE author_book, nonsense;
\echo :SQLSTATE
DROP TABLE author_book, author_books;
\echo :SQLSTATE
DROP VIEW author_book;
\echo :SQLSTATE
DROP TABLE author_books;
\echo :SQLSTATE
RESET ROLE;
SET ROLE regress_m2m_other;
DROP TABLE author_book;
\echo :SQLSTATE
DROP TABLE author CASCADE;
\echo :SQLSTATE
RESET ROLE;
SET ROLE regress_m2m_owner;
SELECT * FROM changes();
SELECT * FROM wrong();

-- A self-relationship
BEGIN;
SELECT m2m_create('author', 'author', 'mentoring', left_role => 'mentor', right_role => 'trainee');
SELECT m2m_link('author', 1, 'author', 2);
DROP TABLE mentoring;
SELECT * FROM objects('drops');
SELECT m2m_create('author', 'author', 'mentoring', left_role => 'mentor', right_role => 'trainee');
SET LOCAL client_min_messages = warning;
DROP TABLE author CASCADE;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;

-- An adopted table always stands
BEGIN;
CREATE TABLE review (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, stars int, PRIMARY KEY (author_id, book_id));
INSERT INTO review VALUES (1, 1, 5);
SELECT m2m_adopt('review', left_role => 'critic', right_role => 'reviewed');
SET LOCAL client_min_messages = warning;
DROP TABLE author CASCADE;
SELECT * FROM objects('drops');
TABLE review;
SELECT * FROM wrong();
DROP TABLE book CASCADE;
TABLE review;
SELECT * FROM objects('drops');
ROLLBACK;
SELECT * FROM changes();

-- An association of somebody else's stands, but as no relationship any more
GRANT REFERENCES, SELECT ON author, book TO regress_m2m_other;
RESET ROLE;
SET ROLE regress_m2m_other;
SELECT m2m_create('author', 'book', 'liking', left_role => 'fan', right_role => 'liked');
SELECT m2m_link('author', 2, 'book', 1, via => 'liking');
RESET ROLE;
SET ROLE regress_m2m_owner;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP TABLE author CASCADE;
RESET ROLE;
SELECT * FROM objects('drops');
TABLE liking;
SELECT * FROM wrong();
ROLLBACK;
-- of its owner, by a superuser
RESET ROLE;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP TABLE author CASCADE;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
-- the owner of the schema may drop tables in it
GRANT CREATE ON DATABASE :DBNAME TO regress_m2m_owner;
SET ROLE regress_m2m_owner;
BEGIN;
DROP TABLE liking;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
-- DROP OWNED
RESET ROLE;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP OWNED BY regress_m2m_other;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
SELECT object, fact, after FROM changes();
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP OWNED BY regress_m2m_owner CASCADE;
SELECT relname FROM pg_class WHERE relname IN ('author', 'author_book', 'author_books', 'liking', 'fan_likeds', 'liked_fans') ORDER BY 1;
SELECT proname FROM pg_proc WHERE proname IN ('author_books', 'book_authors', 'fan_likeds', 'liked_fans') ORDER BY 1;
SELECT * FROM wrong();
ROLLBACK;
DROP TABLE liking;
REVOKE ALL ON author, book FROM regress_m2m_other;
SELECT * FROM changes();

--
-- Schemas
--
RESET ROLE;
CREATE SCHEMA ends AUTHORIZATION regress_m2m_owner;
CREATE SCHEMA links AUTHORIZATION regress_m2m_owner;
SET ROLE regress_m2m_owner;
CREATE TABLE ends.shop (id int PRIMARY KEY, name text);
SELECT m2m_create('ends.shop', 'book', schema => 'links');
INSERT INTO ends.shop VALUES (1, 'X');
SELECT m2m_link('ends.shop', 1, 'book', ARRAY[1, 2]);
GRANT SELECT ON links.shop_books TO regress_m2m_other;
CALL remember();
SELECT * FROM wrong();
DROP SCHEMA links;
\echo :SQLSTATE
DROP SCHEMA ends;
\echo :SQLSTATE
SELECT * FROM changes();
SELECT * FROM wrong();
BEGIN;
SET LOCAL client_min_messages = warning;
DROP SCHEMA links CASCADE;
SELECT association FROM m2m_relationships() ORDER BY association::text;
SELECT * FROM wrong();
SELECT m2m_link('ends.shop', 1, 'book', 1);
SELECT * FROM objects('ends');
DROP SCHEMA ends CASCADE;
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP SCHEMA ends CASCADE;
SELECT * FROM objects('links');
SELECT association FROM m2m_relationships() ORDER BY association::text;
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP SCHEMA links, ends CASCADE;
SELECT association FROM m2m_relationships() ORDER BY association::text;
SELECT * FROM wrong();
ROLLBACK;
-- a schema that holds only a view and a function of a relationship
BEGIN;
ALTER TABLE links.shop_book SET SCHEMA ends;
ALTER VIEW links.shop_books SET SCHEMA ends;
ALTER FUNCTION links.shop_books(ends.shop) SET SCHEMA ends;
SET LOCAL client_min_messages = warning;
DROP SCHEMA links CASCADE;
SELECT association, left_view, right_view FROM m2m_relationships() WHERE association = 'ends.shop_book'::regclass;
SELECT severity, finding FROM m2m_check();
SELECT finding FROM m2m_repair('ends.shop_book');
SELECT * FROM wrong();
ROLLBACK;
SELECT * FROM changes();
SET client_min_messages = warning;
DROP SCHEMA links, ends CASCADE;
RESET client_min_messages;
SELECT * FROM wrong();
CALL remember();

--
-- What a column needs: its type, domain, collation, function.  CASCADE takes
-- the column, and the link views that showed it come back without
--
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN short AS varchar(10);
CREATE COLLATION plain FROM "C";
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
ALTER TABLE author ADD COLUMN m mood, ADD COLUMN s short, ADD COLUMN c text COLLATE plain,
    ADD COLUMN g int GENERATED ALWAYS AS (twice(id)) STORED, ADD COLUMN p pair;
ALTER TABLE author_book ADD COLUMN m mood[] DEFAULT '{ok}', ADD COLUMN p pair;
COMMENT ON COLUMN book_authors.g IS 'goes';
COMMENT ON COLUMN book_authors.name IS 'stays';
GRANT UPDATE (name) ON book_authors TO regress_m2m_other;
CREATE SEQUENCE numbers;
ALTER TABLE author ADD COLUMN n int DEFAULT nextval('numbers');
SELECT * FROM wrong();
CALL remember();
DROP TYPE mood;
\echo :SQLSTATE
SELECT * FROM changes();
SELECT * FROM wrong();
SET client_min_messages = warning;
BEGIN;
DROP TYPE mood CASCADE;
SELECT * FROM changes();
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
DROP TYPE mood, pair CASCADE;
DROP DOMAIN short CASCADE;
DROP COLLATION plain CASCADE;
DROP FUNCTION twice(int) CASCADE;
DROP SEQUENCE numbers CASCADE;
SELECT * FROM changes();
SELECT * FROM wrong();
UPDATE book_authors SET name = 'Bertha' WHERE book_id = 1 AND id = 1 RETURNING *;
SELECT m2m_link('author', 2, 'book', 2);
SELECT * FROM wrong();
ROLLBACK;
-- with a view of the user's upon it, that goes, and ours comes back
BEGIN;
CREATE VIEW names AS SELECT book_id, name FROM book_authors;
DROP TYPE mood CASCADE;
SELECT * FROM objects('drops') o WHERE o LIKE 'view%';
SELECT * FROM changes();
SELECT * FROM wrong();
ROLLBACK;
ALTER TABLE author DROP COLUMN m, DROP COLUMN s, DROP COLUMN c, DROP COLUMN g, DROP COLUMN p, DROP COLUMN n;
ALTER TABLE author_book DROP COLUMN m, DROP COLUMN p;
DROP FUNCTION twice(int);
RESET client_min_messages;
CALL remember();

-- A key's type takes the relationship with it
CREATE TYPE grade AS ENUM ('a', 'b', 'c');
CREATE TABLE level (g grade PRIMARY KEY, label text);
INSERT INTO level VALUES ('a', 'easy'), ('b', 'hard');
SELECT m2m_link('author', 1, 'level', ARRAY['a', 'b']::grade[]);
SELECT * FROM wrong();
SET client_min_messages = error;
BEGIN;
DROP TYPE grade CASCADE;
SELECT * FROM objects('drops');
SELECT association FROM m2m_relationships() ORDER BY association::text;
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
DROP TABLE level CASCADE;
DROP TYPE grade;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
DROP TABLE author_level, level;
SELECT * FROM changes();
RESET ROLE;

-- The extension that a type is of: of a column, of a key
CREATE SCHEMA types;
GRANT USAGE ON SCHEMA types TO PUBLIC;
CREATE EXTENSION hstore SCHEMA types;
CREATE EXTENSION citext SCHEMA types;
SET ROLE regress_m2m_owner;
ALTER TABLE book ADD COLUMN attributes types.hstore;
CREATE TABLE word (word types.citext PRIMARY KEY, note types.citext);
INSERT INTO word VALUES ('Ab'), ('Cd');
SELECT m2m_link('book', ARRAY[1, 2], 'word', ARRAY['AB', 'ab']::types.citext[]);
SELECT * FROM wrong();
RESET ROLE;
DROP EXTENSION hstore;
\echo :SQLSTATE
SELECT * FROM wrong();
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION hstore CASCADE;
SELECT * FROM changes() WHERE object NOT LIKE '%word%';
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = error;
DROP EXTENSION citext CASCADE;
SELECT * FROM objects('drops');
SELECT association FROM m2m_relationships() ORDER BY association::text;
SELECT * FROM wrong();
ROLLBACK;
SET client_min_messages = warning;
DROP TABLE word CASCADE;
DROP EXTENSION hstore CASCADE;
DROP EXTENSION citext;
DROP SCHEMA types;
RESET client_min_messages;
SELECT * FROM changes();
SELECT * FROM wrong();

--
-- Link views, functions and triggers dropped by themselves, and taken back
--
SET ROLE regress_m2m_owner;
BEGIN;
DROP VIEW author_books;
SELECT severity, finding FROM m2m_check();
SELECT m2m_link('author', 2, 'book', 2), m2m_count('author', 2, 'book');
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
SELECT object, fact FROM changes();
ROLLBACK;
BEGIN;
DROP VIEW book_authors;
SELECT m2m_adopt('author_book');
SELECT * FROM wrong();
SELECT object, fact FROM changes();
SELECT origin FROM m2m_relationships() WHERE association = 'author_book'::regclass;
ROLLBACK;
BEGIN;
DROP VIEW author_books, book_authors;
SELECT * FROM wrong();
SELECT m2m_adopt('author_book');
SELECT * FROM wrong();
SELECT origin FROM m2m_relationships() WHERE association = 'author_book'::regclass;
ROLLBACK;
BEGIN;
DROP FUNCTION author_books(author);
SELECT severity, finding FROM m2m_check();
ALTER TABLE author RENAME TO writer;
ALTER TABLE book ADD COLUMN x int, DROP COLUMN title;
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
DROP TRIGGER m2m_link_view ON author_books;
SELECT severity, finding FROM m2m_check();
SELECT m2m_adopt('author_book');
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- what is in the user's own view stays in it
BEGIN;
CREATE VIEW titles AS SELECT title FROM author_books;
DROP VIEW author_books;
\echo :SQLSTATE
ROLLBACK;
SELECT * FROM changes();
SELECT * FROM wrong();

-- A column of the user's own in a link view: PostgreSQL's protection, and
-- nothing of his is lost
BEGIN;
CREATE OR REPLACE VIEW author_books WITH (security_invoker) AS
    SELECT l.author_id, r.id, r.title, upper(r.title) AS loud FROM author_book l JOIN book r ON r.id = l.book_id;
ALTER TABLE book ADD COLUMN x int;
ALTER TABLE author_book ADD COLUMN y int;
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'author_books'::regclass;
SAVEPOINT s;
ALTER TABLE book DROP COLUMN title;
\echo :SQLSTATE
ROLLBACK TO s;
ALTER TABLE book DROP COLUMN x;
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'author_books'::regclass;
SAVEPOINT s;
DROP TABLE author_book;
\echo :SQLSTATE
ROLLBACK TO s;
DROP TABLE author_book CASCADE;
SELECT * FROM objects('drops');
ROLLBACK;

--
-- Parents of endpoints, partitions
--
BEGIN;
CREATE TABLE thing (id int);
CREATE TABLE tool (PRIMARY KEY (id)) INHERITS (thing);
SELECT m2m_create('tool', 'tag');
SAVEPOINT s;
DROP TABLE thing;
\echo :SQLSTATE
ROLLBACK TO s;
SELECT * FROM wrong();
SET LOCAL client_min_messages = warning;
DROP TABLE thing CASCADE;
SELECT * FROM objects('drops');
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
CREATE TABLE event (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (10) TO (20);
INSERT INTO event VALUES (1), (11);
SELECT m2m_link('event', 1, 'tag', 'web');
ALTER TABLE event DETACH PARTITION event_2;
DROP TABLE event_2;
SELECT * FROM wrong();
DROP TABLE event, event_tag;
SELECT * FROM objects('drops');
ROLLBACK;

--
-- In blocks, and rolled back
--
DO $$
BEGIN
    BEGIN
        DROP TABLE author_book;
        DROP TABLE author, book CASCADE;
        RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN
        NULL;
    END;
    BEGIN
        DROP TABLE book;
    EXCEPTION WHEN dependent_objects_still_exist THEN
        ALTER TABLE book ADD COLUMN extra int;
        ALTER TABLE book DROP COLUMN extra;
    END;
END
$$;
SELECT * FROM changes();
SELECT * FROM wrong();
-- made and dropped again and again in one transaction, and in one session
DO $$
BEGIN
    FOR i IN 1..3 LOOP
        DROP TABLE author_book;
        PERFORM m2m_link('author', 1, 'book', 1);
        ALTER TABLE author_book ADD COLUMN n int DEFAULT 1;
        UPDATE author_books SET n = 2;
        ASSERT (SELECT sum(n) FROM book_authors) = 2;
    END LOOP;
END
$$;
SELECT * FROM wrong();
TABLE author_books;

-- under any search_path
RESET ROLE;
CREATE SCHEMA trap;
CREATE TABLE trap.author_book (author_id int);
CREATE TABLE trap.author (id int);
SET search_path = trap;
DROP TABLE author, author_book;
SET search_path = '';
SELECT * FROM oracle.wrong();
DROP TABLE drops.author_book;
SELECT * FROM oracle.objects('drops');
SELECT * FROM oracle.wrong();
SET search_path = drops, oracle, public;

-- An adopted table's link view stands where a view of the user's reads it; it
-- is a view like any other then, and nothing is amiss
CREATE TABLE client (id int PRIMARY KEY);
CREATE TABLE part (id int PRIMARY KEY);
CREATE TABLE bought (client_id int REFERENCES client, part_id int REFERENCES part, PRIMARY KEY (client_id, part_id));
SELECT m2m_adopt('bought');
CREATE VIEW report AS SELECT client_id FROM client_parts;
SET client_min_messages = warning;
DROP TABLE client CASCADE;
RESET client_min_messages;
SELECT relname, relkind, (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) AS triggers
FROM pg_class c WHERE relname IN ('client_parts', 'part_clients', 'report', 'bought') ORDER BY 1;
SELECT * FROM m2m_check();
-- and so does one with a condition of the user's own, whoever made the table
CREATE TABLE buyer (id int PRIMARY KEY);
CREATE TABLE sold (buyer_id int REFERENCES buyer, part_id int REFERENCES part, PRIMARY KEY (buyer_id, part_id));
SELECT m2m_adopt('sold', left_view => 'sold_parts', right_view => 'sold_by');
SELECT m2m_create('buyer', 'part');
CREATE OR REPLACE VIEW sold_parts WITH (security_invoker) AS
    SELECT l.buyer_id, r.id FROM sold l JOIN part r ON r.id = l.part_id WHERE r.id > 0;
CREATE OR REPLACE VIEW buyer_parts WITH (security_invoker) AS
    SELECT l.buyer_id, r.id FROM buyer_part l JOIN part r ON r.id = l.part_id WHERE r.id > 0;
SET client_min_messages = warning;
DROP TABLE buyer CASCADE;
RESET client_min_messages;
SELECT relname, relkind, (SELECT count(*) FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal) AS triggers
FROM pg_class c WHERE relname IN ('sold', 'sold_parts', 'sold_by', 'buyer_part', 'buyer_parts', 'part_buyers') ORDER BY 1;
SELECT * FROM m2m_check();

SET client_min_messages = warning;
DROP SCHEMA trap, drops, oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
REVOKE ALL ON DATABASE :DBNAME FROM regress_m2m_owner;
DROP ROLE regress_m2m_owner, regress_m2m_other;
