--
-- Counter caches that an application has kept until now: taken over, set right
-- once, and its own writes go on and do no harm
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_counter_adopted;
SET search_path = rule_counter_adopted, public;
-- as Rails makes them: has_many :through, counter_cache: true
CREATE TABLE posts (id bigserial PRIMARY KEY, title varchar, taggings_count integer, created_at timestamp DEFAULT now());
CREATE TABLE tags (id bigserial PRIMARY KEY, name varchar, taggings_count integer DEFAULT 0 NOT NULL);
CREATE TABLE taggings (id bigserial PRIMARY KEY, post_id bigint NOT NULL REFERENCES posts, tag_id bigint NOT NULL REFERENCES tags, created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
CREATE UNIQUE INDEX ON taggings (post_id, tag_id);
INSERT INTO posts (title, taggings_count) SELECT 'p' || i, CASE WHEN i < 4 THEN i * 7 END FROM generate_series(1, 6) i;
INSERT INTO tags (name) SELECT 't' || i FROM generate_series(1, 6) i;
INSERT INTO taggings (post_id, tag_id, created_at, updated_at) VALUES (1, 1, now(), now()), (1, 2, now(), now()), (2, 1, now(), now());
SELECT m2m_adopt('taggings');
SELECT m2m_counter('taggings', 'post', counter => 'taggings_count'), m2m_counter('taggings', 'tag', counter => 'taggings_count');
CREATE VIEW counts AS
	SELECT (SELECT string_agg(id || ': ' || coalesce(taggings_count::text, 'null'), ', ' ORDER BY id) FROM posts) AS posts,
		(SELECT string_agg(id || ': ' || coalesce(taggings_count::text, 'null'), ', ' ORDER BY id) FROM tags) AS tags,
		(SELECT count(*) FROM m2m_check('taggings') WHERE finding LIKE '%counter%') AS wrong;
-- what drifted is right, what was null, too; the columns are the application's still
TABLE counts;
SELECT role, definition, whole FROM m2m_rules('taggings');
-- Rails' writes: Tagging.create!, post.taggings.destroy, delete_all, reset_counters, increment_counter
BEGIN;
INSERT INTO taggings (post_id, tag_id, created_at, updated_at) VALUES (3, 1, now(), now()) RETURNING id;
UPDATE posts SET taggings_count = COALESCE(taggings_count, 0) + 1 WHERE id = 3;
UPDATE tags SET taggings_count = COALESCE(taggings_count, 0) + 1 WHERE id = 1;
COMMIT;
TABLE counts;
BEGIN;
UPDATE posts SET taggings_count = COALESCE(taggings_count, 0) - 1 WHERE id = 1;
UPDATE tags SET taggings_count = COALESCE(taggings_count, 0) - 1 WHERE id = 2;
DELETE FROM taggings WHERE post_id = 1 AND tag_id = 2;
COMMIT;
TABLE counts;
BEGIN;
DELETE FROM taggings WHERE post_id = 1;
UPDATE posts SET taggings_count = COALESCE(taggings_count, 0) - 1 WHERE id = 1;
COMMIT;
UPDATE posts SET taggings_count = 17 WHERE id = 2;
UPDATE tags SET taggings_count = COALESCE(taggings_count, 0) + 5 WHERE id IN (1, 6);
INSERT INTO posts (title, taggings_count) VALUES ('new', 3), ('null', NULL);
TABLE counts;
BEGIN;
INSERT INTO taggings (post_id, tag_id, created_at, updated_at) VALUES (4, 4, now(), now());
UPDATE posts SET taggings_count = COALESCE(taggings_count, 0) + 1 WHERE id = 4;
ROLLBACK;
-- Django's save(): all columns, as they were read a while ago
BEGIN;
SELECT m2m_link('posts', ARRAY[5, 5, 6], 'tags', ARRAY[5, 6, 6]);
UPDATE posts SET title = 'saved', taggings_count = 0, created_at = created_at WHERE id = 5;
COMMIT;
UPDATE posts SET title = title, taggings_count = NULL;
INSERT INTO posts (id, title, taggings_count) VALUES (5, 'upserted', 99) ON CONFLICT (id) DO UPDATE SET title = excluded.title, taggings_count = excluded.taggings_count;
TABLE counts;
-- what is switched off leaves the column, and its numbers
SELECT m2m_drop_rule('taggings', 'm2m_counter_post');
UPDATE posts SET taggings_count = COALESCE(taggings_count, 0) + 1 WHERE id = 4;
TABLE counts;

-- A column that is too narrow: the error says which, and nothing is done
ALTER TABLE tags ADD COLUMN few smallint, ADD COLUMN digits numeric(1);
INSERT INTO posts (title) SELECT 'many' FROM generate_series(1, 40000);
SELECT m2m_counter('taggings', 'tag', counter => 'few');
DO $$
DECLARE
	detail text; hint text; context text;
BEGIN
	PERFORM m2m_load('posts', 'tags', 'SELECT id, 1 FROM rule_counter_adopted.posts');
EXCEPTION WHEN numeric_value_out_of_range THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RAISE WARNING E'% %\n%\n%', SQLERRM, detail, hint, (regexp_match(context, 'counter [^\n]*'))[1];
END
$$;
SELECT count(*), (SELECT few FROM tags WHERE id = 1) AS few FROM taggings WHERE tag_id = 1;
SELECT m2m_drop_rule('taggings', 'm2m_counter_tag', keep => true);
SELECT m2m_load('posts', 'tags', 'SELECT id, 1 FROM rule_counter_adopted.posts');
SELECT m2m_counter('taggings', 'tag', counter => 'few');
SELECT m2m_counter('taggings', 'tag', counter => 'digits');
ALTER TABLE tags ALTER COLUMN few TYPE integer;
SELECT m2m_counter('taggings', 'tag', counter => 'few');
SELECT few FROM tags WHERE id = 1;
DELETE FROM taggings WHERE post_id > 5;

-- Columns that cannot be: made otherwise, the key, no number, another's
ALTER TABLE tags ADD COLUMN twice int GENERATED ALWAYS AS (taggings_count * 2) STORED, ADD COLUMN serial int GENERATED ALWAYS AS IDENTITY, ADD COLUMN serial2 int GENERATED BY DEFAULT AS IDENTITY;
SELECT m2m_counter('taggings', 'tag', counter => 'twice');
SELECT m2m_counter('taggings', 'tag', counter => 'serial');
SELECT m2m_counter('taggings', 'tag', counter => 'serial2');
SELECT m2m_counter('taggings', 'tag', counter => 'id');
SELECT m2m_counter('taggings', 'tag', counter => 'name');
SELECT m2m_counter('taggings', 'tag', counter => 'ctid');
SELECT m2m_create('posts', 'tags', name => 'pinned', left_view => 'pinned_tags', right_view => 'pinned_posts');
SELECT m2m_counter('pinned', 'tag', counter => 'few');
SELECT m2m_counter('pinned', 'tag', counter => 'pins'), m2m_counter('taggings', 'tag', counter => 'few');
SELECT m2m_link('posts', 1, 'tags', 1, via => 'pinned');
SELECT few, pins FROM tags WHERE id = 1;
SELECT m2m_create('tags', 'tags', name => 'like', left_role => 'one', right_role => 'other');
SELECT m2m_counter('like', 'one', counter => 'likes');
SELECT m2m_counter('like', 'other', counter => 'likes');
SELECT severity, finding FROM m2m_check() WHERE finding LIKE '%counter%';
DROP SCHEMA rule_counter_adopted CASCADE;
