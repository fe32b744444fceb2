--
-- Linking by another unique column, and rows that are missing: found or made,
-- each once
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA link_by;
SET search_path = link_by, public;
CREATE TABLE post (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);
CREATE TABLE tag (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE,
	made timestamptz NOT NULL DEFAULT now(), slug text, kind text DEFAULT 'free');
INSERT INTO post (title) VALUES ('first'), ('second'), ('third');
INSERT INTO tag (name) VALUES ('sql'), ('c');
SELECT m2m_create('post', 'tag');

-- each form of ids, as values of the column
SELECT m2m_link('post', 1, 'tag', 'sql', by => 'name');
SELECT m2m_link('post', 2, 'tag', ARRAY['c', 'sql', 'c'], by => 'name');
SELECT m2m_link('post', ARRAY[2, 3], 'tag', 'sql'::text, by => 'name');
SELECT m2m_link('post', ARRAY[1, 3], 'tag', ARRAY['c', 'sql'], by => 'name');
SELECT m2m_link('post', '{1,3}', 'tag', '{"c","sql"}'::text[], by => 'name');
SELECT m2m_link('tag', 2, 'post', ARRAY['first'], by => 'title');
SELECT post_id, name FROM post_tags ORDER BY 1, 2;

-- without create_missing, what no row has is an error, as an id of no row is
SELECT m2m_link('post', 1, 'tag', ARRAY['sql', 'new', 'newer'], by => 'name');
SELECT m2m_link('post', 1, 'tag', 'new', by => 'name');
SELECT m2m_link('post', 1, 'tag', array_agg('n' || n), by => 'name') FROM generate_series(1, 8) n;

-- with it, rows are made: each once, with defaults, and linked
SELECT m2m_link('post', 1, 'tag', ARRAY['sql', 'new', 'newer', 'new'], by => 'name', create_missing => true);
SELECT m2m_link('post', ARRAY[2, 2, 3], 'tag', ARRAY['x', 'sql', 'x'], by => 'name', create_missing => true);
SELECT m2m_link('post', 1, 'tag', ARRAY['sql', 'new', 'newer', 'new'], by => 'name', create_missing => true);
SELECT m2m_link('post', 1, 'tag', ARRAY[]::text[], by => 'name', create_missing => true);
SELECT id, name, kind, made IS NOT NULL AS made FROM tag ORDER BY id;
SELECT post_id, array_agg(name ORDER BY name) FROM post_tags GROUP BY 1 ORDER BY 1;

-- if the link cannot be made, nor is the row
SELECT m2m_link('post', 99, 'tag', ARRAY['lost'], by => 'name', create_missing => true);
SELECT count(*) FROM tag WHERE name = 'lost';

-- m2m_set and m2m_unlink take the same; what no row has is not linked
SELECT linked, unlinked, kept FROM m2m_set('post', 3, 'tag', '{c,fresh,x}', by => 'name', create_missing => true);
SELECT linked, unlinked, kept FROM m2m_set('post', 3, 'tag', ARRAY['c', 'unknown'], by => 'name');
SELECT m2m_unlink('post', 3, 'tag', ARRAY['c', 'unknown'], by => 'name');
SELECT m2m_unlink('post', ARRAY[3, 2, 3], 'tag', ARRAY['unknown', 'x', 'x'], by => 'name');
SELECT m2m_unlink('post', ARRAY[1, 2], 'tag', 'unknown'::text, by => 'name');
SELECT m2m_unlink('post', ARRAY[1, 2], 'tag', ARRAY['sql'], by => 'name');
SELECT m2m_unlink('post', ARRAY[1, 2], 'tag', 'sql'::text, by => 'name');
SELECT post_id, array_agg(name ORDER BY name) FROM post_tags GROUP BY 1 ORDER BY 1;

