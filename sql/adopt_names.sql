--
-- The names that m2m_adopt gives where none is given: also where the first
-- choice is taken, no argument is needed.  And m2m_create with if_not_exists.
--
\set SHOW_CONTEXT never
CREATE SCHEMA adopt_names;
SET search_path = adopt_names, public;

-- The names of one relationship, to look at
CREATE FUNCTION names(association regclass)
RETURNS TABLE (left_role text, right_role text, left_view text, right_view text)
LANGUAGE sql AS $$
    SELECT r.left_role, r.right_role, r.left_view::text, r.right_view::text
    FROM public.m2m_relationships() r WHERE r.association = $1
$$;

--
-- A join table that has just the name of a link view
--
CREATE TABLE users (id int PRIMARY KEY, name text);
CREATE TABLE groups (id int PRIMARY KEY, title text);
CREATE TABLE user_groups (user_id int REFERENCES users, group_id int REFERENCES groups, PRIMARY KEY (user_id, group_id));
INSERT INTO users VALUES (1, 'Ann'), (2, 'Ben');
INSERT INTO groups VALUES (1, 'staff'), (2, 'admin');
INSERT INTO user_groups VALUES (1, 1);
SELECT * FROM names(m2m_adopt('user_groups'));
-- They work
SELECT title FROM groups_of_user WHERE user_id = 1;
SELECT u.name FROM groups g, users_of_group(g) u WHERE g.id = 1;
INSERT INTO users_of_group (group_id, id) VALUES (2, 1);
SELECT m2m_link('users', 2, 'groups', 1);
TABLE user_groups ORDER BY 1, 2;
-- A view that is lost comes back as it was called: the other view tells how
DROP VIEW groups_of_user;
DROP FUNCTION groups_of_user(users);
SELECT finding FROM m2m_check('user_groups');
SELECT * FROM m2m_repair('user_groups');
SELECT * FROM names('user_groups');
DROP VIEW users_of_group;
DROP FUNCTION users_of_group(groups);
SELECT * FROM names(m2m_adopt('user_groups'));
-- Adopted again, it has the same names
SELECT m2m_adopt('user_groups');
\echo :SQLSTATE
SELECT m2m_drop('adopt_names.user_groups', keep_links => true);
SELECT * FROM names(m2m_adopt('user_groups'));

-- Keys that are called as the columns that refer to them
CREATE TABLE employees (employee_id int PRIMARY KEY);
CREATE TABLE territories (territory_id int PRIMARY KEY);
CREATE TABLE employee_territories (
    employee_id int REFERENCES employees, territory_id int REFERENCES territories,
    PRIMARY KEY (employee_id, territory_id));
SELECT * FROM names(m2m_adopt('employee_territories'));
CREATE TABLE orders (id int PRIMARY KEY);
CREATE TABLE items (id int PRIMARY KEY);
CREATE TABLE order_items (id serial PRIMARY KEY, order_id int REFERENCES orders, item_id int REFERENCES items);
SELECT * FROM names(m2m_adopt('order_items'));
-- A table of the other name is enough
CREATE TABLE actor (actor_id int PRIMARY KEY);
CREATE TABLE film (film_id int PRIMARY KEY);
CREATE TABLE film_actors (note text);
CREATE TABLE casting (film_id int REFERENCES film, actor_id int REFERENCES actor);
SELECT * FROM names(m2m_adopt('casting'));
-- or a type, or the link function's name with its argument; but not with another
CREATE TABLE genre (id int PRIMARY KEY);
CREATE TABLE film_genre (film_id int REFERENCES film, genre_id int REFERENCES genre);
CREATE TYPE genre_films AS ENUM ('short');
SELECT * FROM names(m2m_adopt('film_genre'));
SELECT m2m_drop('film_genre');
DROP TYPE genre_films;
CREATE FUNCTION genre_films(genre) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT * FROM names(m2m_adopt('film_genre'));
SELECT m2m_drop('film_genre');
DROP FUNCTION genre_films(genre);
CREATE FUNCTION genre_films(film) RETURNS int LANGUAGE sql AS 'SELECT 1';
SELECT * FROM names(m2m_adopt('film_genre'));

