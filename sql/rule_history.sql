--
-- History: each link has been made and removed as the history says, whoever
-- wrote it and by whatever path; links as of a moment
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_history;
SET search_path = rule_history, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 300) i;
INSERT INTO book SELECT i, 'b' || i FROM generate_series(1, 300) i;
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]);
SELECT m2m_history('author_book');
SELECT rule, kind, role, replace(definition, 'public.', '') AS definition, tables, whole FROM m2m_rules('author_book');
SELECT tgname, regexp_replace(pg_get_triggerdef(oid, true), 'since=[^'']*', 'since=...') AS triggerdef FROM pg_trigger
	WHERE tgrelid IN ('author_book'::regclass, 'author_book_history'::regclass) AND NOT tgisinternal ORDER BY 1;
SELECT attname, atttypid::regtype, attnotnull FROM pg_attribute WHERE attrelid = 'author_book_history'::regclass AND attnum > 0 ORDER BY attnum;
SELECT indexdef FROM pg_indexes WHERE tablename = 'author_book_history' ORDER BY 1;
SELECT author_id, book_id, properties, upper_inf(during) AS open, from_xid IS NOT NULL AS from_xid, to_xid, linked_by FROM author_book_history ORDER BY 1, 2;

-- it is no join table that anybody has left there
SELECT * FROM m2m_candidates('rule_history');

-- A log of what happens, by which the history is judged: the links at the end
-- of each transaction, by its id
CREATE TABLE log (xid xid8, author_id int, book_id int);
CREATE PROCEDURE note() LANGUAGE sql AS
	$$ INSERT INTO log SELECT pg_current_xact_id(), author_id, book_id FROM author_book $$;
CREATE VIEW wrong AS
	WITH x AS (SELECT DISTINCT xid FROM log),
	h AS (SELECT x.xid, author_id, book_id FROM x JOIN author_book_history h ON h.from_xid <= x.xid AND (h.to_xid IS NULL OR h.to_xid > x.xid))
	(TABLE h EXCEPT ALL TABLE log) UNION ALL (TABLE log EXCEPT ALL TABLE h);
CREATE PROCEDURE act(command text) LANGUAGE plpgsql AS $$
BEGIN
	FOR path IN 1..2 LOOP
		PERFORM set_config('m2m.direct_path', CASE path WHEN 1 THEN 'on' ELSE 'off' END, false);
		EXECUTE replace(command, '@', path::text);
		CALL note();
		COMMIT;
	END LOOP;
END
$$;
CALL act($$ SELECT m2m_link('author', 1, 'book', 2 + @) $$);
CALL act($$ SELECT m2m_link('author', 1@, 'book', ARRAY[1, 2, 3, 4, 3]) $$);
CALL act($$ SELECT m2m_unlink('author', 1@, 'book', ARRAY[1, 4, 9]), m2m_unlink('author', 1@, 'book', 2) $$);
CALL act($$ SELECT m2m_set('author', 1@, 'book', ARRAY[3, 5, 6]) $$);
CALL act($$ SELECT m2m_toggle('author', 1@, 'book', 3), m2m_toggle('author', 1@, 'book', 7) $$);
CALL act($$ SELECT m2m_load('author', 'book', 'SELECT 20 + @, i FROM generate_series(1, 150) i') $$);
CALL act($$ SELECT m2m_load('author', 'book', 'SELECT 24 + @, i FROM generate_series(1, 150) i', exclusive => true) $$);
CALL act($$ SELECT m2m_clear('author', ARRAY[21, 11], 'book'), m2m_clear('book', 3, 'author') $$);
CALL act($$ INSERT INTO author_book VALUES (30 + @, 1), (30 + @, 2) ON CONFLICT DO NOTHING $$);
CALL act($$ INSERT INTO author_book VALUES (30 + @, 1), (30 + @, 5) ON CONFLICT (author_id, book_id) DO UPDATE SET book_id = 200 + @ $$);
CALL act($$ MERGE INTO author_book l USING (VALUES (31, 2), (31, 5), (31, 8)) v (a, b) ON l.author_id = v.a AND l.book_id = v.b
	WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (a, b) $$);
