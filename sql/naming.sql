--
-- Names: roles, link views, columns, association tables; what is too long for
-- an identifier, what has to be quoted, and what is taken
--
\set SHOW_CONTEXT never
CREATE SCHEMA naming;
SET search_path = naming, public;

-- The names of one relationship, to look at
CREATE FUNCTION names(association regclass)
RETURNS TABLE (what text, "left" text, "right" text)
LANGUAGE sql AS $$
    SELECT x.* FROM public.m2m_relationships() r, LATERAL (VALUES
        ('association', r.association::text, NULL),
        ('table', r.left_table::text, r.right_table::text),
        ('role', r.left_role, r.right_role),
        ('columns', r.left_columns::text, r.right_columns::text),
        ('view', r.left_view::text, r.right_view::text),
        ('function', r.left_function::text, r.right_function::text)) x
    WHERE r.association = $1
$$;

--
-- English: a role is the singular of its table's name, a link view is called
-- by the role it starts from and the plural of the other
--
CREATE TABLE noun (singular text, plural text);
INSERT INTO noun VALUES
    ('book', 'books'), ('user', 'users'), ('tag', 'tags'), ('post', 'posts'),
    ('order', 'orders'), ('image', 'images'), ('role', 'roles'),
    ('price', 'prices'), ('device', 'devices'), ('slice', 'slices'),
    ('category', 'categories'), ('country', 'countries'), ('city', 'cities'),
    ('company', 'companies'), ('query', 'queries'), ('day', 'days'),
    ('key', 'keys'), ('box', 'boxes'), ('fox', 'foxes'), ('sex', 'sexes'),
    ('index', 'indexes'), ('branch', 'branches'), ('batch', 'batches'),
    ('hash', 'hashes'), ('class', 'classes'), ('address', 'addresses'),
    ('process', 'processes'), ('boss', 'bosses'), ('buzz', 'buzzes'),
    ('status', 'statuses'), ('bus', 'buses'), ('virus', 'viruses'),
    ('bonus', 'bonuses'), ('census', 'censuses'), ('octopus', 'octopuses'),
    ('house', 'houses'), ('clause', 'clauses'), ('spouse', 'spouses'),
    ('use', 'uses'), ('alias', 'aliases'), ('atlas', 'atlases'),
    ('bias', 'biases'), ('canvas', 'canvases'), ('gas', 'gases'),
    ('lens', 'lenses'), ('metropolis', 'metropolises'), ('move', 'moves'),
    ('shoe', 'shoes'), ('horseshoe', 'horseshoes'), ('cookie', 'cookies'),
    ('movie', 'movies'), ('tie', 'ties'), ('zombie', 'zombies'),
    ('selfie', 'selfies'), ('cache', 'caches'), ('webcache', 'webcaches'),
    ('niche', 'niches'), ('database', 'databases'), ('codebase', 'codebases'),
    ('knowledge_base', 'knowledge_bases'), ('release', 'releases'),
    ('license', 'licenses'), ('course', 'courses'), ('expense', 'expenses'),
    ('case', 'cases'), ('phase', 'phases'), ('phrase', 'phrases'),
    ('size', 'sizes'), ('dose', 'doses'), ('purpose', 'purposes'),
    ('exercise', 'exercises'), ('axis', 'axes'), ('tree', 'trees'),
    ('wolf', 'wolves'), ('knife', 'knives'), ('leaf', 'leaves'),
    ('life', 'lives'), ('shelf', 'shelves'), ('bookshelf', 'bookshelves'),
    ('self', 'selves'), ('housewife', 'housewives'), ('roof', 'roofs'),
    ('chief', 'chiefs'), ('archive', 'archives'), ('hero', 'heroes'),
    ('potato', 'potatoes'), ('tomato', 'tomatoes'), ('echo', 'echoes'),
    ('photo', 'photos'), ('video', 'videos'), ('logo', 'logos'),
    ('analysis', 'analyses'), ('basis', 'bases'), ('crisis', 'crises'),
    ('thesis', 'theses'), ('hypothesis', 'hypotheses'),
    ('diagnosis', 'diagnoses'), ('synopsis', 'synopses'), ('medium', 'media'),
    ('criterion', 'criteria'), ('phenomenon', 'phenomena'),
    ('matrix', 'matrices'), ('vertex', 'vertices'),
    ('appendix', 'appendices'), ('alumnus', 'alumni'), ('cactus', 'cacti'),
    ('radius', 'radii'), ('corpus', 'corpora'), ('schema', 'schemas'),
    ('formula', 'formulas'), ('person', 'people'),
    ('salesperson', 'salespeople'), ('child', 'children'), ('man', 'men'),
    ('woman', 'women'), ('policeman', 'policemen'), ('human', 'humans'),
    ('specimen', 'specimens'), ('foot', 'feet'), ('tooth', 'teeth'),
    ('goose', 'geese'), ('mouse', 'mice'), ('ox', 'oxen'),
    ('quiz', 'quizzes'), ('die', 'dice'), ('menu', 'menus'),
    ('submenu', 'submenus'), ('sku', 'skus'), ('cpu', 'cpus'),
    ('taxi', 'taxis'), ('api', 'apis'), ('bureau', 'bureaus'),
    ('stomach', 'stomachs'), ('tech', 'techs'), ('series', 'series'),
    ('timeseries', 'timeseries'), ('news', 'news'),
    ('information', 'information'), ('equipment', 'equipment'),
    ('money', 'money'), ('fish', 'fish'), ('sheep', 'sheep'),
    ('reindeer', 'reindeer'), ('police', 'police'), ('metadata', 'metadata'),
    ('software', 'software'), ('hardware', 'hardware'), ('staff', 'staff'),
    ('means', 'means'), ('analytics', 'analytics'), ('chassis', 'chassis'),
    ('topic', 'topics'), ('metric', 'metrics'), ('statistic', 'statistics'),
    ('idea', 'ideas'), ('persona', 'personas'), ('blog_post', 'blog_posts'),
    ('BlogPost', 'BlogPosts'), ('blogPerson', 'blogPeople'),
    ('to_person', 'to_people'), ('order-item', 'order-items'),
    ('User', 'Users'), ('USER', 'USERS'), ('Person', 'People'),
    ('PERSON', 'PEOPLE'), ('BOX', 'BOXES'), ('CITY', 'CITIES'),
    ('CHILD', 'CHILDREN'), ('user_status', 'user_statuses'),
    ('OrderStatus', 'OrderStatuses'), ('HTTPServer', 'HTTPServers'),
    ('API', 'APIS'), ('user_URL', 'user_URLS'), ('WOLF', 'WOLVES'),
    ('to_BOX', 'to_BOXES'), ('BlogADDRESS', 'BlogADDRESSES'),
    ('TimeSeries', 'TimeSeries'), ('Policeman', 'Policemen'),
    ('table2', 'table2s'), ('TABLE2', 'TABLE2S'), ('blog post', 'blog posts');
