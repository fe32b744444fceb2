--
-- m2m_check and m2m_repair: every finding provoked, the remedy that is shown
-- runs, m2m_repair mends the same, and then nothing is found any more
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned

CREATE ROLE regress_m2m_owner;
CREATE ROLE regress_m2m_other;
CREATE SCHEMA checks AUTHORIZATION regress_m2m_owner;
GRANT USAGE ON SCHEMA checks TO PUBLIC;
SET search_path = checks, oracle, public;
SET ROLE regress_m2m_owner;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
CREATE TABLE room (building text, number int, PRIMARY KEY (building, number));
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO book VALUES (1, 'Flask'), (2, 'SQL');
INSERT INTO room VALUES ('A', 1), ('A', 2);
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]), m2m_link('author', 1, 'room', ARRAY['(A,1)', '(A,2)']);
GRANT SELECT ON author_books TO regress_m2m_other;
ALTER VIEW author_books SET (security_barrier);
-- of what m2m makes nothing is amiss
SELECT * FROM m2m_check();
SELECT * FROM m2m_repair();

-- Does what m2m_check() shows, by hand, as the owner; then has m2m_repair() do
-- it instead.  After each of both nothing is wrong any more.
CREATE PROCEDURE mend(by_hand boolean) LANGUAGE plpgsql AS $$
DECLARE
    sql text;
    r record;
BEGIN
    IF by_hand THEN
        -- one at a time, as one may be what another needs
        LOOP
            SELECT remedy INTO sql FROM m2m_check() WHERE remedy IS NOT NULL LIMIT 1;
            EXIT WHEN sql IS NULL;
            RAISE INFO '%', sql;
            EXECUTE sql;
        END LOOP;
    ELSE
        FOR r IN SELECT * FROM m2m_repair() LOOP
            RAISE INFO '% of %: %', r.severity, r.relationship, r.finding;
        END LOOP;
    END IF;
    FOR r IN SELECT * FROM oracle.wrong() LOOP
        RAISE WARNING '%: still %', r.relationship, r.what;
    END LOOP;
END
$$;
-- both ways out of one state; "changes" is of what the tables hold then
\set mend_both 'SAVEPOINT m; CALL mend(true); SELECT object, fact, before, after FROM changes(); ROLLBACK TO m; CALL mend(false); SELECT object, fact, before, after FROM changes(); ROLLBACK;'
CALL remember();

--
-- Foreign keys
--
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_author_id_fkey;
SELECT severity, finding FROM m2m_check();
:mend_both
-- with links that meanwhile point nowhere
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_author_id_fkey;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
INSERT INTO author_book VALUES (9, 1), (1, 9), (8, 8);
SELECT severity, finding, remedy IS NULL AS by_hand FROM m2m_check();
-- which are wrong, or whether other tables are meant, is for the user to say:
-- no row goes that no foreign key forbids
SELECT finding FROM m2m_repair('author_book');
TABLE author_book ORDER BY 1, 2;
ALTER TABLE author_book ADD FOREIGN KEY (author_id) REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
SAVEPOINT s;
SELECT finding FROM m2m_repair('author_book');
TABLE author_book ORDER BY 1, 2;
ROLLBACK TO s;
:mend_both
-- of several columns
BEGIN;
ALTER TABLE author_room DROP CONSTRAINT author_room_room_building_room_number_fkey;
INSERT INTO author_room VALUES (2, 'B', 1);
SELECT severity, finding FROM m2m_check();
ALTER TABLE author_room ADD FOREIGN KEY (room_building, room_number) REFERENCES room ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
:mend_both
-- not validated
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_author_id_fkey;
ALTER TABLE author_book ADD CONSTRAINT later FOREIGN KEY (author_id) REFERENCES author ON DELETE RESTRICT NOT VALID;
SELECT severity, finding FROM m2m_check();
SAVEPOINT s;
SELECT finding FROM m2m_repair();
SELECT left_on_delete FROM m2m_relationships() WHERE association = 'author_book'::regclass;
ROLLBACK TO s;
:mend_both
-- a remedy that fails is a warning, and the rest is mended
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_author_id_fkey;
INSERT INTO author_book VALUES (9, 1);
ALTER TABLE author_book ADD FOREIGN KEY (author_id) REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
DROP INDEX author_book_book_id_author_id_idx;
CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'nothing goes'; END $$;
CREATE TRIGGER stays BEFORE DELETE ON author_book FOR EACH ROW EXECUTE FUNCTION stays();
SELECT severity, finding FROM m2m_check();
SELECT severity, finding FROM m2m_repair();
SELECT severity, finding FROM m2m_check();
ROLLBACK;
-- while what it does not hold is found, and goes
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_author_id_fkey;
INSERT INTO author_book VALUES (9, 1);
ALTER TABLE author_book ADD CONSTRAINT later FOREIGN KEY (author_id) REFERENCES author NOT VALID;
SELECT severity, finding FROM m2m_check();
:mend_both
-- switched off, on either table, which only a superuser can, there and back.
-- The user's own triggers are his business
RESET ROLE;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER mine BEFORE INSERT ON author_book FOR EACH ROW EXECUTE FUNCTION nothing();
BEGIN;
ALTER TABLE author_book DISABLE TRIGGER ALL;
SELECT severity, finding FROM m2m_check();
SELECT finding FROM m2m_repair();
ALTER TABLE author_book ENABLE TRIGGER ALL;
SELECT * FROM wrong();
ROLLBACK;
BEGIN;
ALTER TABLE author DISABLE TRIGGER ALL;
SELECT severity, finding FROM m2m_check('author_book');
ALTER TABLE author ENABLE TRIGGER ALL;
SELECT * FROM m2m_check('author_book');
ROLLBACK;
BEGIN;
ALTER TABLE author_book DISABLE TRIGGER mine;
SELECT * FROM m2m_check();
ROLLBACK;
SET client_min_messages = warning;
DROP FUNCTION nothing() CASCADE;
RESET client_min_messages;
SET ROLE regress_m2m_owner;

