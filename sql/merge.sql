-- m2m_merge and m2m_copy: the links of rows, in all relationships of their table.
-- If a test here fails, a link or its properties are lost when two rows are
-- merged, one is there twice or one that nobody has made, or rows of other
-- tables go along.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA merging;
SET search_path = merging, public;

-- Both write paths do the same.
CREATE TABLE post (id int PRIMARY KEY, title text);
CREATE TABLE tag (id bigint PRIMARY KEY, name text);
CREATE TABLE photo (id text PRIMARY KEY);
INSERT INTO post SELECT g, 'post ' || g FROM generate_series(1, 6) g;
INSERT INTO tag VALUES (1, 'sql'), (2, 'SQL'), (3, 'Sql'), (4, 'json');
INSERT INTO photo VALUES ('a'), ('b');
SELECT m2m_create('post', 'tag'), m2m_create('tag', 'photo');
ALTER TABLE tag_photo ADD note text;
SELECT m2m_create('tag', 'tag', name => 'implies');
SELECT m2m_link('post', ARRAY[1, 2, 3], 'tag', 1), m2m_link('post', ARRAY[2, 3, 4], 'tag', 2), m2m_link('post', ARRAY[4, 5, 1], 'tag', 3), m2m_link('post', 6, 'tag', 4);
SELECT m2m_link('tag', 1, 'photo', 'a', properties => '{"note": "of 1"}'), m2m_link('tag', ARRAY[3, 2], 'photo', ARRAY['b', 'b'], properties => '[{"note": "of 3"}, {"note": "of 2"}]'),
	m2m_link('tag', 2, 'photo', 'a', properties => '{"note": "of 2"}');
SELECT m2m_link('tag', ARRAY[2, 2, 3, 4], 'tag', ARRAY[1, 2, 4, 2], 'implies');
CREATE VIEW links AS
	SELECT 'post_tag' AS "table", post_id || '-' || tag_id AS link FROM post_tag
	UNION ALL SELECT 'tag_photo', tag_id || '-' || photo_id || ' ' || note FROM tag_photo
	UNION ALL SELECT 'implies', from_tag_id || '-' || to_tag_id FROM implies;
BEGIN;
-- of the properties, those of the row that stays are kept, then of the first given
SELECT * FROM m2m_merge('tag', ARRAY[2, 3], 1);
SELECT "table", string_agg(link, ', ' ORDER BY link) FROM links GROUP BY 1 ORDER BY 1;
TABLE tag;
ROLLBACK;
BEGIN;
SET m2m.direct_path = off;
SELECT * FROM m2m_merge('tag', ARRAY[2, 3], 1);
SELECT "table", string_agg(link, ', ' ORDER BY link) FROM links GROUP BY 1 ORDER BY 1;
ROLLBACK;
BEGIN;
SELECT * FROM m2m_merge('tag', ARRAY[3, 2, 3], 4);
SELECT "table", string_agg(link, ', ' ORDER BY link) FROM links GROUP BY 1 ORDER BY 1;
ROLLBACK;
-- from the other side
BEGIN;
SELECT * FROM m2m_merge('post', ARRAY[1, 4], 2);
SELECT string_agg(post_id || '-' || tag_id, ', ' ORDER BY post_id, tag_id) FROM post_tag;
ROLLBACK;
-- ids of any form; the row that stays among them is passed over
BEGIN;
SELECT sum(moved), sum(dropped) FROM m2m_merge('tag', '{1,2,3}', '1');
SELECT * FROM m2m_merge('tag', 1, 1);
SELECT * FROM m2m_merge('tag', '{}', 1);
SELECT sum(moved) FROM m2m_merge('photo', 'a', 'b'::text);
SELECT sum(moved) FROM m2m_merge('post', ARRAY[1]::numeric[], '2');
ROLLBACK;

