--
-- Rules of tables whose owner is under policies himself (FORCE ROW LEVEL
-- SECURITY). If this fails, switching a rule on counts only the links that he
-- sees, m2m_check finds what is not amiss, or a restore removes links.
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_policies;
CREATE ROLE regress_m2m_policies;
GRANT ALL ON SCHEMA rule_policies TO regress_m2m_policies;
SET search_path = rule_policies, public;
SET ROLE regress_m2m_policies;
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
INSERT INTO a SELECT generate_series(1, 5);
INSERT INTO b SELECT generate_series(1, 2);
SELECT m2m_create('a', 'b');
SELECT m2m_link('a', ARRAY[1, 2, 3, 4], 'b', ARRAY[1, 1, 1, 2]);
CREATE POLICY p ON a_b USING (a_id < 3);
ALTER TABLE a_b ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- switched on: all links count
SELECT m2m_counter('a_b', 'b', counter => 'n');
SELECT m2m_counter('a_b', 'a');
SELECT m2m_history('a_b');
SELECT m2m_order('a_b', 'b', 'place', dense => true);
SELECT count(*) FROM a_b;
SELECT id, n FROM b ORDER BY id;
SELECT a_id, n FROM a_b_a_counter ORDER BY 1;
SELECT a_id, b_id FROM a_b_history ORDER BY 1;
ALTER TABLE a_b NO FORCE ROW LEVEL SECURITY;
SELECT a_id, b_id, place FROM a_b ORDER BY 1;
SELECT finding FROM m2m_check('a_b');

-- side tables: nothing is amiss, and nothing is there twice
ALTER TABLE a_b DISABLE ROW LEVEL SECURITY;
CREATE POLICY p ON a_b_history FOR INSERT WITH CHECK (true);
CREATE POLICY p ON a_b_a_counter FOR INSERT WITH CHECK (true);
ALTER TABLE a_b_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE a_b_a_counter ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT m2m_link('a', 5, 'b', 2);
SELECT finding FROM m2m_check('a_b');
SELECT count(*) FROM m2m_repair('a_b');
SELECT m2m_history('a_b');
SELECT m2m_counter('a_b', 'a');
SELECT m2m_restore('a_b', now());
RESET ROLE;
SELECT a_id, b_id, to_xid IS NULL AS linked FROM a_b_history ORDER BY 1, 2, 3;
SELECT a_id, sum(n) FROM a_b_a_counter GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM a_b;
SELECT finding FROM m2m_check('a_b');

SET client_min_messages = error;
DROP SCHEMA rule_policies CASCADE;
DROP ROLE regress_m2m_policies;
