-- The relationships that test/t/equality.pl works on: of each shape one, by the
-- name of its association, with endpoints x_l and x_r, roles l and r, link views
-- x_lv and x_rv. The first of them are eligible for the direct path; what
-- comes after "general path" is not.
CREATE EXTENSION m2m;
CREATE EXTENSION amcheck;
CREATE SCHEMA lib;

-- All rows of a relationship, as they are spelled.
CREATE FUNCTION lib.state(association text, left_table text, right_table text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE result text; part text; more text;
BEGIN
	EXECUTE format('SELECT concat_ws(E''\n'',
		(SELECT ''links: '' || string_agg(t::text, '' '' ORDER BY t::text) FROM %I t),
		(SELECT ''left: '' || string_agg(t::text, '' '' ORDER BY t::text) FROM %I t),
		(SELECT ''right: '' || string_agg(t::text, '' '' ORDER BY t::text) FROM %I t))',
		association, left_table, right_table) INTO result;
	-- what rules keep of it, but for transactions and times
	FOR part IN SELECT unnest(ARRAY[association || '_history', association || '_l_counter', association || '_r_counter']) LOOP
		CONTINUE WHEN to_regclass(quote_ident(part)) IS NULL;
		EXECUTE format(CASE WHEN part ~ 'history$'
			THEN 'SELECT string_agg(concat_ws('' '', l_id, r_id, properties, to_xid IS NULL, linked_by, unlinked_by), '', '' ORDER BY l_id, r_id, history_id) FROM %I'
			ELSE 'SELECT string_agg(k || '': '' || n, '', '' ORDER BY k) FROM (SELECT %2$I AS k, sum(n) AS n FROM %1$I GROUP BY k) s WHERE n <> 0' END,
			part, left(replace(part, association || '_', ''), 1) || '_id') INTO more;
		result := concat_ws(E'\n', result, part || ': ' || more);
	END LOOP;
	RETURN result;
END $$;

-- Links that no foreign key would allow, and pairs that are there twice.
CREATE FUNCTION lib.wrong(association text, left_table text, right_table text,
	left_columns text, right_columns text, left_key text, right_key text) RETURNS SETOF text
LANGUAGE plpgsql SET enable_indexscan = off SET enable_indexonlyscan = off SET enable_bitmapscan = off AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT %1$L || '' orphan '' || a::text FROM %1$I a
		WHERE NOT EXISTS (SELECT FROM %2$I e WHERE (%4$s) = (%6$s)) OR NOT EXISTS (SELECT FROM %3$I e WHERE (%5$s) = (%7$s))
		UNION ALL SELECT %1$L || '' twice '' || min(a::text) FROM %1$I a GROUP BY %4$s, %5$s HAVING count(*) > 1',
		association, left_table, right_table, left_columns, right_columns, left_key, right_key);
END $$;

