-- soft_delete.sql: unlinking that marks rows. If a test here fails, calls, views
-- and functions do not agree on which rows are links, a row is lost for good, or
-- a pair is linked twice. The same random calls and writes go to four tables
-- that mark rows, each with other keys, and to one that deletes them: after each
-- their links are the same, and of the four no row is ever gone.
\set QUIET 1
SET client_min_messages = warning;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
SELECT no_plan();

CREATE TABLE author (id bigint PRIMARY KEY);
CREATE TABLE book (id bigint PRIMARY KEY, title text);
INSERT INTO author SELECT generate_series(1, 4);
INSERT INTO book SELECT g, 'book ' || g FROM generate_series(1, 6) g;

CREATE TABLE hard (author_id bigint NOT NULL REFERENCES author, book_id bigint NOT NULL REFERENCES book, note text DEFAULT 'new',
	PRIMARY KEY (author_id, book_id));
CREATE TABLE by_time (id serial PRIMARY KEY, author_id bigint NOT NULL REFERENCES author, book_id bigint NOT NULL REFERENCES book,
	note text DEFAULT 'new', deleted_at timestamptz);
CREATE UNIQUE INDEX ON by_time (author_id, book_id) WHERE deleted_at IS NULL;
CREATE TABLE by_flag (book_id bigint NOT NULL REFERENCES book, author_id bigint NOT NULL REFERENCES author,
	deleted boolean NOT NULL DEFAULT false, note text DEFAULT 'new', PRIMARY KEY (author_id, book_id));
CREATE TABLE by_nothing (author_id bigint REFERENCES author, book_id bigint REFERENCES book, deleted boolean);
CREATE TABLE by_commit (author_id bigint NOT NULL REFERENCES author, book_id bigint NOT NULL REFERENCES book, note text DEFAULT 'new',
	deleted_on date, UNIQUE (author_id, book_id) DEFERRABLE);
SELECT m2m_adopt('hard', left_view => 'hard_books', right_view => 'hard_authors'),
	m2m_adopt('by_time', left_view => 'by_time_books', right_view => 'by_time_authors', deleted => 'deleted_at'),
	m2m_adopt('by_flag', left_role => 'author', right_role => 'book', left_columns => '{author_id}', right_columns => '{book_id}',
		left_view => 'by_flag_books', right_view => 'by_flag_authors', deleted => 'deleted'),
	m2m_adopt('by_nothing', left_view => 'by_nothing_books', right_view => 'by_nothing_authors', deleted => 'deleted'),
	m2m_adopt('by_commit', left_view => 'by_commit_books', right_view => 'by_commit_authors', deleted => 'deleted_on') \g /dev/null

