--
-- Switching a rule on over many links says what it is about to do, and how far it is
--
SET client_min_messages = notice;
CREATE SCHEMA rule_progress;
SET search_path = rule_progress, public;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 500);
INSERT INTO book SELECT generate_series(1, 500);
SELECT m2m_create('author', 'book');
SELECT m2m_load('author', 'book', 'SELECT a, b FROM generate_series(1, 500) a, generate_series(1, 500) b');
ALTER TABLE author SET (autovacuum_enabled = off);
ALTER TABLE author_book SET (autovacuum_enabled = off);
-- few: not a word
SELECT m2m_limit('author_book', 'author', max => 1000);
SELECT m2m_drop_rule('author_book', 'm2m_limit_author');
-- as many as the planner believes; a tenth of a million is a step
UPDATE pg_class SET reltuples = 1000000, relpages = pg_relation_size(oid) / current_setting('block_size')::int WHERE oid = 'author_book'::regclass;
UPDATE pg_class SET reltuples = 2000, relpages = pg_relation_size(oid) / current_setting('block_size')::int WHERE oid = 'author'::regclass;
SELECT m2m_limit('author_book', 'author', max => 1000);
SELECT m2m_history('author_book');
SELECT m2m_counter('author_book', 'author', counter => 'books');
SELECT m2m_counter('author_book', 'author');
SET client_min_messages = warning;
SELECT m2m_counter('author_book', 'book');
DROP SCHEMA rule_progress CASCADE;
