--
-- m2m_adopt: the shapes that join tables have in the wild.  Of each: its link
-- views are the recomputed joins, and every call makes and unmakes a link and
-- leaves the table as it was
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned
CREATE SCHEMA shapes;
CREATE SCHEMA shapes_too;
SET search_path = shapes, oracle, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id bigint PRIMARY KEY, title text, isbn text NOT NULL UNIQUE);
CREATE TABLE room (house text, number int, seats int, PRIMARY KEY (house, number));
INSERT INTO author SELECT g, 'author ' || g FROM generate_series(1, 5) g;
INSERT INTO book SELECT g, 'book ' || g, 'isbn ' || g FROM generate_series(1, 5) g;
INSERT INTO room SELECT 'house ' || g, g, g FROM generate_series(1, 5) g;

-- All of a table, as text.
CREATE FUNCTION content(association regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT string_agg(t::text, e''\n'' ORDER BY t::text) FROM %s t', association) INTO result;
    RETURN coalesce(result, '');
END
$$;

-- A row of the last rows of both tables is not linked yet: the calls link it,
-- in either order, and unlink it, and so do both views.
CREATE FUNCTION tour(tab regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    r record;
    l text;
    f text;
    given text;
    was text := content(tab);
    done bigint;
    lists text[];
    answer record;
    d record;
BEGIN
    SELECT * INTO STRICT r FROM m2m_relationships() m WHERE m.association = tab;
    EXECUTE format('SELECT ROW(%s)::text FROM %s ORDER BY 1 DESC LIMIT 1',
                   (SELECT string_agg(quote_ident(k), ', ') FROM unnest(r.left_key) k), r.left_table) INTO l;
    EXECUTE format('SELECT ROW(%s)::text FROM %s ORDER BY 1 DESC LIMIT 1',
                   (SELECT string_agg(quote_ident(k), ', ') FROM unnest(r.right_key) k), r.right_table) INTO f;
    IF cardinality(r.left_key) = 1 THEN l := trim('"' FROM substr(l, 2, length(l) - 2)); END IF;
    IF cardinality(r.right_key) = 1 THEN f := trim('"' FROM substr(f, 2, length(f) - 2)); END IF;
    given := r.left_role;

    ASSERT NOT m2m_linked(r.left_table, l, r.right_table, f, via => tab::text, role => given), 'not linked yet';
    ASSERT m2m_link(r.left_table, l, r.right_table, f, via => tab::text, role => given) = 1, 'linked';
    ASSERT m2m_link(r.right_table, f, r.left_table, l, via => tab::text, role => r.right_role) = 0, 'linked already';
    ASSERT m2m_linked(r.right_table, f, r.left_table, l, via => tab::text, role => r.right_role), 'the other way round';
    ASSERT m2m_count(r.left_table, l, r.right_table, via => tab::text, role => given) = 1, 'counted';
    ASSERT m2m_unlink(r.left_table, l, r.right_table, f, via => tab::text, role => given) = 1, 'unlinked';
    ASSERT content(tab) = was, 'as before m2m_link';
    ASSERT m2m_toggle(r.left_table, l, r.right_table, f, via => tab::text, role => given), 'on';
    ASSERT NOT m2m_toggle(r.right_table, f, r.left_table, l, via => tab::text, role => r.right_role), 'off';
    ASSERT content(tab) = was, 'as before m2m_toggle';
    SELECT * INTO answer FROM m2m_set(r.left_table, l, r.right_table, ARRAY[f]::text, via => tab::text, role => given);
    ASSERT answer.linked = ARRAY[f] AND answer.unlinked = '{}' AND answer.kept = 0, answer::text;
    SELECT * INTO answer FROM m2m_set(r.left_table, l, r.right_table, ARRAY[f]::text, via => tab::text, role => given);
    ASSERT answer.linked = '{}' AND answer.kept = 1, answer::text;
    ASSERT m2m_clear(r.right_table, f, r.left_table, via => tab::text, role => r.right_role) = 1, 'cleared';
    ASSERT content(tab) = was, 'as before m2m_set';
    FOR d IN SELECT * FROM oracle.direction o WHERE o.association = tab LOOP
        SELECT array_agg(x ORDER BY n) INTO lists FROM (
            SELECT 1, string_agg(quote_ident(c), ', ') FROM unnest(d.near_columns || d.far_key) c
            UNION ALL
            SELECT 2, string_agg(format('%s.%I', CASE WHEN i <= cardinality(d.near_key) THEN 'n' ELSE 'f' END, c), ', ')
            FROM unnest(d.near_key || d.far_key) WITH ORDINALITY u (c, i)
            UNION ALL
            SELECT 3, string_agg(format('v.%I = n.%I', c, k), ' AND ') FROM unnest(d.near_columns, d.near_key) u (c, k)
            UNION ALL
            SELECT 4, string_agg(format('v.%1$I = f.%1$I', k), ' AND ') FROM unnest(d.far_key) k) u (n, x);
        EXECUTE format('INSERT INTO %1$s (%2$s) SELECT %3$s FROM (SELECT * FROM %4$s ORDER BY 1 DESC LIMIT 1) n, (SELECT * FROM %5$s ORDER BY 1 DESC LIMIT 1) f',
                       d.view, lists[1], lists[2], d.near_table, d.far_table);
        GET DIAGNOSTICS done = ROW_COUNT;
        ASSERT done = 1, 'inserted';
        ASSERT (SELECT count(*) FROM oracle.wrong(tab, 'info') w WHERE w.what LIKE '%recomputed%') = 0, 'the views show it';
        EXECUTE format('DELETE FROM %1$s v USING (SELECT * FROM %2$s ORDER BY 1 DESC LIMIT 1) n, (SELECT * FROM %3$s ORDER BY 1 DESC LIMIT 1) f WHERE %4$s AND %5$s',
                       d.view, d.near_table, d.far_table, lists[3], lists[4]);
        GET DIAGNOSTICS done = ROW_COUNT;
        ASSERT done = 1, 'deleted';
        ASSERT content(tab) = was, 'as before INSERT';
    END LOOP;
    RETURN 'all is well';
END
$$;
-- What it is then.
CREATE FUNCTION shape(tab regclass) RETURNS TABLE ("left" text, "right" text, identity text[], properties text[], origin text) LANGUAGE sql AS $$
    SELECT format('%s %s%s as %s: %s', left_table, left_key, left_columns, left_role, left_view),
           format('%s %s%s as %s: %s', right_table, right_key, right_columns, right_role, right_view), r.identity, r.properties, r.origin
    FROM m2m_relationships() r WHERE association = tab
$$;

-- The primary key over both foreign keys, in their order and in the other
CREATE TABLE plain (author_id int REFERENCES author, book_id bigint REFERENCES book, PRIMARY KEY (author_id, book_id));
INSERT INTO plain VALUES (1, 1), (1, 2), (2, 1);
SELECT * FROM shape(m2m_adopt('plain'));
SELECT tour('plain'), (SELECT array_agg(what) FROM wrong('plain')) AS wrong;
SELECT m2m_drop('plain');
CREATE TABLE turned (book_id bigint REFERENCES book, author_id int REFERENCES author, PRIMARY KEY (author_id, book_id));
INSERT INTO turned VALUES (1, 1), (2, 1), (1, 2);
SELECT * FROM shape(m2m_adopt('turned'));
SELECT tour('turned'), (SELECT array_agg(what) FROM wrong('turned')) AS wrong;
SELECT m2m_drop('turned');

-- A wider one: several links of a pair
CREATE TABLE credit (author_id int REFERENCES author, book_id bigint REFERENCES book, job text DEFAULT 'writer', PRIMARY KEY (author_id, job, book_id));
INSERT INTO credit VALUES (1, 1, 'writer'), (1, 1, 'editor'), (2, 1, 'editor');
SELECT * FROM shape(m2m_adopt('credit'));
SELECT tour('credit'), (SELECT array_agg(what) FROM wrong('credit')) AS wrong;
SELECT m2m_drop('credit');

-- A number of the row, and the pair unique; or not
CREATE TABLE numbered (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, author_id int NOT NULL REFERENCES author, book_id bigint NOT NULL REFERENCES book, UNIQUE (author_id, book_id));
INSERT INTO numbered (author_id, book_id) VALUES (1, 1), (1, 2), (2, 1);
SELECT * FROM shape(m2m_adopt('numbered'));
SELECT tour('numbered'), (SELECT array_agg(what) FROM wrong('numbered')) AS wrong;
SELECT m2m_drop('numbered');
CREATE TABLE bought (id serial PRIMARY KEY, author_id int REFERENCES author, book_id bigint REFERENCES book, price int);
INSERT INTO bought (author_id, book_id, price) VALUES (1, 1, 10), (1, 1, 10), (2, 1, 20), (NULL, 1, 30);
SELECT * FROM shape(m2m_adopt('bought'));
SELECT tour('bought'), (SELECT array_agg(what) FROM wrong('bought')) AS wrong;
SELECT m2m_drop('bought');

-- Unique, and no primary key; nothing at all
CREATE TABLE uniq (author_id int REFERENCES author, book_id bigint REFERENCES book, note text, UNIQUE (book_id, author_id));
INSERT INTO uniq VALUES (1, 1, 'n'), (NULL, 1, 'n'), (2, 2, NULL);
SELECT * FROM shape(m2m_adopt('uniq'));
SELECT tour('uniq'), (SELECT array_agg(what) FROM wrong('uniq')) AS wrong;
SELECT m2m_drop('uniq');
CREATE TABLE bare (author_id int REFERENCES author, book_id bigint REFERENCES book);
INSERT INTO bare VALUES (1, 1), (1, 1), (2, 2);
SELECT * FROM shape(m2m_adopt('bare'));
SELECT tour('bare'), (SELECT array_agg(what) FROM wrong('bare')) AS wrong;
SELECT m2m_drop('bare');

-- Composite foreign keys, those to unique keys, columns listed in another order
CREATE TABLE lecture (n int, h text, author_id int REFERENCES author, FOREIGN KEY (n, h) REFERENCES room (number, house), PRIMARY KEY (author_id, h, n));
INSERT INTO lecture VALUES (1, 'house 1', 1), (2, 'house 2', 1);
SELECT * FROM shape(m2m_adopt('lecture'));
SELECT tour('lecture'), (SELECT array_agg(what) FROM wrong('lecture')) AS wrong;
SELECT m2m_drop('lecture');
CREATE TABLE by_isbn (author_id int REFERENCES author, book_isbn text REFERENCES book (isbn), PRIMARY KEY (author_id, book_isbn));
INSERT INTO by_isbn VALUES (1, 'isbn 1'), (2, 'isbn 1');
SELECT * FROM shape(m2m_adopt('by_isbn'));
SELECT tour('by_isbn'), (SELECT array_agg(what) FROM wrong('by_isbn')) AS wrong;
SELECT m2m_drop('by_isbn');

-- A table with itself
CREATE TABLE influence (model_id int REFERENCES author, follower_id int REFERENCES author, PRIMARY KEY (model_id, follower_id));
INSERT INTO influence VALUES (1, 2), (2, 1), (3, 3);
SELECT * FROM shape(m2m_adopt('influence'));
SELECT tour('influence'), (SELECT array_agg(what) FROM wrong('influence')) AS wrong;
SELECT m2m_drop('influence');

-- Three foreign keys: the pair is chosen by columns, or by tables
CREATE TABLE appearance (author_id int REFERENCES author, book_id bigint REFERENCES book, house text, number int, editor_id int REFERENCES author,
    FOREIGN KEY (house, number) REFERENCES room, PRIMARY KEY (author_id, book_id));
INSERT INTO appearance VALUES (1, 1, 'house 1', 1, 2), (2, 1, NULL, NULL, 1);
SELECT m2m_adopt('appearance');
\echo :SQLSTATE
SELECT m2m_adopt('appearance', left_table => 'author', right_table => 'book');
\echo :SQLSTATE
SELECT * FROM shape(m2m_adopt('appearance', left_columns => '{author_id}', left_table => 'author', right_table => 'book'));
SELECT tour('appearance'), (SELECT array_agg(what) FROM wrong('appearance')) AS wrong;
SELECT m2m_drop('appearance');
SELECT * FROM shape(m2m_adopt('appearance', left_table => 'room', right_table => 'book'));
SELECT m2m_drop('appearance');
-- a table that no foreign key refers to; one that another column refers to
SELECT m2m_adopt('appearance', left_table => 'author', left_columns => '{book_id}', right_table => 'book');
\echo :SQLSTATE
SELECT m2m_adopt('appearance', left_table => 'author', left_columns => '{editor_id}', right_table => 'appearance');
\echo :SQLSTATE

-- Deferrable foreign keys
CREATE TABLE waiting (author_id int REFERENCES author DEFERRABLE INITIALLY DEFERRED, book_id bigint REFERENCES book DEFERRABLE, PRIMARY KEY (author_id, book_id));
INSERT INTO waiting VALUES (1, 1);
SELECT * FROM shape(m2m_adopt('waiting'));
SELECT tour('waiting'), (SELECT array_agg(what) FROM wrong('waiting')) AS wrong;
BEGIN;
SELECT m2m_link('author', 6, 'book', 1);
INSERT INTO author VALUES (6);
COMMIT;
TABLE waiting ORDER BY 1;
BEGIN;
SELECT m2m_link('author', 7, 'book', 1);
COMMIT;
\echo :SQLSTATE
SELECT m2m_link('author', 1, 'book', 7);
\echo :SQLSTATE
SELECT m2m_drop('waiting');
DROP TABLE waiting;
DELETE FROM author WHERE id = 6;

-- Partitioned: by the pair, by what is no part of it, without any key
CREATE TABLE parts (author_id int REFERENCES author, book_id bigint REFERENCES book, PRIMARY KEY (author_id, book_id)) PARTITION BY HASH (author_id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parts VALUES (1, 1), (2, 1), (3, 2);
SELECT * FROM shape(m2m_adopt('parts'));
SELECT tour('parts'), (SELECT array_agg(what) FROM wrong('parts')) AS wrong;
SELECT m2m_drop('parts');
CREATE TABLE years (author_id int REFERENCES author, book_id bigint REFERENCES book, year int DEFAULT 2020, PRIMARY KEY (author_id, book_id, year)) PARTITION BY LIST (year);
CREATE TABLE years_20 PARTITION OF years FOR VALUES IN (2020);
CREATE TABLE years_21 PARTITION OF years DEFAULT;
INSERT INTO years VALUES (1, 1, 2020), (1, 1, 2021), (2, 1, 2022);
SELECT * FROM shape(m2m_adopt('years'));
SELECT tour('years'), (SELECT array_agg(what) FROM wrong('years')) AS wrong;
SELECT m2m_drop('years');

-- In another schema than its tables
CREATE TABLE shapes_too.author_book (author_id int REFERENCES author, book_id bigint REFERENCES book, PRIMARY KEY (author_id, book_id));
INSERT INTO shapes_too.author_book VALUES (1, 1);
SELECT * FROM shape(m2m_adopt('shapes_too.author_book'));
SELECT tour('shapes_too.author_book'), (SELECT array_agg(what) FROM wrong('shapes_too.author_book')) AS wrong;
SELECT m2m_drop('shapes_too.author_book');

-- Unlogged
CREATE UNLOGGED TABLE light (author_id int REFERENCES author, book_id bigint REFERENCES book, PRIMARY KEY (author_id, book_id));
SELECT * FROM shape(m2m_adopt('light'));
SELECT tour('light'), (SELECT array_agg(what) FROM wrong('light')) AS wrong;
SELECT m2m_drop('light');

-- Prisma's, and names in humps
CREATE TABLE "_AuthorToBook" ("A" int NOT NULL REFERENCES author ON DELETE CASCADE ON UPDATE CASCADE, "B" bigint NOT NULL REFERENCES book ON DELETE CASCADE ON UPDATE CASCADE);
CREATE UNIQUE INDEX ON "_AuthorToBook" ("A", "B");
CREATE INDEX ON "_AuthorToBook" ("B");
INSERT INTO "_AuthorToBook" VALUES (1, 1), (2, 1);
SELECT * FROM shape(m2m_adopt('"_AuthorToBook"'));
SELECT tour('"_AuthorToBook"'), (SELECT array_agg(what) FROM wrong('"_AuthorToBook"')) AS wrong;
SELECT m2m_drop('"_AuthorToBook"');

-- With an inheritance child
CREATE TABLE mother (author_id int REFERENCES author, book_id bigint REFERENCES book, PRIMARY KEY (author_id, book_id));
CREATE TABLE daughter () INHERITS (mother);
INSERT INTO mother VALUES (1, 1);
INSERT INTO daughter VALUES (2, 2);
SELECT * FROM shape(m2m_adopt('mother'));
SELECT tour('mother'), (SELECT array_agg(what) FROM wrong('mother')) AS wrong;
SELECT m2m_drop('mother');

-- Triggers, rules and policies of its owner's go on as before
CREATE TABLE log (what text);
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.stamp := 'stamped'; RETURN NEW; END $$;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shapes.log VALUES (TG_OP || ' ' || coalesce(OLD.book_id, NEW.book_id)); RETURN NULL; END $$;
CREATE TABLE busy (author_id int REFERENCES author, book_id bigint REFERENCES book, stamp text, PRIMARY KEY (author_id, book_id));
CREATE TRIGGER stamp BEFORE INSERT ON busy FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE TRIGGER note AFTER INSERT OR DELETE ON busy FOR EACH ROW EXECUTE FUNCTION note();
CREATE RULE also AS ON INSERT TO busy DO ALSO INSERT INTO log VALUES ('rule');
INSERT INTO busy VALUES (1, 1);
SELECT * FROM shape(m2m_adopt('busy'));
DELETE FROM log;
SELECT m2m_link('author', 1, 'book', 2), m2m_unlink('author', 1, 'book', 2);
INSERT INTO author_books (author_id, id) VALUES (1, 3) RETURNING id, stamp;
DELETE FROM author_books WHERE id = 3;
TABLE log;
TABLE busy;
SELECT tour('busy'), (SELECT array_agg(what) FROM wrong('busy')) AS wrong;
DROP RULE also ON busy;
ALTER TABLE busy ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON busy USING (book_id < 3) WITH CHECK (book_id < 3);
CREATE ROLE regress_m2m_shapes;
GRANT USAGE ON SCHEMA shapes TO regress_m2m_shapes;
GRANT ALL ON author, book, busy, author_books, book_authors, log TO regress_m2m_shapes;
SET ROLE regress_m2m_shapes;
SELECT m2m_link('author', 1, 'book', 2);
SELECT m2m_link('author', 1, 'book', 3);
\echo :SQLSTATE
RESET ROLE;
INSERT INTO busy VALUES (1, 3);
SET ROLE regress_m2m_shapes;
SELECT id FROM author_books WHERE author_id = 1 ORDER BY 1;
SELECT m2m_clear('author', 1, 'book');
RESET ROLE;
TABLE busy;
SELECT m2m_drop('busy');
DROP OWNED BY regress_m2m_shapes;
DROP ROLE regress_m2m_shapes;
-- they are still there
INSERT INTO busy (author_id, book_id) VALUES (4, 4) RETURNING *;
SELECT polname FROM pg_policy WHERE polrelid = 'busy'::regclass;

-- Foreign keys that were not validated: a row that refers to nothing is no link
CREATE TABLE old (author_id int, book_id bigint, PRIMARY KEY (author_id, book_id));
INSERT INTO old VALUES (1, 1), (1, 99), (99, 1);
ALTER TABLE old ADD FOREIGN KEY (author_id) REFERENCES author NOT VALID, ADD FOREIGN KEY (book_id) REFERENCES book NOT VALID;
SELECT * FROM shape(m2m_adopt('old'));
SELECT tour('old');
SELECT what FROM wrong('old');
SELECT m2m_drop('old');

-- One column for several tables: no foreign key can be, and the hint can be
-- followed
CREATE TABLE tag (id int PRIMARY KEY, name text);
INSERT INTO tag VALUES (1, 'a'), (2, 'b');
CREATE TABLE tagging (id serial PRIMARY KEY, tag_id int REFERENCES tag, taggable_id bigint, taggable_type text);
INSERT INTO tagging (tag_id, taggable_id, taggable_type) VALUES (1, 1, 'Book'), (1, 1, 'Book'), (2, 2, 'Book'), (1, 1, 'Author'), (2, 77, 'Magazine');
\set VERBOSITY default
SELECT m2m_adopt('tagging');
SELECT m2m_adopt('tagging', right_table => 'book', right_columns => '{taggable_id}', repair => true);
\set VERBOSITY terse
SELECT m2m_create('tag', 'book');
INSERT INTO tag_book SELECT DISTINCT tag_id, taggable_id FROM shapes.tagging WHERE taggable_type = 'Book' ON CONFLICT DO NOTHING;
SELECT m2m_create('tag', 'author');
INSERT INTO tag_author SELECT DISTINCT tag_id, taggable_id FROM shapes.tagging WHERE taggable_type = 'Author' ON CONFLICT DO NOTHING;
SELECT t.name, b.title FROM tag t, tag_books(t) b ORDER BY 1, 2;
SELECT count(*) FROM tagging;

-- What is refused: no table, no foreign keys, one
CREATE VIEW a_view AS TABLE plain;
CREATE MATERIALIZED VIEW a_matview AS TABLE plain;
SELECT m2m_adopt('a_view');
\echo :SQLSTATE
SELECT m2m_adopt('a_matview');
\echo :SQLSTATE
CREATE TABLE none (author_id int, book_id bigint);
CREATE TABLE one (author_id int REFERENCES author, book_id bigint);
\set VERBOSITY default
SELECT m2m_adopt('none');
SELECT m2m_adopt('one');
SELECT m2m_adopt('one', left_table => 'a_view');
\echo :SQLSTATE
\set VERBOSITY terse
SELECT m2m_adopt('author');
\echo :SQLSTATE

SET client_min_messages = warning;
DROP SCHEMA shapes, shapes_too, oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
