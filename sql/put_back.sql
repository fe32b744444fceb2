--
-- A command never commits with less than it found, and gives back just what it
-- dropped: errors while link views are put back, what CASCADE takes along,
-- commands inside commands, and what event triggers of others see
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
CREATE ROLE regress_m2m_reader;
CREATE ROLE regress_m2m_viewer;
CREATE SCHEMA back AUTHORIZATION regress_m2m_owner;
SET search_path = back, oracle, public;
SET ROLE regress_m2m_owner;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN score AS int;
CREATE FUNCTION loud(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN upper($1);
CREATE SEQUENCE number;
CREATE VIEW shelf AS SELECT 1 AS room, 2 AS board;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text, pages int);
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO book VALUES (1, 'Flask', 10), (2, 'SQL', 20);
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]);
GRANT USAGE ON SCHEMA back TO PUBLIC;
GRANT SELECT ON author_books TO regress_m2m_reader WITH GRANT OPTION;
GRANT UPDATE (title) ON author_books TO regress_m2m_reader;
SET ROLE regress_m2m_reader;
GRANT SELECT ON author_books TO regress_m2m_viewer;
SET ROLE regress_m2m_owner;
ALTER VIEW author_books SET (security_barrier);
ALTER VIEW author_books ALTER COLUMN pages SET DEFAULT 7;
COMMENT ON VIEW author_books IS 'who wrote what';
COMMENT ON COLUMN author_books.title IS 'as on the cover';
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER mine AFTER UPDATE ON author_books FOR EACH STATEMENT WHEN (1 < 2) EXECUTE FUNCTION nothing();
COMMENT ON TRIGGER mine ON author_books IS 'does nothing';
CREATE RULE note AS ON UPDATE TO author_books DO ALSO NOTIFY regress_m2m;
COMMENT ON RULE note ON author_books IS 'tells nobody';
-- the owner may lack rights on his own view
REVOKE TRIGGER ON author_books FROM regress_m2m_owner;
RESET ROLE;
SELECT * FROM wrong();
CALL remember();

