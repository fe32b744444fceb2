-- hostile.sql: what the security tests share; they read it by \ir. Roles:
-- m2m_victim owns schema v with a relationship in it, m2m_mallory owns schema
-- evil and has no right on anything of the victim's, m2m_friend is somebody
-- else. What mallory plants calls evil.trap(), which counts, in a sequence and
-- so beyond any rollback, whenever it does not run as mallory.
\set QUIET 1
SET client_min_messages = error;
DROP ROLE IF EXISTS m2m_mallory, m2m_victim, m2m_friend;
CREATE ROLE m2m_mallory;
CREATE ROLE m2m_victim;
CREATE ROLE m2m_friend;
CREATE EXTENSION pgtap;
SELECT no_plan();
CREATE SCHEMA evil AUTHORIZATION m2m_mallory;
CREATE SCHEMA v AUTHORIZATION m2m_victim;
GRANT USAGE ON SCHEMA evil, v TO PUBLIC;

SET ROLE m2m_mallory;
CREATE SEQUENCE evil.caught;
GRANT ALL ON SEQUENCE evil.caught TO PUBLIC;
CREATE FUNCTION evil.trap() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	IF current_user <> 'm2m_mallory' THEN
		PERFORM nextval('evil.caught');
	END IF;
END
$$;
RESET ROLE;

-- How often the trap has caught somebody since it was last asked.
CREATE FUNCTION caught() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint := (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM evil.caught);
BEGIN
	PERFORM setval('evil.caught', 1, false);
	RETURN result;
END
$$;

-- What becomes of a statement that a role runs under a search_path: SQLSTATE,
-- 00000 if it succeeds. Between the settings nothing is called that the
-- search_path could change.
CREATE FUNCTION run(role text, sql text, path text DEFAULT 'v, public') RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text := '00000';
BEGIN
	PERFORM pg_catalog.set_config('search_path', path, true), pg_catalog.set_config('role', role, true);
	BEGIN
		EXECUTE sql;
	EXCEPTION WHEN OTHERS THEN
		state := SQLSTATE;
	END;
	PERFORM pg_catalog.set_config('role', 'none', true), pg_catalog.set_config('search_path', 'v, public', true);
	RETURN state;
END
$$;
-- All that a failing statement tells whoever runs it.
CREATE FUNCTION told(role text, sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	parts text[] := '{}'; part text;
BEGIN
	PERFORM pg_catalog.set_config('role', role, true);
	BEGIN
		EXECUTE sql;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS part = PG_EXCEPTION_DETAIL;
		parts := ARRAY[SQLSTATE, SQLERRM, part];
		GET STACKED DIAGNOSTICS part = PG_EXCEPTION_HINT;
		parts := parts || part;
		GET STACKED DIAGNOSTICS part = PG_EXCEPTION_CONTEXT;
		parts := parts || part;
	END;
	PERFORM pg_catalog.set_config('role', 'none', true);
	RETURN concat_ws(' | ', VARIADIC parts);
END
$$;
-- The result of a query of one value, as text, or its SQLSTATE.
CREATE FUNCTION answer(role text, sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	PERFORM pg_catalog.set_config('role', role, true);
	BEGIN
		EXECUTE sql INTO result;
	EXCEPTION WHEN OTHERS THEN
		result := SQLSTATE;
	END;
	PERFORM pg_catalog.set_config('role', 'none', true);
	RETURN result;
END
$$;

SELECT run('m2m_victim', 'SELECT evil.trap()') \g /dev/null
SELECT is(caught(), 1::bigint, 'the trap catches who walks into it');
SELECT run('m2m_mallory', 'SELECT evil.trap()') \g /dev/null
SELECT is(caught(), 0::bigint, 'but not mallory');
