--
-- Functions of one signature for a relationship: m2m_expose. If this fails, an
-- API server or driver cannot call them, gets other answers than m2m_link and
-- the others give, or they fall behind their tables.
--
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA expose;
SET search_path = expose, public;

-- What there is, without what an extension's schema is called
CREATE VIEW exposed AS
	SELECT p.oid::regprocedure::text AS function, p.proname, pg_get_function_result(p.oid) AS result, p.prosrc, p.proowner::regrole AS owner, p.proacl,
		obj_description(p.oid, 'pg_proc') AS comment, p.proargnames, p.oid
	FROM pg_proc p WHERE EXISTS (SELECT FROM pg_depend d, pg_extension e WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'x'
		AND d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'm2m');

CREATE TABLE author (id bigint PRIMARY KEY, name text);
CREATE TABLE book (id bigint PRIMARY KEY, title text);
INSERT INTO author SELECT g, 'author ' || g FROM generate_series(1, 5) g;
INSERT INTO book SELECT g, 'book ' || g FROM generate_series(1, 9) g;
SELECT m2m_create('author', 'book');
SELECT * FROM m2m_expose('author_book');
SELECT function, result, proargnames, comment FROM exposed ORDER BY 1;
SELECT prosrc FROM exposed ORDER BY function;
SELECT link_author_books(1, '{1,2,3}'), link_author_books(1, '{3,4}'), link_book_authors(2, '{2,3}'), link_author_books(author_id => 4, book_ids => ARRAY[9]);
SELECT unlink_author_books(1, '{4,5}'), unlink_book_authors(9, '{4}');
SELECT * FROM set_author_books(2, '{2,5}') ORDER BY id;
SELECT * FROM set_author_books(2, '{}');
SELECT * FROM set_book_authors(2, '{1,3,2}') ORDER BY id;
SELECT author_id, array_agg(id ORDER BY id) FROM author_books GROUP BY 1 ORDER BY 1;
SELECT link_author_books(1, '{77}');
SELECT link_author_books(1, NULL);
SELECT link_author_books(NULL, '{1}');
SELECT * FROM set_author_books(1, NULL);
SELECT link_author_books(1, ARRAY[1, NULL]);

-- Questions
SELECT id FROM find_author_books(all_of => '{2}') ORDER BY id;
SELECT id FROM find_author_books(all_of => '{1,2}') ORDER BY id;
SELECT id FROM find_author_books(any_of => '{1,2}', none_of => '{3}') ORDER BY id;
SELECT id FROM find_author_books(any_of => '{1,2,3}', at_least => 2) ORDER BY id;
SELECT id FROM find_author_books(at_least => 1) ORDER BY id;
SELECT id FROM find_author_books(exactly => '{2}') ORDER BY id;
SELECT id FROM find_author_books(all_of => '{2}', after_id => 1) ORDER BY id;
SELECT id FROM find_author_books('{2}') ORDER BY id;
SELECT id FROM find_author_books();
SELECT id FROM find_author_books(all_of => ARRAY[NULL]::bigint[]);

