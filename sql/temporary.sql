--
-- temporary relationships at commit: links go with their rows, the association
-- with its tables, and nothing stands in the way of the session's next use
--
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on

-- What there is of the relationship a-b after a commit, and what it says
CREATE VIEW left_over AS
	SELECT relname FROM pg_class WHERE relname ~ '^(a|b|c|a_b|a_bs|b_as|a_b_c|kept)$' AND relnamespace = pg_my_temp_schema()
	UNION ALL SELECT proname || '()' FROM pg_proc WHERE pronamespace = pg_my_temp_schema()
	ORDER BY 1;

-- ON COMMIT DROP, the same names again and again
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE b (id int PRIMARY KEY) ON COMMIT DROP;
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1), (2);
SELECT m2m_link('a', 1, 'b', '{1,2}');
INSERT INTO b_as (b_id, id) VALUES (1, 1);
SELECT * FROM a_bs ORDER BY 1, 2;
COMMIT;
SELECT * FROM left_over;
BEGIN;
CREATE TEMP TABLE a ON COMMIT DROP AS SELECT 7 AS id;
SELECT 8 AS id INTO TEMP TABLE b;
ALTER TABLE a ADD PRIMARY KEY (id);
ALTER TABLE b ADD PRIMARY KEY (id);
SELECT m2m_link('a', 7, 'b', 8);
COMMIT;
-- b was not to be dropped
SELECT * FROM left_over;
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DROP;
INSERT INTO a VALUES (1);
SELECT m2m_link('b', 8, 'a', 1);
ROLLBACK;
SELECT * FROM left_over;
DROP TABLE b;
-- undone in part
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE b (id int PRIMARY KEY) ON COMMIT PRESERVE ROWS;
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1), (2);
SAVEPOINT s;
SELECT m2m_link('a', 1, 'b', 1);
ROLLBACK TO s;
SELECT m2m_link('a', 1, 'b', 2);
SELECT * FROM a_bs;
COMMIT;
SELECT * FROM left_over;
DROP TABLE b;

-- ON COMMIT DELETE ROWS, each statement its own transaction
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE b (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
SELECT m2m_create('a', 'b');
BEGIN;
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1), (2);
SELECT m2m_link('a', 1, 'b', '{1,2}');
SELECT count(*) FROM a_b;
COMMIT;
SELECT count(*) FROM a_b;
-- by all ways to link, with and without the direct path
BEGIN;
INSERT INTO a VALUES (1), (2); INSERT INTO b SELECT generate_series(1, 9);
SELECT m2m_link('a', 1, 'b', 1), m2m_load('a', 'b', 'SELECT 1, 2'), m2m_toggle('a', 1, 'b', 3);
SELECT linked FROM m2m_set('a', 2, 'b', '{1,2}');
INSERT INTO a_bs (a_id, id) SELECT 2, g FROM generate_series(3, 9) g;
SELECT count(*) FROM a_b;
COMMIT;
SELECT count(*) FROM a_b;
BEGIN;
SET LOCAL m2m.direct_path = off;
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1), (2);
SELECT m2m_link('a', 1, 'b', '{1,2}');
COMMIT;
SELECT count(*) FROM a_b;
SELECT * FROM m2m_check();
DROP TABLE a_b;
-- on first use in the transaction
BEGIN;
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1), (2);
SELECT m2m_link('a', 1, 'b', '{1,2}');
COMMIT;
SELECT count(*) FROM a_b;
-- which may be undone
DROP TABLE a_b, a, b;
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
ROLLBACK;
CREATE TEMP TABLE a (id int PRIMARY KEY);
CREATE TEMP TABLE IF NOT EXISTS a (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE b (id int PRIMARY KEY);
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1), (2);
SELECT m2m_link('a', 1, 'b', '{1,2}');
SELECT count(*) FROM a_b;
DROP TABLE a_b, a, b;