--
-- Indexes, and links that stand there twice
--
BEGIN;
DROP INDEX author_book_book_id_author_id_idx;
SELECT severity, finding FROM m2m_check();
:mend_both
-- another index that begins with the columns does as well, a partial one or
-- one that is not valid does not
BEGIN;
DROP INDEX author_book_book_id_author_id_idx;
CREATE INDEX ON author_book (book_id);
SELECT * FROM m2m_check();
DROP INDEX author_book_book_id_idx;
CREATE INDEX ON author_book (book_id) WHERE author_id > 5;
SELECT severity, finding FROM m2m_check();
ROLLBACK;
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_pkey;
INSERT INTO author_book VALUES (1, 1), (1, 1), (2, 2);
SELECT severity, finding FROM m2m_check();
SAVEPOINT s;
SELECT finding FROM m2m_repair();
TABLE author_book ORDER BY 1, 2;
ROLLBACK TO s;
:mend_both
-- policies bind neither the owner nor a superuser, and so hide nothing here
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_pkey;
ALTER TABLE author_book ENABLE ROW LEVEL SECURITY;
INSERT INTO author_book VALUES (1, 1), (1, 1);
SELECT finding FROM m2m_repair();
ROLLBACK;
-- with link properties that differ it is for the user to choose
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_pkey;
ALTER TABLE author_book ADD COLUMN share numeric;
INSERT INTO author_book VALUES (1, 1, 0.1), (1, 1, 0.2), (1, 1, 0.2), (2, 2, NULL), (2, 2, NULL);
SELECT severity, finding, remedy IS NULL AS by_hand FROM m2m_check();
SELECT finding FROM m2m_repair();
TABLE author_book ORDER BY 1, 2, 3;
SELECT severity, finding, remedy IS NULL AS by_hand FROM m2m_check();
DELETE FROM author_book WHERE (author_id, book_id) = (1, 1) AND share IS DISTINCT FROM 0.1;
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
ROLLBACK;
-- an adopted table without a key, whose links are whole rows: none is deleted; rows with a null are no links
BEGIN;
CREATE TABLE review (author_id int REFERENCES author, book_id int REFERENCES book, stars json);
INSERT INTO review VALUES (1, NULL, '1'), (1, NULL, '1'), (NULL, NULL, '2'), (1, 1, '{"a":1}'), (1, 1, '{"a":1}'), (2, 1, '{"a":1}');
SELECT m2m_adopt('review', left_role => 'critic', right_role => 'reviewed');
SELECT severity, finding FROM m2m_check();
SELECT finding FROM m2m_repair();
SELECT author_id, book_id, stars FROM review ORDER BY 1, 2;
SELECT * FROM wrong();
ROLLBACK;
-- partitioned: only what is the same throughout is said to be
BEGIN;
CREATE TABLE visit (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, day int) PARTITION BY LIST (day);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES IN (1);
CREATE TABLE visit_2 PARTITION OF visit FOR VALUES IN (2);
INSERT INTO visit VALUES (1, 1, 1), (1, 1, 1), (1, 1, 2);
SELECT m2m_adopt('visit', left_role => 'visitor', right_role => 'visited');
SELECT severity, finding FROM m2m_check('visit');
SELECT finding FROM m2m_repair('visit');
TABLE visit ORDER BY 3;
SELECT severity, finding FROM m2m_check('visit');
ROLLBACK;

