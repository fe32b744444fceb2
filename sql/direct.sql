-- The direct path: what it does to rows that have had a life before, where
-- nobody else can write, to whom it asks for rights, and with values of types
-- that take less than a Datum. If this fails, links, or the table, are damaged.

CREATE SCHEMA direct;
SET search_path = direct, public;
CREATE EXTENSION amcheck;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 3);
INSERT INTO book SELECT generate_series(1, 400);
SELECT m2m_create('author', 'book');

-- What is wrong with the table, by PostgreSQL's own look at it
CREATE FUNCTION damage() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	i regclass;
BEGIN
	FOR i IN SELECT indexrelid FROM pg_index WHERE indrelid = 'author_book'::regclass LOOP
		PERFORM bt_index_parent_check(i, true, true);
	END LOOP;
	RETURN coalesce((SELECT string_agg(msg, ', ') FROM verify_heapam('author_book')), 'none');
END $$;
CREATE FUNCTION links() RETURNS text LANGUAGE sql
	RETURN (SELECT string_agg(author_id || '-' || book_id, ' ' ORDER BY author_id, book_id) FROM author_book);

-- A row that was updated in place (HOT) and whose old place VACUUM has made a
-- mere redirection. An index entry points there; nothing may be deleted there.
CREATE FUNCTION age() RETURNS void LANGUAGE sql AS $$
	TRUNCATE author_book;
	INSERT INTO author_book VALUES (1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3);
$$;
SELECT age();
UPDATE author_book SET author_id = author_id WHERE book_id = 2;
VACUUM author_book;
SELECT m2m_clear('author', 1, 'book'), links(), damage();
SELECT age();
UPDATE author_book SET author_id = author_id WHERE book_id = 2;
VACUUM author_book;
SELECT m2m_clear('book', ARRAY[2, 1], 'author'), links(), damage();
SELECT age();
UPDATE author_book SET author_id = author_id WHERE book_id = 2;
VACUUM author_book;
SELECT m2m_unlink('author', 1, 'book', 2), m2m_unlink('author', 2, 'book', ARRAY[3, 2]), links(), damage();
SELECT age();
INSERT INTO author_book VALUES (1, 2) ON CONFLICT (author_id, book_id) DO UPDATE SET author_id = excluded.author_id;
VACUUM author_book;
SELECT *, links(), damage() FROM m2m_set('author', 1, 'book', ARRAY[3, 4]);
SELECT age();
UPDATE author_book SET author_id = author_id WHERE book_id = 2;
VACUUM author_book;
SELECT m2m_toggle('author', 1, 'book', 2), m2m_toggle('author', 1, 'book', 2), links(), damage();
-- Not vacuumed, and several times
SELECT age();
UPDATE author_book SET author_id = author_id WHERE book_id = 2;
UPDATE author_book SET author_id = author_id;
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2, 3, 4]), m2m_clear('author', 1, 'book'), links(), damage();
-- A column that came and went
SELECT age();
ALTER TABLE author_book ADD COLUMN note text;
UPDATE author_book SET note = 'x' WHERE book_id = 2;
ALTER TABLE author_book DROP COLUMN note;
VACUUM author_book;
SELECT m2m_clear('author', 1, 'book'), links(), damage();
SELECT m2m_link('author', 3, 'book', ARRAY[3, 1]), links(), damage();

-- In one command with the update
SELECT age();
WITH u AS (UPDATE author_book SET author_id = author_id WHERE book_id = 2 RETURNING book_id)
SELECT m2m_clear('author', 1, 'book'), count(*) FROM u;
SELECT links(), damage();

-- Ids given twice
SELECT age();
SELECT m2m_clear('author', ARRAY[1, 1], 'book'), m2m_unlink('author', 2, 'book', ARRAY[1, 1]), links(), damage();

-- What the statistics count
BEGIN;
SELECT n_tup_ins AS inserted, n_tup_del AS deleted FROM pg_stat_xact_user_tables WHERE relid = 'author_book'::regclass \gset
SELECT m2m_link('author', 3, 'book', 3), m2m_link('author', 3, 'book', ARRAY[1, 2, 3]), m2m_unlink('author', 3, 'book', 1),
	m2m_clear('author', 3, 'book');
SELECT n_tup_ins - :inserted AS inserted, n_tup_del - :deleted AS deleted FROM pg_stat_xact_user_tables WHERE relid = 'author_book'::regclass;
COMMIT;

