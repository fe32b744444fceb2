-- shared_ddl.sql: random DDL on tables whose keys have a column in common, and
-- on twins of them that have no link views. If a test here fails, a command ends
-- otherwise because m2m is there, or leaves link views that do not show what
-- they should.
\set QUIET 1
SET client_min_messages = error;
CREATE EXTENSION pgtap;
CREATE EXTENSION m2m;
\ir ../oracle.sql
SELECT no_plan();

CREATE SCHEMA twin;
CREATE TABLE u (t int, id int, name text, PRIMARY KEY (t, id));
CREATE TABLE g (id int, t int, title text, PRIMARY KEY (id, t));
INSERT INTO u SELECT t, i, 'u' || t || i FROM generate_series(1, 2) t, generate_series(1, 5) i;
INSERT INTO g SELECT i, t, 'g' || t || i FROM generate_series(1, 2) t, generate_series(1, 5) i;
SELECT m2m_create('u', 'g', 'ug', left_columns => '{t,u_id}', right_columns => '{g_id,t}') AS made \gset
INSERT INTO ug SELECT t, u, g FROM generate_series(1, 2) t, generate_series(1, 5) u, generate_series(1, 5) g WHERE (u + g) % 2 = 0;
CREATE TABLE twin.u (LIKE u INCLUDING ALL);
CREATE TABLE twin.g (LIKE g INCLUDING ALL);
CREATE TABLE twin.ug (LIKE ug INCLUDING ALL, CONSTRAINT ug_t_u_id_fkey FOREIGN KEY (t, u_id) REFERENCES twin.u ON DELETE CASCADE,
	CONSTRAINT ug_g_id_t_fkey FOREIGN KEY (g_id, t) REFERENCES twin.g (id, t) ON DELETE CASCADE);
INSERT INTO twin.u TABLE u;
INSERT INTO twin.g TABLE g;
INSERT INTO twin.ug TABLE ug;
CREATE TABLE steps (n serial, sql text, state text, twin_state text, wrong text);

-- A column of a table, by chance.
CREATE FUNCTION some_column(tab regclass) RETURNS text LANGUAGE sql AS $$
	SELECT attname::text FROM pg_attribute WHERE attrelid = tab AND attnum > 0 AND NOT attisdropped ORDER BY random() LIMIT 1
$$;

