--
-- Link properties in calls: one object for all pairs, or one for each; and times
-- that m2m fills in. What is given for one link goes to no other
--
\set SHOW_CONTEXT never
CREATE SCHEMA properties;
SET search_path = properties, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE film (id int PRIMARY KEY, title text);
INSERT INTO author SELECT generate_series(1, 9);
INSERT INTO film SELECT generate_series(1, 9);

-- One object for each pair: a value, a default, null
CREATE TABLE author_film (author_id int REFERENCES author, film_id int REFERENCES film, role text DEFAULT 'writer', share numeric(4, 2), note text, PRIMARY KEY (author_id, film_id));
SELECT m2m_adopt('author_film');
SELECT m2m_link('author', 1, 'film', ARRAY[3, 1, 2, 4], properties => '[{"role": "three"}, null, {"share": 2.345, "note": "two"}, {"role": null}]');
SELECT * FROM author_film ORDER BY 1, 2;
-- those that are there take what is given for them, and keep the rest
SELECT m2m_link('author', ARRAY[1, 1, 2], 'film', ARRAY[1, 3, 3], properties => '[{"note": "one"}, {"share": 1}, {"note": "new"}]');
SELECT * FROM author_film ORDER BY 1, 2;
SELECT m2m_link('film', 9, 'author', ARRAY[2, 1], properties => '[{"note": "from 2"}, {"note": "from 1"}]');
SELECT * FROM author_film WHERE film_id = 9 ORDER BY 1, 2;
SELECT m2m_link('author', 5, 'film', 5, properties => '[{"note": "one pair"}]'), m2m_link('author', 5, 'film', 6, properties => '[null]'), m2m_link('author', 5, 'film', 7, properties => '{}'),
    m2m_link('author', 5, 'film', '{}', properties => '[]');
SELECT * FROM author_film WHERE author_id = 5 ORDER BY 1, 2;
-- the same pair twice: the same is said once, two different things are an error
SELECT m2m_link('author', 6, 'film', ARRAY[1, 1], properties => '[{"note": "a", "share": 1}, {"share": 1.0, "note": "a"}]');
SELECT m2m_link('author', 6, 'film', ARRAY[2, 1, 1], properties => '[{"note": "a"}, {"note": "a"}, {"note": "b"}]');
SELECT m2m_link('author', 6, 'film', ARRAY[1, 1], properties => '[{"note": "a"}, null]');
SELECT m2m_link('author', 6, 'film', ARRAY[1, 2, 3], properties => '[{"note": "a"}, null]');
SELECT m2m_link('author', 6, 'film', 1, properties => '[]');
SELECT m2m_link('author', 6, 'film', ARRAY[1, 2], properties => '[{"note": "a"}, "b"]');
SELECT m2m_link('author', 6, 'film', ARRAY[1, 2], properties => '[{"note": "a"}, [1]]');
SELECT m2m_link('author', 6, 'film', ARRAY[1, 2], properties => '[{"note": "a"}, {"nota": "a"}]');
SELECT m2m_link('author', 6, 'film', 1, properties => '5');
SELECT m2m_link('author', 6, 'film', ARRAY[1, 2], properties => '[{"share": 1}, {"share": "x"}]');
SELECT m2m_link('author', 6, 'film', ARRAY[1, 99], properties => '[{"share": 1}, {"share": 2}]');
SELECT * FROM author_film WHERE author_id = 6 ORDER BY 1, 2;

-- m2m_set: exactly these, with these properties
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[2, 5, 3], properties => '[{"note": "changed"}, {"role": "new"}, null]');
SELECT * FROM author_film WHERE author_id = 1 ORDER BY 1, 2;
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[2, 5], properties => '{"note": "all"}');
SELECT * FROM author_film WHERE author_id = 1 ORDER BY 1, 2;
SELECT * FROM m2m_set('film', 5, 'author', ARRAY[7, 1], properties => '[{"note": "seven"}, {"note": "one"}]');
SELECT * FROM author_film WHERE film_id = 5 ORDER BY 1, 2;
SELECT * FROM m2m_set('film', 5, 'author', '{}', properties => '[]');
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[1, 1], properties => '[{"note": "a"}, {"note": "b"}]');
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[1, 1], properties => '[{"note": "a"}]');

