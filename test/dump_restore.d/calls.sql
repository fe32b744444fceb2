-- What relationships do when they are called, read and written: every call,
-- link view and link function of create.sql. The answers, errors included,
-- are the same in any copy. It leaves nothing changed.
\set ON_ERROR_ROLLBACK on
\set VERBOSITY verbose
\set SHOW_CONTEXT never
BEGIN;
-- Sequences are not rolled back, but this is.
ALTER SEQUENCE author_id_seq RESTART WITH 100;
ALTER SEQUENCE book_id_seq RESTART WITH 100;
ALTER SEQUENCE "Editing".enrolment_id_seq RESTART WITH 100;
ALTER SEQUENCE sign_id_seq RESTART WITH 100;
SELECT m2m_link('author', 3, 'book', '{1,3}', via => 'author_book'), m2m_link('book', 1, 'author', 1, 'author_book'),
	m2m_unlink('author', 1, 'book', 2, 'author_book'), m2m_linked('author', 2, 'book', 1, 'author_book'),
	m2m_count('author', 2, 'book', 'author_book'), m2m_toggle('author', 2, 'book', 3, 'author_book');
SELECT * FROM m2m_set('author', 2, 'book', '{3}', 'author_book');
SELECT m2m_clear('book', 1, 'author', 'author_book');
SELECT m2m_link('author', 1, 'book', 99, 'author_book');
SELECT m2m_link('author', 1, 'book', 1);
SELECT m2m_link('author', 1, 'book', 1, 'no_such');
INSERT INTO author_books (author_id, id, share) VALUES (1, 2, 0.75) RETURNING *;
INSERT INTO author_books (author_id, id, full_title) VALUES (2, 9, 'C') RETURNING *;
INSERT INTO author_books (author_id, full_title) VALUES (2, 'D') RETURNING *;
INSERT INTO author_books (author_id, id) VALUES (3, 2) RETURNING *;
UPDATE author_books SET full_title = 'C, revised', share = 0.1 WHERE author_id = 2 AND id = 9 RETURNING *;
UPDATE author_books SET author_id = 1 WHERE author_id = 2 AND id = 9 RETURNING *;
UPDATE book_authors SET "the author's name" = 'Carla' WHERE id = 3 AND book_id = 3 RETURNING *;
DELETE FROM book_authors WHERE book_id = 2 AND id = 1 RETURNING *;
DELETE FROM mine WHERE id = 9;
SELECT * FROM author_books ORDER BY 1, 2;
SELECT * FROM book_authors ORDER BY 1, 2;
SELECT a.name, b.full_title FROM author a, author_books(a) b ORDER BY 1, 2;
SELECT b.id, (b.book_authors).name FROM book b ORDER BY 1, 2;
SELECT * FROM prolific ORDER BY 1;
SELECT * FROM written ORDER BY 1, 2;
SELECT * FROM shelf ORDER BY 1, 2;
SELECT * FROM exclaimed ORDER BY 1;
UPDATE author SET id = 30 WHERE id = 3;
DELETE FROM author WHERE id = 2;
TABLE author_book ORDER BY 1, 2;

INSERT INTO "Editing"."Edited by" (work_id, name) VALUES (1, 'Ed') RETURNING work_id, name;
DELETE FROM author WHERE name = 'Ed';
SELECT m2m_unlink('author', 1, 'book', 3, via => '"Editing"."Book''s editor"');
SELECT * FROM "Editing"."Edited by" ORDER BY 1, 3;
SELECT * FROM "Editing"."Edited\books" ORDER BY 1, 2;

SELECT * FROM m2m_set('person', 'Cyd', 'person', '{Ben,Cyd}');
SELECT m2m_count('person', 'Ben', 'person', role => 'followed'), m2m_linked('person', 'Ann', 'person', 'Ben'),
	m2m_linked('person', 'Ben', 'person', 'Ann');