-- Where nobody else can write the table, rows go in by multi-insert: with the
-- same outcome, also beside links that are there
BEGIN;
TRUNCATE author_book;
SELECT m2m_link('author', ARRAY[2, 1, 2], 'book', ARRAY[1, 1, 1]);
SELECT m2m_link('author', 1, 'book', ARRAY[3, 1, 2, 3]);
SELECT links();
SAVEPOINT s;
SELECT m2m_link('author', 1, 'book', ARRAY[4, 999]);
ROLLBACK TO s;
SELECT m2m_unlink('author', 1, 'book', ARRAY[3, 1]);
SELECT m2m_link('author', 1, 'book', ARRAY[3, 1, 2, 3]);
SELECT links();
COMMIT;
SELECT damage();
SELECT m2m_load('author', 'book', 'SELECT a.id, b.id FROM author a, book b WHERE b.id < 5', exclusive => true);
SELECT links(), damage();
SELECT m2m_load('author', 'book', 'VALUES (1, 999)', exclusive => true);
SELECT m2m_load('author', 'book', 'SELECT a.id, b.id FROM author a, book b', exclusive => true);
SELECT count(*), count(DISTINCT author_book) FROM author_book;
SELECT damage();
-- it locks the table, as LOCK TABLE would, and needs the same right
BEGIN;
SELECT m2m_load('author', 'book', 'VALUES (1, 1)', exclusive => true);
SELECT mode FROM pg_locks WHERE relation = 'author_book'::regclass AND mode LIKE 'Share%' ORDER BY 1;
ROLLBACK;
CREATE ROLE direct_loader;
GRANT USAGE ON SCHEMA direct TO direct_loader;
GRANT SELECT ON author, book TO direct_loader;
GRANT SELECT, INSERT ON author_book TO direct_loader;
SET ROLE direct_loader;
SELECT m2m_load('author', 'book', 'VALUES (1, 1)');
SELECT m2m_load('author', 'book', 'VALUES (1, 1)', exclusive => true);
-- which path is taken is nobody's choice
SET m2m.direct_path = off;
SET m2m.index_runs = off;
RESET ROLE;
GRANT DELETE ON author_book TO direct_loader;
SET ROLE direct_loader;
SELECT m2m_load('author', 'book', 'VALUES (1, 1)', exclusive => true);
-- rights are asked for on every call, by membership as it is
RESET ROLE;
REVOKE ALL ON author_book FROM direct_loader;
CREATE ROLE direct_group;
GRANT SELECT, INSERT, DELETE ON author_book TO direct_group;
GRANT direct_group TO direct_loader;
SET ROLE direct_loader;
SELECT m2m_unlink('author', 1, 'book', 1), m2m_link('author', 1, 'book', 1);
RESET ROLE;
REVOKE direct_group FROM direct_loader;
SET ROLE direct_loader;
SELECT m2m_link('author', 1, 'book', 1);
SELECT m2m_link('author', 1, 'book', ARRAY[1, 2]);
SELECT m2m_unlink('author', 1, 'book', 1);
SELECT m2m_clear('author', 1, 'book');
RESET ROLE;
DROP OWNED BY direct_loader, direct_group;
DROP ROLE direct_loader, direct_group;

-- A value is stored as one of the column's type. A function may leave what it
-- likes in the upper half of an integer's Datum: hashtext() of 'n5' is negative.
CREATE TABLE wide (id bigint PRIMARY KEY);
CREATE TABLE tag (id bigint PRIMARY KEY);
SELECT m2m_create('wide', 'tag');
ALTER TABLE wide ALTER COLUMN id TYPE int;
ALTER TABLE tag ALTER COLUMN id TYPE smallint;
SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'wide_tag'::regclass AND attnum > 0;
INSERT INTO wide SELECT hashtext('n' || i) FROM generate_series(1, 9) i;
INSERT INTO tag VALUES (-1), (1);
SELECT hashtext('n5') < 0 AS negative;
SELECT m2m_link('wide', hashtext('n5'), 'tag', (-1)::smallint), m2m_link('wide', hashtext('n5'), 'tag', -1);
SELECT m2m_link('wide', array_agg(hashtext('n' || i)), 'tag', 1) FROM generate_series(1, 9) i;
SELECT m2m_load('wide', 'tag', $$SELECT hashtext('n' || i), -1 FROM generate_series(1, 9) i$$);
SELECT * FROM m2m_set('tag', 1, 'wide', ARRAY[hashtext('n1'), hashtext('n5')]);
SELECT m2m_toggle('wide', hashtext('n5'), 'tag', 1), m2m_linked('wide', hashtext('n5'), 'tag', 1);
INSERT INTO wide_tags (wide_id, id) VALUES (hashtext('n5'), 1);
SELECT m2m_unlink('wide', hashtext('n1'), 'tag', ARRAY[1, -1]), m2m_count('wide', hashtext('n5'), 'tag');
SELECT count(*), count(w.id), count(t.id) FROM wide_tag l LEFT JOIN wide w ON w.id = l.wide_id LEFT JOIN tag t ON t.id = l.tag_id;
-- the other way: the table has the narrower columns
ALTER TABLE wide_tag DROP CONSTRAINT wide_tag_wide_id_fkey;
CREATE TABLE thin (id bigint PRIMARY KEY);
CREATE TABLE thin_tag (thin_id int NOT NULL REFERENCES thin, tag_id smallint NOT NULL REFERENCES tag, PRIMARY KEY (thin_id, tag_id));
SELECT m2m_adopt('thin_tag');
INSERT INTO thin SELECT hashtext('n' || i) FROM generate_series(1, 9) i;
INSERT INTO thin VALUES (10000000000);
SELECT m2m_link('thin', array_agg(hashtext('n' || i)), 'tag', (-1)::smallint) FROM generate_series(1, 9) i;
SELECT m2m_link('thin', hashtext('n5'), 'tag', 1), m2m_linked('thin', hashtext('n5'), 'tag', 1);
SELECT m2m_link('thin', 10000000000, 'tag', 1);
SELECT count(*), count(t.id) FROM thin_tag l LEFT JOIN thin t ON t.id = l.thin_id;
-- a link without its row may hold what is no value of the key's type
CREATE TABLE shelf (hall int, number int, PRIMARY KEY (hall, number));
CREATE TABLE item (id int PRIMARY KEY);
INSERT INTO shelf VALUES (1, 1);
INSERT INTO item VALUES (1), (2);
CREATE TABLE shelf_item (hall bigint NOT NULL, number bigint NOT NULL, item bigint NOT NULL REFERENCES item,
    PRIMARY KEY (hall, number, item), FOREIGN KEY (hall, number) REFERENCES shelf);
