-- security_ddl.sql: DDL while m2m follows the schema. If a test here fails,
-- somebody's DDL runs another role's code with rights that are not that role's,
-- takes or gives something that plain SQL would not, or fails because of what
-- another role has planted.
\ir ../hostile.sql
CREATE EXTENSION m2m;
SET search_path = v, public;
SET ROLE m2m_victim;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY, title text, pages int);
INSERT INTO author VALUES (1, 'Alice'), (2, 'Bob');
INSERT INTO book VALUES (1, 'secret 1'), (2, 'secret 2'), (3, 'public 3');
SELECT m2m_link('author', ARRAY[1, 2], 'book', ARRAY[1, 2]) \g /dev/null
RESET ROLE;
-- What a role may do to itself, if it comes to run as somebody who can.
CREATE FUNCTION gained() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(rolname, ', ') FROM pg_roles WHERE rolname IN ('m2m_mallory', 'm2m_friend') AND (rolsuper OR rolcreaterole)
$$;

-- Names that end a literal. The functions belong to a superuser, or to the
-- victim, the tables to mallory.
SET ROLE m2m_mallory;
CREATE TABLE evil.l_side (id int PRIMARY KEY);
CREATE TABLE evil.r_side (id int PRIMARY KEY, t text);
INSERT INTO evil.l_side VALUES (1);
INSERT INTO evil.r_side VALUES (1, 'x');
RESET ROLE;
SELECT m2m_link('evil.l_side', 1, 'evil.r_side', 1) \g /dev/null
SET check_function_bodies = off;
CREATE TABLE hostile (n int, name text);
INSERT INTO hostile VALUES (1, '$function$; ALTER ROLE m2m_mallory SUPERUSER; --'), (2, '"; $function$; ALTER ROLE m2m_mallory SUPERUSER; --'), (3, '''; ALTER ROLE m2m_mallory SUPERUSER; --'),
	(4, '$functionx$ $x$ $$ \'), (5, E'a\nb'), (6, '%s%n%1$s'), (7, 'back\slash'), (8, E'\\''; SELECT 1; --'), (9, '"quo"ted"'), (10, repeat('é', 31)), (11, ' ');
CREATE FUNCTION rename_through(kind text, name text) RETURNS SETOF text LANGUAGE plpgsql AS $body$
DECLARE
	current text := name;
	next text;
BEGIN
	FOR next IN SELECT h.name FROM hostile h ORDER BY n LOOP
		RETURN NEXT is(run('m2m_mallory', format(kind, current, next)), '00000', format('%s: %s', kind, translate(next, E'\n', '|')));
		current := next;
		RETURN NEXT is(gained(), NULL, 'nobody has gained anything by it');
		ALTER ROLE m2m_mallory NOSUPERUSER;
		RETURN NEXT is((SELECT count(left_function) + count(right_function) FROM m2m_relationships() WHERE association::text ~ 'l_side_r_side'), 2::bigint, 'both link functions read as they should');
	END LOOP;
	RETURN NEXT is(run('m2m_mallory', format(kind, current, name)), '00000', 'renamed back');
END
$body$;
SELECT rename_through('ALTER TABLE evil.r_side RENAME COLUMN %I TO %I', 'id');
SELECT rename_through('ALTER TABLE evil.l_side RENAME COLUMN %I TO %I', 'id');
SELECT rename_through('ALTER TABLE evil.%I RENAME TO %I', 'r_side');
SELECT is(run('m2m_mallory', 'ALTER SCHEMA evil RENAME TO "$function$; ALTER ROLE m2m_mallory SUPERUSER; --"'), '42501', 'renaming a schema needs CREATE on the database');
GRANT CREATE ON DATABASE :"DBNAME" TO m2m_mallory;
SELECT is(run('m2m_mallory', 'ALTER SCHEMA evil RENAME TO "$function$; ALTER ROLE m2m_mallory SUPERUSER; --"'), '00000', 'with it, it is renamed');
SELECT is(gained(), NULL, 'which gives nothing');
SELECT is(run('m2m_mallory', 'ALTER SCHEMA "$function$; ALTER ROLE m2m_mallory SUPERUSER; --" RENAME TO evil'), '00000', 'and back');
REVOKE CREATE ON DATABASE :"DBNAME" FROM m2m_mallory;
-- The role that made it may set other things too.
-- (From PostgreSQL 19 on, string literals are always standard ones.)
SELECT CASE WHEN current_setting('server_version_num')::int < 190000
	THEN 'SET LOCAL standard_conforming_strings = off; SET LOCAL escape_string_warning = off; ' ELSE '' END AS literals \gset
SELECT is(run('m2m_mallory', :'literals' || 'SET LOCAL backslash_quote = on; SET LOCAL quote_all_identifiers = on; ALTER TABLE evil.r_side RENAME COLUMN id TO "\''; ALTER ROLE m2m_mallory SUPERUSER; --"'), '00000', 'with settings that change how literals read');
SELECT is(gained(), NULL, 'nobody gains anything either');
SELECT is(run('m2m_mallory', 'ALTER TABLE evil.r_side RENAME COLUMN "\''; ALTER ROLE m2m_mallory SUPERUSER; --" TO id'), '00000', 'back');
RESET check_function_bodies;
SELECT is(run('m2m_mallory', 'ALTER TABLE evil.r_side DROP COLUMN t; ALTER TABLE evil.r_side ADD COLUMN "''; --" int; ALTER TABLE evil.r_side ADD COLUMN "%s"" \" int; ALTER TABLE evil.r_side ALTER id TYPE bigint'), '00000', 'columns of such names come and go');
SELECT is(gained(), NULL, 'with nothing gained');
SELECT is((SELECT string_agg(attname, '|' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'evil.l_side_r_sides'::regclass), 'l_side_id|id|''; --|%s" \', 'the view shows them');
SELECT is((SELECT relowner::regrole::text FROM pg_class WHERE oid = 'evil.l_side_r_sides'::regclass), 'postgres', 'and belongs to whom it belonged');
DROP TABLE evil.l_side_r_side, evil.l_side, evil.r_side CASCADE;

-- A superuser's DDL on the victim's table, with mallory's view in the way. Everything
-- on it is mallory's: default, trigger, rule, options, grants.
SET ROLE m2m_mallory;
CREATE FUNCTION evil.number() RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN 1; END';
CREATE FUNCTION evil.fired() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM evil.trap(); RETURN NEW; END';
CREATE VIEW evil.mine AS SELECT l.author_id, r.id, r.title, r.pages FROM author_book l JOIN book r ON r.id = l.book_id;
CREATE TRIGGER m2m_link_view INSTEAD OF INSERT OR UPDATE OR DELETE ON evil.mine FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write('near=left', 'left=author', 'right=book', 'origin=created');
ALTER VIEW evil.mine ALTER id SET DEFAULT evil.number();
CREATE TRIGGER other INSTEAD OF INSERT ON evil.mine FOR EACH ROW EXECUTE FUNCTION evil.fired();
CREATE RULE r AS ON UPDATE TO evil.mine DO ALSO SELECT evil.number();
COMMENT ON VIEW evil.mine IS 'mine';
COMMENT ON COLUMN evil.mine.id IS 'my id';
GRANT SELECT ON evil.mine TO m2m_friend;
GRANT UPDATE (title) ON evil.mine TO m2m_friend WITH GRANT OPTION;
RESET ROLE;
SET ROLE m2m_friend;
GRANT UPDATE (title) ON evil.mine TO m2m_victim;
RESET ROLE;
CREATE FUNCTION state_of(view text) RETURNS text[] LANGUAGE sql AS $$
	SELECT ARRAY[relowner::regrole::text, relacl::text, reloptions::text, obj_description(c.oid, 'pg_class'),
		(SELECT string_agg(attname || ':' || coalesce(attacl::text, '') || coalesce(pg_get_expr(adbin, adrelid), '') || coalesce(col_description(attrelid, attnum), ''), ', ' ORDER BY attnum)
			FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid = c.oid AND attname <> 'pages'),
		(SELECT string_agg(pg_get_triggerdef(t.oid), ';' ORDER BY tgname) FROM pg_trigger t WHERE tgrelid = c.oid),
		(SELECT string_agg(pg_get_ruledef(r.oid), ';' ORDER BY rulename) FROM pg_rewrite r WHERE ev_class = c.oid AND rulename <> '_RETURN')]
	FROM pg_class c WHERE c.oid = to_regclass(view)
$$;
SELECT state_of('evil.mine')::text AS before, state_of('author_books')::text AS mine_before \gset
SELECT is(run('postgres', sql), '00000', 'a superuser''s ' || sql) FROM unnest(ARRAY['ALTER TABLE book DROP COLUMN pages', 'ALTER TABLE book ADD COLUMN pages int', 'ALTER TABLE book ALTER id TYPE bigint', 'ALTER TABLE book RENAME pages TO p',
	'ALTER TABLE book RENAME p TO pages', 'ALTER TABLE author_book ADD note text', 'ALTER TABLE author_book DROP note', 'ALTER TABLE book RENAME TO tome', 'ALTER TABLE tome RENAME TO book', 'ALTER SCHEMA v RENAME TO w', 'ALTER SCHEMA w RENAME TO v']) sql;
SELECT is(caught(), 0::bigint, 'evaluates or fires nothing of mallory''s');
SELECT is(state_of('evil.mine')::text, :'before'::text, 'mallory''s view is as it was');
SELECT is(state_of('author_books')::text, :'mine_before'::text, 'and so is the victim''s');
SELECT is(run('m2m_friend', 'SELECT * FROM evil.mine'), '42501', 'it still shows nobody more than mallory may see');
SELECT is(current_user::text, 'postgres', 'the superuser is who he was');
SELECT is(current_setting('search_path'), 'v, public', 'with the search_path that he had');
-- The victim's DDL is the same.
SELECT is(run('m2m_victim', sql), '00000', 'the owner''s ' || sql) FROM unnest(ARRAY['ALTER TABLE book DROP COLUMN pages', 'ALTER TABLE book ADD COLUMN pages int', 'ALTER TABLE book ALTER id TYPE int', 'ALTER TABLE book RENAME pages TO p',
	'ALTER TABLE book RENAME p TO pages', 'ALTER TABLE author_book ADD note text', 'ALTER TABLE author_book DROP note']) sql;
SELECT is(caught(), 0::bigint, 'which evaluates or fires nothing of mallory''s');
SELECT is(state_of('evil.mine')::text, :'before'::text, 'mallory''s view is as it was');
-- Where mallory may no longer create, the victim's command goes on all the same.
ALTER SCHEMA evil OWNER TO postgres;
SELECT is(run('m2m_victim', 'ALTER TABLE book DROP COLUMN pages'), '00000', 'a view that cannot come back does not make the owner''s command fail');
SELECT is((SELECT relowner::regrole::text FROM pg_class WHERE oid = 'author_books'::regclass), 'm2m_victim', 'whose own view is there');
SELECT is(caught(), 0::bigint, 'and nothing ran as a trap');
ALTER SCHEMA evil OWNER TO m2m_mallory;
DROP VIEW IF EXISTS evil.mine;
SELECT run('m2m_victim', 'ALTER TABLE book ADD COLUMN pages int') \g /dev/null

-- DDL without rights does nothing, whatever it is about
SELECT is(run('m2m_mallory', sql), '42501', 'mallory''s ' || sql) FROM unnest(ARRAY['ALTER TABLE book DROP COLUMN pages', 'ALTER TABLE book ADD COLUMN x int', 'ALTER TABLE book ALTER id TYPE bigint', 'ALTER TABLE book RENAME pages TO p', 'ALTER TABLE author_book OWNER TO m2m_mallory',
	'DROP TABLE book CASCADE', 'DROP TABLE author_book', 'DROP TABLE author_book, book, author CASCADE', 'ALTER TABLE author RENAME TO x', 'DROP VIEW author_books', 'DROP SCHEMA v CASCADE', 'ALTER VIEW author_books RENAME id TO x', 'ALTER TABLE author_book SET SCHEMA evil',
	'DROP FUNCTION author_books(author)', 'DROP EXTENSION m2m CASCADE', 'ALTER EXTENSION m2m SET SCHEMA evil', 'DROP TRIGGER m2m_link_view ON author_books']) sql;
SELECT is(state_of('author_books')::text, :'mine_before'::text, 'the view is as it was');
SELECT is_empty('SELECT * FROM m2m_check()', 'and nothing amiss');

-- An association changes hands: what would then read with the new owner's rights does not follow.
GRANT REFERENCES ON author, book TO m2m_mallory;
SET ROLE m2m_mallory;
SELECT m2m_create('author', 'book', 'mine', schema => 'evil') \g /dev/null
ALTER VIEW evil.author_books RESET (security_invoker);
GRANT SELECT ON evil.author_books, evil.book_authors TO m2m_friend;
ALTER FUNCTION evil.book_authors(book) SECURITY DEFINER;
RESET ROLE;
INSERT INTO evil.mine VALUES (1, 1);
GRANT CREATE ON SCHEMA evil TO m2m_victim;
SELECT is(run('postgres', 'ALTER TABLE evil.mine OWNER TO m2m_victim'), '00000', 'a superuser gives mallory''s association to the victim');
SELECT is(run('m2m_friend', 'SELECT * FROM evil.author_books'), '42501', 'no view shows the victim''s rows by that');
SELECT is(run('m2m_friend', 'SELECT * FROM evil.book_authors(ROW(1, ''x'', 1)::v.book)'), '42501', 'nor does a function');
SELECT is((SELECT relowner::regrole::text FROM pg_class WHERE oid = 'evil.book_authors'::regclass), 'm2m_victim', 'a view that reads with its reader''s rights follows');
SELECT run('postgres', 'SELECT m2m_repair()') \g /dev/null
SELECT is(run('m2m_friend', 'SELECT * FROM evil.author_books'), '42501', 'after m2m_repair either');
SELECT is(run('m2m_friend', 'SELECT * FROM evil.book_authors(ROW(1, ''x'', 1)::v.book)'), '42501', 'nor then by the function');
DROP TABLE evil.mine CASCADE;
SET ROLE m2m_mallory;
DROP VIEW IF EXISTS evil.author_books, evil.book_authors;
SELECT m2m_create('author', 'book', 'mine', schema => 'evil') \g /dev/null
CREATE RULE steal AS ON INSERT TO evil.author_books DO INSTEAD SELECT * FROM v.book;
GRANT SELECT, INSERT ON evil.author_books TO m2m_friend;
RESET ROLE;
SELECT run('postgres', 'ALTER TABLE evil.mine OWNER TO m2m_victim') \g /dev/null
SELECT is(run('m2m_friend', 'INSERT INTO evil.author_books (author_id) VALUES (1)'), '42501', 'a rule, whose action runs with the view owner''s rights, shows nothing either');
DROP TABLE evil.mine CASCADE;
DROP VIEW IF EXISTS evil.author_books;
REVOKE CREATE ON SCHEMA evil FROM m2m_victim;
REVOKE REFERENCES ON author, book FROM m2m_mallory;
-- Several things at once, and a new owner who may not create where a part of it is
SELECT is(run('postgres', 'ALTER TABLE author_book ADD note text'), '00000', 'a column is added');
SELECT is(run('postgres', 'ALTER TABLE author_book OWNER TO m2m_friend, DROP COLUMN note'), '00000', 'the owner changed and a column dropped at once');
SELECT is((SELECT relowner::regrole::text FROM pg_class WHERE oid = 'author_books'::regclass), 'm2m_friend', 'the views have followed');
SELECT is(run('postgres', 'ALTER TABLE author_book OWNER TO m2m_victim'), '00000', 'and come back');
CREATE SCHEMA side AUTHORIZATION m2m_victim;
ALTER FUNCTION author_books(author) SET SCHEMA side;
GRANT m2m_friend TO m2m_victim;
GRANT CREATE ON SCHEMA v TO m2m_friend;
SELECT is(run('m2m_victim', 'ALTER TABLE author_book OWNER TO m2m_friend'), '00000', 'an owner''s command does not fail because a function cannot follow');
SELECT run('postgres', 'ALTER TABLE author_book OWNER TO m2m_victim; ALTER FUNCTION side.author_books(author) SET SCHEMA v') \g /dev/null
REVOKE m2m_friend FROM m2m_victim;
REVOKE CREATE ON SCHEMA v FROM m2m_friend;
SELECT run('postgres', 'ALTER VIEW author_books OWNER TO m2m_victim; ALTER VIEW book_authors OWNER TO m2m_victim; ALTER FUNCTION author_books(author) OWNER TO m2m_victim; ALTER FUNCTION book_authors(book) OWNER TO m2m_victim') \g /dev/null
SELECT is_empty('SELECT * FROM m2m_check()', 'nothing amiss after all this');

-- Copies of the victim's link functions
SELECT is(run('m2m_mallory', format('CREATE FUNCTION evil.%I(v.author) RETURNS SETOF v.book LANGUAGE sql AS %L', name, (SELECT prosrc FROM pg_proc WHERE oid = 'v.author_books(v.author)'::regprocedure))), '00000', 'mallory copies a link function') FROM unnest('{author_books,copy}'::text[]) name;
SELECT is((SELECT left_function FROM m2m_relationships() WHERE association = 'author_book'::regclass), 'author_books(author)'::regprocedure, 'mine is mine');
SELECT is(run('m2m_victim', 'ALTER FUNCTION author_books(author) RENAME TO books_of'), '00000', 'renamed');
SELECT is((SELECT left_function FROM m2m_relationships() WHERE association = 'author_book'::regclass), 'books_of(author)'::regprocedure, 'it is mine still');
SELECT is(run('m2m_victim', 'ALTER TABLE book RENAME TO tome'), '00000', 'a table renamed');
SELECT is(run('m2m_victim', 'SELECT * FROM author a, books_of(a)'), '00000', 'mine follows');
SELECT is(run('m2m_victim', 'ALTER TABLE tome RENAME TO book; ALTER FUNCTION books_of(author) RENAME TO author_books'), '00000', 'and back');
SELECT is(run('m2m_victim', 'SELECT m2m_drop(''author_book'', keep_links => true)'), '00000', 'a copy is no obstacle to m2m_drop');
SELECT is((SELECT count(*) FROM pg_proc WHERE pronamespace = 'evil'::regnamespace AND proname IN ('author_books', 'copy')), 2::bigint, 'which leaves it alone');
SELECT is(run('m2m_victim', 'SELECT m2m_adopt(''author_book'')'), '00000', 'or to m2m_adopt');
DROP FUNCTION evil.author_books(author), evil.copy(author);

-- A condition of the owner's in a link view
SET ROLE m2m_victim;
CREATE OR REPLACE VIEW author_books WITH (security_invoker = false) AS SELECT l.author_id, r.* FROM author_book l JOIN book r ON r.id = l.book_id WHERE r.title NOT LIKE 'secret%';
GRANT SELECT ON author_books TO m2m_friend;
INSERT INTO author_book VALUES (1, 3);
RESET ROLE;
SELECT is(answer('m2m_friend', 'SELECT count(*) FROM v.author_books'), '1', 'a filtered link view shows what it lets through');
SELECT run('m2m_victim', sql) FROM unnest(ARRAY['ALTER TABLE book ADD price int', 'ALTER TABLE author_book ADD note text', 'ALTER TABLE book RENAME price TO cost', 'ALTER TABLE book DROP COLUMN cost', 'ALTER TABLE author_book DROP note', 'ALTER TABLE book ALTER id TYPE bigint']) sql \g /dev/null
SELECT is(answer('m2m_friend', 'SELECT count(*) FROM v.author_books WHERE title LIKE ''secret%'''), '0', 'and no more after whatever DDL');
SELECT run(role, 'SELECT m2m_repair()') FROM unnest('{m2m_victim,postgres}'::text[]) role \g /dev/null
SELECT matches(answer('m2m_friend', 'SELECT count(*) FROM v.author_books WHERE title LIKE ''secret%'''), '^(0|42501)$', 'or repair, which makes it read with its reader''s rights');
SET ROLE m2m_victim;
DROP VIEW author_books;
CREATE VIEW author_books WITH (security_invoker = false) AS SELECT l.author_id, r.id, r.title FROM author_book l JOIN ONLY book r ON r.id = l.book_id;
CREATE TRIGGER m2m_link_view INSTEAD OF INSERT OR UPDATE OR DELETE ON author_books FOR EACH ROW EXECUTE FUNCTION m2m_link_view_write('near=left', 'left=author', 'right=book', 'origin=created');
CREATE TABLE hidden (CHECK (true)) INHERITS (book);
INSERT INTO hidden (id, title) VALUES (1, 'hidden');
GRANT SELECT ON author_books TO m2m_friend;
RESET ROLE;
SELECT run('m2m_victim', sql) FROM unnest(ARRAY['ALTER TABLE book ADD price int', 'ALTER TABLE book DROP COLUMN price', 'ALTER TABLE book ALTER title TYPE varchar']) sql \g /dev/null
SELECT is(answer('m2m_friend', 'SELECT count(*) FROM v.author_books WHERE title = ''hidden'''), '0', 'ONLY stays ONLY');
SET ROLE m2m_victim;
DROP TABLE hidden;
DROP VIEW author_books;
SELECT m2m_adopt('author_book') \g /dev/null
RESET ROLE;