-- which columns can be meant
SELECT m2m_link('post', 1, 'tag', 'sql', by => 'nam');
SELECT m2m_link('post', 1, 'tag', 'sql', by => 'kind');
SELECT m2m_link('post', 1, 'tag', 'sql', create_missing => true);
SELECT m2m_link('post', 1, 'tag', NULL::text, by => 'name');
SELECT m2m_link('post', 1, 'tag', ARRAY['sql', NULL], by => 'name', create_missing => true);
SELECT m2m_link('post', 1, 'tag', ARRAY[1, 99], by => 'id');
CREATE UNIQUE INDEX tag_slug ON tag (slug) WHERE kind = 'free';
SELECT m2m_link('post', 1, 'tag', 'sql', by => 'slug');
SELECT m2m_link('post', 1, 'tag', 'sql', by => 'tag_slug');
DROP INDEX tag_slug;
CREATE UNIQUE INDEX tag_slug ON tag (lower(slug));
SELECT m2m_link('post', 1, 'tag', 'sql', by => 'slug');
SELECT m2m_link('post', 1, 'tag', 'sql', by => 'tag_slug');
DROP INDEX tag_slug;
ALTER TABLE tag ADD CONSTRAINT tag_slug UNIQUE (slug) DEFERRABLE;
SELECT m2m_link('post', 1, 'tag', 'sql', by => 'slug');
ALTER TABLE tag DROP CONSTRAINT tag_slug;
-- a system column cannot be made unique: no hint says so
SELECT m2m_link('post', 1, 'tag', '(0,1)', by => 'ctid');
CREATE UNIQUE INDEX tag_slug ON tag (slug) INCLUDE (made);
SELECT m2m_link('post', 1, 'tag', 's', by => 'slug', create_missing => true);
SELECT count(*) FROM tag WHERE slug = 's' AND name IS NULL;

-- a text that reads as an array is no name that anybody would make
SELECT m2m_link('post', 1, 'tag', '{sql,new}', by => 'name', create_missing => true);
SELECT m2m_link('post', 1, 'tag', ARRAY['{sql,new}'], by => 'name', create_missing => true);
SELECT m2m_link('post', 1, 'tag', '{sql,new}'::text[], by => 'name', create_missing => true);

-- several columns, by the name of their constraint; a NULL is equal to none
CREATE TABLE label (id serial PRIMARY KEY, space int, name text, UNIQUE (space, name));
INSERT INTO label (space, name) VALUES (1, 'a'), (2, 'a');
SELECT m2m_create('post', 'label');
SELECT m2m_link('post', 1, 'label', ROW(2, 'a'), by => 'label_space_name_key');
SELECT m2m_link('post', 1, 'label', ARRAY[ROW(1, 'a'), ROW(3, 'a')], by => 'label_space_name_key', create_missing => true);
SELECT m2m_link('post', 1, 'label', '(3,b)', by => 'label_space_name_key', create_missing => true);
SELECT m2m_link('post', 1, 'label', ARRAY[ROW(1, 'z')], by => 'label_space_name_key');
SELECT m2m_link('post', 1, 'label', ROW(1, NULL), by => 'label_space_name_key');
SELECT m2m_link('post', 1, 'label', 'a', by => 'name');
SELECT id, space, name FROM post_labels ORDER BY id;

-- when two values are the same is the index's to say
CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE word (id serial PRIMARY KEY, w text COLLATE anycase UNIQUE, v varchar(3) UNIQUE,
	n numeric UNIQUE, c char(4) UNIQUE);
SELECT m2m_create('post', 'word');
SELECT m2m_link('post', 1, 'word', ARRAY['Key', 'KEY', 'lock', 'key'], by => 'w', create_missing => true);
SELECT m2m_link('post', 2, 'word', ARRAY['LOCK', 'kEy'], by => 'w', create_missing => true);
SELECT m2m_link('post', 1, 'word', ARRAY[1.0, 1.00, 2], by => 'n', create_missing => true);
SELECT m2m_link('post', 2, 'word', 1, by => 'n');
SELECT m2m_link('post', 1, 'word', ARRAY['ab', 'ab  '], by => 'c', create_missing => true);
SELECT m2m_link('post', 1, 'word', 'four', by => 'v', create_missing => true);
SELECT m2m_link('post', 1, 'word', 'thr', by => 'v', create_missing => true);
SELECT id, w, v, n, '<' || c || '>' AS c FROM word ORDER BY id;
-- an index with other ideas than the column, which an exact one has precedence of
CREATE TABLE loose (id serial PRIMARY KEY, name text);
CREATE UNIQUE INDEX loose_a ON loose (name COLLATE anycase);
SELECT m2m_create('post', 'loose');
SELECT m2m_link('post', 1, 'loose', ARRAY['One', 'one'], by => 'name', create_missing => true);
SELECT m2m_link('post', 2, 'loose', ARRAY['ONE'], by => 'name', create_missing => true);
SELECT * FROM loose;
-- values of arrays, of a domain, of an enum
CREATE DOMAIN short AS text CHECK (length(VALUE) < 4);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE odd (id serial PRIMARY KEY, path text[] UNIQUE, d short UNIQUE, m mood UNIQUE);
SELECT m2m_create('post', 'odd');
SELECT m2m_link('post', 1, 'odd', ARRAY['a', 'b'], by => 'path', create_missing => true);
SELECT m2m_link('post', 2, 'odd', ARRAY['a', 'b'], by => 'path');
SELECT m2m_link('post', 1, 'odd', ARRAY['ab', 'abc'], by => 'd', create_missing => true);
SELECT m2m_link('post', 1, 'odd', ARRAY['abcd'], by => 'd', create_missing => true);
SELECT m2m_link('post', 1, 'odd', 'glad', by => 'm', create_missing => true);
SELECT * FROM odd ORDER BY id;

