--
-- Names and shape of the association as other tools make them. If this fails,
-- such a tool does not know the table for its own, or m2m does not know what it
-- has made.
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
CREATE SCHEMA styles;
SET search_path = styles, oracle, public;

-- What an association is made of
CREATE FUNCTION shape(association regclass) RETURNS TABLE (part text, definition text)
LANGUAGE sql AS $$
    SELECT * FROM (
    (SELECT 'column ' || attname, format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '' ELSE ' null' END
            || CASE attidentity WHEN 'd' THEN ' by default as identity' ELSE '' END
    FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 ORDER BY attnum)
    UNION ALL
    (SELECT format('constraint %I', conname), pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid = $1 AND contype <> 'n' ORDER BY conname COLLATE "C")
    UNION ALL
    (SELECT format('index %s', indexrelid::regclass), replace(pg_get_indexdef(indexrelid), 'styles.', '')
    || CASE WHEN indisreplident THEN ' (replica identity)' ELSE '' END
    FROM pg_index WHERE indrelid = $1 ORDER BY indexrelid::regclass::text COLLATE "C")) p
$$;
-- The names of one relationship
CREATE FUNCTION names(association regclass)
RETURNS TABLE (association_ regclass, left_role text, right_role text, left_columns text[], right_columns text[],
               left_view regclass, right_view regclass)
LANGUAGE sql AS $$
    SELECT r.association, r.left_role, r.right_role, r.left_columns, r.right_columns, r.left_view, r.right_view
    FROM public.m2m_relationships() r WHERE r.association = $1
$$;

CREATE TABLE authors (id bigint PRIMARY KEY, name text);
CREATE TABLE books (id bigint PRIMARY KEY, title text);
INSERT INTO authors SELECT g, 'a' || g FROM generate_series(1, 3) g;
INSERT INTO books SELECT g, 'b' || g FROM generate_series(1, 3) g;

-- Every call, both directions, both write paths; nothing is amiss, nothing wrong
CREATE FUNCTION used(association regclass, l regclass, r regclass, near text, far text)
RETURNS TABLE (call text, result text) LANGUAGE plpgsql AS $$
DECLARE
    a text := association::text;
BEGIN
    FOR direct IN 0..1 LOOP
        PERFORM set_config('m2m.direct_path', CASE direct WHEN 1 THEN 'on' ELSE 'off' END, true);
        RETURN QUERY SELECT 'link', m2m_link(l, 1::bigint, r, ARRAY[1, 2, 3]::bigint[], via => a)::text;
        RETURN QUERY SELECT 'link again', m2m_link(r, 2::bigint, l, 1::bigint, via => a)::text;
        RETURN QUERY SELECT 'load', m2m_load(l, r, 'SELECT 2::bigint, g::bigint FROM generate_series(1, 2) g', via => a)::text;
        RETURN QUERY SELECT 'set', s::text FROM m2m_set(r, 3::bigint, l, '{2,3}', via => a) s;
        RETURN QUERY SELECT 'toggle', m2m_toggle(l, 3::bigint, r, 1::bigint, via => a)::text;
        RETURN QUERY SELECT 'count', m2m_count(r, 1::bigint, l, via => a)::text;
        EXECUTE format('INSERT INTO %I (%I, id) VALUES (3, 2)', near,
                       (SELECT attname FROM pg_attribute WHERE attrelid = near::regclass AND attnum = 1));
        EXECUTE format('DELETE FROM %I WHERE id = 1', far);
        RETURN QUERY SELECT 'linked', m2m_linked(l, 3::bigint, r, 2::bigint, via => a)::text;
        RETURN QUERY SELECT 'wrong', w::text FROM wrong() w;
        RETURN QUERY SELECT 'finding', c.finding FROM m2m_check(association) c;
        RETURN QUERY SELECT 'clear', m2m_clear(l, ARRAY[1, 2, 3]::bigint[], r, via => a)::text;
    END LOOP;
END $$;

