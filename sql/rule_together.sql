--
-- Rules with each other, and with calls that move, copy and restore links: what
-- one of them writes is what the others expect
--
\set SHOW_CONTEXT never
CREATE SCHEMA rule_together_t;
SET search_path = rule_together_t, public;
CREATE TABLE list (id int PRIMARY KEY);
CREATE TABLE song (id int PRIMARY KEY);
INSERT INTO list SELECT generate_series(1, 6);
INSERT INTO song SELECT generate_series(1, 9);
SELECT m2m_create('list', 'song');
SELECT m2m_order('list_song', 'list');
CREATE VIEW lists AS SELECT list_id, array_agg(song_id ORDER BY song_position, song_id) AS songs FROM list_song GROUP BY 1 ORDER BY 1;

-- Merged, links keep their numbers, by both paths: they are theirs
SELECT m2m_link('list', 1, 'song', ARRAY[5, 3, 1]);
SELECT m2m_link('list', 2, 'song', ARRAY[9, 5, 2, 7]);
SELECT moved, dropped FROM m2m_merge('list', 2, 1);
TABLE lists;
SELECT count(DISTINCT song_position) FROM list_song;
SELECT m2m_link('list', 3, 'song', ARRAY[8, 4]);
SET m2m.direct_path = off;
SELECT moved, dropped FROM m2m_merge('list', 3, 1);
RESET m2m.direct_path;
TABLE lists;
SELECT m2m_order('list_song', 'song', dense => true);
CREATE VIEW songs AS SELECT song_id, array_agg(list_position ORDER BY list_position) AS positions FROM list_song GROUP BY 1 ORDER BY 1;
SELECT m2m_link('list', 4, 'song', ARRAY[9, 8, 1]);
SELECT moved, dropped FROM m2m_merge('list', 4, 1);
TABLE lists;
TABLE songs;

-- Copied, they come in the order that they have, behind those that are there
SELECT m2m_link('list', 5, 'song', ARRAY[4, 2]);
SELECT copied FROM m2m_copy('list', 1, 'list', 5, role => 'list');
ALTER TABLE list_song ADD COLUMN note text;
SELECT copied FROM m2m_copy('list', 5, 'list', 6, role => 'list');
TABLE lists;
TABLE songs;
TRUNCATE list_song;

-- Linked with properties, they have the order of the call
SELECT m2m_link('list', 1, 'song', ARRAY[5, 3, 1], properties => '{"note": "x"}');
SELECT m2m_link('list', 1, 'song', ARRAY[9, 3, 2], properties => '[{"note": "y"}, {"note": "z"}, null]');
SELECT m2m_link('list', 5, 'song', ARRAY[9, 3, 2], properties => '[{"song_position": 3}, {"song_position": 1}, {"song_position": 2}]');
TABLE lists;
SELECT * FROM m2m_check('list_song');

-- Several links of a pair: a list with a song twice is copied as it is
CREATE TABLE track (id serial PRIMARY KEY, list_id int NOT NULL REFERENCES list, song_id int NOT NULL REFERENCES song);
CREATE INDEX ON track (list_id);
CREATE INDEX ON track (song_id);
SELECT m2m_adopt('track', left_view => 'list_tracks', right_view => 'song_tracks');
SELECT m2m_order('track', 'list');
INSERT INTO track (list_id, song_id) VALUES (1, 5), (1, 1), (1, 5), (1, 9);
SELECT copied FROM m2m_copy('list', 1, 'list', 5, via => 'track');
SELECT list_id, array_agg(song_id ORDER BY song_position) FROM track GROUP BY 1 ORDER BY 1;

-- Merged, links of a dense order come last, in their order: their numbers are not
-- there twice for a unique constraint
CREATE TABLE item (list_id int REFERENCES list, song_id int REFERENCES song, place int, PRIMARY KEY (list_id, song_id),
	UNIQUE (list_id, place) DEFERRABLE INITIALLY DEFERRED);
CREATE INDEX ON item (song_id);
SELECT m2m_adopt('item', left_view => 'list_items', right_view => 'song_items');
SELECT m2m_order('item', 'list', 'place', dense => true);
INSERT INTO list VALUES (7), (8), (9);
SELECT m2m_link('list', 7, 'song', ARRAY[5, 3, 1], via => 'item'), m2m_link('list', 8, 'song', ARRAY[9, 5, 2, 7], via => 'item'),
	m2m_link('list', 9, 'song', ARRAY[8, 2], via => 'item');
SELECT association, moved, dropped FROM m2m_merge('list', ARRAY[9, 8], 7) WHERE association = 'item'::regclass;
SELECT array_agg(song_id ORDER BY place) AS songs, array_agg(place ORDER BY place) AS places FROM item;

-- Links without a direction: an order is switched on where there are links, of
-- each row by itself, and properties are still one value
CREATE TABLE person (id int PRIMARY KEY);
INSERT INTO person SELECT generate_series(1, 9);
SELECT m2m_create('person', 'person', name => 'friendship', symmetrical => true, right_role => 'friend');
ALTER TABLE friendship ADD COLUMN note text, ADD COLUMN rank int;
SELECT m2m_link('person', 1, 'person', ARRAY[4, 3, 2], properties => '{"note": "x"}');
SELECT m2m_order('friendship', 'person');
SELECT person_id, friend_id, note, row_number() OVER (PARTITION BY person_id ORDER BY friend_position) FROM friendship ORDER BY 1, 4;
SELECT m2m_order('friendship', 'person', 'rank', dense => true);
SELECT person_id, friend_id, note, rank FROM friendship ORDER BY 1, 4;
UPDATE friendship SET note = 'y', rank = 1 WHERE person_id = 1 AND friend_id = 4;
SELECT person_id, friend_id, note, rank FROM friendship ORDER BY 1, 4;
-- copied, both rows of each link: by either role, counted once
SELECT role_name, copied FROM m2m_copy('person', 1, 'person', 7);
SELECT role_name, copied FROM m2m_copy('person', 1, 'person', 8, role => 'person');
SELECT role_name, copied FROM m2m_copy('person', 1, 'person', 9, role => 'friend');
SELECT person_id, array_agg(friend_id ORDER BY rank) AS friends, array_agg(DISTINCT note) FROM friendship GROUP BY 1 ORDER BY 1;
-- put back as they were, with their properties
SELECT m2m_history('friendship');
SELECT pg_sleep(0.01);
SELECT clock_timestamp() AS before \gset
SELECT pg_sleep(0.01);
SELECT m2m_move('person', 1, 'person', 2, at => 3);
UPDATE friendship SET note = 'z' WHERE person_id = 1 AND friend_id = 3;
SELECT moved, dropped FROM m2m_merge('person', 8, 9);
SELECT * FROM m2m_restore('friendship', :'before');
SELECT person_id, array_agg(friend_id ORDER BY rank) AS friends, array_agg(DISTINCT note) FROM friendship GROUP BY 1 ORDER BY 1;
SELECT * FROM m2m_check('friendship');

-- Adopted anew, with the order that there is: link functions return rows in it
SELECT m2m_order('friendship', 'friend');
SELECT m2m_drop_rule('friendship', 'm2m_symmetric');
SELECT m2m_adopt('friendship');
SELECT prosrc FROM pg_proc WHERE proname ~ '^friend_' AND proname !~ '_at$' AND pronamespace = 'rule_together_t'::regnamespace;
SELECT * FROM m2m_check('friendship');

SET client_min_messages = warning;
DROP SCHEMA rule_together_t CASCADE;
