-- security_check.sql: m2m_check and m2m_repair, run by a superuser or by
-- somebody else, in a database where another role plants what it can. If a
-- test here fails, looking at the state of relationships runs that role's code
-- or mending them gives that role something.
\ir ../hostile.sql
CREATE EXTENSION m2m;
SET search_path = v, public;
SET ROLE m2m_victim;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text);
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO book VALUES (1, 'secret 1'), (2, 'secret 2'), (3, 'secret 3');
SELECT m2m_link('author', ARRAY[1, 2], 'book', ARRAY[1, 2]) \g /dev/null
RESET ROLE;

-- Two link views of mallory's over a relation with columns a and b, two
-- tables with a key id, joined by an operator.
CREATE FUNCTION plant(link text, l text, r text, operator text DEFAULT 'OPERATOR(pg_catalog.=)') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', 'm2m_mallory', true);
	EXECUTE format('CREATE VIEW evil.v1 AS SELECT l.a, r.* FROM %s l JOIN %s r ON r.id %s l.b', link, r, operator);
	EXECUTE format('CREATE VIEW evil.v2 AS SELECT l.b, r.* FROM %s l JOIN %s r ON r.id %s l.a', link, l, operator);
	CREATE TRIGGER m2m_link_view INSTEAD OF INSERT OR UPDATE OR DELETE ON evil.v1 FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write('near=left', 'left=l', 'right=r', 'origin=created');
	CREATE TRIGGER m2m_link_view INSTEAD OF INSERT OR UPDATE OR DELETE ON evil.v2 FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write('near=right', 'left=l', 'right=r', 'origin=created');
	GRANT ALL ON ALL TABLES IN SCHEMA evil TO PUBLIC;
	PERFORM set_config('role', 'none', true);
END
$$;
-- All that can be asked of a planted relationship, by the victim and by a
-- superuser. Says what failed, if anything of it did.
CREATE FUNCTION look() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(role || ': ' || sql || ': ' || state, ', ')
	FROM (SELECT role, sql, run(role, sql) AS state FROM unnest('{m2m_victim,postgres}'::text[]) role,
		unnest('{SELECT * FROM m2m_check(),SELECT * FROM m2m_relationships(),SELECT * FROM m2m_repair(),SELECT * FROM m2m_check()}'::text[]) sql) x
	WHERE state <> '00000'
$$;
-- mallory's tables and views go.
CREATE FUNCTION clean_evil() RETURNS void LANGUAGE plpgsql AS $$
DECLARE statement text;
BEGIN
	FOR statement IN SELECT format('DROP VIEW IF EXISTS %s CASCADE', oid::regclass) FROM pg_class WHERE relnamespace = 'evil'::regnamespace AND relkind = 'v' LOOP EXECUTE statement; END LOOP;
	FOR statement IN SELECT format('DROP TABLE IF EXISTS %s CASCADE', oid::regclass) FROM pg_class WHERE relnamespace = 'evil'::regnamespace AND relkind IN ('r', 'p') LOOP EXECUTE statement; END LOOP;
END
$$;
CREATE FUNCTION make_tables() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('role', 'm2m_mallory', true);
	CREATE TABLE evil.l_side (id int PRIMARY KEY, t text);
	CREATE TABLE evil.r_side (id int PRIMARY KEY, t text);
	INSERT INTO evil.l_side VALUES (1), (2);
	INSERT INTO evil.r_side VALUES (1), (2);
	PERFORM set_config('role', 'none', true);
END
$$;

-- A view of mallory's over the victim's association is nobody's gift.
SET ROLE m2m_mallory;
CREATE VIEW evil.spy AS SELECT l.author_id, r.* FROM author_book l JOIN book r ON r.id = l.book_id;
CREATE TRIGGER m2m_link_view INSTEAD OF INSERT OR UPDATE OR DELETE ON evil.spy FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write('near=left', 'left=author', 'right=book', 'origin=created');
GRANT ALL ON evil.spy TO PUBLIC;
RESET ROLE;
SELECT is(run('m2m_friend', 'SELECT * FROM evil.spy'), '42501', 'mallory''s view over my tables shows nothing');
SELECT is(look(), NULL, 'check and repair, with mallory''s view about');
SELECT is(run('postgres', 'SELECT m2m_repair(''author_book'')'), '00000', 'and of the one relationship');
SELECT is((SELECT relowner::regrole::text FROM pg_class WHERE oid = 'evil.spy'::regclass), 'm2m_mallory', 'the view is given to nobody');
SELECT is(run('m2m_friend', 'SELECT * FROM evil.spy'), '42501', 'and still shows nothing');
SELECT is_empty($$SELECT * FROM m2m_check() WHERE severity = 'error' AND relationship = 'author_book'::regclass AND remedy IS NOT NULL$$, 'nor does m2m_check advise it');
SELECT is((SELECT left_view FROM m2m_relationships() WHERE association = 'author_book'::regclass), 'author_books'::regclass, 'my relationship is described by my views');
SELECT clean_evil() \g /dev/null

