--
-- Relationships follow the schema: the foreign key says which table is meant.
-- An endpoint that is rebuilt, and a key that changes in steps: what others see
-- of a link view stays, it rests where its table is not known, and no link and
-- no relationship is lost
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only

CREATE ROLE regress_m2m_owner;
CREATE ROLE regress_m2m_other;
CREATE SCHEMA rebuilt AUTHORIZATION regress_m2m_owner;
GRANT USAGE ON SCHEMA rebuilt TO regress_m2m_other;
SET search_path = rebuilt, oracle, public;
SET ROLE regress_m2m_owner;

CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title varchar(20) COLLATE "C", "a ""b" numeric(5,2));
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO book VALUES (1, 'Flask'), (2, 'SQL');
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]);
-- what is not to be lost
GRANT SELECT ON author_books, author_book TO regress_m2m_other;
GRANT UPDATE (title, id) ON author_books TO regress_m2m_other;
GRANT SELECT (book_id) ON book_authors TO regress_m2m_other WITH GRANT OPTION;
REVOKE EXECUTE ON FUNCTION author_books(author) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION author_books(author) TO regress_m2m_other;
ALTER FUNCTION book_authors(book) COST 7 ROWS 3;
COMMENT ON COLUMN author_books.title IS 'its title';
COMMENT ON FUNCTION author_books(author) IS 'mine';
ALTER VIEW author_books SET (security_barrier);
ALTER VIEW author_books RENAME COLUMN title TO named;
INSERT INTO alias VALUES ('rebuilt.author_books', 'named', 'r.title');
ALTER VIEW author_books ALTER COLUMN named SET DEFAULT 'new';

