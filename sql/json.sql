--
-- Rows with the rows that they are linked to, as JSON
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA json;
SET search_path = json, public;
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE book (id bigint PRIMARY KEY, title text, note text);
CREATE TABLE tag (name text PRIMARY KEY);
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob'), (3, 'Carol');
INSERT INTO book VALUES (1, 'Flask Basics', NULL), (2, 'Advanced Flask', 'thick'), (3, 'SQL for Poets', NULL);
INSERT INTO tag VALUES ('sql'), ('web'), ('fun');
SELECT m2m_json('author', 1);
SELECT m2m_create('author', 'book'), m2m_create('book', 'tag');
SELECT m2m_link('author', 1, 'book', ARRAY[3, 1]), m2m_link('author', 2, 'book', ARRAY[1, 2, 3]),
	m2m_link('book', 1, 'tag', ARRAY['web', 'fun']), m2m_link('book', 3, 'tag', 'sql');

-- one row: an object, or null; several: an array of those that there are
SELECT m2m_json('author', 1);
SELECT m2m_json('author', '3');
SELECT m2m_json('author', 99);
SELECT m2m_json('author', ARRAY[2, 99, 1, 2]);
SELECT m2m_json('author', '{2,3}');
SELECT m2m_json('author', ARRAY[]::int[]);
SELECT m2m_json('tag', 'sql');
SELECT jsonb_pretty(m2m_json('book', 1));

-- what is included: names, paths, none
SELECT m2m_json('author', 1, include => '{}');
SELECT m2m_json('author', 1, '{books}');
SELECT m2m_json('author', ARRAY[1, 3], '{books.tags}');
SELECT m2m_json('author', 1, '{books.tags,books,books.authors}');
SELECT m2m_json('author', 1, '{author_books}') = m2m_json('author', 1, '{author_book}') AS same;
SELECT m2m_json('tag', 'fun', '{books.authors.books}');
SELECT m2m_json('author', 1, '{boks}');
SELECT m2m_json('author', 1, '{books.author}');
SELECT m2m_json('author', 1, '{books.}');
SELECT m2m_json('author', 1, '{"\"books"}');
SELECT m2m_json('author', 1, '{""}');
SELECT m2m_json('author', 1, ARRAY['"books"."tags"']);
SELECT m2m_json('author', 1, ARRAY['books', NULL]);
SELECT m2m_json('author', NULL::int);
SELECT m2m_json('author', ARRAY[1, NULL]);
SELECT m2m_json('author', 'x');
SELECT m2m_json(NULL, 1);
-- so many of each
SELECT m2m_json('author', ARRAY[2, 1], '{books.tags}', max_rows => 1);
SELECT m2m_json('author', 2, max_rows => 0);
SELECT m2m_json('author', 2, max_rows => -1);

-- properties of links, by the names of the link view
ALTER TABLE author_book ADD share numeric(3, 2), ADD note text;
SELECT m2m_link('author', 2, 'book', 2, properties => '{"share": 0.5, "note": "first"}');
SELECT m2m_json('author', 2, '{books}') -> 'books' -> 1 AS book;
SELECT m2m_json('book', 2, '{authors}') -> 'authors' AS authors;
ALTER VIEW author_books RENAME share TO part;
SELECT m2m_json('author', 2, '{books}') -> 'books' -> 1 AS book;
ALTER VIEW author_books RENAME part TO share;

-- several relationships of the same tables; a column of the array's name
SELECT m2m_create('author', 'book', name => 'editing', left_role => 'editor');
SELECT m2m_link('author', 1, 'book', 2, via => 'editing');
SELECT k FROM jsonb_object_keys(m2m_json('author', 1)) k ORDER BY 1;
SELECT k FROM jsonb_object_keys(m2m_json('book', 1)) k ORDER BY 1;
SELECT m2m_json('author', 1, '{editor_books}');
ALTER TABLE author ADD books text DEFAULT 'a column';
SELECT m2m_json('author', 1, '{author_books,editing}');
ALTER TABLE author DROP books;
SELECT m2m_drop('editing');

-- a table with itself, in both roles
CREATE TABLE person (id int PRIMARY KEY);
INSERT INTO person VALUES (1), (2), (3);
SELECT m2m_create('person', 'person', name => 'follow', left_role => 'follower', right_role => 'followed');
SELECT m2m_link('person', 1, 'person', ARRAY[2, 3]), m2m_link('person', 2, 'person', 1);
SELECT m2m_json('person', 1);
SELECT m2m_json('person', 1, '{followeds.followeds}');
SELECT m2m_json('person', 1, '{follow}');

-- keys of several columns, of other types; another key than the primary key
CREATE TABLE room (building text, number smallint, seats int, code uuid UNIQUE, PRIMARY KEY (building, number));
INSERT INTO room VALUES ('A', 1, 10, '00000000-0000-0000-0000-000000000001'), ('B, "2"', 2, 20, '00000000-0000-0000-0000-000000000002');
SELECT m2m_create('author', 'room'), m2m_create('room', 'tag', left_key => '{code}');
SELECT m2m_link('author', 1, 'room', ARRAY[ROW('A', 1), ROW('B, "2"', 2)]), m2m_link('room', '00000000-0000-0000-0000-000000000002', 'tag', 'fun');
SELECT m2m_json('room', ROW('A', 1));
SELECT m2m_json('room', '(A,1)', '{authors}');
SELECT m2m_json('room', ARRAY[ROW('B, "2"', 2), ROW('A', 1)], '{authors.rooms,tags}');
CREATE TABLE "Odd ""table" ("the id" text COLLATE "C" PRIMARY KEY, "e1" int, "o.x" int);
INSERT INTO "Odd ""table" VALUES ('it''s', 1, 2);
SELECT m2m_create('author', '"Odd ""table"', right_role => 'odd.one');
SELECT m2m_link('author', 1, '"Odd ""table"', 'it''s');
SELECT m2m_json('author', 1, ARRAY['"odd.ones".authors']);
SELECT m2m_json('"Odd ""table"', 'it''s');
CREATE TABLE nokey (id int UNIQUE);
SELECT m2m_json('nokey', 1);
CREATE VIEW v AS SELECT 1;
SELECT m2m_json('v', 1);

