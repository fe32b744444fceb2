--
-- Row-level security of both endpoints and of the association holds for every
-- reader and writer: through link views, link functions and link calls, before
-- and after any DDL
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned

CREATE ROLE regress_m2m_owner;
CREATE ROLE regress_m2m_reader;
CREATE ROLE regress_m2m_writer;
CREATE SCHEMA rls AUTHORIZATION regress_m2m_owner;
GRANT USAGE ON SCHEMA rls TO PUBLIC;
SET search_path = rls, oracle, public;
SET ROLE regress_m2m_owner;
CREATE TABLE author (id int PRIMARY KEY, name text, old text);
CREATE TABLE book (id int PRIMARY KEY, title text, old text);
INSERT INTO author SELECT n, 'Author ' || n, 'x' FROM generate_series(1, 6) n;
INSERT INTO book SELECT n, 'Book ' || n, 'x' FROM generate_series(1, 6) n;
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', ARRAY(SELECT a FROM generate_series(1, 6) a, generate_series(1, 6)),
                'book', ARRAY(SELECT b FROM generate_series(1, 6), generate_series(1, 6) b));
SELECT m2m_unlink('author', 1, 'book', 3);
GRANT SELECT ON author, book, author_book, author_books, book_authors TO regress_m2m_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON author, book, author_book, author_books, book_authors TO regress_m2m_writer;

-- author 6, book 5, and the links of author 4 are not to be seen
CREATE POLICY p ON author USING (id <> 6);
CREATE POLICY p ON book USING (id <> 5);
CREATE POLICY p ON author_book USING (author_id <> 4);
-- the writer must not write everything that he sees
CREATE POLICY w ON author AS RESTRICTIVE FOR ALL TO regress_m2m_writer USING (true) WITH CHECK (name NOT LIKE '%!');
CREATE POLICY w ON author_book AS RESTRICTIVE FOR INSERT TO regress_m2m_writer WITH CHECK (book_id <> 3);
CREATE POLICY d ON author_book AS RESTRICTIVE FOR DELETE TO regress_m2m_writer USING (book_id <> 2);
CREATE POLICY u ON book AS RESTRICTIVE FOR UPDATE TO regress_m2m_writer USING (id <> 2);
ALTER TABLE author ENABLE ROW LEVEL SECURITY;
ALTER TABLE book ENABLE ROW LEVEL SECURITY;
ALTER TABLE author_book ENABLE ROW LEVEL SECURITY;

-- What a role sees, by all ways: the same, and what the policies say
CREATE FUNCTION seen(OUT way text, OUT pairs text) RETURNS SETOF record LANGUAGE sql AS $$
    WITH way (way, a, b) AS (
        SELECT 'author_books', author_id, id FROM author_books
        UNION ALL SELECT 'book_authors', id, book_id FROM book_authors
        UNION ALL SELECT 'author_books()', a.id, b.id FROM author a, author_books(a) b
        UNION ALL SELECT 'book_authors()', a.id, b.id FROM book b, book_authors(b) a
        UNION ALL SELECT 'a.author_books', a.id, (a.author_books).id FROM author a
        UNION ALL SELECT 'by hand', a.id, b.id FROM author a, book b, author_book l WHERE l.author_id = a.id AND l.book_id = b.id
        UNION ALL SELECT 'author_book', author_id, book_id FROM author_book
        UNION ALL SELECT 'm2m_linked', a, b FROM generate_series(1, 6) a, generate_series(1, 6) b
                  WHERE m2m_linked('author', a, 'book', b, via => 'author_book'))
    SELECT way, string_agg(bs, ' ' ORDER BY a) FROM (
        SELECT way, a, a || ':' || string_agg(b::text, '' ORDER BY b) AS bs FROM way GROUP BY way, a) x
    GROUP BY way
    UNION ALL
    SELECT 'm2m_count', string_agg(n || ':' || m2m_count('author', n, 'book', via => 'author_book'), ' ' ORDER BY n)
    FROM generate_series(1, 6) n
    ORDER BY 1