CALL act($$ UPDATE author_book SET author_id = author_id + 30 WHERE author_id = 30 + @ $$);
CALL act($$ UPDATE author_book SET book_id = book_id $$);
CALL act($$ UPDATE author SET id = 300 + id WHERE id = 24 + @ $$);
CALL act($$ DELETE FROM book WHERE id > 100 AND id % 7 = @ $$);
CALL act($$ INSERT INTO author_books (author_id, id, title) VALUES (70 + @, 700 + @, 'by view') $$);
CALL act($$ UPDATE author_books SET author_id = 80 + @ WHERE author_id = 70 + @ $$);
CALL act($$ DELETE FROM author_books WHERE author_id = 80 + @ $$);
TABLE wrong;
-- made and removed in one transaction: as if it had not been; the other way round it is noted
SELECT count(*) FROM author_book_history WHERE author_id = 90;
BEGIN;
SELECT m2m_link('author', 90, 'book', ARRAY[2, 3]), m2m_unlink('author', 90, 'book', 2);
SAVEPOINT a;
SELECT m2m_link('author', 90, 'book', 10);
ROLLBACK TO a;
SELECT m2m_unlink('author', 1, 'book', 4), m2m_link('author', 1, 'book', 4), m2m_unlink('author', 1, 'book', 4), m2m_link('author', 1, 'book', 4);
CALL note();
COMMIT;
SELECT author_id, book_id, to_xid IS NULL AS open FROM author_book_history WHERE author_id = 90 OR (author_id = 1 AND book_id = 4) ORDER BY history_id;
TRUNCATE author_book;
CALL note();
INSERT INTO log SELECT pg_current_xact_id(), -1, -1 WHERE false;
TABLE wrong;
SELECT count(*) FROM author_book_history WHERE to_xid IS NULL OR upper_inf(during);
SELECT * FROM m2m_check('author_book');

-- Who: the session's role, whatever function or cascade it was; and the
-- application's user
CREATE ROLE rule_history_user;
GRANT USAGE ON SCHEMA rule_history TO rule_history_user;
GRANT SELECT, INSERT, DELETE ON author_book TO rule_history_user;
GRANT SELECT, DELETE ON author TO rule_history_user;
SET ROLE rule_history_user;
SET m2m.actor = 'alice';
SELECT m2m_link('author', 100, 'book', ARRAY[2, 3]);
INSERT INTO author_book VALUES (101, 2), (101, 3);
SET m2m.actor = 'bob';
SELECT m2m_unlink('author', 101, 'book', 2);
DELETE FROM author WHERE id = 100;
SELECT count(*) FROM author_book_history;
UPDATE author_book_history SET linked_by = 'me';
SELECT m2m_history('author_book');
SELECT * FROM m2m_at(NULL::book, 'author', 101, now());
RESET m2m.actor;
RESET ROLE;
SELECT author_id, book_id, linked_by, linked_actor, unlinked_by, unlinked_actor FROM author_book_history WHERE author_id IN (100, 101) ORDER BY 1, 2;

-- As of a moment, and back to it
TRUNCATE author_book;
SELECT m2m_link('author', 1, 'book', ARRAY[2, 3, 4]), m2m_link('author', 2, 'book', 2);
SELECT pg_sleep(0.01);
SELECT clock_timestamp() AS before \gset
SELECT pg_sleep(0.01);
SELECT m2m_set('author', 1, 'book', ARRAY[4, 5]), m2m_clear('author', 2, 'book');
DELETE FROM book WHERE id = 3;
SELECT * FROM m2m_at(NULL::book, 'author', 1, :'before');
SELECT * FROM m2m_at(NULL::book, 'author', '1', now());
SELECT * FROM m2m_at(NULL::author, 'book', 2, :'before');
SELECT * FROM m2m_at(NULL::author, 'book', 2, now());
SELECT a.id, b.title FROM author a, m2m_at(NULL::book, 'author', a.id, :'before') b WHERE a.id < 4;
-- before it began
\set VERBOSITY sqlstate
SELECT * FROM m2m_at(NULL::book, 'author', 1, '2001-01-01');
SELECT * FROM m2m_restore('author_book', '2001-01-01');
\set VERBOSITY default
SELECT * FROM m2m_at(1, 'author', 1, now());
SELECT * FROM m2m_at(NULL::book, 'author', NULL::int, now());
SELECT * FROM m2m_restore('author_book', :'before');
TABLE author_book ORDER BY 1, 2;
SELECT * FROM m2m_restore('author_book', :'before');
SELECT * FROM m2m_restore('author_book', NULL);
SELECT * FROM m2m_restore(4000000000::oid::regclass, now());
SELECT * FROM m2m_check('author_book');

-- Link properties, and links that only they tell apart
CREATE TABLE credit (author_id bigint REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE, book_id smallint REFERENCES book ON DELETE CASCADE,
	job text, n int DEFAULT 1, twice int GENERATED ALWAYS AS (n * 2) STORED);
