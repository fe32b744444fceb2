--
-- Functions of a history, author_books_at(author, timestamptz), beside each link
-- function: the same as m2m_at; they follow names, and go with the history
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_history_functions;
SET search_path = rule_history_functions, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
INSERT INTO author SELECT i, 'a' || i FROM generate_series(1, 5) i;
INSERT INTO book SELECT i, 'b' || i FROM generate_series(1, 5) i;
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', ARRAY[1, 1, 2], 'book', ARRAY[1, 2, 2]);
SELECT m2m_history('author_book');
CREATE VIEW functions AS
	SELECT p.oid::regprocedure AS function, pg_get_function_arguments(p.oid) AS arguments, proowner::regrole AS owner, prosrc, obj_description(p.oid, 'pg_proc') AS comment,
		(SELECT count(*) FROM pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'x') AS with_extension
	FROM pg_proc p WHERE p.proargtypes[1] = 'timestamptz'::regtype AND p.prolang = (SELECT oid FROM pg_language WHERE lanname = 'sql') AND p.prosrc LIKE '%m2m_at%' ORDER BY p.oid;
SELECT function, arguments, owner = CURRENT_USER::regrole AS mine, prosrc, comment, with_extension FROM functions;
CREATE TABLE moment AS SELECT now() AS at;
SELECT m2m_unlink('author', 1, 'book', 1), m2m_link('author', 3, 'book', 5);
SELECT a.id, string_agg(b.id::text, ' ' ORDER BY b.id) AS was, (SELECT string_agg(b.id::text, ' ' ORDER BY b.id) FROM author_books_at(a, now()) b) AS is
	FROM author a, moment m, author_books_at(a, m.at) b GROUP BY a.id, a.* ORDER BY 1;
SELECT b.id, (SELECT string_agg(a.id::text, ' ' ORDER BY a.id) FROM book_authors_at(b, at => (SELECT at FROM moment)) a) AS was FROM book b ORDER BY 1;
DO $$ BEGIN PERFORM author_books_at(a, '2000-01-01') FROM author a; EXCEPTION WHEN OTHERS THEN RAISE WARNING '%', SQLSTATE; END $$;
-- switched on again: the same functions
SELECT m2m_history('author_book');
SELECT count(*) FROM functions;

-- Names are followed: tables, keys, association, schema, role; a name of its own stays
ALTER TABLE author RENAME TO writer;
ALTER TABLE writer RENAME COLUMN id TO nr;
ALTER TABLE author_book RENAME TO wrote;
ALTER TABLE writer ALTER COLUMN nr TYPE bigint;
ALTER TABLE book ADD COLUMN year int, DROP COLUMN title;
ALTER FUNCTION book_authors_at RENAME TO once_by;
SELECT function, prosrc FROM functions;
SELECT nr, b.* FROM writer w, moment m, author_books_at(w, m.at) b ORDER BY 1, 2;
SELECT id, w.* FROM book b, moment m, once_by(b, m.at) w ORDER BY 1, 2;
ALTER SCHEMA rule_history_functions RENAME TO rule_history_functions2;
SET search_path = rule_history_functions2, public;
SELECT nr, b.* FROM writer w, moment m, author_books_at(w, m.at) b ORDER BY 1, 2;
SELECT m2m_rename('wrote', left_role => 'poet', left_view => 'poems');
SELECT function, prosrc FROM functions;
SELECT nr, b.id FROM writer w, moment m, poems_at(w, m.at) b ORDER BY 1, 2;
CREATE SCHEMA rule_history_ext;
ALTER EXTENSION m2m SET SCHEMA rule_history_ext;
SELECT nr, b.id FROM writer w, moment m, poems_at(w, m.at) b ORDER BY 1, 2;
ALTER EXTENSION m2m SET SCHEMA public;
SELECT nr, b.id FROM writer w, moment m, poems_at(w, m.at) b ORDER BY 1, 2;
SELECT * FROM m2m_check('wrote');
-- another owner has them, too
CREATE ROLE rule_history_functions_user;
GRANT USAGE, CREATE ON SCHEMA rule_history_functions2 TO rule_history_functions_user;
ALTER TABLE wrote OWNER TO rule_history_functions_user;
SELECT function, owner FROM functions;
-- with the caller's rights
GRANT SELECT ON writer, book, moment, wrote TO rule_history_functions_user;
CREATE ROLE rule_history_functions_reader;
GRANT USAGE ON SCHEMA rule_history_functions2 TO rule_history_functions_reader;
GRANT SELECT ON writer, book, moment, wrote TO rule_history_functions_reader;
SET ROLE rule_history_functions_reader;
SELECT nr, b.id FROM writer w, moment m, poems_at(w, m.at) b ORDER BY 1, 2;
RESET ROLE;
GRANT SELECT ON author_book_history TO rule_history_functions_reader;
SET ROLE rule_history_functions_reader;
SELECT nr, b.id FROM writer w, moment m, poems_at(w, m.at) b ORDER BY 1, 2;
RESET ROLE;
ALTER TABLE wrote OWNER TO CURRENT_USER;