-- nor does a namesake of another schema count, in the same transaction
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS a (id int PRIMARY KEY);
CREATE TABLE public.a (id int PRIMARY KEY);
CREATE TEMP TABLE b (id int PRIMARY KEY);
CREATE TEMP TABLE IF NOT EXISTS b (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);
SELECT m2m_link('a', 1, 'b', 1);
COMMIT;
SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b), (SELECT count(*) FROM a_b);
DROP TABLE a_b, a, b;
-- also where the search_path says that it is temporary
SET search_path = pg_temp, public;
CREATE TABLE a (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TABLE b (id int PRIMARY KEY);
-- and after many others, dropped and rolled back
DO $$ BEGIN FOR i IN 1..200 LOOP
	EXECUTE 'CREATE TEMP TABLE c (id int) ON COMMIT DELETE ROWS'; DROP TABLE c;
	BEGIN CREATE TEMP TABLE c (id int) ON COMMIT DROP; RAISE EXCEPTION 'undo'; EXCEPTION WHEN raise_exception THEN NULL; END;
END LOOP; END $$;
SELECT m2m_create('a', 'b');
BEGIN;
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);
SELECT m2m_link('a', 1, 'b', 1);
COMMIT;
SELECT count(*) FROM a_b;
BEGIN;
CREATE TABLE c (id int PRIMARY KEY) ON COMMIT DROP;
SELECT m2m_create('b', 'c', 'a_b_c');
COMMIT;
SELECT * FROM left_over;
DROP TABLE a_b, a, b, public.a;
RESET search_path;

-- mixtures
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE b (id int PRIMARY KEY) ON COMMIT PRESERVE ROWS;
INSERT INTO b VALUES (1), (2);
SELECT m2m_create('b', 'a', 'a_b');
BEGIN;
INSERT INTO a VALUES (1);
SELECT m2m_link('a', 1, 'b', 1);
COMMIT;
SELECT count(*) FROM a_b;
DROP TABLE a_b;
BEGIN;
CREATE TEMP TABLE c (id int PRIMARY KEY) ON COMMIT DROP;
INSERT INTO a VALUES (1); INSERT INTO c VALUES (1);
SELECT m2m_link('a', 1, 'c', 1), m2m_link('c', 1, 'b', 1), m2m_link('c', 1, 'c', 1), m2m_link('a', 1, 'b', 1);
COMMIT;
SELECT * FROM left_over;
SELECT count(*) FROM a_b;
BEGIN;
CREATE TEMP TABLE c (id int PRIMARY KEY) ON COMMIT DROP;
INSERT INTO a VALUES (1); INSERT INTO c VALUES (1);
SELECT m2m_link('a', 1, 'c', 1), m2m_link('c', 1, 'b', 1), m2m_link('c', 1, 'c', 1), m2m_link('a', 1, 'b', 2);
COMMIT;
SELECT * FROM left_over;
DROP TABLE a_b, a, b;

-- an association that is an endpoint itself
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE b (id int PRIMARY KEY);
CREATE TEMP TABLE c (id int PRIMARY KEY);
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); INSERT INTO c VALUES (1);
SELECT m2m_link('a', 1, 'b', 1);
SELECT m2m_link('a_b', '(1,1)', 'c', 1);
COMMIT;
SELECT * FROM left_over;
DROP TABLE b, c;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE b (id int PRIMARY KEY);
CREATE TEMP TABLE c (id int PRIMARY KEY);
INSERT INTO b VALUES (1); INSERT INTO c VALUES (1);
BEGIN;
INSERT INTO a VALUES (1);
SELECT m2m_link('a', 1, 'b', 1);
SELECT m2m_link('a_b', '(1,1)', 'c', 1);
COMMIT;
SELECT (SELECT count(*) FROM a_b), (SELECT count(*) FROM a_b_c);
DROP TABLE a_b_c, a_b, a, b, c;

