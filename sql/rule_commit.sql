--
-- What rules do when a transaction commits changes links, and fires deferred
-- triggers of the user's, which change others: it goes on until all rules are kept
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_commit;
SET search_path = rule_commit, public;
CREATE TABLE list (id int PRIMARY KEY);
CREATE TABLE song (id int PRIMARY KEY, lists bigint);
INSERT INTO list SELECT generate_series(1, 4);
INSERT INTO song SELECT generate_series(1, 9);
SELECT m2m_create('list', 'song');
SELECT m2m_order('list_song', 'list', dense => true);
SELECT m2m_link('list', 1, 'song', ARRAY[1, 2, 3]), m2m_link('list', 2, 'song', ARRAY[4, 5, 6]);

-- A link that is put in order takes another one along, when the transaction ends
CREATE TABLE along (song_id int PRIMARY KEY, list_id int, other int, linked boolean DEFAULT false);
CREATE FUNCTION along() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	a along;
BEGIN
	FOR a IN SELECT * FROM along WHERE song_id = NEW.song_id LOOP
		IF a.linked THEN
			INSERT INTO list_song VALUES (a.list_id, a.other);
		ELSE
			DELETE FROM list_song WHERE list_id = a.list_id AND song_id = a.other;
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER along AFTER UPDATE OF song_position ON list_song DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION along();
CREATE VIEW lists AS SELECT list_id, array_agg(song_id || '@' || song_position ORDER BY song_position) AS songs FROM list_song GROUP BY 1 ORDER BY 1;
-- ... by which its row has no link any more
SELECT m2m_orphans('list_song', 'song', 'delete');
INSERT INTO along VALUES (2, 2, 4);
DELETE FROM list_song WHERE list_id = 1 AND song_id = 1;
TABLE lists;
SELECT id FROM song ORDER BY 1;
-- ... also where that row takes links of its own along, and two orders are put right
TRUNCATE along;
INSERT INTO along VALUES (3, 2, 5), (6, 1, 3);
CREATE TABLE tag (id int PRIMARY KEY);
INSERT INTO tag SELECT generate_series(1, 3);
SELECT m2m_create('song', 'tag');
SELECT m2m_orphans('song_tag', 'tag', 'delete');
SELECT m2m_link('song', 5, 'tag', ARRAY[1, 2]), m2m_link('song', 3, 'tag', ARRAY[2, 3]), m2m_link('song', 9, 'tag', 3);
SELECT m2m_unlink('list', 1, 'song', 2);
TABLE lists;
SELECT id FROM song ORDER BY 1;
SELECT id FROM tag ORDER BY 1;
SELECT m2m_drop_rule('list_song', 'm2m_orphans_song');

-- ... by which its row has too few
TRUNCATE along, list_song;
SELECT m2m_link('list', 1, 'song', ARRAY[6, 7, 8]), m2m_link('list', 2, 'song', ARRAY[6, 7, 8, 9]);
DELETE FROM list WHERE id > 2;
SELECT m2m_limit('list_song', 'list', min => 2);
INSERT INTO along VALUES (9, 1, 6), (7, 1, 7);
BEGIN;
SELECT m2m_unlink('list', 2, 'song', 8);
COMMIT;
TABLE lists;
BEGIN;
SELECT m2m_unlink('list', 2, 'song', 6);
COMMIT;
TABLE lists;

-- ... and what is linked and unlinked so is counted
SELECT m2m_drop_rule('list_song', 'm2m_limit_list');
INSERT INTO list VALUES (3);
SELECT m2m_counter('list_song', 'song', 'lists'), m2m_counter('list_song', 'list');
TRUNCATE along;
INSERT INTO along VALUES (9, 3, 6, true), (7, 1, 7, false);
SELECT m2m_unlink('list', 2, 'song', 6);
TABLE lists;
TABLE song ORDER BY 1;
SELECT * FROM m2m_check();

