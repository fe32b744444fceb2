-- security_install.sql: CREATE EXTENSION in a schema where others may create,
-- as in public of a cluster that was upgraded from an old major. If a test here
-- fails, whoever may create there becomes what the installing role is.
\ir ../hostile.sql

-- In the schema lie operators and functions for all arguments that the script
-- could have, each a better match than PostgreSQL's own where it is inexact.
CREATE SCHEMA open;
GRANT ALL ON SCHEMA open TO PUBLIC;
SET ROLE m2m_mallory;
DO $$
DECLARE
	types text[] := '{oid,regclass,regproc,regprocedure,regtype,regnamespace,name,text,"\"char\"",jsonb,integer,bigint,boolean,text[],name[],oid[]}';
	l text; r text; operator text; function text; n int;
BEGIN
	FOREACH l IN ARRAY types LOOP
		FOREACH r IN ARRAY types LOOP
			EXECUTE format('CREATE FUNCTION open.bool(%s, %s) RETURNS boolean LANGUAGE plpgsql AS ''BEGIN PERFORM evil.trap(); RETURN true; END''', l, r);
			EXECUTE format('CREATE FUNCTION open.text(%s, %s) RETURNS text LANGUAGE plpgsql AS ''BEGIN PERFORM evil.trap(); RETURN ''''x''''; END''', l, r);
			FOREACH operator IN ARRAY '{=,<>,<,>,?,@>,~,!~,~~}'::text[] LOOP
				EXECUTE format('CREATE OPERATOR open.%s (FUNCTION = open.bool, LEFTARG = %s, RIGHTARG = %s)', operator, l, r);
			END LOOP;
			FOREACH operator IN ARRAY '{->,->>,||}'::text[] LOOP
				EXECUTE format('CREATE OPERATOR open.%s (FUNCTION = open.text, LEFTARG = %s, RIGHTARG = %s)', operator, l, r);
			END LOOP;
		END LOOP;
	END LOOP;
	FOREACH function IN ARRAY '{format,jsonb_build_object,json_build_object,concat,concat_ws,set_config,current_setting,quote_ident,quote_literal,string_agg,array_agg,unnest,to_regclass,replace}'::text[] LOOP
		FOR n IN 1..14 LOOP
			EXECUTE format('CREATE FUNCTION open.%s(%s) RETURNS text LANGUAGE plpgsql AS ''BEGIN PERFORM evil.trap(); RETURN ''''{}''''; END''',
				function, (SELECT string_agg('text', ', ') FROM generate_series(1, n)));
		END LOOP;
		FOREACH l IN ARRAY types LOOP
			CONTINUE WHEN l = 'text';
			EXECUTE format('CREATE FUNCTION open.%s(text, %s, text) RETURNS text LANGUAGE plpgsql AS ''BEGIN PERFORM evil.trap(); RETURN ''''{}''''; END''', function, l);
		END LOOP;
	END LOOP;
END
$$;
RESET ROLE;
SELECT run('m2m_victim', 'SELECT open.format(''%s''), ''x''::name OPERATOR(open.=) ''x''::text') \g /dev/null
SELECT is(caught(), 2::bigint, 'what lies there works');
SELECT lives_ok('CREATE EXTENSION m2m SCHEMA open', 'the extension can be created there');
SELECT is(caught(), 0::bigint, 'and its script calls nothing that lies there');
SELECT is((SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'm2m%' AND evtfoid::regproc::text LIKE '%m2m\_%'), 3::bigint, 'its event triggers are there, with its functions');
SELECT isnt_empty($$SELECT FROM pg_proc WHERE proname = 'm2m_link' AND obj_description(oid, 'pg_proc') ~ '^Links rows'$$, 'and its comments');
SELECT is(run('m2m_victim', $$CREATE TABLE v.a (id int PRIMARY KEY); CREATE TABLE v.b (id int PRIMARY KEY); INSERT INTO v.a VALUES (1); INSERT INTO v.b VALUES (1);
	SELECT open.m2m_link('v.a'::regclass, 1, 'v.b'::regclass, 1)$$), '00000', 'it works there');
SELECT is(run('postgres', 'ALTER EXTENSION m2m SET SCHEMA public'), '00000', 'and goes where it should have been');
SELECT is(run('m2m_victim', $$ALTER TABLE v.b RENAME TO c; ALTER TABLE v.c ADD x int; SELECT m2m_link('v.a', 1, 'v.c', 1); SELECT * FROM m2m_check()$$), '00000', 'where it works too');
SELECT is(caught(), 0::bigint, 'again without calling anything');
DROP EXTENSION m2m;
SELECT is(run('m2m_victim', 'CREATE EXTENSION m2m'), '42501', 'only a superuser creates the extension');

-- What has a name that the extension needs is not taken over.
SET ROLE m2m_mallory;
CREATE FUNCTION open.m2m_relationships() RETURNS SETOF int LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); END';
RESET ROLE;
SELECT throws_ok('CREATE EXTENSION m2m SCHEMA open', '42723', NULL, 'a function of one of its names is in the way');
DROP FUNCTION open.m2m_relationships();
SET ROLE m2m_mallory;
CREATE FUNCTION open.m2m_link_view_write() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN NULL; END';
RESET ROLE;
SELECT throws_ok('CREATE EXTENSION m2m SCHEMA open', '42723', NULL, 'so is a trigger function');
-- One of that name elsewhere is nobody's, though it is older.
ALTER FUNCTION open.m2m_link_view_write() SET SCHEMA evil;
SELECT lives_ok('CREATE EXTENSION m2m', 'a trigger function of the name in another schema is not');
SELECT is(run('m2m_victim', $$DROP TABLE v.a, v.c, v.a_b CASCADE; CREATE TABLE v.a (id int PRIMARY KEY); CREATE TABLE v.c (id int PRIMARY KEY); INSERT INTO v.a VALUES (1); INSERT INTO v.c VALUES (1);
	SELECT m2m_link('v.a', 1, 'v.c', 1); INSERT INTO v.a_cs VALUES (1, 1); DROP VIEW v.a_cs; SELECT m2m_adopt('v.a_c'); SELECT m2m_repair()$$, 'evil, v, public'), '00000',
	'and never taken for ours');
SELECT is(caught(), 0::bigint, 'or called');

SELECT * FROM finish();
SET client_min_messages = error;
DROP OWNED BY m2m_mallory, m2m_victim, m2m_friend CASCADE;
DROP ROLE m2m_mallory, m2m_victim, m2m_friend;