-- rows that are marked as deleted; several links of one pair
CREATE TABLE marked (book_id bigint REFERENCES book, tag_name text REFERENCES tag, at int, gone boolean NOT NULL DEFAULT false, UNIQUE (book_id, tag_name, at));
SELECT m2m_adopt('marked', left_role => 'titled', right_role => 'label', deleted => 'gone');
INSERT INTO marked VALUES (1, 'sql', 2, false), (1, 'sql', 1, false), (1, 'web', 1, false), (1, 'fun', 9, true);
SELECT m2m_json('book', 1, '{labels}');

-- values of all types, as to_jsonb() has them
CREATE TABLE types (id date PRIMARY KEY, a int[], r author, j jsonb, x bytea, n numeric);
INSERT INTO types VALUES ('2026-01-02', '{1,2}', ROW(1, 'x'), '{"a": 1}', '\x00', 1.50);
SELECT m2m_create('types', 'tag');
SELECT m2m_link('types', '2026-01-02', 'tag', 'fun');
SELECT m2m_json('types', '2026-01-02'::date);
SELECT m2m_json('tag', 'fun', '{types}');

-- what the caller may read, and sees
CREATE ROLE json_reader;
GRANT USAGE ON SCHEMA json TO json_reader;
GRANT SELECT ON author, book, author_book TO json_reader;
SET ROLE json_reader;
SELECT m2m_json('author', 1);
SELECT m2m_json('book', 1);
SELECT m2m_json('book', 1, '{tags}');
SELECT m2m_json('tag', 'sql');
RESET ROLE;
-- what is related but not to be read is left out, unless it is asked for
GRANT SELECT ON tag TO json_reader;
SET ROLE json_reader;
SELECT m2m_json('book', 1);
RESET ROLE;
GRANT SELECT (book_id) ON book_tag TO json_reader;
SET ROLE json_reader;
SELECT m2m_json('book', 1);
RESET ROLE;
REVOKE SELECT ON tag, book_tag FROM json_reader;
ALTER TABLE book ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON book USING (id % 2 = 0);
ALTER TABLE author ENABLE ROW LEVEL SECURITY;
CREATE POLICY first ON author USING (id < 3);
SET ROLE json_reader;
SELECT m2m_json('author', ARRAY[1, 2, 3], '{books}');
SELECT m2m_json('book', 1), m2m_json('book', 2, '{authors}');
RESET ROLE;
-- not what others have made between one's tables
CREATE ROLE json_stranger;
GRANT CREATE, USAGE ON SCHEMA json TO json_stranger;
GRANT REFERENCES, SELECT ON author, tag TO json_stranger;
SET ROLE json_stranger;
SELECT m2m_create('json.author', 'json.tag', name => 'planted');
RESET ROLE;
SELECT k FROM jsonb_object_keys(m2m_json('author', 1)) k ORDER BY 1;
SELECT m2m_json('author', 1, '{tags}');

-- links that have an order; without a direction
CREATE TABLE track (id int PRIMARY KEY);
INSERT INTO track VALUES (1), (2), (3);
SELECT m2m_create('person', 'track');
SELECT m2m_order('person_track', 'person');
SELECT m2m_set('person', 1, 'track', ARRAY[3, 1, 2]);
SELECT jsonb_path_query_array(m2m_json('person', 1, '{tracks}'), '$.tracks[*].id'), jsonb_path_query_array(m2m_json('person', 1, '{tracks}', max_rows => 2), '$.tracks[*].id');
SELECT m2m_create('person', 'person', name => 'friendship', right_role => 'friend', symmetrical => true);
SELECT m2m_link('person', 1, 'person', 2, via => 'friendship');
SELECT m2m_json('person', 1, '{friends}'), m2m_json('person', 2, '{friends}');

-- follows names
ALTER TABLE tag RENAME TO label;
SELECT m2m_rename('book_tag', right_role => 'mark');
SELECT m2m_json('book', 1, '{marks}');
-- a path that comes by the same tables again; compiling it cannot be cancelled
SELECT m2m_json('person', 1, ARRAY[rtrim(repeat('friends.', 4), '.')]);
SET jit = on;
SET jit_above_cost = 0;
SELECT length(m2m_json('person', 1, ARRAY[rtrim(repeat('friends.', 64), '.')])::text), current_setting('jit');
SELECT m2m_json('person', 1, ARRAY[rtrim(repeat('friends.', 65), '.')]);
RESET jit_above_cost;
RESET jit;
-- by what the calling statement sees
WITH x AS (INSERT INTO author VALUES (4, 'Dan') RETURNING id) SELECT m2m_json('author', id) FROM x;
SELECT m2m_json('author', 4);
DROP SCHEMA json CASCADE;
DROP ROLE json_reader, json_stranger;
