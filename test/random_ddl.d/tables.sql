-- The tables of test/t/random_ddl.pl, in both databases.
GRANT CREATE, USAGE ON SCHEMA public TO alice, bob;
CREATE SCHEMA s1 AUTHORIZATION alice;
CREATE SCHEMA "S 2" AUTHORIZATION alice;
GRANT CREATE, USAGE ON SCHEMA s1, "S 2" TO bob;
GRANT USAGE ON SCHEMA s1, "S 2" TO PUBLIC;
SET ROLE alice;
CREATE DOMAIN public.words AS text CHECK (length(value) < 100);
CREATE TYPE public.size AS ENUM ('s', 'm', 'l');
CREATE TYPE public.spot AS (x int, y int);
CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, born int);
CREATE TABLE place (note text, area public.words);
CREATE TABLE room (building text, number int, seats int DEFAULT 10,
	PRIMARY KEY (building, number)) INHERITS (place);
CREATE TABLE course (code varchar(20) PRIMARY KEY, title text NOT NULL,
	kind public.size);
CREATE TABLE enrolment (
	person_id int NOT NULL REFERENCES person ON DELETE CASCADE,
	course_code varchar(20) NOT NULL REFERENCES course
		ON UPDATE CASCADE ON DELETE CASCADE,
	grade numeric(2,1), note text DEFAULT 'new',
	PRIMARY KEY (person_id, course_code));
CREATE INDEX ON enrolment (course_code, person_id);
INSERT INTO person SELECT i, 'p' || i, 1900 + i FROM generate_series(1, 6) i;
INSERT INTO room SELECT 'n' || i, 'a', chr(64 + i % 3), i
	FROM generate_series(1, 6) i;
INSERT INTO course SELECT 'c' || i, 't' || i, 's' FROM generate_series(1, 5) i;
RESET ROLE;
