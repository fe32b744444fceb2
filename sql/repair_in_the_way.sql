-- m2m_repair() says what is in the way of a remedy, in PostgreSQL's words, and
-- what to do about it. (Before 19 its detail ended without a full stop.)
CREATE SCHEMA in_the_way;
SET search_path = in_the_way, public;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
SELECT m2m_create('author', 'book');
ALTER TABLE book ALTER COLUMN id TYPE bigint;
CREATE VIEW mine AS SELECT book_id FROM author_book;
SELECT severity, finding FROM m2m_repair('author_book');
DROP VIEW mine;
SELECT severity, finding FROM m2m_repair('author_book');
SELECT * FROM m2m_check('author_book');
SET client_min_messages = warning;
DROP SCHEMA in_the_way CASCADE;
