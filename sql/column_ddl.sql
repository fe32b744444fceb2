--
-- Relationships follow the schema: columns.  After every command link views
-- and functions show what their tables have become, and everything else about
-- them (owners, grants, comments, options, defaults, triggers) is as it was.
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned

CREATE ROLE regress_m2m_owner;
CREATE ROLE regress_m2m_reader;
CREATE ROLE regress_m2m_friend;
CREATE ROLE regress_m2m_stranger;
CREATE SCHEMA columns AUTHORIZATION regress_m2m_owner;
SET search_path = columns, oracle, public;
-- nothing here is done by a superuser, but for the comparing
SET ROLE regress_m2m_owner;
GRANT USAGE ON SCHEMA columns TO PUBLIC;
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, born int);
CREATE TABLE book (id int PRIMARY KEY, title text NOT NULL, pages int, isbn varchar(20));
CREATE TABLE tag (name text PRIMARY KEY, weight numeric(4,1));
INSERT INTO author VALUES (1, 'Alice', 1970), (2, 'Bob', 1980), (3, 'Carol', NULL);
INSERT INTO book VALUES (1, 'Flask', 100, '1-1'), (2, 'SQL', 200, '2-2'), (3, 'C', 300, NULL);
INSERT INTO tag VALUES ('web', 1.5), ('sql', 2.5);
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]), m2m_link('author', 2, 'book', 2);
SELECT m2m_link('book', 1, 'tag', ARRAY['web', 'sql']);
SELECT m2m_create('author', 'author', 'mentoring', left_role => 'mentor', right_role => 'trainee');
SELECT m2m_link('author', 1, 'author', ARRAY[2, 3]);

-- Whatever users may have done to a link view and a link function
GRANT SELECT ON author_books TO regress_m2m_reader WITH GRANT OPTION;
GRANT UPDATE (title), SELECT (id) ON author_books TO regress_m2m_friend WITH GRANT OPTION;
GRANT INSERT, DELETE ON author_books TO PUBLIC;
SET ROLE regress_m2m_reader;
GRANT SELECT ON author_books TO regress_m2m_friend;
SET ROLE regress_m2m_friend;
GRANT UPDATE (title) ON author_books TO regress_m2m_reader;
SET ROLE regress_m2m_owner;
ALTER VIEW author_books SET (security_barrier);
ALTER VIEW author_books ALTER COLUMN pages SET DEFAULT 10 + 1;
COMMENT ON VIEW author_books IS 'who wrote what';
COMMENT ON COLUMN author_books.isbn IS 'where there is one';
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER mine AFTER UPDATE ON author_books FOR EACH STATEMENT EXECUTE FUNCTION nothing('an argument');
COMMENT ON TRIGGER mine ON author_books IS 'does nothing';
CREATE RULE note AS ON UPDATE TO author_books DO ALSO NOTIFY regress_m2m;
COMMENT ON RULE note ON author_books IS 'tells nobody';
ALTER FUNCTION author_books(author) COST 7 ROWS 77 PARALLEL UNSAFE SET enable_seqscan = off;
REVOKE EXECUTE ON FUNCTION author_books(author) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION author_books(author) TO regress_m2m_reader WITH GRANT OPTION;
COMMENT ON FUNCTION author_books(author) IS 'books of an author';
RESET ROLE;
SELECT * FROM wrong();
CALL remember();
SET ROLE regress_m2m_owner;

--
-- ADD COLUMN: at the end of the views, with and without link properties
--
ALTER TABLE book ADD COLUMN price numeric(6,2) DEFAULT 9.99;
ALTER TABLE author_book ADD COLUMN share numeric DEFAULT 1, ADD COLUMN noted timestamptz;
ALTER TABLE book ADD COLUMN IF NOT EXISTS price int;
ALTER TABLE IF EXISTS book ADD COLUMN IF NOT EXISTS edition smallint;
ALTER TABLE IF EXISTS brook ADD COLUMN edition smallint;
ALTER TABLE author ADD COLUMN number serial, ADD COLUMN shout text GENERATED ALWAYS AS (upper(name)) STORED;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
UPDATE author_books SET price = 5, share = 0.5, edition = 2 WHERE author_id = 1 AND id = 1 RETURNING *;
INSERT INTO author_books (author_id, title, id, share) VALUES (3, 'New', 4, 0.1) RETURNING *;
CALL remember();
SET ROLE regress_m2m_owner;

