-- Statements are kept as plans for each set of columns, but not for ever more of
-- them: links with properties come with any of these, and a session stays.
SET client_min_messages = warning;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 400);
INSERT INTO book VALUES (1);
SELECT m2m_create('author', 'book');
ALTER TABLE author_book ADD c0 int, ADD c1 int, ADD c2 int, ADD c3 int, ADD c4 int, ADD c5 int, ADD c6 int, ADD c7 int, ADD c8 int;
-- each call in a transaction of its own, with a set of columns of its own
CREATE PROCEDURE link_each(sets int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. sets LOOP
        PERFORM m2m_link('author', i, 'book', 1, properties => (SELECT jsonb_object_agg('c' || b, i)
            FROM generate_series(0, 8) b WHERE i & (1 << b) <> 0));
        COMMIT;
    END LOOP;
END
$$;
CALL link_each(400);
SELECT count(*), count(c0), count(c8), sum(c0) FROM author_book;
SELECT count(*) BETWEEN 200 AND 300 AS kept FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%';
-- in one transaction none is prepared twice, and as many outlast it
BEGIN;
SELECT sum(m2m_link('author', i, 'book', 1, properties => (SELECT jsonb_object_agg('c' || b, i)
    FROM generate_series(0, 8) b WHERE i & (1 << b) <> 0))) FROM generate_series(1, 400) i;
SELECT count(*) AS plans FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%' \gset
SELECT sum(m2m_link('author', i, 'book', 1, properties => (SELECT jsonb_object_agg('c' || b, i)
    FROM generate_series(0, 8) b WHERE i & (1 << b) <> 0))) FROM generate_series(1, 400) i;
SELECT count(*) <= :plans AS same FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%';
COMMIT;
SELECT count(*) BETWEEN 200 AND 300 AS kept FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%';
-- the description goes, and its plans with it
ALTER TABLE author_book DROP c8;
SELECT m2m_link('author', 1, 'book', 1, properties => '{"c0": 7}');
SELECT count(*) < 20 AS kept FROM pg_backend_memory_contexts
    WHERE name = 'CachedPlanSource' AND ident LIKE '%author_book%';

-- Many more are made while a call further up the stack is executing one
CREATE FUNCTION link_others() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() = 1 THEN
        FOR i IN 1 .. 255 LOOP
            PERFORM m2m_link('author', i, 'book', 1, properties => (SELECT jsonb_object_agg('c' || b, -i)
                FROM generate_series(0, 7) b WHERE i & (1 << b) <> 0));
        END LOOP;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER others AFTER INSERT ON author_book FOR EACH ROW EXECUTE FUNCTION link_others();
DELETE FROM author_book WHERE author_id IN (399, 400);
SELECT m2m_link('author', ARRAY[399, 400], 'book', 1, properties => '{"c1": 1}');
SELECT count(*), sum(c0), sum(c1) FROM author_book;
SELECT m2m_drop('author_book');
DROP PROCEDURE link_each;
DROP FUNCTION link_others;
DROP TABLE author, book;

-- What statements name gets another name, schema or meaning: they are made anew
CREATE SCHEMA kinds;
CREATE SCHEMA other;
CREATE EXTENSION citext SCHEMA kinds;
CREATE COLLATION kinds.german FROM "C";
CREATE TYPE kinds.mood AS ENUM ('sad', 'glad');
CREATE DOMAIN kinds.word AS kinds.citext;
CREATE DOMAIN kinds.feeling AS kinds.mood;
CREATE TABLE author (id kinds.word PRIMARY KEY);
CREATE TABLE book (id text COLLATE kinds.german PRIMARY KEY);
INSERT INTO author VALUES ('a'), ('b');
INSERT INTO book VALUES ('x'), ('y'), ('z');
CREATE TABLE author_book (author_id kinds.word REFERENCES author, book_id text COLLATE "C" REFERENCES book, feeling kinds.feeling, UNIQUE (author_id, book_id, feeling));
ALTER TABLE author_book ALTER feeling SET NOT NULL;
SELECT m2m_adopt('author_book');
CREATE FUNCTION calls(OUT linked boolean, OUT n bigint, OUT set text, OUT more bigint, OUT other bigint, OUT less bigint) LANGUAGE plpgsql AS $$
BEGIN
    linked := m2m_linked('author', 'A'::text, 'book', 'x'::text);
    n := m2m_count('author', 'A'::text, 'book');
    set := m2m_set('author', 'A'::text, 'book', ARRAY['x', 'y'], properties => jsonb_build_object('feeling', 'sad'));
    more := m2m_link('author', 'A'::text, 'book', 'z'::text, properties => jsonb_build_object('feeling', 'glad'));
    INSERT INTO author_books VALUES ('a', 'z', 'sad');
    DELETE FROM author_books WHERE author_id = 'a' AND id = 'z' AND feeling = 'sad';
    other := m2m_link('author', 'B'::text, 'book', 'x'::text, properties => jsonb_build_object('feeling', 'glad'));
    less := m2m_unlink('author', 'b'::text, 'book', 'x'::text);
END
$$;
SELECT * FROM calls();
SELECT * FROM calls();
ALTER EXTENSION citext SET SCHEMA other;
SELECT * FROM calls();
ALTER COLLATION kinds.german RENAME TO deutsch;
SELECT * FROM calls();
ALTER TYPE kinds.mood RENAME TO temper;
SELECT * FROM calls();
SET search_path = public, other;
SELECT * FROM calls();
ALTER TYPE kinds.temper SET SCHEMA other;
RESET search_path;
SELECT * FROM calls();
DROP FUNCTION calls;
SELECT m2m_drop('author_book');
DROP TABLE author_book, author, book;
DROP EXTENSION citext CASCADE;
DROP SCHEMA kinds, other CASCADE;

-- So it is where a domain says something else of a column
CREATE DOMAIN remark AS text;
CREATE DOMAIN moment AS timestamptz;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author VALUES (1);
INSERT INTO book SELECT generate_series(1, 9);
CREATE TABLE author_book (author_id int REFERENCES author, book_id int REFERENCES book, remark remark, since moment, PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('author_book');
SELECT m2m_link('author', 1, 'book', 1);
ALTER DOMAIN remark SET DEFAULT 'none';
SELECT m2m_link('author', 1, 'book', 2);
ALTER DOMAIN remark DROP DEFAULT;
SELECT m2m_link('author', 1, 'book', 3);
SELECT book_id, remark, since FROM author_book ORDER BY 1;
DELETE FROM author_book;
ALTER DOMAIN moment SET NOT NULL;
SELECT m2m_link('author', 1, 'book', 1);
ALTER DOMAIN moment DROP NOT NULL;
SELECT m2m_link('author', 1, 'book', 2);
SELECT book_id, since IS NOT NULL AS since FROM author_book ORDER BY 1;
SELECT m2m_drop('author_book');
DROP TABLE author_book;
DROP DOMAIN remark, moment;

-- A unique index of a partitioned table becomes valid by that of its last partition
CREATE TABLE author_book (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, note text) PARTITION BY HASH (author_id);
CREATE TABLE author_book_0 PARTITION OF author_book FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE author_book_1 PARTITION OF author_book FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT m2m_adopt('author_book');
SELECT m2m_link('author', 1, 'book', 1);
CREATE UNIQUE INDEX whole ON ONLY author_book (author_id, book_id);
CREATE UNIQUE INDEX part_0 ON author_book_0 (author_id, book_id);
CREATE UNIQUE INDEX part_1 ON author_book_1 (author_id, book_id);
ALTER INDEX whole ATTACH PARTITION part_0;
SELECT m2m_link('author', 1, 'book', 2);
SELECT identity FROM m2m_relationships();
ALTER INDEX whole ATTACH PARTITION part_1;
SELECT m2m_link('author', 1, 'book', 1, properties => '{"note": "x"}');
SELECT identity FROM m2m_relationships();
SELECT author_id, book_id, note FROM author_book ORDER BY 1, 2;
SELECT m2m_drop('author_book');
DROP TABLE author_book, author, book;