-- Errors, and nothing half done.
SELECT * FROM m2m_merge('tag', ARRAY[2, 9], 1);
SELECT * FROM m2m_merge('tag', 2, 9);
SELECT * FROM m2m_merge('tag', NULL, 1);
SELECT * FROM m2m_merge('tag', ARRAY[2, NULL], 1);
SELECT * FROM m2m_merge('tag', 2, ARRAY[1]);
SELECT * FROM m2m_merge('tag', 'x', 1);
SELECT * FROM m2m_merge(NULL, 2, 1);
SELECT * FROM m2m_merge('links', 2, 1);
BEGIN READ ONLY;
SELECT * FROM m2m_merge('tag', 2, 1);
ROLLBACK;
CREATE TABLE lonely (id int PRIMARY KEY);
SELECT * FROM m2m_merge('lonely', 2, 1);

-- What else refers to a row that would go, and would go or change with it.
CREATE TABLE favourite (who text, tag bigint REFERENCES tag ON DELETE SET NULL);
INSERT INTO favourite VALUES ('Ann', 2);
SELECT * FROM m2m_merge('tag', 2, 1);
BEGIN;
SELECT sum(moved) FROM m2m_merge('tag', 3, 1);
ROLLBACK;
UPDATE favourite SET tag = 1;
ALTER TABLE tag ADD parent bigint REFERENCES tag ON DELETE CASCADE;
UPDATE tag SET parent = 2 WHERE id = 4;
SELECT * FROM m2m_merge('tag', 2, 1);
-- a row that goes, too, does not count
BEGIN;
SELECT sum(moved) FROM m2m_merge('tag', ARRAY[2, 4], 1);
ROLLBACK;
ALTER TABLE tag DROP parent;
CREATE TABLE shown (tag bigint REFERENCES tag);
INSERT INTO shown VALUES (2);
SELECT * FROM m2m_merge('tag', 2, 1);
DROP TABLE shown;
-- links of a relationship that does not count for the caller
CREATE ROLE regress_m2m_other;
CREATE ROLE regress_m2m_merger;
GRANT USAGE ON SCHEMA merging TO regress_m2m_other, regress_m2m_merger;
GRANT CREATE ON SCHEMA merging TO regress_m2m_other;
GRANT SELECT, REFERENCES ON tag, photo TO regress_m2m_other;
SET ROLE regress_m2m_other;
SELECT m2m_create('tag', 'photo', 'his', left_view => 'his_photos', right_view => 'his_tags');
INSERT INTO his VALUES (2, 'a');
RESET ROLE;
SELECT * FROM m2m_merge('tag', 2, 1);
DELETE FROM his;
DROP TABLE his CASCADE;
SELECT "table", string_agg(link, ', ' ORDER BY link) FROM links GROUP BY 1 ORDER BY 1;

