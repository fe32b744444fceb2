--
-- Counters: the number of links of each row, in a column and in slots, is
-- count(*) after whatever was written, by calls on both paths, views, plain SQL
-- and cascades
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_counter;
SET search_path = rule_counter, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text, author_count int);
INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 300) i;
INSERT INTO book SELECT i, 'b' || i, 77 FROM generate_series(1, 300) i;
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2, 3]);

-- over links that are there: a column that is added, one that was there, and
-- both in slots, of a copy that is written alike
CREATE TABLE twin (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('twin', left_view => 'twins_of_author', right_view => 'twins_of_book');
SELECT m2m_counter('author_book', 'author', counter => 'book_count'), m2m_counter('author_book', 'book', counter => 'author_count');
SELECT m2m_counter('twin', 'author'), m2m_counter('twin', 'book');
SELECT rule, kind, role, definition, tables, whole FROM m2m_rules() WHERE relationship IN ('author_book'::regclass, 'twin'::regclass) ORDER BY relationship, rule;
SELECT id, book_count FROM author WHERE book_count > 0;
SELECT id, author_count FROM book WHERE author_count > 0 ORDER BY 1;
SELECT DISTINCT author_count FROM book WHERE id > 3;
\d author
\d twin_author_counter

-- counters that are wrong
CREATE VIEW drift AS
	SELECT 'author' AS of, a.id, a.book_count AS counter, (SELECT count(*) FROM author_book l WHERE l.author_id = a.id) AS links
	FROM author a WHERE a.book_count IS DISTINCT FROM (SELECT count(*) FROM author_book l WHERE l.author_id = a.id)
	UNION ALL
	SELECT 'book', b.id, b.author_count, (SELECT count(*) FROM author_book l WHERE l.book_id = b.id)
	FROM book b WHERE b.author_count IS DISTINCT FROM (SELECT count(*) FROM author_book l WHERE l.book_id = b.id)
	UNION ALL
	SELECT 'slots of author', author_id, c.n, coalesce(l.n, 0)
	FROM (SELECT author_id, sum(n) AS n FROM twin_author_counter GROUP BY 1) c
	FULL JOIN (SELECT author_id, count(*) AS n FROM twin GROUP BY 1) l USING (author_id) WHERE c.n IS DISTINCT FROM coalesce(l.n, 0)
	UNION ALL
	SELECT 'slots of book', book_id, c.n, coalesce(l.n, 0)
	FROM (SELECT book_id, sum(n) AS n FROM twin_book_counter GROUP BY 1) c
	FULL JOIN (SELECT book_id, count(*) AS n FROM twin GROUP BY 1) l USING (book_id) WHERE c.n IS DISTINCT FROM coalesce(l.n, 0);
-- runs a command on both relationships ("author_book", as via and as a table),
-- first by one path and undone, then by the other; what drifts, or differs?
CREATE FUNCTION check_both(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text[];
	one text;
	wrong text;
	n int;
BEGIN
	FOR path IN 1..2 LOOP
		BEGIN
			PERFORM set_config('m2m.direct_path', CASE path WHEN 1 THEN 'on' ELSE 'off' END, true);
			result[path] := '';
			FOREACH one IN ARRAY ARRAY[command, replace(command, 'author_book', 'twin')] LOOP
				BEGIN
					EXECUTE one;
					GET DIAGNOSTICS n = ROW_COUNT;
					result[path] := result[path] || n || ' ';
				EXCEPTION WHEN OTHERS THEN
					result[path] := result[path] || SQLERRM || ' ';
				END;
			END LOOP;
			SELECT string_agg(d::text, ' ') INTO wrong FROM drift d;
			result[path] := result[path] || coalesce(wrong, '') || (SELECT format('author_book: %s, %s', count(*), md5(string_agg(l::text, ' ' ORDER BY l::text))) FROM author_book l);
			IF path = 1 THEN
				RAISE EXCEPTION 'undo';
			END IF;
		EXCEPTION WHEN raise_exception THEN
			IF SQLERRM <> 'undo' THEN
				RAISE;
			END IF;
		END;
	END LOOP;
	RETURN CASE WHEN result[1] = result[2] THEN coalesce(wrong, 'right') ELSE array_to_string(result, ' <> ') END;
END
$$;
INSERT INTO twin SELECT * FROM author_book;
SELECT check_both($$ SELECT m2m_link('author', 1, 'book', 4, via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_link('author', 2, 'book', ARRAY[1, 2, 3, 2], via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_link('author', ARRAY[1, 2, 3], 'book', ARRAY[1, 7, 8], via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_unlink('author', 2, 'book', ARRAY[1, 9, 3], via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_unlink('author', 2, 'book', 2, via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_set('author', 1, 'book', ARRAY[3, 4, 5, 6], via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_set('book', 5, 'author', ARRAY[1, 2, 3], via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_toggle('book', 5, 'author', 1, via => 'author_book'), m2m_toggle('book', 6, 'author', 2, via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_load('author', 'book', 'SELECT 1 + i % 211, 1 + i % 173 FROM generate_series(1, 4000) i', via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_load('author', 'book', 'SELECT 1 + i % 211, 1 + i % 179 FROM generate_series(1, 4000) i', via => 'author_book', exclusive => true) $$);
SELECT check_both($$ SELECT m2m_clear('author', ARRAY[1, 2], 'book', via => 'author_book') $$);
SELECT check_both($$ SELECT m2m_clear('book', 9, 'author', via => 'author_book') $$);
SELECT check_both($$ INSERT INTO author_book VALUES (1, 1), (1, 2), (2, 2) $$);
SELECT check_both($$ INSERT INTO author_book VALUES (1, 1), (1, 3) ON CONFLICT DO NOTHING $$);
SELECT check_both($$ INSERT INTO author_book VALUES (1, 1), (1, 4) ON CONFLICT (author_id, book_id) DO UPDATE SET book_id = 290 $$);
SELECT check_both($$ MERGE INTO author_book l USING (VALUES (1, 2), (1, 5), (3, 8)) v (a, b) ON l.author_id = v.a AND l.book_id = v.b
	WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (a, b) $$);
SELECT check_both($$ UPDATE author_book SET author_id = 250 WHERE author_id IN (4, 5, 6) AND book_id % 3 = author_id % 3 $$);
SELECT check_both($$ UPDATE author_book SET book_id = book_id WHERE author_id < 20 $$);
SELECT check_both($$ DELETE FROM author_book WHERE author_id % 7 = 0 OR book_id % 11 = 0 $$);
-- cascades: of the relationship that has them
SELECT check_both($$ UPDATE author_book SET book_id = 291 WHERE author_id = 30 AND book_id IN (SELECT min(book_id) FROM author_book WHERE author_id = 30) $$);
DELETE FROM twin;
DELETE FROM author WHERE id BETWEEN 50 AND 70;
UPDATE author SET id = 5000 + id WHERE id BETWEEN 71 AND 80;
UPDATE book SET id = id + 5000, author_count = 3 WHERE id BETWEEN 10 AND 20;
TABLE drift;
-- rows, and the column, by others: a new row has no links, the column is kept
INSERT INTO author VALUES (901, 'new', 5), (902, 'newer', DEFAULT);
INSERT INTO book VALUES (901, 'new', NULL), (902, 'newer', 0);
UPDATE author SET name = 'x', book_count = book_count + 1 WHERE id < 10;
UPDATE book SET author_count = NULL WHERE id < 10;
INSERT INTO author VALUES (1, 'again', 100) ON CONFLICT (id) DO UPDATE SET book_count = excluded.book_count;
TABLE drift;
SELECT id, book_count FROM author WHERE id > 900 ORDER BY 1;
-- a link view: new rows with links, in bulk
INSERT INTO author_books (author_id, id, title, author_count) VALUES (901, 903, 'by view', 9);
INSERT INTO book_authors (book_id, id) SELECT 903, i FROM generate_series(1, 9) i;
UPDATE book_authors SET book_id = 902 WHERE book_id = 903 AND id < 4;
UPDATE author_books SET author_count = 12 WHERE author_id = 901;
DELETE FROM book_authors WHERE book_id = 903 AND id > 7;
TABLE drift;
SELECT id, author_count FROM book WHERE id > 900 ORDER BY 1;
-- savepoints
BEGIN;
SELECT m2m_link('author', 902, 'book', 901, via => 'author_book');
SAVEPOINT a;
SELECT m2m_clear('author', 902, 'book', via => 'author_book');
ROLLBACK TO a;
SELECT m2m_link('author', 902, 'book', 902, via => 'author_book');
COMMIT;
TABLE drift;
-- links that come before their row
ALTER TABLE author_book ALTER CONSTRAINT author_book_book_id_fkey DEFERRABLE;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO author_book VALUES (902, 950), (901, 950);
INSERT INTO book VALUES (950, 'late', 0);
COMMIT;
ALTER TABLE author_book ALTER CONSTRAINT author_book_book_id_fkey NOT DEFERRABLE;
TABLE drift;
TRUNCATE author_book, twin;
TABLE drift;
SELECT count(*) FROM twin_author_counter;

-- slots: written in place, gone when they are zero, merged when they are many
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2], via => 'twin'), m2m_link('author', 1, 'book', 3, via => 'twin');
SELECT author_id, n FROM twin_author_counter;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT m2m_link('author', 1, 'book', 4, via => 'twin'), m2m_link('author', 1, 'book', 5, via => 'twin');
COMMIT;
SELECT author_id, n FROM twin_author_counter ORDER BY n;
SELECT m2m_unlink('author', 1, 'book', 4, via => 'twin');
SELECT author_id, n FROM twin_author_counter;
SELECT m2m_clear('author', 1, 'book', via => 'twin');
SELECT count(*) FROM twin_author_counter;

-- What is amiss, and what mends it
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2], via => 'twin'), m2m_link('author', 1, 'book', ARRAY[1, 2], via => 'author_book');
ALTER TABLE author_book DISABLE TRIGGER ALL;
DELETE FROM author_book WHERE book_id = 1;
ALTER TABLE author_book ENABLE TRIGGER ALL;
UPDATE twin_author_counter SET n = 9;
GRANT SELECT ON twin_author_counter TO PUBLIC;
SELECT severity, finding, remedy FROM m2m_check('author_book');
SELECT severity, finding, remedy FROM m2m_check('twin');
SELECT finding FROM m2m_repair('author_book');
SELECT finding FROM m2m_repair('twin');
TABLE drift;
SELECT relacl IS NOT NULL AS granted FROM pg_class WHERE oid = 'twin_author_counter'::regclass;
SELECT * FROM m2m_check('author_book') UNION ALL SELECT * FROM m2m_check('twin');

-- Who writes links needs no right on what is counted, nor on the column
CREATE ROLE rule_counter_user;
CREATE ROLE rule_counter_owner;
GRANT USAGE, CREATE ON SCHEMA rule_counter TO rule_counter_user, rule_counter_owner;
GRANT SELECT, INSERT, DELETE ON author_book, twin TO rule_counter_user;
SET ROLE rule_counter_user;
SELECT m2m_link('author', 2, 'book', 1, via => 'twin'), m2m_link('author', 2, 'book', 1, via => 'author_book');
INSERT INTO twin VALUES (2, 2);
UPDATE author SET book_count = 0;
SELECT m2m_counter('twin', 'author');
RESET ROLE;
TABLE drift;
-- the owner's word alone: a trigger that names a table which is not marked
CREATE TABLE victim (author_id int, m2m_slot bigint, n bigint, PRIMARY KEY (author_id, m2m_slot));
CREATE TRIGGER m2m_evil AFTER INSERT ON author_book REFERENCING NEW TABLE AS linked FOR EACH STATEMENT
	WHEN ('rule_counter.victim'::regclass IS NOT NULL) EXECUTE FUNCTION m2m_counter_links('role=author', 'counter=slots');
SELECT m2m_link('author', 2, 'book', 5, via => 'author_book');
TABLE victim;
DROP TRIGGER m2m_evil ON author_book;
SELECT m2m_counter_links();
-- another owner has it all
ALTER TABLE twin OWNER TO rule_counter_owner;
SELECT relname, relowner::regrole FROM pg_class WHERE relname LIKE 'twin%counter' ORDER BY 1;
GRANT SELECT, UPDATE, REFERENCES ON author, book TO rule_counter_owner;
SET ROLE rule_counter_user;
SELECT m2m_link('author', 3, 'book', 1, via => 'twin');
RESET ROLE;
TABLE drift;
SET ROLE rule_counter_owner;
SELECT m2m_counter('twin', 'author', counter => 'twin_count');
SELECT m2m_drop_rule('twin', 'm2m_counter_author');
SELECT m2m_counter('twin', 'author');
RESET ROLE;

-- What cannot be; renames; dropping
SELECT m2m_counter('author_book', 'author', counter => 'name');
SELECT m2m_counter('author_book', 'author', counter => 'id');
SELECT m2m_counter('author_book', 'reader');
CREATE TABLE author_book_book_counter (x int);
SELECT m2m_counter('author_book', 'book');
ALTER TABLE author RENAME book_count TO books;
SELECT definition FROM m2m_rules('author_book');
SELECT m2m_link('author', 7, 'book', 7, via => 'author_book');
SELECT books FROM author WHERE id = 7;
DROP VIEW drift;
ALTER TABLE author DROP COLUMN books;
ALTER TABLE author DROP COLUMN books CASCADE;
SELECT m2m_link('author', 8, 'book', 7, via => 'author_book');
SELECT severity, finding, remedy FROM m2m_check('author_book');
SELECT m2m_drop_rule('author_book', 'm2m_counter_author');
SELECT m2m_counter('author_book', 'author', counter => 'book_count');
SELECT m2m_drop_rule('author_book', 'm2m_counter_author', keep => true), m2m_drop_rule('author_book', 'm2m_counter_book');
SELECT count(*) FROM pg_attribute WHERE attname IN ('book_count', 'author_count') AND attrelid IN ('author'::regclass, 'book'::regclass);
SELECT m2m_counter('author_book', 'author', counter => 'book_count');
DROP TABLE author_book;
SELECT count(*) FROM pg_trigger WHERE tgfoid = 'm2m_counter_links'::regproc AND tgrelid IN ('author'::regclass, 'book'::regclass);
SELECT m2m_drop('twin');
SELECT count(*) FROM pg_class WHERE relname LIKE 'twin%counter';

-- Composite keys, wider keys of the association, nulls, one table on both sides
CREATE TABLE room (building text, number int, links bigint, PRIMARY KEY (building, number));
INSERT INTO room VALUES ('A', 1), ('A', 2), ('B', 1);
SELECT m2m_create('book', 'room');
SELECT m2m_counter('book_room', 'room', counter => 'links'), m2m_counter('book_room', 'book');
SELECT m2m_link('book', 1, 'room', ROW('A', 1)), m2m_link('book', 2, 'room', ROW('A', 1)), m2m_set('room', ROW('B', 1), 'book', ARRAY[1, 2, 3]);
UPDATE room SET building = 'C' WHERE building = 'A';
TABLE room ORDER BY 1, 2;
SELECT book_id, sum(n) FROM book_room_book_counter GROUP BY 1 ORDER BY 1;
SELECT * FROM m2m_check('book_room');
CREATE TABLE credit (author_id bigint REFERENCES author ON UPDATE CASCADE ON DELETE CASCADE, book_id smallint REFERENCES book, job text, UNIQUE (author_id, book_id, job));
SELECT m2m_adopt('credit');
SELECT m2m_counter('credit', 'author', counter => 'credits'), m2m_counter('credit', 'book');
INSERT INTO credit VALUES (1, 1, 'writer'), (1, 1, 'editor'), (1, NULL, 'x'), (NULL, 1, 'y'), (2, 1, 'writer');
UPDATE credit SET book_id = 2 WHERE author_id = 1 AND book_id IS NULL;
SELECT id, credits FROM author WHERE credits > 0 ORDER BY 1;
SELECT book_id, sum(n) FROM credit_book_counter GROUP BY 1 ORDER BY 1;
SELECT m2m_create('author', 'author', name => 'follow', left_role => 'fan', right_role => 'star');
SELECT m2m_counter('follow', 'fan', counter => 'stars'), m2m_counter('follow', 'star', counter => 'fans');
SELECT m2m_link('author', 1, 'author', ARRAY[2, 4, 1]), m2m_link('author', 2, 'author', 4);
UPDATE author SET id = 999 WHERE id = 4;
SELECT id, stars, fans FROM author WHERE stars > 0 OR fans > 0 ORDER BY 1;
SELECT severity, finding FROM m2m_check('follow') UNION ALL SELECT severity, finding FROM m2m_check('credit') WHERE finding LIKE 'counter%';

REVOKE ALL ON SCHEMA rule_counter FROM rule_counter_user, rule_counter_owner;
DROP SCHEMA rule_counter CASCADE;
DROP OWNED BY rule_counter_user, rule_counter_owner;
DROP ROLE rule_counter_user, rule_counter_owner;