$$;
-- owner: everything, as no policy applies to him; the others: what the policies
-- leave.  Of the far side a link view shows more than the join by hand, as it
-- does not look at the near table
SELECT * FROM seen();
SET ROLE regress_m2m_reader;
SELECT * FROM seen();
SET ROLE regress_m2m_owner;
ALTER TABLE author FORCE ROW LEVEL SECURITY;
ALTER TABLE author_book FORCE ROW LEVEL SECURITY;
SELECT * FROM seen();
ALTER TABLE author NO FORCE ROW LEVEL SECURITY;
ALTER TABLE author_book NO FORCE ROW LEVEL SECURITY;

-- Writing: what each statement returned or counted, and how many links there
-- were then.  In a procedure, which undoes it all, so that it can be done before
-- and after DDL
CREATE FUNCTION links() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = rls AS 'SELECT count(*) FROM author_book';
CREATE FUNCTION written(OUT nr int, OUT statement text, OUT result text) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
BEGIN
    nr := 0;
    FOREACH statement IN ARRAY ARRAY[
        -- links that the policy on the association forbids
        $s$SELECT m2m_link('author', 1, 'book', 3, via => 'author_book')$s$,
        $s$INSERT INTO author_books (author_id, id) VALUES (1, 3)$s$,
        $s$INSERT INTO book_authors (book_id, id) VALUES (3, 1)$s$,
        $s$SELECT m2m_link('author', 4, 'book', 1, via => 'author_book')$s$,
        -- a foreign key does not look at policies, nor does linking
        $s$SELECT m2m_unlink('author', 6, 'book', 1, via => 'author_book')$s$,
        $s$SELECT m2m_link('author', 6, 'book', 1, via => 'author_book')$s$,
        -- what is not seen is not unlinked
        $s$SELECT m2m_unlink('author', 4, 'book', 1, via => 'author_book')$s$,
        $s$SELECT m2m_unlink('author', 1, 'book', ARRAY[1, 2, 4], via => 'author_book')$s$,
        $s$SELECT m2m_clear('book', 1, 'author', via => 'author_book')$s$,
        $s$SELECT m2m_clear('book', 2, 'author', via => 'author_book')$s$,
        $s$SELECT m2m_clear('author', 4, 'book', via => 'author_book')$s$,
        $s$DELETE FROM author_books WHERE author_id = 2$s$,
        $s$DELETE FROM author_books WHERE author_id = 4$s$,
        $s$DELETE FROM author_books WHERE id = 5$s$,
        $s$DELETE FROM book_authors WHERE book_id = 6$s$,
        $s$SELECT m2m_toggle('author', 4, 'book', 1, via => 'author_book')::int$s$,
        $s$SELECT m2m_toggle('author', 1, 'book', 1, via => 'author_book')::int$s$,
        $s$SELECT kept FROM m2m_set('author', 3, 'book', ARRAY[1, 2], via => 'author_book')$s$,
        $s$SELECT kept FROM m2m_set('author', 4, 'book', '{}', via => 'author_book')$s$,
        -- rows of the endpoints
        $s$UPDATE author_books SET title = 'changed' WHERE author_id = 1$s$,
        $s$UPDATE author_books SET title = 'changed' WHERE author_id = 1 AND id = 2$s$,
        $s$UPDATE author_books SET title = 'changed' WHERE author_id = 1 AND id = 1$s$,
        $s$UPDATE book_authors SET name = 'changed!' WHERE id = 1 AND book_id = 1$s$,
        $s$UPDATE book_authors SET name = 'changed' WHERE id = 6$s$,
        $s$INSERT INTO book_authors (book_id, id, name) VALUES (1, 10, 'New!')$s$,
        $s$INSERT INTO book_authors (book_id, id, name) VALUES (1, 10, 'New')$s$,
        $s$INSERT INTO book_authors (book_id, id, name) VALUES (3, 10, 'New')$s$,
        $s$UPDATE author_books SET id = 3 WHERE author_id = 1 AND id = 4$s$,
        $s$UPDATE author_books SET author_id = 4 WHERE author_id = 1 AND id = 4$s$]
    LOOP
        nr := nr + 1;
        BEGIN
            IF statement LIKE 'SELECT%' THEN
                EXECUTE statement INTO n;
            ELSE
                EXECUTE statement;
                GET DIAGNOSTICS n = ROW_COUNT;
            END IF;
            RAISE sqlstate 'UNDO1' USING message = n || ', ' || links();
        EXCEPTION
            WHEN sqlstate 'UNDO1' THEN result := sqlerrm;
            WHEN OTHERS THEN result := sqlstate || ' ' || sqlerrm;
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
SET ROLE regress_m2m_writer;
SELECT * FROM seen();
SELECT * FROM written();
-- nothing but what is written down here
SELECT links();
RESET ROLE;
CREATE TABLE before AS SELECT NULL::text AS role, NULL::text AS what, NULL::text AS how LIMIT 0;
GRANT ALL ON before TO PUBLIC;
CREATE FUNCTION now_as(role regrole) RETURNS SETOF before LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SET LOCAL ROLE %s', role);
    RETURN QUERY SELECT role::text, way, pairs FROM seen();
    RETURN QUERY SELECT role::text, nr || ' ' || statement, result FROM written();
    RESET ROLE;