-- m2m_unlink: those that have them
INSERT INTO author_film VALUES (8, 1, 'x', 1, 'n'), (8, 2, 'y', 1.00, NULL), (8, 3, 'x', NULL, NULL), (8, 4, NULL, NULL, NULL);
SELECT m2m_unlink('author', 8, 'film', ARRAY[1, 2, 3, 4], properties => '{"role": "x", "share": 1}');
SELECT m2m_unlink('author', 8, 'film', ARRAY[2, 3, 4], properties => '[{"share": 2}, {"role": "x"}, {"role": "x"}]');
SELECT m2m_unlink('author', 8, 'film', ARRAY[2, 4], properties => '[null, {"role": null, "note": null}]');
SELECT * FROM author_film WHERE author_id = 8;
SELECT m2m_unlink('author', 8, 'film', 2, properties => '{"rolle": 1}');
SELECT * FROM m2m_set('author', 1, 'film', '{}', properties => '{"note": "of none"}');

-- Several links of one pair: an object that gives the identity speaks of that link
CREATE TABLE credit (author_id int NOT NULL REFERENCES author ON DELETE CASCADE, film_id int NOT NULL REFERENCES film ON DELETE CASCADE,
    job text DEFAULT 'any', note text, PRIMARY KEY (author_id, film_id, job));
SELECT m2m_adopt('credit', left_role => 'credited', right_role => 'credit');
SELECT m2m_link('author', 1, 'film', ARRAY[1, 1, 2, 3], 'credit', '[{"job": "writer", "note": "w"}, {"job": "director"}, {"job": "writer"}, {"note": "default"}]');
SELECT m2m_link('author', 1, 'film', ARRAY[1, 1, 1, 2], 'credit', '[{"job": "writer"}, {"job": "director", "note": "d"}, {"job": "actor"}, {"note": "the only one"}]');
SELECT * FROM credit ORDER BY 1, 2, 3;
-- one link twice, one that fits several, one pair by two objects of which one does not say which link
SELECT m2m_link('author', 1, 'film', ARRAY[1, 1], 'credit', '[{"job": "writer", "note": "a"}, {"job": "writer", "note": "b"}]');
SELECT m2m_link('author', 1, 'film', ARRAY[2, 1], 'credit', '[{"note": "a"}, {"note": "b"}]');
SELECT m2m_link('author', 1, 'film', ARRAY[4, 4], 'credit', '[{"job": "a"}, {"note": "b"}]');
-- nothing: any link will do
SELECT m2m_link('author', 1, 'film', ARRAY[1, 4], 'credit', '[null, {"job": "a"}]'), m2m_link('author', 1, 'film', ARRAY[4, 5], 'credit', '[null, {"job": "a"}]');
SELECT * FROM credit ORDER BY 1, 2, 3;
-- m2m_set: exactly these links
BEGIN;
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[1, 1, 2], 'credit', properties => '[{"job": "writer", "note": "kept"}, {"job": "editor"}, {"note": "fits"}]');
SELECT * FROM credit ORDER BY 1, 2, 3;
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[1, 6], 'credit', properties => '[null, {"note": "new"}]');
SELECT * FROM credit ORDER BY 1, 2, 3;
SAVEPOINT s;
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[1], 'credit', properties => '{"note": "which?"}');
ROLLBACK TO s;
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[1, 6], 'credit', properties => '{"job": "writer"}');
SELECT * FROM credit ORDER BY 1, 2, 3;
ROLLBACK;
-- m2m_unlink: these links
BEGIN;
SELECT m2m_unlink('author', 1, 'film', ARRAY[1, 2], 'credit', properties => '{"job": "writer"}');
SELECT m2m_unlink('author', 1, 'film', ARRAY[1, 1, 3], 'credit', properties => '[{"job": "director", "note": "other"}, {"job": "actor"}, {"note": "default"}]');
SELECT * FROM credit ORDER BY 1, 2, 3;
ROLLBACK;
SELECT m2m_unlink('author', 1, 'film', ARRAY[2, 1], 'credit', properties => '{"note": null}');
INSERT INTO credit VALUES (1, 1, 'x', 'w');
SELECT m2m_unlink('author', 1, 'film', ARRAY[2, 1], 'credit', properties => '{"note": "w"}');
SELECT m2m_unlink('author', 1, 'film', ARRAY[1, 1], 'credit', properties => '[{"job": "x"}, {"note": "w"}]');
SELECT m2m_unlink('author', 1, 'film', ARRAY[1, 1], 'credit', properties => '[{"job": "x"}, {"job": "writer", "note": "w"}]');
-- composite ids
CREATE TABLE room (house text, n int, PRIMARY KEY (house, n));
CREATE TABLE film_room (film_id int REFERENCES film, house text, n int, hour int, note text, FOREIGN KEY (house, n) REFERENCES room, PRIMARY KEY (film_id, house, n, hour));
INSERT INTO room VALUES ('a', 1), ('a', 2);
SELECT m2m_adopt('film_room');
SELECT m2m_link('film', 1, 'room', ARRAY[ROW('a', 1), ROW('a', 1), ROW('a', 2)], properties => '[{"hour": 1}, {"hour": 2, "note": "x"}, {"hour": 1}]');
SELECT m2m_link('room', ROW('a', 1), 'film', 1, properties => '{"note": "which?"}');
SELECT m2m_link('film', 1, 'room', ARRAY[ROW('a', 1), ROW('a', 1)], properties => '[{"hour": 1}, {"note": "x"}]');
SELECT m2m_unlink('film', 1, 'room', ARRAY[ROW('a', 1), ROW('a', 2)], properties => '{"note": null}');
SELECT m2m_unlink('film', 1, 'room', ARRAY[ROW('a', 1), ROW('a', 2)], properties => '{"note": "x"}');
SELECT * FROM m2m_set('room', ROW('a', 1), 'film', '{2,2}', properties => '[{"hour": 7}, {"hour": 8}]');
UPDATE film_room SET note = 'y';
SELECT m2m_unlink('film', 2, 'room', '(a,1)', properties => '{"note": "y"}');
SELECT * FROM film_room ORDER BY 1, 2, 3, 4;
-- a table with rules: the same
CREATE RULE nothing AS ON UPDATE TO credit WHERE false DO NOTHING;
SELECT m2m_link('author', 1, 'film', ARRAY[1, 1], 'credit', '[{"job": "actor", "note": "rule"}, {"job": "writer"}]');
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[1, 1, 2], 'credit', properties => '[{"job": "writer", "note": "kept"}, {"job": "editor"}, {"note": "fits"}]');
SELECT * FROM credit ORDER BY 1, 2, 3;
SELECT m2m_unlink('author', 1, 'film', ARRAY[1], 'credit', properties => '{"job": "editor"}'), m2m_unlink('author', 1, 'film', ARRAY[1, 2], 'credit', properties => '{"note": "fits"}');
UPDATE credit SET note = 'same';
INSERT INTO credit VALUES (1, 1, 'y', 'same');
SELECT m2m_unlink('author', 1, 'film', ARRAY[1, 2], 'credit', properties => '{"note": "same"}');
DROP RULE nothing ON credit;

