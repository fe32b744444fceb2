--
-- Link views in a schema of their own where nobody, or somebody else's command,
-- asks for them: m2m.auto_adopt, first use, m2m_adopt_all; and what is renamed or
-- taken back there. If this fails, they are made or looked for in another schema,
-- or somebody's command fails.
--
\set SHOW_CONTEXT never
\set VERBOSITY terse
\pset format unaligned
CREATE ROLE regress_m2m_owner;
CREATE ROLE regress_m2m_user;
CREATE SCHEMA app AUTHORIZATION regress_m2m_owner;
CREATE SCHEMA links AUTHORIZATION regress_m2m_owner;
CREATE SCHEMA closed;
GRANT USAGE ON SCHEMA app TO regress_m2m_user;
SET m2m.auto_adopt = on;
SET m2m.view_schema = 'links';
SET client_min_messages = log;
SET ROLE regress_m2m_owner;
SET search_path = app, public;
CREATE VIEW places AS
    SELECT association, left_view, right_view, left_function, right_function FROM public.m2m_relationships() ORDER BY association::text COLLATE "C";
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE groups (id int PRIMARY KEY, title text);
INSERT INTO users VALUES (1, 'Ann');
INSERT INTO groups VALUES (1, 'a');

-- Adopted by the command that makes it; names count that are taken there
CREATE TABLE user_groups (note text);
CREATE TABLE membership (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
TABLE places;
-- One that is asked for there has the name; what is made beside the association has it anyway
CREATE TABLE group_users (note text);
CREATE TABLE links.user_groups (note text);
ALTER TABLE user_groups SET SCHEMA links;
CREATE VIEW links.group_users AS SELECT 1 AS one;
TABLE places;
INSERT INTO membership VALUES (1, 1);
SELECT title FROM links.groups_of_user;
SELECT finding FROM m2m_check();
SELECT m2m_drop('membership', keep_links => true);
DROP TABLE membership, links.user_groups, group_users, user_groups;
DROP VIEW links.group_users;
-- A function that was moved has its own name
CREATE TABLE membership (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
ALTER FUNCTION links.user_groups(users) SET SCHEMA app;
CREATE TABLE links.user_groups (note text);
TABLE places;
DROP TABLE membership, links.user_groups;

-- A schema that is not there, or not the owner's to use, or for temporary things
SET m2m.view_schema = 'nowhere';
CREATE TABLE membership (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
SET m2m.view_schema = 'closed';
ALTER TABLE membership ALTER user_id SET NOT NULL;
CREATE TABLE membership2 (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
RESET ROLE;
GRANT CREATE ON SCHEMA closed TO regress_m2m_owner;
SET ROLE regress_m2m_owner;
CREATE TABLE membership3 (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
SET m2m.view_schema = 'pg_temp';
CREATE TABLE membership4 (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
TABLE places;
DROP TABLE membership2, membership3, membership4;

-- First use, by somebody who may write the table: with its owner's rights
RESET ROLE;
GRANT SELECT ON users, groups TO regress_m2m_user;
GRANT SELECT, INSERT ON membership TO regress_m2m_user;
SET ROLE regress_m2m_user;
\set VERBOSITY default
SET m2m.view_schema = 'nowhere';
SELECT m2m_link('users', 1, 'groups', 1);
\echo :SQLSTATE
\set VERBOSITY terse
SET m2m.view_schema = 'links';
SELECT m2m_link('users', 1, 'groups', 1);
SET ROLE regress_m2m_owner;
TABLE places;
TABLE membership;
SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'links.user_groups'::regclass;
SELECT m2m_drop('membership', keep_links => true);

-- m2m_candidates looks at tables, m2m_adopt_all makes views
CREATE TABLE reading (user_id int REFERENCES users, group_id int, PRIMARY KEY (user_id, group_id));
SELECT association, missing, call FROM m2m_candidates('app');
SET m2m.view_schema = 'nowhere';
SELECT * FROM m2m_adopt_all('app', dry_run => true);
SET m2m.view_schema = 'links';
SELECT * FROM m2m_adopt_all('app', dry_run => true);
TABLE places;
SELECT * FROM m2m_adopt_all('app');
TABLE places;

--
-- m2m_rename: where they are, whatever the setting says now
--
SET m2m.view_schema = '';
CREATE TABLE member_teams (note text);
SELECT m2m_rename('membership', 'belonging', left_role => 'member', right_role => 'team');
TABLE places;
SELECT split_part(obj_description('links.member_teams'::regclass), E'\n', 1);
SELECT obj_description('belonging'::regclass);
SELECT name FROM links.team_members, m2m_unlink('groups', 1, 'users', 1);
-- the association may have the view's name, and they may change places
SELECT m2m_rename('belonging', 'team_members');
SELECT m2m_rename('team_members', left_view => 'team_members', right_view => 'member_teams');
TABLE places;
-- names that are taken there
CREATE TABLE links.taken (note text);
CREATE FUNCTION links.taken2(users) RETURNS SETOF groups LANGUAGE sql AS 'SELECT NULL::app.groups';
SELECT m2m_rename('team_members', left_view => 'taken');
SELECT m2m_rename('team_members', left_view => 'taken2');
SELECT m2m_rename('team_members', 'taken');
-- what tools are to call a view neither schema has
CREATE TABLE fellow_view (note text);
SELECT m2m_rename('taken', left_view => 'fellows');
SELECT split_part(obj_description('links.fellows'::regclass), E'\n', 1);
DROP TABLE fellow_view, links.taken, member_teams;
DROP FUNCTION links.taken2(users);
-- one that was moved stays there
ALTER VIEW links.member_teams SET SCHEMA app;
SELECT m2m_rename('taken', 'belonging', right_view => 'group_members');
TABLE places;
SELECT finding FROM m2m_check();
SELECT m2m_drop('belonging', keep_links => true);
DROP TABLE belonging, reading;

--
-- Views that lost their triggers, with the condition that they have: of
-- whichever schema they are
--
RESET ROLE;
SET m2m.auto_adopt = off;
SET m2m.view_schema = 'links';
SET ROLE regress_m2m_owner;
CREATE TABLE pinning (user_id int REFERENCES users, group_id int REFERENCES groups, removed timestamptz, PRIMARY KEY (user_id, group_id));
SELECT m2m_adopt('pinning', deleted => 'removed');
INSERT INTO pinning VALUES (1, 1, now());
DROP TRIGGER m2m_link_view ON links.user_groups;
DROP TRIGGER m2m_link_view ON links.group_users;
RESET ROLE;
GRANT USAGE ON SCHEMA closed TO regress_m2m_owner;
SET ROLE regress_m2m_owner;
SET m2m.view_schema = 'closed';
SELECT m2m_adopt('pinning');
TABLE places;
SELECT condition FROM m2m_relationships();
-- without functions that say where they are, others are made where new ones go
DROP TRIGGER m2m_link_view ON links.user_groups;
DROP TRIGGER m2m_link_view ON links.group_users;
DROP FUNCTION links.user_groups(users), links.group_users(groups);
SELECT m2m_adopt('pinning', deleted => 'removed');
TABLE places;
SELECT condition FROM m2m_relationships();

SET client_min_messages = warning;
RESET ROLE;
RESET m2m.view_schema;
RESET m2m.auto_adopt;
DROP SCHEMA app, links, closed CASCADE;
DROP OWNED BY regress_m2m_owner, regress_m2m_user;
DROP ROLE regress_m2m_owner, regress_m2m_user;