--
-- Several join tables between the same two tables
--
CREATE TABLE river (name text PRIMARY KEY);
CREATE TABLE province (name text, country text, PRIMARY KEY (name, country));
CREATE TABLE geo_river (river text REFERENCES river, province text, country text,
                        FOREIGN KEY (province, country) REFERENCES province);
CREATE TABLE geo_source (LIKE geo_river);
ALTER TABLE geo_source ADD FOREIGN KEY (river) REFERENCES river, ADD FOREIGN KEY (province, country) REFERENCES province;
CREATE TABLE geo_estuary (LIKE geo_river);
ALTER TABLE geo_estuary ADD FOREIGN KEY (river) REFERENCES river, ADD FOREIGN KEY (province, country) REFERENCES province;
SELECT * FROM names(m2m_adopt('geo_river'));
SELECT * FROM names(m2m_adopt('geo_source'));
SELECT * FROM names(m2m_adopt('geo_estuary'));
-- each is the relationship that it was made for
INSERT INTO river VALUES ('Elbe');
INSERT INTO province VALUES ('Liberec', 'CZ'), ('Hamburg', 'D');
SELECT m2m_link('river', 'Elbe', 'province', ROW('Liberec', 'CZ'), via => 'geo_source'),
       m2m_link('river', 'Elbe', 'province', ROW('Hamburg', 'D'), via => 'geo_estuary');
TABLE provinces_of_river;
TABLE geo_estuary_provinces;

--
-- Roles that the columns tell: with the key's name behind them always, without
-- it where the tables' would not do
--
CREATE TABLE book (id int PRIMARY KEY);
CREATE TABLE writing (author_id int REFERENCES users, book_id int REFERENCES book);
CREATE TABLE editing (editor_id int REFERENCES users, book_id int REFERENCES book);
SELECT * FROM names(m2m_adopt('writing'));
SELECT * FROM names(m2m_adopt('editing'));
CREATE TABLE translating (translator int REFERENCES users, work int REFERENCES book);
SELECT * FROM names(m2m_adopt('translating'));
SELECT m2m_drop('translating');
CREATE TABLE user_books (a text);
SELECT * FROM names(m2m_adopt('translating'));
CREATE TABLE people (person_id int PRIMARY KEY);
CREATE TABLE descent (ancestor int REFERENCES people, descendant int REFERENCES people);
CREATE TABLE parentage (parent int REFERENCES people, child int REFERENCES people);
CREATE TABLE proposal (candidate_code int REFERENCES people, proposer_code int REFERENCES people);
SELECT * FROM names(m2m_adopt('descent'));
SELECT * FROM names(m2m_adopt('parentage'));
SELECT * FROM names(m2m_adopt('proposal'));
-- one column is called as the key that it refers to
CREATE TABLE management (employee_id int REFERENCES employees, manager_employee_id int REFERENCES employees);
SELECT * FROM names(m2m_adopt('management'));
CREATE TABLE country (code text PRIMARY KEY);
CREATE TABLE borders (country1 text REFERENCES country, country2 text REFERENCES country);
CREATE TABLE trade (country1 text REFERENCES country, country2 text REFERENCES country);
CREATE TABLE war (country1 text REFERENCES country, country2 text REFERENCES country);
CREATE TABLE rivalry (country1 text REFERENCES country, country2 text REFERENCES country);
SELECT * FROM names(m2m_adopt('borders'));
SELECT * FROM names(m2m_adopt('trade'));
SELECT * FROM names(m2m_adopt('war'));
SELECT * FROM names(m2m_adopt('rivalry'));
CREATE TABLE mail (sender int REFERENCES users, recipient int REFERENCES users);
CREATE VIEW from_user_to_users AS SELECT 1 AS one;
SELECT * FROM names(m2m_adopt('mail'));
-- Tables of one name are told apart as one table's sides are
CREATE SCHEMA adopt_names_too;
CREATE TABLE adopt_names_too.user (id int PRIMARY KEY);
CREATE TABLE account (a int REFERENCES users, b int REFERENCES adopt_names_too.user);
SELECT * FROM names(m2m_adopt('account'));
-- A single letter tells nothing, nor does one word for both, nor a column that both have
CREATE TABLE likes (a int REFERENCES people, b int REFERENCES people);
SELECT * FROM names(m2m_adopt('likes'));
CREATE TABLE admires (x int REFERENCES people, y int REFERENCES people);
SELECT * FROM names(m2m_adopt('admires'));
CREATE TABLE shift (hour int PRIMARY KEY);
CREATE TABLE room (number int PRIMARY KEY);
CREATE TABLE watch (start_hour int REFERENCES shift, start_number int REFERENCES room);
SELECT * FROM names(m2m_adopt('watch'));
CREATE TABLE member (tenant_id int, id int, PRIMARY KEY (tenant_id, id));
CREATE TABLE team (tenant_id int, id int, PRIMARY KEY (tenant_id, id));
CREATE TABLE leadership (tenant_id int, leader_id int, team_id int,
                      FOREIGN KEY (tenant_id, leader_id) REFERENCES member, FOREIGN KEY (tenant_id, team_id) REFERENCES team);