-- What does not follow, is said, and made again; somebody's own stays
ALTER FUNCTION poems_at SET SCHEMA public;
ALTER FUNCTION public.poems_at SET SCHEMA rule_history_functions2;
UPDATE pg_proc SET prosrc = replace(prosrc, 'wrote', 'was') WHERE proname = 'poems_at';
SELECT severity, finding, remedy FROM m2m_check('wrote');
SELECT finding FROM m2m_repair('wrote');
SELECT * FROM m2m_check('wrote');
CREATE OR REPLACE FUNCTION poems_at(writer, at timestamptz) RETURNS SETOF book LANGUAGE sql AS 'SELECT * FROM book LIMIT 1';
SELECT m2m_history('wrote');
SELECT m2m_drop_rule('wrote', 'm2m_history');
SELECT function FROM functions;
SELECT count(*) FROM pg_proc WHERE proname = 'poems_at';
DROP FUNCTION poems_at;

-- They go with the history, with the relationship, with its table
SELECT m2m_history('wrote');
SELECT function FROM functions;
SELECT m2m_drop_rule('wrote', 'm2m_history', keep => true);
SELECT function FROM functions;
SELECT m2m_history('wrote');
CREATE TABLE room (building text, number int, PRIMARY KEY (building, number));
INSERT INTO room VALUES ('A', 1), ('A', 2);
SELECT m2m_create('book', 'room');
SELECT m2m_history('book_room');
SELECT m2m_link('book', 1, 'room', ROW('A', 1)), m2m_link('book', 2, 'room', ROW('A', 1));
SELECT r.*, b.id FROM room r, room_books_at(r, now()) b ORDER BY 1, 2, 3;
SELECT b.id, r.* FROM book b, book_rooms_at(b, now()) r ORDER BY 1, 2, 3;
SELECT m2m_create('book', 'book', name => 'cites', left_role => 'citing', right_role => 'cited');
SELECT m2m_history('cites');
SELECT m2m_link('book', 1, 'book', ARRAY[2, 3]);
SELECT b.id, c.id FROM book b, citing_citeds_at(b, now()) c ORDER BY 1, 2;
SELECT b.id, c.id FROM book b, cited_citings_at(b, now()) c ORDER BY 1, 2;
SELECT m2m_rename('cites', left_role => 'later', right_role => 'earlier');
SELECT b.id, c.id FROM book b, later_earliers_at(b, now()) c ORDER BY 1, 2;
SELECT function FROM functions;
SELECT m2m_drop('cites');
DROP TABLE wrote;
SELECT function FROM functions;
DROP SCHEMA rule_history_functions2 CASCADE;
DROP SCHEMA rule_history_ext;
DROP ROLE rule_history_functions_user, rule_history_functions_reader;
