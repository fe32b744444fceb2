-- Students and courses: a declared relationship, and sets of links.

CREATE TABLE student (id integer PRIMARY KEY, name text NOT NULL);
CREATE TABLE course (code text PRIMARY KEY, title text NOT NULL);
INSERT INTO student VALUES (1, 'Ada'), (2, 'Ben'), (3, 'Cleo'), (4, 'Dan');
INSERT INTO course VALUES ('DB1', 'Databases'), ('OS1', 'Operating Systems'), ('GR1', 'Graph Theory');

\echo
\echo '-- Keys of any type; here an integer and a text. Who is on a course stays undeletable.'
SELECT m2m_create('student', 'course', name => 'enrolment', on_delete => 'restrict');

\echo '-- Many at once: one student to many courses, and many to many in pairs.'
SELECT m2m_link('student', 1, 'course', ARRAY['DB1', 'OS1', 'GR1']);
SELECT m2m_link('student', ARRAY[2, 3, 4], 'course', ARRAY['DB1', 'DB1', 'GR1']);

\echo '-- Either order: the same link from the other side. It is there already, so 0 are new.'
SELECT m2m_link('course', 'DB1', 'student', 2);

\echo '-- Ben changes his mind: exactly these courses, please. What changed?'
SELECT * FROM m2m_set('student', 2, 'course', ARRAY['OS1', 'GR1']);

\echo '-- Who sits in which course?'
SELECT c.title, string_agg(s.name, ', ' ORDER BY s.name) AS students
  FROM course c JOIN course_students s ON s.course_code = c.code
 GROUP BY c.code ORDER BY c.title;

\echo '-- A course that does not exist: an error, and nothing changes.'
\set ON_ERROR_STOP off
SELECT m2m_link('student', 3, 'course', ARRAY['GR1', 'XX9']);
\echo
DELETE FROM student WHERE id = 1;
\set ON_ERROR_STOP on
\echo
SELECT name, m2m_count('student', id, 'course') AS courses FROM student ORDER BY id;
