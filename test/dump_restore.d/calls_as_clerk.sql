-- What somebody with less than all privileges may do with create.sql's
-- relationships. The answers, errors included, are the same in any copy that
-- has the privileges of the original. It leaves nothing changed.
\set ON_ERROR_ROLLBACK on
\set VERBOSITY verbose
\set SHOW_CONTEXT never
BEGIN;
-- Sequences are not rolled back, but this is.
ALTER SEQUENCE "Editing".enrolment_id_seq RESTART WITH 100;
SET LOCAL ROLE shop_clerk;
-- no hidden book, no grade of another course
SELECT * FROM author_books ORDER BY 1, 2;
SELECT book_id, "the author's name" FROM book_authors ORDER BY 1, 2;
SELECT * FROM book_authors;
SELECT * FROM links.painter_pictures ORDER BY 1, 2;
SELECT * FROM links.picture_painters ORDER BY 1, 2;
SELECT b.id, a.name FROM book b, book_authors(b) a ORDER BY 1, 2;
SELECT pupil, code, grade FROM "Editing"."Attended" ORDER BY 1, 2;
SELECT * FROM "Editing"."Listeners";
SELECT m2m_link('author', 3, 'book', 1, 'author_book'), m2m_unlink('author', 1, 'book', 1, 'author_book');
SELECT m2m_link('author', 3, 'book', 1, 'author_book', properties => '{"share": 0.3}');
INSERT INTO author_books (author_id, id) VALUES (3, 2);
INSERT INTO author_books (author_id, full_title) VALUES (3, 'New');
UPDATE author_books SET share = 0;
DELETE FROM author_books WHERE author_id = 1;
UPDATE "Editing"."Attended" SET grade = 5;
UPDATE "Editing"."Attended" SET note = 'x';
SELECT m2m_count('course', 'OS1', 'student'), m2m_link('course', 'OS1', 'student', 'Ben');
SELECT m2m_link('joint.supplier', 2, 'book', 3);
SELECT m2m_link('tag', 'sql', 'student', 1);
SELECT m2m_adopt('document_tag');
RESET ROLE;
SET LOCAL ROLE "we""ird ro\le";
SELECT * FROM author_books;
SELECT * FROM "we""ird \sch'ema"."line
break";
RESET ROLE;
TABLE author_book ORDER BY 1, 2;
TABLE "Editing".enrolment ORDER BY 1;
ROLLBACK;
