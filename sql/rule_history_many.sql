--
-- History of many links at once: what its table has of its owner's own, columns,
-- constraints, triggers, indexes, is kept as for rows inserted one by one
--
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE SCHEMA rule_history_many;
SET search_path = rule_history_many, public;
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE book (id int PRIMARY KEY);
INSERT INTO author SELECT generate_series(1, 50);
INSERT INTO book SELECT generate_series(1, 50);
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN NEW.linked_actor := 'seen'; RETURN NEW; END $$;
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN RAISE integrity_constraint_violation USING MESSAGE = (SELECT 'told of ' || count(*) FROM made); END $$;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN RAISE integrity_constraint_violation USING MESSAGE = 'refused'; END $$;

-- Whether each link has one open row, of this transaction, with a number of its
-- own, and every index leads to it
CREATE FUNCTION wrong() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text := '';
	n bigint;
BEGIN
	IF EXISTS ((SELECT author_id, book_id FROM author_book EXCEPT ALL SELECT author_id, book_id FROM author_book_history WHERE to_xid IS NULL)
		UNION ALL (SELECT author_id, book_id FROM author_book_history WHERE to_xid IS NULL EXCEPT ALL SELECT author_id, book_id FROM author_book)) THEN
		result := result || ' pairs';
	END IF;
	IF EXISTS (SELECT FROM author_book_history WHERE to_xid IS NULL AND (from_xid <> pg_current_xact_id() OR during <> tstzrange(now(), NULL)
		OR linked_by <> current_user OR linked_actor IS DISTINCT FROM nullif(current_setting('m2m.actor', true), ''))) THEN
		result := result || ' who and when';
	END IF;
	IF EXISTS (SELECT FROM author_book_history GROUP BY history_id HAVING count(*) > 1) OR
		EXISTS (SELECT FROM author_book_history WHERE history_id IS NULL) THEN
		result := result || ' numbers';
	END IF;
	-- what its table has of its owner's own
	IF EXISTS (SELECT FROM author_book_history h, jsonb_each_text(to_jsonb(h)) c WHERE key IN ('tag', 'n', 'total') AND value IS NULL) THEN
		result := result || ' columns';
	END IF;
	SET LOCAL enable_seqscan = off;
	SELECT count(*) INTO n FROM generate_series(1, 50) b, LATERAL (SELECT FROM author_book_history WHERE book_id = b AND to_xid IS NULL) h;
	IF n <> (SELECT count(*) FROM author_book) THEN
		result := result || ' index of books';
	END IF;
	SELECT count(*) INTO n FROM author_book l, LATERAL (SELECT FROM author_book_history h WHERE h.author_id = l.author_id
		AND h.book_id = l.book_id AND to_xid IS NULL) h;
	IF n <> (SELECT count(*) FROM author_book) THEN
		result := result || ' primary key';
	END IF;
	RESET enable_seqscan;
	RETURN concat(result, (SELECT ' ' || string_agg(finding, ', ') FROM m2m_check('author_book') WHERE severity = 'error'));
END $$;

-- With a change of the tables: 1,250 links, half of them by one call and half by
-- one statement, which another moves
CREATE FUNCTION many(change text, OUT wrong text, OUT open bigint, OUT closed bigint, OUT error text)
LANGUAGE plpgsql AS $$
DECLARE
	what text := 'linking';