--
-- Errors.  Those of the moment undo the command
--
CREATE TABLE failing (code text);
CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'as ordered' USING ERRCODE = (SELECT code FROM back.failing);
END $$;
CREATE EVENT TRIGGER regress_m2m_fail ON ddl_command_start WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION fail();
CREATE FUNCTION outcome(failure text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM back.failing;
    INSERT INTO back.failing VALUES (failure);
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN query_canceled OR OTHERS THEN
    RETURN sqlstate;
END $$;
GRANT ALL ON failing TO regress_m2m_owner;
SELECT c, outcome(c, 'ALTER TABLE back.book ALTER COLUMN pages TYPE bigint'),
    outcome(c, 'CREATE DOMAIN back.d AS int; ALTER TABLE back.book ADD d back.d; DROP DOMAIN back.d CASCADE')
FROM unnest(ARRAY['55P03', '40P01', '40001', '53100', '53200', '54001', '57014', '57P01', '58030', 'XX000', '42501', 'P0001']) c;
SELECT * FROM changes();
-- those that are an owner's doing do not: a name is taken
DROP EVENT TRIGGER regress_m2m_fail;
CREATE FUNCTION take() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('back.author_books') IS NULL THEN
        CREATE TABLE back.author_books ();
    END IF;
END $$;
CREATE EVENT TRIGGER a_regress_m2m_take ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION take();
BEGIN;
ALTER TABLE book ALTER COLUMN pages TYPE bigint;
SELECT severity, finding FROM m2m_check() ORDER BY 2;
ROLLBACK;
DROP EVENT TRIGGER a_regress_m2m_take;
SELECT * FROM changes();
-- an event trigger of the user's that fails is not: whatever its error, the
-- command fails with it
CREATE FUNCTION fails() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nowhere(); END $$;
CREATE EVENT TRIGGER regress_m2m_fails ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION fails();
SET ROLE regress_m2m_owner;
ALTER TABLE book ALTER COLUMN pages TYPE bigint;
RESET ROLE;
SELECT * FROM changes();
DROP EVENT TRIGGER regress_m2m_fails;
DROP FUNCTION fails;
-- a default, a condition, a rule do not fit any more
SET ROLE regress_m2m_owner;
BEGIN;
RESET ROLE;
CREATE TRIGGER columns AFTER UPDATE OF title, pages ON author_books FOR EACH STATEMENT EXECUTE FUNCTION nothing();
SET ROLE regress_m2m_owner;
ALTER TABLE book DROP COLUMN pages;
RESET ROLE;
SELECT object, fact FROM changes() WHERE fact !~ 'column';
ROLLBACK;
BEGIN;
ALTER VIEW author_books ALTER COLUMN title SET DEFAULT 'untitled'::text;
CREATE RULE log AS ON DELETE TO author_books DO ALSO SELECT upper(old.title);
ALTER TABLE book ALTER COLUMN title TYPE int[] USING NULL;
RESET ROLE;
SELECT object, fact, before, after FROM changes() WHERE fact !~ 'column';
ROLLBACK;
SET ROLE regress_m2m_owner;
-- a function that the owner may not call any more does
BEGIN;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION nothing() FROM PUBLIC, regress_m2m_owner;
ALTER FUNCTION nothing() OWNER TO regress_m2m_viewer;
SET ROLE regress_m2m_owner;
ALTER TABLE book ALTER COLUMN pages TYPE bigint;
RESET ROLE;
SELECT object, fact, before, after FROM changes() WHERE fact !~ 'column' AND object !~ 'nothing';
ROLLBACK;
SELECT * FROM changes();

--
-- Whoever runs the command: the view's rules come with their comments
--
RESET ROLE;
ALTER VIEW author_books OWNER TO regress_m2m_viewer;
GRANT CREATE, USAGE ON SCHEMA back TO regress_m2m_viewer;
GRANT ALL ON author, book, author_book TO regress_m2m_viewer;
CALL remember();
SET ROLE regress_m2m_owner;
ALTER TABLE book ALTER COLUMN pages TYPE bigint;
ALTER TABLE book ALTER COLUMN pages TYPE int;
RESET ROLE;
SELECT * FROM changes();
ALTER VIEW author_books OWNER TO regress_m2m_owner;
CALL remember();

--
-- What CASCADE takes along from a table comes back, whatever it hung on
--
SET ROLE regress_m2m_owner;
SET client_min_messages = warning;
ALTER TABLE book ADD COLUMN feels mood, ADD COLUMN points score, ADD COLUMN at shelf,
    ADD COLUMN shout text GENERATED ALWAYS AS (loud(title)) STORED;
ALTER TABLE author_book ADD COLUMN how mood;
RESET ROLE;
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);
ALTER TABLE book ADD COLUMN found tsvector GENERATED ALWAYS AS (to_tsvector('back.words', title)) STORED;
SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'author_books'::regclass;
DROP TYPE mood CASCADE;
DROP DOMAIN score CASCADE;
DROP VIEW shelf CASCADE;
DROP FUNCTION loud(text) CASCADE;
DROP TEXT SEARCH CONFIGURATION words CASCADE;
SELECT * FROM changes();
SELECT * FROM wrong();
-- with a view of the user's own on top, and by ALTER TABLE as well
CREATE VIEW titles AS SELECT title FROM author_books;
CREATE TYPE mood AS ENUM ('good');
ALTER TABLE book ADD COLUMN feels mood, ADD COLUMN more int;
DROP TYPE mood CASCADE;
SELECT to_regclass('titles');
CREATE VIEW titles AS SELECT title FROM author_books;
ALTER TABLE book DROP COLUMN more CASCADE;
SELECT to_regclass('titles');
SELECT * FROM changes();
-- a sequence of a view's default: that goes, the view does not
BEGIN;
ALTER VIEW author_books ALTER COLUMN pages SET DEFAULT nextval('number');
DROP SEQUENCE number CASCADE;
SELECT object, fact, before, after FROM changes();
ROLLBACK;
-- a table whose rows another table's column holds
CREATE TABLE place (x int);
ALTER TABLE book ADD COLUMN place place;
DROP TABLE place CASCADE;
SELECT * FROM changes();
-- things of a role's
BEGIN;
CREATE TYPE theirs AS ENUM ('a');
ALTER TYPE theirs OWNER TO regress_m2m_viewer;
ALTER TABLE author_book ADD COLUMN t theirs;
DROP OWNED BY regress_m2m_viewer CASCADE;
SELECT object, fact, before, after FROM changes();
ROLLBACK;
-- and what they are meant for goes
BEGIN;
ALTER VIEW author_books OWNER TO regress_m2m_viewer;
DROP OWNED BY regress_m2m_viewer;
SELECT to_regclass('author_books'), to_regclass('book_authors');
ROLLBACK;
BEGIN;
DROP VIEW author_books CASCADE;
SELECT to_regclass('author_books'), to_regclass('book_authors');
ROLLBACK;
BEGIN;
CREATE SCHEMA other;
ALTER VIEW author_books SET SCHEMA other;
DROP SCHEMA other CASCADE;
SELECT to_regclass('other.author_books'), to_regclass('book_authors');
ROLLBACK;
SELECT * FROM changes();
RESET client_min_messages;