-- what INSERT needs and does: other columns, triggers, generated columns
CREATE TABLE must (id serial PRIMARY KEY, name text UNIQUE, other int NOT NULL);
SELECT m2m_create('post', 'must');
SELECT m2m_link('post', 1, 'must', 'a', by => 'name', create_missing => true);
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF NEW.name = 'never' THEN RETURN NULL; END IF;
	IF NEW.name LIKE '% ' THEN NEW.name := trim(NEW.name); END IF;
	NEW.other := length(NEW.name); RETURN NEW; END $$;
CREATE TRIGGER fill BEFORE INSERT ON must FOR EACH ROW EXECUTE FUNCTION fill();
SELECT m2m_link('post', 1, 'must', ARRAY['a', 'abc'], by => 'name', create_missing => true);
SELECT m2m_link('post', 1, 'must', 'never', by => 'name', create_missing => true);
SELECT m2m_link('post', 1, 'must', 'b ', by => 'name', create_missing => true);
SELECT * FROM must ORDER BY name;
CREATE TABLE calc (id serial PRIMARY KEY, a int, b int UNIQUE GENERATED ALWAYS AS (a * 2) STORED);
SELECT m2m_create('post', 'calc');
INSERT INTO calc (a) VALUES (1);
SELECT m2m_link('post', 1, 'calc', 2, by => 'b');
SELECT m2m_link('post', 1, 'calc', 4, by => 'b', create_missing => true);

-- a partitioned table
CREATE TABLE part (name text PRIMARY KEY, id serial, UNIQUE (id, name)) PARTITION BY HASH (name);
CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT m2m_create('post', 'part', right_key => '{id,name}');
SELECT m2m_link('post', 1, 'part', ARRAY['a', 'b', 'c', 'd', 'a'], by => 'name', create_missing => true);
SELECT m2m_link('post', 2, 'part', ARRAY['d', 'a'], by => 'name');
-- and one with children, whose rows nothing refers to
CREATE TABLE child () INHERITS (tag);
INSERT INTO child (id, name) VALUES (1000, 'childish');
SELECT m2m_link('post', 1, 'tag', 'childish', by => 'name');
DROP TABLE child;

-- a key that is null in the row
CREATE TABLE keyed (id serial PRIMARY KEY, code int UNIQUE, name text UNIQUE);
INSERT INTO keyed (name) VALUES ('none');
SELECT m2m_create('post', 'keyed', right_key => '{code}');
SELECT m2m_link('post', 1, 'keyed', 'none', by => 'name');

-- with properties, for all or for each; with a limit
ALTER TABLE post_tag ADD note text;
SELECT m2m_link('post', 3, 'tag', ARRAY['sql', 'p1'], by => 'name', create_missing => true, properties => '{"note": "same"}');
SELECT m2m_link('post', 3, 'tag', ARRAY['p1', 'p2'], by => 'name', create_missing => true, properties => '[{"note": "one"}, {"note": "two"}]');
SELECT m2m_link('post', 3, 'tag', ARRAY['p1', 'p1'], by => 'name', properties => '[{"note": "one"}, {"note": "two"}]');
SELECT name, note FROM post_tags WHERE post_id = 3 ORDER BY 1;
SELECT m2m_unlink('post', 3, 'tag', ARRAY['p1', 'p2', 'nil'], by => 'name', properties => '{"note": "two"}');
SELECT m2m_unlink('post', 3, 'tag', ARRAY['p1', 'nil'], by => 'name', properties => '[{"note": "one"}, {}]');
SELECT m2m_clear('post', ARRAY[1, 2, 3], 'tag');
SELECT m2m_limit('post_tag', 'post', max => 3);
SELECT m2m_link('post', 2, 'tag', ARRAY['l1', 'l2', 'l3', 'l4'], by => 'name', create_missing => true);
SELECT count(*) FROM tag WHERE name LIKE 'l_';
SELECT m2m_link('post', 2, 'tag', ARRAY['l1', 'l2', 'l3', 'l4'], by => 'name', create_missing => true, over_limit => 'skip');
SELECT m2m_drop_rule('post_tag', 'm2m_limit_post');