-- The planner puts it in place, and LIMIT ends the work: so many keys are looked
-- for, by an index and without one
INSERT INTO author SELECT g FROM generate_series(6, 5000) g;
SELECT link_book_authors(7, array_agg(id)), link_book_authors(8, array_agg(id)) FROM author;
ANALYZE author;
CREATE FUNCTION keys_for(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
	RETURN (SELECT string_agg((n ->> 'Node Type') || ' ' || (n ->> 'Actual Rows')::numeric::int, ', ')
		FROM jsonb_path_query(plan, 'strict $.**{1 to 20} ? (exists(@."Node Type"))') n
		WHERE n ->> 'Node Type' IN ('ProjectSet', 'Function Scan'));
END $$;
SELECT keys_for('SELECT * FROM find_author_books(all_of => ''{7,8}'') LIMIT 5');
SELECT keys_for('SELECT * FROM find_author_books(all_of => ''{7,8}'')');
SELECT keys_for('SELECT * FROM book b, LATERAL (SELECT * FROM find_author_books(all_of => ARRAY[b.id, 8]) LIMIT 3) f WHERE b.id = 7');
SET m2m.direct_path = off;
SELECT keys_for('SELECT * FROM find_author_books(all_of => ''{7,8}'') LIMIT 5');
SELECT count(*), min(id), max(id) FROM find_author_books(all_of => '{7,8}');
RESET m2m.direct_path;
SELECT count(*), min(id), max(id) FROM find_author_books(all_of => '{7,8}');

-- A cursor of the caller's that outlives a savepoint
CREATE TABLE seen (id bigint);
CREATE FUNCTION fetch_some(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	c refcursor := 'c';
	r record;
BEGIN
	FOR i IN 1 .. n LOOP
		FETCH c INTO r;
		EXIT WHEN NOT FOUND;
		INSERT INTO seen VALUES (r.id);
	END LOOP;
END $$;
CREATE FUNCTION fetch_through_savepoint(direct text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c refcursor := 'c';
	lost record;
	r record;
	result bigint[];
BEGIN
	PERFORM set_config('m2m.direct_path', direct, true);
	OPEN c FOR SELECT id FROM find_author_books(all_of => '{7,8}');
	BEGIN
		FETCH c INTO lost;
		RAISE EXCEPTION division_by_zero;
	EXCEPTION WHEN division_by_zero THEN NULL;
	END;
	LOOP
		FETCH c INTO r;
		EXIT WHEN NOT FOUND;
		result := result || r.id;
	END LOOP;
	CLOSE c;
	RETURN format('first %s, then %s from %s to %s', lost.id, cardinality(result), result[1], result[cardinality(result)]);
END $$;
SELECT fetch_through_savepoint('on');
SELECT fetch_through_savepoint('off');
BEGIN;
SET LOCAL m2m.direct_path = off;
DECLARE c CURSOR FOR SELECT id FROM find_author_books(all_of => '{7,8}');
SAVEPOINT s;
MOVE 3 FROM c;
ROLLBACK TO s;
SELECT fetch_some(5000);
SELECT count(*), count(DISTINCT id), min(id), max(id) FROM seen;
COMMIT;

-- m2m_seek itself
SELECT m2m_seek(NULL::bigint, 'author_book', 'author', all_of => 7, after => 4997);
SELECT m2m_seek(NULL::text, 'author_book', 'author', all_of => 7);
SELECT m2m_seek(NULL::bigint, 'author_book', 'writer', all_of => 7);
SELECT m2m_seek(NULL::bigint, 'author', 'author', all_of => 7);
SELECT m2m_seek(NULL::bigint, 'author_book', NULL, all_of => 7);
SELECT m2m_seek(NULL::bigint, 'author_book', 'author', any_of => 7, at_least => 0);
DELETE FROM author WHERE id > 5;

-- Names that follow, names that stay: those that callers know
COMMENT ON FUNCTION set_author_books IS 'mine';
CREATE ROLE regress_m2m_caller;
REVOKE EXECUTE ON FUNCTION set_author_books FROM PUBLIC;
GRANT EXECUTE ON FUNCTION set_author_books TO regress_m2m_caller;
CREATE SCHEMA expose2;
ALTER TABLE author RENAME TO writer;
ALTER TABLE writer RENAME id TO key;
ALTER TABLE author_book SET SCHEMA expose2;
ALTER TABLE book SET SCHEMA expose2;
ALTER SCHEMA expose2 RENAME TO "Expose'\ 3";
SELECT m2m_rename('"Expose''\ 3".author_book', name => 'wrote "it"', left_role => 'poet');
SELECT prosrc FROM exposed ORDER BY function;
SELECT link_author_books(5, '{1,2}'), (SELECT count(*) FROM set_author_books(5, '{1}')), (SELECT count(*) FROM find_author_books(all_of => '{1}'));
-- types: made anew, as another function, with what was set of it
ALTER TABLE writer ALTER key TYPE integer;
SELECT function, result, proargnames, proacl IS NOT NULL AS granted, comment = 'mine' AS mine FROM exposed ORDER BY 1;
SELECT has_function_privilege('regress_m2m_caller', 'set_author_books(int, bigint[])', 'EXECUTE'), has_function_privilege('public', 'set_author_books(int, bigint[])', 'EXECUTE');
SELECT count(*) FROM set_author_books(5, '{1,2}');
SELECT finding FROM m2m_check();

-- Called again: what it would be called now; grants stay
SELECT * FROM m2m_expose('"Expose''\ 3"."wrote ""it"""');
SELECT oid AS before FROM exposed WHERE proname = 'set_poet_books' \gset
SELECT count(*) FROM m2m_expose('"Expose''\ 3"."wrote ""it"""');
SELECT oid = :before AS the_same, proacl IS NOT NULL AS granted, comment, proargnames FROM exposed WHERE proname = 'set_poet_books';
SELECT * FROM m2m_expose('"Expose''\ 3"."wrote ""it"""', prefix => 'api');
SELECT api_link_poet_books(1, '{1}') IS NOT NULL;

-- What somebody has replaced is his own; a renamed one is not
SET search_path = "Expose'\ 3", expose, public;
CREATE OR REPLACE FUNCTION expose.api_link_poet_books(poet_key integer, book_ids bigint[]) RETURNS bigint LANGUAGE sql AS 'SELECT 5::bigint';
ALTER FUNCTION api_unlink_poet_books RENAME TO part;
ALTER TABLE writer RENAME TO scribe;
SELECT function, prosrc FROM exposed WHERE prosrc ~ 'm2m_(un)?link\(' ORDER BY 1;
SELECT m2m_expose('"wrote ""it"""', 'api');
SELECT api_link_poet_books(1, '{1}'), m2m_unexpose('"wrote ""it"""');
SELECT count(*) FROM exposed;
SELECT count(*) FROM m2m_expose('"wrote ""it"""');

-- Another table for one of the two: in one command, or by way of a rest
CREATE TABLE book2 (id int PRIMARY KEY, title text, pages int);
INSERT INTO book2 SELECT id, title FROM book;
ALTER TABLE "wrote ""it""" DROP CONSTRAINT "wrote ""it""_book_id_fkey", ADD CONSTRAINT fk FOREIGN KEY (book_id) REFERENCES book2;
DROP TABLE book;
ALTER TABLE book2 RENAME TO book;
SELECT function, result FROM exposed ORDER BY 1;
SELECT * FROM set_poet_books(5, '{1}');
ALTER TABLE "wrote ""it""" DROP CONSTRAINT fk;
CREATE TABLE book3 (id bigint PRIMARY KEY, title text);
INSERT INTO book3 SELECT id, title FROM book;
DROP TABLE book;
SELECT m2m_expose('"wrote ""it"""');
ALTER TABLE "wrote ""it""" RENAME TO wrote;
ALTER TABLE book3 RENAME TO book;
ALTER TABLE wrote ADD FOREIGN KEY (book_id) REFERENCES book;
-- what returned its rows went with the table
SELECT function, result FROM exposed ORDER BY 1;
SELECT link_poet_books(5, '{7}');
SELECT count(*) FROM m2m_expose('wrote');
SELECT * FROM set_poet_books(5, '{1,7}') ORDER BY 1;

-- Something depends on one that would have to be another
CREATE VIEW dependent AS SELECT * FROM find_book_poets(all_of => '{1}');
ALTER TABLE scribe ALTER key TYPE bigint;
SELECT function FROM exposed ORDER BY 1;
SELECT finding FROM m2m_check('wrote');
SELECT m2m_expose('wrote');
DROP VIEW dependent;
SELECT severity, finding, regexp_replace(remedy, '\w+\.m2m', 'm2m') AS remedy FROM m2m_check('wrote');
SELECT count(*) FROM m2m_repair('wrote');
SELECT finding FROM m2m_check('wrote');

-- It goes with the relationship, whose owner has it
CREATE ROLE regress_m2m_owner;
GRANT ALL ON SCHEMA "Expose'\ 3", expose TO regress_m2m_owner;
ALTER TABLE wrote OWNER TO regress_m2m_owner;
SELECT DISTINCT owner FROM exposed;
GRANT USAGE ON SCHEMA "Expose'\ 3" TO regress_m2m_caller;
SET ROLE regress_m2m_caller;
SELECT m2m_expose('wrote');
SELECT m2m_unexpose('wrote');
RESET ROLE;
BEGIN;
DROP TABLE wrote;
SELECT count(*) FROM exposed;
ROLLBACK;
BEGIN;
DROP TABLE book CASCADE;
SELECT count(*) FROM exposed;
ROLLBACK;
BEGIN;
ALTER TABLE wrote DROP COLUMN book_id;
SELECT count(*) FROM exposed;
ROLLBACK;
BEGIN;
DROP SCHEMA "Expose'\ 3" CASCADE;
SELECT count(*) FROM exposed;
ROLLBACK;
SELECT count(*) FROM exposed;
SELECT m2m_drop('wrote');
SELECT count(*) FROM exposed;
-- and with the extension: nothing of it is in the way
SET search_path = expose, public;
CREATE TABLE tag (id int PRIMARY KEY);
SELECT m2m_create('scribe', 'tag');
SELECT count(*) FROM m2m_expose('scribe_tag');
BEGIN;
DROP EXTENSION m2m;
SELECT count(*) FROM pg_proc WHERE proname IN ('link_scribe_tags', 'find_tag_scribes', 'scribe_tags');
ROLLBACK;
SELECT m2m_drop('scribe_tag');

-- Keys of several columns; a column of both keys
CREATE TABLE edition (isbn text, no int, title text, PRIMARY KEY (isbn, no));
CREATE TABLE reader (name varchar(20) PRIMARY KEY);
INSERT INTO edition VALUES ('a', 1, 'A1'), ('a', 2, 'A2'), ('b', 1, 'B1');
INSERT INTO reader VALUES ('ann'), ('bob');
SELECT m2m_create('edition', 'reader');
SELECT * FROM m2m_expose('edition_reader');
SELECT proname, proargnames FROM exposed ORDER BY 1;
SELECT link_reader_editions('ann', '{a,b}', '{1,1}'), link_edition_readers('a', 2, '{ann,bob}');
SELECT * FROM set_reader_editions('bob', '{a,b}', '{2,1}') ORDER BY 1, 2;
SELECT * FROM set_reader_editions('bob', '{a,b}', '{2}');
SELECT * FROM set_reader_editions('bob', NULL, NULL);
SELECT name FROM find_reader_editions(all_of_isbns => '{a,b}', all_of_nos => '{2,1}') ORDER BY 1;
SELECT title FROM find_edition_readers(any_of => '{ann}') ORDER BY 1;
SELECT title FROM find_edition_readers(any_of => '{ann}', after_isbn => 'a', after_no => 1) ORDER BY 1;
SELECT title FROM find_edition_readers(any_of => '{ann}', after_isbn => 'a') ORDER BY 1;
SELECT keys_for('SELECT * FROM find_edition_readers(any_of => ''{ann}'') LIMIT 1');
SELECT * FROM set_reader_editions('bob', '{}', '{}');
SELECT name FROM find_reader_editions(all_of_isbns => '{a}', all_of_nos => '{2}');
CREATE TABLE member (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE club (tenant int, id int, PRIMARY KEY (tenant, id));
INSERT INTO member VALUES (1, 1), (1, 2), (2, 1);
INSERT INTO club VALUES (1, 7), (1, 8), (2, 7);
SELECT m2m_create('member', 'club', left_columns => '{tenant,member_id}', right_columns => '{tenant,club_id}');
SELECT * FROM m2m_expose('member_club');
SELECT proname, proargnames FROM exposed WHERE proname ~ 'club' ORDER BY 1;
SELECT link_member_clubs(1, 1, '{7,8}'), link_member_clubs(2, 1, '{7}'), link_club_members(1, 7, '{2}');
SELECT * FROM find_member_clubs(1, all_of => '{7}') ORDER BY 1, 2;
SELECT * FROM find_member_clubs(1, all_of => '{7}', after_id => 1);
SELECT * FROM set_club_members(1, 7, '{2}');
SELECT unlink_member_clubs(1, 2, '{7,8}');

-- A table and itself; two relationships between the same two
CREATE TABLE person (id uuid PRIMARY KEY, name text);
INSERT INTO person SELECT ('00000000-0000-0000-0000-00000000000' || g)::uuid, chr(96 + g) FROM generate_series(1, 3) g;
SELECT m2m_create('person', 'person', 'follow', left_role => 'follower', right_role => 'leader');
SELECT * FROM m2m_expose('follow');
SELECT link_follower_leaders(id, (SELECT array_agg(id) FROM person WHERE name > 'a')) FROM person WHERE name = 'a';
SELECT name FROM find_follower_leaders(all_of => '{00000000-0000-0000-0000-000000000002}');
SELECT name FROM find_leader_followers(all_of => '{00000000-0000-0000-0000-000000000001}') ORDER BY 1;
SELECT m2m_create('person', 'edition', 'writes', left_role => 'writer');
SELECT m2m_create('person', 'edition', 'edits', left_role => 'editor');
SELECT count(*) FROM (SELECT m2m_expose('writes') UNION ALL SELECT m2m_expose('edits')) x;
SELECT link_editor_editions(id, '{a}', '{1}') FROM person WHERE name = 'c';
SELECT (SELECT count(*) FROM writes), (SELECT count(*) FROM edits);

-- Link properties, rows that are marked instead of deleted
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
INSERT INTO a VALUES (1), (2);
INSERT INTO b VALUES (1), (2);
CREATE TABLE ab (a_id int REFERENCES a, b_id int REFERENCES b, note text, deleted_at timestamptz, PRIMARY KEY (a_id, b_id));
CREATE INDEX ON ab (b_id, a_id);
SELECT m2m_adopt('ab', deleted => 'deleted_at');
SELECT * FROM m2m_expose('ab');
CREATE VIEW dependent AS SELECT * FROM find_a_bs(any_of => '{1,2}');
SELECT count(*) FROM m2m_expose('ab');
DROP VIEW dependent;
SELECT link_a_bs(1, '{1,2}', '{"note": "x"}'), link_a_bs(2, '{1}');
SELECT * FROM set_a_bs(1, '{2}', properties => '[{"note": "y"}]');
SELECT a_id, b_id, note, deleted_at IS NULL AS linked FROM ab ORDER BY 1, 2;
SELECT * FROM find_a_bs(any_of => '{1,2}') ORDER BY 1;

-- Domains, one of which takes no null; a key without arrays of it
CREATE DOMAIN number AS int NOT NULL CHECK (VALUE > 0);
CREATE TABLE d (id number PRIMARY KEY);
INSERT INTO d VALUES (1), (2);
SELECT m2m_create('a', 'd');
SELECT * FROM m2m_expose('a_d');
SELECT link_a_ds(1, '{1,2}'), link_d_as(2, '{2}');
SELECT * FROM find_d_as(all_of => '{1}') ORDER BY 1;
SELECT * FROM find_d_as(all_of => '{1}', after_id => 1);
SELECT * FROM find_a_ds(all_of => '{1,2}');
CREATE TABLE matrix (id int[] PRIMARY KEY);
SELECT m2m_create('a', 'matrix');
SELECT m2m_expose('a_matrix');

-- Names that are taken, by whatever function; the link views' schema
CREATE FUNCTION find_a_ds(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT m2m_unexpose('a_d');
\set VERBOSITY default
SELECT m2m_expose('a_d');
\set VERBOSITY terse
SELECT count(*) FROM m2m_expose('a_d', 'my');
SELECT m2m_expose('a_d', '');
SELECT m2m_expose('a');
SELECT m2m_expose(NULL);
SELECT m2m_unexpose(NULL);
CREATE SCHEMA api;
SET m2m.view_schema = 'api';
CREATE TABLE c (id int PRIMARY KEY);
SELECT m2m_create('a', 'c');
SELECT * FROM m2m_expose('a_c');
RESET m2m.view_schema;
-- one link view is enough for its own direction
DROP VIEW api.c_as;
SELECT m2m_unexpose('a_c');
SELECT * FROM m2m_expose('a_c');

-- Temporary tables
CREATE TEMPORARY TABLE t1 (id int PRIMARY KEY);
CREATE TEMPORARY TABLE t2 (id int PRIMARY KEY);
INSERT INTO t1 VALUES (1);
INSERT INTO t2 VALUES (1);
SELECT m2m_create('t1', 't2');
SELECT count(*) FROM m2m_expose('t1_t2');
SELECT pg_temp.link_t1_t2s(1, '{1}');
SELECT * FROM pg_temp.find_t1_t2s(all_of => '{1}');

-- Rights: the caller's on the tables, as by plain SQL; row security
CREATE ROLE regress_m2m_reader;
GRANT USAGE ON SCHEMA expose TO regress_m2m_reader, regress_m2m_caller;
SET ROLE regress_m2m_reader;
SELECT link_member_clubs(1, 2, '{8}');
SELECT * FROM find_member_clubs(1, all_of => '{7}');
RESET ROLE;
GRANT SELECT ON member, club, member_club TO regress_m2m_reader;
GRANT INSERT ON member_club TO regress_m2m_caller;
SET ROLE regress_m2m_reader;
SELECT * FROM find_member_clubs(1, any_of => '{7,8}') ORDER BY 1, 2;
SELECT link_member_clubs(1, 2, '{8}');
RESET ROLE;
CREATE POLICY p ON club FOR SELECT USING (id = 7);
CREATE POLICY p ON member FOR SELECT USING (id = 1);
ALTER TABLE club ENABLE ROW LEVEL SECURITY;
SELECT link_member_clubs(1, 1, '{7}'), link_member_clubs(1, 2, '{7}');
SET ROLE regress_m2m_reader;
SELECT * FROM find_member_clubs(1, any_of => '{7,8}') ORDER BY 1, 2;
SELECT * FROM find_member_clubs(1, any_of => '{8}');
RESET ROLE;
ALTER TABLE member ENABLE ROW LEVEL SECURITY;
SET ROLE regress_m2m_reader;
SELECT * FROM find_member_clubs(1, any_of => '{7,8}') ORDER BY 1, 2;
-- a forged one does not follow
RESET ROLE;
GRANT CREATE ON SCHEMA expose TO regress_m2m_reader;
SET ROLE regress_m2m_reader;
SET check_function_bodies = off;
CREATE FUNCTION forged() RETURNS bigint LANGUAGE sql AS $$SELECT public.m2m_link(via => 'expose.ab', role => 'a', left_table => 'expose.a')$$;
RESET check_function_bodies;
ALTER FUNCTION forged DEPENDS ON EXTENSION m2m;
RESET ROLE;
ALTER TABLE a RENAME TO a2;
SELECT prosrc FROM pg_proc WHERE proname = 'forged';
SELECT prosrc ~ 'a2' AS follows FROM pg_proc WHERE proname = 'link_a_bs';
-- nor one that is written otherwise than we quote, or breaks off
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE q (id int PRIMARY KEY);
SELECT m2m_create('p', 'q', name => 'a''b');
ALTER TABLE "a'b" DROP CONSTRAINT "a'b_p_id_fkey";
DROP TABLE p;
SET check_function_bodies = off;
CREATE FUNCTION forged1() RETURNS bigint LANGUAGE sql AS $$SELECT public.m2m_link(via => E'expose."a\'b"', role => 'q', left_table => 'expose.q')$$;
CREATE FUNCTION forged2() RETURNS bigint LANGUAGE sql AS $$SELECT public.m2m_link(via => E'expose.\$$;
RESET check_function_bodies;
ALTER FUNCTION forged1 DEPENDS ON EXTENSION m2m;
ALTER FUNCTION forged2 DEPENDS ON EXTENSION m2m;
ALTER TABLE "a'b" RENAME TO "a'c";
SELECT prosrc FROM pg_proc WHERE proname IN ('forged1', 'forged2') ORDER BY proname;
DROP FUNCTION forged1, forged2;

-- What clients read of them that call functions by name: no name twice in a
-- schema, a name for each argument, optional ones last, a comment
SELECT proname, count(*) FROM exposed GROUP BY 1, split_part(function, '.', 1) HAVING count(*) > 1 AND proname !~ 'a_bs|b_as';
SELECT e.proname FROM exposed e JOIN pg_proc p ON p.oid = e.oid WHERE '' = ANY (p.proargnames) OR p.pronargs <> cardinality(p.proargnames) OR e.comment IS NULL;
-- no name of an argument that GraphQL servers add to what returns rows, none twice
SELECT e.proname FROM exposed e WHERE proargnames && '{first,last,before,after,offset,filter,condition,orderBy,order_by,where,limit,distinct_on,args,input,client_mutation_id}'
	OR cardinality(proargnames) <> (SELECT count(DISTINCT n) FROM unnest(proargnames) n);
-- link functions are computed relationships: a row in, rows out, put in place by the planner
SELECT p.proname, pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), provolatile FROM pg_proc p WHERE proname IN ('follower_leaders', 'leader_followers') ORDER BY 1;
-- volatile ones change something, the others do not: mutations and queries
SELECT DISTINCT substring(proname FROM '^(?:my_)?([a-z]+)_') AS verb, provolatile, proretset, proisstrict, prosecdef FROM pg_proc WHERE oid IN (SELECT oid FROM exposed) AND proname <> 'forged' ORDER BY 1;

RESET search_path;
DROP SCHEMA expose CASCADE;
DROP SCHEMA "Expose'\ 3" CASCADE;
DROP SCHEMA api CASCADE;
DROP OWNED BY regress_m2m_caller, regress_m2m_reader, regress_m2m_owner;
DROP ROLE regress_m2m_caller, regress_m2m_reader, regress_m2m_owner;
