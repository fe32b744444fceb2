--
-- Rows that are marked instead of deleted: which of them are links, what
-- unlinking and linking again do to them, and how that follows the table. If
-- this fails, what was unlinked shows, or what was to be kept is deleted
--
\set SHOW_CONTEXT never
CREATE SCHEMA soft;
SET search_path = soft, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
CREATE FUNCTION condition_of(view regclass) RETURNS text LANGUAGE sql AS
    $$SELECT regexp_replace(regexp_replace(pg_get_viewdef(view), '.*WHERE', ''), '\ml\.', '', 'g')$$;
INSERT INTO author SELECT g, 'author ' || g FROM generate_series(1, 5) g;
INSERT INTO book SELECT g, 'book ' || g FROM generate_series(1, 5) g;

-- A pair is unique among rows that are not deleted: one of two words is asked for
CREATE TABLE byline (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author ON DELETE CASCADE,
    book_id int NOT NULL REFERENCES book ON DELETE CASCADE, note text DEFAULT 'new', deleted_at timestamptz);
CREATE UNIQUE INDEX byline_live ON byline (author_id, book_id) WHERE deleted_at IS NULL;
CREATE INDEX ON byline (book_id);
INSERT INTO byline (author_id, book_id, note, deleted_at) VALUES (1, 1, 'gone', '2020-01-01'), (1, 2, 'here', NULL);
SELECT m2m_adopt('byline');
\echo :SQLSTATE
SELECT m2m_adopt('byline', deleted => 'removed_at');
\echo :SQLSTATE
SELECT m2m_adopt('byline', deleted => 'note');
\echo :SQLSTATE
SELECT m2m_adopt('byline', deleted => 'book_id');
\echo :SQLSTATE
BEGIN;
ALTER TABLE byline ADD gone boolean GENERATED ALWAYS AS (deleted_at IS NOT NULL) STORED, ADD made timestamptz NOT NULL DEFAULT now();
SAVEPOINT s;
SELECT m2m_adopt('byline', deleted => 'gone');
ROLLBACK TO s;
SELECT m2m_adopt('byline', deleted => 'made');
ROLLBACK;
BEGIN;
SELECT m2m_adopt('byline', deleted => '');
SELECT identity, condition, properties FROM m2m_relationships() WHERE association = 'byline'::regclass;
SELECT m2m_linked('author', 1, 'book', 1);
DROP VIEW author_books;
SELECT finding FROM m2m_repair('byline') WHERE finding NOT LIKE 'no index%';
SELECT * FROM author_books;
ROLLBACK;
SELECT m2m_adopt('byline', deleted => 'deleted_at');
SELECT identity, condition, properties FROM m2m_relationships() WHERE association = 'byline'::regclass;
SELECT * FROM author_books;
SELECT * FROM book_authors;
SELECT a.id, b.* FROM author a, author_books(a) b;
SELECT condition_of('author_books'), encode(tgargs, 'escape') AS arguments FROM pg_trigger WHERE tgrelid = 'author_books'::regclass AND tgname = 'm2m_link_view';
SELECT * FROM m2m_check('byline');

-- What was unlinked stays, as many times as it was
CREATE VIEW rows AS SELECT id, author_id AS author, book_id AS book, note, CASE WHEN deleted_at > now() - '1 hour'::interval THEN 'now' ELSE deleted_at::text END AS deleted
    FROM byline ORDER BY id;