--
-- DROP COLUMN, which PostgreSQL refuses while a view shows it
--
ALTER TABLE book DROP COLUMN price;
ALTER TABLE author_book DROP COLUMN noted;
ALTER TABLE author DROP COLUMN shout, DROP COLUMN number CASCADE;
ALTER TABLE author DROP COLUMN IF EXISTS shout;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
CALL remember();
SET ROLE regress_m2m_owner;

-- ALTER COLUMN ... TYPE
ALTER TABLE book ALTER COLUMN pages TYPE bigint, ALTER COLUMN title TYPE varchar(50) COLLATE "C";
ALTER TABLE book ALTER COLUMN isbn TYPE text[] USING string_to_array(isbn, '-');
ALTER TABLE author_book ALTER COLUMN share SET DATA TYPE numeric(3,2);
ALTER TABLE tag ALTER weight TYPE numeric(5,2);
ALTER TABLE author ALTER born TYPE date USING make_date(born, 1, 1);
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
TABLE author_books ORDER BY 1, 2;
CALL remember();
SET ROLE regress_m2m_owner;

-- Several at once.  A column that is dropped and added is another one: nobody
-- has been granted anything on it, and it comes at the end
ALTER TABLE book DROP COLUMN title, ADD COLUMN title text DEFAULT 'Untitled' NOT NULL,
    ALTER COLUMN pages TYPE int, ALTER COLUMN edition SET DEFAULT 1, ADD UNIQUE (pages), ADD COLUMN blurb text,
    DROP COLUMN IF EXISTS nonsense;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
CALL remember();
SET ROLE regress_m2m_owner;

-- RENAME COLUMN: of a plain column, a link property, of link keys and keys
ALTER TABLE book RENAME pages TO length;
ALTER TABLE author_book RENAME COLUMN share TO part;
ALTER TABLE author_book RENAME author_id TO writer;
ALTER TABLE book RENAME id TO number;
ALTER TABLE author RENAME id TO person;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SELECT m2m_link('author', 3, 'book', 3), m2m_unlink('author', 3, 'book', 3);
SET ROLE regress_m2m_owner;
-- in a circle
BEGIN;
ALTER TABLE book RENAME length TO tmp;
ALTER TABLE book RENAME edition TO length;
ALTER TABLE book RENAME tmp TO edition;
RESET ROLE;
SELECT * FROM changes() WHERE fact = 'columns';
SELECT * FROM wrong();
ROLLBACK;
-- the statement that is meant for views does the same
BEGIN;
ALTER VIEW book RENAME COLUMN title TO headline;
SELECT * FROM wrong();
ROLLBACK;
SET ROLE regress_m2m_owner;
ALTER TABLE book RENAME length TO pages;
ALTER TABLE author_book RENAME part TO share;
ALTER TABLE author_book RENAME writer TO author_id;
ALTER TABLE book RENAME number TO id;
ALTER TABLE author RENAME person TO id;
RESET ROLE;
SELECT * FROM changes();

