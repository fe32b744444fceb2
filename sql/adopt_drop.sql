--
-- m2m_adopt: existing join tables, and what is left of relationships;
-- m2m_drop: what goes and what stays
--
\set SHOW_CONTEXT never
CREATE SCHEMA adopt;
SET search_path = adopt, public;
CREATE FUNCTION names(association regclass)
RETURNS TABLE (what text, "left" text, "right" text)
LANGUAGE sql AS $$
    SELECT x.* FROM public.m2m_relationships() r, LATERAL (VALUES
        ('table', r.left_table::text, r.right_table::text),
        ('role', r.left_role, r.right_role),
        ('key', r.left_key::text, r.right_key::text),
        ('columns', r.left_columns::text, r.right_columns::text),
        ('view', r.left_view::text, r.right_view::text),
        ('function', r.left_function::text, r.right_function::text),
        ('on delete', r.left_on_delete, r.right_on_delete),
        ('properties, origin', r.properties::text, r.origin)) x
    WHERE r.association = $1
$$;
CREATE TABLE student (id int PRIMARY KEY, name text);
CREATE TABLE course (code text PRIMARY KEY, title text);
INSERT INTO student VALUES (1, 'Ann'), (2, 'Ben'), (3, 'Cyd');
INSERT INTO course VALUES ('DB', 'Databases'), ('OS', 'Operating Systems');

--
-- Somebody else's join table: with a key of its own, nullable columns, no
-- unique constraint, properties, and other rules for deletion
--
CREATE TABLE enrollment (
    id serial PRIMARY KEY,
    student_id int REFERENCES student ON DELETE SET NULL,
    course_code text REFERENCES course ON DELETE RESTRICT,
    grade int);
INSERT INTO enrollment (student_id, course_code, grade)
VALUES (1, 'DB', 1), (1, 'DB', 2), (1, NULL, 3), (NULL, 'DB', 4), (NULL, NULL, 5), (2, 'OS', 6);
SELECT m2m_adopt('enrollment');
-- roles come from its columns' names
SELECT * FROM names('enrollment');
-- It is as it was
SELECT attname, attnotnull FROM pg_attribute WHERE attrelid = 'enrollment'::regclass AND attnum > 0 ORDER BY attnum;
SELECT count(*) FROM pg_index WHERE indrelid = 'enrollment'::regclass;
SELECT obj_description('enrollment'::regclass);
-- A row with a null is no link; a pair that is there twice is two
SELECT student_id, code, title, grade FROM student_courses ORDER BY 1, 2, 4;
SELECT course_code, name, grade FROM course_students ORDER BY 1, 2, 3;
SELECT s.name, c.code FROM student s, student_courses(s) c ORDER BY 1, 2;
SELECT m2m_count('student', 1, 'course') AS student_1, m2m_count('course', 'DB', 'student') AS db,
       m2m_linked('student', 2, 'course', 'OS') AS linked;
-- Linked once more is linked; what is new is one row, with the defaults of the rest
SELECT m2m_link('student', ARRAY[1, 1, 2, 2], 'course', ARRAY['DB', 'OS', 'OS', 'OS']);
SELECT * FROM enrollment ORDER BY id;
-- What is unlinked is all of it, what is cleared are links
SELECT m2m_unlink('student', 1, 'course', 'DB') AS both, m2m_clear('course', 'DB', 'student') AS none_left,
       m2m_clear('student', 1, 'course') AS os;
SELECT * FROM enrollment ORDER BY id;
SELECT * FROM m2m_set('student', 2, 'course', '{DB}');
SELECT m2m_toggle('student', 2, 'course', 'DB') AS off, m2m_toggle('student', 2, 'course', 'OS') AS on;
INSERT INTO course_students (course_code, id, grade) VALUES ('OS', 2, 7), ('OS', 3, 8) RETURNING *;
SELECT * FROM enrollment ORDER BY id;
-- its own foreign keys hold
DELETE FROM student WHERE id = 3;
SELECT * FROM enrollment ORDER BY id;
-- Once is enough
SELECT m2m_adopt('enrollment');
\echo :SQLSTATE
-- An adopted table is not m2m's to drop
SELECT m2m_drop('enrollment');
SELECT count(*) FROM enrollment;
SELECT relname FROM pg_class WHERE relnamespace = 'adopt'::regnamespace AND relkind = 'v';
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'adopt'::regnamespace AND proname <> 'names';
SELECT m2m_count('student', 1, 'course');

--
-- The roles: from the columns, from the tables, as given
--
CREATE TABLE people (id int PRIMARY KEY);
CREATE TABLE follow (follower_id int REFERENCES people, followed_id int REFERENCES people, PRIMARY KEY (follower_id, followed_id));
SELECT * FROM names(m2m_adopt('follow')) WHERE what IN ('role', 'columns', 'view');
CREATE TABLE likes (who int REFERENCES people, whom int REFERENCES people);
SELECT * FROM names(m2m_adopt('likes')) WHERE what IN ('role', 'columns', 'view');
CREATE TABLE reports (a int REFERENCES people, b int REFERENCES people);
SELECT * FROM names(m2m_adopt('reports', left_role => 'chief', right_role => 'report',
                              left_columns => '{b}', right_columns => '{a}',
                              left_view => 'staff', right_view => 'chiefs'))
