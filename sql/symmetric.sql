--
-- Links without a direction: both rows of a link are written, removed and
-- changed together, by calls, through the link view and by hand, and a link
-- counts once
--
\set SHOW_CONTEXT never
CREATE SCHEMA symmetric_t;
SET search_path = symmetric_t, public;
CREATE TABLE person (id int PRIMARY KEY, name text);
INSERT INTO person SELECT i, 'p' || i FROM generate_series(1, 9) i;
SELECT m2m_create('person', 'person', name => 'friendship', symmetrical => true, right_role => 'friend');
SELECT left_role, right_role, left_columns, right_columns, left_view, right_view, left_function, rules, symmetrical
	FROM m2m_relationships() WHERE association = 'friendship'::regclass;
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'friendship'::regclass AND contype <> 'n' ORDER BY 1;
SELECT obj_description('friendship'::regclass);
CREATE VIEW links AS SELECT string_agg(person_id || '-' || friend_id, ' ' ORDER BY person_id, friend_id) FROM friendship;

-- Calls, by both paths: in either order, with either role
CREATE FUNCTION calls() RETURNS TABLE (call text, result text, links text) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH call IN ARRAY ARRAY[
		$q$m2m_link('person', 1, 'person', 2)$q$,
		$q$m2m_link('person', 2, 'person', 1)$q$,
		$q$m2m_link('person', 3, 'person', 3)$q$,
		$q$m2m_link('person', 3, 'person', ARRAY[3, 1, 2, 3])$q$,
		$q$m2m_link('person', ARRAY[4, 5], 'person', ARRAY[5, 4])$q$,
		$q$m2m_link('person', 1, 'person', ARRAY[4, 5], role => 'friend')$q$,
		$q$m2m_linked('person', 5, 'person', 1)$q$,
		$q$m2m_linked('person', 5, 'person', 2, role => 'friend')$q$,
		$q$m2m_count('person', 3, 'person')$q$,
		$q$m2m_count('person', 3, 'person', role => 'friend')$q$,
		$q$m2m_unlink('person', 3, 'person', ARRAY[2, 9])$q$,
		$q$m2m_unlink('person', ARRAY[3, 1], 'person', ARRAY[3, 3], role => 'friend')$q$,
		$q$m2m_set('person', 5, 'person', ARRAY[5, 1, 6])$q$,
		$q$m2m_set('person', 5, 'person', ARRAY[1, 7], role => 'friend')$q$,
		$q$m2m_toggle('person', 7, 'person', 5)$q$,
		$q$m2m_toggle('person', 7, 'person', 5)$q$,
		$q$m2m_toggle('person', 7, 'person', 7)$q$,
		$q$m2m_load('person', 'person', 'VALUES (8, 9), (9, 8), (8, 8), (7, 5)')$q$,
		$q$m2m_clear('person', 8, 'person')$q$,
		$q$m2m_clear('person', ARRAY[7, 5], 'person', role => 'friend')$q$,
		$q$m2m_clear('person', ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9], 'person')$q$] LOOP
		EXECUTE 'SELECT ' || call INTO result;
		links := (TABLE links);
		RETURN NEXT;
	END LOOP;
END
$$;
SELECT * FROM calls();
CREATE TABLE direct AS SELECT * FROM calls();
SET m2m.direct_path = off;
CREATE TABLE general AS SELECT * FROM calls();
RESET m2m.direct_path;
(TABLE direct EXCEPT TABLE general) UNION ALL (TABLE general EXCEPT TABLE direct);
-- a row that is not there: nothing is done
SELECT m2m_link('person', 1, 'person', ARRAY[2, 77]);
SELECT m2m_link('person', 1, 'person', 77);
TABLE friendship;
-- a role that there is none of
SELECT m2m_link('person', 1, 'person', 2, role => 'nobody');