BEGIN;
SELECT m2m_linked('author', 1, 'book', 1), m2m_linked('author', 1, 'book', 2), m2m_count('author', 1, 'book');
SELECT m2m_link('author', 1, 'book', 1), m2m_link('author', 1, 'book', 1) AS again, m2m_link('author', 1, 'book', ARRAY[1, 2, 3, 3]) AS several;
SELECT m2m_unlink('author', 1, 'book', 1), m2m_unlink('author', 1, 'book', 1) AS again, m2m_unlink('author', 1, 'book', ARRAY[1, 3]) AS several;
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[3, 4]);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[3, 2]);
SELECT m2m_toggle('author', 1, 'book', 5), m2m_toggle('author', 1, 'book', 5) AS off, m2m_toggle('author', 1, 'book', 5) AS again;
SELECT m2m_link('author', ARRAY[1, 1], 'book', ARRAY[1, 2], properties => '{"note": "given"}');
SELECT m2m_clear('author', 1, 'book'), m2m_clear('author', ARRAY[1, 2], 'book') AS none;
SELECT m2m_load('author', 'book', 'VALUES (2, 1), (2, 1), (2, 2)');
SELECT * FROM rows;
-- it is no property
SAVEPOINT s;
SELECT m2m_link('author', 3, 'book', 1, properties => '{"deleted_at": null}');
ROLLBACK;
BEGIN;
INSERT INTO author_books (author_id, id) VALUES (1, 1), (1, 2), (2, 1) RETURNING *;
INSERT INTO author_books (author_id, id, note) VALUES (1, 1, 'other') RETURNING *;
INSERT INTO author_books (author_id, id, title) VALUES (1, 6, 'made') RETURNING *;
DELETE FROM book_authors WHERE book_id = 6 RETURNING *;
DELETE FROM author_books WHERE id = 1;
UPDATE author_books SET note = 'mine' WHERE id = 2 RETURNING *;
-- another pair is another row
UPDATE author_books SET id = 3 WHERE author_id = 1 AND id = 2 RETURNING *;
UPDATE author_books SET author_id = 2, note = NULL WHERE author_id = 1 AND id = 3 RETURNING *;
INSERT INTO author_books (author_id, id) VALUES (2, 4);
SAVEPOINT s;
UPDATE author_books SET id = 4 WHERE author_id = 2 AND id = 3;
ROLLBACK TO s;
UPDATE author_books v SET id = 5 FROM generate_series(1, 2) WHERE v.id = 4 RETURNING author_id, id;
COPY author_books (author_id, id) FROM stdin;
3	1
3	2
3	1
\.
SELECT * FROM rows;
-- with a row of an endpoint they go
DELETE FROM book WHERE id IN (1, 2);
SELECT * FROM rows;
ROLLBACK;

-- A trigger that keeps a row as it is
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN CASE WHEN OLD.book_id = 2 THEN NULL ELSE NEW END; END$$;
CREATE TRIGGER keep BEFORE UPDATE ON byline FOR EACH ROW EXECUTE FUNCTION keep();
BEGIN;
SELECT m2m_unlink('author', 1, 'book', 2), m2m_toggle('author', 1, 'book', 2) AS kept;
DELETE FROM author_books WHERE id = 2;
UPDATE author_books SET id = 3 WHERE id = 2;
SELECT * FROM m2m_set('author', 1, 'book', '{}');
SELECT * FROM rows;
ROLLBACK;
DROP TRIGGER keep ON byline;

-- The condition follows the table
DROP VIEW rows;
BEGIN;
ALTER TABLE byline RENAME deleted_at TO "Gone ""at""";
SELECT condition, left_function, right_function FROM m2m_relationships() WHERE association = 'byline'::regclass;
SELECT condition_of('author_books'), prosrc FROM pg_proc WHERE oid = 'author_books(author)'::regprocedure;
SELECT m2m_unlink('author', 1, 'book', 2), m2m_link('author', 1, 'book', 1);
ALTER TABLE byline ALTER "Gone ""at""" TYPE date;
SELECT m2m_unlink('author', 1, 'book', 1), m2m_link('author', 1, 'book', 2), m2m_count('author', 1, 'book');
DROP INDEX byline_live;
ALTER TABLE byline ALTER "Gone ""at""" TYPE boolean USING "Gone ""at""" IS NOT NULL;
SELECT condition, left_function, right_function FROM m2m_relationships() WHERE association = 'byline'::regclass;
SELECT m2m_unlink('author', 1, 'book', 2), m2m_link('author', 1, 'book', 1), m2m_count('author', 1, 'book');
ALTER TABLE byline ALTER "Gone ""at""" SET NOT NULL;
SELECT condition, left_function, right_function FROM m2m_relationships() WHERE association = 'byline'::regclass;
SELECT m2m_unlink('author', 1, 'book', 1), m2m_link('author', 1, 'book', 2), m2m_count('author', 1, 'book');
SELECT * FROM author_books;
SELECT finding FROM m2m_check('byline');
ALTER TABLE byline ALTER "Gone ""at""" TYPE text;
SELECT finding FROM m2m_check('byline');
ROLLBACK;
-- other things around it
BEGIN;
ALTER TABLE book ALTER title TYPE varchar(50), ADD year int;
ALTER TABLE byline ADD page int;
ALTER TABLE byline ALTER author_id DROP NOT NULL;
SELECT condition_of('author_books');
SELECT condition, left_function, right_function FROM m2m_relationships() WHERE association = 'byline'::regclass;
SELECT * FROM m2m_check('byline');
ROLLBACK;
-- at rest, and whole again
BEGIN;
ALTER TABLE byline DROP CONSTRAINT byline_book_id_fkey;
ALTER TABLE book RENAME TO old_book;
DROP TABLE old_book;
SELECT condition_of('book_authors'), condition_of('author_books') AS resting, count(*) FROM author_books;
CREATE TABLE book (id int PRIMARY KEY, title text);
INSERT INTO book VALUES (1, 'one'), (2, 'two');
ALTER TABLE byline ADD FOREIGN KEY (book_id) REFERENCES book;
SELECT * FROM author_books;
SELECT m2m_unlink('author', 1, 'book', 2), m2m_count('author', 1, 'book'), (SELECT count(*) FROM byline);
SELECT * FROM m2m_check('byline');
ROLLBACK;
-- the column goes: nothing says any more what was unlinked
BEGIN;
ALTER TABLE byline DROP COLUMN deleted_at;
SELECT identity, condition, left_function, right_function FROM m2m_relationships() WHERE association = 'byline'::regclass;
SELECT * FROM author_books ORDER BY id;
SELECT m2m_unlink('author', 1, 'book', 2), (SELECT count(*) FROM byline);
ROLLBACK;