SELECT count(*) FROM noun;

-- A table of each plural, and in another schema one of each singular, each
-- related to "things"
CREATE SCHEMA naming_plural;
CREATE SCHEMA naming_singular;
CREATE TABLE naming_plural.things (id int PRIMARY KEY);
CREATE TABLE naming_singular.things (id int PRIMARY KEY);
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT plural FROM noun LOOP
        EXECUTE format('CREATE TABLE naming_plural.%I (id int PRIMARY KEY)', name);
        PERFORM m2m_create('naming_plural.things', format('naming_plural.%I', name));
    END LOOP;
    FOR name IN SELECT singular FROM noun LOOP
        EXECUTE format('CREATE TABLE naming_singular.%I (id int PRIMARY KEY)', name);
        PERFORM m2m_create('naming_singular.things', format('naming_singular.%I', name));
    END LOOP;
END
$$;

-- Those that got a wrong name: none
CREATE VIEW named AS
    SELECT n.nspname AS schema, t.relname AS "table",
           a.relname AS association, r.left_role, r.right_role,
           r.left_columns[1] AS left_column, r.right_columns[1] AS right_column,
           lv.relname AS left_view, rv.relname AS right_view
    FROM m2m_relationships() r
         JOIN pg_class a ON a.oid = r.association
         JOIN pg_class t ON t.oid = r.right_table
         JOIN pg_namespace n ON n.oid = t.relnamespace
         LEFT JOIN pg_class lv ON lv.oid = r.left_view
         LEFT JOIN pg_class rv ON rv.oid = r.right_view;

