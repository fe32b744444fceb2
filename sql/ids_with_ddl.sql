--
-- Reading an id can run a user's code, a cast, which can change the very tables.
-- The call then goes by what they are, or fails with 55000; it must not go by
-- what they were (XX000, or a statement that no longer fits).
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA ids_with_ddl;
SET search_path = ids_with_ddl, public;
CREATE TABLE author (id int PRIMARY KEY, code int UNIQUE);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT i, 10 - i FROM generate_series(1, 9) i;
INSERT INTO book SELECT generate_series(1, 9);
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', 3, 'book', 3);

CREATE TYPE code AS (ddl text);
CREATE FUNCTION as_int(code) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE ($1).ddl;
	RETURN 3;
END $$;
CREATE CAST (code AS int) WITH FUNCTION as_int AS ASSIGNMENT;

-- What a call says while an id of it runs a command; all is undone
CREATE FUNCTION try(ddl text, call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT %s', replace(call, '$', format('ROW(%L)::code', ddl))) INTO result;
	RAISE EXCEPTION USING ERRCODE = 'UNDO0', MESSAGE = result;
EXCEPTION
	WHEN SQLSTATE 'UNDO0' THEN RETURN SQLERRM;
	WHEN OTHERS THEN RETURN SQLSTATE;
END $$;
CREATE VIEW said AS
	SELECT ddl, string_agg(try(ddl, call), '  ' ORDER BY n) AS said
	FROM (VALUES
		('ALTER TABLE author_book ADD COLUMN note text'),
		('ALTER TABLE author_book RENAME TO renamed'),
		('ALTER TABLE author_book RENAME COLUMN author_id TO a'),
		('CREATE RULE r AS ON INSERT TO author_book DO ALSO NOTHING'),
		('ALTER TABLE author_book DROP CONSTRAINT author_book_pkey'),
		('ALTER TABLE author ALTER COLUMN id TYPE bigint'),
		('ALTER TABLE author_book DROP CONSTRAINT author_book_author_id_fkey, ADD FOREIGN KEY (author_id) REFERENCES author (code) NOT VALID'),
		('DROP VIEW author_books'),
		('DROP TABLE author_book CASCADE'),
		('DROP TABLE book CASCADE'),
		('SELECT 1')) d (ddl),
		unnest(ARRAY[
			$c$m2m_link('author', $, 'book', 1)$c$,
			$c$m2m_link('author', 1, 'book', $)$c$,
			$c$m2m_unlink('author', 3, 'book', $)$c$,
			$c$m2m_set('author', $, 'book', ARRAY[1, 3])$c$,
			$c$m2m_clear('author', $, 'book')$c$,
			$c$m2m_toggle('book', $, 'author', 4)$c$,
			$c$m2m_linked('author', $, 'book', 3)$c$,
			$c$m2m_count('book', $, 'author')$c$,
			$c$(SELECT sum(moved) FROM m2m_merge('author', $, 4))$c$,
			$c$(SELECT sum(copied) FROM m2m_copy('author', $, 'author', 4))$c$]) WITH ORDINALITY AS c (call, n)
	GROUP BY ddl;
SELECT * FROM said ORDER BY ddl COLLATE "C";
CREATE TABLE direct AS TABLE said;
SET m2m.direct_path = off;
SELECT count(*) FILTER (WHERE d.said <> s.said) AS said_otherwise FROM direct d JOIN said s USING (ddl);
RESET m2m.direct_path;

SET client_min_messages = warning;
DROP SCHEMA ids_with_ddl CASCADE;
RESET client_min_messages;