-- A view that is lost, one that has lost the condition, one of the user's own
BEGIN;
DROP VIEW author_books;
SAVEPOINT s;
SELECT m2m_adopt('byline', deleted => '');
ROLLBACK TO s;
SELECT finding FROM m2m_repair('byline');
SELECT * FROM author_books;
SELECT * FROM m2m_check('byline');
ROLLBACK;
BEGIN;
CREATE OR REPLACE VIEW author_books WITH (security_invoker) AS SELECT l.author_id, r.id, r.title, l.id AS link_id, l.note
    FROM byline l JOIN book r ON r.id = l.book_id;
DELETE FROM author_books;
SELECT condition, (SELECT count(*) FROM byline WHERE deleted_at IS NULL) FROM m2m_relationships() WHERE association = 'byline'::regclass;
SELECT finding FROM m2m_repair('byline');
SELECT * FROM author_books;
SELECT * FROM m2m_check('byline');
ROLLBACK;
BEGIN;
CREATE OR REPLACE VIEW author_books WITH (security_invoker) AS SELECT l.author_id, r.id, r.title, l.id AS link_id, l.note, l.deleted_at
    FROM byline l JOIN book r ON r.id = l.book_id WHERE l.deleted_at IS NULL;
SAVEPOINT s;
INSERT INTO author_books (author_id, id, deleted_at) VALUES (1, 3, now());
ROLLBACK TO s;
UPDATE author_books SET deleted_at = now();
ROLLBACK;
-- without m2m's word for it a condition is its owner's own
CREATE TABLE plain (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, deleted_at date, PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('plain', left_view => 'plain_books', right_view => 'plain_authors');
CREATE OR REPLACE VIEW plain_books WITH (security_invoker) AS SELECT l.author_id, r.id, r.title, l.deleted_at
    FROM plain l JOIN book r ON r.id = l.book_id WHERE l.deleted_at IS NULL;
SELECT m2m_link('author', 1, 'book', 1, 'plain'), m2m_unlink('author', 1, 'book', 1, 'plain'), condition, (SELECT count(*) FROM plain)
    FROM m2m_relationships() WHERE association = 'plain'::regclass;
SELECT * FROM m2m_check('plain') WHERE finding NOT LIKE 'no index%';
SELECT m2m_drop('plain');
DROP TABLE plain;

-- Given up, and taken back by what is left over
BEGIN;
SET client_min_messages = warning;
DROP EXTENSION m2m;
CREATE EXTENSION m2m;
RESET client_min_messages;
SELECT m2m_adopt('byline');
SELECT condition, left_view, right_view, left_function, right_function FROM m2m_relationships() WHERE association = 'byline'::regclass;
SELECT m2m_unlink('author', 1, 'book', 2), (SELECT count(*) FROM byline);
ROLLBACK;
SELECT m2m_drop('byline');
SELECT count(*) FROM byline;
SELECT count(*) FROM pg_proc WHERE proname = 'author_books';

-- One row of a pair: linking again is that row, and makes it as a new one
DROP TABLE byline;
CREATE TABLE member (author_id int REFERENCES author ON DELETE CASCADE, book_id int REFERENCES book ON DELETE CASCADE,
    note text DEFAULT 'new', shout text GENERATED ALWAYS AS (upper(note)) STORED, number int GENERATED ALWAYS AS IDENTITY UNIQUE,
    since timestamptz DEFAULT now(), is_deleted boolean NOT NULL DEFAULT true, PRIMARY KEY (author_id, book_id));
CREATE INDEX ON member (book_id, author_id);
INSERT INTO member (author_id, book_id, note, since, is_deleted) VALUES (1, 1, 'gone', '2020-01-01', true), (1, 2, 'here', '2020-01-01', false);
SELECT m2m_adopt('member', deleted => 'is_deleted');
CREATE VIEW rows AS SELECT author_id, book_id, note, shout, number, extract(year FROM since) = 2020 AS old, is_deleted FROM member ORDER BY 1, 2;
SELECT identity, condition, properties FROM m2m_relationships() WHERE association = 'member'::regclass;
BEGIN;
SELECT m2m_linked('author', 1, 'book', 1), m2m_count('author', 1, 'book'), m2m_link('author', 1, 'book', ARRAY[1, 2, 3, 1]);
SELECT * FROM rows;
SELECT m2m_unlink('author', 1, 'book', 1), m2m_link('author', 1, 'book', 1), m2m_link('author', 1, 'book', 1) AS again;
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[2, 4]);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[1, 2]);
SELECT m2m_toggle('author', 1, 'book', 1), m2m_toggle('author', 1, 'book', 1) AS again;
SELECT m2m_clear('author', 1, 'book'), m2m_load('author', 'book', 'VALUES (1, 1), (1, 1), (1, 5)');
SELECT m2m_link('author', ARRAY[1, 1], 'book', ARRAY[1, 2], properties => '{"note": "given"}');
SELECT * FROM rows;
ROLLBACK;
BEGIN;
INSERT INTO author_books (author_id, id, note) VALUES (1, 1, 'by view') RETURNING author_id, id, note, shout;
DELETE FROM author_books WHERE id = 1;
INSERT INTO author_books (author_id, id) VALUES (1, 1), (1, 2) RETURNING author_id, id, note, shout;
UPDATE author_books SET id = 4, note = NULL WHERE id = 1 RETURNING author_id, id, note, shout;
UPDATE author_books SET id = 1 WHERE id = 4 RETURNING author_id, id, note, shout;
SAVEPOINT s;
UPDATE author_books SET id = 2 WHERE id = 1;
ROLLBACK TO s;
DELETE FROM author_books;
COPY author_books (author_id, id) FROM stdin;
1	1
1	2
1	1
\.
SELECT * FROM rows;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT m2m_link('author', 1, 'book', 1), m2m_link('author', ARRAY[1, 1, 1], 'book', ARRAY[1, 2, 3]) AS several;
ROLLBACK;
-- who may only insert may not
CREATE ROLE m2m_soft_inserter;
GRANT USAGE ON SCHEMA soft TO m2m_soft_inserter;
GRANT SELECT, INSERT ON member TO m2m_soft_inserter;
GRANT SELECT ON author, book TO m2m_soft_inserter;
SET ROLE m2m_soft_inserter;
SELECT m2m_linked('author', 1, 'book', 1), m2m_count('author', 1, 'book');
SELECT m2m_link('author', 1, 'book', 1);
SELECT m2m_unlink('author', 1, 'book', 2);
RESET ROLE;
GRANT UPDATE ON member TO m2m_soft_inserter;
SET ROLE m2m_soft_inserter;
SELECT m2m_link('author', 1, 'book', 1), m2m_unlink('author', 1, 'book', 2);
RESET ROLE;
SELECT m2m_drop('member');
DROP TABLE member CASCADE;
DROP OWNED BY m2m_soft_inserter;
DROP ROLE m2m_soft_inserter;