--
-- Types
--
BEGIN;
ALTER TABLE author ALTER id TYPE bigint;
ALTER TABLE room ALTER building TYPE varchar(40) COLLATE "C", ALTER number TYPE bigint;
SELECT relationship, severity, finding FROM m2m_check();
:mend_both

--
-- Link views
--
BEGIN;
DROP VIEW author_books;
SELECT severity, finding FROM m2m_check();
:mend_both
-- also where the user has added another foreign key
BEGIN;
ALTER TABLE author_book ADD COLUMN editor_id int REFERENCES author;
DROP VIEW author_books;
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
ROLLBACK;
-- columns that it does not show, guards against nulls that it has not: what
-- was done while event triggers were off
RESET ROLE;
SET session_replication_role = replica;
ALTER TABLE book ADD COLUMN pages int;
ALTER TABLE author_book ADD COLUMN share int;
ALTER TABLE author_room DROP CONSTRAINT author_room_pkey, ALTER author_id DROP NOT NULL, ALTER room_number DROP NOT NULL;
ALTER TABLE author RENAME TO writer;
ALTER TABLE room RENAME TO hall;
RESET session_replication_role;
SET ROLE regress_m2m_owner;
BEGIN;
INSERT INTO author_room VALUES (NULL, 'A', 1), (1, 'A', NULL);
SELECT relationship, severity, finding FROM m2m_check();
SAVEPOINT m;
CALL mend(true);
ROLLBACK TO m;
CALL mend(false);
ROLLBACK;
RESET ROLE;
SET session_replication_role = replica;
ALTER TABLE writer RENAME TO author;
ALTER TABLE hall RENAME TO room;
ALTER TABLE book DROP COLUMN pages;
ALTER TABLE author_book DROP COLUMN share;
ALTER TABLE author_room ADD PRIMARY KEY (author_id, room_building, room_number);
RESET session_replication_role;
SET ROLE regress_m2m_owner;
SELECT * FROM changes();
SELECT * FROM wrong();
-- security_invoker
BEGIN;
ALTER VIEW author_books SET (security_invoker = false);
ALTER VIEW book_authors RESET (security_invoker);
SELECT severity, finding, remedy FROM m2m_check();
:mend_both
BEGIN;
ALTER VIEW author_books SET (security_invoker = on);
ALTER VIEW book_authors SET (security_invoker);
SELECT * FROM m2m_check();
ROLLBACK;
-- the mark on the trigger
BEGIN;
ALTER TRIGGER m2m_link_view ON author_books NO DEPENDS ON EXTENSION m2m;
SELECT severity, finding, remedy FROM m2m_check();
:mend_both
-- a trigger of another name does the same
BEGIN;
ALTER TRIGGER m2m_link_view ON author_books RENAME TO x;
SELECT * FROM m2m_check();
SELECT * FROM wrong();
ROLLBACK;
-- a view of the name that shows something else
BEGIN;
DROP VIEW author_books;
CREATE VIEW author_books AS SELECT 1 AS one;
SELECT severity, finding, remedy FROM m2m_check();
SELECT finding FROM m2m_repair();
TABLE author_books;
ROLLBACK;
BEGIN;
CREATE OR REPLACE VIEW author_books AS
    SELECT l.author_id, r.id, r.title FROM author_book l LEFT JOIN book r ON r.id = l.book_id;