-- Whole rows, some of them the same, json among them; the identity in full speaks of all that are so
CREATE TABLE seen (author_id int REFERENCES author, film_id int REFERENCES film, how json, stars numeric);
SELECT m2m_adopt('seen', left_role => 'viewer', right_role => 'viewed');
SELECT m2m_link('author', 1, 'film', ARRAY[1, 1, 2], 'seen', '[{"how": {"a": 1}, "stars": 1}, {"how": {"a": 2}, "stars": 1}, {"stars": 3}]');
SELECT m2m_link('author', 1, 'film', ARRAY[1, 1], 'seen', '[{"how": {"a": 1}, "stars": 1}, {"how": {"a": 1}, "stars": "1"}]');
INSERT INTO seen SELECT * FROM seen WHERE how::text = '{"a": 2}';
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[1, 2], 'seen', properties => '[{"how": {"a": 2}, "stars": 1}, {"stars": 3}]');
SELECT * FROM seen ORDER BY 1, 2, how::text;
SELECT m2m_unlink('author', 1, 'film', 1, 'seen', properties => '{"stars": 1}');
SELECT m2m_unlink('author', 1, 'film', 1, 'seen', properties => '{"how": {"a": 2}, "stars": 1}');

-- Times that must be there, and that nobody gives
CREATE DOMAIN instant AS timestamptz(0);
CREATE TABLE made (author_id int NOT NULL REFERENCES author, film_id int NOT NULL REFERENCES film, note text, "createdAt" timestamptz NOT NULL, day date NOT NULL,
    at instant NOT NULL, updated_at timestamp(0) NOT NULL, "lastModified" timestamptz, since timestamptz, PRIMARY KEY (author_id, film_id));