-- The link view
INSERT INTO person_friends (person_id, id) VALUES (1, 2), (2, 1), (2, 2) RETURNING *;
INSERT INTO person_friends (person_id, id) VALUES (1, 2) ON CONFLICT DO NOTHING;
INSERT INTO person_friends (person_id, id, name) VALUES (1, 10, 'new') RETURNING *;
COPY person_friends (person_id, id) FROM stdin;
9	8
8	9
7	7
\.
TABLE links;
-- from one to another, to itself and back; what is linked already
UPDATE person_friends SET id = 3 WHERE person_id = 2 AND id = 1 RETURNING *;
UPDATE person_friends SET person_id = 4 WHERE person_id = 3 AND id = 2 RETURNING *;
TABLE links;
UPDATE person_friends SET id = 4 WHERE person_id = 4 AND id = 2 RETURNING *;
TABLE links;
UPDATE person_friends SET id = 2 WHERE person_id = 4 AND id = 4 RETURNING *;
UPDATE person_friends SET id = 9 WHERE person_id = 8 AND id = 9;
UPDATE person_friends SET id = 7 WHERE person_id = 7 AND id = 7;
TABLE links;
UPDATE person_friends SET id = 10 WHERE person_id = 2 AND id = 4;
UPDATE person_friends SET id = 1 WHERE person_id = 2 AND id = 4;
UPDATE person_friends SET id = 1 WHERE person_id = 10 AND id = 1;
UPDATE person_friends SET id = 10 WHERE person_id = 2 AND id = 1;
TABLE links;
-- a row of the view goes with the other
DELETE FROM person_friends WHERE person_id = 8 RETURNING *;
DELETE FROM person_friends RETURNING person_id, id;
TABLE links;
SELECT count(*) FROM person p, person_friends(p) f;

-- By hand: a row alone is none, and either takes the other
INSERT INTO friendship VALUES (1, 2);
BEGIN;
INSERT INTO friendship VALUES (1, 2);
SELECT m2m_link('person', 1, 'person', 2);
INSERT INTO friendship VALUES (3, 4), (4, 3), (5, 5), (3, 6) ON CONFLICT DO NOTHING;
INSERT INTO friendship VALUES (6, 3), (3, 6) ON CONFLICT DO NOTHING;
COMMIT;
TABLE links;
DELETE FROM friendship WHERE (person_id, friend_id) = (4, 3);
UPDATE friendship SET friend_id = 7 WHERE (person_id, friend_id) = (6, 3);
UPDATE person SET id = 20 WHERE id = 6;
TABLE links;
DELETE FROM person WHERE id = 20;
TABLE links;
UPDATE friendship SET friend_id = 6 WHERE (person_id, friend_id) = (5, 5);
BEGIN;
SAVEPOINT s;
SELECT m2m_link('person', 7, 'person', 8);
ROLLBACK TO s;
SELECT m2m_link('person', 9, 'person', 8);
TRUNCATE friendship;
SELECT m2m_link('person', 9, 'person', 8);
ROLLBACK;
TABLE links;
TRUNCATE friendship;
MERGE INTO friendship f USING (VALUES (1, 2), (2, 1)) v (a, b) ON (f.person_id, f.friend_id) = (v.a, v.b)
	WHEN NOT MATCHED THEN INSERT VALUES (v.a, v.b);
TABLE links;

-- Link properties are one value
INSERT INTO person VALUES (6, 'p6');
ALTER TABLE friendship ADD COLUMN since date, ADD COLUMN note text DEFAULT 'none', ADD COLUMN mark uuid DEFAULT gen_random_uuid();
CREATE FUNCTION properties() RETURNS TABLE (link text, rows bigint, since date, note text, marks bigint) LANGUAGE sql AS $$
	SELECT least(person_id, friend_id) || '-' || greatest(person_id, friend_id), count(*), since, note, count(DISTINCT mark)
		FROM friendship GROUP BY 1, 3, 4 ORDER BY 1, 3, 4 $$;