--
-- Commands inside commands: what each of them drops is its own
--
SET client_min_messages = warning;
CREATE FUNCTION inside() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('back.book_authors') IS NOT NULL THEN
        EXECUTE current_setting('back.inside');
    END IF;
END $$;
CREATE EVENT TRIGGER regress_m2m_inside ON sql_drop WHEN TAG IN ('DROP TYPE', 'ALTER TABLE') EXECUTE FUNCTION inside();
SET back.inside = 'DROP VIEW back.book_authors';
BEGIN;
CREATE TYPE other AS ENUM ('good');
ALTER TABLE book ADD COLUMN o other;
DROP TYPE other CASCADE;
SELECT to_regclass('author_books'), to_regclass('book_authors');
SELECT object, fact, before, after FROM changes() WHERE object ~ 'author_books';
ROLLBACK;
SET back.inside = 'DROP VIEW back.book_authors CASCADE';
BEGIN;
CREATE TYPE other AS ENUM ('good');
ALTER TABLE book ADD COLUMN o other;
DROP TYPE other CASCADE;
SELECT to_regclass('author_books'), to_regclass('book_authors');
ROLLBACK;
-- in a block that fails, its own are back, and so are those of the outer one
SET back.inside = $$DO 'BEGIN DROP VIEW back.book_authors CASCADE; ALTER TABLE back.author ALTER name TYPE varchar; RAISE EXCEPTION ''no''; EXCEPTION WHEN raise_exception THEN NULL; END'$$;
BEGIN;
CREATE TYPE other AS ENUM ('good');
ALTER TABLE book ADD COLUMN o other;
DROP TYPE other CASCADE;
SELECT * FROM changes();
ROLLBACK;
DROP EVENT TRIGGER regress_m2m_inside;
DO $$
BEGIN
    FOR i IN 1..3 LOOP
        BEGIN
            CREATE TYPE back.mood AS ENUM ('good');
            ALTER TABLE back.author_book ADD COLUMN feels back.mood;
            DROP TYPE back.mood CASCADE;
            IF i < 3 THEN
                RAISE division_by_zero;
            END IF;
        EXCEPTION WHEN division_by_zero THEN
            NULL;
        END;
    END LOOP;
END $$;
SELECT * FROM changes();
SELECT * FROM wrong();
RESET client_min_messages;

-- A member of an extension goes with it, and does not step aside
\set VERBOSITY sqlstate
BEGIN;
ALTER EXTENSION m2m ADD VIEW author_books;
ALTER TABLE book DROP COLUMN pages;
ROLLBACK;
\set VERBOSITY terse

