--
-- Rules against what others may do to them: names of any characters, keys,
-- types and roles that change before the transaction ends, properties that come
-- and go or that settings write otherwise, a role that may put triggers on the
-- association
--
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA rule_hostile;
SET search_path = rule_hostile, public;

-- names
CREATE TABLE "%s a%n" (id int PRIMARY KEY);
CREATE TABLE "b "" ON %s FROM" (id int PRIMARY KEY);
SELECT m2m_create('"%s a%n"', '"b "" ON %s FROM"', name => '%d "%s', left_role => '%s', right_role => '%n''');
INSERT INTO "%s a%n" SELECT generate_series(1, 5);
INSERT INTO "b "" ON %s FROM" SELECT generate_series(1, 5);
SELECT m2m_counter('"%d ""%s"', '%s', counter => '100%s "of" %n'), m2m_counter('"%d ""%s"', '%n'''), m2m_history('"%d ""%s"'),
	m2m_limit('"%d ""%s"', '%s', min => 0, max => 3), m2m_limit('"%d ""%s"', '%n''', max => 2), m2m_notify('"%d ""%s"', '%s''"');
SELECT m2m_link('"%s a%n"', 1, '"b "" ON %s FROM"', ARRAY[1, 2]);
SELECT m2m_link('"%s a%n"', 1, '"b "" ON %s FROM"', ARRAY[3, 4]);
SELECT * FROM "%s a%n" WHERE id = 1;
SELECT rule, definition, whole FROM m2m_rules('"%d ""%s"');
SELECT m2m_limit('"%d ""%s"', '%s', min => 1);
DELETE FROM "%s a%n" WHERE id > 1;
SELECT m2m_limit('"%d ""%s"', '%s', min => 1);
SELECT m2m_unlink('"%s a%n"', 1, '"b "" ON %s FROM"', ARRAY[1, 2]);
SELECT * FROM m2m_check('"%d ""%s"');
SELECT m2m_drop('"%d ""%s"');

-- at least one link: keys, types, roles that change meanwhile
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 9);
INSERT INTO book SELECT generate_series(1, 9);
SELECT m2m_create('author', 'book');
SELECT m2m_link('author', array_agg(i), 'book', array_agg(i)) FROM generate_series(1, 9) i;
SELECT m2m_limit('author_book', 'author', min => 1);
BEGIN;
DELETE FROM author_book WHERE author_id = 3;
UPDATE author SET id = 30 WHERE id = 3;
COMMIT;
BEGIN;
DELETE FROM author_book WHERE author_id = 3;
UPDATE author SET id = 30 WHERE id = 3;
INSERT INTO author_book VALUES (30, 3);
COMMIT;
UPDATE author SET id = id, name = 'same';
INSERT INTO author VALUES (30, 'upsert') ON CONFLICT (id) DO UPDATE SET id = 31;
BEGIN;
DELETE FROM author_book WHERE author_id = 4;
SELECT m2m_rename('author_book', left_role => 'writer');
COMMIT;
BEGIN;
SELECT m2m_rename('author_book', left_role => 'writer');
DELETE FROM author_book WHERE author_id = 4;
COMMIT;
BEGIN;
DELETE FROM author_book WHERE author_id = 4;
ALTER TABLE author ALTER id TYPE numeric;
ALTER TABLE author_book ALTER author_id TYPE numeric;
COMMIT;
BEGIN;
DELETE FROM author_book WHERE author_id = 4;
ALTER TABLE author ALTER id TYPE numeric;
ALTER TABLE author_book ALTER author_id TYPE numeric;
INSERT INTO author_book VALUES (4, 4);
DELETE FROM author_book WHERE author_id = 5;
INSERT INTO author_book VALUES (5, 4);
INSERT INTO author VALUES (40);
INSERT INTO author_book VALUES (40, 4);
COMMIT;
BEGIN;
INSERT INTO author VALUES (41);
SAVEPOINT s;
INSERT INTO author_book VALUES (41, 1);
ROLLBACK TO s;
COMMIT;
SELECT * FROM m2m_check('author_book');
SELECT author_id, book_id FROM author_book ORDER BY 1, 2;

