--
-- Notices: what a listener adds up is what was linked and unlinked, by whatever
-- path
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_notice;
SET search_path = rule_notice, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 3000) i;
INSERT INTO book SELECT i, 'b' || i FROM generate_series(1, 3000) i;
SELECT m2m_create('author', 'book');
SELECT m2m_notify('author_book', 'author_book');
SELECT rule, kind, role, replace(definition, 'public.', '') AS definition, whole FROM m2m_rules('author_book');
-- psql shows process ids, so what was sent is counted here: sent, not heard of
SELECT m2m_notify('author_book', '');
SELECT m2m_notify('author_book', repeat('x', 64));
SELECT m2m_notify('author_book', NULL);
SELECT m2m_notify('author', 'x');
CREATE ROLE rule_notice_user;
GRANT USAGE ON SCHEMA rule_notice TO rule_notice_user;
GRANT SELECT, INSERT, DELETE ON author_book TO rule_notice_user;
SET ROLE rule_notice_user;
SELECT m2m_notify('author_book', 'x');
SELECT m2m_link('author', 9, 'book', 9), m2m_unlink('author', 9, 'book', 9);
RESET ROLE;
-- two-phase commit, where the server has it, is PostgreSQL's to refuse; another
-- channel, with keys, in place of the first; off
SELECT m2m_notify('author_book', 'It''s "odd"', keys => true);
SELECT replace(definition, 'public.', '') AS definition FROM m2m_rules('author_book');
SELECT m2m_load('author', 'book', 'SELECT i, i FROM generate_series(1, 3000) i');
SELECT m2m_link('author', 1, 'book', ARRAY[5, 6]), m2m_set('author', 1, 'book', ARRAY[6, 7]);
TRUNCATE author_book;
SELECT * FROM m2m_check('author_book');
SELECT m2m_drop_rule('author_book', 'm2m_notice');
SELECT count(*) FROM m2m_rules('author_book');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'author_book'::regclass AND NOT tgisinternal;
DROP SCHEMA rule_notice CASCADE;
DROP OWNED BY rule_notice_user;
DROP ROLE rule_notice_user;