--
-- Names that clash.  A link key keeps its name; a column that users call
-- otherwise in the view is called so for good
--
BEGIN;
ALTER TABLE book ADD COLUMN author_id int;
ALTER TABLE author_book ADD COLUMN title text;
SELECT * FROM changes() WHERE fact = 'columns';
INSERT INTO alias VALUES ('columns.author_books', 'link_title', 'l.title'), ('columns.book_authors', 'title', 'l.title');
SELECT * FROM wrong();
ALTER TABLE book RENAME COLUMN author_id TO writer_id;
ALTER TABLE author_book RENAME COLUMN title TO credit;
DELETE FROM alias;
SELECT * FROM changes() WHERE fact = 'columns';
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
ALTER TABLE book RENAME pages TO author_id;
SELECT * FROM changes();
SELECT * FROM wrong();
ALTER TABLE book RENAME author_id TO pages;
SELECT * FROM changes();
ROLLBACK;
BEGIN;
ALTER TABLE author_book RENAME author_id TO title;
ALTER TABLE author_book RENAME share TO name;
SELECT * FROM changes() WHERE fact = 'columns';
ROLLBACK;
-- the user's own name
BEGIN;
ALTER VIEW author_books RENAME COLUMN title TO headline;
INSERT INTO alias VALUES ('columns.author_books', 'headline', 'r.title');
SELECT * FROM wrong();
ALTER TABLE book RENAME title TO name;
UPDATE alias SET source = 'r.name';
ALTER TABLE book ADD COLUMN headline int, DROP COLUMN blurb;
SELECT * FROM changes();
SELECT * FROM wrong();
-- a column that takes the name that ours had already is not followed by mistake
ALTER TABLE book RENAME name TO headline2;
UPDATE alias SET source = 'r.headline2';
SELECT * FROM wrong();
ROLLBACK;

--
-- Key columns change their types; the association follows when it is asked to
--
CALL remember();
SET ROLE regress_m2m_owner;
BEGIN;
ALTER TABLE book ALTER COLUMN id TYPE bigint;
SELECT finding, severity, remedy FROM m2m_check() ORDER BY 1;
RESET ROLE;
SELECT * FROM wrong(but => 'info');
SET ROLE regress_m2m_owner;
INSERT INTO book (id, title) VALUES (3000000000, 'Far');
SELECT m2m_link('author', 1, 'book', 3);
SAVEPOINT s;
SELECT m2m_link('author', 1, 'book', 3000000000);
\echo :SQLSTATE
ROLLBACK TO s;
SELECT finding FROM m2m_repair('author_book');
SELECT m2m_link('author', 1, 'book', 3000000000);
RESET ROLE;
SELECT * FROM wrong('author_book');
SELECT finding FROM m2m_repair('book_tag');
SELECT * FROM changes();
SELECT * FROM wrong();
ROLLBACK;
SET ROLE regress_m2m_owner;
-- of the association itself, on either side
BEGIN;
ALTER TABLE author_book ALTER author_id TYPE bigint, ALTER book_id TYPE bigint;
RESET ROLE;
SELECT * FROM wrong(but => 'info');
SELECT * FROM changes();
SELECT m2m_link('author', 2, 'book', 1), m2m_count('author', 2, 'book');
ROLLBACK;
-- to a domain, to another collation, to text; both sides of a self-relationship
SET ROLE regress_m2m_owner;
BEGIN;
CREATE DOMAIN tag_name AS text COLLATE "C" CHECK (value <> '');
ALTER TABLE tag ALTER name TYPE tag_name;
RESET ROLE;
SELECT * FROM wrong(but => 'info');
SELECT m2m_link('book', 2, 'tag', 'sql'), m2m_count('book', 2, 'tag');
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
BEGIN;
ALTER TABLE tag ALTER name TYPE text COLLATE "POSIX";
SELECT * FROM wrong(but => 'info');
SELECT m2m_link('book', 2, 'tag', 'sql'), m2m_count('book', 2, 'tag');
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
ALTER TABLE tag ALTER name TYPE varchar(10);
SELECT * FROM wrong(but => 'info');
SELECT m2m_link('book', 2, 'tag', 'sql'), m2m_count('book', 2, 'tag');
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
ALTER TABLE author ALTER id TYPE smallint;
SELECT * FROM wrong(but => 'info');
SELECT m2m_link('author', 2, 'author', 3), m2m_count('author', 2, 'author');
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- to a type that the foreign key cannot bear, it is PostgreSQL's own error
ALTER TABLE author ALTER id TYPE text;
\echo :SQLSTATE
SELECT * FROM changes();
SELECT * FROM wrong();