-- The end of a command that m2m is not told of: nothing is lost by that either
SET client_min_messages = warning;
CREATE DOMAIN score AS int;
ALTER TABLE book ADD COLUMN points score;
ALTER EVENT TRIGGER m2m_ddl_command_end DISABLE;
ALTER TABLE book ALTER COLUMN pages TYPE bigint;
\echo :SQLSTATE
DROP DOMAIN score CASCADE;
\echo :SQLSTATE
-- unless it is taken back
BEGIN;
SAVEPOINT s;
DROP DOMAIN score CASCADE;
ROLLBACK TO s;
COMMIT;
\echo :SQLSTATE
-- and not by another savepoint that is
BEGIN;
SAVEPOINT s;
DROP DOMAIN score CASCADE;
RELEASE s;
SAVEPOINT s;
ROLLBACK TO s;
COMMIT;
\echo :SQLSTATE
ALTER EVENT TRIGGER m2m_ddl_command_end ENABLE;
DROP DOMAIN score CASCADE;
RESET client_min_messages;
SELECT * FROM changes();

-- Temporary relationships
SET client_min_messages = warning;
BEGIN;
CREATE TYPE mood AS ENUM ('good');
CREATE TEMP TABLE cat (id int PRIMARY KEY, feels mood);
CREATE TEMP TABLE dog (id int PRIMARY KEY);
SELECT m2m_link('cat', ARRAY[]::int[], 'dog', ARRAY[]::int[]);
GRANT SELECT ON dog_cats TO regress_m2m_reader;
COMMENT ON VIEW dog_cats IS 'cats of a dog';
DROP TYPE mood CASCADE;
SELECT relacl::text ~ 'regress_m2m_reader=r', obj_description(oid) FROM pg_class WHERE oid = 'dog_cats'::regclass;
ROLLBACK;
RESET client_min_messages;

--
-- Constants come back as they were, whatever the settings of the session
--
SET ROLE regress_m2m_owner;
CREATE TYPE spot AS (room int, board int);
CREATE TABLE tag (id int PRIMARY KEY, since timestamptz, weight float8, lent interval, place spot, marks int[], x int);
SELECT m2m_create('author', 'tag');
ALTER VIEW author_tags ALTER since SET DEFAULT '2020-01-01 12:00+00', ALTER weight SET DEFAULT '0.30000000000000004',
    ALTER lent SET DEFAULT '-1 day +2:03:04';
CREATE TEMPORARY TABLE defaults AS
    SELECT adnum, pg_get_expr(adbin, adrelid) AS value FROM pg_attrdef WHERE adrelid = 'author_tags'::regclass;
SET timezone = 'Asia/Kolkata';
SET datestyle = 'SQL, DMY';
SET intervalstyle = sql_standard;
SET extra_float_digits = -15;
ALTER TABLE tag DROP COLUMN x;
RESET timezone;
RESET datestyle;
RESET intervalstyle;
RESET extra_float_digits;
SELECT adnum, value = pg_get_expr(adbin, adrelid) FROM pg_attrdef FULL JOIN defaults USING (adnum)
WHERE adrelid = 'author_tags'::regclass OR adrelid IS NULL ORDER BY 1;
-- a rule that reads a field of what has none any more is the owner's to mend
CREATE TABLE hits (n int);
CREATE RULE rooms AS ON DELETE TO author_tags DO ALSO INSERT INTO hits VALUES ((OLD.place).room);
ALTER TABLE tag ALTER place TYPE int USING 1;
CREATE RULE marked AS ON DELETE TO author_tags DO ALSO INSERT INTO hits SELECT 5 WHERE 5 = ANY (OLD.marks);
ALTER TABLE tag ALTER marks TYPE int USING 1;
SELECT author_id FROM author_tags;
DROP TABLE author_tag, tag, hits;
DROP TYPE spot;
DROP TABLE defaults;
RESET ROLE;