-- The same where ON CONFLICT is not to be had
CREATE TABLE member (author_id int REFERENCES author ON DELETE CASCADE, book_id int REFERENCES book ON DELETE CASCADE,
    note text DEFAULT 'new', must text NOT NULL DEFAULT 'must', deleted_on date, UNIQUE (author_id, book_id) DEFERRABLE);
INSERT INTO member VALUES (1, 1, 'gone', 'x', '2020-01-01'), (1, 2, 'here', 'x', NULL);
SELECT m2m_adopt('member', deleted => 'deleted_on', left_view => 'books', right_view => 'authors');
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2, 3, 1]), m2m_unlink('author', 1, 'book', 1), m2m_link('author', 1, 'book', 1);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[2, 4]);
SELECT * FROM m2m_set('author', 1, 'book', ARRAY[1, 2]);
SELECT m2m_clear('author', 1, 'book'), m2m_link('author', 1, 'book', ARRAY[1, 5], properties => '{"note": "given"}');
SELECT author_id, book_id, note, must, deleted_on IS NULL AS linked FROM member ORDER BY 1, 2;
SELECT m2m_drop('member');
DROP TABLE member;

-- Nor an index to be found
CREATE TABLE member (author_id int NOT NULL REFERENCES author ON DELETE CASCADE, book_id int NOT NULL REFERENCES book ON DELETE CASCADE, deleted boolean);
INSERT INTO member VALUES (1, 1, true), (1, 1, false), (1, 1, false), (1, 2, NULL), (1, 1, true);
SELECT m2m_adopt('member', deleted => 'deleted', left_view => 'books', right_view => 'authors');
SELECT condition, m2m_link('author', 1, 'book', 1), m2m_link('author', 1, 'book', 3), m2m_count('author', 1, 'book')
    FROM m2m_relationships() WHERE association = 'member'::regclass;
