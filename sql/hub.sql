--
-- Which relationship a call means, where many meet at one table and where some
-- have lost a view, a foreign key or both: the search, which starts at either
-- table, must find what a walk through all relationships finds
--
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
CREATE SCHEMA hubs;
SET search_path = hubs, public;
CREATE TABLE hub (id int PRIMARY KEY, name text);
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
INSERT INTO hub SELECT generate_series(1, 9);
INSERT INTO other SELECT generate_series(1, 9);
INSERT INTO parts SELECT generate_series(1, 9);
-- whole ones, at a table where much hangs on both sides
DO $$
BEGIN
    FOR i IN 1..20 LOOP
        EXECUTE format('CREATE TABLE t%1$s (id int PRIMARY KEY); INSERT INTO t%1$s VALUES (1)', i);
        PERFORM m2m_create('hub', ('t' || i)::regclass);
    END LOOP;
END $$;
CREATE VIEW report AS SELECT h.name, o.id, p.id AS part FROM hub h, other o, parts p, hub_t1;
ALTER TABLE other ADD COLUMN hub_id int REFERENCES hub, ADD COLUMN t1_id int REFERENCES t1;
ALTER TABLE hub ADD COLUMN parent_id int REFERENCES hub, ADD COLUMN t2_id int REFERENCES t2;
-- in every state that leaves a relationship: of two views and two foreign keys
-- one, or both of either kind, are gone; between two tables that much hangs on,
-- between one and a small one, and of a table with itself
CREATE FUNCTION make(name text, l regclass, r regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    state int;
BEGIN
    FOR state IN 0..15 LOOP
        PERFORM m2m_create(l, r, name || state, 'l', 'r', left_view => name || state || '_l', right_view => name || state || '_r');
        SET LOCAL session_replication_role = replica;
        IF state & 1 > 0 THEN EXECUTE format('DROP VIEW %s_l', name || state); END IF;
        IF state & 2 > 0 THEN EXECUTE format('DROP VIEW %s_r', name || state); END IF;
        IF state & 4 > 0 THEN EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %1$s_l_id_fkey', name || state); END IF;
        IF state & 8 > 0 THEN EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %1$s_r_id_fkey', name || state); END IF;
        SET LOCAL session_replication_role = origin;
    END LOOP;
END $$;
SELECT make('two', 'hub', 'other'), make('small', 't3', 'hub'), make('self', 'hub', 'hub'), make('part', 'parts', 't4'), make('tiny', 't5', 't5');
-- an association that is an endpoint, too, one that is its own, and a
-- partitioned one with a relationship of a partition's own
CREATE TABLE nested (id int PRIMARY KEY, hub_id int NOT NULL REFERENCES hub, t6_id int NOT NULL REFERENCES t6, UNIQUE (hub_id, t6_id));
INSERT INTO nested VALUES (1, 1, 1);
SELECT m2m_adopt('nested', left_view => 'nested_l', right_view => 'nested_r'), m2m_create('nested', 'hub', 'nest'), m2m_create('nested', 't6', 'nest6');
CREATE TABLE tree (id int PRIMARY KEY, up int NOT NULL REFERENCES tree, down int NOT NULL REFERENCES tree, UNIQUE (up, down));
INSERT INTO tree VALUES (1, 1, 1);
SELECT m2m_adopt('tree', left_role => 'upper', right_role => 'lower');
-- ... and with one endpoint that is itself, in every state
DO $$
BEGIN
    FOR state IN 0..15 LOOP
        EXECUTE format('CREATE TABLE own%1$s (id int PRIMARY KEY, up int NOT NULL, t8_id int NOT NULL, UNIQUE (up, t8_id),'
            ' FOREIGN KEY (up) REFERENCES own%1$s, FOREIGN KEY (t8_id) REFERENCES t8)', state);
        PERFORM m2m_adopt(('own' || state)::regclass, left_role => 'up', left_view => 'own' || state || '_l', right_view => 'own' || state || '_r');
        SET LOCAL session_replication_role = replica;
        IF state & 1 > 0 THEN EXECUTE format('DROP VIEW own%s_l', state); END IF;
        IF state & 2 > 0 THEN EXECUTE format('DROP VIEW own%s_r', state); END IF;
        IF state & 4 > 0 THEN EXECUTE format('ALTER TABLE own%s DROP CONSTRAINT own%1$s_up_fkey', state); END IF;
        IF state & 8 > 0 THEN EXECUTE format('ALTER TABLE own%s DROP CONSTRAINT own%1$s_t8_id_fkey', state); END IF;
        SET LOCAL session_replication_role = origin;
    END LOOP;
END $$;
CREATE TABLE split (hub_id int NOT NULL REFERENCES hub, t7_id int NOT NULL REFERENCES t7, PRIMARY KEY (hub_id, t7_id)) PARTITION BY RANGE (hub_id);
CREATE TABLE split_1 PARTITION OF split FOR VALUES FROM (0) TO (5);
SELECT m2m_adopt('split', left_view => 'split_l', right_view => 'split_r'), m2m_adopt('split_1', left_view => 'split_1_l', right_view => 'split_1_r');
-- found with both orders of the tables, by a session that knows nothing yet;
-- and that is all there is between two tables
CREATE FUNCTION found(l regclass, r regclass, via regclass, role text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    RETURN m2m_linked(l, 1, r, 1, via => via::text, role => role) IS NOT NULL;
EXCEPTION WHEN undefined_object THEN
    RETURN false;
END $$;
CREATE FUNCTION candidates(l regclass, r regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    PERFORM m2m_linked(l, 1, r, 1, via => 'none such');
EXCEPTION WHEN undefined_object THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_HINT;
    RETURN CASE WHEN detail LIKE 'There is: %' THEN substr(detail, 11) ELSE '.' END;
END $$;
\c -
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SET search_path = hubs, public;
SELECT regexp_replace(association::text, '\d+$', '') AS name, count(*),
    count(*) FILTER (WHERE left_view IS NULL OR right_view IS NULL) AS halved,
    string_agg(association::text, ' ') FILTER (WHERE NOT found(left_table, right_table, association, left_role)) AS lost,
    string_agg(association::text, ' ') FILTER (WHERE NOT found(right_table, left_table, association, right_role)) AS lost_from_right
FROM m2m_relationships() GROUP BY 1 ORDER BY 1;
\c -
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SET search_path = hubs, public;
WITH pairs AS (
    SELECT l::regclass, r::regclass,
        coalesce((SELECT string_agg('hubs.' || association::text, ', ' ORDER BY association::oid) FROM m2m_relationships()
            WHERE (left_table, right_table) IN ((l, r), (r, l))), '') || '.' AS expected
    FROM (SELECT oid AS l FROM pg_class WHERE relnamespace = 'hubs'::regnamespace AND relkind IN ('r', 'p')
        AND relname ~ '^(hub|other|parts|parts_1|t\d+|nested|tree|own\d+|two0|split|split_1)$') l,
        (SELECT oid AS r FROM pg_class WHERE relnamespace = 'hubs'::regnamespace AND relkind IN ('r', 'p')
        AND relname ~ '^(hub|other|parts|parts_1|t\d+|nested|tree|own\d+|two0|split|split_1)$') r)
SELECT count(*) AS pairs, count(*) FILTER (WHERE expected <> '.') AS related,
    string_agg(l || ' ' || r || ' ' || expected || ' ' || candidates(l, r), E'\n') FILTER (WHERE candidates(l, r) <> expected) AS wrong
FROM pairs;
SET session_replication_role = replica;
DROP SCHEMA hubs CASCADE;
RESET session_replication_role;

--
-- More than are kept: whichever are forgotten, and whenever, each call does
-- what it should. Made and dropped by hand, some at a time, for speed.
--
CREATE SCHEMA hubs;
SET search_path = hubs, public;
CREATE TABLE hub (id int PRIMARY KEY);
INSERT INTO hub VALUES (1);
SET session_replication_role = replica;
DO $$
BEGIN
    FOR i IN 1..1100 LOOP
        EXECUTE format('CREATE TABLE p%1$s (id int); CREATE TABLE a%1$s (hub_id int NOT NULL, p_id int NOT NULL);'
            ' CREATE VIEW l%1$s AS SELECT l.hub_id, r.id FROM a%1$s l JOIN p%1$s r ON r.id = l.p_id;'
            ' CREATE VIEW r%1$s AS SELECT l.p_id, r.id FROM a%1$s l JOIN hub r ON r.id = l.hub_id;'
            ' CREATE TRIGGER m2m_link_view INSTEAD OF INSERT OR UPDATE OR DELETE ON l%1$s FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write(''near=left'', ''left=hub'', ''right=p'');'
            ' CREATE TRIGGER m2m_link_view INSTEAD OF INSERT OR UPDATE OR DELETE ON r%1$s FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write(''near=right'', ''left=hub'', ''right=p'');', i);
        IF i % 50 = 0 THEN COMMIT; END IF;
    END LOOP;
END $$;
RESET session_replication_role;
CREATE PROCEDURE link_all(i int, till int, step int, at_once int) LANGUAGE plpgsql AS $$
DECLARE
    created int := 0;
    counted int := 0;
BEGIN
    LOOP
        created := created + m2m_link('hub', 1, ('p' || i)::regclass, i);
        counted := counted + m2m_count('hub', 1, ('p' || i)::regclass, via => 'a' || i);
        EXIT WHEN i = till;
        i := i + step;
        IF i % at_once = 0 THEN COMMIT; END IF;
    END LOOP;
    RAISE WARNING '% created, % there', created, counted;
END $$;
CALL link_all(1, 1100, 1, 50);
CALL link_all(1, 1100, 1, 2000);
CALL link_all(1100, 1, -1, 1);
-- one call that uses more than are kept, and then what it used first
SELECT sum(m2m_link('hub', 1, ('p' || i % 1100 + 1)::regclass, -1)) FROM generate_series(0, 1200) i;
DO $$
BEGIN
    SET LOCAL session_replication_role = replica;
    SET LOCAL client_min_messages = error;
    FOR i IN 1..1100 LOOP
        EXECUTE format('DROP TABLE a%1$s, p%1$s CASCADE', i);
        IF i % 50 = 0 THEN
            COMMIT;
            SET LOCAL session_replication_role = replica;
            SET LOCAL client_min_messages = error;
        END IF;
    END LOOP;
END $$;
DROP SCHEMA hubs CASCADE;
SELECT association FROM m2m_relationships();