-- The links as the tables say, and what a reader of the views sees of it.
CREATE FUNCTION links() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', a.name, b.title) FROM author_book l JOIN author a ON a.id = l.author_id JOIN book b ON b.id::text = l.book_id::text ORDER BY 1
$$;
-- The views are what they were, and not others of their names.
CREATE TABLE seen AS SELECT oid AS view FROM pg_class WHERE relkind = 'v' AND relnamespace = 'rebuilt'::regnamespace;
CREATE FUNCTION others() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'rebuilt'::regnamespace AND oid NOT IN (SELECT view FROM seen) ORDER BY 1
$$;
-- (Since 16 a column of a query's only table is shown without its alias.)
CREATE FUNCTION definition(regclass) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(regexp_replace(pg_get_viewdef($1), '\s+', ' ', 'g'), '\ml\.', '', 'g')
$$;
CREATE FUNCTION uuid(int) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT ('00000000-0000-0000-0000-' || lpad($1::text, 12, '0'))::uuid
$$;
SELECT * FROM wrong();
CALL remember();

--
-- Rename away, create anew, repoint, drop the old
--
\set rebuild 'ALTER TABLE book RENAME TO book_old; CREATE TABLE book (LIKE book_old INCLUDING ALL); INSERT INTO book TABLE book_old; INSERT INTO book VALUES (3, NULL);'
BEGIN;
:rebuild
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book ON DELETE CASCADE;
SELECT * FROM wrong();
SELECT * FROM changes();
SELECT * FROM others();
-- m2m_repair has nothing to do with the old table any more
INSERT INTO author_book VALUES (2, 3);
SELECT * FROM m2m_repair();
SELECT m2m_link('author', 1, 'book', 3);
SELECT count(*) FROM author_book;
INSERT INTO book_authors (book_id, id) VALUES (1, 2);
UPDATE author_books SET named = 'Flask 2' WHERE author_id = 2 AND id = 1;
DROP TABLE book_old;
SELECT * FROM links();
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- the old table goes without CASCADE, and with it, takes nothing along
BEGIN;
:rebuild
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book;
DROP TABLE book_old CASCADE;
SELECT * FROM links();
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- in two commands, and back by a savepoint
BEGIN;
:rebuild
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
SELECT m2m_link('author', 2, 'book_old', 2);
SAVEPOINT s;
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT m2m_link('author', 2, 'book', 3);
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK TO s;
SELECT m2m_linked('author', 2, 'book_old', 2);
SELECT right_table FROM m2m_relationships();
ROLLBACK;
SELECT * FROM wrong();
SELECT * FROM changes();
-- the new key before the old one goes: until then it is the old table's
BEGIN;
:rebuild
ALTER TABLE author_book ADD CONSTRAINT new FOREIGN KEY (book_id) REFERENCES book NOT VALID;
ALTER TABLE author_book VALIDATE CONSTRAINT new;
SELECT right_table FROM m2m_relationships();
SELECT * FROM wrong();
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
SELECT right_table FROM m2m_relationships();
DROP TABLE book_old;
SELECT m2m_link('author', 2, 'book', 3);
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- both at once
BEGIN;
:rebuild
ALTER TABLE author RENAME TO author_old;
CREATE TABLE author (LIKE author_old INCLUDING ALL);
INSERT INTO author TABLE author_old;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, DROP CONSTRAINT author_book_author_id_fkey,
    ADD FOREIGN KEY (book_id) REFERENCES book, ADD FOREIGN KEY (author_id) REFERENCES author;
DROP TABLE author_old, book_old;
SELECT m2m_link('author', 2, 'book', 3);
SELECT * FROM wrong();
SELECT * FROM changes();
SELECT * FROM others();
ROLLBACK;
-- to another key, and to columns in another order and of other types: the
-- view's column that changes its type is not the same any more, but all that
-- was granted is
BEGIN;
ALTER TABLE book RENAME TO book_old;
CREATE TABLE book (extra int, "a ""b" numeric(5,2), title varchar(20) COLLATE "C", id bigint UNIQUE);
INSERT INTO book SELECT 0, "a ""b", title, id FROM book_old;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book (id);
SELECT * FROM wrong(but => 'info');
SELECT * FROM changes();
DROP TABLE book_old;
SELECT m2m_link('author', 2, 'book', 2);
ROLLBACK;
-- on both write paths
RESET ROLE;
BEGIN;
SET LOCAL m2m.direct_path = off;
SET LOCAL ROLE regress_m2m_owner;
:rebuild
SELECT m2m_unlink('author', 1, 'book_old', 1), m2m_link('author', 1, 'book_old', 1);
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT m2m_link('author', 2, 'book', 3), m2m_set('author', 1, 'book', '{3}');
SELECT * FROM wrong();
ROLLBACK;
SET ROLE regress_m2m_owner;

--
-- The user's own, on top
--
BEGIN;
CREATE VIEW mine AS SELECT author_id, named FROM author_books;
CREATE VIEW by_function AS SELECT b.title FROM author a, author_books(a) b;
:rebuild
-- a function that something depends on stays, and is a finding
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT severity, finding FROM m2m_check();
TABLE mine;
\set VERBOSITY sqlstate
SAVEPOINT s;
DROP TABLE book_old;
ROLLBACK TO s;
\set VERBOSITY terse
DROP VIEW by_function;
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
SELECT * FROM changes();
DROP TABLE book_old;
TABLE mine;
SELECT * FROM others();
ROLLBACK;
-- where the new table lacks a column that is shown, the view rests: it cannot be
-- the same otherwise
BEGIN;
CREATE VIEW mine AS SELECT author_id, named FROM author_books;
ALTER TABLE book RENAME TO book_old;
CREATE TABLE book (id int PRIMARY KEY, title varchar(20) COLLATE "C");
INSERT INTO book SELECT id, title FROM book_old;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book;
DROP TABLE book_old;
SELECT severity, finding, remedy FROM m2m_check();
TABLE mine;
SELECT m2m_link('author', 2, 'book', 2);
SAVEPOINT s;
INSERT INTO author_books (author_id, id) VALUES (2, 1);
\echo :SQLSTATE
ROLLBACK TO s;
-- until nothing is in the way any more
SELECT * FROM m2m_repair();
DROP VIEW mine;
SAVEPOINT s;
SELECT finding FROM m2m_repair();
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK TO s;
ALTER TABLE author_book ADD COLUMN share int;
SELECT * FROM wrong();
ROLLBACK;
-- CREATE OR REPLACE VIEW onto the new table.  While there is no foreign key it
-- says which table is meant
BEGIN;
:rebuild
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
CREATE OR REPLACE VIEW author_books WITH (security_invoker, security_barrier) AS
    SELECT l.author_id, r.id, r.title AS named, r."a ""b" FROM author_book l JOIN book r ON r.id = l.book_id;
SELECT * FROM wrong();
SELECT * FROM changes();
DROP TABLE book_old;
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- and before, or after, it is repointed
BEGIN;
:rebuild
CREATE OR REPLACE VIEW author_books WITH (security_invoker = true, security_barrier) AS
    SELECT l.author_id, r.id, r.title AS named, r."a ""b" FROM author_book l JOIN book r ON r.id = l.book_id;
SELECT severity, finding FROM m2m_check();
SAVEPOINT s;
INSERT INTO author_books (author_id, id) VALUES (2, 1);
\echo :SQLSTATE
ROLLBACK TO s;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book;
CREATE OR REPLACE VIEW author_books WITH (security_invoker = true, security_barrier) AS
    SELECT l.author_id, r.id, r.title AS named, r."a ""b" FROM author_book l JOIN book r ON r.id = l.book_id;
SELECT * FROM wrong();
SELECT m2m_link('author', 2, 'book', 3);
DROP TABLE book_old;
ROLLBACK;

--
-- The foreign key dropped, and then the table: the relationship rests
--
BEGIN;
CREATE VIEW mine AS SELECT author_id, named FROM author_books;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
SAVEPOINT s;
DROP TABLE book;
SELECT definition('author_books');
SELECT definition('book_authors');
SELECT * FROM others();
TABLE author_books;
TABLE mine;
TABLE book_authors;
SELECT severity, finding, remedy FROM m2m_check();
SELECT * FROM m2m_repair();
SAVEPOINT t;
INSERT INTO author_books (author_id, id) VALUES (2, 1);
\echo :SQLSTATE
ROLLBACK TO t;
DELETE FROM book_authors;
\echo :SQLSTATE
ROLLBACK TO t;
-- a new table of the name is not meant before a foreign key says so
CREATE TABLE book (id int PRIMARY KEY, title varchar(20) COLLATE "C", "a ""b" numeric(5,2), pages int);
INSERT INTO book VALUES (1, 'Flask'), (2, 'SQL');
SAVEPOINT t;
SELECT m2m_link('author', 1, 'book', 1);
\echo :SQLSTATE
ROLLBACK TO t;
-- what happens to the other tables meanwhile
ALTER TABLE author ADD COLUMN born int;
ALTER TABLE author_book ADD COLUMN share int;
ALTER TABLE author RENAME COLUMN name TO full_name;
ALTER TABLE author_book RENAME COLUMN share TO part;
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT * FROM wrong();
SELECT * FROM changes();
SELECT * FROM others();
TABLE mine;
ROLLBACK TO s;
-- with CASCADE nothing that does not refer to it
DROP TABLE book CASCADE;
TABLE author_book;
TABLE mine;
ROLLBACK TO s;
-- with its schema
DROP VIEW mine;
RESET ROLE;
CREATE SCHEMA attic;
ALTER TABLE book SET SCHEMA attic;
SET LOCAL client_min_messages = warning;
DROP SCHEMA attic CASCADE;
SELECT definition('author_books');
TABLE author_book;
ALTER TABLE author_book ADD COLUMN share int;
ALTER TABLE author_book ALTER COLUMN share TYPE numeric;
ALTER TABLE author_book DROP COLUMN share;
CREATE TABLE book (id int PRIMARY KEY, title varchar(20) COLLATE "C", "a ""b" numeric(5,2));
INSERT INTO book VALUES (1, 'Flask'), (2, 'SQL');
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT * FROM wrong();
-- (link functions have a row of the table for their argument, and so go with it)
SELECT * FROM changes() WHERE object !~ '\(';
ROLLBACK;
-- m2m_adopt takes back what is left of one, as after DROP and CREATE EXTENSION
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
DROP TABLE book;
DROP TRIGGER m2m_link_view ON author_books;
DROP TRIGGER m2m_link_view_batch ON author_books;
DROP TRIGGER m2m_link_view ON book_authors;
DROP TRIGGER m2m_link_view_batch ON book_authors;
CREATE TABLE book (id int PRIMARY KEY, title varchar(20) COLLATE "C", "a ""b" numeric(5,2));
INSERT INTO book VALUES (1, 'Flask'), (2, 'SQL');
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT m2m_adopt('author_book');
SELECT * FROM wrong();
SELECT * FROM changes() WHERE object !~ '\(' AND fact !~ 'trigger';
SELECT * FROM others();
ROLLBACK;
-- both tables; and whole again one after the other
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, DROP CONSTRAINT author_book_author_id_fkey;
DROP TABLE author, book;
SELECT severity, finding FROM m2m_check();
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title varchar(20) COLLATE "C", "a ""b" numeric(5,2));
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO book VALUES (1, 'Flask'), (2, 'SQL');
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT severity, finding FROM m2m_check();
ALTER TABLE author_book ADD FOREIGN KEY (author_id) REFERENCES author;
SELECT * FROM wrong();
SELECT * FROM changes() WHERE object !~ '\(';
SELECT * FROM others();
ROLLBACK;
-- m2m_drop and DROP TABLE end it
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE book ALTER id TYPE uuid USING rebuilt.uuid(id);
SAVEPOINT s;
SELECT m2m_drop('author_book', keep_links => true);
SELECT * FROM objects('rebuilt') WHERE objects ~ 'author|book';
ROLLBACK TO s;
SELECT m2m_drop('author_book');
SELECT * FROM objects('rebuilt') WHERE objects ~ 'author|book';
ROLLBACK TO s;
DROP TABLE author_book;
SELECT * FROM objects('rebuilt') WHERE objects ~ 'author|book';
ROLLBACK TO s;
-- a table that was an endpoint is nothing to it any more
DROP TABLE book;
SELECT * FROM objects('rebuilt') WHERE objects ~ 'author|book';
-- one that still is takes it along
SET LOCAL client_min_messages = warning;
DROP TABLE author CASCADE;
SELECT * FROM objects('rebuilt') WHERE objects ~ 'author|book';
ROLLBACK;
SELECT * FROM wrong();
SELECT * FROM changes();