SELECT severity, finding, remedy FROM m2m_check();
SELECT finding FROM m2m_repair();
ROLLBACK;
-- replaced by one that has nothing to do with the association; a link view of
-- another name is the way out
BEGIN;
CREATE OR REPLACE VIEW author_books AS SELECT id AS author_id, id, name AS title FROM author;
SELECT severity, finding, remedy FROM m2m_check();
SELECT m2m_adopt('author_book', left_view => 'books_of_author');
SELECT * FROM m2m_check();
SELECT * FROM books_of_author ORDER BY 1, 2;
-- writes to it are m2m's until its triggers go
SAVEPOINT s;
\set VERBOSITY default
UPDATE author_books SET title = 'Al' WHERE id = 1;
\set VERBOSITY terse
ROLLBACK TO s;
DROP TRIGGER m2m_link_view ON author_books;
DROP TRIGGER m2m_link_view_batch ON author_books;
UPDATE author_books SET title = 'Al' WHERE id = 1;
SELECT name FROM author ORDER BY id;
ROLLBACK;
-- of another owner: does not count
RESET ROLE;
BEGIN;
ALTER VIEW author_books OWNER TO regress_m2m_other;
SELECT severity, finding, remedy FROM m2m_check();
SAVEPOINT s;
SET ROLE regress_m2m_owner;
SELECT finding FROM m2m_repair();
RESET ROLE;
ROLLBACK TO s;
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
ROLLBACK;
-- nor is it taken where it might be, for it would go on being the other's
BEGIN;
GRANT regress_m2m_other TO regress_m2m_owner;
ALTER VIEW author_books OWNER TO regress_m2m_other;
SET ROLE regress_m2m_owner;
SELECT finding FROM m2m_repair();
SAVEPOINT s;
SELECT m2m_adopt('author_book');
ROLLBACK TO s;
DROP TRIGGER m2m_link_view ON author_books;
SELECT m2m_adopt('author_book');
ROLLBACK;
SET ROLE regress_m2m_owner;

--
-- Link functions
--
BEGIN;
DROP FUNCTION author_books(author);
SELECT severity, finding FROM m2m_check();
:mend_both
BEGIN;
CREATE OR REPLACE FUNCTION author_books(author) RETURNS SETOF book LANGUAGE sql STABLE COST 7 AS 'SELECT * FROM book';
SELECT severity, finding FROM m2m_check();
:mend_both

--
-- All at once
--
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_pkey, DROP CONSTRAINT author_book_book_id_fkey;
DROP INDEX author_book_book_id_author_id_idx;
INSERT INTO author_book VALUES (1, 1), (1, 7), (2, 7), (2, 7);
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
ALTER TABLE book ALTER id TYPE bigint;
DROP VIEW book_authors;
DROP FUNCTION author_books(author);
ALTER VIEW author_books RESET (security_invoker);
ALTER TRIGGER m2m_link_view ON author_books NO DEPENDS ON EXTENSION m2m;
SELECT severity, finding FROM m2m_check();
SAVEPOINT m;
CALL mend(true);
ROLLBACK TO m;
CALL mend(false);
TABLE author_book ORDER BY 1, 2;
ROLLBACK;
SELECT * FROM changes();
SELECT * FROM wrong();

--
-- Who may call what
--
SET ROLE regress_m2m_other;
SELECT * FROM m2m_check();
SELECT * FROM m2m_repair();
SELECT * FROM m2m_repair('author_book');
\echo :SQLSTATE
SET ROLE regress_m2m_owner;
ALTER TABLE author_book DROP CONSTRAINT author_book_author_id_fkey;
INSERT INTO author_book VALUES (9, 1);
ALTER TABLE author_book ADD FOREIGN KEY (author_id) REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
DROP INDEX author_book_book_id_author_id_idx;
SET ROLE regress_m2m_other;
-- the catalogs are for everybody to read, the rows are not
SELECT severity, finding FROM m2m_check();
SELECT * FROM m2m_repair();
SELECT * FROM m2m_repair('author_book');
\echo :SQLSTATE
-- a superuser repairs as the owner: what the owner put there runs as the owner
SET ROLE regress_m2m_owner;
CREATE TABLE seen (who text);
CREATE FUNCTION spy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO checks.seen VALUES (current_user || ', ' || current_setting('search_path'));
    RETURN old;
