--
-- What one link is where the table stores other than it was given: nothing is
-- doubled, and nothing is passed over in silence
--
\set SHOW_CONTEXT never
CREATE SCHEMA identity_stored;
SET search_path = identity_stored, public;
CREATE TABLE author (id int PRIMARY KEY, name text);
CREATE TABLE film (id int PRIMARY KEY, title text);
INSERT INTO author SELECT generate_series(1, 9);
INSERT INTO film SELECT generate_series(1, 9);
CREATE FUNCTION lower_job() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.job := lower(NEW.job); RETURN NEW; END $$;

-- A trigger that makes another identity of the one given, with a key
CREATE TABLE credit (author_id int REFERENCES author, film_id int REFERENCES film, job text, note text, PRIMARY KEY (author_id, film_id, job));
SELECT m2m_adopt('credit');
CREATE TRIGGER lower_job BEFORE INSERT OR UPDATE ON credit FOR EACH ROW EXECUTE FUNCTION lower_job();
INSERT INTO author_films (author_id, id, job, note) VALUES (1, 1, 'Writer', 'a') RETURNING job, note;
INSERT INTO author_films (author_id, id, job, note) VALUES (1, 1, 'writer', 'b') RETURNING job, note;
INSERT INTO author_films (author_id, id, job, note) VALUES (1, 1, 'WRITER', 'c') RETURNING job, note;
SELECT m2m_link('author', 1, 'film', 1, properties => '{"job": "WRITER", "note": "c"}');
SELECT m2m_link('author', 1, 'film', ARRAY[1, 1, 2], properties => '[{"job": "writer", "note": "d"}, {"job": "Actor"}, {"job": "Actor"}]');
SELECT * FROM credit ORDER BY 1, 2, 3;
-- one that lets nothing in, once
CREATE TABLE refused (job text);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO refused VALUES (NEW.job); RETURN NULL; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON credit FOR EACH ROW WHEN (NEW.job LIKE 'r%') EXECUTE FUNCTION refuse();
INSERT INTO author_films (author_id, id, job, note) VALUES (1, 1, 'r1', 'a'), (1, 2, 'r2', 'a');
SELECT m2m_link('author', 1, 'film', ARRAY[1, 2], properties => '{"job": "r3"}');
TABLE refused;

-- ... and without
CREATE TABLE seen (author_id int REFERENCES author, film_id int REFERENCES film, job text);
SELECT m2m_adopt('seen', left_role => 'viewer', right_role => 'viewed');
CREATE TRIGGER lower_job BEFORE INSERT ON seen FOR EACH ROW EXECUTE FUNCTION lower_job();
INSERT INTO viewer_vieweds (author_id, id, job) VALUES (1, 1, 'Writer') RETURNING job;
INSERT INTO viewer_vieweds (author_id, id, job) VALUES (1, 1, 'writer') RETURNING job;
INSERT INTO viewer_vieweds (author_id, id, job) VALUES (1, 1, 'WRITER') RETURNING job;
SELECT m2m_link('author', 1, 'film', 1, 'seen', '{"job": "WRITER"}');
SELECT m2m_link('author', 1, 'film', ARRAY[2, 2], 'seen', '[{"job": "Actor"}, {"job": "ACTOR"}]');
SELECT m2m_link('author', 1, 'film', ARRAY[2, 2], 'seen', '[{"job": "Actor"}, {"job": "Editor"}]');
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[2, 2], 'seen', properties => '[{"job": "actor"}, {"job": "Writer"}]');
SELECT * FROM seen ORDER BY 2, 3;