-- What the owner of half a relationship can do to the rest: what plain SQL lets him
CREATE TABLE theirs (id int PRIMARY KEY);
ALTER TABLE theirs OWNER TO m2m_mallory;
GRANT ALL ON SCHEMA v TO m2m_mallory;
GRANT REFERENCES ON theirs TO m2m_victim;
SET ROLE m2m_victim;
SELECT m2m_create('author', 'theirs', 'pairs') \g /dev/null
RESET ROLE;
REVOKE ALL ON SCHEMA v FROM m2m_mallory;
GRANT USAGE ON SCHEMA v TO m2m_mallory;
SELECT is(run('m2m_mallory', 'ALTER TABLE theirs ADD x int; ALTER TABLE theirs RENAME x TO y; ALTER TABLE theirs ALTER y TYPE text; ALTER TABLE theirs DROP y; ALTER TABLE theirs RENAME id TO key'), '00000', 'mallory changes an endpoint of the victim''s relationship');
SELECT is((SELECT string_agg(DISTINCT relowner::regrole::text, ', ') FROM pg_class WHERE relname IN ('pairs', 'author_theirs', 'their_authors')), 'm2m_victim', 'all of which is the victim''s still');
SELECT is_empty('SELECT * FROM m2m_check()', 'and whole');
SELECT is(run('m2m_mallory', 'DROP TABLE theirs'), '2BP01', 'without CASCADE the endpoint stays');
-- a superuser's event trigger, which sees that, runs as him only with a search_path of nobody's
SET ROLE m2m_mallory;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN PERFORM evil.trap(); RETURN $1; END$$;
RESET ROLE;
CREATE FUNCTION audit() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN PERFORM lower(tg_tag); END$$;
CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE FUNCTION audit();
SELECT is(run('m2m_mallory', 'DROP TABLE v.theirs CASCADE', 'evil, pg_catalog'), '00000', 'with CASCADE it goes');
SELECT is(caught(), 0::bigint, 'and no event trigger ran mallory''s code as somebody else');
DROP EVENT TRIGGER audit;
DROP FUNCTION audit();
DROP FUNCTION evil.lower(text);
SELECT is((SELECT relowner::regrole::text FROM pg_class WHERE oid = to_regclass('v.pairs')), 'm2m_victim', 'but not the victim''s association');