END
$$;
CREATE TRIGGER spy BEFORE DELETE ON author_book FOR EACH ROW EXECUTE FUNCTION spy();
RESET ROLE;
BEGIN;
SELECT finding FROM m2m_repair();
SELECT DISTINCT who FROM seen;
SELECT * FROM wrong();
ROLLBACK;
-- and checking runs nobody's code with the checker's rights
SET ROLE regress_m2m_owner;
CREATE FUNCTION spy_id(int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE WARNING 'seen by %', current_user; RETURN $1; END $$;
ALTER TABLE author ENABLE ROW LEVEL SECURITY;
CREATE POLICY spy ON author USING (spy_id(id) > 0);
RESET ROLE;
SELECT severity, finding FROM m2m_check();
-- where a policy binds the owner, rows are not looked into
SET ROLE regress_m2m_owner;
ALTER TABLE author FORCE ROW LEVEL SECURITY;
RESET ROLE;
SELECT severity, finding FROM m2m_check();
SET ROLE regress_m2m_owner;
DROP POLICY spy ON author;
ALTER TABLE author DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
DROP TRIGGER spy ON author_book;
SELECT finding FROM m2m_repair('author_book');
SELECT * FROM wrong();

-- only what one asks for, NULL is all, and what is none says so
SELECT * FROM m2m_check(NULL);
SELECT * FROM m2m_check('author');
\echo :SQLSTATE
SELECT * FROM m2m_repair('author');
\echo :SQLSTATE
SELECT * FROM m2m_check('author_books');
\echo :SQLSTATE
SELECT * FROM m2m_check(0);
\echo :SQLSTATE
SELECT * FROM m2m_repair(0);
\echo :SQLSTATE

-- It keeps no locks, and looks in read-only transactions too
BEGIN READ ONLY;
SELECT * FROM m2m_check();
SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation IN
    (SELECT oid FROM pg_class WHERE relnamespace = 'checks'::regnamespace);
SELECT * FROM m2m_repair();
\echo :SQLSTATE
ROLLBACK;

-- Under any search_path
BEGIN;
DROP INDEX author_book_book_id_author_id_idx;
ALTER TABLE author_book DROP CONSTRAINT author_book_pkey, DROP CONSTRAINT author_book_author_id_fkey;
INSERT INTO author_book VALUES (1, 1), (7, 2);
ALTER TABLE author_book ADD FOREIGN KEY (author_id) REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
SET LOCAL search_path = '';
SELECT severity, finding FROM public.m2m_check();
SELECT finding FROM public.m2m_repair();
SELECT * FROM oracle.wrong();
ROLLBACK;
RESET ROLE;
CREATE SCHEMA trap;
CREATE FUNCTION trap.trapped(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE OPERATOR trap.= (LEFTARG = int, RIGHTARG = int, FUNCTION = trap.trapped);
CREATE FUNCTION trap.num_nulls(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
CREATE FUNCTION trap.count(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
SET ROLE regress_m2m_owner;
BEGIN;
DROP INDEX author_book_book_id_author_id_idx;
ALTER TABLE author_book DROP CONSTRAINT author_book_pkey, DROP CONSTRAINT author_book_author_id_fkey;
INSERT INTO author_book VALUES (1, 1), (7, 2);
ALTER TABLE author_book ADD FOREIGN KEY (author_id) REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
SET LOCAL search_path = trap, pg_catalog;
SELECT severity, finding FROM public.m2m_check();
SELECT finding FROM public.m2m_repair();
SELECT * FROM oracle.wrong();
ROLLBACK;
-- other things in the way: a column of the association called like our alias
BEGIN;
ALTER TABLE author_book ADD COLUMN a int, ADD COLUMN d int, ADD COLUMN n int, ADD COLUMN r int, ADD COLUMN whole int;
ALTER TABLE author_book DROP CONSTRAINT author_book_pkey, DROP CONSTRAINT author_book_author_id_fkey;
INSERT INTO author_book (author_id, book_id) VALUES (1, 1), (7, 2);
ALTER TABLE author_book ADD FOREIGN KEY (author_id) REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE NOT VALID;
SELECT severity, finding FROM m2m_check();
SELECT finding FROM m2m_repair();
SELECT severity, finding FROM m2m_check();
ROLLBACK;

-- A foreign key over the key and more, in place of the one over the key, is its
-- owner's decision
BEGIN;
ALTER TABLE author_book ADD COLUMN shop int;
ALTER TABLE book ADD COLUMN shop int, ADD UNIQUE (shop, id);
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey,
    ADD FOREIGN KEY (shop, book_id) REFERENCES book (shop, id);
SELECT * FROM m2m_check();
SELECT * FROM m2m_repair();
ROLLBACK;

-- Both views gone, or a table: it is no relationship any more
BEGIN;
DROP VIEW author_books, book_authors;
SELECT * FROM m2m_check();
SELECT * FROM m2m_repair();
SELECT m2m_adopt('author_book');
SELECT * FROM wrong();
ROLLBACK;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA checks, trap, oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
DROP ROLE regress_m2m_owner, regress_m2m_other;