SELECT severity, finding, remedy FROM m2m_check('member');
SELECT finding FROM m2m_repair('member');
SELECT * FROM member ORDER BY 1, 2, 3;
SELECT * FROM m2m_check('member');
\d member
SELECT m2m_unlink('author', 1, 'book', 1), m2m_link('author', 1, 'book', 1), m2m_unlink('author', 1, 'book', 1);
SELECT * FROM member ORDER BY 1, 2, 3;
SELECT m2m_drop('member');
DROP TABLE member;

-- Other forms of the condition; the flag in a key
CREATE TABLE member (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, deleted boolean NOT NULL);
CREATE FUNCTION adopt(index text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE 'CREATE UNIQUE INDEX ON member ' || index;
    BEGIN
        PERFORM m2m_adopt('member', left_view => 'books', right_view => 'authors');
        RAISE EXCEPTION USING errcode = 'R0001', message = (SELECT 'adopted, ' || identity::text FROM m2m_relationships() WHERE association = 'member'::regclass);
    EXCEPTION WHEN ambiguous_parameter OR SQLSTATE 'R0001' THEN
        result := CASE SQLSTATE WHEN '42P08' THEN 'refused' ELSE SQLERRM END;
    END;
    PERFORM m2m_adopt('member', deleted => 'deleted', left_view => 'books', right_view => 'authors');
    result := concat_ws(', ', result, m2m_link('author', 1, 'book', 1), m2m_link('author', 1, 'book', 1), m2m_unlink('author', 1, 'book', 1),
        m2m_link('author', 1, 'book', ARRAY[1, 2]), m2m_unlink('author', 1, 'book', 1), m2m_link('author', 1, 'book', ARRAY[1, 2]));
    RAISE EXCEPTION USING errcode = 'R0001', message = (SELECT concat_ws(', ', result, identity, condition, m2m_count('author', 1, 'book')
        || ' of ' || (SELECT count(*) FROM member)) FROM m2m_relationships() WHERE association = 'member'::regclass);
EXCEPTION WHEN SQLSTATE 'R0001' OR unique_violation THEN
    RETURN concat_ws(', ', CASE SQLSTATE WHEN 'R0001' THEN NULL ELSE result END, SQLERRM);
END$$;
SELECT adopt('(author_id, book_id) WHERE NOT deleted');
SELECT adopt('(book_id, author_id) WHERE deleted = false');
SELECT adopt('(author_id, book_id) WHERE deleted <> true');
SELECT adopt('(author_id, book_id) WHERE deleted IS FALSE');
SELECT adopt('(author_id, book_id) WHERE deleted IS NOT TRUE');
SELECT adopt('(author_id, book_id) WHERE deleted');
SELECT adopt('(author_id, book_id) WHERE NOT deleted AND author_id > 0');
SELECT adopt('(author_id, book_id, deleted)');
SELECT adopt('(author_id, book_id)');
SELECT adopt('(author_id) WHERE NOT deleted AND false');
ALTER TABLE member ADD job text NOT NULL DEFAULT 'any', ALTER deleted DROP NOT NULL;
SELECT adopt('(author_id, book_id) WHERE NOT deleted');
SELECT adopt('(author_id, book_id) WHERE deleted IS NOT TRUE');
SELECT adopt('(author_id, book_id, job) WHERE deleted IS NOT TRUE');
SELECT adopt('(author_id, book_id, job)');
DROP TABLE member;
DROP FUNCTION adopt;

-- A key wider than the pair, over all rows
CREATE TABLE credit (author_id int REFERENCES author ON DELETE CASCADE, book_id int REFERENCES book ON DELETE CASCADE, job text, note text DEFAULT 'new',
    deleted_at timestamp, PRIMARY KEY (author_id, book_id, job));
INSERT INTO credit VALUES (1, 1, 'writer', 'gone', '2020-01-01'), (1, 1, 'editor', 'here', NULL);
SELECT m2m_adopt('credit', deleted => 'deleted_at', left_view => 'books', right_view => 'authors');
CREATE OR REPLACE VIEW rows AS SELECT author_id, book_id, job, note, deleted_at IS NULL AS linked FROM credit ORDER BY 1, 2, 3;
SELECT identity, condition FROM m2m_relationships() WHERE association = 'credit'::regclass;
BEGIN;
SELECT m2m_link('author', 1, 'book', 1, properties => '{"job": "writer"}'), m2m_link('author', 1, 'book', 1, properties => '{"job": "writer", "note": "given"}') AS again;
SELECT m2m_unlink('author', 1, 'book', 1), m2m_linked('author', 1, 'book', 1), m2m_link('author', 1, 'book', ARRAY[1, 2], properties => '{"job": "editor"}');
SELECT * FROM rows;
ROLLBACK;
BEGIN;
INSERT INTO books (author_id, id, job) VALUES (1, 1, 'writer'), (1, 1, 'editor'), (1, 1, 'reader') RETURNING *;
DELETE FROM authors WHERE job = 'editor' RETURNING *;
UPDATE books SET id = 2 WHERE job = 'writer' RETURNING *;
UPDATE books SET id = 1 WHERE job = 'writer' RETURNING *;
UPDATE books SET job = 'printer' WHERE job = 'reader' RETURNING *;
SELECT * FROM rows;
ROLLBACK;
DROP VIEW rows;
SELECT m2m_drop('credit');
DROP TABLE credit;

-- Each key unique only among links, beside a number of the row
CREATE TABLE credit (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book,
    job text NOT NULL, note text, deleted_at timestamp);
CREATE UNIQUE INDEX ON credit (author_id, book_id, job) INCLUDE (note) WHERE deleted_at IS NULL;
SELECT m2m_adopt('credit', left_view => 'books', right_view => 'authors');
SELECT m2m_adopt('credit', deleted => 'deleted_at', left_view => 'books', right_view => 'authors');
SELECT identity, condition, properties FROM m2m_relationships() WHERE association = 'credit'::regclass;
INSERT INTO books (author_id, id, job, note) VALUES (1, 1, 'writer', 'a'), (1, 1, 'writer', 'b'), (1, 1, 'editor', 'c');
UPDATE books SET id = 2 WHERE job = 'writer' RETURNING author_id, id, job, note;
DELETE FROM books WHERE job = 'editor';
SELECT m2m_link('author', 1, 'book', 1, properties => '{"job": "editor"}'), m2m_count('author', 1, 'book');
SELECT author_id, book_id, job, note, deleted_at IS NULL AS linked FROM credit ORDER BY 1, 2, 3, 5;
SELECT m2m_drop('credit');
-- No key, and a trigger that might make another link of one: what was unlinked is not there
CREATE TABLE seen (author_id int NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book, note text, deleted_at timestamp);
CREATE FUNCTION as_it_is() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER as_it_is BEFORE INSERT ON seen FOR EACH ROW EXECUTE FUNCTION as_it_is();
SELECT m2m_adopt('seen', deleted => 'deleted_at', left_view => 'seen_books', right_view => 'seen_authors');
SELECT m2m_link('author', 1, 'book', 1, 'seen', properties => '{"note": "n"}'), m2m_unlink('author', 1, 'book', 1, 'seen');
SELECT m2m_link('author', 1, 'book', 1, 'seen', properties => '{"note": "n"}');
SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS links, count(*) FROM seen;
SET client_min_messages = warning;
DROP SCHEMA soft CASCADE;
