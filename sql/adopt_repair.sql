--
-- m2m_adopt of tables without foreign keys or keys: what is missing, with the
-- SQL that adds it; and repair => true, which runs that
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\pset format unaligned
CREATE SCHEMA mending;
SET search_path = mending, oracle, public;
CREATE TABLE authors (id bigint PRIMARY KEY, name text);
CREATE TABLE books (id bigint PRIMARY KEY, title text);
CREATE TABLE rooms (house text, number int, PRIMARY KEY (house, number));
INSERT INTO authors SELECT g, 'author ' || g FROM generate_series(1, 5) g;
INSERT INTO books SELECT g, 'book ' || g FROM generate_series(1, 5) g;
INSERT INTO rooms SELECT 'house ' || g, g FROM generate_series(1, 5) g;
-- Keys and indexes of a table.
CREATE FUNCTION made(tab regclass) RETURNS TABLE (what text) LANGUAGE sql AS $$
    SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = tab AND contype <> 'n'
    UNION ALL
    SELECT pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = tab AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = tab)
    ORDER BY 1
$$;

--
-- Rails' habtm: neither foreign keys nor a key
--
CREATE TABLE authors_books (author_id bigint, book_id bigint);
INSERT INTO authors_books VALUES (1, 1), (1, 2), (1, 1), (2, 1), (1, 1), (99, 1), (NULL, 1), (NULL, NULL), (2, 98), (97, 96), (2, 1);
SELECT m2m_adopt('authors_books');
\echo :SQLSTATE
SELECT m2m_adopt('authors_books', left_table => 'authors', right_table => 'books');
\echo :SQLSTATE
SELECT count(*), (SELECT count(*) FROM made('authors_books')) FROM authors_books;
-- the SQL does as it says
CREATE PROCEDURE follow_hint(tab regclass, left_table regclass, right_table regclass) LANGUAGE plpgsql AS $$
DECLARE
    hint text;
    statement text;
BEGIN
    PERFORM public.m2m_adopt(tab, left_table => left_table, right_table => right_table);
    RAISE 'not refused';