END
$$;
INSERT INTO before SELECT n.* FROM unnest(ARRAY['regress_m2m_owner', 'regress_m2m_reader', 'regress_m2m_writer']::regrole[]) r, now_as(r) n;
-- what is otherwise now than before: only what names differ in
CREATE FUNCTION otherwise() RETURNS SETOF before LANGUAGE sql AS $$
    SELECT b.role, b.what, b.how || ' → ' || coalesce(a.how, '')
    FROM before b LEFT JOIN (
        SELECT n.* FROM unnest(ARRAY['regress_m2m_owner', 'regress_m2m_reader', 'regress_m2m_writer']::regrole[]) r, now_as(r) n) a
        USING (role, what)
    WHERE a.how IS DISTINCT FROM b.how
$$;
SELECT * FROM otherwise();
CALL remember();

--
-- DDL changes nothing of this
--
SET ROLE regress_m2m_owner;
ALTER TABLE author ADD COLUMN extra text;
ALTER TABLE book ADD COLUMN extra text;
ALTER TABLE author DROP COLUMN old;
ALTER TABLE book DROP COLUMN old;
ALTER TABLE book ALTER title TYPE varchar(60);
ALTER TABLE author_book ADD COLUMN share int;
RESET ROLE;
SELECT * FROM otherwise();
SELECT object, fact FROM changes();
SELECT * FROM wrong();
SET ROLE regress_m2m_owner;
ALTER TABLE author ALTER id TYPE bigint;
\echo :SQLSTATE
BEGIN;
DROP VIEW author_books;
SELECT finding FROM m2m_repair();
GRANT SELECT ON author_books TO regress_m2m_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON author_books TO regress_m2m_writer;
RESET ROLE;
SELECT * FROM otherwise();
ROLLBACK;
-- renamed, there and back
ALTER TABLE author RENAME TO writer;
ALTER TABLE writer RENAME TO author;
ALTER TABLE author_book RENAME book_id TO b;
ALTER TABLE author_book RENAME b TO book_id;
RESET ROLE;
SELECT * FROM otherwise();
SELECT * FROM wrong();

-- A view that reads with its owner's rights would show everything: m2m_check
-- sees it, m2m_repair mends it
SET ROLE regress_m2m_owner;
ALTER VIEW author_books RESET (security_invoker);
RESET ROLE;
SELECT role, what FROM otherwise() WHERE what = 'author_books' ORDER BY 1;
SELECT severity, finding FROM m2m_check();
SELECT finding FROM m2m_repair();
SELECT * FROM otherwise();
-- through a view of a role's own, and a function with definer's rights, it is
-- that role's policies that count
SET ROLE regress_m2m_owner;
CREATE VIEW all_books AS SELECT * FROM author_books;
CREATE FUNCTION all_links() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = rls AS 'SELECT count(*) FROM author_books';
GRANT SELECT ON all_books TO regress_m2m_reader;
SET ROLE regress_m2m_reader;
SELECT (SELECT count(*) FROM author_books) AS own, (SELECT count(*) FROM all_books) AS owner_view, all_links() AS definer;
RESET ROLE;

-- An error shows no value that the role may not read: not of the row that is
-- missing, not of the one that is there
SET ROLE regress_m2m_owner;
REVOKE SELECT ON author FROM regress_m2m_writer;
SET ROLE regress_m2m_writer;
\set VERBOSITY default
SELECT m2m_link('author', 99, 'book', 1, via => 'author_book');
INSERT INTO author_books (author_id, id) VALUES (99, 1);
\set VERBOSITY terse
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA rls, oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
DROP ROLE regress_m2m_owner, regress_m2m_reader, regress_m2m_writer;
