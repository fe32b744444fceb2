-- Links under rules on both write paths, and rules switched on and off beneath
-- them: what a rule does may not depend on what the caches still hold.
SET client_min_messages = warning;
CREATE EXTENSION m2m;
CREATE TABLE student (id int PRIMARY KEY, name text);
CREATE TABLE course (id int PRIMARY KEY, name text);
INSERT INTO student SELECT i, 's' || i FROM generate_series(1, 9) i;
INSERT INTO course SELECT i, 'c' || i FROM generate_series(1, 9) i;
SELECT m2m_create('student', 'course', name => 'enrolment');
SELECT m2m_limit('enrolment', 'course', max => 3);
SELECT m2m_counter('enrolment', 'course', counter => 'students');
SELECT m2m_counter('enrolment', 'student');
SELECT m2m_history('enrolment');
SELECT m2m_notify('enrolment', 'enrolments', keys => true);
SELECT m2m_order('enrolment', 'student');
SELECT m2m_create('student', 'student', name => 'friendship', right_role => 'friend', symmetrical => true);
CREATE TABLE label (id int PRIMARY KEY);
INSERT INTO label SELECT generate_series(1, 9);
SELECT m2m_create('course', 'label');
SELECT m2m_orphans('course_label', 'label', 'delete');
SET debug_discard_caches = :discard;

SELECT m2m_link('student', 1, 'course', ARRAY[3, 1, 2]);
SELECT m2m_link('course', 1, 'student', ARRAY[2, 3, 4], over_limit => 'skip');
SELECT m2m_move('student', 1, 'course', 1, before => 3);
SET m2m.direct_path = off;
SELECT m2m_link('student', 2, 'course', ARRAY[2, 4]);
RESET m2m.direct_path;
UPDATE enrolment SET course_id = 5 WHERE student_id = 2 AND course_id = 4;
SELECT linked, unlinked, kept FROM m2m_set('student', 1, 'course', ARRAY[5, 1]);
SELECT m2m_link('student', 1, 'student', ARRAY[3, 4], via => 'friendship');
SELECT m2m_unlink('student', 4, 'student', 1, via => 'friendship');
SELECT m2m_link('course', ARRAY[1, 1, 2], 'label', ARRAY[1, 2, 2]);
SELECT m2m_clear('course', 1, 'label');
SET debug_discard_caches = 0;
SELECT * FROM m2m_rules();
-- a position may be passed over
SELECT student_id, string_agg(course_id::text, ' ' ORDER BY course_position) FROM enrolment GROUP BY 1 ORDER BY 1;
SELECT id, students FROM course WHERE students > 0 ORDER BY id;
SELECT student_id, sum(n) FROM enrolment_student_counter GROUP BY 1 ORDER BY 1;
TABLE friendship ORDER BY 1, 2;
TABLE label ORDER BY 1;
SELECT student_id, course_id, upper_inf(during) FROM enrolment_history ORDER BY 1, 2, 3;
SELECT * FROM m2m_check();
