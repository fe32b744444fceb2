--
-- A relationship that is named with its schema is the one that has this name
-- now, however often it was called by it before
--
SET client_min_messages = warning;
CREATE SCHEMA via_schema;
CREATE SCHEMA via_one;
CREATE SCHEMA via_two;
SET search_path = via_schema, public;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author VALUES (1);
INSERT INTO book SELECT generate_series(1, 9);
SELECT m2m_create('author', 'book', name => 'pair', schema => 'via_one');
SELECT m2m_create('author', 'book', name => 'pair', schema => 'via_two');
SELECT m2m_link('author', 1, 'book', 1, via => 'via_one.pair');
SELECT m2m_link('author', 1, 'book', 2, via => 'via_one.pair');
SELECT m2m_link('author', 1, 'book', 3, via => 'via_two.pair');
SELECT m2m_link('author', 1, 'book', 4, via => 'pair');

-- the schemas take each other's names
ALTER SCHEMA via_one RENAME TO via_three;
SELECT m2m_link('author', 1, 'book', 5, via => 'via_one.pair');
ALTER SCHEMA via_two RENAME TO via_one;
SELECT m2m_link('author', 1, 'book', 6, via => 'via_one.pair');
SELECT m2m_link('author', 1, 'book', 7, via => 'via_three.pair');
SELECT array_agg(book_id ORDER BY book_id) AS one FROM via_one.pair;
SELECT array_agg(book_id ORDER BY book_id) AS three FROM via_three.pair;

-- tables change their schemas
ALTER TABLE via_one.pair SET SCHEMA via_schema;
SELECT m2m_link('author', 1, 'book', 8, via => 'via_one.pair');
ALTER TABLE via_three.pair SET SCHEMA via_one;
SELECT m2m_link('author', 1, 'book', 8, via => 'via_one.pair');
SELECT m2m_link('author', 1, 'book', 9, via => 'via_schema.pair');
SELECT array_agg(book_id ORDER BY book_id) AS one FROM via_one.pair;
SELECT array_agg(book_id ORDER BY book_id) AS schema FROM via_schema.pair;

SET client_min_messages = error;
DROP SCHEMA via_schema, via_one, via_three CASCADE;