SELECT m2m_adopt('made', left_role => 'maker', right_role => 'made');
CREATE FUNCTION w(timestamptz) RETURNS text LANGUAGE sql AS $$ SELECT CASE WHEN $1 < '2022-01-01' THEN 'then' WHEN $1 = now() THEN 'now' ELSE 'lately' END WHERE $1 IS NOT NULL $$;
CREATE FUNCTION times(OUT author_id int, OUT film_id int, OUT note text, OUT created text, OUT day text, OUT at text, OUT updated text, OUT modified text, OUT since text)
    RETURNS SETOF record LANGUAGE sql AS $$
    SELECT author_id, film_id, note, w("createdAt"), w(day), w(at), w(updated_at), w("lastModified"), w(since) FROM made ORDER BY 1, 2 $$;
BEGIN;
SELECT m2m_link('author', 1, 'film', ARRAY[1, 2], 'made'), m2m_link('author', 1, 'film', 3, 'made', '{"note": "one", "createdAt": "2020-01-01"}'),
    m2m_link('author', 1, 'film', ARRAY[4, 5], 'made', '[{"createdAt": "2020-01-01Z", "day": "2020-01-01", "updated_at": "2020-01-01"}, null]'),
    m2m_load('author', 'film', 'VALUES (2, 1)', 'made'), m2m_toggle('author', 2, 'film', 2, 'made');
SELECT * FROM m2m_set('author', 3, 'film', ARRAY[1, 2], 'made');
SELECT * FROM m2m_set('author', 4, 'film', ARRAY[1], 'made', properties => '{"since": "2020-01-01"}');
INSERT INTO maker_mades (author_id, id) VALUES (5, 1), (5, 2);
INSERT INTO maker_mades (author_id, id, note, at) VALUES (5, 3, 'x', '2020-01-01');
COPY maker_mades (author_id, id) FROM stdin;
5	4
\.
SELECT * FROM times();
COMMIT;
\set VERBOSITY terse
SELECT m2m_link('author', 6, 'film', 1, 'made', '{"day": null}');
\set VERBOSITY default
-- the time of the last change: when something has changed, and nobody says when
UPDATE made SET updated_at = '2020-01-01', "lastModified" = NULL, note = 'n';
BEGIN;
SELECT m2m_link('author', 1, 'film', ARRAY[1, 2], 'made', '[{"note": "changed"}, {"note": "n"}]'), m2m_link('author', 1, 'film', ARRAY[3], 'made', '{"note": "x", "updated_at": "2021-01-01"}'),
    m2m_link('author', 1, 'film', ARRAY[4, 5], 'made', '[{"note": "x", "updated_at": "2021-01-01"}, {"note": "y"}]'), m2m_link('author', 2, 'film', 1, 'made', '{"updated_at": "2021-01-01"}');
