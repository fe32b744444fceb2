--
-- A relationship whose association table is another's than both tables are: who
-- links without naming it makes a new one, and is told so
--
\set SHOW_CONTEXT never
CREATE SCHEMA first_use_beside;
SET search_path = first_use_beside, public;
CREATE ROLE first_use_beside_owner;
CREATE ROLE first_use_beside_other;
GRANT ALL ON SCHEMA first_use_beside TO first_use_beside_owner, first_use_beside_other;
SET ROLE first_use_beside_owner;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author VALUES (1), (2);
INSERT INTO book VALUES (1), (2);
SELECT m2m_create('author', 'book', name => 'authorship', left_view => 'written', right_view => 'writers');
SELECT m2m_link('author', 1, 'book', 1);
RESET ROLE;
ALTER TABLE authorship OWNER TO first_use_beside_other;
GRANT ALL ON authorship TO first_use_beside_owner;
SET ROLE first_use_beside_owner;
-- calls that make nothing have said it all along
SELECT m2m_unlink('author', 1, 'book', 1);
BEGIN;
SELECT m2m_link('author', 1, 'book', 2);
SELECT association FROM m2m_relationships() WHERE left_table = 'author'::regclass ORDER BY 1;
-- once
SELECT m2m_link('author', 2, 'book', 2);
ROLLBACK;
-- as the hint says
SELECT m2m_link('author', 1, 'book', 2, via => 'authorship');
-- one that has the name already
BEGIN;
RESET ROLE;
ALTER TABLE authorship RENAME TO author_book;
SET ROLE first_use_beside_owner;
SELECT m2m_load('author', 'book', 'SELECT 1, 1');
ROLLBACK;
RESET ROLE;
-- and so
ALTER TABLE authorship OWNER TO first_use_beside_owner;
SET ROLE first_use_beside_owner;
SELECT m2m_link('author', 2, 'book', 2);
TABLE authorship ORDER BY 1, 2;
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA first_use_beside CASCADE;
DROP ROLE first_use_beside_owner, first_use_beside_other;