--
-- A key that changes its type in steps
--
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE book ALTER id TYPE uuid USING rebuilt.uuid(id);
SELECT definition('author_books');
SELECT severity, finding FROM m2m_check();
ALTER TABLE author_book ALTER book_id TYPE uuid USING rebuilt.uuid(book_id);
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT m2m_link('author', 2, 'book', rebuilt.uuid(2));
SELECT * FROM links();
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- the other way round
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE author_book ALTER book_id TYPE uuid USING rebuilt.uuid(book_id);
SELECT severity, finding FROM m2m_check();
ALTER TABLE book ALTER id TYPE uuid USING rebuilt.uuid(id);
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT m2m_link('author', 2, 'book', rebuilt.uuid(2));
SELECT * FROM links();
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- the last two in one; and there and back
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE book ALTER id TYPE uuid USING rebuilt.uuid(id);
ALTER TABLE author_book ALTER book_id TYPE uuid USING rebuilt.uuid(book_id), ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT * FROM wrong();
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE book ALTER id TYPE int USING right(id::text, 12)::int;
ALTER TABLE author_book ALTER book_id TYPE int USING right(book_id::text, 12)::int, ADD FOREIGN KEY (book_id) REFERENCES book ON UPDATE CASCADE ON DELETE CASCADE;
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- types that fit each other without a foreign key make nothing rest
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE book ALTER id TYPE bigint;
SELECT severity, finding FROM m2m_check();
SELECT m2m_link('author', 2, 'book', 2);
ROLLBACK;
-- by shadow columns: the old one dropped, the new one takes its name
BEGIN;
ALTER TABLE book ADD COLUMN uid uuid;
UPDATE book SET uid = rebuilt.uuid(id);
ALTER TABLE author_book ADD COLUMN book_uid uuid;
UPDATE author_book SET book_uid = rebuilt.uuid(book_id);
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE author_book DROP COLUMN book_id;
SELECT definition('author_books');
SELECT definition('book_authors');
SELECT severity, finding FROM m2m_check();
ALTER TABLE author_book RENAME COLUMN book_uid TO book_id;
ALTER TABLE book DROP COLUMN id;
ALTER TABLE book RENAME COLUMN uid TO id;
ALTER TABLE book ADD PRIMARY KEY (id);
ALTER TABLE author_book ADD PRIMARY KEY (author_id, book_id), ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT m2m_link('author', 2, 'book', rebuilt.uuid(2));
SELECT * FROM links();
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- the foreign key goes with the column
BEGIN;
ALTER TABLE book ADD COLUMN uid uuid UNIQUE;
UPDATE book SET uid = rebuilt.uuid(id);
ALTER TABLE author_book ADD COLUMN new_book_id uuid;
UPDATE author_book SET new_book_id = rebuilt.uuid(book_id);
ALTER TABLE author_book DROP COLUMN book_id;
ALTER TABLE author_book RENAME COLUMN new_book_id TO book_id;
ALTER TABLE author_book ADD PRIMARY KEY (author_id, book_id), ADD FOREIGN KEY (book_id) REFERENCES book (uid);
SELECT right_key, right_columns FROM m2m_relationships();
SELECT * FROM wrong();
ROLLBACK;
-- names swapped first, the old ones dropped last
BEGIN;
ALTER TABLE book ADD COLUMN uid uuid;
UPDATE book SET uid = rebuilt.uuid(id);
ALTER TABLE author_book ADD COLUMN book_uid uuid;
UPDATE author_book SET book_uid = rebuilt.uuid(book_id);
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, DROP CONSTRAINT author_book_pkey;
ALTER TABLE book DROP CONSTRAINT book_pkey;
ALTER TABLE author_book RENAME COLUMN book_id TO old_book_id;
ALTER TABLE author_book RENAME COLUMN book_uid TO book_id;
ALTER TABLE book RENAME COLUMN id TO old_id;
ALTER TABLE book RENAME COLUMN uid TO id;
ALTER TABLE book ADD PRIMARY KEY (id);
ALTER TABLE author_book ADD PRIMARY KEY (author_id, book_id), ADD FOREIGN KEY (book_id) REFERENCES book;
ALTER TABLE author_book DROP COLUMN old_book_id;
ALTER TABLE book DROP COLUMN old_id;
SELECT m2m_link('author', 2, 'book', rebuilt.uuid(2));
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;
-- where no column could take its place, it ends
BEGIN;
ALTER TABLE author_book ADD COLUMN share int;
ALTER TABLE author_book DROP COLUMN book_id;
SELECT * FROM objects('rebuilt') WHERE objects ~ 'author|book';
ROLLBACK;
SELECT * FROM wrong();
SELECT * FROM changes();