--
-- Commands that fail, are rolled back, stand in functions and blocks
--
SET ROLE regress_m2m_owner;
ALTER TABLE book DROP COLUMN nonsense;
\echo :SQLSTATE
ALTER TABLE book DROP COLUMN title, DROP COLUMN nonsense;
\echo :SQLSTATE
ALTER TABLE book ALTER title TYPE int USING title::int;
\echo :SQLSTATE
ALTER TABLE book RENAME title TO pages;
\echo :SQLSTATE
ALTER TABLE book ADD COLUMN title text;
\echo :SQLSTATE
ALTER TABLE book ADD COLUMN ctid text;
\echo :SQLSTATE
ALTER TABLE book DROP COLUMN id;
\echo :SQLSTATE
SET ROLE regress_m2m_stranger;
ALTER TABLE book DROP COLUMN title;
\echo :SQLSTATE
ALTER TABLE book RENAME title TO headline;
\echo :SQLSTATE
ALTER TABLE book ADD COLUMN x int;
\echo :SQLSTATE
ALTER TABLE author_books RENAME title TO headline;
\echo :SQLSTATE
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
BEGIN;
SAVEPOINT s;
ALTER TABLE book DROP COLUMN title;
ALTER TABLE book RENAME pages TO length;
ROLLBACK TO s;
ALTER TABLE book ADD COLUMN extra int;
SAVEPOINT t;
ALTER TABLE book DROP COLUMN nonsense;
ROLLBACK TO t;
ALTER TABLE book DROP COLUMN extra;
RELEASE t;
COMMIT;
BEGIN;
ALTER TABLE book DROP COLUMN title;
ROLLBACK;
DO $$
BEGIN
    BEGIN
        ALTER TABLE book DROP COLUMN title;
        ALTER TABLE book ADD COLUMN extra int;
        RAISE division_by_zero;
    EXCEPTION WHEN division_by_zero THEN
        NULL;
    END;
    BEGIN
        ALTER TABLE book DROP COLUMN title, ADD COLUMN pages int;
    EXCEPTION WHEN duplicate_column THEN
        ALTER TABLE book ADD COLUMN extra int;
    END;
    IF (SELECT count(extra) FROM author_books) > 0 THEN
        RAISE 'there is nothing in it';
    END IF;
    ALTER TABLE book DROP COLUMN extra;