-- Rights: those of UPDATE and DELETE.
GRANT SELECT, UPDATE, DELETE ON post_tag, tag_photo TO regress_m2m_merger;
GRANT SELECT, DELETE ON implies TO regress_m2m_merger;
GRANT SELECT, DELETE ON tag TO regress_m2m_merger;
SET ROLE regress_m2m_merger;
SELECT * FROM m2m_merge('tag', 2, 1);
RESET ROLE;
GRANT UPDATE ON implies TO regress_m2m_merger;
REVOKE DELETE ON post_tag FROM regress_m2m_merger;
SET ROLE regress_m2m_merger;
SELECT * FROM m2m_merge('tag', 2, 1);
SELECT count(*) FROM pg_locks WHERE relation = 'post_tag'::regclass AND mode = 'ShareRowExclusiveLock';
RESET ROLE;
GRANT DELETE ON post_tag TO regress_m2m_merger;
REVOKE DELETE ON tag FROM regress_m2m_merger;
SET ROLE regress_m2m_merger;
SELECT * FROM m2m_merge('tag', 2, 1);
RESET ROLE;
GRANT DELETE ON tag TO regress_m2m_merger;
BEGIN;
SET LOCAL ROLE regress_m2m_merger;
SELECT * FROM m2m_merge('tag', 2, 1);
ROLLBACK;
-- A link that the caller does not see is not lost with the row.
ALTER TABLE post_tag ENABLE ROW LEVEL SECURITY;
CREATE POLICY but_three ON post_tag USING (post_id <> 3);
SET ROLE regress_m2m_merger;
SELECT * FROM m2m_merge('tag', 2, 1);
RESET ROLE;
ALTER TABLE post_tag DISABLE ROW LEVEL SECURITY;
-- nor a row that he does not see merged, nor one left over that he may not delete
ALTER TABLE tag ENABLE ROW LEVEL SECURITY;
CREATE POLICY but_four ON tag FOR SELECT USING (id <> 4);
SET ROLE regress_m2m_merger;
SELECT * FROM m2m_merge('tag', 4, 1);
SELECT * FROM m2m_merge('tag', 2, 1);
RESET ROLE;
DROP POLICY but_four ON tag;
CREATE POLICY readable ON tag FOR SELECT USING (true);
CREATE POLICY but_two ON tag FOR DELETE USING (id <> 2);
SET ROLE regress_m2m_merger;
SELECT * FROM m2m_merge('tag', 2, 1);
RESET ROLE;
ALTER TABLE tag DISABLE ROW LEVEL SECURITY;
-- nor one that a trigger keeps
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER keep BEFORE UPDATE ON post_tag FOR EACH ROW WHEN (OLD.post_id = 4) EXECUTE FUNCTION keep();
SELECT * FROM m2m_merge('tag', 2, 1);
DROP TRIGGER keep ON post_tag;
SELECT "table", string_agg(link, ', ' ORDER BY link) FROM links GROUP BY 1 ORDER BY 1;

-- Rules.
SELECT m2m_counter('post_tag', 'tag', 'posts') FROM (SELECT m2m_counter('post_tag', 'post')) c;
SELECT m2m_history('post_tag');
SELECT m2m_limit('post_tag', 'tag', max => 3);
SELECT * FROM m2m_merge('tag', 2, 1);
SET m2m.direct_path = off;
SELECT * FROM m2m_merge('tag', 2, 1);
RESET m2m.direct_path;
SELECT m2m_drop_rule('post_tag', 'm2m_limit_tag');
SELECT m2m_limit('post_tag', 'post', max => 2);
BEGIN;
SELECT * FROM m2m_merge('tag', 2, 1);
SELECT id, posts FROM tag ORDER BY id;
SELECT post_id, tag_id FROM post_tag_history WHERE to_xid IS NULL ORDER BY 1, 2;
SELECT * FROM m2m_check('post_tag');
ROLLBACK;
BEGIN;
SET LOCAL m2m.direct_path = off;
SELECT * FROM m2m_merge('tag', 2, 1);
SELECT id, posts FROM tag ORDER BY id;
SELECT post_id, tag_id FROM post_tag_history WHERE to_xid IS NULL ORDER BY 1, 2;
SELECT * FROM m2m_check('post_tag');
ROLLBACK;
-- a link that comes of what a rule has done, and that the rows would take along
CREATE FUNCTION link_again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO post_tag VALUES (5, 4); RETURN NULL; END $$;
CREATE TRIGGER link_again AFTER UPDATE OF posts ON tag FOR EACH ROW WHEN (NEW.id = 3) EXECUTE FUNCTION link_again();
SELECT * FROM m2m_merge('post', 5, 4);
DROP TRIGGER link_again ON tag;