INSERT INTO following VALUES ('Ben', 'Ann') RETURNING *;
DELETE FROM followers WHERE followed_name = 'Cyd' RETURNING *;
UPDATE person SET name = 'Anne' WHERE name = 'Ann';
SELECT * FROM following ORDER BY 1, 2;
SELECT p.name, f.name FROM person p, followers(p) f ORDER BY 1, 2;

SELECT m2m_link('tag', '{1,2}', 'document', '00000000-0000-0000-0000-000000000002');
INSERT INTO tag_documents (tag_name, id, title) VALUES ('sql', '00000000-0000-0000-0000-000000000003', 'third');
SELECT * FROM document_tags ORDER BY 1, 2;
SELECT * FROM tag_documents ORDER BY 1, 2;

SELECT m2m_link('student', 'Ben', 'course', 'DB1', properties => '{"grade": 2.0, "note": "late"}');
INSERT INTO "Editing"."Attended" (pupil, code) VALUES ('Ben', 'OS1') RETURNING *;
UPDATE "Editing"."Attended" SET grade = 7 WHERE code = 'OS1';
UPDATE "Editing"."Listeners" SET grade = 4 WHERE course_code = 'OS1' RETURNING *;
SELECT * FROM "Editing"."Attended" ORDER BY 1, 2;
SELECT c.code, s.name FROM course c, "Editing"."Listeners"(c) s ORDER BY 1, 2;

SELECT m2m_toggle('room', '(b,1)', 'door', 'blue'), m2m_linked('door', 'red', 'room', '(a,1)'), m2m_count('door', 'red', 'room');
INSERT INTO door_rooms (door_colour, house, number, beds) VALUES ('blue', 'b', 7, 3) RETURNING *;
UPDATE room SET house = 'b' WHERE number = 2;
SELECT * FROM door_rooms ORDER BY 1, 2, 3;
SELECT * FROM room_doors ORDER BY 1, 2, 3;
SELECT m2m_clear('student', 1, 'room'), m2m_link('student', 2, 'room', ROW('b', 1), properties => '{"nights": 3}');
SELECT * FROM student_rooms;
SELECT * FROM room_students;

SELECT m2m_link('reader', 2, 'book', '{1,2}', role => 'borrower'), m2m_count('book', 1, 'reader');
SELECT * FROM borrower_books ORDER BY 1, 2;
SELECT * FROM "lent to" ORDER BY 1, 2;
SELECT m2m_unlink('reader', 1, 'person', 'Ann', via => 'acquaintance', role => 'who');
SELECT * FROM who_whoms ORDER BY 1, 2;
SELECT m2m_rename('acquaintance', left_role => 'reader', right_role => 'person');
SELECT p.name, r.name FROM person p, person_readers(p) r ORDER BY 1, 2;
SELECT m2m_drop('loan');
TABLE loan ORDER BY 1, 2;
SELECT condition, identity FROM m2m_relationships() WHERE condition IS NOT NULL ORDER BY association::text;
SELECT m2m_linked('course', 'DB1', 'door', 'red'), m2m_link('course', 'DB1', 'door', 'red'), m2m_unlink('course', 'DB1', 'door', 'blue'),
	m2m_linked('student', 1, 'door', 'red'), m2m_link('student', 1, 'door', 'red'), m2m_unlink('student', 1, 'door', 'blue');
UPDATE course_doors SET course_code = 'OS1' WHERE colour = 'red' RETURNING course_code, colour, note;
SELECT course_code, door_colour, note, "gone ""at""" IS NULL AS linked FROM sign ORDER BY 1, 2, 4;
TABLE key_of ORDER BY 1, 2;
SELECT * FROM student_doors;
SELECT c.code, d.colour FROM course c, course_doors(c) d;

SELECT m2m_unlink('visitor', 1, 'page', 1), m2m_link('page', 2, 'visitor', 2);
SELECT * FROM visitor_pages ORDER BY 1, 2;
SELECT * FROM page_visitors ORDER BY 1, 2;