BEGIN
	PERFORM m2m_create('author', 'book');
	PERFORM m2m_history('author_book');
	BEGIN
		EXECUTE change;
		PERFORM m2m_load('author', 'book', 'SELECT a, b FROM generate_series(1, 25) a, generate_series(1, 50) b WHERE (a + b) % 2 = 0 ORDER BY random()');
		INSERT INTO author_book (author_id, book_id) SELECT a, b FROM generate_series(1, 25) a, generate_series(1, 50) b
			WHERE (a + b) % 2 = 1 ORDER BY random();
		wrong := wrong();

		-- as of a transaction of long ago
		what := 'moving';
		UPDATE author_book_history SET from_xid = '1', during = tstzrange('2001-01-01', NULL);
		UPDATE author_book SET author_id = author_id + 25;
		wrong := concat(wrong, wrong());
		SELECT count(*) FILTER (WHERE to_xid IS NULL), count(*) FILTER (WHERE to_xid = pg_current_xact_id() AND from_xid = '1')
			INTO open, closed FROM author_book_history;

		-- take back whatever it was
		RAISE EXCEPTION USING ERRCODE = 'XX999';
	EXCEPTION WHEN SQLSTATE 'XX999' THEN
		NULL;
	WHEN integrity_constraint_violation OR insufficient_privilege OR undefined_column THEN
		error := concat_ws(': ', what, SQLSTATE, SQLERRM);
	END;
	PERFORM m2m_drop('author_book');
END $$;
SELECT * FROM many('');
SELECT * FROM many('SET LOCAL m2m.direct_path = off');
SELECT * FROM many('SET LOCAL m2m.actor = ''carol''');
SELECT * FROM many('SET LOCAL work_mem = 64');