SELECT noun.*, named.*
FROM noun CROSS JOIN (VALUES ('naming_plural'), ('naming_singular')) s (schema)
     LEFT JOIN named ON named.schema = s.schema AND named."table" =
        CASE s.schema WHEN 'naming_plural' THEN plural ELSE singular END
WHERE (association, left_role, right_role, left_column, right_column,
       left_view, right_view) IS DISTINCT FROM
      ('things_' || "table", 'thing', singular, 'thing_id', singular || '_id',
       'thing_' || plural, singular || '_things');
SELECT schema, count(*) FROM named GROUP BY schema ORDER BY schema;

SET client_min_messages = warning;
DROP SCHEMA naming_plural CASCADE;
DROP SCHEMA naming_singular CASCADE;
RESET client_min_messages;
SELECT association, left_table, right_table FROM m2m_relationships();

-- What is no English word is left as it is: here the roles are the tables'
-- names, and it is for the user to say how many of them a view shows
CREATE TABLE "größe" (id int PRIMARY KEY);
CREATE TABLE "本" (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('größe', '本'));
SELECT * FROM names(m2m_create('größe', '本', 'größe_本_2',
                               left_view => '本_der_größe', right_view => 'größen_本'));
SELECT m2m_drop('größe_本_link'), m2m_drop('größe_本_2');

--
-- One table on both sides: the order is the direction
--
CREATE TABLE people (id int PRIMARY KEY, name text);
SELECT * FROM names(m2m_create('people', 'people'));
-- Better names for it.  A role names column and view.
SELECT * FROM names(m2m_create('people', 'people', 'friendship',
                               left_role => 'person', right_role => 'friend'));
SELECT * FROM names(m2m_create('people', 'people', 'follows',
                               left_role => 'follower', right_role => 'followee',
                               left_view => 'following', right_view => 'followers'));
-- Both cannot play the same role
SELECT m2m_create('people', 'people', 'trouble', left_role => 'person', right_role => 'person');

--
-- _link: an association table that a link view's name falls on
--
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE series (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('author', 'series'));
SELECT m2m_drop('author_series_link');
-- Without that there is no suffix: here there is none, and here there is one
CREATE TABLE news (id int PRIMARY KEY);
CREATE TABLE staff (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('series', 'author'));
SELECT * FROM names(m2m_create('news', 'staff'));
-- A name that is given is taken as it is
SELECT m2m_create('author', 'news', 'author_news');
SELECT m2m_create('author', 'news', 'author_news', left_view => 'news_by_author');

--
-- Composite keys: a column for each of the key's
--
CREATE TABLE flights (airline text, number int, PRIMARY KEY (airline, number));
CREATE TABLE crew (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('flights', 'crew'));

--
-- 63 bytes, and whole characters.  The longer part is shortened first.
--
SELECT format('CREATE TABLE %I (id int PRIMARY KEY)', repeat('ä', 30) || 's') \gexec
SELECT format('CREATE TABLE %I (id int PRIMARY KEY)', repeat('€', 20) || 's') \gexec
SELECT * FROM names(m2m_create(repeat('ä', 30) || 's', repeat('€', 20) || 's'));
SELECT what, octet_length(trim('"' FROM "left")) AS left_bytes,
       char_length(trim('"' FROM "left")) AS left_characters,
       octet_length(trim('"' FROM "right")) AS right_bytes,
       char_length(trim('"' FROM "right")) AS right_characters
FROM m2m_relationships(), LATERAL names(association)
WHERE left_table = (repeat('ä', 30) || 's')::regclass
  AND what IN ('association', 'role', 'view');
