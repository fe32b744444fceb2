--
-- Links without a direction: what m2m_symmetric leaves of SET CONSTRAINTS, and
-- rows that are marked instead of deleted
--
\set SHOW_CONTEXT never
CREATE SCHEMA symmetric_deferred;
SET search_path = symmetric_deferred, public;
SET client_min_messages = warning;
CREATE TABLE person (id int PRIMARY KEY);
INSERT INTO person SELECT generate_series(1, 9);
CREATE TABLE knows (a int NOT NULL REFERENCES person DEFERRABLE INITIALLY DEFERRED,
	b int NOT NULL REFERENCES person DEFERRABLE, PRIMARY KEY (a, b));
CREATE INDEX ON knows (b, a);
INSERT INTO knows VALUES (1, 2), (2, 1), (3, 4), (5, 5);
SELECT m2m_adopt('knows', left_role => 'one', right_role => 'other');
-- as it is by default: a at the end, b at once
BEGIN;
INSERT INTO knows VALUES (6, 7);
SELECT m2m_symmetric('knows', repair => true);
TABLE knows ORDER BY 1, 2;
SAVEPOINT s;
INSERT INTO knows VALUES (98, 8), (8, 98);
ROLLBACK TO s;
INSERT INTO knows VALUES (98, 8);
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
-- all at once
BEGIN;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT m2m_symmetric('knows', repair => true);
INSERT INTO knows VALUES (98, 8);
ROLLBACK;
-- the other way round: b at the end, a at once
BEGIN;
SET CONSTRAINTS knows_a_fkey IMMEDIATE;
SET CONSTRAINTS knows_b_fkey DEFERRED;
INSERT INTO knows VALUES (6, 7);
SELECT m2m_symmetric('knows', repair => true);
SAVEPOINT s;
INSERT INTO knows VALUES (98, 8);
ROLLBACK TO s;
INSERT INTO knows VALUES (8, 98);
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
-- both at the end; what cannot be is an error there, and leaves nothing
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO knows VALUES (6, 7);
SAVEPOINT s;
INSERT INTO knows VALUES (98, 8);
SELECT m2m_symmetric('knows', repair => true);
ROLLBACK TO s;
SELECT m2m_symmetric('knows', repair => true);
INSERT INTO knows VALUES (98, 8), (8, 98);
DELETE FROM knows WHERE a = 98 OR b = 98;
COMMIT;
TABLE knows ORDER BY 1, 2;
-- by m2m_repair, as the owner of the table, where no check may wait
BEGIN;
CREATE ROLE symmetric_deferred_owner;
GRANT ALL ON SCHEMA symmetric_deferred TO symmetric_deferred_owner;
ALTER TABLE knows OWNER TO symmetric_deferred_owner;
ALTER TABLE person OWNER TO symmetric_deferred_owner;
SET LOCAL session_replication_role = replica;
INSERT INTO knows VALUES (6, 8);
SET LOCAL session_replication_role = origin;
SET CONSTRAINTS knows_a_fkey IMMEDIATE;
SET CONSTRAINTS knows_b_fkey DEFERRED;
SELECT finding FROM m2m_repair('knows');
SELECT count(*) FROM knows;
SAVEPOINT s;
INSERT INTO knows VALUES (98, 8);
ROLLBACK TO s;
INSERT INTO knows VALUES (8, 98), (6, 9);
SET CONSTRAINTS knows_b_fkey IMMEDIATE;
ROLLBACK;
-- from a function that goes on after the error
DO $$
BEGIN
	INSERT INTO knows VALUES (98, 8);
	PERFORM m2m_symmetric('knows', repair => true);
EXCEPTION WHEN foreign_key_violation THEN
	RAISE WARNING '%', SQLERRM;
END $$;
SELECT count(*) FROM knows;
DROP TABLE knows CASCADE;

-- Rows that are marked: one row of a link could be without the other
RESET client_min_messages;
CREATE TABLE likes (a int NOT NULL REFERENCES person, b int NOT NULL REFERENCES person, deleted_at timestamptz, PRIMARY KEY (a, b),
	CONSTRAINT both_ways FOREIGN KEY (b, a) REFERENCES likes ON DELETE CASCADE ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX ON likes (b, a);
INSERT INTO likes VALUES (1, 2, now()), (2, 1, NULL), (3, 4, NULL), (4, 3, NULL);
SELECT m2m_adopt('likes', left_role => 'one', right_role => 'other', deleted => 'deleted_at');
-- either way as the hint says
BEGIN;
ALTER TABLE likes DROP CONSTRAINT both_ways;
SELECT m2m_adopt('likes', left_role => 'one', right_role => 'other', deleted => 'deleted_at');
SELECT * FROM one_others ORDER BY 1, 2;
SAVEPOINT s;
SELECT m2m_symmetric('likes');
ROLLBACK TO s;
SELECT m2m_drop('likes', keep_links => true);
DELETE FROM likes WHERE deleted_at IS NOT NULL;
SELECT m2m_adopt('symmetric_deferred.likes', deleted => '', left_role => 'one', right_role => 'other');
SELECT m2m_symmetric('likes', repair => true);
ROLLBACK;
BEGIN;
DELETE FROM likes WHERE deleted_at IS NOT NULL;
SELECT m2m_adopt('symmetric_deferred.likes', deleted => '', left_role => 'one', right_role => 'other');
SELECT m2m_link('person', 1, 'person', 2), m2m_unlink('person', 4, 'person', 3);
SELECT a, b FROM likes ORDER BY 1, 2;
ROLLBACK;
SET client_min_messages = warning;
DROP SCHEMA symmetric_deferred CASCADE;