-- what it has of its own
SELECT * FROM many('ALTER TABLE author_book_history ADD note text, ADD tag int DEFAULT 7, ADD CHECK (tag = 7 AND tag IS NOT NULL)');
SELECT * FROM many('ALTER TABLE author_book_history ADD tag int DEFAULT 7');
SELECT * FROM many('ALTER TABLE author_book_history ADD tag int NOT NULL DEFAULT 7');
SELECT * FROM many('ALTER TABLE author_book_history ADD tag int NOT NULL');
SELECT * FROM many('ALTER TABLE author_book_history ADD total int GENERATED ALWAYS AS (author_id + book_id) STORED NOT NULL');
SELECT * FROM many('ALTER TABLE author_book_history ADD n int GENERATED ALWAYS AS IDENTITY');
SELECT * FROM many('CREATE DOMAIN tag AS int NOT NULL DEFAULT 7; ALTER TABLE author_book_history ADD tag tag');
SELECT * FROM many('ALTER TABLE author_book_history ADD CHECK (book_id <> 49)');
SELECT * FROM many('ALTER TABLE author_book_history ALTER linked_actor SET NOT NULL');
SELECT * FROM many('SET LOCAL m2m.actor = ''carol''; ALTER TABLE author_book_history ALTER linked_actor SET NOT NULL');
-- a column that is gone, or has its name from another
SELECT * FROM many('SET LOCAL m2m.actor = ''carol''; ALTER TABLE author_book_history DROP linked_actor');
SELECT * FROM many('ALTER TABLE author_book_history DROP properties');
SELECT * FROM many('ALTER TABLE author_book_history DROP book_id CASCADE, ADD PRIMARY KEY (author_id, history_id)');
SELECT * FROM many('ALTER TABLE author_book_history RENAME linked_actor TO actor; ALTER TABLE author_book_history RENAME linked_by TO linked_actor');
SELECT * FROM many('ALTER TABLE author_book_history DROP history_id CASCADE');
-- a trigger that changes who has linked
SELECT * FROM many('CREATE TRIGGER seen BEFORE INSERT ON author_book_history FOR EACH ROW EXECUTE FUNCTION seen()');
SELECT * FROM many('CREATE TRIGGER told AFTER INSERT ON author_book_history REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION told()');
SELECT * FROM many('CREATE TRIGGER refuse BEFORE INSERT ON author_book_history FOR EACH STATEMENT EXECUTE FUNCTION refuse()');
SELECT * FROM many('CREATE TRIGGER refuse AFTER INSERT ON author_book_history FOR EACH STATEMENT EXECUTE FUNCTION refuse()');
SELECT * FROM many('ALTER TABLE author_book_history ADD FOREIGN KEY (book_id) REFERENCES book (id)');
SELECT * FROM many('CREATE TABLE some_books (id int PRIMARY KEY); INSERT INTO some_books SELECT generate_series(1, 49);
	ALTER TABLE author_book_history ADD CONSTRAINT book_kept FOREIGN KEY (book_id) REFERENCES some_books (id)');
SELECT * FROM many('ALTER TABLE author_book_history ALTER book_id TYPE bigint');
SELECT * FROM many('ALTER TABLE author_book_history ALTER book_id TYPE numeric');
SELECT * FROM many('ALTER TABLE author_book_history ALTER history_id SET GENERATED BY DEFAULT');
SELECT * FROM many('ALTER TABLE author_book_history ALTER history_id TYPE int');
SELECT * FROM many('CREATE SEQUENCE numbers; ALTER TABLE author_book_history ALTER history_id DROP IDENTITY, ALTER history_id SET DEFAULT nextval(''numbers'')');
SELECT * FROM many('ALTER TABLE author_book_history ALTER history_id DROP IDENTITY');
SELECT * FROM many('CREATE RULE less AS ON INSERT TO author_book_history WHERE NEW.book_id = 50 DO INSTEAD NOTHING');
SELECT * FROM many('CREATE TABLE past () INHERITS (author_book_history)');
SELECT * FROM many('ALTER TABLE author_book_history SET UNLOGGED');

-- indexes of each kind
SELECT * FROM many('CREATE INDEX ON author_book_history USING hash (author_id); CREATE INDEX ON author_book_history USING gist (during);
	CREATE INDEX ON author_book_history USING brin (history_id); CREATE INDEX ON author_book_history (book_id DESC, linked_actor) INCLUDE (properties)');
SELECT * FROM many('CREATE INDEX ON author_book_history ((author_id + book_id))');
SELECT * FROM many('CREATE UNIQUE INDEX ON author_book_history (author_id) WHERE book_id = 1 AND to_xid IS NULL');
SELECT * FROM many('CREATE UNIQUE INDEX one_open ON author_book_history (author_id, book_id) WHERE to_xid IS NULL');
SELECT * FROM many('CREATE UNIQUE INDEX one ON author_book_history (author_id, book_id, from_xid)');
SELECT * FROM many('CREATE UNIQUE INDEX book_once ON author_book_history (book_id)');
SELECT * FROM many('ALTER TABLE author_book_history ADD EXCLUDE USING btree (book_id WITH =)');
SELECT * FROM many('ALTER TABLE author_book_history ADD UNIQUE (book_id, from_xid, author_id) DEFERRABLE INITIALLY DEFERRED');
-- which is not to be true before the commit
SELECT * FROM many('ALTER TABLE author_book_history ADD UNIQUE (book_id) DEFERRABLE INITIALLY DEFERRED');

-- properties
SELECT * FROM many('ALTER TABLE author_book ADD note text NOT NULL DEFAULT ''new'';
	ALTER TABLE author_book_history ADD CHECK (properties ->> ''note'' = ''new'' AND properties IS NOT NULL)');
SELECT * FROM many('ALTER TABLE author_book ADD note text NOT NULL DEFAULT ''new''');

-- a trigger that unlinks some of what its statement links, and is told of first
CREATE FUNCTION less() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN DELETE FROM author_book l USING made WHERE (l.author_id, l.book_id) = (made.author_id, made.book_id) AND l.book_id <= 20; RETURN NULL; END $$;
SELECT * FROM many('CREATE TRIGGER a_less AFTER INSERT ON author_book REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION less()');

-- who owns it inserts, and has to be allowed to
CREATE ROLE regress_m2m_keeper;
GRANT CREATE, USAGE ON SCHEMA rule_history_many TO regress_m2m_keeper;
GRANT SELECT, REFERENCES, UPDATE ON author, book TO regress_m2m_keeper;
SET ROLE regress_m2m_keeper;
SELECT * FROM many('ALTER TABLE author_book_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
	CREATE POLICY none ON author_book_history FOR INSERT WITH CHECK (false); CREATE POLICY others ON author_book_history USING (true)');
SELECT * FROM many('REVOKE INSERT ON author_book_history FROM regress_m2m_keeper');
RESET ROLE;

SET client_min_messages = error;
DROP SCHEMA rule_history_many CASCADE;
DROP ROLE regress_m2m_keeper;
