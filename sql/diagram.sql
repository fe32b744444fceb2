--
-- m2m_diagram: relationships as text that programs draw. If this fails, there
-- is something else in the picture than in the database, or it is none.
--
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
-- One that is not to be seen: other tests may have left some
CREATE SCHEMA diagram;
CREATE SCHEMA other;
SET search_path = diagram, public;
CREATE TABLE author (id bigint PRIMARY KEY, name text);
CREATE TABLE book (id bigint PRIMARY KEY, title text, isbn varchar(20) NOT NULL UNIQUE);
CREATE TABLE room (building text, number int, PRIMARY KEY (building, number));
SELECT m2m_diagram('diagram');
SELECT m2m_diagram('diagram', 'dot');
SELECT m2m_create('author', 'book');
ALTER TABLE author_book ADD COLUMN share numeric(5,2), ADD COLUMN since timestamptz DEFAULT now(), ADD COLUMN notes text[];
SELECT m2m_create('author', 'author', 'follow', left_role => 'follower', right_role => 'followed');
SELECT m2m_create('book', 'room', left_key => '{isbn}', schema => 'other');
CREATE TABLE credit (
    author_id bigint REFERENCES author, book_id bigint REFERENCES book, job text, note text, PRIMARY KEY (author_id, book_id, job));
SELECT m2m_adopt('credit');
CREATE TABLE chapter (id int PRIMARY KEY, author_id bigint REFERENCES author, book_id bigint REFERENCES book);
SELECT m2m_adopt('chapter', left_view => 'author_chapters', right_view => 'chapter_authors');
-- A table can be endpoint and association
SELECT m2m_create('chapter', 'room');
DROP VIEW room_chapters;
-- A column of both keys; rows that are marked instead of deleted
CREATE TABLE member (tenant int, id int, PRIMARY KEY (tenant, id));
SELECT m2m_create('member', 'member', 'friend', left_columns => '{tenant,one}', right_columns => '{tenant,other}');
CREATE TABLE loan (author_id bigint REFERENCES author, book_id bigint REFERENCES book, "gone ""?" boolean NOT NULL DEFAULT false, PRIMARY KEY (author_id, book_id));
SELECT m2m_adopt('loan', left_view => 'author_loans', right_view => 'loan_authors', deleted => 'gone "?');
SELECT m2m_diagram('diagram');
SELECT m2m_diagram(schema => 'diagram', format => 'dot');
-- Of another schema those that have a table in it
SELECT m2m_diagram('other');
SELECT m2m_diagram('other', 'DOT') = m2m_diagram('other', 'dot');
-- All of them: that is more, and begins in the same way
SELECT length(m2m_diagram()) > length(m2m_diagram('diagram')), m2m_diagram() LIKE E'erDiagram\n    "%', m2m_diagram(NULL, NULL) = m2m_diagram();
-- It depends neither on the search_path nor on who asks, nor on what was made first
SELECT m2m_diagram('diagram') AS before, m2m_diagram('diagram', 'dot') AS before_dot \gset
CREATE ROLE regress_m2m_draws;
GRANT USAGE ON SCHEMA diagram TO regress_m2m_draws;
SET ROLE regress_m2m_draws;
SET search_path = pg_catalog;
SELECT public.m2m_diagram('diagram') = :'before', public.m2m_diagram('diagram', 'dot') = :'before_dot';
RESET ROLE;
SET search_path = diagram, public;
SELECT m2m_drop('author_book', keep_links => true);
SELECT m2m_adopt('author_book', left_view => 'author_books');
SELECT m2m_diagram('diagram') = :'before', m2m_diagram('diagram', 'dot') = :'before_dot';
-- Views in a schema of their own
SET client_min_messages = warning;
DROP SCHEMA diagram, other CASCADE;
RESET client_min_messages;
CREATE SCHEMA diagram;
CREATE SCHEMA other;
SET m2m.view_schema = 'other';
CREATE TABLE author (id bigint PRIMARY KEY);
CREATE TABLE book (id bigint PRIMARY KEY);
SELECT m2m_create('author', 'book');
SELECT m2m_diagram('diagram');
RESET m2m.view_schema;
SELECT m2m_drop('author_book');

-- Names that mean something to Mermaid or dot, or may not stand there
CREATE TABLE "end" ("select" int, "PK" text, "fk-1" int, "fk_1" int, "größe §1" int, "1st" int, "a ""b""" int,
    PRIMARY KEY ("select", "PK", "fk-1", "fk_1", "größe §1", "1st", "a ""b"""));
CREATE TABLE "Bücher & ""mehr"" {x|y} <z> \ % # ; direction TB" (id int PRIMARY KEY);
SELECT m2m_create('"end"', '"Bücher & ""mehr"" {x|y} <z> \ % # ; direction TB"', 'class',
    left_role => 'one', right_role => E'two\nlines', left_columns => '{a,b,c,d,e,f,g}', right_columns => '{"h i"}', left_view => 'style', right_view => 'graph "TD"');
SELECT m2m_diagram('diagram');
SELECT m2m_diagram('diagram', 'dot');

-- What it does not know
\set VERBOSITY default
SELECT m2m_diagram(format => 'svg');
\echo :SQLSTATE
SELECT m2m_diagram(4294967295::oid::regnamespace);
\echo :SQLSTATE
SELECT m2m_diagram('nowhere');
\echo :SQLSTATE

SET client_min_messages = warning;
DROP SCHEMA diagram, other CASCADE;
DROP ROLE regress_m2m_draws;
