-- Counters in columns whose rows are not known by the very keys of links.
SET client_min_messages = warning;

-- keys of links that are two for the association, and one for the rows
CREATE TABLE writer (id char(10) PRIMARY KEY);
CREATE TABLE tag (name char(10) PRIMARY KEY);
CREATE TABLE writer_tag (
	writer_id varchar NOT NULL REFERENCES writer,
	tag_name varchar NOT NULL REFERENCES tag,
	PRIMARY KEY (writer_id, tag_name));
INSERT INTO writer VALUES ('a'), ('b');
INSERT INTO tag VALUES ('sea'), ('sky');
SELECT m2m_adopt('writer_tag');
SELECT m2m_counter('writer_tag', 'writer', counter => 'tags');
SELECT m2m_counter('writer_tag', 'tag', counter => 'writers');
INSERT INTO writer_tag VALUES ('a', 'sea'), ('a ', 'sea '), ('a', 'sea  '), ('b', 'sky ');
SELECT * FROM writer ORDER BY id;
SELECT * FROM tag ORDER BY name;
SELECT finding FROM m2m_check('writer_tag') WHERE severity = 'error';
DELETE FROM writer_tag WHERE tag_name IN ('sea ', 'sea  ', 'sky ');
SELECT * FROM writer ORDER BY id;
SELECT * FROM tag ORDER BY name;
UPDATE writer_tag SET tag_name = 'sky  ', writer_id = 'b ';
INSERT INTO writer_tag SELECT w, t FROM unnest(ARRAY['a', 'a  ', 'b']) w, unnest(ARRAY['sky', 'sky ']) t;
SELECT * FROM writer ORDER BY id;
SELECT * FROM tag ORDER BY name;
SELECT finding FROM m2m_check('writer_tag') WHERE severity = 'error';
ALTER TABLE tag DISABLE TRIGGER ALL;
UPDATE tag SET writers = 9 WHERE name = 'sea';
ALTER TABLE tag ENABLE TRIGGER ALL;
SELECT finding FROM m2m_check('writer_tag') WHERE severity = 'error';
SELECT m2m_counter('writer_tag', 'tag', counter => 'writers');
SELECT * FROM tag ORDER BY name;

-- slots have keys of links: what a row has is more than one of them
SELECT m2m_counter('writer_tag', 'tag');
SELECT quote_literal(tag_name) COLLATE "C" AS tag, sum(n) FROM writer_tag_tag_counter GROUP BY 1 ORDER BY 1;
SELECT * FROM m2m_counts(NULL::tag, 'writer') ORDER BY 1;
DROP TABLE writer, tag, writer_tag, writer_tag_tag_counter CASCADE;

-- a row gets another key, and its links do not come along
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
CREATE TABLE wrote (
	author_id int NOT NULL REFERENCES author DEFERRABLE INITIALLY DEFERRED,
	book_id int REFERENCES book ON UPDATE SET NULL,
	UNIQUE (author_id, book_id));