-- What a call or statement says, the table's name put in for %1$s; or its error.
CREATE FUNCTION answer(sql text, relation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record; result text := '';
BEGIN
	FOR r IN EXECUTE format(sql, relation) LOOP result := result || r::text; END LOOP;
	RETURN result;
EXCEPTION WHEN unique_violation OR foreign_key_violation THEN
	RETURN SQLSTATE;
END
$$;
-- The links of a table by its view, by the other view, by both functions, by
-- calls, and by hand; all must be the same.
CREATE FUNCTION links(relation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE by_view text; other text; by_function text; by_call text;
BEGIN
	EXECUTE format('SELECT string_agg(author_id || ''-'' || id, '' '' ORDER BY author_id, id) FROM %1$s_books', relation) INTO by_view;
	EXECUTE format('SELECT string_agg(id || ''-'' || book_id, '' '' ORDER BY id, book_id) FROM %1$s_authors', relation) INTO other;
	EXECUTE format('SELECT string_agg(a.id || ''-'' || b.id, '' '' ORDER BY a.id, b.id) FROM author a, %1$s_books(a) b', relation) INTO by_function;
	EXECUTE format('SELECT string_agg(a.id || ''-'' || b.id, '' '' ORDER BY a.id, b.id) FROM author a, book b WHERE m2m_linked(''author'', a.id, ''book'', b.id, %1$L)', relation)
		INTO by_call;
	IF by_view IS DISTINCT FROM other OR by_view IS DISTINCT FROM by_function OR by_view IS DISTINCT FROM by_call THEN
		RETURN format('view %s, other %s, function %s, call %s', by_view, other, by_function, by_call);
	END IF;
	RETURN coalesce(by_view, 'none');
END
$$;
CREATE FUNCTION some_ids() RETURNS text LANGUAGE sql VOLATILE AS
	$$SELECT '{' || coalesce(string_agg(g::text, ',' ORDER BY random()), '') || '}' FROM generate_series(1, 6) g WHERE random() < 0.4$$;
CREATE FUNCTION some_statement() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE a int := 1 + random() * 3; b int := 1 + random() * 5; c int := 1 + random() * 5;
BEGIN
	RETURN (ARRAY[
		format('SELECT m2m_link(''author'', %s, ''book'', %s, ''%%1$s'')', a, b),
		format('SELECT m2m_link(''author'', %s, ''book'', %L::bigint[], ''%%1$s'')', a, some_ids()),
		format('SELECT m2m_unlink(''author'', %s, ''book'', %s, ''%%1$s'')', a, b),
		format('SELECT m2m_unlink(''book'', %s, ''author'', ARRAY[1, %s], ''%%1$s'')', b, a),
		format('SELECT * FROM m2m_set(''author'', %s, ''book'', %L, ''%%1$s'')', a, some_ids()),
		format('SELECT * FROM m2m_set(''book'', %s, ''author'', ''{1,2}'', ''%%1$s'')', b),
		format('SELECT m2m_toggle(''author'', %s, ''book'', %s, ''%%1$s'')', a, b),
		format('SELECT m2m_clear(''author'', %s, ''book'', ''%%1$s'')', a),
		format('SELECT m2m_count(''author'', %s, ''book'', ''%%1$s'')', a),
		format('SELECT m2m_load(''author'', ''book'', ''VALUES (%s, %s), (%s, %s), (%1$s, %2$s)'', ''%%1$s'')', a, b, a, c),
		format('INSERT INTO %%1$s_books (author_id, id) VALUES (%s, %s) RETURNING author_id, id', a, b),
		format('DELETE FROM %%1$s_authors WHERE book_id = %s AND id = %s RETURNING book_id, id', b, a),
		format('UPDATE %%1$s_books SET id = %s WHERE author_id = %s AND id = %s RETURNING author_id, id', c, a, b)
		])[1 + floor(random() * 13)];
END
$$;

CREATE FUNCTION differing(seed float, rounds int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	sql text;
	relation text;
	rows bigint[] := '{0,0,0,0}';
	now_rows bigint;
	differences int := 0;
	tables text[] := ARRAY['by_time', 'by_flag', 'by_nothing', 'by_commit'];
BEGIN
	PERFORM setseed(seed);
	FOR i IN 1 .. rounds LOOP
		EXIT WHEN differences > 5;
		sql := some_statement();
		DECLARE
			expected text := answer(sql, 'hard');
			links text := links('hard');
		BEGIN
			FOR t IN 1 .. 4 LOOP
				IF answer(sql, tables[t]) IS DISTINCT FROM expected THEN
					RETURN NEXT format('%s: %s: another answer, expected %s', i, format(sql, tables[t]), expected);
					differences := differences + 1;
				END IF;
				IF links(tables[t]) <> links THEN
					RETURN NEXT format('%s: %s: %s, expected %s', i, format(sql, tables[t]), links(tables[t]), links);
					differences := differences + 1;
				END IF;
				EXECUTE 'SELECT count(*) FROM ' || tables[t] INTO now_rows;
				IF now_rows < rows[t] THEN
					differences := differences + 1;
					RETURN NEXT format('%s: %s: %s rows, there were %s', i, format(sql, tables[t]), now_rows, rows[t]);
				END IF;
				rows[t] := now_rows;
			END LOOP;
		END;
	END LOOP;
END
$$;
SELECT is_empty($$SELECT differing(0.5, 400)$$, 'calls, views and functions agree with a table that deletes its rows');
SELECT is_empty($$SELECT * FROM m2m_check('hard') UNION ALL SELECT * FROM m2m_check('by_time') UNION ALL SELECT * FROM m2m_check('by_flag')$$
	|| $$ EXCEPT SELECT relationship, severity, finding, remedy FROM m2m_check() WHERE finding LIKE 'no index to find%'$$, 'nothing is amiss');
SELECT cmp_ok((SELECT count(*) FROM by_time), '>', (SELECT count(*) FROM by_flag), 'rows of before are kept beside new ones, or become these');
SELECT cmp_ok((SELECT count(*) FROM by_flag WHERE deleted), '>', 0::bigint, 'some are unlinked');

-- What a user's own statement marks, or takes back, counts like ours
UPDATE by_time SET deleted_at = now();
SELECT is(links('by_time'), 'none', 'marked by hand is unlinked');
INSERT INTO by_time (author_id, book_id) VALUES (1, 1), (2, 2);
SELECT is(links('by_time'), '1-1 2-2', 'a row by hand is a link');
DELETE FROM by_time WHERE author_id = 2 AND deleted_at IS NULL;
SELECT is(links('by_time'), '1-1', 'and a row that is deleted is none');

-- What it takes: nothing but what the same SQL would
CREATE ROLE m2m_soft_clerk;
GRANT SELECT ON author, book TO m2m_soft_clerk;
GRANT SELECT, INSERT, UPDATE, DELETE ON by_time_books TO m2m_soft_clerk;
GRANT SELECT ON by_time TO m2m_soft_clerk;
GRANT INSERT (author_id, book_id, note) ON by_time TO m2m_soft_clerk;
GRANT USAGE ON SEQUENCE by_time_id_seq TO m2m_soft_clerk;
SET ROLE m2m_soft_clerk;
SELECT is(m2m_link('author', 3, 'book', 3, 'by_time'), 1::bigint, 'a new link is an INSERT');
SELECT throws_ok($$SELECT m2m_unlink('author', 3, 'book', 3, 'by_time')$$, '42501', NULL, 'unlinking is an UPDATE');
SELECT throws_ok($$DELETE FROM by_time_books WHERE id = 3$$, '42501', NULL, 'by view, too');
RESET ROLE;
GRANT UPDATE (deleted_at) ON by_time TO m2m_soft_clerk;
SET ROLE m2m_soft_clerk;
SELECT is(m2m_unlink('author', 3, 'book', 3, 'by_time'), 1::bigint, 'of that column');
SELECT is(m2m_link('author', 3, 'book', 3, 'by_time'), 1::bigint, 'linked again');
SELECT is(answer('DELETE FROM %1$s_books WHERE id = 3 RETURNING id', 'by_time'), '(3)', 'by view, too');
SELECT throws_ok($$DELETE FROM by_time$$, '42501', NULL, 'and no DELETE');
RESET ROLE;
DROP OWNED BY m2m_soft_clerk;
DROP ROLE m2m_soft_clerk;

-- m2m_adopt of what an application has: which word is asked for
CREATE TABLE enrolment (author_id bigint REFERENCES author, book_id bigint REFERENCES book, ended date, version int, UNIQUE (author_id, book_id, version));
CREATE UNIQUE INDEX ON enrolment (author_id, book_id) WHERE ended IS NULL;
SELECT throws_like($$SELECT m2m_adopt('enrolment')$$, '%only among rows that column "ended" does not mark%', 'also where another key is wider');
ALTER TABLE enrolment DROP CONSTRAINT enrolment_author_id_book_id_version_key, ADD UNIQUE (author_id, book_id);
SELECT lives_ok($$SELECT m2m_adopt('enrolment')$$, 'not where pairs are unique anyhow');
SELECT m2m_drop('enrolment') \g /dev/null
SELECT throws_ok($$SELECT m2m_adopt('enrolment', deleted => 'ctid')$$, '42P16', NULL, 'a system column is none');
SELECT throws_ok($$SELECT m2m_adopt('enrolment', deleted => 'version')$$, '42804', NULL, 'nor a number');
SELECT * FROM finish();