SET LOCAL search_path = "we""ird \sch'ema", public;
SELECT m2m_link('"bö''ok\"', '\', '"an ""author"""', 1, via => '"; DROP TABLE ""book""; --"');
SELECT left_view, right_view FROM m2m_relationships() WHERE left_table = '"an ""author"""'::regclass;
SELECT * FROM "$$ $function$ '""\" ORDER BY 1, 2;
SELECT * FROM "line
break" ORDER BY 1, 2;
SELECT b."né'e\", a."$$" FROM "bö'ok\" b, "$$ $function$ '""\"(b) a ORDER BY 1, 2;
INSERT INTO "$$ $function$ '""\" VALUES ('x''\"', 3, 'three', 4, 'five', 'six') RETURNING *;
RESET search_path;

SELECT m2m_link('joint.supplier', 2, 'book', 3), m2m_count('book', 2, 'joint.supplier');
SELECT * FROM joint.supplier_books ORDER BY 1, 2;

-- Link views elsewhere
SELECT * FROM links.painter_pictures ORDER BY 1, 2;
SELECT p.name, f.id FROM atelier.painter p, links.painter_frames(p) f;
INSERT INTO links.picture_painters (picture_id, id) VALUES (2, 2);
SELECT m2m_count('atelier.picture', 2, 'atelier.painter'), m2m_linked('atelier.painter', 1, 'atelier.painter', 2),
	m2m_clear('atelier.frame', 1, 'atelier.picture');
ALTER TABLE atelier.picture ALTER COLUMN title TYPE varchar(40);

SELECT m2m_link('member', ROW(2, 1), 'team', '{1,2}', via => 'member_team'), m2m_linked('team', ROW(1, 1), 'member', ROW(2, 1), via => 'member_team'),
	m2m_unlink('member', ROW(1, 1), 'team', 2, via => 'member_team');
INSERT INTO member_teams (tenant, member_id, id, title) VALUES (1, 2, 3, 'new') RETURNING *;
INSERT INTO duties_of_member (tenant, member_id, id, what) VALUES (1, 2, 1, 'clean') RETURNING *;
SELECT * FROM member_teams ORDER BY 1, 2, 3;
SELECT * FROM duties_in_team ORDER BY tenant, team_id, id, what;

-- First use, adoption and the end of a relationship
SELECT m2m_link('tag', 'sql', 'student', '{1,2}');
SELECT * FROM student_tags;
SELECT m2m_drop('tag_student'), m2m_drop('document_tag', keep_links => true), m2m_adopt('document_tag');
SELECT * FROM document_tags ORDER BY 1, 2;

-- Exposed functions
SELECT api_link_author_books(1, '{1,2,3}'), "part author and book"(1, '{2}'), api_link_book_authors(2, '{1}', '{"share": 0.1}');
SELECT id FROM api_set_author_books(1, '{3}') ORDER BY 1;
SELECT id FROM api_find_book_authors(any_of => '{1,2,3}') ORDER BY 1;
SELECT link_following('Ben', '{Cyd}');
SELECT name FROM find_following(all_of => '{Cyd}') ORDER BY 1;
SELECT links.link_painter_pictures(2, '{1}');
SELECT m2m_expose('author_book', 'api');

-- The schema is followed
DROP VIEW written, exclaimed;
DROP MATERIALIZED VIEW shelf;
ALTER TABLE author ADD COLUMN died date, DROP COLUMN name;
ALTER TABLE course RENAME COLUMN code TO number;
ALTER TABLE visitor ALTER COLUMN id TYPE bigint;
SELECT association, severity, finding FROM m2m_relationships() r, m2m_check(association) ORDER BY association::text, 2, 3;
ALTER TABLE author RENAME TO writer;
SELECT proname, prosrc FROM pg_proc WHERE proname ~ '^api_|^part' ORDER BY 1;
SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod) FROM pg_attribute
WHERE attrelid IN ('author_books'::regclass, 'book_authors'::regclass, '"Editing"."Attended"'::regclass, 'page_visitors'::regclass)
ORDER BY attrelid::regclass::text, attnum;
ROLLBACK;