--
-- Each style: what it makes, and that m2m knows it
--
BEGIN;
SELECT m2m_create('books', 'authors', naming => 'm2m');
SELECT * FROM shape('books_authors');
SELECT * FROM names('books_authors');
SELECT call, result FROM used('books_authors', 'books', 'authors', 'book_authors', 'author_books');
ROLLBACK;
BEGIN;
SELECT m2m_create('books', 'authors', naming => 'rails');
SELECT * FROM shape('authors_books');
SELECT * FROM names('authors_books');
SELECT call, result FROM used('authors_books', 'books', 'authors', 'book_authors', 'author_books');
ROLLBACK;
BEGIN;
SELECT m2m_create('books', 'authors', naming => 'laravel');
SELECT * FROM shape('author_book');
SELECT * FROM names('author_book');
SELECT call, result FROM used('author_book', 'books', 'authors', 'book_authors', 'author_books');
ROLLBACK;
BEGIN;
SELECT m2m_create('books', 'authors', naming => 'django');
SELECT * FROM shape('books_authors');
SELECT * FROM names('books_authors');
SELECT call, result FROM used('books_authors', 'books', 'authors', 'book_authors', 'author_books');
ROLLBACK;
BEGIN;
SELECT m2m_create('books', 'authors', naming => 'prisma');
SELECT * FROM shape('"_AuthorToBook"');
SELECT * FROM names('"_AuthorToBook"');
SELECT call, result FROM used('"_AuthorToBook"', 'books', 'authors', 'book_authors', 'author_books');
ROLLBACK;

-- A link view that has the name of a tool's table gives way to it
BEGIN;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
CREATE TABLE series (id int PRIMARY KEY);
SELECT m2m_create('author', 'book', naming => 'django'), m2m_create('author', 'series', naming => 'laravel'),
       m2m_create('book', 'series', naming => 'm2m');
SELECT * FROM names('author_books') UNION ALL SELECT * FROM names('author_series') UNION ALL SELECT * FROM names('book_series_link');
ROLLBACK;

-- Which take the direct path: with it nothing is planned but the call itself;
-- Django's surrogate key and deferred foreign keys are the executor's
BEGIN;
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
INSERT INTO a VALUES (1), (2);
INSERT INTO b VALUES (1), (2);
SELECT m2m_create('b', 'a', naming => 'prisma', left_view => 'v1', right_view => 'v2'),
       m2m_create('b', 'a', naming => 'rails', left_view => 'v3', right_view => 'v4'),
       m2m_create('b', 'a', naming => 'laravel', name => 'pivot', left_view => 'v5', right_view => 'v6'),
       m2m_create('b', 'a', naming => 'django', left_view => 'v7', right_view => 'v8');
SELECT m2m_link('a', 1, 'b', 1, via => name) FROM unnest('{_AToB,a_b,pivot,b_as}'::text[]) name;
\set VERBOSITY terse
SET LOCAL client_min_messages = log;
SET LOCAL log_planner_stats = on;
SELECT m2m_link('a', ARRAY[1, 2], 'b', ARRAY[1, 2], via => '_AToB');
SELECT m2m_link('a', ARRAY[1, 2], 'b', ARRAY[1, 2], via => 'a_b');
SELECT m2m_link('a', ARRAY[1, 2], 'b', ARRAY[1, 2], via => 'pivot');
SELECT m2m_link('a', ARRAY[1, 2], 'b', ARRAY[1, 2], via => 'b_as');
ROLLBACK;
\set VERBOSITY default