WHERE what IN ('role', 'columns', 'view');
INSERT INTO people VALUES (1), (2);
SELECT m2m_link('people', 1, 'people', 2, via => 'reports') AS one_is_the_chief;
TABLE reports;
SELECT m2m_link('people', 1, 'people', 2, role => 'report') AS two_is_the_chief;
TABLE reports ORDER BY 1;
-- which must differ
CREATE TABLE same (a int REFERENCES people, b int REFERENCES people);
SELECT m2m_adopt('same', left_role => 'x', right_role => 'x');
\echo :SQLSTATE

--
-- More foreign keys than two, fewer, none
--
CREATE TABLE sale (buyer_id int REFERENCES people, seller_id int REFERENCES people,
                   student_id int REFERENCES student, course_code text REFERENCES course);
SELECT m2m_adopt('sale');
\echo :SQLSTATE
SELECT m2m_adopt('sale', left_columns => '{seller_id}');
SELECT m2m_adopt('sale', left_columns => '{seller_id}', right_columns => '{price}');
\echo :SQLSTATE
SELECT * FROM names(m2m_adopt('sale', left_columns => '{seller_id}', right_columns => '{buyer_id}'))
WHERE what IN ('role', 'columns', 'view', 'properties, origin');
CREATE TABLE one_fk (student_id int REFERENCES student, n int);
SELECT m2m_adopt('one_fk');
\echo :SQLSTATE
SELECT m2m_adopt('student');
CREATE VIEW a_view AS SELECT * FROM one_fk;
SELECT m2m_adopt('a_view');
\echo :SQLSTATE
SELECT m2m_adopt('nothing');
SELECT m2m_adopt(NULL);
\echo :SQLSTATE
-- Names that are given, and taken
CREATE TABLE pick (student_id int REFERENCES student, course_code text REFERENCES course);
CREATE VIEW student_courses AS SELECT 1 AS one;
SELECT m2m_adopt('pick', left_view => 'student_courses');
\echo :SQLSTATE
DROP VIEW student_courses;
CREATE FUNCTION course_students(course) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT m2m_adopt('pick', right_view => 'course_students');
DROP FUNCTION course_students(course);
-- Columns of several foreign keys, composite ones, another schema's
CREATE SCHEMA adopt_too;
CREATE TABLE adopt_too.room (house text, number int, PRIMARY KEY (house, number));
CREATE TABLE adopt_too.lecture (room_house text, room_number int, course text REFERENCES course,
    FOREIGN KEY (room_house, room_number) REFERENCES adopt_too.room, UNIQUE (course, room_number, room_house));
SELECT * FROM names(m2m_adopt('adopt_too.lecture'));
INSERT INTO adopt_too.room VALUES ('A', 1);
SELECT m2m_link('course', 'DB', 'adopt_too.room', ROW('A', 1)) AS new, m2m_link('adopt_too.room', '(A,1)', 'course', 'DB') AS known;
SELECT * FROM adopt_too.room_courses;
SET client_min_messages = warning;
DROP SCHEMA adopt_too CASCADE;
RESET client_min_messages;

--
-- It comes in pieces: the columns, then the foreign keys, then uniqueness
--
CREATE TABLE choice (student_id int, course_code text);
SELECT m2m_adopt('choice');
ALTER TABLE choice ADD FOREIGN KEY (student_id) REFERENCES student DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE choice ADD FOREIGN KEY (course_code) REFERENCES course DEFERRABLE INITIALLY DEFERRED;
SELECT m2m_adopt('choice');
ALTER TABLE choice ADD UNIQUE (student_id, course_code) DEFERRABLE;
-- what is deferred is checked when the transaction ends, as in plain SQL
BEGIN;
SELECT m2m_link('student', 4, 'course', 'DB') AS no_student_4, m2m_link('student', 4, 'course', ARRAY['DB', 'OS']) AS one_new;
INSERT INTO student VALUES (4, 'Dan');
COMMIT;
TABLE choice ORDER BY 2;
BEGIN;
SELECT m2m_link('student', 5, 'course', 'DB');
COMMIT;
\echo :SQLSTATE
TABLE choice ORDER BY 2;
SELECT m2m_drop('choice');