--
-- A self-relationship, composite keys, adopted tables, partitions, a second
-- relationship of the same table
--
BEGIN;
CREATE TABLE person (team int, no int, name text, PRIMARY KEY (team, no)) PARTITION BY LIST (team);
CREATE TABLE person_1 PARTITION OF person DEFAULT;
INSERT INTO person VALUES (1, 1), (1, 2);
SELECT m2m_create('person', 'person', 'mentoring', left_role => 'mentor', right_role => 'trainee');
CREATE TABLE reading (book_id int NOT NULL REFERENCES book, no int NOT NULL, team int NOT NULL, stars int,
    FOREIGN KEY (team, no) REFERENCES person, PRIMARY KEY (team, no, book_id));
SELECT m2m_adopt('reading');
SELECT m2m_link('person', ROW(1, 1), 'person', ROW(1, 2)), m2m_link('person', ROW(1, 1), 'book', 1);
CALL remember();
ALTER TABLE person RENAME TO person_old;
ALTER TABLE person_1 RENAME TO person_old_1;
CREATE TABLE person (name text, no int, team int, PRIMARY KEY (no, team)) PARTITION BY HASH (no);
CREATE TABLE person_1 PARTITION OF person FOR VALUES WITH (MODULUS 1, REMAINDER 0);
INSERT INTO person SELECT name, no, team FROM person_old;
ALTER TABLE mentoring DROP CONSTRAINT mentoring_mentor_team_mentor_no_fkey, ADD FOREIGN KEY (mentor_team, mentor_no) REFERENCES person (team, no);
SELECT left_table, right_table FROM m2m_relationships() WHERE association = 'mentoring'::regclass;
SELECT * FROM wrong('mentoring');
ALTER TABLE mentoring DROP CONSTRAINT mentoring_trainee_team_trainee_no_fkey;
-- one that has no foreign key to it and one that has
\set VERBOSITY sqlstate
SAVEPOINT s;
DROP TABLE person_old;
ROLLBACK TO s;
\set VERBOSITY terse
ALTER TABLE reading DROP CONSTRAINT reading_team_no_fkey;
DROP TABLE person_old;
SELECT relationship, severity, finding FROM m2m_check();
ALTER TABLE mentoring ADD FOREIGN KEY (trainee_no, trainee_team) REFERENCES person (no, team);
ALTER TABLE reading ADD FOREIGN KEY (team, no) REFERENCES person (team, no);
-- ids are in the order of the new table's key
SELECT m2m_link('person', ROW(2, 1), 'person', ROW(1, 1)), m2m_link('person', ROW(2, 1), 'book', 1);
SELECT * FROM wrong() WHERE what !~ 'no index';
SELECT * FROM changes() WHERE object !~ '\(';
ROLLBACK;
-- keys that have a column of the association in common, which may be null
BEGIN;
CREATE TABLE pupil (school int, id int, PRIMARY KEY (school, id));
CREATE TABLE class (school int, id int, name text, PRIMARY KEY (school, id));
CREATE TABLE pupil_class (school int, pupil_id int, class_id int, UNIQUE (school, pupil_id, class_id),
    CONSTRAINT pupil FOREIGN KEY (school, pupil_id) REFERENCES pupil, CONSTRAINT class FOREIGN KEY (school, class_id) REFERENCES class);
