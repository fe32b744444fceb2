--
-- Associations that are not as m2m makes them: triggers and rules that keep
-- rows away, links that stand there twice, constraints that ON CONFLICT does
-- not take, inheritance. What a call reports is what has happened
--
\set SHOW_CONTEXT never
CREATE SCHEMA general_path;
SET search_path = general_path, public;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 9);
INSERT INTO book SELECT generate_series(1, 9);
SELECT m2m_create('author', 'book');

-- A trigger that lets nobody link book 3, or unlink book 2, without a word
CREATE FUNCTION keep_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        RETURN CASE WHEN NEW.book_id <> 3 THEN NEW END;
    END IF;
    RETURN CASE WHEN OLD.book_id <> 2 THEN OLD END;
END
$$;
CREATE TRIGGER keep_off BEFORE INSERT OR DELETE ON author_book FOR EACH ROW EXECUTE FUNCTION keep_off();
SELECT m2m_link('author', 1, 'book', 3);
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2, 3]);
SELECT m2m_load('author', 'book', 'VALUES (1, 3), (1, 5)');
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[1, 3, 4]);
SELECT m2m_count('author', 1, 'book');
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[3]);
SELECT * FROM m2m_set('author', 7, 'book', ARRAY[3]);
TABLE author_book;
-- linked now?
SELECT m2m_toggle('author', 1, 'book', 3), m2m_toggle('author', 1, 'book', 2), m2m_toggle('author', 1, 'book', 1), m2m_toggle('author', 1, 'book', 1);
SELECT m2m_unlink('author', 1, 'book', 2), m2m_unlink('author', 1, 'book', ARRAY[1, 2]), m2m_clear('author', 1, 'book');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2, 3, 3]), m2m_link('author', 1, 'book', 3), m2m_link('author', 1, 'book', 2);
SELECT m2m_toggle('author', 1, 'book', 3), m2m_toggle('author', 1, 'book', 2);
COMMIT;
TABLE author_book ORDER BY 1, 2;
ALTER TABLE author_book ADD COLUMN note text;
SELECT m2m_link('author', 1, 'book', ARRAY[2, 3, 4], properties => '{"note": "new"}');
TABLE author_book ORDER BY 1, 2;
DROP TRIGGER keep_off ON author_book;
-- and one that links another book than was asked for
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.book_id := 9;
    RETURN NEW;
END
$$;
CREATE TRIGGER instead BEFORE INSERT ON author_book FOR EACH ROW WHEN (NEW.book_id = 8) EXECUTE FUNCTION instead();
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[2, 8]);
DROP TABLE author_book CASCADE;

-- Links that stand there twice: m2m_set speaks of pairs, m2m_count of links
CREATE TABLE twice (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book);
INSERT INTO twice VALUES (1, 1), (1, 1), (1, 2), (2, 1), (2, 1);
SELECT m2m_adopt('twice');
SELECT m2m_count('author', 1, 'book');
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[1, 2]);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[1, 3]);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[3]);
SELECT m2m_count('author', 1, 'book'), m2m_count('author', 2, 'book'), m2m_clear('author', 2, 'book');
DROP TABLE twice CASCADE;

-- A deferrable constraint on the very columns of the primary key, which ON
-- CONFLICT would take for its own; and the reverse
CREATE TABLE beside (author_id int REFERENCES author, book_id int REFERENCES book,
    PRIMARY KEY (author_id, book_id), UNIQUE (book_id, author_id) DEFERRABLE);
SELECT m2m_adopt('beside');
CREATE TABLE reverse (author_id int REFERENCES author, book_id int REFERENCES book,
    PRIMARY KEY (author_id, book_id) DEFERRABLE INITIALLY DEFERRED, UNIQUE (book_id, author_id));
SELECT m2m_adopt('reverse', left_view => 'reverse_books', right_view => 'reverse_authors');
SELECT m2m_link('author', 1, 'book', 1, via), m2m_link('author', 1, 'book', ARRAY[1, 2, 2], via), m2m_link('author', 1, 'book', 2, via),
    m2m_load('author', 'book', 'VALUES (1, 2), (1, 3)', via), m2m_toggle('author', 1, 'book', 4, via), m2m_toggle('author', 1, 'book', 4, via)
