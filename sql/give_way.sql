-- Link views that nobody asked for, and their functions, stand in no command's
-- way: by what else may take a name, and by what a call may mean.
CREATE SCHEMA way;
SET search_path = way, public;
SET m2m.auto_adopt = on;
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE groups (id int PRIMARY KEY);
CREATE TABLE keys (x int, y int, CONSTRAINT a_key UNIQUE (x), CONSTRAINT a_check CHECK (x > 0));
CREATE VIEW names AS
	SELECT left_view, right_view FROM m2m_relationships() WHERE association = to_regclass('membership');
CREATE PROCEDURE anew() LANGUAGE plpgsql AS $$ BEGIN
	DROP TABLE IF EXISTS membership;
	CREATE TABLE membership (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
END $$;
CALL anew();
TABLE names;

-- a call of another function stays one: f('5') is ambiguous where f(users) and f(int) are
CREATE FUNCTION user_groups(int, text DEFAULT '') RETURNS int LANGUAGE sql AS 'SELECT $1';
SELECT user_groups('5');
-- an application's function that was there first
CALL anew();
TABLE names;
SELECT user_groups('5');
DROP FUNCTION user_groups(int, text);
CALL anew();
CREATE OR REPLACE FUNCTION user_groups(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
SELECT user_groups('5');
DROP FUNCTION user_groups(int);
CALL anew();
CREATE FUNCTION user_groups(VARIADIC int[]) RETURNS int LANGUAGE sql AS 'SELECT $1[1]';
SELECT user_groups('5');
DROP FUNCTION user_groups(int[]);
CALL anew();
CREATE AGGREGATE user_groups(int) (SFUNC = int4pl, STYPE = int);
SELECT user_groups('5');
DROP AGGREGATE user_groups(int);
CALL anew();
CREATE PROCEDURE user_groups(int) LANGUAGE sql AS 'SELECT 1';
CALL user_groups('5');
DROP PROCEDURE user_groups(int);
CALL anew();
CREATE FUNCTION other(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
ALTER FUNCTION other(int) RENAME TO user_groups;
SELECT user_groups('5');
DROP FUNCTION user_groups(int);
CALL anew();
CREATE SCHEMA aside;
CREATE FUNCTION aside.user_groups(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
ALTER FUNCTION aside.user_groups(int) SET SCHEMA way;
DROP SCHEMA aside;
SELECT user_groups('5');
DROP FUNCTION user_groups(int);
-- in another schema of the search_path it is the same
CALL anew();
CREATE SCHEMA api;
SET search_path = way, api, public;
CREATE FUNCTION api.user_groups(int) RETURNS int LANGUAGE sql AS 'SELECT $1';
SELECT user_groups('5');
CALL anew();
TABLE names;
SELECT user_groups('5');
SET search_path = way, public;
-- but not one of rows, or a stranger's
CREATE TABLE api.users (id int PRIMARY KEY);
CREATE FUNCTION api.user_groups(api.users) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE ROLE regress_m2m_guest;
ALTER FUNCTION api.user_groups(int) OWNER TO regress_m2m_guest;
CALL anew();
TABLE names;
SET client_min_messages = warning;
DROP SCHEMA api CASCADE;
DROP ROLE regress_m2m_guest;
RESET client_min_messages;
-- those that are never called with one argument are no reason
CALL anew();
CREATE FUNCTION user_groups() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION user_groups(int, int, OUT x int) LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION group_users(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CALL anew();
TABLE names;
DROP FUNCTION user_groups(), user_groups(int, int), group_users(int, int);

-- OR REPLACE: to what could not replace it; what could is about that function
CREATE OR REPLACE FUNCTION user_groups(users) RETURNS int LANGUAGE sql AS 'SELECT 1';
TABLE names;
DROP FUNCTION user_groups(users);
CALL anew();
CREATE OR REPLACE FUNCTION user_groups(users) RETURNS SETOF groups LANGUAGE sql AS 'SELECT * FROM way.groups';
TABLE names;
DROP FUNCTION user_groups(users);

-- a key has an index of its name
CALL anew();
CREATE TABLE more (x int CONSTRAINT user_groups PRIMARY KEY, y int, CONSTRAINT group_users UNIQUE (y));
TABLE names;
DROP TABLE more;
CALL anew();
ALTER TABLE keys ADD CONSTRAINT user_groups UNIQUE (x, y), ADD COLUMN z int CONSTRAINT group_users UNIQUE;
TABLE names;
ALTER TABLE keys DROP COLUMN z, DROP CONSTRAINT user_groups;
CALL anew();
ALTER TABLE keys RENAME CONSTRAINT a_check TO group_users;
ALTER TABLE keys RENAME CONSTRAINT a_key TO user_groups;
TABLE names;
ALTER TABLE keys RENAME CONSTRAINT user_groups TO a_key;

-- a type that is renamed or moved
CALL anew();
CREATE DOMAIN a_domain AS int;
ALTER DOMAIN a_domain RENAME TO user_groups;
DROP DOMAIN user_groups;
CREATE TYPE public.group_users AS (x int);
ALTER TYPE public.group_users SET SCHEMA way;
TABLE names;
DROP TYPE group_users;

-- all other names taken: a number
CALL anew();
CREATE TABLE groups_of_user (x int);
CREATE TABLE membership_groups (x int);
CREATE TABLE user_groups (x int);
TABLE names;
CREATE TABLE groups_of_user_1 (x int);
TABLE names;
SELECT count(*) FROM membership_groups_1;

-- a table of its own that becomes a partition of an association: a call means that one
DROP TABLE membership, groups_of_user, membership_groups, user_groups;
INSERT INTO users VALUES (1); INSERT INTO groups VALUES (1), (2);
CREATE TABLE membership (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id))
	PARTITION BY LIST (group_id);
SELECT m2m_link('users', 1, 'groups', 1);
CREATE TABLE part (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
SELECT m2m_link('users', 1, 'groups', 1);
ALTER TABLE membership ATTACH PARTITION part DEFAULT;
SELECT m2m_link('users', 1, 'groups', 1), m2m_link('users', 1, 'groups', 2, via => 'part');
TABLE membership;
ALTER TABLE membership DETACH PARTITION part;
SELECT m2m_link('users', 1, 'groups', 1);

RESET search_path;
RESET m2m.auto_adopt;
SET client_min_messages = warning;
DROP SCHEMA way CASCADE;