CREATE INDEX ON pupil_class (school, class_id);
INSERT INTO pupil VALUES (1, 1);
INSERT INTO class VALUES (1, 1, 'a');
INSERT INTO pupil_class VALUES (1, 1, 1), (NULL, 1, 1), (1, 1, NULL);
SELECT m2m_adopt('pupil_class', left_columns => '{school,pupil_id}', right_columns => '{school,class_id}');
TABLE pupil_classes;
ALTER TABLE pupil_class DROP CONSTRAINT class;
DROP TABLE class;
SELECT definition('pupil_classes');
TABLE pupil_classes;
CREATE TABLE class (school int, id int, name text, PRIMARY KEY (school, id));
INSERT INTO class VALUES (1, 1, 'a');
ALTER TABLE pupil_class ADD CONSTRAINT class FOREIGN KEY (school, class_id) REFERENCES class;
TABLE pupil_classes;
SELECT * FROM m2m_check('pupil_class');
ROLLBACK;
-- a key of two columns becomes one of one: it comes first in its view, which is
-- a link view by that
BEGIN;
CREATE TABLE pupil (school int, id int, PRIMARY KEY (school, id));
CREATE TABLE class (id int PRIMARY KEY);
INSERT INTO pupil VALUES (1, 1);
INSERT INTO class VALUES (1);
SELECT m2m_link('pupil', ROW(1, 1), 'class', 1);
GRANT SELECT ON pupil_classes TO regress_m2m_other;
ALTER TABLE pupil ADD COLUMN no int UNIQUE DEFAULT 7;
ALTER TABLE pupil_class ADD COLUMN pupil_no int DEFAULT 7;
SAVEPOINT s;
ALTER TABLE pupil_class DROP COLUMN pupil_school, DROP COLUMN pupil_id;
ALTER TABLE pupil_class ADD FOREIGN KEY (pupil_no) REFERENCES pupil (no);
SELECT definition('pupil_classes'), has_table_privilege('regress_m2m_other', 'pupil_classes', 'SELECT');
SELECT * FROM wrong('pupil_class') WHERE what !~ 'no index';
ROLLBACK TO s;
ALTER TABLE pupil_class ADD FOREIGN KEY (pupil_no) REFERENCES pupil (no);
ALTER TABLE pupil_class DROP COLUMN pupil_school, DROP COLUMN pupil_id;
SELECT definition('pupil_classes'), has_table_privilege('regress_m2m_other', 'pupil_classes', 'SELECT');
SELECT * FROM wrong('pupil_class') WHERE what !~ 'no index';
ROLLBACK;
-- what does refer to it goes as ever
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE TABLE shelf (id int PRIMARY KEY);
INSERT INTO shelf VALUES (1);
SELECT m2m_link('book', 1, 'shelf', 1);
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
DROP TABLE book CASCADE;
SELECT * FROM objects('rebuilt') WHERE objects ~ 'author|book|shel';
ROLLBACK;
-- types that have no null, in temporary tables
BEGIN;
CREATE DOMAIN flag AS boolean NOT NULL DEFAULT true;
CREATE TEMPORARY TABLE l (id int PRIMARY KEY);
CREATE TEMPORARY TABLE r (id int PRIMARY KEY, set flag);
INSERT INTO l VALUES (1);
INSERT INTO r VALUES (1);
SELECT m2m_link('l', 1, 'r', 1);
ALTER TABLE l_r DROP CONSTRAINT l_r_r_id_fkey;
DROP TABLE r;
TABLE l_rs;
CREATE TEMPORARY TABLE r (id int PRIMARY KEY, set flag);
INSERT INTO r VALUES (1);
ALTER TABLE l_r ADD FOREIGN KEY (r_id) REFERENCES r;
TABLE l_rs;
SELECT * FROM wrong();
ROLLBACK;

