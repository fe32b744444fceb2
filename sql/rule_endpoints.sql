--
-- Rules and the rows that they are about: which rows a foreign key can mean,
-- and by which keys; a link that a trigger keeps as it is
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_endpoints;
SET search_path = rule_endpoints, public;

-- Rows of inheritance children can have no links, and need none
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE novelist () INHERITS (author);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author VALUES (1), (2);
INSERT INTO novelist VALUES (1), (7);
INSERT INTO book SELECT generate_series(1, 9);
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', ARRAY[1, 1, 2], 'book', ARRAY[1, 2, 1]);
SELECT m2m_limit('author_book', 'author', min => 1);
SELECT * FROM m2m_check('author_book');
BEGIN;
INSERT INTO novelist VALUES (8);
DELETE FROM author_book WHERE book_id = 2;
COMMIT;
DELETE FROM author_book;
TRUNCATE author_book;
SELECT m2m_drop('author_book');

-- Keys of links that differ, and mean one row: it has the links that it has
CREATE TABLE word (id char(9) PRIMARY KEY);
CREATE TABLE text (word_id varchar NOT NULL REFERENCES word, book_id int NOT NULL REFERENCES book, PRIMARY KEY (word_id, book_id));
CREATE INDEX ON text (book_id);
INSERT INTO word VALUES ('a'), ('b');
INSERT INTO text VALUES ('a', 1), ('a ', 2), ('a', 3), ('b', 1), ('b', 2);
SELECT m2m_adopt('text');
SELECT m2m_limit('text', 'word', min => 2);
DELETE FROM text WHERE word_id = 'a ';
INSERT INTO text VALUES ('a ', 2);
DELETE FROM text WHERE book_id IN (1, 2) AND word_id <> 'b';
DELETE FROM text WHERE book_id = 3;
SELECT count(*) FROM text;

-- Links whose update a trigger suppresses cannot be put in order: an error, not for ever
CREATE TABLE list (id int PRIMARY KEY);
INSERT INTO list VALUES (1), (2);
SELECT m2m_create('list', 'book');
SELECT m2m_order('list_book', 'list', 'place', dense => true);
SELECT m2m_link('list', 1, 'book', ARRAY[1, 2, 3]), m2m_link('list', 2, 'book', ARRAY[1, 2, 3]);
CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER stay BEFORE UPDATE ON list_book FOR EACH ROW WHEN (OLD.list_id = 1) EXECUTE FUNCTION stay();
DELETE FROM list_book WHERE book_id = 1 AND list_id = 1;
SELECT m2m_unlink('list', 1, 'book', 2);
DELETE FROM list_book WHERE book_id = 3 AND list_id = 1;
DELETE FROM list_book WHERE book_id = 1 AND list_id = 2;
SELECT list_id, book_id, place FROM list_book ORDER BY 1, 3;

-- A link that a trigger keeps from being removed has a number of its own, too
DROP TRIGGER stay ON list_book;
CREATE TRIGGER stay BEFORE DELETE ON list_book FOR EACH ROW WHEN (OLD.book_id = 2) EXECUTE FUNCTION stay();
SELECT m2m_set('list', 2, 'book', ARRAY[5, 4]);
SELECT list_id, book_id, place FROM list_book ORDER BY 1, 3;
SELECT * FROM m2m_check('list_book');

-- Keys that get another type: m2m_check says so of side tables, and m2m_repair takes them along
CREATE TABLE track (id int PRIMARY KEY);
CREATE TABLE album (id int PRIMARY KEY);
INSERT INTO track VALUES (1), (2);
INSERT INTO album VALUES (1);
SELECT m2m_create('album', 'track');
SELECT m2m_history('album_track'), m2m_counter('album_track', 'track');
SELECT m2m_link('album', 1, 'track', ARRAY[1, 2]);
ALTER TABLE track ALTER COLUMN id TYPE bigint;
ALTER TABLE album_track ALTER COLUMN track_id TYPE bigint;
SELECT * FROM m2m_check('album_track');
SELECT finding, remedy FROM m2m_repair('album_track');
INSERT INTO track VALUES (3000000000);
SELECT m2m_link('album', 1, 'track', 3000000000), m2m_unlink('album', 1, 'track', 2);
SELECT album_id, track_id, to_xid IS NULL AS open FROM album_track_history ORDER BY 1, 2;
SELECT track_id, sum(n) FROM album_track_track_counter GROUP BY 1 ORDER BY 1;
SELECT * FROM m2m_check('album_track');

-- ... and where a rule goes on with a table that it has left
SELECT m2m_drop_rule('album_track', 'm2m_history', keep => true);
DELETE FROM track WHERE id > 2;
ALTER TABLE album_track DROP CONSTRAINT album_track_track_id_fkey, ALTER COLUMN track_id TYPE text;
ALTER TABLE track ALTER COLUMN id TYPE text;
ALTER TABLE album_track ADD CONSTRAINT album_track_track_id_fkey FOREIGN KEY (track_id) REFERENCES track ON DELETE CASCADE;
SELECT m2m_history('album_track');
INSERT INTO track VALUES ('b-side');
\set VERBOSITY sqlstate
SELECT m2m_link('album', 1, 'track', 'b-side');
\set VERBOSITY default
SELECT finding FROM m2m_check('album_track') WHERE severity = 'error';
SELECT count(*) FROM m2m_repair('album_track');
SELECT m2m_link('album', 1, 'track', 'b-side');
SELECT album_id, track_id, to_xid IS NULL AS open FROM album_track_history ORDER BY 1, 2;
SELECT track_id, sum(n) FROM album_track_track_counter GROUP BY 1 ORDER BY 1;
SELECT * FROM m2m_check('album_track');

-- A role that is renamed: triggers that somebody has switched off stay so
SELECT m2m_limit('album_track', 'album', max => 2);
ALTER TABLE album_track DISABLE TRIGGER m2m_limit_album_insert, ENABLE ALWAYS TRIGGER m2m_limit_album_update;
SELECT m2m_rename('album_track', left_role => 'record');
SELECT tgname, tgenabled, encode(tgargs, 'escape') LIKE 'role=record%' AS renamed FROM pg_trigger
	WHERE tgrelid = 'album_track'::regclass AND tgname LIKE 'm2m_limit%' ORDER BY 1;

DROP SCHEMA rule_endpoints CASCADE;