--
-- What each tool asks of a table before it takes it for its own
--
-- Prisma, db pull: an underscore in front, a key over (A, B), an index on B
-- alone, two foreign keys, A to the table that comes first
CREATE VIEW prisma_sees AS
    SELECT c.relname FROM pg_class c
    WHERE relname LIKE '\_%'
      AND EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary AND pg_get_indexdef(indexrelid) LIKE '%("A", "B")')
      AND EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND NOT indisunique AND pg_get_indexdef(indexrelid) LIKE '%("B")')
      AND 2 = (SELECT count(*) FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f')
      AND EXISTS (SELECT FROM pg_constraint fa JOIN pg_constraint fb ON fb.conrelid = fa.conrelid
                      JOIN pg_class ta ON ta.oid = fa.confrelid JOIN pg_class tb ON tb.oid = fb.confrelid
                  WHERE fa.conrelid = c.oid AND pg_get_constraintdef(fa.oid) LIKE 'FOREIGN KEY ("A")%'
                    AND pg_get_constraintdef(fb.oid) LIKE 'FOREIGN KEY ("B")%'
                    AND (fa.confupdtype, fa.confdeltype, fb.confupdtype, fb.confdeltype) = ('c', 'c', 'c', 'c')
                    AND ta.relname::text COLLATE "C" <= tb.relname::text COLLATE "C");
BEGIN;
CREATE TABLE "User" (id int PRIMARY KEY);
CREATE TABLE "Post" (id text PRIMARY KEY);
CREATE TABLE people (id uuid PRIMARY KEY);
CREATE TABLE peppers (id int PRIMARY KEY);
CREATE TABLE blog_post (id int PRIMARY KEY);
SET LOCAL m2m.naming = prisma;
SELECT m2m_create('"User"', '"Post"'), m2m_create('people', 'peppers'), m2m_create('peppers', 'people', 'other', left_role => 'x'),
       m2m_create('blog_post', '"User"'), m2m_create('people', 'people'), m2m_create('"User"', '"User"', '_follows');
SELECT * FROM names('"_PostToUser"') UNION ALL SELECT * FROM names('"_PersonToPepper"') UNION ALL SELECT * FROM names('other')
UNION ALL SELECT * FROM names('"_UserToBlogPost"') UNION ALL SELECT * FROM names('"_PersonToPerson"') UNION ALL SELECT * FROM names('_follows');
SELECT * FROM prisma_sees ORDER BY relname COLLATE "C";
SELECT finding FROM m2m_check();
-- In a self-relationship A is the left side
INSERT INTO "User" VALUES (1), (2);
SELECT m2m_link('"User"', 1, '"User"', 2, via => '_follows');
SELECT * FROM _follows;
ROLLBACK;

-- Rails: what both names begin with stands there once; a table is called as it
-- is; _id, whatever the key
BEGIN;
CREATE TABLE music_records (isbn text PRIMARY KEY);
CREATE TABLE music_artists (id int PRIMARY KEY);
CREATE TABLE a_b (id int PRIMARY KEY);
CREATE TABLE "BlogPosts" (id int PRIMARY KEY);
SET LOCAL m2m.naming = rails;
SELECT m2m_create('music_records', 'music_artists'), m2m_create('a_b', 'a_b'), m2m_create('authors', '"BlogPosts"'), m2m_create('books', 'books');
SELECT * FROM names('music_artists_records') UNION ALL SELECT * FROM names('a_b_b') UNION ALL SELECT * FROM names('"BlogPosts_authors"')
UNION ALL SELECT * FROM names('books_books');
ROLLBACK;

-- Laravel: models in snake case, sorted; the key as it is called
BEGIN;
CREATE TABLE blog_posts (uuid uuid PRIMARY KEY);
CREATE TABLE "MediaType" (id int PRIMARY KEY);
SET LOCAL m2m.naming = laravel;
SELECT m2m_create('blog_posts', 'authors'), m2m_create('"MediaType"', 'books'), m2m_create('books', 'books');
SELECT * FROM names('author_blog_post') UNION ALL SELECT * FROM names('book_media_type') UNION ALL SELECT * FROM names('book_book');
ROLLBACK;

-- Django: a model's name is what stands behind the last underscore; the role on
-- the right is the field
BEGIN;
CREATE TABLE library_author (id bigint PRIMARY KEY, name text);
CREATE TABLE library_book (id bigint PRIMARY KEY, title text);
CREATE TABLE library_person (id bigint PRIMARY KEY);
CREATE TABLE auth_user (id int PRIMARY KEY);
CREATE TABLE auth_group (id int PRIMARY KEY);
CREATE TABLE library_group (id int PRIMARY KEY);
CREATE TABLE anapplicationlabelthatislong_verylongmodelnameforatable (id bigint PRIMARY KEY);
SET LOCAL m2m.naming = django;
SELECT m2m_create('library_book', 'library_author'), m2m_create('library_book', 'library_author', right_role => 'editor'),
       m2m_create('library_person', 'library_person', right_role => 'friend'), m2m_create('auth_user', 'auth_group'),
       m2m_create('auth_group', 'library_group');
SELECT m2m_create('library_book', 'anapplicationlabelthatislong_verylongmodelnameforatable');
SELECT m2m_create('anapplicationlabelthatislong_verylongmodelnameforatable', 'library_book', left_view => 'v1', right_view => 'v2');
SELECT m2m_create('anapplicationlabelthatislong_verylongmodelnameforatable', 'library_person', right_role => 'person_of_the_year',
                  left_view => 'v3', right_view => 'v4');
SELECT * FROM names('library_book_authors') UNION ALL SELECT * FROM names('library_book_editors') UNION ALL SELECT * FROM names('library_person_friends')
UNION ALL SELECT * FROM names('auth_user_groups') UNION ALL SELECT * FROM names('auth_group_groups')
UNION ALL SELECT * FROM names('library_book_verylongmodelnameforatables');
SELECT * FROM shape('library_person_friends');
SELECT * FROM shape('library_book_verylongmodelnameforatables');
SELECT conname FROM pg_constraint WHERE conname LIKE 'anapp%' AND contype IN ('f', 'u') ORDER BY conname COLLATE "C";
SELECT finding FROM m2m_check();
-- Deferred: the link may come before its row
SELECT m2m_link('library_book', 1, 'library_author', 1, via => 'library_book_authors');
INSERT INTO library_author VALUES (1);
INSERT INTO library_book VALUES (1);
SET CONSTRAINTS ALL IMMEDIATE;
SELECT a.id FROM library_book, book_authors(library_book) a;
DELETE FROM library_author;
TABLE library_book_authors;
ROLLBACK;

--
-- The setting, and the argument
--
BEGIN;
SET LOCAL m2m.naming = laravel;
-- first use
SELECT m2m_link('books', 1, 'authors', 2);
SELECT * FROM names('author_book');
-- the argument goes before the setting
SELECT m2m_create('books', 'authors', naming => 'm2m', left_view => 'v1', right_view => 'v2');
ROLLBACK;
-- Every name can be given
BEGIN;
SELECT m2m_create('books', 'authors', 'writing', left_columns => '{b}', right_columns => '{a}', naming => 'prisma', left_role => 'work', right_role => 'writer', on_delete => 'restrict');
SELECT * FROM shape('writing');
SELECT * FROM names('writing');
ROLLBACK;
-- if_not_exists finds it, from either side, also after the setting has changed;
-- but who names another style wants another table
BEGIN;
\set VERBOSITY terse
SELECT m2m_create('books', 'authors', naming => 'prisma');
SELECT m2m_create('authors', 'books', naming => 'prisma', if_not_exists => true);
SELECT m2m_create('authors', 'books', if_not_exists => true);
SET LOCAL m2m.naming = django;
SELECT m2m_create('books', 'authors', if_not_exists => true);
SELECT m2m_create('books', 'authors', naming => 'rails', if_not_exists => true, left_view => 'v1', right_view => 'v2');
SELECT m2m_create('authors', 'books', naming => 'rails', if_not_exists => true);
\set VERBOSITY default
ROLLBACK;
-- Unknown
SELECT m2m_create('books', 'authors', naming => 'hibernate');
\echo :SQLSTATE
SET m2m.naming = hibernate;
\echo :SQLSTATE
SELECT m2m_create('books', 'authors', naming => 'Rails');
SELECT m2m_drop('authors_books');
-- Two columns are two columns; Prisma and Django's id
BEGIN;
CREATE TABLE rooms (building text, number int, PRIMARY KEY (building, number));
SAVEPOINT s;
SELECT m2m_create('books', 'rooms', naming => 'prisma');
\echo :SQLSTATE
ROLLBACK TO s;
SELECT m2m_create('books', 'rooms', naming => 'django', left_columns => '{id}');
\echo :SQLSTATE
ROLLBACK TO s;
SELECT m2m_create('books', 'rooms', naming => 'prisma', right_columns => '{b,c}');
SELECT m2m_create('books', 'rooms', naming => 'rails', left_view => 'v1', right_view => 'v2');
SELECT m2m_create('books', 'rooms', 'bookings', naming => 'django', left_view => 'v3', right_view => 'v4');
SELECT * FROM names('"_BookToRoom"') UNION ALL SELECT * FROM names('books_rooms') UNION ALL SELECT * FROM names('bookings');
ROLLBACK;
-- A name of an index that is taken: PostgreSQL finds another
BEGIN;
CREATE TABLE index_authors_books_on_book_id_and_author_id ();
CREATE TABLE index_authors_books_on_author_id_and_book_id ();
SELECT m2m_create('books', 'authors', naming => 'rails');
SELECT * FROM shape('authors_books');
CREATE TABLE "_AuthorToBook_AB_pkey" ();
CREATE TABLE "_AuthorToBook_B_index" ();
SELECT m2m_create('books', 'authors', naming => 'prisma', left_view => 'v1', right_view => 'v2');
SELECT * FROM shape('"_AuthorToBook"');
ROLLBACK;
-- Too long for an identifier: cut, or as Django does it
BEGIN;
CREATE TABLE a_table_whose_name_is_as_long_as_a_name_may_be_in_postgresqls (id int PRIMARY KEY);
CREATE TABLE another_table_whose_name_is_as_long_as_a_name_may_be_in_postgr (id int PRIMARY KEY);
CREATE FUNCTION made(style text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    made regclass := m2m_create('a_table_whose_name_is_as_long_as_a_name_may_be_in_postgresqls',
                                'another_table_whose_name_is_as_long_as_a_name_may_be_in_postgr', naming => style);
BEGIN
    ASSERT NOT EXISTS (SELECT FROM m2m_check());
    RETURN QUERY SELECT p.part FROM shape(made) p WHERE p.part LIKE 'index%' OR p.part LIKE 'constraint%'
    UNION ALL SELECT 'table ' || made;
    PERFORM m2m_drop(made);
END $$;
SELECT style, part FROM unnest('{rails,laravel,django,prisma}'::text[]) WITH ORDINALITY s (style, n), made(style) part ORDER BY n, part COLLATE "C";
ROLLBACK;
-- Temporary and unlogged
BEGIN;
CREATE TEMPORARY TABLE t1 (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE t2 (id int PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE UNLOGGED TABLE u1 (id int PRIMARY KEY);
SELECT style, m2m_create('t1', 't2', style, naming => style, left_view => 'v' || n, right_view => 'w' || n),
       m2m_create('u1', 'books', style, naming => style, left_view => 'v' || n, right_view => 'w' || n)
FROM unnest('{rails,laravel,django,prisma}'::text[]) WITH ORDINALITY s (style, n);
SELECT relnamespace = pg_my_temp_schema() AS temporary, relname, relpersistence FROM pg_class
WHERE relname = ANY ('{rails,laravel,django,prisma}') ORDER BY 1, relname COLLATE "C";
ROLLBACK;

-- A column of both keys
BEGIN;
CREATE TABLE member (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE team (tenant int, id int, PRIMARY KEY (tenant, id));
INSERT INTO member VALUES (1, 1), (1, 2), (2, 1);
INSERT INTO team VALUES (1, 1), (1, 2), (2, 1);
CREATE FUNCTION of_tenants(style text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    made regclass := m2m_create('team', 'member', naming => style, left_columns => '{tenant,team_id}', right_columns => '{tenant,member_id}');
BEGIN
    RETURN QUERY SELECT p.part || ': ' || p.definition FROM shape(made) p;
    RETURN QUERY SELECT 'shared: ' || r.shared::text || ', identity: ' || r.identity::text FROM m2m_relationships() r WHERE r.association = made;
    FOR direct IN 0..1 LOOP
        PERFORM set_config('m2m.direct_path', CASE direct WHEN 1 THEN 'on' ELSE 'off' END, true);
        RETURN NEXT 'link: ' || concat_ws(' ', m2m_link('team', ARRAY[ROW(1, 1), ROW(2, 1)], 'member', 1), m2m_link('member', ROW(1, 2), 'team', '{1,2}'));
        RETURN NEXT 'look: ' || concat_ws(' ', m2m_count('team', ROW(1, 1), 'member'), m2m_linked('member', ROW(2, 1), 'team', 1), m2m_linked('member', ROW(2, 1), 'team', ROW(1, 1)));
        RETURN NEXT 'unlink: ' || concat_ws(' ', m2m_unlink('team', ROW(1, 2), 'member', 2), m2m_clear('member', ARRAY[ROW(1, 1), ROW(1, 2), ROW(2, 1)], 'team'));
    END LOOP;
    RETURN QUERY SELECT w::text FROM wrong() w;
    RETURN QUERY SELECT 'finding: ' || c.finding FROM m2m_check(made) c;
    SET CONSTRAINTS ALL IMMEDIATE;
    PERFORM m2m_drop(made);
END $$;
SELECT of_tenants('m2m');
SELECT of_tenants('rails');
SELECT of_tenants('laravel');
SELECT of_tenants('django');
SELECT of_tenants('prisma');
-- one whole key within the other: no index but Django's own twice
CREATE TABLE tenant (id int PRIMARY KEY);
INSERT INTO tenant VALUES (1), (2);
SELECT style, m2m_create('member', 'tenant', style, naming => style, left_columns => '{tenant,member}', right_columns => '{tenant}',
    left_view => 'a' || n, right_view => 'b' || n) FROM unnest('{m2m,rails,laravel,django,prisma}'::text[]) WITH ORDINALITY s (style, n);
SELECT style, part, definition FROM unnest('{m2m,rails,laravel,django,prisma}'::text[]) WITH ORDINALITY s (style, n), shape(style::regclass)
WHERE part LIKE 'index%' ORDER BY n, part COLLATE "C";
-- Django's column cannot be one; nor do two become one that nobody has named
SAVEPOINT s;
SELECT m2m_create('team', 'member', naming => 'django', left_columns => '{tenant,id}', right_columns => '{tenant,member_id}');
ROLLBACK TO s;
CREATE TABLE "BlogPost" (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE blog_post (tenant int, number int, PRIMARY KEY (tenant, number));
SELECT m2m_create('"BlogPost"', 'blog_post', naming => 'laravel');
ROLLBACK;

-- Given up, the tool's own rules see the table that was made in its style
BEGIN;
CREATE FUNCTION given_up(style text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    made regclass := m2m_create('books', 'authors', naming => style);
BEGIN
    PERFORM m2m_drop(made, keep_links => true);
    RETURN QUERY SELECT association::text || ' ' || missing::text || ' ' || tools::text FROM m2m_candidates('styles');
    EXECUTE format('DROP TABLE %s', made);
END $$;
SELECT style, given_up(style) FROM unnest('{m2m,rails,laravel,django,prisma}'::text[]) style;
ROLLBACK;

-- Renamed: what is called after the table goes with it
BEGIN;
CREATE FUNCTION renamed(style text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    made regclass := m2m_rename(m2m_create('books', 'authors', 'old_' || style, naming => style), 'new_' || style);
BEGIN
    RETURN QUERY SELECT p.part FROM shape(made) p WHERE p.part LIKE 'index%' OR p.part LIKE 'constraint%';
    ASSERT NOT EXISTS (SELECT FROM wrong()), 'wrong';
    CREATE TABLE again AS SELECT p.part FROM shape(made) p;
    PERFORM m2m_drop(made);
    made := m2m_create('books', 'authors', 'new_' || style, naming => style);
    RETURN QUERY SELECT 'otherwise: ' || p.part FROM shape(made) p WHERE p.part NOT IN (SELECT a.part FROM again a);
    PERFORM m2m_drop(made);
    DROP TABLE again;
END $$;
SELECT style, part FROM unnest('{m2m,rails,laravel,django,prisma}'::text[]) WITH ORDINALITY s (style, n), renamed(style) part ORDER BY n, part COLLATE "C";
ROLLBACK;

-- Dropped and taken back
BEGIN;
SELECT m2m_create('books', 'authors', naming => 'prisma');
SELECT m2m_link('books', 1, 'authors', 2);
SELECT m2m_drop('"_AuthorToBook"', keep_links => true);
SELECT m2m_adopt('"_AuthorToBook"');
SELECT * FROM names('"_AuthorToBook"');
SELECT finding FROM m2m_check();
ROLLBACK;

DROP VIEW prisma_sees;
SET client_min_messages = warning;
DROP SCHEMA styles CASCADE;
DROP SCHEMA oracle CASCADE;