-- DROP OWNED, DROP SCHEMA: what was to go does not come back
CREATE ROLE m2m_boss SUPERUSER;
ALTER VIEW author_books OWNER TO m2m_boss;
SELECT is(run('postgres', 'DROP OWNED BY m2m_boss'), '00000', 'DROP OWNED BY the owner of a view on another''s association');
SELECT is(to_regclass('v.author_books'), NULL, 'drops the view');
SELECT is(run('postgres', 'DROP ROLE m2m_boss'), '00000', 'and the role can go');
SELECT run('postgres', 'DROP OWNED BY m2m_boss CASCADE; DROP ROLE m2m_boss') \g /dev/null
SELECT run('m2m_victim', 'SELECT m2m_repair()') \g /dev/null
SELECT is(run('postgres', 'CREATE SCHEMA w; ALTER VIEW author_books SET SCHEMA w; DROP SCHEMA w CASCADE'), '00000', 'DROP SCHEMA with a link view in it');
SELECT is((SELECT count(*) FROM pg_class WHERE relname = 'author_books'), 0::bigint, 'drops it');
SELECT run('m2m_victim', 'SELECT m2m_repair()') \g /dev/null
SELECT is_empty('SELECT * FROM m2m_check()', 'm2m_repair makes it again');

-- Our event trigger functions on other events, which only a superuser can do
SELECT is(run('m2m_mallory', 'CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION m2m_ddl_command_start()'), '42501', 'only a superuser makes event triggers');
CREATE EVENT TRIGGER e1 ON sql_drop EXECUTE FUNCTION m2m_ddl_command_start();
CREATE EVENT TRIGGER e2 ON table_rewrite EXECUTE FUNCTION m2m_ddl_command_start();
CREATE EVENT TRIGGER e3 ON sql_drop EXECUTE FUNCTION m2m_ddl_command_end();
CREATE EVENT TRIGGER e4 ON ddl_command_end EXECUTE FUNCTION m2m_ddl_command_start();
CREATE EVENT TRIGGER e5 ON ddl_command_start EXECUTE FUNCTION m2m_ddl_command_start();
CREATE EVENT TRIGGER e6 ON ddl_command_start EXECUTE FUNCTION m2m_ddl_command_end();
CREATE EVENT TRIGGER e7 ON ddl_command_start EXECUTE FUNCTION m2m_ddl_table_created();
CREATE EVENT TRIGGER e8 ON ddl_command_end EXECUTE FUNCTION m2m_ddl_table_created();
CREATE EVENT TRIGGER e9 ON sql_drop EXECUTE FUNCTION m2m_ddl_table_created();
SELECT is(run('m2m_victim', sql), '00000', 'with ours on every event: ' || sql) FROM unnest(ARRAY['CREATE TEMP TABLE t (a int) ON COMMIT DROP', 'CREATE TEMP TABLE u AS SELECT 1 AS a', 'CREATE MATERIALIZED VIEW m AS SELECT 1 AS a', 'DROP MATERIALIZED VIEW m', 'DROP TABLE u']) sql;
SELECT is(run('m2m_victim', sql), '00000', 'with ours on every event: ' || sql) FROM unnest(ARRAY['ALTER TABLE book ADD price int', 'ALTER TABLE book ALTER price TYPE text', 'ALTER TABLE book DROP price', 'ALTER TABLE book RENAME title TO t', 'ALTER TABLE book RENAME t TO title', 'ALTER TABLE book ALTER id TYPE int']) sql;
SELECT is_empty('SELECT * FROM m2m_check() WHERE severity <> ''info''', 'all is well');
DROP EVENT TRIGGER e1;
DROP EVENT TRIGGER e2;
DROP EVENT TRIGGER e3;
DROP EVENT TRIGGER e4;
DROP EVENT TRIGGER e5;
DROP EVENT TRIGGER e6;
DROP EVENT TRIGGER e7;
DROP EVENT TRIGGER e8;
DROP EVENT TRIGGER e9;

SELECT * FROM finish();
SET client_min_messages = error;
DROP OWNED BY m2m_mallory, m2m_victim, m2m_friend CASCADE;
DROP ROLE m2m_mallory, m2m_victim, m2m_friend;