-- Links that more than the pair tells apart.
CREATE TABLE person (id int PRIMARY KEY);
CREATE TABLE film (id int PRIMARY KEY);
INSERT INTO person SELECT generate_series(1, 3);
INSERT INTO film SELECT generate_series(1, 3);
CREATE TABLE credit (person_id int NOT NULL REFERENCES person ON DELETE CASCADE, film_id int NOT NULL REFERENCES film, job text NOT NULL, fee int, PRIMARY KEY (person_id, film_id, job));
CREATE TABLE watched (id serial PRIMARY KEY, person_id int NOT NULL REFERENCES person ON DELETE CASCADE, film_id int NOT NULL REFERENCES film, stars int);
CREATE TABLE seen (person_id int REFERENCES person ON DELETE CASCADE, film_id int REFERENCES film, data json);
SELECT m2m_adopt('credit', left_view => 'credits', right_view => 'crew'), m2m_adopt('watched', left_view => 'watching', right_view => 'watchers'), m2m_adopt('seen', left_view => 'seeing', right_view => 'seers');
INSERT INTO credit VALUES (1, 1, 'writer', 10), (2, 1, 'writer', 20), (2, 1, 'actor', 30), (3, 1, 'actor', 40), (3, 2, 'actor', 50);
INSERT INTO watched (person_id, film_id, stars) VALUES (1, 1, 5), (2, 1, 4), (2, 1, 4);
INSERT INTO seen VALUES (1, 1, '{}'), (2, 1, '{}'), (2, 1, '{"a": 1}'), (2, NULL, '{}'), (3, 2, '[]'), (3, 2, '[]');
SELECT * FROM m2m_merge('person', ARRAY[2, 3], 1);
TABLE credit ORDER BY 2, 3;
TABLE watched ORDER BY id;
SELECT * FROM seen ORDER BY film_id, data::text;

-- Rows that are marked instead of deleted.
CREATE TABLE soft (person_id int NOT NULL REFERENCES person ON DELETE CASCADE, film_id int NOT NULL REFERENCES film ON DELETE CASCADE, note text, deleted boolean NOT NULL DEFAULT false, PRIMARY KEY (person_id, film_id));
CREATE TABLE partly (person_id int NOT NULL REFERENCES person ON DELETE CASCADE, film_id int NOT NULL REFERENCES film ON DELETE CASCADE, note text, deleted boolean NOT NULL DEFAULT false);
CREATE UNIQUE INDEX ON partly (person_id, film_id) WHERE NOT deleted;
SELECT m2m_adopt('soft', left_view => 'soft_films', right_view => 'soft_people', deleted => 'deleted'), m2m_adopt('partly', left_view => 'partly_films', right_view => 'partly_people', deleted => 'deleted');
INSERT INTO person VALUES (2), (3);
INSERT INTO soft VALUES (1, 1, 'was', true), (2, 1, 'lives', false), (1, 2, 'lives', false), (2, 2, 'was', true), (2, 3, 'was', true), (3, 3, 'lives', false), (3, 2, 'double', false);
INSERT INTO partly TABLE soft;
SELECT association, moved, dropped FROM m2m_merge('film', 3, 1) WHERE association IN ('soft'::regclass, 'partly');
SELECT association, moved, dropped FROM m2m_merge('person', ARRAY[2, 3], 1) WHERE association IN ('soft'::regclass, 'partly');
SELECT *, NOT deleted AS link FROM soft ORDER BY 2;
TABLE partly ORDER BY 2, 3, 4;