--
-- What ends, ends alone: the association may be an endpoint of others
--
BEGIN;
CREATE TABLE tag (id int PRIMARY KEY);
CREATE TABLE chapter (id int PRIMARY KEY, author_id int REFERENCES author, book_id int REFERENCES book);
SELECT m2m_adopt('chapter', left_view => 'author_chapters', right_view => 'book_chapters');
SELECT m2m_create('chapter', 'tag');
SELECT m2m_create('chapter', 'chapter', 'sequel', left_role => 'first', right_role => 'next');
GRANT SELECT ON tag_chapters TO regress_m2m_other;
CREATE VIEW tagged AS SELECT tag_id, id FROM tag_chapters;
CALL remember();
SAVEPOINT s;
-- a view of the user's is in the way of the column, as ever
ALTER TABLE chapter DROP COLUMN book_id;
\echo :SQLSTATE
ROLLBACK TO s;
SET LOCAL client_min_messages = warning;
DROP TABLE author CASCADE;
SELECT * FROM wrong('chapter_tag');
SELECT * FROM wrong('sequel');
SELECT object, fact, after FROM changes() WHERE object IN ('rebuilt.tag_chapters', 'rebuilt.chapter_tags', 'rebuilt.first_nexts', 'rebuilt.next_firsts');
INSERT INTO chapter VALUES (1);
INSERT INTO tag VALUES (1);
INSERT INTO tag_chapters (tag_id, id) VALUES (1, 1);
TABLE tagged;
ROLLBACK TO s;
DROP VIEW tagged;
RESET client_min_messages;
ALTER TABLE chapter DROP COLUMN book_id;
SELECT * FROM wrong('chapter_tag');
SELECT * FROM wrong('sequel');
SELECT object, fact, after FROM changes() WHERE object IN ('rebuilt.tag_chapters', 'rebuilt.chapter_tags', 'rebuilt.first_nexts', 'rebuilt.next_firsts') AND fact <> 'columns';
SELECT association FROM m2m_relationships() ORDER BY association::text;
ROLLBACK;