SELECT * FROM properties();
UPDATE friendship SET note = 'changed' WHERE person_id = 2;
SELECT m2m_link('person', 2, 'person', ARRAY[1, 2, 3], properties => '{"since": "2020-02-02"}');
SELECT m2m_link('person', ARRAY[2, 2, 4], 'person', ARRAY[1, 3, 5], properties => '[{"note": "x"}, {"since": null}, {"note": "y"}]');
SELECT m2m_link('person', ARRAY[1, 2], 'person', ARRAY[2, 1], properties => '[{"note": "x"}, {"note": "y"}]');
SELECT m2m_link('person', ARRAY[1, 2], 'person', ARRAY[2, 1], properties => '{"note": "both"}');
SELECT * FROM properties();
SELECT * FROM m2m_set('person', 2, 'person', ARRAY[1, 6], properties => '{"note": "set"}');
SELECT m2m_unlink('person', ARRAY[6, 4], 'person', ARRAY[2, 5], properties => '{"note": "set"}');
SELECT * FROM properties();
INSERT INTO person_friends (person_id, id, note) VALUES (7, 8, 'view'), (8, 7, 'view again'), (3, 3, 'itself') RETURNING person_id, id, note;
UPDATE person_friends SET since = '2021-01-01' WHERE person_id = 8 RETURNING person_id, id, since;
UPDATE person_friends SET note = 'all';
UPDATE person_friends SET note = 'p' || person_id;
UPDATE person_friends SET note = 'moved', id = 9 WHERE person_id = 8 AND id = 7 RETURNING person_id, id, note;
UPDATE person_friends SET note = 'moved to itself', id = 8 WHERE person_id = 8 AND id = 9 RETURNING person_id, id, note;
SELECT * FROM properties();
-- by hand: of two that change, the first; what was there; what is moved
UPDATE friendship SET note = person_id::text WHERE person_id IN (1, 2);
INSERT INTO friendship (person_id, friend_id, note) VALUES (6, 7, 'first'), (7, 6, 'second');
BEGIN;
INSERT INTO friendship (person_id, friend_id, note) VALUES (9, 7, 'first');
INSERT INTO friendship (person_id, friend_id, note) VALUES (7, 9, 'second');
COMMIT;
UPDATE friendship SET friend_id = 3, note = 'moved' WHERE (person_id, friend_id) = (7, 6);
SELECT * FROM properties();
SELECT * FROM m2m_check();

-- What session_replication_role lets in is found and mended
SET session_replication_role = replica;
INSERT INTO friendship (person_id, friend_id, note) VALUES (1, 9, 'alone');
UPDATE friendship SET note = 'differs' WHERE (person_id, friend_id) = (9, 7);
DELETE FROM friendship WHERE (person_id, friend_id) = (3, 7);
RESET session_replication_role;
SELECT severity, finding FROM m2m_check();
SELECT finding FROM m2m_repair();
SELECT * FROM properties();
SELECT * FROM m2m_check();

-- Rights: as for the two rows by hand, and none to change what follows
CREATE ROLE symmetric_user;
GRANT USAGE ON SCHEMA symmetric_t TO symmetric_user;
GRANT SELECT, INSERT, DELETE, UPDATE (note) ON friendship TO symmetric_user;
GRANT SELECT, INSERT, UPDATE, DELETE ON person_friends TO symmetric_user;
GRANT SELECT ON person TO symmetric_user;
SET ROLE symmetric_user;
SELECT m2m_link('person', 4, 'person', ARRAY[5, 6]), m2m_unlink('person', 6, 'person', 4);
UPDATE person_friends SET note = 'by user' WHERE person_id = 5 RETURNING person_id, id, note;
SELECT m2m_symmetric('friendship');
RESET ROLE;
REVOKE INSERT ON friendship FROM symmetric_user;
SET ROLE symmetric_user;
SELECT m2m_link('person', 4, 'person', 7);
SELECT m2m_unlink('person', 4, 'person', 5);
RESET ROLE;
-- a policy that shows but one end: what is removed is counted; what may not be
-- written is an error
GRANT INSERT ON friendship TO symmetric_user;
ALTER TABLE friendship ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON friendship TO symmetric_user USING (person_id = 5);
SELECT m2m_link('person', 5, 'person', ARRAY[2, 3, 7, 8]);
SET ROLE symmetric_user;
SELECT m2m_link('person', 5, 'person', 9);
UPDATE person_friends SET note = 'seen' WHERE person_id = 5 AND id = 2 RETURNING person_id, id, note;
SELECT m2m_unlink('person', 5, 'person', ARRAY[2, 7]);
DELETE FROM person_friends WHERE person_id = 5 AND id = 3 RETURNING person_id, id;
UPDATE person_friends SET note = 'seen' WHERE person_id = 5 RETURNING person_id, id, note;
SELECT m2m_clear('person', 5, 'person');
RESET ROLE;
SELECT * FROM properties();
SET client_min_messages = warning;
DROP SCHEMA symmetric_t CASCADE;
DROP ROLE symmetric_user;