SELECT m2m_adopt('credit', left_view => 'credits_of_author', right_view => 'credits_of_book');
SELECT m2m_history('credit');
INSERT INTO credit VALUES (1, 2, 'writer'), (1, 2, 'writer'), (1, 2, 'editor'), (1, NULL, 'x'), (2, 2, 'writer');
DELETE FROM credit WHERE ctid IN (SELECT min(ctid) FROM credit WHERE job = 'writer' AND author_id = 1);
UPDATE credit SET n = 2 WHERE job = 'editor';
UPDATE credit SET n = n;
UPDATE credit SET book_id = 4 WHERE book_id IS NULL;
SELECT author_id, book_id, properties, to_xid IS NULL AS open FROM credit_history ORDER BY history_id;
SELECT severity, finding FROM m2m_check('credit') WHERE finding LIKE 'history%';
SELECT m2m_restore('credit', now());
ALTER TABLE author_book ADD COLUMN note text, ADD COLUMN twice text GENERATED ALWAYS AS (note || note) STORED;
SELECT m2m_link('author', 7, 'book', 2, properties => '{"note": "old"}', via => 'author_book');
SELECT pg_sleep(0.01);
SELECT clock_timestamp() AS before \gset
SELECT pg_sleep(0.01);
SELECT m2m_link('author', 7, 'book', 2, properties => '{"note": "new"}', via => 'author_book'), m2m_link('author', 8, 'book', 2, via => 'author_book');
DELETE FROM author_book WHERE author_id = 1;
SELECT book_id, properties, to_xid IS NULL AS open FROM author_book_history WHERE author_id = 7 ORDER BY history_id;
SELECT * FROM m2m_restore('author_book', :'before');
SELECT author_id, book_id, note FROM author_book ORDER BY 1, 2;

-- What is amiss, and what mends it; OWNER TO; renames; off, with and without
ALTER TABLE author_book DISABLE TRIGGER ALL;
DELETE FROM author_book WHERE author_id = 7;
INSERT INTO author_book VALUES (9, 9);
ALTER TABLE author_book ENABLE TRIGGER ALL;
SELECT severity, finding, replace(remedy, 'public.', '') AS remedy FROM m2m_check('author_book');
SELECT finding FROM m2m_repair('author_book');
SELECT * FROM m2m_check('author_book');
SELECT author_id, book_id, to_xid IS NULL AS open, linked_by FROM author_book_history WHERE author_id IN (7, 9) ORDER BY history_id;
GRANT CREATE ON SCHEMA rule_history TO rule_history_user;
GRANT SELECT, UPDATE ON author, book TO rule_history_user;
ALTER TABLE author_book OWNER TO rule_history_user;
SELECT relowner::regrole FROM pg_class WHERE oid = 'author_book_history'::regclass;
ALTER TABLE author_book_history RENAME TO past;
ALTER TABLE author_book RENAME COLUMN book_id TO work_id;
SELECT m2m_link('author', 9, 'book', 10, via => 'author_book');
ALTER TABLE author_book RENAME COLUMN work_id TO book_id;
SELECT m2m_link('author', 9, 'book', 10, via => 'author_book'), m2m_unlink('author', 9, 'book', 10, via => 'author_book');
SELECT tables FROM m2m_rules('author_book');
DROP TABLE past;
SELECT m2m_drop_rule('author_book', 'm2m_history', keep => true);
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'm2m_history_links'::regproc AND tgrelid IN ('author_book'::regclass, 'past'::regclass);
ALTER TABLE past RENAME TO author_book_history;
SELECT count(*) FROM author_book_history WHERE to_xid IS NULL;
SELECT m2m_unlink('author', 9, 'book', 9, via => 'author_book');
SELECT m2m_history('author_book');
SELECT author_id, book_id, to_xid IS NULL AS open FROM author_book_history WHERE author_id = 9 ORDER BY history_id;
SELECT * FROM m2m_check('author_book');
-- a column that it lacks
ALTER TABLE author_book_history DROP COLUMN linked_by;
SELECT severity, finding, remedy FROM m2m_check('author_book');
SELECT finding FROM m2m_repair('author_book');
SELECT * FROM m2m_check('author_book');
BEGIN;
ALTER TABLE author_book_history DROP COLUMN during;
SELECT severity, finding, remedy FROM m2m_check('author_book');
ROLLBACK;
-- nobody looks where its owner may not
BEGIN;
CREATE SCHEMA closed;
ALTER TABLE author_book SET SCHEMA closed;
ALTER TABLE closed.author_book OWNER TO rule_history_user;
SELECT severity, finding, remedy FROM m2m_check('closed.author_book') WHERE finding LIKE 'links could%';
ROLLBACK;
-- A subscriber gets rows with their numbers, while its sequence stays where it was
SELECT max(history_id) AS n FROM author_book_history WHERE author_id = 9 AND book_id = 9 \gset
SELECT setval(pg_get_serial_sequence('author_book_history', 'history_id'), :n, false) IS NOT NULL AS behind;
SELECT severity, finding FROM m2m_check('author_book');
SELECT finding FROM m2m_repair('author_book');
SELECT * FROM m2m_check('author_book');
SELECT m2m_link('author', 9, 'book', 9, via => 'author_book');
DROP TABLE author_book;
SELECT count(*) > 10 AS kept, bool_or(EXISTS (SELECT FROM pg_trigger WHERE tgrelid = 'author_book_history'::regclass)) AS marked FROM author_book_history;
SELECT m2m_drop('credit');
SELECT to_regclass('credit_history'), to_regclass('credit');
DROP SCHEMA rule_history CASCADE;
DROP OWNED BY rule_history_user;
DROP ROLE rule_history_user;
