-- Users and roles, and users who follow users: two relationships side by side.

CREATE TABLE users (id integer PRIMARY KEY, login text NOT NULL UNIQUE);
CREATE TABLE roles (id integer PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO users VALUES (1, 'ada'), (2, 'ben'), (3, 'cleo');
INSERT INTO roles VALUES (1, 'reader'), (2, 'editor'), (3, 'admin');

\echo
SELECT m2m_link('users', ARRAY[1, 1, 2, 3], 'roles', ARRAY[1, 3, 1, 1]);

\echo '-- May ada administer? May ben?'
SELECT m2m_linked('users', 1, 'roles', 3) AS ada, m2m_linked('users', 2, 'roles', 3) AS ben;

\echo '-- Granting a role by its name, through a link view: plain SQL for any client.'
INSERT INTO user_roles (user_id, id) SELECT 2, id FROM roles WHERE name = 'editor';
\echo
SELECT u.login, r.name AS role FROM users u JOIN user_roles r ON r.user_id = u.id ORDER BY 1, 2;

\echo '-- Users who follow users. In a self-relationship each end has its role.'
SELECT m2m_create('users', 'users', name => 'follow', left_role => 'follower', right_role => 'followed');
SELECT m2m_link('users', 1, 'users', ARRAY[2, 3], via => 'follow');
SELECT m2m_link('users', 2, 'users', 1, via => 'follow');

\echo '-- How many does ada follow, and how many follow her?'
SELECT m2m_count('users', 1, 'users', via => 'follow') AS follows,
       m2m_count('users', 1, 'users', via => 'follow', role => 'followed') AS followers;

\echo '-- Ben leaves. His links go with him, and nothing else does.'
DELETE FROM users WHERE login = 'ben';
\echo
SELECT m2m_count('users', 1, 'users', via => 'follow') AS ada_follows,
       m2m_count('roles', 1, 'users') AS readers;

\echo '-- All relationships of this database.'
SELECT association, left_role, right_role, left_view, right_view FROM m2m_relationships() ORDER BY association::text;