-- It works
SELECT format('INSERT INTO %I VALUES (1)', repeat('ä', 30) || 's') \gexec
SELECT format('INSERT INTO %I VALUES (2)', repeat('€', 20) || 's') \gexec
SELECT m2m_link(repeat('ä', 30) || 's', 1, repeat('€', 20) || 's', 2);
SELECT format('SELECT * FROM %s', left_view) FROM m2m_relationships()
WHERE left_table = (repeat('ä', 30) || 's')::regclass \gexec
SELECT format('SELECT r.* FROM %s e, %s(e) r', right_table, right_function::regproc)
FROM m2m_relationships()
WHERE left_table = (repeat('ä', 30) || 's')::regclass \gexec

-- Names that are given are truncated as PostgreSQL truncates any identifier
CREATE TABLE book (id int PRIMARY KEY);
SELECT * FROM names(m2m_create('people', 'book', repeat('x', 70)));
-- Where shortening makes two names one, this is said
CREATE TABLE node (id int PRIMARY KEY);
SELECT m2m_create('node', 'node', 'tree',
                  left_role => repeat('r', 61) || 'a', right_role => repeat('r', 61) || 'b');
SELECT m2m_create('node', 'node', 'tree',
                  left_role => repeat('r', 61) || 'a', right_role => repeat('r', 61) || 'b',
                  left_columns => '{a}', right_columns => '{b}');