-- partitioned
CREATE TEMP TABLE a (id int PRIMARY KEY) PARTITION BY RANGE (id) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE a_1 PARTITION OF a FOR VALUES FROM (1) TO (10) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE b (id int PRIMARY KEY);
INSERT INTO b VALUES (1);
BEGIN;
INSERT INTO a VALUES (1);
SELECT m2m_link('a', 1, 'b', 1);
COMMIT;
SELECT count(*) FROM a_b;
DROP TABLE a_b;
CREATE TEMP TABLE a_2 PARTITION OF a FOR VALUES FROM (10) TO (20);
\set VERBOSITY default
SELECT m2m_create('a', 'b');
\set VERBOSITY terse
DROP TABLE a;
CREATE TEMP TABLE a (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TEMP TABLE a_1 PARTITION OF a FOR VALUES FROM (1) TO (10);
BEGIN;
CREATE TEMP TABLE a_2 PARTITION OF a FOR VALUES FROM (10) TO (20) ON COMMIT DROP;
SELECT m2m_create('a', 'b');
ROLLBACK;
DROP TABLE a;
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) PARTITION BY RANGE (id) ON COMMIT DROP;
CREATE TEMP TABLE a_1 PARTITION OF a FOR VALUES FROM (1) TO (10) ON COMMIT DROP;
CREATE TEMP TABLE a_2 PARTITION OF a FOR VALUES FROM (10) TO (20);
INSERT INTO a VALUES (1), (11);
SELECT m2m_link('a', '{1,11}', 'b', 1);
COMMIT;
SELECT * FROM left_over;
DROP TABLE b;

-- what m2m did not see being created: PostgreSQL's own error at commit, and a
-- table that goes all the same
ALTER EVENT TRIGGER m2m_ddl_table_created DISABLE;
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE b (id int PRIMARY KEY);
SELECT m2m_create('a', 'b');
COMMIT;
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE b (id int PRIMARY KEY);
SELECT m2m_create('a', 'b');
COMMIT;
ALTER EVENT TRIGGER m2m_ddl_table_created ENABLE;
SELECT * FROM left_over;
DROP TABLE b;

-- dropping as ever
BEGIN;
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE b (id int PRIMARY KEY);
INSERT INTO a VALUES (1); INSERT INTO b VALUES (1);
SELECT m2m_create('a', 'b', 'kept'), m2m_link('a', 1, 'b', 1);
SAVEPOINT s;
DROP TABLE a;
ROLLBACK TO s;
DROP TABLE a CASCADE;
SELECT * FROM left_over;
ROLLBACK TO s;
DROP TABLE kept;
SELECT * FROM left_over;
ROLLBACK TO s;
SELECT m2m_drop('kept');
SELECT * FROM left_over;
ROLLBACK TO s;
-- links that are kept on request stay as a table
SELECT m2m_drop('kept', keep_links => true);
COMMIT;
SELECT * FROM kept;
DROP TABLE kept, b;

-- others' objects are none of its business, nor is a table that is not temporary
CREATE TABLE a (id int PRIMARY KEY);
CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TABLE IF NOT EXISTS public.a (id int);
CREATE TABLE public.b (id int PRIMARY KEY);
INSERT INTO public.a VALUES (1); INSERT INTO public.b VALUES (1);
SELECT m2m_link('public.a', 1, 'public.b', 1);
SELECT count(*) FROM public.a_b;
DROP TABLE pg_temp.a, public.a_b, public.a, public.b;
DROP VIEW left_over;

-- Named as SQL names it
CREATE TEMP TABLE a (id int PRIMARY KEY);
CREATE TEMP TABLE b (id int PRIMARY KEY);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1);
SELECT m2m_create('a', 'b');
SELECT m2m_link('a', 1, 'b', 1, via => 'pg_temp.a_b');
SELECT m2m_linked('a', 1, 'b', 1, via => 'PG_TEMP.A_B');
SELECT m2m_link('a', 1, 'b', 1, via => 'pg_temporary.a_b');
DROP TABLE a, b, a_b CASCADE;
