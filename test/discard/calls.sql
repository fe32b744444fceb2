-- Calls and writes through link views on both write paths: what they say may not
-- depend on what the caches still hold.
SET client_min_messages = warning;
CREATE EXTENSION m2m;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE room (building text, number int, PRIMARY KEY (building, number));
INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 9) i;
INSERT INTO room SELECT 'b', i FROM generate_series(1, 9) i;
SELECT m2m_create('author', 'room');
CREATE FUNCTION inner_insert(i int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO author_rooms (author_id, building, number) VALUES (9, 'b', i);
	RAISE EXCEPTION 'undo';
EXCEPTION WHEN raise_exception THEN
	RETURN i;
END $$;
SET debug_discard_caches = :discard;

SELECT m2m_link('author', 1, 'room', ROW('b', 1));
SELECT m2m_link('author', 1, 'room', ROW('b', 1));
SELECT m2m_link('author', ARRAY[1, 2, 3], 'room', ARRAY[ROW('b', 2), ROW('b', 3), ROW('b', 4)]);
SELECT m2m_unlink('author', 1, 'room', ROW('b', 2));
SELECT * FROM m2m_set('author', 2, 'room', ARRAY[ROW('b', 3), ROW('b', 5), ROW('b', 6)]);
SELECT m2m_linked('room', '(b,5)', 'author', 2), m2m_count('author', 2, 'room');
SELECT m2m_toggle('author', 2, 'room', ROW('b', 5));
SELECT m2m_load('author', 'room', $$SELECT 4, 'b'::text, i FROM generate_series(1, 5) i$$);
INSERT INTO author_rooms (author_id, building, number) VALUES (5, 'b', 1);
INSERT INTO author_rooms (author_id, building, number) SELECT 5, 'b', i FROM generate_series(1, 4) i;
INSERT INTO author_rooms (author_id, building, number) SELECT 6, 'b', inner_insert(i) FROM generate_series(1, 3) i;
INSERT INTO author_rooms (author_id, building, number) VALUES (7, 'b', 77);
UPDATE room_authors SET name = 'new' WHERE id = 5 AND number = 1;
DELETE FROM room_authors WHERE number = 1 AND id = 5;
BEGIN;
SELECT m2m_link('author', 8, 'room', ARRAY[ROW('b', 1), ROW('b', 2)]);
SAVEPOINT s;
SELECT m2m_clear('author', 4, 'room');
SELECT m2m_link('author', 8, 'room', ROW('c', 0));
ROLLBACK TO s;
COMMIT;
SET m2m.direct_path = off;
SELECT m2m_link('author', 9, 'room', ARRAY[ROW('b', 1), ROW('b', 2)]);
SELECT m2m_unlink('author', 9, 'room', ROW('b', 1));
RESET m2m.direct_path;
ALTER TABLE author_room ADD COLUMN note text DEFAULT 'n';
SELECT m2m_link('author', 9, 'room', ARRAY[ROW('b', 1), ROW('b', 3)]);
ALTER TABLE room ADD COLUMN seats int;
SELECT * FROM author_rooms ORDER BY 1, 2, 3;
CREATE TABLE topic (id serial PRIMARY KEY, name text UNIQUE);
SELECT m2m_link('author', 9, 'topic', ARRAY['b', 'a', 'b'], by => 'name', create_missing => true);
SELECT m2m_link('author', 8, 'topic', 'a', by => 'name');
SELECT m2m_link('author', 8, 'room', ROW('b', 3), by => 'room_pkey');
SELECT m2m_json('author', ARRAY[8, 9], '{rooms.authors,topics}', max_rows => 2);
SET debug_discard_caches = 0;
SELECT * FROM m2m_check();