--
-- m2m_drop of what m2m_create has made: the table goes, too
--
SELECT m2m_create('student', 'course', 'elective');
SELECT m2m_link('student', 1, 'course', 'DB');
SELECT m2m_drop('elective');
SELECT 'elective'::regclass;
-- but not with keep_links: a plain table is left, with its links
SELECT m2m_create('student', 'course', 'elective');
SELECT m2m_link('student', 1, 'course', 'DB');
SELECT m2m_drop('elective', keep_links => true);
TABLE elective;
SELECT m2m_count('student', 1, 'course');
\echo :SQLSTATE
-- which m2m_adopt takes back; then it is adopted, and stays
SELECT m2m_adopt('elective');
SELECT title FROM student_courses WHERE student_id = 1;
SELECT m2m_drop('elective');
TABLE elective;
-- Nothing but an association can be dropped by it
SELECT m2m_drop('elective');
\echo :SQLSTATE
SELECT m2m_drop('student');
SELECT m2m_drop('a_view');
SELECT m2m_drop(NULL);
\echo :SQLSTATE
-- What depends on it is in the way, as for DROP without CASCADE
SELECT m2m_adopt('elective');
CREATE VIEW my_courses AS SELECT title FROM student_courses WHERE student_id = 1;
SELECT m2m_drop('elective');
\echo :SQLSTATE
-- and all is as it was
TABLE my_courses;
SELECT * FROM names('elective') WHERE what IN ('view', 'function');
DROP VIEW my_courses;
SELECT m2m_drop('elective');
DROP TABLE elective;

--
-- Views dropped by hand: one is enough for the relationship to live on; when
-- both are gone, m2m_adopt brings them back
--
SELECT m2m_create('student', 'course', left_role => 'pupil', left_view => 'lessons');
SELECT m2m_link('student', 1, 'course', 'DB');
DROP VIEW lessons;
SELECT * FROM names('student_course');
SELECT m2m_link('student', 1, 'course', 'OS') AS works;
SELECT m2m_count('course', 'OS', 'student') AS both_ways;
-- the other comes back by the name of its function, which is still there; or
-- by another, if it is named
SELECT m2m_adopt('student_course');
SELECT * FROM names('student_course') WHERE what IN ('role', 'view', 'properties, origin');
DROP VIEW lessons;
SELECT m2m_adopt('student_course', left_view => 'pupil_courses');
SELECT * FROM names('student_course') WHERE what IN ('role', 'view', 'properties, origin');
DROP VIEW pupil_courses;
SELECT m2m_adopt('student_course', left_view => 'lessons');
SELECT * FROM names('student_course') WHERE what IN ('role', 'view', 'properties, origin');
DROP VIEW lessons, course_pupils;
SELECT association FROM m2m_relationships() WHERE association = 'student_course'::regclass;
SELECT m2m_count('student', 1, 'course');
-- the roles went with them, and come back from the columns' names
SELECT m2m_adopt('student_course', left_view => 'lessons');
SELECT * FROM names('student_course') WHERE what IN ('role', 'view', 'properties, origin');
SELECT title FROM lessons WHERE pupil_id = 1 ORDER BY 1;
SELECT m2m_drop('student_course');
-- nothing is left of all these views and functions
SELECT relname FROM pg_class WHERE relnamespace = 'adopt'::regnamespace AND relkind = 'v' AND relname ~ 'course|pupil|lesson';
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'adopt'::regnamespace AND proname ~ 'course|pupil|lesson';

-- A relationship does not need its functions: they may be renamed, changed or
-- dropped, and what is left of them goes with it
SELECT m2m_adopt('student_course');
ALTER FUNCTION pupil_courses(student) RENAME TO courses_of;
SELECT * FROM names('student_course') WHERE what IN ('view', 'function');
SELECT c.title FROM student s, courses_of(s) c WHERE s.id = 1 ORDER BY 1;
DROP FUNCTION course_pupils(course);
SELECT * FROM names('student_course') WHERE what IN ('view', 'function');
SELECT m2m_count('student', 1, 'course');
SELECT m2m_drop('student_course');
SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'adopt'::regnamespace AND proname ~ 'course|pupil';

-- A view in the way that reads otherwise is none of m2m's
CREATE VIEW pupil_courses AS SELECT l.pupil_id, r.* FROM student_course l JOIN course r ON r.title = l.course_code;
SELECT m2m_adopt('student_course', left_view => 'pupil_courses');
\echo :SQLSTATE
DROP VIEW pupil_courses;
-- while one that reads just as m2m's would becomes a link view
CREATE VIEW pupil_courses AS SELECT l.pupil_id, r.title, r.code FROM student_course l JOIN course r ON r.code = l.course_code;
SELECT m2m_adopt('student_course');
SELECT title, code FROM pupil_courses ORDER BY code;
DELETE FROM pupil_courses WHERE code = 'OS' RETURNING *;
INSERT INTO pupil_courses (pupil_id, code) VALUES (2, 'DB') RETURNING *;
SELECT m2m_drop('student_course');
DROP TABLE student_course;

-- Only the owner may do any of this
CREATE ROLE regress_m2m_other;
GRANT USAGE, CREATE ON SCHEMA adopt TO regress_m2m_other;
SET ROLE regress_m2m_other;
SELECT m2m_adopt('pick');
\echo :SQLSTATE
SELECT m2m_drop('sale');
\echo :SQLSTATE
RESET ROLE;
DROP OWNED BY regress_m2m_other;
DROP ROLE regress_m2m_other;
BEGIN READ ONLY;
SELECT m2m_adopt('pick');
\echo :SQLSTATE
ROLLBACK;
BEGIN READ ONLY;
SELECT m2m_drop('sale');
\echo :SQLSTATE
ROLLBACK;

SET client_min_messages = warning;
DROP SCHEMA adopt CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