-- properties: each pair may have several links
CREATE TABLE loan (author_id numeric NOT NULL REFERENCES author, book_id int NOT NULL REFERENCES book,
	since timestamptz, f float8, i interval, b bytea, id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
SELECT m2m_adopt('loan', left_view => 'loans_l', right_view => 'loans_r');
SELECT m2m_history('loan');
INSERT INTO loan VALUES (1, 1, '2026-01-01 12:00+00', 1.0/3, '-1 day 2 hours', '\x00ff'), (1, 1, '2026-01-02 12:00+00', 2.0/3, '1 mon', '\x01'),
	(1, 1, '2026-01-03 12:00+00', 1e-3, '1 s', '');
SET TimeZone = 'Asia/Kolkata';
SET extra_float_digits = -10;
SET IntervalStyle = 'sql_standard';
SET bytea_output = 'escape';
SELECT properties FROM loan_history ORDER BY history_id;
DELETE FROM loan WHERE id = 2;
INSERT INTO loan VALUES (1, 1, '2026-01-04 12:00+00', 1.0/3, '-1 day 2 hours', '\x00ff');
SHOW TimeZone;
RESET TimeZone; RESET extra_float_digits; RESET IntervalStyle; RESET bytea_output;
SELECT properties, to_xid IS NULL AS open FROM loan_history ORDER BY history_id;
DELETE FROM loan WHERE id = 4;
-- columns come and go
ALTER TABLE loan ADD COLUMN note text, DROP COLUMN f;
DELETE FROM loan WHERE id = 3;
ALTER TABLE loan ALTER COLUMN note TYPE varchar(9), ALTER COLUMN id TYPE bigint, ADD COLUMN n int DEFAULT 5;
INSERT INTO loan (author_id, book_id, note) VALUES (1, 1, 'new');
DELETE FROM loan WHERE id = 1;
SELECT properties->>'id' AS id, to_xid IS NULL AS open FROM loan_history ORDER BY history_id;
UPDATE loan SET n = 6, note = 'newer';
ALTER TABLE loan RENAME COLUMN note TO remark;
DELETE FROM loan;
SELECT properties->>'id' AS id, to_xid IS NULL AS open FROM loan_history ORDER BY history_id;
SELECT severity, finding FROM m2m_check('loan') WHERE severity = 'error';

-- who may put triggers on the association names a table of its owner's
CREATE ROLE m2m_hostile;
GRANT USAGE ON SCHEMA rule_hostile TO m2m_hostile;
GRANT TRIGGER ON author_book TO m2m_hostile;
CREATE TABLE precious (author_id int, book_id int);
INSERT INTO precious VALUES (1, 1);
SET ROLE m2m_hostile;
CREATE TRIGGER x AFTER INSERT ON author_book REFERENCING NEW TABLE AS linked FOR EACH STATEMENT
	WHEN ('precious'::regclass IS NOT NULL) EXECUTE FUNCTION m2m_history_links('since=2020-01-01 00:00:00+00');
CREATE TRIGGER y AFTER INSERT ON author_book REFERENCING NEW TABLE AS linked FOR EACH STATEMENT
	WHEN ('precious'::regclass IS NOT NULL) EXECUTE FUNCTION m2m_counter_links('role=book', 'counter=slots');
RESET ROLE;
SELECT rule, tables, whole FROM m2m_rules('author_book');
INSERT INTO author_book VALUES (1, 2);
SELECT m2m_drop_rule('author_book', 'm2m_history'), m2m_drop_rule('author_book', 'm2m_counter_book');
SELECT * FROM precious;
SET ROLE m2m_hostile;
CREATE TRIGGER x AFTER INSERT ON author_book REFERENCING NEW TABLE AS linked FOR EACH STATEMENT
	WHEN ('precious'::regclass IS NOT NULL) EXECUTE FUNCTION m2m_history_links('since=2020-01-01 00:00:00+00');
RESET ROLE;
SELECT m2m_history('author_book');
SELECT tables, whole FROM m2m_rules('author_book') WHERE rule = 'm2m_history';
SELECT * FROM precious;
SELECT count(*) FROM author_book_history;
SET ROLE m2m_hostile;
CREATE TRIGGER y AFTER INSERT ON author_book REFERENCING NEW TABLE AS linked FOR EACH STATEMENT
	WHEN ('precious'::regclass IS NOT NULL) EXECUTE FUNCTION m2m_counter_links('role=book', 'counter=slots');
RESET ROLE;
SELECT m2m_drop('author_book');
SELECT * FROM precious;

-- who may put triggers on a table has no other right on its rows
CREATE ROLE m2m_hostile2;
GRANT USAGE, CREATE ON SCHEMA rule_hostile TO m2m_hostile, m2m_hostile2;
SET ROLE m2m_hostile2;
CREATE TABLE others (id int PRIMARY KEY, n bigint NOT NULL DEFAULT 7);
INSERT INTO others SELECT generate_series(1, 4);
GRANT SELECT, REFERENCES, TRIGGER ON others TO m2m_hostile;
SET ROLE m2m_hostile;
CREATE TABLE mine (id int PRIMARY KEY);
INSERT INTO mine VALUES (1), (2);
SELECT m2m_create('others', 'mine');
CREATE CONSTRAINT TRIGGER x AFTER INSERT OR UPDATE OF n ON others FROM others_mine NOT DEFERRABLE
	FOR EACH ROW EXECUTE FUNCTION m2m_counter_links('role=other', 'counter=column');
CREATE TRIGGER xi AFTER INSERT ON others_mine REFERENCING NEW TABLE AS linked FOR EACH STATEMENT
	EXECUTE FUNCTION m2m_counter_links('role=other', 'counter=column');
CREATE TRIGGER xd AFTER DELETE ON others_mine REFERENCING OLD TABLE AS unlinked FOR EACH STATEMENT
	EXECUTE FUNCTION m2m_counter_links('role=other', 'counter=column');
CREATE TRIGGER xu AFTER UPDATE ON others_mine REFERENCING OLD TABLE AS unlinked NEW TABLE AS linked FOR EACH STATEMENT
	EXECUTE FUNCTION m2m_counter_links('role=other', 'counter=column');
CREATE TRIGGER xt AFTER TRUNCATE ON others_mine FOR EACH STATEMENT EXECUTE FUNCTION m2m_counter_links('role=other', 'counter=column');
CREATE CONSTRAINT TRIGGER y AFTER INSERT OR UPDATE ON others FROM others_mine NOT DEFERRABLE
	FOR EACH ROW EXECUTE FUNCTION m2m_orphan_links('role=other', 'action=delete');
CREATE TRIGGER yd AFTER DELETE ON others_mine REFERENCING OLD TABLE AS unlinked FOR EACH STATEMENT
	EXECUTE FUNCTION m2m_orphan_links('role=other', 'action=delete');
CREATE TRIGGER yu AFTER UPDATE ON others_mine REFERENCING OLD TABLE AS unlinked NEW TABLE AS linked FOR EACH STATEMENT
	EXECUTE FUNCTION m2m_orphan_links('role=other', 'action=delete');
CREATE TRIGGER yt BEFORE TRUNCATE ON others_mine FOR EACH STATEMENT EXECUTE FUNCTION m2m_orphan_links('role=other', 'action=delete');
ALTER TRIGGER y ON others DEPENDS ON EXTENSION m2m;
SELECT rule, whole FROM m2m_rules('others_mine');
INSERT INTO others_mine VALUES (1, 1), (2, 1);
SELECT m2m_link('others', 3, 'mine', ARRAY[1, 2], via => 'others_mine');
DELETE FROM others_mine WHERE other_id = 1;
SELECT m2m_unlink('others', 3, 'mine', ARRAY[1, 2], via => 'others_mine');
TRUNCATE others_mine;
SELECT * FROM others ORDER BY id;
-- nor does he have it once somebody else has renamed the role
RESET ROLE;
SELECT m2m_rename('others_mine', left_role => 'theirs');
SELECT rule, whole FROM m2m_rules('others_mine');
INSERT INTO others_mine VALUES (1, 1);
DELETE FROM others_mine;
SELECT * FROM others ORDER BY id;
-- the owner can give it; once more restored, it is whole
SET ROLE m2m_hostile2;
ALTER TRIGGER x ON others DEPENDS ON EXTENSION m2m;
ALTER TRIGGER y ON others DEPENDS ON EXTENSION m2m;
SET ROLE m2m_hostile;
INSERT INTO others_mine VALUES (1, 1), (1, 2), (2, 1);
DELETE FROM others_mine WHERE other_id = 2;
SELECT * FROM others ORDER BY id;
SELECT rule, whole FROM m2m_rules('others_mine');
-- and take it back, also from a session that has written by it
SET ROLE m2m_hostile2;
ALTER TRIGGER x ON others NO DEPENDS ON EXTENSION m2m;
SET ROLE m2m_hostile;
DELETE FROM others_mine WHERE mine_id = 2;
SELECT * FROM others ORDER BY id;
SELECT rule, whole FROM m2m_rules('others_mine');
SET ROLE m2m_hostile2;
ALTER TRIGGER x ON others DEPENDS ON EXTENSION m2m;
RESET ROLE;
-- a side table, too
ALTER TABLE others_mine OWNER TO m2m_hostile2;
CREATE TABLE slots (other_id int, m2m_slot bigint, n bigint, PRIMARY KEY (other_id, m2m_slot));
INSERT INTO slots VALUES (1, 1, 100);
ALTER TABLE slots OWNER TO m2m_hostile2;
GRANT TRIGGER ON others_mine, slots TO m2m_hostile;
SET ROLE m2m_hostile;
CREATE CONSTRAINT TRIGGER z AFTER UPDATE OF other_id ON slots FROM others_mine NOT DEFERRABLE
	FOR EACH ROW EXECUTE FUNCTION m2m_counter_links('role=mine', 'counter=slots');
CREATE TRIGGER zt AFTER TRUNCATE ON others_mine FOR EACH STATEMENT WHEN ('slots'::regclass IS NOT NULL)
	EXECUTE FUNCTION m2m_counter_links('role=mine', 'counter=slots');
RESET ROLE;
TRUNCATE others_mine;
SELECT * FROM slots;

SET client_min_messages = error;
DROP SCHEMA rule_hostile CASCADE;
DROP ROLE m2m_hostile, m2m_hostile2;
