--
-- Limits: how many links a row may have, and must, whoever writes them: calls
-- on both paths, link views, plain SQL, cascades
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_limit;
SET search_path = rule_limit, public;
CREATE TABLE student (id int PRIMARY KEY, name text);
CREATE TABLE course (id int PRIMARY KEY, title text);
INSERT INTO student SELECT i, 's' || i FROM generate_series(1, 400) i;
INSERT INTO course SELECT i, 'c' || i FROM generate_series(1, 400) i;
SELECT m2m_create('student', 'course', name => 'enrolment');

-- What a command returns or raises, and leaves, by both paths
CREATE FUNCTION outcome(command text, path text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	message text;
	detail text;
	rule text;
BEGIN
	PERFORM set_config('m2m.direct_path', path, true);
	EXECUTE command INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, rule = CONSTRAINT_NAME;
	RETURN format('%s %s [%s] %s', SQLSTATE, message, rule, detail);
END
$$;
CREATE FUNCTION links() RETURNS text LANGUAGE sql AS
	$$ SELECT string_agg(student_id || '-' || course_id, ' ' ORDER BY student_id, course_id) FROM enrolment $$;
CREATE FUNCTION by_both(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	direct text;
	general text;
BEGIN
	BEGIN
		direct := concat_ws('; ', outcome(command, 'on'), links());
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
		NULL;
	END;
	general := concat_ws('; ', outcome(command, 'off'), links());
	RETURN CASE WHEN direct IS DISTINCT FROM general THEN format('direct: %s; general: %s', direct, general) ELSE general END;
END
$$;

SELECT m2m_limit('enrolment', 'course', max => 3);
SELECT tgname, pg_get_triggerdef(oid, true) FROM pg_trigger WHERE tgrelid = 'enrolment'::regclass AND NOT tgisinternal ORDER BY 1;
SELECT * FROM m2m_rules('enrolment');
SELECT rules FROM m2m_relationships() WHERE association = 'enrolment'::regclass;
SELECT by_both($$ SELECT m2m_link('course', 1, 'student', ARRAY[1, 2, 3]) $$);
-- one more, several more, and links that are there
SELECT by_both($$ SELECT m2m_link('course', 1, 'student', 4) $$);
SELECT by_both($$ SELECT m2m_link('course', 1, 'student', ARRAY[1, 4, 5]) $$);
SELECT by_both($$ SELECT m2m_link('course', 1, 'student', ARRAY[1, 2]) $$);
SELECT by_both($$ SELECT m2m_toggle('course', 1, 'student', 4) $$);
-- what goes makes room in the same call
SELECT by_both($$ SELECT m2m_set('course', 1, 'student', ARRAY[1, 4, 5]) $$);
SELECT by_both($$ SELECT m2m_set('course', 1, 'student', ARRAY[1, 2, 3, 4]) $$);
SELECT by_both($$ SELECT m2m_load('course', 'student', 'SELECT 2, i FROM generate_series(1, 4) i') $$);
SELECT by_both($$ SELECT m2m_load('course', 'student', 'SELECT 2, i FROM generate_series(1, 4) i', exclusive => true) $$);
-- as many as fit; those that are linked take no place of another
SELECT by_both($$ SELECT m2m_link('course', 2, 'student', ARRAY[9, 8, 7, 6], over_limit => 'skip') $$);
SELECT by_both($$ SELECT m2m_link('course', 2, 'student', ARRAY[9, 8, 7, 6], over_limit => 'skip') $$);
SELECT by_both($$ SELECT m2m_link('course', ARRAY[1, 2, 3], 'student', ARRAY[9, 9, 9], over_limit => 'skip') $$);
SELECT m2m_link('course', 2, 'student', 1, over_limit => 'wait');
-- the direct path is taken: no statement of ours is in the context
\set SHOW_CONTEXT always
SELECT m2m_link('course', 1, 'student', 9);
SET m2m.direct_path = off;
SELECT m2m_link('course', 1, 'student', 9);
RESET m2m.direct_path;
\set SHOW_CONTEXT never

-- Plain SQL: INSERT, ON CONFLICT, COPY, MERGE, UPDATE, view; savepoints
INSERT INTO enrolment VALUES (4, 4), (5, 4), (6, 4), (7, 4);
INSERT INTO enrolment VALUES (4, 4), (5, 4), (6, 4) ON CONFLICT DO NOTHING;
INSERT INTO enrolment VALUES (4, 4), (7, 4) ON CONFLICT (student_id, course_id) DO UPDATE SET course_id = 4;
COPY enrolment FROM stdin;
7	4
\.
MERGE INTO enrolment e USING (VALUES (7)) v (s) ON e.student_id = v.s AND e.course_id = 4
	WHEN NOT MATCHED THEN INSERT VALUES (v.s, 4);
INSERT INTO enrolment VALUES (7, 5);
UPDATE enrolment SET course_id = 4 WHERE course_id = 5;
-- nothing more for anybody
UPDATE enrolment SET course_id = course_id;
UPDATE enrolment SET student_id = 10 WHERE student_id = 4 AND course_id = 4;
INSERT INTO course_students (course_id, id) VALUES (4, 11);
INSERT INTO student_courses (student_id, id, title) VALUES (11, 401, 'new');
INSERT INTO course_students (course_id, id) SELECT 6, i FROM generate_series(1, 3) i;
INSERT INTO course_students (course_id, id) SELECT 7, i FROM generate_series(1, 4) i;
BEGIN;
SAVEPOINT a;
INSERT INTO enrolment VALUES (12, 4);
ROLLBACK TO a;
DELETE FROM enrolment WHERE course_id = 4 AND student_id = 10;
INSERT INTO enrolment VALUES (12, 4);
COMMIT;
-- keys change by cascade, from either endpoint
UPDATE course SET id = 4000 WHERE id = 4;
UPDATE student SET id = 12000 WHERE id = 12;
SELECT links();
DELETE FROM course WHERE id = 4000;
-- in bulk, more keys than are locked one by one
TRUNCATE enrolment;
SELECT m2m_load('student', 'course', 'SELECT 1, id FROM course WHERE id <= 300');
SELECT m2m_load('student', 'course', 'SELECT s, c FROM generate_series(2, 5) s, generate_series(5, 300) c WHERE s < 4 OR c = 300');
SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND classid = 'enrolment'::regclass;
BEGIN;
SELECT m2m_load('student', 'course', 'SELECT 2, id FROM course WHERE id <= 300');
SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND classid = 'enrolment'::regclass;
ROLLBACK;
BEGIN;
SELECT sum(m2m_link('student', 2, 'course', id)) FROM course WHERE id <= 60;
SELECT mode, count(*) FROM pg_locks WHERE locktype = 'object' AND classid = 'enrolment'::regclass GROUP BY 1 ORDER BY 1;
SELECT sum(m2m_link('student', 3, 'course', id)) FROM course WHERE id <= 100;
SELECT mode, count(*) > 64 AS too_many FROM pg_locks WHERE locktype = 'object' AND classid = 'enrolment'::regclass GROUP BY 1 ORDER BY 1;
ROLLBACK;

-- At least: asked when the transaction ends
TRUNCATE enrolment;
SELECT m2m_limit('enrolment', 'student', min => 1, max => 2);
DELETE FROM student WHERE id > 3;
INSERT INTO enrolment VALUES (1, 1), (2, 1), (3, 1);
SELECT m2m_limit('enrolment', 'student', min => 1, max => 2);
SELECT * FROM m2m_rules('enrolment');
SELECT tgname, pg_get_triggerdef(oid, true) FROM pg_trigger WHERE tgrelid = 'student'::regclass AND NOT tgisinternal ORDER BY 1;
SELECT m2m_unlink('student', 1, 'course', 1);
DELETE FROM enrolment WHERE student_id = 2;
UPDATE enrolment SET student_id = 1, course_id = 2 WHERE student_id = 2;
INSERT INTO student VALUES (4);
DELETE FROM course WHERE id = 1;
TRUNCATE enrolment;
BEGIN;
INSERT INTO student VALUES (4);
SELECT m2m_link('student', 4, 'course', 2);
SELECT m2m_clear('student', 4, 'course');
SELECT m2m_link('student', 4, 'course', 3);
COMMIT;
-- what was undone is not asked for, what is left of it is
BEGIN;
SAVEPOINT a;
SELECT m2m_unlink('student', 4, 'course', 3);
ROLLBACK TO a;
COMMIT;
BEGIN;
SAVEPOINT a;
SELECT m2m_unlink('student', 4, 'course', 3);
RELEASE a;
COMMIT;
-- a row that goes needs no links; nor does one whose key changes lose them
DELETE FROM student WHERE id = 4;
UPDATE student SET id = 33 WHERE id = 3;
SELECT m2m_set('student', 33, 'course', ARRAY[2, 3]);
SELECT m2m_set('student', 33, 'course', ARRAY[2, 3, 5]);
SELECT m2m_set('student', 33, 'course', ARRAY[]::int[]);
INSERT INTO course_students (course_id, id, name) VALUES (3, 5, 'with a link');
SELECT links();

-- What is amiss, and what mends it
SELECT * FROM m2m_check('enrolment');
ALTER TABLE enrolment DISABLE TRIGGER ALL;
SELECT m2m_unlink('student', 33, 'course', 2), m2m_unlink('student', 33, 'course', 3);
ALTER TABLE enrolment ENABLE TRIGGER ALL;
ALTER TABLE student DISABLE TRIGGER m2m_limit_student_row;
DROP TRIGGER m2m_limit_student_delete ON enrolment;
SELECT severity, finding, remedy FROM m2m_check('enrolment');
SELECT rule, whole FROM m2m_rules('enrolment');
SET client_min_messages = error;
SELECT severity, finding FROM m2m_repair('enrolment');
SET client_min_messages = warning;
DELETE FROM student WHERE id = 33;
SELECT severity, finding FROM m2m_repair('enrolment');
SELECT * FROM m2m_check('enrolment');

-- Who may, and what cannot be
SELECT m2m_limit('enrolment', 'teacher', max => 1);
SELECT m2m_limit('enrolment', 'course', min => 3, max => 2);
SELECT m2m_limit('enrolment', 'course', max => -1);
SELECT m2m_limit('enrolment', NULL, max => 1);
SELECT m2m_limit('student', 'course', max => 1);
SELECT m2m_limit('enrolment', 'course', max => 1);
SELECT m2m_drop_rule('enrolment', 'm2m_limit_teacher');
CREATE ROLE rule_limit_user;
GRANT USAGE ON SCHEMA rule_limit TO rule_limit_user;
GRANT SELECT, INSERT, DELETE ON enrolment TO rule_limit_user;
SET ROLE rule_limit_user;
SELECT m2m_limit('enrolment', 'course', max => 10);
SELECT m2m_drop_rule('enrolment', 'm2m_limit_course');
SELECT m2m_link('student', 1, 'course', 5);
-- who may not read links is told no key
RESET ROLE;
REVOKE SELECT ON enrolment FROM rule_limit_user;
SET ROLE rule_limit_user;
INSERT INTO enrolment VALUES (1, 7), (1, 8);
RESET ROLE;
CREATE TABLE parts (student_id int REFERENCES student, course_id int REFERENCES course, PRIMARY KEY (student_id, course_id)) PARTITION BY HASH (student_id);
SELECT m2m_adopt('parts', left_view => 'parts_of_student', right_view => 'parts_of_course');
SELECT m2m_limit('parts', 'course', max => 10);
DROP TABLE parts CASCADE;

-- Composite keys, ids of different types, nulls, the same table on both sides
CREATE TABLE room (building text, number int, PRIMARY KEY (building, number));
INSERT INTO room VALUES ('A', 1), ('A', 2), ('B', 1);
SELECT m2m_create('course', 'room');
SELECT m2m_limit('course_room', 'room', max => 1), m2m_limit('course_room', 'course', max => 2);
SELECT m2m_link('course', 1, 'room', ROW('A', 1)), m2m_link('course', 1, 'room', ROW('A', 2));
SELECT m2m_link('course', 1, 'room', ROW('B', 1));
SELECT m2m_link('course', 2, 'room', ROW('A', 1));
SELECT m2m_link('course', 2, 'room', ROW('A', 1), over_limit => 'skip'), m2m_link('course', 2, 'room', ROW('B', 1), over_limit => 'skip');
CREATE TABLE loose (student_id bigint REFERENCES student, course_id smallint REFERENCES course, note text, UNIQUE (student_id, course_id));
SELECT m2m_adopt('loose', left_view => 'loose_of_student', right_view => 'loose_of_course');
SELECT m2m_limit('loose', 'student', min => 0, max => 1), m2m_limit('loose', 'course', max => 1);
INSERT INTO loose VALUES (1, NULL), (1, NULL), (NULL, 1), (NULL, 1), (1, 1);
SELECT m2m_link('student', 1, 'course', 2, via => 'loose'), m2m_link('student', 1, 'course', 3, via => 'loose');
SELECT m2m_link('student', ARRAY[1, 2], 'course', ARRAY[2, 2], via => 'loose', over_limit => 'skip', properties => '{"note": "x"}');
TABLE loose ORDER BY 1, 2;
CREATE TABLE person (id int PRIMARY KEY);
INSERT INTO person SELECT generate_series(1, 5);
SELECT m2m_create('person', 'person', name => 'follow', left_role => 'fan', right_role => 'star');
SELECT m2m_limit('follow', 'fan', max => 2);
SELECT m2m_link('person', 1, 'person', ARRAY[2, 3]);
SELECT m2m_link('person', ARRAY[2, 3, 4], 'person', 1);
SELECT m2m_link('person', 1, 'person', 4);

-- Without link views the table is its owner's to write; adopted again, it has its
-- limits, if its roles have the same names
DROP VIEW loose_of_student, loose_of_course;
INSERT INTO loose VALUES (1, 2), (1, 3);
SELECT m2m_adopt('loose', left_view => 'loose_of_student', right_view => 'loose_of_course');
SELECT severity, finding FROM m2m_check('loose') WHERE finding LIKE '%limit%';
INSERT INTO loose VALUES (1, 5);
DROP VIEW loose_of_student, loose_of_course;
SELECT m2m_adopt('loose', left_role => 'pupil', left_view => 'loose_of_student', right_view => 'loose_of_course');
INSERT INTO loose VALUES (2, 5);
SELECT severity, finding FROM m2m_check('loose') WHERE finding LIKE '%trigger%';
DROP TRIGGER m2m_limit_student_insert ON loose;
DROP TRIGGER m2m_limit_student_update ON loose;
INSERT INTO loose VALUES (2, 5);
CREATE TABLE child () INHERITS (loose);
SELECT severity, finding FROM m2m_check('loose') WHERE finding LIKE '%rules%';
DROP TABLE child;

-- Renames are followed; switching off leaves nothing; a table can be dropped
ALTER TABLE enrolment RENAME TO place;
ALTER TABLE place RENAME COLUMN course_id TO class_id;
ALTER SCHEMA rule_limit RENAME TO rule_limit2;
SET search_path = rule_limit2, public;
SELECT m2m_link('student', 1, 'course', ARRAY[5, 6, 7], via => 'place');
SELECT definition FROM m2m_rules('place');
ALTER TABLE course ALTER COLUMN id TYPE bigint;
SELECT m2m_link('student', 1, 'course', ARRAY[5, 6, 7], via => 'place');
SELECT m2m_limit('place', 'course'), m2m_drop_rule('place', 'm2m_limit_student');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'm2m_limit%' AND tgrelid IN ('place'::regclass, 'student'::regclass);
SELECT m2m_limit('place', 'course', max => 100), m2m_limit('place', 'student', max => 100);
DROP TABLE place;
SELECT m2m_limit('follow', 'star', min => 0, max => 9);
SELECT m2m_drop('follow');
SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'm2m_limit%' AND tgrelid IN ('person'::regclass, 'student'::regclass);
DROP SCHEMA rule_limit2 CASCADE;
DROP ROLE rule_limit_user;