-- Operators
SET ROLE m2m_mallory;
CREATE FUNCTION evil.eq(int, int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN $1 OPERATOR(pg_catalog.=) $2; END';
CREATE OPERATOR evil.=== (FUNCTION = evil.eq, LEFTARG = int, RIGHTARG = int, COMMUTATOR = OPERATOR(evil.===), MERGES, HASHES);
RESET ROLE;
SELECT make_tables() \g /dev/null
SET ROLE m2m_mallory;
CREATE TABLE evil.link (a int NOT NULL, b int NOT NULL);
INSERT INTO evil.link VALUES (1, 1), (1, 1), (2, 7);
RESET ROLE;
SELECT plant('evil.link', 'evil.l_side', 'evil.r_side', 'OPERATOR(evil.===)') \g /dev/null
SELECT is(look(), NULL, 'check and repair, with an operator of mallory''s in a link view');
SELECT is(caught(), 0::bigint, 'which is not called');
SELECT clean_evil() \g /dev/null

-- Views in the place of tables
SET ROLE m2m_mallory;
CREATE FUNCTION evil.one() RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN 1; END';
CREATE VIEW evil.link AS SELECT evil.one() AS a, evil.one() AS b;
CREATE VIEW evil.table_view AS SELECT evil.one() AS id;
RESET ROLE;
SELECT make_tables() \g /dev/null
SELECT plant('evil.link', 'evil.l_side', 'evil.r_side') \g /dev/null
SELECT is(look(), NULL, 'check and repair, with a view for an association');
SELECT is(caught(), 0::bigint, 'which is not read');
SELECT run('m2m_mallory', 'DROP VIEW evil.v1, evil.v2; DROP VIEW evil.link; CREATE TABLE evil.link (a int NOT NULL, b int NOT NULL); INSERT INTO evil.link VALUES (1, 1), (1, 1)') \g /dev/null
SELECT plant('evil.link', 'evil.table_view', 'evil.table_view') \g /dev/null
SELECT is(look(), NULL, 'check and repair, with views for endpoints');
SELECT is(caught(), 0::bigint, 'which are not read');
SELECT clean_evil() \g /dev/null

-- Casts
SET ROLE m2m_mallory;
CREATE TYPE evil.mood AS ENUM ('a', 'b');
CREATE FUNCTION evil.to_int(evil.mood) RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN 1; END';
CREATE CAST (evil.mood AS int) WITH FUNCTION evil.to_int(evil.mood) AS IMPLICIT;
RESET ROLE;
SELECT make_tables() \g /dev/null
SET ROLE m2m_mallory;
CREATE TABLE evil.link (a evil.mood NOT NULL, b evil.mood NOT NULL);
INSERT INTO evil.link VALUES ('a', 'a'), ('a', 'a'), ('b', 'b');
RESET ROLE;
SELECT plant('evil.link', 'evil.l_side', 'evil.r_side') \g /dev/null
SELECT is(look(), NULL, 'check and repair, with a cast of mallory''s under a link view');
SELECT is(caught(), 0::bigint, 'which is not called');
SELECT clean_evil() \g /dev/null

-- Policies
SELECT make_tables() \g /dev/null
SET ROLE m2m_mallory;
CREATE FUNCTION evil.visible() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN true; END';
CREATE TABLE evil.link (a int NOT NULL, b int NOT NULL);
INSERT INTO evil.link VALUES (1, 1), (1, 1), (2, 7);
CREATE POLICY p ON evil.link USING (evil.visible());
CREATE POLICY p ON evil.l_side USING (evil.visible());
CREATE POLICY p ON evil.r_side USING (evil.visible());
ALTER TABLE evil.link ENABLE ROW LEVEL SECURITY;
ALTER TABLE evil.l_side ENABLE ROW LEVEL SECURITY;
ALTER TABLE evil.r_side ENABLE ROW LEVEL SECURITY;
RESET ROLE;
SELECT plant('evil.link', 'evil.l_side', 'evil.r_side') \g /dev/null
SELECT is(run('m2m_victim', 'SELECT count(*) FROM evil.link'), '00000', 'a policy of mallory''s');
SELECT is(caught() > 0, true, 'catches who reads the table');
SELECT is(look(), NULL, 'check and repair, with policies of mallory''s');
SELECT is(caught(), 0::bigint, 'which are not evaluated');
SELECT clean_evil() \g /dev/null

-- Triggers, also deferred ones, column defaults, index expressions: repairs run
-- as mallory, and nothing of them is left to run as somebody else.
SELECT make_tables() \g /dev/null
SET ROLE m2m_mallory;
CREATE TABLE evil.link (a int NOT NULL, b int NOT NULL, c int DEFAULT evil.one());
INSERT INTO evil.link VALUES (1, 1, 1), (1, 1, 1), (2, 7, 1);
ALTER TABLE evil.link ADD FOREIGN KEY (b) REFERENCES evil.r_side NOT VALID;
CREATE FUNCTION evil.on_delete() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM evil.trap(); PERFORM set_config('search_path', 'evil', false); PERFORM set_config('row_security', 'off', false); RETURN OLD; END$$;
CREATE TRIGGER t BEFORE DELETE ON evil.link FOR EACH ROW EXECUTE FUNCTION evil.on_delete();
CREATE FUNCTION evil.later() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM evil.trap(); RETURN NULL; END$$;
RESET ROLE;
SELECT plant('evil.link', 'evil.l_side', 'evil.r_side') \g /dev/null
BEGIN;
SELECT m2m_repair() \g /dev/null
SELECT current_setting('search_path') AS path, current_setting('row_security') AS security \gset
COMMIT;
SELECT current_setting('search_path') AS path_after \gset
SET search_path = v, public;
SET row_security = on;
SELECT is(:'path'::text, 'v, public', 'a trigger does not change the repairer''s search_path');
SELECT is(:'security'::text, 'on', 'or other settings');
SELECT is(:'path_after'::text, 'v, public', 'nor after the end');
SELECT is((SELECT count(*) FROM evil.link), 1::bigint, 'what was to be mended, is');
SELECT is_empty($$SELECT * FROM m2m_check('evil.link') WHERE severity = 'error'$$, 'all of it');
SELECT is(caught(), 0::bigint, 'by mallory''s rights');
SET ROLE m2m_mallory;
ALTER TABLE evil.link DROP CONSTRAINT link_a_fkey;
INSERT INTO evil.link VALUES (9, 1);
CREATE CONSTRAINT TRIGGER later AFTER DELETE ON evil.link DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evil.later();
RESET ROLE;
BEGIN;
SELECT m2m_repair() \g /dev/null
COMMIT;
SELECT is(caught(), 0::bigint, 'a deferred trigger does not wait for the end of the repairer''s transaction');
SET search_path = v, public;
SET row_security = on;
SELECT clean_evil() \g /dev/null

-- A superuser's relationship over mallory's tables: mallory changes a key's type
-- to one that runs code.
SELECT make_tables() \g /dev/null
SELECT m2m_link('evil.l_side', 1, 'evil.r_side', 1) \g /dev/null
SET ROLE m2m_mallory;
CREATE FUNCTION evil.fine(int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN true; END';
CREATE DOMAIN evil.number AS int CHECK (evil.fine(value));
CREATE TYPE evil.colour AS ENUM ('1', '2', '3');
CREATE FUNCTION evil.paint(int) RETURNS evil.colour LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN $1::text; END';
CREATE CAST (int AS evil.colour) WITH FUNCTION evil.paint(int) AS IMPLICIT;
ALTER TABLE evil.r_side ALTER id TYPE evil.number;
RESET ROLE;
SELECT caught() \g /dev/null
SELECT is(run('postgres', 'SELECT * FROM m2m_check(); SELECT * FROM m2m_repair(); SELECT * FROM m2m_repair(''evil.l_side_r_side'')'), '00000', 'check and repair of a superuser''s relationship whose key has become a domain of mallory''s');
SELECT is(caught(), 0::bigint, 'whose check is not evaluated as the superuser');
SELECT is((SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 'evil.l_side_r_side'::regclass AND attname = 'r_side_id'), 'integer', 'nor does the association take it on');
SET ROLE m2m_mallory;
ALTER TABLE evil.r_side ALTER id TYPE int;
RESET ROLE;
ALTER TABLE evil.l_side_r_side DROP CONSTRAINT l_side_r_side_r_side_id_fkey;
SET ROLE m2m_mallory;
ALTER TABLE evil.r_side ALTER id TYPE evil.colour USING id::text::evil.colour;
RESET ROLE;
SELECT caught() \g /dev/null
SELECT run('postgres', 'SELECT * FROM m2m_check()'), run('postgres', 'SELECT * FROM m2m_repair()') \g /dev/null
SELECT is(caught(), 0::bigint, 'or has become an enum with a cast');
SELECT clean_evil() \g /dev/null

-- A role's own objects in the place of what remedies call
CREATE SCHEMA shared;
GRANT ALL ON SCHEMA shared TO PUBLIC;
ALTER EXTENSION m2m SET SCHEMA shared;
SET search_path = v, public, shared;
SET ROLE m2m_mallory;
CREATE FUNCTION shared.m2m_adopt(text) RETURNS regclass LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN NULL; END';
RESET ROLE;
DROP VIEW author_books;
SELECT run('postgres', 'SELECT * FROM shared.m2m_repair()') \g /dev/null
SELECT is(caught(), 0::bigint, 'm2m_repair does not call a function that looks like ours');
SELECT is((SELECT left_view FROM m2m_relationships() WHERE association = 'author_book'::regclass), 'author_books'::regclass, 'but mends the view');
SET ROLE m2m_mallory;
CREATE FUNCTION shared.m2m_adopt(regclass) RETURNS regclass LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN NULL; END';
CREATE FUNCTION shared.m2m_adopt(oid) RETURNS regclass LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN NULL; END';
RESET ROLE;
DROP VIEW author_books;
SELECT (SELECT remedy FROM m2m_check('author_book')) AS remedy \gset
SELECT run('postgres', 'SELECT * FROM shared.m2m_repair()') \g /dev/null
SELECT is(caught(), 0::bigint, 'nor other ones');
SELECT is((SELECT left_view FROM m2m_relationships() WHERE association = 'author_book'::regclass), 'author_books'::regclass, 'and mends it all the same');
DROP VIEW author_books;
SELECT is(run('m2m_victim', :'remedy', 'pg_catalog'), '00000', 'so does the remedy that m2m_check names, run by hand');
SELECT is(caught(), 0::bigint, 'without calling another''s function');
ALTER EXTENSION m2m SET SCHEMA public;
SELECT m2m_repair('author_book') \g /dev/null
SET search_path = v, public;

-- search_path of the caller
SET ROLE m2m_mallory;
DO $$
DECLARE
	types text[] := '{int,bigint,oid,tid,text,boolean}'; l text; r text; operator text;
BEGIN
	FOREACH l IN ARRAY types LOOP
		FOREACH r IN ARRAY types LOOP
			EXECUTE format('CREATE FUNCTION evil.compare(%s, %s) RETURNS boolean LANGUAGE plpgsql AS ''BEGIN PERFORM evil.trap(); RETURN true; END''', l, r);
			FOREACH operator IN ARRAY '{=,<>,<,>,<=,>=}'::text[] LOOP
				EXECUTE format('CREATE OPERATOR evil.%s (FUNCTION = evil.compare, LEFTARG = %s, RIGHTARG = %s)', operator, l, r);
			END LOOP;
		END LOOP;
	END LOOP;
END
$$;
CREATE FUNCTION evil.num_nulls(int, int) RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN 0; END';
CREATE FUNCTION evil.m2m_adopt(text) RETURNS regclass LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN NULL; END';
RESET ROLE;
SET ROLE m2m_victim;
ALTER TABLE author_book DROP CONSTRAINT author_book_pkey, DROP CONSTRAINT author_book_book_id_fkey;
DROP VIEW book_authors;
INSERT INTO author_book VALUES (1, 1), (2, 99);
ALTER TABLE author_book ADD FOREIGN KEY (book_id) REFERENCES book NOT VALID;
RESET ROLE;
SELECT is(run(role, 'SELECT public.m2m_check()', 'evil, pg_catalog'), '00000', 'check with another''s operators first on the search_path: ' || role) FROM unnest('{m2m_victim,postgres}'::text[]) role;
SELECT is(run('m2m_victim', 'SELECT public.m2m_repair()', 'evil, pg_catalog'), '00000', 'and repair');
SELECT is(caught(), 0::bigint, 'none is called');
SELECT bag_eq('TABLE author_book', 'VALUES (1, 1), (2, 2)', 'and all is mended');
SELECT is_empty('SELECT * FROM m2m_check(''author_book'')', 'so that nothing is left to mend');

-- What policies hide from whoever looks is not missing.
SET ROLE m2m_victim;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
ALTER TABLE book ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY but_one ON book USING (id <> 2);
SELECT is_empty($$SELECT * FROM m2m_check() WHERE finding ~ 'not in'$$, 'a row that a policy hides is not reported as missing');
SELECT m2m_repair() \g /dev/null
RESET ROLE;
SELECT bag_eq('TABLE author_book', 'VALUES (1, 1), (2, 2)', 'nor are its links deleted by who does not see it');
SELECT m2m_repair() \g /dev/null
SELECT bag_eq('TABLE author_book', 'VALUES (1, 1), (2, 2)', 'nor by a superuser, for whom the owner acts');
ALTER TABLE book NO FORCE ROW LEVEL SECURITY;
ALTER TABLE book DISABLE ROW LEVEL SECURITY;
SELECT m2m_repair() \g /dev/null
SELECT is_empty('SELECT * FROM m2m_check(''author_book'')', 'then it is whole again');

-- What mallory plants is no obstacle to looking at the rest.
SELECT make_tables() \g /dev/null
SET ROLE m2m_mallory;
CREATE FUNCTION evil.fails(int, int) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'no'; END$$;
CREATE OPERATOR evil.#### (FUNCTION = evil.fails, LEFTARG = int, RIGHTARG = int);
CREATE TABLE evil.link (a int NOT NULL, b int NOT NULL);
INSERT INTO evil.link VALUES (1, 1);
RESET ROLE;
SELECT plant('evil.link', 'evil.l_side', 'evil.r_side', 'OPERATOR(evil.####)') \g /dev/null
SELECT is(look(), NULL, 'an operator that fails does not keep m2m_check from its work');
SELECT clean_evil() \g /dev/null
SELECT make_tables() \g /dev/null
SELECT run('m2m_mallory', 'CREATE SEQUENCE evil.link') \g /dev/null
SELECT run('m2m_mallory', format('CREATE VIEW evil.%s AS SELECT l.last_value, r.* FROM evil.link l JOIN evil.l_side r ON r.id = l.last_value;
	CREATE TRIGGER t INSTEAD OF INSERT ON evil.%1$s FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write(''near=%2$s'')', name, near)) FROM (VALUES ('v1', 'left'), ('v2', 'right')) x (name, near) \g /dev/null
SELECT is(look(), NULL, 'nor a sequence for an association');
SELECT is_empty('SELECT FROM m2m_relationships() WHERE association = ''evil.link''::regclass', 'which is no relationship');
SELECT clean_evil() \g /dev/null

-- Who may see what
SELECT make_tables() \g /dev/null
SELECT is(run('m2m_friend', 'SELECT * FROM m2m_check()'), '00000', 'anybody may call m2m_check');
SET ROLE m2m_victim;
ALTER TABLE author_book DROP CONSTRAINT author_book_book_id_fkey;
DROP INDEX author_book_author_id_book_id_idx;
INSERT INTO author_book VALUES (1, 1), (2, 99);
RESET ROLE;
SELECT is(answer('m2m_friend', $$SELECT count(*) FROM m2m_check() WHERE finding ~ 'rows that are not|more than once'$$), '0', 'but learns nothing of rows that he may not read');
SELECT isnt(answer('m2m_friend', 'SELECT count(*) FROM m2m_check()'), '0', 'only of what the catalogs show to all');
SELECT is(answer('m2m_victim', $$SELECT count(*) FROM m2m_check() WHERE finding ~ 'rows that are not|more than once'$$), '2', 'which are there');
SELECT is(run('m2m_friend', 'SELECT m2m_repair(''author_book'')'), '42501', 'm2m_repair of another''s relationship');
SELECT is(answer('m2m_friend', 'SELECT count(*) FROM m2m_repair()'), '0', 'all that the caller owns may be none');
SELECT is(run('m2m_friend', format('SELECT m2m_repair(%s)', oid)), CASE WHEN oid = 999999999 THEN '42P01' ELSE '42704' END, 'm2m_repair of ' || what)
FROM (VALUES ('pg_class'::regclass::oid, 'a catalog'), ('author_pkey'::regclass, 'an index'), ('author_books'::regclass, 'a view'), (999999999, 'what is not there')) x (oid, what);
SELECT is(run('m2m_friend', format('SELECT * FROM m2m_check(%s)', oid)), CASE WHEN oid = 999999999 THEN '42P01' ELSE '42704' END, 'm2m_check of ' || what)
FROM (VALUES ('pg_class'::regclass::oid, 'a catalog'), ('author'::regclass, 'an endpoint'), (999999999, 'what is not there')) x (oid, what);

SELECT * FROM finish();
SET client_min_messages = error;
DROP OWNED BY m2m_mallory, m2m_victim, m2m_friend CASCADE;
DROP ROLE m2m_mallory, m2m_victim, m2m_friend;