--
-- What others' event triggers see
--
CREATE TABLE seen (n serial, tag text, kind text, identity text);
CREATE FUNCTION see() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO back.seen (tag, kind, identity)
    SELECT tg_tag, object_type, object_identity FROM pg_event_trigger_dropped_objects()
    WHERE object_type IN ('table', 'view', 'function');
END $$;
GRANT ALL ON seen, seen_n_seq TO PUBLIC;
CREATE EVENT TRIGGER regress_m2m_see ON sql_drop EXECUTE FUNCTION see();
SET ROLE regress_m2m_owner;
SET client_min_messages = warning;
BEGIN;
DROP TABLE author_book;
SELECT tag, kind, identity FROM seen ORDER BY n;
ROLLBACK;
BEGIN;
DROP TABLE book CASCADE;
SELECT tag, kind, identity FROM seen ORDER BY tag, identity;
ROLLBACK;
-- a view that steps aside is not dropped
BEGIN;
ALTER TABLE book DROP COLUMN pages;
SELECT tag, kind, identity FROM seen ORDER BY n;
ROLLBACK;
-- and may refuse
RESET ROLE;
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE object_name = 'author_book') THEN
        RAISE EXCEPTION 'author_book is to stay';
    END IF;
END $$;
CREATE EVENT TRIGGER regress_m2m_refuse ON sql_drop EXECUTE FUNCTION refuse();
DROP TABLE book CASCADE;
DROP TABLE author_book;
SELECT * FROM changes() WHERE object !~ 'seen|see\(|refuse';
DROP EVENT TRIGGER regress_m2m_refuse;
DROP EVENT TRIGGER regress_m2m_see;
-- and run DDL of their own, which relationships follow as any
CREATE TABLE shop (id int PRIMARY KEY, x int);
SELECT m2m_create('shop', 'shop', 'partner', left_role => 'one', right_role => 'other');
CREATE FUNCTION more() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE back.shop DROP COLUMN IF EXISTS x;
END $$;
CREATE EVENT TRIGGER regress_m2m_more ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION more();
ALTER TABLE book DROP COLUMN pages;
DROP EVENT TRIGGER regress_m2m_more;
SELECT finding FROM m2m_check();
SELECT attrelid::regclass FROM pg_attribute WHERE attname = 'x' AND attrelid IN ('shop'::regclass, 'one_others'::regclass, 'other_ones'::regclass);
SELECT count(*) FROM m2m_relationships();
DROP TABLE partner, shop;
-- whose the parts are, and whether he may still use the schema
ALTER VIEW author_books OWNER TO regress_m2m_viewer;
REVOKE ALL ON SCHEMA back FROM regress_m2m_viewer;
SET ROLE regress_m2m_owner;
BEGIN;
DROP TABLE author_book;
SELECT * FROM objects('back');
ROLLBACK;
BEGIN;
DROP TABLE book CASCADE;
SELECT * FROM objects('back');
ROLLBACK;
RESET ROLE;

-- A command that a savepoint takes back is forgotten: what it had dropped may go
SET client_min_messages = warning;
CREATE DOMAIN watt AS int;
CREATE TABLE lamp (id int PRIMARY KEY, power watt);
CREATE TABLE room (id int PRIMARY KEY);
SELECT m2m_create('lamp', 'room');
ALTER EVENT TRIGGER m2m_ddl_command_end DISABLE;
BEGIN;
SAVEPOINT s;
DROP DOMAIN watt CASCADE;
ROLLBACK TO s;
DROP VIEW room_lamps;
COMMIT;
\echo :SQLSTATE
ALTER EVENT TRIGGER m2m_ddl_command_end ENABLE;
DROP TABLE lamp, room CASCADE;

SET client_min_messages = warning;
DROP SCHEMA back, oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
DROP ROLE regress_m2m_owner, regress_m2m_reader, regress_m2m_viewer;
