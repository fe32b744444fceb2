--
-- Several link views step aside for one command, and come back together: with
-- all that they had, and if one of them cannot, the others all the same
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
CREATE SCHEMA many AUTHORIZATION regress_m2m_owner;
GRANT USAGE ON SCHEMA many TO PUBLIC;
SET search_path = many, oracle, public;
SET ROLE regress_m2m_owner;
SET client_min_messages = warning;
CREATE TABLE hub (id int PRIMARY KEY, name text, size int, note text);
CREATE TABLE a (id int PRIMARY KEY, name text);
CREATE TABLE b (id int PRIMARY KEY, name text);
CREATE TABLE c (id int PRIMARY KEY, name text);
INSERT INTO hub VALUES (1, 'one', 1), (2, 'two', 2);
INSERT INTO a VALUES (1, 'a');
INSERT INTO b VALUES (1, 'b');
INSERT INTO c VALUES (1, 'c');
SELECT m2m_link('a', 1, 'hub', 1), m2m_link('b', 1, 'hub', ARRAY[1, 2]), m2m_link('c', 1, 'hub', 2),
    m2m_link('hub', 1, 'hub', 2);
-- each has something, and the second nothing but what it was made with
GRANT SELECT ON a_hubs TO regress_m2m_reader WITH GRANT OPTION;
GRANT UPDATE (size) ON c_hubs TO regress_m2m_reader;
ALTER VIEW a_hubs ALTER COLUMN size SET DEFAULT 7;
ALTER VIEW c_hubs SET (security_barrier);
COMMENT ON VIEW c_hubs IS 'of c';
COMMENT ON COLUMN a_hubs.size IS 'how large';
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER mine AFTER UPDATE ON c_hubs FOR EACH STATEMENT WHEN (1 < 2) EXECUTE FUNCTION nothing();
COMMENT ON TRIGGER mine ON c_hubs IS 'does nothing';
COMMENT ON TRIGGER m2m_link_view ON a_hubs IS 'of m2m';
REVOKE TRIGGER ON c_hubs FROM regress_m2m_owner;
-- a rule speaks of a view that was made after its own
CREATE RULE too AS ON UPDATE TO a_hubs DO ALSO DELETE FROM c_hubs WHERE c_id = old.a_id;
COMMENT ON RULE too ON a_hubs IS 'both';
RESET ROLE;
ALTER VIEW b_hubs OWNER TO CURRENT_USER;
CALL remember();

--
-- All come back
--
SET ROLE regress_m2m_owner;
ALTER TABLE hub ALTER COLUMN size TYPE bigint;
ALTER TABLE hub ALTER COLUMN size TYPE int;
RESET ROLE;
SELECT * FROM changes();
-- what the roles' default privileges say now is nobody's right on them
ALTER DEFAULT PRIVILEGES IN SCHEMA many GRANT ALL ON TABLES TO PUBLIC;
SET ROLE regress_m2m_owner;
ALTER DEFAULT PRIVILEGES IN SCHEMA many GRANT ALL ON TABLES TO PUBLIC;
ALTER TABLE hub ALTER COLUMN size TYPE bigint;
ALTER TABLE hub ALTER COLUMN size TYPE int;
ALTER DEFAULT PRIVILEGES IN SCHEMA many REVOKE ALL ON TABLES FROM PUBLIC;
RESET ROLE;
ALTER DEFAULT PRIVILEGES IN SCHEMA many REVOKE ALL ON TABLES FROM PUBLIC;
SELECT * FROM changes();
SELECT * FROM a_hubs ORDER BY 1, 2;
SELECT * FROM b_hubs ORDER BY 1, 2;
SELECT * FROM c_hubs ORDER BY 1, 2;

--
-- One cannot: its name is taken meanwhile.  The others do, as they were
--
CREATE FUNCTION take() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('many.b_hubs') IS NULL THEN
        CREATE TABLE many.b_hubs ();
    END IF;
END $$;
CREATE EVENT TRIGGER a_regress_m2m_take ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION take();
BEGIN;
ALTER TABLE hub ALTER COLUMN size TYPE bigint;
SELECT object, fact, before, after FROM changes() WHERE fact <> 'columns' AND object !~ 'b_hubs';
SELECT severity, finding FROM m2m_check() ORDER BY 2;
ROLLBACK;
BEGIN;
ALTER TABLE hub DROP COLUMN note;
SELECT object, fact, after FROM changes() WHERE object !~ 'b_hubs' AND after IS NOT NULL;
SELECT * FROM a_hubs ORDER BY 1, 2;
ROLLBACK;
DROP EVENT TRIGGER a_regress_m2m_take;
SELECT * FROM changes();

--
-- An event trigger that fails at the second of them makes the command fail
--
CREATE FUNCTION fails() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_regclass('many.b_hubs') IS NOT NULL THEN
        RAISE EXCEPTION 'not with me' USING ERRCODE = 'duplicate_table';
    END IF;
END $$;
CREATE EVENT TRIGGER regress_m2m_fails ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION fails();
ALTER TABLE hub ALTER COLUMN size TYPE bigint;
DROP EVENT TRIGGER regress_m2m_fails;
SELECT * FROM changes();

SET client_min_messages = warning;
DROP SCHEMA many, oracle CASCADE;
DROP OWNED BY regress_m2m_owner, regress_m2m_reader;
DROP ROLE regress_m2m_owner, regress_m2m_reader;