-- A column of both keys; composite keys.
CREATE TABLE usr (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE grp (tenant int, id int, PRIMARY KEY (tenant, id));
INSERT INTO usr SELECT t, i FROM generate_series(1, 2) t, generate_series(1, 3) i;
INSERT INTO grp TABLE usr;
SELECT m2m_create('usr', 'grp', left_columns => '{tenant,usr_id}', right_columns => '{tenant,grp_id}');
SELECT m2m_link('usr', ARRAY[ROW(1, 1), ROW(1, 2), ROW(1, 2), ROW(2, 2)], 'grp', ARRAY[ROW(1, 1), ROW(1, 1), ROW(1, 3), ROW(2, 1)]);
SELECT * FROM m2m_merge('usr', ROW(1, 2), ROW(2, 1));
SELECT * FROM m2m_merge('usr', ARRAY[ROW(1, 2)], ROW(1, 1));
TABLE usr_grp ORDER BY 1, 2, 3;
SELECT * FROM m2m_copy('usr', ROW(1, 1), 'usr', ROW(2, 1));
SELECT * FROM m2m_copy('usr', '(1,1)', 'usr', '(1,3)');
TABLE usr_grp ORDER BY 1, 2, 3;

-- Relationships that refer to another key than the primary key.
CREATE TABLE word (id int PRIMARY KEY, code text UNIQUE);
CREATE TABLE sense (id int PRIMARY KEY);
INSERT INTO word VALUES (1, 'one'), (2, 'two'), (3, NULL);
INSERT INTO sense VALUES (1), (2);
CREATE TABLE by_code (code text REFERENCES word (code) ON UPDATE CASCADE ON DELETE CASCADE, sense_id int REFERENCES sense, PRIMARY KEY (code, sense_id));
SELECT m2m_adopt('by_code');
INSERT INTO by_code VALUES ('one', 1), ('two', 1), ('two', 2);
BEGIN;
SELECT * FROM m2m_merge('word', 'two'::text, 'one'::text);
TABLE by_code ORDER BY 1, 2;
ROLLBACK;
SELECT m2m_create('word', 'sense', 'by_id', left_view => 'word_meanings', right_view => 'meaning_words');
SELECT m2m_link('word', 2, 'sense', 2, 'by_id');
SELECT * FROM m2m_merge('word', 2, 3);
SELECT * FROM m2m_copy('word', 2, 'word', 3);
SELECT * FROM m2m_merge('word', 2, 1);
TABLE by_code ORDER BY 1, 2;
TABLE by_id ORDER BY 1, 2;

-- Partitions, and whatever else the direct path leaves alone.
CREATE TABLE a (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE a0 PARTITION OF a FOR VALUES FROM (0) TO (3);
CREATE TABLE a3 PARTITION OF a FOR VALUES FROM (3) TO (9);
CREATE TABLE b (id int PRIMARY KEY);
INSERT INTO a SELECT generate_series(1, 5);
INSERT INTO b SELECT generate_series(1, 4);
CREATE TABLE a_b (a_id int REFERENCES a ON DELETE CASCADE, b_id int REFERENCES b ON DELETE CASCADE, PRIMARY KEY (a_id, b_id)) PARTITION BY RANGE (a_id);
CREATE TABLE a_b0 PARTITION OF a_b FOR VALUES FROM (0) TO (3);
CREATE TABLE a_b3 PARTITION OF a_b FOR VALUES FROM (3) TO (9);
SELECT m2m_adopt('a_b');
SELECT m2m_link('a', ARRAY[1, 2, 3, 4], 'b', ARRAY[1, 1, 2, 3]);
SELECT * FROM m2m_merge('a', ARRAY[2, 3], 1);
SELECT * FROM m2m_merge('b', ARRAY[2, 3], 1);
TABLE a_b ORDER BY 1, 2;
CREATE TABLE of_part (a int REFERENCES a3 ON DELETE CASCADE);
INSERT INTO of_part VALUES (5);
SELECT * FROM m2m_merge('a', 5, 1);
SELECT * FROM m2m_merge('a', 4, 1);
TABLE a ORDER BY 1;

-- Copying.
SELECT m2m_drop_rule('post_tag', 'm2m_limit_post');
BEGIN;
SELECT * FROM m2m_copy('tag', 2, 'tag', 4);
SELECT * FROM m2m_copy('tag', 2, 'tag', 4);
SELECT "table", string_agg(link, ', ' ORDER BY link) FROM links GROUP BY 1 ORDER BY 1;
ROLLBACK;
SELECT * FROM m2m_copy('tag', '2', 'tag', '1', 'tag_photo');
SELECT * FROM m2m_copy('tag', 1, 'tag', 4::text, role => 'to_tag');
SELECT "table", string_agg(link, ', ' ORDER BY link) FROM links GROUP BY 1 ORDER BY 1;
SELECT * FROM m2m_copy('tag', 1, 'tag', 4, 'no_such');
SELECT * FROM m2m_copy('tag', 1, 'tag', 4, role => 'nobody');
SELECT * FROM m2m_copy('tag', 1, 'post', 4);
SELECT * FROM m2m_copy('tag', 1, 'tag', 9);
SELECT * FROM m2m_copy('tag', NULL::int, 'tag', 4);
SELECT * FROM m2m_copy('post', 1, 'post', 1);
-- several links of one pair; a key of its own is the new link's; a mark stays where it is
INSERT INTO person VALUES (4), (5);
UPDATE watched SET stars = NULL WHERE id = 3;
INSERT INTO soft VALUES (4, 1, 'was', true);
INSERT INTO credit VALUES (4, 1, 'writer', 99);
SELECT * FROM m2m_copy('person', 1, 'person', 4);
TABLE credit ORDER BY 1, 2, 3;
-- in whatever order the copies got theirs
SELECT CASE WHEN id <= 3 THEN id END AS old_id, person_id, film_id, stars FROM watched ORDER BY person_id, old_id, stars;
SELECT array_agg(id ORDER BY id) AS ids, array_agg(id ORDER BY id) FILTER (WHERE person_id = 4) AS new_ids FROM watched;
TABLE soft ORDER BY 1, 2;
SELECT * FROM m2m_copy('person', 1, 'person', 4);
SELECT person_id, film_id, data::text FROM seen ORDER BY 1, 2, 3;

-- Links that have no direction: both rows of one go together.
SELECT m2m_create('person', 'person', 'friend', left_role => 'person', right_role => 'friend', symmetrical => true);
INSERT INTO person VALUES (2), (3), (6);
SELECT m2m_link('person', ARRAY[2, 2, 2, 3, 1, 3, 5], 'person', ARRAY[1, 3, 4, 4, 4, 5, 5], 'friend');
BEGIN;
SELECT * FROM m2m_merge('person', ARRAY[2, 3, 5], 1) WHERE association = 'friend'::regclass;
SET CONSTRAINTS ALL IMMEDIATE;
TABLE friend ORDER BY 1, 2;
ROLLBACK;
SELECT * FROM m2m_copy('person', 3, 'person', 6, 'friend');
SELECT * FROM friend WHERE person_id = 6 ORDER BY 2;

-- Links that have an order keep their numbers, on both paths; in a dense one, what
-- is moved comes last.
CREATE TABLE list (id int PRIMARY KEY);
CREATE TABLE item (id int PRIMARY KEY);
INSERT INTO list VALUES (1), (2);
INSERT INTO item SELECT generate_series(1, 9);
SELECT m2m_create('list', 'item');
SELECT m2m_order('list_item', 'list'), m2m_order('list_item', 'item');
SELECT m2m_link('list', 1, 'item', ARRAY[3, 1, 2]), m2m_link('list', 2, 'item', ARRAY[5, 4, 3]);
CREATE VIEW numbered AS SELECT string_agg(format('%s-%s %s %s', list_id, item_id, item_position, list_position), ', ' ORDER BY list_id, item_position) FROM list_item;
BEGIN;
SELECT sum(moved), sum(dropped) FROM m2m_merge('list', 2, 1);
TABLE numbered;
SELECT sum(moved), sum(dropped) FROM m2m_merge('item', ARRAY[1, 2], 9);
TABLE numbered;
ROLLBACK;
BEGIN;
SET LOCAL m2m.direct_path = off;
SELECT sum(moved), sum(dropped) FROM m2m_merge('list', 2, 1);
TABLE numbered;
SELECT sum(moved), sum(dropped) FROM m2m_merge('item', ARRAY[1, 2], 9);
TABLE numbered;
ROLLBACK;
SELECT m2m_order('list_item', 'list', dense => true);
SELECT sum(moved), sum(dropped) FROM m2m_merge('list', 2, 1);
SELECT item_id, item_position FROM list_item ORDER BY 2;

DROP SCHEMA merging CASCADE;
DROP ROLE regress_m2m_other, regress_m2m_merger;