EXCEPTION WHEN invalid_table_definition THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    FOREACH statement IN ARRAY (string_to_array(hint, e'\n'))[2:] LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
BEGIN;
SET search_path = '';
CALL mending.follow_hint('mending.authors_books', 'mending.authors', 'mending.books');
SET search_path = mending, oracle, public;
SELECT m2m_adopt('authors_books');
SELECT * FROM authors_books ORDER BY 1, 2;
SELECT * FROM made('authors_books');
SELECT * FROM wrong();
ROLLBACK;
-- and so does repair
SELECT m2m_adopt('authors_books', left_table => 'authors', right_table => 'books', repair => true);
SELECT * FROM authors_books ORDER BY 1, 2;
SELECT * FROM made('authors_books');
SELECT * FROM wrong();
SELECT m2m_link('authors', 3, 'books', ARRAY[1, 2]), m2m_linked('books', 1, 'authors', 2), m2m_unlink('authors', 1, 'books', 1);
DELETE FROM authors WHERE id = 3;
SELECT * FROM author_books ORDER BY 1, 2;
INSERT INTO authors VALUES (3);
-- once is enough
SELECT m2m_adopt('authors_books', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
-- It is adopted: m2m_drop never drops it
SELECT m2m_drop('authors_books');
SELECT count(*) FROM authors_books;
SELECT m2m_adopt('authors_books', left_table => 'books', right_table => 'authors');
SELECT left_table, right_table, left_view, origin FROM m2m_relationships();
SELECT m2m_drop('authors_books', keep_links => true);
SELECT count(*) FROM authors_books;
DROP TABLE authors_books;

--
-- Laravel's pivot: a number of the row, timestamps; other types that a foreign
-- key takes; what is there stays
--
CREATE TABLE author_book (id serial PRIMARY KEY, author_id int, book_id int NOT NULL, created_at timestamp, updated_at timestamp);
CREATE INDEX mine ON author_book (book_id);
INSERT INTO author_book (author_id, book_id) VALUES (1, 1), (2, 1), (NULL, 2), (7, 1);
SELECT m2m_adopt('author_book', left_table => 'authors', right_table => 'books', repair => true);
-- a row with a null is no link, and no key needs it to go
SELECT author_id, book_id FROM author_book ORDER BY id;
SELECT * FROM made('author_book');
SELECT * FROM wrong(but => 'info');
SELECT m2m_drop('author_book');
DROP TABLE author_book;
-- Where pairs stand there several times, the number tells them apart: they stay
CREATE TABLE bought (id serial PRIMARY KEY, author_id bigint NOT NULL, book_id bigint NOT NULL);
INSERT INTO bought (author_id, book_id) VALUES (1, 1), (1, 1), (2, 2), (2, 9);
SELECT m2m_adopt('bought', left_table => 'authors', right_table => 'books', repair => true);
SELECT * FROM bought ORDER BY id;
SELECT * FROM made('bought');
SELECT identity FROM m2m_relationships();
SELECT m2m_drop('bought');
DROP TABLE bought;
-- So does a key that holds more than the pair, or part of it; under a condition,
-- too, or deferred
CREATE TABLE credit (author_id bigint, book_id bigint, job text, UNIQUE (author_id, book_id, job));
INSERT INTO credit VALUES (1, 1, 'a'), (1, 1, 'b'), (1, 1, NULL), (1, 1, NULL), (9, 1, 'a');
SELECT m2m_adopt('credit', left_table => 'authors', right_table => 'books', repair => true);
SELECT * FROM credit ORDER BY 1, 2, 3;
SELECT * FROM made('credit');
SELECT m2m_drop('credit');
DROP TABLE credit;
CREATE TABLE kept (author_id bigint, book_id bigint, gone date, UNIQUE (author_id, book_id) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO kept VALUES (1, 1, NULL);
SELECT m2m_adopt('kept', left_table => 'authors', right_table => 'books', repair => true);
SELECT * FROM made('kept');
SELECT m2m_drop('kept');
DROP TABLE kept;

--
-- Rows that are not the same are no doubles: which are right, nobody can say
--
CREATE TABLE noted (author_id bigint, book_id bigint, note json);
INSERT INTO noted VALUES (1, 1, '1'), (1, 1, '1'), (1, 1, '2'), (2, 2, NULL), (2, 2, NULL), (3, 3, '1'), (3, 3, '1.0');
SELECT m2m_adopt('noted', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
SELECT count(*), (SELECT count(*) FROM made('noted')) FROM noted;
DELETE FROM noted WHERE note::text IN ('2', '1.0');
SELECT m2m_adopt('noted', left_table => 'authors', right_table => 'books', repair => true);
SELECT * FROM noted ORDER BY 1, 2;
SELECT m2m_drop('noted');
DROP TABLE noted;
-- nor are those that are equal, but read otherwise
CREATE TABLE amounts (author_id numeric PRIMARY KEY);
INSERT INTO amounts VALUES (1), (2);
CREATE TABLE amount_book (author_id numeric, book_id bigint);
INSERT INTO amount_book VALUES (1, 1), (1.0, 1);
-- (which of the two spellings the sample shows is up to the server)
\set VERBOSITY terse
SELECT m2m_adopt('amount_book', left_table => 'amounts', left_columns => '{author_id}', right_table => 'books', repair => true);
\set VERBOSITY default
\echo :SQLSTATE
DROP TABLE amount_book, amounts;

--
-- One foreign key is there; columns are given; a table with itself; composite
--
CREATE TABLE written (writer bigint, book_id bigint REFERENCES books ON DELETE SET NULL, n int);
INSERT INTO written VALUES (1, 1, 1), (8, 1, 2);
SELECT m2m_adopt('written', left_table => 'authors');
\echo :SQLSTATE
SELECT m2m_adopt('written', left_table => 'authors', left_columns => '{nothing}');
\echo :SQLSTATE
SELECT m2m_adopt('written', left_table => 'authors', left_columns => '{writer, n}');
\echo :SQLSTATE
SELECT m2m_adopt('written', left_table => 'authors', left_columns => '{writer}');
\echo :SQLSTATE
-- which sets null, and so there is no primary key
SELECT m2m_adopt('written', left_table => 'authors', left_columns => '{writer}', repair => true);
SELECT * FROM made('written');
SELECT left_role, right_role, left_view FROM m2m_relationships();
SELECT * FROM wrong();
SELECT m2m_drop('written');
DROP TABLE written;
CREATE TABLE follows (follower_id bigint, followed_id bigint);
INSERT INTO follows VALUES (1, 2), (2, 1), (1, 2), (2, 2), (1, 44);
SELECT m2m_adopt('follows', left_table => 'authors', right_table => 'authors', repair => true);
SELECT * FROM follows ORDER BY 1, 2;
SELECT * FROM made('follows');
SELECT left_view, right_view FROM m2m_relationships();
SELECT m2m_drop('follows');
DROP TABLE follows;
CREATE TABLE friends (id bigint, a bigint, b bigint);
SELECT m2m_adopt('friends', left_table => 'authors', right_table => 'authors');
\echo :SQLSTATE
SELECT m2m_adopt('friends', left_table => 'authors', right_table => 'authors', left_columns => '{a}', right_columns => '{a}');
\echo :SQLSTATE
DROP TABLE friends;
CREATE TABLE lectures (room_number int, room_house text, author_id bigint);
INSERT INTO lectures VALUES (1, 'house 1', 1), (1, 'house 2', 1), (NULL, 'house 1', 1), (1, 'house 1', 1);
SELECT m2m_adopt('lectures', left_table => 'rooms', right_table => 'authors', repair => true);
SELECT * FROM lectures;
SELECT * FROM made('lectures');
SELECT * FROM wrong();
SELECT m2m_drop('lectures');
DROP TABLE lectures;
-- names in humps
CREATE TABLE "Users" ("id" int PRIMARY KEY);
CREATE TABLE "Groups" ("id" int PRIMARY KEY);
CREATE TABLE "UserGroups" ("createdAt" timestamp, "UserId" int, "GroupId" int);
SELECT m2m_adopt('"UserGroups"', left_table => '"Users"', right_table => '"Groups"', repair => true);
SELECT * FROM made('"UserGroups"');
SELECT left_columns, right_columns, left_view, right_view FROM m2m_relationships();
SELECT m2m_drop('"UserGroups"');
DROP TABLE "UserGroups", "Users", "Groups";

--
-- What no statement of m2m's mends
--
-- types that no foreign key can compare
CREATE TABLE texts (author_id text, book_id bigint);
INSERT INTO texts VALUES ('1', 1), ('no', 99);
SELECT m2m_adopt('texts', left_table => 'authors', right_table => 'books');
SELECT m2m_adopt('texts', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
TABLE texts;
-- the hint can be followed
DELETE FROM texts WHERE author_id = 'no';
ALTER TABLE mending.texts ALTER COLUMN author_id TYPE bigint USING author_id::bigint;
SELECT m2m_adopt('texts', left_table => 'authors', right_table => 'books', repair => true);
SELECT m2m_drop('texts');
DROP TABLE texts;
-- inheritance children, whose rows no key reaches
CREATE TABLE mother (author_id bigint, book_id bigint);
CREATE TABLE daughter () INHERITS (mother);
INSERT INTO daughter VALUES (1, 1), (1, 1);
SELECT m2m_adopt('mother', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
DROP TABLE mother, daughter;
-- an endpoint's: a link to a row of them is no orphan
CREATE TABLE novels () INHERITS (books);
INSERT INTO novels VALUES (50, 'novel');
CREATE TABLE author_novels (author_id bigint, book_id bigint);
INSERT INTO author_novels VALUES (1, 50), (1, 1);
SELECT m2m_adopt('author_novels', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
TABLE author_novels;
DROP TABLE author_novels, novels;
-- rows of other tables that would go along
CREATE TABLE stays (id int PRIMARY KEY, author_id bigint, book_id bigint);
CREATE TABLE meals (stay_id int REFERENCES stays ON DELETE CASCADE);
INSERT INTO stays VALUES (1, 1, 1), (2, 9, 1);
INSERT INTO meals VALUES (1), (2);
SELECT m2m_adopt('stays', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
SELECT count(*) FROM meals;
DELETE FROM stays WHERE id = 2;
SELECT m2m_adopt('stays', left_table => 'authors', right_table => 'books', repair => true);
SELECT * FROM made('stays');
SELECT m2m_drop('stays');
DROP TABLE stays, meals;
CREATE TABLE seats (author_id bigint REFERENCES authors, book_id bigint REFERENCES books, code text UNIQUE);
CREATE TABLE coats (code text REFERENCES seats (code) ON DELETE SET NULL);
INSERT INTO seats VALUES (1, 1, 'a'), (1, NULL, 'b');
INSERT INTO coats VALUES ('b');
SELECT m2m_adopt('seats', repair => true);
\echo :SQLSTATE
TABLE coats;
DROP TABLE seats, coats;
-- the table itself, a view, a table without a key
CREATE TABLE ab (author_id bigint, book_id bigint);
SELECT m2m_adopt('ab', left_table => 'ab', right_table => 'books', repair => true);
\echo :SQLSTATE
SELECT m2m_adopt('ab', left_table => 'ab', repair => true);
\echo :SQLSTATE
CREATE TABLE keyless (id bigint);
SELECT m2m_adopt('ab', left_table => 'keyless', right_table => 'books', repair => true);
\echo :SQLSTATE
-- without tables, repair adds what it can
SELECT m2m_adopt('ab', repair => true);
\echo :SQLSTATE
ALTER TABLE ab ADD FOREIGN KEY (author_id) REFERENCES authors, ADD FOREIGN KEY (book_id) REFERENCES books;
INSERT INTO ab VALUES (1, 1), (1, 1), (NULL, 1);
SELECT m2m_adopt('ab', repair => true);
SELECT * FROM made('ab');
TABLE ab;
SELECT m2m_drop('ab');
DROP TABLE ab, keyless;

--
-- Foreign keys that were not validated
--
CREATE TABLE old (author_id bigint, book_id bigint, PRIMARY KEY (book_id, author_id));
INSERT INTO old VALUES (1, 1), (1, 9), (9, 1);
ALTER TABLE old ADD CONSTRAINT by FOREIGN KEY (author_id) REFERENCES authors ON DELETE RESTRICT NOT VALID,
    ADD FOREIGN KEY (book_id) REFERENCES books NOT VALID;
SELECT m2m_adopt('old', repair => true);
SELECT * FROM made('old');
TABLE old;
SELECT * FROM wrong();
SELECT m2m_drop('old');
DROP TABLE old;

-- Partitioned: the pair becomes a key where it can
CREATE TABLE parts (author_id bigint, book_id bigint) PARTITION BY HASH (author_id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts VALUES (1, 1), (2, 1), (1, 1), (2, 1), (3, 99);
SELECT m2m_adopt('parts', left_table => 'authors', right_table => 'books', repair => true);
SELECT * FROM parts ORDER BY 1, 2;
SELECT * FROM made('parts');
SELECT * FROM wrong();
SELECT m2m_drop('parts');
CREATE TABLE years (author_id bigint, book_id bigint, year int) PARTITION BY RANGE (year);
CREATE TABLE years_all PARTITION OF years DEFAULT;
INSERT INTO years VALUES (1, 1, 2020), (1, 1, 2021), (3, 99, 2020);
SELECT m2m_adopt('years', left_table => 'authors', right_table => 'books', repair => true);
SELECT * FROM years ORDER BY 1, 2, 3;
SELECT * FROM made('years');
SELECT m2m_drop('years');
DROP TABLE parts, years;

-- A tenant in both keys: no foreign key carries a link to another tenant's rows
CREATE TABLE users (tenant_id int, id int, PRIMARY KEY (tenant_id, id));
CREATE TABLE groups (tenant_id int, id int, PRIMARY KEY (tenant_id, id));
CREATE TABLE membership (tenant_id int, user_id int, group_id int);
INSERT INTO users VALUES (1, 1), (2, 1);
INSERT INTO groups VALUES (1, 1), (2, 1);
INSERT INTO membership VALUES (1, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1);
\set VERBOSITY terse
SELECT m2m_adopt('membership', left_table => 'users', right_table => 'groups', left_columns => '{tenant_id, user_id}', right_columns => '{tenant_id, group_id}', repair => true);
\set VERBOSITY default
SELECT * FROM membership ORDER BY 1;
SELECT * FROM made('membership');
SELECT m2m_drop('membership');
DROP TABLE membership, users, groups;

--
-- What is left of a relationship that lost foreign keys
--
SELECT m2m_create('authors', 'books');
SELECT m2m_link('authors', ARRAY[1, 2], 'books', ARRAY[1, 2]);
DROP VIEW author_books;
ALTER TABLE authors_books DROP CONSTRAINT authors_books_book_id_fkey;
INSERT INTO authors_books VALUES (1, 77);
SELECT m2m_adopt('authors_books', right_table => 'books', repair => true);
SELECT * FROM made('authors_books');
SELECT * FROM wrong();
SELECT left_view, right_view, origin FROM m2m_relationships();
SELECT m2m_drop('authors_books');

--
-- By the caller's rights, before any lock; whoever cannot see all rows cannot
-- tell orphans
--
CREATE ROLE regress_m2m_mender;
GRANT USAGE, CREATE ON SCHEMA mending TO regress_m2m_mender;
CREATE TABLE theirs (author_id bigint, book_id bigint);
INSERT INTO theirs VALUES (1, 1), (1, 99);
SET ROLE regress_m2m_mender;
SELECT m2m_adopt('theirs', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
RESET ROLE;
ALTER TABLE theirs OWNER TO regress_m2m_mender;
SET ROLE regress_m2m_mender;
SELECT m2m_adopt('theirs', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
RESET ROLE;
GRANT REFERENCES ON authors, books TO regress_m2m_mender;
SET ROLE regress_m2m_mender;
SELECT m2m_adopt('theirs', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
RESET ROLE;
GRANT SELECT ON authors, books TO regress_m2m_mender;
ALTER TABLE books ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON books USING (id > 1);
SET ROLE regress_m2m_mender;
SELECT m2m_adopt('theirs', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
RESET ROLE;
ALTER TABLE books DISABLE ROW LEVEL SECURITY;
SET ROLE regress_m2m_mender;
SELECT m2m_adopt('theirs', left_table => 'authors', right_table => 'books', repair => true);
TABLE theirs;
SELECT m2m_drop('theirs');
RESET ROLE;
DROP TABLE theirs;
DROP POLICY few ON books;
DROP OWNED BY regress_m2m_mender;
DROP ROLE regress_m2m_mender;

--
-- All or nothing: triggers of the owner's run, and may refuse
--
CREATE TABLE watched (author_id bigint, book_id bigint);
INSERT INTO watched VALUES (1, 1), (1, 1), (9, 1);
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'deleting %', OLD; RETURN OLD; END $$;
CREATE TRIGGER watch BEFORE DELETE ON watched FOR EACH ROW EXECUTE FUNCTION watch();
CREATE FUNCTION deny() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER zdeny BEFORE DELETE ON watched FOR EACH ROW EXECUTE FUNCTION deny();
SELECT m2m_adopt('watched', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
SELECT count(*), (SELECT count(*) FROM made('watched')) FROM watched;
DROP TRIGGER zdeny ON watched;
SELECT m2m_adopt('watched', left_table => 'authors', right_table => 'books', left_view => 'authors', repair => true);
\echo :SQLSTATE
SELECT count(*), (SELECT count(*) FROM made('watched')) FROM watched;
SELECT m2m_adopt('watched', left_table => 'authors', right_table => 'books', repair => true);
TABLE watched;
SELECT m2m_drop('watched');
DROP TABLE watched;
-- in REPEATABLE READ, too; not where it changes nothing
CREATE TABLE later (author_id bigint, book_id bigint);
INSERT INTO later VALUES (1, 1), (1, 1), (9, 1);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT m2m_adopt('later', left_table => 'authors', right_table => 'books', repair => true);
TABLE later;
ROLLBACK;
BEGIN READ ONLY;
SELECT m2m_adopt('later', left_table => 'authors', right_table => 'books', repair => true);
\echo :SQLSTATE
ROLLBACK;
-- many rows: how many, and some
INSERT INTO later SELECT g, 100 + g FROM generate_series(1, 100) g;
SELECT m2m_adopt('later', left_table => 'authors', right_table => 'books', repair => true);
SELECT m2m_drop('later');

-- Adopted is adopted, also after the extension went and came
SET client_min_messages = warning;
DROP SCHEMA oracle CASCADE;
RESET client_min_messages;
CREATE TABLE authors_books (author_id bigint, book_id bigint);
INSERT INTO authors_books VALUES (1, 1), (1, 1);
SELECT m2m_adopt('authors_books', left_table => 'authors', right_table => 'books', repair => true);
BEGIN;
SET client_min_messages = warning;
DROP EXTENSION m2m;
CREATE EXTENSION m2m;
RESET client_min_messages;
SELECT m2m_adopt('authors_books');
SELECT left_view, right_view, origin FROM m2m_relationships();
SELECT m2m_drop('authors_books');
SELECT count(*) FROM authors_books;
ROLLBACK;

-- A table with several keys and no primary one: which of them is meant, a foreign key says
CREATE TABLE several_keys (a int NOT NULL UNIQUE, b int NOT NULL UNIQUE);
CREATE TABLE keyed (several int, book_id int, UNIQUE (several, book_id));
SELECT m2m_adopt('keyed', left_table => 'several_keys', right_table => 'books', left_columns => '{several}', repair => true);
ALTER TABLE keyed ADD FOREIGN KEY (several) REFERENCES several_keys (b);
SELECT m2m_adopt('keyed', left_table => 'several_keys', right_table => 'books', left_columns => '{several}', repair => true);

SET client_min_messages = warning;
DROP SCHEMA mending CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