--
-- Hostile names: whatever can be quoted can be a name
--
CREATE SCHEMA "sch.ema ""s""";
SET search_path = "sch.ema ""s""", naming, public;
CREATE TABLE "select" ("order" int PRIMARY KEY, "a column" text);
CREATE TABLE "My ""Table""; DROP TABLE x;--" ("I.D." int PRIMARY KEY, "'" text, "$1" int);
CREATE TABLE "%s %I \ 'quoted'" ("%1$s" int, "\" int, "r" int, "l" int, PRIMARY KEY ("%1$s", "\"));
INSERT INTO "select" VALUES (1, 'one');
INSERT INTO "My ""Table""; DROP TABLE x;--" VALUES (2, 'two', 22);
INSERT INTO "%s %I \ 'quoted'" VALUES (3, 33, 333, 3333);
\x on
SELECT * FROM names(m2m_create('"select"', '"My ""Table""; DROP TABLE x;--"'));
SELECT * FROM names(m2m_create('"My ""Table""; DROP TABLE x;--"', '"%s %I \ ''quoted''"'));
SELECT * FROM names(m2m_create('"%s %I \ ''quoted''"', '"%s %I \ ''quoted''"'));
\x off
CREATE VIEW hostile AS
    SELECT * FROM m2m_relationships()
    WHERE left_table IN (SELECT oid FROM pg_class
                         WHERE relnamespace = '"sch.ema ""s"""'::regnamespace);
-- Link in both orders, read by view and function
SELECT m2m_link('"select"', 1, '"My ""Table""; DROP TABLE x;--"', 2),
       m2m_link('"%s %I \ ''quoted''"', ROW(3, 33), '"My ""Table""; DROP TABLE x;--"', 2),
       m2m_link('"%s %I \ ''quoted''"', ROW(3, 33), '"%s %I \ ''quoted''"', '(3,33)');
SELECT format('SELECT * FROM %s', view)
FROM hostile, unnest(ARRAY[left_view, right_view]) view
ORDER BY view::text COLLATE "C" \gexec
SELECT format('SELECT r.* FROM %s e, %s(e) r', x.relid, x.function::regproc)
FROM hostile, LATERAL (VALUES (left_table, left_function),
                              (right_table, right_function)) x (relid, function)
ORDER BY x.function::text COLLATE "C" \gexec
-- via takes a name as SQL spells it, or letter by letter
SELECT m2m_count('"select"', 1, '"My ""Table""; DROP TABLE x;--"',
                 via => 'select_My "Table"; DROP TABLE x;--_link') AS by_letters,
       m2m_count('"select"', 1, '"My ""Table""; DROP TABLE x;--"',
                 via => '"select_My ""Table""; DROP TABLE x;--_link"') AS quoted,
       m2m_count('"select"', 1, '"My ""Table""; DROP TABLE x;--"',
                 via => '"sch.ema ""s"""."select_My ""Table""; DROP TABLE x;--_link"') AS qualified;
-- Written through the views: a row inserted and linked, a row updated, a row
-- unlinked
INSERT INTO "%s %I \ 'quoted'_My ""Table""; DROP TABLE x;--"
       ("%s %I \ 'quoted'_%1$s", "%s %I \ 'quoted'_\", "'", "I.D.")
VALUES (3, 33, 'four', 4)
RETURNING *;
UPDATE "My ""Table""; DROP TABLE x;--_%s %I \ 'quoted'" SET r = 0, l = NULL
WHERE "My ""Table""; DROP TABLE x;--_I.D." = 4
RETURNING *;
DELETE FROM "%s %I \ 'quoted'_My ""Table""; DROP TABLE x;--" WHERE "'" = 'two' RETURNING "I.D.";
TABLE "My ""Table""; DROP TABLE x;--_%s %I \ 'quoted'_link";
TABLE "My ""Table""; DROP TABLE x;--";
SET search_path = naming, public;
SET client_min_messages = warning;
DROP SCHEMA "sch.ema ""s""" CASCADE;
RESET client_min_messages;

-- Mixed case stays as it is written
CREATE TABLE "BlogPosts" ("Id" int PRIMARY KEY);
CREATE TABLE "tagNames" ("Id" int PRIMARY KEY);
SELECT * FROM names(m2m_create('"BlogPosts"', '"tagNames"'));

--
-- What is taken: an error that says by what, and which argument avoids it
--
CREATE TABLE reader (id int PRIMARY KEY);
CREATE FUNCTION try(name text DEFAULT NULL, left_view text DEFAULT NULL, right_view text DEFAULT NULL,
                    left_columns text[] DEFAULT NULL)
RETURNS regclass LANGUAGE sql AS $$
    SELECT public.m2m_create('naming.reader', 'naming.book', name => $1, left_view => $2,
                             right_view => $3, left_columns => $4)
$$;
-- the association's, by any kind of relation
CREATE TABLE reader_book (a int);
SELECT try();
\echo :SQLSTATE
DROP TABLE reader_book;
CREATE VIEW reader_book AS SELECT 1;
SELECT try();
DROP VIEW reader_book;
CREATE SEQUENCE reader_book;
SELECT try();
DROP SEQUENCE reader_book;
CREATE INDEX reader_book ON reader (id);
SELECT try();
DROP INDEX reader_book;
CREATE TYPE reader_book AS (a int);
SELECT try();
DROP TYPE reader_book;
CREATE TYPE reader_book AS ENUM ('a');
SELECT try();
DROP TYPE reader_book;
-- a link view's, on either side
CREATE TABLE reader_books (a int);
SELECT try();
\echo :SQLSTATE
DROP TABLE reader_books;
CREATE TABLE book_readers (a int);
SELECT try();
DROP TABLE book_readers;
-- a link function's: the same name with the same argument
CREATE FUNCTION book_readers(book) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT try();
\echo :SQLSTATE
DROP FUNCTION book_readers(book);
-- but with another argument it is no clash
CREATE FUNCTION book_readers(reader) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT try();
DROP FUNCTION book_readers(reader);
-- by the relationship itself, once it is there
SELECT try();
\echo :SQLSTATE
SELECT try('a_second_one');
-- Names of one relationship that would clash with each other
SELECT try('x', 'x', 'y');
SELECT try('x', 'y', 'y');
SELECT try('x', 'y', 'z', '{book_id}');
\echo :SQLSTATE
-- The hint was right: with the names it asks for, it works
SELECT * FROM names(try('a_second_one', 'reader_favourites', 'book_fans', '{fan_id}'));
-- No name at all is none
SELECT try('');
\echo :SQLSTATE

-- Nothing of what failed is left over
SELECT association FROM m2m_relationships() ORDER BY association::text COLLATE "C";
SELECT relname, relkind FROM pg_class
WHERE relnamespace = 'naming'::regnamespace AND relname IN ('x', 'y', 'z', 'tree', 'trouble');

SET client_min_messages = warning;
DROP SCHEMA naming CASCADE;
RESET client_min_messages;
SELECT association, left_table, right_table FROM m2m_relationships();
