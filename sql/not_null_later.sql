-- A table whose columns must not be null from now on, while rows that were there
-- may have a null (18: NOT NULL ... NOT VALID): these are no links.  Before 18 the
-- columns are left as they are, which has to come to the same.
SET client_min_messages = warning;
SELECT current_setting('server_version_num')::int >= 180000 AS may_be_later \gset
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
CREATE TABLE author_book (author_id int REFERENCES author, book_id int REFERENCES book, UNIQUE (author_id, book_id));
CREATE INDEX ON author_book (book_id, author_id);
INSERT INTO author VALUES (1, 'Ann'), (2, 'Bob');
INSERT INTO book VALUES (1, 'First'), (2, 'Second');
INSERT INTO author_book VALUES (1, 1), (NULL, 2), (2, NULL);
\if :may_be_later
    ALTER TABLE author_book ADD CONSTRAINT author_later NOT NULL author_id NOT VALID;
\endif
SELECT missing FROM m2m_candidates() WHERE association = 'author_book'::regclass;
SELECT m2m_adopt('author_book');
\if :may_be_later
    ALTER TABLE author_book ADD CONSTRAINT book_later NOT NULL book_id NOT VALID;
\endif
SELECT * FROM author_books ORDER BY author_id;
SELECT * FROM book_authors ORDER BY book_id;
SELECT m2m_count('author', 2, 'book'), m2m_count('book', 2, 'author');
SELECT * FROM m2m_check('author_book');
SELECT pg_get_viewdef('author_books') LIKE '%author_id IS NOT NULL%' AS asks;

-- Once there are none, the views need not ask
DELETE FROM author_book WHERE author_id IS NULL OR book_id IS NULL;
\if :may_be_later
    ALTER TABLE author_book VALIDATE CONSTRAINT author_later;
    ALTER TABLE author_book VALIDATE CONSTRAINT book_later;
\else
    ALTER TABLE author_book ALTER author_id SET NOT NULL, ALTER book_id SET NOT NULL;
\endif
SELECT pg_get_viewdef('author_books') LIKE '%author_id IS NOT NULL%' AS asks;
SELECT * FROM m2m_check('author_book');
SELECT m2m_drop('author_book');
DROP TABLE author_book, author, book;
