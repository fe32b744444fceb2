--
-- Everything once, with names that have to be quoted: in identifiers, in
-- literals, in identifiers inside literals
--
\set SHOW_CONTEXT never
\getenv abs_srcdir PG_ABS_SRCDIR
\set ECHO none
\i :abs_srcdir/test/oracle.sql
\set ECHO all
\set VERBOSITY terse
\pset format unaligned

CREATE ROLE "regress_m2m ""o'wner\";
CREATE ROLE "regress_m2m_%I $1";
CREATE SCHEMA "s."".\'$1" AUTHORIZATION "regress_m2m ""o'wner\";
CREATE SCHEMA "$$; DROP TABLE x; --" AUTHORIZATION "regress_m2m ""o'wner\";
GRANT USAGE ON SCHEMA "s."".\'$1", "$$; DROP TABLE x; --" TO PUBLIC;
SET search_path = "s."".\'$1", oracle, public;
SET ROLE "regress_m2m ""o'wner\";
CREATE DOMAIN "do\main ""'" AS text CHECK (value <> '');
CREATE TYPE "ty'pe """ AS ENUM ('a''b', 'c"d', 'e\f', '{g,h}');
CREATE COLLATION "col\late "" '" FROM "C";
CREATE TABLE "Au\th'or" ("I'D "" \" "do\main ""'" COLLATE "col\late "" '" PRIMARY KEY, "n.a.m.e" text, "%s $1" int DEFAULT 1);
CREATE TABLE "b""ook.table" ("select" "ty'pe """, "Ünï ©" int, title text, PRIMARY KEY ("select", "Ünï ©"));
INSERT INTO "Au\th'or" VALUES ('O''Neil "x" \', 'one'), ('{a,b}', 'two'), ('(1,2)', 'three'), (' ', 'blank');
INSERT INTO "b""ook.table" VALUES ('a''b', 1, 'A'), ('c"d', 2, 'B'), ('e\f', 3, 'C'), ('{g,h}', 4, 'D');

--
-- Made with default names
--
SELECT m2m_create('"Au\th''or"', '"b""ook.table"');
SELECT relname, relkind FROM pg_class WHERE relnamespace = '"s."".\''$1"'::regnamespace AND relkind IN ('r', 'v') ORDER BY relname COLLATE "C";
SELECT m2m_link('"Au\th''or"', 'O''Neil "x" \', '"b""ook.table"', ROW('a''b'::"ty'pe """, 1));
SELECT m2m_link('"Au\th''or"', '{a,b}', '"b""ook.table"', ARRAY[ROW('c"d'::"ty'pe """, 2), ROW('e\f'::"ty'pe """, 3), ROW('{g,h}'::"ty'pe """, 4)]);
SELECT * FROM wrong();
SELECT m2m_drop('"Au\th''or_b""ook.table"');
SELECT * FROM objects('"s."".\''$1"');

--
-- Made with names of one's own
--
SELECT m2m_create('"Au\th''or"', '"b""ook.table"', name => 'as "so\''c $1', left_role => 'le''ft "role\', right_role => '%I =right',
                  left_columns => ARRAY['l."1'], right_columns => ARRAY['r ''1', '$2'], left_view => 'vi"ew ''1\', right_view => 'v;2',
                  schema => '"$$; DROP TABLE x; --"');
SELECT * FROM objects('"$$; DROP TABLE x; --"');
SELECT association, left_table, left_role, left_key, left_columns, left_view, left_function FROM m2m_relationships();
SELECT right_table, right_role, right_key, right_columns, right_view, right_function FROM m2m_relationships();
SELECT obj_description(left_view, 'pg_class') FROM m2m_relationships();
SET search_path = "$$; DROP TABLE x; --", "s."".\'$1", oracle, public;

--
-- All calls
--
SELECT m2m_link('"Au\th''or"', 'O''Neil "x" \', '"b""ook.table"', ROW('a''b'::"ty'pe """, 1), via => 'as "so\''c $1');
SELECT m2m_link('"b""ook.table"', '("c""d",2)', '"Au\th''or"', ARRAY['{a,b}', '(1,2)', ' '], via => '"$$; DROP TABLE x; --"."as ""so\''c $1"');
SELECT m2m_link('"Au\th''or"', '{a,b}', '"b""ook.table"', '{"(e\\\\f,3)","(\"{g,h}\",4)"}');
SELECT "l.""1", "select", "Ünï ©" FROM "vi""ew '1\" ORDER BY 1, 2;
SELECT * FROM m2m_set('"Au\th''or"', '{a,b}', '"b""ook.table"', ARRAY[ROW('a''b'::"ty'pe """, 1), ROW('e\f'::"ty'pe """, 3)], role => 'le''ft "role\');
SELECT * FROM m2m_set('"b""ook.table"', ROW('c"d'::"ty'pe """, 2), '"Au\th''or"', ARRAY['O''Neil "x" \', ' '], role => '%I =right');
SELECT m2m_toggle('"Au\th''or"', ' ', '"b""ook.table"', ROW('e\f'::"ty'pe """, 3)), m2m_linked('"Au\th''or"', ' ', '"b""ook.table"', '(e\\f,3)'),
       m2m_count('"Au\th''or"', ' ', '"b""ook.table"'), m2m_unlink('"Au\th''or"', 'none', '"b""ook.table"', '(e\\f,3)');
SELECT m2m_clear('"b""ook.table"', '(e\\f,3)', '"Au\th''or"');
SELECT m2m_link('"Au\th''or"', 'no''one "\', '"b""ook.table"', '(e\\f,3)');
SELECT m2m_link('"Au\th''or"', ' ', '"b""ook.table"', '(e\\f,3)', role => 'no "role''\');
SELECT m2m_link('"Au\th''or"', ' ', '"b""ook.table"', '(e\\f,3)', via => 'no "rel''\');
SELECT * FROM wrong();

-- Link views and functions
INSERT INTO "vi""ew '1\" ("l.""1", "select", "Ünï ©", title) VALUES (' ', 'e\f', 33, 'it''s "new\"') RETURNING *;
UPDATE "vi""ew '1\" SET title = title || '''' WHERE "Ünï ©" = 33 RETURNING title;
UPDATE "v;2" SET "n.a.m.e" = '"' , "%s $1" = 7 WHERE "r '1" = 'e\f' AND "$2" = 33 RETURNING *;
UPDATE "vi""ew '1\" SET "l.""1" = '(1,2)' WHERE "Ünï ©" = 33 RETURNING *;
DELETE FROM "v;2" WHERE "$2" = 33 RETURNING *;
SELECT a."n.a.m.e", b.title FROM "Au\th'or" a, "vi""ew '1\"(a) b ORDER BY 1, 2;
SELECT b.title, a."n.a.m.e" FROM "b""ook.table" b, "v;2"(b) a ORDER BY 1, 2;

--
-- DDL, with everything a user may have added
--
GRANT SELECT ON "vi""ew '1\" TO "regress_m2m_%I $1" WITH GRANT OPTION;
GRANT UPDATE ("l.""1", title) ON "vi""ew '1\" TO "regress_m2m_%I $1";
COMMENT ON VIEW "vi""ew '1\" IS 'it''s \ "view" $$';
COMMENT ON COLUMN "vi""ew '1\"."l.""1" IS 'it''s \ "column" $$';
ALTER VIEW "vi""ew '1\" ALTER COLUMN title SET DEFAULT 'it''s \ "default" $$';
CREATE FUNCTION "tri""g'ger\"() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER "tr'ig ""\" AFTER UPDATE ON "vi""ew '1\" FOR EACH STATEMENT EXECUTE FUNCTION "tri""g'ger\"('it''s \ "argument" $$', '');
COMMENT ON TRIGGER "tr'ig ""\" ON "vi""ew '1\" IS 'it''s \ "trigger" $$';
CREATE RULE "ru'le ""\" AS ON DELETE TO "v;2" DO ALSO NOTIFY "no'ti""fy\", 'it''s \ "payload"';
COMMENT ON RULE "ru'le ""\" ON "v;2" IS 'it''s \ "rule" $$';
COMMENT ON FUNCTION "vi""ew '1\"("Au\th'or") IS 'it''s $$ \ "function" $function$';
ALTER FUNCTION "vi""ew '1\"("Au\th'or") SET search_path = "s."".\'$1", "a,b";
RESET ROLE;
SELECT * FROM wrong();
CALL remember();
SET ROLE "regress_m2m ""o'wner\";
ALTER TABLE "b""ook.table" ADD COLUMN "ne""w '1" text COLLATE "col\late "" '" DEFAULT 'it''s';
ALTER TABLE "as ""so\'c $1" ADD COLUMN "pro.p""erty" "ty'pe """ DEFAULT 'e\f', ADD COLUMN "$$" "do\main ""'"[];
ALTER TABLE "b""ook.table" ALTER COLUMN title TYPE "do\main ""'" USING title || '''';
ALTER TABLE "b""ook.table" RENAME "select" TO "from ""'";
ALTER TABLE "Au\th'or" RENAME "I'D "" \" TO "\""'";
ALTER TABLE "as ""so\'c $1" RENAME "l.""1" TO "Ünï ©";
ALTER TABLE "Au\th'or" DROP COLUMN "%s $1";
ALTER TABLE "Au\th'or" RENAME TO "x'; DROP TABLE ""y";
ALTER TABLE "as ""so\'c $1" RENAME TO "$1";
RESET ROLE;
ALTER SCHEMA "s."".\'$1" RENAME TO "%s ""' \";
SET search_path = "$$; DROP TABLE x; --", "%s ""' \", oracle, public;
-- (a link key keeps its name; the other column of that name gets its role as prefix)
SELECT * FROM wrong();
SELECT left_key, left_columns, right_key, properties FROM m2m_relationships();
SELECT object, fact, after FROM changes() WHERE after IS NOT NULL AND object NOT LIKE '%.%.%' ORDER BY 1, 2;
SET ROLE "regress_m2m ""o'wner\";
SELECT m2m_link('"x''; DROP TABLE ""y"', '(1,2)', '"b""ook.table"', '(e\\f,3)', properties => '{"pro.p\"erty": "{g,h}", "$$": ["a", "it''s"]}');
SELECT m2m_link('"x''; DROP TABLE ""y"', '(1,2)', '"b""ook.table"', '(e\\f,3)', properties => '{"no.p\"erty\\''": 1}');
SELECT "pro.p""erty", "$$" FROM "$1" WHERE "$2" = 3;
SELECT * FROM wrong();
-- a key column of another type, there and back
ALTER TABLE "x'; DROP TABLE ""y" ALTER "\""'" TYPE varchar(40) COLLATE "C";
SELECT severity, finding, remedy FROM m2m_check();
SELECT finding FROM m2m_repair('"$1"');
SELECT * FROM wrong();

--
-- Check and repair, as in check_repair
--
BEGIN;
ALTER TABLE "$1" DROP CONSTRAINT "as ""so\'c $1_pkey";
ALTER TABLE "$1" DROP CONSTRAINT "as ""so\'c $1_r '1_$2_fkey";
DROP INDEX "as ""so\'c $1_r '1_$2_l.""1_idx";
SELECT remedy || ' NOT VALID' AS add_key FROM m2m_check() WHERE finding LIKE 'the foreign key%' \gset
INSERT INTO "$1" SELECT * FROM "$1";
INSERT INTO "$1" VALUES ('(1,2)', 'a''b', 77);
:add_key;
DROP VIEW "v;2";
DROP FUNCTION "vi""ew '1\"("x'; DROP TABLE ""y");
ALTER VIEW "vi""ew '1\" RESET (security_invoker);
ALTER TRIGGER m2m_link_view ON "vi""ew '1\" NO DEPENDS ON EXTENSION m2m;
SELECT severity, finding FROM m2m_check();
SELECT severity, finding FROM m2m_repair();
SELECT severity, finding FROM m2m_check();
ROLLBACK;
BEGIN;
DROP INDEX "as ""so\'c $1_r '1_$2_l.""1_idx";
DROP FUNCTION "vi""ew '1\"("x'; DROP TABLE ""y");
ALTER VIEW "vi""ew '1\" RESET (security_invoker);
ALTER TRIGGER m2m_link_view ON "vi""ew '1\" NO DEPENDS ON EXTENSION m2m;
SELECT severity, finding FROM m2m_check();
SELECT remedy FROM m2m_check() WHERE remedy IS NOT NULL \gexec
SELECT * FROM wrong();
ROLLBACK;

-- Owner, adopt, drop
SELECT m2m_drop('"$1"', keep_links => true);
SELECT m2m_adopt('"$1"', left_role => 'a "\''', right_role => '$1');
SELECT left_view, right_view FROM m2m_relationships();
SELECT * FROM wrong();
RESET ROLE;
ALTER TABLE "$1" OWNER TO "regress_m2m_%I $1";
SELECT DISTINCT value FROM oracle.facts() WHERE fact = 'owner';
ALTER TABLE "$1" OWNER TO "regress_m2m ""o'wner\";
SET ROLE "regress_m2m ""o'wner\";
SELECT m2m_drop('"$1"');
SELECT * FROM objects('"$$; DROP TABLE x; --"');

--
-- Names of 63 bytes, in characters of several bytes
--
CREATE TABLE "überüberüberüberüberüberüberüber12345678901234567890123" ("schlüsselschlüsselschlüsselschlüsselschlüsselschlüssel123" int PRIMARY KEY);
CREATE TABLE "元元元元元元元元元元元元元元元元元元元元元" ("元" int PRIMARY KEY);
INSERT INTO "überüberüberüberüberüberüberüber12345678901234567890123" VALUES (1);
INSERT INTO "元元元元元元元元元元元元元元元元元元元元元" VALUES (2);
SELECT m2m_link('"überüberüberüberüberüberüberüber12345678901234567890123"', 1, '"元元元元元元元元元元元元元元元元元元元元元"', 2);
SELECT * FROM wrong();
ALTER TABLE "überüberüberüberüberüberüberüber12345678901234567890123" ADD COLUMN "schlüsselschlüsselschlüsselschlüsselschlüsselschlüssel1ß" int;
ALTER TABLE "元元元元元元元元元元元元元元元元元元元元元" ADD COLUMN "二" int;
ALTER TABLE "元元元元元元元元元元元元元元元元元元元元元" RENAME "元" TO "元元元元元元元元元元元元元元元元元元元元元";
ALTER TABLE "元元元元元元元元元元元元元元元元元元元元元" ALTER "二" TYPE text;
ALTER TABLE "元元元元元元元元元元元元元元元元元元元元元" DROP COLUMN "二";
SELECT * FROM wrong();

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA "$$; DROP TABLE x; --", "%s ""' \", oracle CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
DROP ROLE "regress_m2m ""o'wner\", "regress_m2m_%I $1";
