--
-- Where the direct path stands aside: for each thing that a table, an index, a
-- foreign key or a right can be but what it knows, calls give what they give
-- without it, errors included. What differs is printed
--
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA aside;
SET search_path = aside, public;
CREATE ROLE regress_m2m_aside;
GRANT CREATE, USAGE ON SCHEMA aside TO regress_m2m_aside;

-- What calls give, and what is there then: after a change of the tables, which
-- are made anew for either path and taken back
CREATE FUNCTION given(path text, change text[], calls text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := '';
	call text;
	one text;
BEGIN
	PERFORM set_config('m2m.direct_path', path, true);
	BEGIN
		CREATE TABLE author (id int PRIMARY KEY);
		CREATE TABLE book (id int PRIMARY KEY);
		INSERT INTO author SELECT generate_series(1, 4);
		INSERT INTO book SELECT generate_series(1, 4);
		PERFORM m2m_create('author', 'book');
		INSERT INTO author_book VALUES (1, 1), (2, 2);
		FOREACH call IN ARRAY change LOOP
			EXECUTE call;
		END LOOP;
		FOREACH call IN ARRAY calls LOOP
			BEGIN
				IF call ~ '^(SELECT|TABLE)' THEN
					EXECUTE format('SELECT string_agg(x::text, '' '' ORDER BY x::text) FROM (%s) x', call) INTO one;
				ELSE
					EXECUTE call;
					one := 'done';
				END IF;
			EXCEPTION WHEN OTHERS THEN
				one := SQLSTATE;
			END;
			result := concat(result, one, '; ');
		END LOOP;
		RAISE EXCEPTION USING ERRCODE = 'XX999';
	EXCEPTION WHEN SQLSTATE 'XX999' THEN
		RETURN result;
	END;
END $$;
CREATE FUNCTION on_both(change text[], calls text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	direct text := given('on', change, calls);
	general text := given('off', change, calls);
BEGIN
	RETURN direct || CASE WHEN direct <> general THEN 'BUT ' || general ELSE '' END;
END $$;

-- The usual calls
CREATE FUNCTION calls() RETURNS text[] LANGUAGE sql IMMUTABLE RETURN ARRAY[
	'SELECT m2m_link(''author'', 1, ''book'', 3)',
	'SELECT m2m_link(''author'', ARRAY[1, 3], ''book'', 4)',
	'SELECT m2m_link(''author'', 9, ''book'', 1)',
	'SELECT m2m_unlink(''author'', 1, ''book'', 1)',
	'SELECT * FROM m2m_set(''author'', 2, ''book'', ARRAY[1, 2])',
	'SELECT author_id, book_id FROM author_book'];
SELECT on_both('{}', calls());

-- the association
SELECT on_both(ARRAY['CREATE TABLE kid () INHERITS (author_book)', 'INSERT INTO kid VALUES (1, 1), (1, 3)'], calls() || 'TABLE kid'::text);
SELECT on_both(ARRAY['CREATE TABLE parent (author_id int NOT NULL, book_id int NOT NULL)', 'ALTER TABLE author_book INHERIT parent'], calls() || 'TABLE parent'::text);
SELECT on_both(ARRAY['CREATE TABLE whole (author_id int, book_id int) PARTITION BY RANGE (book_id)',
	'ALTER TABLE whole ATTACH PARTITION author_book FOR VALUES FROM (1) TO (4)'], calls());
SELECT on_both(ARRAY['CREATE RULE less AS ON INSERT TO author_book WHERE NEW.book_id = 3 DO INSTEAD NOTHING'], calls());
SELECT on_both(ARRAY['CREATE RULE more AS ON DELETE TO author_book WHERE OLD.book_id = 1 DO INSTEAD NOTHING'], calls());
SELECT on_both(ARRAY['ALTER TABLE author_book ADD note text DEFAULT ''new'''], calls() || 'TABLE author_book'::text);
SELECT on_both(ARRAY['ALTER TABLE author_book ADD twice int GENERATED ALWAYS AS (author_id * 2) STORED'], calls() || 'TABLE author_book'::text);
SELECT on_both(ARRAY['ALTER TABLE author_book ADD CHECK (book_id < 4)'], calls());
SELECT on_both(ARRAY['ALTER TABLE author_book DROP CONSTRAINT author_book_pkey', 'INSERT INTO author_book VALUES (1, 1)'], calls());
-- its columns
SELECT on_both(ARRAY['DROP TABLE author_book CASCADE', 'ALTER TABLE author ALTER id TYPE numeric',
	'CREATE TABLE author_book (author_id int REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id))',
	'SELECT m2m_adopt(''author_book'')'], calls());
SELECT on_both(ARRAY['DROP TABLE author_book CASCADE', 'ALTER TABLE author ALTER id TYPE varchar',
	'CREATE TABLE author_book (author_id varchar(1) REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id))',
	'SELECT m2m_adopt(''author_book'')', 'INSERT INTO author VALUES (''20''), (''30''), (''3 '')'],
	ARRAY['SELECT m2m_link(''author'', ''1'', ''book'', 1)', 'SELECT m2m_link(''author'', ''20'', ''book'', 1)', 'SELECT m2m_link(''author'', ''3 '', ''book'', 1)',
	'SELECT m2m_link(''author'', ARRAY[''20'', ''30''], ''book'', 1)', 'TABLE author_book']);
SELECT on_both(ARRAY['DROP TABLE author_book CASCADE',
	'CREATE TABLE author_book (author_id int GENERATED ALWAYS AS IDENTITY REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id))',
	'SELECT m2m_adopt(''author_book'')'], calls());
SELECT on_both(ARRAY['CREATE COLLATION loose (provider = icu, locale = ''und-u-ks-level2'', deterministic = false)', 'DROP TABLE author_book CASCADE',
	'ALTER TABLE author ALTER id TYPE text COLLATE loose',
	'CREATE TABLE author_book (author_id text COLLATE loose REFERENCES author, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id))',
	'SELECT m2m_adopt(''author_book'')', 'INSERT INTO author VALUES (''a''), (''b'')'],
	ARRAY['SELECT m2m_link(''author'', ''a'', ''book'', 1)', 'SELECT m2m_link(''author'', ''A'', ''book'', 1)', 'SELECT m2m_link(''author'', ARRAY[''A'', ''a'', ''B''], ''book'', 2)',
	'SELECT m2m_unlink(''author'', ARRAY[''A'', ''a''], ''book'', 2)', 'SELECT * FROM m2m_set(''book'', 1, ''author'', ARRAY[''B'', ''A''])', 'TABLE author_book']);

-- its triggers
CREATE FUNCTION keep_off() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN RETURN CASE WHEN NEW.book_id <> 3 THEN NEW END; END $$;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN RAISE integrity_constraint_violation; END $$;
SELECT on_both(ARRAY['CREATE TRIGGER keep_off BEFORE INSERT ON author_book FOR EACH ROW EXECUTE FUNCTION keep_off()'], calls());
SELECT on_both(ARRAY['CREATE TRIGGER refuse AFTER INSERT ON author_book FOR EACH ROW EXECUTE FUNCTION refuse()'], calls());
SELECT on_both(ARRAY['CREATE TRIGGER refuse AFTER DELETE ON author_book FOR EACH STATEMENT EXECUTE FUNCTION refuse()'], calls());
SELECT on_both(ARRAY['CREATE CONSTRAINT TRIGGER refuse AFTER DELETE ON author_book DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()'],
	calls() || 'SET CONSTRAINTS ALL IMMEDIATE'::text);
SELECT on_both(ARRAY['ALTER TABLE author_book DISABLE TRIGGER ALL'], calls());
SELECT on_both(ARRAY['SET LOCAL session_replication_role = replica'], calls());
RESET session_replication_role;
SELECT on_both(ARRAY['CREATE TABLE review (author_id int, book_id int, FOREIGN KEY (author_id, book_id) REFERENCES author_book)', 'INSERT INTO review VALUES (1, 1)'], calls());

-- what a subscriber could not remove
SET client_min_messages = error; -- wal_level
SELECT on_both(ARRAY['ALTER TABLE author_book REPLICA IDENTITY NOTHING', 'CREATE PUBLICATION aside FOR TABLE author_book'],
	calls() || 'SELECT m2m_clear(''author'', 2, ''book'')'::text);
SET client_min_messages = warning;

-- its foreign keys
SELECT on_both(ARRAY['ALTER TABLE author_book ALTER CONSTRAINT author_book_author_id_fkey DEFERRABLE INITIALLY DEFERRED'],
	calls() || 'SET CONSTRAINTS ALL IMMEDIATE'::text);
SELECT on_both(ARRAY['ALTER TABLE author_book DROP CONSTRAINT author_book_author_id_fkey', 'INSERT INTO author_book VALUES (8, 1)',
	'ALTER TABLE author_book ADD CONSTRAINT author_book_author_id_fkey FOREIGN KEY (author_id) REFERENCES author NOT VALID'],
	calls() || 'SELECT m2m_link(''author'', 8, ''book'', 1)'::text);
SELECT on_both(ARRAY['DROP TABLE author CASCADE', 'CREATE TABLE people (id int PRIMARY KEY) PARTITION BY RANGE (id)', 'CREATE TABLE author PARTITION OF people FOR VALUES FROM (1) TO (9)',
	'INSERT INTO author VALUES (1), (2), (3)', 'SELECT m2m_create(''author'', ''book'')'], calls());
-- whose owner may not look
SELECT on_both(ARRAY['ALTER TABLE author OWNER TO regress_m2m_aside', 'REVOKE SELECT ON author FROM regress_m2m_aside'], calls());
SELECT on_both(ARRAY['ALTER TABLE book OWNER TO regress_m2m_aside', 'REVOKE UPDATE ON book FROM regress_m2m_aside'], calls());
REVOKE USAGE ON SCHEMA aside FROM regress_m2m_aside;
SELECT on_both(ARRAY['ALTER TABLE book OWNER TO regress_m2m_aside'], calls());
GRANT USAGE ON SCHEMA aside TO regress_m2m_aside;

-- Who may not use the schema, though all that is in it
SELECT on_both(ARRAY['GRANT ALL ON author, book, author_book TO regress_m2m_aside',
	'SELECT set_config(''aside.author'', ''author''::regclass::oid::text, true), set_config(''aside.book'', ''book''::regclass::oid::text, true)',
	'REVOKE USAGE ON SCHEMA aside FROM regress_m2m_aside', 'SET LOCAL ROLE regress_m2m_aside'],
	ARRAY['SELECT m2m_link(current_setting(''aside.author'')::oid::regclass, 1, current_setting(''aside.book'')::oid::regclass, 3)',
	'SELECT m2m_unlink(current_setting(''aside.author'')::oid::regclass, 1, current_setting(''aside.book'')::oid::regclass, 1)']);

-- its indexes; seqscans off, so that they say what they have
SET enable_seqscan = off;
SELECT on_both(ARRAY['CREATE INDEX ON author_book ((book_id + author_id))'], calls() || 'SELECT count(*) FROM author_book WHERE book_id + author_id = 4'::text);
SELECT on_both(ARRAY['CREATE INDEX some_books ON author_book (book_id) WHERE author_id < 2', 'DROP INDEX author_book_book_id_author_id_idx'],
	calls() || ARRAY['SELECT count(*) FROM author_book WHERE author_id < 2', 'SELECT pg_relation_size(''some_books''), m2m_clear(''book'', 4, ''author'')', 'TABLE author_book']);
SELECT on_both(ARRAY['CREATE UNIQUE INDEX ON author_book (book_id)'], calls());
SELECT on_both(ARRAY['CREATE UNIQUE INDEX ON author_book (book_id) WHERE author_id > 2'], calls() || 'SELECT m2m_link(''author'', 4, ''book'', 4)'::text);
SELECT on_both(ARRAY['ALTER TABLE author_book ADD EXCLUDE USING btree (book_id WITH =)'], calls());
SELECT on_both(ARRAY['DROP TABLE author_book CASCADE',
	'CREATE TABLE author_book (author_id int REFERENCES author UNIQUE, book_id int REFERENCES book, PRIMARY KEY (author_id, book_id))', 'SELECT m2m_adopt(''author_book'')'], calls());
SELECT on_both(ARRAY['ALTER TABLE author_book DROP CONSTRAINT author_book_pkey, ADD PRIMARY KEY (author_id, book_id) DEFERRABLE INITIALLY DEFERRED'],
	calls() || ARRAY['INSERT INTO author_book VALUES (4, 4)', 'INSERT INTO author_book VALUES (4, 4)', 'SELECT m2m_link(''author'', 4, ''book'', 4)', 'SET CONSTRAINTS ALL IMMEDIATE']);
-- one that is not valid, and lacks rows
SELECT on_both(ARRAY['UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid = ''author_book_book_id_author_id_idx''::regclass',
	'INSERT INTO author_book VALUES (3, 1), (4, 1)', 'UPDATE pg_index SET indisready = true WHERE indexrelid = ''author_book_book_id_author_id_idx''::regclass'],
	ARRAY['SELECT m2m_clear(''book'', 1, ''author'')', 'TABLE author_book']);
RESET enable_seqscan;

-- Links in both directions
SELECT on_both(ARRAY['SELECT m2m_create(''author'', ''author'', ''friend'', symmetrical => true)', 'ALTER TABLE friend OWNER TO regress_m2m_aside', 'REVOKE DELETE ON friend FROM regress_m2m_aside'],
	ARRAY['SELECT m2m_link(''author'', 1, ''author'', 2, ''friend'')', 'SELECT m2m_link(''author'', 1, ''author'', ARRAY[3, 4], ''friend'')',
	'SELECT m2m_unlink(''author'', 1, ''author'', 2, ''friend'')', 'TABLE friend']);
SELECT on_both(ARRAY['SELECT m2m_create(''author'', ''author'', ''friend'', symmetrical => true)', 'SELECT m2m_link(''author'', 1, ''author'', ARRAY[2, 3])',
	'SET LOCAL session_replication_role = replica', 'DELETE FROM friend WHERE author_id = 2', 'SET LOCAL session_replication_role = origin',
	'UPDATE pg_constraint SET convalidated = false WHERE conrelid = ''friend''::regclass AND confrelid = conrelid'],
	ARRAY['SELECT m2m_link(''author'', 1, ''author'', 2)', 'SELECT m2m_unlink(''author'', 1, ''author'', 3)', 'TABLE friend']);

-- What a call's statement has done it sees, and what comes next sees the call's
SELECT on_both('{}', ARRAY[
	'WITH a AS (INSERT INTO author VALUES (11) RETURNING id) SELECT m2m_link(''author'', id, ''book'', 1) FROM a',
	'WITH l AS (INSERT INTO author_book VALUES (3, 3) RETURNING author_id) SELECT m2m_clear(''author'', author_id, ''book'') FROM l',
	'WITH l AS (INSERT INTO author_book VALUES (3, 4) RETURNING author_id, book_id) SELECT m2m_unlink(''author'', author_id, ''book'', book_id) FROM l',
	'SELECT m2m_link(''author'', 4, ''book'', 4), m2m_count(''author'', 4, ''book''), m2m_unlink(''author'', 4, ''book'', 4), m2m_count(''author'', 4, ''book'')',
	'TABLE author_book']);
SET client_min_messages = warning;
DROP SCHEMA aside CASCADE;
DROP ROLE regress_m2m_aside;