-- What is kept until then is a rule's whatever becomes of its name, and of types:
-- where these are others, a row stays, and all links are put in order
INSERT INTO list VALUES (5);
SELECT m2m_orphans('list_song', 'list', 'delete');
SELECT m2m_link('list', 5, 'song', 8);
BEGIN;
SELECT m2m_unlink('list', 5, 'song', 8);
SELECT m2m_rename('list_song', left_role => 'album');
COMMIT;
SELECT id FROM list ORDER BY 1;
SELECT m2m_rename('list_song', left_role => 'list');
SELECT m2m_drop_rule('list_song', 'm2m_counter_list'), m2m_drop_rule('list_song', 'm2m_orphans_list');
TRUNCATE along, list_song;
SELECT m2m_orphans('list_song', 'list', 'delete');
SELECT m2m_link('list', 1, 'song', ARRAY[6, 7, 8]), m2m_link('list', 2, 'song', 9);
DROP VIEW lists;
DROP TRIGGER along ON list_song;
BEGIN;
DELETE FROM list_song WHERE song_id IN (6, 9);
SELECT m2m_drop_rule('list_song', 'm2m_order_list', keep => true);
ALTER TABLE list_song DROP CONSTRAINT list_song_list_id_fkey;
ALTER TABLE list ALTER id TYPE text;
ALTER TABLE list_song ALTER list_id TYPE text;
ALTER TABLE list_song ADD FOREIGN KEY (list_id) REFERENCES list ON DELETE CASCADE;
SELECT m2m_order('list_song', 'list', 'song_position', dense => true);
COMMIT;
CREATE VIEW lists AS SELECT list_id, array_agg(song_id || '@' || song_position ORDER BY song_position) AS songs FROM list_song GROUP BY 1 ORDER BY 1;
TABLE lists;
SELECT id FROM list ORDER BY 1;
-- ... and back
BEGIN;
DELETE FROM list_song WHERE song_id = 7;
INSERT INTO list_song VALUES ('1', 9, 7);
SELECT m2m_drop_rule('list_song', 'm2m_order_list', keep => true);
DROP VIEW lists;
ALTER TABLE list_song DROP CONSTRAINT list_song_list_id_fkey;
ALTER TABLE list ALTER id TYPE int USING id::int;
ALTER TABLE list_song ALTER list_id TYPE int USING list_id::int;
ALTER TABLE list_song ADD FOREIGN KEY (list_id) REFERENCES list ON DELETE CASCADE;
SELECT m2m_order('list_song', 'list', 'song_position', dense => true);
UPDATE list_song SET song_position = 77 WHERE song_id = 8;
COMMIT;
SELECT list_id, song_id, song_position FROM list_song ORDER BY 1, 3;

-- Hundreds of savepoints, each with something to look at
SELECT m2m_link('list', 2, 'song', (SELECT array_agg(id) FROM song));
BEGIN;
DO $$
BEGIN
	FOR i IN 1 .. 300 LOOP
		BEGIN
			DELETE FROM list_song WHERE list_id = 2 AND song_id = 6 + i % 4;
			INSERT INTO list_song VALUES (2, 6 + i % 4, 1000 - i);
			IF i % 3 = 0 THEN
				RAISE unique_violation;
			END IF;
		EXCEPTION WHEN unique_violation THEN
			NULL;
		END;
	END LOOP;
END
$$;
COMMIT;
SELECT list_id, song_id, song_position FROM list_song ORDER BY 1, 3;

-- A cursor that a trigger opens then, and does not close, ends with the transaction
CREATE TABLE album (id int PRIMARY KEY);
CREATE TABLE track (id int PRIMARY KEY);
INSERT INTO album VALUES (1);
INSERT INTO track SELECT generate_series(1, 3);
SELECT m2m_create('album', 'track');
SELECT m2m_orphans('album_track', 'track', 'delete');
SELECT m2m_link('album', 1, 'track', ARRAY[1, 3]);
CREATE FUNCTION looks() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	c refcursor;
BEGIN
	OPEN c FOR SELECT id FROM album ORDER BY 1;
	MOVE c;
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER looks AFTER DELETE ON track DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION looks();
DELETE FROM album_track WHERE track_id = 1;
TABLE track ORDER BY 1;
SELECT name FROM pg_cursors;

-- A trigger that makes a new orphan of each that goes, fifty times
CREATE FUNCTION anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO track VALUES (OLD.id + 1);
	IF OLD.id < 53 THEN
		INSERT INTO album_track VALUES (1, OLD.id + 1);
		DELETE FROM album_track WHERE track_id = OLD.id + 1;
	END IF;
	RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER anew AFTER DELETE ON track DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION anew();
DELETE FROM album_track WHERE track_id = 3;
TABLE track ORDER BY 1;

DROP SCHEMA rule_commit CASCADE;