SELECT * FROM names(m2m_adopt('leadership'));
SELECT m2m_drop('leadership');

--
-- Mixed case: joined as the join table is
--
CREATE TABLE "Playlist" ("PlaylistId" int PRIMARY KEY);
CREATE TABLE "Track" ("TrackId" int PRIMARY KEY);
CREATE TABLE "PlaylistTrack" ("PlaylistId" int REFERENCES "Playlist", "TrackId" int REFERENCES "Track");
CREATE TABLE "Playlist_Track" ("PlaylistId" int REFERENCES "Playlist", "TrackId" int REFERENCES "Track");
CREATE TABLE "FavouriteTracks" ("PlaylistId" int REFERENCES "Playlist", "TrackId" int REFERENCES "Track");
SELECT * FROM names(m2m_adopt('"PlaylistTrack"'));
SELECT * FROM names(m2m_adopt('"Playlist_Track"'));
SELECT * FROM names(m2m_adopt('"FavouriteTracks"'));
CREATE TABLE "AppUsers" ("Id" int PRIMARY KEY);
CREATE TABLE "AppRoles" ("Id" int PRIMARY KEY);
CREATE TABLE "UserRoles" ("userId" int REFERENCES "AppUsers", "RoleId" int REFERENCES "AppRoles");
SELECT * FROM names(m2m_adopt('"UserRoles"'));
CREATE TABLE "blogPost" (id int PRIMARY KEY);
CREATE TABLE "blogTag" (id int PRIMARY KEY);
CREATE TABLE "_postToTag" ("A" int REFERENCES "blogPost", "B" int REFERENCES "blogTag");
CREATE TABLE "_quoteToTag" ("A" int REFERENCES "blogPost", "B" int REFERENCES "blogTag");
SELECT * FROM names(m2m_adopt('"_postToTag"'));
SELECT * FROM names(m2m_adopt('"_quoteToTag"'));
-- what gets too long is shortened with an underscore
SELECT format('CREATE TABLE %I (id int PRIMARY KEY)', repeat('Tag', 21)) \gexec
SELECT format('CREATE TABLE "TagUsers" (tag int REFERENCES %I, "user" int REFERENCES "AppUsers")', repeat('Tag', 21)) \gexec
SELECT * FROM names(m2m_adopt('"TagUsers"'));
CREATE TABLE "SHOPS" ("ID" int PRIMARY KEY);
CREATE TABLE "TOWNS" ("ID" int PRIMARY KEY);
CREATE TABLE "SHOP_TOWNS" ("SHOP_ID" int REFERENCES "SHOPS", "TOWN_ID" int REFERENCES "TOWNS");
SELECT * FROM names(m2m_adopt('"SHOP_TOWNS"'));