END
$$;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
-- one command inside another
SET ROLE regress_m2m_owner;
CREATE FUNCTION measure(text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE book DROP COLUMN IF EXISTS blurb;
    ALTER TABLE author ADD COLUMN IF NOT EXISTS motto text;
    BEGIN
        ALTER TABLE author DROP COLUMN nonsense;
    EXCEPTION WHEN undefined_column THEN
        NULL;
    END;
    RETURN length($1);
END
$$;
BEGIN;
ALTER TABLE tag ADD COLUMN label text;
SET LOCAL client_min_messages = warning;
ALTER TABLE tag ALTER label TYPE int USING measure(label);
RESET ROLE;
SELECT * FROM changes() WHERE fact = 'columns';
SELECT * FROM changes() WHERE fact <> 'columns';
SELECT * FROM wrong();
ROLLBACK;
SELECT * FROM changes();

-- A query that is prepared, and a PL/pgSQL function, find the view again
PREPARE titles AS SELECT title FROM author_books ORDER BY 1;
EXECUTE titles;
BEGIN;
ALTER TABLE book DROP COLUMN pages;
EXECUTE titles;
ROLLBACK;
EXECUTE titles;

--
-- What users have made of a link view keeps PostgreSQL's protection
--
SET ROLE regress_m2m_owner;
CREATE VIEW titles AS SELECT author_id, title FROM author_books;
\set VERBOSITY default
ALTER TABLE book DROP COLUMN pages;
\set VERBOSITY terse
\echo :SQLSTATE
ALTER TABLE book ALTER COLUMN pages TYPE text;
\echo :SQLSTATE
-- but is in the way of nothing else
ALTER TABLE book ADD COLUMN extra int;
ALTER TABLE book RENAME extra TO more;
ALTER TABLE author ADD COLUMN extra int;
ALTER TABLE author DROP COLUMN extra;
TABLE titles ORDER BY 1, 2;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
-- whoever says CASCADE loses his view, not the link view
BEGIN;
SET LOCAL client_min_messages = warning;
ALTER TABLE book DROP COLUMN more CASCADE;
SELECT to_regclass('titles');
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
ROLLBACK;
SET ROLE regress_m2m_owner;
DROP VIEW titles;
-- a materialized view, a function of the link view's row type, a column of it
CREATE MATERIALIZED VIEW titles AS SELECT author_id, title FROM author_books;
ALTER TABLE book DROP COLUMN more;
\echo :SQLSTATE
DROP MATERIALIZED VIEW titles;
CREATE FUNCTION headline(author_books) RETURNS text LANGUAGE sql AS 'SELECT upper($1.title)';
ALTER TABLE book DROP COLUMN more;
\echo :SQLSTATE
ALTER TABLE book ADD COLUMN extra int;
SELECT headline(b) FROM author_books b ORDER BY 1;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
DROP FUNCTION headline(author_books);
CREATE TABLE copy (whole author_books);
INSERT INTO copy SELECT b FROM author_books b;
ALTER TABLE book DROP COLUMN more;
\echo :SQLSTATE
ALTER TABLE book ADD COLUMN another int;
DROP TABLE copy;
ALTER TABLE book DROP COLUMN more, DROP COLUMN extra, DROP COLUMN another;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();

-- A default, a rule or a trigger of the user's that does not fit any more: the
-- link view comes back all the same
SET ROLE regress_m2m_owner;
BEGIN;
ALTER TABLE book ALTER pages TYPE text USING 'p. ' || pages;
ALTER VIEW author_books ALTER pages SET DEFAULT 'p. 1';
ALTER TABLE book ALTER pages TYPE int USING id;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
ROLLBACK;
SET ROLE regress_m2m_owner;
BEGIN;
CREATE TABLE log (line text);
CREATE RULE notes AS ON UPDATE TO author_books DO ALSO INSERT INTO log VALUES (old.blurb);
ALTER TABLE book ADD COLUMN extra int;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
SAVEPOINT s;
ALTER TABLE book DROP COLUMN extra;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TABLE book DROP COLUMN blurb;
RESET ROLE;
SELECT * FROM wrong();
ROLLBACK;

-- The columns that hold the relationship together: what PostgreSQL drops with
-- them goes, and nothing stale is left.  Where it is the endpoint's key that
-- goes, the links still stand, and the relationship rests
SET ROLE regress_m2m_owner;
SET client_min_messages = error;
BEGIN;
ALTER TABLE author_book DROP COLUMN book_id;
SELECT relname FROM pg_class WHERE relname IN ('author_book', 'author_books', 'book_authors') ORDER BY 1;
SELECT proname FROM pg_proc WHERE proname IN ('author_books', 'book_authors');
SELECT association FROM m2m_relationships() ORDER BY association::text;
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
ALTER TABLE book DROP COLUMN id CASCADE;
SELECT relname FROM pg_class WHERE relname IN ('author_book', 'author_books', 'book_authors', 'book_tags') ORDER BY 1;
SELECT proname FROM pg_proc WHERE proname IN ('author_books', 'book_authors', 'book_tags');
SELECT association FROM m2m_relationships() ORDER BY association::text;
SELECT * FROM wrong();
ROLLBACK;
RESET client_min_messages;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();

--
-- NOT NULL of an adopted table's link columns: a row with a null is no link
--
SET ROLE regress_m2m_owner;
CREATE TABLE review (author_id int REFERENCES author, book_id int REFERENCES book, stars int);
CREATE UNIQUE INDEX ON review (author_id, book_id);
CREATE INDEX ON review (book_id, author_id);
INSERT INTO review VALUES (1, 1, 5), (2, NULL, 4), (NULL, 2, 3), (NULL, NULL, 2);
SELECT m2m_adopt('review', left_role => 'critic', right_role => 'reviewed');
TABLE critic_revieweds ORDER BY 1, 2;
RESET ROLE;
SELECT * FROM wrong();
CALL remember();
SET ROLE regress_m2m_owner;
DELETE FROM review WHERE author_id IS NULL;
ALTER TABLE review ALTER author_id SET NOT NULL;
SELECT pg_get_viewdef('critic_revieweds') LIKE '%IS NOT NULL%' AS guarded;
ALTER TABLE review ALTER author_id DROP NOT NULL;
SELECT pg_get_viewdef('critic_revieweds') LIKE '%IS NOT NULL%' AS guarded;
RESET ROLE;
SELECT * FROM changes();
INSERT INTO review VALUES (NULL, 2, 3);
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
DELETE FROM review WHERE author_id IS NULL OR book_id IS NULL;
ALTER TABLE review ADD PRIMARY KEY (author_id, book_id), DROP COLUMN stars;
SELECT pg_get_viewdef('critic_revieweds') LIKE '%IS NOT NULL%' AS guarded;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SELECT m2m_drop('review');
DROP TABLE review;

--
-- Other ALTER TABLEs, which change nothing of ours
--
CALL remember();
SET ROLE regress_m2m_owner;
ALTER TABLE book ADD CONSTRAINT "long" CHECK (pages > 0), ALTER title SET STORAGE external, SET (fillfactor = 90),
    ALTER blurb SET DEFAULT 'x', ENABLE ROW LEVEL SECURITY, REPLICA IDENTITY FULL, DISABLE TRIGGER USER;
ALTER TABLE book RENAME CONSTRAINT "long" TO "longer";
ALTER TABLE book RENAME CONSTRAINT book_pkey TO pk;
ALTER TABLE author_book RENAME CONSTRAINT author_book_book_id_fkey TO fk;
ALTER TABLE author_book RENAME CONSTRAINT author_book_pkey TO pk_author_book;
ALTER TABLE book DISABLE ROW LEVEL SECURITY, DROP CONSTRAINT longer;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SELECT m2m_link('author', 1, 'book', 99);
\echo :SQLSTATE
-- UNLOGGED and back, in the order that foreign keys allow
-- (the message names whichever reference the catalog's rows have first)
SET ROLE regress_m2m_owner;
\set VERBOSITY sqlstate
ALTER TABLE book SET UNLOGGED;
\set VERBOSITY terse
ALTER TABLE author_book SET UNLOGGED;
ALTER TABLE book_tag SET UNLOGGED;
ALTER TABLE book SET UNLOGGED;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TABLE book SET LOGGED;
ALTER TABLE author_book SET LOGGED;
ALTER TABLE book_tag SET LOGGED;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();

--
-- Inheritance: commands on a parent reach an endpoint that is its child
--
SET ROLE regress_m2m_owner;
CREATE TABLE thing (id int, label text, size int);
CREATE TABLE tool (PRIMARY KEY (id), maker text) INHERITS (thing);
CREATE TABLE shop (id int PRIMARY KEY, name text);
INSERT INTO tool VALUES (1, 'saw', 10, 'A'), (2, 'axe', 20, 'B');
INSERT INTO shop VALUES (1, 'X'), (2, 'Y');
SELECT m2m_link('tool', 1, 'shop', ARRAY[1, 2]);
GRANT SELECT (label) ON shop_tools TO regress_m2m_reader;
RESET ROLE;
CALL remember();
SET ROLE regress_m2m_owner;
ALTER TABLE thing ADD COLUMN colour text DEFAULT 'red';
ALTER TABLE thing RENAME label TO name;
ALTER TABLE thing ALTER name TYPE varchar(30);
ALTER TABLE thing DROP COLUMN size;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TABLE ONLY thing RENAME name TO label;
\echo :SQLSTATE
ALTER TABLE ONLY thing ALTER name TYPE text;
\echo :SQLSTATE
-- it keeps the column as its own
ALTER TABLE ONLY thing DROP COLUMN name;
ALTER TABLE thing ALTER id TYPE bigint;
RESET ROLE;
SELECT * FROM wrong(but => 'info');
SELECT * FROM changes() WHERE fact = 'columns';
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TABLE tool NO INHERIT thing;
ALTER TABLE thing DROP COLUMN colour;
ALTER TABLE tool DROP COLUMN colour;
RESET ROLE;
SELECT * FROM wrong();
SELECT * FROM changes() WHERE fact = 'columns';

--
-- Typed tables: the type's attributes are the table's columns
--
SET ROLE regress_m2m_owner;
CREATE TYPE city AS (id int, name text, country text);
CREATE TABLE town OF city (PRIMARY KEY (id));
INSERT INTO town VALUES (1, 'Ulm', 'D'), (2, 'Linz', 'A');
SELECT m2m_link('shop', 1, 'town', ARRAY[1, 2]);
COMMENT ON COLUMN shop_towns.country IS 'as on cars';
RESET ROLE;
CALL remember();
SET ROLE regress_m2m_owner;
ALTER TYPE city ADD ATTRIBUTE people int CASCADE;
ALTER TYPE city RENAME ATTRIBUTE country TO state CASCADE;
ALTER TYPE city ALTER ATTRIBUTE name TYPE varchar(99) CASCADE;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TYPE city DROP ATTRIBUTE people CASCADE, ALTER ATTRIBUTE id TYPE bigint CASCADE;
ALTER TYPE city DROP ATTRIBUTE state;
\echo :SQLSTATE
RESET ROLE;
SELECT * FROM wrong(but => 'info');
SELECT * FROM changes();
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TABLE town NOT OF;
ALTER TABLE town ADD COLUMN mayor text;
ALTER TABLE town DROP COLUMN mayor, OF city;
RESET ROLE;
SELECT * FROM wrong();

--
-- Partitions: of an endpoint, and of the association
--
SET ROLE regress_m2m_owner;
CREATE TABLE event (id int, day date, what text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (100);
CREATE TABLE event_2 (what text, gone int, day date, id int NOT NULL);
ALTER TABLE event_2 DROP COLUMN gone;
INSERT INTO event VALUES (1, '2020-01-01', 'one');
INSERT INTO event_2 VALUES ('two', '2020-02-02', 102);
SELECT m2m_link('shop', 1, 'event', 1);
RESET ROLE;
CALL remember();
SET ROLE regress_m2m_owner;
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM (100) TO (200);
SELECT m2m_link('shop', 2, 'event', ARRAY[1, 102]);
ALTER TABLE event ADD COLUMN note text;
ALTER TABLE event RENAME what TO what_for;
ALTER TABLE event ALTER what_for TYPE varchar(9);
ALTER TABLE event DROP COLUMN day;
RESET ROLE;
SELECT * FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
\set VERBOSITY sqlstate
ALTER TABLE event DETACH PARTITION event_2;
\set VERBOSITY terse
SELECT m2m_unlink('shop', 2, 'event', 102);
ALTER TABLE event DETACH PARTITION event_2;
RESET ROLE;
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM (100) TO (200);
ALTER TABLE event DETACH PARTITION event_2 CONCURRENTLY;
SELECT count(*) FROM pg_inherits WHERE inhparent = 'event'::regclass;
BEGIN;
ALTER TABLE event DETACH PARTITION event_1 CONCURRENTLY;
\echo :SQLSTATE
ROLLBACK;
DROP TABLE event_2;
RESET ROLE;
SELECT * FROM wrong();
SELECT * FROM changes() WHERE fact <> 'columns';
SET ROLE regress_m2m_owner;
CREATE TABLE visit (author_id int REFERENCES author, shop_id int REFERENCES shop, day date,
    PRIMARY KEY (author_id, shop_id)) PARTITION BY HASH (author_id);
CREATE INDEX ON visit (shop_id, author_id);
CREATE TABLE visit_0 PARTITION OF visit FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT m2m_adopt('visit');
SELECT m2m_link('author', 1, 'shop', ARRAY[1, 2]), m2m_link('author', 2, 'shop', 1), m2m_link('author', 3, 'shop', 2);
ALTER TABLE visit ADD COLUMN hour int DEFAULT 12;
ALTER TABLE visit RENAME shop_id TO shop;
ALTER TABLE visit ALTER day TYPE timestamp;
RESET ROLE;
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TABLE visit DETACH PARTITION visit_0;
RESET ROLE;
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TABLE visit ATTACH PARTITION visit_0 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
ALTER TABLE visit DETACH PARTITION visit_0 CONCURRENTLY;
ALTER TABLE visit DROP COLUMN day;
ALTER TABLE visit_0 DROP COLUMN day;
ALTER TABLE visit ATTACH PARTITION visit_0 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
RESET ROLE;
SELECT * FROM wrong();
TABLE author_shops ORDER BY 1, 2;

--
-- Temporary relationships
--
CREATE TEMPORARY TABLE a (id int PRIMARY KEY, x text, y int);
CREATE TEMPORARY TABLE b (id int PRIMARY KEY, x text, y int);
INSERT INTO a VALUES (1, 'a');
INSERT INTO b VALUES (1, 'b'), (2, 'c');
SELECT m2m_link('a', 1, 'b', ARRAY[1, 2]);
COMMENT ON COLUMN a_bs.x IS 'kept';
ALTER TABLE a ADD COLUMN z int;
ALTER TABLE b RENAME x TO xx;
ALTER TABLE b ALTER xx TYPE varchar(10);
ALTER TABLE a DROP COLUMN y;
ALTER TABLE a_b ADD COLUMN since date;
SELECT * FROM wrong();
SELECT col_description('a_bs'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'a_bs'::regclass AND attname = 'xx';
SET client_min_messages = warning;
DROP TABLE a, b CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships() WHERE association::text = 'a_b';

--
-- Under any search_path
--
CREATE SCHEMA trap;
CREATE TABLE trap.author (id int PRIMARY KEY, trap text);
CREATE TABLE trap.book (id int PRIMARY KEY, trap text);
CREATE TABLE trap.author_book (author_id int, book_id int, trap text);
CREATE VIEW trap.author_books AS SELECT 1 AS trap;
CREATE FUNCTION trap.equal_trap(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.equal_trap);
CREATE DOMAIN trap.int4 AS text;
CREATE DOMAIN trap.text AS int;
CALL remember();
SET search_path = trap, pg_catalog;
ALTER TABLE columns.book ADD COLUMN extra int;
ALTER TABLE columns.book ALTER COLUMN extra TYPE pg_catalog.text;
ALTER TABLE columns.book RENAME extra TO extra2;
ALTER TABLE columns.author_book RENAME share TO part;
SET search_path = '';
ALTER TABLE columns.book DROP COLUMN extra2;
ALTER TABLE columns.author_book RENAME part TO share;
ALTER TABLE columns.author RENAME id TO number;
ALTER TABLE columns.author RENAME number TO id;
SELECT * FROM oracle.changes();
SELECT * FROM oracle.wrong();
-- a table of the name in a schema before it is another table
SET search_path = trap, columns, oracle, public;
ALTER TABLE book DROP COLUMN trap;
ALTER TABLE author_book DROP COLUMN trap;
SELECT * FROM changes();
SET search_path = columns, oracle, public;

SET client_min_messages = warning;
DROP SCHEMA trap, columns CASCADE;
DROP SCHEMA oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
DROP ROLE regress_m2m_owner, regress_m2m_reader, regress_m2m_friend, regress_m2m_stranger;