-- A call whose error is caught: the caller's subtransaction is undone.
CREATE FUNCTION lib.try(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text; code text; message text; detail text; con text; tab text; sch text;
BEGIN
	EXECUTE sql INTO r;
	RETURN coalesce(r, '<null>');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
		con = CONSTRAINT_NAME, tab = TABLE_NAME, sch = SCHEMA_NAME;
	RETURN concat_ws(' | ', code, message, detail, con, tab, sch);
END $$;

CREATE FUNCTION lib.stable_try(sql text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE r text;
BEGIN
	EXECUTE sql INTO r;
	RETURN r;
END $$;

-- What triggers see.
CREATE TABLE lib.notes (note text);
GRANT ALL ON lib.notes TO clerk;
CREATE FUNCTION lib.note_trigger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO lib.notes VALUES (concat_ws(' ', TG_OP, TG_LEVEL, TG_TABLE_NAME, OLD::text, NEW::text));
	RETURN coalesce(NEW, OLD);
END $$;
CREATE FUNCTION lib.note_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO lib.notes SELECT 'new ' || n FROM n;
	RETURN NULL;
END $$;

-- Endpoints and, unless there is an association already, the relationship.
CREATE FUNCTION lib.make(name text, left_type text, right_type text,
	on_delete text DEFAULT 'cascade', persistence text DEFAULT '') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE side text; type text;
BEGIN
	FOREACH side IN ARRAY ARRAY['l', 'r'] LOOP
		type := CASE side WHEN 'l' THEN left_type ELSE right_type END;
		CONTINUE WHEN type IS NULL;
		EXECUTE format('CREATE %s TABLE %I (%s, note text, touched int NOT NULL DEFAULT 0)', persistence, name || '_' || side,
			CASE type WHEN 'pair' THEN 'a text, b int, PRIMARY KEY (a, b)'
				WHEN 'tenant' THEN 't int, id int, PRIMARY KEY (t, id)' ELSE 'id ' || type || ' PRIMARY KEY' END);
	END LOOP;
	IF on_delete IS NOT NULL THEN
		PERFORM m2m_create((name || '_l')::regclass, (name || CASE WHEN right_type IS NULL THEN '_l' ELSE '_r' END)::regclass,
			name => name, left_role => 'l', right_role => 'r', left_view => name || '_lv', right_view => name || '_rv', on_delete => on_delete);
	END IF;
END $$;

CREATE DOMAIN code AS varchar(20) CHECK (value <> '');
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'glad', 'mad', 'calm');

SELECT lib.make('ints', 'int', 'int');
SELECT lib.make('big', 'int', 'int');
SELECT lib.make('texts', 'text', 'uuid');
SELECT lib.make('nums', 'numeric', 'bigint');
SELECT lib.make('pairs', 'pair', 'int');
SELECT lib.make('both_pairs', 'pair', 'pair');
SELECT lib.make('self', 'int', NULL);
SELECT lib.make('restricts', 'int', 'text', 'restrict');
SELECT lib.make('noacts', 'varchar(10)', 'int', 'no action');
SELECT lib.make('unlogs', 'int', 'bigint', persistence => 'UNLOGGED');
SELECT lib.make('icu', 'text COLLATE "und-x-icu"', 'int');
SELECT lib.make('odd', 'date', 'mood');
SELECT lib.make('domains', 'code', 'smallint');

-- Columns of another type than the keys, in the other order, with dropped ones
-- between them, and an index more
SELECT lib.make('wide', 'int', 'int', NULL);
CREATE TABLE wide (gone int, r_id bigint NOT NULL, gone_too text DEFAULT 'x', l_id bigint NOT NULL,
	CONSTRAINT r_key FOREIGN KEY (r_id) REFERENCES wide_r ON UPDATE CASCADE ON DELETE CASCADE,
	CONSTRAINT l_key FOREIGN KEY (l_id) REFERENCES wide_l ON UPDATE CASCADE ON DELETE CASCADE,
	PRIMARY KEY (r_id, l_id));
ALTER TABLE wide DROP gone, DROP gone_too;
CREATE INDEX ON wide (l_id);
CREATE INDEX ON wide USING hash (r_id);
SELECT m2m_adopt('wide', 'l', 'r', '{l_id}', '{r_id}', 'wide_lv', 'wide_rv');
SELECT lib.make('narrow', 'bigint', 'bigint', NULL);
CREATE TABLE narrow (l_id smallint REFERENCES narrow_l ON UPDATE CASCADE ON DELETE CASCADE,
	r_id int REFERENCES narrow_r ON UPDATE CASCADE ON DELETE CASCADE, PRIMARY KEY (l_id, r_id)) WITH (fillfactor = 50);
SELECT m2m_adopt('narrow', 'l', 'r', left_view => 'narrow_lv', right_view => 'narrow_rv');

-- A column of both keys
SELECT lib.make('tenants', 'tenant', 'tenant', NULL);
SELECT m2m_create('tenants_l', 'tenants_r', name => 'tenants', left_role => 'l', right_role => 'r', left_view => 'tenants_lv',
	right_view => 'tenants_rv', left_columns => '{t,l_id}', right_columns => '{t,r_id}');
SELECT lib.make('old_tenants', 'tenant', 'tenant', NULL);
CREATE TABLE old_tenants (r_id bigint NOT NULL, gone int, l_id int NOT NULL, t smallint NOT NULL,
	FOREIGN KEY (r_id, t) REFERENCES old_tenants_r (id, t) ON DELETE CASCADE,
	FOREIGN KEY (t, l_id) REFERENCES old_tenants_l ON DELETE CASCADE, UNIQUE (r_id, l_id, t));
ALTER TABLE old_tenants DROP gone;
CREATE INDEX ON old_tenants (l_id, t);
CREATE INDEX ON old_tenants (t) INCLUDE (r_id, l_id);
SELECT m2m_adopt('old_tenants', 'l', 'r', '{t,l_id}', '{t,r_id}', 'old_tenants_lv', 'old_tenants_rv');
SELECT lib.make('self_tenants', 'tenant', NULL, NULL);
SELECT m2m_create('self_tenants_l', 'self_tenants_l', name => 'self_tenants', left_role => 'l', right_role => 'r',
	left_view => 'self_tenants_lv', right_view => 'self_tenants_rv', left_columns => '{t,l_id}', right_columns => '{t,r_id}');

-- Rules: counters in columns and in slots, limits, histories, with a link
-- property and without, and notices
SELECT lib.make('ruled', 'int', 'int');
SELECT m2m_counter('ruled', 'l', counter => 'links'), m2m_counter('ruled', 'r', counter => 'links'),
	m2m_limit('ruled', 'l', max => 5), m2m_history('ruled'), m2m_notify('ruled', 'ruled', keys => true);
SELECT lib.make('slotted', 'int', 'int');
ALTER TABLE slotted ADD COLUMN n int;
SELECT m2m_counter('slotted', 'l'), m2m_counter('slotted', 'r'), m2m_limit('slotted', 'r', max => 4), m2m_history('slotted');

-- What is going on while the server crashes
SELECT lib.make('traffic', 'int', 'int');
INSERT INTO traffic_l SELECT generate_series(1, 400);
INSERT INTO traffic_r SELECT generate_series(1, 400);

-- general path
SELECT lib.make('props', 'int', 'text');
ALTER TABLE props ADD COLUMN note text DEFAULT 'of ' || 1, ADD COLUMN n int NOT NULL DEFAULT 7;
SELECT lib.make('deferred', 'int', 'int');
ALTER TABLE deferred ALTER CONSTRAINT deferred_l_id_fkey DEFERRABLE INITIALLY DEFERRED;
SELECT lib.make('triggered', 'int', 'int');
CREATE FUNCTION lib.no_seven() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.l_id = 7 THEN RETURN NULL; END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER no_seven BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION lib.no_seven();
SELECT lib.make('parted', 'int', 'int', NULL);
CREATE TABLE parted (l_id int REFERENCES parted_l ON UPDATE CASCADE ON DELETE CASCADE,
	r_id int REFERENCES parted_r ON UPDATE CASCADE ON DELETE CASCADE, PRIMARY KEY (l_id, r_id)) PARTITION BY HASH (l_id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT m2m_adopt('parted', 'l', 'r', left_view => 'parted_lv', right_view => 'parted_rv');
SELECT lib.make('tagged_tenants', 'tenant', 'tenant', NULL);
CREATE TABLE tagged_tenants (t int, l_id int, r_id int, tag text NOT NULL DEFAULT 'x', PRIMARY KEY (t, l_id, r_id),
	FOREIGN KEY (t, l_id) REFERENCES tagged_tenants_l ON DELETE CASCADE, FOREIGN KEY (t, r_id) REFERENCES tagged_tenants_r ON DELETE CASCADE);
SELECT m2m_adopt('tagged_tenants', 'l', 'r', left_view => 'tagged_tenants_lv', right_view => 'tagged_tenants_rv');
SELECT lib.make('loose', 'int', 'int', NULL);
CREATE TABLE loose (l_id int REFERENCES loose_l ON UPDATE CASCADE ON DELETE CASCADE,
	r_id int REFERENCES loose_r ON UPDATE CASCADE ON DELETE CASCADE);
SELECT m2m_adopt('loose', 'l', 'r', left_view => 'loose_lv', right_view => 'loose_rv');

-- Who does no more than he was granted
GRANT USAGE ON SCHEMA lib TO clerk;