SELECT * FROM m2m_set('author', 3, 'film', ARRAY[1, 2], 'made', properties => '{"since": null, "note": "set"}');
SELECT * FROM m2m_set('author', 4, 'film', ARRAY[1], 'made');
UPDATE maker_mades SET note = 'by view' WHERE author_id = 5 AND id = 1 RETURNING note, w(updated_at) AS updated, w("lastModified") AS modified;
UPDATE made_makers SET note = 'n' WHERE id = 5 AND film_id = 2;
UPDATE maker_mades SET id = 9 WHERE author_id = 5 AND id = 3;
INSERT INTO maker_mades (author_id, id, note) VALUES (5, 9, 'again'), (5, 4, 'n');
SELECT * FROM times();
ROLLBACK;
-- one tells links apart: that is never made up; where nothing does, the whole row is given one
CREATE TABLE term (author_id int NOT NULL REFERENCES author, film_id int NOT NULL REFERENCES film, since date, updated_at timestamptz, note text, PRIMARY KEY (author_id, film_id, since));
CREATE TABLE visit (author_id int NOT NULL REFERENCES author, film_id int NOT NULL REFERENCES film, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, note text);
CREATE TABLE numbered (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author, film_id int NOT NULL REFERENCES film, created_at timestamp NOT NULL, updated_at timestamp NOT NULL, note text);
SELECT m2m_adopt('term', left_role => 'who', right_role => 'term'), m2m_adopt('visit', left_role => 'visitor', right_role => 'visited'), m2m_adopt('numbered', left_role => 'n', right_role => 'm');
\set VERBOSITY terse
SELECT m2m_link('author', 1, 'film', 1, 'term');
INSERT INTO who_terms (author_id, id, note) VALUES (1, 1, 'x');
\set VERBOSITY default
SELECT m2m_link('author', 1, 'film', 1, 'term', '{"since": "2020-01-01"}'), m2m_link('author', 1, 'film', 1, 'term'), m2m_link('author', 1, 'film', 1, 'term', '{"note": "x"}') AS changed;
SELECT since, w(updated_at), note FROM term;
SELECT m2m_link('author', 1, 'film', ARRAY[1, 2], 'visit'), m2m_link('author', 1, 'film', 1, 'visit') AS again, m2m_link('author', 1, 'film', 1, 'visit', '{"note": "x"}') AS made;
INSERT INTO visitor_visiteds (author_id, id) VALUES (1, 1), (1, 3);
UPDATE visit SET created_at = '2020-01-01', updated_at = '2020-01-01';
BEGIN;
INSERT INTO visitor_visiteds (author_id, id, note) VALUES (1, 3, 'y'), (1, 3, 'y') RETURNING id, w(created_at), note;
UPDATE visitor_visiteds SET note = 'z' WHERE id < 3 RETURNING id, w(created_at), w(updated_at), note;
UPDATE visitor_visiteds SET id = 4 WHERE id = 3 AND note IS NULL RETURNING id, w(created_at), w(updated_at);
DELETE FROM visitor_visiteds WHERE id = 1 AND note = 'z' RETURNING id;
SELECT film_id, w(created_at), w(updated_at), note FROM visit ORDER BY 1, 4;
ROLLBACK;
BEGIN;
INSERT INTO n_ms (author_id, id, note) VALUES (1, 1, 'a'), (1, 1, 'a'), (1, 2, 'b') RETURNING id, w(created_at), w(updated_at), note;
ROLLBACK;
SELECT m2m_link('author', 1, 'film', ARRAY[1, 2], 'numbered'), m2m_link('author', 1, 'film', ARRAY[1, 2, 3], 'numbered') AS again;
-- A column of both keys: each pair's object stays with it, also beside a pair whose ids differ in that
CREATE TABLE u (t int, id int, PRIMARY KEY (t, id));
CREATE TABLE g (t int, id int, PRIMARY KEY (t, id));
CREATE TABLE u_g (t int, u_id int, g_id int, role text, note text, PRIMARY KEY (t, u_id, g_id, role), FOREIGN KEY (t, u_id) REFERENCES u, FOREIGN KEY (t, g_id) REFERENCES g);
INSERT INTO u VALUES (1, 1), (2, 1);
INSERT INTO g VALUES (1, 1), (2, 1), (1, 2);
SELECT m2m_adopt('u_g', left_role => 'u', right_role => 'g');
SELECT m2m_link('u', ROW(1, 1), 'g', ARRAY[ROW(1, 1), ROW(1, 1), ROW(1, 2)], properties => '[{"role": "a"}, {"role": "b"}, {"role": "c", "note": "n"}]');
SELECT m2m_link('u', ROW(1, 1), 'g', ARRAY[ROW(1, 1), ROW(2, 1)], properties => '[{"role": "a"}, {"role": "b"}]');
SELECT m2m_unlink('u', ROW(1, 1), 'g', ARRAY[ROW(2, 1), ROW(1, 1), ROW(1, 2)], properties => '[{"role": "a"}, {"role": "b"}, {"note": "n"}]');
SELECT * FROM m2m_set('u', ROW(1, 1), 'g', '{"(1,1)","(1,1)"}', properties => '[{"role": "a", "note": "kept"}, {"role": "d"}]');
SELECT * FROM u_g ORDER BY 2, 3, 4;
-- Rows that are marked instead of deleted: become links again with what is given, and are marked by what they have
CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
INSERT INTO a VALUES (1); INSERT INTO b SELECT generate_series(1,5);
CREATE TABLE ab (a_id int REFERENCES a, b_id int REFERENCES b, role text DEFAULT 'd', created_at timestamptz NOT NULL, deleted_at timestamptz, PRIMARY KEY (a_id, b_id));
SELECT m2m_adopt('ab', deleted => 'deleted_at');
SELECT m2m_link('a', 1, 'b', ARRAY[1,2,3], properties => '[{"role": "x"}, null, {"role": "z"}]');
SELECT m2m_unlink('a', 1, 'b', ARRAY[1,2,3], properties => '[{"role": "x"}, {"role": "no"}, {"role": "z"}]');
SELECT a_id, b_id, role, created_at IS NOT NULL AS c, deleted_at IS NOT NULL AS d FROM ab ORDER BY 2;
SELECT m2m_link('a', 1, 'b', ARRAY[1,3], properties => '[{"role": "x2"}, null]');
SELECT a_id, b_id, role, created_at IS NOT NULL AS c, deleted_at IS NOT NULL AS d FROM ab ORDER BY 2;
SELECT * FROM m2m_set('a', 1, 'b', ARRAY[1,4], properties => '[{"role": "s1"}, {"role": "s4"}]');
SELECT * FROM m2m_set('a', 1, 'b', ARRAY[2,4], properties => '[{"role": "s2"}, null]');
SELECT a_id, b_id, role, created_at IS NOT NULL AS c, deleted_at IS NOT NULL AS d FROM ab ORDER BY 2;
CREATE TABLE ab2 (id serial PRIMARY KEY, a_id int REFERENCES a, b_id int REFERENCES b, role text NOT NULL, note text, deleted bool NOT NULL DEFAULT false);
CREATE UNIQUE INDEX ON ab2 (a_id, b_id, role) WHERE NOT deleted;
SELECT m2m_adopt('ab2', left_role => 'p', right_role => 'q', deleted => 'deleted');
SELECT m2m_link('a', 1, 'b', ARRAY[1,1,2], 'ab2', '[{"role": "x"}, {"role": "y", "note": "n"}, {"role": "x"}]');
SELECT m2m_unlink('a', 1, 'b', ARRAY[1,1], 'ab2', properties => '[{"role": "x"}, {"role": "y"}]');
SELECT m2m_link('a', 1, 'b', ARRAY[1,2], 'ab2', '{"role": "x", "note": "again"}');
SELECT * FROM m2m_set('a', 1, 'b', ARRAY[1,1], 'ab2', properties => '[{"role": "x"}, {"role": "w"}]');
SELECT * FROM ab2 ORDER BY id;
-- who may not write them leaves them to a trigger
CREATE ROLE m2m_properties;
GRANT USAGE ON SCHEMA properties TO m2m_properties;
GRANT SELECT ON made, author, film TO m2m_properties;
GRANT INSERT (author_id, film_id, note), UPDATE (note) ON made TO m2m_properties;
GRANT ALL ON maker_mades TO m2m_properties;
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW."createdAt" := coalesce(NEW."createdAt", '2020-01-01'); NEW.day := coalesce(NEW.day, '2020-01-01'); NEW.at := coalesce(NEW.at, '2020-01-01');
    NEW.updated_at := coalesce(NEW.updated_at, '2020-01-01');
    RETURN NEW;