--
-- What is given stays as it is given
--
CREATE TABLE user_orders (user_id int REFERENCES users, order_id int REFERENCES orders);
SELECT * FROM names(m2m_adopt('user_orders', right_view => 'buyers'));
SELECT m2m_drop('user_orders');
SELECT * FROM names(m2m_adopt('user_orders', left_role => 'buyer'));
SELECT m2m_drop('user_orders');
SELECT m2m_adopt('user_orders', left_view => 'user_orders');
SELECT * FROM names(m2m_adopt('user_orders', left_view => 'a', right_view => 'b'));
SELECT m2m_drop('user_orders');
-- If no name is left, all of them and all arguments are told
CREATE VIEW orders_of_user AS SELECT 1 AS one;
CREATE VIEW user_orders_users AS SELECT 1 AS one;
SELECT m2m_adopt('user_orders');
\echo :SQLSTATE
SELECT m2m_adopt('user_orders', left_view => 'purchases');
SELECT m2m_drop('user_orders');
CREATE VIEW order_users AS SELECT 1 AS one;
CREATE VIEW users_of_order AS SELECT 1 AS one;
SELECT m2m_adopt('user_orders', left_view => 'purchases');
-- which help
SELECT * FROM names(m2m_adopt('user_orders', left_view => 'purchases', right_view => 'buyers'));
SELECT m2m_drop('user_orders');
SELECT * FROM names(m2m_adopt('user_orders', left_role => 'buyer', right_role => 'purchase'));

--
-- A reference to a row of any table is no foreign key: the hint can be followed
--
CREATE TABLE tag (id int PRIMARY KEY);
CREATE TABLE post (id int PRIMARY KEY);
CREATE TABLE tagging (tag_id int REFERENCES tag, taggable_id int, taggable_type text);
INSERT INTO tag VALUES (1), (2);
INSERT INTO post VALUES (1), (2);
INSERT INTO tagging VALUES (1, 1, 'Post'), (2, 2, 'Post'), (1, 1, 'Photo');
SELECT m2m_adopt('tagging');
\echo :SQLSTATE
SELECT m2m_adopt('tagging', right_columns => '{taggable_id}');
\echo :SQLSTATE
SELECT m2m_create('tag', 'post');
INSERT INTO tag_post SELECT tag_id, taggable_id FROM tagging WHERE taggable_type = 'Post';
TABLE post_tags ORDER BY 1, 2;
-- Without the type, what is missing is a foreign key
ALTER TABLE tagging DROP COLUMN taggable_type;
SELECT m2m_adopt('tagging');

--
-- m2m_create: a relationship is there, whichever table is told first
--
SELECT m2m_create('post', 'tag', if_not_exists => true);
SELECT m2m_create('tag', 'post', if_not_exists => true);
SELECT m2m_create('post', 'tag', 'tag_post', if_not_exists => true);
SELECT m2m_create('post', 'tag', 'label', left_role => 'essay', right_role => 'label', if_not_exists => true);
SELECT m2m_create('tag', 'post', 'label', if_not_exists => true);
-- with a link view of the association's name, and in the other table's schema
CREATE TABLE series (id int PRIMARY KEY);
CREATE TABLE adopt_names_too.author (id int PRIMARY KEY);
SELECT m2m_create('adopt_names_too.author', 'series', if_not_exists => true);
SELECT m2m_create('series', 'adopt_names_too.author', if_not_exists => true);
-- with itself
SELECT m2m_create('series', 'series', left_role => 'from_series', if_not_exists => true);
SELECT m2m_create('series', 'series', left_role => 'from_series', if_not_exists => true);
-- Others of the name are in the way, as without it
SELECT m2m_create('tag', 'series', 'label', if_not_exists => true);
\echo :SQLSTATE
SELECT m2m_create('post', 'tag');
\echo :SQLSTATE
SELECT count(*) FROM m2m_relationships() WHERE left_table IN ('tag'::regclass, 'post', 'series', 'adopt_names_too.author');
-- m2m_create tells what is taken, and chooses nothing else
CREATE TABLE tag_users (a int);
SELECT m2m_create('tag', 'users');

-- All of this is consistent
SELECT relationship, severity, finding FROM m2m_check()
WHERE finding !~ 'index|unique|null' ORDER BY relationship::text COLLATE "C", finding COLLATE "C";
SET client_min_messages = warning;
DROP SCHEMA adopt_names, adopt_names_too CASCADE;
RESET client_min_messages;
SELECT association FROM m2m_relationships();