SELECT m2m_adopt('shelf_item');
SET session_replication_role = replica;
INSERT INTO shelf_item VALUES (1, 1, 2), (1, 1, 5000000000), (1, 1, 4294967297);
SET session_replication_role = origin;
BEGIN;
SELECT * FROM m2m_set('shelf', ROW(1, 1), 'item', ARRAY[1]);
TABLE shelf_item;
ROLLBACK;
SELECT m2m_clear('shelf', ROW(1, 1), 'item');
TABLE shelf_item;
-- values of other types of few bytes
CREATE TABLE day (id date PRIMARY KEY);
INSERT INTO day VALUES ('1999-12-31'), ('2000-01-01');
SELECT m2m_link('day', ARRAY['2000-01-01', '1999-12-31']::date[], 'tag', 1), m2m_link('day', '1999-12-31'::date, 'tag', -1);
SELECT * FROM day_tag ORDER BY 1, 2;
-- and one that an index holds in another form than the table
CREATE TABLE language (id name PRIMARY KEY);
INSERT INTO language VALUES ('de'), ('en'), ('fr');
SELECT m2m_create('language', 'tag');
SELECT m2m_link('language', ARRAY['fr', 'de', 'en']::name[], 'tag', 1);
VACUUM language_tag;
SELECT * FROM m2m_set('tag', 1, 'language', ARRAY['en', 'de']::name[]);
VACUUM language_tag;
SELECT m2m_clear('tag', 1, 'language'), count(*) FROM language_tag;

-- What the executor sees to is not passed over: constraints that exclude or
-- check, and children of the table
\set SHOW_CONTEXT never
TRUNCATE author_book;
ALTER TABLE author_book ADD CONSTRAINT once EXCLUDE USING btree (book_id WITH =);
SELECT m2m_link('author', 1, 'book', 1);
SELECT m2m_link('author', 2, 'book', 1);
\echo :SQLSTATE
SELECT m2m_link('author', 2, 'book', ARRAY[1, 2]);
\echo :SQLSTATE
ALTER TABLE author_book DROP CONSTRAINT once, ADD CONSTRAINT early CHECK (book_id < 9);
SELECT m2m_link('author', 2, 'book', 10);
\echo :SQLSTATE
ALTER TABLE author_book DROP CONSTRAINT early;
CREATE TABLE author_book_old () INHERITS (author_book);
INSERT INTO author_book_old VALUES (1, 2);
SELECT m2m_link('author', 1, 'book', 2), m2m_unlink('author', 1, 'book', 2), links();
DROP TABLE author_book_old;

-- a read-only transaction stays one, also where the executor has let a
-- temporary view be written, or the call itself has made it so
TRUNCATE author_book;
CREATE TEMP VIEW temporary_books AS SELECT l.author_id, r.id FROM author_book l JOIN book r ON r.id = l.book_id;
CREATE TRIGGER m2m_link_view INSTEAD OF INSERT OR UPDATE OR DELETE ON temporary_books FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write();
CREATE TRIGGER m2m_link_view_batch AFTER INSERT ON temporary_books FOR EACH STATEMENT EXECUTE FUNCTION m2m_link_view_write();
INSERT INTO temporary_books VALUES (1, 1);
CREATE FUNCTION read_only(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	SET TRANSACTION READ ONLY;
	EXECUTE sql;
	RETURN 'done';
EXCEPTION WHEN read_only_sql_transaction THEN
	RETURN SQLERRM;
END $$;
SELECT read_only('INSERT INTO temporary_books VALUES (1, 2)');
SELECT read_only('INSERT INTO temporary_books SELECT 1, generate_series(2, 400)');
SELECT read_only('DELETE FROM temporary_books');
SELECT m2m_load('author', 'book', 'SELECT 1, 3 FROM set_config(''transaction_read_only'', ''on'', true)');
\echo :SQLSTATE
SELECT links();
DROP VIEW temporary_books;

SET client_min_messages = warning;
DROP EXTENSION amcheck;
DROP SCHEMA direct CASCADE;