END $$;
CREATE TRIGGER fill BEFORE INSERT ON made FOR EACH ROW EXECUTE FUNCTION fill();
SELECT m2m_link('author', 9, 'film', 1, 'made');
SET ROLE m2m_properties;
SELECT m2m_link('author', 9, 'film', 2, 'made'), m2m_link('author', 9, 'film', ARRAY[2, 3, 4], 'made', '[{"note": "x"}, {"note": "y"}, null]');
INSERT INTO maker_mades (author_id, id, note) VALUES (9, 5, 'z'), (9, 4, 'zz');
INSERT INTO maker_mades (author_id, id) VALUES (9, 6);
UPDATE maker_mades SET note = 'v' WHERE author_id = 9 AND id = 5;
RESET ROLE;
SELECT m2m_link('author', 9, 'film', 7, 'made');
SELECT * FROM times() WHERE author_id = 9;
-- and who may, column by column, has them filled in
DROP TRIGGER fill ON made;
GRANT INSERT ("createdAt", day, at, updated_at), UPDATE (updated_at) ON made TO m2m_properties;
SET ROLE m2m_properties;
SELECT m2m_link('author', 8, 'film', 1, 'made'), m2m_link('author', 8, 'film', ARRAY[2, 3], 'made', '[{"note": "x"}, null]');
INSERT INTO maker_mades (author_id, id, note) VALUES (8, 4, 'z');
RESET ROLE;
SELECT * FROM times() WHERE author_id = 8;

SET client_min_messages = warning;
DROP SCHEMA properties CASCADE;
DROP ROLE m2m_properties;