-- A generated column: of a whole row it says nothing new, in a key nobody knows it beforehand
CREATE TABLE made (author_id int REFERENCES author, film_id int REFERENCES film, job text, upper text GENERATED ALWAYS AS (upper(job)) STORED);
SELECT m2m_adopt('made', left_role => 'maker', right_role => 'made');
INSERT INTO maker_mades (author_id, id, job) VALUES (1, 1, 'writer'), (1, 1, 'writer'), (1, 1, 'Writer') RETURNING job, upper;
SELECT count(*) FROM made;
UPDATE maker_mades SET job = 'actor' WHERE job = 'Writer' RETURNING job, upper;
DELETE FROM maker_mades WHERE job = 'actor';
SELECT identity FROM m2m_relationships() WHERE association = 'made'::regclass;
ALTER TABLE made ALTER upper SET NOT NULL, ADD UNIQUE (author_id, film_id, upper);
SELECT identity FROM m2m_relationships() WHERE association = 'made'::regclass;
INSERT INTO maker_mades (author_id, id, job) VALUES (1, 2, 'writer') RETURNING job, upper;
INSERT INTO maker_mades (author_id, id, job) VALUES (1, 2, 'Writer') RETURNING job, upper;
SELECT m2m_link('author', 1, 'film', 2, 'made', '{"job": "writer"}'), m2m_link('author', 1, 'film', 2, 'made', '{"job": "writer", "upper": "WRITER"}') AS changed;
SELECT m2m_link('author', 1, 'film', 3, 'made', '{"upper": "WRITER"}');

-- A type that stores less than it was given
CREATE DOMAIN money2 AS numeric(6, 2);
CREATE TABLE paid (author_id int REFERENCES author, film_id int REFERENCES film, amount money2, note varchar(3));
SELECT m2m_adopt('paid', left_role => 'payer', right_role => 'paid');
INSERT INTO payer_paids (author_id, id, amount) VALUES (1, 1, 1.234), (1, 1, 1.23), (1, 1, 1.234) RETURNING amount;
SELECT m2m_link('author', 1, 'film', 1, 'paid', '{"amount": 1.234}'), m2m_link('author', 1, 'film', 1, 'paid', '{"amount": 1.234, "note": null}');
SELECT * FROM paid;
CREATE TABLE paid2 (author_id int REFERENCES author, film_id int REFERENCES film, amount money2, note text, PRIMARY KEY (author_id, film_id, amount));
SELECT m2m_adopt('paid2', left_role => 'payer2', right_role => 'paid2');
INSERT INTO payer2_paid2s (author_id, id, amount, note) VALUES (1, 1, 1.234, 'a'), (1, 1, 1.23, 'b'), (1, 1, 1.2340, 'c') RETURNING amount, note;
SELECT m2m_link('author', 1, 'film', 1, 'paid2', '{"amount": 1.234, "note": "d"}');
SELECT m2m_unlink('author', 1, 'film', 1, 'paid2', properties => '{"amount": 1.234}');

-- A default that is the same throughout the transaction is known
CREATE TABLE attends (author_id int REFERENCES author, film_id int REFERENCES film, day date DEFAULT CURRENT_DATE, note text, PRIMARY KEY (author_id, film_id, day));
SELECT m2m_adopt('attends', left_role => 'guest', right_role => 'show');
INSERT INTO guest_shows (author_id, id, note) VALUES (1, 1, 'a'), (1, 1, 'b') RETURNING note;
SELECT count(*), min(note) FROM attends;

-- Rows that are the same move together, to where there is none
CREATE TABLE pure (author_id int REFERENCES author, film_id int REFERENCES film, note text);
SELECT m2m_adopt('pure', left_role => 'p', right_role => 'q');
INSERT INTO pure VALUES (1, 1, 'x'), (1, 1, 'x'), (1, 1, 'y'), (1, 3, 'x');
UPDATE p_qs SET id = 2 WHERE id = 1;
SELECT * FROM pure ORDER BY 2, 3;
UPDATE p_qs SET id = 3 WHERE id = 2 AND note = 'x';
UPDATE p_qs SET id = 4 WHERE note = 'x';

-- A default by the domain; a domain that must not be null
CREATE DOMAIN kind AS text DEFAULT 'any' NOT NULL;
CREATE DOMAIN must AS text NOT NULL;
CREATE TABLE typed (author_id int REFERENCES author, film_id int REFERENCES film, kind kind NOT NULL, what must, PRIMARY KEY (author_id, film_id));
SELECT m2m_adopt('typed', left_role => 't', right_role => 'u');
INSERT INTO typed (author_id, film_id, what) VALUES (1, 1, 'w');
SELECT m2m_link('author', 1, 'film', 1, 'typed'), m2m_link('author', 1, 'film', ARRAY[1, 2], 'typed', '{"what": "x"}'), m2m_link('author', 1, 'film', ARRAY[1, 3], 'typed', '[{"kind": "k"}, {"what": "y"}]');
SELECT m2m_link('author', 1, 'film', 4, 'typed');
SELECT * FROM typed ORDER BY 2;