FROM (VALUES ('beside'), ('reverse')) v (via);
SELECT via, s.* FROM (VALUES ('beside'), ('reverse')) v (via), LATERAL m2m_set('author', 1, 'book', ARRAY[3, 4], via) s;
INSERT INTO author_books (author_id, id) VALUES (1, 4), (1, 5) RETURNING *;
INSERT INTO author_books (author_id, id) SELECT 1, n FROM generate_series(5, 7) n;
UPDATE author_books SET id = 9 WHERE author_id = 1 AND id = 3;
UPDATE author_books SET id = 9 WHERE author_id = 1 AND id = 4;
\echo :SQLSTATE
COPY author_books (author_id, id) FROM stdin;
1	7
1	8
\.
TABLE beside ORDER BY 1, 2;
-- an index keeps these links unique: nothing to complain of
SELECT * FROM m2m_check('beside') UNION ALL SELECT * FROM m2m_check('reverse');
-- without the constraint ON CONFLICT serves again
ALTER TABLE beside DROP CONSTRAINT beside_book_id_author_id_key;
SELECT m2m_link('author', 1, 'book', ARRAY[7, 8, 9, 1], 'beside');
DROP TABLE beside, reverse CASCADE;

-- Rules: what they do is done, and PostgreSQL's ON CONFLICT is not for them
SELECT m2m_create('author', 'book');
CREATE TABLE log (what text, author_id int, book_id int);
CREATE RULE log_insert AS ON INSERT TO author_book DO ALSO INSERT INTO log VALUES ('linked', NEW.author_id, NEW.book_id);
CREATE RULE log_delete AS ON DELETE TO author_book DO ALSO INSERT INTO log VALUES ('unlinked', OLD.author_id, OLD.book_id);
SELECT m2m_link('author', 1, 'book', 1), m2m_link('author', 1, 'book', ARRAY[1, 2, 2]), m2m_link('author', 1, 'book', 2),
    m2m_load('author', 'book', 'VALUES (1, 2), (1, 3)'), m2m_toggle('author', 1, 'book', 4), m2m_unlink('author', 1, 'book', ARRAY[3, 5]);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[1, 2, 5, 6]);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[1, 2, 5, 6]);
INSERT INTO author_books (author_id, id) SELECT 2, n FROM generate_series(1, 2) n;
TABLE author_book ORDER BY 1, 2;
SELECT what, author_id, book_id FROM log GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
DROP RULE log_delete ON author_book;
-- this one keeps them away
CREATE OR REPLACE RULE log_insert AS ON INSERT TO author_book DO INSTEAD NOTHING;
SELECT m2m_link('author', 3, 'book', 1), m2m_link('author', 3, 'book', ARRAY[1, 2]), m2m_toggle('author', 3, 'book', 1);
SELECT * FROM m2m_set('author', 3, 'book', ARRAY[1, 2]);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[1, 3]);
SELECT count(*) FROM author_book WHERE author_id = 3;
DROP TABLE author_book CASCADE;

-- A child of the association holds links too: they are read, found linked, and
-- unlinked
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', 1, 'book', 9);
CREATE TABLE author_book_archive () INHERITS (author_book);
INSERT INTO author_book_archive VALUES (1, 1), (1, 2), (2, 1);
SELECT m2m_linked('author', 1, 'book', 1), m2m_count('author', 1, 'book');
SELECT m2m_link('author', 1, 'book', 1), m2m_link('author', 1, 'book', ARRAY[1, 2, 3]), m2m_load('author', 'book', 'VALUES (1, 1), (1, 4)');
INSERT INTO author_books (author_id, id) VALUES (1, 1) RETURNING *;
INSERT INTO author_books (author_id, id) SELECT 1, n FROM generate_series(1, 5) n;
UPDATE author_books SET id = 1 WHERE author_id = 1 AND id = 3;
\echo :SQLSTATE
SELECT tableoid::regclass, * FROM author_book ORDER BY author_id, book_id;
SELECT m2m_toggle('author', 2, 'book', 1), m2m_toggle('author', 2, 'book', 1);
SELECT m2m_unlink('author', 1, 'book', ARRAY[2, 3]);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[1, 5, 6]);
SELECT m2m_clear('author', 1, 'book');
SELECT tableoid::regclass, * FROM author_book ORDER BY author_id, book_id;
DROP TABLE author_book CASCADE;

-- A trigger may do things by which all plans are made anew, and link: the call
-- that has set it off is still executing the one for these properties
SELECT m2m_create('author', 'book');
ALTER TABLE author_book ADD note text;
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.book_id IN (3, 4) THEN
        EXECUTE format('CREATE OPERATOR %s (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)', repeat('=', NEW.book_id));
        PERFORM m2m_link('author', NEW.author_id, 'book', NEW.book_id + 1, properties => '{"note": "follows"}');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER follow AFTER INSERT ON author_book FOR EACH ROW EXECUTE FUNCTION follow();
SELECT m2m_link('author', 1, 'book', 1, properties => '{"note": "first"}');
SELECT m2m_link('author', 1, 'book', ARRAY[1, 3, 6], properties => '{"note": "given"}');
SELECT * FROM author_book ORDER BY author_id, book_id;

SET client_min_messages = warning;
DROP SCHEMA general_path CASCADE;