-- How a command ends.
CREATE FUNCTION state(sql text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE sql;
	RETURN '00000';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;

-- One statement, in both.
CREATE FUNCTION step(i int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	tab text := (ARRAY['u', 'g', 'ug'])[1 + floor(random() * 3)];
	c text := some_column(tab::regclass);
	type text := (ARRAY['int', 'bigint', 'numeric', 'smallint', 'text'])[1 + floor(random() * 5)];
	fk record;
	one int := 1 + floor(random() * 2);
	command text; ours text; state text; twin_state text;
BEGIN
	SELECT conname, pg_get_constraintdef(oid) AS def, conkey INTO fk FROM pg_constraint WHERE conrelid = 'ug'::regclass AND contype = 'f' ORDER BY random(), conname LIMIT 1;
	CASE floor(random() * 10)
		WHEN 0 THEN command := format('ALTER TABLE %I ADD COLUMN x%s int', tab, i);
		WHEN 1 THEN command := format('ALTER TABLE %I RENAME COLUMN %I TO %I', tab, c, left(c, 3) || i);
		WHEN 2, 3 THEN command := format('ALTER TABLE %1$I ALTER COLUMN %2$I TYPE %3$s USING %2$I::%3$s', tab, c, type);
		WHEN 4 THEN command := format('ALTER TABLE %I DROP COLUMN %I', tab, c);
		WHEN 5 THEN command := format('ALTER TABLE ug DROP CONSTRAINT %1$I, ADD CONSTRAINT %1$I %2$s', fk.conname, fk.def);
		WHEN 6 THEN command := format('ALTER TABLE %I ALTER COLUMN %I %s NOT NULL', tab, c, CASE WHEN random() < 0.5 THEN 'SET' ELSE 'DROP' END);
		WHEN 7 THEN ours := (ARRAY['DROP VIEW u_gs', 'DROP VIEW g_us', 'SELECT'])[1 + floor(random() * 3)] || '; SELECT m2m_repair(''ug'')';
		WHEN 8 THEN
			-- the foreign key goes, and comes back for a column made anew
			SELECT attname INTO c FROM pg_attribute WHERE attrelid = 'ug'::regclass AND attnum = fk.conkey[one];
			command := (SELECT format('ALTER TABLE ug DROP COLUMN %1$I CASCADE, ADD COLUMN %1$I int DEFAULT 1, %2$s', c, string_agg('ADD CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid), ', '))
				FROM pg_constraint WHERE conrelid = 'ug'::regclass AND contype = 'f' AND (SELECT attnum FROM pg_attribute WHERE attrelid = 'ug'::regclass AND attname = c) = ANY (conkey));
		ELSE command := format('ALTER TABLE ug RENAME CONSTRAINT %I TO %I', fk.conname, 'c' || i);
	END CASE;
	-- a key's column stays
	IF command ~ 'DROP COLUMN' AND command !~ 'CASCADE' AND c !~ '^x' THEN
		RETURN;
	END IF;
	state := state(coalesce(command, ours));
	IF command IS NOT NULL THEN
		SET LOCAL search_path = twin, public, pg_catalog;
		twin_state := state(replace(command, 'public.', ''));
		RESET search_path;
	END IF;
	IF command ~ 'CASCADE,' THEN
		-- links that have become the same; what went with the column is for m2m_repair()
		DELETE FROM ug a USING ug b WHERE a.ctid > b.ctid AND (a.*)::text = (b.*)::text;
		DELETE FROM twin.ug a USING twin.ug b WHERE a.ctid > b.ctid AND (a.*)::text = (b.*)::text;
		PERFORM m2m_repair('ug');
	END IF;
	-- m2m_repair() gives a column the type of its keys
	FOR fk IN
		SELECT o.attname, format_type(o.atttypid, o.atttypmod) AS type FROM pg_attribute o JOIN pg_attribute t USING (attname)
		WHERE o.attrelid = 'ug'::regclass AND t.attrelid = 'twin.ug'::regclass AND o.atttypid <> t.atttypid AND o.attnum > 0
	LOOP
		EXECUTE format('ALTER TABLE twin.ug ALTER COLUMN %1$I TYPE %2$s USING %1$I::%2$s', fk.attname, fk.type);
	END LOOP;
	INSERT INTO steps (sql, state, twin_state, wrong)
	VALUES (coalesce(command, ours), state, coalesce(twin_state, state), (SELECT string_agg(what, '; ') FROM oracle.wrong('ug', 'info')));
END
$$;

SELECT setseed(0.4);
DO $$ BEGIN FOR i IN 1 .. 200 LOOP PERFORM step(i); END LOOP; END $$;
SELECT is(state, twin_state, n || ': ' || sql || ' ends as without m2m') FROM steps ORDER BY n;
SELECT is(wrong, NULL, n || ': ' || sql || ' leaves all as it should be') FROM steps ORDER BY n;
SELECT cmp_ok(count(*) FILTER (WHERE sql ~ 'CASCADE,'), '>', 3::bigint, 'some columns of keys were made anew') FROM steps WHERE state = '00000';
SELECT cmp_ok(count(*), '>', 80::bigint, 'most commands end well') FROM steps WHERE state = '00000';
SELECT is((SELECT array_agg(ug::text ORDER BY ug::text) FROM ug), (SELECT array_agg(ug::text ORDER BY ug::text) FROM twin.ug), 'the links are those of the twin');
SELECT finish();