-- A number that is always generated says which link is meant, and is never given to a new one
CREATE TABLE play (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, author_id int REFERENCES author, film_id int REFERENCES film, note text);
SELECT m2m_adopt('play', left_role => 'player', right_role => 'played');
INSERT INTO player_playeds (author_id, id, note) VALUES (1, 1, 'a'), (1, 1, 'b'), (1, 2, 'c');
SELECT m2m_link('author', 1, 'film', 1, 'play', '{"note": "x"}');
SELECT m2m_link('author', 1, 'film', 1, 'play', '{"id": 2, "note": "x"}');
SELECT m2m_link('author', 1, 'film', ARRAY[1, 2], 'play', '[{"id": 2, "note": "y"}, {"note": "z"}]');
SELECT * FROM m2m_set('author', 1, 'film', ARRAY[1], 'play', properties => '{"id": 2, "note": "s"}');
SELECT m2m_link('author', 1, 'film', 1, 'play', '{"id": 9}');
SELECT m2m_unlink('author', 1, 'film', 1, 'play', properties => '{"id": 1}'), m2m_unlink('author', 1, 'film', 1, 'play', properties => '{"id": 2}');

-- Figures where a trigger keeps one of several links
CREATE TABLE kept (author_id int REFERENCES author, film_id int REFERENCES film, job text, PRIMARY KEY (author_id, film_id, job));
SELECT m2m_adopt('kept', left_role => 'keeper', right_role => 'kept');
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep BEFORE DELETE ON kept FOR EACH ROW WHEN (OLD.job = 'kept') EXECUTE FUNCTION keep();
INSERT INTO kept VALUES (1, 1, 'kept'), (1, 1, 'other'), (1, 2, 'other'), (2, 1, 'kept'), (2, 1, 'other');
SELECT m2m_toggle('author', 2, 'film', 1, 'kept') AS linked, m2m_toggle('author', 1, 'film', 2, 'kept') AS unlinked;
INSERT INTO kept VALUES (1, 2, 'other');
SELECT * FROM m2m_set('author', 1, 'film', '{}', 'kept');
INSERT INTO kept VALUES (1, 1, 'other');
SELECT * FROM m2m_set('author', 1, 'film', '{3}', 'kept', properties => '{"job": "new"}');

-- Two keys that could both say it
CREATE TABLE tied (author_id int REFERENCES author, film_id int REFERENCES film, a int NOT NULL, b int NOT NULL, UNIQUE (author_id, film_id, b));
SELECT m2m_adopt('tied', left_role => 'v', right_role => 'w');
SELECT * FROM m2m_check('tied') WHERE finding LIKE '%keys%';
ALTER TABLE tied ADD UNIQUE (author_id, film_id, a);
SELECT * FROM m2m_check('tied') WHERE finding LIKE '%keys%';
CREATE TABLE tied_child () INHERITS (tied);
SELECT * FROM m2m_check('tied') WHERE finding LIKE '%keys%';
DROP TABLE tied_child;
ALTER TABLE tied ADD PRIMARY KEY (author_id, film_id, a);
SELECT * FROM m2m_check('tied') WHERE finding LIKE '%keys%';

-- A column called as what the check itself is looking for
SELECT m2m_create('author', 'film', 'whole_n', left_role => 'whole', right_role => 'n', left_columns => '{whole}', right_columns => '{n}');
ALTER TABLE whole_n DROP CONSTRAINT whole_n_pkey, ADD note text;
INSERT INTO whole_n VALUES (1, 1, 'a'), (1, 1, 'b'), (1, 2, NULL), (1, 2, NULL);
SELECT finding FROM m2m_check('whole_n');

SET client_min_messages = warning;
DROP SCHEMA identity_stored CASCADE;