--
-- What happens to the association while the relationship is at rest
--
BEGIN;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE book ALTER id TYPE uuid USING rebuilt.uuid(id);
SAVEPOINT s;
-- link functions follow its name
ALTER TABLE author_book RENAME TO link;
ALTER TABLE link ALTER book_id TYPE uuid USING rebuilt.uuid(book_id);
ALTER TABLE link ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT * FROM wrong();
SELECT * FROM changes() WHERE object ~ '\(';
SELECT b.title FROM author a, author_books(a) b ORDER BY 1;
ROLLBACK TO s;
-- and with the link views its owner
RESET ROLE;
ALTER TABLE author_book OWNER TO regress_m2m_other;
GRANT CREATE ON SCHEMA rebuilt TO regress_m2m_other;
GRANT SELECT, REFERENCES ON author, book TO regress_m2m_other;
SET ROLE regress_m2m_other;
ALTER TABLE author_book ALTER book_id TYPE uuid USING rebuilt.uuid(book_id);
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT * FROM wrong();
SELECT * FROM changes() WHERE fact = 'owner';
ROLLBACK;
SET ROLE regress_m2m_owner;
-- no foreign key shows its table with the rights of another role
BEGIN;
RESET ROLE;
CREATE TABLE secret (id bigint PRIMARY KEY, title varchar(20) COLLATE "C", "a ""b" numeric(5,2));
INSERT INTO secret VALUES (1, 'not'), (2, 'for you');
GRANT REFERENCES ON secret TO regress_m2m_owner;
ALTER VIEW author_books RESET (security_invoker);
ALTER VIEW author_books OWNER TO CURRENT_USER;
ALTER FUNCTION author_books(author) SECURITY DEFINER;
ALTER FUNCTION author_books(author) OWNER TO CURRENT_USER;
GRANT SELECT ON author_books TO regress_m2m_owner;
GRANT EXECUTE ON FUNCTION author_books(author) TO regress_m2m_owner;
SET ROLE regress_m2m_owner;
SAVEPOINT s;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES secret;
TABLE author_books;
SELECT b.title FROM author a, author_books(a) b ORDER BY 1;
-- nor does it later, whoever alters something
RESET ROLE;
ALTER TABLE author_book ADD COLUMN share int;
SET ROLE regress_m2m_owner;
TABLE author_books;
ROLLBACK TO s;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ALTER book_id TYPE bigint, ADD FOREIGN KEY (book_id) REFERENCES secret;
TABLE author_books;
ROLLBACK;
-- a function of the user's that only begins like a link function is his own
BEGIN;
CREATE FUNCTION titled(author) RETURNS SETOF book LANGUAGE sql STABLE AS
    $$SELECT r.* FROM rebuilt.author_book l JOIN rebuilt.book r ON r.id OPERATOR(pg_catalog.=) l.book_id WHERE ($1).id OPERATOR(pg_catalog.=) l.author_id AND r.title <> 'SQL'$$;