INSERT INTO author VALUES (1), (2);
INSERT INTO book SELECT generate_series(1, 5);
SELECT m2m_adopt('wrote');
SELECT m2m_counter('wrote', 'author', counter => 'n');
SELECT m2m_counter('wrote', 'book', counter => 'n');
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgconstrrelid = 'wrote'::regclass AND NOT tgisinternal AND tgrelid <> 'wrote'::regclass ORDER BY 1, 2;
INSERT INTO wrote VALUES (1, 1), (1, 2), (1, 3), (2, 4);
BEGIN;
UPDATE author SET id = 10 WHERE id = 1;
SELECT * FROM author ORDER BY id;
UPDATE wrote SET author_id = 2 WHERE author_id = 1;
COMMIT;
SELECT * FROM author ORDER BY id;
BEGIN;
UPDATE author SET id = 20 WHERE id = 2;
UPDATE wrote SET author_id = 20 WHERE author_id = 2;
COMMIT;
SELECT * FROM author ORDER BY id;
BEGIN;
UPDATE author SET id = 30 WHERE id = 20;
UPDATE author SET id = 20 WHERE id = 10;
UPDATE author SET id = 10 WHERE id = 30;
COMMIT;
SELECT * FROM author ORDER BY id;
UPDATE book SET id = 9 WHERE id = 4;
SELECT * FROM book ORDER BY id;
SELECT * FROM author ORDER BY id;
SELECT * FROM m2m_check('wrote') WHERE severity = 'error';
-- it is a part of the rule
ALTER TABLE author DISABLE TRIGGER m2m_counter_author_row2;
SELECT finding FROM m2m_check('wrote') WHERE finding LIKE '%rule%' OR finding LIKE '%counter%';
SELECT m2m_counter('wrote', 'author', counter => 'n');
SELECT finding FROM m2m_check('wrote') WHERE finding LIKE '%rule%' OR finding LIKE '%counter%';
ALTER TABLE author DISABLE TRIGGER m2m_counter_author_row2;
SELECT m2m_drop_rule('wrote', 'm2m_counter_author', keep => true);
SELECT m2m_drop_rule('wrote', 'm2m_counter_book');
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgconstrrelid = 'wrote'::regclass AND NOT tgisinternal ORDER BY 1, 2;
DROP TABLE author, book, wrote CASCADE;

-- as it does where another row gets the key that it had by the same statement
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
CREATE TABLE wrote (
	author_id int NOT NULL REFERENCES author,
	book_id int NOT NULL REFERENCES book ON UPDATE RESTRICT,
	UNIQUE (author_id, book_id));
INSERT INTO author VALUES (1), (2);
INSERT INTO book VALUES (1), (2);
SELECT m2m_adopt('wrote');
SELECT m2m_counter('wrote', 'author', counter => 'n');
SELECT m2m_counter('wrote', 'book', counter => 'n');
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgconstrrelid = 'wrote'::regclass AND NOT tgisinternal AND tgrelid <> 'wrote'::regclass ORDER BY 1, 2;
SELECT m2m_link('author', 1, 'book', 1);
UPDATE author SET id = id WHERE id = 2; -- it is the last now
UPDATE author SET id = CASE id WHEN 1 THEN 3 ELSE 1 END;
TABLE wrote;
SELECT * FROM author ORDER BY id;
SELECT * FROM m2m_check('wrote') WHERE severity = 'error';
-- who asks which triggers there are locks no rows' table: he could lock more of it later, and wait for who waits for him
\c -
SET client_min_messages = warning;
BEGIN;
DELETE FROM wrote WHERE false;
SELECT rule FROM m2m_rules('wrote');
SELECT mode FROM pg_locks WHERE relation IN ('author'::regclass, 'book'::regclass);
COMMIT;
DROP TABLE author, book, wrote CASCADE;

-- where links follow there is none; and what is altered later is said
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
SELECT m2m_create('author', 'book');
SELECT m2m_counter('author_book', 'author', counter => 'n');
SELECT tgname FROM pg_trigger WHERE tgrelid = 'author'::regclass AND NOT tgisinternal ORDER BY 1;
INSERT INTO author VALUES (1);
INSERT INTO book VALUES (1);
SELECT m2m_link('author', 1, 'book', 1);
UPDATE author SET id = 2;
TABLE author;

-- a child has rows of its own, which no link is of
CREATE TABLE novelist () INHERITS (author);
INSERT INTO novelist VALUES (2), (3);
SELECT m2m_unlink('author', 2, 'book', 1);
SELECT tableoid::regclass, * FROM author ORDER BY 1, 2;
INSERT INTO book VALUES (2);
SELECT m2m_link('author', 2, 'book', ARRAY[1, 2]);
SELECT tableoid::regclass, * FROM author ORDER BY 1, 2;
SELECT m2m_counter('author_book', 'author', counter => 'n');
TRUNCATE author_book;
SELECT tableoid::regclass, * FROM author ORDER BY 1, 2;
SELECT * FROM m2m_check('author_book');
DROP TABLE author, book, author_book, novelist CASCADE;