-- a relationship of a table with itself: by is the second id's; on first use
CREATE TABLE person (id serial PRIMARY KEY, name text UNIQUE);
INSERT INTO person (name) VALUES ('ann');
SELECT m2m_create('person', 'person', left_role => 'follower', right_role => 'followed');
SELECT m2m_link('person', 1, 'person', ARRAY['bob', 'cid'], by => 'name', create_missing => true);
SELECT m2m_link('person', 1, 'person', ARRAY['dot', 'bob'], by => 'name', create_missing => true, role => 'followed');
SELECT follower_id, followed_id FROM person_person ORDER BY 1, 2;
SELECT m2m_link('person', 1, 'tag', ARRAY['sql', 'first use'], by => 'name', create_missing => true);

-- a tenant's column in both keys
CREATE TABLE t_post (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE t_tag (tenant int, id int GENERATED ALWAYS AS IDENTITY, name text, PRIMARY KEY (tenant, id), UNIQUE (tenant, name));
INSERT INTO t_post VALUES (1, 1), (2, 1);
SELECT m2m_create('t_post', 't_tag', left_columns => '{tenant,post_id}', right_columns => '{tenant,tag_id}');
SELECT m2m_link('t_post', ROW(1, 1), 't_tag', ARRAY[ROW(1, 'a'), ROW(1, 'b')], by => 't_tag_tenant_name_key', create_missing => true);
SELECT m2m_link('t_post', ROW(2, 1), 't_tag', ROW(1, 'a'), by => 't_tag_tenant_name_key', create_missing => true);
SELECT * FROM t_post_t_tag ORDER BY 1, 2, 3;

-- needs what the same SQL needs: SELECT, and INSERT where a row is missing
CREATE ROLE link_by_clerk;
GRANT USAGE ON SCHEMA link_by TO link_by_clerk;
GRANT SELECT (id), SELECT (name) ON tag TO link_by_clerk;
GRANT SELECT, INSERT ON post_tag TO link_by_clerk;
SET ROLE link_by_clerk;
SELECT m2m_link('post', 3, 'tag', ARRAY['c', 'x'], by => 'name', create_missing => true);
SELECT m2m_link('post', 3, 'tag', 'clerks', by => 'name', create_missing => true);
SELECT m2m_link('post', 3, 'tag', 's', by => 'slug');
RESET ROLE;
GRANT INSERT (name) ON tag TO link_by_clerk;
GRANT USAGE ON SEQUENCE tag_id_seq TO link_by_clerk;
SET ROLE link_by_clerk;
SELECT m2m_link('post', 3, 'tag', 'clerks', by => 'name', create_missing => true);
RESET ROLE;
ALTER TABLE tag ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON tag FOR SELECT TO link_by_clerk USING (name <> 'c');
CREATE POLICY make ON tag FOR INSERT TO link_by_clerk WITH CHECK (name NOT LIKE 'root%');
SET ROLE link_by_clerk;
SELECT m2m_link('post', 1, 'tag', ARRAY['root1'], by => 'name', create_missing => true);
SELECT m2m_link('post', 1, 'tag', ARRAY['c'], by => 'name');
SELECT m2m_link('post', 1, 'tag', ARRAY['c'], by => 'name', create_missing => true);
SELECT m2m_link('post', 1, 'tag', ARRAY['user1'], by => 'name', create_missing => true);
RESET ROLE;
-- which rows he may change is another matter
GRANT UPDATE (name) ON tag TO link_by_clerk;
SET ROLE link_by_clerk;
SELECT m2m_link('post', 2, 'tag', ARRAY['user1'], by => 'name', create_missing => true);
RESET ROLE;
SELECT name FROM tag WHERE name LIKE 'root%' OR name LIKE 'user%' OR name = 'c';

-- nobody's names come between
CREATE SCHEMA "odd Schema";
CREATE TABLE "odd Schema"."select" ("from" serial PRIMARY KEY, "ON ""x" text UNIQUE);
SET search_path = "odd Schema", public;
SELECT public.m2m_create('link_by.post', '"odd Schema"."select"');
SELECT public.m2m_link('link_by.post', 1, 'select', ARRAY['it''s', 'a"b'], by => 'ON "x', create_missing => true);
SELECT * FROM "odd Schema"."select";
RESET search_path;
SELECT * FROM m2m_check();

DROP SCHEMA link_by, "odd Schema" CASCADE;
DROP ROLE link_by_clerk;