CREATE OR REPLACE FUNCTION author_books(author) RETURNS SETOF book LANGUAGE sql STABLE AS
    $$SELECT r.* FROM rebuilt.author_book l JOIN rebuilt.book r ON r.id OPERATOR(pg_catalog.=) l.book_id WHERE ($1).id OPERATOR(pg_catalog.=) l.author_id AND r.title <> 'SQL'$$;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
SAVEPOINT s;
DROP TABLE book;
ROLLBACK TO s;
ALTER TABLE book ALTER id TYPE uuid USING rebuilt.uuid(id);
ALTER TABLE author_book ALTER book_id TYPE uuid USING rebuilt.uuid(book_id);
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT b.title FROM author a, author_books(a) b;
SELECT b.title FROM author a, titled(a) b;
ROLLBACK;

--
-- Where event triggers did not fire, m2m_repair makes up for it
--
BEGIN;
:rebuild
RESET ROLE;
SET session_replication_role = replica;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey, ADD FOREIGN KEY (book_id) REFERENCES book;
RESET session_replication_role;
SET ROLE regress_m2m_owner;
INSERT INTO author_book VALUES (2, 3);
SELECT right_table FROM m2m_relationships();
SELECT severity, finding FROM m2m_check();
SAVEPOINT s;
INSERT INTO author_books (author_id, id) VALUES (2, 1);
\echo :SQLSTATE
ROLLBACK TO s;
SELECT finding FROM m2m_repair();
SELECT count(*) FROM author_book;
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK TO s;
-- or the old table's end
DROP TABLE book_old;
SELECT * FROM wrong();
SELECT * FROM changes();
ROLLBACK;

--
-- m2m_repair, and what the owner has decided
--
BEGIN;
CREATE TABLE credit (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, job text, note text);
INSERT INTO credit VALUES (1, 1, 'writer'), (1, 1, 'editor'), (2, 1, 'writer');
CREATE INDEX ON credit (author_id);
CREATE INDEX ON credit (book_id);
SELECT m2m_adopt('credit', left_view => 'credits', right_view => 'credited');
SELECT severity, finding, remedy FROM m2m_check('credit');
-- a key wider than the pair, also by a unique index, also on a condition; and
-- one that is kept at commit: no doubles, and nothing to make unique
\set none 'SELECT * FROM m2m_check(\'credit\'); SELECT * FROM m2m_repair(); SELECT count(*) FROM credit; ROLLBACK TO s;'
SAVEPOINT s;
ALTER TABLE credit ADD PRIMARY KEY (author_id, book_id, job);
:none
CREATE UNIQUE INDEX ON credit (coalesce(note, ''), job, book_id, author_id);
:none
ALTER TABLE credit ADD EXCLUDE USING btree (author_id WITH =, book_id WITH =, job WITH =);
:none
DELETE FROM credit WHERE job = 'editor';
CREATE UNIQUE INDEX ON credit (author_id, book_id) WHERE note IS NULL;
:none
DELETE FROM credit WHERE job = 'editor';
ALTER TABLE credit ADD UNIQUE (author_id, book_id) DEFERRABLE;
:none
-- what is no key at all
CREATE UNIQUE INDEX ON credit (author_id, job, note);
SELECT severity, finding FROM m2m_check('credit');
ROLLBACK;

-- A function of the user's own is neither made anew nor dropped, whatever it
-- begins with
BEGIN;
CREATE TABLE poet (id int PRIMARY KEY);
CREATE TABLE poem (id int PRIMARY KEY, secret bool);
SELECT m2m_create('poet', 'poem');
CREATE FUNCTION body_of(name text) RETURNS text LANGUAGE sql AS $$
    SELECT prosrc FROM pg_proc WHERE oid = to_regprocedure(name)
$$;
SELECT format('CREATE OR REPLACE FUNCTION poet_poems(poet) RETURNS SETOF poem LANGUAGE sql STABLE AS %L',
    body_of('poet_poems(poet)') || ' AND NOT r.secret') \gexec
ALTER TABLE poem RENAME TO poem_old;
CREATE TABLE poem (LIKE poem_old INCLUDING ALL);
ALTER TABLE poet_poem DROP CONSTRAINT poet_poem_poem_id_fkey, ADD FOREIGN KEY (poem_id) REFERENCES poem;
SELECT body_of('poet_poems(poet)'), body_of('poem_poets(poem)');
DROP TABLE poem_old;
ROLLBACK;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA rebuilt, oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
DROP ROLE regress_m2m_owner, regress_m2m_other;
